//! Sessions end at their timeouts to the second, whatever is still in the table.

use std::time::Duration;

use shared::model::Instant;
use shared::service::Verdict;

use crate::world::{IP, USER_AGENT, World, subject};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_session_ends_exactly_at_its_idle_timeout_counted_from_the_stored_activity() {
    let world = World::new().await;
    let id = world.open("alice").await;
    let idle = Duration::from_mins(60);
    world.wait(Duration::from_mins(10));
    assert!(world.is_held("alice", id).await);
    let stored = world.now();

    world.clock.set(stored + idle - SECOND);
    let guard = world
        .sessions
        .store()
        .guard(&world.tenant.id, &subject("alice").key(&world.tenant.id))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(guard.find(id).unwrap().expires_at(), stored + idle);
    // Not validated here, since that would move the end.
    assert_eq!(world.live("alice").await, [id]);
    for at in [stored + idle, stored + idle + SECOND] {
        world.clock.set(at);
        let verdict = world
            .try_validate_from("alice", id, (IP, USER_AGENT))
            .await
            .unwrap();
        assert!(matches!(verdict, Verdict::NotHeld { expired: true }));
        assert_eq!(world.live("alice").await, []);
        assert!(
            world
                .sessions
                .active(&world.tenant.id, &subject("alice").key(&world.tenant.id), at)
                .await
                .unwrap()
                .is_empty()
        );
    }
    assert!(
        world
            .sessions
            .store()
            .guard(&world.tenant.id, &subject("alice").key(&world.tenant.id))
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_validate_one_second_before_the_end_moves_it() {
    let world = World::new().await;
    let id = world.open("alice").await;
    world.wait(Duration::from_secs(3599));
    assert!(world.is_held("alice", id).await);
    world.wait(Duration::from_secs(3599));
    assert!(world.is_held("alice", id).await);
}

#[tokio::test]
async fn activity_does_not_carry_a_session_past_its_absolute_timeout() {
    let world = World::new().await;
    let opened = world.now();
    let id = world.open("alice").await;
    let end = opened + world.tenant.policy.absolute_timeout.duration();
    while world.now() < end - SECOND {
        assert!(world.is_held("alice", id).await);
        let next = (world.now() + Duration::from_mins(50)).min(end - SECOND);
        world.clock.set(next);
    }
    assert!(world.is_held("alice", id).await, "one second before");
    for late in [Duration::ZERO, SECOND] {
        world.clock.set(end + late);
        assert!(!world.is_held("alice", id).await);
    }
}

#[tokio::test]
async fn an_expired_session_makes_room() {
    let world = World::with(World::limited(1, shared::policy::AtLimit::Reject)).await;
    let old = world.open("alice").await;
    world.wait(Duration::from_mins(60));
    let new = world.open("alice").await;
    assert_eq!(world.live("alice").await, [new]);
    world.settle().await;
    assert_eq!(
        world.ending(old).await.unwrap().reason,
        shared::model::Reason::IdleTimeout
    );
    assert_eq!(
        world.ending(old).await.unwrap().at,
        Instant::from_secs(1_800_000_000) + Duration::from_mins(60)
    );
}

#[tokio::test]
async fn activity_is_stored_at_most_once_in_a_twentieth_of_the_idle_timeout() {
    let world = World::new().await;
    let id = world.open("alice").await;
    let mut writes = 0;
    for _ in 0..120 {
        world.wait(Duration::from_secs(30));
        let (held, usage) = world.proxy.measure(world.is_held("alice", id)).await;
        assert!(held);
        writes += usage
            .operations()
            .iter()
            .filter(|it| **it == "UpdateItem")
            .count();
    }
    // An hour of validates every 30 s: the first beat after each full 180 s is stored.
    assert_eq!(writes, 3600 / 210);
}
