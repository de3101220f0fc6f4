//! As much of multicast DNS as finds services: a question for PTR records, and PTR, SRV, TXT and A in what comes back.
//!
//! RFC 1035 4.1 (message, compression), RFC 2782 (SRV), RFC 6763 (PTR to an instance; TXT `key=value`). Every datagram is a whole answer
//! or none: responders put an instance's SRV, TXT and A beside its PTR (RFC 6763 12.1); where one does not, the sender is the device.

use std::net::Ipv4Addr;

use super::Answer;

/// Record types.
const A: u16 = 1;
const PTR: u16 = 12;
const TXT: u16 = 16;
const SRV: u16 = 33;
/// Class IN. The top bit of an answer's class is the cache's business.
const IN: u16 = 1;
/// Flag: this is an answer.
const RESPONSE: u16 = 0x8000;
/// Records of one datagram that are read.
const RECORDS: usize = 128;
/// Labels of a name, and characters of them all.
const LABELS: usize = 32;
const NAME_MAX: usize = 255;

/// A service type, and the device behind it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Service {
    /// `_service._proto`, in `local`.
    pub kind: &'static str,
    /// TXT `class`; empty: any or none.
    class: &'static str,
    maker: &'static str,
    /// What such a device is in general.
    model: &'static str,
    /// The port that it is controlled on, whatever the advertised service is for.
    port: u16,
}

/// Sessions of network MIDI. Each listens on the port that it advertises.
const SESSION: &str = "_apple-midi._udp";
const BLACKMAGIC: &str = "Blackmagic Design";

/// What is asked for. A type may stand here once for each class.
pub(super) const SERVICES: [Service; 9] = [
    Service { kind: "_blackmagic._tcp", class: "AtemSwitcher", maker: BLACKMAGIC, model: "ATEM", port: 9910 },
    Service { kind: "_blackmagic._tcp", class: "Videohub", maker: BLACKMAGIC, model: "Videohub", port: 9990 },
    Service { kind: "_blackmagic._tcp", class: "HyperDeck", maker: BLACKMAGIC, model: "HyperDeck", port: 9993 },
    Service { kind: "_switcher_ctrl._udp", class: "", maker: BLACKMAGIC, model: "ATEM", port: 9910 },
    Service { kind: "_videohub._tcp", class: "", maker: BLACKMAGIC, model: "Videohub", port: 9990 },
    Service { kind: "_hyperdeck_ctrl._tcp", class: "", maker: BLACKMAGIC, model: "HyperDeck", port: 9993 },
    Service { kind: "_qlab._udp", class: "", maker: "Figure 53", model: "QLab", port: 53000 },
    Service { kind: "_qlab._tcp", class: "", maker: "Figure 53", model: "QLab", port: 53000 },
    Service { kind: SESSION, class: "", maker: "Generic", model: "MIDI device", port: 5004 },
];

/// A question for the PTR records of these types; a type is asked for once.
pub(super) fn query(kinds: &[&str]) -> Vec<u8> {
    let mut questions = Vec::new();
    let mut count = 0_u16;
    for (at, kind) in kinds.iter().enumerate() {
        if kinds.iter().take(at).any(|before| before == kind) {
            continue;
        }
        count += 1;
        for label in kind.split('.').chain(["local"]) {
            questions.push(u8::try_from(label.len()).unwrap_or(0));
            questions.extend_from_slice(label.as_bytes());
        }
        questions.push(0);
        questions.extend_from_slice(&PTR.to_be_bytes());
        questions.extend_from_slice(&IN.to_be_bytes());
    }
    let [high, low] = count.to_be_bytes();
    let mut bytes = vec![0, 0, 0, 0, high, low, 0, 0, 0, 0, 0, 0];
    bytes.append(&mut questions);
    bytes
}

/// The devices that an answer names.
pub(super) fn answers(bytes: &[u8]) -> Vec<Answer> {
    let records = records(bytes);
    let mut found: Vec<Answer> = Vec::new();
    for record in &records {
        let Data::Ptr(instance) = &record.data else { continue };
        let txt = |key: &str| {
            let texts = records
                .iter()
                .filter(|one| one.is(instance))
                .find_map(|one| if let Data::Txt(texts) = &one.data { Some(texts) } else { None })?;
            texts
                .iter()
                .find_map(|text| text.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.to_owned()))
        };
        let class = txt("class").unwrap_or_default();
        let is =
            |service: &Service| record.is_service(service.kind) && (service.class.is_empty() || service.class.eq_ignore_ascii_case(&class));
        let (Some(service), Some(name)) = (SERVICES.iter().find(|service| is(service)), instance.first()) else { continue };
        let place = records
            .iter()
            .filter(|one| one.is(instance))
            .find_map(|one| if let Data::Srv(host, port) = &one.data { Some((host, *port)) } else { None });
        let address = place.and_then(|(host, _)| {
            records.iter().filter(|one| one.is(host)).find_map(|one| if let Data::A(address) = one.data { Some(address) } else { None })
        });
        let models = [txt("model"), txt("name"), Some(name.clone()), Some(service.model.to_owned())].into_iter().flatten().collect();
        // In the device's own words: what they count differs between products.
        let versions = ["internal version", "release version"].into_iter();
        let elsewhere = place.filter(|(_, port)| service.kind == SESSION && *port != service.port);
        let elsewhere = elsewhere.map(|(_, port)| format!("its session is on another port: add port = {port}"));
        let more = versions.filter_map(|key| txt(key).map(|value| format!("{key} {value}"))).chain(elsewhere).collect();
        found.push(Answer { maker: service.maker, models, name: name.clone(), firmware: None, more, address, port: service.port });
    }
    found
}

type Name = Vec<String>;

#[derive(Debug)]
struct Record {
    name: Name,
    data: Data,
}

#[derive(Debug)]
enum Data {
    A(Ipv4Addr),
    Ptr(Name),
    /// The host, and the port there.
    Srv(Name, u16),
    Txt(Vec<String>),
    Other,
}

impl Record {
    fn is(&self, name: &Name) -> bool {
        same(self.name.iter().map(String::as_str), name.iter().map(String::as_str))
    }

    fn is_service(&self, kind: &str) -> bool {
        same(self.name.iter().map(String::as_str), kind.split('.').chain(["local"]))
    }
}

/// Names differ by letters, not by their case.
fn same<'a, 'b>(mut one: impl Iterator<Item = &'a str>, mut other: impl Iterator<Item = &'b str>) -> bool {
    loop {
        match (one.next(), other.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if one.eq_ignore_ascii_case(other) => {}
            _ => return false,
        }
    }
}

/// All records of an answer; those before the first that makes no sense.
fn records(bytes: &[u8]) -> Vec<Record> {
    let mut found = Vec::new();
    let word = |at: usize| u16_at(bytes, at).map_or(0, usize::from);
    if bytes.len() < 12 || u16_at(bytes, 2).unwrap_or(0) & RESPONSE == 0 {
        return found;
    }
    let mut at = 12;
    for _ in 0..word(4).min(RECORDS) {
        let Some((_, next)) = name(bytes, at) else { return found };
        at = next + 4;
    }
    for _ in 0..(word(6) + word(8) + word(10)).min(RECORDS) {
        let Some((record, next)) = record(bytes, at) else { return found };
        found.push(record);
        at = next;
    }
    found
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.first_chunk().map(|pair| u16::from_be_bytes(*pair))
}

/// The record that starts here, and where the next one does.
fn record(bytes: &[u8], at: usize) -> Option<(Record, usize)> {
    let (owner, at) = name(bytes, at)?;
    let kind = u16_at(bytes, at)?;
    let length = usize::from(u16_at(bytes, at + 8)?);
    let start = at + 10;
    let data = bytes.get(start..start + length)?;
    let data = match kind {
        A => Data::A(Ipv4Addr::from(*data.first_chunk::<4>()?)),
        PTR => Data::Ptr(name(bytes, start)?.0),
        SRV => Data::Srv(name(bytes, start + 6)?.0, u16_at(bytes, start + 4)?),
        TXT => Data::Txt(texts(data)),
        _ => Data::Other,
    };
    Some((Record { name: owner, data }, start + length))
}

/// The name that starts here, and where what follows it does. A pointer may point backwards only, so this ends.
fn name(bytes: &[u8], start: usize) -> Option<(Name, usize)> {
    let (mut labels, mut length) = (Name::new(), 0);
    let (mut at, mut lowest, mut end) = (start, start, None);
    loop {
        let first = *bytes.get(at)?;
        match first {
            0 => return Some((labels, end.unwrap_or(at + 1))),
            1..=63 => {
                let label = bytes.get(at + 1..at + 1 + usize::from(first))?;
                length += label.len() + 1;
                if labels.len() >= LABELS || length > NAME_MAX {
                    return None;
                }
                labels.push(String::from_utf8_lossy(label).into_owned());
                at += 1 + label.len();
            }
            0xc0.. => {
                let to = usize::from(u16_at(bytes, at)? & 0x3fff);
                end = end.or(Some(at + 2));
                if to >= lowest {
                    return None;
                }
                (at, lowest) = (to, to);
            }
            _ => return None,
        }
    }
}

/// Texts with a length before each.
fn texts(mut data: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    while let Some((length, rest)) = data.split_first() {
        let Some((text, next)) = rest.split_at_checked(usize::from(*length)) else { break };
        found.push(String::from_utf8_lossy(text).into_owned());
        data = next;
    }
    found
}
