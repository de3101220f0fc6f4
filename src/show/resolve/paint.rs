//! What a look or a step says of lights: `front = { level = "80%", colour = "#FFE7C4", Zoom = "20%" }`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::de::DeValue;

use super::Loader;
use super::palettes::Kind;
use crate::show::colour::read_kelvin;
use crate::show::dmx::{FULL, of_millionths, top, widen};
use crate::show::fault::{Fault, suggestion};
use crate::show::fields::{Node, in_file_order, int_of, kind_of};
use crate::show::mix::{Maker, inside};
use crate::show::value_text::{read_decimal, read_degrees};
use crate::show::{AttrIx, Colour, FixtureChannel, ParamIx, Part, Unit, attribute};

/// Keys that people use beside attributes.
const WORDS: [&str; 6] = ["level", "colour", "position", "beam", "pan", "tilt"];

/// What other programs call them.
const ALIASES: [(&str, &str); 8] = [
    ("color", "colour"),
    ("rgb", "colour"),
    ("cct", "colour"),
    ("intensity", "level"),
    ("dimmer", "level"),
    ("dim", "level"),
    ("brightness", "level"),
    ("pos", "position"),
];

/// What is wanted of some lights.
#[derive(Debug, Default)]
struct Paint<'t> {
    level: Option<u32>,
    colour: Option<(Colour, &'t Node<'t>)>,
    /// Palettes, and where they are named.
    palettes: Vec<(usize, &'t Node<'t>)>,
    /// Attributes, which count more than palettes.
    raw: Vec<(&'t str, Range<usize>, &'t Node<'t>)>,
}

impl<'t> Loader<'t> {
    /// Adds what an entry of a look, or of a step's `light`, wants of a fixture, a cell, a range or a group.
    pub(super) fn paint(&mut self, name: &'t str, span: Range<usize>, node: &'t Node<'t>, values: &mut BTreeMap<ParamIx, u32>) {
        let message = format!("{} lights \"{name}\", but the show has no such fixture or group", self.subject);
        let Some(parts) = self.parts_named(name, span, || message) else { return };
        let Some(paint) = self.read_paint(node) else { return };
        if let Some(level) = paint.level {
            let dimmed = parts.iter().filter(|part| self.paint_level(**part, level, values)).count();
            if dimmed == 0 {
                let message = format!("no fixture of \"{name}\" can be dimmed");
                self.faults
                    .push(Fault::rule("no-attribute", node.span(), message).help("name what it can do instead, such as Haze1 = \"50%\""));
            }
        }
        if let Some((colour, node)) = paint.colour {
            self.tint(name, &parts, colour, node, values);
        }
        for (palette, node) in paint.palettes {
            self.paint_palette(palette, name, &parts, node, values);
        }
        for (key, span, node) in paint.raw {
            self.paint_raw(name, &parts, (key, span), node, values);
        }
    }

    /// Reads `"80%"` alone, or a table.
    fn read_paint(&mut self, node: &'t Node<'t>) -> Option<Paint<'t>> {
        let mut paint = Paint::default();
        let table = match node.get_ref() {
            DeValue::Table(table) => table,
            DeValue::String(_) => {
                paint.level = Some(self.level(node)?);
                return Some(paint);
            }
            other => {
                let message = format!("lights get a level, or a table, not {}", kind_of(other));
                self.faults
                    .push(Fault::rule("value", node.span(), message).help("write \"80%\", or { level = \"80%\", colour = \"#FFE7C4\" }"));
                return None;
            }
        };
        for (key, span, node) in in_file_order(table) {
            match key {
                "level" => paint.level = self.level(node),
                "colour" if names_palette(node) => paint.palettes.extend(self.palette_named(Kind::Colour, node).map(|at| (at, node))),
                "colour" => paint.colour = self.plain_colour(node).map(|colour| (colour, node)),
                "position" => paint.palettes.extend(self.palette_named(Kind::Position, node).map(|at| (at, node))),
                "beam" => paint.palettes.extend(self.palette_named(Kind::Beam, node).map(|at| (at, node))),
                "pan" => paint.raw.extend(self.says_unit(node).then_some(("Pan", span, node))),
                "tilt" => paint.raw.extend(self.says_unit(node).then_some(("Tilt", span, node))),
                _ => paint.raw.push((key, span, node)),
            }
        }
        Some(paint)
    }

    /// A place of `pan` or `tilt` says what it counts: a bare number is told.
    pub(super) fn says_unit(&mut self, node: &Node<'_>) -> bool {
        let bare = match node.get_ref() {
            DeValue::String(text) => text.parse::<f64>().ok().map(|_| text.to_string()),
            value => int_of(value).map(|number| number.to_string()),
        };
        let Some(number) = bare else { return true };
        let fault = Fault::rule("value", node.span(), format!("{number} of what? a place says degrees or a share of the range"));
        self.faults
            .push(fault.help(format!("write \"{number}deg\" (0 is the middle), or \"50%\"; Pan and Tilt take the channel's own numbers")));
        false
    }

    /// `"80%"` in 32 bits.
    fn level(&mut self, node: &Node<'_>) -> Option<u32> {
        let level = node.get_ref().as_str().and_then(|_| share(node));
        if level.is_none() {
            self.faults
                .push(Fault::rule("level", node.span(), "a level of light goes from \"0%\" to \"100%\"").help("write \"80%\", in quotes"));
        }
        level
    }

    /// The colour of some lights, each in its own way; lights that make none are left as they are.
    pub(super) fn tint(&mut self, name: &str, parts: &[Part], colour: Colour, node: &Node<'_>, values: &mut BTreeMap<ParamIx, u32>) {
        let (mut made, mut outside) = (false, None);
        for part in parts {
            let mut makers: BTreeMap<u16, Maker<'_>> = BTreeMap::new();
            for (ix, param) in self.rig.params_of_part(*part) {
                if let Some(channel) = self.rig.channel(ix) {
                    makers.entry(param.cell).or_default().add(ix, channel);
                }
            }
            for one in makers.values().filter_map(|maker| maker.make(colour)) {
                made = true;
                outside = outside.or(one.outside);
                values.extend(one.values);
            }
        }
        if !made {
            let what = if matches!(colour, Colour::Kelvin(_)) { "colour temperature" } else { "colour" };
            let message = format!("no fixture of \"{name}\" can make a {what}");
            let help = "take colour out, or use fixtures that mix colours or have a wheel of them";
            self.faults.push(Fault::rule("no-attribute", node.span(), message).help(help));
        } else if let Some((from, to)) = outside {
            let message = format!("lights of \"{name}\" have whites from {from} K to {to} K only: they stay at the nearer end");
            self.faults.push(Fault::warning("colour", node.span(), message).help(format!("write \"{from} K\" to \"{to} K\"")));
        }
    }

    /// The level of a part; false when it has no dimmer. A whole fixture has its light from its own dimmer where it has one, and
    /// its cells share that out in full; else from those of its cells.
    fn paint_level(&self, part: Part, level: u32, values: &mut BTreeMap<ParamIx, u32>) -> bool {
        let dims: Vec<_> = self.rig.params_of_part(part).filter(|(_, param)| self.is(param.attribute, "Dimmer")).collect();
        let master = part.cell == 0 && dims.iter().any(|(_, param)| param.cell == 0);
        for (ix, param) in &dims {
            values.insert(*ix, if master && param.cell != 0 { FULL } else { level });
        }
        !dims.is_empty()
    }

    /// One attribute by name, of every part that has it.
    pub(super) fn paint_raw(
        &mut self,
        name: &str,
        parts: &[Part],
        (key, span): (&str, Range<usize>),
        node: &Node<'t>,
        values: &mut BTreeMap<ParamIx, u32>,
    ) {
        let Some(wanted) = self.rig.attributes.iter().position(|one| *one.name == *key) else {
            return self.no_attribute(name, key, span, node);
        };
        let mut had = false;
        for part in parts {
            let all = self.rig.params_of_part(*part).filter(|(_, param)| param.attribute.at() == wanted);
            for ix in all.map(|(ix, _)| ix).collect::<Vec<_>>() {
                had = true;
                let Some(channel) = self.rig.channel(ix) else { continue };
                let value = match raw(channel, node) {
                    Some(value) => value,
                    None => {
                        let fixture = self.rig.fixtures.get(part.fixture as usize);
                        let (who, profile) = fixture.map_or(("", ""), |one| (&*one.key, &*one.profile.key));
                        let fault = not_there(channel, node, who, profile).unwrap_or_else(|| no_such_value(channel, node));
                        self.faults.push(fault);
                        return;
                    }
                };
                if key == "Dimmer" {
                    self.paint_level(*part, value, values);
                    break;
                }
                values.insert(ix, value);
            }
        }
        if !had {
            self.no_attribute(name, key, span, node);
        }
    }

    /// Nothing that is named has this attribute; one that nobody ever heard of may be a slip.
    fn no_attribute(&mut self, name: &str, key: &str, span: Range<usize>, node: &Node<'_>) {
        let known = || self.rig.attributes.iter().map(|one| &*one.name);
        if attribute::is_known(key) || known().any(|one| one == key) {
            let message = format!("no fixture of \"{name}\" has this attribute");
            self.faults.push(Fault::rule("no-attribute", node.span(), message).help("take it out, or use fixtures that have it"));
            return;
        }
        let message = format!("lights have no \"{key}\"");
        let meant =
            ALIASES.iter().find(|(alias, _)| key.eq_ignore_ascii_case(alias)).map(|(_, meant)| format!("did you mean \"{meant}\"?"));
        let help = meant.or_else(|| suggestion(key, WORDS.into_iter().chain(known())).filter(|help| help.starts_with("did")));
        let help = help.or_else(|| attribute::meant(key).map(|meant| format!("did you mean \"{meant}\"?")));
        let help = help.unwrap_or_else(|| format!("write {}, or an attribute such as Zoom", WORDS.join(", ")));
        self.faults.push(Fault::rule("unknown-key", span, message).help(help));
    }

    /// In a whole picture that lights cells of a fixture, its own dimmer is up, and the cells that the picture leaves out are dark.
    pub(super) fn light_masters(&self, values: &mut BTreeMap<ParamIx, u32>) {
        let mut fixtures: Vec<u32> = values.keys().filter_map(|ix| self.rig.params.get(ix.at())).map(|param| param.fixture).collect();
        fixtures.dedup();
        for fixture in fixtures {
            let dims: Vec<_> = self.rig.params_of(fixture).filter(|(_, param)| self.is(param.attribute, "Dimmer")).collect();
            let (masters, cells): (Vec<_>, Vec<_>) = dims.into_iter().partition(|(_, param)| param.cell == 0);
            let lit = cells.iter().any(|(ix, _)| values.contains_key(ix)) && !masters.iter().any(|(ix, _)| values.contains_key(ix));
            if lit && !masters.is_empty() {
                values.extend(masters.iter().map(|(ix, _)| (*ix, FULL)));
                for (ix, _) in &cells {
                    values.entry(*ix).or_insert(0);
                }
            }
        }
    }

    /// A whole picture that says how bright a light is has its shutter at rest, unless it says something else of it: no strobe and no
    /// closed shutter is left from the picture before.
    pub(super) fn rest_shutters(&self, values: &mut BTreeMap<ParamIx, u32>) {
        let dimmed = |ix: &&ParamIx| self.rig.params.get(ix.at()).is_some_and(|param| self.is(param.attribute, "Dimmer"));
        let fixtures: BTreeSet<u32> =
            values.keys().filter(dimmed).filter_map(|ix| self.rig.params.get(ix.at())).map(|param| param.fixture).collect();
        for (ix, param) in fixtures.into_iter().flat_map(|fixture| self.rig.params_of(fixture)).filter(|(_, param)| !param.switched) {
            if self.rig.attribute(param).is_some_and(|attribute| attribute::is_shutter(&attribute.name)) {
                values.entry(ix).or_insert(param.default);
            }
        }
    }

    fn is(&self, attribute: AttrIx, name: &str) -> bool {
        self.rig.attributes.get(attribute.at()).is_some_and(|one| *one.name == *name)
    }
}

/// A share from `"0%"` to `"100%"` in 32 bits.
fn share(node: &Node<'_>) -> Option<u32> {
    let millionths = read_decimal(node.get_ref()).filter(|n| (0..=1_000_000).contains(n))?;
    Some(of_millionths(u32::try_from(millionths).ok()?))
}

/// A colour that is neither digits nor a temperature.
fn names_palette(node: &Node<'_>) -> bool {
    node.get_ref().as_str().is_some_and(|text| !text.starts_with('#') && read_kelvin(text).is_none())
}

/// An attribute's value: a share, a number in the channel's own bytes, a name of the profile, degrees or kelvin.
fn raw(channel: &FixtureChannel, node: &Node<'_>) -> Option<u32> {
    match node.get_ref() {
        DeValue::String(name) => channel.named(name).or_else(|| share(node)).or_else(|| physical(channel, name)),
        value => {
            let bytes = channel.slots.bytes().max(1);
            let raw = int_of(value).and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= top(bytes))?;
            Some(widen(raw, bytes)).filter(|wire| channel.reach.holds(*wire)).map(|wire| channel.reach.read(wire))
        }
    }
}

/// A place in the channel's physical range.
fn physical(channel: &FixtureChannel, text: &str) -> Option<u32> {
    let range = channel.range?;
    match range.unit {
        Unit::Degrees => range.share(read_degrees(text)?),
        Unit::Kelvin => {
            let whole = |thousandths: i64| u32::try_from(thousandths / 1000).ok();
            let (share, outside) = inside(read_kelvin(text)?, (whole(range.from)?, whole(range.to)?));
            outside.is_none().then_some(share)
        }
    }
}

/// A text in degrees or kelvin that this channel has no place for; `None`: it is neither.
fn not_there(channel: &FixtureChannel, node: &Node<'_>, who: &str, profile: &str) -> Option<Fault> {
    let text = node.get_ref().as_str()?;
    let unit = if read_degrees(text).is_some() { Unit::Degrees } else { read_kelvin(text).map(|_| Unit::Kelvin)? };
    let name = &channel.attribute;
    Some(match channel.range.filter(|range| range.unit == unit) {
        Some(range) => {
            let fault = Fault::rule("range", node.span(), format!("\"{text}\" is outside of {name} of {who}, which goes from {range}"));
            fault.help("write a place in it, or \"50%\" for the middle")
        }
        None => {
            let (words, example) = match unit {
                Unit::Degrees => ("how many degrees", "\"540deg\""),
                Unit::Kelvin => ("which colour temperatures", "[\"2700 K\", \"6500 K\"]"),
            };
            let fault = Fault::rule("range", node.span(), format!("nobody knows {words} {name} of {who} has"));
            fault.help(format!("write \"50%\", or add range = {example} to {name} in the profile {profile}"))
        }
    })
}

/// What the attribute takes.
fn no_such_value(channel: &FixtureChannel, node: &Node<'_>) -> Fault {
    let raw = |wire: u32| wire >> (32 - u32::from(channel.slots.bytes().max(1)) * 8);
    let ends = [channel.reach.from, channel.reach.to].map(raw);
    let (from, to) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
    let message = format!("this attribute goes from \"0%\" to \"100%\", or from {from} to {to}");
    let known = channel.values.iter().map(|value| &*value.name);
    let said = node.get_ref().as_str().unwrap_or_default();
    let help = suggestion(said, known).filter(|_| !said.is_empty());
    let help = help.unwrap_or_else(|| match channel.range.filter(|range| range.unit == Unit::Degrees) {
        Some(range) => format!("write \"10deg\" ({range}), \"50%\" or a whole number"),
        None => "write \"50%\", a whole number, or a value that the fixture's profile names".into(),
    });
    Fault::rule("level", node.span(), message).help(help)
}
