//! Keeps the way of a datagram through the kernel warm: a socket that talks to itself.
//!
//! A GO comes after seconds of silence. By then the code and the tables that it needs, the kernel's most of all, have left the caches, and fetching
//! them takes longer than the work itself. One datagram to itself over loopback, now and then, keeps them near: no other program
//! or machine gets it, and nothing waits for it.

use std::net::{Ipv4Addr, UdpSocket};

use crate::time::{Mono, Span};

/// Between two rounds: often enough to count, and less than half a percent of one core.
const EVERY: Span = Span::ms(10);

/// The socket and its pace.
#[derive(Debug)]
pub struct Warm {
    /// `None` where the system gives none: then it is colder, and all works.
    socket: Option<UdpSocket>,
    next: Mono,
}

impl Warm {
    /// One that is due at once.
    #[must_use]
    pub fn new() -> Self {
        Self { socket: to_itself().ok(), next: Mono::ZERO }
    }

    /// When the next round is due.
    #[must_use]
    pub const fn next_due(&self) -> Mono {
        self.next
    }

    /// One round, if it is due.
    pub fn tick(&mut self, now: Mono) {
        if now < self.next {
            return;
        }
        self.next = now + EVERY;
        let Some(socket) = &self.socket else { return };
        // What came of it does not matter: it was the way that counted.
        if socket.send(&[0; 16]).is_ok() {
            let _ = socket.recv(&mut [0; 16]);
        }
    }
}

impl Default for Warm {
    fn default() -> Self {
        Self::new()
    }
}

fn to_itself() -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.connect(socket.local_addr()?)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_its_pace_and_leaves_nothing_behind() {
        let mut warm = Warm::new();
        for ms in 0..100 {
            warm.tick(Mono::ZERO + Span::ms(ms));
        }
        assert_eq!(warm.next_due(), Mono::ZERO + Span::ms(100));
        let left = warm.socket.as_ref().map(|socket| socket.recv(&mut [0; 16]).is_ok());
        assert_ne!(left, Some(true), "what it sends it takes");
    }
}
