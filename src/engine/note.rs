//! What the engine gives back: things to do, and the as-run lines of the journal.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{ActionId, Command, Level, Ownership, Why};
use crate::show::{CueIx, DeviceIx, ListIx, PropIx};
use crate::time::Mono;

/// The effects of one step, in order. The caller clears and reuses it.
pub type Effects = Vec<Effect>;

/// One effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Give this command to the device's driver.
    Send {
        /// The device.
        device: DeviceIx,
        /// The command.
        command: Command,
    },
    /// A person took the device back: wires that its driver closed for good are opened again.
    Reopen {
        /// The device.
        device: DeviceIx,
    },
    /// The lights changed at this instant: render now, then at the grid while they move.
    Lights,
    /// A line of the as-run record.
    Note(Note),
}

/// A line of the as-run record. Notes are derived from inputs; resume does not need them, reports and people do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// A GO was taken; `cue` started.
    Go {
        /// Of which list.
        list: ListIx,
        /// The cue.
        cue: CueIx,
    },
    /// A GO (or another intent) was refused, and why.
    RefusedIntent {
        /// In words for the caller.
        why: Arc<str>,
    },
    /// A cue started.
    CueStarted {
        /// The cue.
        cue: CueIx,
    },
    /// A cue ended; `stopped`: before its end.
    CueEnded {
        /// The cue.
        cue: CueIx,
        /// Before its end.
        stopped: bool,
    },
    /// An action reached its end.
    Action {
        /// Which.
        action: ActionId,
        /// On what; `None` for lights, cue verbs and tells.
        prop: Option<PropIx>,
        /// What it did, in words and with its value: `foh host muted`; empty in a journal of a version that did not say it.
        #[serde(default)]
        said: Arc<str>,
        /// Why it was.
        why: Why,
        /// How it ended.
        outcome: Outcome,
    },
    /// A property was changed by a hand.
    Yielded {
        /// Which.
        prop: PropIx,
        /// To what.
        value: crate::show::Value,
    },
    /// A device's ownership changed.
    Ownership {
        /// Which.
        device: DeviceIx,
        /// To what.
        ownership: Ownership,
    },
    /// News of a device's link.
    Device {
        /// Which.
        device: DeviceIx,
        /// What.
        news: Link,
    },
    /// Something is wrong with this machine or its disk, or is right again.
    Machine {
        /// How bad.
        level: Level,
        /// What, and what to do.
        text: Arc<str>,
    },
    /// A line for the caller.
    Tell {
        /// How loud.
        level: Level,
        /// The text.
        text: Arc<str>,
    },
    /// All was stopped.
    Stopped,
    /// Panic; `now`: without its fade.
    Panic {
        /// Without its fade.
        now: bool,
    },
    /// Pointer moved.
    Pointer {
        /// The list.
        list: ListIx,
        /// Where to.
        cue: Option<CueIx>,
    },
}

/// News of a device's link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// It answers.
    Online,
    /// It no longer answers.
    Offline {
        /// When its last word came; `None`: it has never said one.
        since: Option<Mono>,
        /// Why.
        why: Arc<str>,
    },
    /// It has not said anything since the run began, nor has its driver said why.
    Silent,
    /// Only a person can mend it.
    NeedsPerson {
        /// What and how.
        why: Arc<str>,
    },
}

/// How an action ended. Every action ends in one of these within its limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The device's own word proves it.
    Confirmed {
        /// Landed without effect: what masks it.
        masked: Option<Arc<str>>,
    },
    /// It left; the wire cannot prove more.
    Sent,
    /// It did not land within its limit, or could not be tried.
    Failed {
        /// Why.
        why: Arc<str>,
    },
    /// The device said no.
    Refused {
        /// Its words.
        why: Arc<str>,
    },
    /// A hand took the property.
    Yielded,
    /// A newer intent took the property.
    Superseded,
    /// Stop, panic, undo or go-to ended it.
    Cancelled,
    /// Its device was released, its cue disarmed.
    Skipped {
        /// Why.
        why: Arc<str>,
    },
    /// Its time passed while we were away; offered on a key.
    Held,
    /// It may or may not have left; offered on a key.
    Uncertain,
}
