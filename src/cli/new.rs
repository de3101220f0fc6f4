//! `showcall new NAME`: a commented show folder to start from.

use super::output::{say, say_err};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The show that every new folder begins with.
const SHOW: &str = include_str!("new/show.toml");
/// What the folder for the show's own profiles is for.
const PROFILES: &str = include_str!("new/profiles.txt");

/// Arguments of `new`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder to make; its name becomes the title
    name: PathBuf,
}

/// Exit code 0: made, 2: there is something already, or it cannot be written.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    match make(&args.name) {
        Ok(file) => {
            let folder = args.name.display();
            say!("made {}", file.display());
            say!("next: showcall check {folder}, then showcall run {folder} --simulate");
            ExitCode::SUCCESS
        }
        Err(why) => {
            say_err!("cannot make {}: {why}", args.name.display());
            ExitCode::from(2)
        }
    }
}

/// Makes the folder and its files; nothing that exists is touched.
fn make(folder: &Path) -> Result<PathBuf, String> {
    let title = folder.file_name().map(|name| name.to_string_lossy().into_owned()).ok_or("it has no name")?;
    fs::create_dir(folder).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => "it exists already (choose another name)".to_owned(),
        _ => e.to_string(),
    })?;
    let profiles = folder.join("profiles");
    fs::create_dir(&profiles).map_err(|e| e.to_string())?;
    fs::write(profiles.join("README.txt"), PROFILES).map_err(|e| e.to_string())?;
    let file = folder.join("show.toml");
    // TOML's own writer quotes a name that holds quotes or a backslash.
    let text = SHOW.replace("\"@title@\"", &toml::Value::String(title).to_string());
    fs::write(&file, text).map_err(|e| e.to_string())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_new_show_has_its_name_as_title_and_what_exists_is_never_touched() {
        let folder = tempfile::tempdir().unwrap();
        let show = folder.path().join("spring \"gala\"");
        let file = make(&show).unwrap();
        let table: toml::Table = fs::read_to_string(&file).unwrap().parse().unwrap();
        assert_eq!(table["show"]["title"].as_str(), Some("spring \"gala\""));
        fs::write(&file, "mine").unwrap();
        assert!(make(&show).unwrap_err().contains("exists already"));
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    }
}
