//! Cues that follow by themselves: armed by the cue before, held, taken early or only proposed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::offers::Offering;
use super::running::RunId;
use super::timers::{Key, Work};
use super::{By, Engine, Level, OfferKind};
use crate::show::{Auto, AutoWhen, CueIx, ListIx};
use crate::time::{Mono, Span};

/// A follower that stands as NEXT.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Follower {
    pub(super) cue: CueIx,
    pub(super) when: AutoWhen,
    pub(super) go: u64,
    /// The run it waits for.
    run: RunId,
    pub(super) due: Option<Mono>,
    timer: Option<Key>,
    ceiling: Option<Key>,
    /// What is left to wait once it may count.
    left: Span,
    /// It may count: its start is known.
    counting: bool,
    pub(super) held: bool,
}

/// The ceiling of a show that states none.
const AT_MOST: Span = Span::secs(600);

impl Engine {
    pub(super) fn arm_follower(&mut self, list: ListIx, cue: CueIx, auto: Auto, run: RunId, go: u64) {
        let now = self.s.now;
        let ended = !self.s.runs.contains_key(&run);
        let counting = auto.when != AutoWhen::AfterEnd || ended;
        let mut follower = Follower {
            cue,
            when: auto.when,
            go,
            run,
            due: None,
            timer: None,
            ceiling: None,
            left: auto.wait,
            counting,
            held: self.show.cue(cue).confirm,
        };
        if !counting {
            let most = if auto.at_most.is_zero() { AT_MOST } else { auto.at_most };
            follower.ceiling = Some(self.s.due.add(now + most, Work::Ceiling(list)));
        }
        if let Some(state) = self.s.lists.get_mut(list.at()) {
            state.follower = Some(follower);
        }
        self.count_follower(list);
    }

    /// Sets the timer of a follower that may count and is not held.
    pub(super) fn count_follower(&mut self, list: ListIx) {
        let now = self.s.now;
        let Some(state) = self.s.lists.get_mut(list.at()) else { return };
        let Some(follower) = state.follower.as_mut() else { return };
        if follower.counting && !follower.held && !state.paused && follower.timer.is_none() {
            let at = now + follower.left;
            follower.due = Some(at);
            follower.timer = Some(self.s.due.add(at, Work::Follow(list)));
        }
    }

    /// Stops the timer of a follower and remembers what is left.
    pub(super) fn freeze_follower(&mut self, list: ListIx) {
        let now = self.s.now;
        let Some(follower) = self.s.lists.get_mut(list.at()).and_then(|l| l.follower.as_mut()) else { return };
        if let Some(due) = follower.due.take() {
            follower.left = due.since(now);
        }
        let timer = follower.timer.take();
        self.s.due.cancel(timer);
    }

    /// The chain of a list ends: its follower is an ordinary NEXT again.
    pub(super) fn drop_follower(&mut self, list: ListIx) {
        let Some(follower) = self.s.lists.get_mut(list.at()).and_then(|l| l.follower.take()) else { return };
        self.s.due.cancel(follower.timer);
        self.s.due.cancel(follower.ceiling);
        self.s.offers.drop_follow(list);
    }

    /// A run ended by itself: what waits for its end may count.
    pub(super) fn follow_after_end(&mut self, run: RunId) {
        for i in 0..self.s.lists.len() {
            let Ok(list) = u16::try_from(i).map(ListIx) else { break };
            let Some(follower) = self.s.lists.get_mut(i).and_then(|l| l.follower.as_mut()) else { continue };
            if follower.run == run && !follower.counting {
                follower.counting = true;
                let ceiling = follower.ceiling.take();
                self.s.due.cancel(ceiling);
                self.count_follower(list);
            }
        }
    }

    /// A follower's time has come.
    pub(super) fn follow(&mut self, list: ListIx) {
        let now = self.s.now;
        let Some(state) = self.s.lists.get_mut(list.at()) else { return };
        let Some(follower) = state.follower.take() else { return };
        let Some(cue) = state.at.next else { return };
        state.guard.opened_by_move(now, &By::Show);
        self.go_chain(list, cue, follower.go);
        self.read_ahead(list);
    }

    /// The cue before a follower has no end yet: from now on the follower is only proposed.
    pub(super) fn follow_ceiling(&mut self, list: ListIx) {
        let Some(follower) = self.s.lists.get_mut(list.at()).and_then(|l| l.follower.as_mut()) else { return };
        follower.ceiling = None;
        self.propose_follower(list, "the cue before it has not ended in time");
    }

    /// Holds a follower and offers it on a key.
    pub(super) fn propose_follower(&mut self, list: ListIx, why: &str) {
        self.freeze_follower(list);
        let Some(follower) = self.s.lists.get_mut(list.at()).and_then(|l| l.follower.as_mut()) else { return };
        follower.held = true;
        let number = Arc::clone(&self.show.cue(follower.cue).number);
        self.say(Level::Warn, format!("cue {number} does not follow by itself: {why}"));
        self.offer(OfferKind::Follow, format!("cue {number}: {why}"), None, None, Offering::Follow(list));
    }

    /// The caller holds a follower, or lets it go on.
    pub(super) fn hold_follower(&mut self, list: ListIx) {
        let Some(follower) = self.s.lists.get_mut(list.at()).and_then(|l| l.follower.as_mut()) else {
            return self.refuse("no cue follows by itself now");
        };
        if follower.held && self.show.cue(follower.cue).confirm {
            return self.refuse("the cue that follows asks for a second key: GO, then confirm");
        }
        follower.held = !follower.held;
        let (held, number) = (follower.held, Arc::clone(&self.show.cue(follower.cue).number));
        if held {
            self.freeze_follower(list);
            self.say(Level::Notice, format!("cue {number} is held"));
        } else {
            self.s.offers.drop_follow(list);
            self.count_follower(list);
            self.say(Level::Notice, format!("cue {number} follows again"));
        }
    }
}
