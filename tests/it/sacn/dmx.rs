//! `showcall dmx`: what another desk sends is shown, kept and sent again.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value as Json;
use showcall::devices::dmx::tape::{Event, Reader};
use showcall::time::Span;

use crate::common::lan::{Lan, inside};
use crate::common::script::Script;
use crate::common::signal;

const SHOWCALL: &str = env!("CARGO_BIN_EXE_showcall");
/// Frames of each source of the recording below, and the time between two.
const FRAMES: u64 = 60;
const EVERY_NS: u64 = 25_000_000;

/// A desk on sACN universe 3, another on Art-Net 0:0:5, both in motion.
fn recording() -> String {
    let mut text = "showcall dmx recording 1\n# made by hand\nsource 1 sacn 10.9.0.2 FOH desk\nsource 2 artnet 10.9.0.2 \n".to_owned();
    for frame in 0..FRAMES {
        let at = frame * EVERY_NS;
        text += &format!("{at} 1 3 130 512 1:{frame:02x},512:{:02x}\n", 255 - frame);
        text += &format!("{} 2 5 100 20 {}\n", at + 1_000_000, if frame % 2 == 0 { "2:ff" } else { "=" });
    }
    text + &format!("{} 1 3 end\nend {} {}\n", FRAMES * EVERY_NS, FRAMES * EVERY_NS + 100_000_000, 2 * FRAMES)
}

/// Time, priority and slots.
type Frame = (Span, u8, Vec<u8>);

/// The frames of a recording by protocol and universe.
fn frames(file: &Path) -> BTreeMap<(&'static str, u16), Vec<Frame>> {
    let mut reader = Reader::default();
    let mut frames: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in std::fs::read_to_string(file).unwrap().lines() {
        if let Some(Event::Frame { at, source, universe, priority, slots }) = reader.line(line).unwrap() {
            frames.entry((reader.sources()[source].protocol.word(), universe)).or_default().push((at, priority, slots));
        }
    }
    assert!(reader.is_over(), "{}: it has its last line", file.display());
    frames
}

#[test]
#[ignore = "needs network namespaces"]
fn a_recording_is_played_recorded_again_and_the_same() {
    inside(a_recording_is_played_recorded_again_and_the_same, || {
        let lan = Lan::up();
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("first.dmx"), folder.path().join("second.dmx"));
        std::fs::write(&first, recording()).unwrap();
        let mut record = Command::new(SHOWCALL);
        record.args(["dmx", "record", "--json", "--interface", "10.9.0.1"]).arg(&second);
        let mut record = record.stdout(Stdio::piped()).spawn().unwrap();
        let mut said =
            BufReader::new(record.stdout.take().unwrap()).lines().map(|line| serde_json::from_str::<Json>(&line.unwrap()).unwrap());
        assert_eq!(said.next().unwrap()["event"], "recording");
        let mut play = lan.there(SHOWCALL);
        play.args(["dmx", "play", "--json", "--artnet", "10.9.0.255", "--interface", "10.9.0.2"]).arg(&first);
        let played = play.output().unwrap();
        assert!(played.status.success(), "{played:?}");
        let played: Json = serde_json::from_slice(played.stdout.split(|b| *b == b'\n').nth(1).unwrap()).unwrap();
        println!("{played}");
        assert_eq!((&played["event"], &played["failed"]), (&Json::from("played"), &Json::from(0)));
        assert!(signal("INT", record.id()));
        assert!(record.wait().unwrap().success());
        assert_eq!(said.next().unwrap()["frames"], 2 * FRAMES);
        let (ours, theirs) = (frames(&second), frames(&first));
        assert_eq!(ours.keys().collect::<Vec<_>>(), [&("artnet", 5), &("sacn", 3)]);
        for (universe, ours) in &ours {
            let theirs = &theirs[universe];
            let levels = |frames: &[Frame]| frames.iter().map(|(_, priority, slots)| (*priority, slots.clone())).collect::<Vec<_>>();
            assert_eq!(levels(ours), levels(theirs), "{universe:?}");
            let since = |frame: &Frame, first: &Frame| frame.0.0 - first.0.0;
            let off = |(one, other): (&Frame, &Frame)| since(one, &ours[0]).abs_diff(since(other, &theirs[0]));
            let mut errors: Vec<u64> = ours.iter().zip(theirs).map(off).collect();
            errors.sort_unstable();
            println!(
                "{universe:?}: half of all frames within {} us, all within {} us",
                errors[errors.len() / 2] / 1000,
                errors[errors.len() - 1] / 1000
            );
        }
        let text = std::fs::read_to_string(&second).unwrap();
        assert!(text.contains("source 1 sacn 10.9.0.2 showcall plays FOH desk\n"), "{text}");
        assert!(text.lines().any(|line| line.ends_with(" 1 3 end")), "the end of the universe is kept too");
    });
}

#[test]
#[ignore = "needs sacn (Python)"]
fn watching_tells_who_sends_what_and_who_wins() {
    inside(watching_tells_who_sends_what_and_who_wins, || {
        let lan = Lan::up();
        let sender = |priority, level| {
            let script = Script::python(&lan, "sacn", "sacn_sender.py", &["10.9.0.2", "70", priority, level]);
            script.until("it sends", |line| line["event"] == "sending");
            script
        };
        let (_high, _low) = (sender("150", "77"), sender("90", "99"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("light.dmx");
        std::fs::write(&file, recording()).unwrap();
        let mut play = lan.there(SHOWCALL);
        play.args(["dmx", "play", "--artnet", "10.9.0.255", "--interface", "10.9.0.2", "--times", "20"]).arg(&file);
        let mut play = play.stdout(Stdio::null()).spawn().unwrap();
        let watch = |arguments: &[&str]| {
            let mut watch = Command::new(SHOWCALL);
            watch.args(["dmx", "watch", "--interface", "10.9.0.1", "--sacn", "1-8,70", "--seconds", "3"]).args(arguments).output().unwrap()
        };
        let json = watch(&["--json"]);
        assert!(json.status.success(), "{json:?}");
        let last: Json = serde_json::from_str(String::from_utf8(json.stdout).unwrap().lines().last().unwrap()).unwrap();
        let of = |protocol: &str, universe: u16| {
            let universes = last["universes"].as_array().unwrap();
            universes.iter().find(|u| u["protocol"] == protocol && u["universe"] == universe).unwrap_or_else(|| panic!("{last:#}")).clone()
        };
        let both = of("sacn", 70);
        assert_eq!(both["levels"].as_array().unwrap(), &vec![Json::from(77); 512], "the higher priority wins");
        let sources = both["sources"].as_array().unwrap();
        let winner = sources.iter().find(|source| source["wins"] == true).unwrap();
        assert_eq!((&winner["name"], &winner["from"], &winner["priority"]), (&"Python desk".into(), &"10.9.0.2".into(), &150.into()));
        assert!(sources.len() == 2 && winner["rate"].as_f64().unwrap() > 0.5, "{both:#}");
        assert_eq!(of("sacn", 3)["sources"][0]["name"], "showcall plays FOH desk");
        let artnet = of("artnet", 5);
        assert_eq!((&artnet["address"], &artnet["sources"][0]["priority"]), (&"0:0:5".into(), &Json::Null));
        let table = String::from_utf8(watch(&[]).stdout).unwrap();
        assert!(table.contains("sACN 70") && table.contains("stands by") && table.contains("Art-Net 0:0:5"), "{table}");
        crate::common::lan::end(&mut play);
    });
}

#[test]
fn what_cannot_be_played_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let play = |text: &str, arguments: &[&str]| -> Output {
        let file = folder.path().join("file.dmx");
        std::fs::write(&file, text).unwrap();
        Command::new(SHOWCALL).args(["dmx", "play"]).arg(file).args(arguments).output().unwrap()
    };
    let refused = |output: &Output, code: i32, words: &str| {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(words), "{said}");
    };
    refused(&play("GIF89a…\n", &[]), 1, "line 1: it is no recording of showcall");
    refused(&play("", &[]), 1, "it is empty");
    refused(&play(&"x".repeat(100_000), &[]), 1, "line 1 is longer");
    let begun = "showcall dmx recording 1\nsource 1 artnet 10.9.0.2 \n0 1 5 100 2 1:ff\n";
    refused(&play(begun, &[]), 2, "say where it goes, --artnet HOST");
    let cut = play(begun, &["--artnet", "127.0.0.1:9"]);
    assert!(cut.status.success() && String::from_utf8_lossy(&cut.stderr).contains("was cut off"), "{cut:?}");
    refused(&play(&format!("{begun}nonsense\n"), &["--artnet", "127.0.0.1:9"]), 1, "line 4: ");
    let there = folder.path().join("file.dmx");
    let record = Command::new(SHOWCALL).args(["dmx", "record", "--interface", "127.0.0.1", "--seconds", "1"]).arg(there).output().unwrap();
    refused(&record, 2, "is there already");
}
