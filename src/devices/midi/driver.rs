//! The driver: values become messages, what the device sends becomes words, and every note that was begun is ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::codec::Parser;
use super::plan::{Facts, Item, ground, items};
use super::recent::Recent;
use super::template::Ground;
use super::{PROVE_AFTER, READ_GAP, READ_TRIES, STEP_GAP, WIRE};
use crate::device_api::{ActionId, Command, How, Op, Report};
use crate::devices::kernel::fades::{Fades, place_of, value_at};
use crate::devices::kernel::send_queue::SendQueue;
use crate::devices::kernel::timers::Timers;
use crate::devices::ledger::Ledger;
use crate::devices::questions::Questions;
use crate::devices::{Driver, Out, Payload, Plan, WireEvent, earlier};
use crate::show::{Limits, PropIx, Value};
use crate::time::{Mono, Span};

/// A device on a MIDI wire.
pub struct Remote {
    limits: Limits,
    facts: Facts,
    ground: Ground,
    items: Vec<Item>,
    by_prop: BTreeMap<PropIx, usize>,
    up: bool,
    /// Why it was away when it was last told.
    away: Option<Arc<str>>,
    syncing: bool,
    parser: Parser,
    recent: Recent,
    ledger: Ledger,
    queue: SendQueue<Job>,
    fades: Fades,
    questions: Questions,
    timers: Timers<usize>,
    /// Questions on their way, and how often each was asked.
    asked: BTreeMap<usize, u8>,
    /// Notes that sound: what ends each, and when.
    sounding: BTreeMap<Vec<u8>, Mono>,
    alive_at: Mono,
}

struct Job {
    action: ActionId,
    at: usize,
    what: What,
}

enum What {
    Set { value: Value, last: bool },
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
            facts: Facts::read(profile).unwrap_or_default(),
            ground: ground(plan),
            by_prop: items.iter().enumerate().map(|(at, item)| (item.prop, at)).collect(),
            items,
            up: false,
            away: None,
            syncing: false,
            parser: Parser::default(),
            recent: Recent::default(),
            ledger: Ledger::new(plan),
            queue: SendQueue::new(profile.limits.gap_min, STEP_GAP),
            fades: Fades::new(profile.limits.max_rate),
            questions: Questions::new(READ_GAP),
            timers: Timers::default(),
            asked: BTreeMap::new(),
            sounding: BTreeMap::new(),
            alive_at: Mono::ZERO,
        }
    }

    /// The wire is there. Notes that sounded when it went are ended first; nothing else is sent but questions.
    fn came(&mut self, now: Mono, out: &mut Out) {
        self.forget();
        (self.up, self.away) = (true, None);
        self.syncing = true;
        self.alive_at = now;
        for end in std::mem::take(&mut self.sounding).into_keys() {
            out.send(WIRE, end);
        }
        out.report(Report::Online { identity: None });
        for (at, item) in self.items.iter().enumerate() {
            if item.wiring.get.is_some() {
                self.ledger.tell(item.prop);
                self.questions.want(at);
            }
        }
    }

    /// The wire is away, or has not been there yet: either is told with its reason.
    fn went(&mut self, why: &Arc<str>, out: &mut Out) {
        if std::mem::take(&mut self.up) || self.away.as_ref() != Some(why) {
            out.report(Report::Offline { why: why.clone() });
            self.away = Some(why.clone());
        }
        self.forget();
    }

    /// Nothing that waits is sent when the device comes back.
    fn forget(&mut self) {
        self.parser.reset();
        self.recent = Recent::default();
        self.ledger.forget();
        self.queue.clear();
        self.fades.clear();
        self.questions.clear();
        self.timers.clear();
        self.asked.clear();
    }

    fn bytes(&mut self, now: Mono, bytes: &[u8], out: &mut Out) {
        let mut messages = vec![];
        self.parser.push(bytes, |message| messages.push(message.to_vec()));
        for message in messages {
            self.recent.push(&message);
            for at in 0..self.items.len() {
                self.hear(now, at, out);
            }
        }
    }

    /// Whether what just came tells this property.
    fn hear(&mut self, now: Mono, at: usize, out: &mut Out) {
        let Some(item) = self.items.get(at) else { return };
        let heard = item.wiring.observes.iter().find_map(|observe| self.recent.read(observe, item, &self.ground));
        let Some(Some(value)) = heard else { return };
        let prop = item.prop;
        self.asked.remove(&at);
        self.timers.set(at, None);
        if self.ledger.word(now, prop, value, out) == How::Word && self.fades.end(prop) {
            self.queue.remove(prop);
        }
    }

    fn ask(&mut self, now: Mono, at: usize, out: &mut Out) {
        let Some(item) = self.items.get(at) else { return };
        let Some(bytes) = item.plain(item.wiring.get.as_ref(), &self.ground) else { return };
        out.send(WIRE, bytes);
        *self.asked.entry(at).or_default() += 1;
        self.timers.set(at, Some(now + self.limits.reply_within));
    }

    /// Proofs that are due, questions without an answer, questions that wait.
    fn inquire(&mut self, now: Mono, out: &mut Out) {
        while let Some(at) = self.timers.take(now) {
            if self.asked.get(&at).is_some_and(|tries| *tries >= READ_TRIES) {
                self.asked.remove(&at);
            } else {
                self.ask(now, at, out);
            }
        }
        while let Some(at) = self.questions.take(now) {
            if !self.asked.contains_key(&at) {
                self.ask(now, at, out);
            }
        }
        if self.syncing && self.questions.is_empty() && self.asked.is_empty() {
            self.syncing = false;
            out.report(Report::Synced);
        }
    }

    fn push(&mut self, command: &Command, at: usize, what: What) {
        let lasting = self.items.get(at).is_some_and(|item| item.lasting);
        self.queue.push(command.prop, command.priority, lasting, Job { action: command.action, at, what });
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
            Some(place) => self.ledger.sent(now, command.prop, &value_at(&item.kind, place)),
            None => self.push(command, at, What::Set { value: to.clone(), last: true }),
        }
    }

    fn fly(&mut self, now: Mono) {
        for step in self.fades.due(now) {
            let Some(at) = self.by_prop.get(&step.prop).copied() else { continue };
            let Some(item) = self.items.get(at) else { continue };
            let what = What::Set { value: value_at(&item.kind, step.place), last: step.last };
            self.queue.push(step.prop, step.priority, true, Job { action: step.action, at, what });
        }
    }

    fn flush(&mut self, now: Mono, out: &mut Out) {
        while let Some((prop, _, job)) = self.queue.pop(now) {
            let Some(item) = self.items.get(job.at) else { continue };
            let (value, last, bytes) = match job.what {
                What::Set { value, last } => (Some(value.clone()), last, item.bytes(&value, &self.ground)),
                What::Pause => (None, true, item.plain(item.wiring.pause.as_ref(), &self.ground)),
                What::Resume => (None, true, item.plain(item.wiring.resume.as_ref(), &self.ground)),
            };
            let Some(bytes) = bytes else {
                let why = format!("the profile makes no message of {}", value.map_or("this".into(), |value| value.to_string()));
                out.report(Report::Refused { action: job.action, why: why.into() });
                continue;
            };
            if let Some(end) = item.plain(item.wiring.off.as_ref(), &self.ground) {
                // A note that is struck again is ended first: some instruments count.
                if self.sounding.remove(&end).is_some() {
                    out.send(WIRE, end.clone());
                }
                self.sounding.insert(end, now + item.wiring.length.unwrap_or(Span::ZERO));
            }
            out.send(WIRE, bytes);
            if let Some(value) = &value {
                self.ledger.sent(now, prop, value);
                if last && item.wiring.get.is_some() {
                    self.timers.set(job.at, Some(now + PROVE_AFTER));
                }
            }
            if last {
                out.completes(job.action, value);
            }
        }
    }

    /// Ends the notes whose time is over.
    fn silence(&mut self, now: Mono, out: &mut Out) {
        self.sounding.retain(|end, due| {
            let over = *due <= now;
            if over {
                out.send(WIRE, end.clone());
            }
            !over
        });
    }

    fn keep_alive(&mut self, now: Mono, out: &mut Out) {
        if let Some(every) = self.facts.keep_alive
            && now >= self.alive_at
        {
            self.alive_at = now + every;
            out.send(WIRE, vec![0xFE]);
        }
    }
}

impl Driver for Remote {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Up(_) => self.came(now, out),
            WireEvent::Down(_, why) => self.went(&why, out),
            WireEvent::Data { payload: Payload::Midi(bytes) | Payload::Chunk(bytes) | Payload::Datagram(bytes), .. } if self.up => {
                self.bytes(now, bytes, out);
            }
            WireEvent::Data { .. } | WireEvent::SendFailed { .. } => {}
        }
        self.tick(now, out);
    }

    fn command(&mut self, now: Mono, command: &Command, out: &mut Out) {
        let refuse = |why: &str, out: &mut Out| out.report(Report::Refused { action: command.action, why: why.into() });
        if !self.up {
            return refuse("not connected", out);
        }
        let Some(at) = self.by_prop.get(&command.prop).copied() else { return refuse("no such property", out) };
        let Some(item) = self.items.get(at) else { return };
        match &command.op {
            Op::Set { value, .. } => {
                self.fades.end(command.prop);
                self.push(command, at, What::Set { value: value.clone(), last: true });
            }
            Op::Fade { .. } => self.fade(now, command, at, out),
            Op::Halt if item.wiring.pause.is_some() => self.push(command, at, What::Pause),
            Op::Continue if item.wiring.resume.is_some() => self.push(command, at, What::Resume),
            Op::Halt | Op::Continue | Op::Read => {
                if command.op == Op::Halt {
                    if let Some(due) = item.plain(item.wiring.off.as_ref(), &self.ground).and_then(|end| self.sounding.get_mut(&end)) {
                        *due = now;
                    }
                    self.fades.end(command.prop);
                    self.queue.remove(command.prop);
                }
                self.ledger.tell(command.prop);
                self.asked.remove(&at);
                self.ask(now, at, out);
            }
        }
        self.tick(now, out);
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        if !self.up {
            return;
        }
        self.fly(now);
        self.flush(now, out);
        self.silence(now, out);
        self.keep_alive(now, out);
        self.inquire(now, out);
    }

    fn last_call(&mut self, _: Mono, out: &mut Out) {
        if std::mem::take(&mut self.up) {
            self.forget();
            for end in std::mem::take(&mut self.sounding).into_keys() {
                out.send(WIRE, end);
            }
        }
    }

    fn next_due(&self) -> Option<Mono> {
        if !self.up {
            return None;
        }
        let sending = earlier(self.queue.next_due(), self.fades.next_due());
        let asking = earlier(self.timers.next_due(), self.questions.next_due(false));
        let alive = self.facts.keep_alive.map(|_| self.alive_at);
        earlier(earlier(sending, asking), earlier(self.sounding.values().min().copied(), alive))
    }
}
