//! What a request gets that no endpoint of this face takes.

use super::error::{Error, Textual};
use crate::face::Failure;
use crate::face::route::{Route, allowed};

/// The path whose answers are texts.
const TEXTUAL: &str = "/token/v1/clientId";

/// Whether a path is this face's.
pub fn owns(path: &str) -> bool {
    ["/client", "/token"].iter().any(|root| {
        path.strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// The answer to a request to this path with this method: 404, or 405 where the path has others.
pub fn unrouted(routes: &[Route<'_>], path: &str) -> Unrouted {
    Unrouted::of(
        allowed(routes, path).map_or(Error::NoRoute, Error::NoMethod),
        path,
    )
}

/// What a request gets that no endpoint takes, in the form of its path.
#[derive(Debug, thiserror::Error)]
pub enum Unrouted {
    /// JSON.
    #[error(transparent)]
    Json(Error),
    /// Text.
    #[error(transparent)]
    Text(Textual),
}

impl Unrouted {
    /// A failure in the form of this path.
    pub fn of(error: Error, path: &str) -> Self {
        if path == TEXTUAL {
            Self::Text(Textual(error))
        } else {
            Self::Json(error)
        }
    }

    fn failure(&self) -> &dyn Failure {
        match self {
            Self::Json(error) => error,
            Self::Text(error) => error,
        }
    }
}

impl Failure for Unrouted {
    fn status(&self) -> u16 {
        self.failure().status()
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        self.failure().headers()
    }

    fn content_type(&self) -> &'static str {
        self.failure().content_type()
    }

    fn body(&self) -> String {
        self.failure().body()
    }
}
