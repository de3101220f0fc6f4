//! Ring 4: the command line. One file a subcommand; exit codes: 0 done, 1 the show or the run has errors, 2 cannot start.

pub mod asrun;
pub mod attach;
pub mod bench;
pub mod check;
pub mod device_table;
pub mod devices;
pub mod dmx;
pub mod ending;
pub mod examples;
pub mod families;
pub mod findings;
pub mod import;
pub mod journal_arg;
pub mod log;
pub mod new;
pub mod output;
pub mod parting;
pub mod patch;
pub mod play;
pub mod profiles;
pub mod rehearse;
pub mod replay;
pub mod report;
pub mod run;
pub mod schema;
pub mod seat;
pub mod simulator;
pub mod terminal;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// Show-day control and cue system: one GO fires timed actions at lights, sound and screens, and each is proven to have landed.
#[derive(Debug, Parser)]
#[command(name = "showcall", version, disable_help_subcommand = false)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// The subcommands. Each has its own file with `Args` and `run`.
#[derive(Debug, Subcommand)]
enum Command {
    /// Bring a console to a running show
    Attach(attach::Args),
    /// Measure this machine: GO to the wire, lateness, load, memory
    Bench(bench::Args),
    /// Run a show
    Run(run::Args),
    /// Print the as-run report of a journal
    Report(report::Args),
    /// Run a journal's inputs through the engine again and compare
    Replay(replay::Args),
    /// Check a show and say everything that is wrong with it (`patch` draws what is where)
    Check(check::Args),
    /// Look for devices in the network
    Devices(devices::Args),
    /// Make fixture profiles and patches from other people's files: GDTF, Open Fixture Library, QLC+, MVR
    Import(import::Args),
    /// Watch lighting universes on the wire, record and play them
    Dmx(dmx::Args),
    /// Make a commented show folder to start from
    New(new::Args),
    /// Draw the patch: which light is where, and whose each slot of a universe is
    Patch(patch::Args),
    /// List the hardware profiles, or tell all about one
    Profiles(profiles::Args),
    /// Play the whole show with no gear, faster than time, and say what would go wrong
    Rehearse(rehearse::Args),
    /// Print the JSON Schema of shows or profiles, for editors
    Schema(schema::Args),
    /// Play one device on a real socket, for other programs to talk to
    Simulator(simulator::Args),
}

/// The command line as clap knows it: what the documentation lists, and what its examples must suit.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Reads the command line and runs the subcommand.
#[must_use]
pub fn main() -> ExitCode {
    output::panics_too();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return unread(&error),
    };
    match cli.command {
        Command::Attach(args) => attach::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Devices(args) => devices::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Dmx(args) => dmx::run(&args),
        Command::New(args) => new::run(&args),
        Command::Patch(args) => patch::run(&args),
        Command::Profiles(args) => profiles::run(&args),
        Command::Rehearse(args) => rehearse::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Simulator(args) => simulator::run(&args),
    }
}

/// Help, the version, or what is wrong with the command line, as clap words it.
fn unread(error: &clap::Error) -> ExitCode {
    let text = error.render();
    if !error.use_stderr() {
        // A reader that has seen enough closes the pipe.
        let _ = output::out(&text.to_string());
    } else if output::err_takes_colours() {
        output::err_coloured(&text.ansi().to_string());
    } else {
        output::err(&text.to_string());
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}
