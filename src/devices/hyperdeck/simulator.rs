//! A deck played: clips of ten minutes that end or loop, a disk that fills while it records, refusals, notices.
//!
//! Pokes beside the show's properties: `slot` `empty`, `mounted` or `error`, `recording-time` in seconds, `remote` on or off.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use super::WIRE;
use super::codec::{Request, Requests};
use crate::devices::{Out, Payload, Plan, Simulator, WireEvent};
use crate::show::{Transport, Value};
use crate::time::{Mono, Span};

/// How long every clip is.
const CLIP: Span = Span::secs(600);

/// A simulated deck.
pub struct Player {
    model: String,
    clips: Vec<Arc<str>>,
    /// Counts from 1.
    clip: usize,
    status: &'static str,
    looping: bool,
    ends: Option<Mono>,
    slot: Arc<str>,
    recording_time: i64,
    remote: bool,
    partial: BTreeMap<Option<SocketAddr>, Requests>,
    notify: bool,
}

impl Player {
    /// The deck that a show's device stands for, with the clips of its patch.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let device = plan.device();
        let mut clips: Vec<Arc<str>> = vec!["Holding.mov".into()];
        for name in device.patch.get("clip").into_iter().flat_map(|table| table.values().flatten()) {
            if !clips.contains(name) {
                clips.push(name.clone());
            }
        }
        Self {
            model: format!("{} {}", device.profile.maker, device.profile.model),
            clips,
            clip: 1,
            status: "stopped",
            looping: false,
            ends: None,
            slot: "mounted".into(),
            recording_time: 3600,
            remote: true,
            partial: BTreeMap::new(),
            notify: false,
        }
    }

    fn say(to: Option<SocketAddr>, text: &str, out: &mut Out) {
        let bytes = text.replace('\n', "\r\n").into_bytes();
        match to {
            Some(to) => out.send_to(WIRE, to, bytes),
            None => out.send(WIRE, bytes),
        }
    }

    fn transport(&self, code: u16) -> String {
        let speed = if self.status == "play" { 100 } else { 0 };
        let (clip, looping) = (self.clip, self.looping);
        format!(
            "{code} transport info:\nstatus: {}\nspeed: {speed}\nslot id: 1\nclip id: {clip}\nsingle clip: true\ndisplay timecode: 00:00:00:00\n\
             timecode: 00:00:00:00\nvideo format: 1080p25\nloop: {looping}\n\n",
            self.status
        )
    }

    fn slot_info(&self, code: u16) -> String {
        let (slot, left) = (&self.slot, self.recording_time);
        format!("{code} slot info:\nslot id: 1\nstatus: {slot}\nvolume name: SIM\nrecording time: {left}\nvideo format: 1080p25\n\n")
    }

    fn changed(&self, out: &mut Out) {
        if self.notify {
            Self::say(None, &self.transport(508), out);
        }
    }

    fn request(&mut self, now: Mono, from: Option<SocketAddr>, request: &Request, out: &mut Out) {
        let name = request.name.as_str();
        let given = |key: &str| request.get(key);
        let moves = matches!(name, "play" | "stop" | "record" | "goto" | "preview");
        let answer = match name {
            _ if moves && !self.remote => "111 remote control disabled\n".to_owned(),
            "play" | "goto" | "record" if &*self.slot != "mounted" => "105 no disk\n".into(),
            "remote" if request.given.is_empty() => self.remote_info(210),
            "ping" | "watchdog" | "remote" | "slot select" => "200 ok\n".into(),
            "preview" if self.status == "record" => "150 invalid state\n".into(),
            "preview" => {
                (self.status, self.ends) = (if given("enable") == Some("true") { "preview" } else { "stopped" }, None);
                "200 ok\n".into()
            }
            "notify" => {
                self.notify = given("transport") != Some("false");
                "200 ok\n".into()
            }
            "transport info" => self.transport(208),
            "slot info" => self.slot_info(202),
            "device info" => format!("204 device info:\nprotocol version: 1.11\nmodel: {}\nslot count: 2\n\n", self.model),
            "clips count" => format!("214 clips count:\nclip count: {}\n\n", self.clips.len()),
            "clips get" => self.list(),
            "play" if self.status == "record" => "150 invalid state\n".into(),
            "play" => {
                self.looping = given("loop").map_or(self.looping, |word| word == "true");
                (self.status, self.ends) = ("play", Some(now + CLIP));
                "200 ok\n".into()
            }
            "stop" => {
                (self.status, self.ends) = ("stopped", None);
                "200 ok\n".into()
            }
            "record" if self.status == "play" => "150 invalid state\n".into(),
            "record" => {
                (self.status, self.ends) = ("record", None);
                "200 ok\n".into()
            }
            "goto" => self.goto(request),
            _ => "103 unsupported\n".into(),
        };
        Self::say(from, &answer, out);
        if moves && answer.starts_with('2') {
            self.changed(out);
        }
    }

    fn goto(&mut self, request: &Request) -> String {
        let last = self.clips.len();
        let to = match (request.get("clip id"), request.get("clip"), request.get("timeline"), request.get("timecode")) {
            (Some(id), ..) => id.parse::<usize>().ok(),
            (_, Some("start" | "end"), ..) => Some(self.clip),
            (.., Some("start"), _) => Some(1),
            (.., Some("end"), _) => Some(last),
            (.., Some(_)) => Some(self.clip),
            _ => return "101 unsupported parameter\n".into(),
        };
        match to {
            Some(clip) if (1..=last).contains(&clip) => {
                self.clip = clip;
                "200 ok\n".into()
            }
            _ => "109 out of range\n".into(),
        }
    }

    fn remote_info(&self, code: u16) -> String {
        format!("{code} remote info:\nenabled: {}\noverride: false\n\n", self.remote)
    }

    fn list(&self) -> String {
        let mut text = format!("205 clips info:\nclip count: {}\n", self.clips.len());
        for (at, clip) in self.clips.iter().enumerate() {
            let _ = writeln!(text, "{}: {clip} 00:00:00:00 00:10:00:00", at + 1);
        }
        text.push('\n');
        text
    }
}

impl Simulator for Player {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Up(_) => {
                Self::say(None, &format!("500 connection info:\nprotocol version: 1.11\nmodel: {}\n\n", self.model), out);
            }
            WireEvent::Down(..) => {
                self.partial.clear();
                self.notify = false;
            }
            WireEvent::Data { from, payload: Payload::Chunk(bytes) | Payload::Datagram(bytes), .. } => {
                for request in self.partial.entry(from).or_default().push(bytes) {
                    self.request(now, from, &request, out);
                }
            }
            _ => {}
        }
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        if self.ends.is_some_and(|end| end <= now) {
            if self.looping {
                self.ends = Some(now + CLIP);
            } else {
                (self.status, self.ends) = ("stopped", None);
                self.changed(out);
            }
        }
    }

    fn next_due(&self) -> Option<Mono> {
        self.ends
    }

    fn poke(&mut self, now: Mono, path: &str, value: &Value, out: &mut Out) {
        match (path, value) {
            ("slot", Value::Text(status)) => self.slot = status.clone(),
            ("recording-time", Value::Int(left)) => self.recording_time = *left,
            ("remote", Value::Switch(on)) => self.remote = *on,
            // A deck that records shows its input, whatever the button says.
            ("preview", _) if self.status == "record" => return,
            ("preview", Value::Switch(on)) => (self.status, self.ends) = (if *on { "preview" } else { "stopped" }, None),
            ("record", Value::Switch(on)) => (self.status, self.ends) = (if *on { "record" } else { "stopped" }, None),
            ("player", Value::Transport(player)) => {
                let clip = player.clip.as_ref().and_then(|clip| self.clips.iter().position(|own| own == clip));
                self.clip = clip.map_or(self.clip, |at| at + 1);
                self.looping = player.looping;
                self.status = if player.playing { "play" } else { "stopped" };
                self.ends = player.playing.then_some(now + CLIP);
            }
            _ => return,
        }
        if self.notify {
            Self::say(None, &self.slot_info(502), out);
            Self::say(None, &self.remote_info(510), out);
        }
        self.changed(out);
    }

    fn peek(&self, path: &str) -> Option<Value> {
        match path {
            "record" => Some(Value::Switch(self.status == "record")),
            "preview" => Some(Value::Switch(self.status == "preview")),
            "player" => Some(Value::Transport(Transport {
                clip: self.clips.get(self.clip.wrapping_sub(1)).cloned(),
                looping: self.looping,
                playing: self.status == "play",
            })),
            _ => None,
        }
    }
}
