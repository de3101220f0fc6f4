//! Who this machine is in a network: the same number whenever it runs. Links read it from the system; drivers make identifiers of it.

use std::sync::OnceLock;

use sha2::{Digest, Sha256};

static MACHINE: OnceLock<Vec<u8>> = OnceLock::new();

/// Says what the system knows this machine by. The first word counts; nobody sees it outside.
pub fn known_as(name: &[u8]) {
    let _ = MACHINE.set(name.to_vec());
}

/// A UUID (RFC 9562, version 8) for a purpose on this machine: the same at every start, another for every purpose and machine.
#[must_use]
pub fn uuid(purpose: &str) -> [u8; 16] {
    of(MACHINE.get().map_or(&[][..], Vec::as_slice), purpose)
}

fn of(machine: &[u8], purpose: &str) -> [u8; 16] {
    // The machine's own name must not be found out from what is sent.
    let hash = Sha256::new().chain_update(b"showcall\0").chain_update(machine).chain_update([0]).chain_update(purpose).finalize();
    let mut uuid = [0; 16];
    for (to, from) in uuid.iter_mut().zip(hash) {
        *to = from;
    }
    uuid[6] = uuid[6] & 0x0f | 0x80;
    uuid[8] = uuid[8] & 0x3f | 0x80;
    uuid
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn it_is_the_same_for_a_machine_and_a_purpose_and_no_other() {
        let here = of(b"machine 1", "sacn stage");
        assert_eq!(here, of(b"machine 1", "sacn stage"));
        assert_ne!(here, of(b"machine 2", "sacn stage"));
        assert_ne!(here, of(b"machine 1", "sacn stage left"));
        assert_eq!((here[6] >> 4, here[8] >> 6), (8, 0b10), "version 8, variant of RFC 9562");
    }
}
