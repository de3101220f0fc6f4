//! `effect = { on = "wash", kind = "chase", rate = "2 Hz" }`: what repeats on a selection until a later cue names its lights.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::de::DeValue;

use super::Loader;
use super::palettes::attribute;
use crate::show::fault::{Fault, suggestion};
use crate::show::fields::{Fields, Node, int_of, text_of};
use crate::show::value_text::{read_decimal, read_degrees};
use crate::show::{Act, AttrIx, Emitter, LightAct, Param, ParamIx, Part, Rest, Swing, SwingFrom, Wave};
use crate::time::Span;

/// What an effect can be.
const KINDS: [&str; 5] = ["sine", "chase", "strobe", "rainbow", "none"];
/// Faster than this, frames at 44 a second show something else.
const FASTEST: Span = Span::ms(50);
/// Slower than this is no effect.
const SLOWEST: Span = Span::secs(600);
/// A whole turn, in units of 2^-32.
const TURN: i64 = 1 << 32;

/// An effect as the step says it.
struct Effect {
    kind: usize,
    period: Span,
    size: u16,
    /// Degrees from the first light to past the last.
    phase: i64,
    of: Option<AttrIx>,
}

impl<'t> Loader<'t> {
    /// Reads the verb.
    pub(super) fn effect(&mut self, node: &'t Node<'t>, acts: &mut Vec<Act>) {
        let Some(mut fields) = Fields::of(node, "effect", &mut self.faults) else { return };
        let on = fields.get("on");
        let kind_span = fields.get("kind").map_or_else(|| node.span(), toml::Spanned::span);
        let named_kind = fields.has("kind");
        let kind = fields.word("kind", &KINDS, &mut self.faults);
        let rate = fields.get("rate");
        let period = rate.and_then(|node| self.rate(node));
        let size = fields.get("size").map(|node| self.size(node));
        let phase = fields.get("phase").map(|node| self.phase(node));
        let of = fields.get("of").map(|node| self.of(node));
        let up = fields.duration("fade", &mut self.faults).unwrap_or_default();
        fields.finish(&mut self.faults);
        let (Some(on), Some(kind)) = (on, kind) else {
            if on.is_some() && named_kind {
                return;
            }
            let fault = Fault::rule("missing", kind_span, "an effect says on which lights it is, and its kind");
            self.faults.push(fault.help("write effect = { on = \"wash\", kind = \"chase\", rate = \"2 Hz\" }"));
            return;
        };
        let ends = KINDS.get(kind) == Some(&"none");
        if rate.is_none() && !ends {
            let fault = Fault::rule("missing", kind_span.clone(), "an effect has a rate");
            self.faults.push(fault.help("add rate = \"2 Hz\", \"120 bpm\", or the time of one round such as \"4s\""));
        }
        let parts = self.lights_of(on);
        let goes_round = matches!(KINDS.get(kind), Some(&("chase" | "rainbow")));
        let phase = phase.unwrap_or(Some(if goes_round { 360 } else { 0 }));
        let period = if ends { Some(Span::ZERO) } else { period };
        let (size, of) = (size.unwrap_or(Some(u16::MAX)), of.unwrap_or(Some(None)));
        let (Some(period), Some(size), Some(of), Some(phase)) = (period, size, of, phase) else { return };
        let effect = Effect { kind, period, size, phase, of };
        let swings = self.swings(&effect, &parts);
        if swings.is_empty() && !parts.is_empty() {
            let fault = Fault::rule("no-attribute", kind_span, "none of these lights has what this effect moves");
            self.faults.push(fault.help("name lights that have it, or say of = \"…\" with an attribute that they have"));
            return;
        }
        let label = self.keep(KINDS.get(kind).copied().unwrap_or_default());
        let moved: Vec<ParamIx> = swings.iter().filter(|(_, swing)| swing.wave.is_some()).map(|(ix, _)| *ix).collect();
        let mut values = BTreeMap::new();
        let needs = self.switch(&node.span(), &mut values, &moved);
        let values = values.into_iter().collect();
        acts.push(Act::Light(Arc::new(LightAct { values, needs, swings, up, down: up, rest: Rest::Keep, label, ..LightAct::default() })));
    }

    /// The lights of a name, or of several, as they follow each other.
    fn lights_of(&mut self, node: &'t Node<'t>) -> Vec<Part> {
        let names: Vec<&'t Node<'t>> = match node.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![node],
        };
        let mut parts: Vec<Part> = Vec::new();
        for node in names {
            let Some(name) = text_of(node, "on", &mut self.faults) else { continue };
            let message = format!("{} has an effect on \"{name}\", but the show has no such fixture or group", self.subject);
            let found = self.parts_named(name, node.span(), || message);
            let new: Vec<Part> = found.iter().flat_map(|found| found.iter().copied()).filter(|one| !parts.contains(one)).collect();
            parts.extend(new);
        }
        parts
    }

    /// What each parameter does.
    fn swings(&self, effect: &Effect, parts: &[Part]) -> Vec<(ParamIx, Swing)> {
        let count = i64::try_from(parts.len()).unwrap_or(1).max(1);
        let mut swings = Vec::new();
        for (nth, part) in (0_i64..).zip(parts) {
            // A later light does later what the first does.
            let turned = -(effect.phase * TURN / 360 * nth / count);
            let phase = turned.rem_euclid(TURN) as u32;
            for (ix, param) in self.rig.params_of_part(*part) {
                let emitter = self.rig.attribute(param).and_then(|attribute| attribute.emitter);
                swings.extend(one(effect, param, emitter, phase, count).map(|swing| (ix, swing)));
            }
        }
        swings.sort_by_key(|(ix, _)| *ix);
        swings.dedup_by_key(|(ix, _)| *ix);
        swings
    }

    /// `"2 Hz"`, `"120 bpm"`, or the time of one round.
    fn rate(&mut self, node: &Node<'_>) -> Option<Span> {
        let text = text_of(node, "rate", &mut self.faults)?;
        let per = |unit: &str, of: f64| {
            let number = text.strip_suffix(unit)?.trim().parse::<f64>().ok().filter(|number| *number > 0.0)?;
            Some(Span((of * 1e9 / number).round() as u64))
        };
        let period = per("Hz", 1.0).or_else(|| per("bpm", 60.0)).or_else(|| Span::parse(text).ok());
        let period = period.filter(|period| (FASTEST..=SLOWEST).contains(period));
        if period.is_none() {
            let fault = Fault::rule("rate", node.span(), "the rate of an effect goes from one round in 10 minutes to 20 a second");
            self.faults.push(fault.help("write \"2 Hz\", \"120 bpm\", or the time of one round such as \"4s\""));
        }
        period
    }

    /// `"50%"` of the whole range.
    fn size(&mut self, node: &Node<'_>) -> Option<u16> {
        let millionths = node.get_ref().as_str().and_then(|_| read_decimal(node.get_ref())).filter(|n| (1..=1_000_000).contains(n));
        if millionths.is_none() {
            let fault = Fault::rule("level", node.span(), "the size of an effect goes up to \"100%\"");
            self.faults.push(fault.help("write \"50%\", in quotes"));
        }
        u16::try_from(millionths? * 65_535 / 1_000_000).ok()
    }

    /// `360` or `"360deg"`.
    fn phase(&mut self, node: &Node<'_>) -> Option<i64> {
        let said = node.get_ref().as_str().and_then(read_degrees).filter(|n| n % 1000 == 0).map(|n| n / 1000);
        let phase = said.or_else(|| int_of(node.get_ref())).filter(|degrees| (-3600..=3600).contains(degrees));
        if phase.is_none() {
            let fault = Fault::rule("value", node.span(), "a phase is a whole number of degrees from -3600 to 3600");
            self.faults.push(fault.help("write phase = 180, or \"180deg\""));
        }
        phase
    }

    /// What it moves: `level`, or one attribute.
    fn of(&mut self, node: &Node<'_>) -> Option<Option<AttrIx>> {
        let text = attribute(text_of(node, "of", &mut self.faults)?);
        if text == "level" {
            return Some(None);
        }
        let found = self.attribute_named(text);
        if found.is_none() {
            let message = format!("no light of the show has \"{text}\"");
            let known: Vec<String> = self.rig.attributes.iter().map(|attribute| attribute.name.to_string()).collect();
            let known = std::iter::once("level").chain(known.iter().map(String::as_str));
            let help =
                suggestion(text, known).unwrap_or_else(|| "write \"level\", \"pan\", \"tilt\" or an attribute such as \"Zoom\"".into());
            self.faults.push(Fault::rule("unknown-key", node.span(), message).help(help));
        }
        found.map(Some)
    }
}

/// What one parameter does with an effect; `None`: nothing.
fn one(effect: &Effect, param: &Param, emitter: Option<Emitter>, phase: u32, count: i64) -> Option<Swing> {
    let moved = effect.of.map_or(param.intensity, |of| param.attribute == of);
    let swing = |wave, from, phase| Some(Swing { wave: Some(wave), period: effect.period, phase, size: effect.size, from });
    match KINDS.get(effect.kind).copied()? {
        "sine" if moved => swing(Wave::Sine, SwingFrom::Around, phase),
        "chase" if moved => swing(Wave::Pulse { share: u16::try_from(65_536 / count.max(2)).unwrap_or(u16::MAX) }, SwingFrom::Above, phase),
        "strobe" if moved => swing(Wave::Pulse { share: 0x8000 }, SwingFrom::Below, phase),
        "rainbow" => {
            let (third, from) = match emitter? {
                Emitter::Red => (0, SwingFrom::Full),
                Emitter::Green => (2, SwingFrom::Full),
                Emitter::Blue => (1, SwingFrom::Full),
                Emitter::MinusRed => (0, SwingFrom::Nothing),
                Emitter::MinusGreen => (2, SwingFrom::Nothing),
                Emitter::MinusBlue => (1, SwingFrom::Nothing),
                _ => return None,
            };
            swing(Wave::Hue, from, phase.wrapping_add(third * (u32::MAX / 3)))
        }
        "none" if effect.of.is_none_or(|of| param.attribute == of) => {
            Some(Swing { wave: None, period: Span::ZERO, phase: 0, size: 0, from: SwingFrom::Around })
        }
        _ => None,
    }
}
