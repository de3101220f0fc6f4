//! Golden bytes, damaged: every family's driver and simulator, and every parser of the house, take whatever comes.
//!
//! `SHOWCALL_FUZZ=100000 cargo test --test it fuzz::` makes so many rounds of each; a failure names its round, and the same round fails again.

mod damage;
mod families;
mod parsers;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Rounds of each target on every push.
const ROUNDS: u64 = 500;

/// How many rounds a target makes.
fn rounds() -> u64 {
    std::env::var("SHOWCALL_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(ROUNDS)
}

/// Runs one round; a panic in it names the target, the round and the bytes.
fn holds(target: &str, round: u64, bytes: &[u8], read: impl FnOnce()) {
    let done = catch_unwind(AssertUnwindSafe(read));
    assert!(done.is_ok(), "{target}, round {round}: panics on {:?} ({bytes:02x?})", String::from_utf8_lossy(bytes));
}
