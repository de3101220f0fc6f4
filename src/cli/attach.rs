//! `showcall attach`: a console on a running show.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use super::output::say_err;
use super::{journal_arg, terminal};
use crate::console::{Ended, Leaving};
use crate::links::local;
use crate::remote::attach_client::Client;

/// Arguments of `attach`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of the running show, or of its journal
    #[arg(value_name = "SHOW_OR_JOURNAL", default_value = ".")]
    journal: PathBuf,
    /// Only watch: no key changes the show
    #[arg(long)]
    read_only: bool,
}

/// Exit code 0: left, 1: the show ended or its process is gone, 2: there is nothing to attach to.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    if !terminal::is_there() {
        return cannot("attach needs a terminal (drive a headless run by OSC)");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return cannot(&format!("no thread to attach with: {error}")),
    };
    let client = match runtime.block_on(join(args)) {
        Ok(client) => Arc::new(client),
        Err(why) => return cannot(&why),
    };
    runtime.spawn(leave_on_signal(client.clone()));
    let log = journal_arg::folder_of(&args.journal).join("attach.log");
    match terminal::attend(&*client, Leaving::LeavesShow, &log) {
        Ok(Ended::Left) => ExitCode::SUCCESS,
        Ok(Ended::TerminalLost(_)) => ExitCode::SUCCESS,
        Ok(Ended::Gone(why)) => {
            say_err!("showcall: {why}");
            ExitCode::FAILURE
        }
        Err(error) => cannot(&error.to_string()),
    }
}

async fn join(args: &Args) -> Result<Client, String> {
    let journal = journal_arg::folder_of(&args.journal);
    let stream = local::connect(&journal).await.map_err(|error| {
        let place = local::place(&journal);
        format!("no show runs on {} ({error}); give the folder of the running show, or what it has as --journal", place.display())
    })?;
    let name = std::env::var("USER").unwrap_or_else(|_| "console".into());
    Client::join(stream, &name, args.read_only).await.map_err(|error| error.to_string())
}

/// The terminal is given back in order whatever ends this process.
async fn leave_on_signal(client: Arc<Client>) {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    tokio::select! {
        _ = terminate.recv() => client.leave("told to end (SIGTERM)"),
        _ = hangup.recv() => client.leave("the terminal is gone"),
    }
}

fn cannot(why: &str) -> ExitCode {
    say_err!("showcall: {why}");
    ExitCode::from(2)
}
