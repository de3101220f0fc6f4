//! Words of state as a switcher says them. What no field uses is garbage on real switchers, and so it is here.

use super::packet::put;
use super::state::{Dsk, Me, State};

/// What stands where no field is.
const GARBAGE: u8 = 0xDB;
/// Macros that a switcher can hold.
const MACROS: u16 = 100;
/// Stills that a switcher can hold.
const STILLS: u8 = 20;

/// Words, each with its name.
#[derive(Debug, Default)]
pub struct Words(pub Vec<([u8; 4], Vec<u8>)>);

impl Words {
    /// A word of this many bytes: these first, garbage behind.
    pub fn say(&mut self, name: &[u8; 4], bytes: &[u8], length: usize) {
        let mut data = bytes.to_vec();
        data.resize(length.max(bytes.len()), GARBAGE);
        self.0.push((*name, data));
    }

    /// Their payloads, none larger than a packet may carry.
    #[must_use]
    pub fn payloads(&self, most: usize) -> Vec<Vec<u8>> {
        let mut payloads: Vec<Vec<u8>> = vec![];
        for (name, data) in &self.0 {
            let length = 8 + data.len().next_multiple_of(4);
            if payloads.last().is_none_or(|payload| payload.len() + length > most) {
                payloads.push(vec![]);
            }
            if let Some(payload) = payloads.last_mut() {
                put(name, data, payload);
            }
        }
        payloads
    }

    /// Program, preview and tally.
    pub fn sources(&mut self, state: &State, at: u8, me: &Me) {
        self.source(b"PrgI", at, me.program, 4);
        self.source(b"PrvI", at, me.preview, 8);
        self.tally(state);
    }

    /// `PrgI`, `PrvI`, `AuxS`: where, a byte of garbage, source u16.
    pub fn source(&mut self, name: &[u8; 4], at: u8, source: u16, length: usize) {
        let [high, low] = source.to_be_bytes();
        self.say(name, &[at, GARBAGE, high, low], length);
    }

    /// `TrPs`: mix effect, moving, frames left, garbage, position u16.
    pub fn position(&mut self, at: u8, me: &Me) {
        let [high, low] = me.position.to_be_bytes();
        self.say(b"TrPs", &[at, u8::from(me.moving), me.frames_left, GARBAGE, high, low], 8);
    }

    /// `TrSS`: mix effect, style and selection, those of the next transition.
    pub fn style(&mut self, at: u8, me: &Me) {
        self.say(b"TrSS", &[at, me.style, me.selection, me.style, me.selection], 8);
    }

    /// Rates of mix, dip, wipe and DVE.
    pub fn rates(&mut self, at: u8, me: &Me) {
        let [mix, dip, wipe, dve] = me.rates;
        self.say(b"TMxP", &[at, mix], 4);
        self.say(b"TDpP", &[at, dip, 0x07, 0xD1], 4);
        // Pattern 0, no border, symmetry 5000 and position in the middle.
        let middle = [0x13, 0x88];
        let wipe = [&[at, wipe, 0, GARBAGE, 0, 0, 0, 0][..], &middle, &[0, 0], &middle, &middle, &[0, 0]].concat();
        self.say(b"TWpP", &wipe, 20);
        self.say(b"TDvP", &[at, dve, 25, 16, 0x0B, 0xC2, 0x0B, 0xC3, 0, 0, 1, 0xF4, 2, 0xBC, 0, 0, 0], 20);
    }

    /// `FtbS`: mix effect, black, moving, frames left.
    pub fn black(&mut self, at: u8, me: &Me) {
        self.say(b"FtbS", &[at, u8::from(me.black), u8::from(me.black_moving), me.black_left], 4);
    }

    /// `KeOn`: mix effect, key, on air. `KeBP`: mix effect, key, type @2, fly key @4 and @5, fill u16 @6, cut u16 @8, mask.
    pub fn key(&mut self, at: u8, key: u8, me: &Me) {
        self.say(b"KeOn", &[at, key, u8::from(me.keys_on & (1_u8 << (key & 7)) != 0)], 4);
        let kind = me.key_types.get(usize::from(key)).copied().unwrap_or_default();
        self.say(b"KeBP", &[at, key, kind, GARBAGE, 1, 0, 0, 1, 0, 2, 0, GARBAGE, 0x23, 0x28, 0xDC, 0xD8, 0xC1, 0x80, 0x3E, 0x80], 20);
    }

    /// `DskS`: key, on air, moving, auto, towards on air, frames left.
    pub fn dsk(&mut self, at: u8, dsk: &Dsk) {
        let moving = u8::from(dsk.moving);
        self.say(b"DskS", &[at, u8::from(dsk.on), moving, moving, u8::from(dsk.towards), dsk.frames_left], 8);
    }

    /// `DskP`: key, tie, frames, premultiplied, clip u16, gain u16, invert, mask.
    pub fn dsk_look(&mut self, at: u8, dsk: &Dsk) {
        let look = [at, u8::from(dsk.tie), dsk.rate, 1, 1, 0xF4, 2, 0xBC, 0, 0, 0x23, 0x28, 0xDC, 0xD8, 0xC1, 0x80, 0x3E, 0x80];
        self.say(b"DskP", &look, 20);
    }

    /// `MRPr`: bits (1 runs), loops, macro u16.
    pub fn macro_runs(&mut self, state: &State) {
        let [high, low] = state.macro_runs.unwrap_or(u16::MAX).to_be_bytes();
        self.say(b"MRPr", &[u8::from(state.macro_runs.is_some()), 0, high, low], 4);
    }

    /// `MPCE`: player, 1 still or 2 clip, still, clip.
    pub fn player(&mut self, state: &State, at: u8) {
        let Some(player) = state.players.get(&at) else { return };
        self.say(b"MPCE", &[at, 1 + u8::from(player.clip), player.still_at, player.clip_at], 4);
    }

    /// `SSBP`: SuperSource, box, shown, garbage, source u16, x, y, size, crop.
    pub fn super_box(&mut self, state: &State, at: (u8, u8)) {
        let Some(shown) = state.boxes.get(&at) else { return };
        let [high, low] = shown.source.to_be_bytes();
        let left = at.1.is_multiple_of(2);
        let x: [u8; 2] = if left { [0xFD, 0xA8] } else { [0x02, 0x58] };
        self.say(
            b"SSBP",
            &[at.0, at.1, u8::from(shown.on), GARBAGE, high, low, x[0], x[1], 0, 0, 1, 0xF4, 0, GARBAGE, 0, 0, 0, 0, 0, 0, 0, 0],
            24,
        );
    }

    /// `SRSU`: name 64, address 512, key 512 bytes, lowest and highest bits a second. `RMSu`: file name 128 bytes, two disks u32, all cameras.
    fn services(&mut self, state: &State) {
        let text = |text: &str, length: usize| text.bytes().chain(std::iter::repeat(0)).take(length).collect::<Vec<u8>>();
        if state.stream.is_some() {
            let rates = [6_000_000_u32.to_be_bytes(), 9_000_000_u32.to_be_bytes()].concat();
            let service = [text("Custom", 64), text("rtmp://127.0.0.1/live", 512), text("rehearsal", 512), rates].concat();
            self.say(b"SRSU", &service, 1096);
        }
        if state.record.is_some() {
            self.say(b"RMSu", &[text("Rehearsal", 128), vec![0, 0, 0, 1, 0, 0, 0, 0, 0]].concat(), 140);
        }
    }

    /// `StRS` and, while it streams, `SRSS`: bits a second u32, cache u16.
    pub fn stream(&mut self, state: &State) {
        let Some(status) = state.stream else { return };
        self.say(b"StRS", &status.to_be_bytes(), 4);
        if let Some((bits, cache)) = state.stream_rate {
            self.say(b"SRSS", &[&bits.to_be_bytes()[..], &cache.to_be_bytes()].concat(), 8);
        }
    }

    /// `RTMS`: bits u16, garbage, seconds left u32.
    pub fn record(&mut self, state: &State) {
        let Some((status, left)) = state.record else { return };
        let [high, low] = status.to_be_bytes();
        self.say(b"RTMS", &[&[high, low, GARBAGE, GARBAGE][..], &left.unwrap_or(u32::MAX).to_be_bytes()].concat(), 8);
    }

    /// `FASP`: input u16 @0, source i64 @8, type @16, fader i32 @44, supported options @48, option @49.
    pub fn strip(&mut self, state: &State, at: (u16, i64)) {
        let Some((supported, option)) = state.fairlight.get(&at) else { return };
        let mut data = at.0.to_be_bytes().to_vec();
        data.resize(8, GARBAGE);
        data.extend_from_slice(&at.1.to_be_bytes());
        data.extend_from_slice(&[1, 8, 0]);
        data.resize(44, 0);
        data.extend_from_slice(&[0, 0, 0, 0, *supported, *option]);
        self.say(b"FASP", &data, 52);
    }

    /// `TlIn` by input, `TlSr` by source: bit 0 program, bit 1 preview.
    pub fn tally(&mut self, state: &State) {
        let light = |source: u16| {
            let program = state.mes.values().any(|me| me.program == source || (me.moving && me.preview == source));
            u8::from(program) | u8::from(state.mes.values().any(|me| me.preview == source)) << 1
        };
        let inputs: Vec<u8> = state.sources.keys().filter(|source| (1..=40).contains(*source)).map(|source| light(*source)).collect();
        let count = u16::try_from(inputs.len()).unwrap_or_default().to_be_bytes();
        self.say(b"TlIn", &[&count[..], &inputs].concat(), 4);
        let mut data = u16::try_from(state.sources.len()).unwrap_or_default().to_be_bytes().to_vec();
        for source in state.sources.keys() {
            data.extend_from_slice(&source.to_be_bytes());
            data.push(light(*source));
        }
        self.say(b"TlSr", &data, 4);
    }

    /// The whole state, in the order of a switcher.
    #[must_use]
    pub fn dump(state: &State) -> Self {
        let mut words = Self::default();
        words.device(state);
        words.inputs(state);
        for (at, me) in &state.mes {
            words.source(b"PrgI", *at, me.program, 4);
            words.source(b"PrvI", *at, me.preview, 8);
            words.style(*at, me);
            words.say(b"TrPr", &[*at, 0], 4);
            words.position(*at, me);
            words.rates(*at, me);
            words.say(b"TStP", &[*at, 1, 0, GARBAGE, 1, 0xF4, 2, 0xBC, 0, GARBAGE, 0, 0, 0, 25, 0, 12, 0, 1], 20);
            for key in 0..me.keyers {
                words.key(*at, key, me);
            }
        }
        for (at, dsk) in &state.dsks {
            words.say(b"DskB", &[*at, GARBAGE, 0x0B, 0xC2, 0x0B, 0xC3], 8);
            words.dsk_look(*at, dsk);
            words.dsk(*at, dsk);
        }
        for (at, me) in &state.mes {
            words.say(b"FtbP", &[*at, me.black_rate], 4);
            words.black(*at, me);
        }
        for (at, source) in &state.auxes {
            words.source(b"AuxS", *at, *source, 4);
        }
        words.media(state);
        for at in state.boxes.keys() {
            words.super_box(state, *at);
        }
        for at in state.fairlight.keys() {
            words.say(b"FAIP", &[&at.0.to_be_bytes()[..], &[0, 0, 0, 0, 0, 2, 0, 3, 2, 0, 0]].concat(), 16);
            words.strip(state, *at);
        }
        words.tally(state);
        words.say(b"LKST", &[0, 0, 0], 4);
        words.macros(state);
        words.services(state);
        words.stream(state);
        words.record(state);
        words.say(b"InCm", &[1, 1, 0, 0], 4);
        words
    }

    fn device(&mut self, state: &State) {
        let small = |n: usize| u8::try_from(n).unwrap_or(u8::MAX);
        let ((major, minor), mut name) = (state.version, state.product.as_bytes().to_vec());
        self.say(b"_ver", &[major.to_be_bytes(), minor.to_be_bytes()].concat(), 4);
        name.resize(40, 0);
        name.push(state.model);
        self.say(b"_pin", &name, 44);
        let boxed = u8::from(!state.boxes.is_empty());
        let (mes, sources, dsks) = (small(state.mes.len()), small(state.sources.len()), small(state.dsks.len()));
        let mut top = vec![mes, sources, dsks, small(state.auxes.len()), 0, small(state.players.len()), 1, 0, 10, 1, 1, boxed];
        top.extend_from_slice(&[0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1]);
        self.say(b"_top", &top, 28);
        for (at, me) in &state.mes {
            self.say(b"_MeC", &[*at, me.keyers], 4);
        }
        self.say(b"_mpl", &[STILLS, 2], 4);
        self.say(b"_MAC", &[small(usize::from(MACROS))], 4);
        if boxed == 1 {
            self.say(b"_SSC", &[0, 0, small(state.boxes.len())], 4);
        }
        self.say(b"_FAC", &[small(state.fairlight.len()), 1], 4);
        if let Some(power) = state.power {
            self.say(b"Powr", &[power], 4);
        }
        self.say(b"VidM", &[state.mode], 4);
    }

    /// `InPr`: source u16, names 20 and 4 bytes, default names, ports u16, port u16, kind, where it may go.
    fn inputs(&mut self, state: &State) {
        for (source, name) in &state.sources {
            let [high, low] = source.to_be_bytes();
            let mut data = vec![high, low];
            data.extend(name.bytes().chain(std::iter::repeat(0)).take(20));
            data.extend(source.to_string().bytes().chain(std::iter::repeat(0)).take(4));
            let kind = match source {
                0 => 1,
                1000 => 2,
                2001..=2002 => 3,
                3010..=3999 => 4 + u8::from(source % 10 == 1),
                6000..=6999 => 6,
                8001..=8999 => 129,
                10_010..=10_999 => 128,
                _ => 0,
            };
            data.extend_from_slice(&[1, GARBAGE, 0, 2, 0, 2, kind, GARBAGE, 0x1F, 0x0F]);
            self.say(b"InPr", &data, 36);
        }
    }

    fn media(&mut self, state: &State) {
        for still in 0..STILLS {
            let name = format!("still {}", still + 1);
            let used = u8::from(still < 4);
            let mut data = vec![0, GARBAGE, 0, still, used];
            data.resize(21, still);
            data.extend_from_slice(&[0, 0, u8::try_from(name.len()).unwrap_or_default()]);
            data.extend_from_slice(name.as_bytes());
            self.say(b"MPfe", &data, data.len());
        }
        for at in state.players.keys() {
            self.player(state, *at);
            self.say(b"RCPS", &[*at, 0, 0, 1, 0, 0], 8);
        }
    }

    /// `MPrp`: macro u16, used, unsupported, lengths u16, name. `MRcS`: records, garbage, macro u16.
    fn macros(&mut self, state: &State) {
        self.macro_runs(state);
        self.say(b"MRcS", &[0, GARBAGE, 0xFF, 0xFF], 4);
        for at in 0..MACROS {
            let [high, low] = at.to_be_bytes();
            let name = state.macros.get(&at);
            let text = name.map(String::as_str).unwrap_or_default();
            let length = u16::try_from(text.len()).unwrap_or_default().to_be_bytes();
            let head = [high, low, u8::from(name.is_some()), 0, length[0], length[1], 0, 0];
            self.say(b"MPrp", &[&head[..], text.as_bytes()].concat(), 8);
        }
    }
}
