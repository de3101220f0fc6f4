//! Alerts until they are acknowledged, and offers with their keys.

use super::super::clock;
use super::super::row::Row;
use super::super::screen::Screen;
use super::super::theme::Role;
use crate::engine::{Alert, Level, Offer, OfferKind};

/// Below this width an alert says what and who, not when and how to reach them.
const NARROW: usize = 60;

/// At most `room` lines, the newest first.
pub(crate) fn alerts(screen: &Screen, width: usize, room: usize) -> Vec<Row> {
    let all = &screen.snap.alerts;
    let room = room.max(1);
    let shown = if all.len() > room { room.saturating_sub(1).max(1) } else { room };
    let mut rows: Vec<_> = all.iter().take(shown).map(|alert| alert_line(screen, alert, width)).collect();
    let more = all.len().saturating_sub(shown);
    if more > 0 && room > 1 {
        rows.push(screen.row(format!("! and {more} more alerts (c clears the newest)"), Role::Warn));
    } else if more > 0 {
        let count = screen.row(format!("+{more}"), Role::Warn);
        let first = all.first().map_or_else(Row::new, |alert| alert_line(screen, alert, width.saturating_sub(count.width() + 1)));
        rows = vec![first.apart(count, width)];
    }
    rows
}

fn alert_line(screen: &Screen, alert: &Alert, width: usize) -> Row {
    let role = match alert.level {
        Level::Bad => Role::Loud,
        Level::Warn => Role::Warn,
        Level::Good | Level::Notice => Role::Text,
    };
    let style = screen.style(role);
    let narrow = width < NARROW;
    let who = screen.department(alert.department).or_else(|| screen.owner(alert.device));
    let who = if narrow { screen.department_name(alert.device).map(ToOwned::to_owned) } else { who };
    let when = if narrow { String::new() } else { screen.clock_at(alert.at) + " " };
    let mut row = Row::new().put(format!("! {when}"), style).put(&alert.text, style);
    if alert.count > 1 {
        row = row.put(format!(" ×{}", alert.count), style);
    }
    row.apart(who.map_or_else(Row::new, |who| Row::new().put(format!("→ {who}"), style)), width).bar(width, style)
}

/// At most `room` lines: those on a key first.
pub(crate) fn offers(screen: &Screen, width: usize, room: usize) -> Vec<Row> {
    let (keyed, listed): (Vec<_>, Vec<_>) = screen.snap.offers.iter().partition(|offer| screen.ui.digit(offer.id).is_some());
    let room = room.max(1);
    let count = keyed.len() + listed.len();
    let shown = if count > room { room.saturating_sub(1).max(1) } else { room };
    let mut rows: Vec<_> = keyed.into_iter().chain(listed).take(shown).map(|offer| offer_line(screen, offer, width)).collect();
    if count > shown && room > 1 {
        rows.push(screen.row(format!("    and {} more offers: o shows all", count - shown), Role::Warn));
    }
    rows
}

fn offer_line(screen: &Screen, offer: &Offer, width: usize) -> Row {
    let key = screen.ui.digit(offer.id).map_or("[ ]".to_owned(), |digit| format!("[{digit}]"));
    let until = offer.until.map_or_else(Row::new, |until| {
        let left = screen.until(until);
        let text = if left.is_zero() { "only listed".to_owned() } else { clock::left(left) };
        screen.row(text, Role::Text)
    });
    let row = screen.row(key, Role::Key).put(format!(" {}: ", kind(offer.kind)), screen.style(Role::Warn));
    row.put(&offer.text, screen.style(Role::Text)).apart(until, width)
}

/// What taking it means.
fn kind(kind: OfferKind) -> &'static str {
    match kind {
        OfferKind::Held => "HELD, fire it",
        OfferKind::Uncertain => "UNCERTAIN, send it",
        OfferKind::TakeBack => "CHANGED, take it back",
        OfferKind::Ladder => "TOO LATE FOR ELSE, do it",
        OfferKind::Follow => "AUTO TOO LATE, go",
        OfferKind::Clock => "TIME PASSED, start",
    }
}

/// The view of all offers.
pub(crate) fn offer_list(screen: &Screen, width: usize, height: usize) -> Vec<Row> {
    let mut rows = vec![screen.title("OFFERS: y or the number takes, n declines (keep theirs, do not send)", width)];
    let room = height.saturating_sub(1);
    let first = screen.ui.offer.saturating_sub(room.saturating_sub(1));
    for (at, offer) in screen.snap.offers.iter().enumerate().skip(first).take(room) {
        let here = at == screen.ui.offer;
        let mark = screen.row(if here { "> " } else { "  " }, Role::Key);
        let row = mark.then(offer_line(screen, offer, width.saturating_sub(2)));
        rows.push(if here { row.bar(width, screen.style(Role::Cursor)) } else { row });
    }
    rows
}
