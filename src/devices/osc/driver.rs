//! The driver: values become messages by templates, and what the device sends becomes words about properties.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use rosc::{OscMessage, OscType};

use super::observe::holes_of;
use super::plan::{Facts, Item, items, own_holes};
use super::template::{Holes, Template};
use super::{PROVE_AFTER, STEP_GAP, WIRE, packet};
use crate::devices::glide::Glide;
use crate::devices::lanes::Lanes;
use crate::devices::{Driver, Out, Payload, Plan, WireEvent, earlier};
use crate::engine::{ActionId, Command, Op, Priority, Report};
use crate::show::{Db, Limits, PropIx, Transition, Transport, Value, ValueKind};
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
    lanes: Lanes<Job>,
    flights: BTreeMap<usize, Flight>,
    pub(super) session: Session,
    /// Items to look after, by time.
    pub(super) watch: BTreeSet<(Mono, usize)>,
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
    /// Stands in the queue of questions.
    pub queued: bool,
    /// The next answer is told even if it is not new.
    pub tell: bool,
    /// When it is looked after next.
    pub attention: Option<Mono>,
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

#[derive(Debug)]
struct Flight {
    glide: Glide,
    action: ActionId,
    priority: Priority,
    last: i64,
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
            lanes: Lanes::new(profile.limits.gap_min, STEP_GAP),
            flights: BTreeMap::new(),
            session: Session::default(),
            watch: BTreeSet::new(),
            replies: VecDeque::new(),
        }
    }

    /// Sends one message.
    pub(super) fn send(&self, out: &mut Out, address: &str, args: Vec<OscType>) {
        let mut bytes = out.buffer();
        packet::encode(address, args, &mut bytes);
        out.send(WIRE, bytes);
    }

    /// Sends a template's message; false when a hole of it can not be filled.
    pub(super) fn send_template(&self, out: &mut Out, template: &Template, holes: &Holes) -> bool {
        let message = template.render(holes, self.facts.off);
        message.is_some_and(|(address, args)| {
            self.send(out, &address, args);
            true
        })
    }

    /// Sets when an item is looked after next.
    pub(super) fn attend(&mut self, at: usize, when: Option<Mono>) {
        let Some(state) = self.states.get_mut(at) else { return };
        if let Some(old) = state.attention {
            self.watch.remove(&(old, at));
        }
        state.attention = when;
        if let Some(when) = when {
            self.watch.insert((when, at));
        }
    }

    /// True while a fade moves the item.
    pub(super) fn moving(&self, at: usize) -> bool {
        self.flights.contains_key(&at)
    }

    /// A hand took it: its fade ends here.
    pub(super) fn let_go(&mut self, at: usize) {
        if self.flights.remove(&at).is_some()
            && let Some(item) = self.items.get(at)
        {
            self.lanes.remove(item.prop);
        }
    }

    /// Forgets all that is under way: nothing is sent by itself when the device comes back.
    pub(super) fn forget(&mut self) {
        self.lanes.clear();
        self.flights.clear();
        self.watch.clear();
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
        let Op::Fade { from, to, curve, start, length } = &command.op else { return };
        let Some(item) = self.items.get_mut(at) else { return };
        let (Some(first), Some(end)) = (position(&item.kind, from), position(&item.kind, to)) else {
            let why = format!("{} can not fade to {to}", item.path).into();
            out.report(Report::Refused { action: command.action, why });
            return;
        };
        // A fade that takes one over goes on from where the other one is.
        let first = self.flights.get(&at).map_or(first, |flight| flight.last);
        let glide = Glide::new(first, end, *curve, *start, *length, self.limits.max_rate);
        self.lanes.remove(command.prop);
        if glide.over(now) {
            let what = What::Set { value: to.clone(), transition: None, last: true };
            self.lanes.push(command.prop, command.priority, true, Job { action: command.action, at, what });
            return;
        }
        // An answer that left before our first step tells the value we start from.
        item.echo.sent(now, command.prop, valued(&item.kind, first));
        if let Some(state) = self.states.get_mut(at) {
            state.wanted = None;
        }
        let priority = if command.priority == Priority::Panic { Priority::Panic } else { Priority::Background };
        self.flights.insert(at, Flight { glide, action: command.action, priority, last: first });
    }

    fn fly(&mut self, now: Mono) {
        let mut landed = vec![];
        for (at, flight) in &mut self.flights {
            let Some(item) = self.items.get(*at) else { continue };
            if flight.glide.next() > now {
                continue;
            }
            let place = flight.glide.at(now);
            let last = flight.glide.over(now);
            if last || place != flight.last {
                let what = What::Set { value: valued(&item.kind, place), transition: None, last };
                self.lanes.push(item.prop, flight.priority, true, Job { action: flight.action, at: *at, what });
                flight.last = place;
            }
            flight.glide.advance(now);
            if last {
                landed.push(*at);
            }
        }
        for at in landed {
            self.flights.remove(&at);
        }
    }

    fn flush(&mut self, now: Mono, out: &mut Out) {
        while let Some((_, job)) = self.lanes.pop(now) {
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
                    out.report(Report::Sent { action: job.action, value: Some(value) });
                }
            } else {
                out.report(Report::Sent { action: job.action, value: None });
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
        self.attend(at, Some(now + wait));
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
        self.attend(at, Some(now + PROVE_AFTER));
    }
}

/// A value's place on the scale of fades: thousandths of a dB or millionths.
fn position(kind: &ValueKind, value: &Value) -> Option<i64> {
    match (kind, value) {
        (ValueKind::Level { min, .. }, Value::Level(db)) => Some(i64::from(if *db == Db::OFF { *min } else { db.0 })),
        (ValueKind::Decimal { .. }, Value::Decimal(micro)) => Some(*micro),
        _ => None,
    }
}

/// The value at a place; the lower end of a fader is off.
fn valued(kind: &ValueKind, place: i64) -> Value {
    match kind {
        ValueKind::Level { min, .. } => match i32::try_from(place) {
            Ok(milli) if milli > *min => Value::Level(Db(milli)),
            _ => Value::Level(Db::OFF),
        },
        _ => Value::Decimal(place),
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
                self.lanes.push(command.prop, command.priority, lasting, job(what));
            }
            Op::Fade { .. } => self.fade(now, command, at, out),
            Op::Halt if pausable => self.lanes.push(command.prop, command.priority, true, job(What::Pause)),
            Op::Continue if pausable => self.lanes.push(command.prop, command.priority, true, job(What::Resume)),
            Op::Halt | Op::Continue | Op::Read => {
                if command.op == Op::Halt {
                    self.let_go(at);
                    self.lanes.remove(command.prop);
                }
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
        let flights = self.flights.values().map(|flight| flight.glide.next()).min();
        let mine = earlier(self.lanes.next_due(), earlier(flights, self.watch.first().map(|(when, _)| *when)));
        earlier(mine, self.session_due())
    }
}
