//! The engine: its stream and its time to live.

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use tests::engine::{Engine, StreamPosition};

use super::{TABLE, add, number, text};

#[tokio::test]
async fn the_stream_tells_every_write_in_order_with_both_images() {
    let engine = Engine::with_table(TABLE).await;
    let client = engine.client();
    let mut position = StreamPosition::default();
    assert!(engine.stream(TABLE, &mut position).is_empty());

    add(&client, "a").await;
    add(&client, "a").await;
    client
        .delete_item()
        .table_name(TABLE)
        .key("pk", text("a"))
        .key("sk", text("guard"))
        .send()
        .await
        .unwrap();

    let records = engine.stream(TABLE, &mut position);
    let told: Vec<_> = records
        .iter()
        .map(|record| {
            let counter = |image| record["dynamodb"][image]["n"]["N"].as_str();
            (
                record["eventName"].as_str().unwrap(),
                counter("OldImage"),
                counter("NewImage"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("INSERT", None, Some("1")),
            ("MODIFY", Some("1"), Some("2")),
            ("REMOVE", Some("2"), None),
        ]
    );
    assert_eq!(records[0]["dynamodb"]["Keys"]["pk"]["S"], "a");
    assert!(
        engine.stream(TABLE, &mut position).is_empty(),
        "nothing is told twice"
    );
}

#[tokio::test]
async fn the_stream_is_read_to_its_end_however_long_it_is() {
    let engine = Engine::with_table(TABLE).await;
    let client = engine.client();
    // The engine gives at most 1,000 records at once; 25 are written at once.
    for batch in 0..42 {
        let puts = (0..25).map(|place| {
            let put = PutRequest::builder().item("pk", text(format!("{batch}-{place}")));
            let put = put.item("sk", text("guard")).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        });
        let write = client.batch_write_item().request_items(TABLE, puts.collect());
        write.send().await.unwrap();
    }
    assert_eq!(engine.stream(TABLE, &mut StreamPosition::default()).len(), 1_050);
}

#[tokio::test]
async fn an_expired_item_stays_until_it_is_swept_and_its_deletion_names_the_service() {
    let engine = Engine::with_table(TABLE).await;
    let put = |key: &'static str, expiry: u64| {
        let put = engine.client().put_item().table_name(TABLE);
        let put = put.item("pk", text(key)).item("sk", text("guard"));
        put.item("t", number(expiry)).send()
    };
    put("past", 1_700_000_000).await.unwrap();
    put("future", 4_000_000_000).await.unwrap();

    let mut position = StreamPosition::default();
    assert_eq!(engine.stream(TABLE, &mut position).len(), 2);
    assert_eq!(engine.sweep_expired(), 1);

    let records = engine.stream(TABLE, &mut position);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["dynamodb"]["Keys"]["pk"]["S"], "past");
    assert_eq!(
        records[0]["userIdentity"]["principalId"],
        "dynamodb.amazonaws.com"
    );
    assert_eq!(records[0]["userIdentity"]["type"], "Service");
}
