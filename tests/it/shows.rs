//! Example shows and profiles: what people copy from must be right.

use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rosc::{OscMessage, OscPacket, OscType};
use serde_json::Value as Json;
use showcall::cli::{families, schema};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of a name's ending below a folder, sorted.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn shows() -> Vec<PathBuf> {
    let all = files(&root().join("shows"), "toml");
    let shows: Vec<PathBuf> = all.into_iter().filter(|path| path.ends_with("show.toml")).collect();
    assert!(shows.len() >= 3, "the example shows are there");
    shows
}

fn profiles() -> Vec<PathBuf> {
    let mut all = files(&root().join("hardware-profiles"), "toml");
    all.extend(files(&root().join("shows"), "toml").into_iter().filter(|path| !path.ends_with("show.toml")));
    all
}

/// A TOML file as JSON; dates and times become text, as a schema has no others.
fn json(path: &Path) -> Json {
    let table: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    plain(toml::Value::Table(table))
}

fn plain(value: toml::Value) -> Json {
    match value {
        toml::Value::Datetime(at) => Json::from(at.to_string()),
        toml::Value::Array(items) => items.into_iter().map(plain).collect(),
        toml::Value::Table(table) => Json::Object(table.into_iter().map(|(key, value)| (key, plain(value))).collect()),
        other => serde_json::to_value(other).unwrap(),
    }
}

fn faults(schema: &str, instance: &Json) -> Vec<String> {
    let schema: Json = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(instance).map(|e| format!("{}: {e}", e.instance_path)).collect()
}

#[test]
fn every_example_show_passes_check_without_findings() {
    for path in shows() {
        assert_eq!(families::load(path.parent().unwrap(), &[]).findings, [], "{}", path.display());
    }
}

#[test]
fn every_example_show_rehearses_without_findings() {
    for path in shows() {
        let folder = path.parent().unwrap();
        let rehearsed = Command::new(env!("CARGO_BIN_EXE_showcall")).arg("rehearse").arg("--json").arg(folder).output().unwrap();
        let said = String::from_utf8(rehearsed.stdout).unwrap();
        let lines: Vec<Json> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let found: Vec<&Json> = lines.iter().filter(|line| line.get("finding").is_some()).collect();
        assert!(found.is_empty(), "{}: {found:?}", path.display());
        assert!(rehearsed.status.success(), "{}", path.display());
        let alone = |line: &&Json| line["event"] == "dev" && line["text"].as_str().is_some_and(|text| text.contains("slots"));
        assert_eq!(lines.iter().find(alone), None, "{}: nobody else is on the desk", path.display());
    }
}

#[test]
fn a_new_show_passes_check_without_findings() {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_showcall")).arg("new").arg(folder.path().join("first")).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert_eq!(families::load(&folder.path().join("first"), &[]).findings, []);
}

#[test]
fn every_example_show_is_valid_by_the_schema() {
    for path in shows() {
        assert_eq!(faults(schema::SHOW, &json(&path)), [""; 0], "{}", path.display());
    }
}

#[test]
fn every_profile_is_valid_by_the_schema() {
    for path in profiles() {
        assert_eq!(faults(schema::PROFILE, &json(&path)), [""; 0], "{}", path.display());
    }
}

#[test]
fn the_schema_refuses_what_check_refuses() {
    let base = "[show]\ntitle = \"x\"\n[[cue]]\nnumber = \"1\"\n";
    for (mistake, text) in [
        ("two verbs in one step", "do = [{ tell = \"a\", macro = \"b\" }]"),
        ("no verb in a step", "do = [{ after = \"1s\" }]"),
        ("an unknown key in a step", "do = [{ tell = \"a\", aftr = \"1s\" }]"),
        ("an unknown verb", "do = [{ tel = \"a\" }]"),
        ("an unknown key in a cue", "nubmer = \"2\""),
        ("a number that is no text", "id = 3"),
        ("a duration without unit", "wait = \"3\""),
        ("a fade to two places", "do = [{ fade = { on = \"foh\", to = \"0 dB\", by = \"1 dB\" } }]"),
    ] {
        let table: toml::Table = format!("{base}{text}").parse().unwrap();
        assert!(!faults(schema::SHOW, &plain(toml::Value::Table(table))).is_empty(), "{mistake}");
    }
}

#[test]
fn the_new_show_is_valid_by_the_schema() {
    assert_eq!(faults(schema::SHOW, &json(&root().join("src/cli/new/show.toml"))), [""; 0]);
}

/// Shows are TOML 1.0, which other programs read too.
#[test]
fn python_reads_every_example_show_and_profile() {
    let mut all = shows();
    all.extend(profiles());
    let script = "import sys, tomllib\nfor path in sys.argv[1:]:\n    with open(path, 'rb') as file:\n        tomllib.load(file)\n";
    let output = Command::new("python3").arg("-c").arg(script).args(&all).output().expect("python3 is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Shows and profiles in README, by the first line of their code block.
fn readme_blocks(start: &str) -> Vec<String> {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = readme.split("```toml\n").skip(1).filter_map(|block| block.split("```").next());
    blocks.filter(|block| block.starts_with(start)).map(str::to_owned).collect()
}

#[test]
fn the_shows_in_the_readme_are_valid_by_the_schema() {
    let blocks = readme_blocks("[show]");
    assert!(!blocks.is_empty(), "README has a first show");
    for block in blocks {
        let table: toml::Table = block.parse().unwrap();
        assert_eq!(faults(schema::SHOW, &plain(toml::Value::Table(table))), [""; 0], "{block}");
    }
}

/// A newcomer who copies README's haze machine gets no findings, with the profile where README says it goes.
#[test]
fn the_device_in_the_readme_passes_check_without_findings() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("profiles")).unwrap();
    let profiles = readme_blocks("maker = \"Acme\"");
    std::fs::write(folder.path().join("profiles/acme-haze.toml"), &profiles[0]).unwrap();
    let shows = readme_blocks("[show]");
    assert!(shows.iter().any(|show| show.contains("acme-haze")));
    for show in shows {
        std::fs::write(folder.path().join("show.toml"), &show).unwrap();
        assert_eq!(families::load(folder.path(), &[]).findings, [], "{show}");
    }
}

/// The haze machine of README, at its wire: answers questions with its level, keeps what it was told.
fn haze_machine(socket: &UdpSocket, over: &AtomicBool) -> Vec<(String, Vec<OscType>)> {
    let (mut told, mut level, mut bytes) = (Vec::new(), 0.0, [0; 1024]);
    socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    while !over.load(Ordering::Relaxed) {
        let Ok((size, from)) = socket.recv_from(&mut bytes) else { continue };
        let Ok((_, OscPacket::Message(message))) = rosc::decoder::decode_udp(&bytes[..size]) else { continue };
        match message.args.as_slice() {
            [] => {
                let answer = OscMessage { addr: message.addr, args: vec![OscType::Float(level)] };
                socket.send_to(&rosc::encoder::encode(&OscPacket::Message(answer)).unwrap(), from).unwrap();
                continue;
            }
            [OscType::Float(to)] => level = *to,
            _ => {}
        }
        told.push((message.addr, message.args));
    }
    told
}

/// The same, run for real: what README's cues say arrives, once each, and the level is proven.
#[test]
fn the_device_in_the_readme_fires_on_the_first_try() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("profiles")).unwrap();
    std::fs::write(folder.path().join("profiles/acme-haze.toml"), &readme_blocks("maker = \"Acme\"")[0]).unwrap();
    let show = readme_blocks("[show]").into_iter().find(|show| show.contains("acme-haze")).unwrap();
    let show = show.replace("address = \"127.0.0.1\"", &format!("address = \"127.0.0.1\"\nport = {port}"));
    std::fs::write(folder.path().join("show.toml"), show).unwrap();
    let over = AtomicBool::new(false);
    let (run, told) = std::thread::scope(|scope| {
        let device = scope.spawn(|| haze_machine(&socket, &over));
        let run = Command::new(env!("CARGO_BIN_EXE_showcall"))
            .args(["run", "--headless", "--play", "--fresh", "--osc", "127.0.0.1:0", "--journal"])
            .arg(folder.path().join("journal"))
            .arg(folder.path())
            .output()
            .unwrap();
        over.store(true, Ordering::Relaxed);
        (run, device.join().unwrap())
    });
    let events = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{events}{}", String::from_utf8_lossy(&run.stderr));
    let wanted = [("/haze/level".to_owned(), vec![OscType::Float(0.4)]), ("/haze/purge".to_owned(), vec![OscType::Int(1)])];
    assert_eq!(told, wanted, "{events}");
    assert!(events.lines().any(|line| line.contains("\"confirmed\"") && line.contains("cue 1 ")), "{events}");
}

/// The lift of README suits its family, and a show can move it.
#[test]
fn the_text_device_in_the_readme_passes_check_without_findings() {
    let text = &readme_blocks("maker = \"Bolt\"")[0];
    let profile = showcall::show::profile_text::parse("bolt-lift", text).unwrap();
    assert_eq!((showcall::devices::family("text").unwrap().check)(&profile), [""; 0]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("profiles")).unwrap();
    std::fs::write(folder.path().join("profiles/bolt-lift.toml"), text).unwrap();
    let show = "[show]\ntitle = \"Lift\"\nlooks = \"whole\"\nat_exit = \"leave\"\n[safe]\nset = { on = \"lift\", property = \"height\", value = 0 }\n[device.lift]\nprofile = \"bolt-lift\"\naddress = \"127.0.0.1\"\n\
        [[cue]]\nnumber = \"1\"\nname = \"Up\"\ndo = [{ set = { on = \"lift\", property = \"height\", value = 40 } }]\n";
    std::fs::write(folder.path().join("show.toml"), show).unwrap();
    assert_eq!(families::load(folder.path(), &[]).findings, []);
}

/// The table of keys as README must have it.
fn key_table() -> String {
    use showcall::console::Context;
    let place = |context: &Context| match context {
        Context::Show => "show",
        Context::Devices => "devices",
        Context::Guarded => "guarded",
        Context::Lights => "lights",
        Context::Offers => "offers",
        Context::Help => "help",
        Context::Confirm => "second key",
        Context::Undo => "undo",
        Context::Chase => "go-to",
        Context::Find | Context::Quit => "typing",
    };
    let mut table = String::from("| key | where | what it does |\n|---|---|---|\n");
    for line in showcall::console::table() {
        let everywhere = line.contexts.contains(&Context::Show) && line.contexts.len() > 1;
        let mut places: Vec<_> = line.contexts.iter().map(place).collect();
        places.dedup();
        let places = if everywhere { String::new() } else { places.join(", ") };
        table += &format!("| `{}` | {places} | {} |\n", line.shown, line.doc);
    }
    table
}

#[test]
fn the_keys_in_the_readme_are_those_of_the_console() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let table = key_table();
    assert!(readme.contains(&table), "README's table of keys is not the program's; it must be:\n\n{table}");
}

#[test]
fn a_rehearsal_finds_a_plan_that_does_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let show = r#"
[show]
title = "Tight"
date = 2026-11-27
hard_out = "20:00"
looks = "whole"
at_exit = "leave"
[[cue]]
number = "1"
name = "Talk"
at = "19:00"
length = "40m"
[[cue]]
number = "2"
name = "Panel"
at = "19:35"
length = "30m"
"#;
    std::fs::write(folder.path().join("show.toml"), show).unwrap();
    let rehearsed = Command::new(env!("CARGO_BIN_EXE_showcall")).arg("rehearse").arg(folder.path()).output().unwrap();
    let said = String::from_utf8(rehearsed.stdout).unwrap();
    assert!(said.contains("cue 2: planned at 19:35:00, but what is before it ends 5m later"), "{said}");
    assert!(said.contains("the show ends 10m after the hard out at 20:00:00"), "{said}");
    assert!(said.contains("start 2        Panel, planned 19:35"), "{said}");
    assert!(rehearsed.status.success(), "a plan may be tight");
}
