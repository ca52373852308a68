//! The function the local cloud's own tests run: it does what its event's `do` says, and answers with what it saw.

use std::time::Duration;

use lambda_http::lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    eprintln!("a line of the function");
    run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (event, context) = event.into_parts();
    if let Some(records) = event.get("Records").and_then(Value::as_array) {
        return Ok(batch(records));
    }
    let wanted = event
        .get("body")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let wanted = event.get("do").and_then(Value::as_str).unwrap_or(&wanted);
    match wanted {
        "exit" => std::process::exit(3),
        "fail" => return Err("as it was told".into()),
        "sleep" => tokio::time::sleep(Duration::from_millis(400)).await,
        "hang" => tokio::time::sleep(Duration::from_mins(1)).await,
        "answer and exit" => drop(std::thread::spawn(|| {
            std::thread::sleep(Duration::from_millis(100));
            std::process::exit(0);
        })),
        _ => {}
    }
    let environment: Vec<(String, String)> = std::env::vars().collect();
    let seen = json!({
        "event": event,
        "pid": std::process::id(),
        "environment": Value::from_iter(environment),
        "request_id": context.request_id,
        "remaining_ms": context.deadline.saturating_sub(now_ms()),
    });
    Ok(json!({
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "cookies": ["seen=1"],
        "body": seen.to_string(),
    }))
}

/// Writes each record's partition key to the log; those that begin with `poison` fail.
fn batch(records: &[Value]) -> Value {
    let text = |record: &Value, path: &str| {
        let found = record.pointer(path).and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    };
    let keys: Vec<String> = records.iter().map(|it| text(it, "/dynamodb/Keys/pk/S")).collect();
    eprintln!("batch {}", keys.join(" "));
    let failures: Vec<Value> = records
        .iter()
        .zip(&keys)
        .filter(|(_, key)| key.starts_with("poison"))
        .map(|(record, _)| json!({"itemIdentifier": text(record, "/dynamodb/SequenceNumber")}))
        .collect();
    json!({ "batchItemFailures": failures })
}

#[expect(clippy::disallowed_methods, reason = "there is no `App` here")]
fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX))
}
