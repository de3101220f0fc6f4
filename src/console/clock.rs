//! The clock of the day: venue time, how late the show is, how long until the hard out.

use crate::engine::Snapshot;
use crate::show::{CueIx, ListIx, Show};
use crate::time::{Mono, Span};

/// Seconds of a day.
const DAY: i64 = 86_400;
/// A plan this far from now belongs to another day or to a rehearsal: nothing is said about lateness.
const FAR: i64 = 6 * 3_600;

/// Seconds since local midnight at `now`.
pub(super) fn second_of_day(snap: &Snapshot, now: Mono) -> i64 {
    let since = i64::try_from(now.0).unwrap_or(i64::MAX).saturating_sub(i64::try_from(snap.now.0).unwrap_or(i64::MAX));
    let wall = snap.wall.0.saturating_add(since).div_euclid(1_000_000_000);
    wall.saturating_add(i64::from(snap.utc_offset)).rem_euclid(DAY)
}

/// `19:42:07`.
pub(super) fn hms(second: i64) -> String {
    format!("{:02}:{:02}:{:02}", second / 3600 % 24, second / 60 % 60, second % 60)
}

/// A planned time as people write it: `19:42`, with seconds only when it has some.
pub(super) fn planned(time: jiff::civil::Time) -> String {
    if time.second() == 0 {
        format!("{:02}:{:02}", time.hour(), time.minute())
    } else {
        format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
    }
}

/// Time left or passed, read at a glance: `4.0s`, `42s`, `3:05`, `1h 12m`.
pub(super) fn left(span: Span) -> String {
    let ms = span.as_ms();
    match ms {
        0..10_000 => format!("{}.{}s", ms / 1000, ms % 1000 / 100),
        10_000..60_000 => format!("{}s", ms / 1000),
        60_000..3_600_000 => format!("{}:{:02}", ms / 60_000, ms / 1000 % 60),
        _ => format!("{}h {:02}m", ms / 3_600_000, ms / 60_000 % 60),
    }
}

/// Whole seconds of a difference, as [`left`] without tenths.
pub(super) fn seconds(seconds: i64) -> String {
    let s = seconds.unsigned_abs();
    if s < 60 { format!("{s}s") } else { left(Span::secs(s)) }
}

/// Seconds from one time of the day to another, the short way round midnight.
fn between(from: i64, to: i64) -> i64 {
    (to - from + DAY / 2).rem_euclid(DAY) - DAY / 2
}

fn of(time: jiff::civil::Time) -> i64 {
    i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second())
}

/// True unless the show names a date and this is not it (a show may end after midnight).
fn is_show_day(show: &Show, snap: &Snapshot) -> bool {
    let Some(date) = show.date else { return true };
    let day = snap.wall.0.div_euclid(1_000_000_000).saturating_add(i64::from(snap.utc_offset)).div_euclid(DAY);
    let epoch = jiff::civil::date(1970, 1, 1);
    let planned = epoch.until(date).map(|span| i64::from(span.get_days())).unwrap_or(0);
    (0..=1).contains(&(day - planned))
}

/// Seconds to a planned time of this day, negative once passed; `None` when it is far away.
pub(super) fn until(show: &Show, snap: &Snapshot, now: Mono, time: jiff::civil::Time) -> Option<i64> {
    let wait = between(second_of_day(snap, now), of(time));
    (is_show_day(show, snap) && wait.abs() < FAR).then_some(wait)
}

/// Seconds to the hard out, negative once passed. Unlike a cue's time it counts all day.
pub(super) fn hard_out(show: &Show, snap: &Snapshot, now: Mono) -> Option<i64> {
    let wait = between(second_of_day(snap, now), of(show.hard_out?));
    is_show_day(show, snap).then_some(wait)
}

/// How many seconds the show is behind its plan (negative: ahead).
///
/// All of these hold: 1 - the last GO's cue, or a cue before it with only planned lengths between, has a planned time;
/// 2 - it is the show's day and the plan is within six hours; 3 - a NEXT whose own time has passed counts if it is worse.
pub(super) fn late(show: &Show, snap: &Snapshot, list: ListIx, now: Mono) -> Option<i64> {
    let view = snap.lists.get(list.at())?;
    let cues = &show.lists.get(list.at())?.cues;
    let started = view.last.and_then(|(cue, at)| {
        let plan = planned_start(show, cues, cue)?;
        Some(between(plan, second_of_day(snap, at)))
    });
    let overdue = view.next.and_then(|cue| show.cues.get(cue.at())?.at).map(|time| between(of(time), second_of_day(snap, now)));
    let late = match (started, overdue) {
        (Some(a), Some(b)) if b > 0 => a.max(b),
        (None, Some(b)) if b > 0 => b,
        (a, _) => a?,
    };
    (is_show_day(show, snap) && late.abs() < FAR).then_some(late)
}

/// By how many seconds the show will pass its hard out if it goes on as late as it is: the planned end of the list's last
/// planned cue, plus the lateness. `None` when it will not, or the plan does not say.
pub(super) fn overrun(show: &Show, snap: &Snapshot, list: ListIx, now: Mono) -> Option<i64> {
    let out = of(show.hard_out?);
    let late = late(show, snap, list, now)?;
    let cues = &show.lists.get(list.at())?.cues;
    let (last, start) = cues.iter().rev().find_map(|cue| Some((*cue, planned_start(show, cues, *cue)?)))?;
    let length = show.cues.get(last.at())?.planned.map_or(0, |span| i64::try_from(span.as_ms() / 1000).unwrap_or(0));
    let over = between(out, start.saturating_add(length).saturating_add(late));
    (over > 0).then_some(over)
}

/// When a cue was planned to start, in seconds of the day.
fn planned_start(show: &Show, cues: &[CueIx], cue: CueIx) -> Option<i64> {
    let end = cues.iter().position(|c| *c == cue)?;
    let mut lengths: i64 = 0;
    for ix in cues.get(..=end)?.iter().rev() {
        let earlier = show.cues.get(ix.at())?;
        if *ix != cue {
            lengths = lengths.saturating_add(i64::try_from(earlier.planned?.as_ms() / 1000).ok()?);
        }
        if let Some(time) = earlier.at {
            return Some((of(time).saturating_add(lengths)).rem_euclid(DAY));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::console::fixture;

    #[test]
    fn time_left_reads_at_a_glance() {
        for (ms, text) in [(4_040, "4.0s"), (42_900, "42s"), (185_000, "3:05"), (4_320_000, "1h 12m")] {
            assert_eq!(left(Span::ms(ms)), text);
        }
    }

    #[test]
    fn a_late_go_is_late_and_an_overdue_next_counts_when_it_is_worse() {
        let (show, mut snap) = fixture::running();
        assert_eq!(late(&show, &snap, ListIx(0), snap.now), Some(127));
        snap.lists[0].next = Some(CueIx(5));
        assert!(late(&show, &snap, ListIx(0), snap.now).unwrap() >= 127);
    }

    #[test]
    fn a_show_that_is_late_enough_is_projected_past_its_hard_out() {
        let (mut show, snap) = fixture::running();
        let last = *show.lists[0].cues.last().unwrap();
        let late = late(&show, &snap, ListIx(0), snap.now).unwrap();
        show.cues[last.at()].at = Some(jiff::civil::time(21, 50, 0, 0));
        show.cues[last.at()].planned = Some(Span::secs(600 - late.unsigned_abs()));
        assert_eq!(overrun(&show, &snap, ListIx(0), snap.now), None, "it ends just in time");
        show.cues[last.at()].planned = Some(Span::secs(600));
        assert_eq!(overrun(&show, &snap, ListIx(0), snap.now), Some(late));
    }

    #[test]
    fn on_another_day_nothing_is_late() {
        let (mut show, snap) = fixture::running();
        show.date = Some(jiff::civil::date(2026, 12, 24));
        assert_eq!(late(&show, &snap, ListIx(0), snap.now), None);
        assert_eq!(hard_out(&show, &snap, snap.now), None);
    }

    #[test]
    fn midnight_is_crossed_the_short_way() {
        assert_eq!(between(86_300, 100), 200);
        assert_eq!(between(100, 86_300), -200);
    }
}
