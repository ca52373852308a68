//! DynamoDB, and the only place that knows keys, attribute names and conditions.

mod credentials;

pub use credentials::Credentials;

/// What storage can do to us.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table did not answer in time, or refused to.
    #[error("store unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An item is not in the form this version writes.
    #[error("item {key} is corrupt: {what}")]
    Corrupt {
        /// The item's key.
        key: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// An item was written by a later version of the service.
    #[error("item {key} was written by a later version")]
    LaterVersion {
        /// The item's key.
        key: String,
    },
}
