//! Passwords and passcodes: by reference, from `secrets.toml`, or in the open, which is told.

use toml::de::DeValue;

use super::Loader;
use crate::show::Secret;
use crate::show::fault::Fault;
use crate::show::fields::{Fields, Node, kind_of};
use crate::show::outside::Kept;

impl<'t> Loader<'t> {
    /// A secret: `key = { file = "…" }`, `key = { env = "…" }`, `key = "…"`, or the one that `secrets.toml` has for it. `whose`: a device, `[remote]`.
    pub(super) fn secret(&mut self, fields: &mut Fields<'t, 't>, key: &'static str, whose: &str, aside: Option<Secret>) -> Option<Secret> {
        let Some(node) = fields.get(key) else { return aside };
        if aside.is_some() {
            let message = format!("{whose} has a {key} here and in secrets.toml");
            self.faults.push(Fault::rule("secret-twice", node.span(), message).help("take this one out"));
        }
        match node.get_ref() {
            DeValue::String(text) if text.is_empty() => self.missing(node, key, whose, "empty"),
            DeValue::String(text) => {
                let message = format!("the {key} of {whose} is in plain text");
                let help = format!("move it to secrets.toml beside the show, or write {key} = {{ file = \"…\" }} or {{ env = \"…\" }}");
                self.faults.push(Fault::warning("open-secret", node.span(), message).help(help));
                Some(Secret::from(&**text))
            }
            DeValue::Table(_) => self.referred(node, key, whose),
            other => {
                let message = format!("{key} is text in quotes, {{ file = \"…\" }} or {{ env = \"…\" }}, not {}", kind_of(other));
                self.faults.push(Fault::rule("value", node.span(), message));
                None
            }
        }
    }

    fn referred(&mut self, node: &'t Node<'t>, key: &'static str, whose: &str) -> Option<Secret> {
        let mut fields = Fields::of(node, format!("the {key} of {whose}"), &mut self.faults)?;
        let file = fields.text("file", &mut self.faults);
        let variable = fields.text("env", &mut self.faults);
        fields.finish(&mut self.faults);
        let found = match (file, variable) {
            (Some(file), None) => self.outside.file(file).map_err(|why| format!("in {file}, which cannot be read: {why}")),
            (None, Some(name)) => {
                let text = self.outside.variable(name).ok_or_else(|| format!("in the variable {name}, which is not set"));
                text.map(|text| Kept { text, private: true })
            }
            _ => {
                let message = format!("the {key} of {whose} comes from one place");
                self.faults.push(Fault::rule("value", node.span(), message).help("write { file = \"…\" } or { env = \"…\" }"));
                return None;
            }
        };
        match found {
            Ok(kept) if kept.text.trim_end().is_empty() => self.missing(node, key, whose, "empty"),
            Ok(kept) => {
                if let (false, Some(file)) = (kept.private, file) {
                    let message = format!("{file}, with the {key} of {whose}, can be read by others on this machine");
                    self.faults.push(Fault::warning("open-secret", node.span(), message).help(format!("chmod 600 {file}")));
                }
                let text = kept.text.trim_end_matches(['\r', '\n']);
                Some(Secret::from(text))
            }
            Err(place) => self.missing(node, key, whose, &place),
        }
    }

    /// A device without its password is not driven; remote control without its passcode would be open to everybody.
    fn missing(&mut self, node: &'t Node<'t>, key: &'static str, whose: &str, how: &str) -> Option<Secret> {
        let message = format!("the {key} of {whose} is {how}");
        self.faults.push(match key {
            "passcode" => {
                Fault::rule("no-secret", node.span(), message).help("set it: without it remote control would be open to everybody")
            }
            _ => Fault::warning("no-secret", node.span(), message).help("set it, or take the line out if the device needs none"),
        });
        None
    }
}
