//! OSC packets on whole datagrams: `rosc` for messages, our own walk through bundles.
//!
//! `rosc` 0.11 recurses once a nested bundle or array without a limit, so a 64 KiB datagram could exhaust the stack; here the
//! nesting is bounded before `rosc` sees a byte. Messages without a type tag string (old senders) are taken as having no arguments.

use std::net::SocketAddr;

use rosc::{OscMessage, OscPacket, OscType};

use crate::devices::{Out, WireId};

/// Bundles nested deeper than this are dropped.
const BUNDLE_DEPTH: u8 = 4;
/// Longest type tag string that is read: more arguments than any device sends.
const TAGS_MAX: usize = 1024;
/// OSC 1.0: the address of a bundle.
const BUNDLE: &[u8] = b"#bundle\0";

/// Gives each message of a packet, bundles opened, in order. Bytes that are not OSC give nothing.
pub fn decode(bytes: &[u8], mut visit: impl FnMut(OscMessage)) {
    walk(bytes, 0, &mut visit);
}

fn walk(bytes: &[u8], depth: u8, visit: &mut dyn FnMut(OscMessage)) {
    let Some(elements) = bytes.strip_prefix(BUNDLE) else {
        if let Some(message) = message(bytes) {
            visit(message);
        }
        return;
    };
    // 8 bytes of time tag: what reaches us acts at once, whatever it says.
    let Some(mut rest) = elements.get(8..) else { return };
    while let Some((size, tail)) = rest.split_first_chunk::<4>() {
        let size = usize::try_from(u32::from_be_bytes(*size)).unwrap_or(usize::MAX);
        let Some((element, next)) = tail.split_at_checked(size) else { return };
        if depth < BUNDLE_DEPTH {
            walk(element, depth + 1, visit);
        }
        rest = next;
    }
}

/// One message. `None` when it is not one.
#[must_use]
pub fn message(bytes: &[u8]) -> Option<OscMessage> {
    if bytes.first() != Some(&b'/') {
        return None;
    }
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let args = (end / 4 + 1) * 4;
    let Some(tags) = bytes.get(args..).filter(|t| !t.is_empty()) else {
        let addr = std::str::from_utf8(bytes.get(..end)?).ok()?.to_owned();
        return Some(OscMessage { addr, args: vec![] });
    };
    let tags = tags.split(|b| *b == 0).next().unwrap_or_default();
    // Arrays are not used by any device here; without them `rosc` does not recurse.
    if tags.len() > TAGS_MAX || tags.contains(&b'[') {
        return None;
    }
    match rosc::decoder::decode_udp(bytes) {
        Ok((_, OscPacket::Message(message))) => Some(message),
        // Old console firmware leaves out the padding of its last string.
        _ if !bytes.len().is_multiple_of(4) => {
            let mut padded = bytes.to_vec();
            padded.resize(bytes.len().next_multiple_of(4), 0);
            match rosc::decoder::decode_udp(&padded) {
                Ok((_, OscPacket::Message(message))) => Some(message),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Writes one message at the end of `out`.
pub fn encode(address: &str, args: Vec<OscType>, out: &mut Vec<u8>) {
    let packet = OscPacket::Message(OscMessage { addr: address.to_owned(), args });
    match rosc::encoder::encode_into(&packet, out) {
        Ok(_) => {}
        Err(never) => match never {},
    }
}

/// Sends one message over a wire, to its own target or to an address.
pub fn send(out: &mut Out, wire: WireId, to: Option<SocketAddr>, address: &str, args: Vec<OscType>) {
    let mut bytes = out.buffer();
    encode(address, args, &mut bytes);
    match to {
        Some(to) => out.send_to(wire, to, bytes),
        None => out.send(wire, bytes),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn all(bytes: &[u8]) -> Vec<OscMessage> {
        let mut out = vec![];
        decode(bytes, |m| out.push(m));
        out
    }

    #[test]
    fn a_message_without_type_tags_has_no_arguments() {
        for bytes in [&b"/go\0"[..], b"/go", b"/go\0,\0\0\0"] {
            assert_eq!(message(bytes).unwrap(), OscMessage { addr: "/go".into(), args: vec![] }, "{bytes:?}");
        }
    }

    #[test]
    fn bundles_open_and_deep_ones_are_dropped() {
        let mut bytes = vec![];
        encode("/a", vec![OscType::Int(1)], &mut bytes);
        for depth in 1..4000 {
            let mut outer = b"#bundle\0\0\0\0\0\0\0\0\x01".to_vec();
            outer.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
            outer.extend(&bytes);
            bytes = outer;
            if depth == 3 {
                assert_eq!(all(&bytes).len(), 1);
            }
        }
        assert_eq!(all(&bytes).len(), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            all(&bytes);
            let mut as_message = b"/a\0\0,".to_vec();
            as_message.extend(&bytes);
            all(&as_message);
            let mut as_bundle = b"#bundle\0\0\0\0\0\0\0\0\x01".to_vec();
            as_bundle.extend(&bytes);
            all(&as_bundle);
        }

        #[test]
        fn what_is_written_is_read(address in "/[a-z0-9/]{0,40}", n in any::<i32>(), text in "[ -~]{0,20}") {
            let args = vec![OscType::Int(n), OscType::Float(0.5), OscType::String(text)];
            let mut bytes = vec![];
            encode(&address, args.clone(), &mut bytes);
            prop_assert_eq!(bytes.len() % 4, 0);
            prop_assert_eq!(message(&bytes).unwrap(), OscMessage { addr: address, args });
        }
    }
}
