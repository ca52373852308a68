//! The proxy counts requests, round trips and capacity units as AWS bills them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValuesOnConditionCheckFailure};
use tests::engine::client;
use tests::proxy::Usage;
use tokio::join;

use super::{TABLE, add, bed, number, put, put_if_absent, read, text};

/// An item of 2,500 B and a little, in both indexes.
async fn put_indexed(client: &Client, started: &str) {
    client
        .put_item()
        .table_name(TABLE)
        .item("pk", text("a"))
        .item("sk", text("session"))
        .item("p", text("x".repeat(2_500)))
        .item("hk", text("acme#alice"))
        .item("hr", text(started))
        .item("dh", text("481000#03"))
        .item("dt", number(1_700_000_000))
        .send()
        .await
        .unwrap();
}

fn indexes(usage: &Usage) -> Vec<(&str, f64)> {
    usage
        .index_wcu
        .iter()
        .map(|(index, units)| (index.as_str(), *units))
        .collect()
}

#[tokio::test]
async fn a_write_costs_its_kilobytes_in_the_table_and_in_each_index_it_changes() {
    let bed = bed().await;

    let ((), first) = bed.proxy.measure(put_indexed(&bed.client, "1")).await;
    assert_eq!(first.budget(), (1, 1, 0.0, 3.0));
    assert_eq!(indexes(&first), [("due", 1.0), ("history", 3.0)]);

    let ((), moved) = bed.proxy.measure(put_indexed(&bed.client, "2")).await;
    assert_eq!(moved.budget(), (1, 1, 0.0, 3.0));
    assert_eq!(
        indexes(&moved),
        [("history", 6.0)],
        "a new index key is a deletion and an insertion"
    );

    let ((), same) = bed.proxy.measure(put_indexed(&bed.client, "2")).await;
    assert_eq!(same.budget(), (1, 1, 0.0, 3.0));
    assert_eq!(indexes(&same), []);
}

#[tokio::test]
async fn a_read_costs_a_unit_for_4_kb_and_half_of_it_when_it_may_be_stale() {
    let bed = bed().await;
    put(&bed.client, "small", 10).await;
    put(&bed.client, "large", 5_000).await;
    for (key, consistent, units) in [
        ("small", true, 1.0),
        ("small", false, 0.5),
        ("large", true, 2.0),
        ("large", false, 1.0),
        ("absent", true, 1.0),
    ] {
        let (_, usage) = bed.proxy.measure(read(&bed.client, key, consistent)).await;
        assert_eq!(
            usage.budget(),
            (1, 1, units, 0.0),
            "{key}, consistent {consistent}"
        );
        assert_eq!(usage.calls[0].request.is_consistent(), consistent);
        assert_eq!(usage.calls[0].request.key("pk"), Some(key));
    }
}

#[tokio::test]
async fn an_index_query_costs_reads_and_names_its_index() {
    let bed = bed().await;
    put_indexed(&bed.client, "1").await;
    let query = bed.client.query().table_name(TABLE).index_name("history");
    let query = query.key_condition_expression("hk = :hk");
    let query = query.expression_attribute_values(":hk", text("acme#alice"));

    let (answer, usage) = bed.proxy.measure(query.send()).await;
    assert_eq!(answer.unwrap().count(), 1);
    assert_eq!(usage.budget(), (1, 1, 0.5, 0.0));
    assert_eq!(usage.operations(), ["Query"]);
    assert_eq!(usage.calls[0].request.table(), Some(TABLE));
    assert_eq!(usage.calls[0].request.index(), Some("history"));
}

#[tokio::test]
async fn a_failed_condition_costs_the_kilobytes_of_the_item_it_returns() {
    let bed = bed().await;
    put(&bed.client, "held", 2_500).await;
    for (returned, units) in [
        (ReturnValuesOnConditionCheckFailure::AllOld, 3.0),
        (ReturnValuesOnConditionCheckFailure::None, 1.0),
    ] {
        let (held, usage) = bed
            .proxy
            .measure(put_if_absent(&bed.client, "held", returned))
            .await;
        assert!(!held);
        assert_eq!(usage.budget(), (1, 1, 0.0, units));
        assert!(usage.calls[0].condition_failed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_sent_together_are_one_round_trip_and_one_after_the_other_are_more() {
    let bed = bed().await;
    let client = &bed.client;

    let together = async { join!(add(client, "a"), add(client, "b"), add(client, "c")) };
    let (_, parallel) = Box::pin(bed.proxy.measure(together)).await;
    assert_eq!(parallel.budget(), (3, 1, 0.0, 3.0));

    let sequence = async {
        add(client, "a").await;
        add(client, "b").await;
    };
    let ((), sequential) = bed.proxy.measure(sequence).await;
    assert_eq!(sequential.budget(), (2, 2, 0.0, 2.0));

    let branches = async {
        join!(
            async {
                add(client, "a").await;
                add(client, "b").await;
            },
            async {
                add(client, "c").await;
                add(client, "d").await;
            },
            add(client, "e"),
        );
        add(client, "f").await;
    };
    let ((), branching) = Box::pin(bed.proxy.measure(branches)).await;
    assert_eq!(branching.budget(), (6, 3, 0.0, 6.0));
}

#[tokio::test]
async fn a_batch_costs_each_of_its_items() {
    let bed = bed().await;
    put(&bed.client, "a", 10).await;
    put(&bed.client, "b", 5_000).await;
    let key =
        |key: &str| [("pk", text(key)), ("sk", text("guard"))].map(|(name, value)| (name.to_owned(), value));
    let keys = KeysAndAttributes::builder()
        .keys(key("a").into())
        .keys(key("b").into())
        .consistent_read(true)
        .build()
        .unwrap();
    let (answer, usage) = bed
        .proxy
        .measure(bed.client.batch_get_item().request_items(TABLE, keys).send())
        .await;
    assert_eq!(answer.unwrap().responses.unwrap()[TABLE].len(), 2);
    assert_eq!(usage.budget(), (1, 1, 3.0, 0.0));
    assert!(usage.calls[0].request.is_consistent());
}

#[tokio::test]
async fn callers_are_told_apart_by_their_endpoint_and_every_action_and_scan_is_remembered() {
    let bed = bed().await;
    let create = client(&bed.proxy.url("create-session"));
    let validate = client(&bed.proxy.url("validate-session"));
    let untagged = client(&bed.proxy.url(""));

    let work = async {
        add(&create, "a").await;
        read(&create, "a", true).await;
        read(&validate, "a", true).await;
    };
    let ((), usage) = bed.proxy.measure(work).await;
    let own = usage.only(|call| call.request.tag == "validate-session");
    assert_eq!(
        (usage.budget(), own.budget()),
        ((3, 3, 2.0, 1.0), (1, 1, 1.0, 0.0))
    );

    assert_eq!(bed.proxy.scans(), 0);
    untagged.scan().table_name(TABLE).send().await.unwrap();
    assert_eq!(bed.proxy.scans(), 1);

    let names = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(
        bed.proxy.actions(),
        BTreeMap::from([
            ("create-session".to_owned(), names(&["GetItem", "UpdateItem"])),
            ("validate-session".to_owned(), names(&["GetItem"])),
            (String::new(), names(&["Scan"])),
        ])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_requests_pass_side_by_side() {
    let bed = bed().await;
    let work = (0..32).map(|worker| {
        let client = bed.client.clone();
        tokio::spawn(async move {
            for _ in 0..32 {
                assert!(add(&client, &format!("{worker}")).await);
            }
        })
    });
    let work: Vec<_> = work.collect();
    for worker in work {
        worker.await.unwrap();
    }
    let answer = bed
        .client
        .get_item()
        .table_name(TABLE)
        .key("pk", text("7"))
        .key("sk", text("guard"));
    let item = answer.consistent_read(true).send().await.unwrap().item.unwrap();
    assert_eq!(item["n"], AttributeValue::N("32".to_owned()));
}
