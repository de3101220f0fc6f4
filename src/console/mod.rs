//! Ring 4: the terminal. A pure view of a [`Snapshot`] for a caller in the dark and a technician with a headset.
//!
//! One table (`keys`) feeds the keys, the footer and the help. [`draw()`] is a pure function of show, snapshot and
//! [`Ui`]; only [`run()`] touches a terminal. The console sees a [`Seat`]: the stage itself, or an attached client.

use std::sync::Arc;

use crate::engine::{Intent, KeyPhase, Snapshot};
use crate::light::Monitor;
use crate::show::Show;

mod act;
mod bytes;
mod clock;
mod draw;
mod guarded;
mod keys;
mod lights;
mod pane;
mod row;
mod run;
mod screen;
mod seat;
mod swatch;
mod theme;
mod ui;

pub use bytes::{Key, Kind, Press};
pub use draw::draw;
pub use keys::{Binding, Context, Scene, table};
pub use run::{Ended, Input, Leaving, Options, run};
pub use theme::Theme;
pub use ui::Ui;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod screens;

/// A place from which a show is watched and driven: the stage of this process, or a client attached to one.
pub trait Seat: Send + Sync {
    /// The show that runs.
    fn show(&self) -> Arc<Show>;

    /// The newest snapshot.
    fn snapshot(&self) -> Arc<Snapshot>;

    /// Passes an intent on; never blocks.
    ///
    /// # Errors
    /// [`Busy`] when the queue to the stage is full: the intent was dropped.
    fn send(&self, intent: Intent, phase: KeyPhase) -> Result<(), Busy>;

    /// The newest frame of each universe.
    fn monitor(&self) -> &Monitor;

    /// Somebody looks at the lights from now on, or no more; false when that could not be said and must be said again.
    fn look(&self, _: bool) -> bool {
        true
    }

    /// Only watches: intents are refused.
    fn read_only(&self) -> bool {
        false
    }

    /// The run has ended or its process is gone, and why; the console closes.
    fn gone(&self) -> Option<Arc<str>> {
        None
    }
}

/// The queue to the stage is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the show's queue is full: nothing was sent (press again)")]
pub struct Busy;
