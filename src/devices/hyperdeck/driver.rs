//! The driver: one command on the wire, the deck's own words as proof.

use std::collections::VecDeque;
use std::sync::Arc;

use super::codec::{Block, Blocks, refusal};
use super::health::Health;
use super::{ASK_AGAIN, POLL_EVERY, SETTLES, WIRE};
use crate::device_api::{ActionId, Command, Op, Report};
use crate::devices::ledger::Ledger;
use crate::devices::{Driver, Out, Payload, Plan, WireEvent, earlier};
use crate::show::{Limits, PropIx, Transport, Value};
use crate::time::Mono;

/// A deck as this driver knows it.
pub struct Deck {
    limits: Limits,
    player: Option<PropIx>,
    record: Option<PropIx>,
    preview: Option<PropIx>,
    goto: Option<PropIx>,
    ledger: Ledger,
    blocks: Blocks,
    up: bool,
    /// It has greeted.
    live: bool,
    syncing: bool,
    greeting_until: Mono,
    queue: VecDeque<Job>,
    asked: Option<(Job, Mono)>,
    clips: Vec<(u32, Arc<str>)>,
    status: String,
    clip: u32,
    looping: bool,
    /// What was sent last and until when the deck may still say otherwise.
    settling: Option<(PropIx, Value, Mono)>,
    poll_at: Mono,
    health: Health,
}

/// One line to send.
#[derive(Debug)]
struct Job {
    line: String,
    /// Of an action: its property, and the value when this is its last line.
    act: Option<(ActionId, PropIx, Option<Value>)>,
    /// The first line of an action, and the value that it is on its way to.
    begins: Option<Value>,
}

impl Deck {
    /// For a device of a show.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let at = |path: &str| plan.props().find(|(_, prop)| &*prop.path == path).map(|(ix, _)| ix);
        Self {
            limits: plan.device().profile.limits,
            player: at("player"),
            record: at("record"),
            preview: at("preview"),
            goto: at("goto"),
            ledger: Ledger::new(plan),
            blocks: Blocks::default(),
            up: false,
            live: false,
            syncing: false,
            greeting_until: Mono::ZERO,
            queue: VecDeque::new(),
            asked: None,
            clips: vec![],
            status: String::new(),
            clip: 0,
            looping: false,
            settling: None,
            poll_at: Mono::ZERO,
            health: Health::default(),
        }
    }

    fn ask(&mut self, line: &str) {
        if !self.queue.iter().any(|job| job.line == line) {
            self.queue.push_back(Job { line: line.to_owned(), act: None, begins: None });
        }
    }

    fn lost(&mut self, why: Arc<str>, out: &mut Out) {
        self.queue.clear();
        (self.asked, self.settling) = (None, None);
        self.ledger.forget();
        self.live = false;
        out.report(Report::Offline { why });
    }

    fn greeted(&mut self, now: Mono, block: &Block, out: &mut Out) {
        (self.live, self.syncing, self.poll_at) = (true, true, now + POLL_EVERY);
        let model = block.fields().get("model").map(|model| Arc::from(*model));
        out.report(Report::Online { identity: model });
        self.health.forget();
        for line in ["notify: transport: true slot: true remote: true", "clips get", "transport info", "slot info", "remote"] {
            self.ask(line);
        }
    }

    fn block(&mut self, now: Mono, block: &Block, out: &mut Out) {
        match block.code {
            500 if !self.live => return self.greeted(now, block, out),
            120 => return self.lost(refusal(120), out),
            502 => {
                self.health.slot(block, out);
                return self.ask("clips get");
            }
            508 => return self.transport(now, block, out),
            510 => return self.health.remote(block, out),
            500.. => return,
            _ => {}
        }
        let Some((job, _)) = self.asked.take() else { return };
        match block.code {
            202 => self.health.slot(block, out),
            210 => self.health.remote(block, out),
            205 => self.clips = block.clips(),
            208 => self.transport(now, block, out),
            100..200 => {
                if let Some((action, prop, _)) = job.act {
                    self.queue.retain(|other| other.act.as_ref().is_none_or(|(other, ..)| *other != action));
                    self.settling.take_if(|(settling, ..)| *settling == prop);
                    out.report(Report::Refused { action, why: refusal(block.code) });
                    self.ask("transport info");
                }
            }
            _ => {
                if let Some((action, prop, Some(value))) = job.act {
                    if Some(prop) == self.goto {
                        out.report(Report::Acked { action });
                        return self.ask("transport info");
                    }
                    self.settling = Some((prop, value, now + SETTLES));
                    self.ask("transport info");
                }
            }
        }
    }

    /// The deck's words about its transport; a notice has only what changed.
    fn transport(&mut self, now: Mono, block: &Block, out: &mut Out) {
        let fields = block.fields();
        if let Some(status) = fields.get("status") {
            (*status).clone_into(&mut self.status);
        }
        if let Some(id) = fields.get("clip id") {
            self.clip = id.parse().unwrap_or(0);
        }
        if let Some(looping) = fields.get("loop") {
            self.looping = *looping == "true";
        }
        let clip = self.clips.iter().find(|(id, _)| *id == self.clip).map(|(_, name)| name.clone());
        let playing = is_playing(&self.status);
        let player = Value::Transport(Transport { clip, looping: self.looping, playing });
        self.word(now, self.player, player, out);
        self.word(now, self.record, Value::Switch(self.status == "record"), out);
        self.word(now, self.preview, Value::Switch(self.status == "preview"), out);
    }

    fn word(&mut self, now: Mono, prop: Option<PropIx>, value: Value, out: &mut Out) {
        let Some(prop) = prop else { return };
        // Between the two commands of a play the deck stands: nobody's hand.
        let own = |job: &Job| job.act.as_ref().is_some_and(|(_, own, _)| *own == prop);
        if self.queue.iter().any(own) || self.asked.as_ref().is_some_and(|(job, _)| own(job)) {
            return;
        }
        if let Some((settling, wanted, until)) = &self.settling
            && *settling == prop
        {
            if wanted.same(&value, 0) || now >= *until {
                self.settling = None;
            } else {
                self.poll_at = now + ASK_AGAIN;
                return;
            }
        }
        self.ledger.word(now, prop, value, out);
    }

    /// The lines that make a value true.
    fn lines(&self, prop: PropIx, value: &Value) -> Result<Vec<String>, Arc<str>> {
        match value {
            Value::Switch(on) if Some(prop) == self.record => match (*on, self.records()) {
                (true, false) if self.plays() => Err("the deck plays: stop it before it records".into()),
                (true, false) => Ok(vec!["record".to_owned()]),
                // "stop" would stop a player too.
                (false, true) => Ok(vec!["stop".to_owned()]),
                _ => Ok(vec![]),
            },
            Value::Switch(on) if Some(prop) == self.preview => match (*on, self.shows_input()) {
                _ if self.records() => Err("the deck records, and shows its input already: end the recording first".into()),
                (true, false) if self.plays() => Err("the deck plays: stop it before it shows its input".into()),
                (on, shows) if on != shows => Ok(vec![format!("preview: enable: {on}")]),
                _ => Ok(vec![]),
            },
            Value::Text(_) if self.records() => Err("the deck records: end the recording first".into()),
            Value::Text(place) if Some(prop) == self.goto => Ok(vec![goto(place)?]),
            Value::Transport(_) if self.records() => Err("the deck records: end the recording first".into()),
            Value::Transport(wanted) if Some(prop) == self.player => {
                let mut lines = vec![];
                if let Some(clip) = &wanted.clip {
                    let id = self.clips.iter().find(|(_, name)| name == clip).map(|(id, _)| *id);
                    let id = id.ok_or_else(|| format!("the deck has no clip \"{clip}\": check the disk and the name in the patch"))?;
                    if !wanted.playing {
                        lines.push("stop".to_owned());
                    }
                    lines.push(format!("goto: clip id: {id}"));
                }
                if wanted.playing {
                    lines.push(format!("play: speed: 100 loop: {} single clip: true", wanted.looping));
                } else if wanted.clip.is_none() {
                    lines.push("stop".to_owned());
                }
                Ok(lines)
            }
            _ => Err(format!("a HyperDeck can not be set to {value}").into()),
        }
    }

    /// The value that a property is on its way to.
    fn awaited(&self, prop: Option<PropIx>) -> Option<&Value> {
        let sent = self.asked.iter().map(|(job, _)| job).chain(&self.queue).filter_map(|job| job.act.as_ref());
        let last = sent.rev().find_map(|(_, own, value)| value.as_ref().filter(|_| Some(*own) == prop));
        last.or_else(|| self.settling.as_ref().filter(|(own, ..)| Some(*own) == prop).map(|(_, value, _)| value))
    }

    /// The deck plays, or will in a moment.
    fn plays(&self) -> bool {
        match self.awaited(self.player) {
            Some(Value::Transport(player)) => player.playing,
            _ => is_playing(&self.status),
        }
    }

    fn records(&self) -> bool {
        self.awaited(self.record).map_or(self.status == "record", |value| *value == Value::Switch(true))
    }

    /// The deck shows its input.
    fn shows_input(&self) -> bool {
        self.awaited(self.preview).map_or(self.status == "preview", |value| *value == Value::Switch(true))
    }

    /// A value as the deck will hold it: a stop keeps clip and loop, a play without a clip plays the one that is there.
    fn whole(&self, prop: PropIx, value: &Value) -> Value {
        match (value, self.ledger.known(prop)) {
            (Value::Transport(want), Some(Value::Transport(known))) if want.clip.is_none() || !want.playing => {
                Value::Transport(Transport {
                    clip: want.clip.clone().or_else(|| known.clip.clone()),
                    looping: if want.playing { want.looping } else { known.looping },
                    playing: want.playing,
                })
            }
            _ => value.clone(),
        }
    }

    fn act(&mut self, command: &Command, lines: Vec<String>, value: &Value) {
        let prop = command.prop;
        // What of an older action has not left yet never does; places to go to are gone to in turn.
        self.queue.retain(|job| Some(prop) == self.goto || job.act.as_ref().is_none_or(|(_, own, _)| *own != prop));
        let last = lines.len().saturating_sub(1);
        let jobs = lines.into_iter().enumerate().map(|(at, line)| {
            let (begins, ends) = ((at == 0).then(|| value.clone()), (at == last).then(|| value.clone()));
            Job { line, act: Some((command.action, prop, ends)), begins }
        });
        let place = self.queue.iter().take_while(|job| job.act.is_some()).count();
        for (at, job) in jobs.enumerate() {
            self.queue.insert(place + at, job);
        }
    }

    fn pump(&mut self, now: Mono, out: &mut Out) {
        if !self.live || self.asked.is_some() {
            return;
        }
        if now >= self.poll_at {
            self.poll_at = now + POLL_EVERY;
            self.ask("transport info");
            self.ask("slot info");
        }
        let Some(job) = self.queue.pop_front() else {
            if std::mem::take(&mut self.syncing) {
                out.report(Report::Synced);
            }
            return;
        };
        let mut bytes = out.buffer();
        bytes.extend_from_slice(job.line.as_bytes());
        bytes.extend_from_slice(b"\r\n");
        out.send(WIRE, bytes);
        if let (Some((action, ..)), Some(value)) = (&job.act, &job.begins) {
            out.report(Report::Sent { action: *action, value: Some(value.clone()) });
        }
        if let Some((_, prop, Some(value))) = &job.act {
            self.ledger.sent(now, *prop, value);
        }
        self.asked = Some((job, now + self.limits.reply_within));
    }
}

/// The line that goes to a place: of the timeline, of the clip, or a timecode.
fn goto(place: &str) -> Result<String, Arc<str>> {
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    match place {
        "start" | "end" => Ok(format!("goto: timeline: {place}")),
        "clip start" => Ok("goto: clip: start".into()),
        "clip end" => Ok("goto: clip: end".into()),
        _ if place.split([':', ';']).count() == 4 && place.split([':', ';']).all(digits) => Ok(format!("goto: timecode: {place}")),
        _ => Err(format!("\"{place}\" is no place on a deck (start, end, clip start, clip end, or a timecode as 01:00:10:00)").into()),
    }
}

fn is_playing(status: &str) -> bool {
    matches!(status, "play" | "forward" | "rewind" | "shuttle" | "jog")
}

impl Driver for Deck {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Up(_) => {
                (self.up, self.live, self.blocks) = (true, false, Blocks::default());
                self.greeting_until = now + self.limits.offline_after;
            }
            WireEvent::Down(_, why) => {
                self.up = false;
                self.lost(why, out);
            }
            WireEvent::SendFailed { .. } => self.asked = None,
            WireEvent::Data { payload: Payload::Chunk(bytes) | Payload::Datagram(bytes), .. } => {
                for block in self.blocks.push(bytes) {
                    self.block(now, &block, out);
                }
            }
            WireEvent::Data { .. } => {}
        }
        self.tick(now, out);
    }

    fn command(&mut self, now: Mono, command: &Command, out: &mut Out) {
        let refuse = |why: Arc<str>, out: &mut Out| out.report(Report::Refused { action: command.action, why });
        if !self.live {
            return refuse("not connected".into(), out);
        }
        let player = Some(command.prop) == self.player;
        let paused = |playing| Value::Transport(Transport { clip: None, looping: self.looping, playing });
        let value = match &command.op {
            Op::Set { value, .. } => self.whole(command.prop, value),
            Op::Halt if player => self.whole(command.prop, &paused(false)),
            Op::Continue if player => self.whole(command.prop, &paused(true)),
            Op::Fade { .. } => return refuse("a HyperDeck has nothing to fade".into(), out),
            Op::Halt | Op::Continue | Op::Read => {
                self.ledger.tell(command.prop);
                self.ask("transport info");
                out.report(Report::Sent { action: command.action, value: None });
                return self.tick(now, out);
            }
        };
        // A pause stays where it is: it goes to no clip's beginning.
        let lines = match &command.op {
            Op::Set { value, .. } => self.lines(command.prop, value),
            Op::Halt if self.records() => Err("the deck records: end the recording first".into()),
            Op::Halt => Ok(vec!["stop".to_owned()]),
            _ => self.lines(command.prop, &paused(true)),
        };
        match lines {
            // It is so already: its word will say it.
            Ok(lines) if lines.is_empty() => {
                self.ledger.tell(command.prop);
                self.poll_at = now;
                return out.report(Report::Sent { action: command.action, value: Some(value) });
            }
            Ok(lines) => self.act(command, lines, &value),
            Err(why) => return refuse(why, out),
        }
        self.tick(now, out);
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        if !self.up {
            return;
        }
        if !self.live && now >= self.greeting_until {
            self.greeting_until = now + self.limits.offline_after;
            self.lost("connected, but it does not greet as a HyperDeck does: check address and port".into(), out);
            out.reopen.push(WIRE);
        }
        // Answers have no numbers: after a lost one nothing could be told apart.
        if self.asked.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.greeting_until = now + self.limits.offline_after;
            self.lost(format!("no answer within {}", self.limits.reply_within).into(), out);
            out.reopen.push(WIRE);
        }
        self.pump(now, out);
    }

    fn next_due(&self) -> Option<Mono> {
        if !self.up {
            return None;
        }
        if !self.live {
            return Some(self.greeting_until);
        }
        earlier(self.asked.as_ref().map(|(_, until)| *until), self.asked.is_none().then_some(self.poll_at))
    }
}
