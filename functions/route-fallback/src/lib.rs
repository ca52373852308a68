//! Any path no other function has, in the words of the face it belongs to: 404, and for bitcain's 405 with the methods
//! there are and 307 for a slash too many.
//!
//! The gateway's own `{"message":"Not Found"}` would break the faces, so the route `$default` ends here.

use shared::face::{Failure, bitcain, corsa};
use shared::runtime::Fault;
use shared::runtime::http::{Reply, Request};

include!(concat!(env!("OUT_DIR"), "/routes.rs"));

/// What this function answers: an error of one of the faces.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum Error {
    /// Below `/api/v1/sessions`, and everywhere else.
    Bitcain(#[from] bitcain::Error),
    /// Below `/v1`.
    Corsa(#[from] corsa::Error),
}

impl Error {
    fn face(&self) -> &dyn Failure {
        match self {
            Self::Bitcain(error) => error,
            Self::Corsa(error) => error,
        }
    }
}

impl Failure for Error {
    fn status(&self) -> u16 {
        self.face().status()
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        self.face().headers()
    }

    fn content_type(&self) -> &'static str {
        self.face().content_type()
    }

    fn body(&self) -> String {
        self.face().body()
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Bitcain(fault.into())
    }
}

/// Answers in the words of the face the path belongs to; bitcain's where it belongs to none.
///
/// # Errors
/// Always.
pub fn handle(request: &Request) -> Result<Reply, Error> {
    let (path, query) = (&request.path, &request.query);
    if is_below(path, "/v1") {
        return Err(corsa::unrouted(&request.method, path, query).into());
    }
    let routes: Vec<_> = ROUTES
        .iter()
        .map(|(path, method)| bitcain::Route { method, path })
        .collect();
    Err(bitcain::unrouted(&routes, path, query).into())
}

fn is_below(path: &str, prefix: &str) -> bool {
    let rest = path.strip_prefix(prefix);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
