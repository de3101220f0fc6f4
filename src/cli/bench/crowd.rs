//! From GO to the wire in a rig of forty devices of all kinds, all alive or four of them dead.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::Args;
use super::figures::best_of;
use super::latency::{GAP, pressed};
use super::world::{World, head};
use crate::links::crowd::{Crowd, End, Seat};
use crate::links::receiver::Receiver;
use crate::show::{DeviceIx, Library};

/// Devices beside the one whose messages are measured.
const DEVICES: usize = 40;
/// The limit for all live devices to be online.
const ONLINE_WITHIN: Duration = Duration::from_secs(30);
/// After that the drivers have read what they read of a device that they meet.
const SETTLE: Duration = Duration::from_secs(3);

/// Key, profile, patch and step of the four that may be dead, and how each of them is.
const DOOMED: [(&str, &str, &str, &str, End); 4] = [
    ("refused", "vmix", "sources = { cam = 1 }", "preview = { on = \"refused\", source = \"cam\" }", End::Refused),
    ("swallowed", "qlab-osc", "", "press = { on = \"swallowed\", button = \"save\" }", End::Swallowed),
    (
        "frozen",
        "osc-media-server",
        "transport = \"tcp\"\nsources = { cam = \"cam\" }",
        "take = { on = \"frozen\", source = \"cam\" }",
        End::Frozen,
    ),
    ("garbled", "generic-pjlink-class-1", "", "power = { on = \"garbled\", value = false }", End::Garbled),
];

/// GO to the cue's OSC message with forty devices connected; the cue asks something of four of them first.
pub(super) fn all_live(args: &Args) -> Result<Json, String> {
    figure(args, false)
}

/// The same show, and those four are dead: one refuses connections, one swallows them, one never reads, one answers garbage.
pub(super) fn four_dead(args: &Args) -> Result<Json, String> {
    figure(args, true)
}

fn figure(args: &Args, dead: bool) -> Result<Json, String> {
    let seats = seats(dead);
    let live = seats.iter().filter(|seat| seat.end == End::Live).count();
    let mut samples = best_of(args.runs, || {
        let mut receiver = Receiver::new().map_err(|e| e.to_string())?;
        let crowd = Crowd::open(&(head(receiver.port()) + &cues(args.n)), &seats).map_err(|e| e.to_string())?;
        let world = World::start(crowd.show())?;
        await_online(&world, &seats)?;
        pressed(&world, &mut receiver, args.n, GAP, &|_| "/go".to_owned())
    })?;
    let mut figure = samples.json();
    figure["devices"] = json!(seats.len());
    figure["dead"] = json!(seats.len() - live);
    Ok(figure)
}

/// The doomed, then every model that a socket can stand for, over and over.
fn seats(dead: bool) -> Vec<Seat> {
    let library = Library::builtin();
    let on_sockets = |key: &&str| library.profile(key).is_some_and(|profile| &*profile.family != "midi");
    let models: Vec<&str> = library.keys().into_iter().filter(on_sockets).collect();
    let doomed = DOOMED.iter().map(|(key, profile, patch, _, end)| Seat {
        key: (*key).to_owned(),
        profile: (*profile).to_owned(),
        patch,
        end: if dead { *end } else { End::Live },
    });
    let others = models.iter().cycle().zip(0..).map(|(profile, n)| Seat {
        key: format!("device-{n}"),
        profile: (*profile).to_owned(),
        patch: "",
        end: End::Live,
    });
    doomed.chain(others).take(DEVICES).collect()
}

fn cues(cues: u32) -> String {
    let mut text = String::new();
    for cue in 1..=cues {
        let _ = writeln!(text, "[[cue]]\nnumber = \"{cue}\"\nname = \"Bench {cue}\"\nquick = true");
        for (.., step, _) in DOOMED {
            let _ = writeln!(text, "[[cue.do]]\n{step}");
        }
        let _ = writeln!(text, "[[cue.do]]\nsend = {{ on = \"out\", address = \"/bench\", args = [{cue}] }}\n");
    }
    text
}

/// Waits until all live devices are there. The show's first device is the receiver; seats follow in order.
fn await_online(world: &World, seats: &[Seat]) -> Result<(), String> {
    let end = Instant::now() + ONLINE_WITHIN;
    loop {
        std::thread::sleep(Duration::from_millis(250));
        let online: BTreeSet<DeviceIx> = world.online()?;
        let away = |(seat, ix): (&Seat, u16)| {
            (seat.end == End::Live && !online.contains(&DeviceIx(ix))).then(|| format!("{} ({})", seat.key, seat.profile))
        };
        let away: Vec<String> = seats.iter().zip(1..).filter_map(away).collect();
        if away.is_empty() {
            std::thread::sleep(SETTLE);
            return Ok(());
        }
        if Instant::now() > end {
            return Err(format!("these devices did not come online: {}", away.join(", ")));
        }
    }
}
