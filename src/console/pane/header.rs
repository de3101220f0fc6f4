//! The clock of the venue, the mode, how late it is; the phase; the line for the caller.

use super::super::clock;
use super::super::row::Row;
use super::super::screen::Screen;
use super::super::theme::Role;
use crate::engine::{Level, Mode, Phase};
use crate::time::{Mono, Span};

/// A line older than this is quiet.
const FRESH: Span = Span::secs(10);

/// The first line.
pub(crate) fn header(screen: &Screen, width: usize) -> Row {
    let clock = clock::hms(clock::second_of_day(screen.snap, screen.now));
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

fn late(screen: &Screen, width: usize) -> Row {
    let mut row = Row::new();
    match clock::late(screen.show, screen.snap, screen.list(), screen.now) {
        Some(late) if late >= 60 => row = row.put(format!("LATE {}", clock::seconds(late)), screen.style(Role::Warn)),
        Some(late) if late <= -60 => row = row.put(format!("early {}", clock::seconds(late)), screen.style(Role::Text)),
        Some(_) => row = row.put("on time", screen.style(Role::Good)),
        None => {}
    }
    let Some(out) = clock::hard_out(screen.show, screen.snap, screen.now) else { return row };
    let time = screen.show.hard_out.map(clock::planned).unwrap_or_default();
    let over = clock::overrun(screen.show, screen.snap, screen.list(), screen.now).filter(|over| *over >= 60);
    let text = match (out, over) {
        (..0, _) => format!("PAST OUT {time} by {}", clock::seconds(out)),
        (_, Some(over)) => format!("WILL PASS OUT {time} by {}", clock::seconds(over)),
        _ => format!("out {time} in {}", clock::seconds(out)),
    };
    if width < 60 && !row.is_empty() && out > 900 && over.is_none() {
        return row;
    }
    let role = if out < 0 {
        Role::Loud
    } else if out < 900 || over.is_some() {
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
