//! Reads a hardware profile: TOML text in, [`Profile`] out, or every fault at once.
//!
//! ```toml
//! maker = "Behringer"              # maker, model and family are needed
//! model = "X32"
//! family = "x32"
//! port = 10023
//! sources = ["where these facts come from"]
//!
//! [limits]                         # reply_within, lands_within, echo_window, gap_min, offline_after; max_rate
//! lands_within = "400ms"
//!
//! [names.channel]                  # what patch names may stand for; an empty table takes any text as it is
//! "1..32" = "ch/{:02}"             # or { wire = "ch/{:02}", offset = -1 } for wires that count from 0
//! fixed = { main = "main/st" }     # names that need no patch
//!
//! [property.fader]                 # type: switch, int, level, decimal, text, choice, transport, args
//! path = "{channel}/mix/fader"     # placeholders are names tables
//! type = "level"
//! range = ["-90 dB", "10 dB"]
//! set = …                          # set, get, observe and all in wire = {…} are for the family alone
//!
//! [[verb.fade]]                    # the first alternative whose placeholders are the selectors given is taken
//! property = "fader"
//! value = …                        # fixed, "{selector}", or for a player { clip = "{clip}", playing = true }
//! transitions = ["mix"]
//!
//! [option.transport]               # what a show may set on the device: type, choices or range, default
//! type = "choice"
//!
//! [facts]                          # facts for the family alone
//! ```

mod names;
mod options;
mod props;
mod verbs;

use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Faults};
use super::fields::{Fields, json_table, kind_of};
use super::{Finding, Limits, Profile};

/// The verbs that a profile may give to a show's steps.
pub const DEVICE_VERBS: &[&str] = &[
    "take", "preview", "cut", "auto", "mute", "unmute", "fade", "set", "route", "play", "pause", "unpause", "stop", "recall", "fire",
    "press", "send", "power", "shutter", "freeze", "stream", "record", "key", "unkey", "black", "unblack", "show", "hide",
];

/// Reads a profile under the key that shows will use.
///
/// # Errors
/// All faults, in the order of the text. After a fault of TOML's own grammar only those.
pub fn parse(key: &str, text: &str) -> Result<Profile, Vec<Fault>> {
    let table = document(text)?;
    let mut faults = Faults::default();
    let profile = profile(key, table.get_ref(), 0..text.len().min(1), &mut faults);
    if faults.is_empty() { Ok(profile) } else { Err(faults.into_sorted()) }
}

/// Reads TOML; a fault of the grammar ends the reading.
pub(super) fn document(text: &str) -> Result<toml::Spanned<DeTable<'_>>, Vec<Fault>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(table);
    }
    let fault = |e: &toml::de::Error| Fault { code: Finding::SYNTAX, ..Fault::new(e.span().unwrap_or(0..0), e.message().to_lowercase()) };
    Err(errors.iter().map(fault).collect())
}

/// The profile as far as it can be read.
fn profile(key: &str, table: &DeTable<'_>, span: std::ops::Range<usize>, faults: &mut Faults) -> Profile {
    let mut top = Fields::new(table, span, "the profile");
    let mut profile = Profile {
        key: key.into(),
        maker: top.need_text("maker", faults).unwrap_or_default().into(),
        model: top.need_text("model", faults).unwrap_or_default().into(),
        family: top.need_text("family", faults).unwrap_or_default().into(),
        port: top.int("port", 0..=65_535, faults).and_then(|port| u16::try_from(port).ok()).unwrap_or(0),
        limits: limits(&mut top, faults),
        sources: top.texts("sources", faults).into_iter().map(|(text, _)| text).collect::<Vec<Arc<str>>>(),
        names: names::read(&mut top, faults),
        ..Profile::default()
    };
    props::read(&mut top, &mut profile, faults);
    verbs::read(&mut top, &mut profile, faults);
    options::read(&mut top, &mut profile, faults);
    profile.family_facts = json_entry(&mut top, "facts", faults);
    top.finish(faults);
    profile
}

/// A table that the house hands on without reading it.
fn json_entry(fields: &mut Fields<'_, '_>, key: &'static str, faults: &mut Faults) -> serde_json::Map<String, serde_json::Value> {
    match fields.get(key).map(|node| (node.span(), node.get_ref())) {
        Some((_, DeValue::Table(facts))) => json_table(facts),
        Some((span, other)) => {
            faults.add(span, format!("{key} is a table, not {}", kind_of(other)));
            serde_json::Map::new()
        }
        None => serde_json::Map::new(),
    }
}

/// `[limits]`: the model's own, the house's where it says nothing.
fn limits(top: &mut Fields<'_, '_>, faults: &mut Faults) -> Limits {
    let mut limits = Limits::default();
    let Some(mut fields) = top.get("limits").and_then(|node| Fields::of(node, "[limits]", faults)) else { return limits };
    for (key, limit) in [
        ("reply_within", &mut limits.reply_within),
        ("lands_within", &mut limits.lands_within),
        ("echo_window", &mut limits.echo_window),
        ("gap_min", &mut limits.gap_min),
        ("offline_after", &mut limits.offline_after),
    ] {
        if let Some(span) = fields.duration(key, faults) {
            *limit = span;
        }
    }
    if let Some(rate) = fields.int("max_rate", 1..=1000, faults) {
        limits.max_rate = u32::try_from(rate).unwrap_or(limits.max_rate);
    }
    fields.finish(faults);
    limits
}

/// The placeholders of a template, in order: `ch`, `bus` of `{ch}/mix/{bus}`.
pub fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    let mut rest = template;
    std::iter::from_fn(move || {
        loop {
            (_, rest) = cut(rest, b'{')?;
            match rest.bytes().position(|byte| matches!(byte, b'{' | b'}')).and_then(|end| rest.split_at_checked(end)) {
                Some((name, after)) if after.starts_with('}') => {
                    rest = after;
                    return Some(name);
                }
                Some((_, after)) => rest = after,
                None => return None,
            }
        }
    })
}

/// What stands before and after the first such byte of ASCII: templates are short, and looked at for every step of a show.
pub fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let (head, tail) = text.split_at_checked(text.bytes().position(|byte| byte == at)?)?;
    Some((head, tail.get(1..)?))
}

/// True for a verb that profiles can have.
#[must_use]
pub fn is_device_verb(word: &str) -> bool {
    // Most verbs differ in their first letter.
    DEVICE_VERBS.iter().any(|verb| verb.as_bytes().first() == word.as_bytes().first() && *verb == word)
}

/// The key of a table of names in a show: `channels`, `buses`.
#[must_use]
pub fn plural(table: &str) -> String {
    if table.ends_with('s') || table.ends_with('x') { format!("{table}es") } else { format!("{table}s") }
}

/// What each placeholder of a template stands for when it is filled to `path`: `mute_group` is `1` in `config/mute/1`.
/// `None`: the template can not become this path.
pub fn matched<'t, 'p>(template: &'t str, path: &'p str) -> Option<Vec<(&'t str, &'p str)>> {
    let (literal, mut rest) = template.split_once('{').unwrap_or((template, ""));
    let mut path = path.strip_prefix(literal)?;
    let mut holes = Vec::new();
    while let Some((name, after)) = rest.split_once('}') {
        let (literal, next) = after.split_once('{').unwrap_or((after, ""));
        let end = if literal.is_empty() { path.len() } else { path.find(literal)? };
        let (part, tail) = path.split_at(end);
        holes.push((name, part));
        path = tail.strip_prefix(literal)?;
        rest = next;
    }
    (path.is_empty() && holes.iter().all(|(_, part)| !part.is_empty())).then_some(holes)
}

#[cfg(test)]
mod tests {
    use super::matched;

    #[test]
    fn a_path_gives_the_names_that_filled_its_template() {
        assert_eq!(matched("config/mute/{mute_group}", "config/mute/1"), Some(vec![("mute_group", "1")]));
        assert_eq!(matched("{channel}/mix/{bus}/on", "ch/01/mix/05/on"), Some(vec![("channel", "ch/01"), ("bus", "05")]));
        assert_eq!(matched("program", "program"), Some(vec![]));
        for path in ["config/mute/", "config/mut/1", "program/1", ""] {
            assert_eq!(matched("config/mute/{mute_group}", path).or(matched("program", path)), None, "{path}");
        }
    }
}
