//! Messages that are written: those that still leave, in their order, and those that have left and may be answered.

use std::collections::VecDeque;

use super::response::{Messages, Of, Written};
use crate::device_api::ActionId;
use crate::devices::{Sending, WireId, earlier};
use crate::show::{PropIx, Value};
use crate::time::{Mono, Span};

/// Messages without an answer that are remembered at the most.
const OPEN_MAX: usize = 1024;

/// One written message.
#[derive(Debug)]
pub(super) struct Message<Q> {
    pub wire: WireId,
    pub bytes: Vec<u8>,
    pub purpose: Purpose<Q>,
    /// The action that it is sent for; none for a step of a fade, which is sent with its last.
    pub sending: Option<Sending>,
}

/// What a message is for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Purpose<Q> {
    Question(Q),
    Want(Part),
}

/// One message of a want.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub prop: PropIx,
    pub action: ActionId,
    /// The value as the device will hold it; `None`: pause and go on.
    pub value: Option<Value>,
    /// Other messages of the same want follow.
    pub more: bool,
    /// A step of a fade that another follows.
    pub step: bool,
    /// It is sent again because it was lost.
    pub again: bool,
    /// When it is given up, if it could not be done before.
    pub until: Option<Mono>,
}

/// One that has left.
#[derive(Debug)]
pub(super) struct Open<Q> {
    pub purpose: Purpose<Q>,
    pub at: Mono,
    until: Mono,
}

/// The wire of one device.
#[derive(Debug)]
pub(super) struct OnWire<Q> {
    next: VecDeque<Message<Q>>,
    open: VecDeque<Open<Q>>,
    gap: Span,
    free_at: Mono,
}

impl<Q: Copy + Eq> OnWire<Q> {
    /// Nothing is written; at least `gap` between two messages.
    pub const fn new(gap: Span) -> Self {
        Self { next: VecDeque::new(), open: VecDeque::new(), gap, free_at: Mono::ZERO }
    }

    /// Takes a list that was written for one purpose; `purpose` makes it of whether more of the list follows.
    pub fn add(&mut self, messages: Messages, sending: Option<Sending>, purpose: impl Fn(bool) -> Purpose<Q>) {
        let count = messages.list.len();
        for (at, Written { wire, bytes }) in messages.list.into_iter().enumerate() {
            let more = at + 1 < count;
            let sending = sending.clone().map(|sending| Sending { more, ..sending });
            self.next.push_back(Message { wire, bytes, purpose: purpose(more), sending });
        }
    }

    /// The next message that may leave at `now`; `in_turn`: not before the last one has been answered.
    pub fn take(&mut self, now: Mono, in_turn: bool) -> Option<Message<Q>> {
        if now < self.free_at || (in_turn && !self.open.is_empty()) {
            return None;
        }
        let message = self.next.pop_front()?;
        self.free_at = now + self.gap;
        Some(message)
    }

    /// It has left; its answer belongs to it for so long.
    pub fn left(&mut self, now: Mono, purpose: Purpose<Q>, within: Span) {
        if self.open.len() >= OPEN_MAX {
            self.open.pop_front();
        }
        self.open.push_back(Open { purpose, at: now, until: now + within });
    }

    /// Nothing waits to leave or, in turn, to be answered: more may be written.
    pub fn may_write(&self, in_turn: bool) -> bool {
        self.next.is_empty() && (!in_turn || self.open.is_empty())
    }

    /// Something was sent a moment ago that changes the device.
    pub fn wants_since(&self, when: Mono) -> bool {
        self.open.iter().any(|open| open.at >= when && matches!(open.purpose, Purpose::Want(_)))
    }

    fn place(&self, of: Of) -> Option<usize> {
        match of {
            Of::Oldest => (!self.open.is_empty()).then_some(0),
            Of::Property(prop) => self.open.iter().rposition(|open| matches!(&open.purpose, Purpose::Want(part) if part.prop == prop)),
        }
    }

    /// Takes the message that an answer belongs to.
    pub fn answer(&mut self, of: Of) -> Option<Open<Q>> {
        self.open.remove(self.place(of)?)
    }

    /// Takes the message of a want that an acceptance belongs to; a question is answered by its values alone.
    pub fn accepted(&mut self, of: Of) -> Option<Part> {
        let at = self.place(of)?;
        let Purpose::Want(part) = &self.open.get(at)?.purpose else { return None };
        let part = part.clone();
        self.open.remove(at);
        Some(part)
    }

    /// A question has been answered.
    pub fn answered(&mut self, question: Q) {
        self.open.retain(|open| open.purpose != Purpose::Question(question));
    }

    /// Takes the oldest message whose time for an answer is over.
    pub fn unanswered(&mut self, now: Mono) -> Option<Open<Q>> {
        let at = self.open.iter().position(|open| open.until <= now)?;
        self.open.remove(at)
    }

    /// True between the first and the last message of a want: what is said meanwhile is nobody's hand.
    pub fn is_between(&self, prop: PropIx) -> bool {
        let of = |purpose: &Purpose<Q>| if let Purpose::Want(part) = purpose { part.prop == prop } else { false };
        let more = |purpose: &Purpose<Q>| if let Purpose::Want(part) = purpose { part.prop == prop && part.more } else { false };
        self.next.iter().any(|message| of(&message.purpose)) || self.open.iter().any(|open| more(&open.purpose))
    }

    /// Nothing more of a property leaves.
    pub fn drop_wants(&mut self, prop: PropIx) {
        self.next.retain(|message| !matches!(&message.purpose, Purpose::Want(part) if part.prop == prop));
    }

    /// Nothing more of an action leaves.
    pub fn drop_action(&mut self, action: ActionId) {
        self.next.retain(|message| !matches!(&message.purpose, Purpose::Want(part) if part.action == action));
    }

    /// What has left and has no answer, when the connection breaks.
    pub fn broken(&mut self) -> Vec<Purpose<Q>> {
        std::mem::take(&mut self.open).into_iter().map(|open| open.purpose).collect()
    }

    /// When the next message may leave, or an answer is overdue.
    pub fn next_due(&self, in_turn: bool) -> Option<Mono> {
        let leaves = !self.next.is_empty() && (!in_turn || self.open.is_empty());
        let overdue = self.open.iter().map(|open| open.until).min();
        earlier(leaves.then_some(self.free_at), overdue)
    }

    /// When the wire has nothing to do but its pace.
    pub const fn free_at(&self) -> Mono {
        self.free_at
    }

    /// Nothing is on it any more.
    pub fn clear(&mut self) {
        self.next.clear();
        self.open.clear();
    }
}
