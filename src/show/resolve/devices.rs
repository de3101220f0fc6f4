//! `[device.*]`: the box, its profile, its patch, its options.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::Loader;
use super::patch::Patch;
use crate::show::fault::Fault;
use crate::show::fields::{Fields, Node};
use crate::show::value_text::read_value;
use crate::show::{Device, DeviceIx, Keeping, OnReturn, Profile, Value};
use crate::time::Span;

/// What the loader knows of a device beyond the model.
#[derive(Debug, Default)]
pub(super) struct DevicePatch {
    /// Names by table.
    pub(super) tables: BTreeMap<Arc<str>, Patch>,
    /// What the show says of single properties, by the profile's key.
    pub(super) overrides: BTreeMap<Arc<str>, Override>,
    /// Where the device is declared.
    span: Range<usize>,
    /// Something uses it.
    pub(super) used: bool,
}

/// What a show may say of a property.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Override {
    /// How far the show owns it.
    pub(super) class: Option<Keeping>,
    /// What happens on return.
    pub(super) on_return: Option<OnReturn>,
    /// The limit of landing.
    pub(super) lands_within: Option<Span>,
}

/// Families that reach their device without an address of its own.
const ADDRESSLESS: [&str; 3] = ["artnet", "sacn", "midi"];

impl<'t> Loader<'t> {
    /// All devices in file order.
    pub(super) fn devices(&mut self, top: &mut Fields<'t, 't>) {
        for (key, span, node) in self.tables(top, "device") {
            let device = self.device(key, span, node);
            self.devices.declare(key, device);
        }
    }

    /// One device; `None` when its profile can not be used.
    fn device(&mut self, key: &'t str, span: Range<usize>, node: &'t Node<'t>) -> Option<DeviceIx> {
        let mut fields = Fields::of(node, format!("device {key}"), &mut self.faults)?;
        let profile_node = fields.get("profile");
        let profile = fields.need_text("profile", &mut self.faults);
        let name = fields.text("name", &mut self.faults).unwrap_or(key).into();
        let address = self.address(&mut fields);
        let port = fields.int("port", 1..=65_535, &mut self.faults).and_then(|port| u16::try_from(port).ok());
        let password = self.secret(&mut fields, "password", &format!("device {key}"), self.secrets.device(key));
        let department_node = fields.get("department").map(toml::Spanned::span).unwrap_or_default();
        let department = fields.text("department", &mut self.faults).and_then(|name| {
            let message = || format!("device {key} belongs to \"{name}\", but the show has no such department");
            self.departments.need(name, "unknown-department", department_node, message, &mut self.faults)
        });
        let profile = self.profile(profile?, profile_node?.span(), key)?;
        if address.is_none() && profile.port != 0 && !ADDRESSLESS.contains(&&*profile.family) {
            let message = format!("device {key} has no address, so it can only be simulated");
            self.faults.push(Fault::warning("no-address", span.clone(), message).help("add address = \"192.168.…\""));
        }
        let ix = DeviceIx(u16::try_from(self.show.devices.len()).ok()?);
        let mut extra = DevicePatch { span, ..DevicePatch::default() };
        let patch = self.patch(key, &profile, &mut fields, &mut extra.tables);
        self.overrides(&profile, &mut fields, &mut extra.overrides);
        let options = self.options(&profile, &mut fields);
        fields.finish(&mut self.faults);
        let port = port.unwrap_or(profile.port);
        let props = Vec::new();
        self.show.devices.push(Device { key: key.into(), name, profile, address, port, password, department, patch, options, props });
        self.patches.push(extra);
        self.props.push(BTreeMap::new());
        Some(ix)
    }

    /// The model; a broken or unknown one is reported where it is named.
    fn profile(&mut self, name: &str, span: Range<usize>, key: &str) -> Option<Arc<Profile>> {
        let found = self.library.profile(name);
        if found.is_some() || self.library.source(name, false).is_some() {
            self.profiles.insert((name.to_owned(), false));
        }
        if found.is_none() {
            if self.library.source(name, false).is_some() {
                let message = format!("device {key} uses the profile \"{name}\", which has faults of its own");
                self.faults.push(Fault::rule("broken-profile", span, message).help("they are listed here too, under the profile's name"));
            } else {
                let message = format!("device {key} uses the profile \"{name}\", but there is no such profile");
                self.faults.unknown_as("unknown-profile", span, message, name, self.library.keys());
            }
        }
        found
    }

    /// Host name or IP address, without the port.
    fn address(&mut self, fields: &mut Fields<'t, 't>) -> Option<Arc<str>> {
        let span = fields.get("address")?.span();
        let text = fields.text("address", &mut self.faults)?;
        let numeric = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let fault = Fault::rule("address", span, format!("\"{text}\" is not the address of a device"));
        let remedy = if text.is_empty() || text.contains(char::is_whitespace) || text.contains('/') {
            Some("write an IP address or a host name")
        } else if text.matches(':').count() == 1 {
            Some("the port has a key of its own: port = 10023")
        } else if numeric && text.parse::<std::net::Ipv4Addr>().is_err() {
            Some("an IPv4 address is four numbers from 0 to 255: \"192.168.10.20\"")
        } else {
            None
        };
        if let Some(remedy) = remedy {
            self.faults.push(fault.help(remedy));
        }
        Some(text.into())
    }

    /// Options of the family, with the profile's defaults.
    fn options(&mut self, profile: &Profile, fields: &mut Fields<'t, 't>) -> BTreeMap<Arc<str>, Value> {
        let mut options = BTreeMap::new();
        for (key, spec) in &profile.options {
            let value = match fields.get_named(key.to_string()) {
                Some(node) => match read_value(&spec.kind, node.get_ref()) {
                    Ok(value) => Some(value),
                    Err(why) => {
                        self.faults.push(Fault::rule("value", node.span(), format!("{key}: {why}")));
                        None
                    }
                },
                None => spec.default.clone(),
            };
            options.extend(value.map(|value| (Arc::clone(key), value)));
        }
        options
    }

    /// `[device.foh.property.fader] class = …`
    fn overrides(&mut self, profile: &Profile, fields: &mut Fields<'t, 't>, overrides: &mut BTreeMap<Arc<str>, Override>) {
        for (key, span, node) in fields.entries("property", &mut self.faults) {
            let Some((key, spec)) = profile.props.get_key_value(key) else {
                let message = format!("the profile {} has no property \"{key}\"", profile.key);
                self.faults.unknown_as("unknown-property", span, message, key, profile.props.keys().map(|key| &**key));
                continue;
            };
            let Some(mut fields) = Fields::of(node, "a property of a device", &mut self.faults) else { continue };
            let faults = &mut self.faults;
            let class = fields
                .word("class", &["hold", "set", "once", "guarded"], faults)
                .and_then(|at| [Keeping::Hold, Keeping::Set, Keeping::Once, Keeping::Guarded].get(at).copied());
            let on_return = fields
                .word("on_return", &["ask", "next_go", "at_once", "never"], faults)
                .and_then(|at| [OnReturn::Ask, OnReturn::NextGo, OnReturn::AtOnce, OnReturn::Never].get(at).copied());
            let lands_within = fields.duration("lands_within", faults);
            if spec.class == Keeping::Guarded && class.is_some_and(|class| class != Keeping::Guarded) {
                let message = format!("{key} is guarded by its profile, and a show cannot loosen that");
                faults.push(Fault::rule("guarded", fields.span(), message).help("take class away"));
            }
            fields.finish(faults);
            overrides.insert(Arc::clone(key), Override { class, on_return, lands_within });
        }
    }

    /// Devices that nothing uses.
    pub(super) fn unused_devices(&mut self) {
        for (device, patch) in self.show.devices.iter().zip(&self.patches) {
            if !patch.used {
                let message = format!("device {} is declared, but no cue and no universe uses it", device.key);
                self.faults
                    .push(Fault::warning("unused-device", patch.span.clone(), message).help("take it out, or keep it to watch its health"));
            }
        }
    }
}
