//! Lines and their meaning; any bytes in any split, never a panic.

use md5::{Digest as _, Md5};

/// Longest line kept: 135 bytes by the specification, names in UTF-8 and sloppy devices included.
pub const LONGEST: usize = 512;

/// TCP for commands, UDP for notices and the search.
pub const PORT: u16 = 4352;

/// The search of class 2, to everybody's UDP port.
pub const SEARCH: &[u8] = b"%2SRCH\r";

/// The MAC address in an answer to [`SEARCH`] (`%2ACKN=00:11:22:33:44:55`), as it is written.
#[must_use]
pub fn found(line: &[u8]) -> Option<&str> {
    let (head, mac) = std::str::from_utf8(line).ok()?.trim().split_once('=')?;
    (head.eq_ignore_ascii_case("%2ACKN") && !mac.is_empty()).then_some(mac)
}

/// What can be asked or told, by its four letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Class of the projector.
    Clss,
    /// Its own name.
    Name,
    /// Its maker.
    Inf1,
    /// Its model.
    Inf2,
    /// Power.
    Powr,
    /// Input.
    Inpt,
    /// Picture and sound mute: the shutter.
    Avmt,
    /// Error status.
    Erst,
    /// Lamp hours.
    Lamp,
    /// Freeze (class 2).
    Frez,
}

/// All topics with their letters and the class that a question for them carries.
const TOPICS: [(Topic, &str, char); 10] = [
    (Topic::Clss, "CLSS", '1'),
    (Topic::Name, "NAME", '1'),
    (Topic::Inf1, "INF1", '1'),
    (Topic::Inf2, "INF2", '1'),
    (Topic::Powr, "POWR", '1'),
    (Topic::Inpt, "INPT", '1'),
    (Topic::Avmt, "AVMT", '1'),
    (Topic::Erst, "ERST", '1'),
    (Topic::Lamp, "LAMP", '1'),
    (Topic::Frez, "FREZ", '2'),
];

impl Topic {
    /// Its letters.
    #[must_use]
    pub fn letters(self) -> &'static str {
        TOPICS.iter().find(|(topic, ..)| *topic == self).map_or("", |(_, letters, _)| letters)
    }

    /// What it is, for a technician.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Clss => "its class",
            Self::Name => "its name",
            Self::Inf1 => "its maker",
            Self::Inf2 => "its model",
            Self::Powr => "power",
            Self::Inpt => "input",
            Self::Avmt => "shutter and mute",
            Self::Erst => "its errors",
            Self::Lamp => "lamp hours",
            Self::Frez => "freeze",
        }
    }

    fn read(letters: &str) -> Option<Self> {
        TOPICS.iter().find(|(_, own, _)| own.eq_ignore_ascii_case(letters)).map(|(topic, ..)| *topic)
    }

    /// `%1POWR ?`, without password and line end. Class 2 inputs go as class 2.
    #[must_use]
    pub fn line(self, two: bool, parameter: &str) -> String {
        let class = TOPICS.iter().find(|(topic, ..)| *topic == self).map_or('1', |(.., class)| *class);
        let class = if two && self == Self::Inpt { '2' } else { class };
        format!("%{class}{} {parameter}", self.letters())
    }
}

/// A projector's no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum No {
    /// ERR1: it does not know the command.
    Unknown,
    /// ERR2: it does not know this value.
    Value,
    /// ERR3: not now.
    NotNow,
    /// ERR4: it is broken.
    Broken,
}

/// One line from a projector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line<'a> {
    /// `PJLINK 0`: no password.
    Open,
    /// `PJLINK 1 498e4a67`: a password, with this salt.
    Locked(&'a str),
    /// `PJLINK ERRA`: the password is wrong.
    Wrong,
    /// `%1POWR=OK`; the topic is missing in a bare `OK`.
    Done(Option<Topic>),
    /// `%1POWR=ERR3`, or a bare `ERR3`.
    No(Option<Topic>, No),
    /// `%1POWR=1`.
    Says(Topic, &'a str),
    /// `%2ACKN=…` and `%2LKUP=…`: it is there, at this MAC address.
    There,
}

/// Reads a line; stray prompts, blanks and letter case do not matter. `None`: it means nothing.
#[must_use]
pub fn read(line: &[u8]) -> Option<Line<'_>> {
    let text = std::str::from_utf8(line).ok()?;
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '>' || c == '\0');
    let mut words = text.split_ascii_whitespace();
    if words.next().is_some_and(|word| word.eq_ignore_ascii_case("PJLINK")) {
        return match (words.next()?, words.next()) {
            ("0", _) => Some(Line::Open),
            ("1", Some(salt)) => Some(Line::Locked(salt)),
            (word, _) if word.eq_ignore_ascii_case("ERRA") => Some(Line::Wrong),
            _ => None,
        };
    }
    let Some(body) = text.strip_prefix('%') else { return answer(None, text) };
    let (head, value) = body.split_once('=')?;
    let letters = head.trim().get(1..)?;
    if letters.eq_ignore_ascii_case("LKUP") || letters.eq_ignore_ascii_case("ACKN") {
        return Some(Line::There);
    }
    let topic = Topic::read(letters)?;
    answer(Some(topic), value.trim())
}

fn answer(topic: Option<Topic>, value: &str) -> Option<Line<'_>> {
    let is = |word: &str| value.eq_ignore_ascii_case(word);
    let no = [("ERR1", No::Unknown), ("ERR2", No::Value), ("ERR3", No::NotNow), ("ERR4", No::Broken)];
    if let Some((_, no)) = no.iter().find(|(word, _)| is(word)) {
        return Some(Line::No(topic, *no));
    }
    match topic {
        _ if is("OK") => Some(Line::Done(topic)),
        _ if is("ERRA") => Some(Line::Wrong),
        topic => Some(Line::Says(topic?, value)),
    }
}

/// What stands before a command: MD5 of salt and password, 32 small hex digits.
#[must_use]
pub fn digest(salt: &str, password: &str) -> String {
    let sum = Md5::new().chain_update(salt).chain_update(password).finalize();
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Cuts a stream into lines. Some projectors end a line with a prompt and no CR.
#[derive(Debug, Default)]
pub struct Lines {
    partial: Vec<u8>,
}

impl Lines {
    /// Takes the next bytes and gives the lines that are now whole.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = vec![];
        for byte in bytes {
            match byte {
                b'\r' | b'\n' if self.partial.is_empty() => {}
                b'\r' | b'\n' => lines.push(std::mem::take(&mut self.partial)),
                // What is longer than any line is noise.
                _ if self.partial.len() >= LONGEST => self.partial.clear(),
                byte => self.partial.push(*byte),
            }
        }
        if self.partial.ends_with(b">") && read(&self.partial).is_some() {
            lines.push(std::mem::take(&mut self.partial));
        }
        lines
    }

    /// Bytes wait for the end of their line.
    #[must_use]
    pub const fn has_rest(&self) -> bool {
        !self.partial.is_empty()
    }

    /// A line whose end never came.
    pub fn rest(&mut self) -> Option<Vec<u8>> {
        (!self.partial.is_empty()).then(|| std::mem::take(&mut self.partial))
    }
}
