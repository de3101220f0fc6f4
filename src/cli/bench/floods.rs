//! From GO to the wire while devices send without end, beside the same show with the same devices silent.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::Args;
use super::figures::Samples;
use super::latency::pressed;
use super::world::{World, cues, head};
use crate::links::flooder::{Flood, Flooder};
use crate::links::receiver::Receiver;

/// Between two presses: the pace at which other cue engines are measured.
const EVERY: Duration = Duration::from_millis(50);
/// After the start of the program: by then each peer is connected and has filled what there is to fill.
const SETTLE: Duration = Duration::from_secs(1);

/// Eight peers on connections: profile, and what they send.
const STREAMS: [(&str, Flood); 8] = [
    ("extron-sis", Flood::Bytes),
    ("kramer-p3000", Flood::Lines),
    ("casparcg", Flood::Lines),
    ("yamaha-tf", Flood::Lines),
    ("obs-studio", Flood::WebSocket),
    ("resolume-arena", Flood::Http),
    ("generic-pjlink-class-1", Flood::Bytes),
    ("blackmagic-videohub", Flood::Lines),
];

/// Four that send datagrams.
const DATAGRAM: [(&str, Flood); 4] =
    [("behringer-x32", Flood::Osc), ("behringer-x32", Flood::Osc), ("artnet-node", Flood::ArtPollReply), ("generic-osc", Flood::Osc)];

/// Eight peers flood their connections.
pub(super) fn streams(args: &Args) -> Result<Json, String> {
    figure(args, &STREAMS)
}

/// Four peers send 20,000 datagrams a second each.
pub(super) fn datagrams(args: &Args) -> Result<Json, String> {
    figure(args, &DATAGRAM)
}

/// Runs with silent and with flooding peers take turns: what else this machine does meets both.
fn figure(args: &Args, peers: &[(&str, Flood)]) -> Result<Json, String> {
    let (mut silent, mut flooded) = (Samples::default(), Samples::default());
    let (mut grown, mut cpu) = (0, 0);
    for _ in 0..args.runs {
        run(args, peers, false, &mut silent)?;
        let (memory, stage) = run(args, peers, true, &mut flooded)?;
        (grown, cpu) = (grown.max(memory), cpu.max(stage));
    }
    let ratio = |percent: u32, silent: &mut Samples, flooded: &mut Samples| {
        (flooded.percentile(percent) as f64 / silent.percentile(percent).max(1) as f64 * 100.0).round() / 100.0
    };
    let (p50, p99) = (ratio(50, &mut silent, &mut flooded), ratio(99, &mut silent, &mut flooded));
    Ok(json!({
        "peers": peers.len(), "silent": silent.json(), "flooding": flooded.json(), "ratio_p50": p50, "ratio_p99": p99,
        "resident_kib_grown": grown, "stage_cpu_percent": cpu,
    }))
}

/// One run; gives by how many KiB the program grew while it went on, and how much of a core its stage thread took.
fn run(args: &Args, peers: &[(&str, Flood)], flooding: bool, samples: &mut Samples) -> Result<(u64, u64), String> {
    let mut receiver = Receiver::new().map_err(|e| e.to_string())?;
    let ends = peers.iter().map(|(_, flood)| Flooder::open(*flood, flooding)).collect::<std::io::Result<Vec<_>>>();
    let ends = ends.map_err(|e| e.to_string())?;
    let mut show = head(receiver.port());
    for ((profile, _), (peer, n)) in peers.iter().zip(ends.iter().zip(1..)) {
        let local = if *profile == "artnet-node" { "local_port = 0\n" } else { "" };
        let _ = write!(show, "[device.peer-{n}]\nprofile = \"{profile}\"\naddress = \"127.0.0.1\"\nport = {}\n{local}\n", peer.port());
    }
    let world = World::start(&(show + &cues(args.n, 1)))?;
    std::thread::sleep(SETTLE);
    let (memory, cpu) = (world.resident_kib().unwrap_or(0), world.cpu_ns()?.0);
    let began = Instant::now();
    samples.absorb(pressed(&world, &mut receiver, args.n, EVERY, &|n| format!("/cue/{}/start", n + 1))?);
    let took = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1);
    let grown = world.resident_kib().unwrap_or(0).saturating_sub(memory);
    Ok((grown, world.cpu_ns()?.0.saturating_sub(cpu).saturating_mul(100) / took))
}
