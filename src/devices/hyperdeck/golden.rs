//! Golden blocks, from the HyperDeck Ethernet Protocol 1.11.

use super::codec::{Block, Blocks, Requests};

#[test]
fn blocks_are_cut_at_their_empty_line() {
    let mut blocks = Blocks::default();
    // The greeting.
    let got = blocks.push(b"500 connection info:\r\nprotocol version: 1.11\r\nmodel: HyperDeck Studio HD Plus\r\n\r\n200 ok\r\n");
    assert_eq!(got.iter().map(|block| block.code).collect::<Vec<_>>(), [500, 200]);
    assert_eq!(got[0].fields()["model"], "HyperDeck Studio HD Plus");
    // In two pieces, with a notice of what changed alone.
    assert_eq!(blocks.push(b"508 transport info:\r\nstatus: pl"), []);
    let got = blocks.push(b"ay\r\n\r\n");
    assert_eq!(got[0].fields().get("status"), Some(&"play"));
}

#[test]
fn clips_have_numbers_and_names_with_blanks() {
    let lines =
        vec!["clip count: 2".to_owned(), "1: Walk in.mov 00:00:00:00 00:00:10:00".into(), "2: B.mov 01:00:00;00 00:00:10:00".into()];
    let clips = Block { code: 205, lines }.clips();
    assert_eq!(clips, [(1, "Walk in.mov".into()), (2, "B.mov".into())]);
}

#[test]
fn a_request_is_a_line_or_a_block() {
    let mut requests = Requests::default();
    let got = requests
        .push(b"play: speed: 100 loop: true single clip: false\r\nplay:\r\nspeed: 100\r\nloop: true\r\nsingle clip: false\r\n\r\nstop\n");
    assert_eq!(got.iter().map(|request| &*request.name).collect::<Vec<_>>(), ["play", "play", "stop"]);
    assert_eq!(got[0], got[1]);
    assert_eq!((got[0].get("speed"), got[0].get("loop"), got[0].get("single clip")), (Some("100"), Some("true"), Some("false")));
    // A value with blanks, and a name that holds another's.
    let got =
        requests.push(b"record: name: The evening\nslot select: slot id: 2 video format: 1080p25\nnotify: transport: true slot: true\n");
    assert_eq!(got[0].get("name"), Some("The evening"));
    assert_eq!((got[1].get("slot id"), got[1].get("video format")), (Some("2"), Some("1080p25")));
    assert_eq!((got[2].get("transport"), got[2].get("slot")), (Some("true"), Some("true")));
}
