//! All integration tests, in one binary: linking is most of the time between an edit and its tests.
//!
//! `cargo test --test it scenarios::` runs those of one file. Their data lies in the folders beside this one.
//! Tests that need a program of others, or network namespaces, are ignored and say so: `sh tests/peers/setup.sh` installs all that they
//! need, and `--include-ignored` runs them.
#![allow(clippy::unwrap_used)]

mod artnet;
mod atem_peers;
mod attacks;
mod check_any;
mod check_bad;
mod common;
mod console_pty;
mod crash;
mod desks;
mod discover;
mod docs;
mod faults;
mod fuzz;
mod hyperdeck_peers;
mod import;
mod network_midi;
mod obs_peers;
mod obs_real;
mod osc_peers;
mod paint;
mod patch;
mod pjlink_peers;
mod profiles;
#[cfg(feature = "jack")]
mod real_jack;
mod sacn;
mod scenarios;
mod shows;
mod text_peers;
mod tidy;
mod wires;
