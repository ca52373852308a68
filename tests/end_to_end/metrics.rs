//! What functions tell CloudWatch, in lines of their logs.

use std::time::Duration;

use serde_json::{Value, json};
use shared::policy::AbsoluteTimeout;

use crate::world::{CREATE, IP, OTHER_USER_AGENT, USER_AGENT, VALIDATE, World};

/// The numbers a function told of a metric.
fn told(world: &World, package: &str, metric: &str) -> Vec<u64> {
    let lines = world.lines_with("CloudWatchMetrics");
    let documents = lines
        .iter()
        .filter_map(|it| it.strip_prefix(&format!("{package}: ")));
    documents
        .map(|it| serde_json::from_str::<Value>(it).expect("a document of its own"))
        .inspect(|it| assert_eq!(it["Table"], world.cloud.table(), "{it}"))
        .filter_map(|it| it[metric].as_u64())
        .collect()
}

/// The sum of a metric, once a function has told of `least`: its lines come a moment after its answers.
async fn sum(world: &World, package: &str, metric: &str, least: u64) -> u64 {
    for _ in 0..200 {
        if least <= told(world, package, metric).iter().sum() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    told(world, package, metric).iter().sum()
}

#[tokio::test]
async fn each_scheduled_cleanup_beats_through_the_stream_and_tells_how_far_it_is_behind() {
    let world = World::new().await;
    for runs in 1..=2 {
        world.cloud.fire("cleanup-sessions").await.unwrap();
        world.cloud.streams_read().await;
        // The mark is to the second, and a run that changes nothing is no record.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        assert_eq!(
            sum(&world, "settle-sessions", "StreamHeartbeat", runs).await,
            runs
        );
    }
    let ages = told(&world, "cleanup-sessions", "WatermarkAge");
    assert_eq!(ages.len(), 2);
    assert!(ages.iter().all(|it| (3_600..4 * 3_600).contains(it)), "{ages:?}");

    // Whoever asks for a cleanup is no schedule.
    let call = world.post(crate::world::CLEANUP).bearer(&world.token("alice"));
    assert_eq!(call.send().await.status, 200);
    assert_eq!(told(&world, "cleanup-sessions", "WatermarkAge").len(), 2);
    world.end().await;
}

#[tokio::test]
async fn what_becomes_of_sessions_is_counted_from_the_stream() {
    let world = World::with(&[("MaxConcurrentSessions", "2")]).await;
    let alice = world.token("alice");
    for _ in 0..3 {
        world.create(&alice).await;
    }
    let (ago, idle) = (Duration::from_hours(2), Duration::from_hours(1));
    world.opened("carol", ago, idle, AbsoluteTimeout::Aal2).await;
    world.cloud.fire("cleanup-sessions").await.unwrap();
    world.cloud.streams_read().await;
    for (metric, count) in [("Opened", 4), ("Evicted", 1), ("Expired", 1)] {
        assert_eq!(
            sum(&world, "settle-sessions", metric, count).await,
            count,
            "{metric}"
        );
    }
    world.end().await;
}

#[tokio::test]
async fn a_validate_tells_what_it_refuses_and_nothing_else() {
    let world = World::new().await;
    let key = world.cloud.api_key().to_owned();
    let facts = json!({"ip_address": IP, "user_agent": USER_AGENT, "device_fingerprint": "device-1"});
    let opened = world.post(CREATE).bearer(&key).subject("alice").json(&facts);
    let opened = opened.send().await.json();
    let id = opened["session_id"].as_str().unwrap();
    let validate = async |ip: &str, user_agent: &str, fingerprint: &str| {
        let body = json!({
            "session_id": id, "current_ip": ip, "current_user_agent": user_agent, "current_fingerprint": fingerprint,
        });
        let call = world.post(VALIDATE).bearer(&key).subject("alice").json(&body);
        call.send().await.json()["is_valid"] == true
    };
    assert!(validate(IP, USER_AGENT, "device-1").await);
    assert!(!validate("203.0.113.9", OTHER_USER_AGENT, "another").await);
    assert_eq!(sum(&world, "validate-session", "Refused", 1).await, 1);
    assert_eq!(told(&world, "validate-session", "Suspicious"), [0; 0]);
    let lines = world.lines_with("CloudWatchMetrics");
    let own = lines.iter().filter(|it| it.starts_with("validate-session: "));
    assert_eq!(own.count(), 1, "the quiet one wrote nothing: {lines:#?}");
    world.end().await;
}

#[tokio::test]
async fn refused_credentials_are_counted_in_one_line_for_many() {
    let world = World::new().await;
    for _ in 0..20 {
        let call = world.post(VALIDATE).bearer("nonsense").json(&json!({}));
        assert_eq!(call.send().await.status, 401);
    }
    assert!(1 <= sum(&world, "validate-session", "AuthRefused", 1).await);
    let lines = told(&world, "validate-session", "AuthRefused");
    assert!(lines.len() < 20, "{lines:?}");
    world.end().await;
}
