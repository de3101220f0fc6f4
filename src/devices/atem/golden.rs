//! Golden bytes: datagrams as the protocol's pages show them, field by field.

#![allow(clippy::unwrap_used)]

use super::packet::{self, ACK, Header, Opening, SYN, commands};
use super::state::State;
use super::target::Target;
use crate::devices::Out;
use crate::show::{Transition, Value};
use crate::time::{Mono, Span};

fn datagram(header: Header, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![];
    packet::write(header, payload, &mut bytes);
    bytes
}

#[test]
fn hello_accepted_acknowledged() {
    let hello = [
        0x10, 0x14, // flag 0x02 SYN, 20 bytes
        0x74, 0x40, // the client's number
        0, 0, 0, 0, 0, 0, 0, 0, // no acknowledgement, no request, unknown, no packet number
        1, 0, 0, 0, 0, 0, 0, 0, // open
    ];
    assert_eq!(datagram(Header { flags: SYN, session: 0x7440, ..Header::default() }, &Opening::Open.bytes()), hello);
    let accepted = [
        0x10, 0x14, 0x74, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, // as above
        2, 0, // accepted
        0, 1, // the session's number: 0x8001 from here on
        0, 0, 0, 0,
    ];
    let (header, payload) = packet::read(&accepted).unwrap();
    assert_eq!((header.flags, header.session, Opening::read(payload)), (SYN, 0x7440, Some(Opening::Accepted(1))));
    let full = [0x10, 0x14, 0x74, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]; // 3: no free slot
    assert_eq!(Opening::read(packet::read(&full).unwrap().1), Some(Opening::Rejected));
    let acknowledged = [0x80, 0x0C, 0x74, 0x40, 0, 0, 0, 0, 0, 0, 0, 0]; // flag 0x10 ACK, 12 bytes, still the client's number
    assert_eq!(datagram(Header { flags: ACK, session: 0x7440, ..Header::default() }, &[]), acknowledged);
}

#[test]
fn a_cut_and_a_program_change_in_their_packets() {
    let (mut window, mut out, state) = (super::window::Window::new(0x8001, None), Out::new(), State::default());
    for (target, value) in [(Target::Cut(0), Value::Switch(true)), (Target::Program(0), Value::Int(2))] {
        let mut payload = vec![];
        assert!(target.command(&value, &state, &mut payload));
        window.send(Mono::ZERO, payload, &mut out);
    }
    let cut = [
        0x08, 0x18, // flag 0x01 must be acknowledged, 24 bytes
        0x80, 0x01, // session
        0, 0, 0, 0, 0, 0, // no acknowledgement, no request, unknown
        0, 1, // packet 1
        0, 0x0C, 0, 0, b'D', b'C', b'u', b't', // 12 bytes with this head, padding, name
        0, 0, 0, 0, // mix effect 1
    ];
    let program = [
        0x08, 0x18, 0x80, 0x01, 0, 0, 0, 0, 0, 0, 0, 2, // the same, packet 2
        0, 0x0C, 0, 0, b'C', b'P', b'g', b'I', 0, 0, // mix effect 1, padding
        0, 2, // input 2
    ];
    assert_eq!(out.sends[0].bytes, cut);
    assert_eq!(out.sends[1].bytes, program);
}

/// Data of the one command that a target's value makes.
fn data(target: Target, value: Value, state: &State) -> (String, Vec<u8>) {
    let mut payload = vec![];
    assert!(target.command(&value, state, &mut payload), "{target}");
    let mut all = commands(&payload).map(|(name, data)| (String::from_utf8_lossy(name).into_owned(), data.to_vec()));
    let first = all.next().unwrap();
    assert_eq!(all.next(), None);
    first
}

#[test]
fn commands_as_the_page_lists_them() {
    let new = State { version: (2, 31), ..State::default() };
    let old = State { version: (2, 27), ..State::default() };
    let on = Value::Switch(true);
    let of = |target, value: &Value, state: &State| data(target, value.clone(), state);
    let same = |got: (String, Vec<u8>), name: &str, bytes: &[u8]| assert_eq!((got.0.as_str(), &got.1[..]), (name, bytes));
    same(of(Target::Preview(0), &Value::Int(3), &new), "CPvI", &[0, 0, 0, 3]); // M/E 1, padding, source u16
    same(of(Target::Auto(0), &on, &new), "DAut", &[0, 0, 0, 0]); // M/E 1
    same(of(Target::Black(0), &on, &new), "FtbA", &[0, 0, 0, 0]); // M/E 1: a toggle
    same(of(Target::DskOn(0), &on, &new), "CDsL", &[0, 1, 0, 0]); // key 1, on air
    same(of(Target::DskAuto(0), &on, &new), "DDsA", &[0, 0, 0, 0]); // from 2.29 on: mask 0, key 1
    same(of(Target::DskAuto(1), &on, &new), "DDsA", &[0, 1, 0, 0]);
    same(of(Target::DskAuto(1), &on, &old), "DDsA", &[1, 0, 0, 0]); // before: the key comes first
    same(of(Target::Aux(0), &Value::Int(10_010), &new), "CAuS", &[1, 0, 0x27, 0x1A]); // mask, aux 1, program of M/E 1
    same(of(Target::Macro(0), &on, &new), "MAct", &[0, 0, 0, 0]); // macro 1 u16, run
    same(of(Target::MacroStop, &on, &new), "MAct", &[0xFF, 0xFF, 1, 0]); // no macro, stop
    same(of(Target::Stream, &on, &new), "StrR", &[1, 0, 0, 0]); // start
    same(of(Target::Record, &Value::Switch(false), &new), "RcTM", &[0, 0, 0, 0]); // stop
}

#[test]
fn a_mix_of_a_second_is_style_rate_preview_and_auto() {
    let state = State { mode: 6, ..State::default() }; // 1080i50: 25 frames a second
    let transition = Transition { kind: "mix".into(), over: Some(Span::secs(1)) };
    let mut payload = vec![];
    super::take::commands(&state, 0, 2, &transition, &mut payload).unwrap();
    let told: Vec<_> = commands(&payload).collect();
    assert_eq!(
        told,
        [
            (b"CTTp", &[3, 0, 0, 1][..]),  // mask style and selection, M/E 1, mix, background alone
            (b"CTMx", &[0, 25, 0, 0][..]), // M/E 1, 25 frames
            (b"CPvI", &[0, 0, 0, 2][..]),  // M/E 1, source 2
            (b"DAut", &[0, 0, 0, 0][..]),  // M/E 1
        ]
    );
}

#[test]
fn rates_of_a_downstream_key_and_of_black_go_before_their_transition() {
    let new = State { version: (2, 31), mode: 6, ..State::default() }; // 25 frames a second
    let old = State { version: (2, 27), mode: 6, ..State::default() };
    let told = |make: &dyn Fn(&mut Vec<u8>) -> Result<(), String>| {
        let mut payload = vec![];
        make(&mut payload).unwrap();
        commands(&payload).map(|(name, data)| (*name, data.to_vec())).collect::<Vec<_>>()
    };
    let second = Some(Span::secs(1));
    // Key 2, 25 frames; from 2.29 on: mask 1, key 2, towards on air.
    let key = told(&|payload| super::take::key(&new, 1, true, second, payload));
    assert_eq!(key, [(*b"CDsR", vec![1, 25, 0, 0]), (*b"DDsA", vec![1, 1, 1, 0])]);
    // Before: the key alone, a toggle.
    assert_eq!(told(&|payload| super::take::key(&old, 1, true, None, payload)), [(*b"DDsA", vec![1, 0, 0, 0])]);
    // Mask, M/E 1, 25 frames.
    let black = told(&|payload| super::take::black(&new, 0, second, payload));
    assert_eq!(black, [(*b"FtbC", vec![1, 0, 25, 0]), (*b"FtbA", vec![0, 0, 0, 0])]);
    assert!(super::take::black(&new, 0, Some(Span::secs(60)), &mut vec![]).is_err());
}

/// Words of a Mini Extreme ISO with software 9.5; what no field uses holds garbage there.
#[test]
fn words_of_a_real_switcher_are_read_past_their_garbage() {
    let mut state = State::default();
    let words: [(&[u8; 4], &[u8]); 9] = [
        (b"_ver", &[0, 2, 0, 0x1F]),                      // 2.31
        (b"_MeC", &[0, 4, 0xDB, 0x00]),                   // M/E 1 has 4 keys
        (b"PrgI", &[0, 0xDB, 0, 1]),                      // M/E 1, garbage, source 1
        (b"PrvI", &[0, 7, 0, 1, 0, 0xDB, 0, 0]),          // M/E 1, garbage, source 1, garbage
        (b"TrSS", &[0, 2, 1, 2, 1, 0xDB, 0, 0]),          // now wipe of the background, next the same
        (b"TrPs", &[0, 0, 0x1E, 1, 0, 0, 0, 0]),          // stands, 30 frames, garbage, position 0
        (b"DskS", &[0, 0, 0, 0, 1, 0x1E, 0x03, 0xE8]),    // key 1 off, stands, no auto, towards on, 30 frames
        (b"FtbS", &[0, 0, 0, 0x1E]),                      // not black, stands, 30 frames
        (b"RTMS", &[0, 0, 8, 0, 0xFF, 0xFF, 0xFF, 0xFF]), // no media, garbage, time unknown
    ];
    for (name, data) in words {
        state.apply(name, data).unwrap();
    }
    state.apply(b"StRS", &[0, 1, 2, 0x80]).unwrap(); // idle, garbage
    let me = state.mes[&0];
    assert_eq!((me.program, me.preview, me.keyers, me.style, me.moving, me.frames_left, me.black), (1, 1, 4, 2, false, 30, false));
    assert_eq!(state.record, Some((0, None)));
    assert_eq!((Target::Stream.value(&state), Target::DskOn(0).value(&state)), (Some(Value::Switch(false)), Some(Value::Switch(false))));
}

/// Before 2.29 a downstream key tells no direction, and its frames stand one byte earlier.
#[test]
fn an_older_downstream_key_is_read_by_its_own_layout() {
    let mut state = State { version: (2, 27), ..State::default() };
    state.apply(b"DskS", &[0, 1, 1, 1, 12, 0, 0, 0]).unwrap(); // key 1 on, moving, auto, 12 frames
    assert_eq!((state.dsks[&0].on, state.dsks[&0].frames_left), (true, 12));
}
