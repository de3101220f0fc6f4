//! `showcall report JOURNAL`: the as-run report of a night.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

use super::asrun;
use super::journal_arg::{self, Opened, Times};
use super::output;
use crate::engine::{Input, Link, Note, Report};
use crate::rundown::{self, Counted, Kept};
use crate::show::{CueIx, DeviceIx, ListIx, Show};
use crate::stage::journal::{Entry, Record};
use crate::time::{Mono, Span, Wall};

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
    let _ = output::out(&text);
    ExitCode::SUCCESS
}

fn events(opened: &Opened) -> String {
    let (show, records) = (&*opened.show, &*opened.content.records);
    let start = |record: &Record| if let Entry::Note(Note::CueStarted { cue }) = &record.entry { Some((record.mono, *cue)) } else { None };
    let (_, kept) = kept(show, records.iter().filter_map(start), &Times::of(records));
    let mut kept = kept.into_iter();
    let line = |record: &Record| {
        let Entry::Note(note) = &record.entry else { return None };
        let mut event = asrun::event(show, record.mono, note);
        if let (Some(Some(kept)), Some(event)) = (start(record).and_then(|_| kept.next()), event.as_object_mut()) {
            event.insert("planned".into(), kept.planned.strftime("%H:%M:%S").to_string().into());
            event.insert("late".into(), kept.late.map(|late| (late / 1_000_000) as f64 / 1e3).into());
        }
        Some(format!("{event}\n"))
    };
    records.iter().filter_map(line).collect()
}

/// The whole report.
#[must_use]
pub fn report(opened: &Opened) -> String {
    let times = Times::of(&opened.content.records);
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

/// Start, end and length of every run of a cue, in the order of their starts, and what was planned.
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
    let (counted, kept) = kept(show, lines.iter().map(|(start, cue, _)| (*start, *cue)), times);
    let lines = lines.iter().zip(kept).map(|(line, kept)| render(line) + &kept.map_or_else(String::new, |kept| beside(&kept)));
    counted.into_iter().chain(lines).collect()
}

/// What the plan said of each start, in their order; a line where a list is told as a rehearsal.
fn kept(show: &Show, starts: impl Iterator<Item = (Mono, CueIx)>, times: &Times) -> (Vec<String>, Vec<Option<Kept>>) {
    let starts: Vec<(CueIx, Option<Wall>)> = starts.map(|(at, cue)| (cue, times.wall(at))).collect();
    let (mut said, mut all) = (Vec::new(), vec![None; starts.len()]);
    for (list, ix) in show.lists.iter().zip((0..).map(ListIx)) {
        let own = starts.iter().enumerate().filter(|(_, (cue, _))| show.cues.get(cue.at()).is_some_and(|cue| cue.list == ix));
        let own: Vec<_> = own.filter_map(|(at, (cue, wall))| Some((at, (*cue, (*wall)?)))).collect();
        let plain: Vec<_> = own.iter().map(|(_, start)| *start).collect();
        let (counted, kept) = rundown::as_run(show, ix, times.utc_offset(), &plain);
        if let Counted::Since(cue) = counted {
            said.push(format!("{}: not the planned day or hour, so all is counted from the start of {}", list.name, asrun::cue(show, cue)));
        }
        for ((at, _), kept) in own.iter().zip(kept) {
            all[*at] = kept;
        }
    }
    (said, all)
}

/// `; planned 19:40, 2m 7s late`.
fn beside(kept: &Kept) -> String {
    let planned = kept.planned.strftime(if kept.planned.second() == 0 { "%H:%M" } else { "%H:%M:%S" });
    let late = kept.late.map(|late| {
        let span = Span::secs(late.unsigned_abs() / 1_000_000_000);
        match (span.is_zero(), late > 0) {
            (true, _) => ", on time".to_owned(),
            (_, true) => format!(", {span} late"),
            (_, false) => format!(", {span} early"),
        }
    });
    format!("; planned {planned}{}", late.unwrap_or_default())
}

/// To the millisecond below a minute, to the second above.
fn rounded(span: Span) -> Span {
    if span < Span::secs(60) { Span::ms(span.as_ms()) } else { Span::secs(span.as_ms() / 1000) }
}

/// From the last word of a device to its next one. A device that has not answered yet was away from the beginning.
fn outages(show: &Show, records: &[Record], times: &Times) -> Vec<String> {
    let begun = records.first().map_or(Mono::ZERO, |record| record.mono);
    let (mut heard, mut away): (BTreeMap<DeviceIx, Mono>, BTreeMap<DeviceIx, Away>) = (BTreeMap::new(), BTreeMap::new());
    let (mut met, mut lines) = (BTreeSet::new(), Vec::new());
    for record in records {
        match &record.entry {
            Entry::Input(Input::Heard { device, at }) => {
                heard.insert(*device, *at);
            }
            Entry::Input(Input::Device { device, report: Report::Offline { why } }) => {
                let last = met.contains(device).then(|| heard.remove(device).unwrap_or(record.mono));
                away.entry(*device).or_insert_with(|| Away { since: last.unwrap_or(begun), met: last.is_some(), why: why.to_string() });
            }
            Entry::Note(Note::Device { device, news: Link::Silent }) => {
                let (since, met) = (if met.contains(device) { record.mono } else { begun }, met.contains(device));
                away.entry(*device).or_insert_with(|| Away { since, met, why: "no answer".into() });
            }
            Entry::Input(Input::Device { device, report: Report::Online { .. } }) => {
                met.insert(*device);
                if let Some(Away { since, met, why }) = away.remove(device) {
                    let (name, length) = (asrun::device(show, *device), rounded(record.mono.since(since)));
                    let how = if met { "was away" } else { "did not answer at first" };
                    lines.push(format!("{}  {name} {how}, for {length}: {why}", times.clock(since)));
                }
            }
            _ => {}
        }
    }
    for (device, Away { since, met, why }) in away {
        let how = if met { "did not come back" } else { "was NEVER REACHED" };
        lines.push(format!("{}  {} {how}: {why}", times.clock(since), asrun::device(show, device)));
    }
    lines
}

/// A device that does not answer.
struct Away {
    since: Mono,
    /// It has answered before.
    met: bool,
    why: String,
}

fn process(records: &[Record], times: &Times) -> Vec<String> {
    let line = |record: &Record| {
        let text = match &record.entry {
            Entry::Process(process) => format!("process {} took over", process.pid),
            Entry::Input(Input::Resumed(resumed)) => format!("resumed; alive until {}", times.clock(resumed.alive_until)),
            Entry::Input(Input::Stalled { since }) => format!("stood still since {}", times.clock(*since)),
            Entry::Lost { count } => format!("{count} reports and notes were lost: the journal's ring was full"),
            Entry::Stage { text } => text.clone(),
            Entry::Note(Note::Machine { text, .. }) => text.to_string(),
            Entry::End { why } => format!("ended: {why}"),
            _ => return None,
        };
        Some(format!("{}  {text}", times.clock(record.mono)))
    };
    records.iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SHOW: &str = r#"
[show]
title = "T"
date = 2026-11-27
looks = "whole"
at_exit = "leave"
[[cue]]
number = "1"
name = "Doors"
at = "18:30"
[[cue]]
number = "2"
name = "Opening"
at = "19:00"
[[cue]]
number = "3"
name = "Aside"
"#;

    #[test]
    fn each_start_stands_beside_its_plan() {
        let show = crate::show::load_text(&[("show.toml".into(), SHOW.into())]).show.unwrap();
        let mono = |second: u64| Mono(second * 1_000_000_000);
        let record = |second: u64, entry: Entry| Record { seq: second, mono: mono(second), entry };
        // The clocks are read at 2026-11-27T17:29:00Z, an hour east of Greenwich.
        let wall = Wall(1_795_800_540 * 1_000_000_000);
        let start = |second: u64, cue: u32| record(second, Entry::Note(Note::CueStarted { cue: CueIx(cue) }));
        let clock = record(0, Entry::Input(Input::Clock { wall, utc_offset: 3600 }));
        let records = [clock, start(60, 0), start(90, 2), start(1987, 1)];
        let lines = cues(&show, &records, &Times::of(&records));
        let still = "still running at the end";
        assert_eq!(
            lines,
            [
                format!("18:30:00.000  1 \"Doors\", {still}; planned 18:30, on time"),
                format!("18:30:30.000  3 \"Aside\", {still}"),
                format!("19:02:07.000  2 \"Opening\", {still}; planned 19:00, 2m 7s late"),
            ]
        );
    }

    #[test]
    fn an_outage_lasts_from_the_last_word_and_a_device_that_never_answered_is_named() {
        let text = "[show]\ntitle = \"T\"\nat_exit = \"leave\"\n[device.foh]\nprofile = \"behringer-x32\"\naddress = \"127.0.0.1\"\n\
                    [device.mon]\nprofile = \"behringer-x32\"\naddress = \"127.0.0.2\"\n[device.aux]\nprofile = \"behringer-x32\"\naddress = \"127.0.0.3\"\n";
        let show = crate::show::load_text(&[("show.toml".into(), text.into())]).show.unwrap();
        let of = |device: u16, report| Entry::Input(Input::Device { device: DeviceIx(device), report });
        let online = |device| of(device, Report::Online { identity: None });
        let offline = |device| of(device, Report::Offline { why: "no answer for 5s".into() });
        let silent = |device: u16| Entry::Note(Note::Device { device: DeviceIx(device), news: Link::Silent });
        let heard = Entry::Input(Input::Heard { device: DeviceIx(0), at: Mono(10_000_000_000) });
        let entries = [
            (1, online(0)),
            (5, silent(1)),
            (5, silent(2)),
            (7, online(2)),
            (15, heard),
            (15, offline(0)),
            (16, online(0)),
            (20, offline(1)),
        ];
        let record = |(second, entry): (u64, Entry)| Record { seq: second, mono: Mono(second * 1_000_000_000), entry };
        let records: Vec<Record> = entries.into_iter().map(record).collect();
        let lines = outages(&show, &records, &Times::of(&records)).join("\n");
        assert!(lines.contains("foh was away, for 6s: no answer for 5s"), "{lines}");
        assert!(lines.contains("aux did not answer at first, for 6s"), "{lines}");
        assert!(lines.contains("mon was NEVER REACHED: no answer"), "{lines}");
    }
}
