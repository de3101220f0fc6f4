//! Slots that are one thing or another: what a look names is there only while another parameter says so, and the look sees to it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Loader;
use crate::show::fault::Fault;
use crate::show::fixture::{common, lies_in, place_in};
use crate::show::{Need, ParamIx};

/// Ranges of a parameter that switches others.
type Within = Vec<(u32, u32)>;

impl Loader<'_> {
    /// Adds to `values` what makes slots be what is named, `values` and `others` (what has an effect), where nothing names that itself;
    /// gives what it added. Names that can not be there together are told.
    pub(super) fn switch(&mut self, span: &Range<usize>, values: &mut BTreeMap<ParamIx, u32>, others: &[ParamIx]) -> Vec<Need> {
        // What names ask for, and what a dimmer without slots would need, which gives way.
        let mut wants: BTreeMap<ParamIx, Vec<(ParamIx, Within)>> = BTreeMap::new();
        let mut dims: BTreeMap<ParamIx, Within> = BTreeMap::new();
        let named: BTreeSet<ParamIx> = values.keys().chain(others).copied().collect();
        for ix in named {
            let Some((master, when)) = self.rig.when(ix) else { continue };
            if self.rig.params.get(ix.at()).is_some_and(|param| param.slots.bytes() == 0) {
                dims.insert(master, when.within.clone());
            } else {
                wants.entry(master).or_default().push((ix, when.within.clone()));
            }
        }
        let mut needs: BTreeMap<ParamIx, Within> = dims.into_iter().filter(|(master, _)| !wants.contains_key(master)).collect();
        for (master, asked) in wants {
            if let Some(value) = values.get(&master).copied() {
                let hidden = asked.iter().find(|(_, within)| !lies_in(within, value));
                if let Some((ix, within)) = hidden {
                    let fault = self.hidden(span, *ix, master, value, within);
                    fault.into_iter().for_each(|fault| self.faults.push(fault));
                }
                continue;
            }
            let mut left = vec![(0, u32::MAX)];
            for (ix, within) in &asked {
                let both = common(&left, within);
                if both.is_empty() {
                    let against = asked.iter().find(|(_, other)| common(other, within).is_empty()).or_else(|| asked.first());
                    let fault = against.and_then(|(against, _)| self.exclude(span, *against, *ix, master));
                    fault.into_iter().for_each(|fault| self.faults.push(fault));
                    left.clear();
                    break;
                }
                left = both;
            }
            if !left.is_empty() {
                needs.insert(master, left);
            }
        }
        needs.retain(|master, _| !values.contains_key(master));
        let mut made = Vec::new();
        for (ix, within) in needs {
            let rests = self.rig.params.get(ix.at()).map_or(0, |param| param.default);
            let Some(to) = place_in(&within, rests) else { continue };
            values.insert(ix, to);
            made.push(Need { ix, within: within.into() });
        }
        made
    }

    /// What a step names itself takes the place of what its look has on the same slots.
    pub(super) fn give_way(&self, look: &mut BTreeMap<ParamIx, u32>, named: &BTreeMap<ParamIx, u32>) {
        let wanted: Vec<(ParamIx, &Within)> =
            named.keys().filter_map(|ix| self.rig.when(*ix)).map(|(ix, when)| (ix, &when.within)).collect();
        if wanted.is_empty() {
            return;
        }
        look.retain(|ix, value| {
            let own = self.rig.when(*ix);
            let excluded =
                own.is_some_and(|(by, when)| wanted.iter().any(|(ix, within)| *ix == by && common(&when.within, within).is_empty()));
            !excluded && !wanted.iter().any(|(master, within)| master == ix && !lies_in(within, *value))
        });
    }

    /// A look names what it hides itself.
    fn hidden(&self, span: &Range<usize>, ix: ParamIx, master: ParamIx, value: u32, within: &Within) -> Option<Fault> {
        let (what, who) = (self.attribute_of(ix)?, self.fixture_key(ix)?);
        let by = self.attribute_of(master)?;
        let switch = self.rig.channel(master)?;
        let place = switch.spots(&[(value, value)]);
        let message = format!("{} names {what} of {who}, but has {by} at {place}, where those slots are something else", self.subject);
        Some(Fault::warning("switched", span.clone(), message).help(format!("{by} must be {}", switch.spots(within))))
    }

    /// A look names two things that are not there together.
    fn exclude(&self, span: &Range<usize>, one: ParamIx, other: ParamIx, master: ParamIx) -> Option<Fault> {
        let (a, b, who, by) = (self.attribute_of(one)?, self.attribute_of(other)?, self.fixture_key(one)?, self.attribute_of(master)?);
        let switch = self.rig.channel(master)?;
        let at = |ix: ParamIx| self.rig.when(ix).map(|(_, when)| switch.spots(&when.within));
        let message = format!("{} names {a} and {b} of {who}, which exclude each other", self.subject);
        let help = format!("{a} is there while {by} is {}, {b} while it is {}: take one out", at(one)?, at(other)?);
        Some(Fault::rule("switched", span.clone(), message).help(help))
    }

    fn attribute_of(&self, ix: ParamIx) -> Option<&str> {
        Some(&self.rig.attribute(self.rig.params.get(ix.at())?)?.name)
    }

    fn fixture_key(&self, ix: ParamIx) -> Option<&str> {
        Some(&self.rig.fixtures.get(self.rig.params.get(ix.at())?.fixture as usize)?.key)
    }
}
