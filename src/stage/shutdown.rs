//! Signals: an order to end is followed in order; a terminal that is gone is no such order.

use std::io;

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Handle;

/// What is written into the journal when the terminal is gone.
pub const TERMINAL_GONE: &str = "the terminal is gone: the show goes on without one, `showcall attach` brings a console back";

/// From here on SIGTERM and SIGINT end the run in order, and SIGHUP only says that the terminal is gone.
///
/// # Errors
/// When the system takes no handler.
pub fn watch_signals(runtime: &Runtime, handle: Handle) -> io::Result<()> {
    let _inside = runtime.enter();
    let (terminate, interrupt, hangup) = (SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup());
    let signals = [signal(terminate)?, signal(interrupt)?, signal(hangup)?];
    runtime.spawn(listen(handle, signals));
    Ok(())
}

async fn listen(handle: Handle, signals: [Signal; 3]) {
    let [mut terminate, mut interrupt, mut hangup] = signals;
    loop {
        // A stage too busy to take the order gets it with the next signal.
        let _ = tokio::select! {
            _ = terminate.recv() => handle.end("SIGTERM"),
            _ = interrupt.recv() => handle.end("SIGINT"),
            _ = hangup.recv() => handle.say(TERMINAL_GONE),
        };
    }
}
