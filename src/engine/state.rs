//! All that the engine remembers: one value, so that a checkpoint is a copy of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::alerts::Alerts;
use super::clocks::{self, ClockStart};
use super::devices::DeviceState;
use super::offers::Offers;
use super::open_actions::{Actions, Ended};
use super::properties::Properties;
use super::running::{Run, RunId};
use super::timers::Timers;
use super::transport::ListState;
use super::undo::Undoable;
use super::{CueFlags, Facet, Line, Mode, Phase, Prompt};
use crate::show::Show;
use crate::time::{Mono, Wall};

/// The whole state of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct State {
    /// The instant that is being worked at.
    pub(super) now: Mono,
    /// The newest pair of clocks.
    pub(super) clock: Option<(Mono, Wall)>,
    pub(super) utc_offset: i32,
    /// The local day on which the run began, counted from 1970-01-01.
    pub(super) day: Option<i64>,
    pub(super) starts: Vec<ClockStart>,
    pub(super) mode: Mode,
    pub(super) phase: Phase,
    pub(super) next: Counters,
    pub(super) due: Timers,
    pub(super) lists: Vec<ListState>,
    pub(super) flags: Vec<CueFlags>,
    pub(super) runs: BTreeMap<RunId, Run>,
    pub(super) actions: Actions,
    pub(super) ended: Ended,
    #[serde(flatten)]
    pub(super) props: Properties,
    pub(super) devices: Vec<DeviceState>,
    pub(super) offers: Offers,
    pub(super) alerts: Alerts,
    /// What is wrong with this machine.
    #[serde(default)]
    pub(super) machine: Vec<Facet>,
    pub(super) line: Option<Line>,
    pub(super) prompt: Option<Prompt>,
    pub(super) undo: Option<Undoable>,
    /// The last press of Esc, and how many in a row.
    pub(super) escape: Option<(Mono, u8)>,
    /// Cues started at one instant: a loop of cues that start each other ends at a limit.
    pub(super) burst: (Mono, u16),
    /// The lists will look ahead.
    #[serde(default)]
    pub(super) looking: bool,
    /// The first fixture that they have not looked at yet.
    #[serde(default)]
    pub(super) looked_at: u32,
}

/// Numbers that only rise.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Counters {
    pub(super) action: u64,
    pub(super) run: u64,
    pub(super) go: u64,
    pub(super) offer: u32,
    pub(super) alert: u32,
}

impl State {
    /// Before anything ran.
    pub(super) fn new(show: &Arc<Show>) -> Self {
        Self {
            now: Mono::ZERO,
            clock: None,
            utc_offset: 0,
            day: None,
            starts: clocks::of_show(show),
            mode: Mode::Live,
            phase: Phase::Running,
            next: Counters::default(),
            due: Timers::default(),
            lists: show.lists.iter().map(|_| ListState::default()).collect(),
            flags: show.cues.iter().map(|cue| CueFlags { armed: cue.armed, skip: cue.skip, ..CueFlags::default() }).collect(),
            runs: BTreeMap::new(),
            actions: Actions::default(),
            ended: Ended::default(),
            props: Properties::new(show.props.len()),
            devices: vec![DeviceState::default(); show.devices.len()],
            offers: Offers::default(),
            alerts: Alerts::default(),
            machine: Vec::new(),
            line: None,
            prompt: None,
            undo: None,
            escape: None,
            burst: (Mono::ZERO, 0),
            looking: false,
            looked_at: 0,
        }
    }
}
