//! Properties: path, what it holds, whose it is, how it is proved.

use std::sync::Arc;

use toml::de::DeValue;

use crate::show::fault::{Faults, nearest};
use crate::show::fields::{Fields, Node, json_of};
use crate::show::value_text::{read_decimal, read_plain, read_value};
use crate::show::{Db, Keeping, OnReturn, Profile, Proof, PropSpec, Value, ValueKind};

/// The kinds of value by name.
const KINDS: [&str; 8] = ["switch", "int", "level", "decimal", "text", "choice", "transport", "args"];
const CLASSES: [(&str, Keeping); 4] =
    [("hold", Keeping::Hold), ("set", Keeping::Set), ("once", Keeping::Once), ("guarded", Keeping::Guarded)];
const RETURNS: [(&str, OnReturn); 4] =
    [("ask", OnReturn::Ask), ("next_go", OnReturn::NextGo), ("at_once", OnReturn::AtOnce), ("never", OnReturn::Never)];
const PROOFS: [(&str, Proof); 3] = [("observed", Proof::Observed), ("acked", Proof::Acked), ("none", Proof::None)];

/// Reads all of `[property.*]`; the names tables are read before.
pub(super) fn read(top: &mut Fields<'_, '_>, profile: &mut Profile, faults: &mut Faults) {
    let (mut near, mut levels) = (Vec::new(), Vec::new());
    for (key, _, node) in top.entries("property", faults) {
        let Some(mut fields) = Fields::of(node, format!("[property.{key}]"), faults) else { continue };
        levels.extend(fields.get("faded_by"));
        if let Some(spec) = property(key, fields, profile, &mut near, faults) {
            profile.props.insert(key.into(), spec);
        }
    }
    for (key, tie, node) in near {
        let Some(conditions) = conditions(key, tie, node, profile, faults) else { continue };
        match (profile.props.get_mut(key), tie) {
            (Some(spec), Tie::MaskedBy) => spec.masked_by = conditions,
            (Some(spec), Tie::Requires) => spec.requires = conditions,
            (None, _) => {}
        }
    }
    for node in levels {
        let Some(key) = node.get_ref().as_str() else { continue };
        let is_level = |spec: &PropSpec| matches!(spec.kind, ValueKind::Level { .. });
        if !profile.props.iter().any(|(own, spec)| (&**own == key || &*spec.path == key) && is_level(spec)) {
            let known = profile.props.iter().filter(|(_, spec)| is_level(spec)).map(|(key, _)| &**key);
            faults.unknown(node.span(), format!("faded_by names \"{key}\", which is no level of this profile"), key, known);
        }
    }
}

/// How a property hangs on others of its device.
#[derive(Clone, Copy)]
enum Tie {
    MaskedBy,
    Requires,
}

impl Tie {
    const ALL: [Self; 2] = [Self::MaskedBy, Self::Requires];

    /// Its key in a profile.
    fn key(self) -> &'static str {
        match self {
            Self::MaskedBy => "masked_by",
            Self::Requires => "requires",
        }
    }
}

/// One property; what it hangs on is noted for when all are known.
fn property<'a, 'i>(
    key: &'a str,
    mut fields: Fields<'a, 'i>,
    profile: &Profile,
    near: &mut Vec<(&'a str, Tie, &'a Node<'i>)>,
    faults: &mut Faults,
) -> Option<PropSpec> {
    let path_node = fields.get("path");
    let path = fields.need_text("path", faults);
    if let (Some(path), Some(node)) = (path, path_node) {
        check_placeholders(path, node, profile, faults);
    }
    let kind = read_kind(&mut fields, faults);
    let class = one_of(&mut fields, "class", CLASSES, faults).unwrap_or(Keeping::Set);
    let tolerance = fields.get("tolerance").and_then(|node| tolerance(node, kind.as_ref(), faults)).unwrap_or(0);
    for tie in Tie::ALL {
        near.extend(fields.get(tie.key()).map(|node| (key, tie, node)));
    }
    let mut wire = super::json_entry(&mut fields, "wire", faults);
    for key in ["set", "get", "observe"] {
        if let Some(node) = fields.get(key) {
            wire.insert(key.to_owned(), json_of(node.get_ref()));
        }
    }
    let spec = PropSpec {
        path: path.unwrap_or_default().into(),
        label: fields.text("label", faults).map_or_else(|| usual_label(key, path.unwrap_or_default()), Arc::from),
        kind: kind.clone().unwrap_or(ValueKind::Text),
        class,
        on_return: one_of(&mut fields, "on_return", RETURNS, faults).unwrap_or_default(),
        proof: one_of(&mut fields, "proof", PROOFS, faults).unwrap_or_default(),
        lands_within: fields.duration("lands_within", faults),
        tolerance,
        masked_by: Vec::new(),
        requires: Vec::new(),
        moves: fields.texts("moves", faults).into_iter().map(|(text, _)| text).collect(),
        barrier: fields.flag("barrier", faults).unwrap_or(false),
        pausable: fields.flag("pausable", faults).unwrap_or(false),
        faded_by: fields.text("faded_by", faults).map(Arc::from),
        mic: fields.get("mic").and_then(|node| mic(node, faults)),
        wire,
    };
    fields.finish(faults);
    (path.is_some() && kind.is_some()).then_some(spec)
}

/// `{channel} height`: with its names, so that a journal line says which channel's.
fn usual_label(key: &str, path: &str) -> Arc<str> {
    let names = super::placeholders(path).map(|name| format!("{{{name}}} "));
    format!("{}{key}", names.collect::<String>()).into()
}

/// `type` with `range` or `choices`.
pub(super) fn read_kind(fields: &mut Fields<'_, '_>, faults: &mut Faults) -> Option<ValueKind> {
    if fields.get("type").is_none() {
        faults.add_help(fields.span(), format!("{} needs a type", fields.place()), format!("one of {}", KINDS.join(", ")));
    }
    let name = fields.word("type", &KINDS, faults).and_then(|at| KINDS.get(at).copied());
    let range = fields.get("range");
    let choices = fields.get("choices").map(toml::Spanned::span);
    let words: Vec<Arc<str>> = fields.texts("choices", faults).into_iter().map(|(word, _)| word).collect();
    let name = name?;
    if let (Some(node), false) = (range, matches!(name, "int" | "level" | "decimal")) {
        faults.add(node.span(), format!("a property of type {name} has no range"));
    }
    match (name, choices) {
        ("choice", Some(_)) if !words.is_empty() => return Some(ValueKind::Choice(words)),
        ("choice", _) => {
            faults.add(fields.span(), "type choice needs choices = [\"…\", \"…\"]");
            return None;
        }
        (_, Some(span)) => faults.add(span, format!("only type choice has choices, not type {name}")),
        _ => {}
    }
    Some(match name {
        "switch" => ValueKind::Switch,
        "text" => ValueKind::Text,
        "transport" => ValueKind::Transport,
        "args" => ValueKind::Args,
        "int" => {
            let (min, max) = bounds(range, crate::show::fields::int_of, (i64::MIN, i64::MAX), faults);
            ValueKind::Int { min, max }
        }
        "level" => {
            let (min, max) = bounds(range, level, (-200_000, 200_000), faults);
            ValueKind::Level { min, max }
        }
        _ => {
            let (min, max) = bounds(range, read_decimal, (0, 1_000_000), faults);
            ValueKind::Decimal { min, max }
        }
    })
}

/// A level that is not off, in thousandths of a dB.
fn level(value: &DeValue<'_>) -> Option<i32> {
    value.as_str().and_then(|text| Db::parse(text).ok()).filter(|db| *db != Db::OFF).map(|db| db.0)
}

/// `range = [lowest, highest]`.
fn bounds<T: PartialOrd + Copy>(
    node: Option<&Node<'_>>,
    read: impl Fn(&DeValue<'_>) -> Option<T>,
    default: (T, T),
    faults: &mut Faults,
) -> (T, T) {
    let Some(node) = node else { return default };
    let ends = match node.get_ref() {
        DeValue::Array(items) => items.iter().map(|item| read(item.get_ref())).collect::<Option<Vec<T>>>(),
        _ => None,
    };
    match ends.as_deref() {
        Some([min, max]) if min <= max => (*min, *max),
        _ => {
            faults.add_help(
                node.span(),
                "range is [lowest, highest] in the property's own unit",
                "write [0, 99] or [\"-90 dB\", \"10 dB\"]",
            );
            default
        }
    }
}

/// Every `{placeholder}` of a path must have its names table.
fn check_placeholders(path: &str, node: &Node<'_>, profile: &Profile, faults: &mut Faults) {
    for name in super::placeholders(path) {
        if !profile.names.contains_key(name) {
            let help = nearest(name, profile.names.keys().map(|key| &**key)).map_or_else(
                || format!("add [names.{name}] (it may be empty: then any text is taken as it is)"),
                |near| format!("did you mean {{{near}}}?"),
            );
            faults.add_help(node.span(), format!("the path has {{{name}}}, but the profile has no names table \"{name}\""), help);
        }
    }
}

/// `mic = true`, or `mic = "ch/"` when only paths that begin so are microphones.
fn mic(node: &Node<'_>, faults: &mut Faults) -> Option<Arc<str>> {
    match node.get_ref() {
        DeValue::Boolean(mic) => mic.then(|| "".into()),
        DeValue::String(inputs) => Some(inputs.as_ref().into()),
        _ => {
            faults.add_help(node.span(), "mic is true, or what the path of a microphone begins with", "write mic = true or mic = \"ch/\"");
            None
        }
    }
}

/// A difference that counts as the same: `"0.1 dB"` or a decimal.
fn tolerance(node: &Node<'_>, kind: Option<&ValueKind>, faults: &mut Faults) -> Option<u32> {
    let value = match kind {
        Some(ValueKind::Level { .. }) => level(node.get_ref()).map(i64::from),
        Some(ValueKind::Decimal { .. }) => read_decimal(node.get_ref()),
        _ => None,
    };
    let tolerance = value.and_then(|n| u32::try_from(n).ok());
    if tolerance.is_none() {
        faults.add(node.span(), "tolerance is \"0.1 dB\" for a level or 0.01 for a decimal; other types have none");
    }
    tolerance
}

/// `masked_by = [{ property = "mute-group", value = true }]`, and `requires` alike.
fn conditions(of: &str, tie: Tie, node: &Node<'_>, profile: &Profile, faults: &mut Faults) -> Option<Vec<(Arc<str>, Value)>> {
    let word = tie.key();
    let Some(items) = node.get_ref().as_array() else {
        faults.add(node.span(), format!("{word} is a list: [{{ property = \"…\", value = true }}]"));
        return None;
    };
    let mut conditions = Vec::new();
    for item in items.iter() {
        let Some(mut fields) = Fields::of(item, format!("an entry of {word}"), faults) else { continue };
        let span = fields.get("property").map_or_else(|| fields.span(), toml::Spanned::span);
        let key = fields.need_text("property", faults);
        let value = fields.get("value");
        if value.is_none() {
            faults.add(fields.span(), format!("an entry of {word} needs value = …"));
        }
        fields.finish(faults);
        let (Some(key), Some(value)) = (key, value) else { continue };
        let own = profile.props.get(of).map(|spec| Arc::clone(&spec.path)).unwrap_or_default();
        let known = |name: &str| super::placeholders(&own).any(|own| own == name);
        let read = match profile.props.get(key) {
            Some(spec) if !super::placeholders(&spec.path).all(known) => {
                let text = format!("{word} of \"{of}\" can not name \"{key}\": its path {} has names that {own} does not give", spec.path);
                faults.add_help(span, text, "name one property for each of them, with the name's place filled: config/mute/1");
                continue;
            }
            Some(spec) => read_value(&spec.kind, value.get_ref()),
            // A path of the device that the show itself never sets: `config/mute/1`.
            None if profile.props.values().any(|spec| super::matched(&spec.path, key).is_some()) => read_plain(value.get_ref()),
            None => {
                let known = profile.props.keys().map(|key| &**key);
                faults.unknown(span, format!("{word} names the property \"{key}\", which the profile does not have"), key, known);
                continue;
            }
        };
        match read {
            Ok(value) => conditions.push((key.into(), value)),
            Err(why) => faults.add(node.span(), why),
        }
    }
    Some(conditions)
}

/// One of some words.
fn one_of<T: Copy, const N: usize>(
    fields: &mut Fields<'_, '_>,
    key: &'static str,
    words: [(&'static str, T); N],
    faults: &mut Faults,
) -> Option<T> {
    let at = fields.word(key, &words.map(|(word, _)| word), faults)?;
    words.get(at).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::usual_label;

    #[test]
    fn a_property_without_a_label_is_called_by_its_names_and_its_key() {
        assert_eq!(&*usual_label("height", "lift/{channel}/height"), "{channel} height");
        assert_eq!(&*usual_label("horn", "horn"), "horn");
    }
}
