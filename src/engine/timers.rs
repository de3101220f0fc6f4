//! Timers: work that is due at an instant, run in (due, sequence) order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ActionId;
use super::running::RunId;
use crate::show::{CueIx, CueVerb, DeviceIx, ListIx, PropIx, Target};
use crate::time::Mono;

/// Names one timer.
pub(super) type Key = (Mono, u64);

/// What is done when a timer is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Work {
    /// A cue's wait is over.
    Begin(RunId),
    /// A step of a running cue.
    Step(RunId, u16),
    /// The planned time of something in a cue is over.
    Floor(RunId),
    /// A step's verb on cues, given the GO it belongs to.
    Verb(CueVerb, Target, u64),
    /// A follower's time has come.
    Follow(ListIx),
    /// The wall clock starts a cue.
    Clock(CueIx),
    /// A follower's ceiling: from now on it only proposes.
    Ceiling(ListIx),
    /// The answer to the question where a fade starts is overdue.
    FadeStart(ActionId),
    /// A device that an action waits for has had time enough to connect.
    Patience(ActionId),
    /// An action must have landed.
    Limit(ActionId),
    /// A change of the lights has arrived.
    LightDone(ActionId),
    /// The lists look ahead.
    Mark,
    /// A device has had time enough to say its first word.
    Silence(DeviceIx),
    /// A player that panic fades out has become silent.
    Silent(PropIx),
}

impl Work {
    /// Whether the audience or a device would notice that it fires: such work is held when its time passed while we were away.
    pub(super) const fn shows(self) -> bool {
        matches!(self, Self::Begin(_) | Self::Step(..) | Self::Verb(..) | Self::Follow(_) | Self::Clock(_))
    }

    /// The run that it is a part of.
    pub(super) const fn run(self) -> Option<RunId> {
        match self {
            Self::Begin(run) | Self::Step(run, _) | Self::Floor(run) => Some(run),
            _ => None,
        }
    }
}

/// All timers. Bounded: steps are refused above [`Timers::LIMIT`]; every other kind is bounded by what it belongs to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub(super) struct Timers {
    timers: BTreeMap<Key, Work>,
    next: u64,
}

/// The timers in a checkpoint: JSON has no maps with pairs as keys.
#[derive(Serialize, Deserialize)]
struct Saved {
    next: u64,
    timers: Vec<(Mono, u64, Work)>,
}

impl From<Saved> for Timers {
    fn from(saved: Saved) -> Self {
        Self { next: saved.next, timers: saved.timers.into_iter().map(|(at, seq, work)| ((at, seq), work)).collect() }
    }
}

impl From<Timers> for Saved {
    fn from(due: Timers) -> Self {
        Self { next: due.next, timers: due.timers.into_iter().map(|((at, seq), work)| (at, seq, work)).collect() }
    }
}

impl Timers {
    /// Steps that may wait at once.
    pub(super) const LIMIT: usize = 16_384;

    /// Adds a timer.
    pub(super) fn add(&mut self, at: Mono, work: Work) -> Key {
        let key = (at, self.next);
        self.next += 1;
        self.timers.insert(key, work);
        key
    }

    /// Whether another step fits.
    pub(super) fn has_room(&self) -> bool {
        self.timers.len() < Self::LIMIT
    }

    /// The earliest instant.
    pub(super) fn first(&self) -> Option<Mono> {
        self.timers.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the earliest timer that is due at `now`.
    pub(super) fn take(&mut self, now: Mono) -> Option<(Mono, Work)> {
        if self.first()? > now {
            return None;
        }
        self.timers.pop_first().map(|((at, _), work)| (at, work))
    }

    /// Removes one timer.
    pub(super) fn cancel(&mut self, key: Option<Key>) {
        if let Some(key) = key {
            self.timers.remove(&key);
        }
    }

    /// Removes every timer that `which` names, in order.
    pub(super) fn drain(&mut self, mut which: impl FnMut(Mono, Work) -> bool) -> Vec<(Mono, Work)> {
        let mut taken = Vec::new();
        self.timers.retain(|(at, _), work| {
            let take = which(*at, *work);
            if take {
                taken.push((*at, *work));
            }
            !take
        });
        taken
    }

    /// All that waits, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = Work> + '_ {
        self.timers.values().copied()
    }

    /// How many wait.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.timers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Mono {
        Mono(ms * 1_000_000)
    }

    fn all(timers: &mut Timers) -> Vec<Work> {
        std::iter::from_fn(|| timers.take(at(u64::MAX / 1_000_000))).map(|(_, work)| work).collect()
    }

    #[test]
    fn work_comes_by_its_instant_and_of_one_instant_in_the_order_in_which_it_was_added() {
        let mut timers = Timers::default();
        let [late, one, two, early] = [4, 1, 2, 3].map(|run| Work::Floor(RunId(run)));
        timers.add(at(20), late);
        timers.add(at(10), one);
        timers.add(at(10), two);
        timers.add(at(5), early);
        assert_eq!((timers.first(), timers.take(at(4))), (Some(at(5)), None));
        assert_eq!(timers.take(at(30)), Some((at(5), early)));
        assert_eq!(all(&mut timers), [one, two, late]);
    }

    #[test]
    fn a_key_ends_its_own_timer_and_no_other() {
        let mut timers = Timers::default();
        let key = timers.add(at(1), Work::Mark);
        timers.add(at(1), Work::Follow(ListIx(0)));
        timers.cancel(Some(key));
        timers.cancel(Some(key));
        timers.cancel(None);
        assert_eq!(all(&mut timers), [Work::Follow(ListIx(0))]);
        let next = timers.add(at(1), Work::Mark);
        assert_ne!(key, next, "a key is never used twice");
    }

    #[test]
    fn what_is_drained_is_gone_and_comes_in_order() {
        let mut timers = Timers::default();
        for run in 0..6 {
            timers.add(at(10 - run), Work::Begin(RunId(run)));
        }
        let odd = timers.drain(|_, work| matches!(work, Work::Begin(RunId(run)) if run % 2 == 1));
        assert_eq!(odd, [5, 3, 1].map(|run| (at(10 - run), Work::Begin(RunId(run)))));
        assert_eq!(timers.len(), 3);
    }

    #[test]
    fn a_checkpoint_keeps_all_and_no_key_comes_again() {
        let mut timers = Timers::default();
        let key = timers.add(at(3), Work::Mark);
        timers.add(at(3), Work::Begin(RunId(1)));
        let text = serde_json::to_string(&timers).unwrap_or_default();
        let mut again: Timers = serde_json::from_str(&text).unwrap_or_default();
        assert!(again.add(at(3), Work::Floor(RunId(2))) > key);
        assert_eq!(all(&mut again), [Work::Mark, Work::Begin(RunId(1)), Work::Floor(RunId(2))]);
    }

    #[test]
    fn steps_find_no_room_beyond_the_limit() {
        let mut timers = Timers::default();
        for run in 0..Timers::LIMIT as u64 {
            assert!(timers.has_room());
            timers.add(at(1), Work::Step(RunId(run), 0));
        }
        assert!(!timers.has_room());
    }
}
