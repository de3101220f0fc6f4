//! `showcall schema`: the JSON Schema of shows, or of hardware profiles, for editors.

use super::output;
use std::process::ExitCode;

/// The schema of a show file. Written by hand: a step is exactly one verb, which no derive says well.
pub const SHOW: &str = include_str!("schema/show.json");
/// The schema of a hardware profile or fixture profile.
pub const PROFILE: &str = include_str!("schema/profile.json");

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The schema of hardware profiles instead of shows
    #[arg(long)]
    profile: bool,
}

/// Prints the schema on stdout.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let text = if args.profile { PROFILE } else { SHOW };
    // A reader that went away (`| head`) ends the output, nothing else.
    let _ = output::out(text);
    ExitCode::SUCCESS
}
