//! One device's place in the rack: its driver and the far ends of its wires. Every call of a driver or simulator is guarded:
//! one that panics is taken out, its device goes offline with the reason, and the show goes on.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::memory::{Arrival, Cable, Side};
use super::net::{Net, Plug};
use crate::device_api::{Facet, Level, Report};
use crate::devices::{self, Driver, Family, Out, Payload, Plan, Simulator, Wire, WireEvent, WireId, earlier};
use crate::show::{DeviceIx, Show};
use crate::time::Mono;

/// How often one call may make another (a failed send, an answer without delay) before the rest waits for the next wake.
const ROUNDS: usize = 10_000;
/// How often a failed send is told to a driver within one call: a driver that answers each with another send ends here.
const RETELLS: usize = 4;

/// One device.
pub struct Bay {
    show: Arc<Show>,
    device: DeviceIx,
    driver: Option<Box<dyn Driver>>,
    out: Out,
    due: Option<Mono>,
    /// When the device last said anything.
    heard: Option<Mono>,
    far: Far,
}

/// What is at the other end of the wires.
enum Far {
    /// Sockets and ports, kept by [`Net`].
    Real,
    /// The device's simulator.
    Simulated(Box<Simulated>),
}

struct Simulated {
    family: Family,
    simulator: Option<Box<dyn Simulator>>,
    out: Out,
    due: Option<Mono>,
    cables: Vec<Lane>,
}

/// One wire to a simulator and the addresses of its ends.
struct Lane {
    cable: Cable,
    controller: SocketAddr,
    device: SocketAddr,
}

/// A message that did not leave: its wire, where it was for, and why.
type Unsent = (WireId, Option<SocketAddr>, Arc<str>);

/// What a bay needs of the rack during a call.
pub struct Room<'a> {
    /// The real ends, when there are any.
    pub net: Option<&'a mut Net>,
    /// Where reports go.
    pub reports: &'a mut std::collections::VecDeque<(DeviceIx, Report)>,
}

impl Bay {
    /// A device with real wires: they must be plugged into the net by the caller.
    #[must_use]
    pub fn real(show: &Arc<Show>, device: DeviceIx, family: Family) -> Self {
        Self::new(show, device, family, Far::Real)
    }

    /// A device joined to its simulator in memory.
    #[must_use]
    pub fn simulated(show: &Arc<Show>, device: DeviceIx, family: Family, wires: &[Wire], seed: u64) -> Self {
        let lane = |(index, wire): (usize, &Wire)| {
            let index = u16::try_from(index).unwrap_or(0);
            let controller = match wire {
                Wire::Udp { local_port, .. } | Wire::UdpShared { local_port, .. } if *local_port != 0 => *local_port,
                _ => 40_000 + index,
            };
            Lane {
                cable: Cable::new(wire, seed ^ (u64::from(device.0) << 16) ^ u64::from(index), Mono::ZERO),
                controller: SocketAddr::from(([127, 0, 0, 1], controller)),
                device: super::memory::address_of(wire),
            }
        };
        let cables = wires.iter().enumerate().map(lane).collect();
        let simulator = make(|| (family.simulator)(Plan { show, device }));
        let far = Simulated { family, simulator, out: Out::new(), due: Some(Mono::ZERO), cables };
        Self::new(show, device, family, Far::Simulated(Box::new(far)))
    }

    fn new(show: &Arc<Show>, device: DeviceIx, family: Family, far: Far) -> Self {
        let driver = make(|| (family.driver)(Plan { show, device }));
        // Due at once: a driver may say what it wants before anything comes.
        Self { show: show.clone(), device, driver, out: Out::new(), due: Some(Mono::ZERO), heard: None, far }
    }

    /// Joined to its simulator.
    #[must_use]
    pub const fn is_simulated(&self) -> bool {
        matches!(self.far, Far::Simulated(_))
    }

    /// When [`Bay::tick`] has something to do.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        match &self.far {
            Far::Real => self.due,
            Far::Simulated(far) => far.cables.iter().map(|lane| lane.cable.next_due()).fold(earlier(self.due, far.due), earlier),
        }
    }

    /// Calls the driver, sends what it gives and passes on what it says.
    pub fn call(&mut self, now: Mono, room: &mut Room<'_>, f: impl FnOnce(&mut dyn Driver, &mut Out)) {
        if !self.guarded(room, f) {
            return;
        }
        self.settle(now, room);
        self.due = self.driver.as_ref().and_then(|driver| driver.next_due());
    }

    /// Calls the driver; what it gives stays until the next [`Bay::call`].
    pub fn prepare(&mut self, room: &mut Room<'_>, f: impl FnOnce(&mut dyn Driver, &mut Out)) {
        self.guarded(room, f);
    }

    /// Calls the driver; false: there is none, or it has just panicked.
    fn guarded(&mut self, room: &mut Room<'_>, f: impl FnOnce(&mut dyn Driver, &mut Out)) -> bool {
        let Some(driver) = self.driver.as_deref_mut() else { return false };
        let out = &mut self.out;
        let Err(panic) = catch_unwind(AssertUnwindSafe(|| f(driver, out))) else { return true };
        discard(self.driver.take());
        (self.out, self.due) = (Out::new(), None);
        let why: Arc<str> = format!("its driver failed inside showcall ({}): restart showcall to drive it again", words(&*panic)).into();
        let facet = Facet { key: "driver".into(), level: Level::Bad, text: why.clone() };
        room.reports.push_back((self.device, Report::Offline { why }));
        room.reports.push_back((self.device, Report::Health(facet)));
        false
    }

    /// Sends and reports what is in `out`, until the driver has no more to say to its own failed sends.
    fn settle(&mut self, now: Mono, room: &mut Room<'_>) {
        for round in 0..=RETELLS {
            let failures = self.send_all(now, room);
            for (wire, to, why) in failures {
                if round < RETELLS {
                    self.guarded(room, |driver, out| driver.handle(now, WireEvent::SendFailed { wire, to, why }, out));
                }
            }
            if self.out.is_empty() {
                return;
            }
        }
    }

    fn send_all(&mut self, now: Mono, room: &mut Room<'_>) -> Vec<Unsent> {
        let mut sends = std::mem::take(&mut self.out.sends);
        let mut failures = Vec::new();
        match &mut self.far {
            Far::Simulated(far) => {
                for send in sends.drain(..) {
                    let left = far.take(now, send.wire, send.tag, send.bytes);
                    let report = send.sending.and_then(|sending| sending.report(left.as_ref().err().map(|why| &**why)));
                    room.reports.extend(report.map(|report| (self.device, report)));
                    if let Err(why) = left {
                        failures.push((send.wire, send.to, why));
                    }
                }
            }
            Far::Real => {
                transmit(now, self.device, &sends, room, &mut failures);
                sends.drain(..).for_each(|send| self.out.recycle(send.bytes));
            }
        }
        // The emptied list goes back: its memory is used again.
        self.out.sends = sends;
        room.reports.extend(self.out.reports.drain(..).map(|report| (self.device, report)));
        for wire in self.out.reopen.drain(..) {
            match &mut self.far {
                Far::Simulated(far) => far.reopen(now, wire),
                Far::Real => {
                    if let Some(net) = room.net.as_mut() {
                        net.reopen(now, Plug { device: self.device.0, wire: wire.0 });
                    }
                }
            }
        }
        for wire in self.out.close.drain(..) {
            match &mut self.far {
                Far::Simulated(far) => far.close(now, wire),
                Far::Real => {
                    if let Some(net) = room.net.as_mut() {
                        net.close(Plug { device: self.device.0, wire: wire.0 });
                    }
                }
            }
        }
        failures
    }

    /// Runs all that is due by `now`: the driver, the simulator, what comes out of the cables.
    pub fn tick(&mut self, now: Mono, room: &mut Room<'_>) {
        for _ in 0..ROUNDS {
            if self.due.is_some_and(|due| due <= now) {
                self.due = None;
                self.call(now, room, |driver, out| driver.tick(now, out));
            }
            if !self.pump(now, room) && self.due.is_none_or(|due| due > now) {
                return;
            }
        }
    }

    /// Something comes from the device's wires.
    pub fn hear(&mut self, now: Mono, room: &mut Room<'_>, event: WireEvent<'_>) {
        if matches!(event, WireEvent::Data { .. }) {
            self.heard = Some(now);
        }
        self.call(now, room, |driver, out| driver.handle(now, event, out));
    }

    /// When the device last said anything, understood or not.
    pub const fn heard(&self) -> Option<Mono> {
        self.heard
    }

    /// One thing of the simulated side; false: nothing is due there.
    fn pump(&mut self, now: Mono, room: &mut Room<'_>) -> bool {
        let Far::Simulated(far) = &mut self.far else { return false };
        if far.due.is_some_and(|due| due <= now) {
            far.due = None;
            far.call(now, |simulator, out| simulator.tick(now, out));
            return true;
        }
        let popped = far.cables.iter_mut().enumerate().find_map(|(index, lane)| Some((index, lane.cable.pop(now)?)));
        let Some((index, (side, arrival))) = popped else { return false };
        let wire = WireId(u8::try_from(index).unwrap_or(0));
        let Some(lane) = far.cables.get(index) else { return true };
        let (controller, device) = (lane.controller, lane.device);
        match side {
            Side::Device => far.call(now, |simulator, out| simulator.handle(now, event(wire, controller, &arrival), out)),
            Side::Driver => self.hear(now, room, event(wire, device, &arrival)),
        }
        true
    }

    /// The simulator, when the device has one here.
    pub fn simulator(&mut self) -> Option<&mut (dyn Simulator + 'static)> {
        match &mut self.far {
            Far::Simulated(far) => far.simulator.as_deref_mut(),
            Far::Real => None,
        }
    }

    /// What the device puts on a line for lights, when it is simulated.
    pub fn on_line(&self, address: u16) -> Option<&[u8; 512]> {
        match &self.far {
            Far::Simulated(far) => far.simulator.as_ref()?.on_line(address),
            Far::Real => None,
        }
    }

    /// A hand on the simulated device. False: it is not simulated.
    pub fn poke(&mut self, now: Mono, path: &str, value: &crate::show::Value) -> bool {
        let Far::Simulated(far) = &mut self.far else { return false };
        far.call(now, |simulator, out| simulator.poke(now, path, value, out));
        true
    }

    /// Lets the cables of a simulated device suffer. False: it is not simulated.
    pub fn on_cables(&mut self, f: impl FnMut(&mut Cable)) -> bool {
        let Far::Simulated(far) = &mut self.far else { return false };
        far.cables.iter_mut().map(|lane| &mut lane.cable).for_each(f);
        true
    }

    /// The simulated device loses its memory and its connections. False: it is not simulated.
    pub fn reboot(&mut self, now: Mono) -> bool {
        let Far::Simulated(far) = &mut self.far else { return false };
        let plan = Plan { show: &self.show, device: self.device };
        discard(far.simulator.take());
        far.simulator = make(|| (far.family.simulator)(plan));
        (far.out, far.due) = (Out::new(), Some(now));
        for lane in &mut far.cables {
            lane.cable.far_end_restarts(now);
        }
        true
    }
}

impl Simulated {
    fn call(&mut self, now: Mono, f: impl FnOnce(&mut dyn Simulator, &mut Out)) {
        let Some(simulator) = self.simulator.as_deref_mut() else { return };
        let out = &mut self.out;
        if catch_unwind(AssertUnwindSafe(|| f(simulator, out))).is_err() {
            discard(self.simulator.take());
            (self.out, self.due) = (Out::new(), None);
            return;
        }
        self.due = simulator.next_due();
        let mut sends = std::mem::take(&mut self.out.sends);
        for send in sends.drain(..) {
            if let Some(lane) = self.cables.get_mut(usize::from(send.wire.0)) {
                // A device does not learn that what it says gets lost.
                drop(lane.cable.send(now, Side::Device, send.tag, send.bytes));
            }
        }
        self.out.sends = sends;
        self.out.reports.clear();
        // Only a driver gives up on its device.
        self.out.close.clear();
        for (wire, code, reason) in std::mem::take(&mut self.out.hang_ups) {
            if let Some(lane) = self.cables.get_mut(usize::from(wire.0)) {
                lane.cable.hang_up(now, &super::websocket::closed(Some((code, reason))));
            }
        }
        let reopen = std::mem::take(&mut self.out.reopen);
        for wire in reopen {
            self.reopen(now, wire);
        }
    }

    fn take(&mut self, now: Mono, wire: WireId, tag: u64, bytes: Vec<u8>) -> Result<(), Arc<str>> {
        match self.cables.get_mut(usize::from(wire.0)) {
            Some(lane) => lane.cable.send(now, Side::Driver, tag, bytes),
            None => Err("no such wire".into()),
        }
    }

    fn close(&mut self, now: Mono, wire: WireId) {
        if let Some(lane) = self.cables.get_mut(usize::from(wire.0)) {
            lane.cable.close(now);
        }
    }

    fn reopen(&mut self, now: Mono, wire: WireId) {
        if let Some(lane) = self.cables.get_mut(usize::from(wire.0)) {
            lane.cable.reopen(now);
        }
    }
}

/// Sends over real wires, in order; neighbours to one address together.
fn transmit(now: Mono, device: DeviceIx, sends: &[devices::Send], room: &mut Room<'_>, failures: &mut Vec<Unsent>) {
    let alike = |a: &devices::Send, b: &devices::Send| (a.wire, a.to) == (b.wire, b.to);
    for mut together in sends.chunk_by(alike) {
        while let [first, ..] = together {
            let plug = Plug { device: device.0, wire: first.wire.0 };
            let (done, result) = room.net.as_mut().map_or_else(|| (1, Err("no network".into())), |net| net.send(now, plug, together));
            // So many have left, or the first has not.
            let failed = result.as_ref().err().map(|why| &**why);
            let sendings = together.iter().take(done.max(1)).filter_map(|send| send.sending.clone()?.report(failed));
            room.reports.extend(sendings.map(|report| (device, report)));
            if let Err(why) = result {
                failures.push((first.wire, first.to, why));
            }
            together = together.get(done.max(1)..).unwrap_or_default();
        }
    }
}

/// What came out of a cable, as the driver or simulator gets it.
fn event(wire: WireId, from: SocketAddr, arrival: &Arrival) -> WireEvent<'_> {
    match arrival {
        Arrival::Up => WireEvent::Up(wire),
        Arrival::Down(why) => WireEvent::Down(wire, why.clone()),
        Arrival::Message(bytes) => WireEvent::Data { wire, from: Some(from), payload: Payload::Datagram(bytes) },
        Arrival::Chunk(bytes) => WireEvent::Data { wire, from: Some(from), payload: Payload::Chunk(bytes) },
        Arrival::Text(text) => WireEvent::Data { wire, from: Some(from), payload: Payload::Text(text) },
        Arrival::Midi(bytes) => WireEvent::Data { wire, from: None, payload: Payload::Midi(bytes) },
        Arrival::Request(tag, request) => WireEvent::Data { wire, from: Some(from), payload: Payload::HttpRequest { tag: *tag, request } },
        Arrival::Reply(tag, status, body) => {
            WireEvent::Data { wire, from: None, payload: Payload::HttpReply { tag: *tag, status: *status, body } }
        }
    }
}

fn make<T>(f: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(f)).ok()
}

/// Drops what has panicked; dropping it may panic again.
fn discard<T>(value: T) {
    drop(catch_unwind(AssertUnwindSafe(move || drop(value))));
}

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no reason given")
}
