//! The shape of a fade, in fixed point.

use crate::show::Curve;

/// The whole way, in units of 2^-32.
pub const ONE: u64 = 1 << 32;

/// How far the value has come when `done` of the time has passed; both in units of 2^-32, up to [`ONE`].
///
/// A square law is slow at the low end in either direction, so it must know whether the value rises.
#[must_use]
pub fn shape(curve: Curve, rising: bool, done: u64) -> u64 {
    let done = done.min(ONE);
    match curve {
        Curve::Linear => done,
        // 3p² - 2p³
        Curve::SCurve => {
            let square = times(done, done);
            (3 * square).saturating_sub(2 * times(square, done)).min(ONE)
        }
        Curve::Square if rising => times(done, done),
        Curve::Square => ONE - times(ONE - done, ONE - done),
        Curve::Snap => ONE,
    }
}

/// `a` times `b`, rounded to the nearest.
fn times(a: u64, b: u64) -> u64 {
    ((u128::from(a) * u128::from(b) + (1 << 31)) >> 32) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_curve_starts_at_nothing_and_ends_whole() {
        for curve in [Curve::Linear, Curve::SCurve, Curve::Square] {
            for rising in [true, false] {
                assert_eq!(shape(curve, rising, 0), 0, "{curve:?}");
                assert_eq!(shape(curve, rising, ONE), ONE, "{curve:?}");
                assert_eq!(shape(curve, rising, u64::MAX), ONE, "{curve:?}");
            }
        }
        assert_eq!(shape(Curve::Snap, true, 0), ONE);
    }

    #[test]
    fn the_square_law_is_slow_near_dark_in_both_directions() {
        assert_eq!(shape(Curve::Square, true, ONE / 2), ONE / 4, "a quarter of the light at half of the time");
        assert_eq!(shape(Curve::Square, false, ONE / 2), ONE / 4 * 3, "a quarter of the light is left at half of the time");
    }

    #[test]
    fn the_s_curve_is_slow_at_both_ends() {
        assert!(shape(Curve::SCurve, true, ONE / 10) < ONE / 10);
        assert_eq!(shape(Curve::SCurve, true, ONE / 2), ONE / 2);
        assert!(shape(Curve::SCurve, true, ONE / 10 * 9) > ONE / 10 * 9);
    }
}
