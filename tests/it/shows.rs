//! Example shows and profiles: what people copy from must be right.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;
use showcall::cli::{families, schema};

use crate::common::peer::program;
use crate::common::schema_faults;

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

/// What the schema says against a file, a line each.
fn faults_of_file(schema: &str, path: &Path) -> Vec<String> {
    schema_faults(schema, &std::fs::read_to_string(path).unwrap())
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
        assert_eq!(faults_of_file(schema::SHOW, &path), [""; 0], "{}", path.display());
    }
}

#[test]
fn every_profile_is_valid_by_the_schema() {
    for path in profiles() {
        assert_eq!(faults_of_file(schema::PROFILE, &path), [""; 0], "{}", path.display());
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
        assert!(!schema_faults(schema::SHOW, &format!("{base}{text}")).is_empty(), "{mistake}");
    }
}

#[test]
fn the_new_show_is_valid_by_the_schema() {
    assert_eq!(faults_of_file(schema::SHOW, &root().join("src/cli/new/show.toml")), [""; 0]);
}

/// Shows are TOML 1.0, which other programs read too.
#[test]
#[ignore = "needs Python 3.11"]
fn python_reads_every_example_show_and_profile() {
    program("python3");
    let mut all = shows();
    all.extend(profiles());
    let script = "import sys, tomllib\nfor path in sys.argv[1:]:\n    with open(path, 'rb') as file:\n        tomllib.load(file)\n";
    let output = Command::new("python3").arg("-c").arg(script).args(&all).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
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
