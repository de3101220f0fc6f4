//! What a file says that slots mean, read by itself: by its presets, types and attributes, and by words that leave no doubt. It knows nothing
//! of what the importer makes of them.

use serde_json::Value;
use showcall::import::xml::{self, Element};

/// What a light does while a slot is in a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Rises,
    Falls,
    Dark,
    Lit,
    Strobe,
    Program,
    Reset,
    Lamp,
    Turns,
    /// Nothing that anybody need fear.
    Calm,
}

/// What a slot is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    Dimmer,
    /// `Red`.
    Emitter(String),
    Shutter,
    Other,
}

/// The high byte of a channel.
#[derive(Debug, Clone)]
pub struct Slot {
    pub at: usize,
    pub name: String,
    pub role: Role,
    pub ranges: Vec<(u32, u32, What)>,
}

impl Slot {
    /// What the file says of a value; of several ranges the narrowest.
    pub fn what(&self, value: u8) -> What {
        let holds = |(from, to, _): &&(u32, u32, What)| (*from..=*to).contains(&u32::from(value));
        self.ranges.iter().filter(holds).min_by_key(|(from, to, _)| to - from).map_or(What::Calm, |(.., what)| *what)
    }

    /// How much light it leaves, from 0 to 1; `None`: the file does not say.
    pub fn share(&self, value: u8) -> Option<f64> {
        let holds = |(from, to, _): &&(u32, u32, What)| (*from..=*to).contains(&u32::from(value));
        let Some((from, to, what)) = self.ranges.iter().filter(holds).min_by_key(|(from, to, _)| to - from) else {
            return self.ranges.is_empty().then(|| f64::from(value) / 255.0);
        };
        let way = f64::from(to - from).max(1.0);
        match what {
            What::Rises => Some(f64::from(u32::from(value) - from) / way),
            What::Falls => Some(f64::from(to - u32::from(value)) / way),
            What::Dark => Some(0.0),
            What::Lit => Some(1.0),
            _ => None,
        }
    }
}

/// One mode: its slots that are always what they are.
#[derive(Debug, Clone)]
pub struct Mode {
    pub name: String,
    pub slots: Vec<Slot>,
}

fn any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// A text of a dimmer's range.
fn level(text: &str) -> What {
    let at = |words: &[&str]| words.iter().filter_map(|word| text.find(word)).min();
    let (low, high) = (at(&["dark", "min", "0%", " 0 ", "0-"]), at(&["bright", "max", "100"]));
    match () {
        () if text.contains("reset") => What::Reset,
        () if any(text, &["strob", "stobe", "pulse"]) && any(text, &["open", "off", "no strobe"]) => What::Lit,
        () if any(text, &["strob", "stobe", "pulse"]) => What::Strobe,
        () if any(text, &["auto", "program", "sound", "music", "chase"]) => What::Program,
        () if any(text, &["closed", "blackout", "black out", "black-out", "light off"]) || text == "off" || text == "close" => What::Dark,
        () if text == "open" || any(text, &["full on", "full-on", "light on", "no dimming", "shutter open"]) || text == "full" => What::Lit,
        () if any(text, &["100% -> 0", "100 to 0", "100% - 0", "bright to dark", "100 -> 0"]) => What::Falls,
        () if low.zip(high).is_some_and(|(low, high)| low < high) => What::Rises,
        () if any(text, &["dimmer", "intensity", "dimming", "dim "]) && !any(text, &["full", "curve", "mode"]) => What::Rises,
        () => What::Calm,
    }
}

/// The modes of a QLC+ definition.
pub fn qxf(bytes: &[u8]) -> Vec<Mode> {
    let root = xml::parse(bytes).unwrap();
    let mut modes = Vec::new();
    for mode in root.all("Mode") {
        let name = mode.attribute("Name").unwrap_or_default();
        let aliases = root.all("Channel").flat_map(|channel| channel.all("Capability")).flat_map(|capability| capability.all("Alias"));
        let switched: Vec<&str> =
            aliases.filter(|alias| alias.attribute("Mode") == Some(name)).filter_map(|alias| alias.attribute("Channel")).collect();
        let mut slots = Vec::new();
        for row in mode.all("Channel") {
            let Some(channel) = root.all("Channel").find(|channel| channel.attribute("Name").map(str::trim) == Some(&row.text)) else {
                continue;
            };
            let fine = channel.child("Group").and_then(|group| group.attribute("Byte")) == Some("1")
                || channel.attribute("Preset").is_some_and(|preset| preset.ends_with("Fine"));
            if fine || switched.contains(&row.text.as_str()) {
                continue;
            }
            slots.push(qxf_slot(channel, row, row.attribute("Number").and_then(|number| number.parse().ok()).unwrap_or(0)));
        }
        modes.push(Mode { name: name.into(), slots });
    }
    modes
}

fn qxf_slot(channel: &Element, row: &Element, at: usize) -> Slot {
    let preset = channel.attribute("Preset").unwrap_or_default();
    let (group, colour) = (channel.text_of("Group"), channel.text_of("Colour"));
    let ranges: Vec<(u32, u32, What)> = channel
        .all("Capability")
        .filter_map(|one| {
            let bound = |key: &str| one.attribute(key)?.parse().ok();
            Some((bound("Min")?, bound("Max")?, qxf_what(group, one.attribute("Preset").unwrap_or_default(), &one.text.to_lowercase())))
        })
        .collect();
    let levels = ranges.iter().any(|(.., what)| matches!(what, What::Rises | What::Falls));
    let lit = |wanted: What| ranges.iter().any(|(.., what)| *what == wanted);
    let name = row.text.to_lowercase();
    let plain = ranges.is_empty() || matches!(ranges.as_slice(), [(0, 255, What::Calm | What::Rises)]);
    let dims = plain && any(&name, &["dimmer", "intensity"]) && !any(&name, &["curve", "mode", "speed", "strobe", "control", "flash"]);
    let role = match () {
        () if any(preset, &["Hue", "Saturation", "Lightness", "Value"]) || any(&name, &["fog", "haz", "smoke", "volume", "co2"]) => {
            Role::Other
        }
        () if preset == "IntensityMasterDimmer" || preset == "IntensityDimmer" => Role::Dimmer,
        () if preset.starts_with("Intensity") => Role::Emitter(preset.trim_start_matches("Intensity").into()),
        () if group == "Intensity" && !["", "Generic"].contains(&colour) && (plain || levels && !lit(What::Program)) => {
            Role::Emitter(colour.into())
        }
        () if group == "Intensity" && ["", "Generic"].contains(&colour) && (levels || dims) => Role::Dimmer,
        () if group == "Shutter" && !any(&name, &["iris", "frost", "blade", "focus", "zoom"]) => Role::Shutter,
        () => Role::Other,
    };
    Slot { at, name: row.text.clone(), role, ranges: if plain { Vec::new() } else { ranges } }
}

fn qxf_what(group: &str, preset: &str, text: &str) -> What {
    let idle = any(text, &["stop", "no ", "off", "index", "position"]);
    match preset {
        "ShutterOpen" => What::Lit,
        "ShutterClose" => What::Dark,
        "RotationStop" | "RotationIndexed" => What::Calm,
        "LampOn" | "LampOff" if group == "Maintenance" => What::Lamp,
        _ if any(preset, &["Strobe", "Pulse", "Ramp"]) => What::Strobe,
        _ if preset.starts_with("Reset") => What::Reset,
        _ if preset.starts_with("Rotation") => What::Turns,
        _ => match group {
            "Intensity" => level(text),
            "Maintenance" if text.contains("reset") && !idle => What::Reset,
            "Shutter" if any(text, &["strob", "puls"]) && !any(text, &["open", "off", "no ", "clos"]) => What::Strobe,
            "Shutter" if any(text, &["closed", "blackout"]) && !text.contains("open") => What::Dark,
            "Shutter" if text == "open" => What::Lit,
            "Effect" if any(text, &["auto program", "sound active", "music control"]) && !idle => What::Program,
            "Pan" | "Tilt" if any(text, &["rotat", "clockwise", "continuous"]) && !idle => What::Turns,
            _ => What::Calm,
        },
    }
}

/// The modes of a fixture of the Open Fixture Library, as far as they list channels by name and nothing is switched.
pub fn ofl(bytes: &[u8]) -> Vec<Mode> {
    let root: Value = serde_json::from_slice(bytes).unwrap();
    let mut modes = Vec::new();
    for mode in root["modes"].as_array().unwrap() {
        let rows = mode["channels"].as_array().unwrap();
        let slots = rows.iter().enumerate().filter_map(|(at, row)| ofl_slot(&root["availableChannels"][row.as_str()?], row.as_str()?, at));
        if rows.iter().all(|row| row.is_null() || row.is_string()) && !String::from_utf8_lossy(bytes).contains("switchChannels") {
            modes.push(Mode { name: mode["name"].as_str().unwrap().into(), slots: slots.collect() });
        }
    }
    modes
}

fn ofl_slot(channel: &Value, name: &str, at: usize) -> Option<Slot> {
    let one = std::slice::from_ref(channel.get("capability").unwrap_or(&Value::Null));
    let all = channel.get("capabilities").and_then(Value::as_array).map_or(one, Vec::as_slice);
    let fine = channel["fineChannelAliases"].as_array().map_or(0, Vec::len);
    let shift = if channel["dmxValueResolution"] == "8bit" { 0 } else { 8 * fine };
    let bound = |one: &Value, nth: usize, whole: u32| one["dmxRange"][nth].as_u64().map_or(whole, |value| (value >> shift) as u32);
    let ranges: Vec<(u32, u32, What)> = all.iter().map(|one| (bound(one, 0, 0), bound(one, 1, 255), ofl_what(one))).collect();
    let is = |kind: &str| all.iter().find(|one| one["type"] == kind);
    let role = match () {
        () if is("Intensity").is_some() => Role::Dimmer,
        () if is("ColorIntensity").is_some() => Role::Emitter(is("ColorIntensity")?["color"].as_str()?.into()),
        () if is("ShutterStrobe").is_some() => Role::Shutter,
        () => Role::Other,
    };
    (!channel.is_null()).then(|| Slot { at, name: name.into(), role, ranges })
}

fn ofl_what(one: &Value) -> What {
    let text = |key: &str| one[key].as_str().unwrap_or_default();
    let share = |key: &str| match text(key) {
        "bright" => 100.0,
        "dark" => 1.0,
        other => other.trim_end_matches('%').parse::<f64>().unwrap_or(0.0),
    };
    match text("type") {
        "Intensity" | "ColorIntensity" if share("brightnessStart") > share("brightnessEnd") => What::Falls,
        "Intensity" | "ColorIntensity" => What::Rises,
        "ShutterStrobe" => match text("shutterEffect") {
            "Open" => What::Lit,
            "Closed" => What::Dark,
            _ => What::Strobe,
        },
        "Effect" => What::Program,
        "Maintenance" if text("comment").to_lowercase().contains("reset") => What::Reset,
        "PanContinuous" | "TiltContinuous" | "WheelRotation" | "PrismRotation" if text("speed") != "stop" && one.get("angle").is_none() => {
            What::Turns
        }
        _ => What::Calm,
    }
}

/// The modes of a GDTF description without geometry references: functions by their attributes, sets by their names.
pub fn gdtf(bytes: &[u8]) -> Vec<Mode> {
    let root = xml::parse(bytes).unwrap();
    let mut modes = Vec::new();
    let all = root.all("FixtureType").flat_map(|one| one.all("DMXModes")).flat_map(|modes| modes.all("DMXMode"));
    let text = String::from_utf8_lossy(bytes);
    for mode in all.filter(|_| !text.contains("<GeometryReference") && !text.contains("ModeMaster")) {
        let channels = mode.all("DMXChannels").flat_map(|all| all.all("DMXChannel"));
        let slots = channels.filter_map(gdtf_slot).collect();
        modes.push(Mode { name: mode.attribute("Name").unwrap().into(), slots });
    }
    modes
}

fn gdtf_slot(channel: &Element) -> Option<Slot> {
    let at: usize = channel.attribute("Offset")?.split(',').next()?.trim().parse().ok()?;
    let logical = channel.child("LogicalChannel")?;
    let attribute = logical.attribute("Attribute")?;
    let byte = |one: &Element| -> u32 {
        let (value, bytes) = one.attribute("DMXFrom").unwrap_or("0/1").split_once('/').unwrap();
        let bytes: u32 = bytes.trim_end_matches('s').parse().unwrap();
        (value.parse::<u64>().unwrap() >> (8 * (bytes.clamp(1, 4) - 1))) as u32
    };
    let mut ranges = Vec::new();
    let functions: Vec<&Element> = channel.all("LogicalChannel").flat_map(|logical| logical.all("ChannelFunction")).collect();
    for (nth, function) in functions.iter().enumerate() {
        let end = functions.get(nth + 1).map_or(255, |next| byte(next) - 1);
        let own = function.attribute("Attribute").unwrap_or_default();
        let number = |key: &str, otherwise: f64| function.attribute(key).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
        let falls = number("PhysicalFrom", 0.0) > number("PhysicalTo", 1.0);
        let what = match own {
            "Dimmer" => {
                if falls {
                    What::Falls
                } else {
                    What::Rises
                }
            }
            name if name.starts_with("ColorAdd_") => {
                if falls {
                    What::Falls
                } else {
                    What::Rises
                }
            }
            name if name.contains("Strobe") => What::Strobe,
            name if name.ends_with("Reset") => What::Reset,
            _ => What::Calm,
        };
        ranges.push((byte(function), end, what));
        let sets: Vec<&Element> = function.all("ChannelSet").collect();
        for (nth, set) in sets.iter().enumerate().filter(|_| own.starts_with("Shutter") && what == What::Calm) {
            let last = sets.get(nth + 1).map_or(end, |next| byte(next) - 1);
            match set.attribute("Name").unwrap_or_default().to_lowercase().as_str() {
                "open" => ranges.push((byte(set), last, What::Lit)),
                "closed" => ranges.push((byte(set), last, What::Dark)),
                _ => {}
            }
        }
    }
    let colour = |name: &str| match name {
        "R" => "Red".to_owned(),
        "G" => "Green".into(),
        "B" => "Blue".into(),
        "W" => "White".into(),
        other => other.to_owned(),
    };
    let role = match attribute {
        "Dimmer" => Role::Dimmer,
        name if name.starts_with("ColorAdd_") => Role::Emitter(colour(name.trim_start_matches("ColorAdd_"))),
        name if name.starts_with("Shutter") => Role::Shutter,
        _ => Role::Other,
    };
    Some(Slot { at: at - 1, name: attribute.into(), role, ranges })
}
