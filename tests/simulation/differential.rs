//! Holds the table in memory against the embedded engine: whatever the store asks of the one in a history, it asks of the
//! other in the same order, and both give the same answers.

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tests::engine::{self, Engine};

use crate::plan::Plan;
use crate::run::Stage;

/// Histories whose requests are asked again.
const HISTORIES: u64 = 120;

struct Asked {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
}

impl Asked {
    async fn answer(&self, operation: &str, body: &Value) -> (u16, Value) {
        let request = Request::post(&self.url)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("x-amz-date", "20260101T000000Z")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/dynamodb/aws4_request, \
                 SignedHeaders=host, Signature=0",
            )
            .body(Full::new(Bytes::from(body.to_string())))
            .unwrap();
        let response = self.client.request(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }
}

/// An answer without what the two may word differently: the order of names, of sets, and messages.
fn normal(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut names: Vec<_> = map
                .iter()
                .filter(|(name, _)| !["message", "Message"].contains(&name.as_str()))
                .collect();
            names.sort_by_key(|(name, _)| name.to_owned());
            let set = |name: &str| ["SS", "NS", "BS"].contains(&name);
            let value = |name: &str, value: &Value| {
                let mut value = normal(value);
                if let (true, Some(members)) = (set(name), value.as_array_mut()) {
                    members.sort_by_key(Value::to_string);
                }
                value
            };
            names
                .into_iter()
                .map(|(name, it)| (name.clone(), value(name, it)))
                .collect()
        }
        Value::Array(list) => list.iter().map(normal).collect(),
        other => other.clone(),
    }
}

fn of_table(request: &Value, table: &str) -> Value {
    let mut request = request.clone();
    if let Some(tables) = request["RequestItems"].as_object().cloned() {
        let renamed = tables.into_iter().map(|(_, wanted)| (table.to_owned(), wanted));
        request["RequestItems"] = renamed.collect();
        return request;
    }
    if let Some(tables) = request["Responses"].as_object().cloned() {
        let renamed = tables.into_iter().map(|(_, items)| (table.to_owned(), items));
        request["Responses"] = renamed.collect();
    }
    request["TableName"] = table.into();
    request
}

#[test]
fn the_table_in_memory_answers_as_the_engine_does() {
    let stage = Stage::new();
    let histories: Vec<_> = (0..HISTORIES)
        .map(|seed| (seed, stage.requests(&Plan::of(seed))))
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (mut asked, mut refused) = (0, 0);
        let engine = Engine::start().await;
        let both = Asked {
            client: Client::builder(TokioExecutor::new()).build_http(),
            url: format!("{}/", engine.url()),
        };
        for (seed, requests) in histories {
            let table = format!("history-{seed}");
            engine::create_table(&engine.client(), &table).await;
            for (operation, request, (status, ours)) in requests {
                let (found, theirs) = both.answer(&operation, &of_table(&request, &table)).await;
                let mut wanted = json!({"status": status, "body": normal(&of_table(&ours, &table))});
                let mut theirs = json!({"status": found, "body": normal(&of_table(&theirs, &table))});
                // Of an item that was not there the engine shows the key, which DynamoDB does not.
                let old = theirs["body"].get("Attributes").and_then(Value::as_object);
                if old.is_some_and(|it| it.keys().all(|name| ["pk", "sk"].contains(&name.as_str()))) {
                    theirs["body"].as_object_mut().unwrap().remove("Attributes");
                }
                for body in [&mut wanted, &mut theirs] {
                    if let Some(items) = body["body"]["Responses"][&table].as_array_mut() {
                        items.sort_by_key(|it| it["pk"].to_string());
                    }
                }
                // Whether there is an empty list of what was left undone is the engine's own taste.
                if wanted["body"].get("UnprocessedKeys").is_none() {
                    theirs["body"].as_object_mut().unwrap().remove("UnprocessedKeys");
                }
                assert_eq!(theirs, wanted, "history {seed}: {operation} {request}");
                asked += 1;
                refused += u32::from(status == 400);
            }
        }
        println!("{asked} requests, {refused} of them refused, answered alike");
        assert!(1_000 < asked && 100 < refused);
    });
}
