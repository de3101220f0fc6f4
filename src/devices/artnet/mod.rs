//! Art-Net nodes: DMX over UDP port 6454.
//!
//! 1. Every packet begins with `Art-Net\0` and a little-endian opcode; all but ArtPollReply then have the protocol version 14, big-endian.
//! 2. The controller sends ArtPoll every 2.5 s; a node answers within 3 s with ArtPollReply: who it is, which Port-Addresses
//!    (net 7 bits, sub-net 4, universe 4) its ports output, and their state.
//! 3. ArtDmx carries 512 slots of one Port-Address to its subscribers, unicast, with a sequence 1 to 255; repeated within 1 s when nothing changes.
//! 4. ArtSync, when wanted, makes nodes output together; a node that misses it for 4 s goes back to immediate output.
//! 5. ArtAddress changes a node's settings and is answered by an ArtPollReply; ArtTrigger and ArtTimeCode are answered by nothing.
//! 6. Nothing acknowledges ArtDmx: health comes from the replies alone (merging, short, failsafe, a counter that went back).
//!
//! Source: "Art-Net 4 Protocol Release V1.4", Artistic Licence Engineering. Sections are named by packet.
//! Versions covered: Art-Net 4 controllers; nodes of Art-Net II, 3 and 4 (replies of 198 bytes and more).

mod codec;
mod controls;
mod driver;
#[cfg(test)]
mod golden;
mod nodes;
mod reply;
mod simulator;
mod simulator_port;
#[cfg(test)]
mod tests;
mod time_sender;

use super::{Family, Plan, Target, Wire, WireId};
use crate::show::{ArtWord, FrameRate, Profile, Value};
use crate::time::Span;

pub use codec::{Dmx, PORT, PortAddress, dmx, poll_once};
pub use reply::Reply;
use reply::{STYLE_CONFIG, STYLE_CONTROLLER};

/// The family.
pub const FAMILY: Family = Family {
    name: "artnet",
    about: "lighting nodes by Art-Net II, 3 and 4",
    wires,
    driver: |plan| Box::new(driver::Node::new(plan)),
    simulator: |plan| Box::new(simulator::SimulatedNode::new(plan)),
    check,
};

/// Its one wire.
const WIRE: WireId = WireId(0);
/// Between two ArtPolls: 2.5 to 3 s ("ArtPoll", controllers).
const POLL_EVERY: Span = Span::ms(2500);
/// Between two ArtPolls to a node that does not answer; it gets nothing else.
const PROBE_EVERY: Span = Span::secs(1);
/// A node answers within 3 s ("ArtPoll", nodes): without a word for two polls and that, it is late.
const LATE_AFTER: Span = Span::ms(6500);
/// Another controller's ArtDmx is forgotten after this without one.
const FOREIGN_FOR: Span = Span::secs(10);
/// A node leaves out a source that is silent for this ("ArtDmx", merging).
pub const SOURCE_TIMEOUT: Span = Span::secs(10);
/// A synchronous node without ArtSync for this outputs at once again ("ArtSync").
const SYNC_TIMEOUT: Span = Span::secs(4);

/// What a show may set on an Art-Net device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Options {
    /// Local port; 6454 unless tests or a second controller on this machine need another.
    local_port: u16,
    /// The address is a network's broadcast address: whoever answers and subscribes gets frames.
    discover: bool,
    /// Frames go to the broadcast address, for old nodes that answer nobody (never allowed since Art-Net 3).
    broadcast: bool,
    /// The node answers polls; without it frames are sent to it blindly.
    answers: bool,
    /// ArtSync after each whole picture.
    sync: bool,
    /// Of the time code that it is sent.
    frame_rate: FrameRate,
}

impl Options {
    fn of(plan: Plan<'_>) -> Self {
        let device = plan.device();
        let option = |key: &str| device.options.get(key).or_else(|| device.profile.options.get(key).and_then(|o| o.default.as_ref()));
        let switch = |key: &str| match option(key) {
            Some(Value::Switch(on)) => Some(*on),
            _ => None,
        };
        let local_port = match option("local_port") {
            Some(Value::Int(port)) => u16::try_from(*port).unwrap_or(PORT),
            _ => PORT,
        };
        let discover = switch("discover").unwrap_or_else(|| device.address.as_deref().is_some_and(|a| a.ends_with(".255")));
        let on = |key, otherwise| switch(key).unwrap_or(otherwise);
        let frame_rate = match option("frame_rate") {
            Some(Value::Text(name)) => FrameRate::named(name).unwrap_or_default(),
            _ => FrameRate::default(),
        };
        Self { local_port, discover, broadcast: on("broadcast", false), answers: on("answers", true), sync: on("sync", false), frame_rate }
    }
}

/// Who answers an ArtPoll, when these bytes are an answer of one that may be sent levels: no controller and no configuration program,
/// unless it has outputs (libraries call a node a controller).
#[must_use]
pub fn reply(bytes: &[u8]) -> Option<Reply> {
    match codec::parse(bytes)? {
        codec::Packet::Reply(reply) if !matches!(reply.style, STYLE_CONTROLLER | STYLE_CONFIG) || reply.outputs().next().is_some() => {
            Some(*reply)
        }
        _ => None,
    }
}

/// The levels in a datagram, when it is ArtDmx.
#[must_use]
pub fn levels(bytes: &[u8]) -> Option<Dmx<'_>> {
    match codec::parse(bytes)? {
        codec::Packet::Dmx(dmx) => Some(dmx),
        _ => None,
    }
}

/// What a datagram says to a show, when it is ArtTrigger, or ArtTimeCode of the master stream.
#[must_use]
pub fn word(bytes: &[u8]) -> Option<ArtWord> {
    match codec::parse(bytes)? {
        codec::Packet::Trigger { oem, key, sub_key } => Some(ArtWord::Trigger { oem, key, sub_key }),
        codec::Packet::TimeCode { rate, time } => Some(ArtWord::Time { rate, time }),
        _ => None,
    }
}

/// A Port-Address as people write it: `0:0:1`.
#[must_use]
pub fn port_address(address: u16) -> String {
    PortAddress(address).to_string()
}

fn wires(plan: Plan<'_>) -> Vec<Wire> {
    let options = Options::of(plan);
    let Target { host, port } = plan.target();
    let to = Target { host, port: if port == 0 { PORT } else { port } };
    vec![Wire::UdpShared { to, local_port: options.local_port, strangers: options.discover }]
}

/// The wire has no templates: all of it is in the code.
fn check(_: &Profile) -> Vec<String> {
    Vec::new()
}
