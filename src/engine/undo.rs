//! Undo of the last GO and its follow-ons: only what still holds what this GO sent goes back.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::actions::Origin;
use super::lights::{TRAVEL, travel};
use super::properties::Property;
use super::running::RunId;
use super::{ActionId, By, Engine, Level, Phase, Priority, Prompt, PromptLine, Why};
use crate::light::{Board, Layer};
use crate::show::{CueIx, Curve, FadeTo, Keeping, LightAct, ListIx, ParamIx, PropIx, Rest, Swing, Value};
use crate::time::{Mono, Span};

/// How long a GO can be undone.
const WINDOW: Span = Span::secs(15);

/// What the last GO changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Undoable {
    list: ListIx,
    cue: CueIx,
    go: u64,
    at: Mono,
    changes: Vec<Change>,
    /// The parameters that the GO changed, by the list that wanted each and then by parameter, each once.
    #[serde(default)]
    notes: Vec<Lit>,
    /// The effects that some of them had before the GO, and those that the GO has them have.
    #[serde(default)]
    swings: [Swings; 2],
}

/// Which of [`Undoable::swings`].
const BEFORE: usize = 0;
const OURS: usize = 1;

/// Effects of noted parameters, by [`Lit::key`]; few have any.
type Swings = BTreeMap<u64, Swing>;

/// Where a list wanted a parameter before the GO, and where the GO has it go, in which list. A GO may note every light of a large rig: a note
/// is small, and to forget them all costs nothing.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Lit {
    list: ListIx,
    our_list: ListIx,
    ix: ParamIx,
    target: Option<u32>,
    ours: Option<u32>,
}

impl Lit {
    /// List and parameter, in the order of the notes.
    fn key(&self) -> u64 {
        u64::from(self.list.0) << 32 | u64::from(self.ix.0)
    }
}

impl Undoable {
    /// Nothing newer has moved it or is seen instead.
    fn is_ours(&self, lit: &Lit, board: &Board) -> bool {
        let list = lit.our_list.0;
        let seen = lit.ours.is_none() || board.seen_of(list, lit.ix) == list;
        seen && board.target_in(list, lit.ix) == lit.ours && board.swing_in(list, lit.ix) == self.swings[OURS].get(&lit.key()).copied()
    }

    /// Where a parameter is going is where the GO has it go.
    fn own(&mut self, at: usize, board: &Board) {
        let Some(lit) = self.notes.get_mut(at) else { return };
        lit.ours = board.target_in(lit.our_list.0, lit.ix);
        match board.swing_in(lit.our_list.0, lit.ix) {
            Some(swing) => drop(self.swings[OURS].insert(lit.key(), swing)),
            None if self.swings[OURS].is_empty() => {}
            None => drop(self.swings[OURS].remove(&lit.key())),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Change {
    prop: PropIx,
    before: Option<Value>,
    ours: Value,
    /// Its fade was stopped on its way: it is ours wherever it stands.
    #[serde(default)]
    halted: bool,
}

/// What becomes of a change.
enum Fate {
    Back(Value),
    Program(Value),
    Stays(String),
}

impl Engine {
    /// Changes of one GO that can be taken back.
    const CHANGES: usize = 4096;

    pub(super) fn open_undo(&mut self, list: ListIx, cue: CueIx, go: u64) {
        // The notes of the GO before lie where the new ones will: to give back the memory of a large rig's would keep this GO waiting.
        let mut notes = self.s.undo.take().map(|before| before.notes).unwrap_or_default();
        notes.clear();
        self.s.undo = Some(Undoable { list, cue, go, at: self.s.now, changes: Vec::new(), notes, swings: Default::default() });
    }

    /// Notes what a property held before the last GO, and for a hot cue that restores.
    ///
    /// `taken`: where an action was still going that this one takes over.
    pub(super) fn remember_for_undo(&mut self, prop: PropIx, taken: Option<Value>, value: &Value, origin: Origin) {
        let before = taken.or_else(|| self.moving_value(prop)).or_else(|| self.s.props.get(prop).and_then(|p| p.known().cloned()));
        if let Some(run) = origin.run.and_then(|r| self.s.runs.get_mut(&r))
            && run.hot.is_some()
        {
            let full = run.before.len() >= Self::CHANGES;
            match run.before.iter_mut().find(|(p, _, _)| *p == prop) {
                Some(entry) => entry.2 = value.clone(),
                None if full => {}
                None => run.before.push((prop, before.clone(), value.clone())),
            }
        }
        let Some(undo) = self.s.undo.as_mut().filter(|u| origin.go == Some(u.go)) else { return };
        let full = undo.changes.len() >= Self::CHANGES;
        match undo.changes.iter_mut().find(|c| c.prop == prop) {
            Some(change) => {
                change.ours = value.clone();
                change.halted = false;
            }
            None if full => {}
            None => undo.changes.push(Change { prop, before, ours: value.clone(), halted: false }),
        }
    }

    /// A fade of the last GO stops on its way.
    pub(super) fn halted_for_undo(&mut self, prop: PropIx, id: ActionId) {
        let go = self.s.actions.get(id).and_then(|a| a.origin.go);
        let Some(undo) = self.s.undo.as_mut().filter(|u| go == Some(u.go)) else { return };
        undo.changes.iter_mut().filter(|c| c.prop == prop).for_each(|c| c.halted = true);
    }

    /// Which of the lights that the last GO moved go where it has them go, in order.
    pub(super) fn lights_of_undo(&self) -> Vec<bool> {
        self.s.undo.as_ref().map_or_else(Vec::new, |undo| undo.notes.iter().map(|lit| undo.is_ours(lit, &self.board)).collect())
    }

    /// These were stopped on their way, and are the last GO's where they stand.
    pub(super) fn lights_stand(&mut self, ours: &[bool]) {
        let Some(undo) = self.s.undo.as_mut() else { return };
        for (at, _) in ours.iter().enumerate().filter(|(_, ours)| **ours) {
            undo.own(at, &self.board);
        }
    }

    /// Notes where the parameters of an act were going before the last GO first changes them; [`Self::own_lights`] follows the change.
    ///
    /// Gives the place of its notes.
    pub(super) fn remember_lights(&mut self, layer: Layer, act: &LightAct, origin: Origin) -> usize {
        let board = &self.board;
        let Some(undo) = self.s.undo.as_mut().filter(|u| origin.go == Some(u.go)) else { return 0 };
        let from = undo.notes.len();
        undo.notes.reserve(act.values.len() + act.release.len());
        let mut note = |ix: ParamIx| {
            let lists = match layer {
                Layer::List(list) => list..list + 1,
                Layer::All => 0..board.lists(),
            };
            for list in lists {
                let seen = board.seen_of(list, ix);
                let lit = Lit { list: ListIx(seen), our_list: ListIx(list), ix, target: board.target_in(seen, ix), ours: None };
                // What it had before the GO only its first note can tell.
                if let Some(swing) = board.swing_in(seen, ix)
                    && undo.notes.get(..from).is_some_and(|known| known.binary_search_by_key(&lit.key(), Lit::key).is_err())
                {
                    undo.swings[BEFORE].insert(lit.key(), swing);
                }
                undo.notes.push(lit);
            }
        };
        let swings = act.swings.iter().map(|(ix, _)| *ix);
        act.values.iter().map(|(ix, _)| *ix).chain(act.release.iter().copied()).chain(swings).for_each(&mut note);
        if act.rest == Rest::Out {
            board.lights().iter().copied().filter(|ix| board.target(*ix).is_some()).for_each(note);
        }
        from
    }

    /// What the last GO has just moved, noted from a place on, is its own.
    pub(super) fn own_lights(&mut self, from: usize, origin: Origin) {
        let Some(undo) = self.s.undo.as_mut().filter(|u| origin.go == Some(u.go)) else { return };
        for at in from..undo.notes.len() {
            undo.own(at, &self.board);
        }
        fold_in(&mut undo.notes, from);
    }

    /// Shows what an undo would do, or does it.
    pub(super) fn undo(&mut self, confirm: bool, program: bool, by: &By) {
        if self.s.phase == Phase::Panicked {
            return self.refuse("nothing is undone after panic");
        }
        let now = self.s.now;
        let Some(undo) = self.s.undo.clone().filter(|u| now.since(u.at) <= WINDOW) else {
            self.s.undo = None;
            return self.refuse("nothing to undo: the last GO is more than 15 s old or was undone");
        };
        if confirm {
            self.do_undo(&undo, program, by);
        } else {
            let lines = self.undo_lines(&undo);
            self.s.prompt = Some(Prompt::Undo { cue: undo.cue, lines });
        }
    }

    fn fate(&self, change: &Change) -> Fate {
        let spec = self.show.prop(change.prop);
        let state = self.s.props.get(change.prop);
        let now = self.moving_value(change.prop).or_else(|| state.and_then(|p| p.known().cloned()));
        let moves = self.moving_value(change.prop).is_some();
        let still = moves || change.halted || now.as_ref().is_some_and(|v| v.same(&change.ours, spec.tolerance));
        if spec.barrier {
            Fate::Stays("a recall cannot be taken back".into())
        } else if spec.class == Keeping::Guarded {
            Fate::Stays("guarded: it has its own key".into())
        } else if spec.class == Keeping::Once {
            Fate::Stays("it has happened".into())
        } else if !still || state.is_some_and(Property::by_hand) {
            Fate::Stays(format!("changed since, now {}", now.map_or_else(|| "unknown".into(), |v| self.show.spoken(change.prop, &v))))
        } else {
            match change.before.clone() {
                None => Fate::Stays("nobody knows where it was before".into()),
                Some(before) if before.same(&change.ours, spec.tolerance) => Fate::Stays("it was so before".into()),
                Some(before) if matches!(&*spec.spec, "program" | "program-scene") => Fate::Program(before),
                Some(before) => Fate::Back(before),
            }
        }
    }

    fn undo_lines(&self, undo: &Undoable) -> Vec<PromptLine> {
        let mut lines: Vec<PromptLine> = undo
            .changes
            .iter()
            .map(|change| {
                let name = self.name_of(change.prop);
                let back = |value: &Value| format!("back to {}", self.say_of(change.prop, value));
                match self.fate(change) {
                    Fate::Back(v) => PromptLine { text: back(&v).into(), ticked: true, possible: true },
                    Fate::Program(v) => {
                        PromptLine { text: format!("{}, with the program key", back(&v)).into(), ticked: false, possible: true }
                    }
                    Fate::Stays(why) => PromptLine { text: format!("{name}: stays, {why}").into(), ticked: false, possible: false },
                }
            })
            .collect();
        let stay = self.lights_that_stay(undo);
        if undo.notes.len() > stay {
            lines.push(PromptLine { text: "lights: back in 1s".into(), ticked: true, possible: true });
        }
        if stay > 0 {
            let text = format!("lights: {stay} of {} parameters stay, changed since", undo.notes.len());
            lines.push(PromptLine { text: text.into(), ticked: false, possible: false });
        }
        lines
    }

    fn lights_that_stay(&self, undo: &Undoable) -> usize {
        undo.notes.iter().filter(|lit| !undo.is_ours(lit, &self.board)).count()
    }

    fn do_undo(&mut self, undo: &Undoable, program: bool, by: &By) {
        self.s.prompt = None;
        self.s.undo = None;
        let fates: Vec<(PropIx, Fate)> = undo.changes.iter().map(|c| (c.prop, self.fate(c))).collect();
        let runs: Vec<RunId> = self.s.runs.iter().filter(|(_, r)| r.go == undo.go).map(|(id, _)| *id).collect();
        for run in runs {
            self.stop_run(run, Priority::Discrete);
        }
        self.drop_follower(undo.list);
        let mut left = self.lights_that_stay(undo);
        let back: Vec<Lit> = undo.notes.iter().filter(|lit| undo.is_ours(lit, &self.board)).copied().collect();
        let origin = Origin { why: Why::Undo, run: None, go: None, priority: Priority::Discrete };
        for (prop, fate) in fates {
            match fate {
                Fate::Back(value) => self.go_back(prop, &value, origin),
                Fate::Program(value) if program => self.go_back(prop, &value, origin),
                Fate::Program(_) | Fate::Stays(_) => left += 1,
            }
        }
        if !back.is_empty() {
            self.lights_back(&back, &undo.swings[BEFORE]);
        }
        let state = self.s.lists.get(undo.list.at()).and_then(|l| l.last);
        if let Some((_, _, position)) = state {
            self.place(undo.list, position, by);
        }
        if let Some(list) = self.s.lists.get_mut(undo.list.at()) {
            list.last = None;
        }
        let number = Arc::clone(&self.show.cue(undo.cue).number);
        let rest = if left == 0 { String::new() } else { format!("; {left} could not go back") };
        self.say(Level::Notice, format!("cue {number} is undone{rest}"));
    }

    /// Brings a property back to a value; faders travel.
    pub(super) fn go_back(&mut self, prop: PropIx, value: &Value, origin: Origin) {
        match value {
            Value::Level(db) => self.fade(prop, FadeTo::Level(*db), TRAVEL, Curve::Linear, origin),
            Value::Decimal(n) => self.fade(prop, FadeTo::Decimal(*n), TRAVEL, Curve::Linear, origin),
            other => self.want(prop, other, None, origin),
        }
    }

    fn lights_back(&mut self, before: &[Lit], effects: &Swings) {
        for of_list in before.chunk_by(|a, b| a.list == b.list) {
            let Some(list) = of_list.first().map(|lit| lit.list.0) else { continue };
            let (mut values, mut release, mut swings) = (Vec::new(), Vec::new(), Vec::new());
            for lit @ Lit { ix, target, .. } in of_list {
                let seen = self.board.seen_of(list, *ix) == list;
                let (now, swings_now) = (self.board.target_in(list, *ix), self.board.swing_in(list, *ix));
                let swing = effects.get(&lit.key()).copied();
                match target {
                    Some(to) if now != Some(*to) || !seen || (swing.is_none() && swings_now.is_some()) => values.push((*ix, *to)),
                    None if now.is_some() => release.push(*ix),
                    _ => {}
                }
                swings.extend(swing.filter(|swing| swings_now != Some(*swing)).map(|swing| (*ix, swing)));
            }
            let act = LightAct { swings, ..travel(values, release, "back to before the last GO") };
            let origin = Origin { why: Why::Undo, run: None, go: None, priority: Priority::Discrete };
            self.light_in(Layer::List(list), &Arc::new(act), origin);
        }
    }
}

/// Puts the notes from a place on among the sorted ones before them; of several for one the first tells what was before, the last what is
/// ours. What a GO goes on to move is mostly what it has moved already: that costs a look-up each, however much it has moved in all.
fn fold_in(notes: &mut Vec<Lit>, from: usize) {
    if from == 0 {
        return sort(notes);
    }
    let mut fresh = notes.split_off(from.min(notes.len()));
    sort(&mut fresh);
    fresh.retain(|new| match notes.binary_search_by_key(&new.key(), Lit::key) {
        Ok(at) => {
            if let Some(known) = notes.get_mut(at) {
                (known.our_list, known.ours) = (new.our_list, new.ours);
            }
            false
        }
        Err(_) => true,
    });
    if !fresh.is_empty() {
        // Two sorted runs: the sort merges them.
        notes.append(&mut fresh);
        notes.sort_by_key(Lit::key);
    }
}

/// Each once, in order.
fn sort(notes: &mut Vec<Lit>) {
    notes.sort_by_key(Lit::key);
    notes.dedup_by(|later, first| {
        let same = later.key() == first.key();
        if same {
            (first.our_list, first.ours) = (later.our_list, later.ours);
        }
        same
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_notes_the_first_tells_what_was_before_and_the_last_what_is_ours() {
        let lit = |list, ix, target, ours| Lit {
            list: ListIx(list),
            our_list: ListIx(list),
            ix: ParamIx(ix),
            target: Some(target),
            ours: Some(ours),
        };
        let mut notes = Vec::new();
        for act in
            [vec![lit(0, 5, 1, 10), lit(0, 7, 1, 10), lit(0, 5, 1, 11)], vec![lit(0, 7, 10, 20)], vec![lit(1, 2, 3, 30), lit(0, 6, 4, 30)]]
        {
            let from = notes.len();
            notes.extend(act);
            fold_in(&mut notes, from);
        }
        let told: Vec<_> = notes.iter().map(|lit| (lit.list.0, lit.ix.0, lit.target, lit.ours)).collect();
        let wanted = [(0, 5, 1, 11), (0, 6, 4, 30), (0, 7, 1, 20), (1, 2, 3, 30)];
        assert_eq!(told, wanted.map(|(list, ix, target, ours)| (list, ix, Some(target), Some(ours))));
    }
}
