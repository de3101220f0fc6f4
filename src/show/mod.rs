//! Ring 1: what the show *is*. Values only; knows nobody.

pub mod attribute;
pub mod colour;
pub mod dmx;
pub mod fault;
mod fields;
mod finding;
pub mod fixture;
pub mod fixture_text;
mod fixture_when;
pub mod library;
mod load;
pub mod mix;
mod model;
mod profile;
pub mod profile_text;
mod resolve;
mod rig;
mod spoken;
mod timecode;
mod timing;
mod trigger;
mod value;
pub mod value_text;

pub use attribute::{AttrIx, Attribute, Emitter, Feature};
pub use colour::Colour;
pub use finding::{Finding, Lines, Severity};
pub use fixture::{FixtureChannel, FixtureMode, FixtureProfile, NamedValue, Physical, Unit, When};
pub use library::Library;
pub use load::{Loaded, load, load_text};
pub use model::*;
pub use profile::*;
pub use rig::*;
pub use timecode::*;
pub use timing::*;
pub use trigger::*;
pub use value::{Db, Transport, Value, decimal};
