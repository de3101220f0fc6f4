//! The reliable half of a session, the same for both ends: numbering, acknowledging, sending again.
//!
//! Packet numbers have 15 bits and start at 1. What is not acknowledged is sent again under its own number, so that the other side
//! drops what it already has: a cut that was lost is cut once, however often its packet travels.

use std::collections::VecDeque;

use super::packet::{self, ACK, ACK_REQUEST, AGAIN, ASK, Header};
use super::{RESEND_AFTER, WIRE};
use crate::devices::Out;
use crate::time::{Mono, Span};

/// Packet numbers wrap here.
const IDS: u16 = 0x8000;
/// A packet at most this far ahead of another comes after it.
const HALF: u16 = 0x4000;

/// One end of a session.
#[derive(Debug, Default)]
pub struct Window {
    /// The session's number.
    pub session: u16,
    /// To whom, when the wire does not know.
    pub to: Option<std::net::SocketAddr>,
    /// Packets that were sent again since the session began.
    pub resent: u32,
    last_out: u16,
    last_in: u16,
    waiting: VecDeque<Waiting>,
    asked: Option<Mono>,
}

/// A packet that was not acknowledged yet.
#[derive(Debug)]
struct Waiting {
    id: u16,
    payload: Vec<u8>,
    first: Mono,
    last: Mono,
}

/// What a numbered packet is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The next one.
    Next,
    /// We have it already.
    Again,
    /// One before it is missing.
    Gap,
}

/// The number after this one.
const fn next(id: u16) -> u16 {
    (id + 1) % IDS
}

/// True when `later` is `id` or comes after it.
const fn reaches(later: u16, id: u16) -> bool {
    (later % IDS).wrapping_sub(id % IDS) % IDS < HALF
}

impl Window {
    /// Packets that may wait for their acknowledgement; a peer that lets more pile up is gone.
    pub const LIMIT: usize = 1024;

    /// A new session.
    #[must_use]
    pub fn new(session: u16, to: Option<std::net::SocketAddr>) -> Self {
        Self { session, to, ..Self::default() }
    }

    /// Starts the numbers elsewhere, so that a test need not send 32,767 packets to see them wrap.
    #[cfg(test)]
    pub fn starting_at(session: u16, last: u16) -> Self {
        Self { session, last_out: last, last_in: last, ..Self::default() }
    }

    fn emit(&self, header: Header, payload: &[u8], out: &mut Out) {
        let mut bytes = out.buffer();
        packet::write(Header { session: self.session, ..header }, payload, &mut bytes);
        match self.to {
            Some(to) => out.send_to(WIRE, to, bytes),
            None => out.send(WIRE, bytes),
        }
    }

    /// Sends a payload under the next number, and gives it. Empty payloads are heartbeats.
    pub fn send(&mut self, now: Mono, payload: Vec<u8>, out: &mut Out) -> u16 {
        let id = next(self.last_out);
        self.last_out = id;
        self.emit(Header { flags: ACK_REQUEST, id, ..Header::default() }, &payload, out);
        self.waiting.push_back(Waiting { id, payload, first: now, last: now });
        id
    }

    /// Takes the number of a packet that came, and acknowledges it or asks for the one that is missing.
    pub fn arrived(&mut self, now: Mono, id: u16, out: &mut Out) -> Arrival {
        if id == next(self.last_in) {
            self.last_in = id;
            self.asked = None;
            self.acknowledge(out);
            return Arrival::Next;
        }
        if reaches(self.last_in, id) {
            self.acknowledge(out);
            return Arrival::Again;
        }
        if self.asked.is_none_or(|asked| now.since(asked) >= RESEND_AFTER) {
            self.asked = Some(now);
            self.emit(Header { flags: ASK, from: next(self.last_in), ..Header::default() }, &[], out);
        }
        Arrival::Gap
    }

    fn acknowledge(&self, out: &mut Out) {
        self.emit(Header { flags: ACK, acked: self.last_in, ..Header::default() }, &[], out);
    }

    /// The other side has this packet and all before it.
    pub fn acked(&mut self, id: u16) {
        while self.waiting.front().is_some_and(|waiting| reaches(id, waiting.id)) {
            self.waiting.pop_front();
        }
    }

    /// True when a packet of ours has been acknowledged.
    #[must_use]
    pub fn has_landed(&self, id: u16) -> bool {
        self.waiting.iter().all(|waiting| waiting.id != id)
    }

    /// The other side misses packets from this one on.
    pub fn asked_for(&mut self, now: Mono, from: u16, out: &mut Out) {
        let from = from % IDS;
        for at in 0..self.waiting.len() {
            if self.waiting.get(at).is_some_and(|waiting| reaches(waiting.id, from)) {
                self.again(now, at, out);
            }
        }
    }

    fn again(&mut self, now: Mono, at: usize, out: &mut Out) {
        let Some(waiting) = self.waiting.get_mut(at) else { return };
        waiting.last = now;
        self.resent = self.resent.saturating_add(1);
        let Some(waiting) = self.waiting.get(at) else { return };
        self.emit(Header { flags: ACK_REQUEST | AGAIN, id: waiting.id, ..Header::default() }, &waiting.payload, out);
    }

    /// Sends again what has waited too long: the oldest, and everything after it.
    pub fn tick(&mut self, now: Mono, out: &mut Out) {
        if self.next_due().is_some_and(|due| due <= now) {
            for at in 0..self.waiting.len() {
                self.again(now, at, out);
            }
        }
    }

    /// When something must be sent again.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        self.waiting.front().map(|waiting| waiting.last + RESEND_AFTER)
    }

    /// How long the oldest packet has waited; `None`: nothing waits.
    #[must_use]
    pub fn stuck_for(&self, now: Mono) -> Option<Span> {
        self.waiting.front().map(|waiting| now.since(waiting.first))
    }

    /// True when too much waits.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.waiting.len() > Self::LIMIT
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn ids(out: &mut Out, flag: u8) -> Vec<u16> {
        let sends = std::mem::take(&mut out.sends);
        let headers = sends.iter().map(|send| packet::read(&send.bytes).unwrap().0);
        headers.filter(|header| header.flags & flag != 0).map(|header| header.id.max(header.from)).collect()
    }

    #[test]
    fn numbers_wrap_after_32767_and_an_acknowledgement_reaches_across() {
        let (mut window, mut out) = (Window::starting_at(0x8001, 0x7FFD), Out::new());
        let sent: Vec<u16> = (0..4).map(|_| window.send(Mono::ZERO, vec![], &mut out)).collect();
        assert_eq!(sent, [0x7FFE, 0x7FFF, 0, 1]);
        window.acked(0);
        assert!(window.has_landed(0x7FFE) && window.has_landed(0) && !window.has_landed(1));
        let mut other = Window::starting_at(0x8001, 0x7FFE);
        let came = [0x7FFF, 0, 0, 2].map(|id| other.arrived(Mono::ZERO, id, &mut out));
        assert_eq!(came, [Arrival::Next, Arrival::Next, Arrival::Again, Arrival::Gap]);
    }

    #[test]
    fn what_is_not_acknowledged_is_sent_again_under_its_own_number() {
        let (mut window, mut out) = (Window::new(0x8001, None), Out::new());
        window.send(Mono::ZERO, vec![1], &mut out);
        window.send(Mono::ZERO, vec![2], &mut out);
        out.sends.clear();
        window.tick(Mono::ZERO + RESEND_AFTER, &mut out);
        assert_eq!(ids(&mut out, AGAIN), [1, 2]);
        window.acked(1);
        window.asked_for(Mono::ZERO + RESEND_AFTER, 1, &mut out);
        assert_eq!(ids(&mut out, AGAIN), [2]);
        assert_eq!(window.resent, 3);
    }

    #[test]
    fn a_gap_asks_for_the_first_missing_packet_once() {
        let (mut window, mut out) = (Window::new(0x8001, None), Out::new());
        assert_eq!(window.arrived(Mono::ZERO, 3, &mut out), Arrival::Gap);
        assert_eq!(window.arrived(Mono::ZERO, 4, &mut out), Arrival::Gap);
        assert_eq!(ids(&mut out, ASK), [1]);
    }
}
