//! Whether a device tells its changes to us by itself: some have few places for listeners, and never say that all are taken.

use std::collections::BTreeMap;

use crate::devices::earlier;
use crate::show::PropIx;
use crate::time::{Mono, Span};

/// A change that was read waits this long for its push before that counts as missed.
const GRACE: Span = Span::ms(250);
/// Changes in a row that were read and not pushed, before a device that did push counts as silent: one datagram may get lost.
const MISSED_MAX: u8 = 2;

/// What is known of a device's pushes.
#[derive(Debug, Default)]
pub(super) struct Pushes {
    state: State,
    missed: u8,
    /// Read, and not pushed yet.
    read: BTreeMap<PropIx, Mono>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Nothing has changed yet.
    #[default]
    Unknown,
    Work,
    Missing,
}

impl Pushes {
    /// Pushes are known to come. Else whoever wants to know must ask.
    pub fn work(&self) -> bool {
        self.state == State::Work
    }

    /// A change came by itself.
    pub fn pushed(&mut self, prop: PropIx) {
        self.read.remove(&prop);
        (self.missed, self.state) = (0, State::Work);
    }

    /// A change of this was read a moment ago: its push is only late.
    pub fn is_waited_for(&self, prop: PropIx) -> bool {
        self.read.contains_key(&prop)
    }

    /// A change of somebody else's was read.
    pub fn read(&mut self, now: Mono, prop: PropIx) {
        self.read.entry(prop).or_insert(now);
    }

    /// Counts what no push has told of. True when the device is found to tell us nothing.
    pub fn count(&mut self, now: Mono) -> bool {
        let waiting = self.read.len();
        self.read.retain(|_, read| now.since(*read) < GRACE);
        let missed = u8::try_from(waiting - self.read.len()).unwrap_or(u8::MAX);
        self.missed = self.missed.saturating_add(missed);
        let found = match self.state {
            State::Unknown => self.missed > 0,
            State::Work => self.missed >= MISSED_MAX,
            State::Missing => false,
        };
        if found {
            self.state = State::Missing;
        }
        found
    }

    /// When [`Self::count`] is due.
    pub fn next_due(&self) -> Option<Mono> {
        self.read.values().map(|read| *read + GRACE).fold(None, |first, at| earlier(first, Some(at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ON: PropIx = PropIx(1);
    const FADER: PropIx = PropIx(2);

    fn at(ms: u64) -> Mono {
        Mono::ZERO + Span::ms(ms)
    }

    #[test]
    fn the_first_change_that_nobody_pushed_tells_and_a_push_takes_it_back() {
        let mut pushes = Pushes::default();
        assert!(!pushes.work());
        pushes.read(at(0), ON);
        assert!(!pushes.count(at(249)), "it may come late");
        assert_eq!(pushes.next_due(), Some(at(250)));
        assert!(pushes.count(at(250)) && !pushes.count(at(251)), "said once");
        pushes.pushed(FADER);
        assert!(pushes.work());
    }

    #[test]
    fn one_lost_datagram_and_a_late_push_are_no_sign() {
        let mut pushes = Pushes::default();
        pushes.pushed(ON);
        pushes.read(at(0), ON);
        assert!(!pushes.count(at(300)) && pushes.work());
        pushes.read(at(400), FADER);
        assert!(pushes.is_waited_for(FADER));
        pushes.pushed(FADER);
        assert!(!pushes.count(at(900)) && pushes.work());
        pushes.read(at(1000), ON);
        pushes.read(at(1000), FADER);
        assert!(pushes.count(at(1300)) && !pushes.work());
    }
}
