//! Fixtures and rigs out of other people's files: what is written to the published schemas comes out as it was meant, whatever
//! else is refused with the reason.

mod gdtf;
mod hostile;
mod kinds;
mod library;
mod lit;
mod meaning;
mod mvr;
mod rig;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use showcall::import::{self, Draft};
use showcall::show::{FixtureMode, FixtureProfile, fixture_text};

use crate::common::snapshot;

/// A file of `tests/import`.
fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import").join(name)
}

/// All files of a folder here, in order.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(path(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// A ZIP archive of these files.
fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A file as the importer gets it: GDTF descriptions lie here as plain XML.
fn imported(file: &Path) -> (String, Draft, String) {
    let bytes = std::fs::read(file).unwrap();
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let result = match name.strip_suffix(".xml") {
        Some(stem) => import::fixture(&zipped(&[("description.xml", &bytes)]), &format!("{stem}.gdtf"), ""),
        None => import::fixture(&bytes, &name, &file.parent().unwrap().file_name().unwrap().to_string_lossy()),
    };
    result.unwrap_or_else(|refusal| panic!("{name}: {refusal}"))
}

/// A mode in one line: footprints, cells, and the slots of each attribute.
fn told(mode: &FixtureMode) -> String {
    let footprints: Vec<String> = mode.footprints.iter().map(ToString::to_string).collect();
    let mut channels: Vec<(u16, u16, String)> = Vec::new();
    for channel in mode.channels.iter().filter(|channel| !channel.is_virtual()) {
        let slots: Vec<String> = channel.slots.as_slice().iter().map(ToString::to_string).collect();
        let cell = channel.cell.checked_sub(1).map_or_else(String::new, |at| format!("/{}", mode.cells[usize::from(at)]));
        let part = if channel.part == 0 { String::new() } else { format!("b{}:", channel.part + 1) };
        let when = channel.when.as_ref().map_or_else(String::new, |when| {
            let ranges: Vec<String> = when.within.iter().map(|(from, to)| format!("{}-{}", from >> 24, to >> 24)).collect();
            format!("@{}:{}", mode.channels[usize::from(when.master)].attribute, ranges.join(","))
        });
        channels.push((channel.part, channel.slots.as_slice()[0], format!("{}{cell} {part}{}{when}", channel.attribute, slots.join("+"))));
    }
    channels.sort();
    let channels: Vec<String> = channels.into_iter().map(|(.., text)| text).collect();
    format!("{} | {} | {}", footprints.join(","), mode.cells.join(","), channels.join("; "))
}

/// `expected.txt`: written from the same tables as the files, not by the importer.
fn expected() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(path("expected.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = "));
    // Channels in the order of break and slot.
    let sorted = |value: &str| {
        let (head, channels) = value.rsplit_once(" | ").unwrap();
        let mut channels: Vec<&str> = channels.split("; ").collect();
        let place = |channel: &&str| {
            let slots = channel.rsplit_once(' ').unwrap().1.split('@').next().unwrap();
            let (part, slots) = slots.split_once(':').unwrap_or(("b1", slots));
            (part.to_owned(), slots.split('+').next().unwrap().parse::<u32>().unwrap(), channel.to_string())
        };
        channels.sort_by_key(place);
        format!("{head} | {}", channels.join("; "))
    };
    lines.map(|(key, value)| (key.to_owned(), sorted(value))).collect()
}

fn profile(file: &Path) -> FixtureProfile {
    let (key, _, text) = imported(file);
    fixture_text::parse(&key, &text).unwrap()
}

#[test]
fn every_fixture_comes_out_slot_by_slot_as_it_was_written() {
    let mut wanted = expected();
    for (folder, prefix) in [("gdtf", "gdtf"), ("ofl/acme", "ofl"), ("qxf", "qxf")] {
        let files = files(folder);
        assert!(files.len() >= 12, "{folder}");
        for file in files {
            let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
            for mode in &profile(&file).modes {
                let key = format!("{prefix}/{stem}/{}", mode.name);
                let want = wanted.remove(&key).unwrap_or_else(|| panic!("{key} was not expected"));
                assert_eq!(told(mode), want, "{key}");
            }
        }
    }
    assert_eq!(wanted, BTreeMap::new(), "all that was expected came");
}

#[test]
fn a_profile_is_readable_and_says_where_its_facts_come_from() {
    for (file, name) in [
        ("gdtf/cmy-profile.xml", "gdtf-cmy-profile"),
        ("gdtf/four-heads.xml", "gdtf-four-heads"),
        ("ofl/acme/pixel-bar.json", "ofl-pixel-bar"),
        ("ofl/acme/switching.json", "ofl-switching"),
        ("gdtf/switching.xml", "gdtf-switching"),
        ("qxf/switching.qxf", "qxf-switching"),
        ("qxf/spot-16.qxf", "qxf-spot"),
    ] {
        let (_, draft, text) = imported(&path(file));
        assert!(!draft.sources.is_empty(), "{file}");
        snapshot(&format!("import__{name}"), &text);
    }
}

/// The three libraries say the same of one light: what they make of it rests, snaps and is named alike.
#[test]
fn three_libraries_agree_on_one_light() {
    for (stem, attributes) in
        [("spot-16", ["Pan", "Shutter1", "Color1", "Gobo1"]), ("cmy-profile", ["Tilt", "ColorSub_C", "Iris", "Shutter1"])]
    {
        let all =
            [format!("gdtf/{stem}.xml"), format!("ofl/acme/{stem}.json"), format!("qxf/{stem}.qxf")].map(|file| profile(&path(&file)));
        for attribute in attributes {
            let [gdtf, ofl, qxf] = all.each_ref().map(|profile| {
                let channel = profile.modes[0].channels.iter().find(|channel| &*channel.attribute == attribute).unwrap();
                (channel.default >> 24, channel.snap, channel.slots)
            });
            if attribute == "Shutter1" {
                assert!(
                    [gdtf.0, ofl.0, qxf.0].iter().all(|rest| (10..=20).contains(rest)),
                    "{stem}: a shutter rests open: {gdtf:?} {ofl:?} {qxf:?}"
                );
            } else {
                assert_eq!(gdtf.0, ofl.0, "{stem} {attribute}");
                assert_eq!(ofl.0, qxf.0, "{stem} {attribute}");
            }
            assert_eq!((gdtf.1, gdtf.2), (ofl.1, ofl.2), "{stem} {attribute}");
            assert_eq!((ofl.1, ofl.2), (qxf.1, qxf.2), "{stem} {attribute}");
        }
        for profile in &all {
            let named = |attribute: &str, name: &str| {
                let channel = profile.modes[0].channels.iter().find(|channel| &*channel.attribute == attribute).unwrap();
                channel.named(name).unwrap_or_else(|| panic!("{stem}: {attribute} has no \"{name}\": {:?}", channel.values)) >> 24
            };
            assert!((20..30).contains(&named("Color1", "deep blue")) && (10..20).contains(&named("Gobo1", "dots")), "{stem}");
            assert!((21..=200).contains(&named("Shutter1", "strobe")) && named("Shutter1", "closed") < 10, "{stem}");
        }
    }
}
