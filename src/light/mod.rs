//! Ring 2: the lights in time. Pure integer maths, so a replay gives the same frames; allocation-free per frame.
//!
//! The engine owns one [`Board`], applies every [`crate::show::LightAct`] to it, and the stage renders universes from it with a [`Renderer`] of its own.

mod board;
mod changes;
mod curve;
mod glow;
mod halt;
mod mark;
#[cfg(test)]
mod mark_tests;
mod monitor;
mod motion;
mod overlay;
mod render;
mod renderer;
mod saved;
mod shade;
mod strip;
mod take;
#[cfg(test)]
mod tests;
mod wave;

pub use board::{Board, Layer};
pub use curve::{ONE, shape};
pub use glow::{Glow, glow};
pub use monitor::{Frames, Monitor};
pub use overlay::{Find, Overlay};
pub use renderer::Renderer;
pub use saved::Saved;
