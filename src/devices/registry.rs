//! Every family there is, one line each.

use super::{Family, artnet, atem, hyperdeck, midi, obs, osc, pjlink, sacn, text, x32};

/// All families.
pub const FAMILIES: &[Family] = &[
    artnet::FAMILY,
    atem::FAMILY,
    hyperdeck::FAMILY,
    midi::FAMILY,
    midi::TCP,
    obs::FAMILY,
    osc::FAMILY,
    pjlink::FAMILY,
    sacn::FAMILY,
    text::FAMILY,
    x32::FAMILY,
];

/// The family of this name.
#[must_use]
pub fn family(name: &str) -> Option<Family> {
    FAMILIES.iter().find(|family| family.name == name).copied()
}
