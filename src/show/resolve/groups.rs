//! Groups of cues: `group = "together"` on the group, `in = "10"` on each child, which stand right below it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Loader;
use crate::show::fault::Fault;
use crate::show::fields::Fields;
use crate::show::{CueIx, ListIx};

/// Where each cue's number stands, and whether it is a group.
pub(super) type Seen = BTreeMap<CueIx, (Range<usize>, bool)>;

/// What is known of cues while they are read.
#[derive(Debug, Default)]
pub(super) struct Family {
    seen: Seen,
    /// Child, group, and where it says so.
    children: Vec<(CueIx, CueIx)>,
}

impl Family {
    /// Notes a cue that has been read.
    pub(super) fn note(&mut self, ix: CueIx, span: Range<usize>, group: bool) {
        self.seen.insert(ix, (span, group));
    }
}

impl<'t> Loader<'t> {
    /// `in`: the group that a cue stands in.
    pub(super) fn parent(&mut self, fields: &mut Fields<'t, 't>, ix: CueIx, list: ListIx, family: &mut Family) -> Option<CueIx> {
        let span = fields.get("in")?.span();
        let number = fields.text("in", &mut self.faults)?;
        let subject = self.subject.clone();
        let parent = self.need_cue(number, span.clone(), &subject)?;
        let broken = if parent == ix {
            Some(("a cue can not stand in itself".to_owned(), "name the group that is above it"))
        } else {
            match family.seen.get(&parent) {
                None => Some((format!("{subject} stands in {number}, which is below it"), "put the group above its cues")),
                Some((_, false)) => Some((
                    format!("{subject} stands in {number}, which is not a group"),
                    "add group = \"together\", \"step\" or \"enter\" to it",
                )),
                Some(_) if self.show.cue(parent).list != list => {
                    Some((format!("{subject} stands in {number}, which is in another list"), "give both the same list"))
                }
                Some(_) if !self.adjoins(parent, ix, family) => Some((
                    format!("{subject} stands in {number}, but cues that do not are between them"),
                    "file order is running order: move it up to its group",
                )),
                Some(_) => None,
            }
        };
        if let Some((message, help)) = broken {
            self.faults.push(Fault::rule("group", span, message).help(help));
            return None;
        }
        family.children.push((ix, parent));
        Some(parent)
    }

    /// True when the cue right above in the same list is the group or stands, at any depth, in it.
    fn adjoins(&self, parent: CueIx, ix: CueIx, family: &Family) -> bool {
        let list = self.show.cue(parent).list;
        let mut above = self.show.list(list).cues.last().copied().filter(|above| *above < ix && family.seen.contains_key(above));
        while let Some(cue) = above {
            if cue == parent {
                return true;
            }
            above = self.show.cue(cue).parent;
        }
        false
    }

    /// Gives every group its children, and warns of a group that has none.
    pub(super) fn adopt(&mut self, family: Family) {
        for (child, parent) in family.children {
            if let Some(group) = self.show.cues.get_mut(parent.at()).and_then(|cue| cue.group.as_mut()) {
                group.children.push(child);
            }
        }
        self.group_fights(&family.seen);
        self.blocks(&family.seen);
        for (ix, (span, _)) in family.seen {
            let Some(cue) = self.show.cues.get(ix.at()) else { continue };
            if cue.group.as_ref().is_some_and(|group| group.children.is_empty()) {
                let message = format!("group {} has no cues", cue.number);
                let help = format!("add in = \"{}\" to the cues that belong to it, right below", cue.number);
                self.faults.push(Fault::warning("group", span, message).help(help));
            }
        }
    }
}
