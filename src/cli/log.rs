//! The technician's log: `showcall.log` in the journal's folder. What happened to the show is in the journal; this is what happened to
//! the program and its wires. `SHOWCALL_LOG` sets the filter (`debug`, `showcall::links=trace`); the default is `info`.

use std::io::{self, Write};
use std::path::Path;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use crate::show::printable::one_line;
use crate::stage::journal::private;

/// Lines that wait for the disk; more are dropped, never waited for.
const LINES: usize = 4096;
/// The file's name.
const NAME: &str = "showcall.log";

/// A log is read in a terminal: what a device told stays on the line of its event, and does nothing.
struct Printable<W>(W);

impl<W: Write> Write for Printable<W> {
    /// One event, its line end included.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = one_line(text.strip_suffix('\n').unwrap_or(&text));
        self.0.write_all(format!("{line}\n").as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Starts the log. Kept until the program ends: dropping the guard writes the last lines.
///
/// # Errors
/// When the folder cannot be written; the show runs without a log then.
pub fn start(folder: &Path) -> std::io::Result<WorkerGuard> {
    private::folder(folder)?;
    let file = private::file().create(true).append(true).open(folder.join(NAME))?;
    let (writer, guard) = NonBlockingBuilder::default().buffered_lines_limit(LINES).lossy(true).thread_name("log").finish(file);
    let filter = EnvFilter::try_from_env("SHOWCALL_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let writer = move || Printable(writer.clone());
    let log = tracing_subscriber::fmt().with_writer(writer).with_ansi(false).with_env_filter(filter).finish();
    // A second log of the same process stays silent; there is one run a process.
    let _ = tracing::subscriber::set_global_default(log);
    Ok(guard)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_event_is_one_line_and_acts_on_no_terminal() {
        let mut written = Vec::new();
        Printable(&mut written).write_all("WARN obs: no \u{1b}[2J\nINFO forged\u{9b}5m\n".as_bytes()).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), "WARN obs: no \\u001b[2J\\u000aINFO forged\\u009b5m\n");
    }
}
