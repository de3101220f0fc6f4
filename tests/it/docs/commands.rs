//! Every command line that a page shows is one that the program understands.

use clap::error::ErrorKind;
use showcall::show::Library;

use super::{Page, inline_code, pages};

/// The words of a command line, without its comment and what a shell does with its output.
fn words(line: &str) -> Vec<&str> {
    let line = line.split(" #").next().unwrap();
    line.split_whitespace().take_while(|word| !matches!(*word, ">" | "|" | "&")).collect()
}

/// The command lines of a page: those in blocks of a shell, and those in the text.
fn commands(page: &Page) -> Vec<(usize, String)> {
    let shells = page.blocks().into_iter().filter(|block| block.info == "sh");
    let in_blocks = shells.flat_map(|block| (block.line + 1..).zip(block.text.lines().map(str::to_owned).collect::<Vec<_>>()));
    let in_text = page.prose().flat_map(|(line, text)| inline_code(text).map(move |code| (line, code.to_owned())));
    in_blocks.chain(in_text).filter(|(_, line)| line.starts_with("showcall ")).collect()
}

fn is_incomplete(error: &clap::Error) -> bool {
    matches!(error.kind(), ErrorKind::MissingRequiredArgument | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)
}

#[test]
fn every_command_line_is_understood() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for page in pages() {
        for (line, command) in commands(&page) {
            count += 1;
            match showcall::cli::command().try_get_matches_from(words(&command)) {
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {}
                // "`showcall report` is the as-run list": a command named without its arguments.
                Err(error) if is_incomplete(&error) && words(&command).iter().all(|word| word.chars().all(|c| c.is_ascii_lowercase())) => {}
                Err(error) => wrong.push(format!("{}: {command}: {error}", page.place(line))),
            }
        }
    }
    assert!(count >= 60, "only {count} command lines");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_profile_that_a_command_names_is_built_in_or_on_the_page() {
    let library = Library::builtin();
    for page in pages() {
        let own: Vec<String> =
            page.blocks().iter().filter_map(|block| block.info.split_once("profile=").map(|(_, key)| key.to_owned())).collect();
        for (line, command) in commands(&page) {
            let words = words(&command);
            let Some(key) = words.get(2).filter(|key| matches!(words[1], "profiles" | "simulator") && !key.starts_with('-')) else {
                continue;
            };
            let known = *key == "KEY" || own.iter().any(|own| own == key) || library.keys().iter().any(|known| **known == **key);
            assert!(known, "{}: there is no profile \"{key}\"", page.place(line));
        }
    }
}

#[test]
fn the_exit_codes_of_every_command_are_told() {
    let page = pages().into_iter().find(|page| page.path.ends_with("docs/src/reference/exit-codes.md")).unwrap();
    let told: Vec<&str> =
        page.prose().filter(|(_, line)| line.starts_with("| `")).filter_map(|(_, line)| inline_code(line).next()).collect();
    for command in showcall::cli::command().get_subcommands() {
        let name = command.get_name();
        assert!(told.iter().any(|told| told.split(' ').next() == Some(name)), "the page of exit codes has no row for {name}");
    }
}
