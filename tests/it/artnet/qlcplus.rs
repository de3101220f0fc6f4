//! The real QLC+ on the other host: a node that a run sends to, which passes on what it got.

use std::fs;
use std::net::UdpSocket;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::product::SHOW;
use crate::common::lan::{Lan, end, inside, ip};
use crate::common::peer::program;
use crate::common::run::Run;

/// An address of this host that no show sends from: what QLC+ passes on comes here.
const ELSEWHERE: &str = "10.9.0.9";

/// Two universes: what Art-Net and sACN bring is passed on as Art-Net universes 5 and 6, to another address.
const WORKSPACE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE Workspace>
<Workspace xmlns="http://www.qlcplus.org/Workspace">
 <Engine>
  <InputOutputMap>
   <Universe Name="Art-Net" ID="0" Passthrough="True">
    <Input Plugin="ArtNet" Line="0"><PluginParameters inputUni="1"/></Input>
    <Output Plugin="ArtNet" Line="0"><PluginParameters outputIP="10.9.0.9" outputUni="5"/></Output>
   </Universe>
   <Universe Name="sACN" ID="1" Passthrough="True">
    <Input Plugin="E1.31" Line="0"><PluginParameters inputUni="2"/></Input>
    <Output Plugin="ArtNet" Line="0"><PluginParameters outputIP="10.9.0.9" outputUni="6"/></Output>
   </Universe>
  </InputOutputMap>
 </Engine>
</Workspace>
"#;

/// The show of the Art-Net test, with a universe of sACN beside it.
const MORE: &str = r#"
[device.stage]
profile = "sacn"
interface = "10.9.0.1"

[universe.2]
on = "stage"

[fixture.back]
profile = "generic-dimmer"
universe = 2
address = 100

[look.back]
back = { level = "60%" }

[[cue]]
number = "3"
name = "Back light"
do = [{ light = { look = "back", fade = "500ms" } }]
"#;

/// A running QLC+ on 10.9.0.2.
struct Qlc {
    child: Child,
    _home: tempfile::TempDir,
}

impl Qlc {
    fn start(lan: &Lan) -> Self {
        let home = tempfile::tempdir().unwrap();
        let workspace = home.path().join("show.qxw");
        fs::write(&workspace, WORKSPACE).unwrap();
        let mut command = lan.there("qlcplus");
        command.args(["--nogui", "--nowm", "--operate", "--open"]).arg(&workspace);
        command.env("HOME", home.path()).env("XDG_RUNTIME_DIR", home.path()).env("QT_QPA_PLATFORM", "offscreen");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { child, _home: home }
    }
}

impl Drop for Qlc {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// The slots of an ArtDmx packet of a universe (Art-Net 4, "ArtDmx": opcode 0x5000, port address at 14, slots from 18).
fn slots(packet: &[u8], of: u16) -> Option<&[u8]> {
    let head = packet.starts_with(b"Art-Net\0") && packet.get(8..10)? == [0x00, 0x50];
    let universe = u16::from_le_bytes([*packet.get(14)?, *packet.get(15)?]);
    (head && universe == of).then(|| packet.get(18..)).flatten()
}

/// Waits until QLC+ passes these slots on as that universe; slots count from 1.
fn until(socket: &UdpSocket, universe: u16, wanted: &[(usize, u8)]) {
    let patience = Instant::now() + Duration::from_secs(60);
    let (mut packet, mut last) = ([0; 600], Vec::new());
    while Instant::now() < patience {
        let Ok((length, _)) = socket.recv_from(&mut packet) else { continue };
        let Some(slots) = slots(&packet[..length], universe) else { continue };
        if wanted.iter().all(|(slot, level)| slots.get(slot - 1) == Some(level)) {
            return;
        }
        last = slots.to_vec();
    }
    panic!("wanted {wanted:?}, QLC+ passes {last:?} on as universe {universe}");
}

#[test]
#[ignore = "needs QLC+"]
fn qlcplus_takes_the_levels_that_cues_set_by_either_protocol_and_passes_them_on() {
    program("qlcplus");
    inside(qlcplus_takes_the_levels_that_cues_set_by_either_protocol_and_passes_them_on, || {
        let lan = Lan::up();
        ip(&["addr", "add", &format!("{ELSEWHERE}/24"), "dev", "here"]);
        // The run has 6454 too, for its node's answers: both say that they share it.
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
        socket.set_reuse_address(true).unwrap();
        socket.bind(&std::net::SocketAddr::new(ELSEWHERE.parse().unwrap(), 6454).into()).unwrap();
        let socket = UdpSocket::from(socket);
        socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let qlc = Qlc::start(&lan);
        until(&socket, 5, &[(1, 0)]);
        let run = Run::start(&format!("{SHOW}{MORE}"), &[]);
        run.go();
        until(&socket, 5, &[(1, 204), (511, 0)]);
        // Past the guard against a double GO.
        std::thread::sleep(Duration::from_secs(1));
        run.go();
        until(&socket, 5, &[(1, 0), (510, 0), (511, 128), (512, 255)]);
        std::thread::sleep(Duration::from_secs(1));
        run.go();
        until(&socket, 6, &[(99, 0), (100, 153), (101, 0)]);
        run.stop();
        drop(qlc);
    });
}
