//! Hears the levels that others send in a network, with the kernel's arrival times: for `showcall dmx`.
//!
//! A show that runs on this machine must lose nothing by it. sACN is multicast, which everybody who has joined gets. Art-Net's port is
//! taken whole when it is free; when a program has it, only what is broadcast is heard, on sockets that get nothing else.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

use super::ask;
use super::multicast::{Interface, Multicast, Wish};
use super::sys::{self, Poller, Wake};
use super::udp;
use crate::time::{Mono, Span};

/// Datagrams taken from one socket at one wake.
const PACKETS: usize = 64;
/// The wake's key in the poller; Art-Net's sockets count from 0, sACN's from [`GROUPS`].
const RUNG: u64 = u64::MAX;
/// See [`RUNG`].
const GROUPS: u64 = 1 << 32;

/// What is listened to.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// As [`Interface::of`] takes it.
    pub network: String,
    /// Art-Net's port; `None`: not wanted.
    pub broadcast: Option<u16>,
    /// The port of the groups.
    pub port: u16,
    /// Groups; more may be joined later.
    pub groups: Vec<Ipv4Addr>,
}

/// The open sockets.
#[derive(Debug)]
pub struct Ear {
    poller: Poller,
    wake: Wake,
    broadcast: Vec<UdpSocket>,
    wish: Wish,
    multicast: Option<Multicast>,
    watched: usize,
    buffer: Vec<u8>,
}

impl Ear {
    /// Opens all that can be opened. What cannot is told in the remarks.
    ///
    /// # Errors
    /// When nothing can be heard at all.
    pub fn open(wanted: &Wanted) -> io::Result<(Self, Vec<String>)> {
        let (poller, wake) = (Poller::new()?, Wake::new()?);
        poller.add(wake.as_fd(), RUNG)?;
        let wish = Wish { groups: wanted.groups.clone(), port: wanted.port, network: wanted.network.clone(), own: None };
        let mut ear = Self { poller, wake, broadcast: Vec::new(), wish, multicast: None, watched: 0, buffer: vec![0; 2048] };
        let mut remarks = Vec::new();
        if let Some(port) = wanted.broadcast {
            match ear.open_broadcast(port, &wanted.network) {
                Ok(remark) => remarks.extend(remark),
                Err(e) => remarks.push(format!("Art-Net cannot be heard: {}", udp::plain(&e))),
            }
        }
        if !wanted.groups.is_empty() {
            match Multicast::open(&ear.wish) {
                Ok(multicast) => {
                    ear.multicast = Some(multicast);
                    ear.watch_groups()?;
                }
                Err(e) => remarks.push(format!("sACN cannot be heard: {}", udp::plain(&e))),
            }
        }
        if ear.broadcast.is_empty() && ear.multicast.is_none() {
            return Err(io::Error::other(remarks.join("; ")));
        }
        Ok((ear, remarks))
    }

    fn open_broadcast(&mut self, port: u16, network: &str) -> io::Result<Option<String>> {
        let (sockets, remark) = match udp::exclusive(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port)) {
            Ok(socket) => (vec![socket], None),
            Err(e) if e.kind() == io::ErrorKind::AddrInUse => {
                let only = if network.is_empty() { None } else { Some(Interface::of(network)?.address) };
                let everybody = ask::networks(only)?.into_iter().map(|network| network.broadcast).chain([Ipv4Addr::BROADCAST]);
                let sockets = everybody.map(|address| udp::bound_at(SocketAddr::new(address.into(), port))).collect::<io::Result<_>>()?;
                (sockets, Some("a program of this machine has Art-Net's port: only what is broadcast is heard".to_owned()))
            }
            Err(e) => return Err(e),
        };
        for (socket, key) in sockets.iter().zip(0..) {
            sys::stamp_arrivals(socket.as_fd())?;
            self.poller.add(socket.as_fd(), key)?;
        }
        self.broadcast = sockets;
        Ok(remark)
    }

    /// Watches listeners that are not watched yet.
    fn watch_groups(&mut self) -> io::Result<()> {
        for (fd, key) in self.multicast.iter().flat_map(Multicast::fds).zip(GROUPS..).skip(self.watched) {
            sys::stamp_arrivals(fd)?;
            self.poller.add(fd, key)?;
            self.watched += 1;
        }
        Ok(())
    }

    /// Joins a group.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn join(&mut self, group: Ipv4Addr) -> io::Result<()> {
        if let Some(multicast) = &mut self.multicast {
            multicast.join(group, &self.wish)?;
        }
        self.watch_groups()
    }

    /// Rings to end [`Ear::listen`].
    #[must_use]
    pub fn wake(&self) -> Wake {
        self.wake.clone()
    }

    /// Gives what comes until an instant of [`sys::boottime`], or until the bell is rung.
    ///
    /// # Errors
    /// What the kernel says of waiting.
    pub fn listen(&mut self, until: Mono, mut f: impl FnMut(Mono, SocketAddr, &[u8])) -> io::Result<()> {
        loop {
            let mut keys = self.poller.wait_until(until)?.to_vec();
            let rung = keys.contains(&RUNG);
            if rung {
                // What has come before the bell still counts.
                self.wake.clear();
                keys = (0..).take(self.broadcast.len()).chain((GROUPS..).take(self.watched)).collect();
            }
            for key in keys {
                let nth = |from: u64| usize::try_from(key - from).unwrap_or(usize::MAX);
                let fd = if key >= GROUPS {
                    self.multicast.as_ref().and_then(|multicast| multicast.fds().nth(nth(GROUPS)))
                } else {
                    self.broadcast.get(nth(0)).map(AsFd::as_fd)
                };
                if let Some(fd) = fd {
                    drain(fd, &mut self.buffer, &mut f);
                }
            }
            if rung || sys::boottime() >= until {
                return Ok(());
            }
        }
    }
}

fn drain(fd: BorrowedFd<'_>, buffer: &mut [u8], f: &mut impl FnMut(Mono, SocketAddr, &[u8])) {
    for _ in 0..PACKETS {
        let Ok((length, from, stamp)) = sys::receive_stamped(fd, buffer) else { return };
        let age = stamp.map_or(0, |stamp| u64::try_from(sys::wall().0 - stamp.0).unwrap_or(0));
        let at = Mono(sys::boottime().0.saturating_sub(age));
        f(at, from.unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0)), buffer.get(..length).unwrap_or_default());
    }
}

/// Sends datagrams where they belong.
#[derive(Debug)]
pub enum Mouth {
    /// To one host.
    Host(UdpSocket),
    /// To groups in one network.
    Groups(Multicast),
}

impl Mouth {
    /// To one host and port; a network's broadcast address is one too.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn to(address: SocketAddr) -> io::Result<Self> {
        udp::connected(0, address).map(Self::Host)
    }

    /// To groups; `network` as [`Interface::of`] takes it.
    ///
    /// # Errors
    /// No such network, or its link is down.
    pub fn to_groups(network: &str) -> io::Result<Self> {
        Multicast::open(&Wish { groups: Vec::new(), port: 0, network: network.to_owned(), own: None }).map(Self::Groups)
    }

    /// Sends; a host gets it whatever the group.
    ///
    /// # Errors
    /// Why it did not leave.
    pub fn send(&self, group: SocketAddr, bytes: &[u8]) -> Result<(), udp::SendFault> {
        match self {
            Self::Host(socket) => udp::send(socket, bytes),
            Self::Groups(multicast) => multicast.send(group, bytes),
        }
    }
}

/// Waits for instants; ends early when its bell is rung.
#[derive(Debug)]
pub struct Alarm {
    poller: Poller,
    wake: Wake,
}

impl Alarm {
    /// One that has not rung.
    ///
    /// # Errors
    /// When the process has no descriptor left.
    pub fn new() -> io::Result<Self> {
        // Late by 50 us at the most without it.
        drop(sys::tighten_timer_slack());
        let (poller, wake) = (Poller::new()?, Wake::new()?);
        poller.add(wake.as_fd(), RUNG)?;
        Ok(Self { poller, wake })
    }

    /// Rings to end a wait.
    #[must_use]
    pub fn wake(&self) -> Wake {
        self.wake.clone()
    }

    /// Waits until an instant of [`sys::boottime`]; false: the bell was rung before.
    ///
    /// # Errors
    /// What the kernel says of waiting.
    pub fn wait(&mut self, until: Mono) -> io::Result<bool> {
        loop {
            if !self.poller.wait_until(until)?.is_empty() {
                return Ok(false);
            }
            if sys::boottime() + Span(1) > until {
                return Ok(true);
            }
        }
    }
}
