//! Programs that others wrote: an X32 client from PyPI works on the simulated desk, and liblo's oscdump reads what the drivers send.

use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rosc::{OscMessage, OscPacket, OscType};
use showcall::devices::{Family, Out, Plan, WireEvent, WireId, family};
use showcall::engine::{ActionId, Command as Want, Op, Priority, Why};
use showcall::show::{DeviceIx, Library, PropIx, Show, Value};
use showcall::time::Mono;

use crate::common::peer::{program, python};

/// How long a peer may take before the test says that it does not answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A show with one device of a built-in profile and one property of it.
fn show(profile: &str, spec: &str, path: &str, args: &[(&str, &str)]) -> Arc<Show> {
    let folder = tempfile::tempdir().unwrap();
    let mut text = format!("[show]\ntitle = \"T\"\nat_exit = \"leave\"\n[device.desk]\nprofile = \"{profile}\"\naddress = \"127.0.0.1\"\n");
    // A patch name for each number: n3 for 3.
    for (table, number) in args {
        text.push_str(&format!("{table}s = {{ n{number} = {number} }}\n"));
    }
    text.push_str("[[cue]]\nnumber = \"1\"\nname = \"one\"\ndo = [{ set = { on = \"desk\", property = \"");
    text.push_str(spec);
    text.push('"');
    for (table, number) in args {
        text.push_str(&format!(", {table} = \"n{number}\""));
    }
    text.push_str(", value = VALUE } }]\n");
    let kind = &Library::builtin().profile(profile).unwrap().props[spec].kind;
    let value = match kind {
        showcall::show::ValueKind::Switch => "false",
        showcall::show::ValueKind::Level { .. } => "\"0 dB\"",
        _ => "\"1\"",
    };
    std::fs::write(folder.path().join("show.toml"), text.replace("VALUE", value)).unwrap();
    let loaded = showcall::show::load(&folder.path().join("show.toml"), &[]);
    let show = loaded.show.unwrap_or_else(|| panic!("{:?}", loaded.findings));
    assert!(show.prop_by_path(DeviceIx(0), path).is_some(), "{path}");
    show
}

fn built(profile: &str, show: &Arc<Show>) -> (Family, Mono) {
    let family = family(&Library::builtin().profile(profile).unwrap().family).unwrap();
    assert_eq!(show.devices.len(), 1);
    (family, Mono::ZERO)
}

/// `showcall simulator` as a person starts it.
struct Served {
    child: Child,
    port: u16,
    /// Another client of the desk: the hand of its operator.
    hand: UdpSocket,
}

impl Served {
    fn start(profile: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_showcall"));
        let mut child = command.args(["simulator", profile, "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
        let line = lines(&mut child).recv_timeout(PATIENCE).unwrap();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(said["transport"], "udp");
        let port = u16::try_from(said["port"].as_u64().unwrap()).unwrap();
        let hand = UdpSocket::bind("127.0.0.1:0").unwrap();
        hand.connect(("127.0.0.1", port)).unwrap();
        hand.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { child, port, hand }
    }

    fn send(&self, address: &str, args: Vec<OscType>) {
        let message = OscPacket::Message(OscMessage { addr: address.to_owned(), args });
        self.hand.send(&rosc::encoder::encode(&message).unwrap()).unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
#[ignore = "needs behringer-mixer (Python)"]
fn a_client_from_pypi_works_on_the_simulated_desk() {
    let python = python("behringer_mixer");
    let desk = Served::start("behringer-x32");
    // Scene 7 is the desk as it is now; its answer says that it is kept.
    desk.send("/save", vec![OscType::String("scene".into()), OscType::Int(7), OscType::String("x".into())]);
    assert!(desk.hand.recv(&mut [0; 64]).is_ok(), "no answer to /save");

    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/peers/x32_client.py");
    let mut client = Command::new(python).arg(script).arg(desk.port.to_string()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = lines(&mut client);
    assert_eq!(lines.recv_timeout(PATIENCE).as_deref(), Ok("listening"));
    // Its subscription may still be on its way: a hand that goes on moving is heard in the end.
    let patience = Instant::now() + PATIENCE;
    let found = loop {
        assert!(Instant::now() < patience, "the client does not come to its end");
        for on in [1, 0] {
            desk.send("/ch/02/mix/on", vec![OscType::Int(on)]);
        }
        match lines.recv_timeout(Duration::from_millis(50)) {
            Ok(line) => break line,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
            Err(_) => panic!("the client gave up: {:?}", client.wait()),
        }
    };
    assert!(client.wait().unwrap().success());
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["firmware"], "4.06");
    assert!(found["values"].as_u64().unwrap() > 300, "{found}");
    assert_eq!(found["ch1_on"], true);
    assert!(found["pushed"].is_boolean(), "{found}");
    assert!(found["ch1_db"].as_f64().unwrap().abs() < 0.1, "{found}");
    assert!((found["ch1_db_set"].as_f64().unwrap() + 10.0).abs() < 0.1, "{found}");
}

/// The lines that a child prints, from a thread of their own.
fn lines(child: &mut Child) -> std::sync::mpsc::Receiver<String> {
    let (send, receive) = std::sync::mpsc::channel();
    let stdout = child.stdout.take().unwrap();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    receive
}

/// liblo's oscdump on a port of its own.
struct Dump {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
    socket: UdpSocket,
}

impl Dump {
    fn start() -> Self {
        // oscdump cannot choose its port: one that was free a moment ago is.
        let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("stdbuf");
        let mut child = command.args(["-oL", "oscdump", &port.to_string()]).stdout(Stdio::piped()).spawn().unwrap();
        let lines = lines(&mut child);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(("127.0.0.1", port)).unwrap();
        let dump = Self { child, lines, socket };
        let patience = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < patience, "oscdump does not start");
            // Refused until it listens.
            drop(dump.socket.send(b"/ready\0\0,\0\0\0"));
            if dump.lines.recv_timeout(Duration::from_millis(20)).is_ok() {
                return dump;
            }
        }
    }

    /// What oscdump says of a driver's messages to one property, its questions and its watch-keeping left out.
    fn says(&self, profile: &str, show: &Arc<Show>, path: &str, value: Value, address: &str) -> String {
        let (family, now) = built(profile, show);
        let mut driver = (family.driver)(Plan { show, device: DeviceIx(0) });
        let mut out = Out::new();
        driver.handle(now, WireEvent::Up(WireId(0)), &mut out);
        let prop: PropIx = show.prop_by_path(DeviceIx(0), path).unwrap();
        let op = Op::Set { value, transition: None };
        // Panic is the one that is sent before a desk has said who it is.
        let want = Want { action: ActionId(1), prop, op, due: now, priority: Priority::Panic, why: Why::Operator };
        driver.command(now, &want, &mut out);
        for send in &out.sends {
            self.socket.send(&send.bytes).unwrap();
        }
        let patience = Instant::now() + PATIENCE;
        while let Ok(line) = self.lines.recv_timeout(patience.saturating_duration_since(Instant::now())) {
            if let Some((_, message)) = line.split_once(address) {
                return format!("{address}{message}");
            }
        }
        panic!("oscdump never said {address}");
    }
}

impl Drop for Dump {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
#[ignore = "needs oscdump (liblo)"]
fn oscdump_reads_what_the_drivers_send() {
    program("oscdump");
    let dump = Dump::start();
    let desk = show("behringer-x32", "on", "ch/01/mix/on", &[("channel", "1")]);
    let said = dump.says("behringer-x32", &desk, "ch/01/mix/on", Value::Switch(false), "/ch/01/mix/on");
    assert_eq!(said, "/ch/01/mix/on i 0");
    let desk = show("behringer-x32", "fader", "ch/03/mix/fader", &[("channel", "3")]);
    let off = Value::Level(showcall::show::Db::OFF);
    assert!(dump.says("behringer-x32", &desk, "ch/03/mix/fader", off, "/ch/03/mix/fader").starts_with("/ch/03/mix/fader f 0.0"));
    let eos = show("etc-eos-osc", "cue", "cue", &[]);
    let said = dump.says("etc-eos-osc", &eos, "cue", Value::text("12.5"), "/eos/cue/1/12.5/fire");
    assert_eq!(said.trim_end(), "/eos/cue/1/12.5/fire");
}
