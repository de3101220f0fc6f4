//! The protocol: one command on the wire, the deck's own words as proof.

use std::sync::Arc;

use super::codec::{Block, Blocks, refusal};
use super::health;
use super::{ASK_AGAIN, POLL_EVERY, SETTLES, WIRE};
use crate::device_api::Level;
use crate::devices::kernel::{Cannot, Habits, Messages, Of, Protocol, Response, View, Want, What};
use crate::devices::{Payload, Plan, WireId};
use crate::show::{PropIx, Transport, Value};
use crate::time::Mono;

/// A deck as its protocol knows it.
pub struct Deck {
    player: Option<PropIx>,
    record: Option<PropIx>,
    preview: Option<PropIx>,
    goto: Option<PropIx>,
    blocks: Blocks,
    /// Number and name; `None`: the deck does not tell them.
    clips: Option<Vec<(u32, Arc<str>)>>,
    status: String,
    clip: u32,
    looping: bool,
    poll_at: Mono,
}

/// What a deck is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// That it tells its changes by itself.
    Notify,
    /// The clips on the timeline.
    Clips,
    /// What player, recorder and output do.
    Transport,
    /// The disk.
    Slot,
    /// Whether it obeys.
    Remote,
}

impl Question {
    const ALL: [Self; 5] = [Self::Notify, Self::Clips, Self::Transport, Self::Slot, Self::Remote];

    const fn line(self) -> &'static str {
        match self {
            Self::Notify => "notify: transport: true slot: true remote: true",
            Self::Clips => "clips get",
            Self::Transport => "transport info",
            Self::Slot => "slot info",
            Self::Remote => "remote",
        }
    }
}

impl Deck {
    /// For a device of a show.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let at = |path: &str| plan.props().find(|(_, prop)| &*prop.path == path).map(|(ix, _)| ix);
        Self {
            player: at("player"),
            record: at("record"),
            preview: at("preview"),
            goto: at("goto"),
            blocks: Blocks::default(),
            clips: Some(vec![]),
            status: String::new(),
            clip: 0,
            looping: false,
            poll_at: Mono::ZERO,
        }
    }

    fn block(&mut self, now: Mono, block: &Block, live: bool, response: &mut Response<Question>) {
        match block.code {
            500 if !live => {
                self.poll_at = now + POLL_EVERY;
                response.there(block.fields().get("model").map(|model| Arc::from(*model)));
            }
            120 => response.gone(refusal(120)),
            202 => {
                health::slot(block, response);
                response.answered(Question::Slot);
            }
            205 => {
                self.clips = Some(block.clips());
                response.answered(Question::Clips);
            }
            208 => {
                self.transport(block, response);
                response.answered(Question::Transport);
            }
            210 => {
                health::remote(block, response);
                response.answered(Question::Remote);
            }
            502 => {
                health::slot(block, response);
                response.ask(Question::Clips);
            }
            508 => self.transport(block, response),
            510 => health::remote(block, response),
            100..200 => response.no(Of::Oldest, refusal(block.code)),
            200..300 => {
                response.answered(Question::Notify);
                response.yes(Of::Oldest);
            }
            _ => {}
        }
    }

    /// The deck's words about its transport; a notice has only what changed.
    fn transport(&mut self, block: &Block, response: &mut Response<Question>) {
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
        let player = Transport { clip: self.clip_name(), looping: self.looping, playing: is_playing(&self.status) };
        let words = [
            (self.player, Value::Transport(player)),
            (self.record, Value::Switch(self.status == "record")),
            (self.preview, Value::Switch(self.status == "preview")),
        ];
        for (prop, value) in words {
            if let Some(prop) = prop {
                response.told(Question::Transport, prop, value);
            }
        }
    }

    /// The clip that stands on the timeline; a deck that does not tell its clips has them by their numbers.
    fn clip_name(&self) -> Option<Arc<str>> {
        match &self.clips {
            Some(clips) => clips.iter().find(|(id, _)| *id == self.clip).map(|(_, name)| Arc::clone(name)),
            None => (self.clip > 0).then(|| self.clip.to_string().into()),
        }
    }

    fn clip_id(&self, name: &str) -> Result<u32, String> {
        let Some(clips) = &self.clips else {
            return name
                .parse()
                .map_err(|_| format!("the deck does not tell its clips: name \"{name}\" in the patch by its number on the timeline"));
        };
        let id = clips.iter().find(|(_, clip)| **clip == *name).map(|(id, _)| *id);
        id.ok_or_else(|| format!("the deck has no clip \"{name}\": check the disk and the name in the patch"))
    }

    /// The lines that make a value true; none: it is so.
    fn lines(&self, prop: PropIx, value: &Value, device: &View<'_>) -> Result<Vec<String>, String> {
        let is_on = |prop: Option<PropIx>| prop.and_then(|prop| device.expected(prop)) == Some(&Value::Switch(true));
        let plays = match self.player.and_then(|prop| device.expected(prop)) {
            Some(Value::Transport(player)) => player.playing,
            _ => is_playing(&self.status),
        };
        let records = is_on(self.record) || (self.record.is_none() && self.status == "record");
        match value {
            Value::Switch(on) if Some(prop) == self.record => match (*on, records) {
                (true, false) if plays => Err("the deck plays: stop it before it records".into()),
                (true, false) => Ok(vec!["record".to_owned()]),
                // "stop" would stop a player too.
                (false, true) => Ok(vec!["stop".to_owned()]),
                _ => Ok(vec![]),
            },
            Value::Switch(on) if Some(prop) == self.preview => match (*on, is_on(self.preview)) {
                _ if records => Err("the deck records, and shows its input already: end the recording first".into()),
                (true, false) if plays => Err("the deck plays: stop it before it shows its input".into()),
                (on, shows) if on != shows => Ok(vec![format!("preview: enable: {on}")]),
                _ => Ok(vec![]),
            },
            _ if records => Err("the deck records: end the recording first".into()),
            Value::Text(place) if Some(prop) == self.goto => Ok(vec![goto(place)?]),
            Value::Transport(wanted) if Some(prop) == self.player => {
                let clip = wanted.clip.as_deref().map(|clip| self.clip_id(clip)).transpose()?;
                let cue = clip.map(|id| format!("goto: clip id: {id}"));
                let stop = (!wanted.playing).then(|| "stop".to_owned());
                let play = wanted.playing.then(|| play(wanted.looping));
                Ok([stop, cue, play].into_iter().flatten().collect())
            }
            _ => Err(format!("a HyperDeck cannot be set to {value}")),
        }
    }
}

fn play(looping: bool) -> String {
    format!("play: speed: 100 loop: {looping} single clip: true")
}

/// The line that goes to a place: of the timeline, of the clip, or a timecode.
fn goto(place: &str) -> Result<String, String> {
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    match place {
        "start" | "end" => Ok(format!("goto: timeline: {place}")),
        "clip start" => Ok("goto: clip: start".into()),
        "clip end" => Ok("goto: clip: end".into()),
        _ if place.split([':', ';']).count() == 4 && place.split([':', ';']).all(digits) => Ok(format!("goto: timecode: {place}")),
        _ => Err(format!("\"{place}\" is no place on a deck (start, end, clip start, clip end, or a timecode as 01:00:10:00)")),
    }
}

fn is_playing(status: &str) -> bool {
    matches!(status, "play" | "forward" | "rewind" | "shuttle" | "jog")
}

fn line(text: &str) -> Vec<u8> {
    format!("{text}\r\n").into_bytes()
}

impl Protocol for Deck {
    type Question = Question;

    fn habits(&self) -> Habits {
        Habits {
            in_turn: true,
            // Answers have no numbers: after a lost one nothing could be told apart.
            silences_max: 1,
            reopens: true,
            settles: SETTLES,
            ask_again: ASK_AGAIN,
            no_greeting: "connected, but it does not greet as a HyperDeck does: check address and port",
            ..Habits::default()
        }
    }

    fn wire_up(&mut self, _: Mono, _: WireId, _: &mut Response<Question>) {
        self.blocks = Blocks::default();
    }

    fn decode(&mut self, now: Mono, _: WireId, payload: Payload<'_>, device: &View<'_>, response: &mut Response<Question>) {
        if let Payload::Chunk(bytes) | Payload::Datagram(bytes) = payload {
            for block in self.blocks.push(bytes) {
                self.block(now, &block, device.live, response);
            }
        }
    }

    fn tick(&mut self, now: Mono, device: &View<'_>, response: &mut Response<Question>) {
        if device.live && now >= self.poll_at {
            self.poll_at = now + POLL_EVERY;
            response.ask(Question::Slot);
            response.ask(Question::Transport);
        }
    }

    fn next_due(&self, live: bool) -> Option<Mono> {
        live.then_some(self.poll_at)
    }

    fn forget(&mut self) {
        (self.clips, self.clip, self.looping) = (Some(vec![]), 0, false);
        self.status.clear();
    }

    fn questions(&self) -> Vec<Question> {
        Question::ALL.to_vec()
    }

    fn ask(&mut self, question: Question, messages: &mut Messages) {
        messages.push(WIRE, line(question.line()));
    }

    fn name_of(&self, question: Question) -> String {
        format!("\"{}\"", question.line())
    }

    /// What it does not know it is not asked again.
    fn unanswered(&mut self, question: Question, _: Option<&str>, response: &mut Response<Question>) -> bool {
        if question == Question::Clips {
            self.clips = None;
            response.health("clips", Level::Notice, "the deck does not tell its clips: name them in the patch by their numbers");
        }
        question == Question::Transport
    }

    fn proof(&self, prop: PropIx) -> Option<Question> {
        (Some(prop) != self.goto).then_some(Question::Transport)
    }

    /// A stop keeps clip and loop, a play without a clip plays the one that is there.
    fn held(&self, want: &Want<'_>, device: &View<'_>) -> Option<Value> {
        let wanted = match want.what {
            What::Value { value: Value::Transport(wanted), .. } => wanted.clone(),
            What::Value { value, .. } => return Some(value.clone()),
            What::Pause | What::Resume => Transport { clip: None, looping: self.looping, playing: matches!(want.what, What::Resume) },
        };
        let Some(Value::Transport(known)) = device.known(want.prop) else { return Some(Value::Transport(wanted)) };
        let looping = if wanted.playing { wanted.looping } else { known.looping };
        Some(Value::Transport(Transport { clip: wanted.clip.or_else(|| known.clip.clone()), looping, playing: wanted.playing }))
    }

    fn encode(&mut self, _: Mono, want: &Want<'_>, device: &View<'_>, messages: &mut Messages) -> Result<(), Cannot> {
        let paused = |playing| Value::Transport(Transport { clip: None, looping: self.looping, playing });
        // A pause stays where it is: it goes to no clip's beginning.
        let lines = match want.what {
            What::Value { value, .. } => self.lines(want.prop, value, device)?,
            What::Pause => self.lines(want.prop, &paused(false), device)?,
            What::Resume => self.lines(want.prop, &paused(true), device)?,
        };
        lines.iter().for_each(|text| messages.push(WIRE, line(text)));
        Ok(())
    }
}
