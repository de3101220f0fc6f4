//! Steps as a show writes them, made from a profile: every verb of a model, and `set` for what has no verb.

use crate::show::profile_text::placeholders;
use crate::show::{Db, Profile, PropSpec, ValueKind, ValueSpec, VerbSpec};

/// What stands for a name that the show gives: a device, or an entry of its patch.
pub const BLANK: &str = "\"…\"";

/// One verb: the step, and what it moves.
#[must_use]
pub fn verb(profile: &Profile, key: &str, spec: &VerbSpec) -> [String; 2] {
    let Some(prop) = profile.props.get(&spec.property) else { return [key.into(), spec.property.to_string()] };
    let mut names: Vec<&str> = placeholders(&prop.path).collect();
    let (more, does) = match &spec.value {
        None => (free(key, prop), String::new()),
        Some(ValueSpec::Fixed(value)) => (String::new(), format!(" = {value}")),
        Some(ValueSpec::Selector(name)) => {
            names.push(name);
            (String::new(), format!(" = the {name}"))
        }
        Some(ValueSpec::Transport { clip, playing }) => {
            names.extend(clip.as_deref());
            let stands = if clip.is_some() && !playing { " stands there" } else { " stops" };
            (if *playing { ", loop = true" } else { "" }.into(), (if *playing { " plays" } else { stands }).into())
        }
    };
    // The second transition of a list is the first that takes time.
    let transition = spec.transitions.get(1).or(spec.transitions.first());
    let transition = transition.map(|kind| format!(", transition = \"{kind}\", over = \"1s\"")).unwrap_or_default();
    let others = spec.transitions.join(", ");
    let others = if spec.transitions.is_empty() { String::new() } else { format!(" (transitions: {others})") };
    [step(key, &names, &format!("{transition}{more}")), format!("{}{does}{others}", spec.property)]
}

/// The properties that no verb moves, by `set`; not those that are there only to say what another hangs on.
pub fn sets(profile: &Profile) -> impl Iterator<Item = [String; 2]> + '_ {
    let moved = |key: &str| profile.verbs.values().flatten().any(|verb| *verb.property == *key);
    let masks =
        |key: &str, path: &str| profile.props.values().flat_map(|prop| &prop.masked_by).any(|(mask, _)| **mask == *key || **mask == *path);
    let own = profile.props.iter().filter(move |(key, prop)| !moved(key) && !masks(key, &prop.path) && prop.kind != ValueKind::Transport);
    own.map(|(key, prop)| {
        let names: Vec<&str> = placeholders(&prop.path).collect();
        [step("set", &names, &format!(", property = \"{key}\"{}", free("set", prop))), key.to_string()]
    })
}

fn step(verb: &str, names: &[&str], more: &str) -> String {
    let mut given = String::new();
    for (at, name) in names.iter().enumerate() {
        if names.get(..at).is_some_and(|before| !before.contains(name)) {
            given.push_str(&format!(", {name} = {BLANK}"));
        }
    }
    format!("{verb} = {{ on = {BLANK}{given}{more} }}")
}

/// What a verb without a value of its own asks for.
fn free(verb: &str, prop: &PropSpec) -> String {
    match &prop.kind {
        ValueKind::Args => ", args = [1, 0.5, \"text\"]".into(),
        kind @ (ValueKind::Level { .. } | ValueKind::Decimal { .. }) if verb != "set" => format!(", to = {}, over = \"2s\"", value(kind)),
        kind => format!(", value = {}", value(kind)),
    }
}

/// Something that the property can hold.
fn value(kind: &ValueKind) -> String {
    const HALF: i64 = 500_000;
    match kind {
        ValueKind::Switch => "true".into(),
        ValueKind::Int { min, max } => 1.clamp(*min, *max).to_string(),
        ValueKind::Level { min, max } => format!("\"{}\"", Db((-10_000).clamp(*min, *max))).replace(".0 dB", " dB"),
        ValueKind::Decimal { min, max } => format!("\"{} %\"", HALF.clamp(*min, *max) / 10_000).replace(" %", "%"),
        ValueKind::Choice(words) => format!("\"{}\"", words.first().map_or("…", |word| word)),
        ValueKind::Text | ValueKind::Transport => BLANK.into(),
        ValueKind::Args => "[1]".into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fmt::Write as _;

    use super::*;
    use crate::show::profile_text::plural;
    use crate::show::{Library, NameTable, Severity, load_text};

    /// What a show may write for a name of this table.
    fn entry(names: &NameTable) -> String {
        match (names.patterns.first(), names.fixed.keys().next()) {
            (Some(pattern), _) => format!("\"{}{}\"", pattern.prefix, pattern.first),
            (None, Some(fixed)) => format!("\"{fixed}\""),
            (None, None) => "\"GET /1\"".into(),
        }
    }

    /// A show with the device, each table of its patch with a name `x`, and these steps.
    fn show(profile: &Profile, steps: &[String]) -> String {
        let mut text = format!(
            "[show]\ntitle = \"T\"\nlooks = \"track\"\nat_exit = \"leave\"\n[safe]\ntell = \"safe\"\n[device.x]\nprofile = \"{}\"\naddress = \"127.0.0.1\"\n",
            profile.key
        );
        for (table, names) in &profile.names {
            writeln!(text, "{} = {{ x = {} }}", plural(table), entry(names)).unwrap();
        }
        for (at, step) in steps.iter().enumerate() {
            write!(text, "[[cue]]\nnumber = \"{}\"\nname = \"c\"\ndo = [{{ {} }}]\n", at + 1, step.replace('…', "x")).unwrap();
        }
        text
    }

    /// The names that a way of a verb goes by.
    fn goes_by(profile: &Profile, spec: &VerbSpec) -> String {
        let of_value = match &spec.value {
            Some(ValueSpec::Selector(name)) => Some(&**name),
            Some(ValueSpec::Transport { clip, .. }) => clip.as_deref(),
            Some(ValueSpec::Fixed(_)) | None => None,
        };
        let mut names: Vec<&str> = placeholders(&profile.props[&spec.property].path).chain(of_value).collect();
        names.sort_unstable();
        names.dedup();
        names.join(" ")
    }

    #[test]
    fn every_step_that_a_profile_shows_is_one_that_a_show_may_write() {
        let library = Library::builtin();
        let mut shown = 0;
        for key in library.keys() {
            let profile = library.profile(key).unwrap();
            let verbs = profile.verbs.iter().flat_map(|(name, specs)| specs.iter().map(|spec| verb(&profile, name, spec)));
            let steps: Vec<String> = verbs.chain(sets(&profile)).map(|[step, _]| step).collect();
            shown += steps.len();
            // Of two ways with the same names the first is always taken.
            for (name, specs) in &profile.verbs {
                let mut ways: Vec<String> = specs.iter().map(|spec| goes_by(&profile, spec)).collect();
                let all = ways.len();
                ways.sort();
                ways.dedup();
                assert_eq!(ways.len(), all, "{key}: a way of {name} is never taken");
            }
            let loaded = load_text(&[("show.toml".into(), show(&profile, &steps))]);
            let wrong: Vec<_> = loaded.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
            assert!(wrong.is_empty(), "{key}: {wrong:#?}");
        }
        assert!(shown > 150, "{shown} steps");
    }
}
