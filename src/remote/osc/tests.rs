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
        show.remote.passcode = passcode.map(Into::into);
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

/// Every address that works as a button, and how many intents a press of it is.
const BUTTONS: [(&str, usize); 35] = [
    ("/go", 1),
    ("/list/main/go", 1),
    ("/go/confirm", 1),
    ("/stop", 1),
    ("/hardStop", 1),
    ("/escape", 1),
    ("/pause", 1),
    ("/resume", 1),
    ("/panic", 1),
    ("/reset", 1),
    ("/undo", 2),
    ("/hold", 1),
    ("/playhead/next", 1),
    ("/playhead/previous", 1),
    ("/playhead/none", 1),
    ("/playhead/13", 1),
    ("/offer/1/accept", 1),
    ("/offer/1/decline", 1),
    ("/close", 1),
    ("/chase/13", 1),
    ("/cue/13/load", 1),
    ("/cue/13/start", 1),
    ("/cue/13/stop", 1),
    ("/cue/13/pause", 1),
    ("/cue/13/resume", 1),
    ("/cue/1*/start", 3),
    ("/cue/active/panic", 1),
    ("/cue/selected/start", 1),
    ("/list/main/stop", 1),
    ("/list/main/hold", 1),
    ("/list/main/go/confirm", 1),
    ("/hot/f5", 1),
    ("/device/desk/release", 1),
    ("/light/unpark", 1),
    ("/light/clear", 1),
];

fn with_all() -> Bench {
    let mut bench = Bench::new(None);
    bench.show.hots.push(crate::show::Hot { key: "F5".into(), name: "hot".into(), cue: CueIx(0), restore: false });
    let text = "[show]\ntitle = \"T\"\nat_exit = \"leave\"\n[device.desk]\nprofile = \"generic-osc\"\naddress = \"127.0.0.1\"\n";
    bench.show.devices = crate::show::load_text(&[("show.toml".into(), text.into())]).show.unwrap().devices.clone();
    bench
}

#[test]
fn a_button_works_when_it_goes_down_in_every_type_and_never_when_it_comes_up() {
    let mut bench = with_all();
    for (address, count) in BUTTONS {
        for one in [OscType::Int(1), OscType::Long(1), OscType::Float(1.0), OscType::Double(1.0), OscType::Bool(true)] {
            let bare = bench.say(address, vec![]).0;
            assert_eq!(bare.len(), count, "{address}");
            assert_eq!(bench.say(address, vec![one.clone()]).0, bare, "{address} {one:?}");
        }
        for zero in [OscType::Int(0), OscType::Long(0), OscType::Float(0.0), OscType::Double(0.0), OscType::Bool(false)] {
            assert_eq!(bench.say(address, vec![zero.clone()]), (vec![], vec![]), "{address} {zero:?}");
        }
    }
}

#[test]
fn any_other_number_does_nothing_and_is_told_to_the_sender_and_the_caller() {
    let mut bench = with_all();
    let odd = [OscType::Int(20), OscType::Long(2), OscType::Float(0.5), OscType::Double(127.0), OscType::Int(-1), OscType::Float(f32::NAN)];
    for (address, _) in BUTTONS {
        for number in &odd {
            let (intents, replies) = bench.say(address, vec![number.clone()]);
            assert!(
                matches!(intents.as_slice(), [Intent::NotUnderstood { why }] if why.contains(address)),
                "{address} {number:?} {intents:?}"
            );
            assert_eq!(replies[0].1["status"], "error", "{address} {number:?}");
        }
    }
}

#[test]
fn text_names_a_cue_of_the_list_that_goes() {
    let mut bench = Bench::new(None);
    bench.show.lists.push(List { key: "sound".into(), name: "Sound".into(), cues: vec![CueIx(2)] });
    (bench.show.lists[0].cues, bench.show.cues[2].list) = (vec![CueIx(0), CueIx(1)], ListIx(1));
    let text = |text: &str| vec![OscType::String(text.into())];
    let go = |list: u16, cue: u32| {
        let list = ListIx(list);
        vec![Intent::Standby { list, cue: Some(CueIx(cue)) }, Intent::Go { list, seen: None }]
    };
    assert_eq!(bench.say("/go", text("12.5")).0, go(0, 1));
    assert_eq!(bench.say("/go", text("13")).0, go(1, 2), "the list of the cue, not the first one");
    assert_eq!(bench.say("/list/sound/go", text("13")).0, go(1, 2));
    for (address, name) in [("/go", "99"), ("/list/main/go", "13"), ("/go", "1.0"), ("/stop", "12.5"), ("/cue/1/start", "x")] {
        assert!(matches!(bench.say(address, text(name)).0.as_slice(), [Intent::NotUnderstood { .. }]), "{address} {name}");
    }
}

#[test]
fn switches_are_set_by_one_and_zero_and_nothing_else() {
    let mut bench = Bench::new(None);
    let arm = |armed| vec![Intent::Arm { cue: CueIx(0), armed }];
    assert_eq!(bench.say("/cue/1/armed", vec![OscType::Double(1.0)]).0, arm(true));
    assert_eq!(bench.say("/cue/1/armed", vec![OscType::Bool(false)]).0, arm(false));
    for address in ["/cue/1/armed", "/cue/1/skip", "/light/blackout", "/alwaysReply"] {
        let said = bench.say(address, vec![OscType::Float(0.3)]).0;
        assert!(matches!(said.as_slice(), [Intent::NotUnderstood { .. }]), "{address}");
    }
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
        let done = bench.say(address, args).0;
        assert!(done.iter().all(|intent| matches!(intent, Intent::NotUnderstood { .. })), "{address}");
    }
}
