#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use proptest::prelude::*;

use super::{Board, Layer, Overlay, Renderer, Saved};
use crate::show::dmx::{FULL, Reach, Slots, scaled};
use crate::show::{
    AttrIx, Attribute, Curve, Fixture, LightAct, Param, ParamIx, Patched, Rest, Rig, Swing, SwingFrom, Timing, Universe, Wave,
};
use crate::time::{Mono, Span};

pub(super) const DIM: ParamIx = ParamIx(0);
pub(super) const RED: ParamIx = ParamIx(1);
pub(super) const PAN: ParamIx = ParamIx(2);
pub(super) const GOBO: ParamIx = ParamIx(3);
/// Half the way to full, rounded.
const HALF: u32 = 0x8000_0000;

/// Two heads (dimmer, red, 16-bit pan, snapping gobo) on universe 0 at slots 1 and 11, one more on universe 1.
pub(super) fn rig() -> Arc<Rig> {
    let mut rig = Rig::default();
    for (f, (universe, slot)) in [(0, 0), (0, 10), (1, 0)].into_iter().enumerate() {
        let base = Param {
            fixture: f as u32,
            cell: 0,
            attribute: AttrIx(0),
            universe,
            slots: Slots::new(&[slot]),
            default: 0,
            highlight: 0,
            snap: false,
            reach: Reach::WHOLE,
            intensity: false,
            dimmer: None,
            switched: false,
            reveals: false,
        };
        rig.fixtures.push(Fixture {
            key: format!("head{f}").into(),
            profile: Arc::default(),
            mode: 0,
            breaks: vec![Patched { universe, address: slot + 1 }],
            first_param: rig.params.len() as u32,
            param_count: 4,
        });
        rig.params.push(Param { intensity: true, ..base });
        rig.params.push(Param { attribute: AttrIx(1), slots: Slots::new(&[slot + 1]), default: FULL, ..base });
        rig.params.push(Param { attribute: AttrIx(2), slots: Slots::new(&[slot + 2, slot + 3]), default: 0x8000_0000, ..base });
        rig.params.push(Param { attribute: AttrIx(3), slots: Slots::new(&[slot + 4]), snap: true, ..base });
    }
    rig.attributes = ["Dimmer", "ColorAdd_R", "Pan", "Gobo1"].map(Attribute::of).into();
    rig.universes = (1..=2).map(|number| Universe { number, outputs: Vec::new() }).collect();
    Arc::new(rig)
}

pub(super) fn act(values: &[(ParamIx, u32)], ms: u64) -> LightAct {
    LightAct {
        values: values.to_vec(),
        up: Span::ms(ms),
        down: Span::ms(ms),
        rest: Rest::Keep,
        label: "test".into(),
        ..LightAct::default()
    }
}

pub(super) fn ms(ms: u64) -> Mono {
    Mono::ZERO + Span::ms(ms)
}

pub(super) fn head(n: u32, ix: ParamIx) -> ParamIx {
    ParamIx(n * 4 + ix.0)
}

#[test]
fn nothing_is_named_before_a_cue_names_it_and_a_named_universe_rests_at_its_defaults() {
    let mut board = Board::new(rig());
    let mut renderer = Renderer::new(&board);
    assert!(!board.named(0) && !board.named(1) && !board.named(9));
    assert_eq!(board.target(DIM), None);
    board.apply(ms(5), &act(&[(DIM, FULL)], 0));
    assert!(board.named(0) && !board.named(1));
    assert_eq!(renderer.changed(&board).collect::<Vec<_>>(), [0]);
    assert_eq!(renderer.changed(&board).count(), 0, "asked once");
    let mut slots = [7; 512];
    renderer.render(&board, ms(5), 0, &mut slots);
    assert_eq!(slots[..5], [255, 255, 0x80, 0, 0], "the unnamed colour and pan rest");
    assert_eq!(slots[10..15], [0, 255, 0x80, 0, 0], "so does the whole unnamed fixture");
    assert!(slots[15..].iter().all(|s| *s == 0));
}

#[test]
fn up_and_down_have_their_own_times_and_everything_else_takes_the_time_up() {
    let mut board = Board::new(rig());
    board.apply(ms(0), &act(&[(DIM, FULL), (RED, 0)], 0));
    board.apply(ms(0), &act(&[(head(1, DIM), 0)], 0));
    let both = LightAct { up: Span::ms(1000), down: Span::ms(2000), ..act(&[(DIM, 0), (RED, FULL), (head(1, DIM), FULL)], 0) };
    board.apply(ms(0), &both);
    assert_eq!(board.level(DIM, ms(1000)), FULL - HALF, "half way down");
    assert_eq!((board.level(RED, ms(1000)), board.level(head(1, DIM), ms(1000))), (FULL, FULL), "both up");
    assert_eq!(board.level(RED, ms(500)), HALF);
    assert!(board.moving(ms(1999)) && !board.moving(ms(2000)));
    assert_eq!(board.settles_at(), ms(2000));
}

#[test]
fn a_parameter_may_have_times_of_its_own() {
    let mut board = Board::new(rig());
    board.apply(ms(0), &act(&[(DIM, FULL), (RED, 0)], 0));
    let slow = Timing { up: Span::ms(4000), down: Span::ms(4000), delay: Span::ms(1000), curve: Curve::Square };
    let fade = LightAct { times: vec![slow], timed: vec![(RED, 0)], ..act(&[(DIM, 0), (RED, FULL), (PAN, 0)], 1000) };
    board.apply(ms(0), &fade);
    assert_eq!((board.level(DIM, ms(500)), board.level(PAN, ms(500)), board.level(RED, ms(1000))), (FULL - HALF, 0x4000_0000, 0));
    assert_eq!(board.level(RED, ms(3000)), FULL / 4 + 1, "a quarter of the way at half of its own time");
    assert_eq!((board.settles_at(), fade.whole()), (ms(5000), Span::ms(5000)));
}

#[test]
fn a_universe_in_which_nothing_moves_does_not_move() {
    let mut board = Board::new(rig());
    board.apply(ms(0), &act(&[(head(2, DIM), FULL)], 1000));
    assert_eq!((board.moves(0, ms(500)), board.moves(1, ms(500)), board.moves(1, ms(1000))), (false, true, false));
}

#[test]
fn a_new_act_takes_a_parameter_from_where_it_is() {
    let mut board = Board::new(rig());
    board.apply(ms(0), &act(&[(DIM, 40_000)], 1000));
    board.apply(ms(500), &act(&[(DIM, 0)], 1000));
    assert_eq!(board.level(DIM, ms(500)), 20_000);
    assert_eq!(board.level(DIM, ms(1000)), 10_000);
    assert_eq!(board.target(DIM), Some(0));
}

#[test]
fn what_runs_goes_on_during_the_delay_of_the_next() {
    let mut board = Board::new(rig());
    board.apply(ms(0), &act(&[(DIM, 40_000)], 1000));
    board.apply(ms(100), &LightAct { delay: Span::ms(650), ..act(&[(DIM, 0)], 1000) });
    assert_eq!(board.target(DIM), Some(0));
    assert_eq!(board.level(DIM, ms(700)), 28_000, "still the first fade");
    assert_eq!(board.level(DIM, ms(750)), 30_000, "where the second begins");
    assert_eq!(board.level(DIM, ms(1250)), 15_000);
    assert_eq!(board.settles_at(), ms(1750));
    board.apply(ms(200), &act(&[(DIM, 8000)], 0));
    assert_eq!(board.level(DIM, ms(5000)), 8000, "the newest act forgets the one that still waited");
}

#[test]
fn snapping_parameters_jump_and_wait_for_the_delay() {
    let mut board = Board::new(rig());
    board.apply(ms(0), &act(&[(DIM, FULL)], 0));
    board.apply(ms(0), &LightAct { delay: Span::ms(100), ..act(&[(GOBO, 0x2000), (PAN, 0)], 1000) });
    assert_eq!(board.level(GOBO, ms(99)), 0);
    assert_eq!(board.level(GOBO, ms(100)), 0x2000);
    assert_eq!(board.level(PAN, ms(600)), HALF / 2);
    board.apply(ms(2000), &LightAct { curve: Curve::Snap, ..act(&[(PAN, 77)], 1000) });
    assert_eq!(board.level(PAN, ms(2000)), 77);
}

#[test]
fn a_whole_look_fades_out_the_intensities_that_the_run_has_set_and_it_does_not_name() {
    let mut board = Board::new(rig());
    let mut renderer = Renderer::new(&board);
    board.apply(ms(0), &act(&[(DIM, FULL), (RED, 5)], 0));
    renderer.changed(&board).for_each(drop);
    let look = LightAct { rest: Rest::Out, ..act(&[(head(2, DIM), FULL)], 1000) };
    board.apply(ms(0), &look);
    assert_eq!(board.level(DIM, ms(500)), FULL - HALF);
    assert_eq!((board.level(DIM, ms(1000)), board.target(DIM)), (0, Some(0)));
    assert_eq!(board.level(RED, ms(1000)), 5, "a colour is not light");
    assert_eq!(board.target(head(1, DIM)), None, "what the run never set stays alone");
    assert_eq!(renderer.changed(&board).collect::<Vec<_>>(), [0, 1]);
    board.apply(ms(3000), &look);
    assert_eq!(renderer.changed(&board).count(), 0, "again the same picture: nothing to send");
}

#[test]
fn what_is_released_returns_to_its_default_and_is_nobodys() {
    let mut board = Board::new(rig());
    board.apply(ms(0), &act(&[(DIM, FULL), (PAN, 0)], 0));
    board.apply(ms(0), &LightAct { release: vec![PAN, head(1, PAN)], ..act(&[], 1000) });
    assert_eq!(board.target(PAN), None);
    assert_eq!((board.level(PAN, ms(500)), board.level(PAN, ms(1000))), (HALF / 2, HALF));
    assert!(board.named(0), "its universe is still sent");
}

#[test]
fn a_dark_fixture_turns_and_changes_colour_before_its_light_comes() {
    let mut board = Board::new(rig());
    let rise = LightAct { delay: Span::ms(200), ..act(&[(DIM, FULL), (RED, 9), (PAN, 100)], 1000) };
    board.apply(ms(0), &rise);
    assert_eq!((board.level(RED, ms(0)), board.level(PAN, ms(0)), board.level(DIM, ms(200))), (9, 100, 0));
    board.apply(ms(100), &act(&[(RED, 7)], 1000));
    assert_eq!(board.level(RED, ms(100)), 7, "dark until its delay is over");
    board.apply(ms(300), &act(&[(RED, 1007), (PAN, 200)], 1000));
    assert_eq!((board.level(RED, ms(300)), board.level(RED, ms(800))), (7, 507), "seen now, so it travels");
}

#[test]
fn halt_stops_everything_where_it_is() {
    let mut board = Board::new(rig());
    board.apply(ms(0), &act(&[(DIM, 40_000)], 1000));
    board.apply(ms(0), &LightAct { delay: Span::ms(900), ..act(&[(head(1, DIM), FULL)], 1000) });
    board.halt(ms(500));
    assert_eq!((board.level(DIM, ms(9000)), board.target(DIM)), (20_000, Some(20_000)));
    assert_eq!(board.level(head(1, DIM), ms(9000)), 0);
    assert!(!board.moving(ms(500)));
}

#[test]
fn pause_freezes_fades_and_delays_and_resume_goes_on() {
    let mut board = Board::new(rig());
    board.apply(ms(0), &LightAct { delay: Span::ms(100), ..act(&[(DIM, 40_000)], 1000) });
    board.pause(ms(600));
    assert_eq!(board.level(DIM, ms(60_000)), 20_000);
    assert!(!board.moving(ms(700)));
    assert_eq!(board.settles_at(), Mono(u64::MAX));
    board.apply(ms(700), &act(&[(head(1, DIM), 10_000)], 0));
    assert_eq!(board.level(head(1, DIM), ms(700)), 10_000, "a jump lands while paused");
    board.resume(ms(10_600));
    assert_eq!(board.level(DIM, ms(10_850)), 30_000);
    assert_eq!(board.settles_at(), ms(11_100));
    assert!(board.moving(ms(11_099)) && !board.moving(ms(11_100)));
}

/// A pixel of two universes under a virtual dimmer, and a pan that hangs upside down with 24 bits.
#[test]
fn a_virtual_dimmer_scales_what_it_dims_wherever_that_is_sent() {
    let mut rig = Rig::clone(&rig());
    rig.params[0].slots = Slots::default();
    rig.params[1].dimmer = Some(DIM);
    rig.params[1].universe = 1;
    rig.params[1].slots = Slots::new(&[30]);
    rig.params[2].reach = Reach::INVERSE;
    rig.params[2].slots = Slots::new(&[20, 21, 22]);
    let mut board = Board::new(Arc::new(rig));
    let mut renderer = Renderer::new(&board);
    board.apply(ms(0), &act(&[(DIM, FULL)], 1000));
    assert!(board.named(0) && board.named(1), "its colour is on the second universe");
    assert_eq!(renderer.changed(&board).collect::<Vec<_>>(), [0, 1]);
    let mut slot = |board: &Board, at, universe, slot: usize| {
        let mut slots = [0; 512];
        renderer.render(board, at, universe, &mut slots);
        slots[slot]
    };
    assert_eq!(
        [0, 500, 1000].map(|at| slot(&board, ms(at), 1, 30)),
        [0, 128, 255],
        "the colour rests at full and shows what the dimmer lets through"
    );
    assert_eq!(slot(&board, ms(1000), 0, 0), 0, "it has no slot of its own");
    board.apply(ms(1000), &act(&[(RED, HALF), (PAN, 0x1234_5678)], 0));
    assert_eq!(slot(&board, ms(1000), 1, 30), 128);
    assert_eq!([20, 21, 22].map(|at| slot(&board, ms(1000), 0, at)), [0xED, 0xCB, 0xA9], "the show's 0x123456, turned round");
    board.apply(ms(2000), &act(&[(DIM, 0)], 0));
    assert_eq!((slot(&board, ms(2000), 1, 30), board.level(RED, ms(2000))), (0, HALF), "dark, and the colour is kept");
}

#[test]
fn an_act_on_what_the_rig_does_not_have_changes_nothing() {
    let mut board = Board::new(rig());
    let mut renderer = Renderer::new(&board);
    board.apply(ms(0), &LightAct { release: vec![ParamIx(99)], ..act(&[(ParamIx(77), 5)], 10) });
    assert_eq!((board.level(ParamIx(77), ms(0)), board.target(ParamIx(77))), (0, None));
    let mut slots = [1; 512];
    renderer.render(&board, ms(0), 9, &mut slots);
    assert_eq!(slots, [0; 512]);
}

/// The exact curve, in floating point.
fn exact(curve: Curve, from: u32, to: u32, done: f64) -> f64 {
    let p = done.clamp(0.0, 1.0);
    let s = match curve {
        Curve::Linear => p,
        Curve::SCurve => p * p * (3.0 - 2.0 * p),
        Curve::Square if to > from => p * p,
        Curve::Square => 1.0 - (1.0 - p) * (1.0 - p),
        Curve::Snap => 1.0,
    };
    f64::from(from) + (f64::from(to) - f64::from(from)) * s
}

fn curves() -> impl Strategy<Value = Curve> {
    prop_oneof![Just(Curve::Linear), Just(Curve::SCurve), Just(Curve::Square), Just(Curve::Snap)]
}

#[derive(Debug, Clone)]
enum Deed {
    Apply(LightAct, Layer),
    Halt,
    Pause,
    Resume,
}

fn acts() -> impl Strategy<Value = LightAct> {
    let values = proptest::collection::btree_map(0_u32..12, any::<u32>(), 0..6);
    let release = proptest::collection::vec((0_u32..12).prop_map(ParamIx), 0..3);
    let times = proptest::collection::vec((0_u64..3000, 0_u64..3000, 0_u64..1000, curves()), 3);
    let values = (values, times, proptest::collection::btree_map((0_u32..12).prop_map(ParamIx), 0_u16..3, 0..4));
    (values, release, 0_u64..3000, 0_u64..3000, prop_oneof![Just(0), 0_u64..1000], curves(), any::<bool>()).prop_map(
        |((values, times, timed), release, up, down, delay, curve, out)| LightAct {
            values: values.into_iter().map(|(ix, v)| (ParamIx(ix), v)).collect(),
            release,
            up: Span::ms(up),
            down: Span::ms(down),
            delay: Span::ms(delay),
            curve,
            rest: if out { Rest::Out } else { Rest::Keep },
            label: "any".into(),
            times: times
                .into_iter()
                .map(|(up, down, delay, curve)| Timing { up: Span::ms(up), down: Span::ms(down), delay: Span::ms(delay), curve })
                .collect(),
            timed: timed.into_iter().collect(),
            ..LightAct::default()
        },
    )
}

fn swings() -> impl Strategy<Value = Swing> {
    let waves = prop_oneof![Just(Wave::Sine), Just(Wave::Pulse { share: 0x4000 }), Just(Wave::Hue)];
    let from = prop_oneof![
        Just(SwingFrom::Around),
        Just(SwingFrom::Above),
        Just(SwingFrom::Below),
        Just(SwingFrom::Full),
        Just(SwingFrom::Nothing)
    ];
    (proptest::option::weighted(0.8, waves), 50_u64..4000, any::<u32>(), any::<u16>(), from)
        .prop_map(|(wave, period, phase, size, from)| Swing { wave, period: Span::ms(period), phase, size, from })
}

fn deeds() -> impl Strategy<Value = Vec<(u64, Deed)>> {
    let layers = prop_oneof![4 => Just(Layer::List(0)), 2 => Just(Layer::List(1)), 1 => Just(Layer::List(2)), 1 => Just(Layer::All)];
    let deed = prop_oneof![6 => (acts(), layers).prop_map(|(act, layer)| Deed::Apply(act, layer)), 1 => Just(Deed::Halt), 1 => Just(Deed::Pause), 1 => Just(Deed::Resume)];
    proptest::collection::vec((0_u64..1500, deed), 1..24)
}

fn do_it(board: &mut Board, at: Mono, deed: &Deed) {
    match deed {
        Deed::Apply(act, layer) => board.apply_of(0, *layer, at, act),
        Deed::Halt => board.halt(at),
        Deed::Pause => board.pause(at),
        Deed::Resume => board.resume(at),
    }
}

fn frames(renderer: &mut Renderer, board: &Board, now: Mono) -> [[u8; 512]; 2] {
    let mut frames = [[0; 512]; 2];
    for (u, slots) in (0..).zip(&mut frames) {
        renderer.render(board, now, u, slots);
    }
    frames
}

proptest! {
    #[test]
    fn a_fade_is_exact_to_a_few_steps_of_thirty_two_bits(
        from: u32, to: u32, curve in curves(), length in 1_u64..=36_000_000_000_000_000, part in 0.0_f64..=1.0,
    ) {
        let mut board = Board::new(rig());
        board.apply(Mono(0), &act(&[(DIM, from)], 0));
        let fade = LightAct { up: Span(length), down: Span(length), curve, ..act(&[(DIM, to)], 0) };
        board.apply(Mono(1000), &fade);
        let elapsed = (length as f64 * part) as u64;
        let is = f64::from(board.level(DIM, Mono(1000 + elapsed)));
        let should = exact(curve, from, to, elapsed as f64 / length as f64);
        prop_assert!((is - should).abs() <= 4.0, "{} is not {}", is, should);
        prop_assert_eq!(board.level(DIM, Mono(1000 + length)), to);
    }

    /// Every frame of a fade, as it leaves: the two slots of a parameter are within one step of the exact curve.
    #[test]
    fn every_frame_of_a_fade_is_exact_to_one_step(
        from: u32, to: u32, curve in curves(), length in 1_u64..=8_000_000_000, first in 0_u64..22_727_272,
    ) {
        let mut board = Board::new(rig());
        let mut renderer = Renderer::new(&board);
        board.apply(Mono(0), &act(&[(DIM, FULL), (PAN, from)], 0));
        let fade = LightAct { up: Span(length), down: Span(length), curve, ..act(&[(PAN, to)], 0) };
        board.apply(Mono(1000), &fade);
        let mut slots = [0; 512];
        for elapsed in (first..length + 50_000_000).step_by(22_727_272) {
            renderer.render(&board, Mono(1000 + elapsed), 0, &mut slots);
            let is = f64::from(u16::from_be_bytes([slots[2], slots[3]]));
            let should = exact(curve, from, to, elapsed as f64 / length as f64) / 65_536.0;
            prop_assert!((is - should).abs() <= 1.0, "{} is not {} after {}", is, should, elapsed);
        }
    }

    /// A board of a checkpoint swings the same, whatever begins and ends; nothing that a later act takes jumps.
    #[test]
    fn any_effects(deeds in proptest::collection::vec((0_u64..900, 0_u32..12, swings(), 0_u64..700, 0_u16..2, any::<bool>()), 1..16)) {
        let rig = rig();
        let mut board = Board::new(rig.clone());
        let mut renderer = Renderer::new(&board);
        board.apply(Mono(0), &act(&[(DIM, FULL / 2), (RED, FULL / 3), (head(1, DIM), FULL)], 0));
        let mut at = Mono::ZERO;
        for (wait, ix, swing, fade, list, takes) in deeds {
            at += Span::ms(wait);
            let before = board.level(ParamIx(ix), at);
            let fading = if takes { act(&[(ParamIx(ix), 5)], fade + 1) } else { LightAct { swings: vec![(ParamIx(ix), swing)], ..act(&[], fade + 1) } };
            board.apply_of(1, Layer::List(list), at, &fading);
            let param = rig.params[ParamIx(ix).at()];
            if !param.snap && (param.intensity || !takes) && list == 0 && board.lists() == 1 {
                prop_assert!(board.level(ParamIx(ix), at).abs_diff(before) <= 1, "{} jumped", ix);
            }
            let text = serde_json::to_string(&board.save()).unwrap();
            let restored = Board::restore(rig.clone(), &serde_json::from_str::<Saved>(&text).unwrap());
            for later in [0, 100, 1000, 60_000] {
                prop_assert_eq!(frames(&mut renderer, &board, at + Span::ms(later)), frames(&mut Renderer::new(&restored), &restored, at + Span::ms(later)));
            }
        }
        let off = Swing { wave: None, period: Span::ZERO, phase: 0, size: 0, from: SwingFrom::Around };
        for list in 0..board.lists() {
            let ends = LightAct { swings: (0..12).map(|ix| (ParamIx(ix), off)).collect(), ..act(&[], 0) };
            board.apply_of(2, Layer::List(list), at, &ends);
        }
        prop_assert!(!board.moving(at + Span::secs(1)), "all effects have ended");
        for ix in (0..12).map(ParamIx) {
            if let Some(target) = board.target(ix) {
                prop_assert_eq!(board.level(ix, at + Span::secs(1)), target);
            }
        }
    }

    /// A universe is laid out once for many frames: each of them is what a parameter by itself would be, whatever lies over the cues.
    #[test]
    fn a_frame_is_the_output_of_each_parameter(deeds in deeds(), grand in prop_oneof![Just(u16::MAX), any::<u16>()], parked: u32) {
        let mut rig = Rig::clone(&rig());
        rig.params[5].dimmer = Some(head(1, DIM));
        rig.params[6].reach = Reach::INVERSE;
        rig.params[10].slots = Slots::new(&[2, 3, 12]);
        let rig = Arc::new(rig);
        let mut board = Board::new(rig.clone());
        let mut renderer = Renderer::new(&board);
        let mut at = Mono::ZERO;
        for (turn, (wait, deed)) in deeds.iter().enumerate() {
            at += Span::ms(*wait);
            do_it(&mut board, at, deed);
            match turn {
                2 => board.lay(Overlay { grand, ..Overlay::default() }),
                5 => board.lay(Overlay { parked: [(head(2, DIM), parked)].into(), ..Overlay::default() }),
                7 => board.pause_of(0, at),
                9 => board.resume_of(0, at),
                _ => {}
            }
            for later in [0, 23, 46, 230, 700].map(|later| at + Span::ms(later)) {
                let picture = frames(&mut renderer, &board, later);
                for (ix, param) in (0..).map(ParamIx).zip(&rig.params) {
                    let dimmer = param.dimmer.map_or(FULL, |dimmer| board.output(dimmer, later));
                    let value = param.reach.sent(scaled(board.output(ix, later), dimmer));
                    let slots = &picture[usize::from(param.universe)];
                    for (slot, byte) in param.slots.as_slice().iter().zip(value.to_be_bytes()) {
                        prop_assert_eq!(slots[usize::from(*slot)], byte, "{:?} after {:?}", ix, deed);
                    }
                }
            }
        }
    }

    /// Laws over whole evenings: no jump but where one was asked for, the picture after the last fade is the targets,
    /// frames equal levels, and a board of a checkpoint goes on the same.
    #[test]
    fn any_evening(deeds in deeds()) {
        let rig = rig();
        let mut board = Board::new(rig.clone());
        let mut renderer = Renderer::new(&board);
        let mut restored = board.clone();
        let mut at = Mono::ZERO;
        for (wait, deed) in &deeds {
            at += Span::ms(*wait);
            let before: Vec<u32> = (0..12).map(|i| board.level(ParamIx(i), at)).collect();
            do_it(&mut board, at, deed);
            do_it(&mut restored, at, deed);
            let jumps = match deed {
                Deed::Apply(act, _) => {
                    let jumps = |t: &Timing| t.up.is_zero() || t.down.is_zero() || t.curve == Curve::Snap;
                    jumps(&act.timing()) || act.times.iter().any(jumps)
                }
                _ => false,
            };
            for (ix, was) in (0..).map(ParamIx).zip(before) {
                let param = rig.params[ix.at()];
                if param.intensity && !jumps {
                    prop_assert!(board.level(ix, at).abs_diff(was) <= 1, "{:?} jumped", ix);
                }
            }
            let later = at + Span::ms(333);
            prop_assert_eq!(frames(&mut renderer, &board, later), frames(&mut Renderer::new(&restored), &restored, later));
            let text = serde_json::to_string(&board.save()).unwrap();
            restored = Board::restore(rig.clone(), &serde_json::from_str::<Saved>(&text).unwrap());
            prop_assert_eq!(restored.save(), board.save());
        }
        board.resume(at);
        let end = board.settles_at().max(at);
        prop_assert!(!board.moving(end));
        let picture = frames(&mut renderer, &board, end);
        for (i, param) in rig.params.iter().enumerate() {
            let ix = ParamIx(i as u32);
            if let Some(target) = board.target(ix) {
                prop_assert_eq!(board.level(ix, end), target);
            }
            let slots = &picture[usize::from(param.universe)];
            for (slot, byte) in param.slots.as_slice().iter().zip(board.level(ix, end).to_be_bytes()) {
                prop_assert_eq!(slots[usize::from(*slot)], byte);
            }
        }
        prop_assert!(board.motions.len() <= 300, "motions are used again");
    }
}

#[test]
fn one_owner_stands_and_goes_on_for_the_time_that_was_left_while_another_moves() {
    let mut board = Board::new(rig());
    board.apply_of(1, Layer::List(0), ms(0), &act(&[(DIM, 40_000)], 1000));
    board.apply_of(2, Layer::List(0), ms(0), &act(&[(head(1, DIM), 40_000)], 1000));
    board.pause_of(1, ms(250));
    assert_eq!((board.level(DIM, ms(900)), board.level(head(1, DIM), ms(900))), (10_000, 36_000));
    assert!(board.moving(ms(900)) && !board.moving(ms(1000)), "what stands does not move");
    assert_eq!(board.settles_at(), Mono(u64::MAX));
    board.resume_of(1, ms(2000));
    assert_eq!(board.level(DIM, ms(2250)), 20_000);
    assert_eq!(board.settles_at(), ms(2750));
}

#[test]
fn one_owner_halts_where_it_is_and_forgets_what_waits_while_another_moves() {
    let mut board = Board::new(rig());
    board.apply_of(1, Layer::List(0), ms(0), &act(&[(DIM, 40_000), (RED, 0)], 1000));
    board.apply_of(1, Layer::List(0), ms(0), &LightAct { delay: Span::ms(800), ..act(&[(head(2, DIM), FULL)], 1000) });
    board.apply_of(2, Layer::List(0), ms(100), &act(&[(RED, FULL)], 1000));
    board.halt_of(1, ms(500));
    assert_eq!((board.level(DIM, ms(9000)), board.level(head(2, DIM), ms(9000))), (20_000, 0));
    assert_eq!(board.level(RED, ms(9000)), FULL, "the newest act owns it");
    assert_eq!(board.settles_at(), ms(1100));
}

proptest! {
    #[test]
    fn pausing_every_owner_is_the_same_as_pausing_all(
        acts in prop::collection::vec((0_u64..900, 0_u64..4, 0_u32..12, any::<u32>(), 0_u64..2000, 0_u64..500), 1..12),
        (at, stood, later) in (0_u64..2500, 0_u64..3000, 0_u64..4000),
    ) {
        let (mut all, mut each) = (Board::new(rig()), Board::new(rig()));
        for (when, owner, ix, to, over, delay) in &acts {
            let act = LightAct { delay: Span::ms(*delay), ..act(&[(ParamIx(*ix), *to)], *over) };
            all.apply_of(*owner, Layer::List(0), ms(*when), &act);
            each.apply_of(*owner, Layer::List(0), ms(*when), &act);
        }
        let (at, back) = (ms(1000 + at), ms(1000 + at + stood));
        all.pause(at);
        (0..4).for_each(|owner| each.pause_of(owner, at));
        let levels = |board: &Board, now| (0..12).map(|ix| board.level(ParamIx(ix), now)).collect::<Vec<_>>();
        prop_assert_eq!(levels(&all, back), levels(&each, back));
        prop_assert_eq!(levels(&all, back), levels(&all, at));
        all.resume(back);
        (0..4).for_each(|owner| each.resume_of(owner, back));
        prop_assert_eq!(levels(&all, back + Span::ms(later)), levels(&each, back + Span::ms(later)));
        (0..4).for_each(|owner| each.halt_of(owner, back));
        prop_assert_eq!(levels(&all, back), levels(&each, back + Span::ms(later)), "halting every owner halts all");
    }
}
