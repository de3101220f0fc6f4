//! What a device lacks of what the show has of it: properties that it does not tell, and places beyond its size. Each is said, and the rest
//! of the device is driven as ever.

use std::sync::Arc;

use serde_json::Value as Json;

use super::driver::Talker;
use super::line::Line;
use super::plan::Item;
use super::session::Purpose;
use crate::device_api::Level;
use crate::devices::Out;
use crate::devices::facets::Picture;
use crate::devices::holes::Holes;
use crate::show::{Profile, Value};

/// Questions in a row without any answer on one connection; then the property is asked for only when the show does.
const SILENT_AFTER: u8 = 2;
/// Properties that a fact names; of more it gives the number.
const NAMED: usize = 3;

/// How a device says its size: as many places as the device says stand behind a names table, the outputs or the inputs of a matrix.
#[derive(Debug)]
pub struct Size {
    names: Arc<str>,
    /// The property whose values these places are; `None`: they stand in paths.
    values: Option<Arc<str>>,
    line: Line,
    first: i64,
}

impl Size {
    /// Reads `{ names = "output", line = "OUTPUTS {value}", first = 1 }`; `values = "route"` where the names are values of a property.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn read(json: &Json, profile: &Profile, known: &Holes) -> Result<Self, String> {
        const FORM: &str = "[facts] size: an entry is { names = \"output\", line = \"OUTPUTS {value}\" }";
        let table = json.as_object().ok_or(FORM)?;
        if let Some(stray) = table.keys().find(|key| !matches!(key.as_str(), "names" | "values" | "line" | "first")) {
            return Err(format!("[facts] size: \"{stray}\" is not known (names, values, line, first)"));
        }
        let names = table.get("names").and_then(Json::as_str).ok_or(FORM)?;
        if !profile.names.contains_key(names) {
            return Err(format!("[facts] size: the profile has no names table \"{names}\""));
        }
        let values = table.get("values").and_then(Json::as_str);
        if let Some(key) = values.filter(|key| !profile.props.contains_key(*key)) {
            return Err(format!("[facts] size: the profile has no property \"{key}\""));
        }
        let line = Line::read(table.get("line").ok_or(FORM)?, known)?;
        if !line.tells() {
            return Err("[facts] size: the line tells no number (write {value} where it stands)".into());
        }
        let first = table.get("first").and_then(Json::as_i64).unwrap_or(0);
        Ok(Self { names: names.into(), values: values.map(Arc::from), line, first })
    }

    /// The number that a line tells; a device that counts nothing has not been read yet.
    fn told(&self, line: &str) -> Option<i64> {
        self.line.matches(line)?.get("value")?.to_string().trim().parse().ok().filter(|count| *count > 0)
    }

    /// Why a place lies beyond a device of this size; places count from one in what a person reads.
    fn beyond(&self, count: i64, device: &str, item: &Item, value: Option<&Value>) -> Option<String> {
        let text = match &self.values {
            None => item.args.get(&self.names)?.to_string(),
            Some(key) if *key == item.spec => value?.to_string(),
            Some(_) => return None,
        };
        let place = text.parse::<i64>().ok()?.checked_sub(self.first)?.checked_add(1)?;
        let (label, names) = (&item.label, &self.names);
        (place > count).then(|| {
            format!("{label}: the show asks for {names} {place}, and {device} has {count}: correct the show, or connect a larger device")
        })
    }
}

impl Talker {
    /// A line may tell the device's size: what lies beyond it is not asked for.
    pub(super) fn measure(&mut self, line: &str, out: &mut Out) {
        let told: Vec<(usize, i64)> = self.facts.size.iter().enumerate().filter_map(|(n, size)| Some((n, size.told(line)?))).collect();
        if told.is_empty() {
            return;
        }
        self.session.sizes.extend(told);
        for at in 0..self.items.len() {
            if self.beyond(at, None).is_some() {
                self.session.unread.remove(&at);
                self.session.untold.remove(&at);
                self.session.reads.retain(|other| *other != at);
            }
        }
        self.tell_lacks(out);
    }

    /// Why the device does not reach as far as this property, or this value of it.
    pub(super) fn beyond(&self, at: usize, value: Option<&Value>) -> Option<String> {
        let item = self.items.get(at)?;
        self.session.sizes.iter().find_map(|(n, count)| self.facts.size.get(*n)?.beyond(*count, &self.name, item, value))
    }

    /// A block under this heading is whole: what a question about it has not been told by now, it is not told.
    pub(super) fn block_ended(&mut self, head: &str, out: &mut Out) {
        let yes = self.session.agreed || self.facts.ok.is_empty();
        match &self.session.asked {
            Some((Purpose::Read(at), text, _)) if yes && text.trim() == head => {
                let at = *at;
                self.session.asked = None;
                self.unheard(at, out);
            }
            _ => {}
        }
    }

    /// A question got no value: the first reading does not wait for it, nor for what else the same question would have told.
    pub(super) fn unheard(&mut self, at: usize, out: &mut Out) {
        for other in self.asked_with(at) {
            self.session.unread.remove(&other);
            self.session.reads.retain(|waiting| *waiting != other);
            let unknown = self.items.get(other).is_some_and(|item| self.ledger.known(item.prop).is_none());
            if unknown && self.beyond(other, None).is_none() {
                self.session.untold.insert(other);
            }
        }
        self.settle(out);
        self.tell_lacks(out);
    }

    /// A question got no answer at all.
    pub(super) fn silent(&mut self, at: usize, out: &mut Out) {
        for other in self.asked_with(at) {
            let misses = self.session.misses.entry(other).or_default();
            *misses = misses.saturating_add(1);
        }
        self.unheard(at, out);
    }

    /// The device never answers this question: asking it by ourselves would only hold up what else it is told. A datagram may be lost.
    pub(super) fn is_silent(&self, at: usize) -> bool {
        !self.facts.udp && self.session.misses.get(&at).is_some_and(|misses| *misses >= SILENT_AFTER)
    }

    /// This property and all that the answer to the same question tells.
    fn asked_with(&self, at: usize) -> Vec<usize> {
        let question = self.items.get(at).and_then(|item| item.question.as_ref());
        let told = |item: &Item| question.is_some() && item.question.as_ref() == question && item.wiring.answers.is_empty();
        self.items.iter().enumerate().filter(|(other, item)| *other == at || told(item)).map(|(other, _)| other).collect()
    }

    /// Says what the device lacks, when that has changed.
    pub(super) fn tell_lacks(&mut self, out: &mut Out) {
        let mut picture = Picture::default();
        if self.session.live {
            let beyond: Vec<String> = (0..self.items.len()).filter_map(|at| self.beyond(at, None)).collect();
            if let Some(first) = beyond.first() {
                let more = if beyond.len() > 1 { format!(" (and {} more of the show)", beyond.len() - 1) } else { String::new() };
                picture.add("size", Level::Warn, format!("{first}{more}"));
            }
            let untold: Vec<&Item> = self.session.untold.iter().filter_map(|at| self.items.get(*at)).collect();
            if !untold.is_empty() && self.session.is_read() {
                let named: Vec<&str> = untold.iter().take(NAMED).map(|item| &*item.label).collect();
                let more = if untold.len() > NAMED { format!(" and {} more", untold.len() - NAMED) } else { String::new() };
                let text = format!(
                    "{}{more}: {} does not tell this, so it is unknown until it does; all else is driven: check it on the device",
                    named.join(", "),
                    self.name
                );
                picture.add("untold", Level::Notice, text);
            }
        }
        self.facets.show(picture, out);
    }
}
