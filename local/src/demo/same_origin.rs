//! Whether a request comes from the page: nobody else's page may use what the backend's API key opens.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::problem::Problem;

/// Largest body.
const MAX_BODY: usize = 16 * 1024;

/// Refuses what pages of other origins send, also those that were given a name of this machine.
pub(super) fn check(headers: &HeaderMap) -> Result<(), Problem> {
    let host = only(headers, &header::HOST)
        .and_then(|it| it.parse::<Authority>().ok())
        .filter(is_loopback)
        .ok_or(Problem::Foreign("The request is not for a name of this machine."))?;
    let own = format!("http://{host}");
    let is_own = |origin: &HeaderValue| origin.as_bytes().eq_ignore_ascii_case(own.as_bytes());
    if !headers.get_all(header::ORIGIN).iter().all(is_own) {
        return Err(Problem::Foreign("The request comes from another origin."));
    }
    let site = HeaderName::from_static("sec-fetch-site");
    if !headers.get_all(site).iter().all(|it| it == "same-origin") {
        return Err(Problem::Foreign("The request does not come from the page."));
    }
    Ok(())
}

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

/// The value of a header that was sent once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host();
    let is_plain = !authority.as_str().contains('@');
    let v6 = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let address = match v6 {
        Some(v6) => v6.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse().ok(),
    };
    is_plain && (host.eq_ignore_ascii_case("localhost") || address.is_some_and(|it| it.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn the_page_itself_and_tools_of_this_machine_are_let_in() {
        let table: [&[(&str, &str)]; 6] = [
            &[("host", "127.0.0.1:8787")],
            &[("host", "localhost")],
            &[("host", "[::1]:8787")],
            &[("host", "localhost:8787"), ("origin", "http://localhost:8787")],
            &[("host", "LOCALHOST:8787"), ("origin", "http://localhost:8787")],
            &[
                ("host", "127.0.0.1:8787"),
                ("origin", "http://127.0.0.1:8787"),
                ("sec-fetch-site", "same-origin"),
            ],
        ];
        for pairs in table {
            assert_eq!(check(&headers(pairs)), Ok(()), "{pairs:?}");
        }
    }

    #[test]
    fn everybody_else_is_refused() {
        let table: [&[(&str, &str)]; 15] = [
            &[],
            &[("host", "")],
            &[("host", "example.com")],
            &[("host", "203.0.113.7:8787")],
            // A name somebody else gives to this machine (DNS rebinding).
            &[
                ("host", "rebound.example.com:8787"),
                ("origin", "http://rebound.example.com:8787"),
            ],
            &[("host", "localhost.example.com")],
            &[("host", "user@localhost")],
            &[("host", "localhost"), ("host", "example.com")],
            &[("host", "localhost:8787"), ("origin", "http://localhost:3000")],
            &[("host", "localhost:8787"), ("origin", "https://localhost:8787")],
            &[("host", "localhost:8787"), ("origin", "http://127.0.0.1:8787")],
            &[("host", "localhost:8787"), ("origin", "null")],
            &[("host", "localhost:8787"), ("sec-fetch-site", "cross-site")],
            &[("host", "localhost:8787"), ("sec-fetch-site", "same-site")],
            &[("host", "localhost:8787"), ("sec-fetch-site", "none")],
        ];
        for pairs in table {
            assert!(
                matches!(check(&headers(pairs)), Err(Problem::Foreign(_))),
                "{pairs:?}"
            );
        }
    }

    #[test]
    fn bodies_are_json_and_small() {
        let json_of = |kind, body| json(&headers(&[("content-type", kind)]), body).map(<[u8]>::len);
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
