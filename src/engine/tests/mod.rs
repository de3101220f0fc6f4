//! The engine's rules, one test a sentence.
#![allow(clippy::unwrap_used)]

mod adopt;
mod laws;
mod refused;
mod transport;
