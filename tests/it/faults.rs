//! Every family of the registry on a lossy wire, with many seeds: engine, drivers and simulators in virtual time, while random
//! keys are pressed, hands touch the devices and cables come out. And every family once on real sockets.
//!
//! `SHOWCALL_SEEDS=1000 cargo test --test it faults::` runs more seeds, `SHOWCALL_FAMILY=osc` one family alone; a failure names its seed.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use showcall::devices::registry::FAMILIES;
use showcall::devices::{Driver, Family, Lighting, Out, WireEvent};
use showcall::engine::{ActionId, Intent, Note, Op, Outcome, Report, Why};
use showcall::links::host::Host;
use showcall::links::rack::Cabling;
use showcall::links::random::SplitMix64;
use showcall::links::sys::boottime;
use showcall::links::{Fault, Rack, Simulate};
use showcall::show::{Act, CueIx, Db, DeviceIx, Keeping, ListIx, Proof, PropIx, Show, Target, Value, load_text};
use showcall::stage::rehearsal::{Run, What};
use showcall::time::{Mono, Span};

const SEEDS: u64 = 64;

thread_local! {
    /// What the drivers of the run put on their wires.
    static WIRE: RefCell<Wire> = RefCell::new(Wire::default());
}

/// What left, as far as the law of momentary actions asks.
#[derive(Default)]
struct Wire {
    /// How often each message left.
    left: BTreeMap<Message, usize>,
    /// How often it was the message of a lasting action: to a deck the end of a clip and of a recording are the same bytes.
    lasting: BTreeMap<Message, usize>,
    /// The message of a momentary action, learned from a call in which nothing else left.
    learned: BTreeMap<(PropIx, String), Message>,
    /// Messages that left for no action before they left for one.
    questions: BTreeSet<Message>,
    /// How often each momentary action was handed to its link.
    sent: BTreeMap<ActionId, usize>,
}

/// Device, wire and bytes.
type Message = (DeviceIx, u8, Vec<u8>);

/// A driver whose messages are counted.
struct Counted {
    driver: Box<dyn Driver>,
    device: DeviceIx,
    show: Arc<Show>,
    /// Momentary actions that it was given.
    given: BTreeMap<ActionId, (PropIx, String)>,
    /// Actions that it was given and that may be sent again.
    lasting: BTreeSet<ActionId>,
}

impl Counted {
    fn count(&self, out: &Out) {
        WIRE.with_borrow_mut(|wire| {
            let messages = || out.sends.iter().map(|send| (self.device, send.wire.0, send.bytes.clone()));
            for message in messages() {
                *wire.left.entry(message).or_default() += 1;
            }
            let unasked = out.sends.iter().filter(|send| send.sending.is_none());
            let unasked = unasked.map(|send| (self.device, send.wire.0, send.bytes.clone()));
            let unasked: Vec<Message> = unasked.filter(|message| !wire.learned.values().any(|known| known == message)).collect();
            wire.questions.extend(unasked);
            for send in &out.sends {
                // The stop before a clip is stood at is a message of the player's.
                if send.sending.as_ref().is_some_and(|sending| sending.more && self.lasting.contains(&sending.action)) {
                    *wire.lasting.entry((self.device, send.wire.0, send.bytes.clone())).or_default() += 1;
                }
            }
            let mut said =
                out.sends.iter().filter_map(|send| send.sending.as_ref().filter(|sending| !sending.more).map(|sending| sending.action));
            let (first, second) = (said.next(), said.next());
            for action in [first, second].into_iter().flatten().chain(said).filter(|action| self.given.contains_key(action)) {
                *wire.sent.entry(action).or_default() += 1;
            }
            if let (Some(action), None, [_], Some(message)) = (first, second, &out.sends[..], messages().next()) {
                // What has left for no action is a question: where a device holds the value already, it is all that is sent.
                let question = wire.questions.contains(&message);
                if let Some(what) = self.given.get(&action).filter(|_| !question) {
                    wire.learned.insert(what.clone(), message);
                } else if self.lasting.contains(&action) {
                    *wire.lasting.entry(message).or_default() += 1;
                }
            }
        });
    }
}

impl Driver for Counted {
    fn handle(&mut self, now: Mono, event: WireEvent<'_>, out: &mut Out) {
        self.driver.handle(now, event, out);
        self.count(out);
    }

    fn command(&mut self, now: Mono, command: &showcall::engine::Command, out: &mut Out) {
        if let Op::Set { value, .. } = &command.op
            && is_momentary(&self.show, command.prop)
        {
            self.given.insert(command.action, (command.prop, value.to_string()));
        } else if !is_momentary(&self.show, command.prop) && command.op != Op::Read {
            self.lasting.insert(command.action);
        }
        self.driver.command(now, command, out);
        self.count(out);
    }

    fn tick(&mut self, now: Mono, out: &mut Out) {
        self.driver.tick(now, out);
        self.count(out);
    }

    fn next_due(&self) -> Option<Mono> {
        self.driver.next_due()
    }

    fn lighting(&mut self) -> Option<&mut dyn Lighting> {
        self.driver.lighting()
    }
}

fn counted(name: &str) -> Option<Family> {
    let family = showcall::devices::family(name)?;
    Some(Family {
        driver: |plan| {
            let family = showcall::devices::family(&plan.device().profile.family).unwrap();
            Box::new(Counted {
                driver: (family.driver)(plan),
                device: plan.device,
                show: plan.show.clone(),
                given: BTreeMap::new(),
                lasting: BTreeSet::new(),
            })
        },
        ..family
    })
}

/// What may be sent once and never again.
fn is_momentary(show: &Show, prop: PropIx) -> bool {
    matches!(show.prop(prop).class, Keeping::Once | Keeping::Guarded)
}

/// The shows that put families under fire: `tests/fire/FAMILY.toml`, which every family of the registry must have, and more that a
/// family with several kinds of wires has, `tests/fire/FAMILY.WIRE.toml`. Each with its family's name.
fn shows() -> Vec<(&'static str, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fire");
    let mut shows = vec![];
    for family in families() {
        let own = format!("{folder}/{}.toml", family.name);
        let text = |path: &str| {
            std::fs::read_to_string(path).unwrap_or_else(|why| panic!("{path}: {why}; write it with a cue for each kind of action"))
        };
        shows.push((family.name, text(&own)));
        let more = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().to_str().unwrap().to_owned());
        let mut more: Vec<String> = more.filter(|path| path.starts_with(&format!("{folder}/{}.", family.name)) && *path != own).collect();
        more.sort();
        shows.extend(more.iter().map(|path| (family.name, text(path))));
    }
    shows
}

fn load(text: &str) -> Arc<Show> {
    let loaded = load_text(&[("fire.toml".into(), text.into())]);
    loaded.show.clone().unwrap_or_else(|| panic!("{:#?}", loaded.findings))
}

/// The families under test.
fn families() -> impl Iterator<Item = &'static Family> {
    let only = std::env::var("SHOWCALL_FAMILY").ok();
    FAMILIES.iter().filter(move |family| only.as_deref().is_none_or(|only| only == family.name))
}

fn seeds() -> u64 {
    std::env::var("SHOWCALL_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(SEEDS)
}

/// Properties that a cue of the show names.
fn named(show: &Show) -> BTreeSet<PropIx> {
    let steps = show.cues.iter().flat_map(|cue| &cue.steps);
    let acts = steps.flat_map(|step| step.acts.iter().chain(step.ladder().iter().flatten()));
    let own: BTreeSet<PropIx> = acts
        .filter_map(|act| match act {
            Act::Want { prop, .. } | Act::Fade { prop, .. } => Some(*prop),
            _ => None,
        })
        .collect();
    own
}

/// One run under fire.
struct Fire {
    seed: u64,
    run: Run,
    random: SplitMix64,
    named: BTreeSet<PropIx>,
    /// What the devices held before the first GO.
    before: BTreeMap<PropIx, Option<Value>>,
    /// Touched by a hand, and when.
    touched: BTreeMap<PropIx, Mono>,
    /// Devices that lost their memory.
    rebooted: BTreeSet<DeviceIx>,
}

impl Fire {
    fn new(show: &Arc<Show>, seed: u64) -> Self {
        let cabling = Cabling { simulate: &Simulate::All, seed, any_port: true, family: counted };
        WIRE.set(Wire::default());
        let mut run = Run::new(show, cabling).unwrap();
        run.advance(Mono::ZERO + Span::secs(10));
        let mut fire = Self {
            seed,
            run,
            random: SplitMix64::new(seed),
            named: named(show),
            before: BTreeMap::new(),
            touched: BTreeMap::new(),
            rebooted: BTreeSet::new(),
        };
        fire.before = fire.props().map(|prop| (prop, fire.peek(prop))).collect();
        fire
    }

    fn props(&self) -> impl Iterator<Item = PropIx> + use<> {
        (0..u32::try_from(self.run.show().props.len()).unwrap()).map(PropIx)
    }

    fn peek(&mut self, prop: PropIx) -> Option<Value> {
        let show = self.run.show().clone();
        let prop = show.prop(prop);
        self.run.rack().simulator(prop.device)?.peek(&prop.path)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.random.below(end as u64)).unwrap()
    }

    /// One random event, and some time.
    fn act(&mut self) {
        let show = self.run.show().clone();
        let device = DeviceIx(u16::try_from(self.below(show.devices.len())).unwrap());
        match self.below(12) {
            0..=2 => self.run.want(Intent::Go { list: ListIx(0), seen: None }),
            3..=5 => {
                let cue = CueIx(u32::try_from(self.below(show.cues.len())).unwrap());
                self.run.want(Intent::Start { cue });
            }
            6..=7 => self.storm(device),
            8 => {
                self.run.fault(device, Fault::Heal, "heal");
            }
            9 => self.hand(device),
            10 => self.run.want(Intent::Stop { target: Target::All }),
            _ => {
                self.run.want(Intent::Pause { target: Target::All });
                self.wait(800);
                self.run.want(Intent::Resume { target: Target::All });
            }
        }
        self.wait(2500);
    }

    fn storm(&mut self, device: DeviceIx) {
        let percent = u8::try_from(self.below(60)).unwrap();
        let fault = match self.below(8) {
            0 => Fault::Loss(percent),
            1 => Fault::Duplicate(percent),
            2 => Fault::Reorder(percent),
            3 => Fault::Delay(Span::ms(u64::from(percent))),
            4 | 5 => Fault::Cut,
            6 => Fault::Silent,
            _ => Fault::Reboot,
        };
        if fault == Fault::Reboot {
            self.rebooted.insert(device);
        }
        assert!(self.run.fault(device, fault, "storm"));
    }

    /// A hand at the device moves something that it has.
    fn hand(&mut self, device: DeviceIx) {
        let props = self.run.show().device(device).props.clone();
        if props.is_empty() {
            return;
        }
        let prop = props[self.below(props.len())];
        let new = match self.peek(prop) {
            Some(Value::Switch(on)) => Value::Switch(!on),
            Some(Value::Level(_)) => Value::Level(Db(-1000 * i32::try_from(self.below(60)).unwrap())),
            Some(Value::Text(_)) => Value::text("by hand"),
            _ => return,
        };
        let (now, path) = (self.run.now(), self.run.show().prop(prop).path.clone());
        self.touched.insert(prop, now);
        for moved in self.run.show().prop(prop).moves.clone() {
            self.touched.insert(moved, now);
        }
        self.run.rack().poke(now, device, &path, &new);
    }

    fn wait(&mut self, most_ms: u64) {
        let ms = 10 + self.random.below(most_ms);
        self.run.advance(self.run.now() + Span::ms(ms));
    }

    fn heal(&mut self) {
        for device in 0..u16::try_from(self.run.show().devices.len()).unwrap() {
            self.run.fault(DeviceIx(device), Fault::Heal, "heal");
        }
        self.run.advance(self.run.now() + Span::secs(120));
    }

    /// The last command that a property got, when, and how its action ended.
    fn last_commands(&self) -> BTreeMap<PropIx, (ActionId, Mono, Op)> {
        let mut last = BTreeMap::new();
        for entry in self.run.log() {
            if let What::Command(_, command) = &entry.what {
                last.insert(command.prop, (command.action, entry.at, command.op.clone()));
            }
        }
        last
    }

    /// When something was commanded that moves this property by itself: a recall of its device, a take that moves preview.
    fn movers(&self, prop: PropIx) -> impl Iterator<Item = Mono> {
        let device = self.run.show().prop(prop).device;
        self.run.log().iter().filter_map(move |entry| match &entry.what {
            What::Command(to, command) if *to == device => {
                let spec = self.run.show().prop(command.prop);
                (spec.barrier || (command.prop != prop && spec.moves.contains(&prop))).then_some(entry.at)
            }
            _ => None,
        })
    }

    fn outcomes(&self) -> BTreeMap<ActionId, Outcome> {
        let note = |entry: &showcall::stage::rehearsal::Entry| match &entry.what {
            What::Note(Note::Action { action, outcome, .. }) => Some((*action, outcome.clone())),
            _ => None,
        };
        self.run.log().iter().filter_map(note).collect()
    }

    /// Holds the laws; `at` names seed and family.
    fn laws(&mut self, at: &str) {
        self.momentary_once(at);
        assert!(!self.run.stuck, "{at}: a driver and its simulator talk without end");
        let outcomes = self.outcomes();
        self.every_action_ended(at, &outcomes);
        self.nothing_that_no_cue_set(at);
        self.confirmed_is_true(at, &outcomes);
        self.held_is_kept(at);
    }

    /// No momentary action left twice: by the driver's own word, and by the bytes on its wire.
    fn momentary_once(&self, at: &str) {
        let mut given: BTreeMap<(PropIx, String), usize> = BTreeMap::new();
        for entry in self.run.log() {
            if let What::Command(_, command) = &entry.what
                && let Op::Set { value, .. } = &command.op
            {
                *given.entry((command.prop, value.to_string())).or_default() += 1;
            }
        }
        WIRE.with_borrow(|wire| {
            let twice = wire.sent.iter().find(|(_, times)| **times > 1);
            assert!(twice.is_none(), "{at}: a momentary action was sent twice: {twice:?}");
            let mut may: BTreeMap<&Message, usize> = BTreeMap::new();
            for (what, message) in &wire.learned {
                *may.entry(message).or_default() += given[what];
            }
            for (message, may) in may {
                let left = wire.left[message] - wire.lasting.get(message).copied().unwrap_or_default();
                let text = String::from_utf8_lossy(&message.2);
                assert!(left <= may, "{at}: {may} momentary actions left as {left} messages {text:?}");
            }
        });
    }

    fn every_action_ended(&self, at: &str, outcomes: &BTreeMap<ActionId, Outcome>) {
        let mut seen = BTreeSet::new();
        for entry in self.run.log() {
            let What::Command(_, command) = &entry.what else { continue };
            if !matches!(command.why, Why::Step { .. }) || !matches!(command.op, Op::Set { .. } | Op::Fade { .. }) {
                continue;
            }
            assert!(outcomes.contains_key(&command.action), "{at}: an action never ended: {command:?}");
            assert!(
                seen.insert(command.action) || !is_momentary(self.run.show(), command.prop),
                "{at}: a momentary action was given twice: {command:?}"
            );
        }
    }

    fn nothing_that_no_cue_set(&mut self, at: &str) {
        for entry in self.run.log() {
            if let What::Command(_, command) = &entry.what {
                assert!(self.named.contains(&command.prop), "{at}: a command to a property that no cue names: {command:?}");
            }
        }
        let show = self.run.show().clone();
        let recalls = self.named.iter().any(|prop| show.prop(*prop).barrier);
        let moved: BTreeSet<PropIx> = self.named.iter().flat_map(|prop| show.prop(*prop).moves.iter().copied()).collect();
        for prop in self.props() {
            let own = self.named.contains(&prop) || moved.contains(&prop) || self.touched.contains_key(&prop);
            if own || recalls || self.rebooted.contains(&show.prop(prop).device) {
                continue;
            }
            let (was, is) = (self.before[&prop].clone(), self.peek(prop));
            assert_eq!(was, is, "{at}: {} changed and nobody wanted it", show.prop(prop).path);
        }
    }

    /// What was confirmed, and neither a hand nor a reboot came after it, is what the device holds.
    fn confirmed_is_true(&mut self, at: &str, outcomes: &BTreeMap<ActionId, Outcome>) {
        let show = self.run.show().clone();
        for (prop, (action, sent, op)) in self.last_commands() {
            let spec = show.prop(prop);
            let value = match op {
                Op::Set { value, .. } | Op::Fade { to: value, .. } => value,
                Op::Halt | Op::Continue | Op::Read => continue,
            };
            let confirmed = matches!(outcomes.get(&action), Some(Outcome::Confirmed { .. }));
            // A recall or a cut moves what it finds, and may overtake a set on its way.
            let recalled = self.movers(prop).any(|moved| moved + Span::secs(5) >= sent);
            if !confirmed
                || recalled
                || spec.proof != Proof::Observed
                || self.touched.contains_key(&prop)
                || self.rebooted.contains(&spec.device)
            {
                continue;
            }
            let held = self.peek(prop);
            // A desk holds the nearest of its own steps; 0.6 dB is the widest near the levels used here.
            let same = held.as_ref().is_some_and(|held| held.same(&value, spec.tolerance.max(600)));
            assert!(same, "{at}: {} was confirmed at {value}, and the device holds {held:?}", spec.path);
        }
    }

    /// A hold property that nobody touched is as wanted, or the difference is shown.
    fn held_is_kept(&mut self, at: &str) {
        let show = self.run.show().clone();
        let view = self.run.engine().snapshot(self.run.now());
        for (prop, (action, _, op)) in self.last_commands() {
            let spec = show.prop(prop);
            let Op::Set { value, .. } = op else { continue };
            // Something newer was wanted while the device could not be told.
            let newer = self.run.log().iter().any(|entry| matches!(&entry.what, What::Note(Note::Action { prop: Some(of), action: newer, .. }) if *of == prop && *newer > action));
            if newer {
                continue;
            }
            if spec.class != Keeping::Hold || self.touched.contains_key(&prop) {
                continue;
            }
            // What is switched off shows nothing, and can not tell what it would show.
            let off = self.run.rack().simulator(spec.device).and_then(|simulator| simulator.peek("power")) == Some(Value::Switch(false));
            if off {
                continue;
            }
            let kept = self.peek(prop).is_some_and(|held| held.same(&value, spec.tolerance));
            let shown = view.devices[spec.device.at()].differences > 0;
            assert!(kept || shown, "{at}: {} is not as wanted, and nothing says so", spec.path);
        }
    }
}

#[test]
fn every_family_keeps_the_laws_on_a_lossy_wire() {
    for (family, text) in shows() {
        let show = load(&text);
        let (mut confirmed, mut failed, mut momentary, mut learned) = (0, 0, 0, 0);
        for seed in 0..seeds() {
            let mut fire = Fire::new(&show, seed);
            for _ in 0..25 {
                fire.act();
            }
            fire.heal();
            let at = format!("family {family}, seed {}", fire.seed);
            fire.laws(&at);
            let outcomes = fire.outcomes();
            confirmed += outcomes.values().filter(|outcome| matches!(outcome, Outcome::Confirmed { .. })).count();
            failed += outcomes.values().filter(|outcome| matches!(outcome, Outcome::Failed { .. } | Outcome::Refused { .. })).count();
            momentary += WIRE.with_borrow(|wire| wire.sent.len());
            learned += WIRE.with_borrow(|wire| wire.learned.len());
        }
        // Fire that burns nothing, or everything, would prove nothing.
        let proves = show.props.iter().any(|prop| prop.proof == Proof::Observed);
        assert!(!proves || (confirmed > 0 && failed > 0), "{family}: {confirmed} confirmed, {failed} failed");
        let once = named(&show).iter().filter(|prop| is_momentary(&show, **prop)).count();
        println!(
            "{family}: {confirmed} confirmed, {failed} failed, {momentary} of {once} momentary properties, {learned} known by their bytes"
        );
        assert!(once == 0 || momentary > 0, "{family}: no momentary action was ever sent");
    }
}

/// A device that stands still when it has told everything (a stopped process, a hung card): its wire stays up, and what it said before
/// the sending is no proof of what is sent afterwards.
#[test]
fn a_device_that_has_said_nothing_since_the_sending_confirms_nothing() {
    for (family, text) in shows() {
        let show = load(&text);
        let mut run = Fire::new(&show, 3).run;
        let devices: Vec<DeviceIx> = (0..u16::try_from(show.devices.len()).unwrap()).map(DeviceIx).collect();
        let (mut proven, mut unproven) = (0, 0);
        for cue in (0..u32::try_from(show.cues.len()).unwrap()).map(CueIx) {
            let fire = |run: &mut Run| {
                let before = run.log().len();
                run.want(Intent::Start { cue });
                run.advance(run.now() + Span::secs(30));
                let confirmed = |entry: &showcall::stage::rehearsal::Entry| match &entry.what {
                    What::Note(Note::Action { action, outcome: Outcome::Confirmed { .. }, .. }) => Some(*action),
                    _ => None,
                };
                run.log()[before..].iter().filter_map(confirmed).collect::<Vec<_>>()
            };
            // What is wanted afterwards is what was heard last.
            proven += fire(&mut run).len();
            devices.iter().for_each(|device| assert!(run.fault(*device, Fault::Silent, "stands still")));
            let green = fire(&mut run);
            assert!(green.is_empty(), "{family}: cue {} was confirmed by memory: {green:?}", show.cue(cue).number);
            unproven += 1;
            devices.iter().for_each(|device| assert!(run.fault(*device, Fault::Heal, "goes on")));
            run.advance(run.now() + Span::secs(60));
        }
        let proves = named(&show).iter().any(|prop| show.prop(*prop).proof != Proof::None);
        assert!(!proves || proven > 0, "{family}: nothing was ever confirmed in {unproven} cues");
    }
}

#[test]
fn the_same_seed_is_the_same_night() {
    for (family, text) in shows() {
        let show = load(&text);
        let night = || {
            let mut fire = Fire::new(&show, 7);
            (0..25).for_each(|_| fire.act());
            fire.run.log().iter().map(|entry| format!("{entry:?}")).collect::<Vec<_>>()
        };
        assert_eq!(night(), night(), "{family}");
    }
}

#[test]
fn every_family_drives_its_own_simulator_over_real_sockets() {
    for (family, text) in shows() {
        let show = load(&text);
        for index in 0..u16::try_from(show.devices.len()).unwrap() {
            over_sockets(family, &show, DeviceIx(index));
        }
    }
}

/// One device of a family's show: its simulator listens, the driver comes online there, and a command lands where it can be proven.
fn over_sockets(family: &str, plain: &Arc<Show>, device: DeviceIx) {
    let listen = "127.0.0.1:0".parse().unwrap();
    let mut host = match Host::open(plain, device, showcall::devices::family(family).unwrap(), listen) {
        // A MIDI port is no socket.
        Err(why) if why.kind() == std::io::ErrorKind::Unsupported => return,
        opened => opened.unwrap(),
    };
    let mut show = (**plain).clone();
    show.devices[device.at()].port = host.address().port();
    let show = Arc::new(show);
    let others = (0..u16::try_from(show.devices.len()).unwrap()).map(DeviceIx).filter(|other| *other != device).collect();
    let simulate = Simulate::Some(others);
    let mut rack = Rack::with(&show, Cabling { simulate: &simulate, seed: 1, any_port: true, family: showcall::devices::family }).unwrap();
    let online = until(&mut rack, &mut host, |report| matches!(report, (d, Report::Online { .. }) if *d == device));
    assert!(online, "{family}: the driver of device {} never came online", device.0);
    let wanted = named(&show).into_iter().find(|prop| show.prop(*prop).device == device && show.prop(*prop).proof == Proof::Observed);
    let Some(prop) = wanted else { return };
    let held = host.simulator().peek(&show.prop(prop).path);
    let value = match held {
        Some(Value::Switch(on)) => Value::Switch(!on),
        Some(Value::Level(_)) => Value::Level(Db(-10_000)),
        _ => Value::text("cam"),
    };
    let command = showcall::engine::Command {
        action: ActionId(1),
        prop,
        op: Op::Set { value: value.clone(), transition: None },
        due: boottime(),
        priority: showcall::engine::Priority::Discrete,
        why: Why::Operator,
    };
    rack.command(boottime(), device, &command);
    let tolerance = show.prop(prop).tolerance.max(600);
    let seen = until(
        &mut rack,
        &mut host,
        |report| matches!(report, (_, Report::Observed { prop: p, value: v, .. }) if *p == prop && v.same(&value, tolerance)),
    );
    assert!(seen, "{family}: {} was not observed at {value}", show.prop(prop).path);
    let held = host.simulator().peek(&show.prop(prop).path);
    assert!(held.as_ref().is_some_and(|held| held.same(&value, tolerance)), "{family}: the device holds {held:?}");
}

/// Runs both sides until a report fits; false after 20 s.
fn until(rack: &mut Rack, host: &mut Host, fits: impl Fn(&(DeviceIx, Report)) -> bool) -> bool {
    let limit = boottime() + Span::secs(20);
    while boottime() < limit {
        rack.tick(boottime());
        host.step(Some(Span::ms(2))).unwrap();
        rack.poll(boottime()).unwrap();
        if rack.take_reports().collect::<Vec<_>>().iter().any(&fits) {
            return true;
        }
    }
    false
}
