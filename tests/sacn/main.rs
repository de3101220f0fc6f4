//! sACN on real wires: the whole program and its driver in a private network of two hosts, with programs that others wrote.
#![allow(clippy::unwrap_used)]

mod dmx;
mod judge;
#[path = "../artnet/lan.rs"]
mod lan;
mod link;
#[path = "../artnet/olad.rs"]
mod olad;
mod peers;
mod priority;
mod run;
