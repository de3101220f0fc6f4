//! Who is there: replies by host and bind index, and what they say of the ports that we feed.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::codec::PortAddress;
use super::reply::{MERGES, Reply, SHORT, WIDE_ADDRESSES};
use crate::device_api::Level;
use crate::devices::dmx::merge::{FAILSAFE_FACET, Failsafe};
use crate::devices::facets::Picture;
use crate::time::{Mono, Span};

/// Nodes that are remembered at the most; more are left out.
const LIMIT: usize = 1024;

/// The nodes that answer.
#[derive(Debug, Default)]
pub struct Nodes {
    by_key: BTreeMap<(IpAddr, u8), Entry>,
}

/// One root or bound device.
#[derive(Debug)]
struct Entry {
    reply: Reply,
    heard: Mono,
}

/// What a reply tells beside its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// From somebody new, or with other ports than before.
    New,
    /// As before.
    Again,
    /// Its counter went back: the node has started anew.
    Rebooted,
}

impl Nodes {
    /// A node has answered.
    pub fn heard(&mut self, now: Mono, from: Option<IpAddr>, reply: Reply) -> Heard {
        let key = (from.unwrap_or(IpAddr::V4(reply.ip)), reply.bind_index.max(1));
        let what = match self.by_key.get(&key).map(|e| &e.reply) {
            None => Heard::New,
            Some(before) if before.base != reply.base || before.ports.len() != reply.ports.len() => Heard::New,
            Some(before) => match before.report.counter.zip(reply.report.counter) {
                Some((before, now)) if went_back(before, now) => Heard::Rebooted,
                _ => Heard::Again,
            },
        };
        if self.by_key.len() < LIMIT || self.by_key.contains_key(&key) {
            self.by_key.insert(key, Entry { reply, heard: now });
        }
        what
    }

    /// Forgets nodes without a word for `limit`; gives their names.
    pub fn forget(&mut self, now: Mono, limit: Span) -> Vec<String> {
        let mut gone = Vec::new();
        self.by_key.retain(|(ip, _), entry| {
            let stays = now.since(entry.heard) < limit;
            if !stays {
                gone.push(format!("{} ({ip})", name(&entry.reply)));
            }
            stays
        });
        gone
    }

    /// Forgets everybody.
    pub fn clear(&mut self) {
        self.by_key.clear();
    }

    /// Whether some port outputs this address.
    #[must_use]
    pub fn outputs(&self, address: PortAddress) -> bool {
        self.by_key.values().any(|e| e.reply.outputs().any(|(a, _)| a == address))
    }

    /// The hosts with a port that outputs this address, each once.
    pub fn subscribers(&self, address: PortAddress, port: u16) -> impl Iterator<Item = SocketAddr> + '_ {
        let mut last = None;
        let hosts = self.by_key.iter().filter(move |(_, e)| e.reply.outputs().any(|(a, _)| a == address)).map(|((ip, _), _)| *ip);
        hosts.filter(move |ip| last.replace(*ip) != Some(*ip)).map(move |ip| SocketAddr::new(ip, port))
    }

    /// What the replies say of the nodes, and of the ports that output what we send.
    pub fn judge(&self, ours: impl Fn(PortAddress) -> bool, picture: &mut Picture) {
        for ((ip, bind), Entry { reply, .. }) in &self.by_key {
            let node = name(reply);
            for (address, port) in reply.outputs().filter(|(a, _)| ours(*a)) {
                if port.good_output & SHORT != 0 {
                    let text = format!("the DMX line of {node}, port {address}, is shorted: check its cable");
                    picture.add(format!("short/{address}"), Level::Bad, text);
                }
                if port.good_output & MERGES != 0 {
                    let text = format!("{node} merges another sender into {address}: find the second controller and stop it");
                    picture.add(format!("merge/{address}"), Level::Warn, text);
                }
            }
            if reply.failsafe != Failsafe::Hold {
                let text = format!("{node} goes to {} when data stops: set its failsafe to hold", reply.failsafe.word());
                picture.add(format!("{FAILSAFE_FACET}{ip}"), Level::Warn, text);
            }
            if reply.report.is_fault() {
                picture.add(format!("report/{ip}/{bind}"), Level::Warn, format!("{node} reports: {}", reply.report.text));
            }
        }
    }

    /// Why nobody outputs an address, in words.
    #[must_use]
    pub fn why_nobody(&self, address: PortAddress) -> String {
        let narrow = address.0 > 0xff && self.by_key.values().any(|e| e.reply.status2 & WIDE_ADDRESSES == 0);
        if narrow {
            return format!("no port outputs {address}; an old node here knows net 0 only: move the universe to net 0 on it");
        }
        format!("no port outputs {address}: set the address of the node's port, or of the universe in the show")
    }
}

/// What a person calls it.
#[must_use]
pub fn name(reply: &Reply) -> &str {
    [&reply.short_name, &reply.long_name].into_iter().find(|n| !n.is_empty()).map_or("a node without a name", |n| n.as_str())
}

/// The counter rises with every reply to anybody and wraps at 9999; a lower one means that it began anew.
const fn went_back(before: u16, now: u16) -> bool {
    now < before && !(before > 9900 && now < 100)
}

#[cfg(test)]
mod tests {
    use super::went_back;

    #[test]
    fn a_counter_that_wraps_has_not_gone_back() {
        assert!(went_back(500, 1));
        assert!(!went_back(500, 500) && !went_back(500, 731) && !went_back(9999, 0));
    }
}
