//! Marks through the engine: whatever is pressed, what is lit stands where the run wants it, and a GO ends where the fold says.

use std::sync::Arc;

use proptest::prelude::*;

use crate::engine::kit::*;
use crate::engine::*;
use crate::show::dmx::FULL;
use crate::show::*;
use crate::time::Span;

/// Fixtures of the rig: dimmer and pan each.
const HEADS: u32 = 3;

const fn dim(head: u32) -> ParamIx {
    ParamIx(head * 2)
}

const fn pan(head: u32) -> ParamIx {
    ParamIx(head * 2 + 1)
}

fn heads() -> Rig {
    let mut rig = (*show().rig).clone();
    let (fixture, param) = (rig.fixtures[0].clone(), rig.params[0]);
    rig.attributes.push(Attribute::of("Pan"));
    (rig.fixtures, rig.params) = (Vec::new(), Vec::new());
    for head in 0..HEADS {
        let slot = head as u16 * 2;
        rig.fixtures.push(Fixture { key: format!("head{head}").into(), first_param: head * 2, param_count: 2, ..fixture.clone() });
        rig.params.push(Param { fixture: head, slots: dmx::Slots::new(&[slot]), ..param });
        let pan =
            Param { fixture: head, attribute: AttrIx(1), slots: dmx::Slots::new(&[slot + 1]), default: 500, intensity: false, ..param };
        rig.params.push(pan);
    }
    rig
}

/// The same slots as the cells of one bar.
fn bar() -> Rig {
    let mut rig = heads();
    rig.fixtures.truncate(1);
    rig.fixtures.iter_mut().for_each(|one| one.param_count = HEADS * 2);
    rig.params.iter_mut().for_each(|param| (param.cell, param.fixture) = (param.fixture as u16 + 1, 0));
    rig
}

/// What a step of lights does: levels and places of heads.
fn an_act() -> impl Strategy<Value = LightAct> {
    let level = prop_oneof![Just(None), Just(Some(0)), Just(Some(FULL)), Just(Some(FULL / 2))];
    let head = (level, prop::option::of(1..1000_u32));
    (prop::collection::vec(head, HEADS as usize), 0..3_u64, any::<bool>(), 0..5_u8).prop_map(|(heads, time, out, live)| {
        let of = |(head, (level, place)): (u32, (Option<u32>, Option<u32>))| {
            level.map(|to| (dim(head), to)).into_iter().chain(place.map(|to| (pan(head), to)))
        };
        LightAct {
            values: (0..).zip(heads).flat_map(of).collect(),
            up: Span::ms(time * 300),
            down: Span::ms(time * 400),
            rest: if out { Rest::Out } else { Rest::Keep },
            live: live == 0,
            label: "lights".into(),
            ..LightAct::default()
        }
    })
}

fn a_show() -> impl Strategy<Value = Show> {
    let steps = prop::collection::vec((0..3_u64, an_act()), 0..3);
    (prop::collection::vec((steps, 0..6_u8), 6), any::<bool>()).prop_map(|(all, cells)| {
        let mut show = show();
        show.rig = Arc::new(if cells { bar() } else { heads() });
        // Cues that overlap would end in another order than the fold's.
        let overlap = all.iter().any(|(_, follows)| *follows <= 1);
        let cues = (1..).zip(all).map(|(number, (steps, follows)): (u32, _)| {
            let steps =
                steps.into_iter().map(|(after, act)| step(if overlap { 0 } else { after * 250 }, Act::Light(Arc::new(act)))).collect();
            let follow = match follows {
                0 if number > 1 => auto(AutoWhen::With, Span::ms(100)),
                1 if number > 1 => auto(AutoWhen::AfterStart, Span::ms(300)),
                _ => None,
            };
            Cue { auto: follow, ..cue(&number.to_string(), steps) }
        });
        with_cues(show, cues.collect())
    })
}

fn an_intent() -> impl Strategy<Value = Intent> {
    let cue = (0_u32..6).prop_map(CueIx);
    prop_oneof![
        8 => Just(Intent::Go { list: MAIN, seen: None }),
        2 => cue.clone().prop_map(|cue| Intent::Start { cue }),
        1 => Just(Intent::Stop { target: Target::All }),
        1 => Just(Intent::Undo { confirm: true, program: false }),
        3 => cue.clone().prop_map(|cue| Intent::Standby { list: MAIN, cue: Some(cue) }),
        1 => cue.clone().prop_map(|cue| Intent::Chase { list: MAIN, cue }),
        2 => Just(Intent::ChaseGo { ticked: vec![0] }),
        1 => (cue.clone(), any::<bool>()).prop_map(|(cue, armed)| Intent::Arm { cue, armed }),
        1 => (cue, any::<bool>()).prop_map(|(cue, skip)| Intent::Skip { cue, skip }),
        1 => Just(Intent::Pause { target: Target::All }),
        2 => Just(Intent::Resume { target: Target::All }),
    ]
}

/// Where the run wants a place; where it rests when no cue wants it.
fn wanted(stage: &Stage, ix: ParamIx) -> u32 {
    stage.engine.board().target(ix).unwrap_or(500)
}

#[test]
fn a_changed_show_takes_over_what_the_run_wanted_not_the_mark() {
    let lights = |values: Vec<(ParamIx, u32)>| {
        Act::Light(Arc::new(LightAct { values, rest: Rest::Keep, label: "lights".into(), ..LightAct::default() }))
    };
    let mut base = show();
    base.rig = Arc::new(heads());
    let cues = vec![
        cue("1", vec![step(0, lights(vec![(pan(0), 40), (dim(1), FULL)]))]),
        cue("2", vec![step(0, lights(vec![(dim(0), FULL), (pan(0), 70)]))]),
    ];
    let mut stage = Stage::new(with_cues(base, cues));
    stage.go();
    stage.wait(200);
    assert_eq!(stage.engine.board().level(pan(0), stage.now), 70, "the mark");
    let (mut new, _) = Engine::adopt(Arc::clone(stage.engine.show()), &stage.engine, Mode::Live);
    assert_eq!((new.board().level(pan(0), stage.now), new.board().target(pan(0))), (40, Some(40)));
    new.step(stage.now + Span::ms(100), &Input::Tick, &mut Effects::new());
    assert_eq!(new.board().level(pan(0), stage.now + Span::ms(100)), 70, "and it is marked again");
}

proptest! {
    #![proptest_config(super::laws::config())]

    /// Time alone never moves a head that is lit otherwise than its cues do: once they have arrived it stands where they want it, and a
    /// checkpoint in between changes nothing.
    #[test]
    fn what_is_lit_stands_where_the_run_wants_it(show in a_show(), presses in prop::collection::vec((0..900_u64, an_intent()), 1..25)) {
        let mut stage = Stage::new(show);
        for (wait, intent) in presses {
            stage.wait(wait);
            stage.wants(intent);
            for head in 0..HEADS {
                let (lit, before) = (stage.engine.board().level(dim(head), stage.now) > 0, stage.engine.board().level(pan(head), stage.now));
                let view = stage.view();
                // A cue that starts by itself moves what it names.
                let comes = view.lists.iter().any(|list| list.auto.is_some());
                let settled = stage.engine.board().settles_at() <= stage.now && view.running.is_empty() && !comes;
                stage.wait(if head == 0 { 250 } else { 0 });
                if lit && settled {
                    prop_assert_eq!(stage.engine.board().level(pan(head), stage.now), before, "a lit head stays");
                    prop_assert_eq!(before, wanted(&stage, pan(head)));
                }
            }
        }
        let saved = serde_json::to_value(stage.engine.checkpoint()).unwrap();
        let back = Engine::restore(Arc::clone(stage.engine.show()), serde_json::from_value(saved).unwrap()).unwrap();
        for ix in (0..HEADS * 2).map(ParamIx) {
            prop_assert_eq!(back.board().level(ix, stage.now), stage.engine.board().level(ix, stage.now));
        }
    }

    /// From the first cue to the last: after each GO everything is where the fold of the cues says, marks or not.
    #[test]
    fn a_go_ends_where_the_fold_says(show in a_show()) {
        let mut stage = Stage::new(show);
        while let Some(next) = stage.next() {
            stage.go();
            stage.wait(3000);
            let Some(to) = stage.next() else { break };
            prop_assert!(to > next);
            stage.wants(Intent::Chase { list: MAIN, cue: CueIx(to) });
            let Some(Prompt::Chase { lines, .. }) = stage.view().prompt else { panic!("a chase is shown") };
            prop_assert!(lines.is_empty(), "{:?}", lines);
            stage.wants(Intent::Close);
            for head in 0..HEADS {
                if stage.engine.board().level(dim(head), stage.now) > 0 {
                    prop_assert_eq!(stage.engine.board().level(pan(head), stage.now), wanted(&stage, pan(head)));
                }
            }
        }
    }

    /// Marks come at their own time, however late anybody looks.
    #[test]
    fn stepping_late_equals_stepping_often(show in a_show(), presses in prop::collection::vec((0..900_u64, an_intent()), 1..20)) {
        let (mut often, mut late) = (Stage::new(show.clone()), Stage::new(show));
        for (wait, intent) in presses {
            (0..wait).step_by(30).for_each(|gone| often.wait(30.min(wait - gone)));
            late.now += Span::ms(wait);
            for stage in [&mut often, &mut late] {
                stage.wants(intent.clone());
            }
            for ix in (0..HEADS * 2).map(ParamIx) {
                prop_assert_eq!(often.engine.board().level(ix, often.now), late.engine.board().level(ix, late.now));
            }
        }
    }

    /// What a cue wants of a dark head is there before its light is, whether it had time to stand by or not.
    #[test]
    fn no_light_comes_up_on_a_head_that_is_not_there(place in 1..1000_u32, waits in 0..400_u64, delay in 0..2_u64) {
        let act = LightAct {
            values: vec![(dim(0), FULL), (pan(0), place)],
            up: Span::ms(500),
            delay: Span::ms(delay * 100),
            rest: Rest::Keep,
            ..LightAct::default()
        };
        let mut base = show();
        base.rig = Arc::new(heads());
        let first = LightAct { values: vec![(dim(1), FULL)], up: Span::ms(200), rest: Rest::Keep, ..LightAct::default() };
        let mut one = cue("1", vec![step(0, Act::Light(Arc::new(first)))]);
        one.quick = true;
        let mut stage = Stage::new(with_cues(base, vec![one, cue("2", vec![step(0, Act::Light(Arc::new(act)))])]));
        stage.go();
        stage.wait(200 + waits);
        let ahead = waits >= 100;
        prop_assert_eq!(stage.engine.board().level(pan(0), stage.now), if ahead { place } else { 500 });
        stage.wants(Intent::Go { list: MAIN, seen: None });
        for _ in 0..70 {
            prop_assert_eq!(stage.engine.board().level(pan(0), stage.now), place);
            stage.wait(10);
        }
        prop_assert_eq!(stage.engine.board().level(dim(0), stage.now), FULL);
    }
}
