//! The session: who it is, whether it lives, its `/xremote` slot, and the questions that are asked.

use std::sync::Arc;

use rosc::{OscMessage, OscType};

use super::driver::Desk;
use super::table::Asked;
use super::{MISSED_PUSHES, POLL_EVERY, READ_TRIES, SEEK_EVERY, STATUS_EVERY, SWEEP_EVERY, XREMOTE_RENEW};
use crate::device_api::{Facet, Level, Report};
use crate::devices::{Out, earlier};
use crate::time::Mono;

/// How far we are with a desk.
#[derive(Debug, Default)]
pub struct Session {
    /// The socket is open.
    pub up: bool,
    /// It has told who it is, and answers.
    pub live: bool,
    /// The first read since it came is under way.
    pub syncing: bool,
    /// What the last failed send said.
    pub hint: Option<Arc<str>>,
    identity: Option<Arc<str>>,
    /// Its last word.
    heard: Mono,
    hello_at: Mono,
    xremote_at: Mono,
    /// Nothing is pushed to us: we ask instead.
    pub polling: bool,
    /// Changes read but never pushed, in a row.
    missed: u8,
    /// Parameters without an answer were told of.
    silence_told: bool,
}

impl Desk {
    /// The socket is open: seek the desk.
    pub(super) fn wire_up(&mut self, now: Mono) {
        self.session = Session { up: true, hello_at: now, ..Session::default() };
        self.forget();
    }

    /// The socket is gone.
    pub(super) fn wire_down(&mut self, why: &Arc<str>, out: &mut Out) {
        self.lost(why.clone(), out);
        self.session.up = false;
    }

    fn lost(&mut self, why: Arc<str>, out: &mut Out) {
        self.forget();
        if self.session.live {
            self.session.live = false;
            self.session.syncing = false;
            out.report(Report::Offline { why });
        }
    }

    /// Any message of the desk.
    pub(super) fn message(&mut self, now: Mono, message: &OscMessage, out: &mut Out) {
        self.session.heard = now;
        match (message.addr.as_str(), message.args.as_slice()) {
            ("/xinfo", [_, OscType::String(name), OscType::String(model), OscType::String(firmware), ..]) => {
                self.introduced(now, format!("{model} {name} {firmware}").into(), out);
            }
            ("/load", [OscType::String(kind), OscType::Int(done), ..]) => self.loaded(now, kind, *done, out),
            (address, [arg, ..]) => {
                if let Some(at) = self.table.at_address(address)
                    && let Some(raw) = self.table.params.get(at).and_then(|param| param.scale.read(arg))
                {
                    self.word(now, at, raw, out);
                }
            }
            _ => {}
        }
    }

    fn introduced(&mut self, now: Mono, identity: Arc<str>, out: &mut Out) {
        let known = self.session.identity.as_ref() == Some(&identity);
        self.session.identity = Some(identity.clone());
        if self.session.live {
            if !known {
                out.report(Report::Online { identity: Some(identity) });
            }
            return;
        }
        self.session.live = true;
        self.session.syncing = true;
        self.session.hint = None;
        self.session.hello_at = now + STATUS_EVERY;
        self.session.xremote_at = now;
        self.questions.sweep_at(now + SWEEP_EVERY);
        self.session.missed = 0;
        out.report(Report::Online { identity: Some(identity) });
        self.read_all();
    }

    /// Asks for everything anew, and tells it whether it changed or not.
    pub(super) fn read_all(&mut self) {
        for mask in &mut self.table.masks {
            mask.told = None;
        }
        for at in 0..self.table.params.len() {
            if let Some(param) = self.table.params.get_mut(at) {
                param.tell = true;
                param.silent = false;
                // A question that is on its way may still bring a value from before.
                param.asked = None;
            }
            self.want_read(at);
        }
    }

    fn want_read(&mut self, at: usize) {
        if self.table.params.get(at).is_some_and(|param| param.get.is_some()) {
            self.questions.want(at);
        }
    }

    /// Asks at once, and tells the answer even if it is not new.
    pub(super) fn look(&mut self, now: Mono, at: usize, out: &mut Out) {
        if let Some(param) = self.table.params.get_mut(at) {
            param.tell = true;
        }
        self.ask(now, at, out);
    }

    /// Sends a question.
    pub(super) fn ask(&mut self, now: Mono, at: usize, out: &mut Out) {
        let Some(param) = self.table.params.get_mut(at) else { return };
        let Some(address) = param.get.clone() else { return };
        let tries = param.asked.map_or(0, |asked| asked.tries).saturating_add(1);
        param.asked = Some(Asked { at: now, tries });
        self.send(out, &address, vec![]);
        self.agenda.attend(at, Some(now + self.limits.reply_within));
    }

    /// `/xinfo` until it answers, then `/status` and the slot; and when it has been silent for too long, it is gone.
    pub(super) fn keep_alive(&mut self, now: Mono, out: &mut Out) {
        let silence = now.since(self.session.heard);
        if self.session.live && silence >= self.limits.offline_after {
            let hint = self.session.hint.take().map(|hint| format!(" ({hint})")).unwrap_or_default();
            self.lost(format!("no answer for {silence}{hint}").into(), out);
            self.session.hello_at = now;
        }
        if now >= self.session.hello_at {
            let (address, every) = if self.session.live { ("/status", STATUS_EVERY) } else { ("/xinfo", SEEK_EVERY) };
            self.send(out, address, vec![]);
            self.session.hello_at = now + every;
        }
        if self.session.live && now >= self.session.xremote_at {
            self.send(out, "/xremote", vec![]);
            self.session.xremote_at = now + XREMOTE_RENEW;
        }
    }

    /// Proofs that are due and questions that got no answer.
    pub(super) fn look_after(&mut self, now: Mono, out: &mut Out) {
        while let Some(at) = self.agenda.take(now) {
            let Some(param) = self.table.params.get_mut(at) else { continue };
            // A question from before the set proves nothing: the count starts anew.
            if let (Some(asked), Some(wanted)) = (param.asked, &param.wanted)
                && asked.at < wanted.sent
            {
                param.asked = None;
            }
            if param.asked.is_some_and(|asked| asked.tries >= READ_TRIES) {
                param.asked = None;
                param.wanted = None;
                param.silent = param.known.is_none();
                self.settle(out);
            } else if param.asked.is_some() || param.wanted.is_some() {
                self.ask(now, at, out);
            }
        }
        self.recall_due(now);
    }

    /// The queue of questions, at the desk's pace, and the quiet sweep behind it.
    pub(super) fn ask_on(&mut self, now: Mono, out: &mut Out) {
        if !self.session.live {
            return;
        }
        let every = if self.session.polling { POLL_EVERY } else { SWEEP_EVERY };
        if let Some(at) = self.questions.sweep(now, self.table.params.len(), every)
            && !self.session.syncing
        {
            self.want_read(at);
        }
        while let Some(at) = self.questions.take(now) {
            if self.table.params.get(at).is_some_and(|param| param.asked.is_none()) {
                self.ask(now, at, out);
            }
        }
    }

    /// After news: masks that changed, and whether all has been read.
    pub(super) fn settle(&mut self, out: &mut Out) {
        for (prop, value) in self.table.changed_masks() {
            out.report(Report::Observed { prop, value, how: crate::device_api::How::Word });
        }
        let reading = self.session.syncing || self.recall.as_ref().is_some_and(|recall| recall.reading);
        if !self.session.live || !reading || !self.questions.is_empty() {
            return;
        }
        if self.table.params.iter().any(|param| param.asked.is_some()) {
            return;
        }
        self.recall = None;
        if self.session.syncing {
            self.session.syncing = false;
            self.tell_silent(out);
            out.report(Report::Synced);
        }
    }

    /// Parameters that the desk does not know.
    fn tell_silent(&mut self, out: &mut Out) {
        let silent: Vec<&str> = self.table.params.iter().filter(|p| p.silent).filter_map(|p| p.get.as_deref()).collect();
        let facet = match silent.as_slice() {
            [] if !self.session.silence_told => return,
            [] => Facet { key: "silent".into(), level: Level::Good, text: "the desk answers every question".into() },
            [first, rest @ ..] => {
                let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
                let text = format!("the desk gives no answer to {first}{more}: check the model and the patch");
                Facet { key: "silent".into(), level: Level::Warn, text: text.into() }
            }
        };
        self.session.silence_told = facet.level != Level::Good;
        out.report(Report::Health(facet));
    }

    /// A change was read (`pushed`: it came by itself). Two reads in a row without a push: nobody pushes to us, so we ask faster.
    pub(super) fn pushes(&mut self, pushed: bool, out: &mut Out) {
        self.session.missed = if pushed { 0 } else { self.session.missed.saturating_add(1) };
        let polling = if pushed { false } else { self.session.polling || self.session.missed >= MISSED_PUSHES };
        if polling == self.session.polling {
            return;
        }
        self.session.polling = polling;
        let (level, text) = if polling {
            (Level::Warn, "the desk pushes no changes: all its remote slots are taken, so every value is asked for (close a tablet app)")
        } else {
            (Level::Good, "the desk pushes its changes")
        };
        out.report(Report::Health(Facet { key: "slots".into(), level, text: text.into() }));
    }

    /// When the session must be looked after next.
    pub(super) fn session_due(&self) -> Option<Mono> {
        let session = &self.session;
        let mut due = Some(session.hello_at);
        if session.live {
            due = earlier(due, Some(session.xremote_at));
            due = earlier(due, Some(session.heard + self.limits.offline_after));
            due = earlier(due, self.questions.next_due(true));
        }
        earlier(due, self.recall.as_ref().and_then(|recall| recall.due))
    }
}
