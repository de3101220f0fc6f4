//! Who may send to a port that is open to all: each sender has a budget, and all of them together have one.

use std::net::SocketAddr;

use super::budget::{FloodEvent, Meter, cost};
use crate::time::{Mono, Span};

/// Senders that are known at the same time; of more, the one that owes least is forgotten.
const KNOWN: usize = 64;
/// A message to the show costs this many times what one of a device does: a thousand a second.
const DEARER: u64 = 5;
/// All together may send this many times what one may.
const TOGETHER: u64 = 4;

/// The budgets of one port, or of several that belong together. Pure: time is an argument.
#[derive(Debug, Default)]
pub struct Senders {
    all: Meter,
    known: Vec<(SocketAddr, Meter)>,
    /// When a flood may be over.
    due: Option<Mono>,
}

/// A flood from one sender (`None`: from all together) began or ended.
pub type SenderNews = (Option<SocketAddr>, FloodEvent);

impl Senders {
    /// Whether a message of so many bytes is looked at; what is to be told is added to `news`.
    pub fn admits(&mut self, now: Mono, from: SocketAddr, bytes: usize, news: &mut Vec<SenderNews>) -> bool {
        let cost = Span(cost(1, bytes).0 * DEARER);
        let at = self.known.iter().position(|(address, _)| *address == from).unwrap_or_else(|| self.admit(from, news));
        let Some((_, own)) = self.known.get_mut(at) else { return false };
        let admitted = own.admits(now);
        if admitted && self.all.admits(now) {
            own.spend(now, cost);
            self.all.spend(now, Span(cost.0 / TOGETHER));
            return true;
        }
        let (who, event) = if admitted { (None, self.all.hold(now, false)) } else { (Some(from), own.hold(now, false)) };
        news.extend(event.map(|event| (who, event)));
        self.due = self.next_due();
        false
    }

    /// Looks whether a flood is over.
    pub fn tick(&mut self, now: Mono, news: &mut Vec<SenderNews>) {
        if self.due.is_none_or(|due| now < due) {
            return;
        }
        news.extend(self.all.tick(now).map(|event| (None, event)));
        for (from, meter) in &mut self.known {
            news.extend(meter.tick(now).map(|event| (Some(*from), event)));
        }
        self.due = self.next_due();
    }

    fn next_due(&self) -> Option<Mono> {
        self.known.iter().map(|(_, meter)| meter).chain([&self.all]).filter_map(Meter::next_due).min()
    }

    /// A place for a new sender.
    fn admit(&mut self, from: SocketAddr, news: &mut Vec<SenderNews>) -> usize {
        let fresh = (from, Meter::default());
        if self.known.len() < KNOWN {
            self.known.push(fresh);
            return self.known.len() - 1;
        }
        let least = (0..self.known.len()).min_by_key(|at| self.known.get(*at).map(|(_, meter)| meter.resumes())).unwrap_or(0);
        if let Some(place) = self.known.get_mut(least) {
            let (forgotten, meter) = std::mem::replace(place, fresh);
            news.extend(meter.is_told().then_some((Some(forgotten), FloodEvent::Ended)));
        }
        least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(n: u16) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, 1], n))
    }

    /// What is looked at of `each` messages of each of these senders.
    fn taken(senders: &mut Senders, now: Mono, from: std::ops::Range<u16>, each: usize, news: &mut Vec<SenderNews>) -> usize {
        from.map(|n| (0..each).filter(|_| senders.admits(now, sender(n), 0, news)).count()).sum()
    }

    #[test]
    fn a_flood_of_one_sender_costs_no_other_a_message() {
        let (mut senders, mut news) = (Senders::default(), Vec::new());
        for ms in 0..5_000 {
            let now = Mono(0) + Span::ms(ms);
            taken(&mut senders, now, 1..2, 100, &mut news);
            assert_eq!(taken(&mut senders, now, 2..3, 1, &mut news), 1, "at {ms} ms");
        }
        assert_eq!(news, [(Some(sender(1)), FloodEvent::Began)]);
        senders.tick(Mono(0) + Span::secs(9), &mut news);
        assert_eq!(news[1..], [(Some(sender(1)), FloodEvent::Ended)]);
    }

    #[test]
    fn one_sender_has_two_thousand_at_once_and_a_thousand_a_second_and_all_together_four_times_that() {
        let (mut senders, mut news) = (Senders::default(), Vec::new());
        assert_eq!(taken(&mut senders, Mono(0), 1..2, 5_000, &mut news), 2_000);
        assert_eq!(taken(&mut senders, Mono(0), 2..40, 5_000, &mut news), 6_000);
        assert_eq!(taken(&mut senders, Mono(0) + Span::secs(1), 1..2, 5_000, &mut news), 1_000);
    }

    #[test]
    fn more_senders_than_can_be_known_are_bounded_all_the_same() {
        let (mut senders, mut news) = (Senders::default(), Vec::new());
        assert_eq!(taken(&mut senders, Mono(0), 1..30_000, 1, &mut news), 8_000);
        assert!(senders.known.len() <= KNOWN && news.is_empty());
    }
}
