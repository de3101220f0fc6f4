//! Multicast in one network of this machine: a socket that sends there, and sockets that have joined groups there.
//!
//! A system's limit of groups a socket (20 on most) makes several sockets. What we send comes back to this machine's listeners, for a
//! visualiser beside us must hear it; the kernel drops our own copies by a filter before they wake anybody.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

use socket2::{InterfaceIndexOrAddress, SockFilter, SockRef};

use super::udp::{self, SendFault};

/// Routers that a packet may pass: a large lighting network is divided.
const HOPS: u32 = 8;
/// Any group of sACN, to ask the system where it sends multicast to.
const SOME_GROUP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(239, 255, 0, 1)), 5568);

/// A network interface of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its number, which a replugged one does not keep.
    pub index: u32,
    /// `eth0`.
    pub name: String,
    /// This machine's address there.
    pub address: Ipv4Addr,
    /// The link is up.
    pub carries: bool,
}

impl Interface {
    /// The interface of a network: by its name or address, by the address of a host there, or, with nothing, where the system sends multicast.
    ///
    /// # Errors
    /// Why there is none.
    pub fn of(network: &str) -> io::Result<Self> {
        let all = Self::all()?;
        let at = |address: Ipv4Addr| all.iter().find(|interface| interface.address == address).cloned();
        if let Some(named) = all.iter().find(|interface| !network.is_empty() && interface.name == network) {
            return Ok(named.clone());
        }
        let missing = |why: String| io::Error::new(io::ErrorKind::NotFound, why);
        if network.is_empty() {
            let routed = source_towards(SOME_GROUP).and_then(at);
            let mut others = all.iter().filter(|interface| !interface.address.is_loopback());
            let only = others.next().filter(|_| others.next().is_none());
            return routed
                .or_else(|| only.cloned())
                .ok_or_else(|| missing("no network of this machine takes multicast: name one, interface = \"…\"".into()));
        }
        let Ok(address) = network.parse::<Ipv4Addr>() else {
            return Err(missing(format!("this machine has no network interface \"{network}\" with an address")));
        };
        let through = || source_towards(SocketAddr::new(address.into(), 9)).and_then(at);
        at(address).or_else(through).ok_or_else(|| missing(format!("this machine is in no network with {address}")))
    }

    /// All that have an IPv4 address.
    fn all() -> io::Result<Vec<Self>> {
        let found = if_addrs::get_if_addrs()?.into_iter().filter_map(|interface| {
            let IpAddr::V4(address) = interface.ip() else { return None };
            // Loopback and tunnels tell no state of their own.
            let carries = matches!(interface.oper_status, if_addrs::IfOperStatus::Up | if_addrs::IfOperStatus::Unknown);
            Some(Self { index: interface.index?, name: interface.name.clone(), address, carries })
        });
        Ok(found.collect())
    }
}

/// This machine's address when it sends to another; `None`: it has no way there.
#[must_use]
pub fn source_towards(to: SocketAddr) -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // The target may be a network's broadcast address.
    socket.set_broadcast(true).ok()?;
    socket.connect(to).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    }
}

/// The ways out of this machine at one moment.
#[derive(Debug)]
pub struct Ways(Vec<Interface>);

impl Ways {
    /// As they are now.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn now() -> io::Result<Self> {
        Interface::all().map(Self)
    }

    /// This machine's address on the way to another; `None`: there is none, or its link is down.
    #[must_use]
    pub fn to(&self, address: Ipv4Addr) -> Option<Ipv4Addr> {
        let via = source_towards(SocketAddr::new(address.into(), 9))?;
        // An address of this machine itself, or of a tunnel, belongs to no link that could be down.
        self.0.iter().find(|interface| interface.address == via).is_none_or(|interface| interface.carries).then_some(via)
    }
}

/// What is wanted of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Groups that are listened to.
    pub groups: Vec<Ipv4Addr>,
    /// The local port of the listeners.
    pub port: u16,
    /// As [`Interface::of`] takes it.
    pub network: String,
    /// Datagrams with these bytes at this place are our own: not taken.
    pub own: Option<(usize, [u8; 16])>,
}

/// Joins groups on one socket: no more than the system lets it.
///
/// # Errors
/// No such network, or too many groups for one socket.
pub fn join_all(socket: &UdpSocket, groups: &[Ipv4Addr], network: &str) -> io::Result<()> {
    let index = InterfaceIndexOrAddress::Index(Interface::of(network)?.index);
    groups.iter().try_for_each(|group| SockRef::from(socket).join_multicast_v4_n(group, &index))
}

/// The open sockets.
#[derive(Debug)]
pub struct Multicast {
    interface: Interface,
    sender: UdpSocket,
    listeners: Vec<UdpSocket>,
}

impl Multicast {
    /// Opens all sockets and joins all groups.
    ///
    /// # Errors
    /// No such network, its link is down, the port is taken by a program that does not share it.
    pub fn open(wish: &Wish) -> io::Result<Self> {
        let interface = Interface::of(&wish.network)?;
        if !interface.carries {
            return Err(io::Error::other(format!("the link of {} is down (is the cable of this machine plugged in?)", interface.name)));
        }
        let sender = udp::bound_at(SocketAddr::new(interface.address.into(), 0))?;
        let options = SockRef::from(&sender);
        options.set_multicast_if_v4(&interface.address)?;
        options.set_multicast_ttl_v4(HOPS)?;
        options.set_multicast_loop_v4(true)?;
        let mut multicast = Self { interface, sender, listeners: Vec::new() };
        for group in &wish.groups {
            multicast.join(*group, wish)?;
        }
        Ok(multicast)
    }

    /// Joins a group, on a further socket when the last one is full.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn join(&mut self, group: Ipv4Addr, wish: &Wish) -> io::Result<()> {
        let index = InterfaceIndexOrAddress::Index(self.interface.index);
        if let Some(last) = self.listeners.last() {
            match SockRef::from(last).join_multicast_v4_n(&group, &index) {
                Err(e) if e.raw_os_error() == Some(libc::ENOBUFS) => {}
                other => return other,
            }
        }
        let socket = udp::bound(wish.port, false)?;
        let options = SockRef::from(&socket);
        // Otherwise every listener gets what any listener of this machine has joined.
        options.set_multicast_all_v4(false)?;
        if let Some(own) = wish.own {
            options.attach_filter(&without(own))?;
        }
        options.join_multicast_v4_n(&group, &index)?;
        self.listeners.push(socket);
        Ok(())
    }

    /// Whether the network is still the one that the sockets were opened in.
    #[must_use]
    pub fn is_current(&self, wish: &Wish) -> bool {
        Interface::of(&wish.network).is_ok_and(|interface| interface == self.interface)
    }

    /// The listeners, to watch.
    pub fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.listeners.iter().map(AsFd::as_fd)
    }

    /// Sends one datagram.
    ///
    /// # Errors
    /// As [`udp::send`].
    pub fn send(&self, to: SocketAddr, bytes: &[u8]) -> Result<(), SendFault> {
        udp::send_to(&self.sender, to, bytes)
    }

    /// Receives one datagram on a listener.
    pub fn receive(&self, listener: usize, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
        udp::receive(self.listeners.get(listener)?, buffer)
    }

    /// The port of its listeners.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.listeners.first()?.local_addr().ok().map(|address| address.port())
    }
}

/// A filter that drops datagrams with these 16 bytes at this place, and such as end before them. (The kernel runs it from the UDP header on.)
fn without((at, bytes): (usize, [u8; 16])) -> Vec<SockFilter> {
    const LOAD_WORD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const JUMP_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    let at = u32::try_from(at).unwrap_or(u32::MAX / 2) + 8;
    let mut filter = Vec::new();
    for (offset, left, word) in bytes.chunks_exact(4).zip(0_u8..).map(|(word, nth)| (u32::from(nth) * 4, 7 - 2 * nth, word)) {
        let word = word.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
        filter.push(SockFilter::new(LOAD_WORD, 0, 0, at + offset));
        // Another word: it is somebody else's, jump to the end.
        filter.push(SockFilter::new(JUMP_EQUAL, 0, left, word));
    }
    filter.push(SockFilter::new(RETURN, 0, 0, 0));
    filter.push(SockFilter::new(RETURN, 0, 0, u32::MAX));
    filter
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::time::Duration;

    #[test]
    fn the_filter_drops_our_own_and_nothing_else() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let own: [u8; 16] = std::array::from_fn(|i| u8::try_from(i + 1).unwrap());
        SockRef::from(&socket).attach_filter(&without((3, own))).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let send = |bytes: &[u8]| sender.send_to(bytes, socket.local_addr().unwrap()).unwrap();
        let with = |id: [u8; 16]| [b"abc", &id[..], b"rest"].concat();
        send(&with(own));
        for at in 0..16 {
            let mut other = own;
            other[at] ^= 0x80;
            send(&with(own));
            send(&with(other));
            let mut buffer = [0; 64];
            let (length, _) = socket.recv_from(&mut buffer).unwrap();
            assert_eq!(&buffer[..length], with(other), "byte {at}");
        }
    }

    #[test]
    fn loopback_is_found_by_name_and_address_and_what_is_not_there_is_told() {
        let lo = Interface::of("127.0.0.1").unwrap();
        assert_eq!(Interface::of(&lo.name).unwrap(), lo);
        assert!(lo.carries);
        let why = Interface::of("no-such-interface").unwrap_err().to_string();
        assert!(why.contains("\"no-such-interface\""), "{why}");
    }

    #[test]
    fn more_groups_than_one_socket_can_join_are_heard_all() {
        let groups: Vec<Ipv4Addr> = (1..=50).map(|nth| Ipv4Addr::new(239, 255, 77, nth)).collect();
        let wish = Wish { groups: groups.clone(), port: 0, network: "127.0.0.1".into(), own: None };
        // Port 0 gives every listener a port of its own: each is told apart by it.
        let multicast = Multicast::open(&wish).unwrap();
        assert!(multicast.listeners.len() > 1);
        let mut buffer = [0; 64];
        for group in groups {
            for listener in 0..multicast.listeners.len() {
                let port = multicast.listeners[listener].local_addr().unwrap().port();
                multicast.send(SocketAddr::new(group.into(), port), &group.octets().repeat(8)).unwrap();
            }
            let mut heard = 0;
            for _ in 0..2000 {
                heard += (0..multicast.listeners.len()).filter(|at| multicast.receive(*at, &mut buffer).is_some()).count();
                if heard > 0 {
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            assert_eq!(heard, 1, "{group} is joined on one socket");
            assert_eq!(buffer[..4], group.octets());
        }
    }
}
