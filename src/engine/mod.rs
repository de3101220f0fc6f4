//! Ring 2: what *happens*. A state machine over explicit time: `step(now, input)` gives effects.
//!
//! No clock, socket, file, thread or randomness inside, so the same engine runs the night, a rehearsal at 60x,
//! a replay of last night's journal and ten thousand seeded tests.

mod command;
mod input;
mod note;
mod report;
mod snapshot;

pub use command::{ActionId, Command, Op, Priority, Why};
pub use input::{By, Input, Intent, KeyPhase, Mode, Ownership, Resumed};
pub use note::{Effect, Effects, Note, Outcome};
pub use report::{Facet, How, Level, Report};
pub use snapshot::*;
