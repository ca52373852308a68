//! What the suites may rely on: the doubles count, break and delay exactly as they say.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

mod counting;
mod engine;
mod faults;
mod staleness;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use tests::engine::{Engine, client};
use tests::proxy::Proxy;

const TABLE: &str = "sessions";

/// An engine with the table, a proxy before it, and a client of the proxy.
struct Bed {
    engine: Engine,
    proxy: Proxy,
    client: Client,
}

async fn bed() -> Bed {
    let engine = Engine::with_table(TABLE).await;
    let proxy = Proxy::start(engine.url()).await;
    let client = client(&proxy.url("suite"));
    Bed {
        engine,
        proxy,
        client,
    }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Puts an item with a payload of so many bytes.
async fn put(client: &Client, key: &str, payload: usize) {
    client
        .put_item()
        .table_name(TABLE)
        .item("pk", text(key))
        .item("sk", text("guard"))
        .item("p", text("x".repeat(payload)))
        .send()
        .await
        .expect("a put");
}

/// Adds one to an item's counter: what tells "once" from "twice".
async fn add(client: &Client, key: &str) -> bool {
    client
        .update_item()
        .table_name(TABLE)
        .key("pk", text(key))
        .key("sk", text("guard"))
        .update_expression("ADD n :one")
        .expression_attribute_values(":one", number(1))
        .send()
        .await
        .is_ok()
}

/// The counter, as a strongly consistent read tells it.
async fn counter(client: &Client, key: &str) -> u64 {
    read(client, key, true).await.unwrap_or_default()
}

/// The counter, if the item is there.
async fn read(client: &Client, key: &str, consistent: bool) -> Option<u64> {
    let answer = client
        .get_item()
        .table_name(TABLE)
        .key("pk", text(key))
        .key("sk", text("guard"))
        .consistent_read(consistent)
        .send()
        .await
        .expect("a read");
    let item = answer.item?;
    item.get("n")
        .and_then(|n| n.as_n().ok())
        .and_then(|n| n.parse().ok())
}

/// Creates an item if it is absent; returns whether the condition held.
async fn put_if_absent(client: &Client, key: &str, returned: ReturnValuesOnConditionCheckFailure) -> bool {
    client
        .put_item()
        .table_name(TABLE)
        .item("pk", text(key))
        .item("sk", text("guard"))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(returned)
        .send()
        .await
        .is_ok()
}
