//! Golden answers, and any bytes at all.

#![allow(clippy::unwrap_used)]

use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;
use crate::show::Library;

const FROM: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 20);

fn ask(name: &str) -> Question {
    questions().into_iter().find(|question| question.name.starts_with(name)).unwrap()
}

/// An answer as RFC 1035 lays it out: header, then PTR, SRV, TXT and A, with pointers to names before.
fn atem() -> Vec<u8> {
    [
        &b"\0\0\x84\0\0\0\0\x01\0\0\0\x03"[..],                 // answer, authoritative; 1 record and 3 more
        b"\x0b_blackmagic\x04_tcp\x05local\0",                  // at 12
        b"\0\x0c\0\x01\0\0\x11\x94\0\x0c\x09Front FOH\xc0\x0c", // PTR, IN, 4500 s; the instance, at 46
        b"\xc0\x2e\0\x21\x80\x01\0\0\0\x78\0\x0c\0\0\0\0\x26\xb6\x03foh\xc0\x1d", // SRV 0 0 9910 foh.local, its name at 76
        b"\xc0\x2e\0\x10\x80\x01\0\0\x11\x94\0\x26\x12class=AtemSwitcher\x12name=ATEM Mini Pro",
        b"\xc0\x4c\0\x01\x80\x01\0\0\0\x78\0\x04\x0a\x09\0\x05", // A 10.9.0.5
    ]
    .concat()
}

#[test]
fn the_questions_are_the_bytes_of_the_protocols() {
    assert_eq!(ask("Art-Net").bytes, *b"Art-Net\0\0\x20\0\x0e\0\x10");
    assert_eq!(ask("X32").bytes, *b"/xinfo\0\0,\0\0\0");
    assert_eq!((ask("X32").port, ask("X-Air").port), (10023, 10024));
    assert_eq!(ask("PJLink").bytes, *b"%2SRCH\r");
    let mdns = ask("multicast");
    assert!(
        mdns.bytes.starts_with(b"\0\0\0\0\0\x07\0\0\0\0\0\0\x0b_blackmagic\x04_tcp\x05local\0\0\x0c\0\x01\x0e_switcher_ctrl\x04_udp"),
        "{mdns:?}"
    );
}

#[test]
fn a_console_tells_name_model_and_firmware() {
    let bytes = b"/xinfo\0\0,ssss\0\0\x00127.0.0.1\0\0\0FOH\0M32R\0\0\0\x004.06\0\0\0\0";
    let answer = ask("X32").read(bytes, FROM).remove(0);
    assert_eq!((answer.name.as_str(), answer.models[0].as_str(), answer.firmware.as_deref()), ("FOH", "M32R", Some("4.06")));
    assert_eq!((answer.address, answer.port), (Some(FROM), 10023), "not where it thinks it is");
    assert_eq!(fit(&Library::builtin(), &answer), Fit::Near("midas-m32".into()));
    let twelve = Answer { models: vec!["XR12".into()], port: 10024, ..Answer::default() };
    assert_eq!(fit(&Library::builtin(), &twelve), Fit::Exact("behringer-xr18".into()));
}

#[test]
fn a_projector_tells_its_mac_and_another_search_is_no_answer() {
    let answer = ask("PJLink").read(b"%2ACKN=00:11:22:33:44:55\r", FROM).remove(0);
    assert_eq!(answer.more, ["MAC 00:11:22:33:44:55"]);
    assert_eq!(fit(&Library::builtin(), &answer), Fit::Exact("generic-pjlink-class-2".into()));
    assert_eq!(ask("PJLink").read(b"%2SRCH\r", FROM), []);
    assert_eq!(ask("Art-Net").read(&ask("Art-Net").bytes, FROM), [], "our own question comes back");
}

#[test]
fn a_switcher_is_read_from_its_service() {
    let answer = ask("multicast").read(&atem(), FROM).remove(0);
    assert_eq!((answer.name.as_str(), answer.address, answer.port), ("Front FOH", Some(Ipv4Addr::new(10, 9, 0, 5)), 9910));
    assert_eq!(answer.models, ["ATEM Mini Pro", "Front FOH", "ATEM"]);
    assert_eq!(fit(&Library::builtin(), &answer), Fit::Near("blackmagic-atem-mini".into()));
    let iso = Answer { models: vec!["Blackmagic ATEM Television Studio HD8 ISO".into()], ..answer.clone() };
    assert_eq!(fit(&Library::builtin(), &iso), Fit::Near("blackmagic-atem-tvs-hd8".into()));
    let unnamed = Answer { models: vec!["Front FOH".into()], ..answer.clone() };
    assert!(matches!(fit(&Library::builtin(), &unnamed), Fit::OneOf(many) if many.len() > 3));
    assert_eq!(fit(&Library::builtin(), &Answer { port: 1, ..answer }), Fit::None);
}

#[test]
fn a_session_of_network_midi_is_found_on_the_port_that_it_says() {
    let said = |port: &[u8; 2]| {
        [
            &b"\0\0\x84\0\0\0\0\x01\0\0\0\x01"[..],            // answer, authoritative; 1 record and 1 more
            b"\x0b_apple-midi\x04_udp\x05local\0",             // at 12
            b"\0\x0c\0\x01\0\0\x11\x94\0\x07\x04Keys\xc0\x0c", // PTR, IN, 4500 s; the instance, at 46
            b"\xc0\x2e\0\x21\x80\x01\0\0\0\x78\0\x0d\0\0\0\0", // SRV 0 0
            port,
            b"\x04keys\xc0\x1d",
        ]
        .concat()
    };
    let answer = ask("multicast").read(&said(&[0x13, 0x8c]), FROM).remove(0);
    assert_eq!((answer.name.as_str(), answer.port, answer.more.len()), ("Keys", 5004, 0));
    assert_eq!(fit(&Library::builtin(), &answer), Fit::Exact("generic-midi".into()));
    let answer = ask("multicast").read(&said(&[0x13, 0x90]), FROM).remove(0);
    assert_eq!(answer.more, ["its session is on another port: add port = 5008"]);
}

#[test]
fn what_a_terminal_would_obey_is_left_out() {
    let bytes = [&b"/xinfo\0\0,ssss\0\0\0a\0\0\0"[..], b"\x1b[2J\nFOH\0\0\0\0", b"X32\0", b"4\0\0\0"].concat();
    assert_eq!(ask("X32").read(&bytes, FROM)[0].name, "[2JFOH");
}

proptest! {
    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..600), cut in 0_usize..200, at in 0_usize..200, byte: u8) {
        let mut broken = atem();
        if let Some(one) = broken.get_mut(at) {
            *one = byte;
        }
        broken.truncate(broken.len().saturating_sub(cut));
        let header = [&b"\0\0\x84\0\0\x01\0\x10\0\0\0\x10"[..], &bytes].concat();
        for question in questions() {
            for bytes in [&bytes, &broken, &header] {
                for answer in question.read(bytes, FROM) {
                    prop_assert!(answer.address.is_some() && !answer.models.is_empty());
                    prop_assert!(answer.name.chars().count() <= TEXT_MAX && !answer.name.chars().any(char::is_control));
                }
            }
        }
    }
}
