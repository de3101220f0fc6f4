//! A running show that olad and the `sacn` module of Python read, by multicast and by unicast.

use std::process::Stdio;
use std::time::Duration;

use super::judge::Judge;
use crate::common::lan::{Lan, inside};
use crate::common::olad::Olad;
use crate::common::run::Run;
use crate::common::script::Script;

/// How olad speaks E1.31.
pub const E131: &str = "ip = 10.9.0.2\ninput_ports = 4\noutput_ports = 4\nrevision = 0.46\ndscp = 0\nignore_preview = true\n";

/// Universes 1 and 2 by multicast; to one node universe 1 again, as 3. (A datagram to one port of a host reaches one program there.)
pub const SHOW: &str = r##"
[show]
title = "Peers"
looks = "whole"
at_exit = "leave"

[safe]
look = "front"

[device.stage]
profile = "sacn"
interface = "10.9.0.1"
sync = 60

[device.dome]
profile = "sacn"
address = "10.9.0.2"

[universe.1]
outputs = [{ on = "stage" }, { on = "dome", address = 3, priority = 180 }]

[universe.2]
on = "stage"

[fixture.front]
profile = "generic-dimmer"
universe = 1
address = 1

[fixture.wash]
profile = "generic-rgb"
universe = 2
address = 510

[look.front]
front = { level = "80%" }

[look.blue]
wash = { level = "100%", colour = "#0080FF" }

[[cue]]
number = "1"
name = "Front light"
do = [{ light = { look = "front", fade = "1s" } }]

[[cue]]
number = "2"
name = "Blue"
quick = true
do = [{ light = { look = "blue", fade = "500ms" } }]
"##;

#[test]
#[ignore = "needs olad, tshark and sacn (Python)"]
fn olad_and_python_read_the_levels_of_a_running_show() {
    inside(olad_and_python_read_the_levels_of_a_running_show, || {
        let lan = Lan::up();
        let olad = Olad::start(&lan, "e131", E131);
        for (port, universe) in [(0, 1), (1, 2)] {
            let mut patch = lan.there("ola_patch");
            patch.args(["-d", "1", "-i", "-p", &port.to_string(), "-u", &universe.to_string()]);
            assert!(patch.stdin(Stdio::null()).output().unwrap().status.success());
        }
        let receiver = Script::python(&lan, "sacn", "sacn_receiver.py", &["10.9.0.2", "1", "3"]);
        receiver.until("it listens", |line| line["event"] == "listening");
        let judge = Judge::listen();
        let run = Run::start(SHOW, &[]);
        run.go();
        olad.until(1, &[(1, 204), (2, 0)]);
        let reads = |universe: u16, priority: u8, level: u8| {
            move |line: &serde_json::Value| {
                line["universe"] == universe && line["priority"] == priority && line["levels"][0] == level && line["slots"] == 512
            }
        };
        receiver.until("Python has the level by multicast", reads(1, 100, 204));
        receiver.until("and by unicast, with its own priority", reads(3, 180, 204));
        receiver.until("it has our name", |line| line["source"] == "showcall dome");
        receiver.forget();
        run.say("/device/stage/release");
        receiver.until("a released device ends its streams", |line| line["universe"] == 1 && line["changed"] == "timeout");
        receiver.forget();
        run.say("/device/stage/take");
        // It tells levels only when they are others than before the end.
        receiver.until("one that was taken back is sent again", |line| line["universe"] == 1 && line["changed"] == "available");
        // Past the guard against a double GO.
        std::thread::sleep(Duration::from_secs(1));
        run.go();
        olad.until(2, &[(510, 0), (511, 128), (512, 255)]);
        olad.until(1, &[(1, 0)]);
        run.stop();
        receiver.until("Python knows that the stream has ended", |line| line["universe"] == 3 && line["changed"] == "timeout");
        // Universe 1 ended at the release too, until its device was taken back: that may be before all three packets were out.
        let verdict =
            judge.verdict(|verdict| (4..=6).contains(&verdict.ends(1)) && [2, 3].iter().all(|universe| verdict.ends(*universe) == 3));
        verdict.all_well();
        let of = |lengths: std::ops::RangeInclusive<usize>| verdict.packets.iter().filter(|packet| lengths.contains(&packet.len())).count();
        let kinds = [of(638..=638), of(49..=49), of(122..=126)];
        assert!(kinds[0] > 60 && kinds[1] > 20 && kinds[2] > 1, "data, synchronization, discovery of both devices: {kinds:?}");
    });
}

#[test]
#[ignore = "needs olad and sacn (Python)"]
fn a_simulated_show_is_seen_by_visualisers_and_not_output_by_nodes() {
    inside(a_simulated_show_is_seen_by_visualisers_and_not_output_by_nodes, || {
        let lan = Lan::up();
        let olad = Olad::start(&lan, "e131", E131);
        olad.patch(&lan, 1, true);
        let receiver = Script::python(&lan, "sacn", "sacn_receiver.py", &["10.9.0.2", "1"]);
        receiver.until("it listens", |line| line["event"] == "listening");
        let run = Run::start(SHOW, &["--simulate", "--preview"]);
        run.go();
        let whole = |line: &serde_json::Value| line["universe"] == 1 && line["levels"][0] == 204;
        receiver.until("the preview arrives", |line| whole(line) && line["preview"] == true);
        assert!(olad.levels(1).iter().all(|level| *level == 0), "a node outputs none of it");
        run.stop();
    });
}
