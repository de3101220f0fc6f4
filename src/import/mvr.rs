//! MVR scenes (DIN SPEC 15801): a ZIP archive with `GeneralSceneDescription.xml` and the GDTF files of its fixtures. Gives the
//! patch of the rig as the `[fixture.*]` tables of a show.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::archive::Archive;
use super::toml::{key, quoted};
use super::xml::{self, Element};
use super::{Draft, Refusal, gdtf, slug, tidy};

/// Fixtures of a scene at the most.
const FIXTURES_MAX: usize = 20_000;
/// Bytes of one GDTF file in a scene at the most.
const GDTF_MAX: usize = 64 << 20;

/// What a scene says of its rig.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scene {
    /// Its fixtures, in the order of the file.
    pub fixtures: Vec<Patched>,
    /// The profiles of the GDTF files that it brings along, by key; they are tidy.
    pub profiles: BTreeMap<String, Draft>,
    /// What a person should look at.
    pub notes: Vec<String>,
}

/// One fixture of a scene.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patched {
    /// The key that the show gets.
    pub key: String,
    /// What the drawing calls it.
    pub name: String,
    /// The key of its profile.
    pub profile: String,
    /// The profile's mode.
    pub mode: String,
    /// Universe (from 1) and address (1 to 512) of each break, in the order of the breaks; empty when it is not patched.
    pub places: Vec<(u32, u32)>,
    /// Attributes that are turned round: `Pan`, `Tilt`.
    pub inverted: Vec<&'static str>,
}

/// Reads a scene.
///
/// # Errors
/// What is no such archive, or hostile, or has no scene. A GDTF file in it that cannot be read is a note.
pub fn read(bytes: &[u8]) -> Result<Scene, Refusal> {
    let mut archive = Archive::open(bytes)?;
    let text = archive.file("GeneralSceneDescription.xml", xml::SIZE_MAX)?;
    let text = text.ok_or_else(|| Refusal::new("format", "the archive has no GeneralSceneDescription.xml, so it is no MVR file"))?;
    let root = xml::parse(&text)?;
    if root.name != "GeneralSceneDescription" {
        return Err(Refusal::new("format", format!("the XML is a <{}>, not a <GeneralSceneDescription>", root.name)));
    }
    let mut elements = Vec::new();
    fixtures(&root, &mut elements);
    if elements.is_empty() || elements.len() > FIXTURES_MAX {
        return Err(Refusal::new("empty", format!("the scene has {} fixtures; 1 to {FIXTURES_MAX} are possible", elements.len())));
    }
    let mut scene = Scene::default();
    let mut specs: BTreeMap<String, String> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for element in elements {
        let spec = element.text_of("GDTFSpec").to_owned();
        if !specs.contains_key(&spec) {
            let own = profile(&mut archive, &spec, &mut scene);
            specs.insert(spec.clone(), own);
        }
        let profile = specs.get(&spec).cloned().unwrap_or_default();
        let mut fixture = patched(element, profile, &mut keys, &mut scene.notes);
        if fixture.profile.is_empty() {
            scene
                .notes
                .push(format!("{}: the scene does not say what light it is (its GDTFSpec is empty): write its profile", fixture.key));
        }
        // One mode alone needs no name.
        if fixture.mode.is_empty()
            && let Some([only]) = scene.profiles.get(&fixture.profile).map(|draft| draft.modes.as_slice())
        {
            fixture.mode.clone_from(&only.name);
        }
        let mode = scene.profiles.get(&fixture.profile).map(|draft| draft.modes.iter().find(|mode| mode.name == fixture.mode));
        match mode {
            Some(None) if fixture.mode.is_empty() => scene.notes.push(format!("{}: the scene does not say its mode", fixture.key)),
            Some(None) => scene.notes.push(format!("{}: its GDTF file has no mode \"{}\"", fixture.key, fixture.mode)),
            Some(Some(mode)) if mode.footprints.len() != fixture.places.len() && !fixture.places.is_empty() => {
                let (has, wants) = (fixture.places.len(), mode.footprints.len());
                scene.notes.push(format!("{}: the scene has {has} addresses, its mode wants {wants}", fixture.key));
            }
            _ => {}
        }
        scene.fixtures.push(fixture);
    }
    Ok(scene)
}

/// Every `<Fixture>` below, wherever it hangs: layers, groups, trusses, other fixtures.
fn fixtures<'a>(element: &'a Element, found: &mut Vec<&'a Element>) {
    for child in &element.children {
        if child.name == "Fixture" {
            found.push(child);
        }
        fixtures(child, found);
    }
}

/// The profile's key: of the GDTF file, when the archive has it, else made of the file's name.
fn profile(archive: &mut Archive<'_>, spec: &str, scene: &mut Scene) -> String {
    let stem = spec.strip_suffix(".gdtf").unwrap_or(spec);
    if stem.is_empty() {
        return String::new();
    }
    // Names in the archive are unique whatever their capitals (DIN SPEC 15801).
    let wanted = format!("{stem}.gdtf");
    let stored = archive.names().find(|name| name.eq_ignore_ascii_case(&wanted)).map(str::to_owned);
    let stem = stored.as_deref().and_then(|name| name.get(..name.len() - ".gdtf".len())).unwrap_or(stem);
    for name in [format!("{stem}.gdtf"), spec.to_owned()] {
        let draft = match archive.file(&name, GDTF_MAX) {
            Ok(None) => continue,
            Ok(Some(bytes)) => gdtf::read(&bytes, &name).and_then(tidy::tidy),
            Err(refusal) => Err(refusal),
        };
        match draft {
            Ok(draft) => {
                return keep(draft, &name, scene);
            }
            Err(refusal) => {
                scene.notes.push(format!("{name} in the archive is refused: {refusal}"));
                break;
            }
        }
    }
    slug(&stem.replace('@', " "))
}

/// Keeps a profile under a key of its own: files of one maker and model that differ are two profiles.
fn keep(draft: Draft, name: &str, scene: &mut Scene) -> String {
    let base = slug(&format!("{} {}", draft.maker, draft.model));
    let same = |other: &Draft| Draft { sources: Vec::new(), ..other.clone() } == Draft { sources: Vec::new(), ..draft.clone() };
    let mut key = base.clone();
    let mut number = 1_u32;
    while let Some(other) = scene.profiles.get(&key) {
        if same(other) {
            return key;
        }
        number += 1;
        key = format!("{base}-{number}");
    }
    if number > 1 {
        scene.notes.push(format!("{name} is another light than {base}, by the same names: its profile is {key}"));
    }
    scene.profiles.insert(key.clone(), draft);
    key
}

fn patched(element: &Element, profile: String, keys: &mut BTreeSet<String>, notes: &mut Vec<String>) -> Patched {
    let name = element.attribute("name").unwrap_or_default().trim();
    let id = element.text_of("FixtureID");
    let base = match (slug(name), id) {
        (base, "") if base.is_empty() => "fixture".to_owned(),
        (base, id) if base.is_empty() => format!("fixture-{}", slug(id)),
        (base, _) => base,
    };
    let mut own = base.clone();
    if keys.contains(&own) && !id.is_empty() {
        own = format!("{base}-{}", slug(id));
    }
    let mut number = 1_u32;
    while !keys.insert(own.clone()) {
        number += 1;
        own = format!("{base}-{number}");
    }
    let mut addresses: BTreeMap<i64, (u32, u32)> = BTreeMap::new();
    for address in element.child("Addresses").into_iter().flat_map(|all| all.all("Address")) {
        let part = address.attribute("break").and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        match place(&address.text) {
            Some(place) => drop(addresses.insert(part, place)),
            None if address.text == "0" || address.text.is_empty() => {}
            None => notes.push(format!("{own}: \"{}\" is no address", address.text)),
        }
    }
    let inverts = [("DMXInvertPan", "Pan"), ("DMXInvertTilt", "Tilt")];
    let inverted = inverts.into_iter().filter(|(tag, _)| element.text_of(tag).eq_ignore_ascii_case("true")).map(|(_, name)| name).collect();
    if element.attribute("multipatch").is_some_and(|of| !of.trim().is_empty()) {
        notes.push(format!("{own} is patched in addition to another fixture: group the two"));
    }
    if addresses.is_empty() {
        notes.push(format!("{own} ({name}) has no address"));
    }
    let places = addresses.into_values().collect();
    Patched { key: own, name: name.to_owned(), profile, mode: element.text_of("GDTFMode").to_owned(), places, inverted }
}

/// `45`, `513` (absolute, from 1) or `2.1` (universe and address).
fn place(text: &str) -> Option<(u32, u32)> {
    let (universe, address) = match text.trim().split_once('.') {
        Some((universe, address)) => (universe.parse().ok()?, address.parse().ok()?),
        None => {
            let absolute: u32 = text.trim().parse().ok().filter(|n| *n > 0)?;
            ((absolute - 1) / 512 + 1, (absolute - 1) % 512 + 1)
        }
    };
    ((1..=63_999).contains(&universe) && (1..=512).contains(&address)).then_some((universe, address))
}

/// The fragment for a show.
#[must_use]
pub fn text(scene: &Scene, file: &str) -> String {
    let patched = scene.fixtures.iter().filter(|fixture| !fixture.places.is_empty());
    let universes: BTreeSet<u32> = patched.clone().flat_map(|fixture| &fixture.places).map(|(universe, _)| *universe).collect();
    let mut out = format!("# The patch of {file}: {} fixtures.\n", patched.clone().count());
    let named: Vec<String> = universes.iter().map(|number| format!("[universe.{number}]")).collect();
    let _ = writeln!(out, "# It needs {}, each with on = \"…\" and address = ….", named.join(" "));
    for note in &scene.notes {
        let _ = writeln!(out, "# Look at this: {note}.");
    }
    for fixture in patched {
        let _ = writeln!(out, "\n[fixture.{}]", key(&fixture.key));
        if !fixture.name.is_empty() {
            let _ = writeln!(out, "name = {}", quoted(&fixture.name));
        }
        match fixture.profile.as_str() {
            "" => out.push_str("# profile = \"…\"\n"),
            profile => drop(writeln!(out, "profile = {}", quoted(profile))),
        }
        if !fixture.mode.is_empty() {
            let _ = writeln!(out, "mode = {}", quoted(&fixture.mode));
        }
        let all = |each: fn(&(u32, u32)) -> u32| fixture.places.iter().map(each).collect::<Vec<u32>>();
        let (universes, addresses) = (all(|place| place.0), all(|place| place.1));
        let same = universes.iter().all(|one| Some(one) == universes.first());
        let _ = writeln!(out, "universe = {}", list(if same { universes.get(..1).unwrap_or_default() } else { &universes }));
        let _ = writeln!(out, "address = {}", list(&addresses));
        if !fixture.inverted.is_empty() {
            let names: Vec<String> = fixture.inverted.iter().map(|name| quoted(name)).collect();
            let _ = writeln!(out, "invert = [{}]", names.join(", "));
        }
    }
    out
}

/// One number alone, several in brackets.
fn list(numbers: &[u32]) -> String {
    match numbers {
        [one] => one.to_string(),
        many => format!("[{}]", many.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}
