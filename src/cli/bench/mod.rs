//! `showcall bench`: latency and frame figures of this machine, as JSON.
//!
//! Each figure is taken from outside, with the program as a caller runs it: a child process in headless mode, a show
//! file on disk, GO by OSC, and a receiver whose arrival times are the kernel's (SO_TIMESTAMPNS). Latency is the kernel's
//! arrival time less the wall clock read just before the GO was sent: the loopback hop is in it, twice.

use crate::cli::output::{say, say_err};
mod crowd;
mod figures;
mod floods;
mod latency;
mod lights;
mod load;
mod world;

use std::process::ExitCode;

use serde_json::{Map, Value as Json, json};

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these figures, by name; all when none is given
    #[arg(value_name = "FIGURE")]
    only: Vec<String>,
    /// Repetitions of each GO
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=5000))]
    n: u32,
    /// Runs of each figure; the best by its median is given
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    runs: u32,
}

type Figure = fn(&Args) -> Result<Json, String>;

/// Name, what it is, and how it is taken.
const FIGURES: &[(&str, Figure)] = &[
    ("osc_go_to_osc_out", latency::osc_to_osc),
    ("osc_start_to_osc_out", latency::start_to_osc),
    ("go_with_40_devices", crowd::all_live),
    ("go_with_40_devices_4_dead", crowd::four_dead),
    ("go_while_8_connections_flood", floods::streams),
    ("go_while_4_devices_flood_datagrams", floods::datagrams),
    ("go_to_50_messages", latency::fifty),
    ("go_to_artdmx", latency::go_to_artdmx),
    ("fading_64_universes", lights::universes_64),
    ("fading_256_universes", lights::universes_256),
    ("fading_512_universes", lights::universes_512),
    ("go_while_512_universes_fade", lights::go_while_512_run),
    ("growth_with_universes", lights::growth),
    ("timed_actions_idle", latency::timed_idle),
    ("timed_actions_busy", latency::timed_busy),
    ("load_10000_cues", load::load),
    ("copies_10000_cues", load::copies),
    ("start_to_ready_10000_cues", load::start),
];

/// Exit code 0: all figures taken, 1: some could not be, 2: an unknown figure was named.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    if let Some(unknown) = args.only.iter().find(|name| FIGURES.iter().all(|(known, _)| known != name)) {
        let known: Vec<&str> = FIGURES.iter().map(|(name, _)| *name).collect();
        say_err!("\"{unknown}\" is not a figure (known: {})", known.join(", "));
        return ExitCode::from(2);
    }
    let mut all = Map::new();
    let mut failed = false;
    all.insert("showcall".into(), env!("CARGO_PKG_VERSION").into());
    all.insert("cores".into(), json!(std::thread::available_parallelism().map_or(0, usize::from)));
    for (name, take) in FIGURES {
        if !args.only.is_empty() && args.only.iter().all(|wanted| wanted != name) {
            continue;
        }
        say_err!("{name} …");
        let figure = take(args).unwrap_or_else(|error| {
            failed = true;
            json!({ "error": error })
        });
        all.insert((*name).to_owned(), figure);
    }
    match serde_json::to_string_pretty(&all) {
        Ok(text) => say!("{text}"),
        Err(error) => say_err!("{error}"),
    }
    ExitCode::from(u8::from(failed))
}
