//! A simulated MIDI device that others invite into a session.

use super::{CONTROL, DATA, Event, Listener};
use crate::devices::midi::{Player, WIRE};
use crate::devices::{Out, Payload, Plan, Simulator, WireEvent};
use crate::show::Value;
use crate::time::Mono;

/// The device, and its end of the sessions.
pub struct Participant {
    player: Player,
    name: Box<str>,
    /// It has its numbers when it first hears of time.
    listener: Option<Listener>,
    inner: Out,
}

impl Participant {
    /// The device that a show's device stands for.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        Self { player: Player::new(plan), name: (*plan.device().name).into(), listener: None, inner: Out::new() }
    }

    /// How many notes sound.
    #[cfg(test)]
    pub(super) fn sounding(&self) -> usize {
        self.player.sounding().len()
    }

    fn listen(&mut self, now: Mono, out: &mut Out, f: impl FnOnce(&mut Listener, &mut Out, &mut Vec<Event>)) {
        let mut events = vec![];
        let listener = self.listener.get_or_insert_with(|| Listener::new(&self.name, now));
        f(listener, out, &mut events);
        for event in &events {
            let event = match event {
                Event::Up { .. } => WireEvent::Up(WIRE),
                Event::Message { bytes, .. } => WireEvent::Data { wire: WIRE, from: None, payload: Payload::Midi(bytes) },
                Event::Down { .. } => continue,
            };
            self.player.handle(now, event, &mut self.inner);
        }
        for send in self.inner.sends.drain(..) {
            listener.send(now, &send.bytes, out);
        }
    }
}

impl Simulator for Participant {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        if let WireEvent::Data { wire: wire @ (CONTROL | DATA), from: Some(from), payload: Payload::Datagram(bytes) } = event {
            self.listen(now, out, |listener, out, events| listener.datagram(now, wire, from, bytes, out, events));
        }
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        self.listen(now, out, |listener, out, events| listener.tick(now, out, events));
    }

    fn next_due(&self) -> Option<Mono> {
        self.listener.as_ref().and_then(Listener::next_due)
    }

    fn poke(&mut self, now: Mono, path: &str, value: &Value, out: &mut Out) {
        self.player.poke(now, path, value, &mut self.inner);
        self.listen(now, out, |_, _, _| {});
    }

    fn peek(&self, path: &str) -> Option<Value> {
        self.player.peek(path)
    }
}
