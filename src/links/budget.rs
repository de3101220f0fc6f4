//! How much one sender may say: a credit that fills with time and that each message costs.
//!
//! A device, a remote control or a shared port has one each. What exceeds it is not looked at: the reader stops reading, so
//! that a stream's sender is held up by the network and datagrams are dropped by the kernel. Pure: time is an argument.

use crate::time::{Mono, Span};

/// What a message costs: 5,000 a second can be paid for.
pub const MESSAGE: Span = Span(200_000);
/// What each of its bytes costs on top: 1.25 MB a second can be paid for.
pub const BYTE: Span = Span(800);
/// Credit of a sender that was silent: some ten thousand short messages, or 2.5 MB. What a device says of itself after connecting is less.
pub const CREDIT: Span = Span::secs(2);
/// A sender that was held back is read again once it can pay for this much: a hundred short messages.
const RESUME: Span = Span::ms(20);
/// A flood is over once so much of the credit is used and no more.
const RECOVERED: Span = Span::ms(500);
/// One that is held back for this long is told.
const TELL_AFTER: Span = Span::secs(1);
/// One that is held back for this long loses its connections; so does, sooner, one that floods again after that.
const CLOSE_AFTER: (Span, Span) = (Span::secs(10), Span::secs(2));
/// How long the connections stay closed the first time, and at the most; each pause is twice the one before it.
const PAUSES: (Span, Span) = (Span::secs(5), Span::secs(60));
/// A flood is over after this long without holding its sender back.
const OVER_AFTER: Span = Span::secs(3);
/// After so long without a flood the pauses begin anew.
const FORGIVEN_AFTER: Span = Span::secs(60);

/// The credit of one sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// All that was taken is paid for at this instant.
    paid: Mono,
}

impl Budget {
    /// Whether a message may be taken. One may cost more than what is left of the credit: that is paid for before the next.
    #[must_use]
    pub fn admits(&self, now: Mono) -> bool {
        self.owed(now) < CREDIT
    }

    /// Something of this [`cost`] was taken.
    pub fn spend(&mut self, now: Mono, cost: Span) {
        self.paid = self.paid.max(now) + cost;
    }

    /// When a sender that is held back is to be read again.
    #[must_use]
    pub fn resumes(&self) -> Mono {
        self.paid - (CREDIT - RESUME)
    }

    fn owed(&self, now: Mono) -> Span {
        self.paid.since(now)
    }
}

/// What so many messages of so many bytes in all cost.
#[must_use]
pub fn cost(messages: usize, bytes: usize) -> Span {
    let times = |n: usize, each: Span| Span(u64::try_from(n).unwrap_or(u64::MAX).saturating_mul(each.0));
    times(messages, MESSAGE) + times(bytes, BYTE)
}

/// What is to be done about a flood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloodEvent {
    /// Tell the operator.
    Began,
    /// Close the device's connections for so long.
    Close(Span),
    /// Tell that it is over.
    Ended,
}

/// The budget of a device, and whether it floods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Meter {
    budget: Budget,
    /// Held back: since when, and when last.
    held: Option<(Mono, Mono)>,
    /// The operator was told.
    told: bool,
    /// How often its connections were closed, and when that was last over.
    closed: u32,
    ended: Mono,
}

impl Meter {
    /// See [`Budget::admits`].
    #[must_use]
    pub fn admits(&self, now: Mono) -> bool {
        self.budget.admits(now)
    }

    /// See [`Budget::spend`].
    pub fn spend(&mut self, now: Mono, cost: Span) {
        self.budget.spend(now, cost);
    }

    /// See [`Budget::resumes`].
    #[must_use]
    pub fn resumes(&self) -> Mono {
        self.budget.resumes()
    }

    /// Something of it was not taken. `closes`: it has connections that can be closed.
    pub fn hold(&mut self, now: Mono, closes: bool) -> Option<FloodEvent> {
        let (since, last) = self.held.get_or_insert((now, now));
        *last = now.max(*last);
        let lasted = now.since(*since);
        if !self.told {
            if lasted < TELL_AFTER {
                return None;
            }
            self.told = true;
            if now.since(self.ended) >= FORGIVEN_AFTER {
                self.closed = 0;
            }
            return Some(FloodEvent::Began);
        }
        let patience = if self.closed == 0 { CLOSE_AFTER.0 } else { CLOSE_AFTER.1 };
        if !closes || lasted < patience {
            return None;
        }
        let pause = Span(PAUSES.0.0 << self.closed.min(8)).min(PAUSES.1);
        self.closed += 1;
        // It begins anew without credit.
        let opens = now + pause;
        (self.held, self.budget.paid) = (Some((opens, opens)), opens + CREDIT);
        Some(FloodEvent::Close(pause))
    }

    /// Whether a flood was told and its end was not.
    #[must_use]
    pub const fn is_told(&self) -> bool {
        self.told
    }

    /// Looks whether the flood is over.
    pub fn tick(&mut self, now: Mono) -> Option<FloodEvent> {
        if self.next_due().is_none_or(|due| now < due) {
            return None;
        }
        self.held = None;
        let told = std::mem::take(&mut self.told);
        if told {
            self.ended = now;
        }
        told.then_some(FloodEvent::Ended)
    }

    /// When [`Self::tick`] has something to do.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        self.held.map(|(_, last)| (last + OVER_AFTER).max(self.budget.paid - RECOVERED))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Takes all that is admitted of `offered` messages a millisecond; gives how many, and what is to be done when.
    fn offer(meter: &mut Meter, from: Mono, ms: u64, offered: u32, closes: bool) -> (u32, Vec<(u64, FloodEvent)>) {
        let (mut taken, mut events) = (0, Vec::new());
        for ms in 0..ms {
            let now = from + Span::ms(ms);
            events.extend(meter.tick(now).map(|event| (ms, event)));
            for _ in 0..offered {
                if meter.admits(now) {
                    meter.spend(now, cost(1, 0));
                    taken += 1;
                } else {
                    events.extend(meter.hold(now, closes).map(|event| (ms, event)));
                }
            }
        }
        (taken, events)
    }

    #[test]
    fn a_silent_sender_has_two_seconds_credit_and_five_thousand_a_second_after_that() {
        let mut meter = Meter::default();
        assert_eq!(offer(&mut meter, Mono(0), 1, 20_000, false), (10_000, vec![]));
        let (taken, _) = offer(&mut meter, Mono(0) + Span::ms(1), 1_000, 100, false);
        assert_eq!(taken, 5_000);
    }

    #[test]
    fn a_long_message_passes_and_is_paid_for_before_the_next() {
        let mut budget = Budget::default();
        assert!(budget.admits(Mono(0)));
        budget.spend(Mono(0), cost(1, 4 << 20));
        assert!(!budget.admits(Mono(0)));
        assert!(!budget.admits(budget.resumes() - RESUME) && budget.admits(budget.resumes()));
    }

    #[test]
    fn what_can_be_paid_for_is_never_held_back() {
        let mut meter = Meter::default();
        assert_eq!(offer(&mut meter, Mono(0), 60_000, 5, true), (300_000, vec![]));
        assert_eq!(meter.next_due(), None);
    }

    #[test]
    fn a_flood_is_told_once_and_its_end_once() {
        let mut meter = Meter::default();
        let (_, events) = offer(&mut meter, Mono(0), 30_000, 50, false);
        assert!(matches!(events[..], [(_, FloodEvent::Began)]), "{events:?}");
        let (_, events) = offer(&mut meter, Mono(0) + Span::secs(30), 10_000, 1, false);
        assert_eq!(events, [(2_999, FloodEvent::Ended)]);
    }

    #[test]
    fn a_burst_is_not_told() {
        let mut meter = Meter::default();
        assert_eq!(offer(&mut meter, Mono(0), 1, 20_000, true).1, []);
        assert_eq!(offer(&mut meter, Mono(0) + Span::ms(1), 20_000, 1, true).1, []);
    }

    #[test]
    fn connections_that_flood_on_are_closed_for_pauses_that_grow_to_a_minute() {
        let (mut meter, mut from, mut pauses) = (Meter::default(), Mono(0), Vec::new());
        while pauses.len() < 6 {
            let (_, events) = offer(&mut meter, from, 1, 200, true);
            from += Span::ms(1);
            for (_, event) in events {
                match event {
                    FloodEvent::Close(pause) => {
                        pauses.push(pause);
                        from += pause;
                    }
                    FloodEvent::Began => assert_eq!(pauses, []),
                    FloodEvent::Ended => panic!("it goes on"),
                }
            }
        }
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60].map(Span::secs));
        // A minute of peace, and the next is as the first.
        let (_, events) = offer(&mut meter, from + Span::secs(60), 70_000, 0, true);
        assert_eq!(events, [(0, FloodEvent::Ended)]);
        let (_, events) = offer(&mut meter, from + Span::secs(200), 20_000, 50, true);
        assert!(events.iter().any(|(_, event)| *event == FloodEvent::Close(Span::secs(5))), "{events:?}");
    }

    proptest! {
        #[test]
        fn nobody_takes_more_than_the_credit_and_what_time_brings(steps in proptest::collection::vec((0..2_000_000_u64, 0..40_000_usize), 1..300)) {
            let (mut budget, mut now, mut taken) = (Budget::default(), Mono(0), Span::ZERO);
            let mut longest = Span::ZERO;
            for (pause, bytes) in steps {
                now += Span(pause);
                if budget.admits(now) {
                    budget.spend(now, cost(1, bytes));
                    taken = taken + cost(1, bytes);
                    longest = longest.max(cost(1, bytes));
                }
                prop_assert!(taken <= CREDIT + longest + now.since(Mono(0)));
            }
        }
    }
}
