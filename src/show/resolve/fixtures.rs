//! `[fixture.*]` and `[group.*]`: what is patched where, with every slot belonging to one fixture, and what goes by one name.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use toml::de::DeValue;

use super::Loader;
use super::vacant::{SLOTS, Vacant};
use crate::show::fault::{Fault, suggestion};
use crate::show::fields::{Fields, Node, int_of};
use crate::show::{AttrIx, Attribute, Fixture, FixtureChannel, FixtureGroup, FixtureMode, FixtureProfile, Param, ParamIx, Part, Patched};

/// Slots that a break of a fixture takes.
struct Taken {
    universe: u16,
    first: u16,
    last: u16,
    /// `bar`, or `bar (break 2)`.
    who: String,
    span: Range<usize>,
}

/// The model and mode of a fixture.
struct Model {
    profile: Arc<FixtureProfile>,
    mode: u16,
}

/// One break of a fixture in the file.
struct Place {
    universe: u16,
    /// `None`: wherever there is room.
    address: Option<u16>,
    span: Range<usize>,
}

/// A start address as the file has it, and where; without one it is found.
type Start = (Option<u16>, Range<usize>);

/// A fixture of the file, or a range of them, before it has its slots.
struct Drawn<'t> {
    key: &'t str,
    model: Model,
    places: Vec<Place>,
    count: Option<u16>,
    spacing: Option<u16>,
    inverted: Vec<(Arc<str>, Range<usize>)>,
}

/// The address of what goes wherever there is room.
const AUTO: &str = "auto";

impl Place {
    /// The address of one of a range, when the file says it; those past the end are told where they are used.
    fn first(&self, nth: u16, spacing: Option<u16>, footprint: u16) -> Option<u16> {
        self.address.map(|address| address.saturating_add(nth.saturating_mul(spacing.unwrap_or(footprint))))
    }
}

impl Drawn<'_> {
    /// Takes the slots of the breaks that say an address.
    fn claim(&self, vacant: &mut Vacant) {
        let footprints = self.model.mode().map(|mode| mode.footprints.as_slice()).unwrap_or_default();
        for (place, footprint) in self.places.iter().zip(footprints) {
            for first in (0..self.count.unwrap_or(1)).filter_map(|nth| place.first(nth, self.spacing, *footprint)) {
                vacant.take(place.universe, first, *footprint);
            }
        }
    }
}

impl Model {
    fn mode(&self) -> Option<&FixtureMode> {
        self.profile.modes.get(usize::from(self.mode))
    }
}

impl<'t> Loader<'t> {
    /// All fixtures and ranges of fixtures.
    pub(super) fn fixtures(&mut self, top: &mut Fields<'t, 't>, universes: &BTreeMap<u16, Option<u16>>) {
        let mut drawn = Vec::new();
        for (key, span, node) in self.tables(top, "fixture") {
            self.reserved("fixture", key, &span);
            if key.contains('/') {
                let fault = Fault::rule("reserved", span.clone(), format!("no fixture can be called \"{key}\""));
                self.faults.push(fault.help("fixture/cell is a cell of a fixture: choose a name without /"));
            }
            drawn.push((key, self.fixture(key, span, node, universes)));
        }
        // Who says an address has it, wherever it stands in the file.
        let mut vacant = Vacant::default();
        for one in drawn.iter().filter_map(|(_, one)| one.as_ref()) {
            one.claim(&mut vacant);
        }
        let mut taken = Vec::new();
        for (key, one) in drawn {
            let parts = one.and_then(|one| self.settle(&one, &mut vacant, &mut taken));
            self.selections.declare(key, parts);
        }
        self.overlaps(taken);
    }

    /// One fixture, or `count` of them in a row: `wash1`, `wash2` …
    fn fixture(
        &mut self,
        key: &'t str,
        span: Range<usize>,
        node: &'t Node<'t>,
        universes: &BTreeMap<u16, Option<u16>>,
    ) -> Option<Drawn<'t>> {
        let mut fields = Fields::of(node, format!("fixture {key}"), &mut self.faults)?;
        if !fields.has("universe") {
            self.faults.push(Fault::rule("missing", span.clone(), format!("{} has no universe", fields.place())).help("add universe = 1"));
        }
        let profile_span = fields.get("profile").map(toml::Spanned::span).unwrap_or_default();
        let profile = fields.need_text("profile", &mut self.faults);
        let mode_span = fields.get("mode").map(toml::Spanned::span);
        let mode = fields.text("mode", &mut self.faults);
        let numbers = self.numbers(&mut fields, "universe", 63_999);
        let starts = self.starts(&mut fields);
        let count = fields.int("count", 1..=i64::from(SLOTS), &mut self.faults).and_then(|n| u16::try_from(n).ok());
        let spacing = fields.int("spacing", 1..=i64::from(SLOTS), &mut self.faults).and_then(|n| u16::try_from(n).ok());
        fields.text("name", &mut self.faults);
        let inverted = fields.texts("invert", &mut self.faults);
        fields.finish(&mut self.faults);
        let profile = self.fixture_profile(profile?, profile_span, key)?;
        let mode_span = mode_span.unwrap_or_else(|| span.clone());
        let mode = self.mode_of(&profile, mode, mode_span.clone(), key)?;
        for open in profile.modes.get(usize::from(mode)).into_iter().flat_map(|mode| &mode.open) {
            let fault = Fault::warning("profile-open", mode_span.clone(), format!("fixture {key}: {open}"));
            self.faults
                .push(fault.help(format!("see the light's manual, correct the profile {}, and take this out of its open", profile.key)));
        }
        let model = Model { profile, mode };
        let starts = starts?.unwrap_or_else(|| vec![(None, span.clone()); model.mode().map_or(0, |mode| mode.footprints.len())]);
        let places = self.places(key, &model, numbers?, starts, universes)?;
        if spacing.is_some() && places.iter().any(|place| place.address.is_none()) {
            let message = format!("fixture {key} has a spacing, but not the address from which it is counted");
            self.faults.push(Fault::rule("spacing", span, message).help("give it an address, or take spacing away"));
            return None;
        }
        self.check_inverted(key, &model, &inverted);
        Some(Drawn { key, model, places, count, spacing, inverted })
    }

    /// Gives a fixture, or each of a range, its slots, and puts it into the rig.
    fn settle(&mut self, drawn: &Drawn<'_>, vacant: &mut Vacant, taken: &mut Vec<Taken>) -> Option<Arc<[Part]>> {
        let mut parts = Vec::new();
        for nth in 0..drawn.count.unwrap_or(1) {
            let own = if drawn.count.is_some() { format!("{}{}", drawn.key, nth + 1) } else { drawn.key.to_owned() };
            let Some(breaks) = self.place(&own, nth, drawn, vacant, taken) else { break };
            let part = Part { fixture: u32::try_from(self.rig.fixtures.len()).ok()?, cell: 0 };
            if drawn.count.is_some() {
                self.selections.declare(&own, Some(Arc::from([part])));
            }
            self.add_fixture(own.into(), &drawn.model, breaks, &drawn.inverted);
            parts.push(part);
        }
        Some(parts.into())
    }

    /// `address = 1`, one for each break of the mode, or `"auto"` for some or all of them; without the key it is `"auto"`. The inner
    /// `None`: all are found.
    fn starts(&mut self, fields: &mut Fields<'t, 't>) -> Option<Option<Vec<Start>>> {
        let Some(node) = fields.get("address") else { return Some(None) };
        let auto = |value: &DeValue<'_>| value.as_str() == Some(AUTO);
        let number = |value: &DeValue<'_>| int_of(value).and_then(|n| u16::try_from(n).ok()).filter(|n| (1..=SLOTS).contains(n));
        if auto(node.get_ref()) {
            return Some(None);
        }
        let one = std::slice::from_ref(node);
        let items = node.get_ref().as_array().map_or(one, |items| items);
        let mut starts = Vec::new();
        for item in items {
            match (auto(item.get_ref()), number(item.get_ref())) {
                (false, None) => self.faults.add(item.span(), format!("address goes from 1 to {SLOTS}, or is \"{AUTO}\"")),
                (_, address) => starts.push((address, item.span())),
            }
        }
        (starts.len() == items.len()).then_some(Some(starts))
    }

    /// `address = 1`, or one number for each break of the mode.
    fn numbers(&mut self, fields: &mut Fields<'t, 't>, key: &'static str, max: u16) -> Option<Vec<(u16, Range<usize>)>> {
        let node = fields.get(key)?;
        let DeValue::Array(items) = node.get_ref() else {
            let number = fields.int(key, 1..=i64::from(max), &mut self.faults).and_then(|n| u16::try_from(n).ok())?;
            return Some(vec![(number, node.span())]);
        };
        let mut numbers = Vec::new();
        for item in items.iter() {
            match int_of(item.get_ref()).and_then(|n| u16::try_from(n).ok()).filter(|n| (1..=max).contains(n)) {
                Some(number) => numbers.push((number, item.span())),
                None => self.faults.add(item.span(), format!("{key} goes from 1 to {max}")),
            }
        }
        (numbers.len() == items.len()).then_some(numbers)
    }

    /// The start of each break: as many addresses as breaks, and a universe for each, or one for all.
    fn places(
        &mut self,
        key: &str,
        model: &Model,
        numbers: Vec<(u16, Range<usize>)>,
        addresses: Vec<Start>,
        universes: &BTreeMap<u16, Option<u16>>,
    ) -> Option<Vec<Place>> {
        let breaks = model.mode()?.footprints.len();
        if addresses.len() != breaks {
            let message = format!("fixture {key} needs {breaks} start {}, not {}", plural(breaks), addresses.len());
            let help = if breaks == 1 {
                "write address = 1".to_owned()
            } else {
                let footprints: Vec<String> = model.mode()?.footprints.iter().map(ToString::to_string).collect();
                format!("one for each break of its mode ({} slots): address = [1, 101]", footprints.join(", "))
            };
            self.faults.push(Fault::rule("breaks", whole(&addresses), message).help(help));
            return None;
        }
        if numbers.len() != 1 && numbers.len() != breaks {
            let message = format!("fixture {key} has {} universes for {breaks} start {}", numbers.len(), plural(breaks));
            self.faults.push(Fault::rule("breaks", whole(&numbers), message).help("write one universe for all, or one for each address"));
            return None;
        }
        let mut places = Vec::new();
        for (nth, (address, span)) in addresses.into_iter().enumerate() {
            let (number, number_span) = numbers.get(nth).or_else(|| numbers.first())?;
            let universe = match universes.get(number) {
                Some(universe) => (*universe)?,
                None => {
                    let message = format!("fixture {key} is on universe {number}, but the show has no such universe");
                    let fault = Fault::rule("unknown-universe", number_span.clone(), message);
                    self.faults.push(fault.help(format!("add [universe.{number}] with on and address")));
                    return None;
                }
            };
            places.push(Place { universe, address, span });
        }
        Some(places)
    }

    /// Where the breaks of one fixture of a range lie; `None` when one of them does not fit.
    fn place(&mut self, own: &str, nth: u16, drawn: &Drawn<'_>, vacant: &mut Vacant, taken: &mut Vec<Taken>) -> Option<Vec<Patched>> {
        let (places, mode) = (&drawn.places, drawn.model.mode()?);
        let mut breaks = Vec::new();
        for (at, (place, footprint)) in places.iter().zip(&mode.footprints).enumerate() {
            let who = if places.len() == 1 { own.to_owned() } else { format!("{own} (break {})", at + 1) };
            let Some(first) = place.first(nth, drawn.spacing, *footprint).or_else(|| vacant.settle(place.universe, *footprint)) else {
                self.full(&who, place, *footprint, vacant);
                return None;
            };
            let last = first.saturating_add(footprint.saturating_sub(1));
            if last > SLOTS {
                let slots = if *footprint == 1 { "slot" } else { "slots" };
                let message = format!("fixture {who} takes {footprint} {slots} from {first}, past the end of the universe at {SLOTS}");
                self.faults.push(Fault::rule("past-512", place.span.clone(), message).help("move it, or start the next universe"));
                return None;
            }
            taken.push(Taken { universe: place.universe, first, last, who, span: place.span.clone() });
            breaks.push(Patched { universe: place.universe, address: first });
        }
        Some(breaks)
    }

    /// A universe has no room for a fixture that says no address.
    fn full(&mut self, who: &str, place: &Place, footprint: u16, vacant: &Vacant) {
        let number = self.rig.universes.get(usize::from(place.universe)).map_or(0, |universe| universe.number);
        let run = vacant.longest(place.universe);
        let left = match run.end - run.start {
            0 => "has no slot left".to_owned(),
            1 => format!("has no more than slot {} free in a row", run.start),
            _ => format!("has no more than {} to {} free in a row", run.start, run.end - 1),
        };
        let slots = if footprint == 1 { "a slot".to_owned() } else { format!("{footprint} slots") };
        let message = format!("fixture {who} needs {slots}, but universe {number} {left}");
        let help = "give it another universe, or move what has an address of its own (showcall patch draws what is where)";
        self.faults.push(Fault::rule("universe-full", place.span.clone(), message).help(help));
    }

    /// Puts a fixture and its parameters into the rig.
    fn add_fixture(&mut self, key: Arc<str>, model: &Model, breaks: Vec<Patched>, inverted: &[(Arc<str>, Range<usize>)]) {
        let Some(mode) = model.mode() else { return };
        let fixture = u32::try_from(self.rig.fixtures.len()).unwrap_or(u32::MAX);
        let first_param = u32::try_from(self.rig.params.len()).unwrap_or(u32::MAX);
        let master = mode.has_master();
        let dims = |channel: &FixtureChannel| &*channel.attribute == "Dimmer" && (channel.cell == 0 || !master);
        let dark = mode.channels.iter().any(dims)
            && mode.channels.iter().filter(|one| dims(one)).all(|one| !one.is_virtual() && one.when.is_none());
        let switches = |nth: usize| mode.channels.iter().any(|one| one.when.as_ref().is_some_and(|when| usize::from(when.master) == nth));
        for (nth, channel) in mode.channels.iter().enumerate() {
            let Some(start) = breaks.get(usize::from(channel.part)) else { continue };
            let attribute = self.attribute_ix(&channel.attribute);
            self.rig.params.push(Param {
                fixture,
                cell: channel.cell,
                attribute,
                universe: start.universe,
                slots: channel.slots.map(|slot| (start.address + slot).saturating_sub(2)),
                default: channel.default,
                highlight: channel.highlight,
                snap: channel.snap,
                reach: if inverted.iter().any(|(name, _)| *name == channel.attribute) { channel.reach.turned() } else { channel.reach },
                intensity: dims(channel),
                dimmer: channel.dimmer.map(|nth| ParamIx(first_param + u32::from(nth))),
                switched: channel.when.is_some(),
                reveals: !dark && switches(nth),
            });
        }
        let param_count = u32::try_from(self.rig.params.len()).unwrap_or(u32::MAX) - first_param;
        self.rig.fixtures.push(Fixture { key, profile: Arc::clone(&model.profile), mode: model.mode, breaks, first_param, param_count });
    }

    /// The place of an attribute among those of the rig.
    fn attribute_ix(&mut self, name: &str) -> AttrIx {
        let at = self.rig.attributes.iter().position(|one| *one.name == *name).unwrap_or_else(|| {
            self.rig.attributes.push(Attribute::of(name));
            self.rig.attributes.len() - 1
        });
        AttrIx(u16::try_from(at).unwrap_or(u16::MAX))
    }

    /// The profile of a fixture.
    fn fixture_profile(&mut self, name: &str, span: Range<usize>, key: &str) -> Option<Arc<FixtureProfile>> {
        let found = self.library.fixture(name);
        let source = self.library.source(name, true).is_some();
        if source {
            self.profiles.insert((name.to_owned(), true));
        }
        if found.is_none() && source {
            let message = format!("fixture {key} uses the profile \"{name}\", which has faults of its own");
            self.faults.push(Fault::rule("broken-profile", span, message).help("they are listed here too, under the profile's name"));
        } else if found.is_none() {
            let message = format!("fixture {key} uses the profile \"{name}\", but there is no such fixture profile");
            self.faults.unknown_as("unknown-profile", span, message, name, self.library.fixture_keys());
        }
        found
    }

    /// The mode that the show names; one alone needs no name.
    fn mode_of(&mut self, profile: &FixtureProfile, mode: Option<&str>, span: Range<usize>, key: &str) -> Option<u16> {
        let names = || profile.modes.iter().map(|mode| &*mode.name);
        let at = match mode {
            Some(name) => profile.mode_named(name),
            None if profile.modes.len() == 1 => Some(0),
            None => None,
        };
        if at.is_none() {
            let message = match mode {
                Some(name) => format!("fixture {key} is in the mode \"{name}\", but {} has no such mode", profile.key),
                None => format!("fixture {key} says no mode, and {} has {}", profile.key, profile.modes.len()),
            };
            let all: Vec<String> = names().map(|name| format!("\"{name}\"")).collect();
            let help = mode.and_then(|name| suggestion(name, names())).unwrap_or_else(|| format!("write mode = one of {}", all.join(", ")));
            self.faults.push(Fault::rule("mode", span, message).help(help));
        }
        at.and_then(|at| u16::try_from(at).ok())
    }

    /// `invert = ["Pan"]` names what the fixture has.
    fn check_inverted(&mut self, key: &str, model: &Model, inverted: &[(Arc<str>, Range<usize>)]) {
        for (name, span) in inverted {
            let channels = model.mode().map(|mode| mode.channels.as_slice()).unwrap_or_default();
            if !channels.iter().any(|channel| channel.attribute == *name && !channel.is_virtual()) {
                let message = format!("fixture {key} inverts \"{name}\", which it does not have");
                self.faults.unknown_as("no-attribute", span.clone(), message, name, channels.iter().map(|channel| &*channel.attribute));
            }
            let masters = || channels.iter().filter_map(|channel| channels.get(usize::from(channel.when.as_ref()?.master)));
            if masters().any(|master| master.attribute == *name) {
                let message = format!("fixture {key} inverts \"{name}\", which says what other slots are: it has one way round only");
                self.faults.push(Fault::rule("inverted", span.clone(), message).help("take it out of invert"));
            }
        }
    }

    /// Two fixtures on one slot.
    fn overlaps(&mut self, mut taken: Vec<Taken>) {
        taken.sort_by_key(|one| (one.universe, one.first));
        let mut widest: Option<&Taken> = None;
        for one in &taken {
            if let Some(other) = widest.filter(|other| other.universe == one.universe) {
                if one.first <= other.last {
                    let message = format!(
                        "fixture {} ({} to {}) overlaps {} ({} to {})",
                        one.who, one.first, one.last, other.who, other.first, other.last
                    );
                    let help = format!("the next free address after {} is {}", other.who, other.last + 1);
                    self.faults.push(Fault::rule("overlap", one.span.clone(), message).help(help));
                }
                if one.last <= other.last {
                    continue;
                }
            }
            widest = Some(one);
        }
    }

    /// `[group.*]`: fixtures, ranges, cells and groups that stand above.
    pub(super) fn fixture_groups(&mut self, top: &mut Fields<'t, 't>) {
        for (key, span, node) in self.tables(top, "group") {
            self.reserved("group", key, &span);
            if self.selections.find(key).is_some() {
                let fault =
                    Fault::rule("duplicate", span.clone(), format!("\"{key}\" is a fixture already, so no group can have the name"));
                self.faults.push(fault.help("give the group another name"));
                continue;
            }
            let Some(mut fields) = Fields::of(node, format!("group {key}"), &mut self.faults) else { continue };
            let names = fields.texts("fixtures", &mut self.faults);
            let mut parts: Vec<Part> = Vec::new();
            let mut seen: BTreeSet<Part> = BTreeSet::new();
            let mut whole = true;
            for (name, span) in names {
                let message = || format!("group {key} has \"{name}\", but the show has no such fixture (or group above this one)");
                match self.parts_named(&name, span, message) {
                    Some(found) => parts.extend(found.iter().copied().filter(|part| seen.insert(*part))),
                    None => whole = false,
                }
            }
            if parts.is_empty() && whole {
                self.faults.push(Fault::rule("missing", span, format!("group {key} has no fixtures")).help("add fixtures = [\"…\"]"));
            }
            fields.finish(&mut self.faults);
            self.selections.declare(key, whole.then(|| Arc::from(parts.as_slice())));
            self.rig.groups.push(FixtureGroup { key: key.into(), parts });
        }
    }
}

/// From the first to the last.
fn whole<T>(list: &[(T, Range<usize>)]) -> Range<usize> {
    list.first().map_or(0, |(_, span)| span.start)..list.last().map_or(0, |(_, span)| span.end)
}

const fn plural(breaks: usize) -> &'static str {
    if breaks == 1 { "address" } else { "addresses" }
}
