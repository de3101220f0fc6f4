//! Reads a TOML value as a property's value, by what the property can hold.

use std::sync::Arc;

use toml::de::DeValue;

use super::fault::suggestion;
use super::fields::{int_of, kind_of};
use super::{Db, Value, ValueKind, decimal};

/// Reads a value for a property of this kind.
///
/// Levels are written `"-10 dB"`, decimals `0.5` or `"50%"`, switches `true` or `"on"`.
///
/// # Errors
/// Says what the property can hold.
pub fn read_value(kind: &ValueKind, value: &DeValue<'_>) -> Result<Value, String> {
    match (kind, value) {
        (ValueKind::Switch, DeValue::Boolean(on)) => Ok(Value::Switch(*on)),
        (ValueKind::Switch, DeValue::String(word)) if word == "on" || word == "off" => Ok(Value::Switch(word == "on")),
        (ValueKind::Switch, _) => Err(format!("{} does not fit: write true or false", shown(value))),
        (ValueKind::Int { min, max }, _) => match int_of(value) {
            Some(n) if (*min..=*max).contains(&n) => Ok(Value::Int(n)),
            _ => Err(format!("{} does not fit: write a whole number from {min} to {max}", shown(value))),
        },
        (ValueKind::Level { min, max }, DeValue::String(text)) => {
            let db = Db::parse(text)?;
            if db == Db::OFF || (*min..=*max).contains(&db.0) {
                return Ok(Value::Level(db));
            }
            Err(format!("\"{text}\" is outside {} to {}", Db(*min), Db(*max)))
        }
        (ValueKind::Level { .. }, _) => Err(format!("{} is not a level: write \"-10 dB\"", shown(value))),
        (ValueKind::Decimal { min, max }, _) => match read_decimal(value) {
            Some(n) if (*min..=*max).contains(&n) => Ok(Value::Decimal(n)),
            Some(_) => Err(format!("{} is outside {} to {}", shown(value), Value::Decimal(*min), Value::Decimal(*max))),
            None => Err(format!("{} is not a number: write 0.5 or \"50%\"", shown(value))),
        },
        (ValueKind::Text, DeValue::String(text)) => Ok(Value::text(text)),
        (ValueKind::Text, _) => Err(format!("{} is not text: write it in quotes", shown(value))),
        (ValueKind::Choice(words), DeValue::String(text)) if words.iter().any(|word| **word == **text) => Ok(Value::text(text)),
        (ValueKind::Choice(words), _) => {
            let word = shown(value);
            let help = suggestion(word.trim_matches('"'), words.iter().map(|word| &**word)).unwrap_or_default();
            Err(format!("{word} is not one of the choices ({help})"))
        }
        (ValueKind::Args, DeValue::Array(items)) => {
            let values = items.iter().map(|item| read_plain(item.get_ref())).collect::<Result<Arc<[Value]>, String>>();
            values.map(Value::Args)
        }
        (ValueKind::Args, _) => read_plain(value).map(|one| Value::Args(Arc::from([one]))),
        (ValueKind::Transport, _) => Err("a player is moved by play, pause and stop".into()),
    }
}

/// Reads a value where no kind is known: text that is a level is a level, `"50%"` is a decimal.
///
/// # Errors
/// Dates and tables are no values.
pub fn read_plain(value: &DeValue<'_>) -> Result<Value, String> {
    match value {
        DeValue::Boolean(on) => Ok(Value::Switch(*on)),
        DeValue::String(text) => Ok(match (Db::parse(text), text.ends_with('%')) {
            (Ok(db), _) if text.ends_with("dB") => Value::Level(db),
            (_, true) => read_decimal(value).map_or_else(|| Value::text(text), Value::Decimal),
            _ => Value::text(text),
        }),
        DeValue::Integer(_) => int_of(value).map(Value::Int).ok_or_else(|| format!("{} is too large a number", shown(value))),
        DeValue::Float(n) => {
            read_decimal(value).map(Value::Decimal).ok_or_else(|| format!("{n} is not a plain decimal number with at most six places"))
        }
        DeValue::Array(items) => {
            let values = items.iter().map(|item| read_plain(item.get_ref())).collect::<Result<Arc<[Value]>, String>>();
            values.map(Value::Args)
        }
        DeValue::Datetime(_) | DeValue::Table(_) => Err(format!("{} is no value", kind_of(value))),
    }
}

/// A decimal in millionths from `0.5`, `1` or `"50%"`.
#[must_use]
pub fn read_decimal(value: &DeValue<'_>) -> Option<i64> {
    match value {
        DeValue::Float(n) => decimal(n.as_str(), 6),
        DeValue::Integer(_) => int_of(value)?.checked_mul(1_000_000),
        DeValue::String(text) => decimal(text.strip_suffix('%')?.trim_end(), 4),
        _ => None,
    }
}

/// Thousandths of a degree from `"45deg"` or `"-20.5°"`.
#[must_use]
pub fn read_degrees(text: &str) -> Option<i64> {
    let number = ["deg", "°"].iter().find_map(|unit| text.strip_suffix(unit))?;
    decimal(number.trim_end(), 3)
}

/// The value as the file has it, for faults.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("\"{text}\""),
        DeValue::Integer(n) => n.to_string(),
        DeValue::Float(n) => n.to_string(),
        DeValue::Boolean(on) => on.to_string(),
        other => kind_of(other).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(kind: &ValueKind, text: &str) -> Result<Value, String> {
        read_value(kind, DeValue::parse(text).unwrap().get_ref())
    }

    #[test]
    fn degrees_are_read_in_thousandths() {
        assert_eq!(["45deg", "-20.5°", "+3 deg", "0.001deg"].map(read_degrees), [Some(45_000), Some(-20_500), Some(3000), Some(1)]);
        assert_eq!(["45", "deg", "1e3deg", "0.0001deg", "x°"].map(read_degrees), [None; 5]);
    }

    #[test]
    fn a_value_is_read_by_what_the_property_holds() {
        let decimal = ValueKind::Decimal { min: 0, max: 1_000_000 };
        assert_eq!(read(&decimal, "\"50%\""), Ok(Value::Decimal(500_000)));
        assert_eq!(read(&decimal, "0.25"), Ok(Value::Decimal(250_000)));
        assert_eq!(read(&decimal, "1"), Ok(Value::Decimal(1_000_000)));
        assert_eq!(read(&decimal, "2"), Err("2 is outside 0 to 1".into()));
        assert_eq!(read(&ValueKind::Switch, "\"off\""), Ok(Value::Switch(false)));
        assert_eq!(read(&ValueKind::Level { min: -90_000, max: 10_000 }, "\"-inf dB\""), Ok(Value::Level(Db::OFF)));
        assert!(read(&ValueKind::Level { min: -90_000, max: 10_000 }, "\"12 dB\"").is_err());
        assert!(read(&ValueKind::Choice(vec!["udp".into(), "tcp".into()]), "\"tpc\"").unwrap_err().contains("did you mean \"tcp\"?"));
        let args = Value::Args(Arc::from([Value::Int(1), Value::text("a"), Value::Decimal(500_000)]));
        assert_eq!(read(&ValueKind::Args, "[1, \"a\", 0.5]"), Ok(args));
    }
}
