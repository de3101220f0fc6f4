//! Wireshark's dissector on this host's end of the network, and the `sacn` crate on what it captured.

use sacn::packet::AcnRootLayerProtocol;
use showcall::devices::sacn::{Packet, option, parse};

use crate::common::capture::Capture;

/// tshark, capturing.
pub struct Judge(Capture);

/// What was sent from 10.9.0.1.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Packets that tshark calls E1.31.
    pub known: usize,
    /// All packets.
    pub packets: Vec<Vec<u8>>,
    /// What tshark says of those that it finds malformed.
    pub malformed: Vec<String>,
}

impl Judge {
    /// Captures from here on.
    pub fn listen() -> Self {
        Self(Capture::of("udp port 5568 and src host 10.9.0.1"))
    }

    /// Ends the capture when it holds what is wanted, or after ten seconds.
    pub fn verdict(mut self, enough: impl Fn(&Verdict) -> bool) -> Verdict {
        self.0.until(|capture| enough(&read(capture)));
        let verdict = read(&self.0);
        let ends: Vec<usize> = (1..=3).map(|universe| verdict.ends(universe)).collect();
        assert!(
            enough(&verdict),
            "{} packets, ends of universes 1 to 3: {ends:?}, malformed: {:?}",
            verdict.packets.len(),
            verdict.malformed
        );
        verdict
    }
}

fn read(capture: &Capture) -> Verdict {
    let dissect = ["--enable-heuristic", "acn", "-o", "acn.dmx_enable:TRUE"];
    let fields = ["-T", "fields", "-e", "udp.payload", "-e", "acn.cid", "-e", "_ws.malformed", "-e", "_ws.expert.message"];
    let mut verdict = Verdict::default();
    for line in capture.read(&[&dissect[..], &fields].concat()).lines() {
        let mut columns = line.split('\t');
        let payload = columns.next().unwrap_or_default();
        verdict.known += usize::from(columns.next().is_some_and(|cid| !cid.is_empty()));
        if columns.any(|words| !words.is_empty()) {
            verdict.malformed.push(line.chars().skip(payload.len()).collect());
        }
        let bytes = (0..payload.len() / 2).map(|at| u8::from_str_radix(&payload[2 * at..2 * at + 2], 16).unwrap());
        verdict.packets.push(bytes.collect());
    }
    verdict
}

impl Verdict {
    /// Packets of a universe that carry Stream_Terminated.
    pub fn ends(&self, universe: u16) -> usize {
        let end = |bytes: &&Vec<u8>| matches!(parse(bytes), Some(Packet::Data(data)) if data.universe == universe && data.has(option::TERMINATED));
        self.packets.iter().filter(end).count()
    }

    /// Every packet is well-formed to tshark, and the `sacn` crate reads it and packs the same bytes. (Of E1.31 tshark 4.0 knows data alone;
    /// synchronization and discovery are bytes to it.)
    pub fn all_well(&self) {
        assert_eq!(self.malformed, Vec::<String>::new());
        let data = self.packets.iter().filter(|bytes| bytes.len() == 638).count();
        assert!(self.known >= data && data > 0, "tshark knows {} of {data} data packets", self.known);
        for bytes in &self.packets {
            assert_eq!(&AcnRootLayerProtocol::parse(bytes).unwrap().pack_alloc().unwrap(), bytes);
        }
    }
}
