//! Behringer X32, Midas M32 and their small relatives X-Air and M-Air: OSC over UDP, port 10023 (X-Air 10024).
//!
//! The protocol in five lines:
//! 1. One OSC message a datagram. An address without arguments asks; the console echoes address and value to the asking port.
//! 2. An address with a value sets; nothing comes back to the setter. The change is pushed to every *other* `/xremote` client.
//! 3. `/xremote` holds one of 4 slots (X-Air 8) for 10 s and is never acknowledged; when all are taken nothing is pushed.
//! 4. `/xinfo` tells who it is, `/status` that it lives; unknown addresses and wrong values are silently ignored.
//! 5. `/load ,si scene N` recalls a scene and answers `/load ,si scene 1` (0: refused). X-Air: `/-snap/load ,i N`, no answer.
//!
//! Source: "Unofficial X32/M32 OSC Remote Protocol" 4.09 (P. Maillot); "X AIR Remote Control Protocol" (firmware 1.11 and later);
//! the X32 emulator 0.88 of the same author (firmware 4.06 tables). Versions covered: X32/M32 4.x, X-Air/M-Air 1.1x.
//!
//! **One wire.** A second socket would get our own sets pushed back as proof, at the price of a second slot of the four that tablets and
//! personal monitor mixers need. With one socket proof costs one small question about 30 ms after a set, and every push is foreign by the
//! protocol itself. Whether a push would reach us at all is known from the first that does: until then, and when all slots are taken,
//! everything is asked for fifty times a second, and a moving fader before each of its steps.
//!
//! **Lost datagrams.** A set value is sent again, at most twice, and only when a question asked *after* it was answered with the value
//! from before (or an earlier step of ours), and no push or answer since told of any other value: then it did not land and nobody touched
//! it. Any other value is a hand, and wins. A recall is never sent again: without its answer nobody knows whether it happened,
//! and a second one would wipe what a hand has done since.

#[cfg(test)]
mod golden;
mod meters;
mod model;
mod node;
mod protocol;
mod scale;
mod simulator;
mod table;
#[cfg(test)]
mod tests;

use crate::devices::kernel::PropertyDriver;
use crate::devices::{Family, Plan, Wire, WireId};
use crate::show::Profile;
use crate::time::Span;

pub use scale::{Raw, Scale};

/// The family's one wire.
const WIRE: WireId = WireId(0);
/// A set value is asked for this long after it left (the protocol page: 20 to 50 ms).
const PROVE_AFTER: Span = Span::ms(30);
/// `/xremote` lasts 10 s; renewed often enough that one lost renewal does no harm.
const XREMOTE_RENEW: Span = Span::secs(4);
/// Between two `/status` questions.
const STATUS_EVERY: Span = Span::secs(2);
/// Between two `/xinfo` questions while nobody answers.
const SEEK_EVERY: Span = Span::secs(1);
/// At least this between two questions: 250 a second is what a console sustains.
const READ_GAP: Span = Span::ms(4);
/// Between two questions of the quiet sweep that checks whether pushes reach us.
const SWEEP_EVERY: Span = Span::ms(100);
/// Between two questions while no push is known to reach us: 50 a second.
const POLL_EVERY: Span = Span::ms(20);
/// At least this between two fade steps of all faders together: 500 messages a second.
const STEP_GAP: Span = Span::ms(2);
/// How often a set value may be sent again once it is proven not to have landed.
const RESENDS: u8 = 2;

/// The family.
pub const FAMILY: Family = Family {
    name: "x32",
    about: "Behringer X32 / Midas M32 and X-Air / M-Air over OSC",
    wires,
    driver: |plan| Box::new(PropertyDriver::new(plan, protocol::Desk::new(plan))),
    simulator: |plan| Box::new(simulator::Console::new(plan)),
    check,
};

fn wires(plan: Plan<'_>) -> Vec<Wire> {
    vec![Wire::Udp { to: plan.target(), local_port: 0 }]
}

/// What only this family understands in a profile: `layout` and each property's `wire` table.
fn check(profile: &Profile) -> Vec<String> {
    let mut faults = vec![];
    if let Some(layout) = profile.family_facts.get("layout")
        && !matches!(layout.as_str(), Some("x32" | "xair"))
    {
        faults.push(format!("layout {layout} is not known to the x32 family (\"x32\" or \"xair\")"));
    }
    for (key, spec) in &profile.props {
        for (fact, value) in &spec.wire {
            let good = match fact.as_str() {
                "set" | "get" => value.as_str().is_some_and(|a| a.starts_with('/')),
                "load" => value.as_str().is_some_and(|kind| !kind.is_empty()),
                "steps" => value.as_u64().is_some_and(|n| (2..=65_535).contains(&n)),
                _ => false,
            };
            if !good {
                faults.push(format!(
                    "property {key}: wire fact {fact} = {value} is not known (set or get: an address; load: \"scene\"; steps: 2 to 65535)"
                ));
            }
        }
    }
    faults
}
