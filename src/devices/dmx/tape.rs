//! Recordings of DMX: text, one line a frame, with the time in nanoseconds.
//!
//! ```text
//! showcall dmx recording 1
//! source 1 sacn 10.0.0.9 FOH desk
//! 0 1 1 100 512 1:ff80
//! 22727000 1 1 100 512 2:81,510:0a
//! 45454000 1 1 100 512 =
//! 60000000 1 1 end
//! end 70000000 3
//! ```
//!
//! 1. The first line names the format and its version. A line that begins with `#` is a remark.
//! 2. `source`: its number from 1 upwards, `sacn` or `artnet`, its address, its name to the end of the line.
//! 3. A frame: nanoseconds since the beginning, never less than in the line before; source; universe (sACN's, or Art-Net's Port-Address as
//!    one number); priority; how many slots; the slots that are other than in the frame before of the same source and universe (from zeros
//!    on), as runs `first slot:two hexadecimal digits each`. `=`: none is.
//! 4. `end` after a universe: the source ended it (sACN's Stream_Terminated). The last line: when the recording ended, and how many frames
//!    it has; one that was cut off has none.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::SLOTS;
use super::heard::{Frame, Protocol, SourceKey};
use crate::time::Span;

/// The first line.
pub const HEADER: &str = "showcall dmx recording 1";
/// The longest line that is read.
pub const LINE_MAX: usize = 8192;
/// Sources of one recording at the most.
const SOURCES: usize = 256;
/// Universes of all its sources at the most.
const STREAMS: usize = 4096;
/// The longest recording: a week.
const LONGEST: Span = Span::secs(7 * 24 * 3600);
/// A run goes on over so many slots that have not changed: two runs would be longer.
const BRIDGE: usize = 3;

/// The frame before, of each source and universe.
type Streams = BTreeMap<(usize, u16), [u8; SLOTS]>;

/// Writes a recording, line by line.
#[derive(Debug, Default)]
pub struct Recorder {
    sources: Vec<SourceKey>,
    streams: Streams,
    frames: u64,
    last: Span,
}

impl Recorder {
    /// The lines of a frame. `None`: too many sources or universes, or too long; it is left out.
    pub fn frame(&mut self, at: Span, frame: &Frame<'_>) -> Option<String> {
        let mut text = String::new();
        let known = self.sources.iter().position(|source| *source == frame.source);
        let source = match known {
            Some(at) => at,
            None if self.sources.len() < SOURCES => {
                self.sources.push(frame.source);
                let name: String = String::from_utf8_lossy(frame.name).chars().filter(|c| !c.is_control()).collect();
                let _ = writeln!(text, "source {} {} {} {}", self.sources.len(), frame.protocol.word(), frame.from, name.trim());
                self.sources.len() - 1
            }
            None => return None,
        };
        let key = (source, frame.universe);
        if at > LONGEST || self.streams.len() >= STREAMS && !self.streams.contains_key(&key) {
            return None;
        }
        // Packets of two sockets may change places by a hair.
        self.last = self.last.max(at);
        let _ = write!(text, "{} {} {} ", self.last.0, source + 1, frame.universe);
        if frame.ends {
            self.streams.remove(&key);
            text.push_str("end\n");
            return Some(text);
        }
        let slots = frame.slots.get(..SLOTS).unwrap_or(frame.slots);
        let _ = write!(text, "{} {} ", frame.priority, slots.len());
        let before = self.streams.entry(key).or_insert([0; SLOTS]);
        runs(before, slots, &mut text);
        before.iter_mut().zip(slots).for_each(|(before, slot)| *before = *slot);
        text.push('\n');
        self.frames += 1;
        Some(text)
    }

    /// The last line.
    #[must_use]
    pub fn end(&self, at: Span) -> String {
        format!("end {} {}\n", self.last.max(at).0, self.frames)
    }

    /// Frames so far.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.frames
    }
}

/// The slots that have changed.
fn runs(before: &[u8; SLOTS], slots: &[u8], text: &mut String) {
    let changed: Vec<usize> = before.iter().zip(slots).enumerate().filter(|(_, (a, b))| a != b).map(|(at, _)| at).collect();
    let mut rest = changed.as_slice();
    if rest.is_empty() {
        text.push('=');
    }
    while let Some(first) = rest.first().copied() {
        let mut last = first;
        while let Some(next) = rest.first().copied().filter(|next| *next <= last + BRIDGE) {
            last = next;
            rest = rest.get(1..).unwrap_or_default();
        }
        let _ = write!(text, "{}{}:", if text.ends_with(' ') { "" } else { "," }, first + 1);
        for slot in slots.get(first..=last).unwrap_or_default() {
            let _ = write!(text, "{slot:02x}");
        }
    }
}

/// A source of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TapeSource {
    /// How it sent.
    pub protocol: Protocol,
    /// Its name; may be empty.
    pub name: String,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A source sends a frame; its number counts from 0.
    Frame {
        /// When, since the beginning.
        at: Span,
        /// Which source.
        source: usize,
        /// Its universe.
        universe: u16,
        /// 0 to 200.
        priority: u8,
        /// All its slots.
        slots: Vec<u8>,
    },
    /// A source ends a universe.
    Ends {
        /// When.
        at: Span,
        /// Which source.
        source: usize,
        /// Its universe.
        universe: u16,
    },
    /// The recording is over.
    Over {
        /// When.
        at: Span,
    },
}

/// Reads a recording, line by line.
#[derive(Debug, Default)]
pub struct Reader {
    lines: u64,
    sources: Vec<TapeSource>,
    streams: Streams,
    frames: u64,
    last: Span,
    over: bool,
}

impl Reader {
    /// Takes the next line. `None`: nothing happens.
    ///
    /// # Errors
    /// What is wrong with it, with its number.
    pub fn line(&mut self, line: &str) -> Result<Option<Event>, String> {
        self.lines += 1;
        let said = match self.lines {
            1 if line == HEADER => Ok(None),
            1 => Err(format!("it is no recording of showcall (its first line is not \"{HEADER}\")")),
            _ if self.over => Err("something stands after the end".into()),
            _ if line.is_empty() || line.starts_with('#') => Ok(None),
            _ => self.event(line),
        };
        said.map_err(|why| format!("line {}: {why}", self.lines))
    }

    /// The sources so far.
    #[must_use]
    pub fn sources(&self) -> &[TapeSource] {
        &self.sources
    }

    /// It has been read to its last line.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.over
    }

    /// Lines so far.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    fn event(&mut self, line: &str) -> Result<Option<Event>, String> {
        let (first, rest) = line.split_once(' ').ok_or("a line has several words")?;
        match first {
            "source" => self.source(rest).map(|()| None),
            "end" => self.end(rest).map(Some),
            time => {
                let at = self.time(time)?;
                self.frame(at, rest).map(Some)
            }
        }
    }

    fn time(&mut self, text: &str) -> Result<Span, String> {
        let at = text.parse().map(Span).map_err(|_| format!("\"{}\" is no time in nanoseconds", short(text)))?;
        if at < self.last {
            return Err(format!("its time {} lies before that of an earlier line, {}", at.0, self.last.0));
        }
        if at > LONGEST {
            return Err("its time is past a week".into());
        }
        self.last = at;
        Ok(at)
    }

    fn source(&mut self, rest: &str) -> Result<(), String> {
        let mut words = rest.splitn(4, ' ');
        let number = words.next().and_then(|text| text.parse::<usize>().ok());
        let protocol = words.next().and_then(Protocol::named);
        let (Some(number), Some(protocol), Some(_)) = (number, protocol, words.next()) else {
            return Err("a source has a number, sacn or artnet, an address and a name".into());
        };
        if number != self.sources.len() + 1 || number > SOURCES {
            return Err(format!("sources are numbered 1, 2, 3 … up to {SOURCES}, but here is {number}"));
        }
        self.sources.push(TapeSource { protocol, name: words.next().unwrap_or_default().chars().take(63).collect() });
        Ok(())
    }

    fn end(&mut self, rest: &str) -> Result<Event, String> {
        let (time, frames) = rest.split_once(' ').ok_or("the last line has a time and how many frames there are")?;
        let at = self.time(time)?;
        if frames.parse() != Ok(self.frames) {
            return Err(format!("it should have {} frames, but {} were read", short(frames), self.frames));
        }
        self.over = true;
        Ok(Event::Over { at })
    }

    fn frame(&mut self, at: Span, rest: &str) -> Result<Event, String> {
        let mut words = rest.split(' ');
        let mut word = || words.next().unwrap_or_default();
        let (source, universe, priority) = (word(), word(), word());
        let number = source.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let Some((source, protocol)) = number.and_then(|at| Some((at, self.sources.get(at)?.protocol))) else {
            return Err(format!("no source above has the number \"{}\"", short(source)));
        };
        let Some(universe) = universe.parse().ok().filter(|universe| protocol.has(*universe)) else {
            return Err(format!("\"{}\" is no universe of {}", short(universe), protocol.word()));
        };
        if priority == "end" {
            self.streams.remove(&(source, universe));
            return Ok(Event::Ends { at, source, universe });
        }
        let Some(priority) = priority.parse().ok().filter(|priority| *priority <= 200) else {
            return Err(format!("\"{}\" is no priority (0 to 200)", short(priority)));
        };
        let length = word();
        let Some(length) = length.parse().ok().filter(|length: &usize| *length <= SLOTS) else {
            return Err(format!("\"{}\" is no count of slots (0 to {SLOTS})", short(length)));
        };
        let key = (source, universe);
        if self.streams.len() >= STREAMS && !self.streams.contains_key(&key) {
            return Err(format!("it has more than {STREAMS} universes"));
        }
        let levels = self.streams.entry(key).or_insert([0; SLOTS]);
        apply(levels.get_mut(..length).unwrap_or_default(), word())?;
        let slots = levels.get(..length).unwrap_or_default().to_vec();
        if words.next().is_some() {
            return Err("something stands after the slots".into());
        }
        self.frames += 1;
        Ok(Event::Frame { at, source, universe, priority, slots })
    }
}

/// Changes slots by runs.
fn apply(slots: &mut [u8], runs: &str) -> Result<(), String> {
    if runs == "=" {
        return Ok(());
    }
    for run in runs.split(',') {
        let fault = || format!("\"{}\" is no run of slots (first slot:two hexadecimal digits each)", short(run));
        let (first, digits) = run.split_once(':').ok_or_else(fault)?;
        let first = first.parse::<usize>().ok().and_then(|first| first.checked_sub(1)).ok_or_else(fault)?;
        if digits.is_empty() || digits.len() % 2 != 0 || !digits.is_ascii() {
            return Err(fault());
        }
        for (at, pair) in (first..).zip(digits.as_bytes().chunks(2)) {
            let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
            let (Some(high), Some(low)) = (pair.first().copied().and_then(value), pair.get(1).copied().and_then(value)) else {
                return Err(fault());
            };
            *slots.get_mut(at).ok_or_else(|| format!("slot {} is past the last one", at + 1))? = high << 4 | low;
        }
    }
    Ok(())
}

/// The beginning of what a file says, to be shown.
fn short(text: &str) -> String {
    text.chars().take(24).filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn frame(universe: u16, slots: &[u8]) -> Frame<'_> {
        Frame {
            protocol: Protocol::Sacn,
            universe,
            source: SourceKey::Sacn([1; 16]),
            name: b"FOH desk\0\0",
            from: [10, 0, 0, 9].into(),
            priority: 120,
            sequence: Some(0),
            preview: false,
            ends: false,
            slots,
        }
    }

    #[test]
    fn a_recording_is_what_the_page_above_says() {
        let mut recorder = Recorder::default();
        let mut text = format!("{HEADER}\n");
        let mut slots = [0; 512];
        (slots[0], slots[1]) = (0xff, 0x80);
        text += &recorder.frame(Span(0), &frame(1, &slots)).unwrap();
        (slots[1], slots[509]) = (0x81, 10);
        text += &recorder.frame(Span(22_727_000), &frame(1, &slots)).unwrap();
        text += &recorder.frame(Span(45_454_000), &frame(1, &slots)).unwrap();
        text += &recorder.frame(Span(60_000_000), &Frame { ends: true, ..frame(1, &[]) }).unwrap();
        text += &recorder.end(Span(70_000_000));
        let wanted = "showcall dmx recording 1\nsource 1 sacn 10.0.0.9 FOH desk\n0 1 1 120 512 1:ff80\n\
            22727000 1 1 120 512 2:81,510:0a\n45454000 1 1 120 512 =\n60000000 1 1 end\nend 70000000 3\n";
        assert_eq!(text, wanted);
    }

    #[test]
    fn what_is_none_is_told_with_its_line() {
        let fault = |text: &str| {
            let mut reader = Reader::default();
            text.lines().find_map(|line| reader.line(line).err()).unwrap()
        };
        let body = |line: &str| fault(&format!("{HEADER}\nsource 1 sacn 10.0.0.9 FOH desk\n5000 1 1 100 512 1:ff\n{line}\n"));
        assert!(fault("GIF89a").starts_with("line 1: it is no recording of showcall"));
        for (line, words) in [
            ("4000 1 1 100 512 =", "lies before"),
            ("5000 2 1 100 512 =", "no source"),
            ("5000 0 1 100 512 =", "no source"),
            ("5000 1 64000 100 512 =", "no universe of sacn"),
            ("5000 1 1 201 512 =", "no priority"),
            ("5000 1 1 100 513 =", "no count of slots"),
            ("5000 1 1 100 512 512:0102", "slot 513 is past"),
            ("5000 1 1 100 512 1:0", "no run of slots"),
            ("5000 1 1 100 512 1:zz", "no run of slots"),
            ("5000 1 1 100 512 = =", "after the slots"),
            ("5000 1 1 100", "no count of slots"),
            ("999999999999999999 1 1 100 512 =", "past a week"),
            ("x", "several words"),
            ("x y", "no time"),
            ("source 3 sacn 10.0.0.9 x", "numbered"),
            ("source 2 dmx 10.0.0.9 x", "a source has"),
            ("end 5000 7", "7 frames, but 1"),
        ] {
            let why = body(line);
            assert!(why.starts_with("line 4: ") && why.contains(words), "{line}: {why}");
        }
        assert!(body("end 5000 1\n5000 1 1 100 512 =").contains("after the end"));
    }

    proptest! {
        #[test]
        fn what_is_recorded_is_what_is_read(frames in proptest::collection::vec((0_u64..50, 1_u16..4, proptest::collection::vec(any::<u8>(), 0..513), any::<bool>()), 1..40)) {
            let (mut recorder, mut reader) = (Recorder::default(), Reader::default());
            prop_assert_eq!(reader.line(HEADER), Ok(None));
            let mut at = Span::ZERO;
            for (wait, universe, slots, ends) in &frames {
                at = Span(at.0 + wait * 1_000_000);
                let text = recorder.frame(at, &Frame { ends: *ends, ..frame(*universe, slots) }).unwrap();
                let events: Vec<Event> = text.lines().filter_map(|line| { assert!(line.len() <= LINE_MAX); reader.line(line).unwrap() }).collect();
                let wanted = if *ends {
                    Event::Ends { at, source: 0, universe: *universe }
                } else {
                    Event::Frame { at, source: 0, universe: *universe, priority: 120, slots: slots.clone() }
                };
                prop_assert_eq!(events, vec![wanted]);
            }
            prop_assert_eq!(reader.line(recorder.end(at).trim_end()), Ok(Some(Event::Over { at })));
            prop_assert_eq!(&reader.sources()[0].name, "FOH desk");
        }

        #[test]
        fn any_line_is_taken(lines in proptest::collection::vec("[ -~]{0,40}|[0-9]{1,6} 1 [0-9]{1,3} 100 [0-9]{1,3} ([0-9]{1,3}:([0-9a-f]{2}){1,5}|=)", 0..40)) {
            let mut reader = Reader::default();
            let _ = reader.line(HEADER);
            let _ = reader.line("source 1 sacn 10.0.0.9 FOH desk");
            for line in lines {
                let _ = reader.line(&line);
            }
        }
    }
}
