//! MIDI input ports, by part of their name: opened when they are plugged in, watched once a second; and sessions of network MIDI.
//!
//! midir calls back on a thread of its own; the callback only puts the message into a bounded queue and rings.
//! A missing port is a health fact, never an error: it may be plugged in later.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crossbeam_queue::ArrayQueue;

use super::sys::Wake;
use crate::device_api::{Facet, Level};
use crate::show::Trigger;

/// Messages that wait for the stage; the oldest gives way.
const QUEUE: usize = 256;

/// What the ports say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MidiEvent {
    /// A message: a channel message as status and two data (unused data is 0), a quarter frame of MIDI time code, or system
    /// exclusive from F0 to F7. Clock and active sensing stay outside.
    Message {
        /// Index of the name pattern that the port was opened for.
        port: usize,
        /// Status and data.
        bytes: Box<[u8]>,
    },
    /// A port was found, lost, or cannot be opened.
    Health(Facet),
}

/// Open input ports.
#[derive(Debug)]
pub struct Inputs {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

/// What the threads share with the stage.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) patterns: Vec<Arc<str>>,
    events: ArrayQueue<MidiEvent>,
    wake: Wake,
    pub(super) over: AtomicBool,
}

impl Inputs {
    /// Watches for ports whose names contain the patterns; the first port that fits each is opened. Patterns of the network are those
    /// of whoever is let in at `listen`, a host and port.
    ///
    /// # Errors
    /// When the system gives no thread or descriptor.
    pub fn open(patterns: &[Arc<str>], listen: Option<&Arc<str>>) -> io::Result<Self> {
        let (events, wake) = (ArrayQueue::new(QUEUE), Wake::new()?);
        let shared = Arc::new(Shared { patterns: patterns.to_vec(), events, wake, over: AtomicBool::new(false) });
        let mut inputs = Self { shared, threads: vec![] };
        if patterns.iter().any(|pattern| !Trigger::is_network(pattern)) {
            inputs.spawn("midi", watch::run)?;
        }
        if let Some(listen) = listen.cloned().filter(|_| patterns.iter().any(|pattern| Trigger::is_network(pattern))) {
            inputs.spawn("network midi", move |shared| super::midi_network::run(shared, &listen))?;
        }
        Ok(inputs)
    }

    fn spawn(&mut self, name: &str, run: impl FnOnce(&Arc<Shared>) + Send + 'static) -> io::Result<()> {
        let own = self.shared.clone();
        self.threads.push(std::thread::Builder::new().name(name.into()).spawn(move || run(&own))?);
        Ok(())
    }

    /// Readable when [`Inputs::take`] has something.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.shared.wake.as_fd()
    }

    /// The next event; `None` silences the descriptor.
    #[must_use]
    pub fn take(&self) -> Option<MidiEvent> {
        self.shared.events.pop().or_else(|| {
            self.shared.wake.clear();
            self.shared.events.pop()
        })
    }
}

impl Drop for Inputs {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Release);
        self.threads.iter().for_each(|thread| thread.thread().unpark());
    }
}

impl Shared {
    pub(super) fn give(&self, event: MidiEvent) {
        drop(self.events.force_push(event));
        self.wake.ring();
    }

    pub(super) fn health(&self, port: usize, level: Level, text: &str) {
        let Some(pattern) = self.patterns.get(port) else { return };
        let facet = Facet { key: format!("midi/{pattern}").into(), level, text: format!("MIDI port \"{pattern}\": {text}").into() };
        self.give(MidiEvent::Health(facet));
    }
}

/// What a port gave, as a trigger sees it; `None` for what can trigger nothing.
pub(super) fn message(bytes: &[u8]) -> Option<Box<[u8]>> {
    let status = *bytes.first()?;
    let data = |at: usize| bytes.get(at).copied().unwrap_or(0);
    match status {
        0x80..0xF0 => Some(Box::new([status, data(1), data(2)])),
        0xF0 | 0xF1 if super::midi_wire::fits(bytes) => Some(bytes.into()),
        _ => None,
    }
}

/// Whether this machine has MIDI at all.
///
/// # Errors
/// That it has none, for the technician.
#[cfg(feature = "midi")]
pub(super) fn available() -> Result<(), String> {
    // ALSA's sequencer: without it opening a client fails and prints to stderr.
    if !cfg!(feature = "jack") && !std::path::Path::new("/dev/snd/seq").exists() {
        return Err("this machine has no MIDI (is the sound driver loaded?)".into());
    }
    Ok(())
}

/// Silences stderr while a sound library is called. One thread at a time: two that save and restore it would end with none.
#[cfg(feature = "midi")]
pub(super) fn quietly() -> (super::sys::QuietStderr, std::sync::MutexGuard<'static, ()>) {
    static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let guard = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    (super::sys::QuietStderr::new(), guard)
}

#[cfg(feature = "midi")]
mod watch {
    use std::time::Duration;

    use midir::{Ignore, MidiInput, MidiInputConnection};

    use super::*;
    const EVERY: Duration = Duration::from_secs(1);

    /// One pattern's port.
    #[derive(Default)]
    struct Port {
        open: Option<(String, MidiInputConnection<()>)>,
        told: Option<String>,
    }

    pub(super) fn run(shared: &Arc<Shared>) {
        let local = shared.patterns.iter().enumerate().filter(|(_, pattern)| !Trigger::is_network(pattern));
        let mut ports: Vec<(usize, Port)> = local.map(|(index, _)| (index, Port::default())).collect();
        let mut scanner = None;
        while !shared.over.load(Ordering::Acquire) {
            match names(&mut scanner) {
                Ok(names) => ports.iter_mut().for_each(|(index, port)| look(shared, *index, port, &names)),
                Err(why) => ports.iter_mut().for_each(|(index, port)| {
                    port.open = None;
                    tell(shared, *index, port, Level::Bad, &why);
                }),
            }
            std::thread::park_timeout(EVERY);
        }
    }

    fn names(scanner: &mut Option<MidiInput>) -> Result<Vec<String>, String> {
        available()?;
        let _quiet = quietly();
        let input = match scanner {
            Some(input) => input,
            none => none.insert(MidiInput::new("showcall ports").map_err(|e| format!("MIDI cannot be opened ({e})"))?),
        };
        Ok(input.ports().iter().filter_map(|port| input.port_name(port).ok()).collect())
    }

    fn look(shared: &Arc<Shared>, index: usize, port: &mut Port, names: &[String]) {
        if let Some((name, _)) = &port.open {
            if names.contains(name) {
                return;
            }
            port.open = None;
        }
        let Some(pattern) = shared.patterns.get(index) else { return };
        let Some(name) = names.iter().find(|name| name.contains(&**pattern)) else {
            let there = if names.is_empty() { "there are none".to_owned() } else { format!("there are: {}", names.join(", ")) };
            return tell(shared, index, port, Level::Bad, &format!("not found ({there})"));
        };
        match connect(shared, index, name) {
            Ok(connection) => {
                port.open = Some((name.clone(), connection));
                tell(shared, index, port, Level::Good, &format!("open: {name}"));
            }
            Err(why) => tell(shared, index, port, Level::Bad, &why),
        }
    }

    fn connect(shared: &Arc<Shared>, index: usize, name: &str) -> Result<MidiInputConnection<()>, String> {
        let _quiet = quietly();
        let failed = |e: &dyn std::fmt::Display| format!("cannot be opened ({e})");
        let mut input = MidiInput::new("showcall").map_err(|e| failed(&e))?;
        input.ignore(Ignore::ActiveSense);
        let ports = input.ports();
        let port = ports.iter().find(|port| input.port_name(port).is_ok_and(|n| n == name)).ok_or("has just gone")?;
        let own = shared.clone();
        let heard = move |_: u64, bytes: &[u8], (): &mut ()| {
            if let Some(bytes) = message(bytes) {
                own.give(MidiEvent::Message { port: index, bytes });
            }
        };
        input.connect(port, "triggers", heard, ()).map_err(|e| failed(&e))
    }

    fn tell(shared: &Shared, index: usize, port: &mut Port, level: Level, text: &str) {
        if port.told.as_deref() != Some(text) {
            shared.health(index, level, text);
            port.told = Some(text.to_owned());
        }
    }
}

#[cfg(not(feature = "midi"))]
mod watch {
    use super::*;

    pub(super) fn run(shared: &Arc<Shared>) {
        for (port, _) in shared.patterns.iter().enumerate().filter(|(_, pattern)| !Trigger::is_network(pattern)) {
            shared.health(port, Level::Bad, "this build has no MIDI (build with the feature \"midi\")");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::links::sys::Poller;

    #[test]
    fn channel_messages_show_control_and_time_code_can_trigger() {
        assert_eq!(message(&[0x90, 60, 100]).as_deref(), Some(&[0x90, 60, 100][..]));
        assert_eq!(message(&[0xC3, 5]).as_deref(), Some(&[0xC3, 5, 0][..]));
        for bytes in [&[0xF0, 0x7F, 0x01, 0x02, 0x01, 0x01, 0xF7][..], &[0xF1, 0x35]] {
            assert_eq!(message(bytes).as_deref(), Some(bytes));
        }
        for bytes in [&[][..], &[0xF8], &[0xFE], &[60, 100], &[0xF0; 5000]] {
            assert_eq!(message(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_port_that_is_not_there_is_a_health_fact() {
        let inputs = Inputs::open(&["no such port anywhere".into()], None).unwrap();
        let mut poller = Poller::new().unwrap();
        poller.add(inputs.fd(), 0).unwrap();
        poller.wait(None).unwrap();
        let event = inputs.take();
        assert!(matches!(&event, Some(MidiEvent::Health(facet)) if facet.level == Level::Bad), "{event:?}");
    }
}
