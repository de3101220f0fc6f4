//! A caller who knows the show: presses GO when the cue before is done, lets followers follow, confirms what asks for it.

use std::collections::BTreeSet;

use super::faults::PlannedFault;
use super::run::Run;
use crate::engine::{Intent, Prompt, Snapshot};
use crate::show::ListIx;
use crate::time::{Mono, Span};

/// How the show is called.
#[derive(Debug, Clone)]
pub struct Call {
    /// Faults in the order of their times.
    pub faults: Vec<PlannedFault>,
    /// Time before the first GO: devices connect and are read.
    pub before: Span,
    /// Pause between the end of a cue and the next GO.
    pub pause: Span,
    /// Longest time that a caller waits for a cue without a planned length to end.
    pub patience: Span,
    /// Longest virtual time of the whole show.
    pub at_most: Span,
}

impl Default for Call {
    fn default() -> Self {
        Self { faults: Vec::new(), before: Span::secs(15), pause: Span::secs(2), patience: Span::secs(600), at_most: Span::secs(24 * 3600) }
    }
}

/// Plays every list to its end, one list after the other.
pub fn rehearse(run: &mut Run, call: &Call) {
    let mut caller = Caller { faults: call.faults.clone().into(), call, run };
    caller.wait(call.before);
    for (_, list) in caller.run.show().lists.clone().iter().zip(0_u16..) {
        caller.play(ListIx(list));
    }
    // What the clock has still to start, it starts.
    while let Some((_, due)) = caller.view().lists.iter().filter_map(|list| list.clock).min_by_key(|(_, due)| *due) {
        let now = caller.run.now();
        if caller.over() {
            break;
        }
        caller.wait(due.since(now) + Span::ms(1));
    }
    // What the last cue began comes to its end.
    caller.until(call.patience, |view, _| view.running.is_empty() && !view.fading);
    caller.wait(Span::secs(5));
}

struct Caller<'a> {
    run: &'a mut Run,
    call: &'a Call,
    faults: std::collections::VecDeque<PlannedFault>,
}

impl Caller<'_> {
    fn play(&mut self, list: ListIx) {
        let mut refused = 0;
        loop {
            let view = self.view();
            let Some(here) = view.lists.get(list.at()) else { return };
            if let Some(auto) = here.auto.filter(|auto| !auto.held) {
                let now = self.run.now();
                let wait = auto.due.map_or(self.call.patience, |due| due.since(now) + Span::ms(1));
                self.until(wait, |view, _| view.lists.get(list.at()).is_none_or(|l| l.auto.is_none_or(|a| a.cue != auto.cue)));
                if self.view().lists.get(list.at()).and_then(|l| l.auto).is_none_or(|a| a != auto) {
                    continue;
                }
                // It never came by itself: the caller takes it.
            }
            let Some(next) = here.next else { return };
            if let Some((_, due)) = here.clock.filter(|(cue, _)| *cue == next) {
                // The clock will take it: the caller does not.
                let wait = due.since(self.run.now()) + Span::ms(1);
                self.until(wait, |view, _| view.lists.get(list.at()).is_none_or(|l| l.next != Some(next)));
                if self.over() {
                    return;
                }
                continue;
            }
            if let Some(until) = here.guard_until.filter(|until| *until > self.run.now()) {
                self.wait(until.since(self.run.now()) + Span::ms(1));
                continue;
            }
            if self.over() || refused > 5 {
                return;
            }
            let running = self.starts();
            self.run.want(Intent::Go { list, seen: None });
            if matches!(self.view().prompt, Some(Prompt::Confirm { .. })) {
                self.wait(Span::ms(500));
                self.run.want(Intent::GoConfirm { list });
            }
            // A cue that was still in its guard, or refused for another reason, is tried again.
            refused = if self.starts() == running { refused + 1 } else { 0 };
            let planned = self.run.show().cue(next).planned;
            if let Some(length) = planned {
                self.wait(length);
                // A cue may run on past its planned length, but nobody takes the next one while its followers are under way.
                self.until(self.call.patience, |view, sustained| view.running.iter().all(|r| r.cue == next || sustained.contains(&r.cue)));
            } else if refused == 0 {
                self.until(self.call.patience, |view, sustained| view.running.iter().all(|r| sustained.contains(&r.cue)));
            }
            self.wait(self.call.pause);
        }
    }

    /// How many cues have started.
    fn starts(&self) -> usize {
        use crate::engine::Note;
        let start = |entry: &&super::Entry| matches!(entry.what, super::What::Note(Note::CueStarted { .. }));
        self.run.log().iter().filter(start).count()
    }

    fn view(&self) -> Snapshot {
        self.run.engine().snapshot(self.run.now())
    }

    fn over(&self) -> bool {
        self.run.stuck || self.run.now() > Mono::ZERO + self.call.at_most
    }

    /// Waits until `done`, looking whenever something has happened; at most `span`.
    fn until(&mut self, span: Span, done: impl Fn(&Snapshot, &BTreeSet<crate::show::CueIx>) -> bool) {
        let show = self.run.show().clone();
        let sustained = show.cues.iter().zip(0_u32..).filter(|(cue, _)| cue.sustain).map(|(_, ix)| crate::show::CueIx(ix)).collect();
        let end = self.run.now() + span;
        while !done(&self.view(), &sustained) && self.run.now() < end && !self.over() {
            // Cues end at their own times; a caller looks up twice a second.
            self.wait((Span::ms(500)).min(end.since(self.run.now())));
        }
    }

    /// Lets time pass; faults strike on the way.
    fn wait(&mut self, span: Span) {
        let end = self.run.now() + span;
        while let Some(fault) = self.faults.front().filter(|fault| fault.at <= end).cloned() {
            self.faults.pop_front();
            self.run.advance(fault.at.max(self.run.now()));
            self.run.fault(fault.device, fault.fault, &fault.text);
        }
        self.run.advance(end);
    }
}
