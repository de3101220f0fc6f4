#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use proptest::prelude::*;

use super::FAMILY;
use super::packet::{self, commands};
use super::target::Target;
use crate::device_api::{ActionId, Op, Report};
use crate::devices::bench::{Bench, Fault, Named};
use crate::devices::{Driver as _, Out, Payload, Plan, Simulator as _, WireEvent, WireId};
use crate::show::{DeviceIx, Show, Transition, Value};
use crate::time::{Mono, Span};

const PROFILE: &str = include_str!("../../../hardware-profiles/blackmagic-atem-2me-constellation-hd.toml");
const ISO: &str = include_str!("../../../hardware-profiles/blackmagic-atem-mini-extreme-iso.toml");

fn show() -> Arc<Show> {
    let key: &[(&str, &str)] = &[("key", "1")];
    let dsk: &[(&str, &str)] = &[("dsk", "1")];
    let named: &[Named<'_>] = &[
        ("program", &[]),
        ("preview", &[]),
        ("cut", &[]),
        ("auto", &[]),
        ("black", &[]),
        ("key-on", key),
        ("aux", &[("aux", "2")]),
        ("dsk-on", dsk),
        ("dsk-auto", dsk),
        ("macro", &[("macro", "1")]),
        ("still", &[]),
        ("box", &[("box", "2")]),
        ("audio", &[("audio", "3")]),
    ];
    crate::devices::bench::show(PROFILE, &[], named)
}

fn bench() -> Bench {
    Bench::connected(&FAMILY, show())
}

fn take(bench: &mut Bench, source: i64, kind: &str, over: Span) -> ActionId {
    let transition = Some(Transition { kind: kind.into(), over: Some(over) });
    bench.command("me/1/program", Op::Set { value: Value::Int(source), transition })
}

/// Names of the commands that the driver sent.
fn names(bench: &Bench) -> Vec<String> {
    let read = |bytes: &Vec<u8>| {
        let (_, payload) = packet::read(bytes).unwrap();
        commands(payload).map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect::<Vec<_>>()
    };
    bench.sent.iter().flat_map(|(_, bytes)| read(bytes)).collect()
}

fn has(bench: &Bench, wanted: impl Fn(&Report) -> bool) -> bool {
    bench.reports.iter().any(|(_, report)| wanted(report))
}

#[test]
fn connecting_reads_everything_and_sends_nothing_that_changes_the_switcher() {
    let mut bench = Bench::new(&FAMILY, show());
    bench.up();
    bench.run(Span::secs(2));
    assert_eq!(names(&bench), [""; 0]);
    assert!(has(
        &bench,
        |report| matches!(report, Report::Online { identity: Some(who) } if who.contains("2 M/E") && who.contains("2.31"))
    ));
    assert!(has(&bench, |report| *report == Report::Synced));
    assert_eq!(bench.observed("me/1/program").len(), 1);
    assert_eq!(bench.observed("aux/2")[0].0, Value::Int(1));
}

#[test]
fn a_take_without_a_transition_sets_program_and_its_word_is_an_echo() {
    let mut bench = bench();
    bench.set("me/1/program", Value::Int(3));
    bench.run(Span::ms(300));
    assert_eq!(names(&bench), ["CPgI"]);
    assert_eq!(bench.observed("me/1/program"), [(Value::Int(3), crate::device_api::How::Echo)]);
    bench.reports.clear();
    bench.set("me/1/program", Value::Int(3));
    bench.run(Span::ms(300));
    assert_eq!(bench.observed("me/1/program").len(), 1, "the switcher has no news, and the action still has its proof");
}

#[test]
fn a_mix_is_one_packet_and_is_proven_when_it_has_ended() {
    let mut bench = bench();
    let start = bench.now;
    take(&mut bench, 3, "mix", Span::secs(1));
    bench.run(Span::ms(600));
    assert_eq!(names(&bench), ["CTTp", "CTMx", "CPvI", "DAut"]);
    assert!(bench.observed("me/1/program").is_empty(), "{:?}", bench.reports);
    assert!(has(&bench, |report| matches!(report, Report::Progress { done, .. } if *done >= 300_000)));
    bench.run(Span::secs(1));
    assert_eq!(bench.observed("me/1/program"), [(Value::Int(3), crate::device_api::How::Echo)]);
    assert_eq!(bench.observed("me/1/preview").last().unwrap(), &(Value::Int(1), crate::device_api::How::Echo));
    let at = bench.reports.iter().find(|(_, report)| matches!(report, Report::Observed { value: Value::Int(3), .. })).unwrap().0;
    assert!(at.since(start) >= Span::ms(1000));
}

#[test]
fn what_would_fall_into_a_transition_waits_for_its_end_and_a_cut_is_refused() {
    let mut bench = bench();
    take(&mut bench, 3, "mix", Span::secs(1));
    bench.run(Span::ms(300));
    bench.set("me/1/cut", Value::Switch(true));
    bench.set("me/1/program", Value::Int(4));
    assert!(has(&bench, |report| matches!(report, Report::Refused { why, .. } if why.contains("a transition runs on M/E 1"))));
    assert!(has(&bench, |report| matches!(report, Report::NotNow { .. })));
    bench.run(Span::secs(2));
    assert_eq!(bench.simulator.peek("me/1/program"), Some(Value::Int(4)));
    assert!(!names(&bench).contains(&"DCut".to_owned()));
}

#[test]
fn a_lost_cut_is_sent_again_under_its_number_and_cuts_once() {
    let mut bench = bench();
    let mut dropped = 0;
    bench.fault = Box::new(move |_, to_device, bytes| {
        let cut = bytes.windows(4).any(|window| window == b"DCut");
        match (to_device && cut, dropped) {
            (true, 0) => {
                dropped += 1;
                Fault::Drop
            }
            (true, _) => Fault::Twice,
            _ => Fault::None,
        }
    });
    bench.set("me/1/cut", Value::Switch(true));
    bench.run(Span::secs(1));
    assert_eq!(bench.simulator.peek("me/1/program"), Some(Value::Int(2)));
    assert!(has(&bench, |report| matches!(report, Report::Acked { .. })));
}

#[test]
fn a_cut_is_done_when_the_switcher_tells_what_came_of_it_not_when_it_has_come() {
    let mut bench = bench();
    bench.fault = Box::new(|_, to_device, bytes| {
        let told = bytes.windows(4).any(|window| window == b"PrgI");
        if told && !to_device { Fault::Drop } else { Fault::None }
    });
    bench.set("me/1/cut", Value::Switch(true));
    bench.run(Span::ms(500));
    assert!(!has(&bench, |report| matches!(report, Report::Acked { .. })), "{:?}", bench.reports);
    bench.fault = Box::new(|_, _, _| Fault::None);
    bench.run(Span::ms(500));
    assert!(has(&bench, |report| matches!(report, Report::Acked { .. })), "{:?}", bench.reports);
    bench.reports.clear();
    for path in ["macro/1", "dsk/1/auto", "me/1/auto"] {
        let action = bench.set(path, Value::Switch(true));
        bench.run(Span::secs(2));
        assert!(has(&bench, |report| *report == Report::Acked { action }), "{path}: {:?}", bench.reports);
    }
}

#[test]
fn a_key_and_black_take_the_time_that_they_are_given() {
    let mut bench = bench();
    let slow = |kind: &str| Some(Transition { kind: kind.into(), over: Some(Span::secs(2)) });
    bench.command("dsk/1/on", Op::Set { value: Value::Switch(true), transition: slow("auto") });
    bench.command("me/1/black", Op::Set { value: Value::Switch(true), transition: slow("fade") });
    bench.run(Span::ms(1900));
    assert!(bench.observed("dsk/1/on").is_empty() && bench.observed("me/1/black").is_empty(), "{:?}", bench.reports);
    bench.run(Span::ms(300));
    assert_eq!(names(&bench), ["CDsR", "DDsA", "FtbC", "FtbA"]);
    for path in ["dsk/1/on", "me/1/black"] {
        assert_eq!(bench.observed(path), [(Value::Switch(true), crate::device_api::How::Echo)], "{path}");
    }
}

#[test]
fn the_limit_of_an_action_follows_the_switchers_own_rate_and_a_cut_has_none_of_it() {
    let mut bench = bench();
    let etas = |bench: &Bench, of: ActionId| -> Vec<Span> {
        let eta = |report: &Report| match report {
            Report::Progress { action, eta, .. } if *action == of => *eta,
            _ => None,
        };
        bench.reports.iter().filter_map(|(_, report)| eta(report)).collect()
    };
    let cut = bench.set("dsk/1/on", Value::Switch(true));
    bench.run(Span::ms(500));
    assert!(etas(&bench, cut).is_empty() && bench.observed("dsk/1/on").len() == 1, "{:?}", bench.reports);
    // Without a length of their own: a second, as the switcher is set up.
    let auto = Some(Transition { kind: "auto".into(), over: None });
    let asked = [
        bench.command("dsk/1/on", Op::Set { value: Value::Switch(false), transition: auto }),
        bench.set("me/1/black", Value::Switch(true)),
        bench.command("me/1/program", Op::Set { value: Value::Int(3), transition: Some(Transition { kind: "mix".into(), over: None }) }),
    ];
    bench.run(Span::ms(150));
    for action in asked {
        let first = etas(&bench, action).first().copied();
        assert!(first.is_some_and(|left| left > Span::ms(800)), "told as it begins, before a plain limit is over: {first:?}");
    }
    bench.run(Span::secs(2));
    for action in asked {
        assert!(etas(&bench, action).last().is_some_and(|left| *left < Span::ms(300)), "{:?}", etas(&bench, action));
    }
    for profile in [PROFILE, ISO] {
        let profile = crate::show::profile_text::parse("atem", profile).unwrap();
        for spec in profile.props.values().filter(|spec| spec.lands_within.is_some()) {
            assert!(matches!(&*spec.path, "stream" | "record"), "{}: how long a transition takes is the switcher's word", spec.path);
        }
    }
}

#[test]
fn fade_to_black_is_a_toggle_that_is_sent_only_when_it_is_wanted() {
    let mut bench = bench();
    bench.set("me/1/black", Value::Switch(false));
    bench.run(Span::ms(200));
    assert_eq!(names(&bench), [""; 0]);
    bench.set("me/1/black", Value::Switch(true));
    bench.run(Span::ms(200));
    bench.set("me/1/black", Value::Switch(true));
    assert!(has(&bench, |report| matches!(report, Report::NotNow { .. })));
    bench.run(Span::secs(3));
    assert_eq!(names(&bench), ["FtbA"]);
    assert_eq!(bench.simulator.peek("me/1/black"), Some(Value::Switch(true)));
}

#[test]
fn every_other_property_lands() {
    let mut bench = bench();
    let wants = [
        ("me/1/key/1/on", Value::Switch(true)),
        ("aux/2", Value::Int(10_010)),
        ("dsk/1/on", Value::Switch(true)),
        ("player/1", Value::text("clip 2")),
        ("supersource/1/box/2", Value::Int(7)),
        ("audio/3", Value::text("off")),
    ];
    for (path, value) in &wants {
        bench.set(path, value.clone());
    }
    bench.run(Span::secs(1));
    for (path, value) in &wants {
        assert_eq!(bench.simulator.peek(path).as_ref(), Some(value), "{path}");
        assert_eq!(bench.observed(path).last().map(|(seen, _)| seen), Some(value), "{path}");
    }
}

#[test]
fn what_the_switcher_does_not_have_is_refused_with_its_name() {
    let mut bench = bench();
    bench.set("me/1/program", Value::Int(77));
    assert!(has(&bench, |report| matches!(report, Report::Refused { why, .. } if why.contains("no source 77"))), "{:?}", bench.reports);
    take(&mut bench, 3, "mix", Span::secs(60));
    assert!(has(&bench, |report| matches!(report, Report::Refused { why, .. } if why.contains("at most 250"))));
    assert!(bench.sent.is_empty());
}

#[test]
fn a_silent_switcher_is_offline_and_comes_back_by_itself() {
    let mut bench = bench();
    bench.fault = Box::new(|_, _, _| Fault::Drop);
    bench.set("me/1/program", Value::Int(3));
    bench.run(Span::secs(6));
    assert!(has(&bench, |report| matches!(report, Report::Offline { .. })));
    let refused = bench.set("me/1/program", Value::Int(4));
    assert!(has(&bench, |report| matches!(report, Report::Refused { action, .. } if *action == refused)));
    bench.reports.clear();
    bench.sent.clear();
    bench.fault = Box::new(|_, _, _| Fault::None);
    bench.run(Span::secs(6));
    assert!(has(&bench, |report| *report == Report::Synced));
    assert_eq!(names(&bench), [""; 0], "nothing of before is sent by itself");
}

#[test]
fn taken_slots_are_told_in_plain_words() {
    let mut bench = Bench::new(&FAMILY, show());
    for port in 1..=8_u16 {
        let hello = [0x10, 0x14, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(bench.inject(Some(([127, 0, 0, 1], port).into()), &hello).len(), 1);
    }
    bench.up();
    bench.run(Span::secs(2));
    assert!(has(&bench, |report| matches!(report, Report::Health(facet) if facet.text.contains("all its client slots are taken"))));
    bench.run(Span::secs(8));
    assert!(has(&bench, |report| *report == Report::Synced), "the others have gone by now");
}

#[test]
fn a_stream_connects_and_stops() {
    let show = crate::devices::bench::show(ISO, &[], &[("stream", &[]), ("record", &[])]);
    let mut bench = Bench::connected(&FAMILY, show);
    bench.set("stream", Value::Switch(true));
    bench.set("record", Value::Switch(true));
    bench.run(Span::ms(500));
    assert!(bench.observed("stream").is_empty(), "connecting is not streaming");
    bench.run(Span::secs(1));
    assert_eq!(bench.observed("stream").len(), 1);
    assert_eq!(bench.observed("record").len(), 1);
    let figure = |report: &Report| matches!(report, Report::Health(facet) if &*facet.text == "the stream leaves at 6.0 Mbit/s, its cache is 0 % full");
    assert!(has(&bench, figure), "{:?}", bench.reports);
    bench.set("stream", Value::Switch(false));
    bench.run(Span::secs(1));
    assert_eq!(bench.observed("stream").last().unwrap().0, Value::Switch(false));
}

#[test]
fn a_hand_on_the_panel_is_told_as_the_switchers_word() {
    let mut bench = bench();
    bench.poke("me/1/program", Value::Int(5));
    bench.run(Span::ms(300));
    assert_eq!(bench.observed("me/1/program"), [(Value::Int(5), crate::device_api::How::Word)]);
}

#[test]
fn a_path_reads_as_a_target_or_not_at_all() {
    assert_eq!(Target::parse("me/2/key/4/on"), Some(Target::KeyOn(1, 3)));
    for path in ["me/0/program", "me/1/key/5/on", "macro/0", "aux", "me/1", "", "aux/300"] {
        assert_eq!(Target::parse(path), None, "{path}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_taken_without_panic(packets in proptest::collection::vec((0_u8..32, proptest::collection::vec(any::<u8>(), 0..80)), 1..20)) {
        let show = show();
        let plan = Plan { show: &show, device: DeviceIx(0) };
        let mut driver = super::driver::Switcher::new(plan);
        let mut simulator = super::simulator::Atem::new(plan);
        let mut out = Out::new();
        driver.handle(Mono::ZERO, WireEvent::Up(WireId(0)), &mut out);
        for (flags, mut bytes) in packets {
            for raw in [true, false] {
                if !raw && bytes.len() >= 2 {
                    // A packet whose length is right gets further.
                    let word = (u16::from(flags) << 11) | u16::try_from(bytes.len()).unwrap();
                    bytes[..2].copy_from_slice(&word.to_be_bytes());
                }
                let event = WireEvent::Data { wire: WireId(0), from: None, payload: Payload::Datagram(&bytes) };
                driver.handle(Mono::ZERO, event.clone(), &mut out);
                simulator.handle(Mono::ZERO, event, &mut out);
            }
        }
    }

    #[test]
    fn any_words_are_taken_without_panic(names in proptest::collection::vec(0_usize..30, 1..30), data in proptest::collection::vec(any::<u8>(), 0..60)) {
        const WORDS: [&[u8; 4]; 30] = [
            b"_ver", b"_pin", b"VidM", b"Powr", b"InPr", b"AuxS", b"MPCE", b"StRS", b"SRSS", b"RTMS", b"AMIP", b"FASP", b"FASD", b"SSBP", b"MRPr",
            b"MPrp", b"DskS", b"DskP", b"_MeC", b"PrgI", b"PrvI", b"TrPs", b"TrSS", b"TMxP", b"TWpP", b"FtbP", b"FtbS", b"KeOn", b"KeBP", b"????",
        ];
        let mut state = super::state::State::default();
        let mut panel = super::panel::Panel::new(super::state::State::default());
        for at in names {
            state.apply(WORDS[at], &data);
            panel.command(Mono::ZERO, WORDS[at], &data, &mut super::words::Words::default());
        }
        for path in ["me/1/program", "dsk/1/on", "stream", "record", "audio/1", "supersource/1/box/1", "me/1/key/1/type"] {
            drop(Target::parse(path).unwrap().value(&state));
        }
    }
}
