//! Where a plan lies on the wall clock: which day, and which zone.

use jiff::civil;
use jiff::tz::{Offset, TimeZone};

use super::SECOND;
use super::plan::Plan;
use crate::show::Show;
use crate::time::Wall;

/// Seconds of a day.
const DAY: i64 = 86_400;
/// A day of shows begins at six: a hard out before that, without any planned time, is of the next day.
const MORNING: i64 = 6 * 3_600;
/// A hard out is told from a day before it to six hours after it.
const OUT_AHEAD: i64 = DAY * SECOND;

/// A plan on its day.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) zone: TimeZone,
    /// The day of the plan's first time.
    day: civil::Date,
}

impl Place {
    /// The show's date. Without one, the day that brings the planned second `at` nearest to `wall`.
    pub(super) fn at(show: &Show, at: i64, wall: Wall, utc_offset: i32) -> Self {
        let named = show.timezone.as_deref().and_then(|name| TimeZone::get(name).ok());
        let zone = named.unwrap_or_else(|| Offset::from_seconds(utc_offset).map_or(TimeZone::UTC, TimeZone::fixed));
        let day = show.date.unwrap_or_else(|| {
            let today = civil(&zone, wall).date();
            let days = (-2..=2).map(|step| later(today, step - at.div_euclid(DAY)));
            days.min_by_key(|day| instant(&zone, *day, at).0.abs_diff(wall.0)).unwrap_or(today)
        });
        Self { zone, day }
    }

    /// The instant of a second of the plan.
    pub(super) fn instant(&self, at: i64) -> Wall {
        instant(&self.zone, self.day, at)
    }

    /// The second of the day by which the room must be empty.
    pub(super) fn hard_out(show: &Show) -> Option<i64> {
        show.hard_out.map(second)
    }

    /// The hard out: the first time that the clock shows it after the plan begins; `None` on another day.
    pub(super) fn out(&self, show: &Show, plan: &Plan, now: Wall) -> Option<Wall> {
        let out = Self::hard_out(show)?;
        let first = plan.items.iter().find_map(|item| item.at).unwrap_or(MORNING);
        let days = (first - out).max(0).div_euclid(DAY) + i64::from((first - out).max(0).rem_euclid(DAY) > 0);
        let at = self.instant(out + days * DAY);
        (-super::LATE_MAX..=OUT_AHEAD).contains(&at.0.saturating_sub(now.0)).then_some(at)
    }
}

fn second(time: civil::Time) -> i64 {
    i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second())
}

fn later(day: civil::Date, days: i64) -> civil::Date {
    day.saturating_add(jiff::Span::new().days(days.clamp(-7_000_000, 7_000_000)))
}

/// An hour that the clock leaves out or shows twice is taken as the clock shows it before the change.
fn instant(zone: &TimeZone, day: civil::Date, at: i64) -> Wall {
    let (days, second) = (at.div_euclid(DAY), at.rem_euclid(DAY));
    let time = civil::Time::midnight().saturating_add(jiff::Span::new().seconds(second));
    let at = zone.to_ambiguous_timestamp(later(day, days).to_datetime(time)).compatible();
    Wall(at.map_or(0, |at| i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX)))
}

/// The local date and time of an instant.
pub(super) fn civil(zone: &TimeZone, wall: Wall) -> civil::DateTime {
    jiff::Timestamp::from_nanosecond(i128::from(wall.0)).map_or(civil::DateTime::default(), |at| zone.to_datetime(at))
}
