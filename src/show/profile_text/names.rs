//! Names tables: what a patch name may stand for, and what the wire calls it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::show::fault::Faults;
use crate::show::fields::{Fields, Node, in_file_order, text_of};
use crate::show::{NamePattern, NameTable};

/// Reads all of `[names.*]`.
pub(super) fn read(top: &mut Fields<'_, '_>, faults: &mut Faults) -> BTreeMap<Arc<str>, NameTable> {
    let entries = top.entries("names", faults);
    entries.into_iter().filter_map(|(key, _, node)| Some((key.into(), table(key, node, faults)?))).collect()
}

/// One table: patterns in file order, and fixed names.
fn table(key: &str, node: &Node<'_>, faults: &mut Faults) -> Option<NameTable> {
    let Some(entries) = node.get_ref().as_table() else {
        faults.add(node.span(), format!("names.{key} is a table of patterns (\"1..8\" = \"dca/{{}}\"), and may be empty"));
        return None;
    };
    let mut table = NameTable::default();
    for (pattern, span, node) in in_file_order(entries) {
        if pattern == "fixed" {
            fixed(node, &mut table, faults);
        } else if let Some(pattern) = one_pattern(pattern, span, node, faults) {
            table.patterns.push(pattern);
        }
    }
    Some(table)
}

/// `fixed = { main = "main/st" }`.
fn fixed(node: &Node<'_>, table: &mut NameTable, faults: &mut Faults) {
    let Some(entries) = node.get_ref().as_table() else {
        faults.add(node.span(), "fixed is a table of names (fixed = { main = \"main/st\" })");
        return;
    };
    for (name, _, node) in in_file_order(entries) {
        if let Some(fragment) = text_of(node, name, faults) {
            table.fixed.insert(name.into(), fragment.into());
        }
    }
}

/// `"aux 1..8" = "auxin/{:02}"` or `"1..8" = { wire = "{}", offset = -1 }`.
fn one_pattern(key: &str, span: Range<usize>, node: &Node<'_>, faults: &mut Faults) -> Option<NamePattern> {
    let Some((prefix, first, last)) = numbers(key) else {
        faults.add_help(
            span,
            format!("\"{key}\" is not a range of names"),
            "write \"1..32\" or \"aux 1..8\"; single names go into fixed = { … }",
        );
        return None;
    };
    let (fragment, offset) = if node.get_ref().is_table() {
        let mut fields = Fields::of(node, format!("the pattern \"{key}\""), faults)?;
        let fragment = fields.need_text("wire", faults);
        let offset = fields.int("offset", -65_536..=65_536, faults).and_then(|n| i32::try_from(n).ok()).unwrap_or(0);
        fields.finish(faults);
        (fragment?, offset)
    } else {
        (text_of(node, key, faults)?, 0)
    };
    if i64::from(first) + i64::from(offset) < 0 {
        faults.add(node.span(), format!("offset {offset} makes the first number of \"{key}\" negative"));
        return None;
    }
    if !fragment.contains("{}") && !fragment.contains("{:0") {
        faults.add_help(node.span(), format!("\"{fragment}\" has no place for the number"), "write {} or {:02} where the number goes");
        return None;
    }
    Some(NamePattern { prefix: prefix.into(), first, last, fragment: fragment.into(), offset })
}

/// Splits `aux 1..8` into its text and its numbers.
fn numbers(key: &str) -> Option<(&str, u32, u32)> {
    let (head, last) = key.split_once("..")?;
    let prefix = head.trim_end_matches(|c: char| c.is_ascii_digit());
    let first: u32 = head.get(prefix.len()..)?.parse().ok()?;
    let last: u32 = last.parse().ok()?;
    (first <= last).then_some((prefix, first, last))
}
