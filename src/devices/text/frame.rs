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

    /// Lines that belong together, each under its heading once.
    #[must_use]
    pub fn merge(&self, lines: Vec<String>) -> Vec<String> {
        let mut merged: Vec<(String, String)> = vec![];
        for line in lines {
            match (line.split_once(": ").filter(|_| self.headings), merged.last_mut()) {
                (Some((head, rest)), Some((last, text))) if last == head => *text = format!("{text}\n{rest}"),
                (Some((head, _)), _) => merged.push((head.to_owned(), line)),
                (None, _) => merged.push((String::new(), line)),
            }
        }
        merged.into_iter().map(|(_, text)| text).collect()
    }
}

/// What was cut from a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A line.
    Line(String),
    /// The lines under this heading have ended.
    End(String),
}

impl Piece {
    /// The line, if it is one.
    #[must_use]
    pub fn line(self) -> Option<String> {
        match self {
            Self::Line(line) => Some(line),
            Self::End(_) => None,
        }
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
    /// Takes the next bytes; gives every line that is now whole, without empty ones, and where the lines of a heading end.
    #[must_use]
    pub fn push(&mut self, framing: &Framing, bytes: &[u8]) -> Vec<Piece> {
        let mut pieces = vec![];
        for byte in bytes {
            let after_cr = std::mem::replace(&mut self.after_cr, *byte == b'\r');
            match *byte {
                b'\n' if after_cr => {}
                b'\r' | b'\n' => self.end(framing, &mut pieces),
                _ if self.partial.len() >= LONGEST => {
                    self.dropping = true;
                    self.partial.clear();
                }
                byte => {
                    self.partial.push(byte);
                    if framing.tokens.as_bytes().contains(&byte) {
                        self.end(framing, &mut pieces);
                    }
                }
            }
        }
        pieces
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

    fn end(&mut self, framing: &Framing, pieces: &mut Vec<Piece>) {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.partial)).into_owned();
        if std::mem::take(&mut self.dropping) {
            return;
        }
        if !framing.headings {
            if !line.trim().is_empty() {
                pieces.push(Piece::Line(line));
            }
        } else if line.is_empty() {
            if let Some(head) = self.head.take() {
                // A heading alone: a question, or "nothing under it".
                if !self.used {
                    pieces.push(Piece::Line(head.clone()));
                }
                pieces.push(Piece::End(head));
            }
        } else if let Some(head) = &self.head {
            pieces.push(Piece::Line(format!("{head} {line}")));
            self.used = true;
        } else if line.ends_with(':') {
            (self.head, self.used) = (Some(line), false);
        } else {
            pieces.push(Piece::Line(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(headings: bool, tokens: &str) -> Framing {
        Framing { terminator: "\r\n".into(), headings, tokens: tokens.into() }
    }

    fn lines(pieces: Vec<Piece>) -> Vec<String> {
        pieces.into_iter().filter_map(Piece::line).collect()
    }

    #[test]
    fn any_line_end_and_any_split_gives_the_same_lines() {
        let framing = framing(false, "");
        let text = b"one\r\ntwo\rthree\n\n\nfour";
        for split in 0..text.len() {
            let mut reader = Reader::default();
            let (a, b) = text.split_at(split);
            let pieces = [reader.push(&framing, a), reader.push(&framing, b)].concat();
            assert_eq!(lines(pieces), ["one", "two", "three"], "split at {split}");
            assert_eq!(reader.rest(), "four");
        }
    }

    #[test]
    fn a_heading_stands_before_each_of_its_lines() {
        let framing = framing(true, "");
        let pieces = Reader::default().push(&framing, b"ACK\n\nVIDEO OUTPUT ROUTING:\n0 5\n1 6\n\nPING:\n\n");
        assert_eq!(pieces.get(3), Some(&Piece::End("VIDEO OUTPUT ROUTING:".into())));
        assert_eq!(lines(pieces), ["ACK", "VIDEO OUTPUT ROUTING: 0 5", "VIDEO OUTPUT ROUTING: 1 6", "PING:"]);
        assert_eq!(framing.dress("VIDEO OUTPUT ROUTING: 0 5"), b"VIDEO OUTPUT ROUTING:\n0 5\n\n");
        assert_eq!(framing.dress("PING:"), b"PING:\n\n");
        assert_eq!(framing.merge(vec!["A".into(), "B: 0 5".into(), "B: 1 6".into()]), ["A", "B: 0 5\n1 6"]);
    }

    #[test]
    fn a_token_ends_its_own_line_and_an_endless_line_is_dropped() {
        assert_eq!(lines(Reader::default().push(&framing(false, "!."), b"3*2!5.")), ["3*2!", "5."]);
        let mut reader = Reader::default();
        let endless = [vec![b'x'; LONGEST + 7], b"\nnext\n".to_vec()].concat();
        assert_eq!(lines(reader.push(&framing(false, ""), &endless)), ["next"]);
    }
}
