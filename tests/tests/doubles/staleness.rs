//! Reads that may be stale are stale, and strong ones never.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::KeysAndAttributes;

use super::{TABLE, add, bed, read, text};

const LAG: Duration = Duration::from_secs(1);

async fn put_in_history(client: &Client, key: &str) {
    let put = client.put_item().table_name(TABLE);
    let put = put.item("pk", text(key)).item("sk", text("session"));
    let put = put.item("hk", text("acme#alice")).item("hr", text(key));
    put.send().await.unwrap();
}

async fn history(client: &Client) -> i32 {
    let query = client.query().table_name(TABLE).index_name("history");
    let query = query.key_condition_expression("hk = :hk");
    let query = query.expression_attribute_values(":hk", text("acme#alice"));
    query.send().await.unwrap().count()
}

async fn batch(client: &Client, consistent: bool) -> usize {
    let key = [("pk".to_owned(), text("a")), ("sk".to_owned(), text("guard"))].into();
    let keys = KeysAndAttributes::builder()
        .keys(key)
        .consistent_read(consistent)
        .build()
        .unwrap();
    let answer = client
        .batch_get_item()
        .request_items(TABLE, keys)
        .send()
        .await
        .unwrap();
    answer.responses.unwrap()[TABLE].len()
}

#[tokio::test]
async fn only_a_strong_read_sees_a_write_at_once_and_every_read_sees_it_in_the_end() {
    let bed = bed().await;
    bed.proxy.lag(TABLE, LAG).await;
    let written = Instant::now();
    add(&bed.client, "a").await;
    put_in_history(&bed.client, "s").await;

    assert_eq!(read(&bed.client, "a", true).await, Some(1));
    assert_eq!(batch(&bed.client, true).await, 1);
    let stale = (
        read(&bed.client, "a", false).await,
        batch(&bed.client, false).await,
        history(&bed.client).await,
    );
    if written.elapsed() < LAG {
        assert_eq!(stale, (None, 0, 0));
    }

    bed.proxy.catch_up().await;
    assert!(LAG <= written.elapsed());
    assert_eq!(read(&bed.client, "a", false).await, Some(1));
    assert_eq!(batch(&bed.client, false).await, 1);
    assert_eq!(history(&bed.client).await, 1);
}

#[tokio::test]
async fn a_stale_read_shows_what_was_there_before_a_change_or_a_deletion() {
    let bed = bed().await;
    add(&bed.client, "changed").await;
    add(&bed.client, "deleted").await;
    // Long enough that the reads below are surely within it.
    bed.proxy.lag(TABLE, Duration::from_mins(10)).await;
    add(&bed.client, "changed").await;
    let delete = bed.client.delete_item().table_name(TABLE);
    let delete = delete.key("pk", text("deleted")).key("sk", text("guard"));
    delete.send().await.unwrap();

    for (key, stale, strong) in [("changed", Some(1), Some(2)), ("deleted", Some(1), None)] {
        assert_eq!(read(&bed.client, key, false).await, stale, "{key}");
        assert_eq!(read(&bed.client, key, true).await, strong, "{key}");
    }
}

#[tokio::test]
async fn stale_reads_are_counted_like_any_other() {
    let bed = bed().await;
    bed.proxy.lag(TABLE, LAG).await;
    let (_, usage) = bed.proxy.measure(read(&bed.client, "a", false)).await;
    assert_eq!(usage.budget(), (1, 1, 0.5, 0.0));
}
