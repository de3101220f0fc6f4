//! Ring 2: what *happens*. A state machine over explicit time: `step(now, input)` gives effects.
//!
//! No clock, socket, file, thread or randomness inside, so the same engine runs the night, a rehearsal at 60x,
//! a replay of last night's journal and ten thousand seeded tests.

mod accept;
mod actions;
mod adopt;
mod alerts;
mod autos;
mod chase;
mod clocks;
mod core;
mod day;
mod devices;
mod fades;
mod guard;
mod hot;
mod input;
mod intents;
mod interrupted;
mod ladder;
mod lights;
mod marks;
mod masters;
mod note;
mod offers;
mod open_actions;
mod pause;
mod properties;
mod resume;
mod running;
mod snapshot;
mod state;
mod stop;
mod timers;
mod transport;
mod undo;
mod view;
mod wants;

#[cfg(test)]
mod kit;
#[cfg(test)]
mod tests;

use actions::Origin;

pub use self::core::{Checkpoint, Engine};
pub use crate::device_api::{ActionId, Command, Facet, How, Level, Op, Priority, Report, Why};
pub use crate::light::{Find, Overlay};
pub use input::{By, Input, Intent, KeyPhase, Mode, Ownership, Resumed};
pub use masters::{Lamps, LightOrder};
pub use note::{Effect, Effects, Link, Note, Outcome};
pub use snapshot::*;
