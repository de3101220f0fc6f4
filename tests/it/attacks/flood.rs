//! Packets that are no OSC, OSC that makes no sense, and a great deal of both.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::crash::receiver::Receiver;
use crate::crash::run::{self, Run};
use crate::crash::show;

const CUES: u64 = 10;

/// Packets that must do nothing: cut and padded OSC, wrong types, addresses of nothing, plain noise.
fn nonsense() -> Vec<Vec<u8>> {
    let mut packets: Vec<Vec<u8>> = [
        &b""[..],
        b"/",
        b"/go",
        b"/go\0",
        b"/cue/1/start\0\0\0\0,s",
        b"/cue/99999/start\0\0\0\0,\0\0\0",
        b"/cue//start\0,\0\0\0",
        b"/cue/*/stop\0,\0\0\0\0\0\0",
        b"#bundle\0\0\0\0\0\0\0\0\x01\xff\xff\xff\xff",
        b"#bundle\0\0\0\0\0\0\0\0\x01\0\0\0\x10#bundle\0\0\0\0\0\0\0\0\x01",
        b"/select/\xff\xfe\0\0,\0\0\0",
        b"/go\0,[[[[[[[[[[[[[[[[[[[[",
        b"/udpReplyPort\0\0\0,i\0\0\xff\xff\xff\xff",
    ]
    .iter()
    .map(|packet| packet.to_vec())
    .collect();
    // A bundle in a bundle in a bundle, as deep as a datagram goes.
    let mut deep = b"/x\0\0,\0\0\0".to_vec();
    while deep.len() < 60_000 {
        let size = u32::try_from(deep.len()).unwrap().to_be_bytes();
        deep = [b"#bundle\0\0\0\0\0\0\0\0\x01".as_slice(), &size, &deep].concat();
    }
    packets.push(deep);
    packets.push(vec![0x2f; 1472]);
    packets
}

#[test]
fn a_flood_of_nonsense_keeps_no_cue_from_its_device() {
    let (device, node) = (Receiver::new(), Receiver::new());
    let folder = show::write(device.port(), node.port(), CUES);
    let mut run = Run::start(folder.path(), "--fresh");
    let osc = run.ready()["osc"].as_str().unwrap().to_owned();
    let over = Arc::new(AtomicBool::new(false));
    let flooder = {
        let over = over.clone();
        std::thread::spawn(move || {
            let (socket, packets) = (UdpSocket::bind("127.0.0.1:0").unwrap(), nonsense());
            while !over.load(Ordering::Relaxed) {
                for packet in &packets {
                    // A full buffer of the receiver is the kernel's to drop.
                    let _ = socket.send_to(packet, &osc);
                }
            }
        })
    };
    for cue in 1..=CUES {
        // The kernel drops what does not fit into the socket, ours too: a remote that hears no answer says it again.
        let address = format!("/once/{cue}");
        while !device.has(&address) {
            run.say(&format!("/cue/{cue}/start"));
            run.live(Duration::from_millis(50), |_| {});
        }
    }
    over.store(true, Ordering::Relaxed);
    flooder.join().unwrap();
    let events = run.terminate();
    assert!(events.iter().any(|event| event["event"] == "over" && event["good"] == true && event["journalled"] == true), "{events:?}");
    let started: Vec<_> = run::report(folder.path()).into_iter().filter(|event| event["event"] == "cue_started").collect();
    assert!(started.iter().all(|event| event["cue"].as_str().unwrap().parse::<u64>().is_ok_and(|cue| cue <= CUES)), "{started:?}");
    assert!(run::replays(folder.path()));
    device.finish();
    node.finish();
}
