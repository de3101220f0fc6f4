//! What a profile's templates mean for one device: read once, when driver and simulator are built.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::observe::Observe;
use super::template::{Holes, Template};
use super::{PING_EVERY, option};
use crate::devices::{EchoWindow, Plan};
use crate::show::{Keeping, Profile, Proof, PropIx, PropSpec, Value, ValueKind};
use crate::time::Span;

/// The templates of one property.
#[derive(Debug, Default)]
pub struct Wiring {
    /// The messages of a value; those whose `when` holds are sent in order.
    pub sets: Vec<Template>,
    /// Asks for it.
    pub get: Option<Template>,
    /// What tells it.
    pub observes: Vec<Observe>,
    /// Pauses a player.
    pub pause: Option<Template>,
    /// Lets a paused player go on.
    pub resume: Option<Template>,
}

impl Wiring {
    /// Reads a property's `set`, `get`, `observe` and its `wire` table.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn read(spec: &PropSpec, known: &Holes) -> Result<Self, String> {
        let wire = &spec.wire;
        if let Some(stray) = wire.keys().find(|key| !matches!(key.as_str(), "set" | "get" | "observe" | "pause" | "continue")) {
            return Err(format!("wire fact \"{stray}\" is not known (set, get, observe, pause, continue)"));
        }
        let one = |key: &str| wire.get(key).map(|json| Template::read(json, known, false)).transpose();
        let sets = match wire.get("set") {
            None => vec![],
            Some(Json::Array(list)) => list.iter().map(|json| Template::read(json, known, true)).collect::<Result<_, _>>()?,
            Some(json) => vec![Template::read(json, known, true)?],
        };
        Ok(Self {
            sets,
            get: one("get")?,
            observes: Observe::read_all(wire.get("observe"), known)?,
            pause: one("pause")?,
            resume: one("continue")?,
        })
    }
}

/// What a profile says of the whole device.
#[derive(Debug, Default)]
pub struct Facts {
    /// Asks whether it lives.
    pub ping: Option<Template>,
    /// Its answer; what it says is the device's version.
    pub pong: Option<Observe>,
    /// Between two pings.
    pub ping_every: Span,
    /// Sent after each connect.
    pub hello: Vec<Template>,
    /// Answers come on this prefix and the address, with JSON `status`.
    pub reply: Option<String>,
    /// The dB of a fader at its lower end.
    pub off: f32,
}

impl Facts {
    /// Reads `[facts]`.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn read(profile: &Profile, known: &Holes) -> Result<Self, String> {
        let facts: &Map<String, Json> = &profile.family_facts;
        const KEYS: [&str; 6] = ["ping", "pong", "ping_every", "hello", "reply", "off"];
        if let Some(stray) = facts.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(format!("[facts] {stray} is not known to the osc family ({})", KEYS.join(", ")));
        }
        let ping_every = match facts.get("ping_every") {
            Some(Json::String(text)) => Span::parse(text)?,
            Some(other) => return Err(format!("[facts] ping_every = {other} is not a duration (\"2s\")")),
            None => PING_EVERY,
        };
        let hello = match facts.get("hello") {
            Some(Json::Array(list)) => list.iter().map(|json| Template::read(json, known, false)).collect::<Result<_, _>>()?,
            Some(other) => vec![Template::read(other, known, false)?],
            None => vec![],
        };
        Ok(Self {
            ping: facts.get("ping").map(|json| Template::read(json, known, false)).transpose()?,
            pong: facts.get("pong").or_else(|| facts.get("ping")).map(|json| Observe::read(json, known)).transpose()?,
            ping_every,
            hello,
            reply: facts.get("reply").and_then(Json::as_str).map(str::to_owned),
            off: facts.get("off").and_then(Json::as_f64).unwrap_or(-90.0) as f32,
        })
    }
}

/// One property of the device.
#[derive(Debug)]
pub struct Item {
    /// Which.
    pub prop: PropIx,
    /// Its path.
    pub path: Arc<str>,
    /// What it holds.
    pub kind: ValueKind,
    /// How it is proven.
    pub proof: Proof,
    /// A newer value takes the place of one that waits.
    pub lasting: bool,
    /// A value that is proven lost may be sent again.
    pub resendable: bool,
    /// Difference that counts as the same.
    pub tolerance: u32,
    /// A value must have landed within this.
    pub lands_within: Span,
    /// Its templates.
    pub wiring: Wiring,
    /// What we sent of late.
    pub echo: EchoWindow,
    /// The device's last word.
    pub known: Option<Value>,
}

/// What fills holes before any value: options and the password.
pub fn own_holes(plan: Plan<'_>) -> Holes {
    let mut holes = Holes::new();
    let device = plan.device();
    for key in device.profile.options.keys().chain(device.options.keys()) {
        if let Some(value) = option(plan, key) {
            holes.insert(format!("option:{key}"), value.clone());
        }
    }
    if let Some(passcode) = &device.password {
        holes.insert("password".into(), Value::Text(passcode.reveal().clone()));
    }
    holes
}

/// The device's properties. A template that can not be read leaves its property without wire: `check` has named it.
pub fn items(plan: Plan<'_>) -> Vec<Item> {
    let own = own_holes(plan);
    let profile = &plan.device().profile;
    let item = |(ix, prop): (PropIx, &crate::show::Property)| {
        let spec = profile.props.get(&prop.spec)?;
        let mut holes = own.clone();
        holes.extend(prop.args.iter().map(|(table, text)| (table.to_string(), Value::Text(text.clone()))));
        Some(Item {
            prop: ix,
            path: prop.path.clone(),
            kind: spec.kind.clone(),
            proof: prop.proof,
            lasting: prop.class != Keeping::Once && spec.kind != ValueKind::Args,
            resendable: matches!(prop.class, Keeping::Hold | Keeping::Set) && prop.proof == Proof::Observed && !prop.barrier,
            tolerance: prop.tolerance,
            lands_within: prop.lands_within,
            wiring: Wiring::read(spec, &holes).unwrap_or_default(),
            echo: EchoWindow::new(profile.limits.echo_window, prop.tolerance),
            known: None,
        })
    };
    plan.props().filter_map(item).collect()
}
