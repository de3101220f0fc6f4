//! Slots of which a level has only a part: a dimmer that is a strobe further up, a colour with programs behind it. The level gets
//! that part for itself; the rest becomes a channel on the same slots that says whether they are the level.

use super::nature::{self, Nature};
use super::{DraftChannel, DraftMode, DraftValue, DraftWhen};
use crate::show::attribute;

/// What the ranges of a channel make of its level.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Level {
    /// All of it is a level, as far as anybody knows.
    Whole,
    /// From nothing to full; and whether the slots do something else besides.
    Part { from: u32, to: u32, more: bool },
    /// None of it is.
    None,
}

/// True for what gives light, or takes a part of it away, by degrees.
fn has_level(name: &str) -> bool {
    name == "Dimmer" || attribute::emitter(name).is_some()
}

/// Gives every level its part of the slots.
pub(super) fn split(mode: &mut DraftMode, notes: &mut Vec<String>) {
    light_from_shutters(mode);
    let mut at = 0;
    while let Some(channel) = mode.channels.get(at) {
        let found = if has_level(&channel.attribute) { level(channel) } else { Level::Whole };
        match found {
            Level::Whole => {}
            Level::None => not_a_level(mode, at),
            Level::Part { from, to, more } => {
                let other = more.then(|| rest(channel, from, to));
                let name = mode.name.clone();
                if let Some(channel) = mode.channels.get_mut(at) {
                    own_part(channel, from, to, other.is_some());
                    if let Some(other) = other.filter(|_| channel.when.is_none()) {
                        channel.when =
                            Some(DraftWhen { slot: other.slots.first().copied().unwrap_or(0), within: vec![(from.min(to), from.max(to))] });
                        mode.channels.insert(at, other);
                        at += 1;
                    } else if more {
                        notes.push(format!(
                            "mode {name}: what {} does besides its level is left out: it is itself there only at times",
                            channel.name
                        ));
                    }
                }
            }
        }
        at += 1;
    }
}

/// In a light without any dimmer or lamps, a shutter with a part that dims is the dimmer.
fn light_from_shutters(mode: &mut DraftMode) {
    if mode.channels.iter().any(DraftChannel::gives_light) {
        return;
    }
    let dims =
        |one: &&mut DraftChannel| attribute::is_shutter(&one.attribute) && one.values.iter().any(|value| nature::light(value).is_level());
    mode.channels.iter_mut().filter(dims).for_each(|channel| channel.attribute = "Dimmer".into());
}

/// The part of a channel that is a level.
fn level(channel: &DraftChannel) -> Level {
    if channel.values.is_empty() {
        return Level::Whole;
    }
    let own = channel.name.to_lowercase();
    let mut all: Vec<(u32, u32, Nature)> = channel.values.iter().map(|value| (value.from, value.to, told(channel, value, &own))).collect();
    all.sort_unstable();
    let programs = all.iter().filter(|(.., nature)| *nature == Nature::Program).count();
    let Some((first, last, nature)) = widest(&all) else { return switch(&all, channel, &own) };
    if programs > 3 && programs > all.iter().filter(|(.., nature)| nature.is_level()).count() && all.len() > 4 {
        return Level::None;
    }
    let at = |nature: fn(Nature) -> bool, near: u32| all.iter().any(|(from, to, one)| nature(*one) && (*from..=*to).contains(&near));
    let none = |nature: Nature| matches!(nature, Nature::Dark | Nature::Nothing);
    let below = first.checked_sub(1);
    let above = last.checked_add(1).filter(|above| *above <= channel.top());
    let dark_below = below.is_some_and(|near| at(none, near));
    let dark_above = above.is_some_and(|near| at(|nature| nature == Nature::Dark, near));
    let lit = |near: Option<u32>| near.is_some_and(|near| at(|nature| nature == Nature::Lit, near));
    let falls = match (dark_below && lit(above), dark_above && lit(below)) {
        (true, false) => false,
        (false, true) => true,
        _ => nature == Nature::Falls,
    };
    let more = all
        .iter()
        .any(|(from, _, nature)| !(first..=last).contains(from) && !matches!(nature, Nature::Dark | Nature::Lit | Nature::Nothing));
    // Where darkness begins beside it, nothing is surely nothing.
    let (from, to) =
        if falls { (if dark_above { last + 1 } else { last }, first) } else { (if dark_below { first - 1 } else { first }, last) };
    if (from, to) == (0, channel.top()) && !more { Level::Whole } else { Level::Part { from, to, more } }
}

/// What a range is in its channel: a colour by its own name is its level, and a lamp that no lamp channel has is the light.
fn told(channel: &DraftChannel, value: &DraftValue, own: &str) -> Nature {
    let name = value.name.to_lowercase();
    let emits = attribute::emitter(&channel.attribute).is_some();
    match nature::light(value) {
        Nature::Unknown | Nature::Program if emits && !name.is_empty() && (own.starts_with(&name) || name == format!("{own} dimmer")) => {
            Nature::Rises
        }
        Nature::Lamp if !own.contains("lamp") => {
            if name.contains("off") {
                Nature::Dark
            } else {
                Nature::Lit
            }
        }
        Nature::Lit | Nature::Dark if own.contains("lamp") && own.contains("control") => Nature::Lamp,
        nature => nature,
    }
}

/// The widest run of ranges that go one way, and which.
fn widest(all: &[(u32, u32, Nature)]) -> Option<(u32, u32, Nature)> {
    let mut runs: Vec<(u32, u32, Nature)> = Vec::new();
    for (from, to, nature) in all.iter().filter(|(.., nature)| nature.is_level()) {
        match runs.last_mut().filter(|(_, last, way)| way == nature && last.checked_add(1) == Some(*from)) {
            Some((_, last, _)) => *last = *to,
            None => runs.push((*from, *to, *nature)),
        }
    }
    let rising = runs.iter().any(|(.., way)| *way == Nature::Rises);
    let mut best: Option<(u32, u32, Nature)> = None;
    for run in runs.into_iter().filter(|(.., way)| !rising || *way == Nature::Rises) {
        if best.is_none_or(|best| run.1 - run.0 > best.1 - best.0) {
            best = Some(run);
        }
    }
    best
}

/// Without degrees: dark or lit is a level of two steps, anything else is none.
fn switch(all: &[(u32, u32, Nature)], channel: &DraftChannel, own: &str) -> Level {
    let dark = all
        .iter()
        .find(|(.., nature)| matches!(nature, Nature::Dark))
        .or_else(|| all.iter().find(|(.., nature)| *nature == Nature::Nothing));
    let lit = all.iter().find(|(.., nature)| *nature == Nature::Lit);
    let more = all.iter().any(|(.., nature)| !matches!(nature, Nature::Dark | Nature::Lit | Nature::Nothing));
    match (dark, lit) {
        (Some(_), Some(_)) if !more && all.len() == 2 => Level::Whole,
        (Some((from, to, _)), Some((first, last, _))) => {
            let middle = first + (last - first) / 2;
            let (from, to) = if to < first { (*to, middle) } else { (*from, middle) };
            Level::Part { from, to, more }
        }
        // Ranges that nobody understands, of what says that it dims.
        _ if all.iter().all(|(.., nature)| *nature == Nature::Unknown) && channel.attribute == "Dimmer" && dims(own) => Level::Whole,
        _ => Level::None,
    }
}

/// A name of a dimmer, and not of how one dims.
fn dims(own: &str) -> bool {
    ["dim", "intens", "bright", "master"].iter().any(|word| own.contains(word))
        && !["curve", "mode", "speed", "control"].iter().any(|word| own.contains(word))
}

/// The level alone, in its part.
fn own_part(channel: &mut DraftChannel, from: u32, to: u32, alone: bool) {
    let (low, high) = (from.min(to), from.max(to));
    let inside = |value: u32| (low..=high).contains(&value);
    channel.reach = Some((from, to));
    channel.inverse = false;
    channel.default = channel.default.filter(|default| inside(*default) && *default != from);
    channel.highlight = channel.highlight.filter(|highlight| inside(*highlight));
    channel.values.retain(|value| !alone && inside(value.from) && inside(value.to));
    if channel.values.len() < 2 {
        channel.values.clear();
    }
}

/// What the slots do besides: the same ranges, resting where they are the level.
fn rest(channel: &DraftChannel, from: u32, to: u32) -> DraftChannel {
    let (low, high) = (from.min(to), from.max(to));
    let natures = || channel.values.iter().filter(|value| !(low..=high).contains(&value.from)).map(nature::light);
    let attribute = attribute_of(natures).unwrap_or("Control1");
    let middle = low + (high - low) / 2;
    DraftChannel {
        attribute: attribute.into(),
        default: Some(middle.max(1)),
        highlight: Some(middle.max(1)),
        snap: true,
        inverse: false,
        physical: None,
        ..channel.clone()
    }
}

/// The attribute of a channel that is no level, by what its ranges do.
fn attribute_of<I: Iterator<Item = Nature>>(natures: impl Fn() -> I) -> Option<&'static str> {
    let has = |one: Nature| natures().any(|nature| nature == one);
    Some(match () {
        () if has(Nature::Strobe) => "Shutter1",
        () if has(Nature::Program) => "Effects1",
        () if has(Nature::Lamp) => "LampControl",
        () if has(Nature::Reset) => "FixtureGlobalReset",
        () if has(Nature::Lit) && !has(Nature::Unknown) => "Shutter1",
        () => return None,
    })
}

/// A channel that the file counts among the levels and that has none.
fn not_a_level(mode: &mut DraftMode, at: usize) {
    let Some(channel) = mode.channels.get_mut(at) else { return };
    let own = channel.name.to_lowercase();
    let colours = channel.values.iter().filter(|value| value.colour.is_some()).count();
    let emits = channel.attribute != "Dimmer";
    let natures = || channel.values.iter().map(|value| told(channel, value, &own));
    let has = |words: &[&str]| super::words::has(&own, words);
    channel.attribute = match attribute_of(natures) {
        _ if emits || colours > 1 => "ColorMacro1",
        _ if has(&["dimmer curve", "dimming curve", "dimmer mode", "dim mode", "dimming mode", "node dim"])
            || own.contains("bit dimmer") =>
        {
            "DimmerMode"
        }
        _ if has(&["cto", "ctc", "colour temp", "color temp"]) || own.contains("ctc") => "CTC",
        Some(name) => name,
        None => super::words::control(&own),
    }
    .into();
    channel.inverse = false;
}
