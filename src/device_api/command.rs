//! What the engine asks of a driver: a value with its reason; logged, compared, replayed; never a closure.

use serde::{Deserialize, Serialize};

use crate::show::{CueIx, Curve, PropIx, Transition, Value};
use crate::time::{Mono, Span};

/// Names one action for its whole life; rises through a run and its resumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionId(pub u64);

/// One command to one property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The action that this is, echoed in reports.
    pub action: ActionId,
    /// The property.
    pub prop: PropIx,
    /// What to do with it.
    pub op: Op,
    /// When it was due; never in the future when a driver gets it.
    pub due: Mono,
    /// Its place in a queue.
    pub priority: Priority,
    /// Why it exists.
    pub why: Why,
}

/// What to do with a property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Make it this; for a momentary property: do it, with this argument.
    Set {
        /// The wanted value.
        value: Value,
        /// How the device itself gets there.
        transition: Option<Transition>,
    },
    /// Travel; the driver makes the steps in its `tick`, within the model's `max_rate`.
    Fade {
        /// Where it starts.
        from: Value,
        /// Where it ends.
        to: Value,
        /// Its shape.
        curve: Curve,
        /// When it started.
        start: Mono,
        /// How long it takes.
        length: Span,
    },
    /// Stop travelling: stay where the last step was sent. A player: pause.
    Halt,
    /// A paused player goes on.
    Continue,
    /// Ask the device for the value.
    Read,
}

/// In every queue discrete commands and panic go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Panic and safe.
    Panic,
    /// A single change.
    #[default]
    Discrete,
    /// Steps, reads, re-assertions.
    Background,
}

/// Why a command exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A step of a cue; `rung` 0 is the step itself, 1 and up its ladder.
    Step {
        /// The cue.
        cue: CueIx,
        /// Index of the step in the cue.
        step: u16,
        /// 0 is the step itself.
        rung: u8,
    },
    /// `[show.start]`.
    Start,
    /// `[safe]` at panic or exit.
    Safe,
    /// An undo of the last GO.
    Undo,
    /// A chase to a cue's whole state.
    Chase,
    /// A hold property put back.
    Reassert,
    /// The operator's own key.
    Operator,
    /// Stop, pause and resume of something that runs.
    Transport,
    /// A value the engine needs (the start of a fade).
    Inquiry,
}
