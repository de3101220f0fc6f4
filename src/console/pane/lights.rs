//! The lights: masters, what each light gives, and who is parked or looked for.

use super::super::lights::{Line, count, found, level, line, parked};
use super::super::row::Row;
use super::super::screen::Screen;
use super::super::swatch::swatch;
use super::super::theme::Role;
use super::stage::seen;
use crate::engine::Find;

/// What keys do here, or the question that waits for one.
pub(crate) fn lights_head(screen: &Screen, width: usize) -> Row {
    let dark = screen.snap.lights.blackout;
    match screen.ui.sure {
        true if dark => screen.row("END THE BLACKOUT? y does · n does not", Role::NextHeld).bar(width, screen.style(Role::NextHeld)),
        true => screen.row("BLACKOUT? y takes all light out · n does not", Role::NextHeld).bar(width, screen.style(Role::NextHeld)),
        false => screen.title("LIGHTS: + - master · m highlights · i locates · k parks · B blackout", width),
    }
}

/// Masters first, then groups, then every fixture.
pub(crate) fn lights(screen: &Screen, width: usize, height: usize) -> Vec<Row> {
    let first = (screen.ui.line + 1).saturating_sub(height);
    (first..count(screen.show)).take(height).filter_map(|at| row(screen, at, width)).collect()
}

fn row(screen: &Screen, at: usize, width: usize) -> Option<Row> {
    let line = line(screen.show, at)?;
    let rig = &screen.show.rig;
    let here = at == screen.ui.line;
    let name = match line {
        Line::Grand => "GRAND MASTER",
        Line::Blackout => "BLACKOUT",
        Line::Group(at) => rig.groups.get(usize::from(at)).map(|group| &*group.key)?,
        Line::Fixture(at) => rig.fixtures.get(at as usize).map(|fixture| &*fixture.key)?,
    };
    let percent = |level: u16| format!("{:>3}%", (u32::from(level) * 100 + 32_767) / 65_535);
    let (text, role) = match (line, level(screen.snap, line)) {
        (Line::Blackout, _) if screen.snap.lights.blackout => ("ON".to_owned(), Role::Loud),
        (Line::Blackout, _) => ("off".to_owned(), Role::Text),
        (_, Some(level)) => (percent(level), if level < u16::MAX { Role::Warn } else { Role::Text }),
        _ => (String::new(), Role::Text),
    };
    let how = match found(screen.show, screen.snap, line) {
        Some(Find::Highlight) => " HIGHLIGHT",
        Some(Find::Locate) => " LOCATE",
        None => "",
    };
    let park = if parked(screen.show, screen.snap, line) { " PARKED" } else { "" };
    let row = Row::new()
        .put(if here { "> " } else { "  " }, screen.style(Role::Key))
        .column(name, 16, screen.style(Role::Strong))
        .put(" ", screen.style(Role::Text))
        .put(text, screen.style(role));
    let row = if let Line::Fixture(fixture) = line { swatch(row, screen.ui.theme, seen(screen, fixture, 0)) } else { row };
    let row = row.put(how, screen.style(Role::Mark)).put(park, screen.style(Role::Warn));
    Some(if here { row.bar(width, screen.style(Role::Cursor)) } else { row })
}
