//! The bearer in `Authorization` (RFC 6750) and what kind of credential it is.

use lambda_http::http::HeaderMap;

use super::Error;

/// Longest bearer, in bytes. Tokens of real issuers stay far below it.
pub(super) const MAX_LENGTH: usize = 8 * 1024;

/// The headers of a request.
pub trait Headers {
    /// All values of the header of this name, which is given in lower case.
    fn all(&self, name: &str) -> Vec<&[u8]>;
}

impl Headers for HeaderMap {
    fn all(&self, name: &str) -> Vec<&[u8]> {
        self.get_all(name)
            .iter()
            .map(lambda_http::http::HeaderValue::as_bytes)
            .collect()
    }
}

impl Headers for [(&str, &str)] {
    fn all(&self, name: &str) -> Vec<&[u8]> {
        self.iter()
            .filter(|(its, _)| its.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_bytes())
            .collect()
    }
}

/// Headers in which `x-api-key: id:secret` is as good as `Authorization: Bearer id:secret`.
pub struct KeyHeader<'h, H: ?Sized> {
    headers: &'h H,
    bearer: Option<Vec<u8>>,
}

impl<'h, H: Headers + ?Sized> KeyHeader<'h, H> {
    /// The same headers.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there are two credentials.
    pub fn of(headers: &'h H) -> Result<Self, Error> {
        let bearer = match (
            headers.all("x-api-key").as_slice(),
            headers.all("authorization").as_slice(),
        ) {
            ([], _) => None,
            ([key], []) => Some([b"Bearer ", *key].concat()),
            // Which of two credentials counts is a question an attacker likes to ask.
            _ => return Err(Error::Invalid),
        };
        Ok(Self { headers, bearer })
    }
}

impl<H: Headers + ?Sized> Headers for KeyHeader<'_, H> {
    fn all(&self, name: &str) -> Vec<&[u8]> {
        match &self.bearer {
            Some(bearer) if name == "authorization" => vec![bearer],
            _ => self.headers.all(name),
        }
    }
}

/// The kinds of bearer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bearer<'r> {
    /// Three parts joined by dots: a JWT.
    Token(&'r str),
    /// An API key.
    Key {
        /// The part before the first colon.
        id: &'r str,
        /// The part behind it.
        secret: &'r str,
    },
}

/// Reads the bearer from `values`, all the values of `Authorization`.
pub(super) fn read<'r>(values: &[&'r [u8]]) -> Result<Bearer<'r>, Error> {
    let value = match values {
        [] => return Err(Error::Missing),
        [value] => value,
        // Which of two credentials counts is a question an attacker likes to ask.
        _ => return Err(Error::Invalid),
    };
    let (scheme, credential) = match value.iter().position(|c| *c == b' ') {
        Some(end) => value.split_at(end),
        None => (*value, [].as_slice()),
    };
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Err(Error::Missing);
    }
    let credential = credential.trim_ascii();
    if credential.is_empty() {
        return Err(Error::Missing);
    }
    // A comma is how HTTP API joins two headers, and no credential has one.
    let plain = |c: &u8| c.is_ascii_graphic() && *c != b',';
    if MAX_LENGTH < credential.len() || !credential.iter().all(plain) {
        return Err(Error::Invalid);
    }
    let text = std::str::from_utf8(credential).map_err(|_| Error::Invalid)?;
    if text.bytes().filter(|c| *c == b'.').count() == 2 {
        return Ok(Bearer::Token(text));
    }
    let (id, secret) = text.split_once(':').ok_or(Error::Invalid)?;
    Ok(Bearer::Key { id, secret })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(value: &str) -> &'static str {
        match read(&[value.as_bytes()]) {
            Ok(Bearer::Token(_)) => "token",
            Ok(Bearer::Key { .. }) => "key",
            Err(Error::Missing) => "missing",
            Err(Error::Invalid) => "invalid",
            Err(_) => "another error",
        }
    }

    #[test]
    fn a_bearer_is_told_by_its_shape() {
        let longest = format!("Bearer {}.b.c", "a".repeat(MAX_LENGTH - 4));
        let too_long = format!("Bearer {}.b.c", "a".repeat(MAX_LENGTH - 3));
        for (value, expected) in [
            ("Bearer a.b.c", "token"),
            ("bearer a.b.c", "token"),
            ("BEARER   a.b.c ", "token"),
            ("Bearer a.b.", "token"),
            ("Bearer a:b.c.d", "token"),
            (longest.as_str(), "token"),
            ("Bearer id:secret", "key"),
            ("Bearer id:se.cret", "key"),
            ("Bearer id:a:b", "key"),
            ("", "missing"),
            ("Bearer", "missing"),
            ("Bearer ", "missing"),
            ("Basic a:b", "missing"),
            ("a.b.c", "missing"),
            ("Bearer\ta.b.c", "missing"),
            ("Bearer opaque", "invalid"),
            ("Bearer a.b", "invalid"),
            ("Bearer a.b.c.d.e", "invalid"),
            ("Bearer a.b.c, Bearer d.e.f", "invalid"),
            ("Bearer a.b.c,d", "invalid"),
            ("Bearer a .b.c", "invalid"),
            ("Bearer a.b.\u{e4}", "invalid"),
            ("Bearer a.b.c\0", "invalid"),
            (too_long.as_str(), "invalid"),
        ] {
            assert_eq!(kind(value), expected, "{value:?}");
        }
    }

    #[test]
    fn a_key_has_a_header_of_its_own_and_two_credentials_are_none() {
        let read = |headers: &[(&str, &str)]| {
            let headers = KeyHeader::of(headers)?;
            read(&headers.all("authorization")).map(|bearer| bearer == Bearer::Key { id: "a", secret: "b" })
        };
        assert!(read(&[("x-api-key", "a:b")]).unwrap());
        assert!(read(&[("authorization", "Bearer a:b")]).unwrap());
        for two in [
            [("x-api-key", "a:b"), ("authorization", "Bearer a:b")],
            [("x-api-key", "a:b"), ("X-Api-Key", "a:b")],
        ] {
            assert!(matches!(read(&two), Err(Error::Invalid)));
        }
        assert!(matches!(read(&[]), Err(Error::Missing)));
    }

    #[test]
    fn of_two_authorizations_none_counts() {
        let twice = [("Authorization", "Bearer a:b"), ("authorization", "Bearer a:b")];
        assert!(matches!(
            read(&twice.as_slice().all("authorization")),
            Err(Error::Invalid)
        ));
        assert!(matches!(read(&[]), Err(Error::Missing)));
    }
}
