//! Cues that the wall clock starts: computed anew at each pair of clocks, offered when their time has passed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::offers::Offering;
use super::timers::{Key, Work};
use super::{By, Engine, Level, OfferKind, Phase};
use crate::show::{CueIx, ListIx, Show, StartAt};
use crate::time::{Mono, Wall};

/// A day in nanoseconds.
const DAY: i64 = 86_400_000_000_000;

/// A start that the clock will make, or has made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ClockStart {
    pub(super) cue: CueIx,
    /// When, and its timer; `None` before the first pair of clocks and when it is over.
    pub(super) due: Option<(Mono, Key)>,
    /// It started, was offered, or its cue was started by hand.
    pub(super) over: bool,
}

/// Every start of a show, in file order.
pub(super) fn of_show(show: &Show) -> Vec<ClockStart> {
    let cues = (0_u32..).zip(&show.cues).filter(|(_, cue)| cue.start_at.is_some());
    cues.map(|(i, _)| ClockStart { cue: CueIx(i), due: None, over: false }).collect()
}

impl Engine {
    /// A new pair of clocks.
    pub(super) fn clock(&mut self, wall: Wall, utc_offset: i32) {
        self.s.clock = Some((self.s.now, wall));
        self.s.utc_offset = utc_offset;
        let local = wall.0.saturating_add(i64::from(utc_offset) * 1_000_000_000);
        self.s.day.get_or_insert(local.div_euclid(DAY));
        for i in 0..self.s.starts.len() {
            self.set_start(i, wall);
        }
    }

    /// The instant of a start by the newest pair of clocks.
    fn start_wall(&self, start: StartAt) -> Wall {
        let offset = i64::from(self.s.utc_offset) * 1_000_000_000;
        Wall(match start {
            StartAt::At(wall) => wall.0,
            StartAt::On(local) => local.saturating_sub(offset),
            StartAt::Daily(after) => {
                let midnight = self.s.day.unwrap_or(0).saturating_mul(DAY);
                midnight.saturating_add(i64::try_from(after.0).unwrap_or(DAY)).saturating_sub(offset)
            }
        })
    }

    /// Sets the timer of one start. One that has passed at the first look, or by a step of the wall clock over the limit, is offered.
    fn set_start(&mut self, at: usize, wall: Wall) {
        let now = self.s.now;
        let Some(start) = self.s.starts.get_mut(at).filter(|s| !s.over) else { return };
        let (cue, before) = (start.cue, start.due.take());
        self.s.due.cancel(before.map(|(_, key)| key));
        let Some(spec) = self.show.cue(cue).start_at else { return };
        let ahead = self.start_wall(spec).0.saturating_sub(wall.0);
        let behind = ahead.checked_neg().and_then(|ns| u64::try_from(ns).ok()).unwrap_or(0);
        if behind > 0 && (before.is_none() || behind > self.show.late_limit.0) {
            return self.offer_start(cue, "its time has passed");
        }
        let due = now + crate::time::Span(u64::try_from(ahead).unwrap_or(0));
        let key = self.s.due.add(due, Work::Clock(cue));
        if let Some(start) = self.s.starts.get_mut(at) {
            start.due = Some((due, key));
        }
    }

    /// The start of a cue is over, whoever started it; true when it was still to come.
    pub(super) fn end_start(&mut self, cue: CueIx) -> bool {
        let Some(start) = self.s.starts.iter_mut().find(|s| s.cue == cue && !s.over) else { return false };
        start.over = true;
        let due = start.due.take();
        self.s.due.cancel(due.map(|(_, key)| key));
        due.is_some()
    }

    /// The clock does not start a cue by itself: it is on a key.
    pub(super) fn offer_start(&mut self, cue: CueIx, why: &str) {
        self.end_start(cue);
        let text = format!("cue {} was to start by the clock: {why}", self.show.cue(cue).number);
        self.say(Level::Warn, text.clone());
        self.offer(OfferKind::Clock, text, None, None, Offering::Clock(cue));
    }

    /// The time of a cue has come.
    pub(super) fn clock_start(&mut self, cue: CueIx) {
        self.end_start(cue);
        let spec = self.show.cue(cue);
        let paused = self.s.lists.get(spec.list.at()).is_some_and(|l| l.paused);
        match self.s.phase {
            Phase::Panicked => return self.offer_start(cue, "GO is refused after panic"),
            Phase::Paused => return self.offer_start(cue, "the show is paused"),
            Phase::Running if paused => return self.offer_start(cue, "its list is paused"),
            Phase::Running if spec.confirm => return self.offer_start(cue, "it asks for a second key"),
            Phase::Running if self.skipped(cue) => {
                let number = Arc::clone(&spec.number);
                return self.say(Level::Notice, format!("cue {number} is skipped: the clock did not start it"));
            }
            Phase::Running => {}
        }
        self.start_by_clock(cue);
    }

    /// As the GO of its list when it stands as NEXT; else alone, and the pointer stays.
    pub(super) fn start_by_clock(&mut self, cue: CueIx) {
        let list = self.show.cue(cue).list;
        let next = self.s.lists.get(list.at()).and_then(|l| l.at.next);
        match next.filter(|next| *next == cue || self.standing(list) == Some(cue)) {
            Some(next) if self.s.phase == Phase::Running => self.take_go(list, next, &By::Show),
            _ => self.start_direct(cue),
        }
    }

    /// The next start of a list by the clock.
    pub(super) fn next_start(&self, list: ListIx) -> Option<(CueIx, Mono)> {
        let starts = self.s.starts.iter().filter(|s| self.show.cue(s.cue).list == list);
        starts.filter_map(|s| s.due.map(|(due, _)| (s.cue, due))).min_by_key(|(_, due)| *due)
    }
}
