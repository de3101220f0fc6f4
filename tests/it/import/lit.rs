//! A law of every imported light: dark at 0%, lit at 100%, never in a strobe, a program, a reset or lamp control that nobody named, still at
//! rest, and of a colour only what makes it. What slots mean is read from the file itself ([`super::meaning`]).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use showcall::import::{self, Draft};
use showcall::light::{Board, Renderer};
use showcall::show::{Act, LightAct, load_text};
use showcall::time::{Mono, Span};

use super::meaning::{self, Mode, Role, What};
use super::{files, imported};

/// Looks, and what a universe then holds; those that the light cannot have are not there.
type Sent = BTreeMap<&'static str, [u8; 512]>;

const LOOKS: [(&str, &str); 7] = [
    ("rest", ""),
    ("0%", "level = \"0%\""),
    ("50%", "level = \"50%\""),
    ("100%", "level = \"100%\""),
    ("red", "level = \"100%\", colour = \"#FF0000\""),
    ("green", "level = \"100%\", colour = \"#00FF00\""),
    ("blue", "level = \"100%\", colour = \"#0000FF\""),
];

const FILTERS: [&str; 6] = ["Cyan", "Magenta", "Yellow", "C", "M", "Y"];

/// What is sent of a light in a mode while it has what each look says, or rests; `None`: it can have no such look.
pub fn slots(key: &str, text: &str, mode: &str, looks: &[&str]) -> Option<Vec<[u8; 512]>> {
    let cue = |(nth, look): (usize, &&str)| {
        let act = if look.is_empty() { "{ tell = \"x\" }".to_owned() } else { format!("{{ light = {{ light = {{ {look} }} }} }}") };
        format!("[[cue]]\nnumber = \"{}\"\ndo = [{act}]\n", nth + 1)
    };
    let show = format!(
        "[show]\ntitle = \"T\"\nat_exit = \"leave\"\nlooks = \"whole\"\n[safe]\ntell = \"x\"\n[device.node]\nprofile = \"artnet-node\"\naddress = \"10.0.0.1\"\n\
         [universe.1]\non = \"node\"\naddress = 0\n[fixture.light]\nprofile = \"{key}\"\nmode = {}\nuniverse = 1\naddress = 1\n{}",
        import::toml::quoted(mode),
        looks.iter().enumerate().map(cue).collect::<String>()
    );
    let loaded = load_text(&[("show.toml".to_owned(), show), (format!("{key}.toml"), text.to_owned())]);
    let show = loaded.show.as_ref().filter(|_| !loaded.has_errors())?;
    let sent = show.cues.iter().map(|cue| {
        let mut board = Board::new(Arc::clone(&show.rig));
        let acts = cue.steps.iter().flat_map(|step| &step.acts);
        let act: Option<&Arc<LightAct>> = acts.filter_map(|act| if let Act::Light(light) = act { Some(light) } else { None }).next();
        act.iter().for_each(|act| board.apply(Mono::ZERO, act));
        let mut slots = [0; 512];
        Renderer::new(&board).render(&board, Mono::ZERO + Span::secs(1), 0, &mut slots);
        slots
    });
    Some(sent.collect())
}

/// What a light sends of as many looks as it can have: all, those without a colour, or none but its rest.
fn sent(key: &str, text: &str, mode: &str) -> Sent {
    for count in [LOOKS.len(), 4, 1] {
        let (names, looks): (Vec<&str>, Vec<&str>) = LOOKS.iter().take(count).copied().unzip();
        if let Some(sent) = slots(key, text, mode, &looks) {
            return names.into_iter().zip(sent).collect();
        }
    }
    panic!("{key}: {mode} makes no show")
}

/// What is wrong with a mode: the kind, and the words.
fn faults(mode: &Mode, sent: &Sent, told: &str) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for (look, slots) in sent {
        for slot in &mode.slots {
            let (value, open) = (slots[slot.at], told.contains(&slot.name));
            let calm = slot.ranges.is_empty()
                || slot
                    .ranges
                    .iter()
                    .any(|(.., what)| !matches!(what, What::Strobe | What::Program | What::Reset | What::Lamp | What::Turns));
            let kind = match slot.what(value) {
                What::Strobe => "strobes",
                What::Program => "runs a program",
                What::Reset => "resets",
                What::Lamp => "switches the lamp",
                What::Turns if *look == "rest" => "turns at rest",
                _ => continue,
            };
            if calm && !open {
                found.push((kind, format!("{look}: slot {} ({}) is {value}", slot.at + 1, slot.name)));
            }
        }
        found.extend(light(mode, look, slots, told));
    }
    found
}

/// Whether a look gives the light that it should.
fn light(mode: &Mode, look: &str, slots: &[u8; 512], told: &str) -> Option<(&'static str, String)> {
    let all = |role: fn(&Role) -> bool| mode.slots.iter().filter(move |slot| role(&slot.role));
    let share = |slot: &&meaning::Slot| slot.share(slots[slot.at]);
    // Cyan, magenta and yellow without lamps beside them are filters.
    let filters = !all(|role| matches!(role, Role::Emitter(name) if !FILTERS.contains(&name.as_str()))).any(|_| true);
    let (dims, emits) = (all(|role| *role == Role::Dimmer), all(|role| matches!(role, Role::Emitter(_))).filter(|_| !filters));
    let dims: Vec<f64> = dims.filter_map(|slot| share(&slot)).collect();
    let emits: Vec<f64> = emits.filter_map(|slot| share(&slot)).collect();
    if dims.is_empty() && emits.is_empty() {
        return None;
    }
    let shut = all(|role| *role == Role::Shutter).find(|slot| slot.what(slots[slot.at]) == What::Dark && !told.contains(&slot.name));
    let most = |shares: &[f64]| shares.iter().copied().fold(0.0, f64::max);
    let least = dims.iter().copied().fold(1.0, f64::min);
    let burns = if emits.is_empty() { 1.0 } else { most(&emits) };
    match look {
        "0%" | "rest" if least.min(burns) > 0.02 && shut.is_none() => {
            Some(("lit at 0%", format!("{look}: dimmers {dims:?}, emitters {emits:?}")))
        }
        "50%" if !(0.3..=0.7).contains(&least.min(burns)) && dims.len() < 2 => {
            Some(("not half at 50%", format!("dimmers {dims:?}, emitters {emits:?}")))
        }
        "100%" if least < 0.9 || burns < 0.9 => Some(("dark at 100%", format!("dimmers {dims:?}, emitters {emits:?}"))),
        "100%" => shut.map(|slot| ("dark at 100%", format!("slot {} ({}) is {}, closed", slot.at + 1, slot.name, slots[slot.at]))),
        "red" | "green" | "blue" => colour(mode, look, slots),
        _ => None,
    }
}

/// Of red, green and blue the one that was asked for, and nothing white or amber with it.
fn colour(mode: &Mode, look: &str, slots: &[u8; 512]) -> Option<(&'static str, String)> {
    let of = |name: &str| {
        mode.slots
            .iter()
            .filter(|slot| matches!(&slot.role, Role::Emitter(own) if own.eq_ignore_ascii_case(name)))
            .filter_map(|slot| slot.share(slots[slot.at]))
            .collect::<Vec<_>>()
    };
    if ["red", "green", "blue"].iter().any(|name| of(name).is_empty()) {
        return None;
    }
    let others = ["red", "green", "blue", "white"].into_iter().filter(|name| *name != look);
    let wrong = of(look).iter().any(|share| *share < 0.9)
        || others.flat_map(of).any(|share| share > 0.1)
        || look == "blue" && of("amber").iter().any(|share| *share > 0.1);
    wrong.then(|| {
        (
            "another colour",
            format!(
                "{look}: red {:?}, green {:?}, blue {:?}, white {:?}, amber {:?}",
                of("red"),
                of("green"),
                of("blue"),
                of("white"),
                of("amber")
            ),
        )
    })
}

/// Faults by their kind.
#[derive(Default)]
struct Count {
    modes: usize,
    kinds: BTreeMap<&'static str, BTreeMap<String, Vec<String>>>,
}

impl Count {
    fn add(&mut self, file: &str, (key, draft, text): &(String, Draft, String), modes: &[Mode]) {
        for (mode, made) in modes.iter().filter_map(|mode| Some((mode, draft.modes.iter().find(|made| made.name == mode.name)?))) {
            if made.footprints.len() != 1 {
                continue;
            }
            self.modes += 1;
            let sent = sent(key, text, &made.name);
            let open: Vec<&str> = draft.open.iter().filter(|(of, _)| *of == made.name).map(|(_, what)| what.as_str()).collect();
            for (kind, words) in faults(mode, &sent, &open.join("\n")) {
                self.kinds.entry(kind).or_default().entry(file.to_owned()).or_default().push(format!("{}: {words}", made.name));
            }
        }
    }

    fn told(&self) -> String {
        let mut out = String::new();
        for (kind, files) in &self.kinds {
            out += &format!("{kind}: {} files\n", files.len());
            for (file, all) in files {
                out += &format!("    {file}: {} ({} in all)\n", all[0], all.len());
            }
        }
        out
    }
}

#[test]
fn our_own_files_of_three_libraries_give_light_as_their_ranges_say() {
    let mut count = Count::default();
    for (folder, read) in [("gdtf", meaning::gdtf as fn(&[u8]) -> Vec<Mode>), ("ofl/acme", meaning::ofl), ("qxf", meaning::qxf)] {
        for file in files(folder) {
            count.add(&format!("{folder}/{}", name_of(&file)), &imported(&file), &read(&std::fs::read(&file).unwrap()));
        }
    }
    assert!(count.modes > 40, "{} modes", count.modes);
    assert_eq!(count.told(), "", "{} modes", count.modes);
}

#[test]
#[ignore = "needs qlcplus-data"]
fn every_light_of_qlcplus_data_gives_light_as_its_ranges_say() {
    let (mut count, mut read) = (Count::default(), 0);
    let mut open = vec![PathBuf::from("/usr/share/qlcplus/fixtures")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|ending| ending == "qxf") {
            let bytes = std::fs::read(&path).unwrap();
            if let Ok(made) = import::fixture(&bytes, &name_of(&path), "") {
                read += 1;
                count.add(&name_of(&path), &made, &meaning::qxf(&bytes));
            }
        }
    }
    println!("{read} files, {} modes\n{}", count.modes, count.told());
    // A count that may only go down: a virtual dimmer of the whole light over lit cells, intensities that are programs or presets by their
    // words alone, and lights whose files say less than the law asks.
    let left: usize = count.kinds.values().map(BTreeMap::len).sum();
    assert!(read > 1000 && left <= 96, "{left} faults by file and kind");
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}
