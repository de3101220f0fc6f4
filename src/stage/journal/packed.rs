//! One record as it lies in the ring: a checksum of four bytes, then the record in postcard's compact form.
//!
//! Making it costs the stage no text, no allocation and a few hundred instructions; the journal thread turns it into the line of the file.
//! Only the ring holds it, and only a process of the same version reads it ([`super::ring`]): its layout is that of the types.

use super::ring::LINE_MAX;
use super::{LineError, Record};

/// Bytes of the checksum.
const CHECK: usize = 4;

/// Packs a record into `buffer`, which grows when it must and is used again; gives the packed bytes.
/// `None` when the record is longer than the ring takes.
pub fn write<'a>(record: &Record, buffer: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    let length = loop {
        let packed = postcard::to_slice(record, buffer.get_mut(CHECK..).unwrap_or_default()).map(|used| used.len());
        match packed {
            Ok(length) => break length,
            Err(postcard::Error::SerializeBufferFull) if buffer.len() < LINE_MAX => buffer.resize((buffer.len() * 2).max(512), 0),
            Err(_) => return None,
        }
    };
    let packed = buffer.get_mut(..CHECK + length)?;
    let (check, body) = packed.split_first_chunk_mut::<CHECK>()?;
    *check = sum(body).to_le_bytes();
    buffer.get(..CHECK + length)
}

/// Reads what [`write`] made.
///
/// # Errors
/// When the checksum does not fit, or the bytes are no record.
pub fn read(packed: &[u8]) -> Result<Record, LineError> {
    let (check, body) = packed.split_first_chunk::<CHECK>().ok_or(LineError::Checksum)?;
    if u32::from_le_bytes(*check) != sum(body) {
        return Err(LineError::Checksum);
    }
    match postcard::take_from_bytes(body) {
        Ok((record, [])) => Ok(record),
        Ok(_) => Err(LineError::Content("bytes are left over".into())),
        Err(error) => Err(LineError::Content(error.to_string())),
    }
}

/// FNV-1a over words of eight bytes, folded: no table that would have to be in the cache.
fn sum(bytes: &[u8]) -> u32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(chunk) {
            *to = *from;
        }
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0100_0000_01b3);
        hash ^= hash >> 32;
    }
    u32::try_from(hash & 0xffff_ffff).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::engine::{ActionId, By, Input, Intent, Report};
    use crate::show::{CueIx, Db, DeviceIx, ListIx, Transport, Value};
    use crate::stage::journal::Entry;
    use crate::time::Mono;

    fn records() -> Vec<Record> {
        let intent = Intent::Go { list: ListIx(0), seen: Some(CueIx(3)) };
        let values = [
            Value::Args([Value::Level(Db(-10_000)), Value::text("host"), Value::Decimal(-1)].into()),
            Value::Transport(Transport { clip: Some("walk in".into()), looping: true, playing: false }),
        ];
        let sent = values.map(|value| Report::Sent { action: ActionId(u64::MAX), value: Some(value) });
        let sent = sent.into_iter().map(|report| Entry::Input(Input::Device { device: DeviceIx(2), report }));
        let entries = [
            Entry::Input(Input::Intent { intent, by: By::Osc("10.0.0.2:9000".into()) }),
            Entry::Sending { action: ActionId(1), device: DeviceIx(300) },
            Entry::Stage { text: "x".repeat(5000) },
            Entry::End { why: String::new() },
        ];
        (1..).zip(entries.into_iter().chain(sent)).map(|(seq, entry)| Record { seq, mono: Mono(u64::MAX - seq), entry }).collect()
    }

    #[test]
    fn what_is_packed_reads_back() {
        let mut buffer = Vec::new();
        for record in records() {
            assert_eq!(read(write(&record, &mut buffer).unwrap()), Ok(record));
        }
        let long = Record { seq: 1, mono: Mono(1), entry: Entry::Stage { text: "x".repeat(LINE_MAX) } };
        assert_eq!(write(&long, &mut buffer), None);
    }

    #[test]
    fn every_single_changed_byte_and_every_cut_is_found() {
        for record in records() {
            let mut buffer = Vec::new();
            let good = write(&record, &mut buffer).unwrap().to_vec();
            for at in 0..good.len() {
                let mut bad = good.clone();
                bad[at] ^= 0x10;
                assert!(read(&bad).is_err(), "byte {at} of {record:?}");
                assert!(read(&good[..at]).is_err(), "cut at {at} of {record:?}");
            }
        }
    }
}
