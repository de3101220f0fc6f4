//! Lines on a stream or in datagrams, both ways: cut from bytes in any split, and dressed for the wire.

/// A longer line is no line of a control protocol: its bytes are dropped up to the next line end.
const LONGEST: usize = 64 << 10;

/// How a device tells its lines apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Framing {
    /// After each line that is sent.
    pub terminator: String,
    /// A line that ends with `:` heads the lines after it, until an empty one. Heard and written as `HEAD: line`.
    pub headings: bool,
    /// Characters that end a line besides CR and LF, and belong to it.
    pub tokens: String,
}

impl Framing {
    /// The bytes of one line.
    #[must_use]
    pub fn dress(&self, line: &str) -> Vec<u8> {
        match line.split_once(": ") {
            Some((head, rest)) if self.headings => format!("{head}:\n{rest}\n\n"),
            _ if self.headings => format!("{line}\n\n"),
            _ => format!("{line}{}", self.terminator),
        }
        .into_bytes()
    }
}

/// Cuts one direction into lines.
#[derive(Debug, Default)]
pub struct Reader {
    partial: Vec<u8>,
    /// A CR has come: an LF right after it is part of that line end.
    after_cr: bool,
    /// Too long: all is dropped up to the next line end.
    dropping: bool,
    head: Option<String>,
    /// The heading has had a line.
    used: bool,
}

impl Reader {
    /// Takes the next bytes; gives every line that is now whole, without empty ones.
    #[must_use]
    pub fn push(&mut self, framing: &Framing, bytes: &[u8]) -> Vec<String> {
        let mut lines = vec![];
        for byte in bytes {
            let after_cr = std::mem::replace(&mut self.after_cr, *byte == b'\r');
            match *byte {
                b'\n' if after_cr => {}
                b'\r' | b'\n' => self.end(framing, &mut lines),
                _ if self.partial.len() >= LONGEST => {
                    self.dropping = true;
                    self.partial.clear();
                }
                byte => {
                    self.partial.push(byte);
                    if framing.tokens.as_bytes().contains(&byte) {
                        self.end(framing, &mut lines);
                    }
                }
            }
        }
        lines
    }

    /// What has come of a line that has not ended: a prompt.
    #[must_use]
    pub fn rest(&self) -> String {
        String::from_utf8_lossy(&self.partial).into_owned()
    }

    /// The prompt has been understood.
    pub fn take_rest(&mut self) {
        self.partial.clear();
    }

    fn end(&mut self, framing: &Framing, lines: &mut Vec<String>) {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.partial)).into_owned();
        if std::mem::take(&mut self.dropping) {
            return;
        }
        if !framing.headings {
            if !line.trim().is_empty() {
                lines.push(line);
            }
        } else if line.is_empty() {
            // A heading alone: a question, or "nothing under it".
            if let Some(head) = self.head.take().filter(|_| !self.used) {
                lines.push(head);
            }
        } else if let Some(head) = &self.head {
            lines.push(format!("{head} {line}"));
            self.used = true;
        } else if line.ends_with(':') {
            (self.head, self.used) = (Some(line), false);
        } else {
            lines.push(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(headings: bool, tokens: &str) -> Framing {
        Framing { terminator: "\r\n".into(), headings, tokens: tokens.into() }
    }

    #[test]
    fn any_line_end_and_any_split_gives_the_same_lines() {
        let framing = framing(false, "");
        let text = b"one\r\ntwo\rthree\n\n\nfour";
        for split in 0..text.len() {
            let mut reader = Reader::default();
            let (a, b) = text.split_at(split);
            let lines = [reader.push(&framing, a), reader.push(&framing, b)].concat();
            assert_eq!(lines, ["one", "two", "three"], "split at {split}");
            assert_eq!(reader.rest(), "four");
        }
    }

    #[test]
    fn a_heading_stands_before_each_of_its_lines() {
        let framing = framing(true, "");
        let lines = Reader::default().push(&framing, b"ACK\n\nVIDEO OUTPUT ROUTING:\n0 5\n1 6\n\nPING:\n\n");
        assert_eq!(lines, ["ACK", "VIDEO OUTPUT ROUTING: 0 5", "VIDEO OUTPUT ROUTING: 1 6", "PING:"]);
        assert_eq!(framing.dress("VIDEO OUTPUT ROUTING: 0 5"), b"VIDEO OUTPUT ROUTING:\n0 5\n\n");
        assert_eq!(framing.dress("PING:"), b"PING:\n\n");
    }

    #[test]
    fn a_token_ends_its_own_line_and_an_endless_line_is_dropped() {
        assert_eq!(Reader::default().push(&framing(false, "!."), b"3*2!5."), ["3*2!", "5."]);
        let mut reader = Reader::default();
        let endless = [vec![b'x'; LONGEST + 7], b"\nnext\n".to_vec()].concat();
        assert_eq!(reader.push(&framing(false, ""), &endless), ["next"]);
    }
}
