//! What a look or a step says of lights: `front = { level = "80%", colour = "#FFE7C4", Zoom = "20%" }`.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeValue;

use super::Loader;
use crate::show::fault::{Fault, suggestion};
use crate::show::fields::{Node, in_file_order, int_of, kind_of};
use crate::show::fixture_text::ATTRIBUTES;
use crate::show::value_text::read_decimal;
use crate::show::{Attribute, FixtureProfile, ParamIx};

/// Full, in the 16 bits of every parameter.
const FULL: u16 = 65_535;

/// Keys that people use beside attributes.
const WORDS: [&str; 4] = ["level", "colour", "pan", "tilt"];

/// What is wanted of some lights.
#[derive(Debug, Default)]
struct Paint<'t> {
    level: Option<u16>,
    colour: Option<[u16; 3]>,
    raw: Vec<(Attribute, &'t Node<'t>)>,
}

impl<'t> Loader<'t> {
    /// Adds what an entry of a look, or of a step's `light`, wants of a fixture, a range or a group.
    pub(super) fn paint(&mut self, name: &'t str, span: Range<usize>, node: &'t Node<'t>, values: &mut BTreeMap<ParamIx, u16>) {
        let subject = &self.subject;
        let message = || format!("{subject} lights \"{name}\", but the show has no such fixture or group");
        let Some(fixtures) = self.selections.need(name, "unknown-fixture", span, message, &mut self.faults) else {
            return;
        };
        let Some(paint) = self.read_paint(node) else { return };
        let mut coloured = paint.colour.is_none();
        for fixture in fixtures.iter() {
            coloured |= self.paint_fixture(*fixture, &paint, values);
        }
        if !coloured {
            let message = format!("no fixture of \"{name}\" can make a colour");
            self.faults.push(Fault::rule("no-attribute", node.span(), message).help("take colour out, or use fixtures with colours"));
        }
        for (attribute, node) in &paint.raw {
            self.paint_raw(name, &fixtures, *attribute, node, values);
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
                "colour" => paint.colour = self.colour(node),
                "pan" => paint.raw.push((Attribute::Pan, node)),
                "tilt" => paint.raw.push((Attribute::Tilt, node)),
                _ => match ATTRIBUTES.iter().find(|(name, _)| *name == key) {
                    Some((_, attribute)) => paint.raw.push((*attribute, node)),
                    None => {
                        let message = format!("lights have no \"{key}\"");
                        let known = WORDS.into_iter().chain(ATTRIBUTES.iter().map(|(name, _)| *name));
                        let help =
                            suggestion(key, known).unwrap_or_else(|| format!("write {}, or an attribute such as Zoom", WORDS.join(", ")));
                        self.faults.push(Fault::rule("unknown-key", span, message).help(help));
                    }
                },
            }
        }
        Some(paint)
    }

    /// `"80%"` in 16 bits.
    fn level(&mut self, node: &Node<'_>) -> Option<u16> {
        let level = node.get_ref().as_str().and_then(|_| share(node));
        if level.is_none() {
            self.faults
                .push(Fault::rule("level", node.span(), "a level of light goes from \"0%\" to \"100%\"").help("write \"80%\", in quotes"));
        }
        level
    }

    /// `"#FFE7C4"` in 16 bits each.
    fn colour(&mut self, node: &Node<'_>) -> Option<[u16; 3]> {
        let digits = node.get_ref().as_str().and_then(|text| text.strip_prefix('#')).filter(|digits| digits.len() == 6);
        let part = |at: usize| {
            let byte = u8::from_str_radix(digits?.get(at..at + 2)?, 16).ok()?;
            Some(u16::from(byte) * 257)
        };
        let plain = digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let colour = if plain { part(0).zip(part(2)).zip(part(4)).map(|((r, g), b)| [r, g, b]) } else { None };
        if colour.is_none() {
            let fault = Fault::rule("colour", node.span(), "a colour is # and six digits: red, green, blue");
            self.faults.push(fault.help("write \"#FFE7C4\""));
        }
        colour
    }

    /// Level and colour of one fixture; true when it has colours.
    ///
    /// A white emitter adds what red, green and blue have in common. A fixture without a dimmer takes its level through its colours.
    fn paint_fixture(&self, fixture: u32, paint: &Paint<'_>, values: &mut BTreeMap<ParamIx, u16>) -> bool {
        let params = self.params_of(fixture);
        let dims = params.iter().any(|(_, attribute)| *attribute == Attribute::Dimmer);
        let colours = params.iter().any(|(_, attribute)| is_colour(*attribute));
        let scale = if dims { FULL } else { paint.level.unwrap_or(FULL) };
        let colour = match (paint.colour, dims, paint.level) {
            (Some(colour), ..) => Some(colour),
            (None, false, Some(_)) => Some([FULL; 3]),
            _ => None,
        };
        for (ix, attribute) in params {
            if attribute == Attribute::Dimmer {
                values.extend(paint.level.map(|level| (ix, level)));
            } else if let Some([red, green, blue]) = colour {
                let part = match attribute {
                    Attribute::Red => red,
                    Attribute::Green => green,
                    Attribute::Blue => blue,
                    Attribute::White => red.min(green).min(blue),
                    Attribute::Amber => 0,
                    _ => continue,
                };
                values.insert(ix, scaled(part, scale));
            }
        }
        colours
    }

    /// One attribute by name, of every fixture that has it.
    fn paint_raw(&mut self, name: &str, fixtures: &[u32], attribute: Attribute, node: &'t Node<'t>, values: &mut BTreeMap<ParamIx, u16>) {
        let mut had = false;
        for fixture in fixtures {
            for (ix, _) in self.params_of(*fixture).into_iter().filter(|(_, of)| *of == attribute) {
                had = true;
                let wide = self.rig.params.get(ix.at()).is_some_and(|param| param.fine.is_some());
                let Some(value) = self.fixture_profiles.get(*fixture as usize).and_then(|profile| raw(profile, attribute, node, wide))
                else {
                    let top = if wide { 65_535 } else { 255 };
                    let message = format!("this attribute goes from \"0%\" to \"100%\", or from 0 to {top}");
                    self.faults.push(
                        Fault::rule("level", node.span(), message)
                            .help("write \"50%\", a whole number, or a value that the fixture's profile names"),
                    );
                    return;
                };
                values.insert(ix, value);
            }
        }
        if !had {
            let message = format!("no fixture of \"{name}\" has this attribute");
            self.faults.push(Fault::rule("no-attribute", node.span(), message).help("take it out, or use fixtures that have it"));
        }
    }

    /// The parameters of a fixture.
    pub(super) fn params_of(&self, fixture: u32) -> Vec<(ParamIx, Attribute)> {
        let Some(fixture) = self.rig.fixtures.get(fixture as usize) else { return Vec::new() };
        let range = fixture.first_param..fixture.first_param + fixture.param_count;
        range.filter_map(|at| self.rig.params.get(at as usize).map(|param| (ParamIx(at), param.attribute))).collect()
    }
}

/// Emitters that a colour sets.
pub(super) const fn is_colour(attribute: Attribute) -> bool {
    matches!(attribute, Attribute::Red | Attribute::Green | Attribute::Blue | Attribute::White | Attribute::Amber)
}

/// `part` at the level `scale`, rounded.
fn scaled(part: u16, scale: u16) -> u16 {
    let product = u32::from(part) * u32::from(scale);
    u16::try_from((product + u32::from(FULL) / 2) / u32::from(FULL)).unwrap_or(FULL)
}

/// A share from `"0%"` to `"100%"` in 16 bits.
fn share(node: &Node<'_>) -> Option<u16> {
    let millionths = read_decimal(node.get_ref()).filter(|n| (0..=1_000_000).contains(n))?;
    u16::try_from((millionths * i64::from(FULL) + 500_000) / 1_000_000).ok()
}

/// An attribute's value: a share, a number in the channel's own bytes, or a name of the profile.
fn raw(profile: &FixtureProfile, attribute: Attribute, node: &Node<'_>, wide: bool) -> Option<u16> {
    match node.get_ref() {
        DeValue::String(name) => {
            let channel = profile.channels.iter().find(|channel| channel.attribute == attribute);
            channel.and_then(|channel| channel.values.get(&**name).copied()).or_else(|| share(node))
        }
        value if wide => int_of(value).and_then(|n| u16::try_from(n).ok()),
        value => int_of(value).and_then(|n| u8::try_from(n).ok()).map(|n| u16::from(n) * 257),
    }
}
