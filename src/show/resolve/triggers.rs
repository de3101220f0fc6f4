//! `[[trigger]]`: MIDI messages that act.

use super::Loader;
use crate::show::fault::Fault;
use crate::show::fields::{Fields, Node};
use crate::show::{ListIx, Trigger, TriggerAct, TriggerMessage};

impl<'t> Loader<'t> {
    /// All triggers in file order.
    pub(super) fn triggers(&mut self, top: &mut Fields<'t, 't>) {
        for node in self.items(top, "trigger") {
            if let Some(trigger) = self.trigger(node) {
                let same = |other: &Trigger| {
                    other.message == trigger.message
                        && (other.port.contains(&*trigger.port) || trigger.port.contains(&*other.port))
                        && (other.channel.is_none() || trigger.channel.is_none() || other.channel == trigger.channel)
                };
                if self.show.triggers.iter().any(same) {
                    let fault = Fault::rule("trigger", node.span(), "another trigger above listens for the same message");
                    self.faults.push(fault.help("give each message one meaning"));
                }
                self.show.triggers.push(trigger);
            }
        }
    }

    /// One trigger: `midi = { port = "nano", note = 60 }` and what it does.
    fn trigger(&mut self, node: &'t Node<'t>) -> Option<Trigger> {
        let mut fields = Fields::of(node, "a trigger", &mut self.faults)?;
        let midi = fields.get("midi");
        if midi.is_none() {
            let fault = Fault::rule("trigger", node.span(), "the trigger does not say what it listens for");
            self.faults.push(fault.help("add midi = { port = \"…\", note = 60 }"));
        }
        let message = midi.and_then(|midi| self.midi(midi));
        let does = self.trigger_act(&mut fields, node);
        fields.finish(&mut self.faults);
        let (port, message, channel) = message?;
        Some(Trigger { port: port.into(), message, channel, does: does? })
    }

    /// Port, message and channel.
    fn midi(&mut self, node: &'t Node<'t>) -> Option<(&'t str, TriggerMessage, Option<u8>)> {
        let mut midi = Fields::of(node, "midi", &mut self.faults)?;
        let faults = &mut self.faults;
        let byte = |n: i64| u8::try_from(n).ok();
        let port = midi.need_text("port", faults);
        let note = midi.int("note", 0..=127, faults).and_then(byte).map(TriggerMessage::Note);
        let program = midi.int("program", 0..=127, faults).and_then(byte).map(TriggerMessage::Program);
        let channel = midi.int("channel", 1..=16, faults).and_then(byte);
        let at_least = midi.int("at_least", 1..=127, faults).and_then(byte).unwrap_or(64);
        let control = midi.int("control", 0..=127, faults).and_then(byte).map(|number| TriggerMessage::Control { number, at_least });
        if ["note", "program", "control"].into_iter().filter(|key| midi.has(key)).count() != 1 {
            let fault = Fault::rule("trigger", node.span(), "a trigger listens for one note, one program change or one controller");
            faults.push(fault.help("write note = 60, program = 5 or control = 64 (all count from 0)"));
        } else if midi.has("at_least") && !midi.has("control") {
            let fault = Fault::rule("trigger", node.span(), "at_least is the value of a controller, and the trigger listens for none");
            faults.push(fault.help("write control = 64, at_least = 100, or leave at_least out"));
        }
        midi.finish(faults);
        Some((port?, note.or(program).or(control)?, channel))
    }

    /// `go = "main"`, `start = "12"`, `hot = "F5"` or `stop = true`.
    fn trigger_act(&mut self, fields: &mut Fields<'t, 't>, node: &Node<'_>) -> Option<TriggerAct> {
        let who = "a trigger";
        let span = |node: Option<&Node<'_>>| node.map(toml::Spanned::span).unwrap_or_default();
        let mut does = Vec::new();
        let mut said = 0;
        if let Some(go) = fields.get("go") {
            said += 1;
            does.extend(match go.get_ref().as_bool() {
                Some(true) => Some(TriggerAct::Go(ListIx(0))),
                _ => fields.text("go", &mut self.faults).and_then(|key| self.need_list(key, go.span(), who)).map(TriggerAct::Go),
            });
        }
        let at = span(fields.get("start"));
        if fields.has("start") {
            said += 1;
            does.extend(fields.text("start", &mut self.faults).and_then(|cue| self.need_cue(cue, at, who)).map(TriggerAct::Start));
        }
        let at = span(fields.get("hot"));
        if fields.has("hot") {
            said += 1;
            does.extend(fields.text("hot", &mut self.faults).and_then(|key| self.need_hot(key, at, who)).map(TriggerAct::Hot));
        }
        if fields.flag("stop", &mut self.faults).is_some() {
            said += 1;
            does.push(TriggerAct::Stop);
        }
        if said != 1 {
            let fault = Fault::rule("trigger", node.span(), "a trigger does one thing");
            self.faults.push(fault.help("write go = \"main\", start = \"12\", hot = \"F5\" or stop = true"));
            return None;
        }
        does.pop()
    }
}
