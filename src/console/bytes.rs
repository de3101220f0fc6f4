//! Terminal bytes to key presses.
//!
//! Own code, because a false Esc stops a show: crossterm's reader takes the first byte of a sequence that arrives in two
//! pieces for a lone Esc, and spins for ever once its terminal is gone. Sequences: ECMA-48 §5.4, the xterm control
//! sequences ("PC-Style Function Keys"), the kitty keyboard protocol ("Event types", "Alternate keys").

use std::time::Duration;

/// A lone Esc byte counts only after this long without a further byte.
const ESC_ALONE: Duration = Duration::from_millis(50);
/// After an Esc that counted, the next waits this long, so that a held key (terminals repeat every 90 ms or faster) shows itself.
const ESC_AGAIN: Duration = Duration::from_millis(100);
/// A held key's first repeat comes within this.
const ESC_CHAIN: Duration = Duration::from_secs(1);
/// A sequence or a paste that stops in the middle is given up.
const STALE: Duration = Duration::from_secs(1);
/// More key presses than this in one read were pasted, not typed.
const BURST: usize = 8;
/// A sequence longer than this is none.
const SEQUENCE_MAX: usize = 64;

/// A key of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A character; capitals and signs as they come out.
    Char(char),
    /// Ctrl with a letter.
    Ctrl(char),
    /// F1 to F12.
    F(u8),
    /// The escape key.
    Esc,
    /// Return.
    Enter,
    /// Tab.
    Tab,
    /// Backspace or delete.
    Backspace,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Home.
    Home,
    /// End.
    End,
}

/// What the terminal says of a key. Only presses act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Down, or a repeat on a terminal that cannot tell.
    Press,
    /// Held.
    Repeat,
    /// Up.
    Release,
}

/// One thing that came from the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// A key.
    Key(Key, Kind),
    /// So many keys at once were swallowed: pasted text.
    Pasted(usize),
    /// The terminal reports releases if asked to: it answered the question for kitty's flags.
    Reports,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    /// After ESC: `first` and `last` such byte, how many.
    Escape { first: Duration, last: Duration, count: u32 },
    /// After ESC [.
    Csi(Vec<u8>),
    /// After ESC O.
    Ss3,
    /// After ESC P, ] and the like: a string until its end.
    String,
    /// Within a bracketed paste; the tail seen so far of its end.
    Paste(Vec<u8>),
}

/// Reads bytes as they come. `now` is any clock that never steps back.
#[derive(Debug, Default)]
pub struct Reader {
    state: State,
    utf8: Vec<u8>,
    acted: Option<Duration>,
    fed: Duration,
}

impl Reader {
    /// Takes what one read gave.
    pub fn feed(&mut self, now: Duration, bytes: &[u8]) -> Vec<Press> {
        let mut out = self.tick(now);
        let before = out.len();
        self.fed = now;
        for byte in bytes {
            self.byte(now, *byte, &mut out);
        }
        let keys = out.iter().skip(before).filter(|p| matches!(p, Press::Key(key, Kind::Press) if *key != Key::Esc)).count();
        if keys > BURST {
            out.retain(|p| matches!(p, Press::Key(Key::Esc, _) | Press::Reports));
            out.push(Press::Pasted(keys));
        }
        out
    }

    /// Lets time pass: a lone Esc ripens, a torn sequence is given up.
    pub fn tick(&mut self, now: Duration) -> Vec<Press> {
        let mut out = Vec::new();
        match self.state {
            State::Escape { first, last, count } if now.saturating_sub(last) >= self.patience(first) => {
                self.state = State::Ground;
                let held = count > 1 && self.follows(first);
                self.acted = Some(now);
                if !held {
                    out.push(Press::Key(Key::Esc, Kind::Press));
                }
            }
            State::Ground | State::Escape { .. } => {}
            _ if now.saturating_sub(self.fed) >= STALE => self.state = State::Ground,
            _ => {}
        }
        out
    }

    /// When [`Reader::tick`] has something to do.
    pub fn due(&self) -> Option<Duration> {
        match self.state {
            State::Escape { first, last, .. } => Some(last + self.patience(first)),
            _ => None,
        }
    }

    fn follows(&self, first: Duration) -> bool {
        self.acted.is_some_and(|acted| first.saturating_sub(acted) <= ESC_CHAIN)
    }

    fn patience(&self, first: Duration) -> Duration {
        if self.follows(first) { ESC_AGAIN } else { ESC_ALONE }
    }

    fn byte(&mut self, now: Duration, byte: u8, out: &mut Vec<Press>) {
        match &mut self.state {
            State::Ground => self.ground(now, byte, out),
            State::Escape { last, count, .. } if byte == 0x1b => {
                *last = now;
                *count += 1;
            }
            State::Escape { .. } => {
                self.state = match byte {
                    b'[' => State::Csi(Vec::new()),
                    b'O' => State::Ss3,
                    b'P' | b']' | b'^' | b'_' | b'X' => State::String,
                    _ => State::Ground,
                }
            }
            State::Csi(_) | State::Ss3 if byte == 0x1b => self.state = State::Escape { first: now, last: now, count: 1 },
            State::Csi(seen) => {
                seen.push(byte);
                let linux_function_key = seen.as_slice() == b"[";
                if (0x40..=0x7e).contains(&byte) && !linux_function_key {
                    let seen = std::mem::take(seen);
                    self.state = State::Ground;
                    self.sequence(&seen, out);
                } else if seen.len() > SEQUENCE_MAX {
                    self.state = State::Ground;
                }
            }
            State::Ss3 => {
                self.state = State::Ground;
                out.extend(letter_key(byte).map(|key| Press::Key(key, Kind::Press)));
            }
            State::String => match byte {
                0x07 => self.state = State::Ground,
                0x1b => self.state = State::Escape { first: now, last: now, count: 1 },
                _ => {}
            },
            State::Paste(tail) => {
                tail.push(byte);
                if tail.ends_with(b"\x1b[201~") {
                    self.state = State::Ground;
                    out.push(Press::Pasted(0));
                } else if tail.len() > SEQUENCE_MAX {
                    tail.drain(..SEQUENCE_MAX - 8);
                }
            }
        }
    }

    fn ground(&mut self, now: Duration, byte: u8, out: &mut Vec<Press>) {
        if byte >= 0x80 {
            self.utf8.push(byte);
            match std::str::from_utf8(&self.utf8) {
                Ok(text) => {
                    out.extend(text.chars().map(|c| Press::Key(Key::Char(c), Kind::Press)));
                    self.utf8.clear();
                }
                Err(error) if error.error_len().is_some() || self.utf8.len() >= 4 => self.utf8.clear(),
                Err(_) => {}
            }
            return;
        }
        self.utf8.clear();
        let key = match byte {
            0x1b => {
                self.state = State::Escape { first: now, last: now, count: 1 };
                return;
            }
            b'\r' | b'\n' => Key::Enter,
            b'\t' => Key::Tab,
            0x08 | 0x7f => Key::Backspace,
            1..=26 => Key::Ctrl(char::from(byte - 1 + b'a')),
            0..=0x1f => return,
            _ => Key::Char(char::from(byte)),
        };
        out.push(Press::Key(key, Kind::Press));
    }

    fn sequence(&mut self, seen: &[u8], out: &mut Vec<Press>) {
        let Some((last, body)) = seen.split_last() else { return };
        let body = std::str::from_utf8(body).unwrap_or("!");
        if body.starts_with('?') {
            if *last == b'u' {
                out.push(Press::Reports);
            }
            return;
        }
        if let Some(key) = body.strip_prefix('[').and_then(|_| linux_key(*last)) {
            out.push(Press::Key(key, Kind::Press));
            return;
        }
        let mut fields = body.split(';');
        let code = fields.next().unwrap_or("");
        let (modifiers, kind) = modifiers(fields.next().unwrap_or(""));
        let key = match last {
            b'~' => match code {
                "200" => {
                    self.state = State::Paste(Vec::new());
                    return;
                }
                code => number_key(code),
            },
            b'u' => kitty_key(code, modifiers),
            letter => letter_key(*letter),
        };
        out.extend(key.map(|key| Press::Key(key, kind)));
    }
}

/// `5:2`: modifiers plus one, and the event type (1 press, 2 repeat, 3 release).
fn modifiers(field: &str) -> (u32, Kind) {
    let (bits, kind) = field.split_once(':').unwrap_or((field, "1"));
    let kind = match kind {
        "2" => Kind::Repeat,
        "3" => Kind::Release,
        _ => Kind::Press,
    };
    (bits.parse::<u32>().unwrap_or(1).saturating_sub(1), kind)
}

fn letter_key(letter: u8) -> Option<Key> {
    Some(match letter {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        b'M' => Key::Enter,
        b'P'..=b'S' => Key::F(letter - b'P' + 1),
        _ => return None,
    })
}

fn linux_key(letter: u8) -> Option<Key> {
    matches!(letter, b'A'..=b'E').then(|| Key::F(letter - b'A' + 1))
}

fn number_key(code: &str) -> Option<Key> {
    Some(match code.parse::<u8>().ok()? {
        1 | 7 => Key::Home,
        4 | 8 => Key::End,
        5 => Key::PageUp,
        6 => Key::PageDown,
        n @ 11..=15 => Key::F(n - 10),
        n @ 17..=21 => Key::F(n - 11),
        n @ 23..=24 => Key::F(n - 12),
        _ => return None,
    })
}

/// `97:65`: the key's own code and, with shift, what comes out.
fn kitty_key(code: &str, modifiers: u32) -> Option<Key> {
    let (shift, alt, ctrl) = (modifiers & 1 != 0, modifiers & 0b10_1010 != 0, modifiers & 0b100 != 0);
    let (plain, shifted) = code.split_once(':').unwrap_or((code, ""));
    let plain: u32 = plain.parse().ok()?;
    let shifted = shifted.split(':').next().and_then(|s| s.parse().ok());
    let c = char::from_u32(if shift { shifted.unwrap_or(plain) } else { plain })?;
    if alt {
        return None;
    }
    Some(match plain {
        27 => Key::Esc,
        13 | 57414 => Key::Enter,
        9 => Key::Tab,
        127 => Key::Backspace,
        57417 => Key::Left,
        57418 => Key::Right,
        57419 => Key::Up,
        57420 => Key::Down,
        57421 => Key::PageUp,
        57422 => Key::PageDown,
        57423 => Key::Home,
        57424 => Key::End,
        57399..=57408 => Key::Char(char::from_digit(plain - 57399, 10)?),
        57344..=63743 => return None,
        _ if ctrl => Key::Ctrl(c.to_ascii_lowercase()),
        _ if shift && shifted.is_none() => Key::Char(c.to_ascii_uppercase()),
        _ => Key::Char(c),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ESC: Press = Press::Key(Key::Esc, Kind::Press);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn keys(bytes: &[u8]) -> Vec<Press> {
        Reader::default().feed(ms(0), bytes)
    }

    fn press(key: Key) -> Press {
        Press::Key(key, Kind::Press)
    }

    #[test]
    fn keys_of_many_terminals() {
        assert_eq!(keys(b" "), [press(Key::Char(' '))]);
        assert_eq!(keys(b"\x1b[A\x1bOB\x1b[5~"), [press(Key::Up), press(Key::Down), press(Key::PageUp)]);
        assert_eq!(keys(b"\x1b[15~\x1bOP\x1b[[E\x1b[24~"), [press(Key::F(5)), press(Key::F(1)), press(Key::F(5)), press(Key::F(12))]);
        assert_eq!(keys("é".as_bytes()), [press(Key::Char('é'))]);
        assert_eq!(keys(b"\x03\x1a\x13"), [press(Key::Ctrl('c')), press(Key::Ctrl('z')), press(Key::Ctrl('s'))]);
        assert_eq!(keys(b"\x1b[32u\x1b[32;1:3u"), [press(Key::Char(' ')), Press::Key(Key::Char(' '), Kind::Release)]);
        assert_eq!(keys(b"\x1b[27u\x1b[47:63;2u\x1b[99;5u"), [ESC, press(Key::Char('?')), press(Key::Ctrl('c'))]);
        assert_eq!(keys(b"\x1b[32;1:2u"), [Press::Key(Key::Char(' '), Kind::Repeat)]);
        assert_eq!(keys(b"\x1b[?0u\x1b[?62;c"), [Press::Reports]);
    }

    #[test]
    fn a_lone_esc_counts_after_50_ms_of_silence() {
        let mut reader = Reader::default();
        assert!(reader.feed(ms(0), b"\x1b").is_empty());
        assert_eq!(reader.due(), Some(ms(50)));
        assert!(reader.tick(ms(49)).is_empty());
        assert_eq!(reader.tick(ms(50)), [ESC]);
    }

    #[test]
    fn a_sequence_in_two_pieces_is_no_esc() {
        let mut reader = Reader::default();
        assert!(reader.feed(ms(0), b"\x1b").is_empty());
        assert_eq!(reader.feed(ms(30), b"[A"), [press(Key::Up)]);
        assert!(reader.tick(ms(500)).is_empty());
        assert_eq!(keys(b"\x1bx"), [], "alt with a letter is nothing");
    }

    #[test]
    fn a_held_esc_stops_and_does_not_panic() {
        let mut reader = Reader::default();
        let mut count = 0;
        count += reader.feed(ms(0), b"\x1b").len();
        for at in (400..2_000).step_by(33) {
            count += reader.feed(ms(at), b"\x1b").len();
        }
        count += reader.tick(ms(3_000)).len();
        assert_eq!(count, 1);
    }

    #[test]
    fn three_presses_are_three() {
        let mut reader = Reader::default();
        let mut count = 0;
        for at in [0, 180, 360] {
            count += reader.feed(ms(at), b"\x1b").len();
        }
        count += reader.tick(ms(1_000)).len();
        assert_eq!(count, 3);
    }

    #[test]
    fn pasted_text_is_swallowed() {
        assert_eq!(keys(b"\x1b[200~go \x1b go \n\x1b[201~ "), [Press::Pasted(0), press(Key::Char(' '))]);
        assert_eq!(keys(b"a pasted line that no hand types\n"), [Press::Pasted(33)]);
        let mut reader = Reader::default();
        assert!(reader.feed(ms(0), b"\x1b[200~torn").is_empty());
        assert_eq!(reader.feed(ms(1_500), b" "), [press(Key::Char(' '))], "a torn paste does not lock the keyboard");
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_are_survived(pieces in prop::collection::vec((0_u64..200, prop::collection::vec(any::<u8>(), 0..40)), 0..20)) {
            let mut reader = Reader::default();
            let mut now = 0;
            for (wait, bytes) in pieces {
                now += wait;
                reader.feed(ms(now), &bytes);
                prop_assert!(reader.utf8.len() <= 4);
            }
        }
    }
}
