//! A simulated OBS: any number of sessions, each with its own greeting and subscriptions, on one state.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::codec::{self, frame};
use super::driver::password;
use super::rig::{Input, Rig};
use super::table::{Entry, Role, entries};
use crate::devices::kernel::fades::value_at;
use crate::devices::{Out, Payload, Plan, Simulator, WireEvent, WireId, earlier};
use crate::show::{Db, Transport, Value};
use crate::time::{Mono, Span};

/// Batches that sleep at the same time.
const SLEEPERS: usize = 64;

/// A simulated OBS.
pub struct Studio {
    rig: Rig,
    entries: Vec<(Arc<str>, Entry)>,
    password: Option<Arc<str>>,
    sessions: BTreeMap<WireId, Session>,
    greeted: u64,
    sleeping: Vec<Batch>,
}

#[derive(Debug)]
struct Session {
    identified: bool,
    subscribed: u64,
    salt: String,
    challenge: String,
}

/// A batch on its way.
#[derive(Debug)]
struct Batch {
    wire: WireId,
    id: Json,
    halt: bool,
    rest: std::vec::IntoIter<Json>,
    results: Vec<Json>,
    wakes: Mono,
}

impl Studio {
    /// The OBS that a device of a show stands for: it has all that the show names. Without a show it has a small collection of its own.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let mut rig = Rig::new();
        let patch = &plan.device().patch;
        let all = |key: &str| patch.get(key).into_iter().flat_map(|table| table.values().flatten());
        for scene in all("scene") {
            rig.scene(scene);
        }
        for scene in ["Scene", "Camera", "Slides"] {
            if patch.get("scene").is_none_or(BTreeMap::is_empty) {
                rig.scene(scene);
            }
        }
        let entries: Vec<_> = entries(plan).into_iter().map(|entry| (Arc::clone(&plan.show.prop(entry.prop).path), entry)).collect();
        for (_, entry) in entries.iter().filter(|(_, entry)| entry.role == Role::Item) {
            rig.item(&entry.scene, &entry.name);
        }
        let input = |media| Input { media, ..Input::default() };
        let named = |roles: [Role; 2]| entries.iter().filter(move |(_, entry)| roles.contains(&entry.role)).map(|(_, entry)| &entry.name);
        for name in all("input").chain(named([Role::Mute, Role::Volume])) {
            rig.inputs.insert(name.to_string(), input(false));
        }
        for name in all("clip").chain(named([Role::Media, Role::MediaPause])) {
            rig.inputs.insert(name.to_string(), input(true));
        }
        if rig.inputs.is_empty() {
            rig.inputs.insert("Mic/Aux".into(), input(false));
            rig.inputs.insert("Media".into(), input(true));
            rig.item("Camera", "Media");
        }
        Self { rig, entries, password: password(plan), sessions: BTreeMap::new(), greeted: 0, sleeping: vec![] }
    }

    /// A new connection is greeted.
    fn greet(&mut self, wire: WireId, out: &mut Out) {
        self.greeted += 1;
        let secret = |what: &str, n: u64| STANDARD.encode(Sha256::digest(format!("{what} {n}")));
        let session = Session { identified: false, subscribed: 0, salt: secret("salt", 0), challenge: secret("challenge", self.greeted) };
        let mut hello = json!({ "obsStudioVersion": "30.2.2", "obsWebSocketVersion": "5.5.2", "rpcVersion": 1 });
        if let (Some(hello), true) = (hello.as_object_mut(), self.password.is_some()) {
            hello.insert("authentication".into(), json!({ "challenge": session.challenge, "salt": session.salt }));
        }
        self.sessions.insert(wire, session);
        out.send(wire, frame(0, hello));
    }

    fn hang_up(&mut self, wire: WireId, code: u16, why: &'static str, out: &mut Out) {
        self.sessions.remove(&wire);
        out.hang_up(wire, code, why);
    }

    fn take(&mut self, now: Mono, wire: WireId, text: &str, out: &mut Out) {
        let Some(session) = self.sessions.get_mut(&wire) else { return };
        let Ok(message) = serde_json::from_str::<Json>(text) else {
            return self.hang_up(wire, 4002, "The message could not be decoded.", out);
        };
        let (op, d) = (message.get("op").and_then(Json::as_u64), message.get("d").cloned().unwrap_or_default());
        let subscribed = d.get("eventSubscriptions").and_then(Json::as_u64);
        match (op, session.identified) {
            (Some(1), true) => self.hang_up(wire, 4008, "You are already identified.", out),
            (Some(1), false) => {
                if d.get("rpcVersion").and_then(Json::as_u64) != Some(1) {
                    return self.hang_up(wire, 4010, "Your requested RPC version is not supported.", out);
                }
                let proof = self.password.as_ref().map(|password| codec::proof(password, &session.salt, &session.challenge));
                if proof.is_some() && proof.as_deref() != d.get("authentication").and_then(Json::as_str) {
                    return self.hang_up(wire, 4009, "Authentication failed.", out);
                }
                session.identified = true;
                session.subscribed = subscribed.unwrap_or(0x7ff);
                out.send(wire, frame(2, json!({ "negotiatedRpcVersion": 1 })));
            }
            (Some(_), false) => self.hang_up(wire, 4007, "You need to identify first.", out),
            (Some(3), true) => {
                session.subscribed = subscribed.unwrap_or(session.subscribed);
                out.send(wire, frame(2, json!({ "negotiatedRpcVersion": 1 })));
            }
            (Some(6), true) => {
                let mut answer = self.carry_out(now, &d);
                if let Some(answer) = answer.as_object_mut() {
                    answer.insert("requestId".into(), d.get("requestId").cloned().unwrap_or_default());
                }
                out.send(wire, frame(7, answer));
            }
            (Some(8), true) => self.batch(now, wire, &d, out),
            _ => self.hang_up(wire, 4006, "The opcode is not known.", out),
        }
    }

    /// One request and its answer.
    fn carry_out(&mut self, now: Mono, d: &Json) -> Json {
        let kind = d.get("requestType").and_then(Json::as_str).unwrap_or_default();
        let nothing = Json::Null;
        match self.rig.request(now, kind, d.get("requestData").unwrap_or(&nothing)) {
            Ok(data) => {
                let mut answer = json!({ "requestType": kind, "requestStatus": { "result": true, "code": codec::DONE } });
                if let (false, Some(answer)) = (data.is_null(), answer.as_object_mut()) {
                    answer.insert("responseData".into(), data);
                }
                answer
            }
            Err((code, comment)) => json!({ "requestType": kind, "requestStatus": { "result": false, "code": code, "comment": comment } }),
        }
    }

    fn batch(&mut self, now: Mono, wire: WireId, d: &Json, out: &mut Out) {
        let requests = d.get("requests").and_then(Json::as_array).cloned().unwrap_or_default();
        let halt = d.get("haltOnFailure").and_then(Json::as_bool).unwrap_or(false);
        let id = d.get("requestId").cloned().unwrap_or_default();
        let batch = Batch { wire, id, halt, rest: requests.into_iter(), results: vec![], wakes: now };
        self.go_on(now, batch, out);
    }

    fn go_on(&mut self, now: Mono, mut batch: Batch, out: &mut Out) {
        while let Some(request) = batch.rest.next() {
            let sleep = request.get("requestData").and_then(|data| data.get("sleepMillis")).and_then(Json::as_u64);
            if let (Some("Sleep"), Some(ms)) = (request.get("requestType").and_then(Json::as_str), sleep) {
                batch.results.push(json!({ "requestType": "Sleep", "requestStatus": { "result": true, "code": codec::DONE } }));
                batch.wakes = now + Span::ms(ms.min(50_000));
                if self.sleeping.len() < SLEEPERS {
                    self.sleeping.push(batch);
                }
                return;
            }
            let result = self.carry_out(now, &request);
            let failed = result.pointer("/requestStatus/result") == Some(&Json::Bool(false));
            batch.results.push(result);
            if failed && batch.halt {
                break;
            }
        }
        out.send(batch.wire, frame(9, json!({ "requestId": batch.id, "results": batch.results })));
    }

    /// Tells each session what it subscribed to.
    fn tell(&mut self, out: &mut Out) {
        for (bit, kind, data) in self.rig.events.drain(..) {
            for (wire, session) in &self.sessions {
                if session.identified && session.subscribed & bit != 0 {
                    out.send(*wire, frame(5, json!({ "eventType": kind, "eventIntent": bit, "eventData": data })));
                }
            }
        }
    }

    fn entry(&self, path: &str) -> Option<&Entry> {
        self.entries.iter().find(|(known, _)| **known == *path).map(|(_, entry)| entry)
    }
}

/// Where an output stands in the rig.
const fn output_of(role: Role) -> Option<usize> {
    match role {
        Role::Stream => Some(0),
        Role::Record => Some(1),
        Role::Replay => Some(2),
        Role::VirtualCam => Some(3),
        _ => None,
    }
}

impl Simulator for Studio {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Up(wire) => self.greet(wire, out),
            WireEvent::Down(wire, _) => {
                self.sessions.remove(&wire);
                self.sleeping.retain(|batch| batch.wire != wire);
            }
            WireEvent::Data { wire, payload: Payload::Text(text), .. } => self.take(now, wire, text, out),
            WireEvent::Data { wire, payload: Payload::Datagram(bytes) | Payload::Chunk(bytes), .. } => {
                if let Ok(text) = std::str::from_utf8(bytes) {
                    self.take(now, wire, text, out);
                }
            }
            _ => {}
        }
        self.tick(now, out);
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        self.rig.run(now);
        while let Some(at) = self.sleeping.iter().position(|batch| batch.wakes <= now) {
            let batch = self.sleeping.swap_remove(at);
            self.go_on(now, batch, out);
        }
        self.tell(out);
    }

    fn next_due(&self) -> Option<Mono> {
        earlier(self.rig.next_due(), self.sleeping.iter().map(|batch| batch.wakes).min())
    }

    fn poke(&mut self, now: Mono, path: &str, value: &Value, out: &mut Out) {
        let Some(entry) = self.entry(path) else { return };
        let (role, scene, name) = (entry.role, Arc::clone(&entry.scene), Arc::clone(&entry.name));
        match (role, value) {
            (Role::Program | Role::Preview, Value::Text(scene)) => self.rig.by_hand(scene, role == Role::Program),
            (Role::Studio, Value::Switch(on)) => self.rig.studio(*on),
            (Role::Mute, Value::Switch(on)) => self.rig.mute(&name, *on),
            (Role::Volume, Value::Level(db)) => self.rig.volume(&name, if *db == Db::OFF { -100_000 } else { i64::from(db.0) }),
            (Role::Item, Value::Switch(on)) => {
                let id = self.rig.scene(&scene).iter().find(|item| item.source == *name).map(|item| item.id);
                if let Some(id) = id {
                    drop(self.rig.enable(&scene, id, *on));
                }
            }
            (Role::Media, Value::Transport(wanted)) => self.rig.play(now, &name, if wanted.playing { "RESTART" } else { "STOP" }),
            (_, Value::Switch(on)) => {
                if let Some(at) = output_of(role) {
                    drop(self.rig.output(now, at, *on));
                }
            }
            _ => {}
        }
        self.tick(now, out);
    }

    fn peek(&self, path: &str) -> Option<Value> {
        let entry = self.entry(path)?;
        let input = self.rig.inputs.get(&*entry.name);
        match entry.role {
            Role::Program => Some(Value::text(&self.rig.program)),
            Role::Preview => Some(Value::text(self.rig.preview.as_deref().unwrap_or_default())),
            Role::Studio => Some(Value::Switch(self.rig.preview.is_some())),
            Role::Mute => input.map(|input| Value::Switch(input.muted)),
            Role::Volume => input.map(|input| value_at(&entry.kind, input.milli_db)),
            Role::Item => {
                let (_, items) = self.rig.scenes.iter().find(|(scene, _)| **scene == *entry.scene)?;
                items.iter().find(|item| item.source == *entry.name).map(|item| Value::Switch(item.enabled))
            }
            Role::Media => input.map(|input| {
                let clip = Some(Arc::clone(&entry.name));
                Value::Transport(Transport { clip, looping: input.looping, playing: input.until.is_some() || input.left.is_some() })
            }),
            role => output_of(role).and_then(|at| self.rig.outputs.get(at)).map(|output| Value::Switch(output.active)),
        }
    }
}
