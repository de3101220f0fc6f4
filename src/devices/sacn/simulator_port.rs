//! One universe at the simulated node: priority, merging, synchronization, failsafe.

use super::DATA_LOSS;
use super::codec::{Cid, Data, option};
use crate::devices::dmx::SLOTS;
use crate::devices::dmx::merge::{Failsafe, highest, is_late};
use crate::time::Mono;

/// Sources that a node follows at the same time; one more is ignored.
const SOURCES: usize = 8;

/// A universe that the node outputs.
#[derive(Debug)]
pub struct OutputPort {
    /// The sACN universe.
    pub universe: u16,
    /// Packets taken.
    pub frames: u64,
    /// What is on the line.
    pub levels: [u8; SLOTS],
    sources: Vec<Source>,
    /// What the next synchronization packet brings to the line.
    waiting: bool,
}

/// One source.
#[derive(Debug)]
struct Source {
    cid: Cid,
    name: String,
    priority: u8,
    sequence: u8,
    sync: u16,
    force: bool,
    /// Has been output in step with its synchronization packets.
    synchronized: bool,
    at: Mono,
    levels: [u8; SLOTS],
    /// What is output of it: behind `levels` while it waits for synchronization.
    shown: [u8; SLOTS],
}

impl OutputPort {
    /// A dark port.
    #[must_use]
    pub const fn new(universe: u16) -> Self {
        Self { universe, frames: 0, levels: [0; SLOTS], sources: Vec::new(), waiting: false }
    }

    /// Data came; `synchronous` tells whether synchronization packets of an address keep coming.
    pub fn take(&mut self, now: Mono, data: &Data<'_>, synchronous: bool) {
        let known = self.sources.iter().position(|source| source.cid == data.cid);
        // For visualisers, not to be output (6.2.6); neither are start codes other than that of levels.
        if data.has(option::PREVIEW) || data.start_code != 0 {
            return;
        }
        if let Some(source) = known.and_then(|at| self.sources.get(at))
            && is_late(source.sequence, data.sequence)
        {
            return;
        }
        if data.has(option::TERMINATED) {
            if let Some(at) = known {
                self.sources.remove(at);
                self.output();
            }
            return;
        }
        let at = known.unwrap_or(self.sources.len());
        if known.is_none() {
            if self.sources.len() >= SOURCES {
                return;
            }
            self.sources.push(Source::of(data));
        }
        let Some(source) = self.sources.get_mut(at) else { return };
        (source.priority, source.sequence, source.at) = (data.priority, data.sequence, now);
        (source.sync, source.force) = (data.sync, data.has(option::FORCE_SYNC));
        source.levels = [0; SLOTS];
        source.levels.iter_mut().zip(data.slots).for_each(|(level, slot)| *level = *slot);
        self.frames += 1;
        // A source that was in step stays so when its synchronization packets stop, unless it says otherwise (6.2.6, Force_Synchronization).
        let waits = source.sync != 0 && (synchronous || source.synchronized && !source.force);
        if waits {
            self.waiting = true;
        } else {
            source.shown = source.levels;
            source.synchronized = false;
            self.output();
        }
    }

    /// A synchronization packet came: what waits for its address is output.
    pub fn sync(&mut self, address: u16) {
        if !std::mem::take(&mut self.waiting) {
            return;
        }
        for source in &mut self.sources {
            if source.sync == address {
                (source.shown, source.synchronized) = (source.levels, true);
            } else if source.sync != 0 {
                self.waiting = true;
            }
        }
        self.output();
    }

    /// Synchronization packets of an address have stopped: what may go on without them does.
    pub fn sync_lost(&mut self, address: u16) {
        for source in self.sources.iter_mut().filter(|source| source.sync == address && source.force) {
            (source.shown, source.synchronized) = (source.levels, false);
        }
        self.output();
    }

    /// Leaves out silent sources; without any, does what the failsafe says.
    pub fn age(&mut self, now: Mono, failsafe: Failsafe) {
        let had = self.sources.len();
        self.sources.retain(|source| now.since(source.at) < DATA_LOSS);
        if had > 0 && self.sources.is_empty() {
            failsafe.act(&mut self.levels);
        } else if had != self.sources.len() {
            self.output();
        }
    }

    /// When a source has been silent for too long.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        self.sources.iter().map(|source| source.at + DATA_LOSS).min()
    }

    /// How many sources there are.
    #[must_use]
    pub const fn sources(&self) -> usize {
        self.sources.len()
    }

    /// The highest priority among its sources.
    #[must_use]
    pub fn priority(&self) -> Option<u8> {
        self.sources.iter().map(|source| source.priority).max()
    }

    /// The name of the source that it follows; of several the one that came first.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        let top = self.priority()?;
        self.sources.iter().find(|source| source.priority == top).map(|source| &*source.name)
    }

    /// Powered off and on: dark, and nobody is known.
    pub fn reboot(&mut self) {
        *self = Self::new(self.universe);
    }

    /// The highest priority wins; of equal ones the highest level (6.2.3).
    fn output(&mut self) {
        let Some(top) = self.priority() else { return };
        self.levels = [0; SLOTS];
        for source in self.sources.iter().filter(|source| source.priority == top) {
            highest(&mut self.levels, &source.shown);
        }
    }
}

impl Source {
    /// One that nothing has been taken of.
    fn of(data: &Data<'_>) -> Self {
        Self {
            cid: data.cid,
            name: super::codec::name(data.name),
            priority: data.priority,
            sequence: data.sequence,
            sync: 0,
            force: false,
            synchronized: false,
            at: Mono::ZERO,
            levels: [0; SLOTS],
            shown: [0; SLOTS],
        }
    }
}
