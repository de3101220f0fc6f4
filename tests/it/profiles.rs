//! Hardware profiles: the built-in ones load, and a bad one is told so in plain words.

use std::fmt::Write as _;
use std::path::Path;

use showcall::show::{Library, fault::Fault, fixture_text, profile_text};

use crate::common::snapshot;

/// Faults as a person reads them: line, the text they point at, the rule, the remedy.
fn told(text: &str, faults: &[Fault]) -> String {
    let mut out = String::new();
    for fault in faults {
        let line = text[..fault.span.start].matches('\n').count() + 1;
        let at = text.get(fault.span.clone()).unwrap_or_default().lines().next().unwrap_or_default();
        writeln!(out, "{line}: [{at}] {}", fault.message).unwrap();
        if let Some(help) = &fault.help {
            writeln!(out, "   help: {help}").unwrap();
        }
    }
    out
}

#[test]
fn each_mistake_in_a_profile_is_named_where_it_stands() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/profiles/bad");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 5, "the bad profiles are there");
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let faults = if fixture_text::is_fixture(&text) {
            fixture_text::parse(&name, &text).unwrap_err()
        } else {
            profile_text::parse(&name, &text).unwrap_err()
        };
        snapshot(&format!("profiles__bad-{name}"), &told(&text, &faults));
    }
}

/// A family knows of templates and facts that the loader hands on unread.
#[test]
fn every_built_in_profile_suits_its_family() {
    let library = Library::builtin();
    for key in library.keys() {
        let profile =
            library.profile(key).unwrap_or_else(|| panic!("{key} has faults: {:?}", library.source(key, false).unwrap().faults()));
        assert!(!profile.sources.is_empty(), "{key} names where its facts come from");
        let family = showcall::devices::registry::family(&profile.family);
        let family = family.unwrap_or_else(|| panic!("{key} is of the family {}, which is not in the registry", profile.family));
        assert_eq!((family.check)(&profile), [""; 0], "{key}");
        assert!(!profile.verbs.is_empty() || matches!(&*profile.family, "artnet" | "sacn"), "{key} gives shows a verb");
    }
    assert!(library.fixture_keys().len() >= 4);
    for key in library.fixture_keys() {
        assert!(library.fixture(key).is_some(), "{key}");
    }
}
