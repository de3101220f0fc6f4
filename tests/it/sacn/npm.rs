//! The sacn package of npm reads a running show, by multicast and by unicast, and finds no fault with it.

use std::time::Duration;

use showcall::devices::sacn::option;

use super::peers::SHOW;
use crate::common::lan::{Lan, inside};
use crate::common::run::Run;
use crate::common::script::Script;

#[test]
#[ignore = "needs sacn (npm)"]
fn a_receiver_from_npm_reads_a_running_show_and_finds_nothing_amiss() {
    inside(a_receiver_from_npm_reads_a_running_show_and_finds_nothing_amiss, || {
        let lan = Lan::up();
        let receiver = Script::node(&lan, "sacn", "sacn_receiver.js", &["10.9.0.2", "1", "2", "3"]);
        receiver.until("it listens", |line| line["event"] == "listening");
        let run = Run::start(SHOW, &[]);
        run.go();
        let reads = |universe: u16, priority: u8, source: &'static str, level: u8| {
            move |line: &serde_json::Value| {
                let whose = line["universe"] == universe && line["priority"] == priority && line["source"] == source;
                whose && line["slots"] == 512 && line["levels"][0] == level
            }
        };
        receiver.until("the level by multicast", reads(1, 100, "showcall stage", 204));
        receiver.until("the level by unicast, with its own priority", reads(3, 180, "showcall dome", 204));
        receiver.until("80 per cent, as it counts", |line| line["universe"] == 1 && line["percent"] == 80);
        // Past the guard against a double GO.
        std::thread::sleep(Duration::from_secs(1));
        let amiss = |line: &serde_json::Value| !line["trouble"].is_null();
        assert!(!receiver.said(amiss), "packets that it calls corrupt or out of order");
        receiver.forget();
        run.go();
        receiver.until("the next cue takes it out", reads(1, 100, "showcall stage", 0));
        run.stop();
        let has_ended =
            |line: &serde_json::Value| line["options"].as_u64().is_some_and(|options| options & u64::from(option::TERMINATED) != 0);
        for universe in 1..=3 {
            receiver.until("the end of each stream", |line| line["universe"] == universe && has_ended(line));
        }
        assert!(!receiver.said(amiss), "packets that it calls corrupt or out of order");
    });
}
