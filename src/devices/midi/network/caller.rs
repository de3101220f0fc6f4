//! The end that invites: it calls until it is let in, keeps the clock going, and calls again when the other end is lost.

use std::sync::Arc;

use super::packet::Packet;
use super::signal::{Call, Signal};
use super::stream::{Stream, ticks};
use super::{CONTROL, DATA, Event, NAME, number};
use crate::devices::{Out, Payload, WireEvent, WireId, earlier};
use crate::time::{Mono, Span};

/// Between two invitations of one token.
const INVITE_EVERY: Span = Span::ms(500);
/// Invitations before the next token, under which the other end takes us for somebody new.
const INVITES: u8 = 8;
/// After these the other end counts as away; it is called on.
const AWAY_AFTER: u8 = 6;
/// After a refusal.
const REFUSED_WAIT: Span = Span::secs(10);
/// Between two comparisons of clocks.
const CLOCK_EVERY: Span = Span::secs(2);
/// Without an answer, the comparison comes again after this.
const CLOCK_AGAIN: Span = Span::ms(700);
/// Without any answer the session is over after this.
const LOST_AFTER: Span = Span::secs(7);
/// How long after the last message the end is said: on another port it would overtake the message.
const END_AFTER: Span = Span::ms(30);

/// How far we are.
#[derive(Debug)]
enum Phase {
    /// The ports are not open.
    Shut,
    /// Invitations leave on the control port, then on the data port.
    Calling { on: WireId, sent: u8 },
    /// Let in.
    Open(Box<Open>),
    /// All is said, and the end comes after it.
    Leaving,
    /// It is over for good.
    Over,
}

#[derive(Debug)]
struct Open {
    /// The other end's source number.
    peer: u32,
    stream: Stream,
    /// When the clock was last answered.
    alive: Mono,
    /// There and back, of the last comparison of clocks.
    way: Option<Span>,
}

/// A session that we ask for.
#[derive(Debug)]
pub struct Caller {
    who: Arc<str>,
    phase: Phase,
    up: [bool; 2],
    source: u32,
    token: u32,
    /// Calls so far: each has numbers of its own.
    calls: u64,
    /// When the next invitation, clock or end leaves.
    at: Mono,
    name: Arc<str>,
    /// What a lost session leaves to be said first in the next: the ends of notes.
    owed: Vec<u8>,
    /// Why the last datagram did not arrive.
    hint: Option<Arc<str>>,
}

impl Caller {
    /// `who` tells this session apart from others of this machine.
    #[must_use]
    pub fn new(who: &str) -> Self {
        let (name, source, token) = ("".into(), 0, 0);
        let (at, owed) = (Mono::ZERO, vec![]);
        Self { who: who.into(), phase: Phase::Shut, up: [false; 2], source, token, calls: 0, at, name, owed, hint: None }
    }

    /// Something happened on one of the two wires.
    pub fn handle(&mut self, now: Mono, event: &WireEvent<'_>, out: &mut Out, events: &mut Vec<Event>) {
        match event {
            WireEvent::Up(wire) => {
                self.mark(*wire, true);
                if self.up == [true; 2] && matches!(self.phase, Phase::Shut) {
                    self.call(now);
                }
            }
            WireEvent::Down(wire, why) => {
                self.mark(*wire, false);
                if !matches!(self.phase, Phase::Over | Phase::Leaving) {
                    events.push(Event::Down { source: 0, why: why.clone() });
                    self.owe();
                    self.phase = Phase::Shut;
                }
            }
            WireEvent::SendFailed { why, .. } => self.hint = Some(why.clone()),
            WireEvent::Data { wire, payload: Payload::Datagram(bytes), .. } => self.datagram(now, *wire, bytes, out, events),
            WireEvent::Data { .. } => {}
        }
    }

    fn mark(&mut self, wire: WireId, up: bool) {
        if let Some(mark) = self.up.get_mut(usize::from(wire.0)) {
            *mark = up;
        }
    }

    /// Keeps what the session that is over leaves to be said.
    fn owe(&mut self) {
        if let Phase::Open(open) = &self.phase {
            self.owed.extend(open.stream.ends());
        }
    }

    /// Calls anew, as somebody whom the other end has never heard of.
    fn call(&mut self, now: Mono) {
        self.owe();
        self.calls += 1;
        self.source = number(&self.who, now, self.calls * 2);
        self.token = number(&self.who, now, self.calls * 2 + 1);
        (self.phase, self.at) = (Phase::Calling { on: CONTROL, sent: 0 }, now);
    }

    fn datagram(&mut self, now: Mono, wire: WireId, bytes: &[u8], out: &mut Out, events: &mut Vec<Event>) {
        if let Some(signal) = Signal::read(bytes) {
            return self.signal(now, wire, &signal, out, events);
        }
        let Phase::Open(open) = &mut self.phase else { return };
        if let Some(packet) = Packet::read(bytes).filter(|packet| wire == DATA && packet.source == open.peer) {
            let source = open.peer;
            open.stream.take(now, &packet, |message| events.push(Event::Message { source, bytes: message.to_vec() }));
        }
    }

    fn signal(&mut self, now: Mono, wire: WireId, signal: &Signal, out: &mut Out, events: &mut Vec<Event>) {
        match (signal, &mut self.phase) {
            (Signal::Accept(call), Phase::Calling { on, .. }) if call.token == self.token && wire == *on => {
                self.hint = None;
                if wire == CONTROL {
                    self.name = call.name.as_str().into();
                    (self.phase, self.at) = (Phase::Calling { on: DATA, sent: 0 }, now);
                    return;
                }
                let open = Open { peer: call.source, stream: Stream::new(self.source), alive: now, way: None };
                (self.phase, self.at) = (Phase::Open(Box::new(open)), now);
                let owed = std::mem::take(&mut self.owed);
                self.send(now, &owed, out);
                events.push(Event::Up { source: call.source, name: self.name.clone() });
            }
            (Signal::Refuse { token }, Phase::Calling { .. }) if *token == self.token => {
                events.push(Event::Down { source: 0, why: "it refuses the session (who may connect is set there)".into() });
                self.call(now);
                self.at = now + REFUSED_WAIT;
            }
            (Signal::End { source }, Phase::Open(open)) if *source == open.peer => {
                let source = *source;
                self.call(now);
                self.at = now + INVITE_EVERY;
                events.push(Event::Down { source, why: "the other end closed the session".into() });
            }
            (Signal::Clock { source, count: 1, times: [asked, theirs, _] }, Phase::Open(open)) if *source == open.peer => {
                let answered = ticks(now);
                let Some(way) = answered.checked_sub(*asked).filter(|way| *way < LOST_AFTER.0 / 100_000) else { return };
                open.alive = now;
                open.way = Some(Span(way * 100_000));
                self.at = now + CLOCK_EVERY;
                out.send(DATA, Signal::Clock { source: self.source, count: 2, times: [*asked, *theirs, answered] }.bytes());
            }
            (Signal::Received { source, sequence }, Phase::Open(open)) if *source == open.peer => open.stream.confirmed(now, *sequence),
            _ => {}
        }
    }

    /// Sends whole messages, one behind the other; without a session they are lost.
    pub fn send(&mut self, now: Mono, messages: &[u8], out: &mut Out) {
        if let Phase::Open(open) = &mut self.phase {
            open.stream.send(now, messages, |packet| out.send(DATA, packet));
        }
    }

    /// Ends the session for good: what was said is guarded once more, then the end is said.
    pub fn leave(&mut self, now: Mono, out: &mut Out) {
        self.phase = match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Open(mut open) => {
                open.stream.guard(now).into_iter().for_each(|guard| out.send(DATA, guard));
                self.at = now + END_AFTER;
                Phase::Leaving
            }
            Phase::Leaving => Phase::Leaving,
            _ => Phase::Over,
        };
    }

    /// Runs what is due.
    pub fn tick(&mut self, now: Mono, out: &mut Out, events: &mut Vec<Event>) {
        if let Phase::Open(open) = &mut self.phase {
            let (guard, confirmed) = open.stream.tick(now);
            guard.into_iter().for_each(|guard| out.send(DATA, guard));
            if let Some(sequence) = confirmed {
                out.send(CONTROL, Signal::Received { source: self.source, sequence }.bytes());
            }
        }
        if now < self.at {
            return;
        }
        match &mut self.phase {
            Phase::Calling { on, sent } if *sent < INVITES => {
                *sent += 1;
                let (on, sent) = (*on, *sent);
                let call = Call { token: self.token, source: self.source, name: NAME.into() };
                out.send(on, Signal::Invite(call).bytes());
                self.at = now + INVITE_EVERY;
                if sent == AWAY_AFTER {
                    let hint = self.hint.clone().unwrap_or_else(|| "is network MIDI switched on there, on this port and the next?".into());
                    events.push(Event::Down { source: 0, why: format!("no answer to the invitation ({hint})").into() });
                }
            }
            Phase::Calling { .. } => self.call(now),
            Phase::Open(open) if now.since(open.alive) >= LOST_AFTER => {
                let source = open.peer;
                out.send(CONTROL, Signal::End { source: self.source }.bytes());
                self.call(now);
                let hint = self.hint.take().map(|hint| format!(" ({hint})")).unwrap_or_default();
                events.push(Event::Down { source, why: format!("no answer for {} s{hint}", LOST_AFTER.0 / 1_000_000_000).into() });
            }
            Phase::Open(_) => {
                out.send(DATA, Signal::Clock { source: self.source, count: 0, times: [ticks(now), 0, 0] }.bytes());
                self.at = now + CLOCK_AGAIN;
            }
            Phase::Leaving => {
                out.send(CONTROL, Signal::End { source: self.source }.bytes());
                self.phase = Phase::Over;
            }
            Phase::Shut | Phase::Over => {}
        }
    }

    /// When [`Caller::tick`] must be called.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        match &self.phase {
            Phase::Shut | Phase::Over => None,
            Phase::Calling { .. } | Phase::Leaving => Some(self.at),
            Phase::Open(open) => earlier(Some(self.at), open.stream.next_due()),
        }
    }

    /// There and back of the last comparison of clocks.
    #[must_use]
    pub fn way(&self) -> Option<Span> {
        match &self.phase {
            Phase::Open(open) => open.way,
            _ => None,
        }
    }
}
