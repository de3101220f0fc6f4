//! sACN on real wires: the whole program and its driver in a private network of two hosts, with programs that others wrote.
#![allow(clippy::unwrap_used)]

#[path = "../peers/capture.rs"]
mod capture;
mod dmx;
mod judge;
#[path = "../peers/lan.rs"]
mod lan;
mod link;
mod npm;
#[path = "../peers/olad.rs"]
mod olad;
mod peers;
mod priority;
#[path = "../peers/run.rs"]
mod run;
#[path = "../peers/script.rs"]
mod script;
