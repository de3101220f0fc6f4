//! The times of a `light` step that not all of its lights share: `times = { colour = "5s" }`, `spread = "0s..2s"`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::de::DeValue;

use super::Loader;
use crate::show::fault::{Fault, suggestion};
use crate::show::fields::{Fields, Node, in_file_order, kind_of, text_of};
use crate::show::{AttrIx, Feature, LightAct, Param, ParamIx, Part, Rest, Rig, Timing};
use crate::time::Span;

/// Kinds of parameters that have times together.
const KINDS: [(&str, Which); 7] = [
    ("level", Which::Level),
    ("position", Which::Kind(Feature::Position)),
    ("colour", Which::Kind(Feature::Colour)),
    ("gobo", Which::Kind(Feature::Gobo)),
    ("beam", Which::Kind(Feature::Beam)),
    ("focus", Which::Kind(Feature::Focus)),
    ("shapers", Which::Kind(Feature::Shapers)),
];
/// A spread has at most so many different delays.
const DELAYS: u64 = 4096;

/// Some parameters of a step, from the widest to the narrowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Which {
    Level,
    Kind(Feature),
    One(AttrIx),
}

impl Which {
    fn has(self, rig: &Rig, param: &Param) -> bool {
        match self {
            // A cell's dimmer under one of the whole light is a level too.
            Self::Level => param.intensity || rig.attribute(param).is_some_and(|attribute| *attribute.name == *"Dimmer"),
            Self::Kind(feature) => rig.attribute(param).is_some_and(|attribute| attribute.feature == feature),
            Self::One(attribute) => param.attribute == attribute,
        }
    }
}

/// A key of `times`, and where it stands.
type Key = (String, Range<usize>);

/// What a step says of times beside its own.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// From the widest to the narrowest, which wins; with the key, and where it stands.
    own: Vec<(Which, Timing, Key)>,
    /// Added to the delay of the first light and of the last.
    spread: Option<(Span, Span, Range<usize>)>,
}

impl Times {
    pub(super) const fn is_empty(&self) -> bool {
        self.own.is_empty() && self.spread.is_none()
    }
}

impl<'t> Loader<'t> {
    /// Reads `times` and `spread`.
    pub(super) fn times(&mut self, fields: &mut Fields<'t, 't>, all: Timing) -> Times {
        let own = fields.get("times").map(|node| self.own_times(node, all)).unwrap_or_default();
        let spread = fields.get("spread").and_then(|node| self.spread(node));
        Times { own, spread }
    }

    fn own_times(&mut self, node: &'t Node<'t>, all: Timing) -> Vec<(Which, Timing, Key)> {
        let DeValue::Table(table) = node.get_ref() else {
            let message = format!("times is a table of what has times of its own, not {}", kind_of(node.get_ref()));
            self.faults.push(Fault::rule("value", node.span(), message).help("write times = { colour = \"5s\", position = \"2s\" }"));
            return Vec::new();
        };
        let mut own = Vec::new();
        for (key, span, node) in in_file_order(table) {
            let Some(which) = self.which(key) else {
                let message = format!("no light of the show has \"{key}\"");
                let known = KINDS.iter().map(|(name, _)| *name).chain(self.rig.attributes.iter().map(|attribute| &*attribute.name));
                let help =
                    suggestion(key, known).unwrap_or_else(|| "write level, colour, position, or an attribute such as Zoom".to_owned());
                self.faults.push(Fault::rule("unknown-key", span, message).help(help));
                continue;
            };
            if let Some(timing) = self.one_timing(node, all) {
                own.push((which, timing, (key.to_owned(), span)));
            }
        }
        own.sort_by_key(|(which, ..)| *which);
        own
    }

    /// What a key of `times` is about.
    fn which(&self, key: &str) -> Option<Which> {
        let kind = KINDS.iter().find(|(name, _)| *name == key).map(|(_, which)| *which);
        kind.or_else(|| self.attribute_named(key).map(Which::One))
    }

    /// An attribute that some light of the show has.
    pub(super) fn attribute_named(&self, name: &str) -> Option<AttrIx> {
        let at = self.rig.attributes.iter().position(|attribute| *attribute.name == *name)?;
        u16::try_from(at).ok().map(AttrIx)
    }

    /// `"5s"`, or a table of fade, up, down, delay and curve; what it leaves out is the step's.
    fn one_timing(&mut self, node: &'t Node<'t>, all: Timing) -> Option<Timing> {
        if !matches!(node.get_ref(), DeValue::Table(_)) {
            let fade = self.duration(node, "times")?;
            return Some(Timing { up: fade, down: fade, ..all });
        }
        let mut fields = Fields::of(node, "times", &mut self.faults)?;
        let timing = self.timing(&mut fields, all);
        fields.finish(&mut self.faults);
        Some(timing)
    }

    /// fade, up, down, delay and curve; what is left out is as in `otherwise`.
    pub(super) fn timing(&mut self, fields: &mut Fields<'t, 't>, otherwise: Timing) -> Timing {
        let mut span = |loader: &mut Self, key: &'static str| fields.get(key).and_then(|node| loader.duration(node, key));
        let fade = span(self, "fade");
        let up = span(self, "up").or(fade).unwrap_or(otherwise.up);
        let down = span(self, "down").or(fade).unwrap_or(otherwise.down);
        let delay = span(self, "delay").unwrap_or(otherwise.delay);
        let curve = fields.get("curve").and_then(|node| self.curve(node)).unwrap_or(otherwise.curve);
        Timing { up, down, delay, curve }
    }

    /// `"0s..2s"`: from the first light to the last; `"2s"` begins at nothing.
    fn spread(&mut self, node: &'t Node<'t>) -> Option<(Span, Span, Range<usize>)> {
        let text = text_of(node, "spread", &mut self.faults)?;
        let (first, last) = text.split_once("..").unwrap_or(("0s", text));
        match (Span::parse(first), Span::parse(last)) {
            (Ok(first), Ok(last)) => Some((first, last, node.span())),
            (Err(why), _) | (_, Err(why)) => {
                let fault = Fault::rule("duration", node.span(), why);
                self.faults.push(fault.help("write spread = \"0s..2s\": the wait of the first light and of the last"));
                None
            }
        }
    }

    /// Gives the parameters of an act the times that are not the act's own; `order` is how its lights follow each other, first come
    /// first served. What a whole picture leaves out goes out in the times of the levels.
    pub(super) fn give_times(&mut self, act: &mut LightAct, times: &Times, order: &[Part]) {
        if times.is_empty() {
            return;
        }
        self.idle_times(act, times, order);
        let mut seen: BTreeSet<Part> = BTreeSet::new();
        let order: Vec<Part> = order.iter().copied().filter(|part| seen.insert(*part)).collect();
        let mut place: BTreeMap<ParamIx, u64> = BTreeMap::new();
        for (nth, part) in (0_u64..).zip(&order) {
            for (ix, _) in self.rig.params_of_part(*part) {
                place.entry(ix).or_insert(nth);
            }
        }
        let all = act.timing();
        if let Some((_, Timing { up, down, delay, curve }, _)) = times.own.iter().find(|(which, ..)| *which == Which::Level) {
            (act.up, act.down, act.delay, act.curve) = (*up, *down, *delay, *curve);
        }
        let levels = act.timing();
        let mut known: BTreeMap<Timing, u16> = BTreeMap::new();
        for (ix, _) in &act.values {
            let Some(param) = self.rig.params.get(ix.at()) else { continue };
            let mut timing = times.own.iter().rev().find(|(which, ..)| which.has(&self.rig, param)).map_or(all, |(_, timing, _)| *timing);
            if let Some((first, last, _)) = times.spread {
                timing.delay = timing.delay + along(first, last, place.get(ix).copied().unwrap_or(0), order.len() as u64);
            }
            if timing == levels {
                continue;
            }
            let next = u16::try_from(known.len()).unwrap_or(u16::MAX);
            let at = *known.entry(timing).or_insert(next);
            if usize::from(at) == act.times.len() {
                act.times.push(timing);
            }
            act.timed.push((*ix, at));
        }
    }

    /// Warns of times that nothing in the step takes.
    fn idle_times(&mut self, act: &LightAct, times: &Times, order: &[Part]) {
        let params = || act.values.iter().filter_map(|(ix, _)| self.rig.params.get(ix.at()));
        let mut idle = Vec::new();
        for (which, _, (key, span)) in &times.own {
            let out = *which == Which::Level && act.rest == Rest::Out;
            if !out && !params().any(|param| which.has(&self.rig, param)) {
                let fault =
                    Fault::warning("no-effect", span.clone(), format!("nothing in this step changes {key}, so its time says nothing"));
                idle.push(fault.help("take it out, or name what it is for in the look or the step"));
            }
        }
        let several = order.first().is_some_and(|first| order.iter().any(|part| part != first));
        if let Some((.., span)) = times.spread.as_ref().filter(|_| !several) {
            let fault = Fault::warning("no-effect", span.clone(), "a spread fans over several lights, and this step names one");
            idle.push(fault.help("name more, or every cell of it by itself (\"bar/*\"); a wait for all is delay = \"1s\""));
        }
        idle.into_iter().for_each(|fault| self.faults.push(fault));
    }
}

/// The `nth` of `count` delays from `first` to `last`.
fn along(first: Span, last: Span, nth: u64, count: u64) -> Span {
    let steps = count.saturating_sub(1).min(DELAYS);
    if steps == 0 {
        return first;
    }
    let step = nth.min(count - 1) * steps / (count - 1);
    let way = |length: u64| (u128::from(length) * u128::from(step) / u128::from(steps)) as u64;
    if last >= first { first + Span(way(last.0 - first.0)) } else { Span(first.0 - way(first.0 - last.0)) }
}
