//! The session: whether it lives, what it was asked, and what its words mean.

use std::sync::Arc;

use rosc::{OscMessage, OscType};

use super::driver::Remote;
use super::template::Holes;
use super::{PROVE_AFTER, READ_TRIES, RESENDS, SEEK_EVERY, SWEEP_EVERY};
use crate::device_api::{Facet, How, Level, Report};
use crate::devices::{Out, earlier};
use crate::show::{Value, ValueKind};
use crate::time::Mono;

/// How far we are with a device.
#[derive(Debug, Default)]
pub struct Session {
    /// The wire can be used.
    pub up: bool,
    /// It answers, or can not be asked and its wire is up.
    pub live: bool,
    syncing: bool,
    /// What the last failed send said.
    pub hint: Option<Arc<str>>,
    heard: Mono,
    ping_at: Mono,
}

/// What a word means for a value that waits for its proof.
enum Meaning {
    Landed,
    Lost,
    Stale,
    Foreign,
}

impl Remote {
    /// The wire is up: seek the device, or take it as there when it can not be asked.
    pub(super) fn wire_up(&mut self, now: Mono, out: &mut Out) {
        self.session = Session { up: true, ping_at: now, heard: now, ..Session::default() };
        self.forget();
        if self.facts.ping.is_none() {
            let text = "no word: this device can not answer whether it lives".into();
            out.report(Report::Health(Facet { key: "word".into(), level: Level::Notice, text }));
            self.came(now, None, out);
            self.settle(out);
        }
    }

    /// The wire is gone.
    pub(super) fn wire_down(&mut self, why: &Arc<str>, out: &mut Out) {
        self.lost(why.clone(), out);
        self.session.up = false;
    }

    fn lost(&mut self, why: Arc<str>, out: &mut Out) {
        self.forget();
        if self.session.live {
            self.session.live = false;
            out.report(Report::Offline { why });
        }
    }

    fn came(&mut self, now: Mono, identity: Option<Arc<str>>, out: &mut Out) {
        if self.session.live {
            return;
        }
        self.session.live = true;
        self.session.syncing = true;
        self.session.hint = None;
        self.session.ping_at = now + self.facts.ping_every;
        self.questions.sweep_at(now + SWEEP_EVERY);
        out.report(Report::Online { identity });
        for hello in &self.facts.hello {
            self.send_template(out, hello, &Holes::new());
        }
        for at in 0..self.items.len() {
            if let Some(state) = self.states.get_mut(at) {
                state.tell = true;
            }
            self.want_read(at);
        }
    }

    fn want_read(&mut self, at: usize) {
        if self.items.get(at).is_some_and(|item| item.wiring.get.is_some()) {
            self.questions.want(at);
        }
    }

    /// Asks at once, and tells the answer even if it is not new.
    pub(super) fn look(&mut self, now: Mono, at: usize, out: &mut Out) {
        if let Some(state) = self.states.get_mut(at) {
            state.tell = true;
        }
        self.ask(now, at, out);
    }

    fn ask(&mut self, now: Mono, at: usize, out: &mut Out) {
        let Some(get) = self.items.get(at).and_then(|item| item.wiring.get.as_ref()) else { return };
        self.send_template(out, get, &Holes::new());
        if let Some(state) = self.states.get_mut(at) {
            let tries = state.asked.map_or(0, |(_, tries)| tries).saturating_add(1);
            state.asked = Some((now, tries));
        }
        self.timers.set(at, Some(now + self.limits.reply_within));
    }

    /// Any message of the device.
    pub(super) fn message(&mut self, now: Mono, message: &OscMessage, out: &mut Out) {
        self.session.heard = now;
        let (address, args) = (message.addr.as_str(), message.args.as_slice());
        if let Some(pong) = &self.facts.pong
            && !self.session.live
        {
            let version = pong.says(address, args, &ValueKind::Text, None, self.facts.off);
            let version = version.map(|value| value.to_string()).filter(|text| !text.is_empty());
            let identity = version.map_or_else(|| self.name.clone(), |version| format!("{} {version}", self.name));
            self.came(now, Some(identity.into()), out);
        }
        self.answered(address, args, out);
        for at in 0..self.items.len() {
            let Some(item) = self.items.get(at) else { continue };
            let observes = &item.wiring.observes;
            let said = observes.iter().find_map(|o| o.says(address, args, &item.kind, item.known.as_ref(), self.facts.off));
            if let Some(value) = said {
                self.word(now, at, value, out);
            }
        }
    }

    /// A JSON answer to one of our messages: the oldest with this address.
    fn answered(&mut self, address: &str, args: &[OscType], out: &mut Out) {
        let Some(asked) = self.facts.reply.as_deref().and_then(|prefix| address.strip_prefix(prefix)) else { return };
        let json = match args.first() {
            Some(OscType::String(text)) => serde_json::from_str::<serde_json::Value>(text).ok(),
            _ => None,
        };
        let word = |key: &str| json.as_ref().and_then(|json| json.get(key)).and_then(serde_json::Value::as_str);
        let status = word("status");
        // QLab 4 answers a wrong passcode with "badpass", QLab 5 with "denied".
        if asked.ends_with("/connect") && (status == Some("denied") || word("data") == Some("badpass")) {
            out.report(Report::NeedsHuman { why: "the device refuses the password: correct password = \"…\" in the show".into() });
        }
        // A device may answer with its workspace before the address that it was asked with.
        let Some(at) = self.replies.iter().position(|(sent, ..)| asked == sent || asked.ends_with(sent.as_str())) else { return };
        let Some((_, action, _)) = self.replies.remove(at) else { return };
        match status {
            Some("ok") => out.report(Report::Acked { action }),
            Some("denied") => {
                out.report(Report::Refused { action, why: "denied: check the password and its rights".into() });
            }
            other => out.report(Report::Refused { action, why: format!("the device says {}", other.unwrap_or("nothing readable")).into() }),
        }
    }

    fn word(&mut self, now: Mono, at: usize, value: Value, out: &mut Out) {
        let (Some(item), Some(state)) = (self.items.get_mut(at), self.states.get_mut(at)) else { return };
        let asked = state.asked.take();
        let tell = std::mem::take(&mut state.tell);
        let ours = item.echo.judge(now, item.prop, &value) == How::Echo;
        let same = |other: Option<&Value>| other.is_some_and(|other| other.same(&value, item.tolerance));
        let meaning = state.wanted.as_ref().map(|wanted| {
            if wanted.value.same(&value, item.tolerance) {
                Meaning::Landed
            } else if !ours && !same(wanted.before.as_ref()) {
                Meaning::Foreign
            } else if asked.is_some_and(|(at, _)| at > wanted.sent) {
                if item.resendable && wanted.resends < RESENDS { Meaning::Lost } else { Meaning::Foreign }
            } else {
                Meaning::Stale
            }
        });
        let has_get = item.wiring.get.is_some();
        let news = tell || item.known.as_ref() != Some(&value);
        if self.moving(at) {
            if !ours {
                self.let_go(at);
                self.observed(at, value, How::Word, out);
            }
            return;
        }
        match meaning {
            Some(Meaning::Landed) => self.observed(at, value, How::Echo, out),
            Some(Meaning::Foreign) => self.observed(at, value, How::Word, out),
            Some(Meaning::Lost) => self.send_again(now, at, out),
            Some(Meaning::Stale) => {
                if let Some(state) = self.states.get_mut(at) {
                    state.tell = tell;
                }
                if has_get {
                    self.timers.set(at, Some(now + PROVE_AFTER));
                }
            }
            None => {
                self.timers.set(at, None);
                if news {
                    self.observed(at, value, if ours { How::Echo } else { How::Word }, out);
                }
            }
        }
    }

    fn observed(&mut self, at: usize, value: Value, how: How, out: &mut Out) {
        self.timers.set(at, None);
        let (Some(item), Some(state)) = (self.items.get_mut(at), self.states.get_mut(at)) else { return };
        state.wanted = None;
        item.known = Some(value.clone());
        out.report(Report::Observed { prop: item.prop, value, how });
    }

    /// Pings, and when there has been no word for too long, it is gone.
    pub(super) fn keep_alive(&mut self, now: Mono, out: &mut Out) {
        while self.replies.front().is_some_and(|(_, _, until)| *until <= now) {
            self.replies.pop_front();
        }
        let Some(ping) = &self.facts.ping else { return };
        if now >= self.session.ping_at {
            self.send_template(out, ping, &Holes::new());
            self.session.ping_at = now + if self.session.live { self.facts.ping_every } else { SEEK_EVERY };
        }
        let silence = now.since(self.session.heard);
        if self.session.live && silence >= self.limits.offline_after {
            let hint = self.session.hint.take().map(|hint| format!(" ({hint})")).unwrap_or_default();
            self.lost(format!("no answer for {silence}{hint}").into(), out);
            self.session.ping_at = now + SEEK_EVERY;
        }
    }

    /// Proofs that are due and questions that got no answer.
    pub(super) fn look_after(&mut self, now: Mono, out: &mut Out) {
        while let Some(at) = self.timers.take(now) {
            let has_get = self.items.get(at).is_some_and(|item| item.wiring.get.is_some());
            let Some(state) = self.states.get_mut(at) else { continue };
            if let (Some((asked, _)), Some(wanted)) = (state.asked, &state.wanted)
                && asked < wanted.sent
            {
                state.asked = None;
            }
            if !has_get || state.asked.is_some_and(|(_, tries)| tries >= READ_TRIES) {
                state.asked = None;
                state.wanted = None;
                self.settle(out);
            } else if state.asked.is_some() || state.wanted.is_some() {
                self.ask(now, at, out);
            }
        }
    }

    /// The queue of questions, and the quiet sweep behind it.
    pub(super) fn ask_on(&mut self, now: Mono, out: &mut Out) {
        if !self.session.live {
            return;
        }
        if let Some(at) = self.questions.sweep(now, self.items.len(), SWEEP_EVERY)
            && !self.session.syncing
        {
            self.want_read(at);
        }
        while let Some(at) = self.questions.take(now) {
            if self.states.get(at).is_some_and(|state| state.asked.is_none()) {
                self.ask(now, at, out);
            }
        }
    }

    /// Whether all that can be read has been.
    pub(super) fn settle(&mut self, out: &mut Out) {
        let reading = !self.questions.is_empty() || self.states.iter().any(|state| state.asked.is_some());
        if self.session.live && self.session.syncing && !reading {
            self.session.syncing = false;
            out.report(Report::Synced);
        }
    }

    /// When the session must be looked after next.
    pub(super) fn session_due(&self) -> Option<Mono> {
        let session = &self.session;
        let mut due = self.replies.front().map(|(_, _, until)| *until);
        if self.facts.ping.is_some() {
            due = earlier(due, Some(session.ping_at));
            due = earlier(due, session.live.then(|| session.heard + self.limits.offline_after));
        }
        let sweeps = session.live && self.items.iter().any(|item| item.wiring.get.is_some());
        earlier(due, self.questions.next_due(sweeps))
    }
}
