//! Who a listener of this machine answers: programs, and pages that the listener serves itself.
//!
//! A page of any site can send requests to loopback ports, and can have a name of its own for them (DNS rebinding). Its
//! requests are told apart by what the browser says in them and no script can change: `Host`, `Origin`, `Referer` and
//! `Sec-Fetch-Site`. Nothing here answers with `Access-Control-*`, so a preflight permits nothing.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use axum::body::Body;
use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri, header};
use axum::middleware::Next;

/// Headers of browsers that programs do not send. `Sec-Fetch-Mode` is not one: Node's `fetch` sends it.
const OF_BROWSERS: [HeaderName; 7] = [
    header::ORIGIN,
    header::REFERER,
    header::ACCESS_CONTROL_REQUEST_METHOD,
    header::ACCESS_CONTROL_REQUEST_HEADERS,
    HeaderName::from_static("access-control-request-private-network"),
    SEC_FETCH_SITE,
    HeaderName::from_static("sec-fetch-dest"),
];
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The names under which containers reach their host with Docker and with Podman. Nobody can register `.internal`.
const HOSTS_OF_CONTAINERS: [&str; 2] = ["host.docker.internal", "host.containers.internal"];

/// Why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// It is for a name that is not this machine's.
    Name,
    /// A page of another origin sent it.
    Origin,
    /// A page sent it that is not the one served here, or a page where only programs may ask.
    Page,
}

/// The names a listener is asked under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// `localhost` and loopback addresses.
    Loopback,
    /// Also any other address, and the names of a container's host. An address is in no DNS, so it cannot be rebound.
    Containers,
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "The request is not for a name of this machine.",
            Self::Origin => "The request comes from another origin.",
            Self::Page => "The request comes from a page that may not ask here.",
        })
    }
}

impl Foreign {
    /// The answer that says so, and permits nothing.
    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(format!("{self}\n")));
        *response.status_mut() = StatusCode::FORBIDDEN;
        let kind = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

/// The host that a request is for, when it is one of `names`.
pub(crate) fn host(uri: &Uri, headers: &HeaderMap, names: Names) -> Result<Authority, Foreign> {
    let text = only(headers, &header::HOST).ok_or(Foreign::Name)?;
    let host: Authority = text.parse().map_err(|_| Foreign::Name)?;
    // A target in absolute form says the host once more, and it is that one which counts (RFC 9112, 3.2.2).
    let agrees = uri.authority().is_none_or(|target| {
        uri.scheme_str() == Some("http") && target.as_str().eq_ignore_ascii_case(host.as_str())
    });
    if agrees && names.contain(&host) {
        Ok(host)
    } else {
        Err(Foreign::Name)
    }
}

/// Lets in what is for one of `names` and no page sent.
pub(crate) fn program(uri: &Uri, headers: &HeaderMap, names: Names) -> Result<(), Foreign> {
    host(uri, headers, names)?;
    let agents = headers.get_all(header::USER_AGENT);
    // What old browsers send with an image's request, when they send nothing else of themselves.
    let is_browser = agents.iter().any(|it| it.as_bytes().starts_with(b"Mozilla/"));
    if is_browser || OF_BROWSERS.iter().any(|name| headers.contains_key(name)) {
        return Err(Foreign::Page);
    }
    Ok(())
}

/// Lets in programs, pages of the host's own origin, and whoever follows a link from elsewhere.
pub(crate) fn visitor(uri: &Uri, headers: &HeaderMap) -> Result<(), Foreign> {
    let host = host(uri, headers, Names::Loopback)?;
    let own = format!("http://{host}");
    let is_own = |origin: &HeaderValue| origin.as_bytes().eq_ignore_ascii_case(own.as_bytes());
    if headers.get_all(header::ORIGIN).iter().all(is_own) {
        Ok(())
    } else {
        Err(Foreign::Origin)
    }
}

/// Lets in programs, and pages of the host's own origin.
pub(crate) fn own_page(uri: &Uri, headers: &HeaderMap) -> Result<(), Foreign> {
    visitor(uri, headers)?;
    if headers
        .get_all(SEC_FETCH_SITE)
        .iter()
        .all(|it| it == "same-origin")
    {
        Ok(())
    } else {
        Err(Foreign::Page)
    }
}

/// The layer of services that only programs of this machine may ask.
pub(crate) async fn programs(request: Request, next: Next) -> Response<Body> {
    match program(request.uri(), request.headers(), Names::Loopback) {
        Ok(()) => next.run(request).await,
        Err(foreign) => foreign.into_response(),
    }
}

/// The value of a header that was sent once.
pub(crate) fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

impl Names {
    fn contain(self, authority: &Authority) -> bool {
        let host = authority.host();
        // Exactly a host and perhaps a port: no user, no port that is none.
        let spelled = match authority.port_u16() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        if spelled != authority.as_str() {
            return false;
        }
        let v6 = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        let address = match v6 {
            Some(v6) => v6.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            None => host.parse().ok(),
        };
        let is = |name: &&str| host.eq_ignore_ascii_case(name);
        match (self, address) {
            (Self::Loopback, Some(address)) => address.is_loopback(),
            (Self::Containers, Some(_)) => true,
            (Self::Loopback, None) => is(&"localhost"),
            (Self::Containers, None) => is(&"localhost") || HOSTS_OF_CONTAINERS.iter().any(is),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pairs = &'static [(&'static str, &'static str)];

    fn headers(pairs: Pairs) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    fn uri(text: &'static str) -> Uri {
        Uri::from_static(text)
    }

    #[test]
    fn names_of_this_machine_are_known_by_every_spelling_a_client_sends() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:8787",
            "127.1.2.3:8787",
            "localhost",
            "LocalHost:8787",
            "[::1]",
            "[::1]:8787",
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
            for names in [Names::Loopback, Names::Containers] {
                assert!(super::host(&uri("/"), &headers, names).is_ok(), "{host}");
            }
        }
    }

    #[test]
    fn other_names_are_refused_whoever_asks() {
        let table: [Pairs; 23] = [
            &[],
            &[("host", "")],
            &[("host", "evil.example")],
            &[("host", "evil.example:8787")],
            &[("host", "localhost.")],
            &[("host", "localhost.:8787")],
            &[("host", "localhost.evil.example")],
            &[("host", "evil.localhost")],
            &[("host", "127.0.0.1.evil.example")],
            &[("host", "127.0.0.1.")],
            &[("host", "127.0.0.1@evil.example")],
            &[("host", "evil.example@127.0.0.1")],
            &[("host", "localhost:evil")],
            &[("host", "localhost:")],
            &[("host", "localhost:08787")],
            &[("host", "localhost:99999")],
            &[("host", "localhost,evil.example")],
            &[("host", "localhost evil.example")],
            &[("host", "[::1")],
            &[("host", "[evil.example]")],
            &[("host", "localhost"), ("host", "evil.example")],
            &[("host", "localhost"), ("host", "localhost")],
            // Browsers reach this machine under it, and do not count it as one they trust.
            &[("host", "localhost.localdomain:8787")],
        ];
        for pairs in table {
            for names in [Names::Loopback, Names::Containers] {
                let found = program(&uri("/"), &headers(pairs), names);
                assert_eq!(found, Err(Foreign::Name), "{pairs:?}");
            }
            assert_eq!(
                own_page(&uri("/"), &headers(pairs)),
                Err(Foreign::Name),
                "{pairs:?}"
            );
        }
    }

    #[test]
    fn only_the_listener_of_containers_knows_their_names_and_other_addresses() {
        let table: [Pairs; 6] = [
            &[("host", "0.0.0.0:8000")],
            &[("host", "172.17.0.1:8000")],
            &[("host", "[fd00::1]:8000")],
            &[("host", "[::ffff:127.0.0.1]:8000")],
            &[("host", "host.docker.internal:8000")],
            &[("host", "host.containers.internal")],
        ];
        for pairs in table {
            let headers = headers(pairs);
            assert!(
                program(&uri("/"), &headers, Names::Containers).is_ok(),
                "{pairs:?}"
            );
            let found = program(&uri("/"), &headers, Names::Loopback);
            assert_eq!(found, Err(Foreign::Name), "{pairs:?}");
        }
    }

    #[test]
    fn a_target_in_absolute_form_names_the_same_host() {
        let headers = headers(&[("host", "127.0.0.1:8787")]);
        let table = [
            ("http://127.0.0.1:8787/x", true),
            ("HTTP://127.0.0.1:8787/x", true),
            ("http://evil.example/x", false),
            ("http://localhost:8787/x", false),
            ("http://127.0.0.1:8788/x", false),
            ("https://127.0.0.1:8787/x", false),
            ("http://user@127.0.0.1:8787/x", false),
            // The target of CONNECT.
            ("127.0.0.1:8787", false),
        ];
        for (target, expected) in table {
            let found = host(&uri(target), &headers, Names::Loopback);
            assert_eq!(found.is_ok(), expected, "{target}");
        }
    }

    #[test]
    fn where_programs_ask_no_page_may_not_even_ones_own() {
        let table: [Pairs; 9] = [
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[("origin", "http://127.0.0.1:8787")],
            &[("origin", "")],
            &[("referer", "https://evil.example/")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "none"), ("sec-fetch-dest", "document")],
            &[("access-control-request-method", "POST")],
            &[("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Safari/605")],
        ];
        for pairs in table {
            let mut headers = headers(pairs);
            headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:8787"));
            for names in [Names::Loopback, Names::Containers] {
                let found = program(&uri("/"), &headers, names);
                assert_eq!(found, Err(Foreign::Page), "{pairs:?}");
            }
        }
        let node = headers(&[
            ("host", "127.0.0.1:8787"),
            ("sec-fetch-mode", "cors"),
            ("user-agent", "node"),
        ]);
        assert_eq!(program(&uri("/"), &node, Names::Loopback), Ok(()));
    }

    #[test]
    fn the_page_itself_and_programs_are_let_in() {
        let table: [Pairs; 6] = [
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
            assert_eq!(own_page(&uri("/"), &headers(pairs)), Ok(()), "{pairs:?}");
        }
    }

    #[test]
    fn pages_of_other_origins_are_refused_and_links_are_followed() {
        let origins: [Pairs; 7] = [
            &[("origin", "http://localhost:3000")],
            &[("origin", "https://localhost:8787")],
            &[("origin", "http://127.0.0.1:8787")],
            &[("origin", "http://localhost:8787.evil.example")],
            &[("origin", "null")],
            &[("origin", "")],
            &[
                ("origin", "http://localhost:8787"),
                ("origin", "https://evil.example"),
            ],
        ];
        for pairs in origins {
            let mut headers = headers(pairs);
            headers.insert(header::HOST, HeaderValue::from_static("localhost:8787"));
            assert_eq!(visitor(&uri("/"), &headers), Err(Foreign::Origin), "{pairs:?}");
            assert_eq!(own_page(&uri("/"), &headers), Err(Foreign::Origin), "{pairs:?}");
        }
        for site in ["cross-site", "same-site", "none", "other"] {
            let headers = HeaderMap::from_iter([
                (header::HOST, HeaderValue::from_static("localhost:8787")),
                (SEC_FETCH_SITE, HeaderValue::from_static(site)),
            ]);
            assert_eq!(visitor(&uri("/"), &headers), Ok(()), "{site}");
            assert_eq!(own_page(&uri("/"), &headers), Err(Foreign::Page), "{site}");
        }
    }
}
