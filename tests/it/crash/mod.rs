//! `kill -9` at random instants of a running show, each resumed: at the receivers no momentary action comes twice,
//! and every final state is right.
//!
//! The show is real and headless, driven by OSC; what it sends goes to sockets of this test that stand for an OSC device and an Art-Net
//! node and write down what they get. 20 kills on every push, as many as `SHOWCALL_KILLS` says otherwise.

mod adopt;
pub mod receiver;
pub mod run;
pub mod show;

use std::collections::BTreeMap;
use std::time::Duration;

use receiver::{Got, Receiver};
use run::Run;
use serde_json::Value as Json;

/// A seeded sequence: the same kills for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn kills() -> u64 {
    std::env::var("SHOWCALL_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

/// What the journal says of the run.
struct AsRun {
    /// Cues in the order in which they started.
    started: Vec<String>,
    /// (cue, step from 1) and how its action ended.
    actions: BTreeMap<(String, u32), Vec<String>>,
}

impl AsRun {
    fn of(events: &[Json]) -> Self {
        let (mut started, mut actions) = (Vec::new(), BTreeMap::<_, Vec<_>>::new());
        for event in events {
            match event["event"].as_str() {
                Some("cue_started") => started.push(event["cue"].as_str().unwrap().to_owned()),
                Some("action") => {
                    if let Some((cue, step)) = step_of(event["why"].as_str().unwrap()) {
                        actions.entry((cue, step)).or_default().push(event["outcome"].as_str().unwrap().to_owned());
                    }
                }
                _ => {}
            }
        }
        Self { started, actions }
    }

    fn outcome(&self, cue: &str, step: u32) -> &[String] {
        self.actions.get(&(cue.to_owned(), step)).map_or(&[], Vec::as_slice)
    }
}

/// `cue 7 "seven" step 2` → (`7`, 2).
fn step_of(why: &str) -> Option<(String, u32)> {
    let (cue, rest) = why.strip_prefix("cue ")?.split_once(" \"")?;
    let step = rest.rsplit_once("\" step ")?.1.parse().ok()?;
    Some((cue.to_owned(), step))
}

#[test]
fn killed_at_random_instants_and_resumed_nothing_comes_twice_and_nothing_is_lost() {
    let (device, node) = (Receiver::new(), Receiver::new());
    let cues = kills() * 20;
    let folder = show::write(device.port(), node.port(), cues);
    let mut chance = Chance(std::env::var("SHOWCALL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(7));
    let mut next = 1;
    let mut first = true;
    for _ in 0..kills() {
        let mut run = Run::start(folder.path(), if first { "--fresh" } else { "--resume" });
        // One in four is killed while it starts or resumes, the others while they run.
        if chance.below(4) > 0 {
            run.ready();
        }
        let lives = Duration::from_micros(chance.below(300_000));
        run.live(lives, |say| {
            if next <= cues {
                say(&format!("/cue/{next}/start"));
                next += 1;
            }
        });
        run.kill();
        // Killed before its first line was written, there is no run to go on with yet.
        first = !show::has_run(folder.path());
    }
    let mut run = Run::start(folder.path(), if first { "--fresh" } else { "--resume" });
    run.ready();
    run.say("/cue/end/start");
    device.wait_for("/once/end");
    let events = run.terminate();
    assert!(events.iter().any(|event| event["event"] == "over" && event["good"] == true), "{events:?}");
    judge(&AsRun::of(&run::report(folder.path())), &device.finish(), &node.finish());
    assert!(run::replays(folder.path()), "the replay of the journal differs from it");
}

fn judge(run: &AsRun, device: &[Got], node: &[Got]) {
    assert!(run.started.len() > 1, "no cue was started at all: the test proves nothing");
    let mut sent = 0;
    for cue in &run.started {
        for (step, address) in [(1, format!("/once/{cue}")), (2, format!("/late/{cue}"))] {
            if cue == "end" && step == 2 {
                continue;
            }
            let came = device.iter().filter(|got| got.is(&address)).count();
            let outcome = run.outcome(cue, step);
            let certain = !outcome.iter().any(|how| ["uncertain", "held", "skipped"].contains(&how.as_str()));
            assert!(came <= 1, "{address} came {came} times: {outcome:?}");
            assert!(came == 1 || !certain, "{address} never came, and the journal says {outcome:?}");
            sent += came;
        }
    }
    assert!(sent > 0);
    let known = |address: &str| run.started.iter().any(|cue| address.strip_prefix("/once/") == Some(cue));
    let strange = device.iter().filter_map(Got::address).find(|address| address.starts_with("/once/") && !known(address));
    assert_eq!(strange, None, "it came, and the journal knows nothing of its cue");
    let last = run.started.iter().rev().find(|cue| *cue != "end").unwrap();
    let number: i32 = last.parse().unwrap();
    let level = device.iter().rev().find_map(|got| got.int("/level/main"));
    assert_eq!(level, Some(number), "the level that cue {last} wants");
    let slot = node.iter().rev().find_map(Got::slot);
    let wanted = show::slot(number);
    // Percent to slot may round either way; two looks are more than two steps apart.
    assert!(slot.is_some_and(|slot| slot.abs_diff(wanted) <= 1), "the lamp of cue {last}: {slot:?}, wanted {wanted}");
}
