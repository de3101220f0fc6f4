//! The panes: each makes its lines, knows its width and height, and touches nothing else.

mod actions;
mod cues;
mod devices;
mod footer;
mod guarded;
mod header;
mod lights;
mod next;
mod notices;
mod overlay;
mod running;
mod stage;
mod technician;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) use actions::actions;
pub(super) use cues::{cues, cues_titled};
pub(super) use devices::{devices, devices_want};
pub(super) use footer::{footer, help};
pub(super) use guarded::guarded;
pub(super) use header::{frozen, header, line, phase};
pub(super) use lights::{lights, lights_head};
pub(super) use next::next;
pub(super) use notices::{alerts, offer_list, offers};
pub(super) use overlay::{prompt, quit};
pub(super) use running::{running, running_wants};
pub(super) use stage::stage;
pub(super) use technician::technician;

use super::screen::Screen;
use super::theme::Role;

/// The rule between the columns.
pub(super) fn rule(screen: &Screen, area: Rect, buf: &mut Buffer) {
    for line in 0..area.height {
        screen.row("│", Role::Title).paint(buf, area, line);
    }
}
