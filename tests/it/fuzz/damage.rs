//! What may happen to bytes on their way, and what an attacker or a broken device would write.

use showcall::links::random::SplitMix64;

/// Bytes that end, begin or escape something in one of the protocols.
const BYTES: &[u8] =
    &[0, 1, 0x7F, 0x80, 0xC0, 0xF0, 0xF7, 0xFF, b'\n', b'\r', b'"', b'\\', b'{', b'}', b'[', b']', b'=', b',', b'/', b' ', b'%'];

/// Numbers at the ends of their ranges, and words where a number was.
const WORDS: &[&[u8]] = &[
    b"-1",
    b"0",
    b"99999999999999999999",
    b"1e999",
    b"nan",
    b"4294967295",
    b"-2147483648",
    b"0.0000001",
    b"true",
    b"null",
    b"\xFF\xFF\xFF\xFF",
    b"\x7F\xFF\xFF\xFF",
    b"\x80\x00\x00\x00",
    b"\x00\x00\x00\x00",
    b"\xF0\x9F\x98\x80",
    b"",
];

/// A piece longer than this is not doubled: bytes grow from round to round otherwise.
const LONGEST: usize = 64 * 1024;

/// One to four damages of one of the golden ones.
pub fn damaged(random: &mut SplitMix64, golden: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = pick(random, golden).clone();
    for _ in 0..=random.below(4) {
        damage(random, &mut bytes, golden);
    }
    bytes.truncate(LONGEST);
    bytes
}

/// One of several.
pub fn pick<'a, T>(random: &mut SplitMix64, of: &'a [T]) -> &'a T {
    &of[below(random, of.len())]
}

/// A place below `end`.
pub fn below(random: &mut SplitMix64, end: usize) -> usize {
    usize::try_from(random.below(end as u64)).unwrap()
}

fn damage(random: &mut SplitMix64, bytes: &mut Vec<u8>, golden: &[Vec<u8>]) {
    let at = below(random, bytes.len() + 1);
    let to = at + below(random, bytes.len() - at + 1);
    match random.below(9) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = *pick(random, BYTES);
            }
        }
        2 => bytes.insert(at, *pick(random, BYTES)),
        3 => drop(bytes.drain(at..to)),
        4 => {
            let again = bytes[at..to].to_vec();
            bytes.splice(at..at, again);
        }
        5 => bytes.truncate(at),
        6 => {
            let end = bytes.len().min(at + 4);
            bytes.splice(at..end, pick(random, WORDS).iter().copied());
        }
        7 => number(random, bytes),
        _ => {
            let other = pick(random, golden);
            let from = below(random, other.len() + 1);
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
    }
}

/// Another number or word where a number in digits stands.
fn number(random: &mut SplitMix64, bytes: &mut Vec<u8>) {
    let digits: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at].is_ascii_digit()).collect();
    if digits.is_empty() {
        return;
    }
    let from = *pick(random, &digits);
    let to = (from..bytes.len()).find(|at| !bytes[*at].is_ascii_digit()).unwrap_or(bytes.len());
    bytes.splice(from..to, pick(random, WORDS).iter().copied());
}
