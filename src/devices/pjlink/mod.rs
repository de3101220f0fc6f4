//! Projectors and displays that speak PJLink, class 1 and 2: TCP 4352, and UDP 4352 for the notices of class 2.
//!
//! The protocol in five lines:
//! 1. The projector greets: `PJLINK 0`, or `PJLINK 1 SALT` when it has a password; then MD5(salt, password) stands before each command.
//! 2. `%1POWR ?` asks, `%1POWR 1` sets, CR ends a line; one command at a time, answered within 2 s by a value, `OK` or `ERR1` to `ERR4`.
//! 3. Power is 0 standby, 1 on, 2 cooling, 3 warming; input and mute can be set when it is on, else `ERR3`.
//! 4. It hangs up after 30 s without a command, and many take one connection only.
//! 5. Class 2 tells changes of power, input and errors to UDP 4352 (`%2POWR=1`), and answers `%2SRCH` with its MAC address.
//!
//! Source: JBMIA "PJLink Specifications" 2.00 and 2.10; the reply tables of Panasonic's and IDK's manuals. Versions: class 1 and class 2.
//!
//! **A minute is not a fault.** Power that warms is *not yet*, with the time left; what needs a picture and comes meanwhile is tried again every
//! 2 s. A connection that the projector ends is made again without a word; only when that takes longer than `offline_after` it is offline.
//!
//! **One that closes after each answer** gets one command a connection. What it does not know (`ERR1`) or does not answer is not asked again in this
//! session, and silence is told by name; inputs that it does not know in class 2 go in class 1.
//!
//! **A wrong password is told once**, and the wire stays closed until a person takes the device back. A notice only makes us ask: UDP carries no password.

mod codec;
#[cfg(test)]
mod corners;
#[cfg(test)]
mod golden;
mod protocol;
mod simulator;
mod state;
#[cfg(test)]
mod tests;

use crate::devices::kernel::PropertyDriver;
use crate::devices::{Family, Framing, Plan, Wire, WireId};
use crate::show::{Profile, Value};
use crate::time::Span;

pub use codec::{PORT, SEARCH, found};

/// Commands and answers.
const WIRE: WireId = WireId(0);
/// Notices of class 2.
const NOTICES: WireId = WireId(1);
/// Between two rounds of questions.
const POLL_EVERY: Span = Span::secs(5);
/// The same while something is on its way.
const POLL_BUSY: Span = Span::ms(500);
/// Between two questions for hours, and for what was not answered but is set by the show.
const HOURS_EVERY: Span = Span::secs(60);
/// What was refused as not possible now is tried again after this.
const RETRY: Span = Span::secs(2);
/// That something takes its time is told again after this.
const TELL_EVERY: Span = Span::secs(5);
/// After a command the projector may still say what was before for this long.
const SETTLES: Span = Span::secs(5);
/// A line whose end has not come is taken as whole after this.
const LINE_WITHIN: Span = Span::secs(1);
/// A projector that closes after each answer does so within this.
const CLOSES_WITHIN: Span = Span::secs(1);

/// The family.
pub const FAMILY: Family = Family {
    name: "pjlink",
    about: "projectors and displays over PJLink, class 1 and 2",
    wires,
    driver: |plan| Box::new(PropertyDriver::new(plan, protocol::Projector::new(plan))),
    simulator: |plan| Box::new(simulator::Lamp::new(plan)),
    check,
};

fn wires(plan: Plan<'_>) -> Vec<Wire> {
    let to = plan.target();
    let mut wires = vec![Wire::Tcp { to: to.clone(), framing: Framing::Raw }];
    if switch(plan, "notices") {
        wires.push(Wire::UdpShared { to, local_port: PORT, strangers: false });
    }
    wires
}

/// An option of the device, else its default.
fn option<'a>(plan: Plan<'a>, key: &str) -> Option<&'a Value> {
    let device = plan.device();
    device.options.get(key).or_else(|| device.profile.options.get(key).and_then(|option| option.default.as_ref()))
}

fn switch(plan: Plan<'_>, key: &str) -> bool {
    option(plan, key) == Some(&Value::Switch(true))
}

/// A time in seconds.
fn seconds(plan: Plan<'_>, key: &str, usual: u64) -> Span {
    match option(plan, key) {
        Some(Value::Int(n)) => Span::secs(u64::try_from(*n).unwrap_or(usual)),
        _ => Span::secs(usual),
    }
}

/// Whether the model is of class 2.
fn is_class_2(profile: &Profile) -> bool {
    profile.family_facts.get("class").and_then(serde_json::Value::as_u64) == Some(2)
}

/// What only this family understands in a profile: `class`, and its properties.
fn check(profile: &Profile) -> Vec<String> {
    let mut faults = vec![];
    if !matches!(profile.family_facts.get("class").and_then(serde_json::Value::as_u64), Some(1 | 2)) {
        faults.push("a pjlink profile says its class (class = 1 or class = 2 in [facts])".into());
    }
    for (key, spec) in &profile.props {
        match state::Item::of(&spec.path) {
            None => faults.push(format!("property {key}: pjlink has no {} (power, input, shutter, mute or freeze)", spec.path)),
            Some(state::Item::Freeze) if !is_class_2(profile) => faults.push(format!("property {key}: only class 2 can freeze")),
            Some(_) => {}
        }
    }
    faults
}
