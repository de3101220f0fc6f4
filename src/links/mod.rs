//! Ring 3: the only place that opens sockets and ports.
//!
//! | file | what it is |
//! |---|---|
//! | [`rack`] | all devices of a show, each with its driver and wires; what the stage calls |
//! | [`bay`] | one device in the rack, its calls guarded |
//! | [`net`] | the real ends of wires: opened, watched, retried |
//! | [`udp`], [`shared`] | datagram sockets: one's own, and one port for many |
//! | [`tcp`], [`framing`] | streams, and messages in them |
//! | [`midi`] | MIDI input ports |
//! | [`inbox`] | a port that anybody may send to: the remote control |
//! | [`receiver`] | the measuring end of `showcall bench`, with the kernel's arrival times |
//! | [`resolve`] | host names, off the hot path |
//! | [`memory`], [`fault`], [`random`] | the wire in memory and what can go wrong with it |
//! | [`local`] | the socket in the journal's folder on which consoles attach |
//! | [`host`] | a simulator on a real socket |
//! | [`sys`] | the kernel; the only `unsafe` |

pub mod bay;
pub mod fault;
pub mod framing;
pub mod host;
pub mod inbox;
pub mod local;
pub mod memory;
pub mod midi;
pub mod net;
pub mod rack;
#[cfg(test)]
mod rack_tests;
pub mod random;
pub mod receiver;
pub mod resolve;
pub mod shared;
pub mod sys;
pub mod tcp;
#[cfg(test)]
mod toy;
pub mod udp;

pub use fault::Fault;
pub use inbox::Inbox;
pub use rack::{Rack, Simulate};
