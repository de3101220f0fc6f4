//! The lighting rig: fixtures patched on universes, their parameters, and looks.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Curve, DeviceIx};
use crate::time::Span;

/// Index into [`Rig::params`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ParamIx(pub u32);

impl ParamIx {
    /// The position in its table.
    #[must_use]
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

/// All that is patched.
#[derive(Debug, Clone, Default)]
pub struct Rig {
    /// Universes in the order of their numbers.
    pub universes: Vec<Universe>,
    /// Fixtures in file order.
    pub fixtures: Vec<Fixture>,
    /// Parameters, those of one fixture together.
    pub params: Vec<Param>,
    /// Named selections.
    pub groups: Vec<FixtureGroup>,
    /// Named looks.
    pub looks: Vec<Look>,
}

/// One universe of 512 slots.
#[derive(Debug, Clone)]
pub struct Universe {
    /// The number that the show uses.
    pub number: u16,
    /// Where it goes.
    pub outputs: Vec<UniverseOutput>,
}

/// One output of a universe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UniverseOutput {
    /// The lighting device.
    pub device: DeviceIx,
    /// Art-Net Port-Address (0 to 32767) or sACN universe (1 to 63999).
    pub address: u16,
}

/// One fixture.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// The key in the file.
    pub key: Arc<str>,
    /// The fixture profile's key.
    pub profile: Arc<str>,
    /// Index into [`Rig::universes`].
    pub universe: u16,
    /// First slot, 1 to 512.
    pub address: u16,
    /// First parameter in [`Rig::params`].
    pub first_param: u32,
    /// How many parameters.
    pub param_count: u32,
}

/// One controllable parameter: a value of 16 bits whatever the number of slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param {
    /// Index into [`Rig::fixtures`].
    pub fixture: u32,
    /// What it controls.
    pub attribute: Attribute,
    /// Index into [`Rig::universes`].
    pub universe: u16,
    /// Slot of the high byte, 0 to 511.
    pub coarse: u16,
    /// Slot of the low byte, 0 to 511.
    pub fine: Option<u16>,
    /// Where it rests when nothing names it (a shutter rests open).
    pub default: u16,
    /// Jumps at the start of a fade instead of travelling.
    pub snap: bool,
    /// Gives light: fades out when a whole look leaves the fixture out. The dimmer, or the colours of a fixture without one.
    pub intensity: bool,
}

/// Attributes by their GDTF names (DIN SPEC 15800, Annex A); the small set of the built-in fixtures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Attribute {
    Dimmer,
    #[serde(rename = "ColorAdd_R")]
    Red,
    #[serde(rename = "ColorAdd_G")]
    Green,
    #[serde(rename = "ColorAdd_B")]
    Blue,
    #[serde(rename = "ColorAdd_W")]
    White,
    #[serde(rename = "ColorAdd_RY")]
    Amber,
    Pan,
    Tilt,
    #[serde(rename = "Shutter1")]
    Shutter,
    Zoom,
    Focus1,
    #[serde(rename = "Gobo1")]
    Gobo,
    #[serde(rename = "Color1")]
    ColorWheel,
    Control1,
}

/// A named selection of fixtures.
#[derive(Debug, Clone)]
pub struct FixtureGroup {
    /// The key in the file.
    pub key: Arc<str>,
    /// Indexes into [`Rig::fixtures`], in file order.
    pub fixtures: Vec<u32>,
}

/// A named look: values of parameters.
#[derive(Debug, Clone)]
pub struct Look {
    /// The key in the file.
    pub key: Arc<str>,
    /// What it sets, sorted by parameter.
    pub values: Vec<(ParamIx, u16)>,
}

/// A change of the lights: targets and how they are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LightAct {
    /// Targets, sorted by parameter; 0 to 65535.
    pub values: Vec<(ParamIx, u16)>,
    /// Parameters that the show lets go of: they return to their default.
    pub release: Vec<ParamIx>,
    /// Time of intensities that rise, and of everything that is not intensity.
    pub up: Span,
    /// Time of intensities that fall.
    pub down: Span,
    /// Wait before it moves.
    pub delay: Span,
    /// Shape.
    pub curve: Curve,
    /// What happens to intensities that it does not name.
    pub rest: Rest,
    /// What a person calls it: the look's name, or the selection.
    pub label: Arc<str>,
}

/// What happens to intensities that a change does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rest {
    /// They fade out with it.
    #[default]
    Out,
    /// They stay.
    Keep,
}
