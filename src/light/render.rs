//! What is seen of the board at an instant: levels, and the frame of a universe.

use super::Board;
use super::curve::ONE;
use super::motion::{Level, Motion, STILL, State, Travel};
use crate::show::dmx::scaled;
use crate::show::{Param, ParamIx, Rig};
use crate::time::Mono;

impl Board {
    /// Where the cues have a parameter at `now`; 0 for one that the rig does not have.
    #[must_use]
    pub fn level(&self, ix: ParamIx, now: Mono) -> Level {
        self.shown(ix.at(), self.clock(now), &mut Known::default())
    }

    /// Where a list has a parameter at `now`, whoever is seen.
    #[must_use]
    pub fn level_in(&self, list: u16, ix: ParamIx, now: Mono) -> Level {
        self.layers.get(usize::from(list)).and_then(|l| l.get(ix.at())).map_or(0, |s| self.value(s, self.clock(now)))
    }

    /// The 512 slots of a universe (index into [`crate::show::Rig::universes`]) at `now`.
    pub fn render(&self, now: Mono, universe: u16, slots: &mut [u8; 512]) {
        slots.fill(0);
        let t = self.clock(now);
        let range = self.begins.get(usize::from(universe)).zip(self.begins.get(usize::from(universe) + 1));
        let lanes = range.and_then(|(from, to)| self.lanes.get(*from..*to)).unwrap_or_default();
        let bare = self.layers.len() == 1 && self.scales.is_empty() && self.fixed.is_empty();
        let states = self.layers.first().map(Vec::as_slice).unwrap_or_default();
        let mut known = Known::default();
        let mut value_of = |param: u32| match states.get(param as usize) {
            Some(state) if bare => self.known(state, t, &mut known),
            _ => self.laid(param as usize, t, &mut known),
        };
        for lane in lanes {
            let mut value = value_of(lane.param);
            if lane.dimmer != NONE {
                value = scaled(value, value_of(lane.dimmer));
            }
            self.write(lane, value ^ lane.inverse, slots);
        }
    }

    /// A value into its slots.
    fn write(&self, lane: &Lane, value: Level, slots: &mut [u8; 512]) {
        let at = usize::from(lane.first);
        match (lane.bytes, value.to_be_bytes()) {
            (1, [high, ..]) => {
                if let Some(slot) = slots.get_mut(at) {
                    *slot = high;
                }
            }
            (2, [high, low, ..]) => {
                if let Some([first, second]) = slots.get_mut(at..at + 2) {
                    (*first, *second) = (high, low);
                }
            }
            _ => {
                if let Some(param) = self.rig.params.get(lane.param as usize) {
                    param.slots.write(value, slots);
                }
            }
        }
    }

    /// True while a fade, its delay or an effect runs; a paused board does not move. The frame at [`Self::settles_at`] is the last new one.
    #[must_use]
    pub fn moving(&self, now: Mono) -> bool {
        self.paused.is_none() && self.horizon > Mono::ZERO && now < self.horizon + self.lag
    }

    /// As [`Self::moving`], of one universe; true is not sure, false is.
    #[must_use]
    pub fn moves(&self, universe: u16, now: Mono) -> bool {
        self.moving(now) && self.until.get(usize::from(universe)).is_some_and(|until| now < *until + self.lag)
    }

    /// When the last fade is over; the far future while an effect runs, or while paused with a fade under way; a past instant when
    /// all rests.
    #[must_use]
    pub fn settles_at(&self) -> Mono {
        match self.paused {
            _ if self.stands => Mono(u64::MAX),
            Some(at) if self.horizon > at - self.lag => Mono(u64::MAX),
            _ if self.horizon == Mono::ZERO => Mono::ZERO,
            _ => self.horizon + self.lag,
        }
    }

    /// The value that all layers make, under what people lay over them.
    fn laid(&self, param: usize, t: Mono, known: &mut Known) -> Level {
        self.covered(param, self.shown(param, t, known))
    }

    /// The value that all layers make.
    fn shown(&self, param: usize, t: Mono, known: &mut Known) -> Level {
        let one =
            |layer: usize, known: &mut Known| self.layers.get(layer).and_then(|l| l.get(param)).map_or(0, |s| self.known(s, t, known));
        if self.layers.len() == 1 {
            return one(0, known);
        }
        if self.rig.params.get(param).is_some_and(|p| p.intensity) {
            return (0..self.layers.len()).map(|layer| one(layer, known)).max().unwrap_or(0);
        }
        one(usize::from(self.holder(param)), known)
    }

    /// The value that all layers make, at an instant of the board's clock.
    pub(super) fn seen(&self, param: usize, t: Mono) -> Level {
        self.shown(param, t, &mut Known::default())
    }

    pub(super) fn current(&self, state: &State, t: Mono) -> Travel {
        state.next.filter(|n| self.motions.get(n.motion as usize).is_none_or(|m| m.begun(t))).unwrap_or(state.now)
    }

    /// The value of one layer.
    pub(super) fn value(&self, state: &State, t: Mono) -> Level {
        self.known(state, t, &mut Known::default())
    }

    fn known(&self, state: &State, t: Mono, known: &mut Known) -> Level {
        let travel = if state.next.is_none() { state.now } else { self.current(state, t) };
        if travel.motion == STILL { travel.to } else { travel.at(known.shaped(&self.motions, travel, t)) }
    }
}

/// What a frame needs of a parameter, close together: a frame of many universes is as fast as memory brings them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lane {
    param: u32,
    /// The virtual dimmer that scales it.
    dimmer: u32,
    /// Flips every bit of what is sent upside down.
    inverse: Level,
    first: u16,
    /// 1 or 2 slots from the first on; 0: as its parameter says.
    bytes: u8,
}

/// Refers to no parameter.
const NONE: u32 = u32::MAX;

impl Lane {
    /// All lanes in universe order, and where each universe begins. What has no slots has none.
    pub(super) fn all(rig: &Rig) -> (Vec<Self>, Vec<usize>) {
        let sent = (0_u32..).zip(&rig.params).filter(|(_, param)| param.slots.bytes() > 0);
        let mut of: Vec<(u16, Self)> = sent.map(|(ix, param)| (param.universe, Self::of(ix, param))).collect();
        of.sort_by_key(|(universe, _)| *universe);
        let begins = (0..=rig.universes.len()).map(|u| of.partition_point(|(universe, _)| usize::from(*universe) < u)).collect();
        (of.into_iter().map(|(_, lane)| lane).collect(), begins)
    }

    fn of(ix: u32, param: &Param) -> Self {
        let (first, bytes) = match param.slots.as_slice() {
            [first] => (*first, 1),
            [first, second] if *second == first + 1 => (*first, 2),
            _ => (0, 0),
        };
        let dimmer = param.dimmer.map_or(NONE, |dimmer| dimmer.0);
        Self { param: ix, dimmer, inverse: if param.inverse { Level::MAX } else { 0 }, first, bytes }
    }
}

/// The progress of the motions that a frame meets, worked out once each while few of them run.
#[derive(Default)]
struct Known {
    /// Most neighbours travel alike.
    last: Option<(u32, bool, u64)>,
    others: [Option<(u32, bool, u64)>; 8],
}

impl Known {
    fn shaped(&mut self, motions: &[Motion], travel: Travel, t: Mono) -> u64 {
        let rising = travel.rises();
        if let Some((motion, up, shaped)) = self.last
            && motion == travel.motion
            && up == rising
        {
            return shaped;
        }
        let place = &mut self.others[((travel.motion & 3) << 1) as usize | usize::from(rising)];
        let found = match place {
            Some((motion, up, shaped)) if *motion == travel.motion && *up == rising => *shaped,
            _ => motions.get(travel.motion as usize).map_or(ONE, |m| m.shaped(rising, t)),
        };
        *place = Some((travel.motion, rising, found));
        self.last = *place;
        found
    }
}
