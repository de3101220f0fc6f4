//! Projectors that lack a corner of the protocol: what is left of it works.

#![allow(clippy::unwrap_used)]

use super::FAMILY;
use super::tests::show;
use crate::device_api::{ActionId, Command, How, Level, Op, Priority, Report, Why};
use crate::devices::{Driver, Out, Payload, Plan, WireEvent, WireId};
use crate::show::{DeviceIx, Show, Value};
use crate::time::{Mono, Span};

const WIRE: WireId = WireId(0);
const STEP: Span = Span::ms(10);
/// The link connects again after this.
const CONNECTS_AFTER: Span = Span::ms(250);

/// A projector that does as little as a test wants, and the link to it.
struct Peer {
    show: std::sync::Arc<Show>,
    driver: Box<dyn Driver>,
    now: Mono,
    /// It closes after each answer.
    closes: bool,
    /// No answer to lines with this.
    silent: &'static [&'static str],
    /// `ERR1` to lines with this.
    unknown: &'static [&'static str],
    power: &'static str,
    input: String,
    connects_at: Option<Mono>,
    /// Answers on their way, and whether the connection ends behind them.
    answers: Vec<(String, bool)>,
    /// Lines that reached it.
    heard: Vec<String>,
    /// Lines that it had closed the connection to.
    lost: Vec<String>,
    connections: usize,
    reports: Vec<Report>,
    actions: u64,
}

impl Peer {
    fn new() -> Self {
        let show = show(None);
        let driver = (FAMILY.driver)(Plan { show: &show, device: DeviceIx(0) });
        Self {
            show,
            driver,
            now: Mono::ZERO,
            closes: false,
            silent: &[],
            unknown: &[],
            power: "1",
            input: "31".into(),
            connects_at: Some(Mono::ZERO),
            answers: vec![],
            heard: vec![],
            lost: vec![],
            connections: 0,
            reports: vec![],
            actions: 0,
        }
    }

    fn answer(&mut self, line: &str) -> Option<String> {
        let (head, parameter) = line.split_once(' ').unwrap();
        if self.silent.iter().any(|silent| line.contains(silent)) {
            return None;
        }
        let answer = match (head.get(2..).unwrap(), parameter) {
            _ if self.unknown.iter().any(|unknown| line.contains(unknown)) => "ERR1",
            ("POWR", "?") => self.power,
            ("INPT", "?") => &self.input,
            ("INPT", input) => {
                input.clone_into(&mut self.input);
                "OK"
            }
            ("AVMT", "?") => "30",
            ("ERST", "?") => "000000",
            ("LAMP", "?") => "120 1",
            ("CLSS", "?") => "2",
            ("FREZ", "?") => "0",
            (_, "?") => "X",
            _ => "OK",
        };
        Some(format!("{head}={answer}\r"))
    }

    fn take(&mut self, mut out: Out) {
        self.reports.append(&mut out.reports);
        for send in out.sends {
            let line = String::from_utf8(send.bytes).unwrap().trim().to_owned();
            if self.answers.iter().any(|(_, ends)| *ends) || self.connects_at.is_some() {
                self.lost.push(line);
            } else {
                let answer = self.answer(&line);
                self.heard.push(line);
                self.answers.extend(answer.map(|answer| (answer, self.closes)));
            }
        }
        if out.reopen.contains(&WIRE) && self.connects_at.is_none() {
            self.down();
        }
    }

    fn handle(&mut self, event: WireEvent<'_>) {
        let mut out = Out::new();
        self.driver.handle(self.now, event, &mut out);
        self.take(out);
    }

    fn down(&mut self) {
        self.answers.clear();
        self.connects_at = Some(self.now + CONNECTS_AFTER);
        self.handle(WireEvent::Down(WIRE, "the device closed the connection".into()));
    }

    fn run(&mut self, length: Span) {
        let end = self.now + length;
        while self.now < end {
            self.now += STEP;
            if self.connects_at.take_if(|at| *at <= self.now).is_some() {
                self.connections += 1;
                self.handle(WireEvent::Up(WIRE));
                self.handle(WireEvent::Data { wire: WIRE, from: None, payload: Payload::Chunk(b"PJLINK 0\r") });
            }
            if !self.answers.is_empty() {
                let (answer, ends) = self.answers[0].clone();
                self.handle(WireEvent::Data { wire: WIRE, from: None, payload: Payload::Chunk(answer.as_bytes()) });
                self.answers.remove(0);
                if ends {
                    self.down();
                }
            }
            let mut out = Out::new();
            self.driver.tick(self.now, &mut out);
            self.take(out);
        }
    }

    fn take_input(&mut self, input: &str) -> ActionId {
        self.actions += 1;
        let action = ActionId(self.actions);
        let op = Op::Set { value: Value::text(input), transition: None };
        let prop = self.show.prop_by_path(DeviceIx(0), "input").unwrap();
        let command = Command { action, prop, op, due: self.now, priority: Priority::Discrete, why: Why::Operator };
        let mut out = Out::new();
        self.driver.command(self.now, &command, &mut out);
        self.take(out);
        action
    }

    /// How many lines with this reached it.
    fn count(&self, part: &str) -> usize {
        self.heard.iter().filter(|line| line.contains(part)).count()
    }

    fn is_offline(&self) -> bool {
        self.reports.iter().any(|report| matches!(report, Report::Offline { .. }))
    }

    fn lands(&self, input: &str) -> bool {
        let prop = self.show.prop_by_path(DeviceIx(0), "input").unwrap();
        self.reports.contains(&Report::Observed { prop, value: Value::text(input), how: How::Echo })
    }
}

#[test]
fn one_that_closes_after_each_answer_is_driven_with_one_command_a_connection() {
    let mut peer = Peer::new();
    peer.closes = true;
    peer.run(Span::secs(8));
    assert!(peer.reports.contains(&Report::Synced), "{:?}", peer.heard);
    peer.lost.clear();
    peer.take_input("32");
    peer.run(Span::secs(3));
    assert!(peer.lands("32"), "{:?}", peer.heard);
    assert_eq!(peer.count("%2INPT 32"), 1);
    assert_eq!(peer.lost, [""; 0], "nothing is said into a closed connection");
    let before = peer.connections;
    peer.run(Span::secs(60));
    assert!(peer.connections - before < 60, "{} connections a minute", peer.connections - before);
    assert!(!peer.is_offline(), "{:?}", peer.reports);
    // One that no longer does is driven on one connection again.
    peer.closes = false;
    peer.run(Span::secs(20));
    let before = peer.connections;
    peer.run(Span::secs(60));
    assert_eq!(peer.connections, before);
}

#[test]
fn one_that_never_answers_errors_and_lamps_is_online_and_that_is_said() {
    let mut peer = Peer::new();
    peer.silent = &["ERST", "LAMP"];
    peer.run(Span::secs(30));
    assert!(peer.reports.contains(&Report::Synced) && !peer.is_offline(), "{:?}", peer.reports);
    let said = |report: &Report| matches!(report, Report::Health(facet) if facet.level == Level::Warn && facet.text.contains("ERST"));
    assert!(peer.reports.iter().any(said), "{:?}", peer.reports);
    let asked = peer.count("ERST");
    assert!(asked <= 3, "{:?}", peer.heard);
    peer.take_input("32");
    peer.run(Span::secs(1));
    assert!(peer.lands("32"));
    peer.run(Span::secs(130));
    assert_eq!((peer.count("ERST"), peer.connections), (asked, 1), "given up for the session");
}

#[test]
fn one_that_answers_nothing_is_offline() {
    let mut peer = Peer::new();
    peer.run(Span::secs(5));
    peer.silent = &["%"];
    peer.run(Span::secs(30));
    assert!(peer.is_offline(), "{:?}", peer.reports);
}

#[test]
fn inputs_go_in_class_1_where_class_2_is_not_known() {
    for known_at_once in [true, false] {
        let mut peer = Peer::new();
        peer.unknown = if known_at_once { &["%2INPT"] } else { &["%2INPT 3"] };
        peer.run(Span::secs(3));
        let action = peer.take_input("32");
        peer.run(Span::secs(2));
        assert!(peer.lands("32"), "{:?}", peer.heard);
        assert_eq!(peer.count("%1INPT 32"), 1);
        assert!(!peer.reports.iter().any(|report| matches!(report, Report::Refused { action: a, .. } if *a == action)));
    }
}

#[test]
fn what_it_does_not_know_is_asked_once_and_is_no_fault() {
    let mut peer = Peer::new();
    peer.unknown = &["LAMP", "FREZ", "NAME", "CLSS"];
    peer.run(Span::secs(130));
    for letters in peer.unknown {
        assert_eq!(peer.count(letters), 1, "{letters}");
    }
    assert!(peer.reports.contains(&Report::Synced));
    assert!(!peer.reports.iter().any(|report| matches!(report, Report::Health(facet) if facet.level > Level::Good)), "{:?}", peer.reports);
}
