//! Who is there: questions that may be put to a whole network, and what their answers say. Bytes only; `links` has the sockets.
//!
//! 1. Art-Net: ArtPoll to everybody's UDP 6454; nodes answer with ArtPollReply to port 6454, some to the port that asked.
//! 2. X32, M32 (UDP 10023) and X-Air (10024): `/xinfo`, answered to the port that asked with address, name, model, firmware.
//! 3. PJLink class 2: `%2SRCH` to UDP 4352, answered to port 4352 by `%2ACKN=MAC`, each projector after a time of its own up to 10 s.
//! 4. Multicast DNS (RFC 6762, RFC 6763): one question for the service types below from any port, answered to that port (RFC 6762 6.7).
//! 5. Nothing here changes a device or takes a connection: many of them have but one to give.
//!
//! Sources: as the families'; Blackmagic's services as Companion's modules for ATEM, Videohub and HyperDeck look for them (TXT `class`),
//! QLab's from the QLab OSC dictionary.

mod dns;
mod fit;

use std::net::Ipv4Addr;

use rosc::OscType;

pub use fit::{Fit, fit};

use super::osc::packet;
use super::{artnet, pjlink};

/// Characters of a text that a device tells of itself; what is longer is cut.
const TEXT_MAX: usize = 64;
/// The group of multicast DNS.
const MDNS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);

/// One question to a whole network.
#[derive(Debug, Clone)]
pub struct Question {
    /// What a person calls it.
    pub name: &'static str,
    /// The port that it goes to.
    pub port: u16,
    /// The group that it goes to; `None`: to everybody (broadcast).
    pub group: Option<Ipv4Addr>,
    /// The port that answers come to; 0: the one that asked.
    pub answers_to: u16,
    /// What is sent.
    pub bytes: Vec<u8>,
    /// What to look at when a device does not answer.
    pub check: &'static str,
    read: fn(&[u8], Ipv4Addr) -> Vec<Answer>,
}

/// A device that answered. All texts are of printable characters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Its maker, where the answer says so.
    pub maker: &'static str,
    /// What it calls its model, and what it is in general; the most exact first, never empty.
    pub models: Vec<String>,
    /// The name that somebody gave it.
    pub name: String,
    /// Firmware, where the answer says so.
    pub firmware: Option<String>,
    /// What else it tells.
    pub more: Vec<String>,
    /// Where it is.
    pub address: Option<Ipv4Addr>,
    /// The port that it is controlled on.
    pub port: u16,
}

impl Question {
    /// What a datagram from `from` says; empty when it is no answer to this question.
    #[must_use]
    pub fn read(&self, bytes: &[u8], from: Ipv4Addr) -> Vec<Answer> {
        let mut answers = (self.read)(bytes, from);
        for answer in &mut answers {
            answer.name = printable(&answer.name);
            answer.models.iter_mut().chain(&mut answer.firmware).chain(&mut answer.more).for_each(|text| *text = printable(text));
            answer.models.retain(|model| !model.is_empty());
            answer.address = answer.address.or(Some(from));
        }
        answers.retain(|answer| !answer.models.is_empty());
        answers
    }
}

/// All questions there are.
#[must_use]
pub fn questions() -> Vec<Question> {
    let mut xinfo = Vec::new();
    packet::encode("/xinfo", vec![], &mut xinfo);
    let desk = |name, port, read| Question {
        name,
        port,
        group: None,
        answers_to: 0,
        bytes: xinfo.clone(),
        check: "the console's Setup, network: an address in this network",
        read,
    };
    vec![
        Question {
            name: "Art-Net (ArtPoll)",
            port: artnet::PORT,
            group: None,
            answers_to: artnet::PORT,
            bytes: artnet::poll_once(),
            check: "the node's own address: many start in 2.0.0.0/8 or 10.0.0.0/8",
            read: node,
        },
        desk("X32 and M32 (/xinfo)", 10023, |bytes, _| console(bytes, 10023)),
        desk("X-Air (/xinfo)", 10024, |bytes, _| console(bytes, 10024)),
        Question {
            name: "PJLink class 2 (%2SRCH)",
            port: pjlink::PORT,
            group: None,
            answers_to: pjlink::PORT,
            bytes: pjlink::SEARCH.to_vec(),
            check: "PJLink switched on in the projector's menu; it may take 10 s to answer (--seconds 12), and class 1 never does",
            read: projector,
        },
        Question {
            name: "multicast DNS (Blackmagic, QLab)",
            port: 5353,
            group: Some(MDNS),
            answers_to: 0,
            bytes: dns::query(&dns::SERVICES.map(|service| service.kind)),
            check: "multicast let through by the network's switches and access points",
            read: |bytes, _| dns::answers(bytes),
        },
    ]
}

/// ArtPollReply. Controllers and configuration programs answer too; they are nothing to send light to.
fn node(bytes: &[u8], _: Ipv4Addr) -> Vec<Answer> {
    let Some(reply) = artnet::reply(bytes) else { return vec![] };
    let [high, low] = reply.version.to_be_bytes();
    let name = if reply.short_name.is_empty() { &reply.long_name } else { &reply.short_name };
    let answer = Answer {
        models: vec![reply.long_name.clone(), "Art-Net node".into()],
        name: name.clone(),
        firmware: Some(format!("{high}.{low}")),
        more: reply.outputs().map(|(address, _)| format!("outputs {address}")).collect(),
        port: artnet::PORT,
        ..Answer::default()
    };
    vec![answer]
}

/// `/xinfo ,ssss address name model firmware`. Where it is, the datagram says better.
fn console(bytes: &[u8], port: u16) -> Vec<Answer> {
    let Some(message) = packet::message(bytes).filter(|message| message.addr == "/xinfo") else { return vec![] };
    let [_, OscType::String(name), OscType::String(model), OscType::String(firmware), ..] = message.args.as_slice() else {
        return vec![];
    };
    vec![Answer { models: vec![model.clone()], name: name.clone(), firmware: Some(firmware.clone()), port, ..Answer::default() }]
}

/// `%2ACKN=MAC`. Name and model are told over the projector's one connection only, which is left alone.
fn projector(bytes: &[u8], _: Ipv4Addr) -> Vec<Answer> {
    let Some(mac) = pjlink::found(bytes) else { return vec![] };
    let models = vec!["PJLink class 2".into()];
    vec![Answer { models, name: "projector".into(), more: vec![format!("MAC {mac}")], port: pjlink::PORT, ..Answer::default() }]
}

/// A device's text without what a terminal would obey, cut to a line's worth.
fn printable(text: &str) -> String {
    text.trim()
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .take(TEXT_MAX)
        .collect()
}

#[cfg(test)]
mod tests;
