//! Golden lines of the specification (JBMIA PJLink Specifications 2.10) and of devices that do not keep to it.

#![allow(clippy::unwrap_used)]

use super::codec::{Line, Lines, No, Topic, digest, read};

#[test]
fn the_digest_is_the_specifications_own() {
    // Salt 498e4a67, password JBMIAProjectorLink: the example of the specification.
    assert_eq!(digest("498e4a67", "JBMIAProjectorLink"), "5d8409bc1c3fa39749434aa3a5c38682");
}

#[test]
fn questions_are_as_the_specification_writes_them() {
    // '%', class, four letters, one space, '?'.
    assert_eq!(Topic::Powr.line(false, "?"), "%1POWR ?");
    // Input 1 of the digital ones: type 3, number 1.
    assert_eq!(Topic::Inpt.line(false, "31"), "%1INPT 31");
    // Class 2 names its inputs with letters too.
    assert_eq!(Topic::Inpt.line(true, "3A"), "%2INPT 3A");
    // Freeze is a class 2 command whatever the projector.
    assert_eq!(Topic::Frez.line(true, "1"), "%2FREZ 1");
}

#[test]
fn answers_are_read() {
    for (line, meaning) in [
        (&b"PJLINK 0"[..], Line::Open),
        (b"PJLINK 1 498e4a67", Line::Locked("498e4a67")),
        (b"PJLINK ERRA", Line::Wrong),
        (b"%1POWR=OK", Line::Done(Some(Topic::Powr))),
        (b"%1POWR=3", Line::Says(Topic::Powr, "3")),
        (b"%1INPT=ERR3", Line::No(Some(Topic::Inpt), No::NotNow)),
        // Fan, lamp, temperature, cover, filter, other: the third is an error.
        (b"%1ERST=002000", Line::Says(Topic::Erst, "002000")),
        // Hours and whether it burns, for each lamp.
        (b"%1LAMP=1250 1 980 0", Line::Says(Topic::Lamp, "1250 1 980 0")),
        (b"%2LKUP=00:11:22:33:44:55", Line::There),
    ] {
        assert_eq!(read(line), Some(meaning), "{}", String::from_utf8_lossy(line));
    }
}

#[test]
fn devices_that_do_not_keep_to_it_are_read_too() {
    // A blank behind, the wrong class, small letters, a prompt before, a bare error.
    assert_eq!(read(b"PJLINK 0 "), Some(Line::Open));
    assert_eq!(read(b"%1frez=1"), Some(Line::Says(Topic::Frez, "1")));
    assert_eq!(read(b">%1POWR=1 "), Some(Line::Says(Topic::Powr, "1")));
    assert_eq!(read(b"ERR1"), Some(Line::No(None, No::Unknown)));
    assert_eq!(read(b"%1POWR=ERRA"), Some(Line::Wrong));
    let mut lines = Lines::default();
    assert_eq!(lines.push(b"%1POWR=1\r\n%1NA"), [b"%1POWR=1"]);
    assert_eq!(lines.push(b"ME=a>b\r"), [b"%1NAME=a>b"]);
    // No CR, but a prompt.
    assert_eq!(lines.push(b"%1POWR=OK>"), [b"%1POWR=OK>"]);
    // Neither: whoever waits takes what there is.
    assert_eq!(lines.push(b"%1POWR=1"), [b""; 0]);
    assert_eq!(lines.rest().as_deref(), Some(&b"%1POWR=1"[..]));
}
