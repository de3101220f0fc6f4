//! From the queue to the wire: what is wanted is written when its turn comes, and leaves at the device's pace.

use super::driver::{Job, Later, PropertyDriver, Recall, Task};
use super::on_wire::{Message, Part, Purpose};
use super::protocol::{Cannot, Protocol, View, Want, What};
use super::response::Messages;
use crate::device_api::{Priority, Report};
use crate::devices::{Out, Send, Sending, earlier};
use crate::show::PropIx;
use crate::time::{Mono, Span};

impl<P: Protocol> PropertyDriver<P> {
    /// Sends all that may leave now.
    pub(super) fn pump(&mut self, now: Mono, out: &mut Out) {
        while self.presence.is_up() && self.presence.away.is_none() {
            self.pump_written(now, out);
            if !self.on_wire.may_write(self.habits.in_turn) || now < self.on_wire.free_at() {
                return;
            }
            // What follows a recall waits until its effect is read, and nothing leaves for a device that is not there; panic does.
            let all = self.presence.live && self.recall.is_none();
            let next = if all { self.queue.pop(now) } else { self.queue.pop_panic(now) };
            if let Some((prop, priority, job)) = next {
                self.write(now, prop, priority, job, out);
            } else if !self.habits.in_turn || !self.presence.live {
                return;
            } else if let Some(question) = self.questions.due(now).or_else(|| self.questions.take(now)) {
                self.ask(now, question, None, out);
            } else {
                return self.settle(out);
            }
        }
    }

    /// Sends what is written, as far as it may leave now.
    pub(super) fn pump_written(&mut self, now: Mono, out: &mut Out) {
        while let Some(message) = self.on_wire.take(now, self.habits.in_turn) {
            self.transmit(now, message, out);
        }
    }

    /// Writes what is wanted; it leaves with [`Self::pump`].
    fn write(&mut self, now: Mono, prop: PropIx, priority: Priority, job: Job, out: &mut Out) {
        let view = View { live: self.presence.live, reported: &self.reported };
        let (what, step) = match &job.task {
            Task::Value { value, transition, step } => (What::Value { value, transition: transition.as_ref(), step: *step }, *step),
            Task::Pause => (What::Pause, false),
            Task::Resume => (What::Resume, false),
        };
        let want = Want { prop, what, urgent: priority == Priority::Panic };
        let value = self.protocol.held(&want, &view);
        let mut messages = Messages::default();
        let written = self.protocol.encode(now, &want, &view, &mut messages);
        let action = job.action;
        let sending = (!step).then(|| Sending { action, more: false, value: value.clone() });
        if let Err(Cannot::Refuse(why)) = written {
            self.end_fade(prop);
            return out.report(Report::Refused { action, why });
        }
        if messages.list.is_empty() && written.is_ok() {
            // It is so already, or on its way there: the device's word will say it.
            let Some(question) = self.protocol.proof(prop).filter(|_| !step) else { return };
            self.reported.tell(prop);
            return self.ask(now, question, sending, out);
        }
        let late = matches!(written, Err(Cannot::NotNow(..)));
        let part = |more| Part { prop, action, value: value.clone(), more, step: step || late, again: false, until: job.until };
        self.on_wire.add(messages, sending.filter(|_| !late), |more| Purpose::Want(part(more)));
        if let Err(Cannot::NotNow(why, after)) = written {
            self.postpone(now, Later { at: now + after, prop, priority, job }, &why, after, out);
        }
    }

    /// It is tried again after a while, and the engine is told so.
    pub(super) fn postpone(&mut self, now: Mono, mut later: Later, why: &str, after: Span, out: &mut Out) {
        let action = later.job.action;
        if *later.job.until.get_or_insert(now + self.habits.patience) <= now {
            let why = format!("still {why} after {}: look at the device", self.habits.patience).into();
            return out.report(Report::Refused { action, why });
        }
        self.later.push(later);
        out.report(Report::NotNow { action, why: why.into(), retry_after: after });
    }

    /// What could not be done stands in the queue again when its time has come.
    pub(super) fn try_again(&mut self, now: Mono) {
        for later in self.later.extract_if(.., |later| later.at <= now).collect::<Vec<_>>() {
            let replaceable = self.traits(later.prop).is_some_and(|traits| traits.replaceable);
            self.queue.push(later.prop, later.priority, replaceable, later.job);
        }
    }

    /// What could not be done is tried now.
    pub(super) fn hurry(&mut self, now: Mono) {
        self.later.iter_mut().for_each(|later| later.at = later.at.min(now));
    }

    fn transmit(&mut self, now: Mono, message: Message<P::Question>, out: &mut Out) {
        let Message { wire, bytes, purpose, sending } = message;
        let mut within = self.limits.reply_within;
        match &purpose {
            Purpose::Question(question) => {
                let again = (!self.habits.in_turn).then_some(within);
                self.questions.left(now, *question, again);
            }
            Purpose::Want(part) => {
                self.leaves(now, part);
                if !self.habits.in_turn {
                    within = self.traits(part.prop).map_or(within, |traits| traits.lands_within.max(self.protocol.recall_lasts(part.prop)));
                }
            }
        }
        out.sends.push(Send { wire, to: None, bytes, tag: 0, sending });
        self.on_wire.left(now, purpose, within);
    }

    /// A message of a want leaves: from now on only what the device says after it is a proof.
    fn leaves(&mut self, now: Mono, part: &Part) {
        let Some(traits) = self.traits(part.prop) else { return };
        self.acting.insert(part.prop, part.action);
        if part.more {
            return;
        }
        if let Some(value) = &part.value {
            self.reported.sent(now, part.prop, value.clone());
        }
        if part.step {
            return;
        }
        if traits.barrier {
            self.recall = Some(Recall { prop: part.prop, read_at: Some(now + self.protocol.recall_lasts(part.prop)) });
        }
        if let Some(value) = part.value.clone().filter(|_| !part.again) {
            self.reported.awaits(now, part.prop, value, now + traits.lands_within);
        }
        if let Some(question) = self.protocol.proof(part.prop) {
            self.questions.recount(question);
            self.questions.want_at(question, now + self.habits.prove_after);
        }
    }

    /// Sends a value that is proven lost once more; false: it has been sent often enough.
    pub(super) fn send_again(&mut self, now: Mono, prop: PropIx, out: &mut Out) -> bool {
        let resends = if self.traits(prop).is_some_and(|traits| traits.resendable) { self.habits.resends } else { 0 };
        let (Some(value), Some(action)) = (self.reported.again(now, prop, resends), self.acting.get(&prop).copied()) else { return false };
        let view = View { live: self.presence.live, reported: &self.reported };
        let want = Want { prop, what: What::Value { value: &value, transition: None, step: false }, urgent: false };
        let mut messages = Messages::default();
        if self.protocol.encode(now, &want, &view, &mut messages).is_ok() {
            let part = |more| Part { prop, action, value: Some(value.clone()), more, step: false, again: true, until: None };
            self.on_wire.add(messages, None, |more| Purpose::Want(part(more)));
            self.pump(now, out);
        }
        true
    }

    /// When something that waits may leave, or a fade has its next step.
    pub(super) fn sending_due(&self) -> Option<Mono> {
        let queued = if self.recall.is_some() { self.queue.panic_due() } else { self.queue.next_due() };
        let queued = queued.map(|due| due.max(self.on_wire.free_at())).filter(|_| self.on_wire.may_write(self.habits.in_turn));
        let later = self.later.iter().map(|later| later.at).min();
        earlier(earlier(self.on_wire.next_due(self.habits.in_turn), queued), earlier(later, self.fades.next_due()))
    }

    /// Puts the steps that are due into the queue, and asks where moving properties are.
    pub(super) fn step_fades(&mut self, now: Mono, out: &mut Out) {
        if !self.habits.in_turn {
            let turns: Vec<PropIx> = self.fades.turns(now).collect();
            for prop in turns {
                // Asked just before a step leaves, the answer still shows what a hand did since the step before.
                if let Some(question) = self.protocol.proof(prop).filter(|_| self.questions.may_ask(now)) {
                    self.questions.paced(now);
                    self.ask(now, question, None, out);
                }
            }
        }
        for step in self.fades.due(now) {
            let value = self.protocol.value_at(step.prop, step.place);
            let task = Task::Value { value, transition: None, step: !step.last };
            self.queue.push(step.prop, step.priority, true, Job { action: step.action, task, until: None });
        }
    }
}
