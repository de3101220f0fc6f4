//! The session: hello, the first read, whether it lives.

use std::sync::Arc;

use super::driver::Switcher;
use super::packet::{self, ACK, ACK_REQUEST, ASK, Header, Opening, SYN};
use super::window::{Arrival, Window};
use super::{STUCK_AFTER, WIRE};
use crate::device_api::{Level, Report};
use crate::devices::{Out, earlier};
use crate::time::{Mono, Span};

/// Between two hellos.
const HELLO_EVERY: Span = Span::ms(250);
/// Hellos under one number, before the next.
const HELLOS: u8 = 10;
/// When all slots are taken, the next hello comes after this.
const REJECTED_WAIT: Span = Span::secs(5);

/// How far we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    /// Hellos are sent.
    #[default]
    Seeking,
    /// Accepted; it tells its state.
    Reading,
    /// It has told everything.
    Ready,
}

/// The session with a switcher.
#[derive(Debug, Default)]
pub struct Session {
    /// The socket is open.
    pub up: bool,
    /// What the last failed send said.
    pub hint: Option<Arc<str>>,
    phase: Phase,
    /// The number that we say hello with.
    ours: u16,
    hellos: u8,
    hello_at: Mono,
    heard: Mono,
}

impl Session {
    /// The first read is complete.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Ready
    }
}

impl Switcher {
    /// The socket is open: seek the switcher.
    pub(super) fn wire_up(&mut self, now: Mono) {
        self.session = Session { up: true, hello_at: now, ours: self.session.ours, ..Session::default() };
        self.forget();
    }

    /// The socket is gone.
    pub(super) fn wire_down(&mut self, now: Mono, why: &Arc<str>, out: &mut Out) {
        self.lost(now, why.clone(), out);
        self.session.up = false;
    }

    /// The session is over; the next hello comes at once, under a new number.
    fn lost(&mut self, now: Mono, why: Arc<str>, out: &mut Out) {
        if self.session.is_ready() {
            out.report(Report::Offline { why });
        }
        self.forget();
        self.session.phase = Phase::Seeking;
        self.session.hellos = 0;
        self.session.hello_at = now;
    }

    /// Any datagram.
    pub(super) fn receive(&mut self, now: Mono, bytes: &[u8], out: &mut Out) {
        let Some((header, payload)) = packet::read(bytes) else { return };
        if header.flags & SYN != 0 {
            self.opening(now, header, payload, out);
            return;
        }
        if self.session.phase == Phase::Seeking || header.session != self.window.session {
            return;
        }
        self.session.heard = now;
        if header.flags & ACK != 0 {
            self.window.acked(header.acked);
        }
        if header.flags & ASK != 0 {
            self.window.asked_for(now, header.from, out);
        }
        if header.flags & ACK_REQUEST != 0 && self.window.arrived(now, header.id, out) == Arrival::Next {
            self.words(now, payload, out);
        }
        if self.session.is_ready() {
            self.landed();
            self.follow(now, out);
            self.tell(now, out);
        }
    }

    /// A packet of the handshake, or the end of a session.
    fn opening(&mut self, now: Mono, header: Header, payload: &[u8], out: &mut Out) {
        let ours = header.session == self.session.ours;
        match Opening::read(payload) {
            Some(Opening::Accepted(id)) if ours && self.session.phase != Phase::Ready => {
                // Accepted again: our acknowledgement was lost.
                let session = 0x8000 | id;
                if self.session.phase == Phase::Seeking {
                    self.window = Window::new(session, None);
                    self.session.phase = Phase::Reading;
                    self.session.heard = now;
                    self.session.hint = None;
                    self.health.say("slots", Level::Good, "", out);
                }
                self.emit(ACK, self.session.ours, &[], out);
            }
            Some(Opening::Rejected) if ours && self.session.phase == Phase::Seeking => {
                self.session.hellos = 0;
                self.session.hello_at = now + REJECTED_WAIT;
                let text = "the switcher refuses the connection: all its client slots are taken (close another control program or panel)";
                self.health.say("slots", Level::Bad, text, out);
            }
            Some(Opening::Close) if self.session.phase != Phase::Seeking && header.session == self.window.session => {
                self.emit(SYN, header.session, &Opening::Closed.bytes(), out);
                self.lost(now, "the switcher closed the connection".into(), out);
            }
            _ => {}
        }
    }

    fn emit(&self, flags: u8, session: u16, payload: &[u8], out: &mut Out) {
        let mut bytes = out.buffer();
        packet::write(Header { flags, session, ..Header::default() }, payload, &mut bytes);
        out.send(WIRE, bytes);
    }

    /// The commands of a packet: words of state.
    fn words(&mut self, now: Mono, payload: &[u8], out: &mut Out) {
        for (name, data) in packet::commands(payload) {
            if name != b"InCm" {
                self.state.apply(name, data);
            } else if self.session.phase == Phase::Reading {
                self.session.phase = Phase::Ready;
                let (major, minor) = self.state.version;
                let identity = format!("{}, protocol {major}.{minor}", self.state.product);
                out.report(Report::Online { identity: Some(identity.into()) });
                self.tell(now, out);
                self.health.judge(&self.state, out);
                out.report(Report::Synced);
            }
        }
        if self.session.is_ready() {
            self.health.judge(&self.state, out);
        }
    }

    /// Hellos, resends, and the silence after which it is gone.
    pub(super) fn keep_alive(&mut self, now: Mono, out: &mut Out) {
        if self.session.phase != Phase::Seeking {
            let silence = now.since(self.session.heard);
            let stuck = self.window.stuck_for(now).filter(|stuck| *stuck >= STUCK_AFTER);
            if silence >= self.limits.offline_after {
                let hint = self.session.hint.take().map(|hint| format!(" ({hint})")).unwrap_or_default();
                self.lost(now, format!("no answer for {silence}{hint}").into(), out);
            } else if stuck.is_some() || self.window.is_full() {
                self.lost(now, "it no longer acknowledges what is sent".into(), out);
            } else {
                self.window.tick(now, out);
            }
        }
        if self.session.phase == Phase::Seeking && now >= self.session.hello_at {
            if self.session.hellos.is_multiple_of(HELLOS) {
                // A switcher may hold the old session for seconds: the next one goes by another number.
                self.session.ours =
                    (self.session.ours.wrapping_mul(5) ^ u16::try_from(now.0 / 1_000_000 % 0x7FFF).unwrap_or(1)) % 0x7FFF + 1;
                self.session.hellos = 0;
            }
            self.session.hellos += 1;
            self.session.hello_at = now + HELLO_EVERY;
            self.emit(SYN, self.session.ours, &Opening::Open.bytes(), out);
        }
    }

    /// When the session must be looked after.
    pub(super) fn session_due(&self) -> Option<Mono> {
        if self.session.phase == Phase::Seeking {
            return Some(self.session.hello_at);
        }
        let silence = Some(self.session.heard + self.limits.offline_after);
        earlier(silence, self.window.next_due())
    }
}
