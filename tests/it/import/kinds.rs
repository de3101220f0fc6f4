//! Lights that are more than their words: one small file of each kind, a look, and what the wire then has.

use showcall::import;

use super::lit::slots;
use super::zipped;

/// A light of a file, as the importer makes it.
struct Light {
    key: String,
    text: String,
    notes: String,
    mode: String,
}

impl Light {
    fn of(bytes: &[u8], file: &str) -> Self {
        let (key, draft, text) = import::fixture(bytes, file, "acme").unwrap_or_else(|refusal| panic!("{file}: {refusal}"));
        Self { key, text, notes: open(&draft), mode: draft.modes[0].name.clone() }
    }

    /// A QLC+ definition of these channels, one slot each, and others that its mode does not list.
    fn qxf(channels: &[&str], more: &str) -> Self {
        let rows: String = (0..channels.len()).map(|at| format!("<Channel Number=\"{at}\">{}</Channel>", name_in(channels[at]))).collect();
        let text = format!(
            "<FixtureDefinition><Manufacturer>Acme</Manufacturer><Model>K</Model><Type>Moving Head</Type>{}{more}<Mode Name=\"m\">{rows}</Mode></FixtureDefinition>",
            channels.concat()
        );
        Self::of(text.as_bytes(), "k.qxf")
    }

    /// An OFL fixture of these channels: name and capabilities.
    fn ofl(more: &str, channels: &[(&str, &str)]) -> Self {
        let all: Vec<String> = channels.iter().map(|(name, what)| format!("\"{name}\":{{{what}}}")).collect();
        let names: Vec<String> = channels.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let (all, names) = (all.join(","), names.join(","));
        Self::of(
            format!("{{\"name\":\"K\",{more}\"availableChannels\":{{{all}}},\"modes\":[{{\"name\":\"m\",\"channels\":[{names}]}}]}}")
                .as_bytes(),
            "k.json",
        )
    }

    /// A GDTF file of channels with one function each, or with functions of their own.
    fn gdtf(channels: &[(&str, &str)], more: &str) -> Self {
        let at = "Position=\"{1,0,0,0}{0,1,0,0}{0,0,1,0}{0,0,0,1}\"";
        let one = |(slot, (attribute, functions)): (usize, &(&str, &str))| {
            let own = format!("<ChannelFunction Name=\"{attribute}\" Attribute=\"{attribute}\" DMXFrom=\"0/1\" Default=\"0/1\"/>");
            let functions = if functions.is_empty() { own.as_str() } else { functions };
            format!(
                "<DMXChannel Offset=\"{}\" Geometry=\"Body\"><LogicalChannel Attribute=\"{attribute}\">{functions}</LogicalChannel></DMXChannel>",
                slot + 1
            )
        };
        let rows: String = channels.iter().enumerate().map(one).collect();
        let text = format!(
            "<GDTF DataVersion=\"1.1\"><FixtureType Name=\"K\" ShortName=\"\" LongName=\"K\" Manufacturer=\"Acme\" Description=\"\" \
             FixtureTypeID=\"8BF13DD7-CBF4-415B-99E4-625FE4D2DAF6\"><AttributeDefinitions><FeatureGroups/><Attributes/></AttributeDefinitions>\
             <Geometries><Geometry Name=\"Body\" {at}/></Geometries><DMXModes><DMXMode Name=\"m\" Geometry=\"Body\"><DMXChannels>{rows}</DMXChannels>\
             </DMXMode></DMXModes>{more}</FixtureType></GDTF>"
        );
        Self::of(&zipped(&[("description.xml", text.as_bytes())]), "k.gdtf")
    }

    /// The first slots while it has what a look says.
    fn sends<const N: usize>(&self, look: &str) -> [u8; N] {
        let all = slots(&self.key, &self.text, &self.mode, &[look]).unwrap_or_else(|| panic!("it cannot be {look}:\n{}", self.text));
        std::array::from_fn(|at| all[0][at])
    }
}

fn open(draft: &import::Draft) -> String {
    draft.open.iter().map(|(_, what)| what.as_str()).chain(draft.notes.iter().map(String::as_str)).collect::<Vec<_>>().join("\n")
}

fn name_in(channel: &str) -> &str {
    channel.split('"').nth(1).unwrap()
}

/// A channel of a group with ranges, each with its preset.
fn ranges(name: &str, group: &str, ranges: &[(u8, u8, &str, &str)]) -> String {
    let one = |(from, to, preset, text): &(u8, u8, &str, &str)| {
        let preset = if preset.is_empty() { String::new() } else { format!(" Preset=\"{preset}\"") };
        format!("<Capability Min=\"{from}\" Max=\"{to}\"{preset}>{text}</Capability>")
    };
    format!("<Channel Name=\"{name}\"><Group Byte=\"0\">{group}</Group>{}</Channel>", ranges.iter().map(one).collect::<String>())
}

const DIMMER: &str = "<Channel Name=\"Dimmer\" Preset=\"IntensityMasterDimmer\"/>";
const RGB: [&str; 3] = [
    "<Channel Name=\"Red\" Preset=\"IntensityRed\"/>",
    "<Channel Name=\"Green\" Preset=\"IntensityGreen\"/>",
    "<Channel Name=\"Blue\" Preset=\"IntensityBlue\"/>",
];

#[test]
fn a_level_stays_in_its_part_of_the_slot_and_the_rest_of_it_has_names() {
    let range = |from: u8, to: u8, what: &str| format!("{{\"dmxRange\":[{from},{to}],{what}}}");
    let strobe = range(150, 229, "\"type\":\"ShutterStrobe\",\"shutterEffect\":\"Strobe\"");
    let (closed, open) =
        ("\"type\":\"ShutterStrobe\",\"shutterEffect\":\"Closed\"", "\"type\":\"ShutterStrobe\",\"shutterEffect\":\"Open\"");
    let rises = "\"type\":\"Intensity\",\"brightnessStart\":\"dark\",\"brightnessEnd\":\"bright\"";
    let up = [range(0, 9, closed), range(10, 149, rises), strobe.clone(), range(230, 255, open)].join(",");
    let light = Light::ofl("", &[("Dimmer", &format!("\"defaultValue\":0,\"capabilities\":[{up}]"))]);
    assert_eq!(["0%", "50%", "80%", "100%"].map(|level| light.sends::<1>(&format!("level = \"{level}\""))[0]), [9, 79, 121, 149]);
    assert_eq!(light.sends(""), [9], "at rest");
    assert_eq!(
        ["closed", "strobe", "open"].map(|name| light.sends::<1>(&format!("level = \"50%\", Shutter1 = \"{name}\""))[0]),
        [4, 190, 243]
    );

    let falls = "\"type\":\"Intensity\",\"brightnessStart\":\"bright\",\"brightnessEnd\":\"dark\"";
    let down = [range(0, 9, open), range(10, 149, falls), strobe, range(230, 255, closed)].join(",");
    let light = Light::ofl("", &[("Dimmer", &format!("\"defaultValue\":0,\"capabilities\":[{down}]"))]);
    assert_eq!(["0%", "50%", "100%"].map(|level| light.sends::<1>(&format!("level = \"{level}\""))[0]), [149, 79, 10]);
    assert_eq!(light.sends(""), [149], "dark at rest");

    let words = ranges(
        "Dimmer / Strobe",
        "Intensity",
        &[(0, 0, "", "Black-out"), (1, 189, "", "Dimmer"), (190, 250, "", "Strobe (slow to fast)"), (251, 255, "", "Reset")],
    );
    let light = Light::qxf(&[&words], "");
    assert_eq!(["0%", "50%", "100%"].map(|level| light.sends::<1>(&format!("level = \"{level}\""))[0]), [0, 94, 189]);

    let functions = "<ChannelFunction Name=\"Dim\" Attribute=\"Dimmer\" DMXFrom=\"0/1\"/><ChannelFunction Name=\"Chop\" Attribute=\"Shutter1Strobe\" DMXFrom=\"128/1\"/>";
    let light = Light::gdtf(&[("Dimmer", functions)], "");
    assert_eq!(["0%", "100%"].map(|level| light.sends::<1>(&format!("level = \"{level}\""))[0]), [0, 127]);
    assert_eq!(light.sends("Shutter1 = \"Chop\""), [192]);
}

#[test]
fn ranges_say_what_is_a_level_and_not_the_group() {
    let curves = ranges("Dimmer Curves", "Intensity", &[(0, 30, "", "Standard"), (31, 255, "", "Stage")]);
    let program = ranges("Auto Program", "Intensity", &[(0, 20, "", "Off"), (21, 255, "", "Program")]);
    let lamp = ranges("Lamp Control", "Intensity", &[(0, 25, "", "Free"), (26, 100, "", "Lamp OFF"), (101, 255, "", "Lamp ON")]);
    let light = Light::qxf(&[DIMMER, RGB[0], RGB[1], RGB[2], &curves, &program, &lamp], "");
    for (level, dimmer) in [("0%", 0), ("50%", 128), ("100%", 255)] {
        assert_eq!(light.sends(&format!("level = \"{level}\"")), [dimmer, 255, 255, 255, 0, 0, 0], "{}", light.text);
    }
}

#[test]
fn a_light_that_has_a_dimmer_and_lamps_is_lit_without_a_colour() {
    assert_eq!(Light::qxf(&[DIMMER, RGB[0], RGB[1], RGB[2]], "").sends("level = \"100%\""), [255; 4]);
    let uv = "<Channel Name=\"UV\" Preset=\"IntensityUV\"/>";
    assert_eq!(Light::qxf(&[DIMMER, uv], "").sends("level = \"100%\""), [255; 2], "a lamp that is in no white is all that it has");
}

#[test]
fn a_short_code_is_no_slip_of_another() {
    let colours = ["Dimmer", "ColorAdd_R", "ColorAdd_G", "ColorAdd_B", "ColorAdd_A", "ColorAdd_O"].map(|name| (name, ""));
    let light = Light::gdtf(&colours, "");
    assert_eq!(light.sends("level = \"100%\", colour = \"#0000FF\""), [255, 0, 0, 255, 0, 0], "{}", light.notes);
    assert_eq!(light.sends("level = \"100%\", colour = \"#FF8000\""), [255, 0, 0, 0, 255, 0], "amber is amber");
    let filters = ["Dimmer", "ColorRGB_Cyan", "ColorRGB_Magenta", "ColorRGB_Yellow"].map(|name| (name, ""));
    assert_eq!(Light::gdtf(&filters, "").sends("level = \"100%\", colour = \"#FF0000\""), [255, 0, 255, 255]);
}

#[test]
fn nothing_turns_at_rest() {
    let stands = [
        (0, 15, "", "Position by Pan"),
        (16, 180, "", "Rotation fast to slow"),
        (181, 183, "", "Stop"),
        (184, 255, "", "Rotation slow to fast"),
    ];
    let turns = [
        (0, 120, "RotationClockwiseFastToSlow", "One way"),
        (121, 124, "RotationStop", "Nothing"),
        (125, 255, "RotationCounterClockwiseSlowToFast", "Other way"),
    ];
    let [pan, gobo] = [ranges("Pan Control", "Pan", &stands), ranges("Gobo Rotation", "Gobo", &turns)];
    let light = Light::qxf(&[DIMMER, "<Channel Name=\"Pan\" Preset=\"PositionPan\"/>", &pan, &gobo], "");
    let [_, middle, rotor, wheel] = light.sends("");
    assert!(middle == 128 && rotor <= 15 && (121..=124).contains(&wheel), "{rotor} {wheel}");
    let always = ranges("Gobo Rotation", "Gobo", &[(0, 120, "", "Rotation one way"), (121, 255, "", "Rotation the other way")]);
    let light = Light::qxf(&[DIMMER, &always], "");
    assert!(
        light.notes.contains("Gobo Rotation has no range in which it is still, so it rests in \"Rotation one way\""),
        "{}",
        light.notes
    );
}

#[test]
fn a_shutter_rests_where_the_file_lets_the_light_out() {
    let preset =
        [(0, 4, "ShutterClose", "Strobe closed"), (5, 239, "StrobeSlowToFast", "Strobe"), (240, 255, "ShutterOpen", "Strobe open")];
    let light = Light::qxf(&[DIMMER, &ranges("Strobe", "Shutter", &preset)], "");
    assert!(light.sends::<2>("level = \"100%\"")[1] >= 240);

    let low = ranges(
        "Shutter",
        "Shutter",
        &[(0, 29, "ShutterClose", "Closed"), (30, 69, "ShutterOpen", "Open"), (70, 255, "StrobeSlowToFast", "Strobe")],
    );
    let low = low.replace("Byte=\"0\"", "Byte=\"1\"").replace("Name=\"Shutter\"", "Name=\"Shutter\" Default=\"33\"");
    assert_eq!(Light::qxf(&[DIMMER, &low], "").sends("level = \"100%\""), [255, 33], "a low byte alone keeps its ranges");

    let sets = "<ChannelFunction Name=\"Closed/Open\" Attribute=\"Shutter1\" DMXFrom=\"0/1\"><ChannelSet Name=\"Closed\" DMXFrom=\"0/1\"/><ChannelSet Name=\"Open\" DMXFrom=\"30/1\"/>\
                </ChannelFunction><ChannelFunction Name=\"Strobe\" Attribute=\"Shutter1Strobe\" DMXFrom=\"60/1\"/>";
    let [_, shutter] = Light::gdtf(&[("Dimmer", ""), ("Shutter1", sets)], "").sends("level = \"100%\"");
    assert!((30..60).contains(&shutter), "{shutter}");
    let silent = ranges("Shutter", "Shutter", &[(0, 99, "StrobeSlowToFast", "One"), (100, 255, "StrobeRandom", "Two")]);
    assert!(Light::qxf(&[DIMMER, &silent], "").notes.contains("nobody knows where Shutter lets the light out, so it rests at 0"));
}

#[test]
fn what_switches_is_switched_and_no_colour_is_left_out() {
    let mode = "<Channel Name=\"Mode\"><Group Byte=\"0\">Effect</Group><Capability Min=\"0\" Max=\"99\">Manual</Capability><Capability Min=\"100\" Max=\"255\" Preset=\"Alias\">Automatic\
                <Alias Mode=\"m\" Channel=\"Red\" With=\"Rate\"/><Alias Mode=\"m\" Channel=\"Green\" With=\"None\"/></Capability></Channel>";
    let music = "<Channel Name=\"Music\"><Group Byte=\"0\">Effect</Group><Capability Min=\"0\" Max=\"9\">Off</Capability><Capability Min=\"10\" Max=\"255\" Preset=\"Alias\">Music\
                 <Alias Mode=\"m\" Channel=\"Mode\" With=\"None\"/><Alias Mode=\"m\" Channel=\"Red\" With=\"None\"/><Alias Mode=\"m\" Channel=\"Green\" With=\"None\"/></Capability></Channel>";
    let more = "<Channel Name=\"None\" Preset=\"NoFunction\"/><Channel Name=\"Rate\"><Group Byte=\"0\">Speed</Group></Channel>";
    let light = Light::qxf(&[mode, RGB[0], RGB[1], RGB[2], music], more);
    for (colour, sent) in [("#FF0000", [255, 0, 0]), ("#00FF00", [0, 255, 0]), ("#0000FF", [0, 0, 255])] {
        let [mode, red, green, blue, music] = light.sends(&format!("level = \"100%\", colour = \"{colour}\""));
        assert_eq!(([red, green, blue], mode < 100, music < 10), (sent, true, true), "{}", light.text);
    }
}

#[test]
fn a_wheel_that_passes_by_a_filter_is_named_where_it_stands() {
    let wheels = "\"wheels\":{\"Wheel\":{\"slots\":[{\"type\":\"Open\"},{\"type\":\"Color\",\"name\":\"Red\",\"colors\":[\"#ff0000\"]},{\"type\":\"Color\",\"name\":\"Blue\",\"colors\":[\"#0000ff\"]}]}},";
    let pass = |from: u8, to: u8, start: u8| {
        format!("{{\"dmxRange\":[{from},{to}],\"type\":\"WheelSlot\",\"slotNumberStart\":{start},\"slotNumberEnd\":{}}}", start + 1)
    };
    let stand = |from: u8, to: u8, slot: u8| format!("{{\"dmxRange\":[{from},{to}],\"type\":\"WheelSlot\",\"slotNumber\":{slot}}}");
    let both = [pass(0, 30, 1), pass(31, 60, 2), stand(61, 99, 1), stand(100, 179, 2), stand(180, 255, 3)].join(",");
    let dimmer = ("Dimmer", "\"capability\":{\"type\":\"Intensity\"}");
    let light = Light::ofl(wheels, &[dimmer, ("Wheel", &format!("\"capabilities\":[{both}]"))]);
    assert_eq!(light.sends("level = \"100%\", Color1 = \"Red\""), [255, 140]);
    assert_eq!(light.sends("level = \"100%\", colour = \"#FF0000\""), [255, 140]);
    let passing = [pass(0, 99, 1), pass(100, 199, 2), pass(200, 255, 3)].join(",");
    let light = Light::ofl(wheels, &[dimmer, ("Wheel", &format!("\"capabilities\":[{passing}]"))]);
    assert!(
        [99, 100].contains(&light.sends::<2>("level = \"100%\", colour = \"#FF0000\"")[1]),
        "at the end of one passage, the start of the next"
    );
}

#[test]
fn legal_files_are_taken() {
    let whites = "\"capability\":{\"type\":\"ColorTemperature\",\"colorTemperatureStart\":\"2700K\",\"colorTemperatureEnd\":\"6500K\"}";
    let light = Light::ofl("", &[("Dimmer", "\"capability\":{\"type\":\"Intensity\"}"), ("White A", whites), ("White B", whites)]);
    assert_eq!(light.sends("level = \"100%\", CTC = \"2700 K\", CTC2 = \"6500 K\""), [255, 0, 255]);
    let rdm = "<Protocols><FTRDM ManufacturerID=\"0x7FF0\" DeviceModelID=\"0x1\"><SoftwareVersionID/></FTRDM></Protocols>";
    assert_eq!(Light::gdtf(&[("Dimmer", "")], rdm).sends("level = \"100%\""), [255], "no highlight, and RDM of nothing");
}
