//! What is wanted, sent and observed of each property, and whose it is.
//!
//! Only the transitions here change a property. They keep three things true: a property that a hand holds is no cue's and waits for no GO; what
//! waits for the next GO is wanted; what an action wanted that failed is remembered until something newer is wanted.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ActionId;
use crate::show::{CueIx, PropIx, Value};
use crate::time::Mono;

/// One property as it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Property {
    /// What is wanted by the newest cue, or by the hand that took it.
    wanted: Option<Value>,
    /// A hand wants it.
    operator: bool,
    sent: Option<(Value, Mono)>,
    observed: Option<(Value, Mono)>,
    /// The newest intent, ended or not.
    newest: Option<ActionId>,
    /// The newest cue that moved it, and where it was before.
    mover: Option<CueIx>,
    before: Option<Value>,
    /// What an action wanted that failed: should it land after all, that is no hand.
    late: Option<Value>,
    /// Goes out with the next GO.
    next_go: bool,
}

impl Property {
    /// What is wanted of it, by the newest cue or by a hand.
    pub(super) const fn wanted(&self) -> Option<&Value> {
        self.wanted.as_ref()
    }

    /// True when a hand wants it.
    pub(super) const fn by_hand(&self) -> bool {
        self.operator
    }

    /// What was last sent, and when.
    pub(super) const fn sent(&self) -> Option<&(Value, Mono)> {
        self.sent.as_ref()
    }

    /// What its device last said, and when.
    pub(super) const fn observed(&self) -> Option<&(Value, Mono)> {
        self.observed.as_ref()
    }

    /// The newest intent, ended or not.
    pub(super) const fn newest(&self) -> Option<ActionId> {
        self.newest
    }

    /// The newest cue that moved it.
    pub(super) const fn mover(&self) -> Option<CueIx> {
        self.mover
    }

    /// Where it was before that cue.
    pub(super) const fn before(&self) -> Option<&Value> {
        self.before.as_ref()
    }

    /// The best knowledge of its value.
    pub(super) fn known(&self) -> Option<&Value> {
        match (&self.observed, &self.sent) {
            (Some((seen, at)), Some((sent, sent_at))) => Some(if sent_at > at { sent } else { seen }),
            (Some((value, _)), None) | (None, Some((value, _))) => Some(value),
            (None, None) => None,
        }
    }

    /// An action is its newest intent.
    pub(super) const fn intend(&mut self, id: ActionId) {
        self.newest = Some(id);
    }

    /// The show wants a value. A fallback leaves open that what came before it still lands.
    pub(super) fn want(&mut self, value: Value, fallback: bool) {
        self.wanted = Some(value);
        self.operator = false;
        self.next_go = false;
        if !fallback {
            self.late = None;
        }
    }

    /// The newest intent was not sent; `kept` is wanted all the same.
    pub(super) fn not_sent(&mut self, id: ActionId, kept: Option<Value>) {
        self.newest = Some(id);
        self.wanted = kept;
        self.operator = false;
    }

    /// A value has left for the device.
    pub(super) fn has_sent(&mut self, value: Value, now: Mono) {
        self.sent = Some((value, now));
    }

    /// Stopped on its way: it is wanted where it stands.
    pub(super) fn stop_at(&mut self, value: Value, now: Mono) {
        self.wanted = Some(value.clone());
        self.sent = Some((value, now));
    }

    /// What is known of it counts as sent now.
    pub(super) fn trust(&mut self, now: Mono) {
        self.sent = self.known().cloned().map(|value| (value, now));
    }

    /// The device says a value; gives what it had said before.
    pub(super) const fn observe(&mut self, value: Value, now: Mono) -> Option<(Value, Mono)> {
        self.observed.replace((value, now))
    }

    /// Whether a value is what a failed action wanted; known only once.
    pub(super) fn lands_late(&mut self, value: &Value, tolerance: u32) -> bool {
        self.late.take_if(|late| late.same(value, tolerance)).is_some()
    }

    /// The action that wanted `aim` failed, and something else is tried.
    pub(super) fn fail(&mut self, aim: Option<Value>) {
        self.late = aim;
        self.wanted = None;
    }

    /// Nothing is wanted of it any more.
    pub(super) fn disown(&mut self) {
        self.wanted = None;
    }

    /// What an action wanted is wanted no more: it stays as it is.
    pub(super) fn unwant(&mut self, id: ActionId) {
        if self.newest == Some(id) {
            self.wanted = self.observed.as_ref().map(|(value, _)| value.clone());
            self.newest = None;
        }
    }

    /// A hand has set it; gives what the show wanted until now.
    pub(super) fn yield_to(&mut self, value: Value) -> Option<Value> {
        let former = self.wanted.replace(value).filter(|_| !self.operator);
        self.operator = true;
        self.newest = None;
        self.next_go = false;
        former
    }

    /// Whoever holds it moved it on.
    pub(super) fn follow(&mut self, value: Value) {
        self.wanted = Some(value);
    }

    /// After its device's return what is there is right, whoever made it so.
    pub(super) fn adopt(&mut self) {
        if let (Some(wanted), Some((seen, _))) = (&self.wanted, &self.observed) {
            self.operator |= wanted != seen;
            self.wanted = Some(seen.clone());
        }
    }

    /// It stays as the hand has it.
    pub(super) fn leave(&mut self) {
        if let Some((seen, _)) = &self.observed {
            self.wanted = Some(seen.clone());
            self.operator = true;
        }
    }

    /// A cue or something else moves it, from `moving` when it is on its way: remembers where it was before, once for each cue.
    pub(super) fn moves(&mut self, cue: Option<CueIx>, moving: Option<Value>) {
        if cue.is_some() && self.mover == cue {
            return;
        }
        self.before = moving.or_else(|| self.known().cloned());
        self.mover = cue;
    }

    /// Where it was before was only guessed: this is what the device says.
    pub(super) fn correct_before(&mut self, guess: Option<&Value>, seen: &Value) {
        if guess.is_some() && self.before.as_ref() == guess {
            self.before = Some(seen.clone());
        }
    }

    /// Its device's memory is gone: nothing said or sent before is true.
    pub(super) fn lose(&mut self) {
        self.observed = None;
        self.sent = None;
    }

    /// No cue wants it, whatever is known of it.
    fn release(&mut self) {
        self.wanted = None;
        self.newest = None;
        self.late = None;
        self.next_go = false;
    }
}

/// All properties of the show, in its order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Properties {
    props: Vec<Property>,
    /// Properties that may go out with the next GO: each says itself whether it still does.
    next_go: BTreeSet<PropIx>,
}

impl Properties {
    /// None of `count` properties has been sent or observed.
    pub(super) fn new(count: usize) -> Self {
        Self { props: vec![Property::default(); count], next_go: BTreeSet::new() }
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.props.len()
    }

    /// One property.
    pub(super) fn get(&self, prop: PropIx) -> Option<&Property> {
        self.props.get(prop.at())
    }

    /// One property, to be changed.
    pub(super) fn get_mut(&mut self, prop: PropIx) -> Option<&mut Property> {
        self.props.get_mut(prop.at())
    }

    /// All, in the show's order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Property> {
        self.props.iter()
    }

    /// A property goes out again with the next GO, if it is still wanted then.
    pub(super) fn keep_for_go(&mut self, prop: PropIx) {
        if let Some(property) = self.props.get_mut(prop.at()).filter(|property| property.wanted.is_some()) {
            property.next_go = true;
            self.next_go.insert(prop);
        }
    }

    /// The properties that waited for this GO.
    pub(super) fn take_for_go(&mut self) -> Vec<PropIx> {
        let mut waiting = Vec::new();
        for prop in std::mem::take(&mut self.next_go) {
            if self.props.get_mut(prop.at()).is_some_and(|property| std::mem::take(&mut property.next_go)) {
                waiting.push(prop);
            }
        }
        waiting
    }

    /// A recall: what was known and wanted of a property is void.
    pub(super) fn forget(&mut self, prop: PropIx) {
        if let Some(property) = self.props.get_mut(prop.at()) {
            *property = Property::default();
        }
    }

    /// No property is wanted any more; gives the players that run.
    pub(super) fn release_all(&mut self) -> Vec<PropIx> {
        let mut playing = Vec::new();
        for (property, i) in self.props.iter_mut().zip(0..) {
            if matches!(&property.wanted, Some(Value::Transport(transport)) if transport.playing) {
                playing.push(PropIx(i));
            }
            property.release();
        }
        playing
    }

    /// A property of a changed show stands as the same one of the old show did; what was under way is not taken over.
    pub(super) fn adopt_from(&mut self, prop: PropIx, old: &Property) {
        let Some(mine) = self.props.get_mut(prop.at()) else { return };
        *mine = Property { newest: None, mover: None, ..old.clone() };
        if mine.next_go {
            self.next_go.insert(prop);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ONE: PropIx = PropIx(1);

    fn at(ms: u64) -> Mono {
        Mono(ms * 1_000_000)
    }

    fn value(n: i64) -> Value {
        Value::Int(n)
    }

    #[test]
    fn the_newer_of_what_was_sent_and_seen_is_known() {
        let mut property = Property::default();
        assert_eq!(property.known(), None);
        property.has_sent(value(1), at(10));
        property.observe(value(2), at(10));
        assert_eq!(property.known(), Some(&value(2)), "at the same instant its device's word counts");
        property.has_sent(value(3), at(11));
        assert_eq!(property.known(), Some(&value(3)));
        property.lose();
        assert_eq!(property.known(), None);
    }

    #[test]
    fn a_hand_takes_a_property_and_the_next_want_takes_it_back() {
        let mut all = Properties::new(2);
        let property = all.get_mut(ONE).unwrap();
        property.intend(ActionId(4));
        property.want(value(1), false);
        all.keep_for_go(ONE);
        let property = all.get_mut(ONE).unwrap();
        assert_eq!(property.yield_to(value(2)), Some(value(1)));
        assert_eq!((property.by_hand(), property.newest(), property.wanted()), (true, None, Some(&value(2))));
        assert_eq!(property.yield_to(value(3)), None, "what a hand wanted is nothing to take back");
        assert_eq!(all.take_for_go(), [], "what a hand holds goes out with no GO");
        let property = all.get_mut(ONE).unwrap();
        property.want(value(5), false);
        assert!(!property.by_hand());
    }

    #[test]
    fn what_waits_for_a_go_goes_once_and_only_when_it_is_wanted() {
        let mut all = Properties::new(2);
        all.keep_for_go(ONE);
        assert_eq!(all.take_for_go(), []);
        all.get_mut(ONE).unwrap().want(value(1), false);
        all.keep_for_go(ONE);
        all.get_mut(ONE).unwrap().want(value(2), false);
        assert_eq!(all.take_for_go(), [], "a newer want goes out by itself");
        all.keep_for_go(ONE);
        assert_eq!((all.take_for_go(), all.take_for_go()), (vec![ONE], vec![]));
    }

    #[test]
    fn what_failed_may_land_late_until_something_else_is_wanted() {
        let mut property = Property::default();
        property.fail(Some(value(7)));
        property.want(value(8), true);
        assert!(!property.lands_late(&value(8), 0));
        assert!(property.lands_late(&value(7), 0) && !property.lands_late(&value(7), 0));
        property.fail(Some(value(7)));
        property.want(value(9), false);
        assert!(!property.lands_late(&value(7), 0));
    }

    #[test]
    fn before_is_where_it_was_before_the_newest_cue_and_not_its_last_step() {
        let mut property = Property::default();
        property.observe(value(1), at(1));
        property.moves(Some(CueIx(3)), None);
        property.observe(value(2), at(2));
        property.moves(Some(CueIx(3)), None);
        assert_eq!((property.before(), property.mover()), (Some(&value(1)), Some(CueIx(3))));
        property.moves(Some(CueIx(4)), Some(value(9)));
        property.correct_before(Some(&value(8)), &value(5));
        assert_eq!(property.before(), Some(&value(9)));
        property.correct_before(Some(&value(9)), &value(5));
        assert_eq!(property.before(), Some(&value(5)));
    }

    #[test]
    fn after_a_return_what_is_there_is_right_and_a_difference_is_the_hands() {
        let mut property = Property::default();
        property.observe(value(1), at(1));
        property.adopt();
        assert_eq!(property.wanted(), None, "no cue has wanted it");
        property.want(value(1), false);
        property.adopt();
        assert!(!property.by_hand());
        property.observe(value(2), at(2));
        property.adopt();
        assert_eq!((property.by_hand(), property.wanted()), (true, Some(&value(2))));
    }

    #[test]
    fn panic_and_a_recall_leave_nothing_wanted() {
        let mut all = Properties::new(3);
        let plays = |playing| Value::Transport(crate::show::Transport { clip: None, looping: false, playing });
        all.get_mut(ONE).unwrap().want(plays(true), false);
        all.get_mut(PropIx(2)).unwrap().want(plays(false), false);
        all.keep_for_go(ONE);
        assert_eq!(all.release_all(), [ONE]);
        assert!(all.iter().all(|property| property.wanted().is_none()));
        assert_eq!(all.take_for_go(), []);
        all.get_mut(ONE).unwrap().observe(value(1), at(1));
        all.forget(ONE);
        assert_eq!(all.get(ONE), Some(&Property::default()));
    }

    #[test]
    fn an_unwanted_action_leaves_the_property_as_its_device_has_it() {
        let mut property = Property::default();
        property.observe(value(1), at(1));
        property.intend(ActionId(1));
        property.want(value(2), false);
        property.unwant(ActionId(9));
        assert_eq!(property.wanted(), Some(&value(2)), "it is not the newest");
        property.unwant(ActionId(1));
        assert_eq!((property.wanted(), property.newest()), (Some(&value(1)), None));
    }
}
