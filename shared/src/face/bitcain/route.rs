//! What a request gets that no endpoint of this face takes, as Starlette decides it.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use super::error::Error;
use crate::face::route::{Route, allowed};

/// What is encoded in the path of a redirect: all that Starlette encodes, and `%`, which it leaves.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/')
    .remove(b':')
    .remove(b'=')
    .remove(b'@')
    .remove(b'[')
    .remove(b']')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';');

/// A query is passed on as it came; what no header may hold is encoded.
const IN_QUERY: &AsciiSet = &CONTROLS.add(b' ');

/// The answer to a request that matches none of `routes`, the routes of this face.
///
/// `query` is the raw query string, empty when there is none.
pub fn unrouted(routes: &[Route<'_>], path: &str, query: &str) -> Error {
    if let Some(methods) = allowed(routes, path) {
        return Error::MethodNotAllowed(methods);
    }
    let bare = path.trim_end_matches('/');
    if bare != path && routes.iter().any(|route| route.has(bare)) {
        let separator = if query.is_empty() { "" } else { "?" };
        let path = utf8_percent_encode(bare, IN_PATH);
        let query = utf8_percent_encode(query, IN_QUERY);
        return Error::Redirect(format!("{path}{separator}{query}"));
    }
    Error::NotFound
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As FastAPI 0.165 with Starlette 1.10 answers the encoded path, but for `%`.
    #[test]
    fn a_redirect_leads_to_the_very_path_without_its_slash() {
        let routes = [Route {
            method: "DELETE",
            path: "/api/v1/sessions/{session_id}",
        }];
        for (decoded, query, location) in [
            ("a#b", "", "a%23b"),
            ("a?b", "", "a%3Fb"),
            ("a%b", "", "a%25b"),
            ("a%23b", "", "a%2523b"),
            ("a b", "", "a%20b"),
            ("\u{fc}", "", "%C3%BC"),
            ("a\"b", "", "a%22b"),
            ("a\\b", "", "a%5Cb"),
            ("a\r\nb", "", "a%0D%0Ab"),
            ("a|b", "", "a%7Cb"),
            ("a'b(c)*!~;+:@[]&=$,-._", "", "a'b(c)*!~;+:@[]&=$,-._"),
            ("a", "x=%23&y=a b%20c", "a?x=%23&y=a%20b%20c"),
            ("a", "x=\r\n", "a?x=%0D%0A"),
        ] {
            let path = format!("/api/v1/sessions/{decoded}/");
            let Error::Redirect(found) = unrouted(&routes, &path, query) else {
                panic!("{path}");
            };
            assert_eq!(found, format!("/api/v1/sessions/{location}"));
        }
    }

    #[test]
    fn a_redirect_never_leaves_this_host() {
        let routes = [Route {
            method: "DELETE",
            path: "/api/v1/sessions/{session_id}",
        }];
        for path in [
            "//evil.example/api/v1/sessions/a/",
            "/api/v1/sessions/a/b/",
            "///",
            "/api/v1/sessions//",
        ] {
            assert!(matches!(unrouted(&routes, path, ""), Error::NotFound), "{path}");
        }
    }
}
