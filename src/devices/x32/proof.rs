//! Proof: what a word of the desk says about what we sent, and whether it was a hand.

use super::driver::Desk;
use super::{PROVE_AFTER, PUSH_GRACE, RESENDS, Raw};
use crate::device_api::{ActionId, How, Report};
use crate::devices::Out;
use crate::time::{Mono, Span};

/// An answer to `/load` is waited for this long before the desk is read anyway.
const LOAD_ANSWER: Span = Span::secs(5);
/// A recall without an answer is read after this long.
const RECALL_SETTLES: Span = Span::ms(300);

/// A recall: all that is read until it is over is its effect.
#[derive(Debug)]
pub struct Recall {
    action: ActionId,
    /// `scene`, `snippet`; `None`: this recall is never answered.
    kind: Option<String>,
    /// Its effect is being read.
    pub reading: bool,
    /// When it is read without waiting longer.
    pub due: Option<Mono>,
}

impl Recall {
    /// It has just left.
    #[must_use]
    pub fn sent(now: Mono, action: ActionId, kind: Option<String>) -> Self {
        let wait = if kind.is_some() { LOAD_ANSWER } else { RECALL_SETTLES };
        Self { action, kind, reading: false, due: Some(now + wait) }
    }
}

/// What a word means.
enum Meaning {
    /// What we sent is there.
    Landed,
    /// Not there, and nobody touched it: say it again.
    Lost,
    /// Says nothing yet: it may have left the desk before our value came.
    Stale,
    /// A value of somebody else.
    Foreign,
}

impl Desk {
    /// The desk says a parameter's value.
    pub(super) fn word(&mut self, now: Mono, at: usize, raw: Raw, out: &mut Out) {
        let Some(param) = self.table.params.get_mut(at) else { return };
        let answer = param.asked.take();
        param.silent = false;
        let tell = std::mem::take(&mut param.tell);
        let prop = param.prop;
        self.agenda.attend(at, None);
        if prop.is_some_and(|prop| self.moving(prop)) {
            self.word_in_flight(now, at, raw, answer.is_none(), out);
            return;
        }
        let ours = prop.is_some_and(|prop| self.echo.judge(now, prop, &raw.in_steps()) == How::Echo);
        match self.meaning(at, &raw, ours, answer.map(|asked| asked.at)) {
            Some(Meaning::Landed) => self.observed(at, raw, How::Echo, out),
            Some(Meaning::Lost) => self.say_again(now, at, raw, out),
            Some(Meaning::Stale) => {
                if let Some(param) = self.table.params.get_mut(at) {
                    param.tell = tell;
                    if let Some(wanted) = param.wanted.as_mut().filter(|_| !ours) {
                        wanted.before.get_or_insert(raw);
                    }
                }
                self.agenda.attend(at, Some(now + PROVE_AFTER));
            }
            Some(Meaning::Foreign) => {
                self.count_push(now, at, &raw, answer.is_none(), out);
                self.observed(at, raw, How::Word, out);
            }
            None => {
                if !ours {
                    self.count_push(now, at, &raw, answer.is_none(), out);
                }
                let Some(param) = self.table.params.get(at) else { return };
                if tell || param.known.as_ref() != Some(&raw) {
                    let how = if ours || self.recall.is_some() { How::Echo } else { How::Word };
                    self.observed(at, raw, how, out);
                }
            }
        }
    }

    /// What a word says of the value that waits for its proof; `None` when none waits.
    fn meaning(&self, at: usize, raw: &Raw, ours: bool, asked: Option<Mono>) -> Option<Meaning> {
        let wanted = self.table.params.get(at)?.wanted.as_ref()?;
        // A push always tells of a change; an answer that differs while nobody knows what was there before tells of a lost set.
        let from_before = wanted.before.as_ref().map_or(asked.is_some(), |before| before.same(raw));
        Some(match asked {
            // Asked before our value left (at connect all is asked), it tells what was there then, a hand's or not, and proves nothing:
            // the step before the last one of a fade counts as the same value.
            Some(asked) if asked <= wanted.sent => Meaning::Stale,
            _ if wanted.raw.same(raw) => Meaning::Landed,
            _ if !ours && !from_before => Meaning::Foreign,
            Some(_) => Meaning::Lost,
            None => Meaning::Stale,
        })
    }

    /// While a fade moves it, any value that is not one of our last steps is a hand, and the fade ends at once.
    fn word_in_flight(&mut self, now: Mono, at: usize, raw: Raw, pushed: bool, out: &mut Out) {
        let Some(prop) = self.table.params.get(at).and_then(|param| param.prop) else { return };
        if self.echo.judge(now, prop, &raw.in_steps()) == How::Echo {
            return;
        }
        self.let_go(prop);
        self.count_push(now, at, &raw, pushed, out);
        self.observed(at, raw, How::Word, out);
    }

    /// Takes the word as the parameter's value and tells it.
    fn observed(&mut self, at: usize, raw: Raw, how: How, out: &mut Out) {
        let Some(param) = self.table.params.get_mut(at) else { return };
        param.wanted = None;
        let value = param.scale.value(&raw);
        param.known = Some(raw);
        if let (Some(prop), Some(value)) = (param.prop, value) {
            out.report(Report::Observed { prop, value, how });
        }
    }

    /// Proven lost: sends it again, or gives up and tells what is there.
    fn say_again(&mut self, now: Mono, at: usize, raw: Raw, out: &mut Out) {
        let Some(param) = self.table.params.get_mut(at) else { return };
        let (Some(prop), Some(wanted)) = (param.prop, param.wanted.as_mut()) else { return };
        if wanted.resends >= RESENDS {
            self.observed(at, raw, How::Word, out);
            return;
        }
        wanted.resends += 1;
        wanted.sent = now;
        let raw = wanted.raw.clone();
        let (address, args) = (param.set.clone(), vec![param.scale.arg(&raw)]);
        self.echo.sent(now, prop, raw.in_steps());
        self.send(out, &address, args);
        self.agenda.attend(at, Some(now + PROVE_AFTER));
    }

    /// Learns from a foreign change whether the desk pushes to us.
    fn count_push(&mut self, now: Mono, at: usize, raw: &Raw, by_itself: bool, out: &mut Out) {
        if self.session.syncing || self.recall.is_some() {
            return;
        }
        let Some(param) = self.table.params.get_mut(at) else { return };
        let changed = param.known.as_ref().is_some_and(|known| known != raw);
        let late = param.unpushed.take().is_some_and(|read| now.since(read) <= PUSH_GRACE);
        match (by_itself, changed) {
            (true, true) => self.pushes(true, out),
            (true, false) if late => self.pushes(true, out),
            (false, true) => {
                param.unpushed = Some(now);
                self.pushes(false, out);
            }
            _ => {}
        }
    }

    /// The desk's answer to a recall: 1 is done, 0 is refused.
    pub(super) fn loaded(&mut self, now: Mono, kind: &str, done: i32, out: &mut Out) {
        let Some(recall) = self.recall.as_mut().filter(|recall| recall.kind.as_deref() == Some(kind) && !recall.reading) else { return };
        if done == 0 {
            let action = recall.action;
            self.recall = None;
            out.report(Report::Refused { action, why: format!("the desk could not load this {kind}: is it empty?").into() });
            return;
        }
        out.report(Report::Acked { action: recall.action });
        recall.due = Some(now);
    }

    /// Reads the effect of a recall once it is time.
    pub(super) fn recall_due(&mut self, now: Mono) {
        let Some(recall) = self.recall.as_mut() else { return };
        if recall.due.is_some_and(|due| due <= now) {
            recall.due = None;
            recall.reading = true;
            self.read_all();
        }
    }
}
