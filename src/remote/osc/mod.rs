//! OSC in, in QLab's address style with its JSON replies, so that controllers made for it work here.
//!
//! Sources: QLab OSC dictionary (Figure 53), and what controllers send in practice. A message is an OSC 1.0 packet;
//! a reply is `/reply` plus the invoked address with one JSON string, sent to the sender's host at port 53001
//! unless the client chose another with `/udpReplyPort n` (0: the port it sent from).
//!
//! Pure: bytes and a snapshot in, intents and reply bytes out. The stage owns the socket.

mod client;
mod lights;
mod pattern;
mod press;
mod query;
mod reply;
mod route;
mod rundown;

use std::net::SocketAddr;

use rosc::{OscMessage, OscPacket};

use crate::engine::{Intent, Phase, Snapshot};
use crate::show::{Secret, Show};
use crate::time::Mono;
use client::Clients;
use reply::{Answer, Status};
use route::{Route, Session};

/// At most this many messages of one datagram's bundle are read; the rest is dropped.
const BUNDLE_MAX: usize = 64;

/// What one datagram asks for and what goes back.
#[derive(Debug, Default)]
pub struct OscOut {
    /// In order.
    pub intents: Vec<Intent>,
    /// Datagrams to send, in order.
    pub replies: Vec<(SocketAddr, Vec<u8>)>,
}

/// The OSC remote control port.
#[derive(Debug)]
pub struct Port {
    passcode: Option<Secret>,
    clients: Clients,
}

impl Port {
    /// A port that asks for the show's passcode, if it has one.
    #[must_use]
    pub fn new(show: &Show) -> Self {
        Self { passcode: show.remote.passcode.clone(), clients: Clients::default() }
    }

    /// Reads one datagram. Bytes that are no OSC are dropped without an answer: there is nothing to reply to.
    pub fn handle(&mut self, now: Mono, from: SocketAddr, bytes: &[u8], show: &Show, snapshot: &Snapshot, out: &mut OscOut) {
        let Some(packet) = decode(bytes) else { return };
        let mut messages = Vec::new();
        flatten(packet, &mut messages);
        for message in &messages {
            self.message(now, from, message, show, snapshot, out);
        }
    }

    fn message(&mut self, now: Mono, from: SocketAddr, message: &OscMessage, show: &Show, snapshot: &Snapshot, out: &mut OscOut) {
        let Some(client) = self.clients.heard(now, from) else { return };
        let route = route::parse(&message.addr, &message.args, show, snapshot);
        let locked = self.passcode.is_some() && !client.connected;
        let answer = match route {
            Route::Session(session) => client.session(now, &session, self.passcode.as_ref().map(|passcode| &**passcode.reveal()), show),
            _ if locked => Some(Answer::status(Status::Denied)),
            Route::Act(intents) => Some(perform(intents, snapshot, out)),
            Route::Refused(why) => {
                let answer = Answer::error(&why);
                out.intents.push(Intent::NotUnderstood { why: why.into() });
                Some(answer)
            }
            Route::Query(query) => query::answer(&query, show, snapshot),
            Route::Unknown(why) => Some(Answer::error(&why)),
        };
        let Some(answer) = answer else { return };
        if answer.data.is_some() || answer.status != Status::Ok || client.always_reply {
            out.replies.push((client.reply_to(from), reply::encode(&message.addr, &answer)));
        }
    }
}

/// Gives the intents of an act. A GO that the snapshot already shows to be impossible is still given, so that it is
/// refused in one place and journalled; the reply says why.
fn perform(intents: Vec<Intent>, snapshot: &Snapshot, out: &mut OscOut) -> Answer {
    let is_go = intents.iter().any(|intent| matches!(intent, Intent::Go { .. }));
    out.intents.extend(intents);
    match snapshot.phase {
        Phase::Paused if is_go => Answer::error("the show is paused: send /resume first"),
        Phase::Panicked if is_go => Answer::error("after panic: send /reset first"),
        _ => Answer::status(Status::Ok),
    }
}

/// Old senders leave out the type tags: then the address is the whole datagram and an empty tag string is added.
fn decode(bytes: &[u8]) -> Option<OscPacket> {
    if too_deep(bytes) {
        return None;
    }
    match rosc::decoder::decode_udp(bytes) {
        Ok((_, packet)) => Some(packet),
        Err(_) if bytes.first() == Some(&b'/') && !bytes.contains(&b',') => {
            let mut tagged = bytes.to_vec();
            tagged.resize(bytes.len().next_multiple_of(4), 0);
            if !tagged.ends_with(&[0]) {
                tagged.extend([0; 4]);
            }
            tagged.extend(*b",\0\0\0");
            rosc::decoder::decode_udp(&tagged).ok().map(|(_, packet)| packet)
        }
        Err(_) => None,
    }
}

/// `rosc` follows nested bundles and arrays without a limit: a datagram that opens more of them than it may hold messages is not read.
fn too_deep(bytes: &[u8]) -> bool {
    let bundles = bytes.windows(8).filter(|window| *window == b"#bundle\0").count();
    bundles > BUNDLE_MAX || bytes.iter().filter(|byte| **byte == b'[').count() > BUNDLE_MAX
}

fn flatten(packet: OscPacket, into: &mut Vec<OscMessage>) {
    let mut open = vec![packet];
    while let Some(packet) = open.pop() {
        match packet {
            OscPacket::Message(message) if into.len() < BUNDLE_MAX => into.push(message),
            OscPacket::Message(_) => return,
            OscPacket::Bundle(bundle) => open.extend(bundle.content.into_iter().rev()),
        }
    }
}

#[cfg(test)]
mod tests;
