//! Guarded properties by their own key: which of a device's the show names, and with which values.

use crate::show::{Act, DeviceIx, Keeping, PropIx, Show, Value};

/// The guarded properties of a device that the show's cues name, in its order, each with the values they give it.
/// A switch that one cue turns on can be turned off too.
pub(super) fn named(show: &Show, device: DeviceIx) -> Vec<(PropIx, Value)> {
    let mut found: Vec<(PropIx, Value)> = Vec::new();
    for act in show.cues.iter().flat_map(|cue| &cue.steps).flat_map(|step| &step.acts) {
        let Act::Want { prop, value, .. } = act else { continue };
        let guarded = show.props.get(prop.at()).is_some_and(|p| p.device == device && p.class == Keeping::Guarded);
        if !guarded {
            continue;
        }
        let other = if let Value::Switch(on) = value { Some(Value::Switch(!on)) } else { None };
        for value in std::iter::once(value.clone()).chain(other) {
            if !found.iter().any(|(of, known)| of == prop && *known == value) {
                found.push((*prop, value));
            }
        }
    }
    found
}
