//! What a store that fails does to callers: a 503, nothing doubled, nothing lost, and never a session called valid.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use shared::model::Reason;
use tests::proxy::{Fault, When};

use crate::client::{Answer, Call};
use crate::world::{ACTIVE, CLEANUP, CREATE, LOGOUT, VALIDATE, World, opening, sighting};

const UNAVAILABLE: &str = r#"{"detail":"Service Unavailable"}"#;

/// One call of every endpoint that needs the table.
fn every_call(world: &World, token: &str, id: &str) -> Vec<(&'static str, Call)> {
    vec![
        ("create", world.post(CREATE).json(&opening())),
        ("validate", world.post(VALIDATE).json(&sighting(id))),
        ("active", world.request("GET", ACTIVE)),
        ("logout", world.post(LOGOUT).json(&json!({"session_id": id}))),
        (
            "revoke",
            world.request("DELETE", &format!("/api/v1/sessions/{id}")),
        ),
        ("cleanup", world.post(CLEANUP)),
    ]
    .into_iter()
    .map(|(name, call)| (name, call.bearer(token)))
    .collect()
}

/// Lets every function start and meet the caller, so that its faults meet its work and not its start.
async fn warm(world: &World, token: &str) {
    for (name, call) in every_call(world, token, "no-session") {
        let answer = call.send().await;
        assert!(answer.status.as_u16() < 500, "{name}: {answer:?}");
    }
    world.logout(token, "no session", true).await;
}

fn refused(answer: &Answer, what: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.text.as_str()),
        (503, UNAVAILABLE),
        "{what}"
    );
    assert_eq!(answer.header("retry-after"), Some("1"), "{what}");
}

#[tokio::test]
async fn a_table_that_does_not_work_is_a_503_and_leaves_everything_as_it_was() {
    let world = World::new().await;
    warm(&world, &world.token("nobody")).await;
    let token = world.token("alice");
    let id = world.create(&token).await;
    for fault in [
        Fault::Throttled,
        Fault::ThroughputExceeded,
        Fault::InternalError,
        Fault::Unavailable,
        Fault::Reset,
        Fault::LostBeforeCommit,
        Fault::Hang,
    ] {
        world.proxy.fault(When::always(), [fault]);
        let began = Instant::now();
        let calls = every_call(&world, &token, &id);
        let answers = join_all(
            calls
                .into_iter()
                .map(async |(name, call)| (name, call.send().await)),
        );
        for (name, answer) in answers.await {
            refused(&answer, &format!("{name}, {fault:?}"));
        }
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{fault:?} took {:?}",
            began.elapsed()
        );
        world.proxy.heal();
        assert_eq!(
            world.active(&token).await,
            std::slice::from_ref(&id),
            "after {fault:?}"
        );
        assert!(world.is_valid(&token, &id).await, "after {fault:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn an_ending_whose_answer_was_lost_is_an_ending() {
    let world = World::new().await;
    warm(&world, &world.token("nobody")).await;
    let token = world.token("alice");
    for (ends, reason) in [("logout", Reason::LoggedOut), ("revoke", Reason::Revoked)] {
        for fault in [Fault::LostAfterCommit, Fault::TruncatedJson] {
            let (ended, kept) = (world.create(&token).await, world.create(&token).await);
            world.proxy.fault(When::always(), [fault]);
            for (_, call) in every_call(&world, &token, &ended)
                .into_iter()
                .filter(|(name, _)| *name == ends)
            {
                refused(&call.send().await, &format!("{ends}, {fault:?}"));
            }
            world.proxy.heal();
            assert!(!world.is_valid(&token, &ended).await, "{ends}, {fault:?}");
            assert!(world.is_valid(&token, &kept).await, "{ends}, {fault:?}");
            world.cloud.streams_read().await;
            let ending = world.record(&ended).await.unwrap().ended;
            assert_eq!(ending.map(|it| it.reason), Some(reason), "{fault:?}");
            world.revoke(&token, &kept).await;
        }
    }
    world.end().await;
}

#[tokio::test]
async fn one_lost_answer_is_made_up_for_within_the_request() {
    let world = World::new().await;
    let token = world.token("alice");
    world.create(&token).await;
    for place in 1..=2 {
        let before = world.active(&token).await.len();
        world
            .proxy
            .fault(When::nth(place).tag("create-session"), [Fault::LostAfterCommit]);
        let id = world.create(&token).await;
        world.proxy.heal();
        assert!(world.is_valid(&token, &id).await, "request {place}");
        assert_eq!(world.active(&token).await.len(), before + 1, "request {place}");
    }
    let id = world.active(&token).await.remove(0);
    world
        .proxy
        .fault(When::first(1).tag("revoke-session"), [Fault::LostAfterCommit]);
    assert_eq!(world.revoke(&token, &id).await.status, 200, "it was held");
    assert!(!world.is_valid(&token, &id).await);
    world.end().await;
}

#[tokio::test]
async fn a_create_that_was_answered_503_leaves_no_session_behind() {
    let world = World::new().await;
    warm(&world, &world.token("nobody")).await;
    let token = world.token("alice");
    let id = world.create(&token).await;
    for fault in [Fault::LostAfterCommit, Fault::TruncatedJson] {
        world.proxy.fault(When::always(), [fault]);
        refused(&world.try_create(&token).await, &format!("{fault:?}"));
        world.proxy.heal();
        assert_eq!(world.active(&token).await, std::slice::from_ref(&id), "{fault:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_create_sent_again_after_a_lost_answer_is_one_session() {
    let world = World::new().await;
    let token = world.token("alice");
    let create = |key: &str| {
        let call = world.post(CREATE).bearer(&token);
        call.header("idempotency-key", key).json(&opening()).send()
    };
    assert_eq!(create("warm").await.status, 200);
    for (round, fault) in [Fault::LostAfterCommit, Fault::Throttled, Fault::Reset]
        .into_iter()
        .enumerate()
    {
        let key = format!("key-{round}");
        let before = world.active(&token).await.len();
        let guard = |it: &tests::proxy::Request| it.key("sk") == Some("guard");
        world.proxy.fault(When::always().matching(guard), [fault]);
        refused(&create(&key).await, &format!("{fault:?}"));
        world.proxy.heal();
        let (first, again) = (create(&key).await, create(&key).await);
        assert_eq!(first.status, 200, "{fault:?}: {first:?}");
        assert_eq!(first.visible(), again.visible(), "{fault:?}");
        assert_eq!(world.active(&token).await.len(), before + 1, "{fault:?}");
        let id = first.json()["session_id"].as_str().unwrap().to_owned();
        assert!(world.is_valid(&token, &id).await, "{fault:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn what_was_acknowledged_is_seen_at_once_while_copies_lag_behind() {
    let world = World::new().await;
    warm(&world, &world.token("nobody")).await;
    world.proxy.lag(world.cloud.table(), Duration::from_secs(1)).await;
    let (token, key) = (world.token("alice"), world.cloud.api_key());
    for _ in 0..3 {
        let id = world.create(&token).await;
        assert!(world.is_valid(&token, &id).await);
        assert!(
            world.is_valid(key, &id).await,
            "through the record, too, which says whose it is"
        );
        assert_eq!(world.active(&token).await, std::slice::from_ref(&id));
        assert_eq!(world.revoke(&token, &id).await.status, 200);
        assert!(!world.is_valid(&token, &id).await);
        assert!(!world.is_valid(key, &id).await);
        assert!(world.active(&token).await.is_empty());

        let id = world.create(&token).await;
        assert_eq!(world.logout(key, &id, false).await.json()["success"], true);
        assert!(!world.is_valid(&token, &id).await);
    }
    let new = world.token("new user");
    let ids = [world.create(&new).await, world.create(&new).await];
    assert_eq!(
        world.logout(&new, &ids[0], true).await.json()["revoked_sessions"],
        2
    );
    for id in &ids {
        assert!(!world.is_valid(&new, id).await);
    }
    world.end().await;
}
