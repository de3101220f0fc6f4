//! The checked show: names resolved to indexes, verbs to properties, durations to spans.
//!
//! A [`Show`] is immutable and shared; everything that runs refers into it by index. Indexes are dense and in file order.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Db, LightAct, Profile, Rig, Secret, Trigger, Value};
use crate::time::{Span, Wall};

/// Declares an index into one of the show's tables.
macro_rules! index {
    ($($(#[$doc:meta])* $name:ident($int:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $int);

        impl $name {
            /// The position in its table.
            #[must_use]
            pub const fn at(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

index! {
    /// Index into [`Show::devices`].
    DeviceIx(u16);
    /// Index into [`Show::props`].
    PropIx(u32);
    /// Index into [`Show::cues`].
    CueIx(u32);
    /// Index into [`Show::lists`].
    ListIx(u16);
    /// Index into [`Show::departments`].
    DeptIx(u16);
    /// Index into [`Show::hots`].
    HotIx(u16);
}

/// A whole show, checked.
#[derive(Debug, Clone, Default)]
pub struct Show {
    /// The title, as the caller reads it.
    pub title: Arc<str>,
    /// Where it plays.
    pub venue: Option<Arc<str>>,
    /// The civil date, `2026-11-27`.
    pub date: Option<jiff::civil::Date>,
    /// IANA name of the time zone of the venue.
    pub timezone: Option<Arc<str>>,
    /// Local time by which the room must be empty.
    pub hard_out: Option<jiff::civil::Time>,
    /// Whether a look is the whole picture.
    pub looks: Looks,
    /// Unless a step says otherwise, dark lights turn and change colour in the time of their cue, not before it.
    pub live: bool,
    /// What happens to lights and devices when showcall quits.
    pub at_exit: AtExit,
    /// A timer later than this never fires: it is held. Default 2 s.
    pub late_limit: Span,
    /// The fade of the first panic press. Default 2 s.
    pub panic_fade: Span,
    /// What `[safe]` lists; `None` when the show has none.
    pub safe: Option<Vec<Act>>,
    /// What `[show.start]` lists: sent once when a fresh run starts.
    pub start: Vec<Act>,
    /// Where OSC remote control listens; `None` is loopback port 53000 when asked for by a flag.
    pub remote: Remote,
    /// Departments in file order.
    pub departments: Vec<Department>,
    /// Devices in file order.
    pub devices: Vec<Device>,
    /// Every property that the show or a device's profile (for health and read-back) names.
    pub props: Vec<Property>,
    /// Fixtures, looks and universes.
    pub rig: Arc<Rig>,
    /// Cue lists; the first is the default, `main`.
    pub lists: Vec<List>,
    /// All cues of all lists, in file order.
    pub cues: Vec<Cue>,
    /// Hot cues, outside lists.
    pub hots: Vec<Hot>,
    /// MIDI messages that act as GO and the like.
    pub triggers: Vec<Trigger>,
}

/// How a look treats what it does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Looks {
    /// A look is the whole picture: other intensities fade out with it.
    #[default]
    Whole,
    /// A look only changes what it names.
    Track,
}

/// What happens when showcall exits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtExit {
    /// Everything stays as it is; DMX sends its last frame three times.
    #[default]
    Leave,
    /// What `[safe]` lists is sent first.
    Safe,
}

/// Remote control by OSC, and by network MIDI.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remote {
    /// `host:port` to listen on.
    pub listen: Option<Arc<str>>,
    /// A client must `/connect` with this first.
    pub passcode: Option<Secret>,
    /// `host:port` on which sessions of network MIDI are let in; their data comes to the next port.
    pub midi: Option<Arc<str>>,
    /// `host:port` at which ArtTrigger and ArtTimeCode are heard.
    pub artnet: Option<Arc<str>>,
}

/// People who own devices.
#[derive(Debug, Clone)]
pub struct Department {
    /// The key in the file, `sound`.
    pub key: Arc<str>,
    /// The name the caller says.
    pub name: Arc<str>,
    /// How to reach them: `comms A, ring 2`.
    pub contact: Option<Arc<str>>,
}

/// One box.
#[derive(Debug, Clone)]
pub struct Device {
    /// The key in the file, `foh`.
    pub key: Arc<str>,
    /// The name the caller reads; the key when none is given.
    pub name: Arc<str>,
    /// The model's profile.
    pub profile: Arc<Profile>,
    /// Host name or address; `None` for families that need none.
    pub address: Option<Arc<str>>,
    /// The port; the profile's when the show gives none.
    pub port: u16,
    /// What the device asks for before it listens.
    pub password: Option<Secret>,
    /// Who to call.
    pub department: Option<DeptIx>,
    /// The patch: table (`channel`, `source`, `clip` …) to name to address fragments as the wire knows them (a set has several).
    pub patch: BTreeMap<Arc<str>, PatchTable>,
    /// Options of the family, checked against the profile: `transport = "tcp"`.
    pub options: BTreeMap<Arc<str>, Value>,
    /// This device's properties in [`Show::props`].
    pub props: Vec<PropIx>,
}

/// One table of a patch: name to the address fragments that it stands for.
pub type PatchTable = BTreeMap<Arc<str>, Vec<Arc<str>>>;

/// How far the show owns a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keeping {
    /// The show owns it and may re-assert it.
    Hold,
    /// Sent, proved, then let go.
    Set,
    /// Momentary.
    Once,
    /// Sent only by the GO of a cue that names it, or by its own confirmed key.
    Guarded,
}

/// What happens to a *hold* property that differs when its device comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnReturn {
    /// Show the difference and offer a key.
    #[default]
    Ask,
    /// Send it with the next GO.
    NextGo,
    /// Send it at once.
    AtOnce,
    /// Leave it.
    Never,
}

/// What kind of proof a property can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The device reports its value: an action is confirmed by observing it.
    #[default]
    Observed,
    /// The device acknowledges the command itself ([`crate::engine::Report::Acked`]).
    Acked,
    /// Nothing comes back: the best there is, is *sent*.
    None,
}

/// One named property of one device.
#[derive(Debug, Clone)]
pub struct Property {
    /// Whose it is.
    pub device: DeviceIx,
    /// The resolved path that names it in journal and driver, `ch/03/mix/on`.
    pub path: Arc<str>,
    /// How a person says it: `host on`.
    pub label: Arc<str>,
    /// The key of its [`crate::show::PropSpec`] in the profile.
    pub spec: Arc<str>,
    /// The names that filled the spec's placeholders: `channel` → `ch/03`.
    pub args: BTreeMap<Arc<str>, Arc<str>>,
    /// How far the show owns it.
    pub class: Keeping,
    /// What happens on return, for *hold*.
    pub on_return: OnReturn,
    /// What proof it can give.
    pub proof: Proof,
    /// Time from sending until it must have landed, without the action's own duration.
    pub lands_within: Span,
    /// Difference that still counts as the same: thousandths of a dB or millionths.
    pub tolerance: u32,
    /// A landed value has no effect while any of these holds (a mute group, a DCA mute).
    pub masked_by: Vec<(PropIx, Value)>,
    /// Each of these must hold before it can be set: a cue that stands by is not ready without.
    pub requires: Vec<(PropIx, Value)>,
    /// Properties of the same device that this one moves by itself (a take moves preview).
    pub moves: Vec<PropIx>,
    /// A recall: everything in its device becomes unknown and un-wanted until re-read.
    pub barrier: bool,
    /// A player that can be paused.
    pub pausable: bool,
    /// A player's own level: panic without `[safe]` fades it out first.
    pub faded_by: Option<PropIx>,
    /// A microphone's level: `check` warns of an absolute fade up.
    pub mic: bool,
}

/// A cue list.
#[derive(Debug, Clone)]
pub struct List {
    /// The key in the file; the default list is `main`.
    pub key: Arc<str>,
    /// The name the caller reads.
    pub name: Arc<str>,
    /// Its cues in running order, which is file order: their indexes rise. Children of groups are included.
    pub cues: Vec<CueIx>,
}

/// One cue.
#[derive(Debug, Clone)]
pub struct Cue {
    /// Stable through renumbering: the file's `id`, else its number.
    pub id: Arc<str>,
    /// Text, unique in the show: `12.5`.
    pub number: Arc<str>,
    /// What it is.
    pub name: Arc<str>,
    /// Its list.
    pub list: ListIx,
    /// The group it stands in.
    pub parent: Option<CueIx>,
    /// A group and how its children run; `None` is a plain cue.
    pub group: Option<Group>,
    /// What the caller says to each department: (`lx`, `12`).
    pub call: Vec<(Arc<str>, Arc<str>)>,
    /// How long before it the caller gives the standby.
    pub standby: Option<Span>,
    /// The caller's own notes.
    pub notes: Option<Arc<str>>,
    /// Planned local time of the day.
    pub at: Option<jiff::civil::Time>,
    /// When the wall clock starts it.
    pub start_at: Option<StartAt>,
    /// Planned length.
    pub planned: Option<Span>,
    /// Wait between its GO and its first step.
    pub wait: Span,
    /// Starts by itself after the cue before it.
    pub auto: Option<Auto>,
    /// Keeps its timing but sends nothing when false.
    pub armed: bool,
    /// Passed over by GO.
    pub skip: bool,
    /// The GO after this one has a short guard (0.15 s).
    pub quick: bool,
    /// Survives stop all.
    pub sustain: bool,
    /// A second key confirms its GO.
    pub confirm: bool,
    /// What it does, in file order.
    pub steps: Vec<Step>,
    /// Line in the show file, from 1.
    pub line: u32,
}

/// When the wall clock starts a cue, resolved as far as the show file can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartAt {
    /// The instant: the show has a date and a time zone.
    At(Wall),
    /// By the venue's clock: nanoseconds from 1970-01-01T00:00 local time. The show has a date and no time zone.
    On(i64),
    /// So long after midnight, local time, of the day on which the run begins.
    Daily(Span),
}

/// How the children of a group run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The mode.
    pub mode: GroupMode,
    /// Its direct children in running order.
    pub children: Vec<CueIx>,
}

/// The modes of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupMode {
    /// One GO starts all children; the pointer moves past the group.
    Together,
    /// Each GO starts the next child; the pointer stands on the group until the last has gone.
    Step,
    /// GO starts the first child and the pointer stands on the second.
    Enter,
}

/// A cue that follows by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Auto {
    /// What it waits for.
    pub when: AutoWhen,
    /// And how long after that.
    pub wait: Span,
    /// For [`AutoWhen::AfterEnd`]: after this long it only proposes. Counted from the start of the cue before.
    pub at_most: Span,
}

/// What a following cue waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutoWhen {
    /// Starts with the cue before it.
    With,
    /// Counts from the start of the cue before it.
    AfterStart,
    /// Counts from the end of the cue before it.
    AfterEnd,
}

/// One timed action of a cue and its fallbacks.
#[derive(Debug, Clone)]
pub struct Step {
    /// Counted from the cue's start after its wait.
    pub after: Span,
    /// What it does. A channel set gives several acts.
    pub acts: Box<[Act]>,
    /// What is tried instead; few steps have any, and a large show has many steps.
    pub fallback: Option<Box<Fallback>>,
    /// Line in the show file, from 1.
    pub line: u32,
}

/// What is tried when a step fails.
#[derive(Debug, Clone)]
pub struct Fallback {
    /// Each rung is tried when the one before it failed.
    pub ladder: Vec<Vec<Act>>,
    /// Counted from sending; later than this the ladder only proposes. `None`: no limit.
    pub else_before: Option<Span>,
}

impl Step {
    /// The rungs of its fallback.
    #[must_use]
    pub fn ladder(&self) -> &[Vec<Act>] {
        self.fallback.as_ref().map_or(&[], |fallback| &fallback.ladder)
    }

    /// Later than this after sending the ladder only proposes.
    #[must_use]
    pub fn else_before(&self) -> Option<Span> {
        self.fallback.as_ref().and_then(|fallback| fallback.else_before)
    }
}

/// One thing to do, resolved.
#[derive(Debug, Clone)]
pub enum Act {
    /// Want a value of a property (momentary properties included).
    Want {
        /// The property.
        prop: PropIx,
        /// The wanted value.
        value: Value,
        /// How the device itself gets there; few acts say it, and a large show has many acts.
        transition: Option<Box<Transition>>,
    },
    /// Move a level over time, in steps that the driver makes.
    Fade {
        /// The property.
        prop: PropIx,
        /// Where it ends.
        to: FadeTo,
        /// How long it takes.
        over: Span,
        /// Its shape.
        curve: Curve,
    },
    /// Change the lights.
    Light(Arc<LightAct>),
    /// Act on cues: start, stop, arm …
    Cue {
        /// What.
        verb: CueVerb,
        /// On which.
        target: Target,
    },
    /// Tell the caller.
    Tell(Arc<str>),
}

/// A transition that the device makes itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Transition {
    /// Its kind as the profile names it: `mix`, `wipe`.
    pub kind: Arc<str>,
    /// Its length; `None`: the device's own.
    pub over: Option<Span>,
}

/// Where a fade ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FadeTo {
    /// A level in dB.
    Level(Db),
    /// A decimal in millionths.
    Decimal(i64),
    /// Relative, in thousandths of a dB (a duck).
    ByDb(i32),
    /// Relative, in millionths.
    ByDecimal(i64),
    /// Where it was before the newest cue that moved it.
    Before,
}

/// The shape of a fade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Curve {
    /// Straight in the property's own scale.
    #[default]
    Linear,
    /// Slow at both ends.
    SCurve,
    /// Square law: slow at the low end.
    Square,
    /// At once.
    Snap,
}

/// What a step does to cues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CueVerb {
    /// Start it; the pointer stays.
    Start,
    /// Stop it.
    Stop,
    /// GO of a list.
    Go,
    /// Pause it.
    Pause,
    /// Resume it.
    Resume,
    /// Arm it.
    Arm,
    /// Disarm it.
    Disarm,
    /// Stand the list's pointer on it.
    Standby,
}

/// Which cues a verb is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// One cue.
    Cue(CueIx),
    /// All of a list.
    List(ListIx),
    /// A hot cue.
    Hot(HotIx),
    /// All that runs.
    All,
}

/// A cue on a key, outside the lists and the fold.
#[derive(Debug, Clone)]
pub struct Hot {
    /// The key: `F5`.
    pub key: Arc<str>,
    /// What it is.
    pub name: Arc<str>,
    /// What it does, held as a cue that stands in no list's order.
    pub cue: CueIx,
    /// Puts back what it changed when it is stopped.
    pub restore: bool,
}

impl Show {
    /// The device of an index.
    #[must_use]
    pub fn device(&self, ix: DeviceIx) -> &Device {
        &self.devices[ix.at()]
    }

    /// The property of an index.
    #[must_use]
    pub fn prop(&self, ix: PropIx) -> &Property {
        &self.props[ix.at()]
    }

    /// The cue of an index.
    #[must_use]
    pub fn cue(&self, ix: CueIx) -> &Cue {
        &self.cues[ix.at()]
    }

    /// The list of an index.
    #[must_use]
    pub fn list(&self, ix: ListIx) -> &List {
        &self.lists[ix.at()]
    }

    /// The cue with this number.
    #[must_use]
    pub fn cue_by_number(&self, number: &str) -> Option<CueIx> {
        let at = self.cues.iter().position(|cue| &*cue.number == number)?;
        u32::try_from(at).ok().map(CueIx)
    }

    /// The device with this key.
    #[must_use]
    pub fn device_by_key(&self, key: &str) -> Option<DeviceIx> {
        let at = self.devices.iter().position(|device| &*device.key == key)?;
        u16::try_from(at).ok().map(DeviceIx)
    }

    /// The property of a device with this path.
    #[must_use]
    pub fn prop_by_path(&self, device: DeviceIx, path: &str) -> Option<PropIx> {
        self.device(device).props.iter().copied().find(|ix| &*self.prop(*ix).path == path)
    }
}
