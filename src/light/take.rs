//! How an act takes a parameter: from where it is, in the act's own time or the parameter's.

use std::collections::BTreeMap;

use super::Board;
use super::board::Layer;
use super::motion::{FULL, Level, Motion, Shape, State, Travel};
use super::shade::{Shade, seen_with};
use super::wave;
use crate::show::dmx::widen;
use crate::show::{Curve, LightAct, Param, ParamIx, Rig, Swing, SwingFrom, Timing, Wave};
use crate::time::{Mono, Span};

/// An act while it is applied.
pub(super) struct Taking<'a> {
    pub(super) act: &'a LightAct,
    pub(super) layer: Layer,
    pub(super) t: Mono,
    owner: u64,
    /// What of the fixtures that the act names is dark before it and not on its way up; sorted.
    dark: Vec<(u32, Shade)>,
    /// The act's motions, three for each of its times: up, down, jump. Made when first needed; the act itself is one of their users.
    made: Vec<[Option<u32>; 3]>,
    /// Its waves: shape, period, phase. As above.
    waves: BTreeMap<(Wave, Span, u32), u32>,
}

impl Taking<'_> {
    /// Nobody sees a parameter move before the act brings its light.
    fn hides(&self, rig: &Rig, param: &Param) -> bool {
        let shade = self.dark.binary_search_by_key(&param.fixture, |(fixture, _)| *fixture).ok().and_then(|at| self.dark.get(at));
        shade.is_some_and(|(_, shade)| shade.hides(seen_with(rig, param)))
    }
}

impl Board {
    /// Before the first parameter is taken.
    pub(super) fn taking<'a>(&self, owner: u64, layer: Layer, t: Mono, act: &'a LightAct) -> Taking<'a> {
        Taking { act, layer, t, owner, dark: self.dark_before(t, act), made: vec![[None; 3]; act.times.len() + 1], waves: BTreeMap::new() }
    }

    /// After the last.
    pub(super) fn end_taking(&mut self, taking: &Taking<'_>) {
        for made in taking.made.iter().flatten().flatten().chain(taking.waves.values()) {
            self.drop_motion(*made);
        }
    }

    /// One parameter goes to `to`. A change that still waits for its delay is forgotten: the newest act wins.
    pub(super) fn take(&mut self, taking: &mut Taking<'_>, ix: ParamIx, to: Level, timing: Option<u16>) {
        let (layer, t) = (taking.layer.at(), taking.t);
        let Some(param) = self.rig.params.get(ix.at()).copied() else { return };
        let own = timing.and_then(|at| taking.act.times.get(usize::from(at)).copied());
        let Timing { up, down, delay, curve } = own.unwrap_or_else(|| taking.act.timing());
        // What no mark has moved ahead moves here: nobody sees a dark fixture turn or change colour before its light comes.
        let marked = !param.intensity && !param.reveals && !taking.act.live && taking.hides(&self.rig, &param);
        let delay = if marked { Span::ZERO } else { delay };
        self.settle(layer, ix.at(), t);
        self.hold(taking, ix, param.intensity);
        let Some(state) = self.layers.get(layer).and_then(|l| l.get(ix.at())).copied() else { return };
        self.forget(layer, ix, &state);
        let state = State { next: None, base: to, ..state };
        let from = self.value(&state, t + delay);
        if Self::is_still(state.now) && from == to {
            return self.put(layer, ix.at(), state);
        }
        self.touch(ix.at());
        let falls = param.intensity && to < from;
        let length = if falls { down } else { up };
        let jump = marked || param.snap || curve == Curve::Snap || length.is_zero();
        if delay.is_zero() && (jump || from == to) {
            self.drop_motion(state.now.motion);
            return self.put(layer, ix.at(), State { now: Travel::still(to), ..state });
        }
        let (kind, length, curve) = match (jump, falls) {
            (true, _) => (2, Span::ZERO, Curve::Snap),
            (false, true) => (1, length, curve),
            (false, false) => (0, length, curve),
        };
        let fade = Motion { start: t + delay, length, shape: Shape::Fade(curve), users: 1, owner: taking.owner, frozen: None };
        let place = timing.map_or(0, |at| usize::from(at) + 1);
        let motion = self.motion(taking, place, kind, fade);
        self.moves_until(ix.at(), fade.end());
        let travel = Travel { from, to, motion };
        if delay.is_zero() {
            self.drop_motion(state.now.motion);
            self.put(layer, ix.at(), State { now: travel, ..state });
        } else {
            self.put(layer, ix.at(), State { next: Some(travel), ..state });
        }
    }

    /// What waits of a parameter, and that it has an effect, are forgotten.
    fn forget(&mut self, layer: usize, ix: ParamIx, state: &State) {
        if let Some(waiting) = state.next {
            self.drop_motion(waiting.motion);
        }
        if !self.waving.is_empty() {
            self.waving.remove(&(layer as u16, ix));
        }
    }

    /// An effect begins or ends. It begins by a fade to where it starts, in the act's time up, and goes on from there; a later act takes the
    /// parameter from where it then is.
    pub(super) fn swing(&mut self, taking: &mut Taking<'_>, ix: ParamIx, swing: Swing) {
        let (layer, t) = (taking.layer.at(), taking.t);
        let Some(state) = self.layers.get(layer).and_then(|l| l.get(ix.at())).copied() else { return };
        let Some(wave) = swing.wave else {
            if self.waving.contains_key(&(layer as u16, ix)) {
                self.take(taking, ix, state.base, None);
            }
            return;
        };
        self.settle(layer, ix.at(), t);
        self.hold(taking, ix, self.rig.params.get(ix.at()).is_some_and(|p| p.intensity));
        let Some(state) = self.layers.get(layer).and_then(|l| l.get(ix.at())).copied() else { return };
        self.forget(layer, ix, &state);
        let (low, high) = reach(swing, state.base);
        let up = taking.act.up;
        let motion = Motion {
            start: t + up,
            length: swing.period,
            shape: Shape::Wave(wave, swing.phase),
            users: 1,
            owner: taking.owner,
            frozen: None,
        };
        let key = (wave, swing.period, swing.phase);
        let place = match taking.waves.get(&key) {
            Some(place) => *place,
            None => self.make(motion),
        };
        taking.waves.insert(key, place);
        if let Some(m) = self.motions.get_mut(place as usize) {
            m.users += 1;
        }
        let round = Travel { from: low, to: high, motion: place };
        let from = self.value(&State { next: None, ..state }, t);
        self.waving.insert((layer as u16, ix), swing);
        self.touch(ix.at());
        self.moves_until(ix.at(), Mono(u64::MAX));
        let (now, next) = if up.is_zero() {
            (round, None)
        } else {
            let fade = Motion { start: t, length: up, shape: Shape::Fade(taking.act.curve), users: 1, owner: taking.owner, frozen: None };
            let first = round.at(wave::at(wave, swing.phase));
            (Travel { from, to: first, motion: self.motion(taking, 0, 0, fade) }, Some(round))
        };
        self.drop_motion(state.now.motion);
        self.put(layer, ix.at(), State { now, next, ..state });
    }

    /// The motion of one of the act's times, made when it is first needed.
    fn motion(&mut self, taking: &mut Taking<'_>, place: usize, kind: usize, fade: Motion) -> u32 {
        let made = taking.made.get(place).and_then(|kinds| kinds.get(kind)).copied().flatten();
        let motion = made.unwrap_or_else(|| self.make(fade));
        if let Some(slot) = taking.made.get_mut(place).and_then(|kinds| kinds.get_mut(kind)) {
            *slot = Some(motion);
        }
        if let Some(m) = self.motions.get_mut(motion as usize) {
            m.users += 1;
        }
        motion
    }

    /// From now on this layer's value of a parameter is seen, and it starts from what was seen before.
    fn hold(&mut self, taking: &Taking<'_>, ix: ParamIx, intensity: bool) {
        if self.layers.len() == 1 {
            return;
        }
        let (layer, t) = (taking.layer.at(), taking.t);
        if !intensity {
            let before = usize::from(self.holder(ix.at()));
            if before != layer
                && let Some(seen) = self.layers.get(before).and_then(|l| l.get(ix.at())).copied()
            {
                let now = self.current(&seen, t);
                if let Some(m) = self.motions.get_mut(now.motion as usize) {
                    m.users += 1;
                }
                self.replace(layer, ix, now);
            }
            if let (Some(holder), Ok(layer)) = (self.holders.get_mut(ix.at()), u16::try_from(layer)) {
                *holder = layer;
            }
            self.stir(ix.at());
        } else if taking.layer == Layer::All {
            let seen = self.seen(ix.at(), t);
            if self.layers.iter().skip(1).filter_map(|l| l.get(ix.at())).all(|s| !s.owned && Self::is_still(s.now)) {
                return;
            }
            for other in 1..self.layers.len() {
                self.replace(other, ix, Travel::still(0));
                if let Some(state) = self.layers.get_mut(other).and_then(|l| l.get_mut(ix.at())) {
                    (state.owned, state.base) = (false, 0);
                }
            }
            self.replace(layer, ix, Travel::still(seen));
        }
    }

    /// A layer's value of a parameter goes another way; what it did is forgotten.
    fn replace(&mut self, layer: usize, ix: ParamIx, now: Travel) {
        let Some(state) = self.layers.get(layer).and_then(|l| l.get(ix.at())).copied() else { return };
        self.drop_motion(state.now.motion);
        self.forget(layer, ix, &state);
        self.put(layer, ix.at(), State { now, next: None, ..state });
    }

    fn dark_before(&self, t: Mono, act: &LightAct) -> Vec<(u32, Shade)> {
        let named = act.values.iter().map(|(ix, _)| *ix).chain(act.release.iter().copied());
        let mut fixtures: Vec<u32> = named.filter_map(|ix| self.rig.params.get(ix.at())).map(|p| p.fixture).collect();
        fixtures.dedup();
        fixtures.sort_unstable();
        fixtures.dedup();
        fixtures.into_iter().map(|fixture| (fixture, self.shade(fixture, t, false))).filter(|(_, shade)| shade.any()).collect()
    }
}

/// From where to where an effect goes when the cues have the parameter at `base`.
fn reach(swing: Swing, base: Level) -> (Level, Level) {
    let size = widen(u32::from(swing.size), 2);
    match swing.from {
        SwingFrom::Around => (base.saturating_sub(size / 2), base.saturating_add(size - size / 2)),
        SwingFrom::Above => (base, base.saturating_add(size)),
        SwingFrom::Below if base > 0 => (base.saturating_sub(size), base),
        SwingFrom::Below | SwingFrom::Full => (FULL - size, FULL),
        SwingFrom::Nothing => (size, 0),
    }
}
