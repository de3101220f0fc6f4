//! What the lights cost: frames of many universes with every slot fading in 16 bits, on real loopback sockets.
//!
//! Each universe is full of 16-bit parameters in one endless fade; sixteen universes go to a node of an address of its own (127.1.0.n), which
//! does not answer polls. CPU is what the kernel counted for the stage thread and for the whole process (`schedstat`), not wall time, so a busy
//! machine does not flatter or spoil it; beside it stands what the bare sends of as many packets cost in this process.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::Args;
use super::figures::Samples;
use super::latency::GAP;
use super::world::{Folder, World};
use crate::links::receiver::{Receiver, bare_sends};

/// Universes of one node.
const NODE: u32 = 16;
/// How long frames are counted.
const MEASURED: Duration = Duration::from_secs(5);
/// Nanoseconds between two frames of a universe at 44 a second.
const FRAME_NS: i64 = 22_727_272;
/// An ArtDmx of 512 slots.
const PACKET: usize = 530;

/// 64 universes: to be scaled to 50 frames a second by the packets.
pub(super) fn universes_64(_: &Args) -> Result<Json, String> {
    fading(64)
}

/// 256 universes.
pub(super) fn universes_256(_: &Args) -> Result<Json, String> {
    fading(256)
}

/// 512 universes.
pub(super) fn universes_512(_: &Args) -> Result<Json, String> {
    fading(512)
}

/// How cost grows with universes.
pub(super) fn growth(_: &Args) -> Result<Json, String> {
    let mut rows = Vec::new();
    for universes in [1, 4, 16, 64, 256, 512, 1024] {
        rows.push(fading(universes)?);
    }
    Ok(json!(rows))
}

/// GO to the first changed frame while 512 universes run.
pub(super) fn go_while_512_run(args: &Args) -> Result<Json, String> {
    let rounds = args.n.min(200);
    let mut receiver = Receiver::wide().map_err(|e| e.to_string())?;
    let world = World::start_in(folder(512, receiver.port(), rounds)?)?;
    world.say("/go")?;
    count(&mut receiver, Duration::from_millis(500));
    let mut samples = Samples::default();
    let probe = 513_u16.to_le_bytes();
    for round in 0..rounds {
        let wanted = if round % 2 == 0 { 255 } else { 0 };
        let said = world.say("/go")?;
        let end = Instant::now() + Duration::from_millis(1500);
        let mut came = None;
        while came.is_none() && Instant::now() < end {
            if let Some((at, bytes)) = receiver.take() {
                let ours = bytes.len() == PACKET && bytes.get(14..16) == Some(&probe) && bytes.get(18) == Some(&wanted);
                came = ours.then_some(at);
            }
        }
        match came {
            Some(at) => samples.add(at.0 - said.0),
            None => samples.missing += 1,
        }
        count(&mut receiver, GAP);
    }
    Ok(samples.json())
}

/// All slots of so many universes fade.
fn fading(universes: u32) -> Result<Json, String> {
    let mut receiver = Receiver::wide().map_err(|e| e.to_string())?;
    let world = World::start_in(folder(universes, receiver.port(), 0)?)?;
    world.say("/go")?;
    count(&mut receiver, Duration::from_millis(1500));
    let before = world.cpu_ns()?;
    let started = Instant::now();
    let mut counted = count(&mut receiver, MEASURED);
    let seconds = started.elapsed().as_secs_f64();
    let after = world.cpu_ns()?;
    let percent = |ns: u64| (ns as f64 / seconds / 1e7 * 1000.0).round() / 1000.0;
    let stage = percent(after.0.saturating_sub(before.0));
    let nodes: Vec<String> = (0..universes.div_ceil(NODE)).map(|node| format!("{}:{}", address(node), receiver.port())).collect();
    let bare = bare_sends(&nodes, counted.packets, PACKET).map_err(|e| e.to_string())?;
    let bare_percent = percent(bare.0);
    Ok(json!({
        "universes": universes, "parameters": universes * 256, "packets_per_second": (f64::from(counted.packets) / seconds).round(),
        "expected_per_second": universes * 44, "missed": counted.missed,
        "stage_percent_of_a_core": stage, "process_percent_of_a_core": percent(after.1.saturating_sub(before.1)),
        "bare_sends_percent_of_a_core": bare_percent, "times_bare_sends": (stage / bare_percent * 100.0).round() / 100.0,
        "interval_error": counted.errors.json(), "resident_kib": world.resident_kib(), "peak_kib": world.peak_kib(),
    }))
}

/// What came within a time.
#[derive(Default)]
struct Counted {
    packets: u32,
    /// Numbers left out between two packets of one universe.
    missed: u32,
    errors: Samples,
}

fn count(receiver: &mut Receiver, within: Duration) -> Counted {
    let end = Instant::now() + within;
    let mut counted = Counted::default();
    let mut last: BTreeMap<u16, (u8, i64)> = BTreeMap::new();
    while Instant::now() < end {
        let Some((at, bytes)) = receiver.take() else { continue };
        let (PACKET, Some([sequence, _, low, high])) = (bytes.len(), bytes.get(12..16)) else { continue };
        counted.packets += 1;
        if let Some((before, since)) = last.insert(u16::from_le_bytes([*low, *high]), (*sequence, at.0)) {
            // The sequence runs 1 to 255 and never is 0.
            let step = (i32::from(*sequence) - i32::from(before)).rem_euclid(255);
            counted.missed += u32::try_from(step - 1).unwrap_or(0);
            counted.errors.add((at.0 - since - FRAME_NS).abs());
        }
    }
    counted
}

fn address(node: u32) -> String {
    format!("127.1.0.{}", node + 1)
}

/// A show of so many full universes, and one more with a dimmer that `rounds` cues switch.
fn folder(universes: u32, port: u16, rounds: u32) -> Result<Folder, String> {
    let mut text =
        "[show]\ntitle = \"Bench\"\nlooks = \"track\"\nat_exit = \"leave\"\n[safe]\ntell = \"safe\"\n[show.start]\ntell = \"ready\"\n"
            .to_owned();
    for node in 0..=(universes / NODE) {
        let host = address(node);
        let _ = writeln!(
            text,
            "[device.n{node}]\nprofile = \"artnet-node\"\naddress = \"{host}\"\nport = {port}\nlocal_port = 0\nanswers = false"
        );
    }
    for universe in 1..=universes + 1 {
        let _ = writeln!(text, "[universe.{universe}]\non = \"n{}\"\naddress = {universe}", (universe - 1) / NODE);
    }
    for universe in 1..=universes {
        let _ = writeln!(
            text,
            "[fixture.u{universe}x]\nprofile = \"bench-head\"\nuniverse = {universe}\naddress = 1\ncount = 32\nspacing = 16"
        );
    }
    let _ = writeln!(text, "[fixture.probe]\nprofile = \"generic-dimmer\"\nuniverse = {}\naddress = 1", universes + 1);
    let names: Vec<String> = (1..=universes).map(|universe| format!("\"u{universe}x\"")).collect();
    let _ = writeln!(text, "[group.all]\nfixtures = [{}]", names.join(", "));
    let attributes: Vec<String> = ATTRIBUTES.iter().skip(1).map(|name| format!("{name} = \"90%\"")).collect();
    let _ = writeln!(text, "[look.up]\nall = {{ level = \"100%\", {} }}", attributes.join(", "));
    text += "[[cue]]\nnumber = \"1\"\nname = \"All\"\nquick = true\ndo = [{ light = { look = \"up\", fade = \"1h\" } }]\n";
    for n in 0..rounds {
        let level = if n % 2 == 0 { 100 } else { 0 };
        let _ = writeln!(
            text,
            "[[cue]]\nnumber = \"{}\"\nname = \"Probe\"\nquick = true\ndo = [{{ light = {{ probe = \"{level}%\" }} }}]",
            n + 2
        );
    }
    let folder = Folder::new(&text)?;
    let profiles = folder.0.join("profiles/fixtures");
    std::fs::create_dir_all(&profiles)
        .and_then(|()| std::fs::write(profiles.join("bench-head.toml"), head()))
        .map_err(|e| e.to_string())?;
    Ok(folder)
}

/// What a head of the bench has, each in 16 bits.
const ATTRIBUTES: [&str; 8] = ["Dimmer", "Pan", "Tilt", "Zoom", "Focus1", "ColorAdd_R", "ColorAdd_G", "ColorAdd_B"];

fn head() -> String {
    let mut text = "maker = \"Bench\"\nmodel = \"Head, 16 bit\"\nfootprint = 16\n".to_owned();
    for (attribute, slot) in ATTRIBUTES.iter().zip((1..).step_by(2)) {
        let _ = writeln!(text, "[[channel]]\nattribute = \"{attribute}\"\nslot = {slot}\nfine = {}", slot + 1);
    }
    text
}
