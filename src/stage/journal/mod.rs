//! Everything that happened, as one file of JSON lines: resume, replay and the as-run report read the same lines.
//!
//! ```text
//! stage clock ─packed copy─▶ ring (shared memory, outlives kill -9) ─journal thread makes lines─▶ run-0001.jsonl, synced every 50 ms
//! ```
//!
//! The crash window. Before the bytes of a command leave, a `sending` line is in the ring; when the driver says that its last
//! bytes have left, that report is in the ring before anything else happens. So after a crash an action is
//! 1. in no `sending` line: it certainly did not leave; a value that is still wanted is sent, a momentary action is Held and offered on a key;
//! 2. in both: it left;
//! 3. in a `sending` line alone: nobody knows. A value is sent again, for that is harmless; a momentary action is Uncertain and offered on a key.

pub mod folder;
pub mod line;
mod lock;
mod log;
pub mod memory;
mod packed;
pub mod private;
pub mod read;
mod record;
pub mod ring;
pub mod writer;

pub use line::LineError;
pub use lock::{Lock, LockError, take};
pub use log::{CHECKPOINT_LINES, CHECKPOINT_TIME, Log};
pub use read::{Content, ReadError};
pub use record::{Checkpoint, EngineState, Entry, FORMAT, Header, Process, Record, hash};

#[cfg(test)]
mod tests;
