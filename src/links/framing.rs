//! Messages in a byte stream: OSC 1.0 length prefix, OSC 1.1 SLIP, text lines. Takes a stream in any split.

use crate::devices::Framing;

/// Longest message taken from a stream. A large cue list of a media server is some hundred kilobytes.
pub const LONGEST: usize = 4 << 20;

/// RFC 1055 "SLIP": ends a packet.
const END: u8 = 0xC0;
/// RFC 1055: the next byte stands for another.
const ESC: u8 = 0xDB;
/// After [`ESC`]: an END within the packet.
const ESC_END: u8 = 0xDC;
/// After [`ESC`]: an ESC within the packet.
const ESC_ESC: u8 = 0xDD;

/// A stream that cannot be cut any further: it must be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameFault {
    /// A message is longer than [`LONGEST`].
    #[error("the device sent a message of more than 4 MiB (is it the right port and framing?)")]
    TooLong,
    /// A length prefix that no OSC packet has.
    #[error("the device sent {0} as a message length (is it the right port and framing?)")]
    BadLength(i32),
}

/// Cuts one direction of a stream into messages.
#[derive(Debug)]
pub struct Cutter {
    framing: Framing,
    partial: Vec<u8>,
    /// SLIP: an ESC has come. Lines: a CR has come, an LF right after it is part of that line end.
    pending: bool,
}

impl Cutter {
    /// For a fresh connection.
    #[must_use]
    pub const fn new(framing: Framing) -> Self {
        Self { framing, partial: Vec::new(), pending: false }
    }

    /// Takes the next bytes and gives every message that is now whole. `Raw` gives the bytes as they are.
    ///
    /// # Errors
    /// When the stream makes no sense any more.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), FrameFault> {
        match self.framing {
            Framing::Raw => {
                each(bytes);
                Ok(())
            }
            Framing::OscLength => self.push_lengths(bytes, each),
            Framing::Slip => bytes.iter().try_for_each(|byte| self.push_slip(*byte, &mut each)),
            Framing::Lines => bytes.iter().try_for_each(|byte| self.push_line(*byte, &mut each)),
        }
    }

    fn push_lengths(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), FrameFault> {
        self.partial.extend_from_slice(bytes);
        let mut rest = self.partial.as_slice();
        while let Some((prefix, tail)) = rest.split_first_chunk::<4>() {
            let length = i32::from_be_bytes(*prefix);
            let whole = usize::try_from(length).map_err(|_| FrameFault::BadLength(length))?;
            if whole > LONGEST {
                return Err(FrameFault::BadLength(length));
            }
            let Some((message, tail)) = tail.split_at_checked(whole) else { break };
            if !message.is_empty() {
                each(message);
            }
            rest = tail;
        }
        let used = self.partial.len() - rest.len();
        self.partial.drain(..used);
        Ok(())
    }

    fn push_slip(&mut self, byte: u8, each: &mut impl FnMut(&[u8])) -> Result<(), FrameFault> {
        match (std::mem::take(&mut self.pending), byte) {
            (_, END) => {
                // The END before a packet closes an empty one.
                if !self.partial.is_empty() {
                    each(&self.partial);
                    self.partial.clear();
                }
                Ok(())
            }
            (false, ESC) => {
                self.pending = true;
                Ok(())
            }
            (true, ESC_END) => self.keep(END),
            (true, ESC_ESC) => self.keep(ESC),
            // A protocol violation; RFC 1055 takes the byte as it is.
            (_, other) => self.keep(other),
        }
    }

    fn push_line(&mut self, byte: u8, each: &mut impl FnMut(&[u8])) -> Result<(), FrameFault> {
        let after_cr = std::mem::replace(&mut self.pending, byte == b'\r');
        match byte {
            b'\n' if after_cr => Ok(()),
            b'\r' | b'\n' => {
                each(&self.partial);
                self.partial.clear();
                Ok(())
            }
            other => self.keep(other),
        }
    }

    fn keep(&mut self, byte: u8) -> Result<(), FrameFault> {
        if self.partial.len() == LONGEST {
            return Err(FrameFault::TooLong);
        }
        self.partial.push(byte);
        Ok(())
    }
}

/// Adds a message to `stream` as the framing wants it. A line that does not bring its own end gets CRLF.
pub fn wrap(framing: Framing, message: &[u8], stream: &mut Vec<u8>) {
    match framing {
        Framing::Raw => stream.extend_from_slice(message),
        Framing::OscLength => {
            let length = i32::try_from(message.len()).unwrap_or(i32::MAX);
            stream.extend_from_slice(&length.to_be_bytes());
            stream.extend_from_slice(message);
        }
        Framing::Slip => {
            stream.push(END);
            for byte in message {
                match *byte {
                    END => stream.extend_from_slice(&[ESC, ESC_END]),
                    ESC => stream.extend_from_slice(&[ESC, ESC_ESC]),
                    other => stream.push(other),
                }
            }
            stream.push(END);
        }
        Framing::Lines => {
            stream.extend_from_slice(message);
            if !matches!(message.last(), Some(b'\r' | b'\n')) {
                stream.extend_from_slice(b"\r\n");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(framing: Framing, pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let (mut cutter, mut got) = (Cutter::new(framing), Vec::new());
        for piece in pieces {
            assert_eq!(cutter.push(piece, |message| got.push(message.to_vec())), Ok(()));
        }
        got
    }

    #[test]
    fn slip_escapes_as_rfc_1055_says() {
        let mut stream = Vec::new();
        wrap(Framing::Slip, &[1, END, 2, ESC, 3], &mut stream);
        assert_eq!(stream, [END, 1, ESC, ESC_END, 2, ESC, ESC_ESC, 3, END]);
        assert_eq!(cut(Framing::Slip, &[&stream]), [[1, END, 2, ESC, 3]]);
        // Senders of old framing put an END only behind.
        assert_eq!(cut(Framing::Slip, &[&[1, END, 2, END]]), [[1], [2]]);
    }

    #[test]
    fn any_line_end_ends_one_line() {
        let lines = cut(Framing::Lines, &[b"a\rb\nc\r", b"\nd\r\n\r\ne\n"]);
        assert_eq!(lines, [&b"a"[..], b"b", b"c", b"d", b"", b"e"]);
        for (line, wire) in [(&b"%1POWR ?"[..], &b"%1POWR ?\r\n"[..]), (b"%1POWR ?\r", b"%1POWR ?\r")] {
            let mut stream = Vec::new();
            wrap(Framing::Lines, line, &mut stream);
            assert_eq!(stream, wire);
        }
    }

    #[test]
    fn a_length_that_no_packet_has_ends_the_stream() {
        let mut cutter = Cutter::new(Framing::OscLength);
        assert_eq!(cutter.push(b"GET / HTTP/1.1", |_| {}), Err(FrameFault::BadLength(0x4745_5420)));
        let mut cutter = Cutter::new(Framing::OscLength);
        assert_eq!(cutter.push(&[0xFF; 4], |_| {}), Err(FrameFault::BadLength(-1)));
    }

    #[test]
    fn a_line_without_end_ends_the_stream_at_the_limit() {
        let mut cutter = Cutter::new(Framing::Lines);
        let block = vec![b'x'; 1 << 20];
        for _ in 0..4 {
            assert_eq!(cutter.push(&block, |_| {}), Ok(()));
        }
        assert_eq!(cutter.push(b"x", |_| {}), Err(FrameFault::TooLong));
    }

    fn message(framing: Framing) -> BoxedStrategy<Vec<u8>> {
        let any = proptest::collection::vec(any::<u8>(), 1..40);
        match framing {
            Framing::Lines => any.prop_map(|bytes| bytes.into_iter().filter(|b| !matches!(b, b'\r' | b'\n')).collect()).boxed(),
            _ => any.boxed(),
        }
    }

    fn case() -> impl Strategy<Value = (Framing, Vec<Vec<u8>>, Vec<usize>)> {
        let framings = prop_oneof![Just(Framing::OscLength), Just(Framing::Slip), Just(Framing::Lines)];
        framings.prop_flat_map(|framing| {
            let messages = proptest::collection::vec(message(framing), 0..8);
            (Just(framing), messages, proptest::collection::vec(1..9_usize, 1..6))
        })
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_messages((framing, messages, sizes) in case()) {
            let mut stream = Vec::new();
            for message in &messages {
                wrap(framing, message, &mut stream);
            }
            let (mut pieces, mut rest, mut sizes) = (Vec::new(), stream.as_slice(), sizes.iter().cycle());
            while !rest.is_empty() {
                let (piece, tail) = rest.split_at((*sizes.next().unwrap_or(&1)).min(rest.len()));
                pieces.push(piece);
                rest = tail;
            }
            prop_assert_eq!(cut(framing, &pieces), messages);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for framing in [Framing::Raw, Framing::OscLength, Framing::Slip, Framing::Lines] {
                let mut cutter = Cutter::new(framing);
                for piece in bytes.chunks(7) {
                    if cutter.push(piece, |_| {}).is_err() {
                        break;
                    }
                }
            }
        }
    }
}
