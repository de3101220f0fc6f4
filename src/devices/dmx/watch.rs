//! Who sends what, how often and how evenly: kept of every universe that comes.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use super::SLOTS;
use super::heard::{Frame, Protocol, SourceKey};
use super::merge::{highest, is_late};
use crate::devices::sacn;
use crate::time::{Mono, Span};

/// Universes that are kept; more are left out.
const UNIVERSES: usize = 1024;
/// Sources of one universe that are kept.
const SOURCES: usize = 64;
/// Rate and jitter are of so many packets.
const WINDOW: usize = 64;

/// All universes, in the order of protocol and number.
#[derive(Debug, Default)]
pub struct Watch {
    universes: BTreeMap<(Protocol, u16), BTreeMap<SourceKey, Source>>,
}

/// One source of one universe.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name; empty for Art-Net.
    pub name: String,
    /// Where it sends from.
    pub from: IpAddr,
    /// 0 to 200.
    pub priority: u8,
    /// For visualisers.
    pub preview: bool,
    /// Packets taken.
    pub packets: u64,
    /// Packets that its sequence says are missing.
    pub lost: u64,
    /// Slots that it sends.
    pub slots: usize,
    /// Their levels.
    pub levels: [u8; SLOTS],
    sequence: Option<u8>,
    last: Mono,
    intervals: VecDeque<Span>,
}

impl Source {
    /// Packets a second, of the last ones; 0 before the second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        let mean = self.mean();
        if mean > 0.0 { 1e9 / mean } else { 0.0 }
    }

    /// How far the time between two packets is from its mean, on average, in ms.
    #[must_use]
    pub fn jitter_ms(&self) -> f64 {
        let (mean, count) = (self.mean(), self.intervals.len().max(1) as f64);
        self.intervals.iter().map(|span| (span.0 as f64 - mean).abs()).sum::<f64>() / count / 1e6
    }

    fn mean(&self) -> f64 {
        let sum: u64 = self.intervals.iter().map(|span| span.0).sum();
        sum as f64 / self.intervals.len().max(1) as f64
    }
}

impl Watch {
    /// A frame came.
    pub fn hear(&mut self, at: Mono, frame: &Frame<'_>) {
        let key = (frame.protocol, frame.universe);
        if self.universes.len() >= UNIVERSES && !self.universes.contains_key(&key) {
            return;
        }
        let sources = self.universes.entry(key).or_default();
        if frame.ends {
            sources.remove(&frame.source);
            return;
        }
        if sources.len() >= SOURCES && !sources.contains_key(&frame.source) {
            return;
        }
        let source = sources.entry(frame.source).or_insert_with(|| Source {
            name: if frame.protocol == Protocol::Sacn { sacn::name(frame.name) } else { String::new() },
            from: frame.from,
            priority: frame.priority,
            preview: frame.preview,
            packets: 0,
            lost: 0,
            slots: 0,
            levels: [0; SLOTS],
            sequence: None,
            last: at,
            intervals: VecDeque::new(),
        });
        source.take(at, frame);
    }

    /// Forgets sources that receivers have forgotten.
    pub fn age(&mut self, now: Mono) {
        for ((protocol, _), sources) in &mut self.universes {
            sources.retain(|_, source| now.since(source.last) < protocol.forgets_after());
        }
        self.universes.retain(|_, sources| !sources.is_empty());
    }

    /// Every universe with its sources.
    pub fn universes(&self) -> impl Iterator<Item = (Protocol, u16, impl Iterator<Item = (&SourceKey, &Source)>)> {
        self.universes.iter().map(|((protocol, universe), sources)| (*protocol, *universe, sources.iter()))
    }

    /// What a receiver outputs of a universe: the sources of the highest priority, the highest level of each slot. `None`: nothing.
    #[must_use]
    pub fn output(&self, protocol: Protocol, universe: u16) -> Option<(u8, [u8; SLOTS])> {
        let sources = || self.universes.get(&(protocol, universe)).into_iter().flat_map(BTreeMap::values).filter(|source| !source.preview);
        let top = sources().map(|source| source.priority).max()?;
        let mut levels = [0; SLOTS];
        sources().filter(|source| source.priority == top).for_each(|source| highest(&mut levels, &source.levels));
        Some((top, levels))
    }
}

impl Source {
    fn take(&mut self, at: Mono, frame: &Frame<'_>) {
        if self.packets > 0 {
            self.intervals.push_back(at.since(self.last));
            if self.intervals.len() > WINDOW {
                self.intervals.pop_front();
            }
        }
        if let (Some(before), Some(sequence)) = (self.sequence, frame.sequence) {
            self.packets += 1;
            self.last = at;
            if is_late(before, sequence) {
                return;
            }
            // Art-Net leaves 0 out when it wraps.
            let wraps = u8::from(frame.protocol == Protocol::ArtNet && sequence < before);
            let missing = sequence.wrapping_sub(before).wrapping_sub(1).wrapping_sub(wraps);
            // A larger step is a sender that began anew.
            self.lost += if missing < 64 { u64::from(missing) } else { 0 };
        } else {
            self.packets += 1;
            self.last = at;
        }
        (self.sequence, self.priority, self.preview, self.from) = (frame.sequence, frame.priority, frame.preview, frame.from);
        self.slots = frame.slots.len();
        self.levels = [0; SLOTS];
        self.levels.iter_mut().zip(frame.slots).for_each(|(level, slot)| *level = *slot);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn frame(source: u8, priority: u8, sequence: u8, slots: &[u8]) -> Frame<'_> {
        Frame {
            protocol: Protocol::Sacn,
            universe: 1,
            source: SourceKey::Sacn([source; 16]),
            name: b"desk",
            from: [10, 0, 0, source].into(),
            priority,
            sequence: Some(sequence),
            preview: false,
            ends: false,
            slots,
        }
    }

    fn only(watch: &Watch) -> Source {
        watch.universes().next().unwrap().2.next().unwrap().1.clone()
    }

    #[test]
    fn rate_and_jitter_are_of_the_times_between_packets() {
        let mut watch = Watch::default();
        let mut at = Mono(5);
        for nth in 0..100_u8 {
            watch.hear(at, &frame(1, 100, nth, &[nth]));
            at += Span::ms(if nth % 2 == 0 { 24 } else { 26 });
        }
        let source = only(&watch);
        assert!((source.rate() - 40.0).abs() < 0.1, "{}", source.rate());
        assert!((source.jitter_ms() - 1.0).abs() < 0.05, "{}", source.jitter_ms());
        assert_eq!((source.packets, source.lost, source.levels[0], source.slots), (100, 0, 99, 1));
    }

    #[test]
    fn what_is_missing_is_counted_and_what_comes_late_is_not_output() {
        let mut watch = Watch::default();
        for sequence in [250, 251, 254, 253, 2] {
            watch.hear(Mono(0), &frame(1, 100, sequence, &[sequence]));
        }
        let source = only(&watch);
        assert_eq!((source.lost, source.packets, source.levels[0]), (2 + 3, 5, 2), "252 253, 255 0 1");
        watch.hear(Mono(0), &frame(1, 100, 120, &[9]));
        assert_eq!(only(&watch).lost, 5, "it began anew");
    }

    #[test]
    fn the_output_is_the_highest_priority_and_of_equal_ones_the_highest_level() {
        let mut watch = Watch::default();
        watch.hear(Mono(0), &frame(1, 100, 0, &[200, 10]));
        watch.hear(Mono(0), &frame(2, 120, 0, &[50, 60]));
        watch.hear(Mono(0), &frame(3, 120, 0, &[40, 70]));
        let (priority, levels) = watch.output(Protocol::Sacn, 1).unwrap();
        assert_eq!((priority, &levels[..3]), (120, &[50, 70, 0][..]));
        for source in [2, 3] {
            watch.hear(Mono(0), &Frame { ends: true, ..frame(source, 120, 1, &[]) });
        }
        assert_eq!(watch.output(Protocol::Sacn, 1).unwrap().1[0], 200);
        watch.age(Mono(0) + Span::ms(2500));
        assert_eq!(watch.output(Protocol::Sacn, 1), None);
    }
}
