//! OBS Studio 28 and later: obs-websocket 5, JSON over a WebSocket, port 4455.
//!
//! The protocol in five lines:
//! 1. Every message is `{"op":N,"d":{…}}`. OBS says Hello (0), the client Identify (1), OBS Identified (2); nothing else may come before.
//! 2. Hello with `authentication` wants `base64(sha256(base64(sha256(password + salt)) + challenge))`; a wrong one is closed with 4009.
//! 3. Requests (6) and batches of them (8) carry an id of ours; the answer (7, 9) echoes it with a status: 100 is done, 600 is "no such thing".
//! 4. Events (5) come for what Identify subscribed to. `CurrentProgramSceneChanged` comes at the *end* of the transition.
//! 5. "Start the stream" answered with 100 means that it was asked for: `StreamStateChanged` with STARTED means that it runs.
//!
//! Source: obs-websocket `docs/generated/protocol.md`, RPC version 1, releases 5.0 to 5.6 (OBS 28 to 31).
//!
//! **Two connections.** Wire 0 asks and commands and subscribes to nothing; wire 1 gets the events. With both on one connection OBS holds
//! an answer that follows an event back for about 40 ms (its small writes wait for the acknowledgement of the one before).
//!
//! **Proof** is the event, or the answer to a question that was asked after the last change: an older answer proves nothing and is asked again.

mod codec;
mod driver;
mod events;
#[cfg(test)]
mod golden;
mod health;
mod rig;
mod session;
mod simulator;
mod studio;
mod table;
#[cfg(test)]
mod tests;

use crate::devices::{Family, Plan, Wire, WireId};
use crate::show::Profile;
use crate::time::Span;

/// Requests and their answers.
const COMMANDS: WireId = WireId(0);
/// Events.
const EVENTS: WireId = WireId(1);
/// General, Config, Scenes, Inputs, Transitions, Outputs, `SceneItems`, `MediaInputs`, Ui.
const SUBSCRIBED: u64 = 1 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10;
/// Between two polls of the statistics.
const POLL_EVERY: Span = Span::secs(1);
/// Between two words of how far a transition is.
const PROGRESS_EVERY: Span = Span::ms(250);
/// After the end of a transition, before the program is asked for.
const TAKE_SETTLES: Span = Span::ms(300);
/// After news of scenes or sources, before all is read again: they come in flocks.
const REREAD_AFTER: Span = Span::ms(200);

/// The family.
pub const FAMILY: Family = Family {
    name: "obs",
    about: "OBS Studio over obs-websocket 5",
    wires,
    driver: |plan| Box::new(driver::Obs::new(plan)),
    simulator: |plan| Box::new(simulator::Studio::new(plan)),
    check,
};

fn wires(plan: Plan<'_>) -> Vec<Wire> {
    let target = plan.target();
    let host = if target.host.contains(':') { format!("[{}]", target.host) } else { target.host };
    let wire = Wire::WebSocket { url: format!("ws://{host}:{}/", target.port), protocol: Some("obswebsocket.json".into()) };
    vec![wire.clone(), wire]
}

/// What only this family understands in a profile: what each property is.
fn check(profile: &Profile) -> Vec<String> {
    let mut faults = vec![];
    for (key, spec) in &profile.props {
        if let Err(why) = table::Role::of(spec) {
            faults.push(format!("property {key}: {why}"));
        }
    }
    faults
}
