//! What went wrong, in words for whoever looks at the page: the problem, and what to do.

use axum::body::Body;
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use serde_json::json;

use crate::gateway::json_body;
use crate::guard::Foreign;

/// A request that cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    /// The body is not what the address takes.
    Body(&'static str),
    /// The request comes from elsewhere than the page.
    Foreign(Foreign),
    NoSuchPath,
    NoSuchMethod(Method),
    /// The token leads nowhere.
    Token,
    TooLarge,
    NotJson,
    /// Holdfast wants fewer requests.
    TooMany,
    /// Holdfast answered what it should not.
    Unexpected,
    /// Holdfast did not answer, or said that it cannot.
    Unavailable,
}

impl From<Foreign> for Problem {
    fn from(foreign: Foreign) -> Self {
        Self::Foreign(foreign)
    }
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::Foreign(_) => StatusCode::FORBIDDEN,
            Self::NoSuchPath | Self::Token => StatusCode::NOT_FOUND,
            Self::NoSuchMethod(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Unexpected => StatusCode::BAD_GATEWAY,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn words(&self) -> (String, &'static str) {
        const PAGE: &str = "Use the page at /demo; reload it if the server was updated.";
        let (problem, advice) = match self {
            Self::Body(problem) => (*problem, PAGE),
            Self::Foreign(foreign) => {
                return (
                    foreign.to_string(),
                    "Open the page at the address that the server printed at its start.",
                );
            }
            Self::NoSuchPath => ("There is nothing at this address.", PAGE),
            Self::NoSuchMethod(_) => ("This address has no such method.", PAGE),
            Self::Token => (
                "The token is unknown or over.",
                "Read this browser again, then try again.",
            ),
            Self::TooLarge => ("The body has more than 16 KiB.", PAGE),
            Self::NotJson => ("The body is not sent as application/json.", PAGE),
            Self::TooMany => ("Too many requests for now.", "Wait a minute, then try again."),
            Self::Unexpected => (
                "Holdfast gave an answer that is not expected.",
                "Try again; if it stays, look at the server's log.",
            ),
            Self::Unavailable => (
                "Holdfast does not answer.",
                "Wait a moment, then try again; if it stays, look at the server's log.",
            ),
        };
        (problem.to_owned(), advice)
    }

    /// The answer that says so.
    pub(super) fn into_response(self) -> Response<Body> {
        let (problem, advice) = self.words();
        let mut response = json_body(self.status(), &json!({"problem": problem, "advice": advice}));
        if let Self::NoSuchMethod(allowed) = &self
            && let Ok(value) = HeaderValue::from_str(allowed.as_str())
        {
            response.headers_mut().insert(header::ALLOW, value);
        }
        response
    }
}
