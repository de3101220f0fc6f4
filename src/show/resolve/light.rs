//! `light = { look = "keynote", fade = "3s" }`, and lights named one by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::de::DeValue;

use super::Loader;
use super::acts::Place;
use crate::show::fault::Fault;
use crate::show::fields::{Fields, Node, text_of};
use crate::show::{Act, Curve, LightAct, Looks, ParamIx, Rest};
use crate::time::Span;

/// Keys of `light` that are no names of fixtures, so no fixture, group or look may be called so.
pub(super) const RESERVED: [&str; 8] = ["look", "fade", "up", "down", "delay", "curve", "rest", "release"];

/// A change that is only a look: look, up, down, delay, curve, rest.
pub(super) type PlainLook = (usize, Span, Span, Span, u8, bool);

impl<'t> Loader<'t> {
    /// Reads the verb.
    pub(super) fn light(&mut self, node: &'t Node<'t>, acts: &mut Vec<Act>) {
        let Some(mut fields) = Fields::of(node, "light", &mut self.faults) else { return };
        let look = fields.get("look").and_then(|node| self.look_named(node));
        let fade = self.span_of(&mut fields, "fade");
        let up = self.span_of(&mut fields, "up").or(fade).unwrap_or_default();
        let down = self.span_of(&mut fields, "down").or(fade).unwrap_or_default();
        let delay = self.span_of(&mut fields, "delay").unwrap_or_default();
        let curve = fields.get("curve").and_then(|node| self.curve(node)).unwrap_or_default();
        let rest = fields.word("rest", &["out", "keep"], &mut self.faults).map(|at| if at == 0 { Rest::Out } else { Rest::Keep });
        let named_look = fields.has("look");
        let rest = rest.unwrap_or(if named_look { self.look_rest() } else { Rest::Keep });
        let release = fields.get("release").map(|node| self.release(node)).unwrap_or_default();
        let others = fields.rest();
        if !named_look && others.is_empty() && release.is_empty() {
            let fault = Fault::rule("no-light", node.span(), "light says which look, or which lights");
            self.faults.push(fault.help("write light = { look = \"…\" }, or light = { front = \"80%\" }"));
            return;
        }
        if let (Some(look), true) = (look, others.is_empty() && release.is_empty()) {
            self.plain_look(look, (up, down, delay), curve, rest, acts);
            return;
        }
        let mut values: BTreeMap<ParamIx, u32> = BTreeMap::new();
        let mut label: Vec<Arc<str>> = Vec::new();
        if let Some(look) = look.and_then(|at| self.rig.looks.get(at)) {
            values.extend(look.values.iter().copied());
            label.push(Arc::clone(&look.key));
        }
        for (name, span, node) in others {
            label.push(self.keep(name));
            self.paint(name, span, node, &mut values);
        }
        let label = if label.is_empty() { "release".to_owned() } else { label.join(", ") };
        let label = self.keep(&label);
        let values = values.into_iter().collect();
        acts.push(Act::Light(Arc::new(LightAct { values, release, up, down, delay, curve, rest, label })));
    }

    /// The look of `[safe]` and `[show.start]`: panic's own fade.
    pub(super) fn look_alone(&mut self, node: &'t Node<'t>, place: Place, acts: &mut Vec<Act>) {
        let Some(look) = self.look_named(node) else { return };
        let fade = if place == Place::Safe { self.show.panic_fade } else { Span::ZERO };
        let rest = self.look_rest();
        self.plain_look(look, (fade, fade, Span::ZERO), Curve::default(), rest, acts);
    }

    /// What a look does to lights that it does not name.
    fn look_rest(&self) -> Rest {
        if self.show.looks == Looks::Whole { Rest::Out } else { Rest::Keep }
    }

    /// A look and nothing else: one value for all cues that use it alike.
    fn plain_look(&mut self, at: usize, (up, down, delay): (Span, Span, Span), curve: Curve, rest: Rest, acts: &mut Vec<Act>) {
        let Some(look) = self.rig.looks.get(at) else { return };
        let key: PlainLook = (at, up, down, delay, curve as u8, rest == Rest::Out);
        let act = self.plain_looks.entry(key).or_insert_with(|| {
            let (values, label) = (look.values.clone(), Arc::clone(&look.key));
            Arc::new(LightAct { values, release: Vec::new(), up, down, delay, curve, rest, label })
        });
        acts.push(Act::Light(Arc::clone(act)));
    }

    /// The look of a name.
    fn look_named(&mut self, node: &Node<'_>) -> Option<usize> {
        let name = text_of(node, "look", &mut self.faults)?;
        let message = || format!("{} names the look \"{name}\", but the show has no such look", self.subject);
        self.looks.need(name, "unknown-look", node.span(), message, &mut self.faults)
    }

    /// A duration of `light`.
    fn span_of(&mut self, fields: &mut Fields<'t, 't>, key: &'static str) -> Option<Span> {
        let node = fields.get(key)?;
        self.duration(node, key)
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
