//! Cues that start each other in a circle: the show would never come to rest.

use super::Loader;
use crate::show::fault::Fault;
use crate::show::fields::Fields;
use crate::show::{Act, CueIx, CueVerb, GroupMode, Show, Target};

/// How far the search has come with a cue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Done,
}

impl<'t> Loader<'t> {
    /// Reports each circle once, at the cue that closes it. Without recursion: a chain may be as long as the show.
    pub(super) fn follow_loops(&mut self, top: &mut Fields<'t, 't>) {
        let starts = starts_of(&self.show);
        let mut marks = vec![Mark::New; starts.len()];
        let mut loops: Vec<(CueIx, CueIx)> = Vec::new();
        for root in 0..starts.len() {
            if marks.get(root) != Some(&Mark::New) {
                continue;
            }
            let mut path: Vec<(usize, usize)> = vec![(root, 0)];
            set(&mut marks, root, Mark::Open);
            while let Some((cue, next)) = path.last_mut() {
                let from = *cue;
                let Some(to) = starts.get(from).and_then(|starts| starts.get(*next)).copied() else {
                    set(&mut marks, from, Mark::Done);
                    path.pop();
                    continue;
                };
                *next += 1;
                match marks.get(to.at()) {
                    Some(Mark::New) => {
                        set(&mut marks, to.at(), Mark::Open);
                        path.push((to.at(), 0));
                    }
                    Some(Mark::Open) => loops.extend(u32::try_from(from).ok().map(|from| (CueIx(from), to))),
                    _ => {}
                }
            }
        }
        let nodes = self.items(top, "cue");
        for (from, to) in loops {
            let (from_cue, to_cue) = (self.show.cue(from), self.show.cue(to));
            let message = if from == to {
                format!("cue {} starts itself, and would never end", from_cue.number)
            } else {
                format!("cue {} starts cue {} again, which leads back to it: the circle would never end", from_cue.number, to_cue.number)
            };
            let span = nodes.get(from.at()).map_or(0..0, |node| node.span());
            self.faults.push(
                Fault::rule("follow-loop", span, message).help("take auto, or cue = { start = … }, out of one of the cues of the circle"),
            );
        }
    }
}

fn set(marks: &mut [Mark], at: usize, mark: Mark) {
    if let Some(place) = marks.get_mut(at) {
        *place = mark;
    }
}

/// For each cue those that its start brings about: its steps, its children, its followers.
fn starts_of(show: &Show) -> Vec<Vec<CueIx>> {
    let mut starts: Vec<Vec<CueIx>> = show
        .cues
        .iter()
        .map(|cue| {
            let mut starts: Vec<CueIx> = cue
                .steps
                .iter()
                .flat_map(|step| step.acts.iter().chain(step.ladder().iter().flatten()))
                .filter_map(started(show))
                .collect();
            if let Some(group) = &cue.group {
                let first = if group.mode == GroupMode::Together { group.children.len() } else { 1 };
                starts.extend(group.children.iter().take(first));
            }
            starts
        })
        .collect();
    for list in &show.lists {
        for pair in list.cues.windows(2) {
            if let [before, after] = pair
                && show.cue(*after).auto.is_some()
                && let Some(starts) = starts.get_mut(before.at())
            {
                starts.push(*after);
            }
        }
    }
    starts
}

/// The cue that an act starts.
fn started(show: &Show) -> impl Fn(&Act) -> Option<CueIx> + '_ {
    |act| match act {
        Act::Cue { verb: CueVerb::Start, target: Target::Cue(cue) } => Some(*cue),
        Act::Cue { verb: CueVerb::Start, target: Target::Hot(hot) } => show.hots.get(hot.at()).map(|hot| hot.cue),
        _ => None,
    }
}
