//! What a device last said of each property and what we sent: tells proof from memory, and an echo from a hand.

use std::collections::{BTreeMap, VecDeque};

use crate::show::{PropIx, Value};
use crate::time::{Mono, Span};

/// All properties of one device.
#[derive(Debug)]
pub struct ReportedState {
    /// A value that we sent explains what is said within this.
    window: Span,
    entries: BTreeMap<PropIx, Entry>,
}

#[derive(Debug, Default)]
struct Entry {
    /// The device's last word.
    known: Option<Value>,
    /// What we sent, in its order, without what the device has been heard to be past.
    sent: VecDeque<(Mono, Value)>,
    awaited: Option<Awaited>,
    /// The next word is told even if it is not new.
    tell: bool,
}

/// A value that has left and has no proof yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    /// The value as the device will hold it.
    pub value: Value,
    /// When it left last.
    pub sent: Mono,
    /// The device's word before.
    before: Option<Value>,
    /// How often it was sent again.
    pub resends: u8,
    /// Asked for until then.
    until: Mono,
}

/// How a word came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// As the answer to a question that left at this time.
    Answer(Mono),
    /// By itself, and it may be what we sent.
    Push,
    /// By itself, and it is never what we sent.
    Others,
}

/// What a word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// What we sent is there.
    Landed,
    /// It says nothing yet of what we sent: it may have left the device before.
    NotYet,
    /// What we sent is not there, and nobody touched it.
    Lost,
    /// Ours, and nothing is waited for.
    Ours,
    /// Somebody else's.
    Foreign,
}

impl ReportedState {
    /// Values of one property that are remembered as sent at the most.
    pub const SENT_MAX: usize = 512;

    /// Nothing is known of these properties.
    #[must_use]
    pub fn new(window: Span, props: impl Iterator<Item = PropIx>) -> Self {
        Self { window, entries: props.map(|prop| (prop, Entry::default())).collect() }
    }

    /// A value leaves now; the words that follow it may be its echo.
    pub fn sent(&mut self, now: Mono, prop: PropIx, value: Value) {
        let window = self.window;
        let Some(entry) = self.entries.get_mut(&prop) else { return };
        entry.forget_old(now, window);
        if entry.sent.len() >= Self::SENT_MAX {
            entry.sent.pop_front();
        }
        entry.sent.push_back((now, value));
    }

    /// A value that shall stand has left: from now on only a word that comes after it proves it, for which it is asked until `until`.
    pub fn awaits(&mut self, now: Mono, prop: PropIx, value: Value, until: Mono) {
        if let Some(entry) = self.entries.get_mut(&prop) {
            entry.awaited = Some(Awaited { value, sent: now, before: entry.known.clone(), resends: 0, until });
        }
    }

    /// The awaited value leaves once more. Gives it, unless it has been `resends` times already.
    pub fn again(&mut self, now: Mono, prop: PropIx, resends: u8) -> Option<Value> {
        let awaited = self.entries.get_mut(&prop)?.awaited.as_mut().filter(|awaited| awaited.resends < resends)?;
        awaited.resends += 1;
        awaited.sent = now;
        Some(awaited.value.clone())
    }

    /// What is awaited is not any more: it was refused, or a hand took the property.
    pub fn give_up(&mut self, prop: PropIx) {
        if let Some(entry) = self.entries.get_mut(&prop) {
            entry.awaited = None;
        }
    }

    /// The value that is awaited.
    #[must_use]
    pub fn awaited(&self, prop: PropIx) -> Option<&Value> {
        Some(&self.entries.get(&prop)?.awaited.as_ref()?.value)
    }

    /// True while it is worth asking for what is awaited.
    #[must_use]
    pub fn is_open(&self, now: Mono, prop: PropIx) -> bool {
        self.entries.get(&prop).and_then(|entry| entry.awaited.as_ref()).is_some_and(|awaited| now < awaited.until)
    }

    /// What a word means. `settles`: until so long after the sending, another value than the awaited one means nothing.
    pub fn meaning(&mut self, now: Mono, prop: PropIx, value: &Value, source: Source, settles: Span, same: &Same<'_>) -> Meaning {
        let window = self.window;
        let Some(entry) = self.entries.get_mut(&prop) else { return Meaning::Foreign };
        let ours = source != Source::Others && entry.echo(now, window, value, same);
        let Some(awaited) = &mut entry.awaited else { return if ours { Meaning::Ours } else { Meaning::Foreign } };
        if let Source::Answer(asked) = source
            && asked <= awaited.sent
        {
            // Asked before our value left, it tells what was there then, a hand's or not, and proves nothing.
            if !ours {
                awaited.before.get_or_insert_with(|| value.clone());
            }
            return Meaning::NotYet;
        }
        if same(value, &awaited.value) {
            return Meaning::Landed;
        }
        if now.since(awaited.sent) < settles {
            return Meaning::NotYet;
        }
        let is_answer = matches!(source, Source::Answer(_));
        // A push tells of a change; an answer that differs while nobody knows what was there before tells of a lost set.
        let from_before = awaited.before.as_ref().map_or(is_answer, |before| same(before, value));
        match (ours || from_before, is_answer) {
            (false, _) => Meaning::Foreign,
            (true, true) => Meaning::Lost,
            (true, false) => Meaning::NotYet,
        }
    }

    /// Takes a word as the property's value. True when it is to be told: it is news, or was asked for.
    pub fn take(&mut self, prop: PropIx, value: &Value) -> bool {
        let Some(entry) = self.entries.get_mut(&prop) else { return false };
        // Compared exactly: a slow drift within the tolerance would otherwise never be told.
        let news = entry.known.as_ref() != Some(value);
        entry.known = Some(value.clone());
        std::mem::take(&mut entry.tell) || news
    }

    /// The next word of a property is told even if it is not new.
    pub fn tell(&mut self, prop: PropIx) {
        if let Some(entry) = self.entries.get_mut(&prop) {
            entry.tell = true;
        }
    }

    /// What the device last said, since it came.
    #[must_use]
    pub fn known(&self, prop: PropIx) -> Option<&Value> {
        self.entries.get(&prop)?.known.as_ref()
    }

    /// The device is lost: nothing is known any more, so whatever it says when it comes back is told.
    pub fn forget(&mut self) {
        self.entries.values_mut().for_each(|entry| *entry = Entry::default());
    }
}

/// Whether two values are one for the device.
pub type Same<'a> = dyn Fn(&Value, &Value) -> bool + 'a;

impl Entry {
    /// Whether a word is one of the values that we sent, in their order: what the device was heard to be past explains nothing any more, so
    /// that a fader pulled back over the way that our fade came is a hand's.
    fn echo(&mut self, now: Mono, window: Span, value: &Value, same: &Same<'_>) -> bool {
        self.forget_old(now, window);
        let Some(at) = self.sent.iter().position(|(_, sent)| same(sent, value)) else { return false };
        self.sent.drain(..at);
        true
    }

    fn forget_old(&mut self, now: Mono, window: Span) {
        while self.sent.front().is_some_and(|(at, _)| now.since(*at) > window) {
            self.sent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::Db;

    const GAIN: PropIx = PropIx(1);

    fn state() -> ReportedState {
        ReportedState::new(Span::ms(500), [GAIN].into_iter())
    }

    fn at(ms: u64) -> Mono {
        Mono::ZERO + Span::ms(ms)
    }

    fn db(milli: i32) -> Value {
        Value::Level(Db(milli))
    }

    fn meaning(state: &mut ReportedState, ms: u64, milli: i32, source: Source) -> Meaning {
        state.meaning(at(ms), GAIN, &db(milli), source, Span::ZERO, &|a, b| a.same(b, 50))
    }

    fn send(state: &mut ReportedState, ms: u64, milli: i32) {
        state.sent(at(ms), GAIN, db(milli));
        state.awaits(at(ms), GAIN, db(milli), at(ms + 1000));
    }

    #[test]
    fn what_was_known_before_the_sending_proves_nothing() {
        let mut state = state();
        assert!(state.take(GAIN, &db(-10_000)));
        send(&mut state, 10, -10_000);
        assert_eq!(meaning(&mut state, 20, -10_000, Source::Answer(at(9))), Meaning::NotYet, "asked before");
        assert_eq!(meaning(&mut state, 30, -10_000, Source::Answer(at(11))), Meaning::Landed, "asked after");
    }

    #[test]
    fn an_answer_with_the_value_from_before_tells_of_a_lost_set_and_a_push_of_nothing() {
        let mut state = state();
        state.take(GAIN, &db(0));
        send(&mut state, 10, -10_000);
        assert_eq!(meaning(&mut state, 20, 0, Source::Push), Meaning::NotYet);
        assert_eq!(meaning(&mut state, 20, 0, Source::Answer(at(15))), Meaning::Lost);
        assert_eq!(state.again(at(21), GAIN, 1), Some(db(-10_000)));
        assert_eq!(meaning(&mut state, 25, 0, Source::Answer(at(20))), Meaning::NotYet, "asked before it left again");
        assert_eq!(state.again(at(30), GAIN, 1), None, "once is enough");
    }

    #[test]
    fn any_other_value_is_a_hands() {
        let mut state = state();
        state.take(GAIN, &db(0));
        send(&mut state, 10, -10_000);
        for source in [Source::Push, Source::Others, Source::Answer(at(15))] {
            assert_eq!(meaning(&mut state, 20, -20_000, source), Meaning::Foreign);
        }
        let quiet = state.meaning(at(20), GAIN, &db(-20_000), Source::Push, Span::ms(20), &|a, b| a == b);
        assert_eq!(quiet, Meaning::NotYet, "it still settles");
    }

    #[test]
    fn an_echo_comes_in_the_order_of_the_sending() {
        let mut state = state();
        for (ms, milli) in [(0, 0), (30, -1000), (60, -2000), (90, -3000)] {
            state.sent(at(ms), GAIN, db(milli));
        }
        assert_eq!(meaning(&mut state, 95, -1000, Source::Answer(at(94))), Meaning::Ours);
        assert_eq!(meaning(&mut state, 96, -1000, Source::Answer(at(95))), Meaning::Ours, "it still stands there");
        assert_eq!(meaning(&mut state, 97, -3000, Source::Push), Meaning::Ours);
        assert_eq!(meaning(&mut state, 98, -2000, Source::Push), Meaning::Foreign, "pulled back");
        assert_eq!(meaning(&mut state, 99, -3000, Source::Others), Meaning::Foreign, "never what we sent");
        assert_eq!(meaning(&mut state, 700, -3000, Source::Push), Meaning::Foreign, "too long ago");
    }

    #[test]
    fn only_news_is_told_or_what_was_asked_for() {
        let mut state = state();
        assert!(state.take(GAIN, &db(0)));
        assert!(!state.take(GAIN, &db(0)));
        state.tell(GAIN);
        assert!(state.take(GAIN, &db(0)));
        state.forget();
        assert!(state.take(GAIN, &db(0)), "after a loss all is news");
    }
}
