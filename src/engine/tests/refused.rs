//! What `check` refuses in a show must be harmless in the engine too.

use crate::engine::kit::*;
use crate::engine::*;
use crate::show::*;
use crate::time::Span;

#[test]
fn an_else_never_sends_a_guarded_property() {
    let rungs = Fallback { ladder: vec![vec![want(GUARDED, Value::Switch(true))]], else_before: None };
    let ladder = Step { fallback: Some(Box::new(rungs)), ..step(0, want(HOLD, int(1))) };
    let mut stage = Stage::new(with_cues(show(), vec![cue("1", vec![ladder])]));
    stage.go();
    let action = stage.commands()[0].action;
    stage.says(DESK, Report::Refused { action, why: "no".into() });
    assert_eq!(stage.sets(), [(HOLD, int(1))]);
    assert!(matches!(stage.outcomes(GUARDED)[..], [Outcome::Skipped { .. }]));
}

#[test]
fn panic_never_sends_a_guarded_property() {
    let mut show = show();
    show.safe = Some(vec![want(GUARDED, Value::Switch(false)), want(SET, Value::Switch(false))]);
    let mut stage = Stage::new(show);
    stage.wants(Intent::Panic { now: true });
    assert_eq!(stage.sets(), [(SET, Value::Switch(false))]);
}

#[test]
fn cues_that_start_each_other_end_at_a_limit() {
    let go = |to| step(0, Act::Cue { verb: CueVerb::Go, target: Target::Cue(CueIx(to)) });
    let mut stage = Stage::new(with_cues(show(), vec![cue("1", vec![go(1)]), cue("2", vec![go(0)])]));
    stage.go();
    assert!(stage.started().len() <= 200);
    assert!(stage.view().alerts[0].text.contains("start each other"));
    stage.wait(1);
    assert!(stage.view().running.is_empty());
}

#[test]
fn indexes_from_outside_are_refused_not_followed() {
    let mut stage = Stage::new(show());
    let (cue, list, hot) = (CueIx(9), ListIx(9), HotIx(9));
    let intents = [
        Intent::Go { list, seen: None },
        Intent::Go { list: MAIN, seen: Some(cue) },
        Intent::Start { cue },
        Intent::Hot { hot },
        Intent::Stop { target: Target::Cue(cue) },
        Intent::Pause { target: Target::List(list) },
        Intent::Standby { list: MAIN, cue: Some(cue) },
        Intent::Move { list, by: i32::MIN },
        Intent::Chase { list: MAIN, cue },
        Intent::Own { device: DeviceIx(9), ownership: Ownership::Released },
        Intent::Guarded { prop: PropIx(99), value: int(1) },
        Intent::Accept { offer: 7 },
    ];
    for intent in intents {
        stage.wants(intent);
    }
    stage.says(DeviceIx(9), Report::Synced);
    stage.says(DESK, Report::Observed { prop: PropIx(99), value: int(1), how: How::Word });
    stage.wants(Intent::Move { list: MAIN, by: i32::MIN });
    assert_eq!(stage.refusals().len(), 12);
    assert_eq!(stage.commands(), []);
}

#[test]
fn a_restored_hot_cue_is_left_where_a_hand_changed_it() {
    let mut show = show();
    show.cues.push(cue("hot", vec![step(0, want(SET, Value::Switch(true)))]));
    show.hots = vec![Hot { key: "F5".into(), name: "vog".into(), cue: CueIx(0), restore: true }];
    let mut stage = Stage::new(show);
    stage.sees(SET, Value::Switch(false), How::Word);
    stage.wants(Intent::Hot { hot: HotIx(0) });
    stage.land(SET, Value::Switch(true));
    stage.out.clear();
    stage.now += Span::secs(3);
    stage.wants(Intent::Hot { hot: HotIx(0) });
    assert_eq!(stage.sets(), [(SET, Value::Switch(false))]);
}
