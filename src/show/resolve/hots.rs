//! `[[hot]]`: cues on a key, outside the lists.

use std::sync::Arc;

use super::acts::Place;
use super::{Loader, steps};
use crate::show::fault::Fault;
use crate::show::fields::{Fields, Node};
use crate::show::{Cue, CueIx, Hot, HotIx, ListIx};

/// Keys that a hot cue may have: every other key means something to the console.
const HOT_KEYS: [&str; 12] = ["F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12"];

impl<'t> Loader<'t> {
    /// Keys of all hot cues.
    pub(super) fn declare_hots(&mut self, top: &mut Fields<'t, 't>) {
        for (at, node) in self.items(top, "hot").into_iter().enumerate() {
            let key = node.get_ref().as_table().and_then(|table| table.get("key"));
            let Some((key, span)) = key.and_then(|key| Some((key.get_ref().as_str()?, key.span()))) else { continue };
            if self.hots.find(key).is_some() {
                let fault = Fault::rule("hot-key", span, format!("the key {key} has a hot cue already"));
                self.faults.push(fault.help("give each hot cue a key of its own"));
                continue;
            }
            if self.cues.find(key).is_some() {
                let message =
                    format!("\"{key}\" is the number of a cue and the key of a hot cue, and remote control could not tell them apart");
                self.faults.push(Fault::rule("hot-key", span, message).help("choose another key"));
            }
            self.hots.declare(key, u16::try_from(at).ok().map(HotIx));
        }
    }

    /// Every hot cue in file order, after all cues of lists.
    pub(super) fn read_hots(&mut self, top: &mut Fields<'t, 't>) {
        for node in self.items(top, "hot") {
            self.hot(node);
        }
    }

    /// One hot cue.
    fn hot(&mut self, node: &'t Node<'t>) {
        let Some(mut fields) = Fields::of(node, "a hot cue", &mut self.faults) else { return };
        let key_span = fields.get("key").map(toml::Spanned::span).unwrap_or_default();
        let key = fields.need_text("key", &mut self.faults).unwrap_or("?");
        if key != "?" && !HOT_KEYS.contains(&key) {
            let message = format!("a hot cue can not be on the key {key}");
            self.faults.push(Fault::rule("hot-key", key_span, message).help("use F1 to F12: the console keeps the others"));
        }
        self.subject = format!("hot cue {key}");
        let faults = &mut self.faults;
        let confirm = fields.flag("confirm", faults).unwrap_or(false);
        let sustain = fields.flag("sustain", faults).unwrap_or(false);
        let name: Arc<str> = fields.text("name", faults).unwrap_or(key).into();
        let notes = fields.text("notes", faults).map(Into::into);
        let id = fields.text("id", faults).map_or_else(|| format!("hot/{key}").into(), Into::into);
        let restore = fields.word("on_stop", &["leave", "restore"], faults) == Some(1);
        let placed = self.steps(fields.get("do"), Place::Hot { confirmed: confirm });
        let subject = self.subject.clone();
        steps::limit(&placed, &subject, &mut self.faults);
        self.fights(&placed);
        if !fields.has("do") {
            let message = format!("{subject} does nothing");
            self.faults.push(Fault::rule("missing", node.span(), message).help("add do = [{ … }]"));
        }
        fields.finish(&mut self.faults);
        let Ok(cue) = u32::try_from(self.show.cues.len()).map(CueIx) else { return };
        self.show.cues.push(Cue {
            id,
            number: key.into(),
            name: Arc::clone(&name),
            list: ListIx(0),
            parent: None,
            group: None,
            call: Vec::new(),
            standby: None,
            notes,
            at: None,
            start_at: None,
            planned: None,
            wait: crate::time::Span::ZERO,
            auto: None,
            armed: true,
            skip: false,
            quick: false,
            sustain,
            confirm,
            steps: placed.into_iter().map(|(step, _)| step).collect(),
            line: self.lines.line(node.span().start),
        });
        self.show.hots.push(Hot { key: key.into(), name, cue, restore });
    }
}
