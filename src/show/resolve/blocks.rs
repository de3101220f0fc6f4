//! `block = true` of a `light` step: what earlier cues left may not shine through, so that a change of theirs ends there. `check` names
//! what such a step leaves out.

use std::collections::{BTreeMap, BTreeSet};

use super::Loader;
use super::groups::Seen;
use crate::show::fault::Fault;
use crate::show::{Act, LightAct, ParamIx, Rest};

/// What the cues of a list leave behind.
type Left = BTreeMap<ParamIx, u32>;

impl Loader<'_> {
    /// Walks through every list as the caller does.
    pub(super) fn blocks(&mut self, seen: &Seen) {
        let mut found = Vec::new();
        for list in &self.show.lists {
            let mut left = Left::new();
            for cue in &list.cues {
                for act in self.show.cue(*cue).steps.iter().flat_map(|step| &step.acts) {
                    let Act::Light(light) = act else { continue };
                    self.pass(light, &mut left);
                    let through = if light.block { self.through(light, &left) } else { BTreeSet::new() };
                    if !through.is_empty() {
                        found.push((*cue, through));
                    }
                }
            }
        }
        for (cue, through) in found {
            let Some((span, _)) = seen.get(&cue) else { continue };
            let more = if through.len() > 6 { format!(" and {} more", through.len() - 6) } else { String::new() };
            let names: Vec<&str> = through.iter().take(6).map(|name| &**name).collect();
            let message =
                format!("cue {} blocks, but earlier cues reach through it to {}{more}", self.show.cue(cue).number, names.join(", "));
            let help = "name these lights in the step, give it rest = \"out\", or release them";
            self.faults.push(Fault::warning("block", span.clone(), message).help(help));
        }
    }

    /// What is left after an act.
    fn pass(&self, light: &LightAct, left: &mut Left) {
        if light.rest == Rest::Out {
            left.retain(|ix, _| self.rig.params.get(ix.at()).is_some_and(|param| !param.intensity));
        }
        for ix in &light.release {
            left.remove(ix);
        }
        left.extend(light.values.iter().copied());
    }

    /// The fixtures of which earlier cues left something that the act does not name: light, or what only a lit fixture shows.
    fn through(&self, light: &LightAct, left: &Left) -> BTreeSet<String> {
        let unnamed = left.iter().filter(|(ix, _)| light.values.binary_search_by_key(*ix, |(named, _)| *named).is_err());
        let params = unnamed.filter_map(|(ix, value)| self.rig.params.get(ix.at()).map(|param| (param, *value)));
        let seen = params.filter(|(param, value)| !param.intensity || *value > 0);
        seen.filter_map(|(param, _)| self.rig.fixtures.get(param.fixture as usize)).map(|fixture| fixture.key.to_string()).collect()
    }
}
