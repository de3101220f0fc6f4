//! The rack with real sockets on loopback and with simulators in virtual time.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};

use super::budget::cost;
use super::intake::SLICE;
use super::memory::LATENCY;
use super::sys::{Poller, boottime};
use super::toy::{observed, rack, reports, sent, set, show};
use super::{Fault, Rack, Simulate};
use crate::device_api::{Level, Report};
use crate::devices::WireId;
use crate::show::{DeviceIx, Value};
use crate::time::{Mono, Span};

const A: DeviceIx = DeviceIx(0);
const B: DeviceIx = DeviceIx(1);
const ONLINE: Report = Report::Online { identity: None };

/// Runs a rack in virtual time until nothing is due before `until`.
fn run(rack: &mut Rack, until: Mono) {
    while let Some(due) = rack.next_due().filter(|due| *due <= until) {
        rack.tick(due);
    }
}

/// Waits for the sockets of a rack until this report has come; gives all that came before it too.
pub fn wait_for(rack: &mut Rack, wanted: &(u16, Report)) -> Vec<(u16, Report)> {
    let mut poller = Poller::new().unwrap();
    poller.add(rack.fd().unwrap(), 0).unwrap();
    let mut all = Vec::new();
    loop {
        all.extend(reports(rack));
        if all.contains(wanted) {
            return all;
        }
        let due = rack.next_due().unwrap_or(boottime() + Span::secs(5));
        poller.wait_until(due).unwrap();
        rack.poll(boottime()).unwrap();
        rack.tick(boottime());
    }
}

#[test]
fn a_command_reaches_the_simulator_and_its_word_comes_back() {
    for family in ["toy-udp", "toy-shared", "toy-tcp", "toy-websocket", "toy-midi"] {
        let mut rack = rack(&show(&[(family, "10.0.0.1", 9)]), Simulate::All);
        assert!(rack.fd().is_none() && rack.simulated(A));
        rack.tick(Mono::ZERO);
        assert_eq!(reports(&mut rack), [(0, ONLINE)]);
        rack.command(Mono(5), A, &set(1, A, 42));
        assert_eq!(reports(&mut rack), [sent(0, 1)]);
        assert_eq!(rack.next_due(), Some(Mono(5) + LATENCY));
        assert_eq!(rack.heard(A), None, "what is sent to it is no word of it");
        run(&mut rack, Mono(5) + LATENCY + LATENCY);
        assert_eq!(rack.heard(A), Some(Mono(5) + LATENCY + LATENCY));
        assert_eq!(reports(&mut rack), [observed(0, 42)]);
        assert_eq!(rack.simulator(A).unwrap().peek("byte"), Some(Value::Int(42)));
        assert!(rack.poke(Mono(9_000_000), A, "byte", &Value::Int(7)));
        run(&mut rack, Mono(10_000_000));
        assert_eq!(reports(&mut rack), [observed(0, 7)], "{family}");
    }
}

#[test]
fn a_request_is_answered_by_the_simulator_or_by_the_time_that_has_gone_by() {
    let mut rack = rack(&show(&[("toy-http", "10.0.0.1", 80)]), Simulate::All);
    rack.tick(Mono::ZERO);
    assert_eq!(reports(&mut rack), [(0, ONLINE)]);
    let mut ask = |action: u64, fault: Option<Fault>| {
        let at = Mono(action * 10_000_000_000);
        if let Some(fault) = fault {
            assert!(rack.fault(at, A, fault));
        }
        rack.command(at, A, &set(action, A, 42));
        run(&mut rack, at + Span::secs(9));
        reports(&mut rack).split_off(1)
    };
    let away = |why: &str| vec![(0, Report::Offline { why: why.into() })];
    assert_eq!(ask(1, None), [observed(0, 42)]);
    assert_eq!(ask(2, Some(Fault::Cut)), away("no route to host"));
    assert_eq!(ask(3, Some(Fault::Silent)), away("no answer within 4 s"));
    assert_eq!(ask(4, Some(Fault::Heal)), [observed(0, 42)]);
}

#[test]
fn a_driver_that_panics_takes_only_its_own_device_along() {
    let mut rack = rack(&show(&[("toy-udp", "10.0.0.1", 9), ("toy-udp", "10.0.0.2", 9)]), Simulate::All);
    rack.tick(Mono::ZERO);
    rack.command(Mono(1), A, &set(1, A, 66));
    rack.command(Mono(1), B, &set(2, B, 5));
    reports(&mut rack);
    run(&mut rack, Mono(1_000_000_000));
    let said = reports(&mut rack);
    assert!(matches!(&said[0], (0, Report::Offline { why }) if why.contains("the box said 66")), "{said:?}");
    assert!(matches!(&said[1], (0, Report::Health(facet)) if facet.level == Level::Bad));
    assert_eq!(said[2..], [observed(1, 5)]);
    rack.command(Mono(2_000_000_000), A, &set(3, A, 1));
    assert_eq!(reports(&mut rack), []);
}

#[test]
fn a_simulator_that_panics_is_a_device_that_falls_silent() {
    let mut rack = rack(&show(&[("toy-udp", "10.0.0.1", 9)]), Simulate::All);
    rack.tick(Mono::ZERO);
    rack.command(Mono(1), A, &set(1, A, 77));
    run(&mut rack, Mono(1_000_000_000));
    assert_eq!(reports(&mut rack), [(0, ONLINE), sent(0, 1)]);
    assert!(rack.simulator(A).is_none());
    assert!(rack.fault(Mono(1_000_000_000), A, Fault::Reboot));
    assert_eq!(rack.simulator(A).unwrap().peek("byte"), Some(Value::Int(0)));
}

#[test]
fn what_could_not_leave_is_never_said_to_be_sent() {
    let mut rack = rack(&show(&[("toy-tcp", "10.0.0.1", 9)]), Simulate::All);
    rack.tick(Mono::ZERO);
    assert!(rack.fault(Mono(1), A, Fault::Cut));
    rack.tick(Mono(1));
    reports(&mut rack);
    rack.command(Mono(2), A, &set(1, A, 3));
    let said = reports(&mut rack);
    assert!(matches!(&said[0], (0, Report::Refused { why, .. }) if why.contains("not connected")), "{said:?}");
}

#[test]
fn a_family_that_nobody_knows_is_offline_with_the_reason() {
    let mut rack = rack(&show(&[("toy-carrier-pigeon", "10.0.0.1", 9)]), Simulate::All);
    let said = reports(&mut rack);
    assert!(matches!(&said[0], (0, Report::Offline { why }) if why.contains("toy-carrier-pigeon")), "{said:?}");
    rack.command(Mono(2), A, &set(1, A, 3));
}

#[test]
fn real_sockets_carry_commands_out_and_words_in() {
    for family in ["toy-udp", "toy-shared"] {
        let device = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut rack = rack(&show(&[(family, "127.0.0.1", device.local_addr().unwrap().port())]), Simulate::None);
        rack.tick(boottime());
        assert_eq!(reports(&mut rack), [(0, ONLINE)]);
        rack.command(boottime(), A, &set(1, A, 42));
        assert_eq!(reports(&mut rack), [sent(0, 1)]);
        let mut buffer = [0; 8];
        let (length, from) = device.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], Some(from.port())), (&[42][..], rack.local_port(A, WireId(0))));
        device.send_to(&[9], from).unwrap();
        assert_eq!(wait_for(&mut rack, &observed(0, 9)), [observed(0, 9)], "{family}");
    }
}

/// Reads one length-prefixed message.
fn framed(stream: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut message = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
    stream.read_exact(&mut message).unwrap();
    message
}

#[test]
fn a_stream_carries_whole_messages_and_comes_back_by_itself() {
    let device = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut rack = rack(&show(&[("toy-tcp", "127.0.0.1", device.local_addr().unwrap().port())]), Simulate::None);
    rack.tick(boottime());
    let (mut first, _) = device.accept().unwrap();
    wait_for(&mut rack, &(0, ONLINE));
    rack.command(boottime(), A, &set(1, A, 42));
    assert_eq!(framed(&mut first), [42]);
    first.write_all(&[0, 0, 0, 1]).unwrap();
    first.write_all(&[9]).unwrap();
    wait_for(&mut rack, &observed(0, 9));
    drop(first);
    let gone = Report::Offline { why: "the device closed the connection".into() };
    wait_for(&mut rack, &(0, gone));
    let (mut second, _) = device.accept().unwrap();
    wait_for(&mut rack, &(0, ONLINE));
    rack.command(boottime(), A, &set(2, A, 43));
    assert_eq!(framed(&mut second), [43]);
}

#[test]
fn a_wire_that_its_driver_closed_for_good_opens_when_a_person_takes_the_device_back() {
    let device = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut rack = rack(&show(&[("toy-tcp", "127.0.0.1", device.local_addr().unwrap().port())]), Simulate::None);
    rack.tick(boottime());
    let (mut first, _) = device.accept().unwrap();
    wait_for(&mut rack, &(0, ONLINE));
    rack.command(boottime(), A, &set(1, A, 88));
    wait_for(&mut rack, &(0, Report::Offline { why: super::memory::CLOSED.into() }));
    assert_eq!(first.read(&mut [0; 8]).unwrap(), 0, "the connection is closed");
    assert_eq!(rack.next_due(), None, "nothing is tried again");
    rack.reopen_closed(boottime(), A);
    rack.tick(boottime());
    let _second = device.accept().unwrap();
    wait_for(&mut rack, &(0, ONLINE));
}

#[test]
fn a_simulated_device_given_up_stays_away_through_faults_until_it_is_taken_back() {
    let mut rack = rack(&show(&[("toy-tcp", "10.0.0.1", 9)]), Simulate::All);
    rack.tick(Mono::ZERO);
    rack.command(Mono(1), A, &set(1, A, 88));
    rack.tick(Mono(2));
    assert_eq!(reports(&mut rack).last(), Some(&(0, Report::Offline { why: super::memory::CLOSED.into() })));
    rack.fault(Mono(3), A, Fault::Reboot);
    rack.fault(Mono(4), A, Fault::Heal);
    run(&mut rack, Mono(60_000_000_000));
    assert_eq!(reports(&mut rack), []);
    rack.reopen_closed(Mono(60_000_000_000), A);
    run(&mut rack, Mono(61_000_000_000));
    assert_eq!(reports(&mut rack), [(0, ONLINE)]);
}

#[test]
fn a_dead_peer_fills_its_own_queue_and_is_told() {
    let device = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut rack = rack(&show(&[("toy-tcp", "127.0.0.1", device.local_addr().unwrap().port())]), Simulate::None);
    rack.tick(boottime());
    // Accepts and never reads.
    let _peer = device.accept().unwrap();
    wait_for(&mut rack, &(0, ONLINE));
    let full = |report: &(u16, Report)| matches!(&report.1, Report::Refused { why, .. } if why.contains("queue is full"));
    while !reports(&mut rack).iter().any(full) {
        rack.command(boottime(), A, &set(1, A, 1));
    }
}

#[test]
fn a_name_is_resolved_off_the_hot_path() {
    let device = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut rack = rack(&show(&[("toy-udp", "localhost", device.local_addr().unwrap().port())]), Simulate::None);
    rack.tick(boottime());
    assert_eq!(reports(&mut rack), []);
    wait_for(&mut rack, &(0, ONLINE));
    rack.command(boottime(), A, &set(1, A, 1));
    assert_eq!(device.recv(&mut [0; 8]).unwrap(), 1);
}

#[test]
fn a_flood_on_one_socket_leaves_room_for_the_others() {
    let (loud, quiet) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let port = |socket: &UdpSocket| socket.local_addr().unwrap().port();
    let mut rack = rack(&show(&[("toy-udp", "127.0.0.1", port(&loud)), ("toy-udp", "127.0.0.1", port(&quiet))]), Simulate::None);
    rack.tick(boottime());
    let local = |rack: &Rack, device| ("127.0.0.1", rack.local_port(device, WireId(0)).unwrap());
    for _ in 0..100 {
        loud.send_to(&[1], local(&rack, A)).unwrap();
    }
    quiet.send_to(&[2], local(&rack, B)).unwrap();
    reports(&mut rack);
    rack.poll(boottime()).unwrap();
    let said = reports(&mut rack);
    let slice = usize::try_from(SLICE.0.div_ceil(cost(1, 1).0)).unwrap();
    assert_eq!(said.iter().filter(|r| **r == observed(0, 1)).count(), slice);
    assert!(said.contains(&observed(1, 2)));
}

#[test]
fn between_two_slices_the_caller_has_his_turn() {
    let sockets: Vec<_> = (0..3).map(|_| UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
    let devices: Vec<_> = sockets.iter().map(|socket| ("toy-udp", "127.0.0.1", socket.local_addr().unwrap().port())).collect();
    let mut rack = rack(&show(&devices), Simulate::None);
    rack.tick(boottime());
    reports(&mut rack);
    for (device, socket) in (0..).zip(&sockets) {
        let to = ("127.0.0.1", rack.local_port(DeviceIx(device), WireId(0)).unwrap());
        (0..100).for_each(|_| assert_eq!(socket.send_to(&[1], to).unwrap(), 1));
    }
    let slice = usize::try_from(SLICE.0.div_ceil(cost(1, 1).0)).unwrap();
    rack.look().unwrap();
    let counts: Vec<(bool, usize)> = (0..3).map(|_| (rack.read(boottime()), reports(&mut rack).len())).collect();
    assert_eq!(counts, [(true, slice), (true, slice), (false, slice)]);
}

#[test]
fn a_device_is_read_within_its_budget_and_a_flood_is_told_once_and_its_end_too() {
    let (loud, quiet) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let port = |socket: &UdpSocket| socket.local_addr().unwrap().port();
    let mut rack = rack(&show(&[("toy-udp", "127.0.0.1", port(&loud)), ("toy-udp", "127.0.0.1", port(&quiet))]), Simulate::None);
    let mut now = boottime();
    rack.tick(now);
    reports(&mut rack);
    let local = |rack: &Rack, device| ("127.0.0.1", rack.local_port(device, WireId(0)).unwrap());
    // Sixty messages each millisecond, for five seconds of the rack's own time.
    let (mut heard, mut told) = (0, Vec::new());
    for step in 0..8_000_u64 {
        now += Span::ms(1);
        if step < 5_000 {
            let to = local(&rack, A);
            (0..60).for_each(|_| drop(loud.send_to(&[1], to)));
        }
        if step % 100 == 0 {
            quiet.send_to(&[2], local(&rack, B)).unwrap();
        }
        rack.poll(now).unwrap();
        rack.tick(now);
        let said = reports(&mut rack);
        if step % 100 == 0 {
            assert!(said.contains(&observed(1, 2)), "at {step}");
        }
        if step < 5_000 {
            heard += said.iter().filter(|r| **r == observed(0, 1)).count();
        }
        told.extend(said.into_iter().filter_map(|(device, report)| match report {
            Report::Health(facet) => Some((device, facet.level)),
            _ => None,
        }));
    }
    // Two seconds' credit, and five thousand a second from then on.
    assert!((34_500..=35_000).contains(&heard), "{heard}");
    assert_eq!(told, [(0, Level::Warn)]);
    now += Span::secs(3);
    rack.tick(now);
    assert!(matches!(&reports(&mut rack)[..], [(0, Report::Health(facet))] if facet.level == Level::Good));
}

/// Connections to a listener that sends without end, taken by a thread until the listener's owner has seen enough.
fn endless(listener: TcpListener) -> std::thread::JoinHandle<usize> {
    std::thread::spawn(move || {
        let mut connections = 0;
        while connections < 2 {
            let (mut stream, _) = listener.accept().unwrap();
            connections += 1;
            let message = [&4096_i32.to_be_bytes()[..], &[7; 4096]].concat();
            while stream.write_all(&message).is_ok() {}
        }
        connections
    })
}

#[test]
fn a_connection_that_floods_on_is_closed_and_opened_again_after_a_pause() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut rack = rack(&show(&[("toy-tcp", "127.0.0.1", listener.local_addr().unwrap().port())]), Simulate::None);
    let flooder = endless(listener);
    let (mut now, mut told, mut downs) = (boottime(), Vec::new(), 0);
    while downs < 2 {
        now += Span::ms(10);
        (0..4).for_each(|_| rack.poll(now).unwrap());
        rack.tick(now);
        for (_, report) in reports(&mut rack) {
            match report {
                Report::Health(facet) => told.push(facet.level),
                Report::Offline { why } if why.contains("sends without end") => downs += 1,
                _ => {}
            }
        }
        // The task that reads has its time; the rack's own clock goes faster.
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert_eq!(told, [Level::Warn, Level::Bad, Level::Bad]);
    drop(rack);
    assert_eq!(flooder.join().unwrap(), 2);
}

#[test]
fn real_and_simulated_devices_stand_side_by_side() {
    let device = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = device.local_addr().unwrap().port();
    let mut rack = rack(&show(&[("toy-udp", "127.0.0.1", port), ("toy-udp", "127.0.0.1", port)]), Simulate::Some([B].into()));
    rack.tick(boottime());
    rack.command(boottime(), B, &set(1, B, 7));
    rack.command(boottime(), A, &set(2, A, 8));
    let mut buffer = [0; 8];
    assert_eq!(device.recv(&mut buffer).unwrap(), 1);
    assert_eq!(buffer[0], 8);
    wait_for(&mut rack, &observed(1, 7));
}
