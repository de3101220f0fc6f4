//! Cues that run, with time left.

use super::super::clock;
use super::super::row::Row;
use super::super::screen::Screen;
use super::super::theme::Role;
use crate::engine::Running;

/// Cells of the progress bar.
const BAR: u64 = 8;

/// How many lines it would like, title included.
pub(crate) fn running_wants(screen: &Screen) -> u16 {
    u16::try_from(screen.snap.running.len()).unwrap_or(u16::MAX).saturating_add(1)
}

/// The pane.
pub(crate) fn running(screen: &Screen, width: usize, height: usize) -> Vec<Row> {
    let count = screen.snap.running.len();
    let title = if count == 0 { "RUNNING: nothing".to_owned() } else { format!("RUNNING {count}") };
    let mut rows = vec![screen.title(&title, width)];
    let room = height.saturating_sub(1);
    let shown = if count > room { room.saturating_sub(1) } else { room };
    rows.extend(screen.snap.running.iter().take(shown).map(|run| line(screen, run, width)));
    if count > shown && room > 0 {
        rows.push(screen.row(format!("  and {} more", count - shown), Role::Quiet));
    }
    rows
}

fn line(screen: &Screen, run: &Running, width: usize) -> Row {
    let hot = run.hot.and_then(|ix| screen.show.hots.get(ix.at()));
    let (number, name) = match (hot, screen.cue(run.cue)) {
        (Some(hot), _) => (&*hot.key, &*hot.name),
        (None, Some(cue)) => (&*cue.number, &*cue.name),
        (None, None) => ("?", ""),
    };
    let now = run.paused.unwrap_or(screen.now);
    let left = run.ends.map(|ends| ends.since(now));
    let (state, role) = match (run.paused, run.waiting_until, left) {
        (Some(_), _, Some(left)) => (format!("PAUSED, {} left", clock::left(left)), Role::Warn),
        (Some(_), ..) => ("PAUSED".to_owned(), Role::Warn),
        (_, Some(until), _) if until > screen.now => (format!("waits {}", clock::left(screen.until(until))), Role::Busy),
        (.., Some(left)) if !left.is_zero() => (format!("{} {}", bar(run, now), clock::left(left)), Role::Busy),
        _ if run.open_actions > 0 => (format!("{} open, {}", run.open_actions, clock::left(screen.since(run.started))), Role::Busy),
        _ => (clock::left(screen.since(run.started)), Role::Busy),
    };
    let title = screen.row("● ", role).put(number, screen.style(Role::Strong)).put(" ", screen.style(Role::Text));
    title.put(name, screen.style(Role::Text)).apart(screen.row(state, role), width)
}

/// `████────`: how much has passed.
fn bar(run: &Running, now: crate::time::Mono) -> String {
    let all = run.ends.map_or(0, |ends| ends.since(run.started).0).max(1);
    let full = u128::from(now.since(run.started).0) * u128::from(BAR) / u128::from(all);
    let full = usize::try_from(full).unwrap_or(0).min(BAR as usize);
    format!("{}{}", "█".repeat(full), "─".repeat(BAR as usize - full))
}
