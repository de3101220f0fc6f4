//! Which lights are dark, and which of their cells: what nobody sees there.

use std::collections::BTreeSet;

use super::Board;
use super::motion::{Motion, State};
use super::render::Known;
use crate::show::{Feature, Param, ParamIx, Rig};
use crate::time::Mono;

/// What of a light gives none.
#[derive(Debug, Clone, Default)]
pub(super) struct Shade {
    /// All of it.
    whole: bool,
    /// By cell from 1: it has dimmers, and they are down. Shorter than the cells are many: the others have none of their own.
    cells: Vec<Option<bool>>,
}

impl Shade {
    /// Whether nobody sees what a cell does by itself; 0: what the whole light does.
    pub(super) fn hides(&self, cell: u16) -> bool {
        self.whole || (cell != 0 && self.cells.get(usize::from(cell) - 1).copied().flatten() == Some(true))
    }

    /// Something of it is dark.
    pub(super) fn any(&self) -> bool {
        self.whole || self.cells.contains(&Some(true))
    }

    fn note(&mut self, cell: u16, dark: bool) {
        let Some(at) = usize::from(cell).checked_sub(1) else { return };
        if self.cells.len() <= at {
            self.cells.resize(at + 1, None);
        }
        if let Some(place) = self.cells.get_mut(at) {
            *place = Some(dark && *place != Some(false));
        }
    }
}

/// Which cells of a light something brings up.
#[derive(Debug, Clone, Default)]
pub(super) struct Lift {
    /// Some of its light, so that what the whole light does is seen.
    some: bool,
    /// All cells.
    all: bool,
    cells: BTreeSet<u16>,
}

impl Lift {
    /// A parameter comes up.
    pub(super) fn add(&mut self, rig: &Rig, param: &Param) {
        self.some |= param.intensity;
        self.all |= param.intensity && param.cell == 0;
        if dims_cell(rig, param) {
            self.cells.insert(param.cell);
        }
    }

    /// Nothing comes up.
    pub(super) fn is_none(&self) -> bool {
        !self.some && self.cells.is_empty()
    }

    /// Whether it brings light that shows what a cell does; 0: what the whole light does.
    pub(super) fn shows(&self, cell: u16) -> bool {
        if cell == 0 { self.some } else { self.all || self.cells.contains(&cell) }
    }
}

/// A dimmer of one cell, under one of the whole light or not.
fn dims_cell(rig: &Rig, param: &Param) -> bool {
    param.cell != 0 && rig.attribute(param).is_some_and(|attribute| attribute.feature == Feature::Dimmer)
}

/// With which cell a parameter is seen; 0: with any light of its fixture. A cell's dimmer brings its light, so the whole must hide it.
pub(super) fn seen_with(rig: &Rig, param: &Param) -> u16 {
    if dims_cell(rig, param) { 0 } else { param.cell }
}

impl Board {
    /// What of a fixture is dark and not on its way up; what waits for its rise is still dark. `stays`: nothing waits to rise, and nobody
    /// has parked it lit.
    pub(super) fn shade(&self, fixture: u32, t: Mono, stays: bool) -> Shade {
        let mut shade = Shade::default();
        let mut lit = false;
        for (ix, param) in self.rig.params_of(fixture).filter(|(_, param)| param.intensity || param.cell != 0) {
            if !param.intensity && !dims_cell(&self.rig, param) {
                continue;
            }
            let dark = self.gives_none(ix, param, t, stays);
            if param.intensity {
                shade.whole = dark && !lit;
                lit |= !dark;
            }
            shade.note(param.cell, dark);
        }
        shade
    }

    /// A dimmer that is down. One whose slots are something else, or what it dims, may be lit.
    fn gives_none(&self, ix: ParamIx, param: &Param, t: Mono, stays: bool) -> bool {
        let down = |state: &State| {
            let waits = state.next.is_some_and(|next| self.motions.get(next.motion as usize).is_some_and(|motion| !motion.begun(t)));
            self.value(state, t) == 0 && self.rests_dark(state, t) && !(stays && waits)
        };
        let parked = stays && self.fixed.get(&ix).is_some_and(|level| *level > 0);
        let dims = !param.switched || self.is_there(ix, t, &mut Known::default());
        let mut states = self.layers.iter().filter_map(|layer| layer.get(ix.at()));
        // Of intensities every list's is seen, of all else one.
        let held = || self.layers.get(usize::from(self.holder(ix.at()))).and_then(|layer| layer.get(ix.at())).is_some_and(down);
        dims && !parked && if param.intensity { states.all(down) } else { held() }
    }

    fn rests_dark(&self, state: &State, t: Mono) -> bool {
        let travel = self.current(state, t);
        travel.to == 0 && !self.motions.get(travel.motion as usize).is_some_and(Motion::waves)
    }
}
