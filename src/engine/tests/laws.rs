//! The laws of the house plan that concern the engine, over seeds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;

use crate::engine::kit::*;
use crate::engine::*;
use crate::show::*;
use crate::time::{Mono, Span};

/// Cues of every kind that the laws speak of.
pub(super) fn rich() -> Show {
    let mut show = show();
    show.props[HOLD.at()].on_return = OnReturn::AtOnce;
    show.props[PLAYER.at()].on_return = OnReturn::NextGo;
    show.safe = Some(vec![want(SET, Value::Switch(false)), fade(FadeTo::Level(Db(-60_000)), 500), want(PLAYER, int(0)), light(9000, 500)]);
    let ladder = |prop, value: i64, rungs: Vec<Act>| Step {
        fallback: Some(Box::new(Fallback { ladder: rungs.into_iter().map(|a| vec![a]).collect(), else_before: None })),
        ..step(0, want(prop, int(value)))
    };
    let mut cues = vec![
        cue("1", vec![step(0, want(HOLD, int(1))), step(300, want(BLIND, int(1))), step(700, want(ONCE, int(1)))]),
        cue("2", vec![ladder(HOLD, 2, vec![want(PLAYER, int(2)), want(BLIND, int(2))]), step(0, light(30_000, 900))]),
        cue("3", vec![step(0, fade(FadeTo::Level(Db(-10_000)), 800)), step(1500, fade(FadeTo::Before, 300))]),
        cue("4", vec![step(0, want(GUARDED, Value::Switch(true))), step(100, want(RECALL, int(3)))]),
        cue("5", vec![ladder(PROGRAM, 5, vec![want(PROGRAM, int(6)), Act::Tell("no".into())]), step(50, want(SET, Value::Switch(true)))]),
        cue(
            "6",
            vec![step(0, fade(FadeTo::ByDb(-8000), 400)), step(200, Act::Cue { verb: CueVerb::Start, target: Target::Cue(CueIx(0)) })],
        ),
        cue("7", vec![step(0, want(ONCE, int(7))), step(0, light(60_000, 300)), step(0, want(PLAYER, int(7)))]),
        cue("8", vec![step(0, Act::Cue { verb: CueVerb::Stop, target: Target::Cue(CueIx(0)) })]),
    ];
    cues[1].auto = auto(AutoWhen::AfterStart, Span::ms(900));
    cues[4].auto = auto(AutoWhen::AfterEnd, Span::ms(200));
    cues[5].auto = auto(AutoWhen::With, Span::ms(100));
    cues[2].wait = Span::ms(250);
    cues[6].confirm = true;
    let mut show = with_cues(show, cues);
    let hot = CueIx(show.cues.len() as u32);
    show.cues.push(cue("hot", vec![step(0, want(SET, Value::Switch(true))), step(400, want(ONCE, int(9)))]));
    show.hots = vec![Hot { key: "F5".into(), name: "hot".into(), cue: hot, restore: true }];
    show
}

fn intent() -> impl Strategy<Value = Intent> {
    let cue = (0_u32..8).prop_map(CueIx);
    let target = prop_oneof![Just(Target::All), Just(Target::List(MAIN)), cue.clone().prop_map(Target::Cue)];
    prop_oneof![
        8 => Just(Intent::Go { list: MAIN, seen: None }),
        1 => Just(Intent::GoConfirm { list: MAIN }),
        2 => cue.clone().prop_map(|cue| Intent::Start { cue }),
        1 => Just(Intent::Hot { hot: HotIx(0) }),
        1 => target.clone().prop_map(|target| Intent::Stop { target }),
        1 => Just(Intent::Escape),
        1 => any::<bool>().prop_map(|now| Intent::Panic { now }),
        2 => Just(Intent::Reset),
        1 => target.clone().prop_map(|target| Intent::Pause { target }),
        2 => target.prop_map(|target| Intent::Resume { target }),
        1 => any::<(bool, bool)>().prop_map(|(confirm, program)| Intent::Undo { confirm, program }),
        3 => cue.clone().prop_map(|cue| Intent::Standby { list: MAIN, cue: Some(cue) }),
        1 => (-3_i32..3).prop_map(|by| Intent::Move { list: MAIN, by }),
        1 => cue.clone().prop_map(|cue| Intent::Chase { list: MAIN, cue }),
        1 => prop::collection::vec(0_u16..9, 0..6).prop_map(|ticked| Intent::ChaseGo { ticked }),
        1 => Just(Intent::HoldAuto { list: MAIN }),
        1 => (cue.clone(), any::<bool>()).prop_map(|(cue, armed)| Intent::Arm { cue, armed }),
        1 => (cue, any::<bool>()).prop_map(|(cue, skip)| Intent::Skip { cue, skip }),
        1 => (0_u16..2, 0..3).prop_map(|(d, o)| Intent::Own { device: DeviceIx(d), ownership: [Ownership::Live, Ownership::Released, Ownership::Bypassed][o as usize] }),
        2 => (0_u32..9).prop_map(|offer| Intent::Accept { offer }),
        1 => (0_u32..9).prop_map(|offer| Intent::Decline { offer }),
        1 => any::<bool>().prop_map(|on| Intent::Guarded { prop: GUARDED, value: Value::Switch(on) }),
    ]
}

fn seen(prop: PropIx) -> BoxedStrategy<Value> {
    match prop {
        SET | GUARDED | MUTE_GROUP => any::<bool>().prop_map(Value::Switch).boxed(),
        FADER => (-60..10_i32).prop_map(|d| db(d * 1000)).boxed(),
        _ => (0..9_i64).prop_map(Value::Int).boxed(),
    }
}

fn report() -> impl Strategy<Value = (DeviceIx, Report)> {
    let action = (1_u64..80).prop_map(ActionId);
    let device = (0_u16..2).prop_map(DeviceIx);
    let observed = (0_u32..10).prop_map(PropIx).prop_flat_map(|prop| (Just(prop), seen(prop), any::<bool>()));
    let observed = observed.prop_map(|(prop, value, word)| {
        let device = if matches!(prop, BLIND | PLAYER) { OTHER } else { DESK };
        (device, Report::Observed { prop, value, how: if word { How::Word } else { How::Echo } })
    });
    let of_action = (device.clone(), action, 0_u8..5, 0_u64..4000).prop_map(|(device, action, kind, ms)| {
        let why: Arc<str> = "no".into();
        let report = match kind {
            0 => Report::Refused { action, why },
            1 => Report::NotNow { action, why, retry_after: Span::ms(ms) },
            2 => Report::Progress { action, done: 1, eta: Some(Span::ms(ms)) },
            3 => Report::Acked { action },
            _ => Report::Sent { action, value: None },
        };
        (device, report)
    });
    let of_device = (device, 0_u8..8).prop_map(|(device, kind)| {
        let report = match kind {
            0 => Report::Offline { why: "gone".into() },
            1 => Report::Restarted,
            2 | 3 => Report::Synced,
            4 => Report::NeedsHuman { why: "password".into() },
            _ => Report::Online { identity: None },
        };
        (device, report)
    });
    prop_oneof![5 => observed, 6 => of_action, 2 => of_device]
}

/// Inputs and the milliseconds before each.
pub(super) fn inputs() -> impl Strategy<Value = Vec<(u64, Input)>> {
    let by = prop_oneof![
        3 => Just(By::Key(KeyPhase::Legacy)),
        1 => Just(By::Key(KeyPhase::Press)),
        2 => Just(By::Osc("10.0.0.1:5".into())),
    ];
    let input = prop_oneof![
        3 => (intent(), by).prop_map(|(intent, by)| Input::Intent { intent, by }),
        4 => report().prop_map(|(device, report)| Input::Device { device, report }),
    ];
    prop::collection::vec((prop_oneof![0_u64..40, 0_u64..1500, Just(0)], input), 1..90)
}

/// The world's side of the laws that are about single effects.
#[derive(Default)]
struct Witness {
    named: BTreeSet<PropIx>,
    words: BTreeMap<PropIx, Vec<Value>>,
    aims: BTreeMap<ActionId, Value>,
    acked: BTreeSet<ActionId>,
    ended: BTreeSet<ActionId>,
}

impl Witness {
    fn hear(&mut self, input: &Input) {
        match input {
            Input::Device { report: Report::Observed { prop, value, .. }, .. } => self.words.entry(*prop).or_default().push(value.clone()),
            Input::Device { report: Report::Acked { action }, .. } => drop(self.acked.insert(*action)),
            _ => {}
        }
    }

    fn check(&mut self, show: &Show, now: Mono, out: &Effects) {
        for effect in out {
            match effect {
                Effect::Note(Note::CueStarted { cue }) => {
                    let steps = &show.cue(*cue).steps;
                    let acts = steps.iter().flat_map(|s| s.acts.iter().chain(s.ladder().iter().flatten()));
                    self.named.extend(acts.filter_map(|act| match act {
                        Act::Want { prop, .. } | Act::Fade { prop, .. } => Some(*prop),
                        _ => None,
                    }));
                }
                Effect::Send { device, command } => self.command(show, now, *device, command),
                Effect::Note(Note::Action { action, prop, outcome, .. }) => self.end(show, *action, *prop, outcome),
                _ => {}
            }
        }
    }

    fn command(&mut self, show: &Show, now: Mono, device: DeviceIx, command: &Command) {
        assert!(command.due <= now, "no effect before its due time");
        assert_eq!(show.prop(command.prop).device, device);
        match &command.op {
            Op::Set { value, .. } => drop(self.aims.insert(command.action, value.clone())),
            Op::Fade { to, .. } => drop(self.aims.insert(command.action, to.clone())),
            Op::Read | Op::Halt | Op::Continue => return,
        }
        if show.prop(command.prop).class == Keeping::Guarded {
            let own = matches!(command.why, Why::Step { rung: 0, .. } | Why::Operator);
            assert!(own, "guarded is only sent by its own cue's GO or key: {command:?}");
        }
        if matches!(command.why, Why::Safe | Why::Chase | Why::Operator) {
            self.named.insert(command.prop);
        } else {
            assert!(self.named.contains(&command.prop), "nothing is sent to a property that no cue has set: {command:?}");
        }
    }

    fn end(&mut self, show: &Show, action: ActionId, prop: Option<PropIx>, outcome: &Outcome) {
        assert!(self.ended.insert(action), "an action ends once");
        let (Outcome::Confirmed { .. }, Some(prop)) = (outcome, prop) else { return };
        let word = match show.prop(prop).proof {
            Proof::Observed => {
                let aim = &self.aims[&action];
                self.words.get(&prop).is_some_and(|words| words.iter().any(|w| w.same(aim, show.prop(prop).tolerance)))
            }
            Proof::Acked | Proof::None => self.acked.contains(&action),
        };
        assert!(word, "no action is confirmed without the device's word: {action:?} of {prop:?}");
    }
}

fn bounded(engine: &Engine) {
    assert!(engine.s.due.len() <= 4 * 4096);
    assert!(engine.s.actions.iter().count() <= crate::engine::open_actions::Actions::LIMIT);
    assert!(engine.s.ended.iter().count() <= crate::engine::open_actions::Ended::LIMIT);
    assert!(engine.s.offers.iter().count() <= crate::engine::offers::Offers::LIMIT);
    assert!(engine.s.alerts.iter().count() <= crate::engine::alerts::Alerts::LIMIT);
    assert!(engine.s.runs.len() <= Engine::RUNS);
}

/// Runs all inputs; between two of them, ticks every `pace` milliseconds (0: none).
fn play(stage: &mut Stage, inputs: &[(u64, Input)], pace: u64) -> Effects {
    let mut all = Vec::new();
    for (wait, input) in inputs {
        let to = stage.now + Span::ms(*wait);
        while pace > 0 && stage.now + Span::ms(pace) < to {
            stage.wait(pace);
        }
        stage.now = to;
        stage.give(input);
        all.append(&mut stage.out);
    }
    all
}

fn state(engine: &Engine) -> serde_json::Value {
    serde_json::to_value(engine.checkpoint()).unwrap()
}

/// The desk knows some levels, so fades start.
pub(super) fn begun() -> Stage {
    let mut stage = Stage::new(rich());
    stage.sees(FADER, db(-30_000), How::Word);
    stage.sees(SET, Value::Switch(false), How::Word);
    stage.out.clear();
    stage
}

/// `PROPTEST_CASES` asks for more. Seeds of failures belong into a test of their own, not into a file beside the source.
pub(super) fn config() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if asked { config } else { ProptestConfig { cases: 64, ..config } }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn stepping_late_equals_stepping_often(inputs in inputs(), pace in 1_u64..60) {
        let (mut late, mut often) = (begun(), begun());
        let a = play(&mut late, &inputs, 0);
        let b = play(&mut often, &inputs, pace);
        prop_assert_eq!(a, b);
        prop_assert_eq!(state(&late.engine), state(&often.engine));
    }

    #[test]
    fn a_run_goes_on_from_a_checkpoint_as_if_nothing_was(inputs in inputs(), at in 0_usize..90) {
        let (head, tail) = inputs.split_at(at.min(inputs.len()));
        let mut whole = begun();
        play(&mut whole, head, 0);
        let text = serde_json::to_string(&whole.engine.checkpoint()).unwrap();
        let mut again = begun();
        again.now = whole.now;
        again.engine = Engine::restore(Arc::new(rich()), serde_json::from_str(&text).unwrap()).unwrap();
        prop_assert_eq!(play(&mut whole, tail, 0), play(&mut again, tail, 0));
        prop_assert_eq!(state(&whole.engine), state(&again.engine));
    }

    #[test]
    fn each_effect_keeps_the_law_and_every_store_is_bounded(inputs in inputs()) {
        let mut stage = begun();
        let show = Arc::clone(&stage.engine.show);
        let mut witness = Witness::default();
        witness.words.insert(FADER, vec![db(-30_000)]);
        witness.words.insert(SET, vec![Value::Switch(false)]);
        for (wait, input) in &inputs {
            stage.now += Span::ms(*wait);
            witness.hear(input);
            stage.give(input);
            witness.check(&show, stage.now, &stage.out);
            stage.out.clear();
            bounded(&stage.engine);
            let view = stage.view();
            prop_assert!(view.actions.len() <= 64);
        }
    }

    #[test]
    fn every_action_ends_within_its_limit(inputs in inputs()) {
        let mut stage = begun();
        play(&mut stage, &inputs, 0);
        stage.wants(Intent::Reset);
        stage.wants(Intent::Resume { target: Target::All });
        for cue in 0..8 {
            stage.wants(Intent::Resume { target: Target::Cue(CueIx(cue)) });
        }
        stage.wants(Intent::Resume { target: Target::Hot(HotIx(0)) });
        for _ in 0..60 {
            stage.wait(2000);
        }
        prop_assert!(stage.engine.s.actions.all().next().is_none(), "{:#?}", stage.engine.s.actions);
        let latched = stage.engine.s.runs.values().filter(|r| r.hot.is_none()).count();
        prop_assert_eq!(latched, 0, "{:#?}", stage.engine.s.runs);
    }

    #[test]
    fn after_stop_all_nothing_follows(inputs in inputs(), reports in prop::collection::vec((0_u64..900, report()), 0..20)) {
        let mut stage = begun();
        play(&mut stage, &inputs, 0);
        stage.wait(5000);
        stage.wants(Intent::Escape);
        let returned = |r: &Report| matches!(r, Report::Synced | Report::Online { .. } | Report::Restarted);
        stage.out.clear();
        for (wait, (device, report)) in reports.into_iter().filter(|(_, (_, r))| !returned(r)) {
            stage.wait(wait);
            stage.says(device, report);
        }
        stage.wait(60_000);
        prop_assert_eq!(stage.started(), Vec::<u32>::new());
        let sent: Vec<Command> = stage.commands().into_iter().filter(|c| c.op != Op::Halt).collect();
        prop_assert_eq!(sent, Vec::new());
    }

    #[test]
    fn panic_reaches_every_live_or_released_device_whatever_the_state(inputs in inputs(), now in any::<bool>()) {
        let mut stage = begun();
        play(&mut stage, &inputs, 0);
        stage.wait(1);
        stage.out.clear();
        stage.wants(Intent::Panic { now });
        let view = stage.view();
        for (device, prop) in [(DESK, SET), (DESK, FADER), (OTHER, PLAYER)] {
            let bypassed = view.devices[device.at()].ownership == Ownership::Bypassed;
            let reached = stage.commands().iter().any(|c| c.prop == prop && c.priority == Priority::Panic && c.op != Op::Halt);
            prop_assert_eq!(reached, !bypassed, "{:?}", prop);
        }
        let before = stage.commands().into_iter().filter(|c| c.priority != Priority::Panic).count();
        prop_assert_eq!(before, 0);
        stage.out.clear();
        stage.wait(60_000);
        prop_assert_eq!(stage.commands(), Vec::new(), "nothing brings back the state before");
        prop_assert_eq!(stage.started(), Vec::<u32>::new());
    }

    #[test]
    fn go_twice_inside_the_guard_is_one_go(inputs in inputs(), gap in 0_u64..149) {
        let mut stage = begun();
        play(&mut stage, &inputs, 0);
        stage.wants(Intent::Reset);
        stage.wants(Intent::Resume { target: Target::All });
        stage.wants(Intent::Standby { list: MAIN, cue: Some(CueIx(0)) });
        stage.wait(1000);
        stage.wants(Intent::Go { list: MAIN, seen: None });
        stage.now += Span::ms(gap);
        stage.wants(Intent::Go { list: MAIN, seen: None });
        let gos = stage.out.iter().filter(|e| matches!(e, Effect::Note(Note::Go { .. }))).count();
        prop_assert!(gos <= 1);
    }
}
