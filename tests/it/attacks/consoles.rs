//! Consoles that attach and then behave badly.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::crash::receiver::Receiver;
use crate::crash::run::Run;
use crate::crash::show;

fn connect(journal: &Path) -> UnixStream {
    UnixStream::connect(journal.join("attach.sock")).unwrap()
}

const HELLO: &[u8] = b"{\"attach\":{\"version\":1,\"name\":\"test\",\"read_only\":false}}\n";

#[test]
fn consoles_that_send_garbage_or_stop_reading_hold_up_neither_the_show_nor_its_end() {
    let (device, node) = (Receiver::new(), Receiver::new());
    let folder = show::write(device.port(), node.port(), 3);
    let journal = folder.path().join("journal");
    let mut run = Run::start(folder.path(), "--fresh");
    run.ready();
    // Ten that attach and never read: snapshots fill their sockets up.
    let mut deaf: Vec<UnixStream> = (0..10).map(|_| connect(&journal)).collect();
    for console in &mut deaf {
        console.write_all(HELLO).unwrap();
    }
    // Some that speak no attach at all, one without an end of line, one that closes at once.
    for garbage in [
        &b"\0\xff\xfe\x01\n"[..],
        b"{}\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"[[[[[[[[[[[[",
        b"{\"attach\":{\"version\":99,\"name\":\"\",\"read_only\":true}}\n",
    ] {
        connect(&journal).write_all(garbage).unwrap();
    }
    let mut endless = connect(&journal);
    endless.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    let refused = (0..100).any(|_| endless.write_all(&[b'x'; 4096]).is_err());
    assert!(refused, "a line without end is not read for ever");
    // One that attaches and then sends what is no intent, and intents of things that are not there.
    let mut liar = connect(&journal);
    liar.write_all(HELLO).unwrap();
    for line in [
        "{\"intent\":{\"intent\":{\"start\":{\"cue\":4000000000}},\"phase\":\"legacy\"}}\n",
        "{\"intent\":{\"intent\":{\"go\":{\"list\":9,\"seen\":7}},\"phase\":\"press\"}}\n",
        "{\"intent\":{\"intent\":\"quit\",\"phase\":\"legacy\"}}\n",
        "{\"intent\":{\"intent\":{\"own\":{\"device\":77,\"ownership\":\"bypassed\"}},\"phase\":\"legacy\"}}\n",
        "nonsense\n",
    ] {
        liar.write_all(line.as_bytes()).unwrap();
    }
    liar.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut rest = Vec::new();
    liar.read_to_end(&mut rest).unwrap();
    assert!(!rest.is_empty(), "it was served until its nonsense");
    for cue in 1..=3 {
        run.say(&format!("/cue/{cue}/start"));
        device.wait_for(&format!("/once/{cue}"));
    }
    let events = run.terminate();
    assert!(events.iter().any(|event| event["event"] == "over" && event["good"] == true && event["journalled"] == true), "{events:?}");
    drop(deaf);
    device.finish();
    node.finish();
}
