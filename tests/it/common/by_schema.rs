//! TOML against the JSON Schemas that the program prints.

use serde_json::Value as Json;

/// A TOML value as JSON; dates and times become text, as a schema has no others.
pub fn json_of(value: toml::Value) -> Json {
    match value {
        toml::Value::Datetime(at) => Json::from(at.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json_of).collect(),
        toml::Value::Table(table) => Json::Object(table.into_iter().map(|(key, value)| (key, json_of(value))).collect()),
        other => serde_json::to_value(other).unwrap(),
    }
}

/// What the schema says against a text, a line each.
pub fn schema_faults(schema: &str, text: &str) -> Vec<String> {
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => return vec![error.to_string()],
    };
    let schema: Json = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(&json_of(toml::Value::Table(table))).map(|e| format!("{}: {e}", e.instance_path)).collect()
}
