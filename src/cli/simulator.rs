//! `showcall simulator PROFILE`: a simulated device on a real socket, for other programs to talk to.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;

use super::findings::{exit_code, load_or_say, print_findings};
use super::output::{say, say_err};
use crate::links::host::Host;
use crate::show::{self, DeviceIx, Show};

/// Arguments of `simulator`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Key of a hardware profile (see `showcall profiles`)
    #[arg(required_unless_present = "show", conflicts_with = "show")]
    profile: Option<String>,
    /// Simulate a device of this show, with its patch
    #[arg(long, requires = "device")]
    show: Option<PathBuf>,
    /// Key of the device in the show
    #[arg(long, requires = "show")]
    device: Option<String>,
    /// Listen here; port 0 is any free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0")]
    listen: String,
    /// Look for hardware profiles here too
    #[arg(long, value_name = "DIR")]
    profiles: Vec<PathBuf>,
}

/// Runs until it is ended by a signal. Prints where it listens as one JSON line. Exit code 2: cannot start.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    let loaded = match (&args.show, &args.profile) {
        (Some(path), _) => load_or_say(path, &args.profiles).map(|(show, _)| show),
        (None, Some(profile)) => alone(profile, &args.profiles),
        (None, None) => Err(ExitCode::from(2)),
    };
    let show = match loaded {
        Ok(show) => show,
        Err(code) => return code,
    };
    match open(args, &show) {
        Ok(mut host) => {
            let address = host.address();
            say!("{}", json!({ "listening": address.to_string(), "port": address.port(), "transport": host.transport() }));
            end_on_signal();
            loop {
                if let Err(e) = host.step(None) {
                    say_err!("the simulator cannot go on: {e}");
                    return ExitCode::from(1);
                }
            }
        }
        Err(why) => {
            say_err!("cannot start the simulator: {why}");
            ExitCode::from(2)
        }
    }
}

/// A show with one device of a profile.
fn alone(profile: &str, folders: &[PathBuf]) -> Result<Arc<Show>, ExitCode> {
    let text = format!("[show]\ntitle = \"simulator\"\n\n[device.device]\nprofile = {profile:?}\naddress = \"127.0.0.1\"\n");
    let mut sources = vec![("simulator.toml".to_owned(), text)];
    for folder in folders {
        match texts(folder) {
            Ok(more) => sources.extend(more),
            Err(e) => {
                say_err!("cannot read the profiles of {}: {e}", folder.display());
                return Err(ExitCode::from(2));
            }
        }
    }
    let loaded = show::load_text(&sources);
    loaded.show.clone().ok_or_else(|| {
        print_findings(&loaded);
        exit_code(&loaded)
    })
}

/// Name and text of each profile in a folder.
fn texts(folder: &Path) -> std::io::Result<Vec<(String, String)>> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            texts.push((name, std::fs::read_to_string(&path)?));
        }
    }
    Ok(texts)
}

fn open(args: &Args, show: &Arc<Show>) -> Result<Host, String> {
    let device = match &args.device {
        Some(key) => show.device_by_key(key).ok_or_else(|| format!("the show has no device \"{key}\""))?,
        None => DeviceIx(0),
    };
    let name = &show.devices.get(device.at()).ok_or("the show has no device")?.profile.family;
    let family = crate::devices::family(name).ok_or_else(|| format!("there is no driver for family \"{name}\""))?;
    let listen = args.listen.to_socket_addrs().map_err(|e| format!("\"{}\" is no host and port ({e})", args.listen))?;
    let listen: SocketAddr = listen.into_iter().next().ok_or_else(|| format!("\"{}\" has no address", args.listen))?;
    Host::open(show, device, family, listen).map_err(|e| format!("{listen}: {e}"))
}

/// SIGTERM and Ctrl-C end a simulator as its work: exit code 0.
fn end_on_signal() {
    let wait = || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else { return };
            tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
            std::process::exit(0);
        });
    };
    drop(std::thread::Builder::new().name("signals".into()).spawn(wait));
}
