//! Forty devices of all kinds on real sockets, four of them dead in different ways: every GO leaves, every action on a live device ends
//! proven or sent, those on the dead ones fail, and nothing waits for them. Told by counts and order, not by time.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::crash::run::Run;
use showcall::engine::{Input, Note, Outcome, Report, Why};
use showcall::links::crowd::{Crowd, End, Seat};
use showcall::links::receiver::Receiver;
use showcall::show::{Library, Show};
use showcall::stage::journal::{Entry, Record, folder, read};

/// Longest wait for something that must come.
const PATIENCE: Duration = Duration::from_secs(60);
const DEVICES: usize = 40;
const CUES: u32 = 10;

/// Key, profile, patch, and the steps of odd and of even cues.
const LIVE: [(&str, &str, &str, [&str; 2]); 12] = [
    (
        "foh",
        "behringer-x32",
        "channels = { host = 1 }",
        ["unmute = { on = \"foh\", channel = \"host\" }", "mute = { on = \"foh\", channel = \"host\" }"],
    ),
    (
        "monitors",
        "behringer-xr18",
        "channels = { host = 1 }",
        ["unmute = { on = \"monitors\", channel = \"host\" }", "mute = { on = \"monitors\", channel = \"host\" }"],
    ),
    (
        "sq",
        "allen-heath-sq",
        "channels = { host = 1 }",
        ["unmute = { on = \"sq\", channel = \"host\" }", "mute = { on = \"sq\", channel = \"host\" }"],
    ),
    (
        "vision",
        "blackmagic-atem-mini",
        "sources = { one = 1, two = 2 }",
        ["take = { on = \"vision\", source = \"two\" }", "take = { on = \"vision\", source = \"one\" }"],
    ),
    (
        "server",
        "osc-media-server",
        "sources = { one = \"1\", two = \"2\" }",
        ["take = { on = \"server\", source = \"one\" }", "take = { on = \"server\", source = \"two\" }"],
    ),
    (
        "screen",
        "generic-pjlink-class-2",
        "warm_up = 1\ninputs = { one = \"digital 1\", two = \"digital 2\" }",
        ["take = { on = \"screen\", input = \"two\" }", "take = { on = \"screen\", input = \"one\" }"],
    ),
    (
        "clips",
        "casparcg",
        "layers = { main = \"1-10\" }\nclips = { one = \"ONE\", two = \"TWO\" }",
        ["play = { on = \"clips\", layer = \"main\", clip = \"one\" }", "play = { on = \"clips\", layer = \"main\", clip = \"two\" }"],
    ),
    (
        "hub",
        "blackmagic-videohub",
        "outputs = { main = 1 }\ninputs = { one = 3, two = 4 }",
        ["route = { on = \"hub\", output = \"main\", input = \"one\" }", "route = { on = \"hub\", output = \"main\", input = \"two\" }"],
    ),
    (
        "matrix",
        "extron-sis",
        "outputs = { main = 1 }\ninputs = { one = 3, two = 4 }",
        [
            "route = { on = \"matrix\", output = \"main\", input = \"one\" }",
            "route = { on = \"matrix\", output = \"main\", input = \"two\" }",
        ],
    ),
    (
        "desk",
        "yamaha-cl-ql",
        "channels = { host = 1 }",
        ["unmute = { on = \"desk\", channel = \"host\" }", "mute = { on = \"desk\", channel = \"host\" }"],
    ),
    ("box", "generic-udp-text", "", ["send = { on = \"box\", line = \"ONE\" }", "send = { on = \"box\", line = \"TWO\" }"]),
    ("dimmers", "artnet-node", "", ["light = { lamp = { level = \"100%\" } }", "light = { lamp = { level = \"50%\" } }"]),
];

/// Key (which says how), profile, patch and step of the dead ones.
const DEAD: [(&str, &str, &str, &str, End); 4] = [
    ("refused", "vmix", "sources = { one = 1 }", "preview = { on = \"refused\", source = \"one\" }", End::Refused),
    ("swallowed", "qlab-osc", "", "press = { on = \"swallowed\", button = \"save\" }", End::Swallowed),
    (
        "frozen",
        "osc-media-server",
        "transport = \"tcp\"\nsources = { one = \"1\" }",
        "take = { on = \"frozen\", source = \"one\" }",
        End::Frozen,
    ),
    ("garbled", "generic-pjlink-class-1", "", "power = { on = \"garbled\", value = false }", End::Garbled),
];

/// Those that are asked something, then every model that a socket can stand for, over and over.
fn seats() -> Vec<Seat> {
    let seat = |key: &str, profile: &str, patch, end| Seat { key: key.into(), profile: profile.into(), patch, end };
    let library = Library::builtin();
    let on_sockets = |key: &&str| &*library.profile(key).unwrap().family != "midi";
    let models: Vec<&str> = library.keys().into_iter().filter(on_sockets).collect();
    let dead = DEAD.iter().map(|(key, profile, patch, _, end)| seat(key, profile, *patch, *end));
    let live = LIVE.iter().map(|(key, profile, patch, _)| seat(key, profile, *patch, End::Live));
    let others = models.iter().cycle().zip(0..).map(|(profile, n)| seat(&format!("device-{n}"), profile, "", End::Live));
    dead.chain(live).chain(others).take(DEVICES).collect()
}

/// Cue `n` asks the dead, then the living, and sends `/go/n` last of all.
fn show(out: u16) -> String {
    let mut text = format!(
        "[show]\ntitle = \"Wires\"\nlooks = \"track\"\nat_exit = \"leave\"\n[safe]\ntell = \"safe\"\n\
         [device.out]\nprofile = \"generic-osc\"\naddress = \"127.0.0.1\"\nport = {out}\n\
         [universe.1]\non = \"dimmers\"\naddress = 0\n[fixture.lamp]\nprofile = \"generic-dimmer\"\nuniverse = 1\naddress = 1\n\
         [[cue]]\nnumber = \"0\"\nname = \"lamps on\"\nquick = true\ndo = [{{ power = {{ on = \"screen\", value = true }} }}]\n"
    );
    for cue in 1..=CUES {
        write!(text, "[[cue]]\nnumber = \"{cue}\"\nname = \"c\"\nquick = true\ndo = [\n").unwrap();
        for (.., step, _) in DEAD {
            writeln!(text, "  {{ {step} }},").unwrap();
        }
        for (.., steps) in LIVE {
            writeln!(text, "  {{ {} }},", steps[(cue as usize + 1) % 2]).unwrap();
        }
        write!(text, "  {{ send = {{ on = \"out\", address = \"/go/{cue}\" }} }},\n]\n").unwrap();
    }
    text
}

/// What the journal holds so far; nothing before its first line is written.
fn records(folder: &Path) -> Vec<Record> {
    let newest = folder::newest(&folder.join("journal")).ok().flatten();
    newest.and_then(|path| read::file(&path).ok()).map(|content| content.records).unwrap_or_default()
}

/// Waits until the journal says so; gives what it holds.
fn await_in_journal(folder: &Path, what: &str, holds: impl Fn(&[Record]) -> Result<(), String>) -> Vec<Record> {
    let end = Instant::now() + PATIENCE;
    loop {
        let records = records(folder);
        match holds(&records) {
            Ok(()) => return records,
            Err(why) if Instant::now() > end => panic!("{what}: {why}"),
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// How the actions of each (cue, device) ended; lights belong to no device and count as those of `dimmers`.
fn outcomes(show: &Show, records: &[Record]) -> BTreeMap<(String, String), Vec<Outcome>> {
    let mut ends: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for record in records {
        if let Entry::Note(Note::Action { prop, why: Why::Step { cue, .. }, outcome, .. }) = &record.entry {
            let device = prop.map_or("dimmers".into(), |prop| show.device(show.prop(prop).device).key.to_string());
            ends.entry((show.cue(*cue).number.to_string(), device)).or_default().push(outcome.clone());
        }
    }
    ends
}

fn landed(ends: &BTreeMap<(String, String), Vec<Outcome>>, cue: u32, device: &str) -> Result<(), String> {
    match ends.get(&(cue.to_string(), device.to_owned())).map(Vec::as_slice) {
        Some([Outcome::Confirmed { .. } | Outcome::Sent]) => Ok(()),
        other => Err(format!("cue {cue} on {device} ended as {other:?}")),
    }
}

#[test]
fn four_dead_devices_of_forty_hold_up_no_go_and_no_other_device() {
    let seats = seats();
    let mut out = Receiver::new().unwrap();
    let crowd = Crowd::open(&show(out.port()), &seats).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("show.toml"), crowd.show()).unwrap();
    let loaded = showcall::show::load(folder.path(), &[]);
    let show = loaded.show.unwrap_or_else(|| panic!("{:#?}", loaded.findings));

    let mut run = Run::start(folder.path(), "--fresh");
    run.ready();
    await_in_journal(folder.path(), "the live devices come online", |records| {
        let online = |key: &str| {
            records.iter().rev().find_map(|record| match &record.entry {
                Entry::Input(Input::Device { device, report }) if *show.device(*device).key == *key => match report {
                    Report::Online { .. } => Some(true),
                    Report::Offline { .. } => Some(false),
                    _ => None,
                },
                _ => None,
            })
        };
        let away = seats.iter().filter(|seat| seat.end == End::Live && online(&seat.key) != Some(true));
        let away: Vec<&str> = away.map(|seat| seat.key.as_str()).collect();
        if away.is_empty() { Ok(()) } else { Err(format!("{away:?} did not")) }
    });
    run.say("/go");
    await_in_journal(folder.path(), "the projector warms up", |records| landed(&outcomes(&show, records), 0, "screen"));

    let living: Vec<&str> = LIVE.iter().map(|(key, ..)| *key).chain(["out"]).collect();
    for cue in 1..=CUES {
        run.say("/go");
        let got = out.next(PATIENCE).unwrap_or_else(|| panic!("the message of cue {cue} never came"));
        assert!(got.bytes.starts_with(format!("/go/{cue}\0").as_bytes()), "{:?} instead of cue {cue}", String::from_utf8_lossy(&got.bytes));
        await_in_journal(folder.path(), "the living", |records| {
            let ends = outcomes(&show, records);
            living.iter().try_for_each(|device| landed(&ends, cue, device))
        });
        // Longer than the guard after a GO.
        std::thread::sleep(Duration::from_millis(200));
    }
    let records = await_in_journal(folder.path(), "the dead", |records| {
        let ends = outcomes(&show, records);
        let open = DEAD.iter().find(|(key, ..)| !ends.contains_key(&(CUES.to_string(), (*key).to_owned())));
        open.map_or(Ok(()), |(key, ..)| Err(format!("the last action on {key} has not ended")))
    });
    let events = run.terminate();
    assert!(events.iter().any(|event| event["event"] == "over" && event["good"] == true), "{events:?}");
    assert!(out.next(Duration::from_millis(1)).is_none(), "more messages than GOs");

    let ends = outcomes(&show, &records);
    for (key, ..) in DEAD {
        for cue in 1..=CUES {
            let how = ends.get(&(cue.to_string(), key.to_owned())).map(Vec::as_slice);
            // A GO may ask again while the one before still waits for its limit.
            let superseded = cue < CUES && matches!(how, Some([Outcome::Superseded]));
            assert!(superseded || matches!(how, Some([Outcome::Failed { .. } | Outcome::Refused { .. }])), "cue {cue} on {key}: {how:?}");
        }
    }
}
