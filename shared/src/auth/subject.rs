//! `Holdfast-Subject`: the user a backend acts for.

use super::Error;
use crate::model::{Scope, Scopes, Subject};

/// The header's name, as HTTP API events spell it.
pub const HEADER: &str = "holdfast-subject";

/// Longest header value, in bytes: 255 characters of four bytes, each percent-encoded.
const MAX_ENCODED: usize = Subject::MAX_CHARS * 4 * 3;

/// The subject that `values`, all the values of the header, name for a key with these scopes.
///
/// The text is percent-encoded UTF-8 (RFC 3986), since proxies disagree about everything in a header that is not
/// printable ASCII: letters of other scripts, `,` and `%` are written encoded.
pub(super) fn acts_for(values: &[&[u8]], scopes: Scopes) -> Result<Option<Subject>, Error> {
    if values.is_empty() {
        return Ok(None);
    }
    if !scopes.has(Scope::SessionsWrite) {
        return Err(Error::Forbidden(
            "Holdfast-Subject needs a key with the scope sessions:write",
        ));
    }
    let [value] = values else {
        return Err(Error::SubjectInvalid("Holdfast-Subject is given more than once"));
    };
    // HTTP API joins repeated headers with a comma, so a comma is a repeated header.
    if value.contains(&b',') {
        return Err(Error::SubjectInvalid(
            "Holdfast-Subject is given more than once, or has a comma that is not written %2C",
        ));
    }
    let Some(name) = decoded(value) else {
        return Err(Error::SubjectInvalid(
            "Holdfast-Subject is not percent-encoded UTF-8",
        ));
    };
    let subject = Subject::new(&name)
        .map_err(|_| Error::SubjectInvalid("Holdfast-Subject is not 1 to 255 characters without controls"))?;
    Ok(Some(subject))
}

/// Refuses the header beside a user's own token: a user is who the token says.
pub(super) fn refuse_for_user(values: &[&[u8]]) -> Result<(), Error> {
    if values.is_empty() {
        Ok(())
    } else {
        Err(Error::Forbidden(
            "Holdfast-Subject is for API keys; a user acts for itself",
        ))
    }
}

fn decoded(value: &[u8]) -> Option<String> {
    if MAX_ENCODED < value.len() || !value.iter().all(|c| (b' '..=b'~').contains(c)) {
        return None;
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.trim_ascii().iter().copied();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |c: Option<u8>| char::from(c?).to_digit(16);
            let code = digit(rest.next())? * 16 + digit(rest.next())?;
            bytes.push(u8::try_from(code).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(value: &str) -> Result<String, Error> {
        let scopes = [Scope::SessionsWrite].into_iter().collect();
        acts_for(&[value.as_bytes()], scopes).map(|it| it.unwrap().name().to_owned())
    }

    #[test]
    fn a_subject_is_percent_encoded_text() {
        let longest = "%F0%9F%A6%80".repeat(255);
        for (value, name) in [
            ("alice", "alice"),
            ("  alice ", "alice"),
            ("alice smith", "alice smith"),
            ("auth0|123", "auth0|123"),
            ("alice+tag@example.com", "alice+tag@example.com"),
            ("J%C3%BCrgen", "J\u{fc}rgen"),
            ("j%c3%bcrgen", "j\u{fc}rgen"),
            ("Doe%2C%20Jane", "Doe, Jane"),
            ("100%25", "100%"),
            ("a%2541", "a%41"),
            ("acme#U#x", "acme#U#x"),
            (longest.as_str(), &"\u{1f980}".repeat(255)),
        ] {
            assert_eq!(named(value).unwrap(), name, "{value}");
        }
    }

    #[test]
    fn what_is_no_subject_is_a_client_error() {
        let long = "a".repeat(256);
        let very_long = "a".repeat(100_000);
        let long_encoded = "%F0%9F%A6%80".repeat(256);
        for value in [
            "",
            "   ",
            "alice, bob",
            "alice,alice",
            ",",
            "%",
            "%4",
            "%zz",
            "100%",
            "a%+1",
            "%00",
            "a%0d%0ab",
            "a%7F",
            "a%C2%85",
            "%ff",
            "%C3",
            "%ED%A0%80",
            "%C0%AF",
            "J\u{fc}rgen",
            "a\tb",
            "a\nb",
            "a\0b",
            &long,
            &very_long,
            &long_encoded,
        ] {
            assert!(matches!(named(value), Err(Error::SubjectInvalid(_))), "{value:?}");
        }
    }

    #[test]
    fn two_headers_are_refused_even_when_they_agree() {
        let scopes = [Scope::SessionsWrite].into_iter().collect();
        let twice = acts_for(&[b"alice".as_slice(), b"alice"], scopes);
        assert!(matches!(twice, Err(Error::SubjectInvalid(_))));
    }

    #[test]
    fn only_a_key_that_may_write_acts_for_a_user() {
        for scope in Scope::ALL {
            let allowed = acts_for(&[b"alice".as_slice()], [scope].into_iter().collect()).is_ok();
            assert_eq!(allowed, scope == Scope::SessionsWrite, "{scope:?}");
            assert_eq!(acts_for(&[], [scope].into_iter().collect()).unwrap(), None);
        }
        assert!(matches!(
            refuse_for_user(&[b"alice".as_slice()]),
            Err(Error::Forbidden(_))
        ));
        assert!(refuse_for_user(&[]).is_ok());
    }
}
