//! The engine's rules, one test a sentence.
#![allow(clippy::unwrap_used)]

mod transport;
