//! From GO to the wire, and how late timed actions are.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::Args;
use super::figures::{Samples, best_of};
use super::world::{World, cues, head};
use crate::devices::{Out, Payload, Plan, WireEvent, WireId};
use crate::links::receiver::Receiver;
use crate::links::sys;

/// Just over the short guard of `quick` cues (150 ms).
pub(super) const GAP: Duration = Duration::from_millis(165);
const PATIENCE: Duration = Duration::from_millis(1500);

/// OSC GO in to the cue's OSC message out, at the pace that the guard of quick cues allows.
pub(super) fn osc_to_osc(args: &Args) -> Result<Json, String> {
    presses(args, GAP, |_| "/go".to_owned())
}

/// The direct start of a cue by OSC to its OSC message out, every 50 ms: the pace at which other cue engines are measured.
pub(super) fn start_to_osc(args: &Args) -> Result<Json, String> {
    presses(args, Duration::from_millis(50), |n| format!("/cue/{}/start", n + 1))
}

fn presses(args: &Args, gap: Duration, address: impl Fn(u32) -> String) -> Result<Json, String> {
    let mut samples = best_of(args.runs, || {
        let mut receiver = Receiver::new().map_err(|e| e.to_string())?;
        let world = World::start(&(head(receiver.port()) + &cues(args.n, 1)))?;
        pressed(&world, &mut receiver, args.n, gap, &address)
    })?;
    Ok(samples.json())
}

/// `n` messages to the show, each awaited at the receiver: one datagram a press.
pub(super) fn pressed(
    world: &World,
    receiver: &mut Receiver,
    n: u32,
    gap: Duration,
    address: &impl Fn(u32) -> String,
) -> Result<Samples, String> {
    let mut samples = Samples::default();
    for n in 0..n {
        receiver.drain();
        let said = world.say(&address(n))?;
        match receiver.next(PATIENCE) {
            Some(arrival) => samples.add(arrival.at.0 - said.0),
            None => samples.missing += 1,
        }
        std::thread::sleep(gap);
    }
    Ok(samples)
}

/// One GO to fifty messages: first to last.
pub(super) fn fifty(args: &Args) -> Result<Json, String> {
    let rounds = args.n.min(100);
    let mut samples = best_of(args.runs, || {
        let mut receiver = Receiver::new().map_err(|e| e.to_string())?;
        let world = World::start(&(head(receiver.port()) + &cues(rounds, 50)))?;
        let mut samples = Samples::default();
        for _ in 0..rounds {
            receiver.drain();
            world.say("/go")?;
            let arrivals: Vec<_> = std::iter::from_fn(|| receiver.next(Duration::from_millis(200))).take(50).collect();
            match (arrivals.first(), arrivals.last()) {
                (Some(first), Some(last)) if arrivals.len() == 50 => samples.add(last.at.0 - first.at.0),
                _ => samples.missing += 1,
            }
            std::thread::sleep(GAP);
        }
        Ok(samples)
    })?;
    Ok(samples.json())
}

/// GO to the ArtDmx packet that carries the changed level, at a node that answers ArtPoll.
pub(super) fn go_to_artdmx(args: &Args) -> Result<Json, String> {
    let mut samples = best_of(args.runs, || {
        let mut receiver = Receiver::new().map_err(|e| e.to_string())?;
        let world = World::start(&light_show(receiver.port(), args.n))?;
        let mut node = Node::new()?;
        let mut samples = Samples::default();
        node.serve(&mut receiver, Duration::from_secs(3), |_| false)?;
        for n in 0..args.n {
            let level = level(n);
            let said = world.say("/go")?;
            match node.serve(&mut receiver, PATIENCE, |bytes| bytes.get(8..10) == Some(&[0x00, 0x50]) && bytes.get(18) == Some(&level))? {
                Some(at) => samples.add(at - said.0),
                None => samples.missing += 1,
            }
            node.serve(&mut receiver, GAP, |_| false)?;
        }
        Ok(samples)
    })?;
    Ok(samples.json())
}

const fn level(n: u32) -> u8 {
    if n.is_multiple_of(2) { 255 } else { 0 }
}

fn light_show(port: u16, cues: u32) -> String {
    let mut text = format!(
        "[show]\ntitle = \"Bench\"\nlooks = \"whole\"\nat_exit = \"leave\"\n[safe]\nlook = \"out\"\n[device.node]\nprofile = \"artnet-node\"\naddress = \"127.0.0.1\"\nport = {port}\nlocal_port = 0\n\
         [universe.1]\non = \"node\"\naddress = 1\n[fixture.d]\nprofile = \"generic-dimmer\"\nuniverse = 1\naddress = 1\n[look.full]\nd = {{ level = \"100%\" }}\n[look.out]\nd = {{ level = \"0%\" }}\n"
    );
    for n in 0..cues {
        let look = if level(n) == 255 { "full" } else { "out" };
        let _ =
            writeln!(text, "[[cue]]\nnumber = \"{}\"\nname = \"Look\"\nquick = true\n[[cue.do]]\nlight = {{ look = \"{look}\" }}", n + 1);
    }
    text
}

/// A lighting node on the receiver's socket: our own simulator answers the polls.
struct Node(Box<dyn crate::devices::Simulator>);

impl Node {
    fn new() -> Result<Self, String> {
        let folder = super::world::Folder::new(&light_show(1, 1))?;
        let loaded = crate::show::load(&folder.0, &[]);
        let show = loaded.show.ok_or("the bench's show does not load")?;
        let device = show.device_by_key("node").ok_or("the bench's show has no node")?;
        let family = crate::devices::family(&show.device(device).profile.family).ok_or("no such family")?;
        Ok(Self((family.simulator)(Plan { show: &show, device })))
    }

    /// Answers what comes until `limit` has passed or `found` is true of a datagram; gives its arrival.
    fn serve(&mut self, receiver: &mut Receiver, limit: Duration, found: impl Fn(&[u8]) -> bool) -> Result<Option<i64>, String> {
        let end = Instant::now() + limit;
        let mut out = Out::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let arrival = receiver.next(left.min(Duration::from_millis(50)));
            let now = sys::boottime();
            if let Some(arrival) = &arrival {
                let payload = Payload::Datagram(&arrival.bytes);
                self.0.handle(now, WireEvent::Data { wire: WireId(0), from: Some(arrival.from), payload }, &mut out);
            }
            self.0.tick(now, &mut out);
            for send in out.sends.drain(..) {
                if let Some(to) = send.to {
                    receiver.send_to(&send.bytes, to).map_err(|e| e.to_string())?;
                }
            }
            if let Some(arrival) = arrival.filter(|arrival| found(&arrival.bytes)) {
                return Ok(Some(arrival.at.0));
            }
        }
    }
}

/// How late timed actions are on an idle machine.
pub(super) fn timed_idle(args: &Args) -> Result<Json, String> {
    let mut samples = best_of(args.runs, timed)?;
    Ok(samples.json())
}

/// The same with every core kept busy.
pub(super) fn timed_busy(args: &Args) -> Result<Json, String> {
    let stop = Arc::new(AtomicBool::new(false));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let busy: Vec<_> = (0..cores)
        .map(|_| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })
        })
        .collect();
    let samples = best_of(args.runs, timed);
    stop.store(true, Ordering::Relaxed);
    for thread in busy {
        let _ = thread.join();
    }
    let mut figure = samples?.json();
    figure["busy_threads"] = json!(cores);
    Ok(figure)
}

/// A thousand actions 3.337 ms apart in one cue. Lateness is arrival less due: an action is due its `after` past the instant at which
/// the stage took the GO, which the journal holds. The way of the GO to the stage is [`osc_to_osc`]'s figure, not this one's.
fn timed() -> Result<Samples, String> {
    const ACTIONS: u32 = 1000;
    const STEP_NS: i64 = 3_337_000;
    let mut receiver = Receiver::new().map_err(|e| e.to_string())?;
    let mut text = head(receiver.port()) + "[[cue]]\nnumber = \"1\"\nname = \"Timed\"\n";
    for n in 0..ACTIONS {
        let after = format!("{}.{:06}ms", i64::from(n) * STEP_NS / 1_000_000, i64::from(n) * STEP_NS % 1_000_000);
        let _ = writeln!(text, "[[cue.do]]\nafter = \"{after}\"\nsend = {{ on = \"out\", address = \"/bench/{n}\" }}");
    }
    let world = World::start(&text)?;
    world.say("/go")?;
    let arrivals: Vec<_> = (0..ACTIONS).map_while(|_| receiver.next(PATIENCE)).collect();
    let go = world.went()?;
    let mut samples = Samples::default();
    for (arrival, n) in arrivals.iter().zip(0..) {
        samples.add(arrival.at.0 - go.0 - n * STEP_NS);
    }
    samples.missing = ACTIONS - u32::try_from(arrivals.len()).unwrap_or(ACTIONS);
    Ok(samples)
}
