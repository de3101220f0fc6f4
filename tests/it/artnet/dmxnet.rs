//! The dmxnet package of npm as a node: found by our poll, driven by the driver alone and by a running show.

use std::time::Duration;

use showcall::engine::{Level, Report};
use showcall::show::DeviceIx;

use super::node::{Real, show};
use super::product::SHOW;
use crate::common::lan::{Lan, inside};
use crate::common::run::Run;
use crate::common::script::Script;

/// The node at Port-Address 0:0:1, listening.
fn node(lan: &Lan) -> Script {
    let node = Script::node(lan, "dmxnet", "dmxnet_node.js", &["10.9.0.2", "0", "0", "1"]);
    node.until("it listens", |line| line == "listening");
    node
}

#[test]
#[ignore = "needs dmxnet (npm)"]
fn dmxnet_answers_our_poll_and_reads_every_slot() {
    inside(dmxnet_answers_our_poll_and_reads_every_slot, || {
        let lan = Lan::up();
        let node = node(&lan);
        let mut real = Real::new(&show(&[([10, 9, 0, 2], 6454).into()], &[]), false);
        real.until("it answers ArtPoll", |real| real.online(0));
        let name = |report: &Report| matches!(report, Report::Online { identity: Some(name) } if name.contains("npm dmxnet"));
        assert!(real.reports.iter().any(|(_, report)| name(report)), "{:?}", real.reports);
        let slots: [u8; 512] = std::array::from_fn(|i| u8::try_from(i % 251).unwrap());
        let now = real.now();
        real.rack.frame(now, DeviceIx(0), 0, 1, &slots);
        real.until("it has all 512 slots", |_| node.said(|line| *line == serde_json::json!(slots.as_slice())));
        // Past the next poll, after which a universe that nobody takes would be told.
        let end = real.now() + showcall::time::Span::secs(4);
        real.until("a poll has passed", |real| real.now() > end);
        let bad: Vec<_> = real.reports.iter().filter(|(_, r)| matches!(r, Report::Health(f) if f.level > Level::Notice)).collect();
        assert_eq!(bad, Vec::<&(DeviceIx, Report)>::new());
    });
}

#[test]
#[ignore = "needs dmxnet (npm)"]
fn dmxnet_reads_the_levels_that_cues_set() {
    inside(dmxnet_reads_the_levels_that_cues_set, || {
        let lan = Lan::up();
        let node = node(&lan);
        let run = Run::start(SHOW, &[]);
        assert!(!node.said(serde_json::Value::is_array), "nothing is sent before a cue names the universe");
        run.go();
        node.until("the level of the first cue", |slots| slots[0] == 204 && slots[509] == 0);
        node.forget();
        // Past the guard against a double GO.
        std::thread::sleep(Duration::from_secs(1));
        run.go();
        node.until("those of the second", |slots| slots[0] == 0 && slots[509] == 0 && slots[510] == 128 && slots[511] == 255);
        run.stop();
    });
}
