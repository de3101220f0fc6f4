//! A small family for the tests of the rack: a box that keeps one byte and says it back.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use super::rack::{Cabling, Rack, Simulate};
use crate::device_api::{ActionId, Command, How, Op, Priority, Report, Why};
use crate::devices::web::Request;
use crate::devices::{Driver, Family, Framing, Out, Payload, Plan, Simulator, Target, Wire, WireEvent, WireId};
use crate::show::{Device, DeviceIx, Keeping, OnReturn, Profile, Proof, PropIx, Property, Show, Value};
use crate::time::{Mono, Span};

const WIRE: WireId = WireId(0);

/// Told to send 88, it gives its device up.
struct ToyDriver {
    prop: PropIx,
    /// Over HTTP.
    asks: bool,
}

/// What came, of whatever kind.
fn bytes_of(payload: Payload<'_>) -> &[u8] {
    match payload {
        Payload::Datagram(bytes) | Payload::Chunk(bytes) | Payload::Midi(bytes) => bytes,
        Payload::Text(text) => text.as_bytes(),
        Payload::HttpReply { body, .. } => body,
        Payload::HttpRequest { request, .. } => request,
    }
}

impl Driver for ToyDriver {
    fn handle(&mut self, _now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Up(_) => out.report(Report::Online { identity: None }),
            WireEvent::Down(_, why) | WireEvent::SendFailed { why, .. } => out.report(Report::Offline { why }),
            WireEvent::Data { payload: Payload::HttpReply { status: 0, body, .. }, .. } => {
                out.report(Report::Offline { why: String::from_utf8_lossy(body).into() });
            }
            WireEvent::Data { payload, .. } => {
                let bytes = bytes_of(payload);
                assert!(bytes != [66], "the box said 66");
                let value = Value::Int(bytes.first().copied().unwrap_or(0).into());
                out.report(Report::Observed { prop: self.prop, value, how: How::Word });
            }
        }
    }

    fn command(&mut self, _now: Mono, command: &Command, out: &mut Out) {
        if let Op::Set { value: Value::Int(n), .. } = command.op {
            if n == 88 {
                out.close(WIRE);
                return;
            }
            let mut bytes = out.buffer();
            bytes.push(u8::try_from(n).unwrap_or(0));
            if self.asks {
                out.ask(WIRE, command.action.0, &Request::json("PUT", "/byte", String::from_utf8_lossy(&bytes)));
            } else {
                out.send(WIRE, bytes);
            }
            out.completes(command.action, None);
        }
    }

    fn tick(&mut self, _now: Mono, _out: &mut Out) {}

    fn next_due(&self) -> Option<Mono> {
        None
    }
}

/// Keeps the byte; says it back; at 77 it falls over.
struct ToyBox(u8);

impl Simulator for ToyBox {
    fn handle(&mut self, _now: Mono, event: WireEvent<'_>, out: &mut Out) {
        if let WireEvent::Data { wire, payload: Payload::HttpRequest { tag, request }, .. } = event {
            self.0 = Request::read(request).unwrap().body.as_bytes()[0];
            out.reply(wire, tag, 200, &[self.0]);
        } else if let WireEvent::Data { wire, from, payload } = event {
            let bytes = bytes_of(payload);
            if bytes == b"bye" {
                return out.hang_up(wire, 4009, "wrong password");
            }
            self.0 = bytes.first().copied().unwrap_or(0);
            assert!(self.0 != 77, "the box fell over");
            out.sends.push(crate::devices::Send { wire, to: from, bytes: vec![self.0], tag: 0, sending: None });
        }
    }

    fn tick(&mut self, _now: Mono, _out: &mut Out) {}

    fn next_due(&self) -> Option<Mono> {
        None
    }

    fn poke(&mut self, _now: Mono, _path: &str, value: &Value, out: &mut Out) {
        if let Value::Int(n) = value {
            self.0 = u8::try_from(*n).unwrap_or(0);
            out.send(WIRE, vec![self.0]);
        }
    }

    fn peek(&self, _path: &str) -> Option<Value> {
        Some(Value::Int(self.0.into()))
    }
}

fn target(plan: Plan<'_>) -> Target {
    plan.target()
}

fn driver(plan: Plan<'_>) -> Box<dyn Driver> {
    let asks = &*plan.device().profile.family == "toy-http";
    Box::new(ToyDriver { prop: plan.device().props[0], asks })
}

const UDP: Family = Family {
    name: "toy-udp",
    about: "a box on a datagram socket of its own",
    wires: |plan| vec![Wire::Udp { to: target(plan), local_port: 0 }],
    driver,
    simulator: |_| Box::new(ToyBox(0)),
    check: |_| Vec::new(),
};

const SHARED: Family = Family {
    name: "toy-shared",
    about: "a box on a shared port",
    wires: |plan| vec![Wire::UdpShared { to: target(plan), local_port: 6454, strangers: false }],
    ..UDP
};

const TCP: Family = Family {
    name: "toy-tcp",
    about: "a box on a stream of length-prefixed messages",
    wires: |plan| vec![Wire::Tcp { to: target(plan), framing: Framing::OscLength }],
    ..UDP
};

fn url(scheme: &str, plan: Plan<'_>) -> String {
    let Target { host, port } = plan.target();
    format!("{scheme}://{host}:{port}")
}

const WEBSOCKET: Family = Family {
    name: "toy-websocket",
    about: "a box on a WebSocket",
    wires: |plan| vec![Wire::WebSocket { url: url("ws", plan), protocol: Some("toy.json".into()) }],
    ..UDP
};

const HTTP: Family =
    Family { name: "toy-http", about: "a box that is asked over HTTP", wires: |plan| vec![Wire::Http { base: url("http", plan) }], ..UDP };

const MIDI: Family =
    Family { name: "toy-midi", about: "a box on a MIDI port", wires: |plan| vec![Wire::Midi { port: plan.target().host }], ..UDP };

/// Toys by name.
pub fn family(name: &str) -> Option<Family> {
    [UDP, SHARED, TCP, WEBSOCKET, HTTP, MIDI].into_iter().find(|family| family.name == name)
}

/// A show of toy boxes, each (family, host, port), each with one property: the one of its own index.
pub fn show(boxes: &[(&str, &str, u16)]) -> Arc<Show> {
    let mut show = Show::default();
    for (family, host, port) in boxes {
        let device = DeviceIx(u16::try_from(show.devices.len()).unwrap());
        let prop = PropIx(u32::from(device.0));
        let profile = Arc::new(Profile { key: "toy".into(), family: (*family).into(), ..Profile::default() });
        show.devices.push(Device {
            key: format!("box{}", device.0).into(),
            name: "box".into(),
            profile,
            address: Some((*host).into()),
            port: *port,
            password: None,
            department: None,
            patch: Default::default(),
            options: Default::default(),
            props: vec![prop],
        });
        show.props.push(Property {
            device,
            path: "byte".into(),
            label: "byte".into(),
            spec: "byte".into(),
            args: Default::default(),
            class: Keeping::Set,
            on_return: OnReturn::Ask,
            proof: Proof::Observed,
            lands_within: Span::secs(1),
            tolerance: 0,
            masked_by: Vec::new(),
            requires: Vec::new(),
            moves: Vec::new(),
            barrier: false,
            pausable: false,
            faded_by: None,
            mic: false,
        });
    }
    Arc::new(show)
}

/// A rack of toys.
pub fn rack(show: &Arc<Show>, simulate: Simulate) -> Rack {
    Rack::with(show, Cabling { simulate: &simulate, seed: 1, any_port: true, family }).unwrap()
}

/// Sets the byte of a box.
pub fn set(action: u64, device: DeviceIx, byte: u8) -> Command {
    Command {
        action: ActionId(action),
        prop: PropIx(u32::from(device.0)),
        op: Op::Set { value: Value::Int(byte.into()), transition: None },
        due: Mono::ZERO,
        priority: Priority::Discrete,
        why: Why::Operator,
    }
}

/// All reports so far.
pub fn reports(rack: &mut Rack) -> Vec<(u16, Report)> {
    rack.take_reports().map(|(device, report)| (device.0, report)).collect()
}

/// What a box says when it holds this.
pub fn observed(device: u16, byte: u8) -> (u16, Report) {
    (device, Report::Observed { prop: PropIx(device.into()), value: Value::Int(byte.into()), how: How::Word })
}

/// The driver has sent it.
pub fn sent(device: u16, action: u64) -> (u16, Report) {
    (device, Report::Sent { action: ActionId(action), value: None })
}
