//! The check takes any text: nothing panics, every finding points into its text, and what is accepted is a whole show.

use std::path::Path;
use std::sync::OnceLock;

use proptest::prelude::*;
use showcall::cli::findings::{Look, render};
use showcall::show::{self, Loaded};

/// The good show and the profiles that it uses.
fn good() -> &'static [(String, String)] {
    static GOOD: OnceLock<Vec<(String, String)>> = OnceLock::new();
    GOOD.get_or_init(|| {
        let shows = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shows");
        let loaded = show::load(&shows.join("good"), &[shows.join("bad/profiles")]);
        assert_eq!(loaded.findings, [], "the good show is clean");
        assert!(loaded.show.is_some());
        loaded.sources
    })
}

fn check(text: String) -> Loaded {
    let mut sources = good().to_vec();
    sources[0].1 = text;
    show::load_text(&sources)
}

/// What must hold of any text.
fn holds(text: String) {
    let loaded = check(text);
    assert_eq!(loaded.show.is_none(), loaded.has_errors());
    for finding in &loaded.findings {
        let (_, text) = loaded.sources.iter().find(|(name, _)| *name == *finding.file).unwrap();
        let end = finding.span.0 + finding.span.1;
        assert!(end <= text.len() + 1, "{finding:?} points past the end at {}", text.len());
        assert!(finding.line > 0 && !finding.message.is_empty());
    }
    assert_eq!(render(&loaded, Look::Plain).is_empty(), loaded.findings.is_empty());
}

#[test]
fn a_line_without_end_and_a_thousand_mistakes_are_told() {
    holds(format!("{}\nx = \"{}\"\n", good()[0].1, "y".repeat(100_000)));
    holds(format!("a = {}", "[".repeat(100_000)));
    holds(format!("{}{}", good()[0].1, "[[cue]]\nnumber = 1\nzz = 1\n".repeat(1000)));
}

#[test]
fn every_line_can_be_missing() {
    let lines: Vec<&str> = good()[0].1.lines().collect();
    for at in 0..lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(at);
        holds(fewer.join("\n"));
    }
}

/// Words that have a meaning somewhere, put where they have none.
const WORDS: [&str; 22] = [
    "\"\"",
    "0",
    "-1",
    "99999999999999999999",
    "1.5",
    "nan",
    "true",
    "[]",
    "{}",
    "[[]]",
    "\"main\"",
    "\"host\"",
    "\"-1s\"",
    "\"1s\"",
    "1979-05-27",
    "[\"lavs\", \"lavs\"]",
    "{ on = \"desk\" }",
    "{ macro = \"lavs-off\" }",
    "\"all\"",
    "\"ä😀\"",
    "[{ tell = 1 }]",
    "\"50%\"",
];

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        holds(String::from_utf8_lossy(&bytes).into_owned());
    }

    #[test]
    fn any_value_may_stand_anywhere(picks in proptest::collection::vec((any::<prop::sample::Index>(), 0..WORDS.len()), 1..4)) {
        let mut lines: Vec<String> = good()[0].1.lines().map(str::to_owned).collect();
        for (line, word) in picks {
            let line = line.get_mut(&mut lines[..]);
            if let Some((key, _)) = line.clone().split_once(" = ") {
                *line = format!("{key} = {}", WORDS[word]);
            }
        }
        holds(lines.join("\n"));
    }

    #[test]
    fn any_cut_and_any_doubling(cut in any::<prop::sample::Index>(), length in 0_usize..80, paste in any::<prop::sample::Index>()) {
        let text: Vec<char> = good()[0].1.chars().collect();
        let (from, to) = (cut.index(text.len()), paste.index(text.len()));
        let piece = &text[from..(from + length).min(text.len())];
        let cut: String = text[..from].iter().chain(&text[from + piece.len()..]).collect();
        holds(cut);
        let doubled: String = text[..to].iter().chain(piece).chain(&text[to..]).collect();
        holds(doubled);
    }

    #[test]
    fn any_word_may_be_another(from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
        let text = &good()[0].1;
        let words: Vec<&str> = text.split('"').skip(1).step_by(2).collect();
        let (from, to) = (from.get(&words), to.get(&words));
        holds(text.replacen(&format!("\"{from}\""), &format!("\"{to}\""), 2));
    }
}
