//! Requests over HTTP, golden and joined with the simulator.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use proptest::prelude::*;

use super::FAMILY;
use super::tests::connected;
use crate::device_api::{How, Report};
use crate::devices::bench::{self, Bench, Fault, Named};
use crate::devices::web::Request;
use crate::devices::{Out, Payload, WireEvent, WireId};
use crate::show::{Show, Value};
use crate::time::Span;

const PTZ: &str = include_str!("../../../hardware-profiles/panasonic-ptz-aw.toml");
const BARCO: &str = include_str!("../../../hardware-profiles/barco-event-master.toml");
const ARENA: &str = include_str!("../../../hardware-profiles/resolume-arena.toml");
const ANY: &str = include_str!("../../../hardware-profiles/generic-http.toml");

fn asked(bench: &Bench) -> Vec<Request> {
    bench.sent.iter().map(|(_, bytes)| Request::read(bytes).unwrap()).collect()
}

/// The request that a value makes: method, path, body.
fn golden(profile: &str, named: Named<'_>, path: &str, value: Value) -> String {
    let mut bench = connected(profile, &[named]);
    bench.fault = Box::new(|_, _, _| Fault::Drop);
    bench.set(path, value);
    bench.run(Span::ms(300));
    let request = asked(&bench).into_iter().find(|request| !request.path.ends_with("%23O&res=1")).unwrap();
    format!("{} {} {}", request.method, request.path, request.body)
}

/// What the driver says when its command gets this reply.
fn replied(profile: &str, named: Named<'_>, path: &str, value: Value, status: u16, body: &str) -> Vec<Report> {
    let mut bench = connected(profile, &[named]);
    bench.run(Span::ms(400));
    bench.fault = Box::new(|_, to_device, _| if to_device { Fault::Drop } else { Fault::None });
    bench.set(path, value);
    (0..200).map(|tag| reply(&mut bench, tag, status, body)).find(|reports| !reports.is_empty()).unwrap_or_default()
}

fn reply(bench: &mut Bench, tag: u64, status: u16, body: &str) -> Vec<Report> {
    let mut out = Out::new();
    let payload = Payload::HttpReply { tag, status, body: body.as_bytes() };
    bench.driver.handle(bench.now, WireEvent::Data { wire: WireId(0), from: None, payload }, &mut out);
    out.reports
}

fn with_passcode(profile: &str, passcode: &str, named: &[Named<'_>]) -> Arc<Show> {
    let mut show = (*bench::show(profile, &[], named)).clone();
    show.devices[0].password = Some(passcode.into());
    Arc::new(show)
}

#[test]
fn each_device_gets_its_makers_own_requests() {
    let on = Value::Switch(true);
    // Panasonic: # is %23; O1 is on; presets from 00; pan and tilt in hexadecimal.
    let power = golden(PTZ, ("power", &[]), "power", on.clone());
    assert_eq!(power, "GET /cgi-bin/aw_ptz?cmd=%23O1&res=1 ");
    assert_eq!(golden(PTZ, ("preset", &[]), "preset", Value::Int(1)), "GET /cgi-bin/aw_ptz?cmd=%23R00&res=1 ");
    assert_eq!(golden(PTZ, ("preset", &[]), "preset", Value::Int(100)), "GET /cgi-bin/aw_ptz?cmd=%23R99&res=1 ");
    assert_eq!(golden(PTZ, ("tally", &[]), "tally", on.clone()), "GET /cgi-bin/aw_cam?cmd=TLR:1&res=1 ");
    let middle = golden(PTZ, ("position", &[]), "position", Value::text("80008000"));
    assert_eq!(middle, "GET /cgi-bin/aw_ptz?cmd=%23APC80008000&res=1 ");
    // Barco: JSON-RPC 2.0, POST to the root.
    let preset = golden(BARCO, ("preset", &[("preset", "3")]), "preset/3", on.clone());
    assert_eq!(preset, r#"POST / {"jsonrpc":"2.0","id":"1","method":"activatePreset","params":{"id":3,"type":0}}"#);
    assert_eq!(golden(BARCO, ("cut", &[]), "cut", on.clone()), r#"POST / {"jsonrpc":"2.0","id":"1","method":"cut","params":{}}"#);
    // Resolume: REST under /api/v1, a parameter as JSON.
    let clip = golden(ARENA, ("clip", &[("layer", "1"), ("column", "3")]), "layer/1/column/3", on.clone());
    assert_eq!(clip, "POST /api/v1/composition/layers/1/clips/3/connect ");
    let bypass = golden(ARENA, ("bypass", &[("layer", "2")]), "layer/2/bypass", on.clone());
    assert_eq!(bypass, r#"PUT /api/v1/composition/layers/2 {"bypassed":true}"#);
    let line = r#"PUT /scene/1 {"on": true}"#;
    assert_eq!(golden(ANY, ("request", &[("request", line)]), line, on), line);
}

#[test]
fn replies_are_a_yes_a_no_or_nothing() {
    let on = || Value::Switch(true);
    let ptz = |status, body| replied(PTZ, ("preset", &[]), "preset", Value::Int(2), status, body);
    assert!(matches!(&ptz(200, "s01\r\n")[..], [Report::Acked { .. }]), "{:?}", ptz(200, "s01"));
    let refused = |reports: Vec<Report>| match &reports[..] {
        [Report::Refused { why, .. }] => why.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(ptz(200, "eR2:R")), "the camera is busy, starting or in standby (eR2)");
    assert_eq!(refused(ptz(200, "s07")), "the device answers \"s07\", which is no yes", "the yes of another preset");
    assert_eq!(refused(ptz(404, "<html>no</html>")), "the device does not know this (HTTP 404)");
    assert!(matches!(&ptz(0, "connection refused")[..], [Report::Offline { why }] if &**why == "connection refused"));
    assert!(matches!(&ptz(401, "")[..], [Report::NeedsHuman { why }] if why.contains("add password")));
    let barco = |body| replied(BARCO, ("cut", &[]), "cut", on(), 200, body);
    assert!(matches!(&barco(r#"{"jsonrpc":"2.0","id":"1","result":{"success":0,"response":null}}"#)[..], [Report::Acked { .. }]));
    assert!(refused(barco(r#"{"jsonrpc":"2.0","id":"1","result":{"success":-1,"response":"locked"}}"#)).contains("locked"));
    let error = r#"{"jsonrpc":"2.0","id":"1","error":{"code":-32601,"message":"Method not found"}}"#;
    assert_eq!(refused(barco(error)), "the processor refuses: Method not found");
    let any = |status, body| replied(ANY, ("request", &[("request", "GET /x")]), "GET /x", on(), status, body);
    assert!(matches!(&any(204, "")[..], [Report::Acked { .. }]));
    assert_eq!(refused(any(503, "warming up")), "the device is busy (HTTP 503): warming up");
}

#[test]
fn a_camera_is_asked_what_it_does_and_a_hand_is_seen() {
    let mut bench = connected(PTZ, &[("power", &[]), ("position", &[])]);
    bench.set("power", Value::Switch(true));
    bench.run(Span::secs(2));
    assert_eq!(bench.observed("power"), [(Value::Switch(true), How::Echo)]);
    bench.run(Span::secs(3));
    bench.poke("position", Value::text("2D098E38"));
    bench.run(Span::secs(4));
    assert_eq!(bench.observed("position"), [(Value::text("2D098E38"), How::Word)]);
}

#[test]
fn a_clip_is_on_when_resolume_says_that_it_is_connected() {
    let named: Named<'_> = ("clip", &[("layer", "1"), ("column", "3")]);
    let mut bench = connected(ARENA, &[named]);
    bench.set("layer/1/column/3", Value::Switch(true));
    bench.run(Span::secs(1));
    assert_eq!(bench.observed("layer/1/column/3"), [(Value::Switch(true), How::Echo)]);
    let action = bench.set("layer/1/column/3", Value::Switch(false));
    bench.run(Span::secs(1));
    let refused = |report: &Report| matches!(report, Report::Refused { action: of, .. } if *of == action);
    assert!(bench.reports.iter().any(|(_, report)| refused(report)), "a clip is not set off");
}

#[test]
fn connecting_changes_nothing_and_names_the_camera() {
    let mut bench = Bench::new(&FAMILY, bench::show(PTZ, &[], &[("power", &[]), ("preset", &[])]));
    bench.up();
    bench.run(Span::secs(2));
    let reading = |request: &Request| request.path.contains("=QID&") || request.path.contains("=%23O&");
    assert!(asked(&bench).iter().all(reading), "{:?}", asked(&bench));
    let named =
        |report: &Report| matches!(report, Report::Online { identity: Some(name) } if &**name == "Panasonic AW PTZ camera AW-UE100");
    assert!(bench.reports.iter().any(|(_, report)| named(report)), "{:?}", bench.reports);
}

#[test]
fn a_login_goes_with_every_request_and_a_wrong_one_needs_a_person() {
    let named: [Named<'_>; 1] = [("power", &[])];
    let mut bench = Bench::new(&FAMILY, with_passcode(PTZ, "secret", &named));
    bench.up();
    bench.run(Span::secs(2));
    assert!(bench.reports.iter().any(|(_, report)| *report == Report::Synced));
    assert!(asked(&bench).iter().all(|request| request.login == Some(("admin".into(), "secret".into()))));

    let mut bench = Bench::new(&FAMILY, with_passcode(PTZ, "wrong", &named));
    let right = with_passcode(PTZ, "secret", &named);
    bench.simulator = (FAMILY.simulator)(crate::devices::Plan { show: &right, device: crate::show::DeviceIx(0) });
    bench.up();
    bench.run(Span::secs(20));
    assert_eq!(bench.sent.len(), 1, "nothing more is tried");
    assert!(bench.reports.iter().any(|(_, report)| matches!(report, Report::NeedsHuman { why } if why.contains("refuses the login"))));
}

#[test]
fn nobody_there_is_told_once_and_a_late_reply_belongs_to_nothing() {
    let mut bench = connected(ANY, &[("request", &[("request", "GET /x")])]);
    bench.fault = Box::new(|_, _, _| Fault::Drop);
    bench.set("GET /x", Value::Switch(true));
    bench.run(Span::ms(10));
    let tag = (0..200).find(|tag| !reply(&mut bench, *tag, 0, "no route to host").is_empty()).unwrap();
    assert!(reply(&mut bench, tag, 200, "").is_empty());
    bench.sent.clear();
    bench.run(Span::secs(5));
    assert!(asked(&bench).iter().all(|request| request.path == "/"), "nothing is sent again: {:?}", asked(&bench));
    assert!((0..200).all(|tag| reply(&mut bench, tag, 0, "no route to host").is_empty()), "the same reason is not told again");
}

proptest! {
    #[test]
    fn any_reply_and_any_request_are_taken(replies in proptest::collection::vec((0..12_u64, any::<u16>(), any::<Vec<u8>>()), 1..12)) {
        for profile in [(PTZ, "power"), (BARCO, "cut")] {
            let mut bench = connected(profile.0, &[(profile.1, &[])]);
            for (tag, status, body) in &replies {
                let mut out = Out::new();
                let reply = Payload::HttpReply { tag: *tag, status: *status, body };
                bench.driver.handle(bench.now, WireEvent::Data { wire: WireId(0), from: None, payload: reply }, &mut out);
                for body in [body.clone(), Request::json("POST", "/", String::from_utf8_lossy(body)).bytes()] {
                    let request = Payload::HttpRequest { tag: *tag, request: &body };
                    bench.simulator.handle(bench.now, WireEvent::Data { wire: WireId(0), from: None, payload: request }, &mut out);
                }
                bench.run(Span::ms(300));
            }
        }
    }
}
