//! Cues that run: their wait, their steps, their end.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::actions::Origin;
use super::timers::{Timers, Work};
use super::{Engine, Level, Note, Outcome, Priority, Why};
use crate::show::{Act, CueIx, GroupMode, HotIx, PropIx, Value};
use crate::time::{Mono, Span};

/// Names one run of a cue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct RunId(pub(super) u64);

/// One run of a cue.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) cue: CueIx,
    pub(super) hot: Option<HotIx>,
    /// The GO that it belongs to.
    pub(super) go: u64,
    /// The run of the group that started it.
    pub(super) parent: Option<RunId>,
    pub(super) started: Mono,
    pub(super) waiting_until: Option<Mono>,
    /// When its last planned time ends.
    pub(super) floor: Mono,
    /// Timers, open actions and children that have not ended.
    pub(super) parts: u32,
    /// Of these, the open actions.
    pub(super) open: u16,
    pub(super) paused: Option<Paused>,
    pub(super) failed: bool,
    /// Steps and rungs of which a ladder has already gone on: (step, rung).
    pub(super) laddered: Vec<(u16, u8)>,
    /// For a hot cue that restores: what each property held before.
    pub(super) before: Vec<(PropIx, Option<Value>, Value)>,
}

/// What stands still while a run is paused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Paused {
    pub(super) since: Mono,
    /// Timers and what was left of them, in order.
    pub(super) timers: Vec<(Span, Work)>,
}

/// How a run is started.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Start {
    pub(super) go: u64,
    pub(super) hot: Option<HotIx>,
    pub(super) parent: Option<RunId>,
    /// Added to the cue's own wait (a follower that starts with the cue before it).
    pub(super) wait: Span,
    /// Stays running until it is stopped (a hot cue that restores).
    pub(super) latch: bool,
}

impl Engine {
    /// Cues that may run at once.
    pub(super) const RUNS: usize = 256;
    /// Cues that may start at one instant.
    const BURST: u16 = 128;

    /// Starts a cue; `None` when a limit forbids it.
    pub(super) fn start_run(&mut self, cue: CueIx, how: Start) -> Option<RunId> {
        let show = Arc::clone(&self.show);
        let spec = show.cues.get(cue.at())?;
        let now = self.s.now;
        self.s.burst = if self.s.burst.0 == now { (now, self.s.burst.1 + 1) } else { (now, 1) };
        if self.s.burst.1 > Self::BURST || self.s.runs.len() >= Self::RUNS {
            self.alert(Level::Bad, format!("cue {} did not start: too many cues run (do cues start each other?)", spec.number), None);
            return None;
        }
        if spec.start_at.is_some() && self.end_start(cue) {
            let text = format!("cue {} runs before its time: the clock will not start it again", spec.number);
            self.note(Note::Tell { level: Level::Notice, text: text.into() });
        }
        self.s.next.run += 1;
        let id = RunId(self.s.next.run);
        let wait = spec.wait + how.wait;
        let run = Run {
            cue,
            hot: how.hot,
            go: how.go,
            parent: how.parent,
            started: now,
            waiting_until: (!wait.is_zero()).then_some(now + wait),
            floor: now + wait,
            parts: 1 + u32::from(how.latch),
            open: 0,
            paused: None,
            failed: false,
            laddered: Vec::new(),
            before: Vec::new(),
        };
        self.s.runs.insert(id, run);
        self.note(Note::CueStarted { cue });
        if let Some(flags) = self.s.flags.get_mut(cue.at()) {
            flags.done = true;
            flags.failed = false;
            flags.started = Some(now);
        }
        if let Some(parent) = how.parent.and_then(|p| self.s.runs.get_mut(&p)) {
            parent.parts += 1;
        }
        if wait.is_zero() {
            self.begin_run(id);
        } else {
            self.s.due.add(now + wait, Work::Begin(id));
        }
        Some(id)
    }

    /// A cue's wait is over: its first steps, timers for the others, and the children of a group that runs together.
    pub(super) fn begin_run(&mut self, id: RunId) {
        let show = Arc::clone(&self.show);
        let Some(run) = self.s.runs.get_mut(&id) else { return };
        run.waiting_until = None;
        let (cue, go, inside) = (run.cue, run.go, run.parent.is_some());
        let spec = show.cue(cue);
        for (i, step) in spec.steps.iter().enumerate() {
            let Ok(i) = u16::try_from(i) else { break };
            if let Some(run) = self.s.runs.get_mut(&id) {
                run.parts += 1;
            }
            if step.after.is_zero() {
                self.fire_step(id, i);
            } else if self.s.due.has_room() {
                let at = self.s.now + step.after;
                self.extend(id, at);
                self.s.due.add(at, Work::Step(id, i));
            } else {
                self.end_unsent(id, i, &Outcome::Failed { why: format!("more than {} steps wait", Timers::LIMIT).into() });
                self.part_done(id);
            }
        }
        // Inside a group that goes together, every group does: there is no GO of its own for its children.
        if let Some(group) = spec.group.as_ref().filter(|g| inside || g.mode == GroupMode::Together) {
            for child in &group.children {
                if !self.skipped(*child) {
                    self.start_run(*child, Start { go, parent: Some(id), ..Start::default() });
                }
            }
        }
        self.part_done(id);
    }

    /// Does what a step says, or says why not.
    pub(super) fn fire_step(&mut self, id: RunId, step: u16) {
        let show = Arc::clone(&self.show);
        let Some(run) = self.s.runs.get(&id) else { return };
        let (cue, go) = (run.cue, run.go);
        let armed = self.s.flags.get(cue.at()).is_some_and(|f| f.armed);
        if let Some(spec) = show.cue(cue).steps.get(usize::from(step)) {
            if armed {
                let why = Why::Step { cue, step, rung: 0 };
                self.perform_all(&spec.acts, Origin { why, run: Some(id), go: Some(go), priority: Priority::Discrete });
            } else {
                self.end_unsent(id, step, &Outcome::Skipped { why: "the cue is disarmed".into() });
            }
        }
        self.part_done(id);
    }

    /// Ends every act of a step without sending anything.
    pub(super) fn end_unsent(&mut self, id: RunId, step: u16, outcome: &Outcome) {
        let show = Arc::clone(&self.show);
        let Some(run) = self.s.runs.get(&id) else { return };
        let (cue, go) = (run.cue, run.go);
        let Some(spec) = show.cue(cue).steps.get(usize::from(step)) else { return };
        let origin = Origin { why: Why::Step { cue, step, rung: 0 }, run: Some(id), go: Some(go), priority: Priority::Discrete };
        for act in spec.acts.iter().filter(|a| matches!(a, Act::Want { .. } | Act::Fade { .. } | Act::Light(_))) {
            self.stillborn(act, origin, outcome.clone());
        }
    }

    /// A run lasts at least until `at`.
    pub(super) fn extend(&mut self, id: RunId, at: Mono) {
        if let Some(run) = self.s.runs.get_mut(&id) {
            run.floor = run.floor.max(at);
        }
    }

    /// One part of a run is over; the last one ends the run.
    pub(super) fn part_done(&mut self, id: RunId) {
        let Some(run) = self.s.runs.get_mut(&id) else { return };
        run.parts = run.parts.saturating_sub(1);
        if run.parts == 0 {
            self.end_run(id, false);
        }
    }

    /// Ends a run: its timers go, its group and its follower hear of it.
    pub(super) fn end_run(&mut self, id: RunId, stopped: bool) {
        let Some(run) = self.s.runs.remove(&id) else { return };
        if stopped {
            self.s.due.drain(|_, work| work.run() == Some(id));
        }
        if let Some(flags) = self.s.flags.get_mut(run.cue.at()) {
            flags.failed |= run.failed;
        }
        self.s.offers.drop_begin(id);
        self.note(Note::CueEnded { cue: run.cue, stopped });
        self.look_ahead();
        if !stopped {
            self.follow_after_end(id);
        }
        if let Some(parent) = run.parent {
            self.part_done(parent);
        }
    }

    /// Whether GO and groups pass over a cue.
    pub(super) fn skipped(&self, cue: CueIx) -> bool {
        self.s.flags.get(cue.at()).is_none_or(|f| f.skip)
    }

    /// The newest run of a cue.
    pub(super) fn run_of(&self, cue: CueIx) -> Option<RunId> {
        self.s.runs.iter().rev().find(|(_, run)| run.cue == cue).map(|(id, _)| *id)
    }
}
