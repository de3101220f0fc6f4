//! A changed show takes a run over.

use std::sync::Arc;

use crate::engine::kit::*;
use crate::engine::*;
use crate::show::*;

#[test]
fn a_changed_show_stands_where_the_old_one_stood() {
    let cues = || vec![cue("1", vec![step(0, want(HOLD, int(1))), step(0, light(40_000, 0))]), cue("2", vec![]), cue("3", vec![])];
    let mut stage = Stage::new(with_cues(show(), cues()));
    stage.go();
    stage.land(HOLD, int(1));
    stage.wants(Intent::Own { device: OTHER, ownership: Ownership::Released });
    // Cue 2, which stood as NEXT, is gone; a new one comes first.
    let mut changed = cues();
    changed.remove(1);
    changed.insert(0, cue("0", vec![]));
    let changed = Arc::new(with_cues(show(), changed));
    let (new, left) = Engine::adopt(Arc::clone(&changed), &stage.engine, Mode::Live);
    let view = new.snapshot(stage.now);
    assert_eq!(view.lists[0].next.map(|c| &*changed.cue(c).number), Some("3"));
    assert_eq!(view.devices[OTHER.at()].ownership, Ownership::Released);
    assert!(view.cues[1].done && !view.cues[0].done);
    assert_eq!(new.board().level(ParamIx(0), stage.now), 40_000);
    assert_eq!(left, ["cue 2 was NEXT and is not in this show"]);
    // What the run before wanted of a hold property is still wanted: a difference is shown, nothing is sent.
    stage.engine = new;
    stage.out.clear();
    stage.says(DESK, Report::Online { identity: None });
    stage.sees(HOLD, int(9), How::Word);
    stage.says(DESK, Report::Synced);
    assert_eq!(stage.commands(), []);
    assert_eq!(stage.view().offers.len(), 1);
}

#[test]
fn only_a_person_who_takes_a_device_back_opens_what_its_driver_closed() {
    let mut stage = Stage::new(show());
    let reopened = |stage: &Stage| stage.out.iter().filter(|effect| matches!(effect, Effect::Reopen { device: OTHER })).count();
    stage.says(OTHER, Report::NeedsHuman { why: "wrong password".into() });
    stage.wants(Intent::Own { device: OTHER, ownership: Ownership::Live });
    stage.wants(Intent::Own { device: OTHER, ownership: Ownership::Bypassed });
    assert_eq!(reopened(&stage), 0);
    stage.wants(Intent::Own { device: OTHER, ownership: Ownership::Live });
    assert_eq!(reopened(&stage), 1);
}
