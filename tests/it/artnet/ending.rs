//! The end of a run: the last frame comes three times, and a node that will not hold it is named.

use std::time::{Duration, Instant};

use showcall::show::Value;

use super::node::Served;
use crate::common::run::Run;

fn show(port: u16) -> String {
    format!(
        r#"
[show]
title = "Ending"
looks = "whole"
at_exit = "leave"
[safe]
look = "front"
[device.rail]
name = "Front rail"
profile = "artnet-node"
address = "127.0.0.1"
port = {port}
local_port = 0
[universe.1]
on = "rail"
address = 1
[fixture.front]
profile = "generic-dimmer"
universe = 1
address = 1
[look.front]
front = {{ level = "80%" }}
[[cue]]
number = "1"
do = [{{ light = {{ look = "front", fade = "0s" }} }}]
"#
    )
}

#[test]
fn the_last_frame_comes_three_times_and_a_node_that_drops_it_is_named() {
    let node = Served::at("127.0.0.1:0");
    node.poke("failsafe", &Value::Text("zero".into()));
    let run = Run::start(&show(node.address.port()), &[]);
    run.go();
    let patience = Instant::now() + Duration::from_secs(20);
    while node.peek("dmx/1/1") != Some(Value::Int(204)) {
        assert!(Instant::now() < patience, "the node has {:?}", node.peek("dmx/1/1"));
        std::thread::sleep(Duration::from_millis(20));
    }
    // What follows is the ending's own, and a keep-alive at the most.
    let before = node.firsts.lock().unwrap().len();
    let over = run.stop();
    let last = node.firsts.lock().unwrap().split_off(before);
    assert!(last.len() >= 3 && last.iter().all(|first| *first == 204), "{last:?}");
    let warning = over["warnings"][0].as_str().unwrap_or_default();
    assert!(warning.starts_with("Front rail: ") && warning.ends_with("goes to zero when data stops: set its failsafe to hold"), "{over}");
}
