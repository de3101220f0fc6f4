//! From what happened to what will be.

use super::place::Place;
use super::plan::{Item, Plan};
use super::{Clocks, Counted, EARLY_MAX, Happened, LATE_MAX, Rundown, SECOND, Timed};
use crate::show::{AutoWhen, Show};
use crate::time::{Mono, Wall};

/// The day of a list.
pub(super) fn project(show: &Show, plan: &Plan, clocks: Clocks, happened: Happened<'_>) -> Rundown {
    let mut walk = Walk::new(plan, clocks, happened);
    walk.past();
    let day = Day::of(show, &walk);
    if day.known {
        walk.future(&day);
    }
    let timed = |(i, item): (usize, &Item)| {
        Some(Timed { cue: item.cue, planned: day.planned(item)?, started: walk.starts[i], projected: walk.projected[i] })
    };
    let cues: Vec<Timed> = plan.items.iter().enumerate().filter_map(timed).collect();
    Rundown {
        late: walk.late(&day),
        counted: day.counted,
        end: walk.flow.filter(|_| day.known && !cues.is_empty()),
        out: day.place.out(show, plan, clocks.wall).filter(|_| day.counted == Counted::ByClock),
        standby: walk.standby(show),
        cues,
        now: clocks.wall,
        zone: day.place.zone,
    }
}

/// The plan on its day.
struct Day {
    place: Place,
    counted: Counted,
    /// By how much a rehearsal moves the plan.
    shift: i64,
    /// The plan says something of this instant.
    known: bool,
}

impl Day {
    fn of(show: &Show, walk: &Walk<'_>) -> Self {
        let items = &walk.plan.items;
        // What says where we are: the last planned cue that started, else now and the first planned cue to come.
        let here = walk.anchor().and_then(|i| Some((items[i].at?, walk.starts[i]?)));
        let now = walk.clocks.wall;
        let next = items.iter().skip(walk.next).find_map(|item| item.at).or_else(|| items.iter().find_map(|item| item.at));
        let (at, when) = here.unwrap_or((next.or_else(|| Place::hard_out(show)).unwrap_or(0), now));
        let place = Place::at(show, at, when, walk.clocks.utc_offset);
        let off = when.0.saturating_sub(place.instant(at).0);
        let first = (0..items.len()).find(|i| walk.starts[*i].is_some() && items[*i].at.is_some());
        let first = first.and_then(|i| Some((items[i].cue, items[i].at?, walk.starts[i]?)));
        let (counted, shift) = match first.filter(|_| !(-EARLY_MAX..=LATE_MAX).contains(&off)) {
            Some((cue, at, start)) => (Counted::Since(cue), start.0.saturating_sub(place.instant(at).0)),
            None => (Counted::ByClock, 0),
        };
        Self { place, counted, shift, known: here.is_some() || off <= LATE_MAX }
    }

    fn planned(&self, item: &Item) -> Option<Wall> {
        item.at.map(|at| Wall(self.place.instant(at).0.saturating_add(self.shift)))
    }
}

/// One way through a list: first what is behind, then what is to come.
struct Walk<'a> {
    plan: &'a Plan,
    clocks: Clocks,
    happened: Happened<'a>,
    /// Position of NEXT; the length of the list at its end.
    next: usize,
    /// When what is behind started, by position.
    starts: Vec<Option<Wall>>,
    /// When what is to come will start, by position.
    projected: Vec<Option<Wall>>,
    /// When all up to here is done.
    flow: Option<Wall>,
}

impl<'a> Walk<'a> {
    fn new(plan: &'a Plan, clocks: Clocks, happened: Happened<'a>) -> Self {
        let count = plan.items.len();
        let next = happened.next.and_then(|cue| plan.position(cue)).unwrap_or(count);
        Self { plan, clocks, happened, next, starts: vec![None; count], projected: vec![None; count], flow: None }
    }

    /// An instant by the newest pair of clocks.
    fn wall(&self, at: Mono) -> Wall {
        let ahead = i64::try_from(at.since(self.clocks.now).0).unwrap_or(i64::MAX);
        let ago = i64::try_from(self.clocks.now.since(at).0).unwrap_or(i64::MAX);
        Wall(self.clocks.wall.0.saturating_add(ahead).saturating_sub(ago))
    }

    /// What started up to the last GO, and what followed that by itself.
    fn past(&mut self) {
        let items = &self.plan.items;
        let Some(last) = self.happened.last.and_then(|cue| self.plan.position(cue)) else { return };
        let started = |i: usize| (self.happened.started)(items[i].cue).filter(|at| *at <= self.clocks.now);
        let go = started(last);
        let followed = last + 1..self.next;
        let mut starts: Vec<_> = followed.filter_map(|i| Some((i, started(i).filter(|at| Some(*at) >= go)?))).collect();
        // Back from there: a cue that started after one that runs after it was fired out of order, and says nothing.
        let mut before = self.clocks.now;
        for i in (0..self.next.min(last + 1)).rev() {
            if let Some(at) = started(i).filter(|at| *at <= before) {
                before = at;
                starts.push((i, at));
            }
        }
        starts.sort_unstable_by_key(|(i, _)| *i);
        for (i, at) in starts {
            let (item, start) = (&items[i], self.wall(at));
            let done = after(start, item.length);
            self.starts[i] = Some(start);
            // A cue with a length of its own ends what was before it; a moment inside that does not.
            self.flow = if item.length > 0 && item.follows.is_none() { Some(done) } else { self.flow.max(Some(done)) };
        }
    }

    /// The last started cue that has a plan.
    fn anchor(&self) -> Option<usize> {
        (0..self.starts.len()).rev().find(|i| self.starts[*i].is_some() && self.plan.items[*i].at.is_some())
    }

    fn future(&mut self, day: &Day) {
        let now = self.clocks.wall;
        for (i, item) in self.plan.items.iter().enumerate().skip(self.next) {
            if (self.happened.skipped)(item.cue) {
                continue;
            }
            let free = self.flow.map_or(now, |flow| flow.max(now));
            let own = day.planned(item).filter(|_| item.fixed);
            let start = match (self.happened.due.filter(|_| i == self.next), self.led(item)) {
                (Some(due), _) => self.wall(due),
                (None, Some(led)) => led.max(now),
                (None, None) => own.map_or(free, |own| own.max(free)),
            };
            self.projected[i] = Some(start);
            self.flow = self.flow.max(Some(after(start, item.length)));
        }
    }

    /// When the cue that it follows starts it.
    fn led(&self, item: &Item) -> Option<Wall> {
        let (leader, when, wait) = item.follows?;
        let start = self.projected[leader].or(self.starts[leader])?;
        let length = if when == AutoWhen::AfterEnd { self.plan.items[leader].length } else { 0 };
        Some(after(start, length.saturating_add(wait)))
    }

    /// How late the last planned cue started, or the next will be if that is worse.
    fn late(&self, day: &Day) -> Option<i64> {
        let behind = |i: usize, at: Option<Wall>| Some(at?.0.saturating_sub(day.planned(&self.plan.items[i])?.0));
        let started = self.anchor().and_then(|i| behind(i, self.starts[i]));
        let mut fixed = (self.next..self.plan.items.len()).filter(|i| self.plan.items[*i].fixed);
        let coming = fixed.find_map(|i| behind(i, self.projected[i])).filter(|late| *late > 0);
        match (started, coming) {
            (Some(started), Some(coming)) => Some(started.max(coming)),
            (started, coming) => started.or(coming),
        }
    }

    /// When the standby of NEXT is given: only where its start is known by plan or by a timer.
    fn standby(&self, show: &Show) -> Option<Wall> {
        let item = self.plan.items.get(self.next)?;
        let ahead = i64::try_from(show.cues.get(item.cue.at())?.standby?.0).ok()?;
        let start = self.projected[self.next].filter(|_| self.happened.due.is_some() || item.at.is_some())?;
        Some(Wall(start.0.saturating_sub(ahead)))
    }
}

/// So many seconds after an instant.
fn after(at: Wall, seconds: i64) -> Wall {
    Wall(at.0.saturating_add(seconds.saturating_mul(SECOND)))
}
