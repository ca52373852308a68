//! What a request gets that no endpoint of this face takes, as NestJS decides it.

use super::error::Error;
use crate::model::ClientKind;

/// The kind of client a path below `/v1/clients` is about.
pub fn kind_of(path: &str) -> Option<ClientKind> {
    let kind = path.strip_prefix("/v1/clients/")?.split('/').next()?;
    ClientKind::ALL.into_iter().find(|it| it.as_str() == kind)
}

/// Whether a path is this face's.
pub fn owns(path: &str) -> bool {
    let below = path.strip_prefix("/v1");
    below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The answer to a request to this path: NestJS knows no other methods of a path, only other paths.
///
/// `query` is the raw query string, empty when there is none.
pub fn unrouted(method: &str, path: &str, query: &str) -> Error {
    let separator = if query.is_empty() { "" } else { "?" };
    Error::NoRoute(format!("{method} {path}{separator}{query}"))
}
