//! The driver: what the engine wants waits until the projector may take it, leaves once, and is proven by asking.

use std::sync::Arc;

use super::codec::{No, Topic};
use super::session::{Presence, Session};
use super::state::{Item, Power, refusal};
use super::{NOTICES, RETRY, is_class_2, option, seconds};
use crate::device_api::{ActionId, Command, How, Op, Priority, Report};
use crate::devices::{Driver, EchoWindow, Out, Payload, Plan, WireEvent};
use crate::show::{Limits, PropIx, Value};
use crate::time::{Mono, Span};

/// A projector as this driver knows it.
pub struct Projector {
    pub(super) password: Option<Arc<str>>,
    /// The show's key of it, for texts that name it.
    pub(super) key: Arc<str>,
    pub(super) limits: Limits,
    pub(super) two: bool,
    pub(super) warm_up: Span,
    pub(super) cool_down: Span,
    /// Lamp hours that are worth a warning; 0: none are.
    pub(super) lamp_warn: u32,
    pub(super) slots: Vec<Slot>,
    pub(super) session: Session,
    pub(super) echo: EchoWindow,
    count: u64,
}

/// One property.
#[derive(Debug)]
pub struct Slot {
    /// Where the engine keeps it.
    pub prop: PropIx,
    /// What it is.
    pub item: Item,
    /// The projector's last word.
    pub known: Option<Value>,
    /// The next word is told even if it is not new.
    pub tell: bool,
    /// What is wanted of it and not proven yet.
    pub pending: Option<Pending>,
}

/// Something wanted.
#[derive(Debug)]
pub struct Pending {
    /// For whom.
    pub action: ActionId,
    /// What.
    pub value: Value,
    /// What on the wire.
    pub parameter: String,
    /// Panic first, then in order.
    pub order: (Priority, u64),
    /// How far it is.
    pub stage: Stage,
    /// When it is given up.
    until: Mono,
    /// When "not now" was told last.
    told: Option<Mono>,
}

/// How far something wanted is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It leaves at this time.
    Waits(Mono),
    /// It left; its proof is a question away.
    Left,
}

impl Projector {
    /// For a device of a show.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let device = plan.device();
        let slots = plan.props().filter_map(|(prop, property)| {
            let item = Item::of(&property.path)?;
            Some(Slot { prop, item, known: None, tell: true, pending: None })
        });
        Self {
            password: device.password.as_ref().map(|secret| secret.reveal().clone()),
            key: device.key.clone(),
            limits: device.profile.limits,
            two: is_class_2(&device.profile),
            warm_up: seconds(plan, "warm_up", 60),
            cool_down: seconds(plan, "cool_down", 90),
            lamp_warn: match option(plan, "lamp_warn") {
                Some(Value::Int(hours)) => u32::try_from(*hours).unwrap_or(0),
                _ => 0,
            },
            slots: slots.collect(),
            session: Session::default(),
            echo: EchoWindow::new(device.profile.limits.echo_window, 0),
            count: 0,
        }
    }

    fn set(&mut self, now: Mono, command: &Command, at: usize, value: &Value, out: &mut Out) {
        let patience = self.warm_up + self.warm_up + self.cool_down + Span::secs(30);
        self.count += 1;
        let order = (command.priority, self.count);
        let Some(slot) = self.slots.get_mut(at) else { return };
        let Some(parameter) = slot.item.parameter(value) else {
            out.report(Report::Refused { action: command.action, why: format!("a projector can not be set to {value}").into() });
            return;
        };
        slot.pending = Some(Pending {
            action: command.action,
            value: value.clone(),
            parameter,
            order,
            stage: Stage::Waits(now),
            until: now + patience,
            told: None,
        });
    }

    /// The projector is on its way to give a picture, or the show wants it to be.
    fn comes_on(&self) -> bool {
        let wanted = |slot: &Slot| slot.item == Item::Power && slot.pending.as_ref().is_some_and(|p| p.value == Value::Switch(true));
        self.session.power == Some(Power::Warming) || self.slots.iter().any(wanted)
    }

    /// Why what is wanted here can not leave just now.
    fn obstacle(&self, item: Item, value: &Value) -> Option<&'static str> {
        match (item, self.session.power) {
            _ if self.session.presence.is_away() => Some("reconnecting"),
            (Item::Power, Some(Power::Cooling)) if *value == Value::Switch(true) => Some("cooling"),
            (Item::Power, Some(Power::Warming)) if *value == Value::Switch(false) => Some("warming"),
            (Item::Power, _) | (_, Some(Power::On)) => None,
            _ if self.comes_on() => Some("warming"),
            _ => None,
        }
    }

    /// How long it may still take.
    fn remaining(&self, now: Mono) -> Span {
        let whole = match self.session.power {
            Some(Power::Cooling) => self.cool_down,
            Some(Power::Standby) => return self.warm_up,
            _ => self.warm_up,
        };
        let gone = now.since(self.session.power_since);
        Span(whole.0.saturating_sub(gone.0)).max(Span::secs(5))
    }

    /// The next thing wanted that may leave now: its slot. What may not is told so.
    pub(super) fn next_wanted(&mut self, now: Mono, out: &mut Out) -> Option<usize> {
        let mut first: Option<((Priority, u64), usize)> = None;
        for at in 0..self.slots.len() {
            let Some((item, pending)) = self.slots.get(at).and_then(|slot| Some((slot.item, slot.pending.as_ref()?))) else { continue };
            if !matches!(pending.stage, Stage::Waits(when) if when <= now) {
                continue;
            }
            let order = pending.order;
            if let Some(why) = self.obstacle(item, &pending.value) {
                self.not_now(now, at, why, out);
            } else if first.is_none_or(|(other, _)| order < other) {
                first = Some((order, at));
            }
        }
        first.map(|(_, at)| at)
    }

    /// Tried again in a moment; the engine is told every 5 s.
    fn not_now(&mut self, now: Mono, at: usize, why: &str, out: &mut Out) {
        let wait = if why == "reconnecting" { RETRY } else { self.remaining(now) };
        let Some(slot) = self.slots.get_mut(at) else { return };
        let Some(pending) = &mut slot.pending else { return };
        if now >= pending.until {
            let why = format!("still {why} after a long time: look at the projector").into();
            out.report(Report::Refused { action: pending.action, why });
            slot.pending = None;
            return;
        }
        if matches!(pending.stage, Stage::Waits(_)) {
            pending.stage = Stage::Waits(now + RETRY);
        }
        if pending.told.is_none_or(|told| now.since(told) >= Span::secs(5)) {
            pending.told = Some(now);
            out.report(Report::NotNow { action: pending.action, why: why.into(), retry_after: wait });
        }
    }

    /// A set was answered with `OK`.
    pub(super) fn accepted(&mut self, now: Mono, at: usize, out: &mut Out) {
        let Some(slot) = self.slots.get(at) else { return };
        let topic = slot.item.topic();
        let warms = slot.item == Item::Power && slot.pending.as_ref().is_some_and(|pending| pending.value == Value::Switch(true));
        self.session.ask_first(topic);
        if warms && self.session.power != Some(Power::On) {
            self.not_now(now, at, "warming", out);
        }
    }

    /// A set was answered with an error.
    pub(super) fn refused(&mut self, now: Mono, at: usize, no: No, out: &mut Out) {
        let comes_on = self.comes_on();
        let Some(slot) = self.slots.get_mut(at) else { return };
        let Some(pending) = &mut slot.pending else { return };
        let (item, on) = (slot.item, pending.value == Value::Switch(true));
        let why = match self.session.power {
            _ if no != No::NotNow => None,
            // It is on its way already: what was asked for is under way.
            Some(Power::Warming) if item == Item::Power && on => return self.not_now(now, at, "warming", out),
            Some(Power::Cooling) if item == Item::Power && !on => return self.not_now(now, at, "cooling", out),
            // A guarded command leaves once.
            _ if item == Item::Power => None,
            Some(Power::Standby | Power::Cooling) if !comes_on => None,
            Some(Power::Warming) => Some("warming"),
            _ => Some("busy"),
        };
        let Some(why) = why else {
            out.report(Report::Refused { action: pending.action, why: refusal(no, item, &pending.parameter) });
            slot.pending = None;
            return;
        };
        pending.stage = Stage::Waits(now);
        pending.told = None;
        self.not_now(now, at, why, out);
        self.session.ask_first(Topic::Powr);
    }

    /// The projector's word about what a topic holds.
    pub(super) fn word(&mut self, now: Mono, topic: Topic, answer: &str, out: &mut Out) {
        for slot in self.slots.iter_mut().filter(|slot| slot.item.topic() == topic) {
            let Some(value) = slot.item.value(answer) else { continue };
            let ours = self.echo.judge(now, slot.prop, &value);
            let left = slot.pending.as_ref().filter(|pending| pending.stage == Stage::Left);
            let landed = left.is_some_and(|pending| pending.value == value);
            let news = slot.known.as_ref() != Some(&value);
            if !(landed || news || slot.tell) {
                continue;
            }
            if landed || (left.is_some() && news) {
                slot.pending = None;
            }
            slot.tell = false;
            slot.known = Some(value.clone());
            let how = if landed { How::Echo } else { ours };
            out.report(Report::Observed { prop: slot.prop, value, how });
        }
    }

    /// Power goes where a person or a fault sent it: what was wanted of it is over.
    pub(super) fn power_moved(&mut self, now: Mono, was: Option<Power>, is: Power, out: &mut Out) {
        let Some(at) = self.slots.iter().position(|slot| slot.item == Item::Power) else { return };
        let Some(slot) = self.slots.get_mut(at) else { return };
        let Some(pending) = slot.pending.as_ref().filter(|pending| pending.stage == Stage::Left) else { return };
        let on = pending.value == Value::Switch(true);
        match is {
            Power::Warming if on => self.not_now(now, at, "warming", out),
            Power::Cooling if !on => self.not_now(now, at, "cooling", out),
            Power::Standby | Power::Cooling if on && was == Some(Power::Warming) => {
                let why = "it went back to standby while it warmed up: look at the projector's lamp and temperature lights".into();
                out.report(Report::Refused { action: pending.action, why });
                slot.pending = None;
            }
            _ => {}
        }
    }

    /// Power that is on its way is told so now and then.
    pub(super) fn power_stays(&mut self, now: Mono, out: &mut Out) {
        let why = match self.session.power {
            Some(Power::Warming) => "warming",
            Some(Power::Cooling) => "cooling",
            _ => return,
        };
        let waits = |slot: &Slot| slot.item == Item::Power && slot.pending.as_ref().is_some_and(|p| p.stage == Stage::Left);
        if let Some(at) = self.slots.iter().position(waits) {
            self.not_now(now, at, why, out);
        }
    }

    /// Nothing of what was wanted is sent any more.
    pub(super) fn forget_wanted(&mut self) {
        for slot in &mut self.slots {
            slot.pending = None;
        }
    }

    /// Something is on its way: ask often.
    pub(super) fn is_busy(&self) -> bool {
        let moving = matches!(self.session.power, Some(Power::Warming | Power::Cooling));
        moving || self.slots.iter().any(|slot| slot.pending.is_some())
    }
}

impl Driver for Projector {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Data { wire: NOTICES, payload: Payload::Datagram(bytes), .. } => self.notice(bytes),
            WireEvent::Up(NOTICES) | WireEvent::Down(NOTICES, _) | WireEvent::SendFailed { wire: NOTICES, .. } => {}
            WireEvent::Up(_) => self.wire_up(now),
            WireEvent::Down(_, why) => self.wire_down(now, &why, out),
            WireEvent::SendFailed { .. } => self.not_sent(),
            WireEvent::Data { payload: Payload::Chunk(bytes) | Payload::Datagram(bytes), .. } => {
                for line in self.session.lines.push(bytes) {
                    self.line(now, &line, out);
                }
            }
            WireEvent::Data { .. } => {}
        }
        self.tick(now, out);
    }

    fn command(&mut self, now: Mono, command: &Command, out: &mut Out) {
        let refuse = |why: Arc<str>, out: &mut Out| out.report(Report::Refused { action: command.action, why });
        match &self.session.presence {
            Presence::Locked => return refuse("the projector refuses the password: correct password in the show".into(), out),
            Presence::Unknown => return refuse("not connected yet".into(), out),
            Presence::Offline => return refuse("not connected".into(), out),
            Presence::Online | Presence::Away { .. } => {}
        }
        let Some(at) = self.slots.iter().position(|slot| slot.prop == command.prop) else {
            return refuse("a projector has no such property".into(), out);
        };
        match &command.op {
            Op::Set { value, .. } => self.set(now, command, at, value, out),
            Op::Fade { .. } => refuse("a projector can not fade this".into(), out),
            Op::Halt | Op::Continue | Op::Read => {
                if let Some(slot) = self.slots.get_mut(at) {
                    if command.op == Op::Halt && slot.pending.as_ref().is_some_and(|pending| pending.stage != Stage::Left) {
                        slot.pending = None;
                    }
                    slot.tell = true;
                    self.session.ask_first(slot.item.topic());
                }
            }
        }
        self.tick(now, out);
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        self.watch(now, out);
        self.pump(now, out);
    }

    fn next_due(&self) -> Option<Mono> {
        self.due()
    }
}
