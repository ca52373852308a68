//! What a device is called: the same thing seen again by the same client has the same id.

use std::fmt;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::pfid::{Kind, Partition, Pfid};
use super::{ClientId, TenantId};

/// A device of a client: a `UUIDv8` (RFC 9562) of SHA-256 over tenant, client and fingerprint.
///
/// It is computed, so nothing is read or written for it, and two clients with one fingerprint share no id: what is
/// known of one client is no word about another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeviceId(Uuid);

impl DeviceId {
    /// The device with this fingerprint of this client. Lengths are hashed too, so no two share an input.
    pub fn of(tenant: &TenantId, client: ClientId, fingerprint: &str) -> Self {
        let client = client.to_string();
        let parts = ["device", tenant.as_str(), &client, fingerprint];
        let hash = parts.iter().fold(Sha256::new(), |hash, part| {
            hash.chain_update((part.len() as u64).to_be_bytes())
                .chain_update(part)
        });
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(hash.finalize()) {
            *to = from;
        }
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The 32-character spelling, in the partition of the client's tenant. All bits but those that say `UUIDv8` are in
    /// it, so it names the same device.
    pub fn to_pfid(self, partition: Partition) -> Pfid {
        Pfid::from_uuid(self.0, partition, Kind::Device)
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Subject;

    #[test]
    fn a_device_is_known_again_and_no_other_is_taken_for_it() {
        let tenants: [TenantId; 2] = ["acme", "other"].map(|it| it.parse().unwrap());
        let id = |tenant: &TenantId, client, fingerprint| {
            let client = Subject::new(client).unwrap().client_id(tenant);
            DeviceId::of(tenant, client, fingerprint).to_string()
        };
        let first = id(&tenants[0], "alice", "f1");
        assert_eq!(first, id(&tenants[0], "alice", "f1"));
        assert_eq!(first.as_bytes()[14], b'8', "{first}");
        for other in [
            id(&tenants[1], "alice", "f1"),
            id(&tenants[0], "bob", "f1"),
            id(&tenants[0], "alice", "f2"),
            id(&tenants[0], "alice", ""),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn both_spellings_hold_the_same_bits() {
        let tenant: TenantId = "acme".parse().unwrap();
        let client = Subject::new("alice").unwrap().client_id(&tenant);
        let partition = Partition::new(7).unwrap();
        let device = DeviceId::of(&tenant, client, "f1");
        let pfid = device.to_pfid(partition);
        assert_eq!(pfid.kind(), Some(Kind::Device));
        let version = 0xf_u128 << 76;
        assert_eq!(pfid.to_uuid().as_u128() & !version, device.0.as_u128() & !version);
    }
}
