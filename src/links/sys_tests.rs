#![allow(clippy::unwrap_used)]

use std::net::UdpSocket;

use super::*;

#[test]
fn a_ring_ends_a_wait_and_is_silent_after_clear() {
    let mut poller = Poller::new().unwrap();
    let wake = Wake::new().unwrap();
    poller.add(wake.as_fd(), 7).unwrap();
    assert_eq!(poller.wait(Some(Span::ZERO)).unwrap(), &[] as &[u64]);
    wake.ring();
    wake.clone().ring();
    assert_eq!(poller.wait(None).unwrap(), &[7]);
    wake.clear();
    assert_eq!(poller.wait(Some(Span::ZERO)).unwrap(), &[] as &[u64]);
    poller.remove(wake.as_fd()).unwrap();
    wake.ring();
    assert_eq!(poller.wait(Some(Span::ZERO)).unwrap(), &[] as &[u64]);
}

#[test]
fn both_ways_of_waiting_nest_and_never_end_early() {
    for exact in [true, false] {
        let (mut outer, mut inner) = (Poller::new().unwrap(), Poller::new().unwrap());
        (outer.exact, inner.exact) = (exact, exact);
        let wake = Wake::new().unwrap();
        inner.add(wake.as_fd(), 1).unwrap();
        outer.add(inner.as_fd(), 2).unwrap();
        let deadline = boottime() + Span(300_000);
        assert!(outer.wait_until(deadline).unwrap().is_empty());
        assert!(boottime() >= deadline);
        wake.ring();
        assert_eq!(outer.wait(None).unwrap(), &[2]);
        assert_eq!(inner.wait(Some(Span::ZERO)).unwrap(), &[1]);
    }
}

#[test]
fn what_is_stored_is_in_the_file() {
    let file = tempfile::tempfile().unwrap();
    let map = SharedMap::of(&file, 512).unwrap();
    assert!(map.store(3, b"a line of 19 bytes."));
    assert!(!map.store(511, b"nine byte"));
    drop(map);
    let again = SharedMap::of(&file, 512).unwrap();
    let mut line = [0; 19];
    assert!(again.load(3, &mut line));
    assert_eq!(&line, b"a line of 19 bytes.");
    assert!(!again.load(511, &mut line));
}

#[test]
fn the_kernel_stamps_what_arrives() {
    let (a, b) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    stamp_arrivals(a.as_fd()).unwrap();
    let before = wall();
    b.send_to(b"go", a.local_addr().unwrap()).unwrap();
    let mut buffer = [0; 16];
    let (length, from, stamp) = receive_stamped(a.as_fd(), &mut buffer).unwrap();
    assert_eq!((length, from), (2, Some(b.local_addr().unwrap())));
    assert!(stamp.is_some_and(|s| s >= before && s <= wall()), "{stamp:?}");
}

#[test]
fn timer_slack_is_granted_to_anybody() {
    tighten_timer_slack().unwrap();
}

#[test]
fn many_leave_in_order_by_one_call_and_never_more_than_it_holds() {
    let (from, to) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    from.connect(to.local_addr().unwrap()).unwrap();
    let datagrams: Vec<Vec<u8>> = (0..MANY + 3).map(|at| vec![u8::try_from(at).unwrap(); at + 1]).collect();
    assert_eq!(send_many(from.as_fd(), datagrams.iter().map(Vec::as_slice)).unwrap(), MANY);
    assert_eq!(send_many(from.as_fd(), datagrams.iter().skip(MANY).map(Vec::as_slice)).unwrap(), 3);
    let mut buffer = [0; 64];
    for datagram in &datagrams {
        let length = to.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], datagram);
    }
}
