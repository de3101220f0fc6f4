//! Any templated device played back: the profile that says how to speak to it also says how it answers.

use std::net::SocketAddr;

use rosc::{OscMessage, OscType};

use super::observe::heard;
use super::plan::{Facts, Item, items, own_holes};
use super::template::Holes;
use super::{WIRE, packet};
use crate::devices::holes::at_rest;
use crate::devices::{Out, Payload, Plan, Simulator, WireEvent};
use crate::show::{Transport, Value};
use crate::time::Mono;

/// A simulated device.
pub struct Player {
    facts: Facts,
    items: Vec<Item>,
    /// Who hears of changes: whoever spoke last.
    peer: Option<SocketAddr>,
}

impl Player {
    /// The device that a show's device stands for.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let mut items = items(plan);
        for item in &mut items {
            item.known = Some(at_rest(&item.kind));
        }
        Self { facts: Facts::read(&plan.device().profile, &own_holes(plan)).unwrap_or_default(), items, peer: None }
    }

    fn say(&self, address: &str, args: Vec<OscType>, out: &mut Out) {
        packet::send(out, WIRE, self.peer, address, args);
    }

    /// Tells a property by every pattern that can.
    fn tell(&self, at: usize, out: &mut Out) {
        let Some(item) = self.items.get(at) else { return };
        let Some(value) = &item.known else { return };
        for observe in &item.wiring.observes {
            if let Some((address, args)) = observe.tell(value, self.facts.off) {
                self.say(&address, args, out);
            }
        }
    }

    fn take(&mut self, message: &OscMessage, out: &mut Out) {
        let (address, args) = (message.addr.as_str(), message.args.as_slice());
        let none = Holes::new();
        let is = |template: Option<&super::template::Template>| {
            template.and_then(|t| t.render(&none, 0.0)).is_some_and(|(own, own_args)| own == address && own_args.len() == args.len())
        };
        // A profile may ping with a question for one of its properties: the property then answers.
        if is(self.facts.ping.as_ref())
            && !self.items.iter().any(|item| is(item.wiring.get.as_ref()))
            && let Some((address, args)) = self.facts.pong.as_ref().and_then(|pong| pong.tell(&Value::text("1.0"), self.facts.off))
        {
            self.say(&address, args, out);
            return;
        }
        let mut known = self.facts.hello.iter().any(|hello| is(Some(hello)));
        for at in 0..self.items.len() {
            let Some(item) = self.items.get_mut(at) else { continue };
            if is(item.wiring.get.as_ref()) {
                known = true;
                self.tell(at, out);
                continue;
            }
            let paused = is(item.wiring.pause.as_ref());
            let mut new = None;
            if paused || is(item.wiring.resume.as_ref()) {
                new = match &item.known {
                    Some(Value::Transport(player)) => Some(Value::Transport(Transport { playing: !paused, ..player.clone() })),
                    other => other.clone(),
                };
            }
            let hears = |set| heard(set, address, args, &item.kind, item.known.as_ref(), self.facts.off);
            let new = new.or_else(|| item.wiring.sets.iter().find_map(hears));
            if let Some(new) = new {
                known = true;
                item.known = Some(new);
                self.tell(at, out);
            }
        }
        if let Some(prefix) = &self.facts.reply {
            let status = if known { "ok" } else { "error" };
            let json = serde_json::json!({ "address": address, "status": status }).to_string();
            self.say(&format!("{prefix}{address}"), vec![OscType::String(json)], out);
        }
    }
}

impl Simulator for Player {
    fn handle(&mut self, _now: Mono, event: WireEvent<'_>, out: &mut Out) {
        if let WireEvent::Data { from, payload: Payload::Datagram(bytes), .. } = event {
            self.peer = from;
            packet::decode(bytes, |message| self.take(&message, out));
        }
    }

    fn tick(&mut self, _now: Mono, _out: &mut Out) {}

    fn next_due(&self) -> Option<Mono> {
        None
    }

    fn poke(&mut self, _now: Mono, path: &str, value: &Value, out: &mut Out) {
        if let Some(at) = self.items.iter().position(|item| *item.path == *path) {
            if let Some(item) = self.items.get_mut(at) {
                item.known = Some(value.clone());
            }
            self.tell(at, out);
        }
    }

    fn peek(&self, path: &str) -> Option<Value> {
        self.items.iter().find(|item| *item.path == *path).and_then(|item| item.known.clone())
    }
}
