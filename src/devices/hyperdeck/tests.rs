#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::FAMILY;
use crate::devices::bench::{self, Bench};
use crate::devices::{Out, Payload, WireEvent, WireId};
use crate::engine::{How, Level, Op, Report};
use crate::show::{Transport, Value};
use crate::time::Span;

const PROFILE: &str = include_str!("../../../hardware-profiles/blackmagic-hyperdeck-studio-hd-plus.toml");

fn deck() -> Bench {
    Bench::connected(&FAMILY, bench::show(PROFILE, &[], &[("player", &[]), ("record", &[])]))
}

fn player(clip: Option<&str>, looping: bool, playing: bool) -> Value {
    Value::Transport(Transport { clip: clip.map(Into::into), looping, playing })
}

fn lines(bench: &Bench) -> Vec<String> {
    let commands = bench.sent.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).trim().to_owned());
    commands.filter(|line| !line.ends_with("info") && !line.starts_with("clips")).collect()
}

#[test]
fn a_play_goes_to_the_clips_beginning_and_is_proven_by_the_deck() {
    let mut bench = deck();
    bench.set("player", player(Some("Holding.mov"), true, true));
    bench.run(Span::secs(2));
    assert_eq!(lines(&bench), ["goto: clip id: 1", "play: speed: 100 loop: true single clip: true"]);
    assert_eq!(bench.observed("player"), [(player(Some("Holding.mov"), true, true), How::Echo)]);
    bench.set("player", player(None, false, false));
    bench.run(Span::secs(2));
    assert_eq!(bench.observed("player").last(), Some(&(player(Some("Holding.mov"), true, false), How::Echo)));
}

#[test]
fn a_clip_that_is_not_there_is_refused_by_its_name() {
    let mut bench = deck();
    let action = bench.set("player", player(Some("Other.mov"), false, true));
    assert!(
        bench.reports.iter().any(|(_, r)| matches!(r, Report::Refused { action: a, why } if *a == action && why.contains("Other.mov")))
    );
    assert_eq!(lines(&bench), [""; 0]);
}

#[test]
fn a_pause_stands_and_goes_on_where_it_stood() {
    let mut bench = deck();
    bench.set("player", player(Some("Holding.mov"), true, true));
    bench.run(Span::secs(2));
    bench.sent.clear();
    bench.command("player", Op::Halt);
    bench.run(Span::secs(2));
    bench.command("player", Op::Continue);
    bench.run(Span::secs(2));
    assert_eq!(lines(&bench), ["stop", "play: speed: 100 loop: true single clip: true"]);
}

#[test]
fn record_leaves_once_and_a_refusal_is_in_plain_words() {
    let mut bench = deck();
    bench.set("record", Value::Switch(true));
    bench.run(Span::secs(20));
    assert_eq!(lines(&bench), ["record"]);
    assert_eq!(bench.observed("record"), [(Value::Switch(true), How::Echo)]);
    bench.poke("record", Value::Switch(false));
    bench.poke("slot", Value::text("empty"));
    bench.run(Span::secs(2));
    let action = bench.set("record", Value::Switch(true));
    bench.run(Span::secs(2));
    let why = "there is no disk in the slot".into();
    assert!(bench.reports.iter().any(|(_, r)| *r == Report::Refused { action, why: std::sync::Arc::clone(&why) }), "{:?}", bench.reports);
    assert!(bench.reports.iter().any(|(_, r)| matches!(r, Report::Health(facet) if facet.level == Level::Warn && &*facet.key == "slot")));
}

#[test]
fn a_hand_at_the_deck_is_told_at_once() {
    let mut bench = deck();
    bench.poke("player", player(Some("Holding.mov"), false, true));
    bench.run(Span::ms(50));
    assert_eq!(bench.observed("player"), [(player(Some("Holding.mov"), false, true), How::Word)]);
}

#[test]
fn a_silent_deck_is_offline() {
    let mut bench = deck();
    bench.fault = Box::new(|_, to_device, _| if to_device { bench::Fault::Drop } else { bench::Fault::None });
    bench.run(Span::secs(20));
    assert!(bench.reports.iter().any(|(_, r)| matches!(r, Report::Offline { .. })), "{:?}", bench.reports);
}

proptest! {
    #[test]
    fn any_bytes_in_any_split_never_panic(
        pieces in proptest::collection::vec(prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            "([125][0-9]{2} [a-z ]{0,9}:?|[a-z ]{0,9}: [a-z0-9 :]{0,9})\r\n(\r\n)?".prop_map(String::into_bytes),
        ], 0..40)
    ) {
        let mut bench = Bench::new(&FAMILY, bench::show(PROFILE, &[], &[("player", &[]), ("record", &[])]));
        bench.up();
        for piece in &pieces {
            let mut out = Out::new();
            let event = || WireEvent::Data { wire: WireId(0), from: None, payload: Payload::Chunk(piece) };
            bench.driver.handle(bench.now, event(), &mut out);
            bench.simulator.handle(bench.now, event(), &mut out);
            bench.run(Span::ms(300));
        }
    }
}
