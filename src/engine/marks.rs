//! Marks: what the cue that stands as NEXT wants of dark lights, they take up while it stands by.
//!
//! A list looks ahead a moment after something has changed what will come (its pointer, a flag, a cue that ended), once the lights of
//! the cue before have arrived. A light with which anything that runs has still to do is left alone. What could not move ahead moves
//! at the GO, before its intensity rises ([`crate::light`]).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::actions::What;
use super::due::Work;
use super::running::{Run, RunId};
use super::transport::Position;
use super::{Effect, Engine, Phase};
use crate::show::{Act, AutoWhen, CueIx, GroupMode, LightAct, ListIx, Show};
use crate::time::Span;

/// After a change: a GO has left before anybody looks ahead.
const SETTLES: Span = Span::ms(100);
/// Groups inside of groups, and cues that start together, at the most.
const NESTING: u8 = 16;
const TOGETHER: usize = 32;

impl Engine {
    /// Something has changed what will come.
    pub(super) fn look_ahead(&mut self) {
        if self.board.can_mark() && !std::mem::replace(&mut self.s.looking, true) {
            self.s.due.add(self.s.now + SETTLES, Work::Mark);
        }
    }

    /// Moves what is dark for the cues that stand by.
    pub(super) fn mark_ahead(&mut self) {
        self.s.looking = false;
        if self.s.phase != Phase::Running {
            return;
        }
        let busy = self.lights_to_come();
        let mut moved = false;
        for list in (0..self.s.lists.len()).filter_map(|at| u16::try_from(at).ok().map(ListIx)) {
            if self.moves_lights(list) || self.s.lists.get(list.at()).is_none_or(|state| state.paused) {
                continue;
            }
            let acts = self.lights_of_next(list);
            moved |= self.board.mark(self.s.now, list.0, &acts, &busy);
        }
        if moved {
            self.out.push(Effect::Lights);
        }
    }

    /// Whether the lights of a list's last cue are still on their way. What is sustained goes on under the cues that follow.
    fn moves_lights(&self, list: ListIx) -> bool {
        let last = |run: &Run| self.show.cue(run.cue).list == list && run.hot.is_none() && !self.sustained(run.cue);
        let of = |run: RunId| self.s.runs.get(&run).is_some_and(last);
        let moving = self.s.actions.values().filter(|action| matches!(action.what, What::Light { .. }));
        moving.map(|action| action.origin.run).any(|run| run.is_none_or(of))
            || self.s.runs.values().any(|run| run.paused.is_some() && last(run))
            || self.s.due.all().any(|work| work.run().is_some_and(of) && !self.lights_at(work).is_empty())
    }

    /// Fixtures with which a step that still waits has to do.
    fn lights_to_come(&self) -> BTreeSet<u32> {
        let waiting = self.s.due.all();
        let paused =
            self.s.runs.values().filter_map(|run| run.paused.as_ref()).flat_map(|paused| paused.timers.iter().map(|(_, work)| *work));
        let acts = waiting.chain(paused).flat_map(|work| self.lights_at(work));
        let params = acts.flat_map(|act| act.values.iter().map(|(ix, _)| *ix).chain(act.swings.iter().map(|(ix, _)| *ix)));
        params.filter_map(|ix| self.show.rig.params.get(ix.at())).map(|param| param.fixture).collect()
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
