//! Steps of cues, hot cues and macros: the step's own keys, then exactly one verb.

use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::Loader;
use super::acts::{Place, all_verbs, can_be_verb, is_verb};
use crate::show::fault::{Fault, Faults};
use crate::show::fields::{Fields, Node, in_file_order, kind_of, text_of};
use crate::show::{Act, Fallback, Step};
use crate::time::Span;

/// Keys that every step may have beside its verb.
const OWN: [&str; 3] = ["after", "else", "else_before"];

/// A macro may use macros this deep.
const MACRO_DEPTH: usize = 16;

/// A step and where it stands.
pub(super) type Placed = (Step, Range<usize>);

impl<'t> Loader<'t> {
    /// The steps of a `do` list; a macro in it gives all its steps.
    pub(super) fn steps(&mut self, node: Option<&'t Node<'t>>, place: Place) -> Vec<Placed> {
        let Some(node) = node else { return Vec::new() };
        let DeValue::Array(items) = node.get_ref() else {
            let message = format!("do is a list of steps, not {}", kind_of(node.get_ref()));
            self.faults.push(Fault::rule("value", node.span(), message).help("write [[cue.do]], or do = [{ … }]"));
            return Vec::new();
        };
        let mut steps = Vec::with_capacity(items.len());
        for item in items.iter() {
            self.step(item, place, &mut steps);
        }
        steps
    }

    /// One step.
    fn step(&mut self, node: &'t Node<'t>, place: Place, steps: &mut Vec<Placed>) {
        let DeValue::Table(table) = node.get_ref() else {
            let message = format!("a step is a table with one verb, not {}", kind_of(node.get_ref()));
            self.faults.push(Fault::rule("value", node.span(), message).help("write { take = { on = \"…\", … } }"));
            return;
        };
        let after = self.after(table);
        let else_before = table.get("else_before").and_then(|node| self.duration(node, "else_before"));
        if let (Some(before), None) = (table.get("else_before"), table.get("else")) {
            self.faults.push(Fault::rule("else", before.span(), "else_before has nothing to hold back").help("add else = [{ … }]"));
        }
        let ladder = table.get("else").map(|node| self.ladder(node)).unwrap_or_default();
        let Some((verb, span, value)) = self.one_verb(table, node.span(), &OWN) else { return };
        let line = self.line(&span);
        let place_span = node.span().start..value.span().end;
        if verb == "macro" {
            self.macro_in_step(value, after, !ladder.is_empty(), line, place, steps);
            return;
        }
        let mut acts = Vec::with_capacity(1);
        self.verb(verb, span, value, place, &mut acts);
        let fallback = (!ladder.is_empty()).then(|| Box::new(Fallback { ladder, else_before }));
        steps.push((Step { after, acts: acts.into(), fallback, line }, place_span));
    }

    /// When a step is due.
    fn after(&mut self, table: &'t DeTable<'t>) -> Span {
        let Some(node) = table.get("after") else { return Span::ZERO };
        if let Some(text) = node.get_ref().as_str()
            && text.trim_start().starts_with('-')
        {
            let message = format!("the step is due {text} after its cue, which is before the GO");
            self.faults.push(
                Fault::rule("before-zero", node.span(), message)
                    .help("after counts from the start of the cue: give the other steps more time instead"),
            );
            return Span::ZERO;
        }
        self.duration(node, "after").unwrap_or_default()
    }

    /// The one verb of a table that may have other keys too.
    fn one_verb(&mut self, table: &'t DeTable<'t>, whole: Range<usize>, own: &[&str]) -> Option<(&'t str, Range<usize>, &'t Node<'t>)> {
        // Nearly all steps are right: no list of what is in them is made.
        let mut others = table.iter().filter(|(key, _)| !own.contains(&&**key.get_ref()));
        if let (Some((key, node)), None) = (others.next(), others.next())
            && is_verb(key.get_ref())
            && can_be_verb(node)
        {
            return Some((key.get_ref(), key.span(), node));
        }
        let mut verbs = in_file_order(table);
        verbs.retain(|(key, ..)| !own.contains(key));
        let strangers = verbs.iter().filter(|(key, _, _)| !is_verb(key)).count();
        let mut found = Vec::new();
        for (key, span, node) in verbs {
            if !is_verb(key) {
                let message = format!("a step has no key or verb \"{key}\"");
                self.faults.unknown_as("unknown-key", span, message, key, all_verbs().chain(OWN));
            } else if !can_be_verb(node) {
                let message = format!("{key} is a table of what to do, not {}", kind_of(node.get_ref()));
                self.faults.push(Fault::rule("value", node.span(), message).help(format!("write {key} = {{ on = \"…\", … }}")));
                return None;
            } else {
                found.push((key, span, node));
            }
        }
        match found.as_slice() {
            [one] => return Some(one.clone()),
            [] if strangers > 0 => {}
            [] => {
                let fault = Fault::rule("no-verb", whole, "the step does nothing");
                self.faults.push(fault.help("give it one verb: light, take, mute, unmute, fade, set, play, tell …"));
            }
            [first, second, ..] => {
                let message = format!("a step does one thing, and this one would {} and {}", first.0, second.0);
                self.faults.push(
                    Fault::rule("two-verbs", second.1.clone(), message)
                        .help("make two steps of it; steps with the same after leave together"),
                );
            }
        }
        None
    }

    /// `else = [{ … }, { … }]`: each rung is one verb.
    fn ladder(&mut self, node: &'t Node<'t>) -> Vec<Vec<Act>> {
        let DeValue::Array(rungs) = node.get_ref() else {
            let message = format!("else is a list of what to try instead, not {}", kind_of(node.get_ref()));
            self.faults.push(Fault::rule("else", node.span(), message).help("write else = [{ take = { … } }, { tell = \"…\" }]"));
            return Vec::new();
        };
        let mut ladder = Vec::with_capacity(rungs.len());
        for rung in rungs.iter() {
            let DeValue::Table(table) = rung.get_ref() else {
                let message = format!("a rung of else is a table with one verb, not {}", kind_of(rung.get_ref()));
                self.faults.push(Fault::rule("else", rung.span(), message).help("write { take = { … } }"));
                continue;
            };
            let mut acts = Vec::with_capacity(1);
            if let Some((verb, span, value)) = self.one_verb(table, rung.span(), &[]) {
                self.verb(verb, span, value, Place::Else, &mut acts);
            }
            ladder.push(acts);
        }
        if ladder.len() > usize::from(u8::MAX) - 1 {
            self.faults.push(Fault::rule("else", node.span(), "a ladder has at most 254 rungs"));
        }
        ladder
    }

    /// A macro as a step: its steps, later by this step's `after`.
    fn macro_in_step(&mut self, node: &'t Node<'t>, after: Span, has_else: bool, line: u32, place: Place, steps: &mut Vec<Placed>) {
        if has_else {
            let fault = Fault::rule("else", node.span(), "a macro has the fallbacks of its own steps, not one for the whole");
            self.faults.push(fault.help("move else to the steps of the macro"));
        }
        let Some(expanded) = self.macro_steps(node) else { return };
        for step in expanded.iter() {
            self.judge(&step.acts, node.span(), place);
            steps.push((Step { after: step.after + after, line, ..step.clone() }, node.span()));
        }
    }

    /// The steps of a macro that is named.
    pub(super) fn macro_steps(&mut self, node: &'t Node<'t>) -> Option<Arc<[Step]>> {
        let name = text_of(node, "macro", &mut self.faults)?;
        let message = || format!("{} uses the macro \"{name}\", but the show has no such macro", self.subject);
        self.macros.need(name, "unknown-macro", node.span(), message, &mut self.faults)
    }

    /// `[macro.*]`: those that use others after those that they use.
    pub(super) fn macros(&mut self, top: &mut Fields<'t, 't>) {
        let mut waiting = self.tables(top, "macro");
        let names: Vec<&str> = waiting.iter().map(|(name, ..)| *name).collect();
        for _ in 0..=MACRO_DEPTH {
            let (ready, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(_, _, node)| {
                macros_in(node, 0).into_iter().all(|used| self.macros.find(used).is_some() || !names.contains(&used))
            });
            waiting = later;
            for (name, span, node) in ready {
                self.subject = format!("macro {name}");
                let steps = self.one_macro(node, &span);
                self.macros.declare(name, steps);
            }
        }
        for (name, span, _) in &waiting {
            self.macros.declare(name, None);
            let fault = Fault::rule("macro-loop", span.clone(), format!("macro {name} uses itself, directly or through others"));
            self.faults.push(fault.help(format!("take one of the macros out of the circle (at most {MACRO_DEPTH} deep)")));
        }
    }

    /// One macro: its steps, or `None` when it is none.
    fn one_macro(&mut self, node: &'t Node<'t>, span: &Range<usize>) -> Option<Arc<[Step]>> {
        let mut fields = Fields::of(node, self.subject.clone(), &mut self.faults)?;
        fields.text("name", &mut self.faults);
        let steps = self.steps(fields.get("do"), Place::Macro);
        if !fields.has("do") {
            let message = format!("{} has no steps", self.subject);
            self.faults.push(Fault::rule("missing", span.clone(), message).help("add do = [{ … }]"));
        }
        fields.finish(&mut self.faults);
        if steps.len() > STEPS_MAX {
            self.faults.push(Fault::rule("too-many", span.clone(), format!("{} has more than {STEPS_MAX} steps", self.subject)));
            return None;
        }
        Some(steps.into_iter().map(|(step, _)| step).collect())
    }
}

/// Steps of one cue or macro, macros expanded.
pub(super) const STEPS_MAX: usize = 10_000;

/// The macros that a table names, at any depth that a step has.
fn macros_in<'t>(node: &'t Node<'t>, depth: usize) -> Vec<&'t str> {
    match node.get_ref() {
        DeValue::Array(items) if depth < 8 => items.iter().flat_map(|item| macros_in(item, depth + 1)).collect(),
        DeValue::Table(table) if depth < 8 => table
            .iter()
            .flat_map(|(key, value)| match value.get_ref() {
                DeValue::String(name) if key.get_ref() == "macro" => vec![&**name],
                _ => macros_in(value, depth + 1),
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Refuses a cue with more steps than the engine counts.
pub(super) fn limit(steps: &[Placed], subject: &str, faults: &mut Faults) {
    if let (true, Some((_, span))) = (steps.len() > STEPS_MAX, steps.last()) {
        faults.push(Fault::rule("too-many", span.clone(), format!("{subject} has more than {STEPS_MAX} steps")).help("split the cue"));
    }
}
