#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use proptest::prelude::*;
use rosc::OscType;
use serde_json::Value as Json;

use super::*;
use crate::engine::{CueFlags, ListView};
use crate::show::{Cue, CueIx, List, ListIx, Target};

fn cue(number: &str) -> Cue {
    Cue {
        id: number.into(),
        number: number.into(),
        name: format!("cue {number}").into(),
        list: ListIx(0),
        parent: None,
        group: None,
        call: vec![],
        standby: None,
        notes: None,
        at: None,
        start_at: None,
        planned: None,
        wait: crate::time::Span::ZERO,
        auto: None,
        armed: true,
        skip: false,
        quick: false,
        sustain: false,
        confirm: false,
        steps: vec![],
        line: 1,
    }
}

struct Bench {
    show: Show,
    snapshot: Snapshot,
    port: Port,
}

impl Bench {
    fn new(passcode: Option<&str>) -> Self {
        let mut show = Show { title: "Test".into(), cues: vec![cue("1"), cue("12.5"), cue("13")], ..Show::default() };
        show.lists = vec![List { key: "main".into(), name: "Main".into(), cues: vec![CueIx(0), CueIx(1), CueIx(2)] }];
        show.remote.passcode = passcode.map(Arc::from);
        let snapshot = Snapshot {
            lists: vec![ListView { next: Some(CueIx(1)), ..ListView::default() }],
            cues: vec![CueFlags { armed: true, ..CueFlags::default() }; 3],
            ..Snapshot::default()
        };
        let port = Port::new(&show);
        Self { show, snapshot, port }
    }

    fn say(&mut self, address: &str, args: Vec<OscType>) -> (Vec<Intent>, Vec<(String, Json)>) {
        let packet = OscPacket::Message(OscMessage { addr: address.into(), args });
        self.bytes(&rosc::encoder::encode(&packet).unwrap())
    }

    fn bytes(&mut self, bytes: &[u8]) -> (Vec<Intent>, Vec<(String, Json)>) {
        let mut out = OscOut::default();
        let from = "127.0.0.1:9000".parse().unwrap();
        self.port.handle(Mono(5), from, bytes, &self.show, &self.snapshot, &mut out);
        let replies = out.replies.iter().map(|(_, bytes)| read(bytes)).collect();
        (out.intents, replies)
    }
}

fn read(bytes: &[u8]) -> (String, Json) {
    let Ok((_, OscPacket::Message(message))) = rosc::decoder::decode_udp(bytes) else { panic!("no message") };
    let Some(OscType::String(text)) = message.args.first() else { panic!("no text") };
    (message.addr, serde_json::from_str(text).unwrap())
}

const MAIN: ListIx = ListIx(0);

#[test]
fn go_in_every_form_that_controllers_send() {
    let go = vec![Intent::Go { list: MAIN, seen: None }];
    let mut bench = Bench::new(None);
    assert_eq!(bench.say("/go", vec![]).0, go);
    assert_eq!(bench.say("/workspace/anything/go", vec![]).0, go);
    assert_eq!(bench.say("/list/main/go", vec![]).0, go);
    assert_eq!(bench.bytes(b"/go\0").0, go, "no type tags");
    assert_eq!(bench.bytes(b"/go").0, go, "no padding either");
    assert_eq!(bench.say("/go", vec![OscType::String("13".into())]).0.len(), 2);
}

#[test]
fn cues_are_started_and_stopped_by_number() {
    let mut bench = Bench::new(None);
    assert_eq!(bench.say("/cue/12.5/start", vec![]).0, [Intent::Start { cue: CueIx(1) }]);
    assert_eq!(bench.say("/cue/12.5/stop", vec![]).0, [Intent::Stop { target: Target::Cue(CueIx(1)) }]);
    assert_eq!(bench.say("/cue/1*/stop", vec![]).0.len(), 3);
    assert_eq!(bench.say("/playhead/13", vec![]).0, [Intent::Standby { list: MAIN, cue: Some(CueIx(2)) }]);
    assert_eq!(bench.say("/cue/selected/start", vec![]).0, [Intent::Start { cue: CueIx(1) }]);
}

#[test]
fn an_unknown_cue_or_address_is_an_error_with_words() {
    let mut bench = Bench::new(None);
    for (address, word) in [
        ("/cue/99/start", "no cue 99"),
        ("/playhead/99", "no cue 99"),
        ("/frobnicate", "not an address"),
        ("/device/desk/take", "no device"),
    ] {
        let (intents, replies) = bench.say(address, vec![]);
        assert!(intents.is_empty(), "{address}");
        assert_eq!(replies[0].1["status"], "error", "{address}");
        assert!(replies[0].1["data"].as_str().unwrap().contains(word), "{address}: {}", replies[0].1);
    }
}

#[test]
fn replies_come_when_asked_for_and_where_asked() {
    let mut bench = Bench::new(None);
    assert!(bench.say("/go", vec![]).1.is_empty());
    bench.say("/alwaysReply", vec![OscType::Int(1)]);
    let (_, replies) = bench.say("/go", vec![]);
    assert_eq!(replies[0].0, "/reply/go");
    assert_eq!(replies[0].1["status"], "ok");
    let mut out = OscOut::default();
    let from = "127.0.0.1:9000".parse().unwrap();
    let go = rosc::encoder::encode(&OscPacket::Message(OscMessage { addr: "/thump".into(), args: vec![] })).unwrap();
    bench.port.handle(Mono(6), from, &go, &bench.show, &bench.snapshot, &mut out);
    assert_eq!(out.replies[0].0.port(), 53001);
    bench.say("/udpReplyPort", vec![OscType::Int(0)]);
    bench.port.handle(Mono(7), from, &go, &bench.show, &bench.snapshot, &mut out);
    assert_eq!(out.replies[1].0.port(), 9000);
}

#[test]
fn nothing_is_done_without_the_passcode() {
    let mut bench = Bench::new(Some("0420"));
    let (intents, replies) = bench.say("/go", vec![]);
    assert!(intents.is_empty());
    assert_eq!(replies[0].1["status"], "denied");
    assert_eq!(bench.say("/cueLists", vec![]).1[0].1["status"], "denied");
    assert_eq!(bench.say("/connect", vec![OscType::String("1".into())]).1[0].1["data"], "badpass");
    assert!(bench.say("/go", vec![]).0.is_empty());
    assert_eq!(bench.say("/connect", vec![OscType::String("0420".into())]).1[0].1["data"], "ok:view|edit|control");
    assert_eq!(bench.say("/go", vec![]).0.len(), 1);
}

#[test]
fn a_guesser_of_passcodes_is_not_listened_to() {
    let mut bench = Bench::new(Some("0420"));
    for _ in 0..5 {
        bench.say("/connect", vec![OscType::String("x".into())]);
    }
    assert!(bench.say("/connect", vec![OscType::String("0420".into())]).1.is_empty());
}

#[test]
fn a_go_after_panic_says_what_to_do() {
    let mut bench = Bench::new(None);
    bench.snapshot.phase = Phase::Panicked;
    let (intents, replies) = bench.say("/go", vec![]);
    assert_eq!(intents.len(), 1, "the engine refuses it and journals that");
    assert!(replies[0].1["data"].as_str().unwrap().contains("/reset"));
}

#[test]
fn questions_are_answered_from_the_snapshot() {
    let mut bench = Bench::new(None);
    assert_eq!(bench.say("/playhead", vec![]).1[0].1["data"], "12.5");
    assert_eq!(bench.say("/cueLists", vec![]).1[0].1["data"][0]["cues"][1]["number"], "12.5");
    assert_eq!(bench.say("/cue/1/armed", vec![]).1[0].1["data"], true);
    assert_eq!(bench.say("/cue/1/armed", vec![OscType::Int(0)]).0, [Intent::Arm { cue: CueIx(0), armed: false }]);
    let keys = OscType::String("[\"number\",\"isRunning\",\"type\"]".into());
    assert_eq!(bench.say("/cue_id/13/valuesForKeys", vec![]).1[0].1["status"], "error");
    assert_eq!(bench.say("/cue/13/valuesForKeys", vec![keys]).1[0].1["data"]["type"], "Memo");
}

#[test]
fn how_late_it_is_can_be_asked() {
    let mut bench = Bench::new(None);
    for (cue, hour) in bench.show.cues.iter_mut().zip(19..) {
        cue.at = Some(jiff::civil::time(hour, 0, 0, 0));
    }
    bench.show.hard_out = Some(jiff::civil::time(21, 30, 0, 0));
    // 1970-01-01 20:05; cue 1 was four minutes late, and 12.5 is five minutes overdue.
    let minute = |minute: u64| Mono(minute * 60_000_000_000);
    (bench.snapshot.now, bench.snapshot.wall) = (minute(1205), crate::time::Wall(1205 * 60_000_000_000));
    bench.snapshot.cues[0].started = Some(minute(1144));
    bench.snapshot.lists[0].last = Some((CueIx(0), minute(1144)));
    let day = bench.say("/rundown", vec![]).1.remove(0).1["data"].take();
    assert_eq!((&day["late"], &day["end"], &day["hardOut"]), (&300.0.into(), &"21:05:00".into(), &"21:30:00".into()));
    assert_eq!((&day["cues"][0]["actualStart"], &day["cues"][0]["late"]), (&"19:04:00".into(), &240.0.into()));
    assert_eq!(bench.say("/list/main/rundown", vec![]).1[0].1["data"], day);
    assert_eq!(bench.say("/list/nowhere/rundown", vec![]).1[0].1["status"], "error");
    assert_eq!(bench.say("/cue/13/projectedStart", vec![]).1[0].1["data"], "21:05:00");
    assert_eq!(bench.say("/cue/13/plannedStart", vec![]).1[0].1["data"], "21:00:00");
    assert_eq!(bench.say("/cue/13/actualStart", vec![]).1[0].1["data"], Json::Null);
}

#[test]
fn a_bundle_is_read_in_order_and_to_a_limit() {
    let message = |addr: &str| OscPacket::Message(OscMessage { addr: addr.into(), args: vec![] });
    let timetag = rosc::OscTime { seconds: 0, fractional: 1 };
    let mut content = vec![message("/cue/1/start"), message("/cue/13/start")];
    content.extend((0..200).map(|_| message("/cue/1/stop")));
    let bundle = OscPacket::Bundle(rosc::OscBundle { timetag, content });
    let (intents, _) = Bench::new(None).bytes(&rosc::encoder::encode(&bundle).unwrap());
    assert_eq!(intents[..2], [Intent::Start { cue: CueIx(0) }, Intent::Start { cue: CueIx(2) }]);
    assert_eq!(intents.len(), BUNDLE_MAX);
}

#[test]
fn an_id_that_is_not_the_number_names_its_cue() {
    let mut bench = Bench::new(None);
    bench.show.cues[2].id = "walk-on".into();
    assert_eq!(bench.say("/cue_id/walk-on/start", vec![]).0, [Intent::Start { cue: CueIx(2) }]);
}

proptest! {
    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Bench::new(None).bytes(&bytes);
    }

    #[test]
    fn any_address_is_taken(address in "/[a-z0-9/*\\[{}]{0,40}", n in any::<i32>()) {
        let _ = Bench::new(None).say(&address, vec![OscType::Int(n)]);
    }
}

#[test]
fn a_bundle_in_a_bundle_as_deep_as_a_datagram_goes_is_dropped() {
    let mut deep = b"/go\0,\0\0\0".to_vec();
    while deep.len() < 65_000 {
        let size = u32::try_from(deep.len()).unwrap().to_be_bytes();
        deep = [b"#bundle\0\0\0\0\0\0\0\0\x01".as_slice(), &size, &deep].concat();
    }
    let mut port = Port::new(&Show::default());
    let mut out = OscOut::default();
    // As small a stack as a thread may have: nesting that is followed would end the process.
    let thread = std::thread::Builder::new().stack_size(512 * 1024).spawn(move || {
        port.handle(Mono(0), ([127, 0, 0, 1], 9).into(), &deep, &Show::default(), &Snapshot::default(), &mut out);
        out
    });
    assert!(thread.unwrap().join().unwrap().intents.is_empty());
}

#[test]
fn what_lies_over_the_lights_has_addresses_of_its_own() {
    use crate::engine::{Lamps, LightOrder};
    use crate::light::Find;
    let mut bench = Bench::new(None);
    let mut rig = crate::show::Rig::default();
    rig.groups.push(crate::show::FixtureGroup { key: "front".into(), parts: vec![] });
    bench.show.rig = Arc::new(rig);
    let one = |order| vec![Intent::Lights { order }];
    assert_eq!(bench.say("/light/grand", vec![OscType::Float(0.5)]).0, one(LightOrder::Grand { level: 32_768 }));
    assert_eq!(bench.say("/light/blackout", vec![OscType::Int(1)]).0, one(LightOrder::Blackout { on: true }));
    assert_eq!(bench.say("/light/master/front", vec![OscType::Float(1.0)]).0, one(LightOrder::Master { group: 0, level: 65_535 }));
    let lamps = Lamps::Group(0);
    assert_eq!(bench.say("/light/park/front", vec![]).0, one(LightOrder::Park { lamps, on: true }));
    assert_eq!(bench.say("/light/locate/front", vec![OscType::Int(0)]).0, one(LightOrder::Find { lamps, how: None }));
    assert_eq!(bench.say("/light/highlight/front", vec![]).0, one(LightOrder::Find { lamps, how: Some(Find::Highlight) }));
    for (address, args) in
        [("/light/grand", vec![OscType::Float(1.5)]), ("/light/master/back", vec![OscType::Float(0.5)]), ("/light", vec![])]
    {
        assert_eq!(bench.say(address, args).0, vec![], "{address}");
    }
}
