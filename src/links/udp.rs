//! Datagram sockets: non-blocking, one connected socket for each destination.
//!
//! A connected socket keeps a destination's trouble its own: packets that wait for an unplugged node's ARP fill
//! the send buffer of that node's socket and no other.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;

use socket2::{Domain, Protocol, Socket, Type};

use super::sys;

/// Receive buffer asked for; the kernel may grant less.
const RECEIVE_BUFFER: usize = 1 << 20;

/// A socket connected to one destination, from `local_port` (0: any). The port may be shared with other sockets of this program.
///
/// # Errors
/// What the kernel says: no route, the port is taken.
pub fn connected(local_port: u16, to: SocketAddr) -> io::Result<UdpSocket> {
    let socket = bound(local_port, to.is_ipv6())?;
    socket.connect(to)?;
    Ok(socket)
}

/// A socket that receives on a port from anywhere.
///
/// # Errors
/// What the kernel says: the port is taken.
pub fn bound(local_port: u16, v6: bool) -> io::Result<UdpSocket> {
    bound_at(SocketAddr::new(any(v6), local_port))
}

/// A socket that receives on one address and port.
///
/// # Errors
/// What the kernel says: the port is taken, the address is not this machine's.
pub fn bound_at(address: SocketAddr) -> io::Result<UdpSocket> {
    let (domain, local_port, v6) = (Domain::for_address(address), address.port(), address.is_ipv6());
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // A port of the kernel's choice must be a free one; it may be shared from then on.
    socket.set_reuse_address(local_port != 0)?;
    if v6 {
        socket.set_only_v6(true)?;
    } else {
        socket.set_broadcast(true)?;
    }
    // A smaller buffer than wished for is no reason not to run.
    drop(socket.set_recv_buffer_size(RECEIVE_BUFFER));
    socket.bind(&address.into())?;
    socket.set_reuse_address(true)?;
    Ok(socket.into())
}

/// Two sockets of this program alone, on an address's port and on the next; with port 0 on an even one of which both are free.
///
/// # Errors
/// What the kernel says: a port is taken, the address is not this machine's.
pub fn neighbours(address: SocketAddr) -> io::Result<(UdpSocket, UdpSocket)> {
    let mut tries = if address.port() == 0 { 64 } else { 1 };
    loop {
        let first = UdpSocket::bind(address)?;
        let port = first.local_addr()?.port();
        let even = address.port() != 0 || port % 2 == 0;
        let second = if even { UdpSocket::bind(SocketAddr::new(address.ip(), port.saturating_add(1))) } else { Err(taken()) };
        match second {
            Ok(second) => {
                first.set_nonblocking(true)?;
                second.set_nonblocking(true)?;
                return Ok((first, second));
            }
            Err(error) if tries == 1 => return Err(error),
            Err(_) => tries -= 1,
        }
    }
}

fn taken() -> io::Error {
    io::ErrorKind::AddrInUse.into()
}

fn any(v6: bool) -> IpAddr {
    if v6 { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) }
}

/// A socket connected to one destination, from an even port after which one is free.
///
/// # Errors
/// What the kernel says: no route, no such ports.
pub fn with_free_neighbour(to: SocketAddr) -> io::Result<UdpSocket> {
    let (socket, _) = neighbours(SocketAddr::new(any(to.is_ipv6()), 0))?;
    socket.connect(to)?;
    Ok(socket)
}

/// A socket connected to one destination, from the port after another socket's.
///
/// # Errors
/// What the kernel says: no route, the port is taken.
pub fn next_to(socket: &UdpSocket, to: SocketAddr) -> io::Result<UdpSocket> {
    let port = socket.local_addr()?.port().checked_add(1).ok_or_else(taken)?;
    let socket = UdpSocket::bind(SocketAddr::new(any(to.is_ipv6()), port))?;
    socket.set_nonblocking(true)?;
    socket.connect(to)?;
    Ok(socket)
}

/// A socket that receives on an address and port that nobody has. Who comes later may share the port.
///
/// # Errors
/// What the kernel says: the port is taken.
pub fn exclusive(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    drop(socket.set_recv_buffer_size(RECEIVE_BUFFER));
    socket.bind(&address.into())?;
    socket.set_reuse_address(true)?;
    Ok(socket.into())
}

/// How a send went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendFault {
    /// For the technician.
    pub why: Arc<str>,
    /// The datagram left all the same; an earlier one came back as undeliverable.
    pub left: bool,
    /// The socket itself is of no more use (the network it was opened on is gone).
    pub broken: bool,
}

/// Sends one datagram on a connected socket.
///
/// # Errors
/// An answer of the network to an earlier datagram (port closed, host unreachable) is told and the datagram sent all the same.
pub fn send(socket: &UdpSocket, bytes: &[u8]) -> Result<(), SendFault> {
    socket.send(bytes).map(drop).map_err(|error| again(socket, bytes, &error))
}

/// Sends datagrams on a connected socket in their order, as many as leave by one call of the system. Gives how many of them are done with: that
/// many have left, or the first has the fault.
pub fn send_many<'a>(socket: &UdpSocket, datagrams: impl Iterator<Item = &'a [u8]> + Clone) -> (usize, Result<(), SendFault>) {
    let mut own = datagrams.clone();
    let (Some(first), more) = (own.next(), own.next().is_some()) else { return (0, Ok(())) };
    if !more {
        return (1, send(socket, first));
    }
    match sys::send_many(socket.as_fd(), datagrams) {
        Ok(left) => (left.max(1), Ok(())),
        Err(error) => (1, Err(again(socket, first, &error))),
    }
}

/// Sends a datagram once more that did not leave for an error that may be an earlier one's: that is returned once, instead of sending.
fn again(socket: &UdpSocket, bytes: &[u8], error: &io::Error) -> SendFault {
    let left = pending(error) && socket.send(bytes).is_ok();
    SendFault { why: plain(error), left, broken: !left && broken(error) }
}

/// Sends one datagram on a socket that is not connected.
///
/// # Errors
/// As [`send`].
pub fn send_to(socket: &UdpSocket, to: SocketAddr, bytes: &[u8]) -> Result<(), SendFault> {
    let Err(first) = socket.send_to(bytes, to) else { return Ok(()) };
    Err(SendFault { why: plain(&first), left: false, broken: broken(&first) })
}

fn pending(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable)
}

fn broken(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::ENETUNREACH | libc::ENETDOWN | libc::EADDRNOTAVAIL | libc::EINVAL | libc::ENODEV | libc::EBADF | libc::ENOTCONN)
    )
}

/// Receives one datagram and where it came from; `None` when there is none.
/// Errors that the network sent back for earlier datagrams are swallowed: the next send tells them.
pub fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
    for _ in 0..4 {
        match socket.recv_from(buffer) {
            Ok(got) => return Some(got),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return None,
            Err(_) => {}
        }
    }
    None
}

/// An error in the words of a technician, without numbers of the system.
#[must_use]
pub fn plain(error: &io::Error) -> Arc<str> {
    let words = match error.kind() {
        io::ErrorKind::ConnectionRefused => "nothing listens on its port (is the remote control switched on?)",
        io::ErrorKind::HostUnreachable => "no route to host (is it plugged in and switched on?)",
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => "network unreachable (is the cable of this machine plugged in?)",
        io::ErrorKind::WouldBlock => "the send buffer is full",
        io::ErrorKind::AddrInUse => "the port is taken by another program",
        io::ErrorKind::PermissionDenied => "the system refuses to send there (a firewall?)",
        io::ErrorKind::TimedOut => "no answer to connecting",
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => "the device closed the connection",
        _ => return error.to_string().into(),
    };
    words.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A socket whose last datagram found its device's port closed, and the device, which has it open again.
    fn after_a_loss() -> (UdpSocket, UdpSocket) {
        let device = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = device.local_addr().unwrap();
        let socket = connected(0, to).unwrap();
        drop(device);
        send(&socket, b"lost").unwrap();
        let device = UdpSocket::bind(to).unwrap();
        (socket, device)
    }

    #[test]
    fn a_closed_port_is_told_and_the_datagram_leaves_all_the_same() {
        let (socket, device) = after_a_loss();
        let fault = send(&socket, b"found").unwrap_err();
        assert!(fault.left && !fault.broken, "{fault:?}");
        let mut buffer = [0; 16];
        assert_eq!(device.recv(&mut buffer).unwrap(), 5);
    }

    #[test]
    fn of_many_datagrams_each_leaves_once_whatever_an_earlier_one_met() {
        let (socket, device) = after_a_loss();
        let all: [&[u8]; 3] = [b"1", b"22", b"333"];
        let (mut rest, mut faults) = (&all[..], 0);
        while !rest.is_empty() {
            let (done, result) = send_many(&socket, rest.iter().copied());
            faults += usize::from(result.is_err_and(|fault| fault.left));
            rest = &rest[done..];
        }
        let mut buffer = [0; 16];
        assert_eq!([(); 3].map(|()| device.recv(&mut buffer).unwrap()), [1, 2, 3]);
        device.set_nonblocking(true).unwrap();
        assert_eq!((faults, receive(&device, &mut buffer)), (1, None));
    }

    #[test]
    fn neighbours_stand_side_by_side_and_belong_to_nobody_else() {
        let (first, second) = neighbours("127.0.0.1:0".parse().unwrap()).unwrap();
        let (first, second) = (first.local_addr().unwrap(), second.local_addr().unwrap());
        assert_eq!((first.port() + 1, first.port() % 2), (second.port(), 0));
        assert_eq!(neighbours(first).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn what_comes_from_elsewhere_does_not_reach_a_connected_socket() {
        let device = UdpSocket::bind("127.0.0.1:0").unwrap();
        let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
        let socket = connected(0, device.local_addr().unwrap()).unwrap();
        let to = socket.local_addr().unwrap();
        stranger.send_to(b"no", to).unwrap();
        device.send_to(b"yes", to).unwrap();
        let mut buffer = [0; 16];
        assert_eq!(receive(&socket, &mut buffer), Some((3, device.local_addr().unwrap())));
        assert_eq!(receive(&socket, &mut buffer), None);
    }
}
