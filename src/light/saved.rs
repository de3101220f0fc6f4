//! A board in a checkpoint: only what differs from a rig at rest.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::mark::Mark;
use super::motion::{Level, Motion, State, Travel};
use super::overlay::Overlay;
use super::{Board, Layer};
use crate::show::{ParamIx, Rig, Swing};
use crate::time::{Mono, Span};

/// The state of a [`Board`] as a value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Saved {
    lag: Span,
    paused: Option<Mono>,
    named: Vec<u16>,
    motions: Vec<Motion>,
    /// One a layer.
    layers: Vec<Vec<SavedParam>>,
    /// Parameters that are not intensity and are seen of another layer than the first.
    held: Vec<(ParamIx, u16)>,
    /// Effects: list, parameter, what.
    swings: Vec<(u16, ParamIx, Swing)>,
    /// Parameters that stand where a cue to come wants them.
    #[serde(default)]
    marked: Vec<(ParamIx, Mark)>,
    over: Overlay,
}

/// One parameter that is not at rest at its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct SavedParam {
    ix: ParamIx,
    now: Travel,
    next: Option<Travel>,
    base: Level,
    owned: bool,
}

impl Board {
    /// The board as a value.
    #[must_use]
    pub fn save(&self) -> Saved {
        let named = (0_u16..).zip(&self.named).filter(|(_, named)| **named).map(|(u, _)| u).collect();
        let rest = |ix: u32| Travel::still(self.default_of(ParamIx(ix)));
        let differs = |ix: u32, s: &State| s.owned || s.next.is_some() || s.now != rest(ix) || s.base != rest(ix).to;
        let one = |(ix, s): (u32, &State)| SavedParam { ix: ParamIx(ix), now: s.now, next: s.next, base: s.base, owned: s.owned };
        let layer = |states: &Vec<State>| (0_u32..).zip(states).filter(|(ix, s)| differs(*ix, s)).map(one).collect();
        let held = (0_u32..).zip(&self.holders).filter(|(_, holder)| **holder > 0).map(|(ix, holder)| (ParamIx(ix), *holder)).collect();
        Saved {
            lag: self.lag,
            paused: self.paused,
            named,
            motions: self.motions.clone(),
            layers: self.layers.iter().map(layer).collect(),
            held,
            swings: self.waving.iter().map(|((list, ix), swing)| (*list, *ix, *swing)).collect(),
            marked: self.marked.iter().map(|(ix, mark)| (*ix, *mark)).collect(),
            over: self.over.clone(),
        }
    }

    /// The board of a checkpoint. What the rig no longer has is left out.
    #[must_use]
    pub fn restore(rig: Arc<Rig>, saved: &Saved) -> Self {
        let mut board = Self::new(rig);
        board.lag = saved.lag;
        board.paused = saved.paused;
        board.motions.clone_from(&saved.motions);
        for universe in &saved.named {
            if let Some(named) = board.named.get_mut(usize::from(*universe)) {
                *named = true;
            }
        }
        for (at, layer) in (0_u16..).zip(&saved.layers) {
            board.open(Layer::List(at));
            for param in layer {
                if let Some(state) = board.layers.get_mut(usize::from(at)).and_then(|l| l.get_mut(param.ix.at())) {
                    *state = State { now: param.now, next: param.next, base: param.base, owned: param.owned };
                }
                for travel in std::iter::once(param.now).chain(param.next) {
                    if let Some(end) = board.motions.get(travel.motion as usize).map(Motion::end) {
                        board.moves_until(param.ix.at(), end);
                    }
                }
            }
        }
        for (ix, holder) in &saved.held {
            if let Some(place) = board.holders.get_mut(ix.at()) {
                *place = *holder;
            }
        }
        board.waving = saved.swings.iter().map(|(list, ix, swing)| ((*list, *ix), *swing)).collect();
        board.marked = saved.marked.iter().copied().collect();
        board.lay(saved.over.clone());
        board.find_free();
        board.reckon();
        board
    }
}
