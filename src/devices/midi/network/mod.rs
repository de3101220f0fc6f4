//! Network MIDI: sessions as Apple's MIDI network driver has them, MIDI in RTP packets with a recovery journal. Sans-I/O.
//!
//! One end listens on two datagram ports that stand side by side (control, 5004 by custom, and data, the next). The other invites it on
//! the control port, then on the data port, under a token; each answers with its source number. On the data port the inviting end
//! compares clocks every two seconds, which is also how both know that the other lives, and MIDI flows both ways ([`stream`]).
//! Whoever leaves says so on the control port. [`Caller`] invites, [`Listener`] is invited.
//!
//! Sources: RFC 6295 (RTP Payload Format for MIDI); Apple's MIDI Network Driver Protocol.

mod caller;
mod driver;
mod history;
pub mod journal;
mod listener;
pub mod packet;
pub mod signal;
mod simulator;
pub mod stream;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::devices::WireId;
use crate::time::Mono;

pub use caller::Caller;
pub use driver::Networked;
pub use listener::Listener;
pub use simulator::Participant;

/// The control port's wire, and the data port's.
pub const CONTROL: WireId = WireId(0);
/// The data port is the control port's neighbour.
pub const DATA: WireId = WireId(1);
/// The control port by custom.
pub const PORT: u16 = 5004;
/// What we are called in sessions.
pub const NAME: &str = "showcall";

/// What happens in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It has begun.
    Up {
        /// The other end's source number.
        source: u32,
        /// Its name.
        name: Arc<str>,
    },
    /// It is over, or has not begun.
    Down {
        /// The other end's source number; 0 where there is none yet.
        source: u32,
        /// Why, for the technician.
        why: Arc<str>,
    },
    /// A whole message came.
    Message {
        /// The other end's source number.
        source: u32,
        /// From its status on.
        bytes: Vec<u8>,
    },
}

/// A number that differs from others by who asks and when: source numbers and tokens need no more. Never 0.
fn number(who: &str, now: Mono, salt: u64) -> u32 {
    let mut hash = now.0 ^ salt.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for byte in who.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    hash = (hash ^ (hash >> 31)).wrapping_mul(0x94D0_49BB_1331_11EB);
    u32::try_from(hash >> 32).unwrap_or(1).max(1)
}
