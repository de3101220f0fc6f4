//! All devices of a show: each joined to real wires, or in memory to its simulator.
//!
//! All drivers live on the thread that calls the rack (the stage clock). A stream's tokio task only moves framed bytes
//! between its socket and two bounded queues; the driver that makes and reads them runs here. So one thread owns all device
//! state, nothing is locked, and a dead peer can stall nothing but its own queue.
//!
//! A rack with only simulators opens no socket and works in virtual time.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

use super::bay::{Bay, Room};
use super::budget::cost;
use super::fault::Fault;
use super::intake::{Intake, SLICE};
use super::net::{Net, News, Owner, Plug, Ready, Received};
use super::stream::Inbound;
use crate::device_api::{Command, Report};
use crate::devices::{Driver, Family, Out, Payload, Plan, Simulator, Wire, WireEvent, WireId, artnet, earlier};
use crate::show::{ArtWord, DeviceIx, Show, Value};
use crate::time::{Mono, Span};

/// Longest datagram.
const LONGEST: usize = 65_536;
/// Words that wait for whoever listens; more are dropped.
const WORDS: usize = 64;

/// Which devices are joined to their simulators.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Simulate {
    /// None: all are real.
    #[default]
    None,
    /// All.
    All,
    /// These.
    Some(BTreeSet<DeviceIx>),
}

impl Simulate {
    /// Whether this device is.
    #[must_use]
    pub fn has(&self, device: DeviceIx) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Some(set) => set.contains(&device),
        }
    }
}

/// How a rack is built.
#[derive(Clone, Copy)]
pub struct Cabling<'a> {
    /// Which devices are joined to their simulators.
    pub simulate: &'a Simulate,
    /// For the chance in the cables of simulators.
    pub seed: u64,
    /// Every local port is of the kernel's choice, whatever the families ask for: for tests beside a running show.
    pub any_port: bool,
    /// Finds a family by the name that profiles use.
    pub family: fn(&str) -> Option<Family>,
}

/// The devices of a show and their wires.
pub struct Rack {
    bays: Vec<Option<Bay>>,
    net: Option<Net>,
    reports: VecDeque<(DeviceIx, Report)>,
    intake: Intake,
    buffer: Vec<u8>,
    /// Local ports that real devices share.
    shared: Vec<u16>,
    /// What others say on them, for whoever asked to overhear it.
    overheard: Option<VecDeque<(SocketAddr, ArtWord)>>,
}

impl Rack {
    /// Builds all drivers, and simulators for those in `simulate`. Nothing is opened or sent before the first [`Rack::tick`].
    ///
    /// # Errors
    /// When real wires are needed and the process has no descriptors left. A device whose wires cannot be opened is no error:
    /// it is offline with the reason.
    pub fn build(show: &Arc<Show>, simulate: &Simulate, seed: u64) -> io::Result<Self> {
        Self::with(show, Cabling { simulate, seed, any_port: false, family: crate::devices::family })
    }

    /// [`Rack::build`] with all that can be chosen.
    ///
    /// # Errors
    /// As [`Rack::build`].
    pub fn with(show: &Arc<Show>, cabling: Cabling<'_>) -> io::Result<Self> {
        crate::devices::machine::known_as(&super::machine::name());
        let mut rack = Self {
            bays: Vec::new(),
            net: None,
            reports: VecDeque::new(),
            intake: Intake::new(show.devices.len()),
            buffer: Vec::new(),
            shared: Vec::new(),
            overheard: None,
        };
        for index in 0..show.devices.len() {
            let Ok(index) = u16::try_from(index) else { break };
            let bay = rack.bay(show, DeviceIx(index), cabling)?;
            rack.bays.push(bay);
        }
        if rack.net.is_some() {
            rack.buffer.resize(LONGEST, 0);
        }
        Ok(rack)
    }

    fn bay(&mut self, show: &Arc<Show>, device: DeviceIx, cabling: Cabling<'_>) -> io::Result<Option<Bay>> {
        let name = &show.device(device).profile.family;
        let Some(family) = (cabling.family)(name) else {
            self.reports.push_back((device, Report::Offline { why: format!("there is no driver for family \"{name}\"").into() }));
            return Ok(None);
        };
        let wires = (family.wires)(Plan { show, device });
        if cabling.simulate.has(device) {
            return Ok(Some(Bay::simulated(show, device, family, &wires, cabling.seed)));
        }
        if self.net.is_none() {
            self.net = Some(Net::new(cabling.any_port)?);
        }
        if let Some(net) = &mut self.net {
            for (wire, index) in wires.iter().zip(0_u8..) {
                if let Wire::UdpShared { local_port, .. } = wire {
                    self.shared.push(*local_port);
                }
                net.plug(Plug { device: device.0, wire: index }, wire);
            }
        }
        Ok(Some(Bay::real(show, device, family)))
    }

    /// Gives a command to its device's driver; what it sends leaves before this returns, on datagram wires.
    pub fn command(&mut self, now: Mono, device: DeviceIx, command: &Command) {
        self.call(now, device, |driver, out| driver.command(now, command, out));
    }

    /// Gives a universe's frame to a lighting device; a device that takes none ignores it. It leaves with the device's others at
    /// [`Rack::flush`] or [`Rack::frames_done`].
    pub fn frame(&mut self, now: Mono, device: DeviceIx, index: u16, address: u16, slots: &[u8; 512]) {
        let mut room = Room { net: self.net.as_mut(), reports: &mut self.reports };
        if let Some(Some(bay)) = self.bays.get_mut(device.at()) {
            bay.prepare(&mut room, |driver, out| {
                if let Some(lighting) = driver.lighting() {
                    lighting.frame(now, index, address, slots, out);
                }
            });
        }
    }

    /// The frames that a lighting device has been given leave.
    pub fn flush(&mut self, now: Mono, device: DeviceIx) {
        self.call(now, device, |_, _| {});
    }

    /// All universes of this grid step have been given to a lighting device: they leave.
    pub fn frames_done(&mut self, now: Mono, device: DeviceIx) {
        self.call(now, device, |driver, out| {
            if let Some(lighting) = driver.lighting() {
                lighting.frames_done(now, out);
            }
        });
    }

    /// A lighting device is let go: see [`Lighting::let_go`](crate::devices::Lighting::let_go).
    pub fn let_go(&mut self, now: Mono, device: DeviceIx) {
        self.call(now, device, |driver, out| {
            if let Some(lighting) = driver.lighting() {
                lighting.let_go(now, out);
            }
        });
    }

    /// Tells every driver that showcall ends ([`Driver::last_call`]); what a stream takes of it leaves within the next moments.
    pub fn last_call(&mut self, now: Mono) {
        for device in (0_u16..).take(self.bays.len()) {
            self.call(now, DeviceIx(device), |driver, out| driver.last_call(now, out));
        }
    }

    fn call(&mut self, now: Mono, device: DeviceIx, f: impl FnOnce(&mut dyn Driver, &mut Out)) {
        let mut room = Room { net: self.net.as_mut(), reports: &mut self.reports };
        if let Some(Some(bay)) = self.bays.get_mut(device.at()) {
            bay.call(now, &mut room, f);
        }
    }

    /// Gives drivers what their sockets hold, a slice of each; what is left makes [`Rack::fd`] ready again.
    ///
    /// # Errors
    /// As [`Rack::look`].
    pub fn poll(&mut self, now: Mono) -> io::Result<()> {
        let result = self.look();
        while self.read(now) {}
        result
    }

    /// Looks which sockets have something. [`Rack::read`] takes it.
    ///
    /// # Errors
    /// What the kernel says of asking; the rack stays whole.
    pub fn look(&mut self) -> io::Result<()> {
        self.net.as_mut().map_or(Ok(()), |net| net.ready(&mut self.intake.ready))
    }

    /// Gives drivers about a [`SLICE`] of what their sockets hold, each socket its turn. True: others have not had theirs yet, and whoever
    /// cannot wait may be looked at before they do.
    pub fn read(&mut self, now: Mono) -> bool {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut spent = Span::ZERO;
        while spent < SLICE
            && let Some(ready) = self.intake.ready.pop_front()
        {
            spent = spent + self.turn(now, ready, &mut buffer);
        }
        self.buffer = buffer;
        self.settle(now);
        !self.intake.ready.is_empty()
    }

    /// Takes a slice of one socket; gives what it cost.
    fn turn(&mut self, now: Mono, ready: Ready, buffer: &mut [u8]) -> Span {
        let Some(owner) = self.net.as_ref().map(|net| net.owner(ready)) else { return Span::ZERO };
        let mut spent = Span::ZERO;
        while spent < SLICE {
            let Some(net) = &mut self.net else { break };
            if !self.intake.admits(now, owner) {
                self.reports.extend(self.intake.hold_back(now, net, ready, owner));
                break;
            }
            let Some(received) = net.receive(ready, buffer) else { break };
            let cost = match &received {
                Received::Datagram(_, _, length) => cost(1, *length),
                Received::Stream(_, thing) => cost(thing.messages(), thing.size()),
            };
            self.intake.spend(now, owner, cost);
            spent = spent + cost;
            match received {
                Received::Datagram(plug, from, length) => {
                    let bytes = buffer.get(..length).unwrap_or_default();
                    self.overhear(from, bytes);
                    let Some(plug) = plug.filter(|plug| self.takes(now, owner, *plug, cost)) else { continue };
                    let payload = Payload::Datagram(bytes);
                    self.event(now, plug, WireEvent::Data { wire: WireId(plug.wire), from: Some(from), payload });
                }
                Received::Stream(plug, thing) => self.event(now, plug, stream_event(WireId(plug.wire), &thing)),
            }
        }
        spent
    }

    /// Whether the device of a datagram may have it: on a shared port that shows only now.
    fn takes(&mut self, now: Mono, owner: Owner, plug: Plug, cost: Span) -> bool {
        let device = Owner::Device(plug.device);
        if owner == device {
            return true;
        }
        if self.intake.admits(now, device) {
            self.intake.spend(now, device, cost);
            return true;
        }
        if let Some(net) = &mut self.net {
            self.reports.extend(self.intake.refuse(now, net, plug.device));
        }
        false
    }

    /// From now on what others say to a show by Art-Net is kept for [`Rack::take_word`], when real devices share this local port. False:
    /// nobody here has it.
    pub fn listen_on(&mut self, port: u16) -> bool {
        let has = self.shared.contains(&port);
        if has {
            self.overheard = Some(VecDeque::new());
        }
        has
    }

    /// The oldest word that was overheard.
    pub fn take_word(&mut self) -> Option<(SocketAddr, ArtWord)> {
        self.overheard.as_mut()?.pop_front()
    }

    fn overhear(&mut self, from: SocketAddr, bytes: &[u8]) {
        if let Some(heard) = self.overheard.as_mut().filter(|heard| heard.len() < WORDS)
            && let Some(word) = artnet::word(bytes)
        {
            heard.push_back((from, word));
        }
    }

    /// Runs all that is due by `now`: drivers' fade steps and polls, simulators, sockets that are to be opened.
    pub fn tick(&mut self, now: Mono) {
        self.settle(now);
        for bay in self.bays.iter_mut().flatten() {
            if bay.next_due().is_some_and(|due| due <= now) {
                bay.tick(now, &mut Room { net: self.net.as_mut(), reports: &mut self.reports });
            }
        }
    }

    /// Opens what is to be opened, and tells drivers of it.
    fn settle(&mut self, now: Mono) {
        let Some(net) = &mut self.net else { return };
        if self.intake.next_due().is_some_and(|due| due <= now) {
            self.reports.extend(self.intake.tick(now, net));
        }
        if net.next_due().is_none_or(|due| due > now) {
            return;
        }
        net.tick(now);
        // News can make news; a bound keeps a wire that fails at once from holding up the rest.
        for _ in 0..4096 {
            let Some((plug, news)) = self.net.as_mut().and_then(Net::news) else { break };
            let wire = WireId(plug.wire);
            let event = match news {
                News::Up => WireEvent::Up(wire),
                News::Down(why) => WireEvent::Down(wire, why),
                News::SendFailed(to, why) => WireEvent::SendFailed { wire, to, why },
            };
            self.event(now, plug, event);
        }
    }

    fn event(&mut self, now: Mono, plug: Plug, event: WireEvent<'_>) {
        let mut room = Room { net: self.net.as_mut(), reports: &mut self.reports };
        if let Some(Some(bay)) = self.bays.get_mut(DeviceIx(plug.device).at()) {
            bay.hear(now, &mut room, event);
        }
    }

    /// When [`Rack::tick`] must be called next.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        let bays = self.bays.iter().flatten().map(Bay::next_due).fold(None, earlier);
        earlier(earlier(bays, self.intake.next_due()), self.net.as_ref().and_then(Net::next_due))
    }

    /// What the drivers said since this was last asked, in order.
    pub fn take_reports(&mut self) -> impl Iterator<Item = (DeviceIx, Report)> + '_ {
        self.reports.drain(..)
    }

    /// One descriptor that is readable when [`Rack::poll`] has something to do; `None` when all devices are simulated.
    #[must_use]
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.net.as_ref().map(Net::fd)
    }

    /// Whether a device is joined to its simulator.
    #[must_use]
    pub fn simulated(&self, device: DeviceIx) -> bool {
        self.bays.get(device.at()).and_then(Option::as_ref).is_some_and(Bay::is_simulated)
    }

    /// When a device last said anything on its wires, keep-alives and what was no news included.
    #[must_use]
    pub fn heard(&self, device: DeviceIx) -> Option<Mono> {
        self.bays.get(device.at()).and_then(Option::as_ref).and_then(Bay::heard)
    }

    /// The simulator of a device that has one here.
    pub fn simulator(&mut self, device: DeviceIx) -> Option<&mut (dyn Simulator + 'static)> {
        self.bays.get_mut(device.at())?.as_mut()?.simulator()
    }

    /// What a simulated lighting device puts on the line of a Port-Address or sACN universe; `None`: nothing, or it is not simulated.
    #[must_use]
    pub fn on_line(&self, device: DeviceIx, address: u16) -> Option<&[u8; 512]> {
        self.bays.get(device.at())?.as_ref()?.on_line(address)
    }

    /// A hand on a simulated device changes a property. False: the device is not simulated.
    pub fn poke(&mut self, now: Mono, device: DeviceIx, path: &str, value: &Value) -> bool {
        self.bays.get_mut(device.at()).and_then(Option::as_mut).is_some_and(|bay| bay.poke(now, path, value))
    }

    /// Something goes wrong with a simulated device or its cables, or is mended. False: the device is not simulated.
    pub fn fault(&mut self, now: Mono, device: DeviceIx, fault: Fault) -> bool {
        let Some(Some(bay)) = self.bays.get_mut(device.at()) else { return false };
        match fault {
            Fault::Reboot => bay.reboot(now),
            other => bay.on_cables(|cable| other.strike(now, cable)),
        }
    }

    /// A person took the device back: wires that its driver closed for good are opened again.
    pub fn reopen_closed(&mut self, now: Mono, device: DeviceIx) {
        if let Some(net) = &mut self.net {
            net.reopen_closed(now, device.0);
        }
        if let Some(Some(bay)) = self.bays.get_mut(device.at()) {
            bay.on_cables(|cable| cable.reopen_closed(now));
        }
    }

    /// The local port of a real datagram wire, once it is open.
    #[must_use]
    pub fn local_port(&self, device: DeviceIx, wire: WireId) -> Option<u16> {
        self.net.as_ref()?.local_port(Plug { device: device.0, wire: wire.0 })
    }
}

fn stream_event(wire: WireId, thing: &Inbound) -> WireEvent<'_> {
    match thing {
        Inbound::Up => WireEvent::Up(wire),
        Inbound::Down(why) => WireEvent::Down(wire, why.clone()),
        Inbound::Message(bytes) => WireEvent::Data { wire, from: None, payload: Payload::Datagram(bytes) },
        Inbound::Chunk(bytes) => WireEvent::Data { wire, from: None, payload: Payload::Chunk(bytes) },
        Inbound::Text(text) => WireEvent::Data { wire, from: None, payload: Payload::Text(text) },
        Inbound::Midi(bytes) => WireEvent::Data { wire, from: None, payload: Payload::Midi(bytes) },
        Inbound::Reply(tag, status, body) => {
            WireEvent::Data { wire, from: None, payload: Payload::HttpReply { tag: *tag, status: *status, body } }
        }
    }
}
