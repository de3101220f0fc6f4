//! What a parameter of a light controls, by its GDTF name (DIN SPEC 15800, Annex A). The set is open: a name that the annex
//! does not have is an attribute of its own.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::fault::nearest;

/// Index into [`super::Rig::attributes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttrIx(pub u16);

impl AttrIx {
    /// The position in its table.
    #[must_use]
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

/// One attribute of a rig.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// `ColorAdd_R`.
    pub name: Arc<str>,
    /// What kind of thing it moves.
    pub feature: Feature,
    /// The light that it adds or takes away, when it is a colour of that kind.
    pub emitter: Option<Emitter>,
}

impl Attribute {
    /// The attribute of a name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self { name: name.into(), feature: feature(name), emitter: emitter(name) }
    }
}

/// The feature groups of GDTF (Annex A, "Feature").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Feature {
    Dimmer,
    Position,
    Colour,
    Gobo,
    Beam,
    Focus,
    Control,
    Shapers,
    Video,
}

/// A part of a colour that is mixed. They stand in the order in which they are given their share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Emitter {
    White,
    CoolWhite,
    WarmWhite,
    Amber,
    Lime,
    Yellow,
    Cyan,
    Magenta,
    GreenCyan,
    BlueCyan,
    BlueMagenta,
    RedMagenta,
    Red,
    Green,
    Blue,
    Uv,
    /// Any other that adds light: its own name tells.
    Other,
    /// A filter that takes red away: cyan.
    MinusRed,
    /// A filter that takes green away: magenta.
    MinusGreen,
    /// A filter that takes blue away: yellow.
    MinusBlue,
}

impl Emitter {
    /// True when it gives light of its own, so that scaling it dims.
    #[must_use]
    pub const fn adds(self) -> bool {
        !matches!(self, Self::MinusRed | Self::MinusGreen | Self::MinusBlue)
    }

    /// True when it belongs to the white that a fixture gives when nobody asked for a colour.
    #[must_use]
    pub const fn in_white(self) -> bool {
        matches!(self, Self::Red | Self::Green | Self::Blue | Self::White | Self::WarmWhite | Self::CoolWhite)
    }
}

/// What a colour attribute adds or takes away; `None` for wheels, temperatures and all that is no colour.
#[must_use]
pub fn emitter(name: &str) -> Option<Emitter> {
    Some(match name {
        "ColorAdd_R" | "ColorRGB_Red" => Emitter::Red,
        "ColorAdd_G" | "ColorRGB_Green" => Emitter::Green,
        "ColorAdd_B" | "ColorRGB_Blue" => Emitter::Blue,
        "ColorAdd_W" => Emitter::White,
        "ColorAdd_WW" => Emitter::WarmWhite,
        "ColorAdd_CW" => Emitter::CoolWhite,
        "ColorAdd_RY" | "ColorAdd_A" => Emitter::Amber,
        "ColorAdd_GY" => Emitter::Lime,
        "ColorAdd_C" => Emitter::Cyan,
        "ColorAdd_M" => Emitter::Magenta,
        "ColorAdd_Y" => Emitter::Yellow,
        "ColorAdd_GC" => Emitter::GreenCyan,
        "ColorAdd_BC" => Emitter::BlueCyan,
        "ColorAdd_BM" => Emitter::BlueMagenta,
        "ColorAdd_RM" => Emitter::RedMagenta,
        "ColorAdd_UV" => Emitter::Uv,
        "ColorSub_C" | "ColorRGB_Cyan" => Emitter::MinusRed,
        "ColorSub_M" | "ColorRGB_Magenta" => Emitter::MinusGreen,
        "ColorSub_Y" | "ColorRGB_Yellow" => Emitter::MinusBlue,
        _ if name.starts_with("ColorAdd_") => Emitter::Other,
        _ => return None,
    })
}

/// The feature group of an attribute, by its name; what nobody knows belongs to the controls.
#[must_use]
pub fn feature(name: &str) -> Feature {
    let begins = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
    if name == "Dimmer" {
        Feature::Dimmer
    } else if name.ends_with("MSpeed") || name.ends_with("Reset") || name.ends_with("Mode") || begins(&["DimmerCurve", "Control"]) {
        Feature::Control
    } else if begins(&["Pan", "Tilt", "Position", "XYZ_", "Rot_", "Scale_"]) {
        Feature::Position
    } else if begins(&["Color", "CTO", "CTC", "CTB", "Tint", "HSB_", "CIE_"]) {
        Feature::Colour
    } else if begins(&["Gobo", "Animation"]) {
        Feature::Gobo
    } else if begins(&["Shutter", "Strobe", "Iris", "Frost", "Prism", "Effects", "Beam"]) {
        Feature::Beam
    } else if begins(&["Zoom", "Focus", "DigitalZoom"]) {
        Feature::Focus
    } else if begins(&["Blade", "Shaper", "KeyStone"]) {
        Feature::Shapers
    } else if begins(&["Video", "Media", "Model", "Play", "InputSource", "FieldOfView"]) {
        Feature::Video
    } else {
        Feature::Control
    }
}

/// True for what closes the light or chops it: it rests open.
#[must_use]
pub fn is_shutter(name: &str) -> bool {
    name.starts_with("Shutter") || name.starts_with("StrobeMode")
}

/// True for a wheel of colours: `Color1`.
#[must_use]
pub fn is_colour_wheel(name: &str) -> bool {
    name.strip_prefix("Color").is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// True for a filter or control of the colour temperature.
#[must_use]
pub fn is_temperature(name: &str) -> bool {
    ["CTO", "CTC", "CTB"].contains(&name.trim_end_matches(|c: char| c.is_ascii_digit()))
}

/// Annex A, as far as fixtures that people hire use it; `#` is any number.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "Dimmer", "Pan", "Tilt", "PanRotate", "TiltRotate", "PositionEffect", "PositionEffectRate", "PositionEffectFade", "XYZ_X", "XYZ_Y",
    "XYZ_Z", "Rot_X", "Rot_Y", "Rot_Z", "Scale_X", "Scale_Y", "Scale_Z", "Scale_XYZ", "Gobo#", "Gobo#SelectSpin", "Gobo#SelectShake",
    "Gobo#SelectEffects", "Gobo#WheelIndex", "Gobo#WheelSpin", "Gobo#WheelShake", "Gobo#WheelRandom", "Gobo#WheelAudio", "Gobo#Pos",
    "Gobo#PosRotate", "Gobo#PosShake", "Gobo#WheelMode", "AnimationWheel#", "AnimationWheel#Macro", "AnimationWheel#SelectEffects",
    "AnimationWheel#SelectShake", "AnimationWheel#SelectSpin", "AnimationWheel#Pos", "AnimationWheel#PosRotate",
    "AnimationWheel#PosShake", "AnimationSystem#", "AnimationSystem#Ramp", "AnimationSystem#Pos", "AnimationSystem#PosRotate",
    "AnimationSystem#Macro", "MediaFolder#", "MediaContent#", "ModelFolder#", "ModelContent#", "PlayMode", "PlayBegin", "PlayEnd",
    "PlaySpeed", "ColorEffects#", "Color#", "Color#WheelIndex", "Color#WheelSpin", "Color#WheelRandom", "Color#WheelAudio", "Color#Mode",
    "ColorAdd_R", "ColorAdd_G", "ColorAdd_B", "ColorAdd_C", "ColorAdd_M", "ColorAdd_Y", "ColorAdd_RY", "ColorAdd_GY", "ColorAdd_GC",
    "ColorAdd_BC", "ColorAdd_BM", "ColorAdd_RM", "ColorAdd_W", "ColorAdd_WW", "ColorAdd_CW", "ColorAdd_UV", "ColorSub_R", "ColorSub_G",
    "ColorSub_B", "ColorSub_C", "ColorSub_M", "ColorSub_Y", "ColorMacro#", "ColorMacro#Rate", "CTO", "CTC", "CTB", "Tint", "HSB_Hue",
    "HSB_Saturation", "HSB_Brightness", "HSB_Quality", "CIE_X", "CIE_Y", "CIE_Brightness", "ColorRGB_Red", "ColorRGB_Green",
    "ColorRGB_Blue", "ColorRGB_Cyan", "ColorRGB_Magenta", "ColorRGB_Yellow", "ColorRGB_Quality", "ColorMixMode", "ColorControl", "StrobeDuration", "StrobeRate", "StrobeFrequency", "StrobeMode",
    "StrobeModeShutter", "StrobeModeStrobe", "StrobeModePulse", "StrobeModePulseOpen", "StrobeModePulseClose", "StrobeModeRandom",
    "StrobeModeRandomPulse", "StrobeModeEffect", "Shutter#", "Shutter#Strobe", "Shutter#StrobePulse", "Shutter#StrobePulseClose",
    "Shutter#StrobePulseOpen", "Shutter#StrobeRandom", "Shutter#StrobeRandomPulse", "Shutter#StrobeRandomPulseClose",
    "Shutter#StrobeRandomPulseOpen", "Shutter#StrobeEffect", "Iris", "IrisStrobe", "IrisStrobeRandom", "IrisPulseClose", "IrisPulseOpen",
    "Frost#", "Frost#PulseOpen", "Frost#PulseClose", "Frost#Ramp", "Prism#", "Prism#SelectSpin", "Prism#Macro", "Prism#Pos",
    "Prism#PosRotate", "Effects#", "Effects#Rate", "Effects#Fade", "Effects#Adjust#", "Effects#Pos", "Effects#PosRotate", "EffectsSync",
    "BeamShaper", "BeamShaperMacro", "BeamShaperPos", "BeamShaperPosRotate", "Zoom", "ZoomModeSpot", "ZoomModeBeam", "DigitalZoom",
    "Focus#", "Focus#Adjust", "Focus#Distance", "Control#", "DimmerMode", "DimmerCurve", "BlackoutMode", "LEDFrequency", "LEDZoneMode",
    "PixelMode", "PanMode", "TiltMode", "PanTiltMode", "PositionModes", "IntensityMSpeed", "PositionMSpeed", "ColorMixMSpeed",
    "ColorWheelSelectMSpeed", "GoboWheel#MSpeed", "IrisMSpeed", "Prism#MSpeed", "FocusMSpeed", "Frost#MSpeed", "ZoomMSpeed",
    "FrameMSpeed", "GlobalMSpeed", "FixtureGlobalReset", "DimmerReset", "ShutterReset", "BeamReset", "ColorMixReset", "ColorWheelReset",
    "FocusReset", "FrameReset", "GoboWheelReset", "IntensityReset", "IrisReset", "PositionReset", "PanReset", "TiltReset", "ZoomReset",
    "Function", "LampControl", "LampPowerMode", "DisplayIntensity", "DMXInput", "NoFeature", "Blower#", "Fan#", "Fan#Mode", "Fans",
    "Fog#", "Haze#", "Blade#A", "Blade#B", "Blade#Rot", "BladeSoft#A", "BladeSoft#B", "ShaperRot", "ShaperMacros", "ShaperMacrosSpeed",
    "KeyStone#A", "KeyStone#B", "Video", "VideoBrightness", "VideoContrast", "VideoSaturation", "VideoBlendMode", "VideoEffect#Type",
    "VideoEffect#Parameter#", "VideoCamera#", "VideoVolume#", "InputSource", "FieldOfView",
];

/// True for a name of Annex A.
#[must_use]
pub fn is_known(name: &str) -> bool {
    let pattern = numberless(name);
    KNOWN.iter().any(|known| *known == pattern)
}

/// The name of Annex A that this one most likely was meant to be; `None` for a name of Annex A, and for one that is like none.
#[must_use]
pub fn meant(name: &str) -> Option<String> {
    let (pattern, number) = (numberless(name), name.chars().find(char::is_ascii_digit).unwrap_or('1'));
    // Codes of one to three letters are each near to another: `ColorAdd_A` is no slip of `ColorAdd_B`, and `CTP` none of `CTO`.
    let code = name.rsplit('_').next().unwrap_or(name);
    if code.chars().filter(|c| c.is_ascii_alphabetic()).count() <= 3 {
        return None;
    }
    // A second one of what the annex has once: `Zoom2`.
    if is_known(name) || is_known(name.trim_end_matches(|c: char| c.is_ascii_digit())) {
        return None;
    }
    let near =
        nearest(&pattern, KNOWN.iter().copied()).filter(|near| strsim::osa_distance(&pattern.to_lowercase(), &near.to_lowercase()) <= 1)?;
    Some(near.replace('#', &number.to_string()))
}

/// `Gobo12WheelSpin` as `Gobo#WheelSpin`.
fn numberless(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '0'..='9' if out.ends_with('#') => {}
            '0'..='9' => out.push('#'),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_and_a_name_of_the_makers_own_is_taken() {
        assert!(is_known("Gobo2WheelSpin") && is_known("Effects1Adjust3") && !is_known("HazeTaste"));
        assert_eq!(meant("Dimer"), Some("Dimmer".into()));
        assert_eq!(meant("Gobbo2"), Some("Gobo2".into()));
        assert_eq!(meant("Zoomm"), Some("Zoom".into()));
        assert_eq!(["HazeTaste", "Control7", "Zoom2", "ColorAdd_A", "ColorSub_W", "CTP"].map(meant), [const { None }; 6]);
    }

    #[test]
    fn a_feature_is_read_from_the_name() {
        for (name, wanted) in [
            ("Dimmer", Feature::Dimmer),
            ("DimmerCurve", Feature::Control),
            ("PanRotate", Feature::Position),
            ("PositionMSpeed", Feature::Control),
            ("ColorSub_C", Feature::Colour),
            ("Gobo1Pos", Feature::Gobo),
            ("Shutter1Strobe", Feature::Beam),
            ("Focus1", Feature::Focus),
            ("Blade1A", Feature::Shapers),
            ("Haze1", Feature::Control),
        ] {
            assert_eq!(feature(name), wanted, "{name}");
        }
    }
}
