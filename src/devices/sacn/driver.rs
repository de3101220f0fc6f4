//! The source's side: frames, keep-alives, synchronization, universe discovery, the end of a stream; and an ear for other sources.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use super::codec::{self, Identity, OPTIONS_AT, PAGE, Packet, SEQUENCE_AT, SLOTS_AT, group_address, option};
use super::ears::Ears;
use super::{DATA, DISCOVERY_EVERY, LISTEN, Options, TERMINATE_EVERY, TERMINATIONS};
use crate::device_api::{Command, Level, Op, Report};
use crate::devices::dmx::stream::{Layout, Stream};
use crate::devices::dmx::sync::Sync;
use crate::devices::facets::{Facets, Picture};
use crate::devices::{Driver, Lighting, Out, Payload, Plan, WireEvent, WireId, earlier};
use crate::show::DEFAULT_PRIORITY;
use crate::time::{Mono, Span};

/// A change is sent once and three times more (6.6.1).
static LAYOUT: Layout = Layout { sequence_at: SEQUENCE_AT, first_sequence: 0, slots_at: SLOTS_AT, copies: 3 };
/// A send that failed is told for this long.
const FAULT_FOR: Span = Span::secs(5);
/// Between two packets of one round that ends streams: more at once overruns a node's buffer.
const SPREAD: Span = Span(40_000);

/// Sends the universes of one device.
#[derive(Debug)]
pub struct Source {
    options: Options,
    /// By sACN universe.
    priorities: BTreeMap<u16, u8>,
    streams: BTreeMap<u16, Stream>,
    /// No stream needs repeating before this; a tick then works it out anew.
    repeat: Option<Mono>,
    /// The data wire is up.
    up: bool,
    /// Why nobody else can be heard.
    deaf: Option<Arc<str>>,
    /// When universe discovery is sent.
    announce: Option<Mono>,
    sync: Sync,
    sync_sequence: u8,
    ears: Ears,
    facets: Facets,
    send_fault: Option<(Mono, Arc<str>)>,
    /// Packets that end streams and are still to be sent, by their time.
    ending: VecDeque<(Mono, u16)>,
    /// showcall ends: nothing begins any more.
    over: bool,
}

impl Source {
    /// A driver for a device.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        Self {
            options: Options::of(plan),
            priorities: super::outputs(plan),
            streams: BTreeMap::new(),
            repeat: None,
            up: false,
            deaf: None,
            announce: None,
            sync: Sync::default(),
            sync_sequence: 0,
            ears: Ears::default(),
            facets: Facets::default(),
            send_fault: None,
            ending: VecDeque::new(),
            over: false,
        }
    }

    const fn who(&self) -> &Identity {
        &self.options.identity
    }

    fn data_up(&mut self, now: Mono, out: &mut Out) {
        self.up = true;
        self.send_fault = None;
        self.streams.values_mut().for_each(Stream::hurry);
        self.repeat = (!self.streams.is_empty()).then_some(now);
        self.announce = self.repeat;
        // Receivers do not answer: that packets can leave is all that can be known.
        out.report(Report::Online { identity: None });
        out.report(Report::Synced);
    }

    fn send(&self, universe: u16, bytes: Vec<u8>, out: &mut Out) {
        if self.options.unicast { out.send(DATA, bytes) } else { out.send_to(DATA, self.group(universe), bytes) }
    }

    fn group(&self, universe: u16) -> SocketAddr {
        SocketAddr::new(group_address(universe).ip(), self.options.port)
    }

    /// Sends a stream's next packet.
    fn emit(&mut self, now: Mono, universe: u16, options: u8, out: &mut Out) {
        let Some(stream) = self.streams.get_mut(&universe) else { return };
        let mut bytes = out.buffer();
        let packet = stream.next(now);
        if let Some(flags) = packet.get_mut(OPTIONS_AT) {
            *flags = *flags & !option::TERMINATED | options;
        }
        bytes.extend_from_slice(packet);
        self.repeat = earlier(self.repeat, Some(stream.due()));
        self.send(universe, bytes, out);
        if self.options.sync.is_some() {
            self.sync.framed(now, universe);
        }
        if self.announce.is_none() {
            self.announce = Some(now);
        }
    }

    /// The synchronization packet.
    fn synchronize(&mut self, out: &mut Out) {
        let Some(address) = self.options.sync else { return };
        let packet = codec::sync(self.who().cid, self.sync_sequence, address);
        self.sync_sequence = self.sync_sequence.wrapping_add(1);
        self.send(address, packet, out);
    }

    /// All pages of universe discovery.
    fn discover(&mut self, now: Mono, out: &mut Out) {
        self.announce = Some(now + DISCOVERY_EVERY);
        let mut universes: Vec<u16> = self.streams.iter().filter(|(_, stream)| stream.has_sent()).map(|(universe, _)| *universe).collect();
        if universes.is_empty() {
            return;
        }
        universes.extend(self.options.sync);
        universes.sort_unstable();
        universes.dedup();
        let last = u8::try_from(universes.len().div_ceil(PAGE).saturating_sub(1)).unwrap_or(u8::MAX);
        // Discovery is multicast whatever carries the data (8.1).
        let wire = if self.options.unicast { LISTEN } else { DATA };
        for (page, universes) in (0..=last).zip(universes.chunks(PAGE)) {
            out.send_to(wire, self.group(codec::DISCOVERY_UNIVERSE), codec::discovery(self.who(), page, last, universes));
        }
    }

    fn hear(&mut self, now: Mono, from: Option<SocketAddr>, bytes: &[u8], out: &mut Out) {
        let own = self.who().cid;
        let news = match codec::parse(bytes) {
            Some(Packet::Data(data)) if data.cid != own && self.priorities.contains_key(&data.universe) => self.ears.data(now, from, &data),
            Some(Packet::Discovery(page)) if page.cid != own => self.ears.discovery(now, from, &page),
            _ => false,
        };
        if news {
            self.judge(out);
        }
    }

    fn judge(&mut self, out: &mut Out) {
        let mut picture = Picture::default();
        if let Some(why) = &self.deaf {
            picture.add("listen", Level::Warn, format!("other sources of our universes cannot be heard: {why}"));
        }
        if let Some((_, why)) = &self.send_fault {
            picture.add("send", Level::Warn, format!("frames do not leave: {why}"));
        }
        if self.options.preview {
            picture.add("preview", Level::Notice, "its frames are for visualisers: nodes do not output them");
        }
        self.ears.judge(|universe| self.priorities.get(&universe).copied(), &mut picture);
        self.facets.show(picture, out);
    }

    /// Three packets with Stream_Terminated for every stream: receivers let go at once, and a backup takes over.
    fn end_all(&mut self, now: Mono, out: &mut Out) {
        let universes: Vec<u16> = self.streams.iter().filter(|(_, stream)| stream.has_sent()).map(|(universe, _)| *universe).collect();
        let round = |round: u64| {
            let start = now + Span(TERMINATE_EVERY.0 * round);
            (0..).zip(&universes).map(move |(nth, universe)| (start + Span(SPREAD.0 * nth), *universe))
        };
        self.ending = (0..TERMINATIONS).flat_map(round).collect();
        self.streams.retain(|universe, _| universes.binary_search(universe).is_ok());
        if self.up {
            self.end_due(now, out);
        }
    }

    /// The packets that end streams and whose time it is.
    fn end_due(&mut self, now: Mono, out: &mut Out) {
        while let Some((_, universe)) = self.ending.front().copied().filter(|(due, _)| *due <= now) {
            self.ending.pop_front();
            self.emit(now, universe, option::TERMINATED, out);
            if !self.ending.iter().any(|(_, other)| *other == universe) {
                self.streams.remove(&universe);
            }
        }
        if self.streams.is_empty() {
            (self.repeat, self.announce, self.sync) = (None, None, Sync::default());
        }
    }
}

impl Driver for Source {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Up(DATA) => self.data_up(now, out),
            WireEvent::Down(DATA, why) => {
                self.up = false;
                out.report(Report::Offline { why });
            }
            WireEvent::Up(LISTEN) => self.deaf = None,
            WireEvent::Down(LISTEN, why) => {
                self.ears.clear();
                self.deaf = Some(why);
            }
            WireEvent::SendFailed { wire: WireId(_), why, .. } => self.send_fault = Some((now, why)),
            WireEvent::Data { wire: LISTEN, from, payload: Payload::Datagram(bytes) } => return self.hear(now, from, bytes, out),
            _ => return,
        }
        self.judge(out);
    }

    fn command(&mut self, _: Mono, command: &Command, out: &mut Out) {
        if matches!(command.op, Op::Set { .. } | Op::Fade { .. }) {
            let why = "an sACN node has no properties to set (light it through its universes)".into();
            out.report(Report::Refused { action: command.action, why });
        }
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        let healed = self.send_fault.as_ref().is_some_and(|(at, _)| now.since(*at) >= FAULT_FOR);
        if healed {
            self.send_fault = None;
        }
        if self.ears.age(now) || healed {
            self.judge(out);
        }
        if !self.up {
            return;
        }
        if !self.ending.is_empty() {
            return self.end_due(now, out);
        }
        if self.repeat.is_some_and(|at| now >= at) {
            let due: Vec<u16> = self.streams.iter().filter(|(_, s)| now >= s.due()).map(|(universe, _)| *universe).collect();
            for universe in due {
                self.emit(now, universe, 0, out);
            }
            self.repeat = self.streams.values().map(Stream::due).min();
            // Receivers that miss synchronization packets for 2.5 s stop to wait for them: repeats have theirs too.
            if self.sync.whole(now) {
                self.synchronize(out);
            }
        }
        if self.announce.is_some_and(|at| now >= at) {
            self.discover(now, out);
        }
        if self.sync.take(now) {
            self.synchronize(out);
        }
    }

    fn next_due(&self) -> Option<Mono> {
        let mut due = earlier(self.ears.next_due(), self.send_fault.as_ref().map(|(at, _)| *at + FAULT_FOR));
        if self.up {
            due = match self.ending.front() {
                Some((at, _)) => earlier(due, Some(*at)),
                None => earlier(earlier(due, self.sync.next_due()), earlier(self.repeat, self.announce)),
            };
        }
        due
    }

    fn last_call(&mut self, now: Mono, out: &mut Out) {
        if !std::mem::replace(&mut self.over, true) {
            self.end_all(now, out);
        }
    }

    fn lighting(&mut self) -> Option<&mut dyn Lighting> {
        Some(self)
    }
}

impl Lighting for Source {
    fn frame(&mut self, now: Mono, index: u16, address: u16, slots: &[u8; 512], out: &mut Out) {
        if self.over {
            return;
        }
        // It goes on after all.
        self.ending.retain(|(_, ends)| *ends != address);
        let stream = self.streams.entry(address).or_insert_with(|| {
            let priority = self.priorities.get(&address).copied().unwrap_or(DEFAULT_PRIORITY);
            let synchronous = if self.options.sync.is_some() { option::FORCE_SYNC } else { 0 };
            let options = synchronous | if self.options.preview { option::PREVIEW } else { 0 };
            let packet = codec::data_template(&self.options.identity, address, priority, self.options.sync.unwrap_or(0), options);
            Stream::new(index, &LAYOUT, packet)
        });
        stream.load(slots);
        if self.up {
            self.emit(now, address, 0, out);
        }
    }

    fn let_go(&mut self, now: Mono, out: &mut Out) {
        if !self.over {
            self.end_all(now, out);
        }
    }

    fn frames_done(&mut self, now: Mono, out: &mut Out) {
        if self.up && self.sync.whole(now) {
            self.synchronize(out);
        }
    }
}
