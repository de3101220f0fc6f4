//! What Art-Net and sACN have in common: streams of frames, how a node puts several senders together, and watching and recording both.

pub mod heard;
pub mod merge;
pub mod stream;
pub mod sync;
pub mod tape;
pub mod watch;

/// Slots of a universe.
pub const SLOTS: usize = 512;
