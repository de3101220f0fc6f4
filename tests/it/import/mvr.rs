//! Rigs out of MVR scenes.

use showcall::import;
use showcall::show::load_text;

use super::{path, zipped};
use crate::common::snapshot;

const SCENE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<GeneralSceneDescription verMajor="1" verMinor="6" provider="Test" providerVersion="1">
 <UserData/>
 <Scene><AUXData/><Layers>
  <Layer uuid="A" name="Front"><ChildList>
   <Fixture name="Wash 1" uuid="1"><GDTFSpec>Acme@Par RGBW</GDTFSpec><GDTFMode>6 channels</GDTFMode><FixtureID>101</FixtureID>
    <Addresses><Address break="0">45</Address></Addresses></Fixture>
   <Fixture name="Wash 1" uuid="2"><GDTFSpec>Acme@Par RGBW.gdtf</GDTFSpec><GDTFMode>6 channels</GDTFMode><FixtureID>102</FixtureID>
    <Addresses><Address break="0">513</Address></Addresses><DMXInvertPan>false</DMXInvertPan></Fixture>
   <GroupObject uuid="G" name="Truss group"><ChildList>
    <Truss uuid="T" name="Truss"><ChildList>
     <Fixture name="Scroller Bar" uuid="3"><GDTFSpec>Acme@Four scrollers</GDTFSpec><GDTFMode>Two addresses</GDTFMode><FixtureID>201</FixtureID>
      <Addresses><Address break="1">2.11</Address><Address break="0">1.101</Address></Addresses></Fixture>
     <Fixture name="Spot" uuid="4"><GDTFSpec>Other@Missing Spot</GDTFSpec><GDTFMode>Basic</GDTFMode><FixtureID>301</FixtureID>
      <Addresses><Address break="0">2.100</Address></Addresses><DMXInvertPan>true</DMXInvertPan></Fixture>
    </ChildList></Truss>
   </ChildList></GroupObject>
   <Fixture name="" uuid="5"><GDTFSpec>Acme@Par RGBW</GDTFSpec><GDTFMode>Nope</GDTFMode><FixtureID>400</FixtureID><Addresses/></Fixture>
  </ChildList></Layer>
 </Layers></Scene>
</GeneralSceneDescription>"#;

fn scene(text: &str) -> Vec<u8> {
    let gdtf = |name: &str| zipped(&[("description.xml", &std::fs::read(path(name)).unwrap())]);
    zipped(&[
        ("GeneralSceneDescription.xml", text.as_bytes()),
        ("Acme@Par RGBW.gdtf", &gdtf("gdtf/par-rgbw.xml")),
        ("Acme@Four scrollers.gdtf", &gdtf("gdtf/four-heads.xml")),
    ])
}

#[test]
fn a_scene_becomes_the_patch_of_a_show_that_checks_clean() {
    let scene = import::mvr::read(&scene(SCENE)).unwrap();
    let fragment = import::mvr::text(&scene, "hall.mvr");
    snapshot("import__mvr-patch", &fragment);

    let head = "[show]\ntitle = \"T\"\nat_exit = \"leave\"\n[safe]\ntell = \"x\"\n[device.node]\nprofile = \"artnet-node\"\naddress = \"10.0.0.1\"\n\
                [universe.1]\non = \"node\"\naddress = 0\n[universe.2]\non = \"node\"\naddress = 1\n[[cue]]\nnumber = \"1\"\n";
    let mut sources = vec![("show.toml".to_owned(), format!("{head}{fragment}"))];
    sources.extend(scene.profiles.iter().map(|(key, draft)| (format!("{key}.toml"), import::toml::text(draft))));
    let spot = "maker = \"Other\"\nmodel = \"Missing Spot\"\n[[mode]]\nname = \"Basic\"\nfootprint = 2\n[[mode.channel]]\nattribute = \"Dimmer\"\nslot = 1\n\
                [[mode.channel]]\nattribute = \"Pan\"\nslot = 2\n";
    sources.push(("other-missing-spot.toml".to_owned(), spot.to_owned()));
    let loaded = load_text(&sources);
    assert!(!loaded.has_errors(), "{:#?}", loaded.findings);
    let rig = &loaded.show.unwrap().rig;
    let places: Vec<(&str, Vec<(u16, u16)>)> = rig
        .fixtures
        .iter()
        .map(|fixture| {
            (&*fixture.key, fixture.breaks.iter().map(|one| (rig.universes[usize::from(one.universe)].number, one.address)).collect())
        })
        .collect();
    let wanted =
        [("wash-1", vec![(1, 45)]), ("wash-1-102", vec![(2, 1)]), ("scroller-bar", vec![(1, 101), (2, 11)]), ("spot", vec![(2, 100)])];
    assert_eq!(places, wanted);
    assert!(rig.params.iter().any(|param| param.reach == showcall::show::dmx::Reach::INVERSE), "the spot hangs the other way");
}

#[test]
fn what_is_no_scene_is_refused() {
    let rule = |bytes: &[u8]| import::mvr::read(bytes).unwrap_err().rule;
    assert_eq!(rule(b"no archive"), "zip");
    assert_eq!(rule(&zipped(&[("x", b"y")])), "format");
    assert_eq!(rule(&scene("<GeneralSceneDescription/>")), "empty");
    assert_eq!(rule(&scene("<!DOCTYPE a [<!ENTITY b \"c\">]><GeneralSceneDescription>&b;</GeneralSceneDescription>")), "entity");
    let far = SCENE.replace(">45<", ">99999999999<").replace(">513<", ">0<");
    let scene = import::mvr::read(&scene(&far)).unwrap();
    assert!(scene.notes.iter().any(|note| note.contains("\"99999999999\" is no address")), "{:?}", scene.notes);
    assert!(scene.fixtures[0].places.is_empty() && scene.fixtures[1].places.is_empty());
}
