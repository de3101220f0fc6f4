//! The engine's rules, one test a sentence.
#![allow(clippy::unwrap_used)]

mod adopt;
mod crash;
mod laws;
mod marks;
mod refused;
mod told;
mod transport;
