//! Open Fixture Library fixtures: JSON by OFL's `schemas/fixture.json`, with matrices, switching channels and values in the
//! channel's highest resolution.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ofl_matrix::Matrix;
use super::ofl_types::{self, Kind, Wheels};
use super::{Draft, DraftChannel, DraftMode, DraftValue, DraftWhen, Refusal, words};
use crate::show::fixture::joined;

/// Bytes of a file, and rows of a mode, at the most.
const SIZE_MAX: usize = 4 << 20;
const ROWS_MAX: usize = 4096;

/// What a key of a mode's list stands for.
#[derive(Debug, Clone)]
struct Definition<'a> {
    /// The channel; in a template, of one pixel.
    channel: &'a Value,
    /// The key of its high byte.
    coarse: String,
    /// 0 for the high byte.
    fine: usize,
    cell: Option<String>,
}

/// A switching channel.
#[derive(Debug, Clone)]
struct Alias {
    /// The key of the channel that switches it, and how many bytes its values have.
    trigger: String,
    bytes: u8,
    /// What it is while that one rests.
    resting: String,
    /// All keys that it may stand for, and where its trigger then is.
    targets: Vec<(String, Vec<(u32, u32)>)>,
}

/// One slot of a mode.
#[derive(Debug, Clone)]
struct Row<'a> {
    slot: u32,
    key: String,
    definition: Definition<'a>,
    when: Option<DraftWhen>,
}

struct Reader<'a> {
    wheels: Wheels,
    kind: Kind,
    definitions: BTreeMap<String, Definition<'a>>,
    aliases: BTreeMap<String, Alias>,
    notes: Vec<String>,
}

/// Reads a fixture; `maker` is what the file does not say itself (OFL keeps it in the folder's name), `file` names it in the sources.
///
/// # Errors
/// What is no such JSON, or refers to channels that it does not have.
pub fn read(bytes: &[u8], maker: &str, file: &str) -> Result<Draft, Refusal> {
    if bytes.len() > SIZE_MAX {
        return Err(Refusal::new("size", format!("the file has {} bytes; {SIZE_MAX} are the limit", bytes.len())));
    }
    let root: Value = serde_json::from_slice(bytes).map_err(|e| Refusal::new("json", format!("the JSON is broken: {e}")))?;
    if let Some(other) = root.get("redirectTo").and_then(Value::as_str) {
        return Err(Refusal::new("redirect", format!("the file only says that the fixture is \"{other}\": import that one")));
    }
    let text = |key: &str| root.get(key).and_then(Value::as_str).unwrap_or_default();
    let modes = root.get("modes").and_then(Value::as_array);
    let Some(modes) = modes.filter(|_| root.get("availableChannels").is_some() || root.get("templateChannels").is_some()) else {
        return Err(Refusal::new("format", "the JSON is no fixture of the Open Fixture Library: it has no modes and channels"));
    };
    let matrix = Matrix::read(root.get("matrix"))?;
    let categories: Vec<&str> = root.get("categories").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let kind = match () {
        () if categories.contains(&"Hazer") => Kind::Hazer,
        () if categories.contains(&"Smoke") => Kind::Smoke,
        () => Kind::Light,
    };
    let mut reader = Reader {
        wheels: Wheels::read(root.get("wheels")),
        kind,
        definitions: BTreeMap::new(),
        aliases: BTreeMap::new(),
        notes: Vec::new(),
    };
    reader.define(&root, &matrix);
    let key = text("manufacturerKey");
    let maker = if key.is_empty() { maker } else { key };
    let mut draft = Draft { maker: capitalised(maker), model: text("name").into(), ..Draft::default() };
    draft.sources.push(format!("Open Fixture Library {file}"));
    for link in root.pointer("/links/manual").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        draft.sources.push(link.to_owned());
    }
    for mode in modes {
        draft.modes.push(reader.mode(mode, &matrix)?);
    }
    draft.notes = reader.notes;
    Ok(draft)
}

/// `chauvet-dj` as `Chauvet Dj`.
fn capitalised(key: &str) -> String {
    let words = key.split('-').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Capabilities of a channel: one over the whole range, or a list.
fn capabilities(channel: &Value) -> Vec<&Value> {
    match (channel.get("capability"), channel.get("capabilities").and_then(Value::as_array)) {
        (Some(one), _) => vec![one],
        (None, Some(all)) => all.iter().collect(),
        (None, None) => Vec::new(),
    }
}

/// Keys of the low bytes.
fn fine_keys(channel: &Value) -> Vec<&str> {
    channel.get("fineChannelAliases").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// How many bytes the channel's values are written in.
fn value_bytes(channel: &Value) -> u8 {
    match channel.get("dmxValueResolution").and_then(Value::as_str) {
        Some("8bit") => 1,
        Some("16bit") => 2,
        Some("24bit") => 3,
        _ => u8::try_from(fine_keys(channel).len() + 1).unwrap_or(4).min(4),
    }
}

/// `128` or `"50%"`, in the bytes of the channel's values.
fn value_of(value: &Value, bytes: u8) -> Option<u32> {
    let top = crate::show::dmx::top(bytes);
    match value {
        Value::Number(n) => n.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= top),
        Value::String(text) => {
            let share: f64 = text.strip_suffix('%')?.parse().ok().filter(|share| (0.0..=100.0).contains(share))?;
            Some((share / 100.0 * f64::from(top)).round() as u32)
        }
        _ => None,
    }
}

impl<'a> Reader<'a> {
    /// All keys that a mode may name: channels, their low bytes, switching channels, and templates for each pixel and group.
    fn define(&mut self, root: &'a Value, matrix: &Matrix) {
        for (key, channel) in root.get("availableChannels").and_then(Value::as_object).into_iter().flatten() {
            self.define_channel(key, channel, None);
        }
        for (key, channel) in root.get("templateChannels").and_then(Value::as_object).into_iter().flatten() {
            for pixel in matrix.keys() {
                self.define_channel(key, channel, Some(pixel));
            }
        }
    }

    fn define_channel(&mut self, key: &str, channel: &'a Value, pixel: Option<&str>) {
        let place = |text: &str| pixel.map_or_else(|| text.to_owned(), |pixel| text.replace("$pixelKey", pixel));
        let coarse = place(key);
        let cell = pixel.map(str::to_owned);
        for (fine, key) in std::iter::once(key).chain(fine_keys(channel)).enumerate() {
            let definition = Definition { channel, coarse: coarse.clone(), fine, cell: cell.clone() };
            self.definitions.entry(place(key)).or_insert(definition);
        }
        let bytes = value_bytes(channel);
        let rests = channel.get("defaultValue").and_then(|value| value_of(value, bytes)).unwrap_or(0);
        for capability in capabilities(channel) {
            let range = capability.get("dmxRange").and_then(Value::as_array);
            let bound = |at: usize| range.and_then(|range| u32::try_from(range.get(at)?.as_u64()?).ok());
            let (from, to) = bound(0).zip(bound(1)).unwrap_or((0, crate::show::dmx::top(bytes)));
            for (alias, target) in capability.get("switchChannels").and_then(Value::as_object).into_iter().flatten() {
                let Some(target) = target.as_str().map(place) else { continue };
                let new = || Alias { trigger: coarse.clone(), bytes, resting: target.clone(), targets: Vec::new() };
                let alias = self.aliases.entry(place(alias)).or_insert_with(new);
                if (from..=to).contains(&rests) {
                    alias.resting.clone_from(&target);
                }
                match alias.targets.iter_mut().find(|(other, _)| *other == target) {
                    Some((_, within)) => within.push((from, to)),
                    None => alias.targets.push((target, vec![(from, to)])),
                }
            }
        }
    }

    fn mode(&mut self, mode: &Value, matrix: &Matrix) -> Result<DraftMode, Refusal> {
        let name = mode.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let refuse = |rule, message: String| Refusal::new(rule, format!("mode \"{name}\": {message}"));
        let mut keys: Vec<Option<String>> = Vec::new();
        for row in mode.get("channels").and_then(Value::as_array).into_iter().flatten() {
            match row {
                Value::Null => keys.push(None),
                Value::String(key) => keys.push(Some(key.clone())),
                _ => insert(row, matrix, &mut keys)?,
            }
            if keys.len() > ROWS_MAX {
                return Err(refuse("footprint", format!("it takes more than {ROWS_MAX} slots; a universe has 512")));
            }
        }
        let mut made = DraftMode { name: name.clone(), ..DraftMode::default() };
        made.footprints = vec![u32::try_from(keys.len()).unwrap_or(u32::MAX)];
        if keys.len() > 512 {
            return Err(refuse("footprint", format!("it takes {} slots; a universe has 512", keys.len())));
        }
        made.cells = matrix.keys().map(str::to_owned).collect();
        let mut rows: Vec<Row<'a>> = Vec::new();
        for (slot, key) in (1_u32..).zip(&keys) {
            let Some(key) = key else { continue };
            for (target, when) in self.targets(key, &made.name, slot, &keys) {
                let Some(definition) = self.definitions.get(&target) else {
                    return Err(refuse("reference", format!("it uses the channel \"{key}\", which the file does not define")));
                };
                rows.push(Row { slot, key: target, definition: definition.clone(), when });
            }
        }
        for row in &rows {
            let coarse = |other: &&Row<'_>| other.key == row.definition.coarse;
            let together = |other: &Row<'_>| other.when == row.when;
            if row.definition.fine > 0
                && let Some(coarse) = rows.iter().find(|other| coarse(other) && together(other)).or_else(|| rows.iter().find(coarse))
            {
                if !together(coarse) {
                    self.notes
                        .push(format!("mode {name}: slot {} as {} is left out: its high byte is not switched as it is", row.slot, row.key));
                }
                continue;
            }
            let low = |fine: usize| move |other: &&Row<'_>| other.definition.fine == fine && other.when == row.when;
            let own = |other: &&Row<'_>| other.definition.coarse == row.definition.coarse;
            let bytes: Vec<u32> = (1..4).map_while(|fine| rows.iter().filter(own).find(low(fine)).map(|other| other.slot)).collect();
            let slots = if row.definition.fine > 0 { vec![row.slot] } else { std::iter::once(row.slot).chain(bytes).collect() };
            let channel = self.channel(&row.key, &row.definition, slots).map_err(|why| refuse("range", why))?;
            made.channels.extend(channel.map(|channel| DraftChannel { when: row.when.clone(), ..channel }));
        }
        words::filters(&mut made.channels.iter_mut().map(|channel| &mut channel.attribute).collect::<Vec<_>>());
        if made.channels.is_empty() && !keys.is_empty() {
            made.channels.push(DraftChannel { attribute: "NoFeature".into(), slots: vec![1], ..DraftChannel::default() });
        }
        Ok(made)
    }

    /// What a switching channel is, and when; any other key is itself.
    fn targets(&mut self, key: &str, mode: &str, slot: u32, keys: &[Option<String>]) -> Vec<(String, Option<DraftWhen>)> {
        let Some(alias) = self.aliases.get(key).filter(|_| !self.definitions.contains_key(key)) else {
            return vec![(key.to_owned(), None)];
        };
        if let [(only, _)] = alias.targets.as_slice() {
            return vec![(only.clone(), None)];
        }
        let place = |key: &str| (1_u32..).zip(keys).find(|(_, other)| other.as_deref() == Some(key)).map(|(slot, _)| slot);
        let Some(first) = place(&alias.trigger) else {
            let others: Vec<&str> = alias.targets.iter().map(|(other, _)| other.as_str()).filter(|other| *other != alias.resting).collect();
            let others = others.join(" or ");
            self.notes.push(format!("mode {mode}: slot {slot} is {}, never {others}: {} is not in the mode", alias.resting, alias.trigger));
            return vec![(alias.resting.clone(), None)];
        };
        let fine = (1..4).map_while(|fine| {
            let mut low = self.definitions.iter().filter(|(_, one)| one.coarse == alias.trigger && one.fine == fine);
            place(low.next()?.0)
        });
        let trigger = DraftChannel { slots: std::iter::once(first).chain(fine).collect(), ..DraftChannel::default() };
        let own = |(from, to): &(u32, u32)| {
            let range = trigger.range(&DraftValue::new("", *from, *to), alias.bytes);
            (range.from, range.to)
        };
        let when = |within: &[(u32, u32)]| DraftWhen { slot: first, within: joined(within.iter().map(own).collect()) };
        alias.targets.iter().map(|(target, within)| (target.clone(), Some(when(within)))).collect()
    }

    /// One channel on its slots; `None` for one that does nothing.
    fn channel(&self, key: &str, definition: &Definition<'_>, slots: Vec<u32>) -> Result<Option<DraftChannel>, String> {
        let channel = definition.channel;
        let said = channel.get("name").and_then(Value::as_str);
        let name = said.map_or_else(
            || key.to_owned(),
            |name| definition.cell.as_ref().map_or(name.to_owned(), |cell| name.replace("$pixelKey", cell)),
        );
        let all = capabilities(channel);
        // What switches others does something, whatever else it does.
        let switches = all.iter().any(|capability| capability.get("switchChannels").is_some()).then(|| "Control1".to_owned());
        let Some(attribute) = ofl_types::attribute(&all, key, &self.wheels, self.kind).or(switches) else { return Ok(None) };
        let bytes = value_bytes(channel);
        let mut made = DraftChannel { attribute, name, cell: definition.cell.clone(), slots, ..DraftChannel::default() };
        let ranges = ofl_types::ranges(&all, key, &self.wheels).ok_or_else(|| format!("channel \"{key}\" has a range that is none"))?;
        if definition.fine == 0 {
            made.values = ranges.iter().map(|value| made.range(value, bytes)).collect();
            made.default = channel.get("defaultValue").and_then(|value| value_of(value, bytes)).map(|value| made.value(value, bytes));
            made.highlight = channel.get("highlightValue").and_then(|value| value_of(value, bytes)).map(|value| made.value(value, bytes));
            made.physical = ofl_types::physical(&all, &made.attribute);
            made.inverse = ofl_types::is_inverse(&all);
        }
        Ok(Some(made))
    }
}

/// `{ "insert": "matrixChannels", … }`: the template channels for each pixel, or each template for all pixels.
fn insert(row: &Value, matrix: &Matrix, keys: &mut Vec<Option<String>>) -> Result<(), Refusal> {
    let pixels = matrix.repeat(row.get("repeatFor").unwrap_or(&Value::Null))?;
    let templates: Vec<Option<&str>> =
        row.get("templateChannels").and_then(Value::as_array).into_iter().flatten().map(Value::as_str).collect();
    if pixels.len().saturating_mul(templates.len()) > ROWS_MAX {
        return Err(Refusal::new("footprint", format!("a mode takes more than {ROWS_MAX} slots; a universe has 512")));
    }
    let place = |template: &Option<&str>, pixel: &String| template.map(|template| template.replace("$pixelKey", pixel));
    if row.get("channelOrder").and_then(Value::as_str) == Some("perChannel") {
        keys.extend(templates.iter().flat_map(|template| pixels.iter().map(move |pixel| place(template, pixel))));
    } else {
        keys.extend(pixels.iter().flat_map(|pixel| templates.iter().map(move |template| place(template, pixel))));
    }
    Ok(())
}
