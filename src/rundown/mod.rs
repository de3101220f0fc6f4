//! Ring 2: the clock of the day. What was planned, what happened, and when the rest will be.
//!
//! Pure: the show, the newest pair of clocks and what has started are arguments; nothing is remembered. All differences
//! are seconds, positive when behind.
//!
//! - The **plan** of a list: a cue's own `at`, or the end of the cue before it where that has a `length`. A time that is
//!   half a day or more before the one before it belongs to the next day.
//! - **Late** is the last started cue that has a plan, against its plan. What is to come counts where it is worse: NEXT
//!   overdue, or a `length` that runs past the next planned time.
//! - **Projected**: a cue with `at` comes at its time or when what is before it is done, whichever is later. So a gap
//!   between lengths takes up lateness; where a plan has no lengths up to its next time, there is no gap.
//! - Started more than an hour early or six hours late, it is a **rehearsal**: all is counted from the first planned
//!   cue that has started, and nothing is said of the hard out.

mod place;
mod plan;
mod project;
#[cfg(test)]
mod tests;

use crate::show::{CueIx, ListIx, Show};
use crate::time::{Mono, Wall};
use place::Place;
use plan::Plan;

/// A second in nanoseconds.
const SECOND: i64 = 1_000_000_000;
/// Nobody starts an evening so early: it is a rehearsal.
const EARLY_MAX: i64 = 3_600 * SECOND;
/// Nobody starts an evening so late: it is a rehearsal, or another day.
const LATE_MAX: i64 = 6 * 3_600 * SECOND;

/// A pair of clocks. The newest pair rules: after a step of the wall clock everything is told by the new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// The instant that is asked about.
    pub now: Mono,
    /// The wall clock then.
    pub wall: Wall,
    /// Seconds east of UTC at the venue; used where the show names no time zone.
    pub utc_offset: i32,
}

/// What has happened in one list.
#[derive(Clone, Copy)]
pub struct Happened<'a> {
    /// The cue that GO would start, of a group the child; `None` at the end of the list.
    pub next: Option<CueIx>,
    /// When it starts by itself, if it does.
    pub due: Option<Mono>,
    /// The cue of the last GO.
    pub last: Option<CueIx>,
    /// When a cue started the last time.
    pub started: &'a dyn Fn(CueIx) -> Option<Mono>,
    /// The list passes over a cue.
    pub skipped: &'a dyn Fn(CueIx) -> bool,
}

/// From where lateness is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// By the clock of the venue.
    ByClock,
    /// A rehearsal: from the start of this cue.
    Since(CueIx),
}

/// A cue that has a place in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timed {
    /// The cue.
    pub cue: CueIx,
    /// When it was planned; in a rehearsal moved to where it would be today.
    pub planned: Wall,
    /// When it started, if it is behind us.
    pub started: Option<Wall>,
    /// When it will start, if it is to come and not skipped.
    pub projected: Option<Wall>,
}

/// The day of one list at one instant.
#[derive(Debug, Clone)]
pub struct Rundown {
    /// Nanoseconds behind the plan, negative when ahead; `None` while nothing has started and nothing is overdue.
    pub late: Option<i64>,
    /// From where that is counted.
    pub counted: Counted,
    /// Every cue that has a plan, in running order.
    pub cues: Vec<Timed>,
    /// When the last planned cue will be over, its length included.
    pub end: Option<Wall>,
    /// When the room must be empty; `None` on another day and in a rehearsal.
    pub out: Option<Wall>,
    /// When the caller gives the standby of NEXT, where its start is known.
    pub standby: Option<Wall>,
    /// The instant.
    pub now: Wall,
    zone: jiff::tz::TimeZone,
}

impl Rundown {
    /// The day of a list.
    #[must_use]
    pub fn of(show: &Show, list: ListIx, clocks: Clocks, happened: Happened<'_>) -> Self {
        project::project(show, &Plan::of(show, list), clocks, happened)
    }

    /// The plan alone, as if all before its first cue were well: what does not fit is late here.
    #[must_use]
    pub fn as_planned(show: &Show, list: ListIx) -> Self {
        let plan = Plan::of(show, list);
        let first = plan.items.iter().find_map(|item| item.at).unwrap_or(0);
        let wall = Place::at(show, first, Wall(0), 0).instant(first);
        let clocks = Clocks { now: Mono::ZERO, wall, utc_offset: 0 };
        let skipped = |ix: CueIx| show.cues.get(ix.at()).is_some_and(|cue| cue.skip);
        let next = plan.items.iter().map(|item| item.cue).find(|ix| !skipped(*ix));
        let happened = Happened { next, due: None, last: None, started: &|_| None, skipped: &skipped };
        project::project(show, &plan, clocks, happened)
    }

    /// What the plan says of a cue.
    #[must_use]
    pub fn cue(&self, cue: CueIx) -> Option<&Timed> {
        self.cues.iter().find(|timed| timed.cue == cue)
    }

    /// By how many nanoseconds the end will pass the hard out; `None` when it will not.
    #[must_use]
    pub fn overrun(&self) -> Option<i64> {
        self.end.zip(self.out).map(|(end, out)| end.0.saturating_sub(out.0)).filter(|over| *over > 0)
    }

    /// Nanoseconds from now to an instant, negative once it has passed.
    #[must_use]
    pub const fn until(&self, at: Wall) -> i64 {
        at.0.saturating_sub(self.now.0)
    }

    /// The time of the day at the venue.
    #[must_use]
    pub fn time(&self, at: Wall) -> jiff::civil::Time {
        place::civil(&self.zone, at).time()
    }
}

/// What the plan said of a cue that ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// The planned time of the day.
    pub planned: jiff::civil::Time,
    /// Nanoseconds behind it; `None` where it is too far away to mean anything.
    pub late: Option<i64>,
}

/// Planned beside actual for cues of one list in the order of their starts, and from where that is counted.
#[must_use]
pub fn as_run(show: &Show, list: ListIx, utc_offset: i32, starts: &[(CueIx, Wall)]) -> (Counted, Vec<Option<Kept>>) {
    let plan = Plan::of(show, list);
    let first = starts.iter().find_map(|(cue, wall)| Some((*cue, plan.item(*cue)?.at?, *wall)));
    let Some((cue, at, wall)) = first else { return (Counted::ByClock, vec![None; starts.len()]) };
    let place = Place::at(show, at, wall, utc_offset);
    let behind = |cue: CueIx, wall: Wall| Some(wall.0.saturating_sub(place.instant(plan.item(cue)?.at?).0));
    let near = |late: &i64| (-EARLY_MAX..=LATE_MAX).contains(late);
    let by_clock = starts.iter().filter_map(|(cue, wall)| behind(*cue, *wall)).any(|late| near(&late));
    let shift = if by_clock { 0 } else { behind(cue, wall).unwrap_or(0) };
    let kept = |(cue, wall): &(CueIx, Wall)| {
        let planned = place::civil(&place.zone, place.instant(plan.item(*cue)?.at?)).time();
        Some(Kept { planned, late: behind(*cue, *wall).map(|late| late.saturating_sub(shift)).filter(near) })
    };
    let counted = if by_clock { Counted::ByClock } else { Counted::Since(cue) };
    (counted, starts.iter().map(kept).collect())
}
