//! Replies over HTTP: each belongs to its request, and its status is a word too.

use super::WIRE;
use super::driver::Talker;
use super::request;
use super::session::Purpose;
use crate::device_api::Report;
use crate::devices::Out;
use crate::time::Mono;

/// Of a reply that is told to an operator.
const WORDS_MAX: usize = 120;

impl Talker {
    /// Sends a line as a request.
    pub(super) fn ask(&mut self, text: &str, out: &mut Out) {
        self.tag += 1;
        out.ask(WIRE, self.tag, &request::request(text, &self.facts.headers, self.facts.basic.as_ref()));
    }

    /// The answer to the request that waits. One that comes later belongs to nothing any more.
    pub(super) fn replied(&mut self, now: Mono, tag: u64, status: u16, body: &[u8], out: &mut Out) {
        if tag != self.tag || self.session.asked.is_none() {
            return;
        }
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        match status {
            0 => {
                let why = if text.is_empty() { "no answer" } else { text };
                self.away(now, why.into(), out);
            }
            401 if self.facts.basic.is_some() => {
                self.bar("the device refuses the login (HTTP 401): correct the user and password = \"…\" in the show", out);
            }
            401 => self.bar("the device asks for a login (HTTP 401): add password = \"…\" to it in the show", out),
            _ => {
                self.session.heard = now;
                self.answered(now, status, text, out);
                self.tell_lacks(out);
            }
        }
        self.settle(out);
    }

    fn answered(&mut self, now: Mono, status: u16, text: &str, out: &mut Out) {
        // As a whole, and line by line where it has several.
        let mut heard = vec![text];
        heard.extend(text.lines().map(str::trim).filter(|line| !line.is_empty() && *line != text));
        let pinged = matches!(self.session.asked, Some((Purpose::Ping, ..)));
        if pinged {
            self.session.asked = None;
            self.alive(now, &heard, out);
            return;
        }
        if let Some(why) = heard.iter().find_map(|line| self.refusal(line)) {
            self.refused(why, out);
            return;
        }
        if !(200..300).contains(&status) {
            self.refused(refused_words(status, text), out);
            return;
        }
        if self.agrees(&heard) {
            self.agreed(out);
        }
        for line in &heard {
            self.observe(now, line, out);
        }
        match self.session.asked {
            Some((Purpose::Read(at), ..)) => self.unheard(at, out),
            Some((Purpose::Set { .. }, ..)) => self.refused(format!("the device answers \"{}\", which is no yes", short(text)), out),
            _ => {}
        }
        self.session.asked = None;
    }

    /// A ping came back. Without a `pong` any answer shows that it lives.
    fn alive(&mut self, now: Mono, heard: &[&str], out: &mut Out) {
        let version = match &self.facts.pong {
            None => Some(None),
            Some(pong) => heard.iter().find_map(|line| pong.matches(line)).map(|holes| holes.get("value").map(ToString::to_string)),
        };
        if let Some(version) = version {
            let identity = version.map_or_else(|| self.name.clone(), |version| format!("{} {version}", self.name));
            self.came(now, Some(identity.into()), out);
        }
    }

    /// Whether a reply is the yes that the request wants: the property's own, else the profile's, else any.
    fn agrees(&self, heard: &[&str]) -> bool {
        if heard.first().is_some_and(|line| self.own_yes(line).is_some()) {
            return heard.iter().any(|line| self.own_yes(line) == Some(true));
        }
        self.facts.ok.is_empty() || self.facts.ok.iter().any(|yes| heard.iter().any(|line| yes.matches(line).is_some()))
    }

    /// Nobody answers. Told once a reason, also when nobody ever did.
    fn away(&mut self, now: Mono, why: std::sync::Arc<str>, out: &mut Out) {
        let known = self.session.hint.as_ref() == Some(&why);
        let live = self.session.live;
        self.lost(why.clone(), out);
        if !live && !known {
            out.report(Report::Offline { why: why.clone() });
        }
        self.session.hint = Some(why);
        self.session.ping_at = now + super::SEEK_EVERY;
    }
}

fn refused_words(status: u16, text: &str) -> String {
    let said = match status {
        300..400 => "the device sends us elsewhere",
        403 => "the login gives no right to this",
        404 => "the device does not know this",
        405 => "the device does not take this kind of request",
        409 | 423 | 429 | 503 => "the device is busy",
        500.. => "the device failed",
        _ => "the device refuses",
    };
    let words = if text.is_empty() || text.starts_with('<') { String::new() } else { format!(": {}", short(text)) };
    format!("{said} (HTTP {status}){words}")
}

/// The beginning of a reply, on one line.
fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= WORDS_MAX { line } else { line.chars().take(WORDS_MAX).chain(['…']).collect() }
}
