//! Puts a run together and starts it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use crossbeam_queue::ArrayQueue;

use super::Handle;
use super::clock::{ArtIn, Clock, MidiIn, Remote, Stage};
use super::core::Core;
use super::journal::memory::{self, Memory};
use super::journal::writer::Writer;
use super::journal::{self, Entry, Header, Lock, LockError, Log, Process, ReadError, Record, folder, ring};
use super::resume::{self, Choice, Previous, Verdict};
use super::watch::Watch;
use crate::engine::{Engine, Input, Mode, Resumed};
use crate::links::midi::Inputs;
use crate::links::sys::{self, Wake};
use crate::links::{Inbox, Rack, Simulate};
use crate::remote::artnet::Ear;
use crate::remote::midi::Ears;
use crate::remote::osc::Port;
use crate::show::{Show, Trigger};
use crate::time::{Mono, Span};

/// All that a run needs to know.
#[derive(Debug, Clone)]
pub struct Options {
    /// The checked show.
    pub show: Arc<Show>,
    /// Name and text of its file and of the profiles it uses; they go into the journal.
    pub sources: Arc<[(String, String)]>,
    /// Which devices are simulated.
    pub simulate: Simulate,
    /// `host:port` where OSC remote control listens; `None`: what the show says.
    pub osc: Option<String>,
    /// The journal's folder; made when it is not there.
    pub journal: PathBuf,
    /// What is to be done with an earlier run.
    pub choice: Choice,
    /// For the chance in simulated cables.
    pub seed: u64,
}

/// Why a run did not start.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// Another process has the journal, or its folder cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The earlier run's file cannot be read.
    #[error("{0}; begin anew with --fresh, or give another folder with --journal DIR")]
    Read(#[from] ReadError),
    /// A person must say what to do with an earlier run.
    #[error("{0}: say --resume to go on with it, --adopt to go on with a changed show, or --fresh to begin anew")]
    Ask(String),
    /// What the flags ask for is not possible.
    #[error("{0}")]
    Refused(String),
    /// The remote control's port is taken or not ours.
    #[error("OSC remote control cannot listen on {0}: {1}; give another with --osc HOST:PORT")]
    Osc(String, io::Error),
    /// The port for Art-Net is taken or not ours.
    #[error("Art-Net cannot be heard on {0}: {1}; give another place as artnet in [remote]")]
    Artnet(String, io::Error),
    /// A file or a system resource.
    #[error("{0}: {1}")]
    System(&'static str, io::Error),
}

/// A run that goes on by itself.
pub struct Running {
    /// A hand on it.
    pub handle: Handle,
    /// Where OSC remote control listens.
    pub osc: Option<SocketAddr>,
    /// The journal's file.
    pub journal: PathBuf,
    /// What the operator should know of the earlier run: damage in its journal, what could not be taken over.
    pub notices: Vec<String>,
    /// It goes on from an earlier process.
    pub resumed: bool,
    thread: JoinHandle<bool>,
    writer: Writer,
    ring: PathBuf,
    _lock: Lock,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// In order.
    pub good: bool,
    /// Every line is on the disk.
    pub journalled: bool,
}

impl Running {
    /// Waits for the end of the run and puts the journal on the disk.
    #[must_use]
    pub fn join(self) -> Ended {
        let good = self.thread.join().unwrap_or(false);
        let journalled = self.writer.finish();
        if good && journalled {
            // Nothing is in it any more; one that stays is only a file of 4 MiB, reused by the next run.
            let _ = std::fs::remove_file(&self.ring);
        }
        Ended { good, journalled }
    }
}

/// What goes on, or begins.
struct Beginning {
    engine: Engine,
    clock: Clock,
    first: Input,
    file: std::fs::File,
    path: PathBuf,
    run: u64,
    seq: u64,
    open: Vec<crate::engine::ActionId>,
    notices: Vec<String>,
    /// Of these, what the journal is told too.
    told: Vec<String>,
    resumed: bool,
}

/// Starts a run.
///
/// # Errors
/// Before anything is sent: the journal is taken, the port is taken, or an earlier run needs a decision.
pub fn launch(options: Options) -> Result<Running, StageError> {
    let lock = journal::take(&options.journal)?;
    let memory = memory::open(&options.journal).map_err(|error| StageError::System("the journal's ring", error))?;
    let mode = mode(&options);
    let hash = journal::hash(&options.sources);
    let previous = match resume::look(&options.journal, &memory) {
        Err(_) if options.choice == Choice::Fresh => None,
        other => other?,
    };
    let beginning = match resume::judge(previous.as_ref(), &hash, mode, options.choice) {
        Verdict::Ask(why) => return Err(StageError::Ask(why)),
        Verdict::Refuse(why) => return Err(StageError::Refused(why)),
        Verdict::Fresh => fresh(&options, mode, hash)?,
        Verdict::Resume => go_on(&options.show, previous)?,
        Verdict::Adopt => adopt(&options, mode, hash, previous)?,
    };
    let remote = listen(&options)?;
    start(options, beginning, remote, memory, lock)
}

fn mode(options: &Options) -> Mode {
    match &options.simulate {
        Simulate::None => Mode::Live,
        Simulate::Some(set) if set.is_empty() => Mode::Live,
        Simulate::All => Mode::Simulation,
        Simulate::Some(_) => Mode::Partial,
    }
}

fn fresh(options: &Options, mode: Mode, hash: String) -> Result<Beginning, StageError> {
    let clock = Clock::showing(Mono::ZERO);
    let header = header(options, mode, hash);
    let run = header.run;
    let (file, path) = folder::start(&options.journal, &header, None).map_err(|error| StageError::System("the journal's file", error))?;
    Ok(Beginning {
        engine: Engine::new(options.show.clone()),
        clock,
        first: Input::Begin { mode },
        file,
        path,
        run,
        seq: 0,
        open: Vec::new(),
        notices: Vec::new(),
        told: Vec::new(),
        resumed: false,
    })
}

/// The first line of a new run.
fn header(options: &Options, mode: Mode, hash: String) -> Header {
    Header {
        format: journal::FORMAT,
        showcall: env!("CARGO_PKG_VERSION").to_owned(),
        run: u64::try_from(sys::wall().0).unwrap_or(0) ^ (u64::from(std::process::id()) << 40),
        title: options.show.title.to_string(),
        mode,
        hash,
        sources: options.sources.clone(),
    }
}

/// A changed show takes the state of the old run over, into a run of its own: its journal begins with that state.
fn adopt(options: &Options, mode: Mode, hash: String, previous: Option<Previous>) -> Result<Beginning, StageError> {
    let Some(previous) = previous else { return Err(StageError::Refused("there is no run to go on with".into())) };
    let system = |error| StageError::System("the journal's file", error);
    let Some(old) = crate::show::load_text(&previous.content.header.sources).show else {
        let why = "the show that is embedded in that run's journal cannot be read by this version: begin anew with --fresh";
        return Err(StageError::Refused(why.into()));
    };
    // The old file gets its last lines: it stays whole for report and replay.
    let replayed = resume::replay(&old, &previous);
    folder::go_on(&previous.path, previous.content.length, &replayed.lacking(&previous).0).map_err(system)?;
    let (engine, left) = resume::take_over(&options.show, replayed, &previous, mode);
    let (header, now) = (header(options, mode, hash), previous.clock.now());
    let state = serde_json::value::to_raw_value(&engine.checkpoint()).map_err(|error| system(error.into()))?;
    let begins = journal::Checkpoint { open: Vec::new(), engine: journal::EngineState(state) };
    let begins = Record { seq: 0, mono: now, entry: Entry::Checkpoint(Box::new(begins)) };
    let (file, path) = folder::start(&options.journal, &header, Some(begins)).map_err(system)?;
    let name = previous.path.file_name().unwrap_or_default().to_string_lossy();
    let mut told = vec![format!("the changed show took over from {name}; {} things were left behind", left.len())];
    told.extend(left);
    let mut notices = previous.content.notices;
    notices.extend(told.iter().cloned());
    Ok(Beginning {
        engine,
        clock: previous.clock,
        first: Input::Resumed(Resumed { alive_until: now, ..Resumed::default() }),
        file,
        path,
        run: header.run,
        seq: 0,
        open: Vec::new(),
        notices,
        told,
        resumed: true,
    })
}

fn go_on(show: &Arc<Show>, previous: Option<Previous>) -> Result<Beginning, StageError> {
    let Some(previous) = previous else { return Err(StageError::Refused("there is no run to go on with".into())) };
    let replayed = resume::replay(show, &previous);
    let (lacking, seq) = replayed.lacking(&previous);
    let file = folder::go_on(&previous.path, previous.content.length, &lacking)
        .map_err(|error| StageError::System("the journal's file", error))?;
    Ok(Beginning {
        engine: replayed.engine,
        clock: previous.clock,
        open: replayed.resumed.begun.clone(),
        first: Input::Resumed(replayed.resumed),
        file,
        path: previous.path,
        run: previous.content.header.run,
        seq,
        notices: previous.content.notices,
        told: Vec::new(),
        resumed: true,
    })
}

fn listen(options: &Options) -> Result<Option<Remote>, StageError> {
    let Some(place) = options.osc.clone().or_else(|| options.show.remote.listen.as_deref().map(str::to_owned)) else { return Ok(None) };
    let inbox = Inbox::open(&place).map_err(|error| StageError::Osc(place, error))?;
    Ok(Some(Remote { inbox, port: Port::new(&options.show) }))
}

fn start(options: Options, begin: Beginning, remote: Option<Remote>, memory: Memory, lock: Lock) -> Result<Running, StageError> {
    let system = |what| move |error| StageError::System(what, error);
    let (ring_writer, ring_reader) =
        ring::create(memory.words, begin.run).ok_or_else(|| system("the journal's ring")(io::ErrorKind::OutOfMemory.into()))?;
    let checkpoints = Arc::new(ArrayQueue::new(1));
    let writer = Writer::spawn(Box::new(begin.file), ring_reader, checkpoints.clone()).map_err(system("the journal thread"))?;
    let now = begin.clock.now();
    let mut log = Log::new(ring_writer, checkpoints, writer.health(), begin.seq, &begin.open, now);
    log.put(now, Entry::Process(process(begin.clock)));
    for text in begin.told {
        log.put(now, Entry::Stage { text });
    }
    let osc = remote.as_ref().and_then(|remote| remote.inbox.address());
    let mut rack = Rack::build(&options.show, &options.simulate, options.seed).map_err(system("the devices' sockets"))?;
    let art = art(&options.show, &mut rack)?;
    let (handle, shared) =
        Handle::new(options.show.clone(), begin.engine.snapshot(now), Wake::new().map_err(system("a way to wake the stage"))?);
    let watch = Watch::new(late_limit(&options.show), options.show.timezone.as_deref());
    let core = Core::new(begin.engine, rack, log, shared.clone());
    let mut stage = Stage::new(begin.clock, core, shared, remote, watch, begin.first).map_err(system("waiting for packets"))?;
    if let Some(midi) = midi(&options.show).map_err(system("the MIDI ports"))? {
        stage.listen(midi).map_err(system("waiting for MIDI"))?;
    }
    if let Some(art) = art {
        stage.listen_to_art(art).map_err(system("waiting for Art-Net"))?;
    }
    // What reading the show left behind is given back before there is a clock that could wait for it.
    sys::trim_heap();
    let (starting, started) = mpsc::channel();
    let thread = thread::Builder::new().name("stage".into()).spawn(move || stage.run(starting)).map_err(system("the stage thread"))?;
    // Nobody is told that the run is ready while a trigger that comes over a device's wire would be lost. Nothing is ever sent here.
    let _ = started.recv();
    Ok(Running {
        handle,
        osc,
        journal: begin.path,
        notices: begin.notices,
        resumed: begin.resumed,
        thread,
        writer,
        ring: memory.path,
        _lock: lock,
    })
}

/// What is said to the show by Art-Net, when it has a trigger for it: on the port of its nodes, or on one of its own.
fn art(show: &Show, rack: &mut Rack) -> Result<Option<ArtIn>, StageError> {
    let Some(place) = show.remote.artnet.as_deref().filter(|_| show.triggers.iter().any(Trigger::is_artnet)) else { return Ok(None) };
    let (host, port) = place.rsplit_once(':').unwrap_or((place, ""));
    let shared = port.parse().is_ok_and(|port| rack.listen_on(port));
    let inbox = if shared { None } else { Some(Inbox::open(place).map_err(|error| StageError::Artnet(place.to_owned(), error))?) };
    let near = host.parse::<IpAddr>().map_or(host == "localhost", |ip| ip.is_loopback());
    Ok(Some(ArtIn { inbox, near, ear: Ear::default() }))
}

/// The ports that the show's triggers name; `None` when it has none.
fn midi(show: &Show) -> io::Result<Option<MidiIn>> {
    let midi = show.triggers.iter().filter(|trigger| !trigger.is_artnet());
    let mut ports: Vec<Arc<str>> = midi.map(|trigger| trigger.port.clone()).collect();
    ports.sort();
    ports.dedup();
    if ports.is_empty() {
        return Ok(None);
    }
    Ok(Some(MidiIn { inputs: Inputs::open(&ports, show.remote.midi.as_ref())?, ports, ears: Ears::default() }))
}

fn process(clock: Clock) -> Process {
    Process { pid: std::process::id(), boot: resume::boot_id(), wall: sys::wall(), base: clock.base() }
}

/// A show without a limit would hold nothing; the rule's own value stands then.
fn late_limit(show: &Show) -> Span {
    if show.late_limit.is_zero() { Span::secs(2) } else { show.late_limit }
}

/// The journal folder of a show when none is given: beside it.
#[must_use]
pub fn default_journal(show: &Path) -> PathBuf {
    if show.is_dir() { show.join("journal") } else { show.with_extension("journal") }
}
