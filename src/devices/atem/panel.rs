//! What a switcher does with a command, and what it does by itself from frame to frame.

use super::packet::{u8_at, u16_at};
use super::state::State;
use super::take::lasts;
use super::words::Words;
use crate::devices::earlier;
use crate::time::{Mono, Span};

/// A stream has connected after this; a stream or recording has stopped after half of it.
const CONNECTS: Span = Span::ms(1000);
/// A simulated macro runs this long.
const MACRO_RUNS: Span = Span::ms(400);
/// Frames of a sting.
const STING: u8 = 50;
/// Bits a second of the simulated stream.
const BITRATE: u32 = 6_000_000;

/// The state of a switcher, and what moves in it.
pub struct Panel {
    pub state: State,
    frame_at: Option<Mono>,
    macro_ends: Option<Mono>,
    stream_at: Option<Mono>,
    record_at: Option<Mono>,
}

impl Panel {
    /// A switcher in this state.
    #[must_use]
    pub const fn new(state: State) -> Self {
        Self { state, frame_at: None, macro_ends: None, stream_at: None, record_at: None }
    }

    /// Does a command; one that makes no sense does nothing, as on the real one.
    pub fn command(&mut self, now: Mono, name: &[u8; 4], data: &[u8], words: &mut Words) -> Option<()> {
        match name {
            b"CPgI" | b"CPvI" | b"DCut" | b"DAut" | b"FtbA" | b"CKOn" => self.me(now, name, data, words),
            b"CTTp" | b"CTMx" | b"CTDp" | b"CTWp" | b"CTDv" | b"CKTp" | b"FtbC" => self.settings(name, data, words),
            b"CDsL" | b"CDsT" | b"CDsR" | b"DDsA" => self.dsk(now, name, data, words),
            b"MAct" | b"StrR" | b"RcTM" => self.machine(now, name, data, words),
            b"CAuS" => {
                let (at, source) = (u8_at(data, 1)?, self.known(u16_at(data, 2)?)?);
                *self.state.auxes.get_mut(&at)? = source;
                words.source(b"AuxS", at, source, 4);
                Some(())
            }
            b"MPSS" => {
                let (mask, at) = (u8_at(data, 0)?, u8_at(data, 1)?);
                let player = self.state.players.get_mut(&at)?;
                if mask & 1 != 0 {
                    player.clip = u8_at(data, 2)? == 2;
                }
                if mask & 2 != 0 {
                    player.still_at = u8_at(data, 3)?;
                }
                if mask & 4 != 0 {
                    player.clip_at = u8_at(data, 4)?;
                }
                words.player(&self.state, at);
                Some(())
            }
            b"CSBP" => {
                let (mask, at, source) = (u16_at(data, 0)?, (u8_at(data, 2)?, u8_at(data, 3)?), u16_at(data, 6)?);
                let source = if mask & 2 != 0 { Some(self.known(source)?) } else { None };
                let shown = self.state.boxes.get_mut(&at)?;
                shown.on = if mask & 1 != 0 { u8_at(data, 4)? == 1 } else { shown.on };
                shown.source = source.unwrap_or(shown.source);
                words.super_box(&self.state, at);
                Some(())
            }
            b"CFSP" => {
                let source = data.get(8..)?.first_chunk().map(|bytes| i64::from_be_bytes(*bytes))?;
                let (mask, at) = (u16_at(data, 0)?, (u16_at(data, 2)?, source));
                let strip = self.state.fairlight.get_mut(&at)?;
                strip.1 = u8_at(data, 44).filter(|option| mask & 0x0100 != 0 && strip.0 & option != 0)?;
                words.strip(&self.state, at);
                Some(())
            }
            _ => None,
        }
    }

    /// A source that there is.
    fn known(&self, source: u16) -> Option<u16> {
        self.state.sources.contains_key(&source).then_some(source)
    }

    /// Frames are counted from now on.
    fn start(&mut self, now: Mono) {
        let frame = lasts(&self.state, 1);
        self.frame_at.get_or_insert(now + frame);
    }

    fn me(&mut self, now: Mono, name: &[u8; 4], data: &[u8], words: &mut Words) -> Option<()> {
        let at = u8_at(data, 0)?;
        let source = u16_at(data, 2).and_then(|source| self.known(source));
        let me = self.state.mes.get_mut(&at)?;
        match name {
            b"CPgI" => {
                me.program = source?;
                words.source(b"PrgI", at, me.program, 4);
            }
            b"CPvI" => {
                me.preview = source?;
                words.source(b"PrvI", at, me.preview, 8);
            }
            b"DCut" => {
                std::mem::swap(&mut me.program, &mut me.preview);
                (me.moving, me.position) = (false, 0);
                let me = *me;
                words.sources(&self.state, at, &me);
                words.position(at, &me);
                return Some(());
            }
            b"CKOn" => {
                let key = u8_at(data, 1).filter(|key| *key < me.keyers)?;
                let bit = 1 << key;
                me.keys_on = if u8_at(data, 2)? == 1 { me.keys_on | bit } else { me.keys_on & !bit };
                let me = *me;
                words.key(at, key, &me);
                return Some(());
            }
            b"DAut" if !me.moving => {
                let rate = me.rates.get(usize::from(me.style)).copied().unwrap_or(STING);
                (me.moving, me.frames_left, me.position) = (true, rate, 0);
                words.position(at, me);
                self.start(now);
            }
            b"FtbA" if !me.black_moving => {
                (me.black_moving, me.black_left) = (true, me.black_rate);
                words.black(at, me);
                self.start(now);
            }
            _ => return None,
        }
        words.tally(&self.state);
        Some(())
    }

    fn settings(&mut self, name: &[u8; 4], data: &[u8], words: &mut Words) -> Option<()> {
        // Where the mix effect stands, and where the rate.
        let (at, rate) = match name {
            b"CTMx" => (u8_at(data, 0)?, u8_at(data, 1)),
            b"CTWp" | b"CTDv" => (u8_at(data, 2)?, u8_at(data, 3)),
            _ => (u8_at(data, 1)?, u8_at(data, 2)),
        };
        let rate = rate?;
        let me = self.state.mes.get_mut(&at)?;
        match name {
            b"CTTp" => {
                let mask = u8_at(data, 0)?;
                me.style = if mask & 1 != 0 { u8_at(data, 2)? } else { me.style };
                me.selection = if mask & 2 != 0 { u8_at(data, 3)? } else { me.selection };
                words.style(at, me);
                return Some(());
            }
            b"CTMx" => me.rates[0] = rate,
            b"CTDp" if u8_at(data, 0)? & 1 != 0 => me.rates[1] = rate,
            b"CTWp" if u16_at(data, 0)? & 1 != 0 => me.rates[2] = rate,
            b"CTDv" if u16_at(data, 0)? & 1 != 0 => me.rates[3] = rate,
            b"FtbC" => {
                me.black_rate = rate;
                words.say(b"FtbP", &[at, rate], 4);
                return Some(());
            }
            b"CKTp" => {
                let key = rate;
                *me.key_types.get_mut(usize::from(key))? = u8_at(data, 3).filter(|kind| *kind < 4)?;
                words.key(at, key, me);
                return Some(());
            }
            _ => return None,
        }
        words.rates(at, me);
        Some(())
    }

    fn dsk(&mut self, now: Mono, name: &[u8; 4], data: &[u8], words: &mut Words) -> Option<()> {
        let at = u8_at(data, usize::from(name == b"DDsA"))?;
        let dsk = self.state.dsks.get_mut(&at)?;
        match name {
            b"CDsL" => {
                (dsk.on, dsk.moving) = (u8_at(data, 1)? == 1, false);
                dsk.towards = dsk.on;
            }
            b"CDsT" | b"CDsR" => {
                let value = u8_at(data, 1)?;
                if name == b"CDsT" {
                    dsk.tie = value == 1;
                } else {
                    dsk.rate = value;
                }
                words.dsk_look(at, dsk);
                return Some(());
            }
            _ if dsk.moving => return None,
            _ => {
                dsk.towards = if u8_at(data, 0)? & 1 != 0 { u8_at(data, 2)? == 1 } else { !dsk.on };
                (dsk.moving, dsk.frames_left, dsk.on) = (true, dsk.rate, true);
                let dsk = *dsk;
                words.dsk(at, &dsk);
                self.start(now);
                return Some(());
            }
        }
        words.dsk(at, dsk);
        Some(())
    }

    fn machine(&mut self, now: Mono, name: &[u8; 4], data: &[u8], words: &mut Words) -> Option<()> {
        match name {
            b"MAct" => {
                match u8_at(data, 2)? {
                    0 => {
                        let at = u16_at(data, 0).filter(|at| self.state.macros.contains_key(at))?;
                        self.state.macro_runs = Some(at);
                        self.macro_ends = Some(now + MACRO_RUNS);
                    }
                    1 => (self.state.macro_runs, self.macro_ends) = (None, None),
                    _ => return None,
                }
                words.macro_runs(&self.state);
            }
            b"StrR" => {
                let status = self.state.stream.as_mut()?;
                let on = u8_at(data, 0)? == 1;
                *status = match (on, *status) {
                    (true, 1) => 0x02,
                    (false, 0x02 | 0x04) => 0x24,
                    _ => return None,
                };
                self.stream_at = Some(now + if on { CONNECTS } else { Span(CONNECTS.0 / 2) });
                words.stream(&self.state);
            }
            _ => {
                let (status, _) = self.state.record.as_mut()?;
                let on = u8_at(data, 0)? == 1;
                if on == (*status & 1 != 0) || *status & 0x80 != 0 {
                    return None;
                }
                *status = if on { 0x03 } else { 0x82 };
                self.record_at = (!on).then_some(now + Span(CONNECTS.0 / 2));
                words.record(&self.state);
            }
        }
        Some(())
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Mono, words: &mut Words) {
        let due = |at: Option<Mono>| at.is_some_and(|at| at <= now);
        if due(self.frame_at) {
            self.frame(words);
        }
        if due(self.macro_ends) {
            (self.macro_ends, self.state.macro_runs) = (None, None);
            words.macro_runs(&self.state);
        }
        if due(self.stream_at) {
            let streams = self.state.stream != Some(0x24);
            self.state.stream = Some(if streams { 0x04 } else { 0x01 });
            self.state.stream_rate = streams.then_some((BITRATE, 0)).or(Some((0, 0)));
            self.stream_at = None;
            words.stream(&self.state);
        }
        if due(self.record_at) {
            if let Some((status, _)) = self.state.record.as_mut() {
                *status = 0x02;
            }
            self.record_at = None;
            words.record(&self.state);
        }
    }

    /// One frame further.
    fn frame(&mut self, words: &mut Words) {
        let mut swapped = vec![];
        for (at, me) in &mut self.state.mes {
            if me.moving {
                let total = u32::from(me.rates.get(usize::from(me.style)).copied().unwrap_or(STING)).max(1);
                me.frames_left = me.frames_left.saturating_sub(1);
                let done = total.saturating_sub(u32::from(me.frames_left)) * 10_000 / total;
                me.position = u16::try_from(done).unwrap_or(10_000);
                if me.frames_left == 0 {
                    std::mem::swap(&mut me.program, &mut me.preview);
                    (me.moving, me.position) = (false, 0);
                    me.frames_left = u8::try_from(total).unwrap_or(STING);
                    swapped.push((*at, *me));
                }
                words.position(*at, me);
            }
            if me.black_moving {
                me.black_left = me.black_left.saturating_sub(1);
                if me.black_left == 0 {
                    (me.black, me.black_moving, me.black_left) = (!me.black, false, me.black_rate);
                }
                words.black(*at, me);
            }
        }
        for (at, me) in swapped {
            words.sources(&self.state, at, &me);
        }
        for (at, dsk) in &mut self.state.dsks {
            if dsk.moving {
                dsk.frames_left = dsk.frames_left.saturating_sub(1);
                if dsk.frames_left == 0 {
                    (dsk.on, dsk.moving, dsk.frames_left) = (dsk.towards, false, dsk.rate);
                }
                words.dsk(*at, dsk);
            }
        }
        let moves = self.state.mes.values().any(|me| me.moving || me.black_moving) || self.state.dsks.values().any(|dsk| dsk.moving);
        let frame = lasts(&self.state, 1);
        self.frame_at = if moves { self.frame_at.map(|at| at + frame) } else { None };
    }

    /// When `tick` has work.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        earlier(earlier(self.frame_at, self.macro_ends), earlier(self.stream_at, self.record_at))
    }
}
