//! Keys of every item. Components cannot hold the separator, so no two things share a key.

use std::borrow::Cow;
use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest, Sha256};

use super::attributes::{PARTITION_KEY, SORT_KEY};
use super::rate::Counted;
use crate::device;
use crate::model::{ClientId, DeviceKey, Instant, SessionId, SiteKey, SubjectKey, TenantId};

/// The key of one item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub(super) pk: String,
    pub(super) sk: Cow<'static, str>,
}

impl Key {
    /// The sort key of guards.
    pub(super) const GUARD: &'static str = "guard";

    /// The sort key of the mark that shows whether the stream is read.
    pub(super) const PROBE: &'static str = "probe";

    /// All held sessions of a subject.
    pub fn guard(tenant: &TenantId, subject: &SubjectKey) -> Self {
        Self {
            pk: format!("{tenant}#U#{}", subject.as_str()),
            sk: Cow::Borrowed(Self::GUARD),
        }
    }

    /// What a subject is known by.
    pub(super) fn profile(tenant: &TenantId, subject: &SubjectKey) -> Self {
        Self {
            pk: format!("{tenant}#U#{}", subject.as_str()),
            sk: Cow::Borrowed("profile"),
        }
    }

    /// Everything about one session.
    pub fn session(tenant: &TenantId, id: SessionId) -> Self {
        Self {
            pk: format!("{tenant}#S#{id}"),
            sk: Cow::Borrowed("session"),
        }
    }

    /// One of the sessions a caller called by this name. Those of one name sort by the time their ids were drawn.
    pub(super) fn reference(tenant: &TenantId, reference: &str, id: SessionId) -> Self {
        Self {
            pk: references(tenant, reference),
            sk: Cow::Owned(format!("{REFERENCE}{id}")),
        }
    }

    /// A client.
    pub(super) fn client(tenant: &TenantId, id: ClientId) -> Self {
        Self {
            pk: format!("{tenant}#C#{id}"),
            sk: Cow::Borrowed("client"),
        }
    }

    pub(super) fn idempotency(tenant: &TenantId, scope: &[u8; 32]) -> Self {
        Self {
            pk: format!("{tenant}#I#{}", hex(scope)),
            sk: Cow::Borrowed("idem"),
        }
    }

    pub(super) fn tenant(tenant: &TenantId) -> Self {
        Self {
            pk: format!("{tenant}#T"),
            sk: Cow::Borrowed("tenant"),
        }
    }

    pub(super) fn issuer(issuer: &str) -> Self {
        Self {
            pk: format!("ISS#{}", hex(&Sha256::digest(issuer))),
            sk: Cow::Borrowed("issuer"),
        }
    }

    pub(super) fn api_key(id: &str) -> Self {
        Self {
            pk: format!("K#{id}"),
            sk: Cow::Borrowed("key"),
        }
    }

    /// A site, by its public key.
    pub(super) fn site(key: &SiteKey) -> Self {
        Self {
            pk: format!("SITE#{key}"),
            sk: Cow::Borrowed("site"),
        }
    }

    /// A browser's visit, by the digest of its token's secret.
    pub(super) fn visit(tenant: &TenantId, digest: &[u8; 32]) -> Self {
        Self {
            pk: format!("{tenant}#V#{}", hex(digest)),
            sk: Cow::Borrowed("visit"),
        }
    }

    /// A device, by its client id.
    pub(super) fn device(tenant: &TenantId, id: DeviceKey) -> Self {
        Self {
            pk: format!("{tenant}#D#{id}"),
            sk: Cow::Borrowed("device"),
        }
    }

    /// The devices that were last seen with the same digest of some of their evidence.
    pub(super) fn block(tenant: &TenantId, key: &device::Key) -> Self {
        Self {
            pk: format!("{tenant}#B#{key}"),
            sk: Cow::Borrowed("block"),
        }
    }

    /// What a browser drew for one sending to a site.
    pub(super) fn nonce(tenant: &TenantId, site: &SiteKey, nonce: &str) -> Self {
        Self {
            pk: format!("{tenant}#N#{site}#{}", hex(&Sha256::digest(nonce))),
            sk: Cow::Borrowed("nonce"),
        }
    }

    /// A shard of what is counted in one window of time.
    pub(super) fn rate(tenant: &TenantId, counted: Counted<'_>, window: i64, shard: u8) -> Self {
        let what = match counted {
            Counted::Tenant => "T".to_owned(),
            Counted::Site(site) => format!("S#{site}"),
            Counted::Network(network) => {
                format!("N#{}", hex(&Sha256::digest(network.as_bytes())))
            }
        };
        Self {
            pk: format!("{tenant}#L#{what}#{window}#{shard:02}"),
            sk: Cow::Borrowed("rate"),
        }
    }

    pub(super) fn watermark() -> Self {
        Self {
            pk: "W#due".to_owned(),
            sk: Cow::Borrowed("watermark"),
        }
    }

    pub(super) fn probe() -> Self {
        Self {
            pk: "W#stream".to_owned(),
            sk: Cow::Borrowed(Self::PROBE),
        }
    }

    /// The guard's tenant and subject, read from its key.
    pub(super) fn guard_of(pk: &str) -> Option<(TenantId, SubjectKey)> {
        let (tenant, subject) = pk.split_once("#U#")?;
        Some((tenant.parse().ok()?, subject.parse().ok()?))
    }

    pub(super) fn attributes(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PARTITION_KEY.to_owned(), AttributeValue::S(self.pk.clone())),
            (SORT_KEY.to_owned(), AttributeValue::S(self.sk.to_string())),
        ])
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.pk)
    }
}

/// The partition of a name callers gave to sessions.
pub(super) fn references(tenant: &TenantId, reference: &str) -> String {
    format!("{tenant}#R#{}", hex(&Sha256::digest(reference)))
}

/// The session a sort key of such a partition stands for.
pub(super) fn referenced(sk: &str) -> Option<SessionId> {
    sk.strip_prefix(REFERENCE)?.parse().ok()
}

const REFERENCE: &str = "ref#";

/// Hash key of a subject's sessions in the index `history`.
pub(super) fn history_hash(tenant: &TenantId, subject: &SubjectKey) -> String {
    format!("{tenant}#{}", subject.as_str())
}

/// Range key of a session in the index `history`: sorts by start, then by id. Before 1970 it counts up to it from behind a
/// hyphen, which sorts before digits.
pub(super) fn history_range(started_at: Instant, id: SessionId) -> String {
    const BEFORE: i64 = 1_000_000_000_000_000;
    let (sign, millis) = match started_at.millis() {
        millis @ ..0 => ("-", BEFORE.saturating_add(millis).max(0)),
        millis => ("", millis),
    };
    format!("{sign}{millis:015}#{}", id.to_compact())
}

/// Shards of an hour in the index `due`.
pub(super) const DUE_SHARDS: u8 = 16;

/// The hour something is due in, counted from the Unix epoch.
pub(super) fn hour(at: Instant) -> i64 {
    at.secs().div_euclid(3600)
}

/// Hash key of an hour's shard in the index `due`.
pub(super) fn due_hash(hour: i64, shard: u8) -> String {
    format!("{hour}#{shard:02}")
}

/// The shard of a subject; subjects spread evenly.
pub(super) fn due_shard(subject: &SubjectKey) -> u8 {
    Sha256::digest(subject.as_str())
        .first()
        .map_or(0, |byte| byte % DUE_SHARDS)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Subject;

    proptest! {
        #[test]
        fn different_subjects_have_different_guards(
            tenants in ("[a-z0-9-]{1,8}", "[a-z0-9-]{1,8}"),
            names in ("[a-z#US]{1,6}", "[a-z#US]{1,6}"),
        ) {
            let (Ok(one), Ok(two)) = (tenants.0.parse::<TenantId>(), tenants.1.parse::<TenantId>()) else {
                return Ok(());
            };
            let key = |tenant: &TenantId, name: &str| Key::guard(tenant, &Subject::new(name).unwrap().key(tenant));
            let same = (&tenants.0, &names.0) == (&tenants.1, &names.1);
            prop_assert_eq!(key(&one, &names.0) == key(&two, &names.1), same);
        }
    }

    #[test]
    fn a_guards_key_tells_whose_it_is() {
        let tenant = "acme".parse().unwrap();
        let subject = Subject::new("alice").unwrap().key(&tenant);
        assert_eq!(
            Key::guard_of(&Key::guard(&tenant, &subject).pk),
            Some((tenant, subject))
        );
        assert_eq!(Key::guard_of("acme#S#x"), None);
    }

    #[test]
    fn history_sorts_by_start() {
        let id: SessionId = "018d0cab-c440-7abc-8123-456789abcdef".parse().unwrap();
        let range = |millis| history_range(Instant::from_millis(millis), id);
        let starts = [
            -62_135_596_800_000,
            -1_000,
            -999,
            -1,
            0,
            1,
            999,
            1_000_000_000_000,
            253_402_300_799_999,
        ];
        assert!(starts.map(range).is_sorted_by(|a, b| a < b));
        assert_eq!(range(999).len(), range(253_402_300_799_999).len());
    }
}
