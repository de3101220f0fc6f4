//! Time code as it comes, by MIDI in pieces or by Art-Net whole: which stretch of time has just been run over. Takes any bytes.
//!
//! MIDI Time Code (MMA RP-004): a quarter frame is `F1 0nnndddd`, n the piece: frames, seconds, minutes, hours, each its lower four bits
//! first; piece 7 is `0rrh`, r the rate (24, 25, 29.97 drop, 30). Eight pieces make one time, which was true at piece 0, and last two
//! frames. A full frame, `F0 7F device 01 01 hh mm ss ff F7`, says where a machine has wound to. ArtTimeCode is a time for each frame.
//!
//! Time counts only when it is heard: there is no freewheel, and nothing happens while the code is away, stands or runs backwards.
//! Eight pieces in order, or two frames, begin a roll; a time that contradicts the one before it counts once the next agrees with it.
//! A step forward of at most 2 s is a dropout: what it passed over happens at once. A step back of at most 2 s makes nothing happen
//! twice. A longer step is a jump, and so is every full frame: what stands before the new place is left out.

use std::ops::RangeInclusive;

use crate::show::{FrameRate, TimeCode};

/// Places to a second: 32 frames of 4 quarters, more than there are, so that the order is that of the clock at every rate.
const SECOND: i64 = 32 * 4;
/// A longer step is a jump.
const JUMP: i64 = 2 * SECOND;

/// Where time code has come to, in order.
pub type Place = i64;

/// The place of a time.
#[must_use]
pub fn place(time: TimeCode) -> Place {
    let seconds = (i64::from(time.hours) * 60 + i64::from(time.minutes)) * 60 + i64::from(time.seconds);
    seconds * SECOND + i64::from(time.frames) * 4
}

/// How far a time is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Trust {
    /// Nothing is known: the next whole time is taken.
    #[default]
    Fresh,
    /// The eight pieces that come now are this time.
    Sure(TimeCode),
    /// They should be this time, then a roll began at that place.
    Doubt(TimeCode, Place),
}

/// The time code of one port.
#[derive(Debug, Default)]
pub struct Reader {
    pieces: [u8; 8],
    /// The piece that comes next.
    next: u8,
    trust: Trust,
    /// All up to here has happened, or was left out.
    done: Option<Place>,
    /// The last whole frame.
    last: Option<TimeCode>,
}

impl Reader {
    /// Takes a message; the places that time has run over with it.
    pub fn hear(&mut self, bytes: &[u8]) -> Option<RangeInclusive<Place>> {
        match bytes {
            [0xF1, data @ 0..=0x7F] => self.quarter(data >> 4, data & 0x0F),
            [0xF0, 0x7F, 0..=0x7F, 1, 1, hours @ 0..=0x7F, minutes, seconds, frames, 0xF7] => {
                let time = TimeCode { hours: hours & 0x1F, minutes: *minutes, seconds: *seconds, frames: *frames };
                if time.is_whole() {
                    (self.next, self.trust, self.done) = (0, Trust::Fresh, Some(place(time) - 1));
                }
                None
            }
            _ => None,
        }
    }

    /// Takes the time of one whole frame; the places that time has run over with it. A frame that comes again says nothing.
    pub fn frame(&mut self, time: TimeCode, rate: FrameRate) -> Option<RangeInclusive<Place>> {
        if self.last.replace(time) == Some(time) {
            return None;
        }
        let from = match self.trust {
            Trust::Sure(wanted) if wanted == time => place(time),
            Trust::Doubt(wanted, from) if wanted == time => from,
            _ => {
                self.trust = Trust::Doubt(time.after(rate), place(time));
                return None;
            }
        };
        self.trust = Trust::Sure(time.after(rate));
        self.reach(from, place(time) + 3)
    }

    fn quarter(&mut self, piece: u8, data: u8) -> Option<RangeInclusive<Place>> {
        if piece != self.next {
            (self.next, self.trust) = (0, Trust::Fresh);
            if piece != 0 {
                return None;
            }
        }
        self.next = (piece + 1) % 8;
        *self.pieces.get_mut(usize::from(piece))? = data;
        if piece < 7 {
            let Trust::Sure(time) = self.trust else { return None };
            let rate = self.rate();
            if half(time, piece) != data {
                self.trust = Trust::Doubt(time, place(time));
                return None;
            }
            let now = if piece < 4 { time } else { time.after(rate) };
            return self.reach(place(time), place(now) + i64::from(piece % 4));
        }
        let Some((time, rate)) = self.time() else {
            self.trust = Trust::Fresh;
            return None;
        };
        let from = match self.trust {
            Trust::Fresh => place(time),
            Trust::Sure(wanted) if wanted == time => place(time),
            Trust::Doubt(wanted, from) if wanted == time => from,
            Trust::Sure(_) | Trust::Doubt(..) => {
                self.trust = Trust::Doubt(time.after(rate).after(rate), place(time));
                return None;
            }
        };
        let second = time.after(rate);
        self.trust = Trust::Sure(second.after(rate));
        self.reach(from, place(second) + 3)
    }

    /// Time runs from `from` to `to`.
    fn reach(&mut self, from: Place, to: Place) -> Option<RangeInclusive<Place>> {
        // Over midnight the stretch begins at 0.
        let from = if to < from { 0 } else { from };
        let done = self.done.filter(|done| (from - done).abs() <= JUMP).unwrap_or(from - 1);
        self.done = Some(done.max(to));
        (to > done).then(|| done + 1..=to)
    }

    /// Frames a second, from the last piece 7.
    fn rate(&self) -> FrameRate {
        match self.pieces[7] >> 1 & 3 {
            0 => FrameRate::F24,
            1 => FrameRate::F25,
            2 => FrameRate::Drop30,
            _ => FrameRate::F30,
        }
    }

    /// The time that the eight pieces make.
    fn time(&self) -> Option<(TimeCode, FrameRate)> {
        let [f, f4, s, s4, m, m4, h, h4] = self.pieces;
        let join = |low: u8, high: u8| low | high << 4;
        let time = TimeCode { hours: join(h, h4 & 1), minutes: join(m, m4), seconds: join(s, s4), frames: join(f, f4) };
        let rate = self.rate();
        (time.is_whole() && time.frames < rate.labels()).then_some((time, rate))
    }
}

/// What a piece before the last carries of a time.
const fn half(time: TimeCode, piece: u8) -> u8 {
    let byte = match piece / 2 {
        0 => time.frames,
        1 => time.seconds,
        2 => time.minutes,
        _ => time.hours,
    };
    if piece.is_multiple_of(2) { byte & 0x0F } else { byte >> 4 }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    const PAL: FrameRate = FrameRate::F25;

    fn at(text: &str) -> TimeCode {
        TimeCode::parse(text).unwrap()
    }

    fn rate_bits(rate: FrameRate) -> u8 {
        match rate {
            FrameRate::F24 => 0,
            FrameRate::F25 => 1,
            FrameRate::Drop30 => 2,
            FrameRate::F30 => 3,
        }
    }

    /// The eight quarter frames of a time.
    fn set(t: TimeCode, rate: FrameRate) -> Vec<[u8; 2]> {
        let halves = [t.frames, t.seconds, t.minutes, t.hours | rate_bits(rate) << 5];
        let data = halves.iter().flat_map(|byte| [byte & 15, byte >> 4]);
        data.zip(0_u8..).map(|(data, piece)| [0xF1, piece << 4 | data]).collect()
    }

    /// Plays from a time for so many sets; what was run over, piece by piece.
    fn play(reader: &mut Reader, from: &str, sets: usize, rate: FrameRate) -> Vec<RangeInclusive<Place>> {
        let mut time = at(from);
        let mut passed = Vec::new();
        for _ in 0..sets {
            passed.extend(set(time, rate).iter().filter_map(|bytes| reader.hear(bytes)));
            time = time.after(rate).after(rate);
        }
        passed
    }

    fn times(passed: &[RangeInclusive<Place>], text: &str) -> usize {
        passed.iter().filter(|range| range.contains(&place(at(text)))).count()
    }

    #[test]
    fn golden_quarter_frames() {
        // 01:02:03:04 at 25 frames: each half lower first; 72 = piece 7, rate 01, hour's fifth bit 0.
        let bytes = [0x04, 0x10, 0x23, 0x30, 0x42, 0x50, 0x61, 0x72];
        let mut reader = Reader::default();
        let heard: Vec<_> = bytes.iter().map(|byte| reader.hear(&[0xF1, *byte])).collect();
        // Nothing before the eighth; then from the time of piece 0 to seven quarters later.
        let start = place(at("01:02:03:04"));
        assert_eq!(heard[..7], [const { None }; 7]);
        assert_eq!(heard[7], Some(start..=start + 7));
        assert_eq!(set(at("01:02:03:04"), PAL).concat()[1..4], [0x04, 0xF1, 0x10]);
    }

    #[test]
    fn a_roll_passes_each_time_once() {
        for (rate, from) in
            [(FrameRate::F24, "09:59:59:20"), (PAL, "09:59:59:20"), (FrameRate::Drop30, "00:00:59;20"), (FrameRate::F30, "00:00:59:20")]
        {
            let mut reader = Reader::default();
            let passed = play(&mut reader, from, 20, rate);
            for (one, two) in passed.iter().zip(passed.iter().skip(1)) {
                assert_eq!(one.end() + 1, *two.start(), "no gap and no overlap at {rate:?}");
            }
            assert_eq!(times(&passed, from), 1);
        }
        // A dropped label, or a frame that the rate has not, is passed with the next one that it has.
        assert_eq!(times(&play(&mut Reader::default(), "00:00:59;20", 20, FrameRate::Drop30), "00:01:00;00"), 1);
        assert_eq!(times(&play(&mut Reader::default(), "00:00:00:10", 20, FrameRate::F24), "00:00:00:28"), 1);
    }

    #[test]
    fn a_dropout_is_made_up_for_and_a_jump_is_not() {
        let mut reader = Reader::default();
        play(&mut reader, "01:00:00:00", 10, PAL);
        let passed = play(&mut reader, "01:00:02:00", 3, PAL);
        assert_eq!(times(&passed, "01:00:01:10"), 1, "a second was lost");
        let passed = play(&mut reader, "01:00:01:00", 20, PAL);
        assert_eq!(times(&passed, "01:00:01:10"), 0, "nothing happens twice");
        let passed = play(&mut reader, "01:10:00:00", 3, PAL);
        assert_eq!((times(&passed, "01:05:00:00"), times(&passed, "01:10:00:00")), (0, 1));
        let passed = play(&mut reader, "01:00:00:00", 20, PAL);
        assert_eq!(times(&passed, "01:00:01:10"), 1, "a longer step back begins anew");
    }

    #[test]
    fn a_full_frame_is_a_new_place_where_nothing_happens_yet() {
        let mut reader = Reader::default();
        play(&mut reader, "01:00:00:00", 20, PAL);
        // 01:00:00:12 at 25 frames.
        assert_eq!(reader.hear(&[0xF0, 0x7F, 0x7F, 1, 1, 0x21, 0, 0, 12, 0xF7]), None);
        let passed = play(&mut reader, "01:00:00:12", 3, PAL);
        assert_eq!((times(&passed, "01:00:00:11"), times(&passed, "01:00:00:12")), (0, 1));
    }

    #[test]
    fn backwards_and_one_wrong_time_do_nothing() {
        let mut reader = Reader::default();
        let mut pieces = set(at("02:00:00:00"), PAL);
        pieces.reverse();
        assert!(pieces.iter().chain(&pieces).all(|bytes| reader.hear(bytes).is_none()));
        play(&mut reader, "01:00:00:00", 3, PAL);
        assert_eq!(play(&mut reader, "05:00:00:00", 1, PAL).iter().filter(|range| *range.end() > place(at("02:00:00:00"))).count(), 0);
    }

    /// Whole frames from a time on.
    fn roll(reader: &mut Reader, from: &str, frames: usize, rate: FrameRate) -> Vec<RangeInclusive<Place>> {
        let mut time = at(from);
        let mut passed = Vec::new();
        for _ in 0..frames {
            passed.extend(reader.frame(time, rate));
            time = time.after(rate);
        }
        passed
    }

    #[test]
    fn whole_frames_are_judged_as_pieces_are() {
        for (rate, from) in [(FrameRate::F24, "09:59:59:20"), (PAL, "23:59:59:20"), (FrameRate::Drop30, "00:00:59;20")] {
            let passed = roll(&mut Reader::default(), from, 40, rate);
            assert_eq!(passed.len(), 39, "two frames begin a roll");
            assert_eq!(times(&passed, from), 1, "from the first of them on");
        }
        assert_eq!(times(&roll(&mut Reader::default(), "23:59:59:20", 20, PAL), "00:00:00:00"), 1, "midnight is passed");
        let mut reader = Reader::default();
        roll(&mut reader, "01:00:00:00", 20, PAL);
        assert_eq!(times(&roll(&mut reader, "01:00:02:00", 3, PAL), "01:00:01:10"), 1, "a dropout is made up for");
        assert_eq!(times(&roll(&mut reader, "01:00:01:00", 20, PAL), "01:00:01:10"), 0, "nothing happens twice");
        let passed = roll(&mut reader, "01:10:00:00", 3, PAL);
        assert_eq!((times(&passed, "01:05:00:00"), times(&passed, "01:10:00:00")), (0, 1), "a jump leaves out what it passed");
        let mut back = [at("02:00:00:10"), at("02:00:00:09"), at("02:00:00:08"), at("02:00:00:07")].into_iter();
        assert!(back.all(|time| reader.frame(time, PAL).is_none()), "backwards nothing happens");
    }

    #[test]
    fn midnight_is_passed() {
        let passed = play(&mut Reader::default(), "23:59:59:20", 10, PAL);
        assert_eq!((times(&passed, "23:59:59:24"), times(&passed, "00:00:00:00")), (1, 1));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(messages in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..12)), 0..200)) {
            let mut reader = Reader::default();
            for (quarter, mut bytes) in messages {
                if quarter {
                    bytes.insert(0, 0xF1);
                    bytes.truncate(2);
                }
                if let Some(range) = reader.hear(&bytes) {
                    prop_assert!(range.start() <= range.end() && *range.end() < 24 * 3600 * SECOND);
                }
            }
        }
    }
}
