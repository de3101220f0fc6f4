//! Text with holes, shared by the families whose messages are templates in a profile: cut, filled, matched, and what was found as a value.

use std::collections::BTreeMap;

use crate::show::{Db, Transport, Value, ValueKind};

/// A piece of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Text(String),
    /// Filled or captured.
    Hole(String),
}

/// What was found in the holes, or fills them.
pub type Holes = BTreeMap<String, Value>;

/// Cuts text at its holes; those of `known` are filled at once.
#[must_use]
pub fn pieces(text: &str, known: &Holes) -> Vec<Piece> {
    let mut out: Vec<Piece> = vec![];
    let push = |out: &mut Vec<Piece>, text: &str| match out.last_mut() {
        Some(Piece::Text(last)) => last.push_str(text),
        _ if text.is_empty() => {}
        _ => out.push(Piece::Text(text.to_owned())),
    };
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once('{') {
        push(&mut out, head);
        let Some((name, after)) = tail.split_once('}') else {
            push(&mut out, tail);
            return out;
        };
        match known.get(name) {
            Some(value) => push(&mut out, &spoken(value)),
            None => out.push(Piece::Hole(name.to_owned())),
        }
        rest = after;
    }
    push(&mut out, rest);
    out
}

/// Text with its holes filled; `None` when one can not be.
#[must_use]
pub fn filled(pieces: &[Piece], holes: &Holes) -> Option<String> {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Hole(name) => out.push_str(&spoken(holes.get(name)?)),
        }
    }
    Some(out)
}

/// Matches text; `fits` says of a hole whether it can have held this.
#[must_use]
pub fn matched(pieces: &[Piece], text: &str, fits: impl Fn(&str, &str) -> bool) -> Option<Holes> {
    let mut holes = Holes::new();
    let mut rest = text;
    let mut at = pieces.iter().peekable();
    while let Some(piece) = at.next() {
        match piece {
            Piece::Text(text) => rest = rest.strip_prefix(text.as_str())?,
            Piece::Hole(name) => {
                let end = match at.peek() {
                    Some(Piece::Text(next)) => rest.find(next.as_str())?,
                    _ => rest.len(),
                };
                let (found, tail) = rest.split_at_checked(end)?;
                if !fits(name, found) {
                    return None;
                }
                holes.insert(name.clone(), Value::text(found));
                rest = tail;
            }
        }
    }
    rest.is_empty().then_some(holes)
}

/// Whether all words of a `when` hold: `on`, `off`, `playing`, `stopped`, `loop`, `once`, `timed` and `untimed` (whether the step says how long
/// it takes), the kind of the transition (`cut` without one), or the value's own text.
#[must_use]
pub fn holds(when: &str, holes: &Holes) -> bool {
    when.split(' ').all(|word| word_holds(word, holes))
}

/// What a `when` tells of the value whose message came.
pub fn implied(when: Option<&str>, holes: &mut Holes) {
    for word in when.unwrap_or_default().split(' ') {
        let (name, value) = match word {
            "on" | "off" => ("value", word == "on"),
            "playing" | "stopped" => ("playing", word == "playing"),
            "loop" | "once" => ("loop", word == "loop"),
            _ => continue,
        };
        holes.insert(name.to_owned(), Value::Switch(value));
    }
}

fn word_holds(word: &str, holes: &Holes) -> bool {
    let is = |name: &str, on: bool| holes.get(name) == Some(&Value::Switch(on));
    match word {
        "on" | "off" => is("value", word == "on"),
        "playing" | "stopped" => is("playing", word == "playing"),
        "loop" | "once" => is("loop", word == "loop"),
        "timed" | "untimed" => is("timed", word == "timed"),
        text => ["value", "transition"].iter().any(|hole| holes.get(*hole).is_some_and(|value| spoken(value) == text)),
    }
}

/// A value inside an address or a text.
#[must_use]
pub fn spoken(value: &Value) -> String {
    match value {
        Value::Switch(on) => u8::from(*on).to_string(),
        Value::Level(db) if *db == Db::OFF => "-inf".into(),
        Value::Level(db) => Value::Decimal(i64::from(db.0) * 1000).to_string(),
        other => other.to_string(),
    }
}

/// A found value as the property's kind holds it. `off`: this dB and below are off.
#[must_use]
pub fn coerced(kind: &ValueKind, value: &Value, off: f32) -> Option<Value> {
    let number = match value {
        Value::Switch(on) => Some(i64::from(*on) * 1_000_000),
        Value::Int(n) => n.checked_mul(1_000_000),
        Value::Decimal(micro) => Some(*micro),
        Value::Text(text) => crate::show::decimal(text, 6),
        _ => None,
    };
    match kind {
        ValueKind::Switch => match value {
            Value::Text(text) => match &*text.to_ascii_lowercase() {
                "on" | "true" | "1" => Some(Value::Switch(true)),
                "off" | "false" | "0" => Some(Value::Switch(false)),
                _ => None,
            },
            _ => number.map(|n| Value::Switch(n != 0)),
        },
        ValueKind::Int { .. } => number.map(|n| Value::Int(n / 1_000_000)),
        ValueKind::Decimal { .. } => number.map(Value::Decimal),
        ValueKind::Level { .. } if matches!(value, Value::Text(text) if &**text == "-inf") => Some(Value::Level(Db::OFF)),
        ValueKind::Level { .. } => {
            let milli = i32::try_from(number?.checked_add(500)?.div_euclid(1000)).ok()?;
            let is_off = f64::from(milli) <= f64::from(off) * 1000.0;
            Some(Value::Level(if is_off { Db::OFF } else { Db(milli) }))
        }
        ValueKind::Text | ValueKind::Choice(_) => Some(Value::Text(spoken(value).into())),
        ValueKind::Args => Some(value.clone()),
        ValueKind::Transport => None,
    }
}

/// The holes of a value: `{value}`, and a player's parts.
#[must_use]
pub fn holes_of(value: &Value) -> Holes {
    let mut holes = Holes::new();
    if let Value::Transport(player) = value {
        if let Some(clip) = &player.clip {
            holes.insert("clip".into(), Value::Text(clip.clone()));
        }
        holes.insert("loop".into(), Value::Switch(player.looping));
        holes.insert("playing".into(), Value::Switch(player.playing));
    } else {
        holes.insert("value".into(), value.clone());
    }
    holes
}

/// A player as the holes say it; what they do not say stays as it was known.
#[must_use]
pub fn player(holes: &Holes, known: Option<&Value>, off: f32) -> Value {
    let before = match known {
        Some(Value::Transport(before)) => before.clone(),
        _ => Transport { clip: None, looping: false, playing: false },
    };
    let switch = |name: &str, before: bool| match holes.get(name).and_then(|value| coerced(&ValueKind::Switch, value, off)) {
        Some(Value::Switch(on)) => on,
        _ => before,
    };
    let clip = match holes.get("clip").and_then(|value| coerced(&ValueKind::Text, value, off)) {
        Some(Value::Text(clip)) => Some(clip),
        _ => before.clip,
    };
    Value::Transport(Transport { clip, looping: switch("loop", before.looping), playing: switch("playing", before.playing) })
}

/// What a device holds before anybody touched it.
#[must_use]
pub fn at_rest(kind: &ValueKind) -> Value {
    match kind {
        ValueKind::Switch => Value::Switch(false),
        ValueKind::Int { min, .. } => Value::Int(*min),
        ValueKind::Level { min, max } => Value::Level(Db(0.clamp(*min, *max))),
        ValueKind::Decimal { min, .. } => Value::Decimal(*min),
        ValueKind::Text => Value::text(""),
        ValueKind::Choice(words) => words.first().cloned().map_or_else(|| Value::text(""), Value::Text),
        ValueKind::Transport => Value::Transport(Transport { clip: None, looping: false, playing: false }),
        ValueKind::Args => Value::Args([].into()),
    }
}
