//! The driver: what the engine wants becomes messages, fades become steps.

use rosc::OscType;

use super::proof::Recall;
use super::session::Session;
use super::table::{Table, Wanted};
use super::{POLL_MOVING, PROVE_AFTER, READ_GAP, Raw, STEP_GAP, WIRE};
use crate::device_api::{ActionId, Command, Op, Report};
use crate::devices::agenda::{Agenda, Questions};
use crate::devices::flights::Flights;
use crate::devices::lanes::Lanes;
use crate::devices::osc::packet;
use crate::devices::{Driver, EchoWindow, Out, Payload, Plan, WireEvent, earlier};
use crate::show::{Limits, PropIx, Value};
use crate::time::Mono;

/// A desk as this driver knows it.
pub struct Desk {
    pub(super) limits: Limits,
    pub(super) table: Table,
    pub(super) session: Session,
    /// What waits to be sent.
    lanes: Lanes<Job>,
    /// Faders on their way.
    flights: Flights,
    pub(super) echo: EchoWindow,
    /// Parameters to look after, by time.
    pub(super) agenda: Agenda,
    /// Parameters to ask for.
    pub(super) questions: Questions,
    /// A recall whose effect is not fully read yet.
    pub(super) recall: Option<Recall>,
}

/// One message to send.
#[derive(Debug)]
struct Job {
    action: ActionId,
    at: usize,
    raw: Raw,
    /// False for a step of a fade that another follows.
    last: bool,
}

impl Desk {
    /// For a device of a show.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let limits = plan.device().profile.limits;
        Self {
            limits,
            table: Table::of(plan),
            session: Session::default(),
            lanes: Lanes::new(limits.gap_min, STEP_GAP),
            flights: Flights::new(limits.max_rate),
            echo: EchoWindow::new(limits.echo_window, 1),
            agenda: Agenda::default(),
            questions: Questions::new(READ_GAP),
            recall: None,
        }
    }

    /// A message with one argument, or none.
    pub(super) fn send(&self, out: &mut Out, address: &str, args: Vec<OscType>) {
        packet::send(out, WIRE, None, address, args);
    }

    /// True while a fade moves the property.
    pub(super) fn moving(&self, prop: PropIx) -> bool {
        self.flights.moving(prop)
    }

    /// A hand took the property: its fade ends here, and no step that waits is sent.
    pub(super) fn let_go(&mut self, prop: PropIx) {
        if self.flights.let_go(prop) {
            self.lanes.remove(prop);
        }
    }

    /// Forgets all that is under way: nothing is sent by itself when the desk comes back.
    pub(super) fn forget(&mut self) {
        self.lanes.clear();
        self.flights.clear();
        self.agenda.clear();
        self.questions.clear();
        self.recall = None;
        for param in &mut self.table.params {
            param.wanted = None;
            param.asked = None;
        }
    }

    fn set(&mut self, command: &Command, at: usize, value: &Value, out: &mut Out) {
        let Some(param) = self.table.params.get(at) else { return };
        let Some(raw) = param.scale.raw(value) else {
            out.report(Report::Refused { action: command.action, why: format!("{} can not be set to {value}", param.set).into() });
            return;
        };
        let lasting = !param.barrier;
        self.let_go(command.prop);
        let job = Job { action: command.action, at, raw, last: true };
        self.lanes.push(command.prop, command.priority, lasting, job);
    }

    /// Takes over a fade; its steps come with `tick`.
    fn fade(&mut self, now: Mono, command: &Command, at: usize, out: &mut Out) {
        let Op::Fade { from, to, .. } = &command.op else { return };
        let Some(param) = self.table.params.get_mut(at) else { return };
        let (Some(Raw::Step(from)), Some(Raw::Step(end))) = (param.scale.raw(from), param.scale.raw(to)) else {
            out.report(Report::Refused { action: command.action, why: format!("{} can not fade to {to}", param.set).into() });
            return;
        };
        // A fade that takes one over goes on from the step that the desk has: the engine knows the place on its own scale only.
        let Some(from) = self.flights.start(now, command, i64::from(from), i64::from(end)) else {
            self.set(command, at, to, out);
            return;
        };
        self.lanes.remove(command.prop);
        // An answer that left the desk before our first step tells the value we start from.
        self.echo.sent(now, command.prop, Raw::step(from).in_steps());
        (param.wanted, param.poll_at) = (None, now + POLL_MOVING);
    }

    /// Puts the steps that are due into their lane, and asks where moving faders are.
    fn fly(&mut self, now: Mono, out: &mut Out) {
        let turns: Vec<usize> = self.flights.turns(now).filter_map(|prop| self.table.at_prop(prop)).collect();
        for step in self.flights.due(now) {
            let Some(at) = self.table.at_prop(step.prop) else { continue };
            let job = Job { action: step.action, at, raw: Raw::step(step.place), last: step.last };
            self.lanes.push(step.prop, step.priority, true, job);
        }
        for at in turns {
            // Asked just before a step leaves, the answer still shows what a hand did since the step before.
            let Some(param) = self.table.params.get_mut(at) else { continue };
            if self.session.polling || param.poll_at <= now {
                param.poll_at = now + POLL_MOVING;
                self.ask(now, at, out);
            }
        }
    }

    /// Sends what may leave.
    pub(super) fn flush(&mut self, now: Mono, out: &mut Out) {
        while let Some((prop, job)) = self.lanes.pop(now) {
            let Some(param) = self.table.params.get_mut(job.at) else { continue };
            let value = param.scale.value(&job.raw);
            if param.barrier {
                self.send_recall(now, &job, out);
                out.report(Report::Sent { action: job.action, value });
                continue;
            }
            let (address, args) = (param.set.clone(), vec![param.scale.arg(&job.raw)]);
            if job.last {
                let wanted = Wanted { raw: job.raw.clone(), sent: now, before: param.known.clone(), resends: 0 };
                param.wanted = Some(wanted);
            }
            self.echo.sent(now, prop, job.raw.in_steps());
            self.send(out, &address, args);
            if job.last {
                self.agenda.attend(job.at, Some(now + PROVE_AFTER));
                out.report(Report::Sent { action: job.action, value });
            }
        }
    }

    fn send_recall(&mut self, now: Mono, job: &Job, out: &mut Out) {
        let Some(param) = self.table.params.get(job.at) else { return };
        let arg = param.scale.arg(&job.raw);
        let kind = param.load.clone();
        match &kind {
            Some(kind) => self.send(out, "/load", vec![OscType::String(kind.clone()), arg]),
            None => self.send(out, &param.set, vec![arg]),
        }
        self.recall = Some(Recall::sent(now, job.action, kind));
    }
}

impl Driver for Desk {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Up(_) => self.wire_up(now),
            WireEvent::Down(_, why) => self.wire_down(&why, out),
            WireEvent::SendFailed { why, .. } => self.session.hint = Some(why),
            WireEvent::Data { payload: Payload::Datagram(bytes), .. } => {
                packet::decode(bytes, |message| self.message(now, &message, out));
                self.settle(out);
            }
            WireEvent::Data { .. } => {}
        }
        self.tick(now, out);
    }

    fn command(&mut self, now: Mono, command: &Command, out: &mut Out) {
        let refuse = |why: &str, out: &mut Out| out.report(Report::Refused { action: command.action, why: why.into() });
        if !self.session.up {
            refuse("no network socket to the desk", out);
            return;
        }
        let Some(at) = self.table.at_prop(command.prop) else {
            refuse("the desk can not be told this, only watched", out);
            return;
        };
        match &command.op {
            Op::Set { value, .. } => self.set(command, at, value, out),
            Op::Fade { .. } => self.fade(now, command, at, out),
            Op::Halt => {
                self.let_go(command.prop);
                self.lanes.remove(command.prop);
                self.look(now, at, out);
                out.report(Report::Sent { action: command.action, value: None });
            }
            Op::Continue => out.report(Report::Sent { action: command.action, value: None }),
            Op::Read => {
                self.look(now, at, out);
                out.report(Report::Sent { action: command.action, value: None });
            }
        }
        self.flush(now, out);
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        if !self.session.up {
            return;
        }
        self.fly(now, out);
        self.flush(now, out);
        self.keep_alive(now, out);
        self.look_after(now, out);
        self.ask_on(now, out);
    }

    fn next_due(&self) -> Option<Mono> {
        if !self.session.up {
            return None;
        }
        let mine = earlier(self.lanes.next_due(), earlier(self.flights.next_due(), self.agenda.next_due()));
        earlier(mine, self.session_due())
    }
}
