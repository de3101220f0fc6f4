//! `showcall devices discover` in a private network: three simulated devices on another host, and a network where nobody answers.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, UdpSocket};
use std::process::{Child, Command, Stdio};

use crate::common::lan::{Lan, end, inside};

const SHOWCALL: &str = env!("CARGO_BIN_EXE_showcall");

/// A simulated device on the other host.
struct Device(Child);

impl Device {
    fn start(lan: &Lan, profile: &str, port: u16) -> Self {
        let mut command = lan.there(SHOWCALL);
        let mut child =
            command.args(["simulator", profile, "--listen", &format!("0.0.0.0:{port}")]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("listening"), "{profile}: {line}");
        Self(child)
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}

/// Exit code and what was printed.
fn discover(more: &[&str]) -> (Option<i32>, String) {
    let out = Command::new(SHOWCALL).args(["devices", "discover"]).args(more).output().unwrap();
    (out.status.code(), String::from_utf8(out.stdout).unwrap() + &String::from_utf8_lossy(&out.stderr))
}

/// A hub's answer to whoever asks the group of multicast DNS: PTR, SRV, TXT and A (10.9.0.7), without compression.
fn answer_multicast() {
    let service = b"\x0b_blackmagic\x04_tcp\x05local\0".as_slice();
    let instance = [b"\x05Hub 1".as_slice(), service].concat();
    let host = b"\x03hub\x05local\0".as_slice();
    let record = |name: &[u8], kind: u8, data: &[u8]| {
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        [name, &[0, kind, 0, 1, 0, 0, 0, 120], &length, data].concat()
    };
    let bytes = [
        b"\0\0\x84\0\0\0\0\x01\0\0\0\x03".to_vec(),
        record(service, 12, &instance),
        record(&instance, 33, &[b"\0\0\0\0\x27\x06".as_slice(), host].concat()),
        record(&instance, 16, b"\x0eclass=Videohub"),
        record(host, 1, &[10, 9, 0, 7]),
    ]
    .concat();
    let socket = UdpSocket::bind("0.0.0.0:5353").unwrap();
    socket.join_multicast_v4(&Ipv4Addr::new(224, 0, 0, 251), &Ipv4Addr::new(10, 9, 0, 1)).unwrap();
    std::thread::spawn(move || {
        while let Ok((_, from)) = socket.recv_from(&mut [0; 1500]) {
            drop(socket.send_to(&bytes, from));
        }
    });
}

#[test]
#[ignore = "needs network namespaces"]
fn what_is_in_the_network_is_found_with_its_profile_and_lines_to_paste() {
    inside(what_is_in_the_network_is_found_with_its_profile_and_lines_to_paste, || {
        let (code, said) = discover(&[]);
        assert_eq!(code, Some(2), "there is no network yet: {said}");
        let lan = Lan::up();
        let theirs = UdpSocket::bind("0.0.0.0:4352").unwrap();
        let (code, said) = discover(&["--seconds", "1", "--interface", "10.9.0.1"]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("port 4352 is another program's"), "{said}");
        drop(theirs);
        assert!(said.contains("10.9.0.255:10023") && said.contains("224.0.0.251:5353") && said.contains("check"), "{said}");

        let _devices = [
            Device::start(&lan, "artnet-node", 6454),
            Device::start(&lan, "behringer-x32", 10023),
            Device::start(&lan, "generic-pjlink-class-2", 4352),
        ];
        answer_multicast();
        let (code, said) = discover(&["--seconds", "4", "--json"]);
        assert_eq!(code, Some(0), "{said}");
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        let found = said["found"].as_array().unwrap();
        let profiles: Vec<&str> = found.iter().filter_map(|one| one["profile"].as_str()).collect();
        assert_eq!(profiles, ["artnet-node", "behringer-x32", "generic-pjlink-class-2", "blackmagic-videohub"], "{said:#}");
        let addresses: Vec<&str> = found.iter().filter_map(|one| one["address"].as_str()).collect();
        assert_eq!(addresses, ["10.9.0.2", "10.9.0.2", "10.9.0.2", "10.9.0.7"], "{said:#}");

        // The lines are a show's: a check of them finds no unknown key, profile or address.
        let lines: String = found.iter().filter_map(|one| one["toml"].as_str()).collect();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("show.toml"), format!("[show]\ntitle = \"T\"\nlooks = \"whole\"\nat_exit = \"leave\"\n{lines}"))
            .unwrap();
        let check = Command::new(SHOWCALL).arg("check").arg(folder.path()).output().unwrap();
        assert!(!String::from_utf8_lossy(&check.stderr).contains("error") && check.status.code() != Some(2), "{lines}\n{check:?}");
    });
}
