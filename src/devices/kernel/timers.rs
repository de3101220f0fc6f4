//! Things that are due at a time, each at one time at the most: a proof, an answer that does not come.

use std::collections::{BTreeMap, BTreeSet};

use crate::time::Mono;

/// When each thing is due.
#[derive(Debug)]
pub struct Timers<T> {
    by_time: BTreeSet<(Mono, T)>,
    by_thing: BTreeMap<T, Mono>,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self { by_time: BTreeSet::new(), by_thing: BTreeMap::new() }
    }
}

impl<T: Copy + Ord> Timers<T> {
    /// Sets when a thing is due next; `None`: not at all.
    pub fn set(&mut self, thing: T, when: Option<Mono>) {
        if let Some(old) = self.by_thing.remove(&thing) {
            self.by_time.remove(&(old, thing));
        }
        if let Some(when) = when {
            self.by_thing.insert(thing, when);
            self.by_time.insert((when, thing));
        }
    }

    /// Takes the next thing that is due at `now`.
    pub fn take(&mut self, now: Mono) -> Option<T> {
        let (_, thing) = self.by_time.first().copied().filter(|(when, _)| *when <= now)?;
        self.set(thing, None);
        Some(thing)
    }

    /// When the next thing is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        self.by_time.first().map(|(when, _)| *when)
    }

    /// Nothing is due any more.
    pub fn clear(&mut self) {
        self.by_time.clear();
        self.by_thing.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_due_once_at_its_newest_time() {
        let mut timers = Timers::default();
        timers.set(7, Some(Mono(10)));
        timers.set(3, Some(Mono(20)));
        timers.set(7, Some(Mono(30)));
        assert_eq!(timers.next_due(), Some(Mono(20)));
        assert_eq!((timers.take(Mono(19)), timers.take(Mono(20)), timers.take(Mono(20))), (None, Some(3), None));
        timers.set(7, None);
        assert_eq!((timers.take(Mono(99)), timers.next_due()), (None, None));
    }
}
