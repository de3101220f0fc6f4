//! What is seen of the board at an instant: levels, and what each parameter of a universe does.

use super::Board;
use super::curve::ONE;
use super::motion::{FULL, Level, Motion, STILL, State, Travel};
use super::strip::Strip;
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

    /// The slots of parameters that are worked out whole.
    pub(super) fn write_mixed(&self, params: &[u32], t: Mono, known: &mut Known, slots: &mut [u8; 512]) {
        for at in params {
            if let Some(param) = self.rig.params.get(*at as usize)
                && (!param.switched || self.is_there(ParamIx(*at), t, known))
            {
                param.slots.write(self.sent(*at as usize, param, t, known), slots);
            }
        }
    }

    /// A parameter as its slots have it: under what lies over it and its virtual dimmer, in its part of them.
    fn sent(&self, at: usize, param: &Param, t: Mono, known: &mut Known) -> Level {
        let value = self.laid(at, t, known);
        let value = param.dimmer.map_or(value, |dimmer| scaled(value, self.laid(dimmer.at(), t, known)));
        param.reach.sent(value)
    }

    /// Sorts what a universe shows into what rests, what moves simply, and the rest, which is worked out whole for each frame.
    pub(super) fn lay_out(&self, strip: &mut Strip, universe: u16, t: Mono) {
        let range = self.begins.get(usize::from(universe)).zip(self.begins.get(usize::from(universe) + 1));
        let own = range.and_then(|(from, to)| self.in_order.get(*from..*to)).unwrap_or_default();
        strip.clear(t, own.len());
        let mut known = Known::default();
        for at in own {
            let Some(param) = self.rig.params.get(*at as usize) else { continue };
            if param.switched {
                match self.stays_there(ParamIx(*at), t, strip) {
                    Some(true) => {}
                    Some(false) => continue,
                    None => {
                        strip.is_mixed(*at);
                        continue;
                    }
                }
            }
            let over = param.dimmer.map(|dimmer| self.course(dimmer.at(), t, strip));
            match (self.course(*at as usize, t, strip), over) {
                (Course::Rests, None | Some(Course::Rests)) => strip.rests(param, self.sent(*at as usize, param, t, &mut known)),
                (Course::Travels(travel), None) if strip.moves(param, travel) => {}
                _ => strip.is_mixed(*at),
            }
        }
    }

    /// Its slots are this parameter: what switches them says so.
    pub(super) fn is_there(&self, ix: ParamIx, t: Mono, known: &mut Known) -> bool {
        self.rig.shows(ix, |master| self.laid(master.at(), t, known))
    }

    /// As [`Self::is_there`], until its universe is laid out again; `None`: what switches them moves.
    fn stays_there(&self, ix: ParamIx, t: Mono, strip: &mut Strip) -> Option<bool> {
        let moves = self.rig.when(ix).is_some_and(|(master, _)| !matches!(self.course(master.at(), t, strip), Course::Rests));
        (!moves).then(|| self.is_there(ix, t, &mut Known::default()))
    }

    /// What becomes of a parameter until its universe is laid out again.
    fn course(&self, param: usize, t: Mono, strip: &mut Strip) -> Course {
        if self.fixed.contains_key(&ParamIx(param as u32)) {
            return Course::Rests;
        }
        let several = self.layers.len() > 1;
        let course = if several && self.rig.params.get(param).is_some_and(|p| p.intensity) {
            self.course_of_highest(param, t, strip)
        } else {
            let layer = if several { usize::from(self.holder(param)) } else { 0 };
            self.layers.get(layer).and_then(|l| l.get(param)).map_or(Course::Rests, |state| self.course_of(state, t, strip))
        };
        match course {
            Course::Travels(_) if self.scales.get(param).is_some_and(|scale| *scale != FULL) => Course::Mixed,
            course => course,
        }
    }

    /// Of several lists the highest is seen: simple while one moves it and the others have it out.
    fn course_of_highest(&self, param: usize, t: Mono, strip: &mut Strip) -> Course {
        let (mut seen, mut lit) = (Course::Rests, false);
        for state in self.layers.iter().filter_map(|layer| layer.get(param)) {
            match (seen, self.course_of(state, t, strip)) {
                (_, Course::Rests) => lit |= self.value(state, t) > 0,
                (Course::Rests, own) => seen = own,
                _ => return Course::Mixed,
            }
        }
        match seen {
            Course::Travels(_) if lit => Course::Mixed,
            seen => seen,
        }
    }

    fn course_of(&self, state: &State, t: Mono, strip: &mut Strip) -> Course {
        let Some(next) = state.next else { return self.on_its_way(state.now, t) };
        match self.motions.get(next.motion as usize).filter(|motion| !motion.begun(t)) {
            Some(motion) => {
                strip.waits(motion.start);
                Course::Mixed
            }
            None => self.on_its_way(next, t),
        }
    }

    fn on_its_way(&self, travel: Travel, t: Mono) -> Course {
        match self.motions.get(travel.motion as usize) {
            Some(motion) if !motion.over(t) => Course::Travels(travel),
            _ => Course::Rests,
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
        if travel.motion == STILL { travel.to } else { travel.at(known.shaped(&self.motions, travel.motion, travel.rises(), t)) }
    }
}

/// What becomes of a parameter.
#[derive(Debug, Clone, Copy)]
enum Course {
    /// It stays where it is.
    Rests,
    /// It travels, and nothing else has a say in it.
    Travels(Travel),
    /// Anything else.
    Mixed,
}

/// The parameters that have slots, in the order of universes and slots, and where each universe begins.
pub(super) fn in_order(rig: &Rig) -> (Vec<u32>, Vec<usize>) {
    let param = |ix: u32| rig.params.get(ix as usize);
    let mut order: Vec<u32> = (0_u32..).zip(&rig.params).filter(|(_, param)| param.slots.bytes() > 0).map(|(ix, _)| ix).collect();
    // What has a part of its master's slots is written over it.
    order.sort_by_key(|ix| param(*ix).map(|param| (param.universe, param.slots.as_slice().first().copied(), param.switched)));
    let before = |universe: usize| order.partition_point(|ix| param(*ix).is_some_and(|param| usize::from(param.universe) < universe));
    let begins = (0..=rig.universes.len()).map(before).collect();
    (order, begins)
}

/// The progress of the motions that a frame meets, worked out once each while few of them run.
#[derive(Default)]
pub(super) struct Known {
    /// Most neighbours travel alike.
    last: Option<(u32, bool, u64)>,
    others: [Option<(u32, bool, u64)>; 8],
}

impl Known {
    pub(super) fn shaped(&mut self, motions: &[Motion], motion: u32, rising: bool, t: Mono) -> u64 {
        if let Some((known, up, shaped)) = self.last
            && known == motion
            && up == rising
        {
            return shaped;
        }
        let place = &mut self.others[((motion & 3) << 1) as usize | usize::from(rising)];
        let found = match place {
            Some((known, up, shaped)) if *known == motion && *up == rising => *shaped,
            _ => motions.get(motion as usize).map_or(ONE, |m| m.shaped(rising, t)),
        };
        *place = Some((motion, rising, found));
        self.last = *place;
        found
    }
}
