//! `showcall run SHOW`: the night itself.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use serde_json::json;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::output::{self, say, say_err};
use super::seat::{self, Here};
use super::{asrun, findings, log, parting, play, terminal};
use crate::console::{Ended, Leaving};
use crate::links::Simulate;
use crate::show::{DeviceIx, Loaded, Show, Value, without_secrets};
use crate::stage::launch::default_journal;
use crate::stage::{Choice, Handle, Options, Running, StageError, launch, shutdown};

/// Where OSC remote control listens in a headless run that says nothing else.
const OSC: &str = "127.0.0.1:53000";
/// Attached consoles are told of the end within this.
const GOODBYE: Duration = Duration::from_secs(1);
/// A console may take so long to give the terminal back after the run.
const LAST_LOOK: Duration = Duration::from_secs(2);
/// As-run lines are printed this often.
const PRINT: Duration = Duration::from_millis(20);

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The show: a folder that holds show.toml, or a file
    show: PathBuf,
    /// Join all devices, or these, to their built-in simulators
    #[arg(long, value_name = "DEVICE,…", num_args = 0..=1, require_equals = true, value_delimiter = ',', default_missing_value = "")]
    simulate: Option<Vec<String>>,
    /// With --simulate: sACN leaves all the same, marked as preview data, which visualisers show and nodes do not output
    #[arg(long, requires = "simulate")]
    preview: bool,
    /// No console: driven by OSC, one JSON object an event on stdout
    #[arg(long)]
    headless: bool,
    /// Press GO without being asked, and end after the last cue
    #[arg(long, requires = "headless")]
    play: bool,
    /// Where OSC remote control listens (headless: 127.0.0.1:53000); port 0 is any
    #[arg(long, value_name = "HOST:PORT")]
    osc: Option<String>,
    /// The journal's folder; beside the show when not given
    #[arg(long, value_name = "DIR")]
    journal: Option<PathBuf>,
    /// Go on with the last run
    #[arg(long, group = "earlier")]
    resume: bool,
    /// Leave the last run and begin anew
    #[arg(long, group = "earlier")]
    fresh: bool,
    /// Go on with the last run although the show has changed
    #[arg(long, group = "earlier")]
    adopt: bool,
    /// Look for hardware profiles here too
    #[arg(long, value_name = "DIR")]
    profiles: Vec<PathBuf>,
}

/// Exit code 0: ended in order, 1: the show has errors or the run broke, 2: it cannot start as asked.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let loaded = super::families::load(&args.show, &args.profiles);
    let Some(show) = loaded.show.clone() else {
        findings::print_findings(&loaded);
        say_err!("{}", findings::summary(&loaded));
        return findings::exit_code(&loaded);
    };
    let options = match options(args, &show, loaded) {
        Ok(options) => options,
        Err(why) => return cannot(&why),
    };
    if !args.headless && !terminal::is_there() {
        return cannot("the console needs a terminal (without one: --headless, driven by OSC)");
    }
    // Kept until the end: it writes the last lines.
    let _log = log::start(&options.journal).inspect_err(|error| say_err!("showcall: no log in {}: {error}", options.journal.display()));
    match start(args, options) {
        Ok(running) => attend(args, running),
        Err(error) => cannot(&error.to_string()),
    }
}

fn cannot(why: &str) -> ExitCode {
    say_err!("showcall: {why}");
    ExitCode::from(2)
}

fn options(args: &Args, show: &Arc<Show>, loaded: Loaded) -> Result<Options, String> {
    let choice = match (args.resume, args.fresh, args.adopt) {
        (true, _, _) => Choice::Resume,
        (_, true, _) => Choice::Fresh,
        (_, _, true) => Choice::Adopt,
        _ => Choice::Ask,
    };
    let headless_osc = (args.headless && show.remote.listen.is_none()).then(|| OSC.to_owned());
    let simulate = simulate(args.simulate.as_deref(), show)?;
    let (show, simulate) = if args.preview { preview(show, &simulate) } else { (show.clone(), simulate) };
    Ok(Options {
        show,
        sources: loaded.sources.into_iter().map(|(name, text)| (name, without_secrets(&text))).collect(),
        simulate,
        osc: args.osc.clone().or(headless_osc),
        journal: args.journal.clone().unwrap_or_else(|| default_journal(&args.show)),
        choice,
        seed: 0,
    })
}

fn simulate(keys: Option<&[String]>, show: &Show) -> Result<Simulate, String> {
    let Some(keys) = keys else { return Ok(Simulate::None) };
    let named: Vec<&String> = keys.iter().filter(|key| !key.is_empty()).collect();
    if named.is_empty() {
        return Ok(Simulate::All);
    }
    let all = || show.devices.iter().map(|device| &*device.key).collect::<Vec<_>>().join(", ");
    let unknown = |key: &str| format!("--simulate names \"{key}\", but the show has no such device (it has {})", all());
    let find = |key: &&String| show.device_by_key(key).ok_or_else(|| unknown(key));
    named.iter().map(find).collect::<Result<_, _>>().map(Simulate::Some)
}

/// sACN devices leave the simulation: their frames go out, for visualisers alone.
fn preview(show: &Show, simulate: &Simulate) -> (Arc<Show>, Simulate) {
    let (mut show, mut simulated) = (show.clone(), BTreeSet::new());
    for (device, index) in show.devices.iter_mut().zip(0..).filter(|(_, index)| simulate.has(DeviceIx(*index))) {
        if &*device.profile.family == "sacn" {
            device.options.insert("preview".into(), Value::Switch(true));
        } else {
            simulated.insert(DeviceIx(index));
        }
    }
    (Arc::new(show), Simulate::Some(simulated))
}

/// Starts it; with a terminal, a person is asked what the rules leave open.
fn start(args: &Args, mut options: Options) -> Result<Running, StageError> {
    let mut asked = false;
    loop {
        let why = match launch(options.clone()) {
            Err(StageError::Ask(why)) if !args.headless => why,
            // What was answered cannot be done: the other answers still stand.
            Err(StageError::Refused(why)) if asked => why,
            other => return other,
        };
        asked = true;
        match ask(&why) {
            Some(choice) => options.choice = choice,
            None => return Err(StageError::Ask(why)),
        }
    }
}

/// One question before the console takes the screen. `None`: no answer.
fn ask(why: &str) -> Option<Choice> {
    loop {
        output::err(&format!("{why}\n  r  go on with it, with the show as it is now\n  f  begin anew\n  q  do nothing\nthen Enter> "));
        let mut line = String::new();
        if std::io::stdin().read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim() {
            // Of a show that has not changed this is a plain resume.
            "r" => return Some(Choice::Adopt),
            "f" => return Some(Choice::Fresh),
            "q" => return None,
            _ => {}
        }
    }
}

/// Signals, attached consoles, the terminal; until the run is over.
fn attend(args: &Args, running: Running) -> ExitCode {
    let here = Arc::new(Here { handle: running.handle.clone(), journal: running.journal.clone() });
    let served = match serve(&running, here.clone()) {
        Ok(served) => Some(served),
        Err(error) => {
            say_err!("showcall: no signals and no attached consoles: {error}");
            None
        }
    };
    tracing::info!(journal = %running.journal.display(), resumed = running.resumed, osc = ?running.osc, "ready");
    for notice in &running.notices {
        tracing::warn!("{notice}");
        say_err!("showcall: {}: {notice}", running.journal.display());
    }
    if args.headless {
        print(&ready(&running));
    } else {
        console(&here, &running.journal);
    }
    if args.play {
        play::start(here.handle.clone());
    }
    headless(&here.handle, args.headless);
    let ended = running.join();
    tracing::info!(good = ended.good, journalled = ended.journalled, "over");
    let warnings = parting::warnings(&here.handle.show(), &here.handle.snapshot());
    if let Some((runtime, Some(consoles))) = served {
        // A console that does not listen keeps nobody here.
        let _ = runtime.block_on(async { tokio::time::timeout(GOODBYE, consoles).await });
    }
    if args.headless {
        print(&json!({"event": "over", "good": ended.good, "journalled": ended.journalled, "warnings": warnings}));
    }
    for warning in &warnings {
        say_err!("showcall: {warning}");
    }
    if !ended.journalled {
        say_err!("showcall: the last lines of the journal are not on the disk");
    }
    if ended.good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn serve(running: &Running, here: Arc<Here>) -> std::io::Result<(Runtime, Option<JoinHandle<()>>)> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    shutdown::watch_signals(&runtime, running.handle.clone())?;
    let consoles = running.journal.parent().map(|folder| seat::open(&runtime, folder, here));
    if let Some(Err(error)) = &consoles {
        say_err!("showcall: consoles cannot attach: {error}");
    }
    Ok((runtime, consoles.and_then(Result::ok)))
}

/// The console, until the show is ended from it or the terminal is gone. A terminal that takes no more bytes keeps its own thread
/// waiting, but not the end of the run.
fn console(here: &Arc<Here>, journal: &Path) {
    let (over, ended) = mpsc::channel::<()>();
    let (seat, folder) = (here.clone(), journal.to_owned());
    let spawned = thread::Builder::new().name("console".into()).spawn(move || {
        sit(&seat, &folder);
        drop(over);
    });
    if let Err(error) = spawned {
        say_err!("showcall: no console: {error}");
        return;
    }
    while ended.recv_timeout(PRINT) == Err(RecvTimeoutError::Timeout) {
        if here.handle.over() {
            // It ends by itself when its terminal lets it.
            if ended.recv_timeout(LAST_LOOK) == Err(RecvTimeoutError::Timeout) {
                terminal::abandon();
            }
            return;
        }
    }
}

/// One console at this terminal; when the terminal is gone the show goes on without it.
fn sit(here: &Here, journal: &Path) {
    let log = journal.with_file_name("console.log");
    let gone = match terminal::attend(here, Leaving::EndsShow, &log) {
        Ok(Ended::Left | Ended::Gone(_)) => return,
        Ok(Ended::TerminalLost(error)) | Err(error) => format!("{} ({error})", shutdown::TERMINAL_GONE),
    };
    say_err!("showcall: {gone}");
    // A stage too busy to note it is busy with the show, which is what counts.
    let _ = here.handle.say(gone);
}

fn ready(running: &Running) -> serde_json::Value {
    json!({
        "event": "ready",
        "osc": running.osc.map(|address| address.to_string()),
        "journal": running.journal,
        "resumed": running.resumed,
        "notices": running.notices,
    })
}

/// Waits until the run is over and prints what happens, when somebody reads it.
fn headless(handle: &Handle, aloud: bool) {
    let show = handle.show();
    loop {
        let over = handle.over();
        while let Some((at, note)) = handle.next_line() {
            if aloud {
                print(&asrun::event(&show, at, &note));
            }
        }
        if over {
            return;
        }
        thread::sleep(PRINT);
    }
}

/// A reader that is gone is no reason to stop a show.
fn print(event: &serde_json::Value) {
    say!("{event}");
}
