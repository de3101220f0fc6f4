//! The double-GO guard: one press is one GO, whatever the terminal makes of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{By, KeyPhase};
use crate::time::{Mono, Span};

/// A terminal without key releases repeats a held key like presses.
const LEGACY: Span = Span::ms(800);
/// Terminals with releases, OSC and MIDI.
const PLAIN: Span = Span::ms(400);
/// After a cue with `quick = true`.
const QUICK: Span = Span::ms(150);
/// A key whose release was lost counts as up when it has been silent this long.
const LOST_RELEASE: Span = Span::ms(800);

/// The guard of one list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Guard {
    /// When it was opened, or restarted by a refused press.
    from: Option<Mono>,
    quick: bool,
    legacy: bool,
    /// The last press of a key that has not come up.
    down: Option<Mono>,
    /// When somebody last moved the pointer, and who: that does not hold themselves up.
    moved: Option<(Mono, Arc<str>)>,
}

/// Names who wants something, without the changing port of a remote.
pub(super) fn source(by: &By) -> Arc<str> {
    match by {
        By::Key(_) => Arc::from("key"),
        By::Attached(name, _) => Arc::from(format!("attached {name}")),
        By::Osc(address) => Arc::from(format!("osc {}", address.rsplit_once(':').map_or(&**address, |(host, _)| host))),
        By::Midi(port) => Arc::from(format!("midi {port}")),
        By::Artnet(host) => Arc::from(format!("artnet {host}")),
        By::Show => Arc::from("show"),
    }
}

const fn phase(by: &By) -> Option<KeyPhase> {
    match by {
        By::Key(phase) | By::Attached(_, phase) => Some(*phase),
        By::Osc(_) | By::Midi(_) | By::Artnet(_) | By::Show => None,
    }
}

impl Guard {
    const fn plain(legacy: bool) -> Span {
        if legacy { LEGACY } else { PLAIN }
    }

    const fn length(&self, legacy: bool) -> Span {
        if self.quick { QUICK } else { Self::plain(legacy) }
    }

    /// Whether a press counts; the error says why not.
    pub(super) fn press(&mut self, now: Mono, by: &By) -> Result<(), String> {
        if matches!(by, By::Show) {
            return Ok(());
        }
        let phase = phase(by);
        let legacy = phase == Some(KeyPhase::Legacy);
        let length = self.length(legacy);
        let moved = self.moved.as_ref().filter(|(_, who)| **who != *source(by)).map(|(at, _)| *at + Self::plain(legacy));
        let until = self.from.map(|from| from + length).max(moved);
        if let Some(until) = until.filter(|until| *until > now) {
            let mut left = until.since(now);
            if legacy {
                // The press that is refused begins the guard anew.
                self.from = Some(now);
                self.legacy = true;
                left = length;
            }
            if phase == Some(KeyPhase::Press) && self.down.is_some() {
                self.down = Some(now);
            }
            return Err(format!("double GO, wait {}", Span::ms(left.as_ms().max(1))));
        }
        if phase == Some(KeyPhase::Press) {
            let held = self.down.is_some_and(|at| now.since(at) < LOST_RELEASE);
            self.down = Some(now);
            if held {
                return Err("double GO: the key has not come up since the last GO".into());
            }
        }
        Ok(())
    }

    /// A GO was taken.
    pub(super) fn opened_by_go(&mut self, now: Mono, by: &By, quick: bool) {
        self.from = Some(now);
        self.quick = quick;
        self.legacy = phase(by) == Some(KeyPhase::Legacy);
        self.moved = None;
    }

    /// The pointer was moved by somebody: the next press of anyone else may have been meant for another cue.
    pub(super) fn opened_by_move(&mut self, now: Mono, by: &By) {
        if matches!(by, By::Key(_)) {
            return;
        }
        self.moved = Some((now, source(by)));
    }

    /// The GO key came up.
    pub(super) fn released(&mut self) {
        self.down = None;
    }

    /// Until when a press like the last one is refused.
    pub(super) fn until(&self, now: Mono) -> Option<Mono> {
        let own = self.from.map(|from| from + self.length(self.legacy));
        let moved = self.moved.as_ref().map(|(at, _)| *at + Self::plain(self.legacy));
        own.max(moved).filter(|until| *until > now)
    }
}
