//! For tests: a driver and its simulator on one lossy in-memory wire, in virtual time.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::device_api::{ActionId, Command, Facet, How, Level, Op, Priority, Report, Why};
use crate::devices::{Driver, Family, Out, Payload, Plan, Simulator, WireEvent, WireId, earlier};
use crate::show::{Curve, Device, DeviceIx, PropIx, Property, Show, Value, profile_text};
use crate::time::{Mono, Span};

/// One way of the wire.
const DELAY: Span = Span::ms(2);

/// What happens to packet number `n` on its way: dropped, sent twice, late by this.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    Drop,
    Twice,
    Late(Span),
    None,
}

/// Decides what happens to a packet: (number, to the device, bytes).
pub type Faults = Box<dyn FnMut(usize, bool, &[u8]) -> Fault>;

/// A property of the test's device: key of the spec and what fills its placeholders.
pub type Named<'a> = (&'a str, &'a [(&'a str, &'a str)]);

/// The health facts of these reports that stand and are not good, by key, with their levels.
pub fn facets(reports: &[Report]) -> Vec<(String, Level)> {
    let mut standing = BTreeMap::new();
    for report in reports {
        if let Report::Health(Facet { key, level, .. }) = report {
            standing.insert(key.to_string(), *level);
        }
    }
    standing.into_iter().filter(|(_, level)| *level != Level::Good).collect()
}

/// A show with one device of this profile and these properties; what masks them comes along.
pub fn show(profile: &str, options: &[(&str, Value)], named: &[Named<'_>]) -> Arc<Show> {
    let profile = Arc::new(profile_text::parse("test", profile).unwrap());
    let mut show = Show::default();
    let mut props = vec![];
    for (key, names) in named {
        let own = add(&mut show, &profile, key, names);
        props.push(own);
        let masks = profile.props.get(*key).unwrap().masked_by.clone();
        for (path, value) in masks {
            let (mask, _) = profile.props.iter().find(|(key, spec)| **key == path || spec.path == path).unwrap();
            let mask = add(&mut show, &profile, mask, names);
            props.push(mask);
            show.props[own.at()].masked_by.push((mask, value));
        }
    }
    props.sort();
    props.dedup();
    show.devices.push(Device {
        key: "desk".into(),
        name: "Desk".into(),
        port: profile.port,
        profile,
        address: None,
        password: None,
        department: None,
        patch: BTreeMap::new(),
        options: options.iter().map(|(key, value)| (Arc::from(*key), value.clone())).collect(),
        props,
    });
    Arc::new(show)
}

fn add(show: &mut Show, profile: &crate::show::Profile, key: &str, names: &[(&str, &str)]) -> PropIx {
    let spec = profile.props.get(key).unwrap();
    let mut path = spec.path.to_string();
    for (table, name) in names {
        path = path.replace(&format!("{{{table}}}"), name);
    }
    if let Some(at) = show.props.iter().position(|prop| *prop.path == path) {
        return PropIx(u32::try_from(at).unwrap());
    }
    show.props.push(Property {
        device: DeviceIx(0),
        path: path.as_str().into(),
        label: spec.label.clone(),
        spec: key.into(),
        args: names.iter().map(|(table, name)| (Arc::from(*table), Arc::from(*name))).collect(),
        class: spec.class,
        on_return: spec.on_return,
        proof: spec.proof,
        lands_within: spec.lands_within.unwrap_or(profile.limits.lands_within),
        tolerance: spec.tolerance,
        masked_by: vec![],
        requires: vec![],
        moves: vec![],
        barrier: spec.barrier,
        pausable: spec.pausable,
        faded_by: None,
        mic: spec.mic.is_some(),
    });
    PropIx(u32::try_from(show.props.len() - 1).unwrap())
}

/// Driver, simulator and the wire between them.
pub struct Bench {
    pub now: Mono,
    pub show: Arc<Show>,
    pub driver: Box<dyn Driver>,
    pub simulator: Box<dyn Simulator>,
    /// On their way: when they arrive, whether at the device, the tag over HTTP, and what.
    flying: VecDeque<(Mono, bool, u64, Vec<u8>)>,
    /// The wire is one of requests.
    http: bool,
    /// Every packet that the driver sent, and when.
    pub sent: Vec<(Mono, Vec<u8>)>,
    pub reports: Vec<(Mono, Report)>,
    /// Decides what happens to a packet: (number, to the device, bytes).
    pub fault: Faults,
    count: usize,
    action: u64,
}

impl Bench {
    pub fn new(family: &Family, show: Arc<Show>) -> Self {
        let plan = Plan { show: &show, device: DeviceIx(0) };
        let http = matches!((family.wires)(plan).first(), Some(crate::devices::Wire::Http { .. }));
        let (driver, simulator) = ((family.driver)(plan), (family.simulator)(plan));
        Self {
            now: Mono::ZERO,
            driver,
            simulator,
            flying: VecDeque::new(),
            http,
            sent: vec![],
            reports: vec![],
            fault: Box::new(|_, _, _| Fault::None),
            count: 0,
            action: 0,
            show,
        }
    }

    /// Opens the wire and runs until the driver says that it has read everything.
    pub fn connected(family: &Family, show: Arc<Show>) -> Self {
        let mut bench = Self::new(family, show);
        bench.up();
        bench.run(Span::secs(2));
        assert!(bench.reports.iter().any(|(_, report)| *report == Report::Synced), "{:?}", bench.reports);
        bench.reports.clear();
        bench.sent.clear();
        bench
    }

    pub fn up(&mut self) {
        let mut out = Out::new();
        self.simulator.handle(self.now, WireEvent::Up(WireId(0)), &mut out);
        self.carry(out, false);
        let mut out = Out::new();
        self.driver.handle(self.now, WireEvent::Up(WireId(0)), &mut out);
        self.carry(out, true);
    }

    pub fn prop(&self, path: &str) -> PropIx {
        self.show.prop_by_path(DeviceIx(0), path).unwrap_or_else(|| panic!("no property {path}"))
    }

    /// Gives the driver a command.
    pub fn command(&mut self, path: &str, op: Op) -> ActionId {
        self.action += 1;
        let action = ActionId(self.action);
        let command = Command { action, prop: self.prop(path), op, due: self.now, priority: Priority::Discrete, why: Why::Operator };
        let mut out = Out::new();
        self.driver.command(self.now, &command, &mut out);
        self.carry(out, true);
        action
    }

    pub fn set(&mut self, path: &str, value: Value) -> ActionId {
        self.command(path, Op::Set { value, transition: None })
    }

    pub fn fade(&mut self, path: &str, from: Value, to: Value, length: Span) -> ActionId {
        self.command(path, Op::Fade { from, to, curve: Curve::Linear, start: self.now, length })
    }

    /// A hand on the device.
    pub fn poke(&mut self, path: &str, value: Value) {
        let mut out = Out::new();
        self.simulator.poke(self.now, path, &value, &mut out);
        self.carry(out, false);
    }

    /// Bytes that reach the simulator from nowhere.
    pub fn inject(&mut self, from: Option<std::net::SocketAddr>, bytes: &[u8]) -> Vec<crate::devices::Send> {
        let mut out = Out::new();
        let event = WireEvent::Data { wire: WireId(0), from, payload: Payload::Datagram(bytes) };
        self.simulator.handle(self.now, event, &mut out);
        let (own, other): (Vec<_>, Vec<_>) = std::mem::take(&mut out.sends).into_iter().partition(|send| send.to.is_none());
        out.sends = own;
        self.carry(out, false);
        other
    }

    fn carry(&mut self, out: Out, to_device: bool) {
        let now = self.now;
        for send in out.sends.into_iter().filter(|send| send.to.is_none()) {
            self.reports.extend(send.sending.and_then(|sending| sending.report(None)).map(|report| (now, report)));
            if to_device {
                self.sent.push((self.now, send.bytes.clone()));
            }
            self.count += 1;
            let (copies, late) = match (self.fault)(self.count, to_device, &send.bytes) {
                Fault::Drop => (0, Span::ZERO),
                Fault::Twice => (2, Span::ZERO),
                Fault::Late(late) => (1, late),
                Fault::None => (1, Span::ZERO),
            };
            for _ in 0..copies {
                self.flying.push_back((self.now + DELAY + late, to_device, send.tag, send.bytes.clone()));
            }
        }
        self.reports.extend(out.reports.into_iter().map(|report| (now, report)));
    }

    /// Runs for this long, stopping at every instant that anybody asked for.
    pub fn run(&mut self, length: Span) {
        let end = self.now + length;
        for _ in 0..1_000_000 {
            let arrival = self.flying.iter().map(|(at, ..)| *at).min();
            let due = earlier(arrival, earlier(self.driver.next_due(), self.simulator.next_due()));
            let Some(next) = due.filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            self.deliver();
            let mut out = Out::new();
            self.driver.tick(self.now, &mut out);
            self.carry(out, true);
            let mut out = Out::new();
            self.simulator.tick(self.now, &mut out);
            self.carry(out, false);
        }
        panic!("the driver asks for the same instant for ever: {:?} at {:?}", self.driver.next_due(), self.now);
    }

    fn deliver(&mut self) {
        while let Some(at) = self.flying.iter().position(|(when, ..)| *when <= self.now) {
            let (_, to_device, tag, bytes) = self.flying.remove(at).unwrap();
            let mut out = Out::new();
            let payload = match (self.http, to_device) {
                (false, _) => Payload::Datagram(&bytes),
                (true, true) => Payload::HttpRequest { tag, request: &bytes },
                (true, false) => {
                    let (status, body) = bytes.split_first_chunk().unwrap();
                    Payload::HttpReply { tag, status: u16::from_be_bytes(*status), body }
                }
            };
            let event = WireEvent::Data { wire: WireId(0), from: None, payload };
            if to_device {
                self.simulator.handle(self.now, event, &mut out);
            } else {
                self.driver.handle(self.now, event, &mut out);
            }
            self.carry(out, !to_device);
        }
    }

    /// What was observed of a property since the reports were last cleared.
    pub fn observed(&self, path: &str) -> Vec<(Value, How)> {
        let wanted = self.prop(path);
        let of = |report: &Report| match report {
            Report::Observed { prop, value, how } if *prop == wanted => Some((value.clone(), *how)),
            _ => None,
        };
        self.reports.iter().filter_map(|(_, report)| of(report)).collect()
    }

    /// The messages sent to this address since `sent` was last cleared, those with arguments only.
    pub fn sets(&self, address: &str) -> Vec<(Mono, Vec<rosc::OscType>)> {
        let message = |bytes: &Vec<u8>| crate::devices::osc::packet::message(bytes);
        self.sent
            .iter()
            .filter_map(|(at, bytes)| Some((*at, message(bytes)?)))
            .filter(|(_, message)| message.addr == address && !message.args.is_empty())
            .map(|(at, message)| (at, message.args))
            .collect()
    }
}
