//! Blocks and commands; any bytes in any split, never a panic.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Longest line and most lines of a block that are kept.
const LONGEST: usize = 4096;
const MOST_LINES: usize = 10_000;

/// One answer or notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// 100 to 162 no, 200 to 299 yes, 500 to 599 by itself.
    pub code: u16,
    /// The lines below the first, as they are.
    pub lines: Vec<String>,
}

impl Block {
    /// `key: value` of its lines.
    #[must_use]
    pub fn fields(&self) -> BTreeMap<&str, &str> {
        self.lines.iter().filter_map(|line| line.split_once(": ").or_else(|| line.strip_suffix(':').map(|key| (key, "")))).collect()
    }

    /// The clips of a `205`: number and name. `1: A name.mov 00:00:00:00 00:00:10:00`.
    #[must_use]
    pub fn clips(&self) -> Vec<(u32, Arc<str>)> {
        let clip = |line: &String| {
            let (id, rest) = line.split_once(": ")?;
            let id = id.trim().parse().ok()?;
            let mut words: Vec<&str> = rest.split(' ').collect();
            while words.len() > 1 && words.last().is_some_and(|word| is_timecode(word)) {
                words.pop();
            }
            Some((id, Arc::from(words.join(" ").trim())))
        };
        self.lines.iter().filter_map(clip).collect()
    }
}

fn is_timecode(word: &str) -> bool {
    word.len() == 11 && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b':' || byte == b';')
}

/// Cuts a stream into blocks: `code text`, or `code text:` and lines until an empty one.
#[derive(Debug, Default)]
pub struct Blocks {
    line: Vec<u8>,
    open: Option<Block>,
}

impl Blocks {
    /// Takes the next bytes and gives the blocks that are now whole.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Block> {
        let mut blocks = vec![];
        for byte in bytes {
            match byte {
                b'\n' => {
                    let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).trim_end_matches('\r').to_owned();
                    blocks.extend(self.take(line));
                }
                _ if self.line.len() >= LONGEST => self.line.clear(),
                byte => self.line.push(*byte),
            }
        }
        blocks
    }

    fn take(&mut self, line: String) -> Option<Block> {
        if let Some(block) = &mut self.open {
            if line.is_empty() {
                return self.open.take();
            }
            if block.lines.len() < MOST_LINES {
                block.lines.push(line);
            }
            return None;
        }
        let code = line.get(..3)?.parse().ok().filter(|code| (100..600).contains(code))?;
        let block = Block { code, lines: vec![] };
        if line.ends_with(':') {
            self.open = Some(block);
            return None;
        }
        Some(block)
    }
}

/// What a client asks of a deck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `play`, `slot info`.
    pub name: String,
    /// Its parameters.
    pub given: BTreeMap<String, String>,
}

/// Names of parameters; some have blanks.
const PARAMETERS: [&str; 18] = [
    "speed",
    "loop",
    "single clip",
    "clip id",
    "clip",
    "slot id",
    "timecode",
    "timeline",
    "name",
    "enable",
    "override",
    "transport",
    "slot",
    "remote",
    "configuration",
    "dropped frames",
    "period",
    "video format",
];

impl Request {
    /// The value of a parameter.
    #[must_use]
    pub fn get(&self, parameter: &str) -> Option<&str> {
        self.given.get(parameter).map(String::as_str)
    }

    /// A request in one line: `play: speed: 100 single clip: true`.
    fn of_line(line: &str) -> Self {
        let mut pieces = line.split(": ");
        let name = pieces.next().unwrap_or_default().trim_end_matches(':').to_owned();
        let mut given = BTreeMap::new();
        let mut parameter = pieces.next().map(str::to_owned);
        let mut pieces = pieces.peekable();
        while let (Some(own), Some(piece)) = (parameter.take(), pieces.next()) {
            // Before the last piece a value is followed by the next parameter's name.
            let next = |name: &&&str| piece.strip_suffix(**name).is_some_and(|rest| rest.ends_with(' '));
            let next = PARAMETERS.iter().filter(next).max_by_key(|name| name.len()).filter(|_| pieces.peek().is_some());
            let value = next.map_or(piece, |name| piece.strip_suffix(*name).unwrap_or(piece));
            given.insert(own, value.trim().to_owned());
            parameter = next.map(|name| (*name).to_owned());
        }
        Self { name, given }
    }
}

/// Cuts a client's stream into requests: one line each, or a name with a colon, a parameter a line, and an empty line.
#[derive(Debug, Default)]
pub struct Requests {
    line: Vec<u8>,
    open: Option<Request>,
}

impl Requests {
    /// Takes the next bytes and gives the requests that are now whole.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Request> {
        let mut requests = vec![];
        for byte in bytes {
            match byte {
                b'\n' => {
                    let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).trim().to_owned();
                    requests.extend(self.take(&line));
                }
                _ if self.line.len() >= LONGEST => self.line.clear(),
                byte => self.line.push(*byte),
            }
        }
        requests
    }

    fn take(&mut self, line: &str) -> Option<Request> {
        if let Some(request) = &mut self.open {
            match line.split_once(':') {
                _ if line.is_empty() => return self.open.take(),
                Some((key, value)) if request.given.len() < PARAMETERS.len() => {
                    request.given.insert(key.trim().to_owned(), value.trim().to_owned());
                }
                _ => {}
            }
            return None;
        }
        if let Some(name) = line.strip_suffix(':') {
            self.open = Some(Request { name: name.to_owned(), given: BTreeMap::new() });
            return None;
        }
        (!line.is_empty()).then(|| Request::of_line(line))
    }
}

/// An error in an operator's words.
#[must_use]
pub fn refusal(code: u16) -> Arc<str> {
    match code {
        104 => "the disk is full: change it or select the other slot",
        105 => "there is no disk in the slot",
        106 => "the disk has an error: change it or select the other slot",
        107 => "there is no clip on the timeline",
        109 => "there is no such clip",
        110 => "there is no video at the input",
        111 => "remote control is switched off: press REM on the deck",
        120 => "the deck already serves another controller",
        150 => "the deck can not do this while it does what it does now: stop it first",
        151 | 160 | 162 => "the disk or its format does not suit",
        103 => "this deck can not do this",
        _ => return format!("the deck refuses it (error {code})").into(),
    }
    .into()
}
