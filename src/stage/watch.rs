//! Notices what a clock should not do: the wall stepping, the machine sleeping, this thread standing still.

use crate::engine::Input;
use crate::time::{Mono, Span, Wall};

/// A wall clock that differs this much from where it should be has stepped.
const STEP: i64 = 100_000_000;
/// The pair of clocks is recorded this often anyway.
const HOURLY: Span = Span::secs(3600);

/// Compares the clocks at every wake. A pair is given at the start, hourly, when the wall steps and when summer time begins or ends.
#[derive(Debug)]
pub struct Watch {
    late_limit: Span,
    zone: jiff::tz::TimeZone,
    pair: Option<(Mono, Wall)>,
    /// When the zone's offset from UTC changes next.
    shift: Option<Wall>,
    last: Option<Mono>,
}

impl Watch {
    /// For a show whose timers are held when they are later than `late_limit`, in this time zone (`None`: the machine's).
    #[must_use]
    pub fn new(late_limit: Span, timezone: Option<&str>) -> Self {
        let zone = timezone.and_then(|name| jiff::tz::TimeZone::get(name).ok()).unwrap_or_else(jiff::tz::TimeZone::system);
        Self { late_limit, zone, pair: None, shift: None, last: None }
    }

    /// Looks at both clocks; gives what must be recorded before anything else of this instant.
    pub fn look(&mut self, now: Mono, wall: Wall, out: &mut Vec<Input>) {
        if let Some(since) = self.last.filter(|last| now.since(*last) > self.late_limit) {
            out.push(Input::Stalled { since });
        }
        self.last = Some(now);
        let due = self.pair.is_none_or(|(mono, then)| {
            let expected = then.0.saturating_add(i64::try_from(now.since(mono).0).unwrap_or(i64::MAX));
            now.since(mono) >= HOURLY || self.shift.is_some_and(|shift| wall >= shift) || wall.0.abs_diff(expected) > STEP.unsigned_abs()
        });
        if due {
            self.pair = Some((now, wall));
            out.push(self.clock(wall));
        }
    }

    fn clock(&mut self, wall: Wall) -> Input {
        let at = jiff::Timestamp::from_nanosecond(i128::from(wall.0)).unwrap_or_default();
        let utc_offset = self.zone.to_offset(at).seconds();
        let next = self.zone.following(at).next().and_then(|shift| i64::try_from(shift.timestamp().as_nanosecond()).ok());
        self.shift = next.map(Wall);
        Input::Clock { wall, utc_offset }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn look(watch: &mut Watch, mono: u64, wall: i64) -> Vec<Input> {
        let mut out = Vec::new();
        watch.look(Mono(mono), Wall(wall), &mut out);
        out
    }

    #[test]
    fn the_pair_is_recorded_at_start_hourly_and_when_the_wall_steps() {
        // 2026-11-27T18:00:00Z, when London is on UTC.
        let start = 1_795_802_400 * S as i64;
        let mut watch = Watch::new(Span::secs(7200), Some("Europe/London"));
        assert_eq!(look(&mut watch, 0, start), [Input::Clock { wall: Wall(start), utc_offset: 0 }]);
        assert_eq!(look(&mut watch, S, start + S as i64 + 90_000_000), []);
        assert_eq!(look(&mut watch, 2 * S, start + 2 * S as i64 - 200_000_000).len(), 1);
        assert_eq!(look(&mut watch, 3 * S, start + 3 * S as i64 - 200_000_000), []);
        assert_eq!(look(&mut watch, 3602 * S, start + 3602 * S as i64 - 200_000_000).len(), 1);
    }

    #[test]
    fn summer_time_ends_during_the_show_and_is_recorded_at_once() {
        // 2026-10-25T00:50:00Z: London goes from UTC+1 to UTC at 01:00Z.
        let start = 1_792_889_400 * S as i64;
        let mut watch = Watch::new(Span::secs(7200), Some("Europe/London"));
        assert_eq!(look(&mut watch, 0, start), [Input::Clock { wall: Wall(start), utc_offset: 3600 }]);
        assert_eq!(look(&mut watch, 599 * S, start + 599 * S as i64), []);
        let shift = start + 600 * S as i64;
        assert_eq!(look(&mut watch, 600 * S, shift), [Input::Clock { wall: Wall(shift), utc_offset: 0 }]);
        assert_eq!(look(&mut watch, 601 * S, shift + S as i64), []);
    }

    #[test]
    fn a_stall_beyond_the_limit_names_the_last_good_instant() {
        let mut watch = Watch::new(Span::secs(2), None);
        look(&mut watch, 0, 0);
        assert_eq!(look(&mut watch, 2 * S, 2 * S as i64), []);
        let after = look(&mut watch, 5 * S, 5 * S as i64);
        assert_eq!(after, [Input::Stalled { since: Mono(2 * S) }]);
    }
}
