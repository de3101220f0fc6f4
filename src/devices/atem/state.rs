//! What a switcher has told, or what a simulated one holds.

use std::collections::BTreeMap;

use super::packet::{on_at, text_at, u8_at, u16_at, u32_at};

/// Protocol version 2.29 (software 8.0.1): a downstream key tells its direction.
pub const V8_0_1: (u16, u16) = (2, 29);
/// Protocol version 2.28 (software 8.0): several SuperSources.
pub const V8_0: (u16, u16) = (2, 28);

/// A switcher. Keys count from 0, as the wire does.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Protocol version, major and minor.
    pub version: (u16, u16),
    /// The product's name.
    pub product: String,
    /// The model's number.
    pub model: u8,
    /// Video mode, as the switcher numbers them.
    pub mode: u8,
    /// Mix effects.
    pub mes: BTreeMap<u8, Me>,
    /// Downstream keys.
    pub dsks: BTreeMap<u8, Dsk>,
    /// What each auxiliary output shows.
    pub auxes: BTreeMap<u8, u16>,
    /// Sources and their names.
    pub sources: BTreeMap<u16, String>,
    /// Macros that hold something, and their names.
    pub macros: BTreeMap<u16, String>,
    /// The macro that runs.
    pub macro_runs: Option<u16>,
    /// What each media player shows: (1 still or 2 clip, index).
    pub players: BTreeMap<u8, Player>,
    /// The source of each box, by SuperSource and box.
    pub boxes: BTreeMap<(u8, u8), SuperBox>,
    /// `StRS`, on models that stream.
    pub stream: Option<u16>,
    /// Bits a second, and how full the stream's cache is in percent.
    pub stream_rate: Option<(u32, u16)>,
    /// `RTMS`, on models that record: its bits, and seconds left.
    pub record: Option<(u16, Option<u32>)>,
    /// Power supplies, a bit each.
    pub power: Option<u8>,
    /// Audio inputs, Fairlight: (input, source of it) to (supported options, option).
    pub fairlight: BTreeMap<(u16, i64), (u8, u8)>,
    /// Words of the mix that came so far: each is a sign that something happened.
    pub words: u32,
    /// Audio inputs, classic: input to option (0 off, 1 on, 2 audio follows video).
    pub classic: BTreeMap<u16, u8>,
}

/// A mix effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Me {
    /// Source on air.
    pub program: u16,
    /// Source that is next.
    pub preview: u16,
    /// A transition runs.
    pub moving: bool,
    /// Frames that it has left.
    pub frames_left: u8,
    /// Its way, 0 to 10,000.
    pub position: u16,
    /// Style of the next transition: 0 mix, 1 dip, 2 wipe, 3 DVE, 4 sting.
    pub style: u8,
    /// What the next transition moves: bit 0 the background, then the keys.
    pub selection: u8,
    /// Frames of a mix, dip, wipe, DVE transition.
    pub rates: [u8; 4],
    /// Frames of a fade to black.
    pub black_rate: u8,
    /// It is black.
    pub black: bool,
    /// On its way to black, or back.
    pub black_moving: bool,
    /// Frames that this has left.
    pub black_left: u8,
    /// How many keys it has.
    pub keyers: u8,
    /// Keys on air, a bit each.
    pub keys_on: u8,
    /// Words of program, preview, transition and keys that came so far.
    pub words: u32,
    /// Type of each key: 0 luma, 1 chroma, 2 pattern, 3 DVE.
    pub key_types: [u8; 4],
}

/// A downstream key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dsk {
    /// On air.
    pub on: bool,
    /// On its way.
    pub moving: bool,
    /// Where to.
    pub towards: bool,
    /// Frames left of it.
    pub frames_left: u8,
    /// Goes with the next transition.
    pub tie: bool,
    /// Frames of its own transition.
    pub rate: u8,
    /// Words of its state that came so far.
    pub words: u32,
}

/// What a media player shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Player {
    /// A clip, not a still.
    pub clip: bool,
    /// The still, counted from 0.
    pub still_at: u8,
    /// The clip, counted from 0.
    pub clip_at: u8,
}

/// A box of a SuperSource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SuperBox {
    /// Shown.
    pub on: bool,
    /// Its source.
    pub source: u16,
}

impl State {
    /// Takes one word of the switcher; `None`: a word that we do not know, or a broken one.
    pub fn apply(&mut self, name: &[u8; 4], data: &[u8]) -> Option<()> {
        match name {
            b"_ver" => self.version = (u16_at(data, 0)?, u16_at(data, 2)?),
            b"_pin" => (self.product, self.model) = (text_at(data, 0, 40)?, u8_at(data, 40)?),
            b"VidM" => self.mode = u8_at(data, 0)?,
            b"Powr" => self.power = Some(u8_at(data, 0)?),
            b"InPr" => {
                self.sources.insert(u16_at(data, 0)?, text_at(data, 2, 20)?);
            }
            b"AuxS" => {
                self.auxes.insert(u8_at(data, 0)?, u16_at(data, 2)?);
            }
            b"MPCE" => {
                let player = Player { clip: u8_at(data, 1)? == 2, still_at: u8_at(data, 2)?, clip_at: u8_at(data, 3)? };
                self.players.insert(u8_at(data, 0)?, player);
            }
            b"StRS" => self.stream = Some(u16_at(data, 0)?),
            b"SRSS" => self.stream_rate = Some((u32_at(data, 0)?, u16_at(data, 4)?)),
            b"RTMS" => self.record = Some((u16_at(data, 0)?, u32_at(data, 4).filter(|left| *left != u32::MAX))),
            b"AMIP" => {
                self.classic.insert(u16_at(data, 0)?, u8_at(data, 8)?);
            }
            b"FASP" => {
                self.fairlight.insert(strip(data)?, (u8_at(data, 48)?, u8_at(data, 49)?));
            }
            b"FASD" => {
                self.fairlight.remove(&strip(data)?);
            }
            b"SSBP" => self.super_box(data)?,
            b"MRPr" => self.macro_runs = (u8_at(data, 0)? & 1 != 0).then_some(u16_at(data, 2)?),
            b"MPrp" => self.macro_is(data)?,
            b"DskS" | b"DskP" => self.dsk(name, data)?,
            _ => self.me(name, data)?,
        }
        // A stream and a recording tell themselves each second.
        if !matches!(name, b"StRS" | b"SRSS" | b"RTMS" | b"Powr") {
            self.words = self.words.wrapping_add(1);
        }
        Some(())
    }

    fn macro_is(&mut self, data: &[u8]) -> Option<()> {
        let at = u16_at(data, 0)?;
        if u8_at(data, 2)? == 0 {
            self.macros.remove(&at);
        } else {
            let name = text_at(data, 8, usize::from(u16_at(data, 4)?)).unwrap_or_default();
            self.macros.insert(at, name);
        }
        Some(())
    }

    fn super_box(&mut self, data: &[u8]) -> Option<()> {
        let (at, rest) = if self.version >= V8_0 { ((u8_at(data, 0)?, u8_at(data, 1)?), 2) } else { ((0, u8_at(data, 0)?), 1) };
        let source = if self.version >= V8_0 { u16_at(data, 4)? } else { u16_at(data, 2)? };
        self.boxes.insert(at, SuperBox { on: on_at(data, rest)?, source });
        Some(())
    }

    fn dsk(&mut self, name: &[u8; 4], data: &[u8]) -> Option<()> {
        let newer = self.version >= V8_0_1;
        let dsk = self.dsks.entry(u8_at(data, 0)?).or_default();
        if name == b"DskP" {
            (dsk.tie, dsk.rate) = (on_at(data, 1)?, u8_at(data, 2)?);
            return Some(());
        }
        (dsk.on, dsk.moving) = (on_at(data, 1)?, on_at(data, 2)?);
        dsk.words = dsk.words.wrapping_add(1);
        dsk.frames_left = u8_at(data, if newer { 5 } else { 4 })?;
        dsk.towards = if newer { on_at(data, 4)? } else { dsk.on };
        Some(())
    }

    /// A word of a mix effect.
    fn me(&mut self, name: &[u8; 4], data: &[u8]) -> Option<()> {
        const KNOWN: [&[u8; 4]; 12] =
            [b"PrgI", b"PrvI", b"TrPs", b"TrSS", b"TMxP", b"TDpP", b"TWpP", b"TDvP", b"FtbP", b"FtbS", b"KeOn", b"KeBP"];
        if name != b"_MeC" && !KNOWN.contains(&name) {
            return None;
        }
        let me = self.mes.entry(u8_at(data, 0)?).or_default();
        if matches!(name, b"PrgI" | b"PrvI" | b"TrPs" | b"KeOn") {
            me.words = me.words.wrapping_add(1);
        }
        match name {
            b"_MeC" => me.keyers = u8_at(data, 1)?,
            b"PrgI" => me.program = u16_at(data, 2)?,
            b"PrvI" => me.preview = u16_at(data, 2)?,
            b"TrPs" => (me.moving, me.frames_left, me.position) = (on_at(data, 1)?, u8_at(data, 2)?, u16_at(data, 4)?),
            // The next style and selection: what a DAut does, whatever ran last.
            b"TrSS" => (me.style, me.selection) = (u8_at(data, 3)?, u8_at(data, 4)?),
            b"TMxP" => me.rates[0] = u8_at(data, 1)?,
            b"TDpP" => me.rates[1] = u8_at(data, 1)?,
            b"TWpP" => me.rates[2] = u8_at(data, 1)?,
            b"TDvP" => me.rates[3] = u8_at(data, 1)?,
            b"FtbP" => me.black_rate = u8_at(data, 1)?,
            b"FtbS" => (me.black, me.black_moving, me.black_left) = (on_at(data, 1)?, on_at(data, 2)?, u8_at(data, 3)?),
            b"KeOn" => {
                let bit = 1_u8.checked_shl(u32::from(u8_at(data, 1)?))?;
                me.keys_on = if on_at(data, 2)? { me.keys_on | bit } else { me.keys_on & !bit };
            }
            _ => *me.key_types.get_mut(usize::from(u8_at(data, 1)?))? = u8_at(data, 2)?,
        }
        Some(())
    }

    /// Frames a second, times a thousand.
    #[must_use]
    pub const fn frame_rate(&self) -> u64 {
        match self.mode {
            8 | 14 | 20 => 23_976,
            9 | 15 | 21 => 24_000,
            1 | 3 | 6 | 10 | 16 | 22 => 25_000,
            0 | 2 | 7 | 11 | 17 | 23 | 29 => 29_970,
            26 => 30_000,
            4 | 12 | 18 | 24 => 50_000,
            27 | 28 => 60_000,
            _ => 59_940,
        }
    }
}

/// Input and source of a Fairlight word.
fn strip(data: &[u8]) -> Option<(u16, i64)> {
    let source = data.get(8..)?.first_chunk().map(|bytes| i64::from_be_bytes(*bytes))?;
    Some((u16_at(data, 0)?, source))
}
