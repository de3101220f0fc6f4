//! `[universe.*]`, `[fixture.*]`, `[group.*]`, `[look.*]`: the rig, with every slot belonging to one fixture.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use toml::de::DeValue;

use super::Loader;
use super::light::RESERVED;
use super::paint::is_colour;
use crate::show::fault::Fault;
use crate::show::fields::{Fields, Node, int_of};
use crate::show::{Attribute, DeviceIx, Fixture, FixtureGroup, FixtureProfile, Look, Param, ParamIx, Universe, UniverseOutput};

/// Slots of a universe.
const SLOTS: u16 = 512;

/// Slots that a fixture takes.
struct Taken {
    universe: u16,
    first: u16,
    last: u16,
    key: Arc<str>,
    span: Range<usize>,
}

impl<'t> Loader<'t> {
    /// Universes, then fixtures on them, then groups of them, then looks.
    pub(super) fn rig(&mut self, top: &mut Fields<'t, 't>) {
        let universes = self.universes(top);
        self.fixtures(top, &universes);
        self.fixture_groups(top);
        self.read_looks(top);
    }

    /// All universes in the order of their numbers; gives the index of each number, `None` for a broken one.
    fn universes(&mut self, top: &mut Fields<'t, 't>) -> BTreeMap<u16, Option<u16>> {
        let mut outputs: BTreeMap<u16, Option<Vec<UniverseOutput>>> = BTreeMap::new();
        let mut going: BTreeMap<(DeviceIx, u16), u16> = BTreeMap::new();
        for (key, span, node) in self.tables(top, "universe") {
            let Some(number) = key.parse::<u16>().ok().filter(|n| (1..=63_999).contains(n)) else {
                let fault = Fault::rule("universe", span, format!("\"{key}\" is not the number of a universe"));
                self.faults.push(fault.help("write [universe.1]; numbers go from 1 to 63999"));
                continue;
            };
            let output = self.universe(number, node);
            if let Some(output) = output
                && let Some(other) = going.insert((output.device, output.address), number)
            {
                let message = format!("universe {number} goes to the same place as universe {other}");
                self.faults.push(Fault::rule("universe", node.span(), message).help("give each universe an address of its own"));
            }
            outputs.insert(number, output.map(|output| vec![output]));
        }
        let mut indexes = BTreeMap::new();
        for (number, outputs) in outputs {
            let ix = u16::try_from(self.rig.universes.len()).ok().filter(|_| outputs.is_some());
            indexes.insert(number, ix);
            self.rig.universes.extend(outputs.map(|outputs| Universe { number, outputs }));
        }
        indexes
    }

    /// `on` and `address` of one universe.
    fn universe(&mut self, number: u16, node: &'t Node<'t>) -> Option<UniverseOutput> {
        let mut fields = Fields::of(node, format!("universe {number}"), &mut self.faults)?;
        let on_node = fields.get("on").map(toml::Spanned::span).unwrap_or_default();
        let on = fields.need_text("on", &mut self.faults);
        let address_node = fields.get("address");
        if address_node.is_none() {
            let fault = Fault::rule("missing", fields.span(), format!("universe {number} has no address"));
            self.faults.push(fault.help("add address = \"0:0:1\" (net:sub-net:universe), or a number"));
        }
        fields.finish(&mut self.faults);
        let on = on?;
        let message = || format!("universe {number} goes out on \"{on}\", but the show has no such device");
        let device = self.devices.need(on, "unknown-device", on_node.clone(), message, &mut self.faults)?;
        let range = match &*self.show.device(device).profile.family {
            "artnet" => 0..=32_767,
            "sacn" => 1..=63_999,
            family => {
                let message = format!("universe {number} goes out on \"{on}\", which speaks {family} and carries no DMX");
                self.faults.push(Fault::rule("universe", on_node, message).help("name a device whose profile is of the family artnet"));
                return None;
            }
        };
        if let Some(patch) = self.patches.get_mut(device.at()) {
            patch.used = true;
        }
        let node = address_node?;
        let address = match node.get_ref() {
            DeValue::String(text) => port_address(text),
            value => int_of(value).and_then(|n| u16::try_from(n).ok()),
        };
        if address.is_none_or(|address| !range.contains(&address)) {
            let message = format!("a universe's address on \"{on}\" goes from {} to {}", range.start(), range.end());
            self.faults.push(
                Fault::rule("universe", node.span(), message).help("write \"net:sub-net:universe\" (127:15:15 at most), or the number"),
            );
        }
        Some(UniverseOutput { device, address: address? })
    }

    /// All fixtures and ranges of fixtures.
    fn fixtures(&mut self, top: &mut Fields<'t, 't>, universes: &BTreeMap<u16, Option<u16>>) {
        let mut taken = Vec::new();
        for (key, span, node) in self.tables(top, "fixture") {
            self.reserved("fixture", key, &span);
            let fixtures = self.fixture(key, span, node, universes, &mut taken);
            self.selections.declare(key, fixtures);
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
        taken: &mut Vec<Taken>,
    ) -> Option<Arc<[u32]>> {
        let mut fields = Fields::of(node, format!("fixture {key}"), &mut self.faults)?;
        for key in ["universe", "address"] {
            if !fields.has(key) {
                self.faults
                    .push(Fault::rule("missing", span.clone(), format!("{} has no {key}", fields.place())).help(format!("add {key} = 1")));
            }
        }
        let profile_span = fields.get("profile").map(toml::Spanned::span).unwrap_or_default();
        let profile = fields.need_text("profile", &mut self.faults);
        let universe_span = fields.get("universe").map(toml::Spanned::span).unwrap_or_default();
        let number = fields.int("universe", 1..=63_999, &mut self.faults);
        let address_span = fields.get("address").map(toml::Spanned::span).unwrap_or_default();
        let address = fields.int("address", 1..=i64::from(SLOTS), &mut self.faults);
        let count = fields.int("count", 1..=i64::from(SLOTS), &mut self.faults);
        let spacing = fields.int("spacing", 1..=i64::from(SLOTS), &mut self.faults);
        fields.text("name", &mut self.faults);
        fields.finish(&mut self.faults);
        let profile = self.fixture_profile(profile?, profile_span, key)?;
        let number = u16::try_from(number?).ok()?;
        let universe = match universes.get(&number) {
            Some(universe) => (*universe)?,
            None => {
                let message = format!("fixture {key} is on universe {number}, but the show has no such universe");
                self.faults.push(
                    Fault::rule("unknown-universe", universe_span, message).help(format!("add [universe.{number}] with on and address")),
                );
                return None;
            }
        };
        let address = u16::try_from(address?).ok()?;
        let step = spacing.and_then(|n| u16::try_from(n).ok()).unwrap_or(profile.footprint);
        let mut fixtures = Vec::new();
        for nth in 0..count.and_then(|n| u16::try_from(n).ok()).unwrap_or(1) {
            let first = address.saturating_add(nth.saturating_mul(step));
            let last = first.saturating_add(profile.footprint - profile.footprint.min(1));
            let own = if count.is_some() { format!("{key}{}", nth + 1) } else { key.to_owned() };
            if last > SLOTS {
                let message =
                    format!("fixture {own} takes {} slots from {first}, past the end of the universe at {SLOTS}", profile.footprint);
                self.faults.push(Fault::rule("past-512", address_span, message).help("move it, or start the next universe"));
                break;
            }
            let own: Arc<str> = own.into();
            taken.push(Taken { universe, first, last, key: Arc::clone(&own), span: address_span.clone() });
            let ix = u32::try_from(self.rig.fixtures.len()).ok()?;
            if count.is_some() {
                self.selections.declare(&own, Some(Arc::from([ix])));
            }
            self.add_fixture(own, &profile, universe, first);
            fixtures.push(ix);
        }
        Some(fixtures.into())
    }

    /// Puts a fixture and its parameters into the rig.
    fn add_fixture(&mut self, key: Arc<str>, profile: &Arc<FixtureProfile>, universe: u16, address: u16) {
        let fixture = u32::try_from(self.rig.fixtures.len()).unwrap_or(u32::MAX);
        let first_param = u32::try_from(self.rig.params.len()).unwrap_or(u32::MAX);
        let dims = profile.channels.iter().any(|channel| channel.attribute == Attribute::Dimmer);
        for channel in &profile.channels {
            let slot = |slot: u16| (address + slot).saturating_sub(2);
            self.rig.params.push(Param {
                fixture,
                attribute: channel.attribute,
                universe,
                coarse: slot(channel.slot),
                fine: channel.fine.map(slot),
                default: channel.default,
                snap: channel.snap,
                intensity: channel.attribute == Attribute::Dimmer || (!dims && is_colour(channel.attribute)),
            });
        }
        let param_count = u32::try_from(profile.channels.len()).unwrap_or(0);
        self.rig.fixtures.push(Fixture { key, profile: Arc::clone(&profile.key), universe, address, first_param, param_count });
        self.fixture_profiles.push(Arc::clone(profile));
    }

    /// The mode of a fixture.
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

    /// Two fixtures on one slot.
    fn overlaps(&mut self, mut taken: Vec<Taken>) {
        taken.sort_by_key(|one| (one.universe, one.first));
        let mut widest: Option<&Taken> = None;
        for one in &taken {
            if let Some(other) = widest.filter(|other| other.universe == one.universe) {
                if one.first <= other.last {
                    let message = format!(
                        "fixture {} ({} to {}) overlaps {} ({} to {})",
                        one.key, one.first, one.last, other.key, other.first, other.last
                    );
                    let help = format!("the next free address after {} is {}", other.key, other.last + 1);
                    self.faults.push(Fault::rule("overlap", one.span.clone(), message).help(help));
                }
                if one.last <= other.last {
                    continue;
                }
            }
            widest = Some(one);
        }
    }

    /// `[group.*]`: fixtures, ranges and groups that stand above.
    fn fixture_groups(&mut self, top: &mut Fields<'t, 't>) {
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
            let mut fixtures: Vec<u32> = Vec::new();
            let mut whole = true;
            for (name, span) in names {
                let message = || format!("group {key} has \"{name}\", but the show has no such fixture (or group above this one)");
                match self.selections.need(&name, "unknown-fixture", span, message, &mut self.faults) {
                    Some(found) => fixtures.extend(found.iter()),
                    None => whole = false,
                }
            }
            if fixtures.is_empty() && whole {
                self.faults.push(Fault::rule("missing", span, format!("group {key} has no fixtures")).help("add fixtures = [\"…\"]"));
            }
            fields.finish(&mut self.faults);
            fixtures.sort_unstable();
            fixtures.dedup();
            self.selections.declare(key, whole.then(|| Arc::from(fixtures.as_slice())));
            self.rig.groups.push(FixtureGroup { key: key.into(), fixtures });
        }
    }

    /// `[look.*]`: what stands later in a look wins.
    fn read_looks(&mut self, top: &mut Fields<'t, 't>) {
        for (key, _, node) in self.tables(top, "look") {
            self.subject = format!("look {key}");
            let Some(fields) = Fields::of(node, self.subject.clone(), &mut self.faults) else {
                self.looks.declare(key, None);
                continue;
            };
            let mut values: BTreeMap<ParamIx, u16> = BTreeMap::new();
            for (name, span, node) in fields.rest() {
                self.paint(name, span, node, &mut values);
            }
            self.looks.declare(key, Some(self.rig.looks.len()));
            self.rig.looks.push(Look { key: key.into(), values: values.into_iter().collect() });
        }
    }

    /// Names that `light` has for itself.
    fn reserved(&mut self, what: &str, key: &str, span: &Range<usize>) {
        if RESERVED.contains(&key) {
            let message = format!("no {what} can be called \"{key}\": light = {{ {key} = … }} means something else");
            self.faults.push(Fault::rule("reserved", span.clone(), message).help("choose another name"));
        }
    }
}

/// `net:sub-net:universe` as a Port-Address of 15 bits (Art-Net 4, "Port-Address").
fn port_address(text: &str) -> Option<u16> {
    let parts: Vec<&str> = text.split(':').collect();
    let part = |text: &str, max: u16| text.parse::<u16>().ok().filter(|n| *n <= max);
    match parts.as_slice() {
        [net, sub, universe] => Some(part(net, 127)? << 8 | part(sub, 15)? << 4 | part(universe, 15)?),
        [one] => one.parse().ok(),
        _ => None,
    }
}
