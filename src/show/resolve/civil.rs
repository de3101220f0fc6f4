//! Dates and times of the day as people write them.

use jiff::civil;
use jiff::tz::TimeZone;
use toml::de::DeValue;

use crate::show::StartAt;
use crate::show::fault::{Fault, Faults};
use crate::show::fields::{Fields, Node};
use crate::time::{Span, Wall};

/// A time of the day: `"19:30"` or `"19:30:15"`.
pub(super) fn time(fields: &mut Fields<'_, '_>, key: &'static str, faults: &mut Faults) -> Option<civil::Time> {
    let node = fields.get(key)?;
    let read = written(node).as_deref().and_then(clock);
    if read.is_none() {
        faults.push(Fault::rule("time", node.span(), format!("{key} is a time of the day")).help("write \"19:30\" or \"19:30:15\""));
    }
    read
}

/// A date: `2026-11-27`, with or without quotes.
pub(super) fn date(fields: &mut Fields<'_, '_>, key: &'static str, faults: &mut Faults) -> Option<civil::Date> {
    let node = fields.get(key)?;
    let read = written(node).filter(|text| text.len() == 10).and_then(|text| text.parse().ok());
    if read.is_none() {
        faults.push(Fault::rule("date", node.span(), format!("{key} is a day of the calendar")).help("write 2026-11-27: year, month, day"));
    }
    read
}

/// When the wall clock starts something: an instant, where the show says enough.
pub(super) fn start(time: civil::Time, date: Option<civil::Date>, timezone: Option<&str>) -> StartAt {
    let since = |at: civil::DateTime, zone: TimeZone| {
        let at = at.to_zoned(zone).ok()?.timestamp().as_nanosecond();
        i64::try_from(at).ok()
    };
    let after = time.duration_since(civil::Time::midnight()).unsigned_abs();
    let daily = StartAt::Daily(Span(u64::try_from(after.as_nanos()).unwrap_or(0)));
    let Some(at) = date.map(|date| date.to_datetime(time)) else { return daily };
    match timezone.and_then(|name| TimeZone::get(name).ok()) {
        Some(zone) => since(at, zone).map_or(daily, |ns| StartAt::At(Wall(ns))),
        None => since(at, TimeZone::UTC).map_or(daily, StartAt::On),
    }
}

/// The text of a TOML date or time, or of a string.
fn written(node: &Node<'_>) -> Option<String> {
    match node.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Datetime(at) => Some(at.to_string()),
        _ => None,
    }
}

/// Reads `H:MM` or `HH:MM[:SS]`.
fn clock(text: &str) -> Option<civil::Time> {
    let parts: Vec<&str> = text.split(':').collect();
    let number = |part: &str| (1..=2).contains(&part.len()).then(|| part.parse::<i8>().ok()).flatten().filter(|n| *n >= 0);
    match parts.as_slice() {
        [hour, minute] if minute.len() == 2 => civil::Time::new(number(hour)?, number(minute)?, 0, 0).ok(),
        [hour, minute, second] if minute.len() == 2 => civil::Time::new(number(hour)?, number(minute)?, number(second)?, 0).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_the_day_is_read_as_people_write_it() {
        assert_eq!(clock("9:05"), Some(civil::time(9, 5, 0, 0)));
        assert_eq!(clock("22:00:30"), Some(civil::time(22, 0, 30, 0)));
        for text in ["", "22", "24:00", "9:5", "12:60", "-1:00", "1:2:3:4", "ab:cd"] {
            assert_eq!(clock(text), None, "{text}");
        }
    }

    #[test]
    fn a_start_is_an_instant_when_date_and_time_zone_are_known() {
        let (time, date) = (civil::time(19, 30, 0, 0), civil::date(2026, 7, 1));
        // 2026-07-01T18:30:00Z: London is an hour ahead of UTC in summer.
        let instant = Wall(1_782_930_600 * 1_000_000_000);
        assert_eq!(start(time, Some(date), Some("Europe/London")), StartAt::At(instant));
        assert_eq!(start(time, Some(date), None), StartAt::On(instant.0 + 3_600_000_000_000));
        assert_eq!(start(time, None, Some("Europe/London")), StartAt::Daily(Span::secs(70_200)));
    }
}
