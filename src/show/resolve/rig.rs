//! `[universe.*]` and `[look.*]`: where light goes out, and named pictures of it.

use std::collections::BTreeMap;
use std::ops::Range;
use toml::de::DeValue;

use super::Loader;
use super::light::RESERVED;
use crate::show::fault::Fault;
use crate::show::fields::{Fields, Node, int_of};
use crate::show::{DeviceIx, Look, Looks, ParamIx, Universe, UniverseOutput};

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

    /// `[look.*]`: what stands later in a look wins.
    fn read_looks(&mut self, top: &mut Fields<'t, 't>) {
        for (key, _, node) in self.tables(top, "look") {
            self.subject = format!("look {key}");
            let Some(fields) = Fields::of(node, self.subject.clone(), &mut self.faults) else {
                self.looks.declare(key, None);
                continue;
            };
            let mut values: BTreeMap<ParamIx, u32> = BTreeMap::new();
            for (name, span, node) in fields.rest() {
                self.paint(name, span, node, &mut values);
            }
            if self.show.looks == Looks::Whole {
                self.light_masters(&mut values);
            }
            self.looks.declare(key, Some(self.rig.looks.len()));
            self.rig.looks.push(Look { key: key.into(), values: values.into_iter().collect() });
        }
    }

    /// Names that `light` has for itself.
    pub(super) fn reserved(&mut self, what: &str, key: &str, span: &Range<usize>) {
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
