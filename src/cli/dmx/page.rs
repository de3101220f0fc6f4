//! Universes as a table for people and as JSON.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use crate::devices::dmx::heard::{Protocol, SourceKey};
use crate::devices::dmx::watch::{Source, Watch};

/// Slots that the table shows.
const SHOWN: usize = 8;

/// One line a source, the universe's output before its sources.
pub fn table(watch: &Watch) -> String {
    let mut text = format!(
        "{:<16} {:<28} {:<16} {:>8} {:>7} {:>9} {:>6}  {}\n",
        "universe", "source", "address", "priority", "rate", "jitter", "lost", "slots 1 to 8"
    );
    let empty = text.len();
    for (protocol, universe, sources) in watch.universes() {
        let output = watch.output(protocol, universe);
        let levels = output.map_or_else(|| "previews only".to_owned(), |(_, levels)| spell(&levels[..SHOWN]));
        let _ = writeln!(text, "{:<16} {:<78} {levels}", format!("{} {}", spoken(protocol), protocol.address(universe)), "");
        for (_, source) in sources {
            let priority = if protocol == Protocol::Sacn { source.priority.to_string() } else { "-".into() };
            let remark = match output {
                _ if source.preview => "preview",
                Some((top, _)) if top > source.priority => "stands by",
                _ => "",
            };
            let name: String = if source.name.is_empty() { "-".into() } else { source.name.chars().take(28).collect() };
            let _ = writeln!(
                text,
                "{:<16} {name:<28} {:<16} {priority:>8} {:>7.1} {:>6.2} ms {:>6}  {remark}",
                "",
                source.from.to_string(),
                source.rate(),
                source.jitter_ms(),
                source.lost
            );
        }
    }
    if text.len() == empty {
        text.push_str("nothing comes\n");
    }
    text
}

fn spoken(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::ArtNet => "Art-Net",
        Protocol::Sacn => "sACN",
    }
}

fn spell(levels: &[u8]) -> String {
    levels.iter().map(|level| format!("{level:>3}")).collect::<Vec<_>>().join(" ")
}

/// One document: every universe, what is output of it (slots after the last one above 0 are left out), and its sources.
pub fn document(at_seconds: f64, watch: &Watch) -> Json {
    let universes = watch.universes().map(|(protocol, universe, sources)| {
        let output = watch.output(protocol, universe);
        let lit = output.map_or(0, |(_, levels)| levels.iter().rposition(|level| *level > 0).map_or(0, |last| last + 1));
        let levels: Vec<u8> = output.iter().flat_map(|(_, levels)| levels.iter().take(lit).copied()).collect();
        let sources: Vec<Json> = sources.map(|(key, source)| source_json(key, source, output.map(|(top, _)| top))).collect();
        json!({
            "protocol": protocol.word(), "universe": universe, "address": protocol.address(universe), "levels": levels, "sources": sources,
        })
    });
    json!({ "event": "universes", "at": round(at_seconds, 3), "universes": universes.collect::<Vec<_>>() })
}

fn source_json(key: &SourceKey, source: &Source, top: Option<u8>) -> Json {
    let cid = match key {
        SourceKey::Sacn(cid) => Some(cid.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        SourceKey::ArtNet(..) => None,
    };
    json!({
        "name": source.name, "from": source.from.to_string(), "cid": cid, "priority": cid.as_ref().map(|_| source.priority),
        "wins": !source.preview && top == Some(source.priority), "preview": source.preview, "packets": source.packets, "lost": source.lost,
        "rate": round(source.rate(), 2), "jitter_ms": round(source.jitter_ms(), 3), "slots": source.slots,
    })
}

fn round(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}
