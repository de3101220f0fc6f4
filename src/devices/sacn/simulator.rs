//! A node that is not there: follows priorities, merges, waits for synchronization, times out and fails as nodes do. And another source
//! beside ours, when a hand asks for one.

use std::collections::BTreeMap;

use super::codec::{self, Identity, OPTIONS_AT, Packet, SEQUENCE_AT, SLOTS_AT, option};
use super::simulator_port::OutputPort;
use super::{DATA, DATA_LOSS, LISTEN, outputs};
use crate::devices::dmx::merge::Failsafe;
use crate::devices::dmx::stream::KEEP_ALIVE;
use crate::devices::{Out, Payload, Plan, Simulator, WireEvent, earlier, machine};
use crate::show::Value;
use crate::time::Mono;

/// The receivers of a device: every universe that the show sends to it.
///
/// `peek`: `online`, `failsafe`, `frames/<universe>`, `sources/<universe>`, `source/<universe>` (the name of the one that it follows),
/// `priority/<universe>`, `dmx/<universe>/<slot 1 to 512>`.
/// `poke`: `power` (switch), `reboot`, `failsafe` (hold, zero, full), `foreign/<universe>` (a priority: another source sends this
/// universe at full; a switch that is off ends it).
#[derive(Debug)]
pub struct SimulatedNode {
    powered: bool,
    failsafe: Failsafe,
    ports: Vec<OutputPort>,
    /// When the last synchronization packet of an address came.
    synchronized: BTreeMap<u16, Mono>,
    /// Another source's packets, and when the next is due.
    foreign: BTreeMap<u16, (Box<[u8]>, Mono)>,
}

impl SimulatedNode {
    /// The receivers of a device.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let ports = outputs(plan).into_keys().map(OutputPort::new).collect();
        Self { powered: true, failsafe: Failsafe::Hold, ports, synchronized: BTreeMap::new(), foreign: BTreeMap::new() }
    }

    fn hear(&mut self, now: Mono, bytes: &[u8]) {
        match codec::parse(bytes) {
            Some(Packet::Data(data)) => {
                let synchronous = self.synchronized.contains_key(&data.sync);
                self.ports.iter_mut().filter(|port| port.universe == data.universe).for_each(|port| port.take(now, &data, synchronous));
            }
            Some(Packet::Sync { address, .. }) => {
                // Addresses that nothing here waits for are nobody's concern.
                if self.synchronized.len() < 64 || self.synchronized.contains_key(&address) {
                    self.synchronized.insert(address, now);
                }
                self.ports.iter_mut().for_each(|port| port.sync(address));
            }
            Some(Packet::Discovery(_)) | None => {}
        }
    }

    fn power(&mut self, on: bool) {
        self.powered = on;
        self.synchronized.clear();
        self.ports.iter_mut().for_each(OutputPort::reboot);
    }

    /// The other source's next packet of a universe, on the network.
    fn foreign_packet(&mut self, now: Mono, universe: u16, out: &mut Out) {
        let Some((packet, due)) = self.foreign.get_mut(&universe) else { return };
        if let Some(sequence) = packet.get_mut(SEQUENCE_AT) {
            *sequence = sequence.wrapping_add(1);
        }
        *due = now + KEEP_ALIVE;
        let bytes = packet.to_vec();
        if self.powered {
            self.hear(now, &bytes);
        }
        out.send(LISTEN, bytes);
    }

    fn start_foreign(&mut self, now: Mono, universe: u16, priority: u8, out: &mut Out) {
        let who = Identity { cid: machine::uuid("simulated foreign source"), name: "another desk".into() };
        let mut packet = codec::data_template(&who, universe, priority, 0, 0);
        packet.iter_mut().skip(SLOTS_AT).for_each(|slot| *slot = 255);
        self.foreign.insert(universe, (packet, now));
        self.foreign_packet(now, universe, out);
    }

    fn end_foreign(&mut self, now: Mono, universe: u16, out: &mut Out) {
        if let Some(flags) = self.foreign.get_mut(&universe).and_then(|(packet, _)| packet.get_mut(OPTIONS_AT)) {
            *flags |= option::TERMINATED;
        }
        self.foreign_packet(now, universe, out);
        self.foreign.remove(&universe);
    }

    fn port(&self, universe: &str) -> Option<&OutputPort> {
        let universe: u16 = universe.parse().ok()?;
        self.ports.iter().find(|port| port.universe == universe)
    }
}

impl Simulator for SimulatedNode {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, _: &mut Out) {
        if let WireEvent::Data { wire: DATA | LISTEN, payload: Payload::Datagram(bytes), .. } = event
            && self.powered
        {
            self.hear(now, bytes);
        }
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        let lost: Vec<u16> = self.synchronized.iter().filter(|(_, at)| now.since(**at) >= DATA_LOSS).map(|(address, _)| *address).collect();
        for address in lost {
            self.synchronized.remove(&address);
            self.ports.iter_mut().for_each(|port| port.sync_lost(address));
        }
        let failsafe = self.failsafe;
        self.ports.iter_mut().for_each(|port| port.age(now, failsafe));
        let due: Vec<u16> = self.foreign.iter().filter(|(_, (_, due))| *due <= now).map(|(universe, _)| *universe).collect();
        due.into_iter().for_each(|universe| self.foreign_packet(now, universe, out));
    }

    fn next_due(&self) -> Option<Mono> {
        let ports = self.ports.iter().filter_map(OutputPort::next_due).min();
        let syncs = self.synchronized.values().map(|at| *at + DATA_LOSS).min();
        earlier(earlier(ports, syncs), self.foreign.values().map(|(_, due)| *due).min())
    }

    fn poke(&mut self, now: Mono, path: &str, value: &Value, out: &mut Out) {
        let (what, universe) = path.split_once('/').unwrap_or((path, ""));
        match (what, value) {
            ("power", Value::Switch(on)) => self.power(*on),
            ("reboot", _) => self.power(true),
            ("failsafe", Value::Text(word)) => self.failsafe = Failsafe::named(word).unwrap_or(self.failsafe),
            ("foreign", value) => match (self.port(universe).map(|port| port.universe), value) {
                (Some(universe), Value::Int(priority)) => {
                    let priority = u8::try_from(*priority).unwrap_or(200).min(200);
                    self.start_foreign(now, universe, priority, out);
                }
                (Some(universe), _) => self.end_foreign(now, universe, out),
                (None, _) => {}
            },
            _ => {}
        }
    }

    fn on_line(&self, universe: u16) -> Option<&[u8; 512]> {
        let port = self.ports.iter().find(|port| port.universe == universe)?;
        (self.powered && port.frames > 0).then_some(&port.levels)
    }

    fn peek(&self, path: &str) -> Option<Value> {
        let mut parts = path.split('/');
        let what = parts.next()?;
        let port = parts.next().and_then(|universe| self.port(universe));
        Some(match what {
            "online" => Value::Switch(self.powered),
            "failsafe" => Value::Text(self.failsafe.word().into()),
            "frames" => Value::Int(i64::try_from(port?.frames).unwrap_or(i64::MAX)),
            "sources" => Value::Int(i64::try_from(port?.sources()).unwrap_or(i64::MAX)),
            "source" => Value::Text(port?.source()?.into()),
            "priority" => Value::Int(i64::from(port?.priority()?)),
            "dmx" => {
                let slot: usize = parts.next()?.parse().ok()?;
                Value::Int(i64::from(*port?.levels.get(slot.checked_sub(1)?)?))
            }
            _ => return None,
        })
    }
}
