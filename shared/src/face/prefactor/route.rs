//! What a request gets that no endpoint of this face takes.

use super::error::Error;
use crate::face::route::{Route, allowed};

/// The noun of the face. Its plural is bitcain's.
const PREFIX: &str = "/api/v1/session";

/// Whether a path belongs to this face.
pub fn owns(path: &str) -> bool {
    path.strip_prefix(PREFIX)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The answer to a request that matches none of `routes`.
pub fn unrouted(routes: &[Route<'_>], path: &str) -> Error {
    allowed(routes, path).map_or(Error::NotFound("path"), Error::MethodNotImplemented)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_face_owns_exactly_its_noun() {
        for path in [
            "/api/v1/session",
            "/api/v1/session/",
            "/api/v1/session/a/b/c",
            "/api/v1/session//",
        ] {
            assert!(owns(path), "{path}");
        }
        for path in [
            "/api/v1/sessions",
            "/api/v1/sessions/a",
            "/api/v1/sessio",
            "/v1/session",
            "/api/v1/Session",
            "/",
            "",
        ] {
            assert!(!owns(path), "{path}");
        }
    }

    #[test]
    fn a_path_without_the_method_names_those_it_has() {
        let routes = [
            Route {
                method: "GET",
                path: "/api/v1/session/{session_id}",
            },
            Route {
                method: "POST",
                path: "/api/v1/session/{session_id}/revoke",
            },
        ];
        for (path, methods) in [
            ("/api/v1/session/a", Some("GET")),
            ("/api/v1/session/a/revoke", Some("POST")),
            ("/api/v1/session/a/", None),
            ("/api/v1/session/a/finish", None),
        ] {
            match unrouted(&routes, path) {
                Error::MethodNotImplemented(found) => assert_eq!(Some(found.as_str()), methods),
                error => assert_eq!((error.code(), methods), ("not_found", None), "{path}"),
            }
        }
    }
}
