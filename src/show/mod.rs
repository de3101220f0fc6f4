//! Ring 1: what the show *is*. Values only; knows nobody.

mod finding;
mod load;
mod model;
mod profile;
mod rig;
mod value;

pub use finding::{Finding, Lines, Severity};
pub use load::{Loaded, load, load_text};
pub use model::*;
pub use profile::*;
pub use rig::*;
pub use value::{Db, Transport, Value, decimal};
