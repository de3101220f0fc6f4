//! Values as people say them: by the names of the device's patch, not by the numbers of its wire.

use std::sync::Arc;

use super::{PropIx, Show, Transport, Value, ValueSpec, VerbSpec};

impl Show {
    /// A property's value in words: `holding` where the wire says 3010. What has no name is told as it is.
    #[must_use]
    pub fn spoken(&self, prop: PropIx, value: &Value) -> String {
        let name = match value {
            Value::Int(number) => self.patch_name(prop, &number.to_string()),
            Value::Text(text) => self.patch_name(prop, text),
            Value::Transport(transport) => {
                let clip = transport.clip.as_deref().and_then(|clip| self.patch_name(prop, clip));
                return match clip {
                    Some(clip) => Value::Transport(Transport { clip: Some(Arc::clone(clip)), ..transport.clone() }).to_string(),
                    None => value.to_string(),
                };
            }
            _ => None,
        };
        name.map_or_else(|| value.to_string(), |name| name.to_string())
    }

    /// What it means that a property has a value, in words: `ceo muted`, `program: cam 2`.
    #[must_use]
    pub fn said(&self, prop: PropIx, value: &Value) -> String {
        let label = self.props.get(prop.at()).map_or("", |property| &property.label);
        let Value::Switch(_) = value else { return format!("{label}: {}", self.spoken(prop, value)) };
        // A switch called "host on" is on or off: said once.
        let what = [" on", " mute", " muted"].iter().find_map(|end| label.strip_suffix(end)).unwrap_or(label);
        match self.verb_for(prop, value) {
            Some("mute") => format!("{what} muted"),
            Some("unmute") => format!("{what} unmuted"),
            _ => format!("{}: {value}", label.strip_suffix(" on").unwrap_or(label)),
        }
    }

    /// The verb that gives a property always this value.
    fn verb_for(&self, prop: PropIx, value: &Value) -> Option<&str> {
        let property = self.props.get(prop.at())?;
        let profile = &self.devices.get(property.device.at())?.profile;
        let gives =
            |verb: &&VerbSpec| verb.property == property.spec && matches!(&verb.value, Some(ValueSpec::Fixed(fixed)) if fixed == value);
        profile.verbs.iter().find(|(_, specs)| specs.iter().any(|spec| gives(&spec))).map(|(name, _)| &**name)
    }

    /// The patch's name for what the wire says, in the tables that verbs of this property take their value from.
    fn patch_name(&self, prop: PropIx, wire: &str) -> Option<&Arc<str>> {
        let property = self.props.get(prop.at())?;
        let device = self.devices.get(property.device.at())?;
        let specs = device.profile.verbs.values().flatten().filter(|verb| verb.property == property.spec);
        let tables = specs.filter_map(|verb| match &verb.value {
            Some(ValueSpec::Selector(table) | ValueSpec::Transport { clip: Some(table), .. }) => Some(table),
            _ => None,
        });
        for table in tables {
            let patched = device.patch.get(table).into_iter().flatten();
            if let Some((name, _)) = patched.into_iter().find(|(_, fragments)| matches!(fragments.as_slice(), [one] if &**one == wire)) {
                return Some(name);
            }
            let fixed = device.profile.names.get(table).into_iter().flat_map(|names| &names.fixed);
            if let Some((name, _)) = fixed.into_iter().find(|(_, fragment)| &***fragment == wire) {
                return Some(name);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_value_is_said_by_the_name_of_the_patch() {
        let text = "[show]\ntitle = \"T\"\nat_exit = \"leave\"\n[device.desk]\nprofile = \"osc-media-server\"\naddress = \"127.0.0.1\"\n\
                    sources = { cam = \"in 3\" }\nclips = { walk = \"01_walk\" }\n[[cue]]\nnumber = \"1\"\n\
                    do = [{ take = { on = \"desk\", source = \"cam\" } }, { play = { on = \"desk\", clip = \"walk\" } }]\n";
        let show = crate::show::load_text(&[("show.toml".into(), text.into())]).show.unwrap();
        let by = |path: &str| PropIx(u32::try_from(show.props.iter().position(|prop| &*prop.path == path).unwrap()).unwrap());
        assert_eq!(show.spoken(by("source"), &Value::text("in 3")), "cam");
        assert_eq!(show.spoken(by("source"), &Value::text("in 9")), "in 9", "what the patch does not name stays as it is");
        let said = |path: &str, value: Value| show.said(by(path), &value);
        assert_eq!(said("source", Value::text("in 3")), "media source: cam");
        let running = Transport { clip: Some("01_walk".into()), looping: false, playing: true };
        assert_eq!(show.spoken(by("player"), &Value::Transport(running)), "walk playing");
    }

    #[test]
    fn a_mute_is_said_as_one_whatever_the_wire_calls_it() {
        let text = "[show]\ntitle = \"T\"\nat_exit = \"leave\"\n[device.foh]\nprofile = \"behringer-x32\"\naddress = \"127.0.0.1\"\n\
                    channels = { ceo = 2 }\nmute_groups = { band = 1 }\n[[cue]]\nnumber = \"1\"\n\
                    do = [{ mute = { on = \"foh\", channel = \"ceo\" } }, { mute = { on = \"foh\", mute_group = \"band\" } }]\n";
        let show = crate::show::load_text(&[("show.toml".into(), text.into())]).show.unwrap();
        let by = |label: &str| PropIx(u32::try_from(show.props.iter().position(|prop| &*prop.label == label).unwrap()).unwrap());
        let said = |label: &str| [false, true].map(|on| show.said(by(label), &Value::Switch(on)));
        assert_eq!(said("ceo on"), ["ceo muted", "ceo unmuted"]);
        assert_eq!(said("mute group band"), ["mute group band unmuted", "mute group band muted"]);
    }
}
