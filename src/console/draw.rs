//! The layout. Pure: the same show, snapshot and [`Ui`] give the same screen.
//!
//! ```text
//! 19:42:07  SIMULATION  Northwind Product Launch            LATE 2:07  OUT 22:00 in 2:17     header
//! PANIC: GO is refused until you press r                                                     phase, only when not running
//! GO 11 taken                                                                                line for the caller
//! ▶ NEXT 12  CEO walk-on ............................................................. GO    NEXT: a bar, and its facts
//!   LX 12 · SOUND 12 · VISION 12                                standby 30s · planned 19:40
//!   NOT READY foh: no answer for 12s → Sound, comms A, ring 2
//!   Wait for the host to reach the lectern.
//! ! 19:41:50 foh offline: no answer for 10s  → Sound, comms A, ring 2                        alerts
//! [1] HELD mic check was due at 19:41:00                                                     offers
//! ─ CUES ────────────────────────────────┬ DEVICES ─────────────────────────────────────     body
//! ✓ 11    Host introduces                │ ! foh     OFFLINE no answer for 12s
//! ▶ 12    CEO walk-on                    │ · vision  ok      ATEM 1 M/E          0.3s
//! ─ RUNNING ─────────────────────────────┼ LAST ACTIONS ────────────────────────────────
//! ● 10    Walk-in loop            4:12   │ ✓ foh host on                        landed
//! Space GO  Esc STOP  p pause  u undo…  ? help                                               footer
//! ```
//! A narrow screen keeps what the caller needs: NEXT, the clock, what is wrong. A view takes the body, a prompt the first lines of it.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::{Context, Scene};
use super::pane;
use super::row::paint_all;
use super::screen::Screen;
use super::ui::Ui;
use crate::engine::{Phase, Snapshot};
use crate::show::Show;

/// From this width the body has two columns.
const WIDE: u16 = 70;
/// Below this height the body is only the cue list.
const LOW: u16 = 6;

/// Draws everything.
pub fn draw(show: &Show, snap: &Snapshot, ui: &Ui, frame: &mut Frame) {
    let area = frame.area();
    paint(&Screen::new(Scene { show, snap, ui }), area, frame.buffer_mut());
}

/// Draws into any buffer.
pub(super) fn paint(screen: &Screen, area: Rect, buf: &mut Buffer) {
    let width = usize::from(area.width);
    let mut left = Below { area, used: 0 };
    let overlay = screen.scene.context() != Context::Show && screen.scene.context() != Context::Find;
    if area.height > 1 {
        paint_all(&[pane::header(screen, width)], buf, left.take(1));
    }
    if screen.frozen() && area.height > 2 {
        paint_all(&[pane::frozen(screen, width)], buf, left.take(1));
    }
    if screen.snap.phase != Phase::Running && area.height > 2 {
        paint_all(&[pane::phase(screen, width)], buf, left.take(1));
    }
    if area.height >= 6 {
        paint_all(&[pane::line(screen, width)], buf, left.take(1));
    }
    let facts = match area.height {
        0..=3 => 1,
        _ if overlay && area.height < 16 => 1,
        4..=7 => 2,
        8..=15 => 4,
        16..=29 => 5,
        _ => 6,
    };
    let next = pane::next(screen, width, usize::from(facts));
    paint_all(&next, buf, left.take(facts.min(height_of(next.len()))));
    let footer = left.take_last(u16::from(area.height >= 5));
    paint_all(&[pane::footer(screen, width)], buf, footer);
    let room = area.height / 6;
    let alerts = pane::alerts(screen, width, usize::from(room));
    paint_all(&alerts, buf, left.take(height_of(alerts.len())));
    if screen.scene.context() != Context::Offers {
        let offers = pane::offers(screen, width, usize::from(room));
        paint_all(&offers, buf, left.take(height_of(offers.len())));
    }
    body(screen, left.rest(), buf);
}

fn height_of(lines: usize) -> u16 {
    u16::try_from(lines).unwrap_or(u16::MAX)
}

fn body(screen: &Screen, area: Rect, buf: &mut Buffer) {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let rows = match screen.scene.context() {
        Context::Show | Context::Find => return panes(screen, area, buf),
        Context::Devices => pane::technician(screen, width, height),
        Context::Guarded => pane::guarded(screen, width, height),
        Context::Lights => return lights(screen, area, buf),
        Context::Offers => pane::offer_list(screen, width, height),
        Context::Help => pane::help(screen, width, height),
        Context::Confirm | Context::Undo | Context::Chase => {
            let rows = pane::prompt(screen, width, height);
            let mut left = Below { area, used: 0 };
            paint_all(&rows, buf, left.take(height_of(rows.len())));
            // What the caller decides about stays in sight.
            let rest = left.rest();
            if rest.height >= LOW {
                panes(screen, rest, buf);
            }
            return;
        }
        Context::Quit => pane::quit(screen),
    };
    paint_all(&rows, buf, area);
}

/// Masters and lights in a list, and beside it the stage when there is width.
fn lights(screen: &Screen, area: Rect, buf: &mut Buffer) {
    let mut left = Below { area, used: 0 };
    paint_all(&[pane::lights_head(screen, usize::from(area.width))], buf, left.take(1));
    let area = left.rest();
    if area.width < WIDE {
        return pane_of(screen, pane::lights, area, buf);
    }
    let list = (area.width * 3 / 8).clamp(28, 36);
    pane_of(screen, pane::lights, Rect { width: list, ..area }, buf);
    pane::rule(screen, Rect { x: area.x + list, width: 1, ..area }, buf);
    pane_of(screen, pane::stage, Rect { x: area.x + list + 1, width: area.width - list - 1, ..area }, buf);
}

/// The four panes: two columns when there is width, one below the other when there is only height.
fn panes(screen: &Screen, area: Rect, buf: &mut Buffer) {
    if area.height < LOW {
        let rows = pane::cues(screen, usize::from(area.width), usize::from(area.height), false);
        return paint_all(&rows, buf, area);
    }
    if area.width < WIDE {
        return stacked(screen, area, buf);
    }
    let left = area.width / 2;
    let right = area.width - left - 1;
    let (cues, running) = split(area.height, pane::running_wants(screen));
    let (devices, actions) = split(area.height, area.height.saturating_sub(pane::devices_want(screen)).max(area.height / 3));
    let column = |x: u16, width: u16, y: u16, height: u16| Rect { x: area.x + x, y: area.y + y, width, height };
    pane_of(screen, pane::cues_titled, column(0, left, 0, cues), buf);
    pane_of(screen, pane::running, column(0, left, cues, running), buf);
    pane_of(screen, pane::devices, column(left + 1, right, 0, devices), buf);
    pane_of(screen, pane::actions, column(left + 1, right, devices, actions), buf);
    pane::rule(screen, column(left, 1, 0, area.height), buf);
}

fn stacked(screen: &Screen, area: Rect, buf: &mut Buffer) {
    let mut left = Below { area, used: 0 };
    let quarter = area.height / 4;
    if quarter < 3 {
        return pane_of(screen, pane::cues_titled, area, buf);
    }
    pane_of(screen, pane::cues_titled, left.take(area.height - 3 * quarter), buf);
    pane_of(screen, pane::running, left.take(quarter), buf);
    pane_of(screen, pane::devices, left.take(quarter), buf);
    pane_of(screen, pane::actions, left.rest(), buf);
}

fn pane_of(screen: &Screen, pane: fn(&Screen, usize, usize) -> Vec<super::row::Row>, area: Rect, buf: &mut Buffer) {
    paint_all(&pane(screen, usize::from(area.width), usize::from(area.height)), buf, area);
}

/// `height` in two parts, the lower with the lines it wants, at most half and at least a third.
fn split(height: u16, lower: u16) -> (u16, u16) {
    let lower = lower.clamp(height / 3, height / 2);
    (height - lower, lower)
}

/// Takes lines off an area from the top, and from the bottom.
struct Below {
    area: Rect,
    used: u16,
}

impl Below {
    fn take(&mut self, lines: u16) -> Rect {
        let lines = lines.min(self.area.height - self.used);
        let area = Rect { y: self.area.y + self.used, height: lines, ..self.area };
        self.used += lines;
        area
    }

    fn take_last(&mut self, lines: u16) -> Rect {
        let lines = lines.min(self.area.height - self.used);
        self.area.height -= lines;
        Rect { y: self.area.bottom(), height: lines, ..self.area }
    }

    fn rest(&mut self) -> Rect {
        self.take(u16::MAX)
    }
}
