//! A switcher that plays along: slots, sessions, a full dump, transitions frame by frame, acknowledgements and resends.

use std::net::SocketAddr;

use super::packet::{self, ACK, ACK_REQUEST, AGAIN, ASK, HEADER, Header, Opening, PACKET_MAX, SYN};
use super::panel::Panel;
use super::simulated;
use super::target::Target;
use super::window::{Arrival, Window};
use super::words::Words;
use super::{STUCK_AFTER, WIRE};
use crate::devices::{Out, Payload, Plan, Simulator, WireEvent, earlier};
use crate::show::Value;
use crate::time::{Mono, Span};

/// An idle client gets an empty packet this often.
const PING_EVERY: Span = Span::ms(500);
/// A client that says nothing for this long has gone.
const SILENCE: Span = STUCK_AFTER;
/// An acceptance without its acknowledgement is sent again after this.
const ACCEPT_AGAIN: Span = Span::ms(200);

/// A simulated switcher.
pub struct Atem {
    panel: Panel,
    slots: usize,
    clients: Vec<Client>,
    sessions: u16,
}

/// One client in its slot.
struct Client {
    from: Option<SocketAddr>,
    /// The number it said hello with.
    hello: u16,
    /// Its hello was acknowledged by it: it has the state.
    opened: bool,
    window: Window,
    heard: Mono,
    sent: Mono,
}

impl Atem {
    /// The switcher that a device of a show stands for.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let profile = &plan.device().profile;
        let slots = usize::from(simulated::fact(profile, "slots", 5));
        Self { panel: Panel::new(simulated::state(profile)), slots, clients: vec![], sessions: 0 }
    }

    fn emit(to: Option<SocketAddr>, header: Header, payload: &[u8], out: &mut Out) {
        let mut bytes = out.buffer();
        packet::write(header, payload, &mut bytes);
        match to {
            Some(to) => out.send_to(WIRE, to, bytes),
            None => out.send(WIRE, bytes),
        }
    }

    fn datagram(&mut self, now: Mono, from: Option<SocketAddr>, bytes: &[u8], out: &mut Out) {
        let Some((header, payload)) = packet::read(bytes) else { return };
        if header.flags & SYN != 0 {
            self.hello(now, from, header, payload, out);
            return;
        }
        let state = &self.panel.state;
        let Some(client) = self.clients.iter_mut().find(|client| client.is(from, header.session)) else { return };
        client.heard = now;
        if !client.opened {
            if header.flags & ACK != 0 {
                client.opened = true;
                client.say(now, &Words::dump(state), out);
            }
            return;
        }
        if header.session == client.hello {
            return;
        }
        if header.flags & ACK != 0 {
            client.window.acked(header.acked);
        }
        if header.flags & ASK != 0 {
            client.window.asked_for(now, header.from, out);
        }
        if header.flags & ACK_REQUEST != 0 && client.window.arrived(now, header.id, out) == Arrival::Next {
            let mut words = Words::default();
            for (name, data) in packet::commands(payload) {
                self.panel.command(now, name, data, &mut words);
            }
            self.broadcast(now, &words, out);
        }
    }

    /// A client wants a slot, or gives it back.
    fn hello(&mut self, now: Mono, from: Option<SocketAddr>, header: Header, payload: &[u8], out: &mut Out) {
        let reply = |opening: Opening, out: &mut Out| {
            Self::emit(from, Header { flags: SYN, session: header.session, ..Header::default() }, &opening.bytes(), out);
        };
        match Opening::read(payload) {
            Some(Opening::Open) => {
                let known = self.clients.iter().find(|client| client.from == from && client.hello == header.session && !client.opened);
                if let Some(client) = known {
                    return reply(Opening::Accepted(client.window.session & 0x7FFF), out);
                }
                if self.clients.len() >= self.slots {
                    return reply(Opening::Rejected, out);
                }
                self.sessions = self.sessions % 0x7FFE + 1;
                let window = Window::new(0x8000 | self.sessions, from);
                self.clients.push(Client { from, hello: header.session, opened: false, window, heard: now, sent: now });
                reply(Opening::Accepted(self.sessions), out);
            }
            Some(Opening::Close) => {
                self.clients.retain(|client| !client.is(from, header.session));
                reply(Opening::Closed, out);
            }
            Some(Opening::Closed) => self.clients.retain(|client| !client.is(from, header.session)),
            _ => {}
        }
    }

    fn broadcast(&mut self, now: Mono, words: &Words, out: &mut Out) {
        if words.0.is_empty() {
            return;
        }
        for client in self.clients.iter_mut().filter(|client| client.opened) {
            client.say(now, words, out);
        }
    }

    /// Pings, resends, and clients that have gone.
    fn look_after(&mut self, now: Mono, out: &mut Out) {
        self.clients.retain(|client| {
            let gone = now.since(client.heard) >= SILENCE || client.window.is_full();
            if gone {
                let header = Header { flags: SYN, session: client.window.session, ..Header::default() };
                Self::emit(client.from, header, &Opening::Close.bytes(), out);
            }
            !gone
        });
        for client in &mut self.clients {
            if client.opened {
                client.window.tick(now, out);
            }
            let due = now >= client.ping_at();
            match (due, client.opened) {
                (true, true) => drop(client.window.send(now, vec![], out)),
                (true, false) => {
                    let header = Header { flags: SYN | AGAIN, session: client.hello, ..Header::default() };
                    Self::emit(client.from, header, &Opening::Accepted(client.window.session & 0x7FFF).bytes(), out);
                }
                _ => continue,
            }
            client.sent = now;
        }
    }
}

impl Client {
    fn is(&self, from: Option<SocketAddr>, session: u16) -> bool {
        self.from == from && (session == self.window.session || (session == self.hello && session & 0x8000 == 0))
    }

    fn say(&mut self, now: Mono, words: &Words, out: &mut Out) {
        for payload in words.payloads(PACKET_MAX - HEADER) {
            self.window.send(now, payload, out);
        }
        self.sent = now;
    }

    fn ping_at(&self) -> Mono {
        self.sent + if self.opened { PING_EVERY } else { ACCEPT_AGAIN }
    }

    fn due(&self) -> Option<Mono> {
        let resend = if self.opened { self.window.next_due() } else { None };
        earlier(Some(self.ping_at().min(self.heard + SILENCE)), resend)
    }
}

impl Simulator for Atem {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        if let WireEvent::Data { from, payload: Payload::Datagram(bytes), .. } = event {
            self.tick(now, out);
            self.datagram(now, from, bytes, out);
        }
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        while self.panel.next_due().is_some_and(|due| due <= now) {
            let mut words = Words::default();
            self.panel.tick(now, &mut words);
            self.broadcast(now, &words, out);
        }
        self.look_after(now, out);
    }

    fn next_due(&self) -> Option<Mono> {
        self.clients.iter().map(Client::due).fold(self.panel.next_due(), earlier)
    }

    fn poke(&mut self, now: Mono, path: &str, value: &Value, out: &mut Out) {
        let Some(target) = Target::parse(path) else { return };
        let state = &self.panel.state;
        let there = target.value(state).as_ref() == Some(value);
        let mut payload = vec![];
        if there || target.possible(value, state).is_err() || !target.command(value, state, &mut payload) {
            return;
        }
        let mut words = Words::default();
        for (name, data) in packet::commands(&payload) {
            self.panel.command(now, name, data, &mut words);
        }
        self.broadcast(now, &words, out);
    }

    fn peek(&self, path: &str) -> Option<Value> {
        Target::parse(path)?.value(&self.panel.state)
    }
}
