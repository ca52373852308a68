//! PFID, the 32-character id of the Prefactor face, and its bridge to `UUIDv7`.
//!
//! Format: <https://github.com/prefactordev/pfid>. Lower-case Crockford base32 of 160 bits: 48 bits of Unix milliseconds
//! (10 characters), 30 bits of partition (6) and 80 random bits (16). Here the 80 bits are the 74 free bits of the
//! `UUIDv7` and a 6-bit tag naming the kind of object, so the two spellings are a bijection within a tenant.
//!
//! A UUID of another version has as many free bits (RFC 9562), only that its first 48 are no time. So ids that are
//! computed (`UUIDv8`) and clients' own ids (any version) are spelled in the same way; the tag says which version.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::InvalidId;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The 30-bit number of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Partition(u32);

impl Partition {
    /// A partition below 2^30.
    pub const fn new(number: u32) -> Option<Self> {
        if number < 1 << 30 {
            Some(Self(number))
        } else {
            None
        }
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// What an id names. The discriminant is the tag inside the id and never changes.
///
/// Sessions are `UUIDv7`, all else is `UUIDv8`, but for identities whose tenant named them by a UUID: their tag is
/// [`Kind::NAMED_IDENTITY`] and the version of that UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Kind {
    Session = 1,
    Device = 2,
    Identity = 3,
    Account = 4,
    Domain = 5,
    Pool = 6,
}

impl Kind {
    const ALL: [Self; 6] = [
        Self::Session,
        Self::Device,
        Self::Identity,
        Self::Account,
        Self::Domain,
        Self::Pool,
    ];
    /// Least tag of the identities that are no `UUIDv8`; up to 15 more is the version.
    const NAMED_IDENTITY: u128 = 32;

    /// The kind as errors name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Device => "device",
            Self::Identity => "identity",
            Self::Account => "account",
            Self::Domain => "domain",
            Self::Pool => "pool",
        }
    }

    /// The version of the UUIDs that are spelled with the tag of this kind itself.
    const fn version(self) -> u128 {
        match self {
            Self::Session => 7,
            Self::Device | Self::Identity | Self::Account | Self::Domain | Self::Pool => 8,
        }
    }

    /// The tag of such an object named by a UUID of `version`.
    const fn tag(self, version: u128) -> u128 {
        match self {
            Self::Identity if version != self.version() => Self::NAMED_IDENTITY + version,
            _ => self as u128,
        }
    }

    /// The kind and the version of UUID behind a tag.
    fn of_tag(tag: u128) -> Option<(Self, u128)> {
        let named = tag.checked_sub(Self::NAMED_IDENTITY);
        if let Some(version) = named.filter(|version| *version < 16 && *version != Self::Identity.version()) {
            return Some((Self::Identity, version));
        }
        let kind = Self::ALL.into_iter().find(|kind| *kind as u128 == tag)?;
        Some((kind, kind.version()))
    }
}

/// A well-formed 32-character id, of whatever kind and partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pfid {
    millis: u64,
    partition: Partition,
    random: u128,
}

impl Pfid {
    /// The id of `kind` that corresponds to `uuid` in `partition`.
    ///
    /// `uuid` is of the variant of RFC 9562, and of the version that the kind has.
    pub fn from_uuid(uuid: Uuid, partition: Partition, kind: Kind) -> Self {
        let bits = uuid.as_u128();
        let version = (bits >> 76) & 0xf;
        let rand_a = (bits >> 64) & 0xfff;
        let rand_b = bits & ((1 << 62) - 1);
        let free = (rand_a << 62) | rand_b;
        Self {
            millis: u64::try_from(bits >> 80).unwrap_or(0),
            partition,
            random: (free << 6) | kind.tag(version),
        }
    }

    /// The UUID with the same free bits; none for a tag this service never issued.
    pub fn to_uuid(self) -> Option<Uuid> {
        let (_, version) = Kind::of_tag(self.tag())?;
        let free = self.random >> 6;
        let rand_a = free >> 62;
        let rand_b = free & ((1 << 62) - 1);
        let time = u128::from(self.millis) << 80;
        Some(Uuid::from_u128(
            time | (version << 76) | (rand_a << 64) | (0b10 << 62) | rand_b,
        ))
    }

    /// The tenant's number.
    pub const fn partition(self) -> Partition {
        self.partition
    }

    /// What the id names; none for a tag this service never issued.
    pub fn kind(self) -> Option<Kind> {
        Kind::of_tag(self.tag()).map(|(kind, _)| kind)
    }

    const fn tag(self) -> u128 {
        self.random & 0x3f
    }
}

impl FromStr for Pfid {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text.len() != 32 {
            return Err(InvalidId);
        }
        let mut values = [0u128; 3];
        for (at, c) in text.bytes().enumerate() {
            let digit = ALPHABET.iter().position(|a| *a == c).ok_or(InvalidId)?;
            if at == 0 && 7 < digit {
                return Err(InvalidId);
            }
            let part = values
                .get_mut(usize::from(10 <= at) + usize::from(16 <= at))
                .ok_or(InvalidId)?;
            *part = (*part << 5) | digit as u128;
        }
        let [millis, partition, random] = values;
        Ok(Self {
            millis: u64::try_from(millis).map_err(|_| InvalidId)?,
            partition: u32::try_from(partition)
                .ok()
                .and_then(Partition::new)
                .ok_or(InvalidId)?,
            random,
        })
    }
}

impl fmt::Display for Pfid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (u128::from(self.millis), 10),
            (u128::from(self.partition.number()), 6),
            (self.random, 16),
        ];
        for (value, digits) in parts {
            for digit in (0..digits).rev() {
                let index = usize::try_from((value >> (5 * digit)) & 31).unwrap_or(0);
                let c = ALPHABET.get(index).copied().unwrap_or(b'0');
                fmt::Write::write_char(f, char::from(c))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_example_ids_decode_and_print_back() {
        for (text, random) in [
            (
                "013xrzp12g3nqk8n6cyr5x0k8yb10h59",
                0x333d_82f4_1347_9610_44a9_u128,
            ),
            ("013xrzp12g3nqk8n3f5qv5e2r757shwd", 0x1bcb_7d95_c2c1_ca7c_c78d),
            ("013xrzp12g3nqk8ncwfp3ra29yjzx1gs", 0x671f_61e1_424f_a5fe_8619),
            ("013xrzp12g3nqk8n32sd3jyxq5a8ywe2", 0x18b2_d1cb_ddb9_548f_71c2),
            ("013xrzp12g3nqk8nkv4y96wrbzje9dsr", 0x9ec9_e49b_985f_e4e4_b738),
            ("013xrzp12g3nqk8ng09nmc8kwqzfafa2", 0x8013_5a31_13e5_fef5_3d42),
        ] {
            let id: Pfid = text.parse().unwrap();
            assert_eq!(id.millis, 1_234_567_890_000);
            assert_eq!(id.partition().number(), 123_456_789);
            assert_eq!(id.random, random);
            assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn the_vendors_first_fixture_and_its_alphabet_are_ids() {
        let id: Pfid = "013xrzp12g3nqk8n0000000000000000".parse().unwrap();
        assert_eq!(
            (id.millis, id.partition().number(), id.random),
            (1_234_567_890_000, 123_456_789, 0)
        );
        let alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
        assert_eq!(alphabet.parse::<Pfid>().unwrap().to_string(), alphabet);
    }

    #[test]
    fn the_extremes_are_ids_and_their_neighbours_are_not() {
        for text in ["0".repeat(32), format!("7{}", "z".repeat(31))] {
            let id: Pfid = text.parse().unwrap();
            assert_eq!(id.to_string(), text);
            assert_eq!(id.millis, if text.starts_with('0') { 0 } else { (1 << 48) - 1 });
        }
        for text in [
            "8".to_owned() + &"0".repeat(31),
            "0".repeat(31),
            "0".repeat(33),
            "i".repeat(32),
            "l".repeat(32),
            "o".repeat(32),
            "u".repeat(32),
            "013XRZP12G3NQK8NKV4Y96WRBZJE9DSR".to_owned(),
            " 13xrzp12g3nqk8nkv4y96wrbzje9dsr".to_owned(),
            "013xrzp12g3nqk8nkv4y96wrbzje9ds\u{e9}".to_owned(),
            String::new(),
        ] {
            assert_eq!(text.parse::<Pfid>(), Err(InvalidId), "{text}");
        }
    }

    #[test]
    fn a_tag_never_changes_its_meaning() {
        let meant = [
            (1, Kind::Session, 7),
            (2, Kind::Device, 8),
            (3, Kind::Identity, 8),
            (4, Kind::Account, 8),
            (5, Kind::Domain, 8),
            (6, Kind::Pool, 8),
            (33, Kind::Identity, 1),
            (36, Kind::Identity, 4),
            (39, Kind::Identity, 7),
        ];
        for (tag, kind, version) in meant {
            let id = Pfid {
                millis: 1,
                partition: Partition(2),
                random: (3 << 6) | tag,
            };
            assert_eq!(id.kind(), Some(kind));
            let uuid = id.to_uuid().unwrap();
            assert_eq!(uuid.get_version_num(), version);
            assert_eq!(Pfid::from_uuid(uuid, Partition(2), kind), id);
        }
        let unknown = |tag| Kind::of_tag(tag).is_none();
        assert!(
            (0..64)
                .filter(|tag| unknown(*tag))
                .eq([0].into_iter().chain(7..32).chain([40]).chain(48..64))
        );
    }

    proptest::proptest! {
        #[test]
        fn a_session_and_its_pfid_are_one_to_one(millis in 0u64..1 << 48, random: [u8; 10], number in 0u32..1 << 30) {
            let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
            let pfid = Pfid::from_uuid(uuid, Partition(number), Kind::Session);
            proptest::prop_assert_eq!(pfid.to_uuid(), Some(uuid));
            proptest::prop_assert_eq!(pfid.to_string().parse::<Pfid>(), Ok(pfid));
            proptest::prop_assert_eq!(pfid.kind(), Some(Kind::Session));
            proptest::prop_assert_eq!(pfid.millis, millis);
        }

        #[test]
        fn later_sessions_have_later_pfids(one in 0u64..1 << 48, other in 0u64..1 << 48, random: [u8; 10], number in 0u32..1 << 30) {
            let spelled = |millis| {
                let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
                Pfid::from_uuid(uuid, Partition(number), Kind::Session).to_string()
            };
            proptest::prop_assert_eq!(spelled(one).cmp(&spelled(other)), one.cmp(&other));
        }

        #[test]
        fn an_identity_of_any_version_and_its_pfid_are_one_to_one(bytes: [u8; 16], version in 1usize..9, number in 0u32..1 << 30) {
            let mut builder = uuid::Builder::from_bytes(bytes);
            builder.set_variant(uuid::Variant::RFC4122);
            builder.set_version([
                uuid::Version::Mac, uuid::Version::Dce, uuid::Version::Md5, uuid::Version::Random,
                uuid::Version::Sha1, uuid::Version::SortMac, uuid::Version::SortRand, uuid::Version::Custom,
            ][version - 1]);
            let uuid = builder.into_uuid();
            let pfid = Pfid::from_uuid(uuid, Partition(number), Kind::Identity);
            proptest::prop_assert_eq!(pfid.to_uuid(), Some(uuid));
            proptest::prop_assert_eq!(pfid.to_string().parse::<Pfid>(), Ok(pfid));
            proptest::prop_assert_eq!(pfid.kind(), Some(Kind::Identity));
        }

        #[test]
        fn every_pfid_that_is_read_is_printed_as_it_was(text in "[0-7][0-9a-hjkmnp-tv-z]{31}") {
            proptest::prop_assert_eq!(text.parse::<Pfid>().unwrap().to_string(), text);
        }
    }
}
