//! The queue of records that can never be settled.
//!
//! Lambda sends a record there itself once it gave it up, and until then the record holds up its part of the stream. What
//! no trial will change goes there at once.

use aws_sdk_sqs::Client;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::store;

/// Where records go that this version cannot read.
#[derive(Debug)]
pub struct DeadLetters {
    url: Option<String>,
    /// Made for the first letter, as most instances never send one.
    client: OnceCell<Client>,
}

/// The queue did not take a letter.
#[derive(Debug, thiserror::Error)]
#[error("dead letter not sent")]
pub struct Unsent(#[source] Box<dyn std::error::Error + Send + Sync>);

impl DeadLetters {
    /// The queue whose address is in `HOLDFAST_DEAD_LETTERS`. Where that is none, as in a cloud without queues, a letter is a
    /// line in the log and nothing else.
    #[expect(
        clippy::disallowed_methods,
        reason = "read once, at the start, as all configuration"
    )]
    pub fn from_environment() -> Self {
        let url = std::env::var("HOLDFAST_DEAD_LETTERS").ok();
        Self {
            url: url.filter(|it| it.starts_with("http")),
            client: OnceCell::new(),
        }
    }

    /// Sends where a record of the stream stands and why it was passed over, and nothing of what it holds.
    ///
    /// # Errors
    /// When the queue did not take it: then the record has to come again.
    pub async fn send(&self, record: &Value, why: &store::Error) -> Result<(), Unsent> {
        let letter = letter(record, why);
        tracing::error!(%letter, "record passed over");
        let Some(url) = &self.url else {
            return Ok(());
        };
        let message = self
            .client
            .get_or_init(super::aws::queues)
            .await
            .send_message()
            .queue_url(url)
            .message_body(letter.to_string());
        match message.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(Unsent(Box::new(error))),
        }
    }
}

fn letter(record: &Value, why: &store::Error) -> Value {
    json!({
        "condition": "Unreadable",
        "why": why.to_string(),
        "streamArn": record.get("eventSourceARN"),
        "sequenceNumber": record.pointer("/dynamodb/SequenceNumber"),
        "writtenAt": record.pointer("/dynamodb/ApproximateCreationDateTime"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_says_where_a_record_stands_and_nothing_of_what_it_holds() {
        let record = json!({
            "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/holdfast/stream/1",
            "dynamodb": {
                "SequenceNumber": "111", "ApproximateCreationDateTime": 1_800_000_000,
                "NewImage": {"m": {"S": "what it holds"}},
            },
        });
        let why = store::Error::LaterVersion {
            key: "acme#U#A guard".to_owned(),
        };
        assert_eq!(
            letter(&record, &why),
            json!({
                "condition": "Unreadable",
                "why": "item acme#U#A guard was written by a later version",
                "streamArn": "arn:aws:dynamodb:eu-central-1:123456789012:table/holdfast/stream/1",
                "sequenceNumber": "111",
                "writtenAt": 1_800_000_000,
            })
        );
    }
}
