//! Art-Net on real sockets: the driver through the rack, in this process and in a private network of two hosts.
#![allow(clippy::unwrap_used)]

mod faults;
mod lan;
mod node;
mod olad;
mod peers;
mod product;
mod sockets;
mod unplugged;
