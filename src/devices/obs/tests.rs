//! Driver and simulator joined by two connections, and bytes that nobody expects.

#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::sync::Arc;

use proptest::prelude::*;

use super::FAMILY;
use super::simulator::Studio;
use crate::device_api::{ActionId, Command, Facet, How, Level, Op, Priority, Report, Why};
use crate::devices::{Driver, Out, Payload, Plan, Simulator, WireEvent, WireId, earlier};
use crate::show::{Curve, Db, DeviceIx, PropIx, Show, Transition, Transport, Value, load_text};
use crate::time::{Mono, Span};

const DELAY: Span = Span::ms(2);

fn show() -> Arc<Show> {
    let loaded = load_text(&[("show.toml".into(), include_str!("../../../tests/fire/obs.toml").into())]);
    loaded.show.clone().unwrap_or_else(|| panic!("{:#?}", loaded.findings))
}

/// What flies: when it arrives, whether at OBS, over which wire.
type Flying = (Mono, bool, WireId, String);

struct Twin {
    now: Mono,
    show: Arc<Show>,
    driver: Box<dyn Driver>,
    obs: Studio,
    flying: VecDeque<Flying>,
    sent: Vec<String>,
    reports: Vec<Report>,
    closed: Vec<WireId>,
    action: u64,
}

impl Twin {
    /// Driver of one show, OBS of another.
    fn new(own: &Arc<Show>, theirs: &Arc<Show>) -> Self {
        let plan = |show| Plan { show, device: DeviceIx(0) };
        let mut twin = Self {
            now: Mono::ZERO + Span::secs(1),
            show: own.clone(),
            driver: (FAMILY.driver)(plan(own)),
            obs: Studio::new(plan(theirs)),
            flying: VecDeque::new(),
            sent: vec![],
            reports: vec![],
            closed: vec![],
            action: 0,
        };
        twin.up();
        twin.run(Span::secs(2));
        twin
    }

    fn ready() -> Self {
        let show = show();
        let mut twin = Self::new(&show, &show);
        assert!(twin.reports.contains(&Report::Synced), "{:?}", twin.reports);
        assert!(twin.sent.iter().all(|text| !text.contains("\"Set") && !text.contains("Start")), "connecting changes nothing");
        twin.reports.clear();
        twin.sent.clear();
        twin
    }

    fn up(&mut self) {
        for wire in [WireId(0), WireId(1)] {
            let mut out = Out::new();
            self.driver.handle(self.now, WireEvent::Up(wire), &mut out);
            self.carry(out, true);
            let mut out = Out::new();
            self.obs.handle(self.now, WireEvent::Up(wire), &mut out);
            self.carry(out, false);
        }
    }

    fn carry(&mut self, mut out: Out, to_obs: bool) {
        for send in std::mem::take(&mut out.sends) {
            let text = String::from_utf8(send.bytes).unwrap();
            if to_obs {
                self.sent.push(text.clone());
            }
            self.flying.push_back((self.now + DELAY, to_obs, send.wire, text));
        }
        self.reports.append(&mut out.reports);
        self.closed.append(&mut out.close);
        for (wire, code, why) in out.hang_ups.drain(..) {
            self.down(wire, &format!("the device closed the connection ({code}: {why})"));
        }
    }

    fn down(&mut self, wire: WireId, why: &str) {
        let mut out = Out::new();
        self.driver.handle(self.now, WireEvent::Down(wire, why.into()), &mut out);
        self.carry(out, true);
    }

    fn run(&mut self, length: Span) {
        let end = self.now + length;
        loop {
            let arrival = self.flying.front().map(|(at, ..)| *at);
            let due = earlier(arrival, earlier(self.driver.next_due(), self.obs.next_due()));
            let Some(next) = due.filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            while self.flying.front().is_some_and(|(at, ..)| *at <= self.now) {
                let (_, to_obs, wire, text) = self.flying.pop_front().unwrap();
                let event = WireEvent::Data { wire, from: None, payload: Payload::Text(&text) };
                let mut out = Out::new();
                if to_obs {
                    self.obs.handle(self.now, event, &mut out)
                } else {
                    self.driver.handle(self.now, event, &mut out)
                }
                self.carry(out, !to_obs);
            }
            let mut out = Out::new();
            self.driver.tick(self.now, &mut out);
            self.carry(out, true);
            let mut out = Out::new();
            self.obs.tick(self.now, &mut out);
            self.carry(out, false);
        }
        self.now = end;
    }

    fn prop(&self, path: &str) -> PropIx {
        self.show.prop_by_path(DeviceIx(0), path).unwrap_or_else(|| panic!("no property {path}"))
    }

    fn command(&mut self, path: &str, op: Op) -> ActionId {
        self.action += 1;
        let action = ActionId(self.action);
        let command = Command { action, prop: self.prop(path), op, due: self.now, priority: Priority::Discrete, why: Why::Operator };
        let mut out = Out::new();
        self.driver.command(self.now, &command, &mut out);
        self.carry(out, true);
        action
    }

    fn set(&mut self, path: &str, value: Value) -> ActionId {
        self.command(path, Op::Set { value, transition: None })
    }

    fn observed(&self, path: &str) -> Vec<(Value, How)> {
        let wanted = self.prop(path);
        let of = |report: &Report| match report {
            Report::Observed { prop, value, how } if *prop == wanted => Some((value.clone(), *how)),
            _ => None,
        };
        self.reports.iter().filter_map(of).collect()
    }

    fn refused(&self) -> Vec<String> {
        let why = |report: &Report| match report {
            Report::Refused { why, .. } => Some(why.to_string()),
            _ => None,
        };
        self.reports.iter().filter_map(why).collect()
    }

    fn poke(&mut self, path: &str, value: Value) {
        let mut out = Out::new();
        self.obs.poke(self.now, path, &value, &mut out);
        self.carry(out, false);
    }
}

#[test]
fn a_take_is_proven_when_its_transition_has_ended() {
    let mut twin = Twin::ready();
    let slides = Value::text("Slides");
    let over = Transition { kind: "fade".into(), over: Some(Span::ms(800)) };
    let action = twin.command("program", Op::Set { value: slides.clone(), transition: Some(over) });
    twin.run(Span::ms(700));
    assert_eq!(twin.observed("program"), [], "still on its way");
    assert!(twin.reports.iter().any(|report| matches!(report, Report::Progress { action: of, .. } if *of == action)));
    twin.run(Span::ms(200));
    assert_eq!(twin.observed("program"), [(slides.clone(), How::Echo)]);
    // The same scene again: OBS says yes and tells no event.
    twin.set("program", slides.clone());
    twin.run(Span::secs(2));
    assert_eq!(twin.observed("program").len(), 2);
}

#[test]
fn a_clip_plays_from_its_beginning_pauses_and_goes_on_where_it_stood() {
    let mut twin = Twin::ready();
    let player = |playing| Value::Transport(Transport { clip: Some("Opener".into()), looping: false, playing });
    twin.set("clip/Opener", player(true));
    twin.run(Span::secs(1));
    assert_eq!(twin.observed("clip/Opener").last(), Some(&(player(true), How::Echo)));
    for (paused, action, playing) in [(true, "PAUSE", false), (false, "PLAY", true)] {
        twin.reports.clear();
        twin.sent.clear();
        let done = twin.set("clip/Opener/pause", Value::Switch(paused));
        twin.run(Span::secs(1));
        assert!(twin.sent.iter().any(|text| text.contains(&format!("MEDIA_INPUT_ACTION_{action}\""))), "{:?}", twin.sent);
        assert!(twin.reports.contains(&Report::Acked { action: done }), "{:?}", twin.reports);
        assert_eq!(twin.observed("clip/Opener").last().map(|(value, _)| value), Some(&player(playing)));
    }
}

#[test]
fn a_hand_in_obs_is_a_hand_and_ends_a_fade() {
    let mut twin = Twin::ready();
    twin.poke("program", Value::text("Holding"));
    let op =
        Op::Fade { from: Value::Level(Db(0)), to: Value::Level(Db(-40_000)), curve: Curve::Linear, start: twin.now, length: Span::secs(2) };
    twin.command("input/Music/volume", op);
    // Between two steps: a step that leaves while the hand's word is on its way would win.
    twin.run(Span::ms(1_010));
    assert_eq!(twin.observed("program"), [(Value::text("Holding"), How::Word)]);
    assert!(twin.observed("input/Music/volume").iter().all(|(_, how)| *how == How::Echo), "our steps are ours");
    twin.poke("input/Music/volume", Value::Level(Db(5_000)));
    twin.run(Span::secs(2));
    assert_eq!(twin.observed("input/Music/volume").last(), Some(&(Value::Level(Db(5_000)), How::Word)));
    assert_eq!(twin.obs.peek("input/Music/volume"), Some(Value::Level(Db(5_000))), "no step after the hand");
}

#[test]
fn a_fade_steps_within_its_rate_and_lands() {
    let mut twin = Twin::ready();
    let op =
        Op::Fade { from: Value::Level(Db(0)), to: Value::Level(Db(-20_000)), curve: Curve::Linear, start: twin.now, length: Span::secs(1) };
    twin.command("input/Music/volume", op);
    twin.run(Span::secs(2));
    let steps = twin.sent.iter().filter(|text| text.contains("SetInputVolume")).count();
    assert!((20..=31).contains(&steps), "{steps}");
    assert_eq!(twin.obs.peek("input/Music/volume"), Some(Value::Level(Db(-20_000))));
    assert_eq!(twin.observed("input/Music/volume").last(), Some(&(Value::Level(Db(-20_000)), How::Echo)));
}

#[test]
fn an_output_is_running_when_obs_says_started() {
    let mut twin = Twin::ready();
    twin.set("record", Value::Switch(true));
    twin.run(Span::ms(500));
    assert_eq!(twin.observed("record"), []);
    twin.run(Span::secs(1));
    assert_eq!(twin.observed("record"), [(Value::Switch(true), How::Echo)]);
    twin.set("record", Value::Switch(true));
    twin.run(Span::secs(1));
    assert_eq!(twin.refused(), Vec::<String>::new(), "it runs already: that is as wanted");
    assert_eq!(twin.observed("record").len(), 2);
}

#[test]
fn what_obs_does_not_have_is_said_in_plain_words_before_the_show_needs_it() {
    let mut other = show().as_ref().clone();
    other.devices[0].patch.clear();
    for prop in &mut other.props {
        prop.args.clear();
    }
    let own = show();
    let mut twin = Twin::new(&own, &Arc::new(other));
    let names = twin.reports.iter().find_map(|report| match report {
        Report::Health(Facet { key, level: Level::Warn, text }) if &**key == "names" => Some(text.to_string()),
        _ => None,
    });
    let names = names.unwrap();
    assert!(names.contains("no scene \"Holding\"") && names.contains("no input \"Mic\""), "{names}");
    twin.set("program", Value::text("Holding"));
    twin.set("input/Mic/mute", Value::Switch(true));
    twin.set("auto", Value::Switch(true));
    twin.run(Span::ms(50));
    let words = twin.refused();
    assert!(words.contains(&"obs has no scene \"Holding\": check the name".to_owned()), "{words:?}");
    assert!(words.contains(&"obs has no input \"Mic\": check the name".to_owned()), "{words:?}");
    assert!(words.contains(&"obs is not in studio mode: there is no preview".to_owned()), "{words:?}");
}

#[test]
fn a_wrong_password_is_tried_once_and_a_person_is_asked() {
    let theirs = show();
    let mut own = theirs.as_ref().clone();
    own.devices[0].password = Some("wrong".into());
    let twin = Twin::new(&Arc::new(own), &theirs);
    let asked: Vec<_> = twin.reports.iter().filter(|report| matches!(report, Report::NeedsHuman { .. })).collect();
    assert_eq!(asked.len(), 1, "{:?}", twin.reports);
    assert!(twin.closed.contains(&WireId(0)) && twin.closed.contains(&WireId(1)));
    assert!(!twin.reports.iter().any(|report| matches!(report, Report::Online { .. })));
}

#[test]
fn a_lost_connection_is_told_once_and_nothing_is_sent_again_by_itself() {
    let mut twin = Twin::ready();
    twin.set("program", Value::text("Slides"));
    twin.flying.clear();
    twin.down(WireId(0), "connection reset");
    twin.down(WireId(1), "connection reset");
    let away = twin.reports.iter().filter(|report| matches!(report, Report::Offline { .. })).count();
    assert_eq!(away, 1);
    twin.sent.clear();
    twin.obs = Studio::new(Plan { show: &twin.show.clone(), device: DeviceIx(0) });
    twin.up();
    twin.run(Span::secs(2));
    assert!(twin.reports.contains(&Report::Synced));
    assert!(twin.sent.iter().all(|text| !text.contains("\"Set")), "{:?}", twin.sent);
    assert_eq!(twin.observed("program"), [(Value::text("cam"), How::Word)]);
}

fn any_text() -> impl Strategy<Value = String> {
    let word = prop_oneof![Just("sceneName"), Just("results"), Just("eventData"), Just("requestStatus"), Just("inputVolumeDb")];
    prop_oneof![
        ".{0,80}",
        (0_u64..12, word, "[0-9]{1,3}", -1e12_f64..1e12).prop_map(|(op, key, id, number)| {
            format!(
                "{{\"op\":{op},\"d\":{{\"requestId\":\"{id}\",\"requestType\":\"SetInputVolume\",\"eventType\":\"InputVolumeChanged\",\
                 \"requestStatus\":{{\"result\":true}},\"{key}\":{number},\"eventData\":{{\"inputName\":\"Music\",\"{key}\":{number}}},\
                 \"requestData\":{{\"inputName\":\"Music\",\"inputVolumeMul\":{number}}}}}}}"
            )
        }),
    ]
}

proptest! {
    #[test]
    fn any_text_is_taken_without_panic(texts in proptest::collection::vec((any_text(), 0_u8..3), 0..40)) {
        let mut twin = Twin::ready();
        for (text, wire) in texts {
            let event = || WireEvent::Data { wire: WireId(wire), from: None, payload: Payload::Text(&text) };
            let mut out = Out::new();
            twin.driver.handle(twin.now, event(), &mut out);
            twin.obs.handle(twin.now, event(), &mut out);
        }
    }
}
