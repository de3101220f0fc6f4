//! `showcall devices discover`: asks the network who is there, and says what to write into the show.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;

use serde_json::json;

use super::output::{self, say_err};
use crate::devices::discovery::{Answer, Fit, Question, fit, questions};
use crate::links::ask::{self, Ask, Asked, Network};
use crate::show::Library;
use crate::time::Span;

/// Devices that are told; what answers after so many is left out.
const FOUND_MAX: usize = 512;
/// Details of one device that are told.
const MORE_MAX: usize = 64;

/// Arguments of `devices`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Ask the network who is there: Art-Net, X32, M32, X-Air, PJLink class 2, Blackmagic, QLab
    Discover(Discover),
}

#[derive(Debug, clap::Args)]
struct Discover {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// Listen so long for answers; projectors may take 10 seconds
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Ask only in the network where this machine has this address
    #[arg(long, value_name = "ADDR")]
    interface: Option<Ipv4Addr>,
}

/// Devices, each with the number of the question that it answered first.
type Answers = Vec<(usize, Answer)>;

/// A device, and which question it answered.
struct Found {
    answer: Answer,
    question: usize,
    key: String,
    fit: Fit,
}

/// Exit code 0: something was found, 1: nothing answered, 2: nothing could be asked.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let Command::Discover(args) = &args.command;
    let networks = match ask::networks(args.interface) {
        Ok(networks) if networks.is_empty() => {
            match args.interface {
                Some(address) => say_err!("cannot ask: this machine has no network with address {address} (`ip address` lists them)"),
                None => say_err!("cannot ask: this machine is in no IPv4 network (is the cable plugged in? has it an address?)"),
            }
            return ExitCode::from(2);
        }
        Ok(networks) => networks,
        Err(e) => {
            say_err!("cannot ask: this machine's networks cannot be read: {e}");
            return ExitCode::from(2);
        }
    };
    let questions = questions();
    let (asked, answers) = match round(&questions, &networks, Span::secs(args.seconds)) {
        Ok(round) => round,
        Err(e) => {
            say_err!("cannot ask: {e}");
            return ExitCode::from(2);
        }
    };
    let found = named(&Library::builtin(), answers);
    let text = if args.json { document(&questions, &asked, &found) } else { page(&questions, &asked, &found, &networks, args.seconds) };
    // A reader that went away (`| head`) ends the output, nothing else.
    let _ = output::out(&text);
    match (found.is_empty(), asked.iter().all(|asked| asked.to.is_empty())) {
        (false, _) => ExitCode::SUCCESS,
        (true, false) => ExitCode::from(1),
        (true, true) => ExitCode::from(2),
    }
}

/// Asks all questions and gathers the answers, each device once.
fn round(questions: &[Question], networks: &[Network], listen: Span) -> std::io::Result<(Vec<Asked>, Answers)> {
    let asks: Vec<Ask<'_>> =
        questions.iter().map(|q| Ask { port: q.port, group: q.group, answers_to: q.answers_to, bytes: &q.bytes }).collect();
    let mut found: Answers = Vec::new();
    let asked = ask::ask(&asks, networks, listen, |at, from, bytes| {
        let (Some(question), IpAddr::V4(from)) = (questions.get(at), from.ip()) else { return };
        for answer in question.read(bytes, from) {
            merge(&mut found, at, answer);
        }
    })?;
    found.sort_by_key(|(at, answer)| (*at, answer.address, answer.port));
    Ok((asked, found))
}

/// A device answers every question again, and a node once for every four of its ports.
fn merge(found: &mut Answers, question: usize, answer: Answer) {
    let known = found.iter_mut().find(|(_, old)| old.address == answer.address && old.port == answer.port);
    let Some((_, old)) = known else {
        if found.len() < FOUND_MAX {
            found.push((question, answer));
        }
        return;
    };
    old.firmware = old.firmware.take().or(answer.firmware);
    let models: Vec<String> = answer.models.into_iter().filter(|model| !old.models.contains(model)).collect();
    old.models.extend(models);
    let more: Vec<String> = answer.more.into_iter().filter(|more| !old.more.contains(more)).collect();
    old.more.extend(more);
    old.models.truncate(MORE_MAX);
    old.more.truncate(MORE_MAX);
}

/// Gives each device a key of its own and its profile.
fn named(library: &Library, answers: Answers) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for (question, answer) in answers {
        let base = [&answer.name].into_iter().chain(&answer.models).map(|text| slug(text)).find(|slug| !slug.is_empty());
        let base = base.unwrap_or_else(|| "device".into());
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let key =
            std::iter::once(base.clone()).chain(numbered).find(|key| found.iter().all(|other| other.key != *key)).unwrap_or(base.clone());
        let fit = fit(library, &answer);
        found.push(Found { answer, question, key, fit });
    }
    found
}

/// A name as a key: small letters, digits and `-`.
fn slug(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    text.split_whitespace().collect::<Vec<_>>().join("-")
}

impl Found {
    fn address(&self) -> String {
        self.answer.address.map_or_else(String::new, |address| address.to_string())
    }

    /// What to paste into the show; `None` when there is no profile.
    fn toml(&self) -> Option<String> {
        let (profile, remark) = match &self.fit {
            Fit::Exact(key) => (key, String::new()),
            Fit::Near(key) => (key, "   # the nearest model: look whether it has what you need".into()),
            Fit::OneOf(keys) => (keys.first()?, format!("   # or {}", keys.get(1..).unwrap_or_default().join(", "))),
            Fit::None => return None,
        };
        Some(format!("[device.{}]\nprofile = \"{profile}\"{remark}\naddress = \"{}\"\n", self.key, self.address()))
    }
}

fn page(questions: &[Question], asked: &[Asked], found: &[Found], networks: &[Network], seconds: u64) -> String {
    let mut out = String::new();
    for one in found {
        let answer = &one.answer;
        // A service's name often stands for its model too; then what it is in general says more.
        let model = answer.models.iter().find(|model| **model != answer.name).map_or("", String::as_str);
        let firmware = answer.firmware.as_ref().map_or_else(String::new, |firmware| format!(", firmware {firmware}"));
        let by = questions.get(one.question).map_or("", |question| question.name);
        let _ = writeln!(out, "# {model} \"{}\"{firmware}, at {}, by {by}", answer.name, one.address());
        if !answer.more.is_empty() {
            let _ = writeln!(out, "# {}", answer.more.join(", "));
        }
        match one.toml() {
            Some(toml) => out.push_str(&toml),
            None => {
                let _ = writeln!(
                    out,
                    "# no profile is built in for it (port {}): see \"A device that showcall does not know yet\"",
                    answer.port
                );
            }
        }
        out.push('\n');
    }
    let places: Vec<String> = networks.iter().map(|network| format!("{} ({})", network.address, network.name)).collect();
    let count = match found.len() {
        0 => "nothing answered".to_owned(),
        1 => "1 device answered".to_owned(),
        many => format!("{many} devices answered"),
    };
    let _ = writeln!(out, "# {count} within {seconds} s. Asked from {}:", places.join(", "));
    for (at, (question, asked)) in questions.iter().zip(asked).enumerate() {
        let to: Vec<String> = asked.to.iter().map(ToString::to_string).collect();
        let _ =
            writeln!(out, "#   {}: {}", question.name, if to.is_empty() { "not asked".into() } else { format!("at {}", to.join(", ")) });
        for fault in &asked.faults {
            let _ = writeln!(out, "#     failed: {fault}");
        }
        if asked.taken {
            let _ = writeln!(
                out,
                "#     port {} is another program's on this machine: who answers only there was not heard",
                question.answers_to
            );
        }
        if found.iter().all(|one| one.question != at) {
            let _ = writeln!(out, "#     nobody answered; check {}", question.check);
        }
    }
    if found.is_empty() {
        out.push_str(
            "# Check also: cables and power, this machine's address and mask, its firewall, and whether the devices are in another VLAN.\n",
        );
    }
    out
}

fn document(questions: &[Question], asked: &[Asked], found: &[Found]) -> String {
    let asked = questions.iter().zip(asked).map(|(question, asked)| {
        let faults: Vec<&str> = asked.faults.iter().map(|fault| &**fault).collect();
        json!({ "question": question.name, "to": asked.to, "faults": faults, "port_taken": asked.taken })
    });
    let found = found.iter().map(|one| {
        let (profile, near, candidates) = match &one.fit {
            Fit::Exact(key) => (Some(key), false, vec![]),
            Fit::Near(key) => (Some(key), true, vec![]),
            Fit::OneOf(keys) => (None, false, keys.clone()),
            Fit::None => (None, false, vec![]),
        };
        let answer = &one.answer;
        json!({
            "name": answer.name, "maker": answer.maker, "models": answer.models, "firmware": answer.firmware, "more": answer.more,
            "address": answer.address, "port": answer.port, "profile": profile, "near": near, "candidates": candidates, "toml": one.toml(),
            "question": questions.get(one.question).map(|question| question.name),
        })
    });
    format!("{}\n", json!({ "found": found.collect::<Vec<_>>(), "asked": asked.collect::<Vec<_>>() }))
}
