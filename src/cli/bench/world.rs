//! A showcall process of its own, run as a caller runs it, on a show written for the figure.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rosc::{OscMessage, OscPacket};

use crate::engine::{Input, Intent, Report};
use crate::links::receiver::Receiver;
use crate::links::sys;
use crate::show::DeviceIx;
use crate::stage::journal::{self, Entry, folder};
use crate::time::{Span, Wall};

/// The limit for a process to say that it is ready.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// One child process and its folder; both are gone when it is dropped.
#[derive(Debug)]
pub(super) struct World {
    folder: Folder,
    child: Child,
    /// From the start of the process to its ready line.
    pub ready_after: Span,
    control: (Receiver, SocketAddr),
}

/// A folder under the system's temporary one.
#[derive(Debug)]
pub(super) struct Folder(pub PathBuf);

impl Folder {
    pub fn new(show: &str) -> Result<Self, String> {
        let name = format!("showcall-bench-{}-{}", std::process::id(), sys::boottime().0);
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let folder = Self(path);
        std::fs::write(folder.0.join("show.toml"), show).map_err(|e| e.to_string())?;
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        crate::stage::journal::memory::forget(&self.0.join("journal"));
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl World {
    /// Starts the show and waits for its ready line.
    pub fn start(show: &str) -> Result<Self, String> {
        Self::launch(Folder::new(show)?, "--fresh")
    }

    /// As [`Self::start`], on a folder that is written already.
    pub fn start_in(folder: Folder) -> Result<Self, String> {
        Self::launch(folder, "--fresh")
    }

    /// Kills the process at once and starts it again on the same journal.
    pub fn killed_and_resumed(mut self) -> Result<Self, String> {
        self.child.kill().and_then(|()| self.child.wait()).map_err(|e| e.to_string())?;
        let folder = Folder(std::mem::take(&mut self.folder.0));
        Self::launch(folder, "--resume")
    }

    fn launch(folder: Folder, how: &str) -> Result<Self, String> {
        let words = folder.0.join("stderr.txt");
        let program = std::env::current_exe().map_err(|e| e.to_string())?;
        let started = Instant::now();
        let mut child = Command::new(program)
            .arg("run")
            .arg(&folder.0)
            .args(["--headless", how, "--osc", "127.0.0.1:0", "--journal"])
            .arg(folder.0.join("journal"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&words).map_err(|e| e.to_string())?)
            .spawn()
            .map_err(|e| e.to_string())?;
        let (ready, first) = mpsc::channel();
        let Some(stdout) = child.stdout.take() else { return Err("no stdout".into()) };
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = ready.send((Instant::now(), line));
            }
        });
        let osc = first_ready(&first).map_err(|why| {
            let _ = child.kill();
            let _ = child.wait();
            format!("{why}: {}", std::fs::read_to_string(&words).unwrap_or_default())
        })?;
        let control = (Receiver::new().map_err(|e| e.to_string())?, osc.1);
        let ready_after = Span(u64::try_from((osc.0 - started).as_nanos()).unwrap_or(u64::MAX));
        Ok(Self { folder, child, ready_after, control })
    }

    /// Sends one OSC message; gives the wall clock just before.
    pub fn say(&self, address: &str) -> Result<Wall, String> {
        let packet = OscPacket::Message(OscMessage { addr: address.into(), args: vec![] });
        let bytes = rosc::encoder::encode(&packet).map_err(|e| e.to_string())?;
        let at = sys::wall();
        self.control.0.send_to(&bytes, self.control.1).map_err(|e| e.to_string())?;
        Ok(at)
    }

    fn journal(&self) -> Result<journal::Content, String> {
        let path = folder::newest(&self.folder.0.join("journal")).map_err(|e| e.to_string())?.ok_or("no journal")?;
        journal::read::file(&path).map_err(|e| e.to_string())
    }

    /// The devices that are online, from the journal.
    pub fn online(&self) -> Result<BTreeSet<DeviceIx>, String> {
        let mut online = BTreeSet::new();
        for record in self.journal()?.records {
            match record.entry {
                Entry::Input(Input::Device { device, report: Report::Online { .. } }) => drop(online.insert(device)),
                Entry::Input(Input::Device { device, report: Report::Offline { .. } }) => drop(online.remove(&device)),
                _ => {}
            }
        }
        Ok(online)
    }

    /// The instant of the wall clock at which the stage took the first GO, from the journal.
    pub fn went(&self) -> Result<Wall, String> {
        let content = self.journal()?;
        let base =
            content.records.iter().find_map(|record| if let Entry::Process(process) = &record.entry { Some(process.base) } else { None });
        let is_go = |entry: &Entry| matches!(entry, Entry::Input(Input::Intent { intent: Intent::Go { .. }, .. }));
        let go = content.records.iter().find(|record| is_go(&record.entry)).map(|record| record.mono);
        let (Some(base), Some(go)) = (base, go) else { return Err("the journal holds no GO".into()) };
        // The two clocks are read one after the other: the pair that lies closest together is the truest.
        let pair = || {
            let (before, wall, after) = (sys::boottime().0, sys::wall().0, sys::boottime().0);
            (after - before, wall.saturating_sub_unsigned(before + (after - before) / 2))
        };
        let (_, offset) = (0..100).map(|_| pair()).min().ok_or("no clock")?;
        Ok(Wall(offset.saturating_add_unsigned(base.wrapping_add(go.0))))
    }

    /// Resident memory in KiB, from /proc.
    pub fn resident_kib(&self) -> Option<u64> {
        self.status("VmRSS:")
    }

    /// The most resident memory so far in KiB, loading included.
    pub fn peak_kib(&self) -> Option<u64> {
        self.status("VmHWM:")
    }

    fn status(&self, key: &str) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        line.trim().trim_end_matches("kB").trim().parse().ok()
    }

    /// Nanoseconds of CPU so far: of the stage thread, and of all threads.
    pub fn cpu_ns(&self) -> Result<(u64, u64), String> {
        let (mut stage, mut all) = (0, 0);
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).map_err(|e| e.to_string())?;
        for task in tasks.flatten() {
            let read = |name: &str| std::fs::read_to_string(task.path().join(name)).unwrap_or_default();
            let ns: u64 = read("schedstat").split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0);
            all += ns;
            if read("comm").trim() == "stage" {
                stage += ns;
            }
        }
        if stage == 0 { Err("the kernel does not count the stage thread's time".into()) } else { Ok((stage, all)) }
    }
}

fn first_ready(lines: &mpsc::Receiver<(Instant, String)>) -> Result<(Instant, SocketAddr), String> {
    let end = Instant::now() + READY_WITHIN;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let (at, line) = lines.recv_timeout(left).map_err(|_| "the process did not get ready".to_owned())?;
        let json: serde_json::Value = serde_json::from_str(&line).map_err(|e| e.to_string())?;
        if json["event"] == "ready" {
            let osc = json["osc"].as_str().and_then(|text| text.parse().ok()).ok_or("its ready line names no OSC address")?;
            return Ok((at, osc));
        }
    }
}

/// The head of a show with one OSC device `out` on a loopback port.
pub(super) fn head(port: u16) -> String {
    format!(
        "[show]\ntitle = \"Bench\"\nlooks = \"whole\"\nat_exit = \"leave\"\n\n[safe]\ntell = \"safe\"\n\n[device.out]\nprofile = \"generic-osc\"\naddress = \"127.0.0.1\"\nport = {port}\n\n"
    )
}

/// `cues` cues of `steps` sends each, all quick.
pub(super) fn cues(cues: u32, steps: u32) -> String {
    let mut text = String::new();
    for cue in 1..=cues {
        let _ = writeln!(text, "[[cue]]\nnumber = \"{cue}\"\nname = \"Bench {cue}\"\nquick = true");
        for step in 0..steps {
            let _ = writeln!(text, "[[cue.do]]\nsend = {{ on = \"out\", address = \"/bench/{step}\", args = [{cue}] }}");
        }
        text.push('\n');
    }
    text
}
