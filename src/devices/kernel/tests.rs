//! The kernel with a toy protocol: what it promises, one test a promise.
//!
//! The toy speaks in lines: `set 1 5` and `do 1 5` to it, `get 1` asks, `val 1 5` tells, `yes`, `no`, `hello`.

#![allow(clippy::unwrap_used)]

use super::{Cannot, Habits, Messages, Of, PropertyDriver, Protocol, Response, View, Want, What};
use crate::device_api::{ActionId, Command, Facet, How, Op, Priority, Report, Why};
use crate::devices::{Driver, Out, Payload, Plan, WireEvent, WireId, bench};
use crate::show::{Curve, DeviceIx, PropIx, Value};
use crate::time::{Mono, Span};

const WIRE: WireId = WireId(0);

const PROFILE: &str = r#"
maker = "Toys"
model = "Toy"
family = "toy"
port = 1
sources = ["none"]
[limits]
reply_within = "100ms"
lands_within = "1s"
echo_window = "1s"
max_rate = 20
offline_after = "5s"
[property.a]
path = "0"
label = "a"
type = "int"
range = [0, 1000]
class = "set"
[property.b]
path = "1"
label = "b"
type = "int"
range = [0, 1000]
class = "set"
[property.shot]
path = "2"
label = "shot"
type = "int"
range = [0, 1000]
class = "once"
[property.recall]
path = "3"
label = "recall"
type = "int"
range = [0, 1000]
class = "guarded"
barrier = true
"#;

const A: PropIx = PropIx(0);
const B: PropIx = PropIx(1);
const SHOT: PropIx = PropIx(2);
const RECALL: PropIx = PropIx(3);

struct Toy {
    habits: Habits,
    /// A want is two messages.
    twice: bool,
    busy: bool,
}

impl Toy {
    fn line(&mut self, line: &str, response: &mut Response<u32>) {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["hello"] => response.there(Some("Toy 1".into())),
            ["val", prop, value] => {
                let prop: u32 = prop.parse().unwrap();
                response.told(prop, PropIx(prop), Value::Int(value.parse().unwrap()));
                response.answered(prop);
            }
            ["yes"] => response.yes(Of::Oldest),
            ["no"] => response.no(Of::Oldest, "no"),
            ["ready"] => {
                self.busy = false;
                response.ready();
            }
            _ => response.gone(line),
        }
    }
}

impl Protocol for Toy {
    type Question = u32;

    fn habits(&self) -> Habits {
        self.habits
    }

    fn wire_up(&mut self, _: Mono, _: WireId, response: &mut Response<u32>) {
        response.send(WIRE, b"hello".to_vec());
    }

    fn decode(&mut self, _: Mono, _: WireId, payload: Payload<'_>, _: &View<'_>, response: &mut Response<u32>) {
        if let Payload::Datagram(bytes) = payload {
            self.line(std::str::from_utf8(bytes).unwrap(), response);
        }
    }

    fn questions(&self) -> Vec<u32> {
        vec![0, 1]
    }

    fn ask(&mut self, question: u32, messages: &mut Messages) {
        messages.push(WIRE, format!("get {question}").into_bytes());
    }

    fn name_of(&self, question: u32) -> String {
        format!("get {question}")
    }

    fn proof(&self, prop: PropIx) -> Option<u32> {
        (prop.0 < 2).then_some(prop.0)
    }

    fn encode(&mut self, _: Mono, want: &Want<'_>, _: &View<'_>, messages: &mut Messages) -> Result<(), Cannot> {
        let What::Value { value, .. } = want.what else { return Err("nothing to pause".into()) };
        if self.busy {
            return Err(Cannot::NotNow("busy".into(), Span::ms(500)));
        }
        if self.twice {
            messages.push(WIRE, format!("do {} {value}", want.prop.0).into_bytes());
        }
        messages.push(WIRE, format!("set {} {value}", want.prop.0).into_bytes());
        Ok(())
    }

    fn place(&self, _: PropIx, value: &Value) -> Option<i64> {
        if let Value::Int(n) = value { Some(*n) } else { None }
    }

    fn value_at(&self, _: PropIx, place: i64) -> Value {
        Value::Int(place)
    }
}

struct Kit {
    driver: PropertyDriver<Toy>,
    now: Mono,
    action: u64,
    sent: Vec<String>,
    reports: Vec<Report>,
}

impl Kit {
    fn new(habits: Habits) -> Self {
        let show = bench::show(PROFILE, &[], &[("a", &[]), ("b", &[]), ("shot", &[]), ("recall", &[])]);
        let plan = Plan { show: &show, device: DeviceIx(0) };
        let driver = PropertyDriver::new(plan, Toy { habits, twice: false, busy: false });
        let mut kit = Self { driver, now: Mono::ZERO, action: 0, sent: vec![], reports: vec![] };
        kit.event(WireEvent::Up(WIRE));
        kit
    }

    /// Greeted, and both values are 0.
    fn live(habits: Habits) -> Self {
        let mut kit = Self::new(habits);
        kit.say("hello");
        kit.say("val 0 0");
        kit.say("val 1 0");
        assert_eq!(kit.reports.last(), Some(&Report::Synced));
        kit.clear();
        kit
    }

    fn clear(&mut self) {
        self.sent.clear();
        self.reports.clear();
    }

    fn take(&mut self, out: Out) {
        for send in out.sends {
            self.sent.push(String::from_utf8(send.bytes).unwrap());
            self.reports.extend(send.sending.and_then(|sending| sending.report(None)));
        }
        self.sent.extend(out.reopen.iter().map(|_| "reopen".to_owned()));
        self.reports.extend(out.reports);
    }

    fn event(&mut self, event: WireEvent<'_>) {
        let mut out = Out::new();
        self.driver.handle(self.now, event, &mut out);
        self.take(out);
    }

    fn say(&mut self, line: &str) {
        self.event(WireEvent::Data { wire: WIRE, from: None, payload: Payload::Datagram(line.as_bytes()) });
    }

    fn command(&mut self, prop: PropIx, op: Op, priority: Priority) -> ActionId {
        self.action += 1;
        let command = Command { action: ActionId(self.action), prop, op, due: self.now, priority, why: Why::Operator };
        let mut out = Out::new();
        self.driver.command(self.now, &command, &mut out);
        self.take(out);
        command.action
    }

    fn set(&mut self, prop: PropIx, n: i64) -> ActionId {
        self.command(prop, Op::Set { value: Value::Int(n), transition: None }, Priority::Discrete)
    }

    fn fade(&mut self, from: i64, to: i64, length: Span) -> ActionId {
        let op = Op::Fade { from: Value::Int(from), to: Value::Int(to), curve: Curve::Linear, start: self.now, length };
        self.command(A, op, Priority::Discrete)
    }

    fn run(&mut self, ms: u64) {
        let end = self.now + Span::ms(ms);
        for _ in 0..10_000 {
            let Some(next) = self.driver.next_due().filter(|due| *due <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            let mut out = Out::new();
            self.driver.tick(self.now, &mut out);
            self.take(out);
        }
        panic!("the driver asks for the same instant for ever");
    }

    fn observed(&self) -> Vec<(u32, i64, How)> {
        let of = |report: &Report| match report {
            Report::Observed { prop, value: Value::Int(n), how } => Some((prop.0, *n, *how)),
            _ => None,
        };
        self.reports.iter().filter_map(of).collect()
    }

    fn sets(&self) -> Vec<&str> {
        self.sent.iter().map(String::as_str).filter(|line| !line.starts_with("get")).collect()
    }

    fn refused(&self, action: ActionId) -> bool {
        self.reports.iter().any(|report| matches!(report, Report::Refused { action: a, .. } if *a == action))
    }
}

fn free() -> Habits {
    Habits { prove_after: Span::ms(20), ask_again: Span::ms(20), resends: 2, ..Habits::default() }
}

fn in_turn() -> Habits {
    Habits { in_turn: true, silences_max: 2, reopens: true, ..Habits::default() }
}

#[test]
fn connecting_reads_everything_and_sends_nothing() {
    let mut kit = Kit::new(free());
    kit.say("hello");
    assert_eq!(kit.sent, ["hello", "get 0", "get 1"]);
    kit.say("val 0 7");
    assert_eq!(kit.observed(), [(0, 7, How::Word)]);
    // The other question gets no answer: it is named, and the rest is usable.
    kit.run(1000);
    assert_eq!(kit.reports.last(), Some(&Report::Synced));
    assert!(kit.reports.iter().any(|report| matches!(report, Report::Health(Facet { text, .. }) if text.contains("get 1"))));
    assert_eq!(kit.sets(), ["hello"]);
}

#[test]
fn silence_after_a_sending_reports_nothing_whatever_was_known() {
    for habits in [free(), in_turn()] {
        let mut kit = Kit::live(habits);
        let action = kit.set(A, 0);
        kit.run(3000);
        assert!(kit.reports.contains(&Report::Sent { action, value: Some(Value::Int(0)) }));
        assert_eq!(kit.observed(), [], "in turn: {}", habits.in_turn);
    }
}

#[test]
fn only_an_answer_to_a_question_that_left_after_the_sending_is_a_proof() {
    let mut kit = Kit::live(free());
    kit.command(A, Op::Read, Priority::Background);
    kit.set(A, 0);
    kit.say("val 0 0");
    assert_eq!(kit.observed(), [], "asked before");
    kit.run(20);
    assert_eq!(kit.sent, ["get 0", "set 0 0", "get 0"]);
    kit.say("val 0 0");
    assert_eq!(kit.observed(), [(0, 0, How::Echo)]);
}

#[test]
fn what_is_proven_lost_is_sent_again_and_given_up_with_the_truth() {
    let mut kit = Kit::live(free());
    kit.set(A, 5);
    for _ in 0..4 {
        kit.run(20);
        kit.say("val 0 0");
    }
    assert_eq!(kit.sets(), ["set 0 5"; 3]);
    assert_eq!(kit.observed(), [(0, 0, How::Word)]);
    kit.clear();
    kit.set(SHOT, 5);
    kit.set(RECALL, 5);
    kit.run(3000);
    assert_eq!(kit.sets(), ["set 2 5", "set 3 5"], "what is done once is never sent again");
}

#[test]
fn the_newest_value_of_a_property_wins_and_shots_all_leave_in_order() {
    let mut kit = Kit::live(in_turn());
    kit.set(B, 1);
    for n in [1, 2] {
        kit.set(A, n);
        kit.set(SHOT, n);
    }
    for _ in 0..6 {
        kit.say("yes");
        kit.say("val 0 2");
        kit.say("val 1 1");
    }
    assert_eq!(kit.sets(), ["set 1 1", "set 2 1", "set 0 2", "set 2 2"]);
}

#[test]
fn a_fade_yields_to_any_value_that_it_did_not_send_in_that_order() {
    let fading = || {
        let mut kit = Kit::live(free());
        kit.fade(0, 100, Span::secs(1));
        kit.run(500);
        assert_eq!(kit.sets().last(), Some(&"set 0 50"));
        kit.say("val 0 45");
        assert_eq!(kit.observed(), [], "our own step");
        kit.clear();
        kit
    };
    for hand in ["val 0 40", "val 0 70"] {
        let mut kit = fading();
        kit.say(hand);
        kit.run(1000);
        assert_eq!(kit.sets(), [""; 0], "{hand}");
        assert!(matches!(kit.observed()[..], [(0, _, How::Word)]));
    }
    let mut kit = fading();
    kit.run(520);
    kit.say("val 0 100");
    assert_eq!(kit.sets().last(), Some(&"set 0 100"));
    assert_eq!(kit.observed(), [(0, 100, How::Echo)]);
    assert_eq!(kit.sent.iter().filter(|line| *line == "get 0").count(), 11, "asked before each step, and for the proof");
}

#[test]
fn a_recall_ends_fades_and_holds_back_what_follows_until_it_is_read() {
    let mut kit = Kit::live(free());
    kit.fade(0, 100, Span::secs(1));
    kit.run(100);
    kit.clear();
    kit.set(RECALL, 1);
    kit.set(B, 9);
    kit.command(A, Op::Set { value: Value::Int(3), transition: None }, Priority::Panic);
    assert_eq!(kit.sets(), ["set 3 1", "set 0 3"], "panic does not wait");
    kit.run(300);
    kit.say("val 0 3");
    kit.say("val 1 50");
    assert!(kit.observed().iter().all(|(_, _, how)| *how == How::Echo), "the recall's effect is nobody's hand");
    kit.run(10);
    assert_eq!(kit.sets().last(), Some(&"set 1 9"));
    kit.say("val 1 60");
    assert_eq!(kit.observed().last(), Some(&(1, 60, How::Word)), "it is over");
}

#[test]
fn silence_is_absence_and_nothing_leaves_by_itself_at_the_return() {
    let mut kit = Kit::live(free());
    kit.fade(0, 100, Span::secs(20));
    kit.run(5000);
    let offline = |kit: &Kit| kit.reports.iter().filter(|report| matches!(report, Report::Offline { .. })).count();
    assert_eq!(offline(&kit), 1);
    let action = kit.set(A, 1);
    assert!(kit.refused(action));
    kit.run(60_000);
    assert_eq!(offline(&kit), 2, "once as lost, once as it does not come back");
    kit.clear();
    kit.say("hello");
    kit.run(5000);
    assert_eq!(kit.sets(), [""; 0]);
}

#[test]
fn a_device_without_a_place_for_us_is_asked_more_often_and_that_is_said_once() {
    let mut kit = Kit::live(Habits { sweep_every: Some(Span::ms(200)), pushes: Some(["full", "free"]), ..free() });
    let facts = |kit: &Kit| -> Vec<String> {
        let text = |report: &Report| if let Report::Health(facet) = report { Some(facet.text.to_string()) } else { None };
        kit.reports.iter().filter_map(text).collect()
    };
    // Each question of a second is answered with what is there.
    let asked = |kit: &mut Kit| {
        let mut count = 0;
        for _ in 0..100 {
            kit.sent.clear();
            kit.run(10);
            for question in kit.sent.clone() {
                count += 1;
                kit.say(&format!("val {} 44", &question[4..]));
            }
        }
        count
    };
    assert!(asked(&mut kit) >= 40, "nobody knows whether it pushes");
    assert_eq!(facts(&kit), ["full"], "a change was read of which no push told");
    assert!(asked(&mut kit) >= 40);
    kit.say("val 0 45");
    assert_eq!(facts(&kit), ["full", "free"]);
    kit.say("val 0 44");
    assert!(asked(&mut kit) <= 6);
    assert_eq!(facts(&kit), ["full", "free"], "each was said once");
}

#[test]
fn in_turn_the_next_message_waits_for_the_answer_and_a_refusal_ends_its_action() {
    let mut kit = Kit::live(in_turn());
    kit.driver.protocol.twice = true;
    let (first, second) = (kit.set(A, 1), kit.set(B, 2));
    assert_eq!(kit.sent, ["do 0 1"]);
    kit.say("val 0 33");
    assert_eq!(kit.observed(), [], "between two messages of a want it stands anywhere");
    kit.say("no");
    assert!(kit.refused(first));
    assert_eq!(kit.sent, ["do 0 1", "do 1 2"], "the rest of the first never leaves");
    kit.say("yes");
    assert!(!kit.reports.contains(&Report::Acked { action: second }));
    kit.say("yes");
    assert!(kit.reports.contains(&Report::Acked { action: second }));
    assert_eq!(kit.sent.last().map(String::as_str), Some("get 1"), "and is asked for its value");
    kit.clear();
    kit.run(1000);
    assert!(kit.sent.contains(&"reopen".to_owned()), "{:?}", kit.sent);
}

#[test]
fn what_cannot_be_done_now_is_tried_again_and_not_for_ever() {
    let mut kit = Kit::live(Habits { patience: Span::secs(3), ..free() });
    kit.driver.protocol.busy = true;
    let action = kit.set(A, 1);
    kit.run(2000);
    let later = |report: &&Report| matches!(report, Report::NotNow { .. });
    assert_eq!((kit.reports.iter().filter(later).count(), kit.refused(action)), (5, false));
    kit.run(1500);
    assert!(kit.refused(action));
    kit.set(A, 2);
    kit.say("ready");
    assert_eq!(kit.sets(), ["set 0 2"]);
}

#[test]
fn panic_is_sent_into_silence_and_nothing_else_is() {
    let mut kit = Kit::new(free());
    let action = kit.set(A, 1);
    assert!(kit.refused(action));
    kit.command(A, Op::Set { value: Value::Int(0), transition: None }, Priority::Panic);
    assert_eq!(kit.sent, ["hello", "set 0 0"]);
}
