//! What a snapshot tells the clock of the day.

use super::Snapshot;
use crate::rundown::{Clocks, Happened, Rundown};
use crate::show::{CueIx, ListIx, Show};
use crate::time::{Mono, Wall};

impl Snapshot {
    /// The wall clock at an instant, by the pair of clocks that the snapshot holds.
    #[must_use]
    pub fn wall_at(&self, at: Mono) -> Wall {
        let part = |span: crate::time::Span| i64::try_from(span.0).unwrap_or(i64::MAX);
        Wall(self.wall.0.saturating_add(part(at.since(self.now))).saturating_sub(part(self.now.since(at))))
    }

    /// The pair of clocks at an instant.
    #[must_use]
    pub fn clocks(&self, at: Mono) -> Clocks {
        Clocks { now: at, wall: self.wall_at(at), utc_offset: self.utc_offset }
    }

    /// The day of a list at an instant at or after the snapshot's own.
    #[must_use]
    pub fn rundown(&self, show: &Show, list: ListIx, at: Mono) -> Rundown {
        let flags = |cue: CueIx| self.cues.get(cue.at());
        let view = self.lists.get(list.at());
        let next = view.and_then(|view| view.child.or(view.next));
        let auto = view.and_then(|view| view.auto).filter(|auto| !auto.held).and_then(|auto| auto.due);
        let clock = view.and_then(|view| view.clock).filter(|(cue, _)| next == Some(*cue));
        let happened = Happened {
            next,
            due: auto.or(clock.map(|(_, at)| at)),
            last: view.and_then(|view| view.last).map(|(cue, _)| cue),
            started: &|cue| flags(cue)?.started,
            skipped: &|cue| flags(cue).is_some_and(|flags| flags.skip),
        };
        Rundown::of(show, list, self.clocks(at), happened)
    }
}
