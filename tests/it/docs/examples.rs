//! What a reader may copy is right: shows and profiles pass the check as they stand, fragments inside a frame of `docs/frames/`.

use std::fs;
use std::path::Path;

use showcall::cli::{families, schema};
use showcall::show::{fixture_text, profile_text};
use showcall::stage::rehearsal::read_faults;
use tempfile::TempDir;

use super::{Block, Page, pages, root};
use crate::common::schema_faults;

/// What a block of TOML is.
enum Example<'a> {
    /// `toml,show`: a whole show.
    Show,
    /// `toml,fragment=FRAME`: more lines of the show `docs/frames/FRAME.toml`.
    Fragment(&'a str),
    /// `toml,steps=FRAME`: steps of a cue in that show.
    Steps(&'a str),
    /// `toml,profile=KEY`: a device's profile.
    Profile(&'a str),
    /// `toml,fixture=KEY`: a light's profile.
    Fixture(&'a str),
    /// `toml,faults`: faults of a rehearsal of the demo show.
    Faults,
}

impl<'a> Example<'a> {
    /// `None`: the block is not TOML. Every block of TOML must say what it is.
    fn of(block: &'a Block) -> Option<Result<Self, String>> {
        let what = block.info.strip_prefix("toml")?;
        Some(Ok(match what.trim_start_matches(',').split_once('=').unwrap_or((what.trim_start_matches(','), "")) {
            ("show", "") => Self::Show,
            ("faults", "") => Self::Faults,
            ("fragment", frame) if !frame.is_empty() => Self::Fragment(frame),
            ("steps", frame) if !frame.is_empty() => Self::Steps(frame),
            ("profile", key) if !key.is_empty() => Self::Profile(key),
            ("fixture", key) if !key.is_empty() => Self::Fixture(key),
            _ => {
                return Some(Err(format!(
                    "\"{}\" does not say what it is: show, fragment=, steps=, profile=, fixture= or faults",
                    block.info
                )));
            }
        }))
    }
}

fn examples(page: &Page) -> Vec<(Block, String)> {
    let blocks = page.blocks().into_iter().filter(|block| block.info.starts_with("toml"));
    blocks.map(|block| (page.place(block.line), block)).map(|(place, block)| (block, place)).collect()
}

/// The profiles of a page lie where it says that they go: beside the show.
fn folder_with_profiles(examples: &[(Block, String)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("profiles/fixtures")).unwrap();
    for (block, _) in examples {
        match Example::of(block) {
            Some(Ok(Example::Profile(key))) => fs::write(folder.path().join(format!("profiles/{key}.toml")), &block.text).unwrap(),
            Some(Ok(Example::Fixture(key))) => fs::write(folder.path().join(format!("profiles/fixtures/{key}.toml")), &block.text).unwrap(),
            _ => {}
        }
    }
    folder
}

/// Whatever is wrong with an example, a line each.
fn faults(example: &Example<'_>, text: &str, folder: &Path) -> Vec<String> {
    let frame = |name: &str| fs::read_to_string(root().join(format!("docs/frames/{name}.toml"))).unwrap();
    match example {
        Example::Show => check(text, folder),
        Example::Fragment(name) => check(&format!("{}\n{text}", frame(name)), folder),
        Example::Steps(name) => check(&format!("{}\n[[cue]]\nnumber = \"900\"\ndo = [\n{text}]\n", frame(name)), folder),
        Example::Profile(key) => match profile_text::parse(key, text) {
            Ok(profile) => families::faults(&profile, text).into_iter().map(|fault| fault.message).collect(),
            Err(faults) => faults.into_iter().map(|fault| fault.message).collect(),
        },
        Example::Fixture(key) => fixture_text::parse(key, text).err().unwrap_or_default().into_iter().map(|fault| fault.message).collect(),
        Example::Faults => {
            let demo = families::load(&root().join("shows/product-launch"), &[]).show.unwrap();
            read_faults(text, &demo).err().into_iter().collect()
        }
    }
}

/// `showcall check`, and the schema that editors use.
fn check(show: &str, folder: &Path) -> Vec<String> {
    fs::write(folder.join("show.toml"), show).unwrap();
    let found =
        families::load(folder, &[]).findings.into_iter().map(|finding| format!("line {} of the whole: {}", finding.line, finding.message));
    found.chain(schema_faults(schema::SHOW, show)).collect()
}

#[test]
fn every_example_passes_the_check() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for page in pages() {
        let examples = examples(&page);
        let folder = folder_with_profiles(&examples);
        for (block, place) in &examples {
            match Example::of(block).unwrap() {
                Ok(example) => {
                    wrong.extend(faults(&example, &block.text, folder.path()).into_iter().map(|fault| format!("{place}: {fault}")))
                }
                Err(why) => wrong.push(format!("{place}: {why}")),
            }
            count += 1;
        }
    }
    assert!(count >= 30, "only {count} examples");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_first_show_of_the_readme_is_the_one_of_the_tutorial() {
    let shown = |path: &str| {
        let page = Page { path: root().join(path), text: fs::read_to_string(root().join(path)).unwrap() };
        page.blocks().into_iter().find(|block| block.info == "toml,show").unwrap().text.parse::<toml::Table>().unwrap()
    };
    assert_eq!(shown("README.md"), shown("docs/src/tutorial/first-show.md"));
}

#[test]
fn a_frame_passes_the_check_by_itself() {
    for entry in fs::read_dir(root().join("docs/frames")).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(families::load(&path, &[]).findings, [], "{}", path.display());
    }
}
