//! A node that is not there: answers polls, merges, keeps what it received, and fails on demand.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::codec::{self, Packet, PortAddress, REPLY_ON_CHANGE, command};
use super::reply::{CAN_OUTPUT, MERGES, NodeReport, OUTPUTS, Port, Reply, SHORT, STYLE_NODE, WIDE_ADDRESSES};
use super::simulator_port::{OutputPort, Synchrony};
use super::{Options, WIRE};
use crate::devices::dmx::merge::Failsafe;
use crate::devices::{Out, Payload, Plan, Simulator, WireEvent, earlier};
use crate::show::{TimeCode, Value};
use crate::time::{Mono, Span};

/// Replies that wait at the most.
const REPLIES_LIMIT: usize = 64;
/// Ports in one reply.
const PORTS_A_REPLY: usize = 4;

/// The node of a device: one port for each universe that the show sends to it.
///
/// `peek`: `online`, `counter`, `failsafe`, `locate`, `triggers` (how many came), `timecode` (the last that came), `frames/<address>`,
/// `merge/<address>`, `dmx/<address>/<slot 1 to 512>`.
/// `poke`: `power` (switch), `reboot`, `short` and `merge` (switch; `/<address>` for one port), `failsafe` (hold, zero, full), `locate` (switch),
/// `address/<address>` (a new Port-Address for that port). Addresses are `0:0:1` or a number.
#[derive(Debug)]
pub struct SimulatedNode {
    name: String,
    ip: Ipv4Addr,
    powered: bool,
    counter: u16,
    failsafe: Failsafe,
    locates: bool,
    triggers: u32,
    time: Option<TimeCode>,
    ports: Vec<OutputPort>,
    synchrony: Synchrony,
    /// Answers ArtPoll after this, so that not all nodes answer at once.
    delay: Span,
    waiting: VecDeque<(Mono, Option<SocketAddr>)>,
    /// Who asked to hear of changes.
    watcher: Option<Option<SocketAddr>>,
}

impl SimulatedNode {
    /// The node of a device.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let device = plan.device();
        let outputs = plan.show.rig.universes.iter().flat_map(|u| &u.outputs).filter(|o| o.device == plan.device);
        let mut addresses: Vec<PortAddress> = outputs.map(|o| PortAddress(o.address & 0x7fff)).collect();
        addresses.sort_unstable();
        addresses.dedup();
        let address = device.address.as_deref().unwrap_or_default();
        let ip = address.parse().unwrap_or(Ipv4Addr::LOCALHOST);
        let [a, b, c, _] = ip.octets();
        Self {
            name: device.key.to_string(),
            ip: if Options::of(plan).discover { Ipv4Addr::new(a, b, c, 254) } else { ip },
            powered: true,
            counter: 0,
            failsafe: Failsafe::Hold,
            locates: false,
            triggers: 0,
            time: None,
            ports: addresses.into_iter().map(OutputPort::new).collect(),
            synchrony: Synchrony::default(),
            delay: Span::ms(address.bytes().fold(0, |sum: u64, b| (sum * 31 + u64::from(b)) % 1000)),
            waiting: VecDeque::new(),
            watcher: None,
        }
    }

    /// One reply for every four ports of one net and sub-net, each under its bind index.
    fn reply(&mut self, to: Option<SocketAddr>, out: &mut Out) {
        self.counter = (self.counter + 1) % 10_000;
        let mut pages: Vec<(PortAddress, Vec<Port>)> = Vec::new();
        for port in &self.ports {
            let base = PortAddress(port.address.0 & 0x7ff0);
            let shown = shown(port);
            match pages.iter_mut().find(|(b, ports)| *b == base && ports.len() < PORTS_A_REPLY) {
                Some((_, ports)) => ports.push(shown),
                None => pages.push((base, vec![shown])),
            }
        }
        if pages.is_empty() {
            pages.push((PortAddress(0), Vec::new()));
        }
        for (bind_index, (base, ports)) in (1_u8..=255).zip(pages) {
            let reply = Reply {
                ip: self.ip,
                version: 0x0104,
                base,
                // OemUnknown ("OEM codes" table).
                oem: 0x00ff,
                short_name: self.name.clone(),
                long_name: format!("showcall simulated node {}", self.name),
                report: NodeReport { code: Some(1), counter: Some(self.counter), text: "power on tests good".into() },
                ports,
                style: STYLE_NODE,
                bind_index,
                status2: WIDE_ADDRESSES,
                failsafe: self.failsafe,
                sets_failsafe: true,
                locates: Some(self.locates),
            };
            let mut bytes = out.buffer();
            bytes.extend_from_slice(&reply.encode());
            match to {
                Some(to) => out.send_to(WIRE, to, bytes),
                None => out.send(WIRE, bytes),
            }
        }
    }

    /// Tells who asked to hear of changes.
    fn changed(&mut self, out: &mut Out) {
        if let Some(watcher) = self.watcher {
            self.reply(watcher, out);
        }
    }

    fn hear(&mut self, now: Mono, from: Option<SocketAddr>, packet: Packet<'_>, out: &mut Out) {
        let host = from.map(|a| a.ip());
        match packet {
            Packet::Poll { flags } => {
                if flags & REPLY_ON_CHANGE != 0 {
                    self.watcher = Some(from);
                }
                if self.waiting.len() < REPLIES_LIMIT {
                    self.waiting.push_back((now + self.delay, from));
                }
            }
            Packet::Dmx(dmx) => {
                let synchronous = self.synchrony.holds(now);
                if self.dmx(now, host, dmx, synchronous) {
                    self.changed(out);
                }
            }
            Packet::Sync => {
                self.synchrony.heard(now);
                self.ports.iter_mut().for_each(|p| p.sync(host));
            }
            Packet::Address { bind_index: 0 | 1, command } => {
                self.obey(command);
                self.reply(from, out);
            }
            Packet::Trigger { .. } => self.triggers += 1,
            Packet::TimeCode { time, .. } => self.time = Some(time),
            Packet::Address { .. } | Packet::Reply(_) | Packet::Other => {}
        }
    }

    /// A command of ArtAddress; those that a node of this kind does not have change nothing.
    fn obey(&mut self, command: u8) {
        match command {
            command::LED_LOCATE => self.locates = true,
            command::LED_NORMAL => self.locates = false,
            command::CANCEL_MERGE => self.ports.iter_mut().for_each(OutputPort::cancel_merge),
            _ => {
                let failsafe = command.checked_sub(command::FAIL_HOLD).and_then(|at| Failsafe::ALL.get(usize::from(at)));
                self.failsafe = failsafe.copied().unwrap_or(self.failsafe);
            }
        }
    }

    /// True when merging or outputting began.
    fn dmx(&mut self, now: Mono, host: Option<IpAddr>, dmx: codec::Dmx<'_>, synchronous: bool) -> bool {
        let mut changed = false;
        for port in self.ports.iter_mut().filter(|p| p.address == dmx.address) {
            let before = (port.merging(), port.frames == 0);
            port.take(now, host, dmx, synchronous);
            changed |= before != (port.merging(), port.frames == 0);
        }
        changed
    }

    fn power(&mut self, on: bool) {
        self.powered = on;
        self.counter = 0;
        self.waiting.clear();
        self.watcher = None;
        self.synchrony = Synchrony::default();
        self.ports.iter_mut().for_each(OutputPort::reboot);
    }

    /// The ports that a path means: one by its address, all without.
    fn ports_of(&mut self, address: &str) -> impl Iterator<Item = &mut OutputPort> {
        let (all, address) = (address.is_empty(), read_address(address));
        self.ports.iter_mut().filter(move |p| all || Some(p.address) == address)
    }
}

/// A port as a reply shows it.
fn shown(port: &OutputPort) -> Port {
    let flag = |on: bool, bit: u8| if on { bit } else { 0 };
    let good_output = flag(port.frames > 0, OUTPUTS) | flag(port.merging(), MERGES) | flag(port.short, SHORT);
    Port { kind: CAN_OUTPUT, good_output, sw_out: (port.address.0 & 0xf) as u8, ..Port::default() }
}

/// `net:sub-net:universe` or a number.
fn read_address(text: &str) -> Option<PortAddress> {
    let parts: Option<Vec<u16>> = text.split(':').map(|part| part.parse().ok()).collect();
    match *parts?.as_slice() {
        [whole @ 0..=0x7fff] => Some(PortAddress(whole)),
        [net @ 0..=0x7f, sub @ 0..=0xf, universe @ 0..=0xf] => Some(PortAddress(net << 8 | sub << 4 | universe)),
        _ => None,
    }
}

impl Simulator for SimulatedNode {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        if let WireEvent::Data { wire: WIRE, from, payload: Payload::Datagram(bytes) } = event
            && self.powered
            && let Some(packet) = codec::parse(bytes)
        {
            self.hear(now, from, packet, out);
        }
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        while let Some((_, to)) = self.waiting.front().copied().filter(|(at, _)| *at <= now) {
            self.waiting.pop_front();
            self.reply(to, out);
        }
        if self.synchrony.lapses(now) {
            self.ports.iter_mut().for_each(OutputPort::release);
        }
        let failsafe = self.failsafe;
        let ended = self.ports.iter_mut().map(|p| p.age(now, failsafe)).fold(false, |any, ended| any | ended);
        if ended {
            self.changed(out);
        }
    }

    fn next_due(&self) -> Option<Mono> {
        let reply = self.waiting.front().map(|(at, _)| *at);
        let ports = self.ports.iter().filter_map(OutputPort::next_due).min();
        self.synchrony.next_due(earlier(reply, ports))
    }

    fn poke(&mut self, _: Mono, path: &str, value: &Value, out: &mut Out) {
        let (what, rest) = path.split_once('/').unwrap_or((path, ""));
        match (what, value) {
            ("power", Value::Switch(on)) => self.power(*on),
            ("reboot", _) => self.power(true),
            ("short", Value::Switch(on)) => self.ports_of(rest).for_each(|p| p.short = *on),
            ("merge", Value::Switch(on)) => self.ports_of(rest).for_each(|p| p.told_merging = *on),
            ("failsafe", Value::Text(word)) => self.failsafe = Failsafe::named(word).unwrap_or(self.failsafe),
            ("locate", Value::Switch(on)) => self.locates = *on,
            ("address", value) => {
                let to = match value {
                    Value::Int(number) => u16::try_from(*number).ok().filter(|n| *n <= 0x7fff).map(PortAddress),
                    Value::Text(text) => read_address(text),
                    _ => None,
                };
                if let Some(to) = to {
                    self.ports_of(rest).for_each(|p| *p = OutputPort::new(to));
                }
            }
            _ => return,
        }
        self.changed(out);
    }

    fn on_line(&self, address: u16) -> Option<&[u8; 512]> {
        let port = self.ports.iter().find(|port| port.address.0 == address & 0x7fff)?;
        (self.powered && port.frames > 0).then_some(&port.levels)
    }

    fn peek(&self, path: &str) -> Option<Value> {
        let mut parts = path.split('/');
        let what = parts.next()?;
        let port = parts.next().and_then(read_address).and_then(|a| self.ports.iter().find(|p| p.address == a));
        Some(match what {
            "online" => Value::Switch(self.powered),
            "counter" => Value::Int(i64::from(self.counter)),
            "failsafe" => Value::Text(self.failsafe.word().into()),
            "locate" => Value::Switch(self.locates),
            "triggers" => Value::Int(i64::from(self.triggers)),
            "timecode" => {
                let TimeCode { hours, minutes, seconds, frames } = self.time?;
                Value::Text(format!("{hours:02}:{minutes:02}:{seconds:02}:{frames:02}").into())
            }
            "frames" => Value::Int(i64::try_from(port?.frames).unwrap_or(i64::MAX)),
            "merge" => Value::Switch(port?.merging()),
            "dmx" => {
                let slot: usize = parts.next()?.parse().ok()?;
                Value::Int(i64::from(*port?.levels.get(slot.checked_sub(1)?)?))
            }
            _ => return None,
        })
    }
}
