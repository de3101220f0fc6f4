//! Coming back: from a crash, from sleep, from a stall.

use std::sync::Arc;

use super::offers::Offering;
use super::open_actions::What;
use super::timers::Work;
use super::{ActionId, Effect, Engine, Level, OfferKind, Outcome, Resumed};
use crate::show::{Keeping, ListIx};
use crate::time::{Mono, Span};

impl Engine {
    /// The machine slept, or this process was stopped: as after a crash, but drivers and wires are still there.
    pub(super) fn stood_still(&mut self, since: Mono, now: Mono) {
        self.hold_overdue(since, now);
        if now.since(since) > self.show.late_limit {
            self.s.now = now;
            self.interrupt_fades(since);
        }
    }

    /// Work whose time passed by more than the show's limit while we were away never fires: it is held, one key each.
    /// Limits on devices that could not be heard in that time count anew.
    pub(super) fn hold_overdue(&mut self, since: Mono, now: Mono) {
        self.run_due(since.min(now));
        let limit = self.show.late_limit;
        let late = |at: Mono| now.since(at) > limit;
        let held = self.s.due.drain(|at, work| work.shows() && late(at) && at < now);
        let limits = self
            .s
            .due
            .drain(|at, work| matches!(work, Work::Limit(_) | Work::FadeStart(_) | Work::Patience(_) | Work::Ceiling(_)) && at <= now);
        for (at, work) in held {
            self.s.now = self.s.now.max(at);
            self.hold_one(work);
        }
        for (at, work) in limits {
            let key = self.s.due.add(now + at.since(since.min(at)).min(Span::secs(10)), work);
            if let Work::Limit(id) | Work::FadeStart(id) | Work::Patience(id) = work
                && let Some(action) = self.s.actions.get_mut(id)
            {
                action.timer = Some(key);
            }
        }
    }

    fn hold_one(&mut self, work: Work) {
        let show = Arc::clone(&self.show);
        let number = |cue| Arc::clone(&show.cue(cue).number);
        match work {
            Work::Begin(run) => {
                let Some(cue) = self.s.runs.get(&run).map(|r| r.cue) else { return };
                let text = format!("cue {}: its wait ended while we were away", number(cue));
                self.offer(OfferKind::Held, text, None, None, Offering::HeldBegin(run));
            }
            Work::Step(run, step) => {
                let Some((cue, go)) = self.s.runs.get(&run).map(|r| (r.cue, r.go)) else { return };
                self.end_unsent(run, step, &Outcome::Held);
                self.part_done(run);
                let text = format!("cue {} step {}: its time passed while we were away", number(cue), step + 1);
                self.offer(OfferKind::Held, text, None, None, Offering::HeldStep { cue, step, go });
            }
            Work::Verb(verb, target, go) => {
                let text = "a step that acts on cues: its time passed while we were away".into();
                self.offer(OfferKind::Held, text, None, None, Offering::HeldVerb(verb, target, go));
            }
            Work::Follow(list) => self.hold_follow(list),
            Work::Clock(cue) => self.offer_start(cue, "its time passed while we were away"),
            _ => {}
        }
    }

    fn hold_follow(&mut self, list: ListIx) {
        self.propose_follower(list, "its time passed while we were away");
    }

    /// A run goes on after its process was gone: what the journal proves has left is sent; what is momentary is uncertain if it may
    /// have left and held if it has not; every other want goes out again.
    pub(super) fn catch_up(&mut self, resumed: &Resumed, now: Mono) {
        self.run_due(resumed.alive_until.min(now));
        // What these steps gave was already given before the crash, or is settled below.
        self.out.retain(|effect| !matches!(effect, Effect::Send { .. }));
        for id in &resumed.sent {
            self.sent_before(*id, resumed.alive_until);
        }
        self.hold_overdue(resumed.alive_until, now);
        self.s.now = now;
        for state in &mut self.s.devices {
            state.online = None;
            state.synced = false;
            state.why = None;
        }
        self.s.due.drain(|_, work| matches!(work, Work::Silence(_)));
        self.listen();
        let open = self.s.actions.which(|_| true);
        for id in open {
            self.settle(id, resumed);
        }
        self.out.push(Effect::Lights);
        self.look_ahead();
        self.say(Level::Notice, "resumed where it was");
    }

    /// The journal proves that an action's bytes left. A fade has only begun: its driver is gone, and it goes on from where the level is.
    fn sent_before(&mut self, id: ActionId, at: Mono) {
        let fades = self.s.actions.get(id).is_some_and(|a| matches!(a.what, What::Fade(_)));
        if !fades {
            self.s.now = self.s.now.max(at);
            self.sent(id, None);
        }
    }

    fn settle(&mut self, id: ActionId, resumed: &Resumed) {
        let Some(action) = self.s.actions.get(id).cloned() else { return };
        let Some(prop) = action.prop else { return };
        if action.sent_at.is_some() {
            return;
        }
        let momentary = matches!(self.show.prop(prop).class, Keeping::Once | Keeping::Guarded);
        match &action.what {
            What::Want { value, transition } if momentary => {
                let (kind, outcome, until, doubt) = if resumed.begun.contains(&id) {
                    (OfferKind::Uncertain, Outcome::Uncertain, Some(self.s.now + Self::UNCERTAIN), "may have left before the restart")
                } else {
                    (OfferKind::Held, Outcome::Held, None, "not sent: the restart came first")
                };
                let text = format!("{}: {doubt}", self.describe(&action));
                let what = Offering::Momentary { prop, value: value.clone(), transition: transition.clone() };
                self.offer(kind, text, until, Some(self.show.prop(prop).device), what);
                self.finish(id, outcome);
            }
            What::Want { .. } => self.wait_for_device(id, prop),
            What::Fade(_) => self.interrupted(id, resumed.alive_until),
            What::Light { .. } => {}
        }
    }
}
