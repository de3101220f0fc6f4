//! Journal folders in every bad state.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use crate::crash::receiver::Receiver;
use crate::crash::run::Run;
use crate::crash::show;

/// Starts it on this journal until it ends by itself.
fn start(show: &Path, how: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_showcall"));
    command.args(["run", "--headless", "--osc", "127.0.0.1:0", "--journal"]).args([&show.join("journal"), show]).args(how);
    command.output().unwrap()
}

fn says(output: &Output, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
    assert!(!text.contains("panicked"), "{text}");
}

#[test]
fn a_journal_that_cannot_be_used_is_refused_with_words_before_anything_is_sent() {
    let (device, node) = (Receiver::new(), Receiver::new());
    let folder = show::write(device.port(), node.port(), 3);
    let journal = folder.path().join("journal");
    says(&start(folder.path(), &["--resume"]), &["no run to go on with"]);
    // A first line that was never written.
    fs::write(journal.join("run-0001.jsonl"), "").unwrap();
    says(&start(folder.path(), &[]), &["run-0001.jsonl", "--fresh"]);
    fs::write(journal.join("run-0001.jsonl"), "\0\0\0\0\0\0\0\0").unwrap();
    says(&start(folder.path(), &["--resume"]), &["run-0001.jsonl", "--fresh"]);
    fs::write(journal.join("run-0001.jsonl"), "{\"seq\":0}\n").unwrap();
    says(&start(folder.path(), &["--adopt"]), &["run-0001.jsonl", "--fresh"]);
    let mut fresh = Run::start(folder.path(), "--fresh");
    let ready = fresh.ready();
    assert!(ready["journal"].as_str().unwrap().ends_with("run-0002.jsonl"), "{ready}");
    // A second process on the same journal.
    says(&start(folder.path(), &["--resume"]), &["another showcall", "process", "--journal"]);
    fresh.terminate();
    // It ended in order: nobody may go on with it without being told to.
    says(&start(folder.path(), &[]), &["ended in order", "--resume", "--fresh"]);
    // The folder's name is a file's.
    fs::remove_dir_all(&journal).unwrap();
    fs::write(&journal, "no folder").unwrap();
    says(&start(folder.path(), &["--fresh"]), &["journal", "--journal DIR"]);
    fs::remove_file(&journal).unwrap();
    fs::create_dir(&journal).unwrap();
    fs::set_permissions(&journal, fs::Permissions::from_mode(0o500)).unwrap();
    // Root may write everywhere: then there is nothing to see here.
    if fs::write(journal.join("probe"), "").is_err() {
        says(&start(folder.path(), &["--fresh"]), &["journal", "--journal DIR"]);
    }
    fs::set_permissions(&journal, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(device.finish().is_empty(), "nothing was sent");
    node.finish();
}

#[test]
fn a_run_whose_journal_is_torn_and_damaged_is_resumed_and_says_what_is_missing() {
    let (device, node) = (Receiver::new(), Receiver::new());
    let folder = show::write(device.port(), node.port(), 3);
    let path = folder.path().join("journal/run-0001.jsonl");
    let mut run = Run::start(folder.path(), "--fresh");
    run.ready();
    run.say("/cue/1/start");
    device.wait_for("/late/1");
    run.terminate();
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // It did not end; a line in the middle is damaged; the last one is torn.
    lines.pop();
    let at = lines.len() - 2;
    lines[at] = lines[at].replace("\"seq\":", "\"sEq\":");
    let torn = lines.pop().unwrap();
    fs::write(&path, format!("{}\n{}", lines.join("\n"), &torn[..torn.len() / 2])).unwrap();
    let mut again = Run::start(folder.path(), "--resume");
    let ready = again.ready();
    assert_eq!(ready["resumed"], true);
    assert!(!ready["notices"].as_array().unwrap().is_empty(), "{ready}");
    again.say("/cue/2/start");
    device.wait_for("/once/2");
    let events = again.terminate();
    assert!(events.iter().any(|event| event["event"] == "over" && event["good"] == true), "{events:?}");
    let got = device.finish();
    assert_eq!(got.iter().filter(|got| got.is("/once/1") || got.is("/late/1")).count(), 2, "nothing came twice");
    node.finish();
}
