//! The driver against the simulated console, in virtual time.

#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;

use proptest::prelude::*;
use rosc::OscType;

use super::FAMILY;
use crate::device_api::{How, Level, Op, Report};
use crate::devices::bench::{self, Bench, Fault, Named};
use crate::devices::osc::packet;
use crate::devices::{Out, Payload, WireEvent, WireId};
use crate::show::{Db, Value};
use crate::time::{Mono, Span};

const PROFILE: &str = include_str!("../../../hardware-profiles/behringer-x32.toml");
const CH1: Named<'static> = ("on", &[("channel", "ch/01")]);
const CH1_FADER: Named<'static> = ("fader", &[("channel", "ch/01")]);
const SCENE: Named<'static> = ("scene", &[]);

fn desk() -> Bench {
    Bench::connected(&FAMILY, bench::show(PROFILE, &[], &[CH1, CH1_FADER, SCENE]))
}

fn db(milli: i32) -> Value {
    Value::Level(Db(milli))
}

fn osc(address: &str, args: Vec<OscType>) -> Vec<u8> {
    let mut bytes = vec![];
    packet::encode(address, args, &mut bytes);
    bytes
}

#[test]
fn connecting_reads_everything_and_sets_nothing() {
    let mut bench = Bench::new(&FAMILY, bench::show(PROFILE, &[], &[CH1, CH1_FADER, SCENE]));
    bench.up();
    bench.run(Span::secs(1));
    assert!(matches!(&bench.reports[0].1, Report::Online { identity: Some(name) } if &**name == "X32 desk 4.06"));
    assert_eq!(bench.observed("ch/01/mix/on"), [(Value::Switch(true), How::Word)]);
    let synced = bench.reports.iter().position(|(_, report)| *report == Report::Synced).unwrap();
    assert_eq!(synced, bench.reports.len() - 1, "nothing more comes by itself");
    for (_, bytes) in &bench.sent {
        assert!(packet::message(bytes).unwrap().args.is_empty(), "no value is sent");
    }
}

#[test]
fn a_mute_is_proven_by_reading_it_back() {
    let mut bench = desk();
    let action = bench.set("ch/01/mix/on", Value::Switch(false));
    assert_eq!(bench.reports[0].1, Report::Sent { action, value: Some(Value::Switch(false)) });
    bench.run(Span::ms(40));
    assert_eq!(bench.observed("ch/01/mix/on"), [(Value::Switch(false), How::Echo)]);
    assert_eq!(bench.simulator.peek("ch/01/mix/on"), Some(Value::Switch(false)));
    assert_eq!(bench.sets("/ch/01/mix/on").len(), 1);
}

#[test]
fn a_level_is_sent_in_the_desks_own_steps() {
    let mut bench = desk();
    let action = bench.set("ch/01/mix/fader", db(-10_250));
    let Report::Sent { value: Some(held), .. } = bench.reports[0].1.clone() else { panic!() };
    bench.run(Span::ms(100));
    assert_eq!(bench.observed("ch/01/mix/fader"), [(held.clone(), How::Echo)], "{action:?}");
    assert!(held.same(&db(-10_250), 100));
}

#[test]
fn a_lost_set_is_sent_again_and_a_lost_answer_is_asked_again() {
    for lost in [0, 1, 2] {
        let mut bench = desk();
        let mut seen = 0;
        bench.fault = Box::new(move |_, to_device, bytes| {
            let set = packet::message(bytes).is_some_and(|m| m.addr == "/ch/01/mix/on");
            seen += usize::from(set);
            // 0: the set itself, 1: the question, 2: the answer.
            if set && seen == lost + 1 && to_device == (lost < 2) { Fault::Drop } else { Fault::None }
        });
        bench.set("ch/01/mix/on", Value::Switch(false));
        bench.run(Span::ms(400));
        assert_eq!(bench.observed("ch/01/mix/on"), [(Value::Switch(false), How::Echo)], "lost packet {lost}");
        assert_eq!(bench.sets("/ch/01/mix/on").len(), if lost == 0 { 2 } else { 1 });
    }
}

#[test]
fn a_set_that_never_lands_is_given_up_with_the_truth() {
    let mut bench = desk();
    bench.fault = Box::new(|_, to_device, bytes| match packet::message(bytes) {
        Some(m) if to_device && m.addr == "/ch/01/mix/on" && !m.args.is_empty() => Fault::Drop,
        _ => Fault::None,
    });
    bench.set("ch/01/mix/on", Value::Switch(false));
    bench.run(Span::secs(3));
    assert_eq!(bench.sets("/ch/01/mix/on").len(), 3, "once, and twice more");
    assert_eq!(bench.observed("ch/01/mix/on"), [(Value::Switch(true), How::Word)]);
}

#[test]
fn an_answer_from_before_the_set_is_no_hand() {
    let mut bench = desk();
    bench.command("ch/01/mix/on", Op::Read);
    bench.set("ch/01/mix/on", Value::Switch(false));
    bench.run(Span::ms(200));
    assert_eq!(bench.observed("ch/01/mix/on"), [(Value::Switch(false), How::Echo)]);
    assert_eq!(bench.sets("/ch/01/mix/on").len(), 1);
}

#[test]
fn a_hand_is_told_by_its_push() {
    let mut bench = desk();
    bench.poke("ch/01/mix/fader", db(-20_000));
    bench.run(Span::ms(10));
    let observed = bench.observed("ch/01/mix/fader");
    assert!(matches!(&observed[..], [(level, How::Word)] if level.same(&db(-20_000), 100)), "{observed:?}");
}

#[test]
fn a_fade_makes_its_steps_and_lands() {
    let mut bench = desk();
    bench.fade("ch/01/mix/fader", db(0), db(-20_000), Span::secs(2));
    bench.run(Span::secs(3));
    let steps = bench.sets("/ch/01/mix/fader");
    assert!((50..=61).contains(&steps.len()), "30 a second: {}", steps.len());
    let floats: Vec<f32> = steps.iter().filter_map(|(_, args)| args[0].clone().float()).collect();
    assert!(floats.windows(2).all(|pair| pair[1] < pair[0]), "one way only");
    assert!(steps.windows(2).all(|pair| pair[1].0.since(pair[0].0) >= Span::ms(33)), "no faster than the model takes");
    let observed = bench.observed("ch/01/mix/fader");
    assert!(matches!(&observed[..], [(level, How::Echo)] if level.same(&db(-20_000), 100)), "{observed:?}");
}

#[test]
fn a_hand_during_a_fade_ends_it_at_once() {
    for pushes in [true, false] {
        let mut bench = desk();
        if !pushes {
            fill_slots(&mut bench);
            for level in [-10_000, 0] {
                bench.poke("ch/01/mix/fader", db(level));
                bench.run(Span::secs(3));
            }
            bench.reports.clear();
        }
        bench.fade("ch/01/mix/fader", db(0), db(-60_000), Span::secs(4));
        // Between two steps: a step that crosses the hand on the wire would still land after it.
        bench.run(Span::ms(1010));
        for level in (1..5).map(|n| db(n * 1000)) {
            bench.poke("ch/01/mix/fader", level);
            bench.run(Span::ms(10));
        }
        bench.sent.clear();
        bench.run(Span::secs(4));
        assert_eq!(bench.sets("/ch/01/mix/fader").len(), 0, "pushes: {pushes}");
        let level = bench.simulator.peek("ch/01/mix/fader").unwrap();
        let observed = bench.observed("ch/01/mix/fader");
        assert!(matches!(observed.last(), Some((value, How::Word)) if *value == level), "{level} {observed:?}");
    }
}

#[test]
fn halt_stays_where_the_last_step_was() {
    let mut bench = desk();
    bench.fade("ch/01/mix/fader", db(0), db(-60_000), Span::secs(4));
    bench.run(Span::secs(2));
    bench.command("ch/01/mix/fader", Op::Halt);
    bench.sent.clear();
    bench.run(Span::secs(3));
    assert_eq!(bench.sets("/ch/01/mix/fader").len(), 0);
    let observed = bench.observed("ch/01/mix/fader");
    assert!(observed.iter().all(|(_, how)| *how == How::Echo), "{observed:?}");
    assert_eq!(observed.last().map(|(level, _)| level.clone()), bench.simulator.peek("ch/01/mix/fader"));
}

/// On the lowest slope of the fader law one step is 0.5 dB: near is not there.
#[test]
fn a_fade_is_only_landed_on_its_own_last_step() {
    let mut bench = desk();
    fill_slots(&mut bench);
    for level in [-10_000, -28_000] {
        bench.poke("ch/01/mix/fader", db(level));
        bench.run(Span::secs(3));
    }
    bench.reports.clear();
    bench.fade("ch/01/mix/fader", db(-28_000), db(-60_000), Span::secs(8));
    bench.run(Span::secs(9));
    // Asked just before the last step, the desk names the step before it.
    assert!(landed(&bench, -60_000), "{:?}", bench.reports);
}

#[test]
fn a_fade_that_takes_one_over_goes_on_from_the_desks_step_and_lands() {
    let mut bench = desk();
    bench.poke("ch/01/mix/fader", db(-60_000));
    bench.run(Span::secs(1));
    bench.reports.clear();
    bench.fade("ch/01/mix/fader", db(-60_000), db(-12_000), Span::secs(6));
    bench.run(Span::secs(4));
    // The engine's own reckoning, in dB, is far from the place on the fader.
    let action = bench.fade("ch/01/mix/fader", db(-28_000), db(-60_000), Span::secs(8));
    bench.run(Span::secs(9));
    let steps: Vec<f32> = bench.sets("/ch/01/mix/fader").iter().filter_map(|(_, args)| args[0].clone().float()).collect();
    let jump = steps.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    assert!(jump < 0.004, "the sound jumps by {jump} of the fader's way");
    assert!(bench.reports.iter().any(|(_, report)| matches!(report, Report::Sent { action: a, .. } if *a == action)));
    assert!(landed(&bench, -60_000), "{:?}", bench.reports);
}

/// True when nothing was observed but that the fader has come to this level, as near as a profile's tolerance asks for.
fn landed(bench: &Bench, level: i32) -> bool {
    matches!(&bench.observed("ch/01/mix/fader")[..], [(value, How::Echo)] if value.same(&db(level), 100))
}

/// Fades that end while a question is on its way are no sign of full slots.
#[test]
fn fades_without_any_other_client_never_say_that_slots_are_taken() {
    let mut bench = desk();
    for (level, n) in [-23_000, -15_000, -23_000, -15_000, -23_000, -15_000].into_iter().zip(0..) {
        let from = bench.simulator.peek("ch/01/mix/fader").unwrap();
        bench.fade("ch/01/mix/fader", from, db(level), Span::secs(4));
        // Past the echo window, at another place of the quiet sweep each time.
        bench.run(Span::ms(5_050 + n * 330));
        bench.command("ch/01/mix/fader", Op::Read);
        bench.run(Span::secs(1));
    }
    assert!(!bench.reports.iter().any(|(_, report)| matches!(report, Report::Health(_))), "{:?}", bench.reports);
}

/// What `[show.start]` wants leaves with the first questions: an answer from before it is no hand.
#[test]
fn a_set_at_the_moment_of_connecting_lands() {
    for lose in [false, true] {
        let mut bench = Bench::new(&FAMILY, bench::show(PROFILE, &[], &[CH1, CH1_FADER, SCENE]));
        let mut lost = !lose;
        bench.fault = Box::new(move |_, to_device, bytes| match packet::message(bytes) {
            Some(m) if to_device && !m.args.is_empty() && !std::mem::replace(&mut lost, true) => Fault::Drop,
            _ => Fault::None,
        });
        bench.up();
        while !bench.reports.iter().any(|(_, report)| matches!(report, Report::Online { .. })) {
            bench.run(Span::ms(1));
        }
        bench.set("ch/01/mix/on", Value::Switch(false));
        bench.run(Span::secs(1));
        assert_eq!(bench.observed("ch/01/mix/on"), [(Value::Switch(false), How::Echo)], "lost: {lose}");
        assert_eq!(bench.sets("/ch/01/mix/on").len(), 1 + usize::from(lose));
    }
}

/// Four tablets were there first: nothing was ever pushed to us, and nobody has told.
#[test]
fn a_hand_is_seen_within_200_ms_of_a_fade_though_all_slots_were_taken_before() {
    let mut bench = Bench::new(&FAMILY, bench::show(PROFILE, &[], &[CH1, CH1_FADER, SCENE]));
    tablets(&mut bench);
    bench.up();
    bench.run(Span::secs(1));
    let mut at = db(0);
    for hand in [-80_000, 8_000].repeat(5) {
        bench.fade("ch/01/mix/fader", at, db(if hand < 0 { -20_000 } else { -60_000 }), Span::secs(4));
        bench.run(Span::ms(1310));
        bench.reports.clear();
        let begun = bench.now;
        // A hand that holds the fader: the desk's own values come faster than our steps.
        while bench.reports.is_empty() && bench.now.since(begun) < Span::ms(400) {
            bench.poke("ch/01/mix/fader", db(hand));
            bench.run(Span::ms(10));
        }
        let by_hand = |(at, report): &(Mono, Report)| matches!(report, Report::Observed { how: How::Word, .. }).then_some(*at);
        let seen = bench.reports.iter().find_map(by_hand);
        assert!(seen.is_some_and(|at| at.since(begun) <= Span::ms(200)), "{:?} {begun:?}", bench.reports);
        bench.sent.clear();
        bench.run(Span::ms(300));
        assert_eq!(bench.sets("/ch/01/mix/fader").len(), 0, "the fade has ended");
        at = db(hand);
        tablets(&mut bench);
    }
}

#[test]
fn a_newer_set_takes_a_fade_over() {
    let mut bench = desk();
    bench.fade("ch/01/mix/fader", db(0), db(-60_000), Span::secs(4));
    bench.run(Span::secs(1));
    bench.set("ch/01/mix/fader", Value::Level(Db::OFF));
    bench.sent.clear();
    bench.run(Span::secs(4));
    assert_eq!(bench.simulator.peek("ch/01/mix/fader"), Some(Value::Level(Db::OFF)));
    assert_eq!(bench.sets("/ch/01/mix/fader").len(), 0);
}

/// Four tablets ask for pushes.
fn tablets(bench: &mut Bench) {
    for n in 1..=4 {
        let tablet: SocketAddr = format!("10.0.0.{n}:5000").parse().unwrap();
        bench.inject(Some(tablet), &osc("/xremote", vec![]));
    }
}

/// Four tablets hold the console's slots for as long as they renew them; here: until the console forgets them after 10 s.
fn fill_slots(bench: &mut Bench) {
    bench.run(Span::secs(20));
    bench.fault = Box::new(|_, to_device, bytes| {
        let ours = to_device && packet::message(bytes).is_some_and(|m| m.addr == "/xremote");
        if ours { Fault::Drop } else { Fault::None }
    });
    bench.run(Span::secs(11));
    tablets(bench);
    bench.fault = Box::new(|_, _, _| Fault::None);
    bench.reports.clear();
    bench.sent.clear();
}

#[test]
fn a_fifth_client_gets_no_push_and_says_so_once() {
    let mut bench = desk();
    fill_slots(&mut bench);
    for level in [-10_000, -20_000] {
        bench.poke("ch/01/mix/fader", db(level));
        bench.run(Span::secs(3));
    }
    assert_eq!(bench.observed("ch/01/mix/fader").len(), 2, "both were read");
    let slots = |bench: &Bench| -> Vec<Level> {
        let facets = bench.reports.iter().filter_map(|(_, report)| match report {
            Report::Health(facet) if &*facet.key == "pushes" => Some(facet.level),
            _ => None,
        });
        facets.collect()
    };
    assert_eq!(slots(&bench), [Level::Warn]);
    // The tablets went home: our next renewal gets a slot, and the next hand is pushed.
    bench.run(Span::secs(12));
    bench.poke("ch/01/mix/fader", db(-30_000));
    bench.run(Span::ms(10));
    assert_eq!(slots(&bench), [Level::Warn, Level::Good]);
}

#[test]
fn the_simulator_pushes_to_others_but_not_to_the_setter() {
    let mut bench = desk();
    let tablet: SocketAddr = "10.0.0.1:5000".parse().unwrap();
    bench.inject(Some(tablet), &osc("/xremote", vec![]));
    let set = osc("/ch/01/mix/on", vec![OscType::Int(0)]);
    assert_eq!(bench.inject(Some(tablet), &set), [], "the setter hears nothing");
    bench.run(Span::ms(10));
    assert_eq!(bench.observed("ch/01/mix/on"), [(Value::Switch(false), How::Word)], "we do");
}

#[test]
fn a_mute_group_masks_only_its_members() {
    let mut bench = desk();
    let masked = |bench: &mut Bench| {
        bench.run(Span::ms(50));
        bench.observed("ch/01/masked/mute/2").last().map(|(value, _)| value.clone())
    };
    bench.poke("config/mute/2", Value::Int(1));
    assert_eq!(masked(&mut bench), None, "not a member: nothing changes");
    bench.poke("ch/01/grp/mute", Value::Int(0b10));
    assert_eq!(masked(&mut bench), Some(Value::Switch(true)));
    bench.poke("config/mute/2", Value::Int(0));
    assert_eq!(masked(&mut bench), Some(Value::Switch(false)));
    bench.poke("ch/01/grp/dca", Value::Int(0b1));
    bench.poke("dca/1/on", Value::Int(0));
    bench.run(Span::ms(50));
    assert_eq!(bench.observed("ch/01/masked/dca/1"), [(Value::Switch(true), How::Word)]);
}

#[test]
fn a_scene_is_acknowledged_and_then_everything_is_read_again() {
    let mut bench = desk();
    bench.inject(Some("10.0.0.9:9".parse().unwrap()), &osc("/ch/01/mix/on", vec![OscType::Int(0)]));
    bench.inject(Some("10.0.0.9:9".parse().unwrap()), &osc("/save", vec![OscType::String("scene".into()), OscType::Int(7)]));
    bench.poke("ch/01/mix/on", Value::Switch(true));
    bench.run(Span::secs(2));
    bench.reports.clear();
    let action = bench.set("-action/goscene", Value::Int(7));
    bench.run(Span::secs(1));
    let acked = bench.reports.iter().position(|(_, report)| *report == Report::Acked { action });
    assert!(acked.is_some(), "{:?}", bench.reports);
    let observed = bench.observed("ch/01/mix/on");
    assert!(observed.iter().all(|seen| *seen == (Value::Switch(false), How::Echo)), "{observed:?}");
    assert_eq!(observed.len(), 2, "by its push, and by the reading that follows");
    bench.poke("ch/01/mix/on", Value::Switch(true));
    bench.run(Span::ms(50));
    assert_eq!(bench.observed("ch/01/mix/on").last(), Some(&(Value::Switch(true), How::Word)), "the barrier is over");
}

#[test]
fn a_refused_scene_says_so_and_a_lost_one_is_never_sent_again() {
    let mut bench = desk();
    let action = bench.set("-action/goscene", Value::Int(100));
    bench.run(Span::ms(50));
    assert!(bench.reports.iter().any(|(_, report)| matches!(report, Report::Refused { action: a, .. } if *a == action)));
    bench.sent.clear();
    bench.fault = Box::new(|_, to_device, bytes| {
        let load = packet::message(bytes).is_some_and(|m| m.addr == "/load");
        if load && to_device { Fault::Drop } else { Fault::None }
    });
    bench.set("-action/goscene", Value::Int(7));
    bench.run(Span::secs(20));
    assert_eq!(bench.sets("/load").len(), 1);
}

#[test]
fn silence_is_offline_and_coming_back_sends_nothing() {
    let mut bench = desk();
    bench.fade("ch/01/mix/fader", db(0), db(-60_000), Span::secs(30));
    bench.run(Span::secs(1));
    bench.fault = Box::new(|_, _, _| Fault::Drop);
    bench.run(Span::secs(10));
    assert!(bench.reports.iter().any(|(_, report)| matches!(report, Report::Offline { .. })));
    bench.fault = Box::new(|_, _, _| Fault::None);
    bench.reports.clear();
    bench.sent.clear();
    bench.run(Span::secs(10));
    assert!(matches!(bench.reports[0].1, Report::Online { .. }));
    assert!(bench.reports.iter().any(|(_, report)| *report == Report::Synced));
    assert!(bench.sent.iter().all(|(_, bytes)| packet::message(bytes).unwrap().args.is_empty()), "not a step of the old fade");
}

#[test]
fn a_parameter_that_the_desk_does_not_know_is_named() {
    let mut bench = Bench::new(&FAMILY, bench::show(PROFILE, &[], &[CH1_FADER, ("fader", &[("channel", "ch/40")])]));
    bench.up();
    bench.run(Span::secs(3));
    let named = bench.reports.iter().any(|(_, report)| matches!(report, Report::Health(facet) if facet.text.contains("/ch/40/")));
    assert!(named, "{:?}", bench.reports);
    assert!(bench.reports.iter().any(|(_, report)| *report == Report::Synced), "and the rest is usable");
}

proptest! {
    // A quarter of the usual: each case is long.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

    /// On any bad wire what the driver last said of a property is what the desk holds, once the wire is good again.
    #[test]
    fn truth_wins_on_a_bad_wire(seed in any::<u64>(), steps in proptest::collection::vec((0..4_u8, -60..10_i32), 1..12)) {
        let mut bench = desk();
        let mut state = seed | 1;
        bench.fault = Box::new(move |_, _, _| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            match state >> 60 {
                0..=2 => Fault::Drop,
                3 => Fault::Twice,
                4..=6 => Fault::Late(Span::ms(state >> 32 & 63)),
                _ => Fault::None,
            }
        });
        for (what, level) in steps {
            match what {
                0 => drop(bench.set("ch/01/mix/fader", db(level * 1000))),
                1 => drop(bench.set("ch/01/mix/on", Value::Switch(level % 2 == 0))),
                2 => bench.poke("ch/01/mix/fader", db(level * 1000)),
                _ => {
                    let from = bench.simulator.peek("ch/01/mix/fader").unwrap();
                    bench.fade("ch/01/mix/fader", from, db(level * 1000), Span::ms(300));
                }
            }
            bench.run(Span::ms(u64::from(level.unsigned_abs()) * 10));
        }
        bench.fault = Box::new(|_, _, _| Fault::None);
        bench.run(Span::secs(8));
        for path in ["ch/01/mix/fader", "ch/01/mix/on"] {
            if let Some((said, _)) = bench.observed(path).last() {
                prop_assert_eq!(Some(said.clone()), bench.simulator.peek(path), "{}", path);
            }
        }
        bench.sent.clear();
        bench.run(Span::secs(8));
        prop_assert_eq!(bench.sets("/ch/01/mix/fader").len() + bench.sets("/ch/01/mix/on").len(), 0, "nothing is sent for ever");
    }

    #[test]
    fn any_bytes_reach_driver_and_simulator(packets in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 1..20)) {
        let mut bench = desk();
        for bytes in packets {
            let mut out = Out::new();
            for bytes in [bytes.clone(), [b"/ch/01/mix/on\0\0\0,i".as_slice(), &bytes].concat(), [b"/xinfo\0\0,ssss".as_slice(), &bytes].concat()] {
                let event = WireEvent::Data { wire: WireId(0), from: None, payload: Payload::Datagram(&bytes) };
                bench.driver.handle(bench.now, event.clone(), &mut out);
                bench.simulator.handle(bench.now, event, &mut out);
            }
            bench.driver.handle(bench.now, WireEvent::Data { wire: WireId(9), from: None, payload: Payload::Chunk(&bytes) }, &mut out);
        }
        bench.run(Span::secs(1));
    }
}

#[test]
fn the_console_answers_nodes_and_meters_to_who_asks() {
    let mut bench = desk();
    let from: SocketAddr = "10.0.0.9:50000".parse().unwrap();
    let text = |text: &str| OscType::String(text.into());
    let mut out = Out::new();
    let now = bench.now;
    for message in [osc("/node", vec![text("ch/01/mix")]), osc("/node", vec![text("ch/77/mix")]), osc("/meters", vec![text("/meters/6")])] {
        let event = WireEvent::Data { wire: WireId(0), from: Some(from), payload: Payload::Datagram(&message) };
        bench.simulator.handle(now, event, &mut out);
    }
    bench.simulator.tick(now, &mut out);
    assert!(out.sends.iter().all(|send| send.to == Some(from)));
    let [node, meter] = &out.sends[..] else { panic!("{:?}", out.sends) };
    assert_eq!(node.bytes, osc("node", vec![text("/ch/01/mix ON   0.0 ON +0 OFF   -oo\n")]));
    assert!(node.bytes.starts_with(b"node\0\0\0\0,s\0\0/ch/01/mix"));
    assert_eq!(&meter.bytes[..24], b"/meters/6\0\0\0,b\0\0\0\0\0\x14\x04\0\0\0");
}
