//! The life of an action: made, sent, proved or ended. Every action ends.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::fades::Fade;
use super::open_actions::{Action, Actions, What};
use super::properties::Property;
use super::running::RunId;
use super::timers::Work;
use super::{ActionId, ActionState, ActionView, Command, Effect, Engine, Level, Note, Op, Outcome, Ownership, Priority, Why};
use crate::show::{Act, DeviceIx, Proof, PropIx, Transition, Value};
use crate::time::{Mono, Span};

/// Where an act comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Origin {
    pub(super) why: Why,
    pub(super) run: Option<RunId>,
    pub(super) go: Option<u64>,
    pub(super) priority: Priority,
}

impl Engine {
    pub(super) fn perform_all(&mut self, acts: &[Act], origin: Origin) {
        for act in acts {
            self.perform(act, origin);
        }
    }

    /// Does one act.
    pub(super) fn perform(&mut self, act: &Act, origin: Origin) {
        match act {
            Act::Want { prop, value, transition } => self.want(*prop, value, transition.as_deref(), origin),
            Act::Fade { prop, to, over, curve } => self.fade(*prop, *to, *over, *curve, origin),
            Act::Light(light) => self.light(light, origin),
            Act::Cue { verb, target } => {
                // Through a timer of this instant: cues that act on cues never nest.
                let work = Work::Verb(*verb, *target, origin.go.unwrap_or(0));
                self.s.due.add(self.s.now, work);
            }
            Act::Tell(text) => {
                self.say(Level::Notice, Arc::clone(text));
                self.note(Note::Tell { level: Level::Notice, text: Arc::clone(text) });
            }
        }
    }

    /// Wants a value of a property.
    pub(super) fn want(&mut self, prop: PropIx, value: &Value, transition: Option<&Transition>, origin: Origin) {
        let what = What::Want { value: value.clone(), transition: transition.cloned() };
        if let Err(outcome) = self.gate(prop, origin) {
            self.never_sent(prop, what, origin, outcome);
            return;
        }
        let own = transition.and_then(|t| t.over).unwrap_or_default();
        let id = self.open(Some(prop), what, own, origin);
        self.intend(prop, id, value, origin);
        self.barrier(prop, id);
        let fresh = self.s.devices.get(self.show.prop(prop).device.at()).is_some_and(|d| d.online.is_none());
        if fresh && origin.why == Why::Start {
            return self.wait_for_device(id, prop);
        }
        self.hand_over(id);
        if let Some(run) = origin.run.filter(|_| !own.is_zero()) {
            self.occupy(run, self.s.now + own);
        }
    }

    /// Gives a wanted value to the driver; its limit counts from here until the driver says that it has left.
    pub(super) fn hand_over(&mut self, id: ActionId) {
        let Some(action) = self.s.actions.get_mut(id) else { return };
        let (What::Want { value, transition }, Some(prop)) = (&action.what, action.prop) else { return };
        action.waits = false;
        action.state = ActionState::Queued;
        let (origin, own) = (action.origin, action.own);
        let op = Op::Set { value: value.clone(), transition: transition.clone() };
        self.send(id, prop, op, origin);
        self.arm_limit(id, self.unsent_limit(prop) + own);
    }

    /// Nobody knows yet whether the device is there: the action waits for it to connect, but not for ever.
    pub(super) fn wait_for_device(&mut self, id: ActionId, prop: PropIx) {
        let at = self.s.now + self.show.device(self.show.prop(prop).device).profile.limits.offline_after;
        let timer = self.s.due.add(at, Work::Patience(id));
        let Some(action) = self.s.actions.get_mut(id) else { return };
        action.waits = true;
        action.state = ActionState::Pending("waits for the device to answer".into(), None);
        let old = action.timer.replace(timer);
        self.s.due.cancel(old);
    }

    /// A device has connected, or patience is over: what waited goes out.
    pub(super) fn wait_over(&mut self, id: ActionId) {
        let Some(action) = self.s.actions.get_mut(id).filter(|a| a.waits) else { return };
        let fades = matches!(action.what, What::Fade(_));
        let timer = action.timer.take();
        action.waits = false;
        self.s.due.cancel(timer);
        if fades { self.ask_again(id) } else { self.hand_over(id) }
    }

    /// An act that ends before anything is sent, but is the newest intent all the same.
    pub(super) fn never_sent(&mut self, prop: PropIx, what: What, origin: Origin, outcome: Outcome) {
        let id = self.open(Some(prop), what, Span::ZERO, origin);
        self.intend_unsent(prop, id, &outcome);
        self.finish(id, outcome);
    }

    /// An act of a step that is not done at all.
    pub(super) fn stillborn(&mut self, act: &Act, origin: Origin, outcome: Outcome) {
        let (prop, what) = match act {
            Act::Want { prop, value, transition } => {
                (Some(*prop), What::Want { value: value.clone(), transition: transition.as_deref().cloned() })
            }
            Act::Fade { prop, to, over, curve } => (Some(*prop), What::Fade(Fade::planned(*to, *over, *curve))),
            Act::Light(light) => (None, What::Light { label: Arc::clone(&light.label) }),
            Act::Cue { .. } | Act::Tell(_) => return,
        };
        let id = self.open(prop, what, Span::ZERO, origin);
        self.finish(id, outcome);
    }

    /// Enters a new action.
    pub(super) fn open(&mut self, prop: Option<PropIx>, what: What, own: Span, origin: Origin) -> ActionId {
        let id = self.new_action();
        let action = Action {
            origin,
            prop,
            what,
            due: self.s.now,
            sent_at: None,
            state: ActionState::Queued,
            timer: None,
            own,
            expect: None,
            waits: false,
        };
        self.s.actions.open(id, action);
        if let Some(run) = origin.run.and_then(|r| self.s.runs.get_mut(&r)) {
            run.parts += 1;
            run.open = run.open.saturating_add(1);
        }
        id
    }

    /// A run lasts until `at` whatever the devices say.
    pub(super) fn occupy(&mut self, run: RunId, at: Mono) {
        if let Some(state) = self.s.runs.get_mut(&run) {
            state.parts += 1;
            state.floor = state.floor.max(at);
            self.s.due.add(at, Work::Floor(run));
        }
    }

    /// Gives a command to the device's driver.
    pub(super) fn send(&mut self, action: ActionId, prop: PropIx, op: Op, origin: Origin) {
        let device = self.show.prop(prop).device;
        let command = Command { action, prop, op, due: self.s.now, priority: origin.priority, why: origin.why };
        self.out.push(Effect::Send { device, command });
    }

    /// Whether an act may be sent now; the error is how it ends instead.
    pub(super) fn gate(&self, prop: PropIx, origin: Origin) -> Result<(), Outcome> {
        let spec = self.show.prop(prop);
        let own_key = matches!(origin.why, Why::Step { rung: 0, .. } | Why::Operator);
        if spec.class == crate::show::Keeping::Guarded && !own_key {
            return Err(Outcome::Skipped { why: "guarded: only the GO of its own cue or its own key sends it".into() });
        }
        let device = self.show.device(spec.device);
        let panic = origin.priority == Priority::Panic;
        let Some(state) = self.s.devices.get(spec.device.at()) else { return Ok(()) };
        match state.ownership {
            Ownership::Bypassed => return Err(Outcome::Skipped { why: format!("{} is bypassed", device.name).into() }),
            Ownership::Released if !panic => return Err(Outcome::Skipped { why: format!("{} is released", device.name).into() }),
            _ => {}
        }
        if self.s.actions.is_full() && !panic {
            return Err(Outcome::Failed { why: format!("more than {} actions are open", Actions::LIMIT).into() });
        }
        if let Some(why) = state.unreachable().filter(|_| !panic) {
            return Err(Outcome::Failed { why: format!("{}: {why}", device.name).into() });
        }
        Ok(())
    }

    /// An action that the driver never hands on ends after this.
    pub(super) fn unsent_limit(&self, prop: PropIx) -> Span {
        let spec = self.show.prop(prop);
        self.show.device(spec.device).profile.limits.offline_after + spec.lands_within
    }

    /// Sets when an action must have landed, counted from now.
    pub(super) fn arm_limit(&mut self, id: ActionId, within: Span) {
        let at = self.s.now + within;
        let Some(action) = self.s.actions.get_mut(id) else { return };
        let old = action.timer.replace(self.s.due.add(at, Work::Limit(id)));
        self.s.due.cancel(old);
    }

    /// The last bytes of an action have left.
    pub(super) fn sent(&mut self, id: ActionId, value: Option<&Value>) {
        let now = self.s.now;
        let Some(action) = self.s.actions.get_mut(id) else { return };
        let Some(prop) = action.prop else { return };
        if action.sent_at.is_some() {
            return;
        }
        action.sent_at = Some(now);
        if !matches!(action.state, ActionState::Moving(_)) {
            action.state = ActionState::Open;
        }
        action.expect = value.cloned().or_else(|| action.aim().cloned());
        let (expect, own) = (action.expect.clone(), action.own);
        let travel_left = match &action.what {
            What::Fade(fade) => fade.travel.as_ref().map_or(Span::ZERO, |t| (t.start + t.length).since(now)),
            _ => own,
        };
        if let Some((value, property)) = expect.zip(self.s.props.get_mut(prop)) {
            property.has_sent(value, now);
        }
        let spec = self.show.prop(prop);
        if spec.proof == Proof::None {
            self.finish(id, Outcome::Sent);
        } else {
            self.arm_limit(id, spec.lands_within + travel_left);
        }
    }

    /// The device's own word proves an action.
    pub(super) fn confirm(&mut self, id: ActionId) {
        let Some(prop) = self.s.actions.prop(id) else { return };
        let masked = self.show.prop(prop).masked_by.iter().find(|(mask, value)| {
            let seen = self.s.props.get(*mask).and_then(Property::observed);
            seen.is_some_and(|(seen, _)| seen.same(value, 0))
        });
        let masked = masked.map(|(mask, _)| Arc::clone(&self.show.prop(*mask).label));
        self.finish(id, Outcome::Confirmed { masked });
    }

    /// An action is late: the device has said nothing since it was sent that proves it. What was known of it before is no proof.
    pub(super) fn limit_passed(&mut self, id: ActionId) {
        let Some(action) = self.s.actions.get_mut(id) else { return };
        action.timer = None;
        let (Some(prop), sent) = (action.prop, action.sent_at.is_some()) else { return };
        let spec = self.show.prop(prop);
        let why = if sent { format!("did not land within {}", spec.lands_within) } else { "could not be sent in time".into() };
        self.finish(id, Outcome::Failed { why: why.into() });
    }

    /// Ends an action.
    pub(super) fn finish(&mut self, id: ActionId, outcome: Outcome) {
        let Some(action) = self.s.actions.end(id) else { return };
        self.s.due.cancel(action.timer);
        if matches!(action.what, What::Light { .. }) {
            self.look_ahead();
        }
        let bad = matches!(outcome, Outcome::Failed { .. } | Outcome::Refused { .. });
        let view = self.view_action(id, &action, Some(outcome.clone()));
        let said = Arc::clone(&view.text);
        self.s.ended.add(view);
        self.note(Note::Action { action: id, prop: action.prop, said, why: action.origin.why, outcome: outcome.clone() });
        if let Some(run) = action.origin.run.and_then(|r| self.s.runs.get_mut(&r)) {
            run.open = run.open.saturating_sub(1);
            run.failed |= bad;
        }
        if let Why::Step { cue, .. } = action.origin.why
            && let Some(flags) = self.s.flags.get_mut(cue.at())
        {
            flags.failed |= bad;
        }
        if bad {
            self.alert_failure(&action, &outcome);
        }
        if bad || self.bypassed(&action, &outcome) {
            self.ladder(id, &action);
        }
        if let Some(run) = action.origin.run {
            self.part_done(run);
        }
    }

    fn bypassed(&self, action: &Action, outcome: &Outcome) -> bool {
        let device = action.prop.map(|p| self.show.prop(p).device);
        let state = device.and_then(|d: DeviceIx| self.s.devices.get(d.at()));
        matches!(outcome, Outcome::Skipped { .. }) && state.is_some_and(|d| d.ownership == Ownership::Bypassed)
    }

    /// An action as it is drawn.
    pub(super) fn view_action(&self, id: ActionId, action: &Action, outcome: Option<Outcome>) -> ActionView {
        let ended = outcome.is_some();
        ActionView {
            action: id,
            why: action.origin.why,
            device: action.prop.map(|p| self.show.prop(p).device),
            prop: action.prop,
            text: self.describe(action).into(),
            due: action.due,
            state: outcome.map_or_else(|| action.state.clone(), ActionState::Ended),
            sent_at: action.sent_at,
            ended_at: ended.then_some(self.s.now),
        }
    }

    /// An action in words: `foh host muted`.
    pub(super) fn describe(&self, action: &Action) -> String {
        let name = action.prop.map_or_else(String::new, |p| self.name_of(p));
        match &action.what {
            What::Want { value, .. } => action.prop.map_or_else(|| value.to_string(), |prop| self.say_of(prop, value)),
            What::Fade(fade) => format!("{name}: {}", fade.describe()),
            What::Light { label } => format!("look {label}"),
        }
    }

    /// A property and its value in words, with its device: `foh host muted`.
    pub(super) fn say_of(&self, prop: PropIx, value: &Value) -> String {
        format!("{} {}", self.show.device(self.show.prop(prop).device).key, self.show.said(prop, value))
    }

    /// A property in words, with its device: `foh host on`.
    pub(super) fn name_of(&self, prop: PropIx) -> String {
        let spec = self.show.prop(prop);
        format!("{} {}", self.show.device(spec.device).key, spec.label)
    }
}
