//! GO and the pointer of each list.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::autos::Follower;
use super::guard::Guard;
use super::running::{RunId, Start};
use super::{By, Engine, Level, Mode, Note, Origin, Phase, Priority, Prompt, Why};
use crate::show::{AutoWhen, CueIx, GroupMode, ListIx};
use crate::time::{Mono, Span};

/// One list as it runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct ListState {
    pub(super) at: Position,
    /// The cue of the last GO, when it was, and where the pointer stood.
    pub(super) last: Option<(CueIx, Mono, Position)>,
    pub(super) follower: Option<Follower>,
    pub(super) guard: Guard,
    pub(super) paused: bool,
}

/// Where a pointer stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) next: Option<CueIx>,
    /// Of a group that goes step by step: which child is next.
    pub(super) child: u16,
}

impl Engine {
    /// Puts every pointer on the first cue of its list.
    pub(super) fn rewind(&mut self) {
        for i in 0..self.s.lists.len() {
            let Ok(list) = u16::try_from(i).map(ListIx) else { break };
            let first = self.show.list(list).cues.iter().copied().find(|c| self.stands(*c, None));
            if let Some(state) = self.s.lists.get_mut(i) {
                state.at = Position { next: first, child: 0 };
            }
        }
    }

    /// A fresh run: what `[show.start]` lists is sent.
    pub(super) fn begin(&mut self, mode: Mode) {
        self.s.mode = mode;
        self.listen();
        let show = Arc::clone(&self.show);
        self.perform_all(&show.start, Origin { why: Why::Start, run: None, go: None, priority: Priority::Discrete });
        for list in 0..self.s.lists.len() {
            self.read_ahead(ListIx(list as u16));
        }
        self.look_ahead();
    }

    /// GO of a list, or the reason why not.
    pub(super) fn go(&mut self, list: ListIx, seen: Option<CueIx>, by: &By) {
        let show = Arc::clone(&self.show);
        let now = self.s.now;
        if let Err(why) = self.may_go(list) {
            return self.refuse(why);
        }
        let Some(state) = self.s.lists.get_mut(list.at()) else { return };
        if let Err(why) = state.guard.press(now, by) {
            return self.refuse(format!("GO refused: {why}"));
        }
        let at = state.at;
        let name = |cue: Option<CueIx>| cue.map_or_else(|| "the end of the list".into(), |c| format!("cue {}", show.cue(c).number));
        if seen.is_some() && seen != at.next && seen != self.standing(list) {
            return self.refuse(format!("GO refused: NEXT is now {}, the screen showed {}", name(at.next), name(seen)));
        }
        let Some(cue) = at.next else {
            return self.refuse(format!("the end of list {}: GO does nothing", show.list(list).name));
        };
        if let Some(Prompt::Confirm { list: asked, cue: waiting }) = &self.s.prompt
            && *asked == list
        {
            let number = &show.cue(*waiting).number;
            return self.refuse(format!("cue {number} waits for its second key"));
        }
        let wants_key = show.cue(cue).confirm || self.standing(list).is_some_and(|c| show.cue(c).confirm);
        if wants_key && !matches!(by, By::Show) {
            if let Some(state) = self.s.lists.get_mut(list.at()) {
                state.guard.opened_by_go(now, by, false);
            }
            self.s.prompt = Some(Prompt::Confirm { list, cue });
            return self.say(Level::Warn, format!("cue {} needs its second key", show.cue(cue).number));
        }
        self.take_go(list, cue, by);
    }

    /// The second key of a cue that asks for one.
    pub(super) fn go_confirm(&mut self, list: ListIx, by: &By) {
        let Some(Prompt::Confirm { list: asked, cue }) = self.s.prompt.clone() else {
            return self.refuse("no cue waits for a second key");
        };
        if let Err(why) = self.may_go(list) {
            return self.refuse(why);
        }
        let stands = self.s.lists.get(list.at()).is_some_and(|l| l.at.next == Some(cue));
        self.s.prompt = None;
        if asked != list || !stands {
            return self.refuse("the cue that waited for a second key is no longer NEXT");
        }
        self.take_go(list, cue, by);
    }

    pub(super) fn may_go(&self, list: ListIx) -> Result<(), &'static str> {
        match self.s.phase {
            Phase::Panicked => Err("GO refused after panic: press the resume key first"),
            Phase::Paused => Err("GO refused while paused: resume first"),
            Phase::Running if self.s.lists.get(list.at()).is_some_and(|l| l.paused) => {
                Err("GO refused while this list is paused: resume it first")
            }
            Phase::Running => Ok(()),
        }
    }

    pub(super) fn take_go(&mut self, list: ListIx, cue: CueIx, by: &By) {
        self.s.next.go += 1;
        let (go, now) = (self.s.next.go, self.s.now);
        // Another list's cue may still wait for its second key.
        if !matches!(self.s.prompt, Some(Prompt::Confirm { list: asked, .. }) if asked != list) {
            self.s.prompt = None;
        }
        self.note(Note::Go { list, cue });
        self.open_undo(list, cue, go);
        self.reassert_at_go();
        if let Some(state) = self.s.lists.get_mut(list.at()) {
            state.last = Some((cue, now, state.at));
        }
        let standing = self.standing(list).unwrap_or(cue);
        let quick = self.show.cue(cue).quick || self.show.cue(standing).quick;
        if let Some(state) = self.s.lists.get_mut(list.at()) {
            state.guard.opened_by_go(now, by, quick);
        }
        let line = format!("GO cue {} {}", self.show.cue(standing).number, self.show.cue(standing).name);
        self.say(Level::Good, line);
        self.go_chain(list, cue, go);
        self.read_ahead(list);
    }

    /// Starts a cue and all that starts with it; the pointer moves on and a follower is armed.
    pub(super) fn go_chain(&mut self, list: ListIx, cue: CueIx, go: u64) {
        self.drop_follower(list);
        let show = Arc::clone(&self.show);
        let (mut cue, mut wait) = (cue, Span::ZERO);
        // Each turn moves the pointer on, so a list's length bounds it.
        for _ in 0..=show.list(list).cues.len() {
            let Some(run) = self.go_one(list, cue, go, wait, 0) else { break };
            let Some(follower) = self.standing(list) else { break };
            let Some(auto) = show.cue(follower).auto else { break };
            if auto.when == AutoWhen::With && !show.cue(follower).confirm {
                wait = auto.wait;
                cue = self.s.lists.get(list.at()).and_then(|l| l.at.next).unwrap_or(follower);
            } else {
                self.arm_follower(list, follower, auto, run, go);
                break;
            }
        }
        self.drop_confirm(list);
        let cue = self.s.lists.get(list.at()).and_then(|l| l.at.next);
        self.note(Note::Pointer { list, cue });
        self.look_ahead();
    }

    /// The pointer of a list moves: no cue of it waits for a second key any more.
    fn drop_confirm(&mut self, list: ListIx) {
        if matches!(self.s.prompt, Some(Prompt::Confirm { list: asked, .. }) if asked == list) {
            self.s.prompt = None;
        }
    }

    /// Starts the cue that the pointer stands on, by the way of its group, and moves the pointer past it.
    fn go_one(&mut self, list: ListIx, cue: CueIx, go: u64, wait: Span, depth: u8) -> Option<RunId> {
        let show = Arc::clone(&self.show);
        let how = Start { go, wait, ..Start::default() };
        match show.cue(cue).group.as_ref().map(|g| (g.mode, &g.children)) {
            Some((GroupMode::Step, _)) => {
                let at = self.s.lists.get(list.at())?.at;
                let from = if at.next == Some(cue) { at.child } else { 0 };
                let own = if from == 0 { self.start_run(cue, how) } else { None };
                let (child, next) = self.step_children(cue, from);
                let nested = child.filter(|c| show.cue(*c).group.as_ref().is_some_and(|g| g.mode != GroupMode::Together));
                if let Some(group) = nested.filter(|_| depth < 16) {
                    // The pointer goes into it, and from its end on through the cues after it.
                    self.s.lists.get_mut(list.at())?.at = Position { next: Some(group), child: 0 };
                    return self.go_one(list, group, go, wait, depth + 1).or(own);
                }
                let run = child.and_then(|c| self.start_run(c, how)).or(own);
                let to = match next {
                    Some(child) => Position { next: Some(cue), child },
                    None => Position { next: self.after(list, cue), child: 0 },
                };
                self.s.lists.get_mut(list.at())?.at = to;
                run
            }
            Some((GroupMode::Enter, children)) if depth < 16 => {
                let own = self.start_run(cue, how);
                let first = children.iter().copied().find(|c| !self.skipped(*c));
                match first {
                    Some(child) => self.go_one(list, child, go, wait, depth + 1).or(own),
                    None => {
                        self.pass(list, cue);
                        own
                    }
                }
            }
            _ => {
                // The pointer leaves first: a cue that acts on its own list's pointer has the last word.
                self.pass(list, cue);
                self.start_run(cue, how)
            }
        }
    }

    fn pass(&mut self, list: ListIx, cue: CueIx) {
        let next = self.after(list, cue);
        if let Some(state) = self.s.lists.get_mut(list.at()) {
            state.at = Position { next, child: 0 };
        }
    }

    /// The child that goes now, and the index of the one after it.
    pub(super) fn step_children(&self, group: CueIx, from: u16) -> (Option<CueIx>, Option<u16>) {
        let Some(group) = self.show.cue(group).group.as_ref() else { return (None, None) };
        let mut rest = group.children.iter().enumerate().skip(usize::from(from)).filter(|(_, c)| !self.skipped(**c));
        let child = rest.next().map(|(_, c)| *c);
        (child, rest.next().and_then(|(i, _)| u16::try_from(i).ok()))
    }

    /// The cue that GO would start: the pointer's own, or the next child of a group that goes step by step.
    pub(super) fn standing(&self, list: ListIx) -> Option<CueIx> {
        self.standing_at(self.s.lists.get(list.at())?.at)
    }

    /// As [`Self::standing`], of a pointer that stands there.
    pub(super) fn standing_at(&self, at: Position) -> Option<CueIx> {
        let cue = at.next?;
        if at.child == 0 {
            return Some(cue);
        }
        self.step_children(cue, at.child).0.or(Some(cue))
    }

    /// Where the pointer goes after a cue.
    pub(super) fn after(&self, list: ListIx, cue: CueIx) -> Option<CueIx> {
        let order = &self.show.list(list).cues;
        // File order is running order: the indexes of a list rise.
        let at = order.binary_search(&cue).ok()?;
        order.iter().skip(at + 1).copied().find(|c| self.stands(*c, Some(cue)))
    }

    /// Whether the pointer may stand on a cue when it comes from another: not on a skipped one, nor inside a group that it has not entered.
    pub(super) fn stands(&self, cue: CueIx, from: Option<CueIx>) -> bool {
        if self.skipped(cue) {
            return false;
        }
        let closed = |group: CueIx| {
            let shut = self.show.cue(group).group.as_ref().is_some_and(|g| g.mode != GroupMode::Enter);
            self.skipped(group) || (shut && !from.is_some_and(|f| self.within(f, group)))
        };
        !self.ancestors(cue).any(closed)
    }

    /// Whether a cue stands inside a group, at any depth.
    pub(super) fn within(&self, cue: CueIx, group: CueIx) -> bool {
        self.ancestors(cue).any(|a| a == group)
    }

    fn ancestors(&self, cue: CueIx) -> impl Iterator<Item = CueIx> + '_ {
        std::iter::successors(self.show.cue(cue).parent, |c| self.show.cue(*c).parent).take(16)
    }

    /// Moves the pointer because somebody wants it: a chain ends.
    pub(super) fn standby(&mut self, list: ListIx, cue: Option<CueIx>, by: &By) {
        if cue.is_some_and(|c| self.show.list(list).cues.binary_search(&c).is_err()) {
            return self.refuse("the pointer stays: that cue stands in another list");
        }
        self.drop_follower(list);
        self.place(list, Position { next: cue, child: 0 }, by);
    }

    /// Puts the pointer somewhere and reads what the cue there needs.
    pub(super) fn place(&mut self, list: ListIx, at: Position, by: &By) {
        let now = self.s.now;
        let Some(state) = self.s.lists.get_mut(list.at()) else { return };
        if state.at != at {
            state.guard.opened_by_move(now, by);
        }
        state.at = at;
        self.drop_confirm(list);
        self.note(Note::Pointer { list, cue: at.next });
        self.read_ahead(list);
        self.look_ahead();
    }

    /// Moves the pointer by cues.
    pub(super) fn move_by(&mut self, list: ListIx, by: i32, who: &By) {
        let Some(at) = self.s.lists.get(list.at()).map(|l| l.at.next) else { return };
        let show = Arc::clone(&self.show);
        let order = &show.list(list).cues;
        let ends = if at.is_some() { None } else { Some(order.len()) };
        let Some(start) = ends.or_else(|| at.and_then(|cue| order.binary_search(&cue).ok())) else { return };
        let stands = |i: &usize| order.get(*i).is_some_and(|c| self.stands(*c, at));
        let steps = by.unsigned_abs() as usize;
        let to = if by < 0 {
            (0..start).rev().filter(stands).take(steps).last().or(at.map(|_| start))
        } else {
            let mut ahead = (start + 1..order.len()).filter(stands);
            if steps == 0 { Some(start) } else { ahead.nth(steps - 1) }
        };
        let cue = to.and_then(|i| order.get(i).copied());
        self.standby(list, cue, who);
    }
}
