//! What a universe shows, laid out so that a frame costs little: a picture of what rests, and in rows what moves.
//!
//! 512 universes of 16-bit lights are 131,072 parameters 44 times a second; there a frame costs what it reads from memory and every step that
//! it takes for each parameter. So all that a frame needs lies in rows, a motion is worked out once for a run of neighbours that move alike,
//! and the maths of a run is a loop without a branch, which the compiler makes vector instructions of. Laying out is slow and rare: it is done
//! anew after something in the universe was sent another way.

use super::curve::ONE;
use super::motion::{Level, Motion, Travel};
use super::render::Known;
use crate::show::Param;
use crate::show::dmx::Reach;
use crate::time::{Mono, Span};

/// What waits for its delay is worked out whole until the universe is laid out again; that is done at most so often.
const AGAIN: Span = Span::ms(200);

/// One universe.
#[derive(Debug, Clone)]
pub(super) struct Strip {
    /// All that rests, in its slots.
    picture: [u8; 512],
    /// What moves, in the order of the runs: where it comes from, and how far it goes.
    from: Vec<Level>,
    way: Vec<Level>,
    runs: Vec<Run>,
    /// Parameters that are worked out whole for each frame: scaled by something that moves, or waiting for their delay.
    mixed: Vec<u32>,
    /// Laid out at this instant of the board's clock; earlier ones may be different.
    made: Mono,
    /// From then on something of `mixed` may have become simple.
    again: Mono,
}

/// Neighbours of one width in adjacent slots that move alike.
#[derive(Debug, Clone, Copy)]
struct Run {
    motion: u32,
    /// Slot of the first, from 0.
    first: u16,
    count: u16,
    /// 1 or 2 slots each.
    bytes: u8,
    /// Which way the curve goes.
    rising: bool,
    /// Which way the value goes; the other one where it is sent upside down.
    up: bool,
}

impl Default for Strip {
    fn default() -> Self {
        Self {
            picture: [0; 512],
            from: Vec::new(),
            way: Vec::new(),
            runs: Vec::new(),
            mixed: Vec::new(),
            made: Mono::ZERO,
            again: Mono(u64::MAX),
        }
    }
}

impl Strip {
    /// It is true of this instant, while nothing of it goes another way.
    pub(super) fn holds(&self, t: Mono) -> bool {
        t >= self.made && t < self.again
    }

    /// Starts to be laid out for `t`, for so many parameters.
    pub(super) fn clear(&mut self, t: Mono, params: usize) {
        self.picture.fill(0);
        self.from.clear();
        self.way.clear();
        self.runs.clear();
        self.mixed.clear();
        // Once and for all, so that no later frame grows them.
        self.from.reserve_exact(params);
        self.way.reserve_exact(params);
        (self.made, self.again) = (t, Mono(u64::MAX));
    }

    /// A parameter stays at what is sent of it.
    pub(super) fn rests(&mut self, param: &Param, sent: Level) {
        param.slots.write(sent, &mut self.picture);
    }

    /// A parameter is worked out whole for each frame.
    pub(super) fn is_mixed(&mut self, param: u32) {
        self.mixed.push(param);
    }

    /// Something of it waits until `start`.
    pub(super) fn waits(&mut self, start: Mono) {
        self.again = self.again.min(start.max(self.made + AGAIN));
    }

    /// A parameter travels. False: its slots are none that a run can have.
    pub(super) fn moves(&mut self, param: &Param, travel: Travel) -> bool {
        let (first, bytes) = match param.slots.as_slice() {
            [first] if *first < 512 => (*first, 1),
            [first, second] if *first < 511 && *second == first + 1 => (*first, 2),
            _ => return false,
        };
        let rising = travel.rises();
        // Upside down it goes as far, the other way.
        let (from, up) = match param.reach {
            Reach::WHOLE => (travel.from, rising),
            Reach::INVERSE => (!travel.from, !rising),
            _ => return false,
        };
        self.from.push(from);
        self.way.push(travel.to.abs_diff(travel.from));
        let run = Run { motion: travel.motion, first, count: 1, bytes, rising, up };
        match self.runs.last_mut().filter(|last| last.goes_on_with(run)) {
            Some(last) => last.count += 1,
            None => self.runs.push(run),
        }
        true
    }

    /// What is worked out whole.
    pub(super) fn mixed(&self) -> &[u32] {
        &self.mixed
    }

    /// The slots at `t`, without what is mixed.
    pub(super) fn frame(&self, motions: &[Motion], t: Mono, known: &mut Known, slots: &mut [u8; 512]) {
        *slots = self.picture;
        let (mut from, mut way) = (self.from.as_slice(), self.way.as_slice());
        for run in &self.runs {
            let count = usize::from(run.count);
            let (Some((own_from, later_from)), Some((own_way, later_way))) = (from.split_at_checked(count), way.split_at_checked(count))
            else {
                return;
            };
            (from, way) = (later_from, later_way);
            let first = usize::from(run.first);
            let Some(place) = slots.get_mut(first..first + count * usize::from(run.bytes)) else { continue };
            run.write(own_from, own_way, known.shaped(motions, run.motion, run.rising, t), place);
        }
    }
}

impl Run {
    /// The next parameter is one more of this run.
    fn goes_on_with(&self, next: Self) -> bool {
        let end = self.first + self.count * u16::from(self.bytes);
        (next.motion, next.first, next.bytes, next.rising, next.up) == (self.motion, end, self.bytes, self.rising, self.up)
    }

    /// The values when `shaped` of the way is done, into their slots.
    fn write(&self, from: &[Level], way: &[Level], shaped: u64, place: &mut [u8]) {
        // Two's complement: all ones turn a way up into the same way down.
        let turn = if self.up { 0 } else { Level::MAX };
        match u32::try_from(shaped) {
            // A product of two numbers of 32 bits is what vector units have.
            Ok(shaped) => {
                let gone = |way: Level| ((u64::from(way) * u64::from(shaped) + ONE / 2) >> 32) as Level;
                self.fill(from, way, |from, way| from.wrapping_add((gone(way) ^ turn).wrapping_sub(turn)), place);
            }
            Err(_) => self.fill(from, way, |from, way| from.wrapping_add((way ^ turn).wrapping_sub(turn)), place),
        }
    }

    fn fill(&self, from: &[Level], way: &[Level], value: impl Fn(Level, Level) -> Level, place: &mut [u8]) {
        let values = from.iter().zip(way).map(|(from, way)| value(*from, *way));
        if self.bytes == 1 {
            place.iter_mut().zip(values).for_each(|(slot, value)| *slot = (value >> 24) as u8);
        } else {
            let (pairs, _) = place.as_chunks_mut::<2>();
            pairs.iter_mut().zip(values).for_each(|(pair, value)| *pair = ((value >> 16) as u16).to_be_bytes());
        }
    }
}
