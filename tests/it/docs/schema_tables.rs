//! Tables of keys, made from the JSON Schemas that `showcall schema` prints.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value as Json};
use showcall::cli::schema;

/// Heading of a section, and where its object stands in the schema.
type Section = (&'static str, &'static str);

const SHOW: &[Section] = &[
    ("`[show]`", "/properties/show"),
    ("`[safe]`, `[show.start]`", "/$defs/acts"),
    ("`[remote]`", "/properties/remote"),
    ("`[department.KEY]`", "/properties/department/additionalProperties"),
    ("`[device.KEY]`", "/$defs/device"),
    ("`[device.KEY.property]`: each a table", "/$defs/device/properties/property/additionalProperties"),
    ("`[universe.NUMBER]`", "/$defs/universe"),
    ("`outputs` of a universe", "/$defs/output"),
    ("`[fixture.KEY]`", "/$defs/fixture"),
    ("`[group.KEY]`", "/properties/group/additionalProperties"),
    ("`[palette]`", "/properties/palette"),
    ("`[look.KEY]`: each light a level, or a table", "/$defs/paint/oneOf/1"),
    ("`[macro.KEY]`", "/properties/macro/additionalProperties"),
    ("`[[list]]`", "/properties/list/items"),
    ("`[[cue]]`", "/$defs/cue"),
    ("Steps: `do` of a cue, a hot cue or a macro", "/$defs/step"),
    ("`light` of a step", "/$defs/light"),
    ("`times` of a light step: each a duration, or a table", "/$defs/timing"),
    ("`effect` of a step", "/$defs/effect"),
    ("`fade` of a step", "/$defs/fade"),
    ("`[[hot]]`", "/properties/hot/items"),
    ("`[[trigger]]`", "/properties/trigger/items"),
    ("`midi` of a trigger", "/properties/trigger/items/properties/midi"),
    ("`artnet` of a trigger", "/properties/trigger/items/properties/artnet"),
];

const PROFILES: &[Section] = &[
    ("A device's profile", "/$defs/device"),
    ("`[limits]`", "/$defs/device/properties/limits"),
    ("`[names.KEY]`", "/$defs/names"),
    ("`[property.KEY]`", "/$defs/property"),
    ("`[[verb.NAME]]`", "/$defs/verb"),
    ("`[option.KEY]`", "/$defs/option"),
    ("A light's profile", "/$defs/fixture"),
    ("`[[mode]]`", "/$defs/mode"),
    ("`[[channel]]`, `[[mode.channel]]`", "/$defs/channel"),
];

pub fn show() -> String {
    let schema: Json = serde_json::from_str(schema::SHOW).unwrap();
    let top: BTreeSet<&str> = object(&schema, "/properties").keys().map(String::as_str).collect();
    let told: String = SHOW.iter().map(|(heading, _)| *heading).collect();
    let missing: Vec<_> = top.iter().filter(|key| !told.contains(&format!("[{key}"))).collect();
    assert!(missing.is_empty(), "sections without a table: {missing:?}");
    sections(&schema, SHOW)
}

pub fn profiles() -> String {
    sections(&serde_json::from_str(schema::PROFILE).unwrap(), PROFILES)
}

fn object<'a>(schema: &'a Json, at: &str) -> &'a Map<String, Json> {
    schema.pointer(at).and_then(Json::as_object).unwrap_or_else(|| panic!("the schema has nothing at {at}"))
}

fn sections(schema: &Json, sections: &[Section]) -> String {
    let mut out = String::new();
    for (heading, at) in sections {
        let own = object(schema, at);
        writeln!(out, "## {heading}\n").unwrap();
        if let Some(about) = own.get("description").and_then(Json::as_str) {
            writeln!(out, "{}\n", in_text(about)).unwrap();
        }
        if let Some(keys) = own.get("properties").and_then(Json::as_object) {
            table(schema, own, keys, &mut out);
        }
    }
    out
}

fn table(schema: &Json, own: &Map<String, Json>, keys: &Map<String, Json>, out: &mut String) {
    let required: Vec<&str> = own.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
    let keys: Vec<_> = keys.iter().map(|(key, value)| (key, refined(schema, own, key, value))).collect();
    out.push_str("| key | holds | what it says |\n|---|---|---|\n");
    for (key, value) in keys {
        let needed = if required.contains(&key.as_str()) { "**Needed.** " } else { "" };
        let row = format!("{needed}{}", says(schema, value));
        writeln!(out, "| `{key}` | {} | {} |", kind(schema, value), row.trim()).unwrap();
    }
    out.push('\n');
}

/// A key that is only `true` stands in what its object refers to.
fn refined<'a>(schema: &'a Json, own: &'a Map<String, Json>, key: &str, value: &'a Json) -> &'a Json {
    if *value != Json::Bool(true) {
        return value;
    }
    let refers = own.get("allOf").and_then(Json::as_array).into_iter().flatten().filter_map(|part| part.get("$ref")).chain(own.get("$ref"));
    let found = refers.filter_map(Json::as_str).find_map(|to| schema.pointer(to.trim_start_matches('#'))?.get("properties")?.get(key));
    found.unwrap_or(value)
}

fn target<'a>(schema: &'a Json, value: &'a Json) -> Option<&'a Json> {
    value.get("$ref").and_then(Json::as_str).and_then(|to| schema.pointer(to.trim_start_matches('#')))
}

/// The description, the usual value and an example; its own or those of what it refers to.
fn says(schema: &Json, value: &Json) -> String {
    let own = |key: &str| value.get(key).or_else(|| target(schema, value)?.get(key));
    let mut parts: Vec<String> = own("description").and_then(Json::as_str).map(in_text).into_iter().collect();
    parts.extend(value.get("default").map(|usual| format!("Default: `{}`.", toml(usual))));
    let example = value.get("examples").and_then(Json::as_array).and_then(|all| all.first());
    parts.extend(example.map(|example| format!("Such as `{}`.", toml(example))));
    parts.join(" ")
}

/// What a key may hold, in words.
fn kind(schema: &Json, value: &Json) -> String {
    if let Some(name) = value.get("$ref").and_then(Json::as_str) {
        return match name.rsplit('/').next().unwrap() {
            "duration" => "duration".into(),
            "time" => "time of the day".into(),
            "date" => "date".into(),
            "steps" => "steps".into(),
            "acts" => "acts".into(),
            "names" => "a name, or a list".into(),
            "texts" => "text, or a list".into(),
            "colour" => "colour".into(),
            "part" => "level".into(),
            "attribute" => "a channel's value".into(),
            "oneVerb" => "a verb".into(),
            _ => kind(schema, target(schema, value).unwrap_or(&Json::Null)),
        };
    }
    if let Some(words) = value.get("enum").and_then(Json::as_array) {
        return words.iter().map(|word| format!("`{}`", toml(word))).collect::<Vec<_>>().join(", ");
    }
    if let Some(word) = value.get("const") {
        return format!("`{}`", toml(word));
    }
    if let Some(some) = value.get("oneOf").and_then(Json::as_array).filter(|_| value.get("type").is_none()) {
        let mut kinds: Vec<String> = some.iter().map(|one| kind(schema, one)).collect();
        kinds.dedup();
        return kinds.join(", or ");
    }
    match value.get("type") {
        Some(Json::Array(types)) => types.iter().filter_map(Json::as_str).map(|word| simple(word, value)).collect::<Vec<_>>().join(", or "),
        Some(Json::String(word)) if word == "array" => match value.get("items") {
            Some(items) if target(schema, items).unwrap_or(items).get("type").and_then(Json::as_str) == Some("object") => {
                "a list of tables".into()
            }
            Some(items) => format!("a list: {}", kind(schema, items)),
            None => "a list".into(),
        },
        Some(Json::String(word)) => simple(word, value),
        _ => "any value".into(),
    }
}

fn simple(word: &str, value: &Json) -> String {
    let limits = value.get("minimum").zip(value.get("maximum"));
    match (word, limits) {
        ("integer", Some((low, high))) => format!("{low} to {high}"),
        ("integer", None) => "whole number".into(),
        ("string", _) => "text".into(),
        ("boolean", _) => "`true`, `false`".into(),
        ("object", _) => "table".into(),
        (other, _) => other.into(),
    }
}

/// A value as a show writes it.
fn toml(value: &Json) -> String {
    value.to_string().replace("\",\"", "\", \"")
}

/// Text of the schema, safe in a cell of a table.
fn in_text(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
