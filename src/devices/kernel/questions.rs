//! What is asked of a device: which question waits, which is on its way, and which gets no answer.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::timers::Timers;
use crate::devices::earlier;
use crate::time::{Mono, Span};

/// The questions of one device.
#[derive(Debug)]
pub struct Questions<Q> {
    all: Vec<Q>,
    /// Wait for their turn, each once.
    waiting: VecDeque<Q>,
    /// The same, to find one among thousands.
    stands: BTreeSet<Q>,
    asked: BTreeMap<Q, Asked>,
    /// To be asked at a time: proofs, and questions without an answer.
    due: Timers<Q>,
    /// Of the reading that is under way: those without an answer.
    unread: BTreeSet<Q>,
    /// Got no answer when they were last asked.
    silent: BTreeSet<Q>,
    /// Not asked again in this session.
    forgone: BTreeSet<Q>,
    /// When each left last.
    left_at: BTreeMap<Q, Mono>,
    gap: Span,
    free_at: Mono,
    swept: usize,
    sweep_at: Mono,
}

/// A question on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// When it left.
    pub at: Mono,
    /// How often it was asked for this one answer.
    pub tries: u8,
}

impl<Q: Copy + Ord> Questions<Q> {
    /// Of a protocol; at least `gap` between two.
    #[must_use]
    pub fn new(all: Vec<Q>, gap: Span) -> Self {
        Self {
            all,
            waiting: VecDeque::new(),
            stands: BTreeSet::new(),
            asked: BTreeMap::new(),
            due: Timers::default(),
            unread: BTreeSet::new(),
            silent: BTreeSet::new(),
            forgone: BTreeSet::new(),
            left_at: BTreeMap::new(),
            gap,
            free_at: Mono::ZERO,
            swept: 0,
            sweep_at: Mono::ZERO,
        }
    }

    /// Reads everything; [`Self::is_read`] when all has been answered. What is on its way may still bring an answer from before: it is
    /// asked again.
    pub fn read_all(&mut self) {
        self.unread = self.all.iter().filter(|question| !self.forgone.contains(question)).copied().collect();
        self.asked.clear();
        self.due.clear();
        for question in self.all.clone() {
            self.want(question);
        }
    }

    /// True when every question of the reading has been answered, or gets no answer.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.unread.is_empty()
    }

    /// Asks when its turn comes.
    pub fn want(&mut self, question: Q) {
        if !self.forgone.contains(&question) && self.stands.insert(question) {
            self.waiting.push_back(question);
        }
    }

    /// Asks next, whatever else waits.
    pub fn want_first(&mut self, question: Q) {
        if self.forgone.contains(&question) {
            return;
        }
        if !self.stands.insert(question) {
            self.waiting.retain(|other| *other != question);
        }
        self.asked.remove(&question);
        self.waiting.push_front(question);
    }

    /// Asks at a time; what is on its way until then proves nothing.
    pub fn want_at(&mut self, question: Q, when: Mono) {
        self.due.set(question, Some(when));
    }

    /// The next question that waits and may leave at `now`. One on its way already will bring its answer.
    pub fn take(&mut self, now: Mono) -> Option<Q> {
        while now >= self.free_at {
            let question = self.waiting.pop_front()?;
            self.stands.remove(&question);
            if !self.asked.contains_key(&question) {
                self.free_at = now + self.gap;
                return Some(question);
            }
        }
        None
    }

    /// The next question whose time has come: a proof, or one that was not answered in time.
    pub fn due(&mut self, now: Mono) -> Option<Q> {
        self.due.take(now)
    }

    /// It leaves now; `within` it should be answered, else it is due again.
    pub fn left(&mut self, now: Mono, question: Q, within: Option<Span>) {
        let tries = self.asked.get(&question).map_or(0, |asked| asked.tries).saturating_add(1);
        self.asked.insert(question, Asked { at: now, tries });
        self.left_at.insert(question, now);
        self.due.set(question, within.map(|within| now + within));
    }

    /// The question as it is on its way.
    #[must_use]
    pub fn asked(&self, question: Q) -> Option<Asked> {
        self.asked.get(&question).copied()
    }

    /// What it shall prove has just left: what is on its way does not count.
    pub fn recount(&mut self, question: Q) {
        if let Some(asked) = self.asked.get_mut(&question) {
            asked.tries = 0;
        }
    }

    /// A question has just left beside those that wait.
    pub fn paced(&mut self, now: Mono) {
        self.free_at = now + self.gap;
    }

    /// When it was asked last, answered or not.
    #[must_use]
    pub fn left_at(&self, question: Q) -> Option<Mono> {
        self.left_at.get(&question).copied()
    }

    /// A question may leave now without disturbing the pace.
    #[must_use]
    pub fn may_ask(&self, now: Mono) -> bool {
        now >= self.free_at
    }

    /// It has been answered.
    pub fn answered(&mut self, question: Q) {
        self.done(question);
        self.silent.remove(&question);
    }

    /// It gets no answer: now, or not in this session, and then it is not asked again.
    pub fn unanswered(&mut self, question: Q, ever: bool) {
        self.done(question);
        self.silent.insert(question);
        if !ever {
            self.forgone.insert(question);
            self.stands.remove(&question);
            self.waiting.retain(|other| *other != question);
        }
    }

    fn done(&mut self, question: Q) {
        self.unread.remove(&question);
        // What came by itself is not the answer that a proof waits for.
        if self.asked.remove(&question).is_some() {
            self.due.set(question, None);
        }
    }

    /// Those that got no answer when they were last asked.
    #[must_use]
    pub const fn silent(&self) -> &BTreeSet<Q> {
        &self.silent
    }

    /// One question of the quiet sweep when it has its turn; the next one `every` later.
    pub fn sweep(&mut self, now: Mono, every: Span) {
        if now < self.sweep_at || self.all.is_empty() {
            return;
        }
        self.sweep_at = now + every;
        self.swept = (self.swept + 1) % self.all.len();
        if let Some(question) = self.all.get(self.swept).copied() {
            self.want(question);
        }
    }

    /// The sweep begins at this instant.
    pub const fn sweep_from(&mut self, when: Mono) {
        self.sweep_at = when;
    }

    /// When a question may leave or is due, or the sweep has its turn, where it `sweeps`.
    #[must_use]
    pub fn next_due(&self, sweeps: bool) -> Option<Mono> {
        let waiting = (!self.waiting.is_empty()).then_some(self.free_at);
        earlier(earlier(waiting, self.due.next_due()), (sweeps && !self.all.is_empty()).then_some(self.sweep_at))
    }

    /// A new session: nothing waits, nothing is on its way, every question may be asked.
    pub fn forget(&mut self) {
        self.waiting.clear();
        self.stands.clear();
        self.asked.clear();
        self.due.clear();
        self.unread.clear();
        self.silent.clear();
        self.forgone.clear();
        self.left_at.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn questions() -> Questions<u8> {
        Questions::new(vec![5, 1, 7], Span(4))
    }

    #[test]
    fn a_reading_keeps_its_order_and_its_pace_and_ends_when_all_is_answered_or_silent() {
        let mut questions = questions();
        questions.read_all();
        assert_eq!((questions.take(Mono(10)), questions.take(Mono(13))), (Some(5), None));
        assert_eq!(questions.next_due(false), Some(Mono(14)));
        questions.left(Mono(10), 5, Some(Span(50)));
        assert_eq!((questions.take(Mono(14)), questions.take(Mono(18))), (Some(1), Some(7)));
        questions.answered(1);
        questions.answered(7);
        assert_eq!(questions.due(Mono(60)), Some(5), "no answer in time");
        assert!(!questions.is_read());
        questions.want_first(5);
        questions.unanswered(5, false);
        assert!(questions.is_read());
        questions.want(5);
        questions.want_first(5);
        assert_eq!(questions.take(Mono(99)), None, "it is not asked again");
        questions.forget();
        questions.want(5);
        assert_eq!(questions.take(Mono(99)), Some(5), "but in the next session");
    }

    #[test]
    fn a_question_on_its_way_is_not_asked_twice_but_for_a_proof() {
        let mut questions = questions();
        questions.left(Mono(0), 5, None);
        questions.want(5);
        assert_eq!(questions.take(Mono(9)), None);
        questions.left(Mono(9), 5, None);
        assert_eq!(questions.asked(5), Some(Asked { at: Mono(9), tries: 2 }));
        questions.want(1);
        questions.want_first(5);
        assert_eq!((questions.take(Mono(10)), questions.asked(5)), (Some(5), None));
    }

    #[test]
    fn the_sweep_comes_round() {
        let mut questions = questions();
        questions.sweep_from(Mono(100));
        let mut turns = vec![];
        for at in [50, 100, 105, 110, 120] {
            questions.sweep(Mono(at), Span(10));
            turns.push(questions.take(Mono(at)));
        }
        assert_eq!(turns, [None, Some(1), None, Some(7), Some(5)]);
        assert_eq!(questions.next_due(true), Some(Mono(130)));
    }
}
