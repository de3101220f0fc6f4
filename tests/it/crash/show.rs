//! The show that is killed: every cue sends a momentary message, sets a level and a lamp, and 15 ms later sends another message.

use std::fmt::Write;
use std::path::Path;

/// The slot value of the lamp after a cue.
pub fn slot(cue: i32) -> u8 {
    u8::try_from(cue % 100 * 255 / 100).unwrap()
}

const PROFILE: &str = r#"
maker = "Test"
model = "Receiver"
family = "osc"
sources = ["this test"]

[names.address]

[property.message]
path = "{address}"
label = "OSC {address}"
type = "args"
class = "once"
proof = "none"
set = { address = "{address}", args = ["{value}"] }

[property.level]
path = "level/{address}"
label = "level {address}"
type = "int"
range = [0, 100000]
class = "hold"
proof = "none"
set = { address = "/level/{address}", args = ["{value}"] }

[[verb.send]]
property = "message"
"#;

/// Writes the show's folder: so many cues, and `end` after them.
pub fn write(device: u16, node: u16, cues: u64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut text = format!(
        r#"
[show]
title = "Killed"
looks = "whole"
at_exit = "leave"

[safe]
look = "dark"

[device.box]
profile = "receiver"
address = "127.0.0.1"
port = {device}

[device.node]
profile = "artnet-node"
address = "127.0.0.1"
port = {node}
answers = false
local_port = 0

[universe.1]
on = "node"
address = 1

[fixture.lamp]
profile = "generic-dimmer"
universe = 1
address = 1

[look.dark]
lamp = {{ level = "0%" }}
"#
    );
    for percent in 0..100 {
        write!(text, "[look.at-{percent}]\nlamp = {{ level = \"{percent}%\" }}\n").unwrap();
    }
    for cue in 1..=cues {
        write!(
            text,
            r#"
[[cue]]
number = "{cue}"
name = "cue"
do = [
  {{ send = {{ on = "box", address = "/once/{cue}" }} }},
  {{ after = "15ms", send = {{ on = "box", address = "/late/{cue}" }} }},
  {{ set = {{ on = "box", property = "level", address = "main", value = {cue} }} }},
  {{ light = {{ look = "at-{}", fade = "0s" }} }},
]
"#,
            cue % 100
        )
        .unwrap();
    }
    text.push_str(
        "\n[[cue]]\nnumber = \"end\"\nname = \"end\"\ndo = [{ after = \"100ms\", send = { on = \"box\", address = \"/once/end\" } }]\n",
    );
    std::fs::create_dir(folder.path().join("profiles")).unwrap();
    std::fs::write(folder.path().join("profiles/receiver.toml"), PROFILE).unwrap();
    std::fs::write(folder.path().join("show.toml"), text).unwrap();
    folder
}

/// Whether a run has begun: its file has a first line.
pub fn has_run(folder: &Path) -> bool {
    let newest = showcall::stage::journal::folder::newest(&folder.join("journal")).ok().flatten();
    newest.is_some_and(|path| showcall::stage::journal::read::file(&path).is_ok())
}
