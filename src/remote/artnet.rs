//! Art-Net as a trigger: ArtTrigger and ArtTimeCode of anybody whom the show listens to.
//!
//! "Art-Net 4 Protocol Release V1.4": ArtTrigger carries a maker's number (OEM; FFFF is anybody's keys), a key and a sub-key. ArtTimeCode
//! carries a whole time once a frame; what it runs over is judged by the one reader of time code that MIDI has ([`super::midi::time_code`]).
//!
//! Two senders of time code at once are not mixed: the one that was heard first is followed until it has been silent for a second.

use std::net::IpAddr;

use super::midi::{intents, passed_over, time_code::Reader};
use crate::engine::Intent;
use crate::show::{ArtWord, Show, Trigger, TriggerMessage};
use crate::time::{Mono, Span};

/// A sender of time code that is silent for so long is followed no more.
const SILENT: Span = Span::secs(1);

/// What Art-Net has said so far, as far as it counts for what it says next.
#[derive(Debug, Default)]
pub struct Ear {
    time: Reader,
    /// Whose time code is followed, and when it was last heard.
    follows: Option<(IpAddr, Mono)>,
}

impl Ear {
    /// What a word means in this show; nothing when no trigger listens for it.
    pub fn hear(&mut self, now: Mono, show: &Show, from: IpAddr, word: ArtWord) -> Vec<Intent> {
        let heard = |trigger: &&Trigger| trigger.is_artnet() && (trigger.port.is_empty() || trigger.port.parse() == Ok(from));
        match word {
            ArtWord::Trigger { oem, key, sub_key } => {
                let said = TriggerMessage::ArtTrigger { oem, key, sub_key };
                let found = show.triggers.iter().filter(heard).find(|trigger| trigger.message == said);
                found.map(|trigger| intents(show, trigger.does)).unwrap_or_default()
            }
            ArtWord::Time { rate, time } => {
                match self.follows {
                    Some((who, at)) if who != from && now.since(at) < SILENT => return Vec::new(),
                    Some((who, _)) if who != from => self.time = Reader::default(),
                    _ => {}
                }
                self.follows = Some((from, now));
                let Some(passed) = self.time.frame(time, rate) else { return Vec::new() };
                passed_over(show, &passed, |trigger| match trigger.message {
                    TriggerMessage::ArtTimeCode(time) if heard(&trigger) => Some(time),
                    _ => None,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use super::*;
    use crate::show::{FrameRate, ListIx, Target, TimeCode, load_text};

    const DESK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 9));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 8));
    const PAL: FrameRate = FrameRate::F25;

    fn show() -> Arc<Show> {
        let text = "[show]\ntitle = \"t\"\nlooks = \"whole\"\nat_exit = \"leave\"\n[safe]\ntell = \"safe\"\n[remote]\nartnet = \"0.0.0.0:6454\"\n\
            [[trigger]]\nartnet = { ascii = \"g\" }\ngo = true\n[[trigger]]\nartnet = { macro = 5, from = \"10.0.0.9\" }\nstop = true\n\
            [[trigger]]\nartnet = { oem = 0x2A10, key = 7, sub_key = 255 }\npause = true\n\
            [[trigger]]\nartnet = { timecode = \"01:00:00:10\" }\nresume = true\n[[cue]]\nnumber = \"1\"\n";
        let loaded = load_text(&[("show.toml".into(), text.into())]);
        loaded.show.unwrap_or_else(|| panic!("{:?}", loaded.findings))
    }

    fn key(oem: u16, key: u8, sub_key: u8) -> ArtWord {
        ArtWord::Trigger { oem, key, sub_key }
    }

    fn at(frames: u8) -> ArtWord {
        ArtWord::Time { rate: PAL, time: TimeCode { hours: 1, minutes: 0, seconds: 0, frames } }
    }

    #[test]
    fn a_key_does_what_the_show_says_and_from_whom_it_says() {
        let (show, mut ear) = (show(), Ear::default());
        let mut heard = |from, word| ear.hear(Mono::ZERO, &show, from, word);
        assert_eq!(heard(OTHER, key(0xFFFF, 0, b'g')), [Intent::Go { list: ListIx(0), seen: None }]);
        assert_eq!(heard(OTHER, key(0xFFFF, 0, b'G')), []);
        assert_eq!(heard(OTHER, key(0xFFFF, 1, 5)), [], "only one desk may");
        assert_eq!(heard(DESK, key(0xFFFF, 1, 5)), [Intent::Stop { target: Target::All }]);
        assert_eq!(heard(DESK, key(0x2A10, 7, 255)), [Intent::Pause { target: Target::All }]);
        assert_eq!(heard(DESK, key(0xFFFF, 7, 255)), [], "a maker's own key is not anybody's");
    }

    #[test]
    fn time_runs_over_a_trigger_once_and_one_sender_is_followed() {
        let (show, mut ear) = (show(), Ear::default());
        let mut heard = |ms: u64, from, frames| ear.hear(Mono::ZERO + Span::ms(ms), &show, from, at(frames)).len();
        assert_eq!((8..10).map(|frame| heard(40, DESK, frame)).sum::<usize>(), 0);
        assert_eq!((9..13).map(|frame| heard(50, OTHER, frame)).sum::<usize>(), 0, "the first one is followed");
        assert_eq!((heard(80, DESK, 10), heard(90, DESK, 10), heard(120, DESK, 11)), (1, 0, 0));
        assert_eq!((9..13).map(|frame| heard(1200, OTHER, frame)).sum::<usize>(), 1, "the other, when the first is silent");
    }

    #[test]
    fn time_that_stands_does_nothing() {
        let (show, mut ear) = (show(), Ear::default());
        assert!((0..50).all(|_| ear.hear(Mono::ZERO, &show, DESK, at(10)).is_empty()));
    }
}
