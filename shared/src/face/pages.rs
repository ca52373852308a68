//! Pages of other origins that call with their user's own token: what lets their browser read the answer (WHATWG Fetch,
//! 3.2). No credentials mode: a page sends its token itself, and cookies mean nothing here.

use super::route::Route;

/// The routes that take a user's own token.
pub const USER_ROUTES: [Route<'static>; 11] = [
    route("DELETE", "/api/v1/sessions/{session_id}"),
    route("GET", "/api/v1/session"),
    route("GET", "/api/v1/session/{session_id}"),
    route("GET", "/api/v1/sessions/active"),
    route("GET", "/v1/clients/{clientId}/sessions"),
    route("GET", "/v1/sessions/{id}"),
    route("POST", "/api/v1/session/{session_id}/revoke"),
    route("POST", "/api/v1/sessions/cleanup"),
    route("POST", "/api/v1/sessions/create"),
    route("POST", "/api/v1/sessions/logout"),
    route("POST", "/api/v1/sessions/validate"),
];

/// How long a browser may remember that it may ask, seconds; browsers keep it for at most two hours.
const REMEMBERED: &str = "7200";
/// The headers a page may send. The user whom a backend acts for is none of its business.
const SENT: &str = "authorization, content-type, idempotency-key, x-session-id";
/// The headers a page may read.
const READ: &str = "holdfast-next-cursor, link, retry-after, www-authenticate";

const fn route(method: &'static str, path: &'static str) -> Route<'static> {
    Route { method, path }
}

/// What says that an answer depends on who asks.
pub fn vary() -> (&'static str, String) {
    ("vary", "Origin".to_owned())
}

/// What an answer to a page of this admitted origin carries.
pub fn headers(origin: &str) -> Vec<(&'static str, String)> {
    vec![
        ("access-control-allow-origin", origin.to_owned()),
        ("access-control-expose-headers", READ.to_owned()),
        vary(),
    ]
}

/// What the answer to a preflight from a page of this admitted origin carries, if it asks for a route that takes a user's
/// own token.
pub fn preflight(origin: &str, path: &str, method: &str) -> Option<Vec<(&'static str, String)>> {
    let mut routes = USER_ROUTES.iter().filter(|route| route.has(path));
    // A path that is spelled out is a resource of its own, and not the session of that name.
    let spelled_out = routes.clone().any(|route| !route.has_parameter());
    let asked = routes.find(|route| route.method == method && !(spelled_out && route.has_parameter()))?;
    Some(vec![
        ("access-control-allow-origin", origin.to_owned()),
        ("access-control-allow-methods", asked.method.to_owned()),
        ("access-control-allow-headers", SENT.to_owned()),
        ("access-control-max-age", REMEMBERED.to_owned()),
        vary(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preflight_is_for_a_route_that_takes_a_users_token() {
        let origin = "https://app.example.com";
        for (path, method, admitted) in [
            ("/api/v1/sessions/active", "GET", true),
            ("/api/v1/sessions/create", "POST", true),
            (
                "/api/v1/sessions/018d0cab-c440-7abc-8123-456789abcdef",
                "DELETE",
                true,
            ),
            ("/api/v1/session", "GET", true),
            ("/v1/clients/alice/sessions", "GET", true),
            ("/api/v1/sessions/active", "DELETE", false),
            ("/api/v1/sessions/active", "get", false),
            ("/api/v1/sessions/cleanup", "POST", true),
            ("/api/v1/sessions/fingerprint", "POST", false),
            ("/api/v1/sessions/x/step-up", "POST", false),
            ("/api/v1/sessions/active/", "GET", false),
            ("/v1/sessions", "POST", false),
            ("/v1/clients/alice/data", "DELETE", false),
            ("/token/v2/verify", "POST", false),
            ("/", "GET", false),
        ] {
            let headers = preflight(origin, path, method);
            assert_eq!(headers.is_some(), admitted, "{method} {path}");
            let names = headers.unwrap_or_default();
            let credentials = names.iter().any(|(name, _)| name.contains("credentials"));
            assert!(!credentials, "{names:?}");
        }
    }
}
