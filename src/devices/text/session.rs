//! The session: whether it lives, whose turn it is, and what its lines mean.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::driver::Talker;
use super::frame::{Piece, Reader};
use super::line::{Coding, Line};
use super::{PROVE_AFTER, SEEK_EVERY, WIRE};
use crate::device_api::{ActionId, How, Report};
use crate::devices::holes::Holes;
use crate::devices::{Out, earlier};
use crate::show::{Proof, Value};
use crate::time::{Mono, Span};

/// How far we are with a device.
#[derive(Debug, Default)]
pub struct Session {
    /// The wire can be used.
    pub up: bool,
    /// It listens: its banner or its answer has come, or it can not be asked.
    pub live: bool,
    /// It refused our password: the wire stays closed until a person takes the device back.
    pub barred: bool,
    /// What the last failed send said.
    pub hint: Option<Arc<str>>,
    /// Lines that leave next, in order.
    pub queue: VecDeque<Waiting>,
    /// Values to ask for until they have landed: when next, until when, and what.
    pub watch: BTreeMap<usize, (Mono, Mono, Value)>,
    syncing: bool,
    reader: Reader,
    /// The line that waits for its answer, and until when.
    pub asked: Option<(Purpose, String, Mono)>,
    /// Questions that wait, and those of the first reading that have no answer yet.
    pub(super) reads: VecDeque<usize>,
    pub(super) unread: BTreeSet<usize>,
    /// What the device has not told although it was asked.
    pub(super) untold: BTreeSet<usize>,
    /// Questions in a row that got no answer at all.
    pub(super) misses: BTreeMap<usize, u8>,
    /// What it has said of its size, by the entry of `[facts] size`.
    pub(super) sizes: BTreeMap<usize, i64>,
    /// The line that waits for its answer has had the device's yes.
    pub(super) agreed: bool,
    /// The device's last word.
    pub heard: Mono,
    /// The next ping.
    pub ping_at: Mono,
    free_at: Mono,
    poll_at: Mono,
    poll: usize,
    /// How often each login prompt was answered on this connection.
    answered: BTreeMap<usize, u32>,
}

impl Session {
    /// All that can be read has been.
    pub(super) fn is_read(&self) -> bool {
        self.live && !self.syncing
    }
}

/// A line that waits to leave.
#[derive(Debug)]
pub struct Waiting {
    /// The line.
    pub text: String,
    /// What for.
    pub purpose: Purpose,
}

/// What a line is for.
#[derive(Debug, Clone, PartialEq)]
pub enum Purpose {
    /// Whether it lives.
    Ping,
    /// A subscription.
    Hello,
    /// A property's value.
    Read(usize),
    /// A command; only the last line of an action, and of a fade, is reported.
    Set {
        /// Which property.
        at: usize,
        /// For which action.
        action: ActionId,
        /// The value; `None`: pause and continue.
        value: Option<Value>,
        /// Its end.
        last: bool,
    },
}

impl Talker {
    /// The wire is up: wait for its banner or its answer, or take it as there when it has neither.
    pub(super) fn wire_up(&mut self, now: Mono, out: &mut Out) {
        self.forget();
        let first = if self.facts.login.is_empty() { now } else { now + SEEK_EVERY };
        self.session = Session { up: true, ping_at: first, heard: now, ..Session::default() };
        if self.facts.ping.is_none() && self.facts.banner.is_none() {
            self.came(now, None, out);
        }
    }

    /// The wire is gone.
    pub(super) fn wire_down(&mut self, why: &Arc<str>, out: &mut Out) {
        self.lost(why.clone(), out);
    }

    pub(super) fn lost(&mut self, why: Arc<str>, out: &mut Out) {
        self.forget();
        let live = self.session.live;
        self.session = Session { up: !self.facts.is_stream() && self.session.up, ping_at: self.session.free_at, ..Session::default() };
        if live {
            out.report(Report::Offline { why });
        }
        self.tell_lacks(out);
    }

    pub(super) fn came(&mut self, now: Mono, identity: Option<Arc<str>>, out: &mut Out) {
        if self.session.live {
            return;
        }
        self.session.live = true;
        self.session.syncing = true;
        self.session.hint = None;
        self.session.ping_at = now + self.facts.ping_every;
        self.session.poll_at = now + self.facts.poll_every;
        out.report(Report::Online { identity });
        for hello in &self.facts.hello {
            if let Some(text) = hello.render(&Holes::new(), &Coding::default(), "") {
                self.session.queue.push_back(Waiting { text, purpose: Purpose::Hello });
            }
        }
        for at in 0..self.items.len() {
            self.want_read(at);
        }
        self.session.unread = self.session.reads.iter().copied().collect();
        self.settle(out);
    }

    /// A property's value is asked for as soon as nothing else waits.
    pub(super) fn want_read(&mut self, at: usize) {
        let can = self.items.get(at).is_some_and(|item| item.question.is_some()) && self.beyond(at, None).is_none();
        if can && !self.session.reads.contains(&at) {
            self.session.reads.push_back(at);
        }
    }

    /// Bytes from the device, in any split.
    pub(super) fn heard(&mut self, now: Mono, bytes: &[u8], out: &mut Out) {
        self.session.heard = now;
        let mut reader = std::mem::take(&mut self.session.reader);
        let mut pieces = reader.push(&super::frame::Framing { tokens: String::new(), ..self.facts.framing.clone() }, bytes);
        let rest = reader.rest();
        let rest = rest.trim();
        // A datagram ends its line, and so does a prompt.
        let ended = self.facts.udp || self.facts.login.iter().any(|login| rest.ends_with(&login.prompt));
        if ended && !rest.is_empty() {
            pieces.push(Piece::Line(rest.to_owned()));
            reader.take_rest();
        }
        self.session.reader = reader;
        let untold = self.session.untold.len();
        for piece in pieces {
            match piece {
                Piece::Line(line) => self.line(now, line.trim(), out),
                Piece::End(head) => self.block_ended(head.trim(), out),
            }
        }
        if self.session.untold.len() != untold {
            self.tell_lacks(out);
        }
    }

    fn line(&mut self, now: Mono, line: &str, out: &mut Out) {
        if self.login(now, line, out) {
            return;
        }
        let tells = |template: Option<&Line>| template.and_then(|template| template.matches(line));
        if tells(self.facts.denied.as_ref()).is_some() {
            self.bar("the device refuses the password: correct password = \"…\" in the show", out);
            return;
        }
        // Only while it was asked: the answer may look like any other line.
        let pinged = matches!(self.session.asked, Some((Purpose::Ping, ..)));
        let pong = tells(self.facts.pong.as_ref().filter(|_| pinged));
        if pong.is_some() {
            self.session.asked = None;
        }
        let came = pong.or_else(|| tells(self.facts.banner.as_ref()));
        if let Some(holes) = came.or_else(|| (self.facts.ping.is_some() && self.facts.pong.is_none()).then(Holes::new)) {
            let version = holes.get("value").map(|version| format!("{} {version}", self.name));
            self.came(now, Some(version.unwrap_or_else(|| self.name.clone()).into()), out);
        }
        if let Some(why) = self.refusal(line) {
            self.refused(why, out);
            return;
        }
        if self.facts.ok.iter().any(|ok| ok.matches(line).is_some()) || self.own_yes(line) == Some(true) {
            self.agreed(out);
        }
        self.measure(line, out);
        self.observe(now, line, out);
        self.settle(out);
    }

    /// A question that comes before anything else; true when the line was one.
    fn login(&mut self, now: Mono, line: &str, out: &mut Out) -> bool {
        let Some(which) = self.facts.login.iter().position(|login| line.ends_with(&login.prompt)) else { return false };
        let Some(login) = self.facts.login.get(which) else { return false };
        let Some(answer) = login.answer.render(&Holes::new(), &Coding::default(), "") else {
            self.bar("the device asks for a password: add password = \"…\" to it in the show", out);
            return true;
        };
        let times = self.session.answered.entry(which).or_default();
        *times += 1;
        if *times > 1 {
            self.bar("the device asks for its password again: correct password = \"…\" in the show", out);
            return true;
        }
        out.send(WIRE, self.facts.framing.dress(&answer));
        self.session.ping_at = now + SEEK_EVERY;
        true
    }

    pub(super) fn bar(&mut self, why: &str, out: &mut Out) {
        self.session.barred = true;
        out.report(Report::NeedsHuman { why: why.into() });
        out.close(WIRE);
    }

    pub(super) fn refusal(&self, line: &str) -> Option<String> {
        self.facts.errors.iter().find_map(|error| {
            let holes = error.line.matches(line)?;
            let reason = holes.get("why").map(Value::to_string).unwrap_or_default();
            Some(error.say.as_ref().map_or_else(|| format!("the device says: {line}"), |say| say.replace("{why}", reason.trim())))
        })
    }

    /// Whether a line is the property's own yes to the set that waits, of the same value where it tells one; `None`: it has none of its own.
    pub(super) fn own_yes(&self, line: &str) -> Option<bool> {
        let Some((Purpose::Set { at, value, .. }, ..)) = &self.session.asked else { return None };
        let item = self.items.get(*at).filter(|item| !item.wiring.replies.is_empty())?;
        let (kind, coding) = (&item.kind, &item.wiring.coding);
        let fits = |reply: &Line| match value.as_ref().filter(|_| reply.tells()) {
            Some(value) => reply.says(line, kind, coding, None).is_some_and(|said| said.same(value, 0)),
            None => reply.matches(line).is_some(),
        };
        Some(item.wiring.replies.iter().any(fits))
    }

    /// A yes belongs to the command that waits for it; a question waits for its value.
    pub(super) fn agreed(&mut self, out: &mut Out) {
        match self.session.asked.take() {
            Some((read @ Purpose::Read(_), text, until)) => {
                self.session.agreed = true;
                self.session.asked = Some((read, text, until));
            }
            Some((Purpose::Set { at, action, last: true, .. }, ..))
                if self.items.get(at).is_some_and(|item| item.proof == Proof::Acked) =>
            {
                out.report(Report::Acked { action });
            }
            _ => {}
        }
    }

    pub(super) fn refused(&mut self, why: String, out: &mut Out) {
        match self.session.asked.take() {
            Some((Purpose::Set { at, action, .. }, ..)) => {
                let own = |waiting: &Waiting| matches!(&waiting.purpose, Purpose::Set { action: a, .. } if *a == action);
                self.session.queue.retain(|waiting| !own(waiting));
                self.session.watch.remove(&at);
                if let Some(prop) = self.items.get(at).map(|item| item.prop) {
                    self.let_go(prop);
                }
                out.report(Report::Refused { action, why: why.into() });
            }
            Some((Purpose::Read(at), ..)) => self.unheard(at, out),
            _ => {}
        }
    }

    pub(super) fn observe(&mut self, now: Mono, line: &str, out: &mut Out) {
        for at in 0..self.items.len() {
            let asked = match &self.session.asked {
                Some((Purpose::Read(of), ..)) if *of == at => Some(true),
                Some((Purpose::Set { at: of, .. }, ..)) if *of == at => Some(false),
                _ => None,
            };
            let Some(item) = self.items.get(at) else { continue };
            let wiring = &item.wiring;
            let known = self.ledger.known(item.prop);
            let answers = if asked == Some(true) { wiring.answers.as_slice() } else { &[] };
            let said = wiring.observes.iter().chain(answers).find_map(|line_of| line_of.says(line, &item.kind, &wiring.coding, known));
            let Some(value) = said else { continue };
            if asked == Some(true) || (asked == Some(false) && self.facts.ok.is_empty()) {
                self.session.asked = None;
            }
            self.word(now, at, value, out);
        }
    }

    fn word(&mut self, now: Mono, at: usize, value: Value, out: &mut Out) {
        let Some(item) = self.items.get(at) else { return };
        let prop = item.prop;
        self.session.unread.remove(&at);
        self.session.reads.retain(|other| *other != at);
        self.session.misses.remove(&at);
        self.session.untold.remove(&at);
        if self.session.watch.get(&at).is_some_and(|(_, _, wanted)| wanted.same(&value, 0)) {
            self.session.watch.remove(&at);
        }
        if !self.fades.moving(prop) {
            self.ledger.word(now, prop, value, out);
            return;
        }
        // Our own steps coming back are no news; a hand ends the fade.
        let mut quiet = Out::new();
        if self.ledger.word(now, prop, value, &mut quiet) == How::Word {
            self.let_go(prop);
            out.reports.append(&mut quiet.reports);
        }
    }

    /// Whether all that can be read has been.
    pub(super) fn settle(&mut self, out: &mut Out) {
        if self.session.live && self.session.syncing && self.session.unread.is_empty() {
            self.session.syncing = false;
            out.report(Report::Synced);
            self.tell_lacks(out);
        }
    }

    /// Asks for values that have not landed yet, and for one property of the round.
    pub(super) fn look_after(&mut self, now: Mono) {
        let due: Vec<usize> = self.session.watch.iter().filter(|(_, (next, ..))| *next <= now).map(|(at, _)| *at).collect();
        for at in due {
            if let Some((next, until, _)) = self.session.watch.get_mut(&at) {
                *next = now + Span(PROVE_AFTER.0 * 4);
                if now > *until {
                    self.session.watch.remove(&at);
                }
            }
            if !self.is_silent(at) {
                self.want_read(at);
            }
        }
        if now >= self.session.poll_at {
            self.session.poll_at = now + self.facts.poll_every;
            if !self.session.syncing && !self.items.is_empty() {
                self.session.poll = (self.session.poll + 1) % self.items.len();
                if !self.is_silent(self.session.poll) {
                    self.want_read(self.session.poll);
                }
            }
        }
    }

    /// Pings, and when there has been no word for too long, it is gone.
    pub(super) fn keep_alive(&mut self, now: Mono, out: &mut Out) {
        let Some(ping) = &self.facts.ping else { return };
        if now >= self.session.ping_at {
            let pings = self.session.queue.iter().any(|waiting| waiting.purpose == Purpose::Ping);
            if !pings && let Some(text) = ping.render(&Holes::new(), &Coding::default(), "") {
                self.session.queue.push_back(Waiting { text, purpose: Purpose::Ping });
            }
            self.session.ping_at = now + if self.session.live { self.facts.ping_every } else { SEEK_EVERY };
        }
        let silence = now.since(self.session.heard);
        if self.session.live && silence >= self.limits.offline_after {
            let hint = self.session.hint.take().map(|hint| format!(" ({hint})")).unwrap_or_default();
            self.out_of_step(now, format!("no answer for {silence}{hint}"), out);
        }
    }

    /// The device is lost; a stream is closed and opened anew.
    fn out_of_step(&mut self, now: Mono, why: String, out: &mut Out) {
        self.lost(why.into(), out);
        self.session.ping_at = now + SEEK_EVERY;
        if !self.facts.udp {
            out.reopen.push(WIRE);
        }
    }

    /// Sends what may leave now.
    pub(super) fn pump(&mut self, now: Mono, out: &mut Out) {
        while self.session.up && !self.session.barred {
            if let Some((_, _, until)) = &self.session.asked {
                if *until > now {
                    return;
                }
                self.unanswered(now, out);
                continue;
            }
            if now < self.session.free_at {
                return;
            }
            if let Some(waiting) = self.session.queue.pop_front() {
                self.write(now, waiting, out);
            } else if !self.session.live {
                return;
            } else if let Some((_, _, job)) = self.queue.pop(now) {
                self.unfold(job, out);
            } else if let Some(at) = self.session.reads.pop_front() {
                if let Some(text) = self.items.get(at).and_then(|item| item.question.clone()) {
                    self.session.queue.push_back(Waiting { text, purpose: Purpose::Read(at) });
                }
            } else {
                return;
            }
        }
    }

    fn write(&mut self, now: Mono, waiting: Waiting, out: &mut Out) {
        match self.facts.http {
            true => self.ask(&waiting.text, out),
            false => out.send(WIRE, self.facts.framing.dress(&waiting.text)),
        }
        self.session.free_at = now + self.limits.gap_min;
        self.session.agreed = false;
        self.left(now, &waiting.purpose, out);
        let answered = match &waiting.purpose {
            _ if self.facts.http => true,
            Purpose::Ping => self.facts.pong.is_some(),
            Purpose::Read(_) => true,
            Purpose::Hello | Purpose::Set { .. } => self.facts.replies,
        };
        if answered {
            self.session.asked = Some((waiting.purpose, waiting.text, now + self.limits.reply_within));
        }
    }

    /// A line got no answer. On a stream its answer may still come, and would be taken for that of the next command: begin anew.
    fn unanswered(&mut self, now: Mono, out: &mut Out) {
        match self.session.asked.take() {
            Some((Purpose::Read(at), ..)) => self.silent(at, out),
            Some((Purpose::Set { .. } | Purpose::Hello, text, _)) if !self.facts.udp => {
                let text = text.trim();
                self.out_of_step(now, format!("no answer to \"{text}\" for {}", self.limits.reply_within), out);
            }
            _ => {}
        }
    }

    /// When the session must be looked after next.
    pub(super) fn session_due(&self) -> Option<Mono> {
        let session = &self.session;
        if !session.up || session.barred {
            return None;
        }
        let mut due = match &session.asked {
            Some((_, _, until)) => Some(*until),
            None if !session.queue.is_empty() || (session.live && !session.reads.is_empty()) => Some(session.free_at),
            None if session.live => self.queue.next_due().map(|due| due.max(session.free_at)),
            None => None,
        };
        if self.facts.ping.is_some() {
            due = earlier(due, Some(session.ping_at));
            due = earlier(due, session.live.then(|| session.heard + self.limits.offline_after));
        }
        if session.live {
            due = earlier(due, self.fades.next_due());
            due = earlier(due, session.watch.values().map(|(next, ..)| *next).min());
            due = earlier(due, self.items.iter().any(|item| item.wiring.get.is_some()).then_some(session.poll_at));
        }
        due
    }
}
