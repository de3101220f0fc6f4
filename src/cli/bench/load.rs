//! How long a large show takes to load, to be ready, and what it weighs.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::Args;
use super::figures::{Samples, best_of};
use super::world::{Folder, World, cues, head};
use crate::engine::{By, Effects, Engine, Input, Intent, Mode};
use crate::show::ListIx;
use crate::time::{Mono, Span};

const CUES: u32 = 10_000;
const STEPS: u32 = 4;

/// Load and check of 10,000 cues with 4 steps each, in this process.
pub(super) fn load(args: &Args) -> Result<Json, String> {
    let folder = Folder::new(&(head(9) + &cues(CUES, STEPS)))?;
    let mut samples = best_of(1, || {
        let mut samples = Samples::default();
        for _ in 0..args.runs.max(3) {
            let start = Instant::now();
            let loaded = crate::show::load(&folder.0, &[]);
            samples.add(i64::try_from(start.elapsed().as_nanos()).unwrap_or(i64::MAX));
            if loaded.show.is_none() {
                return Err("the bench's show has errors".into());
            }
        }
        Ok(samples)
    })?;
    Ok(samples.json())
}

/// What the stage's own thread pays at 10,000 cues for a checkpoint (a copy of the state) and for a snapshot, in this process.
pub(super) fn copies(args: &Args) -> Result<Json, String> {
    let folder = Folder::new(&(head(9) + &cues(CUES, STEPS)))?;
    let show = crate::show::load(&folder.0, &[]).show.ok_or("the bench's show has errors")?;
    let (mut engine, mut effects) = (Engine::new(show), Effects::new());
    engine.step(Mono::ZERO, &Input::Begin { mode: Mode::Live }, &mut effects);
    let (mut checkpoints, mut snapshots) = (Samples::default(), Samples::default());
    let mut now = Mono::ZERO;
    for _ in 0..args.n {
        now += Span::ms(165);
        engine.step(now, &Input::Intent { intent: Intent::Go { list: ListIx(0), seen: None }, by: By::Show }, &mut effects);
        effects.clear();
        let start = Instant::now();
        let checkpoint = std::hint::black_box(engine.checkpoint());
        checkpoints.add(i64::try_from(start.elapsed().as_nanos()).unwrap_or(i64::MAX));
        drop(checkpoint);
        let start = Instant::now();
        let snapshot = std::hint::black_box(engine.snapshot(now));
        snapshots.add(i64::try_from(start.elapsed().as_nanos()).unwrap_or(i64::MAX));
        drop(snapshot);
    }
    Ok(json!({ "checkpoint": checkpoints.json(), "snapshot": snapshots.json() }))
}

/// From the start of the process to ready for GO: fresh, and resuming after a kill; and the memory one second later.
pub(super) fn start(args: &Args) -> Result<Json, String> {
    let text = head(9) + &cues(CUES, STEPS);
    let (mut fresh, mut resumed) = (Samples::default(), Samples::default());
    let (mut memory_fresh, mut memory_resumed) = (Vec::new(), Vec::new());
    for _ in 0..args.runs {
        let world = World::start(&text)?;
        fresh.add(i64::try_from(world.ready_after.0).unwrap_or(i64::MAX));
        std::thread::sleep(Duration::from_secs(1));
        memory_fresh.extend(world.resident_kib());
        world.say("/go")?;
        std::thread::sleep(Duration::from_millis(300));
        let world = world.killed_and_resumed()?;
        resumed.add(i64::try_from(world.ready_after.0).unwrap_or(i64::MAX));
        std::thread::sleep(Duration::from_secs(1));
        memory_resumed.extend(world.resident_kib());
    }
    Ok(json!({
        "fresh": fresh.json(), "resumed": resumed.json(),
        "resident_kib_fresh": memory_fresh.iter().min(), "resident_kib_resumed": memory_resumed.iter().min(),
    }))
}
