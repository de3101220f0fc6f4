//! What differs between the two layouts of the family.

use crate::show::Profile;

/// Which of the two parameter trees a console has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// X32, M32 and their racks.
    X32,
    /// XR12, XR16, XR18, MR12, MR18.
    XAir,
}

impl Layout {
    /// From the profile's fact `layout`; X32 when it says nothing.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        match profile.family_facts.get("layout").and_then(serde_json::Value::as_str) {
            Some("xair") => Self::XAir,
            _ => Self::X32,
        }
    }

    /// `/xremote` slots.
    #[must_use]
    pub const fn slots(self) -> usize {
        match self {
            Self::X32 => 4,
            Self::XAir => 8,
        }
    }

    /// The wire's address of a property's path. X-Air writes a bus master with one digit (`/bus/1/mix/fader`) but a send to it
    /// with two (`/ch/01/mix/01/level`), so that the patch's one name for the bus can not serve both as it stands.
    #[must_use]
    pub fn address(self, path: &str) -> String {
        match (self, path.strip_prefix("bus/0")) {
            (Self::XAir, Some(rest)) => format!("/bus/{rest}"),
            _ => format!("/{path}"),
        }
    }

    /// True when the simulated console has this strip (`ch/01`, `dca/1`, `config/mute/1`), by the numbers of the largest model.
    #[must_use]
    pub fn has(self, kind: &str, number: u32) -> bool {
        let (first, last) = match (self, kind) {
            (Self::X32, "ch") => (1, 32),
            (Self::X32, "auxin" | "fxrtn" | "dca") => (1, 8),
            (Self::X32, "bus") => (1, 16),
            (Self::X32, "mtx" | "config/mute") => (1, 6),
            (Self::X32, "headamp") => (0, 127),
            (Self::XAir, "ch") => (1, 16),
            (Self::XAir, "rtn" | "dca" | "fxsend" | "config/mute") => (1, 4),
            (Self::XAir, "bus") => (1, 6),
            (Self::XAir, "headamp") => (1, 24),
            _ => return false,
        };
        (first..=last).contains(&number)
    }

    /// How many sends a strip has.
    #[must_use]
    pub const fn sends(self) -> u32 {
        match self {
            Self::X32 => 16,
            Self::XAir => 10,
        }
    }
}
