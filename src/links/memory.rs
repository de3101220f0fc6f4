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
}

/// One cable, a virtual one.
#[derive(Debug)]
pub struct Cable {
    /// `None` carries datagrams.
    stream: Option<Framing>,
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
}

impl Cable {
    /// A cable of a wire's kind, plugged in at `now`: both ends get [`Arrival::Up`].
    #[must_use]
    pub fn new(wire: &Wire, seed: u64, now: Mono) -> Self {
        let stream = match wire {
            Wire::Tcp { framing, .. } => Some(*framing),
            Wire::WebSocket { .. } | Wire::Http { .. } => Some(Framing::Lines),
            Wire::Udp { .. } | Wire::UdpShared { .. } | Wire::Multicast { .. } | Wire::Midi { .. } => None,
        };
        let mut cable = Self {
            stream,
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
        };
        cable.connect(now);
        cable
    }

    /// When something comes out next.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        crate::devices::earlier(self.in_flight.keys().next().map(|(at, _)| *at), self.retry)
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
        let first = self.in_flight.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(first.remove())
    }

    /// Puts a message in at one end.
    ///
    /// # Errors
    /// When the sender can know that it does not arrive: the stream is down, the cable is out.
    pub fn send(&mut self, now: Mono, from: Side, bytes: Vec<u8>) -> Result<(), Arc<str>> {
        if !self.up {
            return Err("not connected".into());
        }
        match (self.state, self.stream) {
            (State::Cut, None) if from == Side::Driver && self.random.percent(50) => return Err("no route to host".into()),
            (State::Cut | State::Silent, _) => return Ok(()),
            (State::Whole, Some(_)) if self.stale => {
                self.break_off(now, "connection reset");
                return Err("connection reset".into());
            }
            (State::Whole, Some(Framing::Raw)) => self.send_pieces(now, from, &bytes),
            (State::Whole, Some(_)) => self.put_in_order(now, from, Arrival::Message(bytes)),
            (State::Whole, None) => self.send_datagram(now, from, bytes),
        }
        Ok(())
    }

    /// Unplugs it.
    pub fn cut(&mut self, now: Mono) {
        self.state = State::Cut;
        self.lose_messages();
        if self.stream.is_some() {
            self.break_off(now, "connection lost");
        }
    }

    /// Lets nothing pass and tells nobody; a stream is half open afterwards: its far end has forgotten it.
    pub fn silence(&mut self) {
        self.state = State::Silent;
        self.lose_messages();
        self.stale = self.stream.is_some();
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
        self.break_off(now, CLOSED);
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
        if self.stream.is_some() {
            self.break_off(now, "connection closed");
        } else {
            self.announce(now, Side::Driver, Arrival::Up);
        }
    }

    /// The device at the far end starts anew: streams break off, datagrams on their way are lost.
    pub fn far_end_restarts(&mut self, now: Mono) {
        self.lose_messages();
        if self.stream.is_some() {
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
        Wire::Udp { to, .. } | Wire::UdpShared { to, .. } | Wire::Tcp { to, .. } => of(to),
        Wire::Multicast { group } => *group,
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
        cable.send(Mono::ZERO, Side::Driver, vec![1]).unwrap();
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
                cable.send(Mono(u64::from(n) * 1000), Side::Device, vec![n]).unwrap();
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
            cable.send(Mono::ZERO, Side::Driver, piece.to_vec()).unwrap();
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
        assert!(cable.send(Mono(6), Side::Driver, vec![1]).is_err());
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
            assert!(cable.send(SECOND, Side::Driver, vec![1]).is_err());
            assert_eq!(cable.next_due(), None);
            cable.reopen_closed(SECOND);
            assert_eq!(drain(&mut cable, SECOND + RECONNECT), [(Side::Device, Arrival::Up), (Side::Driver, Arrival::Up)]);
        }
    }

    #[test]
    fn a_half_open_stream_is_found_out_by_the_next_send_after_healing() {
        let mut cable = plugged(&tcp(Framing::Lines), 3);
        cable.silence();
        cable.send(Mono(5), Side::Driver, vec![1]).unwrap();
        assert_eq!(cable.pop(SECOND), None);
        cable.heal(SECOND);
        assert!(cable.send(SECOND, Side::Driver, vec![1]).is_err());
        assert!(matches!(cable.pop(SECOND), Some((Side::Driver, Arrival::Down(_)))));
        drain(&mut cable, SECOND);
        assert_eq!(drain(&mut cable, SECOND + RECONNECT).len(), 2);
    }

    #[test]
    fn datagrams_into_a_cut_cable_are_lost_and_some_senders_know() {
        let mut cable = plugged(&udp(), 3);
        cable.cut(Mono::ZERO);
        let known = (0..100).filter(|_| cable.send(Mono::ZERO, Side::Driver, vec![1]).is_err()).count();
        assert!((20..80).contains(&known), "{known}");
        assert_eq!(cable.pop(SECOND), None);
    }

    #[test]
    fn it_never_holds_more_than_its_limit() {
        let mut cable = plugged(&udp(), 3);
        for _ in 0..2 * IN_FLIGHT {
            cable.send(Mono::ZERO, Side::Driver, vec![1]).unwrap();
        }
        assert_eq!(drain(&mut cable, SECOND).len(), IN_FLIGHT);
    }
}
