//! The limit of concurrent sessions is exact, whoever races and whatever fails.

use std::time::Duration;

use futures::future::join_all;
use tests::proxy::{Fault, When};

use crate::world::World;

const LIMIT: usize = 5;
const CREATES: usize = 64;
const ROUNDS: usize = 10;
const POLICIES: [&str; 4] = [
    "reject",
    "evict_oldest",
    "evict_least_recently_active",
    "evict_riskiest",
];

/// Lets many creates race for one subject while somebody keeps counting.
async fn race(world: &World, subject: &str) -> usize {
    let token = world.token(subject);
    let creates = join_all((0..CREATES).map(|_| world.try_create(&token)));
    let counting = async {
        loop {
            let live = world.active(&token).await.len();
            assert!(live <= LIMIT, "{live} sessions at a time");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let answers = tokio::select! {
        answers = creates => answers,
        () = counting => unreachable!(),
    };
    assert!(answers.iter().all(|it| matches!(it.status.as_u16(), 200 | 503)));
    answers
        .iter()
        .filter(|it| it.status == 200 && it.json()["success"] == true)
        .count()
}

async fn rounds_of(policy: &str) {
    let world = World::with(&[("AtLimit", policy)]).await;
    for round in 0..ROUNDS {
        let subject = format!("user-{round}");
        let opened = race(&world, &subject).await;
        if policy == "reject" {
            assert_eq!(opened, LIMIT);
        }
        let live = world.active(&world.token(&subject)).await;
        assert_eq!(live.len(), LIMIT, "{policy}, round {round}");
    }
    world.end().await;
}

#[tokio::test]
async fn rejecting_keeps_exactly_five() {
    rounds_of("reject").await;
}

#[tokio::test]
async fn evicting_the_oldest_keeps_exactly_five() {
    rounds_of("evict_oldest").await;
}

#[tokio::test]
async fn evicting_the_least_recently_active_keeps_exactly_five() {
    rounds_of("evict_least_recently_active").await;
}

#[tokio::test]
async fn evicting_the_riskiest_keeps_exactly_five() {
    rounds_of("evict_riskiest").await;
}

#[tokio::test]
async fn a_table_that_throttles_and_loses_answers_keeps_the_limit_too() {
    for (seed, policy) in POLICIES.into_iter().enumerate() {
        let world = World::with(&[("AtLimit", policy)]).await;
        world.proxy.seed(u64::try_from(seed).unwrap());
        world
            .proxy
            .fault(When::chance(0.1).operation("UpdateItem"), [Fault::Throttled]);
        world.proxy.fault(
            When::chance(0.1).operation("UpdateItem"),
            [Fault::LostAfterCommit],
        );
        race(&world, "alice").await;
        world.proxy.heal();
        let mut live = world.active(&world.token("alice")).await.len();
        // Creates that gave up took their session back; what they left open others fill.
        while live < LIMIT {
            world.create(&world.token("alice")).await;
            live += 1;
        }
        assert_eq!(world.active(&world.token("alice")).await.len(), LIMIT, "{policy}");
        world.end().await;
    }
}
