//! What a rack takes of its sockets: how much of which device, and what it does about one that floods.

use std::collections::VecDeque;

use super::budget::{Budget, FloodEvent, Meter};
use super::net::{Net, Owner, Ready};
use crate::device_api::{Facet, Level, Report};
use crate::devices::earlier;
use crate::show::DeviceIx;
use crate::time::{Mono, Span};

/// What is taken before whoever waits has a turn, as a [cost](super::budget::cost): twenty short messages, or 5 KB.
pub const SLICE: Span = Span::ms(4);
/// A port that many devices share takes this many times what one of them may send.
const SHARED: u64 = 4;
/// The facet of a device that floods.
const KEY: &str = "flood";

/// What is ready, what is held back, and the budgets.
#[derive(Debug, Default)]
pub struct Intake {
    meters: Vec<Meter>,
    /// By shared port.
    ports: Vec<Budget>,
    /// Descriptors that have something, each for one turn.
    pub ready: VecDeque<Ready>,
    /// Descriptors that are not read, and until when.
    held: Vec<(Mono, Ready)>,
}

impl Intake {
    /// For so many devices.
    #[must_use]
    pub fn new(devices: usize) -> Self {
        Self { meters: vec![Meter::default(); devices], ..Self::default() }
    }

    /// Whether something may be read whose messages are this owner's.
    #[must_use]
    pub fn admits(&self, now: Mono, owner: Owner) -> bool {
        match owner {
            Owner::Device(device) => self.meters.get(usize::from(device)).is_none_or(|meter| meter.admits(now)),
            Owner::Shared(port) => self.ports.get(port).is_none_or(|budget| budget.admits(now)),
            Owner::Nobody => true,
        }
    }

    /// Something was read that cost so much.
    pub fn spend(&mut self, now: Mono, owner: Owner, cost: Span) {
        match owner {
            Owner::Device(device) => self.meters.get_mut(usize::from(device)).into_iter().for_each(|meter| meter.spend(now, cost)),
            Owner::Shared(port) => {
                if self.ports.len() <= port {
                    self.ports.resize(port + 1, Budget::default());
                }
                self.ports.get_mut(port).into_iter().for_each(|budget| budget.spend(now, Span(cost.0 / SHARED)));
            }
            Owner::Nobody => {}
        }
    }

    /// A descriptor is not read for a while: its owner has no credit.
    pub fn hold_back(&mut self, now: Mono, net: &mut Net, ready: Ready, owner: Owner) -> Option<(DeviceIx, Report)> {
        let resumes = match owner {
            Owner::Device(device) => self.meters.get(usize::from(device)).map(Meter::resumes),
            Owner::Shared(port) => self.ports.get(port).map(Budget::resumes),
            Owner::Nobody => None,
        };
        net.hold_back(ready);
        // Never at once: a wake without a read would follow the other.
        self.held.push((resumes.unwrap_or(now).max(now + Span::ms(1)), ready));
        match owner {
            Owner::Device(device) => self.refuse(now, net, device),
            Owner::Shared(_) | Owner::Nobody => None,
        }
    }

    /// Something of a device was not taken: what is to be told of it.
    pub fn refuse(&mut self, now: Mono, net: &mut Net, device: u16) -> Option<(DeviceIx, Report)> {
        let closes = net.has_connections(device);
        let event = self.meters.get_mut(usize::from(device))?.hold(now, closes)?;
        if let FloodEvent::Close(pause) = event {
            net.close_until(now + pause, device, &format!("closed for {pause}: it sends without end").into());
        }
        Some((DeviceIx(device), Report::Health(facet(event, closes, net.hears_a_network(device)))))
    }

    /// Reads on where it is time, and gives what is to be told.
    pub fn tick(&mut self, now: Mono, net: &Net) -> impl Iterator<Item = (DeviceIx, Report)> + '_ {
        self.held.retain(|(until, ready)| {
            if *until <= now {
                net.read_on(*ready);
            }
            *until > now
        });
        let ended = move |meter: &mut Meter| meter.tick(now).map(|event| Report::Health(facet(event, true, false)));
        self.meters.iter_mut().zip(0..).filter_map(move |(meter, index)| Some((DeviceIx(index), ended(meter)?)))
    }

    /// When [`Intake::tick`] has something to do.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        let held = self.held.iter().map(|(until, _)| *until).min();
        self.meters.iter().map(Meter::next_due).fold(held, earlier)
    }
}

/// A flood in words. `closes`: it comes over connections; `network`: it is everybody's on a network.
fn facet(event: FloodEvent, closes: bool, network: bool) -> Facet {
    const LIMIT: &str = "more than 5,000 messages or 1.25 MB a second";
    let (level, text) = match event {
        FloodEvent::Began if network => (Level::Notice, format!("its network carries {LIMIT} for it: the rest is not read")),
        FloodEvent::Began if closes => {
            let remedy = "is it the right port, does the device repeat itself?";
            (Level::Warn, format!("it sends {LIMIT}: it is read slowly, and answers come late ({remedy})"))
        }
        FloodEvent::Began => (Level::Warn, format!("it sends {LIMIT}: the rest is dropped (does the device repeat itself?)")),
        FloodEvent::Close(pause) => (
            Level::Bad,
            format!("it sends without end: its connections are closed for {pause} (switch it off and on, or look at its settings)"),
        ),
        FloodEvent::Ended => (Level::Good, String::new()),
    };
    Facet { key: KEY.into(), level, text: text.into() }
}
