//! Bytes on the wire, field by field, from the protocol document and from captures.

#![allow(clippy::unwrap_used)]

use rosc::OscType;

use super::{Raw, Scale};
use crate::devices::osc::packet;

fn written(address: &str, args: Vec<OscType>) -> Vec<u8> {
    let mut bytes = vec![];
    packet::encode(address, args, &mut bytes);
    bytes
}

#[test]
fn mute_of_channel_1() {
    let bytes = [
        b"/ch/01/mix/on\0\0\0".as_slice(), // address, padded to 16
        b",i\0\0",                         // one int32
        &[0, 0, 0, 0],                     // 0 is muted
    ]
    .concat();
    assert_eq!(written("/ch/01/mix/on", vec![Scale::Switch.arg(&Raw::Int(0))]), bytes);
}

#[test]
fn fader_of_channel_1_at_0_db() {
    let bytes = [
        b"/ch/01/mix/fader\0\0\0\0".as_slice(), // 16 characters and a whole word of padding
        b",f\0\0",                              // one float32
        &0.749_755_6_f32.to_be_bytes(),         // step 767 of 1023: the nearest to 0.75
    ]
    .concat();
    let level = Scale::Level(1024).raw(&crate::show::Value::Level(crate::show::Db(0))).unwrap();
    assert_eq!(written("/ch/01/mix/fader", vec![Scale::Level(1024).arg(&level)]), bytes);
}

#[test]
fn questions_have_an_empty_type_tag_string() {
    assert_eq!(written("/xinfo", vec![]), *b"/xinfo\0\0,\0\0\0");
    assert_eq!(written("/status", vec![]), *b"/status\0,\0\0\0");
    assert_eq!(written("/xremote", vec![]), *b"/xremote\0\0\0\0,\0\0\0");
}

#[test]
fn recall_of_scene_5() {
    let bytes = [
        b"/load\0\0\0".as_slice(), // address
        b",si\0",                  // a string and an int32
        b"scene\0\0\0",            // what is loaded
        &[0, 0, 0, 5],             // counted from 0
    ]
    .concat();
    assert_eq!(written("/load", vec![OscType::String("scene".into()), OscType::Int(5)]), bytes);
}

#[test]
fn the_answer_to_xinfo() {
    let bytes = [
        b"/xinfo\0\0".as_slice(),
        b",ssss\0\0\0",
        b"192.168.0.64\0\0\0\0", // its address
        b"FOH\0",                // its name
        b"X32\0",                // its model
        b"4.06\0\0\0\0",         // its firmware
    ]
    .concat();
    let message = packet::message(&bytes).unwrap();
    assert_eq!(message.args.len(), 4);
    assert_eq!(message.args.get(3), Some(&OscType::String("4.06".into())));
}

#[test]
fn old_firmware_leaves_out_the_padding_of_its_last_string() {
    let message = packet::message(b"/ch/01/config/name\0\0,s\0\0Host\0").map(|message| message.args);
    assert_eq!(message, Some(vec![OscType::String("Host".into())]));
}
