//! A receiver on loopback whose arrival times are the kernel's: the measuring end of `showcall bench`.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::Duration;

use super::sys;
use crate::time::Wall;

/// One loopback socket.
#[derive(Debug)]
pub struct Receiver {
    socket: UdpSocket,
    buffer: Vec<u8>,
}

/// One datagram.
#[derive(Debug)]
pub struct Arrival {
    /// When the kernel got it.
    pub at: Wall,
    /// Who sent it.
    pub from: SocketAddr,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl Receiver {
    /// A socket on a port of the kernel's choice.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn new() -> io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        sys::stamp_arrivals(socket.as_fd())?;
        Ok(Self { socket, buffer: vec![0; 2048] })
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.socket.local_addr().map_or(0, |address| address.port())
    }

    /// Sends one datagram.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<()> {
        self.socket.send_to(bytes, to).map(drop)
    }

    /// The next datagram within `limit`.
    pub fn next(&mut self, limit: Duration) -> Option<Arrival> {
        self.socket.set_read_timeout(Some(limit.max(Duration::from_millis(1)))).ok()?;
        let (length, from, at) = sys::receive_stamped(self.socket.as_fd(), &mut self.buffer).ok()?;
        Some(Arrival { at: at?, from: from?, bytes: self.buffer.get(..length)?.to_vec() })
    }

    /// Throws away what has come.
    pub fn drain(&mut self) {
        if self.socket.set_nonblocking(true).is_ok() {
            while self.socket.recv(&mut self.buffer).is_ok() {}
            let _ = self.socket.set_nonblocking(false);
        }
    }
}
