//! A key press becomes an intent, or moves something of the console itself.

use super::bytes::{Key, Kind};
use super::guarded::named;
use super::keys::{Act, Binding, Scene};
use super::lights;
use super::ui::{Ui, View, found, standing};
use crate::engine::{Intent, Ownership, Phase, Prompt, Snapshot};
use crate::show::{CueIx, DeviceIx, HotIx, Show, Target};
use crate::time::Mono;

/// The word that ends the show.
pub(super) const END_WORD: &str = "quit";
/// The word that leaves an attached console; the show goes on.
pub(super) const LEAVE_WORD: &str = "leave";

/// More lines than the help has on a narrow screen; the pane stops at its end.
const HELP_LINES: usize = 200;

/// What a key press asks of the loop.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Asked {
    /// To be sent.
    pub intent: Option<Intent>,
    /// The word was typed: the console ends.
    pub end: bool,
}

impl From<Intent> for Asked {
    fn from(intent: Intent) -> Self {
        Self { intent: Some(intent), end: false }
    }
}

/// Applies a key. Only presses act; the release of GO is passed on, it re-arms the guard.
pub(super) fn press(show: &Show, snap: &Snapshot, ui: &mut Ui, key: Key, kind: Kind) -> Asked {
    if kind == Kind::Release && key == Key::Char(' ') && !ui.read_only {
        return Intent::GoReleased.into();
    }
    let moves = matches!(key, Key::Up | Key::Down | Key::PageUp | Key::PageDown | Key::Backspace);
    if kind == Kind::Release || (kind == Kind::Repeat && !moves) {
        return Asked::default();
    }
    let now = ui.now(snap);
    let scene = Scene { show, snap, ui };
    let Some(line) = scene.binding(key) else { return Asked::default() };
    if let Some(why) = dead(&scene, line) {
        ui.say(why, now);
        return Asked::default();
    }
    ui.typed = now;
    run(show, snap, ui, line.act, key)
}

/// Why a key does nothing now. GO and Esc always go to the engine: it refuses with its own reason, and journals it.
fn dead(scene: &Scene, line: &Binding) -> Option<String> {
    if line.acts && scene.ui.read_only {
        return Some(format!("this console only watches: {} does nothing", line.shown));
    }
    if scene.works(line) || matches!(line.act, Act::Go | Act::Escape) {
        return None;
    }
    Some(match line.act {
        Act::Standby | Act::Start | Act::Chase | Act::Arm | Act::Skip => format!("choose a cue with ↑ ↓ first, then {}", line.shown),
        Act::Guarded => "choose a line with Enter first, then y".to_owned(),
        Act::Dark => "ask with B first, then y".to_owned(),
        Act::Open(View::Guarded) => "no cue names a guarded property of this device".to_owned(),
        Act::Reset => "r is for after a panic".to_owned(),
        Act::Accept => "there is no offer with this number".to_owned(),
        Act::Pause => "after a panic press r first".to_owned(),
        _ => format!("{} does nothing now", line.shown),
    })
}

fn run(show: &Show, snap: &Snapshot, ui: &mut Ui, act: Act, key: Key) -> Asked {
    let (list, now) = (ui.list(), ui.now(snap));
    match act {
        Act::Go => {
            let drawn = ui.drawn.filter(|(of, _)| *of == list);
            let seen = drawn.map_or_else(|| standing(snap, list), |(_, cue)| cue);
            Intent::Go { list, seen }.into()
        }
        Act::Confirm => match snap.prompt {
            Some(Prompt::Confirm { list, .. }) => Intent::GoConfirm { list }.into(),
            _ => Asked::default(),
        },
        Act::Escape => {
            ui.close();
            // The list shows NEXT again, which stop may have moved.
            ui.cursor = None;
            Intent::Escape.into()
        }
        Act::Reset => Intent::Reset.into(),
        Act::Pause if snap.phase == Phase::Paused => Intent::Resume { target: Target::All }.into(),
        Act::Pause => Intent::Pause { target: Target::All }.into(),
        Act::Undo => Intent::Undo { confirm: false, program: false }.into(),
        Act::UndoNow { program } => Intent::Undo { confirm: true, program }.into(),
        Act::Close if snap.prompt.is_some() => Intent::Close.into(),
        Act::Back => {
            ui.cursor = None;
            Intent::Move { list, by: -1 }.into()
        }
        Act::ChaseGo => {
            ui.cursor = None;
            let ticked = (0..u16::MAX).zip(&ui.ticks).filter(|(_, on)| **on).map(|(ix, _)| ix).collect();
            Intent::ChaseGo { ticked }.into()
        }
        Act::Hold => Intent::HoldAuto { list }.into(),
        Act::Start => start(show, ui, now),
        Act::Guarded => guarded(show, ui),
        Act::Louder | Act::Softer | Act::Highlight | Act::Locate | Act::Park | Act::Clear | Act::Dark => {
            ui.sure = false;
            Asked { intent: lights::intent(show, snap, ui.line, act), end: false }
        }
        Act::Standby | Act::Chase | Act::Arm | Act::Skip => ui.cursor.map_or_else(Asked::default, |cue| on_cue(snap, ui, act, cue)),
        Act::Accept | Act::Answer { .. } | Act::Acknowledge { .. } | Act::Own(_) | Act::Hot => on_number(show, snap, ui, act, key),
        _ => Asked { intent: None, end: own(show, snap, ui, act, key) },
    }
}

/// Fires the chosen cue. Once: a key that repeats finds nothing chosen. A cue that asks for a second key has it at GO only.
fn start(show: &Show, ui: &mut Ui, now: Mono) -> Asked {
    let Some((ix, cue)) = ui.cursor.and_then(|ix| Some((ix, show.cues.get(ix.at())?))) else { return Asked::default() };
    if cue.confirm {
        ui.say(format!("cue {} asks for a second key: stand it by with s, then GO", cue.number), now);
        return Asked::default();
    }
    ui.cursor = None;
    Intent::Start { cue: ix }.into()
}

/// Sends the guarded property that was chosen.
fn guarded(show: &Show, ui: &mut Ui) -> Asked {
    let device = DeviceIx(u16::try_from(ui.device).unwrap_or(u16::MAX));
    let chosen = named(show, device).into_iter().nth(ui.line).filter(|_| ui.sure);
    ui.close();
    chosen.map_or_else(Asked::default, |(prop, value)| Intent::Guarded { prop, value }.into())
}

fn on_cue(snap: &Snapshot, ui: &mut Ui, act: Act, cue: CueIx) -> Asked {
    let list = ui.list();
    let flags = snap.cues.get(cue.at()).copied().unwrap_or_default();
    match act {
        Act::Standby => {
            ui.cursor = None;
            Intent::Standby { list, cue: Some(cue) }.into()
        }
        Act::Chase => Intent::Chase { list, cue }.into(),
        Act::Arm => Intent::Arm { cue, armed: !flags.armed }.into(),
        _ => Intent::Skip { cue, skip: !flags.skip }.into(),
    }
}

fn on_number(show: &Show, snap: &Snapshot, ui: &mut Ui, act: Act, key: Key) -> Asked {
    let now = ui.now(snap);
    let intent = match act {
        Act::Accept => {
            let digit = if let Key::Char(c) = key { c.to_digit(10) } else { None };
            ui.digits.iter().find(|(d, _)| Some(u32::from(*d)) == digit).map(|(_, offer)| Intent::Accept { offer: *offer })
        }
        Act::Answer { yes } => snap.offers.get(ui.offer).map(|offer| {
            let offer = offer.id;
            if yes { Intent::Accept { offer } } else { Intent::Decline { offer } }
        }),
        Act::Acknowledge { all: true } => Some(Intent::Acknowledge { alert: None }),
        Act::Acknowledge { all: false } => ui.read_alert(snap).map(|alert| Intent::Acknowledge { alert: Some(alert) }),
        Act::Own(ownership) => own_device(ui, ownership),
        _ => {
            let name = if let Key::F(n) = key { format!("F{n}") } else { String::new() };
            let hot = show.hots.iter().position(|hot| hot.key.eq_ignore_ascii_case(&name));
            if hot.is_none() {
                let keys: Vec<&str> = show.hots.iter().map(|hot| &*hot.key).collect();
                let which = if keys.is_empty() { "the show has none".to_owned() } else { format!("these have: {}", keys.join(", ")) };
                ui.say(format!("{name} has no hot cue ({which})"), now);
            }
            hot.and_then(|ix| u16::try_from(ix).ok()).map(|ix| Intent::Hot { hot: HotIx(ix) })
        }
    };
    if intent.is_none() && act == Act::Accept {
        ui.say("there is no offer with this number", now);
    }
    Asked { intent, end: false }
}

fn own_device(ui: &Ui, ownership: Ownership) -> Option<Intent> {
    let device = crate::show::DeviceIx(u16::try_from(ui.device).ok()?);
    Some(Intent::Own { device, ownership })
}

/// Moves something of the console itself; true when the word that ends it was typed.
fn own(show: &Show, snap: &Snapshot, ui: &mut Ui, act: Act, key: Key) -> bool {
    let now = ui.now(snap);
    match act {
        Act::Close => ui.close(),
        Act::Cursor(by) => cursor(show, snap, ui, i64::from(by)),
        Act::First => cursor(show, snap, ui, i64::MIN / 2),
        Act::Last => cursor(show, snap, ui, i64::MAX / 2),
        Act::Unselect => ui.cursor = None,
        Act::Tick => {
            if let Some(tick) = ui.ticks.get_mut(ui.line) {
                *tick = !*tick;
            }
        }
        Act::Choose | Act::AskDark => ui.sure = true,
        Act::Unsure if ui.sure => ui.sure = false,
        Act::Unsure => ui.toggle(View::Devices, now),
        Act::Open(View::Quit) => {
            ui.close();
            ui.view = View::Quit;
        }
        Act::Open(view) => ui.toggle(view, now),
        Act::NextList => {
            let count = u16::try_from(show.lists.len().max(1)).unwrap_or(1);
            ui.list = (ui.list + 1) % count;
            ui.cursor = None;
        }
        Act::Type => {
            if let Key::Char(c) = key
                && ui.text.chars().count() < 40
            {
                ui.text.push(c);
            }
            find(show, ui);
        }
        Act::Rub => {
            if ui.text.pop().is_none() {
                ui.close();
            }
            find(show, ui);
        }
        Act::Typed => return typed(ui, now),
        _ => {}
    }
    false
}

/// The first cue that fits what is typed is chosen; choosing does nothing yet.
fn find(show: &Show, ui: &mut Ui) {
    if ui.view == View::Find && !ui.text.trim().is_empty() {
        ui.cursor = found(show, ui).first().copied();
    }
}

fn typed(ui: &mut Ui, now: crate::time::Mono) -> bool {
    if ui.view != View::Quit {
        ui.close();
        return false;
    }
    let word = if ui.ends_show { END_WORD } else { LEAVE_WORD };
    let end = ui.text.trim().eq_ignore_ascii_case(word);
    if !end {
        ui.say(format!("the word is \"{word}\": nothing was ended"), now);
    }
    ui.close();
    end
}

fn cursor(show: &Show, snap: &Snapshot, ui: &mut Ui, by: i64) {
    let shift = |at: usize, len: usize| -> usize {
        let last = i64::try_from(len.saturating_sub(1)).unwrap_or(0);
        let at = i64::try_from(at).unwrap_or(0).saturating_add(by).clamp(0, last);
        usize::try_from(at).unwrap_or(0)
    };
    match (&snap.prompt, ui.view) {
        (
            Some(Prompt::Chase { lines, .. } | Prompt::Undo { lines, .. }),
            View::Show | View::Devices | View::Guarded | View::Lights | View::Offers | View::Help,
        ) => {
            ui.line = shift(ui.line, lines.len());
        }
        (_, View::Guarded) => {
            let device = DeviceIx(u16::try_from(ui.device).unwrap_or(u16::MAX));
            ui.line = shift(ui.line, named(show, device).len());
            ui.sure = false;
        }
        (_, View::Lights) => {
            ui.line = shift(ui.line, lights::count(show));
            ui.sure = false;
        }
        (_, View::Devices) => ui.device = shift(ui.device, show.devices.len()),
        (_, View::Offers) => ui.offer = shift(ui.offer, snap.offers.len()),
        (_, View::Help) => ui.scroll = shift(ui.scroll, HELP_LINES),
        _ => {
            let cues = found(show, ui);
            let here = ui.cursor.or_else(|| standing(snap, ui.list()));
            let at = here.and_then(|cue| cues.iter().position(|c| *c == cue)).unwrap_or(0);
            ui.cursor = cues.get(shift(at, cues.len())).copied();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::{Theme, fixture};
    use crate::show::ListIx;

    fn console() -> (Show, Snapshot, Ui) {
        let (show, snap) = fixture::running();
        let mut ui = Ui::new(Theme::Plain, false, true);
        ui.see(&show, &snap, crate::time::Span::ZERO);
        (show, snap, ui)
    }

    fn keys(show: &Show, snap: &Snapshot, ui: &mut Ui, keys: &[Key]) -> Vec<Asked> {
        keys.iter().map(|key| press(show, snap, ui, *key, Kind::Press)).collect()
    }

    #[test]
    fn go_names_the_cue_that_was_on_the_screen() {
        let (show, mut snap, mut ui) = console();
        ui.drawn(&snap);
        let shown = snap.lists[0].next;
        snap.lists[0].next = Some(CueIx(0));
        let asked = press(&show, &snap, &mut ui, Key::Char(' '), Kind::Press);
        assert_eq!(asked.intent, Some(Intent::Go { list: ListIx(0), seen: shown }));
    }

    #[test]
    fn a_repeat_is_no_go_and_the_release_re_arms() {
        let (show, snap, mut ui) = console();
        assert_eq!(press(&show, &snap, &mut ui, Key::Char(' '), Kind::Repeat), Asked::default());
        assert_eq!(press(&show, &snap, &mut ui, Key::Char(' '), Kind::Release).intent, Some(Intent::GoReleased));
    }

    #[test]
    fn choosing_does_nothing_until_another_key() {
        let (show, snap, mut ui) = console();
        let asked = keys(&show, &snap, &mut ui, &[Key::Down, Key::Down, Key::Char('s')]);
        assert_eq!(asked[0], Asked::default());
        assert_eq!(asked[2].intent, Some(Intent::Standby { list: ListIx(0), cue: Some(CueIx(5)) }));
        assert_eq!(ui.cursor, None);
    }

    #[test]
    fn a_chosen_cue_is_fired_once_and_not_past_its_second_key() {
        let (show, snap, mut ui) = console();
        assert_eq!(press(&show, &snap, &mut ui, Key::Char('f'), Kind::Press).intent, None);
        let asked = keys(&show, &snap, &mut ui, &[Key::Down, Key::Char('f'), Key::Char('f')]);
        assert_eq!(asked[1].intent, Some(Intent::Start { cue: CueIx(4) }));
        assert_eq!(asked[2].intent, None);
        let asked = keys(&show, &snap, &mut ui, &[Key::Down, Key::Down, Key::Char('f')]);
        assert!(show.cues[5].confirm);
        assert_eq!(asked[2].intent, None);
        assert!(ui.note.is_some());
    }

    #[test]
    fn a_guarded_property_takes_its_own_two_keys() {
        let (mut show, snap, mut ui) = console();
        assert_eq!(keys(&show, &snap, &mut ui, &[Key::Char('d'), Key::Char('g')])[1], Asked::default());
        assert_eq!(ui.view, View::Devices, "nothing guarded is named");
        show.props[0].class = crate::show::Keeping::Guarded;
        let sent = Some(Intent::Guarded { prop: crate::show::PropIx(0), value: crate::show::Value::Switch(true) });
        let asked = keys(&show, &snap, &mut ui, &[Key::Char('g'), Key::Char('y'), Key::Enter, Key::Down, Key::Char('y'), Key::Up]);
        assert!(asked.iter().all(|a| a.intent.is_none()), "moving the cursor takes the choice back");
        let asked = keys(&show, &snap, &mut ui, &[Key::Enter, Key::Char('n'), Key::Char('y'), Key::Enter, Key::Char('y'), Key::Char('y')]);
        assert_eq!(asked.into_iter().map(|a| a.intent).collect::<Vec<_>>(), [None, None, None, None, sent, None]);
    }

    #[test]
    fn quitting_takes_the_whole_word() {
        let (show, snap, mut ui) = console();
        let typed = "quit".chars().map(Key::Char);
        let asked = keys(&show, &snap, &mut ui, &[Key::Ctrl('c'), Key::Enter, Key::Char('q'), Key::Char('y'), Key::Enter]);
        assert!(asked.iter().all(|a| *a == Asked::default()));
        press(&show, &snap, &mut ui, Key::Char('q'), Kind::Press);
        for key in typed {
            assert_eq!(press(&show, &snap, &mut ui, key, Kind::Press), Asked::default());
        }
        assert!(press(&show, &snap, &mut ui, Key::Enter, Kind::Press).end);
    }

    #[test]
    fn no_letter_fires_anything_while_a_cue_is_looked_for() {
        let (show, snap, mut ui) = console();
        press(&show, &snap, &mut ui, Key::Char('/'), Kind::Press);
        for c in ' '..='~' {
            assert_eq!(press(&show, &snap, &mut ui, Key::Char(c), Kind::Press), Asked::default());
        }
    }

    #[test]
    fn a_read_only_console_sends_nothing() {
        let (show, snap, _) = console();
        for (_, show_of, snap_of, mut ui) in fixture::all().into_iter().chain([("running", show, snap, Ui::default())]) {
            ui.read_only = true;
            ui.see(&show_of, &snap_of, crate::time::Span::ZERO);
            for c in (' '..='~').map(Key::Char).chain((1..=12).map(Key::F)).chain([Key::Esc, Key::Enter]) {
                let mut fresh = ui.clone();
                assert_eq!(press(&show_of, &snap_of, &mut fresh, c, Kind::Press).intent, None, "{c:?}");
            }
        }
    }

    #[test]
    fn an_offer_keeps_its_digit() {
        let (show, mut snap, mut ui) = console();
        snap.offers = vec![fixture::offer(7, "a"), fixture::offer(8, "b")];
        ui.see(&show, &snap, crate::time::Span::ZERO);
        snap.offers.remove(0);
        snap.offers.push(fixture::offer(9, "c"));
        ui.see(&show, &snap, crate::time::Span::ZERO);
        assert_eq!((ui.digit(8), ui.digit(9)), (Some(2), Some(3)));
        assert_eq!(press(&show, &snap, &mut ui, Key::Char('2'), Kind::Press).intent, Some(Intent::Accept { offer: 8 }));
        assert_eq!(press(&show, &snap, &mut ui, Key::Char('1'), Kind::Press).intent, None);
    }
}
