//! The real ends of all wires of a rack: opens, watches, retries. Everything here is non-blocking.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;

use super::resolve::{Resolver, literal};
use super::shared::{Hub, Opened};
use super::sys::{Poller, Wake};
use super::udp;
use crate::devices::{Target, Wire};
use crate::time::{Mono, Span};

/// How long after a failure a socket is opened again, or a name asked again.
const RETRY: Span = Span::secs(2);

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

/// A descriptor that has something; given back to [`Net::receive`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready(u64);

/// What a descriptor belongs to; packed into the poller's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Own(Plug),
    Hub(usize),
    Destination(usize, usize),
    Resolver,
}

impl Key {
    fn pack(self) -> u64 {
        let index = |n: usize| u64::try_from(n).unwrap_or(0);
        match self {
            Self::Own(plug) => (u64::from(plug.device) << 8) | u64::from(plug.wire),
            Self::Hub(hub) => (1 << 56) | index(hub),
            Self::Destination(hub, slot) => (2 << 56) | (index(hub) << 16) | index(slot),
            Self::Resolver => 3 << 56,
        }
    }

    fn unpack(key: u64) -> Self {
        let low = |bits: u32, shift: u32| usize::try_from((key >> shift) & ((1 << bits) - 1)).unwrap_or(0);
        match key >> 56 {
            0 => Self::Own(Plug { device: u16::try_from(low(16, 8)).unwrap_or(0), wire: u8::try_from(low(8, 0)).unwrap_or(0) }),
            1 => Self::Hub(low(16, 0)),
            2 => Self::Destination(low(16, 16), low(16, 0)),
            _ => Self::Resolver,
        }
    }
}

/// Port, IPv6, multicast group: wires that agree in these share a socket.
type HubKey = (u16, bool, Option<IpAddr>);

/// One wire's end.
#[derive(Debug)]
struct End {
    plug: Plug,
    /// Host and port as the show names them.
    target: Target,
    address: Option<SocketAddr>,
    kind: Kind,
    /// When opening is tried again.
    retry: Option<Mono>,
    /// What the driver was told last, so that it is told once.
    told: Option<Result<(), Arc<str>>>,
}

#[derive(Debug)]
enum Kind {
    Own(Option<UdpSocket>),
    Shared { port: u16, group: Option<IpAddr>, strangers: bool, hub: Option<usize> },
    Never,
}

/// All real ends of a rack.
#[derive(Debug)]
pub struct Net {
    poller: Poller,
    ends: Vec<End>,
    hubs: Vec<(HubKey, Hub<Plug>)>,
    resolver: Option<Resolver>,
    wake: Wake,
    news: VecDeque<(Plug, News)>,
    /// The resolver has rung.
    answered: bool,
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
        Ok(Self { poller, ends: Vec::new(), hubs: Vec::new(), resolver: None, wake, news: VecDeque::new(), answered: false, any_port })
    }

    /// The one descriptor that is readable when any end has something.
    #[must_use]
    pub fn fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.poller.as_fd()
    }

    /// Adds a wire's end (in the order of plugs); it is opened by the next [`Net::tick`].
    pub fn plug(&mut self, plug: Plug, wire: &Wire) {
        let local = |port: u16| if self.any_port { 0 } else { port };
        let nowhere = || Target { host: String::new(), port: 0 };
        let (target, kind) = match wire {
            Wire::Udp { to, local_port: 0 } => (to.clone(), Kind::Own(None)),
            // A port of its own choice: some devices answer to a fixed port, from any port of theirs.
            Wire::Udp { to, local_port } => {
                (to.clone(), Kind::Shared { port: local(*local_port), group: None, strangers: false, hub: None })
            }
            Wire::UdpShared { to, local_port, strangers } => {
                (to.clone(), Kind::Shared { port: local(*local_port), group: None, strangers: *strangers, hub: None })
            }
            Wire::Multicast { group } => (
                Target { host: group.ip().to_string(), port: group.port() },
                Kind::Shared { port: group.port(), group: Some(group.ip()), strangers: true, hub: None },
            ),
            Wire::Tcp { to, .. } => (to.clone(), Kind::Never),
            Wire::WebSocket { .. } | Wire::Http { .. } | Wire::Midi { .. } => (nowhere(), Kind::Never),
        };
        let address = literal(&target.host).map(|ip| SocketAddr::new(ip, target.port));
        let mut end = End { plug, target, address, kind, retry: Some(Mono::ZERO), told: None };
        if let Kind::Never = end.kind {
            end.retry = None;
            end.tell(Err(unsupported(wire)), &mut self.news);
        }
        self.ends.push(end);
    }

    /// Opens what is to be opened and takes the resolver's answers.
    pub fn tick(&mut self, now: Mono) {
        self.answered = false;
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
        let retries = self.ends.iter().filter_map(|end| end.retry).min();
        if self.news.is_empty() && !self.answered { retries } else { Some(Mono::ZERO) }
    }

    /// The next news.
    pub fn news(&mut self) -> Option<(Plug, News)> {
        self.news.pop_front()
    }

    fn open(&mut self, at: usize, now: Mono) {
        let Some(end) = self.ends.get_mut(at) else { return };
        end.retry = None;
        let Some(address) = end.address else { return self.resolve(at, now) };
        let result = match end.kind {
            Kind::Own(_) => self.open_own(at, address),
            Kind::Shared { port, group, strangers, .. } => self.open_shared(at, address, (port, address.is_ipv6(), group), strangers),
            Kind::Never => return,
        };
        let Some(end) = self.ends.get_mut(at) else { return };
        match result {
            Ok(()) => end.tell(Ok(()), &mut self.news),
            Err(e) => {
                end.retry = Some(now + RETRY);
                end.tell(Err(udp::plain(&e)), &mut self.news);
            }
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

    fn open_own(&mut self, at: usize, address: SocketAddr) -> io::Result<()> {
        let socket = udp::connected(0, address)?;
        let Some(end) = self.ends.get_mut(at) else { return Ok(()) };
        self.poller.add(socket.as_fd(), Key::Own(end.plug).pack())?;
        end.kind = Kind::Own(Some(socket));
        Ok(())
    }

    fn open_shared(&mut self, at: usize, address: SocketAddr, key: HubKey, takes: bool) -> io::Result<()> {
        let found = self.hubs.iter().position(|(k, _)| *k == key);
        let hub_at = match found {
            Some(hub_at) => hub_at,
            None => {
                let hub = Hub::open(key.0, key.1, key.2)?;
                self.poller.add(hub.fd(), Key::Hub(self.hubs.len()).pack())?;
                self.hubs.push((key, hub));
                self.hubs.len() - 1
            }
        };
        let (Some((_, hub)), Some(end)) = (self.hubs.get_mut(hub_at), self.ends.get_mut(at)) else { return Ok(()) };
        hub.claim(address, end.plug, takes);
        if let Kind::Shared { hub, .. } = &mut end.kind {
            *hub = Some(hub_at);
        }
        Ok(())
    }

    /// Sends one message of a wire; `to` other than the wire's own target only where the port is shared.
    ///
    /// # Errors
    /// Why it did not leave.
    pub fn send(&mut self, now: Mono, plug: Plug, to: Option<SocketAddr>, bytes: &[u8]) -> Result<(), Arc<str>> {
        // Ends stand in the order of their plugs.
        let found = self.ends.binary_search_by_key(&plug, |end| end.plug).ok();
        let Some(end) = found.and_then(|at| self.ends.get_mut(at)) else { return Err("no such wire".into()) };
        let Some(own) = end.address else { return Err(end.trouble()) };
        let result = match &mut end.kind {
            Kind::Own(Some(socket)) => udp::send(socket, bytes),
            Kind::Shared { hub: Some(hub_at), .. } => {
                let hub_at = *hub_at;
                let Some((_, hub)) = self.hubs.get_mut(hub_at) else { return Err("no such port".into()) };
                let (opened, result) = hub.send(to.unwrap_or(own), bytes);
                if let Opened::Slot(slot) = opened
                    && let Some(fd) = hub.destination_fd(slot)
                {
                    // A socket that cannot be watched still sends.
                    drop(self.poller.add(fd, Key::Destination(hub_at, slot).pack()));
                }
                result
            }
            Kind::Own(None) | Kind::Shared { hub: None, .. } | Kind::Never => return Err(end.trouble()),
        };
        let Err(fault) = result else { return Ok(()) };
        if fault.broken
            && let Kind::Own(socket) = &mut end.kind
        {
            *socket = None;
            end.retry = Some(now + RETRY);
            end.tell(Err(fault.why.clone()), &mut self.news);
        }
        if !fault.left {
            return Err(fault.why);
        }
        self.news.push_back((plug, News::SendFailed(to, fault.why)));
        Ok(())
    }

    /// Closes a wire and opens it anew.
    pub fn reopen(&mut self, now: Mono, plug: Plug) {
        let Some(end) = self.end_mut(plug) else { return };
        match &mut end.kind {
            Kind::Own(socket) => *socket = None,
            Kind::Shared { hub, .. } => *hub = None,
            Kind::Never => return,
        }
        (end.told, end.retry) = (None, Some(now));
    }

    /// What has something to read, into `ready`.
    ///
    /// # Errors
    /// What the kernel says of waiting.
    pub fn ready(&mut self, ready: &mut Vec<Ready>) -> io::Result<()> {
        ready.clear();
        ready.extend(self.poller.wait(Some(Span::ZERO))?.iter().map(|key| Ready(*key)));
        Ok(())
    }

    /// One datagram of a ready descriptor: whose it is, where it came from, its length in `buffer`.
    /// `None` when there is none (any more). A stranger's that nobody asks for is dropped: `Some` without a plug.
    pub fn receive(&mut self, ready: Ready, buffer: &mut [u8]) -> Option<(Option<Plug>, SocketAddr, usize)> {
        match Key::unpack(ready.0) {
            Key::Own(plug) => {
                let end = self.end(plug)?;
                let Kind::Own(Some(socket)) = &end.kind else { return None };
                let (length, from) = udp::receive(socket, buffer)?;
                Some((Some(plug), from, length))
            }
            Key::Hub(hub) => self.receive_shared(hub, None, buffer),
            Key::Destination(hub, slot) => self.receive_shared(hub, Some(slot), buffer),
            Key::Resolver => {
                self.wake.clear();
                self.answered = true;
                None
            }
        }
    }

    fn receive_shared(&self, hub: usize, slot: Option<usize>, buffer: &mut [u8]) -> Option<(Option<Plug>, SocketAddr, usize)> {
        let (_, hub) = self.hubs.get(hub)?;
        let (length, from) = hub.receive(slot, buffer)?;
        Some((hub.owner(from), from, length))
    }

    /// The local port of a wire's socket, for tests and the technician.
    #[must_use]
    pub fn local_port(&self, plug: Plug) -> Option<u16> {
        match &self.end(plug)?.kind {
            Kind::Own(socket) => socket.as_ref()?.local_addr().ok().map(|a| a.port()),
            Kind::Shared { hub, .. } => self.hubs.get((*hub)?).map(|(_, hub)| hub.port()),
            Kind::Never => None,
        }
    }
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

fn unsupported(wire: &Wire) -> Arc<str> {
    match wire {
        Wire::WebSocket { .. } => "this build cannot open WebSockets (simulate the device, or release it)",
        Wire::Http { .. } => "this build cannot speak HTTP (simulate the device, or release it)",
        Wire::Midi { .. } => "this build cannot send MIDI (simulate the device, or release it)",
        _ => "this build cannot open such a wire (simulate the device, or release it)",
    }
    .into()
}
