//! GO, its guard, the pointer, waits and followers.

use crate::engine::kit::*;
use crate::engine::*;
use crate::show::*;
use crate::time::Span;

fn two() -> Show {
    with_cues(show(), vec![cue("1", vec![step(0, want(SET, int(1)))]), cue("2", vec![step(500, want(SET, int(2)))])])
}

#[test]
fn go_starts_next_and_moves_the_pointer() {
    let mut stage = Stage::new(two());
    assert_eq!(stage.next(), Some(0));
    stage.go();
    assert_eq!(stage.sets(), [(SET, int(1))]);
    assert_eq!(stage.next(), Some(1));
    stage.land(SET, int(1));
    assert_eq!(stage.outcomes(SET), [confirmed()]);
}

#[test]
fn a_start_is_kept_and_measured_against_the_plan() {
    let mut show = two();
    show.cues[0].at = Some(jiff::civil::time(19, 0, 0, 0));
    show.cues[1].at = Some(jiff::civil::time(19, 30, 0, 0));
    let mut stage = Stage::new(show);
    // 1970-01-01, 19:05 by the venue's clock, which is an hour east of Greenwich.
    let wall = crate::time::Wall(18 * 3_600_000_000_000 + 300_000_000_000);
    stage.give(&Input::Clock { wall, utc_offset: 3600 });
    stage.go();
    let snapshot = stage.view();
    assert_eq!(snapshot.cues[0].started, Some(stage.now));
    let day = snapshot.rundown(&stage.engine.show, ListIx(0), stage.now);
    assert_eq!(day.late.map(|late| late / 60_000_000_000), Some(5));
    assert_eq!(day.cue(CueIx(1)).and_then(|timed| timed.projected).map(|at| day.time(at).minute()), Some(35));
}

#[test]
fn a_step_goes_out_at_its_own_due_time_however_late_the_step() {
    let mut stage = Stage::new(two());
    stage.go();
    stage.go();
    let at = stage.now;
    assert_eq!(stage.sets().len(), 1, "no effect before its due time");
    assert_eq!(stage.engine.next_due(), Some(at + Span::ms(500)));
    stage.wait(900);
    let last = stage.commands().pop().unwrap();
    assert_eq!((last.prop, last.due), (SET, at + Span::ms(500)));
}

#[test]
fn the_end_of_the_list_says_so() {
    let mut stage = Stage::new(two());
    stage.go();
    stage.go();
    assert_eq!(stage.next(), None);
    stage.go();
    assert_eq!(stage.started(), [0, 1]);
    assert!(stage.refusals()[0].contains("end of list"));
}

#[test]
fn a_held_key_on_a_terminal_without_releases_is_one_go() {
    let mut stage = Stage::new(two());
    stage.go();
    for _ in 0..40 {
        stage.wait(100);
        stage.wants(Intent::Go { list: MAIN, seen: None });
    }
    assert_eq!(stage.started(), [0], "each refused press restarts the guard");
    stage.wait(801);
    stage.wants(Intent::Go { list: MAIN, seen: None });
    assert_eq!(stage.started(), [0, 1]);
}
