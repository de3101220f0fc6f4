//! The newest frame of every universe, for whoever looks at it: written by one thread, read by any, without a lock.
//!
//! A reader that comes while a frame is written may see half of each; the next look shows it whole. Nothing but a picture is made of it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Slots of a universe.
const SLOTS: usize = 512;
/// Slots travel by eight.
const WORDS: usize = SLOTS / 8;

/// The newest frames of a rig, in the order of [`crate::show::Rig::universes`].
#[derive(Debug, Default)]
pub struct Monitor {
    lines: Box<[Line]>,
    changes: AtomicU64,
    wanted: AtomicBool,
}

/// One universe.
#[derive(Debug)]
struct Line {
    lit: AtomicBool,
    words: [AtomicU64; WORDS],
}

impl Monitor {
    /// So many universes of which nothing has been seen.
    #[must_use]
    pub fn new(universes: usize) -> Self {
        let line = || Line { lit: AtomicBool::new(false), words: [const { AtomicU64::new(0) }; WORDS] };
        Self { lines: std::iter::repeat_with(line).take(universes).collect(), ..Self::default() }
    }

    /// A frame of a universe. One thread writes; a universe that there is not is left out.
    pub fn put(&self, universe: u16, slots: &[u8; SLOTS]) {
        let Some(line) = self.lines.get(usize::from(universe)) else { return };
        let mut differs = !line.lit.swap(true, Ordering::Relaxed);
        for (word, eight) in line.words.iter().zip(slots.as_chunks::<8>().0) {
            let new = u64::from_le_bytes(*eight);
            if word.load(Ordering::Relaxed) != new {
                word.store(new, Ordering::Relaxed);
                differs = true;
            }
        }
        if differs {
            self.changes.fetch_add(1, Ordering::Release);
        }
    }

    /// Nothing is on the line of a universe any more.
    pub fn clear(&self, universe: u16) {
        if self.lines.get(usize::from(universe)).is_some_and(|line| line.lit.swap(false, Ordering::Relaxed)) {
            self.changes.fetch_add(1, Ordering::Release);
        }
    }

    /// Somebody looks: what is only fetched for those who look is wanted once.
    pub fn want(&self) {
        self.wanted.store(true, Ordering::Relaxed);
    }

    /// Somebody has looked since this was last asked.
    pub fn wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed) && self.wanted.swap(false, Ordering::Relaxed)
    }
}

/// Frames as somebody has seen them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frames {
    universes: Vec<Option<[u8; SLOTS]>>,
    changes: Option<u64>,
}

impl Frames {
    /// Looks again; false: nothing is new.
    pub fn look(&mut self, monitor: &Monitor) -> bool {
        let changes = monitor.changes.load(Ordering::Acquire);
        if self.changes == Some(changes) && self.universes.len() == monitor.lines.len() {
            return false;
        }
        self.changes = Some(changes);
        self.universes.resize(monitor.lines.len(), None);
        for (seen, line) in self.universes.iter_mut().zip(&monitor.lines) {
            if !line.lit.load(Ordering::Relaxed) {
                *seen = None;
                continue;
            }
            let slots = seen.get_or_insert([0; SLOTS]);
            for (eight, word) in slots.as_chunks_mut::<8>().0.iter_mut().zip(&line.words) {
                *eight = word.load(Ordering::Relaxed).to_le_bytes();
            }
        }
        true
    }

    /// The slots of a universe; `None`: nothing is on its line.
    #[must_use]
    pub fn get(&self, universe: u16) -> Option<&[u8; SLOTS]> {
        self.universes.get(usize::from(universe))?.as_ref()
    }

    /// All universes in the rig's order.
    pub fn iter(&self) -> impl Iterator<Item = Option<&[u8; SLOTS]>> {
        self.universes.iter().map(Option::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_shows_the_newest_frame_and_tells_whether_anything_is_new() {
        let (monitor, mut frames) = (Monitor::new(2), Frames::default());
        assert!(frames.look(&monitor) && !frames.look(&monitor));
        assert_eq!((frames.get(0), frames.get(1)), (None, None), "never sent is not dark");
        let slots: [u8; SLOTS] = std::array::from_fn(|at| (at % 251) as u8);
        monitor.put(1, &slots);
        assert!(frames.look(&monitor));
        assert_eq!((frames.get(0), frames.get(1)), (None, Some(&slots)));
        monitor.put(1, &slots);
        monitor.put(2, &slots);
        assert!(!frames.look(&monitor), "the same again is nothing new, and a universe that there is not is nothing at all");
        monitor.clear(1);
        assert!(frames.look(&monitor) && frames.get(1).is_none());
    }

    #[test]
    fn a_wish_to_look_counts_once() {
        let monitor = Monitor::new(0);
        assert!(!monitor.wanted());
        monitor.want();
        assert!(monitor.wanted() && !monitor.wanted());
    }
}
