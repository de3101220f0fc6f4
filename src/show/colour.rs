//! Colours as a show writes them, and how light makes them.
//!
//! A colour is three bytes, as a screen shows them: red, green and blue in full are white. They go to lamps of red, green and blue
//! as they stand. Where a light has something else, the parts are worked out from these bytes ([`super::mix`]).

use super::dmx::widen;

/// Coldest and hottest colour temperature that a show may write, in kelvin.
pub const KELVIN: std::ops::RangeInclusive<u32> = 1000..=20_000;

/// A colour as a show writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Colour {
    /// `#FFE7C4`.
    Rgb([u8; 3]),
    /// `3200 K`: the white of a black body of that temperature.
    Kelvin(u32),
}

impl Colour {
    /// As a screen shows it.
    #[must_use]
    pub fn rgb(self) -> [u8; 3] {
        match self {
            Self::Rgb(rgb) => rgb,
            Self::Kelvin(kelvin) => black_body(kelvin),
        }
    }

    /// Red, green and blue in 32 bits each.
    #[must_use]
    pub fn parts(self) -> [u32; 3] {
        self.rgb().map(|byte| widen(u32::from(byte), 1))
    }
}

/// `#FFE7C4`: red, green and blue in two hexadecimal digits each.
#[must_use]
pub fn read_rgb(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    Some([part(0)?, part(2)?, part(4)?])
}

/// `3200 K`, of any size; `None` for what is no whole number of kelvin.
#[must_use]
pub fn read_kelvin(text: &str) -> Option<u32> {
    let digits = text.strip_suffix('K')?.trim_end();
    digits.bytes().all(|b| b.is_ascii_digit()).then_some(())?;
    digits.parse().ok()
}

/// The colour of a black body, brightest part at full.
///
/// Its place on the Planckian locus is Krystek's rational approximation in the CIE 1960 diagram (M. Krystek, "An algorithm to
/// calculate correlated colour temperature", Color Research & Application 10, 1985), within 0.001 of x and y from 1000 to 20,000 K;
/// from there by the matrix and the transfer curve of sRGB (IEC 61966-2-1), parts that a screen cannot show left out.
#[must_use]
pub fn black_body(kelvin: u32) -> [u8; 3] {
    let t = f64::from(kelvin.clamp(*KELVIN.start(), *KELVIN.end()));
    let u = (0.860_117_757 + 1.541_182_54e-4 * t + 1.286_412_12e-7 * t * t) / (1.0 + 8.424_202_35e-4 * t + 7.081_451_63e-7 * t * t);
    let v = (0.317_398_726 + 4.228_062_45e-5 * t + 4.204_816_91e-8 * t * t) / (1.0 - 2.897_418_16e-5 * t + 1.614_560_53e-7 * t * t);
    let scale = 2.0 * u - 8.0 * v + 4.0;
    of_chromaticity(3.0 * u / scale, 2.0 * v / scale)
}

/// The brightest colour that a screen has at a place of the CIE 1931 diagram; white where there is none.
#[must_use]
pub fn of_chromaticity(x: f64, y: f64) -> [u8; 3] {
    let (cx, cz) = (x / y, (1.0 - x - y) / y);
    let linear = [
        3.240_454_2 * cx - 1.537_138_5 - 0.498_531_4 * cz,
        -0.969_266_0 * cx + 1.876_010_8 + 0.041_556_0 * cz,
        0.055_643_4 * cx - 0.204_025_9 + 1.057_225_2 * cz,
    ];
    let most = linear.into_iter().fold(0.0, f64::max);
    if !most.is_finite() || most <= 0.0 {
        return [u8::MAX; 3];
    }
    linear.map(|part| {
        let part = (part / most).clamp(0.0, 1.0);
        let shown = if part <= 0.003_130_8 { 12.92 * part } else { 1.055 * part.powf(1.0 / 2.4) - 0.055 };
        (shown * 255.0).round() as u8
    })
}

/// Where a temperature lies between two whites, 0 to 1 from the first to the second, as they mix: by the reciprocal of the
/// temperature. Below 0 or above 1 it lies outside of them.
#[must_use]
pub fn between(kelvin: u32, from: u32, to: u32) -> f64 {
    let mired = |kelvin: u32| 1e6 / f64::from(kelvin.max(1));
    let way = mired(to) - mired(from);
    if way == 0.0 { 0.0 } else { (mired(kelvin) - mired(from)) / way }
}

/// How far apart two colours are, their brightness aside.
#[must_use]
pub fn distance(one: [u8; 3], other: [u8; 3]) -> u32 {
    let full = |rgb: [u8; 3]| {
        let most = u32::from(rgb.into_iter().max().unwrap_or(0)).max(1);
        rgb.map(|part| (u32::from(part) * 255 + most / 2) / most)
    };
    full(one).into_iter().zip(full(other)).map(|(a, b)| a.abs_diff(b).pow(2)).sum()
}

/// Words for colours of filters.
const WORDS: [(&str, [u8; 3]); 26] = [
    ("open", [255, 255, 255]),
    ("white", [255, 255, 255]),
    ("clear", [255, 255, 255]),
    ("red", [255, 0, 0]),
    ("scarlet", [255, 36, 0]),
    ("orange", [255, 128, 0]),
    ("amber", [255, 191, 0]),
    ("straw", [255, 214, 130]),
    ("yellow", [255, 255, 0]),
    ("lime", [191, 255, 0]),
    ("green", [0, 255, 0]),
    ("aquamarine", [64, 255, 190]),
    ("turquoise", [0, 255, 200]),
    ("cyan", [0, 255, 255]),
    ("blue", [0, 0, 255]),
    ("indigo", [75, 0, 255]),
    ("congo", [60, 0, 255]),
    ("uv", [60, 0, 255]),
    ("violet", [143, 0, 255]),
    ("purple", [160, 0, 255]),
    ("lavender", [190, 150, 255]),
    ("magenta", [255, 0, 255]),
    ("pink", [255, 105, 180]),
    ("rose", [255, 80, 140]),
    ("cto", [255, 190, 122]),
    ("ctb", [186, 207, 255]),
];
/// What stands between two filters, or moves.
const NOT: [&str; 20] = [
    "split", "half", "rotation", "rotate", "rainbow", "spin", "scroll", "slow", "fast", "random", "speed", "shake", "stop", "macro", "cw",
    "ccw", "to", "forward", "reverse", "indexing",
];

/// A name of what stands between two filters, or turns the wheel.
#[must_use]
pub fn moves(name: &str) -> bool {
    name.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| NOT.contains(&word))
}

/// The colour that a filter's name tells: `Light Green`, `CTO 260`, `Colour off (open)`. `None` for names that tell none, or two.
#[must_use]
pub fn of_name(name: &str) -> Option<[u8; 3]> {
    if moves(name) {
        return None;
    }
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut told = words.iter().filter_map(|word| WORDS.iter().find(|(known, _)| known == word).map(|(_, rgb)| *rgb));
    let rgb = told.next()?;
    // "Open/White" is white twice.
    if told.any(|other| other != rgb) {
        return None;
    }
    let pale = words.iter().any(|word| ["light", "pale", "pastel"].contains(word));
    Some(if pale { rgb.map(|part| part / 2 + 128) } else { rgb })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_read_from_its_digits_and_nothing_else() {
        assert_eq!(read_rgb("#FFe7c4"), Some([255, 231, 196]));
        assert_eq!(["#FFE7C", "FFE7C4", "#FFE7C44", "#+FE7C4", "#GGGGGG", "#é1234"].map(read_rgb), [None; 6]);
        assert_eq!(["3200 K", "3200K", "20 K", "3200", "32.5 K", "-3 K", "K", "9999999999 K"].map(read_kelvin), {
            let mut all = [None; 8];
            all[..3].copy_from_slice(&[Some(3200), Some(3200), Some(20)]);
            all
        });
    }

    #[test]
    fn a_black_body_has_the_colour_that_planck_gives_it() {
        // Integrated from Planck's law with the CIE 1931 observer in steps of 1 nm, then by the same matrix and curve.
        for (kelvin, wanted) in [
            (1000, [255_u8, 22, 0]),
            (2000, [255, 139, 22]),
            (2856, [255, 178, 100]),
            (3200, [255, 190, 122]),
            (5600, [255, 238, 229]),
            (6500, [255, 248, 254]),
            (10_000, [205, 217, 255]),
            (20_000, [171, 194, 255]),
        ] {
            let is = black_body(kelvin);
            assert!(is.iter().zip(wanted).all(|(is, wanted)| is.abs_diff(wanted) <= 2), "{kelvin} K: {is:?}, {wanted:?}");
        }
        assert_eq!((black_body(0), black_body(u32::MAX)), (black_body(1000), black_body(20_000)));
    }

    #[test]
    fn the_hotter_the_bluer() {
        let ratio = |kelvin: u32| f64::from(black_body(kelvin)[2]) / f64::from(black_body(kelvin)[0]);
        let all: Vec<f64> = (10..=200).map(|n| ratio(n * 100)).collect();
        assert!(all.is_sorted(), "{all:?}");
    }

    #[test]
    fn a_temperature_lies_between_two_whites_by_its_reciprocal() {
        assert!((between(2700, 2700, 6500)).abs() < 1e-9 && (between(6500, 2700, 6500) - 1.0).abs() < 1e-9);
        assert!((between(4000, 2000, 1_000_000_000) - 0.5).abs() < 1e-3, "500 mired of 250");
        assert!(between(2000, 2700, 6500) < 0.0 && between(8000, 2700, 6500) > 1.0);
    }

    #[test]
    fn a_filter_tells_its_colour_by_its_name_unless_it_tells_two() {
        assert_eq!(of_name("Colour off (open)"), Some([255, 255, 255]));
        assert_eq!(of_name("CTO 260"), Some([255, 190, 122]));
        assert_eq!(of_name("Light Green"), Some([128, 255, 128]));
        assert_eq!(["White + Red", "Split Colour Red - Orange", "Rotation (slow to fast)", "Colour 3"].map(of_name), [None; 4]);
    }

    #[test]
    fn brightness_does_not_count_for_how_far_colours_are_apart() {
        assert_eq!(distance([255, 128, 0], [128, 64, 0]), 0);
        assert!(distance([255, 128, 0], [255, 191, 0]) < distance([255, 128, 0], [255, 0, 0]));
        assert!(distance([0, 0, 0], [0, 0, 0]) == 0);
    }
}
