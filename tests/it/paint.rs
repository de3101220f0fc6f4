//! What a look says of colours, places and palettes, in the slots of every kind of light.

use std::fmt::Write as _;
use std::sync::Arc;

use showcall::light::Board;
use showcall::show::{Act, Loaded, load_text};
use showcall::time::Mono;

/// A light with these channels, one slot each; a line after a name is added to its channel.
fn profile(channels: &[(&str, &str)]) -> String {
    let mut text = format!("maker = \"Acme\"\nmodel = \"Light\"\nfootprint = {}\n", channels.len());
    for (slot, (attribute, more)) in (1..).zip(channels) {
        write!(text, "[[channel]]\nattribute = \"{attribute}\"\nslot = {slot}\n{more}\n").unwrap();
    }
    text
}

/// A show in which every one of these lights stands on universe 1, 20 slots apart, with these tables and one look.
fn load(lights: &[(&str, &str)], tables: &str, look: &str) -> Loaded {
    let mut show =
        "[show]\ntitle = \"T\"\nat_exit = \"leave\"\nlooks = \"whole\"\n[safe]\ntell = \"x\"\n[device.node]\nprofile = \"artnet-node\"\n\
         address = \"10.0.0.1\"\n[universe.1]\non = \"node\"\naddress = 0\n"
            .to_owned();
    let mut files = Vec::new();
    for (nth, (name, text)) in lights.iter().enumerate() {
        write!(show, "[fixture.{name}]\nprofile = \"of-{name}\"\nuniverse = 1\naddress = {}\n", 1 + 20 * nth).unwrap();
        files.push((format!("of-{name}.toml"), (*text).to_owned()));
    }
    write!(show, "{tables}\n[look.up]\n{look}\n[[cue]]\nnumber = \"1\"\ndo = [{{ light = {{ look = \"up\" }} }}]\n").unwrap();
    files.insert(0, ("show.toml".to_owned(), show));
    load_text(&files)
}

/// The universe once the look is up.
fn render(loaded: &Loaded) -> [u8; 512] {
    assert!(loaded.findings.is_empty(), "{:#?}", loaded.findings);
    let show = loaded.show.as_ref().unwrap();
    let mut board = Board::new(Arc::clone(&show.rig));
    for act in show.cues[0].steps.iter().flat_map(|step| &step.acts) {
        if let Act::Light(light) = act {
            board.apply(Mono::ZERO, light);
        }
    }
    let mut slots = [0; 512];
    showcall::light::Renderer::new(&board).render(&board, Mono::ZERO, 0, &mut slots);
    slots
}

/// The slots of one light with a dimmer and these channels when it is up in a colour.
fn coloured(channels: &[(&str, &str)], colour: &str) -> Vec<u8> {
    let all: Vec<_> = [("Dimmer", "")].iter().chain(channels).copied().collect();
    let loaded = load(&[("lamp", &profile(&all))], "", &format!("lamp = {{ level = \"100%\", colour = \"{colour}\" }}"));
    render(&loaded)[1..=channels.len()].to_vec()
}

const R: (&str, &str) = ("ColorAdd_R", "");
const G: (&str, &str) = ("ColorAdd_G", "");
const B: (&str, &str) = ("ColorAdd_B", "");
const W: (&str, &str) = ("ColorAdd_W", "");
const AMBER: (&str, &str) = ("ColorAdd_RY", "");
const LIME: (&str, &str) = ("ColorAdd_GY", "");
const UV: (&str, &str) = ("ColorAdd_UV", "");
const CMY: [(&str, &str); 3] = [("ColorSub_C", ""), ("ColorSub_M", ""), ("ColorSub_Y", "")];
const WARM: (&str, &str) = ("ColorAdd_WW", "");
const COLD: (&str, &str) = ("ColorAdd_CW", "");
const WHEEL: (&str, &str) = (
    "Color1",
    "snap = true\nvalues = { open = [0, 9], deep = { at = [10, 19], colour = \"#FF2000\" }, Orange = [20, 29], \"Red + Orange\" = [30, 39], Blue = [40, 49], spin = [128, 255] }",
);

#[test]
fn one_colour_on_every_kind_of_light() {
    const WARM_WHITE: &str = "#FFE7C4";
    assert_eq!(coloured(&[R, G, B], WARM_WHITE), [255, 231, 196], "as it is written");
    assert_eq!(coloured(&[R, G, B, W], WARM_WHITE), [59, 35, 0, 196], "white from the white lamp, the rest from the others");
    // Amber counts as 255, 128, 0: 255 of it leave 103 of green.
    assert_eq!(coloured(&[R, G, B, AMBER], WARM_WHITE), [0, 103, 196, 255]);
    // After 196 of white 59, 35, 0 are left; amber takes 59 of red and 30 of green.
    assert_eq!(coloured(&[R, G, B, AMBER, W, UV], WARM_WHITE), [0, 5, 0, 59, 196, 0], "and nobody sees ultraviolet");
    // Lime counts as 128, 255, 0: 231 of it leave 139 of red.
    assert_eq!(coloured(&[R, G, B, LIME], WARM_WHITE), [139, 0, 196, 231]);
    assert_eq!(coloured(&CMY, WARM_WHITE), [0, 24, 59], "filters take away what is missing");
    let circle = [("HSB_Hue", ""), ("HSB_Saturation", ""), ("HSB_Brightness", "")];
    // 35 of 59 from red to yellow, a sixth of the circle; 59 of 255 away from white.
    assert_eq!(coloured(&circle, WARM_WHITE), [25, 59, 255]);
    assert_eq!(coloured(&circle, "#000080"), [170, 255, 128], "blue, and half as bright");
    assert_eq!(coloured(&circle, "#FF0080"), [234, 255, 255]);
    assert_eq!(coloured(&circle, "#404040"), [0, 0, 64]);
    assert_eq!(coloured(&[WHEEL], "#FFE7C4"), [4], "open is nearer than any filter");
    assert_eq!(coloured(&[WHEEL], "#FF7010"), [24], "orange");
    assert_eq!(coloured(&[WHEEL], "#801000"), [14], "what the profile says of deep, however dark");
    assert_eq!(coloured(&[WHEEL], "#2030FF"), [44]);
}

#[test]
fn all_lamps_together_make_the_colour_that_was_asked_for() {
    for colour in ["#FFFFFF", "#FFE7C4", "#12F0A7", "#C800FF", "#000000", "#7F8081"] {
        let wanted: Vec<u32> = (1..6).step_by(2).map(|at| u32::from_str_radix(&colour[at..at + 2], 16).unwrap()).collect();
        let slots = coloured(&[R, G, B, AMBER, W, LIME], colour);
        let [r, g, b, amber, white, lime] = [0, 1, 2, 3, 4, 5].map(|at| u32::from(slots[at]));
        let sum = [r + amber + white + lime * 128 / 255, g + amber * 128 / 255 + white + lime, b + white];
        assert!(sum.iter().zip(&wanted).all(|(is, wanted)| is.abs_diff(*wanted) <= 2), "{colour}: {slots:?} is {sum:?}");
    }
}

#[test]
fn a_temperature_comes_from_the_whites_of_a_light_where_it_has_them() {
    assert_eq!(coloured(&[R, G, B], "3200 K"), [255, 190, 122], "a black body of 3200 K, as a screen shows it");
    assert_eq!(coloured(&[R, G, B, W], "3200K"), [133, 68, 0, 122]);
    assert_eq!(coloured(&CMY, "3200 K"), [0, 65, 133]);
    // 250 mired between 370.4 (2700 K) and 153.8 (6500 K): 0.556 of the way.
    assert_eq!(coloured(&[WARM, COLD], "4000 K"), [113, 142]);
    assert_eq!(coloured(&[WARM, COLD, R, G, B], "2700 K"), [255, 0, 0, 0, 0]);
    assert_eq!(coloured(&[WHEEL, ("CTO", "range = [\"6500 K\", \"2700 K\"]")], "4000 K"), [0, 113], "its own filter, and an open wheel");
    let cto = ("CTO", "range = [\"6500 K\", \"2700 K\"]");
    assert_eq!(coloured(&[CMY[0], CMY[1], CMY[2], cto], "4000 K"), [0, 0, 0, 113]);
    assert_eq!(coloured(&[CMY[0], CMY[1], CMY[2], cto], "1900 K"), [0, 123, 255, 0], "what it does not reach is mixed");
    assert_eq!(coloured(&[CMY[0], CMY[1], CMY[2], ("CTO", "")], "3200 K"), [0, 65, 133, 0], "a filter of nobody knows what rests");
    assert_eq!(coloured(&[WHEEL], "6000 K"), [4]);
    let ctc = ("CTC", "range = [\"2800 K\", \"8000 K\"]");
    assert_eq!(coloured(&[R, G, B, W, ctc], "8000 K"), [0, 0, 0, 255, 255]);

    let white = profile(&[("Dimmer", ""), WARM, COLD]);
    let loaded = load(&[("lamp", &white)], "", "lamp = { level = \"100%\", colour = \"2000 K\" }");
    assert!(loaded.findings.iter().any(|f| f.message.contains("2700 K to 6500 K")), "{:#?}", loaded.findings);
    let loaded = load(&[("lamp", &white)], "", "lamp = { level = \"100%\", colour = \"#FF0000\" }");
    assert!(loaded.has_errors(), "two whites make no red");
}

#[test]
fn a_colour_leaves_no_other_filter_in_the_light() {
    let mixing = [CMY[0], CMY[1], CMY[2], WHEEL, ("CTO", "default = 9")];
    let channels: Vec<_> = [("Dimmer", "")].iter().chain(&mixing).copied().collect();
    let show = "lamp = { level = \"100%\", Color1 = \"Blue\", CTO = \"100%\" }\n[look.then]\nlamp = { colour = \"#FF0000\" }";
    let loaded = load(&[("lamp", &profile(&channels))], "", show);
    let show = loaded.show.as_ref().unwrap();
    let mut board = Board::new(Arc::clone(&show.rig));
    for look in &show.rig.looks {
        board.apply(Mono::ZERO, &showcall::show::LightAct { values: look.values.clone(), ..Default::default() });
    }
    let mut slots = [0; 512];
    showcall::light::Renderer::new(&board).render(&board, Mono::ZERO, 0, &mut slots);
    assert_eq!(slots[1..6], [0, 255, 255, 0, 9], "the wheel where it rests, which is open");
}

/// Pan and tilt in 16 bits.
fn head(pan: &str, tilt: &str) -> String {
    format!(
        "maker = \"Acme\"\nmodel = \"Head\"\nfootprint = 6\n[[channel]]\nattribute = \"Dimmer\"\nslot = 1\n[[channel]]\nattribute = \"Pan\"\nslot = 2\nfine = 3\n{pan}\n\
         [[channel]]\nattribute = \"Tilt\"\nslot = 4\nfine = 5\n{tilt}\n[[channel]]\nattribute = \"Zoom\"\nslot = 6\nrange = [\"5deg\", \"55deg\"]\n"
    )
}

fn at(slots: &[u8], first: usize) -> u16 {
    u16::from_be_bytes([slots[first - 1], slots[first]])
}

#[test]
fn degrees_are_places_in_the_range_of_the_head() {
    let (wide, odd) = (
        head("range = \"540deg\"", "range = [\"-110deg\", \"150deg\"]"),
        head("range = [\"270deg\", \"-270deg\"]\ninverse = true", "range = \"260deg\""),
    );
    let look = "a = { pan = \"45deg\", tilt = \"-20deg\", Zoom = \"15deg\" }\nb = { pan = \"45deg\", tilt = \"0deg\" }";
    let slots = render(&load(&[("a", &wide), ("b", &odd)], "", look));
    // (45 + 270) / 540 of 65535, (-20 + 110) / 260, (15 - 5) / 50 of 255.
    assert_eq!((at(&slots, 2), at(&slots, 4), slots[5]), (38_229, 22_685, 51));
    // Runs from 270 down, and upside down on the wire: 1 - 225 / 540.
    assert_eq!((at(&slots, 22), at(&slots, 24)), (38_229, 32_768));
    let slots = render(&load(&[("a", &wide)], "", "a = { pan = \"-270deg\", tilt = \"150°\" }"));
    assert_eq!((at(&slots, 2), at(&slots, 4)), (0, 65_535));
}

#[test]
fn a_head_that_hangs_the_other_way_turns_the_other_way_by_degrees_too() {
    let wide = head("range = \"540deg\"", "");
    let show = load(&[("a", &wide)], "invert = [\"Pan\"]", "a = { pan = \"90deg\", tilt = \"25%\" }");
    let slots = render(&show);
    assert_eq!((at(&slots, 2), at(&slots, 4)), (21_845, 16_384), "as -90 degrees");
}

#[test]
fn a_palette_holds_what_each_light_does() {
    let (wide, rgb) = (head("range = \"540deg\"", "range = \"270deg\""), profile(&[("Dimmer", ""), R, G, B]));
    let cmy = profile(&[("Dimmer", ""), CMY[0], CMY[1], CMY[2]]);
    let tables = r##"
[group.heads]
fixtures = ["a", "b"]
[group.pars]
fixtures = ["par", "spot"]
[palette.colour]
dusk = "#FF8000"
[palette.colour.moon]
pars = "#0000FF"
spot = { ColorSub_C = "50%", colour = "#FFFFFF" }
[palette.position.lectern]
tilt = "-45deg"
a = { pan = "135deg" }
b = { pan = "-135deg", tilt = "0deg" }
[palette.beam.narrow]
Zoom = "5deg"
b = { Zoom = "55deg" }
"##;
    let look = "heads = { position = \"lectern\", beam = \"narrow\", level = \"100%\" }\npars = { colour = \"dusk\" }\npar = { colour = \"moon\" }";
    let lights: [(&str, &str); 4] = [("a", &wide), ("b", &wide), ("par", &rgb), ("spot", &cmy)];
    let slots = render(&load(&lights, tables, look));
    assert_eq!((at(&slots, 2), at(&slots, 4), slots[5]), (49_151, 21_845, 0));
    assert_eq!((at(&slots, 22), at(&slots, 24), slots[25]), (16_384, 32_768, 255));
    assert_eq!((&slots[41..44], &slots[61..64]), (&[0, 0, 255][..], &[0, 127, 255][..]));

    let own = render(&load(
        &lights,
        tables,
        "a = { position = \"lectern\", beam = \"narrow\", tilt = \"45deg\" }\npars = { colour = \"moon\" }\nspot = { colour = \"dusk\" }",
    ));
    assert_eq!((at(&own, 2), at(&own, 4)), (49_151, 43_690), "what the look says itself counts more");
    let again = load(&lights, tables, "a = { position = \"lectern\" }\npars = { colour = \"moon\" }");
    let unused: Vec<_> = again.findings.iter().map(|f| f.code).collect();
    assert_eq!(unused, ["unused-palette", "unused-palette"], "dusk and narrow");
}
