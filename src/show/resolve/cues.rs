//! `[[list]]` and `[[cue]]`: numbers first, so that any cue may name any other, then each cue.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use toml::de::DeValue;

use super::acts::Place;
use super::groups::Family;
use super::{Loader, civil, steps};
use crate::show::fault::Fault;
use crate::show::fields::{Fields, Node, in_file_order, kind_of, text_of};
use crate::show::{Auto, AutoWhen, Cue, CueIx, Group, GroupMode, List, ListIx, StartAt};
use crate::time::Span;

/// The list of cues that name none.
const MAIN: &str = "main";

/// A follower waits this long for an end that does not come, then only proposes.
const AT_MOST: Span = Span::secs(600);

/// Characters that OSC addresses and patterns keep for themselves (OSC 1.0, "OSC Message Dispatching and Pattern Matching").
const NOT_IN_NUMBERS: [char; 10] = [' ', '#', '*', ',', '/', '?', '[', ']', '{', '}'];

/// What stood before a cue in its list.
#[derive(Default)]
struct Before {
    number: Option<Arc<str>>,
    /// The last planned time, and whose it is.
    planned: Option<(Arc<str>, jiff::civil::Time)>,
}

impl<'t> Loader<'t> {
    /// Lists, numbers of cues, keys of hot cues.
    pub(super) fn declare_cues(&mut self, top: &mut Fields<'t, 't>) {
        self.add_list(MAIN, MAIN);
        for node in self.items(top, "list") {
            let Some(mut fields) = Fields::of(node, "a list", &mut self.faults) else { continue };
            let key = fields.need_text("key", &mut self.faults);
            let name = fields.text("name", &mut self.faults);
            fields.finish(&mut self.faults);
            match key {
                Some(MAIN) => {
                    if let (Some(main), Some(name)) = (self.show.lists.first_mut(), name) {
                        main.name = name.into();
                    }
                }
                Some(key) if self.lists.find(key).is_some() => {
                    let fault = Fault::rule("duplicate", node.span(), format!("the list \"{key}\" is there already"));
                    self.faults.push(fault.help("give each list a key of its own"));
                }
                Some(key) => self.add_list(key, name.unwrap_or(key)),
                None => {}
            }
        }
        let mut lines: HashMap<&str, u32> = HashMap::new();
        for (at, node) in self.items(top, "cue").into_iter().enumerate() {
            let number = node.get_ref().as_table().and_then(|table| table.get("number"));
            let Some((text, span)) = number.and_then(|number| Some((number.get_ref().as_str()?, number.span()))) else { continue };
            let line = self.line(&span);
            if let Some(first) = lines.insert(text, line) {
                let fault = Fault::rule("duplicate", span, format!("the number {text} is that of the cue on line {first} already"));
                self.faults.push(fault.help("cue numbers are unique in the whole show: try a point number, such as \"12.5\""));
                continue;
            }
            self.cues.declare(text, u32::try_from(at).ok().map(CueIx));
        }
        self.declare_hots(top);
    }

    fn add_list(&mut self, key: &str, name: &str) {
        self.lists.declare(key, u16::try_from(self.show.lists.len()).ok().map(ListIx));
        self.show.lists.push(List { key: key.into(), name: name.into(), cues: Vec::new() });
    }

    /// Every cue in file order.
    pub(super) fn read_cues(&mut self, top: &mut Fields<'t, 't>) {
        let nodes = self.items(top, "cue");
        let mut family = Family::default();
        let mut last: BTreeMap<ListIx, Before> = BTreeMap::new();
        let mut ids: HashMap<Arc<str>, Arc<str>> = HashMap::new();
        self.show.cues.reserve_exact(nodes.len());
        for (at, node) in nodes.iter().enumerate() {
            let Ok(ix) = u32::try_from(at).map(CueIx) else { return };
            let (cue, span) = self.cue(ix, node, &mut family);
            self.order(&cue, &span, &mut last);
            // Two cues with one number have one id too; that is said once, of the number.
            if let Some(other) = ids.insert(Arc::clone(&cue.id), Arc::clone(&cue.number)).filter(|other| *other != cue.number) {
                let fault = Fault::rule("duplicate", span, format!("the id \"{}\" is that of cue {other} already", cue.id));
                self.faults.push(fault.help("an id stays with one cue for ever: give this one another"));
            }
            if let Some(list) = self.show.lists.get_mut(cue.list.at()) {
                list.cues.push(ix);
            }
            self.show.cues.push(cue);
        }
        self.adopt(family);
    }

    /// One cue and where its number stands.
    fn cue(&mut self, ix: CueIx, node: &'t Node<'t>, family: &mut Family) -> (Cue, Range<usize>) {
        self.subject.clear();
        self.subject.push_str("a cue");
        let Some(mut fields) = Fields::of(node, "a cue", &mut self.faults) else {
            return (blank(self.line(&node.span())), node.span());
        };
        let (number, span) = self.number(&mut fields, node);
        self.subject.clear();
        self.subject.extend(["cue ", &*number]);
        let list_span = fields.get("list").map(toml::Spanned::span).unwrap_or_default();
        let list = fields.text("list", &mut self.faults).unwrap_or(MAIN);
        let subject = std::mem::take(&mut self.subject);
        let list = self.need_list(list, list_span, &subject).unwrap_or(ListIx(0));
        self.subject = subject;
        let id = match fields.text("id", &mut self.faults) {
            Some(id) => id.into(),
            None => format!("{}/{number}", self.show.list(list).key).into(),
        };
        let placed = self.steps(fields.get("do"), Place::Step);
        steps::limit(&placed, &self.subject, &mut self.faults);
        self.fights(&placed);
        let mode = fields.word("group", &["together", "step", "enter"], &mut self.faults);
        let mode = mode.and_then(|at| [GroupMode::Together, GroupMode::Step, GroupMode::Enter].get(at).copied());
        let parent = self.parent(&mut fields, ix, list, family);
        let auto = self.auto(&mut fields, list);
        let call = self.call(&mut fields);
        let start_at = self.start_at(&mut fields, parent.is_some());
        let faults = &mut self.faults;
        let cue = Cue {
            id,
            name: fields.text("name", faults).unwrap_or_default().into(),
            number,
            list,
            parent,
            group: mode.map(|mode| Group { mode, children: Vec::new() }),
            call,
            standby: fields.duration("standby", faults),
            notes: fields.text("notes", faults).map(|notes| self.texts.keep(notes)),
            at: civil::time(&mut fields, "at", faults),
            start_at,
            planned: fields.duration("length", faults),
            wait: fields.duration("wait", faults).unwrap_or_default(),
            auto,
            armed: fields.flag("armed", faults).unwrap_or(true),
            skip: fields.flag("skip", faults).unwrap_or(false),
            quick: fields.flag("quick", faults).unwrap_or(false),
            sustain: fields.flag("sustain", faults).unwrap_or(false),
            confirm: fields.flag("confirm", faults).unwrap_or(false),
            steps: placed.into_iter().map(|(step, _)| step).collect(),
            line: self.lines.line(node.span().start),
        };
        fields.finish(faults);
        family.note(ix, span.clone(), cue.group.is_some());
        (cue, span)
    }

    /// The number: text that OSC can carry.
    fn number(&mut self, fields: &mut Fields<'t, 't>, whole: &Node<'_>) -> (Arc<str>, Range<usize>) {
        let Some(node) = fields.get("number") else {
            let fault = Fault::rule("missing", whole.span(), "the cue has no number");
            self.faults.push(fault.help("add number = \"12\"; numbers are text, and unique"));
            return ("?".into(), whole.span());
        };
        let Some(text) = node.get_ref().as_str() else {
            let message = format!("a cue's number is text, not {}", kind_of(node.get_ref()));
            let help = match node.get_ref() {
                DeValue::Integer(n) => format!("write number = \"{n}\""),
                DeValue::Float(n) => format!("write number = \"{n}\""),
                _ => "write number = \"12\"".to_owned(),
            };
            self.faults.push(Fault::rule("cue-number", node.span(), message).help(help));
            return ("?".into(), node.span());
        };
        if text.is_empty() || text.contains(NOT_IN_NUMBERS) || text.contains(char::is_control) {
            let message = format!("\"{text}\" can not be a cue's number: OSC keeps some characters for itself");
            self.faults.push(Fault::rule("cue-number", node.span(), message).help("use letters, digits, points, dashes"));
        }
        (text.into(), node.span())
    }

    /// Warns of a number that is lower than the one before it in its list, and of a planned time that is earlier than the last one.
    fn order(&mut self, cue: &Cue, span: &Range<usize>, last: &mut BTreeMap<ListIx, Before>) {
        let before = last.entry(cue.list).or_default();
        if let Some(number) = before.number.replace(Arc::clone(&cue.number))
            && descends(&number, &cue.number)
        {
            let message = format!("cue {} stands after cue {number}, and runs after it", cue.number);
            self.faults.push(
                Fault::warning("descending", span.clone(), message).help("file order is running order: move the cue, or renumber it"),
            );
        }
        let Some(at) = cue.at else { return };
        // A plan may go on after midnight; it does not go back by less than half a day.
        if let Some((number, time)) = before.planned.replace((Arc::clone(&cue.number), at))
            && at < time
            && time.duration_since(at).as_hours() < 12
        {
            let message = format!("cue {} is planned at {at}, before cue {number} at {time} that runs before it", cue.number);
            self.faults.push(Fault::warning("planned-order", span.clone(), message).help("correct one of the times, or move the cue"));
        }
    }

    /// `auto`, `auto_wait`, `at_most`.
    fn auto(&mut self, fields: &mut Fields<'t, 't>, list: ListIx) -> Option<Auto> {
        let span = fields.get("auto").map(toml::Spanned::span);
        let when = fields.word("auto", &["with", "after start", "after end"], &mut self.faults);
        let when = when.and_then(|at| [AutoWhen::With, AutoWhen::AfterStart, AutoWhen::AfterEnd].get(at).copied());
        let wait = fields.duration("auto_wait", &mut self.faults);
        let at_most = fields.duration("at_most", &mut self.faults);
        for (key, wanted) in
            [("auto_wait", span.is_some()), ("at_most", when == Some(AutoWhen::AfterEnd) || (span.is_some() && when.is_none()))]
        {
            if let (Some(node), false) = (fields.get(key), wanted) {
                let help =
                    if key == "at_most" { "write auto = \"after end\"" } else { "write auto = \"with\", \"after start\" or \"after end\"" };
                let message = format!("{} has {key}, but no auto that it belongs to", self.subject);
                self.faults.push(Fault::rule("auto", node.span(), message).help(help));
            }
        }
        if let (Some(span), true) = (span, self.show.list(list).cues.is_empty()) {
            let message = format!("{} follows by itself, but no cue stands before it in its list", self.subject);
            self.faults.push(Fault::warning("auto", span, message).help("take auto out: the first cue starts on GO"));
        }
        Some(Auto { when: when?, wait: wait.unwrap_or_default(), at_most: at_most.unwrap_or(AT_MOST) })
    }

    /// `start_at = "19:30"`: the wall clock starts it, on the show's date.
    fn start_at(&mut self, fields: &mut Fields<'t, 't>, grouped: bool) -> Option<StartAt> {
        let span = fields.get("start_at")?.span();
        let time = civil::time(fields, "start_at", &mut self.faults)?;
        if grouped {
            let message = format!("the clock starts {} alone, whatever its group does", self.subject);
            self.faults.push(Fault::warning("start-at", span, message).help("put start_at on the group"));
        }
        Some(civil::start(time, self.show.date, self.show.timezone.as_deref()))
    }

    /// `call = { lx = "12", sound = "12" }`.
    fn call(&mut self, fields: &mut Fields<'t, 't>) -> Vec<(Arc<str>, Arc<str>)> {
        let Some(node) = fields.get("call") else { return Vec::new() };
        let DeValue::Table(table) = node.get_ref() else {
            let message = format!("call says what each department is told, not {}", kind_of(node.get_ref()));
            self.faults.push(Fault::rule("value", node.span(), message).help("write call = { lx = \"12\", sound = \"go\" }"));
            return Vec::new();
        };
        let mut call = Vec::with_capacity(table.len());
        for (department, span, node) in in_file_order(table) {
            if self.departments.find(department).is_none()
                && let Some(near) = crate::show::fault::nearest(department, self.departments.known())
            {
                let message = format!("{} calls \"{department}\", which is not a department of the show", self.subject);
                self.faults.push(Fault::warning("unknown-department", span, message).help(format!("did you mean \"{near}\"?")));
            }
            if let Some(text) = text_of(node, department, &mut self.faults) {
                call.push((self.keep(department), self.keep(text)));
            }
        }
        call
    }
}

/// A cue that could not be read, so that indexes stay true while the rest is checked.
fn blank(line: u32) -> Cue {
    Cue {
        id: "?".into(),
        number: "?".into(),
        name: "".into(),
        list: ListIx(0),
        parent: None,
        group: None,
        call: Vec::new(),
        standby: None,
        notes: None,
        at: None,
        start_at: None,
        planned: None,
        wait: Span::ZERO,
        auto: None,
        armed: true,
        skip: false,
        quick: false,
        sustain: false,
        confirm: false,
        steps: Vec::new(),
        line,
    }
}

/// True when the second number is lower, however one reads point numbers: `12.10` is neither above nor below `12.9`.
fn descends(before: &str, after: &str) -> bool {
    let (Some((a, a_point)), Some((b, b_point))) = (split(before), split(after)) else { return false };
    match a.cmp(&b) {
        Ordering::Less => false,
        Ordering::Greater => true,
        Ordering::Equal => {
            let as_count = |point: &str| point.parse::<u64>().unwrap_or(0);
            as_count(b_point) < as_count(a_point) && b_point < a_point
        }
    }
}

/// `12.5` in its whole and its point; `None` when it is not a plain number.
fn split(number: &str) -> Option<(u64, &str)> {
    let (whole, point) = number.split_once('.').unwrap_or((number, ""));
    point.bytes().all(|b| b.is_ascii_digit()).then_some(())?;
    Some((whole.parse().ok()?, point))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_that_are_lower_in_every_reading_descend() {
        for (before, after) in [("2", "1"), ("12.5", "12.4"), ("12.1", "12"), ("10", "9.9")] {
            assert!(descends(before, after), "{before} then {after}");
        }
        for (before, after) in [("1", "2"), ("12.9", "12.10"), ("12.10", "12.9"), ("a", "1"), ("1", "1.1"), ("1.2.3", "1")] {
            assert!(!descends(before, after), "{before} then {after}");
        }
    }
}
