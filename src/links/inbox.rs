//! A datagram port that anybody may send to: the remote control.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

/// An open port; never blocks.
#[derive(Debug)]
pub struct Inbox {
    socket: UdpSocket,
}

impl Inbox {
    /// Listens on `host:port`; port 0 is any.
    ///
    /// # Errors
    /// What the kernel says: the port is taken, the address is not this machine's.
    pub fn open(place: &str) -> io::Result<Self> {
        let address = place.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
        let socket = UdpSocket::bind(address)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket })
    }

    /// The next datagram's length and sender; `None` when there is none.
    #[must_use]
    pub fn receive(&self, buffer: &mut [u8]) -> Option<(SocketAddr, usize)> {
        // An error is the answer to an earlier reply (port closed): the next datagram is asked for at the next wake.
        self.socket.recv_from(buffer).ok().map(|(length, from)| (from, length))
    }

    /// Answers. Nobody is told when the asker is gone: there is nobody else to tell.
    pub fn reply(&self, to: SocketAddr, bytes: &[u8]) {
        drop(self.socket.send_to(bytes, to));
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.socket.local_addr().ok()
    }

    /// Readable when something came.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
