//! The engine itself: one step at a time, due work first.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::state::State;
use super::timers::Work;
use super::{ActionId, Effect, Effects, Input, Level, Line, Note, Phase};
use crate::light::{Board, Saved};
use crate::show::Show;
use crate::time::{Mono, Wall};

/// What runs a show. Same inputs, same effects.
#[derive(Debug)]
pub struct Engine {
    pub(super) show: Arc<Show>,
    pub(super) s: State,
    pub(super) board: Board,
    pub(super) out: Effects,
}

/// The whole state of an engine, to go on from. A value of serde, opaque to everybody else.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checkpoint {
    state: State,
    board: Saved,
}

impl Engine {
    /// Ready for [`Input::Begin`]: the pointer of each list stands on its first cue.
    #[must_use]
    pub fn new(show: Arc<Show>) -> Self {
        let mut engine = Self { s: State::new(&show), board: Board::new(Arc::clone(&show.rig)), show, out: Effects::new() };
        engine.rewind();
        engine
    }

    /// Runs all work that is due at `now`, each at its own time, then the input; effects are added to `out`.
    ///
    /// `now` never steps back: an earlier instant counts as the last one.
    pub fn step(&mut self, now: Mono, input: &Input, out: &mut Effects) {
        std::mem::swap(&mut self.out, out);
        let now = now.max(self.s.now);
        if let Input::Stalled { since } = input {
            self.stood_still(*since, now);
        }
        if let Input::Resumed(resumed) = input {
            self.catch_up(resumed, now);
        }
        self.run_due(now);
        self.s.now = now;
        self.apply(input);
        self.run_due(now);
        self.s.now = now;
        std::mem::swap(&mut self.out, out);
    }

    /// When the next work is due; `None`: nothing waits.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        self.s.due.first()
    }

    /// What the transport does.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.s.phase
    }

    /// The show that runs.
    #[must_use]
    pub const fn show(&self) -> &Arc<Show> {
        &self.show
    }

    /// A copy of the whole state.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { state: self.s.clone(), board: self.board.save() }
    }

    /// Goes on from a checkpoint of the same show.
    ///
    /// # Errors
    /// When the checkpoint was made with another show.
    pub fn restore(show: Arc<Show>, checkpoint: Checkpoint) -> Result<Self, String> {
        let Checkpoint { state: s, board } = checkpoint;
        let fits = s.props.len() == show.props.len()
            && s.devices.len() == show.devices.len()
            && s.flags.len() == show.cues.len()
            && s.lists.len() == show.lists.len();
        if !fits {
            return Err("the checkpoint belongs to another show (cues, devices or properties differ in number)".into());
        }
        let board = Board::restore(Arc::clone(&show.rig), &board);
        Ok(Self { show, s, board, out: Effects::new() })
    }

    pub(super) fn run_due(&mut self, now: Mono) {
        while let Some((at, work)) = self.s.due.take(now) {
            self.s.now = self.s.now.max(at);
            self.work(work);
        }
    }

    fn work(&mut self, work: Work) {
        match work {
            Work::Begin(run) => self.begin_run(run),
            Work::Step(run, step) => self.fire_step(run, step),
            Work::Floor(run) => self.part_done(run),
            Work::Verb(verb, target, go) => self.cue_verb(verb, target, go),
            Work::Clock(cue) => self.clock_start(cue),
            Work::Follow(list) => self.follow(list),
            Work::Ceiling(list) => self.follow_ceiling(list),
            Work::FadeStart(action) => self.fade_unanswered(action),
            Work::Patience(action) => self.wait_over(action),
            Work::Limit(action) => self.limit_passed(action),
            Work::LightDone(action) => self.light_done(action),
            Work::Mark => self.mark_ahead(),
            Work::Silence(device) => self.silent(device),
            Work::Silent(player) => self.end_player(player),
        }
    }

    fn apply(&mut self, input: &Input) {
        match input {
            Input::Clock { wall, utc_offset } => self.clock(*wall, *utc_offset),
            Input::Begin { mode } => self.begin(*mode),
            Input::Intent { intent, by } => self.intent(intent, by),
            Input::Device { device, report } => self.report(*device, report),
            Input::Heard { device, at } => self.heard(*device, *at),
            Input::Machine(fact) => self.machine(fact),
            Input::Resumed(_) | Input::Stalled { .. } | Input::Tick => {}
        }
    }

    /// The wall clock at an instant.
    pub(super) fn wall_at(&self, now: Mono) -> Wall {
        let Some((mono, wall)) = self.s.clock else { return Wall::default() };
        let since = i64::try_from(now.since(mono).0).unwrap_or(i64::MAX);
        Wall(wall.0.saturating_add(since))
    }

    pub(super) fn note(&mut self, note: Note) {
        self.out.push(Effect::Note(note));
    }

    /// Shows a line to the caller.
    pub(super) fn say(&mut self, level: Level, text: impl Into<Arc<str>>) {
        self.s.line = Some(Line { at: self.s.now, level, text: text.into() });
    }

    /// An intent is not done, and the caller sees why.
    pub(super) fn refuse(&mut self, why: impl Into<Arc<str>>) {
        let why = why.into();
        self.say(Level::Warn, Arc::clone(&why));
        self.note(Note::RefusedIntent { why });
    }

    pub(super) fn new_action(&mut self) -> ActionId {
        self.s.next.action += 1;
        ActionId(self.s.next.action)
    }
}
