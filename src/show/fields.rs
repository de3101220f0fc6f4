//! Reads the keys of one TOML table by hand: each key is asked for once, what nobody asked for is unknown.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Faults};
use crate::time::Span;

/// A value with its place in the text.
pub type Node<'i> = Spanned<DeValue<'i>>;

/// Keys that a reader asks for, mostly: those of a cue.
const KEYS: usize = 24;

/// One table while it is read.
#[derive(Debug)]
pub struct Fields<'a, 'i> {
    table: &'a DeTable<'i>,
    /// Where the table stands, for faults of what is missing.
    span: Range<usize>,
    /// How a person calls it: `[limits]`.
    place: Cow<'static, str>,
    asked: Vec<Cow<'static, str>>,
}

impl<'a, 'i> Fields<'a, 'i> {
    /// Starts to read a table; `place` is how a person calls it.
    pub fn new(table: &'a DeTable<'i>, span: Range<usize>, place: impl Into<Cow<'static, str>>) -> Self {
        Self { table, span, place: place.into(), asked: Vec::with_capacity(KEYS) }
    }

    /// Starts to read a value that must be a table.
    pub fn of(node: &'a Node<'i>, place: impl Into<Cow<'static, str>>, faults: &mut Faults) -> Option<Self> {
        let place = place.into();
        match node.get_ref() {
            DeValue::Table(table) => Some(Self::new(table, node.span(), place)),
            other => {
                faults.add(node.span(), format!("{place} is a table, not {}", kind_of(other)));
                None
            }
        }
    }

    /// Where the table stands.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// How a person calls the table.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The value of a key, if it is there.
    pub fn get(&mut self, key: &'static str) -> Option<&'a Node<'i>> {
        self.asked.push(Cow::Borrowed(key));
        self.table.get(key)
    }

    /// The value of a key that only a profile knows.
    pub fn get_named(&mut self, key: String) -> Option<&'a Node<'i>> {
        let node = self.table.get(key.as_str());
        self.asked.push(Cow::Owned(key));
        node
    }

    /// True when the key is there; does not count as asking for it.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The entries that nobody asked for so far, in file order: names that the show itself makes.
    pub fn rest(&self) -> Vec<(&'a str, Range<usize>, &'a Node<'i>)> {
        let unasked = self.table.iter().filter(|(key, _)| !self.asked.iter().any(|asked| *asked == *key.get_ref()));
        let mut entries: Vec<_> = unasked.map(|(key, node)| (key.get_ref().as_ref(), key.span(), node)).collect();
        entries.sort_by_key(|(_, span, _)| span.start);
        entries
    }

    /// The text of a key.
    pub fn text(&mut self, key: &'static str, faults: &mut Faults) -> Option<&'a str> {
        let node = self.get(key)?;
        text_of(node, key, faults)
    }

    /// The text of a key that must be there.
    pub fn need_text(&mut self, key: &'static str, faults: &mut Faults) -> Option<&'a str> {
        if !self.table.contains_key(key) {
            let fault = Fault::rule("missing", self.span(), format!("{} has no {key}", self.place));
            faults.push(fault.help(format!("add {key} = \"…\"")));
        }
        self.text(key, faults)
    }

    /// A switch: true or false.
    pub fn flag(&mut self, key: &'static str, faults: &mut Faults) -> Option<bool> {
        let node = self.get(key)?;
        if let DeValue::Boolean(on) = node.get_ref() {
            return Some(*on);
        }
        faults.add(node.span(), format!("{key} is true or false, not {}", kind_of(node.get_ref())));
        None
    }

    /// A whole number within a range.
    pub fn int(&mut self, key: &'static str, range: std::ops::RangeInclusive<i64>, faults: &mut Faults) -> Option<i64> {
        let node = self.get(key)?;
        match int_of(node.get_ref()) {
            Some(n) if range.contains(&n) => Some(n),
            Some(n) => {
                faults.add(node.span(), format!("{key} is {n}, but must be from {} to {}", range.start(), range.end()));
                None
            }
            None => {
                faults.add(node.span(), format!("{key} is a whole number, not {}", kind_of(node.get_ref())));
                None
            }
        }
    }

    /// A length of time.
    pub fn duration(&mut self, key: &'static str, faults: &mut Faults) -> Option<Span> {
        let node = self.get(key)?;
        let text = text_of(node, key, faults)?;
        Span::parse(text).map_err(|why| faults.add(node.span(), why)).ok()
    }

    /// Several texts; one alone may stand without brackets.
    pub fn texts(&mut self, key: &'static str, faults: &mut Faults) -> Vec<(Arc<str>, Range<usize>)> {
        let Some(node) = self.get(key) else { return Vec::new() };
        match node.get_ref() {
            DeValue::Array(items) => {
                items.iter().filter_map(|item| text_of(item, key, faults).map(|text| (text.into(), item.span()))).collect()
            }
            _ => text_of(node, key, faults).map(|text| (text.into(), node.span())).into_iter().collect(),
        }
    }

    /// One word of a list; gives its place in it.
    pub fn word(&mut self, key: &'static str, words: &[&str], faults: &mut Faults) -> Option<usize> {
        let node = self.get(key)?;
        let text = text_of(node, key, faults)?;
        let at = words.iter().position(|word| *word == text);
        if at.is_none() {
            faults.unknown(node.span(), format!("{key} can not be \"{text}\""), text, words.iter().copied());
        }
        at
    }

    /// The entries of a key that holds a table, in file order.
    pub fn entries(&mut self, key: &'static str, faults: &mut Faults) -> Vec<(&'a str, Range<usize>, &'a Node<'i>)> {
        let Some(node) = self.get(key) else { return Vec::new() };
        match node.get_ref() {
            DeValue::Table(table) => in_file_order(table),
            other => {
                faults.add(node.span(), format!("{key} is a table, not {}", kind_of(other)));
                Vec::new()
            }
        }
    }

    /// Refuses every key that nobody asked for.
    pub fn finish(self, faults: &mut Faults) {
        for (key, span, _) in self.rest() {
            let message = format!("{} has no key \"{key}\"", self.place);
            faults.unknown_as("unknown-key", span, message, key, self.asked.iter().map(|asked| &**asked));
        }
    }
}

/// The entries of a table as the file has them.
pub fn in_file_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<(&'a str, Range<usize>, &'a Node<'i>)> {
    let mut entries: Vec<_> = table.iter().map(|(key, node)| (key.get_ref().as_ref(), key.span(), node)).collect();
    entries.sort_by_key(|(_, span, _)| span.start);
    entries
}

/// The text of a value, or a fault that names the key.
pub fn text_of<'a>(node: &'a Node<'_>, key: &str, faults: &mut Faults) -> Option<&'a str> {
    if let DeValue::String(text) = node.get_ref() {
        return Some(text);
    }
    faults.add(node.span(), format!("{key} is text in quotes, not {}", kind_of(node.get_ref())));
    None
}

/// A whole number in any of TOML's notations.
#[must_use]
pub fn int_of(value: &DeValue<'_>) -> Option<i64> {
    match value {
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok(),
        _ => None,
    }
}

/// How a person calls a kind of value.
#[must_use]
pub fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The same value as JSON, for facts that only a family understands.
#[must_use]
pub fn json_of(value: &DeValue<'_>) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        DeValue::String(text) => Json::from(text.as_ref()),
        DeValue::Integer(n) => int_of(value).map_or_else(|| Json::from(n.as_str()), Json::from),
        DeValue::Float(n) => n.as_str().parse::<f64>().map_or(Json::Null, Json::from),
        DeValue::Boolean(on) => Json::from(*on),
        DeValue::Datetime(at) => Json::from(at.to_string()),
        DeValue::Array(items) => items.iter().map(|item| json_of(item.get_ref())).collect(),
        DeValue::Table(table) => Json::Object(json_table(table)),
    }
}

/// A table as a JSON object.
#[must_use]
pub fn json_table(table: &DeTable<'_>) -> serde_json::Map<String, serde_json::Value> {
    table.iter().map(|(key, node)| (key.get_ref().to_string(), json_of(node.get_ref()))).collect()
}
