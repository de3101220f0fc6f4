//! When the packet leaves that has nodes output together (ArtSync, sACN's synchronization): once a whole picture is out, so that no node
//! shows half of one.
//!
//! While lights move, the universes of a picture are spread over a frame. A picture is whole when every universe that moves has had its
//! frame since the last such packet; lights at rest that a GO changes are a picture by themselves. A universe that stops moving in
//! the middle of a picture holds it up for one frame at the most.

use std::collections::BTreeMap;

use crate::time::{Mono, Span};

/// Longer than the frame of a moving universe (22.7 ms), shorter than two: one without a frame for this long rests.
const MOVES_FOR: Span = Span::ms(34);
/// A picture waits no longer for the rest of itself.
const AT_MOST: Span = Span::ms(23);

/// Frames since the last such packet.
#[derive(Debug, Default)]
pub struct Sync {
    /// The last frame of each universe that moves, and whether the packet has followed it.
    frames: BTreeMap<u16, (Mono, bool)>,
    /// The first frame that none has followed.
    first: Option<Mono>,
}

impl Sync {
    /// A universe's frame leaves.
    pub fn framed(&mut self, now: Mono, address: u16) {
        self.frames.insert(address, (now, false));
        self.first.get_or_insert(now);
    }

    /// Whether the picture is whole after this step; it then counts as synchronised.
    pub fn whole(&mut self, now: Mono) -> bool {
        self.frames.retain(|_, (at, _)| now.since(*at) <= MOVES_FOR);
        let whole = self.first.is_some() && self.frames.values().all(|(_, followed)| !followed);
        if whole {
            self.follow();
        }
        whole
    }

    /// Whether a part has waited long enough.
    pub fn take(&mut self, now: Mono) -> bool {
        let due = self.next_due().is_some_and(|due| due <= now);
        if due {
            self.follow();
        }
        due
    }

    /// When [`Self::take`] will say yes.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        self.first.map(|first| first + AT_MOST)
    }

    fn follow(&mut self) {
        self.first = None;
        self.frames.values_mut().for_each(|(_, followed)| *followed = true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Mono {
        Mono::ZERO + Span::ms(1_000 + ms)
    }

    #[test]
    fn lights_at_rest_that_change_are_a_picture_by_themselves() {
        let mut sync = Sync::default();
        assert!(!sync.whole(at(0)), "nothing left");
        for (ms, universes) in [(0, 1..4), (500, 2..3)] {
            universes.for_each(|u| sync.framed(at(ms), u));
            assert!(sync.whole(at(ms)));
            assert_eq!(sync.next_due(), None);
        }
    }

    #[test]
    fn while_lights_move_there_is_one_for_each_frame_of_all() {
        let mut sync = Sync::default();
        let mut synced = Vec::new();
        for step in 0..40_u64 {
            let (ms, universe) = (step / 4 * 23 + step % 4 * 5, (step % 4) as u16);
            sync.framed(at(ms), universe);
            if sync.whole(at(ms)) {
                synced.push(step);
            }
        }
        assert_eq!(synced, (0..10).map(|round| round * 4).collect::<Vec<_>>(), "each universe has one frame between two");
    }

    #[test]
    fn one_that_rests_holds_nothing_up_for_long() {
        let mut sync = Sync::default();
        (0..2).for_each(|u| sync.framed(at(0), u));
        assert!(sync.whole(at(0)));
        sync.framed(at(20), 0);
        assert!(!sync.whole(at(20)), "the other may still come");
        assert!(!sync.take(at(42)) && sync.take(at(43)));
        sync.framed(at(60), 0);
        assert!(sync.whole(at(60)), "it rests");
    }
}
