//! What a request gets that no endpoint of this face takes, as Starlette decides it.

use super::error::Error;
use crate::face::route::{Route, allowed};

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
        return Error::Redirect(format!("{bare}{separator}{query}"));
    }
    Error::NotFound
}

#[cfg(test)]
mod tests {
    use super::*;

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
