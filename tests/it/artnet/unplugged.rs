//! Nodes that are not plugged in must not cost a plugged one a frame.

use std::net::{SocketAddr, UdpSocket};
use std::process::Stdio;
use std::time::{Duration, Instant};

use showcall::show::DeviceIx;
use showcall::time::Span;

use super::node::{Real, show};
use crate::common::lan::{Lan, on_two_hosts};

/// Frames to each of the nine nodes: six seconds of 44 Hz, so the kernel has given up asking for the silent ones.
const FRAMES: u16 = 264;
const GRID: Duration = Duration::from_micros(22_727);

#[test]
#[ignore = "needs network namespaces"]
fn eight_unplugged_nodes_cost_the_plugged_one_no_frame() {
    on_two_hosts(eight_unplugged_nodes_cost_the_plugged_one_no_frame, here, plugged_node);
}

fn here() {
    let lan = Lan::up();
    let receiver = lan.other_half(eight_unplugged_nodes_cost_the_plugged_one_no_frame).stdout(Stdio::piped()).spawn().unwrap();
    let addresses: Vec<SocketAddr> = (2..=10).map(|host| SocketAddr::from(([10, 9, 0, host], 6454))).collect();
    let mut real = Real::new(&show(&addresses, &[]), false);
    real.until("the plugged node is found", |real| real.online(0));
    let start = Instant::now();
    for frame in 0..FRAMES {
        let now = real.now();
        for device in 0..9 {
            let mut slots = [0; 512];
            slots[..2].copy_from_slice(&frame.to_be_bytes());
            real.rack.frame(now, DeviceIx(device), device, device + 1, &slots);
            real.rack.frames_done(now, DeviceIx(device));
        }
        let next = start + GRID * u32::from(frame + 1);
        while let Some(rest) = next.checked_duration_since(Instant::now()) {
            real.turn();
            std::thread::sleep(rest.min(Duration::from_millis(2)));
        }
    }
    let said = String::from_utf8(receiver.wait_with_output().unwrap().stdout).unwrap();
    let silent: Vec<u16> = (1..9).filter(|device| !real.online(*device)).collect();
    assert_eq!(silent, (1..9).collect::<Vec<_>>(), "nobody is where nobody is");
    assert!(said.contains(&format!("distinct frames: {FRAMES}\n")), "{said}");
    assert!(real.now() > showcall::time::Mono::ZERO + Span::secs(6));
}

/// The plugged node: answers polls, and counts the different frames until the last one has come.
fn plugged_node() {
    let socket = UdpSocket::bind("0.0.0.0:6454").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    let mut buffer = [0; 2048];
    while let Ok((length, from)) = socket.recv_from(&mut buffer) {
        match (length, buffer[9]) {
            (530, 0x50) => {
                seen.insert(u16::from_be_bytes([buffer[18], buffer[19]]));
                if seen.contains(&(FRAMES - 1)) {
                    break;
                }
            }
            (_, 0x20) => drop(socket.send_to(&reply(), from)),
            _ => {}
        }
    }
    println!("distinct frames: {}", seen.len());
}

/// The shortest ArtPollReply of a node with one port at 0:0:1.
fn reply() -> [u8; 207] {
    let mut reply = [0; 207];
    reply[..10].copy_from_slice(b"Art-Net\0\x00\x21");
    reply[10..14].copy_from_slice(&[10, 9, 0, 2]);
    (reply[173], reply[174], reply[190]) = (1, 0x80, 1);
    reply
}
