//! `[show]`, `[remote]`, `[department.*]`, `[safe]` and `[show.start]`.

use jiff::tz::TimeZone;
use toml::de::DeValue;

use super::acts::Place;
use super::{Loader, civil};
use crate::show::fault::{Fault, nearest};
use crate::show::fields::{Fields, Node, kind_of};
use crate::show::{AtExit, Department, DeptIx, Looks};
use crate::time::Span;

impl<'t> Loader<'t> {
    /// `[show]` and `[remote]`, without what needs devices and looks.
    pub(super) fn head(&mut self, top: &mut Fields<'t, 't>) {
        self.show.late_limit = Span::secs(2);
        self.show.panic_fade = Span::secs(2);
        let Some(node) = top.get("show") else {
            self.faults.push(Fault::rule("missing", 0..0, "the show has no [show] table").help("add [show] with title = \"…\""));
            return;
        };
        let Some(mut show) = Fields::of(node, "[show]", &mut self.faults) else { return };
        let faults = &mut self.faults;
        self.show.title = show.need_text("title", faults).unwrap_or_default().into();
        self.show.venue = show.text("venue", faults).map(Into::into);
        self.show.date = civil::date(&mut show, "date", faults);
        self.show.hard_out = civil::time(&mut show, "hard_out", faults);
        self.show.live = show.flag("mark", faults) == Some(false);
        if show.word("looks", &["whole", "track"], faults) == Some(1) {
            self.show.looks = Looks::Track;
        }
        if show.word("at_exit", &["leave", "safe"], faults) == Some(1) {
            self.show.at_exit = AtExit::Safe;
        }
        for (key, remedy) in [
            ("looks", "write looks = \"whole\" (a look is the whole picture), or \"track\" (it changes only what it names)"),
            ("at_exit", "write at_exit = \"leave\" (everything stays as it is), or \"safe\" (what [safe] lists is sent)"),
        ] {
            if !show.has(key) {
                faults.push(Fault::warning("unsaid", show.span(), format!("[show] does not say {key}")).help(remedy));
            }
        }
        for (key, limit) in [("late_limit", &mut self.show.late_limit), ("panic_fade", &mut self.show.panic_fade)] {
            if let Some(span) = show.duration(key, faults) {
                *limit = span;
            }
        }
        show.get("start");
        self.timezone(&mut show);
        show.finish(&mut self.faults);
        self.remote(top);
    }

    /// The zone must be one that the clock knows.
    fn timezone(&mut self, show: &mut Fields<'t, 't>) {
        let Some(node) = show.get("timezone") else { return };
        let Some(name) = show.text("timezone", &mut self.faults) else { return };
        if TimeZone::get(name).is_ok() {
            self.show.timezone = Some(name.into());
            return;
        }
        let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        let help = nearest(name, known.iter().map(String::as_str))
            .map_or_else(|| "write an IANA name such as \"Europe/London\"".to_owned(), |near| format!("did you mean \"{near}\"?"));
        self.faults.push(Fault::rule("timezone", node.span(), format!("\"{name}\" is not a time zone")).help(help));
    }

    /// `[remote]`.
    fn remote(&mut self, top: &mut Fields<'t, 't>) {
        let Some(mut remote) = top.get("remote").and_then(|node| Fields::of(node, "[remote]", &mut self.faults)) else { return };
        for (key, example) in [("osc", "127.0.0.1:53000"), ("midi", "127.0.0.1:5004"), ("artnet", "127.0.0.1:6454")] {
            let node = remote.get(key);
            let listen = remote.text(key, &mut self.faults);
            if let (Some(node), Some(listen)) = (node, listen)
                && !is_host_and_port(listen)
            {
                let message = format!("\"{listen}\" is not an address to listen on");
                self.faults.push(Fault::rule("address", node.span(), message).help(format!("write host and port: \"{example}\"")));
            }
            let remote = &mut self.show.remote;
            let place = match key {
                "osc" => &mut remote.listen,
                "midi" => &mut remote.midi,
                _ => &mut remote.artnet,
            };
            *place = listen.map(Into::into);
        }
        self.show.remote.passcode = self.secret(&mut remote, "passcode", "[remote]", self.secrets.remote.clone());
        remote.finish(&mut self.faults);
    }

    /// `[department.*]`.
    pub(super) fn departments(&mut self, top: &mut Fields<'t, 't>) {
        for (key, _, node) in self.tables(top, "department") {
            let Some(mut fields) = Fields::of(node, "a department", &mut self.faults) else {
                self.departments.declare(key, None);
                continue;
            };
            let name = fields.text("name", &mut self.faults).unwrap_or(key).into();
            let contact = fields.text("contact", &mut self.faults).map(Into::into);
            fields.finish(&mut self.faults);
            self.departments.declare(key, u16::try_from(self.show.departments.len()).ok().map(DeptIx));
            self.show.departments.push(Department { key: key.into(), name, contact });
        }
    }

    /// `[safe]`, where panic lands, and `[show.start]`.
    pub(super) fn safe_and_start(&mut self, top: &mut Fields<'t, 't>) {
        match top.get("safe") {
            Some(node) => {
                self.subject = "[safe]".into();
                let mut acts = Vec::new();
                self.act_table(node, Place::Safe, &mut acts);
                self.show.safe = Some(acts);
            }
            None => {
                let span = top.get("show").map_or(0..0, toml::Spanned::span);
                let fault = Fault::warning(
                    "no-safe",
                    span,
                    "the show has no [safe]: panic would stop everything and leave lights and program as they are",
                );
                self.faults.push(fault.help("add [safe] with the look, and the sources, that the room can be left in"));
            }
        }
        let start = top.get("show").and_then(|show| show.get_ref().as_table()).and_then(|show| show.get("start"));
        if let Some(node) = start {
            self.subject = "[show.start]".into();
            let mut acts = Vec::new();
            self.act_table(node, Place::Start, &mut acts);
            self.show.start = acts;
        }
    }

    /// A table of acts without times: `look = "…"`, and verbs, each once or as a list.
    fn act_table(&mut self, node: &'t Node<'t>, place: Place, acts: &mut Vec<crate::show::Act>) {
        let Some(mut fields) = Fields::of(node, self.subject.clone(), &mut self.faults) else { return };
        if let Some(look) = fields.get("look") {
            self.look_alone(look, place, acts);
        }
        for (verb, span, node) in fields.rest() {
            match node.get_ref() {
                DeValue::Array(items) => {
                    for item in items.iter() {
                        self.verb(verb, span.clone(), item, place, acts);
                    }
                }
                DeValue::Table(_) | DeValue::String(_) => self.verb(verb, span, node, place, acts),
                other => {
                    let message = format!("{verb} in {} is a table, or a list of tables, not {}", self.subject, kind_of(other));
                    self.faults.push(Fault::rule("value", node.span(), message));
                }
            }
        }
    }
}

/// `host:port` with a port that can be listened on.
fn is_host_and_port(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}
