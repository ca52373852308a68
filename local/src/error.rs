//! Why a local cloud cannot do what it was asked for.

use std::fmt::Display;

/// What goes wrong while a local cloud is started or used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The template cannot be used.
    #[error(transparent)]
    Template(#[from] crate::template::Error),
    /// A file, a port or a process.
    #[error("{what}")]
    Io {
        /// What it was about.
        what: String,
        /// What the machine said.
        source: std::io::Error,
    },
    /// The embedded engine.
    #[error("DynamoDB engine: {0}")]
    Engine(String),
    /// An answer of a DynamoDB endpoint.
    #[error("DynamoDB: {kind}: {message}")]
    DynamoDb {
        /// The exception's name.
        kind: String,
        /// Its message.
        message: String,
    },
    /// The store.
    #[error("{0}")]
    Store(#[from] shared::store::Error),
    /// Keys, tokens and API keys.
    #[error("credentials: {0}")]
    Credentials(&'static str),
    /// A name that is not in the template.
    #[error("{0} is not in the template")]
    Unknown(String),
    /// A function gave no output.
    #[error("{function}: {failure:?}")]
    Function {
        /// Its package.
        function: String,
        /// Why.
        failure: crate::Failure,
    },
    /// A build of the data about addresses.
    #[error("address data: {0}")]
    Intelligence(#[from] intel::Error),
    /// A build of the functions.
    #[error("the functions do not build")]
    Build,
    /// Something about running instances.
    #[error("{0}")]
    Instance(String),
}

impl Error {
    /// Wraps what the machine said about `what`.
    pub(crate) fn io(what: impl Display) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.to_string();
        move |source| Self::Io { what, source }
    }
}
