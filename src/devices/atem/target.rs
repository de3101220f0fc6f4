//! What a property's path means: its place in the switcher's state, and the command that sets it.

use super::packet::put;
use super::state::{Player, State, V8_0, V8_0_1};
use crate::show::Value;

/// A property of a switcher. People count from 1 in paths; here and on the wire everything counts from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// `me/1/program`
    Program(u8),
    /// `me/1/preview`
    Preview(u8),
    /// `me/1/cut`
    Cut(u8),
    /// `me/1/auto`
    Auto(u8),
    /// `me/1/black`
    Black(u8),
    /// `me/1/key/2/on`
    KeyOn(u8, u8),
    /// `me/1/key/2/type`
    KeyType(u8, u8),
    /// `aux/1`
    Aux(u8),
    /// `dsk/1/on`
    DskOn(u8),
    /// `dsk/1/tie`
    DskTie(u8),
    /// `dsk/1/auto`
    DskAuto(u8),
    /// `macro/1`
    Macro(u16),
    /// `macro/stop`
    MacroStop,
    /// `player/1`
    Player(u8),
    /// `supersource/1/box/2`
    SuperBox(u8, u8),
    /// `audio/1`; audio inputs have no order to count, so this is the wire's own number
    Audio(u16),
    /// `stream`
    Stream,
    /// `record`
    Record,
}

/// Types of an upstream key, in the wire's order.
pub const KEY_TYPES: [&str; 4] = ["luma", "chroma", "pattern", "dve"];
/// Options of an audio input, in the wire's order of the classic mixer.
pub const AUDIO: [&str; 3] = ["off", "on", "follow"];
/// No macro: the index of a macro command that concerns none.
const NO_MACRO: [u8; 2] = [0xFF, 0xFF];

impl Target {
    /// Reads a path.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').collect();
        let small = |text: &str| text.parse::<u8>().ok()?.checked_sub(1);
        Some(match parts.as_slice() {
            ["me", me, "program"] => Self::Program(small(me)?),
            ["me", me, "preview"] => Self::Preview(small(me)?),
            ["me", me, "cut"] => Self::Cut(small(me)?),
            ["me", me, "auto"] => Self::Auto(small(me)?),
            ["me", me, "black"] => Self::Black(small(me)?),
            ["me", me, "key", key, "on"] => Self::KeyOn(small(me)?, small(key).filter(|key| *key < 4)?),
            ["me", me, "key", key, "type"] => Self::KeyType(small(me)?, small(key).filter(|key| *key < 4)?),
            ["aux", aux] => Self::Aux(small(aux)?),
            ["dsk", dsk, "on"] => Self::DskOn(small(dsk)?),
            ["dsk", dsk, "tie"] => Self::DskTie(small(dsk)?),
            ["dsk", dsk, "auto"] => Self::DskAuto(small(dsk)?),
            ["macro", "stop"] => Self::MacroStop,
            ["macro", number] => Self::Macro(number.parse::<u16>().ok()?.checked_sub(1)?),
            ["player", player] => Self::Player(small(player)?),
            ["supersource", which, "box", at] => Self::SuperBox(small(which)?, small(at)?),
            ["audio", input] => Self::Audio(input.parse().ok()?),
            ["stream"] => Self::Stream,
            ["record"] => Self::Record,
            _ => return None,
        })
    }

    /// Done, not held: it must never leave twice.
    #[must_use]
    pub const fn is_momentary(self) -> bool {
        matches!(self, Self::Cut(_) | Self::Auto(_) | Self::DskAuto(_) | Self::Macro(_) | Self::MacroStop)
    }

    /// What is done once shows itself in words that come after it: how many there are. `None`: it may rightly change nothing.
    #[must_use]
    pub fn signs(self, state: &State) -> Option<u32> {
        match self {
            // A cut between one source and itself.
            Self::Cut(me) | Self::Auto(me) => state.mes.get(&me).filter(|me| me.program != me.preview).map(|me| me.words),
            Self::DskAuto(dsk) => state.dsks.get(&dsk).map(|dsk| dsk.words),
            Self::MacroStop => state.macro_runs.map(|_| state.words),
            _ => Some(state.words),
        }
    }

    /// What the switcher holds; `None`: nothing, or it is on its way to another value.
    #[must_use]
    pub fn value(self, state: &State) -> Option<Value> {
        let settled = |me: u8| state.mes.get(&me).filter(|me| !me.moving);
        let source = |source: u16| Value::Int(i64::from(source));
        Some(match self {
            Self::Program(me) => source(settled(me)?.program),
            Self::Preview(me) => source(settled(me)?.preview),
            Self::Black(me) => Value::Switch(state.mes.get(&me).filter(|me| !me.black_moving)?.black),
            Self::KeyOn(me, key) => Value::Switch(state.mes.get(&me).filter(|me| key < me.keyers)?.keys_on & (1 << key) != 0),
            Self::KeyType(me, key) => {
                let kind = *state.mes.get(&me).filter(|me| key < me.keyers)?.key_types.get(usize::from(key))?;
                Value::text(KEY_TYPES.get(usize::from(kind))?)
            }
            Self::Aux(aux) => source(*state.auxes.get(&aux)?),
            Self::DskOn(dsk) => Value::Switch(state.dsks.get(&dsk).filter(|dsk| !dsk.moving)?.on),
            Self::DskTie(dsk) => Value::Switch(state.dsks.get(&dsk)?.tie),
            Self::Player(player) => shown(*state.players.get(&player)?),
            Self::SuperBox(which, at) => source(state.boxes.get(&(which, at)).filter(|at| at.on)?.source),
            Self::Audio(input) => Value::text(AUDIO.get(audio(state, input)?)?),
            Self::Stream => match state.stream? {
                bits if bits & 0x20 != 0 || bits & 0x02 != 0 => return None,
                bits => Value::Switch(bits & 0x04 != 0),
            },
            Self::Record => match state.record?.0 {
                bits if bits & 0x80 != 0 => return None,
                bits => Value::Switch(bits & 1 != 0),
            },
            Self::Cut(_) | Self::Auto(_) | Self::DskAuto(_) | Self::Macro(_) | Self::MacroStop => return None,
        })
    }

    /// Why this switcher can not do that; in an operator's words.
    ///
    /// # Errors
    /// What is missing and what the remedy is.
    pub fn possible(self, value: &Value, state: &State) -> Result<(), String> {
        let has = match self {
            Self::Program(me) | Self::Preview(me) | Self::Cut(me) | Self::Auto(me) | Self::Black(me) => state.mes.contains_key(&me),
            Self::KeyOn(me, key) | Self::KeyType(me, key) => state.mes.get(&me).is_some_and(|me| key < me.keyers),
            Self::Aux(aux) => state.auxes.contains_key(&aux),
            Self::DskOn(dsk) | Self::DskTie(dsk) | Self::DskAuto(dsk) => state.dsks.contains_key(&dsk),
            Self::Macro(at) if !state.macros.contains_key(&at) => {
                return Err(format!(
                    "macro {} of the switcher is empty: record it there, or name another one in the patch",
                    u32::from(at) + 1
                ));
            }
            Self::Macro(_) | Self::MacroStop => true,
            Self::Player(player) => state.players.contains_key(&player),
            Self::SuperBox(which, at) => state.boxes.contains_key(&(which, at)),
            Self::Audio(input) => audio(state, input).is_some(),
            Self::Stream => state.stream.is_some(),
            Self::Record => state.record.is_some(),
        };
        if !has {
            return Err(format!("the {} has no {self}: check the profile and the patch", state.product));
        }
        match (self, value) {
            (Self::Program(_) | Self::Preview(_) | Self::Aux(_) | Self::SuperBox(..), Value::Int(source)) => {
                let known = u16::try_from(*source).is_ok_and(|source| state.sources.contains_key(&source));
                known.then_some(()).ok_or_else(|| format!("the {} has no source {source}: check the device's sources", state.product))
            }
            (Self::Record, Value::Switch(true)) if state.record.is_some_and(|(bits, _)| bits & 0x02 == 0) => {
                Err("the switcher has no disk that it can record to: put one in, or format it".into())
            }
            _ => Ok(()),
        }
    }

    /// Appends the command that makes it so; false: the value does not fit the property.
    pub fn command(self, value: &Value, state: &State, payload: &mut Vec<u8>) -> bool {
        let switch = |value: &Value| if let Value::Switch(on) = value { Some(u8::from(*on)) } else { None };
        let source = |value: &Value| if let Value::Int(n) = value { u16::try_from(*n).ok().map(u16::to_be_bytes) } else { None };
        let mut made = || {
            Some(match self {
                Self::Program(me) => (*b"CPgI", source(value).map(|[a, b]| vec![me, 0, a, b])?),
                Self::Preview(me) => (*b"CPvI", source(value).map(|[a, b]| vec![me, 0, a, b])?),
                Self::Cut(me) => (*b"DCut", vec![me, 0, 0, 0]),
                Self::Auto(me) => (*b"DAut", vec![me, 0, 0, 0]),
                Self::Black(me) => (*b"FtbA", vec![me, 0, 0, 0]),
                Self::KeyOn(me, key) => (*b"CKOn", vec![me, key, switch(value)?, 0]),
                Self::KeyType(me, key) => (*b"CKTp", vec![1, me, key, word(value, &KEY_TYPES)?, 0, 0, 0, 0]),
                Self::Aux(aux) => (*b"CAuS", source(value).map(|[a, b]| vec![1, aux, a, b])?),
                Self::DskOn(dsk) => (*b"CDsL", vec![dsk, switch(value)?, 0, 0]),
                Self::DskTie(dsk) => (*b"CDsT", vec![dsk, switch(value)?, 0, 0]),
                Self::DskAuto(dsk) if state.version >= V8_0_1 => (*b"DDsA", vec![0, dsk, 0, 0]),
                Self::DskAuto(dsk) => (*b"DDsA", vec![dsk, 0, 0, 0]),
                Self::Macro(at) => (*b"MAct", [&at.to_be_bytes()[..], &[0, 0]].concat()),
                Self::MacroStop => (*b"MAct", [&NO_MACRO[..], &[1, 0]].concat()),
                Self::Player(player) => (*b"MPSS", player_command(player, value)?),
                Self::SuperBox(which, at) => (*b"CSBP", box_command(which, at, source(value)?, state)),
                Self::Audio(input) => return audio_command(state, input, word(value, &AUDIO)?, payload),
                Self::Stream => (*b"StrR", vec![switch(value)?, 0, 0, 0]),
                Self::Record => (*b"RcTM", vec![switch(value)?, 0, 0, 0]),
            })
        };
        let Some((name, data)) = made() else { return false };
        if !data.is_empty() {
            put(&name, &data, payload);
        }
        true
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let one = |n: u8| u16::from(n) + 1;
        match *self {
            Self::Program(me) | Self::Preview(me) | Self::Cut(me) | Self::Auto(me) | Self::Black(me) => write!(f, "M/E {}", one(me)),
            Self::KeyOn(me, key) | Self::KeyType(me, key) => write!(f, "upstream key {} on M/E {}", one(key), one(me)),
            Self::Aux(aux) => write!(f, "aux output {}", one(aux)),
            Self::DskOn(dsk) | Self::DskTie(dsk) | Self::DskAuto(dsk) => write!(f, "downstream key {}", one(dsk)),
            Self::Macro(at) => write!(f, "macro {}", u32::from(at) + 1),
            Self::MacroStop => f.write_str("macros"),
            Self::Player(player) => write!(f, "media player {}", one(player)),
            Self::SuperBox(which, at) => write!(f, "box {} of SuperSource {}", one(at), one(which)),
            Self::Audio(input) => write!(f, "audio input {input}"),
            Self::Stream => f.write_str("streaming"),
            Self::Record => f.write_str("recording"),
        }
    }
}

/// The place of a word in its list.
fn word(value: &Value, words: &[&str]) -> Option<u8> {
    let Value::Text(text) = value else { return None };
    u8::try_from(words.iter().position(|word| *word == &**text)?).ok()
}

/// `still 3`, `clip 1`.
fn shown(player: Player) -> Value {
    let (kind, at) = if player.clip { ("clip", player.clip_at) } else { ("still", player.still_at) };
    Value::text(&format!("{kind} {}", u16::from(at) + 1))
}

/// `MPSS`: mask (1 type, 2 still, 4 clip), player, type, still, clip.
fn player_command(player: u8, value: &Value) -> Option<Vec<u8>> {
    let Value::Text(text) = value else { return None };
    let (kind, number) = text.split_once(' ')?;
    let at = number.parse::<u8>().ok()?.checked_sub(1)?;
    Some(match kind {
        "still" => vec![1 | 2, player, 1, at, 0, 0, 0, 0],
        "clip" => vec![1 | 4, player, 2, 0, at, 0, 0, 0],
        _ => return None,
    })
}

/// `CSBP`: mask u16 (1 shown, 2 source), then from version 2.28 on the SuperSource, then box, shown and, on even bytes, the source.
fn box_command(which: u8, at: u8, source: [u8; 2], state: &State) -> Vec<u8> {
    let mut data = if state.version >= V8_0 { vec![0, 3, which, at, 1, 0] } else { vec![0, 3, at, 1] };
    data.extend_from_slice(&source);
    data.resize(24, 0);
    data
}

/// The option of an audio input, in the order of [`AUDIO`]; of several sources of a Fairlight input the first tells.
fn audio(state: &State, input: u16) -> Option<usize> {
    if let Some(option) = state.classic.get(&input) {
        return Some(usize::from(*option));
    }
    let (_, (_, option)) = state.fairlight.range((input, i64::MIN)..=(input, i64::MAX)).next()?;
    Some(option.trailing_zeros() as usize)
}

/// Classic `CAMI`: mask 1, input @2, option @4. Fairlight `CFSP`, for each source of the input: mask u16 0x0100, input @2, source i64 @8,
/// option @44 (1 off, 2 on, 4 follows video). Appends them itself and gives nothing more to append.
fn audio_command(state: &State, input: u16, option: u8, payload: &mut Vec<u8>) -> Option<([u8; 4], Vec<u8>)> {
    let [high, low] = input.to_be_bytes();
    if state.classic.contains_key(&input) {
        return Some((*b"CAMI", vec![1, 0, high, low, option, 0, 0, 0, 0, 0, 0, 0]));
    }
    for (_, source) in state.fairlight.range((input, i64::MIN)..=(input, i64::MAX)).map(|(key, _)| *key) {
        let mut data = vec![1, 0, high, low, 0, 0, 0, 0];
        data.extend_from_slice(&source.to_be_bytes());
        data.resize(44, 0);
        data.extend_from_slice(&[1 << option, 0, 0, 0]);
        put(b"CFSP", &data, payload);
    }
    Some((*b"CFSP", vec![]))
}
