//! Golden bytes: packets of E1.31-2018, field by field, and the same packets as an independent parser reads them.
#![allow(clippy::unwrap_used)]

use sacn::packet::{AcnRootLayerProtocol, E131RootLayerData};

use super::codec::{self, DATA_LENGTH, Identity, OPTIONS_AT, Packet, SEQUENCE_AT, SLOTS_AT, SYNC_LENGTH, option};

const CID: [u8; 16] = [0xef, 7, 0xc8, 0xdd, 0, 0x64, 0x44, 1, 0xa3, 0xa2, 0x45, 0x9e, 0xf8, 0xe6, 0x14, 0x3e];

fn source_a() -> Identity {
    Identity { cid: CID, name: "Source_A".into() }
}

/// Our bytes, read by the oracle and packed again, are our bytes.
fn oracle(bytes: &[u8]) -> AcnRootLayerProtocol<'_> {
    let parsed = AcnRootLayerProtocol::parse(bytes).unwrap();
    assert_eq!(parsed.pack_alloc().unwrap(), bytes);
    parsed
}

/// The data packet of Appendix B.1, with the lengths that its layers really have.
#[test]
fn data() {
    let mut packet = codec::data_template(&source_a(), 1, 100, 7962, 0);
    packet[SEQUENCE_AT] = 154;
    packet[SLOTS_AT..SLOTS_AT + 3].copy_from_slice(&[1, 2, 3]);
    #[rustfmt::skip]
    let golden: &[&[u8]] = &[
        &[0x00, 0x10],             // preamble size
        &[0x00, 0x00],             // postamble size
        b"ASC-E1.17\0\0\0",        // ACN packet identifier
        &[0x72, 0x6e],             // root flags and length: 622
        &[0x00, 0x00, 0x00, 0x04], // VECTOR_ROOT_E131_DATA
        &CID,
        &[0x72, 0x58],             // framing flags and length: 600
        &[0x00, 0x00, 0x00, 0x02], // VECTOR_E131_DATA_PACKET
        b"Source_A", &[0; 56],     // source name
        &[0x64],                   // priority 100
        &[0x1f, 0x1a],             // synchronization address 7962
        &[0x9a],                   // sequence 154
        &[0x00],                   // options
        &[0x00, 0x01],             // universe 1
        &[0x72, 0x0b],             // DMP flags and length: 523
        &[0x02],                   // VECTOR_DMP_SET_PROPERTY
        &[0xa1],                   // address type and data type
        &[0x00, 0x00],             // first property address
        &[0x00, 0x01],             // address increment
        &[0x02, 0x01],             // property value count: 513
        &[0x00],                   // START code
        &[0x01, 0x02, 0x03],       // slots 1 to 3
    ];
    let golden = golden.concat();
    assert_eq!(packet[..golden.len()], golden);
    assert_eq!(packet.len(), DATA_LENGTH);
    let AcnRootLayerProtocol { pdu } = oracle(&packet);
    assert_eq!(pdu.cid.as_bytes(), &CID);
    let E131RootLayerData::DataPacket(read) = pdu.data else { panic!("{pdu:?}") };
    assert_eq!((&*read.source_name, read.priority, read.synchronization_address), ("Source_A", 100, 7962));
    assert_eq!((read.sequence_number, read.universe, read.preview_data, read.stream_terminated), (154, 1, false, false));
    assert_eq!(read.data.property_values[..4], [0, 1, 2, 3], "START code and slots");
    let Some(Packet::Data(own)) = codec::parse(&packet) else { panic!("it is data") };
    assert_eq!((own.cid, codec::name(own.name), own.priority, own.sync), (CID, "Source_A".to_owned(), 100, 7962));
    assert_eq!((own.sequence, own.universe, own.start_code, own.slots.len()), (154, 1, 0, 512));
}

#[test]
fn options_as_the_oracle_names_them() {
    for (bit, wanted) in
        [(option::PREVIEW, [true, false, false]), (option::TERMINATED, [false, true, false]), (option::FORCE_SYNC, [false, false, true])]
    {
        let mut packet = codec::data_template(&source_a(), 63_999, 200, 0, 0);
        packet[OPTIONS_AT] |= bit;
        let E131RootLayerData::DataPacket(read) = oracle(&packet).pdu.data else { panic!("data") };
        assert_eq!([read.preview_data, read.stream_terminated, read.force_synchronization], wanted);
    }
}

/// The synchronization packet of Appendix B.2, with the lengths that its layers really have.
#[test]
fn synchronization() {
    let packet = codec::sync(CID, 0x9a, 7962);
    #[rustfmt::skip]
    let golden: &[&[u8]] = &[
        &[0x00, 0x10, 0x00, 0x00], b"ASC-E1.17\0\0\0",
        &[0x70, 0x21],             // root flags and length: 33
        &[0x00, 0x00, 0x00, 0x08], // VECTOR_ROOT_E131_EXTENDED
        &CID,
        &[0x70, 0x0b],             // framing flags and length: 11
        &[0x00, 0x00, 0x00, 0x01], // VECTOR_E131_EXTENDED_SYNCHRONIZATION
        &[0x9a],                   // sequence
        &[0x1f, 0x1a],             // synchronization address
        &[0x00, 0x00],             // reserved
    ];
    assert_eq!(packet, golden.concat());
    assert_eq!(packet.len(), SYNC_LENGTH);
    let E131RootLayerData::SynchronizationPacket(read) = oracle(&packet).pdu.data else { panic!("sync") };
    assert_eq!((read.sequence_number, read.synchronization_address), (0x9a, 7962));
    assert_eq!(codec::parse(&packet), Some(Packet::Sync { cid: CID, sequence: 0x9a, address: 7962 }));
}

#[test]
fn universe_discovery() {
    let packet = codec::discovery(&source_a(), 0, 0, &[1, 2, 0x0102]);
    #[rustfmt::skip]
    let golden: &[&[u8]] = &[
        &[0x00, 0x10, 0x00, 0x00], b"ASC-E1.17\0\0\0",
        &[0x70, 0x6e],             // root flags and length: 110
        &[0x00, 0x00, 0x00, 0x08], // VECTOR_ROOT_E131_EXTENDED
        &CID,
        &[0x70, 0x58],             // framing flags and length: 88
        &[0x00, 0x00, 0x00, 0x02], // VECTOR_E131_EXTENDED_DISCOVERY
        b"Source_A", &[0; 56],     // source name
        &[0x00; 4],                // reserved
        &[0x70, 0x0e],             // universe discovery flags and length: 14
        &[0x00, 0x00, 0x00, 0x01], // VECTOR_UNIVERSE_DISCOVERY_UNIVERSE_LIST
        &[0x00, 0x00],             // page, last page
        &[0x00, 0x01, 0x00, 0x02, 0x01, 0x02],
    ];
    assert_eq!(packet, golden.concat());
    let E131RootLayerData::UniverseDiscoveryPacket(read) = oracle(&packet).pdu.data else { panic!("discovery") };
    assert_eq!((&*read.source_name, read.data.page, read.data.last_page), ("Source_A", 0, 0));
    assert_eq!(&*read.data.universes, [1, 2, 0x0102]);
    let Some(Packet::Discovery(own)) = codec::parse(&packet) else { panic!("it is discovery") };
    assert_eq!((own.universes().collect::<Vec<_>>(), own.page, own.last), (vec![1, 2, 0x0102], 0, 0));
}

#[test]
fn groups() {
    for (universe, group) in [(1, "239.255.0.1"), (256, "239.255.1.0"), (63_999, "239.255.249.255"), (64_214, "239.255.250.214")] {
        assert_eq!(codec::group(universe).to_string(), group);
    }
}

#[test]
fn packets_that_are_none() {
    let whole = codec::data_template(&source_a(), 1, 100, 0, 0);
    for length in 0..SLOTS_AT {
        assert_eq!(codec::parse(&whole[..length]), None, "{length} bytes");
    }
    assert_eq!(codec::parse(&whole[..DATA_LENGTH - 1]), None, "a slot is missing");
    for (at, wrong, what) in [
        (4, b'a', "identifier"),
        (21, 5, "root vector"),
        (43, 3, "framing vector"),
        (108, 201, "priority"),
        (113, 0xfa, "universe 64001"),
        (117, 1, "DMP vector"),
        (118, 0, "address and data type"),
        (123, 3, "more than 513 properties"),
    ] {
        let mut packet = whole.to_vec();
        packet[at] = wrong;
        assert_eq!(codec::parse(&packet), None, "{what}");
    }
    let mut odd = whole.to_vec();
    odd[17] = 0;
    assert!(codec::parse(&odd).is_some(), "lengths of layers are not looked at");
}

#[test]
fn names_end_whole() {
    let who = Identity { cid: CID, name: "Bühne ".repeat(11) };
    let packet = codec::data_template(&who, 1, 100, 0, 0);
    let Some(Packet::Data(data)) = codec::parse(&packet) else { panic!("data") };
    assert_eq!(data.name[63], 0);
    let name = codec::name(data.name);
    assert!(who.name.starts_with(&name) && name.len() > 55, "{name}");
    assert_eq!(codec::name(&[0; 64]), "a source without a name");
}
