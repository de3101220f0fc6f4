//! Properties: one for each device and path, however many cues name it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::Loader;
use super::patch::Member;
use crate::show::profile_text::{cut, matched};
use crate::show::{DeviceIx, PropIx, PropSpec, Property, Value};

/// The names that fill a path: table and member.
pub(super) type Args<'a> = [(&'a str, &'a Member)];

impl Loader<'_> {
    /// The property of a device by the profile's key and the names that fill its path.
    pub(super) fn prop(&mut self, device: DeviceIx, key: &Arc<str>, spec: &PropSpec, args: &Args<'_>) -> Option<PropIx> {
        let plain = cut(&spec.path, b'{').is_none();
        let path = if plain { Cow::Borrowed(&*spec.path) } else { fill(&spec.path, args, |member| &member.fragment).into() };
        if let Some(ix) = self.props.get(device.at())?.get(&*path) {
            return Some(*ix);
        }
        let path: Arc<str> = path.into();
        let ix = PropIx(u32::try_from(self.show.props.len()).ok()?);
        let profile = Arc::clone(&self.show.device(device).profile);
        let over = self.patches.get(device.at()).and_then(|patch| patch.overrides.get(key)).copied().unwrap_or_default();
        let args_kept: BTreeMap<Arc<str>, Arc<str>> =
            args.iter().map(|(table, member)| (self.texts.keep(table), Arc::clone(&member.fragment))).collect();
        self.show.props.push(Property {
            device,
            path: Arc::clone(&path),
            label: fill(&spec.label, args, |member| &member.name).into(),
            spec: Arc::clone(key),
            args: args_kept,
            class: over.class.unwrap_or(spec.class),
            on_return: over.on_return.unwrap_or(spec.on_return),
            proof: spec.proof,
            lands_within: over.lands_within.or(spec.lands_within).unwrap_or(profile.limits.lands_within),
            tolerance: spec.tolerance,
            masked_by: Vec::new(),
            requires: Vec::new(),
            moves: Vec::new(),
            barrier: spec.barrier,
            pausable: spec.pausable,
            faded_by: None,
            mic: spec.mic.as_ref().is_some_and(|inputs| path.starts_with(&**inputs)),
        });
        self.props.get_mut(device.at())?.insert(path, ix);
        if let Some(device) = self.show.devices.get_mut(device.at()) {
            device.props.push(ix);
        }
        // The property stands in its table before its neighbours are looked up, so that two that move each other end.
        let mut ties = |near: &[(Arc<str>, Value)]| {
            let found = near.iter().filter_map(|(near, value)| Some((self.neighbour(device, near, args)?, value.clone())));
            found.collect::<Vec<_>>()
        };
        let (masked_by, requires) = (ties(&spec.masked_by), ties(&spec.requires));
        let moves: Vec<_> = spec.moves.iter().filter_map(|near| self.neighbour(device, near, args)).collect();
        let faded_by = spec.faded_by.as_deref().and_then(|near| self.neighbour(device, near, args));
        if let Some(property) = self.show.props.get_mut(ix.at()) {
            property.faded_by = faded_by;
            property.masked_by = masked_by;
            property.requires = requires;
            property.moves = moves;
        }
        Some(ix)
    }

    /// A property that another one names: by the profile's key or its path, filled with the same names, or by a path with its places filled
    /// (`config/mute/1`). A key whose path needs a name that this property does not have stands for no single property.
    fn neighbour(&mut self, device: DeviceIx, near: &str, args: &Args<'_>) -> Option<PropIx> {
        let profile = Arc::clone(&self.show.device(device).profile);
        let by_name = profile.props.get_key_value(near).or_else(|| profile.props.iter().find(|(_, spec)| &*spec.path == near));
        let Some((key, spec)) = by_name else {
            let (key, spec, holes) = profile.props.iter().find_map(|(key, spec)| Some((key, spec, matched(&spec.path, near)?)))?;
            let member = |text: &str| Member { name: text.into(), fragment: text.into() };
            let members: Vec<_> = holes.into_iter().map(|(table, text)| (table, member(text))).collect();
            let args: Vec<_> = members.iter().map(|(table, member)| (*table, member)).collect();
            return self.prop(device, key, spec, &args);
        };
        let filled = crate::show::profile_text::placeholders(&spec.path).all(|table| args.iter().any(|(known, _)| *known == table));
        if filled { self.prop(device, key, spec, args) } else { None }
    }
}

/// A template with its placeholders filled.
fn fill<'a>(template: &str, args: &'a Args<'_>, part: impl Fn(&'a Member) -> &'a str) -> String {
    let mut out = String::with_capacity(template.len() + 8);
    let mut rest = template;
    while let Some((head, tail)) = cut(rest, b'{') {
        out.push_str(head);
        match cut(tail, b'}') {
            Some((table, after)) => {
                match args.iter().find(|(known, _)| *known == table) {
                    Some((_, member)) => out.push_str(part(member)),
                    None => out.push_str(table),
                }
                rest = after;
            }
            None => rest = tail,
        }
    }
    out.push_str(rest);
    out
}
