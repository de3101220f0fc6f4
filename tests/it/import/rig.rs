//! An imported light in a show: what a look says of it is what the slots send.

use std::sync::Arc;

use showcall::import::{self};
use showcall::light::Board;
use showcall::show::{Act, LightAct, Rest, load_text};
use showcall::time::{Mono, Span};

use super::{imported, path};

/// The first universe of a show with this fixture at 1 and this look, once it is up.
fn sent(file: &str, fixture: &str, look: &str) -> [u8; 512] {
    let (key, _, text) = imported(&path(file));
    let show = format!(
        "[show]\ntitle = \"T\"\nat_exit = \"leave\"\nlooks = \"whole\"\n[safe]\ntell = \"x\"\n[device.node]\nprofile = \"artnet-node\"\naddress = \"10.0.0.1\"\n\
         [universe.1]\non = \"node\"\naddress = 0\n[universe.2]\non = \"node\"\naddress = 1\n[fixture.light]\nprofile = \"{key}\"\n{fixture}\n[look]\nup = {look}\n\
         [[cue]]\nnumber = \"1\"\ndo = [{{ light = {{ look = \"up\" }} }}]\n"
    );
    let loaded = load_text(&[("show.toml".to_owned(), show), (format!("{key}.toml"), text)]);
    assert!(!loaded.has_errors(), "{file}: {:#?}", loaded.findings);
    let show = loaded.show.unwrap();
    let acts = show.cues[0].steps.iter().flat_map(|step| &step.acts);
    let act: &Arc<LightAct> = acts.filter_map(|act| if let Act::Light(light) = act { Some(light) } else { None }).next().unwrap();
    assert_eq!(act.rest, Rest::Out);
    let mut board = Board::new(Arc::clone(&show.rig));
    board.apply(Mono::ZERO, act);
    let mut slots = [0; 512];
    showcall::light::Renderer::new(&board).render(&board, Mono::ZERO + Span::secs(1), 0, &mut slots);
    slots
}

#[test]
fn a_look_reaches_the_slots_of_a_light_from_any_library() {
    for (folder, ending) in [("gdtf", "xml"), ("ofl/acme", "json"), ("qxf", "qxf")] {
        let file = |stem: &str| format!("{folder}/{stem}.{ending}");
        let spot = "mode = \"Extended\"\nuniverse = 1\naddress = 1";
        let slots = sent(
            &file("spot-16"),
            spot,
            "{ light = { level = \"50%\", pan = \"25%\", Color1 = \"deep blue\", Shutter1 = \"strobe 100%\" } }",
        );
        assert_eq!(slots[..3], [0x40, 0, 0x80], "{folder}: pan a quarter, tilt at rest");
        assert_eq!((slots[4], slots[5]), (200, 128), "{folder}: the end of the strobe, half the light");
        assert!((20..30).contains(&slots[7]), "{folder}: deep blue is {}", slots[7]);

        let bar = "mode = \"24 channels\"\nuniverse = 1\naddress = 1";
        let slots = sent(&file("pixel-bar"), bar, "{ \"light/3\" = { level = \"50%\", colour = \"#FF8000\" }, \"light/8\" = \"100%\" }");
        assert_eq!(slots[..6], [0; 6], "{folder}: pixels that nobody named are dark");
        assert_eq!(slots[6..9], [128, 64, 0], "{folder}");
        assert_eq!(slots[21..24], [255; 3], "{folder}: white when nobody says a colour");

        let slots = sent(
            &file("pixel-bar"),
            "mode = \"26 channels\"\nuniverse = 1\naddress = 1",
            "{ light = { level = \"20%\", colour = \"#0000FF\" } }",
        );
        assert_eq!((slots[0], &slots[2..8]), (51, &[0, 0, 255, 0, 0, 255][..]), "{folder}: the bar's own dimmer dims, the pixels are full");
        assert!((10..=20).contains(&slots[1]), "{folder}: the shutter rests open");

        let slots = sent(&file("cmy-profile"), "universe = 1\naddress = 1", "{ light = { level = \"100%\", colour = \"#FF0080\" } }");
        assert_eq!(slots[7..10], [0, 255, 127], "{folder}: filters take away what the colour has not");

        let slots = sent(&file("head-24"), "mode = \"24 bit\"\nuniverse = 1\naddress = 1", "{ light = { level = \"33.3333%\" } }");
        assert_eq!(slots[6..9], [0x55, 0x55, 0x4F], "{folder}: a third in 24 bits");
    }
    let slots = sent("gdtf/four-heads.xml", "universe = [1, 2]\naddress = [501, 1]", "{ \"light/Head 2\" = \"100%\" }");
    assert_eq!(slots[500..504], [0, 255, 0, 0]);
    let slots = sent("ofl/acme/panel.json", "mode = \"By channel\"\nuniverse = 1\naddress = 1", "{ light = \"100%\" }");
    assert_eq!(slots[0], 0, "a dimmer that is bright at 0");
    assert_eq!(import::slug("Robe ColorSpot+ 250"), "robe-colorspot-plus-250");
}

#[test]
fn an_imported_head_knows_how_far_it_turns_and_which_colours_its_wheel_has() {
    for (file, blue) in [("gdtf/spot-16.xml", [0, 0, 255]), ("ofl/acme/spot-16.json", [0, 0, 170]), ("qxf/spot-16.qxf", [0, 0, 170])] {
        let look = "{ light = { pan = \"135deg\", tilt = \"-67.5deg\", colour = \"#1010C0\" } }";
        let slots = sent(file, "mode = \"Extended\"\nuniverse = 1\naddress = 1", look);
        assert_eq!(slots[..4], [0xBF, 0xFF, 0x40, 0x00], "{file}: three quarters of 540 degrees, a quarter of 270");
        assert!((20..30).contains(&slots[7]), "{file}: blue is {}", slots[7]);
        let (key, _, text) = imported(&path(file));
        let profile = showcall::show::fixture_text::parse(&key, &text).unwrap();
        let wheel = profile.modes[0].channels.iter().find(|channel| &*channel.attribute == "Color1").unwrap();
        let deep = wheel.values.iter().find(|value| &*value.name == "deep blue").unwrap();
        assert_eq!(deep.colour.or_else(|| showcall::show::colour::of_name(&deep.name)), Some(blue), "{file}");
    }
}

#[test]
fn a_look_makes_slots_be_what_it_names() {
    for file in ["gdtf/switching.xml", "ofl/acme/switching.json", "qxf/switching.qxf"] {
        let place = "universe = 1\naddress = 1";
        let slots = sent(file, place, "{ light = { Effects2 = 40, Effects1Rate = 50 } }");
        assert_eq!(slots[..3], [150, 40, 50], "{file}: it rests where it does that");
        let slots = sent(file, place, "{ light = { ColorAdd_R = 200, Dimmer = \"100%\" } }");
        assert_eq!(slots[..3], [49, 200, 255], "{file}: the switch goes to where slot 2 is red; green rests");
        let slots = sent(file, place, "{ light = { Effects1 = 20, ColorAdd_R = 200, level = \"100%\" } }");
        assert_eq!(slots[..3], [20, 200, 255], "{file}: a look that names the switch has its way");
        let slots = sent(file, place, "{ light = \"50%\" }");
        assert_eq!(slots[..3], [49, 128, 128], "{file}: a level without a colour is light too");
    }
}
