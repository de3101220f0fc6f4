//! The whole program on real wires: GO by OSC, levels at somebody else's node.

use std::time::Duration;

use super::ARTNET;
use super::peers::Judge;
use crate::common::lan::{Lan, inside};
use crate::common::olad::Olad;
use crate::common::run::Run;

/// Two cues for one universe of Art-Net.
pub const SHOW: &str = r##"
[show]
title = "Peers"
looks = "whole"
at_exit = "leave"

[safe]
look = "front"

[device.node]
profile = "artnet-node"
address = "10.9.0.2"

[universe.1]
on = "node"
address = "0:0:1"

[fixture.front]
profile = "generic-dimmer"
universe = 1
address = 1

[fixture.wash]
profile = "generic-rgb"
universe = 1
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
#[ignore = "needs olad and tshark"]
fn olad_reads_the_levels_that_cues_set() {
    inside(olad_reads_the_levels_that_cues_set, || {
        let lan = Lan::up();
        let olad = Olad::start(&lan, "artnet", ARTNET);
        olad.patch(&lan, 1, true);
        let judge = Judge::listen();
        let run = Run::start(SHOW, &[]);
        assert!(olad.levels(1).is_empty(), "nothing is sent before a cue names the universe");
        run.go();
        olad.until(1, &[(1, 204), (510, 0)]);
        // Past the guard against a double GO.
        std::thread::sleep(Duration::from_secs(1));
        run.go();
        olad.until(1, &[(1, 0), (510, 0), (511, 128), (512, 255)]);
        drop(run);
        let packets = judge.verdict(&["0x2000", "0x5000"]);
        assert!(packets.iter().filter(|p| p.trim() == "0x5000").count() > 30, "a fade is many frames: {packets:?}");
        assert!(packets.iter().all(|p| !p.trim().contains('\t')), "malformed: {packets:?}");
    });
}
