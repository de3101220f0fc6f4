//! Things on a key, and what taking each does.

use serde::{Deserialize, Serialize};

use super::running::RunId;
use super::{Offer, Why};
use crate::show::{CueIx, CueVerb, Curve, FadeTo, ListIx, PropIx, Target, Transition, Value};
use crate::time::Span;

/// An offer and what taking it does.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Offered {
    offer: Offer,
    what: Offering,
}

/// What taking an offer does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Offering {
    /// Starts a follower.
    Follow(ListIx),
    /// Sends a *hold* value again.
    TakeBack { prop: PropIx, value: Value },
    /// Sends a momentary or guarded value that did not leave before a restart, or may not have.
    Momentary { prop: PropIx, value: Value, transition: Option<Transition> },
    /// Begins a cue whose wait ended while we were away.
    HeldBegin(RunId),
    /// Fires a step whose time passed while we were away.
    HeldStep { cue: CueIx, step: u16, go: u64 },
    /// Fades to where a fade was going that was interrupted.
    HeldFade { prop: PropIx, to: FadeTo, over: Span, curve: Curve, why: Why, go: Option<u64> },
    /// Does a step's verb whose time passed while we were away.
    HeldVerb(CueVerb, Target, u64),
    /// Starts a cue whose time by the clock has passed.
    Clock(CueIx),
    /// Does a rung that came too late to run by itself.
    Ladder { cue: CueIx, step: u16, rung: u8, go: Option<u64> },
}

/// All that is on a key, the oldest first. Bounded: a newer one takes the place of the oldest.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Offers(Vec<Offered>);

impl Offers {
    /// Offers that stand at once.
    pub(super) const LIMIT: usize = 64;

    /// Puts something on a key; gives what has to make room for it.
    pub(super) fn add(&mut self, offer: Offer, what: Offering) -> Option<Offering> {
        let gone = (self.0.len() >= Self::LIMIT).then(|| self.0.remove(0).what);
        self.0.push(Offered { offer, what });
        gone
    }

    /// An offer and what taking it would do.
    pub(super) fn get(&self, id: u32) -> Option<(&Offer, &Offering)> {
        self.0.iter().find(|offered| offered.offer.id == id).map(|offered| (&offered.offer, &offered.what))
    }

    /// Takes an offer off its key.
    pub(super) fn take(&mut self, id: u32) -> Option<Offering> {
        let at = self.0.iter().position(|offered| offered.offer.id == id)?;
        Some(self.0.remove(at).what)
    }

    /// No follower of a list is on a key any more.
    pub(super) fn drop_follow(&mut self, list: ListIx) {
        self.0.retain(|offered| !matches!(offered.what, Offering::Follow(of) if of == list));
    }

    /// No difference of a property is on a key any more.
    pub(super) fn drop_take_back(&mut self, prop: PropIx) {
        self.0.retain(|offered| !matches!(offered.what, Offering::TakeBack { prop: of, .. } if of == prop));
    }

    /// A run has ended: its begin is on no key any more.
    pub(super) fn drop_begin(&mut self, run: RunId) {
        self.0.retain(|offered| !matches!(offered.what, Offering::HeldBegin(of) if of == run));
    }

    /// Nothing is on a key any more.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What is on a key.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Offer> {
        self.0.iter().map(|offered| &offered.offer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::OfferKind;

    fn offer(id: u32) -> Offer {
        Offer { id, kind: OfferKind::Held, text: "x".into(), until: None, device: None }
    }

    fn ids(offers: &Offers) -> Vec<u32> {
        offers.iter().map(|offer| offer.id).collect()
    }

    #[test]
    fn the_oldest_makes_room_and_is_given_back() {
        let mut offers = Offers::default();
        let run = |n: u32| Offering::HeldBegin(RunId(u64::from(n)));
        for id in 1..=64 {
            assert!(offers.add(offer(id), run(id)).is_none());
        }
        assert!(matches!(offers.add(offer(65), run(65)), Some(Offering::HeldBegin(RunId(1)))));
        assert_eq!((ids(&offers).len(), ids(&offers)[0]), (Offers::LIMIT, 2));
        assert!(offers.get(1).is_none() && offers.take(1).is_none(), "it is gone");
    }

    #[test]
    fn an_offer_is_taken_once() {
        let mut offers = Offers::default();
        offers.add(offer(7), Offering::Follow(ListIx(0)));
        assert!(matches!(offers.get(7), Some((Offer { id: 7, .. }, Offering::Follow(_)))));
        assert!(offers.take(7).is_some() && offers.take(7).is_none());
    }

    #[test]
    fn what_is_no_longer_true_goes_and_nothing_else() {
        let mut offers = Offers::default();
        let back = |prop| Offering::TakeBack { prop: PropIx(prop), value: Value::Int(1) };
        let all = [
            Offering::Follow(ListIx(0)),
            Offering::Follow(ListIx(1)),
            back(3),
            back(4),
            Offering::HeldBegin(RunId(5)),
            Offering::HeldBegin(RunId(6)),
        ];
        for (what, id) in all.into_iter().zip(1..) {
            offers.add(offer(id), what);
        }
        offers.drop_follow(ListIx(1));
        offers.drop_take_back(PropIx(3));
        offers.drop_begin(RunId(6));
        assert_eq!(ids(&offers), [1, 4, 5]);
        offers.clear();
        assert!(ids(&offers).is_empty());
    }
}
