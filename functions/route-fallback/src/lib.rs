//! Any path no other function has: 404, 405 with the methods there are, 307 for a slash too many.
//!
//! The gateway's own `{"message":"Not Found"}` would break the faces, so the route `$default` ends here.

use shared::face::bitcain::{Error, Route, unrouted};
use shared::runtime::http::{Reply, Request};

include!(concat!(env!("OUT_DIR"), "/routes.rs"));

/// Answers in the words of the face the path belongs to. Every face so far is bitcain's.
///
/// # Errors
/// Always: 404, 405 or 307.
pub fn handle(request: &Request) -> Result<Reply, Error> {
    let routes: Vec<_> = ROUTES
        .iter()
        .map(|(path, method)| Route { method, path })
        .collect();
    Err(unrouted(&routes, &request.path, &request.query))
}
