//! Undo of the last GO and its follow-ons: only what still holds what this GO sent goes back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::actions::Origin;
use super::lights::{TRAVEL, travel};
use super::running::RunId;
use super::{By, Engine, Level, Phase, Priority, Prompt, PromptLine, Why};
use crate::light::Layer;
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
    /// Where the parameters that the GO changed were going before, by the list that wanted it; of several for one the first counts.
    lights: Vec<Lit>,
}

/// Where a list wanted a parameter, and the effect that it had there.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Lit {
    list: ListIx,
    ix: ParamIx,
    target: Option<u32>,
    swing: Option<Swing>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Change {
    prop: PropIx,
    before: Option<Value>,
    ours: Value,
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
        self.s.undo = Some(Undoable { list, cue, go, at: self.s.now, changes: Vec::new(), lights: Vec::new() });
    }

    /// Notes what a property held before the last GO, and for a hot cue that restores.
    pub(super) fn remember_for_undo(&mut self, prop: PropIx, value: &Value, origin: Origin) {
        let before = self.moving_value(prop).or_else(|| self.s.props.get(prop.at()).and_then(|p| p.known().cloned()));
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
            Some(change) => change.ours = value.clone(),
            None if full => {}
            None => undo.changes.push(Change { prop, before, ours: value.clone() }),
        }
    }

    /// Notes where the parameters of an act were going before the last GO first changes them.
    pub(super) fn remember_lights(&mut self, layer: Layer, act: &LightAct, origin: Origin) {
        let board = &self.board;
        let Some(undo) = self.s.undo.as_mut().filter(|u| origin.go == Some(u.go)) else { return };
        let mut note = |ix: ParamIx| {
            let lists = match layer {
                Layer::List(list) => list..list + 1,
                Layer::All => 0..board.lists(),
            };
            for list in lists {
                let seen = board.seen_of(list, ix);
                let (target, swing) = (board.target_in(seen, ix), board.swing_in(seen, ix));
                undo.lights.push(Lit { list: ListIx(seen), ix, target, swing });
            }
        };
        let swings = act.swings.iter().map(|(ix, _)| *ix);
        act.values.iter().map(|(ix, _)| *ix).chain(act.release.iter().copied()).chain(swings).for_each(&mut note);
        if act.rest == Rest::Out {
            board.lights().iter().copied().filter(|ix| board.target(*ix).is_some()).for_each(note);
        }
        if undo.lights.len() > 4 * self.show.rig.params.len() {
            first_of_each(&mut undo.lights);
        }
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
        let state = self.s.props.get(change.prop.at());
        let now = self.moving_value(change.prop).or_else(|| state.and_then(|p| p.known().cloned()));
        let moves = self.moving_value(change.prop).is_some();
        let still = moves || now.as_ref().is_some_and(|v| v.same(&change.ours, spec.tolerance));
        if spec.barrier {
            Fate::Stays("a recall cannot be taken back".into())
        } else if spec.class == Keeping::Guarded {
            Fate::Stays("guarded: it has its own key".into())
        } else if spec.class == Keeping::Once {
            Fate::Stays("it has happened".into())
        } else if !still || state.is_some_and(|p| p.operator) {
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
                let spoken = |value: &Value| self.show.spoken(change.prop, value);
                match self.fate(change) {
                    Fate::Back(v) => PromptLine { text: format!("{name}: back to {}", spoken(&v)).into(), ticked: true, possible: true },
                    Fate::Program(v) => PromptLine {
                        text: format!("{name}: back to {}, with the program key", spoken(&v)).into(),
                        ticked: false,
                        possible: true,
                    },
                    Fate::Stays(why) => PromptLine { text: format!("{name}: stays, {why}").into(), ticked: false, possible: false },
                }
            })
            .collect();
        if !undo.lights.is_empty() {
            lines.push(PromptLine { text: "lights: back in 1s".into(), ticked: true, possible: true });
        }
        lines
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
        let mut left = 0_usize;
        for (prop, fate) in fates {
            match fate {
                Fate::Back(value) => self.go_back(prop, &value),
                Fate::Program(value) if program => self.go_back(prop, &value),
                Fate::Program(_) | Fate::Stays(_) => left += 1,
            }
        }
        if !undo.lights.is_empty() {
            self.lights_back(&undo.lights);
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

    fn go_back(&mut self, prop: PropIx, value: &Value) {
        let origin = Origin { why: Why::Undo, run: None, go: None, priority: Priority::Discrete };
        match value {
            Value::Level(db) => self.fade(prop, FadeTo::Level(*db), TRAVEL, Curve::Linear, origin),
            Value::Decimal(n) => self.fade(prop, FadeTo::Decimal(*n), TRAVEL, Curve::Linear, origin),
            other => self.want(prop, other, None, origin),
        }
    }

    fn lights_back(&mut self, before: &[Lit]) {
        let mut before = before.to_vec();
        first_of_each(&mut before);
        for of_list in before.chunk_by(|a, b| a.list == b.list) {
            let Some(list) = of_list.first().map(|lit| lit.list.0) else { continue };
            let (mut values, mut release, mut swings) = (Vec::new(), Vec::new(), Vec::new());
            for Lit { ix, target, swing, .. } in of_list {
                let seen = self.board.seen_of(list, *ix) == list;
                let (now, swings_now) = (self.board.target_in(list, *ix), self.board.swing_in(list, *ix));
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

/// Sorted by list and parameter; of several for one the first stays.
fn first_of_each(lights: &mut Vec<Lit>) {
    lights.sort_by_key(|lit| (lit.list, lit.ix));
    lights.dedup_by_key(|lit| (lit.list, lit.ix));
}
