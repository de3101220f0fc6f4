//! The driver against its simulator, and the law of notes: what was begun is ended, whatever happens between.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::codec::Parser;
use super::{FAMILY, Remote, TCP, WIRE};
use crate::device_api::{ActionId, Command, How, Op, Priority, Report, Why};
use crate::devices::bench::{Bench, show};
use crate::devices::{Driver, Out, Payload, Plan, WireEvent};
use crate::show::{Db, DeviceIx, PropIx, Show, Value};
use crate::time::{Mono, Span};

const SQ: &str = include_str!("../../../hardware-profiles/allen-heath-sq.toml");
const KEYS: &str = include_str!("../../../hardware-profiles/generic-midi.toml");

fn desk() -> Bench {
    Bench::connected(&TCP, show(SQ, &[], &[("mute", &[("channel", "4")]), ("fader", &[("channel", "4")])]))
}

#[test]
fn a_desk_that_tells_its_state_proves_what_landed() {
    let mut bench = desk();
    bench.set("mute/4", Value::Switch(true));
    bench.run(Span::ms(100));
    assert_eq!(bench.observed("mute/4"), [(Value::Switch(true), How::Echo)]);
    bench.poke("mute/4", Value::Switch(false));
    bench.run(Span::secs(2));
    assert_eq!(bench.observed("mute/4").last(), Some(&(Value::Switch(false), How::Word)));
}

#[test]
fn a_hand_ends_a_fade() {
    let mut bench = desk();
    bench.fade("fader/4", Value::Level(Db(0)), Value::Level(Db(-40_000)), Span::secs(4));
    bench.run(Span::secs(1));
    bench.poke("fader/4", Value::Level(Db(5_000)));
    bench.run(Span::ms(50));
    bench.sent.clear();
    bench.run(Span::secs(5));
    assert!(bench.sent.iter().all(|(_, bytes)| bytes.len() != 12), "no step leaves after the hand");
}

#[test]
fn what_is_not_connected_is_refused() {
    let mut bench = Bench::new(&FAMILY, show(KEYS, &[], &[("control", &[("control", "7")])]));
    bench.set("control/7", Value::Int(3));
    assert!(matches!(&bench.reports[..], [(_, Report::Refused { .. })]), "{:?}", bench.reports);
}

/// What happens to a keyboard with two notes.
#[derive(Debug, Clone)]
enum Event {
    Press(u32, bool),
    Halt(u32),
    Cut,
    Wait(u64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        (0_u32..2, any::<bool>()).prop_map(|(note, panic)| Event::Press(note, panic)),
        (0_u32..2).prop_map(Event::Halt),
        Just(Event::Cut),
        (0_u64..300).prop_map(Event::Wait),
    ];
    prop::collection::vec(event, 1..40)
}

/// The notes that sound after what was sent, and what has been heard wrong.
fn listen(out: &mut Out, sounding: &mut BTreeMap<u8, u32>) {
    let mut parser = Parser::default();
    for send in out.sends.drain(..) {
        parser.push(&send.bytes, |message| match message {
            [0x90, note, _] => *sounding.entry(*note).or_default() += 1,
            [0x80, note, _] => drop(sounding.remove(note)),
            _ => {}
        });
    }
    assert!(sounding.values().all(|count| *count == 1), "a note is ended before it is struck again");
}

/// What sounds when all is over: its notes have had their time, or, with `quit`, showcall has ended at once.
fn run(show: &Arc<Show>, events: &[Event], quit: bool) -> BTreeMap<u8, u32> {
    let mut driver = Remote::new(Plan { show, device: DeviceIx(0) });
    let (mut now, mut sounding, mut out) = (Mono::ZERO, BTreeMap::new(), Out::new());
    driver.handle(now, WireEvent::Up(WIRE), &mut out);
    for (at, event) in events.iter().enumerate() {
        let command =
            |note, op, priority| Command { action: ActionId(at as u64), prop: PropIx(note), op, due: now, priority, why: Why::Operator };
        let strike = Op::Set { value: Value::Switch(true), transition: None };
        match event {
            Event::Press(note, true) => driver.command(now, &command(*note, strike, Priority::Panic), &mut out),
            Event::Press(note, false) => driver.command(now, &command(*note, strike, Priority::Discrete), &mut out),
            Event::Halt(note) => driver.command(now, &command(*note, Op::Halt, Priority::Discrete), &mut out),
            Event::Cut => {
                driver.handle(now, WireEvent::Down(WIRE, "pulled".into()), &mut out);
                now += Span::ms(500);
                driver.handle(now, WireEvent::Up(WIRE), &mut out);
            }
            Event::Wait(ms) => now += Span::ms(*ms),
        }
        driver.tick(now, &mut out);
        listen(&mut out, &mut sounding);
    }
    if quit {
        driver.last_call(now, &mut out);
        listen(&mut out, &mut sounding);
        assert_eq!(driver.next_due(), None, "nothing begins after the last call");
    }
    while let Some(due) = driver.next_due() {
        now = now.max(due);
        driver.tick(now, &mut out);
        listen(&mut out, &mut sounding);
    }
    sounding
}

proptest! {
    #[test]
    fn no_note_is_stuck(events in events(), quit in any::<bool>()) {
        let show = show(KEYS, &[], &[("note", &[("note", "60")]), ("note", &[("note", "61")])]);
        prop_assert_eq!(run(&show, &events, quit), BTreeMap::new());
    }

    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..200) {
        let show = show(SQ, &[], &[("mute", &[("channel", "4")]), ("fader", &[("channel", "4")])]);
        let mut driver = Remote::new(Plan { show: &show, device: DeviceIx(0) });
        let mut simulator = (TCP.simulator)(Plan { show: &show, device: DeviceIx(0) });
        let mut out = Out::new();
        driver.handle(Mono::ZERO, WireEvent::Up(WIRE), &mut out);
        let (head, tail) = bytes.split_at(at.min(bytes.len()));
        for piece in [head, tail] {
            let event = || WireEvent::Data { wire: WIRE, from: None, payload: Payload::Chunk(piece) };
            driver.handle(Mono::ZERO, event(), &mut out);
            simulator.handle(Mono::ZERO, event(), &mut out);
        }
    }
}
