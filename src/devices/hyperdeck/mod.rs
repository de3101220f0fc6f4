//! Blackmagic HyperDeck players and recorders: text over TCP, port 9993.
//!
//! The protocol in five lines:
//! 1. The deck greets `500 connection info:` with its model; older decks reject a second controller with 120.
//! 2. A command is one line (`play: speed: 100 loop: true`), answered by `200 ok`, `2xx name:` and lines up to an empty one, or `1xx error`.
//! 3. Answers come in order; notices (502 slot, 508 transport) come between them once `notify:` has asked for them.
//! 4. Clips have numbers on the timeline (`clips get`); `goto: clip id: 3` stands there, `play` goes on from there.
//! 5. `transport info` says status, clip, loop; `slot info` whether a disk is there and how many seconds it can still record; `remote`
//!    whether the deck obeys.
//!
//! Source: Blackmagic Design, HyperDeck manuals, chapter "HyperDeck Ethernet Protocol" (1.11). Versions: 1.8 to 1.11.
//!
//! **A play is two commands**: to the clip's beginning, then play; so a player that stands at its end plays. What the deck says between the
//! two is nobody's hand and is not told. **Record leaves once**, and neither ends the other: `stop` means both to the deck, so a player's command is
//! refused while it records, and a recording while it plays. A deck that is slow to answer is asked again only by a new connection.

mod codec;
#[cfg(test)]
mod golden;
mod health;
mod protocol;
mod simulator;
#[cfg(test)]
mod tests;

use crate::devices::kernel::PropertyDriver;
use crate::devices::{Family, Framing, Plan, Wire, WireId};
use crate::show::Profile;
use crate::time::Span;

/// The family's one wire.
const WIRE: WireId = WireId(0);
/// Between two rounds of questions.
const POLL_EVERY: Span = Span::secs(5);
/// After a command the deck may still say what was before for this long.
const SETTLES: Span = Span::ms(800);
/// Meanwhile it is asked this often.
const ASK_AGAIN: Span = Span::ms(100);
/// Less time left than this to record is worth a warning: ten minutes.
const SHORT: u64 = 600;

/// The family.
pub const FAMILY: Family = Family {
    name: "hyperdeck",
    about: "Blackmagic HyperDeck players and recorders",
    wires: |plan: Plan<'_>| vec![Wire::Tcp { to: plan.target(), framing: Framing::Raw }],
    driver: |plan| Box::new(PropertyDriver::new(plan, protocol::Deck::new(plan))),
    simulator: |plan| Box::new(simulator::Player::new(plan)),
    check,
};

/// The family's properties have fixed paths.
fn check(profile: &Profile) -> Vec<String> {
    let strange = profile.props.iter().filter(|(_, spec)| !matches!(&*spec.path, "player" | "record" | "preview" | "goto"));
    strange.map(|(key, spec)| format!("property {key}: a HyperDeck has no {} (player, record, preview or goto)", spec.path)).collect()
}
