//! What somebody else's desk says to the show of a scenario: real bytes of MIDI and of Art-Net, heard as on the night.

use std::net::IpAddr;
use std::sync::Arc;

use showcall::devices::artnet;
use showcall::engine::{By, Intent, Snapshot};
use showcall::remote::artnet::Ear;
use showcall::remote::midi::Ears;
use showcall::show::{FrameRate, Show, TimeCode};
use showcall::time::Mono;

/// Who says what comes by Art-Net, when the script does not say it.
const DESK: &str = "10.0.0.9";

/// All ears of a show.
#[derive(Default)]
pub struct Heard {
    artnet: Ear,
    midi: Ears,
}

impl Heard {
    /// `art macro 5`, `art soft 5`, `art show 5`, `art g`, `art code 01:00:00:08 5` (so many frames of 25 a second from there); each may
    /// have `from 10.0.0.8` behind it.
    pub fn artnet(&mut self, now: Mono, show: &Show, words: &[&str]) -> Vec<(Intent, By)> {
        let (words, from) = match words {
            [words @ .., "from", host] => (words, *host),
            words => (words, DESK),
        };
        let packets = match words {
            ["code", from, count] => frames(from, count).map(frame).collect(),
            ["macro", number] => vec![key(1, number.parse().unwrap())],
            ["soft", number] => vec![key(2, number.parse().unwrap())],
            ["show", number] => vec![key(3, number.parse().unwrap())],
            [letter] if letter.len() == 1 => vec![key(0, letter.as_bytes()[0])],
            other => panic!("what is art {other:?}"),
        };
        let (host, by): (IpAddr, _) = (from.parse().unwrap(), By::Artnet(from.into()));
        let mut hear = |packet: &Vec<u8>| self.artnet.hear(now, show, host, artnet::word(packet).unwrap());
        packets.iter().flat_map(&mut hear).map(|intent| (intent, by.clone())).collect()
    }

    /// `midi PORT 90 3C 7F` (a message in hex), `midi PORT code 01:00:00:08 6` (so many frames of 25 a second from there, an even number).
    pub fn midi(&mut self, show: &Show, view: &Snapshot, words: &[&str]) -> Vec<(Intent, By)> {
        let (port, words) = words.split_first().unwrap();
        let messages = match words {
            ["code", from, count] => frames(from, count).step_by(2).flat_map(quarters).collect(),
            hex => vec![hex.iter().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect::<Vec<u8>>()],
        };
        let (port, by): (Arc<str>, _) = ((*port).into(), By::Midi((*port).into()));
        let intents = messages.iter().flat_map(|bytes| self.midi.hear(show, view, &port, bytes).intents);
        intents.map(|intent| (intent, by.clone())).collect()
    }
}

/// So many times from one on.
fn frames(from: &str, count: &str) -> impl Iterator<Item = TimeCode> {
    let first = TimeCode::parse(from).unwrap_or_else(|| panic!("{from} is no time"));
    std::iter::successors(Some(first), |time| Some(time.after(FrameRate::F25))).take(count.parse().unwrap())
}

/// ArtTrigger with a key of anybody's ("Art-Net 4 Protocol Release V1.4", ArtTrigger: filler, Oem, Key, SubKey, payload).
fn key(key: u8, sub_key: u8) -> Vec<u8> {
    [&b"Art-Net\0\x00\x99\x00\x0e\x00\x00\xff\xff"[..], &[key, sub_key], &[0; 512]].concat()
}

/// ArtTimeCode (filler, StreamId, frames, seconds, minutes, hours, type 1: 25 frames a second).
fn frame(time: TimeCode) -> Vec<u8> {
    [&b"Art-Net\0\x00\x97\x00\x0e\x00\x00"[..], &[time.frames, time.seconds, time.minutes, time.hours, 1]].concat()
}

/// The eight pieces of a time, which last two frames (MIDI Time Code, MMA RP-004: `F1 0nnndddd`; the last has the rate, 1 is 25).
fn quarters(time: TimeCode) -> Vec<Vec<u8>> {
    let whole = [time.frames, time.seconds, time.minutes, time.hours | 1 << 5];
    let pieces = whole.into_iter().flat_map(|byte| [byte & 0x0F, byte >> 4]);
    pieces.zip(0_u8..).map(|(data, piece)| vec![0xF1, piece << 4 | data]).collect()
}
