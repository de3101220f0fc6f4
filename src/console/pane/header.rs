//! The clock of the venue, the mode, how late it is; the phase; the line for the caller.

use super::super::clock::{self, TOLD};
use super::super::row::Row;
use super::super::screen::Screen;
use super::super::theme::Role;
use crate::engine::{Level, Mode, Phase};
use crate::rundown::Counted;
use crate::time::{Mono, Span};

/// A line older than this is quiet.
const FRESH: Span = Span::secs(10);
/// The hard out is near: a quarter of an hour, in nanoseconds.
const OUT_SOON: i64 = 900_000_000_000;

/// The first line.
pub(crate) fn header(screen: &Screen, width: usize) -> Row {
    let clock = clock::hms(screen.snap, screen.now);
    let (mode, role) = match screen.snap.mode {
        Mode::Live => ("LIVE", Role::Strong),
        Mode::Simulation => (" SIMULATION ", Role::Mark),
        Mode::Partial => (" PART SIMULATED ", Role::Mark),
        Mode::Rehearsal => (" REHEARSAL ", Role::Mark),
    };
    let mut left = screen.row(clock, Role::Strong).put(" ", screen.style(Role::Text)).put(mode, screen.style(role));
    if screen.ui.read_only {
        left = left.put(" ", screen.style(Role::Text)).put("[only watching]", screen.style(Role::Warn));
    }
    if let Some((text, role)) = dimmed(screen) {
        left = left.put(" ", screen.style(Role::Text)).put(text, screen.style(role));
    }
    let right = late(screen, width);
    if width >= 60 {
        left = left.put("  ", screen.style(Role::Text)).put(&screen.show.title, screen.style(Role::Text));
        if width >= 100
            && let Some(venue) = &screen.show.venue
        {
            left = left.put(format!(" · {venue}"), screen.style(Role::Quiet));
        }
    }
    left.apart(right, width)
}

/// What takes light from the cues: nobody may have to look for it.
fn dimmed(screen: &Screen) -> Option<(String, Role)> {
    let lights = &screen.snap.lights;
    if lights.blackout {
        return Some((" BLACKOUT ".to_owned(), Role::Loud));
    }
    (lights.grand < u16::MAX).then(|| (format!("GRAND {}%", (u32::from(lights.grand) * 100 + 32_767) / 65_535), Role::Warn))
}

/// How late it is, and how long until the room must be empty.
fn late(screen: &Screen, width: usize) -> Row {
    let day = &screen.day;
    let since = match day.counted {
        Counted::ByClock => String::new(),
        Counted::Since(cue) => format!(" since {}", screen.cue(cue).map_or("?", |cue| &*cue.number)),
    };
    let row = match day.late {
        Some(late) if late >= TOLD => screen.row(format!("LATE {}{since}", clock::seconds(late)), Role::Warn),
        Some(late) if late <= -TOLD => screen.row(format!("early {}{since}", clock::seconds(late)), Role::Text),
        Some(_) => screen.row(format!("on time{since}"), Role::Good),
        None => Row::new(),
    };
    let Some(out) = day.out else { return row };
    let left = day.until(out);
    let over = day.overrun().filter(|over| *over >= TOLD);
    let time = clock::planned(day.time(out));
    let end = day.end.filter(|_| width >= 100).map_or_else(String::new, |end| format!("ends {} · ", clock::minute(day, end)));
    let text = match (left, over) {
        (..0, _) => format!("PAST OUT {time} by {}", clock::seconds(left)),
        (_, Some(over)) => format!("{end}WILL PASS OUT {time} by {}", clock::seconds(over)),
        _ if width < 60 && left >= OUT_SOON => format!("out {time}"),
        _ => format!("{end}out {time} in {}", clock::seconds(left)),
    };
    let soon = left < OUT_SOON;
    if width < 60 && !row.is_empty() && !soon && over.is_none() {
        return row;
    }
    let role = if left < 0 {
        Role::Loud
    } else if soon || over.is_some() {
        Role::Warn
    } else {
        Role::Text
    };
    let gap = if row.is_empty() { "" } else { "  " };
    row.put(gap, screen.style(Role::Text)).put(text, screen.style(role))
}

/// A bar while nothing new comes from the stage: what the screen shows may be untrue, and no key helps.
pub(crate) fn frozen(screen: &Screen, width: usize) -> Row {
    let role = Role::Loud;
    let age = clock::left(screen.ui.lead);
    let text = format!(" THE CLOCK THREAD DOES NOT ANSWER: {age} · keys do nothing: work the desks by hand");
    screen.row(text, role).bar(width, screen.style(role))
}

/// A bar while GO is refused as a whole.
pub(crate) fn phase(screen: &Screen, width: usize) -> Row {
    let (text, role) = match screen.snap.phase {
        Phase::Running => return Row::new(),
        Phase::Paused => ("PAUSED: GO is refused · p goes on", Role::NextHeld),
        Phase::Panicked => ("PANIC: GO is refused · r to go on", Role::Loud),
    };
    Row::new().put(" ", screen.style(role)).put(text, screen.style(role)).bar(width, screen.style(role))
}

/// The last line for the caller; a note of the console itself comes first while it is new.
pub(crate) fn line(screen: &Screen, width: usize) -> Row {
    // What the show says after it, a refused GO for one, is never hidden by it.
    let newer = |at: Mono| screen.snap.line.as_ref().is_none_or(|line| line.at <= at);
    if let Some((text, _)) = screen.ui.note.as_ref().filter(|(_, at)| newer(*at)) {
        return screen.row(format!("» {text}"), Role::Warn).fit(width);
    }
    let Some(line) = &screen.snap.line else { return Row::new() };
    let old = screen.since(line.at) > FRESH;
    let role = match line.level {
        _ if old => Role::Quiet,
        Level::Good | Level::Notice => Role::Text,
        Level::Warn => Role::Warn,
        Level::Bad => Role::Loud,
    };
    let age = if old { screen.row(clock::left(screen.since(line.at)) + " ago", Role::Quiet) } else { Row::new() };
    let sign = if line.level >= Level::Warn { "! " } else { "· " };
    screen.row(sign, role).put(&line.text, screen.style(role)).apart(age, width)
}
