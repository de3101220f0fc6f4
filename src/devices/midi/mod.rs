//! MIDI devices, by messages in their profile: on a port of this machine or, where the show gives an address, in a session of network
//! MIDI (`midi`; [`network`]); or as plain bytes in a TCP stream (`midi-tcp`, which Allen & Heath desks speak).
//!
//! Status bytes 80 to EF carry a channel and are followed by one or two data bytes below 80; a status may be left out when it is the one
//! before (running status). F0 to F7 frames system exclusive: show control (`F0 7F device 02 …`), machine control (`F0 7F device 06 …`),
//! a desk's own questions. F8 to FF may stand between any two bytes. Nothing is acknowledged; a desk that tells its own changes proves them.
//! A note is ended when its time is over, at once when its cue is stopped, and first of all when a lost wire comes back.
//!
//! Sources: MIDI 1.0 Detailed Specification 4.2; MIDI Show Control 1.1.1; MIDI Machine Control 1.0; Allen & Heath SQ MIDI Protocol and
//! dLive MIDI Over TCP Protocol V2.0.

pub mod codec;
mod driver;
#[cfg(test)]
mod golden;
pub mod network;
pub mod plan;
mod recent;
mod simulator;
pub mod template;
#[cfg(test)]
mod tests;

use crate::devices::{Family, Framing, Target, Wire, WireId};
use crate::show::Value;
use crate::time::Span;

pub use driver::Remote;
pub use simulator::Player;

const WIRE: WireId = WireId(0);
/// Between two steps of fades of one device.
const STEP_GAP: Span = Span::ms(4);
/// Between two questions; 20 in 300 ms is what an SQ answers with ease.
const READ_GAP: Span = Span::ms(15);
/// A value that a device did not tell by itself is asked for after this.
const PROVE_AFTER: Span = Span::ms(60);
/// Questions without an answer before a property counts as silent.
const READ_TRIES: u8 = 3;

/// Devices on a MIDI port of this machine, or with an address, in a session of network MIDI.
pub const FAMILY: Family = Family {
    name: "midi",
    about: "any device on a MIDI port, or with an address by network MIDI (RTP-MIDI), by messages in its profile",
    wires: |plan| {
        if plan.device().address.is_some() {
            let to = |port| Target { port, ..plan.target() };
            // A profile of a port's device need not know of networks.
            let control = if plan.device().port == 0 { network::PORT } else { plan.device().port };
            return vec![Wire::Udp { to: to(control), local_port: 0 }, Wire::UdpNext { to: to(control.saturating_add(1)) }];
        }
        let port = match plan::option(plan, "midi_port") {
            Some(Value::Text(port)) if !port.is_empty() => port.to_string(),
            _ => plan.device().name.to_string(),
        };
        vec![Wire::Midi { port }]
    },
    driver: |plan| match plan.device().address {
        Some(_) => Box::new(network::Networked::new(plan)),
        None => Box::new(Remote::new(plan)),
    },
    simulator: |plan| match plan.device().address {
        Some(_) => Box::new(network::Participant::new(plan)),
        None => Box::new(Player::new(plan)),
    },
    check: plan::check,
};

/// Devices that take MIDI bytes over TCP.
pub const TCP: Family = Family {
    name: "midi-tcp",
    about: "desks that speak MIDI over TCP (Allen & Heath), by messages in their profile",
    wires: |plan| vec![Wire::Tcp { to: plan.target(), framing: Framing::Raw }],
    driver: |plan| Box::new(Remote::new(plan)),
    simulator: |plan| Box::new(Player::new(plan)),
    ..FAMILY
};
