//! One verb of a step, rung, `[safe]` or `[show.start]`: what the house does itself, and the way to the devices.

use std::ops::Range;

use toml::de::DeValue;

use super::Loader;
use crate::show::fault::Fault;
use crate::show::fields::{Fields, Node, text_of};
use crate::show::profile_text::{DEVICE_VERBS, is_device_verb};
use crate::show::{Act, CueIx, CueVerb, HotIx, Keeping, ListIx, Target};

/// Where an act stands: what is allowed differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A step of a cue.
    Step,
    /// A rung of a step's `else`.
    Else,
    /// `[safe]`.
    Safe,
    /// `[show.start]`.
    Start,
    /// A hot cue; `confirmed` when a second key confirms it.
    Hot {
        /// It has `confirm = true`.
        confirmed: bool,
    },
    /// A macro: judged where it is used.
    Macro,
}

/// Verbs that the house does without a device.
const HOUSE_VERBS: [&str; 5] = ["light", "effect", "cue", "tell", "macro"];

/// What a cue can be told, and how the file says it.
const CUE_VERBS: [(&str, CueVerb); 8] = [
    ("start", CueVerb::Start),
    ("stop", CueVerb::Stop),
    ("go", CueVerb::Go),
    ("pause", CueVerb::Pause),
    ("resume", CueVerb::Resume),
    ("arm", CueVerb::Arm),
    ("disarm", CueVerb::Disarm),
    ("standby", CueVerb::Standby),
];

/// Every verb that a step may have.
pub(super) fn all_verbs() -> impl Iterator<Item = &'static str> {
    HOUSE_VERBS.iter().chain(DEVICE_VERBS).copied()
}

/// True for those.
pub(super) fn is_verb(word: &str) -> bool {
    HOUSE_VERBS.contains(&word) || is_device_verb(word)
}

impl<'t> Loader<'t> {
    /// Reads one verb and adds what it does.
    pub(super) fn verb(&mut self, verb: &'t str, span: Range<usize>, node: &'t Node<'t>, place: Place, acts: &mut Vec<Act>) {
        let first = acts.len();
        match verb {
            "light" => self.light(node, acts),
            "effect" if matches!(place, Place::Safe | Place::Start) => {
                let message = format!("{} sets lights, it has no effects", self.subject);
                self.faults.push(Fault::rule("misplaced", span.clone(), message).help("write light = { … }"));
            }
            "effect" => self.effect(node, acts),
            "cue" if matches!(place, Place::Safe | Place::Start) => {
                let message = format!("{} sets devices and lights, it does not run cues", self.subject);
                self.faults.push(Fault::rule("misplaced", span.clone(), message).help("list what should be sent"));
            }
            "cue" => self.cue_verb(node, acts),
            "tell" => {
                if let Some(text) = text_of(node, "tell", &mut self.faults) {
                    let text = self.keep(text);
                    acts.push(Act::Tell(text));
                }
            }
            "macro" => self.flat_macro(node, acts),
            verb if is_device_verb(verb) => self.device_verb(verb, span.clone(), node, acts),
            _ => {
                let message = format!("{} has no verb \"{verb}\"", self.subject);
                self.faults.unknown_as("unknown-key", span.clone(), message, verb, all_verbs());
            }
        }
        self.judge(acts.get(first..).unwrap_or_default(), span, place);
    }

    /// Guarded properties are sent only by the GO of a cue that names them, or by their own confirmed key.
    pub(super) fn judge(&mut self, acts: &[Act], span: Range<usize>, place: Place) {
        let help = match place {
            Place::Step | Place::Macro | Place::Hot { confirmed: true } => return,
            Place::Else => "a fallback may not do this by itself: use tell, and a cue of its own",
            Place::Safe => "panic may not do this: take it out",
            Place::Start => "make it the first cue, so that a GO sends it",
            Place::Hot { confirmed: false } => "add confirm = true, so that a second key confirms it",
        };
        for act in acts {
            let (Act::Want { prop, .. } | Act::Fade { prop, .. }) = act else { continue };
            let property = self.show.prop(*prop);
            if property.class == Keeping::Guarded {
                let device = &self.show.device(property.device).key;
                let message = format!(
                    "\"{}\" on {device} is guarded: only the GO of a cue that names it sends it, not {}",
                    property.label, self.subject
                );
                let place = if place == Place::Else { format!("{message}'s else") } else { message };
                self.faults.push(Fault::rule("guarded", span.clone(), place).help(help));
            }
        }
    }

    /// A macro where no time can pass: all its acts at once.
    fn flat_macro(&mut self, node: &'t Node<'t>, acts: &mut Vec<Act>) {
        let Some(steps) = self.macro_steps(node) else { return };
        for step in steps.iter() {
            if !step.after.is_zero() || step.fallback.is_some() {
                let message = "this macro has steps with after or else, which have no place here";
                self.faults.push(Fault::rule("misplaced", node.span(), message).help("use a macro without them, or list its acts"));
                return;
            }
        }
        acts.extend(steps.iter().flat_map(|step| step.acts.iter().cloned()));
    }

    /// `cue = { start = "12" }`.
    fn cue_verb(&mut self, node: &'t Node<'t>, acts: &mut Vec<Act>) {
        let Some(fields) = Fields::of(node, "cue", &mut self.faults) else { return };
        let entries = fields.rest();
        if entries.is_empty() {
            let fault = Fault::rule("value", node.span(), "cue says what to do with which cue");
            self.faults.push(fault.help("write cue = { start = \"12\" }, or stop, go, pause, resume, arm, disarm, standby"));
        }
        for (word, span, node) in entries {
            let Some((_, verb)) = CUE_VERBS.iter().find(|(known, _)| *known == word) else {
                let message = format!("{} can not {word} a cue", self.subject);
                self.faults.unknown_as("unknown-key", span, message, word, CUE_VERBS.iter().map(|(known, _)| *known));
                continue;
            };
            if let Some(name) = text_of(node, word, &mut self.faults)
                && let Some(target) = self.target(*verb, word, name, node.span())
            {
                acts.push(Act::Cue { verb: *verb, target });
            }
        }
    }

    /// Which cue, list or hot cue a verb is for.
    fn target(&mut self, verb: CueVerb, word: &str, name: &str, span: Range<usize>) -> Option<Target> {
        let (cues, hots, lists) = match verb {
            CueVerb::Go => (false, false, true),
            CueVerb::Start => (true, true, false),
            CueVerb::Arm | CueVerb::Disarm | CueVerb::Standby => (true, false, false),
            CueVerb::Stop | CueVerb::Pause | CueVerb::Resume => (true, true, true),
        };
        if let Some(found) = self.cues.find(name).filter(|_| cues) {
            return found.map(Target::Cue);
        }
        if let Some(found) = self.hots.find(name).filter(|_| hots) {
            return found.map(Target::Hot);
        }
        if let Some(found) = self.lists.find(name).filter(|_| lists) {
            return found.map(Target::List);
        }
        if name == "all" && lists && verb != CueVerb::Go {
            return Some(Target::All);
        }
        let what = match (cues, lists) {
            (true, true) => "cue, hot cue or list",
            (true, false) => "cue",
            _ => "list",
        };
        let message = format!("{} would {word} \"{name}\", but the show has no such {what}", self.subject);
        let known: Vec<&str> =
            [(cues, self.cues.known().collect::<Vec<_>>()), (hots, self.hots.known().collect()), (lists, self.lists.known().collect())]
                .into_iter()
                .filter(|(wanted, _)| *wanted)
                .flat_map(|(_, names)| names)
                .collect();
        self.faults.unknown_as("unknown-cue", span, message, name, known);
        None
    }

    /// The cue of a number, for what starts cues.
    pub(super) fn need_cue(&mut self, number: &str, span: Range<usize>, who: &str) -> Option<CueIx> {
        let message = || format!("{who} names the cue \"{number}\", but the show has no such cue");
        self.cues.need(number, "unknown-cue", span, message, &mut self.faults)
    }

    /// The list of a key.
    pub(super) fn need_list(&mut self, key: &str, span: Range<usize>, who: &str) -> Option<ListIx> {
        let message = || format!("{who} names the list \"{key}\", but the show has no such list");
        self.lists.need(key, "unknown-list", span, message, &mut self.faults)
    }

    /// The hot cue of a key.
    pub(super) fn need_hot(&mut self, key: &str, span: Range<usize>, who: &str) -> Option<HotIx> {
        let message = || format!("{who} names the hot cue \"{key}\", but the show has none on that key");
        self.hots.need(key, "unknown-hot", span, message, &mut self.faults)
    }
}

/// True for values that a verb may have: a table, or a text for those that take one.
pub(super) fn can_be_verb(node: &Node<'_>) -> bool {
    matches!(node.get_ref(), DeValue::Table(_) | DeValue::String(_))
}
