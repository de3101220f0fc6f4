//! Changes of the lights: given to the board, open until they have arrived.

use std::sync::Arc;

use super::actions::{Origin, What};
use super::due::Work;
use super::{ActionId, ActionState, Effect, Engine, Outcome, Ownership, Why};
use crate::light::Board;
use crate::show::{Act, DeviceIx, LightAct, ParamIx, Rest};
use crate::time::Span;

impl Engine {
    /// The lights, for rendering.
    #[must_use]
    pub const fn board(&self) -> &Board {
        &self.board
    }

    /// The lights, for what only the stage asks: which universes were touched.
    pub const fn board_mut(&mut self) -> &mut Board {
        &mut self.board
    }

    /// Whether the show sends to a device: it is neither released nor bypassed.
    #[must_use]
    pub fn drives(&self, device: DeviceIx) -> bool {
        self.s.devices.get(device.at()).is_some_and(|state| state.ownership == Ownership::Live)
    }

    /// Changes the lights. Nothing comes back on that wire: at its end the action is *sent*.
    pub(super) fn light(&mut self, act: &Arc<LightAct>, origin: Origin) {
        let now = self.s.now;
        self.remember_lights(origin);
        let own = act.delay + act.up.max(act.down);
        let id = self.open(None, What::Light { label: Arc::clone(&act.label) }, own, origin);
        self.board.apply(now, act);
        self.out.push(Effect::Lights);
        if let Some(action) = self.s.actions.get_mut(&id) {
            action.sent_at = Some(now);
            action.state = ActionState::Moving(0);
        }
        if own.is_zero() {
            return self.finish(id, Outcome::Sent);
        }
        let timer = self.s.due.add(now + own, Work::LightDone(id));
        if let Some(action) = self.s.actions.get_mut(&id) {
            action.timer = Some(timer);
        }
    }

    /// A change of the lights has arrived.
    pub(super) fn light_done(&mut self, id: ActionId) {
        if let Some(action) = self.s.actions.get_mut(&id) {
            action.timer = None;
        }
        self.finish(id, Outcome::Sent);
    }

    /// All lights stay where they are.
    pub(super) fn halt_lights(&mut self) {
        self.board.halt(self.s.now);
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

    /// What one action moves stays where it is; what a later cue took over goes on.
    pub(super) fn halt_lights_of(&mut self, id: ActionId) {
        let show = Arc::clone(&self.show);
        let Some(action) = self.s.actions.get(&id) else { return };
        let (What::Light { .. }, Why::Step { cue, step, rung }) = (&action.what, action.origin.why) else { return };
        let Some(spec) = show.cue(cue).steps.get(usize::from(step)) else { return };
        let acts = if rung == 0 { Some(&spec.acts) } else { spec.ladder.get(usize::from(rung) - 1) };
        for act in acts.into_iter().flatten() {
            if let Act::Light(light) = act {
                self.freeze_params(light);
            }
        }
    }

    fn freeze_params(&mut self, light: &LightAct) {
        let now = self.s.now;
        let moves = |ix: ParamIx, to: u16| self.board.target(ix) == Some(to) && self.board.level(ix, now) != to;
        let mut values: Vec<(ParamIx, u16)> =
            light.values.iter().filter(|(ix, to)| moves(*ix, *to)).map(|(ix, _)| *ix).map(|ix| (ix, self.board.level(ix, now))).collect();
        if light.rest == Rest::Out {
            for (i, param) in self.show.rig.params.iter().enumerate() {
                let Ok(ix) = u32::try_from(i).map(ParamIx) else { break };
                let named = light.values.binary_search_by_key(&ix, |(p, _)| *p).is_ok();
                if param.intensity && !named && moves(ix, 0) {
                    values.push((ix, self.board.level(ix, now)));
                }
            }
            values.sort_unstable();
        }
        let still = LightAct {
            values,
            release: Vec::new(),
            up: Span::ZERO,
            down: Span::ZERO,
            delay: Span::ZERO,
            rest: Rest::Keep,
            ..light.clone()
        };
        self.board.apply(now, &still);
        self.out.push(Effect::Lights);
    }
}
