//! What is drawn: a value made by the engine, at most 30 a second and on change. The console and remotes read nothing else.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{ActionId, Facet, Level, Mode, Outcome, Ownership, Why};
use crate::show::{AutoWhen, CueIx, DeptIx, DeviceIx, HotIx, ListIx, PropIx};
use crate::time::{Mono, Span, Wall};

/// The state of the run at one instant. The [`crate::show::Show`] itself travels beside it, once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The instant.
    pub now: Mono,
    /// The wall clock at `now`.
    pub wall: Wall,
    /// Seconds east of UTC at the venue.
    pub utc_offset: i32,
    /// Live or simulation.
    pub mode: Mode,
    /// What the transport does.
    pub phase: Phase,
    /// One a list, in the show's order.
    pub lists: Vec<ListView>,
    /// One a cue: its flags.
    pub cues: Vec<CueFlags>,
    /// Cues that run, newest first.
    pub running: Vec<Running>,
    /// The last actions, newest first; at most 64.
    pub actions: Vec<ActionView>,
    /// One a device, in the show's order.
    pub devices: Vec<DeviceView>,
    /// Things on a key: held timers, uncertain actions, differences.
    pub offers: Vec<Offer>,
    /// Until acknowledged, newest first.
    pub alerts: Vec<Alert>,
    /// The last line for the caller: a refused GO and why, what stopped.
    pub line: Option<Line>,
    /// An open prompt.
    pub prompt: Option<Prompt>,
    /// Facts of the stage itself: real-time priority refused, journal disk full.
    pub stage: Vec<Facet>,
    /// Lights are moving.
    pub fading: bool,
    /// What people laid over the lights of the cues.
    pub lights: crate::light::Overlay,
}

/// What the transport does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// As ever.
    #[default]
    Running,
    /// Paused: GO is refused.
    Paused,
    /// After panic: GO is refused until reset.
    Panicked,
}

/// One cue list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListView {
    /// The standing-by cue; `None` at the end of the list.
    pub next: Option<CueIx>,
    /// When `next` is a group whose children go one by one: the child that GO starts.
    pub child: Option<CueIx>,
    /// The cue of the last GO and when.
    pub last: Option<(CueIx, Mono)>,
    /// A pending follower: it stands as NEXT.
    pub auto: Option<AutoView>,
    /// The next cue that the wall clock starts, and when.
    pub clock: Option<(CueIx, Mono)>,
    /// GO is refused until then.
    pub guard_until: Option<Mono>,
    /// Which of the devices of the next cue are not ready, and why.
    pub not_ready: Vec<(DeviceIx, Arc<str>)>,
}

/// A pending follower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoView {
    /// The cue.
    pub cue: CueIx,
    /// What it waits for.
    pub when: AutoWhen,
    /// When it fires; `None` while the cue before it has no known end.
    pub due: Option<Mono>,
    /// Held by the caller: it only proposes.
    pub held: bool,
}

/// Flags of a cue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CueFlags {
    /// Sends when it runs.
    pub armed: bool,
    /// Passed over by GO.
    pub skip: bool,
    /// Has run in this run.
    pub done: bool,
    /// Its last run had a failed action.
    pub failed: bool,
    /// When its last run started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Mono>,
}

/// A cue that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The cue.
    pub cue: CueIx,
    /// Which hot cue, if it is one.
    pub hot: Option<HotIx>,
    /// When it started.
    pub started: Mono,
    /// When its last known work ends; `None` while it waits for a device.
    pub ends: Option<Mono>,
    /// Paused since.
    pub paused: Option<Mono>,
    /// In its wait until then.
    pub waiting_until: Option<Mono>,
    /// Actions that have not ended.
    pub open_actions: u16,
    /// How much was planned.
    pub length: Span,
}

/// One action and its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionView {
    /// Which.
    pub action: ActionId,
    /// Why it was.
    pub why: Why,
    /// The device.
    pub device: Option<DeviceIx>,
    /// On what.
    pub prop: Option<PropIx>,
    /// In words: `foh host on`, `look keynote`.
    pub text: Arc<str>,
    /// When it was due.
    pub due: Mono,
    /// How it stands.
    pub state: ActionState,
    /// When it left.
    pub sent_at: Option<Mono>,
    /// When it ended.
    pub ended_at: Option<Mono>,
}

/// How an action stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionState {
    /// Given to the driver, not yet out.
    Queued,
    /// Out, waiting for the device's word.
    Open,
    /// The device needs time: `warming`, time left when known.
    Pending(Arc<str>, Option<Span>),
    /// Travelling; millionths done.
    Moving(u32),
    /// Over.
    Ended(Outcome),
}

/// One device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceView {
    /// Worst of its facets and its link.
    pub level: Level,
    /// Answers.
    pub online: bool,
    /// In words: `online`, `no answer for 12s`, `wrong password`.
    pub text: Arc<str>,
    /// What it says of itself.
    pub identity: Option<Arc<str>>,
    /// When something last came from it; `None`: never. The engine knows its reports, the stage adds its other signs of life.
    pub heard: Option<Mono>,
    /// Live, released or bypassed.
    pub ownership: Ownership,
    /// Joined to its simulator.
    pub simulated: bool,
    /// Health facts that are not good.
    pub facets: Vec<Facet>,
    /// Hold properties that differ from what the show wants.
    pub differences: u16,
}

/// Something on a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its number.
    pub id: u32,
    /// What kind.
    pub kind: OfferKind,
    /// In words.
    pub text: Arc<str>,
    /// On a key until then; only listed later. `None`: as long as it is true.
    pub until: Option<Mono>,
    /// On which device.
    pub device: Option<DeviceIx>,
}

/// What an offer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferKind {
    /// A timer whose time passed while we were away: fire it, or let it go.
    Held,
    /// A momentary action that may not have left: send it, or let it go.
    Uncertain,
    /// A hand or a return changed a hold property: take it back, or keep theirs.
    TakeBack,
    /// A rung of a ladder too late to run by itself.
    Ladder,
    /// A follower whose ceiling passed.
    Follow,
    /// A wall-clock start already passed.
    Clock,
}

/// A line that stays until acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Its number.
    pub id: u32,
    /// How loud.
    pub level: Level,
    /// In words.
    pub text: Arc<str>,
    /// Whom to call.
    pub department: Option<DeptIx>,
    /// About which device.
    pub device: Option<DeviceIx>,
    /// When.
    pub at: Mono,
    /// How often since.
    pub count: u32,
}

/// A line for the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When.
    pub at: Mono,
    /// How loud.
    pub level: Level,
    /// In words.
    pub text: Arc<str>,
}

/// An open prompt: what would happen, before the key confirms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// A cue with `confirm` waits for its second key.
    Confirm {
        /// The list.
        list: ListIx,
        /// The cue.
        cue: CueIx,
    },
    /// What an undo will do.
    Undo {
        /// The cue of the GO.
        cue: CueIx,
        /// What goes back, and what stays.
        lines: Vec<PromptLine>,
    },
    /// What a chase will do.
    Chase {
        /// The list.
        list: ListIx,
        /// Where to.
        cue: CueIx,
        /// The differences.
        lines: Vec<PromptLine>,
    },
}

/// One line of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptLine {
    /// In words: `foh host on: now off`.
    pub text: Arc<str>,
    /// Will be sent unless unticked.
    pub ticked: bool,
    /// Can be ticked at all.
    pub possible: bool,
}
