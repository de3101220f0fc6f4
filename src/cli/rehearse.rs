//! `showcall rehearse SHOW`: the whole show with no gear, faster than time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::asrun;
use super::findings::load_or_say;
use super::output::{self, say_err};
use crate::engine::{Level, Note, Outcome, Report, Why};
use crate::links::Simulate;
use crate::links::rack::Cabling;
use crate::rundown::Rundown;
use crate::show::{CueIx, ListIx, Show};
use crate::stage::rehearsal::{Call, Entry, Finding, Run, Severity, What, judge, read_faults, rehearse};
use crate::time::{Mono, Span};

/// Arguments of `rehearse`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The show: a folder that holds show.toml, or a file
    show: PathBuf,
    /// Play this many times faster than time; without it, as fast as possible
    #[arg(long, value_name = "N")]
    speed: Option<f64>,
    /// Strike devices with the faults of this file: [[fault]] at = "1m", device = "foh", what = "cut", for = "10s"
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Seed of all chance in the cables
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
    /// Look for hardware profiles here too
    #[arg(long, value_name = "DIR")]
    profiles: Vec<PathBuf>,
}

/// Exit code 0: nothing of severity error was found, 1: something was, 2: cannot read.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let (show, _) = match load_or_say(&args.show, &args.profiles) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let mut call = Call::default();
    if let Some(file) = &args.faults {
        let read = std::fs::read_to_string(file).map_err(|e| e.to_string()).and_then(|text| read_faults(&text, &show));
        match read {
            Ok(faults) => call.faults = faults,
            Err(why) => {
                say_err!("cannot use the faults of {}: {why}", file.display());
                return ExitCode::from(2);
            }
        }
    }
    let cabling = Cabling { simulate: &Simulate::All, seed: args.seed, any_port: true, family: crate::devices::family };
    let mut run = match Run::new(&show, cabling) {
        Ok(run) => run,
        Err(e) => {
            say_err!("cannot start a rehearsal: {e}");
            return ExitCode::from(2);
        }
    };
    if let Some(speed) = args.speed.filter(|speed| *speed > 0.0) {
        run.set_pace(pace(speed));
    }
    rehearse(&mut run, &call);
    let findings = judge(&run);
    // A reader that has gone (`| head`) is no error of the rehearsal.
    let _ = if args.json { print_json(&run, &findings) } else { print_timeline(&run, &findings) };
    let bad = findings.iter().any(|finding| finding.severity == Severity::Error);
    ExitCode::from(u8::from(bad))
}

/// Sleeps so that virtual time runs `speed` times faster than time.
fn pace(speed: f64) -> Box<dyn FnMut(Mono)> {
    let start = Instant::now();
    Box::new(move |to| {
        let due = Duration::from_nanos(to.0).div_f64(speed.max(1e-3));
        std::thread::sleep(due.saturating_sub(start.elapsed()));
    })
}

fn print_timeline(run: &Run, findings: &[Finding]) -> std::io::Result<()> {
    let days = days(run.show());
    for (at, (mark, cue, text)) in lines(run, &days) {
        output::line(format_args!("{}  {mark:<5} {:<8} {text}", clock(at), cue.map_or("", |cue| &run.show().cue(cue).number)))?;
    }
    let show = run.show();
    output::line(format_args!("\n{}: {}, {} long{}", show.title, several(show.cues.len(), "cue"), clock(run.now()), end(&days)))?;
    for finding in findings {
        let word = if finding.severity == Severity::Error { "error" } else { "warning" };
        let at = finding.at.map_or_else(|| "whole show".to_owned(), clock);
        let cue = finding.cue.as_ref().map_or_else(String::new, |cue| format!("cue {cue}: "));
        output::line(format_args!("{word}: {at}: {cue}{} [{}]", finding.text, finding.code))?;
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    output::line(format_args!("{}, {}", several(errors, "error"), several(findings.len() - errors, "warning")))
}

/// `1 cue`, `2 cues`.
fn several(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn print_json(run: &Run, findings: &[Finding]) -> std::io::Result<()> {
    let days = days(run.show());
    for (at, (mark, cue, text)) in lines(run, &days) {
        let cue = cue.map(|cue| &run.show().cue(cue).number);
        output::line(json!({ "at": at, "event": mark, "cue": cue, "text": text }))?;
    }
    for finding in findings {
        output::line(json!({ "finding": finding }))?;
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    output::line(json!({ "end": { "at": run.now(), "errors": errors, "warnings": findings.len() - errors } }))
}

/// The plan of each list.
fn days(show: &Show) -> Vec<Rundown> {
    show.lists.iter().zip(0_u16..).map(|(_, list)| Rundown::as_planned(show, ListIx(list))).collect()
}

/// `, planned 19:40`: a rehearsal does not wait for it.
fn planned(show: &Show, days: &[Rundown], cue: CueIx) -> String {
    let timed = days.get(show.cue(cue).list.at()).and_then(|day| Some((day, day.cue(cue)?)));
    timed.map_or_else(String::new, |(day, timed)| format!(", planned {}", day.time(timed.planned).strftime("%H:%M")))
}

/// `; planned until 22:05, hard out 22:30`.
fn end(days: &[Rundown]) -> String {
    let Some((day, end)) = days.first().and_then(|day| Some((day, day.end?))) else { return String::new() };
    let out = day.out.map_or_else(String::new, |out| format!(", hard out {}", day.time(out).strftime("%H:%M")));
    format!("; planned until {}{out}", day.time(end).strftime("%H:%M"))
}

/// Hours, minutes, seconds and thousandths.
fn clock(at: Mono) -> String {
    let ms = at.0 / 1_000_000;
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

/// A mark, the cue, and the words.
type Line = (&'static str, Option<CueIx>, String);

/// The timeline. A health fact stands in it when it is not good, and when it is good again: figures are for the console.
fn lines<'a>(run: &'a Run, days: &'a [Rundown]) -> impl Iterator<Item = (Mono, Line)> + 'a {
    let mut levels = BTreeMap::new();
    run.log().iter().filter_map(move |entry| {
        if let What::Report(device, Report::Health(facet)) = &entry.what {
            let was = levels.insert((*device, Arc::clone(&facet.key)), facet.level).unwrap_or_default();
            if facet.level == Level::Good && was == Level::Good {
                return None;
            }
        }
        Some((entry.at, line(run, days, entry)?))
    })
}

/// One line of the timeline; `None` for what a caller need not read.
fn line(run: &Run, days: &[Rundown], entry: &Entry) -> Option<Line> {
    let show = run.show();
    match &entry.what {
        What::Note(Note::Go { cue, .. }) => Some(("GO", Some(*cue), show.cue(*cue).name.to_string())),
        What::Note(Note::CueStarted { cue }) => {
            Some(("start", Some(*cue), format!("{}{}", show.cue(*cue).name, planned(show, days, *cue))))
        }
        What::Note(Note::CueEnded { cue, stopped }) => Some(("end", Some(*cue), if *stopped { "stopped".into() } else { String::new() })),
        What::Note(Note::RefusedIntent { why }) => Some(("no", None, why.to_string())),
        What::Note(Note::Tell { text, .. }) => Some(("tell", None, text.to_string())),
        What::Note(Note::Yielded { prop, value }) => Some(("hand", None, asrun::held(show, *prop, value))),
        What::Note(Note::Action { action, prop, said, why, outcome }) => {
            let cue = if let Why::Step { cue, .. } = why { Some(*cue) } else { None };
            let took = run.command(*action).map(|(at, ..)| took(entry.at.since(*at)));
            let what = asrun::action(show, *prop, said);
            Some(("done", cue, format!("{what}: {}{}", outcome_text(outcome), took.unwrap_or_default())))
        }
        What::Note(_) | What::Command(..) => None,
        What::Report(device, report) => report_text(report).map(|text| ("dev", None, format!("{}: {text}", show.device(*device).key))),
        What::Fault(device, text) => Some(("fault", None, format!("{}: {text}", show.device(*device).key))),
    }
}

/// The simulated wire has no length: what needs no time of its own lands in the same instant.
fn took(time: Span) -> String {
    if time.as_ms() == 0 { " at once".into() } else { format!(" after {}", Span::ms(time.as_ms())) }
}

fn outcome_text(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Confirmed { masked: None } => "confirmed".into(),
        Outcome::Confirmed { masked: Some(by) } => format!("landed, MASKED by {by}"),
        Outcome::Sent => "sent".into(),
        Outcome::Failed { why } => format!("FAILED, {why}"),
        Outcome::Refused { why } => format!("REFUSED, {why}"),
        Outcome::Yielded => "yielded to a hand".into(),
        Outcome::Superseded => "superseded".into(),
        Outcome::Cancelled => "cancelled".into(),
        Outcome::Skipped { why } => format!("skipped, {why}"),
        Outcome::Held => "HELD".into(),
        Outcome::Uncertain => "UNCERTAIN".into(),
    }
}

fn report_text(report: &Report) -> Option<String> {
    match report {
        Report::Online { identity } => Some(format!("online{}", identity.as_ref().map_or_else(String::new, |id| format!(" ({id})")))),
        Report::Offline { why } => Some(format!("offline, {why}")),
        Report::Restarted => Some("restarted".into()),
        Report::NeedsHuman { why } => Some(format!("needs a person: {why}")),
        Report::Health(facet) if facet.text.is_empty() => Some(format!("{}: good again", facet.key)),
        Report::Health(facet) => Some(facet.text.to_string()),
        _ => None,
    }
}
