//! A line as a template, and how a value is written in it.
//!
//! A hole is `{value}`, `{clip}`, a names table of the path (`{output}`), `{option:key}`, `{password}`, `{over_ms}`, `{transition}`, or `{_}`: anything,
//! also nothing. `{value:02}` and `{output:02}` fill up with zeros, `{value:03X}` is hexadecimal. `{{` and `}}` are braces of the line itself.
//! A line may be read from a place in JSON: `{ at = "/result/success", line = "0" }` (a JSON pointer, RFC 6901).

use serde_json::{Map, Value as Json};

use super::request::{self, Part};
use crate::devices::holes::{Holes, Piece, coerced, holds, implied, matched, pieces, player, spoken};
use crate::show::{Db, Value, ValueKind, decimal};

/// Below every level: only the word for silence is off.
const NEVER_OFF: f32 = -1000.0;

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    text: Vec<Piece>,
    /// When it is meant, or what it tells: the words of [`holds`].
    when: Option<String>,
    /// What it tells, whatever stands in it.
    fixed: Option<Value>,
    /// Where in a JSON text it stands.
    at: Option<String>,
    /// A request: what fills its holes is written as its path and its body want it.
    asks: bool,
}

impl Line {
    /// Reads `"line"` or `{ line, when, value, at }`.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn read(json: &Json, known: &Holes) -> Result<Self, String> {
        Self::read_as(json, known, false)
    }

    /// The same for what is sent: over HTTP (`asks`) it is a request, `METHOD /path body`.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn read_as(json: &Json, known: &Holes, asks: bool) -> Result<Self, String> {
        let (text, when, fixed, at) = match json {
            Json::String(text) => (text.as_str(), None, None, None),
            Json::Object(table) => {
                if let Some(stray) = table.keys().find(|key| !matches!(key.as_str(), "line" | "when" | "value" | "at")) {
                    return Err(format!("\"{stray}\" is not a part of a line (line, when, value, at)"));
                }
                let word = |key: &str| table.get(key).and_then(Json::as_str);
                let at = word("at").map(|at| pointer(at, known)).transpose()?;
                let text = word("line").or(at.as_ref().map(|_| "{value}"));
                let text = text.ok_or("a line needs its text: { line = \"…\" }")?;
                (text, word("when").map(str::to_owned), table.get("value").and_then(plain), at)
            }
            other => return Err(format!("a line is \"text\" or {{ line, when, value, at }}, not {other}")),
        };
        let cut = cut(text)?;
        let mut line = Self { text: vec![], when, fixed, at, asks };
        let mut part = Part::default();
        for piece in cut {
            let piece = match piece {
                Piece::Text(text) => Piece::Text(text),
                Piece::Hole(name) => match known_text(&name, known) {
                    Some(text) if asks => Piece::Text(part.escape(&text)),
                    Some(text) => Piece::Text(text),
                    None => Piece::Hole(name),
                },
            };
            match (line.text.last_mut(), piece) {
                (Some(Piece::Text(last)), Piece::Text(text)) => {
                    part.passed(&text);
                    last.push_str(&text);
                }
                (_, piece) => {
                    if let Piece::Text(text) = &piece {
                        part.passed(text);
                    }
                    line.text.push(piece);
                }
            }
        }
        Ok(line)
    }

    /// Reads a line or a list of them; none when there is nothing.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn read_all(json: Option<&Json>, known: &Holes) -> Result<Vec<Self>, String> {
        Self::read_all_as(json, known, false)
    }

    /// The same for what is sent.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn read_all_as(json: Option<&Json>, known: &Holes, asks: bool) -> Result<Vec<Self>, String> {
        match json {
            None => Ok(vec![]),
            Some(Json::Array(list)) => list.iter().map(|json| Self::read_as(json, known, asks)).collect(),
            Some(json) => Ok(vec![Self::read_as(json, known, asks)?]),
        }
    }

    /// Its text up to the first hole.
    #[must_use]
    pub fn head(&self) -> &str {
        match self.text.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    /// Names of its holes, without their forms.
    pub fn holes(&self) -> impl Iterator<Item = &str> {
        self.text.iter().filter_map(|piece| match piece {
            Piece::Hole(name) if name.starts_with("option:") => Some(name.as_str()),
            Piece::Hole(name) => Some(name.split_once(':').map_or(name.as_str(), |(name, _)| name)),
            Piece::Text(_) => None,
        })
    }

    /// True when it tells a value.
    #[must_use]
    pub fn tells(&self) -> bool {
        self.fixed.is_some() || self.when.is_some() || self.holes().any(|hole| matches!(hole, "value" | "clip"))
    }

    /// The line of a value; `None` when it is not meant for it or a hole can not be filled. `{_}` becomes `any`.
    #[must_use]
    pub fn render(&self, holes: &Holes, coding: &Coding, any: &str) -> Option<String> {
        if self.when.as_deref().is_some_and(|when| !holds(when, holes)) {
            return None;
        }
        if self.fixed.as_ref().is_some_and(|fixed| holes.get("value").is_some_and(|value| spoken(value) != spoken(fixed))) {
            return None;
        }
        let mut out = String::new();
        let mut part = Part::default();
        for piece in &self.text {
            let filled = match piece {
                Piece::Text(text) => {
                    part.passed(text);
                    out.push_str(text);
                    continue;
                }
                Piece::Hole(name) if name == "_" => any.to_owned(),
                Piece::Hole(name) => match name.split_once(':') {
                    Some(("value", form)) => shaped(coding.encode(holes.get("value")?)?, form)?,
                    None if name == "value" => coding.encode(holes.get("value")?)?,
                    _ => spoken(holes.get(name.as_str())?),
                },
            };
            out.push_str(&if self.asks { part.escape(&filled) } else { filled });
        }
        // A line end inside a value would be a command of its own.
        let ends = |text: &str| text.matches(['\r', '\n']).count();
        let own = self.text.iter().map(|piece| if let Piece::Text(text) = piece { ends(text) } else { 0 }).sum::<usize>();
        if ends(&out) != own {
            return None;
        }
        Some(match &self.at {
            Some(at) => request::placed(at, &out),
            None => out,
        })
    }

    /// What stands in the holes of a line that is one of these.
    #[must_use]
    pub fn matches(&self, line: &str) -> Option<Holes> {
        // A line end that the template carries itself is cut off on the way.
        let mut text = self.text.clone();
        if let Some(Piece::Text(last)) = text.last_mut() {
            *last = last.trim_end_matches(['\r', '\n']).to_owned();
        }
        text.retain(|piece| *piece != Piece::Text(String::new()));
        let there = self.at.as_ref().map(|at| request::found(at, line).ok_or(())).transpose().ok()?;
        let mut holes = matched(&text, there.as_deref().unwrap_or(line), |name, found| name == "_" || !found.is_empty())?;
        if self.asks {
            let mut part = Part::default();
            for piece in &self.text {
                match piece {
                    Piece::Text(text) => part.passed(text),
                    Piece::Hole(name) => {
                        if let Some(Value::Text(text)) = holes.get_mut(name) {
                            *text = part.unescape(text).into();
                        }
                    }
                }
            }
        }
        Some(holes)
    }

    /// The value that a line tells of a property of this kind.
    #[must_use]
    pub fn says(&self, line: &str, kind: &ValueKind, coding: &Coding, known: Option<&Value>) -> Option<Value> {
        let mut holes = self.matches(line)?;
        if *kind == ValueKind::Transport {
            implied(self.when.as_deref(), &mut holes);
            return Some(player(&holes, known, NEVER_OFF));
        }
        if let Some(fixed) = &self.fixed {
            return coerced(kind, fixed, NEVER_OFF);
        }
        let found = holes.iter().find_map(|(name, found)| match name.split_once(':') {
            Some(("value", form)) => Some((found.clone(), form.to_owned())),
            None if name == "value" => Some((found.clone(), String::new())),
            _ => None,
        });
        match found {
            Some((Value::Text(text), form)) => coding.decode(kind, &text, &form),
            _ => {
                implied(self.when.as_deref(), &mut holes);
                holes.get("value").and_then(|value| coerced(kind, value, NEVER_OFF))
            }
        }
    }
}

/// How a property's value is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coding {
    /// Our word and the wire's: `on` and `1`.
    words: Vec<(String, String)>,
    /// A number is multiplied by this and rounded.
    scale: Option<i64>,
    /// Added after that.
    offset: i64,
    /// The wire's word for a level that is off.
    silent: Option<String>,
}

impl Coding {
    /// Reads `words`, `scale`, `offset` and `silent` of a property's `wire` table.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn read(wire: &Map<String, Json>) -> Result<Self, String> {
        let whole = |key: &str| match wire.get(key) {
            None => Ok(None),
            Some(json) => json.as_i64().map(Some).ok_or_else(|| format!("{key} = {json} is not a whole number")),
        };
        let scale = whole("scale")?;
        if scale == Some(0) {
            return Err("scale = 0 leaves nothing of a value".into());
        }
        let words = match wire.get("words") {
            None => vec![],
            Some(Json::Object(table)) => table.iter().map(|(word, wire)| (word.clone(), text_of(wire))).collect(),
            Some(other) => return Err(format!("words is a table of our word and the device's: {{ on = \"ON\" }}, not {other}")),
        };
        Ok(Self { words, scale, offset: whole("offset")?.unwrap_or_default(), silent: wire.get("silent").map(text_of) })
    }

    /// A value as the wire has it.
    #[must_use]
    pub fn encode(&self, value: &Value) -> Option<String> {
        let name = match value {
            Value::Switch(on) => if *on { "on" } else { "off" }.to_owned(),
            value => spoken(value),
        };
        if let Some((_, wire)) = self.words.iter().find(|(word, _)| *word == name) {
            return Some(wire.clone());
        }
        let scale = i128::from(self.scale.unwrap_or(1));
        let round = |n: i128, unit: i128| (n * scale + unit / 2).div_euclid(unit) + i128::from(self.offset);
        Some(match value {
            Value::Level(db) if *db == Db::OFF => self.silent.clone().unwrap_or(name),
            Value::Level(db) if self.scale.is_some() => round(i128::from(db.0), 1000).to_string(),
            Value::Decimal(micro) if self.scale.is_some() => round(i128::from(*micro), 1_000_000).to_string(),
            Value::Int(n) => round(i128::from(*n), 1).to_string(),
            Value::Transport(_) | Value::Args(_) => return None,
            _ => spoken(value),
        })
    }

    /// A word of the wire as a value of this kind.
    #[must_use]
    pub fn decode(&self, kind: &ValueKind, text: &str, form: &str) -> Option<Value> {
        if let Some((word, _)) = self.words.iter().find(|(_, wire)| wire == text) {
            return coerced(kind, &Value::text(word), NEVER_OFF);
        }
        if !self.words.is_empty() && matches!(kind, ValueKind::Switch | ValueKind::Choice(_)) {
            return None;
        }
        match kind {
            ValueKind::Level { .. } if self.silent.as_deref() == Some(text) => return Some(Value::Level(Db::OFF)),
            ValueKind::Choice(words) => return words.iter().find(|word| &***word == text).map(|word| Value::Text(word.clone())),
            // `05` in a form with zeros is the number 5.
            ValueKind::Text if !form.is_empty() => {
                return Some(text.parse::<u64>().map_or_else(|_| Value::text(text), |number| Value::text(&number.to_string())));
            }
            ValueKind::Text => return Some(Value::text(text)),
            _ => {}
        }
        let number = if form.ends_with(['X', 'x']) {
            i64::from_str_radix(text, 16).ok()?.checked_mul(1_000_000)?
        } else {
            decimal(short(text), 6).or_else(|| decimal(text.trim_start_matches('0'), 6))?
        };
        let scaled = self.scale.is_some() || matches!(kind, ValueKind::Int { .. });
        let number = if scaled { number.checked_sub(self.offset.checked_mul(1_000_000)?)? / self.scale.unwrap_or(1) } else { number };
        coerced(kind, &Value::Decimal(number), NEVER_OFF)
    }
}

/// A number without the digits behind its millionths: a device that counts in binary writes 0.1 as 0.10000000000000001.
fn short(text: &str) -> &str {
    let end = text.find('.').map_or(text.len(), |point| point + 7);
    match text.get(end..) {
        Some(rest) if rest.bytes().all(|byte| byte.is_ascii_digit()) => text.get(..end).unwrap_or(text),
        _ => text,
    }
}

/// What stands in a hole that is known from the start: a name of the path, an option; with its form.
fn known_text(name: &str, known: &Holes) -> Option<String> {
    if let Some(value) = known.get(name) {
        return Some(spoken(value));
    }
    let (name, form) = name.rsplit_once(':')?;
    let text = spoken(known.get(name)?);
    Some(formed(&text, form).unwrap_or(text))
}

/// A JSON pointer, its names filled in.
fn pointer(at: &str, known: &Holes) -> Result<String, String> {
    let text = crate::devices::holes::filled(&pieces(at, known), known).unwrap_or_else(|| at.to_owned());
    if text.starts_with('/') { Ok(text) } else { Err(format!("at = \"{at}\" is no JSON pointer (\"/result/success\")")) }
}

/// Cuts a line at its holes; `{{` and `}}` are braces.
fn cut(text: &str) -> Result<Vec<Piece>, String> {
    let mut out = vec![];
    let (mut plain, mut hole) = (String::new(), None::<String>);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (&mut hole, c) {
            (Some(name), '}') => {
                out.push(Piece::Hole(std::mem::take(name)));
                hole = None;
            }
            (Some(name), c) => name.push(c),
            (None, '{' | '}') if chars.peek() == Some(&c) => {
                chars.next();
                plain.push(c);
            }
            (None, '{') => {
                if !plain.is_empty() {
                    out.push(Piece::Text(std::mem::take(&mut plain)));
                }
                hole = Some(String::new());
            }
            (None, '}') => return Err(format!("\"{text}\" closes a hole that was not opened (a brace itself is written twice)")),
            (None, c) => plain.push(c),
        }
    }
    if hole.is_some() {
        return Err(format!("\"{text}\" has a hole that is not closed (a brace itself is written twice)"));
    }
    if !plain.is_empty() {
        out.push(Piece::Text(plain));
    }
    Ok(out)
}

/// A number in its form: `02` fills up with zeros, `03X` and `3x` are hexadecimal.
fn formed(text: &str, form: &str) -> Option<String> {
    let width = form.trim_end_matches(['X', 'x', 'd']).parse().unwrap_or(0_usize).min(16);
    let number: i64 = text.parse().ok()?;
    match form.chars().last() {
        Some('X') => u64::try_from(number).ok().map(|n| format!("{n:0width$X}")),
        Some('x') => u64::try_from(number).ok().map(|n| format!("{n:0width$x}")),
        _ => Some(format!("{number:0width$}")),
    }
}

/// A value in its form; a word that is no number stands as it is.
fn shaped(text: String, form: &str) -> Option<String> {
    if text.parse::<i64>().is_ok() { formed(&text, form) } else { Some(text) }
}

fn text_of(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

fn plain(json: &Json) -> Option<Value> {
    match json {
        Json::Bool(on) => Some(Value::Switch(*on)),
        Json::Number(n) => n.as_i64().map(Value::Int),
        Json::String(text) => Some(Value::text(text)),
        _ => None,
    }
}
