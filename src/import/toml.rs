//! Writes a draft as a fixture profile that a person can read and edit.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::nature::Nature;
use super::{Draft, DraftChannel, DraftMode, DraftValue, switches};
use crate::show::colour::of_name;
use crate::show::{Physical, Unit, Value};

/// Names up to this many stand in the channel itself.
const INLINE: usize = 3;

/// The name of each set of names that stands in a table of its own.
type Tables = BTreeMap<Vec<DraftValue>, String>;

/// The profile's text. The draft must be tidy.
#[must_use]
pub fn text(draft: &Draft) -> String {
    let mut out = String::new();
    for note in &draft.notes {
        let _ = writeln!(out, "# Look at this: {note}.");
    }
    let _ = writeln!(out, "maker = {}\nmodel = {}", quoted(&draft.maker), quoted(&draft.model));
    let sources: Vec<String> = draft.sources.iter().map(|source| quoted(source)).collect();
    let _ = writeln!(out, "sources = [{}]", sources.join(", "));
    let tables = tables(draft);
    let mut ordered: Vec<(&String, &Vec<DraftValue>)> = tables.iter().map(|(values, name)| (name, values)).collect();
    ordered.sort();
    for (name, values) in ordered {
        let _ = writeln!(out, "\n[values.{}]", key(name));
        for value in values {
            let _ = writeln!(out, "{} = {}", key(&value.name), range(value));
        }
    }
    for mode in &draft.modes {
        write_mode(mode, &draft.open, &tables, &mut out);
    }
    out
}

fn write_mode(mode: &DraftMode, open: &[(String, String)], tables: &Tables, out: &mut String) {
    let open: Vec<String> = open.iter().filter(|(of, _)| *of == mode.name).map(|(_, what)| quoted(what)).collect();
    let footprint = match mode.footprints.as_slice() {
        [one] => one.to_string(),
        many => format!("[{}]", many.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    };
    let _ = writeln!(out, "\n[[mode]]\nname = {}\nfootprint = {footprint}", quoted(&mode.name));
    if !open.is_empty() {
        let _ = writeln!(out, "open = [{}]", open.join(", "));
    }
    let counted = (1..).zip(&mode.cells).all(|(n, cell): (usize, _)| *cell == n.to_string());
    if counted && !mode.cells.is_empty() {
        let _ = writeln!(out, "cells = {}", mode.cells.len());
    } else if !mode.cells.is_empty() {
        let cells: Vec<String> = mode.cells.iter().map(|cell| quoted(cell)).collect();
        let _ = writeln!(out, "cells = [{}]", cells.join(", "));
    }
    let mut done = vec![false; mode.channels.len()];
    for (nth, channel) in mode.channels.iter().enumerate() {
        if done.get(nth).copied().unwrap_or(true) {
            continue;
        }
        let same = alike(mode, nth);
        let step = same.as_ref().map(|(members, step)| {
            members.iter().filter_map(|at| done.get_mut(*at).map(|done| *done = true)).for_each(drop);
            *step
        });
        write_channel(mode, channel, step, tables, out);
    }
}

/// The same channel in every cell, from the first on, at one distance: who they are, and the distance.
fn alike(mode: &DraftMode, nth: usize) -> Option<(Vec<usize>, u32)> {
    let first = mode.channels.get(nth)?;
    if mode.cells.len() < 2 || first.cell.as_ref() != mode.cells.first() {
        return None;
    }
    let mut members = vec![nth];
    let mut step = None;
    for (at, cell) in mode.cells.iter().enumerate().skip(1) {
        let (place, other) = mode
            .channels
            .iter()
            .enumerate()
            .find(|(_, c)| c.cell.as_ref() == Some(cell) && c.attribute == first.attribute && c.part == first.part)?;
        let plain = |channel: &DraftChannel| {
            let (cell, group, name, slots, when) = (None, None, String::new(), Vec::new(), None);
            DraftChannel { cell, group, name, slots, when, ..channel.clone() }
        };
        let apart = other.slots.first()?.checked_sub(*first.slots.first()?)?;
        let each = u32::try_from(at).ok()?;
        let step = *step.get_or_insert(apart / each);
        let slots: Vec<u32> = first.slots.iter().map(|slot| slot + step * each).collect();
        if step == 0 || slots != other.slots || plain(other) != plain(first) || !switches::alike(mode, first, other) {
            return None;
        }
        members.push(place);
    }
    Some((members, step?))
}

fn write_channel(mode: &DraftMode, channel: &DraftChannel, each: Option<u32>, tables: &Tables, out: &mut String) {
    let _ = writeln!(out, "\n[[mode.channel]]\nattribute = {}", quoted(&channel.attribute));
    // In every cell, the name of the first one's channel would tell a wrong number.
    if !channel.name.is_empty() && each.is_none() && !says_the_same(&channel.name, &channel.attribute) {
        let _ = writeln!(out, "name = {}", quoted(&channel.name));
    }
    match (each, &channel.cell) {
        (None, Some(cell)) => drop(writeln!(out, "cell = {}", quoted(cell))),
        (Some(step), _) => drop(writeln!(out, "each = {step}")),
        (None, None) => {}
    }
    if mode.footprints.len() > 1 {
        let _ = writeln!(out, "break = {}", channel.part + 1);
    }
    for (name, slot) in ["slot", "fine", "ultra", "uber"].into_iter().zip(&channel.slots) {
        let _ = writeln!(out, "{name} = {slot}");
    }
    if let Some((when, master)) = channel.when.as_ref().zip(switches::master_of(mode, channel)) {
        let all: Vec<String> = when.within.iter().map(|range| spot(master, *range)).collect();
        let within = if let [one] = all.as_slice() { one.clone() } else { format!("[{}]", all.join(", ")) };
        let _ = writeln!(out, "when = {{ channel = {}, in = {within} }}", quoted(&master.attribute));
    }
    if let Some(default) = channel.default {
        let _ = writeln!(out, "default = {default}");
    }
    if let Some(highlight) = channel.highlight {
        let _ = writeln!(out, "highlight = {highlight}");
    }
    if let Some((from, to)) = channel.reach {
        let _ = writeln!(out, "span = [{from}, {to}]");
    }
    for (name, on) in [("snap", channel.snap), ("inverse", channel.inverse)] {
        if on {
            let _ = writeln!(out, "{name} = true");
        }
    }
    if let Some(physical) = channel.physical {
        let _ = writeln!(out, "range = {}", range_of(&physical));
    }
    if let Some(table) = shared(channel).and_then(|values| tables.get(&values)) {
        let _ = writeln!(out, "values = {}", quoted(table));
    } else if !channel.values.is_empty() {
        let values: Vec<String> = channel.values.iter().map(|value| format!("{} = {}", key(&value.name), range(value))).collect();
        let _ = writeln!(out, "values = {{ {} }}", values.join(", "));
    }
}

/// A range of what switches others, by its name where it has one.
fn spot(master: &DraftChannel, (from, to): (u32, u32)) -> String {
    match master.values.iter().find(|value| (value.from, value.to) == (from, to)) {
        Some(value) => quoted(&value.name),
        None if from == to => from.to_string(),
        None => format!("[{from}, {to}]"),
    }
}

/// `Pan` and "Pan", `ColorAdd_R` and "Red": the attribute says it all.
fn says_the_same(name: &str, attribute: &str) -> bool {
    let words = [
        ("ColorAdd_R", "red"),
        ("ColorAdd_G", "green"),
        ("ColorAdd_B", "blue"),
        ("ColorAdd_W", "white"),
        ("ColorAdd_RY", "amber"),
        ("ColorAdd_UV", "uv"),
        ("ColorSub_C", "cyan"),
        ("ColorSub_M", "magenta"),
        ("ColorSub_Y", "yellow"),
        ("Focus1", "focus"),
        ("Dimmer", "master dimmer"),
    ];
    name.eq_ignore_ascii_case(attribute) || words.iter().any(|(known, word)| *known == attribute && name.eq_ignore_ascii_case(word))
}

/// Every set of names that is long or stands in several channels gets a table.
fn tables(draft: &Draft) -> Tables {
    let mut counts: BTreeMap<Vec<DraftValue>, (usize, String)> = BTreeMap::new();
    for channel in draft.modes.iter().flat_map(|mode| &mode.channels) {
        if let Some(values) = shared(channel).filter(|values| !values.is_empty()) {
            let name = if channel.name.is_empty() { channel.attribute.clone() } else { channel.name.clone() };
            counts.entry(values).or_insert((0, name)).0 += 1;
        }
    }
    let mut taken = std::collections::BTreeSet::new();
    let mut tables = Tables::new();
    for (values, (count, name)) in counts {
        if values.len() > INLINE || (count > 1 && values.len() > 1) {
            let mut own = name.clone();
            let mut number = 1_u32;
            while !taken.insert(own.clone()) {
                number += 1;
                own = format!("{name} {number}");
            }
            tables.insert(values, own);
        }
    }
    tables
}

/// A channel's names in one byte, when they say the same there: what stands in a table is of one byte.
fn shared(channel: &DraftChannel) -> Option<Vec<DraftValue>> {
    let bits = u32::from(channel.bytes().saturating_sub(1)) * 8;
    let rest = 1_u32.checked_shl(bits).map_or(u32::MAX, |one| one - 1);
    let whole = |value: &DraftValue| value.from & rest == 0 && value.to & rest == rest;
    channel.values.iter().all(whole).then(|| {
        channel
            .values
            .iter()
            .map(|value| DraftValue { from: value.from >> bits, to: value.to >> bits, nature: Nature::Unknown, ..value.clone() })
            .collect()
    })
}

fn range(value: &DraftValue) -> String {
    let at = if value.from == value.to { value.from.to_string() } else { format!("[{}, {}]", value.from, value.to) };
    match value.colour {
        // Its name tells the same.
        Some(rgb) if of_name(&value.name) != Some(rgb) => {
            let [red, green, blue] = rgb;
            format!("{{ at = {at}, colour = \"#{red:02X}{green:02X}{blue:02X}\" }}")
        }
        _ => at,
    }
}

/// `"540deg"` when the middle is 0, else both ends.
fn range_of(physical: &Physical) -> String {
    let plain = |thousandths: i64| Value::Decimal(thousandths.saturating_mul(1000)).to_string();
    match physical.unit {
        Unit::Degrees if physical.from < 0 && physical.from == -physical.to => format!("\"{}deg\"", plain(physical.to * 2)),
        Unit::Degrees => format!("[\"{}deg\", \"{}deg\"]", plain(physical.from), plain(physical.to)),
        Unit::Kelvin => format!("[\"{} K\", \"{} K\"]", plain(physical.from), plain(physical.to)),
    }
}

/// A text of TOML.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => drop(write!(out, "\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A key of TOML: bare where that is possible.
#[must_use]
pub fn key(text: &str) -> String {
    let bare = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { text.to_owned() } else { quoted(text) }
}
