//! Scenes, transitions and names: how a scene is taken, and which names of the show OBS does not have.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::codec::Request;
use super::driver::{Obs, duration_ms, settings_of};
use super::session::Ask;
use super::table::Role;
use crate::device_api::{ActionId, Facet, Level, Report};
use crate::devices::{Out, Plan};
use crate::show::Transition;
use crate::time::{Mono, Span};

/// Kinds of transition by the words of a show: they are the same in every language of OBS.
const KINDS: [(&str, &str); 7] = [
    ("cut", "cut_transition"),
    ("fade", "fade_transition"),
    ("swipe", "swipe_transition"),
    ("slide", "slide_transition"),
    ("stinger", "obs_stinger_transition"),
    ("fade-to-colour", "fade_to_color_transition"),
    ("luma-wipe", "wipe_transition"),
];

/// A scene on its way to program.
#[derive(Debug)]
pub struct Taking {
    pub action: ActionId,
    pub start: Mono,
    pub length: Span,
    /// When its way was last told; `None`: OBS has not said that it started.
    pub told: Option<Mono>,
}

/// What OBS has.
#[derive(Debug, Default)]
pub struct Studio {
    /// Scenes that the show names.
    wanted_scenes: BTreeSet<Arc<str>>,
    /// Inputs that the show names.
    wanted_inputs: BTreeSet<Arc<str>>,
    scenes: Option<BTreeSet<String>>,
    inputs: Option<BTreeSet<String>>,
    /// Name and kind.
    transitions: Vec<(String, String)>,
    current: String,
    duration: Option<Span>,
    pub taking: Option<Taking>,
    /// Unknown names are told.
    told: String,
}

impl Studio {
    /// Of a device of a show.
    #[must_use]
    pub fn new(plan: Plan<'_>) -> Self {
        let patch = &plan.device().patch;
        let table = |key: &str| patch.get(key).into_iter().flat_map(|table| table.values().flatten().cloned());
        Self { wanted_scenes: table("scene").collect(), wanted_inputs: table("input").chain(table("clip")).collect(), ..Self::default() }
    }

    /// The requests that take a scene: OBS's own transition, or the one that the cue names.
    ///
    /// # Errors
    /// OBS has no such scene or transition.
    pub fn take(&self, scene: &str, transition: Option<&Transition>) -> Result<Vec<Request>, String> {
        if self.scenes.as_ref().is_some_and(|scenes| !scenes.contains(scene)) {
            return Err(format!("obs has no scene \"{scene}\": check the name"));
        }
        let mut requests = vec![];
        if let Some(transition) = transition {
            let name = self.named(&transition.kind)?;
            if name != self.current {
                requests.push(("SetCurrentSceneTransition", json!({ "transitionName": name })));
            }
            if let Some(over) = transition.over {
                requests.push(("SetCurrentSceneTransitionDuration", json!({ "transitionDuration": duration_ms(over) })));
            }
        }
        requests.push(("SetCurrentProgramScene", json!({ "sceneName": scene })));
        Ok(requests)
    }

    /// The requests that cut preview to program, and leave the transition as it is.
    ///
    /// # Errors
    /// OBS has no cut.
    pub fn cut(&self) -> Result<Vec<Request>, String> {
        let name = self.named("cut")?;
        let to = |name: &str| ("SetCurrentSceneTransition", json!({ "transitionName": name }));
        let trigger = ("TriggerStudioModeTransition", Json::Null);
        if name == self.current {
            return Ok(vec![trigger]);
        }
        Ok(vec![to(name), trigger, to(&self.current)])
    }

    fn named(&self, word: &str) -> Result<&str, String> {
        let kind = KINDS.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind);
        let fits = |(name, of): &&(String, String)| name.eq_ignore_ascii_case(word) || Some(of.as_str()) == kind;
        self.transitions.iter().find(fits).map(|(name, _)| name.as_str()).ok_or_else(|| {
            let has: Vec<&str> = self.transitions.iter().map(|(name, _)| name.as_str()).collect();
            format!("obs has no {word} transition, it has {}: add it in the Scene Transitions dock", has.join(", "))
        })
    }

    /// How long a take will be on its way.
    #[must_use]
    pub fn length(&self, transition: Option<&Transition>) -> Span {
        let kind = transition.map(|transition| &*transition.kind);
        let current = self.transitions.iter().find(|(name, _)| *name == self.current).map(|(_, kind)| kind.as_str());
        if kind == Some("cut") || (kind.is_none() && current == Some("cut_transition")) {
            return Span::ZERO;
        }
        transition.and_then(|transition| transition.over).or(self.duration).unwrap_or(Span::ms(300))
    }

    pub(super) fn heard_scenes(&mut self, data: &Json) {
        self.scenes = names(data, "scenes", "sceneName").or(self.scenes.take());
    }

    pub(super) fn heard_inputs(&mut self, data: &Json) {
        self.inputs = names(data, "inputs", "inputName").or(self.inputs.take());
    }

    pub(super) fn heard_transitions(&mut self, data: &Json) {
        let text = |one: &Json, key: &str| one.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        if let Some(all) = data.get("transitions").and_then(Json::as_array) {
            self.transitions = all.iter().map(|one| (text(one, "transitionName"), text(one, "transitionKind"))).collect();
            self.current = text(data, "currentSceneTransitionName");
        }
    }

    pub(super) fn heard_transition(&mut self, data: &Json) {
        if let Some(name) = data.get("transitionName").and_then(Json::as_str) {
            name.clone_into(&mut self.current);
        }
        self.heard_duration(data);
    }

    pub(super) fn heard_duration(&mut self, data: &Json) {
        if let Some(ms) = data.get("transitionDuration").and_then(Json::as_u64) {
            self.duration = Some(Span::ms(ms.min(60_000)));
        }
    }
}

fn names(data: &Json, list: &str, key: &str) -> Option<BTreeSet<String>> {
    let list = data.get(list)?.as_array()?;
    Some(list.iter().filter_map(|one| one.get(key)?.as_str().map(str::to_owned)).collect())
}

impl Obs {
    /// Asks for everything that a show may name.
    pub(super) fn read_all(&mut self, now: Mono, out: &mut Out) {
        self.ask(now, Ask::Scenes, vec![("GetSceneList", Json::Null)], out);
        let transitions = vec![("GetSceneTransitionList", Json::Null), ("GetCurrentSceneTransition", Json::Null)];
        self.ask(now, Ask::Transitions, transitions, out);
        self.ask(now, Ask::Inputs, vec![("GetInputList", Json::Null)], out);
        for at in 0..self.entries.len() {
            let Some(entry) = self.entries.get_mut(at) else { continue };
            let (role, name) = (entry.role, Arc::clone(&entry.name));
            entry.item = None;
            if role == Role::Media {
                self.ask(now, Ask::Looping(at), vec![settings_of(&name)], out);
            }
            if !matches!(role, Role::Program | Role::Preview) {
                self.question(now, at, out);
            }
        }
    }

    /// Names of the show that OBS does not have: told before the show needs them.
    pub(super) fn tell_unknown(&mut self, out: &mut Out) {
        let lacks = |have: &Option<BTreeSet<String>>, name: &str| have.as_ref().is_some_and(|have| !have.contains(name));
        let mut missing = BTreeSet::new();
        let named = self.entries.iter().filter(|entry| !entry.scene.is_empty()).map(|entry| &entry.scene);
        for scene in self.studio.wanted_scenes.iter().chain(named) {
            if lacks(&self.studio.scenes, scene) {
                missing.insert(format!("no scene \"{scene}\""));
            }
        }
        let inputs = |entry: &&super::table::Entry| matches!(entry.role, Role::Mute | Role::Volume | Role::Media | Role::MediaPause);
        let named = self.entries.iter().filter(inputs).map(|entry| &entry.name);
        for input in self.studio.wanted_inputs.iter().chain(named) {
            if lacks(&self.studio.inputs, input) {
                missing.insert(format!("no input \"{input}\""));
            }
        }
        for entry in &self.entries {
            if entry.role == Role::Item && entry.item.is_none() && !lacks(&self.studio.scenes, &entry.scene) {
                missing.insert(format!("no source \"{}\" in scene \"{}\"", entry.name, entry.scene));
            }
        }
        let list: Vec<String> = missing.into_iter().collect();
        let list = list.join(", ");
        if list == self.studio.told {
            return;
        }
        let (level, text) = match list.as_str() {
            "" => (Level::Good, "obs has every scene and source that the show names".to_owned()),
            list => (Level::Warn, format!("obs has {list}: check the names in the patch, or the scene collection")),
        };
        self.studio.told = list;
        out.report(Report::Health(Facet { key: "names".into(), level, text: text.into() }));
    }
}
