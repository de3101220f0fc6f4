//! Each family's driver and simulator: what they say to each other in a whole show is the golden material of both.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use showcall::devices::registry::FAMILIES;
use showcall::devices::{Driver, Family, Lighting, Out, Payload, Plan, Simulator, WireEvent, WireId, family};
use showcall::engine::{Command, Intent};
use showcall::links::Simulate;
use showcall::links::memory::Side;
use showcall::links::rack::Cabling;
use showcall::links::random::SplitMix64;
use showcall::show::{CueIx, DeviceIx, Show, Value, load_text};
use showcall::stage::rehearsal::Run;
use showcall::time::{Mono, Span};

use super::damage::{below, damaged, pick};

/// A target begins anew after so many rounds: what one message broke does not hide the next for ever.
const LIFE: u64 = 200;

/// What one call may give back at the most, in messages and bytes: nothing answers a message with a flood.
const MESSAGES_MAX: usize = 4096;
const BYTES_MAX: usize = 8 << 20;

/// What reached one side, and how.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Heard {
    wire: u8,
    kind: Kind,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Datagram,
    Chunk,
    Text,
    Midi,
    Request,
    Reply(u16),
}

thread_local! {
    /// By device and side.
    static HEARD: RefCell<BTreeSet<(DeviceIx, Side, Heard)>> = const { RefCell::new(BTreeSet::new()) };
}

fn note(device: DeviceIx, side: Side, event: &WireEvent<'_>) {
    let WireEvent::Data { wire, payload, .. } = event else { return };
    let (kind, bytes) = match *payload {
        Payload::Datagram(bytes) => (Kind::Datagram, bytes),
        Payload::Chunk(bytes) => (Kind::Chunk, bytes),
        Payload::Text(text) => (Kind::Text, text.as_bytes()),
        Payload::Midi(bytes) => (Kind::Midi, bytes),
        Payload::HttpRequest { request, .. } => (Kind::Request, request),
        Payload::HttpReply { status, body, .. } => (Kind::Reply(status), body),
    };
    HEARD.with_borrow_mut(|heard| heard.insert((device, side, Heard { wire: wire.0, kind, bytes: bytes.to_vec() })));
}

struct Overheard<T: ?Sized> {
    device: DeviceIx,
    inner: Box<T>,
}

impl Driver for Overheard<dyn Driver> {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        note(self.device, Side::Driver, &event);
        self.inner.handle(now, event, out);
    }

    fn command(&mut self, now: Mono, command: &Command, out: &mut Out) {
        self.inner.command(now, command, out);
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        self.inner.tick(now, out);
    }

    fn next_due(&self) -> Option<Mono> {
        self.inner.next_due()
    }

    fn lighting(&mut self) -> Option<&mut dyn Lighting> {
        self.inner.lighting()
    }
}

impl Simulator for Overheard<dyn Simulator> {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        note(self.device, Side::Device, &event);
        self.inner.handle(now, event, out);
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        self.inner.tick(now, out);
    }

    fn next_due(&self) -> Option<Mono> {
        self.inner.next_due()
    }

    fn poke(&mut self, now: Mono, path: &str, value: &Value, out: &mut Out) {
        self.inner.poke(now, path, value, out);
    }

    fn peek(&self, path: &str) -> Option<Value> {
        self.inner.peek(path)
    }
}

fn of(plan: &Plan<'_>) -> Family {
    family(&plan.device().profile.family).unwrap()
}

fn overheard(name: &str) -> Option<Family> {
    let family = family(name)?;
    Some(Family {
        driver: |plan| Box::new(Overheard::<dyn Driver> { device: plan.device, inner: (of(&plan).driver)(plan) }),
        simulator: |plan| Box::new(Overheard::<dyn Simulator> { device: plan.device, inner: (of(&plan).simulator)(plan) }),
        ..family
    })
}

/// The family's shows under fire, which have a cue for each kind of action: one, and one more for each other wire.
fn shows(family: &str) -> Vec<(String, Arc<Show>)> {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fire")).unwrap();
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &std::path::Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    paths.retain(|path| name(path) == family || name(path).starts_with(&format!("{family}.")));
    let load = |path: &std::path::Path| load_text(&[("fire.toml".into(), std::fs::read_to_string(path).unwrap())]).show.unwrap();
    paths.iter().map(|path| (name(path), load(path))).collect()
}

/// Every cue of the show, played to the end of its actions.
fn play(show: &Arc<Show>) {
    let cabling = Cabling { simulate: &Simulate::All, seed: 1, any_port: true, family: overheard };
    let mut run = Run::new(show, cabling).unwrap();
    run.advance(Mono::ZERO + Span::secs(10));
    for cue in 0..u32::try_from(show.cues.len()).unwrap() {
        run.want(Intent::Start { cue: CueIx(cue) });
        run.advance(run.now() + Span::secs(8));
    }
}

/// One side of a device: as it is called.
enum Target {
    Driver(Box<dyn Driver>),
    Device(Box<dyn Simulator>),
}

impl Target {
    fn new(show: &Arc<Show>, device: DeviceIx, side: Side) -> Self {
        let plan = Plan { show, device };
        let family = of(&plan);
        match side {
            Side::Driver => Self::Driver((family.driver)(plan)),
            Side::Device => Self::Device((family.simulator)(plan)),
        }
    }

    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match self {
            Self::Driver(driver) => driver.handle(now, event, out),
            Self::Device(simulator) => simulator.handle(now, event, out),
        }
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        match self {
            Self::Driver(driver) => driver.tick(now, out),
            Self::Device(simulator) => simulator.tick(now, out),
        }
    }
}

/// What came, whole or in pieces.
fn feed(target: &mut Target, random: &mut SplitMix64, now: Mono, like: &Heard, bytes: &[u8], out: &mut Out) {
    let text = String::from_utf8_lossy(bytes);
    let from = Some("10.0.0.2:6454".parse().unwrap());
    let mut give = |payload| target.handle(now, WireEvent::Data { wire: WireId(like.wire), from, payload }, out);
    match like.kind {
        Kind::Datagram => give(Payload::Datagram(bytes)),
        Kind::Text => give(Payload::Text(&text)),
        Kind::Midi => give(Payload::Midi(bytes)),
        Kind::Request => give(Payload::HttpRequest { tag: random.below(8), request: bytes }),
        Kind::Reply(status) => {
            let status = if random.percent(70) { status } else { u16::try_from(random.below(600)).unwrap() };
            give(Payload::HttpReply { tag: random.below(64), status, body: bytes });
        }
        Kind::Chunk => {
            let mut rest = bytes;
            while !rest.is_empty() {
                let (piece, later) = rest.split_at(1 + below(random, rest.len()));
                give(Payload::Chunk(piece));
                rest = later;
            }
        }
    }
}

/// What one call gave back stays within bounds.
fn bounded(out: &mut Out) {
    let bytes: usize = out.sends.iter().map(|send| send.bytes.len()).sum();
    assert!(out.sends.len() <= MESSAGES_MAX && bytes <= BYTES_MAX, "{} messages of {bytes} bytes at once", out.sends.len());
    *out = Out::new();
}

fn fuzz(name: &str, show: &Arc<Show>, device: DeviceIx, side: Side, heard: &[Heard]) {
    let golden: Vec<Vec<u8>> = heard.iter().map(|heard| heard.bytes.clone()).collect();
    let (mut target, mut now, mut out) = (Target::new(show, device, side), Mono::ZERO, Out::new());
    for round in 0..super::rounds() {
        let mut random = SplitMix64::new(round);
        let like = pick(&mut random, heard);
        // Half of what comes is as it should be: what lies deep is reached by those who first speak well.
        let bytes = if random.percent(50) { like.bytes.clone() } else { damaged(&mut random, &golden) };
        super::holds(name, round, &bytes, || {
            if round % LIFE == 0 {
                target = Target::new(show, device, side);
                (0..4).for_each(|wire| target.handle(now, WireEvent::Up(WireId(wire)), &mut out));
            }
            if random.percent(2) {
                let wire = WireId(like.wire);
                target.handle(now, WireEvent::Down(wire, "pulled out".into()), &mut out);
                target.handle(now, WireEvent::Up(wire), &mut out);
            }
            feed(&mut target, &mut random, now, like, &bytes, &mut out);
            bounded(&mut out);
            now += Span::ms(if random.percent(3) { 20_000 } else { random.below(40) });
            target.tick(now, &mut out);
            bounded(&mut out);
        });
    }
}

#[test]
fn every_driver_and_simulator_takes_damaged_messages() {
    for (wire, show) in FAMILIES.iter().flat_map(|family| shows(family.name)) {
        HEARD.take();
        play(&show);
        let all = HEARD.take();
        for device in (0..u16::try_from(show.devices.len()).unwrap()).map(DeviceIx) {
            for side in [Side::Driver, Side::Device] {
                let heard: Vec<Heard> =
                    all.iter().filter(|(d, s, _)| *d == device && *s == side).map(|(_, _, heard)| heard.clone()).collect();
                let name = format!("family {wire}, device {}, {side:?}", device.0);
                if heard.is_empty() {
                    // A device that never answers gives its driver nothing to hear; nobody is silent on both sides.
                    assert!(all.iter().any(|(d, ..)| *d == device), "{name}: nothing was said");
                    continue;
                }
                fuzz(&name, &show, device, side, &heard);
            }
        }
    }
}
