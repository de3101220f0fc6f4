//! Every address of the reference is one that a running show takes.

use std::net::UdpSocket;
use std::time::Duration;

use rosc::{OscMessage, OscPacket, OscType};
use serde_json::Value as Json;

use super::{inline_code, pages, root};
use crate::common::run::Run;

/// An address of a table, and what stands beside it: its argument as a person reads it, or the answer.
fn addresses(page: &str) -> Vec<(String, String)> {
    let rows = page.lines().filter(|line| line.starts_with("| `/"));
    rows.flat_map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        inline_code(cells[0]).filter(|code| code.starts_with('/')).map(|code| (code.to_owned(), cells[1].to_owned())).collect::<Vec<_>>()
    })
    .collect()
}

/// The address with names of the test's show.
fn filled(address: &str) -> String {
    let key = match address.split('/').nth(1) {
        Some("list") => "main",
        Some("hot") => "F1",
        Some("device") => "node",
        _ => "isRunning",
    };
    let names =
        [("{number}", "12"), ("{id}", "1"), ("{group}", "lamps"), ("{fixture or group}", "spot1"), ("{verb}", "start"), ("{key}", key)];
    names.iter().fold(address.to_owned(), |address, (hole, name)| address.replace(hole, name))
}

fn argument(words: &str, port: u16) -> Vec<OscType> {
    match words {
        words if words.contains("0.0 to 1.0") => vec![OscType::Float(0.5)],
        words if words.contains("`1` or `0`") => vec![OscType::Int(1)],
        "`0`" => vec![OscType::Int(0)],
        words if words.contains("a port") => vec![OscType::Int(port.into())],
        words if words.contains("as text") => vec![OscType::String("12".into())],
        words if words.contains("JSON list") => vec![OscType::String("[\"number\"]".into())],
        _ => vec![],
    }
}

#[test]
fn a_running_show_takes_every_address_of_the_reference() {
    let page = pages().into_iter().find(|page| page.path.ends_with("docs/src/reference/osc.md")).unwrap();
    let frame = std::fs::read_to_string(root().join("docs/frames/house.toml")).unwrap();
    let more = "\n[group.lamps]\nfixtures = [\"front\"]\n[[cue]]\nnumber = \"12\"\ndo = [{ tell = \"talk\" }]\n[[hot]]\nkey = \"F1\"\ndo = [{ tell = \"applause\" }]\n";
    let run = Run::start(&(frame + more), &["--simulate"]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let port = socket.local_addr().unwrap().port();
    let send = |addr: &str, args: Vec<OscType>| {
        let packet = OscPacket::Message(OscMessage { addr: addr.into(), args });
        socket.send_to(&rosc::encoder::encode(&packet).unwrap(), run.osc()).unwrap();
    };
    send("/udpReplyPort", vec![OscType::Int(port.into())]);
    send("/alwaysReply", vec![OscType::Int(1)]);
    let mut wrong = Vec::new();
    let all = addresses(&page.text);
    assert!(all.len() > 60, "only {} addresses", all.len());
    for (address, words) in all {
        let args = argument(&words, port);
        let wanted = format!("/reply{}", filled(&address));
        send(&filled(&address), args);
        let answer: Json = loop {
            let mut bytes = [0; 65536];
            let size = socket.recv(&mut bytes).unwrap_or_else(|error| panic!("{address}: no reply ({error})"));
            let Ok((_, OscPacket::Message(reply))) = rosc::decoder::decode_udp(&bytes[..size]) else { continue };
            if let (true, Some(OscType::String(text))) = (reply.addr == wanted, reply.args.first()) {
                break serde_json::from_str(text).unwrap();
            }
        };
        if answer["status"] != "ok" {
            wrong.push(format!("{address}: {answer}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
