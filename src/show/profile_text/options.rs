//! Options that a show may set on a device of this model.

use crate::show::fault::Faults;
use crate::show::fields::Fields;
use crate::show::value_text::read_value;
use crate::show::{OptionSpec, Profile};

/// Keys of a device in a show; an option can not have the name of one.
const TAKEN: [&str; 6] = ["profile", "name", "address", "port", "password", "department"];

/// Reads all of `[option.*]`.
pub(super) fn read(top: &mut Fields<'_, '_>, profile: &mut Profile, faults: &mut Faults) {
    for (key, span, node) in top.entries("option", faults) {
        if TAKEN.contains(&key) {
            faults.add(span, format!("an option can not be called \"{key}\": every device has that key already"));
        }
        let Some(mut fields) = Fields::of(node, format!("[option.{key}]"), faults) else { continue };
        let kind = super::props::read_kind(&mut fields, faults);
        let default = fields.get("default");
        fields.finish(faults);
        let Some(kind) = kind else { continue };
        let default = default.and_then(|node| read_value(&kind, node.get_ref()).map_err(|why| faults.add(node.span(), why)).ok());
        profile.options.insert(key.into(), OptionSpec { kind, default });
    }
}
