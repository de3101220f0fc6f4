//! What people lay over the lights: masters, blackout, park, and lights that somebody looks for.

use serde::{Deserialize, Serialize};

use super::{Effect, Engine, Level};
use crate::light::{Find, Overlay};

/// Something that a person lays over the lights of the cues. It is no cue's: undo, stop and go-to leave it, panic takes away all but what is parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LightOrder {
    /// The grand master; 65535 is full.
    Grand {
        /// Where to.
        level: u16,
    },
    /// All intensities out, or back under the masters.
    Blackout {
        /// Out.
        on: bool,
    },
    /// The master of a group; 65535 is full.
    Master {
        /// Index into the rig's groups.
        group: u16,
        /// Where to.
        level: u16,
    },
    /// Holds lights as they are now, whatever cues and masters say, or lets them go.
    Park {
        /// Which.
        lamps: Lamps,
        /// Hold.
        on: bool,
    },
    /// Shows where lights are; `None` ends it.
    Find {
        /// Which.
        lamps: Lamps,
        /// How.
        how: Option<Find>,
    },
}

/// Lights that a person names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lamps {
    /// One fixture, by its index in the rig.
    Fixture(u32),
    /// A group, by its index in the rig.
    Group(u16),
    /// All.
    All,
}

impl Engine {
    /// Lays something over the lights, or takes it away.
    pub(super) fn light_order(&mut self, order: LightOrder) {
        let mut over = self.board.overlay().clone();
        let said = match order {
            LightOrder::Grand { level } => {
                over.grand = level;
                format!("grand master at {}", percent(level))
            }
            LightOrder::Blackout { on } => {
                over.blackout = on;
                if on { "BLACKOUT: all intensities are out".to_owned() } else { "blackout is over".to_owned() }
            }
            LightOrder::Master { group, level } => {
                over.groups.insert(group, level);
                let key = self.show.rig.groups.get(usize::from(group)).map_or("", |group| &*group.key);
                format!("{key} at {}", percent(level))
            }
            LightOrder::Park { lamps, on } => self.park(lamps, on, &mut over),
            LightOrder::Find { lamps, how } => self.find(lamps, how, &mut over),
        };
        let level = if over.blackout || over.grand == 0 { Level::Warn } else { Level::Notice };
        self.board.lay(over);
        self.look_ahead();
        self.say(level, said);
        self.out.push(Effect::Lights);
    }

    /// Whether the rig has what an order names.
    pub(super) fn knows_lamps(&self, order: LightOrder) -> bool {
        let group = |at: u16| usize::from(at) < self.show.rig.groups.len();
        match order {
            LightOrder::Grand { .. } | LightOrder::Blackout { .. } => true,
            LightOrder::Master { group: at, .. } => group(at),
            LightOrder::Park { lamps, .. } | LightOrder::Find { lamps, .. } => match lamps {
                Lamps::Fixture(at) => (at as usize) < self.show.rig.fixtures.len(),
                Lamps::Group(at) => group(at),
                Lamps::All => true,
            },
        }
    }

    fn park(&self, lamps: Lamps, on: bool, over: &mut Overlay) -> String {
        for fixture in self.fixtures_of(lamps) {
            for (ix, _) in self.show.rig.params_of(fixture) {
                if on {
                    over.parked.insert(ix, self.board.output(ix, self.s.now));
                } else {
                    over.parked.remove(&ix);
                }
            }
        }
        format!("{} {}", self.lamps_name(lamps), if on { "parked where it is" } else { "follows the cues again" })
    }

    fn find(&self, lamps: Lamps, how: Option<Find>, over: &mut Overlay) -> String {
        for fixture in self.fixtures_of(lamps) {
            match how {
                Some(how) => drop(over.found.insert(fixture, how)),
                None => drop(over.found.remove(&fixture)),
            }
        }
        let words = match how {
            Some(Find::Highlight) => "shows where it points",
            Some(Find::Locate) => "shows itself, full and at its defaults",
            None => "is back with the cues",
        };
        format!("{} {words}", self.lamps_name(lamps))
    }

    fn fixtures_of(&self, lamps: Lamps) -> Vec<u32> {
        match lamps {
            Lamps::Fixture(at) => vec![at],
            Lamps::Group(at) => self
                .show
                .rig
                .groups
                .get(usize::from(at))
                .map(|group| group.parts.iter().map(|part| part.fixture).collect())
                .unwrap_or_default(),
            Lamps::All => (0_u32..).take(self.show.rig.fixtures.len()).collect(),
        }
    }

    fn lamps_name(&self, lamps: Lamps) -> &str {
        let rig = &self.show.rig;
        match lamps {
            Lamps::Fixture(at) => rig.fixtures.get(at as usize).map_or("", |fixture| &fixture.key),
            Lamps::Group(at) => rig.groups.get(usize::from(at)).map_or("", |group| &group.key),
            Lamps::All => "every light",
        }
    }
}

fn percent(level: u16) -> String {
    format!("{}%", (u32::from(level) * 100 + 32_767) / 65_535)
}
