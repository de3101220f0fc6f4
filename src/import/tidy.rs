//! From a draft to what a profile can be: every slot belongs to one channel, every attribute of a cell is there once, every
//! mode and cell has a name of its own. What no light can be is refused.

use std::collections::{BTreeMap, BTreeSet};

use super::nature::{self, Nature};
use super::{Draft, DraftChannel, DraftMode, DraftValue, Refusal, parts, switches, words};
use crate::show::attribute::{self, Feature, is_shutter};

/// Slots of a universe.
const SLOTS: u32 = 512;
/// Modes of a light, and channels of a mode, at the most.
const MODES_MAX: usize = 512;

/// Puts a draft in order.
///
/// # Errors
/// No mode, no channel, a footprint past 512, two channels on one slot; with the mode's name.
pub fn tidy(mut draft: Draft) -> Result<Draft, Refusal> {
    draft.maker = clean(&draft.maker, "Unknown");
    draft.model = clean(&draft.model, "Unnamed");
    if draft.modes.is_empty() || draft.modes.len() > MODES_MAX {
        return Err(Refusal::new("modes", format!("it has {} modes; a light has 1 to {MODES_MAX}", draft.modes.len())));
    }
    let mut names = BTreeSet::new();
    for mode in &mut draft.modes {
        mode.name = unique(clean(&mode.name, "Mode"), &mut names);
        switches::settle(mode, &mut draft.notes);
        check(mode)?;
        parts::split(mode, &mut draft.notes);
        for channel in &mut mode.channels {
            channel.attribute.retain(|c| c.is_ascii_alphanumeric() || c == '_');
            if channel.attribute.is_empty() {
                channel.attribute = "NoFeature".into();
            }
            if let Some(meant) = attribute::meant(&channel.attribute) {
                draft.notes.push(format!("mode {}: the attribute {} is taken for {meant}", mode.name, channel.attribute));
                channel.attribute = meant;
            }
        }
        shorten_names(mode);
        one_of_each(mode);
        cells(mode);
        switches::reach(mode, &mut draft.notes);
        rests(mode);
        doubts(mode, &mut draft.open);
        for channel in mode.channels.iter().filter(|channel| channel.attribute == "Dimmer") {
            if let Some(last) = channel.values.iter().max_by_key(|value| value.to).filter(|value| words::has(&value.name, &["strob"])) {
                draft.notes.push(format!("mode {}: 100% of {} is \"{}\"", mode.name, channel.name, last.name));
            }
        }
    }
    draft.notes.sort();
    draft.notes.dedup();
    Ok(draft)
}

/// What no light can be.
fn check(mode: &DraftMode) -> Result<(), Refusal> {
    let name = &mode.name;
    if mode.channels.is_empty() {
        return Err(Refusal::new("empty", format!("mode \"{name}\" has no channels")));
    }
    let mut taken: BTreeMap<(usize, u32), &DraftChannel> = BTreeMap::new();
    for channel in &mode.channels {
        let Some(footprint) = mode.footprints.get(channel.part).copied() else {
            return Err(Refusal::new("break", format!("mode \"{name}\": {} lies in a break that the mode does not have", channel.name)));
        };
        if channel.slots.is_empty() || channel.slots.len() > 4 {
            return Err(Refusal::new(
                "slots",
                format!("mode \"{name}\": {} has {} slots; 1 to 4 are possible", channel.name, channel.slots.len()),
            ));
        }
        for slot in &channel.slots {
            if *slot == 0 || *slot > footprint {
                return Err(Refusal::new("slots", format!("mode \"{name}\": {} lies on slot {slot} of {footprint}", channel.name)));
            }
            let other = taken.insert((channel.part, *slot), channel);
            // Those that take turns are in order.
            if let Some(other) = other.filter(|other| other.when.is_none() && channel.when.is_none()) {
                let message = format!("mode \"{name}\": {} and {} lie on one slot, {slot}", channel.name, other.name);
                return Err(Refusal::new("overlap", message));
            }
        }
    }
    match mode.footprints.iter().find(|footprint| **footprint == 0 || **footprint > SLOTS) {
        Some(footprint) => Err(Refusal::new("footprint", format!("mode \"{name}\" takes {footprint} slots; a universe has {SLOTS}"))),
        None => Ok(()),
    }
}

/// Texts of a sane length, each once in its channel.
fn shorten_names(mode: &mut DraftMode) {
    for channel in &mut mode.channels {
        channel.name = clean(&channel.name, "");
        let mut names = BTreeSet::new();
        for value in &mut channel.values {
            value.name = unique(clean(&value.name, "value"), &mut names);
        }
    }
}

/// Two channels of one attribute are two cells when they give light or move it, else two numbers.
fn one_of_each(mode: &mut DraftMode) {
    let many: BTreeSet<String> = repeated(mode).into_iter().filter(|name| splits(name)).collect();
    // The parts of the light that hold them are its cells, when there are several.
    let holds = |channel: &DraftChannel| channel.cell.is_none() && many.contains(&channel.attribute);
    let groups: BTreeSet<String> = mode.channels.iter().filter(|c| holds(c)).filter_map(|c| c.group.clone()).collect();
    if groups.len() > 1 {
        for channel in mode.channels.iter_mut().filter(|channel| channel.cell.is_none()) {
            channel.cell = channel.group.clone().filter(|group| groups.contains(group));
        }
    }
    let many: BTreeSet<String> = repeated(mode).into_iter().filter(|name| splits(name)).collect();
    let told = mode.channels.iter().any(|channel| channel.cell.is_some());
    let mut placed: BTreeSet<(String, String)> =
        mode.channels.iter().filter(|c| many.contains(&c.attribute)).filter_map(|c| Some((c.cell.clone()?, c.attribute.clone()))).collect();
    let mut seen = BTreeSet::new();
    for channel in mode.channels.iter_mut().filter(|channel| many.contains(&channel.attribute)) {
        let own = channel.cell.clone();
        if own.as_ref().is_some_and(|cell| seen.insert((cell.clone(), channel.attribute.clone()))) {
            continue;
        }
        // Where the file tells the cells, what is outside of them is the whole light's, and gets a number; but a level has none.
        if told && own.is_none() {
            if channel.attribute == "Dimmer" && !seen.insert((String::new(), channel.attribute.clone())) {
                let name = if channel.name.is_empty() { "dimmer".to_owned() } else { channel.name.clone() };
                let free = std::iter::once(name.clone()).chain((2..).map(|n: usize| format!("{name} {n}")));
                channel.cell = free.into_iter().find(|cell| placed.insert((cell.clone(), channel.attribute.clone())));
            }
            continue;
        }
        let free = (1..).map(|n: usize| own.as_ref().map_or_else(|| n.to_string(), |cell| format!("{cell}-{n}")));
        channel.cell = free.into_iter().find(|cell| placed.insert((cell.clone(), channel.attribute.clone())));
    }
    let mut taken: BTreeSet<(Option<String>, String)> = BTreeSet::new();
    for channel in &mut mode.channels {
        let base = channel.attribute.clone();
        let mut number = 1_u32;
        while !taken.insert((channel.cell.clone(), channel.attribute.clone())) {
            number += 1;
            channel.attribute = numbered(&base, number);
        }
    }
}

/// Attributes that stand more than once in one cell, or outside of cells.
fn repeated(mode: &DraftMode) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    mode.channels.iter().filter(|c| !seen.insert((c.cell.clone(), c.attribute.clone()))).map(|c| c.attribute.clone()).collect()
}

/// Dimmers, colours and positions have no numbers in GDTF: another one is another cell.
pub(super) fn splits(name: &str) -> bool {
    name == "Dimmer" || attribute::emitter(name).is_some() || ["Pan", "Tilt", "PanRotate", "TiltRotate"].contains(&name)
}

/// `Gobo1Pos`, 2: `Gobo2Pos`. `Fans`, 2: `Fans2`.
fn numbered(name: &str, number: u32) -> String {
    match name.find(|c: char| c.is_ascii_digit()) {
        Some(at) => {
            let tail = name.get(at..).unwrap_or_default().trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{}{number}{tail}", name.get(..at).unwrap_or_default())
        }
        None => format!("{name}{number}"),
    }
}

/// The cells that channels name, in the order in which they come; with names that a show can write.
fn cells(mode: &mut DraftMode) {
    let mut order: Vec<String> = std::mem::take(&mut mode.cells);
    for cell in mode.channels.iter().filter_map(|channel| channel.cell.clone()) {
        if !order.contains(&cell) {
            order.push(cell);
        }
    }
    order.retain(|cell| mode.channels.iter().any(|channel| channel.cell.as_ref() == Some(cell)));
    let mut names = BTreeSet::new();
    let renamed: BTreeMap<String, String> = order
        .into_iter()
        .map(|cell| {
            let plain: String = cell.chars().filter(|c| !"()*\"".contains(*c)).map(|c| if c == '/' { '-' } else { c }).collect();
            let plain = unique(clean(&plain.replace(", ", ","), "cell"), &mut names);
            mode.cells.push(plain.clone());
            (cell, plain)
        })
        .collect();
    for channel in &mut mode.channels {
        channel.cell = channel.cell.as_ref().and_then(|cell| renamed.get(cell)).cloned();
    }
}

/// What a file leaves open, or says because zero is what files say: shutters rest open, colours are left to the dimmer.
fn rests(mode: &mut DraftMode) {
    let dims = mode.channels.iter().any(DraftChannel::gives_light);
    for channel in &mut mode.channels {
        if is_shutter(&channel.attribute) {
            let open = open_range(&channel.values).map(DraftValue::middle);
            // Nothing else keeps such a light dark: open, it would burn at rest.
            let rest = open.filter(|_| dims);
            let shut = |default: &u32| channel.values.iter().any(|value| holds(value, *default) && closes(value));
            channel.default = channel.default.filter(|default| rest.is_none() || *default != 0 && !shut(default)).or(rest);
            channel.highlight = channel.highlight.filter(|highlight| open.is_none() || !shut(highlight)).or(open);
        } else if !has_own_rest(&channel.attribute) {
            still(channel);
        }
        if channel.attribute == "Iris" {
            channel.default = channel.default.filter(|default| *default != 0).or_else(|| wide_iris(&channel.values));
        }
        let zero = channel.default == Some(0);
        let white = attribute::emitter(&channel.attribute).is_some() || channel.attribute == "Dimmer";
        if zero && (white || !channel.inverse) && !["Pan", "Tilt"].contains(&channel.attribute.as_str()) {
            channel.default = None;
        }
        channel.snap |= snaps(&channel.attribute);
    }
}

/// The range of a shutter that lets all light out: as the file says it, or else by its words.
fn open_range(values: &[DraftValue]) -> Option<&DraftValue> {
    let said = values.iter().find(|value| value.nature == Nature::Lit);
    let open = || values.iter().find(|value| value.nature == Nature::Unknown && is_open(&value.name));
    let other = |wanted: Nature| values.iter().find(move |value| nature::light(value) == wanted);
    // Slots that dim let the light out where they do so.
    let level = || values.iter().find(|value| nature::light(value).is_level());
    said.or_else(open).or_else(|| other(Nature::Lit)).or_else(level).or_else(|| other(Nature::Nothing))
}

fn holds(value: &DraftValue, at: u32) -> bool {
    (value.from..=value.to).contains(&at)
}

/// Lets no light out, or not steadily.
fn closes(value: &DraftValue) -> bool {
    let nature = nature::light(value);
    nature == Nature::Dark || nature.acts()
}

/// Where it rests is decided elsewhere.
fn has_own_rest(name: &str) -> bool {
    name == "Dimmer" || attribute::emitter(name).is_some() || ["Iris", "Pan", "Tilt"].contains(&name)
}

/// What a range of a channel that gives no light does.
fn does(value: &DraftValue) -> Nature {
    let by_words = || match (nature::of_motion(&value.name), nature::of_light(&value.name)) {
        (Nature::Unknown, light) if light.acts() || light == Nature::Nothing => light,
        (motion, _) => motion,
    };
    if value.nature == Nature::Unknown { by_words() } else { value.nature }
}

/// The range that says what a place of a channel does: a narrow one says more than the wide one around it.
fn range_at(channel: &DraftChannel, at: u32) -> Option<&DraftValue> {
    channel.values.iter().filter(|value| holds(value, at)).min_by_key(|value| value.to - value.from)
}

/// At rest nothing turns, runs or starts anew: where a channel would, it rests in a range that does not.
fn still(channel: &mut DraftChannel) {
    let rest = channel.default.unwrap_or(0);
    if !range_at(channel, rest).is_some_and(|value| does(value).acts()) {
        return;
    }
    let among = |wanted: Nature| channel.values.iter().find(move |value| does(value) == wanted);
    let calm = among(Nature::Still).or_else(|| among(Nature::Nothing));
    channel.default = calm.map(DraftValue::middle).or(channel.default);
}

/// What the file leaves open, for a person to look at.
fn doubts(mode: &DraftMode, open: &mut Vec<(String, String)>) {
    let dims = mode.channels.iter().any(DraftChannel::gives_light);
    for channel in mode.channels.iter().filter(|channel| channel.when.is_none()) {
        let name = if channel.name.is_empty() { &channel.attribute } else { &channel.name };
        let rest = channel.default.unwrap_or(0);
        if is_shutter(&channel.attribute) && dims && !channel.values.is_empty() && open_range(&channel.values).is_none() {
            open.push((mode.name.clone(), format!("nobody knows where {name} lets the light out, so it rests at {rest}")));
        } else if !is_shutter(&channel.attribute) && !has_own_rest(&channel.attribute) {
            let acts = range_at(channel, rest).filter(|value| does(value).acts());
            open.extend(
                acts.map(|value| {
                    (mode.name.clone(), format!("{name} has no range in which it is still, so it rests in \"{}\"", value.name))
                }),
            );
        }
    }
}

/// Where an iris lets all light through, when that is not where its channel begins: nobody wants a light that rests as a pinhole.
fn wide_iris(values: &[DraftValue]) -> Option<u32> {
    let has = |value: &DraftValue, words: &[&str]| words.iter().any(|word| value.name.to_lowercase().contains(word));
    let narrow = ["min", "clos", "small", "narrow"];
    let first = values.iter().find(|value| value.from == 0).filter(|value| narrow_first(&value.name))?;
    let moves = ["puls", "strobe", "random", "ramp", "effect", "fast", "slow", "speed"];
    let open = values.iter().find(|value| has(value, &["max", "open", "large"]) && !has(value, &narrow) && !has(value, &moves));
    open.map(DraftValue::middle).or_else(|| has(first, &["max", "open", "large"]).then_some(first.to))
}

/// "From minimum to maximum", "Closed - open": a range that begins with the smallest beam.
fn narrow_first(name: &str) -> bool {
    let name = name.to_lowercase();
    let at = |words: &[&str]| words.iter().filter_map(|word| name.find(word)).min();
    let before = |small: Option<usize>, large: Option<usize>| small.map(|small| large.is_none_or(|large| small < large));
    before(at(&["min"]), at(&["max"])).or_else(|| before(at(&["clos", "small", "narrow"]), at(&["open", "large", "wide"]))).unwrap_or(false)
}

/// A range that lets the light out.
#[must_use]
pub fn is_open(name: &str) -> bool {
    let name = name.to_lowercase();
    let word = |word: &str| name.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
    let not = ["strobe", "pulse", "random", "sound", "flash", "open/", "slow", "closed"].iter().any(|other| name.contains(other));
    (word("open") && !not)
        || name == "no strobe"
        || name == "no function"
        || name == "no effect"
        || name == "strobe off"
        || name == "led on"
}

/// Values between two that somebody wants are seen by everybody.
fn snaps(name: &str) -> bool {
    let wheel = (name.starts_with("Gobo") || name.starts_with("Color") || name.starts_with("AnimationWheel") || name.starts_with("Prism"))
        && attribute::emitter(name).is_none()
        && !name.ends_with("Pos")
        && !name.starts_with("ColorSub_")
        && !name.starts_with("ColorRGB_");
    let control = attribute::feature(name) == Feature::Control && !["Fog", "Haze", "Fan"].iter().any(|smoke| name.starts_with(smoke));
    wheel || is_shutter(name) || name.starts_with("Strobe") || (control && !name.ends_with("MSpeed"))
}

/// A text without control letters, spaces side by side or great length.
fn clean(text: &str, otherwise: &str) -> String {
    let mut out = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    let out: String = out.chars().take(64).collect();
    let out = out.trim().to_owned();
    if out.is_empty() { otherwise.to_owned() } else { out }
}

/// The name, with a number when it is taken.
fn unique(name: String, taken: &mut BTreeSet<String>) -> String {
    let mut own = name.clone();
    let mut number = 1_u32;
    while !taken.insert(own.clone()) {
        number += 1;
        own = format!("{name} {number}");
    }
    own
}
