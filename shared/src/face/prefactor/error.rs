//! Everything this face can say when a request fails.

use std::collections::BTreeMap;
use std::error::Error as Cause;

use serde::Serialize;

use crate::auth;
use crate::clock::EntropyError;
use crate::face::Failure;
use crate::model::Kind;
use crate::store;

/// What is wrong, by the name of the field it is wrong with.
pub type Fields = BTreeMap<&'static str, Vec<String>>;

/// A failed request. `Display` is the `message` the client reads.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `bad_request`, 400: the request is malformed.
    #[error("{0}")]
    BadRequest(&'static str),
    /// `required_value`, 400: something is missing.
    #[error("a required value is missing")]
    RequiredValue(Fields),
    /// `invalid_value`, 400: something is not what it should be.
    #[error("a value is invalid")]
    InvalidValue(Fields),
    /// `unexpected_ref_type`, 400: the id is one of ours and names another kind of thing.
    #[error("expected the id of a {expected}, not of a {found}")]
    UnexpectedRefType {
        /// What the id should name.
        expected: &'static str,
        /// What it names.
        found: &'static str,
    },
    /// `not_authenticated`, 401: there is no credential.
    #[error("not authenticated")]
    NotAuthenticated,
    /// `bad_authtoken`, 401: the credential counts for nothing; why is not said.
    #[error("the token is malformed, unknown or expired")]
    BadAuthtoken,
    /// `not_permitted`, 403: the credential is good, but not for this.
    #[error("{0}")]
    NotPermitted(&'static str),
    /// `not_found`, 404: there is no such thing, or it is none of the caller's. Says what was looked for.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// `not_implemented`, 405: the path exists for these methods, comma-separated.
    #[error("this path has the methods {0}")]
    MethodNotImplemented(String),
    /// `invalid_action`, 409: the session is not in a state for this.
    #[error("{0}")]
    InvalidAction(&'static str),
    /// `invalid_action`, 409: the first request with this idempotency key still runs.
    #[error("a request with this Idempotency-Key is still running")]
    StillRunning {
        /// Seconds after which asking again makes sense.
        retry_after: u32,
    },
    /// `too_many_requests`, 429, a code of ours: whoever asks has named too many unknown credentials.
    #[error("too many unknown credentials")]
    TooMany {
        /// Seconds after which asking again makes sense.
        retry_after: u32,
    },
    /// `unexpected`, 500: a fault of ours.
    #[error("unexpected error")]
    Unexpected(#[source] Box<dyn Cause + Send + Sync>),
    /// `not_implemented`, 501: asked for in the vendor's words, but not to be had here.
    #[error("{0}")]
    NotImplemented(&'static str),
    /// `unknown`, 503: something we depend on does not answer, and what became of the request is not known.
    #[error("unknown error, try again")]
    Unknown(#[source] Box<dyn Cause + Send + Sync>),
}

/// Seconds a caller is asked to wait while something we depend on is down.
const RETRY_AFTER_UNKNOWN: u32 = 1;

impl Error {
    /// One field is missing.
    pub fn required(field: &'static str, why: &str) -> Self {
        Self::RequiredValue([(field, vec![why.to_owned()])].into())
    }

    /// One field is not what it should be.
    pub fn invalid(field: &'static str, why: &str) -> Self {
        Self::InvalidValue([(field, vec![why.to_owned()])].into())
    }

    /// An id of ours that names something else.
    pub const fn unexpected_ref_type(expected: Kind, found: Kind) -> Self {
        Self::UnexpectedRefType {
            expected: expected.as_str(),
            found: found.as_str(),
        }
    }

    /// The published code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad_request",
            Self::RequiredValue(_) => "required_value",
            Self::InvalidValue(_) => "invalid_value",
            Self::UnexpectedRefType { .. } => "unexpected_ref_type",
            Self::NotAuthenticated => "not_authenticated",
            Self::BadAuthtoken => "bad_authtoken",
            Self::NotPermitted(_) => "not_permitted",
            Self::NotFound(_) => "not_found",
            Self::InvalidAction(_) | Self::StillRunning { .. } => "invalid_action",
            Self::MethodNotImplemented(_) | Self::NotImplemented(_) => "not_implemented",
            Self::TooMany { .. } => "too_many_requests",
            Self::Unexpected(_) => "unexpected",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl Failure for Error {
    fn status(&self) -> u16 {
        match self {
            Self::BadRequest(_)
            | Self::RequiredValue(_)
            | Self::InvalidValue(_)
            | Self::UnexpectedRefType { .. } => 400,
            Self::NotAuthenticated | Self::BadAuthtoken => 401,
            Self::NotPermitted(_) => 403,
            Self::NotFound(_) => 404,
            // Not 501: that is for methods no resource has (RFC 9110), and whoever tries methods would ring alarms.
            Self::MethodNotImplemented(_) => 405,
            Self::InvalidAction(_) | Self::StillRunning { .. } => 409,
            Self::TooMany { .. } => 429,
            Self::Unexpected(_) => 500,
            Self::NotImplemented(_) => 501,
            Self::Unknown(_) => 503,
        }
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotAuthenticated | Self::BadAuthtoken => {
                vec![("www-authenticate", "Bearer".to_owned())]
            }
            Self::MethodNotImplemented(methods) => vec![("allow", methods.clone())],
            Self::StillRunning { retry_after } | Self::TooMany { retry_after } => {
                vec![("retry-after", retry_after.to_string())]
            }
            Self::Unknown(_) => vec![("retry-after", RETRY_AFTER_UNKNOWN.to_string())],
            Self::BadRequest(_)
            | Self::RequiredValue(_)
            | Self::InvalidValue(_)
            | Self::UnexpectedRefType { .. }
            | Self::NotPermitted(_)
            | Self::NotFound(_)
            | Self::InvalidAction(_)
            | Self::Unexpected(_)
            | Self::NotImplemented(_) => Vec::new(),
        }
    }

    fn body(&self) -> String {
        #[derive(Serialize)]
        struct Body<'a> {
            status: &'static str,
            code: &'static str,
            message: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            errors: Option<&'a Fields>,
        }
        let errors = match self {
            Self::RequiredValue(errors) | Self::InvalidValue(errors) => Some(errors),
            _ => None,
        };
        let body = Body {
            status: "error",
            code: self.code(),
            message: self.to_string(),
            errors,
        };
        // Printing texts into memory has no way to fail.
        serde_json::to_string(&body).unwrap_or_default()
    }
}

impl From<auth::Error> for Error {
    fn from(error: auth::Error) -> Self {
        match error {
            auth::Error::Missing => Self::NotAuthenticated,
            auth::Error::Invalid => Self::BadAuthtoken,
            auth::Error::Forbidden(what) => Self::NotPermitted(what),
            auth::Error::SubjectMissing => Self::required(
                "authenticated_identity_id",
                "say whose sessions, here or in the Holdfast-Subject header",
            ),
            auth::Error::SubjectInvalid(what) => Self::BadRequest(what),
            auth::Error::TooMany { retry_after } => Self::TooMany { retry_after },
            auth::Error::Unavailable(cause) => Self::Unknown(cause),
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Corrupt { .. } | store::Error::LaterVersion { .. } => {
                Self::Unexpected(Box::new(error))
            }
            store::Error::Unavailable(_) | store::Error::Contended => Self::Unknown(Box::new(error)),
        }
    }
}

impl From<EntropyError> for Error {
    fn from(error: EntropyError) -> Self {
        Self::Unexpected(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_code_has_its_status() {
        let cause = || "x".into();
        let errors = [
            (Error::BadRequest("x"), "bad_request", 400),
            (Error::required("a", "b"), "required_value", 400),
            (Error::invalid("a", "b"), "invalid_value", 400),
            (
                Error::unexpected_ref_type(Kind::Session, Kind::Pool),
                "unexpected_ref_type",
                400,
            ),
            (Error::NotAuthenticated, "not_authenticated", 401),
            (Error::BadAuthtoken, "bad_authtoken", 401),
            (Error::NotPermitted("x"), "not_permitted", 403),
            (Error::NotFound("session"), "not_found", 404),
            (Error::InvalidAction("x"), "invalid_action", 409),
            (Error::NotImplemented("x"), "not_implemented", 501),
            (Error::TooMany { retry_after: 1 }, "too_many_requests", 429),
            (Error::Unexpected(cause()), "unexpected", 500),
            (Error::Unknown(cause()), "unknown", 503),
        ];
        for (error, code, status) in errors {
            assert_eq!((error.code(), error.status()), (code, status));
            let body: serde_json::Value = serde_json::from_str(&error.body()).unwrap();
            assert_eq!(body["status"], "error");
            assert_eq!(body["code"], code);
            assert!(body["message"].as_str().is_some_and(|it| !it.is_empty()));
            assert_eq!(body.get("errors").is_some(), code.ends_with("_value"), "{code}");
        }
    }

    #[test]
    fn a_cause_is_for_the_log_and_never_in_the_answer() {
        let corrupt = || store::Error::Corrupt {
            key: "acme#U#secret".to_owned(),
            what: "no kind",
        };
        let error = Error::from(corrupt());
        assert_eq!(
            (error.status(), error.body().as_str()),
            (
                500,
                r#"{"status":"error","code":"unexpected","message":"unexpected error"}"#
            )
        );
        assert!(error.source().unwrap().to_string().contains("acme#U#secret"));
        let error = Error::from(store::Error::Contended);
        assert_eq!(error.headers(), [("retry-after", "1".to_owned())]);
    }

    #[test]
    fn what_auth_can_say_has_its_place_in_this_face() {
        for (error, code) in [
            (auth::Error::Missing, "not_authenticated"),
            (auth::Error::Invalid, "bad_authtoken"),
            (auth::Error::Forbidden("no"), "not_permitted"),
            (auth::Error::SubjectMissing, "required_value"),
            (auth::Error::SubjectInvalid("twice"), "bad_request"),
            (auth::Error::TooMany { retry_after: 1 }, "too_many_requests"),
            (auth::Error::Unavailable("down".into()), "unknown"),
        ] {
            assert_eq!(Error::from(error).code(), code);
        }
    }
}
