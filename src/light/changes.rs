//! What has changed of each universe, counted: whoever renders compares with what it has seen, and the board knows nothing of it.

/// Counts the changes of each universe of a rig.
#[derive(Debug, Clone)]
pub(super) struct Changes {
    universes: Vec<Count>,
    /// How often anything at all was new.
    any: u64,
}

/// How often something changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// There is something new to send.
    pub(super) news: u64,
    /// What is sent of it goes another way from then on.
    pub(super) ways: u64,
}

impl Changes {
    /// Of so many universes none has changed.
    pub(super) fn none(universes: usize) -> Self {
        Self { universes: vec![Count::default(); universes], any: 0 }
    }

    /// This one has something new to send.
    pub(super) fn news(&mut self, universe: u16) {
        if let Some(count) = self.universes.get_mut(usize::from(universe)) {
            self.any += 1;
            count.news += 1;
        }
    }

    /// All have something new to send.
    pub(super) fn news_everywhere(&mut self) {
        self.any += 1;
        self.universes.iter_mut().for_each(|count| count.news += 1);
    }

    /// Something of this one goes another way.
    pub(super) fn another_way(&mut self, universe: u16) {
        if let Some(count) = self.universes.get_mut(usize::from(universe)) {
            count.ways += 1;
        }
    }

    /// Something may go another way in all of them.
    pub(super) fn another_way_everywhere(&mut self) {
        self.universes.iter_mut().for_each(|count| count.ways += 1);
    }

    /// The changes of a universe.
    pub(super) fn of(&self, universe: u16) -> Count {
        self.universes.get(usize::from(universe)).copied().unwrap_or_default()
    }

    /// How often anything at all was new: while that stands still, no universe need be looked at.
    pub(super) const fn any_news(&self) -> u64 {
        self.any
    }
}
