//! The technician's log: `showcall.log` in the journal's folder. What happened to the show is in the journal; this is what happened to
//! the program and its wires. `SHOWCALL_LOG` sets the filter (`debug`, `showcall::links=trace`); the default is `info`.

use std::path::Path;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// Lines that wait for the disk; more are dropped, never waited for.
const LINES: usize = 4096;
/// The file's name.
const NAME: &str = "showcall.log";

/// Starts the log. Kept until the program ends: dropping the guard writes the last lines.
///
/// # Errors
/// When the folder cannot be written; the show runs without a log then.
pub fn start(folder: &Path) -> std::io::Result<WorkerGuard> {
    std::fs::create_dir_all(folder)?;
    let file = std::fs::OpenOptions::new().create(true).append(true).open(folder.join(NAME))?;
    let (writer, guard) = NonBlockingBuilder::default().buffered_lines_limit(LINES).lossy(true).thread_name("log").finish(file);
    let filter = EnvFilter::try_from_env("SHOWCALL_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_writer(writer).with_ansi(false).with_env_filter(filter).finish();
    // A second log of the same process stays silent; there is one run a process.
    let _ = tracing::subscriber::set_global_default(log);
    Ok(guard)
}
