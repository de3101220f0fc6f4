//! Any device that takes OSC, by templates in its profile: a new model is a profile and no Rust.
//!
//! The protocol in five lines:
//! 1. OSC 1.0 messages over UDP, or over TCP with a length before each packet (OSC 1.0) or between SLIP ENDs (OSC 1.1).
//! 2. `set` of a property makes the message or messages of a value; `get` asks for it; `observe` reads it from what the device sends.
//! 3. Without `observe` nothing can be proven: `proof = "none"`, the action ends *sent*.
//! 4. `[facts] reply`: the device answers each message on this prefix and its address with JSON `{ status, data }` (QLab): that is `proof = "acked"`.
//! 5. `[facts] ping` and `pong` tell that it lives; `hello` messages follow each connect (subscriptions, passcode) and change nothing on stage.
//!
//! Sources: OSC 1.0 and 1.1; "Eos Family Show Control", chapter OSC; QLab's OSC dictionary 4 and 5. Versions: any.
//!
//! **Lost datagrams.** A lasting value is sent again, at most twice, only when a `get` that was asked after it was answered with the value from
//! before. What is momentary, guarded, acknowledged or unproven is never sent again: nobody can know that it did not happen.

mod driver;
pub mod observe;
pub mod packet;
mod plan;
mod session;
mod simulator;
pub mod template;
#[cfg(test)]
mod tests;

use crate::devices::{Family, Framing, Plan, Wire, WireId};
use crate::show::{Profile, Proof, Value};
use crate::time::Span;

/// The family's one wire.
const WIRE: WireId = WireId(0);
/// A set value is asked for this long after it left.
const PROVE_AFTER: Span = Span::ms(30);
/// Between two pings while nobody answers.
const SEEK_EVERY: Span = Span::secs(1);
/// Between two pings of a device that answers, when the profile gives no `ping_every`.
const PING_EVERY: Span = Span::secs(2);
/// Between two questions of the sweep that keeps what has a `get` but is never told by itself.
const SWEEP_EVERY: Span = Span::ms(250);
/// At least this between two questions.
const READ_GAP: Span = Span::ms(5);
/// At least this between two fade steps of all properties together.
const STEP_GAP: Span = Span::ms(2);
/// Questions without an answer before a property counts as silent.
const READ_TRIES: u8 = 3;
/// How often a value may be sent again once it is proven not to have landed.
const RESENDS: u8 = 2;

/// The family.
pub const FAMILY: Family = Family {
    name: "osc",
    about: "any device that takes OSC, by templates in its profile",
    wires,
    driver: |plan| Box::new(driver::Remote::new(plan)),
    simulator: |plan| Box::new(simulator::Player::new(plan)),
    check,
};

/// An option of the device, else its default.
fn option<'a>(plan: Plan<'a>, key: &str) -> Option<&'a Value> {
    let device = plan.device();
    device.options.get(key).or_else(|| device.profile.options.get(key).and_then(|option| option.default.as_ref()))
}

fn wires(plan: Plan<'_>) -> Vec<Wire> {
    let to = plan.target();
    let transport = match option(plan, "transport") {
        Some(Value::Text(transport)) => transport,
        _ => "udp",
    };
    let local_port = match option(plan, "reply_port") {
        Some(Value::Int(port)) => u16::try_from(*port).unwrap_or_default(),
        _ => 0,
    };
    vec![match transport {
        "tcp" => Wire::Tcp { to, framing: Framing::OscLength },
        "tcp-slip" => Wire::Tcp { to, framing: Framing::Slip },
        _ => Wire::Udp { to, local_port },
    }]
}

/// Every template and fact of the profile is read; what can not be is told.
fn check(profile: &Profile) -> Vec<String> {
    let mut faults = vec![];
    let facts = plan::Facts::read(profile, &template::Holes::new()).unwrap_or_else(|why| {
        faults.push(why);
        plan::Facts::default()
    });
    for (key, spec) in &profile.props {
        match plan::Wiring::read(spec, &template::Holes::new()) {
            Err(why) => faults.push(format!("property {key}: {why}")),
            Ok(wiring) if spec.proof == Proof::Observed && wiring.observes.is_empty() => {
                faults.push(format!("property {key}: nothing observes it (add observe = \"/address\", or proof = \"none\")"));
            }
            Ok(_) if spec.proof == Proof::Acked && facts.reply.is_none() => {
                faults.push(format!("property {key}: nothing acknowledges it (add reply = \"/reply\" to [facts], or proof = \"none\")"));
            }
            Ok(_) => {}
        }
    }
    faults
}
