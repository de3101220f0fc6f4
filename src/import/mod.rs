//! Ring 2: fixture profiles and patches out of other people's files: GDTF, Open Fixture Library, QLC+ and MVR. Pure: bytes in,
//! TOML text out. Whatever the bytes are, the answer is a profile or the reason why there is none.
//!
//! Each reader makes a [`Draft`]; [`tidy`] gives it the order that a profile needs (cells, numbers, names, defaults) and refuses
//! what no light can be; [`toml`] writes it.

pub mod archive;
pub mod gdtf;
mod gdtf_modes;
pub mod mvr;
pub mod nature;
pub mod ofl;
mod ofl_matrix;
mod ofl_types;
mod parts;
pub mod qxf;
mod switches;
pub mod tidy;
pub mod toml;
pub mod words;
pub mod xml;

use crate::show::attribute::{self, Emitter};
use crate::show::{Physical, Unit, dmx};

/// Why a file is refused: one sentence for the person who gave it, and the rule's name for counting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// `footprint`, `overlap`, `xml`.
    pub rule: &'static str,
    /// What is wrong and where.
    pub message: String,
}

impl Refusal {
    /// A refusal under a rule's name.
    #[must_use]
    pub fn new(rule: &'static str, message: impl Into<String>) -> Self {
        Self { rule, message: message.into() }
    }
}

/// A light as its file describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    /// The maker.
    pub maker: String,
    /// The model.
    pub model: String,
    /// Where the facts come from.
    pub sources: Vec<String>,
    /// Its modes, in the order of the file.
    pub modes: Vec<DraftMode>,
    /// What a person should look at; nothing that keeps the light from working.
    pub notes: Vec<String>,
    /// What the file leaves open about how the light behaves: `check` tells it of every show that uses the mode.
    pub open: Vec<(String, String)>,
}

/// One mode.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DraftMode {
    /// What the light's menu calls it.
    pub name: String,
    /// Slots that each break takes.
    pub footprints: Vec<u32>,
    /// Names of cells, in the order in which people count them.
    pub cells: Vec<String>,
    /// What the slots do.
    pub channels: Vec<DraftChannel>,
}

/// One channel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DraftChannel {
    /// GDTF name of what it controls.
    pub attribute: String,
    /// What its maker calls it.
    pub name: String,
    /// The cell it belongs to; `None`: the whole fixture.
    pub cell: Option<String>,
    /// The part of the light that it sits in, which may turn out to be a cell.
    pub group: Option<String>,
    /// Which break, from 0.
    pub part: usize,
    /// Slots from 1, the most significant first.
    pub slots: Vec<u32>,
    /// Where it rests; `None`: the file does not say.
    pub default: Option<u32>,
    /// Where it goes when somebody looks for the light.
    pub highlight: Option<u32>,
    /// Jumps instead of travelling.
    pub snap: bool,
    /// 100% is 0 on the wire.
    pub inverse: bool,
    /// Where on the wire 0% and 100% are, when that is a part of the slots; in its own bytes.
    pub reach: Option<(u32, u32)>,
    /// Named ranges, in the order of the wire.
    pub values: Vec<DraftValue>,
    /// What 0% and 100% of it are in degrees or kelvin.
    pub physical: Option<Physical>,
    /// Its slots are this only while another channel says so.
    pub when: Option<DraftWhen>,
}

/// Where another channel of the same break must be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DraftWhen {
    /// The first slot of that channel.
    pub slot: u32,
    /// First and last value of each range, in that channel's bytes.
    pub within: Vec<(u32, u32)>,
}

/// A named range of a channel, in the channel's own bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct DraftValue {
    /// What the maker calls it.
    pub name: String,
    /// First value.
    pub from: u32,
    /// Last value.
    pub to: u32,
    /// The colour that the light then has.
    pub colour: Option<[u8; 3]>,
    /// What the file says that it does.
    pub nature: nature::Nature,
}

/// The profile of a file, read by what its name ends with, in order and as text that was read back without a fault.
/// `folder` is the name of the folder that it lies in.
///
/// # Errors
/// Why there is none.
pub fn fixture(bytes: &[u8], file: &str, folder: &str) -> Result<(String, Draft, String), Refusal> {
    let ending = file.rsplit('.').next().unwrap_or_default().to_lowercase();
    let draft = match ending.as_str() {
        "gdtf" => gdtf::read(bytes, file)?,
        "qxf" => qxf::read(bytes, file)?,
        "json" => ofl::read(bytes, folder, file)?,
        _ => return Err(Refusal::new("format", "what can be imported ends with .gdtf, .qxf or .json")),
    };
    let draft = tidy::tidy(draft)?;
    let (key, text) = (slug(&format!("{} {}", draft.maker, draft.model)), toml::text(&draft));
    match crate::show::fixture_text::parse(&key, &text) {
        Ok(_) => Ok((key, draft, text)),
        Err(faults) => {
            let why = faults.first().map(|fault| fault.message.clone()).unwrap_or_default();
            Err(Refusal::new("profile", format!("what it says makes no profile: {why}")))
        }
    }
}

/// `Robe Robin MMX` as `robe-robin-mmx`.
#[must_use]
pub fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.to_lowercase().chars() {
        match c {
            '+' => out.push_str("-plus"),
            c if c.is_ascii_alphanumeric() => out.push(c),
            _ if out.ends_with('-') || out.is_empty() => {}
            _ => out.push('-'),
        }
    }
    out.chars().take(80).collect::<String>().trim_matches('-').to_owned()
}

impl DraftChannel {
    /// A dimmer, or a lamp of a colour.
    #[must_use]
    pub fn gives_light(&self) -> bool {
        self.attribute == "Dimmer" || attribute::emitter(&self.attribute).is_some_and(Emitter::adds)
    }

    /// How many slots it has, at most four.
    #[must_use]
    pub fn bytes(&self) -> u8 {
        u8::try_from(self.slots.len()).unwrap_or(4).min(4)
    }

    /// Its highest value.
    #[must_use]
    pub fn top(&self) -> u32 {
        dmx::top(self.bytes())
    }

    /// A range that is given in `bytes` bytes, in the channel's own.
    #[must_use]
    pub fn range(&self, value: &DraftValue, bytes: u8) -> DraftValue {
        let (own, from, to) = (self.bytes(), value.from, value.to);
        if own >= bytes {
            let bits = u32::from(own - bytes) * 8;
            let last = to.checked_shl(bits).unwrap_or(0) | 1_u32.checked_shl(bits).map_or(u32::MAX, |one| one - 1);
            return DraftValue { from: from.checked_shl(bits).unwrap_or(0), to: last.min(self.top()), ..value.clone() };
        }
        let bits = u32::from(bytes - own) * 8;
        DraftValue { from: from.checked_shr(bits).unwrap_or(0), to: to.checked_shr(bits).unwrap_or(0), ..value.clone() }
    }

    /// A value that is given in `bytes` bytes, in the channel's own, by mirroring.
    #[must_use]
    pub fn value(&self, value: u32, bytes: u8) -> u32 {
        match self.bytes() {
            0 => 0,
            own if own == bytes => value.min(self.top()),
            own => dmx::widen(value, bytes) >> (32 - u32::from(own) * 8),
        }
    }
}

/// The physical range of an attribute that people set in degrees or kelvin, from what its ends are; `None` for any other
/// attribute, and for ends that no light has.
#[must_use]
pub fn physical(attribute: &str, from: f64, to: f64) -> Option<Physical> {
    let (unit, known) = match attribute {
        "Pan" | "Tilt" | "Zoom" => (Unit::Degrees, -3600.0..=3600.0),
        name if crate::show::attribute::is_temperature(name) => (Unit::Kelvin, 1000.0..=20_000.0),
        _ => return None,
    };
    // A file that says nothing says from 0 to 1.
    if !known.contains(&from) || !known.contains(&to) || (to - from).abs() < 1.5 {
        return None;
    }
    let thousandths = |value: f64| match unit {
        Unit::Degrees => (value * 1000.0).round() as i64,
        Unit::Kelvin => (value.round() as i64) * 1000,
    };
    Some(Physical { unit, from: thousandths(from), to: thousandths(to) })
}

/// As [`physical`], of a file that counts pan and tilt from one end: the middle is 0 degrees.
#[must_use]
pub fn from_one_end(attribute: &str, from: f64, to: f64) -> Option<Physical> {
    let turns = ["Pan", "Tilt"].contains(&attribute) && from.min(to) >= 0.0;
    let middle = if turns { f64::midpoint(from, to) } else { 0.0 };
    physical(attribute, from - middle, to - middle)
}

impl DraftValue {
    /// A range without a colour.
    #[must_use]
    pub fn new(name: impl Into<String>, from: u32, to: u32) -> Self {
        Self { name: name.into(), from, to, ..Self::default() }
    }

    /// The middle.
    #[must_use]
    pub const fn middle(&self) -> u32 {
        self.from + self.to.saturating_sub(self.from) / 2
    }
}
