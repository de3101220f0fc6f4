//! The machine that every driver is: one [`PropertyDriver`], of which a family fills in the bytes.
//!
//! ```text
//!   engine                                   kernel                                        device
//!   Command ──▶ send_queue ──▶ Protocol::encode ──▶ on_wire ──▶ (pace, one in turn) ──▶ bytes ──▶
//!                   ▲ fades (steps), later (not now)     │ after each: Protocol::proof asked
//!   Report ◀── reported_state ◀── Response ◀── Protocol::decode ◀──────────────────────── bytes ◀──
//!                   │ landed, lost, ours, a hand's       ▲ questions (first reading, proofs, sweep)
//! ```
//!
//! # What the kernel promises, for every family
//!
//! 1. **The newest value wins.** A want takes the place of one of its property that has not left; momentary ones (class *once*) all leave, in
//!    order. Panic goes first, single changes next, fade steps last, each at the device's pace ([`send_queue`], `gap_min`).
//! 2. **Sent is the link's word.** Each message of an action carries it ([`Sending`](super::Sending)), and the last one that left is the word.
//! 3. **Nothing is confirmed by memory.** After each sending the property's question is asked. Only a word that comes after it is reported as
//!    the proof: an answer to a question that left before tells of what was there then. Silence reports nothing, and the engine lets the
//!    action fail at its limit.
//! 4. **An echo is a value that we sent, in the order of the sending** ([`reported_state`]); what the device has been heard to be past
//!    explains nothing any more. Everything else is a hand: the fade ends, nothing of it that waits is sent.
//! 5. **What is lost is sent again only when that is proven**, at most `resends` times, and never what is momentary, guarded or a recall.
//! 6. **A fade moves on the family's own scale**, no faster than `max_rate`, and its last step leaves and is proven as any other want. Before each
//!    step the device is asked (where it need not be asked in turn), so that a hand is seen within a step.
//! 7. **A recall ends the fades of its device before it leaves.** What follows waits until its effect has been read; what is read
//!    until then is nobody's hand.
//! 8. **On connecting everything is read and nothing is sent**; `Synced` when each question was answered or is known to get no answer, which is
//!    told by name. A device that lacks a corner of its protocol keeps the rest.
//! 9. **Silence of `offline_after` is absence**, told once with its reason; all that was under way is forgotten, and nothing is sent by
//!    itself when the device comes back.
//! 10. **A device that tells its changes may have no place left for us.** Until a push has come, and when changes are read that none told of, all is
//!     asked for more often, and the second is a health fact ([`Habits::pushes`]).
//!
//! # What a family writes
//!
//! A [`Protocol`]: [`Habits`] (in turn or freely, what it settles in, whether it echoes), `decode` (bytes to facts: [`Response`]), `encode` (a
//! [`Want`] to [`Messages`], or why it [`Cannot`] be), its questions with `ask` and `proof`, and where it has them a handshake and keep-alives
//! (`wire_up`, `tick`), a scale of fades (`place`, `value_at`), the value as the device will hold it (`held`). It keeps the device's own
//! state as far as its bytes need it, and no queue, timer of proofs, echo or presence.

mod driver;
pub mod fade_path;
pub mod fades;
mod health;
mod hearing;
mod on_wire;
mod presence;
mod protocol;
mod pushes;
mod questions;
pub mod reported_state;
mod response;
pub mod send_queue;
mod sending;
#[cfg(test)]
mod tests;
pub mod timers;

pub use driver::PropertyDriver;
pub use protocol::{Cannot, Habits, Protocol, View, Want, What};
pub use reported_state::ReportedState;
pub use response::{Messages, Of, Response};
