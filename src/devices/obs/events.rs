//! What OBS says: events of wire 1, answers of wire 0.

use serde_json::Value as Json;

use super::REREAD_AFTER;
use super::codec::{Answer, DONE};
use super::driver::Obs;
use super::session::Ask;
use super::table::Role;
use crate::device_api::{ActionId, Facet, How, Level, Report};
use crate::devices::Out;
use crate::show::Value;
use crate::time::Mono;

impl Obs {
    pub(super) fn event(&mut self, now: Mono, kind: &str, data: &Json, out: &mut Out) {
        let text = |key: &str| data.get(key).and_then(Json::as_str).unwrap_or_default();
        let flag = |key: &str| data.get(key).and_then(Json::as_bool).map(Value::Switch);
        match kind {
            "CurrentProgramSceneChanged" => {
                self.studio.taking = None;
                self.said(now, Role::Program, "", Some(Value::text(text("sceneName"))), out);
            }
            "CurrentPreviewSceneChanged" => self.said(now, Role::Preview, "", Some(Value::text(text("sceneName"))), out),
            "StudioModeStateChanged" => {
                self.said(now, Role::Studio, "", flag("studioModeEnabled"), out);
                // Without studio mode there is no preview.
                self.ask(now, Ask::Scenes, vec![("GetSceneList", Json::Null)], out);
            }
            "SceneTransitionStarted" => self.transition_started(now, out),
            "CurrentSceneTransitionChanged" => {
                self.studio.heard_transition(data);
                self.ask(
                    now,
                    Ask::Transitions,
                    vec![("GetSceneTransitionList", Json::Null), ("GetCurrentSceneTransition", Json::Null)],
                    out,
                );
            }
            "CurrentSceneTransitionDurationChanged" => self.studio.heard_duration(data),
            "InputMuteStateChanged" => self.said(now, Role::Mute, text("inputName"), flag("inputMuted"), out),
            "InputVolumeChanged" => self.input_said(now, Role::Volume, text("inputName"), data, out),
            "SceneItemEnableStateChanged" => self.item_said(now, data, out),
            "MediaInputPlaybackStarted" | "MediaInputActionTriggered" => self.media_said(now, text("inputName"), false, out),
            "MediaInputPlaybackEnded" => self.media_said(now, text("inputName"), true, out),
            "StreamStateChanged" => self.output_said(now, Role::Stream, text("outputState"), out),
            "RecordStateChanged" => self.output_said(now, Role::Record, text("outputState"), out),
            "ReplayBufferStateChanged" => self.output_said(now, Role::Replay, text("outputState"), out),
            "VirtualcamStateChanged" => self.output_said(now, Role::VirtualCam, text("outputState"), out),
            "ExitStarted" => self.session.closing = true,
            "SceneListChanged"
            | "SceneNameChanged"
            | "SceneRemoved"
            | "SceneItemCreated"
            | "SceneItemRemoved"
            | "InputCreated"
            | "InputRemoved"
            | "InputNameChanged"
            | "CurrentSceneCollectionChanged"
            | "CurrentProfileChanged" => {
                self.session.reread_at = Some(now + REREAD_AFTER);
            }
            _ => {}
        }
    }

    /// OBS tells a value of the entry with this role and name.
    fn said(&mut self, now: Mono, role: Role, name: &str, value: Option<Value>, out: &mut Out) {
        let Some(value) = value else { return };
        let fits =
            |entry: &super::table::Entry| entry.role == role && (*entry.name == *name || matches!(role, Role::Program | Role::Preview));
        if let Some(at) = self.entries.iter().position(fits) {
            self.word(now, at, value, out);
        }
    }

    fn input_said(&mut self, now: Mono, role: Role, name: &str, data: &Json, out: &mut Out) {
        let at = self.entries.iter().position(|entry| entry.role == role && *entry.name == *name);
        if let Some(at) = at
            && let Some(value) = self.entries.get(at).and_then(|entry| entry.value(data))
        {
            self.word(now, at, value, out);
        }
    }

    fn item_said(&mut self, now: Mono, data: &Json, out: &mut Out) {
        let scene = data.get("sceneName").and_then(Json::as_str).unwrap_or_default();
        let item = data.get("sceneItemId").and_then(Json::as_i64);
        let fits = |entry: &super::table::Entry| entry.role == Role::Item && *entry.scene == *scene && item.is_some() && entry.item == item;
        if let Some(at) = self.entries.iter().position(fits)
            && let Some(value) = self.entries.get(at).and_then(|entry| entry.value(data))
        {
            self.word(now, at, value, out);
        }
    }

    /// A clip started, ended by itself, or was told something: its state is asked for, the end is known.
    fn media_said(&mut self, now: Mono, name: &str, ended: bool, out: &mut Out) {
        let Some(at) = self.entries.iter().position(|entry| entry.role == Role::Media && *entry.name == *name) else { return };
        if let Some(entry) = self.entries.get_mut(at) {
            entry.changed = now;
            if ended && entry.looping {
                return;
            }
            if ended {
                // A clip that comes to its end is no hand.
                let (prop, stopped) = (entry.prop, entry.transport(false));
                self.ledger.sent(now, prop, &stopped);
            }
        }
        self.question(now, at, out);
    }

    fn output_said(&mut self, now: Mono, role: Role, state: &str, out: &mut Out) {
        let Some(at) = self.entries.iter().position(|entry| entry.role == role) else { return };
        let Some(entry) = self.entries.get_mut(at) else { return };
        entry.changed = now;
        match state.strip_prefix("OBS_WEBSOCKET_OUTPUT_").unwrap_or(state) {
            "STARTED" | "RESUMED" | "RECONNECTED" => {
                entry.open = None;
                self.word(now, at, Value::Switch(true), out);
            }
            "STOPPED" => {
                let failed = entry.open.take().filter(|(_, on)| *on);
                if let Some((action, _)) = failed {
                    out.report(Report::Refused {
                        action,
                        why: "obs tried and it stopped at once: look at its settings and its log".into(),
                    });
                }
                self.word(now, at, Value::Switch(false), out);
            }
            "STARTING" | "STOPPING" => {
                if let Some((action, _)) = entry.open {
                    out.report(Report::Progress { action, done: 0, eta: None });
                }
            }
            _ => {}
        }
        if role == Role::Stream && matches!(state, "OBS_WEBSOCKET_OUTPUT_RECONNECTING" | "OBS_WEBSOCKET_OUTPUT_RECONNECTED") {
            self.health.reconnecting(state.ends_with("RECONNECTING"), out);
        }
    }

    fn transition_started(&mut self, now: Mono, out: &mut Out) {
        if let Some(taking) = self.studio.taking.as_mut().filter(|taking| taking.told.is_none() && !taking.length.is_zero()) {
            taking.told = Some(now);
            taking.start = now;
            out.report(Report::Progress { action: taking.action, done: 0, eta: Some(taking.length) });
        }
    }

    /// A word that is true now.
    fn word(&mut self, now: Mono, at: usize, value: Value, out: &mut Out) {
        let Some(entry) = self.entries.get_mut(at) else { return };
        entry.changed = now;
        entry.tell = false;
        let prop = entry.prop;
        if self.ledger.word(now, prop, value, out) == How::Word {
            self.let_go(prop);
        }
    }

    pub(super) fn answer(&mut self, now: Mono, ask: &Ask, asked: Mono, results: &[Answer], out: &mut Out) {
        let first = results.first();
        let good = |answer: &&Answer| answer.code == DONE;
        match ask {
            Ask::Version | Ask::Nothing => {}
            Ask::Scenes => {
                if let Some(answer) = first.filter(good) {
                    self.scenes(now, asked, &answer.data, out);
                }
            }
            Ask::Transitions => {
                for answer in results.iter().filter(good) {
                    self.studio.heard_transitions(&answer.data);
                    self.studio.heard_transition(&answer.data);
                }
            }
            Ask::Inputs => {
                if let Some(answer) = first.filter(good) {
                    self.studio.heard_inputs(&answer.data);
                }
            }
            Ask::Looping(at) => {
                if let (Some(answer), Some(entry)) = (first.filter(good), self.entries.get_mut(*at)) {
                    let looping = answer.data.get("inputSettings").and_then(|settings| settings.get("looping"));
                    entry.looping = looping.and_then(Json::as_bool).unwrap_or(false);
                }
            }
            Ask::Value(at) => {
                if let Some(answer) = first {
                    self.value_answered(now, *at, asked, answer, out);
                }
            }
            Ask::Done(at, action, value) => self.done(now, *at, *action, value, asked, results, out),
            Ask::Stats => self.health.stats(now, results, out),
        }
    }

    fn scenes(&mut self, now: Mono, asked: Mono, data: &Json, out: &mut Out) {
        self.studio.heard_scenes(data);
        for role in [Role::Program, Role::Preview] {
            let Some(at) = self.entries.iter().position(|entry| entry.role == role) else { continue };
            // While a transition runs OBS names its target already: only its end is the proof.
            if role == Role::Program && self.studio.taking.is_some() {
                continue;
            }
            let Some(entry) = self.entries.get(at) else { continue };
            if entry.changed >= asked && entry.changed != Mono::ZERO {
                self.ask(now, Ask::Scenes, vec![("GetSceneList", Json::Null)], out);
                return;
            }
            if let Some(value) = entry.value(data) {
                self.told(now, at, value, out);
            }
        }
    }

    /// An answer that is newer than the last change.
    fn told(&mut self, now: Mono, at: usize, value: Value, out: &mut Out) {
        let Some(entry) = self.entries.get_mut(at) else { return };
        entry.tell = false;
        let prop = entry.prop;
        if self.ledger.word(now, prop, value, out) == How::Word {
            self.let_go(prop);
        }
    }

    fn value_answered(&mut self, now: Mono, at: usize, asked: Mono, answer: &Answer, out: &mut Out) {
        let Some(entry) = self.entries.get_mut(at) else { return };
        if answer.code != DONE {
            // An output that is not set up is one that does not run.
            if entry.role.is_output() && answer.code == 604 {
                self.told(now, at, Value::Switch(false), out);
            }
            return;
        }
        if let Some(item) = answer.data.get("sceneItemId").and_then(Json::as_i64).filter(|_| entry.role == Role::Item) {
            entry.item = Some(item);
            return self.question(now, at, out);
        }
        if self.fades.moving(entry.prop) && !entry.tell {
            return;
        }
        if entry.changed >= asked && entry.changed != Mono::ZERO {
            return self.question(now, at, out);
        }
        if entry.open.is_some() && !entry.tell {
            return;
        }
        if let Some(value) = entry.value(&answer.data) {
            self.told(now, at, value, out);
        }
    }

    /// The answer to a command.
    #[expect(clippy::too_many_arguments, reason = "one call, and every part of it is needed")]
    fn done(&mut self, now: Mono, at: usize, action: ActionId, wanted: &Value, asked: Mono, results: &[Answer], out: &mut Out) {
        let Some(entry) = self.entries.get_mut(at) else { return };
        let failed = results.iter().find(|answer| answer.code != DONE);
        if let Some(answer) = failed {
            // What an output is told that it does already is as wanted.
            let there = entry.role.is_output() && matches!(answer.code, 500 | 501);
            let why = match answer.code {
                600 if answer.kind == "SetCurrentSceneTransition" => "obs does not have that transition any more".to_owned(),
                600 => entry.unknown(Some(wanted)),
                506 => "obs is not in studio mode: there is no preview".to_owned(),
                207 => "obs is loading a scene collection".to_owned(),
                604 => format!("obs can not do this now ({})", answer.comment),
                code if answer.comment.is_empty() => format!("obs refuses it (code {code})"),
                _ => format!("obs refuses it: {}", answer.comment),
            };
            entry.open = entry.open.filter(|(open, _)| *open != action);
            if entry.role == Role::Program && self.studio.taking.as_ref().is_some_and(|taking| taking.action == action) {
                self.studio.taking = None;
            }
            if !there {
                out.report(Report::Refused { action, why: why.into() });
            }
            return self.look(now, at, out);
        }
        if entry.question().is_none() {
            out.report(Report::Acked { action });
        } else if entry.changed <= asked && !matches!(entry.role, Role::Program) && entry.open.is_none() && !self.fades.moving(entry.prop) {
            // No event since: OBS held this before, or the event is on its way. The question is the proof either way.
            self.look(now, at, out);
        }
    }
}

/// A health fact.
pub(super) fn facet(key: &'static str, level: Level, text: &str) -> Report {
    Report::Health(Facet { key: key.into(), level, text: text.into() })
}
