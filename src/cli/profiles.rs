//! `showcall profiles [KEY]`: the models that a show can name, and what one of them can do.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use super::examples;
use super::output::{self, say_err};
use crate::show::fault::{Fault, suggestion};
use crate::show::profile_text::plural;
use crate::show::{FixtureMode, FixtureProfile, Library, Lines, OptionSpec, Profile, Proof, PropSpec, ValueKind};

/// Arguments of `profiles`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Tell all about this profile
    key: Option<String>,
    /// Print the built-in devices as the tables of the documentation
    #[arg(long, conflicts_with = "key")]
    table: bool,
    /// Look here first: a folder of profiles, such as the one beside a show
    #[arg(long, value_name = "DIR")]
    profiles: Vec<PathBuf>,
}

/// Exit code 0: told, 1: no such profile or it has faults, 2: a folder cannot be read.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let mut library = Library::builtin();
    for folder in args.profiles.iter().rev() {
        library = match library.with_dir(folder) {
            Ok(library) => library,
            Err(e) => {
                say_err!("cannot read profiles: {e}");
                return ExitCode::from(2);
            }
        };
    }
    let told = match &args.key {
        None if args.table => Ok(super::device_table::markdown(&library)),
        None => Ok(list(&library)),
        Some(key) => about(&library, key),
    };
    match told {
        Ok(text) => {
            // A reader that went away (`| head`) ends the output, nothing else.
            let _ = output::out(&text);
            ExitCode::SUCCESS
        }
        Err(why) => {
            say_err!("{why}");
            ExitCode::from(1)
        }
    }
}

/// All profiles, one a line.
fn list(library: &Library) -> String {
    let mut rows = vec![["KEY", "MAKER", "MODEL", "FAMILY", "VERBS"].map(String::from)];
    for key in library.keys() {
        rows.push(match library.profile(key) {
            Some(p) => [key.into(), p.maker.to_string(), p.model.to_string(), p.family.to_string(), verbs(&p).join(" ")],
            None => [key.into(), "-".into(), "-".into(), "-".into(), "has faults: showcall profiles ".to_owned() + key],
        });
    }
    for key in library.fixture_keys() {
        rows.push(match library.fixture(key) {
            Some(f) => [key.into(), f.maker.to_string(), f.model.to_string(), "fixture".into(), size(&f)],
            None => [key.into(), "-".into(), "-".into(), "fixture".into(), "has faults: showcall profiles ".to_owned() + key],
        });
    }
    columns(&rows)
}

/// Rows with their columns lined up.
pub(super) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

fn verbs(profile: &Profile) -> Vec<&str> {
    profile.verbs.keys().map(|verb| &**verb).collect()
}

/// All about one profile, or why not.
fn about(library: &Library, key: &str) -> Result<String, String> {
    if let (Some(profile), Some(source)) = (library.profile(key), library.source(key, false)) {
        let faults = super::families::faults(&profile, &source.text);
        return if faults.is_empty() { Ok(device(&profile)) } else { Err(faulty(&source.name, &source.text, &faults)) };
    }
    if let Some(fixture) = library.fixture(key) {
        return Ok(light(&fixture));
    }
    if let Some(source) = library.source(key, false).or_else(|| library.source(key, true)) {
        return Err(faulty(&source.name, &source.text, source.faults()));
    }
    let known = library.keys().into_iter().chain(library.fixture_keys());
    let help = suggestion(key, known).unwrap_or_else(|| "showcall profiles lists all".into());
    Err(format!("there is no profile \"{key}\" ({help})"))
}

/// All that is wrong with a profile, one line each.
fn faulty(name: &str, text: &str, faults: &[Fault]) -> String {
    let lines = Lines::of(text);
    let mut out = format!("{name} has faults:");
    for fault in faults {
        let _ = write!(out, "\n  line {}: {}", lines.line(fault.span.start), fault.message);
        if let Some(help) = &fault.help {
            let _ = write!(out, " ({help})");
        }
    }
    out
}

fn device(profile: &Profile) -> String {
    let mut out = format!("{}: {} {}, family {}\n", profile.key, profile.maker, profile.model, profile.family);
    if profile.port > 0 {
        let _ = writeln!(out, "port {}", profile.port);
    }
    let l = &profile.limits;
    let _ = writeln!(out, "lands within {}, offline after {}, at most {} fade steps a second", l.lands_within, l.offline_after, l.max_rate);
    section(&mut out, "patch", profile.names.iter().map(|(key, table)| [plural(key), names(table)]).collect());
    let verbs = profile.verbs.iter().flat_map(|(key, specs)| specs.iter().map(|spec| examples::verb(profile, key, spec)));
    section(&mut out, "steps", verbs.chain(examples::sets(profile)).collect());
    section(&mut out, "properties", profile.props.iter().map(|(key, spec)| property(key, spec)).collect());
    section(&mut out, "options", profile.options.iter().map(|(key, spec)| option(key, spec)).collect());
    section(&mut out, "sources", profile.sources.iter().map(|source| [source.to_string()]).collect());
    out
}

/// A heading and its rows, when there are any.
fn section<const N: usize>(out: &mut String, heading: &str, rows: Vec<[String; N]>) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{heading}");
    for line in columns(&rows).lines() {
        let _ = writeln!(out, "  {line}");
    }
}

fn names(table: &crate::show::NameTable) -> String {
    let patterns = table.patterns.iter().map(|p| format!("{}{} to {}", p.prefix, p.first, p.last));
    let all: Vec<String> = patterns.chain(table.fixed.keys().map(|name| name.to_string())).collect();
    if all.is_empty() { "any text".into() } else { all.join(", ") }
}

fn property(key: &str, spec: &PropSpec) -> [String; 4] {
    let class = format!("{:?}", spec.class).to_lowercase();
    let proof = match spec.proof {
        Proof::Observed => "read back",
        Proof::Acked => "acknowledged",
        Proof::None => "only sent",
    };
    [key.into(), kind(&spec.kind), class, proof.into()]
}

fn kind(kind: &ValueKind) -> String {
    match kind {
        ValueKind::Switch => "on or off".into(),
        ValueKind::Int { min: i64::MIN, .. } => "whole number".into(),
        ValueKind::Int { min, max } => format!("{min} to {max}"),
        ValueKind::Level { min, max } => format!("{} to {}", crate::show::Db(*min), crate::show::Db(*max)),
        ValueKind::Decimal { min, max } => {
            format!("{} to {}", crate::show::Value::Decimal(*min), crate::show::Value::Decimal(*max))
        }
        ValueKind::Text => "text".into(),
        ValueKind::Choice(words) => words.join(" | "),
        ValueKind::Transport => "player".into(),
        ValueKind::Args => "arguments".into(),
    }
}

fn option(key: &str, spec: &OptionSpec) -> [String; 3] {
    [key.into(), kind(&spec.kind), spec.default.as_ref().map_or_else(String::new, |value| format!("default {value}"))]
}

fn light(fixture: &FixtureProfile) -> String {
    let mut out = format!("{}: {} {}, {}\n", fixture.key, fixture.maker, fixture.model, size(fixture));
    for mode in &fixture.modes {
        let rows = mode.channels.iter().map(|channel| {
            let slots: Vec<String> = channel.slots.as_slice().iter().map(ToString::to_string).collect();
            let mut place = if slots.is_empty() { "virtual".to_owned() } else { slots.join(" and ") };
            if mode.footprints.len() > 1 && !slots.is_empty() {
                let _ = write!(place, " of break {}", channel.part + 1);
            }
            let cell = channel.cell.checked_sub(1).and_then(|nth| mode.cells.get(usize::from(nth)));
            let mut name = channel.attribute.to_string();
            if let Some(own) = &channel.name {
                let _ = write!(name, " ({own})");
            }
            if let Some(when) = channel.when.as_ref().filter(|_| !channel.is_virtual())
                && let Some(master) = mode.channels.get(usize::from(when.master))
            {
                let _ = write!(name, ", while {} is {}", master.attribute, master.spots(&when.within));
            }
            let values: Vec<&str> = channel.values.iter().map(|value| &*value.name).collect();
            let values = channel.range.map_or_else(|| values.join(" | "), |range| range.to_string());
            [place, cell.map_or_else(String::new, |cell| format!("/{cell}")), name, values]
        });
        let heading = if mode.name.is_empty() { "slots".to_owned() } else { format!("mode \"{}\", {}", mode.name, slots(mode)) };
        section(&mut out, &heading, rows.collect());
    }
    section(&mut out, "sources", fixture.sources.iter().map(|source| [source.to_string()]).collect());
    out
}

/// `5 slots`, `4 and 512 slots`.
fn slots(mode: &FixtureMode) -> String {
    let footprints: Vec<String> = mode.footprints.iter().map(ToString::to_string).collect();
    format!("{} slots", footprints.join(" and "))
}

/// The slots of the one mode, or how many modes there are.
fn size(fixture: &FixtureProfile) -> String {
    match fixture.modes.as_slice() {
        [one] => slots(one),
        modes => format!("{} modes", modes.len()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_list_has_a_line_a_profile_and_a_verb_is_shown_as_a_step_writes_it() {
        let library = Library::builtin();
        let list = list(&library);
        assert_eq!(list.lines().count(), 1 + library.keys().len() + library.fixture_keys().len());
        let about = about(&library, "behringer-x32").unwrap();
        assert!(about.contains("fade = { on = \"…\", channel = \"…\", to = \"-10 dB\", over = \"2s\" }"), "{about}");
        let deck = super::about(&library, "blackmagic-hyperdeck-studio-hd-plus").unwrap();
        assert!(deck.contains("play = { on = \"…\", clip = \"…\", loop = true }"), "{deck}");
        let spot = super::about(&library, "generic-moving-spot").unwrap();
        assert!(spot.contains("1 and 2      Pan"), "{spot}");
    }

    #[test]
    fn a_slip_and_a_broken_profile_are_told() {
        let library = Library::builtin().with_source("profiles/mine.toml", "maker = \"Acme\"\nmodel = \"One\"\nfamly = \"osc\"\n");
        assert!(about(&library, "behringer-x23").unwrap_err().contains("did you mean \"behringer-x32\"?"));
        let broken = about(&library, "mine").unwrap_err();
        assert!(broken.contains("line 3: the profile has no key \"famly\" (did you mean \"family\"?)"), "{broken}");
    }
}
