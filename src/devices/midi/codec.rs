//! A stream of MIDI bytes cut into messages: running status is written out, realtime bytes may stand anywhere, system exclusive may be cut.

/// A system exclusive message longer than this is dropped whole.
const SYSEX_LIMIT: usize = 64 * 1024;

/// Cuts a stream; any bytes in any split.
#[derive(Debug, Default)]
pub struct Parser {
    /// The status that data bytes without one belong to; 0: none.
    running: u8,
    /// The message that is being gathered; system exclusive begins with F0.
    message: Vec<u8>,
    /// The system exclusive message was too long.
    spoiled: bool,
}

impl Parser {
    /// Takes bytes; `each` gets every whole message with its status byte.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) {
        for byte in bytes {
            self.byte(*byte, &mut each);
        }
    }

    /// Forgets what was begun: the stream is a new one.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    fn byte(&mut self, byte: u8, each: &mut impl FnMut(&[u8])) {
        match byte {
            0xF8.. => each(&[byte]),
            0xF7 => {
                if self.message.first() == Some(&0xF0) && !self.spoiled {
                    self.message.push(byte);
                    each(&self.message);
                }
                self.begin(0);
            }
            0x80.. => {
                self.begin(byte);
                if wanted(byte) == Some(1) {
                    each(&[byte]);
                    self.begin(0);
                }
            }
            _ => self.data(byte, each),
        }
    }

    /// A status byte: what was begun before it is lost.
    fn begin(&mut self, status: u8) {
        self.message.clear();
        self.spoiled = false;
        self.running = if (0x80..0xF0).contains(&status) { status } else { 0 };
        if status != 0 {
            self.message.push(status);
        }
    }

    fn data(&mut self, byte: u8, each: &mut impl FnMut(&[u8])) {
        if self.message.is_empty() {
            if self.running == 0 {
                return;
            }
            self.message.push(self.running);
        }
        if self.message.len() >= SYSEX_LIMIT {
            self.spoiled = true;
            return;
        }
        self.message.push(byte);
        let status = self.message.first().copied().unwrap_or_default();
        if wanted(status) == Some(self.message.len()) {
            each(&self.message);
            self.message.clear();
        }
    }
}

/// The whole length of a message by its status byte; `None` for system exclusive. MIDI 1.0 Detailed Specification, table 1.
#[must_use]
pub const fn wanted(status: u8) -> Option<usize> {
    match status {
        0xF0 => None,
        0xC0..=0xDF | 0xF1 | 0xF3 => Some(2),
        0x80..=0xEF | 0xF2 => Some(3),
        _ => Some(1),
    }
}

/// True for bytes that are whole messages one behind the other, each with its status: what a template may make.
#[must_use]
pub fn whole(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(status) = rest.first().copied() {
        let length = match wanted(status) {
            _ if status < 0x80 || status == 0xF7 => return false,
            Some(length) => length,
            None => match rest.iter().position(|byte| *byte == 0xF7) {
                Some(end) => end + 1,
                None => return false,
            },
        };
        let inner = rest.get(1..length).and_then(|data| data.strip_suffix(&[0xF7]).or(Some(data)));
        if inner.is_none_or(|data| data.iter().any(|byte| *byte >= 0x80)) {
            return false;
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    !bytes.is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let (mut parser, mut got) = (Parser::default(), vec![]);
        for piece in pieces {
            parser.push(piece, |message| got.push(message.to_vec()));
        }
        got
    }

    #[test]
    fn running_status_is_written_out() {
        assert_eq!(cut(&[&[0x90, 60, 100, 60, 0]]), [vec![0x90, 60, 100], vec![0x90, 60, 0]]);
    }

    #[test]
    fn realtime_stands_anywhere_and_ends_nothing() {
        assert_eq!(
            cut(&[&[0xF0, 0x7F, 0xFE, 0x01], &[0xF7, 0x90, 0xF8, 1, 2]]),
            [vec![0xFE], vec![0xF0, 0x7F, 0x01, 0xF7], vec![0xF8], vec![0x90, 1, 2]]
        );
    }

    #[test]
    fn a_message_cut_short_by_a_status_is_lost_and_common_ends_running_status() {
        assert_eq!(cut(&[&[0x90, 60, 0xC1, 5, 0xF1, 4, 7, 7]]), [vec![0xC1, 5], vec![0xF1, 4]]);
        assert_eq!(cut(&[&[5, 6, 0xF0, 1, 0x80, 1, 2]]), [vec![0x80, 1, 2]]);
    }

    #[test]
    fn whole_messages_only() {
        assert!(whole(&[0xB0, 1, 2, 0xC0, 5, 0xF0, 0x7F, 0xF7]));
        for bytes in [&[][..], &[0xB0, 1], &[1, 2], &[0xF0, 1], &[0xB0, 1, 0x80], &[0xF7]] {
            assert!(!whole(bytes), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_split_are_the_same(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0_usize..300) {
            let at = at.min(bytes.len());
            let (head, tail) = bytes.split_at(at);
            prop_assert_eq!(cut(&[&bytes]), cut(&[head, tail]));
            for message in cut(&[&bytes]) {
                prop_assert!(whole(&message));
            }
        }
    }
}
