//! `showcall patch SHOW`: which light is where, as a table, as a map of each universe, or as JSON.

mod map;

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use super::findings;
use crate::cli::output::{self, say_err};
use crate::show::{Fixture, Part, Rig, Show, UniverseOutput};

/// Arguments of `patch`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The show: a folder that holds show.toml, or a file
    show: PathBuf,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
    /// Only this universe, by its number in the show
    #[arg(long, value_name = "NUMBER")]
    universe: Option<u16>,
    /// Look for hardware profiles here too
    #[arg(long, value_name = "DIR")]
    profiles: Vec<PathBuf>,
}

/// Exit code 0: told, 1: the show has errors or no such universe, 2: cannot read.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let (show, _) = match findings::load_or_say(&args.show, &args.profiles) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let patch = Patch::of(&show, args.universe);
    if let Some(number) = args.universe.filter(|_| patch.universes.is_empty()) {
        let all: Vec<String> = show.rig.universes.iter().map(|universe| universe.number.to_string()).collect();
        let has = if all.is_empty() { "it has none".to_owned() } else { format!("it has {}", all.join(", ")) };
        say_err!("the show has no universe {number} ({has})");
        return ExitCode::from(1);
    }
    let text = if args.json { serde_json::to_string_pretty(&patch).unwrap_or_default() + "\n" } else { patch.text(&show.title) };
    // A reader that went away (`| head`) ends the output, nothing else.
    let _ = output::out(&text);
    ExitCode::SUCCESS
}

/// The patch of a show.
#[derive(Debug, Serialize)]
pub struct Patch {
    /// In the order of their numbers.
    pub universes: Vec<Line>,
    /// In file order.
    pub fixtures: Vec<Light>,
}

/// One universe.
#[derive(Debug, Serialize)]
pub struct Line {
    /// As the show calls it.
    pub number: u16,
    /// Where it goes.
    pub outputs: Vec<Way>,
    /// Slots that fixtures have.
    pub taken: u16,
    /// Runs of slots that nobody has, first and last.
    pub free: Vec<(u16, u16)>,
    /// Who has which slots, by address: first, last, and an index into the fixtures.
    #[serde(skip)]
    owners: Vec<(u16, u16, usize)>,
}

/// One output of a universe.
#[derive(Debug, Serialize)]
pub struct Way {
    /// The key of the device.
    pub device: String,
    /// `artnet` or `sacn`.
    pub protocol: String,
    /// Port-Address or sACN universe.
    pub address: u16,
    /// The address as people write it: `0:0:1` in Art-Net.
    pub shown: String,
    /// sACN alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
}

/// One fixture.
#[derive(Debug, Serialize)]
pub struct Light {
    /// Its key.
    pub fixture: String,
    /// Its profile.
    pub profile: String,
    /// Its mode; empty when the profile has only one.
    pub mode: String,
    /// All its slots.
    pub footprint: u16,
    /// Its cells.
    pub cells: usize,
    /// Where each of its breaks is.
    pub places: Vec<Place>,
    /// Groups that have it, or a cell of it.
    pub groups: Vec<String>,
}

/// A break of a fixture.
#[derive(Debug, Serialize)]
pub struct Place {
    /// The number of the universe.
    pub universe: u16,
    /// Its first slot, 1 to 512.
    pub first: u16,
    /// Its last slot.
    pub last: u16,
}

impl Patch {
    /// The patch of a show, or of one of its universes.
    #[must_use]
    pub fn of(show: &Show, only: Option<u16>) -> Self {
        let rig = &show.rig;
        let number = |index: u16| rig.universes.get(usize::from(index)).map_or(0, |universe| universe.number);
        let wanted = |number: u16| only.is_none_or(|only| only == number);
        let lights = (0..).zip(&rig.fixtures).map(|(at, fixture)| light(rig, at, fixture, number));
        let fixtures: Vec<Light> = lights.filter(|light| light.places.iter().any(|place| wanted(place.universe))).collect();
        let universes = rig.universes.iter().filter(|universe| wanted(universe.number));
        let universes = universes.map(|universe| line(show, universe.number, &universe.outputs, &fixtures)).collect();
        Self { universes, fixtures }
    }

    /// For people.
    #[must_use]
    pub fn text(&self, title: &str) -> String {
        let many = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let mut out = format!("{title}: {} on {}\n\n", many(self.fixtures.len(), "fixture"), many(self.universes.len(), "universe"));
        out.push_str(&self.table());
        for universe in &self.universes {
            out.push('\n');
            out.push_str(&map::draw(universe, &self.fixtures));
        }
        out
    }

    /// One line a break: the other columns stand with the first.
    fn table(&self) -> String {
        let mut rows = vec![["FIXTURE", "PROFILE", "SLOTS", "ADDRESS", "OUTPUT", "GROUPS"].map(String::from)];
        for light in &self.fixtures {
            let mode = if light.mode.is_empty() { String::new() } else { format!(" \"{}\"", light.mode) };
            let mut head = [light.fixture.clone(), format!("{}{mode}", light.profile), light.footprint.to_string()];
            for (nth, place) in light.places.iter().enumerate() {
                let ways = self.universes.iter().find(|universe| universe.number == place.universe).map(|universe| &universe.outputs);
                let output: Vec<String> = ways.into_iter().flatten().map(Way::text).collect();
                let address = if place.first == place.last {
                    format!("{}.{}", place.universe, place.first)
                } else {
                    format!("{}.{}-{}", place.universe, place.first, place.last)
                };
                let groups = if nth == 0 { light.groups.join(" ") } else { String::new() };
                let [fixture, profile, slots] = std::mem::take(&mut head);
                rows.push([fixture, profile, slots, address, output.join(" + "), groups]);
            }
        }
        if rows.len() == 1 { String::new() } else { super::profiles::columns(&rows) }
    }
}

fn light(rig: &Rig, at: u32, fixture: &Fixture, number: impl Fn(u16) -> u16) -> Light {
    let mode = fixture.profile.modes.get(usize::from(fixture.mode));
    let footprints = mode.map(|mode| mode.footprints.as_slice()).unwrap_or_default();
    let place = |(patched, footprint): (&crate::show::Patched, &u16)| Place {
        universe: number(patched.universe),
        first: patched.address,
        last: patched.address + footprint.saturating_sub(1),
    };
    let has = |parts: &[Part]| parts.iter().any(|part| part.fixture == at);
    Light {
        fixture: fixture.key.to_string(),
        profile: fixture.profile.key.to_string(),
        mode: mode.map(|mode| mode.name.to_string()).unwrap_or_default(),
        footprint: footprints.iter().sum(),
        cells: mode.map_or(0, |mode| mode.cells.len()),
        places: fixture.breaks.iter().zip(footprints).map(place).collect(),
        groups: rig.groups.iter().filter(|group| has(&group.parts)).map(|group| group.key.to_string()).collect(),
    }
}

fn line(show: &Show, number: u16, outputs: &[UniverseOutput], fixtures: &[Light]) -> Line {
    let places = fixtures.iter().enumerate().flat_map(|(at, light)| light.places.iter().map(move |place| (place, at)));
    let own = places.filter(|(place, _)| place.universe == number);
    let mut owners: Vec<(u16, u16, usize)> = own.map(|(place, at)| (place.first, place.last, at)).collect();
    owners.sort_unstable();
    let taken = owners.iter().map(|(first, last, _)| last - first + 1).sum();
    let mut free = Vec::new();
    let mut next = 1;
    for (first, last, _) in &owners {
        if next < *first {
            free.push((next, first - 1));
        }
        next = last + 1;
    }
    if next <= 512 {
        free.push((next, 512));
    }
    let outputs = outputs.iter().map(|output| way(show, output)).collect();
    Line { number, outputs, taken, free, owners }
}

fn way(show: &Show, output: &UniverseOutput) -> Way {
    let device = show.device(output.device);
    let protocol = device.profile.family.to_string();
    let at = output.address;
    let sacn = protocol == "sacn";
    Way {
        device: device.key.to_string(),
        shown: if sacn { at.to_string() } else { format!("{}:{}:{}", at >> 8, at >> 4 & 0xf, at & 0xf) },
        priority: sacn.then_some(output.priority),
        protocol,
        address: at,
    }
}

impl Way {
    /// `node-stage Art-Net 0:0:1`.
    fn text(&self) -> String {
        let protocol = if self.protocol == "sacn" { "sACN" } else { "Art-Net" };
        let priority = self.priority.filter(|priority| *priority != crate::show::DEFAULT_PRIORITY);
        let priority = priority.map_or(String::new(), |priority| format!(" priority {priority}"));
        format!("{} {protocol} {}{priority}", self.device, self.shown)
    }
}
