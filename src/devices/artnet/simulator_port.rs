//! One DMX output of the simulated node: merging, synchronous output, failsafe ("ArtDmx", "ArtSync").

use std::net::IpAddr;

use super::codec::{Dmx, PortAddress};
use super::{SOURCE_TIMEOUT, SYNC_TIMEOUT};
use crate::devices::dmx::merge::{Failsafe, highest, is_late};
use crate::devices::earlier;
use crate::time::Mono;

/// A port that outputs DMX.
#[derive(Debug)]
pub struct OutputPort {
    /// What it listens to.
    pub address: PortAddress,
    /// A short on its line.
    pub short: bool,
    /// Shown as merging though no second sender is there: the fault of a poke.
    pub told_merging: bool,
    /// ArtDmx packets taken.
    pub frames: u64,
    /// What is on the line.
    pub levels: [u8; 512],
    /// What the next ArtSync brings to the line.
    waiting: Option<[u8; 512]>,
    sources: Vec<Source>,
    /// After the end of a merge: the next sender is the only one (`Some(None)` while it has not come).
    only: Option<Option<(Option<IpAddr>, u8)>>,
    /// The source of the newest packet.
    newest: Option<IpAddr>,
    failed_safe: bool,
}

/// One sender: a host and its `physical`.
#[derive(Debug)]
struct Source {
    key: (Option<IpAddr>, u8),
    sequence: u8,
    levels: [u8; 512],
    at: Mono,
}

impl OutputPort {
    /// A dark port.
    #[must_use]
    pub fn new(address: PortAddress) -> Self {
        Self {
            address,
            short: false,
            told_merging: false,
            frames: 0,
            levels: [0; 512],
            waiting: None,
            sources: Vec::new(),
            only: None,
            newest: None,
            failed_safe: false,
        }
    }

    /// Two senders at once, or told to say so.
    #[must_use]
    pub fn merging(&self) -> bool {
        self.told_merging || self.sources.len() > 1
    }

    /// Levels came. A third sender is ignored.
    pub fn take(&mut self, now: Mono, from: Option<IpAddr>, dmx: Dmx<'_>, synchronous: bool) {
        let key = (from, dmx.physical);
        if let Some(only) = &mut self.only {
            if *only.get_or_insert(key) != key {
                return;
            }
            self.sources.retain(|source| source.key == key);
        }
        let place = self.sources.iter().position(|s| s.key == key);
        let Some(place) = place.or_else(|| (self.sources.len() < 2).then_some(self.sources.len())) else { return };
        if place == self.sources.len() {
            self.sources.push(Source { key, sequence: 0, levels: [0; 512], at: now });
        }
        let Some(source) = self.sources.get_mut(place) else { return };
        let late = dmx.sequence != 0 && source.sequence != 0 && is_late(source.sequence, dmx.sequence);
        if late {
            return;
        }
        (source.sequence, source.at) = (dmx.sequence, now);
        for (level, slot) in source.levels.iter_mut().zip(dmx.slots) {
            *level = *slot;
        }
        self.frames += 1;
        self.newest = from;
        self.failed_safe = false;
        let merged = self.merged();
        if synchronous && self.sources.len() == 1 {
            self.waiting = Some(merged);
        } else {
            (self.levels, self.waiting) = (merged, None);
        }
    }

    /// ArtSync from `from`: ignored unless it is the newest sender's.
    pub fn sync(&mut self, from: Option<IpAddr>) {
        if self.newest == from
            && let Some(levels) = self.waiting.take()
        {
            self.levels = levels;
        }
    }

    /// Ends merging: the next sender wins, the others are ignored ("ArtAddress", AcCancelMerge).
    pub fn cancel_merge(&mut self) {
        (self.only, self.told_merging) = (Some(None), false);
    }

    /// Leaves out silent senders; without any, does what the failsafe says. True when merging ended.
    pub fn age(&mut self, now: Mono, failsafe: Failsafe) -> bool {
        let (had, merged) = (!self.sources.is_empty(), self.sources.len() > 1);
        self.sources.retain(|s| now.since(s.at) < SOURCE_TIMEOUT);
        if self.sources.is_empty() && had && !self.failed_safe {
            self.failed_safe = true;
            failsafe.act(&mut self.levels);
        } else if merged && self.sources.len() == 1 {
            self.levels = self.merged();
            return true;
        }
        false
    }

    /// When a sender has been silent for too long, or a frame has waited for its ArtSync.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        self.sources.iter().map(|s| s.at + SOURCE_TIMEOUT).min()
    }

    /// Outputs what waits when ArtSync has not come for too long.
    pub fn release(&mut self) {
        if let Some(levels) = self.waiting.take() {
            self.levels = levels;
        }
    }

    /// Powered off and on: dark, and nobody is known.
    pub fn reboot(&mut self) {
        *self = Self { short: self.short, ..Self::new(self.address) };
    }

    /// Highest takes precedence.
    fn merged(&self) -> [u8; 512] {
        let mut levels = [0; 512];
        self.sources.iter().for_each(|source| highest(&mut levels, &source.levels));
        levels
    }
}

/// Whether a node is synchronous: it is from an ArtSync on, for as long as they keep coming.
#[derive(Debug, Default)]
pub struct Synchrony(Option<Mono>);

impl Synchrony {
    /// ArtSync came.
    pub fn heard(&mut self, now: Mono) {
        self.0 = Some(now);
    }

    /// Whether ArtDmx waits for ArtSync.
    #[must_use]
    pub fn holds(&self, now: Mono) -> bool {
        self.0.is_some_and(|at| now.since(at) < SYNC_TIMEOUT)
    }

    /// True once, when ArtSync has not come for too long.
    pub fn lapses(&mut self, now: Mono) -> bool {
        let lapses = self.0.is_some() && !self.holds(now);
        if lapses {
            self.0 = None;
        }
        lapses
    }

    /// When it lapses; the earlier of that and `other`.
    #[must_use]
    pub fn next_due(&self, other: Option<Mono>) -> Option<Mono> {
        earlier(self.0.map(|at| at + SYNC_TIMEOUT), other)
    }
}
