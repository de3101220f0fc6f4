//! `[universe.*]`: where each universe goes, on one output or on several.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeValue;

use super::Loader;
use crate::show::fault::Fault;
use crate::show::fields::{Fields, Node, int_of, kind_of};
use crate::show::{DEFAULT_PRIORITY, DeviceIx, Universe, UniverseOutput, Value};

/// Outputs of one universe at the most.
const OUTPUTS: usize = 64;
/// The highest priority of a source (E1.31-2018, 6.2.3).
const HIGHEST: u8 = 200;

/// Where frames go on the network: two universes in one place overwrite each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// An address on one device.
    Device(DeviceIx, u16),
    /// An sACN universe by multicast, in the network of this interface: whichever device sends it.
    Multicast(String, u16),
}

impl<'t> Loader<'t> {
    /// All universes in the order of their numbers; gives the index of each number, `None` for a broken one.
    pub(super) fn universes(&mut self, top: &mut Fields<'t, 't>) -> BTreeMap<u16, Option<u16>> {
        let mut outputs: BTreeMap<u16, Option<Vec<UniverseOutput>>> = BTreeMap::new();
        let mut going: BTreeMap<Place, u16> = BTreeMap::new();
        for (key, span, node) in self.tables(top, "universe") {
            let Some(number) = key.parse::<u16>().ok().filter(|n| (1..=63_999).contains(n)) else {
                let fault = Fault::rule("universe", span, format!("\"{key}\" is not the number of a universe"));
                self.faults.push(fault.help("write [universe.1]; numbers go from 1 to 63999"));
                continue;
            };
            let read = self.universe(number, node);
            for (output, span) in read.iter().flatten() {
                self.occupy(number, *output, span.clone(), &mut going);
            }
            outputs.insert(number, read.map(|read| read.into_iter().map(|(output, _)| output).collect()));
        }
        let mut indexes = BTreeMap::new();
        for (number, outputs) in outputs {
            let ix = u16::try_from(self.rig.universes.len()).ok().filter(|_| outputs.is_some());
            indexes.insert(number, ix);
            self.rig.universes.extend(outputs.map(|outputs| Universe { number, outputs }));
        }
        indexes
    }

    /// Two outputs in one place are a mistake.
    fn occupy(&mut self, number: u16, output: UniverseOutput, span: Range<usize>, going: &mut BTreeMap<Place, u16>) {
        let Some(other) = going.insert(self.destination(output), number) else { return };
        let message = if other == number {
            format!("universe {number} goes to one place twice")
        } else {
            format!("universe {number} goes to the same place as universe {other}")
        };
        self.faults.push(Fault::rule("universe", span, message).help("give each universe an address of its own"));
    }

    fn destination(&self, output: UniverseOutput) -> Place {
        let device = self.show.device(output.device);
        if &*device.profile.family == "sacn" && device.address.is_none() {
            let interface = match device.options.get("interface") {
                Some(Value::Text(name)) => name.to_string(),
                _ => String::new(),
            };
            return Place::Multicast(interface, output.address);
        }
        Place::Device(output.device, output.address)
    }

    /// One universe: one output in its own table, or several in `outputs`; each with its place in the text.
    fn universe(&mut self, number: u16, node: &'t Node<'t>) -> Option<Vec<(UniverseOutput, Range<usize>)>> {
        let mut fields = Fields::of(node, format!("universe {number}"), &mut self.faults)?;
        let Some(list) = fields.get("outputs") else {
            let output = self.output(number, &mut fields);
            fields.finish(&mut self.faults);
            return output.map(|output| vec![(output, node.span())]);
        };
        for key in ["on", "address", "priority"] {
            if fields.has(key) {
                let message = format!("universe {number} has outputs, so {key} stands in each of them");
                self.faults.push(Fault::rule("universe", list.span(), message).help("outputs = [{ on = \"…\", address = … }]"));
                let _ = fields.get(key);
            }
        }
        fields.finish(&mut self.faults);
        let items = match list.get_ref() {
            DeValue::Array(items) if !items.is_empty() && items.len() <= OUTPUTS => items,
            DeValue::Array(items) => {
                let message = format!("universe {number} has {} outputs, but it can have 1 to {OUTPUTS}", items.len());
                self.faults.push(Fault::rule("universe", list.span(), message).help("outputs = [{ on = \"…\", address = … }]"));
                return None;
            }
            other => {
                let message = format!("outputs is a list, not {}", kind_of(other));
                self.faults.push(Fault::rule("universe", list.span(), message).help("outputs = [{ on = \"…\", address = … }]"));
                return None;
            }
        };
        let mut outputs = Vec::new();
        for item in items.iter() {
            let Some(mut fields) = Fields::of(item, format!("an output of universe {number}"), &mut self.faults) else { continue };
            let output = self.output(number, &mut fields);
            fields.finish(&mut self.faults);
            outputs.extend(output.map(|output| (output, item.span())));
        }
        (outputs.len() == items.len()).then_some(outputs)
    }

    /// `on`, `address` and `priority` of one output.
    fn output(&mut self, number: u16, fields: &mut Fields<'t, 't>) -> Option<UniverseOutput> {
        let on_span = fields.get("on").map(toml::Spanned::span).unwrap_or_default();
        let on = fields.need_text("on", &mut self.faults);
        let address_node = fields.get("address");
        let priority_node = fields.get("priority");
        let on = on?;
        let message = || format!("universe {number} goes out on \"{on}\", but the show has no such device");
        let device = self.devices.need(on, "unknown-device", on_span.clone(), message, &mut self.faults)?;
        let sacn = match &*self.show.device(device).profile.family {
            "artnet" => false,
            "sacn" => true,
            family => {
                let message = format!("universe {number} goes out on \"{on}\", which speaks {family} and carries no DMX");
                let fault = Fault::rule("universe", on_span, message);
                self.faults.push(fault.help("name a device whose profile is of the family artnet or sacn"));
                return None;
            }
        };
        if let Some(patch) = self.patches.get_mut(device.at()) {
            patch.used = true;
        }
        let address = match address_node {
            Some(node) => self.universe_address(on, sacn, node),
            // The number that the desk shows is the number on the network, unless the show says otherwise.
            None if sacn => Some(number),
            None => {
                let fault = Fault::rule("missing", fields.span(), format!("{} has no address", fields.place()));
                self.faults.push(fault.help("add address = \"0:0:1\" (net:sub-net:universe), or a number"));
                None
            }
        };
        let priority = match priority_node {
            Some(node) => self.priority(on, sacn, node),
            None => Some(DEFAULT_PRIORITY),
        };
        Some(UniverseOutput { device, address: address?, priority: priority? })
    }

    /// A Port-Address or an sACN universe.
    fn universe_address(&mut self, on: &str, sacn: bool, node: &Node<'_>) -> Option<u16> {
        let range = if sacn { 1..=63_999 } else { 0..=32_767 };
        let address = match node.get_ref() {
            DeValue::String(text) if !sacn => port_address(text),
            value => int_of(value).and_then(|n| u16::try_from(n).ok()),
        };
        let address = address.filter(|address| range.contains(address));
        if address.is_none() {
            let message = format!("a universe's address on \"{on}\" goes from {} to {}", range.start(), range.end());
            let help = if sacn {
                "write the number of the sACN universe, or leave address out when it is the universe's own number"
            } else {
                "write \"net:sub-net:universe\" (127:15:15 at most), or the number"
            };
            self.faults.push(Fault::rule("universe", node.span(), message).help(help));
        }
        address
    }

    /// The priority of an sACN output.
    fn priority(&mut self, on: &str, sacn: bool, node: &Node<'_>) -> Option<u8> {
        if !sacn {
            let message = format!("\"{on}\" speaks Art-Net, which has no priorities");
            self.faults.push(Fault::rule("universe", node.span(), message).help("take priority away, or send this universe by sACN"));
            return None;
        }
        let priority = int_of(node.get_ref()).and_then(|n| u8::try_from(n).ok()).filter(|n| *n <= HIGHEST);
        if priority.is_none() {
            let fault = Fault::rule("universe", node.span(), format!("a priority goes from 0 to {HIGHEST}"));
            self.faults.push(fault.help(format!("the source with the highest priority wins; without one it is {DEFAULT_PRIORITY}")));
        }
        priority
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
