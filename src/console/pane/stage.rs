//! The stage: every light, and each cell of a bar, with its colour and level as it is sent, or as its simulated node puts it out.
//!
//! ```text
//! ─ STAGE as sent · 14/36 lit ─────────────────
//! front    1: 90  2: 90  3:  ·  4:  ·  5:  ·     a range: its name, then numbers and percents
//! bar      1:100 FFFF9987543·                    a bar: each cell in tenths of full
//! key-left  60  drum-key   ·                     lights that are in no range, by their names
//! wash3 · generic-rgbw · universe 1 slots 19-22
//!   62% #FFE7C4 · DMX 158 255 231 196            the light under the cursor
//! ```

use super::super::lights::{Line, line};
use super::super::row::Row;
use super::super::screen::Screen;
use super::super::swatch::{pixel, swatch};
use super::super::theme::Role;
use crate::light::{Glow, glow};
use crate::show::{Fixture, Part};

/// Lines about what is under the cursor.
const DETAIL: usize = 2;
/// Below this height there is no room for them.
const LOW: usize = 7;
/// Cells of a swatch.
const SWATCH: usize = 4;
/// Slots that are told of one light.
const TOLD: usize = 64;

/// One line of the stage.
#[derive(Debug, Default)]
struct Rank {
    /// The name of its range; none: each light stands with its own.
    name: Option<String>,
    lights: Vec<u32>,
}

/// How lights are laid out.
struct Plan {
    ranks: Vec<Rank>,
    name: usize,
    /// Cells for the number of a light, or for the name of one that is in no range.
    number: usize,
    single: usize,
    /// Lights are told by the first of each line alone: there are too many.
    dense: bool,
}

/// What a light gives; 0 is the whole light.
pub(super) fn seen(screen: &Screen, fixture: u32, cell: u16) -> Option<Glow> {
    glow(&screen.show.rig, Part { fixture, cell }, |universe| screen.ui.frames.get(universe))
}

/// The stage, and the light under the cursor.
pub(crate) fn stage(screen: &Screen, width: usize, height: usize) -> Vec<Row> {
    let below = if height < LOW { 0 } else { DETAIL };
    let room = height.saturating_sub(1 + below);
    let mut plan = Plan::new(screen, width, false);
    if plan.ranks.len() > room {
        plan = Plan::new(screen, width, true);
    }
    let chosen = chosen(screen);
    let at = plan.ranks.iter().position(|rank| rank.lights.iter().any(|light| chosen.contains(light))).unwrap_or(0);
    let first = (at + 1).saturating_sub(room);
    let hidden = plan.ranks.len().saturating_sub(room);
    let mut rows = vec![screen.title(&title(screen, hidden), width)];
    rows.extend(plan.ranks.iter().skip(first).take(room).map(|rank| plan.row(screen, rank, &chosen)));
    rows.resize(height.saturating_sub(below), Row::new());
    if below > 0 {
        rows.extend(detail(screen));
    }
    rows
}

fn title(screen: &Screen, hidden: usize) -> String {
    let rig = &screen.show.rig;
    let simulated = |device: &crate::show::DeviceIx| screen.snap.devices.get(device.at()).is_some_and(|view| view.simulated);
    let mut nodes = rig.universes.iter().flat_map(|universe| &universe.outputs).map(|output| output.device);
    let from = match (nodes.clone().any(|device| simulated(&device)), nodes.all(|device| simulated(&device))) {
        (false, _) => "as sent",
        (true, true) => "of the simulated nodes",
        (true, false) => "as sent, and of simulated nodes",
    };
    let lit = (0..)
        .take(rig.fixtures.len())
        .filter(|light| seen(screen, *light, 0).is_some_and(|glow| glow.level > 0 && glow.hue.is_some()))
        .count();
    let more = if hidden > 0 { format!(" · {hidden} lines more") } else { String::new() };
    format!("STAGE {from} · {lit}/{} lit{more}", rig.fixtures.len())
}

/// The lights under the cursor: one, or those of a group.
fn chosen(screen: &Screen) -> Vec<u32> {
    match line(screen.show, screen.ui.line) {
        Some(Line::Fixture(light)) => vec![light],
        Some(Line::Group(at)) => {
            let group = screen.show.rig.groups.get(usize::from(at));
            group.map_or_else(Vec::new, |group| group.parts.iter().map(|part| part.fixture).collect())
        }
        Some(Line::Grand | Line::Blackout) | None => Vec::new(),
    }
}

/// `wash12` is number 12 of `wash`.
fn split(key: &str) -> (&str, &str) {
    key.split_at(key.trim_end_matches(|c: char| c.is_ascii_digit()).len())
}

fn cells(fixture: &Fixture) -> usize {
    fixture.profile.modes.get(usize::from(fixture.mode)).map_or(0, |mode| mode.cells.len())
}

impl Plan {
    fn new(screen: &Screen, width: usize, dense: bool) -> Self {
        let fixtures = &screen.show.rig.fixtures;
        let family = |light: usize| fixtures.get(light).map(|one| split(&one.key)).filter(|(_, number)| !number.is_empty());
        let kin = |a: usize, b: usize| family(a).zip(family(b)).is_some_and(|(a, b)| a.0 == b.0);
        let ranged = |light: usize| kin(light, light + 1) || light > 0 && kin(light - 1, light);
        let longest = |lengths: &mut dyn Iterator<Item = usize>, most: usize| lengths.max().unwrap_or(0).min(most);
        let mut in_range = (0..fixtures.len()).filter(|light| ranged(*light)).filter_map(family);
        let (name, number) = in_range.clone().fold((0, 0), |(a, b), (name, number)| (a.max(name.len()), b.max(number.len())));
        let whole = longest(&mut in_range.by_ref().map(|(name, number)| name.len() + number.len()), 12);
        let single = (0..fixtures.len()).filter(|light| !ranged(*light)).filter_map(|light| fixtures.get(light));
        let single = longest(&mut single.map(|one| one.key.chars().count()), 16);
        let mut plan = Self { ranks: Vec::new(), name: if dense { whole } else { name.min(12) }, number, single, dense };
        let mut used = 0;
        for (light, fixture) in fixtures.iter().enumerate() {
            let ranged = ranged(light);
            let goes_on =
                light > 0 && if ranged { kin(light - 1, light) } else { plan.ranks.last().is_some_and(|rank| rank.name.is_none()) };
            let wide = plan.wide(fixture, ranged);
            if !goes_on || used + wide > width {
                let name = if dense { &*fixture.key } else { split(&fixture.key).0 };
                plan.ranks.push(Rank { name: ranged.then(|| name.to_owned()), lights: Vec::new() });
                used = if ranged { plan.name + 1 } else { 0 };
            }
            used += wide;
            if let Some(rank) = plan.ranks.last_mut() {
                rank.lights.extend(u32::try_from(light));
            }
        }
        plan
    }

    /// Cells that a light takes with what tells it, and the gap behind it.
    fn wide(&self, fixture: &Fixture, ranged: bool) -> usize {
        let strip = cells(fixture);
        let label = match ranged {
            true if self.dense => 0,
            true => self.number + 1,
            false => self.single + 1,
        };
        label + SWATCH + strip + 1
    }

    fn row(&self, screen: &Screen, rank: &Rank, chosen: &[u32]) -> Row {
        let mut row = Row::new();
        if let Some(name) = &rank.name {
            let here = rank.lights.iter().any(|light| chosen.contains(light));
            row =
                row.column(name, self.name, screen.style(if here { Role::Strong } else { Role::Text })).put(" ", screen.style(Role::Text));
        }
        for (nth, light) in rank.lights.iter().enumerate() {
            let Some(fixture) = screen.show.rig.fixtures.get(*light as usize) else { continue };
            let here = chosen.contains(light);
            let style = screen.style(if here { Role::Cursor } else { Role::Quiet });
            row = match (&rank.name, self.dense) {
                (Some(_), true) => row,
                (Some(_), false) => {
                    row.put(format!("{:>1$}", split(&fixture.key).1, self.number), style).put(":", screen.style(Role::Quiet))
                }
                (None, _) => row.column(&fixture.key, self.single, if here { style } else { screen.style(Role::Text) }).put(" ", style),
            };
            row = swatch(row, screen.ui.theme, seen(screen, *light, 0));
            for cell in (1_u16..).take(cells(fixture)) {
                row = pixel(row, screen.ui.theme, seen(screen, *light, cell));
            }
            let mark = if here && self.dense && rank.name.is_some() { "◂" } else { " " };
            row = if nth + 1 < rank.lights.len() || here { row.put(mark, screen.style(Role::Key)) } else { row };
        }
        row
    }
}

/// What is known of the light under the cursor; a legend when there is none.
fn detail(screen: &Screen) -> [Row; DETAIL] {
    let quiet = |text: &str| screen.row(text, Role::Quiet);
    let Some(Line::Fixture(light)) = line(screen.show, screen.ui.line) else {
        return [quiet("numbers are percent of full; · is dark"), quiet("– gets nothing: no cue has named its universe yet")];
    };
    let rig = &screen.show.rig;
    let Some(fixture) = rig.fixtures.get(light as usize) else { return [Row::new(), Row::new()] };
    let mode = fixture.profile.modes.get(usize::from(fixture.mode));
    let (mut places, mut slots) = (Vec::new(), Vec::new());
    for (at, footprint) in fixture.breaks.iter().zip(mode.map(|mode| mode.footprints.as_slice()).unwrap_or_default()) {
        let number = rig.universes.get(usize::from(at.universe)).map_or(0, |universe| universe.number);
        let to = if *footprint > 1 { format!("-{}", at.address + footprint - 1) } else { String::new() };
        places.push(format!("{number}.{}{to}", at.address));
        let frame = screen.ui.frames.get(at.universe);
        let own = usize::from(at.address.saturating_sub(1))..usize::from(at.address.saturating_sub(1) + footprint);
        slots.extend(frame.and_then(|frame| frame.get(own)).unwrap_or_default().iter().map(ToString::to_string));
    }
    slots.truncate(TOLD);
    let what = mode.map(|mode| &*mode.name).filter(|name| !name.is_empty()).map_or(String::new(), |name| format!(" {name}"));
    let head = screen.row(&*fixture.key, Role::Strong);
    let head = head.put(format!(" · {} · {}{what}", places.join(" "), fixture.profile.key), screen.style(Role::Text));
    let light = match seen(screen, light, 0) {
        Some(Glow { hue: Some([red, green, blue]), level }) => {
            format!("{}% #{red:02X}{green:02X}{blue:02X}", Glow { hue: None, level }.percent())
        }
        Some(glow) => format!("{}%", glow.percent()),
        None => "gets nothing".to_owned(),
    };
    let text = if slots.is_empty() { light } else { format!("{light} · DMX {}", slots.join(" ")) };
    [head, screen.row(text, Role::Text)]
}
