//! olad, the Open Lighting daemon, on the other host: as a node that receives, and as a controller that sends.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::lan::{Lan, end, is_root};
use super::peer::program;

/// The one that is wanted is switched on, all others off.
const PLUGINS: &[&str] = &[
    "artnet",
    "dummy",
    "e131",
    "espnet",
    "ftdidmx",
    "gpio",
    "karate",
    "kinet",
    "milinst",
    "nanoleaf",
    "opendmx",
    "openpixelcontrol",
    "osc",
    "pathport",
    "renard",
    "sandnet",
    "shownet",
    "spi",
    "stageprofi",
    "uartdmx",
    "usbdmx",
    "usbpro",
    "usbserial",
];

/// A running olad on 10.9.0.2.
pub struct Olad {
    child: Child,
    _conf: tempfile::TempDir,
}

impl Olad {
    /// Starts it with one plugin and waits for its web interface. It refuses to run as root, so root becomes its own user.
    pub fn start(lan: &Lan, wanted: &str, options: &str) -> Self {
        program("olad");
        let conf = tempfile::tempdir().unwrap();
        for plugin in PLUGINS {
            let text = if *plugin == wanted { format!("enabled = true\n{options}") } else { "enabled = false\n".to_owned() };
            fs::write(conf.path().join(format!("ola-{plugin}.conf")), text).unwrap();
        }
        let mut command = if is_root() {
            assert!(Command::new("chown").args(["-R", "olad"]).arg(conf.path()).status().unwrap().success());
            let mut command = lan.there("setpriv");
            command.args(["--reuid=olad", "--regid=nogroup", "--init-groups", "olad"]);
            command
        } else {
            lan.there("olad")
        };
        command.args(["-l", "1", "--no-register-with-dns-sd", "-c"]).arg(conf.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let olad = Self { child, _conf: conf };
        let patience = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect_timeout(&([10, 9, 0, 2], 9090).into(), Duration::from_millis(200)).is_err() {
            assert!(Instant::now() < patience, "olad does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        olad
    }

    /// Patches port 0 of its device to a universe: as a node (`-i`) or as a controller.
    pub fn patch(&self, lan: &Lan, universe: u16, as_node: bool) {
        let mut command = lan.there("ola_patch");
        command.args(["-d", "1", "-p", "0", "-u", &universe.to_string()]);
        if as_node {
            command.arg("-i");
        }
        let done = command.stdin(Stdio::null()).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    /// The levels of a universe, as its web interface tells them.
    pub fn levels(&self, universe: u16) -> Vec<u8> {
        let mut web = TcpStream::connect(("10.9.0.2", 9090)).unwrap();
        web.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        write!(web, "GET /get_dmx?u={universe} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        drop(web.read_to_string(&mut answer));
        let list = answer.split_once("\"dmx\": [").and_then(|(_, rest)| rest.split_once(']')).map_or("", |(list, _)| list);
        list.split(',').filter_map(|n| n.trim().parse().ok()).collect()
    }

    /// Waits until it has these slots of a universe; slots count from 1.
    pub fn until(&self, universe: u16, wanted: &[(usize, u8)]) {
        let patience = Instant::now() + Duration::from_secs(20);
        loop {
            let levels = self.levels(universe);
            if wanted.iter().all(|(slot, level)| levels.get(slot - 1) == Some(level)) {
                return;
            }
            assert!(Instant::now() < patience, "wanted {wanted:?}, olad has {levels:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Olad {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}
