//! `/node`: a group of parameters as one line of text, as scene files have it.
//!
//! `/node ,s ch/01/mix` is answered by the address `node` (without a slash) and `/ch/01/mix ON  +2.1 ON +0 OFF   -oo`, a line feed at its end:
//! a level is dB in five places, an inverted colour has an `i` behind it. Sources: "Unofficial X32/M32 OSC Remote Protocol" 4.09;
//! scene files of consoles with firmware 4.0. Only the nodes of names, mixes, groups and mute groups are answered; others are silent.

use rosc::OscType;

use super::Scale;
use crate::show::{Db, Value};

const COLOURS: [&str; 8] = ["OFF", "RD", "GN", "YE", "BL", "MG", "CY", "WH"];

/// The line of a node; `value` gives a parameter by its address. `None`: no such node, or not one of those that are answered.
pub fn line(node: &str, value: impl Fn(&str) -> Option<OscType>) -> Option<String> {
    let node = node.trim_matches('/');
    let at = |tail: &str| value(&format!("/{node}/{tail}"));
    let switch = |tail: &str| Some(if int(&at(tail)?)? == 0 { "OFF" } else { "ON" });
    let level = |tail: &str| db(&at(tail)?);
    let fields = if node == "config/mute" {
        let groups: Option<Vec<_>> = (1..=6).map(|group| switch(&group.to_string())).collect();
        groups?.join(" ")
    } else if node.ends_with("/config") {
        let OscType::String(name) = at("name")? else { return None };
        let colour = int(&at("color")?)?;
        let inverted = if colour >= 8 { "i" } else { "" };
        let colour = COLOURS.get(usize::try_from(colour % 8).ok()?)?;
        // Only inputs have a source.
        let inputs = ["ch/", "auxin/"].iter().any(|kind| node.starts_with(kind));
        let source = if inputs { format!(" {}", int(&at("source")?)?) } else { String::new() };
        format!("\"{name}\" {} {colour}{inverted}{source}", int(&at("icon")?)?)
    } else if node.ends_with("/grp") {
        format!("%{:08b} %{:06b}", int(&at("dca")?)?, int(&at("mute")?)?)
    } else if node.starts_with("dca/") {
        format!("{} {}", switch("on")?, level("fader")?)
    } else if node.ends_with("/mix") && !node.starts_with("main/") {
        let OscType::Float(pan) = at("pan")? else { return None };
        let pan = (pan - 0.5) * 200.0;
        format!("{} {} {} {pan:+.0} {} {}", switch("on")?, level("fader")?, switch("st")?, switch("mono")?, level("mlevel")?)
    } else {
        return None;
    };
    Some(format!("/{node} {fields}\n"))
}

fn int(value: &OscType) -> Option<i32> {
    if let OscType::Int(number) = value { Some(*number) } else { None }
}

/// A fader as text: `  0.0`, ` +2.1`, `-81.0`, `  -oo`.
fn db(value: &OscType) -> Option<String> {
    let scale = Scale::Level(1024);
    let Value::Level(level) = scale.value(&scale.read(value)?)? else { return None };
    if level == Db::OFF {
        return Some("  -oo".into());
    }
    let tenths = (level.0.abs() + 50) / 100;
    let sign = if tenths == 0 {
        ""
    } else if level.0 < 0 {
        "-"
    } else {
        "+"
    };
    Some(format!("{:>5}", format!("{sign}{}.{}", tenths / 10, tenths % 10)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn console(address: &str) -> Option<OscType> {
        let level = |milli| Scale::Level(1024).raw(&Value::Level(Db(milli))).map(|raw| Scale::Level(1024).arg(&raw));
        Some(match address {
            "/ch/01/mix/on" | "/ch/01/mix/st" | "/dca/1/on" => OscType::Int(1),
            "/ch/01/mix/fader" => level(2100)?,
            "/dca/1/fader" => level(0)?,
            "/ch/01/mix/pan" => OscType::Float(0.5),
            "/ch/01/mix/mono" => OscType::Int(0),
            "/ch/01/mix/mlevel" => OscType::Float(0.0),
            "/ch/01/config/name" | "/bus/01/config/name" => OscType::String("Kick".into()),
            "/ch/01/config/icon" | "/bus/01/config/icon" => OscType::Int(2),
            "/ch/01/config/color" | "/bus/01/config/color" => OscType::Int(11),
            "/ch/01/config/source" | "/ch/01/grp/dca" => OscType::Int(1),
            "/ch/01/grp/mute" => OscType::Int(0),
            _ if address.starts_with("/config/mute/") => OscType::Int(i32::from(address.ends_with('2'))),
            _ => return None,
        })
    }

    #[test]
    fn a_node_reads_as_a_scene_file_does() {
        let cases = [
            ("ch/01/mix", "/ch/01/mix ON  +2.1 ON +0 OFF   -oo\n"),
            ("/ch/01/config", "/ch/01/config \"Kick\" 2 YEi 1\n"),
            ("bus/01/config", "/bus/01/config \"Kick\" 2 YEi\n"),
            ("ch/01/grp", "/ch/01/grp %00000001 %000000\n"),
            ("dca/1", "/dca/1 ON   0.0\n"),
            ("config/mute", "/config/mute OFF ON OFF OFF OFF OFF\n"),
        ];
        for (node, text) in cases {
            assert_eq!(line(node, console).as_deref(), Some(text));
        }
        for node in ["", "ch", "ch/77/mix", "ch/01/eq", "main/st/mix"] {
            assert_eq!(line(node, console), None, "{node}");
        }
    }
}
