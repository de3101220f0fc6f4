//! The engine's rules, one test a sentence.
#![allow(clippy::unwrap_used)]

mod laws;
mod refused;
mod transport;
