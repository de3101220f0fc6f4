//! What a driver says of its device. Reports reach the engine on change only; meters and keep-alives stay inside.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ActionId;
use crate::show::{PropIx, Value};
use crate::time::Span;

/// One thing a driver says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// The device answers. What it says of itself: model, firmware.
    Online {
        /// `X32 FOH 4.06`.
        identity: Option<Arc<str>>,
    },
    /// The device no longer answers, and why.
    Offline {
        /// `no answer for 10s`, `connection refused`.
        why: Arc<str>,
    },
    /// It came back with its memory gone.
    Restarted,
    /// The first read after connecting is complete: everything it will say by itself has been observed.
    Synced,
    /// The last bytes of an action have left: the word of its link, never of a driver. `value` is what the device will hold, in its own steps.
    Sent {
        /// The action.
        action: ActionId,
        /// In the console's own scale; `None` for reads and halts.
        value: Option<Value>,
    },
    /// The device's word about a property.
    Observed {
        /// The property.
        prop: PropIx,
        /// Its value.
        value: Value,
        /// Whether it can be an echo.
        how: How,
    },
    /// The device said yes to this very command.
    Acked {
        /// The action.
        action: ActionId,
    },
    /// The device said no.
    Refused {
        /// The action.
        action: ActionId,
        /// Its own words.
        why: Arc<str>,
    },
    /// Still on its way; the limit counts anew.
    Progress {
        /// The action.
        action: ActionId,
        /// Millionths done.
        done: u32,
        /// Time left, when the device says.
        eta: Option<Span>,
    },
    /// Not possible now (warming up, busy, in transition); the driver tries again by itself at the profile's pace.
    NotNow {
        /// The action.
        action: ActionId,
        /// Its own words: `warming`.
        why: Arc<str>,
        /// When it is tried again.
        retry_after: Span,
    },
    /// Only a person can mend it (a wrong password). The driver stops trying.
    NeedsHuman {
        /// What and how.
        why: Arc<str>,
    },
    /// A health fact; it stands until the same facet says another. [`Level::Good`] with a text is a figure, without one nothing.
    Health(Facet),
}

/// Where an observation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It equals a value we sent within the echo window, earlier fade steps included. The engine takes what a profile lists as our side
    /// effect alike.
    Echo,
    /// The device's own word.
    Word,
}

/// One health fact of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facet {
    /// Names it: `merge`, `subscriber/3`, `slots`.
    pub key: Arc<str>,
    /// How bad.
    pub level: Level,
    /// One line for a technician: what, where, what to do.
    pub text: Arc<str>,
}

/// How bad a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    #[default]
    Good,
    /// Worth knowing.
    Notice,
    /// Works, may soon not.
    Warn,
    /// Does not do its work.
    Bad,
}
