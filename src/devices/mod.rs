//! Ring 3: one folder a family: codec, driver, simulator. Names neither links nor a runtime.

pub mod artnet;
pub mod atem;
#[cfg(test)]
pub mod bench;
pub mod discovery;
pub mod dmx;
mod driver;
mod echo;
pub mod facets;
pub mod holes;
pub mod hyperdeck;
pub mod kernel;
pub mod ledger;
pub mod machine;
pub mod midi;
pub mod obs;
pub mod osc;
pub mod pjlink;
pub mod questions;
pub mod registry;
pub mod sacn;
pub mod text;
pub mod web;
pub mod x32;

pub use driver::*;
pub use echo::EchoWindow;
pub use registry::family;
