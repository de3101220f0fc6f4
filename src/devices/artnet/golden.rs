//! Golden bytes: packets of the specification, field by field.
#![allow(clippy::unwrap_used)]

use std::net::Ipv4Addr;

use super::codec::{self, Packet, PortAddress, SEQUENCE_AT, SLOTS_AT};
use super::reply::{CAN_OUTPUT, LENGTH, MERGES, NodeReport, OUTPUTS, Port, Reply, SHORT, WIDE_ADDRESSES};
use crate::devices::dmx::merge::Failsafe;
use crate::show::{ArtWord, FrameRate, TimeCode};

#[test]
fn art_poll() {
    #[rustfmt::skip]
    let golden = [
        b'A', b'r', b't', b'-', b'N', b'e', b't', 0, // ID
        0x00, 0x20, // OpPoll, low byte first
        0x00, 0x0e, // ProtVer 14, high byte first
        0x02,       // Flags: reply on change, no diagnostics
        0x10,       // DiagPriority: low
    ];
    assert_eq!(codec::poll(), golden);
    assert_eq!(codec::parse(&golden), Some(Packet::Poll { flags: 2 }));
    let long = [&golden[..], &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]].concat();
    assert_eq!(codec::parse(&long), Some(Packet::Poll { flags: 2 }), "22 bytes are the current form");
}

#[test]
fn art_dmx() {
    let mut packet = codec::dmx_template(PortAddress(0x0123));
    packet[SEQUENCE_AT] = 1;
    packet[SLOTS_AT..SLOTS_AT + 2].copy_from_slice(&[255, 128]);
    #[rustfmt::skip]
    let golden = [
        b'A', b'r', b't', b'-', b'N', b'e', b't', 0, // ID
        0x00, 0x50, // OpDmx, low byte first
        0x00, 0x0e, // ProtVer 14
        0x01,       // Sequence
        0x00,       // Physical
        0x23,       // SubUni: sub-net 2, universe 3
        0x01,       // Net
        0x02, 0x00, // Length 512, high byte first
        0xff, 0x80, // slots 1 and 2
    ];
    assert_eq!(packet[..golden.len()], golden);
    assert!(packet[golden.len()..].iter().all(|b| *b == 0));
}

#[test]
fn art_dmx_of_others() {
    #[rustfmt::skip]
    let golden = [
        b'A', b'r', b't', b'-', b'N', b'e', b't', 0,
        0x00, 0x50, 0x00, 0x0e,
        0xff,       // Sequence
        0x02,       // Physical
        0x23, 0x01, // SubUni, Net
        0x00, 0x04, // Length 4
        0xff, 0x80, 0x00, 0x01, // slots
        0x77, 0x77, // padding of the datagram, no levels
    ];
    let Some(Packet::Dmx(dmx)) = codec::parse(&golden) else { panic!("not ArtDmx") };
    assert_eq!((dmx.sequence, dmx.physical, dmx.address), (255, 2, PortAddress(0x0123)));
    assert_eq!(dmx.slots, [0xff, 0x80, 0, 1]);
    assert_eq!(dmx.address.to_string(), "1:2:3");
    assert_eq!(codec::parse(&golden[..21]), None, "shorter than its length field says");
    let mut old = golden;
    old[11] = 13;
    assert_eq!(codec::parse(&old), None, "version 13");
}

#[test]
fn art_dmx_of_few_slots() {
    let packet = codec::dmx(0x0123, 7, &[1, 2, 3]);
    assert_eq!(packet[12..], [7, 0, 0x23, 0x01, 0x00, 0x04, 1, 2, 3, 0], "an even count");
    let Some(Packet::Dmx(dmx)) = codec::parse(&packet) else { panic!("not ArtDmx") };
    assert_eq!((dmx.sequence, dmx.address, dmx.slots), (7, PortAddress(0x0123), &[1, 2, 3, 0][..]));
    assert_eq!(codec::dmx(1, 1, &[9; 600]).len(), codec::DMX_LENGTH);
}

#[test]
fn art_sync() {
    #[rustfmt::skip]
    let golden = [
        b'A', b'r', b't', b'-', b'N', b'e', b't', 0,
        0x00, 0x52, // OpSync, low byte first
        0x00, 0x0e, // ProtVer 14
        0x00, 0x00, // Aux1, Aux2
    ];
    assert_eq!(codec::SYNC, golden);
    assert_eq!(codec::parse(&golden), Some(Packet::Sync));
}

#[test]
fn art_address() {
    let mut golden = [0; 107];
    let mut put = |at: usize, bytes: &[u8]| golden[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"Art-Net\0");
    put(8, &[0x00, 0x60]); // OpAddress, low byte first
    put(10, &[0x00, 0x0e]); // ProtVer 14
    put(12, &[0x7f]); // NetSwitch: no change
    put(13, &[0x01]); // BindIndex: root
    // 14 ShortName and 32 LongName: empty, no change.
    put(96, &[0x7f; 4]); // SwIn: no change
    put(100, &[0x7f; 4]); // SwOut: no change
    put(104, &[0x7f]); // SubSwitch: no change
    put(105, &[0xff]); // AcnPriority: no change
    put(106, &[0x04]); // Command: AcLedLocate
    assert_eq!(codec::address(1, codec::command::LED_LOCATE), golden);
    assert_eq!(codec::parse(&golden), Some(Packet::Address { bind_index: 1, command: 4 }));
    assert_eq!(codec::parse(&golden[..106]), None);
}

#[test]
fn art_time_code() {
    #[rustfmt::skip]
    let golden = [
        b'A', b'r', b't', b'-', b'N', b'e', b't', 0,
        0x00, 0x97, // OpTimeCode, low byte first
        0x00, 0x0e, // ProtVer 14
        0x00,       // filler
        0x00,       // StreamId: the master stream
        0x0c, 0x22, 0x38, 0x01, // frames 12, seconds 34, minutes 56, hours 1
        0x01,       // Type: EBU, 25 frames a second
    ];
    let time = TimeCode { hours: 1, minutes: 56, seconds: 34, frames: 12 };
    assert_eq!(codec::time_code_packet(FrameRate::F25, time), golden);
    assert_eq!(codec::parse(&golden), Some(Packet::TimeCode { rate: FrameRate::F25, time }));
    for (at, wrong) in [(14, 25), (15, 60), (17, 24), (18, 4)] {
        let mut bytes = golden;
        bytes[at] = wrong;
        assert_eq!(codec::parse(&bytes), None, "there is no such time");
    }
}

#[test]
fn art_trigger() {
    #[rustfmt::skip]
    let golden = [
        b'A', b'r', b't', b'-', b'N', b'e', b't', 0,
        0x00, 0x99, // OpTrigger, low byte first
        0x00, 0x0e, // ProtVer 14
        0x00, 0x00, // filler
        0xff, 0xff, // Oem: anybody's
        0x01,       // Key: a macro
        0x05,       // SubKey: number 5
    ];
    let packet = codec::trigger(1, 5);
    assert_eq!(packet[..golden.len()], golden);
    assert!(packet.len() == 530 && packet[golden.len()..].iter().all(|b| *b == 0), "512 bytes of payload");
    assert_eq!(codec::parse(&golden), Some(Packet::Trigger { oem: 0xffff, key: 1, sub_key: 5 }));
}

/// A node with two ports in net 1, sub-net 2; its second port is shorted and merging.
fn golden_reply() -> ([u8; LENGTH], Reply) {
    let mut b = [0; LENGTH];
    let mut put = |at: usize, bytes: &[u8]| b[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"Art-Net\0");
    put(8, &[0x00, 0x21]); // OpPollReply
    put(10, &[10, 9, 0, 2]); // IP
    put(14, &[0x36, 0x19]); // Port 6454, low byte first
    put(16, &[0x02, 0x05]); // VersInfo, high byte first
    put(18, &[0x01]); // NetSwitch
    put(19, &[0x02]); // SubSwitch
    put(20, &[0x04, 0x30]); // Oem, high byte first
    put(23, &[0xe0]); // Status1: indicators normal, addresses from the network
    put(26, b"dimmer hall\0"); // PortName
    put(44, b"Dimmer rack, hall left\0"); // LongName
    put(108, b"#0001 [0042] all is well\0"); // NodeReport
    put(172, &[0, 2]); // NumPorts
    put(174, &[0x80, 0x80, 0, 0]); // PortTypes: two outputs of DMX512
    put(182, &[0x80, 0x8c, 0, 0]); // GoodOutputA: outputs; outputs, merges, short
    put(190, &[0x03, 0x04, 0, 0]); // SwOut
    put(207, &[10, 9, 0, 2]); // BindIp
    put(211, &[2]); // BindIndex
    put(212, &[0x08]); // Status2: 15-bit Port-Addresses
    put(217, &[0x40]); // Status3: failsafe is zero
    let port = |good_output, sw_out| Port { kind: CAN_OUTPUT, good_output, sw_out, ..Port::default() };
    let reply = Reply {
        ip: Ipv4Addr::new(10, 9, 0, 2),
        version: 0x0205,
        base: PortAddress(0x0120),
        oem: 0x0430,
        short_name: "dimmer hall".into(),
        long_name: "Dimmer rack, hall left".into(),
        report: NodeReport { code: Some(1), counter: Some(42), text: "all is well".into() },
        ports: vec![port(OUTPUTS, 3), port(OUTPUTS | MERGES | SHORT, 4)],
        style: 0,
        bind_index: 2,
        status2: WIDE_ADDRESSES,
        failsafe: Failsafe::Zero,
        sets_failsafe: false,
        locates: Some(false),
    };
    (b, reply)
}

#[test]
fn art_poll_reply() {
    let (golden, reply) = golden_reply();
    assert_eq!(codec::parse(&golden), Some(Packet::Reply(Box::new(reply.clone()))));
    assert_eq!(reply.encode(), golden);
    for (status, locates) in [(0x20, None), (0x60, Some(true)), (0xa0, Some(false)), (0xe0, Some(false))] {
        let mut bytes = golden;
        (bytes[23], bytes[217]) = (status, 0x60); // Status1: indicators; Status3: failsafe zero, can be set
        let Some(Packet::Reply(reply)) = codec::parse(&bytes) else { panic!("a reply") };
        assert_eq!((reply.locates, reply.sets_failsafe), (locates, true));
    }
    assert_eq!(reply.outputs().map(|(a, _)| a).collect::<Vec<_>>(), [PortAddress(0x0123), PortAddress(0x0124)]);
}

#[test]
fn what_others_say_to_a_show() {
    let trigger = [
        &b"Art-Net\0"[..], // ID
        &[0x00, 0x99],     // OpTrigger, low byte first
        &[0x00, 0x0e],     // protocol version 14
        &[0x00, 0x00],     // filler
        &[0x2a, 0x10],     // Oem, high byte first: one maker's own keys
        &[0x07],           // Key
        &[0xff],           // SubKey
        &[0; 512],         // payload
    ]
    .concat();
    assert_eq!(super::word(&trigger), Some(ArtWord::Trigger { oem: 0x2a10, key: 7, sub_key: 255 }));
    assert_eq!(super::word(&trigger[..18]), super::word(&trigger), "the payload may be short");
    assert_eq!(super::word(&trigger[..17]), None);
    let mut time = [
        &b"Art-Net\0"[..], // ID
        &[0x00, 0x97],     // OpTimeCode, low byte first
        &[0x00, 0x0e],     // protocol version 14
        &[0x00],           // filler
        &[0x00],           // StreamId: the master stream
        &[0x18],           // Frames: 24
        &[0x3b],           // Seconds: 59
        &[0x05],           // Minutes
        &[0x17],           // Hours: 23
        &[0x01],           // Type: EBU, 25 frames
    ]
    .concat();
    let clock = TimeCode { hours: 23, minutes: 5, seconds: 59, frames: 24 };
    assert_eq!(super::word(&time), Some(ArtWord::Time { rate: FrameRate::F25, time: clock }));
    time[13] = 3; // another stream
    assert_eq!(super::word(&time), None);
    (time[13], time[18]) = (0, 0); // film: 24 frames have no frame 24
    assert_eq!(super::word(&time), None);
}

#[test]
fn short_replies_of_older_nodes_count_as_zero_where_they_end() {
    let (golden, whole) = golden_reply();
    for length in [198, 207, 212, 213, 230] {
        let Some(Packet::Reply(reply)) = codec::parse(&golden[..length]) else { panic!("{length} bytes are enough") };
        assert_eq!(reply.ports, whole.ports);
        assert_eq!(reply.bind_index, if length > 211 { 2 } else { 0 });
        assert_eq!(reply.failsafe, if length > 217 { Failsafe::Zero } else { Failsafe::Hold });
    }
    assert_eq!(codec::parse(&golden[..197]), None);
}

#[test]
fn node_reports_of_all_kinds() {
    let read = |text: &str| {
        let (mut golden, _) = golden_reply();
        golden[108..172].fill(0);
        golden[108..108 + text.len()].copy_from_slice(text.as_bytes());
        let Some(Packet::Reply(reply)) = codec::parse(&golden) else { panic!("a reply") };
        reply.report
    };
    let report = read("#000d [9999] DMX short");
    assert_eq!((report.code, report.counter, report.text.as_str()), (Some(0xd), Some(9999), "DMX short"));
    assert!(report.is_fault());
    assert!(!read("#0001 [1] ok").is_fault());
    let free = read("Ready, friend");
    assert_eq!((free.code, free.counter, free.text.as_str()), (None, None, "Ready, friend"));
    assert_eq!(read("#zz [x] y").code, None);
}
