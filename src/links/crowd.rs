//! A crowd of devices on loopback, some of them dead: the far side of `showcall bench` and of the tests of a show with many wires.
//!
//! A live one is its family's simulator behind a real socket ([`Host`]), served by a thread of its own. A dead one is dead in one of
//! four ways, each of which streams meet on a show's network ([`End`]). All ports are of the kernel's choice.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};

use socket2::{Domain, Socket, Type};

use super::host::Host;
use super::random::SplitMix64;
use crate::devices::{Family, Out, Plan, Simulator, WireEvent};
use crate::show::{self, Library, Severity, Show, Value};
use crate::time::{Mono, Span};

/// Any port of this machine alone.
const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// How soon a served device sees that its crowd is gone.
const LOOK: Span = Span::ms(500);
/// Connections that fill a door of which nobody takes any; the kernel lets in one more than it is told.
const FILLERS: usize = 4;

/// What stands at the far end of a device's wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The device's simulator.
    Live,
    /// A TCP port at which nobody listens: each connection is refused.
    Refused,
    /// A TCP port that answers no attempt to connect, neither yes nor no.
    Swallowed,
    /// A TCP port that takes connections and never reads from one.
    Frozen,
    /// The device's transport; each thing that comes is answered by bytes that make no sense.
    Garbled,
}

/// One device of the crowd.
#[derive(Debug, Clone)]
pub struct Seat {
    /// Its key in the show.
    pub key: String,
    /// Key of its hardware profile.
    pub profile: String,
    /// More lines of its table in the show: patch and options.
    pub patch: &'static str,
    /// What it is.
    pub end: End,
}

impl Seat {
    /// Its table in a show, at a port. Options that name a local port take any, so that crowds do not meet.
    fn table(&self, port: u16, library: &Library) -> String {
        let mut text =
            format!("[device.{}]\nprofile = \"{}\"\naddress = \"127.0.0.1\"\nport = {port}\n{}\n", self.key, self.profile, self.patch);
        if let Some(profile) = library.profile(&self.profile) {
            for (option, quiet) in [("local_port", "0"), ("reply_port", "0"), ("notices", "false")] {
                if profile.options.contains_key(option) {
                    text.push_str(&format!("{option} = {quiet}\n"));
                }
            }
        }
        text
    }
}

/// The devices. Dropping it ends them.
#[derive(Debug)]
pub struct Crowd {
    show: String,
    over: Arc<AtomicBool>,
    served: Vec<JoinHandle<()>>,
    /// Held so that their ports stay as dead as they are.
    dead: Vec<Socket>,
}

impl Crowd {
    /// Puts every device at its port. `rest` is the show without them: a simulator knows the properties that its cues use.
    ///
    /// # Errors
    /// When that and the devices' tables make no show, or the kernel gives no socket or thread.
    pub fn open(rest: &str, seats: &[Seat]) -> io::Result<Self> {
        let library = Library::builtin();
        let text = seats.iter().fold(rest.to_owned(), |text, seat| text + &seat.table(9, &library));
        let loaded = show::load_text(&[("crowd.toml".to_owned(), text)]);
        let errors = || loaded.findings.iter().filter(|finding| finding.severity == Severity::Error);
        let draft = loaded.show.clone().ok_or_else(|| io::Error::other(format!("the crowd's show has errors: {:?}", errors().next())))?;
        let mut crowd = Self { show: rest.to_owned(), over: Arc::default(), served: Vec::new(), dead: Vec::new() };
        for seat in seats {
            let port = crowd.seat(seat, &draft)?;
            crowd.show.push_str(&seat.table(port, &library));
        }
        Ok(crowd)
    }

    /// The show, with the devices' tables after the rest.
    #[must_use]
    pub fn show(&self) -> &str {
        &self.show
    }

    fn seat(&mut self, seat: &Seat, show: &Arc<Show>) -> io::Result<u16> {
        if matches!(seat.end, End::Live | End::Garbled) {
            return self.serve(seat, show);
        }
        let door = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        door.bind(&ANY.into())?;
        let address = door.local_addr()?;
        match seat.end {
            End::Swallowed => {
                door.listen(0)?;
                for _ in 0..FILLERS {
                    let filler = Socket::new(Domain::IPV4, Type::STREAM, None)?;
                    filler.set_nonblocking(true)?;
                    // It is on its way, or waits for ever: both fill the door.
                    drop(filler.connect(&address));
                    self.dead.push(filler);
                }
            }
            // The kernel takes them in, as many as reconnects of a day may be at a time.
            End::Frozen => door.listen(128)?,
            End::Live | End::Garbled | End::Refused => {}
        }
        self.dead.push(door);
        address.as_socket().map(|address| address.port()).ok_or_else(|| io::Error::other("a socket without a port"))
    }

    fn serve(&mut self, seat: &Seat, show: &Arc<Show>) -> io::Result<u16> {
        let device = show.device_by_key(&seat.key).ok_or_else(|| io::Error::other(format!("no device \"{}\"", seat.key)))?;
        let name = &show.device(device).profile.family;
        let mut family: Family = crate::devices::family(name).ok_or_else(|| io::Error::other(format!("no family \"{name}\"")))?;
        if seat.end == End::Garbled {
            family.simulator = |_: Plan<'_>| Box::new(Babbler(SplitMix64::new(1)));
        }
        let mut host = Host::open(show, device, family, ANY)?;
        let port = host.address().port();
        let over = Arc::clone(&self.over);
        let serving = move || while !over.load(Ordering::Relaxed) && host.step(Some(LOOK)).is_ok() {};
        self.served.push(Builder::new().name(seat.key.clone()).spawn(serving)?);
        Ok(port)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.served.drain(..) {
            drop(thread.join());
        }
    }
}

/// Answers all that it hears with bytes of chance; now and then they end as a line does.
struct Babbler(SplitMix64);

impl Simulator for Babbler {
    fn handle(&mut self, _: Mono, event: WireEvent<'_>, out: &mut Out) {
        let wire = match event {
            WireEvent::Up(wire) | WireEvent::Data { wire, .. } => wire,
            WireEvent::Down(..) | WireEvent::SendFailed { .. } => return,
        };
        let mut bytes: Vec<u8> = (0..self.0.below(64)).map(|_| self.0.next().to_be_bytes()[0]).collect();
        bytes.extend_from_slice(b"\r\n");
        out.send(wire, bytes);
    }

    fn tick(&mut self, _: Mono, _: &mut Out) {}

    fn next_due(&self) -> Option<Mono> {
        None
    }

    fn poke(&mut self, _: Mono, _: &str, _: &Value, _: &mut Out) {}

    fn peek(&self, _: &str) -> Option<Value> {
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::io::{ErrorKind, Read as _, Write as _};
    use std::net::TcpStream;
    use std::time::Duration;

    fn at(end: End) -> (Crowd, SocketAddr) {
        let crowd = Crowd::open(
            "[show]\ntitle = \"crowd\"\n",
            &[Seat { key: "one".into(), profile: "generic-pjlink-class-1".into(), patch: "", end }],
        )
        .unwrap();
        let port = crowd.show().lines().find_map(|line| line.strip_prefix("port = ")).unwrap().parse().unwrap();
        (crowd, SocketAddr::new(ANY.ip(), port))
    }

    #[test]
    fn each_end_is_what_it_says() {
        let patience = Duration::from_millis(300);
        let read = |address: SocketAddr| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(patience)).unwrap();
            stream.write_all(b"%1POWR ?\r").unwrap();
            let mut bytes = [0; 256];
            stream.read(&mut bytes).map(|length| bytes[..length].to_vec())
        };
        let (_live, address) = at(End::Live);
        assert!(read(address).unwrap().starts_with(b"PJLINK 0\r"));
        let (_refused, address) = at(End::Refused);
        assert_eq!(TcpStream::connect_timeout(&address, patience).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        let (_swallowed, address) = at(End::Swallowed);
        assert_eq!(TcpStream::connect_timeout(&address, patience).unwrap_err().kind(), ErrorKind::TimedOut);
        let (_frozen, address) = at(End::Frozen);
        assert_eq!(read(address).unwrap_err().kind(), ErrorKind::WouldBlock);
        let (_garbled, address) = at(End::Garbled);
        assert!(!read(address).unwrap().starts_with(b"PJLINK"));
    }
}
