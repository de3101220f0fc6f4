//! The MIDI of a session with one peer, both ways: numbered packets out with a journal of what may have been lost, packets in
//! with what was lost put right.
//!
//! Packets act as they come. A gap is mended at once from the journal of the packet that shows it; what then comes late is only looked
//! at for system exclusive, which no journal here carries. Without a journal a late packet acts late. The first packet of a stream mends
//! nothing: what was said before we listened is not for us. No packet acts twice.
//! After the last message of a burst, packets without messages follow, each with the journal: so a lost note-off is made good though
//! nothing else is said. They go on until the other end has confirmed it all, or, as long as it has confirmed nothing, while an entry stands.

use super::history::History;
use super::journal::{self, State};
use super::packet::{self, Packet};
use crate::devices::earlier;
use crate::time::{Mono, Span};

/// When packets that only guard what was said follow it.
const GUARDS: [Span; 3] = [Span::ms(40), Span::ms(120), Span::ms(400)];
/// Between the ones after these.
const GUARD_ON: Span = Span::secs(1);
/// How soon what has come is confirmed.
const CONFIRM: Span = Span::ms(300);
/// A system exclusive message in pieces that is longer is dropped.
const LONGEST: usize = 64 * 1024;
/// Numbers behind the newest that are told apart.
const WINDOW: u64 = 64;

/// Counts 100 µs, as packets and clocks do.
#[must_use]
pub const fn ticks(now: Mono) -> u64 {
    now.0 / 100_000
}

/// One peer's stream.
#[derive(Debug)]
pub struct Stream {
    ours: u32,
    /// The number of our next packet; its lower 16 bits are sent.
    next: u64,
    history: History,
    /// When the next guard is due, and how many have been sent.
    guard: Option<(Mono, usize)>,
    /// The last of our packets that the other end has confirmed.
    confirmed: Option<u64>,
    heard: Ear,
    /// When what came is confirmed.
    confirm: Option<Mono>,
}

/// What has come.
#[derive(Debug, Default)]
struct Ear {
    newest: Option<u64>,
    /// Bit n: the packet n before the newest has come.
    came: u64,
    /// Bit n: a journal has told what it said.
    told: u64,
    /// System exclusive in pieces.
    pieces: Vec<u8>,
    state: State,
}

impl Stream {
    /// A stream whose packets carry our source number.
    #[must_use]
    pub fn new(ours: u32) -> Self {
        // Any first number will do: the lower half of a number that is any.
        let next = 0x1_0000 + u64::from(ours & 0xFFFF);
        Self { ours, next, history: History::default(), guard: None, confirmed: None, heard: Ear::default(), confirm: None }
    }

    /// The packets that whole messages, one behind the other, become.
    pub fn send(&mut self, now: Mono, messages: &[u8], mut each: impl FnMut(Vec<u8>)) {
        for list in packet::lists(messages) {
            let bytes = self.packet(now, &list);
            let packet = self.next;
            if let Some(packet_read) = Packet::read(&bytes) {
                packet_read.commands(|message| self.history.say(now, packet, message));
            }
            self.next += 1;
            self.guard = GUARDS.first().filter(|_| !self.history.is_empty()).map(|wait| (now + *wait, 0));
            each(bytes);
        }
    }

    /// A packet that says nothing and guards what was said; `None`: there is nothing to guard.
    pub fn guard(&mut self, now: Mono) -> Option<Vec<u8>> {
        self.history.forget(now, self.confirmed);
        if self.history.is_empty() {
            self.guard = None;
            return None;
        }
        let bytes = self.packet(now, &[]);
        self.next += 1;
        Some(bytes)
    }

    fn packet(&mut self, now: Mono, list: &[u8]) -> Vec<u8> {
        self.history.forget(now, self.confirmed);
        let journal = self.history.journal(now, self.next);
        let (low, time) = (self.next & 0xFFFF, ticks(now) & 0xFFFF_FFFF);
        packet::write(u16::try_from(low).unwrap_or(0), u32::try_from(time).unwrap_or(0), self.ours, list, &journal)
    }

    /// The other end has all up to this packet.
    pub fn confirmed(&mut self, now: Mono, sequence: u16) {
        let last = self.next - 1;
        let back = u64::from(u16::try_from(last & 0xFFFF).unwrap_or(0).wrapping_sub(sequence));
        if back < 0x8000 {
            self.confirmed = self.confirmed.max(Some(last.saturating_sub(back)));
            self.history.forget(now, self.confirmed);
        }
        if self.history.is_empty() {
            self.guard = None;
        }
    }

    /// Ends every note of which it is not known whether its end has arrived: for the session after this one.
    #[must_use]
    pub fn ends(&self) -> Vec<u8> {
        self.history.ends()
    }

    /// A packet came; `each` gets the messages that it means, whole.
    pub fn take(&mut self, now: Mono, packet: &Packet<'_>, each: impl FnMut(&[u8])) {
        self.confirm = self.confirm.or(Some(now + CONFIRM));
        self.heard.take(packet, each);
    }

    /// What is due: the guard, if it is, and the number of the packet that is confirmed, if one is.
    pub fn tick(&mut self, now: Mono) -> (Option<Vec<u8>>, Option<u16>) {
        let confirm = self.confirm.take_if(|due| *due <= now).and(self.heard.newest);
        let confirm = confirm.map(|newest| u16::try_from(newest & 0xFFFF).unwrap_or(0));
        let Some((_, sent)) = self.guard.filter(|(due, _)| *due <= now) else { return (None, confirm) };
        self.guard = Some((now + GUARDS.get(sent + 1).copied().unwrap_or(GUARD_ON), sent + 1));
        (self.guard(now), confirm)
    }

    /// When [`Stream::tick`] has something.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        earlier(self.guard.map(|(due, _)| due), self.confirm)
    }
}

impl Ear {
    fn take(&mut self, packet: &Packet<'_>, mut each: impl FnMut(&[u8])) {
        let Some(newest) = self.newest else {
            self.newest = Some(0x1_0000 + u64::from(packet.sequence));
            (self.came, self.told) = (1, u64::MAX - 1);
            for entry in packet.journal.map(journal::read).unwrap_or_default() {
                self.state.mend(entry, false, |_| {});
            }
            return packet.commands(|command| self.command(command, &mut each));
        };
        let low = u16::try_from(newest & 0xFFFF).unwrap_or(0);
        let ahead = u64::from(packet.sequence.wrapping_sub(low));
        if (1..0x8000).contains(&ahead) {
            self.newest = Some(newest + ahead);
            let shift = |bits: u64| u32::try_from(ahead).ok().and_then(|ahead| bits.checked_shl(ahead)).unwrap_or(0);
            (self.came, self.told) = (shift(self.came) | 1, shift(self.told));
            if ahead > 1 {
                self.pieces.clear();
                if let Some(journal) = packet.journal {
                    self.told |= !self.came;
                    for entry in journal::read(journal) {
                        self.state.mend(entry, ahead == 2, &mut each);
                    }
                }
            }
            return packet.commands(|command| self.command(command, &mut each));
        }
        let behind = 0x1_0000 - ahead;
        if ahead == 0 || behind >= WINDOW || self.came & (1 << behind) != 0 {
            return;
        }
        self.came |= 1 << behind;
        let told = self.told & (1 << behind) != 0;
        packet.commands(|command| match command {
            // A piece that comes late belongs to nothing.
            [0xF0, .., 0xF7] => each(command),
            [0xF0 | 0xF7, ..] => {}
            _ if told => {}
            _ => self.command(command, &mut each),
        });
    }

    fn command(&mut self, command: &[u8], each: &mut impl FnMut(&[u8])) {
        match command {
            [0xF0, .., 0xF7] => {
                self.pieces.clear();
                each(command);
            }
            [0xF0, body @ .., 0xF0] => {
                self.pieces = vec![0xF0];
                self.pieces.extend_from_slice(body);
            }
            [0xF7, body @ .., end @ (0xF0 | 0xF7)] if !self.pieces.is_empty() && self.pieces.len() + body.len() < LONGEST => {
                self.pieces.extend_from_slice(body);
                if *end == 0xF7 {
                    self.pieces.push(0xF7);
                    each(&std::mem::take(&mut self.pieces));
                }
            }
            [0xF0 | 0xF7, ..] => self.pieces.clear(),
            message => {
                self.state.hear(message);
                each(message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn packets(stream: &mut Stream, messages: &[u8]) -> Vec<Vec<u8>> {
        let mut packets = vec![];
        stream.send(Mono::ZERO, messages, |packet| packets.push(packet));
        packets
    }

    fn take(stream: &mut Stream, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut messages = vec![];
        stream.take(Mono::ZERO, &Packet::read(bytes).unwrap(), |message| messages.push(message.to_vec()));
        messages
    }

    fn one(stream: &mut Stream, messages: &[u8]) -> Vec<u8> {
        packets(stream, messages).remove(0)
    }

    #[test]
    fn a_lost_end_of_a_note_is_made_good_by_a_guard() {
        let (mut us, mut them) = (Stream::new(1), Stream::new(2));
        assert_eq!(take(&mut them, &one(&mut us, &[0x90, 60, 100])), [[0x90, 60, 100]]);
        let lost = one(&mut us, &[0x80, 60, 0]);
        let due = us.next_due().unwrap();
        let guard = us.tick(due).0.unwrap();
        assert_eq!(take(&mut them, &guard), [[0x80, 60, 0]]);
        // The same guard once more, and the packet after all: nothing happens twice.
        assert_eq!(take(&mut them, &guard), Vec::<Vec<u8>>::new());
        assert_eq!(take(&mut them, &lost), Vec::<Vec<u8>>::new());
        // Confirmed, there is no more to guard.
        us.confirmed(due, them.tick(due + Span::secs(1)).1.unwrap());
        assert_eq!(us.next_due(), None);
    }

    #[test]
    fn guards_end_though_nobody_confirms() {
        let mut us = Stream::new(1);
        packets(&mut us, &[0x90, 60, 100]);
        let guards = std::iter::from_fn(|| us.next_due().map(|due| us.tick(due).0)).flatten().count();
        assert_eq!(guards, GUARDS.len() + 7, "one a second up to the eighth");
    }

    #[test]
    fn what_was_said_before_we_listened_is_not_for_us() {
        let (mut us, mut them) = (Stream::new(1), Stream::new(2));
        packets(&mut us, &[0xC0, 5]);
        assert_eq!(take(&mut them, &one(&mut us, &[0x90, 60, 1])), [[0x90, 60, 1]]);
    }

    #[test]
    fn system_exclusive_that_comes_late_still_comes_and_pieces_are_joined() {
        let (mut us, mut them) = (Stream::new(0xFFFF), Stream::new(2));
        let go = [0xF0, 0x7F, 1, 2, 1, 1, 0xF7];
        let first = one(&mut us, &[0xB0, 7, 1]);
        let (late, next) = (one(&mut us, &[&go[..], &[0xB0, 7, 2]].concat()), one(&mut us, &[0xB0, 8, 3]));
        take(&mut them, &first);
        assert_eq!(take(&mut them, &next), [[0xB0, 7, 2], [0xB0, 8, 3]], "the controller that was lost is mended");
        assert_eq!(take(&mut them, &late), [go]);
        let long = [&[0xF0][..], &[9; 3000], &[0xF7]].concat();
        let packets = packets(&mut us, &long);
        let got: Vec<Vec<u8>> = packets.iter().flat_map(|packet| take(&mut them, packet)).collect();
        assert_eq!((packets.len(), got), (4, vec![long]));
    }

    #[test]
    fn without_a_journal_a_late_packet_acts_late() {
        let mut them = Stream::new(2);
        let plain = |sequence, message: &[u8]| packet::write(sequence, 0, 1, message, &[]);
        take(&mut them, &plain(1, &[0x90, 60, 1]));
        assert_eq!(take(&mut them, &plain(3, &[0x90, 62, 1])), [[0x90, 62, 1]]);
        assert_eq!(take(&mut them, &plain(2, &[0x90, 61, 1])), [[0x90, 61, 1]]);
        assert_eq!(take(&mut them, &plain(2, &[0x90, 61, 1])), Vec::<Vec<u8>>::new());
    }

    proptest! {
        /// On a wire that loses, doubles and reorders, the last guard leaves no note that we have ended.
        #[test]
        fn no_note_is_stuck(notes in prop::collection::vec((0_u8..4, any::<bool>()), 1..40), fate in prop::collection::vec(0_u8..4, 60)) {
            let (mut us, mut them) = (Stream::new(7), Stream::new(2));
            let mut wire = vec![];
            take(&mut them, &one(&mut us, &[0xB0, 7, 1]));
            for (note, on) in &notes {
                wire.push(one(&mut us, &[if *on { 0x90 } else { 0x80 }, *note, 90]));
            }
            for note in 0..4 {
                wire.push(one(&mut us, &[0x80, note, 0]));
            }
            let mut sounding = State::default();
            let mut arrive = |packet: &[u8]| take(&mut them, packet).iter().for_each(|message| sounding.hear(message));
            let mut held: Option<Vec<u8>> = None;
            for (packet, fate) in wire.iter().zip(&fate) {
                match fate {
                    0 => {}
                    1 => [packet, packet].into_iter().for_each(|packet| arrive(packet)),
                    2 => held = Some(packet.clone()),
                    _ => arrive(packet),
                }
                if *fate != 2 && let Some(held) = held.take() {
                    arrive(&held);
                }
            }
            let due = us.next_due().unwrap();
            arrive(&us.tick(due).0.unwrap());
            prop_assert_eq!(format!("{sounding:?}").contains("notes: {}"), true, "{:?}", sounding);
        }

        #[test]
        fn any_packets_are_taken(bytes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..8)) {
            let mut stream = Stream::new(3);
            for bytes in bytes {
                let bytes = [&[0x80, 0x61][..], &bytes].concat();
                if let Some(packet) = Packet::read(&bytes) {
                    stream.take(Mono::ZERO, &packet, |message| assert!(super::super::super::codec::whole(message)));
                }
            }
        }
    }
}
