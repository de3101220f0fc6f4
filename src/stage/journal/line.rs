//! One record as one line of JSON that carries its own checksum.
//!
//! `{"seq":7,"mono":120,"entry":{…},"crc":"1c291ca3"}`: the checksum is the CRC-32 (IEEE) of all bytes before `,"crc"`.

use super::Record;

/// Length of `,"crc":"12345678"}`.
const TAIL: usize = 18;

/// Why a line could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// The checksum is not there, or not that of the text before it.
    #[error("its checksum does not fit its text")]
    Checksum,
    /// The checksum fits, but the line is none of this version's.
    #[error("it is not a journal record: {0}")]
    Content(String),
}

/// Appends a record and a line feed to `buffer`.
///
/// # Errors
/// Only when a value cannot be written as JSON; `buffer` is then as it was.
pub fn write(record: &Record, buffer: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let start = buffer.len();
    if let Err(error) = serde_json::to_writer(&mut *buffer, record) {
        buffer.truncate(start);
        return Err(error);
    }
    buffer.pop();
    let crc = crc32fast::hash(buffer.get(start..).unwrap_or_default());
    buffer.extend_from_slice(br#","crc":""#);
    for shift in (0..8).rev() {
        let nibble = (crc >> (shift * 4)) & 0xf;
        buffer.push(char::from_digit(nibble, 16).map_or(b'0', |digit| digit as u8));
    }
    buffer.extend_from_slice(b"\"}\n");
    Ok(())
}

/// Reads one line, without its line feed.
///
/// # Errors
/// When the checksum does not fit, or the text is no record.
pub fn read(line: &[u8]) -> Result<Record, LineError> {
    let at = line.len().checked_sub(TAIL).ok_or(LineError::Checksum)?;
    let (body, tail) = line.split_at(at);
    let crc = tail
        .strip_prefix(br#","crc":""#)
        .and_then(|rest| rest.strip_suffix(br#""}"#))
        .and_then(|hex| std::str::from_utf8(hex).ok())
        .and_then(|hex| u32::from_str_radix(hex, 16).ok())
        .ok_or(LineError::Checksum)?;
    if crc != crc32fast::hash(body) {
        return Err(LineError::Checksum);
    }
    let mut text = Vec::with_capacity(body.len() + 1);
    text.extend_from_slice(body);
    text.push(b'}');
    serde_json::from_slice(&text).map_err(|error| LineError::Content(error.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::engine::{By, Input, Intent};
    use crate::show::{CueIx, ListIx};
    use crate::stage::journal::Entry;
    use crate::time::Mono;

    fn go() -> Record {
        let intent = Intent::Go { list: ListIx(0), seen: Some(CueIx(3)) };
        Record { seq: 7, mono: Mono(120), entry: Entry::Input(Input::Intent { intent, by: By::Osc("10.0.0.2:9000".into()) }) }
    }

    #[test]
    fn a_line_is_json_and_reads_back() {
        let mut bytes = Vec::new();
        write(&go(), &mut bytes).unwrap();
        let line = bytes.strip_suffix(b"\n").unwrap();
        assert_eq!(read(line), Ok(go()));
        let json: serde_json::Value = serde_json::from_slice(line).unwrap();
        assert_eq!(json["seq"], 7);
        assert!(json["crc"].is_string());
    }

    #[test]
    fn every_single_changed_byte_is_found() {
        let mut bytes = Vec::new();
        write(&go(), &mut bytes).unwrap();
        bytes.pop();
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 0x01;
            assert!(read(&bad).is_err(), "byte {at}");
        }
        for cut in 0..bytes.len() {
            assert_eq!(read(&bytes[..cut]), Err(LineError::Checksum), "cut at {cut}");
        }
    }
}
