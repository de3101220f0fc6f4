//! What comes in at the ends: which descriptors have something, whose it is, and what is left where it is.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use super::super::net_key::Key;
use super::{Kind, Net, News, Plug};
use crate::links::stream::Inbound;
use crate::links::sys::NetworkChanges;
use crate::links::udp;
use crate::time::{Mono, Span};

/// A descriptor that has something; given back to [`Net::receive`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready(u64);

/// What came.
#[derive(Debug)]
pub enum Received {
    /// A datagram: whose it is (`None`: a stranger's that nobody asks for), where it came from, its length in the buffer.
    Datagram(Option<Plug>, SocketAddr, usize),
    /// Something of a stream.
    Stream(Plug, Inbound),
}

/// Whose a descriptor's messages are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Those of the device of this index.
    Device(u16),
    /// Of many devices: each message says whose it is. The index of the shared port.
    Shared(usize),
    /// Nobody's: it carries no messages.
    Nobody,
}

impl Net {
    /// What has something to read, into `ready`.
    ///
    /// # Errors
    /// What the kernel says of waiting.
    pub fn ready(&mut self, ready: &mut VecDeque<Ready>) -> io::Result<()> {
        ready.clear();
        ready.extend(self.poller.wait(Some(Span::ZERO))?.iter().map(|key| Ready(*key)));
        Ok(())
    }

    /// Whose the messages of a descriptor are.
    #[must_use]
    pub fn owner(&self, ready: Ready) -> Owner {
        match Key::unpack(ready.0) {
            Key::Own(plug) | Key::Group(plug, _) => Owner::Device(plug.device),
            Key::Hub(hub) => Owner::Shared(hub),
            Key::Destination(hub, slot) => {
                let plug = self.hubs.get(hub).and_then(|(_, own)| own.owner(own.destination(slot)?));
                plug.map_or(Owner::Shared(hub), |plug| Owner::Device(plug.device))
            }
            Key::Changes | Key::Resolver => Owner::Nobody,
        }
    }

    /// Leaves what a descriptor has where it is: it is not ready again before [`Net::read_on`].
    pub fn hold_back(&self, ready: Ready) {
        if let Some(fd) = self.fd_of(ready) {
            drop(self.poller.remove(fd));
        }
    }

    /// Ends [`Net::hold_back`]. A descriptor that was opened anew meanwhile is watched already.
    pub fn read_on(&self, ready: Ready) {
        if let Some(fd) = self.fd_of(ready) {
            drop(self.poller.add(fd, ready.0));
        }
    }

    fn fd_of(&self, ready: Ready) -> Option<BorrowedFd<'_>> {
        match Key::unpack(ready.0) {
            Key::Own(plug) => match &self.end(plug)?.kind {
                Kind::Own(Some(socket)) => Some(socket.as_fd()),
                Kind::Stream(_, Some(stream)) => Some(stream.fd()),
                _ => None,
            },
            Key::Hub(hub) => self.hubs.get(hub).map(|(_, hub)| hub.fd()),
            Key::Destination(hub, slot) => self.hubs.get(hub)?.1.destination_fd(slot),
            Key::Group(plug, slot) => match &self.end(plug)?.kind {
                Kind::Multicast(_, Some(multicast)) => multicast.fds().nth(slot),
                _ => None,
            },
            Key::Changes | Key::Resolver => None,
        }
    }

    /// Whether a device has connections: wires whose far end can be held up, and that can be closed without harm to others.
    #[must_use]
    pub fn has_connections(&self, device: u16) -> bool {
        self.ends.iter().any(|end| end.plug.device == device && matches!(end.kind, Kind::Stream(..)))
    }

    /// Whether a device only listens to groups: what comes is everybody's on its network.
    #[must_use]
    pub fn hears_a_network(&self, device: u16) -> bool {
        self.ends.iter().filter(|end| end.plug.device == device).all(|end| matches!(end.kind, Kind::Multicast(..)))
    }

    /// Closes the connections of a device until `opens`.
    pub fn close_until(&mut self, opens: Mono, device: u16, why: &Arc<str>) {
        for end in self.ends.iter_mut().filter(|end| end.plug.device == device && !end.closed) {
            let Kind::Stream(_, open) = &mut end.kind else { continue };
            let Some(stream) = open.take() else { continue };
            // Its task goes a moment later: until then the descriptor would stay ready.
            drop(self.poller.remove(stream.fd()));
            end.retry = Some(opens);
            self.news.push_back((end.plug, News::Down(why.clone())));
        }
    }

    /// The next thing of a ready descriptor; `None` when there is none (any more).
    pub fn receive(&mut self, ready: Ready, buffer: &mut [u8]) -> Option<Received> {
        match Key::unpack(ready.0) {
            Key::Own(plug) => match &self.end(plug)?.kind {
                Kind::Own(Some(socket)) => udp::receive(socket, buffer).map(|(length, from)| Received::Datagram(Some(plug), from, length)),
                Kind::Stream(_, Some(stream)) => stream.take().map(|thing| Received::Stream(plug, thing)),
                _ => None,
            },
            Key::Hub(hub) => self.receive_shared(hub, None, buffer),
            Key::Destination(hub, slot) => self.receive_shared(hub, Some(slot), buffer),
            Key::Group(plug, slot) => match &self.end(plug)?.kind {
                Kind::Multicast(_, Some(multicast)) => {
                    multicast.receive(slot, buffer).map(|(length, from)| Received::Datagram(Some(plug), from, length))
                }
                _ => None,
            },
            Key::Changes => {
                self.changes.iter().for_each(NetworkChanges::clear);
                self.changed = true;
                None
            }
            Key::Resolver => {
                self.wake.clear();
                self.answered = true;
                None
            }
        }
    }

    fn receive_shared(&self, hub: usize, slot: Option<usize>, buffer: &mut [u8]) -> Option<Received> {
        let (_, hub) = self.hubs.get(hub)?;
        let (length, from) = hub.receive(slot, buffer)?;
        Some(Received::Datagram(hub.owner(from), from, length))
    }
}
