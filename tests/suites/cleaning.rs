//! Cleanup drops what has expired and nothing else, and misses nothing after an outage.

use std::time::Duration;

use crate::world::{TABLE, World, subject};

async fn sweep(world: &World) -> shared::service::Cleaned {
    world
        .sessions
        .clean_due(None, u64::MAX, world.now(), || true)
        .await
        .unwrap()
}

async fn stored(world: &World, name: &str) -> usize {
    let guard = world
        .sessions
        .store()
        .guard(&world.tenant.id, &subject(name).key(&world.tenant.id))
        .await
        .unwrap();
    guard.unwrap_or_default().sessions.len()
}

#[tokio::test]
async fn what_expired_is_dropped_and_what_lives_stays() {
    let world = World::new().await;
    world.open("alice").await;
    world.wait(Duration::from_mins(40));
    let young = world.open("alice").await;
    world.wait(Duration::from_mins(21));
    let cleaned = sweep(&world).await;
    assert_eq!((cleaned.expired, cleaned.complete), (1, true));
    assert_eq!(world.live("alice").await, [young]);
    assert_eq!(stored(&world, "alice").await, 1);

    // The guard was armed again for the session that is left.
    world.wait(Duration::from_mins(40));
    assert_eq!(sweep(&world).await.expired, 1);
    assert_eq!(stored(&world, "alice").await, 0);
    assert_eq!(sweep(&world).await.guards, 0, "an empty guard is not due");
}

#[tokio::test]
async fn a_touched_session_is_not_dropped_when_its_first_timeout_comes() {
    let world = World::new().await;
    let id = world.open("alice").await;
    world.wait(Duration::from_mins(50));
    assert!(world.is_held("alice", id).await);
    world.wait(Duration::from_mins(20));
    assert_eq!(sweep(&world).await.expired, 0);
    assert!(world.is_held("alice", id).await);
}

#[tokio::test]
async fn every_hour_missed_in_an_outage_of_three_days_is_drained() {
    let world = World::new().await;
    sweep(&world).await;
    for hour in 0..72 {
        world.open(&format!("subject-{hour}")).await;
        world.wait(Duration::from_hours(1));
    }
    world.wait(Duration::from_hours(1));
    let cleaned = sweep(&world).await;
    assert_eq!((cleaned.expired, cleaned.complete), (72, true));
    world.wait(Duration::from_hours(3));
    sweep(&world).await;
    let mark = world.sessions.store().watermark().await.unwrap().unwrap();
    assert!(
        shared::store::Store::hour_of(world.now()) - 2 <= mark,
        "the watermark follows"
    );
}

#[tokio::test]
async fn a_cleanup_that_runs_out_of_time_goes_on_where_it_stopped() {
    let world = World::new().await;
    sweep(&world).await;
    for hour in 0..10 {
        world.open(&format!("subject-{hour}")).await;
        world.wait(Duration::from_hours(1));
    }
    world.wait(Duration::from_hours(2));
    let mut expired = 0;
    for _ in 0..10 {
        let looks = std::cell::Cell::new(0);
        let three = || looks.replace(looks.get() + 1) < 3;
        expired += world
            .sessions
            .clean_due(None, u64::MAX, world.now(), three)
            .await
            .unwrap()
            .expired;
        world.wait(Duration::from_mins(5));
    }
    assert_eq!(expired, 10);
}

#[tokio::test]
async fn a_tenant_cleans_up_its_own_sessions_alone() {
    let mut world = World::new().await;
    world.open("alice").await;
    world.tenant.id = "other".parse().unwrap();
    world.open("alice").await;
    world.wait(Duration::from_mins(61));
    let other = world.tenant.id.clone();
    let cleaned = world
        .sessions
        .clean_due(Some(&other), 1_000, world.now(), || true)
        .await
        .unwrap();
    assert_eq!(cleaned.expired, 1);
    world.tenant.id = "acme".parse().unwrap();
    assert_eq!(stored(&world, "alice").await, 1);
    assert_eq!(sweep(&world).await.expired, 1);
}

#[tokio::test]
async fn a_guard_that_the_index_shows_late_is_not_missed() {
    let world = World::new().await;
    sweep(&world).await;
    // From here on the index shows nothing new.
    world.proxy.lag(TABLE, Duration::from_hours(1)).await;
    world.open("alice").await;
    world.wait(Duration::from_mins(121));
    assert_eq!(sweep(&world).await.guards, 0);
    world.proxy.lag(TABLE, Duration::ZERO).await;
    world.proxy.catch_up().await;
    assert_eq!(sweep(&world).await.expired, 1);
}
