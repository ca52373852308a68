//! What can go wrong behind every endpoint, in the words of this face.

use super::error::Error;
use crate::clock::EntropyError;
use crate::service::OpenError;

impl From<EntropyError> for Error {
    fn from(error: EntropyError) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Store(error) => error.into(),
            OpenError::Entropy(error) => error.into(),
        }
    }
}
