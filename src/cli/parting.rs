//! What the people on site must know when the show has let go of its devices.

use crate::devices::dmx::merge::FAILSAFE_FACET;
use crate::engine::{DeviceView, Snapshot};
use crate::show::{Device, Show};

/// The nodes that will not hold the last look, a line each: `stage left: node 10.0.0.5 goes to zero when data stops: …`.
#[must_use]
pub fn warnings(show: &Show, last: &Snapshot) -> Vec<String> {
    let devices = show.devices.iter().zip(&last.devices);
    let of = |(device, view): (&Device, &DeviceView)| {
        let facets = view.facets.iter().filter(|facet| facet.key.starts_with(FAILSAFE_FACET));
        facets.map(|facet| format!("{}: {}", device.name, facet.text)).collect::<Vec<_>>()
    };
    devices.flat_map(of).collect()
}
