//! Timers: work that is due at an instant, run in (due, sequence) order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ActionId;
use super::running::RunId;
use crate::show::{CueIx, CueVerb, ListIx, PropIx, Target};
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

/// All timers. Bounded: steps are refused above [`Due::LIMIT`]; every other kind is bounded by what it belongs to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub(super) struct Due {
    timers: BTreeMap<Key, Work>,
    next: u64,
}

/// The timers in a checkpoint: JSON has no maps with pairs as keys.
#[derive(Serialize, Deserialize)]
struct Saved {
    next: u64,
    timers: Vec<(Mono, u64, Work)>,
}

impl From<Saved> for Due {
    fn from(saved: Saved) -> Self {
        Self { next: saved.next, timers: saved.timers.into_iter().map(|(at, seq, work)| ((at, seq), work)).collect() }
    }
}

impl From<Due> for Saved {
    fn from(due: Due) -> Self {
        Self { next: due.next, timers: due.timers.into_iter().map(|((at, seq), work)| (at, seq, work)).collect() }
    }
}

impl Due {
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
