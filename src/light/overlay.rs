//! What people lay over the lights of the cues: masters, blackout, parked lights, and lights that somebody looks for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Board;
use super::motion::{FULL, Level};
use crate::show::dmx::{scaled, widen};
use crate::show::{Feature, Param, ParamIx, Rig};
use crate::time::Mono;

/// All that lies over the cues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlay {
    /// Scales all intensities; 65535 is full.
    pub grand: u16,
    /// All intensities are out, whatever the masters say.
    pub blackout: bool,
    /// Masters of groups (indexes into [`Rig::groups`]) that are not at full.
    pub groups: BTreeMap<u16, u16>,
    /// Parameters that stay where they are, whatever cues and masters say.
    pub parked: BTreeMap<ParamIx, Level>,
    /// Fixtures (indexes into [`Rig::fixtures`]) that somebody looks for.
    pub found: BTreeMap<u32, Find>,
}

/// How a light shows where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Find {
    /// Full and white where it points.
    Highlight,
    /// Full and white, and everything else at its default.
    Locate,
}

impl Default for Overlay {
    fn default() -> Self {
        Self { grand: u16::MAX, blackout: false, groups: BTreeMap::new(), parked: BTreeMap::new(), found: BTreeMap::new() }
    }
}

impl Overlay {
    /// Intensities are scaled.
    fn scales(&self) -> bool {
        self.blackout || self.grand < u16::MAX || !self.groups.is_empty()
    }

    /// What masters leave of each parameter; groups that share a light each take their part.
    fn shares(&self, rig: &Rig) -> Vec<Level> {
        let all = if self.blackout { 0 } else { wide(self.grand) };
        let mut shares: Vec<Level> = rig.params.iter().map(|param| if param.intensity { all } else { FULL }).collect();
        for (group, level) in self.groups.iter().filter_map(|(at, level)| Some((rig.groups.get(usize::from(*at))?, *level))) {
            let mut own: Vec<ParamIx> = group.parts.iter().flat_map(|part| rig.params_of_part(*part)).map(|(ix, _)| ix).collect();
            own.sort_unstable();
            own.dedup();
            for ix in own.iter().filter(|ix| rig.params.get(ix.at()).is_some_and(|param| param.intensity)) {
                if let Some(share) = shares.get_mut(ix.at()) {
                    *share = scaled(*share, wide(level));
                }
            }
        }
        shares
    }
}

impl Board {
    /// What lies over the cues.
    #[must_use]
    pub const fn overlay(&self) -> &Overlay {
        &self.over
    }

    /// Lays something else over the cues; what of it the rig does not have is left out.
    pub fn lay(&mut self, over: Overlay) {
        self.over = over;
        let rig = self.rig.clone();
        self.over.groups.retain(|at, level| usize::from(*at) < rig.groups.len() && *level < u16::MAX);
        self.over.parked.retain(|ix, _| ix.at() < rig.params.len());
        self.over.found.retain(|fixture, _| (*fixture as usize) < rig.fixtures.len());
        self.scales.clear();
        if self.over.scales() {
            self.scales = self.over.shares(&rig);
        }
        self.fixed.clear();
        for (fixture, how) in &self.over.found {
            self.fixed.extend(rig.params_of(*fixture).filter_map(|(ix, param)| Some((ix, shown(&rig, param, *how)?))));
        }
        self.fixed.extend(self.over.parked.iter().map(|(ix, level)| (*ix, *level)));
        // Looked for by a person's own key: its universe may be sent from now on.
        for ix in self.fixed.keys() {
            for universe in rig.universes_of(*ix) {
                if let Some(named) = self.named.get_mut(usize::from(universe)) {
                    *named = true;
                }
            }
        }
        self.changes.news_everywhere();
        self.changes.another_way_everywhere();
    }

    /// A parameter as it is sent: under the masters, parked, or looked for.
    #[must_use]
    pub fn output(&self, ix: ParamIx, now: Mono) -> Level {
        self.covered(ix.at(), self.level(ix, now))
    }

    /// A value of the cues under what lies over them.
    pub(super) fn covered(&self, param: usize, value: Level) -> Level {
        if !self.fixed.is_empty()
            && let Some(fixed) = self.fixed.get(&ParamIx(param as u32))
        {
            return *fixed;
        }
        self.scales.get(param).map_or(value, |scale| scaled(value, *scale))
    }
}

/// A master's place in the range of parameters.
fn wide(level: u16) -> Level {
    widen(u32::from(level), 2)
}

/// Where a parameter goes when its light is looked for; `None`: it stays with the cues.
fn shown(rig: &Rig, param: &Param, how: Find) -> Option<Level> {
    let feature = rig.attribute(param).map(|attribute| attribute.feature);
    let aims = matches!(feature, Some(Feature::Position | Feature::Focus | Feature::Shapers | Feature::Control));
    (how == Find::Locate || !aims || param.reveals).then_some(param.highlight)
}
