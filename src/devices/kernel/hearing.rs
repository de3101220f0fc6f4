//! From the wire to the engine: what the device says, and what that means of what was sent.

use std::sync::Arc;

use super::driver::{Job, Later, PropertyDriver, Task};
use super::on_wire::{Part, Purpose};
use super::protocol::Protocol;
use super::reported_state::{Meaning, Source};
use super::response::{Fact, Messages, Of, Response};
use crate::device_api::{How, Level, Priority, Report};
use crate::devices::{Out, Sending, earlier};
use crate::show::{PropIx, Value};
use crate::time::{Mono, Span};

/// A word that comes by itself may still be a late answer for so long after its question.
const LATE_ANSWER: Span = Span::secs(1);

impl<P: Protocol> PropertyDriver<P> {
    /// Applies what a protocol has understood.
    pub(super) fn apply(&mut self, now: Mono, response: Response<P::Question>, out: &mut Out) {
        for (wire, bytes) in response.sends {
            out.send(wire, bytes);
        }
        let mut again = vec![];
        for fact in response.facts {
            match fact {
                Fact::There(identity) => self.there(now, identity, out),
                Fact::Gone(why) => self.gone(now, why, out),
                Fact::NeedsHuman(why) => self.needs_human(why, out),
                Fact::Value { prop, value, answers } => again.extend(self.value(now, prop, value, answers, out)),
                Fact::Answered(question) => self.answered(question, out),
                Fact::Yes(of) => self.yes(now, of, out),
                Fact::No(of, why) => self.no(of, why, out),
                Fact::Retry(of, why, after) => self.refused_for_now(now, of, &why, after, out),
                Fact::NotNow(prop, why, retry_after) => {
                    if let Some(action) = self.acting.get(&prop).copied() {
                        out.report(Report::NotNow { action, why, retry_after });
                    }
                }
                Fact::Progress(prop, done, eta) => {
                    if let Some(action) = self.acting.get(&prop).copied() {
                        out.report(Report::Progress { action, done, eta });
                    }
                }
                Fact::Ask(question) => self.questions.want_first(question),
                Fact::ReadAll => self.read_all(),
                Fact::Ready => self.hurry(now),
                Fact::Health(key, level, text) => self.health.say(key, level, text, out),
            }
        }
        for question in again {
            self.questions.want_at(question, now + self.habits.ask_again);
        }
    }

    fn there(&mut self, now: Mono, identity: Option<Arc<str>>, out: &mut Out) {
        let was = self.presence.live;
        self.presence.away = None;
        if self.presence.there(identity.as_ref()) {
            out.report(Report::Online { identity });
        }
        if !was {
            self.questions.sweep_from(now + self.habits.sweep_every.unwrap_or_default());
            self.read_all();
            self.settle(out);
        }
    }

    fn gone(&mut self, now: Mono, why: Arc<str>, out: &mut Out) {
        if !self.habits.hangs_up || !self.presence.live {
            return self.lost(&why, out);
        }
        for purpose in self.on_wire.broken() {
            match purpose {
                // It may or may not have arrived: it is not sent again.
                Purpose::Want(part) => {
                    let why = "the connection broke before the device answered".into();
                    out.report(Report::Refused { action: part.action, why });
                }
                Purpose::Question(question) => self.questions.want_first(question),
            }
        }
        self.presence.away.get_or_insert((now + self.limits.offline_after, why));
    }

    fn needs_human(&mut self, why: Arc<str>, out: &mut Out) {
        if !std::mem::replace(&mut self.presence.barred, true) {
            out.report(Report::NeedsHuman { why: Arc::clone(&why) });
        }
        self.habits.session.iter().for_each(|wire| out.close(*wire));
        self.lost(&why, out);
    }

    /// Everything is read, and told whether it is news or not.
    fn read_all(&mut self) {
        for prop in self.props.keys() {
            self.reported.tell(*prop);
        }
        self.questions.read_all();
    }

    /// The device says a property's value. Gives the question that is to be asked again.
    fn value(&mut self, now: Mono, prop: PropIx, value: Value, answers: Option<P::Question>, out: &mut Out) -> Option<P::Question> {
        let traits = self.traits(prop).filter(|_| self.presence.live)?;
        // Between two commands of one want the device stands anywhere: nobody's hand.
        if self.on_wire.is_between(prop) {
            return None;
        }
        let asked = answers.and_then(|question| self.questions.asked(question));
        let source = match asked {
            Some(asked) => Source::Answer(asked.at),
            None if self.habits.tells_only_others && !self.is_late_answer(now, answers) => Source::Others,
            None => Source::Push,
        };
        let moving = self.fades.moving(prop);
        let (protocol, reported) = (&self.protocol, &mut self.reported);
        let same = |a: &Value, b: &Value| protocol.same(prop, a, b, traits.tolerance);
        let changed = reported.known(prop).is_some_and(|known| !same(known, &value));
        let waited = reported.awaited(prop).is_some();
        let meaning = reported.meaning(now, prop, &value, source, self.habits.settles, &same);
        match meaning {
            Meaning::Landed => self.tell(prop, value, How::Echo, true, out),
            Meaning::NotYet if self.reported.is_open(now, prop) => return self.protocol.proof(prop),
            Meaning::Lost if self.send_again(now, prop, out) => return self.protocol.proof(prop),
            Meaning::Lost if self.habits.resends == 0 && self.reported.is_open(now, prop) => return self.protocol.proof(prop),
            Meaning::Ours if moving => {}
            Meaning::Ours => self.tell(prop, value, How::Echo, false, out),
            Meaning::NotYet | Meaning::Lost | Meaning::Foreign => {
                if meaning == Meaning::Foreign {
                    self.learn_of_pushes(now, prop, changed, asked.is_some(), out);
                }
                if changed || moving {
                    self.end_fade(prop);
                }
                let how = if self.recall.is_some() { How::Echo } else { How::Word };
                self.tell(prop, value, how, waited || moving, out);
            }
        }
        None
    }

    /// The device's word is taken, and reported when it is news, was asked for, or `always`.
    fn tell(&mut self, prop: PropIx, value: Value, how: How, always: bool, out: &mut Out) {
        self.reported.give_up(prop);
        if self.reported.take(prop, &value) || always {
            out.report(Report::Observed { prop, value, how });
        }
    }

    fn is_late_answer(&self, now: Mono, question: Option<P::Question>) -> bool {
        let left = question.and_then(|question| self.questions.left_at(question));
        left.is_some_and(|left| now.since(left) <= LATE_ANSWER)
    }

    /// Learns from somebody else's change whether the device tells us of changes by itself.
    fn learn_of_pushes(&mut self, now: Mono, prop: PropIx, changed: bool, answer: bool, out: &mut Out) {
        let Some([_, works]) = self.habits.pushes.filter(|_| self.protocol.proof(prop).is_some()) else { return };
        if self.presence.syncing || self.recall.is_some() {
            return;
        }
        if !answer && (changed || self.pushes.is_waited_for(prop)) {
            self.pushes.pushed(prop);
            self.health.mend("pushes", works, out);
        }
        // What we have just sent may move something else, of which only others are told.
        let window = Mono(now.0.saturating_sub(self.limits.echo_window.0));
        if answer && changed && (self.fades.moving(prop) || !self.on_wire.wants_since(window)) {
            self.pushes.read(now, prop);
        }
    }

    fn answered(&mut self, question: P::Question, out: &mut Out) {
        self.silences = 0;
        self.questions.answered(question);
        self.on_wire.answered(question);
        self.settle(out);
    }

    /// A message was accepted.
    fn yes(&mut self, now: Mono, of: Of, out: &mut Out) {
        self.silences = 0;
        let Some(part) = self.on_wire.accepted(of) else { return };
        if part.more || part.step {
            return;
        }
        out.report(Report::Acked { action: part.action });
        if let Some(recall) = self.recall.as_mut().filter(|recall| recall.prop == part.prop && recall.read_at.is_some()) {
            recall.read_at = Some(now);
        }
        let prop = part.prop;
        if let Some(question) = self.protocol.proof(prop) {
            self.questions.want_first(question);
        } else if let (Some(awaited), Some(known), Some(traits)) =
            (self.reported.awaited(prop), self.reported.known(prop), self.traits(prop))
            && self.protocol.same(prop, awaited, known, traits.tolerance)
        {
            // It has taken what it already held: nothing more will be told of it.
            let value = known.clone();
            self.tell(prop, value, How::Echo, true, out);
        }
    }

    /// A message was refused.
    fn no(&mut self, of: Of, why: Arc<str>, out: &mut Out) {
        self.silences = 0;
        match self.on_wire.answer(of).map(|open| open.purpose) {
            Some(Purpose::Want(part)) => self.refused(&part, why, out),
            Some(Purpose::Question(question)) => self.unanswered(question, Some(&why), out),
            None => {}
        }
    }

    /// A want was refused: nothing more of it leaves, and what is there is asked.
    fn refused(&mut self, part: &Part, why: Arc<str>, out: &mut Out) {
        self.on_wire.drop_action(part.action);
        self.reported.give_up(part.prop);
        self.end_fade(part.prop);
        self.recall.take_if(|recall| recall.prop == part.prop);
        out.report(Report::Refused { action: part.action, why });
        if let Some(question) = self.protocol.proof(part.prop) {
            self.reported.tell(part.prop);
            self.questions.want_first(question);
        }
    }

    /// A want was refused for now: it is written again after a while.
    fn refused_for_now(&mut self, now: Mono, of: Of, why: &str, after: Span, out: &mut Out) {
        self.silences = 0;
        let Some(Purpose::Want(part)) = self.on_wire.answer(of).map(|open| open.purpose) else { return };
        let Some(value) = part.value else { return };
        self.reported.give_up(part.prop);
        let task = Task::Value { value, transition: None, step: part.step };
        let job = Job { action: part.action, task, until: part.until };
        self.postpone(now, Later { at: now + after, prop: part.prop, priority: Priority::Discrete, job }, why, after, out);
    }

    /// A question gets no answer, or a refusal.
    fn unanswered(&mut self, question: P::Question, why: Option<&str>, out: &mut Out) {
        let mut response = Response::default();
        let ever = self.protocol.unanswered(question, why, &mut response);
        self.questions.unanswered(question, ever);
        for fact in response.facts {
            match fact {
                Fact::Health(key, level, text) => self.health.say(key, level, text, out),
                Fact::Ask(question) => self.questions.want_first(question),
                _ => {}
            }
        }
        if !ever && !self.presence.syncing {
            self.tell_silent(out);
        }
        self.settle(out);
    }

    /// What has waited too long for its answer.
    pub(super) fn overdue(&mut self, now: Mono, out: &mut Out) {
        while let Some(open) = self.on_wire.unanswered(now) {
            if !self.habits.in_turn {
                continue;
            }
            self.silences = self.silences.saturating_add(1);
            if self.habits.silences_max > 0 && self.silences >= self.habits.silences_max {
                return self.begin_anew(now, format!("no answer within {}", self.limits.reply_within), out);
            }
            match open.purpose {
                Purpose::Question(question) => match self.questions.asked(question) {
                    Some(asked) if asked.tries < self.habits.ask_tries => self.questions.want_at(question, now),
                    _ => self.unanswered(question, None, out),
                },
                Purpose::Want(part) => {
                    if let Some(question) = self.protocol.proof(part.prop) {
                        self.questions.want_first(question);
                    }
                }
            }
        }
        if let Some([missing, _]) = self.habits.pushes
            && self.pushes.count(now)
        {
            self.health.say("pushes".into(), Level::Warn, missing.into(), out);
        }
        if let Some(recall) = self.recall.as_mut().filter(|recall| recall.read_at.is_some_and(|at| at <= now)) {
            recall.read_at = None;
            self.read_all();
        }
    }

    /// Questions whose time has come, those that wait, and the quiet sweep behind them; in turn they leave with [`Self::pump`].
    pub(super) fn inquire(&mut self, now: Mono, out: &mut Out) {
        if let Some(every) = self.sweep_every().filter(|_| !self.presence.syncing) {
            self.questions.sweep(now, every);
        }
        if self.habits.in_turn {
            return;
        }
        while let Some(question) = self.questions.due(now) {
            if self.questions.asked(question).is_some_and(|asked| asked.tries >= self.habits.ask_tries) {
                self.unanswered(question, None, out);
            } else {
                self.ask(now, question, None, out);
            }
        }
        while let Some(question) = self.questions.take(now) {
            self.ask(now, question, None, out);
        }
    }

    /// Writes a question; it leaves with the next pump, which is now.
    pub(super) fn ask(&mut self, now: Mono, question: P::Question, sending: Option<Sending>, out: &mut Out) {
        let mut messages = Messages::default();
        self.protocol.ask(question, &mut messages);
        if messages.list.is_empty() {
            self.questions.answered(question);
            return self.settle(out);
        }
        self.on_wire.add(messages, sending, |_| Purpose::Question(question));
        if !self.habits.in_turn {
            self.pump_written(now, out);
        }
    }

    /// Whether all that can be read has been.
    pub(super) fn settle(&mut self, out: &mut Out) {
        if !self.presence.live || !self.questions.is_read() {
            return;
        }
        self.recall.take_if(|recall| recall.read_at.is_none());
        if std::mem::take(&mut self.presence.syncing) {
            self.tell_silent(out);
            out.report(Report::Synced);
        }
    }

    /// Questions that the device does not know.
    fn tell_silent(&mut self, out: &mut Out) {
        let mut silent = self.questions.silent().iter();
        let Some(first) = silent.next() else { return self.health.mend("silent", "the device answers every question", out) };
        let more = silent.count();
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let text = format!("no answer to {}{more}: check the model and the patch", self.protocol.name_of(*first));
        self.health.say("silent".into(), Level::Warn, text.into(), out);
    }

    fn sweep_every(&self) -> Option<Span> {
        let sweep = self.habits.sweep_every?;
        let asks = self.habits.pushes.is_some() && !self.pushes.work();
        Some(if asks { self.habits.poll_every } else { sweep })
    }

    /// When something is to be asked, counted or given up.
    pub(super) fn asking_due(&self) -> Option<Mono> {
        let asks = !self.habits.in_turn || self.on_wire.may_write(true);
        let questions = self.questions.next_due(self.sweep_every().is_some() && !self.presence.syncing).filter(|_| asks);
        let recall = self.recall.as_ref().and_then(|recall| recall.read_at);
        earlier(earlier(questions, self.pushes.next_due()), recall)
    }
}
