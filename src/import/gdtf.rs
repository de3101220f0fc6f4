//! GDTF files (DIN SPEC 15800): a ZIP archive with `description.xml`. The XML is read by the crate `gdtf`; what a mode makes of
//! it (geometry references, breaks, virtual channels, ranges) is done here.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use gdtf::Description;
use gdtf::dmx_mode::{ChannelFunction, DmxBreak, DmxChannel, DmxMode};
use gdtf::fixture_type::FixtureType;
use gdtf::geometry::{AnyGeometry as _, Geometry, ReferenceGeometry};
use gdtf::values::DmxValue;
use gdtf::wheel::{Wheel, WheelSlot, WheelSlotOptic};

use super::archive::Archive;
use super::gdtf_modes::Here;
use super::nature::{self, Nature};
use super::xml::{self, Element};
use super::{Draft, DraftChannel, DraftMode, DraftValue, DraftWhen, Refusal};
use crate::show::attribute::{is_colour_wheel, is_shutter};
use crate::show::colour::of_chromaticity;
use crate::show::fixture::{joined, without};

/// Copies of geometries in one mode at the most, and references inside references.
const COPIES_MAX: usize = 4096;
const NESTING_MAX: usize = 6;

/// A geometry that a mode holds once for each reference to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Copy {
    /// The reference's name; empty for what stands in the mode's own tree.
    pub(super) name: String,
    /// The geometries in it.
    pub(super) holds: BTreeSet<String>,
    /// Break and offset (from 1) of each `<Break>`, in the order of the file.
    breaks: Vec<(i64, i64)>,
}

/// Reads a GDTF file; `file` names it in the sources.
///
/// # Errors
/// What is no such archive, or hostile, or not to the schema.
pub fn read(bytes: &[u8], file: &str) -> Result<Draft, Refusal> {
    let mut archive = Archive::open(bytes)?;
    let text = archive.file("description.xml", xml::SIZE_MAX)?;
    let text = text.ok_or_else(|| Refusal::new("format", "the archive has no description.xml, so it is no GDTF file"))?;
    read_description(&text, file)
}

/// Reads a `description.xml`.
///
/// # Errors
/// As [`read`].
pub fn read_description(bytes: &[u8], file: &str) -> Result<Draft, Refusal> {
    // The tree is read first: it has the limits on depth and size that the crate has not.
    let mut tree = xml::parse(bytes)?;
    if tree.name != "GDTF" {
        return Err(Refusal::new("format", format!("the XML is a <{}>, not a <GDTF>", tree.name)));
    }
    if let Some(offset) = universe_offset(&tree) {
        let message = format!("a geometry reference has the offset \"{offset}\", in another universe than its fixture");
        return Err(Refusal::new("slots", message));
    }
    plain(&mut tree);
    let mut text = String::new();
    tree.write(&mut text);
    let description =
        Description::from_str(&text).map_err(|e| Refusal::new("gdtf", format!("description.xml is not to the schema: {e}")))?;
    let Some(fixture) = description.fixture_types.first() else {
        return Err(Refusal::new("empty", "description.xml has no FixtureType"));
    };
    let mut draft = Draft { maker: fixture.manufacturer.clone(), ..Draft::default() };
    draft.model =
        fixture.name.as_ref().map(ToString::to_string).filter(|name| !name.is_empty()).unwrap_or_else(|| fixture.long_name.clone());
    let version = &description.data_version;
    draft.sources.push(format!("GDTF {}.{} {file}, fixture type {}", version.major, version.minor, fixture.fixture_type_id));
    let olds = old_defaults(&tree);
    let mut nth = 0;
    for mode in &fixture.dmx_modes {
        let defaults = olds.get(nth..).unwrap_or_default();
        draft.modes.push(read_mode(fixture, mode, defaults, &mut draft.notes)?);
        nth += mode.dmx_channels.len();
    }
    Ok(draft)
}

/// What a patch does not need is taken out, and what files leave out is as the specification has it: whatever stands or is missing
/// there is no reason to refuse a light.
fn plain(element: &mut Element) {
    element.children.retain(|child| !["Protocols", "Revisions", "FTPresets", "Models", "FTMacros"].contains(&child.name.as_str()));
    if element.name == "DMXChannel" {
        element.fill_in("Highlight", "None");
        element.fill_in("Offset", "None");
    }
    element.children.iter_mut().for_each(plain);
}

/// A `DMXOffset` of the form `Universe.Address`, which no offset within a fixture is.
fn universe_offset(element: &Element) -> Option<&str> {
    let own = element.attribute("DMXOffset").filter(|text| element.name == "Break" && text.contains('.'));
    own.or_else(|| element.children.iter().find_map(universe_offset))
}

/// `Default` of each `<DMXChannel>` in the order of the file: where files before GDTF 1.1 say it.
fn old_defaults(tree: &Element) -> Vec<Option<String>> {
    let modes = tree.all("FixtureType").take(1).flat_map(|one| one.all("DMXModes")).flat_map(|modes| modes.all("DMXMode"));
    let channels = modes.flat_map(|mode| mode.all("DMXChannels")).flat_map(|channels| channels.all("DMXChannel"));
    channels.map(|channel| channel.attribute("Default").map(str::to_owned)).collect()
}

fn read_mode(fixture: &FixtureType, mode: &DmxMode, olds: &[Option<String>], notes: &mut Vec<String>) -> Result<DraftMode, Refusal> {
    let name = mode.name.as_ref().map(ToString::to_string).unwrap_or_default();
    let root = mode.geometry.as_ref().and_then(|name| top_geometry(fixture, name)).or_else(|| fixture.geometries.first());
    let mut copies = vec![Copy::default()];
    if let Some(root) = root {
        copies_of(fixture, root, &Copy::default(), 0, &mut copies)?;
    }
    let many = copies.len() > 2;
    // Each instance of each channel, with the break it lies in.
    let mut placed: Vec<(i64, DraftChannel)> = Vec::new();
    for (at, channel) in mode.dmx_channels.iter().enumerate() {
        let own = copies.iter().filter(|copy| copy.holds.contains(channel.geometry.as_ref()));
        for copy in own {
            let Some((number, slots)) = place_of(channel, copy) else { continue };
            let slots = slots.ok_or_else(|| Refusal::new("slots", format!("mode \"{name}\": {} lies before slot 1", channel.geometry)))?;
            let here = Here { fixture, mode, channel, copy, copies: &copies, number };
            for mut made in read_channel(&here, &slots, olds.get(at).and_then(Option::as_deref), notes) {
                made.cell = (many && !copy.name.is_empty()).then(|| copy.name.clone());
                made.group = Some(channel.geometry.to_string());
                placed.push((number, made));
            }
        }
    }
    if let Some(hidden) = mode.dmx_channels.iter().find(|channel| !copies.iter().any(|copy| copy.holds.contains(channel.geometry.as_ref())))
    {
        notes.push(format!("mode {name}: a channel of \"{}\", which the mode does not hold, is left out", hidden.geometry));
    }
    let breaks: BTreeSet<i64> = placed.iter().map(|(number, _)| *number).collect();
    let mut made = DraftMode { name, ..DraftMode::default() };
    made.cells = copies.iter().filter(|copy| many && !copy.name.is_empty()).map(|copy| copy.name.clone()).collect();
    for number in &breaks {
        let slots = placed.iter().filter(|(other, _)| other == number).flat_map(|(_, channel)| channel.slots.iter().copied());
        made.footprints.push(slots.max().unwrap_or(0));
    }
    for (number, mut channel) in placed {
        channel.part = breaks.iter().position(|other| *other == number).unwrap_or(0);
        // A slot that does nothing counts for the footprint alone.
        if channel.attribute != "NoFeature" || breaks.len() == 1 && mode.dmx_channels.len() == 1 {
            made.channels.push(channel);
        }
    }
    Ok(made)
}

fn top_geometry<'f>(fixture: &'f FixtureType, name: &str) -> Option<&'f Geometry> {
    fixture.geometries.iter().find(|geometry| geometry.name().is_some_and(|own| own.as_ref() == name))
}

/// Fills the last copy with the geometries below `root`, and adds a copy for each reference.
fn copies_of(fixture: &FixtureType, root: &Geometry, outer: &Copy, nesting: usize, copies: &mut Vec<Copy>) -> Result<(), Refusal> {
    if nesting > NESTING_MAX || copies.len() > COPIES_MAX {
        let message = format!("geometry references nest deeper than {NESTING_MAX} or make more than {COPIES_MAX} copies");
        return Err(Refusal::new("references", message));
    }
    let own = copies.len() - 1;
    let mut open = vec![root];
    let mut references: Vec<&ReferenceGeometry> = Vec::new();
    while let Some(geometry) = open.pop() {
        match geometry {
            Geometry::Reference(reference) => references.push(reference),
            other => {
                let name = other.name().map(ToString::to_string);
                copies.get_mut(own).into_iter().for_each(|copy| copy.holds.extend(name.clone()));
                open.extend(other.children().iter().rev());
            }
        }
    }
    for reference in references {
        let Some(target) = reference.geometry.as_ref().and_then(|name| top_geometry(fixture, name)) else { continue };
        let name = reference.name.as_ref().map(ToString::to_string).unwrap_or_default();
        let name = if outer.name.is_empty() { name } else { format!("{} {name}", outer.name) };
        let outer_offset = |number: i64| outer.breaks.iter().find(|(other, _)| *other == number).map_or(0, |(_, offset)| offset - 1);
        let breaks = reference.breaks.iter().map(|one| {
            let number = i64::from(one.dmx_break);
            (number, i64::from(one.dmx_offset.absolute()) + outer_offset(number))
        });
        let mut copy = Copy { name, breaks: breaks.collect(), ..Copy::default() };
        let mut taken = 1;
        while copies.iter().any(|other| other.name == copy.name) {
            taken += 1;
            copy.name = format!("{} {taken}", copy.name.trim_end_matches(char::is_numeric).trim_end());
        }
        copies.push(copy.clone());
        copies_of(fixture, target, &copy, nesting + 1, copies)?;
    }
    Ok(())
}

/// The break and slots of a channel in a copy; `None`: it is not on the wire. The inner `None`: it lies before slot 1.
pub(super) fn place_of(channel: &DmxChannel, copy: &Copy) -> Option<(i64, Option<Vec<u32>>)> {
    let offsets = channel.offset.as_ref().filter(|offsets| !offsets.is_empty())?;
    let (number, offset) = match channel.dmx_break {
        DmxBreak::Value(number) => {
            let number = i64::from(number);
            (number, copy.breaks.iter().find(|(other, _)| *other == number).map_or(1, |(_, offset)| *offset))
        }
        DmxBreak::Overwrite => copy.breaks.last().copied().unwrap_or((1, 1)),
    };
    let slots = offsets.iter().map(|slot| u32::try_from(i64::from(*slot) + offset - 1).ok().filter(|slot| *slot > 0));
    Some((number, slots.collect()))
}

/// One channel in one copy, on its slots: what it is always, and what it is while another channel says so. Empty when it has no function.
fn read_channel(here: &Here<'_>, slots: &[u32], old: Option<&str>, notes: &mut Vec<String>) -> Vec<DraftChannel> {
    let channel = here.channel;
    let initial = channel.initial_function().map(|(_, function)| function);
    let initial = initial.or_else(|| channel.logical_channels.first()?.channel_functions.first());
    let old = old.filter(|text| *text != "None").and_then(dmx_value);
    let states = here.states(notes);
    let mut all: Vec<DraftChannel> = Vec::new();
    let mut nothing: Vec<&DraftWhen> = Vec::new();
    for (when, functions) in &states {
        let among = |function: &ChannelFunction| functions.iter().any(|one| std::ptr::eq(*one, function));
        let own = || channel.logical_channels.iter().filter(|logical| states.len() == 1 || logical.channel_functions.iter().any(among));
        let logical = own().find(|one| one.attribute.first().is_some_and(|name| name.as_ref() != "NoFeature")).or_else(|| own().next());
        let Some((logical, name)) = logical.and_then(|logical| Some((logical, logical.attribute.first()?))) else { continue };
        // Functions of one logical channel that take turns are told apart by their own attributes.
        let first = functions.first().and_then(|function| function.attribute.first());
        let alike = states.len() > 1 && functions.iter().all(|function| function.attribute.first() == first);
        let name = first.filter(|_| alike).unwrap_or(name).as_ref();
        if states.len() > 1 && name == "NoFeature" {
            nothing.extend(when);
            continue;
        }
        let attribute: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
        let mut made = DraftChannel { attribute, slots: slots.to_vec(), snap: logical.snap, when: when.clone(), ..DraftChannel::default() };
        let rests = initial.filter(|one| states.len() == 1 || among(one)).or_else(|| functions.first().copied());
        made.default = old.or_else(|| rests.map(|function| pair(function.default))).map(|value| own_value(&made, value));
        made.highlight = channel.highlight.map(|value| own_value(&made, pair(value)));
        made.values = ranges(here.fixture, functions, &made);
        let adds = made.attribute == "Dimmer" || made.attribute.starts_with("ColorAdd_");
        made.physical = match functions.as_slice() {
            [one] => super::physical(&made.attribute, one.physical_from, one.physical_to),
            _ => None,
        };
        made.inverse = adds && matches!(functions.as_slice(), [one] if one.physical_from > one.physical_to);
        let same =
            |other: &&mut DraftChannel| DraftChannel { when: None, ..(**other).clone() } == DraftChannel { when: None, ..made.clone() };
        let slot = when.as_ref().map(|when| when.slot);
        match all
            .iter_mut()
            .find(|other| other.when.as_ref().map(|when| when.slot) == slot && same(other))
            .and_then(|one| one.when.as_mut())
        {
            Some(known) => known.within.extend(when.iter().flat_map(|when| when.within.iter().copied())),
            None => all.push(made),
        }
    }
    // While it is nothing it is not what it is else.
    if let Some(slot) = nothing.first().map(|when| when.slot) {
        let others = all.iter().filter_map(|channel| channel.when.as_ref()).chain(nothing).filter(|when| when.slot == slot);
        let taken = joined(others.flat_map(|when| when.within.iter().copied()).collect());
        if let Some(plain) = all.iter_mut().find(|channel| channel.when.is_none()) {
            plain.when = Some(DraftWhen { slot, within: without(&taken) });
        }
    }
    all
}

/// Functions end where the next one begins, and so do the sets in them (GDTF, "ChannelFunction" and "ChannelSet", DMXFrom).
fn ranges(fixture: &FixtureType, functions: &[&ChannelFunction], channel: &DraftChannel) -> Vec<DraftValue> {
    let mut starts: Vec<(u32, &ChannelFunction)> = functions.iter().map(|one| (own_value(channel, pair(one.dmx_from)), *one)).collect();
    starts.sort_by_key(|(from, _)| *from);
    let mut values = Vec::new();
    for (nth, (from, function)) in starts.iter().enumerate() {
        let to = starts.get(nth + 1).map_or(channel.top(), |(next, _)| next.saturating_sub(1)).max(*from);
        let wheel = function.wheel.as_ref().and_then(|node| node.first()).and_then(|name| wheel_named(fixture, name));
        let mut sets: Vec<(u32, Option<String>, Option<[u8; 3]>)> = Vec::new();
        for set in &function.channel_sets {
            let place = set.wheel_slot_index.and_then(|at| usize::try_from(at).ok()).and_then(|at| wheel?.slots.get(at));
            let slot = place.and_then(|slot| slot.name.as_ref());
            let name = set.name.as_ref().map(ToString::to_string).filter(|name| !name.is_empty()).or_else(|| slot.map(ToString::to_string));
            let colour = place.filter(|_| is_colour_wheel(&channel.attribute)).and_then(|slot| slot_colour(fixture, slot));
            sets.push((own_value(channel, pair(set.dmx_from)), name, colour));
        }
        sets.sort_by_key(|(from, ..)| *from);
        let nature = nature_of(function);
        // What is open and closed by degrees is open at the end.
        let ends_open = starts.len() > 1 && is_shutter(&function.attribute.to_string()) && sets.is_empty() && nature == Nature::Unknown;
        if starts.len() > 1 && wheel.is_none() {
            let name =
                function.custom_name.clone().or_else(|| function.name.as_ref().map(ToString::to_string)).filter(|name| !name.is_empty());
            let name = name.unwrap_or_else(|| function.attribute.to_string());
            if ends_open && nature::of_light(&name) == Nature::Unknown {
                let nature = Nature::Lit;
                values.push(DraftValue { nature, ..DraftValue::new(format!("{name} open"), to, to) });
            }
            values.push(DraftValue { nature, ..DraftValue::new(name, *from, to) });
        }
        for (nth, (first, name, colour)) in sets.iter().enumerate() {
            let last = sets.get(nth + 1).map_or(to, |(next, ..)| next.saturating_sub(1)).max(*first);
            values.extend(name.clone().map(|name| DraftValue { name, from: *first, to: last.min(channel.top()), colour: *colour, nature }));
        }
    }
    values
}

/// What a function does by its attribute (GDTF, Annex A).
fn nature_of(function: &ChannelFunction) -> Nature {
    let attribute = function.attribute.to_string();
    let ends = (function.physical_from, function.physical_to);
    let crosses = ends.0.min(ends.1) < 0.0 && ends.0.max(ends.1) > 0.0;
    match attribute.as_str() {
        "NoFeature" => Nature::Nothing,
        "Dimmer" => {
            if ends.0 > ends.1 {
                Nature::Falls
            } else {
                Nature::Rises
            }
        }
        "LampControl" => Nature::Lamp,
        name if crate::show::attribute::emitter(name).is_some() => {
            if ends.0 > ends.1 {
                Nature::Falls
            } else {
                Nature::Rises
            }
        }
        name if name.contains("Strobe") || name.contains("Pulse") => Nature::Strobe,
        name if name.ends_with("Reset") => Nature::Reset,
        name if name.ends_with("Macro1") || name.starts_with("Effects") && name.ends_with(|c: char| c.is_ascii_digit()) => Nature::Unknown,
        name if ["PanRotate", "TiltRotate"].contains(&name)
            || ["WheelSpin", "PosRotate", "SelectSpin"].iter().any(|end| name.ends_with(end)) =>
        {
            if ends == (0.0, 0.0) {
                Nature::Still
            } else if crosses {
                Nature::Unknown
            } else {
                Nature::Turns
            }
        }
        _ => Nature::Unknown,
    }
}

/// The colour of a wheel's slot (GDTF, "Wheel Slot": CIE 1931 x, y and Y). White is what a file says that says nothing.
fn slot_colour(fixture: &FixtureType, slot: &WheelSlot) -> Option<[u8; 3]> {
    let cie = match &slot.optic {
        WheelSlotOptic::Color(cie) => cie,
        WheelSlotOptic::Filter(_) => &slot.filter(fixture)?.color,
    };
    let told = (cie.x - 0.3127).abs() > 0.0005 || (cie.y - 0.3290).abs() > 0.0005;
    (told && cie.y > 0.0).then(|| of_chromaticity(cie.x, cie.y))
}

fn wheel_named<'f>(fixture: &'f FixtureType, name: &str) -> Option<&'f Wheel> {
    fixture.wheels.iter().find(|wheel| wheel.name.as_ref().is_some_and(|own| own.as_ref() == name))
}

/// Value, bytes, and whether it is shifted instead of mirrored. A count of bytes that cannot be is taken for one.
pub(super) fn pair(value: DmxValue) -> (u64, u8, bool) {
    let bytes = value.bytes().get();
    (value.value(), if bytes > 4 { 1 } else { bytes }, value.shifting())
}

/// `128/1` or `128/1s`.
fn dmx_value(text: &str) -> Option<(u64, u8, bool)> {
    let (value, bytes) = text.split_once('/').unwrap_or((text, "1"));
    let shifting = bytes.ends_with('s');
    let bytes = bytes.trim_end_matches('s').trim().parse::<u8>().ok()?;
    Some((value.trim().parse().ok()?, if (1..=4).contains(&bytes) { bytes } else { 1 }, shifting))
}

/// A value in the channel's own bytes (GDTF, "DMXValue": mirrored, or shifted with `s`).
pub(super) fn own_value(channel: &DraftChannel, (value, bytes, shifting): (u64, u8, bool)) -> u32 {
    let value = u32::try_from(value).unwrap_or(u32::MAX).min(crate::show::dmx::top(bytes));
    let own = channel.bytes();
    if shifting && own > bytes {
        return value.checked_shl(u32::from(own - bytes) * 8).unwrap_or(0);
    }
    channel.value(value, bytes)
}
