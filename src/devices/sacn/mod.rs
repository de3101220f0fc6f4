//! Streaming ACN: DMX over UDP port 5568, by multicast or to one node.
//!
//! 1. Every packet names its source by a UUID (CID) and a text; the address it comes from means nothing.
//! 2. A data packet carries 512 slots of one universe with a priority: receivers follow the highest, and merge equal ones. Multicast goes
//!    to the group 239.255 and the universe's two bytes, so the network brings a universe only to who wants it.
//! 3. A change is sent at once and three times more; then a copy every 0.8 to 1 s. A source that is silent for 2.5 s is gone. One that ends
//!    says so in three packets with Stream_Terminated, and a backup takes over without the wait.
//! 4. With a synchronization address, receivers hold what came until a synchronization packet.
//! 5. Every 10 s a source tells what it sends (universe discovery, universe 64214).
//! 6. Receivers never answer: that a node is there cannot be known. What can be known is who else sends our universes: we listen to them.
//!
//! Source: ANSI E1.31-2018, "Lightweight streaming protocol for transport of DMX512 using ACN". Numbers in comments are its sections.
//! Versions covered: E1.31-2016 and 2018 receivers; those of 2009 see neither synchronization nor discovery.

mod codec;
mod driver;
mod ears;
#[cfg(test)]
mod golden;
mod simulator;
mod simulator_port;
#[cfg(test)]
mod tests;

use super::{Family, Plan, Target, Wire, WireId, machine};
use crate::show::{Profile, Value};
use crate::time::Span;

pub use codec::{
    Cid, DISCOVERY_UNIVERSE, Data, Discovery, Identity, OPTIONS_AT, PORT, Packet, SEQUENCE_AT, SLOTS_AT, data_template, group,
    group_address, name, option, parse,
};

/// The family.
pub const FAMILY: Family = Family {
    name: "sacn",
    about: "lighting nodes by sACN (ANSI E1.31), multicast or unicast",
    wires,
    driver: |plan| Box::new(driver::Source::new(plan)),
    simulator: |plan| Box::new(simulator::SimulatedNode::new(plan)),
    check,
};

/// Frames leave here.
const DATA: WireId = WireId(0);
/// Other sources are heard here.
const LISTEN: WireId = WireId(1);
/// A source is gone after this without a packet (Appendix A, E131_NETWORK_DATA_LOSS_TIMEOUT).
pub const DATA_LOSS: Span = Span::ms(2500);
/// Between two universe discoveries (Appendix A, E131_UNIVERSE_DISCOVERY_INTERVAL).
const DISCOVERY_EVERY: Span = Span::secs(10);
/// Packets with Stream_Terminated that end a universe (6.2.6).
const TERMINATIONS: u64 = 3;
/// Between two of them.
const TERMINATE_EVERY: Span = Span::ms(25);

/// What a show may set on an sACN device.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Options {
    /// Packets go to the device's address, not to groups.
    unicast: bool,
    /// This machine's network, by the name or the address of its interface.
    interface: String,
    /// The synchronization address.
    sync: Option<u16>,
    /// Packets are for visualisers.
    preview: bool,
    /// The receivers' port; ours too.
    port: u16,
    /// Who we are.
    identity: Identity,
}

impl Options {
    fn of(plan: Plan<'_>) -> Self {
        let device = plan.device();
        let option = |key: &str| device.options.get(key).or_else(|| device.profile.options.get(key).and_then(|o| o.default.as_ref()));
        let text = |key: &str| match option(key) {
            Some(Value::Text(text)) => text.to_string(),
            _ => String::new(),
        };
        let sync = match option("sync") {
            Some(Value::Int(address)) => u16::try_from(*address).ok().filter(|address| (1..=63_999).contains(address)),
            _ => None,
        };
        let name = Some(text("source")).filter(|name| !name.is_empty()).unwrap_or_else(|| format!("showcall {}", device.key));
        // Each device is a source of its own: it counts its packets and lists its universes alone.
        let identity = Identity { cid: machine::uuid(&format!("sacn {}", device.key)), name };
        Self {
            unicast: device.address.is_some(),
            interface: text("interface"),
            sync,
            preview: matches!(option("preview"), Some(Value::Switch(true))),
            port: if device.port == 0 { PORT } else { device.port },
            identity,
        }
    }
}

/// The sACN universes that a device sends and their priorities, in rising order.
fn outputs(plan: Plan<'_>) -> std::collections::BTreeMap<u16, u8> {
    let outputs = plan.show.rig.universes.iter().flat_map(|universe| &universe.outputs);
    outputs.filter(|output| output.device == plan.device).map(|output| (output.address, output.priority)).collect()
}

fn wires(plan: Plan<'_>) -> Vec<Wire> {
    let options = Options::of(plan);
    let Target { host, .. } = plan.target();
    let (to, port) = (Target { host: host.clone(), port: options.port }, options.port);
    let reached = if options.unicast && host.parse::<std::net::Ipv4Addr>().is_ok() { host } else { String::new() };
    let network = if options.interface.is_empty() { reached } else { options.interface.clone() };
    let own = (codec::CID_AT, options.identity.cid);
    let groups = outputs(plan).into_keys().chain([codec::DISCOVERY_UNIVERSE]).map(group).collect();
    let data = if options.unicast {
        Wire::Udp { to, local_port: 0 }
    } else {
        Wire::Multicast { groups: Vec::new(), port, network: network.clone(), own }
    };
    vec![data, Wire::Multicast { groups, port, network, own }]
}

/// The wire has no templates: all of it is in the code.
fn check(_: &Profile) -> Vec<String> {
    Vec::new()
}
