//! Marks move what nobody sees, and nothing else.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::tests::{DIM, GOBO, PAN, RED, act, head, ms, rig};
use super::{Board, Find, Layer, Overlay, Renderer};
use crate::show::dmx::{FULL, Slots};
use crate::show::{AttrIx, Attribute, Fixture, LightAct, Param, ParamIx, Rest, Rig, Swing, SwingFrom, Universe, Wave};
use crate::time::Span;

fn mark(board: &mut Board, at: u64, acts: &[&LightAct]) -> bool {
    let acts: Vec<Arc<LightAct>> = acts.iter().map(|act| Arc::new((*act).clone())).collect();
    board.mark(ms(at), 0, &acts, &BTreeSet::new())
}

#[test]
fn a_dark_light_takes_up_what_its_cue_wants_and_the_run_still_wants_what_it_wanted() {
    let mut board = Board::new(rig());
    let mut renderer = Renderer::new(&board);
    board.apply(ms(0), &act(&[(head(1, DIM), FULL)], 0));
    renderer.changed(&board).for_each(drop);
    let next = act(&[(DIM, FULL), (RED, 9), (PAN, 7)], 1000);
    let mut slots = [0; 512];
    renderer.render(&board, ms(5), 0, &mut slots);
    assert_eq!(slots[2..4], [0x80, 0]);
    assert!(mark(&mut board, 10, &[&next]));
    renderer.render(&board, ms(10), 0, &mut slots);
    assert_eq!(slots[..4], [0; 4], "it is sent");
    assert_eq!([DIM, RED, PAN].map(|ix| board.level(ix, ms(10))), [0, 9, 7]);
    assert_eq!([DIM, RED, PAN].map(|ix| board.target(ix)), [None; 3], "no cue has named them");
    assert_eq!(renderer.changed(&board).collect::<Vec<_>>(), [0], "the stage sends it");
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

/// A bar of three cells (dimmer, red, pan each) with a zoom for all; with `master`, a dimmer above them.
fn bar(master: bool) -> Arc<Rig> {
    let mut rig = Rig::default();
    let base = Param { intensity: false, default: 0, slots: Slots::default(), ..rig_param() };
    let mut add = |cell: u16, attribute: u16, param: Param| {
        let slot = rig.params.len() as u16;
        rig.params.push(Param { cell, attribute: AttrIx(attribute), slots: Slots::new(&[slot]), ..param });
    };
    for cell in 1..=3 {
        add(cell, 0, Param { intensity: !master, default: if master { FULL } else { 0 }, ..base });
        add(cell, 1, Param { default: FULL, ..base });
        add(cell, 2, Param { default: 77, ..base });
    }
    add(0, 3, Param { default: 99, ..base });
    if master {
        add(0, 0, Param { intensity: true, ..base });
    }
    rig.attributes = ["Dimmer", "ColorAdd_R", "Pan", "Zoom"].map(Attribute::of).into();
    rig.universes = vec![Universe { number: 1, outputs: Vec::new() }];
    let count = rig.params.len() as u32;
    rig.fixtures.push(Fixture { key: "bar".into(), profile: Arc::default(), mode: 0, breaks: vec![], first_param: 0, param_count: count });
    Arc::new(rig)
}

fn rig_param() -> Param {
    rig().params[0]
}

const ZOOM: ParamIx = ParamIx(9);
const MASTER: ParamIx = ParamIx(10);

/// What a cell has: 0 its dimmer, 1 red, 2 pan.
const fn of(cell: u32, what: u32) -> ParamIx {
    ParamIx((cell - 1) * 3 + what)
}

#[test]
fn a_dark_cell_takes_up_its_next_colour_beside_lit_neighbours() {
    for master in [false, true] {
        let mut board = Board::new(bar(master));
        let mut first = vec![(of(1, 0), FULL), (of(2, 0), 0)];
        first.extend(master.then_some((MASTER, FULL)));
        board.apply(ms(0), &act(&first, 0));
        let next = act(&[(of(1, 1), 5), (of(2, 0), FULL), (of(2, 1), 6), (of(2, 2), 7), (ZOOM, 8)], 1000);
        assert!(mark(&mut board, 10, &[&next]));
        let levels = [of(1, 0), of(1, 1), of(2, 0), of(2, 1), of(2, 2), ZOOM].map(|ix| board.level(ix, ms(10)));
        assert_eq!(levels, [FULL, FULL, 0, 6, 7, 99], "the lit cell, what belongs to all, and the dimmer itself stay");
        board.apply(ms(20), &act(&[(of(1, 1), 4)], 0));
        assert_eq!(board.level(of(2, 1), ms(20)), 6, "what its neighbour does is nothing to it");
        board.apply(ms(30), &act(&[(of(2, 0), FULL)], 0));
        assert_eq!([of(2, 1), of(2, 2)].map(|ix| board.level(ix, ms(30))), [FULL, 77], "another cue finds it where the run wants it");
    }
}

#[test]
fn a_dark_cell_that_its_cue_finds_unmarked_moves_at_once_and_a_lit_one_in_its_time() {
    let mut board = Board::new(bar(false));
    board.apply(ms(0), &act(&[(of(1, 0), FULL)], 0));
    board.apply(ms(10), &act(&[(of(1, 1), 0), (of(2, 0), FULL), (of(2, 1), 0), (ZOOM, 0)], 1000));
    assert_eq!([of(2, 1), of(2, 0)].map(|ix| board.level(ix, ms(10))), [0, 0]);
    assert_eq!([of(1, 1), ZOOM].map(|ix| board.level(ix, ms(10))), [FULL, 99], "the neighbour is lit, and the zoom is everybody's");
}

fn a_bar_act() -> impl Strategy<Value = LightAct> {
    let values = prop::collection::btree_map(0..11_u32, prop_oneof![2 => Just(0), 2 => Just(FULL), 1 => any::<u32>()], 0..7);
    (values, prop::collection::btree_set(0..11_u32, 0..2), 0..3_u64, 0..3_u64, 0..5_u8).prop_map(|(values, release, time, delay, out)| {
        LightAct {
            values: values.into_iter().map(|(ix, to)| (ParamIx(ix), to)).collect(),
            release: release.into_iter().map(ParamIx).collect(),
            up: Span::ms(time * 100),
            down: Span::ms(time * 100),
            delay: Span::ms(delay * 70),
            rest: if out == 0 { Rest::Out } else { Rest::Keep },
            ..LightAct::default()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A cell that gives light never moves by a mark, whatever the others do; and a mark changes neither what the run wants nor any dimmer
    /// that shows.
    #[test]
    fn nobody_ever_sees_a_mark_of_a_cell(
        master in any::<bool>(),
        steps in prop::collection::vec((any::<bool>(), 0..2_u8, prop::collection::vec(a_bar_act(), 1..3), 0..250_u64), 1..24),
    ) {
        let (mut with, mut without) = (Board::new(bar(master)), Board::new(bar(master)));
        let mut now = 0;
        for (marks, list, acts, wait) in steps {
            if marks {
                let acts: Vec<_> = acts.into_iter().map(Arc::new).collect();
                with.mark(ms(now), u16::from(list), &acts, &BTreeSet::new());
            } else {
                let acts: Vec<LightAct> = acts.into_iter().map(|act| LightAct { values: act.values.into_iter().filter(|(ix, _)| master || *ix != MASTER).collect(), release: act.release.into_iter().filter(|ix| master || *ix != MASTER).collect(), ..act }).collect();
                for board in [&mut with, &mut without] {
                    board.apply_of(0, Layer::List(u16::from(list)), ms(now), &acts[0]);
                }
            }
            for at in [now, now + wait / 2, now + wait] {
                let level = |ix: ParamIx| without.level(ix, ms(at));
                let whole = if master { level(MASTER) > 0 } else { (1..=3).any(|cell| level(of(cell, 0)) > 0) };
                for ix in (0..if master { 11 } else { 10 }).map(ParamIx) {
                    prop_assert_eq!(with.target(ix), without.target(ix));
                    let shown = match ix {
                        MASTER => true,
                        ZOOM => whole,
                        // A cell's dimmer under a master shows with the master.
                        ix if ix.0 % 3 == 0 => !master || whole,
                        ix => level(of(ix.0 / 3 + 1, 0)) > 0 && (!master || whole),
                    };
                    if shown {
                        prop_assert_eq!(with.level(ix, ms(at)), level(ix), "{:?} at {}", ix, at);
                    }
                }
            }
            now += wait;
        }
    }
}

#[test]
fn light_by_light_marks_what_all_at_once_marks() {
    let acts =
        [act(&[(PAN, 7), (head(1, RED), 5)], 0), act(&[(DIM, FULL), (head(1, DIM), FULL), (head(2, DIM), FULL), (head(2, GOBO), 3)], 0)];
    let acts: Vec<Arc<LightAct>> = acts.into_iter().map(Arc::new).collect();
    let (mut whole, mut single) = (Board::new(rig()), Board::new(rig()));
    for acts in [acts.as_slice(), &acts[..1], &[]] {
        let moved = whole.mark(ms(1), 0, acts, &BTreeSet::new());
        let each: Vec<bool> = (0..3).map(|at| single.mark_among(at..at + 1, ms(1), 0, acts, &BTreeSet::new())).collect();
        assert_eq!(each.contains(&true), moved);
        assert!(whole.marked().eq(single.marked()));
        assert!((0..12).map(ParamIx).all(|ix| whole.level(ix, ms(1)) == single.level(ix, ms(1))));
    }
}

/// `cargo test --release --lib marking_the_largest_rig -- --ignored --nocapture`: what a look ahead costs on 512 universes of heads.
#[test]
#[ignore = "a figure for people, not a check"]
fn marking_the_largest_rig() {
    let (heads, each) = (512 * 16, 16_u32);
    let mut rig = Rig::default();
    for head in 0..heads {
        for nth in 0..each {
            let slot = (head % 16) as u16 * 32 + nth as u16 * 2;
            let universe = (head / 16) as u16;
            let param = Param { fixture: head, universe, slots: Slots::new(&[slot, slot + 1]), intensity: nth == 0, ..rig_param() };
            rig.params.push(param);
        }
        let first_param = head * each;
        let profile = Arc::default();
        rig.fixtures.push(Fixture { key: "head".into(), profile, mode: 0, breaks: vec![], first_param, param_count: each });
    }
    rig.attributes = [Attribute::of("Dimmer")].into();
    rig.universes = (1..=512).map(|number| Universe { number, outputs: Vec::new() }).collect();
    let all =
        |level: u32, other: u32| (0..heads * each).map(|at| (ParamIx(at), if at % each == 0 { level } else { other })).collect::<Vec<_>>();
    let next = Arc::new(act(&all(FULL, 9), 0));
    let mut board = Board::new(Arc::new(rig));
    let cost = |what: &str, board: &mut Board, at: u64| {
        let began = std::time::Instant::now();
        let moved = board.mark(ms(at), 0, std::slice::from_ref(&next), &BTreeSet::new());
        let whole = began.elapsed();
        let mut worst = std::time::Duration::ZERO;
        for first in (0..heads).step_by(256) {
            let began = std::time::Instant::now();
            board.mark_among(first..first + 256, ms(at), 0, &[], &BTreeSet::new());
            board.mark_among(first..first + 256, ms(at), 0, std::slice::from_ref(&next), &BTreeSet::new());
            worst = worst.max(began.elapsed());
        }
        println!("{what}: {whole:?} (moved: {moved}); 4096 parameters away and back {worst:?} at the most");
    };
    cost("all dark, all moved", &mut board, 1);
    cost("all dark, all there already", &mut board, 2);
    board.apply(ms(3), &act(&all(FULL, 7), 0));
    cost("all lit", &mut board, 4);
    let half: Vec<(ParamIx, u32)> = all(0, 7).into_iter().filter(|(ix, _)| ix.0 / each % 2 == 0).collect();
    board.apply(ms(5), &act(&half, 0));
    cost("half of it dark, moved", &mut board, 6);
}
