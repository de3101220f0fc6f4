//! A receiver on loopback whose arrival times are the kernel's: the measuring end of `showcall bench`.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::Duration;

use super::sys;
use crate::time::{Span, Wall};

/// Bytes that wait at a wide receiver: as the kernel counts them, a frame of 530 bytes takes more than twice that.
const ROOM: i32 = 32 << 20;
/// Between two looks of a wide receiver.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// The CPU time of this thread for sending so many packets of `length` bytes, in turn to each address from a connected socket of its own.
///
/// # Errors
/// What the kernel says of the sockets; a full buffer is the receiver's affair.
pub fn bare_sends(to: &[String], packets: u32, length: usize) -> io::Result<Span> {
    let open = |address: &String| {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.connect(address)?;
        Ok(socket)
    };
    let sockets = to.iter().map(open).collect::<io::Result<Vec<_>>>()?;
    let bytes = vec![0; length];
    let before = sys::thread_cpu();
    for (_, socket) in (0..packets).zip(sockets.iter().cycle()) {
        let _ = socket.send(&bytes);
    }
    Ok(sys::thread_cpu() - before)
}

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

    /// As [`Self::new`], on all addresses of the machine, with room for a second of frames: it takes what many nodes would.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn wide() -> io::Result<Self> {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        sys::stamp_arrivals(socket.as_fd())?;
        sys::force_receive_buffer(socket.as_fd(), ROOM);
        socket.set_nonblocking(true)?;
        Ok(Self { socket, buffer: vec![0; 2048] })
    }

    /// The next datagram of a wide receiver: when the kernel got it, and its bytes; `None` after a look in vain and a sleep of 2 ms.
    /// It never sleeps on the socket: on loopback that would have the sender pay for waking it at each packet, as no node is woken.
    pub fn take(&mut self) -> Option<(Wall, &[u8])> {
        match sys::receive_stamped(self.socket.as_fd(), &mut self.buffer) {
            Ok((length, _, at)) => Some((at?, self.buffer.get(..length)?)),
            Err(_) => {
                std::thread::sleep(LOOK_EVERY);
                None
            }
        }
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
