//! Ring 4: the stage clock, the journal, resume and shutdown. Nothing clever.
//!
//! | file | what it is |
//! |---|---|
//! | [`mod@launch`] | puts a run together and starts it |
//! | [`clock`] | the one thread that keeps time |
//! | [`core`] | one input: record, apply, mark, send |
//! | [`pacer`] | when each universe is sent |
//! | [`watch`] | stalls, sleep, wall steps |
//! | [`handle`] | what consoles and remotes hold |
//! | [`journal`] | everything that happened |
//! | [`rehearsal`] | the whole show in virtual time |
//! | [`resume`] | how a run goes on after a crash |
//! | [`shutdown`] | signals, and a terminal that is gone |

pub mod clock;
pub mod core;
pub mod handle;
pub mod journal;
pub mod launch;
pub mod pacer;
pub mod rehearsal;
pub mod resume;
pub mod shutdown;
pub mod watch;

pub use handle::{Busy, Handle};
pub use launch::{Ended, Options, Running, StageError, launch};
pub use resume::Choice;

#[cfg(test)]
mod tests;
