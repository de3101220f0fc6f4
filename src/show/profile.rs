//! Hardware profiles: what a model of device can do, as data.
//!
//! A profile describes a model of a known family; adding a model takes no Rust. The raw TOML form is read by the
//! profile loader; this is the checked form that drivers and the resolver use.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Keeping, OnReturn, Proof, Value};
use crate::time::Span;

/// One model.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// The name that shows use: `behringer-x32`.
    pub key: Arc<str>,
    /// The maker.
    pub maker: Arc<str>,
    /// The model.
    pub model: Arc<str>,
    /// The family that drives it; a name in the registry of families.
    pub family: Arc<str>,
    /// Default port; 0 when the family needs none.
    pub port: u16,
    /// Timing limits.
    pub limits: Limits,
    /// The device's patch tables: `channel` → what a name may stand for.
    pub names: BTreeMap<Arc<str>, NameTable>,
    /// Properties by key.
    pub props: BTreeMap<Arc<str>, PropSpec>,
    /// Show verbs: `mute` → how it becomes a property and a value; the first whose selectors fit is taken.
    pub verbs: BTreeMap<Arc<str>, Vec<VerbSpec>>,
    /// Options that a show may set on the device.
    pub options: BTreeMap<Arc<str>, OptionSpec>,
    /// Facts that only the family understands, as JSON: templates, quirks, health thresholds.
    pub family_facts: serde_json::Map<String, serde_json::Value>,
    /// Where the facts come from.
    pub sources: Vec<Arc<str>>,
}

/// Timing limits of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A question without an answer after this is a lost one.
    pub reply_within: Span,
    /// A sent value must be observed within this.
    pub lands_within: Span,
    /// An observed value that equals one we sent within this is an echo of ours.
    pub echo_window: Span,
    /// At least this between two messages.
    pub gap_min: Span,
    /// Steps of a fade a second.
    pub max_rate: u32,
    /// No word for this long means offline.
    pub offline_after: Span,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            reply_within: Span::ms(500),
            lands_within: Span::secs(1),
            echo_window: Span::secs(1),
            gap_min: Span::ZERO,
            max_rate: 30,
            offline_after: Span::secs(10),
        }
    }
}

/// What a patch name may stand for: ranges people write, and the fragment the wire uses.
///
/// `"aux 1..8" = "auxin/{:02}"` makes `aux 5` into `auxin/05`. An empty table takes any text as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameTable {
    /// The patterns in file order.
    pub patterns: Vec<NamePattern>,
    /// Names that need no patch entry: `main`.
    pub fixed: BTreeMap<Arc<str>, Arc<str>>,
}

/// One pattern of a [`NameTable`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern {
    /// Text before the number: `aux `.
    pub prefix: Arc<str>,
    /// First number.
    pub first: u32,
    /// Last number.
    pub last: u32,
    /// The fragment with `{}` or `{:02}` where the number goes.
    pub fragment: Arc<str>,
    /// Added to the number on the wire (`-1` for wires that count from 0).
    pub offset: i32,
}

/// One property of a model.
#[derive(Debug, Clone)]
pub struct PropSpec {
    /// The path with placeholders of name tables: `{channel}/mix/on`.
    pub path: Arc<str>,
    /// How a person says it; `{channel}` is the patch name.
    pub label: Arc<str>,
    /// What it can hold.
    pub kind: ValueKind,
    /// How far the show owns it.
    pub class: Keeping,
    /// On return, for *hold*.
    pub on_return: OnReturn,
    /// What proof it gives.
    pub proof: Proof,
    /// Overrides the model's limit.
    pub lands_within: Option<Span>,
    /// Difference that counts as the same.
    pub tolerance: u32,
    /// Masked while (path, value) holds.
    pub masked_by: Vec<(Arc<str>, Value)>,
    /// Has no effect, or can not be set, unless each (path, value) holds: a projector's input needs its power.
    pub requires: Vec<(Arc<str>, Value)>,
    /// Paths it moves by itself; a key of another property or a path.
    pub moves: Vec<Arc<str>>,
    /// A recall.
    pub barrier: bool,
    /// A player that can be paused.
    pub pausable: bool,
    /// A player's own level: panic without `[safe]` fades it out before the player is stopped. A key of another property or a path.
    pub faded_by: Option<Arc<str>>,
    /// A microphone level, where its path begins with this (empty: everywhere).
    pub mic: Option<Arc<str>>,
    /// What only the family understands, as JSON: `set`, `get`, `observe` templates.
    pub wire: serde_json::Map<String, serde_json::Value>,
}

/// What a property can hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    /// On or off.
    Switch,
    /// A whole number in a range.
    Int {
        /// Lowest.
        min: i64,
        /// Highest.
        max: i64,
    },
    /// dB in a range, thousandths.
    Level {
        /// Lowest above off.
        min: i32,
        /// Highest.
        max: i32,
    },
    /// A decimal in a range, millionths.
    Decimal {
        /// Lowest.
        min: i64,
        /// Highest.
        max: i64,
    },
    /// Any text.
    Text,
    /// One of these words.
    Choice(Vec<Arc<str>>),
    /// A player.
    Transport,
    /// The arguments of a raw message.
    Args,
}

/// How a verb becomes a wanted value.
#[derive(Debug, Clone)]
pub struct VerbSpec {
    /// Key of the property.
    pub property: Arc<str>,
    /// The value; `None`: the verb gives it (`fade`, `set`).
    pub value: Option<ValueSpec>,
    /// Transitions the device knows; empty: `transition` is refused.
    pub transitions: Vec<Arc<str>>,
}

/// Where a verb's value comes from.
#[derive(Debug, Clone)]
pub enum ValueSpec {
    /// Always this.
    Fixed(Value),
    /// The name given for this selector, resolved: `source`.
    Selector(Arc<str>),
    /// A player: the clip of the selector, looped if asked, playing or not.
    Transport {
        /// Selector of the clip; `None` keeps the clip.
        clip: Option<Arc<str>>,
        /// Plays or stops.
        playing: bool,
    },
}

/// An option of the device in the show.
#[derive(Debug, Clone)]
pub struct OptionSpec {
    /// What it can hold.
    pub kind: ValueKind,
    /// When the show says nothing.
    pub default: Option<Value>,
}
