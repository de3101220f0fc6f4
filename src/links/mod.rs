//! Ring 3: the only place that opens sockets and ports.
//!
//! | file | what it is |
//! |---|---|
//! | [`rack`] | all devices of a show, each with its driver and wires; what the stage calls |
//! | [`bay`] | one device in the rack, its calls guarded |
//! | [`net`] | the real ends of wires: opened, watched, retried |
//! | [`budget`], [`intake`], [`senders`] | how much one sender may say, and what is taken of each socket and of an open port |
//! | [`udp`], [`shared`] | datagram sockets: one's own, and one port for many |
//! | [`multicast`] | groups in one network of this machine |
//! | [`stream`] | the stage's end of a wire that a task serves: queues and a bell |
//! | [`tcp`], [`framing`] | streams, and messages in them |
//! | [`websocket`], [`http`] | connections of text messages, and requests |
//! | [`midi`], `midi_network`, `midi_wire` | MIDI ports that trigger, those that others open over the network, and the MIDI ports of devices |
//! | [`ask`] | questions to a whole network: who is there |
//! | [`ear`] | levels that others send, and sending them again, for `showcall dmx` |
//! | [`inbox`] | a port that anybody may send to: the remote control |
//! | [`receiver`] | the measuring end of `showcall bench`, with the kernel's arrival times |
//! | [`machine`] | what the system knows this machine by |
//! | [`resolve`] | host names, off the hot path |
//! | [`memory`], [`fault`], [`random`] | the wire in memory and what can go wrong with it |
//! | [`local`] | the socket in the journal's folder on which consoles attach |
//! | [`crowd`] | many simulators on real sockets, some of them dead, for `showcall bench` and tests |
//! | [`flooder`] | devices that send without end, for `showcall bench` |
//! | [`host`], `host_ws`, `host_http` | a simulator on a real socket |
//! | [`sys`] | the kernel; the only `unsafe` |

pub mod ask;
pub mod bay;
pub mod budget;
pub mod crowd;
pub mod ear;
pub mod fault;
pub mod flooder;
pub mod framing;
pub mod host;
mod host_http;
mod host_ws;
pub mod http;
pub mod inbox;
pub mod intake;
pub mod local;
pub mod machine;
pub mod memory;
pub mod midi;
mod midi_network;
mod midi_wire;
pub mod multicast;
pub mod net;
mod net_key;
pub mod rack;
#[cfg(test)]
mod rack_tests;
pub mod random;
pub mod receiver;
pub mod resolve;
pub mod senders;
pub mod shared;
pub mod stream;
#[cfg(test)]
mod stream_tests;
pub mod sys;
pub mod tcp;
#[cfg(test)]
mod toy;
pub mod udp;
pub mod warm;
pub mod websocket;

pub use fault::Fault;
pub use inbox::Inbox;
pub use rack::{Rack, Simulate};
