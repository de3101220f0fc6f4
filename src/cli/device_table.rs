//! The tables of devices in the documentation, made from the registry and the built-in profiles.

use std::fmt::Write as _;

use crate::devices::registry::FAMILIES;
use crate::show::{Library, Profile, Proof};

/// One Markdown table a family: profile, device, port, and how far its properties prove that they landed.
#[must_use]
pub fn markdown(library: &Library) -> String {
    let profiles: Vec<_> = library.keys().into_iter().filter_map(|key| library.profile(key)).collect();
    let mut out = String::new();
    for family in FAMILIES {
        let own: Vec<_> = profiles.iter().filter(|profile| &*profile.family == family.name).collect();
        let _ = writeln!(out, "\n**{}**: {}\n", family.name, family.about);
        out.push_str("| profile | device | port | its properties are |\n|---|---|---|---|\n");
        for profile in own {
            let port = if profile.port == 0 { "-".to_owned() } else { profile.port.to_string() };
            let _ = writeln!(out, "| `{}` | {} {} | {port} | {} |", profile.key, profile.maker, profile.model, proofs(profile));
        }
    }
    let _ = writeln!(out, "\n**Fixtures**: {}", library.fixture_keys().iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", "));
    out
}

/// `12 read back, 3 acknowledged, 1 only sent`; of lighting nodes also their frames.
fn proofs(profile: &Profile) -> String {
    let kinds = [(Proof::Observed, "read back"), (Proof::Acked, "acknowledged"), (Proof::None, "only sent")];
    let counts = kinds.map(|(proof, word)| (profile.props.values().filter(|spec| spec.proof == proof).count(), word));
    let lights = match &*profile.family {
        "artnet" => Some("universe frames: sent, watched by the node's own word"),
        "sacn" => Some("universe frames: only sent, watched for other sources"),
        _ => None,
    };
    let told = counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    lights.map(str::to_owned).into_iter().chain(told).collect::<Vec<_>>().join(", ")
}
