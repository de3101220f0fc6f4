//! Blackmagic ATEM switchers: UDP, port 9910.
//!
//! The protocol in five lines:
//! 1. A packet is a 12-byte header (5 flags, length, session, acknowledged packet, packet number) and any number of commands of 4 letters.
//! 2. Hello with a number of ours, accepted with the session's number, acknowledged; then the switcher tells its whole state until `InCm`.
//! 3. Every numbered packet is acknowledged, and sent again under the same number until it is; numbers have 15 bits.
//! 4. A command has no answer but that acknowledgement: what came of it is told by a word of state, and a command that makes no sense by none.
//!    So a cut, an auto or a macro counts as done when both have come.
//! 5. The switcher sends an empty numbered packet every half second; one that says nothing for 5 s is gone.
//!
//! Sources (no official page of the wire exists): nrkno/sofie-atem-connection 3.10 with its recorded dumps; FanatiQS's protocol notes, tested
//! against hardware; OpenSwitcher's pyatem notes; LibAtem; the Blackmagic Switchers SDK for what things mean. Protocol versions 2.22 to 2.32.
//!
//! **Transitions.** A take with a transition is one packet (style, rate, preview, auto) and is proven when the source is on program and the
//! transition has ended. It moves preview, and it makes the next transition one of the background alone. While a transition runs nothing can be
//! wanted of that mix effect that would fall into it: lasting wants wait for its end, a cut or an auto is refused, for coming later it would
//! cut something else. A take without a transition sets the program source; it does not go through preview, so that it can land twice unharmed.
//!
//! **Padding** of words holds garbage on real switchers: fields are read, blobs never compared.

mod driver;
#[cfg(test)]
mod golden;
mod health;
mod jobs;
mod packet;
mod panel;
mod session;
mod simulated;
mod simulator;
mod state;
mod take;
mod target;
#[cfg(test)]
mod tests;
mod window;
mod words;

use crate::devices::{Family, Plan, Wire, WireId};
use crate::show::Profile;
use crate::show::profile_text::placeholders;
use crate::time::Span;

/// The family's one wire.
const WIRE: WireId = WireId(0);
/// A packet without its acknowledgement is sent again after this.
const RESEND_AFTER: Span = Span::ms(60);
/// A session whose packets are not acknowledged for this long is lost.
const STUCK_AFTER: Span = Span::secs(4);

/// The family.
pub const FAMILY: Family = Family {
    name: "atem",
    about: "Blackmagic ATEM switchers",
    wires,
    driver: |plan| Box::new(driver::Switcher::new(plan)),
    simulator: |plan| Box::new(simulator::Atem::new(plan)),
    check,
};

fn wires(plan: Plan<'_>) -> Vec<Wire> {
    vec![Wire::Udp { to: plan.target(), local_port: 0 }]
}

/// What only this family understands in a profile: the paths of its properties and the facts that size the simulated switcher.
fn check(profile: &Profile) -> Vec<String> {
    const FACTS: [&str; 12] =
        ["model", "inputs", "mes", "keys", "dsks", "auxes", "players", "boxes", "stream", "record", "supplies", "slots"];
    let mut faults = vec![];
    for (key, spec) in &profile.props {
        let filled = placeholders(&spec.path).fold(spec.path.to_string(), |path, name| path.replace(&format!("{{{name}}}"), "1"));
        if target::Target::parse(&filled).is_none() {
            faults
                .push(format!("property {key}: the atem family knows no path {} (me/1/program, aux/1, dsk/1/on, macro/1, ...)", spec.path));
        }
    }
    for (fact, value) in &profile.family_facts {
        if !FACTS.contains(&fact.as_str()) || value.as_u64().is_none_or(|n| n > 255) {
            faults.push(format!("fact {fact} = {value} is not known to the atem family ({}; each 0 to 255)", FACTS.join(", ")));
        }
    }
    faults
}
