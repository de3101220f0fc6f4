//! Any device that is controlled by lines of text over TCP or UDP, or by requests over HTTP, by templates in its profile: a new model is a
//! profile and no Rust.
//!
//! The protocol in five lines:
//! 1. `set` of a property makes the line or lines of a value, `get` asks for it, `observe` reads it from any line that comes; `answer` reads it
//!    only as the reply to its own `get`.
//! 2. `[facts] ok` and `errors` are the device's yes and no: they belong to the last command, so the next one waits for them.
//! 3. `banner`, `login`, `ping` and `pong` say when it listens and lives; `hello` lines (subscriptions) follow each connect and change nothing on stage.
//! 4. `headings`: a line that ends with `:` heads the lines after it until an empty one (Videohub); `tokens` end a line by themselves (Extron).
//! 5. Where the device tells its state the proof is `observed`, where it only says yes `acked`, else `none`.
//!
//! **Over HTTP** (`transport = "http"`) a line is a request, `METHOD /path body`; what fills a hole is percent-encoded in the path and escaped in
//! a JSON body. The reply's body is heard as a whole and line by line; `at` reads a place in JSON. A status of 2xx is a yes where the
//! profile has no `ok` and the property no `reply`; 401 needs a person; any other refuses; no answer at all is Offline with the reason.
//! `headers` and `user` (with the show's password: HTTP Basic, RFC 7617) go with every request.
//!
//! **What a device lacks.** What it does not tell, as the answer to a question or in a whole block, is unknown and said so, and nothing waits for it.
//! Where the profile knows how it says its size (`size`), what lies beyond is refused in words.
//!
//! Sources and versions: each profile names its own. **Out of step.** An answer that does not come on a stream closes the connection: a late one
//! would be taken for the answer to the next command. Nothing is ever sent twice.

mod driver;
pub mod frame;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod http_tests;
mod lacks;
pub mod line;
mod plan;
mod replies;
mod request;
mod session;
mod simulator;
#[cfg(test)]
mod tests;

use crate::devices::holes::Holes;
use crate::devices::{Family, Framing, Plan, Wire, WireId};
use crate::show::{Profile, Proof, PropSpec};
use crate::time::Span;

/// The family's one wire.
const WIRE: WireId = WireId(0);
/// A set value is asked for this long after it left, and again in this pace until it has landed.
const PROVE_AFTER: Span = Span::ms(50);
/// Between two pings while nobody answers; also how long a login may take to be asked for.
const SEEK_EVERY: Span = Span::secs(1);
/// Between two pings of a device that answers, when the profile gives no `ping_every`.
const PING_EVERY: Span = Span::secs(5);
/// Between two questions of the round, when the profile gives no `poll_every`.
const POLL_EVERY: Span = Span::ms(500);
/// At least this between two fade steps of all properties together.
const STEP_GAP: Span = Span::ms(2);

/// The family.
pub const FAMILY: Family = Family {
    name: "text",
    about: "any device controlled by lines of text over TCP or UDP, or by requests over HTTP, by templates in its profile",
    wires,
    driver: |plan| Box::new(driver::Talker::new(plan)),
    simulator: |plan| Box::new(simulator::Player::new(plan)),
    check,
};

fn wires(plan: Plan<'_>) -> Vec<Wire> {
    let to = plan.target();
    let facts = plan::Facts::read(&plan.device().profile, &Holes::new()).unwrap_or_default();
    if facts.http {
        let host = if to.host.contains(':') { format!("[{}]", to.host) } else { to.host };
        return vec![Wire::Http { base: format!("http://{host}:{}", to.port) }];
    }
    vec![if facts.udp { Wire::Udp { to, local_port: 0 } } else { Wire::Tcp { to, framing: Framing::Raw } }]
}

/// Every line and fact of the profile is read; what can not be is told.
fn check(profile: &Profile) -> Vec<String> {
    let mut faults = vec![];
    let facts = plan::Facts::read(profile, &Holes::new()).unwrap_or_else(|why| {
        faults.push(why);
        plan::Facts::default()
    });
    if facts.http && facts.ping.is_none() {
        faults.push("over http nothing tells that the device is there (add ping = \"GET /\" to [facts])".into());
    }
    faults.extend(facts.ping.iter().chain(&facts.hello).filter(|_| facts.http).filter_map(no_request).map(|why| format!("[facts] {why}")));
    for (key, spec) in &profile.props {
        match plan::Wiring::read(spec, &Holes::new(), facts.http) {
            Ok(wiring) => check_property(profile, &facts, spec, &wiring, |why| faults.push(format!("property {key}: {why}"))),
            Err(why) => faults.push(format!("property {key}: {why}")),
        }
    }
    faults
}

/// What is wrong with a line as a request.
fn no_request(line: &line::Line) -> Option<String> {
    let head = line.head();
    let (method, path) = head.split_once(' ').unwrap_or((head, "/"));
    let sound = method.bytes().all(|byte| byte.is_ascii_uppercase()) && path.starts_with('/');
    (!sound).then(|| format!("\"{head}\" begins no request (METHOD /path body)"))
}

fn check_property(profile: &Profile, facts: &plan::Facts, spec: &PropSpec, wiring: &plan::Wiring, mut fault: impl FnMut(String)) {
    if spec.proof == Proof::Observed && !wiring.is_told() {
        fault("nothing observes it (add observe = \"…{value}…\", or proof = \"none\")".into());
    }
    if spec.proof == Proof::Acked && facts.ok.is_empty() && wiring.replies.is_empty() && !facts.http {
        fault("nothing acknowledges it (add ok = \"OK\" to [facts], or proof = \"none\")".into());
    }
    if spec.proof == Proof::Acked && facts.udp {
        fault("over udp a yes can not be told from a late one (proof = \"observed\" or \"none\")".into());
    }
    if wiring.sets.is_empty() && !wiring.is_told() {
        fault("it has neither set nor observe".into());
    }
    wiring.sent().filter(|_| facts.http).filter_map(no_request).for_each(&mut fault);
    let names: Vec<&str> = crate::show::profile_text::placeholders(&spec.path).collect();
    for hole in wiring.lines().flat_map(line::Line::holes) {
        let option = hole.strip_prefix("option:").is_some_and(|key| profile.options.contains_key(key));
        if !option && !names.contains(&hole) && !matches!(hole, "value" | "clip" | "_" | "password" | "over_ms" | "transition") {
            fault(format!("nothing fills the hole {{{hole}}} (value, clip, _, over_ms, transition, option:… or a name of its path)"));
        }
    }
}
