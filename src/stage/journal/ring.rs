//! The ring between the stage clock and the journal's file: memory that outlives the process.
//!
//! The stage copies each packed record into it before any byte leaves for a device; that costs no system call and can never wait. The words
//! are shared memory, so `kill -9` leaves them as they were and the next process reads the rest. One writer, one reader. A record counts
//! once `HEAD` is past it: a copy cut in the middle was never there. Another version may pack records otherwise: its ring is not read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Memory of 64-bit words that both sides share.
pub trait Words: Send + Sync {
    /// All of them; always the same length.
    fn words(&self) -> &[AtomicU64];
}

impl Words for Vec<AtomicU64> {
    fn words(&self) -> &[AtomicU64] {
        self
    }
}

/// Says that this is a ring of this layout: `SHOWRNG` and version 2.
const MAGIC: u64 = u64::from_be_bytes(*b"SHOWRNG\x02");
/// Header words: magic, run, head, tail, alive, the program's version; the rest is spare.
const RUN: usize = 1;
const HEAD: usize = 2;
const TAIL: usize = 3;
const ALIVE: usize = 4;
const MADE_BY: usize = 5;
const DATA: usize = 8;

/// Words of a ring for a show: 2 MiB, some 30,000 records.
pub const WORDS: usize = 256 * 1024;

/// No record in the ring is longer.
pub const LINE_MAX: usize = 256 * 1024;

/// Whether a record may be dropped to keep room for the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// GO, intents, sending marks: takes the last word of the ring.
    Needed,
    /// Reports and notes: leaves a quarter of the ring free.
    Droppable,
}

/// The stage's end.
pub struct RingWriter {
    shared: Arc<dyn Words>,
    head: u64,
    room: u64,
}

/// The journal thread's end, and a resuming process's.
pub struct RingReader {
    shared: Arc<dyn Words>,
    room: u64,
}

/// Makes an empty ring of this memory for a run. `None` when the memory is too small.
#[must_use]
pub fn create(shared: Arc<dyn Words>, run: u64) -> Option<(RingWriter, RingReader)> {
    let room = shared.words().len().checked_sub(DATA)? as u64;
    if room < 16 {
        return None;
    }
    for word in shared.words().iter().take(DATA) {
        word.store(0, Ordering::Relaxed);
    }
    set(&*shared, RUN, run);
    set(&*shared, MADE_BY, version());
    set(&*shared, 0, MAGIC);
    Some((RingWriter { shared: shared.clone(), head: 0, room }, RingReader { shared, room }))
}

/// What a dead process left of this run; `None` when the memory holds another run, another version's ring, or none.
#[must_use]
pub fn reopen(shared: Arc<dyn Words>, run: u64) -> Option<RingReader> {
    let room = shared.words().len().checked_sub(DATA)? as u64;
    let ours = get(&*shared, 0) == MAGIC && get(&*shared, RUN) == run && get(&*shared, MADE_BY) == version();
    ours.then_some(RingReader { shared, room })
}

/// The program's version as one word.
fn version() -> u64 {
    env!("CARGO_PKG_VERSION").bytes().fold(0, |word: u64, byte| word.wrapping_mul(257).wrapping_add(u64::from(byte)))
}

fn get(shared: &dyn Words, at: usize) -> u64 {
    shared.words().get(at).map_or(0, |word| word.load(Ordering::Acquire))
}

fn set(shared: &dyn Words, at: usize, value: u64) {
    if let Some(word) = shared.words().get(at) {
        word.store(value, Ordering::Release);
    }
}

/// Where the word of a position lies.
fn slot(position: u64, room: u64) -> usize {
    DATA + usize::try_from(position % room).unwrap_or(0)
}

impl RingWriter {
    /// Copies a record in. False when there is no room for one of this worth.
    pub fn push(&mut self, line: &[u8], worth: Worth) -> bool {
        let words = line.len().div_ceil(8) as u64 + 1;
        let used = self.head.wrapping_sub(get(&*self.shared, TAIL));
        let reserve = if worth == Worth::Droppable { self.room / 4 } else { 0 };
        if line.len() > LINE_MAX || used + words + reserve > self.room {
            return false;
        }
        let memory = self.shared.words();
        let put = |position: u64, value: u64| {
            if let Some(word) = memory.get(slot(position, self.room)) {
                word.store(value, Ordering::Relaxed);
            }
        };
        put(self.head, line.len() as u64);
        for (position, chunk) in (self.head + 1..).zip(line.chunks(8)) {
            let mut bytes = [0; 8];
            for (to, from) in bytes.iter_mut().zip(chunk) {
                *to = *from;
            }
            put(position, u64::from_le_bytes(bytes));
        }
        self.head += words;
        set(&*self.shared, HEAD, self.head);
        true
    }

    /// All work due up to this instant of the show's clock has been done.
    pub fn alive(&self, mono: u64) {
        set(&*self.shared, ALIVE, mono);
    }

    /// How full it is, in percent.
    #[must_use]
    pub fn percent_full(&self) -> u64 {
        self.head.wrapping_sub(get(&*self.shared, TAIL)) * 100 / self.room
    }
}

impl RingReader {
    /// Appends the oldest record that is not yet taken to `buffer`. False when there is none.
    /// It stays in the ring until [`Self::release`].
    pub fn peek(&self, position: &mut Option<u64>, buffer: &mut Vec<u8>) -> bool {
        let head = get(&*self.shared, HEAD);
        let at = position.unwrap_or_else(|| get(&*self.shared, TAIL));
        let used = head.wrapping_sub(at);
        if used == 0 || used > self.room {
            return false;
        }
        let memory = self.shared.words();
        let take = |position: u64| memory.get(slot(position, self.room)).map_or(0, |word| word.load(Ordering::Relaxed));
        let Ok(length) = usize::try_from(take(at)) else { return false };
        let words = length.div_ceil(8) as u64;
        if length > LINE_MAX || words + 1 > used {
            return false;
        }
        let start = buffer.len();
        for offset in 1..=words {
            buffer.extend_from_slice(&take(at + offset).to_le_bytes());
        }
        buffer.truncate(start + length);
        *position = Some(at + words + 1);
        true
    }

    /// What was peeked up to this position is safe elsewhere: its room is free again.
    pub fn release(&self, position: u64) {
        set(&*self.shared, TAIL, position);
    }

    /// The last instant up to which all due work had been done.
    #[must_use]
    pub fn alive_until(&self) -> u64 {
        get(&*self.shared, ALIVE)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn memory(words: usize) -> Arc<dyn Words> {
        Arc::new((0..words).map(|_| AtomicU64::new(0)).collect::<Vec<_>>())
    }

    fn drain(reader: &RingReader) -> Vec<String> {
        let (mut at, mut lines) = (None, Vec::new());
        loop {
            let mut buffer = Vec::new();
            if !reader.peek(&mut at, &mut buffer) {
                break;
            }
            lines.push(String::from_utf8(buffer).unwrap());
        }
        if let Some(at) = at {
            reader.release(at);
        }
        lines
    }

    #[test]
    fn lines_of_every_length_come_out_in_order_round_and_round() {
        let (mut writer, reader) = create(memory(DATA + 37), 1).unwrap();
        for round in 0..200_usize {
            let lines: Vec<String> = (0..3).map(|i| "x".repeat((round + i * 7) % 60)).collect();
            for line in &lines {
                assert!(writer.push(line.as_bytes(), Worth::Needed));
            }
            assert_eq!(drain(&reader), lines);
        }
    }

    #[test]
    fn a_full_ring_drops_reports_and_keeps_room_for_a_go() {
        let (mut writer, reader) = create(memory(DATA + 40), 1).unwrap();
        let mut reports = 0;
        while writer.push(b"report", Worth::Droppable) {
            reports += 1;
        }
        assert_eq!(reports, 15, "a quarter of 40 words stays free");
        assert!(writer.push(b"GO", Worth::Needed));
        while writer.push(b"more", Worth::Needed) {}
        assert_eq!(writer.percent_full(), 100);
        assert_eq!(drain(&reader).iter().filter(|line| *line == "GO").count(), 1);
        assert!(writer.push(b"report", Worth::Droppable));
    }

    #[test]
    fn a_later_process_reads_what_was_not_taken() {
        let shared = memory(DATA + 64);
        let (mut writer, _) = create(shared.clone(), 9).unwrap();
        assert!(writer.push(b"one", Worth::Needed));
        assert!(writer.push(b"two", Worth::Needed));
        writer.alive(77);
        assert!(reopen(shared.clone(), 8).is_none(), "another run's ring is not ours");
        let reader = reopen(shared, 9).unwrap();
        assert_eq!((drain(&reader), reader.alive_until()), (vec!["one".to_owned(), "two".to_owned()], 77));
    }

    #[test]
    fn a_damaged_ring_gives_nothing_rather_than_nonsense() {
        let shared = memory(DATA + 64);
        let (mut writer, _) = create(shared.clone(), 9).unwrap();
        assert!(writer.push(b"one", Worth::Needed));
        shared.words()[DATA].store(u64::MAX, Ordering::Relaxed);
        assert!(drain(&reopen(shared, 9).unwrap()).is_empty());
    }
}
