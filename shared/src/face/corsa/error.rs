//! Everything this face can say when a request fails.

use std::error::Error as Cause;

use serde::Serialize;

use crate::auth;
use crate::face::Failure;
use crate::store;

/// A failed request. `Display` is the `message` the client reads, where it is a text.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 400: all that is wrong with the request, in the words of class-validator. Printed as a list.
    #[error("Bad Request")]
    Invalid(Vec<String>),
    /// 400: the body is no JSON that is read here, and where; or a setting of the query is none. Printed as a text.
    #[error("{0}")]
    Malformed(String),
    /// 401: no credential, or one that counts for nothing; the two are not told apart.
    #[error("Unauthorized")]
    NotAuthenticated,
    /// 403: the credential is good, but not for this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// 404: no such path, or not with this method. Holds method and path, which the client reads and no log does.
    #[error("no such route")]
    NoRoute(String),
    /// 404: no such session, or none the caller may see.
    #[error("Session not found")]
    SessionNotFound,
    /// 404: no such client, or none the caller may see.
    #[error("Client not found")]
    ClientNotFound,
    /// 409: another client has this name already.
    #[error("A client with this referenceId already exists")]
    ClientExists,
    /// 409: the first request with this idempotency key still runs.
    #[error("A request with this Idempotency-Key is still running")]
    StillRunning {
        /// Seconds after which asking again makes sense.
        retry_after: u32,
    },
    /// 413: the body is larger than this endpoint reads.
    #[error("request entity too large")]
    TooLarge,
    /// 422: the idempotency key belongs to another request.
    #[error("Idempotency-Key was used with another request")]
    OtherBody,
    /// 429: whoever asks has named too many unknown credentials.
    #[error("Too many unknown credentials")]
    TooMany {
        /// Seconds after which asking again makes sense.
        retry_after: u32,
    },
    /// 500: a fault of ours.
    #[error("Internal server error")]
    Internal(#[source] Box<dyn Cause + Send + Sync>),
    /// 503: something we depend on does not answer; the request may be sent again.
    #[error("Service Unavailable")]
    Unavailable(#[source] Box<dyn Cause + Send + Sync>),
}

/// Seconds a caller is asked to wait while something we depend on is down.
const RETRY_AFTER_UNAVAILABLE: u32 = 1;

impl Error {
    /// 400 with one complaint.
    pub fn invalid(complaint: impl Into<String>) -> Self {
        Self::Invalid(vec![complaint.into()])
    }

    /// The name NestJS gives the status. It leaves it out where an exception was made without a message.
    fn name(&self) -> Option<&'static str> {
        match self {
            Self::Invalid(_) | Self::Malformed(_) => Some("Bad Request"),
            Self::Forbidden(_) => Some("Forbidden"),
            Self::NoRoute(_) | Self::SessionNotFound | Self::ClientNotFound => Some("Not Found"),
            Self::ClientExists | Self::StillRunning { .. } => Some("Conflict"),
            Self::OtherBody => Some("Unprocessable Entity"),
            Self::TooMany { .. } => Some("Too Many Requests"),
            Self::NotAuthenticated | Self::TooLarge | Self::Internal(_) | Self::Unavailable(_) => None,
        }
    }
}

impl Failure for Error {
    fn status(&self) -> u16 {
        match self {
            Self::Invalid(_) | Self::Malformed(_) => 400,
            Self::NotAuthenticated => 401,
            Self::Forbidden(_) => 403,
            Self::NoRoute(_) | Self::SessionNotFound | Self::ClientNotFound => 404,
            Self::ClientExists | Self::StillRunning { .. } => 409,
            Self::TooLarge => 413,
            Self::OtherBody => 422,
            Self::TooMany { .. } => 429,
            Self::Internal(_) => 500,
            Self::Unavailable(_) => 503,
        }
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotAuthenticated => vec![("www-authenticate", "Bearer".to_owned())],
            Self::StillRunning { retry_after } | Self::TooMany { retry_after } => {
                vec![("retry-after", retry_after.to_string())]
            }
            Self::Unavailable(_) => vec![("retry-after", RETRY_AFTER_UNAVAILABLE.to_string())],
            Self::Invalid(_)
            | Self::Malformed(_)
            | Self::Forbidden(_)
            | Self::NoRoute(_)
            | Self::SessionNotFound
            | Self::ClientNotFound
            | Self::ClientExists
            | Self::TooLarge
            | Self::OtherBody
            | Self::Internal(_) => Vec::new(),
        }
    }

    fn body(&self) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<T> {
            message: T,
            #[serde(skip_serializing_if = "Option::is_none")]
            error: Option<&'static str>,
            status_code: u16,
        }
        let (error, status_code) = (self.name(), self.status());
        let printed = match self {
            Self::Invalid(complaints) => serde_json::to_string(&Body {
                message: complaints,
                error,
                status_code,
            }),
            _ => serde_json::to_string(&Body {
                message: match self {
                    Self::NoRoute(route) => format!("Cannot {route}"),
                    other => other.to_string(),
                },
                error,
                status_code,
            }),
        };
        // Printing texts and numbers into memory has no way to fail.
        printed.unwrap_or_default()
    }
}

impl From<auth::Error> for Error {
    fn from(error: auth::Error) -> Self {
        match error {
            auth::Error::Missing | auth::Error::Invalid => Self::NotAuthenticated,
            auth::Error::Forbidden(what) => Self::Forbidden(what),
            auth::Error::SubjectMissing => Self::invalid(error.to_string()),
            auth::Error::SubjectInvalid(what) => Self::invalid(what),
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
            (503, r#"{"message":"Service Unavailable","statusCode":503}"#)
        );
        assert!(error.source().unwrap().to_string().contains("acme#U#secret"));
    }

    #[test]
    fn what_auth_can_say_has_its_place_in_this_face() {
        let bare = |error: auth::Error| {
            let error = Error::from(error);
            (error.status(), error.body())
        };
        for error in [auth::Error::Missing, auth::Error::Invalid] {
            let expected = r#"{"message":"Unauthorized","statusCode":401}"#;
            assert_eq!(bare(error), (401, expected.to_owned()));
        }
        assert_eq!(bare(auth::Error::SubjectInvalid("sent twice")).0, 400);
        assert_eq!(
            bare(auth::Error::Forbidden("scope missing")),
            (
                403,
                r#"{"message":"scope missing","error":"Forbidden","statusCode":403}"#.to_owned()
            )
        );
        assert_eq!(bare(auth::Error::Unavailable("down".into())).0, 503);
    }
}
