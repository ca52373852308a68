//! What a request gets that no endpoint of this face takes, as Starlette decides it.

use super::error::Error;

/// One route of the face: a method and a path whose `{name}` segments stand for any one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route<'a> {
    /// The method, upper case.
    pub method: &'a str,
    /// The path as the template spells it, `/api/v1/sessions/{session_id}`.
    pub path: &'a str,
}

impl Route<'_> {
    fn has_parameter(&self) -> bool {
        self.path.contains('{')
    }

    pub(super) fn has(&self, path: &str) -> bool {
        let (mut ours, mut theirs) = (self.path.split('/'), path.split('/'));
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some(name), Some(segment)) if name.starts_with('{') && !segment.is_empty() => {}
                (Some(name), Some(segment)) if name == segment => {}
                _ => return false,
            }
        }
    }
}

/// The answer to a request that matches none of `routes`, the routes of this face.
///
/// `query` is the raw query string, empty when there is none.
pub fn unrouted(routes: &[Route<'_>], path: &str, query: &str) -> Error {
    let matching = || routes.iter().filter(|route| route.has(path));
    // A path that is spelled out is a resource of its own, and not the session of that name.
    let spelled_out = matching().any(|route| !route.has_parameter());
    let mut allowed: Vec<&str> = matching()
        .filter(|route| !(spelled_out && route.has_parameter()))
        .map(|route| route.method)
        .collect();
    if !allowed.is_empty() {
        allowed.sort_unstable();
        allowed.dedup();
        return Error::MethodNotAllowed(allowed.join(", "));
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
