//! A show, file names and arguments full of escape sequences: nothing of it reaches a terminal as more than text.

use std::path::Path;
use std::process::{Command, Output};

/// Escape sequences, C1 controls and an override of the direction, in every text that people read.
const SHOW: &str = r#"[show]
title = "T \u001b[31mRED\u001b]0;pwn\u0007 \u009b5m"
venue = "V \u001b[2J"
looks = "whole"
at_exit = "leave"
[safe]
tell = "x \u001b[5m"
[department.a]
name = "A \u202e rtl"
contact = "x\u001b[2J"
[device.d]
profile = "generic-osc"
address = "127.0.0.1"
port = 9801
name = "D \u001b[2J\u007f"
department = "a"
[device.node]
profile = "artnet-node"
address = "127.0.0.1"
port = 9802
[universe.1]
on = "node"
address = 1
[fixture.par]
profile = "generic-dimmer"
universe = 1
address = 1
[[cue]]
number = "1"
name = "cue \u001b[2Jname \u2067"
notes = "n \u001b[5m blink"
do = [{ send = { on = "d", address = "/o/1", args = ["\u001b[2J\u202e"] } }, { tell = "now \u001b[2J" }]
"#;

fn showcall(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_showcall")).args(arguments).current_dir(folder).output().unwrap()
}

/// Asserts that nothing in it acts on a terminal, and gives the text.
fn harmless(what: &[&str], output: &Output) -> String {
    let mut all = String::new();
    for bytes in [&output.stdout, &output.stderr] {
        let text = String::from_utf8(bytes.clone()).unwrap_or_else(|e| panic!("{what:?}: no text: {e}"));
        let acts =
            |c: &char| (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert_eq!(text.chars().find(acts), None, "{what:?}: {}", text.escape_debug());
        all.push_str(&text);
    }
    all
}

#[test]
fn no_subcommand_lets_a_show_act_on_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let (at, bad) = (folder.path(), "bad\u{1b}[2J");
    std::fs::create_dir_all(at.join("show")).unwrap();
    std::fs::write(at.join("show/show.toml"), SHOW).unwrap();
    std::fs::create_dir_all(at.join(bad)).unwrap();
    std::fs::write(at.join(bad).join("show.toml"), format!("{SHOW}\"colour\\u001b[2J\" = \"\\u009b5m\u{202e}\"\n")).unwrap();
    std::fs::create_dir_all(at.join("raw")).unwrap();
    std::fs::write(at.join("raw/show.toml"), format!("{SHOW}colour\u{1b}[2J = \"\u{9b}5m\u{202e}\"\n")).unwrap();
    let profile = "maker = \"M\\u001b[2J\"\nmodel = \"One \\u202e\"\nfamily = \"text\\u001b[2J\"\n[property.\"p\\u001b[2J\"]\ntype = 3\n";
    std::fs::create_dir_all(at.join("own")).unwrap();
    std::fs::write(at.join("own/one.toml"), profile).unwrap();
    let ofl = "{\"name\": \"L \\u001b[2J\", \"availableChannels\": {\"D \\u001b[2J\\u202e\": {\"capability\": {\"type\": \"Intensity\"}}}, \"modes\": [{\"name\": \"m\\u009b\", \"channels\": [\"D \\u001b[2J\\u202e\"]}]}";
    let named = format!("{bad}.json");
    std::fs::write(at.join(&named), ofl).unwrap();
    let runs: &[(&[&str], &str)] = &[
        (&["check", "show"], "\\u001b"),
        (&["check", "show", "--json"], "hidden-characters"),
        (&["check", bad], "\\u001b[2J"),
        (&["check", bad, "--json"], "\\u001b"),
        (&["check", "raw"], "colour\\u001b[2J"),
        (&["check", "raw", "--json"], "syntax"),
        (&["rehearse", "show"], "T \\u001b[31mRED"),
        (&["rehearse", "show", "--json"], "\\u001b"),
        (&["rehearse", bad], "\\u001b"),
        (&["patch", "show"], "\\u001b"),
        (&["patch", "show", "--json"], "par"),
        (&["run", "show", "--headless", "--simulate", "--play", "--osc", "127.0.0.1:0"], "ready"),
        (&["run", bad, "--headless"], "\\u001b"),
        (&["report", "show"], "cue \\u001b[2Jname"),
        (&["report", "show", "--json"], "\\u001b"),
        (&["replay", "show"], "the same as the original"),
        (&["report", bad], "\\u001b"),
        (&["attach", bad], ""),
        (&["profiles", "--profiles", "own"], "one"),
        (&["profiles", "one", "--profiles", "own"], ""),
        (&["import", "fixture", &named, "--to", "-"], "\\u001b"),
        (&["import", "patch", &named], "\\u001b"),
        (&["dmx", "play", &named], "\\u001b"),
        (&["new", bad], "\\u001b"),
        (&["simulator", "--show", bad, "--device", "d"], "\\u001b"),
        (&["simulator", "none\u{1b}[2J\u{202e}"], ""),
        (&["bench", bad], "\\u001b"),
        (&[bad], ""),
        (&["schema"], "{"),
    ];
    for (arguments, holds) in runs {
        let text = harmless(arguments, &showcall(at, arguments));
        assert!(text.contains(holds), "{arguments:?} says nothing of it: {text}");
    }
    let log = std::fs::read_to_string(at.join("show/journal/showcall.log")).unwrap();
    assert!(!log.contains('\u{1b}'), "{log}");
}
