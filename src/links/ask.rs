//! Questions to a whole network: each is sent from a socket of its own to every network of this machine, and what comes is handed on.
//!
//! A question whose answers come to a fixed port takes that port for itself, never beside somebody who has it: a show that runs on this
//! machine loses none of its devices' words to us. When the port is taken the question is asked from any port, and that is said.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;

use socket2::SockRef;

use super::sys::{Poller, boottime};
use super::udp;
use crate::time::Span;

/// A question is asked again after this, once: a datagram may be lost.
const AGAIN: Span = Span::secs(1);
/// Datagrams that are read, of all questions together.
const DATAGRAMS: usize = 8192;
/// The longest datagram that is read whole.
const LONGEST: usize = 9000;

/// A network of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// The interface: `eth0`.
    pub name: String,
    /// This machine's address in it.
    pub address: Ipv4Addr,
    /// Everybody's address in it.
    pub broadcast: Ipv4Addr,
}

/// One question.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The port that it goes to.
    pub port: u16,
    /// The group that it goes to; `None`: to everybody.
    pub group: Option<Ipv4Addr>,
    /// The port that answers come to; 0: the one that asked.
    pub answers_to: u16,
    /// What is sent.
    pub bytes: &'a [u8],
}

/// How a question fared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Where it went.
    pub to: Vec<SocketAddrV4>,
    /// What went wrong, in a technician's words.
    pub faults: Vec<Arc<str>>,
    /// The port for answers is somebody else's.
    pub taken: bool,
}

/// The IPv4 networks of this machine that are up, without loopback; with `only`, the network of this address, which may be loopback.
///
/// # Errors
/// What the kernel says.
pub fn networks(only: Option<Ipv4Addr>) -> io::Result<Vec<Network>> {
    let mut found = Vec::new();
    for interface in if_addrs::get_if_addrs()? {
        let if_addrs::IfAddr::V4(v4) = &interface.addr else { continue };
        let wanted = only.map_or(!v4.ip.is_loopback(), |only| only == v4.ip);
        // A network of two hosts or one has no address for everybody.
        if wanted && v4.prefixlen < 31 {
            let broadcast = everybody(v4.ip, v4.netmask, v4.broadcast);
            found.push(Network { name: interface.name.clone(), address: v4.ip, broadcast });
        }
    }
    Ok(found)
}

/// The broadcast address of a network. For an interface that has none (`ip address add` without `brd`), the system tells its own address
/// or nothing: the highest of the network stands for it then (RFC 919).
fn everybody(address: Ipv4Addr, mask: Ipv4Addr, told: Option<Ipv4Addr>) -> Ipv4Addr {
    let highest = Ipv4Addr::from(u32::from(address) | !u32::from(mask));
    told.filter(|told| *told != address && !told.is_unspecified()).unwrap_or(highest)
}

/// Asks in all networks and listens for `listen`; `heard` gets the number of the question and what came. One question's trouble is its own.
///
/// # Errors
/// When nothing can be listened to at all.
pub fn ask(
    asks: &[Ask<'_>],
    networks: &[Network],
    listen: Span,
    mut heard: impl FnMut(usize, SocketAddr, &[u8]),
) -> io::Result<Vec<Asked>> {
    let mut poller = Poller::new()?;
    let mut asked = vec![Asked::default(); asks.len()];
    let mut sockets = Vec::new();
    for (at, (ask, asked)) in asks.iter().zip(&mut asked).enumerate() {
        match open(ask.answers_to, asked).and_then(|socket| poller.add(socket.as_fd(), at as u64).map(|()| socket)) {
            Ok(socket) => sockets.push(Some(socket)),
            Err(e) => {
                asked.faults.push(udp::plain(&e));
                sockets.push(None);
            }
        }
    }
    let send = |asked: &mut Vec<Asked>| {
        for ((ask, asked), socket) in asks.iter().zip(asked).zip(&sockets) {
            if let Some(socket) = socket {
                networks.iter().for_each(|network| send(socket, ask, network, asked));
            }
        }
    };
    send(&mut asked);
    let start = boottime();
    let end = start + listen;
    let mut again = (listen > AGAIN).then_some(start + AGAIN);
    let (mut buffer, mut left) = (vec![0; LONGEST], DATAGRAMS);
    while boottime() < end && left > 0 {
        if again.is_some_and(|again| again <= boottime()) {
            again = None;
            send(&mut asked);
        }
        let ready: Vec<u64> = poller.wait_until(again.map_or(end, |again| again.min(end)))?.to_vec();
        for at in ready.into_iter().filter_map(|at| usize::try_from(at).ok()) {
            let Some(Some(socket)) = sockets.get(at) else { continue };
            while let Some((length, from)) = udp::receive(socket, &mut buffer).filter(|_| left > 0) {
                left -= 1;
                heard(at, from, buffer.get(..length).unwrap_or_default());
            }
        }
    }
    Ok(asked)
}

/// A socket that may send to everybody, on this port if nobody has it.
fn open(port: u16, asked: &mut Asked) -> io::Result<UdpSocket> {
    let socket = match UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)) {
        Err(e) if e.kind() == io::ErrorKind::AddrInUse && port != 0 => {
            asked.taken = true;
            UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?
        }
        other => other?,
    };
    socket.set_nonblocking(true)?;
    socket.set_broadcast(true)?;
    Ok(socket)
}

fn send(socket: &UdpSocket, ask: &Ask<'_>, network: &Network, asked: &mut Asked) {
    let to = SocketAddrV4::new(ask.group.unwrap_or(network.broadcast), ask.port);
    let from = if ask.group.is_some() { SockRef::from(socket).set_multicast_if_v4(&network.address) } else { Ok(()) };
    match from.and_then(|()| socket.send_to(ask.bytes, to)) {
        Ok(_) if asked.to.contains(&to) => {}
        Ok(_) => asked.to.push(to),
        Err(e) => {
            let why: Arc<str> = format!("{to} from {}: {}", network.name, udp::plain(&e)).into();
            if !asked.faults.contains(&why) {
                asked.faults.push(why);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn here() -> Network {
        Network { name: "lo".into(), address: Ipv4Addr::LOCALHOST, broadcast: Ipv4Addr::LOCALHOST }
    }

    #[test]
    fn an_answer_is_heard_with_its_question_and_one_fault_stops_no_other() {
        let device = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = device.local_addr().unwrap().port();
        let answering = std::thread::spawn(move || {
            let mut buffer = [0; 16];
            let (length, from) = device.recv_from(&mut buffer).unwrap();
            device.send_to(&buffer[..length], from).unwrap();
        });
        let bad = Ask { port: 9, group: Some(Ipv4Addr::new(0, 0, 0, 1)), answers_to: 0, bytes: &[0; 70_000] };
        let asks = [bad, Ask { port, group: None, answers_to: 0, bytes: b"who" }];
        let mut heard = Vec::new();
        let asked = ask(&asks, &[here()], Span::ms(300), |at, _, bytes| heard.push((at, bytes.to_vec()))).unwrap();
        answering.join().unwrap();
        assert_eq!(heard, [(1, b"who".to_vec())]);
        assert!(asked[0].to.is_empty() && asked[0].faults.len() == 1, "{asked:?}");
        assert_eq!((asked[1].to.len(), asked[1].faults.len()), (1, 0), "{asked:?}");
    }

    #[test]
    fn a_port_that_somebody_has_is_left_alone() {
        let theirs = udp::bound(0, false).unwrap();
        let mut asked = Asked::default();
        let ours = open(theirs.local_addr().unwrap().port(), &mut asked).unwrap();
        assert!(asked.taken);
        assert_ne!(ours.local_addr().unwrap().port(), theirs.local_addr().unwrap().port());
    }

    #[test]
    fn an_interface_without_a_broadcast_address_does_not_ask_itself() {
        let [address, mask, highest] = ["10.0.7.5", "255.255.252.0", "10.0.7.255"].map(|text| text.parse().unwrap());
        assert_eq!(everybody(address, mask, Some(address)), highest);
        assert_eq!(everybody(address, mask, None), highest);
        assert_eq!(everybody(address, mask, Some(Ipv4Addr::UNSPECIFIED)), highest);
        assert_eq!(everybody(address, mask, Some(Ipv4Addr::BROADCAST)), Ipv4Addr::BROADCAST, "what the network says of itself");
    }

    #[test]
    fn loopback_is_a_network_only_when_it_is_asked_for() {
        assert!(networks(None).unwrap().iter().all(|network| !network.address.is_loopback()));
        assert_eq!(networks(Some(Ipv4Addr::LOCALHOST)).unwrap().len(), 1);
    }
}
