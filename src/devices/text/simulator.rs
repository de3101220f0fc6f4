//! Any device of lines played back: the profile that says how to speak to it also says how it answers.

use std::net::SocketAddr;

use super::WIRE;
use super::frame::{Piece, Reader};
use super::line::{Coding, Line};
use super::plan::{Facts, Item, items, own_holes};
use super::request;
use crate::devices::holes::{Holes, at_rest, holes_of};
use crate::devices::web::Request;
use crate::devices::{Out, Payload, Plan, Simulator, WireEvent};
use crate::show::{Transport, Value, ValueKind};
use crate::time::Mono;

/// What a hole that stands for anything is when the simulated device speaks.
const ANY: &str = "0";

/// A simulated device.
pub struct Player {
    facts: Facts,
    items: Vec<Item>,
    state: Vec<Value>,
    reader: Reader,
    passcode: Option<String>,
    /// The password has been given on this connection.
    inside: bool,
    /// Stands before each line of an answer to a command with a number.
    tag: String,
    /// Who hears of changes: whoever spoke last.
    peer: Option<SocketAddr>,
    /// The reply to a request over HTTP, while it is made.
    page: Vec<String>,
}

impl Player {
    /// The device that a show's device stands for.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let items = items(plan);
        let own = own_holes(plan);
        Self {
            facts: Facts::read(&plan.device().profile, &own).unwrap_or_default(),
            // A switcher always has something on: its first input.
            state: items.iter().map(|item| if item.kind == ValueKind::Text { Value::text("1") } else { at_rest(&item.kind) }).collect(),
            items,
            reader: Reader::default(),
            passcode: own.get("password").map(Value::to_string),
            inside: false,
            tag: String::new(),
            peer: None,
            page: vec![],
        }
    }

    fn raw(&self, bytes: Vec<u8>, out: &mut Out) {
        match self.peer {
            Some(peer) => out.send_to(WIRE, peer, bytes),
            None => out.send(WIRE, bytes),
        }
    }

    fn say(&mut self, text: &str, out: &mut Out) {
        if self.facts.http {
            self.page.push(text.to_owned());
            return;
        }
        let mut framing = self.facts.framing.clone();
        // A device that takes commands without a line end still ends its own lines.
        if framing.terminator.is_empty() {
            framing.terminator = "\r\n".into();
        }
        self.raw(framing.dress(&format!("{}{text}", self.tag)), out);
    }

    fn say_line(&mut self, line: Option<Line>, out: &mut Out) {
        let version = Holes::from([("value".to_owned(), Value::text("1.0"))]);
        if let Some(text) = line.as_ref().and_then(|line| line.render(&version, &Coding::default(), ANY)) {
            self.say(&text, out);
        }
    }

    fn say_simulated(&mut self, template: Option<String>, fallback: Option<Line>, heard: &str, out: &mut Out) {
        match template {
            Some(text) => self.say(&text.replace("{word}", heard.split(' ').next().unwrap_or_default()).replace("{line}", heard), out),
            None => self.say_line(fallback, out),
        }
    }

    /// The prompt, while the password is missing.
    fn ask_password(&mut self, out: &mut Out) {
        if let Some(login) = self.facts.login.first().filter(|_| self.passcode.is_some() && !self.inside) {
            self.raw(login.prompt.clone().into_bytes(), out);
        }
    }

    /// Tells a property by itself.
    fn tell(&mut self, at: usize, out: &mut Out) {
        if let Some(text) = self.word(at, false) {
            self.say(&text, out);
        }
    }

    /// A property's value as its device says it.
    fn word(&self, at: usize, asked: bool) -> Option<String> {
        let (item, value) = (self.items.get(at)?, self.state.get(at)?);
        let wiring = &item.wiring;
        let by_itself = wiring.tell.iter().chain(&wiring.observes);
        let mut voices: Vec<&Line> = if asked { wiring.answers.iter().chain(by_itself).collect() } else { by_itself.collect() };
        voices.retain(|line| line.tells());
        voices.iter().find_map(|line| line.render(&holes_of(value), &wiring.coding, ANY))
    }

    /// Its yes to a set: the property's own, else the profile's. Over HTTP that is the whole reply.
    fn agree(&mut self, at: usize, first: bool, heard: &str, out: &mut Out) {
        let own = self.items.get(at).zip(self.state.get(at)).and_then(|(item, value)| {
            let holes = holes_of(value);
            item.wiring.replies.iter().find_map(|reply| reply.render(&holes, &item.wiring.coding, ANY))
        });
        match own {
            Some(text) => self.say(&text, out),
            None if first => self.say_simulated(self.facts.simulate.ok.clone(), self.facts.ok.first().cloned(), heard, out),
            None => {}
        }
        if !self.facts.http {
            self.tell(at, out);
        }
    }

    /// A request over HTTP and its reply.
    fn serve(&mut self, tag: u64, bytes: &[u8], out: &mut Out) {
        let Ok(request) = Request::read(bytes) else { return out.reply(WIRE, tag, 400, b"") };
        if self.facts.basic.as_ref().is_some_and(|login| !request::logs_in(&request, login)) {
            return out.reply(WIRE, tag, 401, b"");
        }
        let known = self.take(&request::line(&request), out);
        let page = std::mem::take(&mut self.page).join("\r\n");
        let status = if known || !page.is_empty() { 200 } else { 404 };
        out.reply(WIRE, tag, status, page.as_bytes());
    }

    fn take_tagged(&mut self, heard: &str, out: &mut Out) {
        let tags = self.facts.simulate.tags.clone();
        let tagged = tags.as_ref().and_then(|(asked, answered)| Some((heard.strip_prefix(asked.as_str())?.split_once(' ')?, answered)));
        match tagged {
            Some(((number, command), answered)) => {
                self.tag = format!("{answered}{number} ");
                self.take(command, out);
                self.tag.clear();
            }
            None => drop(self.take(heard, out)),
        }
    }

    /// A line; false when the device does not know it.
    fn take(&mut self, heard: &str, out: &mut Out) -> bool {
        if self.passcode.is_some() && !self.inside && !self.facts.login.is_empty() {
            self.inside = self.passcode.as_deref() == Some(heard);
            self.ask_password(out);
            return true;
        }
        let is = |line: Option<&Line>| line.is_some_and(|line| line.matches(heard).is_some());
        let (mut known, mut answers) = (false, vec![]);
        for at in 0..self.items.len() {
            let (Some(item), Some(state)) = (self.items.get(at), self.state.get_mut(at)) else { continue };
            let wiring = &item.wiring;
            if is(wiring.get.as_ref()) {
                if !known && let Some(first) = self.facts.simulate.answer.clone() {
                    self.say(&first.replace("{word}", heard.split(' ').next().unwrap_or_default()), out);
                }
                known = true;
                answers.extend(self.word(at, true));
                continue;
            }
            let paused = is(wiring.pause.as_ref());
            let new = match (&item.kind, paused || is(wiring.resume.as_ref())) {
                (ValueKind::Transport, true) => match &*state {
                    Value::Transport(player) => Some(Value::Transport(Transport { playing: !paused, ..player.clone() })),
                    _ => None,
                },
                _ => wiring.sets.iter().find_map(|set| asked_for(set, heard, item, state)),
            };
            if let Some(new) = new {
                *state = new;
                self.agree(at, !known, heard, out);
                known = true;
            }
        }
        for text in self.facts.framing.merge(answers) {
            self.say(&text, out);
        }
        if known {
            return true;
        }
        let facts = &self.facts;
        let (template, fallback, known) = if is(facts.ping.as_ref()) {
            (facts.simulate.pong.clone(), facts.pong.clone(), true)
        } else if facts.hello.iter().any(|hello| is(Some(hello))) {
            (facts.simulate.ok.clone(), facts.ok.first().cloned(), true)
        } else {
            (facts.simulate.error.clone(), facts.errors.first().map(|error| error.line.clone()).filter(|_| !facts.http), false)
        };
        self.say_simulated(template, fallback, heard, out);
        known
    }
}

/// The value that a received line asks for. A momentary line without a value is "on".
fn asked_for(set: &Line, heard: &str, item: &Item, known: &Value) -> Option<Value> {
    set.says(heard, &item.kind, &item.wiring.coding, Some(known)).or_else(|| {
        let alone = set.matches(heard).is_some() && !set.tells();
        alone.then(|| match &item.kind {
            ValueKind::Int { max, .. } => Value::Int(*max),
            ValueKind::Switch => Value::Switch(true),
            _ => known.clone(),
        })
    })
}

impl Simulator for Player {
    fn handle(&mut self, _now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Up(_) => {
                (self.reader, self.inside, self.peer) = (Reader::default(), false, None);
                self.say_line(self.facts.banner.clone(), out);
                self.ask_password(out);
            }
            WireEvent::Data { from, payload: Payload::Datagram(bytes) | Payload::Chunk(bytes), .. } => {
                self.peer = from;
                let mut lines: Vec<String> = self.reader.push(&self.facts.framing, bytes).into_iter().filter_map(Piece::line).collect();
                let rest = self.reader.rest();
                if self.facts.udp && !rest.is_empty() {
                    lines.push(rest);
                    self.reader.take_rest();
                }
                for line in lines {
                    self.take_tagged(&line, out);
                }
            }
            WireEvent::Data { payload: Payload::HttpRequest { tag, request }, .. } => self.serve(tag, request, out),
            _ => {}
        }
    }

    fn tick(&mut self, _now: Mono, _out: &mut Out) {}

    fn next_due(&self) -> Option<Mono> {
        None
    }

    fn poke(&mut self, _now: Mono, path: &str, value: &Value, out: &mut Out) {
        if let Some(at) = self.items.iter().position(|item| *item.path == *path) {
            if let Some(state) = self.state.get_mut(at) {
                *state = value.clone();
            }
            // A device that is only asked tells nothing by itself.
            if !self.facts.http && self.items.get(at).is_some_and(|item| !item.wiring.observes.is_empty()) {
                self.tell(at, out);
            }
        }
    }

    fn peek(&self, path: &str) -> Option<Value> {
        let at = self.items.iter().position(|item| *item.path == *path)?;
        self.state.get(at).cloned()
    }
}
