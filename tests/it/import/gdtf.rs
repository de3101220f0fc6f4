//! What only GDTF has: geometry references, breaks, virtual dimmers, values by mirroring and by shifting, old defaults.

use super::{path, profile, zipped};
use showcall::import;
use showcall::show::dmx::FULL;

/// A GDTF file with one mode of these geometries and channels.
fn file(geometries: &str, channels: &str) -> Vec<u8> {
    let text = format!(
        "<GDTF DataVersion=\"1.1\"><FixtureType Name=\"T\" ShortName=\"\" LongName=\"T\" Manufacturer=\"Acme\" Description=\"\" \
         FixtureTypeID=\"8BF13DD7-CBF4-415B-99E4-625FE4D2DAF6\"><AttributeDefinitions><FeatureGroups/><Attributes/></AttributeDefinitions>\
         <Geometries>{geometries}</Geometries><DMXModes><DMXMode Name=\"M\" Geometry=\"Body\"><DMXChannels>{channels}</DMXChannels></DMXMode></DMXModes>\
         </FixtureType></GDTF>"
    );
    zipped(&[("description.xml", text.as_bytes())])
}

fn read(geometries: &str, channels: &str) -> Result<import::Draft, import::Refusal> {
    import::gdtf::read(&file(geometries, channels), "t.gdtf").and_then(import::tidy::tidy)
}

const AT: &str = "Position=\"{1,0,0,0}{0,1,0,0}{0,0,1,0}{0,0,0,1}\"";

fn channel(attribute: &str, offset: &str, more: &str, function: &str) -> String {
    format!(
        "<DMXChannel Offset=\"{offset}\" Highlight=\"None\" Geometry=\"Body\" {more}><LogicalChannel Attribute=\"{attribute}\">\
         <ChannelFunction Attribute=\"{attribute}\" {function}/></LogicalChannel></DMXChannel>"
    )
}

#[test]
fn values_are_mirrored_or_shifted_into_the_channels_bytes() {
    let body = format!("<Geometry Name=\"Body\" {AT}/>");
    let rows = [
        channel("Zoom", "1,2", "", "Default=\"128/1\""),
        channel("Iris", "3,4", "", "Default=\"128/1s\""),
        channel("Focus1", "5", "", "Default=\"33000/2\""),
        channel("Frost1", "6,7", "", "Default=\"3/255\""),
        channel("CTO", "8,9", "Default=\"255/1\"", ""),
    ];
    let draft = read(&body, &rows.concat()).unwrap();
    let defaults: Vec<Option<u32>> = draft.modes[0].channels.iter().map(|channel| channel.default).collect();
    assert_eq!(defaults, [0x8080, 0x8000, 128, 0x0303, 0xFFFF].map(Some), "a count of 255 bytes cannot be; the last is of GDTF 1.0");
}

#[test]
fn a_virtual_dimmer_takes_no_slot_and_the_colours_are_scaled() {
    let made = profile(&path("gdtf/par-rgb.xml"));
    let mode = &made.modes[0];
    assert_eq!(mode.footprints, [3]);
    let dimmer = mode.channels.iter().position(|channel| &*channel.attribute == "Dimmer").unwrap();
    assert!(mode.channels[dimmer].is_virtual());
    for colour in mode.channels.iter().filter(|channel| !channel.is_virtual()) {
        assert_eq!((colour.dimmer.map(usize::from), colour.default), (Some(dimmer), FULL));
    }
}

#[test]
fn references_in_references_add_their_offsets_and_rings_of_them_end() {
    let nested = format!(
        "<Geometry Name=\"Body\" {AT}><GeometryReference Name=\"L\" Geometry=\"Half\" {AT}><Break DMXBreak=\"1\" DMXOffset=\"1\"/></GeometryReference>\
         <GeometryReference Name=\"R\" Geometry=\"Half\" {AT}><Break DMXBreak=\"1\" DMXOffset=\"11\"/></GeometryReference></Geometry>\
         <Geometry Name=\"Half\" {AT}><GeometryReference Name=\"1\" Geometry=\"Pixel\" {AT}><Break DMXOffset=\"1\"/></GeometryReference>\
         <GeometryReference Name=\"2\" Geometry=\"Pixel\" {AT}><Break DMXOffset=\"4\"/></GeometryReference></Geometry><Geometry Name=\"Pixel\" {AT}/>"
    );
    let pixel = channel("ColorAdd_R", "2", "", "").replace("\"Body\"", "\"Pixel\"");
    let draft = read(&nested, &pixel).unwrap();
    let placed: Vec<(Option<&str>, u32)> = draft.modes[0].channels.iter().map(|c| (c.cell.as_deref(), c.slots[0])).collect();
    assert_eq!(placed, [(Some("L 1"), 2), (Some("L 2"), 5), (Some("R 1"), 12), (Some("R 2"), 15)]);

    let ring = format!(
        "<Geometry Name=\"Body\" {AT}><GeometryReference Name=\"A\" Geometry=\"Body\" {AT}/><GeometryReference Name=\"B\" Geometry=\"Body\" {AT}/></Geometry>"
    );
    assert_eq!(read(&ring, &channel("Dimmer", "1", "", "")).unwrap_err().rule, "references");
}

#[test]
fn what_no_light_can_be_is_refused() {
    let body = format!("<Geometry Name=\"Body\" {AT}/>");
    let refused = |channels: &str| read(&body, channels).map_or_else(|refusal| refusal, |draft| panic!("{draft:?}"));
    assert_eq!(refused(&channel("Dimmer", "513", "", "")).to_string(), "mode \"M\" takes 513 slots; a universe has 512");
    let both = [channel("Dimmer", "1,2", "", ""), channel("Zoom", "2", "", "")].concat();
    assert_eq!(refused(&both).rule, "overlap");
    assert_eq!(refused(&channel("Dimmer", "0", "", "")).rule, "slots");
    assert_eq!(refused(&channel("Dimmer", "1,2,3,4,5", "", "")).rule, "slots");
    assert_eq!(refused("").rule, "empty");
    assert_eq!(refused(&channel("Dimmer", "x", "", "")).rule, "gdtf");
    let far = body.replace("/>", &format!("><GeometryReference Name=\"A\" Geometry=\"Body\" {AT}><Break DMXOffset=\"4294967295.4294967295\"/></GeometryReference></Geometry>"));
    assert_eq!(read(&far, &channel("Dimmer", "1", "", "")).unwrap_err().rule, "slots");
}
