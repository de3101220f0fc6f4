//! Ring 1: what the show *is*. Values only; knows nobody.

mod model;
mod profile;
mod rig;
mod value;

pub use model::*;
pub use profile::*;
pub use rig::*;
pub use value::{Db, Transport, Value, decimal};
