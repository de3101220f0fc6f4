//! What a channel of the Open Fixture Library does: the GDTF attribute for its capabilities, and the names of its ranges
//! (OFL `docs/capability-types.md`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::nature::Nature;
use super::{DraftValue, words};
use crate::show::Physical;
use crate::show::attribute::is_colour_wheel;
use crate::show::colour::{black_body, read_kelvin, read_rgb};

/// The wheels of a fixture: what kind each is, and the names of its slots.
#[derive(Debug, Clone, Default)]
pub(super) struct Wheels(BTreeMap<String, Wheel>);

/// Its attribute, and the name and colour of each slot.
type Wheel = (String, Vec<(String, Option<[u8; 3]>)>);

impl Wheels {
    /// Reads `wheels`; the second colour wheel is `Color2`.
    pub(super) fn read(wheels: Option<&Value>) -> Self {
        let mut made = BTreeMap::new();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, wheel) in wheels.and_then(Value::as_object).into_iter().flatten() {
            let slots: Vec<&Value> = wheel.get("slots").and_then(Value::as_array).into_iter().flatten().collect();
            let kind = slots.iter().filter_map(|slot| slot.get("type")?.as_str()).find(|kind| !["Open", "Closed"].contains(kind));
            let base = match kind.unwrap_or_default() {
                "Color" => "Color",
                kind if kind.starts_with("AnimationGobo") => "AnimationWheel",
                "Prism" => "Prism",
                "Iris" => "Iris",
                "Frost" => "Frost",
                _ => "Gobo",
            };
            let count = counts.entry(base).or_insert(0);
            *count += 1;
            let attribute = if base == "Iris" { base.to_owned() } else { format!("{base}{count}") };
            made.insert(
                name.clone(),
                (attribute, slots.iter().enumerate().map(|(at, slot)| (slot_name(slot, at + 1), slot_colour(slot))).collect()),
            );
        }
        Self(made)
    }

    fn of(&self, capability: &Value, channel: &str) -> Option<&Wheel> {
        let name = match capability.get("wheel") {
            Some(Value::String(name)) => name.as_str(),
            Some(Value::Array(names)) => names.first().and_then(Value::as_str).unwrap_or(channel),
            _ => channel,
        };
        self.0.get(name)
    }

    /// The slots at both ends of a range in which the wheel turns from one to another.
    fn ends(&self, capability: &Value, channel: &str, (from, to): (u32, u32)) -> Vec<DraftValue> {
        let Some((attribute, slots)) = self.of(capability, channel).filter(|_| scrolls(capability)) else { return Vec::new() };
        let number = |key: &str| capability.get(key).and_then(Value::as_f64).filter(|number| number.fract() == 0.0);
        let all = [("slotNumberStart", from), ("slotNumberEnd", to)].into_iter().filter_map(|(key, at)| {
            let (name, colour) = slot_at(slots, number(key)?)?;
            Some(DraftValue { colour: colour.filter(|_| is_colour_wheel(attribute)), ..DraftValue::new(name.clone(), at, at) })
        });
        all.collect()
    }

    /// The name of a slot; between two slots stand both.
    fn slot(&self, capability: &Value, channel: &str) -> Option<String> {
        let (_, slots) = self.of(capability, channel)?;
        let number = slot_number(capability)?;
        let name = |at: f64| slot_at(slots, at).map(|(name, _)| name);
        if scrolls(capability) {
            let end = capability.get("slotNumberEnd").and_then(Value::as_f64)?;
            return Some(format!("{} to {}", name(number)?, name(end)?));
        }
        if number.fract() == 0.0 {
            return name(number).cloned();
        }
        Some(format!("{} / {}", name(number.floor())?, name(number.ceil())?))
    }

    /// The colour of a slot of a colour wheel; none between two slots.
    fn colour(&self, capability: &Value, channel: &str) -> Option<[u8; 3]> {
        let slot = capability.get("type").and_then(Value::as_str) == Some("WheelSlot") && !scrolls(capability);
        let (attribute, slots) = self.of(capability, channel).filter(|_| slot)?;
        let number = slot_number(capability).filter(|number| number.fract() == 0.0)?;
        slot_at(slots, number)?.1.filter(|_| is_colour_wheel(attribute))
    }
}

/// Goes from one slot to another.
fn scrolls(capability: &Value) -> bool {
    let number = |key: &str| capability.get(key).and_then(Value::as_f64);
    number("slotNumberStart").zip(number("slotNumberEnd")).is_some_and(|(start, end)| (start - end).abs() > f64::EPSILON)
}

/// What a capability does by its type (OFL `docs/capability-types.md`).
fn nature(capability: &Value) -> Nature {
    let text = |key: &str| capability.get(key).and_then(Value::as_str);
    let comment = text("comment").or_else(|| text("effectName")).unwrap_or_default().to_lowercase();
    let stops = |keys: &[&str]| {
        keys.iter().filter_map(|key| text(key)).all(|speed| speed == "stop" || speed.starts_with("0"))
            && keys.iter().any(|key| text(key).is_some())
    };
    match text("type").unwrap_or_default() {
        "NoFunction" => Nature::Nothing,
        "Intensity" | "ColorIntensity" => {
            match (brightness(capability, "brightnessStart"), brightness(capability, "brightnessEnd"), text("brightness")) {
                (Some(start), Some(end), _) if start > end => Nature::Falls,
                (_, _, Some("off")) => Nature::Dark,
                (_, _, Some("bright")) => Nature::Lit,
                _ => Nature::Rises,
            }
        }
        "ShutterStrobe" => match text("shutterEffect") {
            Some("Open") => Nature::Lit,
            Some("Closed") => Nature::Dark,
            _ => Nature::Strobe,
        },
        "StrobeSpeed" => Nature::Strobe,
        "PanContinuous"
        | "TiltContinuous"
        | "WheelRotation"
        | "WheelSlotRotation"
        | "PrismRotation"
        | "Rotation"
        | "BladeSystemRotation" => {
            let angle = ["angle", "angleStart"].iter().any(|key| text(key).is_some());
            if angle || stops(&["speed", "speedStart", "speedEnd"]) { Nature::Still } else { Nature::Turns }
        }
        "Effect" => Nature::Program,
        "Maintenance" if comment.contains("reset") => Nature::Reset,
        "Maintenance" if comment.contains("lamp") => Nature::Lamp,
        _ => Nature::Unknown,
    }
}

/// `"50%"`, `dark`, `bright`, `off` as a share.
fn brightness(capability: &Value, key: &str) -> Option<f64> {
    match capability.get(key)?.as_str()? {
        "off" => Some(0.0),
        "dark" => Some(1.0),
        "bright" => Some(100.0),
        text => text.trim_end_matches('%').parse().ok(),
    }
}

/// Which slot, from 1; wheels go round.
fn slot_number(capability: &Value) -> Option<f64> {
    ["slotNumber", "slotNumberStart"].iter().find_map(|key| capability.get(*key)?.as_f64())
}

fn slot_at<T>(slots: &[T], at: f64) -> Option<&T> {
    let at = (at as usize).checked_sub(1)?;
    slots.get(at).or_else(|| slots.get(at % slots.len().max(1)))
}

/// `"colors": ["#ff0000"]`, or `"colorTemperature": "3200K"`; several colours are none.
fn slot_colour(slot: &Value) -> Option<[u8; 3]> {
    if let Some(kelvin) = slot.get("colorTemperature").and_then(Value::as_str).and_then(read_kelvin) {
        return Some(black_body(kelvin));
    }
    match slot.get("colors")?.as_array()?.as_slice() {
        [one] => read_rgb(one.as_str()?),
        _ => None,
    }
}

/// What the ends of a channel of one capability are: `"angleStart": "0deg"`, `"colorTemperatureStart": "2700K"`.
pub(super) fn physical(capabilities: &[&Value], attribute: &str) -> Option<Physical> {
    let [one] = capabilities else { return None };
    let number = |key: &str, unit: &str| one.get(key)?.as_str()?.strip_suffix(unit)?.trim().parse::<f64>().ok();
    let ends = |start: &str, end: &str, unit: &str| number(start, unit).zip(number(end, unit));
    let (from, to) = ends("angleStart", "angleEnd", "deg").or_else(|| ends("colorTemperatureStart", "colorTemperatureEnd", "K"))?;
    super::from_one_end(attribute, from, to)
}

fn slot_name(slot: &Value, number: usize) -> String {
    let text = |key: &str| slot.get(key).and_then(Value::as_str);
    match (text("name"), text("type").unwrap_or("Slot")) {
        (Some(name), _) => name.to_owned(),
        (None, kind @ ("Open" | "Closed")) => kind.to_lowercase(),
        (None, kind) => format!("{kind} {number}"),
    }
}

/// The kind of fixture that a channel belongs to, where the capability does not say what comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    #[default]
    Light,
    Hazer,
    Smoke,
}

/// The attribute of a channel; `None` when it does nothing.
pub(super) fn attribute(capabilities: &[&Value], channel: &str, wheels: &Wheels, kind: Kind) -> Option<String> {
    let mut best: Option<(u8, String)> = None;
    for capability in capabilities {
        let Some((weight, name)) = of_capability(capability, channel, wheels, kind) else { continue };
        if best.as_ref().is_none_or(|(most, _)| weight > *most) {
            best = Some((weight, name));
        }
    }
    best.map(|(_, name)| name)
}

/// An attribute and how much it says of the whole channel: a wheel's slots more than its rotation.
fn of_capability(capability: &Value, channel: &str, wheels: &Wheels, kind: Kind) -> Option<(u8, String)> {
    let wheel = || wheels.of(capability, channel).map(|(name, _)| name.clone());
    let of_wheel = |tail: &str| wheel().map_or_else(|| words::gobo(channel), |name| format!("{name}{tail}"));
    let capability_type = capability.get("type").and_then(Value::as_str).unwrap_or_default();
    let (weight, name): (u8, String) = match capability_type {
        "NoFunction" => return None,
        "Intensity" => (9, "Dimmer".into()),
        "ColorIntensity" => {
            let colour = capability.get("color").and_then(Value::as_str).unwrap_or_default();
            (9, words::emitter(colour).map_or_else(|| format!("ColorAdd_{}", colour.replace(' ', "")), str::to_owned))
        }
        "Pan" | "Tilt" => (9, capability_type.into()),
        "WheelSlot" => (8, wheel().unwrap_or_else(|| words::gobo(channel))),
        "ShutterStrobe" => (7, "Shutter1".into()),
        "PanContinuous" => (6, "PanRotate".into()),
        "TiltContinuous" => (6, "TiltRotate".into()),
        "Prism" => (6, "Prism1".into()),
        "WheelShake" => (5, of_wheel("WheelShake")),
        "WheelSlotRotation" => (5, of_wheel("Pos")),
        "WheelRotation" => (5, of_wheel("WheelSpin")),
        "ColorPreset" => (5, "ColorMacro1".into()),
        "ColorTemperature" => (5, "CTC".into()),
        "StrobeSpeed" => (5, "StrobeRate".into()),
        "StrobeDuration" => (5, "StrobeDuration".into()),
        "PanTiltSpeed" => (5, "PositionMSpeed".into()),
        "Zoom" | "BeamAngle" => (5, "Zoom".into()),
        "Focus" => (5, "Focus1".into()),
        "Iris" | "IrisEffect" => (5, "Iris".into()),
        "Frost" | "FrostEffect" => (5, "Frost1".into()),
        "PrismRotation" => (5, "Prism1Pos".into()),
        "BladeInsertion" | "BladeRotation" => (5, blade(capability, capability_type)),
        "BladeSystemRotation" => (5, "ShaperRot".into()),
        "BeamPosition" => (5, "BeamPosition".into()),
        "Fog" | "FogOutput" => (5, if kind == Kind::Hazer { "Haze1".into() } else { "Fog1".into() }),
        "FogType" => (5, "FogType".into()),
        "Effect" => (4, "Effects1".into()),
        "EffectSpeed" | "EffectDuration" => (3, "Effects1Rate".into()),
        "EffectParameter" => (3, "Effects1Adjust1".into()),
        "Rotation" => (3, "Effects1Pos".into()),
        "Speed" | "Time" => (2, if kind == Kind::Light { words::speed(channel).into() } else { "Fan1".into() }),
        "Maintenance" | "SoundSensitivity" => (1, words::control(channel).into()),
        _ => (1, "Control1".into()),
    };
    Some((weight, name))
}

/// `Blade1A`: top, right, bottom and left are 1 to 4.
fn blade(capability: &Value, kind: &str) -> String {
    let number = match capability.get("blade") {
        Some(Value::Number(n)) => n.as_u64().unwrap_or(1).clamp(1, 9),
        Some(Value::String(side)) => match side.as_str() {
            "Right" => 2,
            "Bottom" => 3,
            "Left" => 4,
            _ => 1,
        },
        _ => 1,
    };
    format!("Blade{number}{}", if kind == "BladeRotation" { "Rot" } else { "A" })
}

/// What people call a range.
pub(super) fn label(capability: &Value, channel: &str, wheels: &Wheels) -> String {
    let text = |key: &str| capability.get(key).and_then(Value::as_str).map(str::to_owned);
    let is = |key: &str| capability.get(key).and_then(Value::as_bool).unwrap_or(false);
    let kind = text("type").unwrap_or_default();
    let comment = text("comment");
    let own = match kind.as_str() {
        "ShutterStrobe" => {
            let mut name = text("shutterEffect").unwrap_or_default().to_lowercase();
            for (key, word) in [("randomTiming", " random"), ("soundControlled", " by sound")] {
                if is(key) {
                    name.push_str(word);
                }
            }
            return match comment {
                Some(comment) if name != "open" && name != "closed" => format!("{name} ({comment})"),
                _ => name,
            };
        }
        "WheelSlot" => wheels.slot(capability, channel),
        "WheelShake" => Some(wheels.slot(capability, channel).map_or_else(|| "shake".into(), |slot| format!("{slot} shake"))),
        "WheelSlotRotation" => Some(wheels.slot(capability, channel).map_or_else(|| "rotate".into(), |slot| format!("{slot} rotate"))),
        "WheelRotation" => Some("wheel rotation".into()),
        "Effect" => text("effectName").or_else(|| text("effectPreset")),
        "ColorPreset" => comment.clone().or_else(|| Some("colour".into())),
        _ => None,
    };
    let own = own.or(comment).unwrap_or_else(|| match kind.as_str() {
        "NoFunction" => "nothing".into(),
        "" => "range".into(),
        kind => spaced(kind),
    });
    let direction = ["speed", "speedStart"].iter().find_map(|key| text(key)).filter(|_| kind.contains("Rotation"));
    match direction.as_deref() {
        Some(speed) if speed.ends_with("CCW") => format!("{own} CCW"),
        Some(speed) if speed.ends_with("CW") => format!("{own} CW"),
        Some("stop") => format!("{own} stop"),
        _ => own,
    }
}

/// `StrobeSpeed` as `strobe speed`.
fn spaced(kind: &str) -> String {
    let mut out = String::new();
    for c in kind.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push(' ');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// True when one range over the whole channel goes from bright to dark.
pub(super) fn is_inverse(capabilities: &[&Value]) -> bool {
    let [one] = capabilities else { return false };
    brightness(one, "brightnessStart").zip(brightness(one, "brightnessEnd")).is_some_and(|(start, end)| start > end)
}

/// The ranges with their names; one alone that says what the attribute says is left out.
pub(super) fn ranges(capabilities: &[&Value], channel: &str, wheels: &Wheels) -> Option<Vec<DraftValue>> {
    let (mut values, mut ends) = (Vec::new(), Vec::new());
    for capability in capabilities {
        let Some(range) = capability.get("dmxRange").and_then(Value::as_array) else { continue };
        let bound = |at: usize| range.get(at).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
        let (from, to) = bound(0).zip(bound(1)).filter(|(from, to)| from <= to)?;
        let (colour, nature) = (wheels.colour(capability, channel), nature(capability));
        values.push(DraftValue { colour, nature, ..DraftValue::new(label(capability, channel, wheels), from, to) });
        ends.extend(wheels.ends(capability, channel, (from, to)));
    }
    // A filter that the wheel only passes by is where it passes.
    for end in ends {
        if !values.iter().any(|value| value.name == end.name) {
            values.push(end);
        }
    }
    if values.len() < 2 {
        values.clear();
    }
    Some(values)
}
