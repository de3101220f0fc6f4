//! A terminal that takes no more bytes.

use std::io::Read;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::common::signal;
use crate::crash::receiver::Receiver;
use crate::crash::show;

/// A machine that builds something else meanwhile is slow.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_stopped_terminal_holds_up_neither_a_cue_nor_the_end() {
    let (device, node) = (Receiver::new(), Receiver::new());
    let folder = show::write(device.port(), node.port(), 40);
    // A free port, for a console says none that a program could read.
    let osc = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let pair = native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_showcall"));
    command.args(["run", folder.path().to_str().unwrap(), "--fresh", "--osc", &osc]);
    command.env("TERM", "xterm-256color");
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    // The first bytes are read, then nothing more: the terminal's buffer fills up with the clock's and the cues' changes.
    let mut screen = pair.master.try_clone_reader().unwrap();
    screen.read_exact(&mut [0; 200]).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for cue in 1..=40 {
        let message = rosc::OscMessage { addr: format!("/cue/{cue}/start"), args: vec![] };
        let bytes = rosc::encoder::encode(&rosc::OscPacket::Message(message)).unwrap();
        let address = format!("/once/{cue}");
        let deadline = Instant::now() + PATIENCE;
        while !device.has(&address) {
            assert!(Instant::now() < deadline, "{address} never came");
            socket.send_to(&bytes, &osc).unwrap();
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    assert!(signal("TERM", child.process_id().unwrap()));
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "it waits for its terminal for ever");
        std::thread::sleep(Duration::from_millis(50));
    }
    let text = std::fs::read_to_string(folder.path().join("journal/run-0001.jsonl")).unwrap();
    assert!(text.lines().last().unwrap().contains("SIGTERM"), "the journal's last line is the end of the run");
    device.finish();
    node.finish();
}
