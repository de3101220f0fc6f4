//! What a device's messages say of a property: `observe` in a profile.
//!
//! `"/fader/{channel}"` takes its first argument; `"/active/{value}"` takes the hole; a table says more:
//! `{ address, arg = 1 }`, `{ address, value = true }`, `{ address, json = "data" }` (a member of the JSON text in the first argument), and for
//! a player `{ address, clip = 0, loop = 1, playing = 2 }`, each the place of an argument or a fixed value.

use std::sync::Arc;

use rosc::OscType;
use serde_json::Value as Json;

use super::template::{Holes, Piece, Template, argument, coerced, matched, pieces, value_of};
use crate::devices::holes::player;
use crate::show::{Transport, Value, ValueKind};

/// One pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct Observe {
    address: Vec<Piece>,
    what: What,
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    /// The hole in the address.
    Hole,
    /// An argument.
    Arg(usize),
    /// The message itself says it.
    Fixed(Value),
    /// A member of the JSON text in the first argument.
    Json(String),
    /// A player.
    Player { clip: Part, looping: Part, playing: Part },
}

/// One part of a player.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    /// As it was.
    Keep,
    /// An argument.
    Arg(usize),
    /// Always this.
    Fixed(Value),
}

impl Observe {
    /// Reads a pattern or a list of them.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn read_all(json: Option<&Json>, known: &Holes) -> Result<Vec<Self>, String> {
        match json {
            None => Ok(vec![]),
            Some(Json::Array(list)) => list.iter().map(|one| Self::read(one, known)).collect(),
            Some(one) => Ok(vec![Self::read(one, known)?]),
        }
    }

    /// Reads one pattern.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn read(json: &Json, known: &Holes) -> Result<Self, String> {
        let (address, what) = match json {
            Json::String(address) => (address, None),
            Json::Object(table) => {
                const KEYS: [&str; 7] = ["address", "arg", "value", "json", "clip", "loop", "playing"];
                if let Some(stray) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
                    return Err(format!("\"{stray}\" is not a part of an observation ({})", KEYS.join(", ")));
                }
                let Some(Json::String(address)) = table.get("address") else { return Err("an observation needs its address".into()) };
                let part =
                    |key: &str| table.get(key).map_or(Part::Keep, |json| place(json).map_or_else(|| Part::Fixed(plain(json)), Part::Arg));
                let what = if let Some(fixed) = table.get("value") {
                    Some(What::Fixed(plain(fixed)))
                } else if let Some(member) = table.get("json").and_then(Json::as_str) {
                    Some(What::Json(member.to_owned()))
                } else if table.contains_key("playing") || table.contains_key("clip") {
                    Some(What::Player { clip: part("clip"), looping: part("loop"), playing: part("playing") })
                } else {
                    table.get("arg").and_then(place).map(What::Arg)
                };
                (address, what)
            }
            other => return Err(format!("an observation is \"/address\" or a table, not {other}")),
        };
        if !address.starts_with('/') && !address.starts_with('{') {
            return Err(format!("the address \"{address}\" must begin with /"));
        }
        let address = pieces(address, known);
        let hole = address.iter().any(|piece| matches!(piece, Piece::Hole(name) if name == "value"));
        Ok(Self { what: what.unwrap_or(if hole { What::Hole } else { What::Arg(0) }), address })
    }

    /// What a message says of a property of this kind; `None`: nothing.
    #[must_use]
    pub fn says(&self, address: &str, args: &[OscType], kind: &ValueKind, known: Option<&Value>, off: f32) -> Option<Value> {
        let holes = matched(&self.address, address)?;
        let arg = |at: usize| args.get(at).and_then(value_of);
        let found = match &self.what {
            What::Hole => holes.get("value")?.clone(),
            What::Arg(at) => arg(*at)?,
            What::Fixed(value) => value.clone(),
            What::Json(member) => {
                let Some(OscType::String(text)) = args.first() else { return None };
                plain(serde_json::from_str::<Json>(text).ok()?.get(member)?)
            }
            What::Player { clip, looping, playing } => {
                let before = match known {
                    Some(Value::Transport(before)) => before.clone(),
                    _ => Transport { clip: None, looping: false, playing: false },
                };
                let part = |part: &Part| match part {
                    Part::Keep => None,
                    Part::Arg(at) => arg(*at),
                    Part::Fixed(value) => Some(value.clone()),
                };
                let switch = |found: Option<Value>, before: bool| match found.and_then(|value| coerced(&ValueKind::Switch, &value, off)) {
                    Some(Value::Switch(on)) => on,
                    _ => before,
                };
                let clip = match part(clip).and_then(|value| coerced(&ValueKind::Text, &value, off)) {
                    Some(Value::Text(clip)) => Some(clip).filter(|clip| !clip.is_empty()),
                    _ => before.clip,
                };
                let (looping, playing) = (switch(part(looping), before.looping), switch(part(playing), before.playing));
                return Some(Value::Transport(Transport { clip, looping, playing }));
            }
        };
        coerced(kind, &found, off)
    }

    /// The message by which a device tells this value: the simulator's voice. `None` when this pattern can not tell it.
    #[must_use]
    pub fn tell(&self, value: &Value, off: f32) -> Option<(String, Vec<OscType>)> {
        let mut address = String::new();
        for piece in &self.address {
            match piece {
                Piece::Text(text) => address.push_str(text),
                Piece::Hole(_) => match argument(value, Some('s'), off) {
                    OscType::String(text) if !text.is_empty() => address.push_str(&text),
                    _ => return None,
                },
            }
        }
        let mut args = vec![];
        let mut put = |at: usize, value: OscType| {
            args.resize_with(args.len().max(at + 1), || OscType::Int(0));
            if let Some(place) = args.get_mut(at) {
                *place = value;
            }
        };
        match (&self.what, value) {
            (What::Hole, _) => {}
            (What::Arg(at), value) => put(*at, argument(value, None, off)),
            (What::Fixed(fixed), value) if fixed == value => {}
            (What::Json(member), value) => {
                put(0, OscType::String(serde_json::json!({ "status": "ok", member: json_of(value) }).to_string()))
            }
            (What::Player { clip, looping, playing }, Value::Transport(now)) => {
                let parts = [
                    (clip, Value::Text(now.clip.clone().unwrap_or_else(|| Arc::from("")))),
                    (looping, Value::Switch(now.looping)),
                    (playing, Value::Switch(now.playing)),
                ];
                for (part, value) in parts {
                    match part {
                        Part::Keep => {}
                        Part::Arg(at) => put(*at, argument(&value, None, off)),
                        Part::Fixed(fixed) if *fixed == value => {}
                        Part::Fixed(_) => return None,
                    }
                }
            }
            _ => return None,
        }
        Some((address, args))
    }
}

/// The value that a received message asks for: the simulator's ear.
#[must_use]
pub fn heard(template: &Template, address: &str, args: &[OscType], kind: &ValueKind, known: Option<&Value>, off: f32) -> Option<Value> {
    let holes = template.matches(address, args)?;
    if *kind != ValueKind::Transport {
        return match holes.get("value") {
            Some(value) => coerced(kind, value, off),
            None => Some(Value::Switch(true)),
        };
    }
    Some(player(&holes, known, off))
}

fn place(json: &Json) -> Option<usize> {
    json.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| *n < 64)
}

fn plain(json: &Json) -> Value {
    match json {
        Json::Bool(on) => Value::Switch(*on),
        Json::Number(n) => n.as_i64().map_or_else(|| Value::Decimal((n.as_f64().unwrap_or_default() * 1e6).round() as i64), Value::Int),
        Json::String(text) => Value::text(text),
        other => Value::text(&other.to_string()),
    }
}

fn json_of(value: &Value) -> Json {
    match value {
        Value::Switch(on) => Json::Bool(*on),
        Value::Int(n) => Json::from(*n),
        other => Json::from(other.to_string()),
    }
}
