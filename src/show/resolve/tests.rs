//! Small shows in, expected models out.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use crate::show::dmx::{FULL, Reach, widen};
use crate::show::*;
use crate::time::Span;

const DESK: &str = r#"
maker = "Test"
model = "Desk"
family = "osc"
port = 9000
[limits]
lands_within = "300ms"
[names.channel]
"1..8" = "ch/{:02}"
"aux 1..2" = { wire = "aux/{}", offset = -1 }
[names.bus]
"1..4" = "bus/{}"
fixed = { main = "main" }
[names.source]
"1..20" = "{}"
[names.cue]
[names.address]
[names.clip]
[property.on]
path = "{channel}/on"
label = "{channel} on"
type = "switch"
masked_by = [{ property = "muted", value = true }]
[property.muted]
path = "{channel}/group"
label = "{channel} group"
type = "switch"
[property.fader]
path = "{channel}/fader"
label = "{channel} fader"
type = "level"
range = ["-90 dB", "10 dB"]
[property.send]
path = "{channel}/mix/{bus}"
label = "{channel} to {bus}"
type = "level"
[property.program]
path = "program"
type = "int"
range = [0, 20]
class = "set"
moves = ["preview"]
lands_within = "50ms"
[property.preview]
path = "preview"
type = "int"
range = [0, 20]
moves = ["program"]
[property.cue]
path = "cue"
type = "text"
[property.raw]
path = "{address}"
label = "{address}"
type = "args"
class = "once"
[property.player]
path = "player"
type = "transport"
[[verb.mute]]
property = "on"
value = false
[[verb.fade]]
property = "send"
[[verb.fade]]
property = "fader"
[[verb.take]]
property = "program"
value = "{source}"
transitions = ["mix"]
[[verb.fire]]
property = "cue"
value = "{cue}"
[[verb.send]]
property = "raw"
[[verb.play]]
property = "player"
value = { clip = "{clip}", playing = true }
[[verb.stop]]
property = "player"
value = { playing = false }
"#;

const PAR: &str = r#"
maker = "Test"
model = "Par"
footprint = 5
[[channel]]
attribute = "Dimmer"
slot = 1
[[channel]]
attribute = "ColorAdd_R"
slot = 2
[[channel]]
attribute = "ColorAdd_G"
slot = 3
[[channel]]
attribute = "ColorAdd_B"
slot = 4
[[channel]]
attribute = "ColorAdd_W"
slot = 5
"#;

const RGB: &str = r#"
maker = "Test"
model = "Three colours"
footprint = 4
[[channel]]
attribute = "ColorAdd_R"
slot = 1
[[channel]]
attribute = "ColorAdd_G"
slot = 2
[[channel]]
attribute = "ColorAdd_B"
slot = 3
[[channel]]
attribute = "Gobo1"
slot = 4
values = { open = 0, stars = 20 }
"#;

const HEAD: &str = r#"
[show]
title = "Test"
looks = "whole"
at_exit = "leave"
[safe]
tell = "safe"
[device.desk]
profile = "desk"
address = "10.0.0.1"
channels = { host = 1, ceo = 2, lavs = ["host", "ceo"], tape = "aux 2" }
buses = { stage = 3 }
sources = { slides = 7 }
"#;

const RIG: &str = r##"
[device.node]
profile = "node"
[universe.1]
on = "node"
address = "1:2:3"
[fixture.wash]
profile = "par"
universe = 1
address = 1
count = 2
[fixture.tube]
profile = "rgb"
universe = 1
address = 101
[group.front]
fixtures = ["wash", "tube"]
[look.warm]
front = { level = "50%", colour = "#FF8000" }
wash2 = "100%"
"##;

fn loaded(text: &str) -> Loaded {
    let node = "maker = \"T\"\nmodel = \"Node\"\nfamily = \"artnet\"\nport = 6454\n";
    let sources = [("show.toml", text), ("desk.toml", DESK), ("par.toml", PAR), ("rgb.toml", RGB), ("node.toml", node)];
    load_text(&sources.map(|(name, text)| (name.to_owned(), text.to_owned())))
}

fn show(text: &str) -> Arc<Show> {
    let loaded = loaded(text);
    assert_eq!(loaded.findings.iter().filter(|f| f.severity == Severity::Error).collect::<Vec<_>>(), Vec::<&Finding>::new());
    loaded.show.unwrap()
}

fn steps(body: &str) -> (Arc<Show>, Vec<Step>) {
    let show =
        show(&format!("{HEAD}{RIG}[[cue]]\nnumber = \"1\"\ndo = [{body}]\n[[cue]]\nnumber = \"2\"\n[[hot]]\nkey = \"F5\"\ndo = []\n"));
    let steps = show.cue(CueIx(0)).steps.clone();
    (show, steps)
}

fn wants(show: &Show, steps: &[Step]) -> Vec<String> {
    let told = |act: &Act| match act {
        Act::Want { prop, value, transition } => {
            let over = transition.as_ref().map(|t| format!(" {} {}", t.kind, t.over.unwrap_or_default())).unwrap_or_default();
            format!("{} = {value}{over}", show.prop(*prop).path)
        }
        Act::Fade { prop, to, over, curve } => format!("{} to {to:?} over {over} {curve:?}", show.prop(*prop).path),
        Act::Light(light) => format!("light {} {:?} up {} down {} {:?}", light.label, light.rest, light.up, light.down, light.values),
        Act::Cue { verb, target } => format!("{verb:?} {target:?}"),
        Act::Tell(text) => format!("tell {text}"),
    };
    steps.iter().flat_map(|step| step.acts.iter().map(move |act| format!("{}: {}", step.after, told(act)))).collect()
}

#[track_caller]
fn does(body: &str, expected: &[&str]) {
    let (show, steps) = steps(body);
    assert_eq!(wants(&show, &steps), expected);
}

#[test]
fn a_set_of_channels_makes_an_act_of_each() {
    does(r#"{ after = "1s", mute = { on = "desk", channel = "lavs" } }"#, &["1s: ch/01/on = off", "1s: ch/02/on = off"]);
    does(
        r#"{ mute = { on = "desk", channel = ["tape", "lavs", "host"] } }"#,
        &["0s: aux/1/on = off", "0s: ch/01/on = off", "0s: ch/02/on = off"],
    );
}

#[test]
fn the_alternative_whose_names_are_given_is_taken() {
    does(
        r#"{ fade = { on = "desk", channel = "host", to = "-10 dB", over = "2s" } }"#,
        &["0s: ch/01/fader to Level(Db(-10000)) over 2s Linear"],
    );
    does(
        r#"{ fade = { on = "desk", bus = "stage", channel = "host", by = "+3 dB", over = "1s", curve = "s-curve" } }"#,
        &["0s: ch/01/mix/bus/3 to ByDb(3000) over 1s SCurve"],
    );
    does(
        r#"{ fade = { on = "desk", bus = "main", channel = "host", to = "before", over = "0s" } }"#,
        &["0s: ch/01/mix/main to Before over 0s Linear"],
    );
}

#[test]
fn verbs_become_values_of_properties() {
    does(r#"{ take = { on = "desk", source = "slides", transition = "mix", over = "1s" } }"#, &["0s: program = 7 mix 1s"]);
}

#[test]
fn raw_messages_cues_and_players() {
    does(r#"{ send = { on = "desk", address = "/go/1", args = [1, 0.5, "a"] } }"#, &["0s: /go/1 = 1 0.5 a"]);
    does(r#"{ fire = { on = "desk", cue = "12.5" } }"#, &["0s: cue = 12.5"]);
    does(
        r#"{ play = { on = "desk", clip = "sting.wav", loop = true } }, { after = "3s", stop = { on = "desk" } }"#,
        &["0s: player = sting.wav playing in a loop", "3s: player = nothing stopped"],
    );
    does(r#"{ set = { on = "desk", property = "fader", channel = "host", value = "-inf dB" } }"#, &["0s: ch/01/fader = -inf dB"]);
}

#[test]
fn cues_hot_cues_and_lists_are_told() {
    does(
        r#"{ cue = { start = "2" } }, { cue = { stop = "F5" } }, { cue = { go = "main" } }, { cue = { pause = "all" } }, { cue = { standby = "2" } }"#,
        &["0s: Start Cue(CueIx(1))", "0s: Stop Hot(HotIx(0))", "0s: Go List(ListIx(0))", "0s: Pause All", "0s: Standby Cue(CueIx(1))"],
    );
}

#[test]
fn a_macro_gives_its_steps_and_their_times() {
    let text = format!(
        "{HEAD}[macro.off]\ndo = [{{ macro = \"host-off\" }}, {{ after = \"1s\", tell = \"off\" }}]\n[macro.host-off]\n\
         do = [{{ mute = {{ on = \"desk\", channel = \"host\" }} }}]\n[[cue]]\nnumber = \"1\"\ndo = [{{ after = \"2s\", macro = \"off\" }}]\n"
    );
    let show = show(&text);
    assert_eq!(wants(&show, &show.cue(CueIx(0)).steps), ["2s: ch/01/on = off", "3s: tell off"]);
}

#[test]
fn fallbacks_are_rungs_in_their_order() {
    let (show, steps) = steps(
        r#"{ mute = { on = "desk", channel = "host" }, else_before = "3s", else = [{ fade = { on = "desk", channel = "host", to = "-90 dB", over = "0s" } }, { tell = "mute by hand" }] }"#,
    );
    let step = &steps[0];
    assert_eq!(step.else_before(), Some(Span::secs(3)));
    let rungs: Vec<Step> = step.ladder().iter().map(|acts| Step { acts: acts.as_slice().into(), fallback: None, ..step.clone() }).collect();
    assert_eq!(wants(&show, &rungs), ["0s: ch/01/fader to Level(Db(-90000)) over 0s Linear", "0s: tell mute by hand"]);
}

#[test]
fn a_property_is_one_however_often_it_is_named() {
    let (show, _) = steps(r#"{ mute = { on = "desk", channel = "host" } }, { after = "1s", mute = { on = "desk", channel = "lavs" } }"#);
    let desk = show.device_by_key("desk").unwrap();
    let paths: Vec<&str> = show.device(desk).props.iter().map(|ix| &*show.prop(*ix).path).collect();
    assert_eq!(paths, ["ch/01/on", "ch/01/group", "ch/02/on", "ch/02/group"]);
    let host = show.prop(show.prop_by_path(desk, "ch/01/on").unwrap());
    let mask = show.prop_by_path(desk, "ch/01/group").unwrap();
    assert_eq!(host.masked_by, [(mask, Value::Switch(true))]);
    assert_eq!((&*host.label, &*host.spec, host.lands_within), ("host on", "on", Span::ms(300)));
    assert_eq!(host.args.get("channel").map(|arg| &**arg), Some("ch/01"));
}

#[test]
fn properties_that_move_each_other_end() {
    let (show, _) = steps(r#"{ set = { on = "desk", property = "program", value = 4 } }"#);
    let desk = show.device_by_key("desk").unwrap();
    let [program, preview] = ["program", "preview"].map(|path| show.prop_by_path(desk, path).unwrap());
    assert_eq!(show.prop(program).moves, [preview]);
    assert_eq!(show.prop(preview).moves, [program]);
    assert_eq!(show.prop(program).lands_within, Span::ms(50));
}

#[test]
fn a_device_may_own_a_property_otherwise() {
    let over = "[device.desk.property.program]\nclass = \"hold\"\non_return = \"at_once\"\nlands_within = \"2s\"\n";
    let show =
        show(&format!("{HEAD}{over}[[cue]]\nnumber = \"1\"\ndo = [{{ set = {{ on = \"desk\", property = \"program\", value = 1 }} }}]\n"));
    let program = show.prop(PropIx(0));
    assert_eq!((program.class, program.on_return, program.lands_within), (Keeping::Hold, OnReturn::AtOnce, Span::secs(2)));
}

#[test]
fn a_universe_goes_to_several_outputs_each_with_its_address_and_priority() {
    let text = "[device.hall]\nprofile = \"artnet-node\"\n[device.stage]\nprofile = \"sacn\"\n[device.dome]\nprofile = \"sacn\"\naddress = \"10.0.0.7\"\n\
        [universe.7]\noutputs = [{ on = \"hall\", address = \"1:2:3\" }, { on = \"stage\", priority = 150 }, { on = \"dome\", address = 1, priority = 0 }]\n\
        [universe.8]\non = \"stage\"\naddress = 9001\n";
    let show =
        show(&format!("{HEAD}{text}[[cue]]\nnumber = \"1\"\ndo = [{{ set = {{ on = \"desk\", property = \"program\", value = 1 }} }}]\n"));
    let device = |key: &str| show.device_by_key(key).unwrap();
    let output = |key, address, priority| UniverseOutput { device: device(key), address, priority };
    assert_eq!(show.rig.universes[0].outputs, [output("hall", 0x123, 100), output("stage", 7, 150), output("dome", 1, 0)]);
    assert_eq!(show.rig.universes[1].outputs, [output("stage", 9001, 100)]);
}

#[test]
fn a_rig_is_patched_and_a_look_is_its_values() {
    let (show, _) = steps("");
    let rig = &show.rig;
    assert_eq!(rig.universes[0].outputs, [UniverseOutput::new(DeviceIx(1), 0x123)]);
    let keys: Vec<(&str, u16)> = rig.fixtures.iter().map(|fixture| (&*fixture.key, fixture.breaks[0].address)).collect();
    assert_eq!(keys, [("wash1", 1), ("wash2", 6), ("tube", 101)]);
    assert_eq!(rig.groups[0].parts, [0, 1, 2].map(|fixture| Part { fixture, cell: 0 }));
    let slots: Vec<u16> = rig.params.iter().flat_map(|param| param.slots.as_slice()).copied().collect();
    assert_eq!(slots, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 101, 102, 103]);
    assert_eq!(rig.params[14].slots.bytes(), 0, "a dimmer that the tube does not have");
    let bright: Vec<usize> = (0..rig.params.len()).filter(|at| rig.params[*at].intensity).collect();
    assert_eq!(bright, [0, 5, 14]);
    let scaled: Vec<Option<ParamIx>> = rig.params[10..].iter().map(|param| param.dimmer).collect();
    assert_eq!(scaled, [Some(ParamIx(14)), Some(ParamIx(14)), Some(ParamIx(14)), None, None]);
    let look: Vec<(u32, u32)> = rig.looks[0].values.iter().map(|(ix, value)| (ix.0, *value)).collect();
    let (half, orange) = (0x8000_0000, 0x8080_8080);
    let wash = |first: u32, level: u32| [(first, level), (first + 1, FULL), (first + 2, orange), (first + 3, 0), (first + 4, 0)];
    let tube = [(10, FULL), (11, orange), (12, 0), (14, half)];
    assert_eq!(look, [&wash(0, half)[..], &wash(5, FULL)[..], &tube[..]].concat(), "level and colour travel each by itself");
}

#[test]
fn light_is_a_look_or_lights_by_name() {
    let (show, steps) = steps(
        r#"{ light = { look = "warm", fade = "3s", down = "5s" } }, { after = "9s", light = { tube = { Gobo1 = "stars" } } }, { after = "10s", light = { release = "tube", rest = "out" } }"#,
    );
    let acts = steps.iter().flat_map(|step| &step.acts);
    let lights: Vec<&Arc<LightAct>> = acts.filter_map(|act| if let Act::Light(light) = act { Some(light) } else { None }).collect();
    assert_eq!((lights[0].rest, lights[0].up, lights[0].down), (Rest::Out, Span::secs(3), Span::secs(5)), "a look is the whole picture");
    assert_eq!(lights[0].values, show.rig.looks[0].values);
    assert_eq!((lights[1].rest, &*lights[1].label), (Rest::Keep, "tube"), "lights by name leave the others alone");
    assert_eq!(lights[1].values, [(ParamIx(13), widen(20, 1))]);
    assert_eq!(lights[2].release, [10, 11, 12, 13, 14].map(ParamIx));
    assert_eq!(lights[2].rest, Rest::Out);
}

#[test]
fn groups_lists_and_followers() {
    let text = format!(
        "{HEAD}[[list]]\nkey = \"video\"\nname = \"Video\"\n[[cue]]\nnumber = \"1\"\ngroup = \"together\"\n[[cue]]\nnumber = \"1.1\"\nin = \"1\"\n\
         [[cue]]\nnumber = \"1.2\"\nin = \"1\"\n[[cue]]\nnumber = \"v1\"\nlist = \"video\"\nid = \"opener\"\n\
         [[cue]]\nnumber = \"2\"\nauto = \"after end\"\nauto_wait = \"4s\"\nat_most = \"1m\"\narmed = false\nquick = true\n"
    );
    let show = show(&text);
    assert_eq!(show.cue(CueIx(0)).group, Some(Group { mode: GroupMode::Together, children: vec![CueIx(1), CueIx(2)] }));
    assert_eq!(show.cue(CueIx(2)).parent, Some(CueIx(0)));
    assert_eq!(show.list(ListIx(0)).cues, [0, 1, 2, 4].map(CueIx));
    assert_eq!(show.list(ListIx(1)).cues, [CueIx(3)]);
    assert_eq!((&*show.cue(CueIx(3)).id, &*show.cue(CueIx(4)).id), ("opener", "main/2"));
    let last = show.cue(CueIx(4));
    assert_eq!(last.auto, Some(Auto { when: AutoWhen::AfterEnd, wait: Span::secs(4), at_most: Span::secs(60) }));
    assert!(!last.armed && last.quick && !last.skip);
}

#[test]
fn hot_cues_stand_after_the_lists_and_triggers_find_them() {
    let text = format!(
        "{HEAD}[[hot]]\nkey = \"F5\"\nname = \"Sting\"\non_stop = \"restore\"\ndo = [{{ tell = \"sting\" }}]\n[[cue]]\nnumber = \"1\"\n\
         [[trigger]]\nmidi = {{ port = \"nano\", note = 60, channel = 2 }}\nhot = \"F5\"\n[[trigger]]\nmidi = {{ port = \"nano\", program = 0 }}\ngo = true\n"
    );
    let show = show(&text);
    assert_eq!((&*show.hots[0].key, show.hots[0].cue, show.hots[0].restore), ("F5", CueIx(1), true));
    assert_eq!(show.list(ListIx(0)).cues, [CueIx(0)], "a hot cue stands in no list");
    assert_eq!(show.triggers[0].does, TriggerAct::Hot(HotIx(0)));
    assert_eq!((show.triggers[0].message, show.triggers[0].channel), (TriggerMessage::Note(60), Some(2)));
    assert_eq!(show.triggers[1].does, TriggerAct::Go(ListIx(0)));
}

#[test]
fn the_same_sources_give_the_same_show_and_the_used_profiles_are_among_them() {
    let text = format!("{HEAD}{RIG}[[cue]]\nnumber = \"1\"\ndo = [{{ light = {{ look = \"warm\" }} }}]\n");
    let first = loaded(&text);
    let names: Vec<&str> = first.sources.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["show.toml", "desk.toml", "node.toml", "par.toml", "rgb.toml"]);
    let again = load_text(&first.sources);
    assert_eq!(format!("{:?}", first.show), format!("{:?}", again.show));
}

#[test]
fn safe_and_start_list_acts() {
    let head = HEAD.replace(
        "tell = \"safe\"",
        "look = \"warm\"\nmute = [{ on = \"desk\", channel = \"host\" }, { on = \"desk\", channel = \"tape\" }]",
    );
    let head = head.replace("at_exit = \"leave\"\n", "at_exit = \"safe\"\npanic_fade = \"1s\"\n[show.start]\nlook = \"warm\"\n");
    let show = show(&format!("{head}{RIG}"));
    let step = |acts: &[Act]| [Step { after: Span::ZERO, acts: acts.into(), fallback: None, line: 1 }];
    let safe = wants(&show, &step(show.safe.as_deref().unwrap()));
    assert!(safe[0].starts_with("0s: light warm Out up 1s down 1s"), "{}", safe[0]);
    assert_eq!(safe[1..], ["0s: ch/01/on = off", "0s: aux/1/on = off"]);
    assert!(wants(&show, &step(&show.start))[0].starts_with("0s: light warm Out up 0s"));
    assert_eq!(show.at_exit, AtExit::Safe);
}

const BAR: &str = r#"
maker = "Test"
model = "Bar"
[[mode]]
name = "pixels"
footprint = [1, 8]
cells = ["left", "right"]
[[mode.channel]]
attribute = "Dimmer"
slot = 1
[[mode.channel]]
attribute = "ColorAdd_R"
break = 2
slot = 1
ultra = 3
fine = 2
each = 4
[[mode.channel]]
attribute = "Shutter1"
break = 2
slot = 4
values = { closed = [0, 9], open = [10, 20] }
[[mode]]
name = "one"
footprint = 1
[[mode.channel]]
attribute = "Zoom"
slot = 1
inverse = true
default = 255
"#;

/// A show with two bars of cells and these looks.
fn bars(looks: &str) -> Arc<Show> {
    let text = format!(
        "[show]\ntitle = \"T\"\nat_exit = \"leave\"\nlooks = \"whole\"\n[safe]\ntell = \"x\"\n[device.node]\nprofile = \"artnet-node\"\naddress = \"10.0.0.1\"\n\
         [universe.1]\non = \"node\"\naddress = 1\n[universe.2]\non = \"node\"\naddress = 2\n\
         [fixture.bar]\nprofile = \"bar\"\nmode = \"pixels\"\ncount = 2\nuniverse = [1, 2]\naddress = [10, 101]\ninvert = [\"Shutter1\"]\n\
         [fixture.lens]\nprofile = \"bar\"\nmode = \"one\"\nuniverse = 1\naddress = 1\n\
         [group.ends]\nfixtures = [\"bar2/right\", \"bar1/left\", \"bar2/right\"]\n[look]\n{looks}\n[[cue]]\nnumber = \"1\"\n"
    );
    let loaded = load_text(&[("show.toml".to_owned(), text), ("bar.toml".to_owned(), BAR.to_owned())]);
    assert!(!loaded.has_errors(), "{:#?}", loaded.findings);
    loaded.show.unwrap()
}

#[test]
fn cells_and_breaks_are_patched_each_where_it_lies() {
    let show = bars("up = { bar = \"100%\" }");
    let rig = &show.rig;
    assert_eq!(rig.fixtures[1].breaks, [Patched { universe: 0, address: 11 }, Patched { universe: 1, address: 109 }]);
    let params: Vec<_> = rig.params_of(1).map(|(_, p)| (p.cell, p.universe, p.slots.as_slice().to_vec(), p.intensity)).collect();
    assert_eq!(
        params,
        [
            (0, 0, vec![10], true),
            (1, 1, vec![108, 109, 110], false),
            (2, 1, vec![112, 113, 114], false),
            (0, 1, vec![111], false),
            (1, 1, vec![], false),
            (2, 1, vec![], false),
        ]
    );
    let shutter = rig.params[3];
    assert_eq!((shutter.default, shutter.reach), (widen(15, 1), Reach::INVERSE), "open, and hung upside down");
    assert_eq!(rig.params[1].default, FULL, "white under its virtual dimmer");
    assert_eq!(rig.params[4].default, FULL, "which lets all through, under the bar's own");
    assert_eq!(rig.channel(ParamIx(12)).map(|c| &*c.attribute), Some("Zoom"));
    assert_eq!((rig.params[12].default, rig.params[12].reach), (0, Reach::INVERSE), "255 on the wire is nothing");
    assert_eq!(rig.groups[0].parts, [Part { fixture: 1, cell: 2 }, Part { fixture: 0, cell: 1 }], "in the order of the file, each once");
    assert_eq!(rig.universes_of(ParamIx(4)).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn a_look_lights_cells_one_by_one() {
    let show = bars(
        "one = { \"bar1/left\" = { level = \"50%\", colour = \"#80FFFF\" } }\nall = { \"bar1/*\" = \"10%\", bar1 = { Shutter1 = \"closed 100%\" } }\nboth = { bar = \"20%\" }\nends = { ends = \"30%\" }",
    );
    let values = |at: usize| show.rig.looks[at].values.iter().map(|(ix, value)| (ix.0, value >> 24)).collect::<Vec<_>>();
    assert_eq!(
        values(0),
        [(0, 255), (1, 128), (3, 15), (4, 128), (5, 0)],
        "the bar's own dimmer comes up, its shutter rests, its other cell is dark"
    );
    assert_eq!(values(1), [(0, 255), (3, 9), (4, 25), (5, 25)]);
    assert_eq!(
        values(2),
        [(0, 51), (3, 15), (4, 255), (5, 255), (6, 51), (9, 15), (10, 255), (11, 255)],
        "the cells share out the whole light"
    );
    assert_eq!(values(3), [(0, 255), (3, 15), (4, 76), (5, 0), (6, 255), (9, 15), (10, 0), (11, 76)]);
}

#[test]
fn a_range_has_parts_both_ways_and_a_spread_follows_the_look() {
    let step = |step: &str| {
        let text = format!(
            "over = {{ \"bar 2..1\" = \"20%\", lens = {{ Zoom = \"10%\" }} }}\n[[cue]]\nnumber = \"0\"\ndo = [{{ light = {{ {step} }} }}]"
        );
        let show = bars(&text);
        let Act::Light(act) = show.cues[0].steps[0].acts[0].clone() else { panic!("no light") };
        act
    };
    let delays = |act: &LightAct| {
        let of =
            |ix: u32| act.timed.iter().find(|(own, _)| own.0 == ix).map_or(0, |(_, at)| act.times[usize::from(*at)].delay.0 / 1_000_000);
        (of(0), of(6), of(12))
    };
    assert_eq!(delays(&step("look = \"over\", spread = \"0s..2s\"")), (1000, 0, 2000), "bar2, bar1, lens: as the look has them");
    assert_eq!(delays(&step("\"bar1..2\" = \"20%\", spread = \"0s..2s\"")), (0, 2000, 0));
    let cells = step("\"bar 1..2/*\" = \"20%\", spread = \"0s..3s\"");
    let cell =
        |ix: u32| cells.timed.iter().find(|(own, _)| own.0 == ix).map_or(0, |(_, at)| cells.times[usize::from(*at)].delay.0 / 1_000_000);
    assert_eq!([4, 5, 10, 11].map(cell), [0, 1000, 2000, 3000]);
    let out = step("look = \"over\", fade = \"1s\", times = { level = { up = \"2s\", down = \"5s\" } }");
    assert_eq!((out.up, out.down), (Span::secs(2), Span::secs(5)), "what the look leaves out goes out in the levels' time");
    assert_eq!(
        out.timed.iter().map(|(ix, at)| (ix.0, out.times[usize::from(*at)].up)).collect::<Vec<_>>(),
        [3, 9, 12].map(|ix| (ix, Span::secs(1)))
    );
}
