//! A take that travels: style, rate, preview and auto in one packet, so that nothing comes between them.

use super::packet::put;
use super::state::State;
use crate::show::Transition;
use crate::time::Span;

/// Styles of a transition in the wire's order, as shows name them. A sting is as long as its clip.
pub const STYLES: [&str; 5] = ["mix", "dip", "wipe", "dve", "sting"];
/// Frames of a transition, at the most.
const FRAMES_MAX: u64 = 250;
/// What a take moves: the background, and no key.
const BACKGROUND: u8 = 1;

/// Frames that a length of time is; rounded, at least one.
#[must_use]
pub fn frames(state: &State, over: Span) -> u64 {
    let milli = u128::from(over.0) * u128::from(state.frame_rate());
    u64::try_from((milli + 500_000_000_000) / 1_000_000_000_000).unwrap_or(u64::MAX).max(1)
}

/// How long so many frames last.
#[must_use]
pub const fn lasts(state: &State, frames: u64) -> Span {
    Span(frames.saturating_mul(1_000_000_000_000) / state.frame_rate())
}

/// Appends the commands of a take on a mix effect.
///
/// # Errors
/// An unknown style, or a length that the switcher can not keep.
pub fn commands(state: &State, me: u8, source: u16, transition: &Transition, payload: &mut Vec<u8>) -> Result<(), String> {
    let Some(style) = STYLES.iter().position(|style| *style == &*transition.kind).and_then(|at| u8::try_from(at).ok()) else {
        return Err(format!("the switcher has no transition {}", transition.kind));
    };
    // CTTp: mask (1 style, 2 selection), mix effect, style, selection.
    put(b"CTTp", &[3, me, style, BACKGROUND], payload);
    if let Some(over) = transition.over {
        let frames = frames(state, over);
        let Some(rate) = u8::try_from(frames).ok().filter(|_| frames <= FRAMES_MAX) else {
            let most = lasts(state, FRAMES_MAX);
            return Err(format!("a transition of {over} is {frames} frames, and the switcher does at most {FRAMES_MAX} ({most})"));
        };
        match style {
            // CTMx: mix effect, frames.
            0 => put(b"CTMx", &[me, rate, 0, 0], payload),
            // CTDp: mask (1 rate), mix effect, frames, then the dip's source @4.
            1 => put(b"CTDp", &[1, me, rate, 0, 0, 0, 0, 0], payload),
            // CTWp and CTDv: mask u16 (1 rate), mix effect, frames, then 16 bytes of their looks.
            2 => put(b"CTWp", &[&[0, 1, me, rate][..], &[0; 16]].concat(), payload),
            3 => put(b"CTDv", &[&[0, 1, me, rate][..], &[0; 16]].concat(), payload),
            _ => return Err("a sting is as long as its clip: leave out over".into()),
        }
    }
    let [high, low] = source.to_be_bytes();
    put(b"CPvI", &[me, 0, high, low], payload);
    put(b"DAut", &[me, 0, 0, 0], payload);
    Ok(())
}
