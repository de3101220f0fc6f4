//! Shows built by hand and a stage of lists, for the engine's tests.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::show::*;
use crate::time::{Mono, Span};

/// The properties of device `desk`, by their place.
pub(super) const HOLD: PropIx = PropIx(0);
pub(super) const SET: PropIx = PropIx(1);
pub(super) const ONCE: PropIx = PropIx(2);
pub(super) const GUARDED: PropIx = PropIx(3);
pub(super) const FADER: PropIx = PropIx(4);
pub(super) const MUTE_GROUP: PropIx = PropIx(5);
pub(super) const RECALL: PropIx = PropIx(6);
/// Of device `other`, which proves nothing.
pub(super) const BLIND: PropIx = PropIx(7);
pub(super) const PLAYER: PropIx = PropIx(8);
pub(super) const PROGRAM: PropIx = PropIx(9);
pub(super) const DESK: DeviceIx = DeviceIx(0);
pub(super) const OTHER: DeviceIx = DeviceIx(1);
pub(super) const MAIN: ListIx = ListIx(0);

/// A show with two devices, ten properties, one dimmer and no cues.
pub(super) fn show() -> Show {
    let profile = Arc::new(Profile {
        limits: Limits { reply_within: Span::ms(100), lands_within: Span::ms(400), offline_after: Span::secs(5), ..Limits::default() },
        ..Profile::default()
    });
    let device = |key: &str, props: Vec<PropIx>, department| Device {
        key: key.into(),
        name: key.into(),
        profile: Arc::clone(&profile),
        address: None,
        port: 0,
        password: None,
        department,
        patch: BTreeMap::new(),
        options: BTreeMap::new(),
        props,
    };
    let prop = |device: DeviceIx, spec: &str, class: Keeping, proof: Proof| Property {
        device,
        path: spec.into(),
        label: spec.into(),
        spec: spec.into(),
        args: BTreeMap::new(),
        class,
        on_return: OnReturn::Ask,
        proof,
        lands_within: Span::ms(400),
        tolerance: 100,
        masked_by: Vec::new(),
        requires: Vec::new(),
        moves: Vec::new(),
        barrier: spec == "recall",
        pausable: spec == "player",
        faded_by: None,
        mic: false,
    };
    let mut props = vec![
        prop(DESK, "route", Keeping::Hold, Proof::Observed),
        prop(DESK, "on", Keeping::Set, Proof::Observed),
        prop(DESK, "cut", Keeping::Once, Proof::Acked),
        prop(DESK, "power", Keeping::Guarded, Proof::Observed),
        prop(DESK, "fader", Keeping::Set, Proof::Observed),
        prop(DESK, "mute group 1", Keeping::Set, Proof::Observed),
        prop(DESK, "recall", Keeping::Guarded, Proof::Acked),
        prop(OTHER, "blind", Keeping::Set, Proof::None),
        prop(OTHER, "player", Keeping::Hold, Proof::Observed),
        prop(DESK, "program", Keeping::Set, Proof::Observed),
    ];
    props[SET.at()].masked_by = vec![(MUTE_GROUP, Value::Switch(true))];
    let desk = (0..7).chain(9..10).map(PropIx).collect();
    Show {
        title: "test".into(),
        late_limit: Span::secs(2),
        panic_fade: Span::secs(2),
        departments: vec![Department { key: "sound".into(), name: "Sound".into(), contact: Some("comms A".into()) }],
        devices: vec![device("desk", desk, Some(DeptIx(0))), device("other", vec![BLIND, PLAYER], None)],
        props,
        rig: Arc::new(rig()),
        lists: vec![List { key: "main".into(), name: "main".into(), cues: Vec::new() }],
        ..Show::default()
    }
}

fn rig() -> Rig {
    let fixture = Fixture {
        key: "wash".into(),
        profile: Arc::default(),
        mode: 0,
        breaks: vec![Patched { universe: 0, address: 1 }],
        first_param: 0,
        param_count: 1,
    };
    let param = Param {
        fixture: 0,
        cell: 0,
        attribute: AttrIx(0),
        universe: 0,
        slots: dmx::Slots::new(&[0]),
        default: 0,
        highlight: dmx::FULL,
        snap: false,
        reach: crate::show::dmx::Reach::WHOLE,
        intensity: true,
        dimmer: None,
        switched: false,
        reveals: false,
    };
    Rig {
        universes: vec![Universe { number: 1, outputs: Vec::new() }],
        fixtures: vec![fixture],
        attributes: vec![Attribute::of("Dimmer")],
        params: vec![param],
        groups: Vec::new(),
        looks: Vec::new(),
    }
}

/// A plain cue of the main list.
pub(super) fn cue(number: &str, steps: Vec<Step>) -> Cue {
    Cue {
        id: number.into(),
        number: number.into(),
        name: number.into(),
        list: MAIN,
        parent: None,
        group: None,
        call: Vec::new(),
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
        steps,
        line: 1,
    }
}

pub(super) fn auto(when: AutoWhen, wait: Span) -> Option<Auto> {
    Some(Auto { when, wait, at_most: Span::secs(60) })
}

pub(super) fn step(after: u64, act: Act) -> Step {
    Step { after: Span::ms(after), acts: Box::new([act]), fallback: None, line: 1 }
}

pub(super) fn want(prop: PropIx, value: Value) -> Act {
    Act::Want { prop, value, transition: None }
}

pub(super) fn fade(to: FadeTo, over: u64) -> Act {
    Act::Fade { prop: FADER, to, over: Span::ms(over), curve: Curve::Linear }
}

pub(super) fn light(level: u32, over: u64) -> Act {
    Act::Light(Arc::new(LightAct {
        values: vec![(ParamIx(0), level)],
        up: Span::ms(over),
        down: Span::ms(over),
        rest: Rest::Keep,
        label: "test look".into(),
        ..LightAct::default()
    }))
}

pub(super) fn int(n: i64) -> Value {
    Value::Int(n)
}

pub(super) fn db(milli: i32) -> Value {
    Value::Level(Db(milli))
}

/// Adds cues to the main list in order.
pub(super) fn with_cues(mut show: Show, cues: Vec<Cue>) -> Show {
    for cue in cues {
        show.lists[0].cues.push(CueIx(show.cues.len() as u32));
        show.cues.push(cue);
    }
    show
}

/// An engine, its time, and all that it gave.
pub(super) struct Stage {
    pub(super) engine: Engine,
    pub(super) now: Mono,
    pub(super) out: Effects,
}

impl Stage {
    /// Begun at 10 s, both devices online and synced.
    pub(super) fn new(show: Show) -> Self {
        let mut stage = Self::cold(show);
        for device in [DESK, OTHER] {
            stage.says(device, Report::Online { identity: None });
            stage.says(device, Report::Synced);
        }
        stage.out.clear();
        stage
    }

    /// Begun at 10 s; no device has spoken.
    pub(super) fn cold(show: Show) -> Self {
        let mut stage = Self { engine: Engine::new(Arc::new(show)), now: Mono::ZERO + Span::secs(10), out: Vec::new() };
        stage.give(&Input::Begin { mode: Mode::Live });
        stage
    }

    pub(super) fn give(&mut self, input: &Input) {
        self.engine.step(self.now, input, &mut self.out);
    }

    pub(super) fn wants(&mut self, intent: Intent) {
        self.give(&Input::Intent { intent, by: By::Key(KeyPhase::Legacy) });
    }

    pub(super) fn says(&mut self, device: DeviceIx, report: Report) {
        self.give(&Input::Device { device, report });
    }

    pub(super) fn sees(&mut self, prop: PropIx, value: Value, how: How) {
        let device = self.engine.show.prop(prop).device;
        self.says(device, Report::Observed { prop, value, how });
    }

    /// GO, one second after whatever came last.
    pub(super) fn go(&mut self) {
        self.wait(1000);
        self.wants(Intent::Go { list: MAIN, seen: None });
    }

    pub(super) fn wait(&mut self, ms: u64) {
        self.now += Span::ms(ms);
        self.give(&Input::Tick);
    }

    /// The driver hands on every command of a property that it was given.
    pub(super) fn hand_on(&mut self, prop: PropIx) {
        let ids: Vec<ActionId> = self.commands().into_iter().filter(|c| c.prop == prop).map(|c| c.action).collect();
        let device = self.engine.show.prop(prop).device;
        for action in ids {
            self.says(device, Report::Sent { action, value: None });
        }
    }

    /// Hands on and the device says that it holds the value.
    pub(super) fn land(&mut self, prop: PropIx, value: Value) {
        self.hand_on(prop);
        self.sees(prop, value, How::Echo);
    }

    /// Every command but reads.
    pub(super) fn commands(&self) -> Vec<Command> {
        let commands = self.out.iter().filter_map(|e| match e {
            Effect::Send { command, .. } if command.op != Op::Read => Some(command.clone()),
            _ => None,
        });
        commands.collect()
    }

    /// Properties and values of the plain sets.
    pub(super) fn sets(&self) -> Vec<(PropIx, Value)> {
        let sets = self.commands().into_iter().filter_map(|c| match c.op {
            Op::Set { value, .. } => Some((c.prop, value)),
            _ => None,
        });
        sets.collect()
    }

    pub(super) fn outcomes(&self, prop: PropIx) -> Vec<Outcome> {
        let ends = self.out.iter().filter_map(|e| match e {
            Effect::Note(Note::Action { prop: p, outcome, .. }) if *p == Some(prop) => Some(outcome.clone()),
            _ => None,
        });
        ends.collect()
    }

    pub(super) fn refusals(&self) -> Vec<String> {
        let refused = self.out.iter().filter_map(|e| match e {
            Effect::Note(Note::RefusedIntent { why }) => Some(why.to_string()),
            _ => None,
        });
        refused.collect()
    }

    pub(super) fn started(&self) -> Vec<u32> {
        let started = self.out.iter().filter_map(|e| match e {
            Effect::Note(Note::CueStarted { cue }) => Some(cue.0),
            _ => None,
        });
        started.collect()
    }

    pub(super) fn view(&self) -> Snapshot {
        self.engine.snapshot(self.now)
    }

    pub(super) fn next(&self) -> Option<u32> {
        self.view().lists[0].next.map(|c| c.0)
    }
}

/// A confirmed outcome, unmasked.
pub(super) fn confirmed() -> Outcome {
    Outcome::Confirmed { masked: None }
}
