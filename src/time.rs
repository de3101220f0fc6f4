//! Time as values. Nothing here reads a clock: `now` is always an argument.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// A point on the show's own clock: nanoseconds that never step back, carried on through a resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mono(pub u64);

/// A point on the wall clock: nanoseconds since 1970-01-01T00:00:00Z. May step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Wall(pub i64);

/// A length of time in nanoseconds, never negative. Printed and read as people write it: `1m 30s`, `500ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(pub u64);

impl Mono {
    /// The start of the show's clock.
    pub const ZERO: Self = Self(0);

    /// How long after `earlier` this is; zero when it is not after.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of whole milliseconds.
    #[must_use]
    pub const fn ms(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000_000))
    }

    /// A span of whole seconds.
    #[must_use]
    pub const fn secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// Whole milliseconds, rounded down.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0 / 1_000_000
    }

    /// True when there is no time in it.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Reads `2s`, `1m 30s`, `500ms`, `1.5s`, `2h`. Units: `h`, `m` or `min`, `s`, `ms`.
    ///
    /// # Errors
    /// Says which part it could not read, and how a duration is written.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut total: u64 = 0;
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err("a duration is a number and a unit (such as \"2s\", \"500ms\", \"1m 30s\")".into());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let (number, tail) = rest.split_at(digits);
            let unit_end = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(unit_end);
            let scale: u64 = match unit {
                "h" => 3_600_000_000_000,
                "m" | "min" => 60_000_000_000,
                "s" => 1_000_000_000,
                "ms" => 1_000_000,
                "" if rest.starts_with('-') => {
                    return Err(format!("\"{text}\" is less than nothing (write \"2s\", or \"0s\" for at once)"));
                }
                "" => return Err(format!("\"{text}\" has no unit (write \"2s\", \"500ms\" or \"1m 30s\")")),
                other => return Err(format!("\"{other}\" is not a unit of time (use h, m, s or ms)")),
            };
            total = part(number, scale)
                .and_then(|ns| total.checked_add(ns))
                .ok_or_else(|| format!("\"{number}{unit}\" is not a length of time (a number below 10000 hours)"))?;
            rest = tail.trim_start();
        }
        if total > 36_000_000_000_000_000 {
            return Err(format!("\"{text}\" is longer than 10000 hours"));
        }
        Ok(Self(total))
    }
}

/// `12.25` times `scale`, exactly, without floating point.
fn part(number: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || fraction.len() > 9 {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut ns = whole.checked_mul(scale)?;
    if !fraction.is_empty() {
        let digits: u64 = fraction.parse().ok()?;
        let divisor = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
        let extra = u128::from(digits) * u128::from(scale) / u128::from(divisor);
        ns = ns.checked_add(u64::try_from(extra).ok()?)?;
    }
    Some(ns)
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.as_ms();
        let (h, m, s, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
        match (h, m) {
            (0, 0) if ms == 0 => write!(f, "{s}s"),
            (0, 0) if s == 0 => write!(f, "{ms}ms"),
            (0, 0) => {
                let text = format!("{s}.{ms:03}");
                write!(f, "{}s", text.trim_end_matches('0'))
            }
            (0, _) if s == 0 => write!(f, "{m}m"),
            (0, _) => write!(f, "{m}m {s}s"),
            _ => write!(f, "{h}h {m:02}m"),
        }
    }
}

impl Add<Span> for Mono {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for Mono {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub<Span> for Mono {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Span {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_durations_in_many_ways() {
        for (text, ms) in [
            ("2s", 2000),
            ("500ms", 500),
            ("1m 30s", 90_000),
            ("1m30s", 90_000),
            ("1.5s", 1500),
            ("0.25s", 250),
            ("2h", 7_200_000),
            ("0s", 0),
        ] {
            assert_eq!(Span::parse(text), Ok(Span::ms(ms)), "{text}");
        }
        for text in ["", "2", "s", "2 parsecs", "1.2.3s", "-1s", "99999999999999999999s"] {
            assert!(Span::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_span_prints_as_it_is_written() {
        for text in ["2s", "500ms", "1m 30s", "1.5s", "2m", "1h 05m"] {
            assert_eq!(Span::parse(text).map(|s| s.to_string()), Ok(text.to_owned()));
        }
    }
}
