//! Driver and simulator joined directly, in virtual time.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::sync::Arc;

use proptest::prelude::*;
use sacn::packet::AcnRootLayerProtocol;

use super::codec::{self, DATA_LENGTH, Identity, OPTIONS_AT, Packet, SEQUENCE_AT, SLOTS_AT, SYNC_LENGTH, option};
use super::{DATA, FAMILY, LISTEN, PORT};
use crate::device_api::{Level, Report};
use crate::devices::{Driver, Out, Payload, Plan, Send, Simulator, Wire, WireEvent, bench, earlier};
use crate::show::{Device, DeviceIx, Profile, Rig, Show, Universe, UniverseOutput, Value};
use crate::time::{Mono, Span};

const HERE: ([u8; 4], u16) = ([10, 9, 0, 1], 40_000);
const THEM: ([u8; 4], u16) = ([10, 9, 0, 66], PORT);

/// Universe 1 with priority 100 as sACN universe 1 and universe 2 with priority 150 as 7002, both on the one device.
fn show(address: Option<&str>, options: &[(&str, Value)]) -> Arc<Show> {
    let device = Device {
        key: "stage".into(),
        name: "stage".into(),
        profile: Arc::new(Profile { family: "sacn".into(), ..Profile::default() }),
        address: address.map(Into::into),
        port: PORT,
        password: None,
        department: None,
        patch: Default::default(),
        options: options.iter().map(|(key, value)| ((*key).into(), value.clone())).collect(),
        props: Vec::new(),
    };
    let universe = |number, address, priority| Universe {
        number,
        outputs: vec![UniverseOutput { priority, ..UniverseOutput::new(DeviceIx(0), address) }],
    };
    let rig = Rig { universes: vec![universe(1, 1, 100), universe(2, 7002, 150)], ..Rig::default() };
    Arc::new(Show { devices: vec![device], rig: Arc::new(rig), ..Show::default() })
}

/// A source and its receivers on a table, and what the driver has said.
struct Table {
    driver: Box<dyn Driver>,
    node: Box<dyn Simulator>,
    now: Mono,
    plugged: bool,
    reports: Vec<Report>,
    sends: Vec<(Mono, Send)>,
}

impl Table {
    fn new(address: Option<&str>, options: &[(&str, Value)]) -> Self {
        let show = show(address, options);
        let plan = Plan { show: &show, device: DeviceIx(0) };
        let (driver, node) = ((FAMILY.driver)(plan), (FAMILY.simulator)(plan));
        let mut table = Self { driver, node, now: Mono(1), plugged: true, reports: Vec::new(), sends: Vec::new() };
        for wire in [DATA, LISTEN] {
            table.drive(|driver, now, out| driver.handle(now, WireEvent::Up(wire), out));
        }
        table
    }

    fn multicast(options: &[(&str, Value)]) -> Self {
        Self::new(None, options)
    }

    fn drive(&mut self, act: impl FnOnce(&mut dyn Driver, Mono, &mut Out)) {
        let mut out = Out::new();
        act(&mut *self.driver, self.now, &mut out);
        self.reports.append(&mut out.reports);
        for send in out.sends {
            if self.plugged {
                self.at_node(&send.bytes);
                // Multicast comes back to who has joined.
                self.at_driver(HERE.into(), &send.bytes);
            }
            self.sends.push((self.now, send));
        }
    }

    fn at_node(&mut self, bytes: &[u8]) {
        let mut out = Out::new();
        let event = WireEvent::Data { wire: DATA, from: Some(HERE.into()), payload: Payload::Datagram(bytes) };
        self.node.handle(self.now, event, &mut out);
        self.node_says(out);
    }

    fn node_says(&mut self, out: Out) {
        for send in out.sends.into_iter().filter(|_| self.plugged).collect::<Vec<_>>() {
            self.at_driver(THEM.into(), &send.bytes);
        }
    }

    fn at_driver(&mut self, from: SocketAddr, bytes: &[u8]) {
        let event = WireEvent::Data { wire: LISTEN, from: Some(from), payload: Payload::Datagram(bytes) };
        self.drive(|driver, now, out| driver.handle(now, event, out));
    }

    /// Another source's packet, at the node and at us.
    fn foreign(&mut self, packet: &[u8]) {
        self.at_node(packet);
        self.at_driver(THEM.into(), packet);
    }

    fn frame(&mut self, universe: u16, level: u8) {
        let (index, address) = if universe == 1 { (0, 1) } else { (1, 7002) };
        self.drive(|driver, now, out| {
            let lighting = driver.lighting().unwrap();
            lighting.frame(now, index, address, &[level; 512], out);
            lighting.frames_done(now, out);
        });
    }

    /// Runs what is due, at its own time, for a while.
    fn run(&mut self, span: Span) {
        let end = self.now + span;
        while let Some(due) = earlier(self.driver.next_due(), self.node.next_due()).filter(|due| *due <= end) {
            self.now = self.now.max(due);
            if self.driver.next_due().is_some_and(|d| d <= self.now) {
                self.drive(|driver, now, out| driver.tick(now, out));
                assert!(self.driver.next_due().is_none_or(|d| d > self.now), "a tick does what is due");
            }
            if self.node.next_due().is_some_and(|d| d <= self.now) {
                let mut out = Out::new();
                self.node.tick(self.now, &mut out);
                self.node_says(out);
                assert!(self.node.next_due().is_none_or(|d| d > self.now), "a tick does what is due");
            }
        }
        self.now = end;
    }

    fn level(&self, universe: u16, slot: u16) -> i64 {
        match self.node.peek(&format!("dmx/{universe}/{slot}")) {
            Some(Value::Int(level)) => level,
            other => panic!("{other:?}"),
        }
    }

    fn poke(&mut self, path: &str, value: Value) {
        let mut out = Out::new();
        self.node.poke(self.now, path, &value, &mut out);
        self.node_says(out);
    }

    /// The facets that stand, by key, with their levels.
    fn facets(&self) -> Vec<(String, Level)> {
        bench::facets(&self.reports)
    }

    /// Data packets that left for a universe, with their time.
    fn data(&self, universe: u16) -> Vec<(Mono, Send)> {
        let of = |send: &Send| matches!(codec::parse(&send.bytes), Some(Packet::Data(data)) if data.universe == universe);
        self.sends.iter().filter(|(_, send)| of(send)).cloned().collect()
    }
}

/// A packet of another source for universe 1, all slots at this level.
fn theirs(priority: u8, sequence: u8, level: u8) -> Box<[u8]> {
    let who = Identity { cid: [9; 16], name: "FOH desk".into() };
    let mut packet = codec::data_template(&who, 1, priority, 0, 0);
    packet[SEQUENCE_AT] = sequence;
    packet[SLOTS_AT..].fill(level);
    packet
}

#[test]
fn levels_arrive_and_a_change_is_sent_four_times_and_then_kept_alive() {
    let mut table = Table::multicast(&[]);
    table.frame(1, 200);
    assert_eq!((table.level(1, 1), table.level(1, 512), table.level(7002, 1)), (200, 200, 0));
    table.run(Span::secs(4));
    let times: Vec<Mono> = table.data(1).iter().map(|(at, _)| *at).collect();
    let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1].since(pair[0]).0 / 1_000_000).collect();
    assert_eq!(gaps, [50, 50, 50, 900, 900, 900, 900]);
    assert_eq!(table.facets(), [], "all is well, and nobody minds what we hear of ourselves");
    let first = &table.data(1)[0].1;
    assert_eq!((first.wire, first.to), (DATA, Some(SocketAddr::from(([239, 255, 0, 1], PORT)))));
}

#[test]
fn every_packet_is_what_an_independent_parser_reads_and_packs() {
    let mut table = Table::multicast(&[("sync", Value::Int(63_999)), ("source", Value::Text("Main, Bühne".into()))]);
    for step in 0..100_u8 {
        table.frame(1, step);
        table.frame(2, 255 - step);
        table.run(Span::ms(23));
    }
    table.run(Span::secs(30));
    table.drive(|driver, now, out| driver.last_call(now, out));
    table.run(Span::secs(1));
    let kind = |length: usize| table.sends.iter().filter(|(_, send)| send.bytes.len() == length).count();
    assert!(kind(DATA_LENGTH) > 250 && kind(SYNC_LENGTH) > 100 && kind(126) == 4, "{:?}", [DATA_LENGTH, SYNC_LENGTH, 126].map(kind));
    for (_, send) in &table.sends {
        assert_eq!(AcnRootLayerProtocol::parse(&send.bytes).unwrap().pack_alloc().unwrap(), send.bytes);
    }
}

#[test]
fn sequences_run_from_0_to_255_for_each_universe() {
    let mut table = Table::multicast(&[]);
    table.frame(2, 1);
    for step in 0..600_u16 {
        table.frame(1, u8::try_from(step % 256).unwrap());
        table.run(Span::ms(23));
    }
    let sequences: Vec<u8> = table.data(1).iter().map(|(_, send)| send.bytes[SEQUENCE_AT]).collect();
    assert!(sequences.iter().zip(0_u32..).all(|(sequence, nth)| u32::from(*sequence) == nth % 256));
    assert_eq!(table.data(7002)[0].1.bytes[SEQUENCE_AT], 0, "counted for itself");
    assert_eq!(table.data(7002)[0].1.bytes[108], 150, "its own priority");
}

#[test]
fn the_end_is_three_terminated_packets_a_universe_and_the_node_lets_go_at_once() {
    let mut table = Table::multicast(&[]);
    table.frame(1, 80);
    table.frame(2, 90);
    table.run(Span::secs(2));
    table.foreign(&theirs(50, 0, 33));
    assert_eq!(table.level(1, 1), 80);
    table.sends.clear();
    table.drive(|driver, now, out| driver.last_call(now, out));
    assert_eq!(table.level(1, 1), 33, "the backup has it without a wait");
    table.drive(|driver, now, out| driver.last_call(now, out));
    table.frame(1, 99);
    table.run(Span::secs(5));
    for universe in [1, 7002] {
        let ends = table.data(universe);
        assert_eq!(ends.len(), 3, "universe {universe}");
        assert!(ends.iter().all(|(_, send)| send.bytes[OPTIONS_AT] == option::TERMINATED));
        let sequences: Vec<u8> = ends.iter().map(|(_, send)| send.bytes[SEQUENCE_AT]).collect();
        assert!(sequences.windows(2).all(|pair| pair[0].wrapping_add(1) == pair[1]), "{sequences:?}");
    }
    assert_eq!(table.sends.len(), 6, "and nothing else");
    assert_eq!(table.driver.next_due(), None);
}

#[test]
fn a_device_that_is_let_go_ends_its_streams_and_begins_them_again_with_the_next_frame() {
    let mut table = Table::multicast(&[]);
    table.frame(1, 80);
    table.run(Span::secs(2));
    table.sends.clear();
    table.drive(|driver, now, out| driver.lighting().unwrap().let_go(now, out));
    table.run(Span::secs(30));
    assert_eq!(table.sends.len(), 3, "and no keep-alive after them");
    assert_eq!(table.node.peek("sources/1"), Some(Value::Int(0)));
    table.frame(1, 90);
    assert_eq!((table.level(1, 1), table.data(1).last().unwrap().1.bytes[OPTIONS_AT]), (90, 0));
    table.drive(|driver, now, out| driver.lighting().unwrap().let_go(now, out));
    table.frame(1, 91);
    table.run(Span::secs(3));
    assert_eq!(table.level(1, 1), 91, "taken back before the three were out");
    assert_eq!(table.data(1).last().unwrap().1.bytes[OPTIONS_AT], 0);
}

#[test]
fn what_was_never_sent_is_not_ended() {
    let mut table = Table::multicast(&[]);
    table.drive(|driver, now, out| driver.last_call(now, out));
    table.run(Span::secs(20));
    assert_eq!(table.sends, []);
}

#[test]
fn universe_discovery_names_what_is_sent_every_ten_seconds() {
    for address in [None, Some("10.9.0.2")] {
        let mut table = Table::new(address, &[("sync", Value::Int(5))]);
        table.run(Span::secs(30));
        assert_eq!(table.sends.len(), 0, "nothing is sent before a cue names a universe");
        table.frame(2, 1);
        table.frame(1, 1);
        table.run(Span::secs(31));
        let pages: Vec<_> =
            table.sends.iter().filter(|(_, send)| matches!(codec::parse(&send.bytes), Some(Packet::Discovery(_)))).collect();
        let times: Vec<u64> = pages.windows(2).map(|pair| pair[1].0.since(pair[0].0).0 / 1_000_000).collect();
        assert_eq!(times, [10_000; 3]);
        let last = &pages[3].1;
        let Some(Packet::Discovery(page)) = codec::parse(&last.bytes) else { panic!("discovery") };
        assert_eq!(page.universes().collect::<Vec<_>>(), [1, 5, 7002], "in rising order, the synchronization address too");
        assert_eq!(last.to, Some(SocketAddr::from(([239, 255, 250, 214], PORT))), "multicast, whatever carries the data");
        assert_eq!(last.wire, if address.is_some() { LISTEN } else { DATA });
    }
}

#[test]
fn another_source_of_our_universe_is_judged_by_its_priority_and_forgotten_in_time() {
    let mut table = Table::multicast(&[]);
    table.frame(1, 10);
    for (priority, level) in [(50, Level::Notice), (100, Level::Warn), (150, Level::Bad)] {
        table.foreign(&theirs(priority, 0, 77));
        assert_eq!(table.facets(), [("foreign/1".to_owned(), level)], "priority {priority}");
        let text = table.reports.iter().rev().find_map(|r| if let Report::Health(f) = r { Some(f.text.clone()) } else { None }).unwrap();
        assert!(text.contains("FOH desk (10.9.0.66)") && text.contains(&format!("priority {priority}")), "{text}");
        table.run(Span::ms(2600));
        assert_eq!(table.facets(), [], "silent for 2.5 s");
    }
    table.foreign(&theirs(150, 60, 77));
    let mut end = theirs(150, 61, 77);
    end[OPTIONS_AT] |= option::TERMINATED;
    table.foreign(&end);
    assert_eq!(table.facets(), [], "it has said that it ends");
    let mut preview = theirs(150, 90, 77);
    preview[OPTIONS_AT] |= option::PREVIEW;
    table.foreign(&preview);
    assert_eq!(table.facets(), [], "no node outputs it");
}

#[test]
fn a_source_that_is_not_heard_is_known_by_its_list() {
    let mut table = Table::multicast(&[]);
    let who = Identity { cid: [9; 16], name: "Backup".into() };
    table.at_driver(THEM.into(), &codec::discovery(&who, 0, 0, &[7, 7002]));
    assert_eq!(table.facets(), [("foreign/7002".to_owned(), Level::Notice)]);
    table.at_driver(THEM.into(), &codec::discovery(&who, 0, 0, &[7]));
    assert_eq!(table.facets(), []);
    table.at_driver(THEM.into(), &codec::discovery(&who, 0, 1, &[1]));
    table.at_driver(THEM.into(), &codec::discovery(&who, 1, 1, &[7002]));
    assert_eq!(table.facets().len(), 2, "both pages");
    table.run(Span::secs(26));
    assert_eq!(table.facets(), []);
}

#[test]
fn the_node_follows_the_highest_priority_merges_equal_ones_and_times_out() {
    let mut table = Table::multicast(&[]);
    table.frame(1, 80);
    table.foreign(&theirs(150, 0, 33));
    assert_eq!((table.level(1, 1), table.node.peek("source/1")), (33, Some(Value::Text("FOH desk".into()))));
    table.run(Span::ms(2600));
    assert_eq!(table.level(1, 1), 80, "it is silent: ours again");
    table.foreign(&theirs(100, 1, 200));
    assert_eq!((table.level(1, 1), table.node.peek("sources/1")), (200, Some(Value::Int(2))), "highest takes precedence");
    table.frame(1, 220);
    assert_eq!(table.level(1, 1), 220);
    table.foreign(&theirs(50, 2, 255));
    assert_eq!(table.level(1, 1), 220, "a lower one is not output");
}

#[test]
fn late_packets_previews_and_other_start_codes_are_not_output() {
    let mut table = Table::multicast(&[]);
    for (sequence, level, shown) in [(10, 1, 1), (9, 2, 1), (11, 3, 3), (248, 4, 3), (246, 5, 5), (246, 6, 5)] {
        table.at_node(&theirs(100, sequence, level));
        assert_eq!(table.level(1, 1), shown, "sequence {sequence}");
    }
    let mut other = theirs(100, 0, 99);
    other[SLOTS_AT - 1] = 0xdd;
    table.at_node(&other);
    assert_eq!(table.level(1, 1), 5, "priorities of slots are no levels");
    let mut preview = Table::multicast(&[("preview", Value::Switch(true))]);
    preview.frame(1, 50);
    assert_eq!(preview.level(1, 1), 0);
    assert_eq!(preview.data(1)[0].1.bytes[OPTIONS_AT], option::PREVIEW);
    assert_eq!(preview.facets(), [("preview".to_owned(), Level::Notice)]);
}

#[test]
fn synchronized_universes_change_together_and_go_on_when_synchronization_is_lost() {
    let mut table = Table::multicast(&[("sync", Value::Int(9))]);
    table.frame(1, 10);
    assert_eq!(table.level(1, 1), 10);
    table.run(Span::secs(1));
    table.drive(|driver, now, out| {
        let lighting = driver.lighting().unwrap();
        lighting.frame(now, 0, 1, &[20; 512], out);
        lighting.frame(now, 1, 7002, &[30; 512], out);
    });
    assert_eq!((table.level(1, 1), table.level(7002, 1)), (10, 0), "both wait");
    table.drive(|driver, now, out| driver.lighting().unwrap().frames_done(now, out));
    assert_eq!((table.level(1, 1), table.level(7002, 1)), (20, 30));
    // Synchronization packets are lost from here on; data comes.
    let mut packet = table.data(1).last().unwrap().1.bytes.clone();
    table.plugged = false;
    for step in 0..30 {
        packet[SEQUENCE_AT] = packet[SEQUENCE_AT].wrapping_add(1);
        packet[SLOTS_AT] = 100 + step;
        table.at_node(&packet);
        table.run(Span::ms(100));
    }
    assert_eq!(table.level(1, 1), 129, "it does not stay dark for want of a synchronization packet");
    packet[OPTIONS_AT] &= !option::FORCE_SYNC;
    let held = Table::multicast(&[("sync", Value::Int(9))]);
    let mut table = Table { plugged: true, ..held };
    let sync = |nth| codec::sync([0; 16], nth, 9);
    table.at_node(&sync(0));
    packet[SEQUENCE_AT] = 0;
    table.at_node(&packet);
    table.at_node(&sync(1));
    assert_eq!(table.level(1, 1), 129);
    table.run(Span::secs(2));
    (packet[SEQUENCE_AT], packet[SLOTS_AT]) = (1, 7);
    table.at_node(&packet);
    table.run(Span::secs(2));
    (packet[SEQUENCE_AT], packet[SLOTS_AT]) = (2, 8);
    table.at_node(&packet);
    assert_eq!(table.level(1, 1), 129, "without the bit it holds what it has");
    table.at_node(&sync(2));
    assert_eq!(table.level(1, 1), 8);
}

#[test]
fn the_failsafe_acts_when_all_sources_are_gone() {
    for (failsafe, after) in [("hold", 80), ("zero", 0), ("full", 255)] {
        let mut table = Table::multicast(&[]);
        table.poke("failsafe", Value::Text(failsafe.into()));
        table.frame(1, 80);
        table.plugged = false;
        table.run(Span::ms(2700));
        assert_eq!(table.level(1, 1), after, "{failsafe}");
    }
}

#[test]
fn a_hand_can_set_another_source_beside_us() {
    let mut table = Table::multicast(&[]);
    table.frame(1, 80);
    table.poke("foreign/1", Value::Int(120));
    assert_eq!((table.level(1, 1), table.facets()), (255, vec![("foreign/1".to_owned(), Level::Bad)]));
    table.run(Span::secs(10));
    assert_eq!(table.level(1, 1), 255, "it keeps on");
    table.poke("foreign/1", Value::Switch(false));
    assert_eq!((table.level(1, 1), table.facets()), (80, vec![]));
}

#[test]
fn after_the_link_was_down_the_newest_levels_leave_at_once() {
    let mut table = Table::multicast(&[]);
    table.frame(1, 10);
    table.run(Span::secs(1));
    table.drive(|driver, now, out| driver.handle(now, WireEvent::Down(DATA, "the link of eth0 is down".into()), out));
    assert!(matches!(table.reports.last(), Some(Report::Offline { .. })));
    table.sends.clear();
    table.frame(1, 20);
    table.run(Span::secs(60));
    assert_eq!(table.sends, [], "nothing leaves");
    table.frame(1, 30);
    table.drive(|driver, now, out| driver.handle(now, WireEvent::Up(DATA), out));
    table.run(Span::ZERO);
    assert_eq!(table.level(1, 1), 30);
    assert_eq!(table.reports.iter().filter(|r| matches!(r, Report::Online { .. })).count(), 2);
}

#[test]
fn faults_of_sending_and_listening_are_told_and_end() {
    let mut table = Table::new(Some("10.9.0.2"), &[]);
    table.frame(1, 1);
    let failed = WireEvent::SendFailed { wire: DATA, to: None, why: "no route to host".into() };
    table.drive(|driver, now, out| driver.handle(now, failed, out));
    table.drive(|driver, now, out| driver.handle(now, WireEvent::Down(LISTEN, "the port is taken".into()), out));
    assert_eq!(table.facets(), [("listen".to_owned(), Level::Warn), ("send".to_owned(), Level::Warn)]);
    table.run(Span::secs(6));
    table.drive(|driver, now, out| driver.handle(now, WireEvent::Up(LISTEN), out));
    assert_eq!(table.facets(), []);
}

#[test]
fn one_node_is_sent_to_directly_and_listened_for_in_its_network() {
    let wires = |address: Option<&str>, options: &[(&str, Value)]| {
        let show = show(address, options);
        (FAMILY.wires)(Plan { show: &show, device: DeviceIx(0) })
    };
    let unicast = wires(Some("10.9.0.2"), &[]);
    assert!(matches!(&unicast[0], Wire::Udp { to, local_port: 0 } if to.host == "10.9.0.2" && to.port == PORT));
    let Wire::Multicast { groups, network, .. } = &unicast[1] else { panic!("{unicast:?}") };
    let names: Vec<String> = groups.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["239.255.0.1", "239.255.27.90", "239.255.250.214"], "our universes and discovery");
    assert_eq!(network, "10.9.0.2");
    let multicast = wires(None, &[("interface", Value::Text("eth1".into()))]);
    assert!(matches!(&multicast[0], Wire::Multicast { groups, network, .. } if groups.is_empty() && network == "eth1"));
}

#[test]
fn the_identifier_is_the_same_at_every_start_and_another_for_each_device() {
    let cid = |key: &str| {
        let mut show = Show::clone(&show(None, &[]));
        show.devices[0].key = key.into();
        let show = Arc::new(show);
        let Wire::Multicast { own, .. } = (FAMILY.wires)(Plan { show: &show, device: DeviceIx(0) })[0].clone() else { panic!("multicast") };
        own
    };
    assert_eq!(cid("stage"), cid("stage"));
    assert_ne!(cid("stage"), cid("house"));
    let mut table = Table::multicast(&[]);
    table.frame(1, 1);
    let (at, bytes) = cid("stage");
    assert_eq!(table.data(1)[0].1.bytes[at..at + 16], bytes, "it is what the kernel drops of our own");
}

/// Bytes that look like E1.31 often enough to get past the header.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let vectors = prop_oneof![Just((4_u32, 2_u32)), Just((8, 1)), Just((8, 2)), any::<(u32, u32)>()];
    let headed = (vectors, 0_u16..3, any::<u8>(), proptest::collection::vec(any::<u8>(), 0..600)).prop_map(
        |((root, framing), universe, options, rest)| {
            let mut bytes = codec::data_template(&Identity { cid: [7; 16], name: "x".into() }, universe, 100, universe, options).to_vec();
            bytes[18..22].copy_from_slice(&root.to_be_bytes());
            bytes[40..44].copy_from_slice(&framing.to_be_bytes());
            let keep = bytes.len().saturating_sub(rest.len() / 2);
            bytes.truncate(keep);
            bytes.extend(rest);
            bytes
        },
    );
    prop_oneof![1 => proptest::collection::vec(any::<u8>(), 0..64), 6 => headed]
}

proptest! {
    #[test]
    fn any_bytes_are_taken(datagrams in proptest::collection::vec((bytes(), 0_u64..4000, any::<bool>()), 1..30), sync: bool) {
        let options = [("sync", Value::Int(1))];
        let mut table = Table::multicast(if sync { &options } else { &[] });
        table.frame(1, 1);
        for (bytes, wait, to_node) in datagrams {
            if to_node { table.at_node(&bytes) } else { table.at_driver(THEM.into(), &bytes) }
            table.run(Span::ms(wait));
        }
    }
}
