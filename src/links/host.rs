//! A simulator on a real socket: third-party clients talk to it as they would to the device.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;

use super::framing::{Cutter, wrap};
use super::host_http;
use super::host_ws::{self, Happening};
use super::multicast;
use super::sys::{Poller, boottime};
use super::udp;
use crate::devices::{Family, Framing, Out, Payload, Plan, Simulator, Wire, WireEvent, WireId};
use crate::show::{DeviceIx, Show};
use crate::time::{Mono, Span};

/// Connections at the same time; one more is closed at once.
pub(super) const CONNECTIONS: usize = 16;
/// Bytes that wait for a client which does not read; more closes it.
const WAITING: usize = 4 << 20;
/// How soon a client that did not take all its bytes is tried again.
const RETRY: Span = Span::ms(5);
/// All traffic runs over the device's first wire: one socket is one port. (Of WebSockets each connection is a wire.)
const WIRE: WireId = WireId(0);

/// A simulated device that listens.
pub struct Host {
    simulator: Box<dyn Simulator>,
    out: Out,
    poller: Poller,
    port: Port,
    address: SocketAddr,
    /// A second datagram port: a shared one beside a stream, where searches come and notices leave, or the neighbour of a first.
    notices: Option<Notices>,
    /// Who spoke last: what the device says of itself goes there.
    peer: Option<SocketAddr>,
    buffer: Vec<u8>,
}

enum Port {
    Datagrams(UdpSocket),
    Streams { listener: TcpListener, framing: Framing, clients: Vec<Client> },
    WebSockets(host_ws::Door),
    Requests(host_http::Door),
}

struct Notices {
    wire: WireId,
    socket: UdpSocket,
    /// Who spoke last there.
    peer: Option<SocketAddr>,
}

struct Client {
    stream: TcpStream,
    from: SocketAddr,
    cutter: Cutter,
    waiting: Vec<u8>,
}

impl Host {
    /// Opens the socket that the device's first wire asks for.
    ///
    /// # Errors
    /// When the port is taken, or the device speaks over a wire that this build cannot listen on.
    pub fn open(show: &Arc<Show>, device: DeviceIx, family: Family, listen: SocketAddr) -> io::Result<Self> {
        let plan = Plan { show, device };
        let wires = (family.wires)(plan);
        let mut neighbour = None;
        let (port, address) = match wires.first() {
            Some(Wire::Udp { .. } | Wire::UdpShared { .. } | Wire::Multicast { .. }) => {
                let socket = match wires.get(1) {
                    Some(Wire::UdpNext { .. }) => {
                        let (first, second) = udp::neighbours(listen)?;
                        neighbour = Some(Notices { wire: WireId(1), socket: second, peer: None });
                        first
                    }
                    _ => udp::bound_at(listen)?,
                };
                // A group is heard on a socket of every address alone.
                for wire in wires.iter().filter(|_| listen.ip().is_unspecified()) {
                    if let Wire::Multicast { groups, network, .. } = wire {
                        multicast::join_all(&socket, groups, network)?;
                    }
                }
                let address = socket.local_addr()?;
                (Port::Datagrams(socket), address)
            }
            Some(Wire::Tcp { framing, .. }) => {
                let listener = TcpListener::bind(listen)?;
                listener.set_nonblocking(true)?;
                let address = listener.local_addr()?;
                (Port::Streams { listener, framing: *framing, clients: Vec::new() }, address)
            }
            Some(Wire::WebSocket { protocol, .. }) => {
                let door = host_ws::Door::open(listen, protocol.clone())?;
                let address = door.address()?;
                (Port::WebSockets(door), address)
            }
            Some(Wire::Http { .. }) => {
                let door = host_http::Door::open(listen)?;
                let address = door.address()?;
                (Port::Requests(door), address)
            }
            Some(Wire::UdpNext { .. } | Wire::Midi { .. }) | None => {
                return Err(io::Error::new(io::ErrorKind::Unsupported, "its simulator speaks over a wire that no socket can listen on"));
            }
        };
        let poller = Poller::new()?;
        match &port {
            Port::Datagrams(socket) => poller.add(socket.as_fd(), 0)?,
            Port::Streams { listener, .. } => poller.add(listener.as_fd(), 0)?,
            Port::WebSockets(door) => poller.add(door.fd(), 0)?,
            Port::Requests(door) => poller.add(door.fd(), 0)?,
        }
        let notices = if matches!(port, Port::Streams { .. }) { Notices::open(&wires, listen, address)? } else { neighbour };
        if let Some(notices) = &notices {
            poller.add(notices.socket.as_fd(), 2)?;
        }
        let simulator = (family.simulator)(plan);
        let mut host = Self { simulator, out: Out::new(), poller, port, address, notices, peer: None, buffer: vec![0; 65_536] };
        if let Some(wire) = host.notices.as_ref().map(|notices| notices.wire) {
            host.simulator.handle(boottime(), WireEvent::Up(wire), &mut host.out);
        }
        if !matches!(host.port, Port::WebSockets(_)) {
            host.simulator.handle(boottime(), WireEvent::Up(WIRE), &mut host.out);
        }
        host.flush();
        Ok(host)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it listens for: `udp`, `tcp`, `websocket` or `http`.
    #[must_use]
    pub const fn transport(&self) -> &'static str {
        match self.port {
            Port::Datagrams(_) => "udp",
            Port::Streams { .. } => "tcp",
            Port::WebSockets(_) => "websocket",
            Port::Requests(_) => "http",
        }
    }

    /// The simulated device.
    pub fn simulator(&mut self) -> &mut dyn Simulator {
        &mut *self.simulator
    }

    /// Waits for traffic or the simulator's own next work, at most `longest`, and does what there is.
    ///
    /// # Errors
    /// What the kernel says of waiting.
    pub fn step(&mut self, longest: Option<Span>) -> io::Result<()> {
        let due = self.simulator.next_due().map(|due| due.since(boottime()));
        let retry = self.has_waiting().then_some(RETRY);
        let timeout = [longest, due, retry].into_iter().flatten().min();
        let ready = !self.poller.wait(timeout)?.is_empty();
        let now = boottime();
        if ready || self.has_waiting() {
            match &mut self.port {
                Port::Datagrams(_) => {
                    self.receive_datagrams(now);
                    self.receive_notices(now);
                }
                Port::Streams { .. } => {
                    self.receive_streams(now);
                    self.receive_notices(now);
                }
                Port::WebSockets(door) => {
                    let happened = door.look(&self.poller);
                    self.tell(now, happened);
                }
                Port::Requests(door) => {
                    let happened = door.look(&self.poller);
                    self.tell(now, happened);
                }
            }
        }
        if self.simulator.next_due().is_some_and(|due| due <= now) {
            self.simulator.tick(now, &mut self.out);
            self.flush();
        }
        Ok(())
    }

    fn has_waiting(&self) -> bool {
        match &self.port {
            Port::Datagrams(_) => false,
            Port::Streams { clients, .. } => clients.iter().any(|client| !client.waiting.is_empty()),
            Port::WebSockets(door) => door.has_waiting(),
            Port::Requests(door) => door.has_waiting(),
        }
    }

    /// Gives the simulator what happened at its door, in order.
    fn tell(&mut self, now: Mono, happened: Vec<Happening>) {
        for one in &happened {
            let event = match one {
                Happening::Up(wire) => WireEvent::Up(*wire),
                Happening::Down(wire) => WireEvent::Down(*wire, "the client closed the connection".into()),
                Happening::Text(wire, from, text) => WireEvent::Data { wire: *wire, from: Some(*from), payload: Payload::Text(text) },
                Happening::Asked(tag, from, request) => {
                    WireEvent::Data { wire: WIRE, from: Some(*from), payload: Payload::HttpRequest { tag: *tag, request } }
                }
            };
            self.simulator.handle(now, event, &mut self.out);
            self.flush();
        }
    }

    fn receive_datagrams(&mut self, now: Mono) {
        for _ in 0..64 {
            let Port::Datagrams(socket) = &self.port else { return };
            let Some((length, from)) = udp::receive(socket, &mut self.buffer) else { return };
            self.peer = Some(from);
            let payload = Payload::Datagram(self.buffer.get(..length).unwrap_or_default());
            self.simulator.handle(now, WireEvent::Data { wire: WIRE, from: Some(from), payload }, &mut self.out);
            self.flush();
        }
    }

    fn receive_notices(&mut self, now: Mono) {
        for _ in 0..64 {
            let Some(notices) = &mut self.notices else { return };
            let Some((length, from)) = udp::receive(&notices.socket, &mut self.buffer) else { return };
            notices.peer = Some(from);
            let payload = Payload::Datagram(self.buffer.get(..length).unwrap_or_default());
            self.simulator.handle(now, WireEvent::Data { wire: notices.wire, from: Some(from), payload }, &mut self.out);
            self.flush();
        }
    }

    fn receive_streams(&mut self, now: Mono) {
        for from in self.accept() {
            // What a device says when somebody connects is for the one who did.
            self.peer = Some(from);
            self.simulator.handle(now, WireEvent::Up(WIRE), &mut self.out);
            self.flush();
        }
        let (mut messages, mut gone) = (Vec::new(), false);
        if let Port::Streams { framing, clients, .. } = &mut self.port {
            clients.retain_mut(|client| {
                let alive = client.read(&mut self.buffer, &mut messages) && client.write();
                gone |= !alive;
                alive
            });
            for (from, message) in &messages {
                self.peer = Some(*from);
                let payload = if *framing == Framing::Raw { Payload::Chunk(message) } else { Payload::Datagram(message) };
                self.simulator.handle(now, WireEvent::Data { wire: WIRE, from: Some(*from), payload }, &mut self.out);
            }
        }
        if gone && self.clients() == 0 {
            self.simulator.handle(now, WireEvent::Down(WIRE, "the client closed the connection".into()), &mut self.out);
        }
        self.flush();
    }

    fn clients(&self) -> usize {
        if let Port::Streams { clients, .. } = &self.port { clients.len() } else { 0 }
    }

    /// Takes new connections; gives who came.
    fn accept(&mut self) -> Vec<SocketAddr> {
        let mut came = Vec::new();
        let Port::Streams { listener, framing, clients } = &mut self.port else { return came };
        while let Ok((stream, from)) = listener.accept() {
            let ready = stream.set_nonblocking(true).and_then(|()| stream.set_nodelay(true));
            if clients.len() < CONNECTIONS && ready.is_ok() && self.poller.add(stream.as_fd(), 1).is_ok() {
                clients.push(Client { stream, from, cutter: Cutter::new(*framing), waiting: Vec::new() });
                came.push(from);
            }
        }
        came
    }

    /// Sends what the simulator gave: to whom it names, else to who spoke last, else (streams) to all.
    fn flush(&mut self) {
        let mut sends = std::mem::take(&mut self.out.sends);
        for send in sends.drain(..) {
            if let Some(notices) = self.notices.as_ref().filter(|notices| notices.wire == send.wire) {
                drop(send.to.or(notices.peer).map(|to| notices.socket.send_to(&send.bytes, to)));
                continue;
            }
            let to = send.to.or(self.peer);
            match &mut self.port {
                // A client that has gone is its own loss.
                Port::Datagrams(socket) => drop(to.map(|to| socket.send_to(&send.bytes, to))),
                Port::WebSockets(door) => door.send(send.wire, &send.bytes),
                Port::Requests(door) => door.answer(send.tag, &send.bytes),
                Port::Streams { framing, clients, .. } => {
                    let named = to.filter(|to| clients.iter().any(|client| client.from == *to));
                    for client in clients.iter_mut().filter(|client| named.is_none_or(|to| client.from == to)) {
                        wrap(*framing, &send.bytes, &mut client.waiting);
                        client.write();
                    }
                }
            }
        }
        self.out.sends = sends;
        for (wire, code, reason) in self.out.hang_ups.drain(..) {
            if let Port::WebSockets(door) = &mut self.port {
                door.hang_up(wire, code, reason);
            }
        }
        self.out.reports.clear();
        let hangs_up = !std::mem::take(&mut self.out.reopen).is_empty();
        if let (true, Port::Streams { clients, .. }) = (hangs_up, &mut self.port)
            && !clients.is_empty()
        {
            clients.clear();
            self.simulator.handle(boottime(), WireEvent::Down(WIRE, "the device closed the connection".into()), &mut self.out);
            self.out = Out::new();
        }
        self.out.close.clear();
    }
}

impl Notices {
    /// The datagram socket of the same number as the stream's, where the device has such a wire. A stream on any free port does without
    /// when the number is somebody else's.
    fn open(wires: &[Wire], listen: SocketAddr, address: SocketAddr) -> io::Result<Option<Self>> {
        let Some(at) = wires.iter().position(|wire| matches!(wire, Wire::UdpShared { .. })) else { return Ok(None) };
        match udp::bound_at(address) {
            Err(e) if listen.port() != 0 => Err(e),
            other => Ok(other.ok().map(|socket| Self { wire: WireId(u8::try_from(at).unwrap_or(0)), socket, peer: None })),
        }
    }
}

impl Client {
    /// Reads what there is; false: the client has gone, or makes no sense.
    fn read(&mut self, buffer: &mut [u8], messages: &mut Vec<(SocketAddr, Vec<u8>)>) -> bool {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return false,
                Ok(length) => {
                    let bytes = buffer.get(..length).unwrap_or_default();
                    if self.cutter.push(bytes, |message| messages.push((self.from, message.to_vec()))).is_err() {
                        return false;
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return true,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
    }

    /// Writes what waits, as far as it goes; false: the client has gone, or does not read.
    fn write(&mut self) -> bool {
        while !self.waiting.is_empty() {
            match self.stream.write(&self.waiting) {
                Ok(0) => return false,
                Ok(length) => drop(self.waiting.drain(..length)),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return self.waiting.len() <= WAITING,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        true
    }
}
