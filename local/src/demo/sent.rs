//! What the page sends: small JSON.

use axum::http::{HeaderMap, header};

use super::problem::Problem;
use crate::guard::only;

/// Largest body.
const MAX_BODY: usize = 16 * 1024;

/// The body, when it is small and sent as JSON, which forms of other sites cannot.
pub(super) fn json<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<&'a [u8], Problem> {
    let kind = only(headers, &header::CONTENT_TYPE).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::NotJson);
    }
    if MAX_BODY < body.len() {
        return Err(Problem::TooLarge);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn bodies_are_json_and_small() {
        let json_of = |kind, body| {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
            json(&headers, body).map(<[u8]>::len)
        };
        let most = vec![b' '; MAX_BODY];
        assert_eq!(json_of("application/json", &most), Ok(MAX_BODY));
        let more = vec![b' '; MAX_BODY + 1];
        assert_eq!(json_of("application/json", &more), Err(Problem::TooLarge));
        assert_eq!(json_of("Application/JSON; charset=utf-8", b"{}"), Ok(2));
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "application/json-patch+json",
            "",
        ] {
            assert_eq!(json_of(kind, b"{}"), Err(Problem::NotJson), "{kind}");
        }
        assert_eq!(json(&HeaderMap::new(), b"{}"), Err(Problem::NotJson));
    }
}
