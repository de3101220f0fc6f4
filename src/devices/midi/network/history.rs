//! What we have said and the other end has not yet confirmed, and the recovery journal that tells it.
//!
//! RFC 6295 appendix A. Written are the chapters P (program and bank), C (controllers), W (pitch wheel) and N (notes). Not written are
//! parameters (controllers 6, 38 and 96 to 101), pressure and system exclusive: what of these is lost stays lost. The header's own S bit
//! stays 0, which costs a receiver a look into the channels, where every S bit is as it must be; some receivers read it wrongly.
//! An entry stands until the other end has confirmed its packet; with one that confirms nothing, as many do, for [`KEPT`].

use std::collections::BTreeMap;

use crate::time::{Mono, Span};

/// How long an entry stands where nothing is ever confirmed: longer than a session that is cut off lives.
const KEPT: Span = Span::secs(8);
/// A note that was struck longer ago than this is not worth to be struck late.
const WORTH: Span = Span::secs(1);
/// Longest journal of one channel, by its ten bits of length; longest of all, so that a packet fits an Ethernet frame.
const LONGEST: usize = 500;

/// In which packet, and when.
#[derive(Debug, Clone, Copy)]
struct Said {
    packet: u64,
    at: Mono,
}

/// Upper and lower number of a bank.
type Bank = (u8, u8);

/// One channel.
#[derive(Debug, Default)]
struct Channel {
    /// The bank that was chosen last.
    bank: (Option<u8>, Option<u8>),
    program: Option<(u8, Option<Bank>, Said)>,
    controls: BTreeMap<u8, (u8, Said)>,
    pitch: Option<(u8, u8, Said)>,
    /// How hard; 0: ended.
    notes: BTreeMap<u8, (u8, Said)>,
}

/// What was said on all channels.
#[derive(Debug, Default)]
pub struct History(BTreeMap<u8, Channel>);

impl History {
    /// A whole message leaves in a packet.
    pub fn say(&mut self, now: Mono, packet: u64, message: &[u8]) {
        let said = Said { packet, at: now };
        let Some((status @ 0x80..0xF0, data)) = message.split_first() else { return };
        let channel = self.0.entry(status & 0x0F).or_default();
        match (status & 0xF0, data) {
            (0x90, [note, velocity]) => drop(channel.notes.insert(*note, (*velocity, said))),
            (0x80, [note, _]) => drop(channel.notes.insert(*note, (0, said))),
            (0xB0, [0, value]) => channel.bank.0 = Some(*value),
            (0xB0, [32, value]) => channel.bank.1 = Some(*value),
            (0xB0, [6 | 38 | 96..=101, _]) => {}
            (0xB0, [number, value]) => {
                channel.controls.insert(*number, (*value, said));
                if matches!(number, 120 | 123..) {
                    channel.notes.values_mut().for_each(|note| *note = (0, said));
                }
            }
            (0xC0, [program]) => {
                let bank = channel.bank.0.map(|high| (high, channel.bank.1.unwrap_or(0)));
                channel.program = Some((*program, bank, said));
            }
            (0xE0, [low, high]) => channel.pitch = Some((*low, *high, said)),
            _ => {}
        }
    }

    /// Forgets what has arrived (all up to `confirmed`); without any such word, what is too old.
    pub fn forget(&mut self, now: Mono, confirmed: Option<u64>) {
        let stands = |said: &Said| confirmed.map_or(now.since(said.at) < KEPT, |confirmed| said.packet > confirmed);
        for channel in self.0.values_mut() {
            channel.program = channel.program.filter(|(.., said)| stands(said));
            channel.pitch = channel.pitch.filter(|(.., said)| stands(said));
            channel.controls.retain(|_, (_, said)| stands(said));
            channel.notes.retain(|_, (_, said)| stands(said));
        }
    }

    /// Ends every note of which it is not known whether its end has arrived.
    #[must_use]
    pub fn ends(&self) -> Vec<u8> {
        let notes = self.0.iter().flat_map(|(channel, own)| own.notes.keys().map(move |note| [0x80 | channel, *note, 0]));
        notes.flatten().collect()
    }

    /// Nothing stands that could have been lost.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.values().all(Channel::is_empty)
    }

    /// The journal of packet `next`; without entries it is its three bytes alone.
    #[must_use]
    pub fn journal(&self, now: Mono, next: u64) -> Vec<u8> {
        let last = next.wrapping_sub(1);
        let (mut channels, mut bytes, mut from) = (0_u8, vec![], last);
        for (number, channel) in self.0.iter().filter(|(_, channel)| !channel.is_empty()) {
            let own = channel.journal(now, last, *number);
            if bytes.len() + own.len() > LONGEST {
                break;
            }
            from = channel.said().map(|said| said.packet).fold(from, u64::min);
            channels += 1;
            bytes.extend(own);
        }
        let head = if channels == 0 { 0 } else { 0x20 | (channels - 1) };
        let [.., high, low] = from.to_be_bytes();
        [&[head, high, low][..], &bytes].concat()
    }
}

impl Channel {
    fn said(&self) -> impl Iterator<Item = Said> {
        let single = self.program.map(|(.., said)| said).into_iter().chain(self.pitch.map(|(.., said)| said));
        single.chain(self.controls.values().chain(self.notes.values()).map(|(_, said)| *said))
    }

    fn is_empty(&self) -> bool {
        self.said().next().is_none()
    }

    fn journal(&self, now: Mono, last: u64, number: u8) -> Vec<u8> {
        let mark = |said: &Said| if said.packet == last { 0 } else { 0x80_u8 };
        let (mut chapters, mut bytes) = (0_u8, vec![]);
        if let Some((program, bank, said)) = &self.program {
            chapters |= 0x80;
            let (high, low) = bank.map_or((0, 0), |(high, low)| (0x80 | high, low));
            bytes.extend([mark(said) | program, high, low]);
        }
        if let Some(count) = self.controls.len().checked_sub(1).and_then(|count| u8::try_from(count).ok()) {
            chapters |= 0x40;
            let marks = self.controls.values().fold(0x80, |all, (_, said)| all & mark(said));
            bytes.push(marks | count);
            bytes.extend(self.controls.iter().flat_map(|(number, (value, said))| [mark(said) | number, *value]));
        }
        if let Some((low, high, said)) = &self.pitch {
            chapters |= 0x10;
            bytes.extend([mark(said) | low, *high]);
        }
        if !self.notes.is_empty() {
            chapters |= 0x08;
            self.notes(now, last, &mut bytes);
        }
        let length = u16::try_from(bytes.len() + 3).unwrap_or(0x03FF) & 0x03FF;
        let marks = self.said().fold(0x80, |all, said| all & mark(&said));
        let [high, low] = length.to_be_bytes();
        [&[marks | (number << 3) | high, low, chapters][..], &bytes].concat()
    }

    fn notes(&self, now: Mono, last: u64, bytes: &mut Vec<u8>) {
        let (on, off): (Vec<_>, Vec<_>) = self.notes.iter().partition(|(_, (velocity, _))| *velocity > 0);
        let mut bits = [0_u8; 16];
        for (note, _) in &off {
            if let Some(byte) = bits.get_mut(usize::from(**note / 8)) {
                *byte |= 0x80 >> (**note % 8);
            }
        }
        let first = bits.iter().position(|byte| *byte != 0);
        let end = bits.iter().rposition(|byte| *byte != 0);
        // 15 and 0: there are no off bits, and a count of 127 means 128. 15 and 1: it means what it says.
        let none = if on.len() == 127 { (15, 1) } else { (15, 0) };
        let (low, high) = first.zip(end).unwrap_or(none);
        let mark = |said: &Said| if said.packet == last { 0 } else { 0x80_u8 };
        let marks = off.iter().fold(0x80, |all, (_, (_, said))| all & mark(said));
        bytes.push(marks | u8::try_from(on.len().min(127)).unwrap_or(127));
        bytes.push(u8::try_from((low << 4) | high).unwrap_or(0xF0));
        for (note, (velocity, said)) in on {
            let worth = if now.since(said.at) < WORTH { 0x80 } else { 0 };
            bytes.extend([mark(said) | note, worth | velocity]);
        }
        bytes.extend_from_slice(bits.get(low..=high).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::journal::{State, read};
    use super::*;

    #[test]
    fn golden() {
        let mut history = History::default();
        assert_eq!(history.journal(Mono::ZERO, 8), [0x00, 0, 7]);
        for (packet, message) in [(5, &[0xB2, 0, 1][..]), (5, &[0xB2, 32, 2]), (5, &[0xC2, 5]), (7, &[0x92, 62, 100]), (6, &[0x82, 60, 0])]
        {
            history.say(Mono::ZERO, packet, message);
        }
        let journal = [
            0x20, 0x00, 0x05, // one channel; from packet 5 on
            0x10, 0x0B, 0x88, // channel 2, 11 bytes, chapters P N
            0x85, 0x81, 0x02, // not of the last packet: program 5, bank 1 2
            0x81, 0x77, // no off bits of the last packet; one log, off bits of notes 56 to 63
            0x3E, 0xE4, // of the last packet: note 62, worth it, velocity 100
            0x08, // 60 is ended
        ];
        assert_eq!(history.journal(Mono::ZERO, 8), journal);
        history.forget(Mono::ZERO, Some(6));
        assert_eq!(history.journal(Mono::ZERO, 8), [0x20, 0, 7, 0x10, 7, 0x08, 0x81, 0xF0, 0x3E, 0xE4][..].to_vec());
        history.forget(Mono::ZERO + KEPT, None);
        assert!(history.is_empty());
    }

    fn message() -> impl Strategy<Value = Vec<u8>> {
        let data = 0_u8..128;
        prop_oneof![
            (0_u8..3, data.clone(), 0_u8..128).prop_map(|(c, n, v)| vec![0x90 | c, n, v]),
            (0_u8..3, data.clone(), 0_u8..128).prop_map(|(c, n, v)| vec![0x80 | c, n, v]),
            (0_u8..3, data.clone()).prop_map(|(c, p)| vec![0xC0 | c, p]),
            (0_u8..3, (1_u8..6), 0_u8..128).prop_map(|(c, n, v)| vec![0xB0 | c, n, v]),
            (0_u8..3, data, 0_u8..128).prop_map(|(c, l, h)| vec![0xE0 | c, l, h]),
        ]
    }

    proptest! {
        /// Whatever is lost, the next journal puts right.
        #[test]
        fn a_receiver_ends_where_we_are(messages in prop::collection::vec((message(), any::<bool>()), 1..60)) {
            let (mut history, mut all, mut heard) = (History::default(), State::default(), State::default());
            let mut last = 0;
            for ((message, arrives), packet) in messages.iter().zip(1_u64..) {
                all.hear(message);
                if *arrives {
                    let lost = packet - last - 1;
                    if lost > 0 {
                        for entry in read(&history.journal(Mono::ZERO, packet)) {
                            heard.mend(entry, lost == 1, |_| {});
                        }
                    }
                    heard.hear(message);
                    last = packet;
                }
                history.say(Mono::ZERO, packet, message);
            }
            let end = messages.len() as u64 + 1;
            for entry in read(&history.journal(Mono::ZERO, end)) {
                heard.mend(entry, end - last == 2, |_| {});
            }
            prop_assert_eq!(format!("{heard:?}"), format!("{all:?}"));
        }
    }
}
