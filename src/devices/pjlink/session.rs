//! The session: greeting, password, one command at a time, rounds of questions, and what silence means.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::codec::{Line, Lines, No, Topic, digest, read};
use super::driver::{Projector, Stage};
use super::state::{Power, errors, lamp_hours};
use super::{GREETING_WITHIN, HOURS_EVERY, POLL_BUSY, POLL_EVERY, SILENCES, WIRE};
use crate::device_api::{Facet, Level, Report};
use crate::devices::{Out, earlier};
use crate::time::Mono;

/// How far we are with a projector.
#[derive(Debug, Default)]
pub struct Session {
    /// What the engine has been told.
    pub presence: Presence,
    /// The connection's bytes.
    pub lines: Lines,
    /// Power, as told last.
    pub power: Option<Power>,
    /// Since when.
    pub power_since: Mono,
    up: bool,
    /// What stands before each command; `None`: it has not greeted.
    prefix: Option<String>,
    greeting_until: Mono,
    asked: Option<Asked>,
    silences: u8,
    questions: VecDeque<Topic>,
    /// What it has said that it does not know.
    unknown: BTreeSet<Topic>,
    /// The first round of questions is not over.
    syncing: bool,
    poll_at: Mono,
    hours_at: Mono,
    names: [String; 3],
    told_levels: [Level; 6],
    lamp_told: Option<u32>,
}

/// What the engine knows of its being there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Presence {
    /// Nothing yet.
    #[default]
    Unknown,
    /// It answers.
    Online,
    /// Its connection ended a moment ago.
    Away {
        /// Until then nobody is told.
        until: Mono,
        /// Why it ended.
        why: Arc<str>,
    },
    /// It is gone.
    Offline,
    /// The password is wrong: only a person can mend it.
    Locked,
}

impl Presence {
    /// Its connection ended a moment ago.
    #[must_use]
    pub const fn is_away(&self) -> bool {
        matches!(self, Self::Away { .. })
    }
}

#[derive(Debug)]
struct Asked {
    topic: Topic,
    /// The slot of a set; `None`: a question.
    slot: Option<usize>,
    until: Mono,
}

impl Session {
    /// Asks this next.
    pub fn ask_first(&mut self, topic: Topic) {
        self.questions.retain(|other| *other != topic);
        self.questions.push_front(topic);
    }

    fn ask(&mut self, topic: Topic) {
        if !self.questions.contains(&topic) && !self.unknown.contains(&topic) {
            self.questions.push_back(topic);
        }
    }
}

impl Projector {
    /// Connected: it greets first.
    pub(super) fn wire_up(&mut self, now: Mono) {
        let session = &mut self.session;
        (session.up, session.prefix, session.asked) = (true, None, None);
        (session.lines, session.silences) = (Lines::default(), 0);
        session.greeting_until = now + GREETING_WITHIN;
        session.questions.clear();
        // The wire was closed until a person acted: the password may be right now.
        if session.presence == Presence::Locked {
            session.presence = Presence::Unknown;
        }
    }

    /// The connection ended. A projector hangs up by itself: that alone is no news.
    pub(super) fn wire_down(&mut self, now: Mono, why: &Arc<str>, out: &mut Out) {
        self.session.up = false;
        self.session.prefix = None;
        self.broken(out);
        match self.session.presence {
            Presence::Online => self.session.presence = Presence::Away { until: now + self.limits.offline_after, why: why.clone() },
            Presence::Unknown => self.lost(why.clone(), out),
            Presence::Away { .. } | Presence::Offline | Presence::Locked => {}
        }
    }

    /// What was on the wire may or may not have arrived: it is not sent again.
    fn broken(&mut self, out: &mut Out) {
        let Some(slot) = self.session.asked.take().and_then(|asked| asked.slot) else { return };
        if let Some(pending) = self.slots.get_mut(slot).and_then(|slot| slot.pending.take()) {
            let why = "the connection broke before the projector answered".into();
            out.report(Report::Refused { action: pending.action, why });
        }
    }

    /// The link did not take what we gave it; the engine has been told.
    pub(super) fn not_sent(&mut self) {
        if let Some(slot) = self.session.asked.take().and_then(|asked| asked.slot)
            && let Some(slot) = self.slots.get_mut(slot)
        {
            slot.pending = None;
        }
    }

    fn lost(&mut self, why: Arc<str>, out: &mut Out) {
        if self.session.presence != Presence::Locked && self.session.presence != Presence::Offline {
            self.session.presence = Presence::Offline;
            self.session.power = None;
            self.forget_wanted();
            out.report(Report::Offline { why });
        }
    }

    /// A notice of class 2: whoever sent it, we ask.
    pub(super) fn notice(&mut self, bytes: &[u8]) {
        match read(bytes) {
            Some(Line::Says(topic @ (Topic::Powr | Topic::Inpt | Topic::Erst), _)) => self.session.ask_first(topic),
            Some(Line::There) => self.session.ask_first(Topic::Powr),
            _ => {}
        }
    }

    /// One line of the connection.
    pub(super) fn line(&mut self, now: Mono, line: &[u8], out: &mut Out) {
        if self.session.presence == Presence::Locked {
            return;
        }
        match read(line) {
            Some(Line::Open) => self.greeted(now, String::new()),
            Some(Line::Locked(salt)) => match &self.password {
                Some(password) => self.greeted(now, digest(salt, password)),
                None => self.needs_password("it asks for a password", out),
            },
            Some(Line::Wrong) => self.needs_password("it refuses the password", out),
            Some(Line::Says(topic, answer)) => {
                self.session.asked.take_if(|asked| asked.topic == topic && asked.slot.is_none());
                self.answered(now, out);
                self.says(now, topic, answer, out);
            }
            Some(Line::Done(topic)) => {
                let fits = |asked: &mut Asked| asked.slot.is_some() && topic.is_none_or(|topic| topic == asked.topic);
                if let Some(slot) = self.session.asked.take_if(fits).and_then(|asked| asked.slot) {
                    self.answered(now, out);
                    self.accepted(now, slot, out);
                }
            }
            Some(Line::No(topic, no)) => {
                let fits = |asked: &mut Asked| topic.is_none_or(|topic| topic == asked.topic);
                let Some(asked) = self.session.asked.take_if(fits) else { return };
                self.answered(now, out);
                match asked.slot {
                    Some(slot) => self.refused(now, slot, no, out),
                    None if no == No::Unknown => drop(self.session.unknown.insert(asked.topic)),
                    None => {}
                }
            }
            Some(Line::There) | None => {}
        }
    }

    fn needs_password(&mut self, what: &str, out: &mut Out) {
        self.session.presence = Presence::Locked;
        self.session.asked = None;
        self.forget_wanted();
        let why = format!("{what}: set password = \"…\" at [device.{}] to the projector's PJLink password", self.key);
        out.report(Report::NeedsHuman { why: why.into() });
        out.close(WIRE);
    }

    /// It may be asked now.
    fn greeted(&mut self, now: Mono, prefix: String) {
        let session = &mut self.session;
        session.prefix = Some(prefix);
        session.syncing = true;
        (session.poll_at, session.hours_at) = (now + POLL_EVERY, now + HOURS_EVERY);
        for topic in [Topic::Powr, Topic::Clss] {
            session.ask(topic);
        }
        self.ask_state();
        for topic in [Topic::Inf1, Topic::Inf2, Topic::Name, Topic::Lamp, Topic::Filt] {
            if self.two || topic != Topic::Filt {
                self.session.ask(topic);
            }
        }
    }

    fn ask_state(&mut self) {
        for at in 0..self.slots.len() {
            if let Some(topic) = self.slots.get(at).map(|slot| slot.item.topic()) {
                self.session.ask(topic);
            }
        }
        self.session.ask(Topic::Erst);
    }

    /// Any answer: it lives.
    fn answered(&mut self, now: Mono, out: &mut Out) {
        self.session.silences = 0;
        match std::mem::replace(&mut self.session.presence, Presence::Online) {
            Presence::Online | Presence::Away { .. } => {}
            Presence::Unknown | Presence::Offline | Presence::Locked => {
                self.session.power_since = now;
                for slot in &mut self.slots {
                    slot.tell = true;
                }
                out.report(Report::Online { identity: None });
            }
        }
    }

    fn says(&mut self, now: Mono, topic: Topic, answer: &str, out: &mut Out) {
        match topic {
            Topic::Inf1 => answer.clone_into(&mut self.session.names[0]),
            Topic::Inf2 => answer.clone_into(&mut self.session.names[1]),
            Topic::Name => answer.clone_into(&mut self.session.names[2]),
            Topic::Clss if answer == "1" => self.two = false,
            Topic::Powr => self.power(now, answer, out),
            Topic::Erst => {
                for (facet, told) in errors(answer).zip(&mut self.session.told_levels) {
                    if std::mem::replace(told, facet.level) != facet.level {
                        out.report(Report::Health(facet));
                    }
                }
            }
            Topic::Lamp => self.hours(answer, out),
            Topic::Clss | Topic::Filt | Topic::Inpt | Topic::Avmt | Topic::Frez => {}
        }
        self.word(now, topic, answer, out);
    }

    fn power(&mut self, now: Mono, answer: &str, out: &mut Out) {
        let Some(power) = Power::read(answer) else { return };
        let was = self.session.power.replace(power);
        if was == Some(power) {
            self.power_stays(now, out);
            return;
        }
        self.session.power_since = now;
        let moving = match power {
            Power::Warming => Some("warming up"),
            Power::Cooling => Some("cooling down"),
            Power::On | Power::Standby => None,
        };
        let level = if moving.is_some() { Level::Notice } else { Level::Good };
        out.report(Report::Health(Facet { key: "power".into(), level, text: moving.unwrap_or_default().into() }));
        self.power_moved(now, was, power, out);
        // Now it can tell what it could not before.
        if power == Power::On {
            self.ask_state();
        }
    }

    /// Lamp hours, told with each hour more.
    fn hours(&mut self, answer: &str, out: &mut Out) {
        let Some(most) = lamp_hours(answer).into_iter().max() else { return };
        if self.session.lamp_told.replace(most) == Some(most) {
            return;
        }
        let old = self.lamp_warn > 0 && most >= self.lamp_warn;
        let (level, remedy) = if old { (Level::Warn, ": have a new one at hand") } else { (Level::Good, "") };
        let text = format!("a lamp has burnt {most} hours{remedy}").into();
        out.report(Report::Health(Facet { key: "lamp-hours".into(), level, text }));
    }

    /// What time alone brings: a greeting or an answer that does not come, a connection that stays away.
    pub(super) fn watch(&mut self, now: Mono, out: &mut Out) {
        if let Presence::Away { until, why } = &self.session.presence
            && *until <= now
        {
            let why = why.clone();
            self.lost(why, out);
        }
        if !self.session.up || self.session.presence == Presence::Locked {
            return;
        }
        if self.session.prefix.is_none() && now >= self.session.greeting_until {
            self.lost("connected, but nothing greets as a projector does: check the port and that PJLink is switched on".into(), out);
            self.session.greeting_until = now + GREETING_WITHIN;
            out.reopen.push(WIRE);
        }
        if self.session.asked.as_ref().is_some_and(|asked| asked.until <= now) {
            self.silent(now, out);
        }
    }

    fn silent(&mut self, now: Mono, out: &mut Out) {
        // A line whose end never came is an answer all the same.
        if let Some(rest) = self.session.lines.rest() {
            self.line(now, &rest, out);
        }
        let Some(asked) = self.session.asked.take_if(|asked| asked.until <= now) else { return };
        self.session.silences += 1;
        if self.session.silences >= SILENCES {
            self.session.silences = 0;
            let within = self.limits.reply_within;
            self.lost(format!("no answer within {within}, twice").into(), out);
            out.reopen.push(WIRE);
            self.session.prefix = None;
            self.session.greeting_until = now + GREETING_WITHIN;
        } else {
            self.session.ask_first(asked.topic);
        }
    }

    /// Sends the next command, when none is on the wire.
    pub(super) fn pump(&mut self, now: Mono, out: &mut Out) {
        let wanted = self.next_wanted(now, out);
        if self.session.prefix.is_none() || self.session.asked.is_some() || self.session.presence == Presence::Locked {
            return;
        }
        self.poll(now);
        if self.session.presence == Presence::Online
            && let Some(at) = wanted
        {
            self.send_wanted(now, at, out);
            return;
        }
        if let Some(topic) = self.session.questions.pop_front() {
            let line = topic.line(self.two, "?");
            self.send(now, topic, None, &line, out);
        } else if std::mem::take(&mut self.session.syncing) {
            out.report(Report::Online { identity: Some(self.identity()) });
            out.report(Report::Synced);
        }
    }

    fn send_wanted(&mut self, now: Mono, at: usize, out: &mut Out) {
        let two = self.two;
        let Some(slot) = self.slots.get_mut(at) else { return };
        let Some(pending) = &mut slot.pending else { return };
        pending.stage = Stage::Left;
        let (topic, line) = (slot.item.topic(), slot.item.topic().line(two, &pending.parameter));
        self.echo.sent(now, slot.prop, pending.value.clone());
        let (action, value) = (pending.action, pending.value.clone());
        self.send(now, topic, Some(at), &line, out);
        out.completes(action, Some(value));
    }

    fn send(&mut self, now: Mono, topic: Topic, slot: Option<usize>, line: &str, out: &mut Out) {
        let mut bytes = out.buffer();
        bytes.extend_from_slice(self.session.prefix.as_deref().unwrap_or_default().as_bytes());
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\r');
        out.send(WIRE, bytes);
        self.session.asked = Some(Asked { topic, slot, until: now + self.limits.reply_within });
    }

    /// Puts the next round of questions in the queue.
    fn poll(&mut self, now: Mono) {
        let busy = self.is_busy();
        let session = &mut self.session;
        if busy {
            session.poll_at = session.poll_at.min(now + POLL_BUSY);
        }
        if now < session.poll_at || !session.questions.is_empty() {
            return;
        }
        session.poll_at = now + if busy { POLL_BUSY } else { POLL_EVERY };
        session.ask(Topic::Powr);
        if session.power == Some(Power::On) {
            self.ask_state();
        } else {
            session.ask(Topic::Erst);
        }
        if now >= self.session.hours_at {
            self.session.hours_at = now + HOURS_EVERY;
            self.session.ask(Topic::Lamp);
        }
    }

    fn identity(&self) -> Arc<str> {
        let [maker, model, name] = &self.session.names;
        let class = if self.two { 2 } else { 1 };
        let named = if name.is_empty() { String::new() } else { format!(" \"{name}\"") };
        let model = format!("{maker} {model}");
        format!("{}{named}, PJLink class {class}", model.trim()).into()
    }

    /// When the driver must be looked after next.
    pub(super) fn due(&self) -> Option<Mono> {
        let session = &self.session;
        let away = if let Presence::Away { until, .. } = &session.presence { Some(*until) } else { None };
        if !session.up || session.presence == Presence::Locked {
            return away;
        }
        if session.prefix.is_none() {
            return earlier(away, Some(session.greeting_until));
        }
        if let Some(asked) = &session.asked {
            return earlier(away, Some(asked.until));
        }
        let waits = self.slots.iter().filter_map(|slot| match slot.pending.as_ref()?.stage {
            Stage::Waits(when) => Some(when),
            Stage::Left => None,
        });
        earlier(earlier(away, waits.min()), Some(session.poll_at))
    }
}
