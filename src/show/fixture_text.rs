//! Fixture profiles: what a mode of a light takes, slot by slot.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::Attribute;
use super::fault::{Fault, Faults};
use super::fields::{Fields, Node, in_file_order, int_of};
use super::profile_text::document;
use super::value_text::read_decimal;

/// One mode of a light.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixtureProfile {
    /// The name that shows use: `generic-rgbw`.
    pub key: Arc<str>,
    /// The maker.
    pub maker: Arc<str>,
    /// The model and its mode.
    pub model: Arc<str>,
    /// Slots it takes, 1 to 512.
    pub footprint: u16,
    /// What the slots do, in file order; slots that none names send 0.
    pub channels: Vec<FixtureChannel>,
}

/// One parameter of a light.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixtureChannel {
    /// What it controls.
    pub attribute: Attribute,
    /// Slot of the high byte, from 1.
    pub slot: u16,
    /// Slot of the low byte, from 1; `None` is one byte.
    pub fine: Option<u16>,
    /// Where it rests when nothing names it, 0 to 65535 whatever the number of slots.
    pub default: u16,
    /// Jumps at the start of a fade: wheels, shutters, modes.
    pub snap: bool,
    /// Named values, 0 to 65535: a wheel's `red`, a shutter's `open`.
    pub values: BTreeMap<Arc<str>, u16>,
}

/// Attributes by the names that a fixture profile uses (GDTF, DIN SPEC 15800, Annex A).
pub const ATTRIBUTES: [(&str, Attribute); 14] = [
    ("Dimmer", Attribute::Dimmer),
    ("ColorAdd_R", Attribute::Red),
    ("ColorAdd_G", Attribute::Green),
    ("ColorAdd_B", Attribute::Blue),
    ("ColorAdd_W", Attribute::White),
    ("ColorAdd_RY", Attribute::Amber),
    ("Pan", Attribute::Pan),
    ("Tilt", Attribute::Tilt),
    ("Shutter1", Attribute::Shutter),
    ("Zoom", Attribute::Zoom),
    ("Focus1", Attribute::Focus1),
    ("Gobo1", Attribute::Gobo),
    ("Color1", Attribute::ColorWheel),
    ("Control1", Attribute::Control1),
];

/// Reads a fixture profile under the key that shows will use.
///
/// # Errors
/// All faults, in the order of the text. After a fault of TOML's own grammar only those.
pub fn parse(key: &str, text: &str) -> Result<FixtureProfile, Vec<Fault>> {
    let table = document(text)?;
    let mut faults = Faults::default();
    let profile = fixture(key, table.get_ref(), 0..text.len().min(1), &mut faults);
    if faults.is_empty() { Ok(profile) } else { Err(faults.into_sorted()) }
}

/// True when a text is a fixture profile and not one of a device: it has a footprint or channels.
#[must_use]
pub fn is_fixture(text: &str) -> bool {
    let (table, _) = DeTable::parse_recoverable(text);
    let table = table.get_ref();
    !table.contains_key("family") && (table.contains_key("footprint") || table.contains_key("channel"))
}

fn fixture(key: &str, table: &DeTable<'_>, span: std::ops::Range<usize>, faults: &mut Faults) -> FixtureProfile {
    let mut top = Fields::new(table, span, "the fixture profile");
    let maker = top.need_text("maker", faults).unwrap_or_default().into();
    let model = top.need_text("model", faults).unwrap_or_default().into();
    top.texts("sources", faults);
    if top.get("footprint").is_none() {
        faults.add_help(top.span(), "the fixture profile needs a footprint", "footprint is the number of DMX slots of this mode");
    }
    let footprint = top.int("footprint", 1..=512, faults).and_then(|n| u16::try_from(n).ok());
    let mut channels = Vec::new();
    let mut taken: BTreeMap<u16, &str> = BTreeMap::new();
    match top.get("channel").map(|node| (node.span(), node.get_ref())) {
        Some((_, DeValue::Array(items))) => {
            for item in items.iter() {
                channels.extend(channel(item, footprint.unwrap_or(512), &mut taken, faults));
            }
        }
        Some((span, _)) => faults.add(span, "channel is a list: [[channel]]"),
        None => faults.add_help(top.span(), "the fixture profile has no channels", "add [[channel]] with attribute and slot"),
    }
    top.finish(faults);
    FixtureProfile { key: key.into(), maker, model, footprint: footprint.unwrap_or(1), channels }
}

fn channel<'a>(node: &'a Node<'_>, footprint: u16, taken: &mut BTreeMap<u16, &'a str>, faults: &mut Faults) -> Option<FixtureChannel> {
    let mut fields = Fields::of(node, "[[channel]]", faults)?;
    if fields.get("attribute").is_none() {
        faults.add(fields.span(), "[[channel]] needs an attribute, such as \"Dimmer\" or \"ColorAdd_R\"");
    }
    let attribute = fields.word("attribute", &ATTRIBUTES.map(|(name, _)| name), faults).and_then(|at| ATTRIBUTES.get(at).copied());
    if fields.get("slot").is_none() {
        faults.add(fields.span(), "[[channel]] needs a slot, counted from 1");
    }
    let mut slots = [None; 2];
    for (key, slot) in ["slot", "fine"].into_iter().zip(&mut slots) {
        let Some(n) = fields.int(key, 1..=i64::from(footprint), faults).and_then(|n| u16::try_from(n).ok()) else { continue };
        *slot = Some(n);
        let name = attribute.map_or("another channel", |(name, _)| name);
        if let Some(other) = taken.insert(n, name) {
            let span = fields.get(key).map_or_else(|| fields.span(), toml::Spanned::span);
            faults.add(span, format!("slot {n} is {other} already"));
        }
    }
    let [slot, fine] = slots;
    let default = fields.get("default").and_then(|node| raw_value(node, fine.is_some(), faults)).unwrap_or(0);
    let snap = fields.flag("snap", faults).unwrap_or(false);
    let values = fields.get("values").map(|node| named_values(node, fine.is_some(), faults)).unwrap_or_default();
    fields.finish(faults);
    Some(FixtureChannel { attribute: attribute?.1, slot: slot?, fine, default, snap, values })
}

/// `values = { open = 0, red = 12 }`.
fn named_values(node: &Node<'_>, wide: bool, faults: &mut Faults) -> BTreeMap<Arc<str>, u16> {
    let Some(table) = node.get_ref().as_table() else {
        faults.add(node.span(), "values is a table of names: values = { open = 0, red = 12 }");
        return BTreeMap::new();
    };
    in_file_order(table).into_iter().filter_map(|(name, _, node)| Some((name.into(), raw_value(node, wide, faults)?))).collect()
}

/// A value in the channel's own bytes (0 to 255, or 0 to 65535 with a fine slot) or as `"50%"`, in 16 bits.
///
/// One byte becomes two by mirroring (255 is full, GDTF §value types), so that full stays full.
fn raw_value(node: &Node<'_>, wide: bool, faults: &mut Faults) -> Option<u16> {
    let value = node.get_ref();
    let raw = if value.is_str() {
        read_decimal(value).filter(|n| (0..=1_000_000).contains(n)).and_then(|n| u16::try_from((n * 65_535 + 500_000) / 1_000_000).ok())
    } else if wide {
        int_of(value).and_then(|n| u16::try_from(n).ok())
    } else {
        int_of(value).and_then(|n| u8::try_from(n).ok()).map(|n| u16::from(n) * 257)
    };
    if raw.is_none() {
        let top = if wide { 65_535 } else { 255 };
        faults.add(node.span(), format!("a value of this channel is a whole number from 0 to {top}, or \"50%\""));
    }
    raw
}
