//! The stream of the table: writes down how each session ended, whatever path ended it, and what its subject is known
//! by. Every ending passes through here.

use lambda_http::lambda_runtime;
use serde_json::{Value, json};
use shared::runtime::App;
use shared::runtime::metrics::{self, Numbers};
use shared::service::{Batch, Unsettled};

/// Settles a batch. Answers the records that must come again, so that one bad record holds up no other.
///
/// # Errors
/// When the event is no batch.
pub async fn handle_event(app: &App, event: &str) -> Result<Value, lambda_runtime::Error> {
    let event: Value = serde_json::from_str(event)?;
    let records = event
        .get("Records")
        .and_then(Value::as_array)
        .ok_or("not a stream's batch")?;
    let now = app.clock.now();

    let (mut batch, mut failed) = (Batch::default(), Vec::new());
    let mut numbers = Numbers::new();
    for record in records {
        let sequence = record
            .pointer("/dynamodb/SequenceNumber")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let Err(error) = app.sessions.settle_record(&mut batch, record, now).await else {
            for (metric, number) in metrics::of_record(record) {
                *numbers.entry(metric).or_default() += number;
            }
            continue;
        };
        // What waits for another record is no error of its own.
        if !matches!(error, Unsettled::Waiting) {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                record = sequence,
                "record not settled"
            );
        }
        failed.push(json!({ "itemIdentifier": sequence }));
    }
    metrics::tell(&numbers, now);
    Ok(json!({ "batchItemFailures": failed }))
}
