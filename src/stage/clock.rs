//! The stage clock: the one thread that keeps time, and everything that leaves as a datagram leaves from it.
//!
//! It waits in one place for one of three things: an intent, a packet, or the next due time. At each wake it does
//! 1. what the clocks demand (a stall, a wall step),
//! 2. due work,
//! 3. intents,
//! 4. what devices say, in slices with 2 and 3 between them, and only then
//! 5. what may wait: the sign of life, a checkpoint, the snapshot.
//!
//! While a cue stands by it also wakes every 10 ms and sends itself one datagram over loopback, so that a GO after a long silence finds
//! its way warm ([`crate::links::warm`]).
//!
//! It takes no lock that a normal thread holds, and it never spins.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;

use super::core::Core;
use super::handle::{Order, Shared};
use super::watch::Watch;
use crate::devices::artnet;
use crate::engine::{By, Facet, Input, Intent, Level};
use crate::links::Inbox;
use crate::links::budget::FloodEvent;
use crate::links::midi::{Inputs, MidiEvent};
use crate::links::senders::{SenderNews, Senders};
use crate::links::sys::{self, Poller};
use crate::links::warm::Warm;
use crate::remote::artnet::Ear;
use crate::remote::midi;
use crate::remote::osc::{OscOut, Port};
use crate::time::{Mono, Span};

/// Real-time priority asked for; below what audio servers take.
const PRIORITY: u8 = 50;
/// Datagrams taken from the remote-control socket at one wake.
const PACKETS: usize = 32;
/// Intents taken at one wake.
const ORDERS: usize = 64;
/// The eventfd's key in the poller.
const RUNG: u64 = 0;
/// The longest wait: a machine that slept is noticed within it.
const LONGEST: Span = Span::ms(100);
/// Between the last three frames; a universe takes none closer than 20 ms.
const LAST_FRAMES: Span = Span::ms(25);
/// What `at_exit` sent may still be on its way for so long.
const LAST_WORDS: Span = Span::ms(300);

/// The show's clock on the machine's.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    base: u64,
}

impl Clock {
    /// A clock that shows `mono` now.
    #[must_use]
    pub fn showing(mono: Mono) -> Self {
        Self { base: sys::boottime().0.wrapping_sub(mono.0) }
    }

    /// A clock that goes on from a recorded base within the same boot.
    #[must_use]
    pub const fn of_base(base: u64) -> Self {
        Self { base }
    }

    /// Where it starts on the machine's clock; wraps.
    #[must_use]
    pub const fn base(self) -> u64 {
        self.base
    }

    /// Now.
    #[must_use]
    pub fn now(self) -> Mono {
        Mono(sys::boottime().0.wrapping_sub(self.base))
    }
}

/// The remote control's socket and its reader.
pub(super) struct Remote {
    pub(super) inbox: Inbox,
    pub(super) port: Port,
}

/// Incoming MIDI and the port names that the show listens to, in the order in which they were opened.
pub(super) struct MidiIn {
    pub(super) inputs: Inputs,
    pub(super) ports: Vec<Arc<str>>,
    /// What they have said so far.
    pub(super) ears: midi::Ears,
}

/// What is said to the show by Art-Net.
pub(super) struct ArtIn {
    /// A port of its own; `None`: the devices' is overheard.
    pub(super) inbox: Option<Inbox>,
    /// Only senders of this machine are heard.
    pub(super) near: bool,
    pub(super) ear: Ear,
}

/// The thread's own state.
pub(super) struct Stage {
    pub(super) clock: Clock,
    pub(super) core: Core,
    pub(super) shared: Arc<Shared>,
    pub(super) remote: Option<Remote>,
    pub(super) midi: Option<MidiIn>,
    art: Option<ArtIn>,
    pub(super) watch: Watch,
    /// The first input of this process: begin or resumed.
    pub(super) first: Option<Input>,
    poller: Poller,
    /// The eventfd of [`Shared::wake`] was ready at the last wait: only then is it read, for that is a system call before a GO by packet.
    rung: bool,
    warm: Warm,
    buffer: Vec<u8>,
    seen: Vec<Input>,
    osc: OscOut,
    /// How much of the remote control and of Art-Net is looked at.
    senders: Senders,
    floods: Vec<SenderNews>,
    ending: Option<String>,
}

impl Stage {
    pub(super) fn new(
        clock: Clock,
        core: Core,
        shared: Arc<Shared>,
        remote: Option<Remote>,
        watch: Watch,
        first: Input,
    ) -> io::Result<Self> {
        let poller = Poller::new()?;
        poller.add(shared.wake.as_fd(), RUNG)?;
        if let Some(remote) = &remote {
            poller.add(remote.inbox.fd(), 1)?;
        }
        if let Some(fd) = core.rack().fd() {
            poller.add(fd, 2)?;
        }
        let (buffer, seen, osc) = (vec![0; 65_536], Vec::new(), OscOut::default());
        Ok(Self {
            clock,
            core,
            shared,
            remote,
            midi: None,
            art: None,
            watch,
            first: Some(first),
            poller,
            rung: true,
            warm: Warm::new(),
            buffer,
            seen,
            osc,
            senders: Senders::default(),
            floods: Vec::new(),
            ending: None,
        })
    }

    /// Listens to MIDI ports too.
    ///
    /// # Errors
    /// When the kernel does not watch the descriptor.
    pub(super) fn listen(&mut self, midi: MidiIn) -> io::Result<()> {
        self.poller.add(midi.inputs.fd(), 3)?;
        self.midi = Some(midi);
        Ok(())
    }

    /// Listens to Art-Net too.
    ///
    /// # Errors
    /// When the kernel does not watch the descriptor.
    pub(super) fn listen_to_art(&mut self, art: ArtIn) -> io::Result<()> {
        if let Some(inbox) = &art.inbox {
            self.poller.add(inbox.fd(), 4)?;
        }
        self.art = Some(art);
        Ok(())
    }

    /// Runs until it is told to end. True: in order. `starting` is let go once the wires of the devices, over which triggers may come,
    /// are open.
    pub(super) fn run(mut self, starting: mpsc::Sender<()>) -> bool {
        let good = catch_unwind(AssertUnwindSafe(|| self.live(starting))).is_ok();
        if !good {
            let text = "the stage failed inside showcall: this run is over, start it again to resume".to_owned();
            let now = self.clock.now();
            self.core.say(now, text);
        }
        self.shared.over.store(true, Ordering::Release);
        good
    }

    fn live(&mut self, starting: mpsc::Sender<()>) {
        self.prepare();
        self.wake();
        drop(starting);
        loop {
            if let Some(why) = self.ending.take() {
                return self.end(why);
            }
            self.wait();
            self.wake();
        }
    }

    fn prepare(&mut self) {
        let facet = |key: &str, text: String| Facet { key: key.into(), level: Level::Notice, text: text.into() };
        if let Err(error) = sys::tighten_timer_slack() {
            self.core.fact(facet("timer", format!("fine timers refused ({error}): timed actions may be 50 us late")));
        }
        if let Err(why) = sys::ask_real_time(PRIORITY) {
            self.core.fact(facet("priority", why));
        }
    }

    /// One wake; see the top of this file.
    pub(super) fn wake(&mut self) {
        let now = self.clock.now();
        // Before anything else: any other input would run what was due while the process was gone.
        if let Some(first) = self.first.take() {
            self.core.open(now);
            self.core.input(now, first);
        }
        self.watch.look(now, sys::wall(), &mut self.seen);
        for input in std::mem::take(&mut self.seen) {
            self.core.input(now, input);
        }
        self.core.due(now);
        self.pressing();
        self.core.look(self.clock.now());
        while self.core.read(self.clock.now()) {
            // However much devices have to say, what is due and whoever wants something waits for a slice of it at the most.
            self.core.due(self.clock.now());
            self.pressing();
        }
        self.words();
        self.tell_floods();
        let now = self.clock.now();
        self.core.due(now);
        self.core.rest(now);
    }

    /// What people and other machines want of the show.
    fn pressing(&mut self) {
        self.orders();
        self.notes();
        self.packets();
    }

    fn orders(&mut self) {
        if std::mem::take(&mut self.rung) {
            self.shared.wake.clear();
        }
        for _ in 0..ORDERS {
            let Some(order) = self.shared.orders.pop() else { return };
            let now = self.clock.now();
            match order {
                // Ending is the stage's own work: it gives the intent when its time has come.
                Order::Intent(Intent::Quit, By::Key(_) | By::Show) => self.ending = Some("quit".into()),
                Order::Intent(Intent::Quit, _) => self.core.say(now, "a remote asked to quit: only the console at this machine may".into()),
                Order::Intent(intent, by) => self.core.intent(now, intent, by),
                Order::Say(text) => self.core.say(now, text),
                Order::End(why) => self.ending = Some(why),
            }
        }
        // More wait: the next wake is at once.
        self.shared.wake.ring();
    }

    /// MIDI messages that the show has a trigger for.
    fn notes(&mut self) {
        for _ in 0..PACKETS {
            let Some(event) = self.midi.as_ref().and_then(|midi| midi.inputs.take()) else { return };
            let now = self.clock.now();
            match event {
                MidiEvent::Message { port, bytes } => {
                    let Some(own) = self.midi.as_mut() else { continue };
                    let Some(port) = own.ports.get(port).cloned() else { continue };
                    let heard = own.ears.hear(&self.shared.show, &self.shared.snapshot.load(), &port, &bytes);
                    for intent in heard.intents {
                        self.core.intent(now, intent, By::Midi(port.clone()));
                    }
                    if let Some(fact) = heard.fact {
                        self.core.fact(fact);
                    }
                }
                MidiEvent::Health(facet) => self.core.fact(facet),
            }
        }
    }

    fn packets(&mut self) {
        for _ in 0..PACKETS {
            let Some((from, length)) = self.remote.as_ref().and_then(|remote| remote.inbox.receive(&mut self.buffer)) else { return };
            let now = self.clock.now();
            if !self.senders.admits(now, from, length, &mut self.floods) {
                continue;
            }
            let Some(remote) = &mut self.remote else { return };
            let bytes = self.buffer.get(..length).unwrap_or_default();
            remote.port.handle(now, from, bytes, &self.shared.show, &self.shared.snapshot.load(), &mut self.osc);
            for intent in self.osc.intents.drain(..) {
                self.core.intent(now, intent, By::Osc(from.to_string().into()));
            }
            for (to, reply) in self.osc.replies.drain(..) {
                remote.inbox.reply(to, &reply);
            }
        }
    }

    /// Senders of which more comes than is looked at.
    fn tell_floods(&mut self) {
        self.senders.tick(self.clock.now(), &mut self.floods);
        for (from, event) in self.floods.drain(..) {
            let who = from.map_or_else(|| "all senders together".to_owned(), |from| from.to_string());
            let level = if event == FloodEvent::Ended { Level::Good } else { Level::Warn };
            let limit = if from.is_some() { "1,000" } else { "4,000" };
            let text = format!("remote control: {who} sent more than {limit} messages a second: the rest is not looked at");
            self.core.fact(Facet { key: format!("flood/{who}").into(), level, text: text.into() });
        }
    }

    /// ArtTrigger and ArtTimeCode that the show has a trigger for.
    fn words(&mut self) {
        for _ in 0..PACKETS {
            let Some(art) = &mut self.art else { return };
            let (from, word): (SocketAddr, _) = match &art.inbox {
                None => match self.core.take_word() {
                    Some((from, word)) => (from, Some(word)),
                    None => return,
                },
                Some(inbox) => match inbox.receive(&mut self.buffer) {
                    Some((from, length)) => (from, artnet::word(self.buffer.get(..length).unwrap_or_default())),
                    None => return,
                },
            };
            let Some(word) = word.filter(|_| !art.near || from.ip().is_loopback()) else { continue };
            let now = self.clock.now();
            if !self.senders.admits(now, from, 0, &mut self.floods) {
                continue;
            }
            for intent in art.ear.hear(now, &self.shared.show, from.ip(), word) {
                self.core.intent(now, intent, By::Artnet(from.ip().to_string().into()));
            }
        }
    }

    fn wait(&mut self) {
        let now = self.clock.now();
        let mut due = self.core.next_due().map_or(LONGEST, |due| due.since(now).min(LONGEST));
        if self.core.stands_by() {
            self.warm.tick(now);
            due = due.min(self.warm.next_due().since(now));
        }
        // A failed wait is a wake without a reason; the next one asks the kernel again after due work.
        self.rung = self.poller.wait(Some(due)).map_or(true, |keys| keys.contains(&RUNG));
    }

    /// Ends in order: what `at_exit` says, the ends of notes that sound, the last frame three times, the last lines.
    fn end(&mut self, why: String) {
        self.core.intent(self.clock.now(), Intent::Quit, By::Show);
        self.linger(LAST_WORDS);
        self.core.last_call(self.clock.now());
        for _ in 0..3 {
            self.core.last_frames(self.clock.now());
            self.linger(LAST_FRAMES);
        }
        self.core.end(self.clock.now(), why);
    }

    /// Goes on with due work and devices, but takes no more intents.
    fn linger(&mut self, span: Span) {
        let until = self.clock.now() + span;
        loop {
            let now = self.clock.now();
            self.core.due(now);
            self.core.look(now);
            while self.core.read(now) {
                self.core.due(self.clock.now());
            }
            self.core.rest(now);
            if now >= until {
                return;
            }
            let due = self.core.next_due().map_or(until, |due| due.min(until));
            // As in `wait`; intents and packets of the remote are left where they are.
            std::thread::sleep(std::time::Duration::from_nanos(due.since(self.clock.now()).0.clamp(100_000, 5_000_000)));
        }
    }
}
