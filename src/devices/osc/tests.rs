//! Driver and simulator joined, by the profiles that are built in.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use rosc::OscType;

use super::FAMILY;
use crate::device_api::{How, Level, Op, Report};
use crate::devices::bench::{self, Bench, Fault, Named};
use crate::devices::osc::packet;
use crate::devices::{Framing, Out, Payload, Plan, Wire, WireEvent, WireId};
use crate::show::{Db, DeviceIx, Library, Transport, Value};
use crate::time::Span;

const MEDIA: &str = include_str!("../../../hardware-profiles/osc-media-server.toml");
const EOS: &str = include_str!("../../../hardware-profiles/etc-eos-osc.toml");
const QLAB: &str = include_str!("../../../hardware-profiles/qlab-osc.toml");
const GENERIC: &str = include_str!("../../../hardware-profiles/generic-osc.toml");

fn media() -> Bench {
    let named: [Named<'_>; 4] = [("player", &[]), ("source", &[]), ("level", &[]), ("sound", &[("sound", "vog")])];
    Bench::connected(&FAMILY, bench::show(MEDIA, &[], &named))
}

fn player(clip: &str, looping: bool, playing: bool) -> Value {
    Value::Transport(Transport { clip: Some(clip.into()), looping, playing })
}

#[test]
fn the_check_of_each_family_is_content_with_its_built_in_profiles() {
    let library = Library::builtin();
    for key in library.keys() {
        let profile = library.profile(key).unwrap();
        let family = crate::devices::family(&profile.family).unwrap_or_else(|| panic!("{key}: no family {}", profile.family));
        assert_eq!((family.check)(&profile), Vec::<String>::new(), "{key}");
    }
}

#[test]
fn a_clip_plays_and_is_proven_by_the_players_state() {
    let mut bench = media();
    let action = bench.set("player", player("opening", true, true));
    bench.run(Span::ms(100));
    assert_eq!(bench.reports[0].1, Report::Sent { action, value: Some(player("opening", true, true)) });
    assert_eq!(bench.observed("player"), [(player("opening", true, true), How::Echo)]);
    let text = |text: &str| OscType::String(text.into());
    assert_eq!(bench.sets("/clip/play")[0].1, [text("opening"), OscType::Int(1)]);

    let stopped = Value::Transport(Transport { clip: None, looping: false, playing: false });
    bench.set("player", stopped);
    bench.run(Span::ms(100));
    assert_eq!(bench.observed("player").last(), Some(&(player("opening", true, false), How::Echo)), "it keeps its clip");
}

#[test]
fn a_player_pauses_and_goes_on() {
    let mut bench = media();
    bench.set("player", player("film", false, true));
    bench.run(Span::secs(2));
    bench.command("player", Op::Halt);
    bench.run(Span::ms(100));
    assert_eq!(bench.simulator.peek("player"), Some(player("film", false, false)));
    bench.command("player", Op::Continue);
    bench.run(Span::ms(100));
    assert_eq!(bench.simulator.peek("player"), Some(player("film", false, true)));
}

#[test]
fn a_momentary_sound_leaves_each_time_and_is_never_sent_again() {
    let mut bench = media();
    bench.fault = Box::new(|_, to_device, _| if to_device { Fault::Drop } else { Fault::None });
    bench.set("sound/vog", Value::Switch(true));
    bench.set("sound/vog", Value::Switch(true));
    bench.run(Span::secs(3));
    assert_eq!(bench.sets("/sound").len(), 2);
}

#[test]
fn a_lost_source_is_sent_again_only_after_proof() {
    let mut bench = media();
    let mut lost = false;
    bench.fault = Box::new(move |_, to_device, bytes| {
        let set = packet::message(bytes).is_some_and(|m| m.addr == "/source" && !m.args.is_empty());
        if to_device && set && !std::mem::replace(&mut lost, true) { Fault::Drop } else { Fault::None }
    });
    bench.set("source", Value::text("slides"));
    bench.run(Span::ms(500));
    assert_eq!(bench.sets("/source").len(), 2);
    assert_eq!(bench.observed("source"), [(Value::text("slides"), How::Echo)]);
}

#[test]
fn a_fade_that_takes_one_over_goes_on_from_where_it_is() {
    let mut bench = media();
    let db = |milli| Value::Level(Db(milli));
    bench.fade("level", db(0), db(-40_000), Span::secs(4));
    bench.run(Span::secs(2));
    // Whatever the engine reckons.
    bench.fade("level", db(-30_000), db(0), Span::secs(4));
    bench.run(Span::secs(5));
    let levels: Vec<f32> = bench.sets("/level").iter().filter_map(|(_, args)| args[0].clone().float()).collect();
    assert!(levels.len() > 100 && levels.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.5), "{levels:?}");
}

#[test]
fn a_level_fades_in_db_and_a_hand_ends_it() {
    let mut bench = media();
    let db = |milli| Value::Level(Db(milli));
    bench.fade("level", db(0), db(-20_000), Span::secs(1));
    bench.run(Span::secs(2));
    assert_eq!(bench.observed("level"), [(db(-20_000), How::Echo)]);
    assert!((28..=31).contains(&bench.sets("/level").len()));
    bench.fade("level", db(-20_000), Value::Level(Db::OFF), Span::secs(4));
    bench.run(Span::ms(1010));
    bench.poke("level", db(3000));
    bench.run(Span::ms(20));
    bench.sent.clear();
    bench.run(Span::secs(5));
    assert_eq!(bench.sets("/level").len(), 0);
    assert_eq!(bench.observed("level").last(), Some(&(db(3000), How::Word)));
}

#[test]
fn an_eos_cue_is_proven_by_the_active_cue() {
    let mut bench = Bench::connected(&FAMILY, bench::show(EOS, &[("list", Value::Int(2))], &[("cue", &[]), ("macro", &[("macro", "7")])]));
    bench.set("cue", Value::text("12.5"));
    bench.set("macro/7", Value::Switch(true));
    bench.run(Span::ms(100));
    let all = bench.sent.iter().map(|(_, bytes)| packet::message(bytes).unwrap().addr);
    let addresses: Vec<String> = all.filter(|address| address != "/eos/ping").collect();
    assert_eq!(addresses, ["/eos/cue/2/12.5/fire", "/eos/macro/7/fire"]);
    assert_eq!(bench.observed("cue"), [(Value::text("12.5"), How::Echo)]);
    bench.poke("cue", Value::text("13"));
    bench.run(Span::ms(50));
    assert_eq!(bench.observed("cue").last(), Some(&(Value::text("13"), How::Word)), "somebody pressed GO on the desk");
}

#[test]
fn qlab_says_yes_to_its_cue_and_no_to_a_strange_message() {
    let mut bench = Bench::new(&FAMILY, bench::show(QLAB, &[], &[("cue", &[("cue", "10")]), ("message", &[("address", "/nonsense")])]));
    bench.up();
    bench.run(Span::secs(1));
    let named = bench.reports.iter().any(|(_, r)| matches!(r, Report::Online { identity: Some(name) } if &**name == "Figure 53 QLab 1.0"));
    assert!(named, "{:?}", bench.reports);
    let hello: Vec<_> = bench.sent.iter().map(|(_, bytes)| packet::message(bytes).unwrap().addr).filter(|a| a != "/version").collect();
    assert_eq!(hello, ["/alwaysReply"], "without a passcode there is no /connect");
    let action = bench.set("cue/10", Value::Switch(true));
    bench.run(Span::ms(50));
    assert!(bench.reports.iter().any(|(_, report)| *report == Report::Acked { action }), "{:?}", bench.reports);
    let action = bench.command("/nonsense", Op::Set { value: Value::Args([Value::Int(1)].into()), transition: None });
    bench.inject(None, b"");
    bench.run(Span::ms(50));
    assert!(bench.reports.iter().any(|(_, report)| *report == Report::Acked { action }), "the simulator knows what the show names");
    let mut out = Out::new();
    let refused = r#"{"status":"error","address":"/cue/10/start"}"#;
    bench.fault = Box::new(|_, _, _| Fault::Drop);
    let action = bench.set("cue/10", Value::Switch(true));
    let mut bytes = vec![];
    packet::encode("/reply/workspace/AB/cue/10/start", vec![OscType::String(refused.into())], &mut bytes);
    bench.driver.handle(bench.now, WireEvent::Data { wire: WireId(0), from: None, payload: Payload::Datagram(&bytes) }, &mut out);
    assert!(matches!(&out.reports[..], [Report::Refused { action: a, .. }] if *a == action), "{:?}", out.reports);
}

#[test]
fn a_wrong_passcode_needs_a_person() {
    let mut bench = Bench::connected(&FAMILY, bench::show(QLAB, &[], &[("cue", &[("cue", "10")])]));
    for json in [r#"{"status":"denied"}"#, r#"{"status":"ok","data":"badpass"}"#] {
        let mut bytes = vec![];
        let mut out = Out::new();
        packet::encode("/reply/connect", vec![OscType::String(json.into())], &mut bytes);
        bench.driver.handle(bench.now, WireEvent::Data { wire: WireId(0), from: None, payload: Payload::Datagram(&bytes) }, &mut out);
        assert!(matches!(&out.reports[..], [Report::NeedsHuman { .. }]), "{:?}", out.reports);
    }
}

#[test]
fn a_device_that_cannot_answer_says_so_and_sends_raw_messages() {
    let mut bench = Bench::new(&FAMILY, bench::show(GENERIC, &[], &[("message", &[("address", "/cue/1")])]));
    bench.up();
    let facet = |report: &Report| matches!(report, Report::Health(facet) if facet.level == Level::Notice && facet.text.contains("no word"));
    assert!(bench.reports.iter().any(|(_, report)| facet(report)));
    assert_eq!(bench.reports.last().unwrap().1, Report::Synced);
    assert!(bench.sent.is_empty(), "connecting sends nothing");
    bench.set("/cue/1", Value::Args([Value::Int(1), Value::text("a"), Value::Decimal(500_000)].into()));
    let message = packet::message(&bench.sent[0].1).unwrap();
    assert_eq!(message.args, [OscType::Int(1), OscType::String("a".into()), OscType::Float(0.5)]);
    bench.set("/cue/1", Value::Args([].into()));
    assert_eq!(bench.sent[1].1, b"/cue/1\0\0,\0\0\0");
}

#[test]
fn the_option_chooses_the_wire() {
    let wire = |profile, options: &[(&str, Value)]| {
        let show = bench::show(profile, options, &[]);
        (FAMILY.wires)(Plan { show: &show, device: DeviceIx(0) }).remove(0)
    };
    assert!(matches!(wire(EOS, &[]), Wire::Tcp { framing: Framing::OscLength, .. }));
    assert!(matches!(wire(QLAB, &[]), Wire::Tcp { framing: Framing::Slip, .. }));
    assert!(matches!(wire(QLAB, &[("transport", Value::text("udp"))]), Wire::Udp { local_port: 53001, .. }));
    assert!(matches!(wire(GENERIC, &[]), Wire::Udp { local_port: 0, .. }));
}

#[test]
fn silence_is_offline() {
    let mut bench = media();
    bench.fault = Box::new(|_, _, _| Fault::Drop);
    bench.run(Span::secs(7));
    assert!(bench.reports.iter().any(|(_, report)| matches!(report, Report::Offline { .. })), "{:?}", bench.reports);
    bench.fault = Box::new(|_, _, _| Fault::None);
    bench.reports.clear();
    bench.run(Span::secs(3));
    assert!(matches!(bench.reports[0].1, Report::Online { .. }));
    assert!(bench.reports.iter().any(|(_, report)| *report == Report::Synced));
}

proptest! {
    #[test]
    fn any_bytes_reach_driver_and_simulator(packets in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 1..12)) {
        let mut bench = media();
        for bytes in packets {
            let mut out = Out::new();
            for start in [&b""[..], b"/clip/state\0,sii", b"/level\0\0,f\0\0", b"/reply/x\0\0\0\0,s\0\0"] {
                let bytes = [start, &bytes].concat();
                let event = WireEvent::Data { wire: WireId(0), from: None, payload: Payload::Datagram(&bytes) };
                bench.driver.handle(bench.now, event.clone(), &mut out);
                bench.simulator.handle(bench.now, event, &mut out);
            }
        }
        bench.run(Span::secs(1));
    }
}
