//! The driver: values become lines by templates, and the device's lines become words about properties.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::plan::{Facts, Item, items, own_holes};
use super::session::{Purpose, Session, Waiting};
use super::{PROVE_AFTER, STEP_GAP};
use crate::device_api::{ActionId, Command, Op, Report};
use crate::devices::facets::Facets;
use crate::devices::holes::{Holes, holes_of};
use crate::devices::kernel::fades::{Fades, place_of, value_at};
use crate::devices::kernel::send_queue::SendQueue;
use crate::devices::ledger::Ledger;
use crate::devices::{Driver, Out, Payload, Plan, WireEvent};
use crate::show::{Limits, PropIx, Transition, Value};
use crate::time::Mono;

/// A device as this driver knows it.
pub struct Talker {
    pub(super) limits: Limits,
    pub(super) facts: Facts,
    pub(super) name: String,
    pub(super) items: Vec<Item>,
    by_prop: BTreeMap<PropIx, usize>,
    pub(super) ledger: Ledger,
    pub(super) fades: Fades,
    pub(super) queue: SendQueue<Job>,
    pub(super) session: Session,
    /// What was told of what the device lacks.
    pub(super) facets: Facets,
    /// Of the last request over HTTP: never used twice, so that a reply to an earlier one is known.
    pub(super) tag: u64,
}

/// What is to be said.
#[derive(Debug)]
pub struct Job {
    action: ActionId,
    at: usize,
    what: What,
}

#[derive(Debug)]
enum What {
    Set { value: Value, transition: Option<Transition>, last: bool },
    Pause,
    Resume,
}

impl Talker {
    /// For a device of a show.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let profile = &plan.device().profile;
        let items = items(plan);
        Self {
            limits: profile.limits,
            facts: Facts::read(profile, &own_holes(plan)).unwrap_or_default(),
            name: format!("{} {}", profile.maker, profile.model),
            by_prop: items.iter().enumerate().map(|(at, item)| (item.prop, at)).collect(),
            items,
            ledger: Ledger::new(plan),
            fades: Fades::new(profile.limits.max_rate),
            queue: SendQueue::new(crate::time::Span::ZERO, STEP_GAP),
            session: Session::default(),
            facets: Facets::default(),
            tag: 0,
        }
    }

    /// Forgets all that is under way: nothing is sent by itself when the device comes back.
    pub(super) fn forget(&mut self) {
        self.queue.clear();
        self.fades.clear();
        self.ledger.forget();
    }

    /// A hand took it: its fade ends here.
    pub(super) fn let_go(&mut self, prop: PropIx) {
        if self.fades.end(prop) {
            self.queue.remove(prop);
        }
    }

    fn fade(&mut self, now: Mono, command: &Command, at: usize, out: &mut Out) {
        let Op::Fade { from, to, .. } = &command.op else { return };
        let Some(item) = self.items.get(at) else { return };
        let (Some(first), Some(end)) = (place_of(&item.kind, from), place_of(&item.kind, to)) else {
            let why = format!("{} can not fade to {to}", item.path).into();
            out.report(Report::Refused { action: command.action, why });
            return;
        };
        self.queue.remove(command.prop);
        match self.fades.start(now, command, first, end) {
            Some(first) => {
                // An answer that left before our first step tells the value we start from.
                let start = value_at(&item.kind, first);
                self.ledger.sent(now, command.prop, &start);
            }
            None => {
                let what = What::Set { value: to.clone(), transition: None, last: true };
                self.queue.push(command.prop, command.priority, true, Job { action: command.action, at, what });
            }
        }
    }

    fn fly(&mut self, now: Mono) {
        for step in self.fades.due(now) {
            let Some(at) = self.by_prop.get(&step.prop).copied() else { continue };
            let Some(item) = self.items.get(at) else { continue };
            let what = What::Set { value: value_at(&item.kind, step.place), transition: None, last: step.last };
            self.queue.push(step.prop, step.priority, true, Job { action: step.action, at, what });
        }
    }

    /// The lines of a job stand in the queue; a job without lines is refused.
    pub(super) fn unfold(&mut self, job: Job, out: &mut Out) {
        let Some(item) = self.items.get(job.at) else { return };
        let wiring = &item.wiring;
        let render = |line: &super::line::Line, holes: &Holes| line.render(holes, &wiring.coding, "");
        let (value, last, lines): (_, _, Vec<String>) = match job.what {
            What::Set { value, transition, last } => {
                let mut holes = holes_of(&value);
                let over = transition.as_ref().and_then(|transition| transition.over);
                let over_ms = over.map_or(0, |over| i64::try_from(over.as_ms()).unwrap_or(i64::MAX));
                holes.insert("over_ms".into(), Value::Int(over_ms));
                holes.insert("timed".into(), Value::Switch(over.is_some()));
                let kind = transition.map_or_else(|| "cut".into(), |transition| transition.kind);
                holes.insert("transition".into(), Value::Text(kind));
                let lines = wiring.sets.iter().filter_map(|set| render(set, &holes)).collect();
                (Some(value), last, lines)
            }
            What::Pause => (None, true, wiring.pause.iter().filter_map(|line| render(line, &Holes::new())).collect()),
            What::Resume => (None, true, wiring.resume.iter().filter_map(|line| render(line, &Holes::new())).collect()),
        };
        if lines.is_empty() {
            let why = format!("the profile has no line for {}", value.map_or("this".into(), |value| value.to_string()));
            out.report(Report::Refused { action: job.action, why: why.into() });
            return;
        }
        let count = lines.len();
        for (n, text) in lines.into_iter().enumerate() {
            let end = n + 1 == count;
            let purpose = Purpose::Set { at: job.at, action: job.action, value: value.clone(), last: last && end };
            self.session.queue.push_back(Waiting { text, purpose });
        }
    }

    /// A command's line has left.
    pub(super) fn left(&mut self, now: Mono, purpose: &Purpose, out: &mut Out) {
        let Purpose::Set { at, action, value, last } = purpose else { return };
        let Some(item) = self.items.get(*at) else { return };
        if let Some(value) = value {
            self.ledger.sent(now, item.prop, value);
        }
        if *last {
            out.completes(*action, value.clone());
            if let (Some(value), Some(_)) = (value, &item.wiring.get) {
                self.session.watch.insert(*at, (now + PROVE_AFTER, now + item.lands_within, value.clone()));
            }
        }
    }
}

impl Driver for Talker {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Up(_) => self.wire_up(now, out),
            WireEvent::Down(_, why) => self.wire_down(&why, out),
            WireEvent::SendFailed { why, .. } => self.session.hint = Some(why),
            WireEvent::Data { payload: Payload::Datagram(bytes) | Payload::Chunk(bytes), .. } => self.heard(now, bytes, out),
            WireEvent::Data { payload: Payload::HttpReply { tag, status, body }, .. } => self.replied(now, tag, status, body, out),
            WireEvent::Data { .. } => {}
        }
        self.tick(now, out);
    }

    fn command(&mut self, now: Mono, command: &Command, out: &mut Out) {
        let refuse = |why: Arc<str>, out: &mut Out| out.report(Report::Refused { action: command.action, why });
        if !self.session.live {
            refuse("not connected".into(), out);
            return;
        }
        let Some(at) = self.by_prop.get(&command.prop).copied() else { return refuse("no such property".into(), out) };
        let wanted = match &command.op {
            Op::Set { value, .. } | Op::Fade { to: value, .. } => Some(value),
            Op::Halt | Op::Continue | Op::Read => None,
        };
        if let Some(why) = wanted.and_then(|value| self.beyond(at, Some(value))) {
            return refuse(why.into(), out);
        }
        let Some(item) = self.items.get(at) else { return };
        let (lasting, pausable) = (item.lasting, item.wiring.pause.is_some());
        let job = |what| Job { action: command.action, at, what };
        match &command.op {
            Op::Set { value, transition } => {
                let what = What::Set { value: value.clone(), transition: transition.clone(), last: true };
                self.let_go(command.prop);
                self.queue.push(command.prop, command.priority, lasting, job(what));
            }
            Op::Fade { .. } => self.fade(now, command, at, out),
            Op::Halt if pausable => self.queue.push(command.prop, command.priority, true, job(What::Pause)),
            Op::Continue if pausable => self.queue.push(command.prop, command.priority, true, job(What::Resume)),
            Op::Halt | Op::Continue | Op::Read => {
                if command.op == Op::Halt {
                    self.fades.end(command.prop);
                    self.queue.remove(command.prop);
                }
                self.ledger.tell(command.prop);
                self.want_read(at);
            }
        }
        self.tick(now, out);
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        if !self.session.up || self.session.barred {
            return;
        }
        if self.session.live {
            self.fly(now);
            self.look_after(now);
        }
        self.keep_alive(now, out);
        self.pump(now, out);
    }

    fn next_due(&self) -> Option<Mono> {
        self.session_due()
    }
}
