//! `[[trigger]]`: MIDI messages that act.

use super::Loader;
use crate::show::fault::{Fault, Faults};
use crate::show::fields::{Fields, Node};
use crate::show::{ListIx, TimeCode, Trigger, TriggerAct, TriggerMessage};

/// What a trigger can listen for.
const MESSAGES: [&str; 6] = ["note", "program", "control", "msc", "mmc", "timecode"];
/// What it can do.
const ACTS: [&str; 9] = ["go", "go_to", "start", "standby", "hot", "stop", "pause", "resume", "obey"];

impl<'t> Loader<'t> {
    /// All triggers in file order.
    pub(super) fn triggers(&mut self, top: &mut Fields<'t, 't>) {
        for node in self.items(top, "trigger") {
            if let Some(trigger) = self.trigger(node) {
                let same = |other: &Trigger| {
                    other.message.overlaps(trigger.message)
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
        if let Some((port, ..)) = message
            && Trigger::is_network(port)
            && self.show.remote.midi.is_none()
        {
            let fault = Fault::rule("trigger", node.span(), "the trigger listens to network MIDI, but nobody is let in");
            self.faults.push(fault.help("add midi = \"127.0.0.1:5004\" to [remote], or \"0.0.0.0:5004\" for the whole network"));
        }
        let does = self.trigger_act(&mut fields, node);
        fields.finish(&mut self.faults);
        let ((port, message, channel), does) = (message?, does?);
        let told = matches!(message, TriggerMessage::ShowControl { .. } | TriggerMessage::MachineControl { .. });
        if told != matches!(does, TriggerAct::Obey(_)) {
            let message = if told { "show and machine control say themselves what to do" } else { "a single message says nothing to obey" };
            let help = if told { "write obey = true, or obey = \"list\"" } else { "write go = \"main\" or another action" };
            self.faults.push(Fault::rule("trigger", node.span(), message).help(help));
            return None;
        }
        Some(Trigger { port: port.into(), message, channel, does })
    }

    /// Port, message and channel.
    fn midi(&mut self, node: &'t Node<'t>) -> Option<(&'t str, TriggerMessage, Option<u8>)> {
        let mut midi = Fields::of(node, "midi", &mut self.faults)?;
        let faults = &mut self.faults;
        let byte = |n: i64| u8::try_from(n).ok();
        let port = midi.need_text("port", faults);
        let said = MESSAGES.into_iter().filter(|key| midi.has(key)).count();
        let note = midi.int("note", 0..=127, faults).and_then(byte).map(TriggerMessage::Note);
        let program = midi.int("program", 0..=127, faults).and_then(byte).map(TriggerMessage::Program);
        let channel = midi.int("channel", 1..=16, faults).and_then(byte);
        let at_least = midi.int("at_least", 1..=127, faults).and_then(byte).unwrap_or(64);
        let control = midi.int("control", 0..=127, faults).and_then(byte).map(|number| TriggerMessage::Control { number, at_least });
        let format = midi.int("format", 1..=126, faults).and_then(byte);
        let msc = device(&mut midi, "msc", faults).map(|device| TriggerMessage::ShowControl { device, format });
        let mmc = device(&mut midi, "mmc", faults).map(|device| TriggerMessage::MachineControl { device });
        let time = time_code(&mut midi, faults).map(TriggerMessage::TimeCode);
        if said != 1 {
            let message =
                "a trigger listens for one thing: a note, a program change, a controller, show control, machine control or a time";
            let help =
                "write note = 60, program = 5, control = 64 (all count from 0), msc = true, mmc = true or timecode = \"01:00:00:00\"";
            faults.push(Fault::rule("trigger", node.span(), message).help(help));
        }
        for (key, owners, help) in [
            ("at_least", &["control"][..], "it is the value of a controller: control = 64, at_least = 100"),
            ("format", &["msc"], "it is a command format of show control: msc = true, format = 16"),
            ("channel", &["note", "program", "control"], "only notes, program changes and controllers have a channel"),
        ] {
            if said == 1 && midi.has(key) && !owners.iter().any(|owner| midi.has(owner)) {
                faults.push(Fault::rule("trigger", node.span(), format!("{key} says nothing here")).help(help));
            }
        }
        midi.finish(faults);
        Some((port?, [note, program, control, msc, mmc, time].into_iter().flatten().next()?, channel))
    }

    /// `go = "main"`, `start = "12"`, `hot = "F5"`, `stop = true` and so on.
    fn trigger_act(&mut self, fields: &mut Fields<'t, 't>, node: &Node<'_>) -> Option<TriggerAct> {
        let who = "a trigger";
        let said: Vec<&'static str> = ACTS.into_iter().filter(|key| fields.has(key)).collect();
        let [key] = said[..] else {
            for key in said {
                fields.get(key);
            }
            let fault = Fault::rule("trigger", node.span(), "a trigger does one thing");
            let help = "write go = \"main\", go_to = \"12\", start = \"12\", standby = \"12\", hot = \"F5\", stop = true, pause = true or resume = true";
            self.faults.push(fault.help(help));
            return None;
        };
        let value = fields.get(key)?;
        let at = value.span();
        if matches!(key, "stop" | "pause" | "resume") {
            fields.flag(key, &mut self.faults)?;
            return Some(match key {
                "stop" => TriggerAct::Stop,
                "pause" => TriggerAct::Pause,
                _ => TriggerAct::Resume,
            });
        }
        let whole = value.get_ref().as_bool() == Some(true);
        match key {
            "go" if whole => return Some(TriggerAct::Go(ListIx(0))),
            "obey" if whole => return Some(TriggerAct::Obey(None)),
            _ => {}
        }
        let text = fields.text(key, &mut self.faults)?;
        match key {
            "go" => self.need_list(text, at, who).map(TriggerAct::Go),
            "obey" => self.need_list(text, at, who).map(|list| TriggerAct::Obey(Some(list))),
            "go_to" => self.need_cue(text, at, who).map(TriggerAct::GoTo),
            "standby" => self.need_cue(text, at, who).map(TriggerAct::Standby),
            "start" => self.need_cue(text, at, who).map(TriggerAct::Start),
            _ => self.need_hot(text, at, who).map(TriggerAct::Hot),
        }
    }
}

/// `msc = true`, or the number of the device that is spoken to.
fn device(midi: &mut Fields<'_, '_>, key: &'static str, faults: &mut Faults) -> Option<Option<u8>> {
    if midi.get(key)?.get_ref().as_bool() == Some(true) {
        return Some(None);
    }
    midi.int(key, 0..=126, faults).and_then(|number| u8::try_from(number).ok()).map(Some)
}

/// `timecode = "01:00:00:00"`.
fn time_code(midi: &mut Fields<'_, '_>, faults: &mut Faults) -> Option<TimeCode> {
    let span = midi.get("timecode")?.span();
    let text = midi.text("timecode", faults)?;
    let time = TimeCode::parse(text);
    if time.is_none() {
        let fault = Fault::new(span, format!("\"{text}\" is no time code"));
        faults.push(fault.help("write hours, minutes, seconds and frames: \"01:00:00:00\""));
    }
    time
}
