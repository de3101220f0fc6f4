//! Messages as the protocol page and its examples show them.

#![allow(clippy::unwrap_used)]

use serde_json::{Value as Json, json};

use super::codec::{self, Frame};

/// Salt and challenge of the page's example, its password, and what sha256 and base64 make of them (computed with OpenSSL).
#[test]
fn the_password_becomes_what_the_page_says() {
    let proof =
        codec::proof("supersecretpassword", "lM1GncleQOaCu9lT1yeUZhFYnqhsLLP1G5lAGo3ixaI=", "+IxH4CnCiqpX1rM9scsNynZzbOe4KhDeYcTNS3PDaeY=");
    assert_eq!(proof, "1Ct943GAT+6YQUUX47Ia/ncufilbe6+oD6lY+5kaCu4=");
}

#[test]
fn what_obs_says_is_read() {
    let hello = r#"{"op":0,"d":{"obsStudioVersion":"30.2.2","obsWebSocketVersion":"5.5.2","rpcVersion":1,
        "authentication":{"challenge":"+IxH","salt":"lM1G"}}}"#;
    assert_eq!(codec::read(hello), Some(Frame::Hello { version: "30.2.2".into(), lock: Some(("+IxH".into(), "lM1G".into())) }));
    // obs-websocket 5.1 (OBS 29) tells its own version only.
    let hello = r#"{"op":0,"d":{"obsWebSocketVersion":"5.1.0","rpcVersion":1}}"#;
    assert_eq!(codec::read(hello), Some(Frame::Hello { version: "obs-websocket 5.1.0".into(), lock: None }));
    assert_eq!(codec::read(r#"{"op":2,"d":{"negotiatedRpcVersion":1}}"#), Some(Frame::Identified));

    let event =
        r#"{"op":5,"d":{"eventType":"CurrentProgramSceneChanged","eventIntent":4,"eventData":{"sceneName":"Scene 12","sceneUuid":"x"}}}"#;
    let Some(Frame::Event { kind, data }) = codec::read(event) else { panic!("no event") };
    assert_eq!((kind.as_str(), &data["sceneName"]), ("CurrentProgramSceneChanged", &json!("Scene 12")));

    let answer = r#"{"op":7,"d":{"requestType":"SetCurrentProgramScene","requestId":"2",
        "requestStatus":{"result":false,"code":600,"comment":"No source was found by the name of `X`."}}}"#;
    let Some(Frame::Answer { id, results }) = codec::read(answer) else { panic!("no answer") };
    assert_eq!((id.as_str(), results[0].code, results[0].comment.as_str()), ("2", 600, "No source was found by the name of `X`."));

    let batch = r#"{"op":9,"d":{"requestId":"b1","results":[
        {"requestType":"GetStats","requestStatus":{"result":true,"code":100},"responseData":{"cpuUsage":1.5}},
        {"requestType":"GetStreamStatus","requestStatus":{"result":true,"code":100},"responseData":{"outputActive":false}}]}}"#;
    let Some(Frame::Answer { id, results }) = codec::read(batch) else { panic!("no batch") };
    assert_eq!((id.as_str(), results.len(), &results[1].data["outputActive"]), ("b1", 2, &Json::Bool(false)));
}

#[test]
fn what_we_say_is_what_the_page_shows() {
    let read = |bytes: Vec<u8>| serde_json::from_slice::<Json>(&bytes).unwrap();
    let said = read(codec::identify(Some("1Ct9"), 2047));
    assert_eq!(said, json!({ "op": 1, "d": { "rpcVersion": 1, "authentication": "1Ct9", "eventSubscriptions": 2047 } }));
    let set = ("SetCurrentProgramScene", json!({ "sceneName": "Scene 12" }));
    let said = read(codec::request("1", vec![set.clone()]));
    let one = json!({ "requestType": "SetCurrentProgramScene", "requestId": "1", "requestData": { "sceneName": "Scene 12" } });
    assert_eq!(said, json!({ "op": 6, "d": one }));
    let said = read(codec::request("b1", vec![("GetStats", Json::Null), set]));
    let two =
        json!([{ "requestType": "GetStats" }, { "requestType": "SetCurrentProgramScene", "requestData": { "sceneName": "Scene 12" } }]);
    assert_eq!(said, json!({ "op": 8, "d": { "requestId": "b1", "haltOnFailure": true, "executionType": 0, "requests": two } }));
}

#[test]
fn levels_keep_their_thousandths() {
    assert_eq!(codec::thousandths(&json!(-10.500_000_3)), Some(-10_500));
    assert_eq!(codec::from_thousandths(-10_500), json!(-10.5));
    assert_eq!(codec::thousandths(&Json::Null), None);
}
