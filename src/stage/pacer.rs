//! When each universe is sent: at once when a GO changes it, then on a steady grid while it moves.
//!
//! 1. The first 16 universes that a GO changes leave at once, the rest one per 40 us: more at once overruns a node's receive buffer.
//! 2. A universe is never closer than 20 ms to its last frame (Art-Net 4, "DMX512 refresh": a node may drop what is faster).
//! 3. While the lights of a universe move it has a frame 44 times a second, always at the same place in the frame. At one instant at most
//!    sixteen of one output leave, one after the other, and with them those of another: few wakes of the thread serve many, and no node is
//!    sent more at once than at a GO. Between each sixteen the thread looks for what has come: a GO waits for no more than that.
//! 4. When the lights of a universe have come to rest, one last frame shows it. Keep-alive frames are the family's own business.

use std::collections::BTreeMap;

use crate::devices::earlier;
use crate::show::DeviceIx;
use crate::time::{Mono, Span};

/// Frames of a moving universe a second.
const RATE: u64 = 44;
/// Nanoseconds of one frame.
const FRAME: u64 = 1_000_000_000 / RATE;
/// Never two frames of one universe closer than this.
const CLOSEST: Span = Span::ms(20);
/// Universes that may leave at once: of all when a GO changes them, of each output on the grid.
const BURST: u64 = 16;
/// Universes of all outputs that leave at one instant of the grid, while there are instants enough.
const TOGETHER: usize = 32;
/// One more after this long.
const REFILL: u64 = 40_000;
/// A frame has at most so many instants at which universes leave, half a millisecond apart.
const INSTANTS: usize = 45;

/// Paces the universes of a rig by their index.
#[derive(Debug, Default)]
pub struct Pacer {
    last: Vec<Option<Mono>>,
    changed: Vec<bool>,
    /// Moved when their last frame was made: one more shows where they came to rest.
    live: Vec<bool>,
    waiting: usize,
    /// The instant at which the burst is full again.
    burst_full: Mono,
    grid: Option<Grid>,
    /// Universes in the order in which they are due in a frame, each with its instant.
    order: Vec<(u16, usize)>,
    /// So many instants.
    instants: usize,
}

/// The steady frames: the universe at `next` in the order is due at `frame` plus its share of the frame.
#[derive(Debug, Clone, Copy)]
struct Grid {
    frame: Mono,
    next: usize,
}

impl Pacer {
    /// For universes whose frames go to these outputs, by the universes' indexes.
    #[must_use]
    pub fn new(outputs: &[DeviceIx]) -> Self {
        let universes = outputs.len();
        let (order, instants) = spread(outputs);
        let (changed, live) = (vec![false; universes], vec![false; universes]);
        Self { last: vec![None; universes], changed, live, order, instants, ..Self::default() }
    }

    /// A universe's levels changed: it wants a frame as soon as it may have one.
    pub fn changed(&mut self, universe: u16) {
        if let Some(flag) = self.changed.get_mut(usize::from(universe)).filter(|flag| !**flag) {
            *flag = true;
            self.waiting += 1;
        }
    }

    /// Some lights move, or all rest. The grid starts with the movement; at rest every universe that moved wants its last frame.
    pub fn moving(&mut self, now: Mono, moving: bool) {
        match (moving, self.grid) {
            (true, None) => self.grid = Some(Grid { frame: now + Span(FRAME), next: 0 }),
            (false, Some(_)) => {
                self.grid = None;
                for at in 0..self.live.len() {
                    if self.live.get_mut(at).is_some_and(std::mem::take)
                        && let Ok(at) = u16::try_from(at)
                    {
                        self.changed(at);
                    }
                }
            }
            _ => {}
        }
    }

    /// Takes the universes that must be sent now into `out`: of those that are `named`, what changed and, on the grid, what `moves`.
    pub fn take(&mut self, now: Mono, named: impl Fn(u16) -> bool, moves: impl Fn(u16) -> bool, out: &mut Vec<u16>) {
        self.take_changed(now, &named, &moves, out);
        self.take_grid(now, &named, &moves, out);
    }

    fn take_changed(&mut self, now: Mono, named: &impl Fn(u16) -> bool, moves: &impl Fn(u16) -> bool, out: &mut Vec<u16>) {
        if self.waiting == 0 {
            return;
        }
        for at in 0..self.changed.len() {
            let Ok(universe) = u16::try_from(at) else { return };
            if !self.is_changed(at) || !self.may(at, now) {
                continue;
            }
            if !named(universe) {
                self.clear(at);
                continue;
            }
            if !self.spend(now) {
                return;
            }
            self.clear(at);
            self.sent(at, now, moves(universe));
            out.push(universe);
        }
    }

    fn take_grid(&mut self, now: Mono, named: &impl Fn(u16) -> bool, moves: &impl Fn(u16) -> bool, out: &mut Vec<u16>) {
        let Some(mut grid) = self.grid else { return };
        if now.since(grid.frame) > Span(2 * FRAME) {
            grid = Grid { frame: now, next: 0 };
        }
        // What is left is due at once: whoever waits has his turn before it.
        let full = out.len() + BURST as usize;
        while self.slot(grid) <= now
            && out.len() < full
            && let Some((universe, _)) = self.order.get(grid.next).copied()
        {
            let (moves, at) = (moves(universe), usize::from(universe));
            if (moves || self.live.get(at).is_some_and(|live| *live)) && named(universe) && self.may(at, now) {
                self.clear(at);
                self.sent(at, now, moves);
                out.push(universe);
            }
            grid.next += 1;
            if grid.next >= self.order.len() {
                grid = Grid { frame: grid.frame + Span(FRAME), next: 0 };
            }
        }
        self.grid = Some(grid);
    }

    /// When [`Self::take`] has something again.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        let changed = (self.waiting > 0).then(|| {
            let may = |at: usize| self.last.get(at).copied().flatten().map_or(Mono::ZERO, |last| last + CLOSEST);
            let first = (0..self.changed.len()).filter(|at| self.is_changed(*at)).map(may).min().unwrap_or_default();
            first.max(self.burst_full - Span((BURST - 1) * REFILL))
        });
        let grid = self.grid.filter(|_| !self.last.is_empty()).map(|grid| self.slot(grid));
        earlier(changed, grid)
    }

    /// When the grid's next universe is due.
    fn slot(&self, grid: Grid) -> Mono {
        let instant = self.order.get(grid.next).map_or(0, |(_, instant)| *instant);
        grid.frame + Span(FRAME * instant as u64 / self.instants.max(1) as u64)
    }

    /// A universe has been sent.
    #[must_use]
    pub fn has_sent(&self, universe: u16) -> bool {
        self.last.get(usize::from(universe)).is_some_and(Option::is_some)
    }

    fn is_changed(&self, at: usize) -> bool {
        self.changed.get(at).copied().unwrap_or(false)
    }

    fn may(&self, at: usize, now: Mono) -> bool {
        self.last.get(at).copied().flatten().is_none_or(|last| now.since(last) >= CLOSEST)
    }

    fn clear(&mut self, at: usize) {
        if let Some(flag) = self.changed.get_mut(at).filter(|flag| **flag) {
            *flag = false;
            self.waiting -= 1;
        }
    }

    fn sent(&mut self, at: usize, now: Mono, moves: bool) {
        if let (Some(last), Some(live)) = (self.last.get_mut(at), self.live.get_mut(at)) {
            (*last, *live) = (Some(now), moves);
        }
    }

    /// Takes one place of the burst; false when there is none now.
    fn spend(&mut self, now: Mono) -> bool {
        let full = self.burst_full.max(now);
        if full.since(now).0 > (BURST - 1) * REFILL {
            return false;
        }
        self.burst_full = full + Span(REFILL);
        true
    }
}

/// Universes in the order of their instants in a frame, each with its instant, and the number of instants. An output's universes go by
/// sixteen, each sixteen to the instant that has least of those that have none of that output.
fn spread(outputs: &[DeviceIx]) -> (Vec<(u16, usize)>, usize) {
    let mut own: BTreeMap<DeviceIx, Vec<u16>> = BTreeMap::new();
    for (output, universe) in outputs.iter().zip(0..) {
        own.entry(*output).or_default().push(universe);
    }
    let most = own.values().map(|universes| universes.len().div_ceil(BURST as usize)).max().unwrap_or_default();
    let instants = most.max(outputs.len().div_ceil(TOGETHER)).clamp(1, INSTANTS);
    let mut loads = vec![0; instants];
    let mut order = Vec::new();
    for universes in own.values() {
        let mut taken = vec![0_usize; instants];
        for together in universes.chunks(BURST as usize) {
            let Some(instant) = (0..instants).min_by_key(|at| (taken.get(*at), loads.get(*at))) else { continue };
            if let (Some(taken), Some(load)) = (taken.get_mut(instant), loads.get_mut(instant)) {
                *taken += 1;
                *load += together.len();
            }
            order.extend(together.iter().map(|universe| (*universe, instant)));
        }
    }
    order.sort_by_key(|(_, instant)| *instant);
    (order, instants)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const MS: u64 = 1_000_000;

    /// So many universes, sixteen a node.
    fn nodes(universes: usize) -> Vec<DeviceIx> {
        (0..universes).map(|at| DeviceIx(u16::try_from(at / 16).unwrap())).collect()
    }

    /// Runs the pacer as the stage does, until nothing is due before `end`; gives (instant, universe).
    fn run(pacer: &mut Pacer, from: Mono, end: Mono) -> Vec<(Mono, u16)> {
        let (mut now, mut sent) = (from, Vec::new());
        loop {
            let mut out = Vec::new();
            pacer.take(now, |_| true, |_| true, &mut out);
            sent.extend(out.into_iter().map(|universe| (now, universe)));
            match pacer.next_due() {
                Some(due) if due <= end => now = due.max(now + Span(1)),
                _ => return sent,
            }
        }
    }

    #[test]
    fn sixteen_leave_at_once_and_the_rest_one_by_one() {
        let mut pacer = Pacer::new(&nodes(20));
        (0..20).for_each(|universe| pacer.changed(universe));
        let sent = run(&mut pacer, Mono(1000), Mono(10 * MS));
        assert_eq!(sent.len(), 20);
        assert_eq!(sent.iter().filter(|(at, _)| *at == Mono(1000)).count(), 16);
        let later: Vec<u64> = sent.iter().skip(16).map(|(at, _)| at.0).collect();
        assert_eq!(later, [41_000, 81_000, 121_000, 161_000]);
    }

    #[test]
    fn a_universe_never_has_two_frames_within_20_ms() {
        for universes in [1, 7, 64, 300] {
            let mut pacer = Pacer::new(&nodes(universes));
            let (mut now, mut last) = (Mono(0), vec![None::<Mono>; universes]);
            for round in 0..400_u64 {
                pacer.moving(now, round % 50 < 30);
                if round % 7 == 0 {
                    (0..universes as u16).filter(|u| (u64::from(*u) + round) % 3 == 0).for_each(|u| pacer.changed(u));
                }
                let mut out = Vec::new();
                pacer.take(now, |_| true, |_| true, &mut out);
                for universe in out {
                    if let Some(before) = last[usize::from(universe)] {
                        assert!(now.since(before) >= CLOSEST, "universe {universe} at {now:?}");
                    }
                    last[usize::from(universe)] = Some(now);
                }
                now += Span(1_700_000);
            }
        }
    }

    #[test]
    fn while_lights_move_every_universe_has_44_frames_a_second() {
        let mut pacer = Pacer::new(&nodes(64));
        pacer.moving(Mono(0), true);
        let sent = run(&mut pacer, Mono(0), Mono(1_000 * MS));
        for universe in 0..64 {
            let frames = sent.iter().filter(|(_, u)| *u == universe).count();
            assert!((42..=44).contains(&frames), "universe {universe}: {frames}");
        }
    }

    #[test]
    fn at_one_instant_an_output_has_sixteen_at_the_most_and_the_frame_is_used_evenly() {
        let rigs: [(&str, Vec<DeviceIx>, usize, usize); 5] = [
            ("4 nodes of 16", nodes(64), 32, 32),
            ("32 nodes of 16", nodes(512), 32, 32),
            ("one output of 256", vec![DeviceIx(3); 256], 16, 16),
            ("a big one and many small ones", (0..200).map(|at| DeviceIx(if at % 2 == 0 { 0 } else { at })).collect(), 29, 28),
            ("one of 2000, more than the instants can part", vec![DeviceIx(0); 2000], 48, 32),
        ];
        for (name, rig, most, least) in rigs {
            let mut pacer = Pacer::new(&rig);
            pacer.moving(Mono(0), true);
            let sent = run(&mut pacer, Mono(FRAME / 2), Mono(2 * FRAME - FRAME / 60));
            assert_eq!(sent.len(), rig.len(), "{name}");
            let mut loads: BTreeMap<u64, BTreeMap<DeviceIx, usize>> = BTreeMap::new();
            for (at, universe) in &sent {
                let instant = loads.last_key_value().map(|(instant, _)| *instant).filter(|instant| at.0 - instant < 1000).unwrap_or(at.0);
                *loads.entry(instant).or_default().entry(rig[usize::from(*universe)]).or_default() += 1;
            }
            let of_a_wake = sent.chunk_by(|(a, _), (b, _)| a == b).map(<[_]>::len).max().unwrap();
            assert!(of_a_wake <= 16, "{name}: {of_a_wake} before anybody else has his turn");
            let all: Vec<usize> = loads.values().map(|outputs| outputs.values().sum()).collect();
            assert_eq!((*all.iter().max().unwrap(), *all.iter().min().unwrap()), (most, least), "{name}: {all:?}");
            let of_one = loads.values().flat_map(BTreeMap::values).max().unwrap();
            assert!(*of_one <= 16 || rig.len() == 2000, "{name}: {of_one} of one output at once");
        }
    }

    #[test]
    fn at_rest_there_is_one_last_frame_and_then_silence() {
        let mut pacer = Pacer::new(&nodes(3));
        pacer.moving(Mono(0), true);
        run(&mut pacer, Mono(0), Mono(100 * MS));
        pacer.moving(Mono(100 * MS), false);
        let sent = run(&mut pacer, Mono(100 * MS), Mono(10_000 * MS));
        let mut universes: Vec<u16> = sent.iter().map(|(_, universe)| *universe).collect();
        universes.sort_unstable();
        assert_eq!(universes, [0, 1, 2]);
        assert_eq!(pacer.next_due(), None);
    }

    #[test]
    fn only_what_moves_has_frames_on_the_grid_and_one_more_when_it_rests() {
        let mut pacer = Pacer::new(&nodes(4));
        pacer.moving(Mono(0), true);
        let (mut sent, mut now) = (Vec::new(), Mono(0));
        while now < Mono(500 * MS) {
            let mut out = Vec::new();
            pacer.take(now, |_| true, |universe| universe == 2 && now < Mono(250 * MS), &mut out);
            sent.extend(out.into_iter().map(|universe| (now, universe)));
            now = pacer.next_due().unwrap().max(now + Span(1));
        }
        assert!(sent.iter().all(|(_, universe)| *universe == 2), "{sent:?}");
        let after: Vec<_> = sent.iter().filter(|(at, _)| *at >= Mono(250 * MS)).collect();
        assert_eq!(after.len(), 1, "{after:?}");
    }

    #[test]
    fn the_frames_of_a_universe_are_evenly_apart_whatever_their_number() {
        for universes in [1, 3, 64, 100, 512] {
            let mut pacer = Pacer::new(&nodes(universes));
            pacer.moving(Mono(0), true);
            let sent = run(&mut pacer, Mono(0), Mono(300 * MS));
            for universe in [0, universes - 1] {
                let of: Vec<Mono> = sent.iter().filter(|(_, u)| usize::from(*u) == universe).map(|(at, _)| *at).collect();
                assert!(of.windows(2).all(|two| two[1].since(two[0]).0.abs_diff(FRAME) < 1000), "{universes}: {of:?}");
            }
        }
    }

    #[test]
    fn a_universe_that_no_cue_named_is_never_sent() {
        let mut pacer = Pacer::new(&nodes(2));
        pacer.changed(1);
        pacer.moving(Mono(0), true);
        let mut out = Vec::new();
        pacer.take(Mono(90 * MS), |_| false, |_| true, &mut out);
        assert!(out.is_empty());
    }
}
