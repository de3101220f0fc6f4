//! npm's hyperdeck-connection, a client that others wrote, works on the simulated deck; and our driver works on npm's
//! hyperdeck-server-connection, a deck's end of the wire that others wrote.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::{Value, json};
use showcall::engine::{How, Level, Report};
use showcall::show;

use crate::common::desk::{Desk, set};
use crate::common::peer::npm;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
#[ignore = "needs hyperdeck-connection (npm)"]
fn a_client_from_npm_works_on_the_simulated_deck() {
    let modules = npm("hyperdeck-connection");
    let mut deck = Command::new(env!("CARGO_BIN_EXE_showcall"));
    deck.args(["simulator", "blackmagic-hyperdeck-studio-hd-plus", "--listen", "127.0.0.1:0"]);
    let mut deck = deck.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(deck.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    let mut client = Command::new("timeout");
    client.args(["60", "node"]).arg(root().join("tests/peers/hyperdeck_client.js")).arg(modules).arg(said["port"].to_string());
    let output = client.output().unwrap();
    drop(deck.kill());
    drop(deck.wait());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let model = "Blackmagic Design HyperDeck Studio HD Plus";
    assert_eq!(found["model"], model, "{found}");
    let rest = json!([found["before"], found["after"], found["loop"], found["clip"], found["recording"], found["slot"], found["left"]]);
    assert_eq!(rest, json!(["stopped", "play", true, 1, "record", "mounted", 3600]), "{found}");
}

const SHOW: &str = r#"
[show]
title = "Deck"
at_exit = "leave"
[device.deck]
profile = "blackmagic-hyperdeck-studio-hd-plus"
address = "127.0.0.1"
clips = { opener = "Opener 1.mov", gone = "Gone.mov" }
[[cue]]
number = "1"
name = "all"
do = [
    { play = { on = "deck", clip = "opener", loop = true } },
    { record = { on = "deck", value = true } },
    { preview = { on = "deck", value = true } },
    { set = { on = "deck", property = "goto", value = "clip start" } },
]
"#;

/// npm's deck while the test lasts.
struct Peer {
    child: Child,
    hand: ChildStdin,
    port: u16,
}

impl Peer {
    fn start(modules: &str) -> Self {
        let mut node = Command::new("node");
        node.arg(root().join("tests/peers/hyperdeck_server.js")).arg(modules);
        let mut child = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { hand: child.stdin.take().unwrap(), child, port: line.trim().parse().unwrap() }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn player(clip: Option<&str>, looping: bool, playing: bool) -> show::Value {
    show::Value::Transport(show::Transport { clip: clip.map(Into::into), looping, playing })
}

#[test]
#[ignore = "needs hyperdeck-server-connection (npm)"]
fn the_driver_works_on_a_deck_from_npm() {
    const OPENER: Option<&str> = Some("Opener 1.mov");
    let modules = npm("hyperdeck-server-connection");
    let mut peer = Peer::start(modules);
    let mut desk = Desk::new(&SHOW.replace("address =", &format!("port = {}\naddress =", peer.port)));
    assert!(desk.until(20, |report| *report == Report::Synced).is_some(), "{:#?}", desk.seen);
    let online =
        |report: &Report| matches!(report, Report::Online { identity: Some(model) } if &**model == "NodeJS Hyperdeck Server Library");
    assert!(desk.seen.iter().any(online), "{:#?}", desk.seen);
    let short = |report: &Report| matches!(report, Report::Health(facet) if &*facet.key == "slot" && facet.level == Level::Warn && facet.text.contains("8 min"));
    assert!(desk.seen.iter().any(short), "{:#?}", desk.seen);

    desk.becomes("player", &player(Some("Holding.mov"), false, false));

    let (on, off) = (show::Value::Switch(true), show::Value::Switch(false));
    desk.lands("player", set(player(OPENER, true, true)), &player(OPENER, true, true));
    assert_eq!(desk.refused("record", set(on.clone())), "the deck plays: stop it before it records");
    assert!(desk.refused("player", set(player(Some("Gone.mov"), false, true))).contains("no clip \"Gone.mov\""));
    desk.lands("player", set(player(None, false, false)), &player(OPENER, true, false));
    desk.acked("goto", show::Value::text("clip start"));
    desk.lands("preview", set(on.clone()), &on);
    desk.lands("preview", set(off.clone()), &off);
    desk.lands("record", set(on.clone()), &on);
    desk.lands("record", set(off.clone()), &off);

    // A hand at the panel is the deck's own word, and comes by its notice.
    desk.seen.clear();
    peer.hand.write_all(b"\n").unwrap();
    let prop = desk.prop("player");
    let hand = |report: &Report| matches!(report, Report::Observed { prop: p, value, how: How::Word } if *p == prop && *value == player(Some("Holding.mov"), true, true));
    assert!(desk.until(10, hand).is_some(), "{:#?}", desk.seen);
}
