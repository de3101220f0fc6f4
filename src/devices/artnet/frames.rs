//! One Port-Address as it is sent: its packet is encoded once, then sequence and slots are patched in place.

use super::KEEP_ALIVE;
use super::codec::{DMX_LENGTH, PortAddress, SEQUENCE_AT, SLOTS_AT, dmx_template};
use crate::time::Mono;

/// A stream of ArtDmx.
#[derive(Debug)]
pub struct Stream {
    /// Index into the rig's universes.
    pub universe: u16,
    packet: Box<[u8; DMX_LENGTH]>,
    sent: Option<Mono>,
}

impl Stream {
    /// A stream that has sent nothing.
    #[must_use]
    pub fn new(universe: u16, address: PortAddress) -> Self {
        Self { universe, packet: dmx_template(address), sent: None }
    }

    /// Takes the levels of the next packet, and of every repeat.
    pub fn load(&mut self, slots: &[u8; 512]) {
        if let Some(place) = self.packet.get_mut(SLOTS_AT..) {
            place.copy_from_slice(slots);
        }
    }

    /// The next packet: its sequence runs 1 to 255 and never is 0, which means a sender that does not count.
    pub fn next(&mut self, now: Mono) -> &[u8] {
        let sequence = &mut self.packet[SEQUENCE_AT];
        *sequence = sequence.checked_add(1).unwrap_or(1);
        self.sent = Some(now);
        &self.packet[..]
    }

    /// When it must be repeated.
    #[must_use]
    pub fn due(&self) -> Mono {
        self.sent.map_or(Mono::ZERO, |at| at + KEEP_ALIVE)
    }

    /// Has it repeated at the next tick: somebody new listens.
    pub fn hurry(&mut self) {
        self.sent = None;
    }
}
