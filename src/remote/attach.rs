//! Consoles from elsewhere on this machine: JSON lines on a local socket, both ways.
//!
//! The first line of the client is [`FromClient::Attach`], the first of the server [`FromServer::Hello`] with the texts
//! that made the show; then snapshots, at most 30 a second, and intents. A client that is slow gets the newest snapshot
//! when it is ready for one; a client that is dead is dropped. Neither is ever waited for by the show. A client that looks at the lights
//! gets the universes that have changed too, ten times a second.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::UnixListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::engine::{By, CueFlags, Intent, KeyPhase, Snapshot};
use crate::light::{Frames, Monitor};

/// The version of the lines.
pub const VERSION: u32 = 2;
/// Consoles at once.
const CLIENTS_MAX: usize = 16;
/// At most 30 snapshots a second.
const FRAME: Duration = Duration::from_millis(33);
/// A snapshot goes out at least this often, so that a client knows that the show is alive.
const BEAT: Duration = Duration::from_secs(1);
/// The lights go out ten times a second to those who look at them.
const LIGHTS: Duration = Duration::from_millis(100);
/// A client that takes no bytes for this long is dead.
const DEAD: Duration = Duration::from_secs(10);
/// The longest line of a client, in bytes.
const LINE_MAX: u64 = 64 * 1024;
/// Intents of one client a second: more is no hand.
const INTENTS_MAX: u32 = 40;

/// A line of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromServer {
    /// The first line.
    Hello {
        /// Of these lines.
        version: u32,
        /// Intents of this client are refused.
        read_only: bool,
        /// Name and text of all that makes the show, as [`crate::show::load_text`] takes it.
        sources: Vec<(String, String)>,
    },
    /// What happens.
    Snapshot {
        /// Without the flags of the cues.
        snapshot: Box<Snapshot>,
        /// The flags, when they have changed.
        cues: Option<Vec<CueFlags>>,
    },
    /// Universes that have changed, by their index in the rig, and their 512 slots in Base64 (RFC 4648); without slots, nothing is on that line.
    Lights(Vec<(u16, Option<String>)>),
    /// An intent was dropped: the stage had too much to do.
    Busy,
    /// The run is over, or the client cannot be served, and why.
    Gone(String),
}

/// A line of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromClient {
    /// The first line.
    Attach {
        /// Of these lines.
        version: u32,
        /// Who, for the journal.
        name: String,
        /// Only wants to watch.
        read_only: bool,
    },
    /// Wants something.
    Intent {
        /// What.
        intent: Intent,
        /// What its terminal can tell of the key.
        phase: KeyPhase,
    },
    /// Looks at the lights from now on, or no more.
    Look(bool),
}

/// What the server needs of the running show.
pub trait Host: Send + Sync + 'static {
    /// Name and text of all that makes the show; may take its time.
    ///
    /// # Errors
    /// Why it cannot be had, for the person who attaches.
    fn sources(&self) -> Result<Vec<(String, String)>, String>;

    /// The newest snapshot.
    fn snapshot(&self) -> Arc<Snapshot>;

    /// The newest frame of each universe.
    fn monitor(&self) -> &Monitor;

    /// Passes an intent on, never blocks; false when there was no room for it.
    fn send(&self, intent: Intent, by: By) -> bool;

    /// The run has ended.
    fn over(&self) -> bool;
}

/// Serves consoles until the show is over and each of them has been told.
pub async fn serve(listener: UnixListener, host: Arc<dyn Host>) {
    let seats = Arc::new(Semaphore::new(CLIENTS_MAX));
    let mut consoles = JoinSet::new();
    let mut tick = interval(FRAME);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !host.over() {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = consoles.join_next() => continue,
            _ = tick.tick() => continue,
        };
        let Ok((stream, _)) = accepted else {
            // Out of descriptors: those in use are freed in time.
            tokio::time::sleep(BEAT).await;
            continue;
        };
        let (host, seats) = (host.clone(), seats.clone());
        consoles.spawn(async move {
            let seat = seats.try_acquire();
            // A client that leaves, in whatever way, is nobody's error.
            let _ = if seat.is_ok() { client(stream, host).await } else { refuse(stream).await };
        });
    }
    while consoles.join_next().await.is_some() {}
}

async fn refuse(mut stream: impl AsyncWrite + Unpin) -> io::Result<()> {
    let why = format!("{CLIENTS_MAX} consoles are attached already: close one first");
    write(&mut stream, &FromServer::Gone(why)).await
}

/// Serves one console until it leaves or the show is over.
///
/// # Errors
/// What ended the connection.
pub async fn client<S: AsyncRead + AsyncWrite + Send + 'static>(stream: S, host: Arc<dyn Host>) -> io::Result<()> {
    let (read, mut write_half) = tokio::io::split(stream);
    let mut lines = BufReader::new(read);
    let Some(FromClient::Attach { version, name, read_only }) = timeout(DEAD, line(&mut lines, LINE_MAX)).await?? else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    if version != VERSION {
        let why =
            format!("this show speaks version {VERSION} of attach, the console version {version}: use the showcall that runs the show");
        return write(&mut write_half, &FromServer::Gone(why)).await;
    }
    let asked = host.clone();
    let sources = tokio::task::spawn_blocking(move || asked.sources()).await.unwrap_or_else(|_| Err("it is ending".into()));
    let sources = match sources {
        Ok(sources) => sources,
        Err(why) => return write(&mut write_half, &FromServer::Gone(format!("the show's text cannot be had: {why}"))).await,
    };
    write(&mut write_half, &FromServer::Hello { version: VERSION, read_only, sources }).await?;
    let gate = Gate::default();
    let name: Arc<str> = name.chars().filter(|c| !c.is_control()).take(60).collect::<String>().into();
    tokio::select! {
        ended = out(&mut write_half, &host, &gate) => ended,
        ended = intents(&mut lines, &host, &gate, &name, read_only) => ended,
    }
}

/// What the two directions of one console share.
#[derive(Debug, Default)]
struct Gate {
    /// An intent was dropped.
    busy: tokio::sync::Notify,
    /// Intents in this second.
    count: AtomicU32,
    /// The console looks at the lights.
    looks: AtomicBool,
}

async fn out(stream: &mut (impl AsyncWrite + Unpin), host: &Arc<dyn Host>, gate: &Gate) -> io::Result<()> {
    let (mut tick, mut beat, mut lights) = (interval(FRAME), interval(BEAT), interval(LIGHTS));
    for every in [&mut tick, &mut beat, &mut lights] {
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    let mut seen = Frames::default();
    let mut last: Option<Arc<Snapshot>> = None;
    let mut flags: Option<Vec<CueFlags>> = None;
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            _ = beat.tick() => {
                gate.count.store(0, Ordering::Relaxed);
                last = None;
            }
            _ = lights.tick(), if gate.looks.load(Ordering::Relaxed) => {
                host.monitor().want();
                let changed = changed(&mut seen, host.monitor());
                if !changed.is_empty() {
                    write(stream, &FromServer::Lights(changed)).await?;
                }
            }
            () = gate.busy.notified() => write(stream, &FromServer::Busy).await?,
        }
        let newest = host.snapshot();
        if last.as_ref().is_none_or(|last| !Arc::ptr_eq(last, &newest)) {
            let changed = flags.as_ref() != Some(&newest.cues);
            if changed {
                flags = Some(newest.cues.clone());
            }
            let snapshot = Box::new(Snapshot { cues: Vec::new(), ..Snapshot::clone(&newest) });
            write(stream, &FromServer::Snapshot { snapshot, cues: flags.clone().filter(|_| changed) }).await?;
            last = Some(newest);
        }
        if host.over() {
            return write(stream, &FromServer::Gone("the show has ended".into())).await;
        }
    }
}

/// Universes that are not as they were seen last.
fn changed(seen: &mut Frames, monitor: &Monitor) -> Vec<(u16, Option<String>)> {
    let before = seen.clone();
    if !seen.look(monitor) {
        return Vec::new();
    }
    let differ = (0_u16..).zip(seen.iter()).filter(|(universe, slots)| before.get(*universe) != *slots);
    differ.map(|(universe, slots)| (universe, slots.map(|slots| BASE64.encode(slots)))).collect()
}

/// The slots of a universe as [`FromServer::Lights`] has them.
pub(super) fn slots(text: &str) -> Option<[u8; 512]> {
    BASE64.decode(text).ok()?.try_into().ok()
}

async fn intents(
    lines: &mut (impl AsyncBufReadExt + Unpin),
    host: &Arc<dyn Host>,
    gate: &Gate,
    name: &Arc<str>,
    read_only: bool,
) -> io::Result<()> {
    while let Some(said) = line(lines, LINE_MAX).await? {
        let count = gate.count.fetch_add(1, Ordering::Relaxed) + 1;
        let (intent, phase) = match said {
            FromClient::Intent { intent, phase } => (intent, phase),
            FromClient::Look(on) => {
                gate.looks.store(on, Ordering::Relaxed);
                continue;
            }
            FromClient::Attach { .. } => continue,
        };
        // An attached console never ends the show.
        if read_only || intent == Intent::Quit {
            continue;
        }
        if count > INTENTS_MAX || !host.send(intent, By::Attached(name.clone(), phase)) {
            gate.busy.notify_one();
        }
    }
    Ok(())
}

/// Writes one line; a reader that takes nothing for ten seconds is dead.
pub(super) async fn write<T: Serialize>(stream: &mut (impl AsyncWrite + Unpin), what: &T) -> io::Result<()> {
    let mut text = serde_json::to_vec(what)?;
    text.push(b'\n');
    timeout(DEAD, async {
        stream.write_all(&text).await?;
        stream.flush().await
    })
    .await?
}

/// Reads one line of at most `max` bytes; `None` at the end.
pub(super) async fn line<T: DeserializeOwned>(lines: &mut (impl AsyncBufReadExt + Unpin), max: u64) -> io::Result<Option<T>> {
    let mut text = Vec::new();
    let read = lines.take(max).read_until(b'\n', &mut text).await?;
    match text.last() {
        Some(b'\n') => Ok(Some(serde_json::from_slice(&text)?)),
        _ if u64::try_from(read).unwrap_or(max) >= max => Err(io::ErrorKind::InvalidData.into()),
        _ => Ok(None),
    }
}
