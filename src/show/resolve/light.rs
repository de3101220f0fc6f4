//! `light = { look = "keynote", fade = "3s" }`, and lights named one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use toml::de::DeValue;

use super::Loader;
use super::acts::Place;
use crate::show::fault::{Fault, nearest};
use crate::show::fields::{Fields, Node, text_of};
use crate::show::{Act, LightAct, Looks, ParamIx, Part, Rest, Timing};
use crate::time::Span;

/// Keys of `light` that are no names of fixtures, so no fixture, group or look may be called so.
pub(super) const RESERVED: [&str; 13] =
    ["look", "fade", "up", "down", "delay", "curve", "times", "spread", "rest", "release", "assert", "block", "mark"];

/// A change that is only a look: look, times, and whether the rest goes out.
pub(super) type PlainLook = (usize, Timing, bool);

impl<'t> Loader<'t> {
    /// Reads the verb.
    pub(super) fn light(&mut self, node: &'t Node<'t>, acts: &mut Vec<Act>) {
        let Some(mut fields) = Fields::of(node, "light", &mut self.faults) else { return };
        let look = fields.get("look").and_then(|node| self.look_named(node));
        let timing = self.timing(&mut fields, Timing::default());
        let times = self.times(&mut fields, timing);
        let rest = fields.word("rest", &["out", "keep"], &mut self.faults).map(|at| if at == 0 { Rest::Out } else { Rest::Keep });
        let named_look = fields.has("look");
        let rest = rest.unwrap_or(if named_look { self.look_rest() } else { Rest::Keep });
        let releases = fields.has("release");
        let release = fields.get("release").map(|node| self.release(node)).unwrap_or_default();
        let assert = fields.flag("assert", &mut self.faults).unwrap_or(false);
        let block = fields.flag("block", &mut self.faults).unwrap_or(false);
        let live = fields.flag("mark", &mut self.faults).map_or(self.show.live, |mark| !mark);
        let others = fields.rest();
        if !named_look && others.is_empty() && !releases && !assert {
            let fault = Fault::rule("no-light", node.span(), "light says which look, or which lights");
            self.faults.push(fault.help("write light = { look = \"…\" }, or light = { front = \"80%\" }"));
            return;
        }
        let plain = others.is_empty() && !releases && times.is_empty() && !assert && !block && live == self.show.live;
        if let (Some(look), true) = (look, plain) {
            self.plain_look(look, timing, rest, acts);
            return;
        }
        let mut values: BTreeMap<ParamIx, u32> = BTreeMap::new();
        let mut label: Vec<Arc<str>> = Vec::new();
        let (look_at, look) = (look, look.and_then(|at| self.rig.looks.get(at)).cloned());
        label.extend(look.as_ref().map(|look| Arc::clone(&look.key)));
        let mut parts: Vec<Part> = Vec::new();
        for (name, span, node) in others {
            let stranger = self.selections.find(name).is_none() && nearest(name, self.selections.known()).is_none();
            if let Some(meant) = stranger.then(|| nearest(name, RESERVED)).flatten() {
                let fault = Fault::rule("unknown-key", span, format!("light has no \"{name}\", and no light is called so"));
                self.faults.push(fault.help(format!("did you mean \"{meant}\"?")));
                continue;
            }
            if !times.is_empty() {
                parts.extend(self.parts_there(name));
            }
            label.push(self.keep(name));
            self.paint(name, span, node, &mut values);
        }
        if let Some(look) = look {
            let own = |ix: &ParamIx| look.needs.iter().all(|need| need.ix != *ix);
            let mut under: BTreeMap<ParamIx, u32> = look.values.iter().copied().filter(|(ix, _)| own(ix)).collect();
            self.give_way(&mut under, &values);
            under.append(&mut values);
            values = under;
        }
        let needs = self.switch(&node.span(), &mut values, &[]);
        let bare = if assert { "assert" } else { "release" };
        let label = if label.is_empty() { bare.to_owned() } else { label.join(", ") };
        let label = self.keep(&label);
        if let Some(own) = look_at.filter(|_| !times.is_empty()).and_then(|at| self.look_orders.get(at)) {
            let named: BTreeSet<u32> = parts.iter().map(|part| part.fixture).collect();
            parts.extend(own.iter().filter(|part| !named.contains(&part.fixture)));
        }
        let values = values.into_iter().collect();
        let mut act = LightAct { values, needs, release, rest, assert, block, live, label, ..with(timing) };
        self.give_times(&mut act, &times, &parts);
        acts.push(Act::Light(Arc::new(act)));
    }

    /// The look of `[safe]` and `[show.start]`: panic's own fade.
    pub(super) fn look_alone(&mut self, node: &'t Node<'t>, place: Place, acts: &mut Vec<Act>) {
        let Some(look) = self.look_named(node) else { return };
        let fade = if place == Place::Safe { self.show.panic_fade } else { Span::ZERO };
        let rest = self.look_rest();
        self.plain_look(look, Timing { up: fade, down: fade, ..Timing::default() }, rest, acts);
    }

    /// What a look does to lights that it does not name.
    fn look_rest(&self) -> Rest {
        if self.show.looks == Looks::Whole { Rest::Out } else { Rest::Keep }
    }

    /// A look and nothing else: one value for all cues that use it alike.
    fn plain_look(&mut self, at: usize, timing: Timing, rest: Rest, acts: &mut Vec<Act>) {
        let Some(look) = self.rig.looks.get(at) else { return };
        let live = self.show.live;
        let act = self.plain_looks.entry((at, timing, rest == Rest::Out)).or_insert_with(|| {
            let (values, needs, label) = (look.values.clone(), look.needs.clone(), Arc::clone(&look.key));
            Arc::new(LightAct { values, needs, rest, live, label, ..with(timing) })
        });
        acts.push(Act::Light(Arc::clone(act)));
    }

    /// The look of a name.
    fn look_named(&mut self, node: &Node<'_>) -> Option<usize> {
        let name = text_of(node, "look", &mut self.faults)?;
        let message = || format!("{} names the look \"{name}\", but the show has no such look", self.subject);
        self.looks.need(name, "unknown-look", node.span(), message, &mut self.faults)
    }

    /// `release = ["front", "spot1"]`: every parameter of these.
    fn release(&mut self, node: &'t Node<'t>) -> Vec<ParamIx> {
        let names: Vec<&'t Node<'t>> = match node.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![node],
        };
        let mut released = Vec::new();
        for node in names {
            let Some(name) = text_of(node, "release", &mut self.faults) else { continue };
            let message = format!("{} releases \"{name}\", but the show has no such fixture or group", self.subject);
            if let Some(parts) = self.parts_named(name, node.span(), || message) {
                released.extend(parts.iter().flat_map(|part| self.rig.params_of_part(*part)).map(|(ix, _)| ix));
            }
        }
        released.sort_unstable();
        released.dedup();
        released
    }
}

/// An act of these times that does nothing.
fn with(Timing { up, down, delay, curve }: Timing) -> LightAct {
    LightAct { up, down, delay, curve, ..LightAct::default() }
}
