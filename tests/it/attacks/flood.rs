//! Packets that are no OSC, OSC that makes no sense, and a great deal of both.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use showcall::device_api::{Level, Report};
use showcall::engine::Input;
use showcall::stage::journal::{self, Entry, folder};

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

/// A peer that sends these bytes without end to whoever connects.
fn endless(bytes: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, block) = (stream.unwrap(), bytes.repeat(4096));
            std::thread::spawn(move || while stream.write_all(&block).is_ok() {});
        }
    });
    port
}

/// A device that answers the first datagram with so many a millisecond, without end.
fn endless_datagrams(bytes: &'static [u8]) -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (_, to) = socket.recv_from(&mut [0; 2048]).unwrap();
        loop {
            (0..20).for_each(|_| drop(socket.send_to(bytes, to)));
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    port
}

/// How often the journal says of which device that it floods.
fn floods_told(show: &Path) -> BTreeMap<u16, usize> {
    let file = folder::newest(&show.join("journal")).unwrap().unwrap();
    let mut told = BTreeMap::new();
    for record in journal::read::file(&file).unwrap().records {
        if let Entry::Input(Input::Device { device, report: Report::Health(facet) }) = record.entry
            && (&*facet.key, facet.level) == ("flood", Level::Warn)
        {
            *told.entry(device.0).or_default() += 1;
        }
    }
    told
}

#[test]
fn devices_that_flood_keep_no_cue_from_another_and_each_is_told_once() {
    let (device, node) = (Receiver::new(), Receiver::new());
    let folder = show::write(device.port(), node.port(), CUES);
    let floods = [
        ("extron-sis", endless(b"x")),
        ("kramer-p3000", endless(b"OK\r\n")),
        ("casparcg", endless(b"OK\r\n")),
        ("yamaha-tf", endless(b"OK\r\n")),
        ("behringer-x32", endless_datagrams(b"/ch/01/mix/fader\0\0\0\0,f\0\0\x3f\0\0\0")),
    ];
    let path = folder.path().join("show.toml");
    let mut text = std::fs::read_to_string(&path).unwrap();
    for (n, (profile, port)) in floods.iter().enumerate() {
        text += &format!("[device.loud-{n}]\nprofile = \"{profile}\"\naddress = \"127.0.0.1\"\nport = {port}\n");
    }
    std::fs::write(&path, text).unwrap();
    let mut run = Run::start(folder.path(), "--fresh");
    run.ready();
    for cue in 1..=CUES {
        run.live(Duration::from_millis(400), |_| {});
        run.say(&format!("/cue/{cue}/start"));
        device.wait_for(&format!("/once/{cue}"));
    }
    let events = run.terminate();
    assert!(events.iter().any(|event| event["event"] == "over" && event["good"] == true && event["journalled"] == true), "{events:?}");
    let told = floods_told(folder.path());
    assert!(told.len() == floods.len() && told.values().all(|times| *times == 1), "{told:?}");
    assert!(run::replays(folder.path()));
    device.finish();
    node.finish();
}
