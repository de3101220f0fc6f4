//! A light as a piece of the screen: its colour where the terminal has colours, and its level in every terminal.

use ratatui::style::{Color, Style};

use super::row::Row;
use super::theme::{Role, Theme};
use crate::light::Glow;

/// From nearly dark to full.
const STEPS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Adds four cells: the percent on the light's own colour, or beside a step where there is no such colour. `·` is dark, `–` gets nothing.
pub(super) fn swatch(row: Row, theme: Theme, glow: Option<Glow>) -> Row {
    let Some(glow) = glow.filter(|glow| glow.level > 0) else { return row.put(nothing(glow, "  – ", "  · "), theme.style(Role::Quiet)) };
    let percent = glow.percent().max(1);
    match ground(theme, glow) {
        Some(style) => row.put(format!("{percent:>3} "), style),
        None => row.put(format!("{}{percent:>3}", step(glow)), ink(theme, glow)),
    }
}

/// Adds one cell: tenths of full on the light's own colour (`F` is full), or a step.
pub(super) fn pixel(row: Row, theme: Theme, glow: Option<Glow>) -> Row {
    let Some(glow) = glow.filter(|glow| glow.level > 0) else { return row.put(nothing(glow, "–", "·"), theme.style(Role::Quiet)) };
    match (ground(theme, glow), glow.percent() / 10) {
        (Some(style), 10..) => row.put("F", style),
        (Some(style), tenth) => row.put(tenth.to_string(), style),
        (None, _) => row.put(step(glow), ink(theme, glow)),
    }
}

fn nothing<'a>(glow: Option<Glow>, unsent: &'a str, dark: &'a str) -> &'a str {
    if glow.is_some() { dark } else { unsent }
}

fn step(glow: Glow) -> &'static str {
    let nth = usize::from(glow.level).div_ceil(32).saturating_sub(1);
    STEPS.get(nth).copied().unwrap_or("█")
}

/// The light's own colour as a ground, with digits that can be read on it; `None`: it has none, or the terminal does not.
fn ground(theme: Theme, glow: Glow) -> Option<Style> {
    let [red, green, blue] = glow.rgb()?;
    // How bright the eye finds it (Rec. ITU-R BT.601-7, 2.5.1).
    let bright = u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114 > 110_000;
    let digits = if bright { Color::Black } else { Color::White };
    match theme {
        Theme::True if bright => Some(Style::new().bg(Color::Rgb(red, green, blue)).fg(Color::Rgb(0, 0, 0))),
        Theme::True => Some(Style::new().bg(Color::Rgb(red, green, blue)).fg(Color::Rgb(255, 255, 255))),
        Theme::Cube => Some(Style::new().bg(Color::Indexed(cube([red, green, blue]))).fg(digits)),
        Theme::Sixteen | Theme::Plain => None,
    }
}

/// The nearest of xterm's cube of 6 by 6 by 6 colours, which begins at 16; its steps are 0, 95, 135, 175, 215 and 255.
fn cube(rgb: [u8; 3]) -> u8 {
    let [red, green, blue] = rgb.map(|part| match part {
        0..48 => 0,
        48..115 => 1,
        _ => (part - 35) / 40,
    });
    16 + 36 * red + 6 * green + blue
}

/// The nearest of the 16 colours, for what is written.
fn ink(theme: Theme, glow: Glow) -> Style {
    let Some(hue) = glow.hue.filter(|_| theme != Theme::Plain) else { return theme.style(Role::Text) };
    let colour = match hue.map(|part| part >= 128) {
        [true, true, true] => Color::White,
        [true, true, false] => Color::LightYellow,
        [true, false, true] => Color::LightMagenta,
        [false, true, true] => Color::LightCyan,
        [true, false, false] => Color::LightRed,
        [false, true, false] => Color::LightGreen,
        [false, false, true] => Color::LightBlue,
        [false, false, false] => Color::Gray,
    };
    Style::new().fg(colour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cube_has_the_nearest_colour() {
        assert_eq!([[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 0, 255]].map(cube), [16, 231, 196, 21]);
        assert_eq!([[94, 94, 94], [130, 140, 175], [115, 116, 215]].map(cube), [59, 103, 104]);
    }

    #[test]
    fn every_level_that_is_not_dark_has_a_step() {
        let steps = [1, 32, 33, 128, 224, 225, 255].map(|level| step(Glow { hue: None, level }));
        assert_eq!(steps, ["▁", "▁", "▂", "▄", "▇", "█", "█"]);
    }
}
