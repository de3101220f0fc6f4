//! Frames of a board, made from what each universe was last laid out as: kept by whoever sends them.

use super::Board;
use super::render::Known;
use super::strip::Strip;
use crate::time::Mono;

/// Renders the universes of one board.
#[derive(Debug, Clone)]
pub struct Renderer {
    universes: Vec<Universe>,
    /// How often anything was new on the board when it was last asked.
    any: u64,
}

#[derive(Debug, Clone, Default)]
struct Universe {
    strip: Strip,
    /// The change of its ways that `strip` was laid out after; `None`: it never was.
    laid: Option<u64>,
    /// The news that were told.
    told: u64,
}

impl Renderer {
    /// Nothing is laid out yet; what is new on the board is told at the first [`Self::changed`].
    #[must_use]
    pub fn new(board: &Board) -> Self {
        Self { universes: vec![Universe::default(); board.rig.universes.len()], any: 0 }
    }

    /// The universes (indexes into [`crate::show::Rig::universes`]) that an act or a halt has changed since this was last asked, in order.
    /// Costs nothing while there is none, for it is asked at every wake.
    pub fn changed<'a>(&'a mut self, board: &'a Board) -> impl Iterator<Item = u16> + 'a {
        let any = board.changes.any_news();
        let universes = if std::mem::replace(&mut self.any, any) == any { &mut [] } else { self.universes.as_mut_slice() };
        universes.iter_mut().zip(0..).filter_map(|(universe, index)| {
            let news = board.changes.of(index).news;
            (std::mem::replace(&mut universe.told, news) != news).then_some(index)
        })
    }

    /// The 512 slots of a universe (index into [`crate::show::Rig::universes`]) at `now`.
    pub fn render(&mut self, board: &Board, now: Mono, index: u16, slots: &mut [u8; 512]) {
        let t = board.clock(now);
        let Some(universe) = self.universes.get_mut(usize::from(index)) else { return slots.fill(0) };
        let ways = board.changes.of(index).ways;
        if universe.laid != Some(ways) || !universe.strip.holds(t) {
            board.lay_out(&mut universe.strip, index, t);
            universe.laid = Some(ways);
        }
        let mut known = Known::default();
        universe.strip.frame(&board.motions, t, &mut known, slots);
        board.write_mixed(universe.strip.mixed(), t, &mut known, slots);
    }
}
