//! What a technician should know of a deck: its disk and the time left on it, and whether it may be controlled.

use std::collections::BTreeMap;

use super::SHORT;
use super::codec::Block;
use crate::device_api::{Facet, Level, Report};
use crate::devices::Out;

/// What was told of each fact.
#[derive(Debug, Default)]
pub struct Health {
    told: BTreeMap<&'static str, (Level, String)>,
}

impl Health {
    /// The deck is new or came back: all is told again.
    pub fn forget(&mut self) {
        self.told.clear();
    }

    /// `slot info` of the active slot; a notice has only what changed.
    pub fn slot(&mut self, block: &Block, out: &mut Out) {
        let fields = block.fields();
        let left = fields.get("recording time").and_then(|time| time.parse::<u64>().ok());
        let slot = fields.get("slot id").map_or_else(|| "the active slot".to_owned(), |id| format!("slot {id}"));
        let (level, text) = match (fields.get("status"), left) {
            (Some(&"empty"), _) => (Level::Warn, format!("there is no disk in {slot}")),
            (Some(&"error"), _) => (Level::Bad, format!("the disk in {slot} has an error: change it")),
            (Some(&"mounting"), _) => (Level::Notice, format!("the disk in {slot} is being read")),
            (_, Some(0)) => (Level::Bad, format!("the disk in {slot} is full: change it")),
            (_, Some(left)) if left < SHORT => (Level::Warn, format!("the disk in {slot} can record for {} min more", left / 60)),
            // By the quarter of an hour: each minute is no news.
            (_, Some(left)) => (Level::Good, format!("the disk in {slot} can record for more than {} min", left / 900 * 15)),
            (None, None) => return,
            _ => (Level::Good, format!("there is a disk in {slot}")),
        };
        self.say("slot", level, text, out);
    }

    /// `remote info`: whether it obeys.
    pub fn remote(&mut self, block: &Block, out: &mut Out) {
        let fields = block.fields();
        let is = |key: &str| fields.get(key).map(|word| *word == "true");
        let Some(enabled) = is("enabled") else { return };
        let (level, text) = if enabled || is("override") == Some(true) {
            (Level::Good, "the deck obeys the network")
        } else {
            (Level::Bad, "remote control is switched off: press REM on the deck")
        };
        self.say("remote", level, text.to_owned(), out);
    }

    fn say(&mut self, key: &'static str, level: Level, text: String, out: &mut Out) {
        let news = self.told.get(key).is_none_or(|(old, said)| *old != level || *said != text);
        if news {
            out.report(Report::Health(Facet { key: key.into(), level, text: text.as_str().into() }));
            self.told.insert(key, (level, text));
        }
    }
}
