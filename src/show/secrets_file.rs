//! `secrets.toml` beside a show: passwords that the show's own file does not hold, under the same headings.
//!
//! ```toml
//! [remote]
//! passcode = "1234"
//! [device.stream]
//! password = "…"
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeTable;

use super::fault::{Fault, Faults, suggestion};
use super::fields::{Fields, text_of};
use super::outside::Kept;
use super::{Device, Finding, Secret};

/// Its name.
pub(super) const NAME: &str = "secrets.toml";

/// What it holds.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// `[remote] passcode`.
    pub(super) remote: Option<Secret>,
    /// `[device.…] password`, by the device's key.
    devices: BTreeMap<String, (Range<usize>, Secret)>,
}

impl Secrets {
    /// Reads it whole; what is wrong in it goes to `faults`.
    pub(super) fn read(kept: &Kept, faults: &mut Faults) -> Self {
        if !kept.private {
            let fault = Fault::warning("open-secret", 0..0, format!("{NAME} can be read by others on this machine"));
            faults.push(fault.help(format!("chmod 600 {NAME}")));
        }
        let mut secrets = Self::default();
        let (document, errors) = DeTable::parse_recoverable(&kept.text);
        for error in &errors {
            faults.push(Fault::rule(Finding::SYNTAX, error.span().unwrap_or(0..0), error.message().to_lowercase()));
        }
        let mut top = Fields::new(document.get_ref(), 0..0, NAME);
        if let Some(mut remote) = top.get("remote").and_then(|node| Fields::of(node, "[remote]", faults)) {
            secrets.remote = remote.text("passcode", faults).map(Secret::from);
            remote.finish(faults);
        }
        for (key, span, node) in top.entries("device", faults) {
            let Some(mut device) = Fields::of(node, format!("device {key}"), faults) else { continue };
            if let Some(text) = device.get("password").and_then(|node| text_of(node, "password", faults)) {
                secrets.devices.insert(key.to_owned(), (span, Secret::from(text)));
            }
            device.finish(faults);
        }
        top.finish(faults);
        secrets
    }

    /// The password of a device.
    pub(super) fn device(&self, key: &str) -> Option<Secret> {
        self.devices.get(key).map(|(_, secret)| secret.clone())
    }

    /// Devices that the show does not have.
    pub(super) fn strangers(&self, devices: &[Device], faults: &mut Faults) {
        for (key, (span, _)) in self.devices.iter().filter(|(key, _)| devices.iter().all(|device| *device.key != **key)) {
            let fault = Fault::warning("unknown-device", span.clone(), format!("the show has no device \"{key}\""));
            faults.push(Fault { help: suggestion(key, devices.iter().map(|device| &*device.key)), ..fault });
        }
    }
}
