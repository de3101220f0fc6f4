//! `showcall report JOURNAL`: the as-run report of a night.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use super::asrun;
use super::journal_arg::{self, Opened, Times};
use crate::engine::{Input, Note, Report};
use crate::show::{CueIx, DeviceIx, Show};
use crate::stage::journal::{Entry, Record};
use crate::time::{Mono, Span};

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A run's file, or the folder of a journal or of a show (its newest run)
    journal: PathBuf,
    /// Print one JSON object an event instead
    #[arg(long)]
    json: bool,
}

/// Exit code 0: printed, 2: cannot read.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let opened = match journal_arg::open_or_say(&args.journal) {
        Ok(opened) => opened,
        Err(code) => return code,
    };
    let text = if args.json { events(&opened) } else { report(&opened) };
    // A reader that has seen enough closes the pipe.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn events(opened: &Opened) -> String {
    let line = |record: &Record| match &record.entry {
        Entry::Note(note) => Some(format!("{}\n", asrun::event(&opened.show, record.mono, note))),
        _ => None,
    };
    opened.content.records.iter().filter_map(line).collect()
}

/// The whole report.
#[must_use]
pub fn report(opened: &Opened) -> String {
    let times = Times::of(&opened.content);
    let (show, records) = (&*opened.show, &*opened.content.records);
    let mut text =
        format!("{}\n{:?} run, showcall {}\n", opened.content.header.title, opened.content.header.mode, opened.content.header.showcall);
    section(&mut text, "Cues", cues(show, records, &times));
    section(&mut text, "Actions", notes(show, records, &times, |note| matches!(note, Note::Action { .. })));
    section(&mut text, "Refused", notes(show, records, &times, |note| matches!(note, Note::RefusedIntent { .. })));
    section(&mut text, "Changed by a hand", notes(show, records, &times, |note| matches!(note, Note::Yielded { .. })));
    let stops = |note: &Note| matches!(note, Note::Stopped | Note::Panic { .. } | Note::Ownership { .. } | Note::Tell { .. });
    section(&mut text, "Stops, ownership and tells", notes(show, records, &times, stops));
    section(&mut text, "Device outages", outages(show, records, &times));
    section(&mut text, "The process", process(records, &times));
    text
}

fn section(text: &mut String, title: &str, lines: Vec<String>) {
    text.push_str(&format!("\n{title}\n"));
    if lines.is_empty() {
        text.push_str("  none\n");
    }
    for line in lines {
        text.push_str(&format!("  {line}\n"));
    }
}

fn notes(show: &Show, records: &[Record], times: &Times, wanted: impl Fn(&Note) -> bool) -> Vec<String> {
    let line = |record: &Record| match &record.entry {
        Entry::Note(note) if wanted(note) => Some(format!("{}  {}", times.clock(record.mono), asrun::words(show, note))),
        _ => None,
    };
    records.iter().filter_map(line).collect()
}

/// When a cue started, which, and when it ended and whether it was stopped.
type CueRun = (Mono, CueIx, Option<(Mono, bool)>);

/// Start, end and length of every run of a cue, in the order of their starts.
fn cues(show: &Show, records: &[Record], times: &Times) -> Vec<String> {
    let mut lines: Vec<CueRun> = Vec::new();
    for record in records {
        match &record.entry {
            Entry::Note(Note::CueStarted { cue }) => lines.push((record.mono, *cue, None)),
            Entry::Note(Note::CueEnded { cue, stopped }) => {
                if let Some(line) = lines.iter_mut().find(|(_, ix, end)| ix == cue && end.is_none()) {
                    line.2 = Some((record.mono, *stopped));
                }
            }
            _ => {}
        }
    }
    let render = |(start, cue, end): &CueRun| {
        let how = match end {
            Some((end, stopped)) => format!("{} after {}", if *stopped { "stopped" } else { "ended" }, rounded(end.since(*start))),
            None => "still running at the end".into(),
        };
        format!("{}  {}, {how}", times.clock(*start), asrun::cue(show, *cue))
    };
    lines.iter().map(render).collect()
}

/// To the millisecond below a minute, to the second above.
fn rounded(span: Span) -> Span {
    if span < Span::secs(60) { Span::ms(span.as_ms()) } else { Span::secs(span.as_ms() / 1000) }
}

fn outages(show: &Show, records: &[Record], times: &Times) -> Vec<String> {
    let (mut since, mut lines): (BTreeMap<DeviceIx, (Mono, String)>, Vec<String>) = (BTreeMap::new(), Vec::new());
    for record in records {
        let Entry::Input(Input::Device { device, report }) = &record.entry else { continue };
        match report {
            Report::Offline { why } => {
                since.entry(*device).or_insert_with(|| (record.mono, why.to_string()));
            }
            Report::Online { .. } => {
                if let Some((start, why)) = since.remove(device) {
                    let length = rounded(record.mono.since(start));
                    lines.push(format!("{}  {} was away for {length}: {why}", times.clock(start), asrun::device(show, *device)));
                }
            }
            _ => {}
        }
    }
    for (device, (start, why)) in since {
        lines.push(format!("{}  {} did not come back: {why}", times.clock(start), asrun::device(show, device)));
    }
    lines
}

fn process(records: &[Record], times: &Times) -> Vec<String> {
    let line = |record: &Record| {
        let text = match &record.entry {
            Entry::Process(process) => format!("process {} took over", process.pid),
            Entry::Input(Input::Resumed(resumed)) => format!("resumed; alive until {}", times.clock(resumed.alive_until)),
            Entry::Input(Input::Stalled { since }) => format!("stood still since {}", times.clock(*since)),
            Entry::Lost { count } => format!("{count} reports and notes were lost: the journal's ring was full"),
            Entry::Stage { text } => text.clone(),
            Entry::End { why } => format!("ended: {why}"),
            _ => return None,
        };
        Some(format!("{}  {text}", times.clock(record.mono)))
    };
    records.iter().filter_map(line).collect()
}
