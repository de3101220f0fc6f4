//! Questions that wait for the device's pace.

use std::collections::{BTreeSet, VecDeque};

use crate::devices::earlier;
use crate::time::{Mono, Span};

/// Questions that wait, in order and each once, at least a gap apart; and the quiet sweep that asks one thing after the other when
/// there is time, to find what nobody told of.
#[derive(Debug)]
pub struct Questions {
    waiting: VecDeque<usize>,
    /// The same, to find one among thousands.
    stands: BTreeSet<usize>,
    gap: Span,
    free_at: Mono,
    swept: usize,
    sweep_at: Mono,
}

impl Questions {
    /// None wait; `gap` apart.
    #[must_use]
    pub const fn new(gap: Span) -> Self {
        Self { waiting: VecDeque::new(), stands: BTreeSet::new(), gap, free_at: Mono::ZERO, swept: 0, sweep_at: Mono::ZERO }
    }

    /// Asks for this when its turn comes.
    pub fn want(&mut self, thing: usize) {
        if self.stands.insert(thing) {
            self.waiting.push_back(thing);
        }
    }

    /// The next question that may leave at `now`.
    pub fn take(&mut self, now: Mono) -> Option<usize> {
        let thing = (now >= self.free_at).then(|| self.waiting.pop_front()).flatten()?;
        self.stands.remove(&thing);
        self.free_at = now + self.gap;
        Some(thing)
    }

    /// True when no question waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The sweep's next turn is at this instant.
    pub const fn sweep_at(&mut self, when: Mono) {
        self.sweep_at = when;
    }

    /// Which of `count` things is the sweep's turn at `now`, and the one after it is `every` later; `None`: not yet, or there is nothing.
    pub fn sweep(&mut self, now: Mono, count: usize, every: Span) -> Option<usize> {
        if now < self.sweep_at {
            return None;
        }
        self.sweep_at = now + every;
        self.swept = (self.swept + 1).checked_rem(count)?;
        Some(self.swept)
    }

    /// When the next question may leave, or the sweep has its turn (where `sweeps`).
    #[must_use]
    pub fn next_due(&self, sweeps: bool) -> Option<Mono> {
        earlier((!self.waiting.is_empty()).then_some(self.free_at), sweeps.then_some(self.sweep_at))
    }

    /// None wait any more.
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.stands.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_keep_their_order_and_their_pace() {
        let mut questions = Questions::new(Span(4));
        for thing in [5, 1, 5] {
            questions.want(thing);
        }
        assert_eq!((questions.take(Mono(10)), questions.take(Mono(13))), (Some(5), None));
        assert_eq!(questions.next_due(false), Some(Mono(14)));
        assert_eq!((questions.take(Mono(14)), questions.is_empty()), (Some(1), true));
        assert_eq!(questions.next_due(false), None);
    }

    #[test]
    fn the_sweep_comes_round() {
        let mut questions = Questions::new(Span(4));
        questions.sweep_at(Mono(100));
        let turns: Vec<_> = [50, 100, 105, 110, 120].into_iter().map(|at| questions.sweep(Mono(at), 2, Span(10))).collect();
        assert_eq!(turns, [None, Some(1), None, Some(0), Some(1)]);
        assert_eq!(questions.sweep(Mono(999), 0, Span(10)), None);
    }
}
