//! What reaches the engine. Each input is stamped once, by the stage, and recorded before it is applied.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{ActionId, Facet, Report};
use crate::show::{CueIx, DeviceIx, HotIx, ListIx, PropIx, Target};
use crate::time::{Mono, Wall};

/// One input of [`crate::engine`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// The pair of clocks; at start, hourly and on any step over 100 ms.
    Clock {
        /// The wall clock at `now`.
        wall: Wall,
        /// Seconds east of UTC at the venue.
        utc_offset: i32,
    },
    /// A fresh run begins: what `[show.start]` lists is sent.
    Begin {
        /// Live or simulation.
        mode: Mode,
    },
    /// A run goes on after its process was gone.
    Resumed(Resumed),
    /// The machine slept or the stage stood still; given before any other input of the instant at which it noticed.
    Stalled {
        /// The last instant at which due work was surely run.
        since: Mono,
    },
    /// Somebody wants something.
    Intent {
        /// What.
        intent: Intent,
        /// Who.
        by: By,
    },
    /// A driver says something of its device.
    Device {
        /// Which device.
        device: DeviceIx,
        /// What.
        report: Report,
    },
    /// When a device was last heard, keep-alives that need no report included; given before the report that it is offline.
    Heard {
        /// Which device.
        device: DeviceIx,
        /// When its last word came.
        at: Mono,
    },
    /// A fact of this machine that the caller must know (its disk is full), or that it is good again.
    Machine(Facet),
    /// Runs due work only; not recorded.
    Tick,
}

/// What the journal knows of the moments around a crash.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Resumed {
    /// The last instant that the journal proves we were alive.
    pub alive_until: Mono,
    /// Actions, since the last checkpoint, whose bytes left.
    pub sent: Vec<ActionId>,
    /// Actions whose send was begun and not known to be finished: Uncertain if momentary. What is in neither did not leave.
    pub begun: Vec<ActionId>,
}

/// How the show runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Real devices.
    #[default]
    Live,
    /// All devices are simulated.
    Simulation,
    /// Some devices are simulated.
    Partial,
    /// Virtual time, no devices.
    Rehearsal,
}

/// Who wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A key at this machine's console.
    Key(KeyPhase),
    /// An attached console; its name.
    Attached(Arc<str>, KeyPhase),
    /// OSC from this address.
    Osc(Arc<str>),
    /// A MIDI port.
    Midi(Arc<str>),
    /// The show itself.
    Show,
    /// ArtTrigger or ArtTimeCode from this host.
    Artnet(Arc<str>),
}

/// What the terminal can tell of a key: it decides the double-GO guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPhase {
    /// The terminal reports no releases: repeats look like presses (guard 0.8 s, each refused press restarts it).
    Legacy,
    /// A press on a terminal that reports releases (guard 0.4 s plus release).
    Press,
    /// The release of the GO key.
    Release,
}

/// What a person or a remote control can want.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// GO of a list.
    Go {
        /// The list.
        list: ListIx,
        /// The cue that was shown as NEXT when the key fell; `None` from remotes that show none.
        seen: Option<CueIx>,
    },
    /// The GO key of a terminal with releases came up.
    GoReleased,
    /// The second key of a cue with `confirm = true`.
    GoConfirm {
        /// The list.
        list: ListIx,
    },
    /// Starts a cue directly; the pointer stays; not guarded.
    Start {
        /// The cue.
        cue: CueIx,
    },
    /// Fires a hot cue, or stops it when it runs.
    Hot {
        /// Which.
        hot: HotIx,
    },
    /// Stops one cue, a list, or all that runs (not `sustain`).
    Stop {
        /// Which.
        target: Target,
    },
    /// The Esc key: stop all; again within 2 s panic; a third at once. Closes prompts.
    Escape,
    /// Panic with its fade; at once if `now`.
    Panic {
        /// No fade.
        now: bool,
    },
    /// Ends the state after panic: GO is possible again.
    Reset,
    /// Pauses waits, fades and follow-ons of a target.
    Pause {
        /// Which.
        target: Target,
    },
    /// Goes on.
    Resume {
        /// Which.
        target: Target,
    },
    /// Shows what an undo of the last GO would do; again with `confirm` does it.
    Undo {
        /// Do it.
        confirm: bool,
        /// Also program (needs its own key).
        program: bool,
    },
    /// Moves the pointer only.
    Standby {
        /// The list.
        list: ListIx,
        /// Where to; `None` is no cue.
        cue: Option<CueIx>,
    },
    /// Moves the pointer by cues; negative is back.
    Move {
        /// The list.
        list: ListIx,
        /// How many cues.
        by: i32,
    },
    /// Asks for the preview of a chase: the differences that make a cue's whole state true.
    Chase {
        /// The list.
        list: ListIx,
        /// Where to.
        cue: CueIx,
    },
    /// Sends what is ticked of the open chase and moves the pointer.
    ChaseGo {
        /// Indexes into the preview's lines.
        ticked: Vec<u16>,
    },
    /// Closes whatever prompt is open.
    Close,
    /// Holds the pending follower of a list, or lets it go on.
    HoldAuto {
        /// The list.
        list: ListIx,
    },
    /// Arms or disarms a cue.
    Arm {
        /// The cue.
        cue: CueIx,
        /// Armed or not.
        armed: bool,
    },
    /// Has GO pass over a cue, or not.
    Skip {
        /// The cue.
        cue: CueIx,
        /// Passed over or not.
        skip: bool,
    },
    /// Live, released or bypassed.
    Own {
        /// The device.
        device: DeviceIx,
        /// How.
        ownership: Ownership,
    },
    /// Takes an offer (a held timer, an uncertain action, a difference to take back).
    Accept {
        /// Its number.
        offer: u32,
    },
    /// Declines an offer (keep theirs, do not send).
    Decline {
        /// Its number.
        offer: u32,
    },
    /// A guarded property by its own key, confirmed.
    Guarded {
        /// The property.
        prop: PropIx,
        /// The value.
        value: crate::show::Value,
    },
    /// Lays something over the lights of the cues.
    Lights {
        /// What.
        order: super::LightOrder,
    },
    /// Marks an alert as seen; `None` marks all.
    Acknowledge {
        /// Its number.
        alert: Option<u32>,
    },
    /// Something came from a remote control that cannot be followed: nothing happens, and the caller sees why.
    NotUnderstood {
        /// What came, and what would have been understood.
        why: Arc<str>,
    },
    /// The program is about to end: `at_exit` happens.
    Quit,
}

/// How far a device takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ownership {
    /// Watched and driven.
    #[default]
    Live,
    /// Watched, nothing sent; its steps end Skipped.
    Released,
    /// Not watched either: no alarms, `else` is chosen at GO.
    Bypassed,
}
