//! The controller's side: polls, frames to who takes them, and what the replies say.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::codec::{self, Dmx, Packet, PortAddress, SEQUENCE_AT, SLOTS_AT, SYNC, dmx_template};
use super::controls::Controls;
use super::nodes::{Heard, Nodes, name};
use super::reply::{Reply, STYLE_NODE};
use super::{FOREIGN_FOR, LATE_AFTER, Options, POLL_EVERY, PORT, PROBE_EVERY, WIRE};
use crate::device_api::{Command, Level, Op, Report};
use crate::devices::dmx::stream::{KEEP_ALIVE, Layout, Stream};
use crate::devices::dmx::sync::Sync;
use crate::devices::facets::{Facets, Picture};
use crate::devices::{Driver, Lighting, Out, Payload, Plan, WireEvent, earlier};
use crate::show::Show;
use crate::time::{Mono, Span};

/// Sequences run from 1 to 255: 0 means a sender that does not count.
static LAYOUT: Layout = Layout { sequence_at: SEQUENCE_AT, first_sequence: 1, slots_at: SLOTS_AT, copies: 0 };

/// Drives one node, or whoever answers at a broadcast address.
#[derive(Debug)]
pub struct Node {
    show: Arc<Show>,
    options: Options,
    /// The nodes' port.
    port: u16,
    offline_after: Span,
    streams: BTreeMap<PortAddress, Stream>,
    /// No stream needs repeating before this; a tick then works it out anew, so a frame need not look at all streams.
    repeat: Option<Mono>,
    nodes: Nodes,
    presence: Presence,
    /// Last reply, or when the wire came up.
    heard: Mono,
    next_poll: Option<Mono>,
    sync: Sync,
    controls: Controls,
    facets: Facets,
    /// Universes that no port takes, as of the last poll.
    unheard: Vec<PortAddress>,
    /// Nodes of a discovered network that left.
    gone: Vec<String>,
    /// Why the last send failed, until something comes.
    send_fault: Option<Arc<str>>,
    /// Somebody else's ArtDmx for one of our universes.
    foreign: Option<(Mono, PortAddress, Option<SocketAddr>)>,
}

/// Whether it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// The wire is down.
    Unwired,
    /// It has not answered yet and still may; frames go out.
    Unknown,
    /// It answers.
    Online,
    /// It misses polls; frames still go out.
    Late,
    /// It does not answer: one probe a second, no frames.
    Silent,
}

impl Node {
    /// A driver for a device.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let device = plan.device();
        Self {
            show: plan.show.clone(),
            options: Options::of(plan),
            port: if device.port == 0 { PORT } else { device.port },
            offline_after: device.profile.limits.offline_after,
            streams: BTreeMap::new(),
            repeat: None,
            nodes: Nodes::default(),
            presence: Presence::Unwired,
            heard: Mono::ZERO,
            next_poll: None,
            sync: Sync::default(),
            controls: Controls::new(plan, Options::of(plan)),
            facets: Facets::default(),
            unheard: Vec::new(),
            gone: Vec::new(),
            send_fault: None,
            foreign: None,
        }
    }

    fn up(&mut self, now: Mono, out: &mut Out) {
        self.heard = now;
        self.hurry();
        if self.options.answers {
            self.presence = Presence::Unknown;
            self.poll(now, out);
        } else {
            self.presence = Presence::Online;
            out.report(Report::Online { identity: None });
            out.report(Report::Synced);
        }
    }

    fn down(&mut self, why: Arc<str>, out: &mut Out) {
        self.presence = Presence::Unwired;
        self.next_poll = None;
        self.controls.lost();
        self.nodes.clear();
        self.unheard.clear();
        out.report(Report::Offline { why });
        self.judge(out);
    }

    fn silent(&mut self, now: Mono, why: Arc<str>, out: &mut Out) {
        self.presence = Presence::Silent;
        self.controls.lost();
        self.nodes.clear();
        self.unheard.clear();
        self.next_poll = Some(now + PROBE_EVERY);
        out.report(Report::Offline { why });
        self.judge(out);
    }

    fn poll(&mut self, now: Mono, out: &mut Out) {
        out.send(WIRE, codec::poll());
        self.next_poll = Some(now + if self.presence == Presence::Silent { PROBE_EVERY } else { POLL_EVERY });
    }

    fn reply(&mut self, now: Mono, from: Option<IpAddr>, reply: Reply, out: &mut Out) {
        // Other controllers answer polls too; they take no frames.
        let takes_none = reply.style != STYLE_NODE && reply.outputs().next().is_none();
        if !self.options.answers || self.options.discover && takes_none {
            return;
        }
        self.heard = now;
        self.send_fault = None;
        self.gone.retain(|gone| from.is_none_or(|ip| !gone.ends_with(&format!("({ip})"))));
        let came = matches!(self.presence, Presence::Unknown | Presence::Silent | Presence::Unwired);
        self.presence = Presence::Online;
        if came {
            let [major, minor] = reply.version.to_be_bytes();
            let identity = format!("{} firmware {major}.{minor}", name(&reply));
            out.report(Report::Online { identity: Some(identity.into()) });
            self.next_poll = Some(now + POLL_EVERY);
        }
        self.controls.heard(now, &reply, out);
        if came {
            out.report(Report::Synced);
        }
        let heard = self.nodes.heard(now, from, reply);
        if heard == Heard::Rebooted {
            out.report(Report::Restarted);
        }
        if came || heard != Heard::Again {
            self.hurry();
        }
        self.unheard.retain(|address| !self.nodes.outputs(*address));
        self.judge(out);
    }

    /// Nobody is at an address that failed before it ever answered; later it is a fact to show, and frames still leave.
    fn send_failed(&mut self, now: Mono, to: Option<SocketAddr>, why: Arc<str>, out: &mut Out) {
        if self.presence == Presence::Unknown && !self.options.discover {
            self.silent(now, why, out);
        } else if self.presence != Presence::Silent {
            self.send_fault = Some(to.map_or_else(|| why.clone(), |to| format!("{}: {why}", to.ip()).into()));
            self.judge(out);
        }
    }

    /// ArtDmx is unicast to nodes, so one that reaches a controller is another controller's broadcast.
    fn foreign(&mut self, now: Mono, from: Option<SocketAddr>, dmx: Dmx<'_>, out: &mut Out) {
        if self.streams.contains_key(&dmx.address) {
            self.foreign = Some((now, dmx.address, from));
            self.judge(out);
        }
    }

    /// What time alone changes.
    fn age(&mut self, now: Mono, out: &mut Out) {
        let quiet = now.since(self.heard);
        match self.presence {
            Presence::Unknown | Presence::Online | Presence::Late if self.options.answers && quiet >= self.offline_after => {
                self.silent(now, format!("no answer to ArtPoll for {}", self.offline_after).into(), out);
            }
            Presence::Online if self.options.answers && quiet >= LATE_AFTER => self.presence = Presence::Late,
            _ => {}
        }
        self.gone.extend(self.nodes.forget(now, self.offline_after));
        self.gone.sort_unstable();
        self.gone.dedup();
        if self.foreign.is_some_and(|(at, ..)| now.since(at) >= FOREIGN_FOR) {
            self.foreign = None;
        }
    }

    fn judge(&mut self, out: &mut Out) {
        let mut picture = Picture::default();
        self.nodes.judge(|address| self.streams.contains_key(&address), &mut picture);
        for address in &self.unheard {
            let Some(universe) = self.streams.get(address).and_then(|s| self.show.rig.universes.get(usize::from(s.universe))) else {
                continue;
            };
            let text = format!("universe {} has no subscriber: {}", universe.number, self.nodes.why_nobody(*address));
            picture.add(format!("subscriber/{}", universe.number), Level::Bad, text);
        }
        for node in &self.gone {
            picture.add(format!("node/{node}"), Level::Bad, format!("{node} no longer answers: check its power and network"));
        }
        if self.presence == Presence::Late {
            picture.add("answers", Level::Warn, "it missed two polls: check its network");
        }
        if let Some(why) = &self.send_fault {
            picture.add("send", Level::Warn, format!("frames do not leave: {why}"));
        }
        if let Some((_, address, from)) = &self.foreign {
            let who = from.map_or_else(|| "another controller".to_owned(), |a| a.ip().to_string());
            picture.add(
                format!("foreign/{address}"),
                Level::Warn,
                format!("{who} also sends {address}: stop it, or give it other universes"),
            );
        }
        self.facets.show(picture, out);
    }

    /// All streams are repeated at the next tick: somebody new listens.
    fn hurry(&mut self) {
        self.streams.values_mut().for_each(Stream::hurry);
        self.repeat = (!self.streams.is_empty()).then_some(Mono::ZERO);
    }

    /// Frames leave unless nobody is there to take them.
    const fn sends(&self) -> bool {
        matches!(self.presence, Presence::Unknown | Presence::Online | Presence::Late)
    }

    /// Sends a stream's next packet to all who take it.
    fn emit(&mut self, now: Mono, address: PortAddress, out: &mut Out) {
        let Some(stream) = self.streams.get_mut(&address) else { return };
        let packet = &*stream.next(now);
        self.repeat = earlier(self.repeat, Some(now + KEEP_ALIVE));
        if !self.options.discover || self.options.broadcast {
            let mut bytes = out.buffer();
            bytes.extend_from_slice(packet);
            out.send(WIRE, bytes);
        } else {
            for host in self.nodes.subscribers(address, self.port) {
                let mut bytes = out.buffer();
                bytes.extend_from_slice(packet);
                out.send_to(WIRE, host, bytes);
            }
        }
    }
}

impl Driver for Node {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        match event {
            WireEvent::Up(WIRE) => self.up(now, out),
            WireEvent::Down(WIRE, why) => self.down(why, out),
            WireEvent::SendFailed { wire: WIRE, to, why } => self.send_failed(now, to, why, out),
            WireEvent::Data { wire: WIRE, from, payload: Payload::Datagram(bytes) } => match codec::parse(bytes) {
                Some(Packet::Reply(reply)) => self.reply(now, from.map(|a| a.ip()), *reply, out),
                Some(Packet::Dmx(dmx)) => self.foreign(now, from, dmx, out),
                Some(_) | None => {}
            },
            _ => {}
        }
    }

    fn command(&mut self, now: Mono, command: &Command, out: &mut Out) {
        if !self.sends() && matches!(command.op, Op::Set { .. } | Op::Fade { .. }) {
            return out.report(Report::Refused { action: command.action, why: "the node does not answer".into() });
        }
        self.controls.command(now, command, out);
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        if self.presence == Presence::Unwired {
            return;
        }
        self.age(now, out);
        if self.next_poll.is_some_and(|at| now >= at) {
            // A whole poll has passed, so every bound device of the node has had its time to answer.
            let answered = self.presence == Presence::Online && self.options.answers && !self.options.broadcast;
            let unheard = self.streams.keys().copied().filter(|a| answered && !self.nodes.outputs(*a));
            self.unheard = unheard.collect();
            self.poll(now, out);
        }
        self.judge(out);
        if self.sends() {
            self.controls.tick(now, out);
        }
        if self.options.sync && self.sync.take(now) {
            out.send(WIRE, SYNC.to_vec());
        }
        if self.sends() && self.repeat.is_some_and(|at| now >= at) {
            let due: Vec<PortAddress> = self.streams.iter().filter(|(_, s)| now >= s.due()).map(|(a, _)| *a).collect();
            for address in due {
                self.emit(now, address, out);
            }
            self.repeat = self.streams.values().map(Stream::due).min();
        }
    }

    fn next_due(&self) -> Option<Mono> {
        let mut due = self.next_poll;
        if self.sends() {
            due = earlier(earlier(due, self.repeat), self.controls.next_due());
        }
        if self.options.sync && self.presence != Presence::Unwired {
            due = earlier(due, self.sync.next_due());
        }
        if self.options.answers {
            due = match self.presence {
                Presence::Unwired | Presence::Silent => due,
                Presence::Online => earlier(due, Some(self.heard + LATE_AFTER.min(self.offline_after))),
                Presence::Unknown | Presence::Late => earlier(due, Some(self.heard + self.offline_after)),
            };
        }
        due
    }

    fn lighting(&mut self) -> Option<&mut dyn Lighting> {
        Some(self)
    }
}

impl Lighting for Node {
    fn frame(&mut self, now: Mono, index: u16, address: u16, slots: &[u8; 512], out: &mut Out) {
        let address = PortAddress(address & 0x7fff);
        self.streams.entry(address).or_insert_with(|| Stream::new(index, &LAYOUT, dmx_template(address))).load(slots);
        if self.sends() {
            self.emit(now, address, out);
            if self.options.sync {
                self.sync.framed(now, address.0);
            }
        }
    }

    fn let_go(&mut self, _: Mono, out: &mut Out) {
        self.streams.clear();
        self.unheard.clear();
        (self.repeat, self.sync) = (None, Sync::default());
        self.judge(out);
    }

    fn frames_done(&mut self, now: Mono, out: &mut Out) {
        if self.options.sync && self.sync.whole(now) {
            out.send(WIRE, SYNC.to_vec());
        }
    }
}
