//! The driver: what the engine wants becomes messages, fades become steps.

use std::collections::{BTreeMap, BTreeSet};

use rosc::OscType;

use super::proof::Recall;
use super::session::Session;
use super::table::{Table, Wanted};
use super::{POLL_MOVING, PROVE_AFTER, Raw, STEP_GAP, WIRE};
use crate::devices::glide::Glide;
use crate::devices::lanes::Lanes;
use crate::devices::osc::packet;
use crate::devices::{Driver, EchoWindow, Out, Payload, Plan, WireEvent, earlier};
use crate::engine::{ActionId, Command, Op, Priority, Report};
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
    flights: BTreeMap<PropIx, Flight>,
    pub(super) echo: EchoWindow,
    /// Parameters to look after, by time.
    pub(super) watch: BTreeSet<(Mono, usize)>,
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

/// A fader on its way.
#[derive(Debug)]
struct Flight {
    glide: Glide,
    action: ActionId,
    at: usize,
    priority: Priority,
    last: i64,
    poll_at: Mono,
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
            flights: BTreeMap::new(),
            echo: EchoWindow::new(limits.echo_window, 1),
            watch: BTreeSet::new(),
            recall: None,
        }
    }

    /// A message with one argument, or none.
    pub(super) fn send(&self, out: &mut Out, address: &str, args: Vec<OscType>) {
        let mut bytes = out.buffer();
        packet::encode(address, args, &mut bytes);
        out.send(WIRE, bytes);
    }

    /// Sets when a parameter is looked after next.
    pub(super) fn attend(&mut self, at: usize, when: Option<Mono>) {
        let Some(param) = self.table.params.get_mut(at) else { return };
        if let Some(old) = param.attention {
            self.watch.remove(&(old, at));
        }
        param.attention = when;
        if let Some(when) = when {
            self.watch.insert((when, at));
        }
    }

    /// True while a fade moves the property.
    pub(super) fn moving(&self, prop: PropIx) -> bool {
        self.flights.contains_key(&prop)
    }

    /// A hand took the property: its fade ends here, and no step that waits is sent.
    pub(super) fn let_go(&mut self, prop: PropIx) {
        if self.flights.remove(&prop).is_some() {
            self.lanes.remove(prop);
        }
    }

    /// Forgets all that is under way: nothing is sent by itself when the desk comes back.
    pub(super) fn forget(&mut self) {
        self.lanes.clear();
        self.flights.clear();
        self.watch.clear();
        self.recall = None;
        for param in &mut self.table.params {
            param.wanted = None;
            param.asked = None;
            param.queued = false;
            param.attention = None;
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
        let Op::Fade { from, to, curve, start, length } = &command.op else { return };
        let Some(param) = self.table.params.get(at) else { return };
        let (Some(Raw::Step(from)), Some(Raw::Step(end))) = (param.scale.raw(from), param.scale.raw(to)) else {
            out.report(Report::Refused { action: command.action, why: format!("{} can not fade to {to}", param.set).into() });
            return;
        };
        // A fade that takes one over goes on from the step that the desk has: the engine knows the place on its own scale only.
        let from = self.flights.get(&command.prop).map_or(i64::from(from), |flight| flight.last);
        let glide = Glide::new(from, i64::from(end), *curve, *start, *length, self.limits.max_rate);
        if glide.over(now) {
            self.set(command, at, to, out);
            return;
        }
        self.lanes.remove(command.prop);
        // An answer that left the desk before our first step tells the value we start from.
        self.echo.sent(now, command.prop, Raw::step(from).in_steps());
        if let Some(param) = self.table.params.get_mut(at) {
            param.wanted = None;
        }
        let priority = if command.priority == Priority::Panic { Priority::Panic } else { Priority::Background };
        let flight = Flight { glide, action: command.action, at, priority, last: from, poll_at: now + POLL_MOVING };
        self.flights.insert(command.prop, flight);
    }

    /// Puts the steps that are due into their lane, and asks where moving faders are.
    fn fly(&mut self, now: Mono, out: &mut Out) {
        let mut landed = vec![];
        let mut polls = vec![];
        for (prop, flight) in &mut self.flights {
            if flight.glide.next() <= now {
                // Asked just before a step leaves, the answer still shows what a hand did since the step before.
                if self.session.polling || flight.poll_at <= now {
                    flight.poll_at = now + POLL_MOVING;
                    polls.push(flight.at);
                }
                let position = flight.glide.at(now);
                let last = flight.glide.over(now);
                if position != flight.last || last {
                    let job = Job { action: flight.action, at: flight.at, raw: Raw::step(position), last };
                    self.lanes.push(*prop, flight.priority, true, job);
                    flight.last = position;
                }
                flight.glide.advance(now);
                if last {
                    landed.push(*prop);
                }
            }
        }
        for prop in landed {
            self.flights.remove(&prop);
        }
        for at in polls {
            self.ask(now, at, out);
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
                self.attend(job.at, Some(now + PROVE_AFTER));
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
        let flights = self.flights.values().map(|flight| flight.glide.next()).min();
        let mine = earlier(self.lanes.next_due(), earlier(flights, self.watch.first().map(|(when, _)| *when)));
        earlier(mine, self.session_due())
    }
}
