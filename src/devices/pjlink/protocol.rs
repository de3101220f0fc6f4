//! The protocol: greeting, password, one command on the wire, and what a projector that lacks a corner of it still can.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::codec::{Line, Lines, No, Topic, digest, read};
use super::state::{Item, Power, errors, lamp_hours, refusal};
use super::{
    CLOSES_WITHIN, HOURS_EVERY, LINE_WITHIN, NOTICES, POLL_BUSY, POLL_EVERY, RETRY, SETTLES, TELL_EVERY, WIRE, is_class_2, option, seconds,
};
use crate::device_api::Level;
use crate::devices::kernel::{Cannot, Habits, Messages, Of, Protocol, Response, View, Want, What};
use crate::devices::{Payload, Plan, WireId, earlier};
use crate::show::{PropIx, Value};
use crate::time::{Mono, Span};

/// A projector as its protocol knows it.
pub struct Projector {
    password: Option<Arc<str>>,
    /// The show's key of it, for texts that name it.
    key: Arc<str>,
    items: BTreeMap<PropIx, Item>,
    /// The class of the profile.
    class_2: bool,
    warm_up: Span,
    cool_down: Span,
    /// Lamp hours that are worth a warning; 0: none are.
    lamp_warn: u32,
    connection: Connection,
    session: Session,
    /// It ends the connection after each answer.
    one_each: bool,
}

/// One connection.
#[derive(Debug, Default)]
struct Connection {
    lines: Lines,
    /// Bytes without the end of a line, taken as one at this time.
    rest_at: Option<Mono>,
    /// What stands before each command; `None`: it has not greeted.
    prefix: Option<String>,
    asked: Option<Asked>,
    answers: u32,
    /// The projector closes by itself until then, or it keeps the connection after all.
    closes_by: Option<Mono>,
}

/// What is on the wire.
#[derive(Debug)]
struct Asked {
    topic: Topic,
    /// Of a set: the property, its value and what that is on the wire.
    set: Option<(PropIx, Value, String)>,
}

/// What the projector has said of itself since it came.
#[derive(Debug)]
struct Session {
    power: Option<Power>,
    power_since: Mono,
    /// What the show wants of the power and is not there yet.
    power_wanted: Option<bool>,
    /// "Not now" of the power was told last.
    power_told: Option<Mono>,
    /// It talks class 2.
    two: bool,
    /// Class 2, but inputs in class 1 only.
    plain_inputs: bool,
    /// Does not know, or never answers: not asked again.
    given_up: BTreeSet<Topic>,
    /// Of what the show sets: without an answer, and asked seldom.
    silent: BTreeSet<Topic>,
    names: [String; 3],
    poll_at: Mono,
    hours_at: Mono,
}

impl Session {
    const fn new(two: bool) -> Self {
        Self {
            power: None,
            power_since: Mono::ZERO,
            power_wanted: None,
            power_told: None,
            two,
            plain_inputs: false,
            given_up: BTreeSet::new(),
            silent: BTreeSet::new(),
            names: [String::new(), String::new(), String::new()],
            poll_at: Mono::ZERO,
            hours_at: Mono::ZERO,
        }
    }

    /// Power is on its way, or the show wants it to be.
    const fn is_busy(&self) -> bool {
        self.power_wanted.is_some() || matches!(self.power, Some(Power::Warming | Power::Cooling))
    }
}

impl Projector {
    /// For a device of a show.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let device = plan.device();
        let class_2 = is_class_2(&device.profile);
        Self {
            password: device.password.as_ref().map(|secret| secret.reveal().clone()),
            key: device.key.clone(),
            items: plan.props().filter_map(|(prop, property)| Some((prop, Item::of(&property.path)?))).collect(),
            class_2,
            warm_up: seconds(plan, "warm_up", 60),
            cool_down: seconds(plan, "cool_down", 90),
            lamp_warn: match option(plan, "lamp_warn") {
                Some(Value::Int(hours)) => u32::try_from(*hours).unwrap_or(0),
                _ => 0,
            },
            connection: Connection::default(),
            session: Session::new(class_2),
            one_each: false,
        }
    }

    /// A command as it leaves on this connection.
    fn command(&self, topic: Topic, parameter: &str) -> Vec<u8> {
        let two = self.session.two && !self.session.plain_inputs;
        let prefix = self.connection.prefix.as_deref().unwrap_or_default();
        format!("{prefix}{}\r", topic.line(two, parameter)).into_bytes()
    }

    /// It may be spoken to now. Whether the password is right only an answer tells.
    fn greeted(&mut self, prefix: String, device: &View<'_>, response: &mut Response<Topic>) {
        self.connection.prefix = Some(prefix);
        if device.live {
            response.there(None);
        } else {
            response.send(WIRE, self.command(Topic::Powr, "?"));
        }
    }

    fn needs_password(&self, what: &str, response: &mut Response<Topic>) {
        response.needs_human(format!("{what}: set password = \"…\" at [device.{}] to the projector's PJLink password", self.key));
    }

    /// One line of the connection.
    fn line(&mut self, now: Mono, line: &[u8], device: &View<'_>, response: &mut Response<Topic>) {
        match read(line) {
            Some(Line::Open) => self.greeted(String::new(), device, response),
            Some(Line::Locked(salt)) => match &self.password {
                Some(password) => self.greeted(digest(salt, password), device, response),
                None => self.needs_password("it asks for a password", response),
            },
            Some(Line::Wrong) => self.needs_password("it refuses the password", response),
            Some(Line::Says(topic, answer)) if self.connection.prefix.is_some() => {
                self.connection.asked.take_if(|asked| asked.topic == topic && asked.set.is_none());
                self.heard(now, device, response);
                self.session.silent.remove(&topic);
                self.says(now, topic, answer, device, response);
                response.answered(topic);
                self.closes(now, response);
            }
            Some(Line::Done(topic)) => {
                let fits = |asked: &mut Asked| asked.set.is_some() && topic.is_none_or(|topic| topic == asked.topic);
                if self.connection.asked.take_if(fits).is_some() {
                    self.heard(now, device, response);
                    response.yes(Of::Oldest);
                    self.closes(now, response);
                }
            }
            Some(Line::No(topic, no)) => {
                let fits = |asked: &mut Asked| topic.is_none_or(|topic| topic == asked.topic);
                let asked = self.connection.asked.take_if(fits);
                if asked.is_some() || (!device.live && self.connection.prefix.is_some()) {
                    self.heard(now, device, response);
                }
                match asked {
                    Some(Asked { topic, set: None }) => self.question_refused(topic, no, response),
                    Some(Asked { set: Some((prop, value, parameter)), .. }) => {
                        self.refused(now, no, prop, &value, &parameter, response);
                    }
                    None => return,
                }
                self.closes(now, response);
            }
            Some(Line::Says(..) | Line::There) | None => {}
        }
    }

    /// Any answer: it lives, and the next round of questions is a while away.
    fn heard(&mut self, now: Mono, device: &View<'_>, response: &mut Response<Topic>) {
        self.connection.answers += 1;
        if !device.live {
            (self.session.power_since, self.session.hours_at) = (now, now + HOURS_EVERY);
            response.there(None);
        }
        self.session.poll_at = now + if self.session.is_busy() { POLL_BUSY } else { POLL_EVERY };
    }

    /// After an answer nothing leaves for a projector that closes now: it would be lost.
    fn closes(&mut self, now: Mono, response: &mut Response<Topic>) {
        if self.one_each {
            self.connection.closes_by = Some(now + CLOSES_WITHIN);
            response.gone("the projector closed the connection");
        }
    }

    /// A question was answered with an error: that is its answer.
    fn question_refused(&mut self, topic: Topic, no: No, response: &mut Response<Topic>) {
        response.answered(topic);
        self.session.silent.remove(&topic);
        if no == No::Unknown && !self.in_class_1(topic) {
            self.session.given_up.insert(topic);
        } else if no == No::Unknown {
            response.ask(topic);
        }
        if topic == Topic::Name {
            response.there(Some(self.identity()));
        }
    }

    /// Inputs that were refused in class 2 go in class 1 from now on. False: they did already.
    const fn in_class_1(&mut self, topic: Topic) -> bool {
        let changes = matches!(topic, Topic::Inpt) && self.session.two && !self.session.plain_inputs;
        self.session.plain_inputs |= changes;
        changes
    }

    /// A set was answered with an error.
    fn refused(&mut self, now: Mono, no: No, prop: PropIx, value: &Value, parameter: &str, response: &mut Response<Topic>) {
        let Some(item) = self.items.get(&prop).copied() else { return };
        let (on, power) = (*value == Value::Switch(true), self.session.power);
        if no == No::Unknown && self.in_class_1(item.topic()) {
            return response.retry(Of::Oldest, "trying class 1", Span::ZERO);
        }
        match (item, power) {
            // It is on its way already: what was asked for is under way.
            (Item::Power, Some(Power::Warming)) if no == No::NotNow && on => return response.yes(Of::Oldest),
            (Item::Power, Some(Power::Cooling)) if no == No::NotNow && !on => return response.yes(Of::Oldest),
            // A guarded command leaves once.
            (Item::Power, _) => self.session.power_wanted = None,
            (_, Some(Power::Warming)) if no == No::NotNow => return response.retry(Of::Oldest, "warming", RETRY),
            (_, Some(Power::Standby | Power::Cooling)) if self.session.power_wanted != Some(true) => {}
            _ if no == No::NotNow => {
                response.retry(Of::Oldest, "busy", RETRY);
                return response.ask(Topic::Powr);
            }
            _ => {}
        }
        self.session.poll_at = now + POLL_BUSY;
        response.no(Of::Oldest, refusal(no, item, parameter));
    }

    fn says(&mut self, now: Mono, topic: Topic, answer: &str, device: &View<'_>, response: &mut Response<Topic>) {
        match topic {
            Topic::Inf1 => answer.clone_into(&mut self.session.names[0]),
            Topic::Inf2 => answer.clone_into(&mut self.session.names[1]),
            Topic::Name => {
                answer.clone_into(&mut self.session.names[2]);
                response.there(Some(self.identity()));
            }
            Topic::Clss if answer == "1" => self.session.two = false,
            Topic::Powr => self.power(now, answer, device, response),
            Topic::Erst => errors(answer).for_each(|facet| response.health(facet.key, facet.level, facet.text)),
            Topic::Lamp => self.hours(answer, response),
            Topic::Clss | Topic::Inpt | Topic::Avmt | Topic::Frez => {}
        }
        for (prop, item) in self.items.iter().filter(|(_, item)| item.topic() == topic) {
            if let Some(value) = item.value(answer) {
                response.told(topic, *prop, value);
            }
        }
    }

    fn power(&mut self, now: Mono, answer: &str, device: &View<'_>, response: &mut Response<Topic>) {
        let Some(power) = Power::read(answer) else { return };
        let was = self.session.power.replace(power);
        let wanted = self.session.power_wanted;
        if was != Some(power) {
            (self.session.power_since, self.session.power_told) = (now, None);
            let fell = power != Power::On && was == Some(Power::Warming) && wanted == Some(true);
            let (level, text) = match power {
                _ if fell => {
                    (Level::Warn, "it went back to standby while it warmed up: look at the projector's lamp and temperature lights")
                }
                Power::Warming => (Level::Notice, "warming up"),
                Power::Cooling => (Level::Notice, "cooling down"),
                Power::On | Power::Standby => (Level::Good, ""),
            };
            response.health("power", level, text);
            if fell {
                self.session.power_wanted = None;
            }
            // Now it can tell and do what it could not before.
            if matches!(power, Power::On | Power::Standby) {
                response.ready();
            }
            if power == Power::On {
                self.ask_state(true, response);
            }
        }
        match (power, wanted) {
            (Power::On, Some(true)) | (Power::Standby, Some(false)) => self.session.power_wanted = None,
            (Power::Warming, Some(true)) => self.power_takes_time(now, "warming", device, response),
            (Power::Cooling, Some(false)) => self.power_takes_time(now, "cooling", device, response),
            _ => {}
        }
    }

    /// Power that is on its way is told so now and then.
    fn power_takes_time(&mut self, now: Mono, why: &str, device: &View<'_>, response: &mut Response<Topic>) {
        let Some(prop) = self.items.iter().find(|(_, item)| **item == Item::Power).map(|(prop, _)| *prop) else { return };
        let waits = device.expected(prop) != device.known(prop);
        if waits && self.session.power_told.is_none_or(|told| now.since(told) >= TELL_EVERY) {
            self.session.power_told = Some(now);
            response.not_now(prop, why, self.remaining(now));
        }
    }

    /// How long power may still be on its way.
    fn remaining(&self, now: Mono) -> Span {
        let (whole, gone) = match self.session.power {
            Some(Power::Cooling) => (self.cool_down, now.since(self.session.power_since)),
            Some(Power::Standby) => (self.warm_up, Span::ZERO),
            _ => (self.warm_up, now.since(self.session.power_since)),
        };
        Span(whole.0.saturating_sub(gone.0)).max(TELL_EVERY)
    }

    /// Lamp hours, told with each hour more.
    fn hours(&self, answer: &str, response: &mut Response<Topic>) {
        let Some(most) = lamp_hours(answer).into_iter().max() else { return };
        let old = self.lamp_warn > 0 && most >= self.lamp_warn;
        let (level, remedy) = if old { (Level::Warn, ": have a new one at hand") } else { (Level::Good, "") };
        response.health("lamp-hours", level, format!("a lamp has burnt {most} hours{remedy}"));
    }

    fn identity(&self) -> Arc<str> {
        let [maker, model, name] = &self.session.names;
        let class = if self.session.two { 2 } else { 1 };
        let named = if name.is_empty() { String::new() } else { format!(" \"{name}\"") };
        let model = format!("{maker} {model}");
        format!("{}{named}, PJLink class {class}", model.trim()).into()
    }

    /// What needs a picture.
    fn picture_topics(&self) -> BTreeSet<Topic> {
        self.items.values().map(|item| item.topic()).filter(|topic| *topic != Topic::Powr).collect()
    }

    fn ask_known(&self, topic: Topic, response: &mut Response<Topic>) {
        if !self.session.given_up.contains(&topic) {
            response.ask(topic);
        }
    }

    /// `all`: what it was silent to as well.
    fn ask_state(&self, all: bool, response: &mut Response<Topic>) {
        let topics = self.picture_topics().into_iter().filter(|topic| all || !self.session.silent.contains(topic));
        topics.for_each(|topic| self.ask_known(topic, response));
    }

    /// The next round of questions; the last one said leaves first.
    fn poll(&mut self, now: Mono, response: &mut Response<Topic>) {
        self.session.poll_at = now + if self.session.is_busy() { POLL_BUSY } else { POLL_EVERY };
        let seldom = now >= self.session.hours_at;
        if seldom {
            self.session.hours_at = now + HOURS_EVERY;
            self.ask_known(Topic::Lamp, response);
        }
        self.ask_known(Topic::Erst, response);
        if self.session.power == Some(Power::On) {
            self.ask_state(seldom, response);
        }
        response.ask(Topic::Powr);
    }

    /// Why what is wanted cannot leave just now.
    fn obstacle(&self, item: Item, on: bool) -> Option<&'static str> {
        match (item, self.session.power) {
            (Item::Power, Some(Power::Cooling)) if on => Some("cooling"),
            (Item::Power, Some(Power::Warming)) if !on => Some("warming"),
            (Item::Power, _) | (_, Some(Power::On)) => None,
            (_, Some(Power::Warming)) => Some("warming"),
            _ => (self.session.power_wanted == Some(true)).then_some("warming"),
        }
    }
}

impl Protocol for Projector {
    type Question = Topic;

    fn habits(&self) -> Habits {
        Habits {
            in_turn: true,
            // Two for one question that it does not answer; a third means that it answers nothing.
            silences_max: 3,
            ask_tries: 2,
            reopens: true,
            hangs_up: true,
            settles: SETTLES,
            ask_again: POLL_BUSY,
            patience: self.warm_up + self.warm_up + self.cool_down + Span::secs(30),
            no_greeting: "connected, but nothing greets and answers as a projector does: check the port and that PJLink is switched on",
            ..Habits::default()
        }
    }

    fn wire_up(&mut self, _: Mono, wire: WireId, _: &mut Response<Topic>) {
        if wire == WIRE {
            self.connection = Connection::default();
        }
    }

    /// A projector hangs up by itself: that alone is no news.
    fn wire_down(&mut self, _: Mono, wire: WireId, why: &Arc<str>, response: &mut Response<Topic>) {
        if wire == WIRE {
            self.one_each |= self.connection.answers == 1;
            self.connection = Connection::default();
            response.gone(Arc::clone(why));
        }
    }

    fn decode(&mut self, now: Mono, wire: WireId, payload: Payload<'_>, device: &View<'_>, response: &mut Response<Topic>) {
        let (Payload::Chunk(bytes) | Payload::Datagram(bytes)) = payload else { return };
        if wire == NOTICES {
            // Whoever sent it, we ask: a datagram carries no password.
            return match read(bytes) {
                Some(Line::Says(topic @ (Topic::Powr | Topic::Inpt | Topic::Erst), _)) => self.ask_known(topic, response),
                Some(Line::There) => response.ask(Topic::Powr),
                _ => {}
            };
        }
        for line in self.connection.lines.push(bytes) {
            self.line(now, &line, device, response);
        }
        self.connection.rest_at = self.connection.lines.has_rest().then_some(now + LINE_WITHIN);
    }

    fn tick(&mut self, now: Mono, device: &View<'_>, response: &mut Response<Topic>) {
        // A line whose end never came is an answer all the same.
        if self.connection.rest_at.take_if(|at| *at <= now).is_some()
            && let Some(rest) = self.connection.lines.rest()
        {
            self.line(now, &rest, device, response);
        }
        if self.connection.closes_by.take_if(|by| *by <= now).is_some() {
            self.one_each = false;
            response.there(None);
        }
        if device.live && now >= self.session.poll_at {
            self.poll(now, response);
        }
    }

    fn next_due(&self, live: bool) -> Option<Mono> {
        let connection = earlier(self.connection.rest_at, self.connection.closes_by);
        earlier(connection, live.then_some(self.session.poll_at))
    }

    fn forget(&mut self) {
        self.session = Session::new(self.class_2);
        (self.connection.asked, self.connection.closes_by) = (None, None);
    }

    fn questions(&self) -> Vec<Topic> {
        let mut all = vec![Topic::Powr, Topic::Clss, Topic::Inf1, Topic::Inf2, Topic::Name];
        all.extend(self.picture_topics());
        all.extend([Topic::Erst, Topic::Lamp]);
        all
    }

    fn ask(&mut self, question: Topic, messages: &mut Messages) {
        if !self.session.given_up.contains(&question) {
            messages.push(WIRE, self.command(question, "?"));
            self.connection.asked = Some(Asked { topic: question, set: None });
        }
    }

    fn name_of(&self, question: Topic) -> String {
        format!("{} ({})", question.letters(), question.about())
    }

    /// What it does not answer it is not asked again; what the show sets it is asked seldom, for one answer may have been lost.
    fn unanswered(&mut self, question: Topic, _: Option<&str>, response: &mut Response<Topic>) -> bool {
        self.connection.asked.take_if(|asked| asked.topic == question);
        if question == Topic::Powr {
            return true;
        }
        // Whether it answers anything.
        response.ask(Topic::Powr);
        if self.picture_topics().contains(&question) {
            self.session.silent.insert(question);
            return true;
        }
        !self.session.given_up.insert(question)
    }

    /// In standby nothing tells what needs a picture: what it says when it is on again is what it woke up with, and no answer to an old want.
    fn proof(&self, prop: PropIx) -> Option<Topic> {
        let topic = self.items.get(&prop)?.topic();
        let dark = topic != Topic::Powr && matches!(self.session.power, Some(Power::Standby | Power::Cooling));
        (!dark && !self.session.given_up.contains(&topic)).then_some(topic)
    }

    fn encode(&mut self, now: Mono, want: &Want<'_>, _: &View<'_>, messages: &mut Messages) -> Result<(), Cannot> {
        let What::Value { value, .. } = want.what else { return Err("a projector cannot pause".into()) };
        let Some(item) = self.items.get(&want.prop).copied() else { return Err("a projector has no such property".into()) };
        let Some(parameter) = item.parameter(value) else { return Err(format!("a projector cannot be set to {value}").into()) };
        let on = *value == Value::Switch(true);
        if item == Item::Power {
            (self.session.power_wanted, self.session.power_told) = (Some(on), None);
        }
        if let Some(why) = self.obstacle(item, on) {
            return Err(Cannot::NotNow(why.into(), self.remaining(now)));
        }
        messages.push(WIRE, self.command(item.topic(), &parameter));
        self.connection.asked = Some(Asked { topic: item.topic(), set: Some((want.prop, value.clone(), parameter)) });
        Ok(())
    }
}
