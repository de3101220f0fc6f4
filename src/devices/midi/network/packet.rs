//! A packet of MIDI: RTP header, list of commands, recovery journal. Takes any bytes.
//!
//! RFC 6295 section 3: `80 61`, sequence number, time, source; then flags B (the length has 12 bits), J (a journal follows), Z (the first
//! command has a delta time), P, and the length of the list. Commands are separated by delta times of one to four bytes; a status may be
//! left out when it is the one before. System exclusive may be cut: `F0 … F0`, `F7 … F0`, `F7 … F7`; `F4` at its end takes it back.
//! Delta times are read over: what comes acts when it comes. The marker bit stays 0, as other senders of such sessions leave it.

use crate::devices::midi::codec::wanted;

/// Payload type of MIDI in these sessions.
const MIDI: u8 = 0x61;
/// Longest list that is sent in one packet: with a journal it fits an Ethernet frame.
const LIST: usize = 900;
/// Bytes of the RTP header.
const HEADER: usize = 12;

/// One packet, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its number.
    pub sequence: u16,
    /// Whose it is.
    pub source: u32,
    /// The list begins with a delta time.
    delta: bool,
    list: &'a [u8],
    /// What may have been lost before it.
    pub journal: Option<&'a [u8]>,
}

impl<'a> Packet<'a> {
    /// Reads a packet; `None`: it is none.
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let ([flags, kind, s0, s1, _, _, _, _, a, b, c, d], mut rest) = bytes.split_first_chunk::<HEADER>()?;
        if flags >> 6 != 2 || kind & 0x7F != MIDI {
            return None;
        }
        rest = rest.get(usize::from(flags & 0x0F) * 4..)?;
        if flags & 0x10 != 0 {
            let words = u16::from_be_bytes(*rest.get(2..)?.first_chunk()?);
            rest = rest.get(4 + usize::from(words) * 4..)?;
        }
        if flags & 0x20 != 0 {
            rest = rest.get(..rest.len().checked_sub(usize::from(*rest.last()?))?)?;
        }
        let (first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first & 0x0F);
        if first & 0x80 != 0 {
            let (low, after) = rest.split_first()?;
            (length, rest) = ((length << 8) | usize::from(*low), after);
        }
        let (list, journal) = rest.split_at_checked(length)?;
        let (sequence, source) = (u16::from_be_bytes([*s0, *s1]), u32::from_be_bytes([*a, *b, *c, *d]));
        Some(Self { sequence, source, delta: first & 0x20 != 0, list, journal: (first & 0x40 != 0).then_some(journal) })
    }

    /// Its commands with their status, in order: whole messages, and pieces of system exclusive from F0 or F7 to F0, F4, F5 or F7.
    /// What makes no sense ends them.
    pub fn commands(&self, mut each: impl FnMut(&[u8])) {
        let (mut rest, mut delta, mut running) = (self.list, self.delta, 0);
        while !rest.is_empty() {
            if delta {
                let length = rest.iter().take(4).position(|byte| *byte < 0x80).map_or(4, |at| at + 1);
                rest = rest.get(length..).unwrap_or_default();
            }
            delta = true;
            let Some(first) = rest.first().copied() else { return };
            let status = if first < 0x80 { running } else { first };
            if status == 0xF0 || status == 0xF7 {
                let Some(end) = rest.iter().skip(1).position(|byte| (0x80..0xF8).contains(byte)) else { return };
                let (piece, after) = rest.split_at(end + 2);
                running = 0;
                each(&piece.iter().copied().filter(|byte| *byte < 0xF8).collect::<Vec<u8>>());
                rest = after;
                continue;
            }
            let own = usize::from(first >= 0x80);
            let Some(length) = wanted(status).filter(|_| status >= 0x80) else { return };
            let Some((command, after)) = rest.split_at_checked(length - 1 + own) else { return };
            let data = command.get(own..).unwrap_or_default();
            if data.iter().any(|byte| *byte >= 0x80) {
                return;
            }
            running = match status {
                0x80..0xF0 => status,
                0xF8.. => running,
                _ => 0,
            };
            each(&[&[status], data].concat());
            rest = after;
        }
    }
}

/// The bytes of a packet. `time` counts 100 µs.
#[must_use]
pub fn write(sequence: u16, time: u32, source: u32, list: &[u8], journal: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80, MIDI];
    bytes.extend_from_slice(&sequence.to_be_bytes());
    bytes.extend_from_slice(&time.to_be_bytes());
    bytes.extend_from_slice(&source.to_be_bytes());
    let [high, low] = u16::try_from(list.len()).unwrap_or(0).to_be_bytes();
    let has_journal = if journal.is_empty() { 0 } else { 0x40 };
    if list.len() < 16 {
        bytes.push(has_journal | low);
    } else {
        bytes.extend_from_slice(&[0x80 | has_journal | (high & 0x0F), low]);
    }
    bytes.extend_from_slice(list);
    bytes.extend_from_slice(journal);
    bytes
}

/// Cuts whole messages that stand one behind the other into the lists of packets; delta times are 0.
#[must_use]
pub fn lists(messages: &[u8]) -> Vec<Vec<u8>> {
    let (mut lists, mut list, mut rest) = (vec![], vec![], messages);
    let mut put = |piece: &[u8]| {
        if list.len() + piece.len() >= LIST && !list.is_empty() {
            lists.push(std::mem::take(&mut list));
        }
        if !list.is_empty() {
            list.push(0);
        }
        list.extend_from_slice(piece);
    };
    while let Some(status) = rest.first() {
        let length = wanted(*status).or_else(|| rest.iter().position(|byte| *byte == 0xF7).map(|end| end + 1));
        let (message, after) = rest.split_at(length.unwrap_or(rest.len()).min(rest.len()));
        rest = after;
        let pieces = message.chunks(LIST - 2);
        let last = pieces.len().saturating_sub(1);
        for (at, piece) in pieces.enumerate() {
            let before: &[u8] = if at > 0 { &[0xF7] } else { &[] };
            let after: &[u8] = if at < last { &[0xF0] } else { &[] };
            put(&[before, piece, after].concat());
        }
    }
    if !list.is_empty() {
        lists.push(list);
    }
    lists
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn commands(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut found = vec![];
        Packet::read(bytes).unwrap().commands(|command| found.push(command.to_vec()));
        found
    }

    fn packet(payload: &[u8]) -> Vec<u8> {
        [&[0x80, 0x61, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3][..], payload].concat()
    }

    #[test]
    fn golden() {
        let bytes = [
            0x80, 0x61, // version 2, payload type 97
            0x12, 0x34, // sequence number
            0, 0, 0, 9, // time
            0xAA, 0xBB, 0xCC, 0xDD, // source
            0x07, // no flags, 7 bytes
            0x90, 0x3C, 0x7F, // note on
            0x00, // at the same time
            0x80, 0x3C, 0x00, // note off
        ];
        let list = lists(&[0x90, 0x3C, 0x7F, 0x80, 0x3C, 0x00]);
        assert_eq!(list, [vec![0x90, 0x3C, 0x7F, 0, 0x80, 0x3C, 0]]);
        assert_eq!(write(0x1234, 9, 0xAABB_CCDD, &list[0], &[]), bytes);
        let read = Packet::read(&bytes).unwrap();
        assert_eq!((read.sequence, read.source, read.journal), (0x1234, 0xAABB_CCDD, None));
        assert_eq!(commands(&bytes), [vec![0x90, 0x3C, 0x7F], vec![0x80, 0x3C, 0]]);
    }

    #[test]
    fn running_status_long_deltas_and_what_stands_between() {
        // Z: a delta before the first command. Running status goes on over realtime and ends at a system message.
        let found = commands(&packet(&[0x2E, 0x81, 0x00, 0x90, 60, 1, 0, 0xF8, 0, 61, 2, 0x83, 0x80, 0x00, 0xC1]));
        assert_eq!(found, [vec![0x90, 60, 1], vec![0xF8], vec![0x90, 61, 2]]);
        assert_eq!(commands(&packet(&[0x07, 0xF3, 1, 0, 60, 2, 0, 0])), [vec![0xF3, 1]], "nothing runs on after a song select");
        assert_eq!(commands(&packet(&[0x05, 0xF0, 0x7F, 0xF8, 0x01, 0xF7])), [vec![0xF0, 0x7F, 1, 0xF7]]);
    }

    #[test]
    fn header_extensions_sources_and_padding_are_read_over() {
        let bytes = [&[0xB1, 0xE1, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9, 9, 9, 0, 0, 0, 1, 8, 8, 8, 8][..], &[0x02, 0xC0, 5, 0, 2]].concat();
        assert_eq!(commands(&bytes), [vec![0xC0, 5]]);
    }

    #[test]
    fn long_system_exclusive_is_cut() {
        let message = [&[0xF0][..], &[7; 2000], &[0xF7]].concat();
        let lists = lists(&message);
        assert!(lists.len() == 3 && lists.iter().all(|list| list.len() <= LIST), "{}", lists.len());
        let bytes = write(1, 2, 3, &lists[1], &[1, 2, 3]);
        assert_eq!((bytes[12] & 0xF0, Packet::read(&bytes).unwrap().journal), (0xC0, Some(&[1, 2, 3][..])));
        let pieces = commands(&bytes);
        assert!(pieces[0].starts_with(&[0xF7, 7]) && pieces[0].ends_with(&[7, 0xF0]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            for bytes in [bytes.clone(), packet(&bytes)] {
                if let Some(packet) = Packet::read(&bytes) {
                    packet.commands(|command| assert!(command[0] >= 0x80));
                }
            }
        }
    }
}
