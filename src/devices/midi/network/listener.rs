//! The end that is invited: lets callers in, at most eight, and hears them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use super::packet::Packet;
use super::signal::{Call, Signal};
use super::stream::{Stream, ticks};
use super::{CONTROL, DATA, Event, number};
use crate::devices::{Out, WireId, earlier};
use crate::time::{Mono, Span};

/// Callers at the same time.
pub const GUESTS: usize = 8;
/// A caller that compares no clocks for so long has gone.
const GONE_AFTER: Span = Span::secs(60);
/// A caller that was let in on the control port and never comes to the data port.
const HALF_AFTER: Span = Span::secs(15);

/// Sessions that others ask for.
#[derive(Debug)]
pub struct Listener {
    name: Arc<str>,
    source: u32,
    guests: BTreeMap<u32, Guest>,
}

#[derive(Debug)]
struct Guest {
    token: u32,
    name: Arc<str>,
    control: SocketAddr,
    /// Where MIDI goes: the caller has come to the data port.
    data: Option<SocketAddr>,
    alive: Mono,
    stream: Stream,
}

impl Guest {
    fn gone_at(&self) -> Mono {
        self.alive + if self.data.is_some() { GONE_AFTER } else { HALF_AFTER }
    }
}

impl Listener {
    /// A listener of this name.
    #[must_use]
    pub fn new(name: &str, now: Mono) -> Self {
        Self { name: name.into(), source: number(name, now, 1), guests: BTreeMap::new() }
    }

    /// A datagram came to one of the two ports.
    pub fn datagram(&mut self, now: Mono, wire: WireId, from: SocketAddr, bytes: &[u8], out: &mut Out, events: &mut Vec<Event>) {
        if let Some(signal) = Signal::read(bytes) {
            return self.signal(now, wire, from, signal, out, events);
        }
        let Some(packet) = Packet::read(bytes).filter(|_| wire == DATA) else { return };
        let source = packet.source;
        if let Some(guest) = self.guests.get_mut(&source).filter(|guest| guest.data == Some(from)) {
            guest.alive = now;
            guest.stream.take(now, &packet, |message| events.push(Event::Message { source, bytes: message.to_vec() }));
        }
    }

    fn signal(&mut self, now: Mono, wire: WireId, from: SocketAddr, signal: Signal, out: &mut Out, events: &mut Vec<Event>) {
        match signal {
            Signal::Invite(call) => self.invited(now, wire, from, call, out, events),
            Signal::End { source } => {
                if let Some(guest) = self.guests.remove(&source).filter(|guest| guest.data.is_some()) {
                    events.push(Event::Down { source, why: format!("{} closed the session", guest.name).into() });
                }
            }
            Signal::Clock { source, count, times: [asked, ..] } => {
                let Some(guest) = self.guests.get_mut(&source) else { return };
                guest.alive = now;
                if count == 0 {
                    let answer = Signal::Clock { source: self.source, count: 1, times: [asked, ticks(now), 0] };
                    out.send_to(wire, from, answer.bytes());
                }
            }
            Signal::Received { source, sequence } => {
                if let Some(guest) = self.guests.get_mut(&source) {
                    guest.stream.confirmed(now, sequence);
                }
            }
            Signal::Accept(_) | Signal::Refuse { .. } => {}
        }
    }

    fn invited(&mut self, now: Mono, wire: WireId, from: SocketAddr, call: Call, out: &mut Out, events: &mut Vec<Event>) {
        let Call { token, source, name } = call;
        let known = self.guests.get(&source).is_some_and(|guest| guest.token == token);
        if wire == CONTROL && !known && (self.guests.len() < GUESTS || self.guests.contains_key(&source)) {
            let name = if name.is_empty() { from.ip().to_string() } else { name };
            let (data, stream) = (None, Stream::new(self.source));
            let guest = Guest { token, name: name.into(), control: from, data, alive: now, stream };
            if let Some(before) = self.guests.insert(source, guest).filter(|before| before.data.is_some()) {
                events.push(Event::Down { source, why: format!("{} begins anew", before.name).into() });
            }
        }
        let Some(guest) = self.guests.get_mut(&source).filter(|guest| guest.token == token) else {
            out.send_to(wire, from, Signal::Refuse { token }.bytes());
            return;
        };
        guest.alive = now;
        if wire == DATA && guest.data.replace(from).is_none() {
            events.push(Event::Up { source, name: guest.name.clone() });
        }
        out.send_to(wire, from, Signal::Accept(Call { token, source: self.source, name: self.name.to_string() }).bytes());
    }

    /// Sends whole messages, one behind the other, to all that are let in.
    pub fn send(&mut self, now: Mono, messages: &[u8], out: &mut Out) {
        for guest in self.guests.values_mut() {
            if let Some(data) = guest.data {
                guest.stream.send(now, messages, |packet| out.send_to(DATA, data, packet));
            }
        }
    }

    /// Runs what is due.
    pub fn tick(&mut self, now: Mono, out: &mut Out, events: &mut Vec<Event>) {
        let ours = self.source;
        self.guests.retain(|source, guest| {
            if guest.gone_at() <= now {
                out.send_to(CONTROL, guest.control, Signal::End { source: ours }.bytes());
                if guest.data.is_some() {
                    events.push(Event::Down { source: *source, why: format!("{} has gone", guest.name).into() });
                }
                return false;
            }
            let (guard, confirmed) = guest.stream.tick(now);
            if let (Some(guard), Some(data)) = (guard, guest.data) {
                out.send_to(DATA, data, guard);
            }
            if let Some(sequence) = confirmed {
                out.send_to(CONTROL, guest.control, Signal::Received { source: ours, sequence }.bytes());
            }
            true
        });
    }

    /// When [`Listener::tick`] must be called.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        self.guests.values().map(|guest| earlier(Some(guest.gone_at()), guest.stream.next_due())).fold(None, earlier)
    }

    /// Says the end to all.
    pub fn close(&mut self, out: &mut Out) {
        for guest in std::mem::take(&mut self.guests).into_values() {
            out.send_to(CONTROL, guest.control, Signal::End { source: self.source }.bytes());
        }
    }
}
