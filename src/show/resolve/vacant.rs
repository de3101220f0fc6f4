//! Free slots of universes: where a fixture goes that says no address.

use std::collections::BTreeMap;
use std::ops::Range;

/// Slots of a universe.
pub(super) const SLOTS: u16 = 512;

/// Which slots of each universe (an index into [`crate::show::Rig::universes`]) nobody has.
#[derive(Debug, Default)]
pub(super) struct Vacant {
    taken: BTreeMap<u16, Box<[bool; SLOTS as usize]>>,
}

impl Vacant {
    /// Takes slots from an address on, 1 to 512; those past the end are nobody's.
    pub(super) fn take(&mut self, universe: u16, address: u16, footprint: u16) {
        let taken = self.taken.entry(universe).or_insert_with(|| Box::new([false; SLOTS as usize]));
        let first = usize::from(address.saturating_sub(1));
        taken.iter_mut().skip(first).take(usize::from(footprint)).for_each(|slot| *slot = true);
    }

    /// Takes the lowest free slots that hold a footprint, and gives their address; `None`: the universe has no such place.
    pub(super) fn settle(&mut self, universe: u16, footprint: u16) -> Option<u16> {
        let run = self.runs(universe).find(|run| run.end - run.start >= footprint)?;
        self.take(universe, run.start, footprint);
        Some(run.start)
    }

    /// The longest run of free slots, by address; the lowest of several. Empty when there is none.
    pub(super) fn longest(&self, universe: u16) -> Range<u16> {
        self.runs(universe).reduce(|best, run| if run.end - run.start > best.end - best.start { run } else { best }).unwrap_or(0..0)
    }

    /// The runs of free slots of a universe, by address.
    fn runs(&self, universe: u16) -> impl Iterator<Item = Range<u16>> {
        let taken = self.taken.get(&universe);
        let free = move |address: u16| taken.is_none_or(|taken| taken.get(usize::from(address - 1)) == Some(&false));
        let mut from = 1;
        std::iter::from_fn(move || {
            let start = (from..=SLOTS).find(|address| free(*address))?;
            let end = (start..=SLOTS).find(|address| !free(*address)).unwrap_or(SLOTS + 1);
            from = end;
            Some(start..end)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_place_that_holds_it_is_taken() {
        let mut vacant = Vacant::default();
        vacant.take(0, 4, 7);
        vacant.take(0, 500, 10);
        let places = [3, 4, 490, 486, 4, 3, 3].map(|footprint| vacant.settle(0, footprint));
        assert_eq!(places, [Some(1), Some(11), None, None, Some(15), Some(19), Some(22)]);
        assert_eq!((vacant.longest(0), vacant.longest(7)), (25..500, 1..513));
        assert_eq!((vacant.settle(0, 475), vacant.settle(0, 4), vacant.settle(0, 3)), (Some(25), None, Some(510)));
        assert_eq!((vacant.settle(0, 1), vacant.longest(0)), (None, 0..0), "no slot is left");
        assert_eq!((vacant.settle(1, 512), vacant.settle(1, 1)), (Some(1), None));
    }
}
