//! What a technician should know of a deck: its disk and the time left on it, and whether it may be controlled.

use super::SHORT;
use super::codec::Block;
use super::protocol::Question;
use crate::device_api::Level;
use crate::devices::kernel::Response;

/// `slot info` of the active slot; a notice has only what changed.
pub fn slot(block: &Block, response: &mut Response<Question>) {
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
    response.health("slot", level, text);
}

/// `remote info`: whether it obeys.
pub fn remote(block: &Block, response: &mut Response<Question>) {
    let fields = block.fields();
    let is = |key: &str| fields.get(key).map(|word| *word == "true");
    let Some(enabled) = is("enabled") else { return };
    let (level, text) = if enabled || is("override") == Some(true) {
        (Level::Good, "the deck obeys the network")
    } else {
        (Level::Bad, "remote control is switched off: press REM on the deck")
    };
    response.health("remote", level, text);
}
