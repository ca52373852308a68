//! The stream of the table: writes down how each session ended, whatever path ended it, and what its subject is known
//! by. Every ending passes through here.

use lambda_http::lambda_runtime;
use serde_json::{Value, json};
use shared::runtime::metrics::{self, Metric, Numbers};
use shared::runtime::{App, DeadLetters};
use shared::service::{Batch, Unsettled};

/// Settles a batch. Answers the records that must come again, so that one bad record holds up no other; one that cannot be
/// read is sent to the dead letters and does not come again.
///
/// # Errors
/// When the event is no batch.
pub async fn handle_event(
    app: &App,
    letters: &DeadLetters,
    event: &str,
) -> Result<Value, lambda_runtime::Error> {
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
        let mut count = |metric, number| *numbers.entry(metric).or_default() += number;
        let comes_again = match app.sessions.settle_record(&mut batch, record, now).await {
            Ok(()) => {
                for (metric, number) in metrics::of_record(record) {
                    count(metric, number);
                }
                false
            }
            // What waits for another record is no error of its own.
            Err(Unsettled::Waiting) => true,
            Err(Unsettled::Store(error)) if error.is_unreadable() => {
                count(Metric::Unreadable, 1);
                is_error(letters.send(record, &error).await, sequence)
            }
            Err(error) => is_error(Err(error), sequence),
        };
        if comes_again {
            failed.push(json!({ "itemIdentifier": sequence }));
        }
    }
    metrics::tell(&numbers, now);
    Ok(json!({ "batchItemFailures": failed }))
}

/// Whether a record failed, which is logged.
fn is_error<E: std::error::Error + 'static>(settled: Result<(), E>, record: &str) -> bool {
    settled
        .inspect_err(|error| {
            tracing::error!(
                error = error as &dyn std::error::Error,
                record,
                "record not settled"
            );
        })
        .is_err()
}
