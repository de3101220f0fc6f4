//! Fallbacks: what a step does when its action could not be done.

use std::sync::Arc;

use super::actions::Origin;
use super::offers::Offering;
use super::open_actions::Action;
use super::properties::Property;
use super::{ActionId, Engine, OfferKind, Priority, Why};
use crate::show::CueIx;

impl Engine {
    /// Goes on to the next rung, when all are true: 1 - the action is a step's; 2 - its cue was not stopped; 3 - it is still the
    /// newest intent on its property; 4 - this rung has not gone on before; 5 - it is not later than `else_before`.
    pub(super) fn ladder(&mut self, id: ActionId, action: &Action) {
        let show = Arc::clone(&self.show);
        let Why::Step { cue, step, rung } = action.origin.why else { return };
        let Some(spec) = show.cue(cue).steps.get(usize::from(step)) else { return };
        if spec.ladder().get(usize::from(rung)).is_none() {
            return;
        }
        let Some(prop) = action.prop else { return };
        let newest = self.s.props.get(prop).and_then(Property::newest);
        let Some(run) = action.origin.run.and_then(|r| self.s.runs.get_mut(&r)) else { return };
        if newest != Some(id) || run.laddered.contains(&(step, rung)) {
            return;
        }
        run.laddered.push((step, rung));
        let aim = action.aim().cloned();
        if let Some(property) = self.s.props.get_mut(prop) {
            property.fail(aim);
        }
        let since = self.s.now.since(action.sent_at.unwrap_or(action.due));
        if spec.else_before().is_some_and(|limit| since > limit) {
            let text = format!("cue {}: {} failed; its fallback waits for a key", show.cue(cue).number, self.describe(action));
            let what = Offering::Ladder { cue, step, rung: rung + 1, go: action.origin.go };
            self.offer(OfferKind::Ladder, text, None, Some(show.prop(prop).device), what);
            return;
        }
        let origin = Origin { why: Why::Step { cue, step, rung: rung + 1 }, ..action.origin };
        self.climb(origin);
    }

    /// Does one rung.
    pub(super) fn climb(&mut self, origin: Origin) {
        let show = Arc::clone(&self.show);
        let Why::Step { cue, step, rung } = origin.why else { return };
        let rungs = show.cue(cue).steps.get(usize::from(step)).map(crate::show::Step::ladder);
        if let Some(acts) = rungs.and_then(|l| l.get(usize::from(rung).checked_sub(1)?)) {
            self.perform_all(acts, origin);
        }
    }

    /// The caller takes a rung that only proposed.
    pub(super) fn climb_offered(&mut self, cue: CueIx, step: u16, rung: u8, go: Option<u64>) {
        self.climb(Origin { why: Why::Step { cue, step, rung }, run: None, go, priority: Priority::Discrete });
    }
}
