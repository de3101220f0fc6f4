//! A show that was edited between a kill and `--adopt` stands where it stood.

use std::time::Duration;

use super::receiver::Receiver;
use super::run::{self, Run};
use super::show;

#[test]
fn an_edited_show_takes_the_killed_run_over_and_goes_on_from_its_own_journal() {
    let (device, node) = (Receiver::new(), Receiver::new());
    let folder = show::write(device.port(), node.port(), 4);
    let mut first = Run::start(folder.path(), "--fresh");
    first.ready();
    first.say("/go");
    device.wait_for("/once/1");
    first.kill();
    let path = folder.path().join("show.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let cue = |number: &str| format!("[[cue]]\nnumber = \"{number}\"\n");
    assert!(text.contains(&cue("2")), "{text}");
    // A cue goes in before NEXT, and NEXT gets another name.
    let edited = format!("{}name = \"inserted\"\n\n{}notes = \"now with notes\"\n", cue("1.5"), cue("2"));
    std::fs::write(&path, text.replace(&cue("2"), &edited)).unwrap();

    let mut adopted = Run::start(folder.path(), "--adopt");
    let ready = adopted.ready();
    assert_eq!(ready["resumed"], true);
    assert!(ready["notices"][0].as_str().unwrap().contains("the changed show took over from run-0001.jsonl"), "{ready}");
    adopted.say("/go");
    device.wait_for("/once/2");
    // Longer than the guard after a GO.
    adopted.live(Duration::from_millis(600), |_| {});
    adopted.kill();

    // Its journal begins with what was taken over: it resumes without the old one.
    std::fs::remove_file(folder.path().join("journal/run-0001.jsonl")).unwrap();
    let mut again = Run::start(folder.path(), "--resume");
    again.ready();
    again.say("/go");
    device.wait_for("/once/3");
    let events = again.terminate();
    assert!(events.iter().any(|event| event["event"] == "over" && event["good"] == true), "{events:?}");
    assert!(run::replays(folder.path()), "the replay of the journal differs from it");
    let got = device.finish();
    assert_eq!(got.iter().filter(|got| got.is("/once/1") || got.is("/once/2")).count(), 2, "nothing came twice");
    node.finish();
}
