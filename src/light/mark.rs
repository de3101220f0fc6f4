//! Marks: what the next cue wants of a dark light, beside its intensity, it takes up before that cue comes, where nobody sees it.
//!
//! A mark moves what is sent, not what the run wants ([`Board::target`]): when something else than that cue brings the light up, it
//! comes up where the run wants it. A light is dark when its cues give it none, nothing waits to, and nobody has parked it lit or
//! looks for it; what belongs to one cell alone is moved when that cell is dark, whatever its neighbours show.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Board;
use super::motion::{Level, State, Travel};
use super::shade::{Lift, Shade, seen_with};
use crate::show::{LightAct, ParamIx, Rig, Swing};
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
    /// As [`Self::mark_among`], of all lights.
    pub fn mark(&mut self, at: Mono, list: u16, acts: &[Arc<LightAct>], busy: &BTreeSet<u32>) -> bool {
        self.mark_among(0..self.rig.fixtures.len() as u32, at, list, acts, busy)
    }

    /// Of some lights, moves what the acts of a list's next cue, in their order, want of lights that they bring up from the dark; what an earlier mark of
    /// this list moved and none of them wants goes back. Lights in `busy` (indexes into [`Rig::fixtures`]) are left alone: something that
    /// runs has still to do with them.
    ///
    /// True when anything has moved.
    pub fn mark_among(&mut self, lights: Range<u32>, at: Mono, list: u16, acts: &[Arc<LightAct>], busy: &BTreeSet<u32>) -> bool {
        let t = self.clock(at);
        let among = self.params_among(lights);
        let ahead = self.ahead(t, acts, busy, &among);
        let mine = self.marked.range(among).filter(|(ix, mark)| mark.list == list && !ahead.contains_key(ix));
        let over: Vec<ParamIx> = mine.map(|(ix, _)| *ix).collect();
        let mut moved = false;
        for ix in over {
            let free =
                self.rig.params.get(ix.at()).is_some_and(|param| {
                    !busy.contains(&param.fixture) && self.unseen(param.fixture, t).hides(seen_with(&self.rig, param))
                });
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
        let mut lifts: BTreeMap<u32, Lift> = BTreeMap::new();
        let mut over = Vec::new();
        for ix in self.marked.keys().copied() {
            let Some(param) = self.rig.params.get(ix.at()) else { continue };
            let lift = lifts.entry(param.fixture).or_insert_with(|| may_lift(&self.rig, act, param.fixture));
            let lit = act.assert || lift.shows(seen_with(&self.rig, param));
            if lit || named(ix) {
                over.push(ix);
            }
        }
        for ix in over {
            self.unmark(ix);
        }
    }

    /// What the acts want of the lights that they bring up, as the first that does finds it.
    fn ahead(&self, t: Mono, acts: &[Arc<LightAct>], busy: &BTreeSet<u32>, among: &Range<ParamIx>) -> Ahead {
        let mut looking = Looking { board: self, t, busy, ahead: Ahead::new(), before: Ahead::new(), done: BTreeSet::new() };
        for (nth, act) in acts.iter().enumerate() {
            let last = nth + 1 == acts.len();
            for ix in act.release.iter().filter(|_| !last) {
                looking.before.remove(ix);
            }
            for of_light in of(&act.values, among).chunk_by(|(a, _), (b, _)| self.fixture_of(*a) == self.fixture_of(*b)) {
                looking.at_values(act, of_light, last);
            }
            looking.at_waves(of(&act.swings, among));
        }
        looking.ahead
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

    /// What of a light gives none, has none to come, and shows none by anybody's own hand.
    fn unseen(&self, fixture: u32, t: Mono) -> Shade {
        if self.over.found.contains_key(&fixture) { Shade::default() } else { self.shade(fixture, t, true) }
    }

    /// How many cells a fixture has.
    fn cells(&self, fixture: u32) -> u16 {
        self.rig.params_of(fixture).map(|(_, param)| param.cell).max().unwrap_or(0)
    }

    fn fixture_of(&self, ix: ParamIx) -> Option<u32> {
        self.rig.params.get(ix.at()).map(|param| param.fixture)
    }

    /// Where its light is dark, nobody sees it move.
    fn moves_unseen(&self, ix: ParamIx) -> bool {
        self.rig.params.get(ix.at()).is_some_and(|param| !param.intensity && !param.reveals)
    }

    /// The parameters of fixtures that stand side by side.
    fn params_among(&self, lights: Range<u32>) -> Range<ParamIx> {
        let first = |at: u32| self.rig.fixtures.get(at as usize).map_or(self.rig.params.len() as u32, |fixture| fixture.first_param);
        ParamIx(first(lights.start))..ParamIx(first(lights.end))
    }

    fn range_of(&self, fixture: u32) -> Range<ParamIx> {
        let range = self.rig.fixtures.get(fixture as usize).map_or(0..0, |one| one.first_param..one.first_param + one.param_count);
        ParamIx(range.start)..ParamIx(range.end)
    }
}

/// While it is looked for what could move ahead.
struct Looking<'a> {
    board: &'a Board,
    t: Mono,
    busy: &'a BTreeSet<u32>,
    ahead: Ahead,
    /// What acts before want of lights that are dark yet.
    before: Ahead,
    /// Lights and cells that an act has brought up.
    done: BTreeSet<(u32, u16)>,
}

impl Looking<'_> {
    /// What an act wants of one light.
    fn at_values(&mut self, act: &LightAct, of_light: &[(ParamIx, Level)], last: bool) {
        let board = self.board;
        let Some(fixture) = of_light.first().and_then(|(ix, _)| board.fixture_of(*ix)) else { return };
        let param = |ix: ParamIx| board.rig.params.get(ix.at());
        let mut lift = Lift::default();
        of_light.iter().filter(|(_, to)| *to > 0).filter_map(|(ix, _)| param(*ix)).for_each(|param| lift.add(&board.rig, param));
        let held = |ix: ParamIx| self.before.get(&ix).copied().unwrap_or_else(|| board.target_of(board.holder(ix.at()), ix));
        let own = of_light.iter().filter(|(ix, _)| !act.live && board.moves_unseen(*ix));
        let own: Vec<(ParamIx, Level)> = own.map(|(ix, to)| (*ix, act.target(*ix, *to, || held(*ix)))).collect();
        let asks = !lift.is_none() && !act.live && !self.busy.contains(&fixture);
        let shade = if asks { board.unseen(fixture, self.t) } else { Shade::default() };
        let mut wanted: Vec<(ParamIx, Level)> = if shade.any() && !self.before.is_empty() {
            self.before.range(board.range_of(fixture)).map(|(ix, to)| (*ix, *to)).collect()
        } else {
            Vec::new()
        };
        wanted.extend(own.iter().copied().filter(|_| shade.any()));
        // What stands side by side is mostly of one cell.
        let mut last_cell = None;
        for (ix, to) in wanted {
            let Some(cell) = param(ix).map(|param| seen_with(&board.rig, param)) else { continue };
            let goes = match last_cell {
                Some((known, goes)) if known == cell => goes,
                _ => shade.hides(cell) && lift.shows(cell) && !self.done.contains(&(fixture, cell)),
            };
            last_cell = Some((cell, goes));
            if goes && board.is_news(ix, to, self.t) {
                self.ahead.insert(ix, to);
            }
        }
        if last {
            return;
        }
        if !lift.is_none() {
            self.done.extend((0..=board.cells(fixture)).filter(|cell| lift.shows(*cell)).map(|cell| (fixture, cell)));
        }
        let done = &self.done;
        let dark = |ix: ParamIx| param(ix).is_some_and(|param| !done.contains(&(fixture, seen_with(&board.rig, param))));
        self.before.extend(own.into_iter().filter(|(ix, _)| dark(*ix)));
    }

    /// Effects bring light too.
    fn at_waves(&mut self, swings: &[(ParamIx, Swing)]) {
        let board = self.board;
        let mut lifts: BTreeMap<u32, Lift> = BTreeMap::new();
        for param in swings.iter().filter(|(_, swing)| swing.wave.is_some()).filter_map(|(ix, _)| board.rig.params.get(ix.at())) {
            lifts.entry(param.fixture).or_default().add(&board.rig, param);
        }
        let brought = lifts
            .iter()
            .filter(|(_, lift)| !lift.is_none())
            .flat_map(|(fixture, lift)| (0..=board.cells(*fixture)).filter(|cell| lift.shows(*cell)).map(|cell| (*fixture, cell)));
        for (fixture, cell) in brought {
            if self.done.insert((fixture, cell)) && !self.busy.contains(&fixture) && board.unseen(fixture, self.t).hides(cell) {
                let own = |ix: ParamIx| board.rig.params.get(ix.at()).is_some_and(|param| seen_with(&board.rig, param) == cell);
                let known = self.before.range(board.range_of(fixture)).filter(|(ix, _)| own(**ix));
                self.ahead.extend(known.map(|(ix, to)| (*ix, *to)));
            }
        }
    }
}

/// What of values that stand by parameter is of some parameters.
fn of<'a, T>(values: &'a [(ParamIx, T)], among: &Range<ParamIx>) -> &'a [(ParamIx, T)] {
    let place = |ix: ParamIx| values.partition_point(|(of, _)| *of < ix);
    values.get(place(among.start)..place(among.end)).unwrap_or_default()
}

/// What an act has to do with the light of a fixture, other than to end it.
fn may_lift(rig: &Rig, act: &LightAct, fixture: u32) -> Lift {
    let mut lift = Lift::default();
    for (ix, param) in rig.params_of(fixture).filter(|(_, param)| param.intensity || param.cell != 0) {
        let rises = act.values.binary_search_by_key(&ix, |(of, _)| *of).is_ok_and(|at| act.values.get(at).is_some_and(|(_, to)| *to > 0));
        if rises || act.swings.binary_search_by_key(&ix, |(of, _)| *of).is_ok() || act.release.contains(&ix) {
            lift.add(rig, param);
        }
    }
    lift
}
