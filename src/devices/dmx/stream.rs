//! One universe as it is sent: its packet is encoded once, then sequence and slots are patched in place.

use super::SLOTS;
use crate::time::{Mono, Span};

/// A stream that does not change is repeated after this: Art-Net recommends 0.8 to 1 s ("ArtDmx", refresh), E1.31-2018 demands it (6.6.1).
pub const KEEP_ALIVE: Span = Span::ms(900);
/// Between a change and its copies: far enough apart that none comes between two frames of a fade.
const COPY_EVERY: Span = Span::ms(50);

/// Where a protocol has what changes from packet to packet.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    /// Where the sequence is.
    pub sequence_at: usize,
    /// What follows sequence 255.
    pub first_sequence: u8,
    /// Where the 512 slots begin.
    pub slots_at: usize,
    /// How often a change is sent again soon after, in case the packet gets lost.
    pub copies: u8,
}

/// A stream of frames.
#[derive(Debug)]
pub struct Stream {
    /// Index into the rig's universes.
    pub universe: u16,
    layout: &'static Layout,
    packet: Box<[u8]>,
    sent: Option<Mono>,
    /// The slots have changed since the last packet.
    changed: bool,
    copies: u8,
}

impl Stream {
    /// A stream that has sent nothing; `packet` is a whole packet of 512 slots.
    #[must_use]
    pub fn new(universe: u16, layout: &'static Layout, packet: Box<[u8]>) -> Self {
        Self { universe, layout, packet, sent: None, changed: false, copies: 0 }
    }

    /// Takes the levels of the next packet, and of every repeat.
    pub fn load(&mut self, slots: &[u8; SLOTS]) {
        let Some(place) = self.packet.get_mut(self.layout.slots_at..).filter(|place| place.len() == SLOTS) else { return };
        // Where nothing is copied later, it is all one whether anything has changed.
        self.changed |= self.layout.copies > 0 && place != slots.as_slice();
        place.copy_from_slice(slots);
    }

    /// The next packet.
    pub fn next(&mut self, now: Mono) -> &mut [u8] {
        if let Some(sequence) = self.packet.get_mut(self.layout.sequence_at) {
            *sequence = sequence.checked_add(1).unwrap_or(self.layout.first_sequence);
        }
        let news = self.sent.replace(now).is_none() | std::mem::take(&mut self.changed);
        self.copies = if news { self.layout.copies } else { self.copies.saturating_sub(1) };
        &mut self.packet
    }

    /// It has sent something.
    #[must_use]
    pub const fn has_sent(&self) -> bool {
        self.sent.is_some()
    }

    /// When it must be repeated.
    #[must_use]
    pub fn due(&self) -> Mono {
        self.sent.map_or(Mono::ZERO, |at| at + if self.copies > 0 { COPY_EVERY } else { KEEP_ALIVE })
    }

    /// Has it repeated at the next tick: somebody new listens.
    pub fn hurry(&mut self) {
        self.sent = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static LAYOUT: Layout = Layout { sequence_at: 0, first_sequence: 1, slots_at: 2, copies: 3 };

    #[test]
    fn a_change_has_its_copies_and_then_a_keep_alive() {
        let mut stream = Stream::new(0, &LAYOUT, vec![0; 514].into());
        stream.load(&[1; SLOTS]);
        let mut now = Mono(1);
        let mut gaps = Vec::new();
        for _ in 0..6 {
            let _ = stream.next(now);
            gaps.push(stream.due().since(now));
            now = stream.due();
            stream.load(&[1; SLOTS]);
        }
        assert_eq!(gaps, [COPY_EVERY, COPY_EVERY, COPY_EVERY, KEEP_ALIVE, KEEP_ALIVE, KEEP_ALIVE]);
        stream.load(&[2; SLOTS]);
        assert_eq!(stream.next(now)[..3], [7, 0, 2]);
        assert_eq!(stream.due().since(now), COPY_EVERY);
    }
}
