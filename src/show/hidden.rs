//! Names and words of a show that hold what nobody sees and a terminal obeys.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::fault::Fault;
use super::fields::in_file_order;
use super::printable::{acts, escape};
use super::profile_text::is_device_verb;

/// A warning for each text that people read. What a step or a patch gives to a device is the device's own affair.
pub(super) fn hidden(text: &str, document: &DeTable<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    // Most shows have neither escapes nor anything else to find.
    if text.contains('\\') || text.chars().any(|c| acts(c) && !is_layout(c)) {
        table(document, &[], &mut faults);
    }
    faults
}

const fn is_layout(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t')
}

fn table(fields: &DeTable<'_>, path: &[&str], faults: &mut Vec<Fault>) {
    for (key, span, node) in in_file_order(fields) {
        judge(key, span, faults);
        let path = [path, &[key]].concat();
        // In a device's own table, only its name is for people.
        if (path.len() == 1 || !is_device_verb(key)) && (path.first() != Some(&"device") || path.len() < 3 || key == "name") {
            value(node.get_ref(), node.span(), &path, faults);
        }
    }
}

fn value(given: &DeValue<'_>, span: Range<usize>, path: &[&str], faults: &mut Vec<Fault>) {
    match given {
        DeValue::String(text) => judge(text, span, faults),
        DeValue::Array(items) => items.iter().for_each(|item| value(item.get_ref(), item.span(), path, faults)),
        DeValue::Table(fields) => table(fields, path, faults),
        _ => {}
    }
}

fn judge(text: &str, span: Range<usize>, faults: &mut Vec<Fault>) {
    let found: BTreeSet<char> = text.chars().filter(|c| acts(*c) && !is_layout(*c)).collect();
    if found.is_empty() {
        return;
    }
    let escapes: Vec<String> = found.into_iter().map(escape).collect();
    let message = format!("this text holds characters that are not seen and act on a terminal: {}", escapes.join(", "));
    faults.push(Fault::warning("hidden-characters", span, message).help("take them out: they are shown as escapes everywhere"));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::show::load_text;

    #[test]
    fn hidden_characters_are_found_in_what_people_read_and_not_in_what_devices_get() {
        let text = concat!(
            "[show]\ntitle = \"A\\u001b[2J\"\nlooks = \"whole\"\nat_exit = \"leave\"\n[safe]\ntell = \"x\"\n",
            "[department.a]\nname = \"A \\u202e rtl\"\n",
            "[device.d]\nprofile = \"generic-osc\"\naddress = \"127.0.0.1\"\nport = 9801\nname = \"D\\u0007\"\n",
            "[[cue]]\nnumber = \"1\"\nname = \"C\"\nnotes = \"\"\"two\r\n\tlines\"\"\"\n",
            "[[cue.do]]\nsend = { on = \"d\", address = \"/o\", args = [\"\\u001b\"] }\n",
            "[[cue.do]]\ntell = \"now\\u009b5m\"\n",
        );
        let loaded = load_text(&[("show.toml".into(), text.into())]);
        assert!(loaded.show.is_some(), "{:?}", loaded.findings);
        let found: Vec<_> = loaded.findings.iter().map(|f| (f.code, f.line, f.message.rsplit(' ').next().unwrap())).collect();
        let hidden = |line, escape| ("hidden-characters", line, escape);
        assert_eq!(found, [hidden(2, "\\u001b"), hidden(8, "\\u202e"), hidden(13, "\\u0007"), hidden(22, "\\u009b")]);
    }
}
