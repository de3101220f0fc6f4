//! Marks: what the next cue wants of a dark light, beside its intensity, it takes up before that cue comes, where nobody sees it.
//!
//! A mark moves what is sent, not what the run wants ([`Board::target`]): when something else than that cue brings the light up, it
//! comes up where the run wants it. A light is dark when its cues give it none, nothing waits to, and nobody has parked it lit or
//! looks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Board;
use super::motion::{Level, State, Travel};
use crate::show::{LightAct, ParamIx, Rig};
use crate::time::Mono;

/// A parameter that stands where a cue to come wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The layer that is seen of it, whose value was moved.
    pub(super) layer: u16,
    /// The list whose next cue it is.
    list: u16,
}

/// Where parameters of dark lights should stand.
type Ahead = BTreeMap<ParamIx, Level>;

impl Board {
    /// Moves what the acts of a list's next cue, in their order, want of lights that they bring up from the dark; what an earlier mark of
    /// this list moved and none of them wants goes back. Lights in `busy` (indexes into [`Rig::fixtures`]) are left alone: something that
    /// runs has still to do with them.
    ///
    /// True when anything has moved.
    pub fn mark(&mut self, at: Mono, list: u16, acts: &[Arc<LightAct>], busy: &BTreeSet<u32>) -> bool {
        let t = self.clock(at);
        let ahead = self.ahead(t, acts, busy);
        let over: Vec<ParamIx> =
            self.marked.iter().filter(|(ix, mark)| mark.list == list && !ahead.contains_key(ix)).map(|(ix, _)| *ix).collect();
        let mut moved = false;
        for ix in over {
            let free = self.fixture_of(ix).is_some_and(|fixture| !busy.contains(&fixture) && self.unseen(fixture, t));
            if free {
                self.unmark(ix);
                moved = true;
            }
        }
        for (ix, to) in ahead {
            moved |= self.set_mark(ix, to, list, t);
        }
        moved
    }

    /// Whether there is anything that a mark could move.
    #[must_use]
    pub const fn can_mark(&self) -> bool {
        self.more
    }

    /// Parameters that stand where a cue to come wants them.
    pub fn marked(&self) -> impl Iterator<Item = ParamIx> + '_ {
        self.marked.keys().copied()
    }

    /// Where a list has a parameter, marks aside.
    #[must_use]
    pub fn unmarked_in(&self, list: u16, ix: ParamIx, now: Mono) -> Level {
        match self.marked.get(&ix) {
            Some(mark) if mark.layer == list => self.target_of(list, ix),
            _ => self.level_in(list, ix, now),
        }
    }

    /// Before an act changes anything: lights that it may bring up are back where the run wants them, and so is what it names.
    pub(super) fn end_marks(&mut self, act: &LightAct) {
        if self.marked.is_empty() {
            return;
        }
        let named = |ix: ParamIx| {
            act.values.binary_search_by_key(&ix, |(of, _)| *of).is_ok()
                || act.swings.binary_search_by_key(&ix, |(of, _)| *of).is_ok()
                || act.release.contains(&ix)
        };
        let mut lit: BTreeMap<u32, bool> = BTreeMap::new();
        let mut over = Vec::new();
        for ix in self.marked.keys().copied() {
            let Some(fixture) = self.fixture_of(ix) else { continue };
            let lit = *lit.entry(fixture).or_insert_with(|| act.assert || may_lift(&self.rig, act, fixture));
            if lit || named(ix) {
                over.push(ix);
            }
        }
        for ix in over {
            self.unmark(ix);
        }
    }

    /// What the acts want of the lights that they bring up, as the first that does finds it.
    fn ahead(&self, t: Mono, acts: &[Arc<LightAct>], busy: &BTreeSet<u32>) -> Ahead {
        let (mut ahead, mut before, mut done) = (Ahead::new(), Ahead::new(), BTreeSet::new());
        for (nth, act) in acts.iter().enumerate() {
            let last = nth + 1 == acts.len();
            for ix in act.release.iter().filter(|_| !last) {
                before.remove(ix);
            }
            for of_light in act.values.chunk_by(|(a, _), (b, _)| self.fixture_of(*a) == self.fixture_of(*b)) {
                let Some(fixture) = of_light.first().and_then(|(ix, _)| self.fixture_of(*ix)) else { continue };
                if done.contains(&fixture) {
                    continue;
                }
                let own = of_light.iter().filter(|(ix, _)| !act.live && self.moves_unseen(*ix));
                let held = |ix: ParamIx| before.get(&ix).copied().unwrap_or_else(|| self.target_of(self.holder(ix.at()), ix));
                let own: Vec<(ParamIx, Level)> = own.map(|(ix, to)| (*ix, act.target(*ix, *to, || held(*ix)))).collect();
                if !of_light.iter().any(|(ix, to)| *to > 0 && self.gives_light(*ix)) {
                    before.extend(own.into_iter().filter(|_| !last));
                    continue;
                }
                if !last {
                    done.insert(fixture);
                }
                let known = before.range(self.range_of(fixture)).map(|(ix, to)| (*ix, *to));
                let wanted: Vec<(ParamIx, Level)> = known.chain(own).collect();
                if !act.live && !wanted.is_empty() && !busy.contains(&fixture) && self.unseen(fixture, t) {
                    ahead.extend(wanted.into_iter().filter(|(ix, to)| self.is_news(*ix, *to, t)));
                }
            }
            let waves = act.swings.iter().filter(|(ix, swing)| swing.wave.is_some() && self.gives_light(*ix));
            for fixture in waves.filter_map(|(ix, _)| self.fixture_of(*ix)) {
                if done.insert(fixture) && !busy.contains(&fixture) && self.unseen(fixture, t) {
                    ahead.extend(before.range(self.range_of(fixture)).map(|(ix, to)| (*ix, *to)));
                }
            }
        }
        ahead
    }

    /// It is elsewhere, or there by a mark.
    fn is_news(&self, ix: ParamIx, to: Level, t: Mono) -> bool {
        let state = self.layers.get(usize::from(self.holder(ix.at()))).and_then(|l| l.get(ix.at()));
        state.is_some_and(|state| self.current(state, t).to != to) || self.marked.contains_key(&ix)
    }

    /// Moves a parameter; false when it is there, when it travels or has an effect, and when another list's mark holds it.
    fn set_mark(&mut self, ix: ParamIx, to: Level, list: u16, t: Mono) -> bool {
        let layer = self.holder(ix.at());
        self.settle(usize::from(layer), ix.at(), t);
        let Some(state) = self.layers.get(usize::from(layer)).and_then(|l| l.get(ix.at())).copied() else { return false };
        let moves = state.next.is_some() || !Self::is_still(state.now) || self.waving.contains_key(&(layer, ix));
        let theirs = self.marked.get(&ix).is_some_and(|mark| mark.list != list);
        if moves || theirs || state.now.to == to {
            return false;
        }
        self.stand(layer, ix, to);
        if to == state.base {
            self.marked.remove(&ix);
        } else {
            self.marked.insert(ix, Mark { layer, list });
        }
        true
    }

    /// Back where the run wants it.
    fn unmark(&mut self, ix: ParamIx) {
        let Some(mark) = self.marked.remove(&ix) else { return };
        self.stand(mark.layer, ix, self.target_of(mark.layer, ix));
    }

    fn stand(&mut self, layer: u16, ix: ParamIx, at: Level) {
        if let Some(state) = self.layers.get(usize::from(layer)).and_then(|l| l.get(ix.at())).copied() {
            self.put(usize::from(layer), ix.at(), State { now: Travel::still(at), ..state });
        }
        self.touch(ix.at());
    }

    /// Where a layer wants a parameter, named or not.
    pub(super) fn target_of(&self, layer: u16, ix: ParamIx) -> Level {
        self.layers.get(usize::from(layer)).and_then(|l| l.get(ix.at())).map_or(0, |state| state.base)
    }

    /// A light that gives none, has none to come, and shows none by anybody's own hand.
    fn unseen(&self, fixture: u32, t: Mono) -> bool {
        let lights = || self.rig.params_of(fixture).filter(|(_, param)| param.intensity).map(|(ix, _)| ix);
        let begun = |travel: Travel| self.motions.get(travel.motion as usize).is_none_or(|m| m.begun(t));
        let waits = |ix: ParamIx| self.layers.iter().filter_map(|l| l.get(ix.at())?.next).any(|next| !begun(next));
        let shown = |ix: ParamIx| self.fixed.get(&ix).is_some_and(|level| *level > 0);
        let looked_for = self.over.found.contains_key(&fixture);
        !looked_for && self.is_dark(fixture, t) && !lights().any(|ix| waits(ix) || shown(ix))
    }

    fn fixture_of(&self, ix: ParamIx) -> Option<u32> {
        self.rig.params.get(ix.at()).map(|param| param.fixture)
    }

    fn gives_light(&self, ix: ParamIx) -> bool {
        self.rig.params.get(ix.at()).is_some_and(|param| param.intensity)
    }

    /// Where its light is dark, nobody sees it move.
    fn moves_unseen(&self, ix: ParamIx) -> bool {
        self.rig.params.get(ix.at()).is_some_and(|param| !param.intensity && !param.reveals)
    }

    fn range_of(&self, fixture: u32) -> std::ops::Range<ParamIx> {
        let range = self.rig.fixtures.get(fixture as usize).map_or(0..0, |one| one.first_param..one.first_param + one.param_count);
        ParamIx(range.start)..ParamIx(range.end)
    }
}

/// Whether an act has to do with the light of a fixture, other than to end it.
fn may_lift(rig: &Rig, act: &LightAct, fixture: u32) -> bool {
    rig.params_of(fixture).filter(|(_, param)| param.intensity).any(|(ix, _)| {
        act.values.binary_search_by_key(&ix, |(of, _)| *of).is_ok_and(|at| act.values.get(at).is_some_and(|(_, to)| *to > 0))
            || act.swings.binary_search_by_key(&ix, |(of, _)| *of).is_ok()
            || act.release.contains(&ix)
    })
}
