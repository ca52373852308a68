//! Each fault as the AWS SDK meets it: what it retries, and what was applied meanwhile.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::KeysAndAttributes;
use tests::engine::{client, config};
use tests::proxy::{Fault, Proxy, When};

use super::{TABLE, add, bed, counter, put, read, text};

/// A client that waits half a second for each attempt.
fn impatient(proxy: &Proxy) -> Client {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_millis(500))
        .build();
    Client::from_conf(config(&proxy.url("impatient")).timeout_config(timeouts).build())
}

#[tokio::test]
async fn the_sdk_retries_every_fault_and_applies_the_write_once_or_twice_as_the_fault_says() {
    let bed = bed().await;
    let client = impatient(&bed.proxy);
    for (fault, applied) in [
        (Fault::ThroughputExceeded, 1),
        (Fault::Throttled, 1),
        (Fault::InternalError, 1),
        (Fault::Unavailable, 1),
        (Fault::Reset, 1),
        (Fault::Hang, 1),
        (Fault::LostBeforeCommit, 1),
        (Fault::LostAfterCommit, 2),
        (Fault::HangAfterCommit, 2),
    ] {
        let key = format!("{fault:?}");
        bed.proxy.fault(When::nth(1).operation("UpdateItem"), [fault]);
        let (done, usage) = bed.proxy.measure(add(&client, &key)).await;
        bed.proxy.heal();
        assert!(done, "{fault:?}");
        assert_eq!(usage.operations(), ["UpdateItem", "UpdateItem"], "{fault:?}");
        assert_eq!(usage.round_trips, 2, "{fault:?}");
        assert_eq!(counter(&client, &key).await, applied, "{fault:?}");
        assert!(
            (usage.table_wcu - f64::from(u8::try_from(applied).unwrap())).abs() < f64::EPSILON,
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn a_delay_is_waited_for() {
    let bed = bed().await;
    bed.proxy
        .fault(When::always(), [Fault::Delay(Duration::from_millis(200))]);
    let started = std::time::Instant::now();
    assert!(add(&bed.client, "a").await);
    assert!(Duration::from_millis(200) <= started.elapsed());
}

#[tokio::test]
async fn a_fault_that_stays_is_an_error_of_its_kind_after_three_attempts() {
    let bed = bed().await;
    let client = impatient(&bed.proxy);
    for (fault, code) in [
        (
            Fault::ThroughputExceeded,
            Some("ProvisionedThroughputExceededException"),
        ),
        (Fault::Throttled, Some("ThrottlingException")),
        (Fault::InternalError, Some("InternalServerError")),
        (Fault::Unavailable, None),
        (Fault::Reset, None),
        (Fault::LostAfterCommit, None),
    ] {
        bed.proxy.fault(When::always(), [fault]);
        let get = client
            .get_item()
            .table_name(TABLE)
            .key("pk", text("a"))
            .key("sk", text("guard"));
        let (answer, usage) = bed.proxy.measure(get.send()).await;
        bed.proxy.heal();
        let error = answer.expect_err("no answer got through");
        assert_eq!(error.code(), code, "{fault:?}");
        assert_eq!(usage.requests, 3, "{fault:?}");
        let is_dispatch = matches!(error, SdkError::DispatchFailure(_));
        assert_eq!(
            is_dispatch,
            matches!(fault, Fault::Reset | Fault::LostAfterCommit),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn half_a_batch_is_left_for_the_caller_to_ask_again() {
    let bed = bed().await;
    for key in ["a", "b", "c"] {
        put(&bed.client, key, 1).await;
    }
    let key = |key: &str| [("pk".to_owned(), text(key)), ("sk".to_owned(), text("guard"))].into();
    let keys = KeysAndAttributes::builder().set_keys(Some(vec![key("a"), key("b"), key("c")]));
    let keys = keys.consistent_read(true).build().unwrap();
    bed.proxy.fault(When::nth(1), [Fault::Unprocessed]);

    let answer = bed
        .client
        .batch_get_item()
        .request_items(TABLE, keys)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.responses.unwrap()[TABLE].len(), 2);
    let left = answer.unprocessed_keys.unwrap();
    assert_eq!(left[TABLE].keys(), [key("c")]);

    let again = bed
        .client
        .batch_get_item()
        .set_request_items(Some(left))
        .send()
        .await
        .unwrap();
    assert_eq!(again.responses.unwrap()[TABLE].len(), 1);
}

#[tokio::test]
async fn a_rule_meets_only_what_it_names() {
    let bed = bed().await;
    let other = client(&bed.proxy.url("other"));
    bed.proxy.fault(
        When::nth(2)
            .operation("UpdateItem")
            .tag("suite")
            .matching(|request| request.key("pk") == Some("a")),
        [Fault::LostAfterCommit],
    );
    for client in [&bed.client, &other] {
        for key in ["a", "b"] {
            assert!(add(client, key).await);
        }
    }
    assert_eq!(
        (counter(&other, "a").await, counter(&other, "b").await),
        (2, 2),
        "only one matched yet"
    );
    assert!(add(&bed.client, "a").await);
    assert_eq!(
        counter(&other, "a").await,
        4,
        "the second was applied, lost and applied again"
    );
}

#[tokio::test]
async fn the_same_seed_draws_the_same_faults() {
    let bed = bed().await;
    let direct = bed.engine.client();
    let mut drawn = Vec::new();
    for seed in [7, 7, 8] {
        bed.proxy.seed(seed);
        bed.proxy
            .fault(When::chance(0.2), [Fault::Throttled, Fault::LostAfterCommit]);
        let mut outcome = Vec::new();
        for place in 0..100 {
            let key = format!("{}-{place}", drawn.len());
            let done = add(&bed.client, &key).await;
            outcome.push((done, counter(&direct, &key).await));
        }
        drawn.push(outcome);
    }
    assert_eq!(drawn[0], drawn[1]);
    assert_ne!(drawn[0], drawn[2]);
    let twice = drawn[0].iter().filter(|(_, applied)| 1 < *applied).count();
    assert!(
        (3..=25).contains(&twice),
        "{twice} of 100 were lost after their commit"
    );
}

#[tokio::test]
async fn a_hook_comes_between_a_commit_and_the_retry() {
    let bed = bed().await;
    bed.proxy
        .fault(When::nth(1).operation("UpdateItem"), [Fault::LostAfterCommit]);
    let rival = client(&bed.proxy.url("rival"));
    bed.proxy.after(When::nth(1).operation("UpdateItem"), async move {
        let delete = rival
            .delete_item()
            .table_name(TABLE)
            .key("pk", text("a"))
            .key("sk", text("guard"));
        delete.send().await.unwrap();
    });

    let (done, usage) = bed.proxy.measure(add(&bed.client, "a")).await;
    assert!(done);
    assert_eq!(usage.operations(), ["UpdateItem", "DeleteItem", "UpdateItem"]);
    assert_eq!(
        counter(&bed.client, "a").await,
        1,
        "applied, deleted by the rival, applied again"
    );
}

#[tokio::test]
async fn a_hook_comes_before_a_request_is_applied() {
    let bed = bed().await;
    let rival = bed.engine.client();
    bed.proxy.before(When::nth(2).operation("GetItem"), async move {
        add(&rival, "a").await;
    });
    assert_eq!(read(&bed.client, "a", true).await, None);
    assert_eq!(read(&bed.client, "a", true).await, Some(1));
}

#[tokio::test]
async fn a_truncated_answer_is_an_error_the_sdk_does_not_retry_though_the_write_was_applied() {
    let bed = bed().await;
    bed.proxy.fault(When::nth(1), [Fault::TruncatedJson]);
    let (done, usage) = bed.proxy.measure(add(&bed.client, "a")).await;
    assert!(!done);
    assert_eq!(usage.requests, 1);
    assert_eq!(counter(&bed.client, "a").await, 1);
}
