//! Reads a fixture profile: its modes, slot by slot.
//!
//! A profile of one mode has `footprint` and `[[channel]]` at the top; one of several has `[[mode]]` with a name, a footprint and
//! `[[mode.channel]]`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::attribute;
use super::colour::{KELVIN, read_kelvin, read_rgb};
use super::dmx::{Reach, Slots, of_millionths, top, widen};
use super::fault::{Fault, Faults, suggestion};
use super::fields::{Fields, Node, in_file_order, int_of};
use super::fixture::{FixtureChannel, FixtureMode, FixtureProfile, NamedValue, Physical, Said, Unit};
use super::fixture_when;
use super::profile_text::document;
use super::value_text::{read_decimal, read_degrees};

/// Keys of the slots of a channel, the most significant first.
const SLOT_KEYS: [&str; 4] = ["slot", "fine", "ultra", "uber"];
/// Cells and breaks of one mode at the most.
const CELLS: i64 = 4096;
const BREAKS: usize = 64;
/// The end of a range at the most, in thousandths of a degree.
const DEGREES: i64 = 3_600_000;

/// Reads a fixture profile under the key that shows will use.
///
/// # Errors
/// All faults, in the order of the text. After a fault of TOML's own grammar only those.
pub fn parse(key: &str, text: &str) -> Result<FixtureProfile, Vec<Fault>> {
    let table = document(text)?;
    let mut reader = Reader { faults: Faults::default(), shared: BTreeMap::new() };
    let profile = reader.fixture(key, table.get_ref(), 0..text.len().min(1));
    if reader.faults.is_empty() { Ok(profile) } else { Err(reader.faults.into_sorted()) }
}

/// True when a text is a fixture profile and not one of a device: it has modes, a footprint or channels.
#[must_use]
pub fn is_fixture(text: &str) -> bool {
    let (table, _) = DeTable::parse_recoverable(text);
    let table = table.get_ref();
    !table.contains_key("family") && ["mode", "footprint", "channel"].iter().any(|key| table.contains_key(*key))
}

struct Reader<'a, 'i> {
    faults: Faults,
    /// `[values.NAME]`: names that several channels share.
    shared: BTreeMap<&'a str, &'a Node<'i>>,
}

/// A mode while its channels are read.
struct Draft<'a, 'i> {
    mode: FixtureMode,
    said: Vec<Said>,
    whens: Vec<fixture_when::Said<'a, 'i>>,
    taken: fixture_when::Taken,
}

impl<'a, 'i> Reader<'a, 'i> {
    fn fixture(&mut self, key: &str, table: &'a DeTable<'i>, span: Range<usize>) -> FixtureProfile {
        let mut top = Fields::new(table, span, "the fixture profile");
        let maker = top.need_text("maker", &mut self.faults).unwrap_or_default().into();
        let model = top.need_text("model", &mut self.faults).unwrap_or_default().into();
        let sources = top.texts("sources", &mut self.faults).into_iter().map(|(source, _)| source).collect();
        self.shared = top.entries("values", &mut self.faults).into_iter().map(|(name, _, node)| (name, node)).collect();
        let modes = if top.has("mode") { self.modes(&mut top) } else { vec![self.mode("".into(), &mut top, "[[channel]]")] };
        top.finish(&mut self.faults);
        FixtureProfile { key: key.into(), maker, model, sources, modes }
    }

    /// `[[mode]]`.
    fn modes(&mut self, top: &mut Fields<'a, 'i>) -> Vec<FixtureMode> {
        let mut modes: Vec<FixtureMode> = Vec::new();
        let Some(node) = top.get("mode") else { return modes };
        let DeValue::Array(items) = node.get_ref() else {
            self.faults.add(node.span(), "mode is a list: [[mode]]");
            return modes;
        };
        for item in items.iter() {
            let Some(mut fields) = Fields::of(item, "[[mode]]", &mut self.faults) else { continue };
            let name: Arc<str> = fields.need_text("name", &mut self.faults).unwrap_or_default().into();
            if modes.iter().any(|mode| mode.name == name) {
                self.faults.add_help(item.span(), format!("there are two modes \"{name}\""), "give each mode a name of its own");
            }
            let mode = self.mode(name, &mut fields, "[[mode.channel]]");
            fields.finish(&mut self.faults);
            modes.push(mode);
        }
        if items.is_empty() {
            self.faults.add(node.span(), "the fixture profile has no modes");
        }
        modes
    }

    /// `footprint`, `cells`, `open` and `channel`.
    fn mode(&mut self, name: Arc<str>, fields: &mut Fields<'a, 'i>, list: &'static str) -> FixtureMode {
        let footprints = self.footprints(fields);
        let cells = self.cells(fields);
        let open = fields.texts("open", &mut self.faults).into_iter().map(|(text, _)| text).collect();
        let mode = FixtureMode { name, footprints, cells, open, ..FixtureMode::default() };
        let mut draft = Draft { mode, said: Vec::new(), whens: Vec::new(), taken: BTreeMap::new() };
        match fields.get("channel").map(|node| (node.span(), node.get_ref())) {
            Some((_, DeValue::Array(items))) => {
                for item in items.iter() {
                    self.channel(item, list, &mut draft);
                }
            }
            Some((span, _)) => self.faults.add(span, format!("channel is a list: {list}")),
            None => {
                let message = format!("{} has no channels", fields.place());
                self.faults.add_help(fields.span(), message, format!("add {list} with attribute and slot"));
            }
        }
        fixture_when::settle(&mut draft.mode, &draft.whens, &draft.taken, &mut self.faults);
        draft.mode.complete(&draft.said);
        draft.mode
    }

    /// `footprint = 5`, or one number for each break.
    fn footprints(&mut self, fields: &mut Fields<'a, 'i>) -> Vec<u16> {
        let help = "footprint is the number of DMX slots of this mode, 1 to 512; several start addresses are a list: [4, 512]";
        let Some(node) = fields.get("footprint") else {
            self.faults.add_help(fields.span(), format!("{} needs a footprint", fields.place()), help);
            return vec![512];
        };
        let nodes: Vec<&Node<'_>> = match node.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![node],
        };
        if nodes.is_empty() || nodes.len() > BREAKS {
            self.faults.add_help(node.span(), format!("a mode has 1 to {BREAKS} start addresses"), help);
            return vec![512];
        }
        let mut footprints = Vec::new();
        for node in nodes {
            let slots = int_of(node.get_ref());
            match slots.and_then(|n| u16::try_from(n).ok()).filter(|n| (1..=512).contains(n)) {
                Some(n) => footprints.push(n),
                None => {
                    let message = match slots {
                        Some(n) => format!("footprint is {n}, but must be from 1 to 512"),
                        None => "footprint is a whole number".into(),
                    };
                    self.faults.add_help(node.span(), message, help);
                    footprints.push(512);
                }
            }
        }
        footprints
    }

    /// `cells = 8`, or their names.
    fn cells(&mut self, fields: &mut Fields<'a, 'i>) -> Vec<Arc<str>> {
        if !fields.has("cells") {
            return Vec::new();
        }
        let Some(node) = fields.get("cells") else { return Vec::new() };
        if !node.get_ref().is_array() {
            let count = fields.int("cells", 1..=CELLS, &mut self.faults).unwrap_or(0);
            return (1..=count).map(|n| n.to_string().into()).collect();
        }
        let mut cells: Vec<Arc<str>> = Vec::new();
        for (name, span) in fields.texts("cells", &mut self.faults) {
            if name.is_empty() || name.contains('/') || &*name == "*" {
                self.faults.add_help(
                    span,
                    format!("no cell can be called \"{name}\""),
                    "shows write fixture/cell, and fixture/* for all cells",
                );
            } else if cells.contains(&name) {
                self.faults.add(span, format!("there are two cells \"{name}\""));
            } else {
                cells.push(name);
            }
        }
        cells
    }

    /// One channel, or the same channel of every cell.
    fn channel(&mut self, node: &'a Node<'i>, list: &'static str, draft: &mut Draft<'a, 'i>) {
        let Some(mut fields) = Fields::of(node, list, &mut self.faults) else { return };
        if fields.get("attribute").is_none() {
            self.faults.add(fields.span(), format!("{list} needs an attribute, such as \"Dimmer\" or \"ColorAdd_R\""));
        }
        let attribute = self.attribute(&mut fields);
        if fields.get("slot").is_none() {
            self.faults.add(fields.span(), format!("{list} needs a slot, counted from 1"));
        }
        let breaks = i64::try_from(draft.mode.footprints.len()).unwrap_or(1);
        let part = fields.int("break", 1..=breaks, &mut self.faults).and_then(|n| u16::try_from(n - 1).ok());
        let nowhere = part.is_none() && fields.has("break");
        let part = part.unwrap_or(0);
        let name = fields.text("name", &mut self.faults).map(Arc::from);
        let (cells, step) = self.cells_of(&mut fields, &draft.mode);
        let footprint = draft.mode.footprints.get(usize::from(part)).copied().unwrap_or(512);
        let mut slots = Vec::new();
        let mut spans = Vec::new();
        for key in SLOT_KEYS {
            if let Some(slot) = fields.int(key, 1..=i64::from(footprint), &mut self.faults).and_then(|n| u16::try_from(n).ok()) {
                slots.push(slot);
                spans.extend(fields.get(key).map(toml::Spanned::span));
            }
        }
        if let Some(gap) = (1..SLOT_KEYS.len()).find(|at| fields.has(SLOT_KEYS[*at]) && !fields.has(SLOT_KEYS[at - 1])) {
            self.faults.add(fields.span(), format!("{} is the byte below {}, which is missing", SLOT_KEYS[gap], SLOT_KEYS[gap - 1]));
        }
        let slots = Slots::new(&slots);
        let wire = Wire { bytes: slots.bytes(), reach: self.reach(&mut fields, slots.bytes()) };
        let said = Said {
            default: fields.get("default").and_then(|node| self.raw_value(node, wire)),
            highlight: fields.get("highlight").and_then(|node| self.raw_value(node, wire)),
        };
        let snap = fields.flag("snap", &mut self.faults).unwrap_or(false);
        let values = fields.get("values").map(|node| self.named_values(node, wire)).unwrap_or_default();
        let when = fields.get("when");
        let range = attribute.zip(fields.get("range")).and_then(|(attribute, node)| self.range(attribute, node));
        fields.finish(&mut self.faults);
        let Some(attribute) = attribute else { return };
        if slots.bytes() == 0 || nowhere {
            return;
        }
        let one =
            FixtureChannel { attribute: attribute.into(), name, part, snap, reach: wire.reach, values, range, ..FixtureChannel::default() };
        let first = draft.mode.channels.len();
        for (nth, cell) in (0_u16..).zip(cells) {
            let moved = slots.map(|slot| slot.saturating_add(step.saturating_mul(nth)));
            if !self.take(&moved, &spans, (part, footprint), attribute, draft) {
                break;
            }
            draft.mode.channels.push(FixtureChannel { cell, slots: moved, ..one.clone() });
            draft.said.push(said);
        }
        draft.whens.extend(when.map(|node| fixture_when::Said { channels: first..draft.mode.channels.len(), node }));
    }

    /// Notes who is on the slots; false when they lie past the footprint.
    fn take(
        &mut self,
        slots: &Slots,
        spans: &[Range<usize>],
        (part, footprint): (u16, u16),
        attribute: &str,
        draft: &mut Draft<'_, '_>,
    ) -> bool {
        let mut free = true;
        for (slot, span) in slots.as_slice().iter().zip(spans) {
            if *slot > footprint {
                let message = format!("{attribute} of the last cells lies past the footprint of {footprint}: slot {slot}");
                self.faults.add_help(span.clone(), message, "each is how many slots the next cell is away");
                free = false;
            } else {
                draft.taken.entry((part, *slot)).or_default().push((draft.mode.channels.len(), span.clone()));
            }
        }
        free
    }

    fn attribute(&mut self, fields: &mut Fields<'a, 'i>) -> Option<&'a str> {
        let name = fields.text("attribute", &mut self.faults)?;
        let span = fields.get("attribute").map(toml::Spanned::span).unwrap_or_default();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            self.faults.add_help(
                span,
                format!("attribute can not be \"{name}\""),
                "GDTF's names are letters and digits, such as ColorAdd_R",
            );
            return None;
        }
        if let Some(meant) = attribute::meant(name) {
            self.faults.add_help(span, format!("attribute can not be \"{name}\""), format!("did you mean \"{meant}\"?"));
        }
        Some(name)
    }

    /// `cell = "3"`, or `each = 4`: in every cell, so many slots further each time. Gives the cells (0: the whole fixture) and the step.
    fn cells_of(&mut self, fields: &mut Fields<'a, 'i>, mode: &FixtureMode) -> (Vec<u16>, u16) {
        let count = u16::try_from(mode.cells.len()).unwrap_or(0);
        let each = fields.int("each", 1..=512, &mut self.faults).and_then(|n| u16::try_from(n).ok());
        let cell = fields.text("cell", &mut self.faults);
        let span = fields.get("cell").or_else(|| fields.get("each")).map_or_else(|| fields.span(), toml::Spanned::span);
        match (cell, each) {
            (Some(_), Some(_)) => self.faults.add(span, "a channel has a cell, or it is in each of them, not both"),
            (Some(name), None) => match mode.cells.iter().position(|cell| **cell == *name) {
                Some(at) => return (vec![u16::try_from(at + 1).unwrap_or(u16::MAX)], 0),
                None => self.faults.unknown(span, format!("this mode has no cell \"{name}\""), name, mode.cells.iter().map(|cell| &**cell)),
            },
            (None, Some(_)) if count == 0 => self.faults.add_help(span, "this mode has no cells", "add cells = 8 above, or leave each out"),
            (None, Some(step)) => return ((1..=count).collect(), step),
            (None, None) => {}
        }
        (vec![0], 0)
    }

    /// `values = { open = 0, red = 12, strobe = [64, 95] }`, or the name of a `[values.NAME]`, whose numbers are of one byte.
    fn named_values(&mut self, node: &'a Node<'i>, wire: Wire) -> Vec<NamedValue> {
        let help = "values is a table of names: values = { open = 0, red = [12, 20] }, or the name of a [values.NAME]";
        let (table, wire) = match node.get_ref() {
            DeValue::Table(table) => (table, wire),
            DeValue::String(name) => {
                let Some(shared) = self.shared.get(&**name) else {
                    let help = suggestion(name, self.shared.keys().copied()).unwrap_or_else(|| help.into());
                    self.faults.add_help(node.span(), format!("there is no [values.{name}]"), help);
                    return Vec::new();
                };
                let Some(table) = shared.get_ref().as_table() else {
                    self.faults.add_help(shared.span(), format!("values.{name} is a table of names"), help);
                    return Vec::new();
                };
                (table, Wire { bytes: 1, ..wire })
            }
            _ => {
                self.faults.add(node.span(), help);
                return Vec::new();
            }
        };
        let mut values = Vec::new();
        for (name, _, node) in in_file_order(table) {
            let (node, colour) = self.coloured(name, node);
            let Some(node) = node else { continue };
            let ends: Vec<Option<u32>> = match node.get_ref() {
                DeValue::Array(items) => items.iter().map(|item| self.raw_value(item, wire)).collect(),
                _ => vec![self.raw_value(node, wire)],
            };
            match ends.as_slice() {
                [Some(one)] => values.push(NamedValue { name: name.into(), from: *one, to: *one, colour }),
                [Some(from), Some(to)] => values.push(NamedValue { name: name.into(), from: *from, to: *to, colour }),
                [None] | [None, _] | [_, None] => {}
                _ => self.faults.add(node.span(), format!("{name} is one value, or the first and last of a range: [12, 20]")),
            }
        }
        values
    }

    /// `{ at = [12, 20], colour = "#FF0000" }`: where a name stands, and the colour that it gives.
    fn coloured(&mut self, name: &str, node: &'a Node<'i>) -> (Option<&'a Node<'i>>, Option<[u8; 3]>) {
        if !node.get_ref().is_table() {
            return (Some(node), None);
        }
        let Some(mut fields) = Fields::of(node, name.to_owned(), &mut self.faults) else { return (None, None) };
        let (at, colour) = (fields.get("at"), fields.get("colour"));
        fields.finish(&mut self.faults);
        if at.is_none() {
            self.faults.add_help(node.span(), format!("{name} does not say where it is"), "write { at = [12, 20], colour = \"#FF0000\" }");
        }
        let rgb = colour.and_then(|node| node.get_ref().as_str().and_then(read_rgb));
        if let Some(colour) = colour.filter(|_| rgb.is_none()) {
            self.faults.add_help(colour.span(), "a colour is # and six digits: red, green, blue", "write \"#FF0000\"");
        }
        (at, rgb)
    }

    /// `range = "540deg"` (to both sides of the middle), `["-110deg", "150deg"]` at 0% and 100%, or `["2700 K", "6500 K"]`.
    fn range(&mut self, attribute: &str, node: &Node<'_>) -> Option<Physical> {
        let unit = if attribute::is_temperature(attribute) { Unit::Kelvin } else { Unit::Degrees };
        let read = |node: &Node<'_>| {
            let text = node.get_ref().as_str()?;
            match unit {
                Unit::Degrees => read_degrees(text).filter(|degrees| degrees.abs() <= DEGREES),
                Unit::Kelvin => read_kelvin(text).filter(|kelvin| KELVIN.contains(kelvin)).map(|kelvin| i64::from(kelvin) * 1000),
            }
        };
        let ends = match node.get_ref() {
            DeValue::Array(items) => match items.iter().collect::<Vec<_>>().as_slice() {
                [from, to] => read(from).zip(read(to)),
                _ => None,
            },
            _ => read(node).filter(|_| unit == Unit::Degrees).map(|whole| (-whole / 2, whole / 2)),
        };
        let range = ends.filter(|(from, to)| from != to).map(|(from, to)| Physical { unit, from, to });
        if range.is_none() {
            let (message, help) = match unit {
                Unit::Degrees => ("a range goes from one number of degrees to another", "write \"540deg\", or [\"-110deg\", \"150deg\"]"),
                Unit::Kelvin => {
                    ("a range of temperatures goes from one to another, both from 1000 K to 20000 K", "write [\"2700 K\", \"6500 K\"]")
                }
            };
            self.faults.add_help(node.span(), message, help);
        }
        range
    }

    /// `inverse = true`: 100% is 0 on the wire. `span = [8, 134]`: 0% is 8 and 100% is 134, since the slots have more to do.
    fn reach(&mut self, fields: &mut Fields<'a, 'i>, bytes: u8) -> Reach {
        let inverse = fields.flag("inverse", &mut self.faults).unwrap_or(false);
        let whole = if inverse { Reach::INVERSE } else { Reach::WHOLE };
        let Some(node) = fields.get("span") else { return whole };
        let help = "span is where 0% and 100% are on the wire: span = [8, 134]; upside down it is [134, 8]";
        if inverse {
            self.faults.add_help(node.span(), "a channel has a span or is inverse, not both", help);
            return whole;
        }
        let wire = Wire { bytes, reach: whole };
        let number = |node: &Node<'_>| wire.value(node.get_ref()).filter(|_| node.get_ref().is_integer());
        let ends = match node.get_ref().as_array().map(|items| items.iter().map(number).collect::<Vec<_>>()).as_deref() {
            Some([Some(from), Some(to)]) if from != to => Some(Reach { from: *from, to: *to }),
            _ => None,
        };
        if ends.is_none() {
            let message = format!("a span is two values of this channel, from 0 to {}", top(bytes.max(1)));
            self.faults.add_help(node.span(), message, help);
        }
        ends.unwrap_or(whole)
    }

    /// A value in the channel's own bytes, as the wire has it, or as `"50%"`, as a show says it.
    fn raw_value(&mut self, node: &Node<'_>, wire: Wire) -> Option<u32> {
        let value = wire.value(node.get_ref());
        if value.is_none() {
            let raw = |value: u32| value >> (32 - u32::from(wire.bytes.max(1)) * 8);
            let (from, to) = (raw(wire.reach.from.min(wire.reach.to)), raw(wire.reach.from.max(wire.reach.to)));
            let message = format!("a value of this channel is a whole number from {from} to {to}, or \"50%\"");
            self.faults.add(node.span(), message);
        }
        value
    }
}

/// How a channel's numbers stand on the wire.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wire {
    pub(super) bytes: u8,
    pub(super) reach: Reach,
}

impl Wire {
    /// A number of the wire, or a share as people say it, in 32 bits.
    pub(super) fn value(self, value: &DeValue<'_>) -> Option<u32> {
        if value.is_str() {
            let millionths = read_decimal(value).filter(|n| (0..=1_000_000).contains(n))?;
            return Some(of_millionths(u32::try_from(millionths).ok()?));
        }
        let bytes = self.bytes.max(1);
        let raw = int_of(value).and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= top(bytes))?;
        Some(widen(raw, bytes)).filter(|wire| self.reach.holds(*wire)).map(|wire| self.reach.read(wire))
    }
}
