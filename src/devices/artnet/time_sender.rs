//! ArtTimeCode that runs by itself once a cue has started it: one packet a frame, at the rate of the device's `frame_rate`.

use super::codec::time_code_packet;
use crate::show::{FrameRate, TimeCode};
use crate::time::Mono;

/// Packets that are made up for after a stall; older ones are left out.
const BEHIND: u64 = 15;

/// The sender's state.
#[derive(Debug)]
pub struct TimeSender {
    rate: FrameRate,
    /// The time of the next packet.
    next: TimeCode,
    /// The time of the last one.
    last: TimeCode,
    /// When the time began to run, and how many packets have left since.
    runs: Option<(Mono, u64)>,
}

impl TimeSender {
    /// Stands at midnight.
    #[must_use]
    pub const fn new(rate: FrameRate) -> Self {
        let midnight = TimeCode { hours: 0, minutes: 0, seconds: 0, frames: 0 };
        Self { rate, next: midnight, last: midnight, runs: None }
    }

    /// Winds to a time. False: the rate has no such frame.
    pub fn wind(&mut self, time: TimeCode) -> bool {
        let has = time.frames < self.rate.labels();
        if has {
            self.next = time;
        }
        has
    }

    /// Runs on from where it stands.
    pub fn run(&mut self, now: Mono) {
        self.runs = Some((now, 0));
    }

    /// Stands; the packet says the last time once more.
    pub fn stand(&mut self) -> [u8; 19] {
        self.runs = None;
        time_code_packet(self.rate, self.last)
    }

    /// When the next packet is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        self.runs.map(|(start, sent)| start + self.rate.length(sent))
    }

    /// The next packet that is due at `now`.
    pub fn take(&mut self, now: Mono) -> Option<[u8; 19]> {
        let (start, sent) = self.runs?;
        let frames_behind = |sent: u64| now.since(start + self.rate.length(sent)).0 / self.rate.length(1).0.max(1);
        let mut sent = sent;
        while frames_behind(sent) > BEHIND {
            self.next = self.next.after(self.rate);
            sent += 1;
        }
        let due = start + self.rate.length(sent) <= now;
        let packet = due.then(|| time_code_packet(self.rate, self.next));
        if due {
            self.last = self.next;
            self.next = self.next.after(self.rate);
            sent += 1;
        }
        self.runs = Some((start, sent));
        packet
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    fn frames(sender: &mut TimeSender, now: Mono) -> Vec<u8> {
        std::iter::from_fn(|| sender.take(now)).map(|packet| packet[14]).collect()
    }

    #[test]
    fn a_packet_a_frame_without_drift_and_from_where_it_stood() {
        let mut sender = TimeSender::new(FrameRate::Drop30);
        assert!(sender.wind(TimeCode { hours: 1, minutes: 0, seconds: 59, frames: 28 }));
        assert_eq!(sender.next_due(), None);
        sender.run(Mono(1_000));
        assert_eq!(frames(&mut sender, Mono(1_000)), [28]);
        assert_eq!(sender.next_due(), Some(Mono(1_000 + 33_366_666)));
        assert_eq!(frames(&mut sender, Mono(1_000 + 66_733_334)), [29, 2], "two labels are dropped");
        assert_eq!(sender.stand()[14], 2);
        sender.run(Mono(5_000_000_000));
        assert_eq!(frames(&mut sender, Mono(5_000_000_000)), [3]);
    }

    #[test]
    fn a_stall_is_made_up_for_up_to_a_limit_and_the_time_stays_true() {
        let mut sender = TimeSender::new(FrameRate::F25);
        sender.run(Mono::ZERO);
        frames(&mut sender, Mono::ZERO);
        let late = frames(&mut sender, Mono::ZERO + Span::secs(10));
        assert_eq!(late.len() as u64, BEHIND + 1);
        assert_eq!(late.last(), Some(&0), "frame 0 of second 10");
        assert!(!sender.wind(TimeCode { hours: 0, minutes: 0, seconds: 0, frames: 25 }), "25 frames a second have no frame 25");
    }
}
