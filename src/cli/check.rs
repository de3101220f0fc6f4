//! `showcall check SHOW`: every finding in one run.

use std::path::PathBuf;
use std::process::ExitCode;

use super::output::say_err;
use super::{families, findings};

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The show: a folder that holds show.toml, or a file
    show: PathBuf,
    /// Print one JSON object a finding on stdout, for editors
    #[arg(long)]
    json: bool,
    /// Look for hardware profiles here too
    #[arg(long, value_name = "DIR")]
    profiles: Vec<PathBuf>,
}

/// Exit code 0: clean (warnings allowed), 1: errors, 2: cannot read.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let loaded = families::load(&args.show, &args.profiles);
    if args.json {
        findings::print_json(&loaded);
    } else {
        findings::print_findings(&loaded);
        say_err!("{}", findings::summary(&loaded));
    }
    findings::exit_code(&loaded)
}
