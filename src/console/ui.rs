//! What the console itself remembers: the cursor, the open view, typed text. Nothing of the show.

use super::theme::Theme;
use crate::engine::{Prompt, Snapshot};
use crate::light::Frames;
use crate::show::{CueIx, ListIx, Show};
use crate::time::{Mono, Span};

/// A view that has text typed into it closes after this long without a key: GO must not stay off.
const TYPING_MAX: Span = Span::secs(20);
/// A note of the console itself stands this long.
const NOTE: Span = Span::secs(4);
/// An alert must have been on the screen this long before a key can acknowledge it.
const SEEN: Span = Span::ms(500);

/// What fills the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum View {
    /// Cues, devices, running, actions.
    #[default]
    Show,
    /// The technician's table.
    Devices,
    /// The guarded properties of one device.
    Guarded,
    /// Masters, and every light.
    Lights,
    /// Offers to take or decline.
    Offers,
    /// The keys.
    Help,
    /// The caller types to find a cue.
    Find,
    /// The word that ends it is being typed.
    Quit,
}

/// Which prompt the ticks belong to.
type PromptId = (u8, CueIx, usize);

/// The state of one console.
#[derive(Debug, Clone, Default)]
pub struct Ui {
    pub(super) theme: Theme,
    pub(super) view: View,
    pub(super) list: u16,
    pub(super) cursor: Option<CueIx>,
    pub(super) device: usize,
    pub(super) offer: usize,
    pub(super) scroll: usize,
    pub(super) text: String,
    pub(super) typed: Mono,
    /// The line under the cursor, of a prompt or of the guarded properties.
    pub(super) line: usize,
    /// The guarded property under the cursor was chosen, or blackout asked for: another key does it.
    pub(super) sure: bool,
    pub(super) ticks: Vec<bool>,
    prompt: Option<PromptId>,
    pub(super) note: Option<(String, Mono)>,
    /// The digit of each offer: it keeps its digit as long as it stands.
    pub(super) digits: Vec<(u8, u32)>,
    next_digit: u8,
    alerts: Vec<(u32, Mono)>,
    /// The cue that the last frame showed as NEXT.
    pub(super) drawn: Option<(ListIx, Option<CueIx>)>,
    /// Time since the snapshot was made.
    pub(super) lead: Span,
    pub(super) read_only: bool,
    /// The lights as they were last seen, while somebody looks at them.
    pub(super) frames: Frames,
    /// Quitting ends the show, not only this console.
    pub(super) ends_show: bool,
}

impl Ui {
    /// A console that is about to draw its first frame.
    #[must_use]
    pub fn new(theme: Theme, read_only: bool, ends_show: bool) -> Self {
        Self { theme, read_only, ends_show, ..Self::default() }
    }

    /// The instant that the frame shows.
    pub(super) fn now(&self, snap: &Snapshot) -> Mono {
        snap.now + self.lead
    }

    /// The list that is shown.
    pub(super) fn list(&self) -> ListIx {
        ListIx(self.list)
    }

    /// A line of the console itself.
    pub(super) fn say(&mut self, text: impl Into<String>, now: Mono) {
        self.note = Some((text.into(), now));
    }

    /// Takes notice of a new snapshot, `lead` after it was made: cursors stay in range, prompts get their ticks, offers their digits.
    pub fn see(&mut self, show: &Show, snap: &Snapshot, lead: Span) {
        self.lead = lead;
        let now = self.now(snap);
        if self.list().at() >= snap.lists.len().max(1) {
            self.list = 0;
        }
        if self.cursor.is_some_and(|cue| cue.at() >= show.cues.len()) {
            self.cursor = None;
        }
        if matches!(self.view, View::Guarded | View::Lights) && now.since(self.typed) > TYPING_MAX {
            self.sure = false;
        }
        self.device = self.device.min(show.devices.len().saturating_sub(1));
        self.offer = self.offer.min(snap.offers.len().saturating_sub(1));
        if matches!(self.view, View::Find | View::Quit) && now.since(self.typed) > TYPING_MAX {
            self.close();
        }
        if self.view == View::Offers && snap.offers.is_empty() {
            self.view = View::Show;
        }
        self.note = self.note.take().filter(|(_, at)| now.since(*at) < NOTE);
        self.see_prompt(snap.prompt.as_ref());
        self.see_offers(snap, now);
        self.alerts.retain(|(id, _)| snap.alerts.iter().any(|alert| alert.id == *id));
        for alert in &snap.alerts {
            if !self.alerts.iter().any(|(id, _)| *id == alert.id) {
                self.alerts.push((alert.id, now));
            }
        }
    }

    fn see_prompt(&mut self, prompt: Option<&Prompt>) {
        let (id, ticks) = match prompt {
            None => (None, Vec::new()),
            Some(Prompt::Confirm { cue, .. }) => (Some((0, *cue, 0)), Vec::new()),
            Some(Prompt::Undo { cue, lines }) => (Some((1, *cue, lines.len())), Vec::new()),
            Some(Prompt::Chase { cue, lines, .. }) => {
                (Some((2, *cue, lines.len())), lines.iter().map(|l| l.ticked && l.possible).collect())
            }
        };
        if id != self.prompt {
            self.sure = false;
            self.prompt = id;
            self.ticks = ticks;
            self.line = 0;
        }
    }

    fn see_offers(&mut self, snap: &Snapshot, now: Mono) {
        let on_key = |id: u32| snap.offers.iter().any(|offer| offer.id == id && offer.until.is_none_or(|until| until > now));
        self.digits.retain(|(_, id)| on_key(*id));
        for offer in &snap.offers {
            if self.digits.len() >= 9 {
                break;
            }
            if !on_key(offer.id) || self.digits.iter().any(|(_, id)| *id == offer.id) {
                continue;
            }
            // Digits go round, so that one just freed is not at once another offer's.
            let free = (0..9).map(|step| (self.next_digit + step) % 9 + 1).find(|d| !self.digits.iter().any(|(used, _)| used == d));
            if let Some(digit) = free {
                self.digits.push((digit, offer.id));
                self.next_digit = digit % 9;
            }
        }
        if self.digits.is_empty() {
            self.next_digit = 0;
        }
    }

    /// A frame of this snapshot is on the screen: what GO means by NEXT from now on.
    pub fn drawn(&mut self, snap: &Snapshot) {
        self.drawn = Some((self.list(), standing(snap, self.list())));
    }

    /// The digit of an offer.
    pub(super) fn digit(&self, offer: u32) -> Option<u8> {
        self.digits.iter().find(|(_, id)| *id == offer).map(|(digit, _)| *digit)
    }

    /// The newest alert that has been on the screen long enough to be read.
    pub(super) fn read_alert(&self, snap: &Snapshot) -> Option<u32> {
        let now = self.now(snap);
        let read = |id: u32| self.alerts.iter().any(|(seen, at)| *seen == id && now.since(*at) >= SEEN);
        snap.alerts.iter().map(|alert| alert.id).find(|id| read(*id))
    }

    /// Back to the show.
    pub(super) fn close(&mut self) {
        self.view = View::Show;
        self.text.clear();
        self.scroll = 0;
        self.line = 0;
        self.sure = false;
    }

    /// Opens a view, or closes it when it is open.
    pub(super) fn toggle(&mut self, view: View, now: Mono) {
        let open = self.view == view;
        self.close();
        if !open {
            self.view = view;
            self.typed = now;
        }
    }
}

/// The cue that a GO would start: of a group whose children go one by one, the child.
pub(super) fn standing(snap: &Snapshot, list: ListIx) -> Option<CueIx> {
    let view = snap.lists.get(list.at())?;
    view.child.or(view.next).or(view.auto.map(|auto| auto.cue))
}

/// The cues of the shown list that match what is typed; all when nothing is.
pub(super) fn found(show: &Show, ui: &Ui) -> Vec<CueIx> {
    let Some(list) = show.lists.get(ui.list().at()) else { return Vec::new() };
    let wanted = ui.text.trim().to_lowercase();
    let fits = |cue: &CueIx| {
        show.cues.get(cue.at()).is_some_and(|c| c.number.to_lowercase().starts_with(&wanted) || c.name.to_lowercase().contains(&wanted))
    };
    if ui.view == View::Find && !wanted.is_empty() {
        return list.cues.iter().copied().filter(fits).collect();
    }
    list.cues.clone()
}
