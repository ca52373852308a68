//! Ids of the service and their spellings.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Instant;
use super::pfid::{Kind, Partition, Pfid};
use crate::clock::{Entropy, EntropyError};

/// A text that is no id of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct InvalidId;

/// The account that owns the data: 1 to 63 lower-case letters, digits and hyphens, starting with a letter or digit.
///
/// The alphabet leaves out every separator that stored keys use.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(String);

impl TenantId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let valid = (1..=63).contains(&text.len())
            && text.bytes().next().is_some_and(plain)
            && text.bytes().all(|c| plain(c) || c == b'-');
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId)
        }
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A user of a tenant, 1 to 255 characters, none of them a control character.
///
/// Where a tenant keeps the subjects of its issuers apart, the issuer is part of the subject. A name that is a UUID is
/// one name in all of its spellings: upper case, in braces, as a URN, without hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject {
    /// Empty where the name is of the form of computed ids, and no id.
    issuer: Option<String>,
    name: String,
}

/// What stands for a subject in stored keys: its client id, in 22 characters of base64url.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SubjectKey(String);

/// A subject as the Corsa face names it.
///
/// A subject whose name is a UUID is called by it; any other by a `UUIDv8` (RFC 9562) of SHA-256 over tenant, issuer
/// and name, and so is one whose name is itself a `UUIDv8`. So a client's id and its name lead to the same sessions
/// without a read, and no name leads to another's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientId(Uuid);

impl Subject {
    /// Longest name, in characters.
    pub const MAX_CHARS: usize = 255;

    /// A subject named by the tenant itself.
    ///
    /// The text is a name and never another's id: users choose their names, and ids are no secrets.
    pub fn new(name: &str) -> Result<Self, InvalidId> {
        let fits = !name.is_empty() && name.chars().count() <= Self::MAX_CHARS;
        if fits && !name.chars().any(char::is_control) {
            let is_computed_form = name.parse().is_ok_and(ClientId::is_computed);
            Ok(Self {
                issuer: is_computed_form.then(String::new),
                name: name.to_owned(),
            })
        } else {
            Err(InvalidId)
        }
    }

    /// The subject a text means where an id is asked for and a name will do: the one of that id, where it is an id.
    pub fn of_id_or_name(text: &str) -> Result<Self, InvalidId> {
        text.parse()
            .map_or_else(|_| Self::new(text), |id| Ok(Self::of_id(id)))
    }

    /// The subject of this id, of which no other name is known.
    pub fn of_id(id: ClientId) -> Self {
        Self {
            issuer: None,
            name: id.to_string(),
        }
    }

    /// The subject that [`Subject::name`] and [`Subject::issuer`] were of.
    pub fn of_parts(issuer: Option<&str>, name: &str) -> Result<Self, InvalidId> {
        match issuer {
            Some(issuer) => Self::of_issuer(issuer, name),
            None => Self::of_id_or_name(name),
        }
    }

    /// A subject whose name means something only together with its issuer.
    pub fn of_issuer(issuer: &str, name: &str) -> Result<Self, InvalidId> {
        Ok(Self {
            issuer: Some(issuer.to_owned()),
            ..Self::new(name)?
        })
    }

    /// The name the tenant or the issuer gave, as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name in its one spelling, where it is a UUID.
    pub fn canonical_name(&self) -> Cow<'_, str> {
        Uuid::try_parse(&self.name).map_or(Cow::Borrowed(&self.name), |uuid| {
            Cow::Owned(uuid.hyphenated().to_string())
        })
    }

    /// The issuer, where it is part of the subject; empty where only the name's being no id is.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The subject's id. Lengths are hashed too, so no two subjects share an input.
    pub fn client_id(&self, tenant: &TenantId) -> ClientId {
        if let (None, Ok(id)) = (&self.issuer, self.name.parse()) {
            return id;
        }
        let issuer = self.issuer.as_deref().unwrap_or_default();
        let digest = Sha256::new()
            .chain_update((tenant.as_str().len() as u64).to_be_bytes())
            .chain_update(tenant.as_str())
            .chain_update([u8::from(self.issuer.is_some())])
            .chain_update((issuer.len() as u64).to_be_bytes())
            .chain_update(issuer)
            .chain_update(self.canonical_name().as_bytes())
            .finalize();
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = from;
        }
        ClientId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// What stands for the subject in stored keys.
    pub fn key(&self, tenant: &TenantId) -> SubjectKey {
        self.client_id(tenant).key()
    }
}

impl From<SessionId> for Uuid {
    fn from(id: SessionId) -> Self {
        id.0
    }
}

impl From<SessionId> for ClientId {
    /// A fresh id, for a client that is told of without a name: of the form that no name leads to.
    fn from(drawn: SessionId) -> Self {
        Self(uuid::Builder::from_custom_bytes(drawn.0.into_bytes()).into_uuid())
    }
}

impl ClientId {
    /// What stands for the subject in stored keys.
    pub fn key(self) -> SubjectKey {
        SubjectKey(URL_SAFE_NO_PAD.encode(self.0.as_bytes()))
    }

    /// The id as the Prefactor face spells it, where a client is an identity.
    pub fn to_pfid(self, partition: Partition) -> Pfid {
        Pfid::from_uuid(self.0, partition, Kind::Identity)
    }

    /// The client that `pfid` names, if it names an identity of this partition.
    pub fn of_pfid(pfid: Pfid, partition: Partition) -> Option<Self> {
        let ours = pfid.partition() == partition && pfid.kind() == Some(Kind::Identity);
        pfid.to_uuid().filter(|_| ours).map(Self)
    }

    /// Whether the id was made here, and is not a name that is a UUID.
    pub fn is_computed(self) -> bool {
        self.0.get_version_num() == 8
    }
}

impl FromStr for ClientId {
    type Err = InvalidId;

    /// Reads any spelling of a UUID of the variant of RFC 9562; so the nil UUID is no id.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let uuid = Uuid::try_parse(text).map_err(|_| InvalidId)?;
        if uuid.get_variant() == uuid::Variant::RFC4122 {
            Ok(Self(uuid))
        } else {
            Err(InvalidId)
        }
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl SubjectKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SubjectKey {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let base64url = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
        if text.len() == 22 && text.bytes().all(base64url) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId)
        }
    }
}

/// A session's name: a `UUIDv7` (RFC 9562). It refers to a session and grants nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(Uuid);

impl SessionId {
    /// Draws the id of a session that opens at `now`.
    pub fn draw(now: Instant, entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut random = [0; 10];
        entropy.fill(&mut random)?;
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        Ok(Self(
            uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid(),
        ))
    }

    /// Reads either spelling: a lower-case hyphenated `UUIDv7`, or the 32-character PFID of this tenant's partition.
    ///
    /// The nil UUID, other versions, upper case, braces and `urn:uuid:` are not session ids, so that one session has
    /// one name in each spelling.
    pub fn parse(text: &str, partition: Partition) -> Result<Self, InvalidId> {
        match text.parse::<Pfid>() {
            Ok(pfid) => Self::of_pfid(pfid, partition).ok_or(InvalidId),
            Err(InvalidId) => text.parse(),
        }
    }

    /// The session that `pfid` names, if it names one of this partition.
    pub fn of_pfid(pfid: Pfid, partition: Partition) -> Option<Self> {
        let ours = pfid.partition() == partition && pfid.kind() == Some(Kind::Session);
        pfid.to_uuid().filter(|_| ours).map(Self)
    }

    /// The 32-character spelling, in the partition of the session's tenant.
    pub fn to_pfid(self, partition: Partition) -> Pfid {
        Pfid::from_uuid(self.0, partition, Kind::Session)
    }

    /// When the id was drawn.
    pub fn drawn_at(self) -> Instant {
        let millis = self.0.as_u128() >> 80;
        Instant::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }

    /// Its last bytes, which are drawn at random.
    pub fn tag(&self) -> super::SessionTag {
        let [.., a, b, c, d] = *self.as_bytes();
        [a, b, c, d]
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The 22-character base64url spelling used inside stored items.
    pub fn to_compact(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.as_bytes())
    }

    /// Reads the 22-character spelling.
    pub fn from_compact(text: &str) -> Result<Self, InvalidId> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidId)?;
        Ok(Self(Uuid::from_slice(&bytes).map_err(|_| InvalidId)?))
    }
}

impl FromStr for SessionId {
    type Err = InvalidId;

    /// Reads the canonical UUID spelling alone.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let uuid = Uuid::try_parse(text).map_err(|_| InvalidId)?;
        let canonical = uuid.hyphenated().to_string() == text;
        let version_7 = uuid.get_version_num() == 7 && uuid.get_variant() == uuid::Variant::RFC4122;
        if canonical && version_7 {
            Ok(Self(uuid))
        } else {
            Err(InvalidId)
        }
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Fixed;

    const ID: &str = "018d0cab-c440-7abc-8123-456789abcdef";

    #[test]
    fn one_session_has_one_uuid_spelling() {
        assert_eq!(ID.parse::<SessionId>().unwrap().to_string(), ID);
        for other in [
            "018D0CAB-C440-7ABC-8123-456789ABCDEF",
            "018d0cabc4407abc8123456789abcdef",
            "{018d0cab-c440-7abc-8123-456789abcdef}",
            "urn:uuid:018d0cab-c440-7abc-8123-456789abcdef",
            "00000000-0000-0000-0000-000000000000",
            "018d0cab-c440-4abc-8123-456789abcdef",
            "018d0cab-c440-7abc-c123-456789abcdef",
            " 018d0cab-c440-7abc-8123-456789abcdef",
            "active",
            "",
        ] {
            assert_eq!(other.parse::<SessionId>(), Err(InvalidId), "{other}");
        }
    }

    #[test]
    fn a_session_is_found_by_its_pfid_in_its_own_partition_alone() {
        let id: SessionId = ID.parse().unwrap();
        let ours = Partition::new(7).unwrap();
        let pfid = id.to_pfid(ours).to_string();
        assert_eq!(SessionId::parse(&pfid, ours), Ok(id));
        assert_eq!(
            SessionId::parse(&pfid, Partition::new(8).unwrap()),
            Err(InvalidId)
        );
        assert_eq!(SessionId::parse(&pfid.to_uppercase(), ours), Err(InvalidId));
    }

    #[test]
    fn a_drawn_id_carries_its_time_and_survives_its_compact_spelling() {
        let now = Instant::from_millis(1_700_000_000_123);
        let id = SessionId::draw(now, &Fixed::at(now)).unwrap();
        assert_eq!(id.drawn_at(), now);
        assert_eq!(id.to_compact().len(), 22);
        assert_eq!(SessionId::from_compact(&id.to_compact()), Ok(id));
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn subjects_that_look_alike_have_different_keys() {
        let acme = "acme".parse().unwrap();
        let keys = [
            Subject::new("alice").unwrap().key(&acme),
            Subject::new("alice").unwrap().key(&"acm".parse().unwrap()),
            Subject::new("alice#S#1").unwrap().key(&acme),
            Subject::of_issuer("https://a.example.com", "alice")
                .unwrap()
                .key(&acme),
            Subject::of_issuer("https://a.example.co", "malice")
                .unwrap()
                .key(&acme),
            Subject::new("https://a.example.comalice").unwrap().key(&acme),
            Subject::of_issuer("https://a.example.com", ID)
                .unwrap()
                .key(&acme),
            Subject::new(ID).unwrap().key(&acme),
        ];
        let distinct: std::collections::HashSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len());
        assert!(keys.iter().all(|key| key.as_str().parse().as_ref() == Ok(key)));
    }

    #[test]
    fn a_subject_and_its_client_id_are_one() {
        let acme = "acme".parse().unwrap();
        for (name, computed) in [("alice", true), ("123e4567-e89b-12d3-a456-426614174000", false)] {
            let subject = Subject::new(name).unwrap();
            let id = subject.client_id(&acme);
            assert_eq!(id.is_computed(), computed);
            assert_eq!(id.to_string() == name, !computed);
            for spelling in spellings(id) {
                let by_id = Subject::of_id_or_name(&spelling).unwrap();
                assert_eq!(by_id.client_id(&acme), id, "{spelling}");
            }
        }
        for bad in ["00000000-0000-0000-0000-000000000000", "alice", ""] {
            assert_eq!(bad.parse::<ClientId>(), Err(InvalidId));
        }
    }

    /// Every spelling of an id that is read.
    fn spellings(id: ClientId) -> Vec<String> {
        let uuid = id.0;
        let lower = [
            uuid.hyphenated().to_string(),
            uuid.simple().to_string(),
            uuid.braced().to_string(),
            uuid.urn().to_string(),
        ];
        let upper = lower.iter().map(|it| it.replace("urn:uuid:", "").to_uppercase());
        upper.chain(lower.clone()).collect()
    }

    #[test]
    fn a_name_reaches_nobody_elses_id() {
        let acme = "acme".parse().unwrap();
        let now = Instant::from_millis(1_700_000_000_123);
        let drawn = SessionId::draw(now, &Fixed::at(now)).unwrap();
        let ids = [
            Subject::new("alice").unwrap().client_id(&acme),
            Subject::of_issuer("https://a.example.com", "alice")
                .unwrap()
                .client_id(&acme),
            ClientId::from(drawn),
        ];
        for id in ids {
            let names: Vec<_> = spellings(id).iter().map(|it| Subject::new(it).unwrap()).collect();
            for name in &names {
                assert_ne!(name.client_id(&acme), id, "{name:?}");
                assert_eq!(
                    name.client_id(&acme),
                    names[0].client_id(&acme),
                    "one name, {name:?}"
                );
                let stored = Subject::of_parts(name.issuer(), name.name()).unwrap();
                assert_eq!(stored, *name);
            }
            let by_id = Subject::of_id(id);
            assert_eq!(Subject::of_parts(by_id.issuer(), by_id.name()), Ok(by_id));
        }
    }

    #[test]
    fn a_name_that_is_a_uuid_is_one_name_in_every_spelling() {
        let acme = "acme".parse().unwrap();
        for name in [
            "550e8400-e29b-41d4-a716-446655440000",
            ID,
            // Of no variant that is an id, and a name all the same.
            "00000000-0000-0000-0000-000000000000",
            "018d0cab-c440-7abc-c123-456789abcdef",
        ] {
            let spellings = spellings(ClientId(Uuid::try_parse(name).unwrap()));
            let plain = Subject::new(name).unwrap();
            let issued = Subject::of_issuer("https://a.example.com", name).unwrap();
            for spelling in &spellings {
                let other = Subject::new(spelling).unwrap();
                assert_eq!(other.key(&acme), plain.key(&acme), "{spelling}");
                assert_eq!(other.name(), spelling, "kept as it was given");
                let other = Subject::of_issuer("https://a.example.com", spelling).unwrap();
                assert_eq!(other.key(&acme), issued.key(&acme), "{spelling}");
            }
        }
    }

    #[test]
    fn a_subject_is_1_to_255_characters_without_controls() {
        assert!(Subject::new(&"ü".repeat(255)).is_ok());
        assert_eq!(Subject::new(&"ü".repeat(256)), Err(InvalidId));
        assert_eq!(Subject::new(""), Err(InvalidId));
        assert_eq!(Subject::new("a\0b"), Err(InvalidId));
    }

    #[test]
    fn a_tenant_id_cannot_hold_a_separator() {
        assert!("acme-2".parse::<TenantId>().is_ok());
        for bad in ["", "-a", "a#b", "Acme", "a b", &"a".repeat(64), "ä"] {
            assert_eq!(bad.parse::<TenantId>(), Err(InvalidId), "{bad}");
        }
    }
}
