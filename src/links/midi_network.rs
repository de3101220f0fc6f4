//! The input port that others reach over the network: a listener of network MIDI on two datagram ports, served by a thread of its own.
//!
//! Who is let in is a MIDI port called `network: NAME` to the show's triggers. Nothing listens before the show says where.

use std::collections::BTreeMap;
use std::io;
use std::net::{ToSocketAddrs, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::midi::{MidiEvent, Shared, message};
use super::sys::{Poller, boottime};
use super::udp;
use crate::device_api::Level;
use crate::devices::midi::network::{CONTROL, DATA, Event, Listener, NAME};
use crate::devices::{Out, WireId};
use crate::show::Trigger;
use crate::time::Span;

/// How soon the thread sees that the show is over, and how soon a port that was taken is tried again.
const LOOK: Span = Span::secs(1);
/// Packets taken from a port at one wake.
const PACKETS: usize = 32;

/// Two open ports and who is let in.
struct Door {
    poller: Poller,
    sockets: [(WireId, UdpSocket); 2],
    listener: Listener,
    /// By source number.
    names: BTreeMap<u32, Arc<str>>,
    out: Out,
    events: Vec<Event>,
}

/// Listens until the show is over.
pub(super) fn run(shared: &Shared, listen: &str) {
    let mut told = String::new();
    while !shared.over.load(Ordering::Acquire) {
        match Door::open(listen) {
            Ok(mut door) => {
                tell(shared, &format!("nobody is connected yet (listens on {})", door.place()), &BTreeMap::new());
                door.serve(shared);
                return;
            }
            Err(error) => {
                let why = format!("cannot listen on {listen} and the next port ({})", udp::plain(&error));
                if told != why {
                    tell(shared, &why, &BTreeMap::new());
                    told = why;
                }
                std::thread::park_timeout(std::time::Duration::from_nanos(LOOK.0));
            }
        }
    }
}

/// What each pattern must know: who of its name is there, or why nobody is.
fn tell(shared: &Shared, nobody: &str, names: &BTreeMap<u32, Arc<str>>) {
    for (index, pattern) in shared.patterns.iter().enumerate().filter(|(_, pattern)| Trigger::is_network(pattern)) {
        let fits: Vec<String> = names.values().map(|name| port(name)).filter(|port| port.contains(&**pattern)).collect();
        if fits.is_empty() {
            shared.health(index, Level::Bad, nobody);
        } else {
            shared.health(index, Level::Good, &format!("open: {}", fits.join(", ")));
        }
    }
}

/// What somebody's session is called as a port.
fn port(name: &str) -> String {
    format!("network: {name}")
}

impl Door {
    fn open(listen: &str) -> io::Result<Self> {
        let address = listen.to_socket_addrs()?.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let (control, data) = udp::neighbours(address)?;
        let poller = Poller::new()?;
        poller.add(control.as_fd(), 0)?;
        poller.add(data.as_fd(), 1)?;
        let (listener, names) = (Listener::new(NAME, boottime()), BTreeMap::new());
        Ok(Self { poller, sockets: [(CONTROL, control), (DATA, data)], listener, names, out: Out::new(), events: vec![] })
    }

    fn place(&self) -> String {
        let [(_, control), _] = &self.sockets;
        control.local_addr().map_or_else(|_| "its port".to_owned(), |address| address.to_string())
    }

    fn serve(&mut self, shared: &Shared) {
        let mut buffer = vec![0; 65_536];
        while !shared.over.load(Ordering::Acquire) {
            let due = self.listener.next_due().map_or(LOOK, |due| due.since(boottime()).min(LOOK));
            // A failed wait is a wake without a reason.
            drop(self.poller.wait(Some(due)));
            let now = boottime();
            for (wire, socket) in &self.sockets {
                for _ in 0..PACKETS {
                    let Some((length, from)) = udp::receive(socket, &mut buffer) else { break };
                    let bytes = buffer.get(..length).unwrap_or_default();
                    self.listener.datagram(now, *wire, from, bytes, &mut self.out, &mut self.events);
                }
            }
            self.listener.tick(now, &mut self.out, &mut self.events);
            self.send();
            self.pass_on(shared);
        }
        self.listener.close(&mut self.out);
        self.send();
    }

    fn send(&mut self) {
        for send in self.out.sends.drain(..) {
            let [control, data] = &self.sockets;
            let (_, socket) = if send.wire == CONTROL { control } else { data };
            // Who can not be reached will be missed by his clock.
            drop(send.to.map(|to| socket.send_to(&send.bytes, to)));
        }
    }

    fn pass_on(&mut self, shared: &Shared) {
        for event in std::mem::take(&mut self.events) {
            match event {
                Event::Up { source, name } => {
                    self.names.insert(source, name);
                    tell(shared, "nobody of this name is connected", &self.names);
                }
                Event::Down { source, why } => {
                    self.names.remove(&source);
                    tell(shared, &why, &self.names);
                }
                Event::Message { source, bytes } => {
                    let Some(name) = self.names.get(&source).map(|name| port(name)) else { continue };
                    // The pattern that says most: a message is heard once.
                    let patterns = shared.patterns.iter().enumerate();
                    let fits = patterns.filter(|(_, pattern)| Trigger::is_network(pattern) && name.contains(&***pattern));
                    let best = fits.max_by_key(|(_, pattern)| pattern.len()).map(|(index, _)| index);
                    if let (Some(port), Some(bytes)) = (best, message(&bytes)) {
                        shared.give(MidiEvent::Message { port, bytes });
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::device_api::Facet;
    use crate::devices::midi::network::packet;
    use crate::devices::midi::network::signal::{Call, Signal};
    use crate::links::midi::Inputs;

    fn next(inputs: &Inputs) -> MidiEvent {
        let mut poller = Poller::new().unwrap();
        poller.add(inputs.fd(), 0).unwrap();
        loop {
            match inputs.take() {
                Some(event) => return event,
                None => drop(poller.wait(None).unwrap()),
            }
        }
    }

    fn fact(inputs: &Inputs) -> (Arc<str>, Level, String) {
        let MidiEvent::Health(Facet { key, level, text }) = next(inputs) else { panic!("not a fact") };
        (key, level, text.to_string())
    }

    #[test]
    fn who_is_let_in_is_a_port_and_the_pattern_that_says_most_hears_him() {
        let inputs = Inputs::open(&["network".into(), "network: Desk".into()], Some(&"127.0.0.1:0".into())).unwrap();
        let (key, level, text) = fact(&inputs);
        assert_eq!((&*key, level), ("midi/network", Level::Bad));
        let port: u16 = text.trim_end_matches(')').rsplit(':').next().unwrap().parse().unwrap();
        fact(&inputs);
        let (control, data) = udp::neighbours("127.0.0.1:0".parse().unwrap()).unwrap();
        let invitation = Signal::Invite(Call { token: 1, source: 7, name: "Desk 1".into() }).bytes();
        for (socket, to) in [(&control, port), (&data, port + 1)] {
            socket.set_nonblocking(false).unwrap();
            socket.send_to(&invitation, ("127.0.0.1", to)).unwrap();
            let mut answer = [0; 64];
            let length = socket.recv(&mut answer).unwrap();
            assert!(matches!(Signal::read(&answer[..length]), Some(Signal::Accept(call)) if call.token == 1 && call.name == NAME));
        }
        for key in ["midi/network", "midi/network: Desk"] {
            assert_eq!(fact(&inputs), (key.into(), Level::Good, format!("MIDI port \"{}\": open: network: Desk 1", &key[5..])));
        }
        data.send_to(&packet::write(1, 0, 7, &[0x90, 60, 1, 0, 0xF8], &[]), ("127.0.0.1", port + 1)).unwrap();
        assert_eq!(next(&inputs), MidiEvent::Message { port: 1, bytes: [0x90, 60, 1].into() });
        control.send_to(&Signal::End { source: 7 }.bytes(), ("127.0.0.1", port)).unwrap();
        let (_, level, text) = fact(&inputs);
        assert!(level == Level::Bad && text.contains("Desk 1 closed the session"), "{text}");
    }

    #[test]
    fn a_port_that_is_taken_is_a_health_fact_and_tried_again() {
        let (control, data) = udp::neighbours("127.0.0.1:0".parse().unwrap()).unwrap();
        let place: Arc<str> = control.local_addr().unwrap().to_string().into();
        let inputs = Inputs::open(&["network".into()], Some(&place)).unwrap();
        let (_, level, text) = fact(&inputs);
        assert!(level == Level::Bad && text.contains("taken"), "{text}");
        drop((control, data));
        assert!(fact(&inputs).2.contains("listens on"));
    }
}
