//! Values of device properties, exact and comparable: no floating point.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A level in thousandths of a decibel; [`Db::OFF`] is minus infinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Db(pub i32);

impl Db {
    /// Minus infinity: the fader is down.
    pub const OFF: Self = Self(i32::MIN);

    /// Reads `-10 dB`, `+3.5dB`, `-inf dB`, `off`.
    ///
    /// # Errors
    /// Says how a level is written.
    pub fn parse(text: &str) -> Result<Self, String> {
        let body = text.trim();
        let number = body.strip_suffix("dB").map_or(body, str::trim_end);
        if matches!(number, "-inf" | "-oo" | "off") {
            return Ok(Self::OFF);
        }
        if number.len() == body.len() {
            return Err(format!("\"{text}\" is not a level in dB (write \"-10 dB\", or \"-inf dB\" for off)"));
        }
        let milli = decimal(number, 3).ok_or_else(|| format!("\"{text}\" is not a level in dB (write \"-10 dB\")"))?;
        i32::try_from(milli)
            .ok()
            .filter(|m| (-200_000..=200_000).contains(m))
            .map(Self)
            .ok_or_else(|| format!("\"{text}\" is outside -200 dB to 200 dB"))
    }
}

/// Reads a decimal number as an integer of `10^-places`, exactly. `None` when it is not one or has more places.
#[must_use]
pub fn decimal(text: &str, places: u32) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || fraction.len() > places as usize {
        return None;
    }
    let scale = 10_i64.checked_pow(places)?;
    let mut fraction_value: i64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    for _ in fraction.len()..places as usize {
        fraction_value *= 10;
    }
    let value = whole.parse::<i64>().ok()?.checked_mul(scale)?.checked_add(fraction_value)?;
    Some(if negative { -value } else { value })
}

impl fmt::Display for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::OFF {
            return f.write_str("-inf dB");
        }
        let tenths = (self.0.unsigned_abs() + 50) / 100;
        let sign = if self.0 < 0 && tenths > 0 { "-" } else { "" };
        write!(f, "{sign}{}.{} dB", tenths / 10, tenths % 10)
    }
}

/// What a property can hold. A value is data: it is logged, compared and replayed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// On or off, open or muted. For a channel's `on`, `true` is unmuted.
    Switch(bool),
    /// A whole number: a scene number, an input.
    Int(i64),
    /// A level in dB.
    Level(Db),
    /// A decimal number in millionths: `0.5`, `50%` and an OSC float are all this.
    Decimal(i64),
    /// A name, a cue number, a clip.
    Text(Arc<str>),
    /// What a player does.
    Transport(Transport),
    /// Several values in order: the arguments of a raw message.
    Args(Arc<[Value]>),
}

/// The lasting state of a player.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Transport {
    /// The clip as the device names it; `None` when nothing is loaded.
    pub clip: Option<Arc<str>>,
    /// Starts again at its end.
    #[serde(rename = "loop")]
    pub looping: bool,
    /// Runs now.
    pub playing: bool,
}

impl Value {
    /// A text value.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(Arc::from(text))
    }

    /// True when both are the same within `tolerance`: thousandths of a dB for levels, millionths for decimals.
    /// Values of different kinds are never the same.
    #[must_use]
    pub fn same(&self, other: &Self, tolerance: u32) -> bool {
        match (self, other) {
            (Self::Level(a), Self::Level(b)) => a == b || (*a != Db::OFF && *b != Db::OFF && a.0.abs_diff(b.0) <= tolerance),
            (Self::Decimal(a), Self::Decimal(b)) => a.abs_diff(*b) <= u64::from(tolerance),
            // A stop that names no clip is done when the player stands, whatever it still has loaded.
            (Self::Transport(a), Self::Transport(b)) if !a.playing && !b.playing => {
                a.clip.is_none() || b.clip.is_none() || a.clip == b.clip
            }
            (a, b) => a == b,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Switch(on) => f.write_str(if *on { "on" } else { "off" }),
            Self::Int(n) => write!(f, "{n}"),
            Self::Level(db) => write!(f, "{db}"),
            Self::Decimal(micro) => {
                let sign = if *micro < 0 { "-" } else { "" };
                let text = format!("{}.{:06}", micro.unsigned_abs() / 1_000_000, micro.unsigned_abs() % 1_000_000);
                write!(f, "{sign}{}", text.trim_end_matches('0').trim_end_matches('.'))
            }
            Self::Text(text) => f.write_str(text),
            Self::Transport(t) => {
                let clip = t.clip.as_deref().unwrap_or("nothing");
                let verb = if t.playing { "playing" } else { "stopped" };
                write!(f, "{clip} {verb}{}", if t.looping { " in a loop" } else { "" })
            }
            Self::Args(values) => {
                for (i, value) in values.iter().enumerate() {
                    if i > 0 {
                        f.write_str(" ")?;
                    }
                    write!(f, "{value}")?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_read_and_print() {
        for (text, milli) in [("-10 dB", -10_000), ("+3.5dB", 3500), ("0 dB", 0), ("-0.25 dB", -250)] {
            assert_eq!(Db::parse(text), Ok(Db(milli)), "{text}");
        }
        assert_eq!(Db::parse("-inf dB"), Ok(Db::OFF));
        assert!(Db::parse("-10").is_err());
        assert!(Db::parse("loud dB").is_err());
        assert_eq!(Db(-500).to_string(), "-0.5 dB");
    }

    #[test]
    fn off_is_only_the_same_as_off() {
        assert!(Value::Level(Db::OFF).same(&Value::Level(Db::OFF), 0));
        assert!(!Value::Level(Db::OFF).same(&Value::Level(Db(-90_000)), u32::MAX));
        assert!(Value::Level(Db(-10_000)).same(&Value::Level(Db(-10_040)), 50));
        assert!(!Value::Int(1).same(&Value::Decimal(1_000_000), u32::MAX));
    }

    #[test]
    fn a_player_that_stands_is_stopped_whatever_it_has_loaded() {
        let player = |clip: Option<&str>, looping, playing| Value::Transport(Transport { clip: clip.map(Arc::from), looping, playing });
        assert!(player(None, false, false).same(&player(Some("loop"), true, false), 0));
        assert!(!player(None, false, false).same(&player(Some("loop"), true, true), 0));
        assert!(!player(Some("a"), false, false).same(&player(Some("b"), false, false), 0));
        assert!(!player(Some("a"), true, true).same(&player(Some("a"), false, true), 0));
    }
}
