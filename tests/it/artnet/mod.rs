//! Art-Net on real sockets: the driver through the rack, in this process and in a private network of two hosts.

mod dmxnet;
mod ending;
mod faults;
mod node;
mod peers;
mod product;
mod qlcplus;
mod sockets;
mod triggers;
mod unplugged;

/// How olad speaks Art-Net.
const ARTNET: &str = "ip = 10.9.0.2\nuse_loopback = false\nnet = 0\nsubnet = 0\noutput_ports = 4\nalways_broadcast = false\n";
