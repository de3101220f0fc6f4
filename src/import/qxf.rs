//! QLC+ fixture definitions (`.qxf`): XML by `fixture.xsd` of QLC+ 4. All values are of one byte; a second channel with
//! `Byte="1"` is the low byte of the one it belongs to.

use std::collections::BTreeMap;

use super::nature::{self, Nature};
use super::xml::{self, Element};
use super::{Draft, DraftChannel, DraftMode, DraftValue, DraftWhen, Refusal, words};
use crate::show::attribute::is_colour_wheel;
use crate::show::colour::{self, read_rgb};
use crate::show::fixture::{joined, without};

/// What one `<Channel>` of the file is.
#[derive(Debug, Clone, Default)]
struct Channel {
    /// GDTF name; empty for a slot that does nothing.
    attribute: String,
    /// The low byte of another.
    fine: bool,
    default: Option<u32>,
    values: Vec<DraftValue>,
    aliases: Vec<Alias>,
}

/// `<Alias Mode="…" Channel="…" With="…"/>` of a capability: while the channel is in it, another one is a third.
#[derive(Debug, Clone)]
struct Alias {
    mode: String,
    channel: String,
    with: String,
    from: u32,
    to: u32,
}

/// Reads a definition; `file` names it in the sources.
///
/// # Errors
/// What is no such XML, or refers to channels that it does not define.
pub fn read(bytes: &[u8], file: &str) -> Result<Draft, Refusal> {
    let root = xml::parse(bytes)?;
    if root.name != "FixtureDefinition" {
        return Err(Refusal::new("format", format!("the XML is a <{}>, not the <FixtureDefinition> of QLC+", root.name)));
    }
    let kind = root.text_of("Type");
    let mut channels = BTreeMap::new();
    for channel in root.all("Channel") {
        let name = channel.attribute("Name").unwrap_or_default().trim();
        channels.insert(name, read_channel(channel, name, kind)?);
    }
    let mut draft = Draft { maker: root.text_of("Manufacturer").into(), model: root.text_of("Model").into(), ..Draft::default() };
    let creator = root.child("Creator").map_or("", |creator| creator.text_of("Version"));
    draft.sources.push(format!(
        "QLC+ fixture definition {file}{}",
        if creator.is_empty() { String::new() } else { format!(", made with {creator}") }
    ));
    for mode in root.all("Mode") {
        let mut made = read_mode(mode, &channels, &mut draft.notes)?;
        let focus = [Some(mode), Some(&root)].into_iter().flatten().find_map(|one| one.child("Physical")?.child("Focus"));
        turns(focus, &mut made);
        draft.modes.push(made);
    }
    for alias in channels.values().flat_map(|channel| &channel.aliases) {
        if !draft.modes.iter().any(|mode| mode.name == alias.mode) {
            let Alias { mode, channel, with, .. } = alias;
            draft.notes.push(format!("that {channel} becomes {with} in the mode {mode} is left out: the light has no such mode"));
        }
    }
    Ok(draft)
}

fn read_channel(element: &Element, name: &str, kind: &str) -> Result<Channel, Refusal> {
    let group = element.child("Group");
    let (attribute, fine) = match element.attribute("Preset").filter(|preset| *preset != "Custom") {
        Some(preset) => {
            let plain = preset.strip_suffix("Fine");
            (preset_attribute(plain.unwrap_or(preset), name, kind), plain.is_some())
        }
        None => {
            let byte = group.and_then(|group| group.attribute("Byte")).unwrap_or("0");
            (group_attribute(group.map_or("", |g| g.text.as_str()), element.text_of("Colour"), name, kind), byte == "1")
        }
    };
    let attribute = if holds_gobos(element) { words::gobo_wheel(name, attribute) } else { attribute };
    let mut values = Vec::new();
    let mut aliases = Vec::new();
    for capability in element.all("Capability") {
        let bound = |key: &str| capability.attribute(key).and_then(|text| text.trim().parse::<u32>().ok()).filter(|n| *n <= 255);
        let (Some(from), Some(to)) = (bound("Min"), bound("Max")) else {
            return Err(Refusal::new("range", format!("channel \"{name}\": a capability has no Min and Max from 0 to 255")));
        };
        if from > to {
            return Err(Refusal::new("range", format!("channel \"{name}\": a capability goes from {from} down to {to}")));
        }
        for alias in capability.all("Alias") {
            let [mode, channel, with] = ["Mode", "Channel", "With"].map(|key| alias.attribute(key).unwrap_or_default().trim().to_owned());
            aliases.push(Alias { mode, channel, with, from, to });
        }
        let open = capability.attribute("Preset") == Some("ShutterOpen");
        let text =
            if open && !super::tidy::is_open(&capability.text) { format!("open ({})", capability.text) } else { capability.text.clone() };
        // One colour; two are a place between two filters.
        let res = |key: &str| capability.attribute(key).filter(|text| text.starts_with('#'));
        let two = res("Res2").or_else(|| res("Color2")).is_some();
        // One that moves has none, and a white that is called by another colour is one that nobody filled in.
        let still = !two && !colour::moves(&text) && is_colour_wheel(&attribute);
        let colour = res("Res1").or_else(|| res("Color")).filter(|_| still).and_then(read_rgb);
        let colour = colour.filter(|rgb| *rgb != [u8::MAX; 3] || colour::of_name(&text).is_none_or(|told| told == *rgb));
        let nature = capability.attribute("Preset").map_or(Nature::Unknown, preset_nature);
        values.push(DraftValue { colour, nature, ..DraftValue::new(text, from, to) });
    }
    let mut attribute = attribute;
    if ["Pan", "Tilt"].contains(&attribute.as_str()) && values.iter().any(|value| nature::motion(value) == Nature::Turns) {
        attribute.push_str("Rotate");
    }
    // One range over the whole channel says what the attribute says, or that it is another.
    if let [one] = values.as_slice()
        && (one.from, one.to) == (0, 255)
    {
        match nature::light(one) {
            Nature::Strobe if attribute == "Dimmer" => attribute = "StrobeRate".into(),
            Nature::Program if attribute == "Dimmer" && !words::has(name, &["dim", "master"]) => attribute = "Effects1".into(),
            _ => {}
        }
        values.clear();
    }
    let default = element.attribute("Default").and_then(|text| text.parse::<u32>().ok()).filter(|n| *n <= 255);
    Ok(Channel { attribute, fine, default, values, aliases })
}

/// What a capability's `Preset` says that it does.
fn preset_nature(preset: &str) -> Nature {
    match preset {
        "ShutterOpen" => Nature::Lit,
        "ShutterClose" => Nature::Dark,
        "LampOn" | "LampOff" => Nature::Lamp,
        "RotationStop" | "RotationIndexed" | "PrismEffectOff" => Nature::Still,
        _ if ["Strobe", "Pulse", "Ramp"].iter().any(|begin| preset.starts_with(begin)) => Nature::Strobe,
        _ if preset.starts_with("Reset") => Nature::Reset,
        _ if preset.starts_with("Rotation") => Nature::Turns,
        _ => Nature::Unknown,
    }
}

/// Three ranges or more that are gobos: a wheel, even when its name speaks of rotation.
fn holds_gobos(channel: &Element) -> bool {
    channel.all("Capability").filter(|one| one.attribute("Preset") == Some("GoboMacro")).count() >= 3
}

/// `Preset`: the channel's type in one word.
fn preset_attribute(preset: &str, name: &str, kind: &str) -> String {
    if let Some(what) = preset.strip_prefix("Intensity") {
        return match what {
            "MasterDimmer" | "Dimmer" => intensity(name, kind),
            "Hue" => "HSB_Hue".into(),
            "Saturation" => "HSB_Saturation".into(),
            "Lightness" | "Value" => "HSB_Brightness".into(),
            colour => words::emitter(colour).unwrap_or("Dimmer").into(),
        };
    }
    match preset {
        "PositionPan" | "PositionXAxis" => "Pan".into(),
        "PositionTilt" | "PositionYAxis" => "Tilt".into(),
        "ColorMacro" | "ColorRGBMixer" => "ColorMacro1".into(),
        "ColorWheel" => words::colour(name),
        "ColorCTOMixer" => "CTO".into(),
        "ColorCTCMixer" => "CTC".into(),
        "ColorCTBMixer" => "CTB".into(),
        "GoboWheel" => "Gobo1".into(),
        "GoboIndex" => "Gobo1Pos".into(),
        "NoFunction" => String::new(),
        _ if preset.starts_with("ShutterStrobe") => "Shutter1".into(),
        _ if preset.starts_with("ShutterIris") => "Iris".into(),
        _ if preset.starts_with("BeamFocus") => "Focus1".into(),
        _ if preset.starts_with("BeamZoom") => "Zoom".into(),
        _ if preset.starts_with("PrismRotation") => "Prism1Pos".into(),
        _ if preset.starts_with("Speed") => words::speed(preset.trim_start_matches("Speed")).into(),
        _ => "Control1".into(),
    }
}

/// `Group` and `Colour`, with the channel's name where they leave it open.
fn group_attribute(group: &str, colour: &str, name: &str, kind: &str) -> String {
    match group {
        "Intensity" => match words::emitter(colour) {
            Some(emitter) => emitter.into(),
            None => intensity(name, kind),
        },
        "Pan" if words::has(name, &["continuous", "rotation", "endless"]) => "PanRotate".into(),
        "Tilt" if words::has(name, &["continuous", "rotation", "endless"]) => "TiltRotate".into(),
        "Pan" | "Tilt" => group.into(),
        "Colour" => words::colour(name),
        "Gobo" => words::gobo(name),
        "Prism" if words::has(name, &["rot", "index", "spin"]) => "Prism1Pos".into(),
        "Prism" => "Prism1".into(),
        "Shutter" if words::has(name, &["iris"]) => "Iris".into(),
        "Shutter" if words::has(name, &["blade", "framing"]) => "Blade1A".into(),
        "Shutter" if words::has(name, &["frost", "diffus"]) => "Frost1".into(),
        "Shutter" if words::has(name, &["rate", "speed", "frequency"]) => "StrobeRate".into(),
        "Shutter" if words::has(name, &["duration"]) => "StrobeDuration".into(),
        "Shutter" => "Shutter1".into(),
        "Beam" => words::beam(name).into(),
        "Speed" => words::speed(name).into(),
        "Effect" => effect(name, kind),
        "Maintenance" => words::control(name).into(),
        "Nothing" => String::new(),
        _ => "Control1".into(),
    }
}

/// An intensity without a colour: of light, or of what a smoke machine gives.
fn intensity(name: &str, kind: &str) -> String {
    match kind {
        "Smoke" | "Hazer" if words::has(name, &["fan", "blower", "speed"]) => "Fan1".into(),
        "Smoke" if !words::has(name, &["haz"]) => "Fog1".into(),
        "Smoke" | "Hazer" => "Haze1".into(),
        "Fan" => "Fan1".into(),
        _ if words::has(name, &["curve", "dim mode", "dimmer mode", "dimming mode"]) => "DimmerMode".into(),
        _ if words::has(name, &["dim", "intens", "master", "bright", "level"]) => "Dimmer".into(),
        _ if words::has(name, &["speed", "rate", "frequency", "duration"]) => words::speed(name).into(),
        _ if words::has(name, &["strob", "shutter"]) => "Shutter1".into(),
        _ if words::has(name, &["program", "auto", "macro", "chase", "sound", "music", "effect"]) => "Effects1".into(),
        _ => "Dimmer".into(),
    }
}

fn effect(name: &str, kind: &str) -> String {
    match kind {
        "Smoke" | "Hazer" if words::has(name, &["fan", "blower"]) => "Fan1".into(),
        "Smoke" if words::has(name, &["fog", "smoke", "output", "volume"]) => "Fog1".into(),
        "Hazer" if words::has(name, &["haz", "fog", "output", "volume", "pump"]) => "Haze1".into(),
        _ if words::has(name, &["frost", "diffus"]) => "Frost1".into(),
        _ if words::has(name, &["prism"]) => "Prism1".into(),
        _ if words::has(name, &["animation"]) => words::gobo(name),
        _ if words::has(name, &["speed", "rate"]) => "Effects1Rate".into(),
        _ => "Effects1".into(),
    }
}

/// One `<Mode>`: `<Channel Number="0">name</Channel>`, and the cells as `<Head>`.
fn read_mode(mode: &Element, channels: &BTreeMap<&str, Channel>, notes: &mut Vec<String>) -> Result<DraftMode, Refusal> {
    let name = mode.attribute("Name").unwrap_or_default();
    let refuse = |rule, message: String| Refusal::new(rule, format!("mode \"{name}\": {message}"));
    let mut rows: BTreeMap<u32, (&str, &Channel)> = BTreeMap::new();
    for row in mode.all("Channel") {
        let number = row.attribute("Number").and_then(|text| text.trim().parse::<u32>().ok());
        let number = number.ok_or_else(|| refuse("slots", format!("the channel \"{}\" has no Number", row.text)))?;
        let channel = channels.get(row.text.as_str());
        let channel =
            channel.ok_or_else(|| refuse("reference", format!("it uses the channel \"{}\", which the file does not define", row.text)))?;
        if let Some((other, _)) = rows.insert(number, (&row.text, channel)) {
            return Err(refuse("overlap", format!("\"{other}\" and \"{}\" have one Number, {number}", row.text)));
        }
    }
    let footprint = rows.keys().next_back().map_or(0, |last| last.saturating_add(1));
    if footprint > 512 {
        return Err(refuse("footprint", format!("it takes {footprint} slots; a universe has 512")));
    }
    let cells = heads(mode, &rows);
    let mut made = DraftMode { name: name.into(), footprints: vec![footprint], ..DraftMode::default() };
    made.cells = if cells.is_empty() { Vec::new() } else { (1..=mode.all("Head").count()).map(|n| n.to_string()).collect() };
    for (number, (name, channel)) in rows.iter().filter(|(_, (_, channel))| !channel.fine && !channel.attribute.is_empty()) {
        made.channels.push(DraftChannel {
            attribute: channel.attribute.clone(),
            name: (*name).into(),
            cell: cells.get(number).cloned(),
            slots: vec![number + 1],
            default: channel.default,
            values: channel.values.clone(),
            ..DraftChannel::default()
        });
    }
    for (number, (name, channel)) in rows.iter().filter(|(_, (_, channel))| channel.fine && !channel.attribute.is_empty()) {
        let cell = cells.get(number).cloned();
        match coarse(&made, channel, name, cell.as_ref(), *number) {
            Some(at) => made.channels.get_mut(at).into_iter().for_each(|channel| channel.slots.push(number + 1)),
            None => {
                notes.push(format!("mode {}: \"{name}\" is a low byte without its high byte and stands alone", made.name));
                made.channels.push(DraftChannel {
                    attribute: channel.attribute.clone(),
                    name: (*name).into(),
                    cell,
                    slots: vec![number + 1],
                    default: channel.default,
                    values: channel.values.clone(),
                    ..DraftChannel::default()
                });
            }
        }
    }
    switched(&mut made, &rows, channels, &cells, notes);
    made.channels.sort_by_key(|channel| channel.slots.first().copied());
    made.channels.iter_mut().for_each(widen);
    words::filters(&mut made.channels.iter_mut().map(|channel| &mut channel.attribute).collect::<Vec<_>>());
    // A light whose every channel does nothing takes its slots all the same.
    if made.channels.is_empty() && footprint > 0 {
        made.channels.push(DraftChannel { attribute: "NoFeature".into(), slots: vec![1], ..DraftChannel::default() });
    }
    Ok(made)
}

/// What slots are while another channel is in a range of its own: a channel more on the same slots for each.
fn switched(
    mode: &mut DraftMode,
    rows: &BTreeMap<u32, (&str, &Channel)>,
    channels: &BTreeMap<&str, Channel>,
    cells: &BTreeMap<u32, String>,
    notes: &mut Vec<String>,
) {
    let mut made: Vec<DraftChannel> = Vec::new();
    let own = |alias: &&Alias| alias.mode == mode.name;
    let all = rows.iter().flat_map(|(by, (_, master))| master.aliases.iter().filter(own).map(move |alias| (*by, alias)));
    for (by, alias) in all {
        let places: Vec<u32> = rows.iter().filter(|(_, (name, _))| *name == alias.channel).map(|(number, _)| *number).collect();
        let Some(with) = channels.get(alias.with.as_str()).filter(|_| !places.is_empty()) else {
            let gone = if places.is_empty() { &alias.channel } else { &alias.with };
            notes.push(format!("mode {}: that {} becomes {} is left out: there is no {gone}", mode.name, alias.channel, alias.with));
            continue;
        };
        if with.fine {
            notes.push(format!("mode {}: that {} becomes {} is left out: that is a low byte", mode.name, alias.channel, alias.with));
            continue;
        }
        for number in places {
            let here = |channel: &&mut DraftChannel| channel.name == alias.with && channel.slots == [number + 1];
            let known = made.iter_mut().filter(here).filter_map(|channel| channel.when.as_mut()).find(|when| when.slot == by + 1);
            match known {
                Some(when) => when.within.push((alias.from, alias.to)),
                None => made.push(DraftChannel {
                    attribute: with.attribute.clone(),
                    name: alias.with.clone(),
                    cell: cells.get(&number).cloned(),
                    slots: vec![number + 1],
                    default: with.default,
                    values: with.values.clone(),
                    when: Some(DraftWhen { slot: by + 1, within: vec![(alias.from, alias.to)] }),
                    ..DraftChannel::default()
                }),
            }
        }
    }
    // Ranges are of one byte; what switches may have two.
    for channel in &mut made {
        let Some(when) = channel.when.as_mut() else { continue };
        let Some(master) = mode.channels.iter().find(|one| one.slots.first() == Some(&when.slot)) else { continue };
        for (from, to) in &mut when.within {
            let own = master.range(&DraftValue::new("", *from, *to), 1);
            (*from, *to) = (own.from, own.to);
        }
    }
    // What is nothing at times says so itself: a slot that does nothing is no channel.
    let (nothing, made): (Vec<DraftChannel>, Vec<DraftChannel>) = made.into_iter().partition(|channel| channel.attribute.is_empty());
    for when in nothing.iter().filter_map(|channel| Some((channel, channel.when.as_ref()?))).map(|(channel, when)| (&channel.slots, when)) {
        let here =
            |channel: &&DraftChannel| channel.slots == *when.0 && channel.when.as_ref().is_some_and(|other| other.slot == when.1.slot);
        let others = made.iter().filter(here).filter_map(|channel| channel.when.as_ref()).flat_map(|other| other.within.iter().copied());
        let taken = joined(when.1.within.iter().copied().chain(others).collect());
        let own = |channel: &&mut DraftChannel| channel.when.is_none() && channel.slots.iter().any(|slot| when.0.contains(slot));
        if let Some(channel) = mode.channels.iter_mut().find(own) {
            channel.when = Some(DraftWhen { slot: when.1.slot, within: without(&taken) });
        }
    }
    mode.channels.extend(made);
}

/// `<Focus PanMax="540" TiltMax="270"/>` of a mode's `<Physical>`, or the whole light's: how far a head turns. Its middle is 0 degrees.
fn turns(focus: Option<&Element>, mode: &mut DraftMode) {
    let Some(focus) = focus else { return };
    for (attribute, key) in [("Pan", "PanMax"), ("Tilt", "TiltMax")] {
        let most = focus.attribute(key).and_then(|text| text.trim().parse::<f64>().ok()).unwrap_or(0.0);
        let physical = super::from_one_end(attribute, 0.0, most);
        mode.channels.iter_mut().filter(|channel| channel.attribute == attribute).for_each(|channel| channel.physical = physical);
    }
}

/// Which cell each number belongs to. Some files count the channels of a head from 1: then one lies past the mode's end.
fn heads(mode: &Element, rows: &BTreeMap<u32, (&str, &Channel)>) -> BTreeMap<u32, String> {
    let mut cells = BTreeMap::new();
    let heads: Vec<Vec<u32>> =
        mode.all("Head").map(|head| head.all("Channel").filter_map(|channel| channel.text.parse().ok()).collect()).collect();
    if heads.len() < 2 {
        return cells;
    }
    // A channel of several heads is everybody's.
    let mut users: BTreeMap<u32, usize> = BTreeMap::new();
    heads.iter().flatten().for_each(|number| *users.entry(*number).or_insert(0) += 1);
    for (nth, head) in (1..).zip(&heads) {
        for number in head.iter().filter(|number| rows.contains_key(number) && users.get(number) == Some(&1)) {
            cells.insert(*number, format!("{nth}"));
        }
    }
    cells
}

/// The channel that a low byte belongs to: of its attribute and cell, the one with the most similar name, else the nearest.
fn coarse(mode: &DraftMode, fine: &Channel, name: &str, cell: Option<&String>, number: u32) -> Option<usize> {
    let own = stem(name);
    let candidates = mode.channels.iter().enumerate().filter(|(_, channel)| channel.attribute == fine.attribute && channel.slots.len() < 4);
    let mut best: Option<(u32, u32, usize)> = None;
    for (at, channel) in candidates {
        let first = channel.slots.first().copied().unwrap_or(0);
        let mut misses = 0;
        misses += u32::from(channel.cell.as_ref() != cell) * 8;
        misses += u32::from(stem(&channel.name) != own) * 4;
        misses += u32::try_from(channel.slots.len() - 1).unwrap_or(0);
        misses += u32::from(first > number + 1);
        let place = (misses, first.abs_diff(number + 1), at);
        if best.is_none_or(|best| place < best) {
            best = Some(place);
        }
    }
    best.map(|(.., at)| at)
}

/// A name without the words for the low byte.
fn stem(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| {
        !word.is_empty()
            && !["fine", "coarse", "lsb", "msb", "16", "16bit", "8bit", "8", "24bit", "bit", "ultra", "high", "low", "resolution"]
                .contains(word)
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Ranges and default of one byte, for all bytes of the channel.
fn widen(channel: &mut DraftChannel) {
    let ranges: Vec<DraftValue> = channel.values.iter().map(|value| channel.range(value, 1)).collect();
    channel.values = ranges;
    channel.default = channel.default.map(|default| channel.value(default, 1));
    if channel.default.is_none() && ["Pan", "Tilt"].contains(&channel.attribute.as_str()) {
        channel.default = Some(channel.top() / 2 + 1);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::import::tidy::tidy;

    /// A light of these channels, each with its group, ranges and their `Preset` and `Res1`.
    fn light(channels: &[(&str, &str, &str)]) -> DraftMode {
        let mut text = "<FixtureDefinition><Manufacturer>A</Manufacturer><Model>B</Model><Type>Moving Head</Type>".to_owned();
        for (name, group, ranges) in channels {
            text += &format!("<Channel Name=\"{name}\"><Group Byte=\"0\">{group}</Group>{ranges}</Channel>");
        }
        text += "<Mode Name=\"m\">";
        for (number, (name, ..)) in channels.iter().enumerate() {
            text += &format!("<Channel Number=\"{number}\">{name}</Channel>");
        }
        tidy(read((text + "</Mode></FixtureDefinition>").as_bytes(), "x.qxf").unwrap()).unwrap().modes.remove(0)
    }

    #[test]
    fn a_channel_is_what_its_ranges_say_whatever_its_name() {
        let gobos: String =
            (0..4).map(|n| format!("<Capability Min=\"{n}\" Max=\"{n}\" Preset=\"GoboMacro\">Gobo {n}</Capability>")).collect();
        let turns = "<Capability Min=\"0\" Max=\"127\">Index</Capability><Capability Min=\"128\" Max=\"255\">Spin</Capability>";
        let made = light(&[("Rotating Gobo Change", "Gobo", &gobos), ("Gobo Rotation", "Gobo", turns), ("Frost", "Shutter", "")]);
        let names: Vec<(&str, bool)> = made.channels.iter().map(|channel| (channel.attribute.as_str(), channel.snap)).collect();
        assert_eq!(names, [("Gobo1", true), ("Gobo1Pos", false), ("Frost1", false)]);
    }

    #[test]
    fn a_wheel_has_the_colours_of_its_filters_alone() {
        let one = |from: u8, to: u8, colour: &str, name: &str| {
            format!("<Capability Min=\"{from}\" Max=\"{to}\" Preset=\"ColorMacro\" Res1=\"{colour}\">{name}</Capability>")
        };
        let ranges = one(0, 9, "#ffffff", "Open") + &one(10, 19, "#ffffff", "Dark red") + &one(20, 29, "#00d800", "Green");
        let made = light(&[("Colour wheel", "Colour", &(ranges + &one(30, 255, "#af1f11", "Rotation slow to fast")))]);
        let colours: Vec<Option<[u8; 3]>> = made.channels[0].values.iter().map(|value| value.colour).collect();
        assert_eq!(colours, [Some([255; 3]), None, Some([0, 0xD8, 0]), None], "a turning wheel is no filter, and dark red is not white");
    }

    #[test]
    fn an_iris_rests_wide() {
        let rest = |ranges: &[(u8, u8, &str)]| {
            let text = |(from, to, name): &(u8, u8, &str)| format!("<Capability Min=\"{from}\" Max=\"{to}\">{name}</Capability>");
            light(&[("Iris", "Shutter", &ranges.iter().map(text).collect::<String>())]).channels[0].default
        };
        assert_eq!(rest(&[(0, 131, "Linearly open from minimum to maximum aperture"), (252, 255, "Maximum aperture")]), Some(253));
        assert_eq!(rest(&[(0, 199, "Closed - open"), (200, 255, "Pulse opening")]), Some(199));
        assert_eq!(rest(&[(0, 0, "Open"), (1, 179, "Max to min diameter"), (180, 255, "Closed")]), None, "it begins wide");
        assert_eq!(rest(&[(0, 127, "One"), (128, 255, "Two")]), None);
    }
}
