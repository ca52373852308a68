//! A subject never holds more sessions than it may.

use futures::StreamExt;
use shared::policy::AtLimit;
use shared::service::Outcome;
use tests::proxy::{Fault, When};

use crate::world::World;

const LIMIT: usize = 5;
const PARALLEL: usize = 64;
const ROUNDS: usize = 200;
/// Rounds that run at a time, each on a subject of its own: a round mostly waits for its turn at one item.
const ABREAST: usize = 4;

const POLICIES: [AtLimit; 4] = [
    AtLimit::Reject,
    AtLimit::EvictOldest,
    AtLimit::EvictLeastRecentlyActive,
    AtLimit::EvictRiskiest,
];

/// Opens 64 sessions at once and reads the guard all the while. How many were answered with a session.
async fn storm(world: &World, name: &str) -> usize {
    let opening = futures::future::join_all((0..PARALLEL).map(|_| world.try_open(name)));
    let watching = async {
        loop {
            assert!(
                world.live(name).await.len() <= LIMIT,
                "more than {LIMIT} at a read"
            );
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        outcomes = opening => {
            outcomes.iter().filter(|it| matches!(it, Ok(Outcome::Opened { .. }))).count()
        }
        () = watching => 0,
    }
}

/// One storm and what is left of it. How many were answered with a session.
async fn round(world: &World, at_limit: AtLimit, number: usize) -> usize {
    let name = format!("subject-{number}");
    let opened = storm(world, &name).await;
    assert_eq!(
        world.live(&name).await.len(),
        LIMIT,
        "{at_limit:?}, round {number}"
    );
    if at_limit == AtLimit::Reject {
        assert_eq!(opened, LIMIT);
    } else {
        assert!(LIMIT <= opened);
    }
    opened
}

async fn rounds(at_limit: AtLimit) {
    let world = World::direct(World::limited(LIMIT, at_limit)).await;
    let opened: Vec<usize> = futures::stream::iter(0..ROUNDS)
        .map(|number| round(&world, at_limit, number))
        .buffer_unordered(ABREAST)
        .collect()
        .await;
    let fewest = opened.iter().min().unwrap();
    println!("{at_limit:?}: {ROUNDS} rounds of {PARALLEL}, fewest answered with a session: {fewest}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_the_limit_is_left_when_the_rest_is_rejected() {
    rounds(AtLimit::Reject).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_the_limit_is_left_when_the_oldest_leaves() {
    rounds(AtLimit::EvictOldest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_the_limit_is_left_when_the_least_recently_active_leaves() {
    rounds(AtLimit::EvictLeastRecentlyActive).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_the_limit_is_left_when_the_riskiest_leaves() {
    rounds(AtLimit::EvictRiskiest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_holds_while_a_fifth_of_the_requests_is_throttled_or_loses_its_answer() {
    for at_limit in POLICIES {
        let world = World::with(World::limited(LIMIT, at_limit)).await;
        world.proxy.seed(20);
        world.proxy.fault(When::chance(0.1), [Fault::Throttled]);
        world.proxy.fault(When::chance(0.1), [Fault::LostAfterCommit]);
        for round in 0..2 {
            let name = format!("subject-{round}");
            let opening = (0..PARALLEL).map(|_| world.try_open(&name));
            let outcomes = futures::future::join_all(opening).await;
            let told = outcomes
                .iter()
                .filter(|it| matches!(it, Ok(Outcome::Opened { .. })))
                .count();
            world.proxy.heal();
            let live = world.live(&name).await.len();
            assert!(live <= LIMIT, "{at_limit:?}: {live} live, {told} told");
            if outcomes.iter().all(Result::is_ok) {
                assert_eq!(live, LIMIT, "{at_limit:?}: {told} told");
            }
            while world.live(&name).await.len() < LIMIT {
                world.open(&name).await;
            }
            world.proxy.fault(When::chance(0.1), [Fault::Throttled]);
            world.proxy.fault(When::chance(0.1), [Fault::LostAfterCommit]);
        }
    }
}

#[tokio::test]
async fn the_policy_chooses_who_leaves() {
    for (at_limit, leaves) in [
        (AtLimit::EvictOldest, 0),
        (AtLimit::EvictLeastRecentlyActive, 1),
        (AtLimit::EvictRiskiest, 1),
    ] {
        let world = World::with(World::limited(3, at_limit)).await;
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(world.open("alice").await);
            world.wait(std::time::Duration::from_secs(1));
        }
        world.wait(std::time::Duration::from_mins(10));
        assert!(world.is_held("alice", ids[0]).await);
        world.open("alice").await;
        let live = world.live("alice").await;
        let left: Vec<_> = (0..3).filter(|at| !live.contains(&ids[*at])).collect();
        assert_eq!(left, [leaves], "{at_limit:?}");
    }
}

#[tokio::test]
async fn lowering_the_limit_takes_effect_at_the_next_session() {
    let mut world = World::new().await;
    for _ in 0..5 {
        world.open("alice").await;
    }
    world.tenant.policy.max_concurrent = 2;
    let newest = world.open("alice").await;
    let live = world.live("alice").await;
    assert_eq!(live.len(), 2);
    assert!(live.contains(&newest));
}

#[tokio::test]
async fn the_largest_guard_costs_one_read_unit() {
    let world = World::with(World::limited(25, AtLimit::Reject)).await;
    let name = "a".repeat(255);
    for _ in 0..25 {
        let id = world.open(&name).await;
        // Both address families, so that the entry is as large as it gets.
        world
            .try_validate_from(&name, id, ("2001:db8:1:2:3:4:5:6", crate::world::USER_AGENT))
            .await
            .unwrap();
    }
    assert!(matches!(world.try_open(&name).await, Ok(Outcome::LimitReached)));
    let (_, usage) = world.proxy.measure(world.live(&name)).await;
    assert_eq!((usage.requests, usage.rcu), (1, 1.0));
}
