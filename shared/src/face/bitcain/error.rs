//! Everything this face can say when a request fails.

use std::error::Error as Cause;

use serde::Serialize;

use super::problem::Problem;
use crate::auth;
use crate::face::Failure;
use crate::store;

/// A failed request. `Display` is the `detail` the client reads.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 307: the path has a slash too many. Holds path and query without it.
    #[error("Temporary Redirect")]
    Redirect(String),
    /// 400: the body is no text.
    #[error("There was an error parsing the body")]
    Unreadable,
    /// 401: no credential, or one that counts for nothing; the two are not told apart.
    #[error("Not authenticated")]
    NotAuthenticated,
    /// 403: the credential is good, but not for this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// 404: no such path.
    #[error("Not Found")]
    NotFound,
    /// 404: no such session, or none of the caller's.
    #[error("Session not found")]
    SessionNotFound,
    /// 405: the path exists for these methods, comma-separated.
    #[error("Method Not Allowed")]
    MethodNotAllowed(String),
    /// 409: the first request with this idempotency key still runs.
    #[error("A request with this Idempotency-Key is still running")]
    StillRunning {
        /// Seconds after which asking again makes sense.
        retry_after: u32,
    },
    /// 413: the body is larger than this endpoint reads.
    #[error("Content Too Large")]
    TooLarge,
    /// 422: all that is wrong with the request. Printed as a list.
    #[error("Unprocessable Content")]
    Unprocessable(Vec<Problem>),
    /// 429: whoever asks has asked too often lately.
    #[error("{what}")]
    TooMany {
        /// What there was too much of.
        what: &'static str,
        /// Seconds after which asking again makes sense.
        retry_after: u32,
    },
    /// 500: a fault of ours.
    #[error("Internal Server Error")]
    Internal(#[source] Box<dyn Cause + Send + Sync>),
    /// 503: something we depend on does not answer; the request may be sent again.
    #[error("Service Unavailable")]
    Unavailable(#[source] Box<dyn Cause + Send + Sync>),
}

/// Seconds a caller is asked to wait while something we depend on is down.
const RETRY_AFTER_UNAVAILABLE: u32 = 1;

/// The header that names the subject an API key acts for.
const SUBJECT_HEADER: &str = "Holdfast-Subject";

impl Failure for Error {
    fn status(&self) -> u16 {
        match self {
            Self::Redirect(_) => 307,
            Self::Unreadable => 400,
            Self::NotAuthenticated => 401,
            Self::Forbidden(_) => 403,
            Self::NotFound | Self::SessionNotFound => 404,
            Self::MethodNotAllowed(_) => 405,
            Self::StillRunning { .. } => 409,
            Self::TooLarge => 413,
            Self::Unprocessable(_) => 422,
            Self::TooMany { .. } => 429,
            Self::Internal(_) => 500,
            Self::Unavailable(_) => 503,
        }
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Redirect(location) => vec![("location", location.clone())],
            Self::NotAuthenticated => vec![("www-authenticate", "Bearer".to_owned())],
            Self::MethodNotAllowed(methods) => vec![("allow", methods.clone())],
            Self::StillRunning { retry_after } | Self::TooMany { retry_after, .. } => {
                vec![("retry-after", retry_after.to_string())]
            }
            Self::Unavailable(_) => vec![("retry-after", RETRY_AFTER_UNAVAILABLE.to_string())],
            Self::Unreadable
            | Self::Forbidden(_)
            | Self::NotFound
            | Self::SessionNotFound
            | Self::TooLarge
            | Self::Unprocessable(_)
            | Self::Internal(_) => Vec::new(),
        }
    }

    fn body(&self) -> String {
        #[derive(Serialize)]
        struct Body<T> {
            detail: T,
        }
        let printed = match self {
            Self::Redirect(_) => return String::new(),
            Self::Unprocessable(problems) => serde_json::to_string(&Body { detail: problems }),
            Self::Unreadable
            | Self::NotAuthenticated
            | Self::Forbidden(_)
            | Self::NotFound
            | Self::SessionNotFound
            | Self::MethodNotAllowed(_)
            | Self::StillRunning { .. }
            | Self::TooLarge
            | Self::TooMany { .. }
            | Self::Internal(_)
            | Self::Unavailable(_) => serde_json::to_string(&Body {
                detail: self.to_string(),
            }),
        };
        // Printing texts and numbers into memory has no way to fail.
        printed.unwrap_or_default()
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Unprocessable(vec![problem])
    }
}

impl From<auth::Error> for Error {
    fn from(error: auth::Error) -> Self {
        match error {
            auth::Error::Missing | auth::Error::Invalid => Self::NotAuthenticated,
            auth::Error::Forbidden(what) => Self::Forbidden(what),
            auth::Error::SubjectMissing => Problem::header_missing(SUBJECT_HEADER).into(),
            auth::Error::SubjectInvalid(what) => Problem::header(SUBJECT_HEADER, what).into(),
            auth::Error::TooMany { retry_after } => Self::TooMany {
                what: "Too many unknown credentials",
                retry_after,
            },
            auth::Error::Unavailable(cause) => Self::Unavailable(cause),
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_for_the_log_and_never_in_the_answer() {
        let error = Error::from(store::Error::Corrupt {
            key: "acme#U#secret".to_owned(),
            what: "no kind",
        });
        assert_eq!(
            (error.status(), error.body().as_str()),
            (503, r#"{"detail":"Service Unavailable"}"#)
        );
        assert_eq!(error.headers(), [("retry-after", "1".to_owned())]);
        assert!(error.source().unwrap().to_string().contains("acme#U#secret"));
    }

    #[test]
    fn what_auth_can_say_has_its_place_in_this_face() {
        let bare = |error: auth::Error| {
            let error = Error::from(error);
            (error.status(), error.body())
        };
        for error in [auth::Error::Missing, auth::Error::Invalid] {
            assert_eq!(bare(error), (401, r#"{"detail":"Not authenticated"}"#.to_owned()));
        }
        assert_eq!(
            bare(auth::Error::SubjectMissing),
            (422, r#"{"detail":[{"type":"missing","loc":["header","Holdfast-Subject"],"msg":"Field required","input":null}]}"#.to_owned())
        );
        let sent_twice = bare(auth::Error::SubjectInvalid("sent twice"));
        assert_eq!(
            sent_twice,
            (422, r#"{"detail":[{"type":"value_error","loc":["header","Holdfast-Subject"],"msg":"Value error, sent twice","input":null,"ctx":{"error":"sent twice"}}]}"#.to_owned())
        );
        assert_eq!(
            bare(auth::Error::Forbidden("scope missing")),
            (403, r#"{"detail":"scope missing"}"#.to_owned())
        );
        assert_eq!(
            bare(auth::Error::TooMany { retry_after: 7 }),
            (429, r#"{"detail":"Too many unknown credentials"}"#.to_owned())
        );
        assert_eq!(bare(auth::Error::Unavailable("down".into())).0, 503);
    }

    #[test]
    fn what_a_caller_sent_does_not_reach_a_log_through_debug() {
        let error = super::super::LogoutInput::read(br#"{"token":"canary"}"#).unwrap_err();
        assert!(error.body().contains("canary"));
        assert!(!format!("{error:?} {error}").contains("canary"));
    }
}
