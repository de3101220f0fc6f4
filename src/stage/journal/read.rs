//! Reads a journal back, whatever a crash left of it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::record::FORMAT;
use super::ring::RingReader;
use super::{Entry, Header, LineError, Record, line, packed};
use crate::time::Mono;

/// A journal as it could be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// The file's first line.
    pub header: Header,
    /// All records after the header, in the order of their numbers.
    pub records: Vec<Record>,
    /// What was damaged, for the operator.
    pub notices: Vec<String>,
    /// Bytes of the file up to the end of its last whole line: a writer goes on from here.
    pub length: u64,
}

/// Why a journal cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file is not readable.
    #[error("{0} cannot be read: {1}")]
    File(PathBuf, std::io::Error),
    /// The first line is damaged or another thing.
    #[error("{0} is not a journal of showcall: line 1: {1}")]
    NotAJournal(PathBuf, String),
    /// A later version wrote it.
    #[error("{0} was written in journal format {1} by showcall {2}; this one reads format {FORMAT}")]
    Format(PathBuf, u32, String),
}

/// Reads a file.
///
/// # Errors
/// When it is not readable or its first line is not a header of this format. Any other damage is a notice.
pub fn file(path: &Path) -> Result<Content, ReadError> {
    let bytes = std::fs::read(path).map_err(|error| ReadError::File(path.to_owned(), error))?;
    bytes_of(path, &bytes)
}

/// Reads a file's first line alone: what the run is, with the text of its show.
///
/// # Errors
/// As [`file()`].
pub fn header(path: &Path) -> Result<Header, ReadError> {
    let unreadable = |error| ReadError::File(path.to_owned(), error);
    let mut text = Vec::new();
    BufReader::new(File::open(path).map_err(unreadable)?).read_until(b'\n', &mut text).map_err(unreadable)?;
    first(path, text.strip_suffix(b"\n").unwrap_or(&text))
}

fn bytes_of(path: &Path, bytes: &[u8]) -> Result<Content, ReadError> {
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let (lines, torn) = bytes.split_at(whole);
    let mut lines = lines.split(|byte| *byte == b'\n');
    let header = first(path, lines.next().unwrap_or_default())?;
    let mut content = Content { header, records: Vec::new(), notices: Vec::new(), length: whole as u64 };
    for (number, text) in (2_u64..).zip(lines).filter(|(_, text)| !text.is_empty()) {
        match line::read(text) {
            Ok(record) => content.records.push(record),
            Err(error) => content.notices.push(format!("line {number} is damaged and left out: {error}")),
        }
    }
    if !torn.is_empty() {
        content.notices.push(format!("the last line was torn ({} bytes) and is dropped", torn.len()));
    }
    Ok(content)
}

fn first(path: &Path, text: &[u8]) -> Result<Header, ReadError> {
    let not = |why: String| ReadError::NotAJournal(path.to_owned(), why);
    match line::read(text) {
        Ok(Record { entry: Entry::Header(header), .. }) if header.format == FORMAT => Ok(*header),
        Ok(Record { entry: Entry::Header(header), .. }) => Err(ReadError::Format(path.to_owned(), header.format, header.showcall)),
        Ok(_) => Err(not("it has no header".into())),
        Err(LineError::Content(_)) => Err(format_of(path, text).unwrap_or_else(|| not("it is no record of this version".into()))),
        Err(error) => Err(not(error.to_string())),
    }
}

/// A header of another format may hold other fields; its number is still where it was.
fn format_of(path: &Path, text: &[u8]) -> Option<ReadError> {
    let json: serde_json::Value = serde_json::from_slice(text).ok()?;
    let header = json.get("entry")?.get("header")?;
    let format = u32::try_from(header.get("format")?.as_u64()?).ok()?;
    let by = header.get("showcall").and_then(serde_json::Value::as_str).unwrap_or("unknown");
    (format != FORMAT).then(|| ReadError::Format(path.to_owned(), format, by.to_owned()))
}

impl Content {
    /// All but the checkpoints, which say again what the records before them did.
    pub fn of_night(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.iter().filter(|record| !matches!(record.entry, Entry::Checkpoint(_)))
    }

    /// Adds what a dead process left in the ring, without what had reached the file already. Gives the lines to append to the file.
    pub fn add_ring(&mut self, ring: &RingReader) -> Vec<u8> {
        // A checkpoint may reach the file before the records that it covers: they are in the ring then, and belong to the night.
        let last = self.of_night().map(|record| record.seq).max().unwrap_or(0);
        let (mut at, mut bytes, mut lines) = (None, Vec::new(), Vec::new());
        while ring.peek(&mut at, &mut bytes) {
            match packed::read(&bytes) {
                Ok(record) if record.seq > last => match line::write(&record, &mut lines) {
                    Ok(()) => self.records.push(record),
                    Err(error) => self.notices.push(format!("a record of the ring is left out: {error}")),
                },
                Ok(_) => {}
                Err(error) => self.notices.push(format!("a record of the ring is damaged and left out: {error}")),
            }
            bytes.clear();
        }
        lines
    }

    /// Puts the records in the order of their numbers (a checkpoint reaches the file late) and says where numbers are missing.
    pub fn settle(&mut self) {
        self.records.sort_by_key(|record| record.seq);
        let mut gaps = Vec::new();
        let mut expected = None;
        for record in self.of_night() {
            if let Some(expected) = expected.filter(|expected| record.seq > *expected) {
                gaps.push(format!("records {expected} to {} are missing", record.seq - 1));
            }
            expected = Some(record.seq + 1);
        }
        self.notices.append(&mut gaps);
    }

    /// The show's clock at the last record of what happened in the show. That a process took over, or said something of itself, says
    /// nothing of the work that was due: one that is killed before it goes on has done none.
    #[must_use]
    pub fn last(&self) -> Mono {
        let of_show = self.records.iter().filter(|record| !matches!(record.entry, Entry::Process(_) | Entry::Stage { .. }));
        of_show.map(|record| record.mono).max().unwrap_or_default()
    }

    /// Whether the run ended in order.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.of_night().next_back().is_some_and(|record| matches!(record.entry, Entry::End { .. }))
    }
}
