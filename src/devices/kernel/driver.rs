//! The driver: what the engine wants goes in, what the device says comes out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fades::Fades;
use super::health::Health;
use super::on_wire::OnWire;
use super::presence::Presence;
use super::protocol::{Habits, Protocol, View};
use super::pushes::Pushes;
use super::questions::Questions;
use super::reported_state::ReportedState;
use super::response::Response;
use super::send_queue::SendQueue;
use crate::device_api::{ActionId, Command, Op, Priority, Report};
use crate::devices::{Driver, Out, Plan, WireEvent, earlier};
use crate::show::{Keeping, Limits, PropIx, Transition, Value};
use crate::time::{Mono, Span};

/// Drives one device by its family's protocol.
pub struct PropertyDriver<P: Protocol> {
    pub(super) protocol: P,
    pub(super) habits: Habits,
    pub(super) limits: Limits,
    pub(super) props: BTreeMap<PropIx, Traits>,
    pub(super) presence: Presence,
    pub(super) reported: ReportedState,
    /// What waits for its turn.
    pub(super) queue: SendQueue<Job>,
    /// What could not be done, and is tried again.
    pub(super) later: Vec<Later>,
    pub(super) on_wire: OnWire<P::Question>,
    pub(super) fades: Fades,
    pub(super) questions: Questions<P::Question>,
    /// Messages in a row without an answer.
    pub(super) silences: u8,
    /// The action that a property was last sent for.
    pub(super) acting: BTreeMap<PropIx, ActionId>,
    pub(super) pushes: Pushes,
    pub(super) recall: Option<Recall>,
    pub(super) health: Health,
}

/// What the kernel must know of a property.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traits {
    /// A newer value takes the place of one that has not left: what the engine counts as superseded must not leave.
    pub replaceable: bool,
    /// It may be sent again when it is proven lost.
    pub resendable: bool,
    pub barrier: bool,
    pub pausable: bool,
    pub lands_within: Span,
    pub tolerance: u32,
}

/// Something wanted, before it is written.
#[derive(Debug)]
pub(super) struct Job {
    pub action: ActionId,
    pub task: Task,
    /// When it is given up; set when it could not be done at once.
    pub until: Option<Mono>,
}

#[derive(Debug, Clone)]
pub(super) enum Task {
    Value { value: Value, transition: Option<Transition>, step: bool },
    Pause,
    Resume,
}

/// Something that could not be done.
#[derive(Debug)]
pub(super) struct Later {
    pub at: Mono,
    pub prop: PropIx,
    pub priority: Priority,
    pub job: Job,
}

/// A recall: all that is read until it is over is its effect, and what comes after it waits.
#[derive(Debug)]
pub(super) struct Recall {
    pub prop: PropIx,
    /// When its effect is read without waiting longer; `None`: it is being read.
    pub read_at: Option<Mono>,
}

impl<P: Protocol> PropertyDriver<P> {
    /// For a device of a show.
    #[must_use]
    pub fn new(plan: Plan<'_>, protocol: P) -> Self {
        let limits = plan.device().profile.limits;
        let habits = protocol.habits();
        let traits = |class, prop: &crate::show::Property| Traits {
            replaceable: class != Keeping::Once,
            resendable: matches!(class, Keeping::Hold | Keeping::Set) && !prop.barrier,
            barrier: prop.barrier,
            pausable: prop.pausable,
            lands_within: prop.lands_within,
            tolerance: prop.tolerance,
        };
        let props: BTreeMap<_, _> = plan.props().map(|(ix, prop)| (ix, traits(prop.class, prop))).collect();
        Self {
            questions: Questions::new(protocol.questions(), habits.ask_gap),
            reported: ReportedState::new(limits.echo_window, props.keys().copied()),
            queue: SendQueue::new(Span::ZERO, habits.fade_gap),
            on_wire: OnWire::new(limits.gap_min),
            fades: Fades::new(limits.max_rate),
            presence: Presence::default(),
            later: Vec::new(),
            silences: 0,
            acting: BTreeMap::new(),
            pushes: Pushes::default(),
            recall: None,
            health: Health::default(),
            protocol,
            habits,
            limits,
            props,
        }
    }

    /// Calls the protocol with a look at what is known, and applies what it says.
    pub(super) fn call(&mut self, now: Mono, out: &mut Out, f: impl FnOnce(&mut P, &View<'_>, &mut Response<P::Question>)) {
        let mut response = Response::default();
        let view = View { live: self.presence.live, reported: &self.reported };
        f(&mut self.protocol, &view, &mut response);
        self.apply(now, response, out);
    }

    fn set(&mut self, command: &Command, value: Value, transition: Option<Transition>) {
        let task = Task::Value { value, transition, step: false };
        self.end_fade(command.prop);
        if self.traits(command.prop).is_some_and(|traits| traits.barrier) {
            self.end_fades();
        }
        self.push(command.prop, command.priority, Job { action: command.action, task, until: None });
    }

    pub(super) fn push(&mut self, prop: PropIx, priority: Priority, job: Job) {
        let replaceable = self.traits(prop).is_some_and(|traits| traits.replaceable);
        if replaceable {
            self.on_wire.drop_wants(prop);
            self.later.retain(|later| later.prop != prop);
        }
        self.queue.push(prop, priority, replaceable, job);
    }

    fn fade(&mut self, now: Mono, command: &Command, out: &mut Out) {
        let Op::Fade { from, to, .. } = &command.op else { return };
        let place = |value| self.protocol.place(command.prop, value);
        let (Some(first), Some(end)) = (place(from), place(to)) else {
            let why = format!("this cannot fade to {to}").into();
            return out.report(Report::Refused { action: command.action, why });
        };
        self.drop_waiting(command.prop);
        // A fade that takes one over goes on from the step that the device has: the engine knows the place on its own scale only.
        match self.fades.start(now, command, first, end) {
            Some(first) => {
                // An answer that left before our first step tells the value we start from.
                let start = self.protocol.value_at(command.prop, first);
                self.reported.sent(now, command.prop, start);
                self.reported.give_up(command.prop);
            }
            None => self.set(command, to.clone(), None),
        }
    }

    /// A hand took the property, or something newer: its fade ends here, and no step that waits is sent.
    pub(super) fn end_fade(&mut self, prop: PropIx) {
        if self.fades.end(prop) {
            self.drop_waiting(prop);
        }
    }

    /// Nothing of a property that has not left leaves.
    fn drop_waiting(&mut self, prop: PropIx) {
        self.queue.remove(prop);
        self.on_wire.drop_wants(prop);
        self.later.retain(|later| later.prop != prop);
    }

    fn end_fades(&mut self) {
        for prop in self.fades.all() {
            self.end_fade(prop);
        }
    }

    /// Asks at once, and tells the answer even if it is not new.
    fn look(&mut self, now: Mono, prop: PropIx, out: &mut Out) {
        self.reported.tell(prop);
        let Some(question) = self.protocol.proof(prop) else { return };
        if self.habits.in_turn {
            self.questions.want_first(question);
        } else {
            self.ask(now, question, None, out);
        }
    }

    fn pause(&mut self, now: Mono, command: &Command, out: &mut Out) {
        let pausable = self.traits(command.prop).is_some_and(|traits| traits.pausable);
        match command.op {
            Op::Halt if pausable => {
                self.push(command.prop, command.priority, Job { action: command.action, task: Task::Pause, until: None })
            }
            Op::Continue if pausable => {
                self.push(command.prop, command.priority, Job { action: command.action, task: Task::Resume, until: None });
            }
            Op::Halt => {
                self.fades.end(command.prop);
                self.drop_waiting(command.prop);
                self.look(now, command.prop, out);
            }
            _ => {}
        }
    }

    pub(super) fn traits(&self, prop: PropIx) -> Option<Traits> {
        self.props.get(&prop).copied()
    }

    /// Why nothing can be sent now. Panic is sent even into silence, where the protocol can.
    fn obstacle(&self, priority: Priority) -> Option<&'static str> {
        match self.presence.is_up() && priority == Priority::Panic && !self.habits.in_turn {
            _ if self.presence.barred => Some("only a person can mend it: see its line"),
            urgent if self.presence.live || urgent => None,
            _ => Some("not connected"),
        }
    }

    /// Forgets all that is under way: nothing is sent by itself when the device comes back.
    pub(super) fn forget(&mut self) {
        self.queue.clear();
        self.later.clear();
        self.on_wire.clear();
        self.fades.clear();
        self.questions.forget();
        self.reported.forget();
        self.acting.clear();
        self.silences = 0;
        self.pushes = Pushes::default();
        self.recall = None;
        self.protocol.forget();
    }

    /// The device is lost.
    pub(super) fn lost(&mut self, why: &Arc<str>, out: &mut Out) {
        self.forget();
        if self.presence.lost(why) && !self.presence.barred {
            out.report(Report::Offline { why: Arc::clone(why) });
        }
    }

    /// The device is lost, and its connection is begun anew.
    pub(super) fn begin_anew(&mut self, now: Mono, why: String, out: &mut Out) {
        let hint = self.presence.hint.take().map(|hint| format!(" ({hint})")).unwrap_or_default();
        self.lost(&format!("{why}{hint}").into(), out);
        self.presence.heard = now;
        if self.habits.reopens {
            out.reopen.extend(self.habits.session);
        }
    }

    /// Silence, and a device that hung up and does not come back.
    fn watch(&mut self, now: Mono, out: &mut Out) {
        if let Some((_, why)) = self.presence.away.take_if(|(until, _)| *until <= now) {
            self.lost(&why, out);
        }
        let silence = self.presence.silence(now);
        if !self.presence.is_up() || !self.habits.answers || silence < self.limits.offline_after {
            return;
        }
        let why = if self.presence.live { format!("no answer for {silence}") } else { self.habits.no_greeting.to_owned() };
        self.begin_anew(now, why, out);
    }
}

impl<P: Protocol> Driver for PropertyDriver<P> {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Up(wire) => {
                if self.habits.session.contains(&wire) {
                    self.presence.wire_up(now, wire);
                }
                self.call(now, out, |protocol, _, response| protocol.wire_up(now, wire, response));
            }
            WireEvent::Down(wire, why) => {
                self.presence.wire_down(wire);
                self.call(now, out, |protocol, _, response| protocol.wire_down(now, wire, &why, response));
            }
            WireEvent::SendFailed { why, .. } => self.presence.hint = Some(why),
            WireEvent::Data { wire, payload, .. } => {
                self.presence.heard = now;
                self.call(now, out, |protocol, view, response| protocol.decode(now, wire, payload, view, response));
            }
        }
        self.tick(now, out);
    }

    fn command(&mut self, now: Mono, command: &Command, out: &mut Out) {
        let refuse = |why: &str, out: &mut Out| out.report(Report::Refused { action: command.action, why: why.into() });
        if let Some(why) = self.obstacle(command.priority) {
            return refuse(why, out);
        }
        if self.traits(command.prop).is_none() {
            return refuse("no such property", out);
        }
        match &command.op {
            Op::Set { value, transition } => self.set(command, value.clone(), transition.clone()),
            Op::Fade { .. } => self.fade(now, command, out),
            Op::Halt | Op::Continue => self.pause(now, command, out),
            Op::Read => self.look(now, command.prop, out),
        }
        self.pump(now, out);
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        if self.presence.is_up() {
            self.call(now, out, |protocol, view, response| protocol.tick(now, view, response));
        }
        if self.presence.live {
            self.step_fades(now, out);
            self.try_again(now);
            self.overdue(now, out);
            self.inquire(now, out);
        }
        self.pump(now, out);
        self.watch(now, out);
    }

    fn next_due(&self) -> Option<Mono> {
        let away = self.presence.away.as_ref().map(|(until, _)| *until);
        if !self.presence.is_up() {
            return away;
        }
        let silent = self.habits.answers.then(|| self.presence.heard + self.limits.offline_after);
        let mut due = earlier(earlier(away, silent), self.protocol.next_due(self.presence.live));
        if self.presence.live && away.is_none() {
            due = earlier(due, self.sending_due());
            due = earlier(due, self.asking_due());
        }
        due
    }

    fn last_call(&mut self, now: Mono, out: &mut Out) {
        if self.presence.is_up() {
            self.forget();
            self.call(now, out, |protocol, _, response| protocol.release(now, response));
        }
    }
}
