//! The stream of the table: writes down how each session ended, whatever path ended it, and what its subject is known
//! by. Every ending passes through here.

use lambda_http::lambda_runtime;
use serde_json::{Value, json};
use shared::model::Instant;
use shared::runtime::App;
use shared::service::Settled;
use shared::store::change;

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

    let mut failed = Vec::new();
    for record in records {
        let sequence = record
            .pointer("/dynamodb/SequenceNumber")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if let Err(error) = settle(app, record, now).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                record = sequence,
                "record not settled"
            );
            failed.push(json!({ "itemIdentifier": sequence }));
        }
    }
    Ok(json!({ "batchItemFailures": failed }))
}

async fn settle(app: &App, record: &Value, now: Instant) -> Result<(), SettleError> {
    let Some(change) = change(record)? else {
        return Ok(());
    };
    let settled = app.sessions.settle(&change, now).await?;
    app.sessions.teach(&change, now).await?;
    match settled {
        Settled::All => Ok(()),
        Settled::Later => Err(SettleError::RecordMissing),
    }
}

#[derive(Debug, thiserror::Error)]
enum SettleError {
    #[error(transparent)]
    Store(#[from] shared::store::Error),
    #[error("a session's record is not there yet")]
    RecordMissing,
}
