//! The lighting rig: fixtures patched on universes, their parameters, and looks.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::dmx::{Reach, Slots};
use super::fixture::lies_in;
use super::{AttrIx, Attribute, Curve, DeviceIx, FixtureChannel, FixtureProfile, Swing, Timing, When};
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
    /// What the parameters control, each attribute once.
    pub attributes: Vec<Attribute>,
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

/// The priority of an sACN output that says none (E1.31-2018, 6.2.3).
pub const DEFAULT_PRIORITY: u8 = 100;

/// One output of a universe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UniverseOutput {
    /// The lighting device.
    pub device: DeviceIx,
    /// Art-Net Port-Address (0 to 32767) or sACN universe (1 to 63999).
    pub address: u16,
    /// sACN: 0 to 200, the highest of several sources wins. Art-Net has none.
    pub priority: u8,
}

impl UniverseOutput {
    /// An output of the usual priority.
    #[must_use]
    pub const fn new(device: DeviceIx, address: u16) -> Self {
        Self { device, address, priority: DEFAULT_PRIORITY }
    }
}

/// One fixture.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// The key in the file.
    pub key: Arc<str>,
    /// What it is.
    pub profile: Arc<FixtureProfile>,
    /// Index into [`FixtureProfile::modes`].
    pub mode: u16,
    /// Where each break of the mode is patched.
    pub breaks: Vec<Patched>,
    /// First parameter in [`Rig::params`]; they stand in the order of [`super::FixtureMode::channels`].
    pub first_param: u32,
    /// How many parameters.
    pub param_count: u32,
}

/// Where one break of a fixture begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patched {
    /// Index into [`Rig::universes`].
    pub universe: u16,
    /// First slot, 1 to 512.
    pub address: u16,
}

/// A fixture, or one of its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part {
    /// Index into [`Rig::fixtures`].
    pub fixture: u32,
    /// 0: the whole fixture with all its cells. From 1: one cell.
    pub cell: u16,
}

/// One controllable parameter: a value of 32 bits whatever the number of slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param {
    /// Index into [`Rig::fixtures`].
    pub fixture: u32,
    /// 0: the whole fixture. From 1: a cell.
    pub cell: u16,
    /// What it controls.
    pub attribute: AttrIx,
    /// Index into [`Rig::universes`].
    pub universe: u16,
    /// Slots in the universe, from 0; none for a virtual dimmer.
    pub slots: Slots,
    /// Where it rests when nothing names it (a shutter rests open).
    pub default: u32,
    /// Where it goes when somebody looks for this light.
    pub highlight: u32,
    /// Jumps at the start of a fade instead of travelling.
    pub snap: bool,
    /// Where on the wire its 0% and 100% are.
    pub reach: Reach,
    /// Gives light: fades out when a whole look leaves the fixture out. A dimmer, real or virtual, that is under no other.
    pub intensity: bool,
    /// The virtual dimmer that scales it on its way to the wire.
    pub dimmer: Option<ParamIx>,
    /// Its slots are this only while another parameter says so ([`Rig::shows`]).
    pub switched: bool,
    /// Moved in the dark, it may bring light: it says what other slots are, and no dimmer on the wire has all of its light.
    pub reveals: bool,
}

impl Param {
    /// Its value in a frame of its universe.
    #[must_use]
    pub fn read(&self, slots: &[u8; 512]) -> u32 {
        self.reach.read(self.slots.read(slots))
    }
}

impl Rig {
    /// The parameters of a fixture, cells and all.
    pub fn params_of(&self, fixture: u32) -> impl Iterator<Item = (ParamIx, &Param)> {
        let range = self.fixtures.get(fixture as usize).map_or(0..0, |one| one.first_param..one.first_param + one.param_count);
        range.filter_map(|at| Some((ParamIx(at), self.params.get(at as usize)?)))
    }

    /// The parameters of a part.
    pub fn params_of_part(&self, part: Part) -> impl Iterator<Item = (ParamIx, &Param)> {
        self.params_of(part.fixture).filter(move |(_, param)| part.cell == 0 || param.cell == part.cell)
    }

    /// What the profile says of a parameter.
    #[must_use]
    pub fn channel(&self, ix: ParamIx) -> Option<&FixtureChannel> {
        let fixture = self.fixtures.get(self.params.get(ix.at())?.fixture as usize)?;
        let nth = ix.0.checked_sub(fixture.first_param)?;
        fixture.profile.modes.get(usize::from(fixture.mode))?.channels.get(nth as usize)
    }

    /// The parameter that says whether the slots of another are what that one is, and where it must be; `None`: they always are.
    #[must_use]
    pub fn when(&self, ix: ParamIx) -> Option<(ParamIx, &When)> {
        let param = self.params.get(ix.at()).filter(|param| param.switched)?;
        let when = self.channel(ix)?.when.as_ref()?;
        Some((ParamIx(self.fixtures.get(param.fixture as usize)?.first_param + u32::from(when.master)), when))
    }

    /// Whether its slots are what a parameter is, while the one that switches them is at `value`.
    pub fn shows(&self, ix: ParamIx, value: impl FnOnce(ParamIx) -> u32) -> bool {
        self.when(ix).is_none_or(|(master, when)| when.holds(value(master)))
    }

    /// The attribute of a parameter.
    #[must_use]
    pub fn attribute(&self, param: &Param) -> Option<&Attribute> {
        self.attributes.get(param.attribute.at())
    }

    /// The universes that show a parameter: its own, or those of what it scales. May repeat.
    pub fn universes_of(&self, ix: ParamIx) -> impl Iterator<Item = u16> {
        let param = self.params.get(ix.at());
        let scales = param.filter(|param| param.slots.bytes() == 0).map(|param| param.fixture);
        let scaled = scales.into_iter().flat_map(|fixture| self.params_of(fixture)).filter(move |(_, one)| one.dimmer == Some(ix));
        param.map(|param| param.universe).into_iter().chain(scaled.map(|(_, one)| one.universe))
    }
}

/// A named selection of fixtures.
#[derive(Debug, Clone)]
pub struct FixtureGroup {
    /// The key in the file.
    pub key: Arc<str>,
    /// Fixtures and cells as the file has them, each once.
    pub parts: Vec<Part>,
}

/// A named look: values of parameters.
#[derive(Debug, Clone)]
pub struct Look {
    /// The key in the file.
    pub key: Arc<str>,
    /// What it sets, sorted by parameter.
    pub values: Vec<(ParamIx, u32)>,
    /// Which of these it does not name itself, as in [`LightAct::needs`].
    pub needs: Vec<Need>,
}

/// A value that nobody named: what an act does name is there only while this parameter is in one of these ranges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// What says what other slots are.
    pub ix: ParamIx,
    /// First and last of each range, in order.
    pub within: Arc<[(u32, u32)]>,
}

/// A change of the lights: targets and how they are reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LightAct {
    /// Targets, sorted by parameter; 32 bits of full.
    pub values: Vec<(ParamIx, u32)>,
    /// Which targets serve others, sorted by parameter: such a parameter stays where it is when that will do ([`Self::target`]).
    pub needs: Vec<Need>,
    /// Parameters that the show lets go of: they return to their default.
    pub release: Vec<ParamIx>,
    /// Effects that begin or end, sorted by parameter.
    pub swings: Vec<(ParamIx, Swing)>,
    /// Time of intensities that rise, and of everything that is not intensity.
    pub up: Span,
    /// Time of intensities that fall.
    pub down: Span,
    /// Wait before it moves.
    pub delay: Span,
    /// Shape.
    pub curve: Curve,
    /// Times of parameters that have others than the act.
    pub times: Vec<Timing>,
    /// Which of `times` a parameter has, sorted by parameter.
    pub timed: Vec<(ParamIx, u16)>,
    /// What happens to intensities that it does not name.
    pub rest: Rest,
    /// Brings back what its list wants of parameters that another list has moved since.
    pub assert: bool,
    /// Nothing that earlier cues left may stay unnamed: `check` tells of it.
    pub block: bool,
    /// Dark lights turn and change colour in its time, to be seen; else they do before their light comes.
    pub live: bool,
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

impl LightAct {
    /// Where a parameter goes that the act sends to `to` and that the run wants at `held`.
    #[must_use]
    pub fn target(&self, ix: ParamIx, to: u32, held: impl FnOnce() -> u32) -> u32 {
        let Ok(at) = self.needs.binary_search_by_key(&ix, |need| need.ix) else { return to };
        let held = held();
        let serves = self.needs.get(at).is_some_and(|need| lies_in(&need.within, held));
        if serves { held } else { to }
    }
}
