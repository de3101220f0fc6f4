//! ArtPollReply: who a node is and how its ports do.

use std::net::Ipv4Addr;

use super::codec::{ID, PORT, PortAddress, op};
use crate::devices::dmx::merge::Failsafe;

/// The shortest reply to take; what older nodes leave out counts as zero.
const SHORTEST: usize = 198;
/// A whole reply of Art-Net 4.
pub const LENGTH: usize = 239;

/// PortTypes: this port outputs DMX from the network.
pub const CAN_OUTPUT: u8 = 0x80;
/// GoodOutputA: data is being output.
pub const OUTPUTS: u8 = 0x80;
/// GoodOutputA: two senders are merged.
pub const MERGES: u8 = 0x08;
/// GoodOutputA: a short on the DMX line.
pub const SHORT: u8 = 0x04;
/// Status2: takes Port-Addresses of 15 bits, not 8.
pub const WIDE_ADDRESSES: u8 = 0x08;
/// Status1 bits 7 and 6: indicators flash to be found.
const LOCATES: u8 = 0b0100_0000;
/// Status1 bits 7 and 6: indicators as always; bits 5 and 4: addresses set from the network.
const NORMAL: u8 = 0b1110_0000;
/// Status1: the bits of the indicators.
const INDICATORS: u8 = 0b1100_0000;
/// Status3: the failsafe can be set by ArtAddress.
const FAILSAFE_IS_SET: u8 = 0b0010_0000;
/// Style: a node.
pub const STYLE_NODE: u8 = 0;
/// Style: a controller.
pub const STYLE_CONTROLLER: u8 = 1;
/// Style: a configuration or diagnostics program.
pub const STYLE_CONFIG: u8 = 5;

/// ArtPollReply without what nobody here reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The node's own address.
    pub ip: Ipv4Addr,
    /// Firmware.
    pub version: u16,
    /// NetSwitch and SubSwitch: bits 14 to 4 of its ports' addresses.
    pub base: PortAddress,
    /// ESTA manufacturer code.
    pub oem: u16,
    /// PortName, up to 17 bytes.
    pub short_name: String,
    /// Up to 63 bytes.
    pub long_name: String,
    /// `#code [counter] text`.
    pub report: NodeReport,
    /// Up to four ports.
    pub ports: Vec<Port>,
    /// 0 is a node, 1 a controller.
    pub style: u8,
    /// 0 or 1 is the root device; more share its address.
    pub bind_index: u8,
    /// What it can do.
    pub status2: u8,
    /// What it does when data stops (Status3, bits 7 and 6).
    pub failsafe: Failsafe,
    /// The failsafe can be set from here.
    pub sets_failsafe: bool,
    /// Its indicators flash; `None` when it does not say what they do.
    pub locates: Option<bool>,
}

/// NodeReport.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodeReport {
    /// RcCode; `None` when the node does not keep to the format.
    pub code: Option<u16>,
    /// Rises by one with each reply and wraps at 9999.
    pub counter: Option<u16>,
    /// In its words.
    pub text: String,
}

/// One port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Port {
    /// PortTypes.
    pub kind: u8,
    /// GoodInput.
    pub good_input: u8,
    /// GoodOutputA.
    pub good_output: u8,
    /// Low four bits of the address that it inputs.
    pub sw_in: u8,
    /// Low four bits of the address that it outputs.
    pub sw_out: u8,
}

impl Reply {
    /// Reads a reply of 198 bytes or more; the header has been judged.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() < SHORTEST {
            return None;
        }
        let mut whole = [0; LENGTH];
        let length = bytes.len().min(LENGTH);
        whole.get_mut(..length)?.copy_from_slice(bytes.get(..length)?);
        let b = &whole;
        let count = usize::from(u16::from_be_bytes([b[172], b[173]])).min(4);
        let port = |i: usize| Port {
            kind: b[174 + i],
            good_input: b[178 + i],
            good_output: b[182 + i],
            sw_in: b[186 + i] & 0xf,
            sw_out: b[190 + i] & 0xf,
        };
        Some(Self {
            ip: Ipv4Addr::new(b[10], b[11], b[12], b[13]),
            version: u16::from_be_bytes([b[16], b[17]]),
            base: PortAddress(u16::from_be_bytes([b[18] & 0x7f, (b[19] & 0xf) << 4])),
            oem: u16::from_be_bytes([b[20], b[21]]),
            short_name: text(&b[26..44]),
            long_name: text(&b[44..108]),
            report: NodeReport::parse(&text(&b[108..172])),
            ports: (0..count).map(port).collect(),
            style: b[200],
            bind_index: b[211],
            status2: b[212],
            failsafe: Failsafe::ALL[usize::from(b[217] >> 6)],
            sets_failsafe: b[217] & FAILSAFE_IS_SET != 0,
            locates: (b[23] & INDICATORS != 0).then_some(b[23] & INDICATORS == LOCATES),
        })
    }

    /// The whole reply, 239 bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; LENGTH] {
        let mut b = [0; LENGTH];
        b[..8].copy_from_slice(ID);
        b[8..10].copy_from_slice(&op::POLL_REPLY.to_le_bytes());
        b[10..14].copy_from_slice(&self.ip.octets());
        b[14..16].copy_from_slice(&PORT.to_le_bytes());
        b[16..18].copy_from_slice(&self.version.to_be_bytes());
        b[18] = (self.base.0 >> 8) as u8 & 0x7f;
        b[19] = (self.base.0 >> 4) as u8 & 0xf;
        b[20..22].copy_from_slice(&self.oem.to_be_bytes());
        b[23] = match self.locates {
            None => NORMAL & !INDICATORS,
            Some(false) => NORMAL,
            Some(true) => NORMAL & !INDICATORS | LOCATES,
        };
        put(&mut b[26..44], &self.short_name);
        put(&mut b[44..108], &self.long_name);
        put(&mut b[108..172], &self.report.to_string());
        let count = self.ports.len().min(4);
        b[173] = count as u8;
        for (i, port) in self.ports.iter().take(4).enumerate() {
            b[174 + i] = port.kind;
            b[178 + i] = port.good_input;
            b[182 + i] = port.good_output;
            b[186 + i] = port.sw_in;
            b[190 + i] = port.sw_out;
        }
        b[200] = self.style;
        b[207..211].copy_from_slice(&self.ip.octets());
        b[211] = self.bind_index;
        b[212] = self.status2;
        b[217] = (self.failsafe as u8) << 6 | if self.sets_failsafe { FAILSAFE_IS_SET } else { 0 };
        b
    }

    /// The Port-Addresses that it outputs, with their ports' state.
    pub fn outputs(&self) -> impl Iterator<Item = (PortAddress, Port)> + '_ {
        let outputs = self.ports.iter().filter(|p| p.kind & CAN_OUTPUT != 0);
        outputs.map(|p| (PortAddress(self.base.0 | u16::from(p.sw_out)), *p))
    }
}

impl NodeReport {
    /// Reads `#0001 [0042] all is well`; other texts are kept as they are.
    fn parse(whole: &str) -> Self {
        let plain = || Self { text: whole.trim().to_owned(), ..Self::default() };
        let Some((code, rest)) = whole.trim().strip_prefix('#').and_then(|r| r.split_once('[')) else { return plain() };
        let Some((counter, text)) = rest.split_once(']') else { return plain() };
        Self { code: u16::from_str_radix(code.trim(), 16).ok(), counter: counter.trim().parse().ok(), text: text.trim().to_owned() }
    }

    /// True when the node says that something is wrong with it ("NodeReport codes" table).
    #[must_use]
    pub fn is_fault(&self) -> bool {
        self.code.is_some_and(|code| matches!(code, 0x2..=0x5 | 0x8..=0xf))
    }
}

impl std::fmt::Display for NodeReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:04x} [{:04}] {}", self.code.unwrap_or(0), self.counter.unwrap_or(0), self.text)
    }
}

/// Text up to its NUL; bytes that are no UTF-8 are replaced.
fn text(field: &[u8]) -> String {
    let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
    String::from_utf8_lossy(field.get(..end).unwrap_or_default()).trim().to_owned()
}

/// Text with at least one NUL after it.
fn put(field: &mut [u8], text: &str) {
    let room = field.len().saturating_sub(1);
    for (slot, byte) in field.iter_mut().take(room).zip(text.bytes()) {
        *slot = byte;
    }
}
