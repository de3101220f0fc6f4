//! The words that the engine and the devices share, below both: what is asked of a driver, and what a driver says of its device.
//!
//! A [`Command`] goes down (one property, what to do with it, why), a [`Report`] comes back (what left, what the device said, how it is).
//! They are plain values: logged, compared and replayed. Neither side knows more of the other than this.

mod command;
mod report;

pub use command::{ActionId, Command, Op, Priority, Why};
pub use report::{Facet, How, Level, Report};
