//! The driver: what the engine wants becomes requests, fades become steps.

use std::sync::Arc;

use serde_json::json;

use super::codec::{self, Frame};
use super::health::Health;
use super::session::{Ask, Session};
use super::studio::{Studio, Taking};
use super::table::{Entry, Role, entries};
use super::{COMMANDS, PROGRESS_EVERY, TAKE_SETTLES};
use crate::device_api::{Command, Op, Report};
use crate::devices::kernel::fades::{Fades, place_of, value_at};
use crate::devices::ledger::Ledger;
use crate::devices::{Driver, Out, Payload, Plan, WireEvent, earlier};
use crate::show::{Limits, Transition, Value};
use crate::time::{Mono, Span};

/// An OBS as this driver knows it.
pub struct Obs {
    pub(super) limits: Limits,
    pub(super) password: Option<Arc<str>>,
    pub(super) entries: Vec<Entry>,
    pub(super) session: Session,
    pub(super) studio: Studio,
    pub(super) ledger: Ledger,
    pub(super) fades: Fades,
    pub(super) health: Health,
}

impl Obs {
    /// For a device of a show.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let device = plan.device();
        Self {
            limits: device.profile.limits,
            password: password(plan),
            entries: entries(plan),
            session: Session::default(),
            studio: Studio::new(plan),
            ledger: Ledger::new(plan),
            fades: Fades::new(device.profile.limits.max_rate),
            health: Health::default(),
        }
    }

    /// Nothing is known any more.
    pub(super) fn forget(&mut self) {
        self.fades.clear();
        self.ledger.forget();
        self.health.forget();
        self.studio.taking = None;
        for entry in &mut self.entries {
            (entry.item, entry.open, entry.tell, entry.paused) = (None, None, false, false);
        }
    }

    fn set(&mut self, now: Mono, command: &Command, at: usize, value: &Value, transition: Option<&Transition>, out: &mut Out) {
        let Some(entry) = self.entries.get_mut(at) else { return };
        let wish = match (entry.role, value) {
            (Role::Program, Value::Text(scene)) => self.studio.take(scene, transition),
            (Role::Cut, _) => self.studio.cut(),
            _ => entry.wish(value),
        };
        let requests = match wish {
            Ok(requests) => requests,
            Err(why) => return out.report(Report::Refused { action: command.action, why: why.into() }),
        };
        self.fades.end(command.prop);
        entry.changed = now;
        entry.paused = false;
        if let Value::Switch(on) = value
            && entry.role.is_output()
        {
            entry.open = Some((command.action, *on));
        }
        if let (Role::Media, Value::Transport(wanted)) = (entry.role, value) {
            entry.looping = if wanted.playing { wanted.looping } else { entry.looping };
        }
        // Only what OBS can be asked for has an echo.
        if entry.question().is_some() {
            self.ledger.sent(now, command.prop, value);
        }
        if entry.role == Role::Program {
            let length = self.studio.length(transition);
            self.studio.taking = Some(Taking { action: command.action, start: now, length, told: None });
        }
        self.ask(now, Ask::Done(at, command.action, value.clone()), requests, out);
        out.completes(command.action, Some(value.clone()));
    }

    fn fade(&mut self, now: Mono, command: &Command, at: usize, out: &mut Out) {
        let Op::Fade { from, to, .. } = &command.op else { return };
        let Some(entry) = self.entries.get(at) else { return };
        let (Some(start), Some(end)) = (place_of(&entry.kind, from), place_of(&entry.kind, to)) else {
            out.report(Report::Refused { action: command.action, why: format!("obs can not fade to {to} here").into() });
            return;
        };
        if self.fades.start(now, command, start, end).is_none() {
            self.set(now, command, at, to, None, out);
        }
    }

    /// The fade steps that are due.
    fn fly(&mut self, now: Mono, out: &mut Out) {
        for step in self.fades.due(now) {
            let Some(at) = self.entries.iter().position(|entry| entry.prop == step.prop) else { continue };
            let Some(entry) = self.entries.get_mut(at) else { continue };
            let value = value_at(&entry.kind, step.place);
            entry.changed = now;
            let Ok(requests) = entry.wish(&value) else { continue };
            self.ledger.sent(now, step.prop, &value);
            let ask = if step.last { Ask::Done(at, step.action, value.clone()) } else { Ask::Nothing };
            self.ask(now, ask, requests, out);
            if step.last {
                out.completes(step.action, Some(value));
            }
        }
    }

    /// A hand took the property, or the engine stops it.
    pub(super) fn let_go(&mut self, prop: crate::show::PropIx) {
        self.fades.end(prop);
    }

    fn halt(&mut self, now: Mono, command: &Command, at: usize, on: bool, out: &mut Out) {
        let Some(entry) = self.entries.get_mut(at) else { return };
        if entry.role == Role::Media {
            entry.paused = !on;
            entry.changed = now;
            let request = entry.media(if on { "PLAY" } else { "PAUSE" });
            self.ask(now, Ask::Nothing, vec![request], out);
        } else {
            self.let_go(command.prop);
            self.look(now, at, out);
        }
    }

    /// Asks for an entry's value and tells the answer even if it is not news.
    pub(super) fn look(&mut self, now: Mono, at: usize, out: &mut Out) {
        let Some(entry) = self.entries.get_mut(at) else { return };
        entry.tell = true;
        self.ledger.tell(entry.prop);
        self.question(now, at, out);
    }

    /// Asks for an entry's value.
    pub(super) fn question(&mut self, now: Mono, at: usize, out: &mut Out) {
        let Some(entry) = self.entries.get(at) else { return };
        let Some(request) = entry.question() else { return };
        let ask = if matches!(entry.role, Role::Program | Role::Preview) { Ask::Scenes } else { Ask::Value(at) };
        self.ask(now, ask, vec![request], out);
    }

    /// How far a transition is, and what is there when nothing told of its end.
    fn follow_take(&mut self, now: Mono, out: &mut Out) {
        let Some(taking) = &mut self.studio.taking else { return };
        let end = taking.start + taking.length;
        if now >= end + TAKE_SETTLES {
            self.studio.taking = None;
            self.ask(now, Ask::Scenes, vec![("GetSceneList", serde_json::Value::Null)], out);
        } else if let Some(told) = taking.told
            && now >= told + PROGRESS_EVERY
            && now < end
        {
            taking.told = Some(now);
            let done = crate::devices::progress(now, taking.start, taking.length);
            let eta = Some((taking.start + taking.length).since(now));
            out.report(Report::Progress { action: taking.action, done, eta });
        }
    }

    fn take_due(&self) -> Option<Mono> {
        let taking = self.studio.taking.as_ref()?;
        let end = taking.start + taking.length;
        let settled = end + TAKE_SETTLES;
        Some(taking.told.map(|told| told + PROGRESS_EVERY).filter(|next| *next < end).map_or(settled, |next| next.min(settled)))
    }

    fn text(&mut self, now: Mono, wire: crate::devices::WireId, text: &str, out: &mut Out) {
        match codec::read(text) {
            Some(Frame::Hello { version, lock }) => self.hello(wire, version, lock.as_ref(), out),
            Some(Frame::Identified) => self.identified(now, wire, out),
            Some(Frame::Event { kind, data }) if self.session.live => self.event(now, &kind, &data, out),
            Some(Frame::Answer { id, results }) if wire == COMMANDS && self.session.live => {
                if let Some((ask, at)) = self.answered(now, &id) {
                    self.answer(now, &ask, at, &results, out);
                    self.settle(out);
                }
            }
            _ => {}
        }
    }
}

/// What the show gives as the device's password.
pub(super) fn password(plan: Plan<'_>) -> Option<Arc<str>> {
    plan.device().password.as_ref().map(|secret| Arc::clone(secret.reveal()))
}

impl Driver for Obs {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Up(wire) => self.wire_up(now, wire),
            WireEvent::Down(wire, why) => self.wire_down(wire, &why, out),
            WireEvent::Data { wire, payload: Payload::Text(text), .. } => self.text(now, wire, text, out),
            WireEvent::Data { wire, payload: Payload::Datagram(bytes) | Payload::Chunk(bytes), .. } => {
                if let Ok(text) = std::str::from_utf8(bytes) {
                    self.text(now, wire, text, out);
                }
            }
            _ => {}
        }
        self.tick(now, out);
    }

    fn command(&mut self, now: Mono, command: &Command, out: &mut Out) {
        let refuse = |why: &str, out: &mut Out| out.report(Report::Refused { action: command.action, why: why.into() });
        if !self.session.live {
            return refuse("obs is not connected", out);
        }
        let Some(at) = self.entries.iter().position(|entry| entry.prop == command.prop) else {
            return refuse("obs can not be told this", out);
        };
        match &command.op {
            Op::Set { value, transition } => self.set(now, command, at, value, transition.as_ref(), out),
            Op::Fade { .. } => self.fade(now, command, at, out),
            Op::Halt => self.halt(now, command, at, false, out),
            Op::Continue => self.halt(now, command, at, true, out),
            Op::Read => self.look(now, at, out),
        }
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        if self.session.live {
            self.fly(now, out);
            self.follow_take(now, out);
        }
        self.keep_alive(now, out);
    }

    fn next_due(&self) -> Option<Mono> {
        let mine = if self.session.live { earlier(self.fades.next_due(), self.take_due()) } else { None };
        earlier(mine, self.session_due())
    }
}

/// A media input's loop is a setting of the source.
pub(super) fn settings_of(name: &str) -> (&'static str, serde_json::Value) {
    ("GetInputSettings", json!({ "inputName": name }))
}

/// A length in whole milliseconds, as OBS takes it: 50 ms to 20 s.
pub(super) fn duration_ms(span: Span) -> u64 {
    (span.0 / 1_000_000).clamp(50, 20_000)
}
