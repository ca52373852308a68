//! What a subject is known by over all of its sessions: networks, countries and devices, as digests.

use sha2::{Digest, Sha256};

use super::{Instant, SubjectKey, TenantId};

/// What a subject was accepted with lately. Holds digests that are keyed by tenant and subject, so that nothing in
/// one profile can be found in another by comparing them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    key: [u8; 32],
    /// Autonomous systems, and those among them that something stands behind.
    pub networks: Vec<Acquaintance>,
    /// Countries.
    pub countries: Vec<Acquaintance>,
    /// Devices, by the fingerprints that were sent.
    pub devices: Vec<Acquaintance>,
    /// The first day something was learnt on, in days since 1970; 0 in an empty profile.
    pub since: u16,
    /// The latest day something was learnt on.
    pub latest: u16,
    /// On how many days something was learnt.
    pub days: u16,
}

/// The last bytes of a session's id: enough to know again who brought a thing.
pub type SessionTag = [u8; 4];

/// One thing a subject was seen with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acquaintance {
    /// Keyed digest of the thing.
    pub digest: [u8; 8],
    /// The first day it was seen, in days since 1970.
    pub first_on: u16,
    /// The latest day it was seen.
    pub last_on: u16,
    /// On how many days it was seen in sessions that ended well.
    pub days: u16,
    /// Whether the subject proved itself there, in a session that ended well.
    pub proven: bool,
    /// What a session that has not ended yet adds to it.
    pub pending: Option<Pending>,
}

/// What a live session says of a thing. It counts for good when the session ends well, and is taken back when not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// Which session.
    pub session: SessionTag,
    /// On how many days it was seen in it.
    pub days: u8,
    /// Whether the subject proved itself there: it opened the session there, or stepped up.
    pub proven: bool,
}

impl Acquaintance {
    /// Seen on this many days, a thing is the subject's.
    pub const SEVERAL_DAYS: u16 = 3;

    /// Whether the thing is the subject's: proven, or lived with for several days in sessions that ended well.
    pub fn is_known(&self) -> bool {
        let proven = self.proven || self.pending.is_some_and(|it| it.proven);
        proven || Self::SEVERAL_DAYS <= self.days
    }
}

impl Profile {
    /// Most networks that are kept.
    pub const NETWORKS: usize = 64;
    /// Most countries that are kept.
    pub const COUNTRIES: usize = 32;
    /// Most devices that are kept.
    pub const DEVICES: usize = 64;
    /// How long a thing is kept after it was last seen, days.
    pub const KEPT_DAYS: u16 = 180;
    /// A profile is young until it is this many days old ...
    pub const MATURE_AGE_DAYS: u16 = 14;
    /// ... or something was learnt on this many days.
    pub const MATURE_DAYS: u16 = 10;

    /// The profile of a subject nothing is known of.
    pub fn empty(tenant: &TenantId, subject: &SubjectKey) -> Self {
        // Neither name holds the separator.
        let key = Sha256::digest(format!("profile#{tenant}#{}", subject.as_str())).into();
        Self {
            key,
            networks: Vec::new(),
            countries: Vec::new(),
            devices: Vec::new(),
            since: 0,
            latest: 0,
            days: 0,
        }
    }

    /// The day of an instant, counted from the Unix epoch.
    pub fn day(at: Instant) -> u16 {
        u16::try_from(at.secs().div_euclid(24 * 3600).max(0)).unwrap_or(u16::MAX)
    }

    /// The profile at `now`: what was not seen for [`Profile::KEPT_DAYS`] is gone.
    #[must_use]
    pub fn at(mut self, now: Instant) -> Self {
        let oldest = Self::day(now).saturating_sub(Self::KEPT_DAYS);
        for list in [&mut self.networks, &mut self.countries, &mut self.devices] {
            list.retain(|it| oldest <= it.last_on);
        }
        self
    }

    /// Whether too little was learnt yet for something unknown to mean much.
    pub fn is_young(&self, now: Instant) -> bool {
        let age = Self::day(now).saturating_sub(self.since);
        self.days == 0 || (self.days < Self::MATURE_DAYS && age < Self::MATURE_AGE_DAYS)
    }

    /// Whether the subject is known to come from this autonomous system.
    pub fn knows_system(&self, asn: u32) -> bool {
        knows(&self.networks, self.system(asn))
    }

    /// Whether the subject came from this system through hosting, VPN, proxy, Tor or relay.
    pub fn knows_anonymizer(&self, asn: Option<u32>) -> bool {
        knows(&self.networks, self.anonymizer(asn))
    }

    /// Whether the subject came from this country, ISO 3166-1 alpha-2.
    pub fn knows_country(&self, country: &str) -> bool {
        knows(&self.countries, self.country(country))
    }

    /// Whether the subject used the device with this digest of a sent fingerprint.
    pub fn knows_device(&self, digest: &[u8; 16]) -> bool {
        knows(&self.devices, self.device(digest))
    }

    /// What stands for an autonomous system in this profile.
    pub fn system(&self, asn: u32) -> [u8; 8] {
        self.digest(b"system", &asn.to_be_bytes())
    }

    /// What stands for the anonymizing addresses of a system, or of none that is known, in this profile.
    pub fn anonymizer(&self, asn: Option<u32>) -> [u8; 8] {
        self.digest(b"anonymizer", &asn.unwrap_or(0).to_be_bytes())
    }

    /// What stands for a country in this profile.
    pub fn country(&self, country: &str) -> [u8; 8] {
        self.digest(b"country", country.as_bytes())
    }

    /// What stands for a device in this profile.
    pub fn device(&self, digest: &[u8; 16]) -> [u8; 8] {
        self.digest(b"device", digest)
    }

    fn digest(&self, kind: &[u8], value: &[u8]) -> [u8; 8] {
        let digest = Sha256::new()
            .chain_update(self.key)
            .chain_update(kind)
            .chain_update([0])
            .chain_update(value)
            .finalize();
        let mut short = [0; 8];
        for (to, from) in short.iter_mut().zip(digest) {
            *to = from;
        }
        short
    }
}

fn knows(list: &[Acquaintance], digest: [u8; 8]) -> bool {
    list.iter().any(|it| it.digest == digest && it.is_known())
}
