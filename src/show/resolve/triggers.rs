//! `[[trigger]]`: messages of MIDI and of Art-Net that act.

use std::net::IpAddr;
use std::ops::Range;

use super::Loader;
use crate::show::fault::{Fault, Faults};
use crate::show::fields::{Fields, Node, int_of};
use crate::show::{ListIx, TimeCode, Trigger, TriggerAct, TriggerMessage};

/// What a trigger can listen for.
const MESSAGES: [&str; 6] = ["note", "program", "control", "msc", "mmc", "timecode"];
/// What one by Art-Net can listen for; the first four are the kinds of anybody's keys, in the order of their numbers.
const ART_MESSAGES: [&str; 6] = ["ascii", "macro", "soft", "show", "oem", "timecode"];
/// The maker of anybody's keys.
const ANYBODY: u16 = 0xFFFF;
/// What it can do.
const ACTS: [&str; 9] = ["go", "go_to", "start", "standby", "hot", "stop", "pause", "resume", "obey"];

impl<'t> Loader<'t> {
    /// All triggers in file order.
    pub(super) fn triggers(&mut self, top: &mut Fields<'t, 't>) {
        for node in self.items(top, "trigger") {
            if let Some(trigger) = self.trigger(node) {
                if self.show.triggers.iter().any(|other| other.overlaps(&trigger)) {
                    let fault = Fault::rule("trigger", node.span(), "another trigger above listens for the same message");
                    self.faults.push(fault.help("give each message one meaning"));
                }
                self.show.triggers.push(trigger);
            }
        }
    }

    /// One trigger: `midi = { port = "nano", note = 60 }` or `artnet = { macro = 5 }`, and what it does.
    fn trigger(&mut self, node: &'t Node<'t>) -> Option<Trigger> {
        let mut fields = Fields::of(node, "a trigger", &mut self.faults)?;
        let message = match (fields.get("midi"), fields.get("artnet")) {
            (Some(midi), None) => self.midi(midi),
            (None, Some(artnet)) => self.artnet(artnet),
            (both, _) => {
                let what = if both.is_some() { "listens to MIDI and to Art-Net at once" } else { "does not say what it listens for" };
                let fault = Fault::rule("trigger", node.span(), format!("the trigger {what}"));
                self.faults.push(fault.help("write midi = { port = \"…\", note = 60 }, or artnet = { macro = 5 }"));
                None
            }
        };
        self.heard_where(message.as_ref(), node.span());
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

    /// What comes over the network is only heard where the show says so.
    fn heard_where(&mut self, message: Option<&(&str, TriggerMessage, Option<u8>)>, span: Range<usize>) {
        let remote = &self.show.remote;
        let (what, key, port) = match message {
            Some((_, TriggerMessage::ArtTrigger { .. } | TriggerMessage::ArtTimeCode(_), _)) if remote.artnet.is_none() => {
                ("listens to Art-Net, but the show does not say where it may be heard", "artnet", 6454)
            }
            Some((port, ..)) if Trigger::is_network(port) && remote.midi.is_none() => {
                ("listens to network MIDI, but nobody is let in", "midi", 5004)
            }
            _ => return,
        };
        let fault = Fault::rule("trigger", span, format!("the trigger {what}"));
        let help = format!("add {key} = \"127.0.0.1:{port}\" to [remote], or \"0.0.0.0:{port}\" for the whole network");
        self.faults.push(fault.help(help));
    }

    /// Sender and message of Art-Net; it has no channel.
    fn artnet(&mut self, node: &'t Node<'t>) -> Option<(&'t str, TriggerMessage, Option<u8>)> {
        let mut art = Fields::of(node, "artnet", &mut self.faults)?;
        let faults = &mut self.faults;
        let said: Vec<&str> = ART_MESSAGES.into_iter().filter(|key| art.has(key)).collect();
        let from_node = art.get("from");
        let from = art.text("from", faults).unwrap_or_default();
        if let Some(span) = from_node.map(toml::Spanned::span).filter(|_| !from.is_empty() && from.parse::<IpAddr>().is_err()) {
            faults.push(Fault::rule("address", span, format!("\"{from}\" is not a sender's address")).help("write it as \"192.168.10.9\""));
        }
        let byte = |n: i64| u8::try_from(n).ok();
        let kinds = ART_MESSAGES.into_iter().take(4).zip(0_u8..);
        let keys = kinds.filter_map(|(name, key)| {
            Some((key, if key == 0 { letter(&mut art, faults)? } else { art.int(name, 0..=255, faults).and_then(byte)? }))
        });
        let anybodys = keys.map(|(key, sub_key)| TriggerMessage::ArtTrigger { oem: ANYBODY, key, sub_key }).last();
        let oem = art.int("oem", 0..=0xFFFF, faults).and_then(|n| u16::try_from(n).ok());
        let (key, sub_key) = (art.int("key", 0..=255, faults).and_then(byte), art.int("sub_key", 0..=255, faults).and_then(byte));
        let own = oem.zip(key).map(|(oem, key)| TriggerMessage::ArtTrigger { oem, key, sub_key: sub_key.unwrap_or(0) });
        let time = time_code(&mut art, faults).map(TriggerMessage::ArtTimeCode);
        if said.len() != 1 {
            let fault = Fault::rule("trigger", node.span(), "a trigger by Art-Net listens for one thing: a key or a time");
            let help = "write ascii = \"g\", macro = 5, soft = 5, show = 5, oem = 0x2A10 with key = 1, or timecode = \"01:00:00:00\"";
            faults.push(fault.help(help));
        } else if art.has("oem") != art.has("key") || art.has("sub_key") && !art.has("oem") {
            let fault = Fault::rule("trigger", node.span(), "key and sub_key belong to a maker, and a maker has keys");
            faults.push(fault.help("write oem = 0x2A10, key = 1, sub_key = 0 together"));
        }
        art.finish(faults);
        let message = [anybodys, own, time].into_iter().flatten().next().filter(|_| said.len() == 1)?;
        Some((from, message, None))
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

/// `ascii = "g"`, or the number of a character.
fn letter(art: &mut Fields<'_, '_>, faults: &mut Faults) -> Option<u8> {
    let node = art.get("ascii")?;
    let value = node.get_ref();
    let one = value.as_str().and_then(|text| <[u8; 1]>::try_from(text.as_bytes()).ok()).map(|[byte]| byte);
    let number = one.or_else(|| int_of(value).and_then(|n| u8::try_from(n).ok()));
    if number.is_none() {
        faults.add(node.span(), "ascii is one character in quotes, or its number from 0 to 255");
    }
    number
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
