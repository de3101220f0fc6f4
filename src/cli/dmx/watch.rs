//! `showcall dmx watch`.

use std::process::ExitCode;

use super::{Fault, Listen, Session, page};
use crate::cli::output;
use crate::devices::dmx::watch::Watch;
use crate::links::sys::boottime;
use crate::time::Span;

/// Between two pictures.
const EVERY: Span = Span::secs(1);

/// Arguments of `dmx watch`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    listen: Listen,
    /// Print one JSON object a second
    #[arg(long)]
    json: bool,
}

/// Until it is ended. Exit code 1: nothing came.
pub fn run(args: &Args) -> Result<ExitCode, Fault> {
    let mut session = Session::open(&args.listen)?;
    let start = boottime();
    let end = args.listen.seconds.map(|seconds| start + Span::secs(seconds));
    let (mut watch, mut came, mut next) = (Watch::default(), false, start + EVERY);
    loop {
        let until = end.map_or(next, |end| end.min(next));
        let goes_on = session.until(until, |at, frame| {
            came = true;
            watch.hear(at, frame);
        });
        let goes_on = goes_on.map_err(|e| Fault::cannot(format!("cannot listen: {e}")))?;
        watch.age(boottime());
        let over = !goes_on || end.is_some_and(|end| boottime() >= end);
        // A reader that went away (`| head`) ends the output and the watch.
        if show(args.json, boottime().since(start), &watch).is_err() || over {
            return Ok(if came { ExitCode::SUCCESS } else { ExitCode::from(1) });
        }
        next += EVERY;
    }
}

fn show(as_json: bool, since: Span, watch: &Watch) -> std::io::Result<()> {
    if as_json { output::line(page::document(since.0 as f64 / 1e9, watch)) } else { output::page(&page::table(watch)) }
}
