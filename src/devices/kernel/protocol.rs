//! What a family says of its bytes.

use std::fmt::Debug;
use std::sync::Arc;

use super::ReportedState;
use super::response::{Messages, Response};
use crate::devices::{Payload, WireId};
use crate::show::{PropIx, Transition, Value};
use crate::time::{Mono, Span};

/// The bytes of a family: how a want is written, what a message means, what is asked. It keeps no time of its own but what the protocol
/// itself asks for (a handshake, a keep-alive), and never decides what is a proof, an echo or a hand.
pub trait Protocol: Send {
    /// Names one question. One question may answer several properties; one that answers none (a list of names) is read with the rest.
    type Question: Copy + Ord + Debug + Send;

    /// How a conversation with the device goes; asked once.
    fn habits(&self) -> Habits;

    /// A wire can be used: greet, log in, or wait for the device's greeting. [`Response::there`] ends this.
    fn wire_up(&mut self, now: Mono, wire: WireId, response: &mut Response<Self::Question>);

    /// A wire is gone. By itself that is the end of the session.
    fn wire_down(&mut self, _now: Mono, _wire: WireId, why: &Arc<str>, response: &mut Response<Self::Question>) {
        response.gone(Arc::clone(why));
    }

    /// Something came, in any bytes and any split. `live`: the device has been taken as there.
    fn decode(&mut self, now: Mono, wire: WireId, payload: Payload<'_>, device: &View<'_>, response: &mut Response<Self::Question>);

    /// What the protocol does by itself at a time: hellos, subscriptions, keep-alives. Called whenever anything happens.
    fn tick(&mut self, _now: Mono, _device: &View<'_>, _response: &mut Response<Self::Question>) {}

    /// When [`Self::tick`] must be called next.
    fn next_due(&self, _live: bool) -> Option<Mono> {
        None
    }

    /// The device is lost: nothing that it said holds any more.
    fn forget(&mut self) {}

    /// showcall ends: what must not go on without it is ended, such as a note that sounds.
    fn release(&mut self, _now: Mono, _response: &mut Response<Self::Question>) {}

    /// All questions, in the order of the first reading.
    fn questions(&self) -> Vec<Self::Question>;

    /// Writes a question. Writing nothing: it cannot be asked (now), and nobody waits for its answer.
    fn ask(&mut self, question: Self::Question, messages: &mut Messages);

    /// The question as a technician knows it, for the fact that it gets no answer.
    fn name_of(&self, question: Self::Question) -> String;

    /// A question got no answer, or was refused with these words. False: it is not asked again in this session. Of what is responded, health
    /// and questions count.
    fn unanswered(&mut self, _question: Self::Question, _why: Option<&str>, _response: &mut Response<Self::Question>) -> bool {
        true
    }

    /// The question whose answer tells this property's value; `None`: only a push or an acknowledgement does.
    fn proof(&self, prop: PropIx) -> Option<Self::Question>;

    /// What the device will hold once a want is done, in its own steps and whole: a stop keeps the clip. `None`: it is not known.
    fn held(&self, want: &Want<'_>, _device: &View<'_>) -> Option<Value> {
        if let What::Value { value, .. } = want.what { Some(value.clone()) } else { None }
    }

    /// Writes a want. Writing nothing: the device is on its way there or holds it already, and its word is asked for.
    ///
    /// # Errors
    /// It cannot be done, or not now.
    fn encode(&mut self, now: Mono, want: &Want<'_>, device: &View<'_>, messages: &mut Messages) -> Result<(), Cannot>;

    /// A recall's effect is read after this, or as soon as it is acknowledged.
    fn recall_lasts(&self, _prop: PropIx) -> Span {
        Span::ms(300)
    }

    /// Whether two values are one for the device. `tolerance` is the property's own.
    fn same(&self, _prop: PropIx, a: &Value, b: &Value, tolerance: u32) -> bool {
        a.same(b, tolerance)
    }

    /// A value's place on the scale that a fade of this property moves on; `None`: it does not fade.
    fn place(&self, _prop: PropIx, _value: &Value) -> Option<i64> {
        None
    }

    /// The value at a place.
    fn value_at(&self, _prop: PropIx, place: i64) -> Value {
        Value::Decimal(place)
    }
}

/// How a conversation with a family's devices goes. A family names what differs from [`Habits::default`].
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// One message is on the wire at a time, and the next leaves when it has been answered: for protocols whose answers carry no name.
    pub in_turn: bool,
    /// Unanswered messages in a row after which the connection is begun anew (only in turn); 0: never.
    pub silences_max: u8,
    /// The wires that carry the session. Others (a port for notices) say nothing of whether it is there.
    pub session: &'static [WireId],
    /// They are opened anew when the device is lost; datagram wires need none of it.
    pub reopens: bool,
    /// It can be asked whether it lives: silence for `offline_after` is absence.
    pub answers: bool,
    /// It hangs up by itself when nothing is said: only an absence of `offline_after` is news.
    pub hangs_up: bool,
    /// What it tells by itself is never what we sent: it is somebody else's doing, whatever the value.
    pub tells_only_others: bool,
    /// The proof is asked for this long after a value has left.
    pub prove_after: Span,
    /// Until then a word that is not the wanted value says nothing: a play is two commands, and between them the player stands.
    pub settles: Span,
    /// While it settles, and while an answer says nothing yet, it is asked again after this.
    pub ask_again: Span,
    /// How often a lasting value is sent again that is proven not to have landed. For datagrams; never for a stream.
    pub resends: u8,
    /// At least this between two questions.
    pub ask_gap: Span,
    /// How often a question is asked before it counts as unanswered.
    pub ask_tries: u8,
    /// Between two questions of the quiet sweep over all of them; `None`: no sweep.
    pub sweep_every: Option<Span>,
    /// The same while nobody knows whether the device tells changes by itself; see [`Habits::pushes`].
    pub poll_every: Span,
    /// It tells changes by itself, but may have no place for us: what is said then, and what when it does tell.
    pub pushes: Option<[&'static str; 2]>,
    /// At least this between two fade steps of all properties together.
    pub fade_gap: Span,
    /// What cannot be done now is tried for so long.
    pub patience: Span,
    /// What is said when nothing answers, or connects and does not speak as it should.
    pub no_greeting: &'static str,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            in_turn: false,
            silences_max: 0,
            session: &[WireId(0)],
            reopens: false,
            answers: true,
            hangs_up: false,
            tells_only_others: false,
            prove_after: Span::ZERO,
            settles: Span::ZERO,
            ask_again: Span::ms(100),
            resends: 0,
            ask_gap: Span::ZERO,
            ask_tries: 3,
            sweep_every: None,
            poll_every: Span::ms(20),
            pushes: None,
            fade_gap: Span::ZERO,
            patience: Span::secs(300),
            no_greeting: "no answer: check address and port",
        }
    }
}

/// One thing that is wanted of a property, ready to be written.
#[derive(Debug, Clone, Copy)]
pub struct Want<'a> {
    /// The property.
    pub prop: PropIx,
    /// What of it.
    pub what: What<'a>,
    /// Panic: now, as far as it goes.
    pub urgent: bool,
}

/// What is wanted of a property.
#[derive(Debug, Clone, Copy)]
pub enum What<'a> {
    /// This value; `step` of a fade, or with the device's own transition.
    Value {
        /// The value, as the show wants it.
        value: &'a Value,
        /// How the device itself gets there.
        transition: Option<&'a Transition>,
        /// A step of a fade that another follows.
        step: bool,
    },
    /// A player stays where it is.
    Pause,
    /// A paused player goes on.
    Resume,
}

/// Why a want cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cannot {
    /// Never.
    Refuse(Arc<str>),
    /// Not now (it warms up, a transition runs): tried again after this.
    NotNow(Arc<str>, Span),
}

impl From<String> for Cannot {
    fn from(why: String) -> Self {
        Self::Refuse(why.into())
    }
}

impl From<&str> for Cannot {
    fn from(why: &str) -> Self {
        Self::Refuse(why.into())
    }
}

/// What the kernel knows of the device, for a protocol to look at.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// It is there.
    pub live: bool,
    pub(super) reported: &'a ReportedState,
}

impl View<'_> {
    /// The device's last word about a property.
    #[must_use]
    pub fn known(&self, prop: PropIx) -> Option<&Value> {
        self.reported.known(prop)
    }

    /// The value that a property is on its way to, else the device's last word.
    #[must_use]
    pub fn expected(&self, prop: PropIx) -> Option<&Value> {
        self.reported.awaited(prop).or_else(|| self.reported.known(prop))
    }
}
