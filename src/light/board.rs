//! The board: where every parameter is, where it goes, and the frame of a universe at any instant.

use std::sync::Arc;

use super::curve::{ONE, shape};
use crate::show::dmx::scaled;
use crate::show::{Curve, LightAct, ParamIx, Rest, Rig};
use crate::time::{Mono, Span};

/// Refers to no motion: the parameter rests.
const STILL: u32 = u32::MAX;

/// All parameters of a rig in time.
///
/// Newest wins: an act that names a parameter takes it from where it is at that instant. The board has a clock of its own
/// that stands while it is paused; every time below is of that clock.
#[derive(Debug, Clone)]
pub struct Board {
    rig: Arc<Rig>,
    /// Parameters in universe order, and where each universe begins.
    order: Vec<u32>,
    begins: Vec<usize>,
    pub(super) states: Vec<State>,
    pub(super) motions: Vec<Motion>,
    /// Universes in which a cue of this run has named something.
    pub(super) named: Vec<bool>,
    touched: Vec<bool>,
    /// How far the board's clock is behind the show's.
    pub(super) lag: Span,
    /// When the board's clock was stopped, on the show's clock.
    pub(super) paused: Option<Mono>,
}

/// One parameter.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    pub(super) now: Travel,
    /// Takes over when its motion begins.
    pub(super) next: Option<Travel>,
    /// A cue of this run has named it and no cue has released it since.
    pub(super) owned: bool,
}

/// From here to there with a motion; at `to` when it is still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Travel {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) motion: u32,
}

/// A fade that many parameters share, so a frame works out its progress once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Motion {
    pub(super) start: Mono,
    pub(super) length: Span,
    pub(super) curve: Curve,
    /// Travels that refer to it; at zero its place is free.
    pub(super) users: u32,
    /// Whose it is: what is stopped or paused together.
    pub(super) owner: u64,
    /// Since when it stands, on the board's clock.
    pub(super) frozen: Option<Mono>,
}

impl Travel {
    pub(super) const fn still(at: u32) -> Self {
        Self { from: at, to: at, motion: STILL }
    }

    /// The value when `shaped` of the way is done.
    fn at(self, shaped: u64) -> u32 {
        // At most (2^32 - 1) * 2^32 + 2^31: it fits.
        let way = ((u64::from(self.to.abs_diff(self.from)) * shaped + (1 << 31)) >> 32) as u32;
        if self.rises() { self.from.saturating_add(way) } else { self.from.saturating_sub(way) }
    }

    const fn rises(self) -> bool {
        self.to > self.from
    }
}

impl Motion {
    fn end(&self) -> Mono {
        self.start + self.length
    }

    /// Its own clock: it stands while it is frozen.
    fn clock(&self, t: Mono) -> Mono {
        self.frozen.map_or(t, |at| at.min(t))
    }

    fn begun(&self, t: Mono) -> bool {
        self.clock(t) >= self.start
    }

    fn over(&self, t: Mono) -> bool {
        self.clock(t) >= self.end()
    }

    /// It stands on its way.
    fn stands(&self) -> bool {
        self.users > 0 && self.frozen.is_some_and(|at| at < self.end())
    }

    /// How much of its time has passed, in units of 2^-32.
    fn done(&self, t: Mono) -> u64 {
        if t >= self.end() {
            return ONE;
        }
        (u128::from(t.since(self.start).0) * u128::from(ONE) / u128::from(self.length.0.max(1))) as u64
    }

    fn shaped(&self, rising: bool, t: Mono) -> u64 {
        let t = self.clock(t);
        if t < self.start { 0 } else { shape(self.curve, rising, self.done(t)) }
    }
}

/// The places of an act's motions, made when first needed; the act itself is one of their users until it is applied.
#[derive(Default)]
struct Makers {
    owner: u64,
    up: Option<u32>,
    down: Option<u32>,
    jump: Option<u32>,
}

impl Board {
    /// Everything rests at its default and no universe is named.
    #[must_use]
    pub fn new(rig: Arc<Rig>) -> Self {
        let states = rig.params.iter().map(|p| State { now: Travel::still(p.default), next: None, owned: false }).collect();
        let mut order: Vec<u32> = (0..rig.params.len() as u32).collect();
        order.sort_by_key(|ix| rig.params.get(*ix as usize).map_or(0, |p| p.universe));
        let universe_of = |ix: &u32| rig.params.get(*ix as usize).map_or(0, |p| usize::from(p.universe));
        let begins = (0..=rig.universes.len()).map(|u| order.partition_point(|ix| universe_of(ix) < u)).collect();
        let (named, touched) = (vec![false; rig.universes.len()], vec![false; rig.universes.len()]);
        Self { rig, order, begins, states, motions: Vec::new(), named, touched, lag: Span::ZERO, paused: None }
    }

    /// Starts an act at `at`: its parameters leave from where they are at the end of its delay.
    ///
    /// While paused, jumps land at once and fades wait for [`Self::resume`].
    pub fn apply(&mut self, at: Mono, act: &LightAct) {
        self.apply_of(0, at, act);
    }

    /// As [`Self::apply`]; the fades belong to `owner` and are stopped or paused with it.
    pub fn apply_of(&mut self, owner: u64, at: Mono, act: &LightAct) {
        let t = self.clock(at);
        self.settle(t);
        let dark = self.dark_before(t, act);
        let mut makers = Makers { owner, ..Makers::default() };
        for (ix, to) in &act.values {
            self.name(*ix);
            self.take(t, act, *ix, *to, &dark, &mut makers);
        }
        for ix in &act.release {
            if let Some(state) = self.states.get_mut(ix.at()).filter(|s| s.owned) {
                state.owned = false;
                self.take(t, act, *ix, self.default_of(*ix), &dark, &mut makers);
            }
        }
        if act.rest == Rest::Out {
            for (i, param) in self.rig.clone().params.iter().enumerate() {
                let ix = ParamIx(i as u32);
                let lit = param.intensity && self.states.get(i).is_some_and(|s| s.owned);
                if lit && act.values.binary_search_by_key(&ix, |(p, _)| *p).is_err() {
                    self.take(t, act, ix, 0, &dark, &mut makers);
                }
            }
        }
        for made in [makers.up, makers.down, makers.jump].into_iter().flatten() {
            self.drop_motion(made);
        }
    }

    /// A cue names this parameter: the run owns it, and its universe may be sent from now on.
    fn name(&mut self, ix: ParamIx) {
        let Some(state) = self.states.get_mut(ix.at()) else { return };
        if std::mem::replace(&mut state.owned, true) {
            return;
        }
        for universe in self.rig.clone().universes_of(ix) {
            if let Some(named) = self.named.get_mut(usize::from(universe))
                && !std::mem::replace(named, true)
                && let Some(touched) = self.touched.get_mut(usize::from(universe))
            {
                *touched = true;
            }
        }
    }

    /// Where the run wants a parameter to be in the end; `None`: no cue named it in this run, or one released it.
    #[must_use]
    pub fn target(&self, ix: ParamIx) -> Option<u32> {
        self.states.get(ix.at()).filter(|s| s.owned).map(|s| s.next.unwrap_or(s.now).to)
    }

    /// Where a parameter is at `now`; 0 for one that the rig does not have.
    #[must_use]
    pub fn level(&self, ix: ParamIx, now: Mono) -> u32 {
        let t = self.clock(now);
        self.states.get(ix.at()).map_or(0, |s| self.value(s, t))
    }

    /// All fades stop where they are at `at`; waiting ones are forgotten.
    pub fn halt(&mut self, at: Mono) {
        let t = self.clock(at);
        for i in 0..self.states.len() {
            let state = self.states[i];
            if state.now.motion != STILL || state.next.is_some() {
                self.states[i].now = Travel::still(self.value(&state, t));
                self.states[i].next = None;
                self.touch(i);
            }
        }
        self.motions.clear();
    }

    /// The fades of one owner stop where they are at `at`; those that wait are forgotten. What another took over since goes on.
    pub fn halt_of(&mut self, owner: u64, at: Mono) {
        let t = self.clock(at);
        self.settle(t);
        for i in 0..self.states.len() {
            let state = self.states[i];
            if let Some(next) = state.next.filter(|next| self.owns(owner, *next)) {
                self.drop_motion(next.motion);
                self.states[i].next = None;
            }
            if self.owns(owner, state.now) {
                self.states[i].now = Travel::still(self.value(&State { next: None, ..state }, t));
                self.drop_motion(state.now.motion);
                self.touch(i);
            }
        }
    }

    /// The fades and delays of one owner stand until [`Self::resume_of`].
    pub fn pause_of(&mut self, owner: u64, at: Mono) {
        let t = self.clock(at);
        for motion in self.motions.iter_mut().filter(|m| m.owner == owner) {
            motion.frozen.get_or_insert(t);
        }
    }

    /// What [`Self::pause_of`] held goes on for the time that was left.
    pub fn resume_of(&mut self, owner: u64, at: Mono) {
        let t = self.clock(at);
        for motion in self.motions.iter_mut().filter(|m| m.owner == owner) {
            if let Some(since) = motion.frozen.take() {
                motion.start += t.since(since);
            }
        }
    }

    fn owns(&self, owner: u64, travel: Travel) -> bool {
        self.motions.get(travel.motion as usize).is_some_and(|m| m.owner == owner)
    }

    /// All fades and delays stand until [`Self::resume`].
    pub fn pause(&mut self, at: Mono) {
        self.paused.get_or_insert(at);
    }

    /// What was paused goes on from where it stood.
    pub fn resume(&mut self, at: Mono) {
        if let Some(since) = self.paused.take() {
            self.lag = self.lag + at.since(since);
        }
    }

    /// True while a fade or its delay runs; a paused board does not move. The frame at [`Self::settles_at`] is the last new one.
    #[must_use]
    pub fn moving(&self, now: Mono) -> bool {
        let last = self.motions.iter().filter(|m| m.users > 0 && m.frozen.is_none()).map(Motion::end).max().unwrap_or_default();
        self.paused.is_none() && last > Mono::ZERO && now < last + self.lag
    }

    /// When the last fade is over; the far future while paused with a fade under way; a past instant when all rests.
    #[must_use]
    pub fn settles_at(&self) -> Mono {
        let last = self.motions.iter().filter(|m| m.users > 0).map(Motion::end).max().unwrap_or_default();
        match self.paused {
            _ if self.motions.iter().any(Motion::stands) => Mono(u64::MAX),
            Some(at) if last > at - self.lag => Mono(u64::MAX),
            _ if last == Mono::ZERO => Mono::ZERO,
            _ => last + self.lag,
        }
    }

    /// Whether a cue of this run has named something in a universe (index into [`Rig::universes`]); it is never sent before.
    #[must_use]
    pub fn named(&self, universe: u16) -> bool {
        self.named.get(usize::from(universe)).copied().unwrap_or(false)
    }

    /// The 512 slots of a universe (index into [`Rig::universes`]) at `now`.
    pub fn render(&self, now: Mono, universe: u16, slots: &mut [u8; 512]) {
        slots.fill(0);
        let t = self.clock(now);
        let range = self.begins.get(usize::from(universe)).zip(self.begins.get(usize::from(universe) + 1));
        let members = range.and_then(|(from, to)| self.order.get(*from..*to)).unwrap_or_default();
        let mut known = Known::default();
        for i in members {
            let (Some(param), Some(state)) = (self.rig.params.get(*i as usize), self.states.get(*i as usize)) else { continue };
            let mut value = self.seen(state, t, &mut known);
            if let Some(dimmer) = param.dimmer.and_then(|ix| self.states.get(ix.at())) {
                value = scaled(value, self.seen(dimmer, t, &mut known));
            }
            param.slots.write(if param.inverse { !value } else { value }, slots);
        }
    }

    /// The universes (indexes into [`Rig::universes`]) that an act or a halt has changed since this was last asked, in order.
    pub fn touched(&mut self) -> impl Iterator<Item = u16> + '_ {
        self.touched.iter_mut().enumerate().filter_map(|(i, touched)| std::mem::take(touched).then_some(i as u16))
    }

    /// The board's own clock.
    fn clock(&self, now: Mono) -> Mono {
        self.paused.map_or(now, |at| at.min(now)) - self.lag
    }

    fn current(&self, state: &State, t: Mono) -> Travel {
        state.next.filter(|n| self.motions.get(n.motion as usize).is_none_or(|m| m.begun(t))).unwrap_or(state.now)
    }

    /// As [`Self::value`], while a frame is made.
    fn seen(&self, state: &State, t: Mono, known: &mut Known) -> u32 {
        let travel = self.current(state, t);
        if travel.motion == STILL { travel.to } else { travel.at(known.shaped(&self.motions, travel, t)) }
    }

    fn value(&self, state: &State, t: Mono) -> u32 {
        let travel = self.current(state, t);
        self.motions.get(travel.motion as usize).map_or(travel.to, |m| travel.at(m.shaped(travel.rises(), t)))
    }

    /// Puts away what is over, so that places of motions become free.
    fn settle(&mut self, t: Mono) {
        for i in 0..self.states.len() {
            if let Some(next) = self.states[i].next
                && self.motions.get(next.motion as usize).is_none_or(|m| m.begun(t))
            {
                self.drop_motion(self.states[i].now.motion);
                self.states[i].now = next;
                self.states[i].next = None;
            }
            let travel = self.states[i].now;
            if self.motions.get(travel.motion as usize).is_some_and(|m| m.over(t)) {
                self.drop_motion(travel.motion);
                self.states[i].now = Travel::still(travel.to);
            }
        }
    }

    /// One parameter goes to `to` with an act. A change that still waits for its delay is forgotten: the newest act wins.
    fn take(&mut self, t: Mono, act: &LightAct, ix: ParamIx, to: u32, dark: &[u32], makers: &mut Makers) {
        let (Some(param), Some(state)) = (self.rig.params.get(ix.at()).copied(), self.states.get_mut(ix.at())) else { return };
        let waiting = state.next.take();
        let state = *state;
        if let Some(waiting) = waiting {
            self.drop_motion(waiting.motion);
        }
        // The simple mark: nobody sees a dark fixture turn or change colour, so it does both before its light comes.
        let marked = !param.intensity && dark.binary_search(&param.fixture).is_ok();
        let delay = if marked { Span::ZERO } else { act.delay };
        let from = self.value(&state, t + delay);
        if state.now.motion == STILL && from == to {
            return;
        }
        self.touch(ix.at());
        let falls = param.intensity && to < from;
        let length = if falls { act.down } else { act.up };
        let jump = marked || param.snap || act.curve == Curve::Snap || length.is_zero();
        if delay.is_zero() && (jump || from == to) {
            self.drop_motion(state.now.motion);
            self.states[ix.at()].now = Travel::still(to);
            return;
        }
        let owner = makers.owner;
        let place = match (jump, falls) {
            (true, _) => &mut makers.jump,
            (false, true) => &mut makers.down,
            (false, false) => &mut makers.up,
        };
        let (length, curve) = if jump { (Span::ZERO, Curve::Snap) } else { (length, act.curve) };
        let begun = Motion { start: t + delay, length, curve, users: 1, owner, frozen: None };
        let motion = *place.get_or_insert_with(|| make(&mut self.motions, begun));
        if let Some(m) = self.motions.get_mut(motion as usize) {
            m.users += 1;
        }
        let travel = Travel { from, to, motion };
        if delay.is_zero() {
            self.drop_motion(state.now.motion);
            self.states[ix.at()].now = travel;
        } else {
            self.states[ix.at()].next = Some(travel);
        }
    }

    /// Fixtures that the act names, dark at `t` and not on their way up; sorted.
    fn dark_before(&self, t: Mono, act: &LightAct) -> Vec<u32> {
        let named = act.values.iter().map(|(ix, _)| *ix).chain(act.release.iter().copied());
        let mut fixtures: Vec<u32> = named.filter_map(|ix| self.rig.params.get(ix.at())).map(|p| p.fixture).collect();
        fixtures.sort_unstable();
        fixtures.dedup();
        fixtures.retain(|f| self.is_dark(*f, t));
        fixtures
    }

    /// A fixture that can give light, gives none, and is not on its way up. One that waits for its rise is still dark.
    fn is_dark(&self, fixture: u32, t: Mono) -> bool {
        let Some(fixture) = self.rig.fixtures.get(fixture as usize) else { return false };
        let range = fixture.first_param as usize..(fixture.first_param + fixture.param_count) as usize;
        let mut lights = range.filter_map(|i| self.rig.params.get(i).zip(self.states.get(i))).filter(|(p, _)| p.intensity).peekable();
        lights.peek().is_some() && lights.all(|(_, s)| self.value(s, t) == 0 && self.current(s, t).to == 0)
    }

    /// Where a parameter rests.
    pub(super) fn default_of(&self, ix: ParamIx) -> u32 {
        self.rig.params.get(ix.at()).map_or(0, |p| p.default)
    }

    fn drop_motion(&mut self, motion: u32) {
        if let Some(m) = self.motions.get_mut(motion as usize) {
            m.users = m.users.saturating_sub(1);
        }
    }

    fn touch(&mut self, param: usize) {
        for universe in self.rig.universes_of(ParamIx(param as u32)) {
            if let Some(touched) = self.touched.get_mut(usize::from(universe)) {
                *touched = true;
            }
        }
    }
}

/// Puts a motion into a free place; gives the place.
fn make(motions: &mut Vec<Motion>, motion: Motion) -> u32 {
    if let Some(free) = motions.iter().position(|m| m.users == 0) {
        motions[free] = motion;
        return free as u32;
    }
    motions.push(motion);
    (motions.len() - 1) as u32
}

/// The progress of the motions that a frame meets, worked out once each while few of them run.
#[derive(Default)]
struct Known([Option<(u32, bool, u64)>; 8]);

impl Known {
    fn shaped(&mut self, motions: &[Motion], travel: Travel, t: Mono) -> u64 {
        let rising = travel.rises();
        let place = &mut self.0[((travel.motion & 3) << 1) as usize | usize::from(rising)];
        match place {
            Some((motion, up, shaped)) if *motion == travel.motion && *up == rising => *shaped,
            _ => {
                let shaped = motions.get(travel.motion as usize).map_or(ONE, |m| m.shaped(rising, t));
                *place = Some((travel.motion, rising, shaped));
                shaped
            }
        }
    }
}
