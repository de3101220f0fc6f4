//! Which hardware profile a device that answered wants: by maker, port and model as the profiles state them.

use super::Answer;
use crate::show::Library;

/// Profiles that may fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// This one: its model's own, or the only one for such devices.
    Exact(String),
    /// A model whose name begins like the device's: look whether it has what you need.
    Near(String),
    /// Several, and the answer does not say which.
    OneOf(Vec<String>),
    /// None.
    None,
}

/// The profile for a device.
#[must_use]
pub fn fit(library: &Library, answer: &Answer) -> Fit {
    let profiles = || library.keys().into_iter().filter_map(|key| library.profile(key));
    let fits = |maker: &str| answer.maker.is_empty() || plain(maker) == plain(answer.maker);
    let may: Vec<(String, String)> =
        profiles().filter(|p| p.port == answer.port && fits(&p.maker)).map(|p| (p.key.to_string(), plain(&p.model))).collect();
    // Some say their maker's short name first: "Blackmagic ATEM Mini".
    let maker = plain(answer.maker.split(' ').next().unwrap_or_default());
    let models: Vec<String> = answer
        .models
        .iter()
        .map(|model| plain(model))
        .map(|model| model.strip_prefix(&maker).map_or(model.clone(), str::to_owned))
        .collect();
    for model in &models {
        if let Some((key, _)) = may.iter().find(|(_, own)| own == model) {
            return Fit::Exact(key.clone());
        }
    }
    if let [(only, _)] = may.as_slice() {
        return Fit::Exact(only.clone());
    }
    for model in &models {
        let near = may.iter().filter(|(_, own)| !own.is_empty() && model.starts_with(own.as_str())).max_by_key(|(_, own)| own.len());
        if let Some((key, _)) = near {
            return Fit::Near(key.clone());
        }
    }
    if may.is_empty() { Fit::None } else { Fit::OneOf(may.into_iter().map(|(key, _)| key).collect()) }
}

/// Letters and digits alone, small: `M/E 2` is `me2`.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
