//! Programs that others wrote: olad as node and as controller, and Wireshark's dissector as judge.

use std::process::Stdio;
use std::time::{Duration, Instant};

use showcall::engine::{Level, Report};
use showcall::show::{DeviceIx, Value};

use super::ARTNET;
use super::node::{Real, Served, show};
use crate::common::capture::Capture;
use crate::common::lan::{Lan, inside};
use crate::common::olad::Olad;

/// Wireshark's dissector on what is sent.
pub struct Judge(Capture);

impl Judge {
    /// Captures from here on.
    pub fn listen() -> Self {
        Self(Capture::of("udp port 6454"))
    }

    /// Ends the capture when it holds these opcodes, or after ten seconds.
    /// Gives the packets sent from 10.9.0.1 as opcode in hex, tab, and whether they are malformed.
    pub fn verdict(mut self, wanted: &[&str]) -> Vec<String> {
        let holds_all = |packets: &[String]| wanted.iter().all(|opcode| packets.iter().any(|p| p.trim() == *opcode));
        self.0.until(|capture| holds_all(&packets(capture)));
        let packets = packets(&self.0);
        assert!(holds_all(&packets), "of {wanted:?} one is missing or malformed in {packets:?}");
        packets
    }
}

fn packets(capture: &Capture) -> Vec<String> {
    let fields = ["-Y", "ip.src == 10.9.0.1 && artnet", "-T", "fields", "-e", "artnet.header.opcode", "-e", "_ws.malformed"];
    capture.read(&fields).lines().map(str::to_owned).collect()
}

#[test]
#[ignore = "needs olad and tshark"]
fn olad_reads_our_levels_and_wireshark_finds_nothing_malformed() {
    inside(olad_reads_our_levels_and_wireshark_finds_nothing_malformed, || {
        let lan = Lan::up();
        let olad = Olad::start(&lan, "artnet", ARTNET);
        olad.patch(&lan, 1, true);
        let judge = Judge::listen();
        let mut real = Real::new(&show(&[([10, 9, 0, 2], 6454).into()], &[("sync", Value::Switch(true))]), false);
        real.until("olad answers ArtPoll", |real| real.online(0));
        let slots: [u8; 512] = std::array::from_fn(|i| u8::try_from(i % 251).unwrap());
        let now = real.now();
        real.rack.frame(now, DeviceIx(0), 0, 1, &slots);
        real.rack.frames_done(now, DeviceIx(0));
        real.until("olad has all 512 slots", |_| olad.levels(1) == slots);
        // Past the next poll, after which a universe that nobody takes would be told.
        let end = real.now() + showcall::time::Span::secs(4);
        real.until("a poll has passed", |real| real.now() > end);
        let bad: Vec<_> = real.reports.iter().filter(|(_, r)| matches!(r, Report::Health(f) if f.level > Level::Notice)).collect();
        assert_eq!(bad, Vec::<&(DeviceIx, Report)>::new());
        drop(real);
        let packets = judge.verdict(&["0x2000", "0x5000", "0x5200"]);
        assert!(packets.iter().all(|p| !p.trim().contains('\t')), "malformed: {packets:?}");
    });
}

#[test]
#[ignore = "needs olad and tshark"]
fn olad_as_controller_discovers_and_drives_our_simulated_node() {
    inside(olad_as_controller_discovers_and_drives_our_simulated_node, || {
        let lan = Lan::up();
        let node = Served::at("0.0.0.0:6454");
        let judge = Judge::listen();
        let olad = Olad::start(&lan, "artnet", ARTNET);
        // It sends only to nodes that answered its ArtPoll and take the universe.
        olad.patch(&lan, 1, false);
        let patience = Instant::now() + Duration::from_secs(30);
        while node.peek("dmx/1/3") != Some(Value::Int(30)) {
            assert!(Instant::now() < patience, "olad's levels do not arrive");
            let set = lan.there("ola_set_dmx").args(["-u", "1", "-d", "10,20,30"]).stdin(Stdio::null()).status().unwrap();
            assert!(set.success());
            std::thread::sleep(Duration::from_millis(100));
        }
        assert_eq!((node.peek("dmx/1/1"), node.peek("dmx/1/4")), (Some(Value::Int(10)), Some(Value::Int(0))));
        let packets = judge.verdict(&["0x2100"]);
        assert!(packets.iter().all(|p| !p.trim().contains('\t')), "malformed: {packets:?}");
    });
}
