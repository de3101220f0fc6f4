//! A board in a checkpoint: only what differs from a rig at rest.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Board;
use super::board::{Motion, State, Travel};
use crate::show::{ParamIx, Rig};
use crate::time::{Mono, Span};

/// The state of a [`Board`] as a value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Saved {
    lag: Span,
    paused: Option<Mono>,
    named: Vec<u16>,
    motions: Vec<Motion>,
    params: Vec<SavedParam>,
}

/// One parameter that is not at rest at its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct SavedParam {
    ix: ParamIx,
    now: Travel,
    next: Option<Travel>,
    owned: bool,
}

impl Board {
    /// The board as a value.
    #[must_use]
    pub fn save(&self) -> Saved {
        let named = (0_u16..).zip(&self.named).filter(|(_, named)| **named).map(|(u, _)| u).collect();
        let params = (0_u32..)
            .zip(&self.states)
            .filter(|(ix, s)| s.owned || s.next.is_some() || s.now != Travel::still(self.default_of(ParamIx(*ix))));
        let params = params.map(|(ix, s)| SavedParam { ix: ParamIx(ix), now: s.now, next: s.next, owned: s.owned }).collect();
        Saved { lag: self.lag, paused: self.paused, named, motions: self.motions.clone(), params }
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
        for param in &saved.params {
            if let Some(state) = board.states.get_mut(param.ix.at()) {
                *state = State { now: param.now, next: param.next, owned: param.owned };
            }
        }
        board
    }
}
