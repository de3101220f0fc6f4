//! `showcall dmx play FILE`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::Fault;
use crate::cli::ending::Ending;
use crate::cli::output::{say, say_err};
use crate::devices::dmx::heard::Protocol;
use crate::devices::dmx::tape::{Event, LINE_MAX, Reader};
use crate::devices::sacn::{Identity, OPTIONS_AT, SEQUENCE_AT, SLOTS_AT};
use crate::devices::{artnet, machine, sacn};
use crate::links::ear::{Alarm, Mouth};
use crate::links::sys::boottime;
use crate::time::{Mono, Span};

/// From the start of the program to the first frame: the file is open and sockets are ready.
const LEAD: Span = Span::ms(50);
/// Between two of the three packets that end a universe.
const END_EVERY: Span = Span::ms(25);

/// Arguments of `dmx play`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The recording
    file: PathBuf,
    /// Send its Art-Net to this host, or to a network's broadcast address
    #[arg(long, value_name = "HOST[:PORT]")]
    artnet: Option<String>,
    /// Send its sACN to this host instead of by multicast
    #[arg(long, value_name = "HOST[:PORT]")]
    sacn: Option<String>,
    /// Send multicast in the network of this interface, by its name or its address
    #[arg(long, value_name = "NAME", default_value = "")]
    interface: String,
    /// Send its sACN with this priority instead of the recorded ones
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=200))]
    priority: Option<u8>,
    /// Play it so often, without a pause
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    times: u32,
    /// Print one JSON object at the beginning and one at the end
    #[arg(long)]
    json: bool,
}

/// Sends frames and keeps what it has sent of each source and universe.
struct Desk<'a> {
    args: &'a Args,
    artnet: Option<Mouth>,
    sacn: Option<Mouth>,
    streams: BTreeMap<(usize, u16), Stream>,
    frames: u64,
    failed: u64,
    why: Option<String>,
    latest: Span,
}

/// A universe that a recorded source sends.
struct Stream {
    protocol: Protocol,
    sequence: u8,
    /// sACN's last packet.
    packet: Box<[u8]>,
}

/// To the end, or until it is ended. Exit code 1: frames did not leave, or the file is broken.
pub fn run(args: &Args) -> Result<ExitCode, Fault> {
    machine::known_as(&crate::links::machine::name());
    let mut desk = Desk {
        args,
        artnet: args.artnet.as_deref().map(|host| to_host(host, artnet::PORT)).transpose()?,
        sacn: args.sacn.as_deref().map(|host| to_host(host, sacn::PORT)).transpose()?,
        streams: BTreeMap::new(),
        frames: 0,
        failed: 0,
        why: None,
        latest: Span::ZERO,
    };
    let mut alarm = Alarm::new().map_err(|e| Fault::cannot(e.to_string()))?;
    let ending = Ending::by_signals(alarm.wake());
    let mut start = boottime() + LEAD;
    let mut played = Ok(());
    for round in 0..args.times {
        let file = File::open(&args.file).map_err(|e| Fault::cannot(format!("{} cannot be read: {e}", args.file.display())))?;
        if args.json && round == 0 {
            say!("{}", json!({ "event": "playing", "file": args.file }));
        }
        match desk.play(BufReader::new(file), start, &mut alarm) {
            Ok(length) => start += length,
            Err(fault) => {
                played = Err(fault);
                break;
            }
        }
        if ending.wanted() {
            break;
        }
    }
    desk.end(&mut alarm);
    played?;
    if let Some(why) = &desk.why {
        say_err!("showcall: {} frames did not leave: {why}", desk.failed);
    }
    let late_ms = desk.latest.0 as f64 / 1e6;
    if args.json {
        say!("{}", json!({ "event": "played", "frames": desk.frames, "failed": desk.failed, "latest_ms": late_ms }));
    } else {
        say!("{} frames sent, the latest {late_ms:.2} ms after its time", desk.frames);
    }
    Ok(if desk.failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn to_host(host: &str, port: u16) -> Result<Mouth, Fault> {
    let fault = |why: String| Fault::cannot(format!("\"{host}\": {why}"));
    let found =
        if host.parse::<SocketAddr>().is_ok() || host.contains(':') { host.to_socket_addrs() } else { (host, port).to_socket_addrs() };
    let address = found.map_err(|e| fault(e.to_string()))?.next().ok_or_else(|| fault("it has no address".into()))?;
    Mouth::to(address).map_err(|e| fault(e.to_string()))
}

impl Desk<'_> {
    /// Plays a recording from its beginning; gives its length.
    fn play(&mut self, mut file: impl BufRead, start: Mono, alarm: &mut Alarm) -> Result<Span, Fault> {
        let name = self.args.file.display();
        let broken = |why: String| Fault { code: 1, why: format!("{name}: {why}") };
        let (mut reader, mut line, mut last) = (Reader::default(), Vec::new(), Span::ZERO);
        loop {
            line.clear();
            let limit = u64::try_from(LINE_MAX + 1).unwrap_or(u64::MAX);
            let read = file.by_ref().take(limit).read_until(b'\n', &mut line).map_err(|e| broken(e.to_string()))?;
            if read == 0 {
                break;
            }
            let whole = line.strip_suffix(b"\n");
            if whole.is_none() && line.len() > LINE_MAX {
                return Err(broken(format!("line {} is longer than any of a recording", reader.lines() + 1)));
            }
            // What was cut off in the middle of a line is no line.
            let Some(text) = whole.map(|whole| whole.strip_suffix(b"\r").unwrap_or(whole)) else { break };
            let text = std::str::from_utf8(text).map_err(|_| broken(format!("line {} is no text", reader.lines() + 1)))?;
            let Some(event) = reader.line(text).map_err(broken)? else { continue };
            let (Event::Frame { at, .. } | Event::Ends { at, .. } | Event::Over { at }) = event;
            last = at;
            if !alarm.wait(start + at).map_err(|e| broken(e.to_string()))? {
                return Ok(last);
            }
            self.latest = self.latest.max(boottime().since(start + at));
            self.happen(&event, &reader)?;
        }
        if reader.lines() == 0 {
            return Err(broken("it is empty".into()));
        }
        if !reader.is_over() {
            say_err!("showcall: {name} was cut off: its last line is missing, what is there was played");
        }
        Ok(last)
    }

    fn happen(&mut self, event: &Event, reader: &Reader) -> Result<(), Fault> {
        match event {
            Event::Frame { source, universe, priority, slots, .. } => {
                let Some(told) = reader.sources().get(*source) else { return Ok(()) };
                let key = (*source, *universe);
                let priority = self.args.priority.unwrap_or(*priority);
                let stream =
                    self.streams.entry(key).or_insert_with(|| Stream { protocol: told.protocol, sequence: 0, packet: Box::default() });
                let bytes = match told.protocol {
                    Protocol::ArtNet => {
                        // 0 would say that we do not count.
                        stream.sequence = stream.sequence.checked_add(1).unwrap_or(1);
                        artnet::dmx(*universe, stream.sequence, slots)
                    }
                    Protocol::Sacn => {
                        let identity = || Identity { cid: machine::uuid(&format!("dmx play {source}")), name: named(&told.name) };
                        stream.sacn(&identity(), *universe, priority, slots)
                    }
                };
                self.send(told.protocol, *universe, &bytes)
            }
            Event::Ends { source, universe, .. } => {
                if let Some(mut stream) = self.streams.remove(&(*source, *universe)) {
                    for _ in 0..3 {
                        stream.terminate();
                        self.send(stream.protocol, *universe, &stream.packet.clone())?;
                    }
                }
                Ok(())
            }
            Event::Over { .. } => Ok(()),
        }
    }

    fn send(&mut self, protocol: Protocol, universe: u16, bytes: &[u8]) -> Result<(), Fault> {
        let result = match protocol {
            Protocol::ArtNet => {
                let Some(mouth) = &self.artnet else {
                    return Err(Fault::cannot("the recording has Art-Net: say where it goes, --artnet HOST"));
                };
                mouth.send(SocketAddr::from(([0, 0, 0, 0], artnet::PORT)), bytes)
            }
            Protocol::Sacn => {
                if self.sacn.is_none() {
                    let mouth = Mouth::to_groups(&self.args.interface);
                    self.sacn = Some(mouth.map_err(|e| Fault::cannot(format!("cannot send multicast: {e}")))?);
                }
                let Some(mouth) = &self.sacn else { return Ok(()) };
                mouth.send(sacn::group_address(universe), bytes)
            }
        };
        self.frames += 1;
        if let Err(fault) = result
            && !fault.left
        {
            self.failed += 1;
            self.why = Some(fault.why.to_string());
        }
        Ok(())
    }

    /// Ends every sACN universe, so that receivers let go at once.
    fn end(&mut self, alarm: &mut Alarm) {
        let mut streams = std::mem::take(&mut self.streams);
        streams.retain(|_, stream| stream.protocol == Protocol::Sacn && !stream.packet.is_empty());
        if streams.is_empty() {
            return;
        }
        for _ in 0..3 {
            for ((_, universe), stream) in &mut streams {
                stream.terminate();
                // The levels are out; a receiver that misses this waits for 2.5 s.
                drop(self.sacn.as_ref().map(|mouth| mouth.send(sacn::group_address(*universe), &stream.packet)));
            }
            // A rung bell stays rung: then they follow at once.
            drop(alarm.wait(boottime() + END_EVERY));
        }
    }
}

/// What receivers see as the source.
fn named(recorded: &str) -> String {
    format!("showcall plays {recorded}").trim_end().to_owned()
}

impl Stream {
    /// The next packet of levels.
    fn sacn(&mut self, who: &Identity, universe: u16, priority: u8, slots: &[u8]) -> Vec<u8> {
        let sequence = self.packet.get(SEQUENCE_AT).copied();
        let mut packet = sacn::data_template(who, universe, priority, 0, 0);
        if let Some(place) = packet.get_mut(SEQUENCE_AT) {
            *place = sequence.unwrap_or(*place).wrapping_add(1);
        }
        packet.iter_mut().skip(SLOTS_AT).zip(slots).for_each(|(place, slot)| *place = *slot);
        self.packet = packet;
        self.packet.to_vec()
    }

    /// Makes the last packet one more that ends the universe.
    fn terminate(&mut self) {
        if let Some(flags) = self.packet.get_mut(OPTIONS_AT) {
            *flags |= sacn::option::TERMINATED;
        }
        if let Some(sequence) = self.packet.get_mut(SEQUENCE_AT) {
            *sequence = sequence.wrapping_add(1);
        }
    }
}
