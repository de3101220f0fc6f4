//! `showcall dmx record FILE`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::{Fault, Listen, Session};
use crate::cli::output::{say, say_err};
use crate::devices::dmx::tape::{HEADER, Recorder};
use crate::links::sys::boottime;
use crate::time::{Mono, Span};

/// What is on the disk is at most this old.
const FLUSH: Span = Span::secs(1);
/// A recording ends at this size.
const LARGEST: u64 = 4 << 30;

/// Arguments of `dmx record`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file; one that is there already is not touched
    file: PathBuf,
    #[command(flatten)]
    listen: Listen,
    /// Print one JSON object at the beginning and one at the end
    #[arg(long)]
    json: bool,
}

/// A recording on its way to the disk. Its clock begins with the first frame.
struct Tape {
    file: BufWriter<File>,
    recorder: Recorder,
    began: Option<Mono>,
    last: Mono,
    written: u64,
    left_out: u64,
}

impl Tape {
    fn line(&mut self, text: &str) -> std::io::Result<()> {
        self.written += u64::try_from(text.len()).unwrap_or(0);
        self.file.write_all(text.as_bytes())
    }
}

/// Until it is ended. Exit code 1: nothing came, or the disk is full.
pub fn run(args: &Args) -> Result<ExitCode, Fault> {
    let name = args.file.display();
    let mut session = Session::open(&args.listen)?;
    let file = File::create_new(&args.file).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => Fault::cannot(format!("{name} is there already: choose another name, or remove it")),
        _ => Fault::cannot(format!("{name} cannot be written: {e}")),
    })?;
    let start = boottime();
    let mut tape = Tape { file: BufWriter::new(file), recorder: Recorder::default(), began: None, last: start, written: 0, left_out: 0 };
    let failed = |e: std::io::Error| Fault { code: 1, why: format!("{name} cannot be written any more: {e}") };
    tape.line(&format!("{HEADER}\n")).and_then(|()| tape.file.flush()).map_err(failed)?;
    if args.json {
        say!("{}", json!({ "event": "recording", "file": args.file }));
    }
    let end = args.listen.seconds.map(|seconds| start + Span::secs(seconds));
    let mut fault = None;
    loop {
        let next = boottime() + FLUSH;
        let heard = session.until(end.map_or(next, |end| end.min(next)), |at, frame| {
            // Previews are for visualisers, not for the stage.
            if frame.preview || fault.is_some() {
                return;
            }
            tape.last = tape.last.max(at);
            let began = *tape.began.get_or_insert(at);
            match tape.recorder.frame(at.since(began), frame) {
                Some(text) => fault = tape.line(&text).err(),
                None => tape.left_out += 1,
            }
        });
        let goes_on = heard.map_err(|e| Fault::cannot(format!("cannot listen: {e}")))?;
        if let Some(e) = fault.take().or(tape.file.flush().err()) {
            return Err(failed(e));
        }
        if tape.written >= LARGEST {
            say_err!("showcall: the recording ends here, at {} GB", LARGEST >> 30);
        }
        if !goes_on || tape.written >= LARGEST || end.is_some_and(|end| boottime() >= end) {
            break;
        }
    }
    let length = tape.began.map_or(Span::ZERO, |began| boottime().since(began));
    let last = tape.recorder.end(length);
    tape.line(&last).and_then(|()| tape.file.flush()).map_err(failed)?;
    let frames = tape.recorder.frames();
    if tape.left_out > 0 {
        say_err!("showcall: {} frames are left out: too many sources or universes", tape.left_out);
    }
    if args.json {
        say!("{}", json!({ "event": "recorded", "frames": frames, "seconds": length.0 as f64 / 1e9, "left_out": tape.left_out }));
    } else {
        say!("{frames} frames in {length} are in {name}");
    }
    Ok(if frames > 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
