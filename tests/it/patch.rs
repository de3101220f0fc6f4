//! Where lights are patched: by hand and wherever there is room; and how `showcall patch` draws it.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use proptest::prelude::*;
use showcall::cli::patch::Patch;
use showcall::show::{self, Severity, Show};

use crate::common::snapshot;

const HEAD: &str = "[show]\ntitle = \"Rig\"\nlooks = \"whole\"\nat_exit = \"leave\"\n[device.node]\nprofile = \"artnet-node\"\naddress = \"10.0.0.1\"\n\
    [universe.1]\non = \"node\"\naddress = \"0:0:0\"\n[universe.7]\non = \"node\"\naddress = \"0:0:1\"\n[[cue]]\nnumber = \"1\"\n";

/// Two breaks of 4 and 12 slots.
const SPLIT: &str = "maker = \"Test\"\nmodel = \"Split\"\nfootprint = [4, 12]\n[[channel]]\nattribute = \"Dimmer\"\nslot = 1\n\
    [[channel]]\nattribute = \"ColorAdd_R\"\nbreak = 2\nslot = 1\n";

fn load(fixtures: &str) -> show::Loaded {
    show::load_text(&[("show.toml".into(), format!("{HEAD}{fixtures}")), ("profiles/fixtures/split.toml".into(), SPLIT.into())])
}

fn whole(fixtures: &str) -> Arc<Show> {
    let loaded = load(fixtures);
    loaded.show.unwrap_or_else(|| panic!("{:#?}", loaded.findings))
}

/// Every break of every fixture: its key, the number of its universe, first and last slot.
fn places(show: &Show) -> Vec<(String, u16, u16, u16)> {
    let patch = Patch::of(show, None);
    let places = patch.fixtures.iter().flat_map(|light| light.places.iter().map(|p| (light.fixture.clone(), p.universe, p.first, p.last)));
    places.collect()
}

#[test]
fn what_says_no_address_fills_the_gaps_in_file_order() {
    let show = whole(
        "[fixture.low]\nprofile = \"generic-rgb\"\nuniverse = 1\ncount = 3\n\
         [fixture.fixed]\nprofile = \"generic-rgbw\"\nuniverse = 1\naddress = 5\n\
         [fixture.split]\nprofile = \"split\"\nuniverse = [1, 7]\naddress = [\"auto\", 500]\n\
         [fixture.both]\nprofile = \"split\"\nuniverse = 7\naddress = \"auto\"\n\
         [fixture.dim]\nprofile = \"generic-dimmer\"\nuniverse = 1\ncount = 2\n",
    );
    let own = |key: &str, universe, first, last| (key.to_owned(), universe, first, last);
    assert_eq!(
        places(&show),
        [
            own("low1", 1, 1, 3),
            own("low2", 1, 10, 12),
            own("low3", 1, 13, 15),
            own("fixed", 1, 5, 9),
            own("split", 1, 16, 19),
            own("split", 7, 500, 511),
            own("both", 7, 1, 4),
            own("both", 7, 5, 16),
            own("dim1", 1, 4, 4),
            own("dim2", 1, 20, 20),
        ]
    );
}

/// A table of the file: profile, how many, on which universe, and where, if it says so.
#[derive(Debug, Clone)]
struct Table {
    profile: &'static str,
    count: u16,
    universe: u16,
    /// For each break.
    address: [Option<u16>; 2],
}

fn table() -> impl Strategy<Value = Table> {
    let profile = prop::sample::select(vec!["generic-dimmer", "generic-rgb", "generic-rgbw", "generic-moving-spot", "split"]);
    let address = || prop::option::weighted(0.3, 1_u16..=512);
    (profile, 1_u16..=12, prop::sample::select(vec![1, 7]), address(), address()).prop_map(|(profile, count, universe, one, two)| Table {
        profile,
        count,
        universe,
        address: [one, two],
    })
}

fn text(tables: &[Table]) -> String {
    let word = |address: Option<u16>| address.map_or("\"auto\"".to_owned(), |address| address.to_string());
    let one = |(nth, table): (usize, &Table)| {
        let Table { profile, count, universe, address: [one, two] } = table;
        let address = if *profile == "split" { format!("[{}, {}]", word(*one), word(*two)) } else { word(*one) };
        format!("[fixture.t{nth}-]\nprofile = \"{profile}\"\ncount = {count}\nuniverse = {universe}\naddress = {address}\n")
    };
    tables.iter().enumerate().map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_slot_has_two_owners_what_is_fixed_stays_and_the_same_file_gives_the_same_patch(tables in prop::collection::vec(table(), 1..14)) {
        let loaded = load(&text(&tables));
        let Some(show) = &loaded.show else {
            // Fixed addresses may collide or reach past the end, and a universe may be full: nothing else can be wrong.
            let known = ["overlap", "past-512", "universe-full"];
            let mut errors = loaded.findings.iter().filter(|finding| finding.severity == Severity::Error);
            prop_assert!(errors.all(|finding| known.contains(&finding.code)), "{:#?}", loaded.findings);
            return Ok(());
        };
        let all = places(show);
        let mut owned = std::collections::BTreeSet::new();
        for (key, universe, first, last) in &all {
            prop_assert!((1..=512).contains(first) && (*first..=512).contains(last), "{key}");
            prop_assert!((*first..=*last).all(|slot| owned.insert((*universe, slot))), "{key} overlaps");
        }
        for (nth, table) in tables.iter().enumerate() {
            for one in 0..table.count {
                let own = format!("t{nth}-{}", one + 1);
                for ((_, _, first, last), address) in all.iter().filter(|(key, ..)| *key == own).zip(table.address) {
                    let said = address.map(|address| address + one * (last - first + 1));
                    prop_assert!(said.is_none_or(|said| *first == said), "{own} was moved from {said:?} to {first}");
                }
            }
        }
        prop_assert_eq!(places(&load(&text(&tables)).show.unwrap()), all);
    }
}

#[test]
fn the_patch_of_the_product_launch_is_drawn() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let show = show::load(&root.join("shows/product-launch"), &[]).show.unwrap();
    snapshot("patch__product-launch", &Patch::of(&show, None).text(&show.title));
}

#[test]
fn the_program_tells_it_as_text_and_as_json_and_says_which_universes_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("show.toml");
    let fixtures = "[fixture.wash]\nprofile = \"generic-rgbw\"\nuniverse = 7\ncount = 2\n[group.all]\nfixtures = [\"wash\"]\n";
    std::fs::write(&file, format!("{HEAD}{fixtures}")).unwrap();
    let patch = |more: &[&str]| Command::new(env!("CARGO_BIN_EXE_showcall")).arg("patch").arg(&file).args(more).output().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&patch(&["--json"]).stdout).unwrap();
    assert_eq!(told["fixtures"][1]["places"][0], serde_json::json!({ "universe": 7, "first": 6, "last": 10 }));
    assert_eq!(told["fixtures"][1]["groups"], serde_json::json!(["all"]));
    assert_eq!(told["universes"][1]["outputs"][0]["shown"], "0:0:1");
    assert_eq!(told["universes"][1]["free"], serde_json::json!([[11, 512]]));
    let one = String::from_utf8(patch(&["--universe", "7"]).stdout).unwrap();
    assert!(one.contains("UNIVERSE 7 · node Art-Net 0:0:1 · 10 slots taken, 502 free") && !one.contains("UNIVERSE 1"), "{one}");
    let none = patch(&["--universe", "3"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(String::from_utf8(none.stderr).unwrap().contains("no universe 3 (it has 1, 7)"));
    std::fs::write(&file, format!("{HEAD}[fixture.wash]\nprofile = \"generic-rgbw\"\nuniverse = 7\ncount = 103\n")).unwrap();
    let full = patch(&[]);
    assert_eq!(full.status.code(), Some(1));
    assert!(
        String::from_utf8(full.stderr).unwrap().contains("fixture wash103 needs 5 slots, but universe 7 has no more than 511 to 512 free")
    );
}
