//! What makers call things, in GDTF's names: the words by which a channel without a known type is told apart.

/// The emitter of a colour's name: `Warm White` is `ColorAdd_WW`.
#[must_use]
pub fn emitter(colour: &str) -> Option<&'static str> {
    Some(match colour.to_lowercase().as_str() {
        "red" => "ColorAdd_R",
        "green" => "ColorAdd_G",
        "blue" => "ColorAdd_B",
        "cyan" => "ColorAdd_C",
        "magenta" => "ColorAdd_M",
        "yellow" => "ColorAdd_Y",
        "amber" => "ColorAdd_RY",
        "lime" => "ColorAdd_GY",
        "white" => "ColorAdd_W",
        "warm white" => "ColorAdd_WW",
        "cold white" => "ColorAdd_CW",
        "uv" => "ColorAdd_UV",
        "indigo" => "ColorAdd_BM",
        _ => return None,
    })
}

/// Cyan, magenta and yellow without red, green and blue beside them are filters, not lamps.
pub fn filters(attributes: &mut [&mut String]) {
    let has = |attributes: &[&mut String], name: &str| attributes.iter().any(|one| **one == *name);
    let adds = ["ColorAdd_R", "ColorAdd_G", "ColorAdd_B"].iter().any(|name| has(attributes, name));
    let three = ["ColorAdd_C", "ColorAdd_M", "ColorAdd_Y"];
    if adds || !three.iter().all(|name| has(attributes, name)) {
        return;
    }
    for one in attributes.iter_mut().filter(|one| three.contains(&one.as_str())) {
        **one = one.replace("ColorAdd_", "ColorSub_");
    }
}

/// True when a text has one of these words or word beginnings.
#[must_use]
pub fn has(text: &str, words: &[&str]) -> bool {
    let text = text.to_lowercase();
    words.iter().any(|word| {
        let mut from = 0;
        while let Some(at) = text.get(from..).and_then(|rest| rest.find(word)) {
            let begins = text.get(..from + at).and_then(|before| before.chars().last()).is_none_or(|c| !c.is_alphabetic());
            if begins {
                return true;
            }
            from += at + word.len();
        }
        false
    })
}

/// What moves something at a speed.
#[must_use]
pub fn speed(name: &str) -> &'static str {
    match () {
        () if has(name, &["pan", "tilt", "p/t", "movement", "position", "move"]) => "PositionMSpeed",
        () if has(name, &["strobe", "flash", "shutter", "rate", "frequency"]) => "StrobeRate",
        () if has(name, &["duration"]) => "StrobeDuration",
        () if has(name, &["dim", "intensity", "fade"]) => "IntensityMSpeed",
        () if has(name, &["gobo"]) => "GoboWheel1MSpeed",
        () if has(name, &["color", "colour"]) => "ColorMixMSpeed",
        () if has(name, &["macro", "effect", "program", "auto", "chase", "pattern", "sound", "fx"]) => "Effects1Rate",
        () if has(name, &["fan"]) => "Fan1",
        () => "GlobalMSpeed",
    }
}

/// What shapes the beam.
#[must_use]
pub fn beam(name: &str) -> &'static str {
    match () {
        () if has(name, &["zoom"]) => "Zoom",
        () if has(name, &["focus"]) => "Focus1",
        () if has(name, &["iris"]) => "Iris",
        () if has(name, &["frost", "diffus"]) => "Frost1",
        () if has(name, &["prism"]) => "Prism1",
        () if has(name, &["blade", "shutter", "frame", "framing"]) => "Blade1A",
        () => "BeamShaper",
    }
}

/// What cares for the light itself.
#[must_use]
pub fn control(name: &str) -> &'static str {
    match () {
        () if has(name, &["reset"]) => "FixtureGlobalReset",
        () if has(name, &["lamp"]) => "LampControl",
        () if has(name, &["fan", "blower"]) => "Fan1",
        () if has(name, &["dimmer curve", "dimming curve", "dimmer mode", "dimmer speed", "dim mode"]) => "DimmerMode",
        () => "Control1",
    }
}

/// A gobo wheel, or the place of the gobo in it.
#[must_use]
pub fn gobo(name: &str) -> String {
    let number = name.chars().find(char::is_ascii_digit).filter(|c| ('1'..='3').contains(c)).unwrap_or('1');
    let tail = if has(name, &["rot", "index", "spin", "position"]) && !has(name, &["rotating gobo wheel", "rotating gobos"]) {
        "Pos"
    } else if has(name, &["shake"]) {
        "WheelShake"
    } else {
        ""
    };
    let base = if has(name, &["animation", "anim."]) { "AnimationWheel" } else { "Gobo" };
    format!("{base}{number}{tail}")
}

/// `Gobo1Pos` of a channel that holds gobos is the wheel itself.
#[must_use]
pub fn gobo_wheel(name: &str, attribute: String) -> String {
    match attribute.strip_suffix("Pos") {
        Some(wheel) if wheel.starts_with("Gobo") && !has(name, &["index", "shake"]) => wheel.to_owned(),
        _ => attribute,
    }
}

/// Something about colour that is no emitter.
#[must_use]
pub fn colour(name: &str) -> String {
    let number = name.chars().find(char::is_ascii_digit).filter(|c| ('1'..='3').contains(c)).unwrap_or('1');
    match () {
        () if has(name, &["cto"]) => "CTO".into(),
        () if has(name, &["ctb"]) => "CTB".into(),
        () if has(name, &["ctc", "temperature", "color temp", "colour temp", "cct"]) => "CTC".into(),
        () if has(name, &["tint", "green shift", "magenta/green", "plus/minus green"]) => "Tint".into(),
        () if has(name, &["macro", "preset", "virtual", "effect", "mode", "speed", "crossfade"]) => "ColorMacro1".into(),
        () => format!("Color{number}"),
    }
}
