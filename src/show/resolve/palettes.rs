//! `[palette.colour.*]`, `[palette.position.*]` and `[palette.beam.*]`: values of lights under a name that looks and steps use.
//!
//! A palette says what it wants of every light (`Zoom = "20%"`), of lights by name (`spot1 = { pan = "30deg" }`), or both: a name
//! counts more. A colour that is the same for all stands alone: `tungsten = "3200 K"`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::de::DeValue;

use super::Loader;
use super::names::Names;
use crate::show::colour::{read_kelvin, read_rgb};
use crate::show::fault::{Fault, suggestion};
use crate::show::fields::{Fields, Node, in_file_order, kind_of};
use crate::show::{Colour, Feature, ParamIx, Part};

/// What a palette is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Colour,
    Position,
    Beam,
}

/// The kinds as the file has them.
const KINDS: [(&str, Kind); 3] = [("colour", Kind::Colour), ("position", Kind::Position), ("beam", Kind::Beam)];

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Colour => "colour",
            Self::Position => "position",
            Self::Beam => "beam",
        }
    }

    const fn has(self, feature: Feature) -> bool {
        match self {
            Self::Colour => matches!(feature, Feature::Colour),
            Self::Position => matches!(feature, Feature::Position),
            Self::Beam => matches!(feature, Feature::Gobo | Feature::Beam | Feature::Focus | Feature::Shapers),
        }
    }

    /// Whose an attribute is; `None`: no palette's.
    fn of(feature: Feature) -> Option<Self> {
        KINDS.iter().map(|(_, kind)| *kind).find(|kind| kind.has(feature))
    }
}

/// One palette.
#[derive(Debug)]
struct Palette {
    kind: Kind,
    name: String,
    span: Range<usize>,
    /// The colour of every light.
    colour: Option<Colour>,
    values: BTreeMap<ParamIx, u32>,
    used: bool,
}

/// All palettes of a show.
#[derive(Debug, Default)]
pub(super) struct Palettes {
    all: Vec<Palette>,
    colours: Names<usize>,
    positions: Names<usize>,
    beams: Names<usize>,
}

impl Palettes {
    const fn names(&self, kind: Kind) -> &Names<usize> {
        match kind {
            Kind::Colour => &self.colours,
            Kind::Position => &self.positions,
            Kind::Beam => &self.beams,
        }
    }

    /// Declares a name; `None` when its palette has faults of its own.
    fn declare(&mut self, kind: Kind, name: &str, at: Option<usize>) {
        match kind {
            Kind::Colour => self.colours.declare(name, at),
            Kind::Position => self.positions.declare(name, at),
            Kind::Beam => self.beams.declare(name, at),
        }
    }
}

impl<'t> Loader<'t> {
    /// Reads `[palette]`.
    pub(super) fn read_palettes(&mut self, top: &mut Fields<'t, 't>) {
        for (word, span, node) in self.tables(top, "palette") {
            let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == word) else {
                let message = format!("there are no palettes of \"{word}\"");
                self.faults.unknown_as("unknown-key", span, message, word, KINDS.iter().map(|(known, _)| *known));
                continue;
            };
            let DeValue::Table(table) = node.get_ref() else {
                let message = format!("palette.{word} is a table of palettes, not {}", kind_of(node.get_ref()));
                self.faults.push(Fault::rule("value", node.span(), message).help(format!("write [palette.{word}.NAME]")));
                continue;
            };
            for (name, span, node) in in_file_order(table) {
                self.palette(*kind, name, span, node);
            }
        }
    }

    fn palette(&mut self, kind: Kind, name: &'t str, span: Range<usize>, node: &'t Node<'t>) {
        self.subject = format!("{} palette {name}", kind.word());
        if kind == Kind::Colour && (name.starts_with('#') || read_kelvin(name).is_some()) {
            let fault = Fault::rule("reserved", span, format!("no palette can be called \"{name}\": that is a colour itself"));
            self.faults.push(fault.help("choose another name"));
            return;
        }
        let mut palette = Palette { kind, name: name.to_owned(), span, colour: None, values: BTreeMap::new(), used: false };
        let mut sound = match node.get_ref() {
            DeValue::Table(table) => {
                let before = self.faults.count();
                self.palette_entries(&mut palette, table);
                before == self.faults.count()
            }
            DeValue::String(_) if kind == Kind::Colour => {
                palette.colour = self.plain_colour(node);
                palette.colour.is_some()
            }
            other => {
                let message = format!("a palette is a table of lights and what they do, not {}", kind_of(other));
                let help = match kind {
                    Kind::Colour => "write NAME = \"#FFB347\", \"3200 K\", or { wash = \"#FFB347\" }",
                    Kind::Position => "write NAME = { spot1 = { pan = \"30deg\", tilt = \"-20deg\" } }",
                    Kind::Beam => "write NAME = { Zoom = \"20%\" }, or { spot1 = { Zoom = \"20%\" } }",
                };
                self.faults.push(Fault::rule("value", node.span(), message).help(help));
                false
            }
        };
        if sound && palette.colour.is_none() && palette.values.is_empty() {
            let fault = Fault::rule("palette", palette.span.clone(), format!("{} holds nothing", self.subject));
            self.faults.push(fault.help("name lights and what they do, or take it out"));
            sound = false;
        }
        let at = sound.then_some(self.palettes.all.len());
        self.palettes.declare(kind, name, at);
        if sound {
            self.palettes.all.push(palette);
        }
    }

    /// What every light does first, then what lights with a name do.
    fn palette_entries(&mut self, palette: &mut Palette, table: &'t toml::de::DeTable<'t>) {
        let named = |node: &Node<'t>| palette.kind == Kind::Colour || node.get_ref().is_table();
        let (named, all): (Vec<_>, Vec<_>) = in_file_order(table).into_iter().partition(|(_, _, node)| named(node));
        for (key, span, node) in all {
            if attribute(key) != key && !self.says_unit(node) {
                continue;
            }
            let key = attribute(key);
            let wanted = self.rig.attributes.iter().position(|one| *one.name == *key);
            let mut fixtures: Vec<u32> =
                self.rig.params.iter().filter(|param| Some(param.attribute.at()) == wanted).map(|param| param.fixture).collect();
            fixtures.dedup();
            let parts: Vec<Part> = fixtures.into_iter().map(|fixture| Part { fixture, cell: 0 }).collect();
            self.palette_raw(palette, "every light", &parts, (key, span), node);
        }
        for (name, span, node) in named {
            let message = format!("{} names \"{name}\", but the show has no such fixture or group", self.subject);
            let Some(parts) = self.parts_named(name, span, || message) else { continue };
            match node.get_ref() {
                DeValue::Table(table) => {
                    for (key, span, node) in in_file_order(table) {
                        if key == "colour" && palette.kind == Kind::Colour {
                            self.palette_colour(palette, name, &parts, node);
                        } else if attribute(key) == key || self.says_unit(node) {
                            self.palette_raw(palette, name, &parts, (attribute(key), span), node);
                        }
                    }
                }
                _ => self.palette_colour(palette, name, &parts, node),
            }
        }
    }

    fn palette_colour(&mut self, palette: &mut Palette, name: &str, parts: &[Part], node: &'t Node<'t>) {
        if let Some(colour) = self.plain_colour(node) {
            self.tint(name, parts, colour, node, &mut palette.values);
        }
    }

    /// One attribute, if it is of the palette's kind.
    fn palette_raw(&mut self, palette: &mut Palette, name: &str, parts: &[Part], (key, span): (&str, Range<usize>), node: &'t Node<'t>) {
        let known = self.attribute_named(key).and_then(|at| self.rig.attributes.get(at.at()));
        if let Some(feature) = known.map(|attribute| attribute.feature).filter(|feature| !palette.kind.has(*feature)) {
            let message = format!("a {} palette has no {key}", palette.kind.word());
            let help = match Kind::of(feature) {
                Some(kind) => format!("put it into [palette.{}.{}]", kind.word(), palette.name),
                None => "say it in the look or the step".to_owned(),
            };
            self.faults.push(Fault::rule("misplaced", span, message).help(help));
            return;
        }
        self.paint_raw(name, parts, (key, span), node, &mut palette.values);
    }

    /// The palette of a name.
    pub(super) fn palette_named(&mut self, kind: Kind, node: &Node<'_>) -> Option<usize> {
        let DeValue::String(name) = node.get_ref() else {
            let message = format!("{} is the name of a palette in quotes, not {}", kind.word(), kind_of(node.get_ref()));
            self.faults.push(Fault::rule("value", node.span(), message));
            return None;
        };
        let message = || format!("{} names the {} palette \"{name}\", but the show has no such palette", self.subject, kind.word());
        let names = self.palettes.names(kind);
        if names.known().next().is_none() {
            let help = if kind == Kind::Colour { "write \"#FFE7C4\", \"3200 K\", or add " } else { "add " };
            let fault = Fault::rule("unknown-palette", node.span(), message());
            self.faults.push(fault.help(format!("{help}[palette.{}.{name}]", kind.word())));
            return None;
        }
        if kind == Kind::Colour && names.find(name).is_none() {
            let help = suggestion(name, names.known()).map_or(String::new(), |help| format!("{help}; "));
            let fault = Fault::rule("unknown-palette", node.span(), message());
            self.faults.push(fault.help(format!("{help}a colour of its own is \"#FFE7C4\" or \"3200 K\"")));
            return None;
        }
        let found = names.need(name, "unknown-palette", node.span(), message, &mut self.faults)?;
        if let Some(palette) = self.palettes.all.get_mut(found) {
            palette.used = true;
        }
        Some(found)
    }

    /// Adds what a palette holds for these parts; one that holds nothing for lights that could do it is told.
    pub(super) fn paint_palette(&mut self, at: usize, name: &str, parts: &[Part], node: &Node<'t>, values: &mut BTreeMap<ParamIx, u32>) {
        let Some(palette) = self.palettes.all.get(at) else { return };
        if let Some(colour) = palette.colour {
            self.tint(name, parts, colour, node, values);
            return;
        }
        let mut without: BTreeSet<&str> = BTreeSet::new();
        let mut holds = false;
        for part in parts {
            let own: Vec<_> = self.rig.params_of_part(*part).filter_map(|(ix, _)| Some((ix, *palette.values.get(&ix)?))).collect();
            holds |= !own.is_empty();
            let able = |feature: Feature| palette.kind != Kind::Beam && palette.kind.has(feature);
            let mut features = self.rig.params_of_part(*part).filter_map(|(_, param)| self.rig.attribute(param));
            if own.is_empty() && features.any(|attribute| able(attribute.feature)) {
                without.extend(self.rig.fixtures.get(part.fixture as usize).map(|fixture| &*fixture.key));
            }
            values.extend(own);
        }
        let whose = format!("the {} palette \"{}\" holds nothing for", palette.kind.word(), palette.name);
        let help = format!("add it to [palette.{}.{}]", palette.kind.word(), palette.name);
        let fault = if !holds {
            Fault::rule("palette", node.span(), format!("{whose} \"{name}\"")).help(help)
        } else if !without.is_empty() {
            let more = if without.len() > 6 { format!(" and {} more", without.len() - 6) } else { String::new() };
            let names: Vec<&str> = without.into_iter().take(6).collect();
            Fault::warning("palette", node.span(), format!("{whose} {}{more}", names.join(", "))).help(help)
        } else {
            return;
        };
        self.faults.push(fault);
    }

    /// `"#FFE7C4"` or `"3200 K"`.
    pub(super) fn plain_colour(&mut self, node: &Node<'_>) -> Option<Colour> {
        let text = node.get_ref().as_str().unwrap_or_default();
        if let Some(kelvin) = read_kelvin(text) {
            if crate::show::colour::KELVIN.contains(&kelvin) {
                return Some(Colour::Kelvin(kelvin));
            }
            let fault = Fault::rule("colour", node.span(), "a colour temperature goes from 1000 K to 20000 K");
            self.faults.push(fault.help("write \"3200 K\" for tungsten, \"5600 K\" for daylight"));
            return None;
        }
        let rgb = read_rgb(text);
        if rgb.is_none() {
            let fault = Fault::rule("colour", node.span(), "a colour is # and six digits: red, green, blue");
            self.faults.push(fault.help("write \"#FFE7C4\", or a temperature such as \"3200 K\""));
        }
        rgb.map(Colour::Rgb)
    }

    /// Palettes that nothing names.
    pub(super) fn unused_palettes(&mut self) {
        for palette in self.palettes.all.iter().filter(|palette| !palette.used) {
            let message = format!("no look and no step names the {} palette {}", palette.kind.word(), palette.name);
            let help = format!("use it: {} = \"{}\", or take it out", palette.kind.word(), palette.name);
            self.faults.push(Fault::warning("unused-palette", palette.span.clone(), message).help(help));
        }
    }
}

/// `pan` and `tilt` by their GDTF names.
pub(super) fn attribute(key: &str) -> &str {
    match key {
        "pan" => "Pan",
        "tilt" => "Tilt",
        other => other,
    }
}
