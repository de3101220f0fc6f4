//! What each property is in OBS: how it is asked, how it is set, and what an answer says.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::codec::{Request, from_thousandths, thousandths};
use crate::device_api::ActionId;
use crate::devices::Plan;
use crate::devices::kernel::fades;
use crate::show::{Db, PropIx, PropSpec, Transport, Value, ValueKind};
use crate::time::Mono;

/// What a property is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The program scene.
    Program,
    /// The preview scene of studio mode.
    Preview,
    /// Studio mode.
    Studio,
    /// A source of a scene is visible.
    Item,
    /// An input is muted.
    Mute,
    /// An input's volume.
    Volume,
    /// A media input plays.
    Media,
    /// Pauses a media input, or lets it go on where it stood.
    MediaPause,
    /// The stream runs.
    Stream,
    /// The recording runs.
    Record,
    /// The replay buffer runs.
    Replay,
    /// The virtual camera runs.
    VirtualCam,
    /// Preview to program at once.
    Cut,
    /// Preview to program with the transition that is set.
    Auto,
    /// Writes the replay buffer to a file.
    SaveReplay,
    /// Presses a hotkey by its name.
    Hotkey,
}

/// Roles by the word of a profile, with the kind of value that each holds.
const ROLES: [(&str, Role, &str); 16] = [
    ("program", Role::Program, "text"),
    ("preview", Role::Preview, "text"),
    ("studio-mode", Role::Studio, "switch"),
    ("item", Role::Item, "switch"),
    ("mute", Role::Mute, "switch"),
    ("volume", Role::Volume, "level"),
    ("media", Role::Media, "transport"),
    ("media-pause", Role::MediaPause, "switch"),
    ("stream", Role::Stream, "switch"),
    ("record", Role::Record, "switch"),
    ("replay-buffer", Role::Replay, "switch"),
    ("virtual-cam", Role::VirtualCam, "switch"),
    ("cut", Role::Cut, "switch"),
    ("auto", Role::Auto, "switch"),
    ("save-replay", Role::SaveReplay, "switch"),
    ("hotkey", Role::Hotkey, "switch"),
];

impl Role {
    /// Of a profile's property.
    ///
    /// # Errors
    /// Says which words there are, or what such a property holds.
    pub fn of(spec: &PropSpec) -> Result<Self, String> {
        let word = spec.wire.get("is").and_then(Json::as_str).unwrap_or_default();
        let Some((_, role, kind)) = ROLES.iter().find(|(name, ..)| *name == word) else {
            let words: Vec<&str> = ROLES.iter().map(|(name, ..)| *name).collect();
            return Err(format!("wire fact is = \"{word}\" is not known (one of {})", words.join(", ")));
        };
        let holds = match spec.kind {
            ValueKind::Switch => "switch",
            ValueKind::Text => "text",
            ValueKind::Level { .. } => "level",
            ValueKind::Transport => "transport",
            _ => "another type",
        };
        if holds == *kind { Ok(*role) } else { Err(format!("\"{word}\" is of type {kind}, not {holds}")) }
    }

    /// An output that takes its time to start and stop.
    #[must_use]
    pub const fn is_output(self) -> bool {
        matches!(self, Self::Stream | Self::Record | Self::Replay | Self::VirtualCam)
    }
}

/// One property.
#[derive(Debug)]
pub struct Entry {
    /// The engine's name for it.
    pub prop: PropIx,
    /// What it is.
    pub role: Role,
    /// What it can hold.
    pub kind: ValueKind,
    /// The scene of an item.
    pub scene: Arc<str>,
    /// Source, input, media input or hotkey.
    pub name: Arc<str>,
    /// The item's number in its scene, once OBS has told it.
    pub item: Option<i64>,
    /// The last change that was sent or heard of: an answer asked before it proves nothing.
    pub changed: Mono,
    /// Tell the next answer even if it is not news.
    pub tell: bool,
    /// An output on its way, and whether to running.
    pub open: Option<(ActionId, bool)>,
    /// A media input starts again at its end.
    pub looping: bool,
    /// We paused it.
    pub paused: bool,
}

/// All properties of a device.
#[must_use]
pub fn entries(plan: Plan<'_>) -> Vec<Entry> {
    let profile = &plan.device().profile;
    let entry = |(ix, property): (PropIx, &crate::show::Property)| {
        let spec = profile.props.get(&property.spec)?;
        let arg = |key: &str| property.args.get(key).cloned();
        let name = arg("source").or_else(|| arg("input")).or_else(|| arg("clip")).or_else(|| arg("hotkey")).unwrap_or_else(|| "".into());
        Some(Entry {
            prop: ix,
            role: Role::of(spec).ok()?,
            kind: spec.kind.clone(),
            scene: arg("scene").unwrap_or_else(|| "".into()),
            name,
            item: None,
            changed: Mono::ZERO,
            tell: false,
            open: None,
            looping: false,
            paused: false,
        })
    };
    plan.props().filter_map(entry).collect()
}

impl Entry {
    /// The question for its value; `None` where OBS can not be asked.
    #[must_use]
    pub fn question(&self) -> Option<Request> {
        Some(match self.role {
            Role::Program | Role::Preview => ("GetSceneList", Json::Null),
            Role::Studio => ("GetStudioModeEnabled", Json::Null),
            Role::Item => match self.item {
                Some(item) => ("GetSceneItemEnabled", json!({ "sceneName": &*self.scene, "sceneItemId": item })),
                None => ("GetSceneItemId", json!({ "sceneName": &*self.scene, "sourceName": &*self.name })),
            },
            Role::Mute => ("GetInputMute", json!({ "inputName": &*self.name })),
            Role::Volume => ("GetInputVolume", json!({ "inputName": &*self.name })),
            Role::Media => ("GetMediaInputStatus", json!({ "inputName": &*self.name })),
            Role::Stream => ("GetStreamStatus", Json::Null),
            Role::Record => ("GetRecordStatus", Json::Null),
            Role::Replay => ("GetReplayBufferStatus", Json::Null),
            Role::VirtualCam => ("GetVirtualCamStatus", Json::Null),
            Role::MediaPause | Role::Cut | Role::Auto | Role::SaveReplay | Role::Hotkey => return None,
        })
    }

    /// What an answer, or an event, says of its value.
    #[must_use]
    pub fn value(&self, data: &Json) -> Option<Value> {
        let switch = |key: &str| data.get(key).and_then(Json::as_bool).map(Value::Switch);
        let text = |key: &str| Some(Value::text(data.get(key).and_then(Json::as_str).unwrap_or_default()));
        match self.role {
            Role::Program => text("currentProgramSceneName").filter(|_| data.get("currentProgramSceneName").is_some()),
            Role::Preview => text("currentPreviewSceneName"),
            Role::Studio => switch("studioModeEnabled"),
            Role::Item => switch("sceneItemEnabled"),
            Role::Mute => switch("inputMuted"),
            Role::Volume => {
                let milli = thousandths(data.get("inputVolumeDb")?)?;
                Some(fades::value_at(&self.kind, milli))
            }
            Role::Media => {
                let state = data.get("mediaState").and_then(Json::as_str).unwrap_or_default();
                let paused = state == "OBS_MEDIA_STATE_PAUSED" && self.paused;
                let running = matches!(state, "OBS_MEDIA_STATE_PLAYING" | "OBS_MEDIA_STATE_OPENING" | "OBS_MEDIA_STATE_BUFFERING");
                Some(self.transport(running || paused))
            }
            role if role.is_output() => switch("outputActive"),
            _ => None,
        }
    }

    /// A media input's value.
    #[must_use]
    pub fn transport(&self, playing: bool) -> Value {
        Value::Transport(Transport { clip: Some(Arc::clone(&self.name)), looping: self.looping, playing })
    }

    /// The requests that set it, a scene and a source's presence aside.
    ///
    /// # Errors
    /// In an operator's words.
    pub fn wish(&self, value: &Value) -> Result<Vec<Request>, String> {
        let input = |key: &str, what: Json| json!({ "inputName": &*self.name, key: what });
        Ok(match (self.role, value) {
            (Role::Preview, Value::Text(scene)) => vec![("SetCurrentPreviewScene", json!({ "sceneName": &**scene }))],
            (Role::Studio, Value::Switch(on)) => vec![("SetStudioModeEnabled", json!({ "studioModeEnabled": on }))],
            (Role::Item, Value::Switch(on)) => {
                let Some(item) = self.item else {
                    return Err(format!("obs has no source \"{}\" in scene \"{}\": check the names", self.name, self.scene));
                };
                vec![("SetSceneItemEnabled", json!({ "sceneName": &*self.scene, "sceneItemId": item, "sceneItemEnabled": on }))]
            }
            (Role::Mute, Value::Switch(on)) => vec![("SetInputMute", input("inputMuted", (*on).into()))],
            (Role::Volume, Value::Level(Db::OFF)) => vec![("SetInputVolume", input("inputVolumeMul", 0.into()))],
            (Role::Volume, Value::Level(db)) => vec![("SetInputVolume", input("inputVolumeDb", from_thousandths(i64::from(db.0))))],
            (Role::Media, Value::Transport(wanted)) => self.play(wanted),
            (Role::MediaPause, Value::Switch(on)) => vec![self.media(if *on { "PAUSE" } else { "PLAY" })],
            (Role::Stream, Value::Switch(on)) => vec![(if *on { "StartStream" } else { "StopStream" }, Json::Null)],
            (Role::Record, Value::Switch(on)) => vec![(if *on { "StartRecord" } else { "StopRecord" }, Json::Null)],
            (Role::Replay, Value::Switch(on)) => vec![(if *on { "StartReplayBuffer" } else { "StopReplayBuffer" }, Json::Null)],
            (Role::VirtualCam, Value::Switch(on)) => vec![(if *on { "StartVirtualCam" } else { "StopVirtualCam" }, Json::Null)],
            (Role::SaveReplay, _) => vec![("SaveReplayBuffer", Json::Null)],
            (Role::Auto, _) => vec![("TriggerStudioModeTransition", Json::Null)],
            (Role::Hotkey, _) => vec![("TriggerHotkeyByName", json!({ "hotkeyName": &*self.name }))],
            _ => return Err(format!("obs can not be set to {value} here")),
        })
    }

    fn play(&self, wanted: &Transport) -> Vec<Request> {
        if !wanted.playing {
            return vec![self.media("STOP")];
        }
        let settings = json!({ "inputName": &*self.name, "inputSettings": { "looping": wanted.looping }, "overlay": true });
        let looping = (wanted.looping != self.looping).then_some(("SetInputSettings", settings));
        looping.into_iter().chain([self.media("RESTART")]).collect()
    }

    /// An action of a media input.
    #[must_use]
    pub fn media(&self, action: &str) -> Request {
        let action = format!("OBS_WEBSOCKET_MEDIA_INPUT_ACTION_{action}");
        ("TriggerMediaInputAction", json!({ "inputName": &*self.name, "mediaAction": action }))
    }

    /// What it is called when OBS does not know it.
    #[must_use]
    pub fn unknown(&self, wanted: Option<&Value>) -> String {
        match self.role {
            Role::Program | Role::Preview => {
                let scene = wanted.map(ToString::to_string).unwrap_or_default();
                format!("obs has no scene \"{scene}\": check the name")
            }
            Role::Item => format!("obs has no source \"{}\" in scene \"{}\": check the names", self.name, self.scene),
            Role::Mute | Role::Volume => format!("obs has no input \"{}\": check the name", self.name),
            Role::Media | Role::MediaPause => format!("obs has no media source \"{}\": check the name", self.name),
            Role::Hotkey => format!("obs has no hotkey \"{}\": check the name", self.name),
            _ => "obs does not have this".into(),
        }
    }
}
