//! Ring 2: the lights in time. Pure integer maths, so a replay gives the same frames; allocation-free per frame.
//!
//! The engine owns one [`Board`], applies every [`crate::show::LightAct`] to it, and the stage renders universes from it.

mod board;
mod curve;
mod saved;
#[cfg(test)]
mod tests;

pub use board::Board;
pub use curve::{ONE, shape};
pub use saved::Saved;
