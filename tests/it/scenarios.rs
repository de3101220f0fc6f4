//! Each file of `tests/scenarios` holds sentences of the night's rules as scenarios: cues, then at t an input or what must be so.
//!
//! A line of a script is `time word …`. Effects are looked at from the last input on; time passes by ticks only.
//! Words that give something: `go`, `go sound` (a list), `press`, `release`, `osc go`, `osc:4001 go` (another port of that host), `confirm`, `start 2`, `hot F1`, `stop`, `stop 2`, `esc`, `panic`, `panic!`,
//! `reset`, `pause`, `resume`, `undo`, `undo!`, `undo! program`, `standby 2`, `back`, `chase 3`, `chase! 0 1`, `close`, `hold`, `arm 2`, `disarm 2`,
//! `skip 2`, `lay grand 50`, `own desk released`, `accept`, `decline`, `key desk/power on`, `quit`, `wall 19:29:30` (UTC; `1h`: its zone's offset), `stalled 5s`, `crash`, and of devices `online desk`,
//! `offline desk`, `synced desk`, `restarted desk`, `human desk`, `sent P`, `saw P V` (a hand), `echo P V`, `land P V` (sent, then seen),
//! `acked P`, `refused P`, `notnow P 40s`, `progress P 3s`; of other people's desks `art …` and `midi …` ([`heard::Heard`]).
//! Words that demand something begin with `=`; see [`Run::demand`].

mod heard;

use std::path::Path;
use std::sync::Arc;

use showcall::engine::*;
use showcall::show::{self, CueIx, Db, DeviceIx, HotIx, ListIx, PropIx, Show, Target, Transport, Value};
use showcall::time::{Mono, Span, Wall};

const MAIN: ListIx = ListIx(0);

struct Run {
    show: Arc<Show>,
    engine: Engine,
    now: Mono,
    out: Effects,
    /// Every command that was not a read, to answer for.
    given: Vec<Command>,
    heard: heard::Heard,
}

fn value(word: &str) -> Value {
    match word {
        "on" => Value::Switch(true),
        "off" => Value::Switch(false),
        "silent" => Value::Level(Db::OFF),
        _ if word.ends_with("dB") => Value::Level(Db::parse(word).unwrap()),
        _ if word.contains('.') => Value::Decimal((word.parse::<f64>().unwrap() * 1e6).round() as i64),
        _ => match word.split_once(':') {
            Some((clip, state)) => Value::Transport(Transport { clip: Some(clip.into()), looping: false, playing: state == "playing" }),
            None => Value::Int(word.parse().unwrap()),
        },
    }
}

impl Run {
    fn new(text: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
        let base = std::fs::read_to_string(folder.join("base.toml")).unwrap();
        let profile = std::fs::read_to_string(folder.join("profiles/test-desk.toml")).unwrap();
        let switcher = std::fs::read_to_string(folder.join("profiles/test-switcher.toml")).unwrap();
        let sources =
            [("show.toml".to_owned(), base + text), ("test-desk.toml".to_owned(), profile), ("test-switcher.toml".to_owned(), switcher)];
        let loaded = show::load_text(&sources);
        let errors: Vec<_> = loaded.findings.iter().filter(|f| f.severity == show::Severity::Error).collect();
        let show = loaded.show.unwrap_or_else(|| panic!("the scenario's show has errors: {errors:#?}"));
        let engine = Engine::new(Arc::clone(&show));
        let mut run =
            Self { show, engine, now: Mono::ZERO + Span::secs(100), out: Vec::new(), given: Vec::new(), heard: Default::default() };
        run.give(&Input::Begin { mode: Mode::Rehearsal });
        for device in 0..run.show.devices.len() {
            let device = DeviceIx(device as u16);
            run.give(&Input::Device { device, report: Report::Online { identity: None } });
            run.give(&Input::Device { device, report: Report::Synced });
        }
        run.out.clear();
        run
    }

    fn give(&mut self, input: &Input) {
        let from = self.out.len();
        self.engine.step(self.now, input, &mut self.out);
        for effect in &self.out[from..] {
            if let Effect::Send { command, .. } = effect {
                assert!(command.due <= self.now, "a command before its due time");
                if command.op != Op::Read {
                    self.given.push(command.clone());
                }
            }
        }
    }

    fn input(&mut self, input: &Input) {
        self.out.clear();
        self.give(input);
    }

    fn by(&mut self, intent: Intent, by: By) {
        self.input(&Input::Intent { intent, by });
    }

    fn device(&mut self, device: DeviceIx, report: Report) {
        self.input(&Input::Device { device, report });
    }

    fn prop(&self, name: &str) -> PropIx {
        let (device, path) = name.split_once('/').unwrap();
        let device = self.show.device_by_key(device).unwrap();
        self.show.prop_by_path(device, path).unwrap_or_else(|| panic!("no property {name}"))
    }

    fn cue(&self, number: &str) -> CueIx {
        self.show.cue_by_number(number).unwrap_or_else(|| panic!("no cue {number}"))
    }

    fn dev(&self, key: &str) -> DeviceIx {
        self.show.device_by_key(key).unwrap()
    }

    /// The newest command of a property that travels or sets.
    fn newest(&self, prop: PropIx) -> ActionId {
        let wants = |c: &&Command| c.prop == prop && matches!(c.op, Op::Set { .. } | Op::Fade { .. });
        self.given.iter().rev().find(wants).unwrap_or_else(|| panic!("nothing was sent to {}", self.show.prop(prop).path)).action
    }

    fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (time, words) = words.split_first().unwrap();
        let at = Mono::ZERO + Span::secs(100) + Span::parse(time).unwrap();
        assert!(at >= self.now, "time goes on: {line}");
        if words[0] == "stalled" || words[0] == "crash" {
            return self.away(at, words);
        }
        if at > self.now {
            self.now = at;
            self.give(&Input::Tick);
        }
        match words.split_first().unwrap() {
            (&"=", words) => self.demand(words, line),
            (word, rest) => self.act(word, rest),
        }
    }

    /// Time passed without a tick: a stall, or a crash and a resume from the state before.
    fn away(&mut self, at: Mono, words: &[&str]) {
        let since = self.now;
        self.now = at;
        if words[0] == "stalled" {
            return self.input(&Input::Stalled { since });
        }
        let ids =
            |key: &str| -> Vec<ActionId> { words.iter().filter_map(|w| w.strip_prefix(key)).map(|p| self.newest(self.prop(p))).collect() };
        let resumed = Resumed { alive_until: since, sent: ids("sent="), begun: ids("begun=") };
        let text = serde_json::to_string(&self.engine.checkpoint()).unwrap();
        let checkpoint: Checkpoint = serde_json::from_str(&text).unwrap();
        self.engine = Engine::restore(Arc::clone(&self.show), checkpoint).unwrap();
        self.input(&Input::Resumed(resumed));
    }

    fn act(&mut self, word: &str, rest: &[&str]) {
        let first = rest.first().copied().unwrap_or_default();
        let legacy = By::Key(KeyPhase::Legacy);
        let target = |run: &Self| match first {
            "" => Target::All,
            "list" => Target::List(MAIN),
            number => Target::Cue(run.cue(number)),
        };
        let go = Intent::Go { list: MAIN, seen: None };
        let intent = match word {
            "wall" => {
                let time = first.split(':').fold(0, |sum: i64, part| sum * 60 + part.parse::<i64>().unwrap());
                let wall = Wall((20_000 * 86_400 + time) * 1_000_000_000);
                let utc_offset = rest.get(1).map_or(0, |hours| hours.trim_end_matches('h').parse::<i32>().unwrap() * 3600);
                return self.input(&Input::Clock { wall, utc_offset });
            }
            "go" if first.is_empty() => go,
            "go" => match self.show.lists.iter().position(|list| &*list.key == first) {
                Some(list) => Intent::Go { list: ListIx(list as u16), seen: None },
                None => Intent::Go { list: MAIN, seen: Some(self.cue(first)) },
            },
            "press" => return self.by(go, By::Key(KeyPhase::Press)),
            "release" => return self.by(Intent::GoReleased, By::Key(KeyPhase::Release)),
            "osc" if first == "go" => return self.by(go, By::Osc("127.0.0.1:4000".into())),
            "osc:4001" => return self.by(go, By::Osc("127.0.0.1:4001".into())),
            "osc" => {
                let cue = Some(self.cue(rest[1]));
                return self.by(Intent::Standby { list: MAIN, cue }, By::Osc("127.0.0.1:4000".into()));
            }
            "confirm" => Intent::GoConfirm { list: MAIN },
            "start" => Intent::Start { cue: self.cue(first) },
            "hot" => Intent::Hot { hot: HotIx(self.show.hots.iter().position(|h| &*h.key == first).unwrap() as u16) },
            "stop" => Intent::Stop { target: target(self) },
            "pause" => Intent::Pause { target: target(self) },
            "resume" => Intent::Resume { target: target(self) },
            "esc" => Intent::Escape,
            "panic" => Intent::Panic { now: false },
            "panic!" => Intent::Panic { now: true },
            "reset" => Intent::Reset,
            "undo" => Intent::Undo { confirm: false, program: false },
            "undo!" => Intent::Undo { confirm: true, program: first == "program" },
            "standby" => Intent::Standby { list: MAIN, cue: Some(self.cue(first)) },
            "back" => Intent::Move { list: MAIN, by: -1 },
            "chase" => Intent::Chase { list: MAIN, cue: self.cue(first) },
            "chase!" => Intent::ChaseGo { ticked: rest.iter().map(|n| n.parse().unwrap()).collect() },
            "close" => Intent::Close,
            "hold" => Intent::HoldAuto { list: MAIN },
            "arm" | "disarm" => Intent::Arm { cue: self.cue(first), armed: word == "arm" },
            "skip" => Intent::Skip { cue: self.cue(first), skip: true },
            "own" => {
                let ownership = match rest[1] {
                    "live" => Ownership::Live,
                    "released" => Ownership::Released,
                    _ => Ownership::Bypassed,
                };
                Intent::Own { device: self.dev(first), ownership }
            }
            "accept" => Intent::Accept { offer: self.engine.snapshot(self.now).offers.last().expect("an offer").id },
            "decline" => Intent::Decline { offer: self.engine.snapshot(self.now).offers.last().expect("an offer").id },
            "key" => Intent::Guarded { prop: self.prop(first), value: value(rest[1]) },
            "quit" => Intent::Quit,
            "lay" => return self.lay(rest, legacy),
            "art" => {
                let called = self.heard.artnet(self.now, &self.show, rest);
                return self.called(called);
            }
            "midi" => {
                let called = self.heard.midi(&self.show, &self.engine.snapshot(self.now), rest);
                return self.called(called);
            }
            _ => return self.report(word, rest),
        };
        self.by(intent, legacy);
    }

    /// Somebody else's desk wants something, or nothing.
    fn called(&mut self, called: Vec<(Intent, By)>) {
        self.out.clear();
        for (intent, by) in called {
            self.give(&Input::Intent { intent, by });
        }
    }

    /// `lay grand 50`, `lay blackout on`, `lay master all 50`, `lay park lamp on`, `lay find lamp highlight`.
    fn lay(&mut self, rest: &[&str], by: By) {
        let percent = |word: &str| (word.parse::<u32>().unwrap() * 65_535 / 100) as u16;
        let rig = &self.show.rig;
        let group = |key: &str| rig.groups.iter().position(|g| *g.key == *key).map(|at| at as u16);
        let lamps = |key: &str| match rig.fixtures.iter().position(|f| *f.key == *key) {
            Some(at) => Lamps::Fixture(at as u32),
            None => group(key).map_or(Lamps::All, Lamps::Group),
        };
        let order = match rest {
            ["grand", level] => LightOrder::Grand { level: percent(level) },
            ["blackout", on] => LightOrder::Blackout { on: *on == "on" },
            ["master", key, level] => LightOrder::Master { group: group(key).unwrap(), level: percent(level) },
            ["park", key, on] => LightOrder::Park { lamps: lamps(key), on: *on == "on" },
            ["find", key, how] => {
                let how = match *how {
                    "highlight" => Some(showcall::light::Find::Highlight),
                    "locate" => Some(showcall::light::Find::Locate),
                    _ => None,
                };
                LightOrder::Find { lamps: lamps(key), how }
            }
            other => panic!("what is lay {other:?}"),
        };
        self.by(Intent::Lights { order }, by);
    }

    fn report(&mut self, word: &str, rest: &[&str]) {
        let plain = match word {
            "online" => Some(Report::Online { identity: None }),
            "offline" => Some(Report::Offline { why: "no answer for 5s".into() }),
            "synced" => Some(Report::Synced),
            "restarted" => Some(Report::Restarted),
            "human" => Some(Report::NeedsHuman { why: "wrong password".into() }),
            _ => None,
        };
        if let Some(report) = plain {
            return self.device(self.dev(rest[0]), report);
        }
        let prop = self.prop(rest[0]);
        let device = self.show.prop(prop).device;
        let see = |how| Report::Observed { prop, value: value(rest[1]), how };
        let report = match word {
            "saw" => see(How::Word),
            "echo" => see(How::Echo),
            "land" => {
                let action = self.newest(prop);
                self.out.clear();
                self.give(&Input::Device { device, report: Report::Sent { action, value: Some(value(rest[1])) } });
                return self.give(&Input::Device { device, report: see(How::Echo) });
            }
            "sent" => Report::Sent { action: self.newest(prop), value: None },
            "acked" => Report::Acked { action: self.newest(prop) },
            "refused" => Report::Refused { action: self.newest(prop), why: "no".into() },
            "notnow" => Report::NotNow { action: self.newest(prop), why: "warming".into(), retry_after: Span::parse(rest[1]).unwrap() },
            "progress" => Report::Progress { action: self.newest(prop), done: 500_000, eta: Some(Span::parse(rest[1]).unwrap()) },
            other => panic!("what is {other}"),
        };
        self.device(device, report);
    }

    fn demand(&self, words: &[&str], line: &str) {
        let view = self.engine.snapshot(self.now);
        let rest = words[1..].join(" ");
        let told = |text: &str| assert!(text.contains(&rest), "{line}: it says {text:?}");
        match words[0] {
            "next" => {
                let next = view.lists[0].child.or(view.lists[0].next);
                let next = next.map_or("end".into(), |c| self.show.cue(c).number.to_string());
                assert_eq!(next, rest, "{line}");
            }
            "line" => told(view.line.as_ref().map_or("", |l| &l.text)),
            "alert" => told(&view.alerts.iter().map(|a| a.text.to_string()).collect::<Vec<_>>().join("\n")),
            "offer" => told(&view.offers.iter().map(|o| format!("{:?} {}", o.kind, o.text)).collect::<Vec<_>>().join("\n")),
            "prompt" => told(&format!("{:?}", view.prompt)),
            "action" => told(&view.actions.iter().map(|a| format!("{} {:?}", a.text, a.state)).collect::<Vec<_>>().join("\n")),
            "ready" => told(&format!("{:?}", view.lists[0].not_ready)),
            "refused" => {
                let notes = self.out.iter().filter_map(|e| match e {
                    Effect::Note(Note::RefusedIntent { why }) => Some(why.to_string()),
                    _ => None,
                });
                told(&notes.collect::<Vec<_>>().join("\n"));
            }
            "auto" => {
                let auto = view.lists[0].auto.as_ref();
                let text = auto.map_or("none".to_owned(), |a| match a.due {
                    Some(due) => due.since(self.now).to_string(),
                    None if a.held => "held".into(),
                    None => "waits".into(),
                });
                assert_eq!(text, rest, "{line}");
            }
            "clock" => {
                let text = view.lists[0]
                    .clock
                    .map_or("none".to_owned(), |(cue, due)| format!("{} in {}", self.show.cue(cue).number, due.since(self.now)));
                assert_eq!(text, rest, "{line}");
            }
            "guard" => {
                let text = view.lists[0].guard_until.map_or("none".to_owned(), |until| until.since(self.now).to_string());
                assert_eq!(text, rest, "{line}");
            }
            "phase" => assert_eq!(format!("{:?}", view.phase).to_lowercase(), rest, "{line}"),
            "runs" => {
                let mut runs: Vec<_> = view.running.iter().map(|r| self.show.cue(r.cue).number.to_string()).collect();
                runs.sort();
                assert_eq!(runs.join(" "), rest, "{line}");
            }
            "started" => {
                let started = self.out.iter().filter_map(|e| match e {
                    Effect::Note(Note::CueStarted { cue }) => Some(self.show.cue(*cue).number.to_string()),
                    _ => None,
                });
                assert_eq!(started.collect::<Vec<_>>().join(" "), rest, "{line}");
            }
            "level" | "out" => {
                let (ix, board) = (show::ParamIx(words[1].parse().unwrap()), self.engine.board());
                let is = if words[0] == "out" { board.output(ix, self.now) } else { board.level(ix, self.now) };
                let percent = (u64::from(is) * 100 + u64::from(u32::MAX / 2)) / u64::from(u32::MAX);
                assert_eq!(percent, words[2].parse::<u64>().unwrap(), "{line} (in per cent)");
            }
            "slot" => {
                let (at, mut slots) = (words[1].parse::<usize>().unwrap(), [0; 512]);
                showcall::light::Renderer::new(self.engine.board()).render(self.engine.board(), self.now, 0, &mut slots);
                assert_eq!(slots[at - 1], words[2].parse::<u8>().unwrap(), "{line}");
            }
            "lit" => assert!(self.engine.drives(self.dev(words[1])), "{line}"),
            "dark" => assert!(!self.engine.drives(self.dev(words[1])), "{line}"),
            "no" => self.demand_no(words[1], &words[2..], line),
            _ => self.demand_effect(words, line),
        }
    }

    fn demand_no(&self, what: &str, rest: &[&str], line: &str) {
        let view = self.engine.snapshot(self.now);
        match what {
            "offer" => assert!(view.offers.is_empty(), "{line}: {:?}", view.offers),
            "alert" => assert!(view.alerts.is_empty(), "{line}: {:?}", view.alerts),
            "prompt" => assert_eq!(view.prompt, None, "{line}"),
            "send" => {
                let prop = rest.first().map(|p| self.prop(p));
                let sent = self.commands().into_iter().find(|c| prop.is_none_or(|p| c.prop == p));
                assert_eq!(sent, None, "{line}");
            }
            "end" => {
                let prop = self.prop(rest[0]);
                assert_eq!(self.ends(prop), Vec::<String>::new(), "{line}");
            }
            other => panic!("what is no {other}"),
        }
    }

    fn commands(&self) -> Vec<Command> {
        let commands = self.out.iter().filter_map(|e| match e {
            Effect::Send { command, .. } if command.op != Op::Read => Some(command.clone()),
            _ => None,
        });
        commands.collect()
    }

    fn ends(&self, prop: PropIx) -> Vec<String> {
        let ends = self.out.iter().filter_map(|e| match e {
            Effect::Note(Note::Action { prop: p, outcome, .. }) if *p == Some(prop) => Some(format!("{outcome:?}").to_lowercase()),
            _ => None,
        });
        ends.collect()
    }

    /// `send P V`, `sends 2`, `fade P V V 2s`, `halt P`, `continue P`, `read P`, `first P` (the first command), `end P failed`.
    fn demand_effect(&self, words: &[&str], line: &str) {
        if words[0] == "sends" {
            let count: usize = words[1].parse().unwrap();
            return assert_eq!(self.commands().len(), count, "{line}: {:#?}", self.commands());
        }
        let prop = self.prop(words[1]);
        let of_prop: Vec<Op> = self.commands().into_iter().filter(|c| c.prop == prop).map(|c| c.op).collect();
        let found = match words[0] {
            "send" => of_prop.iter().any(|op| matches!(op, Op::Set { value: v, .. } if *v == value(words[2]))),
            "fade" => of_prop.iter().any(|op| {
                matches!(op, Op::Fade { from, to, length, .. }
                    if *from == value(words[2]) && *to == value(words[3]) && length.to_string() == words[4])
            }),
            "halt" => of_prop.contains(&Op::Halt),
            "continue" => of_prop.contains(&Op::Continue),
            "read" => self.out.iter().any(|e| matches!(e, Effect::Send { command, .. } if command.prop == prop && command.op == Op::Read)),
            "first" => self.commands().first().is_some_and(|c| c.prop == prop),
            "panics" => self.commands().iter().any(|c| c.prop == prop && c.priority == Priority::Panic),
            "end" => {
                let want = words[2..].join(" ").to_lowercase();
                let ends = self.ends(prop);
                return assert!(ends.iter().any(|e| e.contains(&want)), "{line}: it ended {ends:?}");
            }
            other => panic!("what is {other}"),
        };
        assert!(found, "{line}: given were {of_prop:#?}");
    }
}

#[derive(serde::Deserialize)]
struct File {
    scenario: Vec<Scenario>,
}

#[derive(serde::Deserialize)]
struct Scenario {
    /// The sentence that it holds.
    rule: String,
    /// Cues, in show-file syntax, after the base show.
    show: String,
    script: String,
}

/// Runs every scenario of a file; all that fail are told at once.
fn play(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let file: File = toml::from_str(&std::fs::read_to_string(folder.join(format!("{name}.toml"))).unwrap()).unwrap();
    let mut failed = Vec::new();
    for scenario in &file.scenario {
        let result = std::panic::catch_unwind(|| {
            let mut run = Run::new(&scenario.show);
            for line in scenario.script.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
                run.line(line);
            }
        });
        if result.is_err() {
            failed.push(&scenario.rule);
        }
    }
    assert!(failed.is_empty(), "{} of {} scenarios of {name} failed: {failed:#?}", failed.len(), file.scenario.len());
}

macro_rules! scenarios {
    ($($name:ident $file:literal,)*) => { $(
        #[test]
        fn $name() {
            play($file);
        }
    )* };
}

scenarios! {
    keeping_classes_and_hands "keeping",
    coming_back "return",
    go_and_its_guard "go",
    followers_and_groups "chain",
    one_slot_of_several_functions "switched",
    pausing "pause",
    stop_and_panic "stop",
    undo_and_hot_cues "undo",
    chasing "chase",
    starts_by_the_clock "clock",
    desk_fades "fades",
    fallbacks_and_limits "fallbacks",
    resuming "resume",
    lights "lights",
    edges "edges",
    lists_effects_and_masters "layers",
    marks_of_dark_lights "marks",
    called_by_others "triggers",
}
