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
