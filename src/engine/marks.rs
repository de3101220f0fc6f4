//! Marks: what the cue that stands as NEXT wants of dark lights, they take up while it stands by.
//!
//! A list looks ahead a moment after something has changed what will come (its pointer, a flag, a cue that ended), once the lights of
//! the cue before have arrived; where NEXT starts by itself, at once. A light with which anything that runs has still to do is left alone. What could not move ahead moves
//! at the GO, before its intensity rises ([`crate::light`]).

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::open_actions::What;
use super::running::{Run, RunId};
use super::timers::Work;
use super::transport::Position;
use super::{Effect, Engine, Phase};
use crate::show::{Act, AutoWhen, CueIx, GroupMode, LightAct, ListIx, Show};
use crate::time::Span;

/// After a change: a GO has left before anybody looks ahead.
const SETTLES: Span = Span::ms(100);
/// So many parameters at the most are looked at in one wake, and between two wakes others have their turn: the largest rigs have 131,072.
const AT_ONCE: u32 = 4096;
const TURN: Span = Span::ms(2);
/// Groups inside of groups, and cues that start together, at the most.
const NESTING: u8 = 16;
const TOGETHER: usize = 32;

impl Engine {
    /// Something has changed what will come.
    pub(super) fn look_ahead(&mut self) {
        // What was looked at may have changed too.
        self.s.looked_at = 0;
        if self.board.can_mark() && !std::mem::replace(&mut self.s.looking, true) {
            self.s.due.add(self.s.now + SETTLES, Work::Mark);
        }
    }

    /// Moves what is dark for the cues that stand by.
    pub(super) fn mark_ahead(&mut self) {
        self.s.looking = false;
        let from = std::mem::take(&mut self.s.looked_at);
        if self.s.phase != Phase::Running {
            return;
        }
        let lights = self.some_lights(from);
        let busy = self.lights_to_come();
        let mut moved = false;
        for list in (0..self.s.lists.len()).filter_map(|at| u16::try_from(at).ok().map(ListIx)) {
            if self.s.lists.get(list.at()).is_none_or(|state| state.paused) {
                continue;
            }
            // A follower comes by itself, however long the cue before it goes on: it waits for no more than what that one names.
            let early = self.moves_lights(list).then(|| self.follows(list).then(|| self.lights_under_way()).flatten());
            let under_way = match early {
                None => BTreeSet::new(),
                Some(Some(under_way)) => under_way,
                Some(None) => continue,
            };
            let acts = self.lights_of_next(list);
            let busy: BTreeSet<u32> = busy.union(&under_way).copied().collect();
            moved |= self.board.mark_among(lights.clone(), self.s.now, list.0, &acts, &busy);
        }
        if moved {
            self.out.push(Effect::Lights);
        }
        if (lights.end as usize) < self.show.rig.fixtures.len() {
            (self.s.looking, self.s.looked_at) = (true, lights.end);
            self.s.due.add(self.s.now + TURN, Work::Mark);
        }
    }

    /// The fixtures from one on that are looked at in one wake.
    fn some_lights(&self, from: u32) -> Range<u32> {
        let fixtures = self.show.rig.fixtures.get(from as usize..).unwrap_or_default();
        let last = fixtures.first().map_or(0, |first| first.first_param + AT_ONCE);
        let count = fixtures.partition_point(|fixture| fixture.first_param + fixture.param_count <= last).max(1).min(fixtures.len());
        from..from + u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Whether the lights of a list's last cue are still on their way. What is sustained goes on under the cues that follow.
    fn moves_lights(&self, list: ListIx) -> bool {
        let last = |run: &Run| self.show.cue(run.cue).list == list && run.hot.is_none() && !self.sustained(run.cue);
        let of = |run: RunId| self.s.runs.get(&run).is_some_and(last);
        let moving = self.s.actions.all().filter(|action| matches!(action.what, What::Light { .. }));
        moving.map(|action| action.origin.run).any(|run| run.is_none_or(of))
            || self.s.runs.values().any(|run| run.paused.is_some() && last(run))
            || self.s.due.all().any(|work| work.run().is_some_and(of) && !self.lights_at(work).is_empty())
    }

    /// Whether the cue that stands as NEXT starts by itself.
    fn follows(&self, list: ListIx) -> bool {
        let next = self.s.lists.get(list.at()).and_then(|state| state.at.next);
        next.is_some_and(|cue| self.show.cue(cue).auto.is_some() && !self.show.cue(cue).confirm)
    }

    /// Fixtures that cues with lights on their way name; `None`: something moves lights that is no cue's.
    fn lights_under_way(&self) -> Option<BTreeSet<u32>> {
        let mut fixtures = BTreeSet::new();
        for action in self.s.actions.all().filter(|action| matches!(action.what, What::Light { .. })) {
            let run = action.origin.run.and_then(|run| self.s.runs.get(&run))?;
            let acts = self.show.cue(run.cue).steps.iter().flat_map(|step| &step.acts);
            fixtures.extend(self.fixtures_of_acts(acts.filter_map(|act| if let Act::Light(light) = act { Some(&**light) } else { None })));
        }
        Some(fixtures)
    }

    /// Fixtures that changes of lights name.
    fn fixtures_of_acts<'a>(&self, acts: impl Iterator<Item = &'a LightAct>) -> BTreeSet<u32> {
        let mut fixtures = BTreeSet::new();
        for act in acts {
            let named = act.values.iter().map(|(ix, _)| *ix).chain(act.swings.iter().map(|(ix, _)| *ix)).chain(act.release.iter().copied());
            // Those of one light stand together: each is looked up, few are new.
            let mut last = None;
            for fixture in named.filter_map(|ix| self.show.rig.params.get(ix.at())).map(|param| param.fixture) {
                if last.replace(fixture) != Some(fixture) {
                    fixtures.insert(fixture);
                }
            }
        }
        fixtures
    }

    /// Fixtures with which a step that still waits has to do.
    fn lights_to_come(&self) -> BTreeSet<u32> {
        let waiting = self.s.due.all();
        let paused =
            self.s.runs.values().filter_map(|run| run.paused.as_ref()).flat_map(|paused| paused.timers.iter().map(|(_, work)| *work));
        let acts = waiting.chain(paused).flat_map(|work| self.lights_at(work));
        self.fixtures_of_acts(acts)
    }

    /// The changes of lights in what a timer starts.
    fn lights_at(&self, work: Work) -> Vec<&LightAct> {
        let cue = work.run().and_then(|run| self.s.runs.get(&run)).map(|run| self.show.cue(run.cue));
        let steps = match (work, cue) {
            (Work::Begin(_), Some(cue)) => cue.steps.as_slice(),
            (Work::Step(_, step), Some(cue)) => cue.steps.get(usize::from(step)).map(std::slice::from_ref).unwrap_or_default(),
            _ => return Vec::new(),
        };
        let acts = steps.iter().flat_map(|step| &step.acts);
        acts.filter_map(|act| if let Act::Light(light) = act { Some(&**light) } else { None }).collect()
    }

    /// The changes of lights that the next GO of a list makes, in their order.
    fn lights_of_next(&self, list: ListIx) -> Vec<Arc<LightAct>> {
        let show: &Show = &self.show;
        let mut acts: Vec<(Span, &Arc<LightAct>)> = Vec::new();
        for (wait, cue) in self.cues_of_next(list) {
            for step in &show.cue(cue).steps {
                acts.extend(
                    step.acts.iter().filter_map(|act| if let Act::Light(light) = act { Some((wait + step.after, light)) } else { None }),
                );
            }
        }
        acts.sort_by_key(|(at, _)| *at);
        acts.into_iter().map(|(_, act)| Arc::clone(act)).collect()
    }

    /// The armed cues that the next GO of a list starts, and how long after it each begins.
    fn cues_of_next(&self, list: ListIx) -> Vec<(Span, CueIx)> {
        let mut cues = Vec::new();
        let Some(mut at) = self.s.lists.get(list.at()).map(|state| state.at) else { return cues };
        let mut wait = Span::ZERO;
        while let Some(cue) = at.next.filter(|_| cues.len() < TOGETHER) {
            at = self.starts(list, (cue, at.child), wait, 0, &mut cues);
            let Some(follower) = self.standing_at(at) else { break };
            match show_auto(&self.show, follower) {
                Some(after) => wait = after,
                None => break,
            }
        }
        cues
    }

    /// What a GO on a cue starts, by the way of its group; gives where the pointer then stands.
    fn starts(&self, list: ListIx, (cue, child): (CueIx, u16), wait: Span, depth: u8, cues: &mut Vec<(Span, CueIx)>) -> Position {
        let past = Position { next: self.after(list, cue), child: 0 };
        let mode = self.show.cue(cue).group.as_ref().map(|group| group.mode);
        match mode.filter(|_| depth < NESTING) {
            Some(GroupMode::Step) => {
                if child == 0 {
                    self.begins(cue, wait, cues);
                }
                let (first, next) = self.step_children(cue, child);
                let nested = first.filter(|c| self.show.cue(*c).group.as_ref().is_some_and(|g| g.mode != GroupMode::Together));
                if let Some(group) = nested {
                    return self.starts(list, (group, 0), wait, depth + 1, cues);
                }
                if let Some(first) = first {
                    self.begins_with_children(first, wait, false, depth, cues);
                }
                next.map_or(past, |child| Position { next: Some(cue), child })
            }
            Some(GroupMode::Enter) => {
                self.begins(cue, wait, cues);
                let children = self.show.cue(cue).group.iter().flat_map(|group| group.children.iter().copied());
                match children.into_iter().find(|child| !self.skipped(*child)) {
                    Some(child) => self.starts(list, (child, 0), wait, depth + 1, cues),
                    None => past,
                }
            }
            _ => {
                self.begins_with_children(cue, wait, false, depth, cues);
                past
            }
        }
    }

    /// A cue alone; one that is disarmed does nothing.
    fn begins(&self, cue: CueIx, wait: Span, cues: &mut Vec<(Span, CueIx)>) {
        if self.s.flags.get(cue.at()).is_some_and(|flags| flags.armed) {
            cues.push((wait + self.show.cue(cue).wait, cue));
        }
    }

    /// A cue and, where its group goes together, its children.
    fn begins_with_children(&self, cue: CueIx, wait: Span, inside: bool, depth: u8, cues: &mut Vec<(Span, CueIx)>) {
        self.begins(cue, wait, cues);
        let spec = self.show.cue(cue);
        let group = spec.group.as_ref().filter(|group| depth < NESTING && (inside || group.mode == GroupMode::Together));
        for child in group.iter().flat_map(|group| &group.children).filter(|child| !self.skipped(**child)) {
            self.begins_with_children(*child, wait + spec.wait, true, depth + 1, cues);
        }
    }
}

/// How long after the cue before it a cue starts that starts with it.
fn show_auto(show: &Show, cue: CueIx) -> Option<Span> {
    let spec = show.cue(cue);
    spec.auto.as_ref().filter(|auto| auto.when == AutoWhen::With && !spec.confirm).map(|auto| auto.wait)
}
