//! What a light looks like with the slots that it gets: its colour and how much of it. For the eye: a picture, no measurement.
//!
//! - Dimmers multiply; a shutter whose named range says that it is closed leaves nothing.
//! - Emitters add up, each as the colour that it counts as ([`crate::show::mix`]). Where they have no dimmer of their own, how bright they
//!   are together is a part of the level.
//! - Filters (cyan, magenta, yellow, colour temperature) and colour wheels take their part out of what is left; a wheel's colour is that of
//!   its profile, or read out of the name of its slot. A light that mixes nothing is white.

use super::motion::{FULL, Level};
use crate::show::attribute::{is_colour_wheel, is_shutter, is_temperature};
use crate::show::colour::black_body;
use crate::show::dmx::{scaled, widen};
use crate::show::mix::counts_as;
use crate::show::{Emitter, NamedValue, Param, ParamIx, Part, Physical, Rig, Unit};

/// Where a filter of colour temperature ends whose range nobody knows, in kelvin.
const WARM: u32 = 3200;

/// What a light, or one of its cells, gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glow {
    /// Its colour at full level: what a dimmer dims, or as bright as can be where there is none. `None` for what gives no light, such as a hazer.
    pub hue: Option<[u8; 3]>,
    /// How much of it, 0 to 255.
    pub level: u8,
}

impl Glow {
    /// The level as people say it.
    #[must_use]
    pub const fn percent(self) -> u8 {
        ((self.level as u16 * 100 + 127) / 255) as u8
    }

    /// The colour as a screen shows it at this level: a screen's numbers are for the eye, to which half the light is three quarters as bright.
    #[must_use]
    pub fn rgb(self) -> Option<[u8; 3]> {
        let shown = (u32::from(self.level) * 255).isqrt();
        self.hue.map(|hue| hue.map(|part| (u32::from(part) * shown / 255) as u8))
    }
}

/// What a part of the rig gives with these frames; of a light with cells as a whole, its brightest cell. `None`: nothing is sent to it.
pub fn glow<'a>(rig: &Rig, part: Part, frame: impl Fn(u16) -> Option<&'a [u8; 512]>) -> Option<Glow> {
    if part.cell != 0 {
        return one(rig, part, &frame);
    }
    let cells = rig.params_of(part.fixture).map(|(_, param)| param.cell).max().unwrap_or(0);
    let emits =
        |(_, param): (ParamIx, &Param)| param.cell == 0 && rig.attribute(param).is_some_and(|attribute| attribute.emitter.is_some());
    let first = u16::from(cells > 0 && !rig.params_of(part.fixture).any(emits));
    (first..=cells).filter_map(|cell| one(rig, Part { cell, ..part }, &frame)).max_by_key(|glow| glow.level)
}

/// One cell, or a light without cells.
fn one<'a>(rig: &Rig, part: Part, frame: &impl Fn(u16) -> Option<&'a [u8; 512]>) -> Option<Glow> {
    let mut lamp = Lamp::default();
    let own = |(_, param): &(ParamIx, &Param)| (param.cell == 0 || param.cell == part.cell) && param.slots.bytes() > 0;
    // What says what slots are lies in their universe.
    let there = |ix: ParamIx, param: &Param| {
        let value = |slots: &[u8; 512], master: ParamIx| rig.params.get(master.at()).map_or(0, |one| one.read(slots));
        !param.switched || frame(param.universe).is_some_and(|slots| rig.shows(ix, |master| value(slots, master)))
    };
    for (ix, param) in rig.params_of(part.fixture).filter(own).filter(|(ix, param)| there(*ix, param)) {
        let value = param.read(frame(param.universe)?);
        lamp.add(rig, ix, param, value, part.cell);
    }
    Some(lamp.glow())
}

/// A light in the making.
struct Lamp {
    /// What dimmers and shutters leave.
    dimmed: Level,
    has_dimmer: bool,
    /// One that belongs to the emitters, not to all cells.
    own_dimmer: bool,
    /// Something closes or colours it: without a dimmer it is a light all the same.
    is_light: bool,
    sum: [u64; 3],
    adds: bool,
    filter: [Level; 3],
    hue: Option<Level>,
    saturation: Level,
    /// The first value of all: what is shown of a thing that gives no light.
    first: Option<Level>,
}

impl Default for Lamp {
    fn default() -> Self {
        Self {
            dimmed: FULL,
            has_dimmer: false,
            own_dimmer: false,
            is_light: false,
            sum: [0; 3],
            adds: false,
            filter: [FULL; 3],
            hue: None,
            saturation: 0,
            first: None,
        }
    }
}

impl Lamp {
    fn add(&mut self, rig: &Rig, ix: ParamIx, param: &Param, value: Level, cell: u16) {
        self.first.get_or_insert(value);
        let Some(attribute) = rig.attribute(param) else { return };
        let within = || rig.channel(ix)?.values.iter().find(|named| named.holds(value));
        match (&*attribute.name, attribute.emitter) {
            (_, Some(emitter)) => self.emit(emitter, value),
            ("Dimmer" | "HSB_Brightness", _) => {
                self.dimmed = scaled(self.dimmed, value);
                self.has_dimmer = true;
                self.own_dimmer |= param.cell == cell;
            }
            ("HSB_Hue", _) => self.hue = Some(value),
            ("HSB_Saturation", _) => self.saturation = value,
            (name, _) if is_temperature(name) => match rig.channel(ix).and_then(|channel| channel.range) {
                Some(range) if range.unit == Unit::Kelvin => self.take(FULL, wide(black_body(kelvin(range, value)))),
                _ if name == "CTO" => self.take(value, wide(black_body(WARM))),
                _ => {}
            },
            (name, _) if is_shutter(name) => {
                self.is_light = true;
                if within().is_some_and(|named| closes(&named.name)) {
                    self.dimmed = 0;
                }
            }
            (name, _) if is_colour_wheel(name) => {
                self.is_light = true;
                if let Some(colour) = within().and_then(NamedValue::tint) {
                    self.take(FULL, wide(colour));
                }
            }
            _ => {}
        }
    }

    /// A filter that is in by `amount` lets `through` pass of red, green and blue.
    fn take(&mut self, amount: Level, through: [Level; 3]) {
        for (left, through) in self.filter.iter_mut().zip(through) {
            *left = scaled(*left, FULL - scaled(FULL - through, amount));
        }
    }

    fn emit(&mut self, emitter: Emitter, value: Level) {
        self.is_light = true;
        match emitter {
            Emitter::MinusRed => self.take(value, [0, FULL, FULL]),
            Emitter::MinusGreen => self.take(value, [FULL, 0, FULL]),
            Emitter::MinusBlue => self.take(value, [FULL, FULL, 0]),
            _ => {
                for (sum, part) in self.sum.iter_mut().zip(seen(emitter)) {
                    *sum += u64::from(value) * u64::from(part) / 255;
                }
                self.adds = true;
            }
        }
    }

    fn glow(&self) -> Glow {
        if !self.has_dimmer && !self.is_light {
            return Glow { hue: None, level: byte(self.first.unwrap_or(0)) };
        }
        let mixed = match self.hue {
            _ if self.adds => self.sum,
            Some(hue) => round(hue, self.saturation).map(u64::from),
            None => [u64::from(FULL); 3],
        };
        let mut colour = [0; 3];
        for ((out, mixed), filter) in colour.iter_mut().zip(mixed).zip(self.filter) {
            *out = (mixed * u64::from(filter >> 16)) >> 16;
        }
        let most = colour.iter().copied().max().unwrap_or(0);
        let burns = if self.adds { Level::try_from(mixed.into_iter().max().unwrap_or(0)).unwrap_or(FULL) } else { FULL };
        let (level, whole) = match (self.own_dimmer, burns) {
            (true, 1..) => (self.dimmed, most.max(u64::from(FULL))),
            _ => (scaled(self.dimmed, burns), most),
        };
        // Where nothing burns, white is as good a colour as any.
        let hue = if burns == 0 { [255; 3] } else { colour.map(|part| ((part * 255 + whole / 2) / whole.max(1)) as u8) };
        Glow { hue: Some(hue), level: byte(level) }
    }
}

/// Through a filter of this colour.
fn wide(colour: [u8; 3]) -> [Level; 3] {
    colour.map(|part| widen(u32::from(part), 1))
}

/// The temperature at a place of a channel's range: whites mix by the reciprocal.
fn kelvin(range: Physical, value: Level) -> u32 {
    let mired = |thousandths: i64| 1e9 / (thousandths.max(1) as f64);
    let share = f64::from(value) / f64::from(FULL);
    (1e6 / (mired(range.from) + (mired(range.to) - mired(range.from)) * share)) as u32
}

const fn byte(level: Level) -> u8 {
    (level >> 24) as u8
}

/// Red, green and blue of an emitter, as a colour that is mixed counts it.
fn seen(emitter: Emitter) -> [u8; 3] {
    match emitter {
        Emitter::Red => [255, 0, 0],
        Emitter::Green => [0, 255, 0],
        Emitter::Blue => [0, 0, 255],
        Emitter::Uv => [60, 0, 255],
        other => counts_as(other).unwrap_or([255; 3]),
    }
}

/// A place on the colour circle (red, yellow, green, cyan, blue, magenta) and how far from white.
fn round(hue: Level, saturation: Level) -> [Level; 3] {
    let sixth = u64::from(hue) * 6;
    let (nth, way) = ((sixth >> 32) % 6, (sixth & u64::from(FULL)) as u32);
    let pure = match nth {
        0 => [FULL, way, 0],
        1 => [FULL - way, FULL, 0],
        2 => [0, FULL, way],
        3 => [0, FULL - way, FULL],
        4 => [way, 0, FULL],
        _ => [FULL, 0, FULL - way],
    };
    pure.map(|part| FULL - scaled(FULL - part, saturation))
}

/// A shutter's range lets nothing through.
fn closes(name: &str) -> bool {
    let mut words = name.split(|c: char| !c.is_alphanumeric());
    words.any(|word| ["closed", "close", "blackout", "shut"].iter().any(|closed| word.eq_ignore_ascii_case(closed)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use super::*;
    use crate::show::dmx::{Reach, Slots};
    use crate::show::{AttrIx, Attribute, Fixture, FixtureChannel, FixtureMode, FixtureProfile};

    /// Attribute, cell, named ranges.
    type Channel<'a> = (&'a str, u16, &'a [(&'a str, u8, u8)]);

    /// A light of these channels, one slot each.
    fn rig(channels: &[Channel<'_>]) -> Rig {
        let mut rig = Rig::default();
        let mut mode = FixtureMode::default();
        for (at, (name, cell, values)) in (0_u16..).zip(channels) {
            let wide = |raw: u8| widen(u32::from(raw), 1);
            let value =
                |(name, from, to): &(&str, u8, u8)| NamedValue { name: (*name).into(), from: wide(*from), to: wide(*to), colour: None };
            let values = values.iter().map(value).collect();
            mode.channels.push(FixtureChannel { attribute: (*name).into(), cell: *cell, values, ..FixtureChannel::default() });
            rig.attributes.push(Attribute::of(name));
            rig.params.push(Param {
                fixture: 0,
                cell: *cell,
                attribute: AttrIx(at),
                universe: 0,
                slots: Slots::new(&[at]),
                default: 0,
                highlight: 0,
                snap: false,
                reach: Reach::WHOLE,
                intensity: false,
                dimmer: None,
                switched: false,
                reveals: false,
            });
        }
        let profile = Arc::new(FixtureProfile { modes: vec![mode], ..FixtureProfile::default() });
        let count = u32::try_from(channels.len()).unwrap();
        rig.fixtures.push(Fixture { key: "light".into(), profile, mode: 0, breaks: vec![], first_param: 0, param_count: count });
        rig
    }

    fn seen_of(rig: &Rig, cell: u16, slots: &[u8]) -> (Option<[u8; 3]>, u8) {
        let mut frame = [0; 512];
        frame[..slots.len()].copy_from_slice(slots);
        let glow = glow(rig, Part { fixture: 0, cell }, |_| Some(&frame)).unwrap();
        (glow.hue, glow.level)
    }

    #[test]
    fn emitters_add_up_to_a_colour_and_a_level() {
        let light = rig(&[("ColorAdd_R", 0, &[]), ("ColorAdd_G", 0, &[]), ("ColorAdd_B", 0, &[]), ("ColorAdd_W", 0, &[])]);
        assert_eq!(seen_of(&light, 0, &[255, 0, 0, 0]), (Some([255, 0, 0]), 255));
        assert_eq!(seen_of(&light, 0, &[0, 128, 128, 0]), (Some([0, 255, 255]), 128));
        assert_eq!(seen_of(&light, 0, &[0, 0, 0, 64]), (Some([255, 255, 255]), 64));
        assert_eq!(seen_of(&light, 0, &[200, 0, 0, 200]), (Some([255, 128, 128]), 255));
        assert_eq!(seen_of(&light, 0, &[0, 0, 0, 0]).1, 0);
    }

    #[test]
    fn a_dimmer_of_its_own_is_the_level_whatever_the_colour() {
        let light = rig(&[("Dimmer", 0, &[]), ("ColorAdd_R", 0, &[]), ("ColorAdd_G", 0, &[]), ("ColorAdd_B", 0, &[])]);
        assert_eq!(seen_of(&light, 0, &[64, 30, 90, 168]), (Some([30, 90, 168]), 64));
        assert_eq!(seen_of(&light, 0, &[255, 0, 0, 0]).1, 0, "nothing burns");
    }

    #[test]
    fn filters_and_a_wheel_take_their_part_and_a_dimmer_scales() {
        let wheel: &[(&str, u8, u8)] = &[("Open", 0, 9), ("Light Blue", 10, 19), ("Amber", 20, 29), ("Rotation", 30, 255)];
        let shutter: &[(&str, u8, u8)] = &[("Closed", 0, 19), ("Open", 20, 255)];
        let head = rig(&[
            ("Dimmer", 0, &[]),
            ("ColorSub_C", 0, &[]),
            ("ColorSub_M", 0, &[]),
            ("ColorSub_Y", 0, &[]),
            ("Color1", 0, wheel),
            ("Shutter1", 0, shutter),
        ]);
        assert_eq!(seen_of(&head, 0, &[128, 0, 0, 0, 0, 99]), (Some([255, 255, 255]), 128));
        assert_eq!(seen_of(&head, 0, &[255, 255, 0, 0, 0, 99]), (Some([0, 255, 255]), 255));
        assert_eq!(seen_of(&head, 0, &[255, 0, 0, 0, 15, 99]), (Some([128, 128, 255]), 255));
        assert_eq!(seen_of(&head, 0, &[255, 0, 0, 0, 25, 99]), (Some([255, 191, 0]), 255));
        assert_eq!(seen_of(&head, 0, &[255, 0, 0, 0, 200, 99]), (Some([255, 255, 255]), 255), "a turning wheel has no colour of its own");
        assert_eq!(seen_of(&head, 0, &[255, 0, 0, 0, 0, 0]).1, 0, "behind a closed shutter");
        assert_eq!(seen_of(&head, 0, &[255, 255, 255, 255, 0, 99]), (Some([0, 0, 0]), 255), "all three filters leave nothing");
    }

    #[test]
    fn a_cell_has_its_own_colour_under_the_dimmer_of_the_whole() {
        let bar =
            rig(&[("Dimmer", 0, &[]), ("ColorAdd_R", 1, &[]), ("ColorAdd_B", 1, &[]), ("ColorAdd_R", 2, &[]), ("ColorAdd_B", 2, &[])]);
        let slots = [128, 255, 0, 0, 100];
        assert_eq!(seen_of(&bar, 1, &slots), (Some([255, 0, 0]), 128));
        assert_eq!(seen_of(&bar, 2, &slots), (Some([0, 0, 255]), 50));
        assert_eq!(seen_of(&bar, 0, &slots), (Some([255, 0, 0]), 128), "the whole is as bright as its brightest cell");
    }

    #[test]
    fn a_circle_of_hues_and_what_gives_no_light() {
        let hsb = rig(&[("HSB_Hue", 0, &[]), ("HSB_Saturation", 0, &[]), ("HSB_Brightness", 0, &[])]);
        assert_eq!(seen_of(&hsb, 0, &[0, 255, 255]), (Some([255, 0, 0]), 255));
        assert_eq!(seen_of(&hsb, 0, &[85, 255, 200]), (Some([0, 255, 0]), 200));
        assert_eq!(seen_of(&hsb, 0, &[85, 0, 200]), (Some([255, 255, 255]), 200));
        assert_eq!(seen_of(&rig(&[("Haze1", 0, &[]), ("Fan1", 0, &[])]), 0, &[128, 255]), (None, 128));
        assert_eq!(glow(&hsb, Part { fixture: 0, cell: 0 }, |_| None), None, "nothing is sent to it");
    }

    #[test]
    fn a_screen_shows_half_the_light_as_the_eye_does() {
        let half = Glow { hue: Some([255, 0, 128]), level: 128 };
        assert_eq!((half.percent(), half.rgb()), (50, Some([180, 0, 90])));
        assert_eq!(Glow { level: 255, ..half }.rgb(), half.hue);
    }
}
