//! What a request gets that no endpoint of this face takes, as NestJS decides it.

use super::error::Error;

/// The answer to a request to this path: NestJS knows no other methods of a path, only other paths.
///
/// `query` is the raw query string, empty when there is none.
pub fn unrouted(method: &str, path: &str, query: &str) -> Error {
    let separator = if query.is_empty() { "" } else { "?" };
    Error::NoRoute(format!("{method} {path}{separator}{query}"))
}
