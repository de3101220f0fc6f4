//! What the parts of a light do for a colour: lamps that add, filters that take away, wheels of filters, and whites.
//!
//! **Lamps.** A light of red, green and blue gives the colour as it is written. Each further lamp counts as a colour of its own
//! ([`counts_as`]); white ones first, it takes over as much of what is left as it can, and red, green and blue give the rest. So all
//! parts together make the colour that was asked for, and white comes from the white lamp.
//!
//! **Filters.** Cyan takes red away, magenta green, yellow blue.
//!
//! **Hue and saturation** of a light that mixes for itself go where the colour is on the circle red, yellow, green, cyan, blue, magenta.
//!
//! **Wheels.** A light that mixes nothing takes the filter of its wheels that is nearest, brightness aside.
//!
//! **Temperatures.** Warm and cold white share out a white that lies between them; a filter or control of temperature whose range
//! the profile knows goes to the place. Else a temperature is a colour like any other.
//!
//! What a light has besides and is not needed rests, so that it does not tint the colour.

use super::attribute::Emitter;
use super::colour::{Colour, between, black_body, distance};
use super::dmx::{FULL, widen};
use super::fixture::{FixtureChannel, NamedValue, Unit};
use super::{ParamIx, attribute};

/// The whites of a light that has a warm and a cold one, in kelvin.
pub const WHITES: (u32, u32) = (2700, 6500);

/// What of one light, or of one of its cells, makes colours.
#[derive(Debug, Default)]
pub struct Maker<'a> {
    emitters: Vec<(ParamIx, Emitter)>,
    wheels: Vec<(ParamIx, &'a FixtureChannel)>,
    /// Hue, saturation and brightness of a light that mixes for itself.
    circle: Vec<(ParamIx, &'a str)>,
    /// Filters and controls of temperature.
    temperatures: Vec<(ParamIx, &'a FixtureChannel)>,
}

/// How a light makes a colour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Made {
    /// Where its parts go.
    pub values: Vec<(ParamIx, u32)>,
    /// A temperature lies outside of these, and the nearer one was taken.
    pub outside: Option<(u32, u32)>,
}

impl<'a> Maker<'a> {
    /// Adds a parameter; what has nothing to do with colour is left out.
    pub fn add(&mut self, ix: ParamIx, channel: &'a FixtureChannel) {
        let name = &*channel.attribute;
        if let Some(emitter) = attribute::emitter(name) {
            self.emitters.push((ix, emitter));
        } else if attribute::is_colour_wheel(name) {
            self.wheels.push((ix, channel));
        } else if ["HSB_Hue", "HSB_Saturation", "HSB_Brightness"].contains(&name) {
            self.circle.push((ix, name));
        } else if attribute::is_temperature(name) {
            self.temperatures.push((ix, channel));
        }
    }

    /// What makes a colour; `None`: nothing here can.
    #[must_use]
    pub fn make(&self, colour: Colour) -> Option<Made> {
        let outside = match colour {
            Colour::Kelvin(kelvin) => match self.white(kelvin) {
                Some(made) if made.outside.is_none() => return Some(made),
                made => made,
            },
            Colour::Rgb(_) => None,
        };
        let made = self.mixed(colour).or_else(|| self.nearest(colour.rgb())).or_else(|| self.hinted(colour));
        made.map(|values| Made { values: self.rest(values), outside: None }).or(outside)
    }

    /// A white by the light's own means.
    fn white(&self, kelvin: u32) -> Option<Made> {
        let (warm, cold) = (self.emitter(Emitter::WarmWhite), self.emitter(Emitter::CoolWhite));
        if let Some((warm, cold)) = warm.zip(cold) {
            let (share, outside) = inside(kelvin, WHITES);
            let values = self.emitters.iter().map(|(ix, _)| (*ix, 0)).filter(|(ix, _)| ![warm, cold].contains(ix));
            let values = values.chain([(warm, FULL - share), (cold, share)]).collect();
            return Some(Made { values: self.rest(values), outside });
        }
        let known = self.temperatures.iter().filter_map(|(ix, channel)| {
            let range = channel.range.filter(|range| range.unit == Unit::Kelvin)?;
            let whole = |thousandths: i64| u32::try_from(thousandths / 1000).unwrap_or(0);
            let (share, outside) = inside(kelvin, (whole(range.from), whole(range.to)));
            Some((*ix, share, outside))
        });
        let (ix, share, outside) = known.min_by_key(|(_, _, outside)| outside.is_some())?;
        // Its white, that the filter then warms or cools.
        let mut values = self.mixed(Colour::Rgb([u8::MAX; 3])).unwrap_or_default();
        values.push((ix, share));
        Some(Made { values: self.rest(values), outside })
    }

    /// By lamps, or by filters.
    fn mixed(&self, colour: Colour) -> Option<Vec<(ParamIx, u32)>> {
        let has = |all: [Emitter; 3]| all.into_iter().all(|one| self.emitter(one).is_some());
        let [red, green, blue] = colour.parts();
        if has([Emitter::Red, Emitter::Green, Emitter::Blue]) {
            return Some(self.added([red, green, blue]));
        }
        if !has([Emitter::MinusRed, Emitter::MinusGreen, Emitter::MinusBlue]) {
            let turns = self.circle.iter().any(|(_, name)| *name == "HSB_Hue");
            return turns.then(|| self.on_circle(colour.rgb()));
        }
        let filter = |emitter| match emitter {
            Emitter::MinusRed => FULL - red,
            Emitter::MinusGreen => FULL - green,
            Emitter::MinusBlue => FULL - blue,
            _ => 0,
        };
        Some(self.emitters.iter().map(|(ix, emitter)| (*ix, filter(*emitter))).collect())
    }

    /// By hue, saturation and brightness.
    fn on_circle(&self, [red, green, blue]: [u8; 3]) -> Vec<(ParamIx, u32)> {
        let (most, least) = (i64::from(red.max(green).max(blue)), i64::from(red.min(green).min(blue)));
        let (red, green, blue, way) = (i64::from(red), i64::from(green), i64::from(blue), (most - least).max(1));
        let sixths = match most {
            _ if most == least => 0,
            most if most == red => (green - blue).rem_euclid(6 * way),
            most if most == green => blue - red + 2 * way,
            _ => red - green + 4 * way,
        };
        let share = |part: i64, whole: i64| u32::try_from(part * i64::from(FULL) / whole.max(1)).unwrap_or(FULL);
        let place = |name: &str| match name {
            "HSB_Hue" => share(sixths, 6 * way),
            "HSB_Saturation" => share(most - least, most),
            _ => share(most, 255),
        };
        self.circle.iter().map(|(ix, name)| (*ix, place(name))).collect()
    }

    /// By lamps that cannot make every colour: as near as they come.
    fn hinted(&self, colour: Colour) -> Option<Vec<(ParamIx, u32)>> {
        let some = [Emitter::Red, Emitter::Green, Emitter::Blue].into_iter().any(|one| self.emitter(one).is_some());
        some.then(|| self.added(colour.parts()))
    }

    /// Each lamp takes over what it can, red, green and blue the rest.
    fn added(&self, mut left: [u32; 3]) -> Vec<(ParamIx, u32)> {
        let mut values = Vec::new();
        let mut further: Vec<&(ParamIx, Emitter)> = self.emitters.iter().collect();
        further.sort_by_key(|(ix, emitter)| (*emitter, *ix));
        for (ix, emitter) in further {
            let value = match emitter {
                Emitter::Red | Emitter::Green | Emitter::Blue => continue,
                other => counts_as(*other).map_or(0, |counts| take_over(&mut left, counts)),
            };
            values.push((*ix, value));
        }
        for (emitter, value) in [Emitter::Red, Emitter::Green, Emitter::Blue].into_iter().zip(left) {
            values.extend(self.emitters.iter().filter(|(_, own)| *own == emitter).map(|(ix, _)| (*ix, value)));
        }
        values
    }

    /// The nearest filter of all wheels, the others open.
    fn nearest(&self, rgb: [u8; 3]) -> Option<Vec<(ParamIx, u32)>> {
        let filters = self.wheels.iter().flat_map(|(ix, channel)| filters(channel).map(move |(colour, value)| (*ix, colour, value)));
        let (ix, _, value) = filters.min_by_key(|(_, colour, _)| distance(rgb, *colour))?;
        Some(vec![(ix, value)])
    }

    /// With what has no part in it where it tints nothing.
    fn rest(&self, mut values: Vec<(ParamIx, u32)>) -> Vec<(ParamIx, u32)> {
        let wheels = self.wheels.iter().filter_map(|(ix, channel)| Some((*ix, open(channel)?)));
        let temperatures = self.temperatures.iter().map(|(ix, channel)| (*ix, channel.default));
        for (ix, value) in wheels.chain(temperatures) {
            if !values.iter().any(|(own, _)| *own == ix) {
                values.push((ix, value));
            }
        }
        values.sort_unstable();
        values
    }

    fn emitter(&self, wanted: Emitter) -> Option<ParamIx> {
        self.emitters.iter().find(|(_, emitter)| *emitter == wanted).map(|(ix, _)| *ix)
    }
}

/// The colour that a lamp counts as; `None` for red, green and blue themselves, and for what nobody sees or knows.
#[must_use]
pub fn counts_as(emitter: Emitter) -> Option<[u8; 3]> {
    Some(match emitter {
        Emitter::White => [255, 255, 255],
        Emitter::CoolWhite => black_body(WHITES.1),
        Emitter::WarmWhite => black_body(WHITES.0),
        Emitter::Amber => [255, 128, 0],
        Emitter::Lime => [128, 255, 0],
        Emitter::Cyan => [0, 255, 255],
        Emitter::Magenta => [255, 0, 255],
        Emitter::Yellow => [255, 255, 0],
        Emitter::GreenCyan => [0, 255, 128],
        Emitter::BlueCyan => [0, 128, 255],
        Emitter::BlueMagenta => [128, 0, 255],
        Emitter::RedMagenta => [255, 0, 128],
        _ => return None,
    })
}

/// As much of a lamp as fits into what is left, and takes it away there.
fn take_over(left: &mut [u32; 3], counts: [u8; 3]) -> u32 {
    let counts = counts.map(|byte| widen(u32::from(byte), 1));
    let fits = |(left, counts): (&u32, u32)| (counts > 0).then(|| u64::from(*left) * u64::from(FULL) / u64::from(counts));
    let share = left.iter().zip(counts).filter_map(fits).min().unwrap_or(0).min(u64::from(FULL));
    for (left, counts) in left.iter_mut().zip(counts) {
        let taken = (share * u64::from(counts)).div_ceil(u64::from(FULL));
        *left = left.saturating_sub(u32::try_from(taken).unwrap_or(FULL));
    }
    u32::try_from(share).unwrap_or(FULL)
}

/// Where a temperature lies between two, in 32 bits; of one that lies outside, the nearer end, and between which it is not.
#[must_use]
pub fn inside(kelvin: u32, (from, to): (u32, u32)) -> (u32, Option<(u32, u32)>) {
    let share = between(kelvin, from, to);
    let outside = !(0.0..=1.0).contains(&share);
    let share = (share.clamp(0.0, 1.0) * f64::from(FULL)).round() as u32;
    (share, outside.then_some((from.min(to), from.max(to))))
}

/// The filters of a wheel whose colour is known.
fn filters(channel: &FixtureChannel) -> impl Iterator<Item = ([u8; 3], u32)> + '_ {
    channel.values.iter().filter_map(|value| Some((value.tint()?, value.value())))
}

/// Where a wheel has no filter: where it rests, unless a filter stands there.
fn open(channel: &FixtureChannel) -> Option<u32> {
    let here = channel.values.iter().find(|value| value.holds(channel.default));
    if here.and_then(NamedValue::tint).is_none_or(|colour| colour == [u8::MAX; 3]) {
        return Some(channel.default);
    }
    filters(channel).find(|(colour, _)| *colour == [u8::MAX; 3]).map(|(_, value)| value)
}
