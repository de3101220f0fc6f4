//! Both ends of a session on a wire that loses, doubles and reorders; a device behind it.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use proptest::prelude::*;

use super::signal::{Call, Signal};
use super::*;
use crate::device_api::{ActionId, Command, Op, Priority, Report, Why};
use crate::devices::bench::show;
use crate::devices::{Driver, Out, Payload, Plan, Simulator, WireEvent, earlier};
use crate::show::{DeviceIx, PropIx, Show, Value};
use crate::time::Span;

const KEYS: &str = include_str!("../../../../hardware-profiles/generic-midi.toml");

fn from() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 40_000))
}

fn keys() -> Arc<Show> {
    let mut show = Show::clone(&show(KEYS, &[], &[("note", &[("note", "60")]), ("control", &[("control", "7")])]));
    show.devices[0].address = Some("127.0.0.1".into());
    Arc::new(show)
}

/// A driver and its simulator; what is on its way arrives after 2 ms, in the order of time.
struct Pair {
    now: Mono,
    driver: Networked,
    simulator: Participant,
    /// To the simulator or back.
    wire: BTreeMap<(Mono, u64), (bool, WireId, Vec<u8>)>,
    count: u64,
    /// Of the next packets: how many more come than once (0: lost), and how late.
    fates: Vec<(u8, u64)>,
    cut: bool,
    reports: Vec<Report>,
    out: Out,
}

impl Pair {
    fn new(show: &Arc<Show>) -> Self {
        let plan = Plan { show, device: DeviceIx(0) };
        let (driver, simulator) = (Networked::new(plan), Participant::new(plan));
        let (wire, fates, reports) = (BTreeMap::new(), vec![], vec![]);
        let mut pair = Self { now: Mono(1), driver, simulator, wire, count: 0, fates, cut: false, reports, out: Out::new() };
        for wire in [CONTROL, DATA] {
            pair.driver.handle(pair.now, WireEvent::Up(wire), &mut pair.out);
            pair.post(true);
        }
        pair
    }

    fn post(&mut self, to_simulator: bool) {
        self.reports.append(&mut self.out.reports);
        for send in self.out.sends.drain(..) {
            let (times, late) = if self.cut { (0, 0) } else { self.fates.pop().unwrap_or((1, 0)) };
            for _ in 0..times {
                self.count += 1;
                self.wire.insert((self.now + Span::ms(2 + late), self.count), (to_simulator, send.wire, send.bytes.clone()));
            }
        }
    }

    fn run(&mut self, span: Span) {
        let end = self.now + span;
        loop {
            let arrival = self.wire.keys().next().map(|(at, _)| *at);
            let due = [arrival, self.driver.next_due(), self.simulator.next_due()].into_iter().fold(None, earlier);
            let Some(due) = due.filter(|due| *due <= end) else { break };
            self.now = self.now.max(due);
            if arrival == Some(due) {
                let (to_simulator, wire, bytes) = self.wire.pop_first().unwrap().1;
                let event = WireEvent::Data { wire, from: Some(from()), payload: Payload::Datagram(&bytes) };
                if to_simulator {
                    self.simulator.handle(self.now, event, &mut self.out);
                } else {
                    self.driver.handle(self.now, event, &mut self.out);
                }
                self.post(!to_simulator);
                continue;
            }
            self.driver.tick(self.now, &mut self.out);
            self.post(true);
            self.simulator.tick(self.now, &mut self.out);
            self.post(false);
        }
        self.now = end;
    }

    fn set(&mut self, prop: u32, value: Value) {
        let op = Op::Set { value, transition: None };
        let command =
            Command { action: ActionId(1), prop: PropIx(prop), op, due: self.now, priority: Priority::Discrete, why: Why::Operator };
        self.driver.command(self.now, &command, &mut self.out);
        self.post(true);
    }

    fn is_up(&self) -> bool {
        let last = self.reports.iter().rfind(|report| matches!(report, Report::Online { .. } | Report::Offline { .. }));
        matches!(last, Some(Report::Online { .. }))
    }
}

#[test]
fn a_session_is_asked_for_and_carries_midi() {
    let mut pair = Pair::new(&keys());
    pair.run(Span::ms(100));
    assert!(matches!(&pair.reports[..], [Report::Online { identity: Some(name) }, ..] if &**name == "Desk"), "{:?}", pair.reports);
    assert!(pair.driver.caller_way().is_some_and(|way| way <= Span::ms(5)), "the clocks have been compared");
    pair.set(1, Value::Int(100));
    pair.run(Span::ms(10));
    assert_eq!(pair.simulator.peek("control/7"), Some(Value::Int(100)));
}

#[test]
fn nobody_there_is_told_and_called_on() {
    let mut pair = Pair::new(&keys());
    pair.cut = true;
    pair.run(Span::secs(20));
    let told: Vec<_> = pair.reports.iter().filter(|report| matches!(report, Report::Offline { .. })).collect();
    assert!(matches!(told[..], [Report::Offline { why }] if why.contains("no answer to the invitation")), "{told:?}");
    pair.cut = false;
    pair.run(Span::secs(2));
    assert!(pair.is_up());
}

#[test]
fn a_lost_end_is_noticed_and_found_again() {
    let mut pair = Pair::new(&keys());
    pair.run(Span::secs(1));
    pair.cut = true;
    pair.run(Span::secs(10));
    assert!(!pair.is_up());
    pair.cut = false;
    pair.run(Span::secs(3));
    assert!(pair.is_up());
    // An end that has forgotten us: the same from where we stand.
    pair.simulator = Participant::new(Plan { show: &keys(), device: DeviceIx(0) });
    pair.run(Span::secs(12));
    assert!(pair.is_up());
    pair.set(1, Value::Int(9));
    pair.run(Span::ms(10));
    assert_eq!(pair.simulator.peek("control/7"), Some(Value::Int(9)));
}

#[test]
fn a_session_lives_for_hours_and_its_end_is_said() {
    let mut pair = Pair::new(&keys());
    pair.run(Span::secs(7200));
    assert_eq!(pair.reports.iter().filter(|report| matches!(report, Report::Offline { .. })).count(), 0);
    pair.set(0, Value::Switch(true));
    pair.driver.last_call(pair.now, &mut pair.out);
    pair.post(true);
    let last = |pair: &Pair| pair.wire.values().map(|(_, wire, bytes)| (*wire, Signal::read(bytes))).collect::<Vec<_>>();
    assert!(last(&pair).iter().all(|(wire, _)| *wire == DATA), "the end of the note goes first");
    pair.run(Span::ms(31));
    assert!(last(&pair).iter().any(|(wire, signal)| *wire == CONTROL && matches!(signal, Some(Signal::End { .. }))));
    pair.run(Span::secs(1));
    assert_eq!(pair.simulator.sounding(), 0);
    assert_eq!(pair.driver.next_due(), None);
}

#[test]
fn an_end_of_a_note_that_a_short_cut_swallows_comes_after_it() {
    for cut in [Span::secs(3), Span::secs(9)] {
        let mut pair = Pair::new(&keys());
        pair.run(Span::ms(100));
        pair.set(1, Value::Int(5));
        pair.run(Span::secs(1));
        pair.set(0, Value::Switch(true));
        pair.run(Span::ms(20));
        assert_eq!(pair.simulator.sounding(), 1);
        pair.cut = true;
        pair.run(cut);
        assert_eq!(pair.simulator.sounding(), 1);
        pair.cut = false;
        pair.run(Span::secs(4));
        assert_eq!(pair.simulator.sounding(), 0, "{cut:?}");
    }
}

#[test]
fn an_end_of_a_note_comes_though_the_wire_was_cut_before_anything_was_confirmed() {
    let mut pair = Pair::new(&keys());
    pair.run(Span::ms(100));
    pair.set(0, Value::Switch(true));
    pair.run(Span::ms(3));
    for (cut, lasts) in [(true, 359), (false, 17), (true, 383)] {
        pair.cut = cut;
        pair.run(Span::ms(lasts));
    }
    pair.cut = false;
    pair.run(Span::secs(15));
    assert_eq!(pair.simulator.sounding(), 0);
}

#[test]
fn more_callers_than_places_are_refused_and_a_stranger_is_not_heard() {
    let mut listener = Listener::new("desk", Mono(1));
    let (mut out, mut events) = (Out::new(), vec![]);
    let invite = |source| Signal::Invite(Call { token: 5, source, name: "a".into() }).bytes();
    for source in 1..=9 {
        for wire in [CONTROL, DATA] {
            listener.datagram(Mono(1), wire, from(), &invite(source), &mut out, &mut events);
        }
    }
    assert_eq!(events.len(), 8);
    let refused = out.sends.iter().filter(|send| matches!(Signal::read(&send.bytes), Some(Signal::Refuse { token: 5 }))).count();
    assert_eq!((out.sends.len(), refused), (18, 2));
    events.clear();
    for source in [1, 9] {
        let note = packet::write(1, 0, source, &[0x90, 60, 1], &[]);
        listener.datagram(Mono(1), DATA, from(), &note, &mut out, &mut events);
        listener.datagram(Mono(1), DATA, SocketAddr::from(([10, 0, 0, 1], 1)), &note, &mut out, &mut events);
    }
    assert_eq!(events, [Event::Message { source: 1, bytes: vec![0x90, 60, 1] }]);
    events.clear();
    let gone = listener.next_due().unwrap();
    listener.tick(gone + Span::secs(60), &mut out, &mut events);
    assert_eq!(events.len(), 8);
}

proptest! {
    #[test]
    fn no_note_is_stuck_whatever_the_wire_does(
        fates in prop::collection::vec((0_u8..3, 0_u64..12), 0..40),
        events in prop::collection::vec((0_u8..4, 1_u64..400), 1..25),
        quit in any::<bool>(),
    ) {
        let mut pair = Pair::new(&keys());
        pair.run(Span::ms(100));
        pair.fates = fates;
        for (event, wait) in events {
            match event {
                0 => pair.cut = !pair.cut,
                1 => pair.set(1, Value::Int(5)),
                _ => pair.set(0, Value::Switch(true)),
            }
            pair.run(Span::ms(wait));
        }
        (pair.cut, pair.fates) = (false, vec![]);
        if quit && pair.is_up() {
            pair.run(Span::secs(12));
            pair.set(0, Value::Switch(true));
            pair.driver.last_call(pair.now, &mut pair.out);
            pair.post(true);
        }
        pair.run(Span::secs(15));
        prop_assert_eq!(pair.simulator.sounding(), 0);
    }

    #[test]
    fn any_bytes_are_taken(all in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..60)), 1..12), kind in 0_usize..7) {
        let mut pair = Pair::new(&keys());
        pair.run(Span::secs(1));
        let heads: [&[u8]; 7] = [b"", b"\xFF\xFFIN", b"\xFF\xFFOK", b"\xFF\xFFCK", b"\xFF\xFFBY", b"\xFF\xFFRS", b"\x80\x61"];
        for (control, tail) in all {
            let (wire, bytes) = (if control { CONTROL } else { DATA }, [heads[kind], &tail].concat());
            let event = || WireEvent::Data { wire, from: Some(from()), payload: Payload::Datagram(&bytes) };
            pair.driver.handle(pair.now, event(), &mut pair.out);
            pair.post(true);
            pair.simulator.handle(pair.now, event(), &mut pair.out);
            pair.post(false);
        }
        pair.run(Span::secs(1));
    }
}
