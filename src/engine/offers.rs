//! Things on a key, and lines that stay until acknowledged.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::actions::{Action, Origin};
use super::running::RunId;
use super::{Alert, Engine, Level, Offer, OfferKind, Outcome, Priority, Why};
use crate::show::{CueIx, CueVerb, Curve, DeviceIx, FadeTo, ListIx, PropIx, Target, Transition, Value};
use crate::time::{Mono, Span};

/// An offer and what taking it does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Offered {
    pub(super) offer: Offer,
    pub(super) what: Offering,
}

/// What taking an offer does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Offering {
    /// Starts a follower.
    Follow(ListIx),
    /// Sends a *hold* value again.
    TakeBack { prop: PropIx, value: Value },
    /// Sends a momentary or guarded value that did not leave before a restart, or may not have.
    Momentary { prop: PropIx, value: Value, transition: Option<Transition> },
    /// Begins a cue whose wait ended while we were away.
    HeldBegin(RunId),
    /// Fires a step whose time passed while we were away.
    HeldStep { cue: CueIx, step: u16, go: u64 },
    /// Fades to where a fade was going that was interrupted.
    HeldFade { prop: PropIx, to: FadeTo, over: Span, curve: Curve, why: Why, go: Option<u64> },
    /// Does a step's verb whose time passed while we were away.
    HeldVerb(CueVerb, Target, u64),
    /// Starts a cue whose time by the clock has passed.
    Clock(CueIx),
    /// Does a rung that came too late to run by itself.
    Ladder { cue: CueIx, step: u16, rung: u8, go: Option<u64> },
}

impl Engine {
    /// Offers that stand at once; the oldest goes first.
    pub(super) const OFFERS: usize = 64;
    /// Alerts that are kept.
    const ALERTS: usize = 64;
    /// How long an uncertain action is on a key.
    pub(super) const UNCERTAIN: Span = Span::secs(30);

    /// Puts something on a key.
    pub(super) fn offer(&mut self, kind: OfferKind, text: String, until: Option<Mono>, device: Option<DeviceIx>, what: Offering) {
        if self.s.offers.len() >= Self::OFFERS {
            let gone = self.s.offers.remove(0);
            self.withdraw(gone.what);
        }
        self.s.next.offer = self.s.next.offer.wrapping_add(1);
        let offer = Offer { id: self.s.next.offer, kind, text: text.into(), until, device };
        self.s.offers.push(Offered { offer, what });
    }

    fn take_offer(&mut self, id: u32) -> Option<Offered> {
        let at = self.s.offers.iter().position(|o| o.offer.id == id)?;
        Some(self.s.offers.remove(at))
    }

    /// Takes an offer.
    pub(super) fn accept(&mut self, id: u32) {
        let now = self.s.now;
        let Some(found) = self.s.offers.iter().find(|o| o.offer.id == id) else {
            return self.refuse("that offer is gone");
        };
        if found.offer.until.is_some_and(|until| now > until) {
            return self.refuse("that offer is no longer on a key: start its cue if it is still wanted");
        }
        if let Err(why) = self.may_take(&found.what) {
            return self.refuse(why);
        }
        let Some(taken) = self.take_offer(id) else { return };
        let origin = |why| Origin { why, run: None, go: None, priority: Priority::Discrete };
        match taken.what {
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
        let Some(gone) = self.take_offer(id) else {
            return self.refuse("that offer is gone");
        };
        if let Offering::TakeBack { prop, .. } = &gone.what
            && let Some(state) = self.s.props.get_mut(prop.at())
            && let Some((seen, _)) = state.observed.clone()
        {
            state.wanted = Some(seen);
            state.operator = true;
        }
        self.withdraw(gone.what);
    }

    /// What was on a key is not to be done.
    pub(super) fn withdraw(&mut self, what: Offering) {
        if let Offering::HeldBegin(run) = what {
            self.end_run(run, true);
        }
    }

    /// A line that stays until acknowledged; the same line again is counted.
    pub(super) fn alert(&mut self, level: Level, text: String, device: Option<DeviceIx>) {
        let spec = device.map(|d| self.show.device(d));
        if device.and_then(|d| self.s.devices.get(d.at())).is_some_and(|d| d.ownership == super::Ownership::Bypassed) {
            return;
        }
        let department = spec.and_then(|d| d.department);
        let text: Arc<str> = match department.and_then(|d| self.show.departments.get(d.at())) {
            Some(d) => format!("{text}; call {}{}", d.name, d.contact.as_ref().map_or_else(String::new, |c| format!(" ({c})"))).into(),
            None => text.into(),
        };
        self.say(level, Arc::clone(&text));
        let at = self.s.now;
        if let Some(same) = self.s.alerts.iter().position(|a| a.text == text && a.device == device)
            && let Some(mut alert) = self.s.alerts.remove(same)
        {
            alert.count = alert.count.saturating_add(1);
            alert.at = at;
            self.s.alerts.push_front(alert);
            return;
        }
        self.s.alerts.truncate(Self::ALERTS - 1);
        self.s.next.alert = self.s.next.alert.wrapping_add(1);
        self.s.alerts.push_front(Alert { id: self.s.next.alert, level, text, department, device, at, count: 1 });
    }

    /// An action failed: loud, with whom to call.
    pub(super) fn alert_failure(&mut self, action: &Action, outcome: &Outcome) {
        let device = action.prop.map(|p| self.show.prop(p).device);
        let unreachable = device.and_then(|d| self.s.devices.get(d.at())).and_then(super::devices::DeviceState::unreachable);
        let text = match (outcome, unreachable) {
            (_, Some(why)) => {
                let name = device.map_or_else(String::new, |d| self.show.device(d).name.to_string());
                format!("not sent: {name} is not there ({why})")
            }
            (Outcome::Failed { why }, None) => format!("{}: {why}", self.describe(action)),
            (Outcome::Refused { why }, None) => format!("{}: refused, {why}", self.describe(action)),
            _ => return,
        };
        self.alert(Level::Bad, text, device);
    }

    /// Alerts have been seen.
    pub(super) fn acknowledge(&mut self, alert: Option<u32>) {
        self.s.alerts.retain(|a| alert.is_some_and(|id| a.id != id));
    }
}
