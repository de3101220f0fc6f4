//! Time code as a value: `01:02:03:04`, and the rates at which it runs (SMPTE ST 12-1).

use crate::time::Span;

/// A time as time code counts it. The order is that of the clock, whatever the frame rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeCode {
    /// 0 to 23.
    pub hours: u8,
    /// 0 to 59.
    pub minutes: u8,
    /// 0 to 59.
    pub seconds: u8,
    /// 0 to 29.
    pub frames: u8,
}

impl TimeCode {
    /// Of `01:02:03:04`, with `;` before the frames where they drop. `None` when it is no such time.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (clock, frames) = text.rsplit_once([':', ';'])?;
        let mut parts = clock.split(':').chain([frames]).map(|part| {
            let digits = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse().ok().filter(|_| digits)
        });
        let mut next = || parts.next().flatten();
        let time = Self { hours: next()?, minutes: next()?, seconds: next()?, frames: next()? };
        (parts.next().is_none() && time.is_whole()).then_some(time)
    }

    /// The time one frame later; over midnight it begins at zero.
    #[must_use]
    pub fn after(self, rate: FrameRate) -> Self {
        let mut next = Self { frames: self.frames + 1, ..self };
        if next.frames < rate.labels() {
            return next;
        }
        (next.frames, next.seconds) = (0, next.seconds + 1);
        if next.seconds == 60 {
            (next.seconds, next.minutes) = (0, next.minutes + 1);
        }
        if next.minutes == 60 {
            (next.minutes, next.hours) = (0, (next.hours + 1) % 24);
        }
        if rate == FrameRate::Drop30 && next.seconds == 0 && !next.minutes.is_multiple_of(10) {
            next.frames = 2;
        }
        next
    }

    /// Every part is in its range.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.hours < 24 && self.minutes < 60 && self.seconds < 60 && self.frames < 30
    }
}

/// Frames a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FrameRate {
    /// 24: film.
    F24,
    /// 25.
    #[default]
    F25,
    /// 30000/1001, where labels drop: the first two frames of a minute have none, but of every tenth.
    Drop30,
    /// 30.
    F30,
}

impl FrameRate {
    /// By the name that profiles use: `24`, `25`, `29.97`, `30`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "24" => Self::F24,
            "25" => Self::F25,
            "29.97" => Self::Drop30,
            "30" => Self::F30,
            _ => return None,
        })
    }

    /// Frame numbers of a second: one more than the highest.
    #[must_use]
    pub const fn labels(self) -> u8 {
        match self {
            Self::F24 => 24,
            Self::F25 => 25,
            Self::Drop30 | Self::F30 => 30,
        }
    }

    /// How long so many frames last, to the nanosecond.
    #[must_use]
    pub fn length(self, frames: u64) -> Span {
        let (seconds, per) = match self {
            Self::Drop30 => (1_001, 30_000),
            other => (1, u128::from(other.labels())),
        };
        Span(u64::try_from(u128::from(frames) * seconds * 1_000_000_000 / per).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let time = TimeCode { hours: 1, minutes: 2, seconds: 3, frames: 4 };
        for text in ["01:02:03:04", "1:2:3:4", "01:02:03;04"] {
            assert_eq!(TimeCode::parse(text), Some(time), "{text}");
        }
        for text in ["", "1:2:3", "24:00:00:00", "00:60:00:00", "00:00:00:30", "+1:00:00:00", "1:2:3:4:5", "01:02;03:04", "::::"] {
            assert_eq!(TimeCode::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_has_as_many_frames_as_its_rate_says() {
        for (rate, frames) in
            [(FrameRate::F24, 2_073_600), (FrameRate::F25, 2_160_000), (FrameRate::Drop30, 2_589_408), (FrameRate::F30, 2_592_000)]
        {
            let midnight = TimeCode { hours: 0, minutes: 0, seconds: 0, frames: 0 };
            let (mut time, mut count) = (midnight.after(rate), 1);
            while time != midnight {
                assert!(time.is_whole() && time.frames < rate.labels(), "{time:?}");
                (time, count) = (time.after(rate), count + 1);
            }
            assert_eq!(count, frames, "{rate:?}");
        }
        assert_eq!(FrameRate::Drop30.length(30_000), Span::secs(1_001));
        assert_eq!(FrameRate::F25.length(25), Span::secs(1));
    }
}
