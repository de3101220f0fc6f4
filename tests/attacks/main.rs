//! A running show under attack: what it drives gets its messages all the same, it ends in order, and its journal is whole.
#![allow(clippy::unwrap_used)]

#[path = "../crash/receiver.rs"]
#[allow(dead_code, reason = "the crash tests use more of it")]
mod receiver;
#[path = "../crash/run.rs"]
#[allow(dead_code, reason = "the crash tests use more of it")]
mod run;
#[path = "../crash/show.rs"]
#[allow(dead_code, reason = "the crash tests use more of it")]
mod show;

mod consoles;
mod files;
mod flood;
mod terminal;
