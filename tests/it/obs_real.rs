//! Our driver drives the real OBS (Debian's, under Xvfb) through the real rack.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command as Process, Stdio};

use showcall::engine::{Op, Report};
use showcall::links::sys::boottime;
use showcall::show::{Curve, Db, Transition, Transport, Value};
use showcall::time::Span;

use crate::common::desk::{Desk, set};
use crate::common::peer::{program, python};
use crate::common::signal;

const PASSWORD: &str = "correct horse";
const SHOW: &str = r#"
[show]
title = "OBS"
at_exit = "leave"
[device.obs]
profile = "obs-studio"
address = "127.0.0.1"
scenes = { first = "First", second = "Second", typo = "Secund" }
inputs = { music = "Music" }
sources = { music = "Music" }
clips = { walk = "Walk" }
[[cue]]
number = "1"
name = "all"
do = [
    { take = { on = "obs", scene = "second" } },
    { set = { on = "obs", property = "studio-mode", value = true } },
    { preview = { on = "obs", scene = "first" } },
    { cut = { on = "obs" } },
    { auto = { on = "obs" } },
    { hide = { on = "obs", scene = "first", source = "music" } },
    { mute = { on = "obs", input = "music" } },
    { fade = { on = "obs", input = "music", to = "-20 dB", over = "1s" } },
    { record = { on = "obs", value = true } },
    { play = { on = "obs", clip = "walk" } },
    { set = { on = "obs", property = "media-pause", clip = "walk", value = true } },
    { set = { on = "obs", property = "replay-buffer", value = true } },
    { set = { on = "obs", property = "save-replay", value = true } },
]
"#;

/// OBS while the test lasts.
struct Studio {
    child: Child,
    home: tempfile::TempDir,
    port: u16,
}

impl Studio {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/peers/obs.sh");
        let mut process = Process::new("sh");
        process.arg(script).arg(home.path()).arg(port.to_string()).arg(PASSWORD).stdout(Stdio::null());
        Self { child: process.spawn().unwrap(), home, port }
    }

    /// What another client prints; its arguments are port and password, then these.
    fn client(&self, script: &str, more: &[&str]) -> String {
        let done = Process::new(python("obsws_python")).args(["-c", script, &self.port.to_string(), PASSWORD]).args(more).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    /// Another client sees the clip in this state.
    fn shows(&self, state: &str) {
        assert_eq!(self.client(STATE, &[]), format!("OBS_MEDIA_STATE_{state}"));
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        // TERM, so that the script ends OBS and its display.
        signal("TERM", self.child.id());
        drop(self.child.wait());
    }
}

fn desk(port: u16, password: &str) -> Desk {
    Desk::new(&SHOW.replace("address =", &format!("port = {port}\npassword = \"{password}\"\naddress =")))
}

/// Scenes and an input, made by another client as an operator's hand would.
const PREPARE: &str = r#"
import sys, time, wave
import obsws_python as obs
with wave.open(sys.argv[3], "wb") as clip:
    clip.setnchannels(1), clip.setsampwidth(2), clip.setframerate(8000)
    clip.writeframes(bytes(8000 * 2 * 60))
for _ in range(120):
    try:
        client = obs.ReqClient(host="127.0.0.1", port=int(sys.argv[1]), password=sys.argv[2], timeout=5)
        client.get_scene_list()
        break
    except Exception as error:
        last = error
        time.sleep(0.5)
else:
    raise last
for scene in ("First", "Second"):
    client.create_scene(scene)
client.create_input("First", "Music", "ffmpeg_source", {}, True)
client.create_input("First", "Walk", "ffmpeg_source", {"local_file": sys.argv[3], "restart_on_activate": False}, True)
client.set_current_program_scene("First")
time.sleep(1)
print(client.get_version().obs_version)
"#;

/// How the clip stands.
const STATE: &str = r#"
import sys
import obsws_python as obs
client = obs.ReqClient(host="127.0.0.1", port=int(sys.argv[1]), password=sys.argv[2], timeout=5)
print(client.get_media_input_status("Walk").media_state)
"#;

#[test]
#[ignore = "needs OBS and Xvfb, and obsws-python (Python)"]
fn the_driver_drives_the_real_obs() {
    program("obs");
    program("Xvfb");
    let studio = Studio::start();
    let clip = studio.home.path().join("walk.wav");
    println!("OBS {}", studio.client(PREPARE, &[clip.to_str().unwrap()]));

    let mut stranger = desk(studio.port, "wrong");
    let human = stranger.until(20, |report| matches!(report, Report::NeedsHuman { .. }));
    assert!(human.is_some(), "{:#?}", stranger.seen);

    let mut desk = desk(studio.port, PASSWORD);
    assert!(desk.until(20, |report| *report == Report::Synced).is_some(), "{:#?}", desk.seen);
    let names = |report: &Report| matches!(report, Report::Health(facet) if facet.text.contains("no scene \"Secund\""));
    assert!(desk.seen.iter().any(names), "{:#?}", desk.seen);
    desk.becomes("program", &Value::text("First"));

    let second = Value::text("Second");
    let transition = Some(Transition { kind: "fade".into(), over: Some(Span::ms(600)) });
    let started = boottime();
    desk.lands("program", Op::Set { value: second.clone(), transition }, &second);
    println!("a take with a fade of 600 ms was proven after {}", boottime().since(started));
    assert!(desk.seen.iter().any(|report| matches!(report, Report::Progress { .. })), "{:#?}", desk.seen);
    let first = Value::text("First");
    let cut = Some(Transition { kind: "cut".into(), over: None });
    desk.lands("program", Op::Set { value: first.clone(), transition: cut }, &first);
    assert_eq!(desk.refused("program", set(Value::text("Secund"))), "obs has no scene \"Secund\": check the name");

    desk.lands("input/Music/mute", set(Value::Switch(true)), &Value::Switch(true));
    desk.lands("scene/First/source/Music", set(Value::Switch(false)), &Value::Switch(false));
    let (from, to) = (Value::Level(Db(0)), Value::Level(Db(-20_000)));
    let fade = Op::Fade { from, to: to.clone(), curve: Curve::Linear, start: boottime(), length: Span::secs(1) };
    desk.lands("input/Music/volume", fade, &to);

    desk.lands("studio-mode", set(Value::Switch(true)), &Value::Switch(true));
    desk.lands("preview", set(second.clone()), &second);
    desk.acked("cut", Value::Switch(true));
    desk.becomes("program", &second);
    desk.lands("preview", set(first.clone()), &first);
    desk.acked("auto", Value::Switch(true));
    desk.becomes("program", &first);
    desk.lands("record", set(Value::Switch(true)), &Value::Switch(true));
    desk.lands("record", set(Value::Switch(false)), &Value::Switch(false));

    let walk = |playing| Value::Transport(Transport { clip: Some("Walk".into()), looping: false, playing });
    desk.lands("clip/Walk", set(walk(true)), &walk(true));
    desk.acked("clip/Walk/pause", Value::Switch(true));
    studio.shows("PAUSED");
    desk.acked("clip/Walk/pause", Value::Switch(false));
    studio.shows("PLAYING");
    desk.lands("clip/Walk", set(walk(false)), &walk(false));

    desk.lands("replay-buffer", set(Value::Switch(true)), &Value::Switch(true));
    desk.acked("save-replay", Value::Switch(true));
    desk.lands("replay-buffer", set(Value::Switch(false)), &Value::Switch(false));
}
