//! Parts of pages that the program itself says: between `<!-- generated: NAME -->` and `<!-- end of generated -->`.
//! `UPDATE_DOCS=1 cargo test --test it docs::generated` writes them anew.

use std::fmt::Write as _;

use showcall::cli::device_table;
use showcall::console::Context;
use showcall::show::Library;

use super::{Page, pages, schema_tables};

const BEGIN: &str = "<!-- generated: ";
const END: &str = "<!-- end of generated -->";

/// What stands in the part of this name.
fn content(name: &str) -> String {
    match name {
        "keys" => keys(),
        "devices" => device_table::markdown(&Library::builtin()),
        "command-line" => command_line(),
        "show-file" => schema_tables::show(),
        "profiles" => schema_tables::profiles(),
        other => panic!("no part of the book is called \"{other}\""),
    }
}

/// The page with its generated parts as they must be, and how many it has.
fn renewed(page: &Page) -> (String, usize) {
    let (mut out, mut rest, mut count) = (String::new(), page.text.as_str(), 0);
    while let Some(at) = rest.find(BEGIN) {
        let name = rest[at + BEGIN.len()..].split(" -->").next().unwrap();
        let end = at + rest[at..].find(END).unwrap_or_else(|| panic!("{}: \"{name}\" has no end", page.path.display()));
        write!(out, "{}{BEGIN}{name} -->\n\n{}\n\n", &rest[..at], content(name).trim()).unwrap();
        rest = &rest[end..];
        count += 1;
    }
    (out + rest, count)
}

#[test]
fn the_pages_say_what_the_program_says() {
    let (mut count, mut stale) = (0, Vec::new());
    for page in pages() {
        let (wanted, parts) = renewed(&page);
        count += parts;
        if wanted == page.text {
            continue;
        }
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&page.path, wanted).unwrap();
        } else {
            let first = wanted.lines().zip(page.text.lines()).find(|(wanted, is)| wanted != is);
            stale.push(format!("{}: {first:?}", page.path.display()));
        }
    }
    assert_eq!(count, 5, "the generated parts are there");
    assert!(stale.is_empty(), "UPDATE_DOCS=1 cargo test --test it docs::generated writes these anew:\n{}", stale.join("\n"));
}

/// The console's key table.
fn keys() -> String {
    let place = |context: &Context| match context {
        Context::Show => "show",
        Context::Devices => "devices",
        Context::Guarded => "guarded",
        Context::Lights => "lights",
        Context::Offers => "offers",
        Context::Help => "help",
        Context::Confirm => "second key",
        Context::Undo => "undo",
        Context::Chase => "go-to",
        Context::Find | Context::Quit => "typing",
    };
    let mut table = String::from("| key | where | what it does |\n|---|---|---|\n");
    for line in showcall::console::table() {
        let everywhere = line.contexts.contains(&Context::Show) && line.contexts.len() > 1;
        let mut places: Vec<_> = line.contexts.iter().map(place).collect();
        places.dedup();
        let places = if everywhere { String::new() } else { places.join(", ") };
        writeln!(table, "| `{}` | {places} | {} |", line.shown, line.doc).unwrap();
    }
    table
}

/// A section for each command, with its arguments.
fn command_line() -> String {
    let mut whole = showcall::cli::command();
    whole.build();
    let mut out = String::new();
    for command in whole.get_subcommands().filter(|command| command.get_name() != "help") {
        section(command, &mut out);
    }
    out
}

fn section(command: &clap::Command, out: &mut String) {
    let inner: Vec<_> = command.get_subcommands().filter(|inner| inner.get_name() != "help").collect();
    if inner.is_empty() {
        let usage = command.clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ");
        writeln!(out, "## `{}`\n\n{}.\n\n```text\n{usage}\n```\n", title(usage), command.get_about().unwrap()).unwrap();
        arguments(command, out);
    }
    inner.into_iter().for_each(|command| section(command, out));
}

/// `showcall dmx watch` of `showcall dmx watch [OPTIONS]`.
fn title(usage: &str) -> String {
    usage.split(' ').take_while(|word| !word.starts_with(['[', '<', '-'])).collect::<Vec<_>>().join(" ")
}

fn arguments(command: &clap::Command, out: &mut String) {
    let own: Vec<_> = command.get_arguments().filter(|argument| argument.get_id() != "help").collect();
    if own.is_empty() {
        return;
    }
    out.push_str("| argument | what it does |\n|---|---|\n");
    for argument in own {
        let usual: Vec<_> =
            argument.get_default_values().iter().map(|value| value.to_string_lossy()).filter(|value| !value.is_empty()).collect();
        let usual = if usual.is_empty() || !argument.get_action().takes_values() {
            String::new()
        } else {
            format!(" (default: `{}`)", usual.join(" "))
        };
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default().replace('|', "\\|").replace('<', "&lt;");
        writeln!(out, "| `{}` | {help}{usual} |", argument.to_string().replace('|', "\\|")).unwrap();
    }
    out.push('\n');
}
