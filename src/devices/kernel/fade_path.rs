//! One fade in a device's own scale: where it is at an instant, and when its next step is due.

use crate::devices::progress;
use crate::show::Curve;
use crate::time::{Mono, Span};

/// A fade between two positions of any whole-number scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FadePath {
    from: i64,
    to: i64,
    curve: Curve,
    start: Mono,
    length: Span,
    interval: Span,
    next: Mono,
}

impl FadePath {
    /// A fade with at most `max_rate` steps a second.
    #[must_use]
    pub fn new(from: i64, to: i64, curve: Curve, start: Mono, length: Span, max_rate: u32) -> Self {
        let interval = Span(1_000_000_000 / u64::from(max_rate.max(1)));
        Self { from, to, curve, start, length, interval, next: start + interval.min(length) }
    }

    /// The position at `now`.
    #[must_use]
    pub fn at(&self, now: Mono) -> i64 {
        let way = shape(progress(now, self.start, self.length), self.curve, self.to >= self.from);
        let travel = i128::from(self.to) - i128::from(self.from);
        let moved = (travel * i128::from(way) + if travel >= 0 { 500_000 } else { -500_000 }) / 1_000_000;
        i64::try_from(i128::from(self.from) + moved).unwrap_or(self.to)
    }

    /// Its end.
    #[must_use]
    pub const fn to(&self) -> i64 {
        self.to
    }

    /// True when it has arrived.
    #[must_use]
    pub fn over(&self, now: Mono) -> bool {
        now >= self.start + self.length || self.curve == Curve::Snap
    }

    /// When the next step is due.
    #[must_use]
    pub const fn next(&self) -> Mono {
        self.next
    }

    /// Moves on to the first step after `now`; steps that were missed are not made up for.
    pub fn advance(&mut self, now: Mono) {
        let done = now.since(self.start).0 / self.interval.0.max(1);
        let next = self.start + Span(self.interval.0.saturating_mul(done + 1));
        let end = self.start + self.length;
        // A step just before the end would come closer to the last one than the rate allows.
        self.next = if next + Span(self.interval.0 / 2) >= end { end } else { next };
    }
}

/// Bends `progress` (millionths) to a curve. `rising`: a square law is slow at the low end, whichever way it goes.
fn shape(progress: u32, curve: Curve, rising: bool) -> u64 {
    const ONE: u64 = 1_000_000;
    let p = u64::from(progress).min(ONE);
    let square = |x: u64| x * x / ONE;
    match curve {
        Curve::Linear => p,
        Curve::Snap => ONE,
        Curve::SCurve => 3 * square(p) - 2 * (square(p) * p / ONE),
        Curve::Square if rising => square(p),
        Curve::Square => ONE - square(ONE - p),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_curve_starts_and_ends_where_it_must() {
        for curve in [Curve::Linear, Curve::SCurve, Curve::Square] {
            for (from, to) in [(0, 1023), (1023, 0), (500, 501), (7, 7), (-90_000, 10_000)] {
                let path = FadePath::new(from, to, curve, Mono(5), Span::secs(2), 30);
                assert_eq!(path.at(Mono(0)), from);
                assert_eq!(path.at(Mono(5)), from);
                assert_eq!(path.at(Mono(5) + Span::secs(2)), to, "{curve:?}");
                assert!(path.over(Mono(5) + Span::secs(2)));
            }
        }
    }

    #[test]
    fn a_square_fade_is_slow_at_the_low_end() {
        let up = FadePath::new(0, 1000, Curve::Square, Mono(0), Span::secs(1), 30);
        let down = FadePath::new(1000, 0, Curve::Square, Mono(0), Span::secs(1), 30);
        assert_eq!(up.at(Mono(0) + Span::ms(500)), 250);
        assert_eq!(down.at(Mono(0) + Span::ms(500)), 250);
    }

    #[test]
    fn steps_keep_their_grid_and_the_last_is_the_end() {
        let mut path = FadePath::new(0, 100, Curve::Linear, Mono(0), Span::ms(250), 10);
        let mut dues = vec![];
        while dues.len() < 10 {
            dues.push(path.next().0 / 1_000_000);
            let now = path.next();
            if path.over(now) {
                break;
            }
            path.advance(now);
        }
        assert_eq!(dues, [100, 250]);
    }
}
