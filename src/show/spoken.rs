//! Values as people say them: by the names of the device's patch, not by the numbers of its wire.

use std::sync::Arc;

use super::{PropIx, Show, Transport, Value, ValueSpec};

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
        let running = Transport { clip: Some("01_walk".into()), looping: false, playing: true };
        assert_eq!(show.spoken(by("player"), &Value::Transport(running)), "walk playing");
    }
}
