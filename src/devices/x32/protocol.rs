//! The protocol: messages of the console, its handshake and its one slot of pushes.

use rosc::{OscMessage, OscType};

use super::table::Table;
use super::{POLL_EVERY, PROVE_AFTER, READ_GAP, RESENDS, Raw, SEEK_EVERY, STATUS_EVERY, STEP_GAP, SWEEP_EVERY, WIRE, XREMOTE_RENEW};
use crate::devices::kernel::{Cannot, Habits, Messages, Of, Protocol, Response, View, Want, What};
use crate::devices::osc::packet;
use crate::devices::{Payload, Plan, WireId};
use crate::show::{PropIx, Value};
use crate::time::{Mono, Span};

/// An answer to `/load` is waited for this long before the desk is read anyway.
const LOAD_ANSWER: Span = Span::secs(5);
/// A recall without an answer is read after this long.
const RECALL_SETTLES: Span = Span::ms(300);
/// What is said when nothing is pushed, and when something is.
const PUSHES: [&str; 2] = [
    "the desk pushes no changes: all its remote slots are taken, so every value is asked for (close a tablet app)",
    "the desk pushes its changes",
];

/// A desk as its protocol knows it.
pub struct Desk {
    table: Table,
    /// The next `/xinfo`, or `/status`.
    hello_at: Mono,
    /// The next `/xremote`.
    xremote_at: Mono,
    /// The recall that waits for the answer to `/load`, with its kind.
    loading: Option<(PropIx, String)>,
}

impl Desk {
    /// For a device of a show.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        Self { table: Table::of(plan), hello_at: Mono::ZERO, xremote_at: Mono::ZERO, loading: None }
    }

    fn message(&mut self, message: &OscMessage, response: &mut Response<usize>) {
        match (message.addr.as_str(), message.args.as_slice()) {
            ("/xinfo", [_, OscType::String(name), OscType::String(model), OscType::String(firmware), ..]) => {
                response.there(Some(format!("{model} {name} {firmware}").into()));
            }
            ("/load", [OscType::String(kind), OscType::Int(done), ..]) => {
                let Some((prop, _)) = self.loading.take_if(|(_, own)| own == kind) else { return };
                match done {
                    0 => response.no(Of::Property(prop), format!("the desk could not load this {kind}: is it empty?")),
                    _ => response.yes(Of::Property(prop)),
                }
            }
            (address, [arg, ..]) => self.word(address, arg, response),
            _ => {}
        }
    }

    /// The desk says a parameter's value.
    fn word(&mut self, address: &str, arg: &OscType, response: &mut Response<usize>) {
        let Some(at) = self.table.at_address(address) else { return };
        let Some(param) = self.table.params.get_mut(at) else { return };
        let Some(raw) = param.scale.read(arg) else { return };
        if let (Some(prop), Some(value)) = (param.prop, param.scale.value(&raw)) {
            response.told(at, prop, value);
        }
        param.known = Some(raw);
        for (prop, value) in self.table.masks_of(at) {
            response.pushed(prop, value);
        }
        response.answered(at);
    }

    fn raw(&self, prop: PropIx, value: &Value) -> Option<Raw> {
        self.table.of_prop(prop)?.scale.raw(value)
    }
}

fn message(address: &str, args: Vec<OscType>) -> Vec<u8> {
    let mut bytes = vec![];
    packet::encode(address, args, &mut bytes);
    bytes
}

impl Protocol for Desk {
    /// A parameter of the table.
    type Question = usize;

    fn habits(&self) -> Habits {
        Habits {
            tells_only_others: true,
            prove_after: PROVE_AFTER,
            ask_again: PROVE_AFTER,
            resends: RESENDS,
            ask_gap: READ_GAP,
            sweep_every: Some(SWEEP_EVERY),
            poll_every: POLL_EVERY,
            pushes: Some(PUSHES),
            fade_gap: STEP_GAP,
            no_greeting: "no answer to /xinfo: check the address, and that the desk is on the network",
            ..Habits::default()
        }
    }

    fn wire_up(&mut self, now: Mono, _: WireId, _: &mut Response<usize>) {
        self.hello_at = now;
    }

    fn decode(&mut self, _: Mono, _: WireId, payload: Payload<'_>, _: &View<'_>, response: &mut Response<usize>) {
        if let Payload::Datagram(bytes) = payload {
            packet::decode(bytes, |message| self.message(&message, response));
        }
    }

    fn tick(&mut self, now: Mono, device: &View<'_>, response: &mut Response<usize>) {
        if now >= self.hello_at {
            let (address, every) = if device.live { ("/status", STATUS_EVERY) } else { ("/xinfo", SEEK_EVERY) };
            response.send(WIRE, message(address, vec![]));
            self.hello_at = now + every;
        }
        if device.live && now >= self.xremote_at {
            response.send(WIRE, message("/xremote", vec![]));
            self.xremote_at = now + XREMOTE_RENEW;
        }
    }

    fn next_due(&self, live: bool) -> Option<Mono> {
        Some(if live { self.hello_at.min(self.xremote_at) } else { self.hello_at })
    }

    fn forget(&mut self) {
        self.loading = None;
        (self.hello_at, self.xremote_at) = (Mono::ZERO, Mono::ZERO);
        self.table.forget();
    }

    fn questions(&self) -> Vec<usize> {
        let readable = self.table.params.iter().enumerate().filter(|(_, param)| param.get.is_some());
        readable.map(|(at, _)| at).collect()
    }

    fn ask(&mut self, question: usize, messages: &mut Messages) {
        if let Some(address) = self.table.params.get(question).and_then(|param| param.get.as_deref()) {
            messages.push(WIRE, message(address, vec![]));
        }
    }

    fn name_of(&self, question: usize) -> String {
        self.table.params.get(question).and_then(|param| param.get.clone()).unwrap_or_default()
    }

    fn proof(&self, prop: PropIx) -> Option<usize> {
        let at = self.table.at_prop(prop)?;
        self.table.params.get(at)?.get.as_ref().map(|_| at)
    }

    fn held(&self, want: &Want<'_>, _: &View<'_>) -> Option<Value> {
        let What::Value { value, .. } = want.what else { return None };
        let param = self.table.of_prop(want.prop)?;
        param.scale.value(&param.scale.raw(value)?)
    }

    fn encode(&mut self, _: Mono, want: &Want<'_>, _: &View<'_>, messages: &mut Messages) -> Result<(), Cannot> {
        let Some(param) = self.table.of_prop(want.prop) else { return Err("the desk cannot be told this, only watched".into()) };
        let What::Value { value, .. } = want.what else { return Err("the desk has nothing to pause here".into()) };
        let Some(raw) = param.scale.raw(value) else { return Err(format!("{} cannot be set to {value}", param.set).into()) };
        let arg = param.scale.arg(&raw);
        match &param.load {
            Some(kind) => {
                self.loading = Some((want.prop, kind.clone()));
                messages.push(WIRE, message("/load", vec![OscType::String(kind.clone()), arg]));
            }
            None => messages.push(WIRE, message(&param.set, vec![arg])),
        }
        Ok(())
    }

    fn recall_lasts(&self, prop: PropIx) -> Span {
        let answered = self.table.of_prop(prop).is_some_and(|param| param.load.is_some());
        if answered { LOAD_ANSWER } else { RECALL_SETTLES }
    }

    /// Equal for the console, or one step of rounding apart.
    fn same(&self, prop: PropIx, a: &Value, b: &Value, _: u32) -> bool {
        a == b || self.raw(prop, a).zip(self.raw(prop, b)).is_some_and(|(a, b)| a.same(&b))
    }

    fn place(&self, prop: PropIx, value: &Value) -> Option<i64> {
        if let Raw::Step(step) = self.raw(prop, value)? { Some(i64::from(step)) } else { None }
    }

    fn value_at(&self, prop: PropIx, place: i64) -> Value {
        let value = self.table.of_prop(prop).and_then(|param| param.scale.value(&Raw::step(place)));
        value.unwrap_or(Value::Decimal(place))
    }
}
