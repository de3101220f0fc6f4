//! What the system knows this machine by, the same after every start.

use std::fs;

/// Files that hold a number of this machine's own, the best first: made when the system was installed, else by the firmware, else at boot.
const SOURCES: [&str; 4] =
    ["/etc/machine-id", "/var/lib/dbus/machine-id", "/sys/class/dmi/id/product_uuid", "/proc/sys/kernel/random/boot_id"];

/// Its name; empty when the system tells nothing.
#[must_use]
pub fn name() -> Vec<u8> {
    let read = |path: &&str| fs::read(path).ok().map(|text| text.trim_ascii().to_vec()).filter(|name| name.len() >= 16);
    SOURCES.iter().find_map(read).unwrap_or_default()
}
