//! What a range of a channel does: as the file's presets and types tell it, and by its words where they leave it open.

use super::DraftValue;

/// What a light does while a channel is in a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Nature {
    /// The file does not say.
    #[default]
    Unknown,
    /// The brighter the higher.
    Rises,
    /// The brighter the lower.
    Falls,
    /// Gives no light.
    Dark,
    /// Lets all light out.
    Lit,
    /// Chops the light.
    Strobe,
    /// Something runs by itself: programs, macros, by sound.
    Program,
    /// The fixture starts anew.
    Reset,
    /// The lamp is struck or put out.
    Lamp,
    /// Turns without end.
    Turns,
    /// Stands still.
    Still,
    /// Does nothing.
    Nothing,
}

impl Nature {
    /// Nobody may come here who did not name it.
    #[must_use]
    pub const fn acts(self) -> bool {
        matches!(self, Self::Strobe | Self::Program | Self::Reset | Self::Lamp | Self::Turns)
    }

    /// A level of light.
    #[must_use]
    pub const fn is_level(self) -> bool {
        matches!(self, Self::Rises | Self::Falls)
    }
}

/// Words of a text in lower case, with the signs that makers put between them as spaces.
struct Words(Vec<String>);

impl Words {
    fn of(text: &str) -> Self {
        let lower = text.to_lowercase();
        Self(lower.split(|c: char| !c.is_alphanumeric() && c != '%').filter(|word| !word.is_empty()).map(str::to_owned).collect())
    }

    /// The first word that begins with one of these.
    fn begins(&self, all: &[&str]) -> Option<usize> {
        self.0.iter().position(|word| all.iter().any(|begin| word.starts_with(begin)))
    }

    /// The first word that is one of these.
    fn is(&self, all: &[&str]) -> Option<usize> {
        self.0.iter().position(|word| all.contains(&word.as_str()))
    }
}

/// What happens by itself, in the words of makers.
const RUNS: [&str; 21] = [
    "program", "prog", "auto", "sound", "music", "mic", "audio", "macro", "chase", "effect", "show", "demo", "scene", "sequence", "fade",
    "jump", "change", "mixing", "colour", "color", "trig",
];
const STROBES: [&str; 9] = ["strob", "stobe", "flash", "puls", "random", "lightning", "blink", "ramp", "shake"];
const OFF: [&str; 3] = ["off", "no", "without"];

/// What a range is in a channel of brightness, or in a shutter.
#[must_use]
pub fn of_light(text: &str) -> Nature {
    let words = Words::of(text);
    let off = words.is(&OFF).is_some();
    if words.begins(&["reset"]).is_some() {
        return Nature::Reset;
    }
    if words.begins(&STROBES).is_some() && words.begins(&["intens", "dim"]).is_none() {
        return match () {
            () if words.begins(&["clos"]).is_some() => Nature::Dark,
            () if off || words.is(&["open"]).is_some() => Nature::Lit,
            () => Nature::Strobe,
        };
    }
    if words.begins(&RUNS).is_some() && words.begins(&["dimm", "intens"]).is_none() && !(off && words.0.len() <= 3) {
        return Nature::Program;
    }
    slope(&words).unwrap_or_else(|| end(&words))
}

/// `dark to bright`, `100 -> 0 %`, `dimmer`: a level, and which way it goes. There and back is no level.
fn slope(words: &Words) -> Option<Nature> {
    let low = ["dark", "min", "0", "0%", "1%", "low", "dim", "closed", "black"];
    let high = ["bright", "max", "100", "100%", "high", "full", "open", "light"];
    let places = |all: &[&str]| {
        (0..words.0.len()).filter(|at| words.0.get(*at).is_some_and(|word| all.contains(&word.as_str()))).collect::<Vec<_>>()
    };
    let (lows, highs) = (places(&low), places(&high));
    match (lows.as_slice(), highs.as_slice()) {
        ([low, .., last], [high, ..]) if low < high && high < last => return Some(Nature::Program),
        ([low, ..], [high, ..]) => return Some(if low < high { Nature::Rises } else { Nature::Falls }),
        _ => {}
    }
    let falls = words.begins(&["decreas"]).is_some();
    let ranges = words.0.iter().any(|word| word.starts_with("0%") || word.starts_with("0-"));
    let level = words.begins(&["dimm", "dim", "intens", "bright", "percent", "level", "output", "density", "power"]).is_some()
        || words.0.iter().any(|word| word.ends_with('%'));
    let ends = words.is(&["no", "full", "off", "max", "zero", "curve", "mode"]).is_some();
    (level && !ends || ranges).then_some(if falls { Nature::Falls } else { Nature::Rises })
}

/// All of the light, or none.
fn end(words: &Words) -> Nature {
    let dimmed = words.begins(&["dimm"]).is_some();
    match () {
        () if words.is(&["function", "funktion", "nothing", "unused", "used", "use", "none", "reserved", "idle"]).is_some() => {
            Nature::Nothing
        }
        () if dimmed && words.is(&["no"]).is_some() => Nature::Lit,
        () if dimmed && words.is(&["full"]).is_some() => Nature::Dark,
        () if words.begins(&["clos", "black", "shut", "bo"]).is_some()
            && words.is(&["shutter"]).is_none_or(|_| words.begins(&["clos"]).is_some()) =>
        {
            if words.is(&["open"]).is_some() {
                Nature::Unknown
            } else {
                Nature::Dark
            }
        }
        () if words.is(&["off", "dark", "zero", "standby"]).is_some() => Nature::Dark,
        () if words.is(&["effect"]).is_some() && words.is(&["no"]).is_some() => Nature::Nothing,
        () if words.is(&["no"]).is_some() => Nature::Dark,
        () if words.is(&["open", "full", "on", "max", "light"]).is_some() => Nature::Lit,
        () => Nature::Unknown,
    }
}

/// What a range is in a channel that moves something.
#[must_use]
pub fn of_motion(text: &str) -> Nature {
    let words = Words::of(text);
    let stands = [
        "stop",
        "stopped",
        "index",
        "indexed",
        "indexing",
        "position",
        "positioning",
        "static",
        "fixed",
        "open",
        "off",
        "no",
        "none",
        "normal",
        "unused",
    ];
    let turns = [
        "rotat",
        "spin",
        "cw",
        "ccw",
        "clockwise",
        "counter",
        "continuous",
        "endless",
        "scroll",
        "rainbow",
        "forward",
        "backward",
        "reverse",
        "revers",
    ];
    match () {
        () if words.is(&stands).is_some() => Nature::Still,
        () if words.begins(&["reset"]).is_some() => Nature::Reset,
        () if words.begins(&turns).is_some() => Nature::Turns,
        () => Nature::Unknown,
    }
}

/// What the file says of a range of light, or else its words.
#[must_use]
pub fn light(value: &DraftValue) -> Nature {
    if value.nature == Nature::Unknown { of_light(&value.name) } else { value.nature }
}

/// What the file says of a range that moves, or else its words.
#[must_use]
pub fn motion(value: &DraftValue) -> Nature {
    if value.nature == Nature::Unknown { of_motion(&value.name) } else { value.nature }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makers_words_for_levels_are_told_from_those_for_what_runs() {
        let told = |texts: &[&str], wanted: Nature| texts.iter().for_each(|text| assert_eq!(of_light(text), wanted, "{text}"));
        told(
            &["Dimmer", "0-100%", "dark -> bright", "Intensity", "Red 1 intensity (0 - 100%)", "Dimmer Min > Max", "Haze 5%"],
            Nature::Rises,
        );
        told(&["100 to 0 %", "Dimmer (100% - 0%)", "Decreasing brightness", "bright to dark"], Nature::Falls);
        told(&["Strobe (slow to fast)", "Random strobe speed", "Pulse opening", "Stobe"], Nature::Strobe);
        told(&["Closed", "Black-out", "Light off", "Off", "Strobe closed", "BO"], Nature::Dark);
        told(&["Open", "Full on", "Light ON", "no strobe", "Strobe open", "No dimming"], Nature::Lit);
        told(&["Auto Program 1", "Music control", "Dim->Bright->Dim", "Sound active"], Nature::Program);
        told(&["No function", "Not used"], Nature::Nothing);
        told(&["Standard", "Gobo 3"], Nature::Unknown);
    }

    #[test]
    fn what_turns_is_told_from_what_stands() {
        assert_eq!(["Rotation fast to slow", "CCW", "Continuous pan"].map(of_motion), [Nature::Turns; 3]);
        assert_eq!(["Stop", "Position by Pan", "No rotation", "Indexing"].map(of_motion), [Nature::Still; 4]);
        assert_eq!(of_motion("Gobo 3"), Nature::Unknown);
    }
}
