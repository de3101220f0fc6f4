//! The terminal of this process, lent to a console: its keyboard, its clock, and stderr kept out of the picture.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use super::output;
use crate::console::{self, Ended, Leaving, Options, Seat, Theme};
use crate::links::sys::{Poller, QuietStderr, boottime};
use crate::stage::journal::private;
use crate::time::Span;

/// A console that fell over is opened again this often.
const AGAIN: u8 = 3;

/// Stdin as a console reads it. Unlike crossterm's reader it says when the terminal is gone.
struct Keyboard {
    file: File,
    poller: Poller,
}

impl Keyboard {
    fn open() -> io::Result<Self> {
        let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let poller = Poller::new()?;
        poller.add(file.as_fd(), 0)?;
        Ok(Self { file, poller })
    }
}

impl console::Input for Keyboard {
    fn read(&mut self, timeout: Duration) -> io::Result<Option<Vec<u8>>> {
        let timeout = Span(u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX));
        if self.poller.wait(Some(timeout))?.is_empty() {
            return Ok(None);
        }
        let mut bytes = vec![0; 4096];
        match self.file.read(&mut bytes) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                bytes.truncate(length);
                Ok(Some(bytes))
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// True when a person sits at stdin and stdout.
#[must_use]
pub fn is_there() -> bool {
    io::stdin().is_terminal() && output::out_is_terminal()
}

/// Gives a terminal that takes no bytes back as far as that goes without writing to it: its keys are read by lines again.
pub fn abandon() {
    // One that is gone has no modes to set.
    let _ = crossterm::terminal::disable_raw_mode();
}

fn clock() -> Duration {
    Duration::from_nanos(boottime().0)
}

/// Runs a console until it ends. What anything in this process prints on stderr meanwhile goes to `log`; a console that
/// falls over is opened again, the show knows nothing of it.
///
/// # Errors
/// When the terminal cannot be taken, or the console fell over too often.
pub fn attend(seat: &dyn Seat, leaving: Leaving, log: &Path) -> io::Result<Ended> {
    let theme = Theme::from_environment(|name| std::env::var(name).ok());
    let options = Options { theme, leaving, clock };
    let mut keyboard = Keyboard::open()?;
    let log = private::file().create(true).append(true).open(log).ok();
    let quiet = log.as_ref().map_or_else(QuietStderr::new, QuietStderr::to);
    for _ in 0..AGAIN {
        let Ok(ended) = catch_unwind(AssertUnwindSafe(|| console::run(seat, &mut keyboard, options))) else { continue };
        if let Ok(Ended::TerminalLost(_)) = ended {
            // Printing to a terminal that is gone panics, and the show goes on without one: stderr stays in the log.
            std::mem::forget(quiet);
        }
        return ended;
    }
    Err(io::Error::other("the console fell over three times; its own words are in the log"))
}
