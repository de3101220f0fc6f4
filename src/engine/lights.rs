//! Changes of the lights: given to the board, open until they have arrived.

use std::sync::Arc;

use super::actions::Origin;
use super::open_actions::What;
use super::running::RunId;
use super::timers::Work;
use super::{ActionId, ActionState, Effect, Engine, Outcome, Ownership, Phase};
use crate::light::{Board, Layer, Overlay};
use crate::show::{Act, DeviceIx, LightAct, ParamIx, Rest, Swing, SwingFrom};
use crate::time::{Mono, Span};

/// What goes back or ahead by itself, lights and faders, travels for so long.
pub(super) const TRAVEL: Span = Span::secs(1);

/// Owns the fades that belong to no cue: runs count from 1.
const NO_RUN: u64 = 0;

/// A change without a cue (an undo, a chase): all of it travels, and what it does not name stays.
pub(super) fn travel(values: Vec<(ParamIx, u32)>, release: Vec<ParamIx>, label: &str) -> LightAct {
    LightAct { values, release, up: TRAVEL, down: TRAVEL, rest: Rest::Keep, label: label.into(), ..LightAct::default() }
}

impl Engine {
    /// The lights, for rendering.
    #[must_use]
    pub const fn board(&self) -> &Board {
        &self.board
    }

    /// Whether the show sends frames to a device: it is neither released nor bypassed. After panic one that is released gets them too,
    /// where `[safe]` has a look, until the reset.
    #[must_use]
    pub fn drives(&self, device: DeviceIx) -> bool {
        // Panic takes what it lights from whoever has it, as it does with every property of `[safe]`.
        let lights = |acts: &Vec<Act>| acts.iter().any(|act| matches!(act, Act::Light(_)));
        let panic = self.s.phase == Phase::Panicked && self.show.safe.as_ref().is_some_and(lights);
        self.s.devices.get(device.at()).is_some_and(|state| match state.ownership {
            Ownership::Live => true,
            Ownership::Released => panic,
            Ownership::Bypassed => false,
        })
    }

    /// Whose lights an act changes: those of its cue's list. What no list calls (a hot cue, panic, the start of the show) takes what it
    /// names from all of them.
    fn layer_of(&self, origin: Origin) -> Layer {
        match origin.run.and_then(|run| self.s.runs.get(&run)) {
            Some(run) if run.hot.is_none() => Layer::List(self.show.cue(run.cue).list.0),
            _ => Layer::All,
        }
    }

    /// Changes the lights. Nothing comes back on that wire: at its end the action is *sent*.
    pub(super) fn light(&mut self, act: &Arc<LightAct>, origin: Origin) {
        self.light_in(self.layer_of(origin), act, origin);
    }

    /// As [`Self::light`], of a layer.
    pub(super) fn light_in(&mut self, layer: Layer, act: &Arc<LightAct>, origin: Origin) {
        let now = self.s.now;
        let noted = self.remember_lights(layer, act, origin);
        let own = act.whole();
        let id = self.open(None, What::Light { label: Arc::clone(&act.label) }, own, origin);
        self.board.apply_of(origin.run.map_or(NO_RUN, |run| run.0), layer, now, act);
        self.own_lights(noted, origin);
        self.out.push(Effect::Lights);
        if let Some(action) = self.s.actions.get_mut(id) {
            action.sent_at = Some(now);
            action.state = ActionState::Moving(0);
        }
        if own.is_zero() {
            return self.finish(id, Outcome::Sent);
        }
        let timer = self.s.due.add(now + own, Work::LightDone(id));
        if let Some(action) = self.s.actions.get_mut(id) {
            action.timer = Some(timer);
        }
    }

    /// A change of the lights has arrived.
    pub(super) fn light_done(&mut self, id: ActionId) {
        if let Some(action) = self.s.actions.get_mut(id) {
            action.timer = None;
        }
        self.finish(id, Outcome::Sent);
    }

    /// Nothing that people laid over the lights may darken what panic lights, and effects end; what is parked stays.
    pub(super) fn bare_lights(&mut self, over: Span) {
        let laid = Overlay { parked: self.board.overlay().parked.clone(), ..Overlay::default() };
        if laid != *self.board.overlay() {
            self.board.lay(laid);
        }
        for list in 0..self.board.lists() {
            let none = Swing { wave: None, period: Span::ZERO, phase: 0, size: 0, from: SwingFrom::Around };
            let swings: Vec<(ParamIx, Swing)> = self.board.swinging(list).map(|ix| (ix, none)).collect();
            if !swings.is_empty() {
                let act = LightAct { swings, up: over, down: over, rest: Rest::Keep, ..LightAct::default() };
                self.board.apply_of(NO_RUN, Layer::List(list), self.s.now, &act);
            }
        }
        self.out.push(Effect::Lights);
    }

    /// All lights stay where they are.
    pub(super) fn halt_lights(&mut self) {
        self.halting(Board::halt);
        self.out.push(Effect::Lights);
    }

    pub(super) fn pause_lights(&mut self) {
        self.board.pause(self.s.now);
        self.out.push(Effect::Lights);
    }

    pub(super) fn unpause_lights(&mut self) {
        self.board.resume(self.s.now);
        self.out.push(Effect::Lights);
    }

    /// What a run moves stays where it is; what a later cue took over goes on.
    pub(super) fn halt_lights_of(&mut self, run: RunId) {
        self.halting(|board, now| board.halt_of(run.0, now));
        self.out.push(Effect::Lights);
    }

    /// Halts lights; what the last GO moved is the last GO's where it stands too.
    fn halting(&mut self, halt: impl FnOnce(&mut Board, Mono)) {
        let ours = self.lights_of_undo();
        halt(&mut self.board, self.s.now);
        self.lights_stand(&ours);
        self.look_ahead();
    }

    /// What no cue moves (an undo, a chase) stays where it is.
    pub(super) fn halt_stray_lights(&mut self) {
        self.halting(|board, now| board.halt_of(NO_RUN, now));
        self.out.push(Effect::Lights);
    }

    /// The lights of one run stand.
    pub(super) fn pause_lights_of(&mut self, run: RunId) {
        self.board.pause_of(run.0, self.s.now);
        self.out.push(Effect::Lights);
    }

    /// The lights of one run go on.
    pub(super) fn resume_lights_of(&mut self, run: RunId) {
        self.board.resume_of(run.0, self.s.now);
        self.out.push(Effect::Lights);
    }
}
