//! The real ends of all wires of a rack: opens, watches, retries. Everything here is non-blocking.

mod receive;

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;

use tokio::runtime::Runtime;

use super::memory::CLOSED;
use super::multicast::{Multicast, Ways, Wish, source_towards};
use super::net_key::Key;
use super::resolve::{Resolver, literal};
use super::shared::{Hub, Opened};
use super::stream::{Peer, Stream};
use super::sys::{NetworkChanges, Poller, Wake};
use super::udp;
use crate::devices::{Send, Target, Wire};
use crate::time::{Mono, Span};
pub use receive::{Owner, Ready, Received};

/// How long after a failure a socket is opened again, or a name asked again.
const RETRY: Span = Span::secs(2);
/// Why a wire without a way is down.
const NO_WAY: &str = "this machine has no link to it (is the cable of this machine plugged in?)";
/// The far end of a link may hear a moment later than ours: what is sent before is lost, and the question for a hardware address is only
/// repeated after a second.
const SETTLE: Span = Span::ms(100);
/// Changes of this machine's networks come in bursts: they are looked at no more often than this.
const LOOK_EVERY: Span = Span::ms(20);

/// One wire of one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Plug {
    /// Index of the device.
    pub device: u16,
    /// Index of the wire.
    pub wire: u8,
}

/// News of a wire itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It can be used.
    Up,
    /// It cannot be used.
    Down(Arc<str>),
    /// An earlier datagram of this destination came back.
    SendFailed(Option<SocketAddr>, Arc<str>),
}

/// Port, IPv6: wires that agree in these share a socket.
type HubKey = (u16, bool);

/// One wire's end.
#[derive(Debug)]
struct End {
    plug: Plug,
    /// Host and port as the show names them.
    target: Target,
    address: Option<SocketAddr>,
    kind: Kind,
    /// Its local port is the one after that of the end before it.
    next: bool,
    /// When opening is tried again.
    retry: Option<Mono>,
    /// Its driver closed it for good: not opened before a person acts.
    closed: bool,
    /// What the driver was told last, so that it is told once.
    told: Option<Result<(), Arc<str>>>,
    /// There was no way there at the last look: it is opened when there is one again.
    stranded: bool,
    /// This machine's address on the way there, as of the last change of its networks.
    via: Option<Ipv4Addr>,
}

#[derive(Debug)]
enum Kind {
    Own(Option<UdpSocket>),
    Shared { port: u16, strangers: bool, hub: Option<usize> },
    Multicast(Wish, Option<Multicast>),
    Stream(Peer, Option<Stream>),
}

/// All real ends of a rack.
#[derive(Debug)]
pub struct Net {
    poller: Poller,
    ends: Vec<End>,
    hubs: Vec<(HubKey, Hub<Plug>)>,
    resolver: Option<Resolver>,
    /// Moves the bytes of streams.
    runtime: Option<Runtime>,
    wake: Wake,
    news: VecDeque<(Plug, News)>,
    /// The resolver has rung.
    answered: bool,
    /// Tells of changes of this machine's networks, where the system lets us hear of them.
    changes: Option<NetworkChanges>,
    /// The networks have changed since they were looked at.
    changed: bool,
    /// They are not looked at before this.
    look: Mono,
    /// Local ports are the kernel's choice, whatever the families say: two racks live on one machine in tests.
    any_port: bool,
}

impl Net {
    /// One without ends.
    ///
    /// # Errors
    /// When the process has no descriptors left.
    pub fn new(any_port: bool) -> io::Result<Self> {
        let (poller, wake) = (Poller::new()?, Wake::new()?);
        poller.add(wake.as_fd(), Key::Resolver.pack())?;
        // Without it, what a change of network breaks is mended after the next send that fails.
        let changes = NetworkChanges::watch().ok().filter(|changes| poller.add(changes.as_fd(), Key::Changes.pack()).is_ok());
        Ok(Self {
            poller,
            ends: Vec::new(),
            hubs: Vec::new(),
            resolver: None,
            runtime: None,
            wake,
            news: VecDeque::new(),
            answered: false,
            changes,
            changed: false,
            look: Mono::ZERO,
            any_port,
        })
    }

    /// The one descriptor that is readable when any end has something.
    #[must_use]
    pub fn fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.poller.as_fd()
    }

    /// Adds a wire's end (in the order of plugs); it is opened by the next [`Net::tick`].
    pub fn plug(&mut self, plug: Plug, wire: &Wire) {
        let local = |port: u16| if self.any_port { 0 } else { port };
        // A task finds its own way: a name is resolved at each attempt.
        let stream = |peer| (Target { host: String::new(), port: 0 }, Kind::Stream(peer, None));
        let (target, kind) = match wire {
            Wire::Udp { to, local_port: 0 } | Wire::UdpNext { to } => (to.clone(), Kind::Own(None)),
            // A port of its own choice: some devices answer to a fixed port, from any port of theirs.
            Wire::Udp { to, local_port } => (to.clone(), Kind::Shared { port: local(*local_port), strangers: false, hub: None }),
            Wire::UdpShared { to, local_port, strangers } => {
                (to.clone(), Kind::Shared { port: local(*local_port), strangers: *strangers, hub: None })
            }
            Wire::Multicast { groups, port, network, own } => {
                let wish = Wish { groups: groups.clone(), port: local(*port), network: network.clone(), own: Some(*own) };
                (Target { host: Ipv4Addr::UNSPECIFIED.to_string(), port: *port }, Kind::Multicast(wish, None))
            }
            Wire::Tcp { to, framing } => stream(Peer::Tcp(to.clone(), *framing)),
            Wire::WebSocket { url, protocol } => stream(Peer::WebSocket(url.clone(), protocol.clone())),
            Wire::Http { base } => stream(Peer::Http(base.clone())),
            Wire::Midi { port } => stream(Peer::Midi(port.clone())),
        };
        let address = literal(&target.host).map(|ip| SocketAddr::new(ip, target.port));
        let next = matches!(wire, Wire::UdpNext { .. });
        let retry = Some(Mono::ZERO);
        let end = End { plug, target, address, kind, next, retry, closed: false, told: None, stranded: false, via: None };
        self.ends.push(end);
    }

    /// Opens what is to be opened and takes the resolver's answers.
    pub fn tick(&mut self, now: Mono) {
        self.answered = false;
        if self.changed && now >= self.look {
            (self.changed, self.look) = (false, now + LOOK_EVERY);
            self.look_at_networks(now);
        }
        while let Some((ticket, answer)) = self.resolver.as_ref().and_then(Resolver::answer) {
            let Some(at) = usize::try_from(ticket).ok().filter(|at| *at < self.ends.len()) else { continue };
            let Some(end) = self.ends.get_mut(at) else { continue };
            match answer {
                Ok(address) => {
                    (end.address, end.retry) = (Some(address), None);
                    self.open(at, now);
                }
                Err(why) => {
                    end.retry = Some(now + RETRY);
                    end.tell(Err(why), &mut self.news);
                }
            }
        }
        for at in 0..self.ends.len() {
            if self.ends.get(at).is_some_and(|end| end.retry.is_some_and(|due| due <= now)) {
                self.open(at, now);
            }
        }
    }

    /// When an end is to be opened.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        let retries = self.ends.iter().filter_map(|end| end.retry).chain(self.changed.then_some(self.look)).min();
        if self.news.is_empty() && !self.answered { retries } else { Some(Mono::ZERO) }
    }

    /// The next news.
    pub fn news(&mut self) -> Option<(Plug, News)> {
        self.news.pop_front()
    }

    fn open(&mut self, at: usize, now: Mono) {
        let Some(end) = self.ends.get_mut(at) else { return };
        end.retry = None;
        if end.closed {
            return;
        }
        if end.stranded {
            // One look for all of them, should the system not have told that there is a way again.
            (end.retry, self.changed) = (Some(now + RETRY), true);
            return;
        }
        if let Kind::Stream(peer, None) = &end.kind {
            let peer = peer.clone();
            return self.open_stream(at, peer, now);
        }
        let Some(address) = end.address else { return self.resolve(at, now) };
        let result = match end.kind {
            Kind::Own(_) => self.open_own(at, address, now),
            Kind::Shared { port, strangers, .. } => self.open_shared(at, address, (port, address.is_ipv6()), strangers),
            Kind::Multicast(..) => self.open_multicast(at),
            Kind::Stream(..) => return,
        };
        let Some(end) = self.ends.get_mut(at) else { return };
        match result {
            Ok(()) => end.tell(Ok(()), &mut self.news),
            Err(e) => {
                end.retry = Some(now + RETRY);
                end.tell(Err(udp::plain(&e)), &mut self.news);
                if end.next {
                    // Its one port is taken: the two look for others.
                    self.anew(at.checked_sub(1), now);
                }
            }
        }
    }

    /// An end of its own socket opens another.
    fn anew(&mut self, at: Option<usize>, now: Mono) {
        if let Some(End { kind: Kind::Own(socket @ Some(_)), told, retry, .. }) = at.and_then(|at| self.ends.get_mut(at)) {
            (*socket, *told, *retry) = (None, None, Some(now));
        }
    }

    fn end(&self, plug: Plug) -> Option<&End> {
        self.ends.binary_search_by_key(&plug, |end| end.plug).ok().and_then(|at| self.ends.get(at))
    }

    fn end_mut(&mut self, plug: Plug) -> Option<&mut End> {
        self.ends.binary_search_by_key(&plug, |end| end.plug).ok().and_then(|at| self.ends.get_mut(at))
    }

    fn resolve(&mut self, at: usize, now: Mono) {
        if self.resolver.is_none() {
            self.resolver = Resolver::start(self.wake.clone()).ok();
        }
        let Some(end) = self.ends.get_mut(at) else { return };
        let ticket = u64::try_from(at).unwrap_or(u64::MAX);
        let asked = self.resolver.as_ref().is_some_and(|r| r.ask(ticket, &end.target.host, end.target.port));
        if !asked {
            end.retry = Some(now + RETRY);
        }
    }

    fn open_stream(&mut self, at: usize, peer: Peer, now: Mono) {
        let Some(end) = self.ends.get_mut(at) else { return };
        let opened = match &mut self.runtime {
            Some(runtime) => Ok(runtime),
            none => start_runtime().map(|runtime| none.insert(runtime)),
        };
        let opened = opened.and_then(|runtime| {
            let stream = Stream::open(runtime.handle(), peer.clone())?;
            self.poller.add(stream.fd(), Key::Own(end.plug).pack())?;
            Ok(stream)
        });
        match opened {
            // The stream itself says when it is connected.
            Ok(stream) => end.kind = Kind::Stream(peer, Some(stream)),
            Err(e) => {
                end.retry = Some(now + RETRY);
                end.tell(Err(udp::plain(&e)), &mut self.news);
            }
        }
    }

    fn open_own(&mut self, at: usize, address: SocketAddr, now: Mono) -> io::Result<()> {
        let is_next = |at: usize| self.ends.get(at).is_some_and(|end| end.next);
        let socket = if is_next(at) {
            let before = at.checked_sub(1).and_then(|at| self.ends.get(at));
            let Some(Kind::Own(Some(before))) = before.map(|end| &end.kind) else { return Err(io::ErrorKind::NotConnected.into()) };
            udp::next_to(before, address)?
        } else if is_next(at + 1) {
            self.anew(Some(at + 1), now);
            udp::with_free_neighbour(address)?
        } else {
            udp::connected(0, address)?
        };
        let Some(end) = self.ends.get_mut(at) else { return Ok(()) };
        end.via = source_towards(address);
        self.poller.add(socket.as_fd(), Key::Own(end.plug).pack())?;
        end.kind = Kind::Own(Some(socket));
        Ok(())
    }

    fn open_multicast(&mut self, at: usize) -> io::Result<()> {
        let Some(End { plug, kind: Kind::Multicast(wish, open), .. }) = self.ends.get_mut(at) else { return Ok(()) };
        let multicast = Multicast::open(wish)?;
        for (slot, fd) in multicast.fds().enumerate() {
            self.poller.add(fd, Key::Group(*plug, slot).pack())?;
        }
        *open = Some(multicast);
        Ok(())
    }

    /// A link, an address or a way has come or gone. A wire without a way, or whose link carries nothing, is down, and opened anew when
    /// it has a way again.
    fn look_at_networks(&mut self, now: Mono) {
        let Ok(ways) = Ways::now() else { return };
        for end in self.ends.iter_mut().filter(|end| !end.closed && !matches!(end.kind, Kind::Stream(..))) {
            if let Kind::Multicast(wish, open) = &mut end.kind {
                if open.as_ref().is_some_and(|open| open.is_current(wish)) {
                    continue;
                }
                if open.take().is_some() {
                    end.told = None;
                }
                end.retry = Some(now);
                continue;
            }
            let Some(IpAddr::V4(address)) = end.address.map(|address| address.ip()) else { continue };
            let before = std::mem::replace(&mut end.via, ways.to(address));
            end.stranded = end.via.is_none();
            match end.via {
                None if end.kind.leave() => {
                    end.retry = Some(now + RETRY);
                    end.tell(Err(NO_WAY.into()), &mut self.news);
                }
                Some(_) if end.retry.is_some() => end.retry = end.retry.min(Some(now + SETTLE)),
                // Another way: the socket has the address of the old one.
                via if before.is_some() && before != via && end.kind.leave() => (end.told, end.retry) = (None, Some(now + SETTLE)),
                _ => {}
            }
        }
    }

    fn open_shared(&mut self, at: usize, address: SocketAddr, key: HubKey, takes: bool) -> io::Result<()> {
        let found = self.hubs.iter().position(|(k, _)| *k == key);
        let hub_at = match found {
            Some(hub_at) => hub_at,
            None => {
                let hub = Hub::open(key.0, key.1)?;
                self.poller.add(hub.fd(), Key::Hub(self.hubs.len()).pack())?;
                self.hubs.push((key, hub));
                self.hubs.len() - 1
            }
        };
        let (Some((_, hub)), Some(end)) = (self.hubs.get_mut(hub_at), self.ends.get_mut(at)) else { return Ok(()) };
        hub.claim(address, end.plug, takes);
        if let Some(slot) = hub.renew(address)
            && let Some(fd) = hub.destination_fd(slot)
        {
            self.poller.add(fd, Key::Destination(hub_at, slot).pack())?;
        }
        if let Kind::Shared { hub, .. } = &mut end.kind {
            *hub = Some(hub_at);
        }
        end.via = source_towards(address);
        Ok(())
    }

    /// Sends the first of a wire's messages to one address, and those after it that leave by the same call of the system. Their `to` is other
    /// than the wire's own target only where the port is shared. Gives how many are done with: that many have left, or the first has not, and why.
    pub fn send(&mut self, now: Mono, plug: Plug, messages: &[Send]) -> (usize, Result<(), Arc<str>>) {
        let Some(first) = messages.first() else { return (0, Ok(())) };
        let to = first.to;
        // Ends stand in the order of their plugs.
        let found = self.ends.binary_search_by_key(&plug, |end| end.plug).ok();
        let Some(end) = found.and_then(|at| self.ends.get_mut(at)) else { return (1, Err("no such wire".into())) };
        if let Kind::Stream(_, Some(stream)) = &end.kind {
            return (1, stream.send(first.tag, first.bytes.clone()));
        }
        let Some(own) = end.address else { return (1, Err(end.trouble())) };
        let datagrams = messages.iter().map(|message| message.bytes.as_slice());
        let (done, result) = match &mut end.kind {
            Kind::Own(Some(socket)) => udp::send_many(socket, datagrams),
            Kind::Shared { hub: Some(hub_at), .. } => {
                let hub_at = *hub_at;
                let Some((_, hub)) = self.hubs.get_mut(hub_at) else { return (1, Err("no such port".into())) };
                let (opened, result) = hub.send(to.unwrap_or(own), datagrams);
                if let Opened::Slot(slot) = opened
                    && let Some(fd) = hub.destination_fd(slot)
                {
                    // A socket that cannot be watched still sends.
                    drop(self.poller.add(fd, Key::Destination(hub_at, slot).pack()));
                }
                result
            }
            Kind::Multicast(_, Some(multicast)) => (1, multicast.send(to.unwrap_or(own), &first.bytes)),
            Kind::Own(None) | Kind::Shared { hub: None, .. } | Kind::Multicast(_, None) | Kind::Stream(..) => {
                return (1, Err(end.trouble()));
            }
        };
        let Err(fault) = result else { return (done, Ok(())) };
        if fault.broken && end.kind.shut() {
            end.retry = Some(now + RETRY);
            end.tell(Err(fault.why.clone()), &mut self.news);
        }
        if !fault.left {
            return (done, Err(fault.why));
        }
        self.news.push_back((plug, News::SendFailed(to, fault.why)));
        (done, Ok(()))
    }

    /// Closes a wire and opens it anew.
    pub fn reopen(&mut self, now: Mono, plug: Plug) {
        let Some(end) = self.end_mut(plug) else { return };
        if end.closed {
            return;
        }
        match &mut end.kind {
            Kind::Shared { hub, .. } => *hub = None,
            Kind::Stream(_, stream) => return stream.iter().for_each(Stream::reopen),
            own => drop(own.shut()),
        }
        (end.told, end.retry) = (None, Some(now));
    }

    /// Closes a wire, which stays closed until [`Net::reopen_closed`].
    pub fn close(&mut self, plug: Plug) {
        let Some(end) = self.ends.binary_search_by_key(&plug, |end| end.plug).ok().and_then(|at| self.ends.get_mut(at)) else { return };
        match &mut end.kind {
            Kind::Shared { hub, .. } => *hub = None,
            own @ (Kind::Own(_) | Kind::Multicast(..)) => drop(own.shut()),
            // Dropping a stream closes its connection and ends its tries.
            Kind::Stream(_, stream) => *stream = None,
        }
        (end.closed, end.retry) = (true, None);
        end.tell(Err(CLOSED.into()), &mut self.news);
    }

    /// A person acted: wires of the device that were closed for good are opened again.
    pub fn reopen_closed(&mut self, now: Mono, device: u16) {
        for end in self.ends.iter_mut().filter(|end| end.plug.device == device && end.closed) {
            (end.closed, end.told, end.retry) = (false, None, Some(now));
        }
    }

    /// The local port of a wire's socket, for tests and the technician.
    #[must_use]
    pub fn local_port(&self, plug: Plug) -> Option<u16> {
        match &self.end(plug)?.kind {
            Kind::Own(socket) => socket.as_ref()?.local_addr().ok().map(|a| a.port()),
            Kind::Shared { hub, .. } => self.hubs.get((*hub)?).map(|(_, hub)| hub.port()),
            Kind::Multicast(_, open) => open.as_ref()?.port(),
            Kind::Stream(..) => None,
        }
    }
}

impl Kind {
    /// Gives its sockets up, or its place in a shared one. False: it has none.
    fn leave(&mut self) -> bool {
        match self {
            Self::Shared { hub, .. } => hub.take().is_some(),
            own => own.shut(),
        }
    }

    /// Closes the sockets that are the wire's alone. False: it has none.
    fn shut(&mut self) -> bool {
        match self {
            Self::Own(socket) => socket.take().is_some(),
            Self::Multicast(_, open) => open.take().is_some(),
            Self::Shared { .. } | Self::Stream(..) => false,
        }
    }
}

impl Drop for Net {
    /// Does not wait for names that are being resolved.
    fn drop(&mut self) {
        self.ends.clear();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// One thread for all streams: it moves bytes and decides nothing.
fn start_runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).max_blocking_threads(8).thread_name("streams").enable_all().build()
}

impl End {
    fn tell(&mut self, state: Result<(), Arc<str>>, news: &mut VecDeque<(Plug, News)>) {
        if self.told.as_ref() == Some(&state) {
            return;
        }
        news.push_back((self.plug, state.clone().map_or_else(News::Down, |()| News::Up)));
        self.told = Some(state);
    }

    fn trouble(&self) -> Arc<str> {
        match &self.told {
            Some(Err(why)) => why.clone(),
            _ => "the wire is not open yet".into(),
        }
    }
}
