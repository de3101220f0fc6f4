//! Golden lines of each profile, as the makers' documents have them.

#![allow(clippy::unwrap_used)]

use super::tests::{CASPAR, EXTRON, HUB, KRAMER, VMIX, YAMAHA, connected, lines};
use crate::device_api::Op;
use crate::devices::bench::Named;
use crate::show::{Db, Transition, Transport, Value};
use crate::time::Span;

/// The first line that a value makes, when the device has been read.
fn first(profile: &str, named: Named<'_>, path: &str, value: Value) -> String {
    let mut bench = connected(profile, &[named]);
    bench.set(path, value);
    // A round's question may be on its way before it.
    bench.run(Span::ms(20));
    lines(&bench)
        .into_iter()
        .find(|line| !line.starts_with("XMLTEXT") && !line.starts_with("ACTS") && !line.starts_with("get ") && !line.contains('?'))
        .unwrap()
}

#[test]
fn each_device_gets_its_makers_own_lines() {
    let on = Value::Switch(true);
    // vMix: FUNCTION name query, CRLF.
    assert_eq!(first(VMIX, ("program", &[]), "program", Value::text("3")), "FUNCTION CutDirect Input=3\r\n");
    assert_eq!(first(VMIX, ("cut", &[]), "cut", on.clone()), "FUNCTION Cut\r\n");
    assert_eq!(first(VMIX, ("streaming", &[]), "streaming", on.clone()), "FUNCTION StartStreaming\r\n");
    assert_eq!(first(VMIX, ("sound", &[("source", "1")]), "sound/1", Value::Switch(false)), "FUNCTION AudioOff Input=1\r\n");
    let overlay = ("overlay", &[("overlay", "2"), ("source", "5")][..]);
    assert_eq!(first(VMIX, overlay, "overlay/2/5", on.clone()), "FUNCTION OverlayInput2In Input=5\r\n");
    assert_eq!(first(VMIX, overlay, "overlay/2/5", Value::Switch(false)), "FUNCTION OverlayInput2Out\r\n");
    assert_eq!(first(VMIX, ("volume", &[("source", "1")]), "volume/1", Value::Decimal(800_000)), "FUNCTION SetVolume Input=1&Value=80\r\n");
    // Videohub: heading, output and input counted from 0, an empty line.
    assert_eq!(first(HUB, ("route", &[("output", "0")]), "output/0", Value::text("5")), "VIDEO OUTPUT ROUTING:\n0 5\n\n");
    // Kramer: # command, CR.
    assert_eq!(first(KRAMER, ("route", &[("output", "1")]), "output/1", Value::text("3")), "#VID 3>1\r");
    assert_eq!(first(KRAMER, ("preset", &[("preset", "4")]), "preset/4", on.clone()), "#PRST-RCL 4\r");
    // Extron: input * output !, no line end; preset and a full stop.
    assert_eq!(first(EXTRON, ("route", &[("output", "2")]), "output/2", Value::text("3")), "3*2!");
    assert_eq!(first(EXTRON, ("preset", &[("preset", "5")]), "preset/5", on), "5.");
    // AMCP: channel-layer, the clip in quotes, CRLF.
    let clip = Value::Transport(Transport { clip: Some("AMB".into()), looping: true, playing: true });
    assert_eq!(first(CASPAR, ("player", &[("layer", "1-10")]), "layer/1-10", clip), "PLAY 1-10 \"AMB\" LOOP\r\n");
    // RCP: parameter, channel from 0, 0, hundredths of a dB, LF.
    let fader = ("fader", &[("channel", "0")][..]);
    let set = "set MIXER:Current/InCh/Fader/Level 0 0";
    assert_eq!(first(YAMAHA, fader, "channel/0/fader", Value::Level(Db(-5000))), format!("{set} -500\n"));
    assert_eq!(first(YAMAHA, fader, "channel/0/fader", Value::Level(Db::OFF)), format!("{set} -32768\n"));
    assert_eq!(first(YAMAHA, ("on", &[("channel", "0")]), "channel/0/on", Value::Switch(true)), "set MIXER:Current/InCh/Fader/On 0 0 1\n");
    assert_eq!(first(YAMAHA, ("scene", &[]), "scene", Value::text("5")), "ssrecall_ex MIXER:Lib/Scene 5\n");
}

#[test]
fn a_transition_is_its_own_function_with_its_time_if_it_has_one() {
    for (kind, over, wanted) in [
        ("cut", None, "FUNCTION CutDirect Input=3"),
        ("fade", None, "FUNCTION Fade Input=3"),
        ("wipe", Some(Span::ms(1500)), "FUNCTION Wipe Input=3&Duration=1500"),
    ] {
        let mut bench = connected(VMIX, &[("program", &[])]);
        let transition = Some(Transition { kind: kind.into(), over });
        bench.command("program", Op::Set { value: Value::text("3"), transition });
        bench.run(Span::ms(20));
        let sent: Vec<String> = lines(&bench).into_iter().filter(|line| line.starts_with("FUNCTION")).collect();
        assert_eq!(sent, [format!("{wanted}\r\n")]);
    }
}

/// What a device's own line says of a property.
fn told(profile: &str, named: Named<'_>, path: &str, line: &str) -> Option<Value> {
    use crate::devices::{Out, Payload, WireEvent, WireId};
    let mut bench = connected(profile, &[named]);
    let mut out = Out::new();
    let event = WireEvent::Data { wire: WireId(0), from: None, payload: Payload::Chunk(line.as_bytes()) };
    bench.driver.handle(bench.now, event, &mut out);
    let now = bench.now;
    bench.reports.extend(out.reports.into_iter().map(|report| (now, report)));
    bench.observed(path).pop().map(|(value, _)| value)
}

#[test]
fn each_devices_own_words_are_understood() {
    assert_eq!(told(VMIX, ("program", &[]), "program", "ACTS OK Input 7 1\r\n"), Some(Value::text("7")));
    assert_eq!(told(VMIX, ("program", &[]), "program", "ACTS OK Input 7 0\r\n"), None, "an input that leaves is not the program");
    let overlay = ("overlay", &[("overlay", "2"), ("source", "5")][..]);
    assert_eq!(told(VMIX, overlay, "overlay/2/5", "ACTS OK Overlay2 5 1\r\n"), Some(Value::Switch(true)));
    assert_eq!(told(VMIX, overlay, "overlay/2/5", "ACTS OK Overlay1 5 1\r\n"), None, "another overlay");
    // Locks and labels stand under headings of their own.
    let hub = ("route", &[("output", "1")][..]);
    assert_eq!(told(HUB, hub, "output/1", "VIDEO OUTPUT LOCKS:\n1 O\n\nOUTPUT LABELS:\n1 Stage\n\n"), None);
    assert_eq!(told(HUB, hub, "output/1", "VIDEO OUTPUT ROUTING:\n0 5\n1 6\n\n"), Some(Value::text("6")));
    assert_eq!(told(KRAMER, ("route", &[("output", "1")]), "output/1", "~01@VID 3>1\r\n"), Some(Value::text("3")));
    assert_eq!(told(EXTRON, ("route", &[("output", "2")]), "output/2", "Out02 In03 All\r\n"), Some(Value::text("3")));
    let fader = ("fader", &[("channel", "3")][..]);
    let desk = |line| told(YAMAHA, fader, "channel/3/fader", line);
    assert_eq!(desk("NOTIFY set MIXER:Current/InCh/Fader/Level 3 0 -500 \"-5.00\"\n"), Some(Value::Level(Db(-5000))));
    assert_eq!(desk("OKm set MIXER:Current/InCh/Fader/Level 3 0 1000 \"10.00\"\n"), Some(Value::Level(Db(10_000))));
    assert_eq!(desk("NOTIFY set MIXER:Current/InCh/Fader/Level 3 0 -32768 \"-inf\"\n"), Some(Value::Level(Db::OFF)));
    assert_eq!(desk("NOTIFY set MIXER:Current/InCh/Fader/Level 13 0 -500 \"-5.00\"\n"), None, "another channel");
    let scene = told(YAMAHA, ("scene", &[]), "scene", "NOTIFY sscurrent_ex MIXER:Lib/Scene 5 modified\n");
    assert_eq!(scene, Some(Value::text("5")));
}
