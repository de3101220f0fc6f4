//! Driver and simulator joined directly, in virtual time.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::sync::Arc;

use proptest::prelude::*;

use super::codec::{self, PortAddress, SEQUENCE_AT, SLOTS_AT};
use super::reply::{CAN_OUTPUT, NodeReport, Port, Reply};
use super::{FAMILY, PORT, WIRE};
use crate::device_api::{ActionId, Command, How, Level, Op, Priority, Report, Why};
use crate::devices::bench::{self, Named};
use crate::devices::dmx::merge::Failsafe;
use crate::devices::{Driver, Out, Payload, Plan, Send, Simulator, Wire, WireEvent, earlier};
use crate::show::{Device, DeviceIx, Profile, PropIx, Rig, Show, Transport, Universe, UniverseOutput, Value};
use crate::time::{Mono, Span};

const CONTROLLER: ([u8; 4], u16) = ([10, 9, 0, 1], PORT);
const NODE: ([u8; 4], u16) = ([10, 9, 0, 2], PORT);

const LOCATE: Named<'_> = ("locate", &[]);
const FAILSAFE: Named<'_> = ("failsafe", &[]);
const END_MERGE: Named<'_> = ("key", &[("key", "end-merge")]);
const TRIGGER: Named<'_> = ("trigger", &[("trigger", "1/5")]);

/// Universe 1 at 0:0:1 and universe 2 at 0:0:2, both on the one device.
fn show(address: &str, options: &[(&str, Value)]) -> Arc<Show> {
    let device = Device {
        key: "dimmers".into(),
        name: "dimmers".into(),
        profile: Arc::new(Profile { family: "artnet".into(), ..Profile::default() }),
        address: Some(address.into()),
        port: PORT,
        password: None,
        department: None,
        patch: Default::default(),
        options: options.iter().map(|(key, value)| ((*key).into(), value.clone())).collect(),
        props: Vec::new(),
    };
    let universe = |number| Universe { number, outputs: vec![UniverseOutput::new(DeviceIx(0), number)] };
    let rig = Rig { universes: vec![universe(1), universe(2)], ..Rig::default() };
    Arc::new(Show { devices: vec![device], rig: Arc::new(rig), ..Show::default() })
}

/// A controller and a node on a table, and what the driver has said.
struct Table {
    driver: Box<dyn Driver>,
    node: Box<dyn Simulator>,
    now: Mono,
    plugged: bool,
    reports: Vec<Report>,
    sends: Vec<Send>,
}

impl Table {
    fn new(address: &str, options: &[(&str, Value)]) -> Self {
        Self::of(show(address, options))
    }

    fn of(show: Arc<Show>) -> Self {
        let plan = Plan { show: &show, device: DeviceIx(0) };
        let (driver, node) = ((FAMILY.driver)(plan), (FAMILY.simulator)(plan));
        let mut table = Self { driver, node, now: Mono(1), plugged: true, reports: Vec::new(), sends: Vec::new() };
        table.drive(|driver, now, out| driver.handle(now, WireEvent::Up(WIRE), out));
        table
    }

    fn drive(&mut self, act: impl FnOnce(&mut dyn Driver, Mono, &mut Out)) {
        let mut out = Out::new();
        act(&mut *self.driver, self.now, &mut out);
        self.reports.extend(out.sends.iter().filter_map(|send| send.sending.clone()?.report(None)));
        self.reports.append(&mut out.reports);
        for send in out.sends {
            if self.plugged {
                self.at_node(SocketAddr::from(CONTROLLER), &send.bytes);
            }
            self.sends.push(send);
        }
    }

    fn at_node(&mut self, from: SocketAddr, bytes: &[u8]) {
        let mut out = Out::new();
        let event = WireEvent::Data { wire: WIRE, from: Some(from), payload: Payload::Datagram(bytes) };
        self.node.handle(self.now, event, &mut out);
        self.node_says(out);
    }

    fn node_says(&mut self, out: Out) {
        for send in out.sends {
            if self.plugged {
                self.at_driver(SocketAddr::from(NODE), &send.bytes);
            }
        }
    }

    fn at_driver(&mut self, from: SocketAddr, bytes: &[u8]) {
        let event = WireEvent::Data { wire: WIRE, from: Some(from), payload: Payload::Datagram(bytes) };
        self.drive(|driver, now, out| driver.handle(now, event, out));
    }

    fn command(&mut self, command: &Command) {
        self.drive(|driver, now, out| driver.command(now, command, out));
    }

    fn poke(&mut self, path: &str, value: Value) {
        let mut out = Out::new();
        self.node.poke(self.now, path, &value, &mut out);
        self.node_says(out);
    }

    fn frame(&mut self, universe: u16, level: u8) {
        self.drive(|driver, now, out| {
            let lighting = driver.lighting().unwrap();
            lighting.frame(now, universe - 1, universe, &[level; 512], out);
            lighting.frames_done(now, out);
        });
    }

    /// Runs what is due, at its own time, for a while.
    fn run(&mut self, span: Span) {
        let end = self.now + span;
        while let Some(due) = earlier(self.driver.next_due(), self.node.next_due()).filter(|due| *due <= end) {
            assert!(self.now < due.max(self.now + Span(1)), "time goes on");
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

    fn level(&self, universe: u16, slot: u16) -> Option<Value> {
        self.node.peek(&format!("dmx/{universe}/{slot}"))
    }

    /// The facets that stand, by key, with their levels.
    fn facets(&self) -> Vec<(String, Level)> {
        bench::facets(&self.reports)
    }

    fn count(&self, is: impl Fn(&Report) -> bool) -> usize {
        self.reports.iter().filter(|r| is(r)).count()
    }

    fn frames_sent(&self) -> usize {
        self.sends.iter().filter(|s| s.bytes.len() == codec::DMX_LENGTH).count()
    }
}

#[test]
fn the_node_is_found_and_levels_arrive() {
    let mut table = Table::new("10.9.0.2", &[]);
    table.run(Span::secs(1));
    let Some(Report::Online { identity: Some(identity) }) = table.reports.first() else { panic!("{:?}", table.reports) };
    assert_eq!(&**identity, "dimmers firmware 1.4");
    table.frame(1, 200);
    assert_eq!((table.level(1, 1), table.level(1, 512)), (Some(Value::Int(200)), Some(Value::Int(200))));
    assert_eq!(table.level(2, 1), Some(Value::Int(0)), "the other universe is not touched");
    table.run(Span::secs(10));
    assert_eq!(table.facets(), [], "all is well");
    assert_eq!(table.count(|r| matches!(r, Report::Online { .. })), 1, "said once");
}

#[test]
fn an_unchanged_frame_is_repeated_within_a_second_and_counted_from_1_to_255() {
    let mut table = Table::new("10.9.0.2", &[]);
    table.frame(1, 9);
    table.run(Span::secs(300));
    let packets: Vec<&Send> = table.sends.iter().filter(|s| s.bytes.len() == codec::DMX_LENGTH).collect();
    assert!((300..=375).contains(&packets.len()), "one every 0.8 to 1 s: {}", packets.len());
    let sequences: Vec<u8> = packets.iter().map(|s| s.bytes[SEQUENCE_AT]).collect();
    assert_eq!(sequences[..3], [1, 2, 3]);
    assert_eq!(sequences[254..257], [255, 1, 2], "0 would mean a sender that does not count");
    assert!(packets.iter().all(|s| s.bytes[SLOTS_AT..].iter().all(|b| *b == 9)));
}

#[test]
fn a_silent_node_gets_one_probe_a_second_and_no_frames_until_it_answers() {
    let mut table = Table::new("10.9.0.2", &[]);
    table.run(Span::secs(3));
    table.frame(1, 50);
    table.plugged = false;
    table.run(Span::secs(8));
    assert_eq!(table.facets(), [("answers".to_owned(), Level::Warn)], "two polls missed");
    table.run(Span::secs(3));
    assert_eq!(table.count(|r| matches!(r, Report::Offline { .. })), 1);
    table.sends.clear();
    for _ in 0..100 {
        table.frame(1, 60);
        table.run(Span::ms(100));
    }
    assert_eq!(table.frames_sent(), 0);
    assert!((9..=11).contains(&table.sends.len()), "one probe a second: {}", table.sends.len());
    table.plugged = true;
    table.run(Span::secs(3));
    assert_eq!(table.count(|r| matches!(r, Report::Online { .. })), 2, "back by itself");
    assert_eq!(table.level(1, 1), Some(Value::Int(60)), "with the newest levels, though nothing changed since");
    assert_eq!(table.facets(), []);
}

#[test]
fn a_node_that_cannot_be_reached_from_the_start_gets_no_frames() {
    let mut table = Table::new("10.9.0.2", &[]);
    table.plugged = false;
    table.drive(|driver, now, out| driver.handle(now, WireEvent::SendFailed { wire: WIRE, to: None, why: "no route to host".into() }, out));
    assert!(matches!(&table.reports[..], [Report::Offline { why }] if &**why == "no route to host"));
    table.frame(1, 1);
    assert_eq!(table.frames_sent(), 0);
}

#[test]
fn a_send_that_fails_later_is_a_facet_and_the_next_frames_still_leave() {
    let mut table = Table::new("10.9.0.2", &[]);
    table.run(Span::secs(2));
    table.drive(|driver, now, out| driver.handle(now, WireEvent::SendFailed { wire: WIRE, to: None, why: "network is down".into() }, out));
    assert_eq!(table.facets(), [("send".to_owned(), Level::Warn)]);
    table.frame(1, 7);
    assert_eq!(table.level(1, 1), Some(Value::Int(7)));
    table.run(Span::secs(4));
    assert_eq!(table.facets(), [], "its next answer clears it");
}

#[test]
fn a_reboot_shows_in_the_counter_and_the_levels_come_back() {
    let mut table = Table::new("10.9.0.2", &[]);
    table.frame(1, 80);
    table.run(Span::secs(20));
    table.poke("reboot", Value::Switch(true));
    assert_eq!(table.level(1, 1), Some(Value::Int(0)));
    table.run(Span::secs(5));
    assert_eq!(table.count(|r| *r == Report::Restarted), 1);
    assert_eq!(table.level(1, 1), Some(Value::Int(80)));
}

#[test]
fn a_second_sender_is_seen_as_merging_and_gone_after_ten_seconds() {
    let mut table = Table::new("10.9.0.2", &[]);
    table.run(Span::secs(1));
    table.frame(1, 80);
    let mut theirs = codec::dmx_template(PortAddress(1));
    theirs[SLOTS_AT] = 255;
    table.at_node(SocketAddr::from(([10, 9, 0, 66], PORT)), &theirs[..]);
    assert_eq!(table.facets(), [("merge/0:0:1".to_owned(), Level::Warn)], "told at once, not at the next poll");
    assert_eq!((table.level(1, 1), table.level(1, 2)), (Some(Value::Int(255)), Some(Value::Int(80))), "highest takes precedence");
    table.run(Span::secs(11));
    assert_eq!(table.facets(), []);
    assert_eq!(table.level(1, 1), Some(Value::Int(80)));
}

#[test]
fn faults_of_the_node_are_facets() {
    let mut table = Table::new("10.9.0.2", &[]);
    table.frame(1, 80);
    table.frame(2, 80);
    table.run(Span::secs(3));
    table.poke("short/0:0:2", Value::Switch(true));
    assert_eq!(table.facets(), [("short/0:0:2".to_owned(), Level::Bad)]);
    table.poke("short", Value::Switch(false));
    table.poke("failsafe", Value::Text("zero".into()));
    assert_eq!(table.facets(), [("failsafe/10.9.0.2".to_owned(), Level::Warn)]);
    table.poke("failsafe", Value::Text("hold".into()));
    table.poke("address/2", Value::Text("0:0:9".into()));
    table.run(Span::secs(4));
    assert_eq!(table.facets(), [("subscriber/2".to_owned(), Level::Bad)]);
    table.poke("address/9", Value::Int(2));
    assert_eq!(table.facets(), []);
}

#[test]
fn other_controllers_that_broadcast_our_universes_are_named() {
    let mut table = Table::new("10.9.0.2", &[]);
    table.frame(1, 80);
    table.run(Span::secs(2));
    let foreign = SocketAddr::from(([10, 9, 0, 66], PORT));
    table.at_driver(foreign, &codec::dmx_template(PortAddress(7))[..]);
    assert_eq!(table.facets(), [], "not our universe");
    table.at_driver(foreign, &codec::dmx_template(PortAddress(1))[..]);
    assert_eq!(table.facets(), [("foreign/0:0:1".to_owned(), Level::Warn)]);
    table.run(Span::secs(13));
    assert_eq!(table.facets(), []);
}

#[test]
fn a_broadcast_address_finds_nodes_and_feeds_subscribers_only() {
    let mut table = Table::new("10.9.0.255", &[]);
    table.frame(1, 10);
    assert_eq!(table.frames_sent(), 0, "nobody subscribes yet");
    table.run(Span::secs(1));
    let first = table.sends.iter().find(|s| s.bytes.len() == codec::DMX_LENGTH).unwrap();
    assert_eq!(first.to, Some(SocketAddr::from(NODE)), "as soon as it is found");
    assert_eq!(table.level(1, 1), Some(Value::Int(10)));
    table.poke("address/1", Value::Int(5));
    table.sends.clear();
    table.run(Span::secs(5));
    assert_eq!(table.frames_sent(), 0);
    assert_eq!(table.facets(), [("subscriber/1".to_owned(), Level::Bad)]);
}

#[test]
fn of_two_found_nodes_the_one_that_leaves_is_named() {
    let mut table = Table::new("10.9.0.255", &[]);
    table.run(Span::secs(1));
    let other = Reply {
        ip: [10, 9, 0, 77].into(),
        version: 1,
        base: PortAddress(0),
        oem: 0,
        short_name: "truss".into(),
        long_name: String::new(),
        report: NodeReport::default(),
        ports: vec![Port { kind: CAN_OUTPUT, sw_out: 1, ..Port::default() }],
        style: 0,
        bind_index: 0,
        status2: 0,
        failsafe: Failsafe::Hold,
        sets_failsafe: false,
        locates: None,
    };
    let from = SocketAddr::from(([10, 9, 0, 77], 40_000));
    table.at_driver(from, &other.encode());
    table.sends.clear();
    table.frame(1, 1);
    let hosts: Vec<_> = table.sends.iter().map(|s| s.to).collect();
    assert_eq!(hosts, [NODE, ([10, 9, 0, 77], PORT)].map(|a| Some(SocketAddr::from(a))), "on the nodes' port, whatever it answered from");
    table.run(Span::secs(11));
    assert_eq!(table.facets(), [("node/truss (10.9.0.77)".to_owned(), Level::Bad)]);
    table.at_driver(from, &other.encode());
    assert_eq!(table.facets(), []);
}

#[test]
fn a_node_that_never_answers_can_be_fed_blindly() {
    let mut table = Table::new("10.9.0.2", &[("answers", Value::Switch(false))]);
    table.plugged = false;
    table.frame(1, 3);
    table.run(Span::secs(60));
    assert!(table.frames_sent() > 60);
    assert_eq!(table.sends.len(), table.frames_sent(), "it is not polled");
    assert_eq!(table.facets(), []);
}

#[test]
fn with_sync_a_grid_step_lands_at_once_and_without_it_for_four_seconds_each_frame_does() {
    let mut table = Table::new("10.9.0.2", &[("sync", Value::Switch(true))]);
    table.frame(1, 10);
    let mut frame = codec::dmx_template(PortAddress(1));
    (frame[SEQUENCE_AT], frame[SLOTS_AT]) = (2, 20);
    table.at_node(SocketAddr::from(CONTROLLER), &frame[..]);
    assert_eq!(table.level(1, 1), Some(Value::Int(10)), "waits for ArtSync");
    table.at_node(SocketAddr::from(([10, 9, 0, 66], PORT)), &codec::SYNC);
    assert_eq!(table.level(1, 1), Some(Value::Int(10)), "not a stranger's");
    table.at_node(SocketAddr::from(CONTROLLER), &codec::SYNC);
    assert_eq!(table.level(1, 1), Some(Value::Int(20)));
    table.plugged = false;
    table.run(Span::ms(4100));
    (frame[SEQUENCE_AT], frame[SLOTS_AT]) = (3, 30);
    table.at_node(SocketAddr::from(CONTROLLER), &frame[..]);
    assert_eq!(table.level(1, 1), Some(Value::Int(30)));
}

#[test]
fn the_failsafe_acts_when_all_senders_are_gone() {
    for (failsafe, after) in [("hold", 80), ("zero", 0), ("full", 255)] {
        let mut table = Table::new("10.9.0.2", &[]);
        table.poke("failsafe", Value::Text(failsafe.into()));
        table.frame(1, 80);
        table.plugged = false;
        table.run(Span::secs(11));
        assert_eq!(table.level(1, 1), Some(Value::Int(after)), "{failsafe}");
    }
}

#[test]
fn late_packets_are_dropped_and_a_sender_that_began_anew_is_not() {
    let mut table = Table::new("10.9.0.2", &[]);
    let mut frame = codec::dmx_template(PortAddress(1));
    for (sequence, level, shown) in
        [(10, 1, 1), (9, 2, 1), (11, 3, 3), (200, 4, 4), (255, 4, 4), (1, 5, 5), (254, 6, 5), (100, 7, 7), (0, 8, 8)]
    {
        (frame[SEQUENCE_AT], frame[SLOTS_AT]) = (sequence, level);
        table.at_node(SocketAddr::from(([10, 9, 0, 66], PORT)), &frame[..]);
        assert_eq!(table.level(1, 1), Some(Value::Int(shown)), "sequence {sequence}");
    }
}

#[test]
fn more_than_four_ports_answer_under_bind_indexes_of_their_own() {
    let mut show = Show::clone(&show("10.9.0.2", &[]));
    let outputs = (0..20).map(|address| UniverseOutput::new(DeviceIx(0), address * 3));
    let universes = outputs.map(|o| Universe { number: o.address + 1, outputs: vec![o] }).collect();
    show.rig = Arc::new(Rig { universes, ..Rig::default() });
    let show = Arc::new(show);
    let mut node = (FAMILY.simulator)(Plan { show: &show, device: DeviceIx(0) });
    let mut out = Out::new();
    let event = WireEvent::Data { wire: WIRE, from: None, payload: Payload::Datagram(&codec::poll()) };
    node.handle(Mono(0), event, &mut out);
    node.tick(Mono::ZERO + Span::secs(1), &mut out);
    let replies: Vec<Reply> = out.sends.iter().filter_map(|s| Reply::parse(&s.bytes)).collect();
    let mut outputs: Vec<u16> = replies.iter().flat_map(|r| r.outputs().map(|(a, _)| a.0).collect::<Vec<_>>()).collect();
    outputs.sort_unstable();
    assert_eq!(outputs, (0..20).map(|a| a * 3).collect::<Vec<_>>());
    let indexes: Vec<u8> = replies.iter().map(|r| r.bind_index).collect();
    assert_eq!(indexes, (1..=replies.len() as u8).collect::<Vec<_>>());
    assert!(replies.iter().all(|r| r.ports.len() <= 4));
}

#[test]
fn the_wire_is_the_shared_port_unless_the_show_says_otherwise() {
    let local = |options: &[(&str, Value)], address: &str| {
        let show = show(address, options);
        let wires = (FAMILY.wires)(Plan { show: &show, device: DeviceIx(0) });
        let [Wire::UdpShared { to, local_port, strangers }] = &wires[..] else { panic!("{wires:?}") };
        (to.port, *local_port, *strangers)
    };
    assert_eq!(local(&[], "10.9.0.2"), (PORT, PORT, false));
    assert_eq!(local(&[("local_port", Value::Int(0))], "10.9.0.255"), (PORT, 0, true));
    assert_eq!(local(&[("discover", Value::Switch(false))], "10.9.0.255"), (PORT, PORT, false));
}

/// The node of the shipped profile with these properties, whose indexes are in this order.
fn with_props(address: &str, options: &[(&str, Value)], named: &[Named<'_>]) -> Table {
    let mut made = Show::clone(&bench::show(include_str!("../../../hardware-profiles/artnet-node.toml"), options, named));
    made.devices[0].address = Some(address.into());
    made.rig = show(address, &[]).rig.clone();
    Table::of(Arc::new(made))
}

fn set(prop: u32, value: Value) -> Command {
    Command {
        action: ActionId(u64::from(prop) + 1),
        prop: PropIx(prop),
        op: Op::Set { value, transition: None },
        due: Mono::ZERO,
        priority: Priority::Discrete,
        why: Why::Operator,
    }
}

#[test]
fn a_setting_is_proven_by_the_reply_and_sent_again_when_none_comes() {
    let mut table = with_props("10.9.0.2", &[], &[LOCATE, FAILSAFE]);
    table.run(Span::secs(2));
    table.reports.clear();
    table.command(&set(0, Value::Switch(true)));
    assert_eq!(table.node.peek("locate"), Some(Value::Switch(true)));
    assert!(matches!(&table.reports[0], Report::Sent { .. }), "{:?}", table.reports);
    table.run(Span::secs(2));
    let observed = |table: &Table, value: Value, echo: How| {
        table.count(|r| matches!(r, Report::Observed { value: v, how, .. } if *v == value && *how == echo))
    };
    assert_eq!(observed(&table, Value::Switch(true), How::Echo), 1);
    let settings = |table: &Table| table.sends.iter().filter(|s| s.bytes.len() == 107).count();
    assert_eq!(settings(&table), 1, "proven at once");
    table.plugged = false;
    table.command(&set(1, Value::Text("zero".into())));
    table.run(Span::ms(1_000));
    table.plugged = true;
    table.run(Span::secs(3));
    assert_eq!(table.node.peek("failsafe"), Some(Value::Text("zero".into())), "the second try");
    assert_eq!(settings(&table), 3);
    table.poke("locate", Value::Switch(false));
    table.run(Span::secs(6));
    assert_eq!(observed(&table, Value::Switch(false), How::Word), 1, "a hand");
}

#[test]
fn the_end_of_a_merge_leaves_the_next_sender_alone() {
    let mut table = with_props("10.9.0.2", &[], &[END_MERGE]);
    table.run(Span::secs(1));
    table.frame(1, 80);
    let mut theirs = codec::dmx_template(PortAddress(1));
    theirs[SLOTS_AT] = 255;
    let stranger = SocketAddr::from(([10, 9, 0, 66], PORT));
    table.at_node(stranger, &theirs[..]);
    assert_eq!(table.level(1, 1), Some(Value::Int(255)));
    table.command(&set(0, Value::Switch(true)));
    table.frame(1, 80);
    table.at_node(stranger, &theirs[..]);
    assert_eq!(table.level(1, 1), Some(Value::Int(80)));
    table.run(Span::secs(3));
    assert_eq!(table.facets(), []);
}

#[test]
fn triggers_leave_once_and_time_code_runs_pauses_and_stops() {
    let mut table = with_props("10.9.0.2", &[("frame_rate", Value::Text("25".into()))], &[TRIGGER, ("timecode", &[])]);
    table.run(Span::secs(2));
    table.command(&set(0, Value::Switch(true)));
    let play = |clip: Option<&str>, playing| Value::Transport(Transport { clip: clip.map(Into::into), looping: false, playing });
    table.command(&set(1, play(Some("01:00:00:00"), true)));
    table.run(Span::secs(10));
    assert_eq!(table.node.peek("triggers"), Some(Value::Int(1)));
    assert_eq!(table.node.peek("timecode"), Some(Value::Text("01:00:10:00".into())));
    let op = |op| Command { op, ..set(1, Value::Switch(true)) };
    table.command(&op(Op::Halt));
    table.run(Span::secs(5));
    assert_eq!(table.node.peek("timecode"), Some(Value::Text("01:00:10:00".into())));
    table.command(&op(Op::Continue));
    table.run(Span::secs(1));
    assert_eq!(table.node.peek("timecode"), Some(Value::Text("01:00:11:01".into())));
    table.command(&set(1, play(None, false)));
    table.run(Span::secs(5));
    assert_eq!(table.node.peek("timecode"), Some(Value::Text("01:00:11:01".into())));
    table.reports.clear();
    table.command(&set(1, play(Some("01:00:00:25"), true)));
    table.command(&set(1, play(Some("at one"), true)));
    assert_eq!(table.count(|r| matches!(r, Report::Refused { .. })), 2);
}

#[test]
fn a_whole_network_has_no_one_node_to_set() {
    let mut table = with_props("10.9.0.255", &[], &[LOCATE, FAILSAFE, END_MERGE, TRIGGER]);
    table.run(Span::secs(2));
    table.reports.clear();
    for prop in 0..3 {
        table.command(&set(prop, Value::Switch(true)));
    }
    assert_eq!(table.count(|r| matches!(r, Report::Refused { .. })), 3);
    table.command(&set(3, Value::Switch(true)));
    assert_eq!(table.count(|r| matches!(r, Report::Sent { .. })), 1, "a trigger is for all");
}

/// Bytes that look like Art-Net often enough to get past the header.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let opcode = prop_oneof![
        Just(codec::op::POLL),
        Just(codec::op::POLL_REPLY),
        Just(codec::op::DMX),
        Just(codec::op::SYNC),
        Just(codec::op::ADDRESS),
        Just(codec::op::TIME_CODE),
        Just(codec::op::TRIGGER),
        any::<u16>()
    ];
    let headed = (opcode, proptest::collection::vec(any::<u8>(), 0..560)).prop_map(|(opcode, rest)| {
        let mut bytes = [codec::ID.as_slice(), &opcode.to_le_bytes(), &[0, 14]].concat();
        bytes.extend(rest);
        bytes
    });
    prop_oneof![1 => proptest::collection::vec(any::<u8>(), 0..64), 6 => headed]
}

proptest! {
    #[test]
    fn any_bytes_are_taken(datagrams in proptest::collection::vec((bytes(), 0_u64..4000, any::<bool>()), 1..30), broadcast: bool) {
        let mut table = Table::new(if broadcast { "10.9.0.255" } else { "10.9.0.2" }, &[]);
        table.frame(1, 1);
        for (bytes, wait, to_node) in datagrams {
            let from = SocketAddr::from(([10, 9, 0, 2], PORT));
            if to_node {
                table.at_node(from, &bytes);
            } else {
                table.at_driver(from, &bytes);
            }
            table.run(Span::ms(wait));
        }
    }
}

#[test]
fn a_controller_with_outputs_is_found_and_one_without_is_not() {
    let reply = |style, kind| Reply {
        ip: [10, 9, 0, 77].into(),
        version: 1,
        base: PortAddress(0),
        oem: 0,
        short_name: "dmxnet".into(),
        long_name: String::new(),
        report: NodeReport::default(),
        ports: vec![Port { kind, ..Port::default() }],
        style,
        bind_index: 0,
        status2: 0,
        failsafe: Failsafe::Hold,
        sets_failsafe: false,
        locates: None,
    };
    let found = |style, kind| super::reply(&reply(style, kind).encode()).is_some();
    // Style 1 is a controller, 5 a configuration program; 0x80 outputs DMX, 0x40 inputs it.
    assert!(found(1, CAN_OUTPUT) && found(5, CAN_OUTPUT) && found(0, CAN_OUTPUT) && found(0, 0));
    assert!(!found(1, 0x40) && !found(1, 0) && !found(5, 0));
}
