//! Every fixture definition that Debian's `qlcplus-data` ships: imported, or refused for a reason that is counted.

use std::collections::BTreeMap;
use std::path::PathBuf;

use showcall::import;
use showcall::show::fixture_text;

#[test]
#[ignore = "needs qlcplus-data"]
fn every_definition_of_qlcplus_data_is_imported_or_refused_for_a_reason() {
    let mut open = vec![PathBuf::from("/usr/share/qlcplus/fixtures")];
    assert!(open[0].is_dir(), "qlcplus-data is not installed: run sh tests/peers/setup.sh long");
    let (mut files, mut modes, mut switched) = (0, 0, (0, 0));
    let mut refused: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|ending| ending == "qxf") {
            files += 1;
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            match import::fixture(&std::fs::read(&path).unwrap(), &name, "") {
                Ok((key, draft, text)) => {
                    modes += draft.modes.len();
                    let there = draft.modes.iter().flat_map(|mode| &mode.channels).filter(|channel| channel.when.is_some()).count();
                    if String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains("<Alias") {
                        let out = draft.notes.iter().filter(|note| note.contains("is left out")).count();
                        assert!(there + out > 0, "{name}: it has aliases, and nothing tells of them");
                        switched = (switched.0 + there, switched.1 + out);
                    }
                    let profile = fixture_text::parse(&key, &text).unwrap();
                    for mode in &profile.modes {
                        let lit = |name: &str| mode.channels.iter().any(|channel| &*channel.attribute == name);
                        assert!(!lit("ColorAdd_R") || lit("Dimmer"), "{name}: {} mixes colours and cannot be dimmed", mode.name);
                    }
                }
                Err(refusal) => refused.entry(refusal.rule).or_default().push(format!("{name}: {refusal}")),
            }
        }
    }
    let left: usize = refused.values().map(Vec::len).sum();
    println!("qlcplus-data: {files} definitions, {} imported with {modes} modes, {left} refused", files - left);
    println!("  {} channels of them take turns with others, {} are left out with a note", switched.0, switched.1);
    for (rule, all) in &refused {
        println!("  {rule}: {}\n    {}", all.len(), all.join("\n    "));
    }
    assert!(files > 1000, "{files} definitions");
    assert!(switched.0 > 80, "aliases of the library make channels that take turns: {switched:?}");
    let known = ["reference", "overlap", "footprint", "range", "empty", "modes"];
    assert!(refused.keys().all(|rule| known.contains(rule)), "refused for a reason that is ours");
    assert!(left * 50 < files, "{left} of {files} are refused");
}
