//! Bytes from the makers' documents, and what the built-in profiles make of the same words.

#![allow(clippy::unwrap_used)]

use crate::devices::Plan;
use crate::devices::midi::plan::{ground, items};
use crate::show::{Db, DeviceIx, Value};

/// The bytes that a step of a show becomes.
fn made(profile: &str, patch: &str, step: &str, value: &Value) -> Vec<u8> {
    let show = format!(
        "[show]\ntitle = \"t\"\n[device.d]\nprofile = \"{profile}\"\naddress = \"127.0.0.1\"\n{patch}\n[[cue]]\nnumber = \"1\"\nname = \"c\"\ndo = [{{ {step} }}]\n"
    );
    let loaded = crate::show::load_text(&[("show.toml".into(), show)]);
    let show = loaded.show.unwrap_or_else(|| panic!("{:?}", loaded.findings));
    let plan = Plan { show: &show, device: DeviceIx(0) };
    items(plan).first().unwrap().bytes(value, &ground(plan)).unwrap()
}

#[test]
fn show_control() {
    let go = made(
        "generic-msc",
        "lists = { one = \"1\" }\ncues = { a = \"12.5\" }",
        "fire = { on = \"d\", cue = \"a\", list = \"one\" }",
        &Value::text("12.5"),
    );
    // MIDI Show Control 1.1.1, 4: F0 7F <device> 02 <format> <command> <data> F7.
    assert_eq!(
        go,
        [
            0xF0, 0x7F, // real time system exclusive
            0x7F, // all devices
            0x02, // show control
            0x01, // lighting
            0x01, // GO
            0x31, 0x32, 0x2E, 0x35, // cue "12.5"
            0x00, 0x31, // list "1"
            0xF7,
        ]
    );
    let macro5 = made("generic-msc", "macros = { m = 5 }", "press = { on = \"d\", macro = \"m\" }", &Value::Switch(true));
    assert_eq!(macro5, [0xF0, 0x7F, 0x7F, 0x02, 0x01, 0x07, 0x05, 0xF7]);
    let next = made("generic-msc", "device_id = 1", "press = { on = \"d\", key = \"go\" }", &Value::Switch(true));
    assert_eq!(next, [0xF0, 0x7F, 0x01, 0x02, 0x01, 0x01, 0xF7]);
}

#[test]
fn machine_control() {
    let play = Value::Transport(crate::show::Transport { clip: None, looping: false, playing: true });
    assert_eq!(made("generic-mmc", "", "play = { on = \"d\" }", &play), [0xF0, 0x7F, 0x7F, 0x06, 0x02, 0xF7]);
    let locate =
        made("generic-mmc", "", "set = { on = \"d\", property = \"place\", value = \"01:02:03:04\" }", &Value::text("01:02:03:04"));
    // LOCATE with a target: 44, 6 bytes follow, sub-command 01, hours with the rate (25: bit 5), minutes, seconds, frames, hundredths.
    assert_eq!(locate, [0xF0, 0x7F, 0x7F, 0x06, 0x44, 0x06, 0x01, 0x21, 0x02, 0x03, 0x04, 0x00, 0xF7]);
}

#[test]
fn sq() {
    let recall = made("allen-heath-sq", "scenes = { s = 130 }", "recall = { on = \"d\", scene = \"s\" }", &Value::Switch(true));
    assert_eq!(recall, [0xB0, 0x00, 0x01, 0xC0, 0x01]); // scene 130 is 129 from 0: bank 1, program 1
    let mute = made("allen-heath-sq", "channels = { c = 5 }", "mute = { on = \"d\", channel = \"c\" }", &Value::Switch(true));
    assert_eq!(
        mute,
        [
            0xB0, 0x63, 0x00, // parameter, upper: inputs
            0xB0, 0x62, 0x04, // parameter, lower: input 5
            0xB0, 0x06, 0x00, // value, upper
            0xB0, 0x26, 0x01, // value, lower: muted
        ]
    );
    let level = made(
        "allen-heath-sq",
        "dcas = { c = 1 }",
        "fade = { on = \"d\", dca = \"c\", to = \"0 dB\", over = \"1s\" }",
        &Value::Level(Db(0)),
    );
    // DCA 1 is 4F 20; 0 dB is 15196 = 118 x 128 + 92.
    assert_eq!(level, [0xB0, 0x63, 0x4F, 0xB0, 0x62, 0x20, 0xB0, 0x06, 118, 0xB0, 0x26, 92]);
    let main = made("allen-heath-sq", "", "fade = { on = \"d\", output = \"main\", to = \"0 dB\", over = \"1s\" }", &Value::Level(Db::OFF));
    assert_eq!(main, [0xB0, 0x63, 0x4F, 0xB0, 0x62, 0x00, 0xB0, 0x06, 0, 0xB0, 0x26, 0]);
}

#[test]
fn dlive() {
    let mute = made("allen-heath-dlive", "channels = { c = 5 }", "mute = { on = \"d\", channel = \"c\" }", &Value::Switch(true));
    assert_eq!(mute, [0x90, 0x04, 0x7F, 0x90, 0x04, 0x00]);
    let level = made(
        "allen-heath-dlive",
        "dcas = { c = 1 }",
        "fade = { on = \"d\", dca = \"c\", to = \"0 dB\", over = \"1s\" }",
        &Value::Level(Db(0)),
    );
    assert_eq!(level, [0xB4, 0x63, 0x36, 0xB4, 0x62, 0x17, 0xB4, 0x06, 0x6B]); // DCA 1 stands on 36, four channels up
}
