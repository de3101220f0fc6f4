//! The shapes that effects repeat, in fixed point.

use super::curve::ONE;
use crate::show::Wave;

/// One sixth of a turn.
const SIXTH: u64 = ONE / 6;
/// Steps of the sine's table over a quarter of a turn.
const STEPS: usize = 256;
/// Half a circle, in units of 2^-32.
const PI: i128 = 13_493_037_705;

/// The rise of a sine from its middle over a quarter of a turn, in units of 2^-32.
static QUARTER: [u32; STEPS + 1] = quarter();

const fn quarter() -> [u32; STEPS + 1] {
    let mut table = [0; STEPS + 1];
    let mut step = 0;
    while step <= STEPS {
        // x - x³/3! + x⁵/5! - …, from the innermost bracket outwards.
        let x = PI * step as i128 / (2 * STEPS as i128);
        let square = (x * x) >> 32;
        let (mut sum, mut n) = (1_i128 << 32, 21);
        while n > 1 {
            sum = (1 << 32) - ((square * sum) >> 32) / (n * (n - 1));
            n -= 2;
        }
        let sine = (x * sum) >> 32;
        table[step] = if sine > u32::MAX as i128 { u32::MAX } else { sine as u32 };
        step += 1;
    }
    table
}

/// Where a wave stands at a phase (2^32 is a turn): 0 is low, [`ONE`] high.
#[must_use]
pub fn at(wave: Wave, phase: u32) -> u64 {
    let turn = u64::from(phase);
    match wave {
        Wave::Sine => sine(phase),
        Wave::Pulse { share } => {
            if turn < u64::from(share) << 16 {
                ONE
            } else {
                0
            }
        }
        // High for a third of the turn around its start, up and down in a sixth each: red of a hue circle.
        Wave::Hue => match turn / SIXTH {
            0 | 5 | 6 => ONE,
            1 => ONE - (turn - SIXTH) * 6,
            4 => (turn - 4 * SIXTH) * 6,
            _ => 0,
        }
        .min(ONE),
    }
}

/// From the middle up, as a sine goes.
fn sine(phase: u32) -> u64 {
    let (quarter, within) = (phase >> 30, phase & 0x3fff_ffff);
    let along = if quarter & 1 == 0 { within } else { 0x3fff_ffff - within };
    // 2^30 a quarter, 2^22 a step.
    let (step, part) = ((along >> 22) as usize, u64::from(along & 0x003f_ffff));
    let (low, high) = (u64::from(QUARTER[step]), u64::from(QUARTER[step + 1]));
    let height = (low + (((high - low) * part) >> 22)) / 2;
    if quarter < 2 { ONE / 2 + height } else { ONE / 2 - height }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_is_a_sine_to_one_step_of_sixteen_bits() {
        for step in 0..4096_u32 {
            let phase = step << 20;
            let exact = 0.5 + (f64::from(step) / 4096.0 * std::f64::consts::TAU).sin() / 2.0;
            let is = at(Wave::Sine, phase) as f64 / ONE as f64;
            assert!((is - exact).abs() < 1.0 / 65_536.0, "{step}: {is} is not {exact}");
        }
    }

    #[test]
    fn a_pulse_is_high_for_its_share() {
        let pulse = Wave::Pulse { share: 0x4000 };
        assert_eq!([0, 0x3fff_ffff, 0x4000_0000, u32::MAX].map(|phase| at(pulse, phase)), [ONE, ONE, 0, 0]);
    }

    #[test]
    fn three_hues_a_third_apart_make_a_full_circle_of_full_colours() {
        for step in 0..360_u64 {
            let parts: Vec<u64> = (0..3).map(|n| at(Wave::Hue, ((ONE / 360 * step) + ONE / 3 * n) as u32)).collect();
            assert!(parts.iter().any(|part| *part > ONE - 64), "{step}: {parts:?}");
            assert!(parts.iter().any(|part| *part < 64), "{step}: {parts:?}");
        }
    }
}
