//! Any MIDI device played back: the profile that says how to speak to it also says how it tells its state. Notes sound until they are ended.

use std::collections::BTreeSet;

use super::WIRE;
use super::codec::Parser;
use super::plan::{Item, ground, items};
use super::recent::Recent;
use super::template::Ground;
use crate::devices::{Out, Payload, Plan, Simulator, WireEvent};
use crate::show::{Db, Transport, Value, ValueKind};
use crate::time::Mono;

/// A simulated device.
pub struct Player {
    ground: Ground,
    items: Vec<Item>,
    known: Vec<Value>,
    parser: Parser,
    recent: Recent,
    /// Channel and number of notes that sound.
    sounding: BTreeSet<(u8, u8)>,
}

impl Player {
    /// The device that a show's device stands for.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let items = items(plan);
        let known = items.iter().map(|item| at_rest(&item.kind)).collect();
        let (parser, recent) = (Parser::default(), Recent::default());
        Self { ground: ground(plan), items, known, parser, recent, sounding: BTreeSet::new() }
    }

    /// Notes that sound now: channel from 0 and number.
    #[must_use]
    pub const fn sounding(&self) -> &BTreeSet<(u8, u8)> {
        &self.sounding
    }

    /// Tells a property by the first message that can.
    fn tell(&self, at: usize, out: &mut Out) {
        let (Some(item), Some(value)) = (self.items.get(at), self.known.get(at)) else { return };
        let told = item.wiring.observes.iter().find_map(|observe| observe.render(&item.holes, Some(value), &self.ground));
        if let Some(bytes) = told {
            out.send(WIRE, bytes);
        }
    }

    fn take(&mut self, message: &[u8], out: &mut Out) {
        match message {
            [status @ 0x90..=0x9F, note, 1..=0x7F] => drop(self.sounding.insert((status & 0x0F, *note))),
            [status @ 0x80..=0x9F, note, _] => drop(self.sounding.remove(&(status & 0x0F, *note))),
            _ => {}
        }
        self.recent.push(message);
        let mut used = false;
        for at in 0..self.items.len() {
            let Some(item) = self.items.get(at) else { continue };
            let is = |template: Option<&super::template::Template>| {
                template.and_then(|template| self.recent.read(template, item, &self.ground)).is_some()
            };
            let asked = is(item.wiring.get.as_ref());
            let paused = is(item.wiring.pause.as_ref());
            let moved = paused || is(item.wiring.resume.as_ref());
            let new = item.wiring.sets.iter().find_map(|set| Some((set, self.recent.read(&set.bytes, item, &self.ground)?)));
            let new = new.and_then(|(set, value)| value.or_else(|| set.meaning()));
            let new = new.or_else(|| moved.then_some(Value::Transport(Transport { clip: None, looping: false, playing: !paused })));
            if let (Some(new), Some(known)) = (&new, self.known.get_mut(at)) {
                *known = new.clone();
            }
            if asked || new.is_some() {
                used = true;
                self.tell(at, out);
            }
        }
        if used {
            self.recent.clear();
        }
    }
}

/// What a device holds before anybody touched it.
fn at_rest(kind: &ValueKind) -> Value {
    match kind {
        ValueKind::Switch => Value::Switch(false),
        ValueKind::Int { min, .. } => Value::Int(*min),
        ValueKind::Level { min, max } => Value::Level(Db(0.clamp(*min, *max))),
        ValueKind::Decimal { min, .. } => Value::Decimal(*min),
        ValueKind::Text => Value::text(""),
        ValueKind::Choice(words) => words.first().cloned().map_or_else(|| Value::text(""), Value::Text),
        ValueKind::Transport => Value::Transport(Transport { clip: None, looping: false, playing: false }),
        ValueKind::Args => Value::Args([].into()),
    }
}

impl Simulator for Player {
    fn handle(&mut self, _now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Up(_) => self.parser.reset(),
            WireEvent::Data { payload: Payload::Midi(bytes) | Payload::Chunk(bytes) | Payload::Datagram(bytes), .. } => {
                let mut messages = vec![];
                self.parser.push(bytes, |message| messages.push(message.to_vec()));
                for message in messages {
                    self.take(&message, out);
                }
            }
            WireEvent::Data { .. } | WireEvent::Down(..) | WireEvent::SendFailed { .. } => {}
        }
    }

    fn tick(&mut self, _now: Mono, _out: &mut Out) {}

    fn next_due(&self) -> Option<Mono> {
        None
    }

    fn poke(&mut self, _now: Mono, path: &str, value: &Value, out: &mut Out) {
        if let Some(at) = self.items.iter().position(|item| *item.path == *path) {
            if let Some(known) = self.known.get_mut(at) {
                *known = value.clone();
            }
            self.tell(at, out);
        }
    }

    fn peek(&self, path: &str) -> Option<Value> {
        let at = self.items.iter().position(|item| *item.path == *path)?;
        self.known.get(at).cloned()
    }
}
