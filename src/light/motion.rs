//! A parameter on its way: where from, where to, and the fade or wave that carries it.

use super::curve::{ONE, shape};
use super::wave;
pub(super) use crate::show::dmx::FULL;
use crate::show::{Curve, Wave};
use crate::time::{Mono, Span};

/// A value of a parameter.
pub(super) type Level = u32;
/// Refers to no motion: the parameter rests.
pub(super) const STILL: u32 = u32::MAX;

/// One parameter in one layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    pub(super) now: Travel,
    /// Takes over when its motion begins.
    pub(super) next: Option<Travel>,
    /// Where the run wants it, effects aside.
    pub(super) base: Level,
    /// A cue of this run has named it and no cue has released it since.
    pub(super) owned: bool,
}

impl State {
    /// Rests, and is nobody's.
    pub(super) const fn rests(at: Level) -> Self {
        Self { now: Travel::still(at), next: None, base: at, owned: false }
    }
}

/// From here to there with a motion; at `to` when it is still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Travel {
    pub(super) from: Level,
    pub(super) to: Level,
    pub(super) motion: u32,
}

impl Travel {
    pub(super) const fn still(at: Level) -> Self {
        Self { from: at, to: at, motion: STILL }
    }

    /// The value when `shaped` of the way is done, to the nearest.
    pub(super) fn at(self, shaped: u64) -> Level {
        let way = u64::from(self.to.abs_diff(self.from));
        let gone = ((way * shaped.min(ONE) + (1 << 31)) >> 32) as Level;
        if self.rises() { self.from + gone } else { self.from - gone }
    }

    pub(super) const fn rises(self) -> bool {
        self.to > self.from
    }
}

/// A fade or a wave that many parameters share, so a frame works out its progress once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Motion {
    pub(super) start: Mono,
    /// Of a fade its length, of a wave one period.
    pub(super) length: Span,
    pub(super) shape: Shape,
    /// Travels that refer to it; at zero its place is free.
    pub(super) users: u32,
    /// Whose it is: what is stopped or paused together.
    pub(super) owner: u64,
    /// Since when it stands, on the board's clock.
    pub(super) frozen: Option<Mono>,
}

/// How a motion goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) enum Shape {
    /// Once.
    Fade(Curve),
    /// For ever; `phase` is where in its period it starts, in units of 2^-32.
    Wave(Wave, u32),
}

impl Motion {
    /// When it is over; the far future for a wave.
    pub(super) fn end(&self) -> Mono {
        match self.shape {
            Shape::Fade(_) => self.start + self.length,
            Shape::Wave(..) => Mono(u64::MAX),
        }
    }

    /// Its own clock: it stands while it is frozen.
    fn clock(&self, t: Mono) -> Mono {
        self.frozen.map_or(t, |at| at.min(t))
    }

    pub(super) fn begun(&self, t: Mono) -> bool {
        self.clock(t) >= self.start
    }

    pub(super) fn over(&self, t: Mono) -> bool {
        self.clock(t) >= self.end()
    }

    /// Somebody travels with it and it stands on its way.
    pub(super) fn stands(&self) -> bool {
        self.users > 0 && self.frozen.is_some_and(|at| at < self.end())
    }

    /// It is a wave and not a fade.
    pub(super) const fn waves(&self) -> bool {
        matches!(self.shape, Shape::Wave(..))
    }

    /// How far from `from` to `to` a travel is, in units of 2^-32.
    pub(super) fn shaped(&self, rising: bool, t: Mono) -> u64 {
        let t = self.clock(t);
        match self.shape {
            Shape::Fade(_) if t < self.start => 0,
            Shape::Fade(_) if t >= self.end() => ONE,
            Shape::Fade(curve) => shape(curve, rising, share(t.since(self.start), self.length)),
            Shape::Wave(wave, phase) => {
                let period = self.length.0.max(1);
                let turned = share(Span(t.since(self.start).0 % period), Span(period)) as u32;
                wave::at(wave, phase.wrapping_add(turned))
            }
        }
    }
}

/// `part` of `whole` in units of 2^-32, `part` the smaller; exact to 2^-30 without a division of 128 bits.
fn share(part: Span, whole: Span) -> u64 {
    let shift = (u64::BITS - whole.0.leading_zeros()).saturating_sub(32);
    ((part.0 >> shift) << 32) / (whole.0 >> shift).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_any_length_is_exact_to_a_billionth() {
        for whole in [1, 7, 999, 1_000_000_007, (1 << 32) - 1, 1 << 32, (1 << 32) + 1, 36_000_000_000_000_000] {
            for tenth in 0..10 {
                let part = whole / 10 * tenth;
                let exact = u128::from(part) * u128::from(ONE) / u128::from(whole);
                assert!(u128::from(share(Span(part), Span(whole))).abs_diff(exact) <= 4, "{part} of {whole}");
            }
        }
    }

    #[test]
    fn a_travel_of_the_whole_range_ends_where_it_should_in_both_directions() {
        for (from, to) in [(0, FULL), (FULL, 0), (5, 5), (1, 2)] {
            let travel = Travel { from, to, motion: 0 };
            assert_eq!((travel.at(0), travel.at(ONE), travel.at(u64::MAX)), (from, to, to));
        }
        assert_eq!(Travel { from: 0, to: FULL, motion: 0 }.at(ONE / 2), FULL / 2 + 1);
    }
}
