//! Pause: waits, fades and follow-ons freeze; players that can be paused are.

use std::sync::Arc;

use super::actions::Origin;
use super::open_actions::What;
use super::running::{Paused, RunId};
use super::timers::Work;
use super::{ActionId, Engine, Level, Op, Phase, Priority, Why};
use crate::show::{CueIx, ListIx, PropIx, Target, Value};

const KEYS: Origin = Origin { why: Why::Transport, run: None, go: None, priority: Priority::Discrete };

impl Engine {
    /// Pauses what runs of a target.
    pub(super) fn pause(&mut self, target: Target) {
        if self.s.phase == Phase::Panicked {
            return self.refuse("nothing to pause after panic");
        }
        for run in self.runs_in(target, false) {
            self.pause_run(run);
        }
        for list in self.lists_in(target) {
            self.freeze_follower(list);
            if let Some(state) = self.s.lists.get_mut(list.at()) {
                state.paused = true;
            }
        }
        if matches!(target, Target::All) {
            self.s.phase = Phase::Paused;
            self.pause_lights();
        }
        let deaf = self.pause_players(Op::Halt, |engine, cue| engine.moved_by(cue, target));
        if deaf.is_empty() {
            self.say(Level::Notice, "paused");
        } else {
            self.say(Level::Warn, format!("paused, but these play on: {}", deaf.join(", ")));
        }
    }

    /// Goes on.
    pub(super) fn resume(&mut self, target: Target) {
        if matches!(target, Target::All) && self.s.phase == Phase::Paused {
            self.s.phase = Phase::Running;
            self.unpause_lights();
        }
        for run in self.runs_in(target, false) {
            self.resume_run(run);
        }
        for list in self.lists_in(target) {
            if let Some(state) = self.s.lists.get_mut(list.at()) {
                state.paused = false;
            }
            self.count_follower(list);
        }
        self.pause_players(Op::Continue, |engine, cue| engine.moved_by(cue, target));
        self.look_ahead();
        self.say(Level::Notice, "resumed");
    }

    /// The pause is over because all was stopped.
    pub(super) fn unpause_all(&mut self) {
        self.look_ahead();
        let stood = self.s.phase == Phase::Paused
            || self.s.lists.iter().any(|list| list.paused)
            || self.s.runs.values().any(|run| run.paused.is_some());
        if self.s.phase == Phase::Paused {
            self.s.phase = Phase::Running;
        }
        for list in &mut self.s.lists {
            list.paused = false;
        }
        self.unpause_lights();
        // What survived the stop is no longer paused either.
        for run in self.runs_in(Target::All, false) {
            self.resume_run(run);
        }
        if stood && self.s.phase == Phase::Running {
            self.pause_players(Op::Continue, |engine, cue| cue.is_some_and(|cue| engine.sustained(cue)));
        }
    }

    fn lists_in(&self, target: Target) -> Vec<ListIx> {
        match target {
            Target::All => (0..self.s.lists.len()).filter_map(|i| u16::try_from(i).ok().map(ListIx)).collect(),
            Target::List(list) => vec![list],
            Target::Cue(_) | Target::Hot(_) => Vec::new(),
        }
    }

    fn pause_run(&mut self, id: RunId) {
        let now = self.s.now;
        if self.s.runs.get(&id).is_none_or(|r| r.paused.is_some()) {
            return;
        }
        let actions = &self.s.actions;
        let of_run = |action: &ActionId| actions.get(*action).is_some_and(|a| a.origin.run == Some(id));
        let timers = self.s.due.drain(|_, work| match work {
            Work::LightDone(action) => of_run(&action),
            work => work.run() == Some(id),
        });
        let timers = timers.into_iter().map(|(at, work)| (at.since(now), work)).collect();
        if let Some(run) = self.s.runs.get_mut(&id) {
            run.paused = Some(Paused { since: now, timers });
        }
        self.pause_lights_of(id);
        for action in self.fades_of(id) {
            self.freeze_fade(action);
        }
    }

    fn resume_run(&mut self, id: RunId) {
        let now = self.s.now;
        let Some(run) = self.s.runs.get_mut(&id) else { return };
        let Some(paused) = run.paused.take() else { return };
        let stood = now.since(paused.since);
        run.floor += stood;
        run.waiting_until = run.waiting_until.map(|at| at + stood);
        for (left, work) in paused.timers {
            let key = self.s.due.add(now + left, work);
            if let Work::LightDone(action) = work
                && let Some(action) = self.s.actions.get_mut(action)
            {
                action.timer = Some(key);
            }
        }
        self.resume_lights_of(id);
        for action in self.fades_of(id) {
            self.thaw_fade(action);
        }
    }

    fn fades_of(&self, run: RunId) -> Vec<ActionId> {
        let travels = |what: &What| matches!(what, What::Fade(f) if f.travel.is_some());
        self.s.actions.which(|a| a.origin.run == Some(run) && travels(&a.what))
    }

    /// A fade stands still.
    fn freeze_fade(&mut self, id: ActionId) {
        let now = self.s.now;
        if let Some(prop) = self.s.actions.prop(id) {
            self.halt_prop(prop, Priority::Discrete);
        }
        let Some(action) = self.s.actions.get_mut(id) else { return };
        let timer = action.timer.take();
        if let What::Fade(fade) = &mut action.what
            && let Some(travel) = &mut fade.travel
            && fade.frozen.is_none()
        {
            fade.frozen = Some((travel.start + travel.length).since(now));
            travel.from = travel.at(now);
        }
        self.s.due.cancel(timer);
    }

    /// A fade goes on from where it stood, for the time that was left.
    fn thaw_fade(&mut self, id: ActionId) {
        let start = self.s.now;
        let Some(action) = self.s.actions.get_mut(id) else { return };
        let What::Fade(fade) = &mut action.what else { return };
        let (Some(travel), Some(length)) = (&mut fade.travel, fade.frozen.take()) else { return };
        travel.start = start;
        travel.length = length;
        let travel = travel.clone();
        self.depart(id, travel);
    }

    /// Pauses or continues the players that can be, of the cues that `of` says; names those that cannot.
    fn pause_players(&mut self, op: Op, of: impl Fn(&Self, Option<CueIx>) -> bool) -> Vec<String> {
        let show = Arc::clone(&self.show);
        let mut deaf = Vec::new();
        for (i, spec) in show.props.iter().enumerate() {
            let Ok(prop) = u32::try_from(i).map(PropIx) else { break };
            let Some(property) = self.s.props.get(prop) else { break };
            let plays = matches!(property.wanted(), Some(Value::Transport(t)) if t.playing) && !property.by_hand();
            if !plays || !of(self, property.mover()) || self.gate(prop, KEYS).is_err_and(|_| true) {
                continue;
            }
            if spec.pausable {
                let id = self.new_action();
                self.send(id, prop, op.clone(), KEYS);
            } else {
                deaf.push(self.name_of(prop));
            }
        }
        deaf
    }

    /// Whether a cue belongs to a target.
    fn moved_by(&self, cue: Option<CueIx>, target: Target) -> bool {
        match (target, cue) {
            (Target::All, _) => true,
            (Target::Cue(of), Some(cue)) => cue == of || self.within(cue, of),
            (Target::List(of), Some(cue)) => self.show.cue(cue).list == of,
            (Target::Hot(hot), Some(cue)) => self.show.hots.get(hot.at()).is_some_and(|h| h.cue == cue),
            (_, None) => false,
        }
    }
}
