//! What a list is asked for.

use std::collections::BTreeMap;

use super::error::{Error, Fields};
use super::id;
use super::page::{Page, REACH};
use crate::auth::{Caller, Who};
use crate::model::SubjectKey;

/// Whose sessions, and which of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListInput {
    /// Whose; nobody's when an identity of another tenant was named.
    pub subject: Option<SubjectKey>,
    /// Which of them.
    pub page: Page,
}

/// The parameters that are read, in the spelling that errors use, and their other spelling.
const PARAMETERS: [(&str, &str); 5] = [
    (IDENTITY, ""),
    (POOL, ""),
    (SORTING, ""),
    (PAGE_SIZE, "page_size"),
    (OFFSET, "offset"),
];
const IDENTITY: &str = "authenticated_identity_id";
const POOL: &str = "pool_id";
const SORTING: &str = "sorting";
const PAGE_SIZE: &str = "pagination[page_size]";
const OFFSET: &str = "pagination[offset]";

/// The one order there is: the sessions opened last come first.
const NEWEST_FIRST: &str = "-first_seen";

impl ListInput {
    /// Reads a query string as it was sent, without `?`. Parameters that mean nothing here are ignored.
    ///
    /// # Errors
    /// `invalid_value` with all fields that are not what they should be; then, one at a time, `unexpected_ref_type`,
    /// `not_found`, `not_permitted`, `required_value` and `not_implemented` about whose sessions are meant.
    pub fn read(query: &str, caller: &Caller) -> Result<Self, Error> {
        let mut errors = Fields::new();
        let sent = sent(query, &mut errors);
        let mut number = |name: &'static str, least: u16, most: u16, usual: u16| {
            let Some(text) = sent.get(name) else {
                return usual;
            };
            let digits = (1..=5).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
            let read = text.parse().ok().filter(|_| digits);
            if let Some(number) = read.filter(|it| (least..=most).contains(it)) {
                return number;
            }
            let told = format!("must be an integer from {least} to {most}");
            errors.entry(name).or_default().push(told);
            usual
        };
        let page = Page {
            size: number(PAGE_SIZE, 1, Page::LARGEST, Page::USUAL),
            offset: number(OFFSET, 0, REACH - 1, 0),
        };
        if sent.get(SORTING).is_some_and(|it| it != NEWEST_FIRST) {
            let told = format!("must be {NEWEST_FIRST}, the newest first");
            errors.entry(SORTING).or_default().push(told);
        }
        if !errors.is_empty() {
            return Err(Error::InvalidValue(errors));
        }
        if let Some(text) = sent.get(POOL) {
            id::pool(text, &caller.tenant, POOL)?;
        }
        let subject = subject(&sent, caller)?;
        Ok(Self { subject, page })
    }
}

/// The parameters that were sent, by the spelling that errors use.
fn sent(query: &str, errors: &mut Fields) -> BTreeMap<&'static str, String> {
    let mut sent = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let known = PARAMETERS
            .iter()
            .find(|(spelled, other)| *spelled == name || (!other.is_empty() && *other == name));
        if let Some((spelled, _)) = known
            && sent.insert(*spelled, value.into_owned()).is_some()
        {
            let told = "must be given once".to_owned();
            errors.entry(spelled).or_default().push(told);
        }
    }
    sent
}

/// Whose sessions are meant.
fn subject(sent: &BTreeMap<&'static str, String>, caller: &Caller) -> Result<Option<SubjectKey>, Error> {
    let own = caller.subject().map(|subject| subject.key(&caller.tenant.id));
    let Some(text) = sent.get(IDENTITY) else {
        return match own {
            None if sent.contains_key(POOL) => Err(Error::NotImplemented(
                "a whole pool is not listed; name one of its identities in authenticated_identity_id",
            )),
            None => caller.require_subject().map(|_| None).map_err(Error::from),
            own => Ok(own),
        };
    };
    let named = id::identity(text, caller.tenant.partition, IDENTITY)?.map(crate::model::ClientId::key);
    match (&caller.who, own) {
        (_, own) if own.is_none() || named == own => Ok(named),
        (Who::User { .. }, _) => Err(Error::NotPermitted("a user lists its own sessions")),
        (Who::Key { .. }, _) => Err(Error::NotPermitted("Holdfast-Subject names another user")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::testing::{acme, key_caller, user_caller};
    use crate::model::{ClientId, Places, Scope, Subject};

    fn client(name: &str) -> ClientId {
        Subject::new(name).unwrap().client_id(&acme().id)
    }

    fn backend() -> Caller {
        key_caller("k1", [Scope::SessionsWrite])
    }

    fn backend_for(name: &str) -> Caller {
        Caller {
            tenant: acme(),
            who: Who::Key {
                id: "k1".to_owned(),
                scopes: [Scope::SessionsWrite].into_iter().collect(),
                acts_for: Some(Subject::new(name).unwrap()),
            },
        }
    }

    fn alice() -> Caller {
        user_caller("https://issuer.example.com", "alice", 1000)
    }

    fn code(query: &str, caller: &Caller) -> &'static str {
        ListInput::read(query, caller).map_or_else(|error| error.code(), |_| "read")
    }

    #[test]
    fn pages_are_asked_for_in_either_spelling() {
        for (query, size, offset) in [
            ("", 20, 0),
            ("page_size=5", 5, 0),
            ("pagination[page_size]=5&pagination[offset]=10", 5, 10),
            (
                "pagination%5Bpage_size%5D=100&pagination%5Boffset%5D=999",
                100,
                999,
            ),
            ("page_size=1&offset=0&anything=else&&=&x", 1, 0),
            ("sorting=-first_seen", 20, 0),
        ] {
            let input = ListInput::read(query, &alice()).unwrap();
            assert_eq!(input.page, Page { size, offset }, "{query}");
        }
    }

    #[test]
    fn all_that_is_invalid_is_told_at_once() {
        let query = "page_size=0&offset=-1&sorting=status";
        let Err(Error::InvalidValue(errors)) = ListInput::read(query, &alice()) else {
            panic!("{query}");
        };
        assert_eq!(
            errors.into_keys().collect::<Vec<_>>(),
            ["pagination[offset]", "pagination[page_size]", "sorting"]
        );
        for query in [
            "page_size=101",
            "page_size=",
            "page_size=1e1",
            "page_size=%31%30%30%31",
            "page_size=99999999999999999999",
            "page_size=+5",
            "page_size=5&page_size=5",
            "page_size=5&pagination[page_size]=5",
            "offset=1000",
            "offset=%00",
            "offset=%ff",
            "sorting=first_seen",
            "sorting=-last_seen",
            "sorting=id",
            "sorting=",
            "authenticated_identity_id=alice",
            "authenticated_identity_id=",
            "pool_id=x",
        ] {
            assert_eq!(code(query, &backend()), "invalid_value", "{query}");
        }
    }

    #[test]
    fn a_user_lists_its_own_and_a_backend_whom_it_names() {
        let key = |name| Some(client(name).key());
        let pfid = client("alice").to_pfid(acme().partition);
        let by_pfid = format!("authenticated_identity_id={pfid}");
        let by_uuid = format!("authenticated_identity_id={}", client("alice"));
        let subject = |query: &str, caller: &Caller| ListInput::read(query, caller).unwrap().subject;
        assert_eq!(subject("", &alice()), key("alice"));
        assert_eq!(subject("", &backend_for("bob")), key("bob"));
        for query in [&by_pfid, &by_uuid] {
            for caller in [alice(), backend(), backend_for("alice")] {
                assert_eq!(subject(query, &caller), key("alice"), "{caller:?}");
            }
            let bob = user_caller("https://issuer.example.com", "bob", 1000);
            assert_eq!(code(query, &bob), "not_permitted");
            assert_eq!(code(query, &backend_for("bob")), "not_permitted");
        }
        let foreign = client("alice").to_pfid(crate::model::Partition::new(1).unwrap());
        let query = format!("authenticated_identity_id={foreign}");
        assert_eq!(subject(&query, &backend()), None);
        assert_eq!(code(&query, &alice()), "not_permitted");
    }

    #[test]
    fn whom_is_to_be_said_and_a_pool_is_too_much() {
        let places = Places::of(&acme().id, acme().partition);
        let pool = format!("pool_id={}", places.pool);
        assert_eq!(code("", &backend()), "required_value");
        assert_eq!(code(&pool, &backend()), "not_implemented");
        assert_eq!(code(&pool, &alice()), "read");
        assert_eq!(
            code(&format!("pool_id={}", places.domain), &alice()),
            "unexpected_ref_type"
        );
        let foreign = Places::of(&"other".parse().unwrap(), acme().partition).pool;
        assert_eq!(code(&format!("pool_id={foreign}"), &alice()), "not_found");
        let query = format!("authenticated_identity_id={}", places.pool);
        assert_eq!(code(&query, &backend()), "unexpected_ref_type");
    }
}
