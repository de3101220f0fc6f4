//! A wire in memory between a driver and its simulator, with seeded faults, in virtual time.
//!
//! A rehearsal, `--simulate` and the fault runs are not a mode of the drivers: they are this cable.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::random::SplitMix64;
use super::resolve::literal;
use crate::devices::{Framing, Target, Wire};
use crate::time::{Mono, Span};

/// One-way time of a good cable.
pub const LATENCY: Span = Span(200_000);
/// How long a stream takes to come back after it went down.
pub const RECONNECT: Span = Span::ms(250);
/// What the driver of a wire is told that it closed for good; links of every kind say the same.
pub const CLOSED: &str = "closed until you take the device back (release it, then live)";
/// Messages on their way at the most; what comes on top is lost, as in a full switch.
const IN_FLIGHT: usize = 4096;
/// When a request without an answer is given up.
const ANSWER_WITHIN: Span = Span::secs(4);

/// The two ends of a cable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The driver's.
    Driver,
    /// The device's.
    Device,
}

impl Side {
    /// The other end.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Driver => Self::Device,
            Self::Device => Self::Driver,
        }
    }
}

/// What can be wrong with a cable. The numbers are percent; a stream is delayed instead of losing, doubling or reordering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weather {
    /// Lost.
    pub loss: u8,
    /// Delivered twice.
    pub duplicate: u8,
    /// Held back behind later ones.
    pub reorder: u8,
    /// Added to every way, from nothing to this.
    pub delay: Span,
}

/// Whether anything passes at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// It does.
    #[default]
    Whole,
    /// Unplugged: streams go down, datagrams are lost and some sends say so.
    Cut,
    /// Nothing passes and nobody is told.
    Silent,
}

/// What comes out at one end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// The wire can be used.
    Up,
    /// The wire cannot be used.
    Down(Arc<str>),
    /// A whole message.
    Message(Vec<u8>),
    /// A piece of a raw stream.
    Chunk(Vec<u8>),
    /// A text message of a WebSocket.
    Text(String),
    /// A MIDI message.
    Midi(Vec<u8>),
    /// A request over HTTP, with its tag.
    Request(u64, Vec<u8>),
    /// Its answer: tag, status (0: none came), body.
    Reply(u64, u16, Vec<u8>),
}

/// What a cable carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Datagrams,
    Stream(Framing),
    WebSocket,
    Http,
    Midi,
}

impl Kind {
    fn of(wire: &Wire) -> Self {
        match wire {
            Wire::Tcp { framing, .. } => Self::Stream(*framing),
            Wire::WebSocket { .. } => Self::WebSocket,
            Wire::Http { .. } => Self::Http,
            Wire::Midi { .. } => Self::Midi,
            Wire::Udp { .. } | Wire::UdpNext { .. } | Wire::UdpShared { .. } | Wire::Multicast { .. } => Self::Datagrams,
        }
    }

    /// Both ends learn that it is out.
    const fn goes_down(self) -> bool {
        matches!(self, Self::Stream(_) | Self::WebSocket | Self::Midi)
    }

    /// Its far end can forget a connection without a word.
    const fn half_opens(self) -> bool {
        matches!(self, Self::Stream(_) | Self::WebSocket)
    }
}

/// One cable, a virtual one.
#[derive(Debug)]
pub struct Cable {
    kind: Kind,
    random: SplitMix64,
    /// What is wrong with it.
    pub weather: Weather,
    state: State,
    up: bool,
    /// The far end has forgotten this connection: the next send of the driver finds out.
    stale: bool,
    /// The driver closed it for good.
    closed: bool,
    /// When a stream that is down is tried again.
    retry: Option<Mono>,
    in_flight: BTreeMap<(Mono, u64), (Side, Arrival)>,
    /// When the last message of a stream arrives, a side: streams keep their order.
    last: [Mono; 2],
    count: u64,
    /// Requests without an answer, and when they are given up.
    asked: BTreeMap<u64, Mono>,
}

impl Cable {
    /// A cable of a wire's kind, plugged in at `now`: both ends get [`Arrival::Up`].
    #[must_use]
    pub fn new(wire: &Wire, seed: u64, now: Mono) -> Self {
        let mut cable = Self {
            kind: Kind::of(wire),
            random: SplitMix64::new(seed),
            weather: Weather::default(),
            state: State::Whole,
            up: false,
            stale: false,
            closed: false,
            retry: None,
            in_flight: BTreeMap::new(),
            last: [now; 2],
            count: 0,
            asked: BTreeMap::new(),
        };
        cable.connect(now);
        cable
    }

    /// When something comes out next.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        let arrival = self.in_flight.keys().next().map(|(at, _)| *at);
        [arrival, self.retry, self.asked.values().min().copied()].into_iter().flatten().min()
    }

    /// What comes out by `now`, in order, one at a time.
    pub fn pop(&mut self, now: Mono) -> Option<(Side, Arrival)> {
        if self.retry.is_some_and(|at| at <= now) {
            self.retry = None;
            if self.state == State::Whole {
                self.connect(now);
            } else {
                self.retry = Some(now + RECONNECT);
            }
        }
        if let Some(first) = self.in_flight.first_entry().filter(|entry| entry.key().0 <= now) {
            return match first.remove() {
                // What was given up is not answered a second time.
                (Side::Driver, Arrival::Reply(tag, ..)) if self.asked.remove(&tag).is_none() => self.pop(now),
                other => Some(other),
            };
        }
        let late = self.asked.iter().find(|(_, limit)| **limit <= now).map(|(tag, _)| *tag)?;
        self.asked.remove(&late);
        Some((Side::Driver, Arrival::Reply(late, 0, b"no answer within 4 s".to_vec())))
    }

    /// Puts a message in at one end.
    ///
    /// # Errors
    /// When the sender can know that it does not arrive: the stream is down, the cable is out.
    pub fn send(&mut self, now: Mono, from: Side, tag: u64, bytes: Vec<u8>) -> Result<(), Arc<str>> {
        if !self.up {
            return Err("not connected".into());
        }
        if self.kind == Kind::Http {
            self.ask_or_answer(now, from, tag, bytes);
            return Ok(());
        }
        match self.state {
            State::Cut if self.kind == Kind::Datagrams && from == Side::Driver && self.random.percent(50) => {
                return Err("no route to host".into());
            }
            State::Cut | State::Silent => return Ok(()),
            State::Whole => {}
        }
        if self.stale {
            self.break_off(now, "connection reset");
            return Err("connection reset".into());
        }
        match self.kind {
            Kind::Stream(Framing::Raw) => self.send_pieces(now, from, &bytes),
            Kind::Stream(_) => self.put_in_order(now, from, Arrival::Message(bytes)),
            Kind::WebSocket => self.put_in_order(now, from, Arrival::Text(String::from_utf8_lossy(&bytes).into_owned())),
            Kind::Midi => self.put_in_order(now, from, Arrival::Midi(bytes)),
            Kind::Datagrams | Kind::Http => self.send_datagram(now, from, bytes),
        }
        Ok(())
    }

    /// A request is answered in any case: by the device, or by the time that has gone by.
    fn ask_or_answer(&mut self, now: Mono, from: Side, tag: u64, bytes: Vec<u8>) {
        if from == Side::Driver {
            self.asked.insert(tag, now + ANSWER_WITHIN);
        }
        match (self.state, from) {
            (State::Whole, Side::Driver) => self.put_in_order(now, from, Arrival::Request(tag, bytes)),
            (State::Whole, Side::Device) => {
                if let Some((status, body)) = bytes.split_first_chunk::<2>() {
                    self.put_in_order(now, from, Arrival::Reply(tag, u16::from_be_bytes(*status), body.to_vec()));
                }
            }
            (State::Cut, Side::Driver) => self.put_in_order(now, Side::Device, Arrival::Reply(tag, 0, b"no route to host".to_vec())),
            (State::Cut, Side::Device) | (State::Silent, _) => {}
        }
    }

    /// The device closes a connection, after what it has sent; it can be made anew.
    pub fn hang_up(&mut self, now: Mono, why: &str) {
        if self.up && self.kind.goes_down() {
            self.up = false;
            self.in_flight.retain(|_, (to, _)| *to == Side::Driver);
            let at = self.last[1].max(now);
            self.put(at, Side::Driver, Arrival::Down(why.into()));
            self.put(now, Side::Device, Arrival::Down("closed".into()));
            self.retry = (!self.closed).then_some(at + RECONNECT);
        }
    }

    /// Unplugs it.
    pub fn cut(&mut self, now: Mono) {
        self.state = State::Cut;
        self.lose_messages();
        if self.kind.goes_down() {
            self.break_off(now, if self.kind == Kind::Midi { "the port is gone" } else { "connection lost" });
        }
    }

    /// Lets nothing pass and tells nobody; a stream is half open afterwards: its far end has forgotten it.
    pub fn silence(&mut self) {
        self.state = State::Silent;
        self.lose_messages();
        self.stale = self.kind.half_opens();
    }

    /// Plugs it in again and clears the weather.
    pub fn heal(&mut self, now: Mono) {
        self.state = State::Whole;
        self.weather = Weather::default();
        if !self.up && self.retry.is_none() && !self.closed {
            self.retry = Some(now + RECONNECT);
        }
    }

    /// The driver closes the wire, and it stays closed until [`Cable::reopen_closed`].
    pub fn close(&mut self, now: Mono) {
        self.closed = true;
        let told = self.up;
        self.break_off(now, CLOSED);
        if !told {
            self.announce(now, Side::Driver, Arrival::Down(CLOSED.into()));
        }
    }

    /// A person acted: a wire that was closed for good comes up again.
    pub fn reopen_closed(&mut self, now: Mono) {
        if std::mem::take(&mut self.closed) {
            self.retry = Some(now + RECONNECT);
        }
    }

    /// The driver (or a reboot of the device) closes the wire; it comes back by itself.
    pub fn reopen(&mut self, now: Mono) {
        if self.closed {
            return;
        }
        self.in_flight.clear();
        if self.kind.goes_down() {
            self.break_off(now, "connection closed");
        } else {
            self.announce(now, Side::Driver, Arrival::Up);
        }
    }

    /// The device at the far end starts anew: streams break off, datagrams on their way are lost.
    pub fn far_end_restarts(&mut self, now: Mono) {
        self.lose_messages();
        if self.kind.goes_down() {
            self.break_off(now, "connection reset");
        } else if !self.closed {
            self.announce(now, Side::Device, Arrival::Up);
        }
    }

    /// What is on its way is lost; news of the wire itself is no message and still arrives.
    fn lose_messages(&mut self) {
        self.in_flight.retain(|_, (_, arrival)| matches!(arrival, Arrival::Up | Arrival::Down(_)));
    }

    fn connect(&mut self, now: Mono) {
        (self.up, self.stale) = (true, false);
        // The device's end is ready first: a greeting of the driver never overtakes the connection itself.
        self.announce(now, Side::Device, Arrival::Up);
        self.announce(now, Side::Driver, Arrival::Up);
    }

    fn break_off(&mut self, now: Mono, why: &str) {
        self.in_flight.clear();
        if self.up {
            self.up = false;
            self.announce(now, Side::Driver, Arrival::Down(why.into()));
            self.announce(now, Side::Device, Arrival::Down(why.into()));
        }
        self.retry = (!self.closed).then_some(now + RECONNECT);
    }

    fn announce(&mut self, now: Mono, to: Side, arrival: Arrival) {
        self.last = [self.last[0].max(now), self.last[1].max(now)];
        self.put(now, to, arrival);
    }

    fn send_pieces(&mut self, now: Mono, from: Side, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let most = u64::try_from(bytes.len()).unwrap_or(1);
            let cut = if self.random.percent(70) { bytes.len() } else { 1 + usize::try_from(self.random.below(most)).unwrap_or(0) };
            let (piece, rest) = bytes.split_at(cut.min(bytes.len()));
            self.put_in_order(now, from, Arrival::Chunk(piece.to_vec()));
            bytes = rest;
        }
    }

    /// A stream loses nothing: what its packets lose costs time.
    fn put_in_order(&mut self, now: Mono, from: Side, arrival: Arrival) {
        let resent = if self.random.percent(self.weather.loss) { Span::ms(200) } else { Span::ZERO };
        let way = self.way() + resent;
        let direction = usize::from(from == Side::Device);
        let at = self.last[direction].max(now + way);
        self.last[direction] = at;
        self.put(at, from.other(), arrival);
    }

    fn send_datagram(&mut self, now: Mono, from: Side, bytes: Vec<u8>) {
        if self.random.percent(self.weather.loss) {
            return;
        }
        if self.random.percent(self.weather.duplicate) {
            let at = now + self.way();
            self.put(at, from.other(), Arrival::Message(bytes.clone()));
        }
        let held = if self.random.percent(self.weather.reorder) { Span::ms(5) } else { Span::ZERO };
        let at = now + self.way() + held;
        self.put(at, from.other(), Arrival::Message(bytes));
    }

    fn way(&mut self) -> Span {
        let extra = if self.weather.delay.is_zero() { 0 } else { self.random.below(self.weather.delay.0) };
        LATENCY + Span(extra)
    }

    fn put(&mut self, at: Mono, to: Side, arrival: Arrival) {
        if self.in_flight.len() < IN_FLIGHT {
            self.count += 1;
            self.in_flight.insert((at, self.count), (to, arrival));
        }
    }
}

/// Where the datagrams of a simulated device seem to come from: its own address where the show gives one.
#[must_use]
pub fn address_of(wire: &Wire) -> SocketAddr {
    let of = |to: &Target| {
        let ip = literal(&to.host).filter(|ip| !matches!(ip, IpAddr::V4(v4) if v4.octets()[3] == 255));
        SocketAddr::new(ip.unwrap_or(IpAddr::from([127, 0, 0, 1])), to.port)
    };
    match wire {
        Wire::Udp { to, .. } | Wire::UdpNext { to } | Wire::UdpShared { to, .. } | Wire::Tcp { to, .. } => of(to),
        Wire::Multicast { port, .. } => SocketAddr::from(([127, 0, 0, 1], *port)),
        Wire::WebSocket { .. } | Wire::Http { .. } | Wire::Midi { .. } => SocketAddr::from(([127, 0, 0, 1], 0)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::devices::Target;

    const SECOND: Mono = Mono(1_000_000_000);

    fn udp() -> Wire {
        Wire::Udp { to: Target { host: "10.0.0.1".into(), port: 9 }, local_port: 0 }
    }

    fn tcp(framing: Framing) -> Wire {
        Wire::Tcp { to: Target { host: "10.0.0.1".into(), port: 9 }, framing }
    }

    fn drain(cable: &mut Cable, now: Mono) -> Vec<(Side, Arrival)> {
        std::iter::from_fn(|| cable.pop(now)).collect()
    }

    fn plugged(wire: &Wire, seed: u64) -> Cable {
        let mut cable = Cable::new(wire, seed, Mono::ZERO);
        assert_eq!(drain(&mut cable, Mono::ZERO), [(Side::Device, Arrival::Up), (Side::Driver, Arrival::Up)]);
        cable
    }

    #[test]
    fn a_message_takes_its_time() {
        let mut cable = plugged(&udp(), 1);
        cable.send(Mono::ZERO, Side::Driver, 0, vec![1]).unwrap();
        assert_eq!(cable.next_due(), Some(Mono::ZERO + LATENCY));
        assert_eq!(cable.pop(Mono(LATENCY.0 - 1)), None);
        assert_eq!(cable.pop(Mono(LATENCY.0)), Some((Side::Device, Arrival::Message(vec![1]))));
        assert_eq!(cable.next_due(), None);
    }

    #[test]
    fn the_same_seed_gives_the_same_storm() {
        let storm = |seed| {
            let mut cable = plugged(&udp(), seed);
            cable.weather = Weather { loss: 30, duplicate: 20, reorder: 20, delay: Span::ms(3) };
            for n in 0..200 {
                cable.send(Mono(u64::from(n) * 1000), Side::Device, 0, vec![n]).unwrap();
            }
            drain(&mut cable, SECOND)
        };
        assert_eq!(storm(7), storm(7));
        assert_ne!(storm(7), storm(8));
        let arrived = storm(7).len();
        assert!((100..220).contains(&arrived), "{arrived}");
    }

    #[test]
    fn a_stream_keeps_its_order_and_every_byte_in_any_weather() {
        let mut cable = plugged(&tcp(Framing::Raw), 3);
        cable.weather = Weather { loss: 40, duplicate: 40, reorder: 40, delay: Span::ms(20) };
        let sent: Vec<u8> = (0..=255).collect();
        for piece in sent.chunks(16) {
            cable.send(Mono::ZERO, Side::Driver, 0, piece.to_vec()).unwrap();
        }
        let chunks = drain(&mut cable, Mono(60_000_000_000));
        assert!(chunks.len() > 16, "no chunk was split");
        let bytes: Vec<u8> = chunks.into_iter().flat_map(|(_, a)| if let Arrival::Chunk(b) = a { b } else { vec![] }).collect();
        assert_eq!(bytes, sent);
    }

    #[test]
    fn a_cut_stream_goes_down_and_comes_back_when_it_is_healed() {
        let mut cable = plugged(&tcp(Framing::Lines), 3);
        cable.cut(Mono(5));
        let down = Arrival::Down("connection lost".into());
        assert_eq!(drain(&mut cable, Mono(5)), [(Side::Driver, down.clone()), (Side::Device, down)]);
        assert!(cable.send(Mono(6), Side::Driver, 0, vec![1]).is_err());
        assert_eq!(drain(&mut cable, SECOND), []);
        cable.heal(SECOND);
        assert_eq!(drain(&mut cable, SECOND + RECONNECT), [(Side::Device, Arrival::Up), (Side::Driver, Arrival::Up)]);
    }

    #[test]
    fn a_wire_that_its_driver_closed_stays_closed_until_a_person_acts() {
        for wire in [tcp(Framing::Lines), udp()] {
            let mut cable = plugged(&wire, 3);
            cable.close(Mono(5));
            let down = Arrival::Down(CLOSED.into());
            assert_eq!(drain(&mut cable, Mono(5)), [(Side::Driver, down.clone()), (Side::Device, down)]);
            cable.cut(SECOND);
            cable.heal(SECOND);
            cable.reopen(SECOND);
            cable.far_end_restarts(SECOND);
            assert!(cable.send(SECOND, Side::Driver, 0, vec![1]).is_err());
            assert_eq!(cable.next_due(), None);
            cable.reopen_closed(SECOND);
            assert_eq!(drain(&mut cable, SECOND + RECONNECT), [(Side::Device, Arrival::Up), (Side::Driver, Arrival::Up)]);
        }
    }

    #[test]
    fn a_half_open_stream_is_found_out_by_the_next_send_after_healing() {
        let mut cable = plugged(&tcp(Framing::Lines), 3);
        cable.silence();
        cable.send(Mono(5), Side::Driver, 0, vec![1]).unwrap();
        assert_eq!(cable.pop(SECOND), None);
        cable.heal(SECOND);
        assert!(cable.send(SECOND, Side::Driver, 0, vec![1]).is_err());
        assert!(matches!(cable.pop(SECOND), Some((Side::Driver, Arrival::Down(_)))));
        drain(&mut cable, SECOND);
        assert_eq!(drain(&mut cable, SECOND + RECONNECT).len(), 2);
    }

    #[test]
    fn datagrams_into_a_cut_cable_are_lost_and_some_senders_know() {
        let mut cable = plugged(&udp(), 3);
        cable.cut(Mono::ZERO);
        let known = (0..100).filter(|_| cable.send(Mono::ZERO, Side::Driver, 0, vec![1]).is_err()).count();
        assert!((20..80).contains(&known), "{known}");
        assert_eq!(cable.pop(SECOND), None);
    }

    #[test]
    fn it_never_holds_more_than_its_limit() {
        let mut cable = plugged(&udp(), 3);
        for _ in 0..2 * IN_FLIGHT {
            cable.send(Mono::ZERO, Side::Driver, 0, vec![1]).unwrap();
        }
        assert_eq!(drain(&mut cable, SECOND).len(), IN_FLIGHT);
    }
}
