//! MIDI Show Control and MIDI Machine Control, as they come: system exclusive bytes to words. Takes any bytes.
//!
//! Show control (MIDI Show Control 1.1.1): `F0 7F device 02 format command data F7`; device 7F and format 7F are all. A cue is ASCII
//! digits and points: number, then after a 00 its list, then after a 00 its path.
//! Machine control (MIDI Machine Control 1.0): `F0 7F device 06 commands F7`; commands below 40 are one byte, those from 40 to 77 carry
//! a count and so many bytes. Locate is `44 06 01 hh mm ss ff sf`, hh with the frame rate in its bits 5 and 6.
//! Neither is answered.

use crate::show::TimeCode;

/// Who a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Show control for a device and a command format.
    Show {
        /// 0 to 127; 127 is all.
        device: u8,
        /// 0 to 127; 127 is all.
        format: u8,
    },
    /// Machine control for a device.
    Machine {
        /// 0 to 127; 127 is all.
        device: u8,
    },
}

/// What it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// GO of a cue, or of the next.
    Go(Option<String>),
    /// Machine control's PLAY.
    Play,
    /// Pause of a cue, or of all: show control's STOP, which its RESUME undoes, and machine control's PAUSE.
    Pause(Option<String>),
    /// Goes on: a cue, or all.
    Resume(Option<String>),
    /// Ends a cue, or all: show control's GO_OFF and ALL_OFF, machine control's STOP.
    Stop(Option<String>),
    /// The pointer to a cue.
    Standby(String),
    /// The pointer by one, back if it is -1.
    Move(i32),
    /// A tape would wind to there.
    Locate(TimeCode),
    /// A command that means nothing to a show caller.
    Other(u8),
    /// Cut short, or its data is not what its command takes.
    Broken,
}

/// Reads one whole message; `None` when it is neither.
#[must_use]
pub fn parse(bytes: &[u8]) -> Option<(For, Vec<Word>)> {
    let [0xF0, 0x7F, device @ 0..=0x7F, rest @ .., 0xF7] = bytes else { return None };
    if rest.iter().any(|byte| *byte >= 0x80) {
        return None;
    }
    match rest {
        [2, format, command, data @ ..] => Some((For::Show { device: *device, format: *format }, vec![show(*command, data)])),
        [6, commands @ ..] => Some((For::Machine { device: *device }, machine(commands))),
        _ => None,
    }
}

fn show(command: u8, data: &[u8]) -> Word {
    let Some(cue) = cue(data) else { return Word::Broken };
    match (command, cue) {
        (0x01, cue) => Word::Go(cue),
        (0x02, cue) => Word::Pause(cue),
        (0x03, cue) => Word::Resume(cue),
        (0x05, Some(cue)) => Word::Standby(cue),
        (0x08, _) => Word::Stop(None),
        (0x0B, cue) => Word::Stop(cue),
        (0x11, _) => Word::Move(1),
        (0x12, _) => Word::Move(-1),
        (0x05, None) => Word::Broken,
        (other, _) => Word::Other(other),
    }
}

/// The number of a cue; the inner `None`: no cue is named. The outer: the data is no cue.
fn cue(data: &[u8]) -> Option<Option<String>> {
    let number = data.split(|byte| *byte == 0).next().unwrap_or_default();
    let good = number.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    good.then(|| (!number.is_empty()).then(|| number.iter().copied().map(char::from).collect()))
}

fn machine(mut commands: &[u8]) -> Vec<Word> {
    let mut words = Vec::new();
    while let [command, rest @ ..] = commands {
        commands = rest;
        let mut data = &[][..];
        if (0x40..0x78).contains(command) {
            let Some((own, rest)) = rest.split_first().and_then(|(count, rest)| rest.split_at_checked(usize::from(*count))) else {
                words.push(Word::Broken);
                break;
            };
            (data, commands) = (own, rest);
        }
        words.push(match (*command, data) {
            (0x01, _) => Word::Stop(None),
            (0x02 | 0x03, _) => Word::Play,
            (0x09, _) => Word::Pause(None),
            (0x44, [1, hours, minutes, seconds, frames, ..]) => {
                let place = TimeCode { hours: hours & 0x1F, minutes: *minutes, seconds: *seconds, frames: frames & 0x1F };
                if place.is_whole() { Word::Locate(place) } else { Word::Broken }
            }
            (other, _) => Word::Other(other),
        });
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(device: u8, format: u8, word: Word) -> Option<(For, Vec<Word>)> {
        Some((For::Show { device, format }, vec![word]))
    }

    #[test]
    fn golden_show_control() {
        // GO of cue 12.5 in list 1, all devices, lighting.
        let go = [0xF0, 0x7F, 0x7F, 2, 1, 1, 0x31, 0x32, 0x2E, 0x35, 0, 0x31, 0xF7];
        assert_eq!(parse(&go), said(0x7F, 1, Word::Go(Some("12.5".into()))));
        // GO of the next cue, device 1.
        assert_eq!(parse(&[0xF0, 0x7F, 1, 2, 1, 1, 0xF7]), said(1, 1, Word::Go(None)));
        // STOP, RESUME, LOAD of cue 7, ALL_OFF, GO_OFF of cue 7, STANDBY_+ and STANDBY_-, all formats.
        for (data, word) in [
            (&[2][..], Word::Pause(None)),
            (&[3], Word::Resume(None)),
            (&[5, 0x37], Word::Standby("7".into())),
            (&[8], Word::Stop(None)),
            (&[0x0B, 0x37], Word::Stop(Some("7".into()))),
            (&[0x11], Word::Move(1)),
            (&[0x12, 0x31], Word::Move(-1)),
            (&[5], Word::Broken),
            (&[1, 0x41], Word::Broken),
            (&[0x18], Word::Other(0x18)),
        ] {
            let bytes = [&[0xF0, 0x7F, 5, 2, 0x7F], data, &[0xF7]].concat();
            assert_eq!(parse(&bytes), said(5, 0x7F, word));
        }
        // FIRE of macro 5 is no cue.
        assert_eq!(parse(&[0xF0, 0x7F, 0x7F, 2, 1, 7, 5, 0xF7]), said(0x7F, 1, Word::Broken));
    }

    #[test]
    fn golden_machine_control() {
        let all = For::Machine { device: 0x7F };
        // STOP, then LOCATE to 01:02:03:04 at 25 frames (21 = rate 01, hour 1), then PLAY.
        let bytes = [0xF0, 0x7F, 0x7F, 6, 1, 0x44, 6, 1, 0x21, 2, 3, 4, 0, 2, 0xF7];
        let place = TimeCode { hours: 1, minutes: 2, seconds: 3, frames: 4 };
        assert_eq!(parse(&bytes), Some((all, vec![Word::Stop(None), Word::Locate(place), Word::Play])));
        assert_eq!(parse(&[0xF0, 0x7F, 0x7F, 6, 9, 6, 0xF7]), Some((all, vec![Word::Pause(None), Word::Other(6)])));
        assert_eq!(parse(&[0xF0, 0x7F, 0x7F, 6, 0x44, 6, 1, 0xF7]), Some((all, vec![Word::Broken])));
        assert_eq!(parse(&[0xF0, 0x43, 0x10, 0xF7]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&bytes);
            let framed = [&[0xF0, 0x7F][..], &bytes, &[0xF7]].concat();
            if let Some((_, words)) = parse(&framed) {
                prop_assert!(words.len() <= bytes.len());
            }
        }
    }
}
