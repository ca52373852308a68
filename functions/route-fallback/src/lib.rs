//! Any path no other function has: 404, 405 with the methods there are, 307 for a slash too many, and preflights.
//!
//! The gateway's own `{"message":"Not Found"}` would break the faces, so the route `$default` ends here.

use shared::face::{Failure, Route, bitcain, corsa, cside, pages, prefactor};
use shared::policy::Origins;
use shared::runtime::Fault;
use shared::runtime::http::{Reply, Request};

include!(concat!(env!("OUT_DIR"), "/routes.rs"));

/// A failure of the face a path belongs to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What bitcain's callers are told, and everybody on a path of no face.
    #[error(transparent)]
    Bitcain(#[from] bitcain::Error),
    /// What Corsa's callers are told.
    #[error(transparent)]
    Corsa(#[from] corsa::Error),
    /// What cside's callers are told.
    #[error(transparent)]
    Cside(#[from] cside::Unrouted),
    /// What Prefactor's callers are told.
    #[error(transparent)]
    Prefactor(#[from] prefactor::Error),
}

impl Error {
    fn failure(&self) -> &dyn Failure {
        match self {
            Self::Bitcain(error) => error,
            Self::Corsa(error) => error,
            Self::Cside(error) => error,
            Self::Prefactor(error) => error,
        }
    }
}

impl Failure for Error {
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

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Bypassed { ref path, .. } if corsa::owns(path) => Self::Corsa(fault.into()),
            Fault::Bypassed { ref path, .. } if cside::owns(path) => {
                let path = path.clone();
                Self::Cside(cside::Unrouted::of(fault.into(), &path))
            }
            Fault::Bypassed { ref path, .. } if prefactor::owns(path) => Self::Prefactor(fault.into()),
            // An event that cannot be read has no path, and so no face.
            Fault::Bypassed { .. } | Fault::MalformedEvent(_) | Fault::OutOfTime => {
                Self::Bitcain(fault.into())
            }
        }
    }
}

/// Answers in the words of the face the path belongs to; preflights of pages of these origins, which name no tenant yet,
/// as their browser wants it.
///
/// # Errors
/// For all but such preflights: 404, 405 or 307.
pub fn handle(origins: &Origins, request: &Request) -> Result<Reply, Error> {
    if let Some(headers) = preflight(origins, request) {
        return Ok(Reply::empty().with_headers(headers));
    }
    let routes: Vec<_> = ROUTES
        .iter()
        .map(|(path, method)| Route { method, path })
        .collect();
    let path = &request.path;
    Err(if corsa::owns(path) {
        corsa::unrouted(&request.method, path, &request.query).into()
    } else if cside::owns(path) {
        cside::unrouted(&routes, path).into()
    } else if prefactor::owns(path) {
        prefactor::unrouted(&routes, path).into()
    } else {
        bitcain::unrouted(&routes, path, &request.query).into()
    })
}

fn preflight(origins: &Origins, request: &Request) -> Option<Vec<(&'static str, String)>> {
    let origin = request.header("origin").filter(|it| origins.admit(it))?;
    let method = request.header("access-control-request-method")?;
    (request.method == "OPTIONS").then(|| pages::preflight(origin, &request.path, method))?
}
