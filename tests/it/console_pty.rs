//! The whole program in a real terminal: keys in, a screen out, and the terminal given back.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::common::signal;

/// A machine that builds something else meanwhile is slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the terminal shows, and a bell for each change.
struct Picture {
    parser: Mutex<vt100::Parser>,
    changed: Condvar,
    stop: AtomicBool,
}

struct Booth {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    picture: Arc<Picture>,
    reader: std::thread::JoinHandle<()>,
}

impl Booth {
    fn open(arguments: &[&str]) -> Self {
        Self::open_with(arguments, "")
    }

    /// In a terminal that says this of its colours.
    fn open_with(arguments: &[&str], colours: &str) -> Self {
        let pair = native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_showcall"));
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", colours);
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut bytes = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let picture =
            Arc::new(Picture { parser: Mutex::new(vt100::Parser::new(24, 80, 0)), changed: Condvar::new(), stop: AtomicBool::new(false) });
        let seen = picture.clone();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = bytes.read(&mut buffer) {
                seen.parser.lock().unwrap().process(&buffer[..length]);
                seen.changed.notify_all();
                if seen.stop.load(Ordering::Acquire) {
                    break;
                }
            }
        });
        Self { child, master: pair.master, keys, picture, reader }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until the screen is as wanted.
    fn until(&self, what: &str, is: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut parser = self.picture.parser.lock().unwrap();
        while !is(parser.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{what} never came; the screen:\n{}", parser.screen().contents());
            parser = self.picture.changed.wait_timeout(parser, left).unwrap().0;
        }
    }

    fn resize(&self, rows: u16, cols: u16) {
        self.picture.parser.lock().unwrap().screen_mut().set_size(rows, cols);
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    fn shows(&self, text: &str) {
        self.until(text, |screen| screen.contents().contains(text));
    }

    /// The process ends; what it left on the terminal.
    fn ended(mut self) -> (bool, vt100::Screen) {
        let good = self.child.wait().unwrap().success();
        drop(self.keys);
        drop(self.master);
        self.reader.join().unwrap();
        let screen = self.picture.parser.lock().unwrap().screen().clone();
        (good, screen)
    }

    /// The terminal goes away; the process stays.
    fn hang_up(self) -> Box<dyn Child + Send + Sync> {
        // The clock on the screen moves each second, so the reader comes to see this.
        self.picture.stop.store(true, Ordering::Release);
        self.reader.join().unwrap();
        drop(self.keys);
        drop(self.master);
        self.child
    }
}

fn open(name: &str, journal: &Path) -> Booth {
    let show = Path::new(env!("CARGO_MANIFEST_DIR")).join("shows").join(name);
    let (show, journal) = (show.to_str().unwrap(), journal.to_str().unwrap());
    Booth::open(&["run", show, "--simulate", "--fresh", "--journal", journal, "--osc", "127.0.0.1:0"])
}

fn run(journal: &Path) -> Booth {
    let booth = open("hello", journal);
    booth.shows("▶ NEXT 1  Lamp up");
    booth
}

#[test]
fn space_fires_esc_stops_and_only_the_word_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut booth = run(folder.path());
    booth.shows("SIMULATION");
    booth.until("the alternate screen", vt100::Screen::alternate_screen);
    booth.press(" ");
    booth.shows("▶ NEXT 2  Lamp down");
    booth.shows("RUNNING 1");
    booth.press("\x1b");
    booth.shows("▶ NEXT 1  Lamp up");
    booth.shows("RUNNING: nothing");
    booth.press("\x1b[200~    q quit\r\x1b[201~");
    booth.shows("pasted text was not taken");
    booth.press("\x1a\x13\x03");
    booth.shows("Type quit and Enter");
    booth.press("no\r");
    booth.shows("the word is \"quit\"");
    booth.press("q");
    booth.shows("Type quit and Enter");
    booth.press("quit\r");
    let (good, screen) = booth.ended();
    assert!(good);
    assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste(), "the terminal is given back");
}

#[test]
fn undo_hot_cues_and_a_smaller_window() {
    let folder = tempfile::tempdir().unwrap();
    let mut booth = open("product-launch", folder.path());
    booth.shows("▶ NEXT 1  Desk to the launch scene");
    booth.press(" ");
    booth.shows("FIRE 1 Desk to the launch scene?");
    booth.press("\r");
    booth.shows("▶ NEXT 1.5  Projectors on");
    // A GO within the guard would be refused, and rightly.
    booth.until("the end of the guard", |screen| !screen.contents().contains("GUARD"));
    booth.press(" ");
    booth.shows("FIRE 1.5 Projectors on?");
    booth.press("\r");
    booth.shows("▶ NEXT 2  Doors");
    booth.until("the end of the guard", |screen| !screen.contents().contains("GUARD"));
    booth.press(" ");
    booth.shows("▶ NEXT 4  Ten minutes");
    booth.press("u");
    booth.shows("UNDO 2 Doors?");
    booth.press("y");
    booth.shows("cue 2 is undone");
    booth.shows("▶ NEXT 2  Doors");
    // F7 as a terminal sends it.
    booth.press("\x1b[18~");
    booth.shows("vision program: holding");
    booth.resize(10, 40);
    booth.until("NEXT in a small window", |screen| {
        let rows: Vec<String> = screen.rows(0, 40).collect();
        rows.iter().any(|row| row.starts_with("▶ NEXT 2  Doors")) && rows.last().is_some_and(|row| row.starts_with("Space GO"))
    });
    booth.press("\x03");
    booth.shows("Type quit and Enter");
    booth.press("quit\r");
    assert!(booth.ended().0);
}

#[test]
fn a_lost_terminal_leaves_the_show_running_and_attach_brings_a_console_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut show = run(folder.path()).hang_up();
    let mut booth = Booth::open(&["attach", folder.path().to_str().unwrap()]);
    booth.shows("▶ NEXT 1  Lamp up");
    booth.press(" ");
    booth.shows("▶ NEXT 2  Lamp down");
    let mut watcher = Booth::open(&["attach", "--read-only", folder.path().to_str().unwrap()]);
    watcher.shows("[only watching]");
    watcher.press(" ");
    watcher.shows("this console only watches");
    booth.press("q");
    booth.shows("the show goes on");
    booth.press("leave\r");
    assert!(booth.ended().0);
    assert!(signal("TERM", show.process_id().unwrap()));
    assert!(show.wait().unwrap().success(), "ended in order");
    watcher.shows("showcall: the show has ended");
    assert!(!watcher.ended().0, "a console whose show has ended says so by its exit code");
}

/// A rig of coloured light, and one cue that lights it.
const RIG: &str = r##"
[show]
title = "Rig"
looks = "whole"
at_exit = "leave"
[device.node]
profile = "artnet-node"
address = "192.168.10.51"
[universe.1]
on = "node"
address = 0
[fixture.wash]
profile = "generic-rgb"
count = 2
universe = 1
address = 1
[look.warm]
wash1 = { level = "100%", colour = "#FF8040" }
[[cue]]
number = "1"
name = "Warm"
[[cue.do]]
light = { look = "warm" }
"##;

/// The percent of a lit light stands on the light's own colour.
fn on_its_colour(screen: &vt100::Screen) -> bool {
    let cells = (0..24).flat_map(|row| (0..80).map(move |column| (row, column)));
    cells.filter_map(|(row, column)| screen.cell(row, column)).any(|cell| {
        cell.bgcolor() == vt100::Color::Rgb(255, 128, 64) && cell.fgcolor() == vt100::Color::Rgb(0, 0, 0) && cell.contents() == "1"
    })
}

#[test]
fn the_stage_shows_each_light_in_its_colour_here_and_on_an_attached_console() {
    let folder = tempfile::tempdir().unwrap();
    let show = folder.path().join("show.toml");
    std::fs::write(&show, RIG).unwrap();
    let journal = folder.path().join("journal");
    let (show, journal) = (show.to_str().unwrap(), journal.to_str().unwrap());
    let mut booth = Booth::open_with(&["run", show, "--simulate", "--fresh", "--journal", journal, "--osc", "127.0.0.1:0"], "truecolor");
    booth.shows("▶ NEXT 1  Warm");
    booth.press("L");
    booth.shows("STAGE of the simulated nodes · 0/2 lit");
    assert!(!booth.picture.parser.lock().unwrap().screen().contents().contains("100 "), "nothing is lit yet");
    booth.press(" ");
    booth.until("a light in its colour", on_its_colour);
    booth.shows("1/2 lit");
    let mut far = Booth::open_with(&["attach", "--read-only", journal], "truecolor");
    far.shows("[only watching]");
    far.press("L");
    far.until("a light in its colour on an attached console", on_its_colour);
    let mut plain = Booth::open(&["attach", "--read-only", journal]);
    plain.shows("[only watching]");
    plain.press("L");
    plain.until("the nearest of 216 colours", |screen| {
        let cells = (0..24).flat_map(|row| (0..80).map(move |column| (row, column)));
        cells.filter_map(|(row, column)| screen.cell(row, column)).any(|cell| cell.bgcolor() == vt100::Color::Idx(209))
    });
    booth.press("\x03");
    booth.shows("Type quit and Enter");
    booth.press("quit\r");
    assert!(booth.ended().0);
    far.shows("the show has ended");
    plain.shows("the show has ended");
}
