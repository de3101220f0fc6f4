//! Every parser that reads what people, files or other machines wrote.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rosc::{OscBundle, OscMessage, OscPacket, OscTime, OscType};
use showcall::cli::families;
use showcall::devices::{Framing, artnet, discovery, family, osc, web};
use showcall::engine::{By, Effects, Engine, How, Input, Intent, KeyPhase, Mode, Report, Snapshot};
use showcall::links::framing::Cutter;
use showcall::links::random::SplitMix64;
use showcall::remote::artnet::Ear;
use showcall::remote::attach::{FromClient, FromServer};
use showcall::remote::midi::Ears;
use showcall::remote::osc::{OscOut, Port};
use showcall::show::{DeviceIx, ListIx, PropIx, Show, Value, fixture_text, load_text, profile_text};
use showcall::stage::journal::{Entry, FORMAT, Header, Record, hash, line, read};
use showcall::stage::rehearsal::read_faults;
use showcall::time::{Mono, Span};

use super::damage::{below, damaged};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files of a folder with this ending.
fn files(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let files = fs::read_dir(repository().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
    files.sort();
    files.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// One round in `rarely`, for what takes longer.
fn fuzz(name: &str, golden: &[Vec<u8>], rarely: u64, mut read: impl FnMut(&mut SplitMix64, &[u8])) {
    assert!(!golden.is_empty(), "{name} has no golden bytes");
    for bytes in golden {
        super::holds(name, 0, bytes, || read(&mut SplitMix64::new(0), bytes));
    }
    for round in 0..super::rounds() / rarely {
        let mut random = SplitMix64::new(round);
        let bytes = damaged(&mut random, golden);
        super::holds(name, round, &bytes, || read(&mut random, &bytes));
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A show with something of everything, and how it stands when it has begun.
fn good() -> (Arc<Show>, Snapshot) {
    let path = repository().join("shows/product-launch");
    let show = showcall::show::load(&path, &[]).show.unwrap();
    let (mut engine, mut effects) = (Engine::new(show.clone()), Effects::new());
    engine.step(Mono::ZERO, &Input::Begin { mode: Mode::Simulation }, &mut effects);
    let snapshot = engine.snapshot(Mono::ZERO);
    (show, snapshot)
}

#[test]
fn show_files() {
    let golden = [files("tests/shows/good", "toml"), files("shows/product-launch", "toml"), files("tests/fire", "toml")].concat();
    fuzz("show file", &golden, 10, |_, bytes| {
        let loaded = load_text(&[("show.toml".into(), text(bytes))]);
        assert_eq!(loaded.show.is_none(), loaded.has_errors());
        assert!(loaded.findings.iter().all(|finding| finding.span.0 + finding.span.1 <= text(bytes).len() + 1));
    });
}

#[test]
fn profiles_of_devices_and_fixtures_and_plans_of_faults() {
    fuzz("profile", &files("hardware-profiles", "toml"), 5, |_, bytes| {
        let text = text(bytes);
        if let Ok(profile) = profile_text::parse("p", &text) {
            let _ = families::faults(&profile, &text);
            if let Some(family) = family(&profile.family) {
                (family.check)(&profile);
            }
        }
    });
    fuzz("fixture", &files("hardware-profiles/fixtures", "toml"), 5, |_, bytes| {
        let text = text(bytes);
        let _ = (fixture_text::is_fixture(&text), fixture_text::parse("f", &text));
    });
    let (show, _) = good();
    let plan = format!("[[fault]]\nat = \"1m\"\ndevice = \"{}\"\nwhat = \"loss 20%\"\nfor = \"10s\"\n", show.devices[0].key);
    fuzz("plan of faults", &[plan.into_bytes()], 1, |_, bytes| drop(read_faults(&text(bytes), &show)));
}

#[test]
fn journals() {
    let sources: Arc<[(String, String)]> = vec![("show.toml".to_owned(), "[show]\ntitle = \"T\"\n".to_owned())].into();
    let hash = hash(&sources);
    let header = Header { format: FORMAT, showcall: "0.1.0".into(), run: 7, title: "T".into(), mode: Mode::Live, hash, sources };
    let go = Input::Intent { intent: Intent::Go { list: ListIx(0), seen: None }, by: By::Key(KeyPhase::Press) };
    let seen = Report::Observed { prop: PropIx(3), value: Value::Int(4), how: How::Word };
    let entries = [
        Entry::Header(Box::new(header)),
        Entry::Input(Input::Begin { mode: Mode::Live }),
        Entry::Input(go),
        Entry::Sending { action: showcall::engine::ActionId(1), device: DeviceIx(0) },
        Entry::Input(Input::Device { device: DeviceIx(0), report: seen }),
        Entry::Stage { text: "the terminal is gone".into() },
        Entry::End { why: "quit".into() },
    ];
    let mut journal = Vec::new();
    for (seq, entry) in (0..).zip(entries) {
        line::write(&Record { seq, mono: Mono(seq * 1000), entry }, &mut journal).unwrap();
    }
    let lines: Vec<Vec<u8>> = journal.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    fuzz("journal line", &lines, 1, |_, bytes| drop(line::read(bytes)));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run-0001.jsonl");
    fuzz("journal", &[journal], 5, |_, bytes| {
        fs::write(&file, bytes).unwrap();
        if let Ok(mut content) = read::file(&file) {
            content.settle();
            let _ = (content.last(), content.ended());
        }
    });
}

fn message(addr: &str, args: Vec<OscType>) -> OscPacket {
    OscPacket::Message(OscMessage { addr: addr.into(), args })
}

/// Messages of the remote control and of devices, and a bundle of them.
fn osc_packets() -> Vec<Vec<u8>> {
    let words = ["/go", "/cue/1/start", "/cue/*/name", "/workspaces", "/connect", "/showcall/panic", "/cue/selected/number", "/thump"];
    let mut packets: Vec<OscPacket> = words.iter().map(|word| message(word, vec![])).collect();
    packets.push(message("/go", vec![OscType::Int(1), OscType::Float(0.5), OscType::String("main".into()), OscType::Blob(vec![1, 2, 3])]));
    packets.push(message("/connect", vec![OscType::String("1234".into())]));
    let content = packets.clone();
    packets.push(OscPacket::Bundle(OscBundle { timetag: OscTime { seconds: 0, fractional: 1 }, content }));
    packets.iter().map(|packet| rosc::encoder::encode(packet).unwrap()).collect()
}

#[test]
fn osc_from_remotes_and_devices() {
    let (show, snapshot) = good();
    let (mut port, mut now) = (Port::new(&show), Mono::ZERO);
    fuzz("OSC", &osc_packets(), 1, |random, bytes| {
        osc::packet::decode(bytes, |_| ());
        let _ = osc::packet::message(bytes);
        now += Span::ms(random.below(500));
        let mut out = OscOut::default();
        port.handle(now, "10.0.0.7:53001".parse().unwrap(), bytes, &show, &snapshot, &mut out);
        assert!(out.replies.len() <= 4096, "{} replies to one datagram", out.replies.len());
    });
}

#[test]
fn midi_from_desks_and_tapes() {
    let (show, snapshot) = good();
    let golden: [&[u8]; 9] = [
        &[0x90, 60, 100],
        &[0x80, 60, 0],
        &[0xB0, 7, 64],
        &[0xC0, 5],
        &[0xF1, 0x35],
        &[0xF0, 0x7F, 0x7F, 2, 1, 1, b'1', b'2', 0, b'3', 0xF7],
        &[0xF0, 0x7F, 0x7F, 6, 2, 0xF7],
        &[0xF0, 0x7F, 0x7F, 6, 0x44, 6, 1, 0x21, 2, 3, 4, 0, 0xF7],
        &[0xF0, 0x7F, 0x7F, 1, 1, 0x21, 2, 3, 4, 0xF7],
    ];
    let golden: Vec<Vec<u8>> = golden.iter().map(|bytes| bytes.to_vec()).collect();
    let (mut ears, port) = (Ears::default(), Arc::from("desk"));
    fuzz("MIDI", &golden, 1, |_, bytes| drop(ears.hear(&show, &snapshot, &port, bytes)));
}

#[test]
fn what_is_said_to_a_show_by_art_net() {
    let text = "[show]\ntitle = \"T\"\nlooks = \"whole\"\nat_exit = \"leave\"\n[remote]\nartnet = \"127.0.0.1:6454\"\n[[trigger]]\nartnet = { macro = 5 }\n\
        go = true\n[[trigger]]\nartnet = { timecode = \"01:00:00:10\" }\nstop = true\n[[cue]]\nnumber = \"1\"\n";
    let show = load_text(&[("show.toml".into(), text.into())]).show.unwrap();
    let trigger = [&b"Art-Net\0\x00\x99\x00\x0e\x00\x00\xff\xff\x01\x05"[..], &[0; 512]].concat();
    let times = (9..12).map(|frame| [&b"Art-Net\0\x00\x97\x00\x0e\x00\x00"[..], &[frame, 0, 0, 1, 1]].concat());
    let golden: Vec<_> = times.chain([trigger]).collect();
    let mut ear = Ear::default();
    fuzz("Art-Net word", &golden, 1, |random, bytes| {
        if let Some(word) = artnet::word(bytes) {
            let now = Mono(random.below(10_000_000_000));
            drop(ear.hear(now, &show, std::net::Ipv4Addr::LOCALHOST.into(), word));
        }
    });
}

#[test]
fn lines_between_attached_consoles() {
    let (_, snapshot) = good();
    let intent = FromClient::Intent { intent: Intent::Go { list: ListIx(0), seen: None }, phase: KeyPhase::Press };
    let client = [FromClient::Attach { version: 1, name: "sound".into(), read_only: false }, intent, FromClient::Look(true)];
    let client: Vec<_> = client.iter().map(|line| serde_json::to_vec(line).unwrap()).collect();
    fuzz("line of a console", &client, 1, |_, bytes| drop(serde_json::from_slice::<FromClient>(bytes)));
    let hello = FromServer::Hello { version: 1, read_only: true, sources: vec![("show.toml".into(), "[show]".into())] };
    let cues = Some(snapshot.cues.clone());
    let lights = FromServer::Lights(vec![(0, Some("AAEC".into())), (3, None)]);
    let server =
        [hello, lights, FromServer::Snapshot { snapshot: Box::new(snapshot), cues }, FromServer::Busy, FromServer::Gone("over".into())];
    let server: Vec<_> = server.iter().map(|line| serde_json::to_vec(line).unwrap()).collect();
    fuzz("line of a stage", &server, 5, |_, bytes| drop(serde_json::from_slice::<FromServer>(bytes)));
}

/// An answer of multicast DNS with a pointer to a name that stands before it (RFC 1035, 4.1.4).
fn dns_answer() -> Vec<u8> {
    let mut bytes = vec![0, 0, 0x84, 0, 0, 0, 0, 2, 0, 0, 0, 0];
    bytes.extend_from_slice(b"\x0B_blackmagic\x04_tcp\x05local\0\x00\x0C\x00\x01\x00\x00\x00\x78\x00\x07\x04ATEM\xC0\x0C");
    bytes.extend_from_slice(b"\xC0\x2C\x00\x10\x00\x01\x00\x00\x00\x78\x00\x11\x10class=AtemSwitch");
    bytes
}

#[test]
fn answers_to_discovery() {
    let mut golden: Vec<Vec<u8>> = discovery::questions().into_iter().map(|question| question.bytes).collect();
    golden.push(dns_answer());
    golden.push(b"%2ACKN=00:11:22:33:44:55\r".to_vec());
    golden.push(
        rosc::encoder::encode(&message("/xinfo", ["10.0.0.3", "foh", "X32", "4.06"].map(|s| OscType::String(s.into())).to_vec())).unwrap(),
    );
    golden.push([&b"Art-Net\0\x00\x21"[..], &[10, 0, 0, 4, 0x36, 0x19], &[0; 223]].concat());
    let questions = discovery::questions();
    fuzz("answer to discovery", &golden, 1, |_, bytes| {
        for question in &questions {
            let answers = question.read(bytes, [10, 0, 0, 3].into());
            assert!(answers.len() <= 4096 && answers.iter().all(|answer| !answer.models.is_empty()), "{answers:?}");
        }
    });
}

#[test]
fn requests_and_streams() {
    let request = web::Request::json("POST", "/v1/cue", "{\"id\": 1}").bytes();
    fuzz("request", &[request, web::Request::get("/status").bytes()], 1, |_, bytes| drop(web::Request::read(bytes)));
    let golden =
        [osc_packets(), vec![b"one\r\ntwo\nthree\r".to_vec(), b"\0\0\0\x08/go\0,\0\0\0".to_vec(), b"\xC0/go\0,\0\0\0\xC0".to_vec()]]
            .concat();
    for framing in [Framing::Raw, Framing::OscLength, Framing::Slip, Framing::Lines] {
        let mut cutter = Cutter::new(framing);
        fuzz(&format!("stream of {framing:?}"), &golden, 1, |random, bytes| {
            let (first, second) = bytes.split_at(below(random, bytes.len() + 1));
            let done = cutter.push(first, |_| ()).and_then(|()| cutter.push(second, |_| ()));
            // A stream that makes no sense is closed, and the next one begins anew.
            if done.is_err() || random.percent(1) {
                cutter = Cutter::new(framing);
            }
        });
    }
}
