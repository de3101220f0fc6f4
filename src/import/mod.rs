//! Ring 2: fixture profiles and patches out of other people's files: GDTF, Open Fixture Library, QLC+ and MVR. Pure: bytes in,
//! TOML text out. Whatever the bytes are, the answer is a profile or the reason why there is none.
//!
//! Each reader makes a [`Draft`]; [`tidy`] gives it the order that a profile needs (cells, numbers, names, defaults) and refuses
//! what no light can be; [`toml`] writes it.

pub mod archive;
pub mod gdtf;
pub mod mvr;
pub mod ofl;
mod ofl_matrix;
mod ofl_types;
pub mod qxf;
pub mod tidy;
pub mod toml;
pub mod words;
pub mod xml;

use crate::show::dmx;

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
    /// Named ranges, in the order of the wire.
    pub values: Vec<DraftValue>,
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
    pub fn range(&self, name: &str, from: u32, to: u32, bytes: u8) -> DraftValue {
        let own = self.bytes();
        if own >= bytes {
            let bits = u32::from(own - bytes) * 8;
            let last = to.checked_shl(bits).unwrap_or(0) | 1_u32.checked_shl(bits).map_or(u32::MAX, |one| one - 1);
            return DraftValue { name: name.into(), from: from.checked_shl(bits).unwrap_or(0), to: last.min(self.top()) };
        }
        let bits = u32::from(bytes - own) * 8;
        DraftValue { name: name.into(), from: from.checked_shr(bits).unwrap_or(0), to: to.checked_shr(bits).unwrap_or(0) }
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

impl DraftValue {
    /// The middle.
    #[must_use]
    pub const fn middle(&self) -> u32 {
        self.from + self.to.saturating_sub(self.from) / 2
    }
}
