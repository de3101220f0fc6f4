//! One process of the show.

use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::common::signal;

const SHOWCALL: &str = env!("CARGO_BIN_EXE_showcall");
/// Longest wait for a line that must come.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two messages of the driver.
const PACE: Duration = Duration::from_millis(8);

/// A running show.
pub struct Run {
    child: Child,
    lines: Receiver<Json>,
    seen: Vec<Json>,
    osc: Option<String>,
    socket: UdpSocket,
}

impl Run {
    pub fn start(show: &Path, how: &str) -> Self {
        Self::start_with(show, how, &[])
    }

    /// With these variables in its environment.
    pub fn start_with(show: &Path, how: &str, variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(SHOWCALL)
            .envs(variables.iter().copied())
            .args(["run", "--headless", "--osc", "127.0.0.1:0", how, "--journal"])
            .args([&show.join("journal"), show])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (give, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                // A line that the kill has cut is no line.
                if let Ok(json) = serde_json::from_str(&line)
                    && give.send(json).is_err()
                {
                    return;
                }
            }
        });
        Self { child, lines, seen: Vec::new(), osc: None, socket: UdpSocket::bind("127.0.0.1:0").unwrap() }
    }

    fn take(&mut self, line: Json) {
        if line["event"] == "ready" {
            self.osc = line["osc"].as_str().map(str::to_owned);
        }
        self.seen.push(line);
    }

    /// Drives it for so long, once it is ready.
    pub fn live(&mut self, lives: Duration, mut drive: impl FnMut(&mut dyn FnMut(&str))) {
        let end = Instant::now() + lives;
        while Instant::now() < end {
            while let Ok(line) = self.lines.try_recv() {
                self.take(line);
            }
            if let Some(osc) = self.osc.clone() {
                let socket = &self.socket;
                drive(&mut |address| send(socket, &osc, address));
            }
            // The pace of the driver, not a wait for something.
            std::thread::sleep(PACE.min(end.saturating_duration_since(Instant::now())));
        }
    }

    /// Waits until it is ready; gives the line that says so.
    pub fn ready(&mut self) -> Json {
        while self.osc.is_none() {
            let line = self.lines.recv_timeout(PATIENCE).expect("the show did not become ready");
            self.take(line);
        }
        self.seen.iter().find(|line| line["event"] == "ready").cloned().unwrap_or_default()
    }

    /// Sends it one message.
    pub fn say(&self, address: &str) {
        send(&self.socket, self.osc.as_deref().unwrap(), address);
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; gives all it said.
    pub fn terminate(mut self) -> Vec<Json> {
        assert!(signal("TERM", self.child.id()));
        assert!(self.child.wait().unwrap().success());
        self.seen.extend(self.lines.iter());
        std::mem::take(&mut self.seen)
    }
}

impl Drop for Run {
    /// A test that failed leaves no show behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn send(socket: &UdpSocket, to: &str, address: &str) {
    let message = rosc::OscMessage { addr: address.to_owned(), args: vec![] };
    let bytes = rosc::encoder::encode(&rosc::OscPacket::Message(message)).unwrap();
    // The process may be gone: then nobody hears it, which is the point.
    let _ = socket.send_to(&bytes, to);
}

fn journal(show: &Path) -> PathBuf {
    show.join("journal")
}

/// The as-run report as events.
pub fn report(show: &Path) -> Vec<Json> {
    let output = Command::new(SHOWCALL).args(["report", "--json"]).arg(journal(show)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

/// Whether the journal replays as it was.
pub fn replays(show: &Path) -> bool {
    let output = Command::new(SHOWCALL).args(["replay", "--quiet"]).arg(journal(show)).output().unwrap();
    eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    output.status.success()
}
