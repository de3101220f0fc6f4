//! Every state at every size: what the caller sees is kept as text.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};

use super::bytes::{Key, Kind};
use super::{Theme, Ui, act, draw, fixture};
use crate::engine::Snapshot;
use crate::show::{CueIx, DeviceIx, Show};
use crate::time::Span;

fn screen(show: &Show, snap: &Snapshot, ui: &Ui, width: u16, height: u16) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(show, snap, ui, frame)).unwrap();
    terminal
}

fn text(terminal: &Terminal<TestBackend>) -> String {
    terminal.backend().to_string().lines().map(|line| line.trim_matches('"').trim_end().to_owned() + "\n").collect()
}

#[test]
fn what_the_caller_sees() {
    for (name, show, snap, mut ui) in fixture::all() {
        ui.see(&show, &snap, Span::ZERO);
        for (width, height) in [(40, 10), (80, 24), (120, 40)] {
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), text(&screen(&show, &snap, &ui, width, height)));
        }
    }
}

#[test]
fn every_state_fits_in_any_corner() {
    for (_, show, snap, mut ui) in fixture::all() {
        ui.see(&show, &snap, Span::ZERO);
        for (width, height) in [(1, 1), (2, 1), (1, 5), (3, 3), (10, 2), (39, 9), (40, 40), (69, 24), (200, 3), (300, 100)] {
            screen(&show, &snap, &ui, width, height);
        }
    }
}

#[test]
fn a_small_screen_shows_next_and_the_clock() {
    let (show, snap) = fixture::running();
    let text = text(&screen(&show, &snap, &Ui::default(), 40, 10));
    assert!(text.contains("19:42:07") && text.contains("▶ NEXT 12  CEO walk-on"), "{text}");
}

#[test]
fn a_start_by_the_clock_stands_under_next() {
    let (show, mut snap) = fixture::running();
    snap.lists[0].clock = snap.lists[0].next.map(|cue| (cue, snap.now + Span::secs(252)));
    let own = text(&screen(&show, &snap, &Ui::default(), 80, 24));
    assert!(own.contains("CLOCK starts it at 19:46:19, in 4:12"), "{own}");
    snap.lists[0].clock = Some((CueIx(5), snap.now + Span::secs(90)));
    let other = text(&screen(&show, &snap, &Ui::default(), 80, 24));
    assert!(other.contains("CLOCK starts cue "), "{other}");
    snap.lists[0].clock = Some((CueIx(5), snap.now + Span::secs(3600)));
    let far = text(&screen(&show, &snap, &Ui::default(), 80, 24));
    assert!(!far.contains("CLOCK starts"), "{far}");
}

#[test]
fn a_stage_that_stands_still_is_told_at_every_size() {
    let (show, snap) = fixture::running();
    let mut ui = Ui::new(Theme::Plain, false, true);
    for (lead, told) in [(Span::ms(900), false), (Span::secs(1), true), (Span::secs(90), true)] {
        ui.see(&show, &snap, lead);
        for (width, height) in [(40, 10), (80, 24), (120, 40)] {
            let text = text(&screen(&show, &snap, &ui, width, height));
            assert_eq!(text.contains("THE CLOCK THREAD DOES NOT ANSWER"), told, "{text}");
            assert_eq!(text.contains("NO ANSWER"), told, "{text}");
        }
    }
}

#[test]
fn a_refused_go_is_not_hidden_by_a_note_of_the_console() {
    let (show, mut snap) = fixture::running();
    let mut ui = Ui::new(Theme::Plain, false, true);
    ui.say("F1 has no hot cue", snap.now);
    let of = |snap: &Snapshot, ui: &Ui| text(&screen(&show, snap, ui, 80, 24));
    assert!(of(&snap, &ui).contains("F1 has no hot cue"));
    let said = crate::engine::Line { at: snap.now + Span::ms(1), level: crate::engine::Level::Warn, text: "GO refused".into() };
    snap.line = Some(said);
    assert!(of(&snap, &ui).contains("! GO refused"));
}

#[test]
fn without_colour_there_is_none() {
    for (name, show, snap, mut ui) in fixture::all() {
        ui.theme = Theme::Plain;
        ui.see(&show, &snap, Span::ZERO);
        let terminal = screen(&show, &snap, &ui, 80, 24);
        for cell in terminal.backend().buffer().content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{name}");
        }
    }
}

#[test]
fn next_is_a_bar_with_and_without_colour() {
    let (show, snap) = fixture::running();
    for theme in [Theme::Sixteen, Theme::Plain] {
        let terminal = screen(&show, &snap, &Ui::new(theme, false, true), 80, 24);
        let buffer = terminal.backend().buffer();
        let bar = |y: u16| {
            (0..80).all(|x| {
                let cell = &buffer[(x, y)];
                cell.bg == Color::Green || cell.modifier.contains(Modifier::REVERSED)
            })
        };
        assert_eq!((0..24).filter(|y| bar(*y)).count(), 1, "{theme:?}");
    }
}

#[test]
fn pending_is_never_red_and_a_failure_names_whom_to_call() {
    let mut failures = 0;
    for (name, show, snap, mut ui) in fixture::all() {
        ui.see(&show, &snap, Span::ZERO);
        let terminal = screen(&show, &snap, &ui, 120, 40);
        let text = text(&terminal);
        let buffer = terminal.backend().buffer();
        for (y, line) in (0_u16..).zip(text.lines()) {
            if line.contains("warming") {
                assert!((60..120).all(|x| buffer[(x, y)].bg != Color::Red), "{name}: {line}");
            }
            if line.contains("✗ foh host on") {
                assert!(line.contains("FAILED, call Sound: no answer within 1s"), "{name}: {line}");
                failures += 1;
            }
        }
    }
    assert_eq!(failures, 2, "in the states that have one and show their actions");
}

fn some_key() -> impl Strategy<Value = Key> {
    prop_oneof![
        (32_u8..127).prop_map(|byte| Key::Char(char::from(byte))),
        (1_u8..=12).prop_map(Key::F),
        prop::sample::select(vec![
            Key::Esc,
            Key::Enter,
            Key::Tab,
            Key::Backspace,
            Key::Up,
            Key::Down,
            Key::PageDown,
            Key::Home,
            Key::End,
            Key::Ctrl('c')
        ]),
    ]
}

proptest! {
    // A quarter of the usual: each case is long.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

    #[test]
    fn any_keys_on_any_state_at_any_size_are_survived(
        keys in prop::collection::vec(some_key(), 0..40),
        at in 0_usize..64,
        width in 1_u16..130,
        height in 1_u16..45,
        wild in any::<u32>(),
        lead in any::<u64>(),
    ) {
        let mut states = fixture::all();
        let at = at % states.len();
        let (_, show, mut snap, mut ui) = states.swap_remove(at);
        // Indexes of another show must not break a console.
        if wild % 3 == 0 {
            snap.lists.iter_mut().for_each(|list| list.next = Some(CueIx(wild)));
            snap.running.iter_mut().for_each(|run| run.cue = CueIx(wild));
            snap.alerts.iter_mut().for_each(|alert| alert.device = Some(DeviceIx(u16::MAX)));
            snap.wall.0 = i64::from(wild).wrapping_mul(1 << 40);
        }
        for key in keys {
            ui.see(&show, &snap, Span(lead));
            screen(&show, &snap, &ui, width, height);
            act::press(&show, &snap, &mut ui, key, Kind::Press);
        }
    }
}
