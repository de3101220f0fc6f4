//! Art-Net on real sockets: the driver through the rack, in this process and in a private network of two hosts.
#![allow(clippy::unwrap_used)]

#[path = "../peers/capture.rs"]
mod capture;
mod dmxnet;
mod ending;
mod faults;
#[path = "../peers/lan.rs"]
mod lan;
mod node;
#[path = "../peers/olad.rs"]
mod olad;
mod peers;
mod product;
mod qlcplus;
#[path = "../peers/run.rs"]
mod run;
#[path = "../peers/script.rs"]
mod script;
mod sockets;
mod triggers;
mod unplugged;

/// How olad speaks Art-Net.
const ARTNET: &str = "ip = 10.9.0.2\nuse_loopback = false\nnet = 0\nsubnet = 0\noutput_ports = 4\nalways_broadcast = false\n";
