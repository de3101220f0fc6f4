//! What came last, as a stream with every status written out: a word of a desk may be four control changes in a row.

use super::plan::Item;
use super::template::{Ground, Template};
use crate::show::Value;

/// Longer than any word made of channel messages.
const LIMIT: usize = 24;

/// The last channel messages, or the last system exclusive message.
#[derive(Debug, Default)]
pub struct Recent {
    bytes: Vec<u8>,
}

impl Recent {
    /// One whole message. Realtime says nothing here.
    pub fn push(&mut self, message: &[u8]) {
        match message.first() {
            Some(0xF8..) | None => return,
            Some(0xF0..) => self.bytes.clear(),
            Some(_) if self.bytes.first() == Some(&0xF0) => self.bytes.clear(),
            Some(_) => {}
        }
        self.bytes.extend_from_slice(message);
        if self.bytes.first() != Some(&0xF0) && self.bytes.len() > LIMIT {
            let spare = self.bytes.len() - LIMIT;
            self.bytes.drain(..spare);
        }
    }

    /// Reads the end of it as a template's message.
    #[must_use]
    pub fn read(&self, template: &Template, item: &Item, ground: &Ground) -> Option<Option<Value>> {
        let from = template.length().map_or(Some(0), |length| self.bytes.len().checked_sub(length))?;
        template.read(&item.holes, self.bytes.get(from..)?, &item.kind, ground)
    }

    /// What was read is over: the same bytes are not read as part of the next word.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }
}
