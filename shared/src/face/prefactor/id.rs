//! Ids as callers of this face spell them: PFID or UUID.

use uuid::Uuid;

use super::error::Error;
use crate::model::{ClientId, Kind, Partition, Pfid, Places, SessionId};
use crate::policy::Tenant;

/// What a text that is no id is told.
const NO_ID: &str =
    "must be a PFID (32 characters of lower-case Crockford base32) or a lower-case hyphenated UUID";

/// What a text is told that is none where only a PFID will do.
const NO_PFID: &str = "must be a PFID (32 characters of lower-case Crockford base32)";

/// The session that the path names.
///
/// # Errors
/// `invalid_value` for a text that is no id, `unexpected_ref_type` for the id of something else, `not_found` for an id
/// that cannot be a session of this tenant. None of them took a read.
pub fn session_id(text: &str, partition: Partition) -> Result<SessionId, Error> {
    let absent = || Error::NotFound("session");
    match text.parse::<Pfid>() {
        Ok(pfid) => SessionId::of_pfid(pfid, partition)
            .ok_or_else(|| other_kind(pfid, partition, Kind::Session).unwrap_or_else(absent)),
        Err(_) if is_uuid(text) => text.parse().map_err(|_| absent()),
        Err(_) => Err(Error::invalid("session_id", NO_ID)),
    }
}

/// The client that an identity's id names in the query; nothing when it is none of this tenant's.
pub(super) fn identity(
    text: &str,
    partition: Partition,
    field: &'static str,
) -> Result<Option<ClientId>, Error> {
    match text.parse::<Pfid>() {
        Ok(pfid) => match other_kind(pfid, partition, Kind::Identity) {
            Some(error) => Err(error),
            // A UUID without hyphens may be written in the alphabet of PFIDs, too.
            None => Ok(ClientId::of_pfid(pfid, partition).or_else(|| text.parse().ok())),
        },
        Err(_) => match text.parse() {
            Ok(client) => Ok(Some(client)),
            Err(_) => Err(Error::invalid(field, NO_ID)),
        },
    }
}

/// The tenant's pool, where `text` names it.
pub(super) fn pool(text: &str, tenant: &Tenant, field: &'static str) -> Result<(), Error> {
    let pfid: Pfid = text.parse().map_err(|_| Error::invalid(field, NO_PFID))?;
    if pfid == Places::of(&tenant.id, tenant.partition).pool {
        return Ok(());
    }
    Err(other_kind(pfid, tenant.partition, Kind::Pool).unwrap_or(Error::NotFound("pool")))
}

/// The complaint about an id of this partition that names something else than what is expected.
fn other_kind(pfid: Pfid, partition: Partition, expected: Kind) -> Option<Error> {
    let found = pfid.kind().filter(|_| pfid.partition() == partition)?;
    (found != expected).then(|| Error::unexpected_ref_type(expected, found))
}

/// A UUID of any version, in the one spelling that is an id; the nil UUID names nothing.
fn is_uuid(text: &str) -> bool {
    Uuid::try_parse(text).is_ok_and(|uuid| !uuid.is_nil() && uuid.hyphenated().to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Subject, TenantId};

    const ID: &str = "018d0cab-c440-7abc-8123-456789abcdef";

    fn ours() -> Partition {
        Partition::new(123_456_789).unwrap()
    }

    fn code(text: &str) -> &'static str {
        session_id(text, ours()).map_or_else(|error| error.code(), |_| "found")
    }

    #[test]
    fn a_session_is_named_by_either_spelling() {
        let id: SessionId = ID.parse().unwrap();
        for text in [ID.to_owned(), id.to_pfid(ours()).to_string()] {
            assert_eq!(session_id(&text, ours()).unwrap(), id);
        }
    }

    #[test]
    fn what_is_no_id_is_an_invalid_value_of_the_field() {
        let pfid = ID.parse::<SessionId>().unwrap().to_pfid(ours()).to_string();
        for text in [
            pfid.to_uppercase().as_str(),
            pfid.split_at(31).0,
            &format!("{pfid}0"),
            &format!(" {pfid}"),
            &format!("{pfid}\n"),
            "8zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
            "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii",
            &ID.to_uppercase(),
            &format!("{{{ID}}}"),
            &format!("urn:uuid:{ID}"),
            "00000000-0000-0000-0000-000000000000",
            "%30",
            "a/b",
            "\0",
            "\u{202e}",
            "",
            &"z".repeat(100_000),
        ] {
            let error = session_id(text, ours()).unwrap_err();
            let Error::InvalidValue(errors) = error else {
                panic!("{text}: {error}");
            };
            assert_eq!(errors.keys().collect::<Vec<_>>(), [&"session_id"]);
        }
    }

    #[test]
    fn an_id_of_ours_that_names_something_else_is_told_so_and_a_foreign_one_is_not_found() {
        let acme: TenantId = "acme".parse().unwrap();
        let places = Places::of(&acme, ours());
        let identity = Subject::new("alice").unwrap().client_id(&acme).to_pfid(ours());
        for other in [places.account, places.domain, places.pool, identity] {
            assert_eq!(code(&other.to_string()), "unexpected_ref_type");
        }
        let id: SessionId = ID.parse().unwrap();
        let theirs = id.to_pfid(Partition::new(1).unwrap());
        let foreign_pool = Places::of(&acme, Partition::new(1).unwrap()).pool;
        for foreign in [theirs, foreign_pool] {
            assert_eq!(code(&foreign.to_string()), "not_found");
        }
        // Tags nobody issued: the vendor's own examples are such.
        for unknown in [
            "013xrzp12g3nqk8nkv4y96wrbzje9dsr",
            "013xrzp12g3nqk8n0000000000000000",
            "00000000000000000000000000000000",
            "7zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
            // A UUID without hyphens is written in the alphabet of PFIDs, too.
            &ID.replace('-', ""),
        ] {
            assert_eq!(code(unknown), "not_found", "{unknown}");
        }
    }

    #[test]
    fn a_uuid_that_no_session_has_is_not_found() {
        for text in [
            "123e4567-e89b-12d3-a456-426614174000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
        ] {
            assert_eq!(code(text), "not_found");
        }
    }

    #[test]
    fn an_identity_is_named_by_pfid_or_client_id() {
        let acme: TenantId = "acme".parse().unwrap();
        let client = Subject::new("alice").unwrap().client_id(&acme);
        let named: ClientId = "550e8400-e29b-41d4-a716-446655440000".parse().unwrap();
        for text in [
            "550E8400-E29B-41D4-A716-446655440000",
            "550e8400e29b41d4a716446655440000",
            "{550e8400-e29b-41d4-a716-446655440000}",
            "urn:uuid:550e8400-e29b-41d4-a716-446655440000",
        ] {
            assert_eq!(identity(text, ours(), "x").unwrap(), Some(named), "{text}");
        }
        for text in [client.to_pfid(ours()).to_string(), client.to_string()] {
            assert_eq!(identity(&text, ours(), "x").unwrap(), Some(client));
        }
        let foreign = client.to_pfid(Partition::new(1).unwrap()).to_string();
        assert_eq!(identity(&foreign, ours(), "x").unwrap(), None);
        assert!(matches!(
            identity("alice", ours(), "x"),
            Err(Error::InvalidValue(_))
        ));
        let session = ID.parse::<SessionId>().unwrap().to_pfid(ours()).to_string();
        assert_eq!(
            identity(&session, ours(), "x").unwrap_err().code(),
            "unexpected_ref_type"
        );
    }
}
