//! Putting things on a key; a person takes or declines them.

use std::sync::Arc;

use super::actions::Origin;
use super::offers::Offering;
use super::{Engine, Offer, OfferKind, Priority, Why};
use crate::show::{DeviceIx, ListIx};
use crate::time::{Mono, Span};

impl Engine {
    /// How long an uncertain action is on a key.
    pub(super) const UNCERTAIN: Span = Span::secs(30);

    /// Puts something on a key.
    pub(super) fn offer(&mut self, kind: OfferKind, text: String, until: Option<Mono>, device: Option<DeviceIx>, what: Offering) {
        self.s.next.offer = self.s.next.offer.wrapping_add(1);
        let offer = Offer { id: self.s.next.offer, kind, text: text.into(), until, device };
        if let Some(gone) = self.s.offers.add(offer, what) {
            self.withdraw(gone);
        }
    }

    /// Takes an offer.
    pub(super) fn accept(&mut self, id: u32) {
        let now = self.s.now;
        let Some((offer, what)) = self.s.offers.get(id) else {
            return self.refuse("that offer is gone");
        };
        if offer.until.is_some_and(|until| now > until) {
            return self.refuse("that offer is no longer on a key: start its cue if it is still wanted");
        }
        if let Err(why) = self.may_take(what) {
            return self.refuse(why);
        }
        let Some(taken) = self.s.offers.take(id) else { return };
        let origin = |why| Origin { why, run: None, go: None, priority: Priority::Discrete };
        match taken {
            Offering::Follow(list) => self.follow(list),
            Offering::TakeBack { prop, value } => self.want(prop, &value, None, origin(Why::Reassert)),
            Offering::Momentary { prop, value, transition } => self.want(prop, &value, transition.as_ref(), origin(Why::Operator)),
            Offering::HeldBegin(run) => self.begin_run(run),
            Offering::HeldStep { cue, step, go } => {
                let show = Arc::clone(&self.show);
                let why = Why::Step { cue, step, rung: 0 };
                if let Some(spec) = show.cue(cue).steps.get(usize::from(step)) {
                    self.perform_all(&spec.acts, Origin { why, run: None, go: Some(go), priority: Priority::Discrete });
                }
            }
            Offering::HeldFade { prop, to, over, curve, why, go } => self.fade(prop, to, over, curve, Origin { go, ..origin(why) }),
            Offering::Clock(cue) => self.start_by_clock(cue),
            Offering::HeldVerb(verb, target, go) => self.cue_verb(verb, target, go),
            Offering::Ladder { cue, step, rung, go } => self.climb_offered(cue, step, rung, go),
        }
    }

    /// What starts a cue or goes on with one waits as a GO does: while paused and after panic it stays on its key.
    fn may_take(&self, what: &Offering) -> Result<(), &'static str> {
        let list = match what {
            Offering::Follow(list) => *list,
            Offering::Clock(cue) | Offering::HeldStep { cue, .. } => self.show.cue(*cue).list,
            Offering::HeldBegin(run) => self.s.runs.get(run).map_or(ListIx(0), |run| self.show.cue(run.cue).list),
            Offering::HeldFade { why: Why::Step { cue, .. }, .. } => self.show.cue(*cue).list,
            Offering::HeldVerb(..) | Offering::HeldFade { .. } => ListIx(0),
            Offering::TakeBack { .. } | Offering::Momentary { .. } | Offering::Ladder { .. } => return Ok(()),
        };
        self.may_go(list)
    }

    /// Declines an offer: nothing is sent.
    pub(super) fn decline(&mut self, id: u32) {
        let Some(gone) = self.s.offers.take(id) else {
            return self.refuse("that offer is gone");
        };
        if let Offering::TakeBack { prop, .. } = &gone
            && let Some(property) = self.s.props.get_mut(*prop)
        {
            property.leave();
        }
        self.withdraw(gone);
    }

    /// What was on a key is not to be done.
    pub(super) fn withdraw(&mut self, what: Offering) {
        if let Offering::HeldBegin(run) = what {
            self.end_run(run, true);
        }
    }
}
