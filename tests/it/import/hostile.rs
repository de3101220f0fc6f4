//! Files that were made to harm, and files that were harmed: a reason each, never a panic.

use proptest::prelude::*;
use showcall::import;

use super::{files, path, zipped};

fn rule(bytes: &[u8], file: &str) -> &'static str {
    import::fixture(bytes, file, "acme").map_or_else(|refusal| refusal.rule, |(_, draft, _)| panic!("{file} was taken: {draft:?}"))
}

#[test]
fn a_bomb_an_escape_and_what_is_no_archive_are_refused() {
    let zeros = vec![b' '; 12 << 20];
    assert_eq!(rule(&zipped(&[("description.xml", &zeros)]), "bomb.gdtf"), "bomb");
    let escape = zipped(&[("../../etc/cron.d/x", b"x"), ("description.xml", b"<GDTF/>")]);
    let told = import::fixture(&escape, "escape.gdtf", "").unwrap_err();
    assert_eq!(told.to_string(), "the archive has a file \"../../etc/cron.d/x\", which leads out of it");
    for name in ["/etc/passwd", "models\\..\\..\\x", "C:/x"] {
        assert_eq!(rule(&zipped(&[(name, b"x"), ("description.xml", b"<GDTF/>")]), "escape.gdtf"), "path", "{name}");
    }
    assert_eq!(rule(b"PK\x03\x04 and no more", "cut.gdtf"), "zip");
    assert_eq!(rule(&zipped(&[("readme.txt", b"x")]), "empty.gdtf"), "format");
}

#[test]
fn entities_are_refused_in_every_kind_of_file() {
    let bomb = b"<?xml version=\"1.0\"?><!DOCTYPE GDTF [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\">]><GDTF DataVersion=\"1.2\">&b;</GDTF>";
    assert_eq!(rule(&zipped(&[("description.xml", bomb)]), "bomb.gdtf"), "entity");
    assert_eq!(rule(bomb, "bomb.qxf"), "entity");
    let outside = b"<!DOCTYPE FixtureDefinition SYSTEM \"file:///etc/passwd\"><FixtureDefinition/>";
    assert_eq!(rule(outside, "outside.qxf"), "entity");
    let deep = ["<GDTF DataVersion=\"1.2\">".to_owned(), "<Geometry>".repeat(5000), "</Geometry>".repeat(5000), "</GDTF>".into()].concat();
    assert_eq!(rule(&zipped(&[("description.xml", deep.as_bytes())]), "deep.gdtf"), "depth");
}

#[test]
fn a_footprint_over_512_is_refused_with_the_mode() {
    let json = |modes: &str| {
        format!(
            "{{\"name\":\"X\",\"matrix\":{{\"pixelCount\":[200,1,1]}},\"availableChannels\":{{\"D\":{{\"capability\":{{\"type\":\"Intensity\"}}}}}},\"templateChannels\":{{\"R $pixelKey\":{{\"capability\":{{\"type\":\"ColorIntensity\",\"color\":\"Red\"}}}}}},\"modes\":[{modes}]}}"
        )
    };
    let wide = json(
        "{\"name\":\"wide\",\"channels\":[{\"insert\":\"matrixChannels\",\"repeatFor\":\"eachPixelABC\",\"channelOrder\":\"perPixel\",\"templateChannels\":[\"R $pixelKey\",null,null]}]}",
    );
    let told = import::fixture(wide.as_bytes(), "wide.json", "acme").unwrap_err();
    assert_eq!((told.rule, told.to_string().as_str()), ("footprint", "mode \"wide\": it takes 600 slots; a universe has 512"));
    assert_eq!(rule(json("{\"name\":\"m\",\"channels\":[\"Nope\"]}").as_bytes(), "x.json"), "reference");
    assert_eq!(rule(json("").as_bytes(), "x.json"), "modes");
    assert_eq!(rule(b"{\"redirectTo\":\"acme/other\",\"reason\":\"SameAsDifferentBrand\"}", "x.json"), "redirect");
    assert_eq!(rule(b"[]", "x.json"), "format");
    assert_eq!(rule(&b"[".repeat(100_000), "x.json"), "json");
    let qxf = |channel: &str| {
        format!("<FixtureDefinition><Channel Name=\"D\" Preset=\"IntensityDimmer\"/><Mode Name=\"m\">{channel}</Mode></FixtureDefinition>")
    };
    assert_eq!(rule(qxf("<Channel Number=\"512\">D</Channel>").as_bytes(), "x.qxf"), "footprint");
    assert_eq!(rule(qxf("<Channel Number=\"4294967295\">D</Channel>").as_bytes(), "x.qxf"), "footprint");
    assert_eq!(rule(qxf("<Channel Number=\"0\">D</Channel><Channel Number=\"0\">D</Channel>").as_bytes(), "x.qxf"), "overlap");
    assert_eq!(rule(qxf("<Channel>D</Channel>").as_bytes(), "x.qxf"), "slots");
    assert_eq!(rule(b"GIF89a", "x.gif"), "format");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]

    /// Any of our files with bytes changed, cut out or doubled is a profile or a refusal.
    #[test]
    fn a_damaged_file_never_breaks_the_reader(
        which in 0_usize..36, cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..40, any::<u8>(), 0_u8..3), 1..6),
    ) {
        let all: Vec<_> = ["gdtf", "ofl/acme", "qxf"].into_iter().flat_map(files).collect();
        let file = &all[which % all.len()];
        let mut bytes = std::fs::read(file).unwrap();
        for (at, length, byte, how) in &cuts {
            let from = at.index(bytes.len());
            let to = (from + length).min(bytes.len());
            match how {
                0 => drop(bytes.drain(from..to)),
                1 => bytes[from] = *byte,
                _ => { let piece = bytes[from..to].to_vec(); drop(bytes.splice(from..from, piece)); }
            }
            if bytes.is_empty() { bytes.push(*byte); }
        }
        let name = file.file_name().unwrap().to_string_lossy().replace(".xml", ".gdtf");
        let bytes = if name.ends_with(".gdtf") { zipped(&[("description.xml", &bytes)]) } else { bytes };
        if let Err(refusal) = import::fixture(&bytes, &name, "acme") {
            prop_assert!(!refusal.message.is_empty() && refusal.rule != "profile", "{refusal}");
        }
    }
}

#[test]
fn the_command_writes_a_profile_once_and_says_why_it_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let run = |file: &std::path::Path, force: bool| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_showcall"));
        command.args(["import", "fixture", "--to"]).arg(folder.path()).arg(file);
        if force {
            command.arg("--force");
        }
        let out = command.output().unwrap();
        (out.status.code(), String::from_utf8(out.stderr).unwrap())
    };
    let good = path("qxf/par-rgbw.qxf");
    let (code, told) = run(&good, false);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("acme-par-rgbw, 2 modes"), "{told}");
    let text = std::fs::read_to_string(folder.path().join("acme-par-rgbw.toml")).unwrap();
    assert!(text.contains("sources = [\"QLC+ fixture definition par-rgbw.qxf"), "{text}");
    let (code, told) = run(&good, false);
    assert_eq!((code, told.contains("--force writes over it")), (Some(1), true), "{told}");
    assert_eq!(run(&good, true).0, Some(0));
    let bad = folder.path().join("bad.qxf");
    std::fs::write(&bad, "<html/>").unwrap();
    let (code, told) = run(&bad, false);
    assert_eq!(code, Some(1));
    assert!(told.ends_with("bad.qxf is refused: the XML is a <html>, not the <FixtureDefinition> of QLC+\n"), "{told}");
    assert_eq!(run(&folder.path().join("nowhere.qxf"), false).0, Some(2));
}
