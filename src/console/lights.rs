//! The lights of the technician's view: masters first, then groups, then every fixture; and what a key wants of the line under the cursor.

use super::keys::{Act, Scene};
use crate::engine::{Find, Intent, Lamps, LightOrder, Snapshot};
use crate::show::Show;

/// One press of a key moves a master by a twentieth.
const STEP: u16 = 3277;

/// A line of the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Grand,
    Blackout,
    Group(u16),
    Fixture(u32),
}

/// How many lines there are.
pub(super) fn count(show: &Show) -> usize {
    2 + show.rig.groups.len() + show.rig.fixtures.len()
}

/// The line at a place; beyond the last there is none.
pub(super) fn line(show: &Show, at: usize) -> Option<Line> {
    let groups = show.rig.groups.len();
    match at {
        0 => Some(Line::Grand),
        1 => Some(Line::Blackout),
        at if at < 2 + groups => u16::try_from(at - 2).ok().map(Line::Group),
        at if at < count(show) => u32::try_from(at - 2 - groups).ok().map(Line::Fixture),
        _ => None,
    }
}

/// Where the master of a line stands; `None`: it has none.
pub(super) fn level(snap: &Snapshot, line: Line) -> Option<u16> {
    match line {
        Line::Grand => Some(snap.lights.grand),
        Line::Group(at) => Some(snap.lights.groups.get(&at).copied().unwrap_or(u16::MAX)),
        Line::Blackout | Line::Fixture(_) => None,
    }
}

/// How somebody looks for the fixtures of a line.
pub(super) fn found(show: &Show, snap: &Snapshot, line: Line) -> Option<Find> {
    first(show, line).and_then(|fixture| snap.lights.found.get(&fixture)).copied()
}

/// The fixtures of a line are parked.
pub(super) fn parked(show: &Show, snap: &Snapshot, line: Line) -> bool {
    let fixture = first(show, line).and_then(|at| show.rig.fixtures.get(at as usize));
    fixture.is_some_and(|one| {
        let own = one.first_param..one.first_param + one.param_count;
        snap.lights.parked.keys().any(|ix| own.contains(&ix.0))
    })
}

/// A line stands for its first fixture.
fn first(show: &Show, line: Line) -> Option<u32> {
    match line {
        Line::Fixture(at) => Some(at),
        Line::Group(at) => show.rig.groups.get(usize::from(at)).and_then(|group| group.parts.first().map(|part| part.fixture)),
        Line::Grand | Line::Blackout => None,
    }
}

/// What a key wants of the line under the cursor.
pub(super) fn intent(show: &Show, snap: &Snapshot, at: usize, act: Act) -> Option<Intent> {
    let line = line(show, at)?;
    let lamps = match line {
        Line::Fixture(at) => Lamps::Fixture(at),
        Line::Group(at) => Lamps::Group(at),
        Line::Grand | Line::Blackout => Lamps::All,
    };
    let find = |how: Find| LightOrder::Find { lamps, how: (found(show, snap, line) != Some(how)).then_some(how) };
    let one = !matches!(line, Line::Grand | Line::Blackout);
    let order = match act {
        Act::Louder | Act::Softer => {
            let was = level(snap, line)?;
            let level = if act == Act::Louder { was.saturating_add(STEP) } else { was.saturating_sub(STEP) };
            if let Line::Group(group) = line { LightOrder::Master { group, level } } else { LightOrder::Grand { level } }
        }
        Act::Highlight if one => find(Find::Highlight),
        Act::Locate if one => find(Find::Locate),
        Act::Park if one => LightOrder::Park { lamps, on: !parked(show, snap, line) },
        Act::Dark => LightOrder::Blackout { on: !snap.lights.blackout },
        Act::Clear => LightOrder::Find { lamps: Lamps::All, how: None },
        _ => return None,
    };
    Some(Intent::Lights { order })
}

/// The line under the cursor has a master.
pub(super) fn has_level(scene: &Scene) -> bool {
    line(scene.show, scene.ui.line).and_then(|line| level(scene.snap, line)).is_some()
}

/// The line under the cursor is a fixture or a group.
pub(super) fn is_lamp(scene: &Scene) -> bool {
    matches!(line(scene.show, scene.ui.line), Some(Line::Fixture(_) | Line::Group(_)))
}

/// The show has lights.
pub(super) fn has_lights(scene: &Scene) -> bool {
    !scene.show.rig.fixtures.is_empty()
}

/// Somebody looks for a light.
pub(super) fn is_found(scene: &Scene) -> bool {
    !scene.snap.lights.found.is_empty()
}

/// Blackout has been asked for, and another key does it.
pub(super) fn asked(scene: &Scene) -> bool {
    scene.ui.sure
}

/// Blackout is on, or not.
pub(super) fn dark_label(scene: &Scene) -> &'static str {
    if scene.snap.lights.blackout { "end blackout…" } else { "blackout…" }
}

/// What the second key does.
pub(super) fn sure_label(scene: &Scene) -> &'static str {
    if scene.snap.lights.blackout { "END BLACKOUT" } else { "BLACKOUT" }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use super::*;
    use crate::console::act::press;
    use crate::console::bytes::{Key, Kind};
    use crate::console::{Theme, Ui, fixture};
    use crate::show::{Fixture, FixtureGroup, ParamIx, Part, Rig};
    use crate::time::Span;

    fn console() -> (Show, Snapshot, Ui) {
        let (mut show, snap) = fixture::running();
        let one = |key: &str, first_param| Fixture {
            key: key.into(),
            profile: Arc::default(),
            mode: 0,
            breaks: vec![],
            first_param,
            param_count: 2,
        };
        let rig = Rig {
            fixtures: vec![one("lamp", 0), one("spot", 2)],
            groups: vec![FixtureGroup { key: "front".into(), parts: vec![Part { fixture: 1, cell: 0 }] }],
            ..Rig::default()
        };
        show.rig = Arc::new(rig);
        let mut ui = Ui::new(Theme::Plain, false, true);
        ui.see(&show, &snap, Span::ZERO);
        (show, snap, ui)
    }

    fn keys(show: &Show, snap: &Snapshot, ui: &mut Ui, keys: &str) -> Vec<LightOrder> {
        let press = |ui: &mut Ui, key| press(show, snap, ui, key, Kind::Press).intent;
        let keys = keys.chars().map(|c| if c == '↓' { Key::Down } else { Key::Char(c) });
        keys.filter_map(|key| if let Some(Intent::Lights { order }) = press(ui, key) { Some(order) } else { None }).collect()
    }

    #[test]
    fn masters_move_by_a_twentieth() {
        let (show, mut snap, mut ui) = console();
        assert_eq!(keys(&show, &snap, &mut ui, "L-"), [LightOrder::Grand { level: u16::MAX - STEP }]);
        snap.lights.grand = 100;
        assert_eq!(keys(&show, &snap, &mut ui, "-"), [LightOrder::Grand { level: 0 }]);
        snap.lights.groups.insert(0, 1000);
        assert_eq!(keys(&show, &snap, &mut ui, "↓↓+"), [LightOrder::Master { group: 0, level: 1000 + STEP }]);
    }

    #[test]
    fn blackout_takes_two_keys_and_a_moved_cursor_takes_back_the_first() {
        let (show, snap, mut ui) = console();
        assert_eq!(keys(&show, &snap, &mut ui, "LyB↓y"), []);
        assert_eq!(keys(&show, &snap, &mut ui, "By"), [LightOrder::Blackout { on: true }]);
    }

    #[test]
    fn a_light_is_found_and_parked_and_the_same_key_ends_it() {
        let (show, mut snap, mut ui) = console();
        let lamps = Lamps::Fixture(0);
        let on = [LightOrder::Find { lamps, how: Some(Find::Highlight) }, LightOrder::Park { lamps, on: true }];
        assert_eq!(keys(&show, &snap, &mut ui, "L↓↓↓mk"), on);
        snap.lights.found.insert(0, Find::Highlight);
        snap.lights.parked.insert(ParamIx(1), 5);
        let off = [LightOrder::Find { lamps, how: None }, LightOrder::Park { lamps, on: false }];
        assert_eq!(keys(&show, &snap, &mut ui, "mk"), off);
        assert_eq!(keys(&show, &snap, &mut ui, "x"), [LightOrder::Find { lamps: Lamps::All, how: None }]);
    }
}
