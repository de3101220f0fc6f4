//! This process's own stage, as consoles see it: the one at this machine and those that attach.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::console::{Busy, Seat};
use crate::engine::{By, Intent, KeyPhase, Snapshot};
use crate::light::Monitor;
use crate::links::local;
use crate::remote::attach::{self, Host};
use crate::show::Show;
use crate::stage::Handle;
use crate::stage::journal::read;

/// A seat at the running stage.
pub struct Here {
    /// The stage.
    pub handle: Handle,
    /// The run's journal, whose first line holds the text of the show: nobody else needs it while the show runs.
    pub journal: PathBuf,
}

impl Seat for Here {
    fn show(&self) -> Arc<Show> {
        self.handle.show()
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.handle.snapshot()
    }

    fn monitor(&self) -> &Monitor {
        self.handle.monitor()
    }

    fn send(&self, intent: Intent, phase: KeyPhase) -> Result<(), Busy> {
        self.handle.send(intent, By::Key(phase)).map_err(|_| Busy)
    }

    fn gone(&self) -> Option<Arc<str>> {
        self.handle.over().then(|| "the run is over".into())
    }
}

impl Host for Here {
    fn sources(&self) -> Result<Vec<(String, String)>, String> {
        read::header(&self.journal).map(|header| header.sources.to_vec()).map_err(|error| error.to_string())
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.handle.snapshot()
    }

    fn monitor(&self) -> &Monitor {
        self.handle.monitor()
    }

    fn send(&self, intent: Intent, by: By) -> bool {
        self.handle.send(intent, by).is_ok()
    }

    fn over(&self) -> bool {
        self.handle.over()
    }
}

/// Lets consoles attach in a journal's folder. The task ends after the run, when each console has been told.
///
/// # Errors
/// When the socket cannot be made there.
pub fn open(runtime: &Runtime, journal: &Path, here: Arc<Here>) -> std::io::Result<JoinHandle<()>> {
    let _inside = runtime.enter();
    let listener = local::listen(journal)?;
    Ok(runtime.spawn(attach::serve(listener, here)))
}
