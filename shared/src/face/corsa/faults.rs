//! What can go wrong behind every endpoint, in the words of this face.

use super::error::Error;
use crate::clock::EntropyError;

impl From<EntropyError> for Error {
    fn from(error: EntropyError) -> Self {
        Self::Internal(Box::new(error))
    }
}
