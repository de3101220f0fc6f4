//! How receivers put several senders of one universe together.

use super::SLOTS;

/// Packets that are this far behind the newest, or less, are late; one further behind is from a sender that began anew
/// (E1.31-2018, 6.7.2).
const LATE_WINDOW: u8 = 20;

/// Raises levels to those of another sender where they are higher: highest takes precedence.
pub fn highest(levels: &mut [u8; SLOTS], theirs: &[u8; SLOTS]) {
    for (level, theirs) in levels.iter_mut().zip(theirs) {
        *level = (*level).max(*theirs);
    }
}

/// Whether a packet comes again, or after one that was sent later.
#[must_use]
pub const fn is_late(newest: u8, sequence: u8) -> bool {
    newest.wrapping_sub(sequence) < LATE_WINDOW
}

/// With a node's name behind it, the key of the health fact that the node will not hold what it has when data stops.
pub const FAILSAFE_FACET: &str = "failsafe/";

/// What a node does when all its senders are silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Failsafe {
    /// The last frame stays.
    #[default]
    Hold,
    /// All to zero.
    Zero,
    /// All to full.
    Full,
    /// A recorded scene.
    Scene,
}

impl Failsafe {
    /// In the order of their bits in Art-Net's Status3.
    pub const ALL: [Self; 4] = [Self::Hold, Self::Zero, Self::Full, Self::Scene];

    /// What a technician calls it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Zero => "zero",
            Self::Full => "full",
            Self::Scene => "scene",
        }
    }

    /// By its word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.word() == word)
    }

    /// What it makes of the last frame. (Nobody here has recorded a scene: the frame stays.)
    pub fn act(self, levels: &mut [u8; SLOTS]) {
        match self {
            Self::Hold | Self::Scene => {}
            Self::Zero => levels.fill(0),
            Self::Full => levels.fill(255),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_of_two_levels_counts() {
        let (mut levels, mut theirs) = ([10; SLOTS], [5; SLOTS]);
        theirs[7] = 200;
        highest(&mut levels, &theirs);
        assert_eq!((levels[6], levels[7], levels[8]), (10, 200, 10));
    }

    #[test]
    fn twenty_behind_is_a_sender_that_began_anew() {
        assert!(is_late(10, 10) && is_late(10, 9) && is_late(5, 242), "the same, one behind, nineteen behind");
        assert!(!is_late(10, 11) && !is_late(255, 0) && !is_late(5, 241));
    }
}
