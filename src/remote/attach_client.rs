//! The client's end of [`super::attach`]: what a console needs of a show that runs in another process.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::attach::{FromClient, FromServer, VERSION, line, slots, write};
use crate::engine::{Intent, KeyPhase, Snapshot};
use crate::light::Monitor;
use crate::show::{self, Show};

/// The first lines come within this.
const GREETING: Duration = Duration::from_secs(5);
/// No word for this long (a beat comes each second): the show's process hangs or is stopped.
const SILENT: Duration = Duration::from_secs(5);
/// The longest line of the server, in bytes: the text of a very large show.
const LINE_MAX: u64 = 256 * 1024 * 1024;
/// Intents that may wait.
const INTENTS: usize = 64;

/// Why a console could not attach.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// The connection.
    #[error("the show's process does not answer ({0})")]
    Io(#[from] io::Error),
    /// The server's own words.
    #[error("{0}")]
    Refused(String),
    /// The show's text is not understood here.
    #[error("the show's text is not understood by this showcall: use the one that runs the show")]
    Show,
}

/// A connection to a running show.
#[derive(Debug)]
pub struct Client {
    show: Arc<Show>,
    snapshot: Arc<ArcSwap<Snapshot>>,
    monitor: Arc<Monitor>,
    gone: Arc<OnceLock<Arc<str>>>,
    intents: mpsc::Sender<FromClient>,
    read_only: bool,
}

impl Client {
    /// Greets the server and waits for the first snapshot. From then on two tasks keep it up to date.
    ///
    /// # Errors
    /// When the server does not answer, refuses, or runs a show that this program cannot read.
    pub async fn join<S>(stream: S, name: &str, read_only: bool) -> Result<Self, AttachError>
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (read, mut out) = tokio::io::split(stream);
        let mut lines = BufReader::new(read);
        write(&mut out, &FromClient::Attach { version: VERSION, name: name.to_owned(), read_only }).await?;
        let (show, read_only) = match next(&mut lines, GREETING).await? {
            FromServer::Hello { sources, read_only, .. } => (show::load_text(&sources).show.ok_or(AttachError::Show)?, read_only),
            FromServer::Gone(why) => return Err(AttachError::Refused(why)),
            _ => return Err(AttachError::Show),
        };
        let FromServer::Snapshot { mut snapshot, cues } = next(&mut lines, GREETING).await? else {
            return Err(AttachError::Show);
        };
        snapshot.cues = cues.unwrap_or_default();
        let (intents, queue) = mpsc::channel(INTENTS);
        let monitor = Arc::new(Monitor::new(show.rig.universes.len()));
        let snapshot = Arc::new(ArcSwap::from_pointee(*snapshot));
        let client = Self { show, snapshot, monitor, gone: Arc::new(OnceLock::new()), intents, read_only };
        tokio::spawn(follow(lines, client.snapshot.clone(), client.monitor.clone(), client.gone.clone()));
        tokio::spawn(speak(out, queue));
        Ok(client)
    }

    /// The show that runs.
    #[must_use]
    pub fn show(&self) -> Arc<Show> {
        self.show.clone()
    }

    /// The newest snapshot that came.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Sends an intent; false when there was no room for it, or it may only watch.
    #[must_use]
    pub fn send(&self, intent: Intent, phase: KeyPhase) -> bool {
        !self.read_only && self.intents.try_send(FromClient::Intent { intent, phase }).is_ok()
    }

    /// The newest frames that came; they come while [`Self::look`] says so.
    #[must_use]
    pub fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// Looks at the lights from now on, or no more; false when there was no room to say so.
    #[must_use]
    pub fn look(&self, on: bool) -> bool {
        self.intents.try_send(FromClient::Look(on)).is_ok()
    }

    /// Only watches.
    #[must_use]
    pub fn read_only(&self) -> bool {
        self.read_only
    }

    /// Why the connection ended, once it has.
    #[must_use]
    pub fn gone(&self) -> Option<Arc<str>> {
        self.gone.get().cloned()
    }

    /// Ends it from this side.
    pub fn leave(&self, why: &str) {
        self.gone.get_or_init(|| why.into());
    }
}

async fn next(lines: &mut (impl AsyncBufReadExt + Unpin), within: Duration) -> io::Result<FromServer> {
    timeout(within, line(lines, LINE_MAX)).await??.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// Keeps the newest snapshot and the newest frames.
async fn follow(
    mut lines: impl AsyncBufReadExt + Unpin,
    snapshot: Arc<ArcSwap<Snapshot>>,
    monitor: Arc<Monitor>,
    gone: Arc<OnceLock<Arc<str>>>,
) {
    let why: Arc<str> = loop {
        match next(&mut lines, SILENT).await {
            Ok(FromServer::Snapshot { snapshot: mut newest, cues }) => {
                newest.cues = cues.unwrap_or_else(|| snapshot.load().cues.clone());
                snapshot.store(Arc::from(newest));
            }
            Ok(FromServer::Lights(universes)) => {
                for (universe, text) in universes {
                    match text.as_deref().and_then(slots) {
                        Some(slots) => monitor.put(universe, &slots),
                        None => monitor.clear(universe),
                    }
                }
            }
            Ok(FromServer::Gone(why)) => break why.into(),
            Ok(FromServer::Busy | FromServer::Hello { .. }) => {}
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                break format!("no word from the show for {}s: its process hangs or is stopped", SILENT.as_secs()).into();
            }
            Err(error) => break format!("the show's process is gone ({error})").into(),
        }
    };
    gone.get_or_init(|| why);
}

/// Writes intents until the console is gone.
async fn speak(mut out: impl AsyncWrite + Unpin, mut queue: mpsc::Receiver<FromClient>) {
    while let Some(said) = queue.recv().await {
        if write(&mut out, &said).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::engine::{By, CueFlags};
    use crate::light::Frames;
    use crate::remote::attach::{self, Host};
    use crate::show::{CueIx, ListIx};

    const SHOW: &str = "[show]\ntitle = \"Hello\"\nlooks = \"whole\"\nat_exit = \"leave\"\n\n[device.node]\nprofile = \"sacn\"\n\n\
        [universe.1]\non = \"node\"\n\n[[cue]]\nnumber = \"1\"\nname = \"Doors\"\n";

    struct Stage {
        snapshot: ArcSwap<Snapshot>,
        monitor: Monitor,
        said: Mutex<Vec<(Intent, By)>>,
        full: AtomicBool,
        over: AtomicBool,
    }

    impl Default for Stage {
        fn default() -> Self {
            let snapshot = ArcSwap::default();
            Self { snapshot, monitor: Monitor::new(1), said: Mutex::default(), full: AtomicBool::default(), over: AtomicBool::default() }
        }
    }

    impl Host for Stage {
        fn sources(&self) -> Result<Vec<(String, String)>, String> {
            Ok(vec![("show.toml".into(), SHOW.into())])
        }
        fn snapshot(&self) -> Arc<Snapshot> {
            self.snapshot.load_full()
        }
        fn monitor(&self) -> &Monitor {
            &self.monitor
        }
        fn send(&self, intent: Intent, by: By) -> bool {
            self.said.lock().unwrap().push((intent, by));
            !self.full.load(Ordering::Relaxed)
        }
        fn over(&self) -> bool {
            self.over.load(Ordering::Relaxed)
        }
    }

    fn go() -> Intent {
        Intent::Go { list: ListIx(0), seen: Some(CueIx(0)) }
    }

    /// A stage, a client of it, and the server's task.
    async fn joined(read_only: bool) -> (Arc<Stage>, Client, tokio::task::JoinHandle<io::Result<()>>) {
        let stage = Arc::new(Stage::default());
        stage.snapshot.store(Arc::new(Snapshot { cues: vec![CueFlags { armed: true, ..CueFlags::default() }], ..Snapshot::default() }));
        let (here, there) = tokio::io::duplex(4096);
        let server = tokio::spawn(attach::client(there, stage.clone() as Arc<dyn Host>));
        let client = Client::join(here, "booth", read_only).await.unwrap();
        (stage, client, server)
    }

    /// Virtual time passes until something is true.
    async fn until(mut is: impl FnMut() -> bool) {
        for _ in 0..10_000 {
            if is() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("it never came");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_sees_what_happens_and_its_intents_arrive_with_its_name() {
        let (stage, client, _server) = joined(false).await;
        assert_eq!(client.snapshot().cues.len(), 1);
        let mut next = Snapshot::clone(&stage.snapshot.load());
        next.fading = true;
        stage.snapshot.store(Arc::new(next));
        until(|| client.snapshot().fading).await;
        assert_eq!(client.snapshot().cues.len(), 1, "flags that did not change are not sent again, and not lost");
        assert!(client.send(go(), KeyPhase::Legacy));
        until(|| !stage.said.lock().unwrap().is_empty()).await;
        let said = stage.said.lock().unwrap().remove(0);
        assert_eq!(said, (go(), By::Attached("booth".into(), KeyPhase::Legacy)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_lights_come_to_one_who_looks_and_only_what_has_changed() {
        let (stage, client, _server) = joined(true).await;
        let mut seen = Frames::default();
        let mut slots = [7; 512];
        stage.monitor.put(0, &slots);
        tokio::time::sleep(Duration::from_secs(2)).await;
        seen.look(client.monitor());
        assert!(seen.get(0).is_none() && !stage.monitor.wanted(), "nobody looks");
        assert!(client.look(true));
        until(|| seen.look(client.monitor()) && seen.get(0) == Some(&slots)).await;
        assert!(stage.monitor.wanted());
        slots[511] = 9;
        stage.monitor.put(0, &slots);
        until(|| seen.look(client.monitor()) && seen.get(0) == Some(&slots)).await;
        stage.monitor.clear(0);
        until(|| seen.look(client.monitor()) && seen.get(0).is_none()).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_watcher_and_a_quit_change_nothing() {
        let (stage, client, _server) = joined(true).await;
        assert!(client.read_only() && !client.send(go(), KeyPhase::Legacy));
        let (here, there) = tokio::io::duplex(4096);
        let _server = tokio::spawn(attach::client(there, stage.clone() as Arc<dyn Host>));
        let hand = Client::join(here, "hand", false).await.unwrap();
        assert!(hand.send(Intent::Quit, KeyPhase::Legacy) && hand.send(go(), KeyPhase::Legacy));
        until(|| !stage.said.lock().unwrap().is_empty()).await;
        assert_eq!(stage.said.lock().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_nothing_is_dropped_and_nobody_waited() {
        let stage = Arc::new(Stage::default());
        let (mut here, there) = tokio::io::duplex(64);
        let server = tokio::spawn(attach::client(there, stage as Arc<dyn Host>));
        write(&mut here, &FromClient::Attach { version: VERSION, name: "dead".into(), read_only: false }).await.unwrap();
        assert_eq!(server.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_show_and_of_its_process_are_told() {
        let (stage, client, _server) = joined(false).await;
        stage.over.store(true, Ordering::Relaxed);
        until(|| client.gone().is_some()).await;
        assert_eq!(client.gone().as_deref(), Some("the show has ended"));
        let (_stage, client, server) = joined(false).await;
        server.abort();
        until(|| client.gone().is_some()).await;
        assert!(client.gone().unwrap().contains("gone"));
    }

    #[tokio::test(start_paused = true)]
    async fn another_version_and_nonsense_are_refused() {
        let stage = Arc::new(Stage::default());
        let (mut here, there) = tokio::io::duplex(4096);
        let _server = tokio::spawn(attach::client(there, stage.clone() as Arc<dyn Host>));
        write(&mut here, &FromClient::Attach { version: 99, name: String::new(), read_only: false }).await.unwrap();
        let answer: Option<FromServer> = line(&mut BufReader::new(here), 4096).await.unwrap();
        assert!(matches!(answer, Some(FromServer::Gone(why)) if why.contains("version 99")));
        let (mut here, there) = tokio::io::duplex(4096);
        let server = tokio::spawn(attach::client(there, stage as Arc<dyn Host>));
        tokio::io::AsyncWriteExt::write_all(&mut here, b"GET / HTTP/1.1\r\n").await.unwrap();
        assert!(server.await.unwrap().is_err());
    }
}
