//! What waits to be sent to one device: panic first, then single changes, then fade steps; the newest value of a property wins.

use std::collections::VecDeque;

use crate::device_api::Priority;
use crate::devices::earlier;
use crate::show::PropIx;
use crate::time::{Mono, Span};

/// Three lanes and the pace of one device.
#[derive(Debug)]
pub struct SendQueue<T> {
    lanes: [VecDeque<Waiting<T>>; 3],
    /// At least this between any two messages.
    gap: Span,
    /// At least this between two messages of the background lane.
    background_gap: Span,
    free_at: Mono,
    background_free_at: Mono,
}

#[derive(Debug)]
struct Waiting<T> {
    prop: PropIx,
    priority: Priority,
    /// A newer value takes its place; false for momentary ones, which all leave in order.
    lasting: bool,
    job: T,
}

impl<T> SendQueue<T> {
    /// How many messages one lane holds at the most; a full lane loses its oldest.
    pub const LIMIT: usize = 4096;

    /// Empty lanes with their pace.
    #[must_use]
    pub fn new(gap: Span, background_gap: Span) -> Self {
        let lanes = [VecDeque::new(), VecDeque::new(), VecDeque::new()];
        Self { lanes, gap, background_gap, free_at: Mono::ZERO, background_free_at: Mono::ZERO }
    }

    /// Puts a message in its lane. A lasting one replaces what waits for its property and keeps the better place of the two.
    pub fn push(&mut self, prop: PropIx, priority: Priority, lasting: bool, job: T) {
        let mut lane = priority as usize;
        if lasting {
            for (at, waiting) in self.lanes.iter_mut().enumerate() {
                let before = waiting.len();
                waiting.retain(|w| w.prop != prop || !w.lasting);
                if waiting.len() < before {
                    lane = lane.min(at);
                }
            }
        }
        if let Some(queue) = self.lanes.get_mut(lane) {
            if queue.len() >= Self::LIMIT {
                queue.pop_front();
            }
            queue.push_back(Waiting { prop, priority, lasting, job });
        }
    }

    /// Forgets what waits for a property.
    pub fn remove(&mut self, prop: PropIx) {
        for lane in &mut self.lanes {
            lane.retain(|w| w.prop != prop);
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        for lane in &mut self.lanes {
            lane.clear();
        }
    }

    /// The next message that may leave at `now`, with its property and priority.
    pub fn pop(&mut self, now: Mono) -> Option<(PropIx, Priority, T)> {
        self.pop_of(now, self.lanes.len())
    }

    /// The same of panic's alone.
    pub fn pop_panic(&mut self, now: Mono) -> Option<(PropIx, Priority, T)> {
        self.pop_of(now, 1)
    }

    fn pop_of(&mut self, now: Mono, lanes: usize) -> Option<(PropIx, Priority, T)> {
        if now < self.free_at {
            return None;
        }
        for (at, lane) in self.lanes.iter_mut().enumerate().take(lanes) {
            let background = at == Priority::Background as usize;
            if background && now < self.background_free_at {
                continue;
            }
            if let Some(waiting) = lane.pop_front() {
                self.free_at = now + self.gap;
                if background {
                    self.background_free_at = now + self.background_gap;
                }
                return Some((waiting.prop, waiting.priority, waiting.job));
            }
        }
        None
    }

    /// When the next message of panic's may leave.
    #[must_use]
    pub fn panic_due(&self) -> Option<Mono> {
        let [panic, ..] = &self.lanes;
        (!panic.is_empty()).then_some(self.free_at)
    }

    /// When the next message may leave.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        let [panic, discrete, background] = &self.lanes;
        let urgent = (!panic.is_empty() || !discrete.is_empty()).then_some(self.free_at);
        let slow = (!background.is_empty()).then_some(self.free_at.max(self.background_free_at));
        earlier(urgent, slow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_overtakes_and_the_newest_value_wins() {
        let mut queue = SendQueue::new(Span::ms(10), Span::ZERO);
        queue.push(PropIx(1), Priority::Background, true, "step");
        queue.push(PropIx(2), Priority::Discrete, true, "old");
        queue.push(PropIx(2), Priority::Background, true, "new");
        queue.push(PropIx(3), Priority::Panic, true, "safe");
        assert_eq!(queue.pop(Mono(0)).map(|(prop, _, job)| (prop, job)), Some((PropIx(3), "safe")));
        assert_eq!(queue.pop(Mono(0)), None, "the gap holds");
        assert_eq!(queue.next_due(), Some(Mono::ZERO + Span::ms(10)));
        assert_eq!(queue.pop(Mono::ZERO + Span::ms(10)).map(|(prop, _, job)| (prop, job)), Some((PropIx(2), "new")));
        assert_eq!(queue.pop(Mono::ZERO + Span::ms(20)).map(|(prop, _, job)| (prop, job)), Some((PropIx(1), "step")));
        assert_eq!(queue.next_due(), None);
    }

    #[test]
    fn momentary_messages_all_leave_in_order() {
        let mut queue = SendQueue::new(Span::ZERO, Span::ZERO);
        queue.push(PropIx(1), Priority::Discrete, false, 1);
        queue.push(PropIx(1), Priority::Discrete, false, 2);
        assert_eq!(queue.pop(Mono(0)).map(|(_, _, n)| n), Some(1));
        assert_eq!(queue.pop(Mono(0)).map(|(_, _, n)| n), Some(2));
    }
}
