//! Times as the caller reads them. What they are, [`crate::rundown`] says.

use crate::engine::Snapshot;
use crate::rundown::{Rundown, Timed};
use crate::time::{Mono, Span, Wall};

/// A difference below a minute is no news.
pub(super) const TOLD: i64 = 60_000_000_000;

/// The time of the day at the venue at an instant: `19:42:07`.
pub(super) fn hms(snap: &Snapshot, at: Mono) -> String {
    let second = snap.wall_at(at).0.div_euclid(1_000_000_000).saturating_add(i64::from(snap.utc_offset)).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
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

/// A difference in nanoseconds, without its sign, as [`left`] without tenths.
pub(super) fn seconds(ns: i64) -> String {
    let s = ns.unsigned_abs() / 1_000_000_000;
    if s < 60 { format!("{s}s") } else { left(Span::secs(s)) }
}

/// The planned time of a cue, and what became of it: `19:40`, `19:40→19:47` where it will be later, `19:38 +2:07` where it was.
pub(super) fn kept(day: &Rundown, timed: &Timed) -> String {
    let planned = planned(day.time(timed.planned));
    match (timed.started, timed.projected) {
        (_, Some(at)) if at.0.saturating_sub(timed.planned.0) >= TOLD => format!("{planned}→{}", minute(day, at)),
        (Some(at), None) if at.0.abs_diff(timed.planned.0) >= TOLD.unsigned_abs() => {
            let sign = if at > timed.planned { '+' } else { '-' };
            format!("{planned} {sign}{}", seconds(at.0.saturating_sub(timed.planned.0)))
        }
        _ => planned,
    }
}

/// An instant to the minute: nobody knows better when it will be.
pub(super) fn minute(day: &Rundown, at: Wall) -> String {
    let time = day.time(at);
    format!("{:02}:{:02}", time.hour(), time.minute())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::console::fixture;
    use crate::show::{CueIx, ListIx};

    #[test]
    fn time_left_reads_at_a_glance() {
        for (ms, text) in [(4_040, "4.0s"), (42_900, "42s"), (185_000, "3:05"), (4_320_000, "1h 12m")] {
            assert_eq!(left(Span::ms(ms)), text);
        }
    }

    #[test]
    fn what_became_of_a_planned_time_stands_beside_it() {
        let (show, snap) = fixture::running();
        let day = snap.rundown(&show, ListIx(0), snap.now);
        let kept = |cue: u32| kept(&day, day.cue(CueIx(cue)).unwrap());
        assert_eq!((kept(2), kept(3)), ("19:38 +2:07".to_owned(), "19:40→19:42".to_owned()));
    }
}
