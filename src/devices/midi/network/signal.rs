//! What the two ends of a session say of the session itself: invitation, yes, no, end, clock, feedback. Takes any bytes.
//!
//! | bytes after `FF FF` | on | is |
//! |---|---|---|
//! | `IN`, `OK`, `NO`: 0 0 0 2, token, source, name, 0 | both ports | invitation, its answer |
//! | `BY`: 0 0 0 2, token, source | control port | the end |
//! | `CK`: source, count, 0 0 0, three times of 8 bytes | data port | clock: 0 asks, 1 answers, 2 tells what was learned |
//! | `RS`: source, sequence number, 0 0 | control port | all up to here has come |
//!
//! Numbers are big-endian; times count 100 µs. Source: Apple's MIDI Network Driver Protocol, as published with MIDI over RTP drivers.

/// What marks a packet of the session.
const MARK: [u8; 2] = [0xFF, 0xFF];
/// The only version there is.
const VERSION: u32 = 2;
/// Longest name that is kept.
const NAME: usize = 64;

/// Who calls, or answers a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The caller's number for this invitation.
    pub token: u32,
    /// The sender's source number in all that it sends.
    pub source: u32,
    /// Its name, for people.
    pub name: String,
}

/// One packet of the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// Come in.
    Invite(Call),
    /// Yes.
    Accept(Call),
    /// No.
    Refuse {
        /// The caller's number for the invitation.
        token: u32,
    },
    /// It is over.
    End {
        /// The sender's source number.
        source: u32,
    },
    /// A comparison of clocks.
    Clock {
        /// The sender's source number.
        source: u32,
        /// 0, 1 or 2.
        count: u8,
        /// The asker's time, the answerer's, the asker's again.
        times: [u64; 3],
    },
    /// All up to a packet has come.
    Received {
        /// The sender's source number.
        source: u32,
        /// The packet.
        sequence: u16,
    },
}

impl Signal {
    /// Reads a packet; `None`: it is none of these.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let [m0, m1, a, b, rest @ ..] = bytes else { return None };
        if [*m0, *m1] != MARK {
            return None;
        }
        let word = |at: usize| rest.get(at..)?.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes));
        let time = |at: usize| rest.get(at..)?.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes));
        let call = || {
            let name = rest.get(12..)?.split(|byte| *byte == 0).next()?;
            let name = String::from_utf8_lossy(name.get(..NAME).unwrap_or(name)).into_owned();
            (word(0)? == VERSION).then_some(Call { token: word(4)?, source: word(8)?, name })
        };
        Some(match &[*a, *b] {
            b"IN" => Self::Invite(call()?),
            b"OK" => Self::Accept(call()?),
            b"NO" => Self::Refuse { token: word(4)? },
            b"BY" => Self::End { source: word(8)? },
            b"CK" => Self::Clock { source: word(0)?, count: *rest.get(4)?, times: [time(8)?, time(16)?, time(24)?] },
            b"RS" => Self::Received { source: word(0)?, sequence: u16::from_be_bytes(*rest.get(4..)?.first_chunk()?) },
            _ => return None,
        })
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = MARK.to_vec();
        let mut put = |kind: &[u8; 2], words: &[u32]| {
            bytes.extend_from_slice(kind);
            words.iter().for_each(|word| bytes.extend_from_slice(&word.to_be_bytes()));
        };
        match self {
            Self::Invite(call) => put(b"IN", &[VERSION, call.token, call.source]),
            Self::Accept(call) => put(b"OK", &[VERSION, call.token, call.source]),
            Self::Refuse { token } => put(b"NO", &[VERSION, *token, 0]),
            Self::End { source } => put(b"BY", &[VERSION, 0, *source]),
            Self::Clock { source, count, .. } => put(b"CK", &[*source, u32::from(*count) << 24]),
            Self::Received { source, sequence } => put(b"RS", &[*source, u32::from(*sequence) << 16]),
        }
        match self {
            Self::Invite(call) | Self::Accept(call) => {
                bytes.extend(call.name.bytes().filter(|byte| *byte != 0).take(NAME));
                bytes.push(0);
            }
            Self::Clock { times, .. } => times.iter().for_each(|time| bytes.extend_from_slice(&time.to_be_bytes())),
            _ => {}
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn golden() {
        let call = Call { token: 0x1234_5678, source: 0xAABB_CCDD, name: "desk".into() };
        let invitation = [
            0xFF, 0xFF, b'I', b'N', // invitation
            0, 0, 0, 2, // version
            0x12, 0x34, 0x56, 0x78, // token
            0xAA, 0xBB, 0xCC, 0xDD, // source
            b'd', b'e', b's', b'k', 0, // name
        ];
        assert_eq!(Signal::Invite(call.clone()).bytes(), invitation);
        assert_eq!(Signal::read(&invitation), Some(Signal::Invite(call)));
        let clock = Signal::Clock { source: 1, count: 1, times: [2, 3, 0] };
        let mut bytes = vec![0xFF, 0xFF, b'C', b'K', 0, 0, 0, 1, 1, 0, 0, 0];
        bytes.extend([2_u64, 3, 0].iter().flat_map(|time| time.to_be_bytes()));
        assert_eq!((clock.bytes(), bytes.len()), (bytes.clone(), 36));
        assert_eq!(Signal::read(&bytes), Some(clock));
        let feedback = [0xFF, 0xFF, b'R', b'S', 0, 0, 0, 7, 0x12, 0x34, 0, 0];
        assert_eq!(Signal::read(&feedback), Some(Signal::Received { source: 7, sequence: 0x1234 }));
        assert_eq!(Signal::Received { source: 7, sequence: 0x1234 }.bytes(), feedback);
        let end = [0xFF, 0xFF, b'B', b'Y', 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 7];
        assert_eq!(Signal::read(&end), Some(Signal::End { source: 7 }));
        assert_eq!(Signal::End { source: 7 }.bytes(), end);
        // An invitation without a name, and one of another version.
        assert!(matches!(Signal::read(invitation.get(..16).unwrap()), Some(Signal::Invite(call)) if call.name.is_empty()));
        assert_eq!(Signal::read(&[0xFF, 0xFF, b'I', b'N', 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(kind in 0_usize..8, tail in prop::collection::vec(any::<u8>(), 0..60)) {
            let kinds = [b"IN", b"OK", b"NO", b"BY", b"CK", b"RS", b"RL", b"XX"];
            let _ = Signal::read(&tail);
            if let Some(signal) = Signal::read(&[&MARK[..], kinds[kind], &tail].concat()) {
                let again = Signal::read(&signal.bytes());
                prop_assert!(again.is_some());
            }
        }
    }
}
