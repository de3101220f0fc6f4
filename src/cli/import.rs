//! `showcall import fixture FILE…` and `showcall import patch FILE.mvr`: other people's files as profiles and patches.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::output::{self, say_err};
use crate::import::{Draft, Refusal, mvr, toml};

/// Bytes of a file that is read at the most.
const FILE_MAX: u64 = 256 << 20;

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Fixture profiles from GDTF (.gdtf), Open Fixture Library (.json) or QLC+ (.qxf) files
    Fixture {
        /// The files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Where the profiles go: a show's profiles/fixtures, for example; "-" prints them
        #[arg(long, value_name = "DIR", default_value = "hardware-profiles/fixtures")]
        to: PathBuf,
        /// Write over profiles that are there
        #[arg(long)]
        force: bool,
    },
    /// The patch of a rig from an MVR scene, as a fragment of a show file on standard output
    Patch {
        /// The scene
        #[arg(value_name = "FILE.mvr")]
        file: PathBuf,
        /// Write the profiles of the GDTF files in it there as well
        #[arg(long, value_name = "DIR")]
        profiles: Option<PathBuf>,
        /// Write over profiles that are there
        #[arg(long)]
        force: bool,
    },
}

/// Exit code 0: all imported, 1: something was refused, 2: a file cannot be read or written.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let codes = match &args.what {
        What::Fixture { files, to, force } => files.iter().map(|file| fixture(file, to, *force)).max(),
        What::Patch { file, profiles, force } => Some(patch(file, profiles.as_deref(), *force)),
    };
    ExitCode::from(codes.unwrap_or(0))
}

fn fixture(file: &Path, to: &Path, force: bool) -> u8 {
    let Some(bytes) = read(file) else { return 2 };
    let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let folder = part(file.parent().and_then(Path::file_name));
    match crate::import::fixture(&bytes, &part(file.file_name()), &folder) {
        Ok((key, draft, text)) if to == Path::new("-") => {
            tell(file, &key, &draft);
            u8::from(output::out(&text).is_err()) * 2
        }
        Ok((key, draft, text)) => {
            let code = write(to, &key, &text, force);
            if code == 0 {
                tell(file, &key, &draft);
            }
            code
        }
        Err(refusal) => refused(file, &refusal),
    }
}

fn patch(file: &Path, profiles: Option<&Path>, force: bool) -> u8 {
    let Some(bytes) = read(file) else { return 2 };
    let scene = match mvr::read(&bytes) {
        Ok(scene) => scene,
        Err(refusal) => return refused(file, &refusal),
    };
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if output::out(&mvr::text(&scene, &name)).is_err() {
        return 2;
    }
    scene.notes.iter().for_each(|note| say_err!("look at this: {note}"));
    let written = scene.profiles.iter().map(|(key, draft)| {
        let code = profiles.map_or(0, |to| write(to, key, &toml::text(draft), force));
        if code == 0 && profiles.is_some() {
            tell(file, key, draft);
        }
        code
    });
    written.max().unwrap_or(0)
}

fn read(file: &Path) -> Option<Vec<u8>> {
    let size = std::fs::metadata(file).map(|found| found.len());
    let bytes = match size {
        Ok(size) if size > FILE_MAX => Err(std::io::Error::other(format!("it has {size} bytes; {FILE_MAX} are the limit"))),
        Ok(_) => std::fs::read(file),
        Err(e) => Err(e),
    };
    bytes.map_err(|e| say_err!("cannot read {}: {e}", file.display())).ok()
}

fn write(to: &Path, key: &str, text: &str, force: bool) -> u8 {
    let path = to.join(format!("{key}.toml"));
    if path.exists() && !force {
        say_err!("{} is there already: --force writes over it", path.display());
        return 1;
    }
    match std::fs::create_dir_all(to).and_then(|()| std::fs::write(&path, text)) {
        Ok(()) => 0,
        Err(e) => {
            say_err!("cannot write {}: {e}", path.display());
            2
        }
    }
}

fn tell(file: &Path, key: &str, draft: &Draft) {
    say_err!("{}: {key}, {} modes", file.display(), draft.modes.len());
    draft.notes.iter().for_each(|note| say_err!("  look at this: {note}"));
}

fn refused(file: &Path, refusal: &Refusal) -> u8 {
    say_err!("{} is refused: {refusal}", file.display());
    1
}
