//! What a profile's lines mean for one device: read once, when driver and simulator are built.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::frame::Framing;
use super::lacks::Size;
use super::line::{Coding, Line};
use super::{PING_EVERY, POLL_EVERY};
use crate::devices::Plan;
use crate::devices::holes::Holes;
use crate::show::{Keeping, Profile, Proof, PropIx, PropSpec, Value, ValueKind};
use crate::time::Span;

/// The lines of one property.
#[derive(Debug, Default)]
pub struct Wiring {
    /// The lines of a value; those whose `when` holds are sent in order.
    pub sets: Vec<Line>,
    /// Asks for it.
    pub get: Option<Line>,
    /// Lines that tell it, whenever they come.
    pub observes: Vec<Line>,
    /// Lines that tell it only as the answer to its own `get`.
    pub answers: Vec<Line>,
    /// Its own yes to a `set`, where the device has no general one.
    pub replies: Vec<Line>,
    /// How the simulated device tells it, when that is not the first of `observe` or `answer`.
    pub tell: Option<Line>,
    /// Pauses a player.
    pub pause: Option<Line>,
    /// Lets a paused player go on.
    pub resume: Option<Line>,
    /// How its value is written.
    pub coding: Coding,
}

impl Wiring {
    /// Reads a property's `set`, `get`, `observe` and its `wire` table.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn read(spec: &PropSpec, known: &Holes, asks: bool) -> Result<Self, String> {
        let wire = &spec.wire;
        const KEYS: [&str; 12] =
            ["set", "get", "observe", "answer", "reply", "tell", "pause", "continue", "words", "scale", "offset", "silent"];
        if let Some(stray) = wire.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(format!("wire fact \"{stray}\" is not known ({})", KEYS.join(", ")));
        }
        let sent = |key: &str| wire.get(key).map(|json| Line::read_as(json, known, asks)).transpose();
        let wiring = Self {
            sets: Line::read_all_as(wire.get("set"), known, asks)?,
            get: sent("get")?,
            observes: Line::read_all(wire.get("observe"), known)?,
            answers: Line::read_all(wire.get("answer"), known)?,
            replies: Line::read_all(wire.get("reply"), known)?,
            tell: wire.get("tell").map(|json| Line::read(json, known)).transpose()?,
            pause: sent("pause")?,
            resume: sent("continue")?,
            coding: Coding::read(wire)?,
        };
        if !wiring.observes.iter().chain(&wiring.answers).all(Line::tells) {
            return Err("a line that is observed tells no value (write {value} where it stands, or value = … beside the line)".into());
        }
        Ok(wiring)
    }

    /// Every line of it.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        let single = self.tell.iter();
        self.sent().chain(&self.observes).chain(&self.answers).chain(&self.replies).chain(single)
    }

    /// Every line that goes to the device.
    pub fn sent(&self) -> impl Iterator<Item = &Line> {
        self.sets.iter().chain(&self.get).chain(&self.pause).chain(&self.resume)
    }

    /// True when the device's word of it can be had.
    #[must_use]
    pub fn is_told(&self) -> bool {
        !self.observes.is_empty() || (self.get.is_some() && !self.answers.is_empty())
    }
}

/// A line that says no, and how an operator is told.
#[derive(Debug)]
pub struct Refusal {
    /// The device's line; `{why}` is its own reason.
    pub line: Line,
    /// Our words; `None`: the device's.
    pub say: Option<String>,
}

/// A question that a device asks before it listens.
#[derive(Debug)]
pub struct Login {
    /// How the question ends: `Password:`.
    pub prompt: String,
    /// What is answered.
    pub answer: Line,
}

/// What a profile says of the whole device.
#[derive(Debug, Default)]
pub struct Facts {
    /// Datagrams instead of a stream.
    pub udp: bool,
    /// Requests over HTTP: each line is `METHOD /path body`, each reply belongs to its request.
    pub http: bool,
    /// Headers of every request.
    pub headers: BTreeMap<String, String>,
    /// User and password of HTTP Basic, when the show gives a password.
    pub basic: Option<(String, String)>,
    /// Lines to the device.
    pub framing: Framing,
    /// The first line after connecting; its `{value}` is the version.
    pub banner: Option<Line>,
    /// Asks whether it lives.
    pub ping: Option<Line>,
    /// Its answer; its `{value}` is the version.
    pub pong: Option<Line>,
    /// Between two pings.
    pub ping_every: Span,
    /// Sent once it lives: subscriptions and modes that change nothing on stage.
    pub hello: Vec<Line>,
    /// Questions before it listens.
    pub login: Vec<Login>,
    /// It does not like the password.
    pub denied: Option<Line>,
    /// It says yes to the last command.
    pub ok: Vec<Line>,
    /// It says no to the last command.
    pub errors: Vec<Refusal>,
    /// Each command is answered (by `ok`, an error or the property's own line): the next waits for it.
    pub replies: bool,
    /// How it says how large it is.
    pub size: Vec<Size>,
    /// Between two questions of the round that keeps what has a `get`.
    pub poll_every: Span,
    /// How the simulated device speaks where the templates do not say it.
    pub simulate: Simulated,
}

/// What the simulated device says; `{word}` is the first word of the command, `{line}` all of it.
#[derive(Debug, Default)]
pub struct Simulated {
    /// Its yes.
    pub ok: Option<String>,
    /// Its no.
    pub error: Option<String>,
    /// To a ping.
    pub pong: Option<String>,
    /// A line before each answer to a question.
    pub answer: Option<String>,
    /// A command may begin with the first and a number; its answer then begins with the second and that number.
    pub tags: Option<(String, String)>,
}

impl Facts {
    /// One connection of bytes: its death is the device's, and an answer that comes late would be taken for another's.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        !self.udp && !self.http
    }

    /// Reads `[facts]`.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn read(profile: &Profile, known: &Holes) -> Result<Self, String> {
        let facts: &Map<String, Json> = &profile.family_facts;
        const KEYS: [&str; 19] = [
            "transport",
            "headers",
            "user",
            "terminator",
            "headings",
            "tokens",
            "banner",
            "ping",
            "pong",
            "ping_every",
            "hello",
            "login",
            "denied",
            "ok",
            "errors",
            "replies",
            "size",
            "poll_every",
            "simulate",
        ];
        if let Some(stray) = facts.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(format!("[facts] {stray} is not known to the text family ({})", KEYS.join(", ")));
        }
        let text = |key: &str| facts.get(key).and_then(Json::as_str);
        let span = |key: &str, usual: Span| match facts.get(key) {
            Some(Json::String(text)) => Span::parse(text).map_err(|why| format!("[facts] {key}: {why}")),
            Some(other) => Err(format!("[facts] {key} = {other} is not a duration (\"2s\")")),
            None => Ok(usual),
        };
        let (udp, http) = match text("transport") {
            None | Some("tcp") => (false, false),
            Some("udp") => (true, false),
            Some("http") => (false, true),
            Some(other) => return Err(format!("[facts] transport = \"{other}\" is not one of tcp, udp, http")),
        };
        let one = |key: &str| facts.get(key).map(|json| Line::read(json, known)).transpose();
        let many = |key: &str| Line::read_all(facts.get(key), known);
        let ok = many("ok")?;
        let list = |key: &str| facts.get(key).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        Ok(Self {
            udp,
            http,
            headers: headers(facts.get("headers"), known)?,
            basic: basic(facts.get("user"), known)?,
            framing: Framing {
                terminator: text("terminator").unwrap_or("\r\n").to_owned(),
                headings: facts.get("headings").and_then(Json::as_bool).unwrap_or(false),
                tokens: text("tokens").unwrap_or_default().to_owned(),
            },
            banner: one("banner")?,
            ping: facts.get("ping").map(|json| Line::read_as(json, known, http)).transpose()?,
            pong: one("pong")?,
            ping_every: span("ping_every", PING_EVERY)?,
            hello: Line::read_all_as(facts.get("hello"), known, http)?,
            login: list("login").iter().map(|json| login(json, known)).collect::<Result<_, _>>()?,
            denied: one("denied")?,
            replies: facts.get("replies").and_then(Json::as_bool).unwrap_or(!ok.is_empty()),
            ok,
            errors: list("errors").iter().map(|json| refusal(json, known)).collect::<Result<_, _>>()?,
            size: list("size").iter().map(|json| Size::read(json, profile, known)).collect::<Result<_, _>>()?,
            poll_every: span("poll_every", POLL_EVERY)?,
            simulate: simulated(facts.get("simulate"))?,
        })
    }
}

fn headers(json: Option<&Json>, known: &Holes) -> Result<BTreeMap<String, String>, String> {
    let Some(json) = json else { return Ok(BTreeMap::new()) };
    let table = json.as_object().ok_or("[facts] headers is a table: { accept = \"text/plain\" }")?;
    let mut headers = BTreeMap::new();
    for (name, value) in table {
        if let Some(text) = Line::read(value, known)?.render(&Holes::new(), &Coding::default(), "") {
            headers.insert(name.to_ascii_lowercase(), text);
        }
    }
    Ok(headers)
}

/// HTTP Basic needs both: the profile's user and the show's password.
fn basic(user: Option<&Json>, known: &Holes) -> Result<Option<(String, String)>, String> {
    let Some(user) = user else { return Ok(None) };
    let user = Line::read(user, known)?.render(&Holes::new(), &Coding::default(), "");
    let passcode = known.get("password").map(Value::to_string);
    Ok(user.zip(passcode))
}

fn simulated(json: Option<&Json>) -> Result<Simulated, String> {
    let Some(json) = json else { return Ok(Simulated::default()) };
    let text = |key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
    let stray =
        |table: &Map<String, Json>| table.keys().find(|key| !matches!(key.as_str(), "ok" | "error" | "pong" | "answer" | "tags")).cloned();
    if let Some(stray) = json.as_object().and_then(stray) {
        return Err(format!("[facts] simulate: \"{stray}\" is not known (ok, error, pong, answer, tags)"));
    }
    let tags = match json.get("tags").and_then(Json::as_array).map(Vec::as_slice) {
        Some([Json::String(asked), Json::String(answered)]) => Some((asked.clone(), answered.clone())),
        _ => None,
    };
    Ok(Simulated { ok: text("ok"), error: text("error"), pong: text("pong"), answer: text("answer"), tags })
}

fn login(json: &Json, known: &Holes) -> Result<Login, String> {
    let (Some(prompt), Some(answer)) = (json.get("prompt").and_then(Json::as_str), json.get("answer")) else {
        return Err("a login is { prompt = \"Password:\", answer = \"{password}\" }".into());
    };
    Ok(Login { prompt: prompt.trim_end().to_owned(), answer: Line::read(answer, known)? })
}

fn refusal(json: &Json, known: &Holes) -> Result<Refusal, String> {
    let line = match json {
        Json::Object(table) => table.get("line").ok_or("an error is { line = \"ERR {why}\", say = \"…\" }")?,
        line => line,
    };
    Ok(Refusal { line: Line::read(line, known)?, say: json.get("say").and_then(Json::as_str).map(str::to_owned) })
}

/// One property of the device.
#[derive(Debug)]
pub struct Item {
    /// Which.
    pub prop: PropIx,
    /// Its path.
    pub path: Arc<str>,
    /// How a person says it.
    pub label: Arc<str>,
    /// Its key in the profile.
    pub spec: Arc<str>,
    /// What fills the names of its path.
    pub args: BTreeMap<Arc<str>, Arc<str>>,
    /// The line that asks for it.
    pub question: Option<String>,
    /// What it holds.
    pub kind: ValueKind,
    /// How it is proven.
    pub proof: Proof,
    /// A newer value takes the place of one that waits.
    pub lasting: bool,
    /// A value must have landed within this.
    pub lands_within: Span,
    /// Its lines.
    pub wiring: Wiring,
}

/// What fills holes before any value: options and the password.
pub fn own_holes(plan: Plan<'_>) -> Holes {
    let device = plan.device();
    let mut holes = Holes::new();
    for (key, spec) in &device.profile.options {
        if let Some(value) = device.options.get(key).or(spec.default.as_ref()) {
            holes.insert(format!("option:{key}"), value.clone());
        }
    }
    if let Some(passcode) = &device.password {
        holes.insert("password".into(), Value::Text(passcode.reveal().clone()));
    }
    holes
}

/// The device's properties. A line that can not be read leaves its property without wire: `check` has named it.
pub fn items(plan: Plan<'_>) -> Vec<Item> {
    let own = own_holes(plan);
    let profile = &plan.device().profile;
    let asks = Facts::read(profile, &own).is_ok_and(|facts| facts.http);
    let item = |(ix, prop): (PropIx, &crate::show::Property)| {
        let spec = profile.props.get(&prop.spec)?;
        let mut holes = own.clone();
        holes.extend(prop.args.iter().map(|(table, text)| (table.to_string(), Value::Text(text.clone()))));
        let wiring = Wiring::read(spec, &holes, asks).unwrap_or_default();
        Some(Item {
            prop: ix,
            path: prop.path.clone(),
            label: prop.label.clone(),
            spec: prop.spec.clone(),
            args: prop.args.clone(),
            question: wiring.get.as_ref().and_then(|get| get.render(&Holes::new(), &Coding::default(), "")),
            kind: spec.kind.clone(),
            proof: prop.proof,
            lasting: prop.class != Keeping::Once,
            lands_within: prop.lands_within,
            wiring,
        })
    };
    plan.props().filter_map(item).collect()
}
