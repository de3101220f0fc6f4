//! The two connections: greeting, password, questions and their answers, and whether OBS still lives.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::codec::{self, Request};
use super::driver::Obs;
use super::{COMMANDS, EVENTS, POLL_EVERY, SUBSCRIBED};
use crate::device_api::{ActionId, Report};
use crate::devices::{Out, WireId, earlier};
use crate::show::Value;
use crate::time::{Mono, Span};

/// Questions without an answer at the most; more than that and OBS hangs.
const PENDING: usize = 1024;

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    #[default]
    Down,
    /// Up, and Hello has not come.
    Greeting,
    /// Identify has left.
    Identifying,
    Ready,
}

/// Why something was asked.
#[derive(Debug, Clone)]
pub enum Ask {
    /// Version.
    Version,
    /// Scenes, program and preview.
    Scenes,
    /// Transitions and the current one.
    Transitions,
    /// Inputs by name.
    Inputs,
    /// The value of an entry.
    Value(usize),
    /// The loop of a media input.
    Looping(usize),
    /// A command: its entry, its action and what it wants.
    Done(usize, ActionId, Value),
    /// Halt and continue: nobody waits for the answer.
    Nothing,
    /// Statistics of OBS and of its stream.
    Stats,
}

#[derive(Debug)]
struct Pending {
    ask: Ask,
    at: Mono,
}

/// The connections of one OBS.
#[derive(Debug, Default)]
pub struct Session {
    stages: [Stage; 2],
    /// Both are ready.
    pub live: bool,
    /// The first read is not complete.
    pub syncing: bool,
    /// Only a person can mend it.
    barred: bool,
    /// The engine has been told that it is away.
    told_away: bool,
    heard: Mono,
    poll_at: Mono,
    last_id: u64,
    pending: BTreeMap<u64, Pending>,
    version: String,
    /// OBS has said that it closes.
    pub closing: bool,
    /// When all is read again.
    pub reread_at: Option<Mono>,
}

impl Obs {
    pub(super) fn wire_up(&mut self, now: Mono, wire: WireId) {
        self.session.barred = false;
        self.session.heard = now;
        if let Some(stage) = self.session.stages.get_mut(usize::from(wire.0)) {
            *stage = Stage::Greeting;
        }
    }

    pub(super) fn wire_down(&mut self, wire: WireId, why: &Arc<str>, out: &mut Out) {
        if let Some(stage) = self.session.stages.get_mut(usize::from(wire.0)) {
            *stage = Stage::Down;
        }
        if why.contains("(4009") {
            self.bar(
                "obs does not take the password: set password to the one in Tools, WebSocket Server Settings, then take the device back",
                out,
            );
        } else if why.contains("(4010") {
            self.bar("this obs does not speak obs-websocket 5: update OBS to 28 or later", out);
        }
        let why = if self.session.closing { "obs was closed".into() } else { Arc::clone(why) };
        self.lost(why, out);
    }

    /// Stops all tries until a person acts.
    fn bar(&mut self, why: &str, out: &mut Out) {
        if !self.session.barred {
            self.session.barred = true;
            out.report(Report::NeedsHuman { why: why.into() });
        }
        out.close(COMMANDS);
        out.close(EVENTS);
    }

    /// OBS is gone: nothing is known any more, and nothing that was under way is sent again.
    fn lost(&mut self, why: Arc<str>, out: &mut Out) {
        self.session.live = false;
        self.session.syncing = false;
        self.session.pending.clear();
        self.session.reread_at = None;
        self.forget();
        if !self.session.told_away {
            self.session.told_away = true;
            out.report(Report::Offline { why });
        }
    }

    pub(super) fn hello(&mut self, wire: WireId, version: String, lock: Option<&(String, String)>, out: &mut Out) {
        let Some(stage) = self.session.stages.get_mut(usize::from(wire.0)).filter(|stage| **stage == Stage::Greeting) else { return };
        let proof = match (lock, self.password.as_deref()) {
            (None, _) => None,
            (Some((challenge, salt)), Some(password)) => Some(codec::proof(password, salt, challenge)),
            (Some(_), None) => {
                self.bar("obs wants a password: set password to the one in Tools, WebSocket Server Settings", out);
                return;
            }
        };
        *stage = Stage::Identifying;
        self.session.version = version;
        let subscribed = if wire == EVENTS { SUBSCRIBED } else { 0 };
        out.send(wire, codec::identify(proof.as_deref(), subscribed));
    }

    pub(super) fn identified(&mut self, now: Mono, wire: WireId, out: &mut Out) {
        if let Some(stage) = self.session.stages.get_mut(usize::from(wire.0)).filter(|stage| **stage == Stage::Identifying) {
            *stage = Stage::Ready;
        }
        if self.session.live || self.session.stages != [Stage::Ready; 2] {
            return;
        }
        self.session.live = true;
        self.session.told_away = false;
        self.session.syncing = true;
        self.session.closing = false;
        self.session.heard = now;
        self.session.poll_at = now + POLL_EVERY;
        out.report(Report::Online { identity: Some(format!("OBS {}", self.session.version).into()) });
        self.ask(now, Ask::Version, vec![("GetVersion", serde_json::Value::Null)], out);
        self.read_all(now, out);
    }

    /// Sends a request, or a batch.
    pub(super) fn ask(&mut self, now: Mono, ask: Ask, requests: Vec<Request>, out: &mut Out) {
        while self.session.pending.len() >= PENDING {
            self.session.pending.pop_first();
        }
        self.session.last_id += 1;
        let id = self.session.last_id;
        self.session.pending.insert(id, Pending { ask, at: now });
        out.send(COMMANDS, codec::request(&id.to_string(), requests));
    }

    /// What an answer answers, and when that was asked.
    pub(super) fn answered(&mut self, now: Mono, id: &str) -> Option<(Ask, Mono)> {
        self.session.heard = now;
        let pending = self.session.pending.remove(&id.parse().ok()?)?;
        Some((pending.ask, pending.at))
    }

    /// The first read is complete when nothing is asked any more.
    pub(super) fn settle(&mut self, out: &mut Out) {
        if !self.session.live
            || !self.session.pending.values().all(|pending| matches!(pending.ask, Ask::Stats | Ask::Nothing | Ask::Done(..)))
        {
            return;
        }
        self.tell_unknown(out);
        if self.session.syncing {
            self.session.syncing = false;
            out.report(Report::Synced);
        }
    }

    /// Polls, gives up questions, and finds out that nobody answers.
    pub(super) fn keep_alive(&mut self, now: Mono, out: &mut Out) {
        let silence = now.since(self.session.heard);
        if self.half_open() && silence >= self.limits.offline_after {
            self.session.heard = now;
            self.lost(format!("obs gives no answer for {silence}: does it hang?").into(), out);
            self.session.stages = [Stage::Down; 2];
            out.reopen.extend([COMMANDS, EVENTS]);
            return;
        }
        if !self.session.live {
            return;
        }
        let old = |pending: &Pending| now.since(pending.at) >= self.limits.reply_within;
        if self.session.pending.values().any(old) {
            let patience = self.limits.reply_within;
            self.session.pending.retain(|_, pending| now.since(pending.at) < patience);
            self.settle(out);
        }
        if now >= self.session.poll_at {
            self.session.poll_at = now + POLL_EVERY;
            let both = vec![("GetStats", serde_json::Value::Null), ("GetStreamStatus", serde_json::Value::Null)];
            self.ask(now, Ask::Stats, both, out);
        }
        if self.session.reread_at.is_some_and(|at| at <= now) {
            self.session.reread_at = None;
            self.read_all(now, out);
        }
    }

    /// A connection stands.
    fn half_open(&self) -> bool {
        !self.session.barred && self.session.stages.iter().any(|stage| *stage != Stage::Down)
    }

    /// When the session must be looked after next.
    pub(super) fn session_due(&self) -> Option<Mono> {
        let silent = self.half_open().then_some(self.session.heard + self.limits.offline_after);
        if !self.session.live {
            return silent;
        }
        let patience: Span = self.limits.reply_within;
        let oldest = self.session.pending.values().map(|pending| pending.at + patience).min();
        earlier(earlier(silent, oldest), earlier(Some(self.session.poll_at), self.session.reread_at))
    }
}
