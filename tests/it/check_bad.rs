//! Every show in `tests/shows/bad/` has one mistake. Its first line names the rule, and the rendered finding is a snapshot.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use showcall::cli::findings::{Look, render, summary};
use showcall::show::{self, Severity};

use crate::common::snapshot;

fn bad_shows() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shows/bad");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    files
}

#[test]
fn each_mistake_is_named_by_its_rule_alone() {
    let files = bad_shows();
    assert!(files.len() >= 40, "{} files", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let expected: BTreeSet<&str> = text.lines().next().and_then(|line| line.strip_prefix("# expect: ")).unwrap().split(',').collect();
        let loaded = show::load(&file, &[]);
        let found: BTreeSet<&str> = loaded.findings.iter().map(|finding| finding.code).collect();
        if found != expected {
            wrong.push(format!("{}: {:#?}", file.display(), loaded.findings));
        }
        assert_eq!(loaded.show.is_none(), loaded.has_errors(), "{}", file.display());
        for finding in &loaded.findings {
            // What a value must be is its own remedy; every other rule says what to do.
            let remedy = finding.help.as_ref().is_some_and(|help| !help.is_empty()) || ["value", "duration"].contains(&finding.code);
            assert!(remedy, "{} has no remedy: {}", file.display(), finding.message);
            assert!(!finding.message.ends_with('.') && !finding.message.starts_with(char::is_uppercase), "{}", finding.message);
            assert!(finding.line > 0, "{}", file.display());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn findings_look_as_a_person_reads_them() {
    for file in bad_shows() {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let loaded = show::load(&file, &[]);
        let text = format!("{}{}\n", render(&loaded, Look::Plain), summary(&loaded)).replace(env!("CARGO_MANIFEST_DIR"), "");
        snapshot(&format!("bad__{name}"), &text);
    }
}

#[test]
fn many_mistakes_in_one_file_are_all_reported() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shows/bad");
    let text = r##"
[show]
title = "Many"
timezone = "Mars/Olympus"
looks = "hole"
unheard = 1

[department.sound]

[device.desk]
profile = "desk"
address = "10.0.0.300"
department = "sund"
channels = { host = 99, ceo = 2 }

[device.ghost]
profile = "nothing-like-it"

[fixture.spot]
profile = "par"
universe = 7
address = 1

[[cue]]
number = "2"
stanby = "1s"
do = [
    { mute = { on = "desk", channel = "seo" } },
    { after = "-2s", mute = { on = "deks", channel = "ceo" } },
    { fade = { on = "desk", channel = "ceo", to = "40 dB", over = "1" } },
    { tkae = { on = "desk" } },
    { cue = { start = "99" } },
    { macro = "none" },
]

[[cue]]
number = "1"
auto = "sometimes"
call = { sond = "1" }

[[cue]]
number = "1"
"##;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("show.toml"), text).unwrap();
    let loaded = show::load(dir.path(), &[folder.join("profiles")]);
    let mut codes: Vec<&str> = loaded.findings.iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    snapshot("check_bad__many_mistakes_in_one_file_are_all_reported", &codes.join("\n"));
    let lines: Vec<u32> = loaded.findings.iter().map(|finding| finding.line).collect();
    assert!(lines.is_sorted(), "in the order of the text: {lines:?}");
    assert!(loaded.findings.iter().any(|finding| finding.severity == Severity::Warning));
    assert!(loaded.show.is_none());
}
