#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::FAMILY;
use crate::device_api::{How, Level, Op, Report};
use crate::devices::bench::{self, Bench};
use crate::devices::{Out, Payload, Plan, Simulator, WireEvent, WireId};
use crate::show::{DeviceIx, Transport, Value};
use crate::time::{Mono, Span};

const PROFILE: &str = include_str!("../../../hardware-profiles/blackmagic-hyperdeck-studio-hd-plus.toml");

const PROPS: &[bench::Named<'_>] = &[("player", &[]), ("record", &[]), ("preview", &[]), ("goto", &[])];

fn deck() -> Bench {
    Bench::connected(&FAMILY, bench::show(PROFILE, &[], PROPS))
}

fn player(clip: Option<&str>, looping: bool, playing: bool) -> Value {
    Value::Transport(Transport { clip: clip.map(Into::into), looping, playing })
}

fn lines(bench: &Bench) -> Vec<String> {
    let commands = bench.sent.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).trim().to_owned());
    commands.filter(|line| !line.ends_with("info") && !line.starts_with("clips") && line != "remote").collect()
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

/// A deck of an older protocol: it does not know `clips get`.
struct WithoutClips(Box<dyn Simulator>);

impl Simulator for WithoutClips {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Data { from, payload: Payload::Chunk(b"clips get\r\n") | Payload::Datagram(b"clips get\r\n"), .. } => {
                assert_eq!(from, None);
                out.send(WireId(0), b"103 unsupported\r\n".to_vec());
            }
            event => self.0.handle(now, event, out),
        }
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        self.0.tick(now, out);
    }

    fn next_due(&self) -> Option<Mono> {
        self.0.next_due()
    }

    fn poke(&mut self, now: Mono, path: &str, value: &Value, out: &mut Out) {
        self.0.poke(now, path, value, out);
    }

    fn peek(&self, path: &str) -> Option<Value> {
        self.0.peek(path)
    }
}

#[test]
fn a_deck_that_does_not_tell_its_clips_says_so_and_plays_them_by_number() {
    let mut bench = Bench::new(&FAMILY, bench::show(PROFILE, &[], PROPS));
    let show = bench.show.clone();
    bench.simulator = Box::new(WithoutClips((FAMILY.simulator)(Plan { show: &show, device: DeviceIx(0) })));
    bench.up();
    bench.run(Span::secs(1));
    let reports: Vec<&Report> = bench.reports.iter().map(|(_, report)| report).collect();
    assert!(reports.contains(&&Report::Synced), "{reports:?}");
    let said = |report: &&Report| matches!(report, Report::Health(facet) if facet.level == Level::Notice && facet.text.contains("by their numbers"));
    assert!(reports.iter().any(said), "{reports:?}");
    bench.sent.clear();
    bench.set("player", player(Some("1"), false, true));
    bench.run(Span::secs(2));
    assert_eq!(lines(&bench), ["goto: clip id: 1", "play: speed: 100 loop: false single clip: true"]);
    assert!(bench.observed("player").contains(&(player(Some("1"), false, true), How::Echo)), "{:?}", bench.reports);
    let named = bench.set("player", player(Some("Opener.mov"), false, true));
    let words =
        |r: &Report| matches!(r, Report::Refused { action, why } if *action == named && why.contains("by its number on the timeline"));
    assert!(bench.reports.iter().any(|(_, r)| words(r)), "{:?}", bench.reports);
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
fn a_clip_stands_by_without_playing_and_places_are_gone_to_in_turn() {
    let mut bench = deck();
    bench.set("player", player(Some("Holding.mov"), false, false));
    bench.run(Span::secs(2));
    assert_eq!(lines(&bench), ["stop", "goto: clip id: 1"]);
    assert_eq!(bench.observed("player"), [(player(Some("Holding.mov"), false, false), How::Echo)]);
    bench.sent.clear();
    let places = ["start", "clip end", "01:00:10:00"].map(|place| bench.set("goto", Value::text(place)));
    let nowhere = bench.set("goto", Value::text("middle"));
    bench.run(Span::secs(2));
    assert_eq!(lines(&bench), ["goto: timeline: start", "goto: clip: end", "goto: timecode: 01:00:10:00"]);
    for action in places {
        assert!(bench.reports.iter().any(|(_, r)| *r == Report::Acked { action }), "{:?}", bench.reports);
    }
    assert!(bench.reports.iter().any(|(_, r)| matches!(r, Report::Refused { action, .. } if *action == nowhere)));
}

#[test]
fn the_output_shows_the_input_and_what_is_on_its_way_counts() {
    let mut bench = deck();
    bench.set("preview", Value::Switch(true));
    bench.run(Span::secs(2));
    assert_eq!(bench.observed("preview"), [(Value::Switch(true), How::Echo)]);
    bench.set("preview", Value::Switch(false));
    // Within one GO: the stop makes room for the recording, and the recording's end comes before it has begun.
    bench.set("player", player(Some("Holding.mov"), false, true));
    bench.set("player", player(None, false, false));
    bench.set("record", Value::Switch(true));
    bench.run(Span::ms(1));
    bench.set("record", Value::Switch(false));
    bench.run(Span::secs(3));
    assert_eq!(lines(&bench).last().map(String::as_str), Some("stop"), "{:?}", lines(&bench));
    assert_eq!(bench.observed("preview").last(), Some(&(Value::Switch(false), How::Echo)));
    assert_eq!(bench.simulator.peek("record"), Some(Value::Switch(false)));
}

#[test]
fn time_left_and_remote_control_are_health_facts() {
    let mut bench = Bench::new(&FAMILY, bench::show(PROFILE, &[], PROPS));
    bench.up();
    bench.run(Span::secs(2));
    let fact = |bench: &Bench, key: &str| {
        let facet = |(_, report): &(_, Report)| if let Report::Health(facet) = report { Some(facet.clone()) } else { None };
        let last = bench.reports.iter().filter_map(facet).rfind(|facet| &*facet.key == key);
        last.map(|facet| (facet.level, facet.text.to_string()))
    };
    assert_eq!(fact(&bench, "slot"), Some((Level::Good, "the disk in slot 1 can record for more than 60 min".into())));
    bench.poke("recording-time", Value::Int(300));
    bench.poke("remote", Value::Switch(false));
    bench.run(Span::secs(1));
    assert_eq!(fact(&bench, "slot"), Some((Level::Warn, "the disk in slot 1 can record for 5 min more".into())));
    assert_eq!(fact(&bench, "remote").map(|(level, _)| level), Some(Level::Bad));
    bench.poke("remote", Value::Switch(true));
    bench.run(Span::secs(1));
    assert_eq!(fact(&bench, "remote").map(|(level, _)| level), Some(Level::Good));
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
        let mut bench = Bench::new(&FAMILY, bench::show(PROFILE, &[], PROPS));
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
