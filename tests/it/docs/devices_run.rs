//! The haze machine of the guide, at its wire: a newcomer's profile fires on the first try.

use std::net::UdpSocket;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rosc::{OscMessage, OscPacket, OscType};

use super::{Page, root};

/// Answers questions with its level, keeps what it was told.
fn haze_machine(socket: &UdpSocket, over: &AtomicBool) -> Vec<(String, Vec<OscType>)> {
    let (mut told, mut level, mut bytes) = (Vec::new(), 0.0, [0; 1024]);
    socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    while !over.load(Ordering::Relaxed) {
        let Ok((size, from)) = socket.recv_from(&mut bytes) else { continue };
        let Ok((_, OscPacket::Message(message))) = rosc::decoder::decode_udp(&bytes[..size]) else { continue };
        match message.args.as_slice() {
            [] => {
                let answer = OscMessage { addr: message.addr, args: vec![OscType::Float(level)] };
                socket.send_to(&rosc::encoder::encode(&OscPacket::Message(answer)).unwrap(), from).unwrap();
                continue;
            }
            [OscType::Float(to)] => level = *to,
            _ => {}
        }
        told.push((message.addr, message.args));
    }
    told
}

#[test]
fn the_haze_machine_of_the_guide_fires_on_the_first_try() {
    let path = root().join("docs/src/guides/osc-device.md");
    let page = Page { text: std::fs::read_to_string(&path).unwrap(), path };
    let block = |info: &str| page.blocks().into_iter().find(|block| block.info == info).unwrap().text;
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("profiles")).unwrap();
    std::fs::write(folder.path().join("profiles/acme-haze.toml"), block("toml,profile=acme-haze")).unwrap();
    let show = block("toml,show").replace("address = \"127.0.0.1\"", &format!("address = \"127.0.0.1\"\nport = {port}"));
    std::fs::write(folder.path().join("show.toml"), show).unwrap();
    let over = AtomicBool::new(false);
    let (run, told) = std::thread::scope(|scope| {
        let device = scope.spawn(|| haze_machine(&socket, &over));
        let run = Command::new(env!("CARGO_BIN_EXE_showcall"))
            .args(["run", "--headless", "--play", "--fresh", "--osc", "127.0.0.1:0", "--journal"])
            .arg(folder.path().join("journal"))
            .arg(folder.path())
            .output()
            .unwrap();
        over.store(true, Ordering::Relaxed);
        (run, device.join().unwrap())
    });
    let events = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{events}{}", String::from_utf8_lossy(&run.stderr));
    let wanted = [("/haze/level".to_owned(), vec![OscType::Float(0.4)]), ("/haze/purge".to_owned(), vec![OscType::Int(1)])];
    assert_eq!(told, wanted, "{events}");
    assert!(events.lines().any(|line| line.contains("\"confirmed\"") && line.contains("cue 1 ")), "{events}");
}
