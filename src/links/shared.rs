//! One local port that many devices share, as Art-Net's 6454: what comes is told apart by its source address.
//!
//! Receives on one socket and sends to each destination from a connected socket of its own, all bound to the same port.
//! The kernel gives what a destination answers to its connected socket, so those are read as well.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

use super::udp::{self, SendFault};

/// Destinations that keep their socket open at the same time; the one that was used longest ago is closed first.
pub const DESTINATIONS: usize = 256;

/// The shared port. `P` names who claims a source.
#[derive(Debug)]
pub struct Hub<P> {
    socket: UdpSocket,
    port: u16,
    claims: Vec<(SocketAddr, P)>,
    strangers: Option<P>,
    by_address: HashMap<SocketAddr, usize>,
    destinations: Vec<Destination>,
    uses: u64,
}

/// One destination and its socket.
#[derive(Debug)]
struct Destination {
    to: SocketAddr,
    socket: UdpSocket,
    used: u64,
}

/// What a send did to the set of open sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// Nothing new.
    No,
    /// The socket of this slot is new: watch it.
    Slot(usize),
}

impl<P: Copy + PartialEq> Hub<P> {
    /// Opens the port.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn open(port: u16, v6: bool) -> io::Result<Self> {
        let socket = udp::bound(port, v6)?;
        let port = socket.local_addr()?.port();
        let (claims, destinations) = (Vec::new(), Vec::new());
        Ok(Self { socket, port, claims, strangers: None, by_address: HashMap::new(), destinations, uses: 0 })
    }

    /// What comes from this address is for `plug`; with `strangers` also what nobody claims.
    pub fn claim(&mut self, address: SocketAddr, plug: P, strangers: bool) {
        self.claims.retain(|(_, p)| *p != plug);
        self.claims.push((address, plug));
        if strangers && self.strangers.is_none() {
            self.strangers = Some(plug);
        }
    }

    /// Who gets what comes from an address: who claims host and port, else who claims the host, else who takes strangers.
    #[must_use]
    pub fn owner(&self, from: SocketAddr) -> Option<P> {
        let exact = self.claims.iter().find(|(a, _)| *a == from);
        let host = || self.claims.iter().find(|(a, _)| a.ip() == from.ip());
        exact.or_else(host).map(|(_, p)| *p).or(self.strangers)
    }

    /// Sends datagrams to a destination from a socket of its own, as [`udp::send_many`]: gives how many are done with and their fault. `Opened`
    /// says whether that socket is new. One that is of no more use is replaced, and the datagrams sent from the new one.
    pub fn send<'a>(
        &mut self,
        to: SocketAddr,
        datagrams: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> (Opened, (usize, Result<(), SendFault>)) {
        let (slot, opened) = match self.by_address.get(&to) {
            Some(slot) => (*slot, Opened::No),
            None => match self.open_destination(to) {
                Ok(slot) => (slot, Opened::Slot(slot)),
                Err(e) => return (Opened::No, (1, Err(SendFault { why: udp::plain(&e), left: false, broken: true }))),
            },
        };
        self.uses += 1;
        let Some(destination) = self.destinations.get_mut(slot) else { return (opened, (1, Ok(()))) };
        destination.used = self.uses;
        let result = udp::send_many(&destination.socket, datagrams.clone());
        if !matches!(&result.1, Err(fault) if fault.broken) {
            return (opened, result);
        }
        match udp::connected(self.port, to) {
            Ok(socket) => {
                let again = udp::send_many(&socket, datagrams);
                destination.socket = socket;
                (Opened::Slot(slot), again)
            }
            Err(_) => (opened, result),
        }
    }

    /// Gives a destination a new socket, which has no error of old datagrams to tell. The slot is to be watched anew.
    pub fn renew(&mut self, to: SocketAddr) -> Option<usize> {
        let slot = *self.by_address.get(&to)?;
        self.destinations.get_mut(slot)?.socket = udp::connected(self.port, to).ok()?;
        Some(slot)
    }

    fn open_destination(&mut self, to: SocketAddr) -> io::Result<usize> {
        let socket = udp::connected(self.port, to)?;
        let fresh = Destination { to, socket, used: 0 };
        let oldest = self.destinations.iter().enumerate().min_by_key(|(_, d)| d.used).map(|(slot, _)| slot);
        let slot = match (self.destinations.len() < DESTINATIONS, oldest) {
            (false, Some(oldest)) => {
                if let Some(place) = self.destinations.get_mut(oldest) {
                    self.by_address.remove(&place.to);
                    *place = fresh;
                }
                oldest
            }
            _ => {
                self.destinations.push(fresh);
                self.destinations.len() - 1
            }
        };
        self.by_address.insert(to, slot);
        Ok(slot)
    }

    /// The receiving socket, to watch.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// The socket of a destination, to watch.
    #[must_use]
    pub fn destination_fd(&self, slot: usize) -> Option<BorrowedFd<'_>> {
        self.destinations.get(slot).map(|d| d.socket.as_fd())
    }

    /// Where the socket of a slot sends to.
    #[must_use]
    pub fn destination(&self, slot: usize) -> Option<SocketAddr> {
        self.destinations.get(slot).map(|d| d.to)
    }

    /// The port it has.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Receives one datagram on the shared socket (`slot` is `None`) or a destination's.
    pub fn receive(&self, slot: Option<usize>, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
        let socket = match slot {
            None => &self.socket,
            Some(slot) => &self.destinations.get(slot)?.socket,
        };
        udp::receive(socket, buffer)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn any() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    fn once(bytes: &[u8]) -> std::iter::Once<&[u8]> {
        std::iter::once(bytes)
    }

    /// Reads the shared socket and every destination's until something is there.
    fn heard(hub: &Hub<u8>) -> (Vec<u8>, Option<u8>) {
        let mut buffer = [0; 64];
        loop {
            for slot in std::iter::once(None).chain((0..hub.destinations.len()).map(Some)) {
                if let Some((length, from)) = hub.receive(slot, &mut buffer) {
                    return (buffer[..length].to_vec(), hub.owner(from));
                }
            }
        }
    }

    #[test]
    fn what_comes_goes_to_the_device_that_claims_its_source() {
        let mut hub = Hub::open(0, false).unwrap();
        let ((left, left_at), (right, right_at), (stranger, _)) = (any(), any(), any());
        hub.claim(left_at, 1, false);
        hub.claim(right_at, 2, false);
        let to = SocketAddr::from(([127, 0, 0, 1], hub.port()));
        right.send_to(b"r", to).unwrap();
        assert_eq!(heard(&hub), (b"r".to_vec(), Some(2)));
        // From here on the kernel gives what `left` answers to its connected socket.
        assert_eq!(hub.send(left_at, once(b"x")), (Opened::Slot(0), (1, Ok(()))));
        left.send_to(b"l", to).unwrap();
        assert_eq!(heard(&hub), (b"l".to_vec(), Some(1)));
        // Another port of a claimed host is still that host.
        stranger.send_to(b"s", to).unwrap();
        assert_eq!(heard(&hub), (b"s".to_vec(), Some(1)));
    }

    #[test]
    fn strangers_go_to_the_device_that_asks_for_them() {
        let mut hub = Hub::open(0, false).unwrap();
        let from = SocketAddr::from(([10, 0, 0, 9], 6454));
        assert_eq!(hub.owner(from), None);
        hub.claim(SocketAddr::from(([255, 255, 255, 255], 6454)), 7, true);
        assert_eq!(hub.owner(from), Some(7));
        hub.claim(from, 8, false);
        assert_eq!(hub.owner(from), Some(8));
    }

    #[test]
    fn all_sockets_send_from_the_one_port_and_one_failure_is_its_own() {
        let mut hub: Hub<u8> = Hub::open(0, false).unwrap();
        let (live, live_at) = any();
        let (gone, gone_at) = any();
        drop(gone);
        for _ in 0..3 {
            drop(hub.send(gone_at, once(b"x")));
            assert_eq!(hub.send(live_at, once(b"y")).1, (1, Ok(())));
        }
        assert!(hub.send(gone_at, once(b"x")).1.1.is_err());
        let mut buffer = [0; 8];
        for _ in 0..3 {
            assert_eq!(live.recv_from(&mut buffer).unwrap(), (1, SocketAddr::from(([127, 0, 0, 1], hub.port()))));
        }
    }

    #[test]
    fn no_more_sockets_than_the_limit() {
        let mut hub: Hub<u8> = Hub::open(0, false).unwrap();
        for port in 0..u16::try_from(DESTINATIONS).unwrap() + 20 {
            drop(hub.send(SocketAddr::from(([127, 0, 0, 1], 20_000 + port)), once(b"x")));
        }
        assert_eq!(hub.destinations.len(), DESTINATIONS);
        assert_eq!(hub.by_address.len(), DESTINATIONS);
        assert!(!hub.by_address.contains_key(&SocketAddr::from(([127, 0, 0, 1], 20_000))), "the oldest was kept");
    }
}
