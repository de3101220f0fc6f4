//! The patch of a device: `channels = { host = 1, lavs = ["host", "ceo"], playback = "aux 5" }`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use toml::de::DeValue;

use super::Loader;
use crate::show::fault::{Fault, nearest, suggestion};
use crate::show::fields::{Fields, Node, int_of};
use crate::show::profile_text::plural;
use crate::show::{DeviceIx, NamePattern, NameTable, PatchTable, Profile};

/// One name, as the show says it and as the wire knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// `host`.
    pub(super) name: Arc<str>,
    /// `ch/01`.
    pub(super) fragment: Arc<str>,
}

/// Names to members; a set has several. `None`: declared, but broken.
pub(super) type Patch = BTreeMap<Arc<str>, Option<Vec<Member>>>;

/// The patch as the model keeps it.
type ModelPatch = BTreeMap<Arc<str>, PatchTable>;

impl<'t> Loader<'t> {
    /// Reads every table of names that the profile knows: `channels` for `channel`.
    pub(super) fn patch(
        &mut self,
        device: &str,
        profile: &Profile,
        fields: &mut Fields<'t, 't>,
        tables: &mut BTreeMap<Arc<str>, Patch>,
    ) -> ModelPatch {
        let mut model = ModelPatch::new();
        for (table, names) in &profile.names {
            let Some(node) = fields.get_named(plural(table)) else { continue };
            let Some(entries) = Fields::of(node, format!("{} of device {device}", plural(table)), &mut self.faults) else { continue };
            let patch = self.patch_table(table, names, &entries.rest());
            let kept = patch.iter().filter_map(|(name, members)| {
                let fragments = members.as_ref()?.iter().map(|member| Arc::clone(&member.fragment)).collect();
                Some((Arc::clone(name), fragments))
            });
            model.insert(Arc::clone(table), kept.collect());
            tables.insert(Arc::clone(table), patch);
        }
        model
    }

    /// One table: single names first, then sets, which may name what stands below them and each other.
    fn patch_table(&mut self, table: &str, names: &NameTable, entries: &[(&'t str, Range<usize>, &'t Node<'t>)]) -> Patch {
        let mut patch = Patch::new();
        let mut sets = Vec::new();
        for (name, _, node) in entries {
            if node.get_ref().is_array() {
                sets.push((*name, *node));
            } else {
                let member = self.single(table, names, name, node);
                patch.insert((*name).into(), member.map(|member| vec![member]));
            }
        }
        // A set of sets is ready once its parts are; what never becomes ready names itself or nothing.
        while !sets.is_empty() {
            let before = sets.len();
            sets.retain(|(name, node)| {
                let ready = set_names(node).all(|part| patch.contains_key(part) || !entries.iter().any(|(known, ..)| *known == part));
                if ready {
                    let members = self.set(table, names, &patch, node);
                    patch.insert((*name).into(), members);
                }
                !ready
            });
            if sets.len() == before {
                for (name, node) in sets.drain(..) {
                    let message = format!("the set \"{name}\" contains itself");
                    self.faults.push(
                        Fault::rule("set-loop", node.span(), message).help("list only single names, or sets that do not lead back here"),
                    );
                    patch.insert(name.into(), None);
                }
            }
        }
        patch
    }

    /// `host = 1` or `playback = "aux 5"`.
    fn single(&mut self, table: &str, names: &NameTable, name: &str, node: &Node<'_>) -> Option<Member> {
        let said = match node.get_ref() {
            DeValue::String(text) => text.to_string(),
            value => match int_of(value) {
                Some(n) => n.to_string(),
                None => {
                    let message = format!("a {table} is a number, a text, or a list of names");
                    self.faults.push(Fault::rule("value", node.span(), message));
                    return None;
                }
            },
        };
        let Some(fragment) = fragment(names, &said) else {
            let message = format!("\"{said}\" is no {table} of this device");
            self.faults.push(Fault::rule("no-such-address", node.span(), message).help(choices(names)));
            return None;
        };
        Some(Member { name: self.keep(name), fragment: self.keep(&fragment) })
    }

    /// `lavs = ["host", "ceo"]`.
    fn set(&mut self, table: &str, names: &NameTable, patch: &Patch, node: &'t Node<'t>) -> Option<Vec<Member>> {
        let items = node.get_ref().as_array()?;
        let mut members: Vec<Member> = Vec::new();
        for item in items.iter() {
            let Some(part) = item.get_ref().as_str() else {
                let message = format!("a set lists names of the patch, so that each {table} is numbered once");
                self.faults.push(Fault::rule("value", item.span(), message).help("give the number a name of its own, and list that name"));
                return None;
            };
            match patch.get(part) {
                Some(found) => {
                    members.extend(found.iter().flatten().filter(|member| !members.contains(member)).cloned().collect::<Vec<_>>())
                }
                None => match names.fixed.get(part) {
                    Some(fragment) => members.push(Member { name: self.keep(part), fragment: Arc::clone(fragment) }),
                    None => {
                        let message = format!("the set names the {table} \"{part}\", which the patch does not have");
                        self.faults.unknown_as("unknown-name", item.span(), message, part, patch.keys().map(|name| &**name));
                        return None;
                    }
                },
            }
        }
        if members.is_empty() {
            self.faults.push(Fault::rule("value", node.span(), "the set is empty").help("list the names that belong to it"));
            return None;
        }
        Some(members)
    }

    /// The members that a name, or a list of names, stands for in a step.
    pub(super) fn members(&mut self, device: DeviceIx, table: &str, node: &'t Node<'t>) -> Option<Vec<Member>> {
        match node.get_ref() {
            DeValue::String(name) => self.named(device, table, name, node.span()),
            DeValue::Array(items) if !items.is_empty() => {
                let mut members: Vec<Member> = Vec::new();
                for item in items.iter() {
                    for member in self.members(device, table, item)? {
                        if !members.contains(&member) {
                            members.push(member);
                        }
                    }
                }
                Some(members)
            }
            _ => {
                let message = format!("{} names the {table} by the device's patch, in quotes, never by a bare number", self.subject);
                let help = format!("give it a name: {} = {{ name = 3 }} under the device", plural(table));
                self.faults.push(Fault::rule("bare-number", node.span(), message).help(help));
                None
            }
        }
    }

    /// One name of a step.
    fn named(&mut self, device: DeviceIx, table: &str, name: &str, span: Range<usize>) -> Option<Vec<Member>> {
        let patch = self.patches.get(device.at()).and_then(|patch| patch.tables.get(table));
        if let Some(found) = patch.and_then(|patch| patch.get(name)) {
            return found.clone();
        }
        let profile = Arc::clone(&self.show.device(device).profile);
        let names = profile.names.get(table)?;
        if let Some(fragment) = names.fixed.get(name) {
            return Some(vec![Member { name: self.keep(name), fragment: Arc::clone(fragment) }]);
        }
        // Without patterns any text is a name, unless the show has a patch to spell it by.
        if names.patterns.is_empty() && names.fixed.is_empty() && patch.is_none_or(BTreeMap::is_empty) {
            let name = self.keep(name);
            return Some(vec![Member { fragment: Arc::clone(&name), name }]);
        }
        let key = Arc::clone(&self.show.device(device).key);
        let known: Vec<&str> = patch.iter().flat_map(|patch| patch.keys()).chain(names.fixed.keys()).map(|name| &**name).collect();
        let message = format!("{} names the {table} \"{name}\", but \"{key}\" has no such {table} in its patch", self.subject);
        let help = match (nearest(name, known.iter().copied()), fragment(names, name)) {
            (None, Some(_)) => Some(format!("give it a name: {} = {{ … = \"{name}\" }} under [device.{key}]", plural(table))),
            _ => suggestion(name, known.iter().copied()),
        };
        self.faults.push(Fault { help, ..Fault::rule("unknown-name", span, message) });
        None
    }
}

/// The names that a set lists.
fn set_names<'t>(node: &'t Node<'t>) -> impl Iterator<Item = &'t str> {
    node.get_ref().as_array().into_iter().flat_map(|items| items.iter()).filter_map(|item| item.get_ref().as_str())
}

/// What the wire calls `aux 5`.
fn fragment(names: &NameTable, said: &str) -> Option<String> {
    if let Some(fixed) = names.fixed.get(said) {
        return Some(fixed.to_string());
    }
    if names.patterns.is_empty() && names.fixed.is_empty() {
        return Some(said.to_owned());
    }
    names.patterns.iter().find_map(|pattern| numbered(pattern, said))
}

/// The fragment of one pattern, when the text fits it.
fn numbered(pattern: &NamePattern, said: &str) -> Option<String> {
    let digits = said.strip_prefix(&*pattern.prefix)?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u32 = digits.parse().ok()?;
    if !(pattern.first..=pattern.last).contains(&number) {
        return None;
    }
    let wire = i64::from(number) + i64::from(pattern.offset);
    let (head, rest) = pattern.fragment.split_once('{')?;
    let (format, tail) = rest.split_once('}')?;
    let width: usize = format.strip_prefix(":0").and_then(|width| width.parse().ok()).unwrap_or(0).min(9);
    Some(format!("{head}{wire:0width$}{tail}"))
}

/// What a table of names takes, for the remedy.
fn choices(names: &NameTable) -> String {
    let patterns = names.patterns.iter().map(|p| match &*p.prefix {
        "" => format!("{} to {}", p.first, p.last),
        prefix => format!("\"{prefix}{}\" to \"{prefix}{}\"", p.first, p.last),
    });
    let fixed = names.fixed.keys().map(|name| format!("\"{name}\""));
    format!("it has {}", patterns.chain(fixed).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_gives_the_fragment_that_the_wire_uses() {
        let aux = NamePattern { prefix: "aux ".into(), first: 1, last: 8, fragment: "auxin/{:02}".into(), offset: -1 };
        assert_eq!(numbered(&aux, "aux 5"), Some("auxin/04".into()));
        for text in ["aux 9", "aux", "aux +5", "5", "aux 0"] {
            assert_eq!(numbered(&aux, text), None, "{text}");
        }
    }
}
