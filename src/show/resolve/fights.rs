//! Two steps of one cue that want different things of one property, or of the same lights, at the same time; the same of cues that start together.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Loader;
use super::groups::Seen;
use super::steps::Placed;
use crate::show::fault::Fault;
use crate::show::{Act, CueIx, GroupMode, LightAct, PropIx, Rest};
use crate::time::Span;

/// One act of a property: from when to when, and where it stands.
struct Claim<'a> {
    prop: PropIx,
    from: Span,
    to: Span,
    act: &'a Act,
    at: &'a Range<usize>,
}

impl Loader<'_> {
    /// Looks through the steps of one cue. Fallbacks are left out: they run one instead of another.
    pub(super) fn fights(&mut self, steps: &[Placed]) {
        if steps.len() < 2 && steps.iter().all(|(step, _)| step.acts.len() < 2) {
            return;
        }
        let mut claims: Vec<Claim<'_>> = Vec::new();
        let mut lights: Vec<(Span, &LightAct, &Range<usize>)> = Vec::new();
        for (step, at) in steps {
            for act in &step.acts {
                let (prop, length) = match act {
                    Act::Want { prop, transition, .. } => (*prop, transition.as_ref().and_then(|t| t.over).unwrap_or_default()),
                    Act::Fade { prop, over, .. } => (*prop, *over),
                    Act::Light(light) => {
                        lights.push((step.after + light.delay, light, at));
                        continue;
                    }
                    Act::Cue { .. } | Act::Tell(_) => continue,
                };
                claims.push(Claim { prop, from: step.after, to: step.after + length, act, at });
            }
        }
        claims.sort_by_key(|claim| (claim.prop, claim.from));
        for pair in claims.windows(2) {
            if let [first, second] = pair {
                self.fight(first, second);
            }
        }
        lights.sort_by_key(|(from, ..)| *from);
        for pair in lights.windows(2) {
            if let [(first_from, first, _), (second_from, second, at)] = pair
                && first_from == second_from
                && lights_fight(first, second)
            {
                let message =
                    format!("{} changes the same lights twice at the same time: {} and {}", self.subject, first.label, second.label);
                self.faults
                    .push(Fault::rule("fight", (*at).clone(), message).help("make one step of it, or give one of them after = \"…\""));
            }
        }
    }

    /// Looks through the cues of groups that all start at once: two of them that want different things of one property at one time.
    pub(super) fn group_fights(&mut self, seen: &Seen) {
        let mut found = Vec::new();
        for group in self.show.cues.iter().filter_map(|cue| cue.group.as_ref()).filter(|group| group.mode == GroupMode::Together) {
            let mut claims: BTreeMap<(PropIx, Span), (CueIx, &Act)> = BTreeMap::new();
            for child in &group.children {
                let cue = self.show.cue(*child);
                for (step, act) in cue.steps.iter().flat_map(|step| step.acts.iter().map(move |act| (step, act))) {
                    let (Act::Want { prop, .. } | Act::Fade { prop, .. }) = act else { continue };
                    let (first, other) = *claims.entry((*prop, cue.wait + step.after)).or_insert((*child, act));
                    if first != *child && !same(other, act) {
                        found.push((*child, first, *prop));
                    }
                }
            }
        }
        for (cue, other, prop) in found {
            let Some((span, _)) = seen.get(&cue) else { continue };
            let property = self.show.prop(prop);
            let device = &self.show.device(property.device).key;
            let (cue, other) = (&self.show.cue(cue).number, &self.show.cue(other).number);
            let message = format!("cues {other} and {cue} start together and want two things of \"{}\" on {device}", property.label);
            let help = "keep one of the two, or give one cue wait = \"…\"";
            self.faults.push(Fault::rule("fight", span.clone(), message).help(help));
        }
    }

    /// Two claims in the order of their times.
    fn fight(&mut self, first: &Claim<'_>, second: &Claim<'_>) {
        if first.prop != second.prop {
            return;
        }
        let property = self.show.prop(first.prop);
        let device = &self.show.device(property.device).key;
        if first.from == second.from {
            if !same(first.act, second.act) {
                let message = format!("{} wants two things of \"{}\" on {device} at the same time", self.subject, property.label);
                self.faults.push(
                    Fault::rule("fight", second.at.clone(), message).help("keep one of the steps, or give one of them after = \"…\""),
                );
            }
        } else if second.from < first.to {
            let message = format!("this step cuts short what the one before it does to \"{}\" on {device}", property.label);
            let help = format!("the one before takes until {} after the cue's start", first.to);
            self.faults.push(Fault::warning("cut-short", second.at.clone(), message).help(help));
        }
    }
}

/// True when both do the same.
fn same(a: &Act, b: &Act) -> bool {
    match (a, b) {
        (Act::Want { value: a, transition: at, .. }, Act::Want { value: b, transition: bt, .. }) => a == b && at == bt,
        (Act::Fade { to: a, over: ao, curve: ac, .. }, Act::Fade { to: b, over: bo, curve: bc, .. }) => a == b && ao == bo && ac == bc,
        _ => false,
    }
}

/// True when both name a parameter with different values, or one takes out what the other brings up.
fn lights_fight(a: &LightAct, b: &LightAct) -> bool {
    let clears = |one: &LightAct, other: &LightAct| {
        one.rest == Rest::Out
            && other.values.iter().any(|(ix, value)| *value > 0 && one.values.binary_search_by_key(ix, |(ix, _)| *ix).is_err())
    };
    let differs = a.values.iter().any(|(ix, value)| {
        b.values.binary_search_by_key(ix, |(ix, _)| *ix).ok().and_then(|at| b.values.get(at)).is_some_and(|(_, other)| other != value)
    });
    differs || clears(a, b) || clears(b, a)
}
