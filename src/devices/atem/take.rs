//! A take that travels: style, rate, preview and auto in one packet, so that nothing comes between them.

use super::packet::put;
use super::state::{State, V8_0_1};
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

/// A length of time as the rate of a transition.
///
/// # Errors
/// It is longer than the switcher can keep.
pub fn rate(state: &State, over: Span) -> Result<u8, String> {
    let frames = frames(state, over);
    u8::try_from(frames).ok().filter(|_| frames <= FRAMES_MAX).ok_or_else(|| {
        let most = lasts(state, FRAMES_MAX);
        format!("a transition of {over} is {frames} frames, and the switcher does at most {FRAMES_MAX} ({most})")
    })
}

/// Appends a downstream key's own transition: `CDsR` key, frames; `DDsA`, which from version 2.29 on says where to (mask 1, key, on air).
///
/// # Errors
/// A length that the switcher can not keep.
pub fn key(state: &State, dsk: u8, on: bool, over: Option<Span>, payload: &mut Vec<u8>) -> Result<(), String> {
    if let Some(over) = over {
        put(b"CDsR", &[dsk, rate(state, over)?, 0, 0], payload);
    }
    // Older ones toggle: it is not there yet, so that this goes there.
    let towards = if state.version >= V8_0_1 { [1, dsk, u8::from(on), 0] } else { [dsk, 0, 0, 0] };
    put(b"DDsA", &towards, payload);
    Ok(())
}

/// Appends a fade to or from black: `FtbC` mask 1, mix effect, frames; `FtbA`, a toggle.
///
/// # Errors
/// A length that the switcher can not keep.
pub fn black(state: &State, me: u8, over: Option<Span>, payload: &mut Vec<u8>) -> Result<(), String> {
    if let Some(over) = over {
        put(b"FtbC", &[1, me, rate(state, over)?, 0], payload);
    }
    put(b"FtbA", &[me, 0, 0, 0], payload);
    Ok(())
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
        let rate = rate(state, over)?;
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
