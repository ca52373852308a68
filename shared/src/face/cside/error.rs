//! What cside's callers are told when a request fails.
//!
//! Most failures are `{"errors": [{"field": ..., "message": ...}]}`: the newest published collector reads `errors` from the
//! body. Where a text is answered, [`Textual`] says it with a status and nothing else.

use std::error::Error as Cause;

use serde::Serialize;

use super::telemetry::Problem;
use crate::auth;
use crate::clock::EntropyError;
use crate::face::Failure;
use crate::service::VisitError;
use crate::store;

/// Seconds a caller is asked to wait while something we depend on is down.
const RETRY_AFTER_UNAVAILABLE: u32 = 1;

/// A failure of this face.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 400: what is wrong with the body, field by field.
    #[error("the body is not right")]
    Invalid(Vec<Problem>),
    /// 400: no token in the body, which is said as text.
    #[error("the body is empty: send the token as it is")]
    NoBody,
    /// 401: no credential, or one that counts for nothing; the two are not told apart.
    #[error("an API key is required")]
    NotAuthenticated,
    /// 403: the credential is good, but not for this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// 403: a page asks what a backend may ask alone.
    #[error("tokens are exchanged by backends, not by pages")]
    FromPage,
    /// 403: no such site, or not from this origin; the two are not told apart.
    #[error("this site takes no telemetry from this origin")]
    NotAdmitted,
    /// 404: the token leads nowhere, whatever the reason.
    #[error("no such token")]
    NoToken,
    /// 404: no such path.
    #[error("no such path")]
    NoRoute,
    /// 405: the path has other methods, comma-separated.
    #[error("no such method here")]
    NoMethod(String),
    /// 409: this telemetry was sent before.
    #[error("was used before: each sending draws a new one")]
    Replayed,
    /// 413: the body is larger than this endpoint reads.
    #[error("must be at most 64 KiB")]
    TooLarge,
    /// 429: the tenant, the site or the visitor's network has sent enough for now.
    #[error("too many requests")]
    TooMany {
        /// Seconds after which asking again makes sense.
        retry_after: u32,
    },
    /// 500: a fault of ours.
    #[error("internal server error")]
    Internal(#[source] Box<dyn Cause + Send + Sync>),
    /// 503: something we depend on does not answer; the request may be sent again.
    #[error("service unavailable")]
    Unavailable(#[source] Box<dyn Cause + Send + Sync>),
}

impl Error {
    /// 400 with one complaint.
    pub fn invalid(field: &str, message: &str) -> Self {
        Self::Invalid(vec![Problem {
            field: field.to_owned(),
            message: message.to_owned(),
        }])
    }

    /// What the failure is about, where it is about a part of the request.
    fn field(&self) -> Option<&'static str> {
        match self {
            Self::NotAdmitted | Self::FromPage => Some("origin"),
            Self::NoToken => Some("token"),
            Self::Replayed => Some("nonce"),
            Self::TooLarge | Self::NoBody => Some("body"),
            Self::Invalid(_)
            | Self::NotAuthenticated
            | Self::Forbidden(_)
            | Self::NoRoute
            | Self::NoMethod(_)
            | Self::TooMany { .. }
            | Self::Internal(_)
            | Self::Unavailable(_) => None,
        }
    }
}

impl Failure for Error {
    fn status(&self) -> u16 {
        match self {
            Self::Invalid(_) | Self::NoBody => 400,
            Self::NotAuthenticated => 401,
            Self::Forbidden(_) | Self::FromPage | Self::NotAdmitted => 403,
            Self::NoToken | Self::NoRoute => 404,
            Self::NoMethod(_) => 405,
            Self::Replayed => 409,
            Self::TooLarge => 413,
            Self::TooMany { .. } => 429,
            Self::Internal(_) => 500,
            Self::Unavailable(_) => 503,
        }
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotAuthenticated => vec![("www-authenticate", "Bearer".to_owned())],
            Self::NotAdmitted => vec![("vary", "Origin".to_owned())],
            Self::NoMethod(methods) => vec![("allow", methods.clone())],
            Self::TooMany { retry_after } => vec![("retry-after", retry_after.to_string())],
            Self::Unavailable(_) => vec![("retry-after", RETRY_AFTER_UNAVAILABLE.to_string())],
            Self::Invalid(_)
            | Self::NoBody
            | Self::Forbidden(_)
            | Self::FromPage
            | Self::NoToken
            | Self::NoRoute
            | Self::Replayed
            | Self::TooLarge
            | Self::Internal(_) => Vec::new(),
        }
    }

    fn content_type(&self) -> &'static str {
        match self {
            Self::NoBody => TEXT,
            _ => "application/json",
        }
    }

    fn body(&self) -> String {
        #[derive(Serialize)]
        struct Body<'a> {
            errors: Vec<One<'a>>,
        }
        #[derive(Serialize)]
        struct One<'a> {
            field: Option<&'a str>,
            message: String,
        }
        let errors = match self {
            Self::NoBody => return self.to_string(),
            Self::Invalid(problems) => problems
                .iter()
                .map(|problem| One {
                    field: Some(&problem.field),
                    message: problem.message.clone(),
                })
                .collect(),
            other => vec![One {
                field: other.field(),
                message: other.to_string(),
            }],
        };
        // Printing texts into memory has no way to fail.
        serde_json::to_string(&Body { errors }).unwrap_or_default()
    }
}

/// The media type of a text.
pub const TEXT: &str = "text/plain; charset=utf-8";

/// A failure where a text is answered: its status and headers, and an empty body, so that no document about an error is
/// ever taken for an id.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Textual(#[from] pub Error);

impl Failure for Textual {
    fn status(&self) -> u16 {
        self.0.status()
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        self.0.headers()
    }

    fn content_type(&self) -> &'static str {
        TEXT
    }

    fn body(&self) -> String {
        String::new()
    }
}

impl From<auth::Error> for Error {
    fn from(error: auth::Error) -> Self {
        match error {
            auth::Error::Missing | auth::Error::Invalid => Self::NotAuthenticated,
            auth::Error::Forbidden(what) | auth::Error::SubjectInvalid(what) => Self::Forbidden(what),
            auth::Error::SubjectMissing => Self::Forbidden("the Holdfast-Subject header is required"),
            auth::Error::TooMany { retry_after } => Self::TooMany { retry_after },
            auth::Error::Unavailable(cause) => Self::Unavailable(cause),
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

impl From<EntropyError> for Error {
    fn from(error: EntropyError) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl From<VisitError> for Error {
    fn from(error: VisitError) -> Self {
        match error {
            VisitError::Entropy(error) => error.into(),
            VisitError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_for_the_log_and_never_in_the_answer() {
        let error = Error::from(store::Error::Corrupt {
            key: "acme#V#secret".to_owned(),
            what: "no bundle",
        });
        let body = r#"{"errors":[{"field":null,"message":"service unavailable"}]}"#;
        assert_eq!((error.status(), error.body().as_str()), (503, body));
    }

    #[test]
    fn a_complaint_names_its_field() {
        let error = Error::invalid("nonce", "must be there");
        let body = r#"{"errors":[{"field":"nonce","message":"must be there"}]}"#;
        assert_eq!((error.status(), error.body().as_str()), (400, body));
    }

    #[test]
    fn where_a_text_is_answered_a_failure_has_none() {
        for error in [
            Error::NoToken,
            Error::NoBody,
            Error::NotAuthenticated,
            Error::NoRoute,
        ] {
            let error = Textual(error);
            assert_eq!((error.content_type(), error.body().as_str()), (TEXT, ""));
        }
    }
}
