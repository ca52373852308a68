//! Who is asking: users by the tokens of their issuer, backends by their API keys.
//!
//! Decisions are pure functions of what was looked up and of the time given; [`Authenticator`] does the looking up.

mod address;
mod api_key;
mod authenticator;
mod bearer;
mod cache;
mod caller;
mod fetch;
mod json;
mod jwks;
mod key_sets;
mod strangers;
mod subject;
mod telemetry_token;
mod token;
mod url;

#[cfg(test)]
mod hostile_tokens;
#[cfg(test)]
pub(crate) mod testing;

pub use address::is_global;
pub use api_key::{IssuedKey, Secret};
pub use authenticator::Authenticator;
pub use bearer::{Headers, KeyHeader};
pub use caller::{Caller, Who};
pub use fetch::Fetcher;
pub use subject::HEADER as SUBJECT_HEADER;
pub use telemetry_token::{BadKeys, Claim, Issued, Keyring, NoToken, lookup_digest};

/// Why a request has no caller. What it prints is what the client may read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no bearer credential (401).
    #[error("not authenticated")]
    Missing,
    /// The credential is malformed, unknown, expired, revoked or not meant for this service (401). Which of them is
    /// told to the log at debug level alone.
    #[error("invalid authentication credentials")]
    Invalid,
    /// The credential is good and may not do this (403).
    #[error("{0}")]
    Forbidden(&'static str),
    /// An API key has to name the user it acts for in `Holdfast-Subject`, and did not (422 on bitcain).
    #[error("the Holdfast-Subject header is required with an API key")]
    SubjectMissing,
    /// The `Holdfast-Subject` header names no subject (422 on bitcain).
    #[error("{0}")]
    SubjectInvalid(&'static str),
    /// The network of the request has named too many unknown credentials or sites (429).
    #[error("too many unknown credentials")]
    TooMany {
        /// Seconds after which asking again makes sense.
        retry_after: u32,
    },
    /// What is needed to judge the credential cannot be had now (503).
    #[error("authentication is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why a credential is not accepted: said to the log, never to the client, and never with a word of the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) &'static str);

impl From<crate::store::Error> for Error {
    fn from(error: crate::store::Error) -> Self {
        Self::Unavailable(Box::new(error))
    }
}
