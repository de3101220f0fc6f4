//! Marks move what nobody sees, and nothing else.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::tests::{DIM, GOBO, PAN, RED, act, head, ms, rig};
use super::{Board, Find, Layer, Overlay};
use crate::show::dmx::FULL;
use crate::show::{LightAct, ParamIx, Rest, Swing, SwingFrom, Wave};
use crate::time::Span;

fn mark(board: &mut Board, at: u64, acts: &[&LightAct]) -> bool {
    let acts: Vec<Arc<LightAct>> = acts.iter().map(|act| Arc::new((*act).clone())).collect();
    board.mark(ms(at), 0, &acts, &BTreeSet::new())
}

#[test]
fn a_dark_light_takes_up_what_its_cue_wants_and_the_run_still_wants_what_it_wanted() {
    let mut board = Board::new(rig());
    board.apply(ms(0), &act(&[(head(1, DIM), FULL)], 0));
    board.touched().for_each(drop);
    let next = act(&[(DIM, FULL), (RED, 9), (PAN, 7)], 1000);
    let mut slots = [0; 512];
    board.render(ms(5), 0, &mut slots);
    assert_eq!(slots[2..4], [0x80, 0]);
    assert!(mark(&mut board, 10, &[&next]));
    board.render(ms(10), 0, &mut slots);
    assert_eq!(slots[..4], [0; 4], "it is sent");
    assert_eq!([DIM, RED, PAN].map(|ix| board.level(ix, ms(10))), [0, 9, 7]);
    assert_eq!([DIM, RED, PAN].map(|ix| board.target(ix)), [None; 3], "no cue has named them");
    assert_eq!(board.touched().collect::<Vec<_>>(), [0], "the stage sends it");
    assert!(!mark(&mut board, 20, &[&next]), "once");
    board.apply(ms(30), &next);
    assert_eq!((board.level(PAN, ms(30)), board.level(DIM, ms(530)) > 0, board.marked().count()), (7, true, 0));
}

#[test]
fn a_universe_that_no_cue_has_named_is_not_sent_for_a_mark() {
    let mut board = Board::new(rig());
    assert!(mark(&mut board, 0, &[&act(&[(DIM, FULL), (PAN, 7)], 0)]));
    assert!(!board.named(0));
}

#[test]
fn a_light_that_shows_anything_is_not_moved() {
    let next = act(&[(DIM, FULL), (PAN, 7)], 0);
    let moved = |prepare: &dyn Fn(&mut Board)| {
        let mut board = Board::new(rig());
        prepare(&mut board);
        mark(&mut board, 1000, &[&next])
    };
    assert!(moved(&|_| {}));
    assert!(!moved(&|board| board.apply(ms(0), &act(&[(DIM, 1)], 0))), "lit");
    assert!(!moved(&|board| board.apply(ms(0), &LightAct { delay: Span::secs(5), ..act(&[(DIM, FULL)], 0) })), "it waits to rise");
    assert!(!moved(&|board| board.lay(Overlay { found: [(0, Find::Highlight)].into(), ..Overlay::default() })), "somebody looks for it");
    assert!(!moved(&|board| board.lay(Overlay { parked: [(DIM, FULL)].into(), ..Overlay::default() })), "parked lit");
    assert!(moved(&|board| board.lay(Overlay { parked: [(DIM, 0)].into(), ..Overlay::default() })), "parked dark");
    let wave = Swing { wave: Some(Wave::Sine), period: Span::secs(1), phase: 0, size: 9, from: SwingFrom::Above };
    assert!(!moved(&|board| board.apply(ms(0), &LightAct { swings: vec![(DIM, wave)], ..act(&[], 0) })), "it pulses");
    assert!(!moved(&|board| board.apply(ms(0), &LightAct { swings: vec![(PAN, wave)], ..act(&[], 0) })), "its head swings");
    let mut board = Board::new(rig());
    assert!(!board.mark(ms(0), 0, &[Arc::new(next.clone())], &BTreeSet::from([0])), "a step to come has to do with it");
    assert!(!mark(&mut board, 0, &[&LightAct { live: true, ..next }]), "its cue shows how it moves");
}

#[test]
fn what_an_earlier_act_of_the_cue_sets_in_the_dark_counts_too() {
    let mut board = Board::new(rig());
    let (first, then) = (act(&[(PAN, 7), (GOBO, 3)], 0), act(&[(DIM, FULL), (GOBO, 4)], 0));
    mark(&mut board, 0, &[&first, &then]);
    assert_eq!([PAN, GOBO].map(|ix| board.level(ix, ms(0))), [7, 4]);
    let wave = Swing { wave: Some(Wave::Sine), period: Span::secs(1), phase: 0, size: 9, from: SwingFrom::Above };
    mark(&mut board, 0, &[&first, &LightAct { swings: vec![(DIM, wave)], ..act(&[], 0) }]);
    assert_eq!([PAN, GOBO].map(|ix| board.level(ix, ms(0))), [7, 3], "an effect brings light too");
    mark(&mut board, 0, &[&first]);
    assert_eq!(board.marked().count(), 0, "it stays dark, so it need not move yet");
}

#[test]
fn a_fade_that_is_over_holds_no_light_back() {
    let mut board = Board::new(rig());
    board.apply(ms(0), &LightAct { delay: Span::ms(10), ..act(&[(DIM, FULL), (PAN, 5)], 100) });
    board.apply(ms(200), &LightAct { delay: Span::ms(10), ..act(&[(DIM, 0), (PAN, 6)], 100) });
    let next = act(&[(DIM, FULL), (PAN, 7)], 0);
    assert!(!mark(&mut board, 300, &[&next]), "a little of it is left");
    assert!(mark(&mut board, 310, &[&next]));
    assert_eq!((board.level(PAN, ms(310)), board.target(PAN)), (7, Some(6)));
}

#[test]
fn another_cue_finds_the_light_where_the_run_wants_it() {
    for marks in [false, true] {
        let mut board = Board::new(rig());
        board.apply(ms(0), &act(&[(PAN, 5), (DIM, 0)], 0));
        if marks {
            mark(&mut board, 10, &[&act(&[(DIM, FULL), (PAN, 7), (GOBO, 3)], 0)]);
            assert_eq!(board.level(PAN, ms(10)), 7);
        }
        board.apply(ms(20), &act(&[(DIM, FULL), (GOBO, 2)], 0));
        assert_eq!([PAN, GOBO].map(|ix| board.level(ix, ms(20))), [5, 2]);
    }
}

#[test]
fn a_mark_of_one_list_is_not_taken_by_another_and_goes_back_with_its_own() {
    let mut board = Board::new(rig());
    board.apply_of(1, Layer::List(1), ms(0), &act(&[(head(1, DIM), FULL)], 0));
    let (one, two) = (Arc::new(act(&[(DIM, FULL), (PAN, 7)], 0)), Arc::new(act(&[(DIM, FULL), (PAN, 9)], 0)));
    assert!(board.mark(ms(1), 1, std::slice::from_ref(&one), &BTreeSet::new()));
    assert!(!board.mark(ms(2), 0, std::slice::from_ref(&two), &BTreeSet::new()));
    assert_eq!(board.level(PAN, ms(2)), 7);
    assert!(board.mark(ms(3), 1, &[], &BTreeSet::new()));
    assert!(board.mark(ms(4), 0, std::slice::from_ref(&two), &BTreeSet::new()));
    board.apply_of(2, Layer::List(1), ms(5), &one);
    assert_eq!((board.level(PAN, ms(5)), board.target(PAN)), (7, Some(7)));
}

#[test]
fn a_mark_lives_through_a_checkpoint() {
    let mut board = Board::new(rig());
    mark(&mut board, 0, &[&act(&[(DIM, FULL), (PAN, 7)], 0)]);
    let saved = serde_json::to_string(&board.save()).unwrap();
    let mut back = Board::restore(rig(), &serde_json::from_str(&saved).unwrap());
    assert_eq!((back.level(PAN, ms(0)), back.unmarked_in(0, PAN, ms(0))), (7, 0x8000_0000));
    mark(&mut back, 1, &[]);
    assert_eq!(back.level(PAN, ms(1)), 0x8000_0000);
}

/// What happens to two boards of which only one has marks.
#[derive(Debug, Clone)]
enum Step {
    Act(u8, LightAct),
    Mark(u8, Vec<LightAct>),
    Halt,
    Find(Option<u32>),
}

fn an_act() -> impl Strategy<Value = LightAct> {
    let value = (0..12_u32, prop_oneof![Just(0), Just(FULL), any::<u32>()]);
    let values = prop::collection::btree_map(0..12_u32, value.prop_map(|(_, to)| to), 0..6);
    let times = (0..4_u64, 0..3_u64, any::<bool>(), 0..6_u8, any::<bool>());
    (values, prop::collection::btree_set(0..12_u32, 0..2), times).prop_map(|(values, release, (time, delay, out, live, assert))| LightAct {
        values: values.into_iter().map(|(ix, to)| (ParamIx(ix), to)).collect(),
        release: release.into_iter().map(ParamIx).collect(),
        up: Span::ms(time * 100),
        down: Span::ms(time * 100),
        delay: Span::ms(delay * 70),
        rest: if out { Rest::Out } else { Rest::Keep },
        live: live == 0,
        assert: assert && live == 1,
        ..LightAct::default()
    })
}

fn a_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..2_u8, an_act()).prop_map(|(list, act)| Step::Act(list, act)),
        4 => (0..2_u8, prop::collection::vec(an_act(), 0..3)).prop_map(|(list, acts)| Step::Mark(list, acts)),
        1 => Just(Step::Halt),
        1 => prop::option::of(0..3_u32).prop_map(Step::Find),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Of a light that is lit, marks change nothing at any instant; and they never change what the run wants.
    #[test]
    fn nobody_ever_sees_a_mark(steps in prop::collection::vec((a_step(), 0..250_u64), 1..24)) {
        let (mut with, mut without) = (Board::new(rig()), Board::new(rig()));
        let mut now = 0;
        for (step, wait) in steps {
            match step {
                Step::Act(list, act) => {
                    for board in [&mut with, &mut without] {
                        board.apply_of(0, Layer::List(u16::from(list)), ms(now), &act);
                    }
                }
                Step::Mark(list, acts) => {
                    let acts: Vec<_> = acts.into_iter().map(Arc::new).collect();
                    with.mark(ms(now), u16::from(list), &acts, &BTreeSet::new());
                }
                Step::Halt => [&mut with, &mut without].into_iter().for_each(|board| board.halt(ms(now))),
                Step::Find(fixture) => {
                    let found = fixture.map(|fixture| (fixture, Find::Highlight)).into_iter().collect();
                    with.lay(Overlay { found, ..Overlay::default() });
                }
            }
            for at in [now, now + wait / 2, now + wait] {
                for fixture in 0..3 {
                    let lit = without.level(head(fixture, DIM), ms(at)) > 0;
                    for ix in [DIM, RED, PAN, GOBO].map(|ix| head(fixture, ix)) {
                        prop_assert_eq!(with.target(ix), without.target(ix));
                        if lit || ix.0 % 4 == 0 {
                            prop_assert_eq!(with.level(ix, ms(at)), without.level(ix, ms(at)), "{:?} at {}", ix, at);
                        }
                    }
                }
            }
            now += wait;
        }
    }
}
