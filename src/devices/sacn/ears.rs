//! Who else sends our universes.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::codec::{self, Cid, Data, Discovery, option};
use super::{DATA_LOSS, DISCOVERY_EVERY};
use crate::device_api::Level;
use crate::devices::earlier;
use crate::devices::facets::Picture;
use crate::time::{Mono, Span};

/// Sources that are remembered at the most; more are left out.
const LIMIT: usize = 256;
/// Universes of one source that are remembered.
const LISTED: usize = 1024;
/// A source that has not told its universes for this has gone.
const LIST_FOR: Span = Span::ms(DISCOVERY_EVERY.0 / 1_000_000 * 5 / 2);

/// The other sources.
#[derive(Debug, Default)]
pub struct Ears {
    /// By universe and source.
    streams: BTreeMap<(u16, Cid), Foreign>,
    lists: BTreeMap<Cid, List>,
}

/// One universe of one source.
#[derive(Debug)]
struct Foreign {
    who: String,
    priority: u8,
    at: Mono,
}

/// What a source says that it sends.
#[derive(Debug)]
struct List {
    who: String,
    universes: Vec<u16>,
    at: Mono,
}

/// `FOH desk (10.0.0.9)`.
fn who(name: &[u8], from: Option<SocketAddr>) -> String {
    from.map_or_else(|| codec::name(name), |from| format!("{} ({})", codec::name(name), from.ip()))
}

impl Ears {
    /// A source that is not us sent one of our universes. True when that is news.
    pub fn data(&mut self, now: Mono, from: Option<SocketAddr>, data: &Data<'_>) -> bool {
        let key = (data.universe, data.cid);
        if data.has(option::TERMINATED) {
            return self.streams.remove(&key).is_some();
        }
        // What no node outputs disturbs nobody.
        if data.has(option::PREVIEW) || !matches!(data.start_code, 0 | 0xdd) {
            return false;
        }
        let known = self.streams.get_mut(&key);
        if let Some(known) = known {
            known.at = now;
            let news = known.priority != data.priority;
            known.priority = data.priority;
            return news;
        }
        if self.streams.len() < LIMIT {
            self.streams.insert(key, Foreign { who: who(data.name, from), priority: data.priority, at: now });
        }
        true
    }

    /// A source that is not us told what it sends. True when that is news.
    pub fn discovery(&mut self, now: Mono, from: Option<SocketAddr>, page: &Discovery<'_>) -> bool {
        let room = self.lists.len() < LIMIT;
        let list = match self.lists.entry(page.cid) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(_) if !room => return false,
            std::collections::btree_map::Entry::Vacant(new) => {
                new.insert(List { who: who(page.name, from), universes: Vec::new(), at: now })
            }
        };
        list.at = now;
        let before = list.universes.len();
        let (first, last) = (page.universes().next(), page.universes().last());
        // A page replaces what it spans; the first page also what lies before it, the last what lies behind it.
        let from = if page.page == 0 { 0 } else { first.unwrap_or(u16::MAX) };
        let to = if page.page >= page.last { u16::MAX } else { last.unwrap_or(0) };
        let old: Vec<u16> = list.universes.iter().copied().filter(|universe| (from..=to).contains(universe)).collect();
        list.universes.retain(|universe| !(from..=to).contains(universe));
        list.universes.extend(page.universes().take(LISTED.saturating_sub(list.universes.len())));
        list.universes.sort_unstable();
        before != list.universes.len() || old.iter().any(|universe| list.universes.binary_search(universe).is_err())
    }

    /// Forgets who has been silent for too long. True when somebody was.
    pub fn age(&mut self, now: Mono) -> bool {
        let before = self.streams.len() + self.lists.len();
        self.streams.retain(|_, foreign| now.since(foreign.at) < DATA_LOSS);
        self.lists.retain(|_, list| now.since(list.at) < LIST_FOR);
        before != self.streams.len() + self.lists.len()
    }

    /// When [`Ears::age`] has something to do.
    #[must_use]
    pub fn next_due(&self) -> Option<Mono> {
        let streams = self.streams.values().map(|foreign| foreign.at + DATA_LOSS).min();
        earlier(streams, self.lists.values().map(|list| list.at + LIST_FOR).min())
    }

    /// Forgets everybody: nothing is heard any more.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// What the others mean for our universes; `ours` gives the priority of one that we send.
    pub fn judge(&self, ours: impl Fn(u16) -> Option<u8>, picture: &mut Picture) {
        for ((universe, _), Foreign { who, priority, .. }) in &self.streams {
            let Some(own) = ours(*universe) else { continue };
            let (level, text) = match priority.cmp(&own) {
                std::cmp::Ordering::Greater => (
                    Level::Bad,
                    format!(
                        "{who} sends sACN universe {universe} with priority {priority}, ours is {own}: nodes follow it; stop it, or raise ours"
                    ),
                ),
                std::cmp::Ordering::Equal => (
                    Level::Warn,
                    format!(
                        "{who} also sends sACN universe {universe} with priority {priority}: nodes merge both; stop it, or change one priority"
                    ),
                ),
                std::cmp::Ordering::Less => {
                    (Level::Notice, format!("{who} stands by on sACN universe {universe} with priority {priority}, ours is {own}"))
                }
            };
            picture.add(format!("foreign/{universe}"), level, text);
        }
        for (cid, list) in &self.lists {
            for universe in &list.universes {
                if ours(*universe).is_some() && !self.streams.contains_key(&(*universe, *cid)) {
                    let text = format!("{} says that it sends sACN universe {universe} too, but not to this machine", list.who);
                    picture.add(format!("foreign/{universe}"), Level::Notice, text);
                }
            }
        }
    }
}
