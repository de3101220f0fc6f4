//! The journal thread: makes lines of what is in the ring, writes them to the file and syncs every 50 ms.
//!
//! A full or stalled disk stops this thread alone. What it could not write stays in the ring, and in the ring it survives the process.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crossbeam_queue::ArrayQueue;

use super::ring::RingReader;
use super::{Checkpoint, EngineState, Entry, Record, line, packed};
use crate::engine::ActionId;
use crate::time::Mono;

/// A written line is on the disk after this long.
const SYNC_EVERY: Duration = Duration::from_millis(50);
/// After a failed write, the next try.
const RETRY: Duration = Duration::from_millis(200);
/// Bytes given to one write.
const BATCH: usize = 64 * 1024;
/// A disk that has not taken the last lines of a run after this long is given up.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// Where the lines go; a file, or a test's own.
pub trait Sink: Send {
    /// Writes some of the bytes, as [`io::Write::write`] does.
    ///
    /// # Errors
    /// As the file's.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Puts what was written on the disk.
    ///
    /// # Errors
    /// As the file's.
    fn sync(&mut self) -> io::Result<()>;
}

impl Sink for std::fs::File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(self, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// What the stage may ask of the journal thread without waiting for it.
#[derive(Debug, Default)]
pub struct Health {
    failing: AtomicBool,
    synced: AtomicU64,
    stop: AtomicBool,
}

impl Health {
    /// The last write or sync failed: disk full, read-only, gone.
    #[must_use]
    pub fn failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// How often a sync has come back; stands still while the disk stalls.
    #[must_use]
    pub fn synced(&self) -> u64 {
        self.synced.load(Ordering::Relaxed)
    }
}

/// Checkpoints on their way to the file: made by the stage, written and freed by the journal thread.
pub type Checkpoints = Arc<ArrayQueue<Pending>>;

/// A copied state that has still to become text.
pub struct Pending {
    /// The last record that it covers.
    pub seq: u64,
    /// When it was made.
    pub mono: Mono,
    /// Actions begun and not known to be sent.
    pub open: Vec<ActionId>,
    /// Writes the copied state as JSON; called on the journal thread.
    pub state: Box<dyn FnOnce() -> serde_json::Result<Box<serde_json::value::RawValue>> + Send>,
}

impl Pending {
    /// The line's content.
    ///
    /// # Errors
    /// When the state cannot be written as JSON.
    pub fn record(self) -> serde_json::Result<Record> {
        let checkpoint = Checkpoint { open: self.open, engine: EngineState((self.state)()?) };
        Ok(Record { seq: self.seq, mono: self.mono, entry: Entry::Checkpoint(Box::new(checkpoint)) })
    }
}

/// The running journal thread.
pub struct Writer {
    health: Arc<Health>,
    thread: Thread,
    ended: mpsc::Receiver<()>,
}

impl Writer {
    /// Starts it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn(sink: Box<dyn Sink>, ring: RingReader, checkpoints: Checkpoints) -> io::Result<Self> {
        let health = Arc::new(Health::default());
        let (end, ended) = mpsc::channel();
        let mut mover =
            Mover { sink, ring, checkpoints, health: health.clone(), packed: Vec::new(), pending: Vec::new(), done: 0, upto: None };
        let thread = thread::Builder::new().name("journal".into()).spawn(move || {
            mover.run();
            // The receiver may have given up on a stalled disk.
            let _ = end.send(());
        })?;
        Ok(Self { health, thread: thread.thread().clone(), ended })
    }

    /// What the stage may ask.
    #[must_use]
    pub fn health(&self) -> Arc<Health> {
        self.health.clone()
    }

    /// Writes what is left, syncs, and ends; gives up on a disk that takes nothing for 5 s. True when all is on the disk.
    #[must_use]
    pub fn finish(self) -> bool {
        self.health.stop.store(true, Ordering::Release);
        self.thread.unpark();
        self.ended.recv_timeout(LAST_WAIT).is_ok() && !self.health.failing()
    }
}

/// The thread's own state.
struct Mover {
    sink: Box<dyn Sink>,
    ring: RingReader,
    checkpoints: Checkpoints,
    health: Arc<Health>,
    /// One record as the ring holds it.
    packed: Vec<u8>,
    /// Lines taken and not yet written; `done` of their bytes are.
    pending: Vec<u8>,
    done: usize,
    /// The ring position behind the last pending line.
    upto: Option<u64>,
}

impl Mover {
    fn run(&mut self) {
        let mut dirty = false;
        let mut synced = Instant::now();
        loop {
            let stopping = self.health.stop.load(Ordering::Acquire);
            let moved = self.step();
            let failed = moved.is_err();
            let more = moved.unwrap_or(false);
            dirty |= more;
            let mut sync_failed = false;
            if dirty && (!more || synced.elapsed() >= SYNC_EVERY) {
                sync_failed = self.sink.sync().is_err();
                dirty = sync_failed;
                synced = Instant::now();
            }
            self.health.synced.fetch_add(1, Ordering::Relaxed);
            self.health.failing.store(failed || sync_failed, Ordering::Relaxed);
            if stopping && (failed || sync_failed || !more) {
                return;
            }
            if failed {
                thread::park_timeout(RETRY);
            } else if !more {
                thread::park_timeout(SYNC_EVERY);
            }
        }
    }

    /// Moves at most one batch. True when something was written.
    fn step(&mut self) -> io::Result<bool> {
        if self.pending.is_empty() {
            self.fill();
        }
        let some = !self.pending.is_empty();
        while self.done < self.pending.len() {
            let written = self.sink.write(self.pending.get(self.done..).unwrap_or_default())?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.done += written;
        }
        self.pending.clear();
        self.done = 0;
        if let Some(position) = self.upto.take() {
            self.ring.release(position);
        }
        Ok(some)
    }

    fn fill(&mut self) {
        while self.pending.len() < BATCH && self.ring.peek(&mut self.upto, &mut self.packed) {
            // The ring is this process's own memory: what cannot be read shows as a gap in the numbers.
            if let Ok(record) = packed::read(&self.packed) {
                let _ = line::write(&record, &mut self.pending);
            }
            self.packed.clear();
        }
        if let Some(checkpoint) = self.checkpoints.pop() {
            // A state that cannot be written is only a longer replay: the lines since the last one are all there.
            let _ = checkpoint.record().and_then(|record| line::write(&record, &mut self.pending));
        }
    }
}
