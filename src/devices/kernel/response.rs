//! What a protocol gives back: the messages that it writes, and what it has understood.

use std::sync::Arc;

use crate::device_api::Level;
use crate::devices::WireId;
use crate::show::{PropIx, Value};
use crate::time::Span;

/// One written message.
#[derive(Debug)]
pub(super) struct Written {
    pub wire: WireId,
    pub bytes: Vec<u8>,
}

/// Messages of one want or one question, in the order in which they leave.
#[derive(Debug, Default)]
pub struct Messages {
    pub(super) list: Vec<Written>,
}

impl Messages {
    /// Adds one.
    pub fn push(&mut self, wire: WireId, bytes: Vec<u8>) {
        self.list.push(Written { wire, bytes });
    }
}

/// Which message an answer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The oldest without an answer.
    Oldest,
    /// The last one that was sent for this property.
    Property(PropIx),
}

/// One thing understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fact<Q> {
    There(Option<Arc<str>>),
    Gone(Arc<str>),
    NeedsHuman(Arc<str>),
    Value { prop: PropIx, value: Value, answers: Option<Q> },
    Answered(Q),
    Yes(Of),
    No(Of, Arc<str>),
    Retry(Of, Arc<str>, Span),
    NotNow(PropIx, Arc<str>, Span),
    Progress(PropIx, u32, Option<Span>),
    Ask(Q),
    ReadAll,
    Ready,
    Health(Arc<str>, Level, Arc<str>),
}

/// What a protocol makes of what happened: facts for the kernel, and messages that leave at once.
#[derive(Debug)]
pub struct Response<Q> {
    pub(super) facts: Vec<Fact<Q>>,
    pub(super) sends: Vec<(WireId, Vec<u8>)>,
}

impl<Q> Default for Response<Q> {
    fn default() -> Self {
        Self { facts: Vec::new(), sends: Vec::new() }
    }
}

impl<Q> Response<Q> {
    /// Sends at once, before anything that waits: a hello, a login, an acknowledgement. Never what a cue wants.
    pub fn send(&mut self, wire: WireId, bytes: Vec<u8>) {
        self.sends.push((wire, bytes));
    }

    /// It is there and can be used; what it says of itself, as far as it is known. May be said again with more.
    pub fn there(&mut self, identity: Option<Arc<str>>) {
        self.facts.push(Fact::There(identity));
    }

    /// The session is over.
    pub fn gone(&mut self, why: impl Into<Arc<str>>) {
        self.facts.push(Fact::Gone(why.into()));
    }

    /// Only a person can mend it (a wrong password): every wire stays closed until somebody takes the device back.
    pub fn needs_human(&mut self, why: impl Into<Arc<str>>) {
        self.facts.push(Fact::NeedsHuman(why.into()));
    }

    /// It tells a value by itself.
    pub fn pushed(&mut self, prop: PropIx, value: Value) {
        self.facts.push(Fact::Value { prop, value, answers: None });
    }

    /// It tells a value, as the answer to this question when that was asked, else by itself.
    pub fn told(&mut self, question: Q, prop: PropIx, value: Value) {
        self.facts.push(Fact::Value { prop, value, answers: Some(question) });
    }

    /// All of the answer to this question has come, after the values that it told.
    pub fn answered(&mut self, question: Q) {
        self.facts.push(Fact::Answered(question));
    }

    /// It accepts a message. For a property with a question that is no proof yet: the question is asked now.
    pub fn yes(&mut self, of: Of) {
        self.facts.push(Fact::Yes(of));
    }

    /// It refuses a message: what of the same action has not left yet never does.
    pub fn no(&mut self, of: Of, why: impl Into<Arc<str>>) {
        self.facts.push(Fact::No(of, why.into()));
    }

    /// It refuses a want for now: that is written again after this, for as long as [`Habits::patience`](super::Habits::patience) lasts.
    pub fn retry(&mut self, of: Of, why: impl Into<Arc<str>>, after: Span) {
        self.facts.push(Fact::Retry(of, why.into(), after));
    }

    /// What was accepted takes its time (it warms up): the limit counts anew.
    pub fn not_now(&mut self, prop: PropIx, why: impl Into<Arc<str>>, for_about: Span) {
        self.facts.push(Fact::NotNow(prop, why.into(), for_about));
    }

    /// A property is on its way; `done` in millionths.
    pub fn progress(&mut self, prop: PropIx, done: u32, eta: Option<Span>) {
        self.facts.push(Fact::Progress(prop, done, eta));
    }

    /// Something of this has changed: ask soon.
    pub fn ask(&mut self, question: Q) {
        self.facts.push(Fact::Ask(question));
    }

    /// Everything may have changed: all is read again.
    pub fn read_all(&mut self) {
        self.facts.push(Fact::ReadAll);
    }

    /// It is ready for what it could not do before: that is tried now.
    pub fn ready(&mut self) {
        self.facts.push(Fact::Ready);
    }

    /// A health fact; told on change only, so it may be said as often as it is seen.
    pub fn health(&mut self, key: impl Into<Arc<str>>, level: Level, text: impl Into<Arc<str>>) {
        self.facts.push(Fact::Health(key.into(), level, text.into()));
    }
}
