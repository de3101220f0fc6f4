//! A MIDI device at the other end of a session: the driver of MIDI ports, on another cable.

use std::sync::Arc;

use super::{Caller, Event};
use crate::device_api::{Command, Facet, Level, Report};
use crate::devices::midi::{Remote, WIRE};
use crate::devices::{Driver, Out, Payload, Plan, WireEvent, earlier};
use crate::time::{Mono, Span};

/// A way there and back that takes longer is felt by those who listen.
const SLOW: Span = Span::ms(20);

/// A device that is reached by a session.
pub struct Networked {
    remote: Remote,
    caller: Caller,
    /// What the driver gives, before it is packed.
    inner: Out,
    events: Vec<Event>,
    slow: bool,
}

impl Networked {
    /// For a device of a show.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let caller = Caller::new(&plan.device().key);
        Self { remote: Remote::new(plan), caller, inner: Out::new(), events: vec![], slow: false }
    }

    /// There and back of the last comparison of clocks.
    #[cfg(test)]
    pub(super) fn caller_way(&self) -> Option<Span> {
        self.caller.way()
    }

    /// Tells the driver what happened in the session, packs what it sends and passes on what it says.
    fn settle(&mut self, now: Mono, out: &mut Out) {
        let mut identity: Option<Arc<str>> = None;
        for event in std::mem::take(&mut self.events) {
            let event = match &event {
                Event::Up { name, .. } => {
                    identity = Some(name.clone()).filter(|name| !name.is_empty());
                    WireEvent::Up(WIRE)
                }
                Event::Down { why, .. } => WireEvent::Down(WIRE, why.clone()),
                Event::Message { bytes, .. } => WireEvent::Data { wire: WIRE, from: None, payload: Payload::Midi(bytes) },
            };
            self.remote.handle(now, event, &mut self.inner);
        }
        for send in self.inner.sends.drain(..) {
            let before = out.sends.len();
            self.caller.send(now, &send.bytes, out);
            // Where no session stands nothing has left.
            if let Some(packet) = out.sends.get_mut(before..).and_then(<[_]>::last_mut) {
                packet.sending = send.sending;
            }
        }
        for report in self.inner.reports.drain(..) {
            out.report(match report {
                Report::Online { .. } => Report::Online { identity: identity.take() },
                other => other,
            });
        }
        let Some(way) = self.caller.way() else { return };
        if (way > SLOW) != self.slow {
            self.slow = way > SLOW;
            let level = if self.slow { Level::Warn } else { Level::Good };
            let text = format!("messages take {} ms there and back on the network", way.0.div_ceil(1_000_000)).into();
            out.report(Report::Health(Facet { key: "network".into(), level, text }));
        }
    }
}

impl Driver for Networked {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        self.caller.handle(now, &event, out, &mut self.events);
        self.settle(now, out);
        self.tick(now, out);
    }

    fn command(&mut self, now: Mono, command: &Command, out: &mut Out) {
        self.remote.command(now, command, &mut self.inner);
        self.settle(now, out);
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        self.caller.tick(now, out, &mut self.events);
        self.remote.tick(now, &mut self.inner);
        self.settle(now, out);
    }

    fn last_call(&mut self, now: Mono, out: &mut Out) {
        self.remote.last_call(now, &mut self.inner);
        self.settle(now, out);
        self.caller.leave(now, out);
    }

    fn next_due(&self) -> Option<Mono> {
        earlier(self.remote.next_due(), self.caller.next_due())
    }
}
