//! Stop and pause: all lights, or those of one owner.

use super::Board;
use super::motion::{State, Travel};
use crate::show::ParamIx;
use crate::time::Mono;

impl Board {
    /// All fades and effects stop where they are at `at`; waiting ones are forgotten.
    pub fn halt(&mut self, at: Mono) {
        let t = self.clock(at);
        for layer in 0..self.layers.len() {
            for i in 0..self.rig.params.len() {
                self.settle(layer, i, t);
                self.stop(layer, i, t, |_| true);
            }
        }
        self.motions.clear();
        self.find_free();
        self.until.fill(Mono::ZERO);
        self.reckon();
    }

    /// The fades of one owner stop where they are at `at`; those that wait are forgotten. What another took over since goes on.
    pub fn halt_of(&mut self, owner: u64, at: Mono) {
        if !self.motions.iter().any(|m| m.users > 0 && m.owner == owner) {
            return;
        }
        let t = self.clock(at);
        for layer in 0..self.layers.len() {
            for i in 0..self.rig.params.len() {
                self.settle(layer, i, t);
                self.stop(layer, i, t, |of| of == owner);
            }
        }
        self.reckon();
    }

    /// What of one parameter moves by an owner that `ours` accepts stays where it is; it has been settled.
    fn stop(&mut self, layer: usize, param: usize, t: Mono, ours: impl Fn(u64) -> bool) {
        let Some(state) = self.layers.get(layer).and_then(|l| l.get(param)).copied() else { return };
        let owned = |travel: Travel| self.motions.get(travel.motion as usize).is_some_and(|m| ours(m.owner));
        let (stops, forgets) = (owned(state.now), state.next.filter(|next| owned(*next)));
        if !stops && forgets.is_none() {
            return;
        }
        let mut after = state;
        if let Some(next) = forgets {
            self.drop_motion(next.motion);
            after.next = None;
        }
        if stops {
            after.now = Travel::still(self.value(&State { next: None, ..state }, t));
            self.drop_motion(state.now.motion);
            self.touch(param);
        }
        self.waving.remove(&(layer as u16, ParamIx(param as u32)));
        after.base = after.next.unwrap_or(after.now).to;
        // What was on its way out and stays lit is the run's again: nobody else would take it out.
        let rests = self.rig.params.get(param).is_some_and(|p| after.base == if p.intensity && layer > 0 { 0 } else { p.default });
        after.owned |= !rests;
        self.put(layer, param, after);
    }

    /// The fades, delays and effects of one owner stand until [`Self::resume_of`].
    pub fn pause_of(&mut self, owner: u64, at: Mono) {
        let t = self.clock(at);
        for motion in self.motions.iter_mut().filter(|m| m.owner == owner) {
            motion.frozen.get_or_insert(t);
        }
        self.changes.another_way_everywhere();
        self.reckon();
    }

    /// What [`Self::pause_of`] held goes on for the time that was left.
    pub fn resume_of(&mut self, owner: u64, at: Mono) {
        let t = self.clock(at);
        let mut last = Mono::ZERO;
        for motion in self.motions.iter_mut().filter(|m| m.owner == owner) {
            if let Some(since) = motion.frozen.take() {
                motion.start += t.since(since);
                last = last.max(motion.end());
            }
        }
        self.changes.another_way_everywhere();
        // Which universes they are in is not worth finding out: to say that one moves is always right.
        self.until.iter_mut().for_each(|until| *until = (*until).max(last));
        self.reckon();
    }

    /// All fades, delays and effects stand until [`Self::resume`].
    pub fn pause(&mut self, at: Mono) {
        self.paused.get_or_insert(at);
    }

    /// What was paused goes on from where it stood.
    pub fn resume(&mut self, at: Mono) {
        if let Some(since) = self.paused.take() {
            self.lag = self.lag + at.since(since);
        }
    }
}
