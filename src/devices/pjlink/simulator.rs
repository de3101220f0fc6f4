//! A projector played: it warms up and cools down, asks for its password, hangs up when nobody speaks, and has faults when poked.
//!
//! Pokes beside the show's properties: `error/fan` (and the five others) 0 to 2, `lamp-hours`, `filter-hours`.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::codec::{Lines, Topic, digest};
use super::state::{ERRORS, Item, Power, is_input};
use super::{NOTICES, WIRE, is_class_2, seconds};
use crate::devices::{Out, Payload, Plan, Simulator, WireEvent, earlier};
use crate::show::Value;
use crate::time::{Mono, Span};

/// It hangs up after this without a command.
const IDLE: Span = Span::secs(30);
/// It answers a search after this; by the specification a random 0 to 10 s.
const FOUND_AFTER: Span = Span::secs(2);
/// Its MAC address.
const MAC: &str = "02:00:5e:10:00:01";
/// Greetings that it remembers.
const SALTS: usize = 16;
/// What it can show.
const INPUTS: [&str; 8] = ["11", "12", "21", "31", "32", "33", "41", "51"];

/// A simulated projector.
pub struct Lamp {
    password: Option<String>,
    two: bool,
    warm_up: Span,
    cool_down: Span,
    model: String,
    maker: String,
    power: Power,
    /// When the power is where it goes.
    power_until: Option<Mono>,
    input: String,
    picture_muted: bool,
    sound_muted: bool,
    frozen: bool,
    errors: [u8; 6],
    lamp_hours: u32,
    filter_hours: u32,
    /// What each client has sent, and whether it has shown the password.
    clients: BTreeMap<Option<SocketAddr>, Client>,
    salts: Vec<String>,
    greetings: u64,
    heard: Option<Mono>,
    notices: bool,
    found_at: Option<Mono>,
}

#[derive(Debug, Default)]
struct Client {
    lines: Lines,
    known: bool,
}

impl Lamp {
    /// The projector that a show's device stands for: in standby, on its first digital input.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let device = plan.device();
        Self {
            password: device.password.as_ref().map(|secret| secret.reveal().to_string()),
            two: is_class_2(&device.profile),
            warm_up: seconds(plan, "warm_up", 60),
            cool_down: seconds(plan, "cool_down", 90),
            model: device.profile.model.to_string(),
            maker: device.profile.maker.to_string(),
            power: Power::Standby,
            power_until: None,
            input: "31".into(),
            picture_muted: false,
            sound_muted: false,
            frozen: false,
            errors: [0; 6],
            lamp_hours: 1250,
            filter_hours: 300,
            clients: BTreeMap::new(),
            salts: vec![],
            greetings: 0,
            heard: None,
            notices: false,
            found_at: None,
        }
    }

    fn say(to: Option<SocketAddr>, text: &str, out: &mut Out) {
        let mut bytes = out.buffer();
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(b'\r');
        match to {
            Some(to) => out.send_to(WIRE, to, bytes),
            None => out.send(WIRE, bytes),
        }
    }

    fn greet(&mut self, now: Mono, out: &mut Out) {
        self.heard = Some(now);
        self.greetings += 1;
        let Some(password) = &self.password else { return Self::say(None, "PJLINK 0", out) };
        let salt: String = digest(&self.greetings.to_string(), password).chars().take(8).collect();
        Self::say(None, &format!("PJLINK 1 {salt}"), out);
        if self.salts.len() == SALTS {
            self.salts.remove(0);
        }
        self.salts.push(salt);
    }

    fn line(&mut self, now: Mono, from: Option<SocketAddr>, line: &[u8], out: &mut Out) {
        self.heard = Some(now);
        let Ok(text) = std::str::from_utf8(line) else { return };
        let Some((shown, body)) = text.split_once('%') else { return };
        if let Some(password) = &self.password {
            let right = self.salts.iter().any(|salt| digest(salt, password) == shown.trim());
            let client = self.clients.entry(from).or_default();
            client.known = right || (client.known && shown.is_empty());
            if !client.known {
                return Self::say(from, "PJLINK ERRA", out);
            }
        }
        let (Some(class), Some(letters)) = (body.get(..1), body.get(1..5)) else { return };
        let parameter = body.get(5..).unwrap_or_default().trim();
        let known = class == "1" || (class == "2" && self.two);
        let letters = letters.to_ascii_uppercase();
        let answer = if known { self.answer(now, class == "2", &letters, parameter, out) } else { "ERR1".into() };
        Self::say(from, &format!("%{class}{letters}={answer}"), out);
    }

    fn answer(&mut self, now: Mono, two: bool, letters: &str, parameter: &str, out: &mut Out) -> String {
        let on = self.power == Power::On;
        match (letters, parameter) {
            ("POWR", "?") => self.power.digit().to_string(),
            ("POWR", _) => self.set_power(now, parameter, out).into(),
            ("ERST", "?") => self.error_digits(),
            ("LAMP", "?") => format!("{} {}", self.lamp_hours, u8::from(on)),
            ("NAME", "?") => "Simulated projector".into(),
            ("INF1", "?") => self.maker.clone(),
            ("INF2", "?") => self.model.clone(),
            ("INFO", "?") => "simulated".into(),
            ("CLSS", "?") => if self.two { "2" } else { "1" }.into(),
            ("INST", "?") => INPUTS.join(" "),
            ("SNUM", "?") if two => "SIM0001".into(),
            ("SVER", "?") if two => "1.0".into(),
            ("FILT", "?") if two => self.filter_hours.to_string(),
            ("RLMP" | "RFIL", "?") if two => "SIM-PART".into(),
            ("INPT" | "AVMT", _) => self.picture(letters, parameter, out),
            ("FREZ" | "IRES" | "RRES" | "INNM" | "SVOL" | "MVOL", _) if two => self.picture(letters, parameter, out),
            _ => "ERR1".into(),
        }
    }

    /// What needs a picture.
    fn picture(&mut self, letters: &str, parameter: &str, out: &mut Out) -> String {
        if let ("INNM", Some(input)) = (letters, parameter.strip_prefix('?')) {
            return if INPUTS.contains(&input.trim()) { format!("INPUT {}", input.trim()) } else { "ERR2".into() };
        }
        if self.power != Power::On {
            return "ERR3".into();
        }
        match (letters, parameter) {
            ("INPT", "?") => return self.input.clone(),
            ("INPT", input) if INPUTS.contains(&input) => self.show(input, out),
            ("AVMT", "?") => {
                return match (self.picture_muted, self.sound_muted) {
                    (true, true) => "31",
                    (true, false) => "11",
                    (false, true) => "21",
                    (false, false) => "30",
                }
                .into();
            }
            ("AVMT", "31" | "30") => (self.picture_muted, self.sound_muted) = (parameter == "31", parameter == "31"),
            ("AVMT", "11" | "10") => self.picture_muted = parameter == "11",
            ("AVMT", "21" | "20") => self.sound_muted = parameter == "21",
            ("FREZ", "?") => return u8::from(self.frozen).to_string(),
            ("FREZ", "0" | "1") => self.frozen = parameter == "1",
            ("IRES", "?") => return "1920x1080".into(),
            ("RRES", "?") => return "1920x1200".into(),
            ("SVOL" | "MVOL", "0" | "1") => {}
            _ => return "ERR2".into(),
        }
        "OK".into()
    }

    fn set_power(&mut self, now: Mono, parameter: &str, out: &mut Out) -> &'static str {
        match (parameter, self.power) {
            ("1", Power::Standby) => self.go(Power::Warming, Some(now + self.warm_up), out),
            ("0", Power::On) => self.go(Power::Cooling, Some(now + self.cool_down), out),
            ("1", Power::On | Power::Warming) | ("0", Power::Standby | Power::Cooling) => {}
            ("0" | "1", _) => return "ERR3",
            _ => return "ERR2",
        }
        "OK"
    }

    fn go(&mut self, power: Power, until: Option<Mono>, out: &mut Out) {
        (self.power, self.power_until) = (power, until);
        self.notice(Topic::Powr, &power.digit().to_string(), out);
    }

    fn show(&mut self, input: &str, out: &mut Out) {
        input.clone_into(&mut self.input);
        self.notice(Topic::Inpt, input, out);
    }

    fn error_digits(&self) -> String {
        self.errors.iter().map(|digit| char::from(b'0' + digit)).collect()
    }

    /// What class 2 tells by itself.
    fn notice(&self, topic: Topic, value: &str, out: &mut Out) {
        if self.two && self.notices {
            let mut bytes = out.buffer();
            bytes.extend_from_slice(format!("%2{}={value}\r", topic.letters()).as_bytes());
            out.send(NOTICES, bytes);
        }
    }

    fn notice_wire(&mut self, now: Mono, event: &WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Up(_) => {
                self.notices = true;
                if self.two {
                    out.send(NOTICES, format!("%2LKUP={MAC}\r").into_bytes());
                }
            }
            WireEvent::Data { payload: Payload::Datagram(bytes), .. } if self.two && bytes.starts_with(b"%2SRCH") => {
                self.found_at = Some(now + FOUND_AFTER);
            }
            _ => {}
        }
    }
}

impl Simulator for Lamp {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Up(NOTICES) | WireEvent::Down(NOTICES, _) | WireEvent::Data { wire: NOTICES, .. } => {
                self.notice_wire(now, &event, out);
            }
            WireEvent::Up(_) => self.greet(now, out),
            WireEvent::Down(..) => {
                self.clients.clear();
                self.heard = None;
            }
            WireEvent::Data { from, payload: Payload::Chunk(bytes) | Payload::Datagram(bytes), .. } => {
                let lines = self.clients.entry(from).or_default().lines.push(bytes);
                for line in lines {
                    self.line(now, from, &line, out);
                }
            }
            _ => {}
        }
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        if self.power_until.is_some_and(|until| until <= now) {
            let end = if self.power == Power::Warming { Power::On } else { Power::Standby };
            self.go(end, None, out);
        }
        if self.heard.is_some_and(|heard| now.since(heard) >= IDLE) {
            self.heard = None;
            out.reopen.push(WIRE);
        }
        if self.found_at.is_some_and(|at| at <= now) {
            self.found_at = None;
            out.send(NOTICES, format!("%2ACKN={MAC}\r").into_bytes());
        }
    }

    fn next_due(&self) -> Option<Mono> {
        let idle = self.heard.map(|heard| heard + IDLE);
        earlier(earlier(self.power_until, self.found_at), idle)
    }

    fn poke(&mut self, now: Mono, path: &str, value: &Value, out: &mut Out) {
        if let (Some(what), Value::Int(level)) = (path.strip_prefix("error/"), value) {
            let place = ERRORS.iter().position(|error| *error == what);
            if let (Some(digit), Ok(level @ 0..=2)) = (place.and_then(|at| self.errors.get_mut(at)), u8::try_from(*level)) {
                *digit = level;
                let digits = self.error_digits();
                self.notice(Topic::Erst, &digits, out);
            }
            return;
        }
        match (path, value) {
            ("lamp-hours", Value::Int(hours)) => self.lamp_hours = u32::try_from(*hours).unwrap_or(self.lamp_hours),
            ("filter-hours", Value::Int(hours)) => self.filter_hours = u32::try_from(*hours).unwrap_or(self.filter_hours),
            ("power", Value::Switch(on)) => drop(self.set_power(now, if *on { "1" } else { "0" }, out)),
            ("input", Value::Text(input)) if is_input(input) => self.show(input, out),
            ("shutter", Value::Text(word)) if matches!(&**word, "open" | "closed") => {
                (self.picture_muted, self.sound_muted) = (&**word == "closed", &**word == "closed");
            }
            ("mute", Value::Switch(on)) => self.sound_muted = *on,
            ("freeze", Value::Switch(on)) => self.frozen = *on,
            _ => {}
        }
    }

    fn peek(&self, path: &str) -> Option<Value> {
        match path {
            "lamp-hours" => return Some(Value::Int(i64::from(self.lamp_hours))),
            "filter-hours" => return Some(Value::Int(i64::from(self.filter_hours))),
            _ => {}
        }
        Some(match Item::of(path)? {
            Item::Power => Value::Switch(self.power == Power::On),
            Item::Input => Value::text(&self.input),
            Item::Shutter => Value::text(if self.picture_muted { "closed" } else { "open" }),
            Item::Mute => Value::Switch(self.sound_muted),
            Item::Freeze => Value::Switch(self.frozen),
        })
    }
}
