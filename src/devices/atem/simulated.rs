//! The switcher that a simulator starts as: a plausible one of the profile's model, at 25 frames a second.

use super::state::{Dsk, Me, Player, State, SuperBox};
use crate::show::Profile;

/// Frames of a transition when nobody set another rate: one second.
const RATE: u8 = 25;
/// Both sides of a stereo input together, as the Fairlight mixer numbers them.
const STEREO: i64 = -65_280;

/// A fact of the profile, or this.
pub fn fact(profile: &Profile, name: &str, usual: u8) -> u8 {
    let value = profile.family_facts.get(name).and_then(serde_json::Value::as_u64);
    value.and_then(|n| u8::try_from(n).ok()).unwrap_or(usual)
}

/// A switcher of this model, just switched on.
#[must_use]
pub fn state(profile: &Profile) -> State {
    let fact = |name: &str, usual: u8| fact(profile, name, usual);
    let mut state = State {
        version: (2, 31),
        product: profile.model.to_string(),
        model: fact("model", 0x0D),
        mode: 6,
        power: Some(if fact("supplies", 1) > 1 { 3 } else { 1 }),
        ..State::default()
    };
    let me = Me {
        program: 1,
        preview: 2,
        frames_left: RATE,
        selection: 1,
        rates: [RATE; 4],
        black_rate: RATE,
        keyers: fact("keys", 1).min(4),
        ..Me::default()
    };
    state.mes = (0..fact("mes", 1)).map(|at| (at, me)).collect();
    let dsk = Dsk { rate: RATE, frames_left: RATE, ..Dsk::default() };
    state.dsks = (0..fact("dsks", 1)).map(|at| (at, dsk)).collect();
    state.auxes = (0..fact("auxes", 1)).map(|at| (at, 1)).collect();
    state.players = (0..fact("players", 1)).map(|at| (at, Player { still_at: at, ..Player::default() })).collect();
    state.boxes = (0..fact("boxes", 0)).map(|at| ((0, at), SuperBox { on: true, source: u16::from(at) + 1 })).collect();
    state.stream = (fact("stream", 0) > 0).then_some(1);
    state.record = (fact("record", 0) > 0).then_some((2, Some(4 * 3600)));
    name_sources(&mut state, fact("inputs", 4));
    for input in (1..=u16::from(fact("inputs", 4))).chain([1301, 2001]) {
        state.fairlight.insert((input, STEREO), (7, 2));
    }
    for (at, name) in ["opening", "walk-on", "holding"].iter().enumerate() {
        state.macros.insert(u16::try_from(at).unwrap_or_default(), (*name).to_owned());
    }
    state
}

fn name_sources(state: &mut State, inputs: u8) {
    let mut name = |source: u16, name: &str| drop(state.sources.insert(source, name.to_owned()));
    name(0, "Black");
    (1..=u16::from(inputs)).for_each(|input| name(input, &format!("Camera {input}")));
    name(1000, "Color Bars");
    name(2001, "Color 1");
    name(2002, "Color 2");
    let (players, boxes) = (u16::try_from(state.players.len()).unwrap_or_default(), state.boxes.len());
    let mut name = |source: u16, name: &str| drop(state.sources.insert(source, name.to_owned()));
    for player in 1..=players {
        name(3000 + player * 10, &format!("Media Player {player}"));
        name(3001 + player * 10, &format!("Media Player {player} Key"));
    }
    if boxes > 0 {
        name(6000, "SuperSource");
    }
    let mes: Vec<u16> = state.mes.keys().map(|me| u16::from(*me) + 1).collect();
    for me in mes {
        state.sources.insert(10_000 + me * 10, format!("ME {me} PGM"));
        state.sources.insert(10_001 + me * 10, format!("ME {me} PVW"));
    }
    for aux in state.auxes.keys() {
        state.sources.insert(8001 + u16::from(*aux), format!("Output {}", u16::from(*aux) + 1));
    }
}
