//! `/meters`: blobs of levels, for 10 s from each asking.
//!
//! A rehearsal has no sound, and says so: every level is silence (0.0) and no gate or compressor works (gain reduction 1.0).
//! Source: "Unofficial X32/M32 OSC Remote Protocol" 4.09: `/meters ,siii /meters/N a b tf`, every 50 ms times `tf`; the blob is a
//! little-endian count and as many little-endian floats.

use std::net::SocketAddr;

use rosc::OscType;

use crate::time::{Mono, Span};

/// Between two blobs.
const EVERY: Span = Span::ms(50);
/// Blobs come this long.
const LASTS: Span = Span::secs(10);
/// Blobs asked for at the same time at the most.
const MOST: usize = 16;

/// The meters that somebody looks at.
#[derive(Debug, Default)]
pub struct Meters {
    askers: Vec<Asker>,
}

#[derive(Debug)]
struct Asker {
    from: Option<SocketAddr>,
    meter: String,
    every: Span,
    next: Mono,
    until: Mono,
}

impl Meters {
    /// Somebody asks for a meter, or asks again.
    pub fn ask(&mut self, now: Mono, from: Option<SocketAddr>, args: &[OscType]) {
        let Some(OscType::String(meter)) = args.first() else { return };
        let factor = match args.get(3) {
            Some(OscType::Int(factor)) => u64::try_from(*factor).unwrap_or(1).clamp(1, 99),
            _ => 1,
        };
        self.askers.retain(|asker| asker.until > now && (asker.from != from || asker.meter != *meter));
        if blob(meter).is_some() && self.askers.len() < MOST {
            let every = Span(EVERY.0 * factor);
            self.askers.push(Asker { from, meter: meter.clone(), every, next: now, until: now + LASTS });
        }
    }

    /// The blobs that are due: to whom, the meter's address, the bytes.
    pub fn due(&mut self, now: Mono) -> Vec<(Option<SocketAddr>, String, Vec<u8>)> {
        self.askers.retain(|asker| asker.until > now);
        let due = self.askers.iter_mut().filter(|asker| asker.next <= now).filter_map(|asker| {
            asker.next = now + asker.every;
            Some((asker.from, asker.meter.clone(), blob(&asker.meter)?))
        });
        due.collect()
    }

    /// When the next blob is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        self.askers.iter().map(|asker| asker.next).min()
    }

    /// Nobody looks any more.
    pub fn clear(&mut self) {
        self.askers.clear();
    }
}

/// The blob of a silent console; `None`: not one of the meters that are played.
fn blob(meter: &str) -> Option<Vec<u8>> {
    // Levels, gain reductions, levels.
    let (levels, reductions, after) = match meter {
        "/meters/0" => (70, 0, 0),
        "/meters/1" => (32, 64, 0),
        "/meters/2" => (25, 24, 0),
        "/meters/3" => (22, 0, 0),
        "/meters/6" => (1, 2, 1),
        _ => return None,
    };
    let count = levels + reductions + after;
    let mut bytes = u32::try_from(count).ok()?.to_le_bytes().to_vec();
    let floats = (0..count).map(|at| if (levels..levels + reductions).contains(&at) { 1.0_f32 } else { 0.0 });
    bytes.extend(floats.flat_map(f32::to_le_bytes));
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(meters: &mut Meters, now: Mono, meter: &str, factor: i32) {
        let args = [OscType::String(meter.into()), OscType::Int(0), OscType::Int(0), OscType::Int(factor)];
        meters.ask(now, None, &args);
    }

    #[test]
    fn a_silent_strip_has_two_levels_and_two_reductions() {
        let one = [0, 0, 128, 63];
        let strip = [&[4, 0, 0, 0][..], &[0; 4], &one, &one, &[0; 4]].concat();
        assert_eq!(blob("/meters/6"), Some(strip));
        for (meter, floats) in [(0, 70), (1, 96), (2, 49), (3, 22)] {
            assert_eq!(blob(&format!("/meters/{meter}")).map(|bytes| bytes.len()), Some(4 + 4 * floats));
        }
    }

    #[test]
    fn blobs_come_at_their_pace_for_ten_seconds() {
        let mut meters = Meters::default();
        asks(&mut meters, Mono::ZERO, "/meters/1", 10);
        asks(&mut meters, Mono::ZERO, "/meters/99", 1);
        let mut blobs = 0;
        while let Some(now) = meters.next_due() {
            blobs += meters.due(now).len();
        }
        assert_eq!(blobs, 20);
        asks(&mut meters, Mono::ZERO + LASTS, "/meters/1", 1);
        assert_eq!(meters.next_due(), Some(Mono::ZERO + LASTS));
    }
}
