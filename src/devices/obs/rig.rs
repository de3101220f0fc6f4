//! The state of a simulated OBS, and what each request does to it.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::codec::{from_thousandths, thousandths};
use crate::devices::earlier;
use crate::time::{Mono, Span};

/// An output takes this long to start, and to stop.
const STARTS: Span = Span::ms(800);
const STOPS: Span = Span::ms(500);
/// What a media source plays.
pub const CLIP: Span = Span::secs(600);
/// -100 dB is nothing.
const SILENT: i64 = -100_000;

/// Bits of the event subscriptions.
const SCENES: u64 = 1 << 2;
const INPUTS: u64 = 1 << 3;
const TRANSITIONS: u64 = 1 << 4;
const OUTPUTS: u64 = 1 << 6;
const ITEMS: u64 = 1 << 7;
const MEDIA: u64 = 1 << 8;
const UI: u64 = 1 << 10;

/// What is refused: code and words.
pub type No = (u64, String);

/// A source in a scene.
#[derive(Debug)]
pub struct Item {
    pub id: i64,
    pub source: String,
    pub enabled: bool,
}

/// An input.
#[derive(Debug, Default)]
pub struct Input {
    pub muted: bool,
    pub milli_db: i64,
    pub looping: bool,
    /// It can play.
    pub media: bool,
    /// Plays until then.
    pub until: Option<Mono>,
    /// Paused with this much left.
    pub left: Option<Span>,
}

/// An output and where it is between stopped and running.
#[derive(Debug, Default)]
pub struct Output {
    pub active: bool,
    /// Changes its state at this instant.
    pub turns: Option<Mono>,
}

#[derive(Debug)]
struct Moving {
    to: String,
    end: Mono,
    /// Preview afterwards.
    swap: Option<String>,
}

/// Everything.
#[derive(Debug, Default)]
pub struct Rig {
    pub scenes: Vec<(String, Vec<Item>)>,
    pub inputs: BTreeMap<String, Input>,
    pub program: String,
    pub preview: Option<String>,
    cutting: bool,
    duration_ms: u64,
    moving: Option<Moving>,
    /// Stream, record, replay buffer, virtual camera.
    pub outputs: [Output; 4],
    last_item: i64,
    started: Option<Mono>,
    /// What happened and is not told yet: subscription, type, facts.
    pub events: Vec<(u64, &'static str, Json)>,
}

const OUTPUT_NAMES: [(&str, &str); 4] = [
    ("Stream", "StreamStateChanged"),
    ("Record", "RecordStateChanged"),
    ("ReplayBuffer", "ReplayBufferStateChanged"),
    ("VirtualCam", "VirtualcamStateChanged"),
];

fn no<T>(code: u64, words: impl Into<String>) -> Result<T, No> {
    Err((code, words.into()))
}

fn text<'a>(data: &'a Json, key: &str) -> Result<&'a str, No> {
    match data.get(key) {
        Some(Json::String(text)) => Ok(text),
        Some(_) => no(401, format!("The field value of `{key}` must be a string.")),
        None => no(300, format!("Your request is missing the `{key}` field.")),
    }
}

fn flag(data: &Json, key: &str) -> Result<bool, No> {
    data.get(key).and_then(Json::as_bool).map_or_else(|| no(300, format!("Your request is missing the `{key}` field.")), Ok)
}

impl Rig {
    /// OBS as it starts with these scenes and inputs.
    #[must_use]
    pub fn new() -> Self {
        Self { duration_ms: 300, ..Self::default() }
    }

    /// A scene, made when it is not there.
    pub fn scene(&mut self, name: &str) -> &mut Vec<Item> {
        let at = self.scenes.iter().position(|(scene, _)| scene == name).unwrap_or_else(|| {
            self.scenes.push((name.to_owned(), vec![]));
            self.scenes.len() - 1
        });
        if self.program.is_empty() {
            name.clone_into(&mut self.program);
        }
        &mut self.scenes[at].1
    }

    /// A source in a scene, made when it is not there.
    pub fn item(&mut self, scene: &str, source: &str) {
        let id = self.last_item + 1;
        let items = self.scene(scene);
        if items.iter().all(|item| item.source != source) {
            items.push(Item { id, source: source.to_owned(), enabled: true });
            self.last_item = id;
        }
    }

    fn tell(&mut self, to: u64, kind: &'static str, data: Json) {
        self.events.push((to, kind, data));
    }

    /// Takes a scene to program with the transition that is set.
    fn take(&mut self, now: Mono, scene: &str, swap: Option<String>) {
        let target = self.moving.as_ref().map_or(&self.program, |moving| &moving.to);
        if target == scene {
            return;
        }
        let length = if self.cutting { Span::ZERO } else { Span::ms(self.duration_ms) };
        let name = self.transition();
        self.tell(TRANSITIONS, "SceneTransitionStarted", json!({ "transitionName": name }));
        self.moving = Some(Moving { to: scene.to_owned(), end: now + length, swap });
        self.run(now);
    }

    const fn transition(&self) -> &'static str {
        if self.cutting { "Cut" } else { "Fade" }
    }

    /// What is due.
    pub fn run(&mut self, now: Mono) {
        self.started.get_or_insert(now);
        if let Some(moving) = self.moving.take_if(|moving| moving.end <= now) {
            self.program.clone_from(&moving.to);
            let name = self.transition();
            self.tell(TRANSITIONS, "SceneTransitionVideoEnded", json!({ "transitionName": name }));
            self.tell(TRANSITIONS, "SceneTransitionEnded", json!({ "transitionName": name }));
            self.tell(SCENES, "CurrentProgramSceneChanged", json!({ "sceneName": moving.to }));
            if let Some(swap) = moving.swap.filter(|_| self.preview.is_some()) {
                self.tell(SCENES, "CurrentPreviewSceneChanged", json!({ "sceneName": swap }));
                self.preview = Some(swap);
            }
        }
        for at in 0..self.outputs.len() {
            if self.outputs[at].turns.take_if(|turns| *turns <= now).is_some() {
                self.outputs[at].active = !self.outputs[at].active;
                let state = if self.outputs[at].active { "STARTED" } else { "STOPPED" };
                self.tell_output(at, state);
            }
        }
        let over = |(name, input): (&String, &mut Input)| input.until.take_if(|until| *until <= now).map(|_| (name.clone(), input.looping));
        let ended: Vec<_> = self.inputs.iter_mut().filter_map(over).collect();
        for (name, looping) in ended {
            if let Some(input) = self.inputs.get_mut(&name).filter(|_| looping) {
                input.until = Some(now + CLIP);
            }
            self.tell(MEDIA, "MediaInputPlaybackEnded", json!({ "inputName": name }));
        }
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<Mono> {
        let outputs = self.outputs.iter().filter_map(|output| output.turns).min();
        let clips = self.inputs.values().filter_map(|input| input.until).min();
        earlier(self.moving.as_ref().map(|moving| moving.end), earlier(outputs, clips))
    }

    fn tell_output(&mut self, at: usize, state: &str) {
        let active = self.outputs[at].active;
        let state = format!("OBS_WEBSOCKET_OUTPUT_{state}");
        self.tell(OUTPUTS, OUTPUT_NAMES[at].1, json!({ "outputActive": active, "outputState": state }));
    }

    /// Starts or stops an output.
    pub fn output(&mut self, now: Mono, at: usize, on: bool) -> Result<Json, No> {
        let output = &mut self.outputs[at];
        // What starts counts as running only when it runs; what stops runs until it has stopped.
        if on && (output.active || output.turns.is_some()) {
            return no(500, "The output is already running.");
        }
        if !on && !output.active {
            return no(501, "The output is not running.");
        }
        output.turns = Some(now + if on { STARTS } else { STOPS });
        self.tell_output(at, if on { "STARTING" } else { "STOPPING" });
        Ok(Json::Null)
    }

    /// Shows or hides a source.
    pub fn enable(&mut self, scene: &str, id: i64, enabled: bool) -> Result<Json, No> {
        let item = self.found_item(scene, |item| item.id == id)?;
        if std::mem::replace(&mut item.enabled, enabled) != enabled {
            let data = json!({ "sceneName": scene, "sceneItemId": id, "sceneItemEnabled": enabled });
            self.tell(ITEMS, "SceneItemEnableStateChanged", data);
        }
        Ok(Json::Null)
    }

    fn found_item(&mut self, scene: &str, fits: impl Fn(&Item) -> bool) -> Result<&mut Item, No> {
        let Some((_, items)) = self.scenes.iter_mut().find(|(name, _)| name == scene) else {
            return no(600, format!("No source was found by the name of `{scene}`."));
        };
        items.iter_mut().find(|item| fits(item)).map_or_else(|| no(600, "No scene items were found."), Ok)
    }

    fn found_input(&mut self, data: &Json) -> Result<(String, &mut Input), No> {
        let name = text(data, "inputName")?;
        match self.inputs.get_mut(name) {
            Some(input) => Ok((name.to_owned(), input)),
            None => no(600, format!("No source was found by the name of `{name}`.")),
        }
    }

    /// Mutes an input, or opens it.
    pub fn mute(&mut self, name: &str, muted: bool) {
        let Some(input) = self.inputs.get_mut(name) else { return };
        if std::mem::replace(&mut input.muted, muted) != muted {
            self.tell(INPUTS, "InputMuteStateChanged", json!({ "inputName": name, "inputMuted": muted }));
        }
    }

    /// Moves an input's fader.
    pub fn volume(&mut self, name: &str, milli_db: i64) {
        let Some(input) = self.inputs.get_mut(name) else { return };
        if std::mem::replace(&mut input.milli_db, milli_db) != milli_db {
            let data = json!({ "inputName": name, "inputVolumeMul": ratio(milli_db), "inputVolumeDb": from_thousandths(milli_db) });
            self.tell(INPUTS, "InputVolumeChanged", data);
        }
    }

    /// Studio mode on or off.
    pub fn studio(&mut self, on: bool) {
        if self.preview.is_some() != on {
            self.preview = on.then(|| self.program.clone());
            self.tell(UI, "StudioModeStateChanged", json!({ "studioModeEnabled": on }));
        }
    }

    /// A hand puts a scene on program, or into preview.
    pub fn by_hand(&mut self, scene: &str, program: bool) {
        self.scene(scene);
        if program {
            self.moving = None;
            scene.clone_into(&mut self.program);
            self.tell(SCENES, "CurrentProgramSceneChanged", json!({ "sceneName": scene }));
        } else if self.preview.is_some() {
            self.preview = Some(scene.to_owned());
            self.tell(SCENES, "CurrentPreviewSceneChanged", json!({ "sceneName": scene }));
        }
    }

    /// Carries out a request.
    pub fn request(&mut self, now: Mono, kind: &str, data: &Json) -> Result<Json, No> {
        for (at, (name, _)) in OUTPUT_NAMES.iter().enumerate() {
            if let Some(verb) = kind.strip_suffix(name) {
                match verb {
                    "Start" => return self.output(now, at, true),
                    "Stop" => return self.output(now, at, false),
                    _ => {}
                }
            }
            if kind.strip_prefix("Get").and_then(|rest| rest.strip_suffix("Status")) == Some(name) {
                return Ok(self.output_status(now, at));
            }
        }
        match kind {
            "GetVersion" => Ok(json!({ "obsVersion": "30.2.2", "obsWebSocketVersion": "5.5.2", "rpcVersion": 1, "availableRequests": [] })),
            "GetStats" => Ok(self.stats(now)),
            "SaveReplayBuffer" if self.outputs[2].active => Ok(Json::Null),
            "SaveReplayBuffer" => no(501, "The replay buffer is not running."),
            "TriggerHotkeyByName" if text(data, "hotkeyName")?.starts_with("OBSBasic.") => Ok(Json::Null),
            "TriggerHotkeyByName" => no(600, "No hotkeys were found by that name."),
            "GetInputList" => Ok(json!({ "inputs": self.inputs.keys().map(|name| json!({ "inputName": name })).collect::<Vec<_>>() })),
            _ if kind.contains("Transition") => self.transition_request(now, kind, data),
            _ if kind.contains("SceneItem") => self.item_request(kind, data),
            _ if kind.contains("Scene") || kind.contains("StudioMode") => self.scene_request(now, kind, data),
            _ if kind.contains("Input") => self.input_request(now, kind, data),
            _ => no(204, "Your request type is not valid."),
        }
    }

    fn scene_request(&mut self, now: Mono, kind: &str, data: &Json) -> Result<Json, No> {
        let known = |rig: &Self, key: &str| {
            let name = text(data, key)?;
            match rig.scenes.iter().any(|(scene, _)| scene == name) {
                true => Ok(name.to_owned()),
                false => no(600, format!("No source was found by the name of `{name}`.")),
            }
        };
        let target = self.moving.as_ref().map_or(&self.program, |moving| &moving.to).clone();
        match kind {
            "GetSceneList" => {
                let scenes: Vec<_> =
                    self.scenes.iter().enumerate().map(|(at, (name, _))| json!({ "sceneIndex": at, "sceneName": name })).collect();
                Ok(json!({ "currentProgramSceneName": target, "currentPreviewSceneName": self.preview, "scenes": scenes }))
            }
            "GetCurrentProgramScene" => Ok(json!({ "sceneName": target, "currentProgramSceneName": target })),
            "SetCurrentProgramScene" => {
                let scene = known(self, "sceneName")?;
                self.take(now, &scene, None);
                Ok(Json::Null)
            }
            "GetCurrentPreviewScene" | "SetCurrentPreviewScene" if self.preview.is_none() => no(506, "Studio mode is not enabled."),
            "GetCurrentPreviewScene" => Ok(json!({ "sceneName": self.preview, "currentPreviewSceneName": self.preview })),
            "SetCurrentPreviewScene" => {
                let scene = known(self, "sceneName")?;
                if self.preview.as_ref() != Some(&scene) {
                    self.by_hand(&scene, false);
                }
                Ok(Json::Null)
            }
            "CreateScene" => {
                let name = text(data, "sceneName")?;
                if self.scenes.iter().any(|(scene, _)| scene == name) {
                    return no(601, "A source already exists by that scene name.");
                }
                self.scene(name);
                self.tell(SCENES, "SceneCreated", json!({ "sceneName": name, "isGroup": false }));
                Ok(json!({ "sceneUuid": name }))
            }
            "GetStudioModeEnabled" => Ok(json!({ "studioModeEnabled": self.preview.is_some() })),
            "SetStudioModeEnabled" => {
                self.studio(flag(data, "studioModeEnabled")?);
                Ok(Json::Null)
            }
            _ => no(204, "Your request type is not valid."),
        }
    }

    fn transition_request(&mut self, now: Mono, kind: &str, data: &Json) -> Result<Json, No> {
        match kind {
            "GetSceneTransitionList" => {
                let all = json!([{ "transitionName": "Cut", "transitionKind": "cut_transition" }, { "transitionName": "Fade", "transitionKind": "fade_transition" }]);
                Ok(json!({ "currentSceneTransitionName": self.transition(), "transitions": all }))
            }
            "GetCurrentSceneTransition" => {
                let duration = (!self.cutting).then_some(self.duration_ms);
                Ok(json!({ "transitionName": self.transition(), "transitionFixed": self.cutting, "transitionDuration": duration }))
            }
            "SetCurrentSceneTransition" => {
                self.cutting = match text(data, "transitionName")? {
                    "Cut" => true,
                    "Fade" => false,
                    name => return no(600, format!("No scene transition was found by the name of `{name}`.")),
                };
                let name = self.transition();
                self.tell(TRANSITIONS, "CurrentSceneTransitionChanged", json!({ "transitionName": name }));
                Ok(Json::Null)
            }
            "SetCurrentSceneTransitionDuration" => {
                let ms = data.get("transitionDuration").and_then(Json::as_u64).filter(|ms| (50..=20_000).contains(ms));
                let Some(ms) = ms else { return no(402, "The field value of `transitionDuration` is not in the range.") };
                self.duration_ms = ms;
                self.tell(TRANSITIONS, "CurrentSceneTransitionDurationChanged", json!({ "transitionDuration": ms }));
                Ok(Json::Null)
            }
            "TriggerStudioModeTransition" => {
                let Some(preview) = self.preview.clone() else { return no(506, "Studio mode is not enabled.") };
                let swap = Some(self.program.clone());
                self.take(now, &preview, swap);
                Ok(Json::Null)
            }
            _ => no(204, "Your request type is not valid."),
        }
    }

    fn item_request(&mut self, kind: &str, data: &Json) -> Result<Json, No> {
        let scene = text(data, "sceneName")?;
        let id = || {
            data.get("sceneItemId")
                .and_then(Json::as_i64)
                .ok_or_else(|| (300, "Your request is missing the `sceneItemId` field.".to_owned()))
        };
        match kind {
            "GetSceneItemId" => {
                let source = text(data, "sourceName")?;
                Ok(json!({ "sceneItemId": self.found_item(scene, |item| item.source == source)?.id }))
            }
            "GetSceneItemEnabled" => {
                let id = id()?;
                Ok(json!({ "sceneItemEnabled": self.found_item(scene, |item| item.id == id)?.enabled }))
            }
            "SetSceneItemEnabled" => self.enable(scene, id()?, flag(data, "sceneItemEnabled")?),
            _ => no(204, "Your request type is not valid."),
        }
    }

    fn input_request(&mut self, now: Mono, kind: &str, data: &Json) -> Result<Json, No> {
        let (name, input) = self.found_input(data)?;
        match kind {
            "GetInputMute" => Ok(json!({ "inputMuted": input.muted })),
            "SetInputMute" => {
                self.mute(&name, flag(data, "inputMuted")?);
                Ok(Json::Null)
            }
            "ToggleInputMute" => {
                let muted = !input.muted;
                self.mute(&name, muted);
                Ok(json!({ "inputMuted": muted }))
            }
            "GetInputVolume" => Ok(json!({ "inputVolumeMul": ratio(input.milli_db), "inputVolumeDb": from_thousandths(input.milli_db) })),
            "SetInputVolume" => {
                let by_db = data.get("inputVolumeDb").and_then(thousandths);
                let by_ratio =
                    data.get("inputVolumeMul").and_then(Json::as_f64).map(|mul| ((mul.log10() * 20_000.0).round() as i64).max(SILENT));
                let Some(milli) = by_db.or(by_ratio) else { return no(300, "Your request must contain one volume field.") };
                if !(SILENT..=26_000).contains(&milli) {
                    return no(402, "The field value of `inputVolumeDb` is not in the range.");
                }
                self.volume(&name, milli);
                Ok(Json::Null)
            }
            "GetInputSettings" => Ok(json!({ "inputSettings": { "looping": input.looping }, "inputKind": "ffmpeg_source" })),
            "SetInputSettings" => {
                let looping = data.get("inputSettings").and_then(|settings| settings.get("looping")).and_then(Json::as_bool);
                input.looping = looping.unwrap_or(input.looping);
                Ok(Json::Null)
            }
            _ if !input.media => no(604, "The input is not a media source."),
            "GetMediaInputStatus" => {
                let state = match (input.until, input.left) {
                    (Some(_), _) => "PLAYING",
                    (None, Some(_)) => "PAUSED",
                    (None, None) => "STOPPED",
                };
                Ok(json!({ "mediaState": format!("OBS_MEDIA_STATE_{state}"), "mediaDuration": CLIP.0 / 1_000_000, "mediaCursor": 0 }))
            }
            "TriggerMediaInputAction" => {
                let action = text(data, "mediaAction")?.strip_prefix("OBS_WEBSOCKET_MEDIA_INPUT_ACTION_").unwrap_or_default().to_owned();
                self.play(now, &name, &action);
                Ok(Json::Null)
            }
            _ => no(204, "Your request type is not valid."),
        }
    }

    /// A media action.
    pub fn play(&mut self, now: Mono, name: &str, action: &str) {
        let Some(input) = self.inputs.get_mut(name) else { return };
        (input.until, input.left) = match action {
            "RESTART" => (Some(now + CLIP), None),
            "PLAY" if input.until.is_none() => (Some(now + input.left.unwrap_or(CLIP)), None),
            "PAUSE" => (None, input.until.map(|until| until.since(now)).or(input.left)),
            "STOP" => (None, None),
            _ => (input.until, input.left),
        };
        let kind = if action == "RESTART" { "MediaInputPlaybackStarted" } else { "MediaInputActionTriggered" };
        self.tell(MEDIA, kind, json!({ "inputName": name }));
    }

    fn frames(&self, now: Mono) -> u64 {
        self.started.map_or(0, |started| now.since(started).0 / 33_333_333)
    }

    fn stats(&self, now: Mono) -> Json {
        let frames = self.frames(now);
        json!({ "cpuUsage": 12.5, "memoryUsage": 310.0, "availableDiskSpace": 250_000.0, "activeFps": 30.0, "averageFrameRenderTime": 4.1,
            "renderSkippedFrames": 0, "renderTotalFrames": frames, "outputSkippedFrames": 0, "outputTotalFrames": frames })
    }

    fn output_status(&self, now: Mono, at: usize) -> Json {
        let active = self.outputs[at].active;
        let frames = if active { self.frames(now) } else { 0 };
        json!({ "outputActive": active, "outputReconnecting": false, "outputPaused": false, "outputTimecode": "00:00:00.000",
            "outputDuration": 0, "outputCongestion": 0.0, "outputBytes": frames * 20_000, "outputSkippedFrames": 0, "outputTotalFrames": frames })
    }
}

/// The linear share of a level.
fn ratio(milli_db: i64) -> f64 {
    if milli_db <= SILENT { 0.0 } else { 10_f64.powf(milli_db as f64 / 20_000.0) }
}
