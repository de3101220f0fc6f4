//! Templates of OSC messages: text with holes, filled to send and matched to read.
//!
//! A hole is `{value}`, a player's `{clip}`, `{loop}` and `{playing}`, a names table of the property's path (`{channel}`), an option
//! of the device (`{option:list}`) or `{password}`. In arguments a hole may say its OSC type: `{value:i}`, `f`, `s`, `d` or `T`.

use rosc::OscType;
use serde_json::Value as Json;

pub use crate::devices::holes::{Holes, Piece, coerced, pieces};
use crate::devices::holes::{filled, holds, implied, spoken};
use crate::show::{Db, Value};

/// One argument.
#[derive(Debug, Clone, PartialEq)]
pub enum Arg {
    /// As it stands.
    Fixed(OscType),
    /// One hole, with its type if it says one.
    Hole(String, Option<char>),
    /// Text with holes inside.
    Text(Vec<Piece>),
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    address: Vec<Piece>,
    args: Vec<Arg>,
    /// Words that must all hold of the value: `on`, `off`, `playing`, `stopped`, `loop`, `once`, or the text itself.
    when: Option<String>,
}

/// Matches an address; what stood in a hole never holds a `/`.
#[must_use]
pub fn matched(pieces: &[Piece], text: &str) -> Option<Holes> {
    crate::devices::holes::matched(pieces, text, |_, found| !found.is_empty() && !found.contains('/'))
}

impl Template {
    /// Reads `"/address"` (the value is its argument if `value_arg`) or `{ address, args, when }`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn read(json: &Json, known: &Holes, value_arg: bool) -> Result<Self, String> {
        let (address, args, when) = match json {
            Json::String(address) => {
                let alone = value_arg && !address.contains("{value}") && !address.contains("{clip}");
                (address, if alone { vec![Arg::Hole("value".into(), None)] } else { vec![] }, None)
            }
            Json::Object(table) => {
                if let Some(stray) = table.keys().find(|key| !matches!(key.as_str(), "address" | "args" | "when")) {
                    return Err(format!("\"{stray}\" is not a part of a message (address, args, when)"));
                }
                let Some(Json::String(address)) = table.get("address") else { return Err("a message needs its address".into()) };
                let args = match table.get("args") {
                    None => vec![],
                    Some(Json::Array(args)) => args.iter().map(|arg| Self::arg(arg, known)).collect::<Result<_, _>>()?,
                    Some(other) => return Err(format!("args is a list, not {other}")),
                };
                (address, args, table.get("when").and_then(Json::as_str).map(str::to_owned))
            }
            other => return Err(format!("a message is \"/address\" or {{ address, args }}, not {other}")),
        };
        if !address.starts_with('/') && !address.starts_with('{') {
            return Err(format!("the address \"{address}\" must begin with /"));
        }
        Ok(Self { address: pieces(address, known), args, when })
    }

    fn arg(json: &Json, known: &Holes) -> Result<Arg, String> {
        Ok(match json {
            Json::Bool(on) => Arg::Fixed(OscType::Bool(*on)),
            Json::Number(n) => match n.as_i64().and_then(|n| i32::try_from(n).ok()) {
                Some(n) => Arg::Fixed(OscType::Int(n)),
                None => Arg::Fixed(OscType::Float(n.as_f64().unwrap_or_default() as f32)),
            },
            Json::String(text) => {
                let hole = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).filter(|name| !name.contains(['{', '}']));
                match hole.map(|hole| hole.rsplit_once(':').filter(|(_, cast)| cast.len() == 1).map_or((hole, ""), |parts| parts)) {
                    Some((_, cast)) if !matches!(cast, "" | "i" | "f" | "s" | "d" | "T") => {
                        return Err(format!("\"{text}\" asks for the OSC type {cast} (i, f, s, d or T)"));
                    }
                    Some((name, cast)) => match known.get(name) {
                        Some(value) => Arg::Fixed(argument(value, cast.chars().next(), 0.0)),
                        None => Arg::Hole(name.to_owned(), cast.chars().next()),
                    },
                    None => Arg::Text(pieces(text, known)),
                }
            }
            other => return Err(format!("{other} can not be an OSC argument")),
        })
    }

    /// The message for these holes; `None` when a hole can not be filled or its `when` does not hold. `off` is the dB of a fader at
    /// its lower end.
    #[must_use]
    pub fn render(&self, holes: &Holes, off: f32) -> Option<(String, Vec<OscType>)> {
        if !self.when.as_deref().is_none_or(|when| holds(when, holes)) {
            return None;
        }
        let mut args = vec![];
        for arg in &self.args {
            args.push(match arg {
                Arg::Fixed(fixed) => fixed.clone(),
                Arg::Hole(name, cast) => match holes.get(name)? {
                    Value::Args(values) => {
                        args.extend(values.iter().map(|value| argument(value, *cast, off)));
                        continue;
                    }
                    value => argument(value, *cast, off),
                },
                Arg::Text(text) => OscType::String(filled(text, holes)?),
            });
        }
        Some((filled(&self.address, holes)?, args))
    }

    /// What a message says, if it is one of these. A `when` of a player or a switch tells its value.
    #[must_use]
    pub fn matches(&self, address: &str, args: &[OscType]) -> Option<Holes> {
        let mut holes = matched(&self.address, address)?;
        for (at, arg) in self.args.iter().enumerate() {
            match arg {
                Arg::Hole(name, _) if name == "value" && self.args.len() == 1 && args.len() != 1 => {
                    holes.insert(name.clone(), Value::Args(args.iter().filter_map(value_of).collect()));
                }
                Arg::Fixed(fixed) if value_of(fixed) == args.get(at).and_then(value_of) => {}
                Arg::Fixed(_) => return None,
                Arg::Hole(name, _) => drop(holes.insert(name.clone(), value_of(args.get(at)?)?)),
                Arg::Text(text) => {
                    let Some(OscType::String(found)) = args.get(at) else { return None };
                    holes.extend(matched(text, found)?);
                }
            }
        }
        implied(self.when.as_deref(), &mut holes);
        Some(holes)
    }
}

/// A value as an argument, in its own OSC type or the one that the template asks for.
#[must_use]
pub fn argument(value: &Value, cast: Option<char>, off: f32) -> OscType {
    let number = match value {
        Value::Switch(on) => Some(f64::from(u8::from(*on))),
        Value::Int(n) => Some(*n as f64),
        Value::Level(db) if *db == Db::OFF => Some(f64::from(off)),
        Value::Level(db) => Some(f64::from(db.0) / 1000.0),
        Value::Decimal(micro) => Some(*micro as f64 / 1e6),
        Value::Text(text) => text.parse().ok(),
        Value::Transport(_) | Value::Args(_) => None,
    };
    match (cast, value, number) {
        (Some('T'), _, Some(n)) => OscType::Bool(n != 0.0),
        (Some('i'), _, Some(n)) => OscType::Int(n.round() as i32),
        (Some('f'), _, Some(n)) => OscType::Float(n as f32),
        (Some('d'), _, Some(n)) => OscType::Double(n),
        (None, Value::Switch(on), _) => OscType::Int(i32::from(*on)),
        (None, Value::Int(n), _) => i32::try_from(*n).map_or(OscType::Long(*n), OscType::Int),
        (None, Value::Level(_) | Value::Decimal(_), Some(n)) => OscType::Float(n as f32),
        _ => OscType::String(spoken(value)),
    }
}

/// An argument as a value of its own kind.
#[must_use]
pub fn value_of(arg: &OscType) -> Option<Value> {
    let micro = |f: f64| f.is_finite().then(|| Value::Decimal((f * 1e6).round() as i64));
    match arg {
        OscType::Int(n) => Some(Value::Int(i64::from(*n))),
        OscType::Long(n) => Some(Value::Int(*n)),
        OscType::Float(f) => micro(f64::from(*f)),
        OscType::Double(f) => micro(*f),
        OscType::String(text) => Some(Value::text(text)),
        OscType::Bool(on) => Some(Value::Switch(*on)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn holes(list: &[(&str, Value)]) -> Holes {
        list.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn what_is_filled_is_found_again() {
        let known = holes(&[("option:list", Value::Int(3))]);
        let template = Template::read(&json!({ "address": "/eos/cue/{option:list}/{value}/fire", "args": [] }), &known, true).unwrap();
        let (address, args) = template.render(&holes(&[("value", Value::text("12.5"))]), -90.0).unwrap();
        assert_eq!((address.as_str(), args.len()), ("/eos/cue/3/12.5/fire", 0));
        assert_eq!(template.matches(&address, &args), Some(holes(&[("value", Value::text("12.5"))])));
        assert_eq!(template.matches("/eos/cue/3/1/2/fire", &[]), None, "a hole is one segment");
    }

    #[test]
    fn arguments_take_the_type_that_is_asked_for() {
        let template =
            Template::read(&json!({ "address": "/x", "args": ["{value:f}", "{value:s}", 1, 0.5, true, "v={value}"] }), &Holes::new(), true);
        let (_, args) = template.unwrap().render(&holes(&[("value", Value::Int(7))]), -90.0).unwrap();
        let text = |text: &str| OscType::String(text.into());
        let wanted = [OscType::Float(7.0), text("7"), OscType::Int(1), OscType::Float(0.5), OscType::Bool(true), text("v=7")];
        assert_eq!(args, wanted);
    }

    #[test]
    fn a_message_with_a_condition_is_left_out_when_it_does_not_hold() {
        let template = Template::read(&json!({ "address": "/loop", "when": "playing loop" }), &Holes::new(), false).unwrap();
        let state = |playing, looping| holes(&[("playing", Value::Switch(playing)), ("loop", Value::Switch(looping))]);
        assert!(template.render(&state(true, true), 0.0).is_some());
        assert!(template.render(&state(true, false), 0.0).is_none());
        assert_eq!(template.matches("/loop", &[]), Some(state(true, true)));
    }

    #[test]
    fn faults_of_a_template_are_told() {
        for bad in [
            json!("no-slash"),
            json!({ "args": [] }),
            json!({ "address": "/x", "arg": 1 }),
            json!(3),
            json!({ "address": "/x", "args": ["{value:q}"] }),
        ] {
            assert!(Template::read(&bad, &Holes::new(), true).is_err(), "{bad}");
        }
    }
}
