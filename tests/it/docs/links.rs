//! Every link inside the repository leads somewhere, and every file that the text names is there.

use std::path::{Path, PathBuf};

use super::{Page, below, inline_code, pages, root};

/// What stands in the round brackets of `[text](target)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// The anchor of a heading, as mdBook and GitHub make it.
fn anchor(heading: &str) -> String {
    let words = heading.trim().to_lowercase();
    words.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ')).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(text: &str) -> Vec<String> {
    let page = Page { path: PathBuf::new(), text: text.into() };
    page.prose().filter(|(_, line)| line.starts_with('#')).map(|(_, line)| anchor(line.trim_start_matches('#'))).collect()
}

#[test]
fn every_link_and_anchor_is_there() {
    let (mut broken, mut count) = (Vec::new(), 0);
    for page in pages() {
        for (number, line) in page.prose() {
            for target in targets(line).filter(|target| !target.contains("://")) {
                count += 1;
                let (file, wanted) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
                let path = if file.is_empty() { page.path.clone() } else { page.path.parent().unwrap().join(file) };
                let anchored =
                    |wanted: &str| std::fs::read_to_string(&path).is_ok_and(|text| anchors(&text).iter().any(|own| own == wanted));
                if !path.exists() || wanted.is_some_and(|wanted| !anchored(wanted)) {
                    broken.push(format!("{}: {target}", page.place(number)));
                }
            }
        }
    }
    assert!(count > 60, "only {count} links");
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

/// A link out of `docs/src` would work in the repository and not in the book.
#[test]
fn the_book_links_to_its_own_pages_alone() {
    let book = root().join("docs/src");
    for page in pages().iter().filter(|page| page.path.starts_with(&book)) {
        for (number, line) in page.prose() {
            for target in targets(line).filter(|target| !target.contains("://") && !target.starts_with('#')) {
                let path = page.path.parent().unwrap().join(target.split('#').next().unwrap()).canonicalize().unwrap();
                assert!(path.starts_with(book.canonicalize().unwrap()), "{}: {target}", page.place(number));
            }
        }
    }
}

#[test]
fn the_summary_lists_every_page_once() {
    let book = root().join("docs/src");
    let summary = std::fs::read_to_string(book.join("SUMMARY.md")).unwrap();
    let mut listed: Vec<PathBuf> = summary.lines().flat_map(targets).map(|target| book.join(target)).collect();
    listed.sort();
    let own = |page: &Page| page.path.starts_with(&book) && !page.path.ends_with("SUMMARY.md");
    let mut there: Vec<PathBuf> = pages().into_iter().filter(own).map(|page| page.path).collect();
    there.sort();
    assert_eq!(listed, there);
}

/// `hardware-profiles/vmix.toml`, `src/lib.rs`: names of the repository's files.
#[test]
fn every_file_that_the_text_names_is_there() {
    const FOLDERS: [&str; 7] = ["src/", "docs/", "shows/", "scripts/", "tests/", "benches/", "hardware-profiles/"];
    let mut missing = Vec::new();
    for page in pages() {
        for (number, line) in page.prose() {
            let named = inline_code(line).filter(|code| FOLDERS.iter().any(|folder| code.starts_with(folder)));
            for code in named.filter(|code| !Path::new(&root()).join(code.split([' ', ':']).next().unwrap()).exists()) {
                missing.push(format!("{}: {code}", page.place(number)));
            }
        }
    }
    assert!(missing.is_empty(), "files that are not there:\n{}", missing.join("\n"));
}

/// What the glossary says of the sources stands in them: `Effect` is a type.
#[test]
fn the_types_that_the_glossary_names_are_declared() {
    let page = pages().into_iter().find(|page| page.path.ends_with("docs/src/reference/glossary.md")).unwrap();
    let mut files = Vec::new();
    below(&root().join("src"), "rs", &mut files);
    let sources: String = files.into_iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let named = |code: &&str| code.len() > 1 && code.starts_with(char::is_uppercase) && code.chars().all(char::is_alphanumeric);
    let types: Vec<&str> = page.prose().flat_map(|(_, line)| inline_code(line)).filter(named).collect();
    assert!(!types.is_empty(), "the glossary names types");
    for name in types {
        let declared = ["enum", "struct", "trait"].iter().any(|kind| sources.contains(&format!("pub {kind} {name} ")));
        assert!(declared, "the glossary names `{name}`, which the sources do not declare");
    }
}
