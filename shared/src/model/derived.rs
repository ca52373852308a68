//! Ids that are computed from what they name, so that nobody has to look them up.
//!
//! Each is a `UUIDv8` (RFC 9562) of SHA-256 over lengths and texts, and its PFID the other spelling of it. What would
//! be the time in a PFID of the vendor's is as arbitrary here as the rest.

use std::fmt;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::pfid::{Kind, Partition, Pfid};
use super::{ClientId, TenantId};

/// A device as one client uses it: the same for the same client and fingerprint, another for every other client, so
/// that no two people are brought together by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeviceId(Uuid);

impl DeviceId {
    /// The device with this fingerprint.
    pub fn of(tenant: &TenantId, client: ClientId, fingerprint: &str) -> Self {
        Self(derived(&[
            "device",
            tenant.as_str(),
            &client.to_string(),
            fingerprint,
        ]))
    }

    /// The id as the Prefactor face spells it.
    pub fn to_pfid(self, partition: Partition) -> Pfid {
        Pfid::from_uuid(self.0, partition, Kind::Device)
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// The places of the Prefactor face that every session is in. A tenant has one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// The account, which is the tenant.
    pub account: Pfid,
    /// Its only domain.
    pub domain: Pfid,
    /// Its only pool of users.
    pub pool: Pfid,
}

impl Places {
    /// Those of a tenant.
    pub fn of(tenant: &TenantId, partition: Partition) -> Self {
        let place = |kind: Kind| {
            let uuid = derived(&[kind.as_str(), tenant.as_str()]);
            Pfid::from_uuid(uuid, partition, kind)
        };
        Self {
            account: place(Kind::Account),
            domain: place(Kind::Domain),
            pool: place(Kind::Pool),
        }
    }
}

/// Lengths are hashed too, so no two lists of texts share an input.
fn derived(parts: &[&str]) -> Uuid {
    let digest = parts.iter().fold(Sha256::new(), |digest, part| {
        digest
            .chain_update((part.len() as u64).to_be_bytes())
            .chain_update(part)
    });
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(digest.finalize()) {
        *to = from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Subject;

    #[test]
    fn a_device_is_one_clients() {
        let (acme, other): (TenantId, TenantId) = ("acme".parse().unwrap(), "other".parse().unwrap());
        let client = |name| Subject::new(name).unwrap().client_id(&acme);
        let device = DeviceId::of(&acme, client("alice"), "f1");
        assert_eq!(device, DeviceId::of(&acme, client("alice"), "f1"));
        for another in [
            DeviceId::of(&acme, client("alice"), "f2"),
            DeviceId::of(&acme, client("bob"), "f1"),
            DeviceId::of(&other, client("alice"), "f1"),
        ] {
            assert_ne!(device, another);
        }
        let partition = Partition::new(7).unwrap();
        let pfid = device.to_pfid(partition);
        assert_eq!(pfid.kind(), Some(Kind::Device));
        assert_eq!(pfid.to_uuid().map(|it| it.to_string()), Some(device.to_string()));
    }

    #[test]
    fn a_clients_id_is_found_again_in_its_identity() {
        let acme: TenantId = "acme".parse().unwrap();
        let (ours, theirs) = (Partition::new(7).unwrap(), Partition::new(8).unwrap());
        for name in [
            "alice",
            "123e4567-e89b-12d3-a456-426614174000",
            "018d0cab-c440-7abc-8123-456789abcdef",
            "00000000-0000-0000-8000-000000000001",
            "not-a-uuid-of-rfc-9562",
            "018d0cab-c440-7abc-c123-456789abcdef",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
        ] {
            let client = Subject::new(name).unwrap().client_id(&acme);
            let identity = client.to_pfid(ours);
            assert_eq!(identity.kind(), Some(Kind::Identity), "{name}");
            assert_eq!(ClientId::of_pfid(identity, ours), Some(client), "{name}");
            assert_eq!(ClientId::of_pfid(identity, theirs), None);
        }
        let device = DeviceId::of(&acme, Subject::new("alice").unwrap().client_id(&acme), "f");
        assert_eq!(ClientId::of_pfid(device.to_pfid(ours), ours), None);
    }

    #[test]
    fn the_places_of_a_tenant_are_of_their_kind_and_its_alone() {
        let partition = Partition::new(7).unwrap();
        let places = Places::of(&"acme".parse().unwrap(), partition);
        let kinds = [places.account, places.domain, places.pool].map(Pfid::kind);
        assert_eq!(kinds, [Some(Kind::Account), Some(Kind::Domain), Some(Kind::Pool)]);
        assert_ne!(places, Places::of(&"other".parse().unwrap(), partition));
    }
}
