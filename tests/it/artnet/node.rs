//! Shows of Art-Net devices, a rack for them, and simulated nodes on sockets of their own.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use showcall::devices::{Out, Payload, Plan, Simulator, WireEvent, WireId, artnet};
use showcall::engine::Report;
use showcall::links::rack::{Cabling, Rack, Simulate};
use showcall::show::{Device, DeviceIx, Library, Rig, Show, Universe, UniverseOutput, Value};
use showcall::time::{Mono, Span};

/// Longest wait for something that must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A show whose device n, at the n-th address, takes universe n + 1 at Port-Address n + 1.
pub fn show(addresses: &[SocketAddr], options: &[(&str, Value)]) -> Arc<Show> {
    let profile = Library::builtin().profile("artnet-node").unwrap();
    let device = |address: &SocketAddr| Device {
        key: format!("node-{}", address.ip()).into(),
        name: "node".into(),
        profile: profile.clone(),
        address: Some(address.ip().to_string().into()),
        port: address.port(),
        password: None,
        department: None,
        patch: Default::default(),
        options: options.iter().map(|(key, value)| ((*key).into(), value.clone())).collect(),
        props: Vec::new(),
    };
    let universe = |number: u16| Universe { number, outputs: vec![UniverseOutput::new(DeviceIx(number - 1), number)] };
    let universes = (1..).take(addresses.len()).map(universe).collect();
    let rig = Arc::new(Rig { universes, ..Rig::default() });
    Arc::new(Show { devices: addresses.iter().map(device).collect(), rig, ..Show::default() })
}

/// A rack with real sockets and the clock that it runs on.
pub struct Real {
    pub rack: Rack,
    pub reports: Vec<(DeviceIx, Report)>,
    start: Instant,
}

impl Real {
    pub fn new(show: &Arc<Show>, any_port: bool) -> Self {
        let cabling = Cabling { simulate: &Simulate::None, seed: 1, any_port, family: showcall::devices::family };
        Self { rack: Rack::with(show, cabling).unwrap(), reports: Vec::new(), start: Instant::now() }
    }

    pub fn now(&self) -> Mono {
        Mono::ZERO + Span(u64::try_from(self.start.elapsed().as_nanos()).unwrap())
    }

    /// Lets the rack work once.
    pub fn turn(&mut self) {
        let now = self.now();
        self.rack.poll(now).unwrap();
        self.rack.tick(now);
        self.reports.extend(self.rack.take_reports());
    }

    /// Lets the rack work until something is so.
    pub fn until(&mut self, what: &str, mut so: impl FnMut(&mut Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !so(self) {
            assert!(Instant::now() < end, "{what}: not within {PATIENCE:?}; it said {:?}", self.reports);
            self.turn();
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub fn online(&self, device: u16) -> bool {
        let last = self.reports.iter().rev().find(|(d, r)| d.0 == device && matches!(r, Report::Online { .. } | Report::Offline { .. }));
        matches!(last, Some((_, Report::Online { .. })))
    }
}

/// A simulated node on a socket, served by a thread while it lives.
pub struct Served {
    pub address: SocketAddr,
    /// The first slot of every ArtDmx packet that came (Art-Net 4, "ArtDmx": opcode 0x5000, slots from 18).
    pub firsts: Arc<Mutex<Vec<u8>>>,
    node: Arc<Mutex<Box<dyn Simulator>>>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Served {
    /// The node of a device at this address; it takes universe 1 at Port-Address 1.
    pub fn at(address: &str) -> Self {
        let socket = UdpSocket::bind(address).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        let address = socket.local_addr().unwrap();
        let show = show(&[address], &[]);
        let node = Arc::new(Mutex::new((artnet::FAMILY.simulator)(Plan { show: &show, device: DeviceIx(0) })));
        let stop = Arc::new(AtomicBool::new(false));
        let firsts = Arc::<Mutex<Vec<u8>>>::default();
        let (served, ended, seen) = (node.clone(), stop.clone(), firsts.clone());
        let thread = std::thread::spawn(move || serve(&socket, &served, &ended, &seen));
        Self { address, firsts, node, stop, thread: Some(thread) }
    }

    /// Somebody turns a knob of the node.
    pub fn poke(&self, path: &str, value: &Value) {
        self.node.lock().unwrap().poke(Mono::ZERO, path, value, &mut Out::new());
    }

    pub fn peek(&self, path: &str) -> Option<Value> {
        self.node.lock().unwrap().peek(path)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.thread.take().map(std::thread::JoinHandle::join));
    }
}

fn serve(socket: &UdpSocket, node: &Mutex<Box<dyn Simulator>>, stop: &AtomicBool, firsts: &Mutex<Vec<u8>>) {
    let start = Instant::now();
    let (mut buffer, mut out) = ([0; 2048], Out::new());
    while !stop.load(Ordering::Relaxed) {
        let got = socket.recv_from(&mut buffer).ok();
        let now = Mono::ZERO + Span(u64::try_from(start.elapsed().as_nanos()).unwrap());
        let mut node = node.lock().unwrap();
        if let Some((length, from)) = got {
            let event = WireEvent::Data { wire: WireId(0), from: Some(from), payload: Payload::Datagram(&buffer[..length]) };
            node.handle(now, event, &mut out);
            if buffer.starts_with(b"Art-Net\0\0\x50") && length > 18 {
                firsts.lock().unwrap().push(buffer[18]);
            }
        }
        if node.next_due().is_some_and(|due| due <= now) {
            node.tick(now, &mut out);
        }
        for send in out.sends.drain(..) {
            drop(socket.send_to(&send.bytes, send.to.unwrap()));
        }
    }
}
