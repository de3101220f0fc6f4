//! The driver: values become messages by templates, and what the device sends becomes words about properties.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use rosc::{OscMessage, OscType};

use super::plan::{Facts, Item, items, own_holes};
use super::template::{Holes, Template};
use super::{PROVE_AFTER, READ_GAP, STEP_GAP, WIRE, packet};
use crate::device_api::{ActionId, Command, Op, Report};
use crate::devices::holes::holes_of;
use crate::devices::kernel::fades::{Fades, place_of, value_at};
use crate::devices::kernel::send_queue::SendQueue;
use crate::devices::kernel::timers::Timers;
use crate::devices::questions::Questions;
use crate::devices::{Driver, Out, Payload, Plan, WireEvent, earlier};
use crate::show::{Limits, PropIx, Transition, Transport, Value};
use crate::time::Mono;

use super::session::Session;

/// A device as this driver knows it.
pub struct Remote {
    pub(super) limits: Limits,
    pub(super) facts: Facts,
    pub(super) name: String,
    pub(super) items: Vec<Item>,
    /// What is on its way for each item.
    pub(super) states: Vec<State>,
    by_prop: BTreeMap<PropIx, usize>,
    queue: SendQueue<Job>,
    fades: Fades,
    pub(super) session: Session,
    /// Items to look after, by time.
    pub(super) timers: Timers<usize>,
    /// Items to ask for.
    pub(super) questions: Questions,
    /// Messages that wait for their JSON answer: address, action, until when.
    pub(super) replies: VecDeque<(String, ActionId, Mono)>,
}

/// What is on its way for one property.
#[derive(Debug, Default)]
pub struct State {
    /// Sent and not proven yet.
    pub wanted: Option<Wanted>,
    /// A question on its way: when it left, and how many have.
    pub asked: Option<(Mono, u8)>,
    /// The next answer is told even if it is not new.
    pub tell: bool,
}

/// A value that has no proof yet.
#[derive(Debug)]
pub struct Wanted {
    /// What.
    pub value: Value,
    /// When it left last.
    pub sent: Mono,
    /// The device's word before.
    pub before: Option<Value>,
    /// How often it was sent again.
    pub resends: u8,
}

#[derive(Debug)]
struct Job {
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

impl Remote {
    /// For a device of a show.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let profile = &plan.device().profile;
        let items = items(plan);
        Self {
            limits: profile.limits,
            facts: Facts::read(profile, &own_holes(plan)).unwrap_or_default(),
            name: format!("{} {}", profile.maker, profile.model),
            states: items.iter().map(|_| State::default()).collect(),
            by_prop: items.iter().enumerate().map(|(at, item)| (item.prop, at)).collect(),
            items,
            queue: SendQueue::new(profile.limits.gap_min, STEP_GAP),
            fades: Fades::new(profile.limits.max_rate),
            session: Session::default(),
            timers: Timers::default(),
            questions: Questions::new(READ_GAP),
            replies: VecDeque::new(),
        }
    }

    /// Sends one message.
    pub(super) fn send(&self, out: &mut Out, address: &str, args: Vec<OscType>) {
        packet::send(out, WIRE, None, address, args);
    }

    /// Sends a template's message; false when a hole of it can not be filled.
    pub(super) fn send_template(&self, out: &mut Out, template: &Template, holes: &Holes) -> bool {
        let message = template.render(holes, self.facts.off);
        message.is_some_and(|(address, args)| {
            self.send(out, &address, args);
            true
        })
    }

    /// True while a fade moves the item.
    pub(super) fn moving(&self, at: usize) -> bool {
        self.items.get(at).is_some_and(|item| self.fades.moving(item.prop))
    }

    /// A hand took it: its fade ends here.
    pub(super) fn let_go(&mut self, at: usize) {
        if let Some(item) = self.items.get(at)
            && self.fades.end(item.prop)
        {
            self.queue.remove(item.prop);
        }
    }

    /// Forgets all that is under way: nothing is sent by itself when the device comes back.
    pub(super) fn forget(&mut self) {
        self.queue.clear();
        self.fades.clear();
        self.timers.clear();
        self.questions.clear();
        self.replies.clear();
        self.states = self.items.iter().map(|_| State::default()).collect();
    }

    /// A value as the device will hold it: a player that is only stopped keeps its clip.
    fn whole(item: &Item, value: &Value) -> Value {
        match (value, &item.known) {
            (Value::Transport(want), Some(Value::Transport(known))) if want.clip.is_none() => {
                Value::Transport(Transport { clip: known.clip.clone(), looping: known.looping, playing: want.playing })
            }
            _ => value.clone(),
        }
    }

    fn fade(&mut self, now: Mono, command: &Command, at: usize, out: &mut Out) {
        let Op::Fade { from, to, .. } = &command.op else { return };
        let Some(item) = self.items.get_mut(at) else { return };
        let (Some(first), Some(end)) = (place_of(&item.kind, from), place_of(&item.kind, to)) else {
            let why = format!("{} can not fade to {to}", item.path).into();
            out.report(Report::Refused { action: command.action, why });
            return;
        };
        self.queue.remove(command.prop);
        let Some(first) = self.fades.start(now, command, first, end) else {
            let what = What::Set { value: to.clone(), transition: None, last: true };
            self.queue.push(command.prop, command.priority, true, Job { action: command.action, at, what });
            return;
        };
        // An answer that left before our first step tells the value we start from.
        item.echo.sent(now, command.prop, value_at(&item.kind, first));
        if let Some(state) = self.states.get_mut(at) {
            state.wanted = None;
        }
    }

    /// Puts the steps that are due into their lane.
    fn fly(&mut self, now: Mono) {
        for step in self.fades.due(now) {
            let at = self.by_prop.get(&step.prop).copied();
            let Some((at, item)) = at.and_then(|at| Some((at, self.items.get(at)?))) else { continue };
            let what = What::Set { value: value_at(&item.kind, step.place), transition: None, last: step.last };
            self.queue.push(step.prop, step.priority, true, Job { action: step.action, at, what });
        }
    }

    fn flush(&mut self, now: Mono, out: &mut Out) {
        while let Some((_, _, job)) = self.queue.pop(now) {
            let Some(item) = self.items.get(job.at) else { continue };
            let (value, last, messages) = match job.what {
                What::Set { value, transition, last } => {
                    let mut holes = holes_of(&value);
                    if let Some(transition) = transition {
                        let over = transition.over.map_or(0, |over| i64::try_from(over.as_ms() * 1000).unwrap_or(i64::MAX));
                        holes.insert("transition".into(), Value::Text(transition.kind));
                        holes.insert("over".into(), Value::Decimal(over));
                    }
                    let messages: Vec<_> = item.wiring.sets.iter().filter_map(|set| set.render(&holes, self.facts.off)).collect();
                    (Some(value), last, messages)
                }
                What::Pause => (None, true, item.wiring.pause.iter().filter_map(|t| t.render(&Holes::new(), self.facts.off)).collect()),
                What::Resume => (None, true, item.wiring.resume.iter().filter_map(|t| t.render(&Holes::new(), self.facts.off)).collect()),
            };
            if messages.is_empty() {
                let why = format!("the profile has no message for {}", value.map_or("this".into(), |value| value.to_string()));
                out.report(Report::Refused { action: job.action, why: why.into() });
                continue;
            }
            if let Some((address, _)) = messages.last()
                && self.facts.reply.is_some()
                && item.proof == crate::show::Proof::Acked
            {
                self.replies.push_back((address.clone(), job.action, now + item.lands_within));
            }
            for (address, args) in messages {
                self.send(out, &address, args);
            }
            if let Some(value) = value {
                self.on_its_way(now, job.at, value.clone(), last);
                if last {
                    out.completes(job.action, Some(value));
                }
            } else {
                out.completes(job.action, None);
            }
        }
    }

    /// Remembers what was sent, to know it again and to prove it.
    fn on_its_way(&mut self, now: Mono, at: usize, value: Value, last: bool) {
        let (Some(item), Some(state)) = (self.items.get_mut(at), self.states.get_mut(at)) else { return };
        item.echo.sent(now, item.prop, value.clone());
        if !last || item.wiring.observes.is_empty() {
            return;
        }
        let wait = if item.wiring.get.is_some() { PROVE_AFTER } else { item.lands_within };
        state.wanted = Some(Wanted { value, sent: now, before: item.known.clone(), resends: 0 });
        self.timers.set(at, Some(now + wait));
    }

    /// Sends a value that is proven lost once more.
    pub(super) fn send_again(&mut self, now: Mono, at: usize, out: &mut Out) {
        let (Some(item), Some(state)) = (self.items.get_mut(at), self.states.get_mut(at)) else { return };
        let Some(wanted) = state.wanted.as_mut() else { return };
        wanted.resends += 1;
        wanted.sent = now;
        item.echo.sent(now, item.prop, wanted.value.clone());
        let holes = holes_of(&wanted.value);
        let messages: Vec<_> = item.wiring.sets.iter().filter_map(|set| set.render(&holes, self.facts.off)).collect();
        for (address, args) in messages {
            self.send(out, &address, args);
        }
        self.timers.set(at, Some(now + PROVE_AFTER));
    }
}

impl Driver for Remote {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Up(_) => self.wire_up(now, out),
            WireEvent::Down(_, why) => self.wire_down(&why, out),
            WireEvent::SendFailed { why, .. } => self.session.hint = Some(why),
            WireEvent::Data { payload: Payload::Datagram(bytes), .. } => {
                packet::decode(bytes, |message: OscMessage| self.message(now, &message, out));
                self.settle(out);
            }
            WireEvent::Data { .. } => {}
        }
        self.tick(now, out);
    }

    fn command(&mut self, now: Mono, command: &Command, out: &mut Out) {
        let refuse = |why: Arc<str>, out: &mut Out| out.report(Report::Refused { action: command.action, why });
        if !self.session.up {
            refuse("not connected".into(), out);
            return;
        }
        let Some(at) = self.by_prop.get(&command.prop).copied() else { return refuse("no such property".into(), out) };
        let Some(item) = self.items.get(at) else { return };
        let (lasting, pausable) = (item.lasting, item.wiring.pause.is_some());
        let job = |what| Job { action: command.action, at, what };
        match &command.op {
            Op::Set { value, transition } => {
                let what = What::Set { value: Self::whole(item, value), transition: transition.clone(), last: true };
                self.let_go(at);
                self.queue.push(command.prop, command.priority, lasting, job(what));
            }
            Op::Fade { .. } => self.fade(now, command, at, out),
            Op::Halt if pausable => self.queue.push(command.prop, command.priority, true, job(What::Pause)),
            Op::Continue if pausable => self.queue.push(command.prop, command.priority, true, job(What::Resume)),
            Op::Halt | Op::Continue | Op::Read => {
                if command.op == Op::Halt {
                    self.let_go(at);
                    self.queue.remove(command.prop);
                }
                self.look(now, at, out);
            }
        }
        self.flush(now, out);
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        if !self.session.up {
            return;
        }
        self.fly(now);
        self.flush(now, out);
        self.keep_alive(now, out);
        self.look_after(now, out);
        self.ask_on(now, out);
    }

    fn next_due(&self) -> Option<Mono> {
        if !self.session.up {
            return None;
        }
        let mine = earlier(self.queue.next_due(), earlier(self.fades.next_due(), self.timers.next_due()));
        earlier(mine, self.session_due())
    }
}
