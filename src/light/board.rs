//! The board: where every parameter is, and where it goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::changes::Changes;
use super::mark::Mark;
use super::motion::{Level, Motion, STILL, State, Travel};
use super::overlay::Overlay;
use super::render::in_order;
use crate::show::{LightAct, ParamIx, Rest, Rig, Swing};
use crate::time::{Mono, Span};

/// Motions that may be over before their places are looked for.
const SPENT: usize = 256;

/// All parameters of a rig in time.
///
/// Newest wins: an act that names a parameter takes it from where it is at that instant. Cue lists are layers: of intensities the
/// highest layer is seen, of everything else the one that moved it last. The board has a clock of its own that stands while it is
/// paused; every time below is of that clock.
#[derive(Debug, Clone)]
pub struct Board {
    pub(super) rig: Arc<Rig>,
    /// The parameters that have slots, in the order of universes and slots, and where each universe begins.
    pub(super) in_order: Vec<u32>,
    pub(super) begins: Vec<usize>,
    /// Parameters that give light.
    lights: Vec<ParamIx>,
    /// There are others.
    pub(super) more: bool,
    /// The first layer; the only one while no other has moved a light.
    pub(super) layers: Vec<Vec<State>>,
    /// Whose value of each parameter that is not intensity is seen; empty with one layer.
    pub(super) holders: Vec<u16>,
    pub(super) motions: Vec<Motion>,
    free: Vec<u32>,
    /// At so many motions those that are over are looked for.
    full_at: usize,
    /// Universes in which a cue of this run has named something.
    pub(super) named: Vec<bool>,
    pub(super) changes: Changes,
    /// No parameter of a universe moves from then on.
    pub(super) until: Vec<Mono>,
    /// When the last motion that does not stand is over.
    pub(super) horizon: Mono,
    /// A motion stands on its way.
    pub(super) stands: bool,
    /// Effects that run, by layer and parameter.
    pub(super) waving: BTreeMap<(u16, ParamIx), Swing>,
    /// Parameters of dark lights that stand where a cue to come wants them.
    pub(super) marked: BTreeMap<ParamIx, Mark>,
    /// What people lay over the cues, and what it makes of each parameter: a scale (none: all are full), or a value of its own.
    pub(super) over: Overlay,
    pub(super) scales: Vec<Level>,
    pub(super) fixed: BTreeMap<ParamIx, Level>,
    /// How far the board's clock is behind the show's.
    pub(super) lag: Span,
    /// When the board's clock was stopped, on the show's clock.
    pub(super) paused: Option<Mono>,
}

/// Whose change it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// A cue list's, by its index.
    List(u16),
    /// Nobody's list (panic, a hot cue): it takes what it names from all lists.
    All,
}

impl Layer {
    pub(super) const fn at(self) -> usize {
        match self {
            Self::List(list) => list as usize,
            Self::All => 0,
        }
    }
}

impl Board {
    /// Everything rests at its default and no universe is named.
    #[must_use]
    pub fn new(rig: Arc<Rig>) -> Self {
        let (in_order, begins) = in_order(&rig);
        let universes = rig.universes.len();
        let lights = (0_u32..).zip(&rig.params).filter(|(_, p)| p.intensity).map(|(ix, _)| ParamIx(ix)).collect();
        let more = rig.params.iter().any(|param| !param.intensity);
        let layers = vec![rig.params.iter().map(|p| State::rests(p.default)).collect()];
        Self {
            rig,
            in_order,
            begins,
            lights,
            more,
            layers,
            holders: Vec::new(),
            motions: Vec::new(),
            free: Vec::new(),
            full_at: SPENT,
            named: vec![false; universes],
            changes: Changes::none(universes),
            until: vec![Mono::ZERO; universes],
            horizon: Mono::ZERO,
            stands: false,
            waving: BTreeMap::new(),
            marked: BTreeMap::new(),
            over: Overlay::default(),
            scales: Vec::new(),
            fixed: BTreeMap::new(),
            lag: Span::ZERO,
            paused: None,
        }
    }

    /// Starts an act of the first list at `at`: its parameters leave from where they are at the end of its delay.
    ///
    /// While paused, jumps land at once and fades wait for [`Self::resume`].
    pub fn apply(&mut self, at: Mono, act: &LightAct) {
        self.apply_of(0, Layer::List(0), at, act);
    }

    /// As [`Self::apply`], of a layer; the fades belong to `owner` and are stopped or paused with it.
    pub fn apply_of(&mut self, owner: u64, layer: Layer, at: Mono, act: &LightAct) {
        let t = self.clock(at);
        self.open(layer);
        self.tidy(t);
        self.end_marks(act);
        let mut taking = self.taking(owner, layer, t, act);
        let mut timed = act.timed.iter().peekable();
        for (ix, to) in &act.values {
            while timed.next_if(|(of, _)| of < ix).is_some() {}
            let timing = timed.next_if(|(of, _)| of == ix).map(|(_, timing)| *timing);
            let to = act.target(*ix, *to, || self.target_of(self.holder(ix.at()), *ix));
            self.name(layer, *ix);
            self.take(&mut taking, *ix, to, timing);
        }
        for ix in &act.release {
            self.release(&mut taking, *ix);
        }
        if act.assert {
            self.assert(&mut taking);
        }
        for (ix, swing) in &act.swings {
            if swing.wave.is_some() {
                self.name(layer, *ix);
            }
            self.swing(&mut taking, *ix, *swing);
        }
        if act.rest == Rest::Out {
            self.rest_out(&mut taking);
        }
        self.end_taking(&taking);
        self.reckon();
    }

    /// A list lets go of a parameter: it goes where another list wants it, or to its default.
    fn release(&mut self, taking: &mut super::take::Taking<'_>, ix: ParamIx) {
        if taking.layer == Layer::All {
            for list in 0..self.lists() {
                taking.layer = Layer::List(list);
                self.release(taking, ix);
            }
            taking.layer = Layer::All;
            return;
        }
        let own = taking.layer.at();
        let Some(state) = self.layers.get_mut(own).and_then(|l| l.get_mut(ix.at())).filter(|s| s.owned) else { return };
        state.owned = false;
        let intensity = self.rig.params.get(ix.at()).is_some_and(|p| p.intensity);
        let others = (0..self.lists()).rev().filter(|list| usize::from(*list) != own && !intensity);
        let heir = others.filter(|_| usize::from(self.holder(ix.at())) == own).find_map(|list| Some((list, self.target_in(list, ix)?)));
        match heir {
            Some((list, to)) => {
                let layer = std::mem::replace(&mut taking.layer, Layer::List(list));
                self.take(taking, ix, to, None);
                taking.layer = layer;
            }
            None => self.take(taking, ix, if own > 0 && intensity { 0 } else { self.default_of(ix) }, None),
        }
    }

    /// What the list wanted and another has moved since goes back to where the list wants it.
    fn assert(&mut self, taking: &mut super::take::Taking<'_>) {
        let Layer::List(list) = taking.layer else { return };
        for i in 0..self.holders.len() {
            let ix = ParamIx(i as u32);
            let named = taking.act.values.binary_search_by_key(&ix, |(p, _)| *p).is_ok();
            if let Some(to) = self.target_in(list, ix).filter(|_| !named && self.seen_of(list, ix) != list) {
                self.take(taking, ix, to, None);
            }
        }
    }

    /// Intensities that the run has set and the act does not name fade out with it.
    fn rest_out(&mut self, taking: &mut super::take::Taking<'_>) {
        let lights = std::mem::take(&mut self.lights);
        for ix in &lights {
            let lit = self.layers.get(taking.layer.at()).and_then(|l| l.get(ix.at())).is_some_and(|s| s.owned)
                || (taking.layer == Layer::All && self.target(*ix).is_some());
            if lit && taking.act.values.binary_search_by_key(ix, |(p, _)| *p).is_err() {
                self.take(taking, *ix, 0, None);
            }
        }
        self.lights = lights;
    }

    /// A cue names this parameter: the run owns it, and its universe may be sent from now on.
    fn name(&mut self, layer: Layer, ix: ParamIx) {
        let Some(state) = self.layers.get_mut(layer.at()).and_then(|l| l.get_mut(ix.at())) else { return };
        if std::mem::replace(&mut state.owned, true) {
            return;
        }
        for universe in self.rig.universes_of(ix) {
            if let Some(named) = self.named.get_mut(usize::from(universe))
                && !std::mem::replace(named, true)
            {
                self.changes.news(universe);
            }
        }
    }

    /// A list that moves lights for the first time gets its layer.
    pub(super) fn open(&mut self, layer: Layer) {
        let defaults = || self.rig.params.iter().map(|p| State::rests(if p.intensity { 0 } else { p.default })).collect();
        let missing = (layer.at() + 1).saturating_sub(self.layers.len());
        for _ in 0..missing {
            let states = defaults();
            self.layers.push(states);
        }
        if self.layers.len() > 1 && self.holders.is_empty() {
            self.holders = vec![0; self.rig.params.len()];
        }
    }

    /// Where the run wants a parameter to be in the end, effects aside; `None`: no cue named it in this run, or one released it.
    #[must_use]
    pub fn target(&self, ix: ParamIx) -> Option<Level> {
        let intensity = self.rig.params.get(ix.at()).is_some_and(|p| p.intensity);
        if intensity {
            return self.layers.iter().filter_map(|l| l.get(ix.at())).filter(|s| s.owned).map(|s| s.base).max();
        }
        self.target_in(self.holder(ix.at()), ix)
    }

    /// Where a list wants a parameter, whoever is seen.
    #[must_use]
    pub fn target_in(&self, list: u16, ix: ParamIx) -> Option<Level> {
        self.layers.get(usize::from(list)).and_then(|l| l.get(ix.at())).filter(|s| s.owned).map(|s| s.base)
    }

    /// The effect that a list has on a parameter.
    #[must_use]
    pub fn swing_in(&self, list: u16, ix: ParamIx) -> Option<Swing> {
        self.waving.get(&(list, ix)).copied()
    }

    /// The parameters of a list that have an effect.
    pub fn swinging(&self, list: u16) -> impl Iterator<Item = ParamIx> + '_ {
        self.waving.range((list, ParamIx(0))..=(list, ParamIx(u32::MAX))).map(|((_, ix), _)| *ix)
    }

    /// Whose value of a parameter is seen when a list has one: its own for intensity, for all else that of the list that moved it last.
    #[must_use]
    pub fn seen_of(&self, list: u16, ix: ParamIx) -> u16 {
        let intensity = self.rig.params.get(ix.at()).is_some_and(|p| p.intensity);
        let holder = self.holder(ix.at());
        if intensity || self.layers.len() == 1 || self.target_in(holder, ix).is_none() { list } else { holder }
    }

    /// Parameters that give light.
    #[must_use]
    pub fn lights(&self) -> &[ParamIx] {
        &self.lights
    }

    /// Lists that have moved lights: those below this index.
    #[must_use]
    pub fn lists(&self) -> u16 {
        self.layers.len() as u16
    }

    /// Whose value of a parameter is seen, of those that are not intensity.
    pub(super) fn holder(&self, param: usize) -> u16 {
        self.holders.get(param).copied().unwrap_or(0)
    }

    /// Whether a cue of this run has named something in a universe (index into [`Rig::universes`]); it is never sent before.
    #[must_use]
    pub fn named(&self, universe: u16) -> bool {
        self.named.get(usize::from(universe)).copied().unwrap_or(false)
    }

    /// The board's own clock.
    pub(super) fn clock(&self, now: Mono) -> Mono {
        self.paused.map_or(now, |at| at.min(now)) - self.lag
    }

    /// Where a parameter rests.
    pub(super) fn default_of(&self, ix: ParamIx) -> Level {
        self.rig.params.get(ix.at()).map_or(0, |p| p.default)
    }

    /// Puts a motion into a free place; gives the place.
    pub(super) fn make(&mut self, motion: Motion) -> u32 {
        if let Some(free) = self.free.pop()
            && let Some(place) = self.motions.get_mut(free as usize)
        {
            *place = motion;
            return free;
        }
        self.motions.push(motion);
        (self.motions.len() - 1) as u32
    }

    pub(super) fn drop_motion(&mut self, motion: u32) {
        if let Some(m) = self.motions.get_mut(motion as usize)
            && m.users > 0
        {
            m.users -= 1;
            if m.users == 0 {
                self.free.push(motion);
            }
        }
    }

    /// When many motions are over, their places become free: rarely, since it looks at every parameter.
    fn tidy(&mut self, t: Mono) {
        if self.motions.len() - self.free.len() < self.full_at {
            return;
        }
        for layer in 0..self.layers.len() {
            for i in 0..self.rig.params.len() {
                self.settle(layer, i, t);
            }
        }
        self.full_at = SPENT.max(2 * (self.motions.len() - self.free.len()));
    }

    /// Puts away what is over of one parameter, so that places of motions become free.
    pub(super) fn settle(&mut self, layer: usize, param: usize, t: Mono) {
        let Some(state) = self.layers.get(layer).and_then(|l| l.get(param)).copied() else { return };
        let (mut now, mut next) = (state.now, state.next);
        if let Some(after) = next
            && self.motions.get(after.motion as usize).is_none_or(|m| m.begun(t))
        {
            self.drop_motion(now.motion);
            (now, next) = (after, None);
        }
        if self.motions.get(now.motion as usize).is_some_and(|m| m.over(t)) {
            self.drop_motion(now.motion);
            now = Travel::still(now.to);
        }
        if (now, next) != (state.now, state.next) {
            self.put(layer, param, State { now, next, ..state });
        }
    }

    /// A parameter goes another way: every change of one is made here, for its universe is laid out anew.
    pub(super) fn put(&mut self, layer: usize, param: usize, state: State) {
        if let Some(place) = self.layers.get_mut(layer).and_then(|l| l.get_mut(param)) {
            *place = state;
        }
        self.stir(param);
    }

    /// What shows a parameter is laid out anew.
    pub(super) fn stir(&mut self, param: usize) {
        for universe in self.rig.universes_of(ParamIx(param as u32)) {
            self.changes.another_way(universe);
        }
    }

    /// Works out anew until when anything moves.
    pub(super) fn reckon(&mut self) {
        let going = self.motions.iter().filter(|m| m.users > 0 && m.frozen.is_none());
        self.horizon = going.map(Motion::end).max().unwrap_or_default();
        self.stands = self.motions.iter().any(Motion::stands);
    }

    /// The places of motions that nobody travels with.
    pub(super) fn find_free(&mut self) {
        self.free = (0_u32..).zip(&self.motions).filter(|(_, m)| m.users == 0).map(|(i, _)| i).collect();
    }

    pub(super) fn touch(&mut self, param: usize) {
        for universe in self.rig.universes_of(ParamIx(param as u32)) {
            self.changes.news(universe);
        }
    }

    /// A universe has movement until `end`.
    pub(super) fn moves_until(&mut self, param: usize, end: Mono) {
        for universe in self.rig.universes_of(ParamIx(param as u32)) {
            if let Some(until) = self.until.get_mut(usize::from(universe)) {
                *until = (*until).max(end);
            }
        }
    }

    /// Nothing refers to a motion.
    pub(super) const fn is_still(travel: Travel) -> bool {
        travel.motion == STILL
    }
}
