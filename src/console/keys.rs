//! The key table: what every key does, where, and how footer and help call it. Nothing else knows a key.
//!
//! Four keys mean the same wherever a key is not text: Space is GO, Esc stops, F1 to F12 are the show's hot cues, Ctrl-C asks.
//! What changes the show in a way that hurts needs two different keys.

use super::bytes::Key;
use super::guarded::named;
use super::lights;
use super::ui::{Ui, View, found, standing};
use crate::engine::{Ownership, Phase, Prompt, Snapshot};
use crate::show::{CueIx, DeviceIx, Show};

/// Where a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// The show itself.
    Show,
    /// The technician's table of devices.
    Devices,
    /// The guarded properties of one device.
    Guarded,
    /// Masters, and every light.
    Lights,
    /// The list of offers.
    Offers,
    /// The help.
    Help,
    /// A cue waits for its second key.
    Confirm,
    /// What an undo would do is shown.
    Undo,
    /// What a go-to would do is shown.
    Chase,
    /// A cue is looked for by typing.
    Find,
    /// The word that ends it is typed.
    Quit,
}

/// Everything a key can depend on.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The show.
    pub show: &'a Show,
    /// What happens.
    pub snap: &'a Snapshot,
    /// What the console remembers.
    pub ui: &'a Ui,
}

/// Which key a line of the table is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// This key.
    Key(Key),
    /// Any of 1 to 9.
    Digit,
    /// Any of F1 to F12.
    Function,
    /// Any character.
    Text,
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Go,
    Confirm,
    Escape,
    Reset,
    Pause,
    Undo,
    UndoNow { program: bool },
    Close,
    Back,
    Cursor(i32),
    First,
    Last,
    Unselect,
    Standby,
    Chase,
    Tick,
    ChaseGo,
    Hold,
    Arm,
    Skip,
    Accept,
    Answer { yes: bool },
    Acknowledge { all: bool },
    Open(View),
    Own(Ownership),
    Start,
    Choose,
    Guarded,
    Unsure,
    Louder,
    Softer,
    Highlight,
    Locate,
    Park,
    Clear,
    AskDark,
    Dark,
    Hot,
    NextList,
    Type,
    Rub,
    Typed,
    Nothing,
}

/// One line of the key table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Which key.
    pub on: On,
    /// How the key is written on the screen.
    pub shown: &'static str,
    /// Where it counts.
    pub contexts: &'static [Context],
    /// What it is called in the footer, as things stand.
    pub label: fn(&Scene) -> &'static str,
    /// One line for the help.
    pub doc: &'static str,
    /// Whether it would do something now.
    pub works: fn(&Scene) -> bool,
    /// Changes the run: dead on a read-only console.
    pub acts: bool,
    /// Place in the footer, low first; 0 stays out of it.
    pub rank: u8,
    pub(super) act: Act,
}

use Context as C;

/// Where no text is typed.
const ANY: &[Context] = &[C::Show, C::Devices, C::Guarded, C::Lights, C::Offers, C::Help, C::Confirm, C::Undo, C::Chase];
/// Everywhere.
const EVERY: &[Context] =
    &[C::Show, C::Devices, C::Guarded, C::Lights, C::Offers, C::Help, C::Confirm, C::Undo, C::Chase, C::Find, C::Quit];
/// Views without a prompt.
const VIEWS: &[Context] = &[C::Show, C::Devices, C::Guarded, C::Lights, C::Offers, C::Help];
/// Where up and down move something.
const LISTS: &[Context] = &[C::Show, C::Devices, C::Guarded, C::Lights, C::Offers, C::Help, C::Undo, C::Chase, C::Find];
const SHOW: &[Context] = &[C::Show];
const PROMPTS: &[Context] = &[C::Confirm, C::Undo, C::Chase];
const TYPING: &[Context] = &[C::Find, C::Quit];

/// A line with its usual values; the table changes what differs.
const fn line(on: On, shown: &'static str, contexts: &'static [Context], act: Act, doc: &'static str) -> Binding {
    Binding { on, shown, contexts, label: |_| "", doc, works: |_| true, acts: true, rank: 0, act }
}

impl Binding {
    const fn foot(mut self, rank: u8, label: fn(&Scene) -> &'static str) -> Self {
        self.rank = rank;
        self.label = label;
        self
    }

    const fn when(mut self, works: fn(&Scene) -> bool) -> Self {
        self.works = works;
        self
    }

    /// Only looks; also there for a read-only console.
    const fn looks(mut self) -> Self {
        self.acts = false;
        self
    }
}

const fn ch(c: char) -> On {
    On::Key(Key::Char(c))
}

static TABLE: &[Binding] = &[
    line(ch(' '), "Space", ANY, Act::Go, "GO: starts the cue that stands as NEXT; a pending AUTO is taken now")
        .foot(1, |_| "GO")
        .when(can_go),
    line(On::Key(Key::Esc), "Esc", EVERY, Act::Escape, "stops all, closes prompts; again within 2 s: panic; a third: at once")
        .foot(2, |_| "STOP"),
    line(On::Key(Key::Enter), "Enter", &[C::Confirm], Act::Confirm, "second key of a cue that asks for one: fires it")
        .foot(3, |_| "YES, FIRE IT"),
    line(ch('r'), "r", ANY, Act::Reset, "after a panic: GO is possible again").foot(1, |_| "GO ON after panic").when(panicked),
    line(ch('p'), "p", ANY, Act::Pause, "pauses waits, fades and follow-ons; again goes on").foot(6, pause_label).when(not_panicked),
    line(ch('h'), "h", ANY, Act::Hold, "holds the pending AUTO cue, or lets it go on").foot(4, hold_label).when(has_auto),
    line(ch('u'), "u", VIEWS, Act::Undo, "shows what an undo of the last GO would do; y then does it").foot(8, |_| "undo…").when(has_last),
    line(ch('y'), "y", &[C::Undo], Act::UndoNow { program: false }, "does the undo that is shown, without program").foot(3, |_| "UNDO"),
    line(ch('v'), "v", &[C::Undo], Act::UndoNow { program: true }, "does the undo that is shown, program (vision) too")
        .foot(4, |_| "undo with PROGRAM"),
    line(On::Key(Key::Enter), "Enter", &[C::Chase], Act::ChaseGo, "sends what is ticked and moves NEXT there").foot(3, |_| "GO THERE"),
    line(ch('x'), "x", &[C::Chase], Act::Tick, "ticks or unticks the line under the cursor").foot(4, |_| "tick").when(can_tick).looks(),
    line(ch('n'), "n", PROMPTS, Act::Close, "no: closes the prompt, nothing is sent").foot(5, |_| "no"),
    line(On::Digit, "1-9", ANY, Act::Accept, "takes the offer with this number").foot(5, |_| "take offer").when(has_digits),
    line(
        ch('o'),
        "o",
        &[C::Show, C::Devices, C::Guarded, C::Lights, C::Help],
        Act::Open(View::Offers),
        "opens the offers, to take or decline them",
    )
    .foot(9, |_| "offers")
    .when(has_offers)
    .looks(),
    line(ch('o'), "o", &[C::Offers], Act::Open(View::Offers), "closes the offers").foot(20, |_| "close").looks(),
    line(ch('y'), "y", &[C::Offers], Act::Answer { yes: true }, "takes the offer under the cursor").foot(3, |_| "take").when(has_offers),
    line(ch('n'), "n", &[C::Offers], Act::Answer { yes: false }, "declines the offer under the cursor")
        .foot(4, |_| "decline")
        .when(has_offers),
    line(ch('c'), "c", ANY, Act::Acknowledge { all: false }, "clears the newest alert once it has been on the screen")
        .foot(7, |_| "clear alert")
        .when(has_alerts),
    line(ch('C'), "C", ANY, Act::Acknowledge { all: true }, "clears all alerts").when(has_alerts),
    line(On::Key(Key::Up), "↑", LISTS, Act::Cursor(-1), "cursor up; choosing a cue does nothing yet").looks(),
    line(On::Key(Key::Down), "↓", LISTS, Act::Cursor(1), "cursor down").foot(11, |_| "choose").when(has_cues).looks(),
    line(On::Key(Key::PageUp), "PgUp", LISTS, Act::Cursor(-10), "cursor up by ten").looks(),
    line(On::Key(Key::PageDown), "PgDn", LISTS, Act::Cursor(10), "cursor down by ten").looks(),
    line(On::Key(Key::Home), "Home", LISTS, Act::First, "cursor to the first").looks(),
    line(On::Key(Key::End), "End", LISTS, Act::Last, "cursor to the last").looks(),
    line(ch('s'), "s", SHOW, Act::Standby, "stands the chosen cue by: it becomes NEXT, nothing is sent")
        .foot(3, |_| "STAND BY")
        .when(chosen),
    line(ch('g'), "g", SHOW, Act::Chase, "go-to: shows what the chosen cue's whole state needs, to tick and send")
        .foot(4, |_| "go to…")
        .when(chosen),
    line(ch('f'), "f", SHOW, Act::Start, "fires the chosen cue now, out of order and without a guard; NEXT stays")
        .foot(6, |_| "FIRE NOW")
        .when(chosen),
    line(ch('n'), "n", SHOW, Act::Unselect, "no choice: the list follows NEXT again").foot(5, |_| "no choice").when(chosen).looks(),
    line(ch('a'), "a", SHOW, Act::Arm, "arms or disarms the chosen cue (disarmed: its timing, nothing sent)")
        .foot(12, arm_label)
        .when(chosen),
    line(ch('k'), "k", SHOW, Act::Skip, "has GO pass over the chosen cue, or not").foot(13, skip_label).when(chosen),
    line(ch('b'), "b", SHOW, Act::Back, "NEXT one cue back; nothing is sent").foot(14, |_| "back").when(can_back),
    line(On::Key(Key::Tab), "Tab", SHOW, Act::NextList, "the next cue list").foot(15, |_| "list").when(has_lists).looks(),
    line(ch('/'), "/", SHOW, Act::Open(View::Find), "finds a cue by number or name; GO is off while you type")
        .foot(16, |_| "find")
        .when(has_cues)
        .looks(),
    line(
        ch('d'),
        "d",
        &[C::Show, C::Guarded, C::Lights, C::Offers, C::Help],
        Act::Open(View::Devices),
        "the technician's table of devices",
    )
    .foot(17, |_| "devices")
    .looks(),
    line(ch('d'), "d", &[C::Devices], Act::Open(View::Devices), "closes the devices").foot(20, |_| "close").looks(),
    line(ch('l'), "l", &[C::Devices], Act::Own(Ownership::Released), "lets the device go: watched, nothing sent to it")
        .foot(3, |_| "let go")
        .when(is_driven),
    line(ch('t'), "t", &[C::Devices], Act::Own(Ownership::Live), "takes the device back; what differs is shown first")
        .foot(4, |_| "take back")
        .when(is_not_live),
    line(
        ch('x'),
        "x",
        &[C::Devices],
        Act::Own(Ownership::Bypassed),
        "bypasses the device: not watched, no alarms, its else is chosen at GO",
    )
    .foot(5, |_| "bypass")
    .when(is_watched),
    line(ch('g'), "g", &[C::Devices], Act::Open(View::Guarded), "its guarded properties (power, recall), each by its own confirmed key")
        .foot(6, |_| "guarded…")
        .when(has_guarded)
        .looks(),
    line(On::Key(Key::Enter), "Enter", &[C::Guarded], Act::Choose, "chooses the guarded property under the cursor; nothing is sent yet")
        .foot(3, |_| "choose")
        .when(has_guarded)
        .looks(),
    line(ch('y'), "y", &[C::Guarded], Act::Guarded, "sends the guarded property that was chosen").foot(2, |_| "SEND").when(sure),
    line(ch('n'), "n", &[C::Guarded], Act::Unsure, "does not send it; again: back to the devices").foot(4, |_| "no").looks(),
    line(
        ch('L'),
        "L",
        &[C::Show, C::Devices, C::Guarded, C::Offers, C::Help],
        Act::Open(View::Lights),
        "the stage: what every light gives, masters, blackout",
    )
    .foot(18, |_| "lights")
    .when(lights::has_lights)
    .looks(),
    line(ch('L'), "L", &[C::Lights], Act::Open(View::Lights), "closes the lights").foot(20, |_| "close").looks(),
    line(ch('+'), "+", &[C::Lights], Act::Louder, "the master under the cursor up by 5%").foot(3, |_| "up").when(lights::has_level),
    line(ch('-'), "-", &[C::Lights], Act::Softer, "the master under the cursor down by 5%").foot(4, |_| "down").when(lights::has_level),
    line(ch('m'), "m", &[C::Lights], Act::Highlight, "highlights the light: full and white where it points; again ends it")
        .foot(5, |_| "highlight")
        .when(lights::is_lamp),
    line(ch('i'), "i", &[C::Lights], Act::Locate, "locates the light: full, all else at its default; again ends it")
        .foot(6, |_| "locate")
        .when(lights::is_lamp),
    line(ch('k'), "k", &[C::Lights], Act::Park, "parks the light where it is, whatever cues say; again lets it go")
        .foot(7, |_| "park")
        .when(lights::is_lamp),
    line(ch('x'), "x", &[C::Lights], Act::Clear, "no light is highlighted or located any more").foot(8, |_| "clear").when(lights::is_found),
    line(ch('B'), "B", &[C::Lights], Act::AskDark, "asks for blackout, or for its end; y then does it").foot(9, lights::dark_label),
    line(ch('y'), "y", &[C::Lights], Act::Dark, "does the blackout that was asked for, or ends it")
        .foot(2, lights::sure_label)
        .when(lights::asked),
    line(ch('n'), "n", &[C::Lights], Act::Unsure, "no blackout").foot(4, |_| "no").when(lights::asked).looks(),
    line(On::Function, "F1-F12", EVERY, Act::Hot, "fires the show's hot cue on this key, or stops it when it runs")
        .foot(10, |_| "hot cues")
        .when(has_hots),
    line(ch('?'), "?", VIEWS, Act::Open(View::Help), "these keys").foot(18, help_label).looks(),
    line(On::Key(Key::Backspace), "Backspace", &[C::Devices, C::Guarded, C::Lights, C::Offers, C::Help], Act::Close, "back to the show")
        .looks(),
    line(ch('q'), "q", VIEWS, Act::Open(View::Quit), "asks for the word that ends it").foot(19, |_| "quit…").looks(),
    line(On::Key(Key::Ctrl('c')), "Ctrl-C", EVERY, Act::Open(View::Quit), "asks for the word that ends it; never ends anything by itself")
        .looks(),
    line(On::Key(Key::Ctrl('z')), "Ctrl-Z", EVERY, Act::Nothing, "nothing: a show does not stop in the background").looks(),
    line(On::Key(Key::Ctrl('s')), "Ctrl-S", EVERY, Act::Nothing, "nothing: a screen does not freeze").looks(),
    line(On::Key(Key::Enter), "Enter", TYPING, Act::Typed, "done typing").foot(3, typed_label).looks(),
    line(On::Key(Key::Backspace), "Backspace", TYPING, Act::Rub, "deletes a letter; on an empty line closes")
        .foot(4, |_| "delete / close")
        .looks(),
    line(On::Text, "letters", TYPING, Act::Type, "are typed").looks(),
];

/// All keys.
#[must_use]
pub fn table() -> &'static [Binding] {
    TABLE
}

impl On {
    /// Whether this is the line for a key.
    #[must_use]
    pub fn is(self, key: Key) -> bool {
        match self {
            Self::Key(own) => own == key,
            Self::Digit => matches!(key, Key::Char('1'..='9')),
            Self::Function => matches!(key, Key::F(_)),
            Self::Text => matches!(key, Key::Char(_)),
        }
    }
}

impl Scene<'_> {
    /// Where a key pressed now would count.
    #[must_use]
    pub fn context(&self) -> Context {
        match (self.ui.view, &self.snap.prompt) {
            (View::Quit, _) => C::Quit,
            (View::Find, _) => C::Find,
            (_, Some(Prompt::Confirm { .. })) => C::Confirm,
            (_, Some(Prompt::Undo { .. })) => C::Undo,
            (_, Some(Prompt::Chase { .. })) => C::Chase,
            (View::Devices, None) => C::Devices,
            (View::Guarded, None) => C::Guarded,
            (View::Lights, None) => C::Lights,
            (View::Offers, None) => C::Offers,
            (View::Help, None) => C::Help,
            (View::Show, None) => C::Show,
        }
    }

    /// The line of the table for a key, here.
    #[must_use]
    pub fn binding(&self, key: Key) -> Option<&'static Binding> {
        let context = self.context();
        TABLE.iter().find(|line| line.contexts.contains(&context) && line.on.is(key))
    }

    /// The lines of the footer: what works now, the most needed first.
    #[must_use]
    pub fn footer(&self) -> Vec<&'static Binding> {
        let context = self.context();
        let mut lines: Vec<_> = TABLE.iter().filter(|line| line.rank > 0 && line.contexts.contains(&context) && self.works(line)).collect();
        lines.sort_by_key(|line| line.rank);
        lines
    }

    /// Whether a key would do something now.
    #[must_use]
    pub fn works(&self, line: &Binding) -> bool {
        !(line.acts && self.ui.read_only) && (line.works)(self)
    }

    /// The cue under the cursor, when the caller chose one.
    pub(super) fn chosen(&self) -> Option<CueIx> {
        self.ui.cursor
    }
}

fn can_go(scene: &Scene) -> bool {
    scene.snap.phase == Phase::Running && standing(scene.snap, scene.ui.list()).is_some()
}

fn panicked(scene: &Scene) -> bool {
    scene.snap.phase == Phase::Panicked
}

fn not_panicked(scene: &Scene) -> bool {
    !panicked(scene)
}

fn pause_label(scene: &Scene) -> &'static str {
    if scene.snap.phase == Phase::Paused { "RESUME" } else { "pause" }
}

fn has_auto(scene: &Scene) -> bool {
    scene.snap.lists.get(scene.ui.list().at()).is_some_and(|list| list.auto.is_some())
}

fn hold_label(scene: &Scene) -> &'static str {
    let held = scene.snap.lists.get(scene.ui.list().at()).and_then(|list| list.auto).is_some_and(|auto| auto.held);
    if held { "LET AUTO GO ON" } else { "HOLD AUTO" }
}

fn has_last(scene: &Scene) -> bool {
    scene.snap.lists.iter().any(|list| list.last.is_some())
}

fn has_digits(scene: &Scene) -> bool {
    !scene.ui.digits.is_empty()
}

fn has_offers(scene: &Scene) -> bool {
    !scene.snap.offers.is_empty()
}

fn has_alerts(scene: &Scene) -> bool {
    !scene.snap.alerts.is_empty()
}

fn has_cues(scene: &Scene) -> bool {
    !found(scene.show, scene.ui).is_empty()
}

fn chosen(scene: &Scene) -> bool {
    scene.chosen().is_some()
}

fn flags(scene: &Scene) -> Option<crate::engine::CueFlags> {
    scene.snap.cues.get(scene.chosen()?.at()).copied()
}

fn arm_label(scene: &Scene) -> &'static str {
    if flags(scene).is_some_and(|f| f.armed) { "disarm" } else { "arm" }
}

fn skip_label(scene: &Scene) -> &'static str {
    if flags(scene).is_some_and(|f| f.skip) { "do not skip" } else { "skip" }
}

fn can_back(scene: &Scene) -> bool {
    let first = scene.show.lists.get(scene.ui.list().at()).and_then(|list| list.cues.first().copied());
    first.is_some() && standing(scene.snap, scene.ui.list()) != first
}

fn has_lists(scene: &Scene) -> bool {
    scene.show.lists.len() > 1
}

fn has_hots(scene: &Scene) -> bool {
    !scene.show.hots.is_empty()
}

fn help_label(scene: &Scene) -> &'static str {
    if scene.ui.view == View::Help { "close" } else { "help" }
}

fn typed_label(scene: &Scene) -> &'static str {
    if scene.ui.view == View::Quit { "end it" } else { "choose" }
}

fn can_tick(scene: &Scene) -> bool {
    matches!(&scene.snap.prompt, Some(Prompt::Chase { lines, .. }) if lines.get(scene.ui.line).is_some_and(|line| line.possible))
}

fn has_guarded(scene: &Scene) -> bool {
    u16::try_from(scene.ui.device).is_ok_and(|device| !named(scene.show, DeviceIx(device)).is_empty())
}

fn sure(scene: &Scene) -> bool {
    scene.ui.sure
}

fn ownership(scene: &Scene) -> Option<Ownership> {
    scene.snap.devices.get(scene.ui.device).map(|device| device.ownership)
}

fn is_driven(scene: &Scene) -> bool {
    ownership(scene).is_some_and(|o| o != Ownership::Released)
}

fn is_not_live(scene: &Scene) -> bool {
    ownership(scene).is_some_and(|o| o != Ownership::Live)
}

fn is_watched(scene: &Scene) -> bool {
    ownership(scene).is_some_and(|o| o != Ownership::Bypassed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::fixture;

    #[test]
    fn a_key_has_one_meaning_in_a_context() {
        let keys: Vec<Key> = (1..=12)
            .map(Key::F)
            .chain((' '..='~').map(Key::Char))
            .chain(('a'..='z').map(Key::Ctrl))
            .chain([Key::Esc, Key::Enter, Key::Tab, Key::Backspace, Key::Up, Key::Down, Key::PageUp, Key::PageDown, Key::Home, Key::End])
            .collect();
        for context in EVERY {
            for key in &keys {
                let lines = TABLE.iter().filter(|line| line.contexts.contains(context) && line.on.is(*key)).count();
                assert!(lines <= 1, "{key:?} has {lines} meanings in {context:?}");
            }
        }
    }

    #[test]
    fn stop_and_quit_are_never_shadowed() {
        for context in EVERY {
            for key in [Key::Esc, Key::Ctrl('c'), Key::Ctrl('z'), Key::Ctrl('s')] {
                assert!(TABLE.iter().any(|line| line.contexts.contains(context) && line.on.is(key)), "{key:?} in {context:?}");
            }
        }
    }

    #[test]
    fn the_footer_shows_only_what_works() {
        for (name, show, snap, mut ui) in fixture::all() {
            ui.see(&show, &snap, crate::time::Span::ZERO);
            let scene = Scene { show: &show, snap: &snap, ui: &ui };
            for line in scene.footer() {
                assert!(scene.works(line), "{name}: {}", line.shown);
                assert!(!(line.label)(&scene).is_empty(), "{name}: {} has no label", line.shown);
                assert!(!(ui.read_only && line.acts), "{name}: {} on a read-only console", line.shown);
            }
        }
    }

    #[test]
    fn the_confirming_key_is_never_the_key_that_asked() {
        for (asks, confirms) in [
            (Act::Undo, Act::UndoNow { program: false }),
            (Act::Go, Act::Confirm),
            (Act::Chase, Act::ChaseGo),
            (Act::Choose, Act::Guarded),
            (Act::AskDark, Act::Dark),
        ] {
            let of = |act| TABLE.iter().filter(move |line| line.act == act).map(|line| line.shown).collect::<Vec<_>>();
            assert!(of(asks).iter().all(|key| !of(confirms).contains(key)), "{asks:?}");
        }
    }
}
