//! How a change of the lights moves: the times and shapes that a step gives.

use serde::{Deserialize, Serialize};

use super::{Curve, LightAct};
use crate::time::Span;

/// The times of a change, or of some of its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Timing {
    /// Time of intensities that rise, and of everything that is not intensity.
    pub up: Span,
    /// Time of intensities that fall.
    pub down: Span,
    /// Wait before it moves.
    pub delay: Span,
    /// Shape.
    pub curve: Curve,
}

impl Timing {
    /// From the start of the step to the end of its longest fade.
    #[must_use]
    pub fn whole(&self) -> Span {
        self.delay + self.up.max(self.down)
    }
}

/// What an effect repeats, between low and high.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wave {
    /// Up and down.
    Sine,
    /// High for a share of the period (of 65536), then low.
    Pulse {
        /// How much of it.
        share: u16,
    },
    /// One of three colours on its way around the hue circle.
    Hue,
}

/// An effect of one parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swing {
    /// What it repeats; `None` ends the effect, and the parameter goes where it would be without.
    pub wave: Option<Wave>,
    /// How long one round takes.
    pub period: Span,
    /// Where in its round it starts, in units of 2^-32.
    pub phase: u32,
    /// How far it goes; 65535 is the whole range.
    pub size: u16,
    /// From where.
    pub from: SwingFrom,
}

/// Where an effect stands in the range of its parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SwingFrom {
    /// Half of its size to either side of where the cues have the parameter.
    Around,
    /// From there up.
    Above,
    /// From there down; from full, where there is nothing to go down from.
    Below,
    /// From full down, whatever the cues say.
    Full,
    /// From nothing up, whatever the cues say: a filter that takes light away.
    Nothing,
}

impl LightAct {
    /// The times of what has none of its own.
    #[must_use]
    pub const fn timing(&self) -> Timing {
        Timing { up: self.up, down: self.down, delay: self.delay, curve: self.curve }
    }

    /// From the start of the step to the end of its longest fade.
    #[must_use]
    pub fn whole(&self) -> Span {
        self.times.iter().map(Timing::whole).fold(self.timing().whole(), Span::max)
    }
}
