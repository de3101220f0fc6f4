//! The driver through the rack to simulated nodes on loopback.

use showcall::engine::Report;
use showcall::show::{DeviceIx, Value};

use super::node::{Real, Served, show};

#[test]
fn levels_reach_a_node_on_loopback() {
    let node = Served::at("127.0.0.1:0");
    let mut real = Real::new(&show(&[node.address], &[]), true);
    real.until("the node is found", |real| real.online(0));
    let now = real.now();
    real.rack.frame(now, DeviceIx(0), 0, 1, &[77; 512]);
    real.rack.frames_done(now, DeviceIx(0));
    real.until("the level arrives", |_| node.peek("dmx/1/512") == Some(Value::Int(77)));
    real.until("it is repeated though nothing changes", |_| matches!(node.peek("frames/1"), Some(Value::Int(n)) if n >= 3));
}

#[test]
fn nodes_of_one_host_are_told_apart_by_their_port() {
    let (left, right) = (Served::at("127.0.0.1:0"), Served::at("127.0.0.1:0"));
    let mut real = Real::new(&show(&[left.address, right.address], &[]), true);
    real.until("both are found", |real| real.online(0) && real.online(1));
    let now = real.now();
    real.rack.frame(now, DeviceIx(0), 0, 1, &[10; 512]);
    real.rack.frame(now, DeviceIx(1), 1, 1, &[20; 512]);
    real.rack.frames_done(now, DeviceIx(0));
    real.rack.frames_done(now, DeviceIx(1));
    real.until("each has its own", |_| left.peek("dmx/1/1") == Some(Value::Int(10)) && right.peek("dmx/1/1") == Some(Value::Int(20)));
}

#[test]
fn a_node_that_is_switched_on_later_is_found_and_gets_the_newest_levels() {
    let address = Served::at("127.0.0.1:0").address;
    let mut real = Real::new(&show(&[address], &[]), true);
    real.until("nobody answers", |real| real.reports.iter().any(|(_, r)| matches!(r, Report::Offline { .. })));
    let now = real.now();
    real.rack.frame(now, DeviceIx(0), 0, 1, &[50; 512]);
    real.rack.frames_done(now, DeviceIx(0));
    let node = Served::at(&address.to_string());
    real.until("the newest level arrives", |_| node.peek("dmx/1/1") == Some(Value::Int(50)));
    assert!(real.online(0));
}
