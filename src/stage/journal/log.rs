//! The stage's end of the journal: numbers the records and puts them in the ring.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ring::{RingWriter, Worth};
use super::writer::{Checkpoints, Health, Pending};
use super::{Entry, Record, packed};
use crate::engine::{ActionId, Facet, Input, Level, Note, Report};
use crate::time::{Mono, Span};

/// A checkpoint is made after so many lines …
pub const CHECKPOINT_LINES: u64 = 1000;
/// … or after this long, if anything happened.
pub const CHECKPOINT_TIME: Span = Span::secs(60);
/// A journal thread that has not come back for this long is stalled.
const STALLED: Span = Span::secs(2);

/// Writes records. Never waits, never fails: what the ring does not take is counted and said.
pub struct Log {
    ring: RingWriter,
    checkpoints: Checkpoints,
    health: Arc<Health>,
    seq: u64,
    lost: u64,
    lost_said: u64,
    buffer: Vec<u8>,
    open: BTreeSet<ActionId>,
    lines: u64,
    checkpoint_at: Mono,
    beat: (u64, Mono),
}

impl Log {
    /// Goes on after the record `seq`, with these actions begun and not known to be sent.
    #[must_use]
    pub fn new(ring: RingWriter, checkpoints: Checkpoints, health: Arc<Health>, seq: u64, open: &[ActionId], now: Mono) -> Self {
        Self {
            ring,
            checkpoints,
            health,
            seq,
            lost: 0,
            lost_said: 0,
            buffer: vec![0; 4096],
            open: open.iter().copied().collect(),
            lines: 0,
            checkpoint_at: now,
            beat: (0, now),
        }
    }

    /// Records one entry.
    pub fn put(&mut self, mono: Mono, entry: Entry) {
        match &entry {
            Entry::Sending { action, .. } => {
                self.open.insert(*action);
            }
            Entry::Input(Input::Device { report: Report::Sent { action, .. }, .. }) | Entry::Note(Note::Action { action, .. }) => {
                self.open.remove(action);
            }
            _ => {}
        }
        if self.lost > self.lost_said {
            let count = self.lost - self.lost_said;
            if self.write(mono, Entry::Lost { count }, Worth::Droppable) {
                self.lost_said = self.lost;
            }
        }
        let worth = if entry.droppable() { Worth::Droppable } else { Worth::Needed };
        if !self.write(mono, entry, worth) {
            self.lost += 1;
        }
    }

    fn write(&mut self, mono: Mono, entry: Entry, worth: Worth) -> bool {
        let record = Record { seq: self.seq + 1, mono, entry };
        if !packed::write(&record, &mut self.buffer).is_some_and(|packed| self.ring.push(packed, worth)) {
            return false;
        }
        self.seq += 1;
        self.lines += 1;
        true
    }

    /// All work due up to `now` is done.
    pub fn alive(&self, now: Mono) {
        self.ring.alive(now.0);
    }

    /// Whether it is time for a checkpoint. Lines that were lost make one due as soon as there is room again.
    #[must_use]
    pub fn checkpoint_due(&self, now: Mono) -> bool {
        if self.checkpoints.is_full() {
            return false;
        }
        self.lines >= CHECKPOINT_LINES || (self.lines > 0 && now.since(self.checkpoint_at) >= CHECKPOINT_TIME)
    }

    /// Gives a copy of the state after the last record to the journal thread, which turns it into text.
    pub fn checkpoint<S: serde::Serialize + Send + 'static>(&mut self, now: Mono, engine: S) {
        let state = Box::new(move || serde_json::value::to_raw_value(&engine));
        let pending = Pending { seq: self.seq, mono: now, open: self.open.iter().copied().collect(), state };
        // A full queue means that the one before is still being written: the next is soon due again.
        if self.checkpoints.push(pending).is_ok() {
            self.lines = 0;
            self.checkpoint_at = now;
        }
    }

    /// What the operator must know of the journal; nothing when all is well.
    pub fn facets(&mut self, now: Mono, out: &mut Vec<Facet>) {
        let synced = self.health.synced();
        if synced != self.beat.0 {
            self.beat = (synced, now);
        }
        let facet = |level, text: String| Facet { key: "journal".into(), level, text: text.into() };
        if self.health.failing() {
            out.push(facet(
                Level::Bad,
                format!("the journal cannot be written (ring {} % full): free disk space", self.ring.percent_full()),
            ));
        } else if now.since(self.beat.1) > STALLED {
            out.push(facet(Level::Warn, format!("the journal's disk stalls (ring {} % full)", self.ring.percent_full())));
        }
        if self.lost > 0 {
            out.push(facet(Level::Bad, format!("{} journal lines were lost: a resume may not know all that happened", self.lost)));
        }
    }
}
