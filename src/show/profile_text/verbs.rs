//! Verbs: how a step's verb becomes a property and a value.

use std::ops::Range;

use toml::de::DeValue;

use crate::show::fault::Faults;
use crate::show::fields::{Fields, Node};
use crate::show::value_text::read_value;
use crate::show::{Profile, ValueKind, ValueSpec, VerbSpec};

use super::{DEVICE_VERBS, is_device_verb};

/// Reads all of `[[verb.*]]`; names tables and properties are read before.
pub(super) fn read(top: &mut Fields<'_, '_>, profile: &mut Profile, faults: &mut Faults) {
    for (name, span, node) in top.entries("verb", faults) {
        if !is_device_verb(name) {
            faults.unknown(span, format!("shows have no verb \"{name}\""), name, DEVICE_VERBS.iter().copied());
            continue;
        }
        let specs: Vec<VerbSpec> = match node.get_ref() {
            DeValue::Array(items) => items.iter().filter_map(|item| alternative(name, item, profile, faults)).collect(),
            DeValue::Table(_) => alternative(name, node, profile, faults).into_iter().collect(),
            _ => {
                faults.add(node.span(), format!("verb.{name} is a list of alternatives: [[verb.{name}]]"));
                continue;
            }
        };
        profile.verbs.insert(name.into(), specs);
    }
}

/// One alternative of a verb.
fn alternative(name: &str, node: &Node<'_>, profile: &Profile, faults: &mut Faults) -> Option<VerbSpec> {
    let mut fields = Fields::of(node, format!("[[verb.{name}]]"), faults)?;
    let span = fields.get("property").map_or_else(|| fields.span(), toml::Spanned::span);
    let property = fields.need_text("property", faults);
    let value = fields.get("value");
    let transitions = fields.texts("transitions", faults).into_iter().map(|(text, _)| text).collect();
    fields.finish(faults);
    let property = property?;
    let Some(spec) = profile.props.get(property) else {
        let known = profile.props.keys().map(|key| &**key);
        faults.unknown(span, format!("verb {name} moves the property \"{property}\", which the profile does not have"), property, known);
        return None;
    };
    let value = match value {
        Some(node) => Some(value_spec(node, &spec.kind, profile, faults)?),
        None => None,
    };
    Some(VerbSpec { property: property.into(), value, transitions })
}

/// Fixed, `"{selector}"`, or a player's table.
fn value_spec(node: &Node<'_>, kind: &ValueKind, profile: &Profile, faults: &mut Faults) -> Option<ValueSpec> {
    if let DeValue::String(text) = node.get_ref()
        && let Some(selector) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
    {
        return known_selector(selector, node.span(), profile, faults).then(|| ValueSpec::Selector(selector.into()));
    }
    if matches!(kind, ValueKind::Transport) {
        return player(node, profile, faults);
    }
    match read_value(kind, node.get_ref()) {
        Ok(value) => Some(ValueSpec::Fixed(value)),
        Err(why) => {
            faults.add(node.span(), why);
            None
        }
    }
}

/// `{ clip = "{clip}", playing = true }`.
fn player(node: &Node<'_>, profile: &Profile, faults: &mut Faults) -> Option<ValueSpec> {
    let mut fields = Fields::of(node, "the value of a player", faults)?;
    let span = fields.get("clip").map_or(0..0, toml::Spanned::span);
    let clip = fields.text("clip", faults).map(|text| text.trim_start_matches('{').trim_end_matches('}'));
    let playing = fields.flag("playing", faults);
    if playing.is_none() {
        faults.add(fields.span(), "the value of a player needs playing = true or false");
    }
    fields.finish(faults);
    if clip.is_some_and(|clip| !known_selector(clip, span, profile, faults)) {
        return None;
    }
    Some(ValueSpec::Transport { clip: clip.map(Into::into), playing: playing? })
}

/// A selector must have its names table.
fn known_selector(selector: &str, span: Range<usize>, profile: &Profile, faults: &mut Faults) -> bool {
    let known = profile.names.contains_key(selector);
    if !known {
        let tables = profile.names.keys().map(|key| &**key);
        faults.unknown(span, format!("the value is {{{selector}}}, but the profile has no names table \"{selector}\""), selector, tables);
    }
    known
}
