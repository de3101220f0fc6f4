//! The recovery journal as it comes: what may have been lost, and what must be done so that nothing stays wrong. Takes any bytes.
//!
//! RFC 6295 section 5 and appendix A: three bytes (`S Y A H`, channels less one; checkpoint), then with Y the system's journal, which is
//! read over, then with A a journal for each channel: three bytes with channel, length and which chapters there are, then the chapters:
//! P program and bank, C controllers, M parameters (read over), W pitch wheel, N notes; E, T and A, which come last, are read over.
//! A set S bit says that an entry tells nothing of the packet right before this one.
//!
//! System exclusive, parameters and pressure are therefore not recovered.

use std::collections::BTreeMap;

/// One entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Channel from 0.
    pub channel: u8,
    /// It may tell of the packet right before.
    pub fresh: bool,
    /// What it tells.
    pub past: Past,
}

/// What was said since the checkpoint, at last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    /// A note was struck and not ended. `worth` is false where it came too long ago to be struck now.
    On {
        /// Its number.
        note: u8,
        /// How hard.
        velocity: u8,
        /// Worth to be struck late.
        worth: bool,
    },
    /// A note was ended.
    Off {
        /// Its number.
        note: u8,
    },
    /// A program, and the bank that was chosen for it.
    Program {
        /// Its number.
        program: u8,
        /// Upper and lower number.
        bank: Option<(u8, u8)>,
    },
    /// A controller.
    Control {
        /// Its number.
        number: u8,
        /// Where it stands.
        value: u8,
    },
    /// The pitch wheel: lower and upper seven bits.
    Pitch(u8, u8),
}

/// Reads a journal up to where it makes no sense.
#[must_use]
pub fn read(bytes: &[u8]) -> Vec<Entry> {
    let mut entries = vec![];
    let Some(([flags, _, _], mut rest)) = bytes.split_first_chunk::<3>() else { return entries };
    if flags & 0x40 != 0 {
        let length = rest.first_chunk().map(|head| usize::from(u16::from_be_bytes(*head) & 0x03FF));
        let Some(after) = length.filter(|length| *length >= 2).and_then(|length| rest.get(length..)) else { return entries };
        rest = after;
    }
    if flags & 0x20 == 0 {
        return entries;
    }
    for _ in 0..=flags & 0x0F {
        let Some([a, b, chapters]) = rest.first_chunk::<3>() else { break };
        let length = usize::from(u16::from_be_bytes([*a, *b]) & 0x03FF);
        let Some((own, after)) = rest.split_at_checked(length) else { break };
        if own.get(3..).and_then(|own| channel((a >> 3) & 0x0F, *chapters, own, &mut entries)).is_none() {
            break;
        }
        rest = after;
    }
    entries
}

/// The chapters of a channel; `None`: they are cut short.
fn channel(channel: u8, chapters: u8, mut rest: &[u8], entries: &mut Vec<Entry>) -> Option<()> {
    let mut tell = |s: u8, past| entries.push(Entry { channel, fresh: s & 0x80 == 0, past });
    if chapters & 0x80 != 0 {
        let ([program, high, low], after) = rest.split_first_chunk::<3>()?;
        let bank = (high & 0x80 != 0).then_some((high & 0x7F, low & 0x7F));
        tell(*program, Past::Program { program: program & 0x7F, bank });
        rest = after;
    }
    if chapters & 0x40 != 0 {
        let (head, after) = rest.split_first()?;
        let (logs, after) = after.split_at_checked((usize::from(head & 0x7F) + 1) * 2)?;
        for log in logs.chunks_exact(2) {
            // A set top bit of the value counts or toggles: that says nothing of where it stands.
            if let [number, value @ 0..=0x7F] = log {
                tell(*number, Past::Control { number: number & 0x7F, value: *value });
            }
        }
        rest = after;
    }
    if chapters & 0x20 != 0 {
        let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?) & 0x03FF);
        rest = rest.get(length.max(2)..)?;
    }
    if chapters & 0x10 != 0 {
        let ([low, high], after) = rest.split_first_chunk::<2>()?;
        tell(*low, Past::Pitch(low & 0x7F, high & 0x7F));
        rest = after;
    }
    if chapters & 0x08 != 0 {
        notes(rest, &mut tell)?;
    }
    Some(())
}

fn notes(rest: &[u8], tell: &mut impl FnMut(u8, Past)) -> Option<()> {
    let ([head, span], rest) = rest.split_first_chunk::<2>()?;
    let (low, high) = (span >> 4, span & 0x0F);
    let count = usize::from(head & 0x7F) + usize::from(head & 0x7F == 127 && (low, high) == (15, 0));
    let (logs, rest) = rest.split_at_checked(count * 2)?;
    for log in logs.chunks_exact(2) {
        if let [note, velocity] = log {
            let worth = velocity & 0x80 != 0;
            tell(*note, Past::On { note: note & 0x7F, velocity: velocity & 0x7F, worth });
        }
    }
    for (byte, bits) in (low..=high).zip(rest) {
        for bit in (0..8_u8).filter(|bit| bits & (0x80 >> bit) != 0) {
            tell(*head, Past::Off { note: byte * 8 + bit });
        }
    }
    (low > high || rest.len() > usize::from(high - low)).then_some(())
}

/// What the stream has said so far, as far as a journal can contradict it.
#[derive(Debug, Default)]
pub struct State {
    /// Channel and note: how hard.
    notes: BTreeMap<(u8, u8), u8>,
    controls: BTreeMap<(u8, u8), u8>,
    programs: BTreeMap<u8, u8>,
    pitch: BTreeMap<u8, (u8, u8)>,
}

impl State {
    /// A whole message came.
    pub fn hear(&mut self, message: &[u8]) {
        let Some((status, data)) = message.split_first() else { return };
        let channel = status & 0x0F;
        match (status & 0xF0, data) {
            (0x90, [note, velocity @ 1..=0x7F]) => drop(self.notes.insert((channel, *note), *velocity)),
            (0x80 | 0x90, [note, _]) => drop(self.notes.remove(&(channel, *note))),
            (0xB0, [number, value]) => {
                self.controls.insert((channel, *number), *value);
                // All sound off, all notes off and the four modes end every note.
                if matches!(number, 120 | 123..) {
                    self.notes.retain(|(own, _), _| *own != channel);
                }
            }
            (0xC0, [program]) => drop(self.programs.insert(channel, *program)),
            (0xE0, [low, high]) => drop(self.pitch.insert(channel, (*low, *high))),
            _ => {}
        }
    }

    /// The messages that put right what an entry tells. `single`: one packet was lost, the one right before.
    pub fn mend(&mut self, entry: Entry, single: bool, mut each: impl FnMut(&[u8])) {
        if single && !entry.fresh {
            return;
        }
        // Of a single loss it is known that it was said again, though nothing differs.
        let (channel, again) = (entry.channel, single && entry.fresh);
        let mut say = |state: &mut Self, message: &[u8]| {
            state.hear(message);
            each(message);
        };
        match entry.past {
            Past::On { note, velocity, worth } => {
                let sounds = self.notes.get(&(channel, note)).copied();
                if velocity == 0 || (sounds == Some(velocity) && !again) || (sounds.is_none() && !worth) {
                    return;
                }
                if sounds.is_some() {
                    say(self, &[0x80 | channel, note, 0]);
                }
                say(self, &[0x90 | channel, note, velocity]);
            }
            Past::Off { note } => {
                if self.notes.contains_key(&(channel, note)) {
                    say(self, &[0x80 | channel, note, 0]);
                }
            }
            Past::Program { program, bank } => {
                let stands = |number: u8| self.controls.get(&(channel, number)).copied();
                let same = self.programs.get(&channel) == Some(&program)
                    && bank.is_none_or(|(high, low)| stands(0) == Some(high) && stands(32) == Some(low));
                if same && !again {
                    return;
                }
                if let Some((high, low)) = bank {
                    say(self, &[0xB0 | channel, 0, high]);
                    say(self, &[0xB0 | channel, 32, low]);
                }
                say(self, &[0xC0 | channel, program]);
            }
            Past::Control { number, value } => {
                if again || self.controls.get(&(channel, number)) != Some(&value) {
                    say(self, &[0xB0 | channel, number, value]);
                }
            }
            Past::Pitch(low, high) => {
                if again || self.pitch.get(&channel) != Some(&(low, high)) {
                    say(self, &[0xE0 | channel, low, high]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Channel 2 (from 0).
    const GOLDEN: [u8; 23] = [
        0x20, 0x00, 0x07, // A: one channel; checkpoint 7
        0x10, 0x13, 0xD8, // channel 2, 19 bytes, chapters P C W N
        0x85, 0x81, 0x02, // P: S, program 5, B, bank 1 2
        0x01, 0x07, 0x64, 0x8A, 0x40, // C: two logs: controller 7 at 100; S, controller 10 at 64
        0x80, 0x40, // W: S, in the middle
        0x01, 0x78, // N: B 0, one log, off bits of notes 56 to 71
        0x3E, 0xE4, // note 62, worth it, velocity 100
        0x08, 0x80, // off: 60 and 64
        0x00, // of what comes after it
    ];

    fn mended(state: &mut State, bytes: &[u8], single: bool) -> Vec<Vec<u8>> {
        let mut said = vec![];
        for entry in read(bytes) {
            state.mend(entry, single, |message| said.push(message.to_vec()));
        }
        said
    }

    #[test]
    fn golden_bytes() {
        let entry = |fresh, past| Entry { channel: 2, fresh, past };
        assert_eq!(
            read(&GOLDEN),
            [
                entry(false, Past::Program { program: 5, bank: Some((1, 2)) }),
                entry(true, Past::Control { number: 7, value: 100 }),
                entry(false, Past::Control { number: 10, value: 64 }),
                entry(false, Past::Pitch(0, 64)),
                entry(true, Past::On { note: 62, velocity: 100, worth: true }),
                entry(true, Past::Off { note: 60 }),
                entry(true, Past::Off { note: 64 }),
            ]
        );
    }

    #[test]
    fn what_is_known_is_not_said_again() {
        let mut state = State::default();
        state.hear(&[0x92, 60, 1]);
        let all = mended(&mut state, &GOLDEN, false);
        let messages = [
            vec![0xB2, 0, 1],
            vec![0xB2, 32, 2],
            vec![0xC2, 5],
            vec![0xB2, 7, 100],
            vec![0xB2, 10, 64],
            vec![0xE2, 0, 64],
            vec![0x92, 62, 100],
            vec![0x82, 60, 0],
        ];
        assert_eq!(all, messages);
        assert_eq!(mended(&mut state, &GOLDEN, false), Vec::<Vec<u8>>::new());
        // One packet was lost: what it said is said again, and nothing else.
        assert_eq!(mended(&mut state, &GOLDEN, true), [vec![0xB2, 7, 100], vec![0x82, 62, 0], vec![0x92, 62, 100]]);
    }

    #[test]
    fn other_chapters_are_read_over() {
        // The system's journal of 4 bytes, then a channel with parameters of 5 bytes before its notes, and pressure after them.
        let bytes = [0x60, 0, 1, 0x08, 4, 1, 2, 0x00, 13, 0x2A, 0, 5, 9, 9, 9, 0x01, 0xF0, 0x3C, 0xE4, 0x05];
        assert_eq!(read(&bytes), [Entry { channel: 0, fresh: true, past: Past::On { note: 60, velocity: 100, worth: true } }]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..120), flags in any::<u8>()) {
            let mut state = State::default();
            for bytes in [bytes.clone(), [&[flags, 0, 0][..], &bytes].concat()] {
                for message in mended(&mut state, &bytes, false) {
                    prop_assert!(crate::devices::midi::codec::whole(&message));
                }
            }
        }
    }
}
