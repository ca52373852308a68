//! DynamoDB, and the only place that knows keys, attribute names and conditions.
//!
//! Every method is one request unless it says otherwise. The decisions are made by the callers; each write carries
//! the condition under which its decision still holds.

mod attempts;
pub mod attributes;
mod client;
mod credentials;
mod devices;
mod due;
mod erase;
mod facts;
mod guard;
mod history;
mod idempotency;
mod item;
mod keys;
mod profile;
mod rate;
mod record;
mod reference;
mod stream;
mod trail;
mod update;
mod visit;

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

pub use attempts::Attempts;
pub use client::PutClient;
pub use credentials::Credentials;
pub use devices::{Block, MOST_SUBJECTS, Sighted};
pub use due::{DueGuard, DuePage};
pub use erase::{Deleted, Erasable, ErasablePage, Place};
pub use guard::{Due, Emptied, GoneId, Guard, Learnt, Opened, Opening, Removed, Touch, Touched, Withdrawn};
pub use history::{Cursor, HistoryPage};
pub use idempotency::{Begun, Request};
pub use keys::Key;
pub use profile::{Known, Revision};
pub use rate::{Counted, Window};
pub use record::Stamp;
pub use stream::{Change, Position, change, is_probe};
pub use visit::{Exchange, Visit};

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
    /// Other writers were faster too often.
    #[error("too much contention")]
    Contended,
}

impl Error {
    /// Whether an item is not in a form this version reads: asking again changes nothing.
    pub const fn is_unreadable(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::LaterVersion { .. })
    }

    fn unavailable(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Box::new(source))
    }
}

/// The table and everything in it.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    table: String,
    /// How long a guard is kept after its last write.
    guard_kept: Duration,
}

impl Store {
    /// The store kept in `table`.
    pub const fn new(client: Client, table: String) -> Self {
        Self {
            client,
            table,
            guard_kept: guard::KEPT,
        }
    }

    /// The same, where records are kept for `retention`: no guard is gone before the records it speaks of.
    #[must_use]
    pub fn keeping(mut self, retention: Duration) -> Self {
        self.guard_kept = self.guard_kept.max(retention);
        self
    }

    /// How long a guard is kept at least after its last write, and with it what it says of a revoke-all.
    pub const fn guard_kept(&self) -> Duration {
        self.guard_kept
    }

    /// The items that say who may ask.
    pub fn credentials(&self) -> Credentials {
        Credentials::new(self.clone())
    }

    /// Opens two connections to the table, so that the first request and its parallel twin find them warm.
    pub async fn warm_up(&self) -> Result<(), Error> {
        let key = Key::watermark();
        let (one, two) = tokio::join!(self.get(&key), self.get(&key));
        one.and(two).map(|_| ())
    }

    async fn get(&self, key: &Key) -> Result<Option<HashMap<String, AttributeValue>>, Error> {
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(Error::unavailable)?;
        Ok(output.item)
    }

    /// The items of these keys that exist, strongly consistent, in no order. One request, and one more for what the
    /// table left undone.
    async fn batch(&self, mut keys: Vec<item::Item>) -> Result<Vec<item::Item>, Error> {
        let mut found = Vec::new();
        while !keys.is_empty() {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build()
                .map_err(Error::unavailable)?;
            let output = self
                .client
                .batch_get_item()
                .request_items(&self.table, wanted)
                .send()
                .await
                .map_err(Error::unavailable)?;
            found.extend(
                output
                    .responses
                    .into_iter()
                    .flat_map(HashMap::into_values)
                    .flatten(),
            );
            keys = output
                .unprocessed_keys
                .into_iter()
                .flat_map(HashMap::into_values)
                .flat_map(|it| it.keys)
                .collect();
        }
        Ok(found)
    }
}

/// What became of a conditional write: done, or refused with the item that stood against it.
enum Write<T> {
    Done(T),
    Refused(Option<HashMap<String, AttributeValue>>),
}

/// The errors of writes, of which a failed condition is an answer.
#[expect(clippy::option_option, reason = "whether it was refused, and by which item")]
trait Refusal {
    fn refused(&self) -> Option<Option<&HashMap<String, AttributeValue>>>;
}

impl Refusal for UpdateItemError {
    fn refused(&self) -> Option<Option<&HashMap<String, AttributeValue>>> {
        match self {
            Self::ConditionalCheckFailedException(it) => Some(it.item()),
            // An update inside a map of an item that does not exist, or has no such map: there is nothing to refuse it.
            other
                if other
                    .meta()
                    .message()
                    .is_some_and(|it| it.contains("document path")) =>
            {
                Some(None)
            }
            _ => None,
        }
    }
}

impl Refusal for PutItemError {
    fn refused(&self) -> Option<Option<&HashMap<String, AttributeValue>>> {
        match self {
            Self::ConditionalCheckFailedException(it) => Some(it.item()),
            _ => None,
        }
    }
}

impl Refusal for DeleteItemError {
    fn refused(&self) -> Option<Option<&HashMap<String, AttributeValue>>> {
        match self {
            Self::ConditionalCheckFailedException(it) => Some(it.item()),
            _ => None,
        }
    }
}

impl<T> Write<T> {
    fn of<E>(written: Result<T, SdkError<E>>) -> Result<Self, Error>
    where
        E: Refusal + std::error::Error + Send + Sync + 'static,
    {
        let error = match written {
            Ok(output) => return Ok(Self::Done(output)),
            Err(error) => error,
        };
        match error.as_service_error().and_then(Refusal::refused) {
            Some(item) => Ok(Self::Refused(item.filter(|item| !item.is_empty()).cloned())),
            None => Err(Error::unavailable(error)),
        }
    }
}
