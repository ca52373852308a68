//! The token in a body.

use super::error::Error;
use crate::face::json::{self, Value};

/// The raw token of `/token/v1`: the body whatever its content type says, without ASCII whitespace around it.
///
/// # Errors
/// [`Error::NoBody`] when nothing is left.
pub fn raw_token(body: &[u8]) -> Result<&[u8], Error> {
    let token = body.trim_ascii();
    if token.is_empty() {
        return Err(Error::NoBody);
    }
    Ok(token)
}

/// The token of `/token/v2/verify`: raw, or as `{"token": "..."}`.
///
/// # Errors
/// [`Error::Invalid`] when there is none.
pub fn wrapped_token(body: &[u8]) -> Result<Vec<u8>, Error> {
    let body = body.trim_ascii();
    match body.first() {
        None => Err(Error::invalid("token", "must be there")),
        Some(b'{') => {
            let value =
                json::parse(body).map_err(|_| Error::invalid("body", "must be JSON with distinct keys"))?;
            match value.get("token") {
                Some(Value::Text(token)) => Ok(token.trim_ascii().into()),
                _ => Err(Error::invalid("token", "must be a string")),
            }
        }
        Some(_) => Ok(body.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whitespace_around_a_token_is_not_part_of_it() {
        for body in ["a.b.c", "a.b.c\n", "\r\n a.b.c\t "] {
            assert_eq!(raw_token(body.as_bytes()).unwrap(), b"a.b.c");
            assert_eq!(wrapped_token(body.as_bytes()).unwrap(), b"a.b.c");
        }
        for body in ["", " \r\n"] {
            assert!(matches!(raw_token(body.as_bytes()), Err(Error::NoBody)));
            assert!(wrapped_token(body.as_bytes()).is_err());
        }
    }

    #[test]
    fn a_token_may_be_wrapped_where_a_key_is_asked_for() {
        assert_eq!(
            wrapped_token(br#" {"token": "a.b.c\n", "more": 1}"#).unwrap(),
            b"a.b.c"
        );
        for body in ["{}", r#"{"token":1}"#, r#"{"token":"a","token":"b"}"#, "{"] {
            assert!(
                matches!(wrapped_token(body.as_bytes()), Err(Error::Invalid(_))),
                "{body}"
            );
        }
    }
}
