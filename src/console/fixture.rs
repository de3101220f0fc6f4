//! A show and its states, by hand, for the tests of the console.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use super::theme::Theme;
use super::ui::{Ui, View};
use crate::engine::*;
use crate::show::*;
use crate::time::{Mono, Span, Wall};

/// 2026-11-27 19:42:07 in London, in nanoseconds.
const WALL: i64 = 1_795_808_527_000_000_000;
/// The show's clock then.
const NOW: Mono = Mono(3_600_000_000_000);

fn cue(number: &str, name: &str, call: &[(&str, &str)]) -> Cue {
    Cue {
        id: number.into(),
        number: number.into(),
        name: name.into(),
        list: ListIx(0),
        parent: None,
        group: None,
        call: call.iter().map(|(who, what)| (Arc::from(*who), Arc::from(*what))).collect(),
        standby: None,
        notes: None,
        at: None,
        start_at: None,
        planned: None,
        wait: Span::ZERO,
        auto: None,
        armed: true,
        skip: false,
        quick: false,
        sustain: false,
        confirm: false,
        steps: Vec::new(),
        line: 1,
    }
}

fn device(key: &str, model: &str, department: u16) -> Device {
    Device {
        key: key.into(),
        name: key.into(),
        profile: Arc::new(Profile { maker: "Maker".into(), model: model.into(), ..Profile::default() }),
        address: Some("192.168.10.20".into()),
        port: 10_023,
        password: None,
        department: Some(DeptIx(department)),
        patch: Default::default(),
        options: Default::default(),
        props: vec![PropIx(u32::from(department))],
    }
}

fn property(device: u16, label: &str) -> Property {
    Property {
        device: DeviceIx(device),
        path: label.into(),
        label: label.into(),
        spec: label.into(),
        args: Default::default(),
        class: Keeping::Set,
        on_return: OnReturn::Ask,
        proof: Proof::Observed,
        lands_within: Span::secs(1),
        tolerance: 0,
        masked_by: Vec::new(),
        requires: Vec::new(),
        moves: Vec::new(),
        barrier: false,
        pausable: false,
        faded_by: None,
        mic: false,
    }
}

/// The evening of the tests.
pub(super) fn show() -> Show {
    let at = |h, m| Some(jiff::civil::time(h, m, 0, 0));
    let mut cues = vec![
        cue("9", "Doors", &[("foh", "doors")]),
        cue("10", "Walk-in loop", &[("sound", "10"), ("vision", "10")]),
        cue("11", "Host introduces the evening", &[("lx", "11"), ("sound", "11")]),
        cue("12", "CEO walk-on", &[("lx", "12"), ("sound", "12"), ("vision", "12")]),
        cue("12.5", "CEO at the lectern: the key light narrows and the slides come up", &[("lx", "12.5")]),
        cue("13", "Film", &[("vision", "13")]),
        cue("14", "開場の挨拶 (greeting from Tokyo)", &[("vision", "14")]),
        cue("15", "Walk-out", &[]),
    ];
    cues[2].at = at(19, 38);
    cues[2].planned = Some(Span::secs(120));
    cues[3].at = at(19, 40);
    cues[3].standby = Some(Span::secs(30));
    cues[3].notes =
        Some("Wait for the host to reach the lectern. If she turns round, wait for the nod from the wings before the GO.".into());
    let want = |prop| Act::Want { prop: PropIx(prop), value: Value::Switch(true), transition: None };
    let step = |acts: Vec<Act>| Step { after: Span::ZERO, acts: acts.into(), fallback: None, line: 1 };
    cues[3].steps = vec![step(vec![want(0), want(1)])];
    cues[4].auto = Some(Auto { when: AutoWhen::AfterStart, wait: Span::secs(4), at_most: Span::secs(60) });
    cues[5].at = at(19, 40);
    cues[5].confirm = true;
    let dept = |key: &str, name: &str, contact: &str| Department { key: key.into(), name: name.into(), contact: Some(contact.into()) };
    Show {
        title: "Northwind Product Launch".into(),
        venue: Some("Harbour Hall".into()),
        date: Some(jiff::civil::date(2026, 11, 27)),
        hard_out: Some(jiff::civil::time(22, 0, 0, 0)),
        departments: vec![
            dept("sound", "Sound", "comms A, ring 2"),
            dept("vision", "Vision", "comms B"),
            dept("lx", "Light", "comms A, ring 1"),
        ],
        devices: vec![device("foh", "X32", 0), device("vision", "ATEM 1 M/E", 1), device("wash-node", "Art-Net node", 2)],
        props: vec![property(0, "host on"), property(1, "program"), property(2, "slots")],
        lists: vec![List { key: "main".into(), name: "main".into(), cues: (0..8).map(CueIx).collect() }],
        cues,
        hots: vec![Hot { key: "F5".into(), name: "VOG sting".into(), cue: CueIx(7), restore: false }],
        ..Show::default()
    }
}

fn action(id: u64, text: &str, device: u16, state: ActionState) -> ActionView {
    ActionView {
        action: ActionId(id),
        why: Why::Step { cue: CueIx(2), step: 0, rung: 0 },
        device: Some(DeviceIx(device)),
        prop: Some(PropIx(u32::from(device))),
        text: text.into(),
        due: NOW - Span::secs(2),
        state,
        sent_at: Some(NOW - Span::secs(2)),
        ended_at: Some(NOW - Span::ms(1970)),
    }
}

fn view(text: &str, identity: &str, heard: u64) -> DeviceView {
    DeviceView {
        level: Level::Good,
        online: true,
        text: text.into(),
        identity: Some(identity.into()),
        heard: Some(NOW - Span::ms(heard)),
        ownership: Ownership::Live,
        simulated: false,
        facets: Vec::new(),
        differences: 0,
    }
}

/// The flags of a cue that started so many seconds ago.
fn flags(ago: Option<u64>) -> CueFlags {
    CueFlags { armed: true, done: ago.is_some(), started: ago.map(|ago| NOW - Span::secs(ago)), ..CueFlags::default() }
}

/// In the middle of the evening, all well, two minutes late.
pub(super) fn running() -> (Show, Snapshot) {
    let show = show();
    let ended = |outcome| ActionState::Ended(outcome);
    let snap = Snapshot {
        now: NOW,
        wall: Wall(WALL),
        utc_offset: 0,
        mode: Mode::Live,
        lists: vec![ListView { next: Some(CueIx(3)), last: Some((CueIx(2), NOW - Span::secs(120))), ..ListView::default() }],
        cues: [4200, 1500, 120].map(Some).into_iter().chain([None; 5]).map(flags).collect(),
        running: vec![
            Running {
                cue: CueIx(2),
                hot: None,
                started: NOW - Span::secs(2),
                ends: Some(NOW + Span::secs(3)),
                paused: None,
                waiting_until: None,
                open_actions: 1,
                length: Span::secs(5),
            },
            Running {
                cue: CueIx(1),
                hot: None,
                started: NOW - Span::secs(1500),
                ends: None,
                paused: None,
                waiting_until: None,
                open_actions: 1,
                length: Span::ZERO,
            },
        ],
        actions: vec![
            action(4, "look keynote", 2, ended(Outcome::Sent)),
            action(3, "vision program camera", 1, ActionState::Pending("warming".into(), Some(Span::secs(40)))),
            action(2, "foh playback -20 dB", 0, ActionState::Moving(450_000)),
            action(1, "foh host on", 0, ended(Outcome::Confirmed { masked: None })),
        ],
        devices: vec![view("online", "X32 FOH 4.06", 300), view("online", "ATEM 1 M/E 9.6", 500), view("online", "DMX node", 2100)],
        line: Some(Line { at: NOW - Span::secs(2), level: Level::Good, text: "GO 11 Host introduces the evening".into() }),
        ..Snapshot::default()
    };
    (show, snap)
}

/// An offer on a key.
pub(super) fn offer(id: u32, text: &str) -> Offer {
    Offer { id, kind: OfferKind::Held, text: text.into(), until: Some(NOW + Span::secs(24)), device: None }
}

fn offline(snap: &mut Snapshot) {
    snap.devices[0] = DeviceView {
        level: Level::Bad,
        online: false,
        text: "no answer for 12s".into(),
        facets: vec![Facet { key: "link".into(), level: Level::Bad, text: "no answer for 12s: is the cable in?".into() }],
        heard: Some(NOW - Span::secs(12)),
        ..snap.devices[0].clone()
    };
    snap.devices[1].ownership = Ownership::Released;
    snap.devices[2].ownership = Ownership::Bypassed;
    snap.lists[0].not_ready = vec![(DeviceIx(0), "no answer for 12s".into())];
    let failed = Outcome::Failed { why: "no answer within 1s".into() };
    snap.actions[3].state = ActionState::Ended(failed);
    snap.actions[0].state = ActionState::Ended(Outcome::Confirmed { masked: Some("mute group 1".into()) });
    snap.cues[2].failed = true;
    snap.alerts = vec![
        Alert {
            id: 2,
            level: Level::Bad,
            text: "foh offline: no answer for 10s".into(),
            department: Some(DeptIx(0)),
            device: Some(DeviceIx(0)),
            at: NOW - Span::secs(2),
            count: 3,
        },
        Alert {
            id: 1,
            level: Level::Warn,
            text: "wash-node merges with another sender".into(),
            department: None,
            device: Some(DeviceIx(2)),
            at: NOW - Span::secs(90),
            count: 1,
        },
    ];
    snap.stage = vec![Facet { key: "rt".into(), level: Level::Warn, text: "no real-time priority (see README)".into() }];
}

fn prompt_lines() -> Vec<PromptLine> {
    let line = |text: &str, ticked, possible| PromptLine { text: text.into(), ticked, possible };
    vec![
        line("look keynote: now house-half", true, true),
        line("foh host on: now off", false, true),
        line("vision cut: cannot be taken back", false, false),
    ]
}

/// A rig in the middle of a look: a range of washes, front light, a pixel bar, a head, a hazer, and a universe that nobody has named.
const RIG: &str = r#"
[show]
title = "Rig"
looks = "whole"
at_exit = "leave"
[device.node]
profile = "artnet-node"
address = "192.168.10.51"
[universe.1]
on = "node"
address = 0
[universe.2]
on = "node"
address = 1
[fixture.front]
profile = "generic-dimmer"
count = 6
universe = 1
address = 1
[fixture.wash]
profile = "generic-rgbw"
count = 8
universe = 1
address = 11
[fixture.bar]
profile = "showtec-sunstrip-active"
mode = "10 Channels Mode"
count = 2
universe = 1
address = 61
[fixture.followspot]
profile = "generic-moving-spot"
universe = 1
address = 101
[fixture.haze-sl]
profile = "martin-jem-k1-hazer"
universe = 1
address = 201
[fixture.house]
profile = "generic-dimmer"
count = 4
universe = 2
address = 1
[group.sofa]
fixtures = ["front3", "front4", "wash1"]
[[cue]]
number = "1"
name = "Doors"
"#;

/// The lights of [`RIG`] in the view of lights.
pub(super) fn lit(show: &mut Show, snap: &mut Snapshot, ui: &mut Ui) {
    show.rig = crate::show::load_text(&[("show.toml".into(), RIG.into())]).show.unwrap().rig.clone();
    let mut slots = [0; 512];
    for (at, run) in [
        (0, &[255_u8, 128, 3, 0, 0, 230][..]),
        (10, &[255, 255, 231, 196, 0, 160, 255, 0, 0, 0, 90, 30, 75, 168, 0, 0, 0, 0, 128, 0, 255, 0, 0, 0, 40, 20, 255, 255, 0, 0]),
        (60, &[0, 10, 40, 80, 120, 160, 200, 240, 255, 255, 5]),
        (100, &[128, 0, 90, 0, 200, 0, 255, 32]),
        (200, &[120, 60]),
    ] {
        slots[at..at + run.len()].copy_from_slice(run);
    }
    let monitor = crate::light::Monitor::new(show.rig.universes.len());
    monitor.put(0, &slots);
    ui.frames.look(&monitor);
    snap.devices[0].simulated = true;
    ui.view = View::Lights;
}

type State = (&'static str, Show, Snapshot, Ui);

/// The states that are drawn in tests.
pub(super) fn all() -> Vec<State> {
    let mut states: Vec<State> = Vec::new();
    let mut add = |name: &'static str, change: &dyn Fn(&mut Show, &mut Snapshot, &mut Ui)| {
        let (mut show, mut snap) = running();
        let mut ui = Ui::new(Theme::Sixteen, false, true);
        change(&mut show, &mut snap, &mut ui);
        states.push((name, show, snap, ui));
    };
    add("running", &|_, _, _| {});
    add("simulation", &|_, snap, _| snap.mode = Mode::Simulation);
    add("panic", &|_, snap, _| snap.phase = Phase::Panicked);
    add("paused", &|_, snap, _| {
        snap.phase = Phase::Paused;
        snap.running[0].paused = Some(NOW);
    });
    add("guard", &|_, snap, _| snap.lists[0].guard_until = Some(NOW + Span::ms(600)));
    add("auto", &|_, snap, _| {
        let auto = AutoView { cue: CueIx(4), when: AutoWhen::AfterStart, due: Some(NOW + Span::secs(4)), held: false };
        snap.lists[0].auto = Some(auto);
    });
    add("offline", &|_, snap, _| offline(snap));
    add("offers", &|_, snap, _| {
        snap.offers = vec![
            offer(4, "12.5 was due at 19:41:00"),
            Offer { kind: OfferKind::TakeBack, until: None, ..offer(5, "beamer input: HDMI 2, show wants HDMI 1") },
        ];
    });
    add("offer-list", &|_, snap, ui| {
        snap.offers = vec![offer(4, "12.5 was due at 19:41:00"), offer(5, "lower third clip")];
        ui.view = View::Offers;
    });
    add("confirm", &|_, snap, _| snap.prompt = Some(Prompt::Confirm { list: ListIx(0), cue: CueIx(5) }));
    add("undo", &|_, snap, _| snap.prompt = Some(Prompt::Undo { cue: CueIx(2), lines: prompt_lines() }));
    add("chase", &|_, snap, _| snap.prompt = Some(Prompt::Chase { list: ListIx(0), cue: CueIx(5), lines: prompt_lines() }));
    add("chosen", &|_, snap, ui| {
        snap.cues[5].armed = false;
        snap.cues[6].skip = true;
        ui.cursor = Some(CueIx(5));
    });
    add("find", &|_, _, ui| {
        ui.view = View::Find;
        ui.typed = NOW;
        ui.text = "ceo".into();
        ui.cursor = Some(CueIx(3));
    });
    add("technician", &|_, snap, ui| {
        offline(snap);
        ui.view = View::Devices;
    });
    add("guarded", &|show, _, ui| {
        show.props[0].class = Keeping::Guarded;
        ui.view = View::Guarded;
        ui.typed = NOW;
        ui.sure = true;
    });
    add("help", &|_, _, ui| ui.view = View::Help);
    add("quit", &|_, _, ui| {
        ui.view = View::Quit;
        ui.typed = NOW;
        ui.text = "qu".into();
    });
    add("end", &|_, snap, _| snap.lists[0].next = None);
    add("only-watching", &|_, _, ui| *ui = Ui::new(Theme::Sixteen, true, false));
    add("plain", &|_, snap, ui| {
        offline(snap);
        ui.theme = Theme::Plain;
    });
    add("empty", &|show, snap, _| {
        *show = Show::default();
        *snap = Snapshot::default();
    });
    states.extend(lights());
    states
}

/// The view of lights, in three kinds of terminal; the third wash and the group come under the cursor.
fn lights() -> impl Iterator<Item = State> {
    let kinds = [("lights", Theme::Sixteen, 0), ("lights-in-colour", Theme::True, 11), ("lights-plain", Theme::Plain, 2)];
    kinds.into_iter().map(|(name, theme, line)| {
        let ((mut show, mut snap), mut ui) = (running(), Ui::new(theme, false, true));
        lit(&mut show, &mut snap, &mut ui);
        ui.line = line;
        (name, show, snap, ui)
    })
}
