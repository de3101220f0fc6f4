//! Messages as a profile writes them: bytes in hex with holes, `Bn 63 {channel:msb} Bn 62 {channel:lsb} Bn 06 {value}`.
//! The same text makes a message of a value and reads a value out of a message.
//!
//! | piece | is |
//! |---|---|
//! | `F0` | this byte |
//! | `9n`, `Bn+4` | a channel message on the device's own channel, or on one above it |
//! | `{control}` | a name's number, 0 to 127; `{control+32}` adds to it |
//! | `{value:msb}` `{value:lsb}` | upper and lower seven bits of 14 |
//! | `{cue:text}` | ASCII text; the fields of MIDI Show Control are numbers with points |
//! | `{value:7F/3F}` | a switch: on, off; read back, everything above the lesser of the two counts as the greater |
//! | `{value:time}` | `01:02:03:04`: hours with the rate, minutes, seconds, frames |
//! | `{message:hex}` | whole messages, as the show writes them |

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::show::{Db, Transport, Value, ValueKind};

/// What fills holes other than the value.
pub type Holes = BTreeMap<String, Arc<str>>;

/// What a device is set to: its channel, the rate bits of its time codes, its fader law.
#[derive(Debug, Clone, Default)]
pub struct Ground {
    /// Channel from 0.
    pub channel: u8,
    /// 0: 24, 1: 25, 2: 29.97 drop frame, 3: 30 frames a second.
    pub rate: u8,
    /// Thousandths of a dB and the number on the wire, rising in both; off is 0.
    pub scale: Vec<(i64, i64)>,
}

/// One message text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Byte(u8),
    /// Upper four bits and what is added to the device's channel.
    Channel(u8, u8),
    Hole {
        name: Arc<str>,
        add: i64,
        part: Part,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Low,
    Msb,
    Lsb,
    Text,
    Time,
    Hex,
    Switch { on: u8, off: u8 },
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// Names the piece that is not one, and how pieces are written.
    pub fn parse(text: &str) -> Result<Self, String> {
        let pieces: Vec<Piece> = text.split_whitespace().map(piece).collect::<Result<_, _>>()?;
        if pieces.is_empty() {
            return Err("a message has no bytes (\"Bn 07 {value}\")".into());
        }
        Ok(Self { pieces })
    }

    /// The names of its holes, the value's among them.
    pub fn holes(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hole { name, .. } => Some(&**name),
            _ => None,
        })
    }

    /// The bytes of a value; `None` when a hole can not be filled (a number past its bits, a text that is no time).
    #[must_use]
    pub fn render(&self, holes: &Holes, value: Option<&Value>, ground: &Ground) -> Option<Vec<u8>> {
        let mut bytes = vec![];
        for piece in &self.pieces {
            match piece {
                Piece::Byte(byte) => bytes.push(*byte),
                Piece::Channel(high, add) => bytes.push(high | ((ground.channel + add) & 0x0F)),
                Piece::Hole { name, add, part } if &**name == "value" => match (value?, part) {
                    (Value::Switch(is_on), Part::Switch { on, off }) => bytes.push(if *is_on { *on } else { *off }),
                    (Value::Text(text), part) => put_text(&mut bytes, text, *part, ground)?,
                    (value, part) => put_number(&mut bytes, number(value, ground)? + add, *part)?,
                },
                Piece::Hole { name, add, part } => {
                    let text = holes.get(&**name)?;
                    match part {
                        Part::Low | Part::Msb | Part::Lsb => put_number(&mut bytes, text.trim().parse::<i64>().ok()? + add, *part)?,
                        part => put_text(&mut bytes, text, *part, ground)?,
                    }
                }
            }
        }
        super::codec::whole(&bytes).then_some(bytes)
    }

    /// Reads `bytes` as this message. `None`: they are another one; `Some(None)`: they are this one, and it carries no value.
    #[must_use]
    pub fn read(&self, holes: &Holes, bytes: &[u8], kind: &ValueKind, ground: &Ground) -> Option<Option<Value>> {
        let (mut rest, mut found, mut word) = (bytes, None::<i64>, None);
        for piece in &self.pieces {
            let Piece::Hole { name, add, part } = piece else {
                let want = match piece {
                    Piece::Channel(high, add) => high | ((ground.channel + add) & 0x0F),
                    Piece::Byte(byte) => *byte,
                    Piece::Hole { .. } => return None,
                };
                rest = rest.strip_prefix(&[want])?;
                continue;
            };
            if &**name != "value" {
                let own = Self { pieces: vec![piece.clone()] };
                rest = rest.strip_prefix(own.raw(holes, ground)?.as_slice())?;
                continue;
            }
            let (first, after) = rest.split_first()?;
            let low = i64::from(*first);
            match part {
                Part::Low => found = Some(low - add),
                Part::Msb => found = Some(found.unwrap_or(0) + (low << 7)),
                Part::Lsb => found = Some(found.unwrap_or(0) + low),
                Part::Switch { on, off } => word = Some(Value::Switch(switch(*first, *on, *off)?)),
                Part::Text | Part::Time | Part::Hex => {
                    let (text, tail) = take_text(rest, *part)?;
                    word = Some(Value::Text(text.into()));
                    rest = tail;
                    continue;
                }
            }
            rest = after;
        }
        if !rest.is_empty() {
            return None;
        }
        match (word, found) {
            (Some(word), _) => Some(Some(word)),
            (None, Some(number)) => Some(Some(valued(number, kind, ground)?)),
            (None, None) => Some(None),
        }
    }

    /// How many bytes a message of fixed length has at the end of a stream; `None` where a text makes it open.
    #[must_use]
    pub fn length(&self) -> Option<usize> {
        let open = |piece: &Piece| matches!(piece, Piece::Hole { part: Part::Text | Part::Time | Part::Hex, .. });
        (!self.pieces.iter().any(open)).then_some(self.pieces.len())
    }

    /// The bytes of the pieces without the value, whole or not.
    fn raw(&self, holes: &Holes, ground: &Ground) -> Option<Vec<u8>> {
        let mut bytes = vec![];
        for piece in &self.pieces {
            let Piece::Hole { name, add, part } = piece else { return None };
            let text = holes.get(&**name)?;
            match part {
                Part::Low | Part::Msb | Part::Lsb => put_number(&mut bytes, text.trim().parse::<i64>().ok()? + add, *part)?,
                part => put_text(&mut bytes, text, *part, ground)?,
            }
        }
        Some(bytes)
    }
}

fn piece(text: &str) -> Result<Piece, String> {
    let wrong = || {
        format!("\"{text}\" is no piece of a message (hex \"F0\", a channel \"9n\" or \"9n+4\", a hole \"{{value}}\" or \"{{name:msb}}\")")
    };
    if let Some(hole) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        let (name, part) = match hole.strip_prefix("option:") {
            Some(rest) => rest.split_once(':').unwrap_or((rest, "")),
            None => hole.split_once(':').unwrap_or((hole, "")),
        };
        let (name, add) = match name.split_once('+') {
            Some((name, add)) => (name, add.parse().map_err(|_| wrong())?),
            None => (name, 0),
        };
        let name = if hole.starts_with("option:") { format!("option:{name}") } else { name.to_owned() };
        return Ok(Piece::Hole { name: name.into(), add, part: part_of(part).ok_or_else(wrong)? });
    }
    if let (Some(high), Some(add)) = (text.get(..1), text.get(1..).and_then(|rest| rest.strip_prefix('n'))) {
        let high = u8::from_str_radix(high, 16).ok().filter(|high| *high < 15).ok_or_else(wrong)?;
        let add = match add.strip_prefix('+') {
            Some(add) => add.parse::<u8>().ok().filter(|add| *add < 16).ok_or_else(wrong)?,
            None if add.is_empty() => 0,
            None => return Err(wrong()),
        };
        return Ok(Piece::Channel(high << 4, add));
    }
    if text.len() != 2 {
        return Err(wrong());
    }
    u8::from_str_radix(text, 16).map(Piece::Byte).map_err(|_| wrong())
}

fn part_of(text: &str) -> Option<Part> {
    Some(match text {
        "" => Part::Low,
        "msb" => Part::Msb,
        "lsb" => Part::Lsb,
        "text" => Part::Text,
        "time" => Part::Time,
        "hex" => Part::Hex,
        pair => {
            let (on, off) = pair.split_once('/')?;
            let byte = |text| u8::from_str_radix(text, 16).ok().filter(|byte| *byte < 0x80);
            Part::Switch { on: byte(on)?, off: byte(off)? }
        }
    })
}

/// What a switch's byte says; 0 says nothing where it is neither of the two (a note's end).
fn switch(byte: u8, on: u8, off: u8) -> Option<bool> {
    if byte == 0 && on != 0 && off != 0 {
        return None;
    }
    Some(if on > off { byte > off } else { byte <= on })
}

fn put_number(bytes: &mut Vec<u8>, number: i64, part: Part) -> Option<()> {
    let number = u16::try_from(number).ok().filter(|number| *number < 0x4000)?;
    let (high, low) = (u8::try_from(number >> 7).ok()?, u8::try_from(number & 0x7F).ok()?);
    match part {
        Part::Low if high == 0 => bytes.push(low),
        Part::Msb => bytes.push(high),
        Part::Lsb => bytes.push(low),
        _ => return None,
    }
    Some(())
}

fn put_text(bytes: &mut Vec<u8>, text: &str, part: Part, ground: &Ground) -> Option<()> {
    match part {
        Part::Text if text.bytes().all(|byte| (0x20..0x7F).contains(&byte)) => bytes.extend(text.bytes()),
        Part::Time => {
            let fields: Vec<u8> = text.split([':', ';', '.']).map(|field| field.parse().ok()).collect::<Option<_>>()?;
            let [hours @ 0..24, minutes @ 0..60, seconds @ 0..60, frames @ 0..30] = fields[..] else { return None };
            bytes.extend([hours | (ground.rate << 5), minutes, seconds, frames]);
        }
        Part::Hex => {
            for pair in text.split_whitespace() {
                bytes.push(u8::from_str_radix(pair, 16).ok()?);
            }
        }
        _ => return None,
    }
    Some(())
}

fn take_text(bytes: &[u8], part: Part) -> Option<(String, &[u8])> {
    if part == Part::Time {
        let [hours, minutes, seconds, frames, rest @ ..] = bytes else { return None };
        return Some((format!("{:02}:{minutes:02}:{seconds:02}:{frames:02}", hours & 0x1F), rest));
    }
    let end = bytes.iter().position(|byte| !(0x20..0x7F).contains(byte)).unwrap_or(bytes.len());
    let (text, rest) = bytes.split_at(end);
    Some((String::from_utf8_lossy(text).into_owned(), rest))
}

/// A value as the number on the wire.
fn number(value: &Value, ground: &Ground) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Switch(on) => Some(if *on { 127 } else { 0 }),
        Value::Decimal(micro) => Some((micro * 127 + 500_000) / 1_000_000),
        Value::Level(db) if *db == Db::OFF => Some(0),
        Value::Level(db) => between(&ground.scale, i64::from(db.0), |point| point),
        _ => None,
    }
}

/// The number on the wire as a value.
fn valued(number: i64, kind: &ValueKind, ground: &Ground) -> Option<Value> {
    Some(match kind {
        ValueKind::Switch => Value::Switch(number >= 64),
        ValueKind::Int { .. } => Value::Int(number),
        ValueKind::Decimal { .. } => Value::Decimal(number * 1_000_000 / 127),
        ValueKind::Level { min, .. } => {
            let milli = between(&ground.scale, number, |(db, wire)| (wire, db)).and_then(|milli| i32::try_from(milli).ok())?;
            Value::Level(if number == 0 || milli < *min { Db::OFF } else { Db(milli) })
        }
        ValueKind::Transport => Value::Transport(Transport { clip: None, looping: false, playing: number != 0 }),
        _ => return None,
    })
}

/// The place between two points of a scale, rounded; past its ends, the ends.
fn between(scale: &[(i64, i64)], place: i64, turned: impl Fn((i64, i64)) -> (i64, i64)) -> Option<i64> {
    let mut before: Option<(i64, i64)> = None;
    for point in scale {
        let (x, y) = turned(*point);
        if place <= x {
            let Some((x0, y0)) = before else { return Some(y) };
            let (rise, run) = ((place - x0) * (y - y0), (x - x0).max(1));
            return Some(y0 + (rise + run / 2).div_euclid(run));
        }
        before = Some((x, y));
    }
    before.map(|(_, y)| y)
}
