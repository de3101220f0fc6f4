//! The plan of a list: when each cue was meant to start, and how much time it takes.

use std::collections::BTreeMap;

use crate::show::{AutoWhen, Cue, CueIx, GroupMode, ListIx, Show};
use crate::time::Span;

/// Seconds of a day, and of its half: a plan that goes back by so much goes on after midnight.
const DAY: i64 = 86_400;
const HALF: i64 = DAY / 2;

/// One cue, in running order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) cue: CueIx,
    /// Planned start, in seconds of the local clock after the midnight before the plan's first time.
    pub(super) at: Option<i64>,
    /// The show file gives that time itself: the cue does not come before it.
    pub(super) fixed: bool,
    /// Seconds that it takes of the list's time; none for a cue inside a group that has a length.
    pub(super) length: i64,
    /// It starts so many seconds after the start (or the end) of the item at this position.
    pub(super) follows: Option<(usize, AutoWhen, i64)>,
}

/// All cues of a list.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub(super) items: Vec<Item>,
}

impl Plan {
    pub(super) fn of(show: &Show, list: ListIx) -> Self {
        let mut plan = Self::default();
        // The last sibling under each parent, and where each cue stands.
        let (mut before, mut places) = (BTreeMap::new(), BTreeMap::new());
        let mut last: Option<i64> = None;
        for ix in show.lists.get(list.at()).map_or(&[][..], |list| &list.cues) {
            let Some(cue) = show.cues.get(ix.at()) else { continue };
            let parent = cue.parent.and_then(|parent| places.get(&parent).copied());
            let sibling = before.insert(cue.parent, plan.items.len());
            places.insert(*ix, plan.items.len());
            let follows = follows(show, cue, parent, sibling);
            let fixed = cue.at.map(|time| unrolled(time, &mut last));
            let at = fixed.or_else(|| match follows {
                Some((leader, AutoWhen::AfterEnd, wait)) => plan.end(show, leader).map(|end| end.saturating_add(wait)),
                Some((leader, _, wait)) => plan.items.get(leader)?.at.map(|at| at.saturating_add(wait)),
                None => sibling.and_then(|sibling| plan.end(show, sibling)),
            });
            let length = if inside(show, cue) { 0 } else { length(show, cue).unwrap_or(0) };
            plan.items.push(Item { cue: *ix, at, fixed: fixed.is_some(), length, follows });
        }
        plan.fill();
        plan
    }

    pub(super) fn item(&self, cue: CueIx) -> Option<&Item> {
        self.position(cue).and_then(|at| self.items.get(at))
    }

    pub(super) fn position(&self, cue: CueIx) -> Option<usize> {
        // A list's indexes rise.
        self.items.binary_search_by_key(&cue, |item| item.cue).ok()
    }

    /// The planned end of an item whose length is known.
    fn end(&self, show: &Show, at: usize) -> Option<i64> {
        let item = self.items.get(at)?;
        Some(item.at?.saturating_add(length(show, show.cues.get(item.cue.at())?)?))
    }

    /// Where nothing up to the next fixed time has a length, that time is all needed.
    fn fill(&mut self) {
        let fixed: Vec<usize> = self.items.iter().enumerate().filter(|(_, item)| item.fixed).map(|(at, _)| at).collect();
        for pair in fixed.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let known = self.items[from..to].iter().any(|item| item.length > 0);
            let gap = self.items[to].at.zip(self.items[from].at).map_or(0, |(to, from)| (to - from).max(0));
            if !known {
                self.items[from].length = gap;
            }
        }
    }
}

/// What starts a cue without a GO of its own: the cue before it, or its group.
fn follows(show: &Show, cue: &Cue, parent: Option<usize>, sibling: Option<usize>) -> Option<(usize, AutoWhen, i64)> {
    let together = |ix: CueIx| show.cues.get(ix.at()).and_then(|cue| cue.group.as_ref()).is_some_and(|g| g.mode == GroupMode::Together);
    match (parent, sibling, cue.auto) {
        (Some(group), None, _) => Some((group, AutoWhen::With, 0)),
        (Some(group), ..) if cue.parent.is_some_and(together) => Some((group, AutoWhen::With, 0)),
        (_, Some(sibling), Some(auto)) => Some((sibling, auto.when, seconds(auto.wait))),
        _ => None,
    }
}

/// The planned length of a cue; that of a group whose children run together is the longest of theirs unless it has its own.
fn length(show: &Show, cue: &Cue) -> Option<i64> {
    let children = || {
        let group = cue.group.as_ref().filter(|group| group.mode == GroupMode::Together)?;
        group.children.iter().filter_map(|ix| show.cues.get(ix.at())?.planned).max()
    };
    cue.planned.or_else(children).map(seconds)
}

/// Its time is part of a group's.
fn inside(show: &Show, cue: &Cue) -> bool {
    let mut parent = cue.parent;
    while let Some(group) = parent.and_then(|ix| show.cues.get(ix.at())) {
        if length(show, group).is_some() {
            return true;
        }
        // Parents stand before their children, so this ends even where a show was made by hand.
        parent = group.parent.filter(|above| Some(*above) < parent);
    }
    false
}

fn seconds(span: Span) -> i64 {
    i64::try_from(span.as_ms() / 1000).unwrap_or(i64::MAX)
}

/// A time of the day as seconds that go on over midnight.
fn unrolled(time: jiff::civil::Time, last: &mut Option<i64>) -> i64 {
    let at = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    let day = last.map_or(0, |last| last.div_euclid(DAY) + i64::from(last.rem_euclid(DAY) - at >= HALF));
    let at = at + day * DAY;
    *last = Some(at);
    at
}
