#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::FAMILY;
use crate::device_api::{How, Level, Op, Report};
use crate::devices::bench::{self, Bench};
use crate::devices::{Out, Payload, WireEvent, WireId};
use crate::show::{Secret, Show, Value};
use crate::time::Span;

const PROFILE: &str = include_str!("../../../hardware-profiles/generic-pjlink-class-2.toml");

pub fn show(password: Option<&str>) -> std::sync::Arc<Show> {
    let named = [("power", &[][..]), ("input", &[]), ("shutter", &[]), ("mute", &[]), ("freeze", &[])];
    let options = [("warm_up", Value::Int(40)), ("cool_down", Value::Int(20))];
    let mut show = (*bench::show(PROFILE, &options, &named)).clone();
    show.devices[0].password = password.map(Secret::from);
    show.into()
}

/// A projector that is on.
fn lit() -> Bench {
    let mut bench = Bench::connected(&FAMILY, show(None));
    bench.poke("power", Value::Switch(true));
    bench.run(Span::secs(50));
    assert_eq!(bench.observed("power").last(), Some(&(Value::Switch(true), How::Word)));
    bench.reports.clear();
    bench.sent.clear();
    bench
}

fn lines(bench: &Bench) -> Vec<String> {
    bench.sent.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).trim().to_owned()).collect()
}

/// The sets among what was sent.
fn sets(bench: &Bench, letters: &str) -> usize {
    lines(bench).iter().filter(|line| line.contains(letters) && !line.contains('?')).count()
}

#[test]
fn connecting_asks_and_changes_nothing() {
    let mut bench = Bench::new(&FAMILY, show(None));
    bench.up();
    bench.run(Span::secs(2));
    assert!(lines(&bench).iter().all(|line| line.ends_with('?')), "{:?}", lines(&bench));
    let who = bench.reports.iter().find_map(|(_, report)| match report {
        Report::Online { identity: Some(identity) } => Some(identity.to_string()),
        _ => None,
    });
    assert_eq!(who.as_deref(), Some("Generic PJLink class 2 \"Simulated projector\", PJLink class 2"));
    assert_eq!(bench.observed("power"), [(Value::Switch(false), How::Word)]);
}

#[test]
fn power_warms_for_its_time_and_is_never_red() {
    let mut bench = Bench::connected(&FAMILY, show(None));
    let action = bench.set("power", Value::Switch(true));
    bench.run(Span::secs(39));
    let waits: Vec<_> = bench.reports.iter().filter(|(_, r)| matches!(r, Report::NotNow { action: a, .. } if *a == action)).collect();
    assert!(waits.len() > 4, "{:?}", bench.reports);
    assert!(matches!(&waits[0].1, Report::NotNow { why, retry_after, .. } if &**why == "warming" && *retry_after >= Span::secs(35)));
    assert!(!bench.reports.iter().any(|(_, r)| matches!(r, Report::Refused { .. } | Report::Offline { .. })), "{:?}", bench.reports);
    assert_eq!(bench.observed("power"), []);
    bench.run(Span::secs(3));
    assert_eq!(bench.observed("power"), [(Value::Switch(true), How::Echo)]);
    assert_eq!(sets(&bench, "POWR"), 1, "a guarded command leaves once");
}

#[test]
fn what_needs_a_picture_waits_for_the_lamp() {
    let mut bench = Bench::connected(&FAMILY, show(None));
    bench.set("power", Value::Switch(true));
    bench.set("input", Value::text("32"));
    bench.run(Span::secs(30));
    assert_eq!(sets(&bench, "INPT"), 0);
    bench.run(Span::secs(20));
    assert_eq!(bench.observed("input").last(), Some(&(Value::text("32"), How::Echo)));
    assert_eq!(bench.simulator.peek("input"), Some(Value::text("32")));
}

#[test]
fn in_standby_an_input_is_refused_in_plain_words() {
    let mut bench = Bench::connected(&FAMILY, show(None));
    let action = bench.set("input", Value::text("32"));
    bench.run(Span::secs(1));
    let why = "not possible in standby: switch the projector on first".into();
    assert!(bench.reports.iter().any(|(_, r)| *r == Report::Refused { action, why: std::sync::Arc::clone(&why) }), "{:?}", bench.reports);
    assert_eq!(sets(&bench, "INPT"), 1);
}

#[test]
fn input_shutter_mute_and_freeze_are_proven_by_asking() {
    let mut bench = lit();
    for (path, value) in [
        ("input", Value::text("32")),
        ("mute", Value::Switch(true)),
        ("shutter", Value::text("closed")),
        ("shutter", Value::text("open")),
        ("freeze", Value::Switch(true)),
    ] {
        bench.set(path, value.clone());
        bench.run(Span::secs(1));
        assert_eq!(bench.observed(path).last(), Some(&(value.clone(), How::Echo)), "{path}");
        assert_eq!(bench.simulator.peek(path), Some(value), "{path}");
    }
    let action = bench.set("input", Value::text("39"));
    bench.run(Span::secs(1));
    assert!(
        bench.reports.iter().any(|(_, r)| matches!(r, Report::Refused { action: a, why } if *a == action && why.contains("no input 39")))
    );
}

#[test]
fn a_hand_on_the_remote_is_told_as_its_own_word() {
    let mut bench = lit();
    bench.set("input", Value::text("32"));
    bench.run(Span::secs(20));
    bench.reports.clear();
    bench.poke("input", Value::text("11"));
    bench.run(Span::secs(6));
    assert_eq!(bench.observed("input"), [(Value::text("11"), How::Word)]);
}

#[test]
fn a_notice_of_class_2_makes_it_ask_at_once_and_is_not_believed() {
    let mut bench = lit();
    // Right behind a round of questions: the next one is seconds away.
    bench.sent.clear();
    for _ in 0..100 {
        bench.run(Span::ms(100));
        if !bench.sent.is_empty() {
            break;
        }
    }
    bench.run(Span::ms(500));
    for notice in ["%2INPT=11\r", "%2POWR=0\r", "%2LKUP=00:11:22:33:44:55\r", "%2INPT", "\r"] {
        let mut out = Out::new();
        let event = WireEvent::Data { wire: WireId(1), from: None, payload: Payload::Datagram(notice.as_bytes()) };
        bench.driver.handle(bench.now, event, &mut out);
        let (now, asked) = (bench.now, out.sends.iter().map(|send| String::from_utf8_lossy(&send.bytes).trim().to_owned()));
        let asked: Vec<String> = asked.collect();
        let expected = if notice.starts_with("%2INPT=") { vec!["%2INPT ?".to_owned()] } else { vec![] };
        assert_eq!(asked, expected, "{notice:?} at {now:?}");
        assert_eq!(out.reports, [], "a datagram carries no password");
    }
}

#[test]
fn power_off_is_only_off_when_it_has_cooled_and_on_again_waits_for_that() {
    let mut bench = lit();
    bench.set("power", Value::Switch(false));
    bench.run(Span::secs(5));
    let action = bench.set("power", Value::Switch(true));
    bench.run(Span::secs(10));
    assert_eq!(sets(&bench, "POWR"), 1, "{:?}", lines(&bench));
    assert!(bench.reports.iter().any(|(_, r)| matches!(r, Report::NotNow { action: a, why, .. } if *a == action && &**why == "cooling")));
    bench.run(Span::secs(60));
    assert_eq!(bench.observed("power").last(), Some(&(Value::Switch(true), How::Echo)));
    assert_eq!(sets(&bench, "POWR"), 2);
}

#[test]
fn errors_are_health_facts_and_go_again() {
    let mut bench = lit();
    bench.poke("error/temperature", Value::Int(2));
    bench.run(Span::secs(6));
    let facts = |bench: &Bench| {
        let of = |report: &Report| if let Report::Health(facet) = report { Some((facet.key.to_string(), facet.level)) } else { None };
        bench.reports.iter().filter_map(|(_, report)| of(report)).collect::<Vec<_>>()
    };
    assert_eq!(facts(&bench), [("temperature".to_owned(), Level::Bad)]);
    bench.poke("error/temperature", Value::Int(0));
    bench.run(Span::secs(6));
    assert_eq!(facts(&bench).last(), Some(&("temperature".to_owned(), Level::Good)));
}

#[test]
fn the_password_stands_before_each_command_and_a_wrong_one_is_tried_once() {
    let bench = Bench::connected(&FAMILY, show(Some("JBMIAProjectorLink")));
    assert!(!bench.reports.iter().any(|(_, r)| matches!(r, Report::NeedsHuman { .. })));
    let mut wrong = Bench::new(&FAMILY, show(Some("right")));
    let other = show(Some("wrong"));
    wrong.driver = (FAMILY.driver)(crate::devices::Plan { show: &other, device: crate::show::DeviceIx(0) });
    wrong.up();
    wrong.run(Span::secs(600));
    let told =
        wrong.reports.iter().filter(|(_, r)| matches!(r, Report::NeedsHuman { why } if why.contains("refuses the password"))).count();
    assert_eq!((told, wrong.sent.len()), (1, 1), "{:?}", wrong.reports);
    let action = wrong.set("power", Value::Switch(true));
    assert!(matches!(wrong.reports.last(), Some((_, Report::Refused { action: a, .. })) if *a == action));
    // A person takes it back: one more try.
    wrong.up();
    wrong.run(Span::secs(60));
    assert_eq!(wrong.sent.len(), 2);
}

#[test]
fn a_projector_that_hangs_up_is_connected_to_again_without_a_word() {
    let mut bench = lit();
    let mut out = Out::new();
    bench.driver.handle(bench.now, WireEvent::Down(WireId(0), "the device closed the connection".into()), &mut out);
    bench.run(Span::secs(2));
    bench.up();
    bench.run(Span::secs(5));
    assert!(!bench.reports.iter().any(|(_, r)| matches!(r, Report::Offline { .. })), "{:?}", bench.reports);
    // One that stays away is told, once.
    bench.driver.handle(bench.now, WireEvent::Down(WireId(0), "connection refused".into()), &mut out);
    bench.run(Span::secs(30));
    let gone = bench.reports.iter().filter(|(_, r)| matches!(r, Report::Offline { why } if &**why == "connection refused")).count();
    assert_eq!(gone, 1, "{:?}", bench.reports);
}

#[test]
fn a_silent_projector_goes_offline_and_nothing_is_sent_again_by_itself() {
    let mut bench = lit();
    bench.fault = Box::new(|_, to_device, _| if to_device { bench::Fault::Drop } else { bench::Fault::None });
    bench.set("input", Value::text("32"));
    bench.run(Span::secs(30));
    assert!(bench.reports.iter().any(|(_, r)| matches!(r, Report::Offline { .. })), "{:?}", bench.reports);
    assert_eq!(sets(&bench, "INPT"), 1);
    bench.fault = Box::new(|_, _, _| bench::Fault::None);
    bench.up();
    bench.run(Span::secs(10));
    assert_eq!(sets(&bench, "INPT"), 1);
    bench.command("input", Op::Read);
    bench.run(Span::secs(1));
    assert_eq!(bench.observed("input").last().map(|(value, _)| value.clone()), Some(Value::text("31")));
}

proptest! {
    #[test]
    fn any_bytes_in_any_split_never_panic(
        pieces in proptest::collection::vec(prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            "(PJLINK [01] ?[0-9a-f]{0,8}|%[12]?[A-Z]{0,5}=?[A-Z0-9 ]{0,8})\r?>?".prop_map(String::into_bytes),
        ], 0..40)
    ) {
        let mut bench = Bench::new(&FAMILY, show(Some("x")));
        bench.up();
        for piece in &pieces {
            for wire in [WireId(0), WireId(1)] {
                for payload in [Payload::Chunk(piece), Payload::Datagram(piece)] {
                    let mut out = Out::new();
                    bench.driver.handle(bench.now, WireEvent::Data { wire, from: None, payload }, &mut out);
                    bench.simulator.handle(bench.now, WireEvent::Data { wire, from: None, payload }, &mut out);
                }
            }
            bench.run(Span::ms(300));
        }
    }
}
