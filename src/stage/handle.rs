//! What consoles and remotes hold of the stage: the show, the newest snapshot, and a bounded way in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use crossbeam_queue::ArrayQueue;

use crate::engine::{By, Intent, Note, Snapshot};
use crate::light::Monitor;
use crate::links::sys::Wake;
use crate::show::Show;
use crate::time::Mono;

/// Intents that may wait; a person cannot press so fast.
const INTENTS: usize = 256;
/// As-run lines that may wait to be printed.
const LINES: usize = 4096;

/// The stage has more to do than it can take; nothing was queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stage is busy: nothing was done, try again")]
pub struct Busy;

/// A hand on the running stage; clones are the same hand.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

/// What both sides of a stage share. No lock in it.
pub(super) struct Shared {
    pub(super) show: Arc<Show>,
    pub(super) snapshot: ArcSwap<Snapshot>,
    pub(super) orders: ArrayQueue<Order>,
    pub(super) lines: ArrayQueue<(Mono, Note)>,
    pub(super) wake: Wake,
    pub(super) over: AtomicBool,
    /// The newest frame of each universe.
    pub(super) monitor: Monitor,
}

/// One thing for the stage thread to do.
#[derive(Debug)]
pub(super) enum Order {
    /// An intent and whose it is.
    Intent(Intent, By),
    /// A fact of the process for the journal.
    Say(String),
    /// End in order, and why.
    End(String),
}

impl Handle {
    pub(super) fn new(show: Arc<Show>, snapshot: Snapshot, wake: Wake) -> (Self, Arc<Shared>) {
        let shared = Arc::new(Shared {
            monitor: Monitor::new(show.rig.universes.len()),
            show,
            snapshot: ArcSwap::from_pointee(snapshot),
            orders: ArrayQueue::new(INTENTS),
            lines: ArrayQueue::new(LINES),
            wake,
            over: AtomicBool::new(false),
        });
        (Self { shared: shared.clone() }, shared)
    }

    /// The show that runs.
    #[must_use]
    pub fn show(&self) -> Arc<Show> {
        self.shared.show.clone()
    }

    /// The newest snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot.load_full()
    }

    /// The newest frame of each universe: what has been sent, or where the receiver is simulated, what that puts on its line.
    #[must_use]
    pub fn monitor(&self) -> &Monitor {
        &self.shared.monitor
    }

    /// Gives the stage an intent.
    ///
    /// # Errors
    /// When too many wait already.
    pub fn send(&self, intent: Intent, by: By) -> Result<(), Busy> {
        self.order(Order::Intent(intent, by))
    }

    /// Writes a fact of the process (the terminal was lost) into the journal.
    ///
    /// # Errors
    /// When too much waits already.
    pub fn say(&self, text: impl Into<String>) -> Result<(), Busy> {
        self.order(Order::Say(text.into()))
    }

    /// Has the run end in order.
    ///
    /// # Errors
    /// When too much waits already.
    pub fn end(&self, why: impl Into<String>) -> Result<(), Busy> {
        self.order(Order::End(why.into()))
    }

    /// The oldest as-run line that nobody has taken yet. They are for one taker; when nobody takes them the oldest are dropped.
    #[must_use]
    pub fn next_line(&self) -> Option<(Mono, Note)> {
        self.shared.lines.pop()
    }

    /// The run has ended; nothing will change any more.
    #[must_use]
    pub fn over(&self) -> bool {
        self.shared.over.load(Ordering::Acquire)
    }

    fn order(&self, order: Order) -> Result<(), Busy> {
        self.shared.orders.push(order).map_err(|_| Busy)?;
        self.shared.wake.ring();
        Ok(())
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("show", &self.shared.show.title).finish_non_exhaustive()
    }
}
