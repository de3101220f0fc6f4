//! Driver and simulator joined, by the profiles that are built in.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::FAMILY;
use crate::device_api::{How, Op, Report};
use crate::devices::bench::{self, Bench, Fault, Named};
use crate::devices::{Out, Payload, WireEvent, WireId};
use crate::show::{Db, Transport, Value, profile_text};
use crate::time::Span;

pub const VMIX: &str = include_str!("../../../hardware-profiles/vmix.toml");
pub const HUB: &str = include_str!("../../../hardware-profiles/blackmagic-videohub.toml");
pub const KRAMER: &str = include_str!("../../../hardware-profiles/kramer-p3000.toml");
pub const EXTRON: &str = include_str!("../../../hardware-profiles/extron-sis.toml");
pub const CASPAR: &str = include_str!("../../../hardware-profiles/casparcg.toml");
pub const YAMAHA: &str = include_str!("../../../hardware-profiles/yamaha-cl-ql.toml");
pub const UDP: &str = include_str!("../../../hardware-profiles/generic-udp-text.toml");

/// A device that has been read, and nothing more.
pub fn connected(profile: &str, named: &[Named<'_>]) -> Bench {
    Bench::connected(&FAMILY, bench::show(profile, &[], named))
}

/// The lines that left, without questions.
pub fn lines(bench: &Bench) -> Vec<String> {
    bench.sent.iter().map(|(_, bytes)| String::from_utf8(bytes.clone()).unwrap()).collect()
}

fn says(bench: &mut Bench, bytes: &[u8]) -> Vec<Report> {
    let mut out = Out::new();
    bench.driver.handle(bench.now, WireEvent::Data { wire: WireId(0), from: None, payload: Payload::Chunk(bytes) }, &mut out);
    out.reports
}

fn refused(bench: &Bench) -> Vec<String> {
    let why = |report: &Report| if let Report::Refused { why, .. } = report { Some(why.to_string()) } else { None };
    bench.reports.iter().filter_map(|(_, report)| why(report)).collect()
}

#[test]
fn a_vmix_input_is_proven_by_its_own_word_and_a_hand_is_heard() {
    let mut bench = connected(VMIX, &[("program", &[])]);
    bench.set("program", Value::text("3"));
    bench.run(Span::ms(300));
    assert_eq!(bench.observed("program").first(), Some(&(Value::text("3"), How::Echo)));
    bench.run(Span::secs(3));
    bench.poke("program", Value::text("5"));
    bench.run(Span::ms(50));
    assert_eq!(bench.observed("program").last(), Some(&(Value::text("5"), How::Word)));
}

#[test]
fn a_yes_is_a_yes_and_an_error_is_told_in_an_operators_words() {
    let mut bench = connected(VMIX, &[("cut", &[])]);
    let action = bench.set("cut", Value::Switch(true));
    bench.run(Span::ms(50));
    assert!(bench.reports.iter().any(|(_, report)| *report == Report::Acked { action }), "{:?}", bench.reports);
    bench.fault = Box::new(|_, to_device, _| if to_device { Fault::Drop } else { Fault::None });
    let action = bench.set("cut", Value::Switch(true));
    let told = says(&mut bench, b"FUNCTION ER no such input\r\n");
    assert_eq!(told, [Report::Refused { action, why: "vMix refuses the function: no such input".into() }]);
}

#[test]
fn an_answer_that_never_comes_ends_the_connection_and_nothing_is_sent_again() {
    let mut bench = connected(VMIX, &[("cut", &[])]);
    bench.fault = Box::new(|_, to_device, _| if to_device { Fault::Drop } else { Fault::None });
    bench.set("cut", Value::Switch(true));
    bench.set("cut", Value::Switch(true));
    bench.run(Span::secs(5));
    assert_eq!(lines(&bench).iter().filter(|line| line.contains("Cut")).count(), 1, "the second waits for the first's answer");
    let offline = |report: &Report| matches!(report, Report::Offline { why } if why.contains("no answer to \"FUNCTION Cut\""));
    assert!(bench.reports.iter().any(|(_, report)| offline(report)), "{:?}", bench.reports);
    bench.fault = Box::new(|_, _, _| Fault::None);
    bench.sent.clear();
    bench.up();
    bench.run(Span::secs(5));
    assert!(lines(&bench).iter().all(|line| !line.contains("Cut")), "{:?}", lines(&bench));
}

#[test]
fn connecting_changes_nothing_and_reads_everything() {
    let mut bench = Bench::new(&FAMILY, bench::show(HUB, &[], &[("route", &[("output", "0")]), ("route", &[("output", "1")])]));
    bench.up();
    bench.run(Span::secs(1));
    assert!(lines(&bench).iter().all(|line| matches!(line.as_str(), "PING:\n\n" | "VIDEO OUTPUT ROUTING:\n\n")), "{:?}", lines(&bench));
    assert!(bench.reports.iter().any(|(_, report)| *report == Report::Synced));
    let named = |report: &Report| matches!(report, Report::Online { identity: Some(name) } if &**name == "Blackmagic Design Videohub 1.0");
    assert!(bench.reports.iter().any(|(_, report)| named(report)), "{:?}", bench.reports);
}

#[test]
fn a_locked_output_is_refused_in_words() {
    let mut bench = connected(HUB, &[("route", &[("output", "0")])]);
    bench.fault = Box::new(|_, to_device, _| if to_device { Fault::Drop } else { Fault::None });
    bench.set("output/0", Value::text("5"));
    assert!(matches!(&says(&mut bench, b"NAK\n\n")[..], [Report::Refused { why, .. }] if why.contains("not locked")));
}

/// A hub that has told its size and the routes of these outputs, and the reports until then.
fn hub(routes: &str) -> (Bench, Vec<Report>) {
    let outputs: [Named<'_>; 3] = [("route", &[("output", "0")]), ("route", &[("output", "1")]), ("route", &[("output", "19")])];
    let mut bench = Bench::new(&FAMILY, bench::show(HUB, &[], &outputs));
    bench.fault = Box::new(|_, to_device, _| if to_device { Fault::Drop } else { Fault::None });
    let mut reports = says_up(&mut bench);
    reports.extend(says(&mut bench, b"PROTOCOL PREAMBLE:\nVersion: 2.3\n\n"));
    reports.extend(says(&mut bench, b"VIDEOHUB DEVICE:\nDevice present: true\nVideo inputs: 16\nVideo outputs: 16\n\nACK\n\n"));
    reports.extend(says(&mut bench, format!("VIDEO OUTPUT ROUTING:\n{routes}\n\n").as_bytes()));
    // To the question that is asked for what is still missing.
    reports.extend(says(&mut bench, format!("ACK\n\nVIDEO OUTPUT ROUTING:\n{routes}\n\n").as_bytes()));
    (bench, reports)
}

fn facts(reports: &[Report]) -> Vec<(&str, &str)> {
    let mut told = vec![];
    for report in reports {
        if let Report::Health(facet) = report {
            told.push((&*facet.key, &*facet.text));
        }
    }
    told
}

#[test]
fn what_a_block_leaves_out_is_unknown_and_said_so_and_nothing_waits_for_it() {
    let (mut bench, reports) = hub("0 3");
    assert_eq!(bench.now, crate::time::Mono::ZERO);
    assert!(reports.contains(&Report::Synced), "ready when the block has ended: {reports:?}");
    let untold = |reports: &[Report]| facts(reports).into_iter().rfind(|(key, _)| *key == "untold").map(|(_, text)| text.to_owned());
    assert!(untold(&reports).is_some_and(|text| text.contains("unknown until it does")), "{reports:?}");
    // It is driven all the same, and so is the rest, at once.
    bench.sent.clear();
    bench.set("output/1", Value::text("4"));
    assert_eq!(lines(&bench), ["VIDEO OUTPUT ROUTING:\n1 4\n\n"]);
    let told = says(&mut bench, b"ACK\n\nVIDEO OUTPUT ROUTING:\n1 4\n\n");
    assert_eq!(untold(&told).as_deref(), Some(""), "told now: {told:?}");
    assert!(told.iter().any(|report| matches!(report, Report::Observed { how: How::Echo, .. })), "{told:?}");
}

#[test]
fn a_hub_that_is_smaller_than_the_patch_says_so_and_refuses_in_words() {
    let (mut bench, reports) = hub("0 3\n1 3");
    assert!(reports.contains(&Report::Synced), "{reports:?}");
    let size = facts(&reports).into_iter().find(|(key, _)| *key == "size").map(|(_, text)| text.to_owned()).unwrap();
    assert!(size.contains("output 20, and Blackmagic Design Videohub has 16: correct the show"), "{size}");
    assert!(facts(&reports).iter().all(|(key, _)| *key != "untold"), "{reports:?}");
    bench.sent.clear();
    bench.set("output/19", Value::text("0"));
    bench.set("output/1", Value::text("16"));
    bench.set("output/1", Value::text("15"));
    assert_eq!(lines(&bench), ["VIDEO OUTPUT ROUTING:\n1 15\n\n"], "what the hub has is driven at once");
    let refused = refused(&bench);
    assert!(matches!(&refused[..], [output, input] if output.contains("output 20") && input.contains("input 17")), "{refused:?}");
}

#[test]
fn a_question_that_is_never_answered_does_not_hold_up_the_round() {
    let mut bench = Bench::new(&FAMILY, bench::show(VMIX, &[], &[("program", &[]), ("preview", &[])]));
    bench.fault = Box::new(|_, to_device, bytes| {
        let preview = bytes.windows(7).any(|window| window == b"preview");
        if to_device && preview { Fault::Drop } else { Fault::None }
    });
    bench.up();
    bench.run(Span::secs(60));
    assert!(bench.reports.iter().any(|(_, report)| *report == Report::Synced), "{:?}", bench.reports);
    let asked = |bench: &Bench| lines(bench).iter().filter(|line| line.contains("vmix/preview")).count();
    assert_eq!(asked(&bench), 2, "not again by itself");
    let reports: Vec<Report> = bench.reports.iter().map(|(_, report)| report.clone()).collect();
    assert!(facts(&reports).iter().any(|(key, text)| *key == "untold" && text.contains("preview")), "{reports:?}");
    bench.command("preview", Op::Read);
    bench.run(Span::ms(100));
    assert_eq!(asked(&bench), 3, "the show may ask");
}

#[test]
fn a_matrix_with_a_password_lets_us_in_and_a_wrong_one_needs_a_person() {
    let show = |passcode: &str| {
        let mut show = (*bench::show(EXTRON, &[], &[("route", &[("output", "1")])])).clone();
        show.devices[0].password = Some(passcode.into());
        std::sync::Arc::new(show)
    };
    let mut bench = Bench::connected(&FAMILY, show("secret"));
    bench.set("output/1", Value::text("3"));
    bench.run(Span::ms(200));
    assert_eq!(bench.simulator.peek("output/1"), Some(Value::text("3")));
    assert_eq!(bench.observed("output/1").first(), Some(&(Value::text("3"), How::Echo)));

    let mut bench = Bench::new(&FAMILY, show("wrong"));
    assert!(says_up(&mut bench).is_empty());
    assert!(says(&mut bench, b"\r\nPassword:").is_empty());
    assert!(matches!(&says(&mut bench, b"\r\nPassword:")[..], [Report::NeedsHuman { .. }]));
    bench.sent.clear();
    bench.run(Span::secs(10));
    assert!(bench.sent.is_empty(), "nothing more is tried");
}

fn says_up(bench: &mut Bench) -> Vec<Report> {
    let mut out = Out::new();
    bench.driver.handle(bench.now, WireEvent::Up(WireId(0)), &mut out);
    out.reports
}

#[test]
fn a_route_that_the_matrix_does_not_have_is_refused() {
    let mut bench = connected(KRAMER, &[("route", &[("output", "1")])]);
    bench.fault = Box::new(|_, to_device, _| if to_device { Fault::Drop } else { Fault::None });
    bench.set("output/1", Value::text("99"));
    let told = says(&mut bench, b"~01@VID ERR003\r\n");
    assert!(matches!(&told[..], [Report::Refused { why, .. }] if why.contains("no such input")), "{told:?}");
    assert_eq!(refused(&bench), [""; 0]);
}

#[test]
fn a_yamaha_fader_travels_in_hundredths_and_a_hand_ends_its_fade() {
    let mut bench = connected(YAMAHA, &[("fader", &[("channel", "0")])]);
    let db = |milli| Value::Level(Db(milli));
    bench.fade("channel/0/fader", db(0), db(-20_000), Span::secs(1));
    bench.run(Span::secs(2));
    assert_eq!(bench.observed("channel/0/fader"), [(db(-20_000), How::Echo)]);
    bench.set("channel/0/fader", Value::Level(Db::OFF));
    bench.run(Span::ms(100));
    assert_eq!(bench.simulator.peek("channel/0/fader"), Some(Value::Level(Db::OFF)));
    bench.fade("channel/0/fader", db(-20_000), db(0), Span::secs(4));
    bench.run(Span::ms(2020));
    bench.poke("channel/0/fader", db(3000));
    bench.run(Span::ms(100));
    bench.sent.clear();
    bench.run(Span::secs(4));
    assert!(lines(&bench).iter().all(|line| !line.starts_with("set")), "{:?}", lines(&bench));
    assert_eq!(bench.observed("channel/0/fader").last(), Some(&(db(3000), How::Word)));
}

#[test]
fn a_clip_plays_pauses_and_stops() {
    let mut bench = connected(CASPAR, &[("player", &[("layer", "1-10")]), ("mixer", &[("layer", "1-10"), ("mix", "OPACITY")])]);
    let player = |clip: &str, looping, playing| Value::Transport(Transport { clip: Some(clip.into()), looping, playing });
    let action = bench.set("layer/1-10", player("AMB", true, true));
    bench.run(Span::ms(100));
    assert!(bench.reports.iter().any(|(_, report)| *report == Report::Acked { action }), "{:?}", bench.reports);
    bench.command("layer/1-10", Op::Halt);
    bench.run(Span::ms(100));
    assert_eq!(bench.simulator.peek("layer/1-10"), Some(player("AMB", true, false)));
    bench.fade("layer/1-10/OPACITY", Value::Decimal(0), Value::Decimal(500_000), Span::secs(1));
    bench.run(Span::secs(2));
    assert_eq!(bench.observed("layer/1-10/OPACITY").last(), Some(&(Value::Decimal(500_000), How::Echo)));
    bench.command("layer/1-10/OPACITY", Op::Read);
    bench.reports.clear();
    // As the server writes a double.
    let told = says(&mut bench, b"201 MIXER OK\r\n0.10000000000000001\r\n");
    let now = bench.now;
    bench.reports.extend(told.into_iter().map(|report| (now, report)));
    assert_eq!(bench.observed("layer/1-10/OPACITY").last(), Some(&(Value::Decimal(100_000), How::Word)));
}

#[test]
fn a_line_over_udp_leaves_once_a_press() {
    let mut bench = connected(UDP, &[("line", &[("line", "POWER ON")])]);
    bench.set("POWER ON", Value::Switch(true));
    bench.set("POWER ON", Value::Switch(true));
    bench.run(Span::secs(5));
    assert_eq!(lines(&bench), ["POWER ON\r\n", "POWER ON\r\n"]);
}

#[test]
fn faults_of_a_profile_are_told() {
    let fault = |facts: &str, property: &str| {
        let text =
            format!("maker = \"A\"\nmodel = \"B\"\nfamily = \"text\"\nsources = [\"x\"]\n{facts}\n[property.p]\npath = \"p\"\n{property}");
        (FAMILY.check)(&profile_text::parse("bad", &text).unwrap()).join("; ")
    };
    assert_eq!(fault("", "type = \"text\"\nset = \"S {value}\"\nobserve = \"S {value}\""), "");
    assert!(fault("", "type = \"text\"\nset = \"S {value}\"").contains("nothing observes it"));
    assert!(fault("", "type = \"text\"\nproof = \"acked\"\nset = \"S {value}\"").contains("nothing acknowledges it"));
    assert!(fault("[facts]\nok = \"OK\"\ntransport = \"udp\"", "type = \"text\"\nproof = \"acked\"\nset = \"S\"").contains("over udp"));
    assert!(fault("", "type = \"text\"\nproof = \"none\"\nset = \"S {valeu}\"").contains("{valeu}"));
    assert!(fault("", "type = \"text\"\nset = \"S\"\nobserve = \"S\"").contains("tells no value"));
    assert!(fault("", "type = \"text\"\nproof = \"none\"\nset = \"S {value\"").contains("not closed"));
    let size = |entry: &str| fault(&format!("[facts]\nsize = [{entry}]"), "type = \"text\"\nproof = \"none\"\nset = \"S\"");
    assert!(size("\"16\"").contains("an entry is"));
    assert!(size("{ names = \"output\", line = \"N {value}\" }").contains("no names table \"output\""));
    assert!(fault("[facts]\nterminater = \"x\"", "type = \"text\"\nproof = \"none\"\nset = \"S\"").contains("terminater"));
}

proptest! {
    #[test]
    fn any_bytes_in_any_split_reach_driver_and_simulator(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..12)) {
        let named: [(&str, Named<'_>); 4] =
            [(HUB, ("route", &[("output", "0")])), (YAMAHA, ("fader", &[("channel", "0")])), (CASPAR, ("mixer", &[("layer", "1"), ("mix", "VOLUME")])),
             (VMIX, ("program", &[]))];
        for (profile, named) in named {
            let mut bench = connected(profile, &[named]);
            for bytes in &chunks {
                let mut out = Out::new();
                for start in [&b""[..], b"VIDEO OUTPUT ROUTING:\n", b"OK set MIXER:Current/InCh/Fader/Level 0 0 ", b"XMLTEXT OK ", b"FUNCTION ER", b"MIXER 1 VOLUME "] {
                    let bytes = [start, bytes].concat();
                    let event = WireEvent::Data { wire: WireId(0), from: None, payload: Payload::Chunk(&bytes) };
                    bench.driver.handle(bench.now, event.clone(), &mut out);
                    bench.simulator.handle(bench.now, event, &mut out);
                }
            }
            bench.run(Span::secs(1));
        }
    }
}
