//! What a device on a reliable wire last said of each property, and what we sent: tells news from noise, and an echo from a hand.
//!
//! For devices that tell their changes by themselves or answer in order (TCP, WebSocket, a protocol with its own resends). Where a datagram
//! may be lost, proof is a question asked after the set: see the osc and x32 families.

use std::collections::BTreeMap;

use crate::device_api::{How, Report};
use crate::devices::{EchoWindow, Out, Plan};
use crate::show::{PropIx, Value};
use crate::time::{Mono, Span};

/// All properties of one device.
#[derive(Debug)]
pub struct Ledger {
    window: Span,
    entries: BTreeMap<PropIx, Entry>,
}

#[derive(Debug)]
struct Entry {
    tolerance: u32,
    echo: EchoWindow,
    /// The device's last word.
    known: Option<Value>,
    /// Sent, when, and not said by the device since.
    awaited: Option<(Mono, Value)>,
    /// The next word is told even if it is not new.
    tell: bool,
}

impl Ledger {
    /// Nothing is known of any property of the device.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let window = plan.device().profile.limits.echo_window;
        Self::of(window, plan.props().map(|(ix, prop)| (ix, prop.tolerance)))
    }

    /// The same from its parts: each property with the difference that counts as the same.
    #[must_use]
    pub fn of(window: Span, props: impl Iterator<Item = (PropIx, u32)>) -> Self {
        let entry = |tolerance| Entry { tolerance, echo: EchoWindow::new(window, tolerance), known: None, awaited: None, tell: false };
        Self { window, entries: props.map(|(prop, tolerance)| (prop, entry(tolerance))).collect() }
    }

    /// A value leaves now (a step of a fade too): the device's word of it is an echo, and is told even if the device held it before,
    /// for it is the proof that it landed.
    pub fn sent(&mut self, now: Mono, prop: PropIx, value: &Value) {
        if let Some(entry) = self.entries.get_mut(&prop) {
            entry.echo.sent(now, prop, value.clone());
            entry.awaited = Some((now, value.clone()));
        }
    }

    /// The device says a property's value. Reports it when it is news, when it proves what was sent, or when it was asked to be told;
    /// says whether it is ours. A [`How::Word`] while a fade moves the property is a hand: the driver lets the fade go.
    pub fn word(&mut self, now: Mono, prop: PropIx, value: Value, out: &mut Out) -> How {
        let Some(entry) = self.entries.get_mut(&prop) else { return How::Word };
        let proof = entry.awaited.as_ref().is_some_and(|(_, sent)| sent.same(&value, entry.tolerance));
        // Compared exactly: a slow drift within the tolerance would otherwise never be told.
        let news = entry.known.as_ref() != Some(&value);
        // While ours is on its way, the value that the device held before says nothing of a hand.
        let on_its_way = entry.awaited.as_ref().is_some_and(|(sent, _)| now.since(*sent) <= self.window);
        let ours = proof || (!news && on_its_way) || entry.echo.judge(now, prop, &value) == How::Echo;
        let how = if ours { How::Echo } else { How::Word };
        if proof || how == How::Word {
            entry.awaited = None;
        }
        let tell = std::mem::take(&mut entry.tell);
        entry.known = Some(value.clone());
        if news || proof || tell {
            out.report(Report::Observed { prop, value, how });
        }
        how
    }

    /// The next word of a property is told even if it is not new ([`crate::device_api::Op::Read`]).
    pub fn tell(&mut self, prop: PropIx) {
        if let Some(entry) = self.entries.get_mut(&prop) {
            entry.tell = true;
        }
    }

    /// What the device last said, since it came.
    #[must_use]
    pub fn known(&self, prop: PropIx) -> Option<&Value> {
        self.entries.get(&prop)?.known.as_ref()
    }

    /// The device is lost: nothing is known any more, so whatever it says when it comes back is told.
    pub fn forget(&mut self) {
        for entry in self.entries.values_mut() {
            entry.echo.clear();
            (entry.known, entry.awaited, entry.tell) = (None, None, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::Db;

    const GAIN: PropIx = PropIx(1);

    fn ledger() -> Ledger {
        Ledger::of(Span::ms(500), [(GAIN, 50), (PropIx(2), 0)].into_iter())
    }

    fn db(milli: i32) -> Value {
        Value::Level(Db(milli))
    }

    /// What is reported of a word.
    fn said(ledger: &mut Ledger, ms: u64, value: Value) -> Option<How> {
        let mut out = Out::new();
        ledger.word(Mono::ZERO + Span::ms(ms), GAIN, value, &mut out);
        out.reports.pop().map(|report| match report {
            Report::Observed { how, .. } => how,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn only_news_is_told() {
        let mut ledger = ledger();
        assert_eq!(said(&mut ledger, 0, db(0)), Some(How::Word));
        assert_eq!(said(&mut ledger, 1, db(0)), None);
        assert_eq!(said(&mut ledger, 2, db(-3000)), Some(How::Word));
        assert_eq!(ledger.known(GAIN), Some(&db(-3000)));
        assert_eq!(ledger.known(PropIx(2)), None);
    }

    #[test]
    fn what_we_sent_is_an_echo_within_its_tolerance_and_told_even_if_it_stood_there() {
        let mut ledger = ledger();
        said(&mut ledger, 0, db(-10_000));
        ledger.sent(Mono::ZERO + Span::ms(10), GAIN, &db(-10_020));
        assert_eq!(said(&mut ledger, 20, db(-10_000)), Some(How::Echo));
        assert_eq!(said(&mut ledger, 21, db(-10_000)), None);
    }

    #[test]
    fn a_hand_within_the_window_is_a_hand() {
        let mut ledger = ledger();
        ledger.sent(Mono::ZERO, GAIN, &db(-10_000));
        assert_eq!(said(&mut ledger, 10, db(-20_000)), Some(How::Word));
    }

    #[test]
    fn an_earlier_step_of_a_fade_is_ours_and_a_late_proof_too() {
        let mut ledger = ledger();
        ledger.sent(Mono::ZERO, GAIN, &db(-20_000));
        ledger.sent(Mono::ZERO + Span::ms(50), GAIN, &db(-10_000));
        assert_eq!(said(&mut ledger, 60, db(-20_000)), Some(How::Echo));
        assert_eq!(said(&mut ledger, 900, db(-10_000)), Some(How::Echo), "the window is over, but this was waited for");
    }

    #[test]
    fn the_value_from_before_is_no_hand_while_ours_is_on_its_way() {
        let mut ledger = ledger();
        said(&mut ledger, 0, db(0));
        ledger.sent(Mono::ZERO + Span::ms(10), GAIN, &db(-10_000));
        let mut out = Out::new();
        assert_eq!(ledger.word(Mono::ZERO + Span::ms(11), GAIN, db(0), &mut out), How::Echo);
        assert!(out.is_empty());
        ledger.tell(GAIN);
        assert_eq!(said(&mut ledger, 900, db(0)), Some(How::Word), "the window is over: it did not land");
    }

    #[test]
    fn told_when_asked_and_after_the_device_was_lost() {
        let mut ledger = ledger();
        said(&mut ledger, 0, db(0));
        ledger.tell(GAIN);
        assert_eq!(said(&mut ledger, 600, db(0)), Some(How::Word));
        assert_eq!(said(&mut ledger, 601, db(0)), None);
        ledger.sent(Mono::ZERO + Span::ms(700), GAIN, &db(-5000));
        ledger.forget();
        assert_eq!(said(&mut ledger, 710, db(-5000)), Some(How::Word), "what was sent before the loss explains nothing");
    }
}
